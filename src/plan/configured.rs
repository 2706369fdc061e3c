//! Plans as a `cutover.toml` to edit: every decision with its reasons as comments, what is configured as settings.
//! Read again, it leads to the same plan.

use super::skip::WHY_SKIPPED;
use super::{ColumnPlan, Plan, TableMode, TablePlan};
use crate::config::{Config, Word, duration_word, toml_string};
use crate::counts::plural;
use crate::finding::{Finding, Severity};
use std::collections::BTreeSet;
use std::fmt::Write;

const HEAD: &str = "\
# What `cutover copy --validate` decided, to be edited: `cutover copy --config` this file.
# What is commented out was decided from the source and the target; what is not was configured.
# Levels: E0 keeps every value exactly, E1 its number, E2 its meaning, B every number and byte, LOSS not everything.
# docs/configuration.md lists every key. Patterns are allowed for names: [tables.\"log_*\".columns.\"*_at\"].
";

/// The file's text for the plans of a run's sources, in order.
pub fn config_text(plans: &[Plan], config: &Config) -> String {
    let mut text = HEAD.to_owned();
    write_options(&mut text, config);
    let mut written = BTreeSet::new();
    for plan in plans {
        for table in &plan.tables {
            // Tables of one name in two sources are meant by one rule.
            if written.insert(table.source.to_ascii_lowercase()) {
                write_table(&mut text, plan, table, config);
            }
        }
        for finding in plan.findings.iter().filter(|finding| finding.code == "W_SKIPPED") {
            if written.insert(finding.object.to_ascii_lowercase()) {
                let _ = writeln!(text, "\n[tables.{}]\nskip = true", toml_string(&finding.object));
            }
        }
    }
    text
}

fn write_options(text: &mut String, config: &Config) {
    let file = &config.settings.options;
    let list = |globs: &[String]| {
        format!("[{}]", globs.iter().map(|glob| toml_string(glob)).collect::<Vec<_>>().join(", "))
    };
    let zone = config.naive_tz.as_deref().unwrap_or("UTC");
    let lines = [
        ("schema", toml_string(&config.schema), config.schema != "public"),
        ("table", list(&config.tables), !config.tables.is_empty()),
        ("exclude", list(&config.exclude), !config.exclude.is_empty()),
        word("create", config.create, "auto"),
        word("existing", config.existing, "refuse"),
        word("orphans", config.orphans, "auto"),
        word("names", config.names, "keep"),
        word("infer", config.infer, "declared"),
        word("mixed", config.mixed, "widen"),
        word("on_bad_value", config.on_bad_value, "refuse"),
        word("generated", config.generated, "values"),
        word("triggers", config.triggers, "list"),
        word("comments", config.comments, "on"),
        word("verify", config.verify, "checksum"),
        ("naive_tz", toml_string(zone), config.naive_tz.is_some()),
        ("jobs", config.jobs.to_string(), file.jobs.is_some()),
        (
            "retry_for",
            toml_string(&duration_word(config.retry_for)),
            config.retry_for != crate::limits::RETRY_FOR,
        ),
        ("fail_fast", config.fail_fast.to_string(), config.fail_fast),
        ("chunk_bytes", config.chunk_bytes.to_string(), config.chunk_bytes != crate::limits::CHUNK_BYTES),
        ("chunk_rows", config.chunk_rows.to_string(), config.chunk_rows != crate::limits::CHUNK_ROWS),
    ];
    text.push_str("\n[options]\n");
    for (key, value, is_configured) in lines {
        let _ = writeln!(text, "{}{key} = {value}", if is_configured { "" } else { "# " });
    }
}

fn word<W: Word>(key: &'static str, value: W, default: &str) -> (&'static str, String, bool) {
    (key, toml_string(value.word()), value.word() != default)
}

fn write_table(text: &mut String, plan: &Plan, table: &TablePlan, config: &Config) {
    let name = toml_string(&table.source);
    let goes = match table.mode {
        TableMode::Create => "is created as",
        TableMode::Existing => "goes into the existing table",
    };
    text.push('\n');
    comment(text, &format!("{}; {goes} {}", plural(table.rows, "row"), table.target));
    for finding in findings_about(plan, &table.source).filter(|finding| finding.code != "W_SKIPPED") {
        comment(text, &told(finding));
    }
    let _ = writeln!(text, "[tables.{name}]");
    let settings: Vec<_> = config.settings.effective(&table.source, None);
    settings.iter().for_each(|setting| {
        let _ = writeln!(text, "{} = {}", setting.value.key(), setting.value.toml());
    });
    if settings.iter().all(|setting| setting.value.key() != "rename") {
        let _ = writeln!(text, "# rename = {}", toml_string(&table.target));
    }
    let mut written = BTreeSet::new();
    for column in &table.columns {
        // A split column has several parts in the target and one rule.
        let header = written.insert(&column.source);
        write_column(text, plan, (table, column), header, config);
    }
    let skipped = plan.not_carried.iter().filter(|item| {
        item.kind == "column" && item.why == WHY_SKIPPED && item.table.as_deref() == Some(&table.source)
    });
    for item in skipped {
        text.push('\n');
        comment(text, &format!("{} is not copied", described(&item.sql)));
        let _ = writeln!(text, "[tables.{name}.columns.{}]\nskip = true", toml_string(&item.name));
    }
}

fn write_column(
    text: &mut String,
    plan: &Plan,
    (table, column): (&TablePlan, &ColumnPlan),
    header: bool,
    config: &Config,
) {
    text.push('\n');
    let pg = column.mapping.pg;
    comment(text, &format!("{} → {pg}, {}: {}", described(&column.declared), column.level, column.why));
    write_evidence(text, column);
    let object = format!("{}.{}", table.source, column.source);
    for finding in findings_about(plan, &object) {
        comment(text, &told(finding));
    }
    if !header {
        return;
    }
    let _ = writeln!(text, "[tables.{}.columns.{}]", toml_string(&table.source), toml_string(&column.source));
    let settings = config.settings.effective(&table.source, Some(&column.source));
    for setting in &settings {
        let _ = writeln!(text, "{} = {}", setting.value.key(), setting.value.toml());
    }
    let is_said = |key: &str| settings.iter().any(|setting| setting.value.key() == key);
    if table.mode == TableMode::Create && !is_said("type") {
        let _ = writeln!(text, "# type = {}", toml_string(&pg.to_string()));
    }
    if !is_said("rename") && column.source != column.target {
        let _ = writeln!(text, "# rename = {}", toml_string(&column.target));
    }
}

fn write_evidence(text: &mut String, column: &ColumnPlan) {
    let facts = &column.evidence;
    let counts = [
        (facts.integers, "INTEGER"),
        (facts.reals, "REAL"),
        (facts.texts, "TEXT"),
        (facts.blobs, "BLOB"),
        (facts.nulls, "NULL"),
    ];
    let held: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| format!("{count} {class}"))
        .collect();
    if !held.is_empty() {
        comment(text, &format!("holds {}", held.join(", ")));
    }
    if !facts.against.is_empty() {
        comment(text, &format!("against a narrower type: {}", facts.against.join(", ")));
    }
    if !facts.change.is_empty() {
        comment(text, &format!("to change it: {}", facts.change));
    }
}

fn described(declared: &str) -> &str {
    if declared.is_empty() { "no declared type" } else { declared }
}

fn findings_about<'a>(plan: &'a Plan, object: &'a str) -> impl Iterator<Item = &'a Finding> {
    plan.findings.iter().filter(move |finding| finding.object == object)
}

fn told(finding: &Finding) -> String {
    let weight = match finding.severity {
        Severity::Refusal => "REFUSED, ",
        Severity::Warning => "warning, ",
        Severity::Note => "",
    };
    let fix = if finding.fix.is_empty() {
        String::new()
    } else {
        format!("; {}", finding.fix.replace('\n', "; or "))
    };
    format!("{weight}{}: {}{fix}", finding.code, finding.message)
}

/// One line of comment, whatever is in names.
fn comment(text: &mut String, line: &str) {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(text, "# {line}");
}
