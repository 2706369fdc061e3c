//! Sequences past the data: set after the copy, and looked at again by every later run, since anybody may move them.

use super::steps::SEQUENCE;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::plan::Plan;
use crate::postgres::ledger::StepOwner;
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;

/// Sets the sequence of one step past the data and records it; tells whether it had been behind, and its next value.
pub(super) async fn set(
    session: &Session,
    owner: &StepOwner,
    plan: &Plan,
    step: &StepState,
) -> Result<(bool, String)> {
    let table = plan.tables.iter().find(|table| table.source == step.table);
    let table = table.ok_or_else(|| Error::internal("a step of a table that the plan does not have"))?;
    let planned = table.sequences.iter().find(|sequence| sequence.column == step.object);
    let floor = planned.and_then(|planned| [planned.max, planned.seq].into_iter().flatten().max());
    let state = step::set_sequence(session, &owner.schema, &table.target, &step.object, floor).await?;
    let detail = match state.next {
        Some(next) => format!("next value {next}"),
        None => "exhausted: it has no next value, as in the source (W_SEQ_EXHAUSTED)".to_owned(),
    };
    if state.moved || step.progress != StepProgress::Done {
        step::mark(session, owner, step, "done", Some(&detail)).await?;
    }
    Ok((state.moved, detail))
}

/// Looks again at sequences that were set before, mends those that are behind and says so.
pub(super) async fn mend(
    session: &Session,
    owner: &StepOwner,
    plan: &Plan,
    steps: &[StepState],
    events: &Events,
) -> Result<()> {
    let set_before = |step: &&StepState| step.kind == SEQUENCE && step.progress == StepProgress::Done;
    for done in steps.iter().filter(set_before) {
        let (moved, detail) = set(session, owner, plan, done).await?;
        if moved {
            let (table, column) = (&done.table, &done.object);
            events
                .note(format!("the sequence of \"{table}\".\"{column}\" was behind and is mended: {detail}"));
        }
    }
    Ok(())
}
