//! The loops over rows, measured by sample.
//!
//! Reading the clock costs about as much as encoding a small value: twice a value, for millions of rows, would measure
//! mostly itself. So one row in 64 or so is measured in full, and what the loop took as a whole, which is measured
//! exactly, is dealt out in the proportions that these rows had. Waiting is measured exactly and taken out beforehand,
//! and so is what came before the first row, such as preparing the statement. What reading the clock takes is taken off
//! each measured stage, or else many small ones would weigh more than one large one.
//!
//! The distance between two measured rows varies at random: rows that are special come at regular distances, such as
//! the first one on each page of the file, and a fixed step would always hit them, or never.

use super::Stage;
use super::tables::{StageTimes, nanos};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

/// Rows from one measured row to the next, on average.
const ROWS_BETWEEN: u64 = 64;

/// Empty laps that are tried before a loop.
const LAPS_TRIED: usize = 32;

const STAGES: usize = Stage::ALL.len();

/// Measures one loop over rows, from its making until it is dropped.
///
/// In the loop, [`Sampler::row`] comes first for each row, and says whether the row is measured; then [`Sampler::lap`] ends
/// each of its stages. What is between the last of them and the next row is the stage `between`. What goes on in
/// [`Sampler::wait`] is the stage `waiting` and no other. An empty one counts rows and does nothing else.
#[derive(Debug)]
pub struct Sampler {
    times: Option<Arc<StageTimes>>,
    between: Stage,
    waiting: Stage,
    begun: Option<Instant>,
    /// what came before the first row
    before: Cell<Option<u64>>,
    /// rows until the next that is measured; none while the row after a measured one is awaited
    left: Cell<u64>,
    dice: Cell<u64>,
    mark: Cell<Option<Instant>>,
    /// waited in all, and until the mark
    waited: Cell<u64>,
    waited_at_mark: Cell<u64>,
    /// since when it waits, if it does
    paused: Cell<Option<Instant>>,
    /// what a lap itself takes
    lap_nanos: u64,
    sums: [Cell<u64>; STAGES],
}

impl Sampler {
    pub(super) fn begin(times: Option<Arc<StageTimes>>, between: Stage, waiting: Stage) -> Sampler {
        let is_on = times.is_some();
        let mut sampler = Sampler {
            times,
            between,
            waiting,
            begun: is_on.then(Instant::now),
            before: Cell::new(None),
            left: Cell::new(if is_on { 1 } else { u64::MAX }),
            dice: Cell::new(0x9e37_79b9_7f4a_7c15),
            mark: Cell::new(None),
            waited: Cell::new(0),
            waited_at_mark: Cell::new(0),
            paused: Cell::new(None),
            lap_nanos: 0,
            sums: std::array::from_fn(|_| Cell::new(0)),
        };
        if is_on {
            sampler.lap_nanos = sampler.empty_lap();
        }
        sampler
    }

    /// What an empty lap takes: the least of some, since a thread may be taken off its processor in any of them.
    fn empty_lap(&self) -> u64 {
        let (left, sum) = (self.left.replace(0), &self.sums[self.between as usize]);
        self.set_mark(Instant::now());
        let laps = (0..LAPS_TRIED).map(|_| {
            self.lap(self.between);
            sum.take()
        });
        let least = laps.min().unwrap_or(0);
        self.left.set(left);
        least
    }

    /// A row begins: whether it is measured.
    #[inline]
    pub fn row(&self) -> bool {
        let left = self.left.get();
        if left > 1 {
            self.left.set(left - 1);
            return false;
        }
        self.turn(left == 1)
    }

    /// A row that is measured, or the one after it, which ends the stage between the two.
    #[cold]
    fn turn(&self, is_measured: bool) -> bool {
        if is_measured {
            self.left.set(0);
            self.set_mark(Instant::now());
            if let (None, Some(begun)) = (self.before.get(), self.begun) {
                self.before.set(Some(nanos(begun.elapsed()).saturating_sub(self.waited.get())));
            }
        } else {
            self.lap(self.between);
            self.left.set(self.throw());
        }
        is_measured
    }

    /// The stage ends that began at the last [`Sampler::row`] or [`Sampler::lap`]; of a row that is not measured, nothing
    /// does.
    #[inline]
    pub fn lap(&self, stage: Stage) {
        let Some(mark) = self.mark.get().filter(|_| self.left.get() == 0) else { return };
        let now = Instant::now();
        let not_ours = self.waited.get() - self.waited_at_mark.get() + self.lap_nanos;
        let sum = &self.sums[stage as usize];
        sum.set(sum.get() + nanos(now.saturating_duration_since(mark)).saturating_sub(not_ours));
        self.set_mark(now);
    }

    fn set_mark(&self, now: Instant) {
        self.mark.set(Some(now));
        self.waited_at_mark.set(self.waited.get());
    }

    /// Does `work`, which waits for the other side.
    pub fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.times.is_none() {
            return work();
        }
        let begun = Instant::now();
        let done = work();
        self.waited.set(self.waited.get() + nanos(begun.elapsed()));
        done
    }

    /// Waits for `work`, which waits for the other side.
    pub async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.pause();
        let done = work.await;
        self.resume();
        done
    }

    /// Waiting for the other side begins, until [`Sampler::resume`].
    pub fn pause(&self) {
        if self.times.is_some() {
            self.paused.set(Some(Instant::now()));
        }
    }

    /// Waiting is over; nothing where it had not begun.
    #[inline]
    pub fn resume(&self) {
        if let Some(begun) = self.paused.take() {
            self.waited.set(self.waited.get() + nanos(begun.elapsed()));
        }
    }

    /// A distance from 1 to twice [`ROWS_BETWEEN`], less one: xorshift, the same in every run.
    fn throw(&self) -> u64 {
        let mut dice = self.dice.get();
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        self.dice.set(dice);
        1 + dice % (2 * ROWS_BETWEEN - 1)
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let (Some(times), Some(begun)) = (&self.times, self.begun) else { return };
        let worked = nanos(begun.elapsed()).saturating_sub(self.waited.get());
        let before = self.before.get().unwrap_or(worked);
        let mut sums: [u64; STAGES] = std::array::from_fn(|i| self.sums[i].get());
        if sums.iter().all(|sum| *sum == 0) {
            sums[self.between as usize] = 1;
        }
        let parts = distribute(worked.saturating_sub(before), sums);
        for (stage, part) in Stage::ALL.into_iter().zip(parts) {
            times.add(stage, part);
        }
        times.add(self.between, before);
        times.add(self.waiting, self.waited.get());
    }
}

/// `total` in parts that are to each other as `weights`, of which one at least is not 0. They sum to it exactly: what
/// rounding leaves goes to the heaviest.
fn distribute<const N: usize>(total: u64, weights: [u64; N]) -> [u64; N] {
    let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let part = |weight: u64| (u128::from(total) * u128::from(weight)).checked_div(all).unwrap_or(0) as u64;
    let mut parts = weights.map(part);
    let left = total - parts.iter().sum::<u64>();
    if let Some(heaviest) = (0..N).max_by_key(|&i| weights[i]) {
        parts[heaviest] += left;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::tables::told;

    #[test]
    fn parts_are_in_proportion_and_sum_to_the_total() {
        assert_eq!(distribute(100, [1, 2, 1]), [25, 50, 25]);
        assert_eq!(distribute(10, [1, 1, 1]), [3, 3, 4]);
        assert_eq!(distribute(7, [0, 5, 0]), [0, 7, 0]);
        assert_eq!(distribute(0, [3, 4]), [0, 0]);
        assert_eq!(distribute(9, [0, 0]), [0, 9]);
        for total in [1, 999, 86_400_000_000_000, u64::MAX] {
            for weights in [[1, 1, 1], [u64::MAX, u64::MAX, 1], [1, 0, 1_000_000_007], [17, 4, 2]] {
                let parts = distribute(total, weights);
                assert_eq!(parts.iter().map(|part| u128::from(*part)).sum::<u128>(), u128::from(total));
            }
        }
    }

    /// Runs over `rows` rows with a sampler that measures; which rows it measured.
    fn measured(rows: u64, times: &Arc<StageTimes>) -> Vec<u64> {
        let sampler = Sampler::begin(Some(Arc::clone(times)), Stage::Read, Stage::Wait);
        let mut found = Vec::new();
        for row in 0..rows {
            if sampler.row() {
                found.push(row);
                sampler.lap(Stage::Hash);
                sampler.wait(|| ());
                sampler.lap(Stage::Encode);
            }
        }
        found
    }

    #[test]
    fn the_first_row_is_measured_and_one_in_so_many_at_no_fixed_distance() {
        let found = measured(100_000, &Arc::default());
        assert_eq!(found[0], 0);
        let expected = 100_000 / (ROWS_BETWEEN as usize);
        assert!((expected * 9 / 10..expected * 11 / 10).contains(&found.len()), "{}", found.len());
        for step in [2, 3, 40, 64] {
            let hits = found.iter().filter(|row| *row % step == 0).count();
            let fair = found.len() / step as usize;
            assert!(hits < fair * 2 && hits > fair / 2, "every {step}th row: {hits}, expected {fair}");
        }
    }

    #[test]
    fn two_rows_in_sequence_are_never_both_measured() {
        let found = measured(10_000, &Arc::default());
        assert!(found.windows(2).all(|pair| pair[1] > pair[0] + 1));
    }

    #[test]
    fn the_sums_are_those_of_the_stages_that_were_lapped() {
        let times: Arc<StageTimes> = Arc::default();
        let begun = Instant::now();
        measured(1000, &times);
        let at_most = nanos(begun.elapsed());
        let told = told([&times].into_iter());
        let named = |name: &str| told.stages.iter().find(|stage| stage.stage == name).unwrap().seconds;
        let sum: f64 = ["read", "encode", "hash", "wait"].map(named).iter().sum();
        assert!((sum - told.seconds).abs() < 1e-6 && told.seconds > 0.0, "{told:?}");
        assert!(told.seconds <= at_most as f64 / 1e9 + 1e-6);
    }

    #[test]
    fn a_loop_without_rows_was_between_them_all_the_time() {
        let times: Arc<StageTimes> = Arc::default();
        drop(Sampler::begin(Some(Arc::clone(&times)), Stage::Decode, Stage::ReadBack));
        let told = told([&times].into_iter());
        assert!(told.stages.iter().all(|stage| stage.stage == "decode" || stage.seconds == 0.0), "{told:?}");
    }

    #[test]
    fn an_empty_one_measures_nothing() {
        let sampler = Sampler::begin(None, Stage::Read, Stage::Wait);
        assert!((0..1000).all(|_| !sampler.row()));
        assert_eq!(sampler.wait(|| 3), 3);
        assert!(sampler.begun.is_none() && sampler.mark.get().is_none() && sampler.waited.get() == 0);
    }
}
