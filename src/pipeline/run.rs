//! The story of a run: open, plan or resume, prepare, copy, compare and finish.

use super::account::Account;
use super::active::{Active, refresh};
use super::begin::{begin, check_creation, connect, known_sources, reopen_emptied};
use super::resume;
use super::schedule::copy_chunks;
use super::sequence;
use super::tools::Tools;
use super::wind_up::{already_done, finish_tables, record_end, summarise};
use crate::assess::job::Job;
use crate::assess::{self, follow};
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::outcome::RunReport;
use crate::plan::Plan;
use crate::postgres::ledger::{self, SourceState};
use crate::postgres::session::Session;
use crate::timing::RunStage;

/// How a run ended: the report, whose outcome and exit code the caller fills in, and the error if there was one.
#[derive(Debug)]
pub struct Ended {
    /// the report
    pub report: RunReport,
    /// what ended the run
    pub error: Option<Error>,
    /// what was planned, of a validation
    pub plans: Vec<Plan>,
}

pub(super) fn end(tools: &Tools, account: Account, result: Result<()>) -> Ended {
    let error = result.err();
    Ended { report: account.close(error.as_ref(), tools.events.clock()), error, plans: Vec::new() }
}

/// Copies, verifies and finishes; run again, it resumes.
pub async fn copy(tools: &Tools) -> Ended {
    let mut account = Account::new("copy");
    let result = try_copy(tools, &mut account).await;
    end(tools, account, result)
}

async fn try_copy(tools: &Tools, account: &mut Account) -> Result<()> {
    let jobs = open(tools, account).await?;
    let mut control = connect(tools, account).await?;
    ledger::take_lock(&control).await?;
    let mut actives = begin(tools, &mut control, jobs, account).await?;
    reopen_emptied(tools, &mut control, &mut actives, account).await?;
    mend_sequences(tools, &control, &mut actives).await?;
    let config = &tools.config;
    if actives.iter().all(|active| active.is_complete(config) && !active.is_to_be_counted(config)) {
        return already_done(tools, &control, &actives, account).await;
    }
    let result = carry_out(tools, &control, &mut actives, account).await;
    let _record = tools.events.clock().stage(RunStage::Record);
    record_end(tools, &control, &actives, result.as_ref().err()).await?;
    result
}

/// Sequences that an earlier run set are looked at again: anybody may have moved them since.
async fn mend_sequences(tools: &Tools, control: &Session, actives: &mut [Active]) -> Result<()> {
    for active in actives.iter() {
        let steps = active.wanted_steps(&tools.config);
        sequence::mend(control, &active.owner(), &active.plan, &steps, &tools.events).await?;
    }
    refresh(control, actives).await
}

/// Everything after the preparation: what is left of copying, verifying and finishing.
async fn carry_out(
    tools: &Tools,
    control: &Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<()> {
    for active in actives.iter().filter(|active| active.has_rows_to_read(&tools.config)) {
        let _plan = tools.events.clock().stage(RunStage::Plan);
        tools.cancel.at_once(follow::prepare(&active.job, &active.plan, tools.config.jobs)).await?;
    }
    let mut failures = copy_chunks(tools, actives, account).await;
    refresh(control, actives).await?;
    actives.iter().for_each(|active| account.ledger(&active.state));
    tools.cancel.check()?;
    if let Some(fenced) = failures.iter().position(|(_, error)| error.kind() == ErrorKind::Busy) {
        return Err(failures.swap_remove(fenced).1);
    }
    failures.extend(finish_tables(tools, control, actives, account).await?);
    tools.cancel.check()?;
    let _record = tools.events.clock().stage(RunStage::Record);
    refresh(control, actives).await?;
    for active in actives.iter() {
        account.ledger_of(active);
        account.set_aside(control, active.state.source_id).await?;
        note_if_written(active, account)?;
    }
    summarise(failures, account)
}

/// Plans and checks everything, and writes nothing anywhere.
pub async fn validate(tools: &Tools) -> Ended {
    let mut account = Account::new("validate");
    let mut plans = Vec::new();
    let result = try_validate(tools, &mut account, &mut plans).await;
    Ended { plans, ..end(tools, account, result) }
}

async fn try_validate(tools: &Tools, account: &mut Account, plans: &mut Vec<Plan>) -> Result<()> {
    let jobs = open(tools, account).await?;
    let mut session = connect(tools, account).await?;
    let known = known_sources(&session, tools).await?;
    let mut against = Vec::new();
    for job in &jobs {
        let Some(state) = known.get(job.path()) else { continue };
        match if tools.config.restart { Ok(()) } else { goes_on(state, tools, job) } {
            Ok(()) => account.finding(known_finding(state, tools.config.restart)),
            Err(why) => against.push(why),
        }
    }
    let fresh = jobs.into_iter().filter(|job| !known.contains_key(job.path())).collect();
    let assessed =
        tools.cancel.at_once(assess::plan(&mut session, fresh, &tools.config, &tools.events)).await?;
    plans.extend(assessed.iter().map(|one| one.plan.clone()));
    check_creation(&mut session, &assessed, tools, account).await?;
    account.plans(&assessed);
    assess::refuse_if_needed(&assessed)?;
    against.into_iter().next().map_or(Ok(()), Err)
}

/// Whether `copy --migrate` would go on with what the ledger has of the source.
fn goes_on(state: &SourceState, tools: &Tools, job: &Job) -> Result<()> {
    resume::stored_plan(state)?;
    resume::check(state, &tools.config, job.fingerprint()).map(|_| ())
}

fn known_finding(state: &SourceState, restart: bool) -> Finding {
    let done = state.chunks.iter().filter(|chunk| chunk.digest.is_some()).count();
    let message = if restart {
        "was copied before: copy --migrate --restart would drop what that copy created and begin anew, which is not tried here".to_owned()
    } else if state.finished {
        "is copied already: copy --migrate would change nothing".to_owned()
    } else {
        format!("is copied in part ({done} of {} chunks): copy --migrate would resume", state.chunks.len())
    };
    Finding::new("W_KNOWN_SOURCE", Severity::Note, state.path.clone(), message)
}

pub(super) async fn open(tools: &Tools, account: &mut Account) -> Result<Vec<Job>> {
    let _open = tools.events.clock().stage(RunStage::Open);
    account.report.run.config = tools.config.settings.file.clone();
    let jobs = tools.cancel.at_once(assess::open(&tools.config)).await?;
    account.report.source = jobs.iter().map(Job::info).collect();
    Ok(jobs)
}

/// A source that was written during the run: the copy is of the state in which it began.
fn note_if_written(active: &Active, account: &mut Account) -> Result<()> {
    let source = &active.job.source;
    source.check_kept()?;
    if source.fingerprint_now()? != *source.fingerprint() {
        let message = "was written while it was copied: the copy is of the state in which the run began";
        account.finding(
            Finding::new("W_SOURCE_WRITTEN", Severity::Warning, active.job.path(), message)
                .fix("what was written since is not in the target; on cutover day, stop all writers first"),
        );
    }
    Ok(())
}
