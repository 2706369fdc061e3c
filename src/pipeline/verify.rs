//! The target is read back through code that shares nothing with the encoder, and compared with the source's digests,
//! chunk by chunk where the rows' key came along (semantics.md §6).

use super::locate::{Asked, locate, sample};
use crate::assess::job::Job;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::config::VerifyLevel;
use crate::counts::plural;
use crate::digest::{ChunkDigests, Fields, MultisetDigest, TupleReader, table_key};
use crate::error::{Error, Result};
use crate::event::TaskCounters;
use crate::failpoint;
use crate::outcome::{ChunkDifference, DifferenceCounts, Digests, RowDifference, Verify};
use crate::plan::types::{Codec, Mapping, PgType};
use crate::plan::{ScanKey, TablePlan};
use crate::postgres::readback;
use crate::postgres::session::Session;
use crate::timing::{Sampler, Stage, TableClock};
use std::time::Instant;

/// Chunks named in a report, at most.
const DIFFERENCES_MAX: usize = 20;

/// What the target should hold.
#[derive(Debug, Clone)]
pub struct Expected {
    /// the table
    pub plan: std::sync::Arc<TablePlan>,
    /// its chunks with their source digests
    pub chunks: Vec<(ChunkSpec, MultisetDigest)>,
    /// what it held before us
    pub before: Option<MultisetDigest>,
    /// the source
    pub job: std::sync::Arc<Job>,
    /// digests of the source when its chunks were copied, where `chunks` has those of now
    pub recorded: Vec<Option<MultisetDigest>>,
    /// only these rows are compared
    pub sample: Option<Sample>,
}

/// Some rows of a table, for a quick look.
#[derive(Debug, Clone)]
pub struct Sample {
    /// where they are in the source, in the order of its key
    pub ranges: Vec<ScanRange>,
    /// of the rows there, each whose number this divides
    pub stride: u64,
    /// rows that the target should have in all
    pub rows: u64,
}

impl Sample {
    /// Whether each range is one rowid.
    pub fn by_rowid(&self) -> bool {
        self.ranges.iter().all(|range| range.lo.is_some() && range.lo == range.hi)
    }
}

/// How the two sides of a table compare.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// the verdict
    pub verify: Verify,
    /// in what they differ
    pub note: String,
    /// rows in the target, without those that were there before
    pub target_rows: Option<u64>,
    /// both digests
    pub digests: Digests,
    /// the first differing chunks
    pub differing: Vec<ChunkDifference>,
    /// all differing chunks, where they can be told apart: index, and rows in the target
    pub unequal: Vec<(u32, u64)>,
    /// how many rows differ
    pub counts: Option<DifferenceCounts>,
    /// the first differing rows
    pub rows: Vec<RowDifference>,
    /// how long it took
    pub seconds: f64,
}

/// Compares one table at `level`, in a snapshot of its own.
///
/// # Errors
/// A target fault.
pub async fn verify_table(
    session: &Session,
    schema: &str,
    expected: &Expected,
    level: VerifyLevel,
    asked: &Asked,
    counters: &TaskCounters,
) -> Result<Verdict> {
    let started = Instant::now();
    let clock = asked.clock().table(&expected.plan.source);
    match asked.snapshot() {
        Some(snapshot) => readback::begin_in(session, snapshot).await?,
        None => readback::begin_snapshot(session).await?,
    }
    let mut verdict = match level {
        _ if expected.sample.is_some() => sampled(session, schema, expected, asked, &clock).await?,
        VerifyLevel::Off => not_run(),
        VerifyLevel::Count => {
            let count = readback::count(session, schema, &expected.plan.target);
            compare_counts(expected, clock.time(Stage::ReadBack, count).await?)
        }
        VerifyLevel::Checksum => {
            let (plan, chunks) = (&expected.plan, &expected.chunks);
            let target = digest_target(session, schema, plan, chunks, counters, &clock).await?;
            let mut verdict = compare_digests(expected, &target);
            if verdict.verify == Verify::Differs {
                let located = clock.time(Stage::Locate, locate(session, schema, expected, &target, asked));
                located.await?.tell(&mut verdict);
            }
            verdict
        }
    };
    readback::end_snapshot(session).await?;
    verdict.seconds = started.elapsed().as_secs_f64();
    Ok(verdict)
}

fn not_run() -> Verdict {
    Verdict {
        verify: Verify::NotRun,
        note: String::new(),
        target_rows: None,
        digests: Digests::default(),
        differing: Vec::new(),
        unequal: Vec::new(),
        counts: None,
        rows: Vec::new(),
        seconds: 0.0,
    }
}

/// Compares the counts, and the rows of the sample.
async fn sampled(
    session: &Session,
    schema: &str,
    expected: &Expected,
    asked: &Asked,
    clock: &TableClock,
) -> Result<Verdict> {
    let Some(chosen) = &expected.sample else { return Ok(not_run()) };
    let counting = readback::count(session, schema, &expected.plan.target);
    let counted = clock.time(Stage::ReadBack, counting).await?;
    let looking = sample(session, schema, expected, chosen, asked);
    let (rows, located) = clock.time(Stage::Locate, looking).await?;
    let before = expected.before.map_or(0, |before| before.rows());
    let has_counts = counted == chosen.rows + before;
    let is_equal = has_counts && !located.differs();
    let whole = chosen.rows;
    let counts = match has_counts {
        true => "the counts are equal".to_owned(),
        false => {
            format!("the source has {}, the target {}", plural(whole, "row"), counted.saturating_sub(before))
        }
    };
    let of = match rows {
        0 if whole > 0 => "no row was compared, for no key leads from one side to the other".to_owned(),
        _ => format!("{rows} of {} compared", plural(whole, "row")),
    };
    let mut verdict = Verdict {
        verify: if is_equal { Verify::Sampled } else { Verify::Differs },
        note: format!("a sample: {of}; {counts}"),
        target_rows: Some(counted.saturating_sub(before)),
        ..not_run()
    };
    located.tell(&mut verdict);
    if is_equal {
        verdict.counts = None;
    }
    Ok(verdict)
}

fn source_total(expected: &Expected) -> MultisetDigest {
    let mut total = MultisetDigest::default();
    for (_, digest) in &expected.chunks {
        total.merge(digest);
    }
    total
}

fn compare_counts(expected: &Expected, counted: u64) -> Verdict {
    let before = expected.before.map_or(0, |before| before.rows());
    let source = source_total(expected).rows();
    let equal = counted == source + before;
    let note = if equal {
        "row counts only".to_owned()
    } else {
        format!("the source has {}, the target {counted}; there before: {before}", plural(source, "row"))
    };
    let verify = if equal { Verify::Match } else { Verify::Differs };
    Verdict { verify, note, target_rows: Some(counted.saturating_sub(before)), ..not_run() }
}

/// Digests of what the target holds, per chunk. Where the key does not say which chunk a row is of, all is in the first.
#[derive(Debug)]
pub struct TargetDigests {
    /// per chunk, or all in the first
    pub chunks: Vec<MultisetDigest>,
    /// rows were told apart by chunk
    pub by_chunk: bool,
}

/// Reads a table back and hashes every row. Memory: one row, and the short ones that wait to be hashed together.
///
/// # Errors
/// A target fault.
pub async fn digest_target(
    session: &Session,
    schema: &str,
    plan: &TablePlan,
    chunks: &[(ChunkSpec, MultisetDigest)],
    counters: &TaskCounters,
    clock: &TableClock,
) -> Result<TargetDigests> {
    let columns: Vec<&str> = plan.columns.iter().map(|column| column.target.as_str()).collect();
    let mut reader = TupleReader::new(columns.len());
    let mut sorter = Sorter::new(plan, chunks, clock.sampler(Stage::Decode, Stage::ReadBack));
    let opened = sorter.sampler.wait_for(readback::open(session, schema, &plan.target, &columns));
    let mut stream = opened.await?;
    let (mut rows, mut bytes) = (0u64, 0u64);
    loop {
        sorter.sampler.pause();
        let take = |part: &[u8]| {
            sorter.sampler.resume();
            bytes += part.len() as u64;
            reader.feed(part, |fields| sorter.row(fields)).map_err(|error| unreadable(plan, error))
        };
        let goes_on = stream.read(take).await?;
        failpoint::target(failpoint::READ_BACK)?;
        sorter.sampler.resume();
        counters.add(sorter.rows - rows, bytes);
        (rows, bytes) = (sorter.rows, 0);
        if !goes_on {
            break;
        }
    }
    reader.finish().map_err(|error| unreadable(plan, error))?;
    let by_chunk = sorter.key.is_some() || chunks.len() == 1;
    Ok(TargetDigests { by_chunk, chunks: sorter.digests.finish() })
}

fn unreadable(plan: &TablePlan, error: impl std::fmt::Display) -> Error {
    Error::target_fault(format!("the rows read back are not a COPY stream: {error}"))
        .at(format!("table \"{}\"", plan.target))
}

/// Hashes rows and puts each to its chunk.
struct Sorter {
    mappings: Vec<Mapping>,
    /// index of the column that holds the chunks' key
    key: Option<usize>,
    /// last key of each chunk but the last
    bounds: Vec<i64>,
    digests: ChunkDigests,
    rows: u64,
    sampler: Sampler,
}

impl Sorter {
    fn new(plan: &TablePlan, chunks: &[(ChunkSpec, MultisetDigest)], sampler: Sampler) -> Sorter {
        let mappings: Vec<Mapping> = plan.columns.iter().map(|column| column.mapping.clone()).collect();
        Sorter {
            digests: ChunkDigests::new(table_key(&plan.source, mappings.len()), chunks.len()),
            mappings,
            key: integer_key(plan),
            bounds: chunks.iter().filter_map(|(chunk, _)| chunk.range.hi).collect(),
            rows: 0,
            sampler,
        }
    }

    #[inline]
    fn row(&mut self, fields: &Fields<'_>) {
        self.sampler.row();
        let row = self.digests.row();
        for (field, mapping) in fields.iter().zip(&self.mappings) {
            row.target_field(field, mapping);
        }
        self.digests.end_row(self.chunk_of(fields));
        self.sampler.lap(Stage::HashBack);
        self.rows += 1;
    }

    fn chunk_of(&self, fields: &Fields<'_>) -> usize {
        let Some(key) = self.key.and_then(|column| integer(fields.get(column)?)) else { return 0 };
        self.bounds.partition_point(|hi| *hi < key)
    }
}

/// The column that holds the rowid, where it came along as an integer: the target's rows can be told apart by it.
pub(super) fn integer_key(plan: &TablePlan) -> Option<usize> {
    let ScanKey::Rowid { column: Some(column), .. } = plan.key else { return None };
    let Mapping { pg, codec } = &plan.columns.get(column)?.mapping;
    let is_integer = matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8) && *codec == Codec::Int;
    is_integer.then_some(column)
}

/// A big-endian integer of 2, 4 or 8 bytes.
pub(super) fn integer(field: &[u8]) -> Option<i64> {
    match field.len() {
        2 => Some(i64::from(i16::from_be_bytes(field.try_into().ok()?))),
        4 => Some(i64::from(i32::from_be_bytes(field.try_into().ok()?))),
        8 => Some(i64::from_be_bytes(field.try_into().ok()?)),
        _ => None,
    }
}

fn compare_digests(expected: &Expected, target: &TargetDigests) -> Verdict {
    let source = source_total(expected);
    let mut total = MultisetDigest::default();
    for digest in &target.chunks {
        total.merge(digest);
    }
    if let Some(before) = &expected.before {
        total.subtract(before);
    }
    let equal = source == total && source.rows() == total.rows();
    let differing =
        if equal || expected.before.is_some() { Vec::new() } else { differences(expected, target) };
    Verdict {
        verify: if equal { Verify::Match } else { Verify::Differs },
        note: if equal { String::new() } else { difference_note(&source, &total, differing.len()) },
        target_rows: Some(total.rows()),
        digests: Digests { source: Some(source.to_string()), target: Some(total.to_string()) },
        unequal: differing.iter().map(|one| (one.chunk, one.target_rows)).collect(),
        differing: differing.into_iter().take(DIFFERENCES_MAX).collect(),
        ..not_run()
    }
}

fn difference_note(source: &MultisetDigest, target: &MultisetDigest, chunks: usize) -> String {
    let counts = if source.rows() == target.rows() {
        match source.rows() {
            1 => "both sides have 1 row, but not the same one".to_owned(),
            rows => format!("both sides have {}, but not the same ones", plural(rows, "row")),
        }
    } else {
        format!("the source has {}, the target {}", plural(source.rows(), "row"), target.rows())
    };
    match chunks {
        0 => counts,
        1 => format!("{counts}; 1 chunk differs"),
        _ => format!("{counts}; {chunks} chunks differ"),
    }
}

fn differences(expected: &Expected, target: &TargetDigests) -> Vec<ChunkDifference> {
    if !target.by_chunk {
        return Vec::new();
    }
    let pairs = expected.chunks.iter().zip(&target.chunks);
    pairs
        .filter(|((_, source), target)| source != *target)
        .map(|((chunk, source), target)| ChunkDifference {
            chunk: chunk.index,
            range: range_text(chunk),
            source_rows: source.rows(),
            target_rows: target.rows(),
        })
        .collect()
}

fn range_text(chunk: &ChunkSpec) -> String {
    match (chunk.range.lo, chunk.range.hi) {
        (None, None) => "all rows".to_owned(),
        (None, Some(hi)) => format!("keys up to {hi}"),
        (Some(lo), None) => format!("keys from {lo}"),
        (Some(lo), Some(hi)) => format!("keys {lo} to {hi}"),
    }
}
