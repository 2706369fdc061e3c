//! `--deadline`: a run that ends by itself when its time is over, and says GO or NO-GO. It listens to what the screen is told.
//!
//! Nothing is decided by what is foreseen: that is said once, and the run goes on until its time is over.

use super::cancel::Cancel;
use crate::config::{duration_text, duration_word};
use crate::error::ErrorKind;
use crate::event::{Event, Events, Observer, Phase, TaskCounters};
use crate::limits::DEADLINE_LOOK;
use crate::outcome::{DeadlineReport, HookReport, Outcome};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What comes after the rows, in shares of the time that they take: reading back, keys and indexes, VACUUM. A rule of thumb,
/// for a warning that stops nothing: of a table without indexes it is less, of one with many more.
const AFTER_COPY_SHARE: f64 = 0.8;

/// Below this share of its work a phase has no rate that anything can be foreseen by.
const RATE_SHARE_MIN: f64 = 0.05;

/// Nor before so many seconds.
const RATE_SECONDS_MIN: f64 = 2.0;

/// What is foreseen must be so much later than the deadline to be told.
const LATE_SHARE: f64 = 1.05;

/// A phase as it is told.
#[derive(Debug)]
struct Station {
    phase: Phase,
    tasks: u64,
    rows: u64,
    bytes: u64,
    tasks_done: u64,
    counters: Vec<Arc<TaskCounters>>,
    started: Instant,
    seconds: Option<f64>,
}

impl Station {
    fn done(&self) -> (u64, u64) {
        let sums = self.counters.iter().map(|counters| counters.sample());
        sums.fold((0, 0), |(rows, bytes), (more, size)| (rows + more, bytes + size))
    }

    /// How much of its work is done, from 0 to 1.
    fn share(&self) -> f64 {
        let (rows, bytes) = self.done();
        let of = |done: u64, all: u64| (all > 0).then(|| (done as f64 / all as f64).min(1.0));
        of(bytes, self.bytes)
            .or_else(|| of(rows, self.rows))
            .or_else(|| of(self.tasks_done, self.tasks))
            .unwrap_or(0.0)
    }

    /// Seconds that it will still take at its rate so far.
    fn left(&self) -> Option<f64> {
        left(self.started.elapsed().as_secs_f64(), self.share())
    }
}

fn left(elapsed: f64, share: f64) -> Option<f64> {
    let has_rate = share >= RATE_SHARE_MIN && elapsed >= RATE_SECONDS_MIN;
    has_rate.then(|| elapsed / share * (1.0 - share))
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    /// the phase that is under way, or was last
    phase: Option<Phase>,
    /// rows that are copied, and all that were to be
    rows: Option<(u64, u64)>,
    /// seconds that the rest will take, where that can be foreseen
    left: Option<f64>,
}

#[derive(Debug, Default)]
struct Stations(Vec<Station>);

impl Stations {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::PhaseStarted { phase, tasks, rows, bytes } => self.0.push(Station {
                phase: *phase,
                tasks: *tasks,
                rows: *rows,
                bytes: *bytes,
                tasks_done: 0,
                counters: Vec::new(),
                started: Instant::now(),
                seconds: None,
            }),
            Event::PhaseFinished { phase, seconds } => {
                self.last(*phase).into_iter().for_each(|station| station.seconds = Some(*seconds));
            }
            Event::TaskStarted { phase, counters, .. } => {
                self.last(*phase).into_iter().for_each(|station| station.counters.push(Arc::clone(counters)));
            }
            Event::TaskFinished { phase, .. } => {
                self.last(*phase).into_iter().for_each(|station| station.tasks_done += 1);
            }
            Event::Note { .. } => {}
        }
    }

    fn last(&mut self, phase: Phase) -> Option<&mut Station> {
        self.0.iter_mut().rev().find(|station| station.phase == phase)
    }

    fn standing(&self) -> Standing {
        let under_way = || self.0.iter().filter(|station| station.seconds.is_none());
        let phase = under_way().next_back().or(self.0.last()).map(|station| station.phase);
        let copy = self.0.iter().rev().find(|station| station.phase == Phase::Copy);
        let rows = copy.map(|copy| (copy.done().0, copy.rows));
        let left = match copy {
            Some(copy) if copy.seconds.is_none() => copy.left().map(|left| {
                let all = copy.started.elapsed().as_secs_f64() + left;
                left + AFTER_COPY_SHARE * all
            }),
            // They go on beside each other: the longest counts.
            Some(_) => under_way().filter_map(Station::left).reduce(f64::max),
            None => None,
        };
        Standing { phase, rows, left }
    }
}

/// The deadline of one run.
#[derive(Clone)]
pub struct Deadline {
    limit: Duration,
    began: Instant,
    stations: Arc<Mutex<Stations>>,
    /// where the run stood when its time was over
    reached: Arc<Mutex<Option<Standing>>>,
}

impl std::fmt::Debug for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Deadline").field(&self.limit).finish()
    }
}

/// Hears what the screen hears, and hands it on.
struct Ear {
    stations: Arc<Mutex<Stations>>,
    screen: Arc<dyn Observer>,
}

impl Observer for Ear {
    fn observe(&self, event: Event) {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).hear(&event);
        self.screen.observe(event);
    }
}

impl Deadline {
    /// So much time from now on.
    pub fn begun(limit: Duration) -> Deadline {
        Deadline { limit, began: Instant::now(), stations: Arc::default(), reached: Arc::default() }
    }

    /// The observer that a run is to tell its events to, and that hands them on.
    pub fn listening(&self, screen: Arc<dyn Observer>) -> Arc<dyn Observer> {
        Arc::new(Ear { stations: Arc::clone(&self.stations), screen })
    }

    fn stations(&self) -> MutexGuard<'_, Stations> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the time is over, and stops the run then, which may take `beyond` on top of the time of any stop. Says once
    /// when it foresees that.
    pub async fn watch(&self, cancel: &Cancel, events: &Events, beyond: Duration) {
        let mut is_told = false;
        loop {
            let left = self.limit.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(left.min(DEADLINE_LOOK)).await;
            let warning = self.foreseen().filter(|_| !is_told);
            if let Some(warning) = warning {
                is_told = true;
                events.note(warning);
            }
        }
        if !cancel.is_asked() {
            *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.stations().standing());
            cancel.stop_by_deadline(beyond);
        }
    }

    /// That the time will not do, where that can be foreseen.
    fn foreseen(&self) -> Option<String> {
        let left = self.stations().standing().left?;
        foreseen(self.limit, self.began.elapsed(), left)
    }

    /// What became of it, for a run that ended with `outcome`; `hooks` are those that ran.
    pub fn verdict(
        &self,
        outcome: Outcome,
        error: Option<ErrorKind>,
        hooks: &[HookReport],
    ) -> DeadlineReport {
        let go = error.is_none() && matches!(outcome, Outcome::Done | Outcome::SetAside);
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner).take();
        let verdict = match (go, reached.filter(|_| error == Some(ErrorKind::Deadline))) {
            (true, _) => format!("GO: finished {}", self.distance()),
            (false, Some(standing)) => no_go(self.limit, &standing, hooks),
            (false, None) => {
                let place = place_words(&self.stations().standing(), hooks);
                format!("NO-GO: the run did not end well{place}, {}", self.distance())
            }
        };
        DeadlineReport { seconds: self.limit.as_secs_f64(), go, verdict }
    }

    /// `12 min before the deadline of 45m`.
    fn distance(&self) -> String {
        distance(self.limit, self.began.elapsed())
    }
}

fn distance(limit: Duration, elapsed: Duration) -> String {
    let word = duration_word(limit);
    match limit.checked_sub(elapsed) {
        Some(left) => format!("{} before the deadline of {word}", duration_text(left)),
        None => format!("{} after the deadline of {word}", duration_text(elapsed.saturating_sub(limit))),
    }
}

fn foreseen(limit: Duration, elapsed: Duration, left: f64) -> Option<String> {
    let needed = elapsed.as_secs_f64() + left;
    let late = needed - limit.as_secs_f64();
    (needed > limit.as_secs_f64() * LATE_SHARE).then(|| {
        format!(
            "at the rate so far the run needs about {} in all, {} more than its deadline of {}; it goes on until then",
            rounded(needed),
            rounded(late),
            duration_word(limit)
        )
    })
}

fn no_go(limit: Duration, standing: &Standing, hooks: &[HookReport]) -> String {
    let place = place_words(standing, hooks);
    let rows = match standing.rows {
        Some((done, all)) if all > 0 => {
            format!("; {} % of the rows copied ({done} of {all})", done.min(all) * 100 / all)
        }
        _ => String::new(),
    };
    let left = match standing.left {
        Some(left) => format!("; about {} more were needed at the rate so far", rounded(left)),
        None => "; how much more time was needed cannot be told yet".to_owned(),
    };
    format!("NO-GO: the deadline of {} was reached{place}{rows}{left}", duration_word(limit))
}

/// A hook that did not end well was the last thing that the run did, whichever phase came before it.
fn place_words(standing: &Standing, hooks: &[HookReport]) -> String {
    if let Some(hook) = hooks.iter().find(|hook| !hook.succeeded) {
        return format!(" in hook {} {}", hook.hook, hook.number);
    }
    standing.phase.map_or_else(
        || " before anything was begun".to_owned(),
        |phase| format!(" in phase {}", phase.name()),
    )
}

/// Seconds to what an estimate is worth: whole ones below two minutes, else whole minutes.
fn rounded(seconds: f64) -> String {
    let seconds = Duration::from_secs_f64(seconds.clamp(1.0, 1e9).ceil());
    match seconds.as_secs() {
        0..120 => duration_text(seconds),
        more => duration_text(Duration::from_secs(more.div_ceil(60) * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 60;

    #[test]
    fn a_verdict_says_where_the_run_stood() {
        let standing = Standing { phase: Some(Phase::Copy), rows: Some((620, 1000)), left: Some(700.0) };
        assert_eq!(
            no_go(Duration::from_secs(45 * MIN), &standing, &[]),
            "NO-GO: the deadline of 45m was reached in phase copy; 62 % of the rows copied (620 of 1000); about 12 min more were needed at the rate so far"
        );
        let early = Standing { phase: None, rows: None, left: None };
        assert_eq!(
            no_go(Duration::from_secs(5), &early, &[]),
            "NO-GO: the deadline of 5s was reached before anything was begun; how much more time was needed cannot be told yet"
        );
        let (limit, before) = (Duration::from_secs(45 * MIN), Duration::from_secs(33 * MIN));
        assert_eq!(distance(limit, before), "12 min before the deadline of 45m");
        assert_eq!(distance(before, limit), "12 min after the deadline of 33m");
    }

    #[test]
    fn what_is_foreseen_is_told_only_where_it_is_too_late() {
        let minutes = |minutes| Duration::from_secs(minutes * MIN);
        assert_eq!(foreseen(minutes(45), minutes(10), 34.0 * 60.0), None);
        assert_eq!(foreseen(minutes(45), minutes(10), 36.0 * 60.0), None, "as good as in time");
        assert_eq!(
            foreseen(minutes(45), minutes(10), 48.0 * 60.0).unwrap(),
            "at the rate so far the run needs about 58 min in all, 13 min more than its deadline of 45m; it goes on until then"
        );
    }

    #[test]
    fn a_rate_needs_something_done() {
        assert_eq!(left(10.0, 0.01), None);
        assert_eq!(left(0.5, 0.5), None);
        assert_eq!(left(10.0, 0.25), Some(30.0));
        assert_eq!(left(10.0, 1.0), Some(0.0));
    }

    #[test]
    fn the_standing_is_what_was_told() {
        let mut stations = Stations::default();
        assert_eq!(stations.standing(), Standing { phase: None, rows: None, left: None });
        let counters = Arc::new(TaskCounters::default());
        stations.hear(&Event::PhaseStarted { phase: Phase::Copy, tasks: 2, rows: 100, bytes: 1000 });
        let task = Event::TaskStarted {
            phase: Phase::Copy,
            name: "t".into(),
            rows: 100,
            bytes: 1000,
            counters: Arc::clone(&counters),
        };
        stations.hear(&task);
        counters.add(40, 500);
        let standing = stations.standing();
        assert_eq!((standing.phase, standing.rows), (Some(Phase::Copy), Some((40, 100))));
        assert!((stations.0[0].share() - 0.5).abs() < 1e-9, "by bytes, where they are known");
        stations.hear(&Event::PhaseFinished { phase: Phase::Copy, seconds: 1.0 });
        stations.hear(&Event::PhaseStarted { phase: Phase::Index, tasks: 4, rows: 0, bytes: 0 });
        stations.hear(&Event::TaskFinished { phase: Phase::Index, name: "i".into(), rows: 0, seconds: 1.0 });
        assert!((stations.0[1].share() - 0.25).abs() < 1e-9);
        assert_eq!(stations.standing().phase, Some(Phase::Index));
    }
}
