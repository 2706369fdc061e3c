//! The built program on one file, under a limit of time, its memory watched.

use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;
use serde_json::Value;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

/// Longer than any copy of such a file may take.
pub(super) const TIME_MAX: Duration = Duration::from_secs(30);

/// How a run ended.
pub(super) struct Ended {
    pub(super) done: Done,
    /// the most memory that it was seen to hold (`VmHWM`, which only grows; looked at every few milliseconds, and so what
    /// was taken in the last of them is not seen)
    pub(super) peak_bytes: u64,
    pub(super) took: Duration,
    /// it had to be killed
    pub(super) is_late: bool,
}

/// Copies the file, with a report.
pub(super) fn watched(path: &Path, database: &Database) -> (Ended, Value) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let report = dir.path().join("report.json");
    let cli = Cli::new().args(["copy", "--migrate", "--progress", "off", "--jobs", "2", "--report"]);
    let ended = wait(cli.args([&report]).args([path]).args([database.url()]).spawn());
    let text = std::fs::read_to_string(report).unwrap_or_default();
    (ended, serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn wait(mut child: Child) -> Ended {
    let started = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    let (mut peak_bytes, mut is_late) = (0, false);
    while child.try_wait().expect("its state").is_none() {
        peak_bytes = peak(&status).max(peak_bytes);
        if started.elapsed() > TIME_MAX {
            is_late = true;
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    let took = started.elapsed();
    Ended { done: Done::from(child.wait_with_output().expect("its output")), peak_bytes, took, is_late }
}

/// 0 where there is no such file, as on macOS.
fn peak(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
