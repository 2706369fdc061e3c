//! The source's rows, read again: as hashes with their places, and single ones cell by cell.

use super::forms::{Cell, Forms, Row};
use super::tally::SourcePlace;
use super::{Side, short_text};
use crate::assess::aside::Judge;
use crate::assess::large;
use crate::checkpoint::ScanRange;
use crate::digest::RowHasher;
use crate::error::{Error, Result};
use crate::limits::LOCATE_BATCH_ROWS;
use crate::plan::types::Mapping;
use crate::sqlite::scan::{RowView, scan};
use crate::value::{Class, Value};
use std::collections::{BTreeSet, HashMap, VecDeque};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Hands every row of `range` to `each`, in the scan's order, but those that are set aside: the target has none of them,
/// and no digest that was compared; blocking.
///
/// # Errors
/// A source fault; what `each` returns.
pub(super) fn each_row(
    side: &Side,
    range: &ScanRange,
    mut each: impl FnMut(Row<SourcePlace>) -> Result<()>,
) -> Result<()> {
    let mut forms = Forms::new(&side.plan, &side.key);
    let mut judge = Judge::new(&side.job, &side.plan)?;
    let mut number = 0;
    let reader = side.job.source.reader()?;
    scan(&reader, &side.job.scan_of_plan(&side.plan), range, |view| {
        number += 1;
        if let Some(judge) = &mut judge
            && judge.verdict(view, number)?.is_some()
        {
            return Ok(());
        }
        large::digest_row(view, &forms.mappings, &mut forms.row)?;
        let hash = forms.row.finish();
        let mut has_null = false;
        for &i in &forms.key {
            has_null |= view.large(i).is_none() && view.value(i)? == Value::Null;
            large::digest_cell(view, i, &forms.mappings[i], &mut forms.of_key)?;
        }
        let group = forms.group(&hash, has_null);
        each(Row { key: view.key(), group, hash, place: SourcePlace { rowid: view.key(), number } })
    })
}

/// The rows of a range, read by a thread of its own a bounded way ahead.
pub(super) struct SourceRows {
    receiver: mpsc::Receiver<Vec<Row<SourcePlace>>>,
    thread: Option<JoinHandle<Result<()>>>,
    batch: VecDeque<Row<SourcePlace>>,
}

impl SourceRows {
    pub(super) fn start(side: &Side, ranges: Vec<ScanRange>) -> SourceRows {
        let (sender, receiver) = mpsc::channel(2);
        let side = side.clone();
        let thread = tokio::task::spawn_blocking(move || {
            let gone = |_| Error::internal("the comparison ended before the source's rows did");
            let mut batch = Vec::with_capacity(LOCATE_BATCH_ROWS);
            for range in ranges {
                each_row(&side, &range, |row| {
                    batch.push(row);
                    if batch.len() < LOCATE_BATCH_ROWS {
                        return Ok(());
                    }
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(LOCATE_BATCH_ROWS));
                    sender.blocking_send(full).map_err(gone)
                })?;
            }
            sender.blocking_send(batch).map_err(gone)
        });
        SourceRows { receiver, thread: Some(thread), batch: VecDeque::new() }
    }

    /// The next row, which stays.
    ///
    /// # Errors
    /// A source fault.
    pub(super) async fn peek(&mut self) -> Result<Option<Row<SourcePlace>>> {
        while self.batch.is_empty() {
            match self.receiver.recv().await {
                Some(batch) => self.batch = batch.into(),
                None => {
                    if let Some(thread) = self.thread.take() {
                        crate::assess::pool::join(thread.await)?;
                    }
                    return Ok(None);
                }
            }
        }
        Ok(self.batch.front().copied())
    }

    pub(super) fn pass(&mut self) {
        self.batch.pop_front();
    }
}

/// The cells of the rows at `places`; blocking. A row that is no longer there is left out.
///
/// # Errors
/// A source fault.
pub(super) fn cells(side: &Side, places: &BTreeSet<SourcePlace>) -> Result<HashMap<SourcePlace, Vec<Cell>>> {
    let mappings: Vec<Mapping> = side.plan.columns.iter().map(|column| column.mapping.clone()).collect();
    let mut hasher = RowHasher::new(side.secret);
    let mut found = HashMap::new();
    let (reader, spec) = (side.job.source.reader()?, side.job.scan_of_plan(&side.plan));
    for place in places {
        let Some(rowid) = place.rowid else { continue };
        scan(&reader, &spec, &ScanRange { lo: Some(rowid), hi: Some(rowid) }, |view| {
            found.insert(*place, row_cells(&mut hasher, view, &mappings, side.show_values)?);
            Ok(())
        })?;
    }
    if places.iter().any(|place| place.rowid.is_none()) {
        let mut number = 0;
        scan(&reader, &spec, &ScanRange::WHOLE, |view| {
            number += 1;
            let place = SourcePlace { rowid: None, number };
            if places.contains(&place) {
                found.insert(place, row_cells(&mut hasher, view, &mappings, side.show_values)?);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn row_cells(
    hasher: &mut RowHasher,
    view: &RowView<'_>,
    mappings: &[Mapping],
    show_values: bool,
) -> Result<Vec<Cell>> {
    let mut cells = Vec::with_capacity(mappings.len());
    for (i, mapping) in mappings.iter().enumerate() {
        if let Some(blob) = view.large(i).filter(|_| !show_values) {
            large::digest_blob(&blob, mapping, hasher)?;
            let (class, bytes) = (Some(Class::Blob), blob.bytes());
            cells.push(Cell { class, bytes, hash: hasher.finish(), value: None });
            continue;
        }
        let value = view.value(i)?;
        hasher.source_value(value, mapping);
        let (class, bytes) = class_and_bytes(value);
        let text = if show_values { value_text(value) } else { None };
        cells.push(Cell { class: Some(class), bytes, hash: hasher.finish(), value: text });
    }
    Ok(cells)
}

fn class_and_bytes(value: Value<'_>) -> (Class, u64) {
    let bytes = match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(bytes) | Value::Blob(bytes) => bytes.len() as u64,
    };
    (value.class(), bytes)
}

/// A value for a person, no longer than what may be shown.
fn value_text(value: Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(integer) => Some(integer.to_string()),
        Value::Real(real) => Some(format!("{real:?}")),
        Value::Text(bytes) => Some(short_text(bytes)),
        Value::Blob(bytes) => {
            let hex: String = bytes.iter().take(100).map(|byte| format!("{byte:02x}")).collect();
            Some(format!("x'{hex}'{}", if bytes.len() > 100 { "…" } else { "" }))
        }
    }
}
