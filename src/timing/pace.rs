//! How far the rows of one stage came over time: samples that are thinned out, so that their number is bounded and they are
//! spread evenly over a run of any length.

use super::RunStage;
use crate::event::TaskCounters;
use crate::limits::{RATE_SAMPLE_EVERY, RATE_SAMPLES_MAX};
use crate::outcome::RateSample;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples of one stage.
#[derive(Debug)]
pub(super) struct Pace {
    stage: RunStage,
    tasks: Vec<Arc<TaskCounters>>,
    samples: Vec<(Instant, u64, u64)>,
    /// between two samples that are kept
    gap: Duration,
}

impl Pace {
    pub(super) fn new(stage: RunStage, now: Instant) -> Pace {
        Pace { stage, tasks: Vec::new(), samples: vec![(now, 0, 0)], gap: RATE_SAMPLE_EVERY }
    }

    pub(super) fn stage(&self) -> RunStage {
        self.stage
    }

    /// From now on these count, too.
    pub(super) fn watch(&mut self, counters: &Arc<TaskCounters>) {
        self.tasks.push(Arc::clone(counters));
    }

    /// Takes a sample where one is due.
    pub(super) fn sample(&mut self, now: Instant) {
        // A tick comes now a bit early and now a bit late.
        let due = self.last() + self.gap.mul_f64(0.75);
        if now >= due {
            self.take(now);
        }
    }

    /// Takes the last sample; of a stage that comes again, one of many.
    pub(super) fn close(&mut self, now: Instant) {
        if now > self.last() {
            self.take(now);
        }
    }

    /// What was sampled, in seconds by `since`.
    pub(super) fn told(&self, since: impl Fn(Instant) -> f64) -> Vec<RateSample> {
        let sample =
            |&(at, rows, bytes): &(Instant, u64, u64)| RateSample { seconds: since(at), rows, bytes };
        self.samples.iter().map(sample).collect()
    }

    fn last(&self) -> Instant {
        self.samples[self.samples.len() - 1].0
    }

    fn take(&mut self, now: Instant) {
        let sums = self.tasks.iter().map(|task| task.sample());
        let (rows, bytes) = sums.fold((0, 0), |(rows, bytes), (r, b)| (rows + r, bytes + b));
        if self.samples.len() >= RATE_SAMPLES_MAX {
            self.thin_out();
        }
        self.samples.push((now, rows, bytes));
    }

    /// Leaves out every second one, and from now on takes half as many.
    fn thin_out(&mut self) {
        let mut place = 0;
        self.samples.retain(|_| {
            place += 1;
            place % 2 == 1
        });
        self.gap *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_long_run_are_few_even_and_never_backwards() {
        let t0 = Instant::now();
        let counters = Arc::new(TaskCounters::default());
        let mut pace = Pace::new(RunStage::Copy, t0);
        pace.watch(&counters);
        for tick in 1..=100_000u32 {
            counters.add(1, 10);
            pace.sample(t0 + RATE_SAMPLE_EVERY * tick);
            assert!(pace.samples.len() <= RATE_SAMPLES_MAX);
        }
        pace.close(t0 + RATE_SAMPLE_EVERY * 100_001);
        let told = pace.told(|at| at.duration_since(t0).as_secs_f64());
        assert!(told.len() > RATE_SAMPLES_MAX / 3 && told.len() <= RATE_SAMPLES_MAX, "{}", told.len());
        assert_eq!((told[0].seconds, told[0].rows), (0.0, 0));
        let last = told[told.len() - 1];
        assert_eq!((last.rows, last.bytes), (100_000, 1_000_000));
        let gaps: Vec<f64> = told.windows(2).map(|pair| pair[1].seconds - pair[0].seconds).collect();
        let (most, least) = (gaps.iter().copied().fold(0.0, f64::max), gaps[..gaps.len() - 1].iter());
        let least = least.copied().fold(f64::MAX, f64::min);
        assert!(least > 0.0 && most <= 2.0 * least, "{least} to {most}");
    }

    #[test]
    fn all_tasks_count_together() {
        let (t0, mut pace) = (Instant::now(), Pace::new(RunStage::Copy, Instant::now()));
        for rows in [3, 4] {
            let counters = Arc::new(TaskCounters::default());
            counters.add(rows, 2 * rows);
            pace.watch(&counters);
        }
        pace.close(t0 + Duration::from_secs(1));
        assert_eq!(pace.samples.last().map(|(_, rows, bytes)| (*rows, *bytes)), Some((7, 14)));
    }
}
