//! Steps after the data: each statement commits together with its ledger row, except VACUUM, which cannot be in a
//! transaction, and sequences, whose `setval` is not undone by one; both may be done twice without harm.

use super::ledger::{StepOwner, StepState};
use super::load::{check_epoch, fenced};
use super::session::Session;
use crate::error::{Error, Result};
use crate::ident::{literal, qualified, quote};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

/// Runs one statement and marks its step done, in one transaction. The caller says which object it was about.
///
/// # Errors
/// A target fault.
pub async fn run(session: &Session, owner: &StepOwner, step: &StepState) -> Result<()> {
    let result = run_in_transaction(session, owner, step).await;
    if result.is_err() {
        // The transaction is over either way; an error here would only hide the first one.
        let _ = session.client().batch_execute("ROLLBACK").await;
    }
    result
}

async fn run_in_transaction(session: &Session, owner: &StepOwner, step: &StepState) -> Result<()> {
    // Sent together. An index is made in its table's schema, but a bare name in a restored definition is looked up by search_path.
    let (begun, owned, made) = futures::join!(
        execute(session, "BEGIN"),
        check_epoch(session, owner.source_id, owner.epoch),
        execute(session, &step.sql),
    );
    begun.and(owned).and(made)?;
    // COMMIT is not sent before the statement has ended: whoever stops waiting for it rolls it back. After a mark that has
    // failed it commits nothing.
    let (marked, committed) =
        futures::join!(mark(session, owner, step, "done", None), execute(session, "COMMIT"),);
    marked.and(committed)
}

/// Marks a step without running anything.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault.
pub async fn mark(
    session: &Session,
    owner: &StepOwner,
    step: &StepState,
    state: &str,
    detail: Option<&str>,
) -> Result<()> {
    // Fenced by itself: what VACUUM and setval do is outside of a transaction that has checked the epoch.
    // Where there is nothing to mark it fails (it divides by zero), so that a COMMIT sent behind it commits nothing.
    let sql = "WITH marked AS (
                 UPDATE cutover.step SET state = $3, detail = $4, done_at = clock_timestamp()
                 WHERE source_id = $1 AND step = $2
                   AND EXISTS (SELECT 1 FROM cutover.source s WHERE s.source_id = $1 AND s.epoch = $5 FOR SHARE)
                 RETURNING 1)
               SELECT 1 / count(*) FROM marked";
    let updated = session
        .client()
        .query_typed(
            sql,
            &[
                (&owner.source_id, Type::INT8),
                (&step.step, Type::INT4),
                (&state, Type::TEXT),
                (&detail, Type::TEXT),
                (&owner.epoch, Type::INT8),
            ],
        )
        .await;
    match updated {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Err(fenced()),
        Err(error) => Err(session.explain(error, "writing the ledger").await),
    }
}

/// Whether the schema has a relation of that name.
///
/// # Errors
/// A target fault.
pub async fn is_there(session: &Session, schema: &str, name: &str) -> Result<bool> {
    let name = literal(&qualified(schema, name));
    Ok(query_text(session, &format!("SELECT to_regclass({name})::text")).await?.is_some())
}

/// VACUUM ANALYZE of one table, then the mark.
///
/// # Errors
/// A target fault.
pub async fn vacuum(session: &Session, owner: &StepOwner, step: &StepState) -> Result<()> {
    let place = || format!("table \"{}\"", step.object);
    execute(session, &step.sql).await.map_err(|error| error.at(place()))?;
    mark(session, owner, step, "done", None).await.map_err(|error| error.at(place()))
}

/// What became of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceState {
    /// the next value it will give, as read back; none where it has none left
    pub next: Option<i64>,
    /// it was behind and has been moved
    pub moved: bool,
    /// largest value in the column
    pub largest: Option<i64>,
}

/// Sets the sequence of `table.column` past the largest value in the target, past `floor`, and never back; reads it back.
/// `n = max(seq, max(id))`; `setval(n, true)`, or `setval(1, false)` where `n < 1` (semantics.md §3.2).
///
/// # Errors
/// A target fault; an internal error where the sequence, read back, would still collide.
pub async fn set_sequence(
    session: &Session,
    schema: &str,
    table: &str,
    column: &str,
    floor: Option<i64>,
) -> Result<SequenceState> {
    let place = format!("sequence of \"{table}\".\"{column}\"");
    let before = read_sequence(session, schema, table, column).await.map_err(|error| error.at(&place))?;
    let target = [before.largest, floor].into_iter().flatten().max().filter(|n| *n >= 1);
    let is_behind = match (target, before.next) {
        (Some(n), Some(next)) => next <= n,
        _ => false,
    };
    if !is_behind {
        return Ok(before);
    }
    if let Some(n) = target {
        let sequence = sequence_name(schema, table, column);
        execute(session, &format!("SELECT setval({sequence}, {n}, true)"))
            .await
            .map_err(|error| error.at(&place))?;
    }
    let after = read_sequence(session, schema, table, column).await.map_err(|error| error.at(&place))?;
    let collides = matches!((after.next, target), (Some(next), Some(n)) if next <= n);
    if collides {
        return Err(Error::internal("its next value, read back, is still not past the largest one").at(place));
    }
    Ok(SequenceState { moved: true, ..after })
}

/// The sequence's next value and the column's largest, without changing anything.
///
/// # Errors
/// A target fault.
pub async fn read_sequence(
    session: &Session,
    schema: &str,
    table: &str,
    column: &str,
) -> Result<SequenceState> {
    let name = query_text(session, &format!("SELECT {}::text", sequence_name(schema, table, column))).await?;
    let Some(name) = name else {
        return Err(Error::target_fault("the column has no sequence of its own"));
    };
    let sql = format!(
        "SELECT CASE WHEN q.is_called THEN q.last_value::numeric + s.seqincrement ELSE q.last_value END::text,
                (SELECT max({})::text FROM {}), s.seqmax::text
         FROM {name} q, pg_sequence s WHERE s.seqrelid = {}::regclass",
        quote(column),
        qualified(schema, table),
        literal(&name)
    );
    match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => {
            let number =
                |i: usize| -> Option<i64> { rows.first()?.get::<_, Option<String>>(i)?.parse().ok() };
            let next = number(0).filter(|next| number(2).is_some_and(|max| *next <= max));
            Ok(SequenceState { next, moved: false, largest: number(1) })
        }
        Err(error) => Err(session.explain(error, "reading the sequence").await),
    }
}

/// The sequence that the column owns, else the one that its default takes numbers from. The first argument of
/// `pg_get_serial_sequence` is quoted SQL, the second a bare name (semantics.md §3.2).
fn sequence_name(schema: &str, table: &str, column: &str) -> String {
    let (table, column) = (literal(&qualified(schema, table)), literal(column));
    format!(
        "coalesce(pg_get_serial_sequence({table}, {column}),
                  (SELECT min(q.oid::regclass::text) FROM pg_attrdef f
                     JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
                     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                     JOIN pg_class q ON d.refclassid = 'pg_class'::regclass AND q.oid = d.refobjid AND q.relkind = 'S'
                   WHERE f.adrelid = {table}::regclass AND a.attname = {column}))"
    )
}

async fn query_text(session: &Session, sql: &str) -> Result<Option<String>> {
    match session.client().query_typed(sql, &[]).await {
        Ok(rows) => Ok(rows.first().and_then(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "reading the target's catalog").await),
    }
}

/// Runs statements that return nothing of interest.
///
/// # Errors
/// A target fault.
pub async fn execute(session: &Session, sql: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "running a statement").await),
    }
}
