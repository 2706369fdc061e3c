//! What may be repaired at all: a copy of ours, whole in the ledger, of a source that is still the one that was copied.

use crate::assess::follow;
use crate::assess::job::Job;
use crate::digest::MultisetDigest;
use crate::error::{Error, Result};
use crate::pipeline::account::Account;
use crate::pipeline::begin::known_sources;
use crate::pipeline::steps::is_view;
use crate::pipeline::tools::Tools;
use crate::pipeline::verify::Expected;
use crate::pipeline::verify_only::{self, Pair};
use crate::pipeline::{damage, resume};
use crate::plan::Plan;
use crate::plan::select::is_selected;
use crate::postgres::inspect;
use crate::postgres::ledger::{SourceState, StepState};
use crate::postgres::session::Session;
use crate::timing::RunStage;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sources that may be repaired, and what their tables should hold.
pub(super) struct Owned {
    pub(super) pairs: Vec<Pair>,
    /// tables, each with the index of its source
    pub(super) tasks: Vec<(usize, Expected)>,
    /// rows that are set aside, by the source as it is now and by the ledger
    pub(super) left_out: BTreeMap<String, (MultisetDigest, MultisetDigest)>,
}

/// Looks at every source, and reads it again.
///
/// # Errors
/// A refusal that names what stands against a repair, and the way out; a source or target fault.
pub(super) async fn all(
    tools: &Tools,
    control: &Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<Owned> {
    let mut known = known_sources(control, tools).await?;
    let mut owned = Owned { pairs: Vec::new(), tasks: Vec::new(), left_out: BTreeMap::new() };
    for job in jobs {
        let state = known.remove(job.path()).ok_or_else(|| unknown(&job))?;
        damage::refuse(&state)?;
        let plan = resume::stored_plan(&state)?;
        check(&job, &state)?;
        check_tables(control, &plan, tools).await?;
        account.plan(job.path(), &plan, &[]);
        owned.pairs.push(Pair::known(Arc::new(job), plan, state));
    }
    account.keep_tables(|table| is_selected(table, &tools.config));
    let _reread = tools.events.clock().stage(RunStage::Reread);
    for source in 0..owned.pairs.len() {
        read_again(tools, &mut owned, source).await?;
    }
    Ok(owned)
}

fn unknown(job: &Job) -> Error {
    let message = format!("\"{}\" was not copied here by cutover: its ledger does not know it", job.path());
    Error::refused(message, Vec::new()).remedy(
        "`cutover verify` names what differs; a copy of another tool is mended by that tool, or copied anew \
         with `cutover copy --migrate`",
    )
}

fn check(job: &Job, state: &SourceState) -> Result<()> {
    if state.fingerprint != job.fingerprint() {
        let message = format!(
            "the source \"{}\" has changed since it was copied: rows that were written since are no damage of the copy",
            state.path
        );
        return Err(Error::refused(message, Vec::new()).remedy(
            "`cutover verify` names what differs; `cutover copy --migrate --restart` copies the source as it is now",
        ));
    }
    if state.chunks.iter().any(|chunk| chunk.digest.is_none()) {
        let message = format!("the copy of \"{}\" is not finished: rows are still to be copied", state.path);
        return Err(Error::refused(message, Vec::new())
            .remedy("`cutover copy --migrate` goes on with it; repair afterwards"));
    }
    Ok(())
}

async fn check_tables(control: &Session, plan: &Plan, tools: &Tools) -> Result<()> {
    let selected = plan.tables.iter().filter(|table| is_selected(&table.source, &tools.config));
    let names: Vec<&str> = selected.map(|table| table.target.as_str()).collect();
    let gone = inspect::missing_objects(control, &plan.schema, &names).await?;
    if gone.is_empty() {
        return Ok(());
    }
    let message = format!("tables that were copied are not in the target any more: {}", gone.join(", "));
    Err(Error::refused(message, Vec::new())
        .remedy("`cutover copy --migrate --restart` copies anew; --exclude leaves them out of the repair"))
}

/// Digests the selected tables of one source again. It must still give what was copied.
async fn read_again(tools: &Tools, owned: &mut Owned, source: usize) -> Result<()> {
    let pair = &owned.pairs[source];
    let Pair { job, plan, state, .. } = pair;
    tools.cancel.at_once(follow::prepare(job, plan, tools.config.jobs)).await?;
    let Some(state) = state else { return Ok(()) };
    for table in plan.tables.iter().filter(|table| is_selected(&table.source, &tools.config)) {
        let (expected, now) = verify_only::source_side(pair, table, tools).await?;
        let kept = verify_only::recorded(state, &table.source);
        let same =
            expected.chunks.iter().map(|(_, digest)| Some(*digest)).eq(expected.recorded.iter().copied());
        if !same || now != kept {
            let message = format!(
                "the rows of table \"{}\" in \"{}\" are no longer those that were copied",
                table.source, state.path
            );
            return Err(Error::refused(message, Vec::new())
                .remedy("`cutover copy --migrate --restart` copies the source as it is now"));
        }
        owned.left_out.insert(table.source.clone(), (now, kept));
        owned.tasks.push((source, expected));
    }
    Ok(())
}

/// The steps of what is selected; views where all tables are.
pub(super) fn steps(tools: &Tools, plan: &Plan, state: &SourceState) -> Vec<StepState> {
    let config = &tools.config;
    let all = plan.tables.iter().all(|table| is_selected(&table.source, config));
    let is_wanted = |step: &&StepState| if is_view(step) { all } else { is_selected(&step.table, config) };
    state.steps.iter().filter(is_wanted).cloned().collect()
}
