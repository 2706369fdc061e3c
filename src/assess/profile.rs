//! One full scan of each table: storage classes, spellings, sizes, and the chunks that follow from the weights
//! (semantics.md §1.3).

use super::job::{Job, key_text};
use super::pool;
use crate::catalog::Table;
use crate::catalog::profile::{ColumnProfile, FractionSpelling, Spelling, StampSpelling, TableProfile};
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::config::Config;
use crate::encode::{TemplateVotes, is_json, is_uuid};
use crate::error::Result;
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::limits::EXAMPLES_MAX;
use crate::plan::choose::Family;
use crate::plan::types::{Fraction, Template, Zone};
use crate::sqlite::scan::{RowView, scan};
use crate::value::{Class, Value};
use std::sync::Arc;
use std::time::Instant;

/// Above this many columns a row of short values may not fit a heap page: a variable value takes up to 25 bytes there.
const HEAP_QUESTION_COLUMNS: usize = 300;

/// Rows between two updates of the counters.
const COUNT_EVERY_ROWS: u64 = 4096;

/// Profiles the selected tables of every job, as many at once as the settings say; in the order of jobs and tables.
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
    let tasks: Vec<(usize, usize)> =
        jobs.iter().enumerate().flat_map(|(j, job)| job.selected.iter().map(move |&t| (j, t))).collect();
    let (config, shared, events_in) = (config.clone(), Arc::clone(jobs), events.clone());
    let profiles = pool::blocking(config.jobs, tasks, move |&(j, t)| {
        let job = &shared[j];
        profile_with_events(job, &job.catalog.tables[t], &config, &events_in)
    })
    .await?;
    events.tell(Event::PhaseFinished { phase: Phase::Profile, seconds: started.elapsed().as_secs_f64() });
    Ok(profiles)
}

fn profile_with_events(job: &Job, table: &Table, config: &Config, events: &Events) -> Result<TableProfile> {
    let started = Instant::now();
    let counters = Arc::new(TaskCounters::default());
    let name = table.name.clone();
    events.tell(Event::TaskStarted {
        phase: Phase::Profile,
        name: name.clone(),
        rows: 0,
        bytes: 0,
        counters: Arc::clone(&counters),
    });
    let profile = profile_table(job, table, config, &counters)?;
    let seconds = started.elapsed().as_secs_f64();
    events.tell(Event::TaskFinished { phase: Phase::Profile, name, rows: profile.rows, seconds });
    Ok(profile)
}

fn profile_table(job: &Job, table: &Table, config: &Config, counters: &TaskCounters) -> Result<TableProfile> {
    let reader = job.source.reader()?;
    let mut facts: Vec<ColumnFacts> =
        table.columns.iter().map(|column| ColumnFacts::new(&column.declared)).collect();
    let mut chunks = ChunkCutter::new(config.chunk_bytes, config.chunk_rows);
    let mut profile = TableProfile::default();
    let (mut told_rows, mut told_bytes) = (0, 0);
    scan(&reader, &job.scan_of_table(table), &ScanRange::WHOLE, |row| {
        let weight = observe_row(row, &mut facts, profile.rows)?;
        profile.rows += 1;
        profile.bytes += weight;
        profile.max_row_bytes = profile.max_row_bytes.max(weight);
        if facts.len() > HEAP_QUESTION_COLUMNS {
            profile.max_heap_bytes = profile.max_heap_bytes.max(heap_bytes(row, facts.len())?);
        }
        chunks.row(row.key(), weight);
        if profile.rows - told_rows >= COUNT_EVERY_ROWS {
            counters.add(profile.rows - told_rows, profile.bytes - told_bytes);
            (told_rows, told_bytes) = (profile.rows, profile.bytes);
        }
        Ok(())
    })?;
    counters.add(profile.rows - told_rows, profile.bytes - told_bytes);
    profile.chunks = chunks.finish();
    profile.columns = facts.into_iter().map(ColumnFacts::finish).collect();
    Ok(profile)
}

#[inline]
fn observe_row(row: &RowView<'_>, facts: &mut [ColumnFacts], number: u64) -> Result<u64> {
    let mut weight = 2;
    for (i, facts) in facts.iter_mut().enumerate() {
        let value = row.value(i)?;
        weight += value.weight_bytes() as u64;
        facts.observe(value, || key_text(row.key(), number + 1));
    }
    Ok(weight)
}

/// Bytes of a row on a heap page, after semantics.md §2.3: fixed values by width, variable ones by length + 1 up to 24,
/// else 18 for the pointer to their own storage.
fn heap_bytes(row: &RowView<'_>, columns: usize) -> Result<u64> {
    let mut nulls = false;
    let mut bytes = 0;
    for i in 0..columns {
        bytes += match row.value(i)? {
            Value::Null => {
                nulls = true;
                0
            }
            Value::Integer(_) | Value::Real(_) => 8,
            Value::Text(text) | Value::Blob(text) => {
                if text.len() < 24 {
                    text.len() + 1
                } else {
                    18
                }
            }
        };
    }
    let header = if nulls { 23 + columns.div_ceil(8) } else { 23 };
    Ok((header.next_multiple_of(8) + bytes) as u64)
}

/// One column while it is scanned.
#[derive(Debug)]
struct ColumnFacts {
    profile: ColumnProfile,
    family: Family,
    stamps: TemplateVotes,
    json: bool,
    uuid: bool,
}

impl ColumnFacts {
    fn new(declared: &str) -> ColumnFacts {
        ColumnFacts {
            profile: ColumnProfile::default(),
            family: Family::of(declared),
            stamps: TemplateVotes::default(),
            json: true,
            uuid: true,
        }
    }

    #[inline]
    fn observe(&mut self, value: Value<'_>, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        let count = match value {
            Value::Null => &mut profile.nulls,
            Value::Integer(_) => &mut profile.integers,
            Value::Real(_) => &mut profile.reals,
            Value::Text(_) => &mut profile.texts,
            Value::Blob(_) => &mut profile.blobs,
        };
        *count += 1;
        if *count == 1 && value.class() != Class::Null {
            profile.first.push((value.class(), key()));
        }
        match value {
            Value::Null => {}
            Value::Integer(integer) => {
                let (min, max) = profile.integer_range.unwrap_or((integer, integer));
                profile.integer_range = Some((min.min(integer), max.max(integer)));
            }
            Value::Real(real) => observe_real(profile, real),
            Value::Blob(bytes) => profile.max_bytes = profile.max_bytes.max(bytes.len() as u64),
            Value::Text(bytes) => self.observe_text(bytes, key),
        }
    }

    #[inline]
    fn observe_text(&mut self, bytes: &[u8], key: impl Fn() -> String) {
        let profile = &mut self.profile;
        profile.max_bytes = profile.max_bytes.max(bytes.len() as u64);
        let invalid = std::str::from_utf8(bytes).is_err();
        let nul = !invalid && bytes.contains(&0);
        if invalid || nul {
            profile.texts_invalid += u64::from(invalid);
            profile.texts_nul += u64::from(nul);
            if profile.odd_texts.len() < EXAMPLES_MAX {
                profile.odd_texts.push(key());
            }
        }
        profile.texts_empty += u64::from(bytes.is_empty());
        profile.texts_numeric += u64::from(may_be_number(bytes));
        match self.family {
            Family::Date | Family::Stamp => self.stamps.observe(bytes),
            Family::Json => self.json = self.json && is_json(bytes),
            Family::Uuid => self.uuid = self.uuid && is_uuid(bytes),
            _ => {}
        }
    }

    fn finish(self) -> ColumnProfile {
        let mut profile = self.profile;
        if profile.texts > 0 {
            profile.spelling = Some(Spelling {
                date: self.stamps.date(),
                stamp: self.stamps.stamp().map(spelling),
                json: self.json && self.family == Family::Json,
                uuid: self.uuid && self.family == Family::Uuid,
            });
        }
        profile
    }
}

fn observe_real(profile: &mut ColumnProfile, real: f64) {
    profile.reals_infinite += u64::from(real.is_infinite());
    profile.reals_integral += u64::from(real.fract() == 0.0);
    profile.reals_negative_zero += u64::from(real == 0.0 && real.is_sign_negative());
}

/// Whether a text could be taken for the text form of a number: by its first character that is no space, generously.
fn may_be_number(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    first.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'I' | b'i'))
}

fn spelling(template: Template) -> StampSpelling {
    StampSpelling {
        separator: template.separator,
        seconds: template.seconds,
        fraction: match template.fraction {
            Fraction::Fixed(digits) => FractionSpelling::Fixed(digits),
            Fraction::Shortened => FractionSpelling::Shortened,
            Fraction::NoneOrSix => FractionSpelling::NoneOrSix,
        },
        zone: match template.zone {
            Zone::None => None,
            Zone::Z => Some(("Z".to_owned(), 0)),
            Zone::Offset { text, seconds } => Some((text, seconds)),
        },
    }
}

/// Cuts a walk in key order into ranges of about equal weight. The first range is open below and the last above.
#[derive(Debug)]
struct ChunkCutter {
    bytes_max: u64,
    rows_max: u64,
    chunks: Vec<ChunkSpec>,
    lo: Option<i64>,
    rows: u64,
    bytes: u64,
    full: bool,
    last: Option<i64>,
}

impl ChunkCutter {
    fn new(bytes_max: u64, rows_max: u64) -> ChunkCutter {
        ChunkCutter {
            bytes_max,
            rows_max,
            chunks: Vec::new(),
            lo: None,
            rows: 0,
            bytes: 0,
            full: false,
            last: None,
        }
    }

    #[inline]
    fn row(&mut self, key: Option<i64>, weight: u64) {
        if self.full {
            // Only now is it known that another row follows, so that no empty chunk comes last.
            self.close(self.last);
            self.lo = self.last.and_then(|last| last.checked_add(1));
        }
        self.rows += 1;
        self.bytes += weight;
        self.full = key.is_some() && (self.bytes >= self.bytes_max || self.rows >= self.rows_max);
        self.last = key;
    }

    fn close(&mut self, hi: Option<i64>) {
        let index = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let range = ScanRange { lo: self.lo, hi };
        self.chunks.push(ChunkSpec { index, range, rows: self.rows, bytes: self.bytes });
        (self.rows, self.bytes, self.full) = (0, 0, false);
    }

    fn finish(mut self) -> Vec<ChunkSpec> {
        self.close(None);
        self.chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_once() {
        let mut cutter = ChunkCutter::new(u64::MAX, 2);
        for key in [-9, -3, 0, 7, i64::MAX] {
            cutter.row(Some(key), 10);
        }
        let ranges: Vec<_> =
            cutter.finish().iter().map(|chunk| (chunk.range.lo, chunk.range.hi, chunk.rows)).collect();
        assert_eq!(ranges, [(None, Some(-3), 2), (Some(-2), Some(7), 2), (Some(8), None, 1)]);
    }

    #[test]
    fn a_full_last_chunk_is_not_followed_by_an_empty_one() {
        let mut cutter = ChunkCutter::new(20, 100);
        cutter.row(Some(1), 10);
        cutter.row(Some(2), 10);
        assert_eq!(cutter.finish().len(), 1);
        assert_eq!(ChunkCutter::new(1, 1).finish().len(), 1, "an empty table has one empty chunk");
    }

    #[test]
    fn tables_without_a_key_are_one_chunk() {
        let mut cutter = ChunkCutter::new(1, 1);
        (0..5).for_each(|_| cutter.row(None, 10));
        let chunks = cutter.finish();
        assert_eq!((chunks.len(), chunks[0].rows), (1, 5));
    }
}
