//! The report as Markdown, for a pull request: what somebody has to know before the change is merged, within what GitHub
//! takes. The JSON report and the page have the rest.

mod escape;

use super::human;
use super::view::{Bounds, TableLine, View, verify_word};
use crate::error::Result;
use crate::outcome::RunReport;
use escape::{block, cell, code, plain};
use std::fmt::Write;

/// The whole text.
///
/// # Errors
/// Internal, where the report has no JSON form.
pub(super) fn text(report: &RunReport) -> Result<String> {
    Bounds::markdown().fit(|bounds| Ok(draw(report, &View::of(report, bounds)?)))
}

fn draw(report: &RunReport, view: &View) -> String {
    let sections = [
        verdict(report, view),
        error(view),
        facts(view),
        tables(view),
        differences(view),
        set_aside(view),
        not_carried(view),
        findings(view),
        extra(view),
        again(view),
    ];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
    let _ = writeln!(
        text,
        "\n<sub>{}, report format {}, run {}</sub>",
        plain(&report.tool),
        report.format,
        plain(&report.run.id)
    );
    text
}

// Writing to a String cannot fail: what `writeln!` gives is left aside below.

fn verdict(report: &RunReport, view: &View) -> String {
    let verdict = &view.verdict;
    let command = match report.run.command.as_str() {
        "copy" => "Migration to PostgreSQL",
        "validate" => "Validation of a migration to PostgreSQL",
        "verify" => "Verification of a migration to PostgreSQL",
        "rehearse" => "Rehearsal of a migration to PostgreSQL",
        _ => "Migration to PostgreSQL",
    };
    let mut text = format!("## {command}: {} {}\n\n", verdict.tone.sign(), verdict.word);
    let _ = write!(text, "**{}**", plain(&verdict.sentence));
    let _ = writeln!(text, "{}{}", if verdict.next.is_empty() { "" } else { " " }, plain(&verdict.next));
    if !view.attention.is_empty() {
        let told: Vec<String> = view.attention.iter().map(|one| plain(&one.text)).collect();
        let _ = writeln!(text, "\n{}.", told.join(" · "));
    }
    text
}

fn error(view: &View) -> String {
    view.error
        .as_ref()
        .map(|error| format!("### The error that ended it\n\n{}", block(error, "")))
        .unwrap_or_default()
}

fn facts(view: &View) -> String {
    let mut text = "| | |\n|---|---|\n".to_owned();
    let plans = view.identity.iter().filter(|fact| fact.label == "Plan");
    for fact in view.facts.iter().chain(plans) {
        let value = if fact.is_code { cell(&fact.value) } else { plain(&fact.value) };
        let note = if fact.note.is_empty() { String::new() } else { format!(", {}", plain(&fact.note)) };
        let _ = writeln!(text, "| {} | {value}{note} |", fact.label);
    }
    for figure in view.figures.iter().filter(|figure| figure.key != "seconds") {
        let _ = writeln!(text, "| {} | {} |", in_words(figure.key), plain(&figure.shown));
    }
    text
}

fn in_words(key: &str) -> &str {
    match key {
        "tables" => "Tables",
        "rows" => "Rows",
        "bytes" => "Data",
        "rate" => "Rate",
        other => other,
    }
}

fn tables(view: &View) -> String {
    let tables = &view.tables;
    if tables.shown.is_empty() {
        return String::new();
    }
    let mut text = "### Tables\n\n".to_owned();
    text.push_str(match (tables.is_compared, tables.is_copied) {
        (true, true) => {
            "| table | rows | in the target | size | copy | verdict |\n|---|---:|---:|---:|---:|---|\n"
        }
        (true, false) => "| table | rows | in the target | size | verdict |\n|---|---:|---:|---:|---|\n",
        _ => "| table | rows | size |\n|---|---:|---:|\n",
    });
    tables.shown.iter().for_each(|table| {
        let _ = writeln!(text, "{}", table_line(table, tables.is_compared, tables.is_copied));
    });
    if let Some(more) = &tables.more {
        let _ = writeln!(text, "\n{}; the JSON report has all of them.", plain(more));
    }
    text
}

fn table_line(table: &TableLine, is_compared: bool, is_copied: bool) -> String {
    let target = table.target.as_ref().map(|target| format!(" → {}", cell(target))).unwrap_or_default();
    let mut line = format!("| {}{target} | {} ", cell(&table.source), human::count(table.rows));
    if is_compared {
        let _ = write!(line, "| {} ", table.held.map_or("—".to_owned(), human::count));
    }
    let _ = write!(line, "| {} ", human::bytes(table.bytes));
    if is_copied {
        let _ = write!(line, "| {} ", table.seconds[0].map_or("—".to_owned(), human::seconds));
    }
    if is_compared {
        let (word, tone) = verify_word(table.verify);
        let notes: String = table.notes.iter().map(|note| format!("; {}", plain(note))).collect();
        let _ = write!(line, "| {} {word}{notes} ", tone.sign());
    }
    line.push('|');
    line
}

fn differences(view: &View) -> String {
    if view.differences.is_empty() {
        return String::new();
    }
    let mut text = "### What differs\n".to_owned();
    for table in &view.differences {
        let counts =
            if table.counts.is_empty() { String::new() } else { format!("; {}", plain(&table.counts)) };
        let _ = writeln!(text, "\n{}: {}{counts}\n", code(&table.table), plain(&table.rows));
        if !table.note.is_empty() {
            let _ = writeln!(text, "{}\n", plain(&table.note));
        }
        if table.lines.is_empty() {
            continue;
        }
        text.push_str("| row | column, or what is the matter | source | target |\n|---|---|---|---|\n");
        for line in &table.lines {
            let [key, what, source, target] =
                [&line.key, &line.what, &line.source, &line.target].map(|part| cell(part));
            let _ = writeln!(text, "| {key} | {what} | {source} | {target} |");
        }
        if table.more > 0 {
            let _ = writeln!(text, "\nand {} more rows in the JSON report", human::count(table.more));
        }
    }
    text
}

fn set_aside(view: &View) -> String {
    if view.set_aside.is_empty() {
        return String::new();
    }
    let mut text = "### Rows set aside\n\n| table | rule | column | rows |\n|---|---|---|---:|\n".to_owned();
    for line in &view.set_aside {
        let [table, rule, column] = [&line.table, &line.rule, &line.column].map(|part| cell(part));
        let _ = writeln!(text, "| {table} | {rule} | {column} | {} |", human::count(line.rows));
    }
    text
}

fn not_carried(view: &View) -> String {
    if view.not_carried.shown.is_empty() {
        return String::new();
    }
    let mut text = "### What was not carried over\n".to_owned();
    for object in &view.not_carried.shown {
        let of = object.table.as_ref().map(|table| format!(" of {}", code(table))).unwrap_or_default();
        let (kind, name, why) = (plain(&object.kind), code(&object.name), plain(&object.why));
        let _ = writeln!(text, "\n- {kind} {name}{of}: {why}");
        if !object.sql.is_empty() {
            let folded =
                format!("<details><summary>its SQL</summary>\n\n{}\n</details>\n", block(&object.sql, "sql"));
            let _ = writeln!(text, "\n{}", indented(&folded));
        }
    }
    if view.not_carried.more > 0 {
        let _ = writeln!(text, "\nand {} more in the JSON report", human::count(view.not_carried.more));
    }
    text
}

/// As a part of the list's item above it.
fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("  {line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn findings(view: &View) -> String {
    let mut text = String::new();
    for group in &view.findings {
        let _ = writeln!(
            text,
            "{}### {} ({})\n",
            if text.is_empty() { "" } else { "\n" },
            group.title,
            human::count(group.count)
        );
        for of_code in &group.codes {
            for item in &of_code.items {
                let about =
                    if item.about.is_empty() { String::new() } else { format!(" ({})", plain(&item.about)) };
                let (object, message) = (code(&item.object), plain(&item.message));
                let _ = writeln!(text, "- {} {object}: {message}{about}", code(&of_code.code));
                fix(&mut text, &item.fix);
            }
            fix(&mut text, &of_code.fix);
        }
        if group.more > 0 {
            let _ = writeln!(text, "- and {} more in the JSON report", human::count(group.more));
        }
    }
    text
}

fn fix(text: &mut String, fix: &str) {
    if !fix.is_empty() {
        let _ = writeln!(text, "  - what to do: {}", plain(fix));
    }
}

fn extra(view: &View) -> String {
    let mut text = String::new();
    for part in &view.extra {
        let _ = writeln!(text, "{}### {}\n", if text.is_empty() { "" } else { "\n" }, plain(&part.title));
        for (label, value) in &part.pairs {
            let _ = writeln!(text, "- {}: {}", plain(label), plain(value));
        }
        for grid in &part.grids {
            let of = if grid.title.is_empty() { String::new() } else { format!("{}: ", plain(&grid.title)) };
            let count = human::count(grid.rows.len() as u64 + grid.more);
            let _ = writeln!(text, "- {of}{count} in the JSON report");
        }
    }
    text
}

fn again(view: &View) -> String {
    match view.again.is_empty() {
        true => String::new(),
        false => format!("### Verify again\n\n{}", block(&view.again, "sh")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::{example, one_changed_row};

    #[test]
    fn a_small_report_reads_like_this() {
        let mut report = example();
        (report.environment, report.assessment) = (None, None);
        report.run.verify_again = ["cutover", "verify", "--from", "my app.db"].map(str::to_owned).to_vec();
        report.tables[1].verify = crate::outcome::Verify::Differs;
        let (counts, row) = one_changed_row();
        (report.tables[1].difference_counts, report.tables[1].differences) = (Some(counts), vec![row]);
        report.outcome = crate::outcome::Outcome::Differs;
        let expected = include_str!("expected.md");
        let text = text(&report).unwrap();
        assert_eq!(text, expected, "{text}");
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let mut report = example();
        let (not_carried, finding) = (report.not_carried[0].clone(), report.findings[0].clone());
        report.not_carried = vec![not_carried; 1_000];
        report.not_carried.iter_mut().for_each(|object| object.sql = "SELECT 1; ".repeat(1_000));
        report.findings = vec![finding; 1_000];
        let text = text(&report).unwrap();
        assert!(text.len() <= crate::limits::MARKDOWN_BYTES_MAX, "{}", text.len());
        assert!(text.contains("more in the JSON report") && text.contains("SELECT 1;…"));
    }
}
