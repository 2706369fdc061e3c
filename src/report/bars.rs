//! Progress as bars on a terminal: one per phase with its totals, and one per table at work.
//!
//! Everything is drawn by the screen's thread, ten times a second at most; finished bars become one line above.

use crate::event::{Event, Phase};
use crate::report::board::{Board, Progress, Running};
use crate::report::screen::Painter;
use crate::report::{human, lines};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Drawings per second.
const HERTZ: u8 = 10;

/// Tables at work that get a bar of their own; more would push the totals off a small terminal.
const TASK_BARS_MAX: usize = 8;

/// A name longer than this is cut in its bar, so that the bars stay on one line each.
const NAME_CHARS_MAX: usize = 28;

/// Draws with indicatif.
pub(super) struct Bars {
    screen: MultiProgress,
    phases: HashMap<Phase, ProgressBar>,
    tasks: HashMap<u64, ProgressBar>,
    total: ProgressStyle,
    single: ProgressStyle,
}

impl Bars {
    /// Bars on stderr, in colour or not.
    pub(super) fn on_stderr(colours: bool) -> Bars {
        Bars::new(ProgressDrawTarget::stderr_with_hz(HERTZ), colours)
    }

    fn new(target: ProgressDrawTarget, colours: bool) -> Bars {
        let colour = if colours { ".cyan" } else { "" };
        let total = style(&format!("{{prefix:9}} {{bar:16{colour}}} {{wide_msg}}"));
        let single = style("          {bar:16} {wide_msg}");
        let screen = MultiProgress::with_draw_target(target);
        Bars { screen, phases: HashMap::new(), tasks: HashMap::new(), total, single }
    }

    fn say(&self, line: &str) {
        let _ = self.screen.println(line);
    }

    fn phase_started(&mut self, phase: Phase) {
        let bar = self.screen.add(ProgressBar::new(0).with_style(self.total.clone()));
        bar.set_prefix(phase.name());
        if let Some(old) = self.phases.insert(phase, bar) {
            self.take_away(&old);
        }
    }

    fn phase_finished(&mut self, board: &Board, phase: Phase, seconds: f64) {
        let progress = board.phase(phase);
        for task in progress.map_or(&[][..], |progress| &progress.running) {
            self.task_gone(task.id);
        }
        if let Some(bar) = self.phases.remove(&phase) {
            self.take_away(&bar);
        }
        self.say(&format!("{:9} {}", phase.name(), lines::conclusion(progress, seconds)));
    }

    fn task_gone(&mut self, id: u64) {
        if let Some(bar) = self.tasks.remove(&id) {
            self.take_away(&bar);
        }
    }

    fn take_away(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.screen.remove(bar);
    }

    /// Bars of tasks that are no longer at work vanish.
    fn sweep(&mut self, board: &Board) {
        let at_work = |id: &u64| board.phases().iter().any(|phase| phase.running.iter().any(|t| t.id == *id));
        let gone: Vec<u64> = self.tasks.keys().filter(|id| !at_work(id)).copied().collect();
        gone.into_iter().for_each(|id| self.task_gone(id));
    }

    fn draw_task(&mut self, task: &Running, below: Option<&ProgressBar>) {
        if !self.tasks.contains_key(&task.id) {
            if self.tasks.len() >= TASK_BARS_MAX {
                return;
            }
            let bar = ProgressBar::new(0).with_style(self.single.clone());
            let bar = match below {
                Some(total) => self.screen.insert_after(total, bar),
                None => self.screen.add(bar),
            };
            self.tasks.insert(task.id, bar);
        }
        if let Some(bar) = self.tasks.get(&task.id) {
            let (rows, bytes) = task.counters.sample();
            let (done, all) = measure((rows, task.rows), (bytes, task.bytes), (0, 1));
            show(bar, done, all, task_text(task, rows));
        }
    }
}

/// A template that is wrong is a mistake of ours that the tests find; indicatif's own form then serves.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸ ")
}

/// What a bar's length is measured in: bytes where they are known, else rows, else tasks.
fn measure(rows: (u64, u64), bytes: (u64, u64), tasks: (u64, u64)) -> (u64, u64) {
    [bytes, rows, tasks].into_iter().find(|(_, total)| *total > 0).unwrap_or((0, 1))
}

fn show(bar: &ProgressBar, done: u64, total: u64, text: String) {
    bar.set_length(total);
    bar.set_position(done.min(total));
    bar.set_message(text);
}

fn task_text(task: &Running, rows: u64) -> String {
    let name = short(&human::name(&task.name));
    match task.rows {
        0 if rows == 0 => name,
        0 => format!("{name}, {}", human::plural(rows, "row")),
        total => format!("{name}, {} of {}", human::count(rows), human::plural(total, "row")),
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn draw_phase(bar: &ProgressBar, progress: &Progress, now: Instant) {
    let (rows, bytes) = progress.done();
    let tasks = (progress.tasks_done, progress.tasks);
    let (done, all) = measure((rows, progress.rows), (bytes, progress.bytes), tasks);
    show(bar, done, all, progress.brief(now));
}

impl Painter for Bars {
    fn period(&self) -> Duration {
        Duration::from_secs(1) / u32::from(HERTZ)
    }

    fn event(&mut self, board: &Board, event: &Event, _: Instant) {
        match event {
            Event::PhaseStarted { phase, .. } => self.phase_started(*phase),
            Event::PhaseFinished { phase, seconds } => self.phase_finished(board, *phase, *seconds),
            Event::TaskStarted { .. } => {}
            Event::TaskFinished { .. } => self.sweep(board),
            Event::Note { text } => self.say(&format!("note: {}", human::text(text))),
        }
    }

    fn tick(&mut self, board: &Board, now: Instant) {
        self.sweep(board);
        for progress in board.phases() {
            if !self.phases.contains_key(&progress.phase) {
                self.phase_started(progress.phase);
            }
            let bar = self.phases.get(&progress.phase).cloned();
            if let Some(bar) = &bar {
                draw_phase(bar, progress, now);
            }
            for task in &progress.running {
                self.draw_task(task, bar.as_ref());
            }
        }
    }

    fn close(&mut self) {
        for (_, bar) in self.tasks.drain().collect::<Vec<_>>() {
            self.take_away(&bar);
        }
        for (_, bar) in self.phases.drain().collect::<Vec<_>>() {
            self.take_away(&bar);
        }
        let _ = self.screen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TaskCounters;
    use indicatif::{InMemoryTerm, TermLike};
    use std::sync::Arc;

    fn bars(term: &InMemoryTerm) -> Bars {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(term.clone()), 255);
        Bars::new(target, false)
    }

    fn feed(bars: &mut Bars, board: &mut Board, event: &Event, now: Instant) {
        board.apply(event, now);
        bars.event(board, event, now);
        if let Event::PhaseFinished { phase, .. } = event {
            board.close(*phase);
        }
    }

    fn begin(n: u64, counters: &Arc<TaskCounters>) -> Event {
        let (name, counters) = (format!("table {n}"), Arc::clone(counters));
        Event::TaskStarted { phase: Phase::Copy, name, rows: 100, bytes: 0, counters }
    }

    /// Draws until indicatif's own limit of drawings per second has let the last state through.
    fn settle(bars: &mut Bars, board: &Board, now: Instant) {
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(20));
            bars.tick(board, now);
        }
    }

    #[test]
    fn totals_and_tables_are_shown_and_vanish() {
        let (term, t0, mut board) = (InMemoryTerm::new(40, 160), Instant::now(), Board::default());
        let mut bars = bars(&term);
        let counters = Arc::new(TaskCounters::default());
        let start = Event::PhaseStarted { phase: Phase::Copy, tasks: 20, rows: 2_000, bytes: 0 };
        feed(&mut bars, &mut board, &start, t0);
        for n in 0..12 {
            feed(&mut bars, &mut board, &begin(n, &counters), t0);
        }
        counters.add(50, 0);
        let now = t0 + Duration::from_secs(2);
        settle(&mut bars, &board, now);
        let shown = term.contents();
        assert!(shown.contains("30 %, 5 s left, 300 rows/s, 0 of 20 tables"), "{shown}");
        assert!(shown.contains("table 0, 50 of 100 rows"), "{shown}");
        assert_eq!(shown.lines().count(), 1 + TASK_BARS_MAX, "{shown}");
        let name = "table 0".to_owned();
        let end = Event::TaskFinished { phase: Phase::Copy, name, rows: 50, seconds: 1.0 };
        feed(&mut bars, &mut board, &end, now);
        settle(&mut bars, &board, now);
        assert!(!term.contents().contains("table 0,"), "{}", term.contents());
        feed(&mut bars, &mut board, &Event::PhaseFinished { phase: Phase::Copy, seconds: 2.0 }, now);
        bars.close();
        assert_eq!(term.contents().trim(), "copy      1 of 20 tables, 600 rows in 2.0 s");
        assert_eq!(term.width(), 160);
    }

    #[test]
    fn bars_are_measured_in_what_is_known() {
        assert_eq!(measure((5, 10), (50, 200), (1, 2)), (50, 200));
        assert_eq!(measure((5, 10), (50, 0), (1, 2)), (5, 10));
        assert_eq!(measure((5, 0), (50, 0), (1, 2)), (1, 2));
        assert_eq!(measure((5, 0), (50, 0), (1, 0)), (0, 1));
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("ä"), "ä");
        assert_eq!(short(&"ä".repeat(29)), format!("{}…", "ä".repeat(28)));
    }
}
