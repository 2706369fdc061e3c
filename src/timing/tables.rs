//! The sums of one table, which every thread and connection that works for it adds to.

use super::{Sampler, Stage};
use crate::outcome::{StageSeconds, StepSeconds, TableTiming};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was spent on one table.
#[derive(Debug, Default)]
pub(super) struct StageTimes {
    nanos: [AtomicU64; Stage::ALL.len()],
    /// number and nanoseconds of the steps after the data, by kind
    steps: Mutex<BTreeMap<String, (u64, u64)>>,
}

impl StageTimes {
    pub(super) fn add(&self, stage: Stage, nanos: u64) {
        self.nanos[stage as usize].fetch_add(nanos, Ordering::Relaxed);
    }

    fn step(&self, kind: &str, nanos: u64) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = steps.entry(kind.to_owned()).or_default();
        *sum = (sum.0 + 1, sum.1 + nanos);
    }
}

/// The clock of one table; an empty one measures nothing.
#[derive(Debug, Clone, Default)]
pub struct TableClock(Option<Arc<StageTimes>>);

impl TableClock {
    pub(super) fn new(times: Option<Arc<StageTimes>>) -> TableClock {
        TableClock(times)
    }

    /// Does `work` and counts it as `stage`.
    pub fn of<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let Some(times) = &self.0 else { return work() };
        let begun = Instant::now();
        let done = work();
        times.add(stage, nanos(begun.elapsed()));
        done
    }

    /// Waits for `work` and counts it as `stage`. One that is dropped before its end is not counted.
    pub async fn time<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        let Some(times) = &self.0 else { return work.await };
        let begun = Instant::now();
        let done = work.await;
        times.add(stage, nanos(begun.elapsed()));
        done
    }

    /// Waits for `work`, which is done for several tables at once, and counts an equal part of it for each.
    pub async fn time_all<T>(clocks: &[&TableClock], stage: Stage, work: impl Future<Output = T>) -> T {
        let times: Vec<&Arc<StageTimes>> = clocks.iter().filter_map(|clock| clock.0.as_ref()).collect();
        if times.is_empty() {
            return work.await;
        }
        let begun = Instant::now();
        let done = work.await;
        let part = nanos(begun.elapsed()) / times.len() as u64;
        times.iter().for_each(|times| times.add(stage, part));
        done
    }

    /// Counts one step after the data, by its kind.
    pub fn step(&self, kind: &str, seconds: f64) {
        if let Some(times) = &self.0 {
            times.step(kind, nanos(Duration::try_from_secs_f64(seconds).unwrap_or_default()));
        }
    }

    /// For a loop over rows that begins now: see [`Sampler`].
    pub fn sampler(&self, between: Stage, waiting: Stage) -> Sampler {
        Sampler::begin(self.0.clone(), between, waiting)
    }
}

pub(super) fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}

/// The sums of `tables` together: every stage, and the kinds of steps that there were.
pub(super) fn told<'a>(tables: impl Iterator<Item = &'a Arc<StageTimes>> + Clone) -> TableTiming {
    let sum = |stage: Stage| {
        tables.clone().map(|table| table.nanos[stage as usize].load(Ordering::Relaxed)).sum::<u64>()
    };
    let sums = Stage::ALL.map(|stage| (stage, sum(stage)));
    let mut steps: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for table in tables.clone() {
        for (kind, (count, nanos)) in &*table.steps.lock().unwrap_or_else(PoisonError::into_inner) {
            let sum = steps.entry(kind.clone()).or_default();
            *sum = (sum.0 + count, sum.1 + nanos);
        }
    }
    let total = sums.iter().map(|(_, nanos)| nanos).chain(steps.values().map(|(_, nanos)| nanos)).sum();
    let stage = |(stage, nanos): (Stage, u64)| StageSeconds {
        stage: stage.name().to_owned(),
        seconds: seconds(nanos),
    };
    let step = |(kind, (count, nanos))| StepSeconds { kind, count, seconds: seconds(nanos) };
    TableTiming {
        stages: sums.into_iter().map(stage).collect(),
        steps: steps.into_iter().map(step).collect(),
        seconds: seconds(total),
    }
}
