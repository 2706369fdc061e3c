//! Figures and facts about the run as a whole.

use super::text::{name, shell_word, utc};
use super::{Bounds, Tone, verdict};
use crate::finding::Severity;
use crate::outcome::{RunReport, Verify};
use crate::report::human;

/// One large figure.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Figure {
    /// its name for programs
    pub(in crate::report) key: &'static str,
    /// its name for people
    pub(in crate::report) label: &'static str,
    /// the number itself
    pub(in crate::report) value: String,
    /// the number as it is read
    pub(in crate::report) shown: String,
}

/// One line about the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Fact {
    pub(in crate::report) label: &'static str,
    pub(in crate::report) value: String,
    /// set in a fixed-width font: to be compared or copied
    pub(in crate::report) is_code: bool,
    /// more about it; may be empty
    pub(in crate::report) note: String,
}

/// Something that should be read, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Attention {
    pub(in crate::report) text: String,
    /// id of the section
    pub(in crate::report) section: &'static str,
    pub(in crate::report) tone: Tone,
}

pub(super) fn figures(report: &RunReport) -> Vec<Figure> {
    let is_of_source = matches!(report.run.command.as_str(), "validate" | "verify" | "rehearse");
    let rows: u64 = match is_of_source {
        true => report.tables.iter().map(|table| table.rows.source).sum(),
        false => report.tables.iter().map(|table| table.rows.copied).sum(),
    };
    let bytes: u64 = report.tables.iter().map(|table| table.bytes).sum();
    let seconds = report.run.seconds;
    let figure = |key, label, value: String, shown: String| Figure { key, label, value, shown };
    let tables = report.tables.len();
    let mut figures = vec![
        figure("tables", "tables", tables.to_string(), human::count(tables as u64)),
        figure(
            "rows",
            if is_of_source { "rows in the source" } else { "rows copied" },
            rows.to_string(),
            human::count(rows),
        ),
        figure("bytes", "of data", bytes.to_string(), human::bytes(bytes)),
        figure("seconds", "from start to end", seconds.to_string(), human::seconds(seconds)),
    ];
    let is_whole_copy = report.run.command == "copy" && report.run.resumed_from.is_none();
    if is_whole_copy && report.exit_code == 0 && bytes > 0 && seconds > 0.0 {
        let rate = bytes as f64 / seconds;
        figures.push(figure("rate", "on average", rate.to_string(), human::bytes_per_second(rate)));
    }
    figures
}

/// What to read first, the worst before the others.
pub(super) fn attention(report: &RunReport) -> Vec<Attention> {
    let severity = |severity| report.findings.iter().filter(|f| f.severity == severity).count() as u64;
    let tables = |verify| verdict::counted(report, verify);
    let aside: u64 = report.tables.iter().map(|table| table.rows.set_aside).sum();
    let open = report.objects.constraints.iter().filter(|object| object.state == "not valid").count() as u64;
    let was_compared = matches!(report.run.command.as_str(), "copy" | "verify");
    let not_compared = tables(Verify::NotComparable) + if was_compared { tables(Verify::NotRun) } else { 0 };
    let counted = [
        (severity(Severity::Refusal), "refusal", "", "findings", Tone::Bad),
        (tables(Verify::Differs), "table", " not equal", "differences", Tone::Bad),
        (not_compared, "table", " not compared", "tables", Tone::Care),
        (aside, "row", " set aside", "set-aside", Tone::Care),
        (report.not_carried.len() as u64, "object", " not carried over", "not-carried", Tone::Care),
        (open, "constraint", " not valid", "objects", Tone::Care),
        (severity(Severity::Warning), "warning", "", "findings", Tone::Care),
        (severity(Severity::Note), "note", "", "findings", Tone::Plain),
    ];
    let present = counted.into_iter().filter(|(count, ..)| *count > 0);
    let told = present.map(|(count, noun, what, section, tone)| Attention {
        text: format!("{}{what}", human::plural(count, noun)),
        section,
        tone,
    });
    told.collect()
}

/// What was done, from where to where, and when.
pub(super) fn facts(report: &RunReport, bounds: &Bounds) -> Vec<Fact> {
    let mut facts = Vec::new();
    for source in report.source.iter().take(bounds.extra) {
        let path = name(&source.path, bounds.text_chars);
        facts.push(Fact { note: about_source(source), ..code("Source", path) });
    }
    let more = report.source.len().saturating_sub(bounds.extra) as u64;
    facts.extend((more > 0).then(|| words("Sources", format!("and {} more", human::count(more)))));
    if let Some(target) = &report.target {
        let (schema, version) =
            (name(&target.schema, bounds.name_chars), name(&target.server_version, bounds.name_chars));
        let note = format!("schema {schema}, PostgreSQL {version}");
        facts.push(Fact { note, ..code("Target", name(&target.host, bounds.text_chars)) });
    }
    let run = &report.run;
    facts.push(words("Started", utc(run.started_unix)));
    facts.push(words("Ended", utc(run.started_unix + run.seconds.max(0.0).round() as u64)));
    facts.push(words("Took", human::seconds(run.seconds)));
    facts.push(code("Command", format!("cutover {}", command(&run.command))));
    facts.extend(run.config.as_deref().map(|path| code("Settings", name(path, bounds.text_chars))));
    let resumed = |chunks| words("Resumed", format!("after {}", human::plural(chunks, "chunk")));
    facts.extend(run.resumed_from.map(resumed));
    facts.extend((run.retries > 0).then(|| words("Tried again", times(run.retries))));
    facts.push(words("Exit code", format!("{} ({})", report.exit_code, exit_meaning(report.exit_code))));
    facts
}

/// What tells this run, its plan and its sources from others.
pub(super) fn identity(report: &RunReport, bounds: &Bounds) -> Vec<Fact> {
    let mut facts = vec![words("Tool", name(&report.tool, bounds.name_chars))];
    facts.push(code("Run", name(&report.run.id, bounds.name_chars)));
    let plans = report.plan_hash.iter().take(bounds.extra);
    facts.extend(plans.map(|hash| code("Plan", name(hash, bounds.text_chars))));
    let sources = report.source.iter().take(bounds.extra);
    facts.extend(
        sources.map(|source| code("Source's fingerprint", name(&source.fingerprint, bounds.text_chars))),
    );
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

fn words(label: &'static str, value: String) -> Fact {
    Fact { label, value, is_code: false, note: String::new() }
}

fn code(label: &'static str, value: String) -> Fact {
    Fact { is_code: true, ..words(label, value) }
}

fn command(command: &str) -> String {
    match command {
        "copy" => "copy --migrate".to_owned(),
        "validate" | "rehearse" => format!("copy --{command}"),
        other => name(other, 40),
    }
}

fn about_source(source: &crate::outcome::SourceInfo) -> String {
    let mut parts = vec![human::bytes(source.bytes)];
    parts.extend(
        (!source.sqlite_version.is_empty()).then(|| format!("read by SQLite {}", source.sqlite_version)),
    );
    parts.extend((!source.encoding.is_empty()).then(|| source.encoding.clone()));
    parts.extend((!source.journal_mode.is_empty()).then(|| format!("journal mode {}", source.journal_mode)));
    name(&parts.join(", "), 400)
}

fn times(times: u64) -> String {
    match times {
        1 => "once, after a failure that passed".to_owned(),
        n => format!("{} times, after failures that passed", human::count(n)),
    }
}

fn exit_meaning(code: u8) -> &'static str {
    match code {
        0 => "done",
        1 => "a bug in cutover",
        2 => "usage or configuration",
        3 => "refused before anything was written",
        4 => "a difference was found",
        5 => "the source cannot be read or trusted",
        6 => "the server failed",
        7 => "another run holds the target",
        8 => "done, but rows were set aside",
        130 => "interrupted",
        143 => "terminated",
        _ => "other",
    }
}

/// The command that compares both sides again, for a shell.
pub(super) fn again(report: &RunReport) -> String {
    report.run.verify_again.iter().map(|word| shell_word(&human::name(word))).collect::<Vec<_>>().join(" ")
}
