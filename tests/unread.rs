//! Nothing waits for the screen: progress that nobody reads holds up neither the copy nor its end.

use crate::support::cli::Cli;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use std::io::Read;
use std::process::Child;
use std::time::{Duration, Instant};

/// More events than a pipe holds: some ten for each table, of about 80 bytes.
const TABLES: usize = 250;

/// Long after which the test gives up: what it looks for would never end.
const PATIENCE: Duration = Duration::from_secs(180);

fn source() -> SqliteFile {
    let table =
        |i| format!("CREATE TABLE t{i}(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t{i}(v) VALUES ('x');");
    SqliteFile::from_sql(&(0..TABLES).map(table).collect::<String>())
}

/// Its exit code, or none where it did not end.
fn ended(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    None
}

#[test]
fn f52_a_reader_of_progress_that_does_not_read_holds_up_nothing() {
    let Some(server) = Server::available() else { return };
    let (database, source) = (server.fresh_database(), source());
    let home = tempfile::tempdir().unwrap();
    let report = home.path().join("report.json");
    let cli = Cli::new().args(["copy", "--migrate", "--progress", "json", "--report"]).args([&report]);
    let mut child = cli.args([source.path()]).args([database.url()]).spawn();
    let mut stderr = child.stderr.take().unwrap();
    assert_eq!(ended(&mut child), Some(0), "it waited for its reader");
    let mut summary = String::new();
    child.stdout.take().unwrap().read_to_string(&mut summary).unwrap();
    assert!(summary.contains(&format!("done: {TABLES} tables")), "{summary}");
    assert!(std::fs::read_to_string(&report).unwrap().contains("\"outcome\": \"done\""));
    assert_eq!(database.query_one_text("SELECT count(*) FROM t249"), "1");
    let mut progress = String::new();
    stderr.read_to_string(&mut progress).unwrap();
    assert!(!progress.contains("\"maintain\""), "the pipe was never full: {} bytes", progress.len());
}
