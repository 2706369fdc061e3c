//! `--deadline`.

use super::source;
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::support::cli::Cli;
use crate::support::flow::{migrate, validate};
use crate::support::postgres::Server;

#[test]
fn f61_a_deadline_stops_the_run_cleanly_and_says_no_go() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (source(false), server.fresh_database());
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let config = dir.path().join("cutover.toml");
    let hook = format!("echo $CUTOVER_OUTCOME $CUTOVER_EXIT_CODE > {}/log", dir.path().display());
    std::fs::write(&config, format!("[hooks]\non_failure = {{command = '{hook}'}}\n")).unwrap();
    let copy = |more: &[&str]| {
        let cli = Cli::new().args(["copy", "--migrate", "--chunk-rows", "500", "--jobs", "2"]).args(more);
        cli.args([source.path().as_os_str(), database.url().as_ref()])
    };
    // Nothing in time: a row of the ledger is held until the run has ended.
    let options =
        ["--deadline", "20s", "--report", report.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let run = Running::start(copy(&options));
    let hold = Hold::chunk(&database, "user", 3);
    hold.wait_until_held(1);
    let done = run.end();
    hold.release();
    assert_eq!(done.code, 6, "{done:?}");
    let verdict = done.stdout.lines().last().unwrap();
    assert!(
        verdict.starts_with("NO-GO: the deadline of 20s was reached in phase copy; ")
            && verdict.contains(" % of the rows copied ("),
        "{done:?}"
    );
    assert!(done.said().contains("run the same command again to resume"), "{done:?}");
    assert_eq!(std::fs::read_to_string(dir.path().join("log")).unwrap(), "interrupted 6\n");
    let said: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!((&said["outcome"], &said["deadline"]["go"]), (&"interrupted".into(), &false.into()), "{said}");
    assert_eq!(said["deadline"]["verdict"], verdict);
    // What is committed is what the ledger says, and the same command goes on.
    let rows: i64 = database.query_one_text("SELECT count(*) FROM \"user\"").parse().unwrap();
    let chunks: i64 = database
        .query_one_text("SELECT count(*) FROM cutover.chunk WHERE table_name = 'user' AND digest IS NOT NULL")
        .parse()
        .unwrap();
    assert_eq!(rows, chunks * 500);
    let resumed = Cli::run(copy(&["--deadline", "1h"]));
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let verdict = resumed.stdout.lines().last().unwrap();
    assert!(
        verdict.starts_with("GO: finished 5") && verdict.ends_with(" before the deadline of 1h"),
        "{verdict}"
    );
}

#[test]
fn a_run_that_ends_badly_before_its_deadline_is_no_go() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (source(false), server.fresh_database());
    database.execute("CREATE TABLE \"user\" (id int); INSERT INTO \"user\" VALUES (1)");
    let run = migrate(source.path(), &database, &["--deadline", "1h"]).ends_with(3);
    assert_eq!(run.report["deadline"]["go"], false);
    assert!(run.done.stdout.contains("NO-GO: the run did not end well"), "{}", run.said());
    let without = validate(source.path(), &database, &["--deadline", "1h"]).ends_with(2);
    assert!(without.said().contains("--deadline"), "{}", without.said());
    for nonsense in ["0", "soon", "14:30"] {
        migrate(source.path(), &database, &["--deadline", nonsense]).ends_with(2);
    }
}
