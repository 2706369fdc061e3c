//! What is going on, added up from events: the one state that bars, lines and JSON are drawn from.
//!
//! Owned by the screen's own thread; the data plane only bumps the counters that are sampled here. Time is passed in,
//! never read, so that every number can be tested.

use crate::event::{Event, Phase, TaskCounters};
use crate::report::human;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rates are taken over this long, so that a slow table shows soon and a single chunk does not.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Samples are at least this far apart, which bounds their number.
const SAMPLE_GAP: Duration = Duration::from_millis(500);

/// What is shown follows a change of the rate within about this long: an estimate that jumps is not believed.
const SMOOTHING_SECONDS: f64 = 4.0;

/// A phase is this old before anything is said of the time left.
const FORECAST_AFTER: Duration = Duration::from_secs(2);

/// One task at work.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) started: Instant,
    pub(super) counters: Arc<TaskCounters>,
}

/// One phase that has begun and is not over.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    pub(super) tasks: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) tasks_done: u64,
    pub(super) running: Vec<Running>,
    pub(super) started: Instant,
    /// events were left out: what is counted is too little
    pub(super) is_partial: bool,
    rows_done: u64,
    bytes_done: u64,
    samples: VecDeque<(Instant, u64, u64)>,
    /// the rate as it is shown, and when it was found
    shown: Option<(Instant, Rate)>,
}

/// How far a phase is, where somebody else has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) tasks: u64,
    pub(super) tasks_done: u64,
    pub(super) rows: u64,
    pub(super) rows_done: u64,
}

/// Rows and bytes per second, and the seconds left where they can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) rows: f64,
    pub(super) bytes: f64,
    pub(super) left: Option<f64>,
}

impl Rate {
    /// Between this one and `other`, nearer to that the larger `part` is, from 0 to 1.
    fn towards(self, other: Rate, part: f64) -> Rate {
        let between = |from: f64, to: f64| from + (to - from) * part;
        let left = match (self.left, other.left) {
            (Some(from), Some(to)) => Some(between(from, to)),
            (_, to) => to,
        };
        Rate { rows: between(self.rows, other.rows), bytes: between(self.bytes, other.bytes), left }
    }
}

/// All phases at work; several may overlap.
#[derive(Debug, Default)]
pub(super) struct Board {
    phases: Vec<Progress>,
}

impl Board {
    /// Phases at work, in the order in which they began.
    pub(super) fn phases(&self) -> &[Progress] {
        &self.phases
    }

    /// The phase, if it is at work.
    pub(super) fn phase(&self, phase: Phase) -> Option<&Progress> {
        self.phases.iter().find(|progress| progress.phase == phase)
    }

    /// Takes in one event. A phase's end is taken with [`Board::close`], after it was shown.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) {
        match event {
            Event::PhaseStarted { phase, tasks, rows, bytes } => {
                self.close(*phase);
                self.phases.push(Progress::new(*phase, now, [*tasks, *rows, *bytes]));
            }
            Event::TaskStarted { phase, name, rows, bytes, counters } => {
                let counters = Arc::clone(counters);
                let task = Running { name: name.clone(), rows: *rows, bytes: *bytes, started: now, counters };
                self.find(*phase, now).running.push(task);
            }
            Event::TaskFinished { phase, name, rows, .. } => self.find(*phase, now).finish(name, *rows),
            Event::PhaseFinished { .. } | Event::Note { .. } => {}
        }
    }

    /// Forgets a phase that is over.
    pub(super) fn close(&mut self, phase: Phase) {
        self.phases.retain(|progress| progress.phase != phase);
    }

    /// Events are missing: who is at work is not known any more, and what was done is more than what was counted.
    pub(super) fn lose_count(&mut self) {
        for progress in &mut self.phases {
            progress.running.clear();
            progress.is_partial = true;
        }
    }

    /// Takes over how far a phase is, `running` included in it for their names only; without a count, it is not at work.
    pub(super) fn set(&mut self, phase: Phase, done: Option<Done>, running: Vec<Running>, now: Instant) {
        let Some(done) = done else { return self.close(phase) };
        let is_new = self.phase(phase).is_none();
        let progress = self.find(phase, now);
        let counted: u64 = running.iter().map(|task| task.counters.sample().0).sum();
        progress.running = running;
        (progress.tasks, progress.tasks_done, progress.rows) = (done.tasks, done.tasks_done, done.rows);
        progress.rows_done = done.rows_done.saturating_sub(counted);
        if is_new {
            // What was done before anybody looked says nothing of the rate.
            progress.samples = VecDeque::from([(now, done.rows_done, 0)]);
        }
    }

    /// Takes a sample of every phase for its rate.
    pub(super) fn sample(&mut self, now: Instant) {
        self.phases.iter_mut().for_each(|progress| progress.sample(now));
    }

    /// The phase; one that was never announced begins now, so that no task is lost from the screen.
    fn find(&mut self, phase: Phase, now: Instant) -> &mut Progress {
        let known = self.phases.iter().position(|progress| progress.phase == phase);
        let index = known.unwrap_or_else(|| {
            self.phases.push(Progress::new(phase, now, [0, 0, 0]));
            self.phases.len() - 1
        });
        &mut self.phases[index]
    }
}

impl Progress {
    fn new(phase: Phase, started: Instant, [tasks, rows, bytes]: [u64; 3]) -> Progress {
        Progress {
            phase,
            tasks,
            rows,
            bytes,
            tasks_done: 0,
            running: Vec::new(),
            started,
            is_partial: false,
            rows_done: 0,
            bytes_done: 0,
            samples: VecDeque::from([(started, 0, 0)]),
            shown: None,
        }
    }

    fn finish(&mut self, name: &str, rows: u64) {
        self.tasks_done += 1;
        self.rows_done += rows;
        if let Some(index) = self.running.iter().position(|task| task.name == name) {
            self.bytes_done += self.running.remove(index).counters.sample().1;
        }
    }

    /// Rows and bytes done so far, of finished and of running tasks.
    pub(super) fn done(&self) -> (u64, u64) {
        self.running
            .iter()
            .map(|task| task.counters.sample())
            .fold((self.rows_done, self.bytes_done), |(rows, bytes), (more_rows, more_bytes)| {
                (rows + more_rows, bytes + more_bytes)
            })
    }

    fn sample(&mut self, now: Instant) {
        let last = self.samples.back().map_or(self.started, |sample| sample.0);
        if now.saturating_duration_since(last) < SAMPLE_GAP {
            return;
        }
        let (rows, bytes) = self.done();
        self.samples.push_back((now, rows, bytes));
        // The second sample is kept while it is old enough to span the window on its own.
        while self.samples.get(1).is_some_and(|second| now.saturating_duration_since(second.0) >= RATE_WINDOW)
        {
            self.samples.pop_front();
        }
        self.smooth(now);
    }

    /// The rate as it is to be shown and the time left; `None` within the first half second.
    pub(super) fn rate(&self, now: Instant) -> Option<Rate> {
        let Some((when, shown)) = self.shown else { return self.measured(now) };
        let passed = now.saturating_duration_since(when).as_secs_f64();
        Some(Rate { left: shown.left.map(|left| (left - passed).max(0.0)), ..shown })
    }

    /// The rate of late, as it is.
    fn measured(&self, now: Instant) -> Option<Rate> {
        let &(since, rows_then, bytes_then) = self.samples.front()?;
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        if seconds < SAMPLE_GAP.as_secs_f64() {
            return None;
        }
        let (rows_now, bytes_now) = self.done();
        let rows = rows_now.saturating_sub(rows_then) as f64 / seconds;
        let bytes = bytes_now.saturating_sub(bytes_then) as f64 / seconds;
        let is_early = now.saturating_duration_since(self.started) < FORECAST_AFTER;
        let by_bytes = left(bytes_now, self.bytes, bytes);
        let left = by_bytes.or_else(|| left(rows_now, self.rows, rows)).filter(|_| !is_early);
        Some(Rate { rows, bytes, left })
    }

    /// Takes over a part of what is measured: the larger, the longer ago the last time was.
    fn smooth(&mut self, now: Instant) {
        let Some(measured) = self.measured(now) else { return };
        let next = match (self.shown, self.rate(now)) {
            (Some((when, _)), Some(old)) => {
                let passed = now.saturating_duration_since(when).as_secs_f64();
                old.towards(measured, 1.0 - (-passed / SMOOTHING_SECONDS).exp())
            }
            _ => measured,
        };
        self.shown = Some((now, next));
    }

    /// How much is done, from 0 to 1: of the bytes where they are known, else of the rows, else of the tasks.
    pub(super) fn share(&self) -> Option<f64> {
        let (rows, bytes) = self.done();
        let known = [(bytes, self.bytes), (rows, self.rows), (self.tasks_done, self.tasks)];
        let (done, total) = known.into_iter().find(|(_, total)| *total > 0)?;
        Some(done.min(total) as f64 / total as f64)
    }

    /// `tables`, or `objects` in the phases that make keys and indexes.
    pub(super) fn noun(&self) -> &'static str {
        noun(self.phase)
    }

    /// `12 of 26 tables, 1,234,567 of 5,300,000 rows (23 %), 410,000 rows/s, 61.0 MB/s, about 12 s left`:
    /// as much of it as is known.
    pub(super) fn sentence(&self, now: Instant) -> String {
        let mut parts = vec![self.tasks_text()];
        let (rows, bytes) = self.done();
        if rows > 0 || self.rows > 0 {
            parts.push(rows_text(rows, self.rows));
        }
        if let Some(rate) = self.rate(now) {
            parts.extend((rows > 0).then(|| human::rows_per_second(rate.rows)));
            parts.extend((bytes > 0).then(|| human::bytes_per_second(rate.bytes)));
            parts.extend(rate.left.map(|left| format!("about {} left", human::time_left(left))));
        }
        parts.join(", ")
    }

    /// The same for a line of a terminal, the most important first: `23 %`, `12 s left`, `410,000 rows/s`, `61.0 MB/s`.
    pub(super) fn brief(&self, now: Instant) -> Vec<String> {
        let (rows, bytes) = self.done();
        let by_bytes = human::percent(bytes, self.bytes);
        let percent = by_bytes.or_else(|| human::percent(rows, self.rows));
        let mut parts: Vec<String> = percent.map(|percent| format!("{percent} %")).into_iter().collect();
        if let Some(rate) = self.rate(now) {
            parts.extend(rate.left.map(|left| format!("{} left", human::time_left(left))));
            parts.extend((rows > 0).then(|| human::rows_per_second(rate.rows)));
            parts.extend((bytes > 0).then(|| human::bytes_per_second(rate.bytes)));
        }
        parts
    }

    /// `12 of 26 tables`.
    pub(super) fn tasks_text(&self) -> String {
        match self.tasks {
            0 => human::plural(self.tasks_done, self.noun()),
            tasks => format!("{} of {}", human::count(self.tasks_done), human::plural(tasks, self.noun())),
        }
    }
}

/// What a phase's tasks are called.
pub(super) fn noun(phase: Phase) -> &'static str {
    match phase {
        Phase::Index | Phase::Constrain => "object",
        Phase::Profile | Phase::Prepare | Phase::Copy | Phase::Verify | Phase::Maintain => "table",
    }
}

fn rows_text(done: u64, total: u64) -> String {
    match human::percent(done, total) {
        Some(percent) => {
            format!("{} of {} ({percent} %)", human::count(done), human::plural(total, "row"))
        }
        None => human::plural(done, "row"),
    }
}

/// Seconds until `total`, where both the total and a rate are known.
fn left(done: u64, total: u64, rate: f64) -> Option<f64> {
    (total > 0 && rate > 0.0).then(|| total.saturating_sub(done) as f64 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(phase: Phase, tasks: u64, rows: u64, bytes: u64) -> Event {
        Event::PhaseStarted { phase, tasks, rows, bytes }
    }

    fn task(name: &str, rows: u64) -> (Event, Arc<TaskCounters>) {
        let counters = Arc::new(TaskCounters::default());
        let (name, phase) = (name.to_owned(), Phase::Copy);
        (Event::TaskStarted { phase, name, rows, bytes: 0, counters: Arc::clone(&counters) }, counters)
    }

    fn finished(name: &str, rows: u64) -> Event {
        Event::TaskFinished { phase: Phase::Copy, name: name.to_owned(), rows, seconds: 1.0 }
    }

    #[test]
    fn finished_and_running_tasks_add_up() {
        let (t0, mut board) = (Instant::now(), Board::default());
        board.apply(&started(Phase::Copy, 3, 1000, 100_000), t0);
        let (first, first_counters) = task("a", 200);
        let (second, second_counters) = task("b", 800);
        board.apply(&first, t0);
        board.apply(&second, t0);
        first_counters.add(200, 20_000);
        second_counters.add(50, 5_000);
        board.apply(&finished("a", 200), t0);
        let copy = board.phase(Phase::Copy).unwrap();
        assert_eq!(copy.done(), (250, 25_000));
        assert_eq!((copy.tasks_done, copy.running.len()), (1, 1));
        let now = t0 + Duration::from_secs(5);
        assert_eq!(copy.rate(now), Some(Rate { rows: 50.0, bytes: 5_000.0, left: Some(15.0) }));
        assert_eq!(
            copy.sentence(now),
            "1 of 3 tables, 250 of 1,000 rows (25 %), 50 rows/s, 5.0 kB/s, about 15 s left"
        );
        assert_eq!(copy.brief(now), ["25 %", "15 s left", "50 rows/s", "5.0 kB/s"]);
    }

    #[test]
    fn the_rate_forgets_what_is_long_ago() {
        let (t0, mut board) = (Instant::now(), Board::default());
        board.apply(&started(Phase::Copy, 1, 0, 0), t0);
        let (event, counters) = task("a", 0);
        board.apply(&event, t0);
        for second in 1..=60 {
            counters.add(if second <= 30 { 1_000 } else { 10 }, 0);
            board.sample(t0 + Duration::from_secs(second));
        }
        let copy = board.phase(Phase::Copy).unwrap();
        assert_eq!(copy.measured(t0 + Duration::from_secs(60)).unwrap().rows, 10.0);
        let shown = copy.rate(t0 + Duration::from_secs(60)).unwrap().rows;
        assert!((10.0..30.0).contains(&shown), "{shown}");
        assert!(copy.samples.len() <= 21, "{}", copy.samples.len());
    }

    /// A second of nothing after three of work, over and over: what chunks look like.
    #[test]
    fn the_time_left_does_not_jump() {
        let (t0, mut board) = (Instant::now(), Board::default());
        board.apply(&started(Phase::Copy, 1, 100_000, 0), t0);
        let (event, counters) = task("a", 100_000);
        board.apply(&event, t0);
        let (mut shown, mut now) = (Vec::new(), t0);
        for quarter in 0..240 {
            now += Duration::from_millis(250);
            counters.add(if quarter % 16 < 12 { 400 } else { 0 }, 0);
            board.sample(now);
            shown.extend(board.phase(Phase::Copy).unwrap().rate(now).and_then(|rate| rate.left));
        }
        assert!(shown.len() > 220, "{}", shown.len());
        for pair in shown.windows(2) {
            assert!((pair[1] - pair[0]).abs() < (pair[0] / 20.0).max(1.0), "{pair:?}");
        }
        // 72,000 rows after a minute, 300 a quarter of a second.
        assert!((20.0..28.0).contains(shown.last().unwrap()), "{shown:?}");
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let (t0, mut board) = (Instant::now(), Board::default());
        board.apply(&started(Phase::Index, 12, 0, 0), t0);
        let index = board.phase(Phase::Index).unwrap();
        assert_eq!(index.sentence(t0 + Duration::from_secs(9)), "0 of 12 objects");
        board.apply(&finished("never announced", 7), t0);
        assert_eq!(board.phase(Phase::Copy).unwrap().sentence(t0), "1 table, 7 rows");
        board.close(Phase::Copy);
        assert!(board.phase(Phase::Copy).is_none());
    }
}
