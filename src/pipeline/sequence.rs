//! Sequences past the data: set after the copy, and looked at again by every later run, since anybody may move them.

use super::steps::SEQUENCE;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::limits::GROUP_STEPS_MAX;
use crate::plan::{Plan, SequencePlan};
use crate::postgres::ledger::StepOwner;
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::sequence::{self, Place, SequenceState};
use crate::postgres::session::Session;
use crate::postgres::step;

/// The sequence that a step means.
fn place(plan: &Plan, step: &StepState) -> Result<Place> {
    let table = plan.tables.iter().find(|table| table.source == step.table);
    let table = table.ok_or_else(|| Error::internal("a step of a table that the plan does not have"))?;
    let planned = table.sequences.iter().find(|sequence| sequence.column == step.object);
    let floor = planned.and_then(SequencePlan::floor);
    Ok(Place { table: table.target.clone(), column: step.object.clone(), floor })
}

fn detail(state: &SequenceState) -> String {
    match state.next {
        Some(next) => format!("next value {next}"),
        None => "exhausted: it has no next value, as in the source (W_SEQ_EXHAUSTED)".to_owned(),
    }
}

/// Sets the sequences of `steps` past the data and records it.
pub(super) async fn set_all(
    session: &Session,
    owner: &StepOwner,
    plan: &Plan,
    steps: &[StepState],
) -> Result<()> {
    let places: Vec<Place> = steps.iter().map(|step| place(plan, step)).collect::<Result<_>>()?;
    let states = sequence::set(session, &owner.schema, &places).await?;
    let details: Vec<Option<String>> = states.iter().map(|state| Some(detail(state))).collect();
    step::mark_all(session, owner, steps, &details).await
}

/// Sets the sequence of one step, and records it where something is new; tells whether it had been behind, and its next
/// value.
pub(super) async fn set(
    session: &Session,
    owner: &StepOwner,
    plan: &Plan,
    step: &StepState,
) -> Result<(bool, String)> {
    let states = sequence::set(session, &owner.schema, &[place(plan, step)?]).await?;
    let state = states.first().ok_or_else(|| Error::internal("a sequence that was set is not told of"))?;
    let detail = detail(state);
    if state.moved || step.progress != StepProgress::Done {
        step::mark(session, owner, step, "done", Some(&detail)).await?;
    }
    Ok((state.moved, detail))
}

/// Looks again at sequences that were set before, mends those that are behind and says so. Gives those, as `table.column`.
pub(super) async fn mend(
    session: &Session,
    owner: &StepOwner,
    plan: &Plan,
    steps: &[StepState],
    events: &Events,
) -> Result<Vec<String>> {
    let mut mended = Vec::new();
    let set_before = |step: &&StepState| step.kind == SEQUENCE && step.progress == StepProgress::Done;
    let done: Vec<&StepState> = steps.iter().filter(set_before).collect();
    for some in done.chunks(GROUP_STEPS_MAX) {
        let places: Vec<Place> = some.iter().map(|step| place(plan, step)).collect::<Result<_>>()?;
        let states = sequence::read(session, &owner.schema, &places).await?;
        let seen = some.iter().zip(places.iter().zip(states));
        for (step, (place, state)) in seen {
            let state = state.ok_or_else(|| sequence::no_sequence(place))?;
            if state.behind(place.floor).is_none() {
                continue;
            }
            let (moved, detail) = set(session, owner, plan, step).await?;
            if moved {
                let (table, column) = (&step.table, &step.object);
                events.note(format!(
                    "the sequence of \"{table}\".\"{column}\" was behind and is mended: {detail}"
                ));
                mended.push(format!("{table}.{column}"));
            }
        }
    }
    Ok(mended)
}
