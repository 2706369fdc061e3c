//! Reader threads and the runtime share whatever cores and threads there are: with one of each, a run is slow and not stuck.

use super::watch;
use crate::support::cli::Cli;
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use cutover::cli::args::{self, Command};
use cutover::cli::resolve::{self, Surroundings};
use cutover::event::Events;
use cutover::pipeline::cancel::Cancel;
use cutover::pipeline::{self, Tools, target};
use cutover::report;
use std::ffi::OsString;

/// 80 tables, one of them of many chunks; some rows have no parent.
fn many_chunks() -> SqliteFile {
    let mut sql = "PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE big(id INTEGER PRIMARY KEY, t TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
        INSERT INTO big SELECT i, 'a row of a table in many chunks, number ' || i FROM n;"
        .to_owned();
    for table in 0..79 {
        sql.push_str(&format!(
            "CREATE TABLE t{table}(id INTEGER PRIMARY KEY, p INTEGER REFERENCES big(id));
             INSERT INTO t{table} SELECT id, id * 2 FROM big WHERE id > 29000 AND id <= 30010;"
        ));
    }
    sql.push_str("COMMIT");
    SqliteFile::from_sql(&sql)
}

const CHUNKS: [&str; 4] = ["--chunk-rows", "300", "--orphans", "quarantine"];

#[track_caller]
fn arrived(database: &Database) {
    assert_eq!(database.query_one_text("SELECT count(*) FROM big"), "60000");
    assert_eq!(database.query_one_text("SELECT count(*) FROM t78"), "1000");
    assert_eq!(database.query_one_text("SELECT count(*) FROM cutover.set_aside"), "790");
}

#[test]
fn f53_one_core_is_enough() {
    let Some(server) = Server::available() else { return };
    if std::process::Command::new("taskset").arg("--version").output().is_err() {
        eprintln!("skipped: no taskset");
        return;
    }
    let file = many_chunks();
    for jobs in [&[][..], &["--jobs", "64"]] {
        let database = server.fresh_database();
        let cli = Cli::under(&["taskset", "--cpu-list", "0"]).args(["copy", "--migrate"]);
        let run = watch(cli.args([file.path()]).args([database.url()]).args(CHUNKS).args(jobs));
        assert_eq!(run.code, Some(8), "{}", run.said);
        arrived(&database);
        // Differences are looked for by readers and sessions that wait for each other.
        database.execute(
            "UPDATE big SET t = 'changed' WHERE id % 10000 = 0; UPDATE t5 SET p = 1 WHERE id = 29500",
        );
        let cli = Cli::under(&["taskset", "--cpu-list", "0"]).args(["verify", "--from"]).args([file.path()]);
        let run = watch(cli.args(["--to", &database.url()]).args(jobs));
        assert_eq!(run.code, Some(4), "{}", run.said);
    }
}

/// A runtime with one thread for tasks and one for readers, and sixteen jobs: those that find no thread wait, and hold nothing
/// that others wait for.
#[test]
fn f53_more_readers_than_threads_take_turns() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (many_chunks(), server.fresh_database());
    let words = ["cutover", "copy", "--migrate", "--progress", "off", "--jobs", "16"].map(OsString::from);
    let place = [file.path().into(), OsString::from(database.url())];
    let line: Vec<OsString> = words.into_iter().chain(place).chain(CHUNKS.map(OsString::from)).collect();
    let Command::Copy(args) = args::parse(&line).unwrap().command else { panic!("it is copy") };
    let around = Surroundings { variable: &|_| None, cores: 1 };
    let (_, run) = resolve::copy(&args, &around).unwrap();
    let connector = target::connector(&database.url(), &|_| None, "turns").unwrap();
    let events = Events::new(report::observer(run.progress));
    let tools = Tools::new(run.config, connector, events, Cancel::new());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(super::HANG, pipeline::copy(&tools)).await });
    let ended = ended.expect("the run hangs");
    assert!(ended.error.is_none(), "{:?}", ended.error);
    arrived(&database);
}
