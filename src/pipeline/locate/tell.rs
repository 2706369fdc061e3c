//! What was found, in the words of the report.

use super::forms::Cell;
use super::tally::{Leftovers, Pair, SourcePlace, Tally};
use super::{Cells, Look, Side, short_text};
use crate::digest::RowHash;
use crate::error::Result;
use crate::limits::{DIFFERENCES_LISTED_MAX, SHOWN_VALUE_BYTES_MAX};
use crate::outcome::{CellFacts, ColumnDifference, DifferenceCounts, DifferenceKind, RowDifference};
use crate::postgres::readback::{self, Place};

/// `1 row changed, 2 missing`, and how far to trust the figures.
pub(super) fn counts_note(counts: &DifferenceCounts, parts: u64, beside_earlier: bool) -> String {
    let DifferenceCounts { changed, missing, extra, multiplicity, exact, .. } = *counts;
    let words = [
        (changed, "changed"),
        (missing, "missing"),
        (extra, "extra"),
        (multiplicity, "not there equally often"),
    ];
    let found = words.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = found.map(|(count, word)| format!("{count} {word}")).collect();
    match (told.is_empty(), exact) {
        (false, true) => format!("rows: {}", told.join(", ")),
        (false, false) => format!(
            "rows: {} in one of {parts} parts of what differs; the others are more than are looked through",
            told.join(", ")
        ),
        (true, true) if beside_earlier => {
            "every row of the source is there: rows have come, or rows that were there before are other ones or gone".to_owned()
        }
        (true, true) => {
            "a second look finds no row that differs: the source changed between the two".to_owned()
        }
        (true, false) => "more rows differ than can be told apart".to_owned(),
    }
}

/// Rows that were in the table before the copy cannot be told from extra ones: those are left out.
pub(super) fn ignore_earlier_rows(left: &mut Leftovers, before: u64) -> String {
    left.more.clear();
    let extra = std::mem::take(&mut left.counts.extra);
    let rows = if extra == 1 { "row of the target has" } else { "rows of the target have" };
    let were = if before == 1 { "was" } else { "were" };
    format!(
        "{extra} {rows} no equal in the source, and {before} {were} there before the copy, which are not told \
         apart: only missing and changed rows are named"
    )
}

/// A listed row.
#[derive(Debug, Clone, Copy)]
enum Listed {
    Changed(Pair),
    Uneven(Tally),
}

/// As many of each kind as there is room for, in turns, so that one kind does not hide another.
fn listed(left: &Leftovers) -> Vec<Listed> {
    let uneven = |list: &[Tally]| list.iter().map(|tally| Listed::Uneven(*tally)).collect::<Vec<_>>();
    let mut changed = left.changed.clone();
    changed.sort_by_key(|pair| pair.source);
    let kinds = [changed.into_iter().map(Listed::Changed).collect(), uneven(&left.fewer), uneven(&left.more)];
    let longest = kinds.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..longest).flat_map(|i| kinds.iter().filter_map(move |kind| kind.get(i).copied()));
    let mut listed: Vec<Listed> = turns.take(DIFFERENCES_LISTED_MAX).collect();
    listed.sort_by_key(|row| match row {
        Listed::Changed(_) => DifferenceKind::Changed,
        Listed::Uneven(tally) => kind_of(tally),
    });
    listed
}

fn kind_of(tally: &Tally) -> DifferenceKind {
    match (tally.source, tally.target) {
        (_, 0) => DifferenceKind::Missing,
        (0, _) => DifferenceKind::Extra,
        _ => DifferenceKind::Multiplicity,
    }
}

/// The rows that the report lists.
///
/// # Errors
/// A target fault.
pub(super) async fn rows(
    look: &Look<'_>,
    side: &Side,
    left: &Leftovers,
    cells: &Cells,
) -> Result<Vec<RowDifference>> {
    let mut rows = Vec::new();
    for row in listed(left) {
        rows.push(match row {
            Listed::Changed(pair) => changed_row(look, side, pair, cells).await?,
            Listed::Uneven(tally) => uneven_row(look, side, &tally, cells).await?,
        });
    }
    Ok(rows)
}

async fn changed_row(look: &Look<'_>, side: &Side, pair: Pair, cells: &Cells) -> Result<RowDifference> {
    let none = Vec::new();
    let source = cells.source.get(&pair.source).unwrap_or(&none);
    let target = cells.target.get(&pair.target).unwrap_or(&none);
    let pairs = || source.iter().zip(target).enumerate();
    let differing: Vec<usize> = pairs().filter(|(_, (a, b))| a.hash != b.hash).map(|(i, _)| i).collect();
    let shown = if side.show_values { texts(look, side, &differing, pair.target).await? } else { Vec::new() };
    let columns = pairs().filter(|(i, _)| differing.contains(i)).enumerate();
    let columns = columns.map(|(nth, (i, (source, target)))| ColumnDifference {
        column: side.plan.columns[i].source.clone(),
        target_column: side.plan.columns[i].target.clone(),
        source: facts(side, i, source, source.value.clone()),
        target: facts(side, i, target, shown.get(nth).cloned().flatten()),
    });
    let columns = columns.collect();
    Ok(RowDifference {
        kind: DifferenceKind::Changed,
        key: source_key(side, pair.source, source),
        target_row: Some(pair.target.to_string()),
        source_times: 1,
        target_times: 1,
        columns,
    })
}

async fn uneven_row(look: &Look<'_>, side: &Side, tally: &Tally, cells: &Cells) -> Result<RowDifference> {
    let key = match (tally.source_place, tally.target_place) {
        (Some(place), _) => {
            source_key(side, place, cells.source.get(&place).map(Vec::as_slice).unwrap_or_default())
        }
        (None, Some(place)) => target_key(look, side, tally.key, place).await?,
        (None, None) => String::new(),
    };
    Ok(RowDifference {
        kind: kind_of(tally),
        key,
        target_row: tally.target_place.map(|place| place.to_string()),
        source_times: tally.source,
        target_times: tally.target,
        columns: Vec::new(),
    })
}

/// The row's key for a person: the rowid or its number, and with `--show-values` its other key.
fn source_key(side: &Side, place: SourcePlace, cells: &[Cell]) -> String {
    let key = crate::assess::job::key_text(place.rowid, place.number);
    let values = side.key.iter().map(|&i| cells.get(i).and_then(|cell| cell.value.clone()));
    with_values(side, key, values.collect())
}

async fn target_key(look: &Look<'_>, side: &Side, key: Option<i64>, place: Place) -> Result<String> {
    if let Some(key) = key {
        return Ok(format!("rowid {key}"));
    }
    let values = if side.show_values { texts(look, side, &side.key, place).await? } else { Vec::new() };
    Ok(with_values(side, "another row".to_owned(), values))
}

fn with_values(side: &Side, key: String, values: Vec<Option<String>>) -> String {
    if !side.show_values {
        return key;
    }
    let named = side.key.iter().zip(values).map(|(&i, value)| {
        let value = value.unwrap_or_else(|| "NULL".to_owned());
        format!(", {} = {value}", side.plan.columns[i].source)
    });
    key + &named.collect::<String>()
}

async fn texts(look: &Look<'_>, side: &Side, columns: &[usize], place: Place) -> Result<Vec<Option<String>>> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = columns.iter().map(|&i| side.plan.columns[i].target.as_str()).collect();
    let (schema, table) = (look.schema, &side.plan.target);
    // One more than is shown, so that it can be seen that there is more.
    let chars_max = SHOWN_VALUE_BYTES_MAX + 1;
    let texts = readback::texts(look.session, schema, table, &names, place, chars_max).await?;
    Ok(texts.into_iter().map(|text| text.map(|text| short_text(text.as_bytes()))).collect())
}

fn facts(side: &Side, column: usize, cell: &Cell, value: Option<String>) -> CellFacts {
    let class =
        cell.class.map_or_else(|| side.plan.columns[column].mapping.pg.to_string(), |c| c.to_string());
    CellFacts { class, bytes: cell.bytes, hash: first_digits(&cell.hash), value }
}

fn first_digits(hash: &RowHash) -> String {
    hash.to_string().chars().take(16).collect()
}
