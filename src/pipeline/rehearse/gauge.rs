//! Watches a rehearsal: when its phases begin and end, and how evenly its rows go.

use crate::event::{Event, Observer, Phase, TaskCounters};
use crate::limits::GAUGE_TICK;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::task::JoinHandle;

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Gauge {
    began: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// phases with the seconds at which they began and ended
    phases: Vec<(Phase, f64, f64)>,
    tasks: Vec<Task>,
}

/// A table that is being copied.
#[derive(Debug)]
struct Task {
    counters: Arc<TaskCounters>,
    bytes: u64,
    /// bytes of each tick in which it moved
    steps: Vec<f64>,
}

impl Gauge {
    pub(super) fn new() -> Gauge {
        Gauge { began: Instant::now(), seen: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the phase began first, and how long it took in all.
    pub(super) fn phase(&self, wanted: Phase) -> Option<(f64, f64)> {
        let seen = self.lock();
        let mut of_it = seen.phases.iter().filter(|(phase, ..)| *phase == wanted);
        let (_, first, end) = of_it.next()?;
        Some((*first, end - first + of_it.map(|(_, begin, end)| end - begin).sum::<f64>()))
    }

    /// Relative scatter of what a table moves in one tick, around that table's own mean, and of how many ticks.
    pub(super) fn scatter(&self) -> (f64, usize) {
        pooled(self.lock().tasks.iter().map(|task| &task.steps[..]))
    }

    fn sample(&self) {
        for task in &mut self.lock().tasks {
            let (_, bytes) = task.counters.sample();
            if bytes > task.bytes {
                task.steps.push((bytes - task.bytes) as f64);
            }
            task.bytes = bytes;
        }
    }
}

/// Samples the gauge until it is aborted.
pub(super) fn tick(gauge: &Arc<Gauge>) -> JoinHandle<()> {
    let gauge = Arc::clone(gauge);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(GAUGE_TICK);
        loop {
            ticks.tick().await;
            gauge.sample();
        }
    })
}

/// Only whole ticks count: in its first and its last one a table has moved for a part of the time.
fn pooled<'a>(tables: impl Iterator<Item = &'a [f64]>) -> (f64, usize) {
    let (mut squares, mut count, mut means) = (0.0, 0, 0);
    for steps in tables {
        let whole = steps.get(1..steps.len().saturating_sub(1)).unwrap_or_default();
        if whole.len() < 2 {
            continue;
        }
        let mean = whole.iter().sum::<f64>() / whole.len() as f64;
        squares += whole.iter().map(|step| (step / mean - 1.0).powi(2)).sum::<f64>();
        count += whole.len();
        means += 1;
    }
    match count.checked_sub(means) {
        None | Some(0) => (0.0, 0),
        Some(free) => ((squares / free as f64).sqrt(), count),
    }
}

impl Observer for Gauge {
    fn observe(&self, event: Event) {
        let now = self.began.elapsed().as_secs_f64();
        match event {
            Event::PhaseStarted { phase, .. } => self.lock().phases.push((phase, now, now)),
            Event::PhaseFinished { phase, .. } => {
                let mut seen = self.lock();
                let open = seen.phases.iter_mut().rev().find(|(of, ..)| *of == phase);
                if let Some((_, _, end)) = open {
                    *end = now;
                }
            }
            Event::TaskStarted { phase: Phase::Copy, counters, .. } => {
                self.lock().tasks.push(Task { counters, bytes: 0, steps: Vec::new() });
            }
            Event::TaskStarted { .. } | Event::TaskFinished { .. } | Event::Note { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_flow_has_no_scatter_however_different_the_tables_are() {
        let (fast, slow) = ([1.0, 100.0, 100.0, 100.0, 7.0], [3.0, 10.0, 10.0, 10.0, 1.0]);
        assert_eq!(pooled([&fast[..], &slow[..]].into_iter()), (0.0, 6));
    }

    #[test]
    fn scatter_is_around_each_tables_mean() {
        let uneven = [1.0, 80.0, 120.0, 80.0, 120.0, 1.0];
        let (scatter, count) = pooled([&uneven[..]].into_iter());
        assert_eq!(count, 4);
        assert!((scatter - (4.0 * 0.04 / 3.0_f64).sqrt()).abs() < 1e-9, "{scatter}");
        assert_eq!(pooled([&uneven[..3]].into_iter()), (0.0, 0), "one whole tick says nothing");
        assert_eq!(pooled(std::iter::empty()), (0.0, 0));
    }

    #[test]
    fn phases_that_come_twice_are_added() {
        let gauge = Gauge::new();
        let begin = |phase| gauge.observe(Event::PhaseStarted { phase, tasks: 0, rows: 0, bytes: 0 });
        let end = |phase| gauge.observe(Event::PhaseFinished { phase, seconds: 0.0 });
        for _ in 0..2 {
            begin(Phase::Copy);
            end(Phase::Copy);
        }
        let (_, length) = gauge.phase(Phase::Copy).unwrap();
        assert!(length >= 0.0 && gauge.phase(Phase::Verify).is_none());
        assert_eq!(gauge.lock().phases.len(), 2);
    }
}
