//! A run and its nth event.

use super::stride;
use crate::faults::invariants::Faults;
use crate::resume::running::Running;
use crate::resume::world::picture;
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;
use cutover::failpoint;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A run has no more events of a kind than this.
const EVENTS_MAX: u64 = 20_000;

/// The run with counted points; it must end, in whatever way.
pub(super) fn run_counted(cli: Cli) -> (Done, Option<BTreeMap<String, u64>>) {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("counts");
    let done = Running::start(cli.env("CUTOVER_FAILPOINT_COUNTS", &file)).end();
    (done, counts(&file))
}

/// None of a process that was killed.
fn counts(file: &Path) -> Option<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(file).ok()?;
    let counts = text.lines().filter_map(|line| line.split_once(' '));
    Some(counts.map(|(point, count)| (point.to_owned(), count.parse().expect("a count"))).collect())
}

/// A point, what is planted there, and how a run may end that met it.
pub(super) struct Planted<'a> {
    pub(super) point: &'static str,
    pub(super) action: &'static str,
    pub(super) codes: &'a [i32],
    /// without `CUTOVER_NTH_STRIDE`
    pub(super) stride: u64,
}

/// What a loop came to.
#[derive(Debug, Default)]
pub(super) struct Loop {
    /// runs whose nth event was disturbed
    pub(super) met: u64,
    /// of those, how many ended well all the same
    pub(super) survived: u64,
}

/// Plants it at n = 1, 1 + stride, … until a run has no nth event. Each run that failed is run again.
pub(super) fn each(faults: &Faults, planted: &Planted<'_>) -> Loop {
    each_to(faults, planted, Database::url, Faults::assert_hold)
}

/// The same, to another address of the database, and with what must hold afterwards.
pub(super) fn each_to(
    faults: &Faults,
    planted: &Planted<'_>,
    url: impl Fn(&Database) -> String,
    assert_hold: impl Fn(&Faults, &Database, &Done, &str),
) -> Loop {
    let Planted { point, action, codes, stride: usual } = planted;
    assert!(failpoint::ALL.contains(point), "{point}");
    let reports = Reports::new();
    let mut sum = Loop::default();
    for nth in (1..EVENTS_MAX).step_by(stride(*usual)) {
        let (script, database) = (format!("{point}={action}:{nth}"), faults.database());
        let case = format!("{script} ({:?})", faults.target);
        let cli = reports.asked(faults.copy_to(&url(&database))).env("CUTOVER_FAILPOINTS", &script);
        let (done, counts) = run_counted(cli);
        let is_over = counts.is_some_and(|counts| counts[*point] < nth);
        if is_over {
            assert_eq!(done.code, 0, "{case}: it was not met: {done:?}");
            reports.assert_says(0, &case);
            assert!(picture(&database) == faults.undisturbed.picture, "{case}: not met");
            assert!(sum.met > 0, "{case}: no run has such an event");
            eprintln!("{point}={action} ({:?}, every {}): {sum:?}", faults.target, stride(*usual));
            return sum;
        }
        sum.met += 1;
        assert!(done.code == 0 || codes.contains(&done.code), "{case}: {codes:?} or 0: {done:?}");
        if done.code == 0 {
            sum.survived += 1;
            assert!(picture(&database) == faults.undisturbed.picture, "{case}: it ended well");
        }
        reports.assert_says(done.code, &case);
        assert_hold(faults, &database, &done, &case);
    }
    panic!("{point} is still passed for the {EVENTS_MAX}th time");
}

/// The reports of a loop's runs, in one file.
struct Reports(TempDir);

impl Reports {
    fn new() -> Reports {
        Reports(tempfile::tempdir().expect("a directory for reports"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("report.json")
    }

    fn asked(&self, cli: Cli) -> Cli {
        let _ = std::fs::remove_file(self.path());
        cli.args(["--report"]).args([self.path()])
    }

    /// A report says what the exit code says; it may be missing, but not of a run that ended well.
    fn assert_says(&self, code: i32, case: &str) {
        let Ok(text) = std::fs::read(self.path()) else { return assert_ne!(code, 0, "{case}: no report") };
        let report: serde_json::Value = serde_json::from_slice(&text).expect("a whole report");
        assert!(report["exit_code"] == code || code < 0, "{case}: {code}, and the report: {report}");
    }
}
