//! Rows on their way: one reader thread and one connection per transaction, one bounded channel between them.
//!
//! Failure is one-way: a fault of the sink closes the channel, and the reader stops; a fault of the reader ends the
//! channel, and the sink is dropped, which rolls the transaction back. An uncommitted chunk leaves no trace.

use super::set_aside::{Aside, Held};
use crate::assess::aside::Judge;
use crate::assess::job::{Job, key_text};
use crate::assess::pool::join;
use crate::checkpoint::ChunkSpec;
use crate::digest::{ChunkDigests, MultisetDigest, RowHasher, table_key};
use crate::encode::{self, Frame, FrameBuilder, LargeHead};
use crate::error::{Error, Result};
use crate::event::TaskCounters;
use crate::failpoint;
use crate::limits::FRAME_QUEUE_DEPTH;
use crate::plan::TablePlan;
use crate::plan::types::Mapping;
use crate::postgres::connect::Connector;
use crate::postgres::load::{self, Begun, Load, LoadTarget, Opened, Tally};
use crate::postgres::session::Session;
use crate::sqlite::large::LargeBlob;
use crate::sqlite::scan::{RowView, scan};
use crate::timing::{Stage, TableClock};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Chunks of one table that are copied together, as a rule one: the unit of commit and of resume.
#[derive(Debug, Clone)]
pub struct CopyTask {
    /// its source
    pub job: Arc<Job>,
    /// its table
    pub table: Arc<TablePlan>,
    /// their ranges, in order
    pub chunks: Vec<ChunkSpec>,
    /// where they go
    pub target: LoadTarget,
    /// rows and bytes of its table, for the screen
    pub counters: Arc<TaskCounters>,
    /// where its table's time goes
    pub clock: TableClock,
}

/// What became of a task: it is committed.
#[derive(Debug)]
pub struct Copied {
    /// the task
    pub task: CopyTask,
    /// when it was begun, alone or with others
    pub started: Instant,
    /// how long it took; its share, where it was done together with others
    pub seconds: f64,
}

/// What the reader thread found: the only thing that comes out of it besides frames.
#[derive(Debug)]
pub(super) struct ScanSummary {
    /// rows that were sent
    pub(super) rows: u64,
    /// chunk by chunk, in order
    pub(super) tallies: Vec<Tally>,
    /// rows that are set aside
    pub(super) held: Held,
}

impl CopyTask {
    /// Rows of all its chunks, as the profile counted them.
    pub fn rows(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.rows).sum()
    }

    /// Bytes of all its chunks, as the profile weighed them.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.bytes).sum()
    }
}

/// Copies one task: rows and ledger rows commit together, or none does. Chunks that the ledger has as done are left.
pub(super) async fn copy_alone(connector: &Connector, session: &Session, task: &CopyTask) -> Result<()> {
    let targets = [&task.target];
    let begun = task.clock.time(Stage::Begin, load::begin(session, &targets)).await?;
    let Begun::Ready(opened) = begun else { return Ok(()) };
    let counted = Counted::new(&task.counters);
    let tallies = fill(session, task, &opened, &counted).await?;
    task.clock.time(Stage::Commit, commit(connector, session, &[(&task.target, &tallies)])).await?;
    counted.keep();
    Ok(())
}

/// Sends the rows of a task, and those of it that are set aside, into a transaction that stays open; what each chunk came to.
pub(super) async fn fill(
    session: &Session,
    task: &CopyTask,
    opened: &Opened<'_>,
    counted: &Counted<'_>,
) -> Result<Vec<Tally>> {
    let mut sink = task.clock.time(Stage::Begin, opened.start()).await?;
    let (frames, mut received) = mpsc::channel(FRAME_QUEUE_DEPTH);
    let reading = task.clone();
    let reader = tokio::task::spawn_blocking(move || read_task(&reading, &|frame| hand_in(&frames, frame)));
    let sent = pump(&mut sink, &mut received, counted, &task.clock).await;
    drop(received);
    let read = join(reader.await);
    // The sink's error comes first: the reader's is then only that nobody listened any more.
    let (rows, summary) = (sent?, read?);
    if rows != summary.rows {
        return Err(Error::internal("the rows sent are not the rows read"));
    }
    task.clock.time(Stage::Commit, sink.end(rows)).await?;
    copy_held(session, task, summary.held, counted).await?;
    Ok(summary.tallies)
}

/// What one attempt has counted for the screen; taken back where nothing comes of it.
pub(super) struct Counted<'a> {
    all: &'a TaskCounters,
    ours: TaskCounters,
}

impl<'a> Counted<'a> {
    pub(super) fn new(all: &'a TaskCounters) -> Counted<'a> {
        Counted { all, ours: TaskCounters::default() }
    }

    fn add(&self, rows: u64, bytes: u64) {
        self.all.add(rows, bytes);
        self.ours.add(rows, bytes);
    }

    fn keep(self) {
        let (rows, bytes) = self.ours.sample();
        self.ours.take_back(rows, bytes);
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let (rows, bytes) = self.ours.sample();
        self.all.take_back(rows, bytes);
    }
}

/// Copies the rows that are set aside, in the transaction of their chunks.
async fn copy_held(session: &Session, task: &CopyTask, held: Held, counted: &Counted<'_>) -> Result<()> {
    let rows = held.rows;
    if rows == 0 {
        return Ok(());
    }
    let mut sink = load::begin_set_aside(session, &task.target).await?;
    let (frames, mut received) = mpsc::channel(FRAME_QUEUE_DEPTH);
    let reader = tokio::task::spawn_blocking(move || held.hand_over(|frame| hand_in(&frames, frame)));
    let nothing = TaskCounters::default();
    let sent = pump(&mut sink, &mut received, &Counted::new(&nothing), &task.clock).await;
    drop(received);
    let read = join(reader.await);
    sent?;
    read?;
    sink.end(rows).await?;
    counted.add(rows, 0);
    Ok(())
}

/// Waits while the queue is full.
fn hand_in(frames: &mpsc::Sender<Frame>, frame: Frame) -> Result<()> {
    failpoint::source(failpoint::FRAME_BUILT)?;
    frames.blocking_send(frame).map_err(|_| abandoned())?;
    failpoint::source(failpoint::FRAME_IN)
}

/// Commits; where the answer is lost, the ledger is asked under a lock what became of it.
pub(super) async fn commit(
    connector: &Connector,
    session: &Session,
    all: &[(&LoadTarget, &[Tally])],
) -> Result<()> {
    failpoint::target(failpoint::BEFORE_COMMIT)?;
    let answered = load::commit(session, all).await;
    if let Err(error) = answered.and_then(|()| failpoint::target(failpoint::COMMIT_ANSWERED)) {
        let targets: Vec<&LoadTarget> = all.iter().map(|(target, _)| *target).collect();
        // Where there is no way to ask either, the first error says why; whoever tries again asks the ledger first.
        let Ok(other) = connector.connect("after a lost commit").await else { return Err(error) };
        if !load::is_done(&other, &targets).await? {
            return Err(error);
        }
    }
    failpoint::pass(failpoint::AFTER_COMMIT);
    Ok(())
}

async fn pump(
    sink: &mut Load<'_>,
    frames: &mut mpsc::Receiver<Frame>,
    counters: &Counted<'_>,
    clock: &TableClock,
) -> Result<u64> {
    let mut rows = 0;
    while let Some(frame) = clock.time(Stage::Idle, frames.recv()).await {
        failpoint::target(failpoint::FRAME_OUT)?;
        let (frame_rows, bytes) = (u64::from(frame.rows), frame.bytes.len() as u64);
        clock.time(Stage::Send, sink.send(frame.bytes)).await?;
        counters.add(frame_rows, bytes);
        rows += frame_rows;
    }
    Ok(rows)
}

/// The reader thread: chunk after chunk in one stream. Frames leave as they fill.
pub(super) fn read_task(task: &CopyTask, hand_over: &impl Fn(Frame) -> Result<()>) -> Result<ScanSummary> {
    let mut builder = FrameBuilder::new();
    let mut summary = ScanSummary { rows: 0, tallies: Vec::new(), held: Held::none() };
    for chunk in &task.chunks {
        read_chunk(task, chunk, &mut builder, hand_over, &mut summary)?;
    }
    // Before the last frame, without which nothing is committed.
    task.job.source.check_kept()?;
    task.clock.of(Stage::Wait, || hand_over(builder.finish()))?;
    Ok(summary)
}

/// Scans one chunk, encodes in place, digests.
fn read_chunk(
    task: &CopyTask,
    chunk: &ChunkSpec,
    builder: &mut FrameBuilder,
    hand_over: &impl Fn(Frame) -> Result<()>,
    summary: &mut ScanSummary,
) -> Result<()> {
    let mappings: Vec<Mapping> = task.table.columns.iter().map(|column| column.mapping.clone()).collect();
    let is_sent: Vec<bool> = task.table.columns.iter().map(|column| column.generated.is_none()).collect();
    let mut digests = ChunkDigests::new(table_key(&task.table.source, mappings.len()), 1);
    let sampler = task.clock.sampler(Stage::Read, Stage::Wait);
    let hand_over = |frame| sampler.wait(|| hand_over(frame));
    let mut aside = aside_of(task, chunk, summary)?;
    let mut number = 0;
    let reader = task.job.source.reader()?;
    scan(&reader, &task.job.scan_of_plan(&task.table), &chunk.range, |row| {
        number += 1;
        if let Some(aside) = &mut aside
            && aside.takes(row, number)?
        {
            return Ok(());
        }
        let (columns, number) = ((&mappings[..], &is_sent[..]), number - 1);
        let digest = digests.row();
        let nothing = |_| ();
        let lap = |stage| sampler.lap(stage);
        match (row.has_large(), sampler.row()) {
            (false, false) => {
                write_row::<false>(task, row, columns, builder, digest, &hand_over, number, nothing)?;
            }
            (false, true) => {
                write_row::<false>(task, row, columns, builder, digest, &hand_over, number, lap)?
            }
            (true, _) => write_row::<true>(task, row, columns, builder, digest, &hand_over, number, lap)?,
        }
        digests.end_row(0);
        sampler.lap(Stage::Hash);
        Ok(())
    })?;
    let digest = digests.finish_as_one();
    let mut left_out = MultisetDigest::default();
    if let Some(aside) = aside {
        (summary.held, left_out) = aside.into_held();
    }
    if digest.rows() + left_out.rows() != number {
        return Err(Error::internal("rows were read that were neither sent nor set aside"));
    }
    summary.rows += digest.rows();
    summary.tallies.push(Tally {
        chunk: chunk.index,
        digest: digest.to_bytes(),
        set_aside: left_out.rows(),
        set_aside_digest: left_out.to_bytes(),
    });
    Ok(())
}

/// Who sets rows of the chunk aside, if anybody does.
fn aside_of<'a>(
    task: &'a CopyTask,
    chunk: &ChunkSpec,
    summary: &mut ScanSummary,
) -> Result<Option<Aside<'a>>> {
    let judge = Judge::new(&task.job, &task.table)?;
    Ok(judge.map(|judge| {
        let held = std::mem::replace(&mut summary.held, Held::none());
        Aside::new(judge, (&task.table, &task.target, chunk.index), task.job.encoding(), held)
    }))
}

/// The hot loop: where the SQLite value, its encoding and its digest meet. `lap` ends a stage of a row that is measured, and
/// is nothing for all others: they have a loop of their own, without it. Only a row with a large BLOB (`LARGE`) asks its
/// cells for one.
#[inline]
#[expect(clippy::too_many_arguments, reason = "the hot loop's state stays in registers, not behind a struct")]
fn write_row<const LARGE: bool>(
    task: &CopyTask,
    row: &RowView<'_>,
    (mappings, is_sent): (&[Mapping], &[bool]),
    builder: &mut FrameBuilder,
    hasher: &mut RowHasher,
    hand_over: &impl Fn(Frame) -> Result<()>,
    number: u64,
    lap: impl Fn(Stage),
) -> Result<()> {
    encode::begin_row(task.target.columns.len() as u16, builder.buffer());
    for (i, (mapping, sent)) in mappings.iter().zip(is_sent).enumerate() {
        if LARGE && let Some(blob) = row.large(i) {
            let head = if *sent { Some(encode::large_blob(blob.bytes(), mapping)) } else { None };
            let head = head.transpose().map_err(|misfit| does_not_fit(task, row, i, misfit, number))?;
            write_blob(&blob, mapping, (builder, head), hasher, hand_over)?;
            lap(Stage::Encode);
            continue;
        }
        let value = row.value(i)?;
        hasher.source_value(value, mapping);
        lap(Stage::Hash);
        if !sent {
            continue;
        }
        match encode::large_payload(value, mapping) {
            Ok(None) => {
                let written = encode::value(value, mapping, builder.buffer());
                written.map_err(|misfit| does_not_fit(task, row, i, misfit, number))?;
            }
            Ok(Some(payload)) => builder.put_large(payload, hand_over)?,
            Err(misfit) => return Err(does_not_fit(task, row, i, misfit, number)),
        }
        lap(Stage::Encode);
    }
    builder.end_row();
    match builder.take_if_full() {
        Some(frame) => hand_over(frame),
        None => Ok(()),
    }
}

/// One BLOB, read once for both: field and digest. Without `head` it is not sent.
#[cold]
fn write_blob(
    blob: &LargeBlob<'_>,
    mapping: &Mapping,
    (builder, head): (&mut FrameBuilder, Option<Option<LargeHead>>),
    hasher: &mut RowHasher,
    hand_over: &impl Fn(Frame) -> Result<()>,
) -> Result<()> {
    if let Some(head) = head {
        builder.begin_large(head);
    }
    let is_hashed = hasher.begin_source_blob(blob.bytes(), mapping);
    if is_hashed != head.is_none_or(|head| head.is_some()) {
        return Err(Error::internal("a BLOB is of one part for its encoding and of another for its digest"));
    }
    if !is_hashed {
        return Ok(());
    }
    let mut slices = blob.slices()?;
    while let Some(slice) = slices.next_slice()? {
        hasher.source_slice(slice);
        if head.is_some() {
            builder.put_slice(slice, hand_over)?;
        }
    }
    Ok(())
}

#[cold]
fn does_not_fit(
    task: &CopyTask,
    row: &RowView<'_>,
    column: usize,
    misfit: encode::Misfit,
    number: u64,
) -> Error {
    let column = &task.table.columns[column];
    Error::source_fault(format!(
        "a value does not fit the type {}: {misfit} ({})",
        column.mapping.pg,
        misfit.code()
    ))
    .at(format!(
        "table \"{}\", column \"{}\", {}",
        task.table.source,
        column.source,
        key_text(row.key(), number + 1)
    ))
    .remedy(misfit.fix())
}

#[cold]
fn abandoned() -> Error {
    Error::internal("the connection stopped taking rows")
}
