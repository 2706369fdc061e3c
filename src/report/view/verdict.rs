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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::example;

    fn told(change: impl Fn(&mut RunReport)) -> (String, Tone) {
        let mut report = example();
        report.tables.iter_mut().for_each(|table| table.digest.target = Some("aa".into()));
        change(&mut report);
        let verdict = of(&report);
        (format!("{} | {} | {}", verdict.word, verdict.sentence, verdict.next), verdict.tone)
    }

    #[test]
    fn each_end_has_its_sentence() {
        let command =
            |command: &'static str| move |report: &mut RunReport| report.run.command = command.into();
        let of_counts = |report: &mut RunReport| report.tables[0].digest.target = None;
        let unverified = |report: &mut RunReport| {
            report.tables.iter_mut().for_each(|table| table.verify = Verify::NotRun);
        };
        let good = [
            (
                told(|_| ()),
                "Done | Everything arrived: 51,234 rows in 2 tables; every value was read back and compared. | ",
            ),
            (
                told(of_counts),
                "Done | Everything arrived: 51,234 rows in 2 tables; the numbers of rows were compared, their values were not. | ",
            ),
            (
                told(unverified),
                "Done | Everything arrived: 51,234 rows in 2 tables; nothing was compared. | ",
            ),
            (
                told(command("validate")),
                "Would work | This migration would work: 2 tables with 51,234 rows can be copied. | Nothing was written, neither in the source nor in the target.",
            ),
            (
                told(command("verify")),
                "Equal | Both sides are equal: 2 tables with 51,234 rows; every value was read back and compared. | ",
            ),
        ];
        for ((told, tone), expected) in good {
            assert_eq!((told.as_str(), tone), (expected, Tone::Good));
        }
    }

    #[test]
    fn what_is_not_good_has_its_sentence() {
        let differs = |r: &mut RunReport| {
            (r.outcome, r.tables[0].verify) = (Outcome::Differs, Verify::Differs);
        };
        let refused = |r: &mut RunReport| {
            (r.outcome, r.findings[0].severity) = (Outcome::Refused, Severity::Refusal);
        };
        let stopped = |outcome, code| {
            move |r: &mut RunReport| {
                (r.outcome, r.exit_code, r.tables[0].rows.copied) = (outcome, code, 1_000);
            }
        };
        let bad = [
            (
                told(differs),
                "Differs | Source and target are not equal: 1 of 2 tables differs. | Do not switch to the target before this is explained.",
            ),
            (
                told(refused),
                "Refused | Nothing was copied: 1 problem must be solved first. | Nothing was changed.",
            ),
            (
                told(stopped(Outcome::Failed, 5)),
                "Failed | An error stopped it after 3.4 s, with 1,234 of 51,234 rows copied (2 %). | What is committed stays. When the cause is mended, the same command goes on from there.",
            ),
        ];
        for ((told, tone), expected) in bad {
            assert_eq!((told.as_str(), tone), (expected, Tone::Bad));
        }
        let aside = |r: &mut RunReport| {
            (r.outcome, r.tables[1].rows.set_aside, r.tables[1].rows.copied) = (Outcome::SetAside, 3, 231);
        };
        let care = [
            (
                told(aside),
                "Rows set aside | 3 rows were set aside. All the others arrived: 51,231 rows in 2 tables; every value was read back and compared. | They wait in the table cutover.set_aside of the target.",
            ),
            (
                told(stopped(Outcome::Interrupted, 130)),
                "Interrupted | It was interrupted after 3.4 s, with 1,234 of 51,234 rows copied (2 %). | What is committed stays. The same command goes on from there.",
            ),
        ];
        for ((told, tone), expected) in care {
            assert_eq!((told.as_str(), tone), (expected, Tone::Care));
        }
    }
}
