//! What the target needs before the data, put together from the plans; and how an earlier copy is undone.

use super::restore;
use super::resume::options_text;
use super::steps;
use crate::assess::Assessed;
use crate::config::{Config, ExistingPolicy};
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::ident::qualified;
use crate::plan::{Plan, StepKind, TableMode, TablePlan, text};
use crate::postgres::ledger::{SourceState, StepProgress};
use crate::postgres::prepare::NewSource;

/// Hash of a plan's canonical text.
pub fn plan_hash(plan: &Plan) -> String {
    text_hash(&text::canonical(plan))
}

/// The plan as the ledger keeps it.
///
/// # Errors
/// Internal, where it cannot be written down: an empty plan must never take its place.
pub fn plan_json(plan: &Plan) -> Result<String> {
    serde_json::to_string(plan)
        .map_err(|cause| Error::internal("the plan cannot be written down").cause(cause))
}

/// What the report of `--plan` expects of the run, as the ledger keeps it.
///
/// # Errors
/// Internal, where it cannot be written down.
pub fn prediction_json(config: &Config) -> Result<Option<String>> {
    let expected = config.approved.as_ref().and_then(|approved| approved.prediction.as_ref());
    let written = expected.map(serde_json::to_string).transpose();
    written.map_err(|cause| Error::internal("the prediction cannot be written down").cause(cause))
}

/// What its existing tables held before the copy, for one source.
#[derive(Debug, Default)]
pub struct Holdings {
    /// digests of existing tables that keep their rows (`--existing append`), by source table
    pub before: Vec<(String, [u8; 40])>,
    /// existing target tables to be emptied (`--existing truncate`), and whether by DELETE
    pub emptied: Vec<(String, bool)>,
}

/// A source that begins, as the ledger and the target are to know it.
///
/// # Errors
/// Internal, where the plan cannot be written down.
pub fn new_source(one: &Assessed, holdings: Holdings, config: &Config, run_id: &str) -> Result<NewSource> {
    let profiled = one.job.tables().zip(&one.job.profiles);
    Ok(NewSource {
        path: one.job.path().to_owned(),
        schema: config.schema.clone(),
        fingerprint: one.job.fingerprint().to_owned(),
        options: options_text(config),
        plan_hash: plan_hash(&one.plan),
        plan: plan_json(&one.plan)?,
        created_schema: one.plan.create_schema,
        run_id: run_id.to_owned(),
        prediction: prediction_json(config)?,
        chunks: profiled.map(|(table, profile)| (table.name.clone(), profile.chunks.clone())).collect(),
        steps: steps::of_plan(&one.plan, config),
        statements: statements(&one.plan, &holdings.emptied, config),
        before: holdings.before,
    })
}

/// New tables, then lifted objects, then emptied tables: TRUNCATE works only once the keys among them are gone.
fn statements(plan: &Plan, emptied: &[(String, bool)], config: &Config) -> Vec<String> {
    let mut statements: Vec<String> =
        plan.tables.iter().flat_map(|table| &table.pre_data).map(|step| step.sql.clone()).collect();
    statements.extend(plan.tables.iter().flat_map(lifted));
    if config.existing == ExistingPolicy::Truncate {
        let (deleted, truncated): (Vec<_>, Vec<_>) = emptied.iter().partition(|(_, by_delete)| *by_delete);
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

/// Names of what the ledger has as made, of one kind.
fn made_by_us(state: &SourceState, kind: StepKind) -> Vec<String> {
    let is_damaged = |step: i32| state.damage.iter().any(|damage| damage.step == Some(step));
    let made = state.steps.iter().filter(|step| {
        step.kind == kind.name()
            && !is_damaged(step.step)
            && step.progress == StepProgress::Done
            && step.detail.as_deref() != Some(steps::MADE_BY_HAND)
    });
    made.map(|step| qualified(&state.schema, &step.object)).collect()
}

/// The statements that undo what the ledger says of one source, so that it can begin anew: tables that we created are
/// dropped, existing ones are emptied of what we put there, and what was laid aside comes back.
///
/// # Errors
/// A refusal where our rows cannot be told from others.
pub fn undo(state: &SourceState, plan: &Plan) -> Result<Vec<String>> {
    if let Some((table, _)) = state.before.first() {
        let message = format!(
            "table \"{table}\" held rows before the copy that is to be begun anew (--existing append)"
        );
        return Err(Error::refused(message, Vec::new())
            .remedy("remove the copied rows by hand, then run `cutover clean` and copy again"));
    }
    let named = |mode| plan.tables.iter().filter(move |table| table.mode == mode);
    let created: Vec<String> =
        named(TableMode::Create).map(|table| qualified(&state.schema, &table.target)).collect();
    let mut statements = Vec::new();
    // Ours alone: a view of others that is made of our tables stands against dropping them, and the server says so.
    let views = made_by_us(state, StepKind::View);
    if !views.is_empty() {
        statements.push(format!("DROP VIEW IF EXISTS {}", views.join(", ")));
    }
    if !created.is_empty() {
        statements.push(format!("DROP TABLE IF EXISTS {}", created.join(", ")));
    }
    // Triggers have gone with their tables, the functions that they call have not.
    statements.extend(
        made_by_us(state, StepKind::Trigger).iter().map(|name| format!("DROP FUNCTION IF EXISTS {name}()")),
    );
    let filled: Vec<String> =
        named(TableMode::Existing).map(|table| qualified(&state.schema, &table.target)).collect();
    if !filled.is_empty() {
        statements.push(delete_together(&filled));
    }
    if state.damage.is_empty() {
        let owed = state.steps.iter().filter(|step| step.restores && step.progress == StepProgress::Pending);
        statements.extend(owed.map(|step| step.sql.clone()));
    } else {
        // Which of it is back, a damaged ledger does not tell; the tables are empty now, so that making it anew costs nothing.
        statements.extend(restore::anew(plan));
    }
    statements.push(format!("DELETE FROM cutover.source WHERE source_id = {}", state.source_id));
    Ok(statements)
}
