//! What planning has to say about columns and sequences: nothing here decides anything.

use super::SequencePlan;
use super::choose::{Choice, Family};
use super::draft::warning;
use super::evidence::evidence;
use super::types::{Codec, Level, PgType};
use crate::catalog::affinity::type_name;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::{Column, Table};
use crate::counts::plural;
use crate::finding::{Finding, Severity};
use crate::limits::LARGE_NOTE_BYTES_MIN;

/// What there is to say about the type of a column that we create.
pub(super) fn of_column(
    table: &Table,
    column: &Column,
    facts: &ColumnProfile,
    choice: &Choice,
    findings: &mut Vec<Finding>,
) {
    note_damage(table, column, facts, findings);
    note_large(table, column, facts, findings);
    note_unproved(table, column, facts, choice, findings);
    let (code, severity, count) = match choice.level {
        Level::B => ("W_WIDENED", Severity::Warning, facts.values()),
        // every value can be told apart again, but the type is not the declared one (semantics.md §7, case 4)
        Level::E0 if matches!(choice.mapping.codec, Codec::TextForm | Codec::Tagged) => {
            ("W_WIDENED", Severity::Note, facts.values())
        }
        Level::E1 => ("W_CLASS_MERGED", Severity::Warning, facts.reals_integral),
        Level::E0 | Level::E2 | Level::Loss => return,
    };
    let object = format!("{}.{}", table.name, column.name);
    let message = format!("becomes {}, because it holds {}", choice.mapping.pg, choice.why);
    let examples = if facts.odd_texts.is_empty() {
        facts.first.iter().map(|(_, key)| key.clone()).collect()
    } else {
        facts.odd_texts.clone()
    };
    findings.push(Finding::new(code, severity, object, message).count(count).examples(examples));
}

/// Numbers under a name of identifiers or strings: SQLite has rewritten text that looked like a number when it was
/// inserted, and the original is gone (semantics.md §1.1). Told, never repaired.
fn note_damage(table: &Table, column: &Column, facts: &ColumnProfile, findings: &mut Vec<Finding>) {
    let is_identifier = matches!(type_name(&column.declared).as_str(), "UUID" | "GUID" | "UNIQUEIDENTIFIER");
    let numbers = facts.integers + facts.reals;
    if numbers == 0 || !(is_identifier || type_name(&column.declared) == "STRING") {
        return;
    }
    let message = format!(
        "declared {} and holds {}: SQLite makes one of text that looks like it, and the original spelling is gone",
        column.declared,
        plural(numbers, "number")
    );
    let object = format!("{}.{}", table.name, column.name);
    let fix = "compare these rows with where they came from; they are copied as they are stored";
    findings.push(warning("W_AFFINITY_DAMAGE", &object, message).count(numbers).fix(fix));
}

/// A declared date, flag, JSON or UUID column whose values are not all that: it keeps them as they are, and the note says
/// which row spoke first against it and what would change it (semantics.md §7, cases 10 to 12).
fn note_unproved(
    table: &Table,
    column: &Column,
    facts: &ColumnProfile,
    choice: &Choice,
    findings: &mut Vec<Finding>,
) {
    let family = Family::of(&column.declared);
    let hoped = matches!(
        family,
        Family::Flag | Family::Date | Family::Stamp | Family::Time | Family::Json | Family::Uuid
    );
    let plain = matches!(choice.mapping.codec, Codec::Text | Codec::Int | Codec::Float | Codec::Number);
    if !hoped || !plain || facts.values() == 0 {
        return;
    }
    let object = format!("{}.{}", table.name, column.name);
    let message = format!("declared {} and becomes {}: {}", column.declared, choice.mapping.pg, choice.why);
    let evidence = evidence(column, facts, choice);
    let examples = match (evidence.against.is_empty(), facts.first.first()) {
        (true, Some((_, key))) => vec![key.clone()],
        _ => evidence.against,
    };
    findings.push(
        Finding::new("W_UNPROVED", Severity::Note, object, message).examples(examples).fix(evidence.change),
    );
}

/// Columns of the table that `--infer content` would type, in one note.
pub(super) fn of_content(
    table: &Table,
    profile: &TableProfile,
    columns: &[super::ColumnPlan],
) -> Option<Finding> {
    let looks_like_more = |(column, facts): (&Column, &ColumnProfile)| {
        let plan = columns.iter().find(|plan| plan.source == column.name)?;
        let spelling = facts.spelling.as_ref()?;
        let typed = spelling.date || spelling.stamp.is_some() || spelling.container && spelling.jsonb;
        (plan.mapping.pg == PgType::Text && facts.texts == facts.values() && typed)
            .then(|| column.name.clone())
    };
    let names: Vec<String> = table.columns.iter().zip(&profile.columns).filter_map(looks_like_more).collect();
    (!names.is_empty()).then(|| {
        let message = format!("text that looks like dates or JSON stays text: \"{}\"", names.join("\", \""));
        Finding::new("W_CONTENT", Severity::Note, table.name.clone(), message)
            .count(names.len() as u64)
            .fix("--infer content gives such columns a type of their own where every value proves it")
    })
}

/// A value that PostgreSQL keeps and its own tools may not be able to write out (semantics.md §2.3).
fn note_large(table: &Table, column: &Column, facts: &ColumnProfile, findings: &mut Vec<Finding>) {
    if facts.max_bytes >= LARGE_NOTE_BYTES_MIN {
        let object = format!("{}.{}", table.name, column.name);
        let message = format!(
            "holds a value of {} bytes: PostgreSQL keeps it, but pg_dump and text COPY may fail on it",
            facts.max_bytes
        );
        findings.push(Finding::new("W_LARGE_VALUE", Severity::Note, object, message));
    }
}

/// Sequences that go on elsewhere than the source would (semantics.md §3.2).
pub(super) fn of_sequences(table: &Table, sequences: &[SequencePlan], findings: &mut Vec<Finding>) {
    for sequence in sequences {
        let object = format!("{}.{}", table.name, sequence.column);
        match sequence.max {
            _ if sequence.floor() == Some(i64::MAX) => {
                let message =
                    "its largest key is the largest there is: nothing comes after it, as in the source";
                findings.push(warning("W_SEQ_EXHAUSTED", &object, message.to_owned()));
            }
            Some(max) if max < 0 && sequence.seq.unwrap_or(0) <= 0 => {
                let source = if table.autoincrement { 1 } else { max + 1 };
                let message = format!(
                    "its keys are negative: the target goes on at 1, where the source would go on at {source}"
                );
                findings.push(Finding::new("W_SEQ_NEGATIVE", Severity::Note, object, message));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::choose::{Circumstances, choose};
    use super::*;

    #[test]
    fn a_value_that_dumps_may_fail_on_is_noted() {
        let column = Column { name: "b".to_owned(), declared: "BLOB".to_owned(), ..Column::default() };
        let table = Table { name: "t".to_owned(), columns: vec![column], ..Table::default() };
        for (max_bytes, notes) in [(LARGE_NOTE_BYTES_MIN - 1, 0), (LARGE_NOTE_BYTES_MIN, 1)] {
            let facts = ColumnProfile { blobs: 1, max_bytes, ..ColumnProfile::default() };
            let choice = choose(&table.columns[0], &facts, Circumstances::default());
            let mut findings = Vec::new();
            of_column(&table, &table.columns[0], &facts, &choice, &mut findings);
            assert_eq!(findings.iter().filter(|finding| finding.code == "W_LARGE_VALUE").count(), notes);
        }
    }
}
