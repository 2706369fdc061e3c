//! A damaged ledger: what is said of it, and what may still be believed.

use super::account::Account;
use super::begin::known_sources;
use super::prepare::plan_hash;
use super::resume::plan_to_undo;
use super::tools::Tools;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::limits::EXAMPLES_MAX;
use crate::plan::Plan;
use crate::postgres::ledger::{self, Presence, SourceState};
use crate::postgres::session::Session;
use std::collections::BTreeMap;

/// The code of the finding.
const CODE: &str = "E_LEDGER_DAMAGED";

/// Refuses to go on with a source of which the ledger is not as it was written.
///
/// # Errors
/// A refusal that names what is wrong and the ways out.
pub(super) fn refuse(state: &SourceState) -> Result<()> {
    let Some(finding) = finding(state, Severity::Refusal) else { return Ok(()) };
    let message = format!("the ledger of \"{}\" is damaged: {}", state.path, finding.message);
    Err(Error::refused(message, vec![finding]).remedy(
        "`cutover verify` compares the target without it; `cutover copy --migrate --restart` begins anew; \
         `cutover clean` removes the ledger and leaves the tables",
    ))
}

/// What is wrong with a source's ledger, where anything is.
pub(super) fn finding(state: &SourceState, severity: Severity) -> Option<Finding> {
    let first = state.damage.first()?;
    let examples = state.damage.iter().take(EXAMPLES_MAX).map(|damage| damage.what.clone());
    let message = match state.damage.len() {
        1 => first.what.clone(),
        all => format!("{}; {all} things are wrong with it", first.what),
    };
    Some(
        Finding::new(CODE, severity, state.path.clone(), message)
            .count(state.damage.len() as u64)
            .examples(examples.collect())
            .way(Way::Option("--restart".to_owned()))
            .or("`cutover clean` removes the ledger and leaves the tables"),
    )
}

/// What a comparison makes of the ledger: sources whose part of it is whole. Of the others it is said that they are compared
/// as if another tool had copied them, which believes nothing of it.
///
/// # Errors
/// A refusal of another version's ledger; a target fault.
pub(super) async fn known_and_whole(
    session: &Session,
    tools: &Tools,
    account: &mut Account,
) -> Result<BTreeMap<String, SourceState>> {
    if let Presence::Broken(gone) = ledger::presence(session).await? {
        let message = format!("tables of the ledger are gone: {}; it is not believed", gone.join(", "));
        account.finding(Finding::new(CODE, Severity::Warning, "cutover", message));
        return Ok(BTreeMap::new());
    }
    let mut known = known_sources(session, tools).await?;
    known.retain(|_, state| {
        let found = finding(state, Severity::Warning);
        let is_whole = found.is_none();
        found.into_iter().for_each(|found| account.finding(found.fix(NOT_BELIEVED)));
        is_whole
    });
    Ok(known)
}

const NOT_BELIEVED: &str = "the tables were compared without the ledger, as if another tool had copied them; \
    `cutover clean` removes it";

/// A plan that is as it was written: its own hash, which stands beside it, still says so, and so does the row's schema.
pub(super) fn trusted_plan(state: &SourceState) -> Option<Plan> {
    let plan = plan_to_undo(state).ok()?;
    let holds = plan.schema == state.schema && plan_hash(&plan) == state.plan_hash;
    (state.damage.is_empty() || holds).then_some(plan)
}

/// The plan by which a source's copy is undone. Of a damaged ledger it must be as it was written: what it names is dropped.
///
/// # Errors
/// A refusal where it cannot be read, or is not what was written.
pub(super) fn plan_to_restart(state: &SourceState) -> Result<Plan> {
    let plan = plan_to_undo(state)?;
    if trusted_plan(state).is_some() {
        return Ok(plan);
    }
    let message = format!(
        "the ledger's plan of \"{}\" is not as it was written, so that what it names cannot be dropped",
        state.path
    );
    Err(Error::refused(message, finding(state, Severity::Refusal).into_iter().collect())
        .remedy("drop what was copied by hand, remove the ledger with `cutover clean`, and copy again"))
}
