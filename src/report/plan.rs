//! The plan for people: what each table and column becomes, and why (`copy --validate`).

use crate::outcome::{ColumnReport, EvidenceReport, PartitionReport, RunReport, TableReport};
use crate::report::human;
use crate::report::summary::Width;
use crate::report::summary::tables::arrange;
use comfy_table::{Table, presets};
use std::fmt::Write;

/// Terminals with fewer cells show the columns as a list.
const GRID_CELLS_MIN: usize = 70;

/// Every table with its columns, in the order of the copy.
pub fn text(report: &RunReport, width: Width) -> String {
    let mut text = String::new();
    for table in &report.tables {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", width.fit(&headline(table)));
        let _ = match width {
            Width::Terminal(cells) if cells < GRID_CELLS_MIN => {
                writeln!(text, "{}", width.fit(&listed(table)))
            }
            _ => writeln!(text, "{}\n", columns(table, width)),
        };
    }
    text
}

/// The columns one below the other, for a terminal that has no room for them beside each other.
fn listed(table: &TableReport) -> String {
    let mut text = String::new();
    for column in &table.columns {
        let (name, declared) = (human::name(&column.source), human::name(&column.declared));
        let declared = if declared.is_empty() { String::new() } else { format!(" {declared}") };
        let (becomes, holds) = (human::name(&column.pg_type), holds(&column.evidence));
        let because = because(column).replace('\n', "; ");
        let _ = writeln!(text, "  {name}{declared}: {becomes}, {}; holds {holds}; {because}", column.level);
    }
    text
}

fn headline(table: &TableReport) -> String {
    let name = human::text(&table.source);
    let target = if table.target == table.source {
        String::new()
    } else {
        format!(" → {}", human::text(&table.target))
    };
    let (rows, bytes) = (human::plural(table.rows.source, "row"), human::bytes(table.bytes));
    let partitions = table.partition.as_ref().map(partitions).unwrap_or_default();
    format!("{name}{target}: {rows}, {bytes}{partitions}")
}

fn partitions(partition: &PartitionReport) -> String {
    let (column, every) = (human::text(&partition.column), &partition.every);
    let ranges = human::plural(partition.ranges.len() as u64, "partition");
    format!("; {ranges} and a default one by {column}, every {every}")
}

fn columns(table: &TableReport, width: Width) -> Table {
    let mut drawn = Table::new();
    drawn
        .load_preset(presets::NOTHING)
        .set_header(["  column", "declared", "holds", "becomes", "kept", "because"]);
    arrange(&mut drawn, width);
    for column in &table.columns {
        let name = human::text(&column.source);
        let name = if column.target == column.source {
            name.to_string()
        } else {
            format!("{name} → {}", human::text(&column.target))
        };
        drawn.add_row([
            format!("  {name}"),
            human::text(&column.declared).to_string(),
            holds(&column.evidence),
            column.pg_type.clone(),
            column.level.clone(),
            because(column),
        ]);
    }
    drawn
}

/// Values per storage class.
pub(super) fn holds(evidence: &EvidenceReport) -> String {
    let counts = [
        (evidence.nulls, "NULL"),
        (evidence.integers, "INTEGER"),
        (evidence.reals, "REAL"),
        (evidence.texts, "TEXT"),
        (evidence.blobs, "BLOB"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| format!("{} {class}", human::count(*count)))
        .collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Why, which rows spoke against a narrower type, and what would change it.
fn because(column: &ColumnReport) -> String {
    let mut text = human::text(&column.why).to_string();
    if !column.evidence.against.is_empty() {
        text += &format!("; first: {}", human::text(&column.evidence.against.join(", ")));
    }
    if !column.evidence.change.is_empty() {
        text += &format!("\nelse: {}", human::text(&column.evidence.change));
    }
    text
}
