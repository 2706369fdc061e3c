//! The columns of each table: what they were, what they became, and why.

use super::text::{name, sentence};
use super::{Bounds, Part};
use crate::outcome::{ColumnReport, RunReport, TableReport};
use crate::report::human;
use crate::report::plan::holds;

/// The columns of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct ColumnsOfTable {
    pub(in crate::report) table: String,
    /// `12 columns, 2 of them not E0`
    pub(in crate::report) about: String,
    pub(in crate::report) lines: Vec<ColumnLine>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct ColumnLine {
    pub(in crate::report) source: String,
    pub(in crate::report) target: Option<String>,
    pub(in crate::report) declared: String,
    pub(in crate::report) pg_type: String,
    pub(in crate::report) level: String,
    pub(in crate::report) holds: String,
    pub(in crate::report) why: String,
    /// what would change the decision
    pub(in crate::report) change: String,
}

/// What the levels mean (docs/type-mapping.md).
pub(in crate::report) const LEVELS: [(&str, &str); 5] = [
    ("E0", "the same class and the same bytes"),
    ("E1", "the same number; INTEGER and REAL of equal value may have merged"),
    ("E2", "the same meaning; the spelling is not kept"),
    ("B", "every number and every byte; the storage class of some values is not kept"),
    ("LOSS", "not everything: the configuration asked for a change by name"),
];

/// Tables in the order of the report, as long as there is room for all columns of the next one.
pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Part<ColumnsOfTable> {
    if bounds.columns == 0 {
        return Part { shown: Vec::new(), more: 0 };
    }
    let with_columns: Vec<&TableReport> =
        report.tables.iter().filter(|table| !table.columns.is_empty()).collect();
    let mut room = bounds.columns;
    let fits = |table: &&&TableReport| {
        let fits = table.columns.len() <= room;
        room = room.saturating_sub(table.columns.len());
        fits
    };
    let shown: Vec<ColumnsOfTable> =
        with_columns.iter().take_while(fits).map(|table| of_table(table, bounds)).collect();
    Part { more: (with_columns.len() - shown.len()) as u64, shown }
}

fn of_table(table: &TableReport, bounds: &Bounds) -> ColumnsOfTable {
    let count = human::plural(table.columns.len() as u64, "column");
    let others = table.columns.iter().filter(|column| column.level != "E0").count() as u64;
    let about = if others == 0 { count } else { format!("{count}, {} not E0", human::count(others)) };
    ColumnsOfTable {
        table: name(&table.source, bounds.name_chars),
        about,
        lines: table.columns.iter().map(|column| line(column, bounds)).collect(),
    }
}

fn line(column: &ColumnReport, bounds: &Bounds) -> ColumnLine {
    let against: Vec<String> =
        column.evidence.against.iter().map(|key| name(key, bounds.name_chars)).collect();
    let first = if against.is_empty() { String::new() } else { format!("; first: {}", against.join(", ")) };
    ColumnLine {
        source: name(&column.source, bounds.name_chars),
        target: (column.source != column.target).then(|| name(&column.target, bounds.name_chars)),
        declared: name(&column.declared, bounds.name_chars),
        pg_type: name(&column.pg_type, bounds.name_chars),
        level: name(&column.level, bounds.name_chars),
        holds: holds(&column.evidence),
        why: sentence(&column.why, bounds.text_chars) + &first,
        change: sentence(&column.evidence.change, bounds.text_chars),
    }
}
