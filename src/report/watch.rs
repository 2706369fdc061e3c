//! A copy that another process makes, drawn on stdout (`status --watch`): as bars on a terminal, as lines or JSON elsewhere.

use crate::event::{Event, Observer, Phase, TaskCounters};
use crate::outcome::{WatchState, Watched, WatchedSource};
use crate::report::board::{Board, Done, Running};
use crate::report::canvas::Canvas;
use crate::report::frame::Frame;
use crate::report::layout::{self, Line};
use crate::report::terminal::{self, Size, Terminal};
use crate::report::{cells, human};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Draws one look after the other. A clone draws on the same screen.
#[derive(Clone)]
pub struct WatchScreen(Arc<Mutex<Inner>>);

struct Inner {
    style: Style,
    board: Board,
    /// what was said last, so that lines are not repeated
    last: String,
    /// more than the server tells at a moment: rows of a chunk vanish from its sight before they are committed
    rows_seen: u64,
}

enum Style {
    Bars { canvas: Canvas, frame: Frame },
    Lines,
    Json,
}

impl std::fmt::Debug for WatchScreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WatchScreen")
    }
}

/// Notes, such as of a connection that broke.
impl Observer for WatchScreen {
    fn observe(&self, event: Event) {
        if let Event::Note { text } = event {
            self.lock().say(&format!("note: {}", human::text(&text)));
        }
    }
}

impl WatchScreen {
    /// The screen on stdout: JSON where that is asked for, else bars on a terminal and lines elsewhere.
    pub fn on_stdout(json: bool) -> WatchScreen {
        let terminal = Terminal::of(&std::io::stdout());
        let style = match (json, terminal.moves) {
            (true, _) => Style::Json,
            (false, false) => Style::Lines,
            (false, true) => {
                let canvas = Canvas::new(Box::new(std::io::stdout()), terminal, stdout_size(), true);
                Style::Bars { canvas, frame: Frame::new(terminal) }
            }
        };
        let inner = Inner { style, board: Board::default(), last: String::new(), rows_seen: 0 };
        WatchScreen(Arc::new(Mutex::new(inner)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows one look; an end is told above the bars, which go away.
    pub fn show(&self, watched: &Watched) {
        self.lock().show(watched, Instant::now());
    }
}

fn stdout_size() -> Size {
    terminal::size(&std::io::stdout())
}

fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

impl Inner {
    fn say(&mut self, sentence: &str) {
        match &mut self.style {
            Style::Bars { canvas, .. } => {
                let size = stdout_size();
                let lines = canvas.lines().to_vec();
                canvas.show(size, &cells::wrapped(sentence, size.cells(), 2), lines);
            }
            Style::Lines => print(sentence),
            Style::Json => complain(sentence),
        }
    }

    fn show(&mut self, watched: &Watched, now: Instant) {
        let is_over = matches!(watched.state, WatchState::Finished | WatchState::Ended);
        take(&mut self.board, watched, &mut self.rows_seen, now);
        self.board.sample(now);
        let head = headline(watched);
        match &mut self.style {
            Style::Json => {
                // A value that serialises itself cannot fail to.
                print(&serde_json::to_string(watched).unwrap_or_default());
                return;
            }
            Style::Lines => {
                let line = sentence(&head, &self.board, now);
                if !is_over && line != self.last {
                    print(&line);
                    self.last = line;
                }
            }
            Style::Bars { canvas, frame } => {
                let size = stdout_size();
                let lines = if is_over { Vec::new() } else { drawn(&head, &self.board, now, size) };
                canvas.show(size, &[], frame.drawn(size, &lines));
            }
        }
        if is_over {
            end(watched).iter().for_each(|line| self.say(line));
        }
    }
}

/// What is said beside JSON. A stderr that is closed takes nothing away.
fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn drawn(head: &str, board: &Board, now: Instant, size: Size) -> Vec<Line> {
    let room = Size { rows: size.rows.saturating_sub(1).max(2), ..size };
    let mut lines = vec![Line::plain(cells::middle(head, size.cells()))];
    if !board.phases().is_empty() && size.rows > 2 {
        lines.extend(layout::lines(board.phases(), now, room));
    }
    lines
}

/// One line for all that is at work.
fn sentence(head: &str, board: &Board, now: Instant) -> String {
    let phases = board.phases().iter();
    let parts = phases.map(|progress| format!("; {}: {}", progress.phase.name(), progress.sentence(now)));
    format!("{head}{}", parts.collect::<String>())
}

/// `app.db → public: running (process 4711 on db1)`.
fn headline(watched: &Watched) -> String {
    let what = match watched.sources.iter().filter(|source| !source.finished).collect::<Vec<_>>()[..] {
        [] => "copy".to_owned(),
        [one] => name(one),
        [first, ref rest @ ..] => format!("{} and {} more", name(first), rest.len()),
    };
    let owner = watched.owner.as_ref();
    let process = owner.and_then(|owner| {
        let host = human::name(owner.host.as_deref()?);
        Some(format!(" (process {} on {host})", owner.process_id?))
    });
    let state = match watched.state {
        WatchState::Waiting => "nobody works on it yet; waiting".to_owned(),
        WatchState::Starting => "has connected".to_owned(),
        WatchState::Running if watched.sources.iter().all(|source| source.finished) => {
            "reads its source; nothing is written yet".to_owned()
        }
        WatchState::Running => "running".to_owned(),
        WatchState::Silent => {
            let overdue = owner.and_then(|owner| owner.overdue_seconds).unwrap_or_default();
            format!("holds the target, but is silent: its lease ran out {} ago", human::seconds(overdue))
        }
        WatchState::Finished => "finished".to_owned(),
        WatchState::Ended => "ended".to_owned(),
    };
    format!("{what}: {state}{}", process.unwrap_or_default())
}

fn name(source: &WatchedSource) -> String {
    let file = source.path.rsplit('/').next().unwrap_or(&source.path);
    format!("{} → {}", human::name(file), human::name(&source.schema))
}

/// How it ended, a sentence for each source.
fn end(watched: &Watched) -> Vec<String> {
    if watched.sources.is_empty() {
        return vec!["this target knows of no copy".to_owned()];
    }
    let mut lines = Vec::new();
    for source in &watched.sources {
        let (tables, rows) = (human::plural(source.tables, "table"), human::plural(source.rows, "row"));
        lines.push(match source.finished {
            true => format!("finished: {}: {tables}, {rows}", name(source)),
            false => format!(
                "not finished: {}: {} of {tables} and {} of {rows} copied; run the same copy again to resume",
                name(source),
                human::count(source.tables_done),
                human::count(source.rows_done)
            ),
        });
        if let Some(error) = source.last_error.as_ref().filter(|_| !source.finished) {
            lines.push(format!("  last error: {}", human::text(error)));
        }
    }
    lines
}

/// The phase of a kind of steps.
fn phase_of(kind: &str) -> Phase {
    match kind {
        "primary key" | "unique" | "index" | "check" | "validate check" => Phase::Index,
        "vacuum" => Phase::Maintain,
        _ => Phase::Constrain,
    }
}

/// Brings what was seen on the board, as if its phases had been told.
fn take(board: &mut Board, watched: &Watched, rows_seen: &mut u64, now: Instant) {
    let open: Vec<&WatchedSource> = watched.sources.iter().filter(|source| !source.finished).collect();
    let sum = |of: fn(&WatchedSource) -> u64| open.iter().map(|source| of(source)).sum::<u64>();
    let running = running(watched, &open, now);
    let coming: u64 = watched.loading.iter().map(|load| load.rows).sum();
    let copy = Done {
        tasks: sum(|source| source.tables),
        tasks_done: sum(|source| source.tables_done),
        rows: sum(|source| source.rows),
        rows_done: sum(|source| source.rows_done),
    };
    *rows_seen = (*rows_seen).max(copy.rows_done + coming).min(copy.rows).max(copy.rows_done);
    let is_copied = copy.tasks_done == copy.tasks && copy.rows_done == copy.rows;
    let verify = Done {
        tasks_done: sum(|source| source.tables_verified),
        // How far it is inside a table is not known here: tables are counted, not rows.
        rows: 0,
        rows_done: 0,
        ..copy
    };
    let is_active = matches!(watched.state, WatchState::Running | WatchState::Silent) && !open.is_empty();
    let copying = is_active && !is_copied;
    board.set(Phase::Copy, copying.then_some(Done { rows_done: *rows_seen, ..copy }), running, now);
    let verifying = is_active && is_copied && verify.tasks_done > 0 && verify.tasks_done < verify.tasks;
    board.set(Phase::Verify, verifying.then_some(verify), Vec::new(), now);
    for phase in [Phase::Index, Phase::Constrain, Phase::Maintain] {
        let steps = open.iter().flat_map(|source| &source.steps).filter(|step| phase_of(&step.kind) == phase);
        let (all, done) = steps.fold((0, 0), |(all, done), step| (all + step.all, done + step.done));
        let working = is_active && is_copied && done < all;
        let steps = Done { tasks: all, tasks_done: done, rows: 0, rows_done: 0 };
        board.set(phase, working.then_some(steps), Vec::new(), now);
    }
}

/// Tables into which rows are going, or of which a part is there.
fn running(watched: &Watched, open: &[&WatchedSource], now: Instant) -> Vec<Running> {
    // Seen at work, so at work for a while.
    let started = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
    let task = |name: &str, rows: u64, done: u64| {
        let counters = Arc::new(TaskCounters::default());
        counters.add(done, 0);
        Running { name: name.to_owned(), rows, bytes: 0, started, counters }
    };
    let parts: Vec<_> = open.iter().flat_map(|source| &source.at_work).collect();
    let coming = |table: &str| {
        watched.loading.iter().filter(|load| load.table == table).map(|load| load.rows).sum::<u64>()
    };
    let mut tasks: Vec<Running> = parts
        .iter()
        .map(|part| task(&part.table, part.rows, (part.rows_done + coming(&part.table)).min(part.rows)))
        .collect();
    for load in watched.loading.iter().filter(|load| load.rows > 0) {
        if !parts.iter().any(|part| part.table == load.table) {
            tasks.push(task(&load.table, 0, load.rows));
        }
    }
    tasks
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
