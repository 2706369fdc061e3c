//! How a run ends: the steps that are left, one error for all that failed, and the ledger's last word.

use super::account::Account;
use super::active::Active;
use super::compare;
use super::control;
use super::draw::Source;
use super::finish;
use super::steps::{SEQUENCE, VACUUM, is_validation, is_view};
use super::tools::Tools;
use crate::config::{Config, VerifyLevel};
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::finding::{Finding, Severity};
use crate::limits::RECORD_WAIT;
use crate::outcome::{Objects, Verify};
use crate::plan::StepKind;
use crate::postgres::inspect;
use crate::postgres::ledger::{self, StepProgress, StepState};
use crate::postgres::session::Session;
use std::sync::Arc;

/// Compares what is not proved yet, and runs every step that is left of tables whose rows are all there.
pub(super) async fn finish_tables(
    tools: &Tools,
    control: &mut Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<Vec<(String, Error)>> {
    let sources: Vec<Source> = actives
        .iter()
        .map(|active| Source {
            owner: active.owner(),
            plan: Arc::clone(&active.plan),
            expected: compare::due(tools, active),
            steps: active
                .wanted_steps(&tools.config)
                .into_iter()
                .filter(|step| is_due(active, step))
                .collect(),
        })
        .collect();
    let outcome = finish::run(tools, sources, true).await;
    let mut failures = compare::account_for(outcome.compared, account);
    tools.cancel.check()?;
    control::refresh(tools, control, actives).await?;
    account.report.objects = Objects::default();
    for (i, active) in actives.iter().enumerate() {
        let done: Vec<_> = outcome.done.iter().filter(|finished| finished.source == i).cloned().collect();
        account.steps(&active.plan, &active.wanted_steps(&tools.config), &done);
    }
    outcome.violated.iter().for_each(|step| account.finding(violated(step)));
    failures.extend(outcome.failures);
    Ok(failures)
}

/// Something that can be done is not done, or not proved, although all went well: the server has forgotten it.
pub(super) fn is_unfinished(tools: &Tools, active: &Active) -> bool {
    let steps = active.wanted_steps(&tools.config);
    let unproved = tools.config.verify == VerifyLevel::Checksum && !compare::due(tools, active).is_empty();
    unproved || steps.iter().any(|step| is_due(active, step))
}

/// Nothing in the source was against this CHECK, and rows of the target are.
fn violated(step: &StepState) -> Finding {
    let message = "rows of the target are against it: it is left NOT VALID";
    Finding::new("W_CHECK_VIOLATED", Severity::Warning, format!("{}.{}", step.table, step.object), message)
        .fix("look for them in the target; ALTER TABLE … VALIDATE CONSTRAINT when they are mended")
}

/// Whether a step can be done: its table's rows are there, and for a foreign key its parent's too.
fn is_due(active: &Active, step: &StepState) -> bool {
    if step.progress == StepProgress::Pending && is_view(step) {
        return active.plan.tables.iter().all(|table| active.is_copied(&table.source));
    }
    if step.progress != StepProgress::Pending || !active.is_copied(&step.table) {
        return false;
    }
    let is_key = step.kind == StepKind::ForeignKey.name() || step.kind == StepKind::Validate.name();
    let parent = active
        .plan
        .tables
        .iter()
        .filter(|table| table.source == step.table)
        .flat_map(|table| &table.foreign_keys);
    let parent = parent
        .filter(|key| key.name == step.object)
        .find_map(|key| Some(key.probe.as_ref()?.parent.as_str()));
    !is_key || parent.is_none_or(|parent| active.is_copied(parent))
}

/// One error for all that failed; a difference weighs most, because it must never be followed by success.
pub(super) fn summarise(failures: Vec<(String, Error)>, account: &Account) -> Result<()> {
    if account.differs() {
        let tables = account.report.tables.iter().filter(|table| table.verify == Verify::Differs);
        let names: Vec<&str> = tables.map(|table| table.source.as_str()).collect();
        let mut message = format!("the target differs from the source in: {}", names.join(", "));
        failures.iter().for_each(|(_, error)| message.push_str(&format!("; and not compared: {error}")));
        return Err(Error::new(ErrorKind::Differs, message).remedy(
            "the report names rows and columns; copy again with --restart, or compare again with `cutover verify`",
        ));
    }
    let count = failures.len();
    let mut failures = failures.into_iter();
    let Some((_, first)) = failures.next() else { return Ok(()) };
    if count == 1 {
        return Err(first);
    }
    let mut said = vec![first.to_string()];
    for (_, error) in failures {
        let words = error.to_string();
        // A server that is away is away for every step.
        if !said.contains(&words) {
            said.push(words);
        }
    }
    let message = match said.len() {
        1 => format!("{count} times: {}", said[0]),
        _ => format!("{count} problems; first: {}", said.join("; then: ")),
    };
    let mut error = Error::new(first.kind(), message);
    if let Some(remedy) = first.remedy_text() {
        error = error.remedy(remedy);
    }
    Err(error)
}

pub(super) async fn already_done(
    tools: &Tools,
    control: &Session,
    actives: &[Active],
    account: &mut Account,
) -> Result<()> {
    let mut gone = Vec::new();
    for active in actives {
        account.ledger_of(active);
        account.set_aside(control, active.state.source_id).await?;
        account.steps(&active.plan, &active.wanted_steps(&tools.config), &[]);
        let steps = active.wanted_steps(&tools.config);
        gone.extend(missing_objects(control, &active.plan.schema, &steps).await?);
        if let Some(at) = &active.state.finished_at {
            let note = format!("{}: finished already, at {at} UTC; nothing was changed", active.state.path);
            tools.events.note(note);
        }
    }
    say_gone(gone, account)
}

/// Objects that an earlier run made are to be there; a difference of the rows weighs more.
pub(super) fn say_gone(gone: Vec<String>, account: &Account) -> Result<()> {
    summarise(Vec::new(), account)?;
    if gone.is_empty() {
        return Ok(());
    }
    let message = format!("made by an earlier run, and gone from the target: {}", gone.join(", "));
    Err(Error::new(ErrorKind::Differs, message)
        .remedy("make them again by hand, or copy anew with --restart"))
}

/// What the ledger has as made, and the target does not have any more.
pub(super) async fn missing_objects(
    control: &Session,
    schema: &str,
    steps: &[StepState],
) -> Result<Vec<String>> {
    let is_object = |step: &&StepState| {
        let kind = step.kind.as_str();
        kind != SEQUENCE && kind != VACUUM && kind != StepKind::Comment.name() && !is_validation(step)
    };
    let made = steps.iter().filter(|step| step.progress == StepProgress::Done).filter(is_object);
    let names: Vec<&str> = made.map(|step| step.object.as_str()).collect();
    inspect::missing_objects(control, schema, &names).await
}

impl Account {
    pub(super) fn ledger_of(&mut self, active: &Active) {
        self.ledger(&active.state);
        for table in self.report.tables.iter_mut().filter(|table| table.verify == Verify::Match) {
            let counted = table.rows.target.is_some_and(|target| target == table.rows.copied);
            let read = table.rows.source == table.rows.copied + table.rows.set_aside;
            if !counted || !read {
                table.verify = Verify::Differs;
                table.verify_note = format!(
                    "counts differ: {} in the source, {} copied, {} set aside, {:?} in the target",
                    plural(table.rows.source, "row"),
                    table.rows.copied,
                    table.rows.set_aside,
                    table.rows.target
                );
            }
        }
    }
}

/// The ledger's last word on this run. A run that was fenced off has none.
pub(super) async fn record_end(
    tools: &Tools,
    control: &mut Session,
    actives: &[Active],
    error: Option<&Error>,
) -> Result<()> {
    if error.is_some_and(|error| error.kind() == ErrorKind::Busy) {
        return Ok(());
    }
    if error.is_none() {
        failpoint::target(failpoint::BEFORE_RECORD)?;
    }
    let recorded = record_each(tools, control, actives, error);
    if tools.cancel.is_asked() && error.is_some() {
        // A backend that we left may still hold the row: a stop does not wait for the wording of its record.
        let _ = tokio::time::timeout(RECORD_WAIT, recorded).await;
        return Ok(());
    }
    recorded.await
}

async fn record_each(
    tools: &Tools,
    control: &mut Session,
    actives: &[Active],
    error: Option<&Error>,
) -> Result<()> {
    let all = Config { tables: Vec::new(), exclude: Vec::new(), ..tools.config.clone() };
    for active in actives {
        let text = match error {
            Some(error) => Some(error.to_string()),
            None if !active.is_complete(&all) => Some("only a part of the tables was asked for".to_owned()),
            None => None,
        };
        // Where the target itself has failed, the first error says more than that its ledger cannot be reached.
        let (source_id, epoch) = (active.state.source_id, active.state.epoch);
        let recorded =
            async |session: &Session| ledger::finish(session, source_id, epoch, text.as_deref()).await;
        if error.is_none() {
            control::with(tools, control, &control::held(actives), recorded).await?;
            failpoint::target(failpoint::AFTER_RECORD)?;
        } else {
            let _ = recorded(control).await;
        }
    }
    Ok(())
}
