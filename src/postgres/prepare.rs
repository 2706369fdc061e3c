//! Everything before the data, in one transaction: the ledger's rows and the statements that make the target ready.
//!
//! Either all of it is there afterwards, with the steps that bring back what was laid aside, or nothing is.

use super::lease::check_held;
use super::seal;
use super::session::Session;
use crate::checkpoint::ChunkSpec;
use crate::error::Result;
use crate::ident::quote;
use crate::limits::STATEMENTS_BYTES_MAX;
use futures::future::try_join_all;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

const INIT: &str = include_str!("../../schema/ledger/0001_init.sql");

type Outcome<T> = std::result::Result<T, tokio_postgres::Error>;

/// A step as it is first written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// source table
    pub table: String,
    /// see [`super::ledger::StepState::kind`]
    pub kind: String,
    /// the object's name
    pub object: String,
    /// the statement
    pub sql: String,
    /// it brings back what existed
    pub restores: bool,
    /// it is left undone, for this reason
    pub left: Option<String>,
}

/// A source as it is first written.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// canonical path
    pub path: String,
    /// target schema
    pub schema: String,
    /// fingerprint as JSON
    pub fingerprint: String,
    /// options that bear on the plan
    pub options: String,
    /// hash of the plan
    pub plan_hash: String,
    /// the plan as JSON
    pub plan: String,
    /// the schema is made by us
    pub created_schema: bool,
    /// this run
    pub run_id: String,
    /// what a rehearsal expects of it, as JSON
    pub prediction: Option<String>,
    /// source tables with their chunks
    pub chunks: Vec<(String, Vec<ChunkSpec>)>,
    /// the steps after the data, in order
    pub steps: Vec<NewStep>,
    /// digests of what existing tables held before, by source table
    pub before: Vec<(String, [u8; 40])>,
    /// statements that make the target ready: new tables, objects laid aside, tables emptied
    pub statements: Vec<String>,
}

/// What is to be prepared.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// the ledger's tables are not there yet
    pub create_ledger: bool,
    /// the target schema is not there yet
    pub create_schema: Option<String>,
    /// the sources that begin
    pub sources: Vec<NewSource>,
    /// [`undo`] has opened the transaction already
    pub after_undo: bool,
}

type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Prepares the target, for the run of that label, which holds the lease.
///
/// # Errors
/// A target fault or a refusal; nothing was written then.
pub async fn run(session: &Session, preparation: &Preparation, label: &str) -> Result<()> {
    let explained = async |error| session.explain(error, "preparing the target").await;
    if let Err(error) = try_prepare(session, preparation).await {
        return Err(explained(error).await);
    }
    // Last of all, so that nobody can come between: what another run had prepared meanwhile would have been in the way.
    check_held(session, label).await?;
    match session.client().batch_execute("COMMIT").await {
        Ok(()) => Ok(()),
        Err(error) => Err(explained(error).await),
    }
}

/// In a transaction that stays open.
async fn try_prepare(session: &Session, preparation: &Preparation) -> Outcome<()> {
    let client = session.client();
    let mut first = Script::default();
    if !preparation.after_undo {
        first.add("BEGIN");
    }
    if preparation.create_ledger {
        first.add(INIT);
    }
    if let Some(schema) = &preparation.create_schema {
        first.add(&format!("CREATE SCHEMA {}", quote(schema)));
    }
    first.run(client).await?;
    for source in &preparation.sources {
        prepare_source(client, source).await?;
    }
    Ok(())
}

/// The ledger's rows are written while the server makes the tables: all is sent before the first answer is read, and what
/// comes behind a failure fails, too.
async fn prepare_source(client: &Client, source: &NewSource) -> Outcome<()> {
    let source_id = insert_source(client, source).await?;
    let mut script = Script::default();
    source.statements.iter().for_each(|statement| script.add(statement));
    let (made, chunks, steps, before) = futures::join!(
        script.run(client),
        insert_chunks(client, source_id, &source.chunks),
        insert_steps(client, source_id, &source.steps),
        insert_before(client, source_id, &source.before),
    );
    made.and(chunks).and(steps).and(before)
}

/// Statements that go to the server together, up to a number of bytes.
#[derive(Debug, Default)]
struct Script(Vec<String>);

impl Script {
    fn add(&mut self, statement: &str) {
        let piece = match self.0.last_mut() {
            Some(piece) if piece.len() + statement.len() <= STATEMENTS_BYTES_MAX => piece,
            _ => {
                self.0.push(String::new());
                let last = self.0.len() - 1;
                &mut self.0[last]
            }
        };
        piece.push_str(statement);
        // A statement may end in a comment.
        piece.push_str("\n;\n");
    }

    /// One piece after the other: what comes behind a failure is not run.
    async fn run(&self, client: &Client) -> Outcome<()> {
        try_join_all(self.0.iter().map(|piece| client.batch_execute(piece))).await.map(drop)
    }
}

/// Undoes an earlier copy in a transaction that stays open: the new plan is made over what is seen in it, and [`run`]
/// commits both. Where the new plan is refused, the session ends, and nothing was undone.
///
/// # Errors
/// A target fault; nothing was changed then.
pub async fn undo(session: &Session, statements: &[String]) -> Result<()> {
    match try_undo(session.client(), statements).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "undoing the earlier copy").await),
    }
}

async fn try_undo(client: &Client, statements: &[String]) -> Outcome<()> {
    let mut script = Script::default();
    script.add("BEGIN");
    statements.iter().for_each(|statement| script.add(statement));
    script.run(client).await
}

/// Where a source's epoch begins: at a number that the ledger of another cluster does not have, so that a run which is led
/// there is fenced. Of 40 bits, which leave room to count and are exact in every JSON reader.
fn first_epoch() -> i64 {
    (uuid::Uuid::new_v4().as_u128() & 0xff_ffff_ffff) as i64
}

/// Writes a new source and returns its id.
async fn insert_source(client: &Client, source: &NewSource) -> Outcome<i64> {
    let seal = seal::SOURCE.of(&[("finished_at", "NULL")]);
    let sql = format!(
        "INSERT INTO cutover.source (path, target_schema, fingerprint, options, plan_hash, plan, created_schema,
                                     before_rows, chunk_rows, step_rows, prediction, epoch, run_id, seal)
         SELECT t.*, $12, $8, {seal}
         FROM (SELECT $1::text AS path, $2::text AS target_schema, $3::text AS fingerprint, $4::text AS options,
                      $5::text AS plan_hash, $6::text AS plan, $7::boolean AS created_schema,
                      $9::bigint AS before_rows, $10::bigint AS chunk_rows, $11::bigint AS step_rows, $13::text AS prediction) AS t
         RETURNING source_id"
    );
    let chunks = source.chunks.iter().map(|(_, chunks)| chunks.len()).sum();
    let [befores, chunks, steps] = [source.before.len(), chunks, source.steps.len()].map(|rows| rows as i64);
    let params: Params<'_> = &[
        (&source.path, Type::TEXT),
        (&source.schema, Type::TEXT),
        (&source.fingerprint, Type::TEXT),
        (&source.options, Type::TEXT),
        (&source.plan_hash, Type::TEXT),
        (&source.plan, Type::TEXT),
        (&source.created_schema, Type::BOOL),
        (&source.run_id, Type::TEXT),
        (&befores, Type::INT8),
        (&chunks, Type::INT8),
        (&steps, Type::INT8),
        (&first_epoch(), Type::INT8),
        (&source.prediction, Type::TEXT),
    ];
    let rows = client.query_typed(&sql, params).await?;
    Ok(rows[0].get(0))
}

/// Writes the chunks of all tables, all at once.
async fn insert_chunks(client: &Client, source_id: i64, tables: &[(String, Vec<ChunkSpec>)]) -> Outcome<()> {
    let seal = seal::CHUNK.of(&[
        ("digest", "NULL::bytea"),
        ("set_aside", "0"),
        ("set_aside_digest", "NULL::bytea"),
        ("verified_at", "NULL"),
    ]);
    let sql = format!(
        "INSERT INTO cutover.chunk (source_id, table_name, chunk, lo, hi, rows, bytes, seal)
         SELECT t.*, {seal}
         FROM (SELECT $1::bigint AS source_id, u.*
               FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
                    AS u (table_name, chunk, lo, hi, rows, bytes)) AS t"
    );
    let all = || tables.iter().flat_map(|(table, chunks)| chunks.iter().map(move |chunk| (table, chunk)));
    let table: Vec<&str> = all().map(|(table, _)| table.as_str()).collect();
    let index: Vec<i32> = all().map(|(_, chunk)| chunk.index.cast_signed()).collect();
    let lo: Vec<Option<i64>> = all().map(|(_, chunk)| chunk.range.lo).collect();
    let hi: Vec<Option<i64>> = all().map(|(_, chunk)| chunk.range.hi).collect();
    let rows: Vec<i64> = all().map(|(_, chunk)| chunk.rows.cast_signed()).collect();
    let bytes: Vec<i64> = all().map(|(_, chunk)| chunk.bytes.cast_signed()).collect();
    let params: Params<'_> = &[
        (&source_id, Type::INT8),
        (&table, Type::TEXT_ARRAY),
        (&index, Type::INT4_ARRAY),
        (&lo, Type::INT8_ARRAY),
        (&hi, Type::INT8_ARRAY),
        (&rows, Type::INT8_ARRAY),
        (&bytes, Type::INT8_ARRAY),
    ];
    client.query_typed(&sql, params).await.map(drop)
}

/// Writes all steps of a source, in their order.
async fn insert_steps(client: &Client, source_id: i64, steps: &[NewStep]) -> Outcome<()> {
    let sql = format!(
        "INSERT INTO cutover.step (source_id, step, table_name, kind, object, sql, restores, state, detail, seal)
         SELECT t.*, {}
         FROM (SELECT $1::bigint AS source_id, s.step, s.table_name, s.kind, s.object, s.sql, s.restores,
                      CASE WHEN s.reason IS NULL THEN 'pending' ELSE 'left' END AS state, s.reason AS detail
               FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[])
                    AS s (step, table_name, kind, object, sql, restores, reason)) AS t",
        seal::STEP.of(&[])
    );
    let number: Vec<i32> = (1..).take(steps.len()).collect();
    let table: Vec<&str> = steps.iter().map(|step| step.table.as_str()).collect();
    let kind: Vec<&str> = steps.iter().map(|step| step.kind.as_str()).collect();
    let object: Vec<&str> = steps.iter().map(|step| step.object.as_str()).collect();
    let statement: Vec<&str> = steps.iter().map(|step| step.sql.as_str()).collect();
    let restores: Vec<bool> = steps.iter().map(|step| step.restores).collect();
    let left: Vec<Option<&str>> = steps.iter().map(|step| step.left.as_deref()).collect();
    let params: Params<'_> = &[
        (&source_id, Type::INT8),
        (&number, Type::INT4_ARRAY),
        (&table, Type::TEXT_ARRAY),
        (&kind, Type::TEXT_ARRAY),
        (&object, Type::TEXT_ARRAY),
        (&statement, Type::TEXT_ARRAY),
        (&restores, Type::BOOL_ARRAY),
        (&left, Type::TEXT_ARRAY),
    ];
    client.query_typed(&sql, params).await.map(drop)
}

/// Writes what existing tables held before the run.
async fn insert_before(client: &Client, source_id: i64, before: &[(String, [u8; 40])]) -> Outcome<()> {
    if before.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO cutover.before (source_id, table_name, digest, seal)
         SELECT t.*, {}
         FROM (SELECT $1::bigint AS source_id, u.* FROM unnest($2::text[], $3::bytea[]) AS u (table_name, digest)) AS t",
        seal::BEFORE.of(&[])
    );
    let tables: Vec<&str> = before.iter().map(|(table, _)| table.as_str()).collect();
    let digests: Vec<&[u8]> = before.iter().map(|(_, digest)| &digest[..]).collect();
    let params: Params<'_> =
        &[(&source_id, Type::INT8), (&tables, Type::TEXT_ARRAY), (&digests, Type::BYTEA_ARRAY)];
    client.query_typed(&sql, params).await.map(drop)
}
