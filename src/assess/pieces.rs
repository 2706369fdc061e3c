//! Large tables are profiled in pieces, ranges of the rowid, so that several threads end at about the same time.
//!
//! The facts of the pieces are added up in key order to exactly what one scan of the table would give. Two of them depend on
//! the rows before a piece, and are looked up in it once more where that matters: where a chunk ends inside a block of rows,
//! and at which text the hope for a spelling ended.

use super::chunks::{Block, Blocks, ChunkCutter};
use super::facts::ColumnFacts;
use super::job::{Job, key_text};
use super::pool;
use super::profile::{Seen, profile_table, weigh};
use crate::catalog::Table;
use crate::catalog::profile::TableProfile;
use crate::checkpoint::ScanRange;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::limits::{PIECE_ROWIDS_MIN, PIECES_PER_JOB};
use crate::sqlite::keys::rowid_range;
use crate::sqlite::scan::{RowView, scan};
use crate::value::Value;
use std::cmp::Reverse;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// Profiles the selected tables of every job on as many threads as the settings say; in the order of jobs and tables.
///
/// # Errors
/// The first source fault.
pub(super) async fn profile_all(
    jobs: &Arc<Vec<Job>>,
    config: &Config,
    events: &Events,
) -> Result<Vec<TableProfile>> {
    let tables: Vec<(usize, usize)> =
        jobs.iter().enumerate().flat_map(|(j, job)| job.selected.iter().map(move |&t| (j, t))).collect();
    let (shared, pieces_max) = (Arc::clone(jobs), pieces_max(config));
    let ranges = pool::blocking(config.jobs, tables.clone(), move |&(j, t)| {
        ranges(&shared[j], &shared[j].catalog.tables[t], pieces_max)
    });
    let works = tables.into_iter().zip(ranges.await?).enumerate();
    let works = works.map(|(place, (table, ranges))| Arc::new(Work::new(place, table, ranges)));
    let mut tasks: Vec<(Arc<Work>, usize)> =
        works.flat_map(|work| (0..work.ranges.len()).map(move |i| (Arc::clone(&work), i))).collect();
    tasks.sort_by_key(|(work, _)| Reverse(work.load(jobs)));
    let (config, shared, events) = (config.clone(), Arc::clone(jobs), events.clone());
    let finished = pool::blocking(config.jobs, tasks, move |(work, i)| {
        work.do_piece(&shared[work.job], *i, &config, &events)
    });
    let mut profiles: Vec<(usize, TableProfile)> = finished.await?.into_iter().flatten().collect();
    profiles.sort_by_key(|(place, _)| *place);
    Ok(profiles.into_iter().map(|(_, profile)| profile).collect())
}

/// One thread alone gains nothing from pieces.
fn pieces_max(config: &Config) -> u64 {
    if config.jobs > 1 { config.jobs as u64 * PIECES_PER_JOB } else { 1 }
}

/// The pieces of a table, in key order: one of all rows, unless its rowids span many.
fn ranges(job: &Job, table: &Table, pieces_max: u64) -> Result<Vec<ScanRange>> {
    let Some(rowid) = table.rowid_name().filter(|_| pieces_max > 1) else {
        return Ok(vec![ScanRange::WHOLE]);
    };
    let span = rowid_range(&*job.source.reader()?, &table.name, rowid)?;
    Ok(span.map_or_else(|| vec![ScanRange::WHOLE], |span| split(span, pieces_max, PIECE_ROWIDS_MIN)))
}

/// Equal parts of the rowids, of at least so many each; the first is open below and the last above.
fn split((first, last): (i64, i64), pieces_max: u64, rowids_min: u64) -> Vec<ScanRange> {
    let span = last.abs_diff(first);
    let count = (span / rowids_min).clamp(1, pieces_max);
    let step = span / count;
    let begins = |piece: u64| first.checked_add_unsigned(step * piece);
    let ranges = (0..count).map(|piece| ScanRange {
        lo: begins(piece).filter(|_| piece > 0),
        hi: begins(piece + 1).and_then(|next| next.checked_sub(1)).filter(|_| piece + 1 < count),
    });
    ranges.collect()
}

/// One table on its way.
struct Work {
    /// its place in the result
    place: usize,
    job: usize,
    table: usize,
    ranges: Vec<ScanRange>,
    counters: Arc<TaskCounters>,
    started: OnceLock<Instant>,
    /// one for each range, as they are done
    done: Mutex<Vec<Option<Piece>>>,
}

/// What was seen of one range.
struct Piece {
    seen: Seen,
    blocks: Vec<Block>,
}

impl Work {
    fn new(place: usize, (job, table): (usize, usize), ranges: Vec<ScanRange>) -> Work {
        let done = Mutex::new(ranges.iter().map(|_| None).collect());
        let (counters, started) = (Arc::default(), OnceLock::new());
        Work { place, job, table, ranges, counters, started, done }
    }

    /// What the table weighs beside others, so that the heaviest begin first: the more pieces, then the more columns. One
    /// that cannot be cut is as long as it is, and begins before all.
    fn load(&self, jobs: &[Job]) -> (bool, usize, usize) {
        let table = &jobs[self.job].catalog.tables[self.table];
        (table.without_rowid, self.ranges.len(), table.columns.len())
    }

    /// Profiles one range. Whoever does the last one of the table adds all up.
    fn do_piece(
        &self,
        job: &Job,
        i: usize,
        config: &Config,
        events: &Events,
    ) -> Result<Option<(usize, TableProfile)>> {
        let table = &job.catalog.tables[self.table];
        let started = *self.started.get_or_init(|| {
            events.tell(self.start_of(table));
            Instant::now()
        });
        let profile = if self.ranges.len() == 1 {
            Some(profile_table(job, table, config, &self.counters)?)
        } else {
            let piece = Piece::of(job, table, config, &self.counters, &self.ranges[i])?;
            self.put(i, piece).map(|pieces| self.join(job, table, config, pieces)).transpose()?
        };
        let Some(profile) = profile else { return Ok(None) };
        let (name, seconds) = (table.name.clone(), started.elapsed().as_secs_f64());
        events.tell(Event::TaskFinished { phase: Phase::Profile, name, rows: profile.rows, seconds });
        Ok(Some((self.place, profile)))
    }

    fn start_of(&self, table: &Table) -> Event {
        let (name, counters) = (table.name.clone(), Arc::clone(&self.counters));
        Event::TaskStarted { phase: Phase::Profile, name, rows: 0, bytes: 0, counters }
    }

    /// All pieces, once the last of them is there.
    fn put(&self, i: usize, piece: Piece) -> Option<Vec<Piece>> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done[i] = Some(piece);
        if done.iter().all(Option::is_some) { done.iter_mut().map(Option::take).collect() } else { None }
    }

    /// The pieces of a table as one scan of it would have seen them.
    fn join(&self, job: &Job, table: &Table, config: &Config, pieces: Vec<Piece>) -> Result<TableProfile> {
        let mut chunks = ChunkCutter::new(config.chunk_bytes, config.chunk_rows);
        let mut all: Option<Seen> = None;
        for (range, piece) in self.ranges.iter().zip(pieces) {
            cut(job, table, range, &piece.blocks, &mut chunks)?;
            match &mut all {
                None => all = Some(piece.seen),
                Some(all) => append(job, table, range, all, piece.seen)?,
            }
        }
        let all = all.ok_or_else(|| Error::internal("a table without a piece"))?;
        Ok(all.finish(chunks))
    }
}

impl Piece {
    fn of(
        job: &Job,
        table: &Table,
        config: &Config,
        counters: &TaskCounters,
        range: &ScanRange,
    ) -> Result<Piece> {
        let mut blocks = Blocks::default();
        let cut = |row: &RowView<'_>, weight| blocks.row(|| row.key(), weight);
        let seen = Seen::of_range(job, table, config, counters, range, cut)?;
        Ok(Piece { seen, blocks: blocks.finish() })
    }
}

/// Hands a piece's rows to the cutter, in blocks, and one by one where a chunk ends inside a block.
fn cut(
    job: &Job,
    table: &Table,
    range: &ScanRange,
    blocks: &[Block],
    chunks: &mut ChunkCutter,
) -> Result<()> {
    let mut lo = range.lo;
    for block in blocks {
        if !chunks.block(block) {
            let rows = ScanRange { lo, hi: block.last.or(range.hi) };
            scan(&*job.source.reader()?, &job.scan_of_table(table), &rows, |row| {
                chunks.row(|| row.key(), weigh(row, table.columns.len())?);
                Ok(())
            })?;
        }
        lo = block.last.and_then(|last| last.checked_add(1));
    }
    Ok(())
}

/// Adds what was seen of `range` to what was seen before it.
fn append(job: &Job, table: &Table, range: &ScanRange, all: &mut Seen, later: Seen) -> Result<()> {
    let later = all.append(later);
    for (i, (facts, later)) in all.facts.iter_mut().zip(later).enumerate() {
        let before = facts.texts();
        if !facts.append(later) {
            look_again(job, table, range, (i, before), facts)?;
        }
    }
    Ok(())
}

/// Reads the texts of one column of `range` once more, after so many texts before it.
fn look_again(
    job: &Job,
    table: &Table,
    range: &ScanRange,
    (column, before): (usize, u64),
    facts: &mut ColumnFacts,
) -> Result<()> {
    let spec = job.scan_of_columns(table, &table.columns[column..=column]);
    let mut number = before;
    scan(&*job.source.reader()?, &spec, range, |row| {
        if let Value::Text(bytes) = row.value(0)? {
            number += 1;
            facts.look_again(bytes, number, || key_text(row.key(), 0));
        }
        Ok(())
    })
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
