//! One transaction of rows: COPY and ledger rows together (reliability.md §1.3). As a rule it holds the chunks of one table;
//! small tables share one.
//!
//! [`begin`] fences and locks, [`Opened::start`] opens a COPY, [`Load::send`] pumps bytes, [`Load::end`] and [`commit`] end
//! it. What does not wait for an answer is sent together: three round trips for a chunk, and for a batch of small tables
//! ([`Opened::fill`]) just as many. Dropping a [`Load`] aborts: the connection is closed and the server rolls back; a
//! session that saw a failed COPY is not used again.

use super::heels::on_its_heels;
use super::seal;
use super::session::Session;
use super::wire::{Exchange, WireFault};
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::ident::{qualified, quote_list};
use bytes::Bytes;
use std::sync::LazyLock;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

/// What is in the table before the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// perhaps rows: earlier chunks, or others' rows
    Beside,
    /// nothing, else it is refused: the table is ours, and no chunk of it is done
    Empty,
    /// the same; the table is truncated and filled by COPY with FREEZE, which others would see at once
    /// (semantics.md §5.3), so it is never for a table that was there before us
    Frozen,
}

/// Where the chunks of one table go that commit together.
#[derive(Debug, Clone)]
pub struct LoadTarget {
    /// ledger row of the source
    pub source_id: i64,
    /// this run's epoch
    pub epoch: i64,
    /// source table, as the ledger names it
    pub source_table: String,
    /// chunk indexes
    pub chunks: Vec<u32>,
    /// target schema and table
    pub schema: String,
    /// target table
    pub table: String,
    /// target columns in the order of the stream
    pub columns: Vec<String>,
    /// see [`Fill`]
    pub fill: Fill,
}

/// A transaction that is open, fenced and locked.
pub struct Opened<'a> {
    session: &'a Session,
    targets: &'a [&'a LoadTarget],
}

impl std::fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({})", place_of(self.targets))
    }
}

/// A COPY under way.
pub struct Load<'a> {
    session: &'a Session,
    target: &'a LoadTarget,
    exchange: Box<Exchange>,
}

impl std::fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Load({})", self.target.place())
    }
}

/// What `begin` found.
#[derive(Debug)]
pub enum Begun<'a> {
    /// rows may come
    Ready(Opened<'a>),
    /// the ledger says that all chunks are done already
    AlreadyDone,
}

impl LoadTarget {
    fn place(&self) -> String {
        match self.chunks[..] {
            [chunk] => format!("table \"{}\", chunk {chunk}", self.source_table),
            _ => format!("table \"{}\"", self.source_table),
        }
    }

    fn name(&self) -> String {
        qualified(&self.schema, &self.table)
    }

    /// The last of them is the COPY.
    fn statements(&self) -> Vec<String> {
        let columns = quote_list(self.columns.iter().map(String::as_str));
        let copy = |freeze| format!("COPY {} ({columns}) FROM STDIN (FORMAT binary{freeze})", self.name());
        match self.fill {
            Fill::Beside | Fill::Empty => vec![copy("")],
            Fill::Frozen => vec![format!("TRUNCATE {}", self.name()), copy(", FREEZE")],
        }
    }
}

fn place_of(targets: &[&LoadTarget]) -> String {
    match targets {
        [] => String::new(),
        [only] => only.place(),
        [first, others @ ..] => {
            format!("table \"{}\" and {}", first.source_table, plural(others.len() as u64, "other"))
        }
    }
}

/// Opens the transaction of `targets`, all of one source: checks that this run still owns the source, locks the rows of the
/// chunks and sees that tables are empty that have to be. One round trip.
///
/// # Errors
/// [`ErrorKind::Busy`] where another run took over; a refusal where a table holds rows that are not ours; a target fault.
pub async fn begin<'a>(session: &'a Session, targets: &'a [&'a LoadTarget]) -> Result<Begun<'a>> {
    let Some(first) = targets.first() else { return Ok(Begun::AlreadyDone) };
    let client = session.client();
    // Sent in this order before the first answer is read. Where one fails, the server refuses those behind it.
    let lock_tables = lock_frozen(targets);
    let (begun, owned, done, locked, strange) = futures::join!(
        client.batch_execute("BEGIN"),
        check_epoch(session, first.source_id, first.epoch),
        lock_chunks(session, targets),
        client.batch_execute(&lock_tables),
        check_empty(session, targets),
    );
    if let Err(error) = begun {
        return Err(session.explain(error, "beginning a transaction").await.at(place_of(targets)));
    }
    owned.map_err(|error| error.at(place_of(targets)))?;
    let (done, wanted) = (done?, targets.iter().map(|target| target.chunks.len()).sum::<usize>());
    if done.len() != wanted {
        return Err(Error::internal("the ledger's chunk row has gone").at(place_of(targets)));
    }
    if done.contains(&true) {
        return leave(session, targets, &done).await;
    }
    if let Err(error) = locked {
        return Err(session.explain(error, "locking the table").await.at(place_of(targets)));
    }
    strange?;
    Ok(Begun::Ready(Opened { session, targets }))
}

/// Locks tables before it is looked whether they are empty: a row of somebody else that was not committed then would be
/// truncated with the rest. TRUNCATE takes the same lock.
fn lock_frozen(targets: &[&LoadTarget]) -> String {
    let frozen = targets.iter().filter(|target| target.fill == Fill::Frozen);
    let names: Vec<String> = frozen.map(|target| target.name()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE", names.join(", ONLY "))
}

/// Chunks that commit together are done together.
async fn leave<'a>(session: &Session, targets: &[&LoadTarget], done: &[bool]) -> Result<Begun<'a>> {
    if done.contains(&false) {
        return Err(Error::internal("some of the chunks are done, and others not").at(place_of(targets)));
    }
    match session.client().batch_execute("ROLLBACK").await {
        Ok(()) => Ok(Begun::AlreadyDone),
        Err(error) => Err(session.explain(error, "leaving a chunk that is done").await.at(place_of(targets))),
    }
}

/// Locks the ledger's rows of all chunks; whether each is done.
async fn lock_chunks(session: &Session, targets: &[&LoadTarget]) -> Result<Vec<bool>> {
    let sql = "SELECT c.digest IS NOT NULL FROM cutover.chunk c
                 JOIN unnest($2::text[], $3::int[]) w (t, n) ON c.table_name = w.t AND c.chunk = w.n
               WHERE c.source_id = $1 ORDER BY c.table_name, c.chunk FOR UPDATE OF c";
    let all = || targets.iter().flat_map(|target| target.chunks.iter().map(|chunk| (*target, *chunk)));
    let source_id = targets.first().map_or(0, |target| target.source_id);
    let tables: Vec<&str> = all().map(|(target, _)| target.source_table.as_str()).collect();
    let chunks: Vec<i32> = all().map(|(_, chunk)| chunk.cast_signed()).collect();
    let rows = session
        .client()
        .query_typed(
            sql,
            &[(&source_id, Type::INT8), (&tables, Type::TEXT_ARRAY), (&chunks, Type::INT4_ARRAY)],
        )
        .await;
    match rows {
        Ok(rows) => Ok(rows.iter().map(|row| row.get(0)).collect()),
        Err(error) => Err(session.explain(error, "locking the chunk").await.at(place_of(targets))),
    }
}

/// A table that is ours and of which no chunk is done is empty: whatever is in it was put there by somebody else.
async fn check_empty(session: &Session, targets: &[&LoadTarget]) -> Result<()> {
    let of_ours: Vec<&LoadTarget> =
        targets.iter().filter(|target| target.fill != Fill::Beside).copied().collect();
    if of_ours.is_empty() {
        return Ok(());
    }
    let held = of_ours.iter().enumerate();
    let held = held.map(|(i, target)| format!("SELECT {i} WHERE EXISTS (SELECT 1 FROM {})", target.name()));
    let sql = held.collect::<Vec<_>>().join(" UNION ALL ");
    let rows = match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => rows,
        Err(error) => {
            return Err(session.explain(error, "looking for rows").await.at(place_of(targets)));
        }
    };
    let strange = rows.first().and_then(|row| of_ours.get(usize::try_from(row.get::<_, i32>(0)).ok()?));
    let Some(strange) = strange else { return Ok(()) };
    Err(Error::refused("holds rows that this run did not put there", Vec::new())
        .at(format!("table \"{}\"", strange.table))
        .remedy("somebody wrote into the table during the migration: remove the rows, then run the same command again"))
}

impl<'a> Opened<'a> {
    /// A transaction that was begun elsewhere, fenced and locked.
    pub(super) fn of(session: &'a Session, targets: &'a [&'a LoadTarget]) -> Opened<'a> {
        Opened { session, targets }
    }

    /// Starts the COPY of the only target. Whether the server takes it is heard while rows are sent.
    ///
    /// # Errors
    /// A target fault.
    pub async fn start(&self) -> Result<Load<'a>> {
        let target =
            self.targets.first().ok_or_else(|| Error::internal("a COPY into no table was started"))?;
        start(self.session, target, &target.statements()).await
    }

    /// Fills all targets, each with its whole stream and the rows that are in it, and waits only for the end. One round trip.
    ///
    /// # Errors
    /// A target fault, also where the server counts other rows than were sent.
    pub async fn fill(&self, streams: &[(Vec<Bytes>, u64)]) -> Result<()> {
        let place = |statement: usize| {
            let counts = self.targets.iter().map(|target| target.statements().len());
            let ends = counts.scan(0, |end, count| {
                *end += count;
                Some(*end)
            });
            let target = ends.take_while(|end| *end <= statement).count();
            self.targets.get(target).map_or_else(|| place_of(self.targets), |target| target.place())
        };
        match send_all(self.session, self.targets, streams).await {
            Ok(counts) => {
                let pairs = self.targets.iter().zip(streams).zip(counts);
                pairs
                    .into_iter()
                    .try_for_each(|((target, (_, sent)), copied)| check_count(target, *sent, copied))
            }
            Err(fault) => {
                let at = match &fault {
                    WireFault::Refused { statement, .. } => place(*statement),
                    _ => place_of(self.targets),
                };
                Err(self.session.explain_wire(fault, "copying rows").await.at(at))
            }
        }
    }
}

/// Rows that the server took for each target.
async fn send_all(
    session: &Session,
    targets: &[&LoadTarget],
    streams: &[(Vec<Bytes>, u64)],
) -> std::result::Result<Vec<u64>, WireFault> {
    let mut exchange = session.exchange().await?;
    for (target, (frames, _)) in targets.iter().zip(streams) {
        target.statements().iter().try_for_each(|sql| exchange.statement(sql))?;
        for frame in frames {
            exchange.data(frame.clone()).await?;
        }
        exchange.done()?;
    }
    let mut rows = exchange.answers().await?.into_iter();
    Ok(targets.iter().map(|target| rows.by_ref().take(target.statements().len()).sum()).collect())
}

fn check_count(target: &LoadTarget, sent: u64, copied: u64) -> Result<()> {
    if copied == sent {
        return Ok(());
    }
    let message =
        format!("{} sent, and the server took {copied}; the chunk was rolled back", plural(sent, "row"));
    Err(Error::target_fault(message)
        .at(target.place())
        .remedy("look for a trigger or a rule on the table that drops rows"))
}

/// Starts another COPY in the transaction, once the others have ended: of the rows that are set aside, in the form of
/// `pipeline::set_aside`.
///
/// # Errors
/// A target fault.
pub async fn begin_set_aside<'a>(session: &'a Session, target: &'a LoadTarget) -> Result<Load<'a>> {
    start(session, target, &[SET_ASIDE.to_owned()]).await
}

const SET_ASIDE: &str =
    "COPY cutover.set_aside (source_id, table_name, chunk, row, key, column_name, class, bytes, rule, reason,
    encoding, columns, classes, stored) FROM STDIN (FORMAT binary)";

async fn start<'a>(session: &'a Session, target: &'a LoadTarget, statements: &[String]) -> Result<Load<'a>> {
    match open(session, statements).await {
        Ok(exchange) => Ok(Load { session, target, exchange: Box::new(exchange) }),
        Err(fault) => Err(session.explain_wire(fault, "starting COPY").await.at(target.place())),
    }
}

async fn open(session: &Session, statements: &[String]) -> std::result::Result<Exchange, WireFault> {
    let mut exchange = session.exchange().await?;
    statements.iter().try_for_each(|sql| exchange.statement(sql))?;
    exchange.flush().await?;
    Ok(exchange)
}

/// Checks inside the open transaction that `epoch` is still the source's, and holds it so until the transaction ends. Where
/// it is not, the statement fails (it divides by zero), and with it whatever was sent behind it.
///
/// # Errors
/// [`ErrorKind::Busy`] where another run took over.
pub async fn check_epoch(session: &Session, source_id: i64, epoch: i64) -> Result<()> {
    let sql = "SELECT 1 / (epoch = $2)::int FROM cutover.source WHERE source_id = $1 FOR SHARE";
    match session.client().query_typed(sql, &[(&source_id, Type::INT8), (&epoch, Type::INT8)]).await {
        Ok(rows) if rows.is_empty() => Err(fenced()),
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Err(fenced()),
        Err(error) => Err(session.explain(error, "checking the ledger").await),
    }
}

/// The error of a run that finds `what` of its ledger edited while it goes on.
pub fn edited(what: &str) -> Error {
    Error::target_fault(format!("the ledger is damaged: {what} is not as it was written"))
        .remedy("run the same command again: it names every such row, and the ways out")
}

/// The error of a run whose epoch is no longer the source's.
pub fn fenced() -> Error {
    Error::new(ErrorKind::Busy, "another run took this copy over; this one has stopped")
        .remedy("let the other run finish, or run the same command again when it has ended")
}

impl Load<'_> {
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

    /// Ends COPY and compares the server's count with `rows_sent`. The ledger is left to [`commit`].
    ///
    /// # Errors
    /// A target fault, also where the server counts other rows than were sent.
    pub async fn end(self, rows_sent: u64) -> Result<()> {
        let Load { session, target, exchange } = self;
        failpoint::target(failpoint::BEFORE_COPY_END)?;
        match finish(*exchange).await {
            Ok(copied) => check_count(target, rows_sent, copied)
                .and_then(|()| failpoint::target(failpoint::AFTER_COPY_END)),
            Err(fault) => Err(session.explain_wire(fault, "copying rows").await.at(target.place())),
        }
    }
}

async fn finish(mut exchange: Exchange) -> std::result::Result<u64, WireFault> {
    exchange.done()?;
    Ok(exchange.answers().await?.into_iter().sum())
}

/// What a chunk came to, as the ledger keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    /// chunk index
    pub chunk: u32,
    /// digest of the rows that were sent
    pub digest: [u8; 40],
    /// rows that were set aside
    pub set_aside: u64,
    /// digest of those
    pub set_aside_digest: [u8; 40],
}

/// Writes the ledger's rows of all chunks, each table's tallies with it, and commits. One round trip.
///
/// # Errors
/// A target fault; whether the server committed is then unknown, and [`is_done`] on another session tells.
pub async fn commit(session: &Session, all: &[(&LoadTarget, &[Tally])]) -> Result<()> {
    // The first of them fails as a whole where it cannot do all it should; COMMIT then rolls back.
    let (recorded, committed) =
        on_its_heels(record(session, all), session.client().batch_execute("COMMIT")).await;
    let Some(committed) = committed else {
        // Whoever asks the ledger now must not wait for our own locks.
        let _ = session.client().batch_execute("ROLLBACK").await;
        return recorded;
    };
    recorded?;
    match committed {
        Ok(()) => Ok(()),
        Err(error) => {
            let targets: Vec<&LoadTarget> = all.iter().map(|(target, _)| *target).collect();
            Err(session.explain(error, "committing the chunk").await.at(place_of(&targets)))
        }
    }
}

/// A row that is not as it was locked makes the statement divide by zero, so that the COMMIT that follows it on its heels
/// finds nothing to commit.
static RECORD: LazyLock<String> = LazyLock::new(|| {
    let seal = seal::CHUNK.of(&[
        ("digest", "d.digest"),
        ("set_aside", "d.aside"),
        ("set_aside_digest", "d.aside_digest"),
        ("verified_at", "NULL"),
    ]);
    format!(
        "WITH done AS (UPDATE cutover.chunk t SET digest = d.digest, epoch = $2, set_aside = d.aside,
                              set_aside_digest = d.aside_digest, done_at = clock_timestamp(), verified_at = NULL, seal = {seal}
                       FROM unnest($3::text[], $4::int[], $5::bytea[], $6::bigint[], $7::bytea[]) d (t, n, digest, aside, aside_digest)
                       WHERE t.source_id = $1 AND t.table_name = d.t AND t.chunk = d.n AND t.digest IS NULL AND {}
                       RETURNING 1)
         SELECT 1 / (count(*) = cardinality($4))::int FROM done",
        seal::CHUNK.holds()
    )
});

async fn record(session: &Session, all: &[(&LoadTarget, &[Tally])]) -> Result<()> {
    failpoint::target(failpoint::BEFORE_LEDGER)?;
    let targets: Vec<&LoadTarget> = all.iter().map(|(target, _)| *target).collect();
    let (source_id, epoch) = targets.first().map_or((0, 0), |target| (target.source_id, target.epoch));
    let rows = || all.iter().flat_map(|(target, tallies)| tallies.iter().map(move |tally| (target, tally)));
    let tables: Vec<&str> = rows().map(|(target, _)| target.source_table.as_str()).collect();
    let chunks: Vec<i32> = rows().map(|(_, tally)| tally.chunk.cast_signed()).collect();
    let digests: Vec<&[u8]> = rows().map(|(_, tally)| &tally.digest[..]).collect();
    let aside: Vec<i64> = rows().map(|(_, tally)| tally.set_aside.cast_signed()).collect();
    let aside_digests: Vec<Option<&[u8]>> =
        rows().map(|(_, tally)| (tally.set_aside > 0).then_some(&tally.set_aside_digest[..])).collect();
    let recorded = session
        .client()
        .query_typed(
            RECORD.as_str(),
            &[
                (&source_id, Type::INT8),
                (&epoch, Type::INT8),
                (&tables, Type::TEXT_ARRAY),
                (&chunks, Type::INT4_ARRAY),
                (&digests, Type::BYTEA_ARRAY),
                (&aside, Type::INT8_ARRAY),
                (&aside_digests, Type::BYTEA_ARRAY),
            ],
        )
        .await;
    match recorded {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => {
            Err(edited("its row in cutover.chunk").at(place_of(&targets)))
        }
        Err(error) => Err(session.explain(error, "writing the ledger").await.at(place_of(&targets))),
    }
}

/// Whether all chunks are done, read under a lock: waits for a COMMIT that may still be under way (lost acknowledgement).
///
/// # Errors
/// A target fault.
pub async fn is_done(session: &Session, targets: &[&LoadTarget]) -> Result<bool> {
    let done = lock_chunks(session, targets).await?;
    Ok(!done.is_empty() && done.iter().all(|is_done| *is_done))
}
