//! Tables with an integer key: both sides in the order of the key, side by side. Exact, and in the memory of one key.

use super::source::SourceRows;
use super::tally::{Leftovers, Tally};
use super::target::TargetRows;
use super::{Look, Side};
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::digest::{MultisetDigest, RowHash};
use crate::error::Result;
use crate::limits::LOCATE_CANDIDATES_MAX;
use crate::postgres::readback::Rows;
use std::collections::HashMap;

/// Compares the rows of one chunk, by the key in `column`; `after` is the last key before the chunk, `upto` its last key,
/// none where it is the table's first or last chunk. Gives the source's digest as it is now.
///
/// # Errors
/// A fault of either side.
pub(super) async fn merge(
    look: &Look<'_>,
    side: &Side,
    column: usize,
    chunk: &ChunkSpec,
    (after, upto): (Option<i64>, Option<i64>),
    left: &mut Leftovers,
) -> Result<MultisetDigest> {
    let rows = Rows::Keys { column: &side.plan.columns[column].target, after, upto };
    merge_ranges(look, side, column, (&[chunk.range], &rows), left).await
}

/// Compares the rows of `ranges` of the source, which are in the order of the key, with `rows` of the target.
///
/// # Errors
/// A fault of either side.
pub(super) async fn merge_ranges(
    look: &Look<'_>,
    side: &Side,
    column: usize,
    (ranges, rows): (&[ScanRange], &Rows<'_>),
    left: &mut Leftovers,
) -> Result<MultisetDigest> {
    let mut target = TargetRows::open(look, side, Some(column), rows).await?;
    let mut source = SourceRows::start(side, ranges.to_vec());
    let (mut digest, mut of_one_key) = (MultisetDigest::default(), OneKey::default());
    loop {
        let keys = (source.peek().await?.map(|row| row.key), target.peek().await?.map(|row| row.key));
        let key = match keys {
            (None, None) => return Ok(digest),
            (Some(key), None) | (None, Some(key)) => key,
            (Some(source), Some(target)) => source.min(target),
        };
        while let Some(row) = source.peek().await?.filter(|row| row.key == key) {
            digest.add(&row.hash);
            of_one_key.of(row.hash).add_source(row.place);
            source.pass();
        }
        while let Some(row) = target.peek().await?.filter(|row| row.key == key) {
            of_one_key.of(row.hash).add_target(row.place);
            target.pass();
        }
        of_one_key.settle(key, left);
    }
}

/// The different rows of one key. A key column that is not unique in the target may have any number of them: beyond the
/// bound they are only counted, as one more of an overflow.
#[derive(Debug, Default)]
struct OneKey {
    rows: HashMap<RowHash, Tally>,
    overflow: Tally,
}

impl OneKey {
    fn of(&mut self, hash: RowHash) -> &mut Tally {
        if self.rows.len() >= LOCATE_CANDIDATES_MAX && !self.rows.contains_key(&hash) {
            return &mut self.overflow;
        }
        self.rows.entry(hash).or_default()
    }

    fn settle(&mut self, key: Option<i64>, left: &mut Leftovers) {
        let tallies: Vec<Tally> = self.rows.drain().map(|(_, tally)| Tally { key, ..tally }).collect();
        left.settle(&tallies);
        if self.overflow != Tally::default() {
            left.push(Tally { key, ..std::mem::take(&mut self.overflow) });
        }
    }
}
