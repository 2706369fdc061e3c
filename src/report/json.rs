//! Progress as JSON lines on stderr, for programs: one object per line.
//!
//! `phase_started`, `phase_finished`, `task_started`, `task_finished`, `progress` (every second and phase), `note`.
//! Fields, where they apply: `phase`, `name`, `rows`, `bytes`, `seconds`, `tasks`; in `progress`, `rows` and `bytes`
//! are what is done, `rows_total`, `bytes_total` and `tasks` are what there is (0 where unknown). New fields may come.

use crate::event::Event;
use crate::report::board::{Board, Progress};
use crate::report::screen::Painter;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

/// Writes objects to `out`; one that cannot be written is lost.
pub(super) struct Json {
    out: Box<dyn Write + Send>,
}

impl Json {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Json {
        Json { out }
    }

    fn write(&mut self, object: &Value) {
        let _ = writeln!(self.out, "{object}").and_then(|()| self.out.flush());
    }
}

/// The fields and `event`.
fn object(event: &str, fields: Value) -> Value {
    let mut object = Map::from_iter([("event".to_owned(), Value::from(event))]);
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object)
}

fn of_event(event: &Event) -> Value {
    match event {
        Event::PhaseStarted { phase, tasks, rows, bytes } => object(
            "phase_started",
            json!({"phase": phase.name(), "tasks": tasks, "rows": rows, "bytes": bytes}),
        ),
        Event::PhaseFinished { phase, seconds } => {
            object("phase_finished", json!({"phase": phase.name(), "seconds": seconds}))
        }
        Event::TaskStarted { phase, name, rows, bytes, .. } => {
            object("task_started", json!({"phase": phase.name(), "name": name, "rows": rows, "bytes": bytes}))
        }
        Event::TaskFinished { phase, name, rows, seconds } => object(
            "task_finished",
            json!({"phase": phase.name(), "name": name, "rows": rows, "seconds": seconds}),
        ),
        Event::Note { text } => object("note", json!({"text": text})),
    }
}

fn of_progress(progress: &Progress, now: Instant) -> Value {
    let (rows, bytes) = progress.done();
    let seconds = now.saturating_duration_since(progress.started).as_secs_f64();
    let rate = progress.rate(now);
    object(
        "progress",
        json!({
            "phase": progress.phase.name(),
            "tasks_done": progress.tasks_done,
            "tasks": progress.tasks,
            "rows": rows,
            "rows_total": progress.rows,
            "bytes": bytes,
            "bytes_total": progress.bytes,
            "seconds": seconds,
            "seconds_left": rate.and_then(|rate| rate.left),
            "running": progress.running.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(),
        }),
    )
}

impl Painter for Json {
    fn period(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn event(&mut self, _: &Board, event: &Event, _: Instant) {
        self.write(&of_event(event));
    }

    fn tick(&mut self, board: &Board, now: Instant) {
        for progress in board.phases() {
            self.write(&of_progress(progress, now));
        }
    }

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Phase, TaskCounters};
    use crate::report::lines::tests::Paper;
    use std::sync::Arc;

    #[test]
    fn one_object_per_line_also_for_odd_names() {
        let (paper, t0, mut board) = (Paper::default(), Instant::now(), Board::default());
        let mut json = Json::new(Box::new(paper.clone()));
        let (phase, name) = (Phase::Copy, "a\"\n\u{1b}b".to_owned());
        let counters = Arc::new(TaskCounters::default());
        counters.add(5, 70);
        for event in [
            Event::PhaseStarted { phase, tasks: 2, rows: 10, bytes: 100 },
            Event::TaskStarted { phase, name: name.clone(), rows: 10, bytes: 100, counters },
            Event::Note { text: "one\ntwo".to_owned() },
        ] {
            board.apply(&event, t0);
            json.event(&board, &event, t0);
        }
        json.tick(&board, t0 + Duration::from_secs(2));
        json.event(&board, &Event::TaskFinished { phase, name: name.clone(), rows: 10, seconds: 2.5 }, t0);
        json.event(&board, &Event::PhaseFinished { phase, seconds: 3.5 }, t0);
        let objects: Vec<Value> =
            paper.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = [
            json!({"event": "phase_started", "phase": "copy", "tasks": 2, "rows": 10, "bytes": 100}),
            json!({"event": "task_started", "phase": "copy", "name": name, "rows": 10, "bytes": 100}),
            json!({"event": "note", "text": "one\ntwo"}),
            json!({"event": "progress", "phase": "copy", "tasks_done": 0, "tasks": 2, "rows": 5, "rows_total": 10,
                "bytes": 70, "bytes_total": 100, "seconds": 2.0, "seconds_left": 30.0 / 35.0, "running": [name]}),
            json!({"event": "task_finished", "phase": "copy", "name": name, "rows": 10, "seconds": 2.5}),
            json!({"event": "phase_finished", "phase": "copy", "seconds": 3.5}),
        ];
        assert_eq!(objects, expected);
    }
}
