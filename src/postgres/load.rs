//! One chunk's transaction: COPY and ledger row together (reliability.md §1.3).
//!
//! `begin` fences and locks, [`ChunkLoad::send`] pumps bytes, [`ChunkLoad::end`], [`record`] and [`commit`] end it. Dropping a [`ChunkLoad`]
//! aborts: the connection is closed and the server rolls back; a session that saw a failed COPY is not used again.

use super::session::Session;
use super::wire::{Exchange, WireFault};
use crate::error::{Error, ErrorKind, Result};
use crate::ident::{qualified, quote_list};
use bytes::Bytes;
use tokio_postgres::types::Type;

/// Where one chunk goes.
#[derive(Debug, Clone)]
pub struct LoadTarget {
    /// ledger row of the source
    pub source_id: i64,
    /// this run's epoch
    pub epoch: i64,
    /// source table, as the ledger names it
    pub source_table: String,
    /// chunk index
    pub chunk: u32,
    /// target schema and table
    pub schema: String,
    /// target table
    pub table: String,
    /// target columns in the order of the stream
    pub columns: Vec<String>,
    /// the chunk is the whole table and the table is ours: truncate it and COPY with FREEZE in this transaction
    pub freeze: bool,
}

/// A chunk whose COPY is under way.
pub struct ChunkLoad<'a> {
    session: &'a Session,
    target: &'a LoadTarget,
    exchange: Box<Exchange>,
}

impl std::fmt::Debug for ChunkLoad<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChunkLoad({})", self.target.place())
    }
}

/// What `begin` found.
#[derive(Debug)]
pub enum Begun<'a> {
    /// COPY is open
    Ready(ChunkLoad<'a>),
    /// the ledger says that this chunk is done already
    AlreadyDone,
}

impl LoadTarget {
    fn place(&self) -> String {
        format!("table \"{}\", chunk {}", self.source_table, self.chunk)
    }

    fn copy_statement(&self) -> String {
        let freeze = if self.freeze { ", FREEZE" } else { "" };
        format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary{freeze})",
            qualified(&self.schema, &self.table),
            quote_list(self.columns.iter().map(String::as_str))
        )
    }
}

/// Opens the transaction, checks that this run still owns the source, locks the chunk's row and starts COPY.
///
/// # Errors
/// [`ErrorKind::Busy`] where another run took over; a refusal where the table holds rows that are not ours; a target fault.
pub async fn begin<'a>(session: &'a Session, target: &'a LoadTarget) -> Result<Begun<'a>> {
    let explain = async |error, doing: &str| session.explain(error, doing).await.at(target.place());
    let client = session.client();
    if let Err(error) = client.batch_execute("BEGIN").await {
        return Err(explain(error, "beginning a transaction").await);
    }
    check_epoch(session, target.source_id, target.epoch).await.map_err(|error| error.at(target.place()))?;
    let sql = "SELECT digest IS NOT NULL FROM cutover.chunk WHERE source_id = $1 AND table_name = $2 AND chunk = $3 FOR UPDATE";
    let chunk = target.chunk.cast_signed();
    let row = client
        .query_typed(
            sql,
            &[(&target.source_id, Type::INT8), (&target.source_table, Type::TEXT), (&chunk, Type::INT4)],
        )
        .await;
    match row {
        Ok(rows) if rows.first().is_some_and(|row| row.get(0)) => {
            return match client.batch_execute("ROLLBACK").await {
                Ok(()) => Ok(Begun::AlreadyDone),
                Err(error) => Err(explain(error, "leaving a chunk that is done").await),
            };
        }
        Ok(rows) if rows.is_empty() => {
            return Err(Error::internal("the ledger's chunk row has gone").at(target.place()));
        }
        Ok(_) => {}
        Err(error) => return Err(explain(error, "locking the chunk").await),
    }
    if target.freeze {
        truncate_own(session, target).await?;
    }
    start(session, target, &target.copy_statement()).await.map(Begun::Ready)
}

/// Starts another COPY in the chunk's transaction, once the first has ended: of its rows that are set aside, in the form
/// of `pipeline::set_aside`.
///
/// # Errors
/// A target fault.
pub async fn begin_set_aside<'a>(session: &'a Session, target: &'a LoadTarget) -> Result<ChunkLoad<'a>> {
    start(session, target, SET_ASIDE).await
}

const SET_ASIDE: &str =
    "COPY cutover.set_aside (source_id, table_name, chunk, row, key, column_name, class, bytes, rule, reason,
    encoding, columns, classes, stored) FROM STDIN (FORMAT binary)";

async fn start<'a>(session: &'a Session, target: &'a LoadTarget, copy: &str) -> Result<ChunkLoad<'a>> {
    match open(session, copy).await {
        Ok(exchange) => Ok(ChunkLoad { session, target, exchange: Box::new(exchange) }),
        Err(fault) => Err(session.explain_wire(fault, "starting COPY").await.at(target.place())),
    }
}

/// Whether the server takes the COPY is heard while rows are sent.
async fn open(session: &Session, copy: &str) -> std::result::Result<Exchange, WireFault> {
    let mut exchange = session.exchange().await?;
    exchange.statement(copy)?;
    exchange.flush().await?;
    Ok(exchange)
}

/// The table is ours and no chunk of it is done, so it is empty: whatever is in it was put there by somebody else.
async fn truncate_own(session: &Session, target: &LoadTarget) -> Result<()> {
    let name = qualified(&target.schema, &target.table);
    let held = session.client().query_typed(&format!("SELECT EXISTS (SELECT 1 FROM {name})"), &[]).await;
    match held {
        Ok(rows) if rows.first().is_some_and(|row| row.get(0)) => {
            return Err(Error::refused("holds rows that this run did not put there", Vec::new())
                .at(format!("table \"{}\"", target.table))
                .remedy("somebody wrote into the table during the migration: remove the rows, then run the same command again"));
        }
        Ok(_) => {}
        Err(error) => return Err(session.explain(error, "looking for rows").await.at(target.place())),
    }
    match session.client().batch_execute(&format!("TRUNCATE {name}")).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "preparing the table").await.at(target.place())),
    }
}

/// Checks inside the open transaction that `epoch` is still the source's, and holds it so until the transaction ends.
///
/// # Errors
/// [`ErrorKind::Busy`] where another run took over.
pub async fn check_epoch(session: &Session, source_id: i64, epoch: i64) -> Result<()> {
    let sql = "SELECT epoch FROM cutover.source WHERE source_id = $1 FOR SHARE";
    match session.client().query_typed(sql, &[(&source_id, Type::INT8)]).await {
        Ok(rows) if rows.first().map(|row| row.get::<_, i64>(0)) == Some(epoch) => Ok(()),
        Ok(_) => Err(fenced()),
        Err(error) => Err(session.explain(error, "checking the ledger").await),
    }
}

/// The error of a run whose epoch is no longer the source's.
pub fn fenced() -> Error {
    Error::new(ErrorKind::Busy, "another run took this copy over; this one has stopped")
        .remedy("let the other run finish, or run the same command again when it has ended")
}

impl ChunkLoad<'_> {
    /// Sends bytes of the COPY stream. Waits while the server is busy: this is the only backpressure.
    ///
    /// # Errors
    /// A target fault, with the server's own reason where it gave one.
    pub async fn send(&mut self, bytes: Bytes) -> Result<()> {
        match self.exchange.data(bytes).await {
            Ok(()) => Ok(()),
            Err(fault) => {
                let doing = if self.exchange.has_begun() { "sending rows" } else { "starting COPY" };
                Err(self.session.explain_wire(fault, doing).await.at(self.target.place()))
            }
        }
    }

    /// Ends COPY and compares the server's count with `rows_sent`. The ledger is left to [`record`].
    ///
    /// # Errors
    /// A target fault, also where the server counts other rows than were sent.
    pub async fn end(self, rows_sent: u64) -> Result<()> {
        let ChunkLoad { session, target, exchange } = self;
        let copied = match finish(*exchange).await {
            Ok(copied) => copied,
            Err(fault) => return Err(session.explain_wire(fault, "copying rows").await.at(target.place())),
        };
        if copied != rows_sent {
            let message =
                format!("{rows_sent} rows were sent and the server took {copied}; the chunk was rolled back");
            return Err(Error::target_fault(message)
                .at(target.place())
                .remedy("look for a trigger or a rule on the table that drops rows"));
        }
        Ok(())
    }
}

async fn finish(mut exchange: Exchange) -> std::result::Result<u64, WireFault> {
    exchange.done()?;
    Ok(exchange.answers().await?.into_iter().sum())
}

/// What a chunk came to, as the ledger keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    /// digest of the rows that were sent
    pub digest: [u8; 40],
    /// rows that were set aside
    pub set_aside: u64,
    /// digest of those
    pub set_aside_digest: [u8; 40],
}

/// Writes the chunk's ledger row, after every COPY of its transaction. COMMIT is left to [`commit`].
///
/// # Errors
/// A target fault; an internal error where the row is no longer as it was locked.
pub async fn record(session: &Session, target: &LoadTarget, tally: &Tally) -> Result<()> {
    let sql = "UPDATE cutover.chunk SET digest = $4, epoch = $5, set_aside = $6, set_aside_digest = $7,
                      done_at = clock_timestamp(), verified_at = NULL
               WHERE source_id = $1 AND table_name = $2 AND chunk = $3 AND digest IS NULL RETURNING 1";
    let (chunk, digest, set_aside) =
        (target.chunk.cast_signed(), &tally.digest[..], tally.set_aside.cast_signed());
    let set_aside_digest = (set_aside > 0).then_some(&tally.set_aside_digest[..]);
    let updated = session
        .client()
        .query_typed(
            sql,
            &[
                (&target.source_id, Type::INT8),
                (&target.source_table, Type::TEXT),
                (&chunk, Type::INT4),
                (&digest, Type::BYTEA),
                (&target.epoch, Type::INT8),
                (&set_aside, Type::INT8),
                (&set_aside_digest, Type::BYTEA),
            ],
        )
        .await;
    match updated {
        Ok(rows) if rows.len() == 1 => Ok(()),
        Ok(_) => Err(Error::internal("the ledger's chunk row changed under its lock").at(target.place())),
        Err(error) => Err(session.explain(error, "writing the ledger").await.at(target.place())),
    }
}

/// Commits the chunk.
///
/// # Errors
/// A target fault; whether the server committed is then unknown, and [`is_done`] on another session tells.
pub async fn commit(session: &Session, target: &LoadTarget) -> Result<()> {
    match session.client().batch_execute("COMMIT").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "committing the chunk").await.at(target.place())),
    }
}

/// Whether the chunk is done, read under a lock: waits for a COMMIT that may still be under way (lost acknowledgement).
///
/// # Errors
/// A target fault.
pub async fn is_done(session: &Session, target: &LoadTarget) -> Result<bool> {
    let sql = "SELECT digest IS NOT NULL FROM cutover.chunk WHERE source_id = $1 AND table_name = $2 AND chunk = $3 FOR UPDATE";
    let chunk = target.chunk.cast_signed();
    let rows = session
        .client()
        .query_typed(
            sql,
            &[(&target.source_id, Type::INT8), (&target.source_table, Type::TEXT), (&chunk, Type::INT4)],
        )
        .await;
    match rows {
        Ok(rows) => Ok(rows.first().is_some_and(|row| row.get(0))),
        Err(error) => Err(session
            .explain(error, "asking the ledger whether the chunk was committed")
            .await
            .at(target.place())),
    }
}
