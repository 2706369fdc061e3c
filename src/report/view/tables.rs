//! The tables, largest first.

use super::text::{name, sentence};
use super::{Bounds, Tone};
use crate::outcome::{RunReport, TableReport, Verify};
use crate::report::human;
use std::cmp::Reverse;

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct TableLine {
    /// its name in the source
    pub(in crate::report) source: String,
    /// its name in the target, where that is another one
    pub(in crate::report) target: Option<String>,
    pub(in crate::report) rows: u64,
    pub(in crate::report) copied: u64,
    pub(in crate::report) held: Option<u64>,
    pub(in crate::report) set_aside: u64,
    pub(in crate::report) bytes: u64,
    /// parts of the largest table's, in per cent: `43.2`
    pub(in crate::report) rows_share: String,
    pub(in crate::report) bytes_share: String,
    pub(in crate::report) verify: Verify,
    /// why it could not be compared, in what it differs, how it is partitioned, how often it was tried again
    pub(in crate::report) notes: Vec<String>,
    /// copy, verify, index; absent where nothing was done
    pub(in crate::report) seconds: [Option<f64>; 3],
}

/// All of them, as far as they are shown.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Tables {
    pub(in crate::report) shown: Vec<TableLine>,
    /// `and 12 more with 1,200 rows`, where there are more
    pub(in crate::report) more: Option<String>,
    /// something was copied
    pub(in crate::report) is_copied: bool,
    /// something was, or should have been, compared
    pub(in crate::report) is_compared: bool,
}

/// How a comparison came out, in words.
pub(in crate::report) fn verify_word(verify: Verify) -> (&'static str, Tone) {
    match verify {
        Verify::Match => ("equal", Tone::Good),
        Verify::Sampled => ("sample equal", Tone::Plain),
        Verify::Differs => ("differs", Tone::Bad),
        Verify::NotComparable => ("not comparable", Tone::Care),
        Verify::NotRun => ("not compared", Tone::Plain),
    }
}

pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Tables {
    let (mut tables, rest) = selected(&report.tables, bounds.tables);
    tables.sort_by_key(|table| largest_first(table));
    let most = |part: fn(&TableReport) -> u64| tables.iter().map(|table| part(table)).max().unwrap_or(0);
    let most = (most(|table| table.rows.source), most(|table| table.bytes));
    Tables {
        shown: tables.iter().map(|table| line(table, most, bounds)).collect(),
        more: (!rest.is_empty()).then(|| more(&rest)),
        is_copied: report.run.command == "copy",
        is_compared: report.run.command != "validate",
    }
}

fn largest_first(table: &TableReport) -> (Reverse<u64>, Reverse<u64>, &str) {
    (Reverse(table.bytes), Reverse(table.rows.source), &table.source)
}

/// Those that are shown, and the others: what is not equal comes before what is, and then what is larger.
fn selected(tables: &[TableReport], max: usize) -> (Vec<&TableReport>, Vec<&TableReport>) {
    let mut shown: Vec<&TableReport> = tables.iter().collect();
    let rank = |table: &TableReport| match table.verify {
        Verify::Differs => 0,
        Verify::NotComparable => 1,
        Verify::NotRun | Verify::Sampled | Verify::Match => 2,
    };
    shown.sort_by_key(|table| (rank(table), largest_first(table)));
    let rest = shown.split_off(max.min(shown.len()));
    (shown, rest)
}

fn more(rest: &[&TableReport]) -> String {
    let rows = rest.iter().map(|table| table.rows.source).sum();
    let bytes = rest.iter().map(|table| table.bytes).sum();
    let equal = rest.iter().filter(|table| table.verify == Verify::Match).count();
    let verdict = match equal == rest.len() {
        true => ", all equal",
        false => "",
    };
    let count = human::count(rest.len() as u64);
    format!("and {count} more with {} and {}{verdict}", human::plural(rows, "row"), human::bytes(bytes))
}

fn line(table: &TableReport, (rows, bytes): (u64, u64), bounds: &Bounds) -> TableLine {
    let seconds = &table.seconds;
    let spent = |seconds: f64| (seconds > 0.0).then_some(seconds);
    TableLine {
        source: name(&table.source, bounds.name_chars),
        target: (table.source != table.target).then(|| name(&table.target, bounds.name_chars)),
        rows: table.rows.source,
        copied: table.rows.copied,
        held: table.rows.target,
        set_aside: table.rows.set_aside,
        bytes: table.bytes,
        rows_share: share(table.rows.source, rows),
        bytes_share: share(table.bytes, bytes),
        verify: table.verify,
        notes: notes(table, bounds),
        seconds: [spent(seconds.copy), spent(seconds.verify), spent(seconds.index)],
    }
}

fn share(part: u64, of: u64) -> String {
    if of == 0 { "0".to_owned() } else { format!("{:.1}", part as f64 / of as f64 * 100.0) }
}

fn notes(table: &TableReport, bounds: &Bounds) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend((!table.verify_note.is_empty()).then(|| sentence(&table.verify_note, bounds.text_chars)));
    notes.extend(
        (table.rows.set_aside > 0)
            .then(|| format!("{} set aside", human::plural(table.rows.set_aside, "row"))),
    );
    notes.extend(table.partition.as_ref().map(|partition| {
        let count = human::plural(partition.ranges.len() as u64, "partition");
        let (column, every) =
            (name(&partition.column, bounds.name_chars), name(&partition.every, bounds.name_chars));
        format!("{count} and a default one, by {column}, every {every}")
    }));
    notes.extend(
        (table.retries > 0).then(|| format!("tried again: {}", human::plural(table.retries, "time"))),
    );
    notes
}
