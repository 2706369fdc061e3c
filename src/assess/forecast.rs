//! Room that a copy will need in the target, from what the profile weighed. An estimate: page headers, alignment and keys are
//! counted, compression of long values and the room that others need are not.

use crate::outcome::SpaceForecast;
use crate::plan::{Plan, StepKind, TableMode, TablePlan};

/// Bytes of a row's header and of the pointer to it.
const ROW_BYTES: u64 = 28;

/// Bytes that the profile adds for a row, and for each of its values.
const WEIGHED_ROW_BYTES: u64 = 2;
const WEIGHED_VALUE_BYTES: u64 = 4;

/// Above this a row's long values go out of line, until it is below (a quarter of a page).
const ROW_IN_LINE_BYTES_MAX: u64 = 2000;

/// Bytes of a pointer to a value that is out of line.
const POINTER_BYTES: u64 = 18;

/// Bytes of an index entry beside its key: header, pointer, and the room that is left in each page.
const ENTRY_BYTES: u64 = 14;

/// Bytes of a number in a key.
const NUMBER_BYTES: u64 = 8;

/// Bytes of an average text in a key: what is longer is no key, as a rule.
const KEY_BYTES_MAX: u64 = 100;

/// What alignment and the ends of pages add, in per cent.
const PAGES_PERCENT: u64 = 110;

/// The log of the same bytes: records have headers, in per cent.
const LOG_PERCENT: u64 = 110;

/// What `plans` will need; `log_kept_bytes` is what the server keeps of its log between two checkpoints, and none where it
/// keeps all of it.
pub fn space<'a>(plans: impl IntoIterator<Item = &'a Plan>, log_kept_bytes: Option<u64>) -> SpaceForecast {
    let mut all = SpaceForecast::default();
    let mut largest = 0;
    for table in plans.into_iter().flat_map(|plan| &plan.tables) {
        let (heap, toast) = rows(table);
        let index = indexes(table);
        all.heap_bytes += heap;
        all.toast_bytes += toast;
        all.index_bytes += index.iter().sum::<u64>();
        largest = index.into_iter().max().unwrap_or(0).max(largest);
    }
    let data = all.heap_bytes + all.toast_bytes + all.index_bytes;
    all.wal_bytes = data * LOG_PERCENT / 100;
    all.needed_bytes = data + log_kept_bytes.map_or(all.wal_bytes, |kept| kept.min(all.wal_bytes)) + largest;
    all
}

/// Bytes of pages, and of values out of line.
fn rows(table: &TablePlan) -> (u64, u64) {
    let weighed = WEIGHED_ROW_BYTES + WEIGHED_VALUE_BYTES * table.columns.len() as u64;
    let values = table.bytes.saturating_sub(table.rows * weighed);
    let average = values.checked_div(table.rows).unwrap_or(0);
    let (inside, outside) = match average > ROW_IN_LINE_BYTES_MAX {
        true => (table.rows * POINTER_BYTES * table.columns.len() as u64, values),
        false => (values, 0),
    };
    let pages = |bytes: u64| bytes * PAGES_PERCENT / 100;
    (pages(table.rows * ROW_BYTES + inside), pages(outside))
}

/// Bytes of each key and index.
fn indexes(table: &TablePlan) -> Vec<u64> {
    let values = table.rows * table.columns.len().max(1) as u64;
    let average = table.bytes.checked_div(values.max(1)).unwrap_or(0).clamp(NUMBER_BYTES, KEY_BYTES_MAX);
    let entries = |key: u64| table.rows * (ENTRY_BYTES + key);
    if table.mode == TableMode::Existing {
        let count = table.unique_keys.len().max(1) + table.lifted_indexes.len();
        return vec![entries(average); count];
    }
    let of_kind = |kind| match kind {
        StepKind::PrimaryKey => Some(entries(NUMBER_BYTES)),
        StepKind::Unique | StepKind::Index => Some(entries(average)),
        _ => None,
    };
    table.post_data.iter().filter_map(|step| of_kind(step.kind)).collect()
}
