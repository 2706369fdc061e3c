//! Which rows do not go into the target but are set aside, whole (semantics.md §0.2, REJECT): rows with a value that their
//! column cannot take, and rows whose parent is missing or is set aside itself. Copy, resume and verification decide it
//! anew for every row, by the same lines.

use super::job::{Job, key_text};
use super::pool;
use crate::checkpoint::ScanRange;
use crate::config::BadValuePolicy;
use crate::digest::{MultisetDigest, RowHasher, table_key};
use crate::encode::{self, Misfit, MisfitKind};
use crate::error::{Error, Result};
use crate::limits::{EXAMPLES_MAX, LARGE_VALUE_BYTES, SET_ASIDE_KEYS_AT_ONCE};
use crate::plan::types::{Codec, Mapping, PgType};
use crate::plan::{OrphanProbe, Plan, TablePlan};
use crate::sqlite::aside::{AsideRows, Search};
use crate::sqlite::scan::{RowView, scan};
use crate::value::Value;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Why a row is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// a value of this column does not fit
    BadValue(usize, Misfit),
    /// NULL in this column, which refuses it
    Null(usize),
    /// the parent of this foreign key is missing, or set aside
    Orphan(usize),
}

impl Why {
    /// The rule's code.
    pub fn code(&self) -> &'static str {
        match self {
            Why::BadValue(_, misfit) => misfit.code(),
            Why::Null(_) => "E_NOTNULL",
            Why::Orphan(_) => "E_FK_ORPHANS",
        }
    }

    /// The rule as a sentence, without the value.
    pub fn sentence(&self, table: &TablePlan) -> String {
        match self {
            Why::BadValue(_, misfit) => misfit.to_string(),
            Why::Null(_) => "NULL in a column that is NOT NULL in the target".to_owned(),
            Why::Orphan(key) => {
                let name = table.foreign_keys.get(*key).map_or("", |key| key.name.as_str());
                format!("no parent for the foreign key \"{name}\"")
            }
        }
    }

    /// The columns concerned, by their index in the plan.
    pub fn columns(&self, table: &TablePlan) -> Vec<usize> {
        match self {
            Why::BadValue(column, _) | Why::Null(column) => vec![*column],
            Why::Orphan(key) => {
                let probe = table.foreign_keys.get(*key).and_then(|key| key.probe.as_ref());
                let names = probe.map(|probe| probe.columns.as_slice()).unwrap_or_default();
                names
                    .iter()
                    .filter_map(|name| table.columns.iter().position(|column| column.source == *name))
                    .collect()
            }
        }
    }
}

/// Decides for each row of one table, in the order of a scan. A table without a policy has none.
#[derive(Debug)]
pub struct Judge<'a> {
    table: &'a TablePlan,
    columns: Vec<usize>,
    orphans: Option<Orphans<'a>>,
    scratch: Vec<u8>,
    hasher: RowHasher,
    left_out: MultisetDigest,
}

/// How rows that are set aside are hashed: each value by its class and its stored bytes.
const AS_STORED: Mapping = Mapping { pg: PgType::Text, codec: Codec::Text };

impl<'a> Judge<'a> {
    /// The judge of `table`, where any row of it may be set aside.
    ///
    /// # Errors
    /// Internal, where orphans are to be set aside and nobody has looked for them ([`prepare`]).
    pub fn new(job: &'a Job, table: &'a TablePlan) -> Result<Option<Judge<'a>>> {
        if !sets_orphans_aside(table) {
            return Ok(Judge::of_values(table));
        }
        let rows = job.aside.get().ok_or_else(|| Error::internal("nobody has looked for orphans"))?;
        let orphans = Some(Orphans { rows, table: &table.source, ahead: VecDeque::new(), ended: false });
        Ok(Some(Judge { orphans, ..Judge::of_columns(table) }))
    }

    /// A judge of values alone, where a column has the policy.
    pub fn of_values(table: &'a TablePlan) -> Option<Judge<'a>> {
        Some(Judge::of_columns(table)).filter(|judge| !judge.columns.is_empty())
    }

    fn of_columns(table: &'a TablePlan) -> Judge<'a> {
        let asked = |i: &usize| table.columns[*i].on_bad_value == BadValuePolicy::Quarantine;
        Judge {
            table,
            columns: (0..table.columns.len()).filter(asked).collect(),
            orphans: None,
            scratch: Vec::new(),
            hasher: RowHasher::new(table_key(&table.source, table.columns.len())),
            left_out: MultisetDigest::default(),
        }
    }

    /// Count and digest of the rows for which [`Self::leaves_out`] gave a reason.
    pub fn left_out(&self) -> MultisetDigest {
        self.left_out
    }

    /// The verdict on a row; one that is set aside is counted and hashed as it is stored.
    ///
    /// # Errors
    /// A source fault.
    pub fn leaves_out(&mut self, row: &RowView<'_>, number: u64) -> Result<Option<Why>> {
        let why = self.verdict(row, number)?;
        if why.is_some() {
            for i in 0..self.table.columns.len() {
                self.hasher.source_value(row.stored_value(i)?, &AS_STORED);
            }
            self.left_out.add(&self.hasher.finish());
        }
        Ok(why)
    }

    /// Why this row is set aside, if it is; `number` is its place in the scan, from 1.
    ///
    /// # Errors
    /// A source fault.
    pub fn verdict(&mut self, row: &RowView<'_>, number: u64) -> Result<Option<Why>> {
        for &i in &self.columns {
            let (value, column) = (row.value(i)?, &self.table.columns[i]);
            if column.not_null && value == Value::Null {
                return Ok(Some(Why::Null(i)));
            }
            match try_value(value, &column.mapping, &mut self.scratch) {
                // The plan's mistake is no reason to set rows aside: the copy stops at it.
                Ok(()) | Err(Misfit { kind: MisfitKind::Mapping(_) }) => {}
                Err(misfit) => return Ok(Some(Why::BadValue(i, misfit))),
            }
        }
        match &mut self.orphans {
            Some(orphans) => Ok(orphans.key_of(row_id(row, number))?.map(Why::Orphan)),
            None => Ok(None),
        }
    }
}

fn try_value(value: Value<'_>, mapping: &Mapping, scratch: &mut Vec<u8>) -> std::result::Result<(), Misfit> {
    if encode::large_payload(value, mapping)?.is_some() {
        return Ok(());
    }
    scratch.clear();
    if scratch.capacity() > LARGE_VALUE_BYTES {
        // A large value that is converted is not held here while the row's own copy of it is made.
        *scratch = Vec::new();
    }
    encode::value(value, mapping, scratch)
}

/// A row's rowid, or its number where it has none.
pub fn row_id(row: &RowView<'_>, number: u64) -> i64 {
    row.key().unwrap_or(number.cast_signed())
}

/// Orphans of one table, ahead of a scan in the same order.
#[derive(Debug)]
struct Orphans<'a> {
    rows: &'a AsideRows,
    table: &'a str,
    ahead: VecDeque<(i64, usize)>,
    ended: bool,
}

impl Orphans<'_> {
    /// The foreign key for which `row` is set aside.
    fn key_of(&mut self, row: i64) -> Result<Option<usize>> {
        while self.ahead.front().is_some_and(|(ahead, _)| *ahead < row) {
            self.ahead.pop_front();
        }
        if self.ahead.is_empty() && !self.ended {
            self.ahead = self.rows.orphans_from(self.table, row, SET_ASIDE_KEYS_AT_ONCE)?.into();
            self.ended = self.ahead.len() < SET_ASIDE_KEYS_AT_ONCE;
        }
        Ok(self.ahead.front().filter(|(ahead, _)| *ahead == row).map(|(_, key)| *key))
    }
}

/// Whether any row of `table` may be set aside.
pub fn sets_rows_aside(table: &TablePlan) -> bool {
    sets_orphans_aside(table) || Judge::of_values(table).is_some()
}

/// Whether orphans of a foreign key of `table` are set aside.
pub fn sets_orphans_aside(table: &TablePlan) -> bool {
    table.foreign_keys.iter().any(|key| key.quarantine)
}

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
    let counted = (0..Keys::of(plan).0.len()).filter(|number| !Keys::of(plan).is_quarantined(plan, *number));
    let counts = pool::blocking(jobs, counted.collect(), move |number| {
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
    let filters = [Some(table), parent].map(|table| table.and_then(|table| table.filter.as_deref()));
    OwnedSearch { table, order: job.row_order(table), orphans_of, filters, referring }
}
