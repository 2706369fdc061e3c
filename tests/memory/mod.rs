//! Memory does not grow with the table, nor with a BLOB: the peak of the built program, as the kernel keeps it.
#![cfg(target_os = "linux")]

mod large;
mod one_core;
mod shapes;

use crate::support::cli::Cli;
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

const MIB: u64 = 1024 * 1024;

/// What the process may take for any data set, as docs/operations.md promises; where rows with large values are read back, besides
/// the largest of them, which is gathered whole.
const PROMISED_BYTES: u64 = 128 * MIB;

/// After this a run hangs: it is ended, so that the tests are not. Nothing is measured by it.
const HANG: Duration = Duration::from_secs(900);

/// How a run ended.
struct Watched {
    code: Option<i32>,
    /// the highest resident size
    peak_bytes: u64,
    said: String,
}

impl Watched {
    /// Fails the test unless it ended with that code, and below `bound_bytes`.
    #[track_caller]
    fn is_within(&self, code: i32, bound_bytes: u64) {
        println!("{} MiB of {}", self.peak_bytes / MIB, bound_bytes / MIB);
        assert_eq!(self.code, Some(code), "{}", self.said);
        assert!(self.peak_bytes > 4 * MIB, "the peak was not seen: {} bytes", self.peak_bytes);
        assert!(self.peak_bytes < bound_bytes, "{} MiB of {}", self.peak_bytes / MIB, bound_bytes / MIB);
    }
}

/// Runs the program to its end, reading what it says as it comes: a full pipe would stop it.
fn watch(cli: Cli) -> Watched {
    let mut child = cli.args(["--progress", "off"]).spawn();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let listeners = [std::thread::spawn(move || text(stdout)), std::thread::spawn(move || text(stderr))];
    let (mut peak_bytes, begun) = (0, Instant::now());
    let code = loop {
        peak_bytes = peak_bytes.max(peak_of(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > HANG {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = listeners.map(|listener| listener.join().unwrap()).concat();
    Watched { code, peak_bytes, said }
}

fn text(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}

/// The highest resident size so far; the kernel keeps it, so a slow look does not miss it.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// `cutover copy HOW FILE URL MORE…`, watched.
fn copy(how: &str, source: &Path, database: &Database, more: &[&str]) -> Watched {
    watch(Cli::new().args(["copy", how]).args([source]).args([database.url()]).args(more))
}

/// 300,000 rows without a key, every one of them another, and a large value on both sides.
#[test]
fn looking_for_differences_is_bounded_too() {
    const BLOB_BYTES: u64 = 48 * MIB;
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB, n INTEGER);
         INSERT INTO blobs VALUES (1, randomblob({BLOB_BYTES}), 1), (2, x'00', 2);
         CREATE TABLE many(t TEXT, n INTEGER);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
         INSERT INTO many SELECT 'a text that is somewhat longer than nothing, number ' || i, i FROM n;"
    ));
    crate::support::flow::migrate(file.path(), &database, &[]).ends_with(0);
    database.execute("UPDATE many SET n = -n; UPDATE blobs SET n = 7");
    let report = file.path().with_extension("json");
    let cli = Cli::new().args(["verify", "--jobs", "1", "--report"]).args([&report]);
    let run = watch(cli.args(["--from"]).args([file.path()]).args(["--to", &database.url()]));
    // The source's value comes in slices; the target's row is held by the driver, and once more where a cut row is gathered.
    run.is_within(4, 2 * BLOB_BYTES + PROMISED_BYTES);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let counts = |table: usize| &report["tables"][table]["difference_counts"];
    assert_eq!((&counts(0)["changed"], &counts(0)["exact"]), (&2.into(), &true.into()), "{report}");
    assert_eq!(counts(1)["exact"], false, "{report}");
}
