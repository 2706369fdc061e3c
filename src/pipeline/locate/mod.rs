//! From a table that differs to its rows and columns (semantics.md §6.4), with bounded memory.
//!
//! 1. Rows. Where an integer key came along, the differing chunks are read again on both sides in the order of the key and
//!    merged (`merge`): exact, whatever their number. Other tables are sifted by hash (`sift`): 4096 buckets, and of the
//!    unequal ones as many rows as fit. Equal rows cancel; what is left is counted in full and listed in part (`tally`).
//! 2. Partners. A row that is gone and one that is new are one changed row if they have one key: the integer key, else the
//!    primary key or a unique key of the source. Where no key tells, the closest rows are partners if there is no doubt
//!    (`pair`).
//! 3. Columns. The listed rows are read a last time, single ones, and compared cell by cell (`tell`).
//!
//! All reading of the target is in the snapshot of the comparison itself, and all of the source in the run's: so what is
//! told is what was compared. Only the ledger's digests are older; where the source no longer gives them, that is told.
//!
//! Values do not leave this room unless `--show-values` asks: a cell is told by class, length and a hash under a random
//! key of this run, so that equal values can be seen to be equal and none can be guessed.

mod forms;
mod merge;
mod pair;
mod sample;
mod sift;
mod source;
mod tally;
mod target;
mod tell;

use super::verify::{Expected, TargetDigests, Verdict, integer_key};
use crate::assess::job::Job;
use crate::assess::pool::join;
use crate::catalog::Table;
use crate::digest::{MultisetDigest, RowHash};
use crate::error::Result;
use crate::event::Events;
use crate::limits::{LOCATE_CANDIDATES_MAX, LOCATE_CELLS_MAX, SHOWN_VALUE_BYTES_MAX};
use crate::outcome::{DifferenceCounts, RowDifference};
use crate::plan::TablePlan;
use crate::postgres::readback::Place;
use crate::postgres::session::Session;
use crate::timing::Clock;
use forms::Cell;
pub(super) use sample::sample;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tally::{Leftovers, SourcePlace, Tally};

/// How differences are told in this run.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    show_values: bool,
    secret: [u8; 32],
    events: Events,
    /// the snapshot of the target that all tables are looked at in, where they share one
    snapshot: Option<Arc<str>>,
    /// one table at a time, so that memory does not grow with the number of jobs
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Asked {
    /// With a new secret for the hashes of cells.
    pub(super) fn new(show_values: bool, events: Events) -> Asked {
        let mut secret = [0; 32];
        let halves = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()];
        secret.copy_from_slice(halves.as_flattened());
        Asked { show_values, secret, events, snapshot: None, turn: Arc::default() }
    }

    /// The same within a snapshot that another session keeps.
    pub(super) fn within(self, snapshot: Option<Arc<str>>) -> Asked {
        Asked { snapshot, ..self }
    }

    /// The name of the snapshot that all tables share.
    pub(super) fn snapshot(&self) -> Option<&str> {
        self.snapshot.as_deref()
    }

    /// The run's clock.
    pub(super) fn clock(&self) -> &Clock {
        self.events.clock()
    }
}

/// The way to the target.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    session: &'a Session,
    schema: &'a str,
}

/// What both sides of one table are read by.
#[derive(Debug, Clone)]
struct Side {
    plan: Arc<TablePlan>,
    job: Arc<Job>,
    /// columns of the key by which rows are told apart where there is no integer key; may be none
    key: Arc<[usize]>,
    secret: [u8; 32],
    show_values: bool,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Located {
    counts: DifferenceCounts,
    rows: Vec<RowDifference>,
    notes: Vec<String>,
}

impl Located {
    /// Any row does.
    pub(super) fn differs(&self) -> bool {
        let DifferenceCounts { changed, missing, extra, multiplicity, .. } = self.counts;
        changed + missing + extra + multiplicity > 0
    }

    /// Adds what was found to the verdict.
    pub(super) fn tell(self, verdict: &mut Verdict) {
        for note in self.notes {
            verdict.note.push_str("; ");
            verdict.note.push_str(&note);
        }
        verdict.counts = Some(self.counts);
        verdict.rows = self.rows;
    }
}

/// Cells of the rows that may be listed.
#[derive(Debug)]
struct Cells {
    source: HashMap<SourcePlace, Vec<Cell>>,
    target: HashMap<Place, Vec<Cell>>,
}

/// Looks for the rows and columns in which a table differs.
///
/// # Errors
/// A fault of either side.
pub(super) async fn locate(
    session: &Session,
    schema: &str,
    expected: &Expected,
    target: &TargetDigests,
    asked: &Asked,
) -> Result<Located> {
    let _turn = asked.turn.lock().await;
    let (plan, job) = (Arc::clone(&expected.plan), Arc::clone(&expected.job));
    asked.events.note(format!("table \"{}\" differs: looking for the rows", plan.target));
    let integer_key = integer_key(&plan);
    let key = if integer_key.is_some() { Vec::new() } else { other_key(&job, &plan) };
    let key: Arc<[usize]> = key.into();
    let side = Side { plan, job, key, secret: asked.secret, show_values: asked.show_values };
    let look = Look { session, schema };
    let mut left = leftovers_of(&side);
    let mut notes = Vec::new();
    let mut parts = 1;
    match integer_key {
        Some(column) => merge_chunks(&look, &side, column, (expected, target), &mut left, &mut notes).await?,
        None => {
            let (total, of) = sift::sift(&look, &side, &mut left).await?;
            parts = of;
            notes.extend((total != recorded_total(expected)).then(|| SOURCE_CHANGED.to_owned()));
        }
    }
    if let Some(before) = &expected.before {
        notes.push(tell::ignore_earlier_rows(&mut left, before.rows()));
    }
    let cells = read_cells(&look, &side, &left).await?;
    if expected.before.is_none() {
        join_closest(&side, integer_key.is_some(), &cells, &mut left);
    }
    notes.insert(0, tell::counts_note(&left.counts, parts, expected.before.is_some()));
    let rows = tell::rows(&look, &side, &left, &cells).await?;
    Ok(Located { counts: left.counts, rows, notes })
}

fn leftovers_of(side: &Side) -> Leftovers {
    let columns = side.plan.columns.len().max(1);
    Leftovers::new(LOCATE_CANDIDATES_MAX.min(LOCATE_CELLS_MAX / columns).max(1))
}

const SOURCE_CHANGED: &str = "the source is no longer what was copied";

/// Merges the chunks that differ.
async fn merge_chunks(
    look: &Look<'_>,
    side: &Side,
    column: usize,
    (expected, target): (&Expected, &TargetDigests),
    left: &mut Leftovers,
    notes: &mut Vec<String>,
) -> Result<()> {
    let chunks = &expected.chunks;
    let mut changed = Vec::new();
    for (i, (chunk, digest)) in chunks.iter().enumerate() {
        // Rows of before us are in the target's digests, so that none of them says anything.
        if target.by_chunk && expected.before.is_none() && target.chunks.get(i) == Some(digest) {
            continue;
        }
        let after = i.checked_sub(1).and_then(|previous| chunks[previous].0.range.hi);
        let upto = if i + 1 == chunks.len() { None } else { chunk.range.hi };
        let now = merge::merge(look, side, column, chunk, (after, upto), left).await?;
        changed.extend((now != recorded(expected, i)).then(|| chunk.index.to_string()));
    }
    if !changed.is_empty() {
        notes.push(format!("{SOURCE_CHANGED}, in chunk {}", changed.join(", ")));
    }
    Ok(())
}

/// The digest of the source's chunk when it was copied, or where nobody knows that, when it was first read.
fn recorded(expected: &Expected, i: usize) -> MultisetDigest {
    expected.recorded.get(i).copied().flatten().unwrap_or(expected.chunks[i].1)
}

fn recorded_total(expected: &Expected) -> MultisetDigest {
    let mut total = MultisetDigest::default();
    (0..expected.chunks.len()).for_each(|i| total.merge(&recorded(expected, i)));
    total
}

/// The primary key, or else the first unique key, all of whose columns travel.
fn other_key(job: &Job, plan: &TablePlan) -> Vec<usize> {
    let Some(table) = job.catalog.table(&plan.source) else { return Vec::new() };
    let unique = table.indexes.iter().filter(|index| index.unique && !index.partial);
    let keys = unique.map(|index| index.keys.iter().map(|key| key.column).collect::<Option<Vec<usize>>>());
    let mut keys = std::iter::once(table.primary_key.clone()).chain(keys.flatten());
    keys.find_map(|key| travelling(table, &key, plan).filter(|key| !key.is_empty())).unwrap_or_default()
}

fn travelling(table: &Table, key: &[usize], plan: &TablePlan) -> Option<Vec<usize>> {
    let planned = |name: &str| plan.columns.iter().position(|column| column.source == name);
    table.column_names(key).map(planned).collect()
}

async fn read_cells(look: &Look<'_>, side: &Side, left: &Leftovers) -> Result<Cells> {
    let changed = left.changed.iter();
    let gone = left.fewer.iter().filter_map(|tally| tally.source_place);
    let sources: BTreeSet<SourcePlace> = changed.clone().map(|pair| pair.source).chain(gone).collect();
    let new = left.more.iter().filter_map(|tally| tally.target_place);
    let targets: BTreeSet<Place> = changed.map(|pair| pair.target).chain(new).collect();
    let reading = side.clone();
    let source = join(tokio::task::spawn_blocking(move || source::cells(&reading, &sources)).await)?;
    Ok(Cells { source, target: target::cells(look, side, &targets).await? })
}

/// Rows with a key are one only if all but one of their columns are equal: the key was changed. Of rows without one,
/// half of the columns must be.
fn join_closest(side: &Side, has_integer_key: bool, cells: &Cells, left: &mut Leftovers) {
    let has_key = has_integer_key || !side.key.is_empty();
    let differing_max = if has_key { 1 } else { (side.plan.columns.len() / 2).max(1) };
    let hashes = |cells: Option<&Vec<Cell>>| -> Option<Vec<RowHash>> {
        cells.map(|cells| cells.iter().map(|cell| cell.hash).collect())
    };
    let of_source = |tally: &Tally| hashes(cells.source.get(&tally.source_place?));
    let of_target = |tally: &Tally| hashes(cells.target.get(&tally.target_place?));
    let gone: Vec<_> = left.fewer.iter().map(of_source).collect();
    let new: Vec<_> = left.more.iter().map(of_target).collect();
    left.join_closest([&gone, &new], differing_max, has_key);
}

/// A text for a person, cut where it is long.
fn short_text(bytes: &[u8]) -> String {
    let kept = &bytes[..bytes.len().min(SHOWN_VALUE_BYTES_MAX)];
    let text = String::from_utf8_lossy(kept);
    let cut = if bytes.len() > kept.len() { "…" } else { "" };
    format!("{}{cut}", text.trim_end_matches(if cut.is_empty() { "" } else { "\u{fffd}" }))
}
