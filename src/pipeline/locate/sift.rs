//! Tables without an integer key: 4096 buckets by the first bits of each row's group, and only rows of unequal buckets
//! are held, as many as the bound allows (semantics.md §6.4).

use super::source::each_row;
use super::tally::{Leftovers, Tally};
use super::target::TargetRows;
use super::{Look, Side};
use crate::assess::pool::join;
use crate::checkpoint::ScanRange;
use crate::digest::{MultisetDigest, RowHash};
use crate::error::Result;
use crate::limits::LOCATE_ROWS_MAX;
use crate::postgres::readback::Rows;
use std::collections::HashMap;

const BUCKET_BITS: u32 = 12;
const BUCKETS: usize = 1 << BUCKET_BITS;

fn bucket(group: u64) -> usize {
    usize::try_from(group >> (u64::BITS - BUCKET_BITS)).unwrap_or_default()
}

/// Compares whole tables. Gives the source's digest as it is now, and how many parts the rows of unequal buckets had to
/// be split into, of which the first was looked at: 1 where all were.
///
/// # Errors
/// A fault of either side.
pub(super) async fn sift(
    look: &Look<'_>,
    side: &Side,
    left: &mut Leftovers,
) -> Result<(MultisetDigest, u64)> {
    let (source, target) = futures::try_join!(source_buckets(side), target_buckets(look, side))?;
    let mut total = MultisetDigest::default();
    source.iter().for_each(|bucket| total.merge(bucket));
    let unequal = source.iter().zip(&target).map(|(source, target)| source != target).collect();
    let sieve = source_sieve(side, Sieve::new(unequal, LOCATE_ROWS_MAX)).await?;
    let sieve = target_sieve(look, side, sieve).await?;
    let parts = sieve.parts();
    sieve.empty_into(left, !side.key.is_empty());
    Ok((total, parts))
}

async fn source_buckets(side: &Side) -> Result<Vec<MultisetDigest>> {
    let side = side.clone();
    let thread = tokio::task::spawn_blocking(move || {
        let mut buckets = vec![MultisetDigest::default(); BUCKETS];
        each_row(&side, &ScanRange::WHOLE, |row| {
            buckets[bucket(row.group)].add(&row.hash);
            Ok(())
        })?;
        Ok(buckets)
    });
    join(thread.await)
}

async fn target_buckets(look: &Look<'_>, side: &Side) -> Result<Vec<MultisetDigest>> {
    let mut buckets = vec![MultisetDigest::default(); BUCKETS];
    let mut rows = TargetRows::open(look, side, None, &Rows::All).await?;
    while let Some(row) = rows.peek().await? {
        buckets[bucket(row.group)].add(&row.hash);
        rows.pass();
    }
    Ok(buckets)
}

async fn source_sieve(side: &Side, mut sieve: Sieve) -> Result<Sieve> {
    let side = side.clone();
    let thread = tokio::task::spawn_blocking(move || {
        each_row(&side, &ScanRange::WHOLE, |row| {
            if let Some(tally) = sieve.of(row.group, row.hash) {
                tally.add_source(row.place);
            }
            Ok(())
        })?;
        Ok(sieve)
    });
    join(thread.await)
}

async fn target_sieve(look: &Look<'_>, side: &Side, mut sieve: Sieve) -> Result<Sieve> {
    let mut rows = TargetRows::open(look, side, None, &Rows::All).await?;
    while let Some(row) = rows.peek().await? {
        if let Some(tally) = sieve.of(row.group, row.hash) {
            tally.add_target(row.place);
        }
        rows.pass();
    }
    Ok(sieve)
}

/// Holds the different rows of unequal buckets. When they become too many, every second group is let go, on both sides,
/// and again: what is left is whole, for it is told by the group alone.
#[derive(Debug)]
pub(super) struct Sieve {
    unequal: Vec<bool>,
    /// only groups whose last so many bits are zero
    halvings: u32,
    rows_max: usize,
    rows: HashMap<(u64, RowHash), Tally>,
    /// one group alone was too large, as where all rows of the target share one key
    overfull: bool,
}

impl Sieve {
    fn new(unequal: Vec<bool>, rows_max: usize) -> Sieve {
        Sieve { unequal, halvings: 0, rows_max, rows: HashMap::new(), overfull: false }
    }

    /// One that lets every row in.
    pub(super) fn whole(rows_max: usize) -> Sieve {
        Sieve::new(vec![true; BUCKETS], rows_max)
    }

    fn parts(&self) -> u64 {
        1 << self.halvings
    }

    pub(super) fn of(&mut self, group: u64, hash: RowHash) -> Option<&mut Tally> {
        if !self.unequal[bucket(group)] || !group.is_multiple_of(self.parts()) {
            return None;
        }
        while self.rows.len() >= self.rows_max
            && !self.rows.contains_key(&(group, hash))
            && self.halvings < u64::BITS - BUCKET_BITS
        {
            self.halvings += 1;
            let parts = self.parts();
            self.rows.retain(|(group, _), _| group % parts == 0);
        }
        self.overfull |= self.rows.len() >= self.rows_max && !self.rows.contains_key(&(group, hash));
        let kept = group.is_multiple_of(self.parts()) && !self.overfull;
        kept.then(|| self.rows.entry((group, hash)).or_default())
    }

    pub(super) fn empty_into(self, left: &mut Leftovers, by_key: bool) {
        left.counts.exact &= self.halvings == 0 && !self.overfull;
        if self.overfull {
            return;
        }
        let mut uneven: Vec<_> = self.rows.into_iter().filter(|(_, tally)| !tally.is_even()).collect();
        if !by_key {
            // The two sides are mostly in one order: so the first of either side are likely to be partners.
            uneven.sort_by_key(|(_, tally)| (tally.source_place, tally.target_place));
            uneven.into_iter().for_each(|(_, tally)| left.push(tally));
            return;
        }
        uneven.sort_by_key(|((group, _), tally)| (*group, tally.source_place, tally.target_place));
        for of_one_key in uneven.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
            let tallies: Vec<Tally> = of_one_key.iter().map(|(_, tally)| *tally).collect();
            left.settle(&tallies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::locate::tally::SourcePlace;
    use crate::postgres::readback::Place;

    fn hash(row: u64) -> (u64, RowHash) {
        let hash = *blake3_of(row).as_bytes();
        (u64::from_be_bytes(*hash.first_chunk().unwrap()), RowHash::from_bytes(hash))
    }

    fn blake3_of(row: u64) -> RowHash {
        let mut hasher = crate::digest::RowHasher::new([7; 32]);
        let mapping = crate::plan::types::Mapping {
            pg: crate::plan::types::PgType::Int8,
            codec: crate::plan::types::Codec::Int,
        };
        hasher.source_value(crate::value::Value::Integer(row.cast_signed()), &mapping);
        hasher.finish()
    }

    fn place() -> Place {
        Place::read(Some(&[0; 4]), Some(&[0; 6])).unwrap()
    }

    /// Rows of one side only, found with room for `rows_max` of them: rows found, parts, exact.
    fn found(
        source: std::ops::Range<u64>,
        target: std::ops::Range<u64>,
        rows_max: usize,
    ) -> (u64, u64, bool) {
        let mut sieve = Sieve::new(vec![true; BUCKETS], rows_max);
        for row in source {
            let (group, hash) = hash(row);
            if let Some(tally) = sieve.of(group, hash) {
                tally.add_source(SourcePlace { rowid: None, number: row });
            }
        }
        for row in target {
            let (group, hash) = hash(row);
            if let Some(tally) = sieve.of(group, hash) {
                tally.add_target(place());
            }
        }
        let (parts, mut left) = (sieve.parts(), Leftovers::new(9));
        sieve.empty_into(&mut left, false);
        (left.counts.missing + left.counts.extra, parts, left.counts.exact)
    }

    #[test]
    fn with_room_it_is_exact_and_without_it_is_a_fair_part() {
        assert_eq!(found(0..3000, 10..3010, 10_000), (20, 1, true));
        let (rows, parts, exact) = found(0..3000, 3000..6000, 500);
        assert!(parts >= 16 && !exact, "{rows} {parts}");
        // Of 6000 rows that differ, the part that was looked at holds about its share.
        assert!((3000..9000).contains(&(rows * parts)), "{rows} {parts}");
        assert_eq!(found(0..3000, 0..3000, 500).0, 0, "what is let go is let go on both sides");
    }

    #[test]
    fn one_key_for_all_rows_is_not_held() {
        let mut sieve = Sieve::new(vec![true; BUCKETS], 100);
        for row in 0..200 {
            if let Some(tally) = sieve.of(0, hash(row).1) {
                tally.add_target(place());
            }
        }
        assert!(sieve.rows.len() <= 100 && sieve.overfull);
        let mut left = Leftovers::new(9);
        sieve.empty_into(&mut left, true);
        assert!(!left.counts.exact && left.counts.extra == 0);
    }

    #[test]
    fn equal_rows_take_one_place() {
        let mut sieve = Sieve::new(vec![true; BUCKETS], 2);
        let (group, hash) = hash(1);
        for number in 0..131_072 {
            sieve.of(group, hash).unwrap().add_source(SourcePlace { rowid: None, number });
        }
        (0..131_071).for_each(|_| sieve.of(group, hash).unwrap().add_target(place()));
        let mut left = Leftovers::new(9);
        sieve.empty_into(&mut left, false);
        assert_eq!(
            (left.counts.multiplicity, left.fewer[0].source, left.fewer[0].target),
            (1, 131_072, 131_071)
        );
    }
}
