//! What must hold after every step.

use super::super::rows::Rows;
use super::super::world::MARK;
use super::Schedule;
use crate::faults::invariants::{assert_nothing_stays, assert_says_what_to_do};
use crate::support::cli::Done;
use crate::support::postgres::PASSWORD;
use serde_json::Value;

impl Schedule {
    /// What must hold after every step.
    pub(super) fn check(&mut self, done: &[Done], before: &[Vec<u8>], seen: &[Rows]) {
        let case = self.log.lines.last().cloned().unwrap_or_default();
        for done in done {
            let said = done.said();
            assert!(!said.contains("panicked") && done.code != 1, "{said}");
            assert!(!said.contains(PASSWORD) && !said.contains(MARK), "a secret is told: {said}");
            assert_says_what_to_do(done, &case);
        }
        assert_nothing_stays(&self.database, &case);
        assert!(self.bytes() == before, "the source was written");
        self.oracle.look(&self.world, &self.watch, seen);
        if self.oracle.tampered().is_empty() {
            self.tamper = None;
        }
    }

    pub(super) fn check_copies(&mut self, done: &[Done], before: &[Vec<u8>]) {
        self.check(done, before, &[]);
        for (number, done) in (0..).zip(done) {
            self.check_report(number, done);
        }
    }

    /// What a report says is so.
    fn check_report(&self, number: u32, done: &Done) {
        let Ok(text) = std::fs::read_to_string(self.report_path(number)) else { return };
        let Ok(report) = serde_json::from_str::<Value>(&text) else {
            assert!(done.code < 0, "half a report: {text}");
            return;
        };
        if done.code >= 0 {
            assert_eq!(report["exit_code"], done.code, "the report's word");
        }
        assert!(!text.contains(PASSWORD) && !text.contains(MARK), "a secret is written: {text}");
        if report["outcome"] == "done" {
            assert!(self.oracle.is_finished(), "done is said of what is not finished");
            if self.oracle.tampered().is_empty() {
                assert!(self.oracle.is_as_accepted(&self.world, &self.watch), "done is said of a difference");
            }
        }
    }

    /// The source's file and log.
    pub(super) fn bytes(&self) -> Vec<Vec<u8>> {
        let path = self.source();
        let log = path.with_extension("db-wal");
        [path, log].iter().map(|path| std::fs::read(path).unwrap_or_default()).collect()
    }
}
