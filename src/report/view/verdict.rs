//! How it ended, for somebody who reads one sentence.

use super::Tone;
use crate::finding::Severity;
use crate::outcome::{Outcome, RunReport, TableReport, Verify};
use crate::report::human;

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Verdict {
    /// one or two words
    pub(in crate::report) word: &'static str,
    pub(in crate::report) tone: Tone,
    /// the sentence
    pub(in crate::report) sentence: String,
    /// what follows from it
    pub(in crate::report) next: String,
}

/// How the run ended.
pub(super) fn of(report: &RunReport) -> Verdict {
    let (word, tone) = word(report);
    Verdict { word, tone, sentence: sentence(report), next: next(report) }
}

fn word(report: &RunReport) -> (&'static str, Tone) {
    match (report.outcome, report.run.command.as_str()) {
        (Outcome::Done, "validate" | "rehearse") => ("Would work", Tone::Good),
        (Outcome::Done, "verify") if !is_all(report, Verify::Match) => ("Not all compared", Tone::Care),
        (Outcome::Done, "verify") => ("Equal", Tone::Good),
        (Outcome::Done, _) => ("Done", Tone::Good),
        (Outcome::SetAside, _) => ("Rows set aside", Tone::Care),
        (Outcome::Refused, "validate" | "rehearse") => ("Would not work", Tone::Bad),
        (Outcome::Refused, _) => ("Refused", Tone::Bad),
        (Outcome::Differs, _) => ("Differs", Tone::Bad),
        (Outcome::Failed, _) => ("Failed", Tone::Bad),
        (Outcome::Interrupted, _) => ("Interrupted", Tone::Care),
    }
}

fn sentence(report: &RunReport) -> String {
    let tables = human::plural(report.tables.len() as u64, "table");
    let aside: u64 = sum(report, |table| table.rows.set_aside);
    let compared = how_compared(report);
    let source = human::plural(sum(report, |table| table.rows.source), "row");
    let copied = human::plural(sum(report, |table| table.rows.copied), "row");
    match (report.outcome, report.run.command.as_str()) {
        (Outcome::Done, "validate") => {
            format!("This migration would work: {tables} with {source} can be copied.")
        }
        (Outcome::Done, "rehearse") => format!("The rehearsal worked: {tables} with {source} arrived."),
        (Outcome::Done, "verify") if is_all(report, Verify::Match) => {
            format!("Both sides are equal: {tables} with {source}; {compared}.")
        }
        (Outcome::Done, "verify") => {
            format!("No difference was found in {tables} with {source}; {compared}.")
        }
        (Outcome::Done, _) if report.tables.is_empty() => "There was no table to copy.".to_owned(),
        (Outcome::Done, _) => format!("Everything arrived: {copied} in {tables}; {compared}."),
        (Outcome::SetAside, _) => {
            let verb = if aside == 1 { "was" } else { "were" };
            let aside = human::plural(aside, "row");
            format!("{aside} {verb} set aside. All the others arrived: {copied} in {tables}; {compared}.")
        }
        (Outcome::Refused, command) => refused(report, command),
        (Outcome::Differs, _) => differs(report, &tables),
        (Outcome::Failed, _) => format!("An error stopped it{}.", reached(report)),
        (Outcome::Interrupted, _) => format!("It was interrupted{}.", reached(report)),
    }
}

fn refused(report: &RunReport, command: &str) -> String {
    let reasons = match report.findings.iter().filter(|f| f.severity == Severity::Refusal).count() as u64 {
        0 => "the reason is below".to_owned(),
        1 => "1 problem must be solved first".to_owned(),
        n => format!("{} problems must be solved first", human::count(n)),
    };
    match command {
        "validate" | "rehearse" => format!("This migration would not work yet: {reasons}."),
        "verify" => format!("The two sides cannot be compared: {reasons}."),
        _ => format!("Nothing was copied: {reasons}."),
    }
}

fn differs(report: &RunReport, tables: &str) -> String {
    match counted(report, Verify::Differs) {
        0 => "Source and target are not equal. The rows are; what is not is below.".to_owned(),
        1 => format!("Source and target are not equal: 1 of {tables} differs."),
        n => format!("Source and target are not equal: {} of {tables} differ.", human::count(n)),
    }
}

/// What is proved of the rows that are there, and what is not.
fn how_compared(report: &RunReport) -> &'static str {
    let of_digests = report.tables.iter().all(|table| table.digest.target.is_some());
    match (is_all(report, Verify::Match), counted(report, Verify::Match)) {
        (true, _) if of_digests => "every value was read back and compared",
        (true, _) => "the numbers of rows were compared, their values were not",
        (false, _) if counted(report, Verify::Sampled) > 0 => "only a sample of the rows was compared",
        (false, 0) => "nothing was compared",
        (false, _) => "not every table was compared",
    }
}

/// How far a run came that did not reach its end.
fn reached(report: &RunReport) -> String {
    let after = human::seconds(report.run.seconds);
    if report.run.command != "copy" || report.tables.is_empty() {
        return format!(" after {after}");
    }
    let (copied, source) = (sum(report, |table| table.rows.copied), sum(report, |table| table.rows.source));
    let percent = human::percent(copied, source).unwrap_or(0);
    format!(
        " after {after}, with {} of {} copied ({percent} %)",
        human::count(copied),
        human::plural(source, "row")
    )
}

fn next(report: &RunReport) -> String {
    let resumes = matches!(report.exit_code, 6 | 7 | 130 | 143);
    let next = match (report.outcome, report.run.command.as_str()) {
        (Outcome::Done | Outcome::Refused, "validate") => {
            "Nothing was written, neither in the source nor in the target."
        }
        (Outcome::Done | Outcome::Refused, "rehearse") => "Nothing of it stays.",
        (Outcome::Refused, _) => "Nothing was changed.",
        (Outcome::SetAside, _) => "They wait in the table cutover.set_aside of the target.",
        (Outcome::Differs, _) => "Do not switch to the target before this is explained.",
        (Outcome::Failed | Outcome::Interrupted, "copy") if resumes => {
            "What is committed stays. The same command goes on from there."
        }
        (Outcome::Failed, "copy") => {
            "What is committed stays. When the cause is mended, the same command goes on from there."
        }
        (Outcome::Failed | Outcome::Interrupted, _) => "Nothing was changed. Run the same command again.",
        _ => "",
    };
    next.to_owned()
}

fn sum(report: &RunReport, part: impl Fn(&TableReport) -> u64) -> u64 {
    report.tables.iter().map(part).sum()
}

pub(super) fn counted(report: &RunReport, verify: Verify) -> u64 {
    report.tables.iter().filter(|table| table.verify == verify).count() as u64
}

fn is_all(report: &RunReport, verify: Verify) -> bool {
    report.tables.iter().all(|table| table.verify == verify)
}
