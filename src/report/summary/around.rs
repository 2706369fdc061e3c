//! What surrounded a copy, as lines of the summary.

use crate::outcome::RunReport;
use crate::report::human;
use std::fmt::Write;

/// Backups, locks, hooks that failed.
pub(super) fn text(report: &RunReport) -> String {
    let mut text = String::new();
    let around = &report.around;
    for backup in &around.backup {
        let (path, bytes) = (human::name(&backup.path), human::bytes(backup.bytes));
        let how =
            if backup.reused { "found again, read and compared" } else { "made, read back and compared" };
        let digits = backup.blake3.get(..12).unwrap_or_default();
        let _ = writeln!(
            text,
            "backup: {path} ({bytes}, BLAKE3 {digits}…): {how} in {}",
            human::seconds(backup.seconds)
        );
    }
    for freeze in &around.freeze {
        let (source, held) = (human::name(&freeze.source), human::seconds(freeze.seconds));
        let _ = writeln!(text, "frozen: {source}: nobody could write it for {held}");
    }
    for hook in around.hooks.iter().filter(|hook| !hook.succeeded) {
        let _ = writeln!(text, "hook {} {} failed: {}", hook.hook, hook.number, human::text(&hook.ended));
    }
    text
}

/// The line that a deadline asks for: the last one.
pub(super) fn verdict(report: &RunReport) -> String {
    report.around.deadline.as_ref().map_or_else(String::new, |deadline| format!("{}\n", deadline.verdict))
}
