//! Findings, by severity and code.

use super::text::{name, sentence};
use super::{Bounds, Tone};
use crate::finding::{Finding, Severity};
use crate::outcome::RunReport;
use crate::report::human;

/// The findings of one severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct FindingsOfSeverity {
    /// `Refusals`, `Warnings`, `Notes`
    pub(in crate::report) title: &'static str,
    pub(in crate::report) tone: Tone,
    /// all of them, shown or not
    pub(in crate::report) count: u64,
    pub(in crate::report) codes: Vec<CodeGroup>,
    /// findings that are not shown
    pub(in crate::report) more: u64,
}

/// The findings of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct CodeGroup {
    pub(in crate::report) code: String,
    pub(in crate::report) items: Vec<FindingLine>,
    /// the fix, where it is the same for all of them; else each has its own
    pub(in crate::report) fix: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct FindingLine {
    pub(in crate::report) object: String,
    pub(in crate::report) message: String,
    /// `12 cases; for example rowid 7`, or nothing
    pub(in crate::report) about: String,
    pub(in crate::report) fix: String,
}

/// Refusals first; those of one code together, in the order of first appearance.
pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Vec<FindingsOfSeverity> {
    let kinds = [
        (Severity::Refusal, "Refusals", Tone::Bad),
        (Severity::Warning, "Warnings", Tone::Care),
        (Severity::Note, "Notes", Tone::Plain),
    ];
    let of_kind = kinds.into_iter().map(|(severity, title, tone)| {
        let all: Vec<&Finding> = report.findings.iter().filter(|f| f.severity == severity).collect();
        FindingsOfSeverity {
            title,
            tone,
            count: all.len() as u64,
            more: all.len().saturating_sub(bounds.findings) as u64,
            codes: groups(all.into_iter().take(bounds.findings), bounds),
        }
    });
    of_kind.filter(|group| group.count > 0).collect()
}

fn groups<'a>(findings: impl Iterator<Item = &'a Finding>, bounds: &Bounds) -> Vec<CodeGroup> {
    let mut groups: Vec<CodeGroup> = Vec::new();
    for finding in findings {
        let (code, line) = (name(&finding.code, bounds.name_chars), line(finding, bounds));
        match groups.iter_mut().find(|group| group.code == code) {
            Some(group) => group.items.push(line),
            None => groups.push(CodeGroup { code, items: vec![line], fix: String::new() }),
        }
    }
    groups.iter_mut().for_each(share_fix);
    groups
}

fn share_fix(group: &mut CodeGroup) {
    let Some(first) = group.items.first().map(|item| item.fix.clone()) else { return };
    if group.items.len() > 1 && group.items.iter().all(|item| item.fix == first) {
        group.items.iter_mut().for_each(|item| item.fix.clear());
        group.fix = first;
    }
}

fn line(finding: &Finding, bounds: &Bounds) -> FindingLine {
    let mut about = Vec::new();
    about.extend((finding.count > 1).then(|| human::plural(finding.count, "case")));
    if !finding.examples.is_empty() {
        let keys: Vec<String> = finding.examples.iter().map(|key| name(key, bounds.name_chars)).collect();
        about.push(format!("for example {}", keys.join(", ")));
    }
    FindingLine {
        object: name(&finding.object, bounds.name_chars),
        message: sentence(&finding.message, bounds.text_chars),
        about: about.join("; "),
        fix: sentence(&finding.fix, bounds.text_chars),
    }
}
