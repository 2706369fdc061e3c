//! Small tables that share a transaction: read into memory first, then one COPY each, and one COMMIT for all.
//!
//! Whatever is not plain about one of them is left to the way that every table can go alone, so that errors, rows set aside
//! and checkpoints are there what they always are.

use super::copy::{CopyTask, ScanSummary, commit, read_task};
use crate::assess::pool::join;
use crate::encode::Frame;
use crate::error::{Error, Result};
use crate::limits::{SMALL_TABLES_AT_ONCE, SMALL_TABLES_BYTES_MAX};
use crate::postgres::connect::Connector;
use crate::postgres::load::{self, Begun, LoadTarget, Opened, Tally};
use crate::postgres::session::Session;
use crate::timing::{Stage, TableClock};
use bytes::Bytes;
use std::cell::{Cell, RefCell};

/// A table that was read.
struct Read {
    /// which of the tasks
    index: usize,
    frames: Vec<Frame>,
    summary: ScanSummary,
}

/// Copies all of `tasks`, all of one source, in one transaction. Tells which of them are committed; the others are to be
/// copied alone.
///
/// # Errors
/// Of the server; nothing of any of them is committed then, and each may be copied alone.
pub(super) async fn copy_together(
    connector: &Connector,
    session: &Session,
    tasks: &[CopyTask],
) -> Result<Vec<usize>> {
    let reading = tasks.to_vec();
    let clocks: Vec<&TableClock> = tasks.iter().map(|task| &task.clock).collect();
    let reader = tokio::task::spawn_blocking(move || Ok(read_all(&reading)));
    let read = join(TableClock::time_all(&clocks, Stage::Idle, reader).await)?;
    let targets: Vec<&LoadTarget> = read.iter().map(|read| &tasks[read.index].target).collect();
    let begun = TableClock::time_all(&clocks, Stage::Begin, load::begin(session, &targets)).await?;
    if let Begun::Ready(opened) = begun {
        TableClock::time_all(&clocks, Stage::Send, fill(&opened, &read)).await?;
        let tallies = read.iter().map(|read| &read.summary.tallies[..]);
        let all: Vec<(&LoadTarget, &[Tally])> = targets.iter().copied().zip(tallies).collect();
        TableClock::time_all(&clocks, Stage::Commit, commit(connector, session, &all)).await?;
    }
    for read in &read {
        let bytes = read.frames.iter().map(|frame| frame.bytes.len() as u64).sum();
        tasks[read.index].counters.add(read.summary.rows, bytes);
    }
    Ok(read.iter().map(|read| read.index).collect())
}

/// Reads what can be read and sent as it is. A value that does not fit, rows to be set aside: the table goes alone.
fn read_all(tasks: &[CopyTask]) -> Vec<Read> {
    let kept_bytes = Cell::new(0);
    let plain = |(index, task): (usize, &CopyTask)| {
        let (frames, before) = (RefCell::new(Vec::new()), kept_bytes.get());
        let Ok(summary) = read_task(task, &|frame| keep(&frames, &frame, &kept_bytes)) else {
            kept_bytes.set(before);
            return None;
        };
        let read = Read { index, frames: frames.into_inner(), summary };
        (read.summary.held.rows == 0).then_some(read)
    };
    tasks.iter().enumerate().filter_map(plain).collect()
}

/// A frame is made to be sent at once, with room for a large one: what is kept has the size that it needs.
fn keep(frames: &RefCell<Vec<Frame>>, frame: &Frame, kept_bytes: &Cell<u64>) -> Result<()> {
    kept_bytes.set(kept_bytes.get() + frame.bytes.len() as u64);
    // The source may have grown since the ledger's sizes were taken; and a row may be longer in the stream than it weighs.
    if kept_bytes.get() > SMALL_TABLES_BYTES_MAX * 2 {
        return Err(Error::internal("a table is too large to be read ahead"));
    }
    let bytes = Bytes::copy_from_slice(&frame.bytes);
    frames.borrow_mut().push(Frame { bytes, rows: frame.rows });
    Ok(())
}

async fn fill(opened: &Opened<'_>, tables: &[Read]) -> Result<()> {
    let stream = |table: &Read| {
        let rows: u64 = table.frames.iter().map(|frame| u64::from(frame.rows)).sum();
        if rows != table.summary.rows {
            return Err(Error::internal("the rows sent are not the rows read"));
        }
        Ok((table.frames.iter().map(|frame| frame.bytes.clone()).collect(), rows))
    };
    let streams: Vec<(Vec<Bytes>, u64)> = tables.iter().map(stream).collect::<Result<_>>()?;
    opened.fill(&streams).await
}

/// Small tables of one source, put together for `jobs` connections.
pub(super) fn batches(tasks: Vec<CopyTask>, jobs: usize) -> Vec<Vec<CopyTask>> {
    let tables_max = tasks.len().div_ceil(jobs.max(1)).clamp(1, SMALL_TABLES_AT_ONCE);
    let mut batches: Vec<Vec<CopyTask>> = Vec::new();
    let mut bytes = 0;
    for task in tasks {
        bytes += task.bytes();
        match batches.last_mut() {
            Some(batch) if batch.len() < tables_max && bytes <= SMALL_TABLES_BYTES_MAX => batch.push(task),
            _ => {
                bytes = task.bytes();
                batches.push(vec![task]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table that was small when the ledger took its size may be large now.
    #[test]
    fn what_is_read_ahead_is_bounded() {
        let (frames, kept_bytes) = (RefCell::new(Vec::new()), Cell::new(0));
        let frame = Frame { bytes: Bytes::from(vec![0; 512 * 1024]), rows: 1 };
        let taken = (0..1000).take_while(|_| keep(&frames, &frame, &kept_bytes).is_ok()).count();
        assert_eq!(taken as u64, SMALL_TABLES_BYTES_MAX * 2 / frame.bytes.len() as u64);
        assert_eq!(frames.borrow().len(), taken);
    }
}
