//! Keys, indexes and the like that the copy made and that are gone: made again by the statements that made them.

use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::pipeline::account::Account;
use crate::pipeline::build::{self, Whose};
use crate::pipeline::steps::{is_validation, words};
use crate::pipeline::tools::Tools;
use crate::pipeline::wind_up::missing_objects;
use crate::plan::Plan;
use crate::postgres::ledger::{StepOwner, StepProgress, StepState};
use crate::postgres::session::Session;
use std::sync::Arc;

/// Makes again what is gone, in the order in which it was made; what cannot be made is named. Gives what was made, in words.
///
/// # Errors
/// Busy where another run took over; a target fault of the look at what is there.
pub(super) async fn all(
    tools: &Tools,
    control: &Session,
    (owner, plan): (&StepOwner, &Plan),
    steps: &[StepState],
    account: &mut Account,
) -> Result<Vec<String>> {
    let gone = missing_objects(control, &plan.schema, steps).await?;
    let due = |step: &&StepState| step.progress == StepProgress::Done && gone.contains(&step.object);
    let whose = Whose { owner: owner.clone(), plan: Arc::new(plan.clone()) };
    let mut made = Vec::new();
    if !gone.is_empty() {
        build::give_memory(control).await?;
    }
    for step in steps.iter().filter(due) {
        tools.cancel.check()?;
        tools.events.note(format!("making again: {}", words(step)));
        match tools.cancel.bound(build::do_one(control, &whose, step, false)).await {
            Ok(_) if is_validation(step) => {}
            Ok(_) => made.push(words(step)),
            Err(error) if control.client().is_closed() => return Err(error),
            Err(error) => {
                let message = format!("is gone and could not be made again: {error}");
                let finding = Finding::new("W_NOT_REPAIRED", Severity::Warning, words(step), message);
                account.finding(finding.fix("mend what stands against it, then run the same command again"));
            }
        }
    }
    Ok(made)
}
