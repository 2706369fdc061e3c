//! What the ledger says, for `status`; and its removal, for `clean`.

mod expected;

use super::damage::{finding, trusted_plan};
use super::restore::{self, Reach};
use super::steps::is_view;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::finding::Severity;
use crate::limits::SET_ASIDE_LISTED_MAX;
use crate::outcome::{SetAsideList, SourceStatus, TableStatus};
use crate::postgres::connect::Connector;
use crate::postgres::lease;
use crate::postgres::ledger::{self, Presence, SourceState, StepProgress, StepState, presence};
use crate::postgres::pace;
use crate::postgres::scratch;
use crate::postgres::session::Session;
use crate::postgres::step;
use std::collections::BTreeMap;

/// Reads the state of every source, or of those that go into `schema`.
///
/// # Errors
/// A target fault.
pub async fn read(connector: &Connector, schema: Option<&str>) -> Result<Vec<SourceStatus>> {
    let session = connector.connect("status").await?;
    if !ledger::exists(&session).await? {
        return Ok(Vec::new());
    }
    let states = ledger::read(&session, schema, None).await?;
    let mut sources: Vec<SourceStatus> = states.iter().map(summarise).collect();
    let (paces, under_way) = (pace::paces(&session).await?, pace::rows_under_way(&session).await?);
    for (source, expected) in sources.iter_mut().zip(expected::of_all(&states, &paces, under_way)) {
        source.expected = expected;
    }
    Ok(sources)
}

fn summarise(state: &SourceState) -> SourceStatus {
    let mut tables: BTreeMap<&str, TableStatus> = BTreeMap::new();
    for chunk in &state.chunks {
        let table = tables
            .entry(&chunk.table)
            .or_insert_with(|| TableStatus { table: chunk.table.clone(), ..TableStatus::default() });
        table.chunks += 1;
        table.rows += chunk.spec.rows;
        if chunk.digest.is_some() {
            table.chunks_done += 1;
            table.rows_done += chunk.spec.rows;
        }
    }
    let tables: Vec<TableStatus> = tables.into_values().collect();
    let left: Vec<String> =
        state.steps.iter().filter(|step| step.progress == StepProgress::Pending).map(step_words).collect();
    SourceStatus {
        path: state.path.clone(),
        schema: state.schema.clone(),
        state: state_word(state).to_owned(),
        finished_at: state.finished_at.clone(),
        last_error: state.last_error.clone(),
        chunks: tables.iter().map(|table| table.chunks).sum(),
        chunks_done: tables.iter().map(|table| table.chunks_done).sum(),
        rows: tables.iter().map(|table| table.rows).sum(),
        rows_done: tables.iter().map(|table| table.rows_done).sum(),
        steps: state.steps.len() as u64,
        steps_done: (state.steps.len() - left.len()) as u64,
        steps_left: left,
        tables,
        expected: None,
        damage: state.damage.iter().map(|damage| damage.what.clone()).collect(),
    }
}

fn step_words(step: &StepState) -> String {
    let of = if is_view(step) { String::new() } else { format!(" of table {}", step.table) };
    format!("{} {}{of}", step.kind, step.object)
}

fn state_word(state: &SourceState) -> &'static str {
    if !state.damage.is_empty() {
        "damaged: this ledger is not gone on with"
    } else if state.finished {
        "finished"
    } else if state.schema.starts_with(scratch::PREFIX) {
        "a rehearsal, under way or killed: the next `copy --rehearse schema` drops it"
    } else {
        "not finished: run the same copy again to resume"
    }
}

/// Lists the rows that are set aside, of every source or of those that go into `schema`.
///
/// # Errors
/// A target fault.
pub async fn set_aside(connector: &Connector, schema: Option<&str>) -> Result<SetAsideList> {
    let session = connector.connect("status").await?;
    if !ledger::exists(&session).await? {
        return Ok(SetAsideList::default());
    }
    crate::postgres::set_aside::list(&session, schema, SET_ASIDE_LISTED_MAX).await
}

/// Where neither steps nor plan can be believed, nobody knows what was laid aside.
fn refuse_unknown(state: &SourceState) -> Result<()> {
    if state.damage.is_empty() || trusted_plan(state).is_some() {
        return Ok(());
    }
    let message = format!(
        "the ledger of \"{}\" is damaged, and so is its plan: what was laid aside for that copy is not known",
        state.path
    );
    Err(Error::refused(message, finding(state, Severity::Refusal).into_iter().collect()).remedy(
        "look whether foreign keys or indexes are missing in the tables that were there before, make them by hand, \
         then DROP SCHEMA cutover CASCADE",
    ))
}

/// Drops what killed rehearsals have left, brings back what is laid aside still and removes schema `cutover`. Tells whether it
/// was there, and what came back; what was dropped is in `dropped`, a sentence each, also where the rest is refused.
///
/// # Errors
/// A refusal where something cannot be brought back; a target fault; busy while a run is active.
pub async fn clean(connector: &Connector, dropped: &mut Vec<String>) -> Result<Option<Vec<String>>> {
    let session = connector.connect("clean").await?;
    let lease = lease::take(connector, connector.run_label(), false, &Events::silent()).await?;
    let removed = remove_all(&session, dropped).await;
    lease.release().await;
    removed
}

/// While the target is held. A ledger that a rehearsal had made is gone with its schema.
async fn remove_all(session: &Session, dropped: &mut Vec<String>) -> Result<Option<Vec<String>>> {
    let had_ledger = presence(session).await? != Presence::Absent;
    scratch::remove_left_schemas(session, |text| dropped.push(text)).await?;
    if !ledger::exists(session).await? {
        return Ok(had_ledger.then(Vec::new));
    }
    remove(session).await.map(Some)
}

async fn remove(session: &Session) -> Result<Vec<String>> {
    let states = ledger::read(session, None, None).await?;
    let restored = restore::bring_back(session, &states, Reach::All, |_, _| true).await?;
    if let Some((words, why)) = restored.owed.first() {
        let message = format!("{words} was laid aside for a copy and cannot be brought back: {why}");
        return Err(Error::refused(message, Vec::new())
            .remedy("finish that copy, or undo it with copy --restart, or mend the rows; then clean"));
    }
    states.iter().try_for_each(refuse_unknown)?;
    let kept = crate::postgres::set_aside::list(session, None, 0).await?.count;
    if kept > 0 {
        let message = format!(
            "rows that were set aside are kept in cutover.set_aside, and nowhere else in this target: {kept}"
        );
        return Err(Error::refused(message, Vec::new()).remedy(
            "bring them where they belong, or keep them (CREATE TABLE … AS TABLE cutover.set_aside); then DELETE FROM cutover.set_aside, and clean again",
        ));
    }
    step::execute(session, "DROP SCHEMA cutover CASCADE").await?;
    Ok(restored.back)
}
