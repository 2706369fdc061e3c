//! Everything before the data, in one transaction: the ledger, new tables, and what existing tables lay aside for the load.
//!
//! Either all of it is there afterwards, with the steps that bring back what was laid aside, or nothing is.

use super::job::Job;
use super::resume::options_text;
use super::steps;
use crate::config::{Config, ExistingPolicy};
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::ident::{qualified, quote};
use crate::plan::{Plan, TableMode, TablePlan, text};
use crate::postgres::ledger::{self, NewSource};
use crate::postgres::session::Session;
use tokio_postgres::Transaction;

/// A source that begins anew, with its plan and what its existing tables held before.
#[derive(Debug)]
pub struct Fresh<'a> {
    /// the source
    pub job: &'a Job,
    /// its plan, without refusals
    pub plan: &'a Plan,
    /// digests of existing tables that keep their rows (`--existing append`), by source table
    pub before: Vec<(String, [u8; 40])>,
    /// existing target tables to be emptied (`--existing truncate`), and whether by DELETE
    pub emptied: Vec<(String, bool)>,
}

/// Hash of a plan's canonical text.
pub fn plan_hash(plan: &Plan) -> String {
    text_hash(&text::canonical(plan))
}

/// Prepares the target for all of `fresh`.
///
/// # Errors
/// A target fault or a refusal; nothing was written then.
pub async fn run(
    session: &mut Session,
    fresh: &[Fresh<'_>],
    config: &Config,
    run_id: &str,
    ledger_exists: bool,
) -> Result<()> {
    match try_prepare(session, fresh, config, run_id, ledger_exists).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "preparing the target").await),
    }
}

async fn try_prepare(
    session: &mut Session,
    fresh: &[Fresh<'_>],
    config: &Config,
    run_id: &str,
    ledger_exists: bool,
) -> std::result::Result<(), tokio_postgres::Error> {
    let transaction = session.client_mut().transaction().await?;
    if !ledger_exists {
        ledger::create(&transaction).await?;
    }
    let mut schema_is_new = fresh.iter().any(|fresh| fresh.plan.create_schema);
    if schema_is_new {
        transaction.batch_execute(&format!("CREATE SCHEMA {}", quote(&config.schema))).await?;
    }
    for fresh in fresh {
        prepare_source(&transaction, fresh, config, run_id, std::mem::take(&mut schema_is_new)).await?;
    }
    transaction.commit().await
}

async fn prepare_source(
    transaction: &Transaction<'_>,
    fresh: &Fresh<'_>,
    config: &Config,
    run_id: &str,
    created_schema: bool,
) -> std::result::Result<(), tokio_postgres::Error> {
    let plan_json = serde_json::to_string(fresh.plan).unwrap_or_default();
    let source = NewSource {
        path: fresh.job.path(),
        schema: &config.schema,
        fingerprint: &fresh.job.fingerprint(),
        options: &options_text(config),
        plan_hash: &plan_hash(fresh.plan),
        plan: &plan_json,
        created_schema,
        run_id,
    };
    let source_id = ledger::insert_source(transaction, &source).await?;
    for table in &fresh.plan.tables {
        if let Some(profile) =
            fresh.job.tables().zip(&fresh.job.profiles).find(|(t, _)| t.name == table.source)
        {
            ledger::insert_chunks(transaction, source_id, &table.source, &profile.1.chunks).await?;
        }
    }
    ledger::insert_steps(transaction, source_id, &steps::of_plan(fresh.plan, config)).await?;
    for (table, digest) in &fresh.before {
        ledger::insert_before(transaction, source_id, table, digest).await?;
    }
    for statement in statements(fresh, config) {
        transaction.batch_execute(&statement).await?;
    }
    Ok(())
}

/// New tables, then lifted objects, then emptied tables: TRUNCATE works only once the keys among them are gone.
fn statements(fresh: &Fresh<'_>, config: &Config) -> Vec<String> {
    let tables = &fresh.plan.tables;
    let mut statements: Vec<String> =
        tables.iter().flat_map(|table| &table.pre_data).map(|step| step.sql.clone()).collect();
    statements.extend(tables.iter().flat_map(lifted));
    if config.existing == ExistingPolicy::Truncate {
        let (deleted, truncated): (Vec<_>, Vec<_>) =
            fresh.emptied.iter().partition(|(_, by_delete)| *by_delete);
        let names: Vec<String> = truncated.iter().map(|(name, _)| qualified(&config.schema, name)).collect();
        if !names.is_empty() {
            statements.push(format!("TRUNCATE {}", names.join(", ")));
        }
        statements.extend(
            deleted.iter().map(|(name, _)| format!("DELETE FROM {}", qualified(&config.schema, name))),
        );
    }
    statements
}

fn lifted(table: &TablePlan) -> Vec<String> {
    if table.mode == TableMode::Create {
        return Vec::new();
    }
    let keys = table.foreign_keys.iter().filter_map(|key| key.drop.clone());
    keys.chain(table.lifted_indexes.iter().map(|lift| lift.drop.clone())).collect()
}

/// Empties all tables in one statement: the foreign keys among them, back after a finished run, are checked at its end.
fn delete_together(tables: &[String]) -> String {
    let deletes: Vec<String> =
        tables.iter().enumerate().map(|(i, table)| format!("d{i} AS (DELETE FROM {table})")).collect();
    format!("WITH {} SELECT", deletes.join(", "))
}

/// Undoes what the ledger says of one source, so that it can begin anew: tables that we created are dropped, existing ones
/// are emptied of what we put there, and what was laid aside comes back.
///
/// # Errors
/// A refusal where our rows cannot be told from others; a target fault.
pub async fn restart(session: &mut Session, state: &ledger::SourceState, plan: &Plan) -> Result<()> {
    if let Some((table, _)) = state.before.first() {
        let message = format!(
            "table \"{table}\" held rows before the copy that is to be begun anew (--existing append)"
        );
        return Err(Error::refused(message, Vec::new())
            .remedy("remove the copied rows by hand, then run `cutover clean` and copy again"));
    }
    match try_restart(session, state, plan).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "undoing the earlier copy").await),
    }
}

async fn try_restart(
    session: &mut Session,
    state: &ledger::SourceState,
    plan: &Plan,
) -> std::result::Result<(), tokio_postgres::Error> {
    let transaction = session.client_mut().transaction().await?;
    let named = |mode| plan.tables.iter().filter(move |table| table.mode == mode);
    let created: Vec<String> =
        named(TableMode::Create).map(|table| qualified(&state.schema, &table.target)).collect();
    if !created.is_empty() {
        transaction.batch_execute(&format!("DROP TABLE IF EXISTS {}", created.join(", "))).await?;
    }
    let emptied: Vec<String> =
        named(TableMode::Existing).map(|table| qualified(&state.schema, &table.target)).collect();
    if !emptied.is_empty() {
        transaction.batch_execute(&delete_together(&emptied)).await?;
    }
    let pending = |step: &&ledger::StepState| step.restores && step.progress == ledger::StepProgress::Pending;
    for step in state.steps.iter().filter(pending) {
        transaction.batch_execute(&step.sql).await?;
    }
    let sql = format!("DELETE FROM cutover.source WHERE source_id = {}", state.source_id);
    transaction.batch_execute(&sql).await?;
    transaction.commit().await
}
