//! What is left when equal rows of both sides have cancelled: pure counting.

use super::pair::closest;
use crate::digest::RowHash;
use crate::outcome::DifferenceCounts;
use crate::postgres::readback::Place;
use std::collections::BTreeSet;

/// Where a row of the source is: its rowid, and its number in the order of the scan, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SourcePlace {
    pub(super) rowid: Option<i64>,
    pub(super) number: u64,
}

/// How often one row, as its hash tells it, is on either side, and where it was met first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) source: u64,
    pub(super) target: u64,
    pub(super) source_place: Option<SourcePlace>,
    pub(super) target_place: Option<Place>,
    /// its integer key, where the table has one
    pub(super) key: Option<i64>,
}

impl Tally {
    pub(super) fn add_source(&mut self, place: SourcePlace) {
        self.source += 1;
        self.source_place.get_or_insert(place);
    }

    pub(super) fn add_target(&mut self, place: Place) {
        self.target += 1;
        self.target_place.get_or_insert(place);
    }

    pub(super) fn is_even(&self) -> bool {
        self.source == self.target
    }

    fn surplus(&self) -> u64 {
        self.source.abs_diff(self.target)
    }
}

/// A row of the source and the row of the target that it became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) source: SourcePlace,
    pub(super) target: Place,
}

/// Rows without an equal on the other side. The counts are of all, the lists are bounded.
#[derive(Debug)]
pub(super) struct Leftovers {
    pub(super) counts: DifferenceCounts,
    pub(super) changed: Vec<Pair>,
    /// rows of which the source has more
    pub(super) fewer: Vec<Tally>,
    /// rows of which the target has more
    pub(super) more: Vec<Tally>,
    listed_max: usize,
}

impl Leftovers {
    pub(super) fn new(listed_max: usize) -> Leftovers {
        let counts = DifferenceCounts { exact: true, ..DifferenceCounts::default() };
        Leftovers { counts, changed: Vec::new(), fewer: Vec::new(), more: Vec::new(), listed_max }
    }

    /// Takes the rows of one key: a single one that is gone and a single one that is new are one changed row.
    pub(super) fn settle(&mut self, of_one_key: &[Tally]) {
        let uneven = || of_one_key.iter().filter(|tally| tally.surplus() > 0);
        let mut fewer = uneven().filter(|tally| tally.source > tally.target);
        let mut more = uneven().filter(|tally| tally.source < tally.target);
        if let (Some(gone), Some(new), None, None) = (fewer.next(), more.next(), fewer.next(), more.next())
            && let Some(pair) = pair_of(gone, new)
        {
            self.counts.changed += 1;
            if self.changed.len() < self.listed_max {
                self.changed.push(pair);
            }
            return;
        }
        uneven().for_each(|tally| self.push(*tally));
    }

    /// Takes a row that is uneven and has no partner by key.
    pub(super) fn push(&mut self, tally: Tally) {
        self.count(&tally, u64::wrapping_add);
        let list = if tally.source > tally.target { &mut self.fewer } else { &mut self.more };
        if list.len() < self.listed_max {
            list.push(tally);
        }
    }

    /// Makes changed rows of those that are the closest to each other; `cells` are those of `fewer` and of `more`.
    pub(super) fn join_closest(
        &mut self,
        cells: [&[Option<Vec<RowHash>>]; 2],
        differing_max: usize,
        has_key: bool,
    ) {
        let mut joined = closest(cells[0], cells[1], differing_max);
        joined.retain(|(gone, new)| pair_of(&self.fewer[*gone], &self.more[*new]).is_some());
        for (gone, new) in &joined {
            let (gone, new) = (self.fewer[*gone], self.more[*new]);
            self.count(&gone, u64::wrapping_sub);
            self.count(&new, u64::wrapping_sub);
            self.counts.changed += 1;
            self.counts.guessed += u64::from(has_key);
            self.changed.extend(pair_of(&gone, &new));
        }
        without(&mut self.fewer, joined.iter().map(|(gone, _)| *gone));
        without(&mut self.more, joined.iter().map(|(_, new)| *new));
    }

    fn count(&mut self, tally: &Tally, apply: fn(u64, u64) -> u64) {
        let counts = &mut self.counts;
        match (tally.source, tally.target) {
            (source, 0) => counts.missing = apply(counts.missing, source),
            (0, target) => counts.extra = apply(counts.extra, target),
            _ => counts.multiplicity = apply(counts.multiplicity, 1),
        }
    }
}

/// Takes the places in `indexes` out of `list`.
fn without(list: &mut Vec<Tally>, indexes: impl Iterator<Item = usize>) {
    let gone: BTreeSet<usize> = indexes.collect();
    let mut index = 0..;
    list.retain(|_| index.next().is_none_or(|index| !gone.contains(&index)));
}

/// One row fewer here and one more there can be one row that changed.
fn pair_of(gone: &Tally, new: &Tally) -> Option<Pair> {
    let single = gone.surplus() == 1 && new.surplus() == 1;
    let pair = Pair { source: gone.source_place?, target: new.target_place? };
    single.then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(item: u8) -> Place {
        Place::read(Some(&[0; 4]), Some(&[0, 0, 0, 0, 0, item])).unwrap()
    }

    fn tally(source: u64, target: u64) -> Tally {
        let source_place = (source > 0).then_some(SourcePlace { rowid: Some(1), number: 1 });
        Tally { source, target, source_place, target_place: (target > 0).then_some(place(1)), key: None }
    }

    fn counts(left: &Leftovers) -> [u64; 4] {
        let DifferenceCounts { changed, missing, extra, multiplicity, .. } = left.counts;
        [changed, missing, extra, multiplicity]
    }

    #[test]
    fn one_key_tells_what_became_of_its_row() {
        for (of_one_key, expected) in [
            (vec![tally(1, 1)], [0, 0, 0, 0]),
            (vec![tally(1, 0), tally(0, 1)], [1, 0, 0, 0]),
            (vec![tally(1, 0)], [0, 1, 0, 0]),
            (vec![tally(0, 1)], [0, 0, 1, 0]),
            (vec![tally(1, 2)], [0, 0, 0, 1]),
            (vec![tally(1, 1), tally(0, 1)], [0, 0, 1, 0]),
            (vec![tally(1, 0), tally(0, 1), tally(0, 1)], [0, 1, 2, 0]),
            (vec![tally(2, 1), tally(0, 1)], [1, 0, 0, 0]),
            (vec![tally(65536, 65535)], [0, 0, 0, 1]),
        ] {
            let mut left = Leftovers::new(9);
            left.settle(&of_one_key);
            assert_eq!(counts(&left), expected, "{of_one_key:?}");
        }
    }

    #[test]
    fn counts_are_of_all_and_lists_are_bounded() {
        let mut left = Leftovers::new(3);
        (0..10).for_each(|_| left.settle(&[tally(1, 0)]));
        (0..10).for_each(|_| left.settle(&[tally(1, 0), tally(0, 1)]));
        assert_eq!((counts(&left), left.fewer.len(), left.changed.len()), ([10, 10, 0, 0], 3, 3));
    }

    #[test]
    fn the_closest_rows_become_one_and_the_counts_follow() {
        let mut left = Leftovers::new(9);
        for tally in [tally(1, 0), tally(3, 0), tally(2, 1), tally(0, 1), tally(0, 1), tally(0, 1)] {
            left.push(tally);
        }
        assert_eq!(counts(&left), [0, 4, 3, 1]);
        let cells = |all: &[[u8; 3]]| -> Vec<Option<Vec<RowHash>>> {
            all.iter().map(|row| Some(row.map(|byte| RowHash::from_bytes([byte; 32])).to_vec())).collect()
        };
        let fewer = cells(&[[1, 1, 1], [2, 2, 2], [3, 3, 3]]);
        let more = cells(&[[3, 3, 9], [2, 2, 8], [1, 7, 1]]);
        left.join_closest([&fewer, &more], 1, true);
        // Three equal rows that are gone are not one row that changed.
        assert_eq!((counts(&left), left.fewer.len(), left.more.len()), ([2, 3, 1, 0], 1, 1));
        assert_eq!(left.fewer[0].source, 3);
    }
}
