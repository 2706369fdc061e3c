//! One transaction that puts rows in the place of those that are there: the same fence, the same COPY and the same ledger
//! rows as a chunk's first load (reliability.md §1.3), and a DELETE of exactly the rows that were compared before it.
//!
//! Foreign keys that refer to the table are taken off and put back in the transaction, so that no ON DELETE action is ever
//! fired, and so are constraints of the table itself that are NOT VALID, which rows of the source may be against
//! ([`super::lifted`]). Putting a valid key back looks at every row again. Whatever fails, the server rolls everything back.

use super::lifted::Lifted;
use super::load::{LoadTarget, Opened, check_epoch, edited};
use super::seal;
use super::session::Session;
use crate::checkpoint::ScanRange;
use crate::counts::plural;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::ident::{qualified, quote};
use std::sync::LazyLock;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

/// Rows that give way to those of the source.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// whose chunks, and where they go
    pub target: LoadTarget,
    /// the column of the target by which the chunk's rows are told from others; without one it is every row of the table
    pub key: Option<String>,
    /// their keys, both ends included
    pub range: ScanRange,
    /// how many the comparison found
    pub rows: u64,
}

/// What the beginning came to.
#[derive(Debug)]
pub enum Cleared<'a> {
    /// the old rows are gone, and the new ones may come; then what was lifted is put back
    Ready(Opened<'a>, Lifted),
    /// this run has done it already, and its answer was lost
    Already,
}

/// Opens the transaction: sees that this run owns the source, locks the table against writers, takes constraints off and
/// deletes the rows.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault, also where other rows are there than were
/// compared.
pub async fn begin<'a>(
    session: &'a Session,
    what: &Replacement,
    targets: &'a [&'a LoadTarget],
) -> Result<Cleared<'a>> {
    let target = &what.target;
    execute(session, "BEGIN", "beginning a transaction").await?;
    check_epoch(session, target.source_id, target.epoch).await?;
    if lock_chunks(session, target).await? {
        execute(session, "ROLLBACK", "leaving a chunk that is done").await?;
        return Ok(Cleared::Already);
    }
    let name = qualified(&target.schema, &target.table);
    execute(session, &format!("LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"), "locking the table").await?;
    let lifted = Lifted::off(session, &name).await?;
    delete(session, what, &name).await?;
    Ok(Cleared::Ready(Opened::of(session, targets), lifted))
}

/// Whether this run has replaced the chunks, read under a lock: waits for a COMMIT that may still be under way.
///
/// # Errors
/// A target fault.
pub async fn is_done(session: &Session, target: &LoadTarget) -> Result<bool> {
    lock_chunks(session, target).await
}

/// Locks the ledger's rows of the chunks; whether this run has replaced them already, of which its epoch is the sign.
async fn lock_chunks(session: &Session, target: &LoadTarget) -> Result<bool> {
    let sql = "SELECT coalesce(epoch = $4, false) FROM cutover.chunk
               WHERE source_id = $1 AND table_name = $2 AND chunk = ANY ($3) ORDER BY chunk FOR UPDATE";
    let chunks = numbers(target);
    let params: Params<'_> = &[
        (&target.source_id, Type::INT8),
        (&target.source_table, Type::TEXT),
        (&chunks, Type::INT4_ARRAY),
        (&target.epoch, Type::INT8),
    ];
    let rows = query(session, sql, params, "locking the chunk").await?;
    if rows.len() != chunks.len() {
        return Err(Error::internal("the ledger's chunk row has gone"));
    }
    Ok(rows.iter().all(|row| row.get(0)))
}

fn numbers(target: &LoadTarget) -> Vec<i32> {
    target.chunks.iter().map(|chunk| chunk.cast_signed()).collect()
}

/// Deletes the rows, all of which the comparison has seen.
async fn delete(session: &Session, what: &Replacement, name: &str) -> Result<()> {
    let sql = format!(
        "WITH gone AS (DELETE FROM {name} WHERE {} RETURNING 1) SELECT count(*) FROM gone",
        condition(what)
    );
    let rows = query(session, &sql, &[], "deleting the rows that differ").await?;
    let deleted = rows.first().map_or(0, |row| row.get::<_, i64>(0)).cast_unsigned();
    if deleted == what.rows {
        return Ok(());
    }
    let message = format!("{} compared, and {deleted} there now", plural(what.rows, "row"));
    Err(Error::target_fault(message)
        .remedy("somebody writes into the table: stop the writers, then run the same command again"))
}

/// The rows of the first chunk are also those without a key.
fn condition(what: &Replacement) -> String {
    let Some(key) = what.key.as_deref().map(quote) else { return "true".to_owned() };
    match (what.range.lo, what.range.hi) {
        (None, None) => "true".to_owned(),
        (None, Some(hi)) => format!("({key} <= {hi} OR {key} IS NULL)"),
        (Some(lo), None) => format!("{key} >= {lo}"),
        (Some(lo), Some(hi)) => format!("{key} BETWEEN {lo} AND {hi}"),
    }
}

/// Forgets which rows of the chunks were set aside: they are written again.
///
/// # Errors
/// A target fault.
pub async fn forget_set_aside(session: &Session, target: &LoadTarget) -> Result<()> {
    let sql = "DELETE FROM cutover.set_aside WHERE source_id = $1 AND table_name = $2 AND chunk = ANY ($3)";
    let chunks = numbers(target);
    let params: Params<'_> =
        &[(&target.source_id, Type::INT8), (&target.source_table, Type::TEXT), (&chunks, Type::INT4_ARRAY)];
    query(session, sql, params, "writing the ledger").await.map(drop)
}

/// A row that is not as it was written makes the statement divide by zero. What a chunk came to stays as it was: the rows are
/// the same ones.
static RECORD: LazyLock<String> = LazyLock::new(|| {
    let seal = seal::CHUNK.of(&[("verified_at", "NULL")]);
    format!(
        "WITH done AS (UPDATE cutover.chunk t SET epoch = $2, done_at = clock_timestamp(), verified_at = NULL, seal = {seal}
                       WHERE t.source_id = $1 AND t.table_name = $3 AND t.chunk = ANY ($4) AND t.digest IS NOT NULL AND {}
                       RETURNING 1)
         SELECT 1 / (count(*) = cardinality($4::int4[]))::int FROM done",
        seal::CHUNK.holds()
    )
});

/// Puts the constraints back and writes the ledger's rows. Where it fails, nothing is committed.
///
/// # Errors
/// A target fault, also where rows are against a constraint.
pub async fn settle(session: &Session, target: &LoadTarget, lifted: &Lifted) -> Result<()> {
    // What is deferred must be over before a table is altered, and before anybody is told that all is well.
    execute(session, "SET CONSTRAINTS ALL IMMEDIATE", "checking the constraints").await?;
    lifted.back(session).await?;
    failpoint::target(failpoint::BEFORE_COMMIT)?;
    record(session, target).await
}

/// Commits.
///
/// # Errors
/// A target fault; whether the server committed is then unknown, and [`is_done`] on another session tells.
pub async fn commit(session: &Session) -> Result<()> {
    execute(session, "COMMIT", "committing the chunk").await?;
    failpoint::target(failpoint::COMMIT_ANSWERED)?;
    failpoint::pass(failpoint::AFTER_COMMIT);
    Ok(())
}

async fn record(session: &Session, target: &LoadTarget) -> Result<()> {
    failpoint::target(failpoint::BEFORE_LEDGER)?;
    let chunks = numbers(target);
    let params: Params<'_> = &[
        (&target.source_id, Type::INT8),
        (&target.epoch, Type::INT8),
        (&target.source_table, Type::TEXT),
        (&chunks, Type::INT4_ARRAY),
    ];
    match session.client().query_typed(RECORD.as_str(), params).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => {
            Err(edited("its row in cutover.chunk"))
        }
        Err(error) => Err(session.explain(error, "writing the ledger").await),
    }
}

/// What of somebody else would act on rows that are deleted or inserted: triggers and rules, each as `table` and a word.
///
/// # Errors
/// A target fault.
pub async fn reactions(session: &Session, schema: &str, tables: &[&str]) -> Result<Vec<(String, String)>> {
    // tgtype: 4 is INSERT, 8 is DELETE. A partitioned table's rows are written in its partitions.
    let sql = "WITH RECURSIVE part (oid, name) AS (
                 SELECT k.oid, k.relname::text FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
                  WHERE n.nspname = $1 AND k.relname = ANY ($2)
                 UNION ALL
                 SELECT i.inhrelid, p.name FROM pg_inherits i JOIN part p ON p.oid = i.inhparent)
               SELECT p.name, format('trigger %I', t.tgname) FROM pg_trigger t JOIN part p ON p.oid = t.tgrelid
                WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 12 <> 0
               UNION
               SELECT p.name, format('rule %I', r.rulename) FROM pg_rewrite r JOIN part p ON p.oid = r.ev_class
                WHERE r.ev_enabled IN ('O', 'A') AND r.ev_type IN ('3', '4')
               ORDER BY 1, 2";
    let params: Params<'_> = &[(&schema, Type::TEXT), (&tables, Type::TEXT_ARRAY)];
    let rows = query(session, sql, params, "looking for triggers").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Columns of `table` that hold something of their own: neither among `sent` nor generated.
///
/// # Errors
/// A target fault.
pub async fn other_columns(
    session: &Session,
    schema: &str,
    table: &str,
    sent: &[String],
) -> Result<Vec<String>> {
    let sql = "SELECT a.attname::text FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
                 JOIN pg_namespace n ON n.oid = k.relnamespace
                WHERE n.nspname = $1 AND k.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
                  AND a.attgenerated = '' AND a.attname <> ALL ($3) ORDER BY a.attnum";
    let params: Params<'_> = &[(&schema, Type::TEXT), (&table, Type::TEXT), (&sent, Type::TEXT_ARRAY)];
    let rows = query(session, sql, params, "looking for columns").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

async fn query(
    session: &Session,
    sql: &str,
    params: Params<'_>,
    doing: &str,
) -> Result<Vec<tokio_postgres::Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, doing).await),
    }
}

async fn execute(session: &Session, sql: &str, doing: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, doing).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::load::Fill;

    fn what(key: Option<&str>, lo: Option<i64>, hi: Option<i64>) -> Replacement {
        let target = LoadTarget {
            source_id: 1,
            epoch: 2,
            source_table: "t".to_owned(),
            chunks: vec![3],
            schema: "public".to_owned(),
            table: "t".to_owned(),
            columns: vec!["id".to_owned()],
            fill: Fill::Beside,
        };
        Replacement { target, key: key.map(str::to_owned), range: ScanRange { lo, hi }, rows: 0 }
    }

    #[test]
    fn only_rows_of_the_chunk_are_deleted() {
        assert_eq!(condition(&what(Some("id"), Some(-5), Some(9))), "\"id\" BETWEEN -5 AND 9");
        assert_eq!(condition(&what(Some("id"), Some(10), None)), "\"id\" >= 10");
        assert_eq!(condition(&what(Some("a\"b"), None, Some(9))), "(\"a\"\"b\" <= 9 OR \"a\"\"b\" IS NULL)");
        assert_eq!(condition(&what(None, Some(1), Some(2))), "true");
    }
}
