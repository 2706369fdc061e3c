//! The stages of the run as a whole: how long each went on, and how long any of them did.

use super::{Clock, RunStage};
use crate::outcome::StageSeconds;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Times of the run's stages. Few begin and end, so one lock serves.
#[derive(Debug, Default)]
pub(super) struct RunTimes(Mutex<Going>);

#[derive(Debug, Default)]
struct Going {
    /// since when each goes on, and how often it was begun
    since: [Option<(Instant, usize)>; RunStage::ALL.len()],
    spent: [Duration; RunStage::ALL.len()],
    /// since when at least one goes on
    busy_since: Option<Instant>,
    /// how long at least one did
    busy: Duration,
}

impl RunTimes {
    pub(super) fn begin(&self, stage: RunStage) {
        self.lock().begin(stage, Instant::now());
    }

    pub(super) fn end(&self, stage: RunStage) {
        self.lock().end(stage, Instant::now());
    }

    /// Seconds of each stage, and how much of `wall` was none of them.
    pub(super) fn told(&self, wall: Duration) -> (Vec<StageSeconds>, Duration) {
        let mut going = self.lock();
        let now = Instant::now();
        // What failed in the middle has not ended.
        RunStage::ALL.into_iter().for_each(|stage| going.close(stage, now));
        let seconds = |stage: RunStage| StageSeconds {
            stage: stage.name().to_owned(),
            seconds: going.spent[stage as usize].as_secs_f64(),
        };
        (RunStage::ALL.map(seconds).to_vec(), wall.saturating_sub(going.busy))
    }

    fn lock(&self) -> MutexGuard<'_, Going> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Going {
    fn begin(&mut self, stage: RunStage, now: Instant) {
        self.since[stage as usize].get_or_insert((now, 0)).1 += 1;
        self.busy_since.get_or_insert(now);
    }

    fn end(&mut self, stage: RunStage, now: Instant) {
        match &mut self.since[stage as usize] {
            Some((_, times)) if *times > 1 => *times -= 1,
            _ => self.close(stage, now),
        }
    }

    fn close(&mut self, stage: RunStage, now: Instant) {
        let Some((since, _)) = self.since[stage as usize].take() else { return };
        self.spent[stage as usize] += now.saturating_duration_since(since);
        if self.since.iter().all(Option::is_none)
            && let Some(since) = self.busy_since.take()
        {
            self.busy += now.saturating_duration_since(since);
        }
    }
}

/// A stage of the run that goes on until this is dropped.
#[derive(Debug)]
#[must_use = "the stage is over when this is dropped"]
pub struct Span {
    clock: Clock,
    stage: RunStage,
}

impl Span {
    pub(super) fn begin(clock: Clock, stage: RunStage) -> Span {
        clock.begin(stage);
        Span { clock, stage }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.clock.end(self.stage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    #[test]
    fn what_goes_on_at_the_same_time_is_counted_for_each_and_once_for_all() {
        let (mut going, t0) = (Going::default(), Instant::now());
        going.begin(RunStage::PageCheck, after(t0, 1));
        going.begin(RunStage::Profile, after(t0, 2));
        going.end(RunStage::PageCheck, after(t0, 5));
        going.end(RunStage::Profile, after(t0, 9));
        going.begin(RunStage::Plan, after(t0, 10));
        going.begin(RunStage::Plan, after(t0, 11));
        going.end(RunStage::Plan, after(t0, 12));
        going.end(RunStage::Plan, after(t0, 13));
        going.end(RunStage::Copy, after(t0, 14));
        let spent = |stage: RunStage| going.spent[stage as usize].as_secs();
        assert_eq!(
            [RunStage::PageCheck, RunStage::Profile, RunStage::Plan, RunStage::Copy].map(spent),
            [4, 7, 3, 0]
        );
        assert_eq!(going.busy, Duration::from_secs(11));
        let (stages, unaccounted) = RunTimes(Mutex::new(going)).told(Duration::from_secs(14));
        assert_eq!(stages.len(), RunStage::ALL.len());
        assert_eq!(unaccounted, Duration::from_secs(3));
    }

    #[test]
    fn what_never_ended_is_told_too() {
        let times = RunTimes::default();
        times.begin(RunStage::Copy);
        let (_, unaccounted) = times.told(Duration::from_secs(0));
        assert_eq!(unaccounted, Duration::ZERO);
        assert!(times.lock().busy_since.is_none() && times.lock().since.iter().all(Option::is_none));
    }
}
