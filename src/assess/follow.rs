//! Children of rows that are set aside, and orphans: followed before the copy, to a fixpoint where the policy sets them aside,
//! else one step, to count them. What is found is kept by the job, for [`super::aside::Judge`].

use super::aside::{Judge, row_id, sets_orphans_aside};
use super::job::{Job, key_text};
use super::{parents, pool};
use crate::checkpoint::ScanRange;
use crate::error::{Error, Result};
use crate::limits::{EXAMPLES_MAX, SET_ASIDE_KEYS_AT_ONCE};
use crate::plan::types::{Codec, PgType};
use crate::plan::{OrphanProbe, Plan, TablePlan};
use crate::sqlite::aside::{AsideRows, Same, Search};
use crate::sqlite::scan::scan;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Orphans that were found of one foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrphansFound {
    /// how many
    pub count: u64,
    /// those of them whose parent is in the source and set aside
    pub parents_aside: u64,
    /// keys of the first
    pub keys: Vec<String>,
}

impl OrphansFound {
    fn note(&mut self, table: &TablePlan, row: i64) {
        self.count += 1;
        if self.keys.len() < EXAMPLES_MAX {
            self.keys.push(row_text(table, row));
        }
    }
}

fn row_text(table: &TablePlan, row: i64) -> String {
    match table.rowid_name() {
        Some(_) => key_text(Some(row), 0),
        None => key_text(None, row.cast_unsigned()),
    }
}

/// The foreign keys of a plan whose ends are known, with a number for each, its table and its place there.
struct Keys<'a>(Vec<(usize, usize, &'a OrphanProbe)>);

impl<'a> Keys<'a> {
    fn of(plan: &'a Plan) -> Keys<'a> {
        let all = plan.tables.iter().enumerate();
        let keys = all.flat_map(|(t, table)| {
            let keys = table.foreign_keys.iter().enumerate();
            keys.filter_map(move |(k, key)| Some((t, k, key.probe.as_ref()?)))
        });
        Keys(keys.collect())
    }

    fn is_quarantined(&self, plan: &Plan, number: usize) -> bool {
        self.0.get(number).is_some_and(|(t, k, _)| plan.tables[*t].foreign_keys[*k].quarantine)
    }

    /// Numbers of those that refer to `table`.
    fn referring(&self, table: &str) -> Vec<(usize, &'a [String])> {
        let numbered = self.0.iter().enumerate().filter(|(_, (_, _, probe))| probe.parent == table);
        numbered.map(|(number, (_, _, probe))| (number, probe.parent_columns.as_slice())).collect()
    }
}

/// Looks for the rows of a stored plan that are set aside for their parents, where it has any such policy; the job keeps
/// them. [`super::plan`] has done so for the plans that it makes.
///
/// # Errors
/// A source fault; no room for temporary files.
pub async fn prepare(job: &Arc<Job>, plan: &Plan, jobs: usize) -> Result<()> {
    if !plan.tables.iter().any(sets_orphans_aside) || job.aside.get().is_some() {
        return Ok(());
    }
    let rows = Arc::new(new_rows(plan)?);
    let (shared, kept) = (Arc::clone(job), Arc::clone(&rows));
    pool::blocking(jobs, plan.tables.clone(), move |table| {
        let Some(mut judge) = Judge::of_values(table) else { return Ok(()) };
        let (mut number, mut bad) = (0, BadRows::new(&kept, table));
        scan(&*shared.source.reader()?, &shared.scan_of_plan(table), &ScanRange::WHOLE, |row| {
            number += 1;
            judge.verdict(row, number)?.map_or(Ok(()), |_| bad.add(row_id(row, number)))
        })?;
        bad.finish()
    })
    .await?;
    settle(job, plan, rows, jobs).await.map(drop)
}

/// The rows of `plan`'s tables, of which none is set aside yet.
///
/// # Errors
/// No room for a temporary file.
pub fn new_rows(plan: &Plan) -> Result<AsideRows> {
    AsideRows::new(plan.tables.iter().map(|table| table.source.clone()).collect())
}

/// Rows of one table with bad values on their way into the store.
#[derive(Debug)]
pub struct BadRows<'a> {
    rows: &'a AsideRows,
    table: &'a str,
    waiting: Vec<i64>,
}

impl<'a> BadRows<'a> {
    /// None yet.
    pub fn new(rows: &'a AsideRows, table: &'a TablePlan) -> BadRows<'a> {
        BadRows { rows, table: &table.source, waiting: Vec::new() }
    }

    /// One more.
    ///
    /// # Errors
    /// No room for the temporary file.
    pub fn add(&mut self, row: i64) -> Result<()> {
        self.waiting.push(row);
        if self.waiting.len() >= SET_ASIDE_KEYS_AT_ONCE { self.flush() } else { Ok(()) }
    }

    /// That was all.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn finish(mut self) -> Result<()> {
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.add_for_values(self.table, &std::mem::take(&mut self.waiting))
    }
}

/// Follows what is set aside to its children: where the plan sets orphans aside, until nothing changes; else one step, to
/// count them. Gives what was found for each foreign key, by table and key; the job keeps the rows.
///
/// # Errors
/// A source fault; no room for temporary files.
pub async fn settle(
    job: &Arc<Job>,
    plan: &Plan,
    rows: Arc<AsideRows>,
    jobs: usize,
) -> Result<Vec<Vec<OrphansFound>>> {
    let (shared, kept, whole) = (Arc::clone(job), Arc::clone(&rows), Arc::new(plan.clone()));
    let tables = Arc::clone(&whole);
    let followed = pool::blocking(1, vec![()], move |()| follow(&shared, &tables, &kept)).await?;
    let mut found = followed.into_iter().next().ok_or_else(|| Error::internal("a task without a result"))?;
    let (shared, kept, tables) = (Arc::clone(job), Arc::clone(&rows), Arc::clone(&whole));
    let counts = pool::blocking(jobs, uncertain(job, plan, &rows)?, move |number| {
        count_orphans(&shared, &tables, &kept, *number)
    });
    for (t, k, orphans) in counts.await? {
        found[t][k] = orphans;
    }
    let rows = Arc::try_unwrap(rows).map_err(|_| Error::internal("a thread outlived its phase"))?;
    // Of two that looked only the first one's are kept: both have found the same.
    let _ = job.aside.set(rows);
    Ok(found)
}

/// Sets children aside until nothing changes: a key is looked at again when a row that it may refer to has gone.
fn follow(job: &Job, plan: &Plan, rows: &AsideRows) -> Result<Vec<Vec<OrphansFound>>> {
    let keys = Keys::of(plan);
    let none = |table: &TablePlan| vec![OrphansFound::default(); table.foreign_keys.len()];
    let mut found: Vec<Vec<OrphansFound>> = plan.tables.iter().map(none).collect();
    for table in &plan.tables {
        let referring = keys.referring(&table.source);
        if !referring.is_empty() && rows.has_any(&table.source)? {
            let search = search(job, (plan, table), None, referring);
            rows.set_aside(&*job.source.reader()?, &search.as_search(), 0, |_| {})?;
        }
    }
    let mut due: BTreeSet<usize> =
        (0..keys.0.len()).filter(|number| keys.is_quarantined(plan, *number)).collect();
    while let Some(number) = due.pop_first() {
        let (t, k, probe) = keys.0[number];
        let (table, found) = (&plan.tables[t], &mut found[t][k]);
        let search = search(job, (plan, table), Some((number, probe)), keys.referring(&table.source));
        let before = found.count;
        rows.set_aside(&*job.source.reader()?, &search.as_search(), k, |row| found.note(table, row))?;
        if found.count > before {
            due.extend(search.referring.iter().map(|(number, _)| *number));
        }
    }
    Ok(found)
}

/// Numbers of the keys whose orphans are counted: they are not set aside, and the profile does not prove that there are none.
fn uncertain(job: &Job, plan: &Plan, rows: &AsideRows) -> Result<Vec<usize>> {
    let keys = Keys::of(plan);
    let mut uncertain = Vec::new();
    for (number, (t, _, probe)) in keys.0.iter().enumerate() {
        let parent = plan.tables.iter().find(|table| table.source == probe.parent);
        let has_all = |parent| parents::has_all(job, &plan.tables[*t], parent, probe);
        let is_certain = parent.is_some_and(has_all) && !rows.has_any(&probe.parent)?;
        if !keys.is_quarantined(plan, number) && !is_certain {
            uncertain.push(number);
        }
    }
    Ok(uncertain)
}

/// Orphans of a key whose policy is another one: they are copied, or refused.
fn count_orphans(
    job: &Job,
    plan: &Plan,
    rows: &AsideRows,
    number: usize,
) -> Result<(usize, usize, OrphansFound)> {
    let (t, k, probe) = Keys::of(plan).0[number];
    let (table, mut found) = (&plan.tables[t], OrphansFound::default());
    let search = search(job, (plan, table), Some((number, probe)), Vec::new());
    rows.each(&*job.source.reader()?, &search.as_search(), |row| {
        found.parents_aside += u64::from(row.parent_aside);
        found.note(table, row.row);
        Ok(())
    })?;
    Ok((t, k, found))
}

/// A search with what it borrows from the job.
struct OwnedSearch<'a> {
    table: &'a TablePlan,
    order: Vec<String>,
    orphans_of: Option<(usize, &'a OrphanProbe)>,
    filters: [Option<&'a str>; 2],
    empty_is_null: [Vec<&'a str>; 2],
    same: Vec<Same>,
    referring: Vec<(usize, &'a [String])>,
}

impl OwnedSearch<'_> {
    fn as_search(&self) -> Search<'_> {
        Search {
            table: &self.table.source,
            rowid: self.table.rowid_name(),
            order: &self.order,
            orphans_of: self.orphans_of,
            filters: self.filters,
            empty_is_null: self.empty_is_null.clone(),
            same: self.same.clone(),
            referring: self.referring.clone(),
        }
    }
}

fn search<'a>(
    job: &Job,
    (plan, table): (&'a Plan, &'a TablePlan),
    orphans_of: Option<(usize, &'a OrphanProbe)>,
    referring: Vec<(usize, &'a [String])>,
) -> OwnedSearch<'a> {
    let parent = orphans_of.and_then(|(_, probe)| plan.tables.iter().find(|t| t.source == probe.parent));
    let ends = [Some(table), parent];
    OwnedSearch {
        table,
        order: job.row_order(table),
        orphans_of,
        filters: ends.map(|table| table.and_then(|table| table.filter.as_deref())),
        empty_is_null: ends.map(|table| table.map(empty_is_null).unwrap_or_default()),
        same: orphans_of.zip(parent).map_or_else(Vec::new, |((_, probe), parent)| same(probe, table, parent)),
        referring,
    }
}

fn empty_is_null(table: &TablePlan) -> Vec<&str> {
    let columns = table.columns.iter().filter(|column| column.changes().empty_null);
    columns.map(|column| column.source.as_str()).collect()
}

/// What the target compares beyond what SQLite does: texts and bytes have one spelling, numbers have several.
fn same(probe: &OrphanProbe, child: &TablePlan, parent: &TablePlan) -> Vec<Same> {
    let mapping = |table: &TablePlan, name: &String| {
        table.columns.iter().find(|column| column.source == *name).map(|column| column.mapping.clone())
    };
    let pairs = probe.columns.iter().zip(&probe.parent_columns);
    let both = pairs.map(|(column, other)| mapping(child, column).zip(mapping(parent, other)));
    both.map(|both| match both {
        Some((child, parent)) if child.codec == Codec::Tagged && parent.codec == Codec::Tagged => Same::Class,
        Some((child, parent)) if [&child, &parent].iter().all(|end| is_spelled(&end.pg)) => Same::Text,
        _ => Same::Value,
    })
    .collect()
}

fn is_spelled(pg: &PgType) -> bool {
    matches!(pg, PgType::Text | PgType::Varchar(_) | PgType::Bytea)
}
