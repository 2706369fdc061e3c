//! Connections that break, slow down, or find no place: what can pass is tried again on a new one, and said.

// where COMMIT and its answer go astray
mod commits;
// deadlocks, locks, operators
mod others;
// several addresses, passwords
mod places;
// limits of connections
mod room;
// torn connections, ended sessions, waits
mod torn;

use super::invariants::Faults;
use crate::support::cli::{Cli, Done};
use serde_json::Value;
use tempfile::TempDir;

/// A run with a report.
struct Told {
    directory: TempDir,
}

impl Told {
    fn new() -> Told {
        Told { directory: tempfile::tempdir().expect("a directory for the report") }
    }

    fn of(&self, cli: Cli) -> Cli {
        cli.args(["--report"]).args([self.directory.path().join("report.json")])
    }

    fn report(&self) -> Value {
        let bytes = std::fs::read(self.directory.path().join("report.json")).expect("the report");
        serde_json::from_slice(&bytes).expect("a report in JSON")
    }

    /// How often something was tried again, by the run's count; the tables' are parts of it.
    fn retries(&self) -> u64 {
        let report = self.report();
        let all = report["run"]["retries"].as_u64().expect("a count");
        let tables = report["tables"].as_array().expect("tables");
        let of_tables: u64 = tables.iter().map(|table| table["retries"].as_u64().expect("a count")).sum();
        assert!(of_tables <= all, "{of_tables} of {all}");
        all
    }
}

/// The run went on and ended well, saying `cause`.
fn assert_went_on(done: &Done, cause: &str, case: &str) {
    assert_eq!(done.code, 0, "{case}: {done:?}");
    let told =
        |line: &str| line.contains("; trying again in ") && line.contains(" more") && line.contains(cause);
    assert!(done.stderr.lines().any(told), "{case}: {cause}: {done:?}");
}

/// Nothing was tried again.
fn assert_tried_once(done: &Done, code: i32, case: &str) {
    assert_eq!(done.code, code, "{case}: {done:?}");
    assert!(!done.said().contains("trying again"), "{case}: {done:?}");
}

/// A run of the world to the database itself.
fn plain(faults: &Faults, url: &str) -> (Told, Cli) {
    let told = Told::new();
    let cli = told.of(faults.copy_to(url));
    (told, cli)
}
