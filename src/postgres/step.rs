//! Steps after the data: each statement commits together with its ledger row, except VACUUM, which cannot be in a
//! transaction, and sequences, whose `setval` is not undone by one; both may be done twice without harm.

use super::heels::on_its_heels;
use super::ledger::{StepOwner, StepState};
use super::load::{check_epoch, edited, fenced};
use super::seal;
use super::session::Session;
use crate::error::Result;
use crate::failpoint;
use crate::ident::{literal, qualified};
use std::sync::LazyLock;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

/// Runs one statement and marks its step done, in one transaction. The caller says which object it was about.
///
/// # Errors
/// A target fault.
pub async fn run(session: &Session, owner: &StepOwner, step: &StepState, serial: bool) -> Result<()> {
    let settings = if serial { SERIAL } else { "" };
    let sql = format!("{settings}{}", step.sql);
    in_transaction(session, owner, &sql, std::slice::from_ref(step), "done").await
}

/// One process of the server for an index build, until the transaction ends.
const SERIAL: &str = "SET LOCAL max_parallel_maintenance_workers = 0; ";

/// Runs the statements of several steps in one transaction, and marks them done in it: all or none.
///
/// # Errors
/// A target fault, which does not say which of the steps it was: whoever wants to know does them one by one.
pub async fn run_all(session: &Session, owner: &StepOwner, steps: &[StepState]) -> Result<()> {
    let statements: Vec<&str> = steps.iter().map(|step| step.sql.as_str()).collect();
    // On a line of its own, should a definition end in a comment.
    in_transaction(session, owner, &statements.join("\n;\n"), steps, "done").await
}

/// Lays aside again what is back already: runs `sql`, and the steps that bring it back are pending once more, in one
/// transaction.
///
/// # Errors
/// A target fault; nothing was changed then.
pub async fn lay_aside(session: &Session, owner: &StepOwner, sql: &str, steps: &[StepState]) -> Result<()> {
    in_transaction(session, owner, sql, steps, "pending").await
}

async fn in_transaction(
    session: &Session,
    owner: &StepOwner,
    sql: &str,
    steps: &[StepState],
    state: &str,
) -> Result<()> {
    let result = try_in_transaction(session, owner, sql, steps, state).await;
    if result.is_err() {
        // The transaction is over either way; an error here would only hide the first one.
        let _ = session.client().batch_execute("ROLLBACK").await;
    }
    result
}

/// Two round trips: what needs no answer before the next is sent is sent at once.
async fn try_in_transaction(
    session: &Session,
    owner: &StepOwner,
    sql: &str,
    steps: &[StepState],
    state: &str,
) -> Result<()> {
    // An index is made in its table's schema, but a bare name in a restored definition is looked up by search_path.
    let (begun, owned, made) = futures::join!(
        execute(session, "BEGIN"),
        check_epoch(session, owner.source_id, owner.epoch),
        execute(session, sql),
    );
    begun.and(owned).and(made)?;
    // COMMIT is not sent before the statements have ended: whoever stops waiting for them rolls them back. After a mark that
    // has failed it commits nothing.
    let details = vec![None; steps.len()];
    let marked = write_state(session, owner, steps, state, &details);
    let (marked, committed) = on_its_heels(marked, execute(session, "COMMIT")).await;
    marked.and(committed.unwrap_or(Ok(())))
}

/// Marks several steps done, each with what came of it.
///
/// # Errors
/// [`crate::error::ErrorKind::Busy`] where another run took over; a target fault.
pub async fn mark_all(
    session: &Session,
    owner: &StepOwner,
    steps: &[StepState],
    details: &[Option<String>],
) -> Result<()> {
    write_state(session, owner, steps, "done", details).await
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
    write_state(session, owner, std::slice::from_ref(step), state, &[detail.map(str::to_owned)]).await
}

static WRITE_STATE: LazyLock<String> = LazyLock::new(|| {
    let seal = seal::STEP.of(&[("state", "$5"), ("detail", "d.detail")]);
    format!(
        "WITH owned AS (SELECT 1 FROM cutover.source s WHERE s.source_id = $1 AND s.epoch = $4 FOR SHARE),
              marked AS (
           UPDATE cutover.step t SET state = $5, detail = d.detail, done_at = clock_timestamp(), seal = {seal}
           FROM unnest($2::int4[], $3::text[]) AS d (step, detail)
           WHERE t.source_id = $1 AND t.step = d.step AND EXISTS (SELECT FROM owned) AND {}
           RETURNING 1)
         SELECT 1 / (SELECT count(*) FROM owned),
                sqrt((SELECT count(*) FROM marked) - cardinality($2::int4[]))",
        seal::STEP.holds()
    )
});

/// Fenced by itself: what VACUUM and setval do is outside of a transaction that has checked the epoch. It fails, so that a
/// COMMIT sent behind it commits nothing, where the epoch is another's (it divides by zero), and where a row is not as it
/// was written (it takes the root of a negative number).
async fn write_state(
    session: &Session,
    owner: &StepOwner,
    steps: &[StepState],
    state: &str,
    details: &[Option<String>],
) -> Result<()> {
    failpoint::target(failpoint::BEFORE_MARK)?;
    let numbers: Vec<i32> = steps.iter().map(|step| step.step).collect();
    let params: &[(&(dyn ToSql + Sync), Type)] = &[
        (&owner.source_id, Type::INT8),
        (&numbers, Type::INT4_ARRAY),
        (&details, Type::TEXT_ARRAY),
        (&owner.epoch, Type::INT8),
        (&state, Type::TEXT),
    ];
    match session.client().query_typed(&WRITE_STATE, params).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Err(fenced()),
        Err(error) if error.code() == Some(&SqlState::INVALID_ARGUMENT_FOR_POWER_FUNCTION) => {
            Err(edited("a row of cutover.step"))
        }
        Err(error) => Err(session.explain(error, "writing the ledger").await),
    }
}

/// The numbers of those of `steps` that the ledger has as pending, read under a lock: waits for a COMMIT that may still be
/// under way (lost acknowledgement).
///
/// # Errors
/// A target fault.
pub async fn pending(session: &Session, owner: &StepOwner, steps: &[StepState]) -> Result<Vec<i32>> {
    let sql = "SELECT step FROM cutover.step WHERE source_id = $1 AND step = ANY ($2) AND state = 'pending' FOR UPDATE";
    let numbers: Vec<i32> = steps.iter().map(|step| step.step).collect();
    let params: &[(&(dyn ToSql + Sync), Type)] =
        &[(&owner.source_id, Type::INT8), (&numbers, Type::INT4_ARRAY)];
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows.iter().map(|row| row.get(0)).collect()),
        Err(error) => Err(session.explain(error, "asking the ledger which steps are done").await),
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

/// Whether what was laid aside is back: a constraint of the table by that name, or a valid index of it.
///
/// # Errors
/// A target fault.
pub async fn is_back(session: &Session, schema: &str, table: &str, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $3)
                   OR EXISTS (SELECT 1 FROM pg_index
                              WHERE indrelid = to_regclass($1) AND indexrelid = to_regclass($2) AND indisvalid)";
    let (table, index) = (qualified(schema, table), qualified(schema, name));
    let params: &[(&(dyn ToSql + Sync), Type)] =
        &[(&table, Type::TEXT), (&index, Type::TEXT), (&name, Type::TEXT)];
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows.first().is_some_and(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "looking for keys and indexes").await),
    }
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

/// VACUUM ANALYZE of several tables, then the marks.
///
/// # Errors
/// A target fault, which does not say which of the tables it was.
pub async fn vacuum_all(session: &Session, owner: &StepOwner, steps: &[StepState]) -> Result<()> {
    let tables: Vec<String> = steps.iter().map(|step| qualified(&owner.schema, &step.object)).collect();
    execute(session, &format!("VACUUM (ANALYZE) {}", tables.join(", "))).await?;
    mark_all(session, owner, steps, &vec![None; steps.len()]).await
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

async fn query_text(session: &Session, sql: &str) -> Result<Option<String>> {
    match session.client().query_typed(sql, &[]).await {
        Ok(rows) => Ok(rows.first().and_then(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "reading the target's catalog").await),
    }
}
