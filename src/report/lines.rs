//! Progress as plain lines, for logs and pipes.
//!
//! A phase says when it begins and ends. A table gets a line if there are few of them or if it took long;
//! between those, a phase says how far it is every five seconds at most.

use crate::event::{Event, Phase};
use crate::report::board::{Board, Progress, noun};
use crate::report::human;
use crate::report::screen::Painter;
use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

/// Up to this many tables, each gets its line.
const FEW_TASKS: u64 = 20;

/// A table that took longer gets its line however many there are.
const LONG_TASK_SECONDS: f64 = 1.0;

/// A phase that has said nothing for so long says how far it is.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Draws lines on `out`. A line that cannot be written is lost: progress never stops a run.
pub(super) struct Lines {
    out: Box<dyn Write + Send>,
    spoke: HashMap<Phase, Instant>,
}

impl Lines {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Lines {
        Lines { out, spoke: HashMap::new() }
    }

    fn say(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    fn say_in(&mut self, phase: Phase, now: Instant, rest: &str) {
        self.spoke.insert(phase, now);
        self.say(&format!("{}: {rest}", phase.name()));
    }

    fn task_finished(&mut self, progress: &Progress, (name, rows, seconds): (&str, u64, f64), now: Instant) {
        let few = progress.tasks > 0 && progress.tasks <= FEW_TASKS;
        if few || seconds > LONG_TASK_SECONDS {
            let rows = if rows > 0 { format!(", {}", human::plural(rows, "row")) } else { String::new() };
            let (name, seconds) = (human::name(name), human::seconds(seconds));
            self.say_in(progress.phase, now, &format!("{name}{rows} in {seconds}"));
        }
    }
}

/// What a phase that begins has before it: `26 tables, 51,234 rows, 52.1 MB`.
pub(super) fn announcement(phase: Phase, tasks: u64, rows: u64, bytes: u64) -> String {
    let mut parts = Vec::new();
    parts.extend((tasks > 0).then(|| human::plural(tasks, noun(phase))));
    parts.extend((rows > 0).then(|| human::plural(rows, "row")));
    parts.extend((bytes > 0).then(|| human::bytes(bytes)));
    if parts.is_empty() { "started".to_owned() } else { parts.join(", ") }
}

/// What a phase that is over has done: `26 tables, 51,234 rows in 3.4 s`; says so if it did not do all it announced.
pub(super) fn conclusion(progress: Option<&Progress>, seconds: f64) -> String {
    let took = human::seconds(seconds);
    let Some(progress) = progress.filter(|progress| !progress.is_partial) else {
        return format!("finished in {took}");
    };
    let (rows, bytes) = progress.done();
    let mut parts = match progress.tasks {
        // A phase that is one step as a whole, such as the preparation.
        0 if progress.tasks_done == 0 => vec!["finished".to_owned()],
        tasks if tasks == progress.tasks_done => vec![human::plural(tasks, progress.noun())],
        0 => vec![human::plural(progress.tasks_done, progress.noun())],
        tasks => {
            let done = human::count(progress.tasks_done);
            vec![format!("{done} of {}", human::plural(tasks, progress.noun()))]
        }
    };
    parts.extend((rows > 0).then(|| human::plural(rows, "row")));
    parts.extend((bytes > 0).then(|| human::bytes(bytes)));
    format!("{} in {took}", parts.join(", "))
}

impl Painter for Lines {
    fn period(&self) -> Duration {
        Duration::from_millis(500)
    }

    fn event(&mut self, board: &Board, event: &Event, now: Instant) {
        match event {
            Event::PhaseStarted { phase, tasks, rows, bytes } => {
                self.say_in(*phase, now, &announcement(*phase, *tasks, *rows, *bytes));
            }
            Event::PhaseFinished { phase, seconds } => {
                self.say_in(*phase, now, &conclusion(board.phase(*phase), *seconds));
                self.spoke.remove(phase);
            }
            Event::TaskFinished { phase, name, rows, seconds } => {
                if let Some(progress) = board.phase(*phase) {
                    self.task_finished(progress, (name, *rows, *seconds), now);
                }
            }
            Event::TaskStarted { .. } => {}
            Event::Note { text } => self.say(&format!("note: {}", human::text(text))),
        }
    }

    fn tick(&mut self, board: &Board, now: Instant) {
        for progress in board.phases() {
            let spoke = self.spoke.get(&progress.phase).copied().unwrap_or(progress.started);
            if now.saturating_duration_since(spoke) >= SILENCE_MAX {
                self.say_in(progress.phase, now, &progress.sentence(now));
            }
        }
    }

    fn close(&mut self) {}
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::event::TaskCounters;
    use std::sync::{Arc, Mutex};

    /// A writer that keeps what it is given.
    #[derive(Clone, Default)]
    pub(in crate::report) struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub(in crate::report) fn text(&self) -> String {
            String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
        }

        pub(in crate::report) fn lines(&self) -> Vec<String> {
            self.text().lines().map(str::to_owned).collect()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn feed(painter: &mut Lines, board: &mut Board, event: Event, now: Instant) {
        board.apply(&event, now);
        painter.event(board, &event, now);
    }

    fn finished(name: &str, rows: u64, seconds: f64) -> Event {
        Event::TaskFinished { phase: Phase::Copy, name: name.to_owned(), rows, seconds }
    }

    #[test]
    fn few_tables_get_a_line_each() {
        let (paper, now, mut board) = (Paper::default(), Instant::now(), Board::default());
        let mut lines = Lines::new(Box::new(paper.clone()));
        let start = Event::PhaseStarted { phase: Phase::Copy, tasks: 2, rows: 30, bytes: 4_000 };
        feed(&mut lines, &mut board, start, now);
        feed(&mut lines, &mut board, finished("a", 10, 0.25), now);
        feed(&mut lines, &mut board, finished("b\n", 20, 0.5), now);
        feed(&mut lines, &mut board, Event::PhaseFinished { phase: Phase::Copy, seconds: 0.75 }, now);
        feed(&mut lines, &mut board, Event::Note { text: "mind the gap".into() }, now);
        let expected = [
            "copy: 2 tables, 30 rows, 4.0 kB",
            "copy: a, 10 rows in 0.2 s",
            "copy: b\\n, 20 rows in 0.5 s",
            "copy: 2 tables, 30 rows in 0.8 s",
            "note: mind the gap",
        ];
        assert_eq!(paper.lines(), expected);
    }

    #[test]
    fn many_tables_get_a_line_every_five_seconds() {
        let (paper, t0, mut board) = (Paper::default(), Instant::now(), Board::default());
        let mut lines = Lines::new(Box::new(paper.clone()));
        let start = Event::PhaseStarted { phase: Phase::Copy, tasks: 1_000, rows: 100_000, bytes: 0 };
        feed(&mut lines, &mut board, start, t0);
        let counters = Arc::new(TaskCounters::default());
        let (name, shared) = ("slow".to_owned(), Arc::clone(&counters));
        let begin = Event::TaskStarted { phase: Phase::Copy, name, rows: 60_000, bytes: 0, counters: shared };
        feed(&mut lines, &mut board, begin, t0);
        for n in 0..500 {
            feed(&mut lines, &mut board, finished("quick", 50, 0.01), t0 + Duration::from_millis(n));
        }
        counters.add(5_000, 0);
        for half_seconds in 1..=12 {
            lines.tick(&board, t0 + Duration::from_millis(500 * half_seconds));
        }
        feed(&mut lines, &mut board, finished("slow", 60_000, 61.0), t0 + Duration::from_secs(61));
        let expected = [
            "copy: 1,000 tables, 100,000 rows",
            "copy: 500 of 1,000 tables, 30,000 of 100,000 rows (30 %), 6,000 rows/s, about 12 s left",
            "copy: slow, 60,000 rows in 1 min 01 s",
        ];
        assert_eq!(paper.lines(), expected);
        feed(
            &mut lines,
            &mut board,
            Event::PhaseFinished { phase: Phase::Copy, seconds: 61.0 },
            t0 + Duration::from_secs(61),
        );
        assert_eq!(paper.lines(), ["copy: 501 of 1,000 tables, 85,000 rows in 1 min 01 s"]);
    }
}
