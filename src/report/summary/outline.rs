//! The parts of the summary that are lists and sentences.

use crate::finding::{Finding, NotCarried, Severity};
use crate::outcome::{ObjectReport, Outcome, QueryReport, QueryVerdict, RunReport, Verify};
use crate::report::human;
use std::fmt::Write;

/// Up to this many sequences are named with their next value.
const SEQUENCES_NAMED_MAX: usize = 10;

/// Objects of one kind that are named; the report file has all.
const NAMES_MAX: usize = 10;

/// Findings of one severity that are shown, refusals excepted: all of those are.
const FINDINGS_MAX: usize = 30;

/// One finding in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// code, object, message, count and examples
    pub what: String,
    /// what to do about it, if anything
    pub fix: Option<String>,
}

/// `E_RANGE t.a: does not fit integer (40 cases; for example rowid 1, rowid 2)`, and the fix apart.
pub(super) fn finding(finding: &Finding) -> Told {
    let mut about = Vec::new();
    about.extend((finding.count > 1).then(|| human::plural(finding.count, "case")));
    if !finding.examples.is_empty() {
        let keys: Vec<String> = finding.examples.iter().map(|key| human::name(key)).collect();
        about.push(format!("for example {}", keys.join(", ")));
    }
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join("; ")) };
    let (object, message) = (human::name(&finding.object), human::text(&finding.message));
    let fix = (!finding.fix.is_empty()).then(|| human::text(&finding.fix));
    Told { what: format!("{} {object}: {message}{about}", finding.code), fix }
}

/// The ways out, one in each line.
pub(super) fn fixes(text: &mut String, indent: &str, told: &Told) {
    for (i, way) in told.fix.iter().flat_map(|fix| fix.lines()).enumerate() {
        let _ = writeln!(text, "{indent}{} {way}", if i == 0 { "fix:" } else { " or:" });
    }
}

/// Refusals first, then warnings, then notes.
pub(super) fn findings(report: &RunReport) -> String {
    let mut text = String::new();
    for (severity, word, max) in [
        (Severity::Refusal, "refusal", usize::MAX),
        (Severity::Warning, "warning", FINDINGS_MAX),
        (Severity::Note, "note", FINDINGS_MAX),
    ] {
        let all: Vec<&Finding> = report.findings.iter().filter(|f| f.severity == severity).collect();
        for told in all.iter().take(max).map(|f| finding(f)) {
            let _ = writeln!(text, "{word} {}", told.what);
            fixes(&mut text, "    ", &told);
        }
        if all.len() > max {
            let more = human::plural((all.len() - max) as u64, word);
            let _ = writeln!(text, "and {more} more; a report has them all (--report FILE.json)");
        }
    }
    text
}

/// Rows that a policy kept out of their tables, by table and rule.
pub(super) fn set_aside(report: &RunReport) -> String {
    let mut text = String::new();
    for table in report.tables.iter().filter(|table| table.rows.set_aside > 0) {
        let rules = table.set_aside.iter().map(|rule| {
            format!("{} {} in {}", human::count(rule.rows), rule.rule, human::name(&rule.column))
        });
        let rules = rules.collect::<Vec<_>>().join(", ");
        let rows = human::plural(table.rows.set_aside, "row");
        let about = if rules.is_empty() { String::new() } else { format!(" ({rules})") };
        let _ = writeln!(text, "set aside: {}: {rows}{about}", human::name(&table.source));
    }
    text
}

/// What was made after the data.
pub(super) fn objects(report: &RunReport) -> String {
    let objects = &report.objects;
    let is_open = |object: &&ObjectReport| object.state == "not valid";
    let open: Vec<&ObjectReport> = objects.constraints.iter().filter(is_open).collect();
    let made = |objects: &[ObjectReport]| objects.iter().filter(|object| object.state != "pending").count();
    let counts = [
        (made(&objects.indexes), "index", ""),
        (made(&objects.constraints) - open.len(), "constraint", " valid"),
        (open.len(), "constraint", " not valid"),
        (made(&objects.sequences), "sequence", ""),
        (made(&objects.views), "view", ""),
        (made(&objects.triggers), "trigger", ""),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, noun, state)| format!("{}{state}", human::plural(*count as u64, noun)))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let mut text = format!("made: {}\n", parts.join(", "));
    for object in &open {
        let (name, table) = (human::name(&object.name), human::name(&object.table));
        let _ = writeln!(text, "  not valid: {name} ({} of {table})", object.kind);
    }
    if objects.sequences.len() <= SEQUENCES_NAMED_MAX {
        for sequence in &objects.sequences {
            let _ = writeln!(text, "  {}: {}", human::name(&sequence.name), human::name(&sequence.state));
        }
    }
    text
}

/// What the target does not have, by kind in the order of first appearance. The SQL is in the report file only.
pub(super) fn not_carried(report: &RunReport) -> String {
    let mut kinds: Vec<(&str, Vec<&NotCarried>)> = Vec::new();
    for object in &report.not_carried {
        match kinds.iter_mut().find(|(kind, _)| *kind == object.kind) {
            Some((_, members)) => members.push(object),
            None => kinds.push((&object.kind, vec![object])),
        }
    }
    let mut text = String::new();
    for (kind, members) in kinds {
        let _ = writeln!(text, "not carried: {}", human::plural(members.len() as u64, kind));
        for object in members.iter().take(NAMES_MAX) {
            let of = object.table.as_ref().map(|table| format!(" (of {})", human::name(table)));
            let (name, why) = (human::name(&object.name), human::text(&object.why));
            let _ = writeln!(text, "  {name}{}: {why}", of.unwrap_or_default());
        }
        if members.len() > NAMES_MAX {
            let more = human::count((members.len() - NAMES_MAX) as u64);
            let _ = writeln!(text, "  and {more} more; a report has them all (--report FILE.json)");
        }
    }
    text
}

/// The outcome in one sentence.
pub(super) fn sentence(report: &RunReport) -> String {
    let took = human::seconds(report.run.seconds);
    let sentence = match report.outcome {
        Outcome::Done => format!("done: {}", success(report, &took)),
        Outcome::SetAside => {
            let rows = report.tables.iter().map(|table| table.rows.set_aside).sum();
            let verb = if rows == 1 { "is" } else { "are" };
            let aside = human::plural(rows, "row");
            format!("set aside: {aside} {verb} not in the target; {}", success(report, &took))
        }
        Outcome::Refused => {
            let refusals = report.findings.iter().filter(|f| f.severity == Severity::Refusal).count();
            let reasons = match refusals {
                0 => String::new(),
                n => format!(" for {} (above)", human::plural(n as u64, "reason")),
            };
            format!("refused{reasons}; nothing was copied")
        }
        Outcome::Differs => {
            let differing = counted(report, Verify::Differs);
            let other = |query: &&QueryReport| query.verdict != QueryVerdict::Same;
            let queries = report.queries.iter().flatten().filter(other).count() as u64;
            if differing == 0 && queries > 0 {
                let queries = human::plural(queries, "query");
                return format!("differs: {queries} without the same result on both sides ({took})\n");
            }
            if differing == 0 {
                return format!("differs: not in the rows; what does is told below ({took})\n");
            }
            let verb = if differing == 1 { "is" } else { "are" };
            let tables = human::plural(report.tables.len() as u64, "table");
            format!(
                "differs: {} of {tables} {verb} not equal on both sides ({took})",
                human::count(differing)
            )
        }
        Outcome::Failed => format!("failed after {took}{}", remainder(report)),
        Outcome::Interrupted => format!("interrupted after {took}{}", remainder(report)),
    };
    format!("{sentence}\n")
}

fn counted(report: &RunReport, verify: Verify) -> u64 {
    report.tables.iter().filter(|table| table.verify == verify).count() as u64
}

/// What was achieved, by command; honest about what nobody compared.
fn success(report: &RunReport, took: &str) -> String {
    let (tables, bytes) = (report.tables.len() as u64, report.tables.iter().map(|t| t.bytes).sum::<u64>());
    let copied: u64 = report.tables.iter().map(|table| table.rows.copied).sum();
    let source: u64 = report.tables.iter().map(|table| table.rows.source).sum();
    let (matching, size) = (counted(report, Verify::Match), human::bytes(bytes));
    let what = |rows| format!("{}, {}, {size}", human::plural(tables, "table"), human::plural(rows, "row"));
    match report.run.command.as_str() {
        "validate" => {
            format!("{} would be copied; nothing was written (checked in {took})", what(source))
        }
        "verify" if matching == tables => {
            format!("{} compared in {took}: both sides are equal", what(source))
        }
        "verify" if matching + counted(report, Verify::Sampled) == tables => format!(
            "a sample of {} compared in {took}: the counts of all tables are equal, and so is every row that was looked at; \
             the others were not",
            what(source)
        ),
        "verify" => format!("{} compared in {took}: {}", what(source), verdicts(report)),
        "rehearse" => format!("{} rehearsed in {took}; nothing of it stays", what(source)),
        _ => {
            let all = matching == tables;
            let verb = if all { "copied and verified" } else { "copied" };
            let rest = match all {
                true => String::new(),
                false => format!("; verified {matching} of {}", human::plural(tables, "table")),
            };
            format!("{} {verb}{}{rest}", what(copied), time(report, bytes, took))
        }
    }
}

fn verdicts(report: &RunReport) -> String {
    let words = [
        (Verify::Match, "equal"),
        (Verify::Sampled, "equal in a sample"),
        (Verify::NotComparable, "not comparable"),
        (Verify::NotRun, "not compared"),
    ];
    let parts = words.map(|(verify, word)| (counted(report, verify), word));
    let present = parts.iter().filter(|(count, _)| *count > 0);
    present.map(|(count, word)| format!("{} {word}", human::count(*count))).collect::<Vec<_>>().join(", ")
}

/// ` in 3.4 s (15.3 MB/s)`; no rate for a resumed run, which did not move all of it.
fn time(report: &RunReport, bytes: u64, took: &str) -> String {
    match report.run.resumed_from {
        Some(chunks) => {
            format!("; this run resumed after {} and took {took}", human::plural(chunks, "chunk"))
        }
        None if bytes > 0 && report.run.seconds > 0.0 => {
            format!(" in {took} ({})", human::bytes_per_second(bytes as f64 / report.run.seconds))
        }
        None => format!(" in {took}"),
    }
}

/// How far a copy came, and how to go on. Server faults and interruptions resume as they are; anything else first
/// wants its cause mended (exit codes: design.md §2).
fn remainder(report: &RunReport) -> String {
    if report.repaired.as_ref().is_some_and(|repaired| !repaired.is_nothing()) {
        return "; what was repaired by then stays, the same command goes on with the rest".to_owned();
    }
    let (is_source_fault, resumes) = (report.exit_code == 5, matches!(report.exit_code, 6 | 7 | 130 | 143));
    if is_source_fault && report.source.is_empty() {
        // A file that could not even be opened is named with the error; the same command would only say so again.
        return "; nothing was changed".to_owned();
    }
    if report.run.command != "copy" {
        return match resumes {
            true => "; nothing was changed, run the same command again".to_owned(),
            false => "; nothing was changed; when the cause is mended, run the same command again".to_owned(),
        };
    }
    let (copied, source) = report
        .tables
        .iter()
        .fold((0, 0), |(copied, source), table| (copied + table.rows.copied, source + table.rows.source));
    let whole = report.tables.iter().filter(|table| table.rows.copied == table.rows.source).count() as u64;
    let reached = match report.tables.len() as u64 {
        0 => String::new(),
        tables => format!(
            " with {} of {} and {} of {} copied",
            human::count(whole),
            human::plural(tables, "table"),
            human::count(copied),
            human::plural(source, "row")
        ),
    };
    let next = match resumes {
        true => "run the same command again to resume",
        false => "when the cause is mended, the same command resumes",
    };
    format!("{reached}; {next}")
}
