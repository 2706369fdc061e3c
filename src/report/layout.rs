//! What of a run is drawn where: a line for each phase with its totals, below it the tables at work, and what is
//! counted only. Pure: the state, a time and a size in, lines out, each as wide as the terminal at most. Their bars are
//! drawn elsewhere.

use crate::report::board::{Progress, Running};
use crate::report::terminal::Size;
use crate::report::{cells, human};
use std::time::{Duration, Instant};

/// Tasks at work that get a line of their own; the others are counted.
const TASKS_SHOWN_MAX: usize = 10;

/// A task gets its line after this long: one that is over at once would only flash.
const TASK_SHOWN_AFTER: Duration = Duration::from_millis(400);

/// Terminals of so many columns have room for bars of 16 cells, and of 8 cells; narrower ones for none.
const WIDE: usize = 60;
const NARROW: usize = 36;

/// Cells of a phase's name, and what each line below it begins with.
pub(super) const PHASE_CELLS: usize = 9;

/// A task's name is not made shorter than this while there is something else to leave out.
const NAME_CELLS_MIN: usize = 12;

/// One line: a name in its column, a bar, a text. A line without a bar is its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// cells of the bar
    pub(super) cells: usize,
    /// how much of the bar is full, from 0 to 1
    pub(super) share: f64,
    pub(super) text: String,
}

impl Line {
    /// A line without a bar.
    pub(super) fn plain(text: String) -> Line {
        Line { text, ..Line::default() }
    }

    /// A line with a bar where there is room for one.
    fn new(name: &'static str, share: Option<f64>, text: String, size: Size) -> Line {
        match bar_cells(size) {
            0 => Line::plain(cells::cut(&format!("{name:1} {text}"), size.cells())),
            cells => Line { name, cells, share: share.unwrap_or(0.0), text },
        }
    }
}

fn bar_cells(size: Size) -> usize {
    match size.columns {
        WIDE.. => 16,
        NARROW.. => 8,
        _ => 0,
    }
}

/// Cells that a line has for its text, behind its name and its bar.
fn room(name: &str, size: Size) -> usize {
    let begun = match bar_cells(size) {
        0 => cells::width(name).max(1),
        cells => PHASE_CELLS + 1 + cells,
    };
    size.cells().saturating_sub(begun + 1)
}

/// All phases at work, in as many lines as the terminal has beside the cursor's own.
pub(super) fn lines(phases: &[Progress], now: Instant, size: Size) -> Vec<Line> {
    let room = size.rows.saturating_sub(1).max(1);
    // The latest are those that matter.
    let phases = &phases[phases.len().saturating_sub(room)..];
    let mut below = room - phases.len();
    let mut tasks = TASKS_SHOWN_MAX;
    let mut lines = Vec::new();
    for (index, progress) in phases.iter().enumerate() {
        let share = below / (phases.len() - index);
        let drawn = of_phase(progress, now, size, share, tasks);
        below -= drawn.len() - 1;
        tasks = tasks.saturating_sub(drawn.len() - 1);
        lines.extend(drawn);
    }
    lines
}

/// One phase, with up to `below` lines of its tasks.
fn of_phase(progress: &Progress, now: Instant, size: Size, below: usize, tasks_max: usize) -> Vec<Line> {
    let at_work = shown_tasks(progress, now);
    let all_shown = at_work.len().min(tasks_max).min(below);
    let counted = counts(progress, all_shown);
    // The line with what is counted takes the last one's place.
    let has_counts = counted.is_some() && all_shown > 0 && below > 1;
    let shown = if has_counts { all_shown.min(below - 1) } else { all_shown };
    let mut lines = vec![phase_line(progress, now, size, !has_counts)];
    lines.extend(at_work.iter().take(shown).map(|task| task_line(task, now, size)));
    if let Some(text) = counts(progress, shown).filter(|_| has_counts) {
        let indent = if bar_cells(size) == 0 { 2 } else { PHASE_CELLS + 1 };
        lines.push(Line::plain(cells::cut(&format!("{}{text}", " ".repeat(indent)), size.cells())));
    }
    lines
}

/// The tasks that may have a line: those of which something has come, or all where there are none.
fn shown_tasks(progress: &Progress, now: Instant) -> Vec<&Running> {
    let is_old = |task: &&Running| now.saturating_duration_since(task.started) >= TASK_SHOWN_AFTER;
    let old: Vec<&Running> = progress.running.iter().filter(is_old).collect();
    let has_begun = |task: &Running| task.counters.sample() != (0, 0);
    if old.iter().any(|task| has_begun(task)) {
        return old.into_iter().filter(|task| has_begun(task)).collect();
    }
    old
}

/// `+ 3 more at work, 37 waiting, 112 done`: the tasks that have no line.
fn counts(progress: &Progress, shown: usize) -> Option<String> {
    let running = progress.running.len() as u64;
    let more = running.saturating_sub(shown as u64);
    let waiting = progress.tasks.saturating_sub(progress.tasks_done + running);
    let parts = [(more, "more at work"), (waiting, "waiting"), (progress.tasks_done, "done")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", human::count(*n)))
        .collect();
    (!parts.is_empty()).then(|| format!("+ {}", parts.join(", ")))
}

fn phase_line(progress: &Progress, now: Instant, size: Size, with_tasks: bool) -> Line {
    let mut parts = progress.brief(now);
    if with_tasks {
        parts.push(progress.tasks_text());
    }
    let name = progress.phase.name();
    Line::new(name, progress.share(), joined(&parts, room(name, size)), size)
}

/// As many of `parts` as fit, whole; at least the beginning of the first one.
fn joined(parts: &[String], room: usize) -> String {
    let mut text = String::new();
    for part in parts {
        let mark = if text.is_empty() { "" } else { ", " };
        if cells::width(&text) + mark.len() + cells::width(part) <= room {
            text = format!("{text}{mark}{part}");
        }
    }
    if text.is_empty() {
        text = parts.first().map(|part| cells::cut(part, room)).unwrap_or_default();
    }
    text
}

fn task_line(task: &Running, now: Instant, size: Size) -> Line {
    let (rows, bytes) = task.counters.sample();
    let share = share((rows, task.rows), (bytes, task.bytes));
    let room = room("", size);
    let name = human::name(&task.name);
    let texts = task_texts(task, rows, share, now);
    let fits = |text: &&String| cells::width(&name).min(NAME_CELLS_MIN) + 2 + cells::width(text) <= room;
    let text = texts.iter().find(fits).map(|text| format!(", {text}")).unwrap_or_default();
    let name = cells::middle(&name, room.saturating_sub(cells::width(&text)));
    Line::new("", share, format!("{name}{text}"), size)
}

/// How far a task is, the longest text first.
fn task_texts(task: &Running, rows: u64, share: Option<f64>, now: Instant) -> Vec<String> {
    let percent = share.map(|share| format!("{} %", (share * 100.0) as u64));
    let took = human::seconds(now.saturating_duration_since(task.started).as_secs().max(1) as f64 + 0.01);
    match (task.rows, rows) {
        (0, 0) => vec![percent.unwrap_or(took)],
        (0, rows) => [Some(human::plural(rows, "row")), percent].into_iter().flatten().collect(),
        (total, rows) => {
            let counted = format!("{} of {}", human::count(rows), human::plural(total, "row"));
            [Some(counted), percent].into_iter().flatten().collect()
        }
    }
}

/// How much is done, from 0 to 1: by bytes where they are known, else by rows.
fn share(rows: (u64, u64), bytes: (u64, u64)) -> Option<f64> {
    let known = [bytes, rows].into_iter().find(|(_, total)| *total > 0);
    known.map(|(done, total)| done.min(total) as f64 / total as f64)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
