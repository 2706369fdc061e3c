//! Memory does not grow with the table: the peak of a copy with a large blob beside many rows.

use crate::support::cli::Cli;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const BLOB_BYTES: u64 = 96 * 1024 * 1024;
/// What the process may take besides its largest row (the promise in docs/operations.md).
const BOUND_BYTES: u64 = 128 * 1024 * 1024;

#[test]
#[cfg(target_os = "linux")]
fn the_peak_is_bounded_by_the_largest_value() {
    peak_is_bounded("", &[], 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_row_that_is_set_aside_is_held_once_too() {
    let target = "CREATE TABLE blobs(id smallint PRIMARY KEY, b int)";
    peak_is_bounded(target, &["--on-bad-value", "quarantine"], 8);
}

#[cfg(target_os = "linux")]
fn peak_is_bounded(target: &str, more: &[&str], code: i32) {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    database.execute(target);
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB);
         INSERT INTO blobs VALUES (1, randomblob({BLOB_BYTES})), (2, x'00');
         CREATE TABLE many(id INTEGER PRIMARY KEY, t TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
         INSERT INTO many SELECT i, 'a text that is somewhat longer than nothing, number ' || i FROM n;"
    ));
    let path = file.path().to_str().unwrap().to_owned();
    let cli = Cli::new().args(["copy", "--migrate", "--progress", "off", &path, &database.url()]).args(more);
    let (ended, peak_bytes) = run(cli);
    assert_eq!(ended, Some(code));
    assert!(peak_bytes > BLOB_BYTES, "the peak was not seen: {peak_bytes} bytes");
    assert!(peak_bytes < BLOB_BYTES + BOUND_BYTES, "{} MiB", peak_bytes / 1024 / 1024);
}

/// 300,000 rows without a key, every one of them another, and a large value on both sides.
#[test]
#[cfg(target_os = "linux")]
fn looking_for_differences_is_bounded_too() {
    let Some(server) = Server::available() else { return };
    let (database, blob_bytes) = (server.fresh_database(), BLOB_BYTES / 2);
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB, n INTEGER);
         INSERT INTO blobs VALUES (1, randomblob({blob_bytes}), 1), (2, x'00', 2);
         CREATE TABLE many(t TEXT, n INTEGER);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
         INSERT INTO many SELECT 'a text that is somewhat longer than nothing, number ' || i, i FROM n;"
    ));
    crate::support::flow::migrate(file.path(), &database, &[]).ends_with(0);
    database.execute("UPDATE many SET n = -n; UPDATE blobs SET n = 7");
    let report = file.path().with_extension("json");
    let cli = Cli::new().args(["verify", "--progress", "off", "--jobs", "1", "--report"]).args([&report]);
    let (code, peak_bytes) = run(cli.args(["--from"]).args([file.path()]).args(["--to", &database.url()]));
    assert_eq!(code, Some(4));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let counts = |table: usize| &report["tables"][table]["difference_counts"];
    assert_eq!((&counts(0)["changed"], &counts(0)["exact"]), (&2.into(), &true.into()), "{report}");
    assert_eq!(counts(1)["exact"], false, "{report}");
    // Both sides have their largest row at once.
    assert!(peak_bytes > blob_bytes, "the peak was not seen: {peak_bytes} bytes");
    assert!(peak_bytes < 2 * blob_bytes + BOUND_BYTES, "{} MiB", peak_bytes / 1024 / 1024);
    println!("{} MiB", peak_bytes / 1024 / 1024);
}

/// Runs the program to its end: exit code, and the highest resident size.
fn run(cli: Cli) -> (Option<i32>, u64) {
    let mut child = cli.spawn();
    let mut peak_bytes = 0;
    loop {
        peak_bytes = peak_bytes.max(peak_of(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak_bytes);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The highest resident size so far; the kernel keeps it, so a slow look does not miss it.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
