//! Rows on their way: one reader thread and one connection per chunk, one bounded channel between them.
//!
//! Failure is one-way: a fault of the sink closes the channel, and the reader stops; a fault of the reader ends the
//! channel, and the sink is dropped, which rolls the chunk back. An uncommitted chunk leaves no trace.

use super::cancel::Cancel;
use super::set_aside::{Aside, Held};
use crate::assess::aside::Judge;
use crate::assess::job::{Job, key_text};
use crate::assess::pool::{Queue, join};
use crate::checkpoint::ChunkSpec;
use crate::digest::{MultisetDigest, RowHasher, table_key};
use crate::encode::{self, Frame, FrameBuilder, LargeHead};
use crate::error::{Error, ErrorKind, Result};
use crate::event::TaskCounters;
use crate::failpoint::{self, Action};
use crate::limits::FRAME_QUEUE_DEPTH;
use crate::plan::TablePlan;
use crate::plan::types::Mapping;
use crate::postgres::connect::Connector;
use crate::postgres::load::{self, Begun, ChunkLoad, LoadTarget, Tally};
use crate::postgres::session::Session;
use crate::sqlite::large::LargeBlob;
use crate::sqlite::scan::{RowView, scan};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// One chunk to be copied: the unit of work, of commit and of resume.
#[derive(Debug, Clone)]
pub struct CopyTask {
    /// its source
    pub job: Arc<Job>,
    /// its table
    pub table: Arc<TablePlan>,
    /// its range
    pub chunk: ChunkSpec,
    /// where it goes
    pub target: LoadTarget,
    /// rows and bytes of its table, for the screen
    pub counters: Arc<TaskCounters>,
}

/// What one chunk came to.
#[derive(Debug)]
pub struct Copied {
    /// the chunk
    pub task: CopyTask,
    /// how long it took
    pub seconds: f64,
}

/// What the reader thread found: the only thing that comes out of it besides frames.
#[derive(Debug)]
pub struct ScanSummary {
    /// count and sum of the hashes of the rows that were sent
    pub digest: MultisetDigest,
    /// rows that are set aside
    held: Option<Held>,
}

/// How the workers go about their tasks.
#[derive(Debug, Clone)]
pub struct CopySettings {
    /// connections at once
    pub jobs: usize,
    /// stop all at the first failure
    pub fail_fast: bool,
}

/// Copies all tasks with as many connections as `settings` say. Reports each chunk through `done` as it commits.
/// Returns the failures, each with its source table; an empty list means that every chunk is committed.
pub async fn run(
    connector: &Connector,
    tasks: Vec<CopyTask>,
    settings: &CopySettings,
    cancel: &Cancel,
    done: impl Fn(Copied) + Send + Sync + 'static,
) -> Vec<(String, Error)> {
    let workers = settings.jobs.min(tasks.len());
    let queue = Arc::new(Queue::new(tasks));
    let failures: Arc<Mutex<Vec<(String, Error)>>> = Arc::default();
    let done: Arc<dyn Fn(Copied) + Send + Sync> = Arc::new(done);
    let handles: Vec<_> = (0..workers)
        .map(|number| {
            let worker = Worker {
                connector: connector.clone(),
                queue: Arc::clone(&queue),
                failures: Arc::clone(&failures),
                cancel: cancel.clone(),
                fail_fast: settings.fail_fast,
                number,
            };
            let done = Arc::clone(&done);
            tokio::spawn(async move { worker.run(&*done).await })
        })
        .collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            lock(&failures).push((String::new(), error));
        }
    }
    std::mem::take(&mut *lock(&failures))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    connector: Connector,
    queue: Arc<Queue<CopyTask>>,
    failures: Arc<Mutex<Vec<(String, Error)>>>,
    cancel: Cancel,
    fail_fast: bool,
    number: usize,
}

impl Worker {
    /// Takes tasks until there are none. A session that saw a failure is not used again.
    async fn run(self, done: &(dyn Fn(Copied) + Send + Sync)) {
        let mut session: Option<Session> = None;
        while let Some(task) = self.queue.take() {
            if self.cancel.is_asked() || self.has_failed(&task) {
                continue;
            }
            let table = task.table.source.clone();
            match self.cancel.bound(self.copy_with(&mut session, task)).await {
                Ok(copied) => done(copied),
                Err(error) => {
                    session = None;
                    self.fail(table, error);
                }
            }
        }
        if let Some(session) = session {
            session.close().await;
        }
    }

    async fn copy_with(&self, session: &mut Option<Session>, task: CopyTask) -> Result<Copied> {
        let ready = match session {
            Some(session) => session,
            None => session.insert(self.connector.connect(&format!("copy {}", self.number)).await?),
        };
        let started = Instant::now();
        copy_chunk(&self.connector, ready, &task).await?;
        Ok(Copied { task, seconds: started.elapsed().as_secs_f64() })
    }

    /// Chunks of a table that failed already are left: the next run finds them in the ledger.
    fn has_failed(&self, task: &CopyTask) -> bool {
        let failures = lock(&self.failures);
        failures.iter().any(|(table, _)| *table == task.table.source)
            || (self.fail_fast && !failures.is_empty())
    }

    fn fail(&self, table: String, error: Error) {
        // A run that lost its place, and a server that is gone, fail every table alike: one error says it.
        let is_final =
            matches!(error.kind(), ErrorKind::Busy | ErrorKind::Interrupted | ErrorKind::Terminated);
        lock(&self.failures).push((table, error));
        if self.fail_fast || is_final {
            self.queue.clear();
        }
    }
}

/// Copies one chunk: rows and ledger row commit together, or neither does. A chunk that the ledger has as done is left.
async fn copy_chunk(connector: &Connector, session: &Session, task: &CopyTask) -> Result<()> {
    let Begun::Ready(mut sink) = load::begin(session, &task.target).await? else { return Ok(()) };
    let (frames, mut received) = mpsc::channel(FRAME_QUEUE_DEPTH);
    let reading = task.clone();
    let reader = tokio::task::spawn_blocking(move || read_chunk(&reading, &frames));
    let sent = pump(&mut sink, &mut received, &task.counters).await;
    drop(received);
    let read = join(reader.await);
    // The sink's error comes first: the reader's is then only that nobody listened any more.
    let (rows, summary) = (sent?, read?);
    if rows != summary.digest.rows() {
        return Err(Error::internal("the rows sent are not the rows read"));
    }
    sink.end(rows).await?;
    let set_aside = summary.held.as_ref().map_or(MultisetDigest::default(), |held| held.digest);
    copy_held(session, task, summary.held).await?;
    let tally = Tally {
        digest: summary.digest.to_bytes(),
        set_aside: set_aside.rows(),
        set_aside_digest: set_aside.to_bytes(),
    };
    load::record(session, &task.target, &tally).await?;
    if failpoint::pass(failpoint::BEFORE_COMMIT) == Action::Fail {
        return Err(Error::target_fault("stopped at a planted failure before the commit"));
    }
    commit(connector, session, task).await?;
    failpoint::pass(failpoint::AFTER_COMMIT);
    Ok(())
}

/// Copies the rows that are set aside, in the transaction of their chunk.
async fn copy_held(session: &Session, task: &CopyTask, held: Option<Held>) -> Result<()> {
    let Some(held) = held.filter(|held| held.digest.rows() > 0) else { return Ok(()) };
    let rows = held.digest.rows();
    let mut sink = load::begin_set_aside(session, &task.target).await?;
    let (frames, mut received) = mpsc::channel(FRAME_QUEUE_DEPTH);
    let reader = tokio::task::spawn_blocking(move || {
        held.hand_over(|frame| frames.blocking_send(frame).map_err(|_| abandoned()))
    });
    let sent = pump(&mut sink, &mut received, &TaskCounters::default()).await;
    drop(received);
    let read = join(reader.await);
    sent?;
    read?;
    sink.end(rows).await?;
    task.counters.add(rows, 0);
    Ok(())
}

/// Commits; where the answer is lost, the ledger is asked under a lock what became of it.
async fn commit(connector: &Connector, session: &Session, task: &CopyTask) -> Result<()> {
    let Err(error) = load::commit(session, &task.target).await else { return Ok(()) };
    let other = connector.connect("after a lost commit").await?;
    if load::is_done(&other, &task.target).await? { Ok(()) } else { Err(error) }
}

async fn pump(
    sink: &mut ChunkLoad<'_>,
    frames: &mut mpsc::Receiver<Frame>,
    counters: &TaskCounters,
) -> Result<u64> {
    let mut rows = 0;
    while let Some(frame) = frames.recv().await {
        let (frame_rows, bytes) = (u64::from(frame.rows), frame.bytes.len() as u64);
        sink.send(frame.bytes).await?;
        counters.add(frame_rows, bytes);
        rows += frame_rows;
    }
    Ok(rows)
}

/// The reader thread: scan, encode in place, digest. Frames leave as they fill.
fn read_chunk(task: &CopyTask, frames: &mpsc::Sender<Frame>) -> Result<ScanSummary> {
    let mappings: Vec<Mapping> = task.table.columns.iter().map(|column| column.mapping.clone()).collect();
    let is_sent: Vec<bool> = task.table.columns.iter().map(|column| column.generated.is_none()).collect();
    let mut hasher = RowHasher::new(table_key(&task.table.source, mappings.len()));
    let mut digest = MultisetDigest::default();
    let mut builder = FrameBuilder::new();
    let hand_over = |frame| frames.blocking_send(frame).map_err(|_| abandoned());
    let judge = Judge::new(&task.job, &task.table)?;
    let mut aside = judge.map(|judge| Aside::new(judge, &task.table, &task.target, task.job.encoding()));
    let mut number = 0;
    let reader = task.job.source.reader()?;
    scan(&reader, &task.job.scan_of_plan(&task.table), &task.chunk.range, |row| {
        number += 1;
        if let Some(aside) = &mut aside
            && aside.takes(row, number)?
        {
            return Ok(());
        }
        let how = (&mappings[..], &is_sent[..]);
        if row.has_large() {
            write_row::<true>(task, row, how, &mut builder, &mut hasher, &hand_over, number - 1)?;
        } else {
            write_row::<false>(task, row, how, &mut builder, &mut hasher, &hand_over, number - 1)?;
        }
        digest.add(&hasher.finish());
        Ok(())
    })?;
    drop(reader);
    hand_over(builder.finish())?;
    let held = aside.map(Aside::into_held);
    if digest.rows() + held.as_ref().map_or(0, |held| held.digest.rows()) != number {
        return Err(Error::internal("rows were read that were neither sent nor set aside"));
    }
    Ok(ScanSummary { digest, held })
}

/// The hot loop: where the SQLite value, its encoding and its digest meet. Only a row with a large BLOB (`LARGE`) asks its
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
) -> Result<()> {
    encode::begin_row(task.target.columns.len() as u16, builder.buffer());
    for (i, (mapping, sent)) in mappings.iter().zip(is_sent).enumerate() {
        if LARGE && let Some(blob) = row.large(i) {
            let head = if *sent { Some(encode::large_blob(blob.bytes(), mapping)) } else { None };
            let head = head.transpose().map_err(|misfit| does_not_fit(task, row, i, misfit, number))?;
            write_blob(&blob, mapping, (builder, head), hasher, hand_over)?;
            continue;
        }
        let value = row.value(i)?;
        hasher.source_value(value, mapping);
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
