//! What differs: tables, chunks, rows and columns; what was asked for by `--show-values` and no other value.

use crate::limits::DIFFERENCES_LISTED_MAX;
use crate::outcome::{
    CellFacts, ColumnDifference, DifferenceKind, RowDifference, RunReport, TableReport, Verify,
};
use crate::report::human;
use std::fmt::Write;

/// Rows that are shown of one table.
const ROWS_SHOWN_MAX: usize = 10;

/// Columns that are shown of one row.
const COLUMNS_SHOWN_MAX: usize = 8;

/// Every table that differs, and every one that could not be compared, with the reason.
pub(super) fn text(report: &RunReport) -> String {
    let mut text = String::new();
    for table in &report.tables {
        match table.verify {
            Verify::Differs => difference(&mut text, table),
            Verify::NotComparable => {
                let (name, why) = (human::name(&table.target), human::text(&table.verify_note));
                let _ = writeln!(text, "not comparable: {name}: {why}");
            }
            Verify::Match | Verify::Sampled | Verify::NotRun => {}
        }
    }
    text
}

fn difference(text: &mut String, table: &TableReport) {
    let rows = human::plural(table.rows.source, "row");
    let target = table.rows.target.map_or("an unknown number".to_owned(), human::count);
    let _ =
        write!(text, "differs: {}: {rows} in the source, {target} in the target", human::name(&table.target));
    if !table.verify_note.is_empty() {
        let _ = write!(text, "; {}", human::text(&table.verify_note));
    }
    text.push('\n');
    for chunk in &table.differing_chunks {
        let (range, rows) = (human::name(&chunk.range), human::plural(chunk.source_rows, "row"));
        let target = human::count(chunk.target_rows);
        let _ =
            writeln!(text, "  chunk {} ({range}): {rows} in the source, {target} in the target", chunk.chunk);
    }
    for row in table.differences.iter().take(ROWS_SHOWN_MAX) {
        difference_of_row(text, table, row);
    }
    let more = table.differences.len().saturating_sub(ROWS_SHOWN_MAX) as u64;
    if more > 0 {
        let rows = human::count(more) + if more == 1 { " more row" } else { " more rows" };
        let _ = writeln!(
            text,
            "  and {rows}; a report has up to {DIFFERENCES_LISTED_MAX} of them (--report FILE.json)"
        );
    }
}

/// `orders rowid 17: column "total" differs: source REAL 8 bytes 3f2a…, target double precision 8 bytes 91bc…`
fn difference_of_row(text: &mut String, table: &TableReport, row: &RowDifference) {
    let place = format!("{} {}", human::name(&table.target), human::name(&row.key));
    let times =
        |times: u64| if times == 1 { "1 time".to_owned() } else { format!("{} times", human::count(times)) };
    let (source, target) = (times(row.source_times), times(row.target_times));
    let at = row.target_row.as_deref().unwrap_or_default();
    let what = match row.kind {
        DifferenceKind::Missing if row.source_times == 1 => "missing in the target".to_owned(),
        DifferenceKind::Missing => format!("missing in the target, {source} in the source"),
        DifferenceKind::Extra if row.target_times == 1 => {
            format!("not in the source, row {at} of the target")
        }
        DifferenceKind::Extra => format!("not in the source, {target} in the target, first as row {at}"),
        DifferenceKind::Multiplicity => format!("{source} in the source, {target} in the target"),
        DifferenceKind::Changed => {
            for column in row.columns.iter().take(COLUMNS_SHOWN_MAX) {
                let name = column_name(column);
                let (source, target) = (cell(&column.source), cell(&column.target));
                let _ = writeln!(text, "  {place}: column {name} differs: source {source}, target {target}");
            }
            if row.columns.len() > COLUMNS_SHOWN_MAX {
                let more = (row.columns.len() - COLUMNS_SHOWN_MAX) as u64;
                let _ = writeln!(text, "  {place}: {} more", human::plural(more, "column"));
            }
            return;
        }
    };
    let _ = writeln!(text, "  {place}: {what}");
}

/// `"total"`, and its name in the target where that is another one.
fn column_name(column: &ColumnDifference) -> String {
    let (source, target) = (human::name(&column.column), human::name(&column.target_column));
    match source == target {
        true => format!("\"{source}\""),
        false => format!("\"{source}\" (\"{target}\" in the target)"),
    }
}

/// `REAL 8 bytes 3f2a…`, and the value where it may be shown.
fn cell(cell: &CellFacts) -> String {
    if cell.class == "NULL" {
        return cell.class.clone();
    }
    let value = cell.value.as_ref().map(|value| format!(" ({})", human::name(value)));
    format!("{} {} {}{}", cell.class, human::plural(cell.bytes, "byte"), cell.hash, value.unwrap_or_default())
}
