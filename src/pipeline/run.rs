//! The story of a run: open, plan or resume, prepare, copy, compare and finish.

use super::account::Account;
use super::active::{Active, refresh};
use super::again;
use super::approved::Guard;
use super::around::Around;
use super::begin::{begin, connect, known_sources, missing_rights, reopen_emptied, still_there};
use super::budget;
use super::control;
use super::damage;
use super::environment;
use super::hooks;
use super::restore;
use super::resume;
use super::schedule::copy_chunks;
use super::sequence;
use super::tools::Tools;
use super::unsound;
use super::wind_up::{already_done, finish_tables, is_unfinished, record_end, summarise};
use crate::assess::job::Job;
use crate::assess::{self, follow, on_server};
use crate::config::HookPoint;
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::limits::LOST_ROUNDS_MAX;
use crate::outcome::RunReport;
use crate::panicked;
use crate::plan::Plan;
use crate::postgres::ledger::SourceState;
use crate::postgres::session::Session;
use crate::postgres::{inspect, watch};
use crate::timing::RunStage;
use futures::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

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

pub(super) fn end(tools: &Tools, mut account: Account, result: Result<()>) -> Ended {
    account.retries(&tools.retry);
    let error = result.and_then(|()| panicked::check()).err();
    Ended { report: account.close(error.as_ref(), tools.events.clock()), error, plans: Vec::new() }
}

/// The result of `work`, which may panic: the run then ends as one of any other error does, with its report.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked::error()))
}

/// Copies, verifies and finishes; run again, it resumes.
pub async fn copy(tools: &Tools) -> Ended {
    let mut account = Account::new("copy");
    let result = tools.until_stopped(caught(try_copy(tools, &mut account))).await;
    end(tools, account, result)
}

async fn try_copy(tools: &Tools, account: &mut Account) -> Result<()> {
    let _watch = watch::start(&tools.connector, &tools.events);
    if !tools.config.around.hooks.on_failure.is_empty() {
        tools.cancel.leave_time();
    }
    let mut around = Around::default();
    let (tools, control, actives) = &mut begun(tools, account, &mut around).await?;
    let result = go_on(tools, control, actives, account, &around).await;
    let result = tools.judge(result).await;
    around.end(account);
    tools.let_go().await;
    result
}

/// Everything after the beginning.
async fn go_on(
    tools: &Tools,
    control: &mut Session,
    actives: &mut Vec<Active>,
    account: &mut Account,
    around: &Around,
) -> Result<()> {
    let config = &tools.config;
    if actives.iter().all(|active| active.is_complete(config) && !active.is_to_be_counted(config)) {
        already_done(tools, control, actives, account).await?;
        hooks::run(tools, account, HookPoint::AfterData).await?;
        hooks::run(tools, account, HookPoint::AfterVerify).await?;
        // The last word of the run that did the work was lost: it is also the commit that makes the others durable.
        actives.retain(|active| !active.state.finished);
        return record_end(tools, control, actives, None).await;
    }
    let result = carry_out(tools, control, actives, account, around).await.map_err(Error::under_way);
    let result = result.and_then(|()| panicked::check());
    let _record = tools.events.clock().stage(RunStage::Record);
    record_end(tools, control, actives, result.as_ref().err()).await?;
    result
}

/// Everything before the first row. What fails here for a cause that can pass has left nothing that a new beginning would
/// not find: so it begins again.
async fn begun(
    tools: &Tools,
    account: &mut Account,
    around: &mut Around,
) -> Result<(Tools, Session, Vec<Active>)> {
    again::from_the_start(
        tools,
        account,
        |_| true,
        async |account: &mut Account| try_begin(tools, account, around).await,
    )
    .await
}

async fn try_begin(
    tools: &Tools,
    account: &mut Account,
    around: &mut Around,
) -> Result<(Tools, Session, Vec<Active>)> {
    let jobs = open(tools, account).await?;
    let control = connect(tools, account).await?;
    tools.cancel.at_once(budget::enough(tools, &control, false)).await?;
    tools.cancel.at_once(inspect::may_look(&control, &tools.config.schema)).await?;
    let tools = tools.hold(&account.run_id()).await?;
    let begun = match surrounded(&tools, jobs, account, around).await {
        Ok(jobs) => begin_all(&tools, control, jobs, account).await,
        Err(error) => Err(error),
    };
    let begun = tools.judge(begun).await;
    if begun.is_err() {
        tools.let_go().await;
    }
    begun
}

/// What comes before the copy, now that the target is this run's. The sources were opened to see that they can be read; they
/// are opened again where something may change them.
async fn surrounded(
    tools: &Tools,
    mut jobs: Vec<Job>,
    account: &mut Account,
    around: &mut Around,
) -> Result<Vec<Job>> {
    if around.is_due(tools) {
        drop(jobs);
        around.ahead(tools, account).await?;
        jobs = open(tools, account).await?;
    }
    around.back_up(tools, &jobs, account).await?;
    Ok(jobs)
}

async fn begin_all(
    tools: &Tools,
    mut control: Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<(Tools, Session, Vec<Active>)> {
    let within = budget::within(tools, &control).await?;
    let restored = restore::first(tools, &control, &jobs).await?;
    match take_up(tools, &mut control, jobs, account).await {
        Ok(actives) => {
            restore::tell_owed(&restored, account);
            Ok((within, control, actives))
        }
        Err(error) => Err(restore::before_refusal(tools, &control, restored, error, account).await),
    }
}

/// Everything that may refuse the run.
async fn take_up(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<Vec<Active>> {
    let mut actives = begin(tools, control, jobs, account).await?;
    reopen_emptied(tools, control, &mut actives, account).await?;
    mend_sequences(tools, control, &mut actives).await?;
    Ok(actives)
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
    control: &mut Session,
    actives: &mut [Active],
    account: &mut Account,
    around: &Around,
) -> Result<()> {
    for active in actives.iter().filter(|active| active.has_rows_to_read(&tools.config)) {
        let _plan = tools.events.clock().stage(RunStage::Plan);
        tools.cancel.at_once(follow::prepare(&active.job, &active.plan, tools.config.jobs)).await?;
    }
    // From here on the run goes on after a crash of the server: its beginning must outlive one.
    control::refresh(tools, control, actives).await?;
    let mut failures = copy_rows(tools, control, actives, account).await?;
    if let Some(fenced) = failures.iter().position(|(_, error)| error.kind() == ErrorKind::Busy) {
        return Err(failures.swap_remove(fenced).1);
    }
    if failures.is_empty() {
        hooks::run(tools, account, HookPoint::AfterData).await?;
    }
    finish_all(tools, control, actives, account, &mut failures).await?;
    let _record = tools.events.clock().stage(RunStage::Record);
    control::check(tools, control, actives).await?;
    for active in actives.iter() {
        account.ledger_of(active);
        let source_id = active.state.source_id;
        let noted = async |session: &Session| account.set_aside(session, source_id).await;
        control::with(tools, control, &control::held(actives), noted).await?;
        note_if_written(active, account)?;
    }
    around.check()?;
    summarise(failures, account)?;
    hooks::run(tools, account, HookPoint::AfterVerify).await
}

/// Copies every chunk; again what a server forgot that crashed.
async fn copy_rows(
    tools: &Tools,
    control: &mut Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<Vec<(String, Error)>> {
    for _ in 0..LOST_ROUNDS_MAX {
        let mut failures = copy_chunks(tools, actives, account).await;
        if let Err(error) = control::refresh(tools, control, actives).await {
            tools.cancel.check()?;
            // What failed first says more than that its record cannot be reached.
            failures.push((String::new(), error));
            summarise(failures, account)?;
            return Err(Error::internal("a failure was told as none"));
        }
        actives.iter().for_each(|active| account.ledger(&active.state));
        tools.cancel.check()?;
        let is_left = actives.iter().any(|active| active.has_chunks_left(&tools.config));
        if !failures.is_empty() || !is_left {
            return Ok(failures);
        }
        control::check(tools, control, actives).await?;
        tools.events.note("the server has lost chunks that it had acknowledged: they are copied again");
    }
    Err(forgetful())
}

/// Compares and finishes everything; again what a server forgot that crashed.
async fn finish_all(
    tools: &Tools,
    control: &mut Session,
    actives: &mut [Active],
    account: &mut Account,
    failures: &mut Vec<(String, Error)>,
) -> Result<()> {
    for _ in 0..LOST_ROUNDS_MAX {
        let failed = finish_tables(tools, control, actives, account).await?;
        tools.cancel.check()?;
        failures.extend(unsound::explain(tools, actives, failed).await?);
        let _record = tools.events.clock().stage(RunStage::Record);
        control::refresh(tools, control, actives).await?;
        let is_left = !account.differs() && actives.iter().any(|active| is_unfinished(tools, active));
        if !failures.is_empty() || !is_left {
            return Ok(());
        }
        // What is edited is not marked either; that is no crash.
        control::check(tools, control, actives).await?;
        tools.events.note("the server has lost steps that it had acknowledged: they are done again");
    }
    Err(forgetful())
}

fn forgetful() -> Error {
    Error::target_fault("the server crashes again and again and loses what it has acknowledged")
        .remedy("look at the server's log for the reason; then run the same command again to resume")
}

/// Plans and checks everything, and writes nothing anywhere. It leaves nothing, so it begins again where what fails can pass.
pub async fn validate(tools: &Tools) -> Ended {
    let mut account = Account::new("validate");
    let mut plans = Vec::new();
    let work = async |account: &mut Account| {
        plans.clear();
        try_validate(tools, account, &mut plans).await
    };
    let validated = again::from_the_start(tools, &mut account, |_| true, work);
    let result = tools.until_stopped(caught(validated)).await;
    let mut ended = Ended { plans, ..end(tools, account, result) };
    environment::judge(&mut ended.report, ended.error.is_some());
    ended
}

async fn try_validate(tools: &Tools, account: &mut Account, plans: &mut Vec<Plan>) -> Result<()> {
    let _watch = watch::start(&tools.connector, &tools.events);
    let jobs = open(tools, account).await?;
    let guard = Guard::of(&tools.config, &jobs);
    let mut session = connect(tools, account).await?;
    guard.begin(account)?;
    tools.cancel.at_once(budget::enough(tools, &session, true)).await?;
    tools.cancel.at_once(inspect::may_look(&session, &tools.config.schema)).await?;
    session.only_read().await?;
    environment::look(tools, &session, &jobs, account).await?;
    let known = known_sources(&session, tools).await?;
    let mut against = Vec::new();
    let (old, fresh): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| known.contains_key(job.path()));
    for job in old {
        let Some(state) = known.get(job.path()) else { continue };
        if tools.config.restart {
            account.finding(known_finding(state, true));
            continue;
        }
        match goes_on(state, tools, (job, &guard), &mut session).await {
            Ok(active) => {
                account.decisions(&state.path, &active.plan);
                account.finding(known_finding(state, false));
            }
            Err(why) => against.push(why),
        }
    }
    let mut assessed =
        tools.cancel.at_once(assess::plan(&mut session, fresh, &tools.config, &tools.events)).await?;
    tools.cancel.at_once(on_server::run(&session, &mut assessed, &tools.config)).await?;
    guard.compare(&mut assessed);
    plans.extend(assessed.iter().map(|one| one.plan.clone()));
    account.plans(&assessed);
    environment::look_again(tools, &session, &assessed, account).await?;
    let missing = missing_rights(&mut session, &assessed, tools).await?;
    assess::refuse_if_needed(&assessed, missing)?;
    against.into_iter().next().map_or(Ok(()), Err)
}

/// What `copy --migrate` would go on with of what the ledger has of the source.
async fn goes_on(
    state: &SourceState,
    tools: &Tools,
    (job, guard): (Job, &Guard<'_>),
    session: &mut Session,
) -> Result<Active> {
    damage::refuse(state)?;
    let plan = resume::stored_plan(state)?;
    resume::check_selected(state, &plan, &job)?;
    resume::check(state, &tools.config, job.fingerprint())?;
    guard.check(state)?;
    let (job, plan, state) = (Arc::new(job), Arc::new(plan), state.clone());
    let active = Active { job, plan, state, failed: BTreeSet::new() };
    still_there(tools, session, &active).await?;
    Ok(active)
}

fn known_finding(state: &SourceState, restart: bool) -> Finding {
    let done = state.chunks.iter().filter(|chunk| chunk.digest.is_some()).count();
    let message = if restart {
        "was copied before: copy --migrate --restart would drop what that copy created and begin anew, which is not tried here".to_owned()
    } else if state.finished {
        "is copied already: copy --migrate would change nothing".to_owned()
    } else {
        let chunks = plural(state.chunks.len() as u64, "chunk");
        format!("is copied in part ({done} of {chunks}): copy --migrate would resume")
    };
    Finding::new("W_KNOWN_SOURCE", Severity::Note, state.path.clone(), message)
}

pub(super) async fn open(tools: &Tools, account: &mut Account) -> Result<Vec<Job>> {
    let _open = tools.events.clock().stage(RunStage::Open);
    account.report.run.config = tools.config.settings.file.clone();
    account.report.run.options = resume::options_text(&tools.config);
    let jobs = tools.cancel.at_once(assess::open(&tools.config)).await?;
    account.report.source = jobs.iter().map(Job::info).collect();
    Ok(jobs)
}

/// A source that was written during the run: the copy is of the state in which it began.
fn note_if_written(active: &Active, account: &mut Account) -> Result<()> {
    let source = &active.job.source;
    source.check_kept()?;
    if source.is_written()? {
        let message = "was written while it was copied: the copy is of the state in which the run began";
        account.finding(
            Finding::new("W_SOURCE_WRITTEN", Severity::Warning, active.job.path(), message)
                .fix("what was written since is not in the target; on cutover day, stop all writers first"),
        );
    }
    Ok(())
}
