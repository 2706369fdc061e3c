//! Tables that a script builds anew, because SQLite's ALTER TABLE cannot change them: their new form is made beside the old
//! one, gets its rows and takes its name. PostgreSQL changes the table itself.

use super::Step;
use crate::catalog::script::{Insert, Rows, Statement};
use crate::catalog::select::{Select, SelectCore, Source};
use std::ops::RangeInclusive;

/// One table that is built anew.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rebuild {
    /// the table, in SQLite's names
    pub table: String,
    /// where the other form stands meanwhile
    pub beside: String,
    /// it is the old form that is moved aside, and the new one is made under the table's name
    pub is_aside: bool,
    /// the place of the INSERT that gives it its rows
    pub insert: usize,
}

/// Statements that are one change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// their places, others between them
    pub places: RangeInclusive<usize>,
    /// the tables
    pub rebuilds: Vec<Rebuild>,
}

/// The groups of a script, in its order.
pub(super) fn groups(steps: &[Step]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for end in 0..steps.len() {
        let Some((begin, rebuild)) = by_rename_last(steps, end).or_else(|| by_drop_last(steps, end)) else {
            continue;
        };
        let end = end + objects_behind(&steps[end + 1..], &rebuild.table);
        let (mut begin, mut rebuilds) = (begin, vec![rebuild]);
        // Tables that are built anew one within the other are one change.
        while let Some(last) = groups.pop_if(|last| *last.places.end() > begin) {
            begin = begin.min(*last.places.start());
            rebuilds.splice(0..0, last.rebuilds);
        }
        groups.push(Group { places: begin..=end, rebuilds });
    }
    groups
}

/// How many statements behind it make the table's indexes, triggers and views again, which went with its old form.
fn objects_behind(steps: &[Step], table: &str) -> usize {
    let is_object = |step: &&Step| match statement(step) {
        Some(Statement::CreateIndex { table: of }) => same(of, table),
        Some(Statement::OtherDdl) => true,
        _ => false,
    };
    steps.iter().take_while(is_object).count()
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn statement(step: &Step) -> Option<&Statement> {
    step.statement.as_ref().ok()
}

/// CREATE new; INSERT INTO new SELECT … FROM old; DROP old; ALTER new RENAME TO old.
fn by_rename_last(steps: &[Step], end: usize) -> Option<(usize, Rebuild)> {
    let Some(Statement::RenameTable { table: beside, to: table }) = statement(&steps[end]) else {
        return None;
    };
    let is_drop = |step: &Step| matches!(statement(step), Some(Statement::DropTable { table: name }) if same(name, table));
    let drop = steps[..end].iter().rposition(is_drop)?;
    let begin = creation(steps, drop, beside)?;
    let is_known = steps[begin].before.catalog.table(table).is_some();
    let insert = insert(&steps[begin..drop], beside, table)? + begin;
    let rebuild = Rebuild { table: table.clone(), beside: beside.clone(), is_aside: false, insert };
    is_known.then_some((begin, rebuild))
}

/// ALTER old RENAME TO aside; CREATE old; INSERT INTO old SELECT … FROM aside; DROP aside.
fn by_drop_last(steps: &[Step], end: usize) -> Option<(usize, Rebuild)> {
    let Some(Statement::DropTable { table: beside }) = statement(&steps[end]) else { return None };
    let is_rename =
        |step: &Step| matches!(statement(step), Some(Statement::RenameTable { to, .. }) if same(to, beside));
    let begin = steps[..end].iter().rposition(is_rename)?;
    let Some(Statement::RenameTable { table, .. }) = statement(&steps[begin]) else { return None };
    let created = creation(steps, end, table).filter(|created| *created > begin)?;
    let insert = insert(&steps[created..end], table, beside)? + created;
    Some((begin, Rebuild { table: table.clone(), beside: beside.clone(), is_aside: true, insert }))
}

/// The last CREATE TABLE of that name before `end`, which made a table.
fn creation(steps: &[Step], end: usize, table: &str) -> Option<usize> {
    steps[..end].iter().rposition(|step| {
        let is_made = step.before.catalog.table(table).is_none() && step.after.catalog.table(table).is_some();
        is_made && matches!(statement(step), Some(Statement::CreateTable { from_select: false, .. }))
    })
}

fn insert(steps: &[Step], into: &str, from: &str) -> Option<usize> {
    steps.iter().position(|step| match statement(step) {
        Some(Statement::Insert(insert)) => same(&insert.table, into) && reads(insert, from),
        _ => false,
    })
}

fn reads(insert: &Insert, table: &str) -> bool {
    let Rows::Select(Select { first: SelectCore::Query(query), .. }) = &insert.rows else { return false };
    let Some(from) = &query.from else { return false };
    matches!(&from.first, Source::Table { name, .. } if same(name, table))
}
