//! When each phase and each table was at work, as bars along the time of the run.

use super::axis::{self, Tick, percent};
use crate::outcome::{RunReport, Span, TableReport};
use crate::report::human;
use crate::report::view::Bounds;
use crate::report::view::text::name;

/// Tables that have a bar: those that took longest. More of them would be a page of bars.
const TABLES_MAX: usize = 25;

/// Characters of a table's name beside its bar, on the narrowest screen; the whole is in the bar's description.
const LABEL_CHARS: usize = 36;

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timeline {
    pub(super) ticks: Vec<Tick>,
    pub(super) phases: Vec<Row>,
    pub(super) tables: Vec<Row>,
    /// tables that were at work, with a bar or without
    pub(super) at_work: u64,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// pixels from the top of the picture
    pub(super) top: usize,
    pub(super) label: String,
    /// what it did and when, in a sentence
    pub(super) told: String,
    /// how long in all
    pub(super) took: String,
    pub(super) bars: Vec<Bar>,
}

/// One stretch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    /// per cent of the run
    pub(super) x: String,
    pub(super) width: String,
    /// class of its colour
    pub(super) class: &'static str,
    /// which of the lanes of its line, from 0
    pub(super) lane: usize,
}

impl Timeline {
    pub(super) fn is_empty(&self) -> bool {
        self.phases.is_empty()
    }

    /// Pixels of the phases' picture, its axis included.
    pub(super) fn phases_height(&self) -> usize {
        self.phases.len() * ROW + AXIS
    }

    pub(super) fn tables_height(&self) -> usize {
        self.tables.len() * ROW + AXIS
    }

    pub(super) fn has_more(&self) -> bool {
        self.at_work > self.tables.len() as u64
    }

    pub(super) fn axis_at(&self, rows: usize) -> usize {
        rows * ROW + 16
    }
}

impl Row {
    /// Pixels from the top of the picture to the label's foot.
    pub(super) fn label_at(&self) -> usize {
        self.top + 14
    }

    /// Pixels from the top of the picture to one of three lanes.
    pub(super) fn lane_at(&self, lane: &usize) -> usize {
        self.top + 20 + lane * 5
    }
}

/// Pixels of one line: its label, and below it the bars.
const ROW: usize = 40;

/// Pixels for the axis below the lines.
const AXIS: usize = 22;

pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Timeline {
    let total = end_of(report);
    let mut at_work: Vec<&TableReport> =
        report.tables.iter().filter(|table| !spans(table).is_empty()).collect();
    at_work.sort_by(|one, other| length(other).total_cmp(&length(one)));
    let all = at_work.len() as u64;
    at_work.truncate(TABLES_MAX);
    at_work.sort_by(|one, other| began(one).total_cmp(&began(other)));
    Timeline {
        ticks: axis::of_time(total),
        phases: phases(report, total),
        tables: (0..).zip(at_work).map(|(line, table)| table_row(line, table, total, bounds)).collect(),
        at_work: all,
    }
}

/// The run's end; a phase that ended after it, by a rounding, moves it.
fn end_of(report: &RunReport) -> f64 {
    let phases = report.run.phases.iter().map(|phase| phase.started + phase.seconds);
    phases.fold(report.run.seconds, f64::max)
}

/// One line for each name, with all its stretches.
fn phases(report: &RunReport, total: f64) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for phase in &report.run.phases {
        if !names.contains(&phase.name.as_str()) {
            names.push(&phase.name);
        }
    }
    let row = |(line, name_): (usize, &str)| {
        let of_name = || report.run.phases.iter().filter(|phase| phase.name == name_);
        let took: f64 = of_name().map(|phase| phase.seconds).sum();
        let started = of_name().map(|phase| phase.started).fold(f64::MAX, f64::min);
        let bar = |phase: &crate::outcome::PhaseSpan| Bar {
            x: percent(phase.started, total),
            width: percent(phase.seconds, total),
            class: class_of(name_),
            lane: 0,
        };
        let label = name(&words_of(name_), LABEL_CHARS);
        let told = format!("{label}: began after {}, took {}", human::seconds(started), human::seconds(took));
        Row { top: line * ROW, label, told, took: human::seconds(took), bars: of_name().map(bar).collect() }
    };
    names.into_iter().enumerate().map(row).collect()
}

/// The phase as people call it.
fn words_of(phase: &str) -> String {
    match phase {
        "open" => "Opening both sides",
        "hook" => "Hooks of the configuration",
        "backup" => "Backing up the sources",
        "page check" => "Checking the source's pages",
        "profile" => "Reading every value once",
        "plan" => "Planning",
        "prepare" => "Making the tables",
        "copy" => "Copying the rows",
        "reread" => "Reading the source again",
        "verify" => "Comparing both sides",
        "index" => "Keys and indexes",
        "constrain" => "Foreign keys, views, sequences",
        "maintain" => "Vacuum and statistics",
        "record" => "Writing the record",
        other => other,
    }
    .to_owned()
}

/// The colour of a phase, and of a table's work in it.
pub(super) fn class_of(phase: &str) -> &'static str {
    match phase {
        "copy" => "copy",
        "verify" | "reread" => "verify",
        "index" | "constrain" => "index",
        _ => "other",
    }
}

/// What was done for a table: colour, lane, words, when.
fn spans(table: &TableReport) -> Vec<(&'static str, usize, &'static str, Span)> {
    let spans = [
        ("copy", 0, "copied", table.spans.copy),
        ("verify", 1, "compared", table.spans.verify),
        ("index", 2, "indexed", table.spans.index),
    ];
    spans.into_iter().filter_map(|(class, lane, verb, span)| Some((class, lane, verb, span?))).collect()
}

/// What was spent on it: its share, where it was worked on together with others.
fn length(table: &TableReport) -> f64 {
    table.seconds.copy + table.seconds.verify + table.seconds.index
}

fn began(table: &TableReport) -> f64 {
    spans(table).iter().map(|(.., span)| span.started).fold(f64::MAX, f64::min)
}

fn table_row(line: usize, table: &TableReport, total: f64, bounds: &Bounds) -> Row {
    let spans = spans(table);
    let bar = |(class, lane, _, span): &(&'static str, usize, &str, Span)| Bar {
        x: percent(span.started, total),
        width: percent(span.ended - span.started, total),
        class,
        lane: *lane,
    };
    let parts: Vec<String> = spans
        .iter()
        .map(|(_, _, verb, span)| {
            format!("{verb} from {} to {}", human::seconds(span.started), human::seconds(span.ended))
        })
        .collect();
    Row {
        top: line * ROW,
        label: name(&table.source, LABEL_CHARS),
        told: format!("{}: {}", name(&table.source, bounds.name_chars), parts.join(", ")),
        took: human::seconds(length(table)),
        bars: spans.iter().map(bar).collect(),
    }
}
