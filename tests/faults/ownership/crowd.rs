//! Many starts at once (fault catalogue F44): one works, the others are turned away.

use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

const STARTS: usize = 20;
const ROUNDS: usize = 4;

fn copy(source: &SqliteFile, database: &Database) -> Cli {
    let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source.path()]);
    let cli = cli.args(["--to", &database.url(), "--jobs", "1", "--progress", "lines"]);
    cli.env("CUTOVER_PATIENCE", "handover=300")
}

/// Waits until all but one have ended: how they did, and the one.
fn last_of(mut runs: Vec<Running>) -> (Vec<Done>, Running) {
    let mut ended = Vec::new();
    wait_for("all runs but one to end", || {
        let mut left = Vec::new();
        for mut run in std::mem::take(&mut runs) {
            if run.has_ended() { ended.push(run.end()) } else { left.push(run) }
        }
        runs = left;
        assert!(!runs.is_empty(), "every run has ended: {ended:?}");
        (runs.len() == 1).then_some(())
    });
    (ended, runs.pop().expect("the last one"))
}

fn epoch(database: &Database) -> i64 {
    database.query_one_text("SELECT epoch FROM cutover.source").parse().unwrap()
}

#[test]
fn f44_of_twenty_starts_at_once_one_works_and_after_its_death_the_next_takes_over() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    );
    for round in 0..ROUNDS {
        let database = server.fresh_database();
        database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)");
        // Reading goes on, COPY waits.
        let hold = Hold::session(&database);
        hold.rows("BEGIN; LOCK TABLE t IN SHARE MODE").unwrap();
        let runs = (0..STARTS).map(|_| Running::start(copy(&source, &database))).collect();
        let (turned_away, owner) = last_of(runs);
        for done in &turned_away {
            assert_eq!(done.code, 7, "round {round}: {done:?}");
            assert!(done.said().contains("another run holds this target (backend "), "{done:?}");
        }
        hold.wait_until_held(1);
        if round % 2 == 0 {
            hold.release();
            let done = owner.end();
            assert_eq!(done.code, 0, "round {round}: {done:?}");
        } else {
            let before = epoch(&database);
            owner.kill();
            hold.release();
            let next = copy(&source, &database).env("CUTOVER_PATIENCE", "").run();
            assert_eq!(next.code, 0, "round {round}: {next:?}");
            assert!(epoch(&database) > before, "round {round}");
        }
        assert_eq!(database.query_one_text("SELECT string_agg(a, '' ORDER BY id) FROM t"), "xy");
    }
}
