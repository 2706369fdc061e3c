//! What is wrong with a ledger: rows whose seal does not hold, rows that are gone, rows that are there twice.

use super::ledger::SourceState;
use crate::counts::plural;
use crate::error::Error;
use std::fmt::Display;
use tokio_postgres::Row;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// the row or the table, and what is wrong with it, as a sentence
    pub what: String,
    /// the step whose row it is
    pub step: Option<i32>,
}

/// What the rows of one source come to. `source` has the columns `intact` and the numbers of rows that it had; the others are
/// in the order of their keys, each with `intact`.
pub(super) fn of_source(source: &Row, before: &[Row], chunks: &[Row], steps: &[Row]) -> Vec<Damage> {
    let mut all = Vec::new();
    if !source.get::<_, bool>("intact") {
        all.push(changed("the source's own row in cutover.source", None));
    }
    let table = |row: &Row| format!("the row of table \"{}\" in cutover.before", row.get::<_, String>(0));
    all.extend(of_rows(before, table, |_| None));
    let chunk = |row: &Row| {
        format!("chunk {} of table \"{}\" in cutover.chunk", row.get::<_, i32>(1), row.get::<_, String>(0))
    };
    all.extend(of_rows(chunks, chunk, |_| None));
    let number = |row: &Row| row.get::<_, i32>(0);
    all.extend(of_rows(
        steps,
        |row| format!("step {} in cutover.step", number(row)),
        |row| Some(number(row)),
    ));
    for (table, rows) in [("before", before), ("chunk", chunks), ("step", steps)] {
        all.extend(counted(table, source.get(format!("{table}_rows").as_str()), rows.len()));
    }
    all
}

fn of_rows<T: Display>(
    rows: &[Row],
    place: impl Fn(&Row) -> T,
    step: impl Fn(&Row) -> Option<i32>,
) -> Vec<Damage> {
    let edited = rows.iter().filter(|row| !row.get::<_, bool>("intact"));
    let mut all: Vec<Damage> = edited.map(|row| changed(place(row), step(row))).collect();
    let names: Vec<String> = rows.iter().map(|row| place(row).to_string()).collect();
    let doubles = names.windows(2).zip(rows).filter(|(pair, _)| pair[0] == pair[1]);
    all.extend(doubles.map(|(pair, row)| twice(&pair[0], step(row))));
    all
}

fn changed(place: impl Display, step: Option<i32>) -> Damage {
    Damage { what: format!("{place} is not as it was written"), step }
}

fn twice(place: impl Display, step: Option<i32>) -> Damage {
    Damage { what: format!("{place} is there twice"), step }
}

fn counted(table: &str, written: i64, found: usize) -> Option<Damage> {
    (found as i64 != written).then(|| Damage {
        what: format!(
            "cutover.{table} has {} of this source instead of {written}",
            plural(found as u64, "row")
        ),
        step: None,
    })
}

/// Two rows of one source: the constraints that forbid it are gone.
pub(super) fn mark_doubles(states: &mut [SourceState]) {
    let same = |a: &SourceState, b: &SourceState| {
        a.source_id == b.source_id || (a.path == b.path && a.schema == b.schema)
    };
    let doubled = |state: &SourceState| states.iter().filter(|other| same(state, other)).count() > 1;
    let doubled: Vec<bool> = states.iter().map(doubled).collect();
    for (state, _) in states.iter_mut().zip(doubled).filter(|(_, doubled)| *doubled) {
        state.damage.push(twice("the source's own row in cutover.source", None));
    }
}

/// The refusal of a ledger of which tables are gone.
pub(super) fn broken(gone: &[String]) -> Error {
    let names: Vec<String> = gone.iter().map(|table| format!("cutover.{table}")).collect();
    let message = format!("the ledger is damaged: of its tables {} gone", is_are(&names));
    Error::refused(message, Vec::new()).remedy(
        "`cutover verify` compares the target without the ledger; what was laid aside is to be made by hand where it is missing, \
         then DROP SCHEMA cutover CASCADE",
    )
}

fn is_are(names: &[String]) -> String {
    match names {
        [only] => format!("{only} is"),
        _ => format!("{} are", names.join(", ")),
    }
}
