//! What of a run is drawn where: a line for each phase with its totals, below it the tables at work, and what is
//! counted only. Pure: the state, a time and a size in, lines out, each as wide as the terminal at most.

use crate::report::board::{Progress, Running};
use crate::report::canvas::Line;
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
const PHASE_CELLS: usize = 9;

/// A task's name is not made shorter than this while there is something else to leave out.
const NAME_CELLS_MIN: usize = 12;

/// How a drawing is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) size: Size,
    /// bars of line letters, else of ASCII
    pub(super) unicode: bool,
}

impl Form {
    fn bar_cells(self) -> usize {
        match self.size.columns {
            WIDE.. => 16,
            NARROW.. => 8,
            _ => 0,
        }
    }

    /// What stands before a text: a name in its column and a bar.
    fn head(self, name: &str, share: Option<f64>) -> Line {
        let cells = self.bar_cells();
        if cells == 0 {
            return Line::plain(if name.is_empty() { " ".to_owned() } else { name.to_owned() });
        }
        let (full, empty) = bar(share.unwrap_or(0.0), cells, self.unicode);
        Line { before: format!("{name:PHASE_CELLS$} "), coloured: full, after: empty }
    }
}

/// The full part of a bar, and the rest.
fn bar(share: f64, cells: usize, unicode: bool) -> (String, String) {
    let halves = (share.clamp(0.0, 1.0) * (cells * 2) as f64) as usize;
    let (full, half) = (halves / 2, halves % 2);
    let (whole, tip) = if unicode { ("━", "╸") } else { ("=", "-") };
    let bar = format!("{}{}", whole.repeat(full), tip.repeat(half));
    (bar, " ".repeat(cells - full - half))
}

/// All phases at work, in as many lines as the terminal has beside the cursor's own.
pub(super) fn lines(phases: &[Progress], now: Instant, form: Form) -> Vec<Line> {
    let room = form.size.rows.saturating_sub(1).max(1);
    // The latest are those that matter.
    let phases = &phases[phases.len().saturating_sub(room)..];
    let mut below = room - phases.len();
    let mut tasks = TASKS_SHOWN_MAX;
    let mut lines = Vec::new();
    for (index, progress) in phases.iter().enumerate() {
        let share = below / (phases.len() - index);
        let drawn = of_phase(progress, now, form, share, tasks);
        below -= drawn.len() - 1;
        tasks = tasks.saturating_sub(drawn.len() - 1);
        lines.extend(drawn);
    }
    lines
}

/// One phase, with up to `below` lines of its tasks.
fn of_phase(progress: &Progress, now: Instant, form: Form, below: usize, tasks_max: usize) -> Vec<Line> {
    let at_work = shown_tasks(progress, now);
    let all_shown = at_work.len().min(tasks_max).min(below);
    let counted = counts(progress, all_shown);
    // The line with what is counted takes the last one's place.
    let has_counts = counted.is_some() && all_shown > 0 && below > 1;
    let shown = if has_counts { all_shown.min(below - 1) } else { all_shown };
    let mut lines = vec![phase_line(progress, now, form, !has_counts)];
    lines.extend(at_work.iter().take(shown).map(|task| task_line(task, now, form)));
    if let Some(text) = counts(progress, shown).filter(|_| has_counts) {
        let indent = if form.bar_cells() == 0 { 2 } else { PHASE_CELLS + 1 };
        lines.push(Line::plain(cells::cut(&format!("{}{text}", " ".repeat(indent)), form.size.cells())));
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

fn phase_line(progress: &Progress, now: Instant, form: Form, with_tasks: bool) -> Line {
    let mut parts = progress.brief(now);
    if with_tasks {
        parts.push(progress.tasks_text());
    }
    joined(form.head(progress.phase.name(), progress.share()), &parts, form)
}

/// As many of `parts` as fit, whole; at least the beginning of the first one.
fn joined(head: Line, parts: &[String], form: Form) -> Line {
    let room = form.size.cells();
    let begun = cells::width(&head.text()) + 1;
    let mut text = String::new();
    for part in parts {
        let mark = if text.is_empty() { "" } else { ", " };
        if begun + cells::width(&text) + mark.len() + cells::width(part) > room {
            continue;
        }
        text = format!("{text}{mark}{part}");
    }
    if text.is_empty() {
        text = parts.first().map(|part| cells::cut(part, room.saturating_sub(begun))).unwrap_or_default();
    }
    fitted(Line { after: format!("{} {text}", head.after), ..head }, room)
}

/// A line that is too wide all the same is cut, without its colour.
fn fitted(line: Line, room: usize) -> Line {
    let text = line.text();
    if cells::width(&text) <= room { line } else { Line::plain(cells::cut(&text, room)) }
}

fn task_line(task: &Running, now: Instant, form: Form) -> Line {
    let (rows, bytes) = task.counters.sample();
    let share = share((rows, task.rows), (bytes, task.bytes));
    let head = form.head("", share);
    let room = form.size.cells().saturating_sub(cells::width(&head.text()) + 1);
    let name = human::name(&task.name);
    let texts = task_texts(task, rows, share, now);
    let fits = |text: &&String| cells::width(&name).min(NAME_CELLS_MIN) + 2 + cells::width(text) <= room;
    let text = texts.iter().find(fits).map(|text| format!(", {text}")).unwrap_or_default();
    let name = cells::middle(&name, room.saturating_sub(cells::width(&text)));
    fitted(Line { after: format!("{} {name}{text}", head.after), ..head }, form.size.cells())
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
