//! What was made beside the rows, what was not carried, and which rows were kept out.

use super::text::{name, sentence, sql};
use super::{Bounds, Part, Tone};
use crate::outcome::{ObjectReport, RunReport};
use crate::report::human;
use std::collections::BTreeMap;

/// An object that the target does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct NotCarriedLine {
    pub(in crate::report) kind: String,
    pub(in crate::report) name: String,
    pub(in crate::report) table: Option<String>,
    pub(in crate::report) why: String,
    pub(in crate::report) sql: String,
}

/// Rows of one table that were set aside for one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct SetAsideLine {
    pub(in crate::report) table: String,
    pub(in crate::report) rule: String,
    pub(in crate::report) column: String,
    pub(in crate::report) rows: u64,
}

/// Objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct ObjectsOfKind {
    /// `41 indexes`
    pub(in crate::report) title: String,
    /// how many are in which state: `40 done, 1 restored`
    pub(in crate::report) states: String,
    pub(in crate::report) lines: Vec<ObjectLine>,
    pub(in crate::report) more: u64,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct ObjectLine {
    pub(in crate::report) name: String,
    pub(in crate::report) table: String,
    pub(in crate::report) kind: String,
    pub(in crate::report) state: String,
    pub(in crate::report) tone: Tone,
}

pub(super) fn not_carried(report: &RunReport, bounds: &Bounds) -> Part<NotCarriedLine> {
    let line = |object: &crate::finding::NotCarried| NotCarriedLine {
        kind: name(&object.kind, bounds.name_chars),
        name: name(&object.name, bounds.name_chars),
        table: object.table.as_ref().map(|table| name(table, bounds.name_chars)),
        why: sentence(&object.why, bounds.text_chars),
        sql: sql(&object.sql, bounds.sql_chars),
    };
    Part {
        shown: report.not_carried.iter().take(bounds.not_carried).map(line).collect(),
        more: report.not_carried.len().saturating_sub(bounds.not_carried) as u64,
    }
}

pub(super) fn set_aside(report: &RunReport, bounds: &Bounds) -> Vec<SetAsideLine> {
    let mut lines = Vec::new();
    for table in report.tables.iter().filter(|table| table.rows.set_aside > 0) {
        let source = name(&table.source, bounds.name_chars);
        let line = |rule: &str, column: &str, rows| SetAsideLine {
            table: source.clone(),
            rule: name(rule, bounds.name_chars),
            column: name(column, bounds.name_chars),
            rows,
        };
        // Whoever did not ask the ledger for the rules has the number all the same.
        match table.set_aside.is_empty() {
            true => lines.push(line("", "", table.rows.set_aside)),
            false => {
                lines.extend(table.set_aside.iter().map(|rule| line(&rule.rule, &rule.column, rule.rows)))
            }
        }
    }
    lines.truncate(bounds.findings);
    lines
}

pub(super) fn objects(report: &RunReport, bounds: &Bounds) -> Vec<ObjectsOfKind> {
    let objects = &report.objects;
    let kinds = [
        ("index", &objects.indexes),
        ("constraint", &objects.constraints),
        ("sequence", &objects.sequences),
        ("view", &objects.views),
        ("trigger", &objects.triggers),
    ];
    let present = kinds.into_iter().filter(|(_, all)| !all.is_empty());
    present.map(|(noun, all)| of_kind(noun, all, bounds)).collect()
}

fn of_kind(noun: &str, all: &[ObjectReport], bounds: &Bounds) -> ObjectsOfKind {
    let mut lines: Vec<ObjectLine> = all.iter().map(|object| line(object, bounds)).collect();
    // What is not as it should be comes first.
    lines.sort_by_key(|line| line.tone != Tone::Care);
    lines.truncate(bounds.objects);
    ObjectsOfKind {
        title: human::plural(all.len() as u64, noun),
        states: states(all, bounds),
        more: all.len().saturating_sub(lines.len()) as u64,
        lines,
    }
}

fn states(all: &[ObjectReport], bounds: &Bounds) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for object in all {
        // Each sequence has a state of its own.
        let state = if object.state.starts_with("next value") { "set" } else { &object.state };
        *counts.entry(state).or_default() += 1;
    }
    let told = counts
        .iter()
        .map(|(state, count)| format!("{} {}", human::count(*count), name(state, bounds.name_chars)));
    told.collect::<Vec<_>>().join(", ")
}

fn line(object: &ObjectReport, bounds: &Bounds) -> ObjectLine {
    ObjectLine {
        name: name(&object.name, bounds.name_chars),
        table: name(&object.table, bounds.name_chars),
        kind: name(&object.kind, bounds.name_chars),
        state: name(&object.state, bounds.name_chars),
        tone: match object.state.as_str() {
            "not valid" | "pending" | "missing" => Tone::Care,
            _ => Tone::Plain,
        },
    }
}
