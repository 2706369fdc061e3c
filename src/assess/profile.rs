//! One full scan of each table: storage classes, spellings, sizes, and the chunks that follow from the weights
//! (semantics.md §1.3).

use super::chunks::ChunkCutter;
use super::facts::ColumnFacts;
use super::job::{Job, key_text};
use super::large;
use super::pieces;
use crate::catalog::Table;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::checkpoint::ScanRange;
use crate::config::{Config, Infer};
use crate::error::Result;
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::failpoint;
use crate::limits::{INDEX_COLUMNS_MAX, INDEX_KEY_BYTES_MAX};
use crate::sqlite::scan::{RowView, scan};
use crate::value::Value;
use std::sync::Arc;
use std::time::Instant;

/// Above this many columns a row of short values may not fit a heap page: a variable value takes up to 25 bytes there.
const HEAP_QUESTION_COLUMNS: usize = 300;

/// Rows between two updates of the counters.
const COUNT_EVERY_ROWS: u64 = 4096;

/// Profiles the selected tables of every job, as many at once as the settings say, large ones in pieces; in the order of
/// jobs and tables.
///
/// # Errors
/// The first source fault.
pub async fn profile_all(
    jobs: &Arc<Vec<Job>>,
    config: &Config,
    events: &Events,
) -> Result<Vec<TableProfile>> {
    let tables: u64 = jobs.iter().map(|job| job.selected.len() as u64).sum();
    let bytes = jobs.iter().map(|job| job.source.facts().bytes).sum();
    events.tell(Event::PhaseStarted { phase: Phase::Profile, tasks: tables, rows: 0, bytes });
    let started = Instant::now();
    let profiles = pieces::profile_all(jobs, config, events).await?;
    events.tell(Event::PhaseFinished { phase: Phase::Profile, seconds: started.elapsed().as_secs_f64() });
    Ok(profiles)
}

/// The profile of a table without rows.
pub(super) fn empty(table: &Table) -> TableProfile {
    TableProfile {
        max_key_bytes: vec![0; table.indexes.len()],
        columns: vec![ColumnProfile::default(); table.columns.len()],
        ..TableProfile::default()
    }
}

/// Profiles one table: one scan of all its cells.
///
/// # Errors
/// A source fault.
pub fn profile_table(
    job: &Job,
    table: &Table,
    config: &Config,
    counters: &TaskCounters,
) -> Result<TableProfile> {
    let mut chunks = ChunkCutter::new(config.chunk_bytes, config.chunk_rows);
    let cut = |row: &RowView<'_>, weight| chunks.row(|| row.key(), weight);
    let seen = Seen::of_range(job, table, config, counters, &ScanRange::WHOLE, cut)?;
    Ok(seen.finish(chunks))
}

/// The profile of some rows of a table, as if it had no others.
///
/// # Errors
/// A source fault.
pub(super) fn profile_of_ranges(
    job: &Job,
    table: &Table,
    config: &Config,
    ranges: &[ScanRange],
) -> Result<TableProfile> {
    let Seen { mut profile, mut facts } = Seen::nothing(job, table, config);
    let (reader, spec) = (job.source.reader()?, job.scan_of_table(table));
    for range in ranges {
        scan(&reader, &spec, range, |row| {
            profile.bytes += match row.has_large() {
                true => observe_large_row(row, &mut facts, profile.rows)?,
                false => observe_row(row, &mut facts, profile.rows)?,
            };
            profile.rows += 1;
            Ok(())
        })?;
    }
    Ok(Seen { profile, facts }.finish(ChunkCutter::new(config.chunk_bytes, config.chunk_rows)))
}

/// What was seen of a table, or of a part of it.
#[derive(Debug)]
pub(super) struct Seen {
    /// without chunks and columns
    profile: TableProfile,
    pub(super) facts: Vec<ColumnFacts>,
}

impl Seen {
    /// Reads every cell of `range`, and hands each row with its weight to `cut`.
    pub(super) fn of_range(
        job: &Job,
        table: &Table,
        config: &Config,
        counters: &TaskCounters,
        range: &ScanRange,
        mut cut: impl FnMut(&RowView<'_>, u64),
    ) -> Result<Seen> {
        failpoint::source(failpoint::PROFILE)?;
        let reader = job.source.reader()?;
        let Seen { mut profile, mut facts } = Seen::nothing(job, table, config);
        let (mut told_rows, mut told_bytes) = (0, 0);
        scan(&reader, &job.scan_of_table(table), range, |row| {
            let weight = if row.has_large() {
                observe_large_row(row, &mut facts, profile.rows)?
            } else {
                observe_row(row, &mut facts, profile.rows)?
            };
            profile.rows += 1;
            profile.bytes += weight;
            profile.max_row_bytes = profile.max_row_bytes.max(weight);
            if weight + KEY_OVERHEAD_BYTES_MAX > INDEX_KEY_BYTES_MAX {
                measure_keys(row, table, &mut profile.max_key_bytes)?;
            }
            if facts.len() > HEAP_QUESTION_COLUMNS {
                profile.max_heap_bytes = profile.max_heap_bytes.max(heap_bytes(row, facts.len())?);
            }
            cut(row, weight);
            if profile.rows - told_rows >= COUNT_EVERY_ROWS {
                counters.add(profile.rows - told_rows, profile.bytes - told_bytes);
                (told_rows, told_bytes) = (profile.rows, profile.bytes);
            }
            Ok(())
        })?;
        counters.add(profile.rows - told_rows, profile.bytes - told_bytes);
        Ok(Seen { profile, facts })
    }

    fn nothing(job: &Job, table: &Table, config: &Config) -> Seen {
        let content = config.infer == Infer::Content;
        let facts = |column| ColumnFacts::new(&job.hoped_type(&table.name, column), content);
        let profile = TableProfile { max_key_bytes: vec![0; table.indexes.len()], ..TableProfile::default() };
        Seen { profile, facts: table.columns.iter().map(facts).collect() }
    }

    /// Adds what was seen of the rows that follow, but for the columns' facts, which are given back.
    pub(super) fn append(&mut self, later: Seen) -> Vec<ColumnFacts> {
        let (all, more) = (&mut self.profile, later.profile);
        all.rows += more.rows;
        all.bytes += more.bytes;
        all.max_row_bytes = all.max_row_bytes.max(more.max_row_bytes);
        all.max_heap_bytes = all.max_heap_bytes.max(more.max_heap_bytes);
        let keys = all.max_key_bytes.iter_mut().zip(more.max_key_bytes);
        keys.for_each(|(all, more)| *all = (*all).max(more));
        later.facts
    }

    /// The profile, with its chunks.
    pub(super) fn finish(self, chunks: ChunkCutter) -> TableProfile {
        let columns = self.facts.into_iter().map(ColumnFacts::finish).collect();
        TableProfile { chunks: chunks.finish(), columns, ..self.profile }
    }
}

/// Bytes of a row's number of fields, before the weights of its values.
const ROW_BYTES: u64 = 2;

/// Bytes of a field's length.
const LENGTH_BYTES: u64 = 4;

/// What a row of so many columns weighs for the chunks.
pub(super) fn weigh(row: &RowView<'_>, columns: usize) -> Result<u64> {
    (0..columns).try_fold(ROW_BYTES, |weight, i| match row.large(i) {
        Some(blob) => Ok(weight + LENGTH_BYTES + blob.bytes()),
        None => Ok(weight + row.value(i)?.weight_bytes() as u64),
    })
}

#[inline]
fn observe_row(row: &RowView<'_>, facts: &mut [ColumnFacts], number: u64) -> Result<u64> {
    let mut weight = ROW_BYTES;
    for (i, facts) in facts.iter_mut().enumerate() {
        let value = row.value(i)?;
        weight += value.weight_bytes() as u64;
        facts.observe(value, || key_text(row.key(), number + 1));
    }
    Ok(weight)
}

/// The same of a row with a BLOB that is not held: its length is known, and whether it is text needs no more than its slices.
#[cold]
fn observe_large_row(row: &RowView<'_>, facts: &mut [ColumnFacts], number: u64) -> Result<u64> {
    let mut weight = ROW_BYTES;
    for (i, facts) in facts.iter_mut().enumerate() {
        let key = || key_text(row.key(), number + 1);
        if let Some(blob) = row.large(i) {
            weight += LENGTH_BYTES + blob.bytes();
            facts.observe_blob(blob.bytes(), large::is_text(&blob)?, key);
        } else {
            let value = row.value(i)?;
            weight += value.weight_bytes() as u64;
            facts.observe(value, key);
        }
    }
    Ok(weight)
}

/// Bytes of a TEXT or BLOB; none for any other value.
fn length(row: &RowView<'_>, column: usize) -> Result<Option<u64>> {
    if let Some(blob) = row.large(column) {
        return Ok(Some(blob.bytes()));
    }
    Ok(match row.value(column)? {
        Value::Text(bytes) | Value::Blob(bytes) => Some(bytes.len() as u64),
        _ => None,
    })
}

/// Bytes of a number in a key, alignment included: 24 characters and their length at most, where it becomes text.
const NUMBER_BYTES_MAX: u64 = 32;

/// What the layout of a key adds to its values at most.
const KEY_OVERHEAD_BYTES_MAX: u64 = 24 + INDEX_COLUMNS_MAX as u64 * NUMBER_BYTES_MAX;

/// Bytes of the row's key in each index: asked only of rows that may be longer than a key may be (semantics.md §3.7). As a
/// btree lays it out: a header, which is longer with a NULL, values at their alignment, and all rounded up.
#[cold]
fn measure_keys(row: &RowView<'_>, table: &Table, max_key_bytes: &mut [u64]) -> Result<()> {
    for (index, max) in table.indexes.iter().zip(max_key_bytes) {
        let (mut header, mut bytes) = (8, 0_u64);
        for column in index.keys.iter().filter_map(|key| key.column) {
            // Four bytes of length, and one for the class of a tagged value.
            if let Some(length) = length(row, column)? {
                bytes = bytes.next_multiple_of(4) + 5 + length;
            } else if row.value(column)? == Value::Null {
                header = 16;
            } else {
                // Wherever it falls, and whatever type the column gets.
                bytes += NUMBER_BYTES_MAX;
            }
        }
        *max = (*max).max((header + bytes).next_multiple_of(8));
    }
    Ok(())
}

/// Bytes of a row on a heap page, after semantics.md §2.3: fixed values by width, variable ones by length + 1 up to 24,
/// else 18 for the pointer to their own storage.
fn heap_bytes(row: &RowView<'_>, columns: usize) -> Result<u64> {
    let mut nulls = false;
    let mut bytes = 0;
    for i in 0..columns {
        bytes += match length(row, i)? {
            Some(length @ ..24) => length as usize + 1,
            Some(_) => 18,
            None if row.value(i)? == Value::Null => {
                nulls = true;
                0
            }
            None => 8,
        };
    }
    let header = if nulls { 23 + columns.div_ceil(8) } else { 23 };
    Ok((header.next_multiple_of(8) + bytes) as u64)
}
