//! What differs: tables, chunks, rows, columns.

use super::Bounds;
use super::text::{name, sentence};
use crate::outcome::{
    CellFacts, DifferenceCounts, DifferenceKind, RowDifference, RunReport, TableReport, Verify,
};
use crate::report::human;

/// The differences of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct DifferencesOfTable {
    pub(in crate::report) table: String,
    /// rows on both sides, in a sentence
    pub(in crate::report) rows: String,
    pub(in crate::report) note: String,
    /// how many rows of which kind, in a sentence; empty where nobody looked
    pub(in crate::report) counts: String,
    pub(in crate::report) chunks: Vec<String>,
    pub(in crate::report) lines: Vec<DifferenceLine>,
    /// rows of the JSON report that are not among them
    pub(in crate::report) more: u64,
}

/// One cell or one row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct DifferenceLine {
    /// key of the row
    pub(in crate::report) key: String,
    /// the column, or what is the matter with the row
    pub(in crate::report) what: String,
    pub(in crate::report) source: String,
    pub(in crate::report) target: String,
}

/// Tables that differ, in the order of the report.
pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Vec<DifferencesOfTable> {
    let differing = report.tables.iter().filter(|table| table.verify == Verify::Differs);
    differing.take(bounds.differing).map(|table| of_table(table, bounds)).collect()
}

fn of_table(table: &TableReport, bounds: &Bounds) -> DifferencesOfTable {
    let held = table.rows.target.map_or("an unknown number".to_owned(), human::count);
    let chunk = |chunk: &crate::outcome::ChunkDifference| {
        let (range, rows) = (name(&chunk.range, bounds.name_chars), human::plural(chunk.source_rows, "row"));
        format!(
            "chunk {} ({range}): {rows} in the source, {} in the target",
            chunk.chunk,
            human::count(chunk.target_rows)
        )
    };
    let shown = table.differences.iter().take(bounds.rows);
    DifferencesOfTable {
        table: name(&table.target, bounds.name_chars),
        rows: format!("{} in the source, {held} in the target", human::plural(table.rows.source, "row")),
        note: sentence(&table.verify_note, bounds.text_chars),
        counts: table.difference_counts.as_ref().map(counts).unwrap_or_default(),
        chunks: table.differing_chunks.iter().take(bounds.rows).map(chunk).collect(),
        lines: shown.flat_map(|row| lines(row, bounds)).collect(),
        more: table.differences.len().saturating_sub(bounds.rows) as u64,
    }
}

fn counts(counts: &DifferenceCounts) -> String {
    let kinds = [
        (counts.changed, "with other values"),
        (counts.missing, "missing in the target"),
        (counts.extra, "not in the source"),
        (counts.multiplicity, "not equally often on both sides"),
    ];
    let present = kinds.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        present.map(|(count, what)| format!("{} {what}", human::plural(*count, "row"))).collect();
    let least = if counts.exact || parts.is_empty() { "" } else { "at least " };
    format!("{least}{}", parts.join(", "))
}

fn lines(row: &RowDifference, bounds: &Bounds) -> Vec<DifferenceLine> {
    let key = name(&row.key, bounds.name_chars);
    let times = |times: u64| match times {
        0 => "—".to_owned(),
        1 => "1 row".to_owned(),
        n => format!("{} equal rows", human::count(n)),
    };
    let place = row.target_row.as_deref().map(|place| format!(", at {}", name(place, bounds.name_chars)));
    let whole = |what: &str| DifferenceLine {
        key: key.clone(),
        what: what.to_owned(),
        source: times(row.source_times),
        target: times(row.target_times) + &place.clone().unwrap_or_default(),
    };
    match row.kind {
        DifferenceKind::Missing => vec![whole("missing in the target")],
        DifferenceKind::Extra => vec![whole("not in the source")],
        DifferenceKind::Multiplicity => vec![whole("not equally often")],
        DifferenceKind::Changed => {
            let column = |column: &crate::outcome::ColumnDifference| DifferenceLine {
                key: key.clone(),
                what: match column.column == column.target_column {
                    true => name(&column.column, bounds.name_chars),
                    false => format!(
                        "{} → {}",
                        name(&column.column, bounds.name_chars),
                        name(&column.target_column, bounds.name_chars)
                    ),
                },
                source: cell(&column.source, bounds),
                target: cell(&column.target, bounds),
            };
            row.columns.iter().take(bounds.rows).map(column).collect()
        }
    }
}

/// `REAL, 8 bytes, hash 3f2a…`; the value where it may be shown.
fn cell(cell: &CellFacts, bounds: &Bounds) -> String {
    let class = name(&cell.class, bounds.name_chars);
    if class == "NULL" {
        return class;
    }
    let bytes = human::plural(cell.bytes, "byte");
    match &cell.value {
        Some(value) => format!("{} ({class}, {bytes})", name(value, bounds.text_chars)),
        None => format!("{class}, {bytes}, hash {}", name(&cell.hash, bounds.name_chars)),
    }
}
