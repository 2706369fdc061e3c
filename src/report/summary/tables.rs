//! The table of tables.

use crate::outcome::{RunReport, TableReport, Verify};
use crate::report::summary::Width;
use crate::report::{cells, human};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Up to this many tables, all are shown.
const ALL_TABLES_MAX: usize = 60;

/// Of more tables, the largest are shown, and before them those that do not simply match.
const LARGEST_TABLES: usize = 50;

/// Names of tables are not made shorter than this while there are columns to leave out.
const NAME_CELLS_MIN: usize = 12;

/// Blanks after each column, also the last; and with the one that stands between two of them.
const PADDING: u16 = 2;
const COLUMN_GAP: usize = PADDING as usize + 1;

/// The tables of the report; empty where it has none.
pub(super) fn text(report: &RunReport, width: Width) -> String {
    if report.tables.is_empty() {
        return String::new();
    }
    let (shown, rest) = selected(&report.tables);
    let mut text = draw(&shown, &report.run.command, width);
    if !rest.is_empty() {
        text.push_str(&format!("and {} more, {}\n", human::count(rest.len() as u64), verdicts(&rest)));
    }
    text
}

/// What is shown, in the report's own order, and what is not.
fn selected(tables: &[TableReport]) -> (Vec<&TableReport>, Vec<&TableReport>) {
    if tables.len() <= ALL_TABLES_MAX {
        return (tables.iter().collect(), Vec::new());
    }
    let mut order: Vec<usize> = (0..tables.len()).collect();
    order.sort_by_key(|&index| (rank(tables[index].verify), Reverse(tables[index].bytes)));
    let first: HashSet<usize> = order.into_iter().take(LARGEST_TABLES).collect();
    let indexed = || tables.iter().enumerate();
    let shown = indexed().filter(|(index, _)| first.contains(index)).map(|(_, table)| table);
    let rest = indexed().filter(|(index, _)| !first.contains(index)).map(|(_, table)| table);
    (shown.collect(), rest.collect())
}

fn rank(verify: Verify) -> u8 {
    match verify {
        Verify::Differs => 0,
        Verify::NotComparable => 1,
        Verify::NotRun => 2,
        Verify::Sampled => 3,
        Verify::Match => 4,
    }
}

/// What became of the tables that are not shown.
fn verdicts(rest: &[&TableReport]) -> String {
    let kinds = [Verify::Differs, Verify::NotComparable, Verify::NotRun, Verify::Sampled, Verify::Match];
    let counted = kinds.map(|kind| (kind, rest.iter().filter(|table| table.verify == kind).count()));
    let present: Vec<_> = counted.into_iter().filter(|(_, count)| *count > 0).collect();
    match present[..] {
        [(Verify::Match, _)] => "all matching".to_owned(),
        [(kind, _)] => word(kind).to_owned(),
        _ => {
            let each =
                |(kind, count): &(Verify, usize)| format!("{} {}", human::count(*count as u64), word(*kind));
            present.iter().map(each).collect::<Vec<_>>().join(", ")
        }
    }
}

fn word(verify: Verify) -> &'static str {
    match verify {
        Verify::Match => "match",
        Verify::Differs => "DIFFERS",
        Verify::Sampled => "sampled",
        Verify::NotComparable => "not comparable",
        Verify::NotRun => "not run",
    }
}

fn draw(tables: &[&TableReport], command: &str, width: Width) -> String {
    let head: Vec<String> = headings(command).into_iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = tables.iter().map(|table| cells_of(table, command)).collect();
    rows.insert(0, head);
    if let Width::Terminal(room) = width {
        fit(&mut rows, room);
    }
    let head = rows.remove(0);
    grid(head, rows, Width::Plain)
}

/// Brings rows, all with as many cells, into that room: names are shortened in their middle, and where that is not enough,
/// columns go, those before the last one first.
fn fit(rows: &mut [Vec<String>], room: usize) {
    loop {
        let columns = rows.first().map_or(0, Vec::len);
        let widest = |column: usize| rows.iter().map(|row| cells::width(&row[column])).max().unwrap_or(0);
        let others: usize = (1..columns).map(|column| widest(column) + COLUMN_GAP).sum();
        let names = room.saturating_sub(others + usize::from(PADDING));
        if names >= NAME_CELLS_MIN.min(widest(0)) || columns <= 2 {
            rows.iter_mut().for_each(|row| row[0] = cells::middle(&row[0], names.max(1)));
            return;
        }
        rows.iter_mut().for_each(|row| drop(row.remove(columns - 2)));
    }
}

/// A table with a heading, its first column to the left and the others to the right.
pub(in crate::report) fn grid(
    head: impl IntoIterator<Item = String>,
    rows: impl IntoIterator<Item = Vec<String>>,
    width: Width,
) -> String {
    let mut drawn = Table::new();
    drawn.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '─');
    drawn.set_style(TableComponent::MiddleHeaderIntersections, '─');
    arrange(&mut drawn, width);
    drawn.set_header(head);
    for row in rows {
        drawn.add_row(row);
    }
    for column in drawn.column_iter_mut() {
        let edge = if column.index == 0 { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(edge);
        column.set_padding((0, PADDING));
    }
    drawn.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Lets a table be as wide as it may be.
pub(in crate::report) fn arrange(table: &mut Table, width: Width) {
    match width {
        Width::Terminal(cells) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(cells).unwrap_or(u16::MAX)),
        Width::Plain => table.set_content_arrangement(ContentArrangement::Disabled),
    };
}

/// A validation copies nothing and compares nothing, a verification copies nothing.
fn headings(command: &str) -> Vec<&'static str> {
    match command {
        "validate" => vec!["table", "rows", "size"],
        "verify" => vec!["table", "rows", "size", "verify"],
        _ => vec!["table", "rows", "size", "copy", "verify"],
    }
}

fn cells_of(table: &TableReport, command: &str) -> Vec<String> {
    let rows = match command {
        "validate" => human::count(table.rows.source),
        "verify" => of(table.rows.target.unwrap_or(table.rows.source), table.rows.source),
        _ => of(table.rows.copied, table.rows.source),
    };
    let mut cells = vec![name(table), rows, human::bytes(table.bytes)];
    if command != "validate" {
        cells.extend((command != "verify").then(|| human::seconds(table.seconds.copy)));
        cells.push(word(table.verify).to_owned());
    }
    cells
}

/// The table's name; both names where the target's differs.
fn name(table: &TableReport) -> String {
    match table.source == table.target {
        true => human::name(&table.source),
        false => format!("{} → {}", human::name(&table.source), human::name(&table.target)),
    }
}

fn of(done: u64, all: u64) -> String {
    if done == all { human::count(all) } else { format!("{} of {}", human::count(done), human::count(all)) }
}
