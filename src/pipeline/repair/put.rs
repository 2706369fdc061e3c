//! Rows of the source in the place of those that differ, one transaction a piece.

use super::choose::{Piece, Work};
use crate::checkpoint::ChunkSpec;
use crate::counts::plural;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::outcome::{RepairReport, TableRepair};
use crate::pipeline::account::Account;
use crate::pipeline::copy::{CopyTask, Counted, fill};
use crate::pipeline::schedule::sent_columns;
use crate::pipeline::tools::Tools;
use crate::postgres::connect::Connector;
use crate::postgres::fault::server_error;
use crate::postgres::ledger::StepOwner;
use crate::postgres::load::{Fill, LoadTarget};
use crate::postgres::replace::{self, Cleared, Replacement};
use crate::postgres::session::Session;
use std::sync::Arc;

/// The class of SQLSTATEs that say that a constraint does not hold.
const CONSTRAINT: &str = "23";

/// A piece that is still to be put: which work it is of, and why it could not be done yet.
type Left<'a> = (&'a Work, &'a Piece, Option<Error>);

/// Puts all pieces. One that a constraint is against, whose other table may be still to come, is tried again after the
/// others; in the end it is named.
///
/// The account has what was put by then, whatever happens next.
///
/// # Errors
/// Busy where another run took over; a source or target fault.
pub(super) async fn all(
    tools: &Tools,
    owners: &[StepOwner],
    works: &[Work],
    account: &mut Account,
) -> Result<Vec<TableRepair>> {
    let mut left: Vec<Left<'_>> =
        works.iter().flat_map(|work| work.pieces.iter().map(move |piece| (work, piece, None))).collect();
    let mut repaired = Vec::new();
    let mut hand = Hand { tools, session: None };
    loop {
        let before = left.len();
        let mut barred = Vec::new();
        for (work, piece, _) in left {
            tools.cancel.check()?;
            match hand.put(&owners[work.source], work, piece).await {
                Ok(()) => {
                    note(&mut repaired, work, piece);
                    account.report.repaired =
                        Some(RepairReport { tables: repaired.clone(), ..RepairReport::default() });
                }
                Err(error) if is_constraint(&error) => barred.push((work, piece, Some(error))),
                Err(error) => return Err(error.under_way()),
            }
        }
        if barred.is_empty() || barred.len() == before {
            barred.into_iter().for_each(|left| not_put(&left, account));
            return Ok(repaired);
        }
        left = barred;
    }
}

fn is_constraint(error: &Error) -> bool {
    server_error(error).is_some_and(|server| server.sqlstate.starts_with(CONSTRAINT))
}

fn note(repaired: &mut Vec<TableRepair>, work: &Work, piece: &Piece) {
    let name = &work.table.source;
    let at = repaired.iter().position(|one| one.table == *name).unwrap_or_else(|| {
        let chunks_of = work.chunks_of as u64;
        repaired.push(TableRepair { table: name.clone(), chunks_of, ..TableRepair::default() });
        repaired.len() - 1
    });
    let one = &mut repaired[at];
    one.chunks += piece.chunks.len() as u64;
    one.rows_removed += piece.rows;
    one.rows_copied += piece.chunks.iter().map(|(_, digest)| digest.rows()).sum::<u64>();
}

fn not_put((work, piece, error): &Left<'_>, account: &mut Account) {
    let why = error.as_ref().map_or_else(String::new, ToString::to_string);
    let message = format!("{} could not be copied again: {why}", piece.words());
    account.finding(
        Finding::new("W_NOT_REPAIRED", Severity::Warning, work.table.source.clone(), message)
            .fix("remove what the constraint stands on, or the constraint, and run the same command again"),
    );
}

impl Piece {
    fn words(&self) -> String {
        match (&self.key, &self.chunks[..]) {
            (Some(_), [(chunk, _)]) => format!("chunk {}", chunk.index),
            _ => "the table".to_owned(),
        }
    }
}

/// Does one piece after the other on one connection; what can pass is tried again on a new one.
struct Hand<'a> {
    tools: &'a Tools,
    session: Option<Session>,
}

impl Hand<'_> {
    async fn put(&mut self, owner: &StepOwner, work: &Work, piece: &Piece) -> Result<()> {
        let (tools, name) = (self.tools, &work.table.source);
        tools.events.note(format!(
            "repairing table \"{name}\", {}: {} replaced by {}",
            piece.words(),
            plural(piece.rows, "row"),
            piece.chunks.iter().map(|(_, digest)| digest.rows()).sum::<u64>()
        ));
        let mut attempts = tools.retry.attempts(Some(name));
        loop {
            let trying = async {
                tools.ready().await?;
                let session = match &mut self.session {
                    Some(session) => session,
                    none => none.insert(tools.connector.connect("repair").await?),
                };
                put(&tools.connector, session, owner, work, piece)
                    .await
                    .map_err(|error| error.at(format!("table \"{name}\"")))
            };
            let error = match tools.cancel.bound(trying).await {
                Ok(()) => {
                    attempts.succeeded();
                    return Ok(());
                }
                Err(error) => error,
            };
            self.session = None;
            attempts.after(error).await?;
        }
    }
}

/// One transaction. Whatever fails, the session is not used again, and the server rolls back.
async fn put(
    connector: &Connector,
    session: &Session,
    owner: &StepOwner,
    work: &Work,
    piece: &Piece,
) -> Result<()> {
    let task = task(owner, work, piece);
    let target = task.target.clone();
    let (range, key) = (piece.range, piece.key.clone());
    let what = Replacement { target: target.clone(), key, range, rows: piece.rows };
    let targets = [&target];
    let Cleared::Ready(opened, lifted) = replace::begin(session, &what, &targets).await? else {
        return Ok(());
    };
    replace::forget_set_aside(session, &target).await?;
    let tallies = fill(session, &task, &opened, &Counted::new(&task.counters)).await?;
    let is_same = tallies.iter().map(|tally| tally.digest).eq(piece.chunks.iter().map(|(_, d)| d.to_bytes()));
    if !is_same {
        return Err(Error::source_fault("the rows that were read are no longer those that were compared")
            .remedy("the source was written meanwhile: stop its writers, then run the same command again"));
    }
    replace::settle(session, &target, &lifted).await?;
    let Err(error) = replace::commit(session).await else { return Ok(()) };
    // Where no answer came, the ledger is asked what became of the COMMIT.
    let Ok(other) = connector.connect("after a lost commit").await else { return Err(error) };
    if replace::is_done(&other, &target).await? { Ok(()) } else { Err(error) }
}

fn task(owner: &StepOwner, work: &Work, piece: &Piece) -> CopyTask {
    let chunks: Vec<ChunkSpec> = piece.chunks.iter().map(|(chunk, _)| chunk.clone()).collect();
    CopyTask {
        job: Arc::clone(&work.job),
        table: Arc::clone(&work.table),
        target: LoadTarget {
            source_id: owner.source_id,
            epoch: owner.epoch,
            source_table: work.table.source.clone(),
            chunks: chunks.iter().map(|chunk| chunk.index).collect(),
            schema: work.schema.clone(),
            table: work.table.target.clone(),
            columns: sent_columns(&work.table),
            fill: Fill::Beside,
        },
        chunks,
        counters: Arc::default(),
        clock: crate::timing::TableClock::default(),
    }
}
