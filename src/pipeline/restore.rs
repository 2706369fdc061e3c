//! What earlier runs have laid aside in existing tables comes back as the first act of the next run: it must not stay
//! missing because that run goes elsewhere, or is refused.
//!
//! Only what the run itself still needs out of its way stays aside: keys and indexes of the tables that it goes on to load.
//! A key that came back meanwhile is laid aside again when its table is gone on with ([`lay_aside_again`]).

use super::account::Account;
use super::damage::trusted_plan;
use super::resume::{chunks_of, plan_to_undo};
use super::steps::{is_validation, words};
use super::tools::Tools;
use crate::assess::job::Job;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::ident::{qualified, quote};
use crate::plan::select::is_selected;
use crate::plan::{Plan, StepKind, TableMode, TablePlan};
use crate::postgres::ledger::{self, SourceState, StepOwner, StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;

/// What came back, and what did not, each in words; the latter with the reason.
#[derive(Debug, Default)]
pub struct Restored {
    /// it is back
    pub back: Vec<String>,
    /// it is not
    pub owed: Vec<(String, String)>,
}

impl Restored {
    fn add(&mut self, other: Restored) {
        self.back.extend(other.back);
        self.owed.extend(other.owed);
    }
}

/// How far it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// keys whose rows are not all there yet are not validated
    Ready,
    /// everything is tried
    All,
}

/// Before a run begins: brings back what it does not need to have out of its way.
pub(super) async fn first(tools: &Tools, control: &Session, jobs: &[Job]) -> Result<Restored> {
    if !ledger::exists(control).await? || !ledger::owes(control).await? {
        return Ok(Restored::default());
    }
    let states = ledger::read(control, None, None).await?;
    let is_free = |state: &SourceState, table: &str| !is_needed(&tools.config, jobs, state, table);
    let restored = tools.cancel.at_once(bring_back(control, &states, Reach::Ready, is_free)).await?;
    for words in &restored.back {
        tools.events.note(format!("brought back, since an earlier run had laid it aside: {words}"));
    }
    Ok(restored)
}

/// Whether this run goes on with the table: it loads it, or brings everything of it back itself.
fn is_needed(config: &Config, jobs: &[Job], state: &SourceState, table: &str) -> bool {
    if state.schema != config.schema || !jobs.iter().any(|job| job.path() == state.path) {
        return false;
    }
    let is_left = |table: &str| chunks_of(state, table).any(|chunk| chunk.digest.is_none());
    let wanted = |table: &str| is_selected(table, config);
    // Where nothing is to be loaded, the run makes everything that is left at once; so it does when it begins anew.
    let loads = state.chunks.iter().any(|chunk| wanted(&chunk.table) && is_left(&chunk.table));
    config.restart || (wanted(table) && (is_left(table) || !loads))
}

/// Before a run ends that was refused: nothing is needed aside any more. Gives its error, with what came back, `before` among
/// it.
pub(super) async fn before_refusal(
    tools: &Tools,
    control: &Session,
    before: Restored,
    error: Error,
    account: &mut Account,
) -> Error {
    let was_refused = [ErrorKind::Refused, ErrorKind::Differs, ErrorKind::Source, ErrorKind::Usage];
    if !was_refused.contains(&error.kind()) {
        return error;
    }
    match tools.cancel.at_once(everything(tools, control)).await {
        Ok(now) => {
            tell_owed(&now, account);
            say(error, &Restored { back: [before.back, now.back].concat(), owed: now.owed })
        }
        Err(why) => error.and(format!("what was laid aside could not be brought back: {why}")),
    }
}

async fn everything(tools: &Tools, control: &Session) -> Result<Restored> {
    if tools.config.restart {
        // What was undone is undone no more: that transaction is open still.
        step::execute(control, "ROLLBACK").await?;
    }
    if !matches!(ledger::presence(control).await, Ok(ledger::Presence::Whole)) {
        return Ok(Restored::default());
    }
    bring_back(control, &ledger::read(control, None, None).await?, Reach::All, |_, _| true).await
}

fn say(error: Error, restored: &Restored) -> Error {
    let names: Vec<&str> = restored.owed.iter().map(|(words, _)| words.as_str()).collect();
    let error = match &restored.back[..] {
        [] => error,
        back => {
            error.and(format!("brought back, since an earlier run had laid it aside: {}", back.join(", ")))
        }
    };
    match &names[..] {
        [] => error,
        names => error.and(format!("still laid aside: {}", names.join(", "))),
    }
}

pub(super) fn tell_owed(restored: &Restored, account: &mut Account) {
    for (words, why) in &restored.owed {
        let message = format!("an earlier run had laid it aside, and it cannot be brought back: {why}");
        account.finding(Finding::new("W_NOT_RESTORED", Severity::Warning, words.clone(), message).fix(
            "finish that copy, which brings it back; or mend the rows that are against it, then `cutover clean`",
        ));
    }
}

/// Brings back what is laid aside of every table for which `wanted` holds. What the server refuses is told; only where the
/// session cannot go on is it an error.
///
/// # Errors
/// A target fault; [`ErrorKind::Busy`] where another run took over.
pub(super) async fn bring_back(
    session: &Session,
    states: &[SourceState],
    reach: Reach,
    wanted: impl Fn(&SourceState, &str) -> bool,
) -> Result<Restored> {
    let mut all = Restored::default();
    for state in states {
        let plan = trusted_plan(state);
        all.add(match (&plan, state.damage.is_empty()) {
            (Some(plan), false) => of_plan(session, state, plan, |table| wanted(state, table)).await?,
            _ => of_steps(session, state, reach, |table| wanted(state, table)).await?,
        });
    }
    Ok(all)
}

/// The steps that are pending, of rows that are as they were written: what another wrote there is not run.
async fn of_steps(
    session: &Session,
    state: &SourceState,
    reach: Reach,
    wanted: impl Fn(&str) -> bool,
) -> Result<Restored> {
    let is_owed = |step: &&StepState| step.restores && step.progress == StepProgress::Pending;
    let owed = state.steps.iter().filter(is_owed).filter(|step| wanted(&step.table));
    let mut owed: Vec<&StepState> = owed.collect();
    let plan = if owed.is_empty() { None } else { plan_to_undo(state).ok() };
    owed.retain(|step| reach == Reach::All || !is_early(state, plan.as_ref(), step));
    let mut restored = Restored::default();
    if owed.is_empty() {
        return Ok(restored);
    }
    let epoch = ledger::fence(session, state.source_id).await?;
    let owner = StepOwner { source_id: state.source_id, epoch, schema: state.schema.clone() };
    for step in owed {
        let is_damaged = state.damage.iter().any(|damage| damage.step == Some(step.step));
        let done = if is_damaged {
            Err(Error::target_fault("its row in cutover.step is not as it was written"))
        } else {
            one(session, &owner, plan.as_ref(), step).await
        };
        note(session, &mut restored, words(step), done)?;
    }
    Ok(restored)
}

/// A key that is to be validated before all rows of both its tables are there.
fn is_early(state: &SourceState, plan: Option<&Plan>, step: &StepState) -> bool {
    let is_left = |table: &str| chunks_of(state, table).any(|chunk| chunk.digest.is_none());
    let parent = plan.and_then(|plan| {
        let table = plan.tables.iter().find(|table| table.source == step.table)?;
        let key = table.foreign_keys.iter().find(|key| key.name == step.object)?;
        Some(key.probe.as_ref()?.parent.as_str())
    });
    is_validation(step) && (is_left(&step.table) || parent.is_some_and(is_left))
}

async fn one(session: &Session, owner: &StepOwner, plan: Option<&Plan>, step: &StepState) -> Result<()> {
    let table = plan.and_then(|plan| plan.tables.iter().find(|table| table.source == step.table));
    if let Some(table) = table.filter(|_| !is_validation(step))
        && step::is_back(session, &owner.schema, &table.target, &step.object).await?
    {
        // Somebody has made it meanwhile.
        return step::mark(session, owner, step, "done", None).await;
    }
    step::run(session, owner, step, false).await
}

fn note(session: &Session, restored: &mut Restored, words: String, done: Result<()>) -> Result<()> {
    match done {
        Ok(()) => restored.back.push(words),
        Err(error) if error.kind() == ErrorKind::Busy || session.client().is_closed() => return Err(error),
        Err(error) => restored.owed.push((words, error.to_string())),
    }
    Ok(())
}

/// Of a damaged ledger: whatever the plan has laid aside and the target does not have. No step is marked: the ledger is not
/// gone on with.
async fn of_plan(
    session: &Session,
    state: &SourceState,
    plan: &Plan,
    wanted: impl Fn(&str) -> bool,
) -> Result<Restored> {
    let mut restored = Restored::default();
    for (table, lift) in lifts(plan).filter(|(table, _)| wanted(&table.source)) {
        let words = |kind| format!("{kind} \"{}\" of table \"{}\"", lift.object, table.source);
        let is_back = step::is_back(session, &state.schema, &table.target, lift.object).await?;
        if !is_back {
            note(session, &mut restored, words(lift.kind), step::execute(session, &lift.sql).await)?;
        }
        // Of a valid key this does nothing.
        if let Some(validate) = &lift.validate {
            match step::execute(session, validate).await {
                Ok(()) if is_back => {}
                done => note(session, &mut restored, words(StepKind::Validate.name()), done)?,
            }
        }
    }
    Ok(restored)
}

/// Something that a plan lays aside.
struct Lifted<'a> {
    kind: &'static str,
    object: &'a str,
    /// brings it back
    sql: String,
    /// then looks at the rows that are there
    validate: Option<String>,
    /// lays it aside, whether it is there or not
    drop: String,
}

/// Everything that a plan lays aside, with its table.
fn lifts(plan: &Plan) -> impl Iterator<Item = (&TablePlan, Lifted<'_>)> {
    let existing = plan.tables.iter().filter(|table| table.mode == TableMode::Existing);
    existing.flat_map(|table| {
        let indexes = table.lifted_indexes.iter().map(|lift| Lifted {
            kind: StepKind::Index.name(),
            object: &lift.object,
            sql: lift.restore.clone(),
            validate: None,
            drop: format!("DROP INDEX IF EXISTS {}", qualified(&plan.schema, &lift.object)),
        });
        let keys = table.foreign_keys.iter().filter(|key| key.drop.is_some()).map(|key| Lifted {
            kind: StepKind::ForeignKey.name(),
            object: &key.name,
            sql: key.add.clone(),
            validate: key.validate.clone(),
            drop: format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                qualified(&plan.schema, &table.target),
                quote(&key.name)
            ),
        });
        indexes.chain(keys).map(move |lift| (table, lift))
    })
}

/// Statements after which everything that the plan laid aside is there, whether it was before or not.
pub(super) fn anew(plan: &Plan) -> impl Iterator<Item = String> {
    lifts(plan).flat_map(|(_, lift)| [Some(lift.drop), Some(lift.sql), lift.validate].into_iter().flatten())
}

/// Lays aside again what came back, of tables that are to be loaded on; by the catalogue, since what came back under a
/// damaged ledger has no mark there ([`of_plan`]). Of other tables it is taken for made. Tells whether there was anything.
///
/// # Errors
/// A target fault; nothing was changed then.
pub(super) async fn lay_aside_again(
    session: &Session,
    state: &SourceState,
    epoch: i64,
    plan: &Plan,
    config: &Config,
) -> Result<bool> {
    let is_loaded = |table: &str| {
        is_selected(table, config) && chunks_of(state, table).any(|chunk| chunk.digest.is_none())
    };
    let owner = StepOwner { source_id: state.source_id, epoch, schema: state.schema.clone() };
    let (mut drops, mut pending_again, mut is_changed) = (Vec::new(), Vec::new(), false);
    for (table, lift) in lifts(plan) {
        let is_there = step::is_back(session, &state.schema, &table.target, lift.object).await?;
        let steps = state
            .steps
            .iter()
            .filter(|step| step.restores && step.table == table.source && step.object == lift.object);
        let (done, owed): (Vec<&StepState>, Vec<_>) =
            steps.partition(|step| step.progress == StepProgress::Done);
        if is_loaded(&table.source) {
            if is_there || !done.is_empty() {
                drops.push(lift.drop);
                pending_again.extend(done.into_iter().cloned());
            }
        } else if is_there {
            for step in owed.into_iter().filter(|step| is_made_by(step)) {
                step::mark(session, &owner, step, "done", None).await?;
                is_changed = true;
            }
        }
    }
    if drops.is_empty() {
        return Ok(is_changed);
    }
    step::lay_aside(session, &owner, &drops.join(";\n"), &pending_again).await?;
    Ok(true)
}

/// Whether the step is pending and makes its object, and does not only look at its rows.
fn is_made_by(step: &StepState) -> bool {
    step.progress == StepProgress::Pending && !is_validation(step)
}
