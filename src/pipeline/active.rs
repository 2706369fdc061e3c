//! A source under way: its file, its plan, and what the ledger knows of it.

use super::damage;
use super::resume;
use super::steps::is_view;
use crate::assess::job::Job;
use crate::config::{Config, VerifyLevel};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::select::is_selected;
use crate::postgres::ledger::StepOwner;
use crate::postgres::ledger::{self, SourceState, StepProgress, StepState};
use crate::postgres::session::Session;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A source under way: its file, its plan, and what the ledger knows.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) job: Arc<Job>,
    pub(super) plan: Arc<Plan>,
    pub(super) state: SourceState,
    pub(super) failed: BTreeSet<String>,
}

impl Active {
    pub(super) fn is_wanted(&self, table: &str, config: &Config) -> bool {
        is_selected(table, config)
    }

    pub(super) fn is_copied(&self, table: &str) -> bool {
        !self.failed.contains(table)
            && resume::chunks_of(&self.state, table).all(|chunk| chunk.digest.is_some())
    }

    /// Rows of the source may be read again: to copy them, or to tell in which a table differs.
    pub(super) fn has_rows_to_read(&self, config: &Config) -> bool {
        let unproved = |verified: bool| !verified && config.verify == VerifyLevel::Checksum;
        self.state.chunks.iter().any(|chunk| chunk.digest.is_none() || unproved(chunk.verified))
    }

    /// Chunks of what is selected are not committed, of tables that have not failed.
    pub(super) fn has_chunks_left(&self, config: &Config) -> bool {
        let wanted = |table: &str| self.is_wanted(table, config) && !self.failed.contains(table);
        self.state.chunks.iter().any(|chunk| chunk.digest.is_none() && wanted(&chunk.table))
    }

    pub(super) fn is_verified(&self, table: &str) -> bool {
        resume::chunks_of(&self.state, table).all(|chunk| chunk.verified)
    }

    /// Nothing is left to do of what is selected.
    pub(super) fn is_complete(&self, config: &Config) -> bool {
        let wanted = |table: &str| self.is_wanted(table, config);
        let copied = self.state.chunks.iter().filter(|chunk| wanted(&chunk.table)).all(|chunk| {
            chunk.digest.is_some() && (chunk.verified || config.verify != VerifyLevel::Checksum)
        });
        let stepped = self.state.steps.iter().filter(|step| self.is_wanted_step(step, config));
        copied && stepped.clone().all(|step| step.progress != StepProgress::Pending)
    }

    /// Rows are to be counted: the ledger keeps no word on that, only on checksums, which prove more.
    pub(super) fn is_to_be_counted(&self, config: &Config) -> bool {
        let mut wanted = self.plan.tables.iter().filter(|table| self.is_wanted(&table.source, config));
        config.verify == VerifyLevel::Count && wanted.any(|table| !self.is_verified(&table.source))
    }

    pub(super) fn owner(&self) -> StepOwner {
        StepOwner {
            source_id: self.state.source_id,
            epoch: self.state.epoch,
            schema: self.plan.schema.clone(),
        }
    }

    /// The steps of the tables that take part.
    pub(super) fn wanted_steps(&self, config: &Config) -> Vec<StepState> {
        self.state.steps.iter().filter(|step| self.is_wanted_step(step, config)).cloned().collect()
    }

    /// Views take part where all tables do.
    fn is_wanted_step(&self, step: &StepState, config: &Config) -> bool {
        if is_view(step) {
            return self.plan.tables.iter().all(|table| self.is_wanted(&table.source, config));
        }
        self.is_wanted(&step.table, config)
    }
}

pub(super) async fn reread(control: &Session, active: &Active) -> Result<SourceState> {
    ledger::read_own(control, &active.plan.schema, &active.state.path).await
}

/// The last look at the ledger, at its seals, too: what a run reports rests on these rows.
pub(super) async fn check(control: &Session, actives: &mut [Active]) -> Result<()> {
    for active in actives.iter_mut() {
        let (schema, path) = (&active.plan.schema, &active.state.path);
        let state = ledger::read(control, Some(schema), Some(path)).await?.pop();
        let state = state.ok_or_else(|| Error::internal("the ledger's source row has gone"))?;
        damage::refuse(&state)?;
        active.state = SourceState { epoch: active.state.epoch, ..state };
    }
    Ok(())
}

pub(super) async fn refresh(control: &Session, actives: &mut [Active]) -> Result<()> {
    for active in actives.iter_mut() {
        let epoch = active.state.epoch;
        active.state = reread(control, active).await?;
        active.state.epoch = epoch;
    }
    Ok(())
}
