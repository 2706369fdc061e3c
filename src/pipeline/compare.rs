//! Which tables are compared, and what is made of it.

use super::account::Account;
use super::active::Active;
use super::finish::Compared;
use super::locate::Asked;
use super::resume;
use super::stations::Stations;
use super::tools::Tools;
use super::verify::{Expected, Verdict, verify_table};
use crate::config::VerifyLevel;
use crate::digest::MultisetDigest;
use crate::error::{Error, Result};
use crate::event::{Phase, TaskCounters};
use crate::failpoint;
use crate::outcome::Verify;
use crate::plan::TablePlan;
use crate::postgres::ledger;
use crate::postgres::ledger::StepOwner;
use crate::postgres::session::Session;
use crate::timing::TableWork;
use std::sync::Arc;
use std::time::Instant;

/// Every copied table that is not proved yet.
pub(super) fn due(tools: &Tools, active: &Active) -> Vec<Expected> {
    if tools.config.verify == VerifyLevel::Off {
        return Vec::new();
    }
    let is_due = |name: &str| {
        active.is_wanted(name, &tools.config) && active.is_copied(name) && !active.is_verified(name)
    };
    let tables = active.plan.tables.iter().filter(|table| is_due(&table.source));
    tables.map(|table| expected(active, &table.source, Arc::new(table.clone()))).collect()
}

fn expected(active: &Active, name: &str, plan: Arc<TablePlan>) -> Expected {
    let before = active.state.before.iter().find(|(table, _)| table == name);
    let chunks = resume::chunks_of(&active.state, name);
    Expected {
        plan,
        chunks: chunks
            .filter_map(|chunk| {
                Some((chunk.spec.clone(), MultisetDigest::from_bytes(chunk.digest.as_ref()?)?))
            })
            .collect(),
        before: before.and_then(|(_, digest)| MultisetDigest::from_bytes(digest)),
        job: Arc::clone(&active.job),
        recorded: Vec::new(),
        sample: None,
    }
}

/// Puts verdicts into the account; gives the tables that could not be compared.
pub(super) fn account_for(compared: Vec<Compared>, account: &mut Account) -> Vec<(String, Error)> {
    let mut failures = Vec::new();
    for (_, table, result) in compared {
        match result {
            Ok(verdict) => account.verdict(&table, &verdict),
            Err(error) => failures.push((table, error)),
        }
    }
    failures
}

/// Compares one table, which has begun; says in the ledger of `owner` what was proved.
pub(super) async fn compare_one(
    tools: &Tools,
    stations: &Stations,
    asked: &Asked,
    session: &Session,
    owner: Option<&StepOwner>,
    (expected, counters): (&Expected, &TaskCounters),
) -> Result<Verdict> {
    let (plan, level) = (&expected.plan, tools.config.verify);
    failpoint::target(failpoint::BEFORE_COMPARE)?;
    let started = Instant::now();
    let verdict = verify_table(session, &tools.config.schema, expected, level, asked, counters).await?;
    failpoint::target(failpoint::AFTER_COMPARE)?;
    if let Some(owner) = owner {
        let proved = verdict.verify == Verify::Match && level == VerifyLevel::Checksum;
        ledger::mark_verified(session, owner, &[plan.source.as_str()], proved).await?;
    }
    tools.events.clock().worked(&plan.source, TableWork::Verify, started);
    stations.done(Phase::Verify, &plan.source, plan.rows, verdict.seconds);
    Ok(verdict)
}
