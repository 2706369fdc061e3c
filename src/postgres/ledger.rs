//! The ledger: what is done, kept in schema `cutover` of the target and committed together with what it speaks of.
//!
//! Invariants: a chunk's row says done if and only if its data is committed; whoever takes a source over raises its epoch,
//! and every later transaction checks the epoch under a lock, so that a run that lost its place cannot write
//! (reliability.md §1.3). Deliberately absent: any state that says "in progress".

use super::damage::{self, Damage};
use super::seal::{self, Sealed};
use super::session::Session;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::error::{Error, Result};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// The version of the ledger's tables; a newer one is refused.
pub const LEDGER_FORMAT: i32 = 4;

/// One run at a time per database: the advisory lock's two keys, `cutover` in letters.
pub(super) const LOCK_KEYS: (i32, i32) = (0x6375_746f, 0x7665_7200);

/// What the ledger knows of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// its row
    pub source_id: i64,
    /// path as recorded
    pub path: String,
    /// target schema
    pub schema: String,
    /// fingerprint as JSON
    pub fingerprint: String,
    /// the options that bear on the plan
    pub options: String,
    /// hash of the plan's canonical text
    pub plan_hash: String,
    /// the plan as JSON
    pub plan: String,
    /// the schema was made by us
    pub created_schema: bool,
    /// the current owner's epoch
    pub epoch: i64,
    /// everything was finished
    pub finished: bool,
    /// when it was finished, as the server spells it
    pub finished_at: Option<String>,
    /// the error of the last run that failed
    pub last_error: Option<String>,
    /// chunks in order of table and index
    pub chunks: Vec<ChunkState>,
    /// steps in order
    pub steps: Vec<StepState>,
    /// digests of what existing tables held before
    pub before: Vec<(String, Vec<u8>)>,
    /// rows of the ledger that are not as they were written
    pub damage: Vec<Damage>,
}

/// One chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkState {
    /// source table
    pub table: String,
    /// bounds and weight
    pub spec: ChunkSpec,
    /// its digest, 40 bytes; present means committed
    pub digest: Option<Vec<u8>>,
    /// rows of it that were set aside
    pub set_aside: u64,
    /// the digest of those, where there are any
    pub set_aside_digest: Option<Vec<u8>>,
    /// it was read back and was equal
    pub verified: bool,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepProgress {
    /// to be done
    Pending,
    /// done
    Done,
    /// left undone on purpose, such as a key that stays NOT VALID
    Left,
}

/// One step after the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// its number, which is also its order
    pub step: i32,
    /// source table; empty for a view
    pub table: String,
    /// `primary key`, `unique`, `index`, `check`, `validate check`, `foreign key`, `validate`, `view`, `sequence`, `trigger`,
    /// `comment`, `vacuum`
    pub kind: String,
    /// the object's name in the target
    pub object: String,
    /// the statement
    pub sql: String,
    /// it brings back what existed before the run
    pub restores: bool,
    /// how far it is
    pub progress: StepProgress,
    /// what came of it
    pub detail: Option<String>,
}

/// Who runs steps: the source's ledger row, the run's epoch, the target schema.
#[derive(Debug, Clone)]
pub struct StepOwner {
    /// ledger row of the source
    pub source_id: i64,
    /// this run's epoch
    pub epoch: i64,
    /// target schema
    pub schema: String,
}

pub(super) type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Ends the backend of `old`, a session of this run that broke, if the server has not noticed yet that nobody is there.
///
/// # Errors
/// A target fault.
pub async fn end_session(session: &Session, old: &Session) -> Result<()> {
    // Of this session's own name and user: a process number may have been given anew.
    let sql = "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, pg_stat_activity me
               WHERE me.pid = pg_backend_pid() AND a.pid = $1 AND a.pid <> me.pid
                 AND a.application_name = me.application_name AND a.usesysid = me.usesysid";
    query(session, sql, &[(&old.backend_pid(), Type::INT4)]).await.map(drop)
}

/// What of the ledger is in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// nothing
    Absent,
    /// all its tables
    Whole,
    /// some of its tables: those that are gone
    Broken(Vec<String>),
}

/// The ledger's tables.
const TABLES: [&str; 6] = ["meta", "source", "before", "chunk", "step", "set_aside"];

/// What of the ledger is there, in a format that this version knows.
///
/// # Errors
/// A refusal for another format.
pub async fn presence(session: &Session) -> Result<Presence> {
    let sql = "SELECT t FROM unnest($1::text[]) t WHERE to_regclass('cutover.' || t) IS NULL";
    let gone = query(session, sql, &[(&&TABLES[..], Type::TEXT_ARRAY)]).await?;
    let gone: Vec<String> = gone.iter().map(|row| row.get(0)).collect();
    if gone.len() == TABLES.len() {
        return Ok(Presence::Absent);
    }
    if !gone.iter().any(|table| table == "meta") {
        check_format(session).await?;
    }
    Ok(if gone.is_empty() { Presence::Whole } else { Presence::Broken(gone) })
}

/// Whether the ledger is there, whole and in a format that this version knows.
///
/// # Errors
/// A refusal for another format, and where a part of it is gone.
pub async fn exists(session: &Session) -> Result<bool> {
    match presence(session).await? {
        Presence::Absent => Ok(false),
        Presence::Whole => Ok(true),
        Presence::Broken(gone) => Err(damage::broken(&gone)),
    }
}

async fn check_format(session: &Session) -> Result<()> {
    let rows = query(session, "SELECT max(format) FROM cutover.meta", &[]).await?;
    let format: i32 = rows.first().and_then(|row| row.get::<_, Option<i32>>(0)).unwrap_or(0);
    if format != LEDGER_FORMAT {
        let message = format!(
            "the ledger in schema \"cutover\" has format {format}; this version knows {LEDGER_FORMAT}"
        );
        return Err(Error::refused(message, Vec::new()).remedy(
            "use the version of cutover that wrote it to finish or clean; then this one begins anew",
        ));
    }
    Ok(())
}

/// Reads what the ledger knows of the sources that go into `schema`; of one of them where `path` is given.
///
/// # Errors
/// A target fault.
pub async fn read(session: &Session, schema: Option<&str>, path: Option<&str>) -> Result<Vec<SourceState>> {
    read_rows(session, schema, path, Seals::Checked).await
}

/// Reads one source in the middle of a run that has looked at the seals when it began, and will again at its end.
///
/// # Errors
/// A target fault; internal, where the source is not there.
pub async fn read_own(session: &Session, schema: &str, path: &str) -> Result<SourceState> {
    let mut states = read_rows(session, Some(schema), Some(path), Seals::Passed).await?;
    states.pop().ok_or_else(|| Error::internal("the ledger's source row has gone"))
}

/// Whether seals are looked at, which costs the server as much as everything else about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seals {
    Checked,
    Passed,
}

impl Seals {
    fn intact(self, sealed: &Sealed) -> String {
        match self {
            Seals::Checked => sealed.holds(),
            Seals::Passed => "true".to_owned(),
        }
    }
}

async fn read_rows(
    session: &Session,
    schema: Option<&str>,
    path: Option<&str>,
    seals: Seals,
) -> Result<Vec<SourceState>> {
    let sql = format!(
        "SELECT source_id, path, target_schema, fingerprint, options, plan_hash, plan, created_schema, epoch,
                finished_at IS NOT NULL, to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), last_error,
                {} AS intact, before_rows, chunk_rows, step_rows
         FROM cutover.source t WHERE ($1::text IS NULL OR target_schema = $1) AND ($2::text IS NULL OR path = $2)
         ORDER BY source_id",
        seals.intact(&seal::SOURCE)
    );
    let mut states = Vec::new();
    for row in query(session, &sql, &[(&schema, Type::TEXT), (&path, Type::TEXT)]).await? {
        let state = source_state(&row);
        // All three are asked before the first answer is read.
        let (chunks, steps, before) = futures::join!(
            read_chunks(session, state.source_id, seals),
            read_steps(session, state.source_id, seals),
            read_before(session, state.source_id, seals),
        );
        let (chunks, steps, before) = (chunks?, steps?, before?);
        let damage = damage::of_source(&row, &before, &chunks, &steps);
        states.push(SourceState {
            chunks: chunks.iter().map(chunk_state).collect(),
            steps: steps.iter().map(step_state).collect(),
            before: before.iter().map(|row| (row.get("table_name"), row.get("digest"))).collect(),
            damage,
            ..state
        });
    }
    damage::mark_doubles(&mut states);
    Ok(states)
}

fn source_state(row: &Row) -> SourceState {
    SourceState {
        source_id: row.get(0),
        path: row.get(1),
        schema: row.get(2),
        fingerprint: row.get(3),
        options: row.get(4),
        plan_hash: row.get(5),
        plan: row.get(6),
        created_schema: row.get(7),
        epoch: row.get(8),
        finished: row.get(9),
        finished_at: row.get(10),
        last_error: row.get(11),
        chunks: Vec::new(),
        steps: Vec::new(),
        before: Vec::new(),
        damage: Vec::new(),
    }
}

async fn read_chunks(session: &Session, source_id: i64, seals: Seals) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT table_name, chunk, lo, hi, rows, bytes, digest, verified_at IS NOT NULL, set_aside, set_aside_digest,
                {} AS intact
         FROM cutover.chunk t WHERE source_id = $1 ORDER BY table_name, chunk",
        seals.intact(&seal::CHUNK)
    );
    query(session, &sql, &[(&source_id, Type::INT8)]).await
}

fn chunk_state(row: &Row) -> ChunkState {
    ChunkState {
        table: row.get(0),
        spec: ChunkSpec {
            index: row.get::<_, i32>(1).cast_unsigned(),
            range: ScanRange { lo: row.get(2), hi: row.get(3) },
            rows: row.get::<_, i64>(4).cast_unsigned(),
            bytes: row.get::<_, i64>(5).cast_unsigned(),
        },
        digest: row.get(6),
        verified: row.get(7),
        set_aside: row.get::<_, i64>(8).cast_unsigned(),
        set_aside_digest: row.get(9),
    }
}

async fn read_before(session: &Session, source_id: i64, seals: Seals) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT table_name, digest, {} AS intact FROM cutover.before t WHERE source_id = $1 ORDER BY table_name",
        seals.intact(&seal::BEFORE)
    );
    query(session, &sql, &[(&source_id, Type::INT8)]).await
}

async fn read_steps(session: &Session, source_id: i64, seals: Seals) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT step, table_name, kind, object, sql, restores, state, detail, {} AS intact
         FROM cutover.step t WHERE source_id = $1 ORDER BY step",
        seals.intact(&seal::STEP)
    );
    query(session, &sql, &[(&source_id, Type::INT8)]).await
}

fn step_state(row: &Row) -> StepState {
    StepState {
        step: row.get(0),
        table: row.get(1),
        kind: row.get(2),
        object: row.get(3),
        sql: row.get(4),
        restores: row.get(5),
        progress: match row.get::<_, &str>(6) {
            "done" => StepProgress::Done,
            "left" => StepProgress::Left,
            _ => StepProgress::Pending,
        },
        detail: row.get(7),
    }
}

/// Whether anything that a run has laid aside is not back, of any source.
///
/// # Errors
/// A target fault.
pub async fn owes(session: &Session) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM cutover.step WHERE restores AND state = 'pending')";
    Ok(query(session, sql, &[]).await?.first().is_some_and(|row| row.get(0)))
}

/// Takes a source over: raises its epoch, which waits until every transaction of an earlier owner has ended.
///
/// # Errors
/// A target fault; [`crate::error::ErrorKind::Busy`] where an earlier owner's transaction does not end.
pub async fn take_over(session: &Session, source_id: i64, run_id: &str) -> Result<i64> {
    let sql = "UPDATE cutover.source SET epoch = epoch + 1, run_id = $2, started_at = clock_timestamp(), last_error = NULL
               WHERE source_id = $1 RETURNING epoch";
    let rows = query(session, sql, &[(&source_id, Type::INT8), (&run_id, Type::TEXT)]).await?;
    rows.first().map(|row| row.get(0)).ok_or_else(|| Error::internal("the ledger's source row has gone"))
}

/// Raises a source's epoch, so that whoever owned it before cannot write any more; gives the new one. The source's other
/// words stay.
///
/// # Errors
/// A target fault; [`crate::error::ErrorKind::Busy`] where an earlier owner's transaction does not end.
pub async fn fence(session: &Session, source_id: i64) -> Result<i64> {
    let sql = "UPDATE cutover.source SET epoch = epoch + 1 WHERE source_id = $1 RETURNING epoch";
    let rows = query(session, sql, &[(&source_id, Type::INT8)]).await?;
    rows.first().map(|row| row.get(0)).ok_or_else(|| Error::internal("the ledger's source row has gone"))
}

/// Marks every chunk of these tables as read back and equal, or takes the mark away.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault.
pub async fn mark_verified(session: &Session, owner: &StepOwner, tables: &[&str], equal: bool) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let verified_at = "CASE WHEN $3 THEN clock_timestamp() END";
    // A row that somebody edited meanwhile keeps its broken seal.
    let sql = format!(
        "WITH owned AS (SELECT 1 FROM cutover.source s WHERE s.source_id = $1 AND s.epoch = $4 FOR SHARE),
              marked AS (UPDATE cutover.chunk t SET verified_at = {verified_at}, seal = {}
                         WHERE source_id = $1 AND table_name = ANY ($2) AND EXISTS (SELECT FROM owned) AND {}
                         RETURNING 1)
         SELECT (SELECT count(*) FROM owned), (SELECT count(*) FROM marked)",
        seal::CHUNK.of(&[("verified_at", verified_at)]),
        seal::CHUNK.holds()
    );
    let (source_id, epoch) = (&owner.source_id, &owner.epoch);
    let params: Params<'_> =
        &[(source_id, Type::INT8), (&tables, Type::TEXT_ARRAY), (&equal, Type::BOOL), (epoch, Type::INT8)];
    let marked = query(session, &sql, params).await?;
    let is_owned = marked.first().is_some_and(|row| row.get::<_, i64>(0) > 0);
    if is_owned { Ok(()) } else { Err(super::load::fenced()) }
}

/// Forgets that a table's chunks were done, and that its sequence and vacuum steps were: they will be done again, and
/// the rows that were set aside with them, too.
///
/// # Errors
/// A target fault.
pub async fn reopen_table(session: &Session, source_id: i64, table: &str) -> Result<()> {
    let undone = [
        ("digest", "NULL::bytea"),
        ("set_aside", "0"),
        ("set_aside_digest", "NULL::bytea"),
        ("verified_at", "NULL"),
    ];
    let sql = format!(
        "WITH c AS (UPDATE cutover.chunk t SET digest = NULL, done_at = NULL, verified_at = NULL, set_aside = 0,
                                               set_aside_digest = NULL, seal = {}
                    WHERE source_id = $1 AND table_name = $2),
              a AS (DELETE FROM cutover.set_aside WHERE source_id = $1 AND table_name = $2),
              s AS (UPDATE cutover.step t SET state = 'pending', seal = {}
                    WHERE source_id = $1 AND table_name = $2 AND kind IN ('sequence', 'vacuum'))
         UPDATE cutover.source t SET finished_at = NULL, seal = {} WHERE source_id = $1",
        seal::CHUNK.of(&undone),
        seal::STEP.of(&[("state", "'pending'")]),
        seal::SOURCE.of(&[("finished_at", "NULL")]),
    );
    query(session, &sql, &[(&source_id, Type::INT8), (&table, Type::TEXT)]).await.map(drop)
}

/// Records how a run ended. This commit is synchronous, and with it every earlier one is durable. Not in a row that somebody
/// has edited: it keeps its broken seal.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault.
pub async fn finish(session: &Session, source_id: i64, epoch: i64, error: Option<&str>) -> Result<()> {
    let finished_at = "CASE WHEN $3::text IS NULL THEN clock_timestamp() END";
    let sql = format!(
        "WITH durable AS (SELECT set_config('synchronous_commit', 'on', false))
         UPDATE cutover.source t SET finished_at = {finished_at}, last_error = $3, seal = {}
         FROM durable WHERE source_id = $1 AND epoch = $2 AND {} RETURNING 1",
        seal::SOURCE.of(&[("finished_at", finished_at)]),
        seal::SOURCE.holds()
    );
    let params: Params<'_> = &[(&source_id, Type::INT8), (&epoch, Type::INT8), (&error, Type::TEXT)];
    let recorded = query(session, &sql, params).await?;
    if recorded.is_empty() { Err(super::load::fenced()) } else { Ok(()) }
}

/// Makes every commit until now durable, by one that is synchronous: what the ledger says afterwards outlives a crash of the
/// server.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault.
pub async fn make_durable(session: &Session, source_id: i64, epoch: i64) -> Result<()> {
    let sql = "WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
               UPDATE cutover.source SET run_id = run_id FROM durable WHERE source_id = $1 AND epoch = $2 RETURNING 1";
    let written = query(session, sql, &[(&source_id, Type::INT8), (&epoch, Type::INT8)]).await?;
    if written.is_empty() { Err(super::load::fenced()) } else { Ok(()) }
}

/// Records the fingerprint under which finished chunks were found to be still the same, and the plan with the counts of
/// that moment.
///
/// # Errors
/// A target fault.
pub async fn set_fingerprint(session: &Session, source_id: i64, fingerprint: &str, plan: &str) -> Result<()> {
    let sql = format!(
        "UPDATE cutover.source t SET fingerprint = $2, plan = $3, seal = {} WHERE source_id = $1 AND {}",
        seal::SOURCE.of(&[("fingerprint", "$2"), ("plan", "$3")]),
        seal::SOURCE.holds()
    );
    query(session, &sql, &[(&source_id, Type::INT8), (&fingerprint, Type::TEXT), (&plan, Type::TEXT)])
        .await
        .map(drop)
}

pub(super) async fn query(session: &Session, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, "working with the ledger").await),
    }
}
