//! After the data: keys, indexes and CHECKs (tables beside each other), foreign keys (one after the other, since they lock
//! two tables), views, sequences, triggers and comments, VACUUM ANALYZE. Every step is in the ledger, so that a crash here resumes here.

use super::cancel::Cancel;
use super::lanes::{Lane, Task, by_table, in_a_row};
use super::steps::{SEQUENCE, VACUUM, VALIDATE_CHECK, is_validation, is_view, words};
use super::{sequence, steps};
use crate::assess::pool::{Queue, join};
use crate::error::{Error, Result};
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::failpoint::{self, Action};
use crate::ident::qualified;
use crate::plan::{Plan, StepKind};
use crate::postgres::connect::Connector;
use crate::postgres::fault::server_error;
use crate::postgres::ledger::StepOwner;
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Memory for one index build, unless the server's own setting is larger: what a managed server of modest size can give
/// to each of a few connections.
const INDEX_MEMORY: &str = "256MB";

/// One source's steps and who runs them.
#[derive(Debug, Clone)]
pub struct Finishing {
    /// ledger row, epoch, schema
    pub owner: StepOwner,
    /// the plan
    pub plan: Arc<Plan>,
    /// steps that are pending, of tables that may be finished
    pub steps: Vec<StepState>,
}

/// A step that is done.
#[derive(Debug, Clone)]
pub struct Finished {
    /// index of its source
    pub source: usize,
    /// the step
    pub step: StepState,
    /// how long it took
    pub seconds: f64,
}

/// SQLSTATE `check_violation`.
const CHECK_VIOLATION: &str = "23514";

/// What the finish came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// steps done
    pub done: Vec<Finished>,
    /// steps that failed, each with its table
    pub failures: Vec<(String, Error)>,
    /// CHECKs that the target's rows are against, although nothing in the source had said so
    pub violated: Vec<StepState>,
}

/// The tools of this phase.
#[derive(Debug, Clone)]
pub struct Tools {
    /// for more sessions
    pub connector: Connector,
    /// how many
    pub jobs: usize,
    /// for the screen
    pub events: Events,
    /// for stopping
    pub cancel: Cancel,
}

/// Runs all pending steps of all sources.
pub async fn run(tools: &Tools, sources: &[Finishing]) -> Outcome {
    let mut outcome = Outcome::default();
    let beside =
        [StepKind::PrimaryKey, StepKind::Unique, StepKind::Index, StepKind::Check].map(StepKind::name);
    let index_kinds = [&beside[..], &[VALIDATE_CHECK]].concat();
    phase(tools, Phase::Index, by_table(sources, &index_kinds), tools.jobs, &mut outcome).await;
    let key_kinds = [StepKind::ForeignKey.name(), StepKind::Validate.name(), StepKind::View.name(), SEQUENCE];
    let mut lanes = in_a_row(sources, &key_kinds);
    lanes.extend(by_table(sources, &[StepKind::Trigger.name(), StepKind::Comment.name()]));
    phase(tools, Phase::Constrain, lanes, tools.jobs, &mut outcome).await;
    phase(tools, Phase::Maintain, by_table(sources, &[VACUUM]), tools.jobs, &mut outcome).await;
    outcome
}

async fn phase(tools: &Tools, phase: Phase, lanes: Vec<Lane>, jobs: usize, outcome: &mut Outcome) {
    if lanes.is_empty() || tools.cancel.is_asked() {
        return;
    }
    let steps = lanes.iter().map(|lane| lane.len() as u64).sum();
    tools.events.tell(Event::PhaseStarted { phase, tasks: steps, rows: 0, bytes: 0 });
    let started = Instant::now();
    let workers = jobs.min(lanes.len());
    let (queue, results) = (Arc::new(Queue::new(lanes)), Arc::new(Mutex::new(Outcome::default())));
    let handles: Vec<_> = (0..workers)
        .map(|_| {
            let (tools, queue, results) = (tools.clone(), Arc::clone(&queue), Arc::clone(&results));
            tokio::spawn(async move { work(&tools, phase, &queue, &results).await })
        })
        .collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            outcome.failures.push((String::new(), error));
        }
    }
    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
    outcome.done.append(&mut results.done);
    outcome.failures.append(&mut results.failures);
    outcome.violated.append(&mut results.violated);
    tools.events.tell(Event::PhaseFinished { phase, seconds: started.elapsed().as_secs_f64() });
}

async fn work(tools: &Tools, phase: Phase, queue: &Queue<Lane>, results: &Mutex<Outcome>) {
    let mut session = None;
    while let Some(lane) = queue.take() {
        let mut failed: Vec<Task> = Vec::new();
        for task in lane {
            if tools.cancel.is_asked() {
                return;
            }
            if failed.iter().any(|earlier| needs(&task, earlier)) {
                continue;
            }
            let done = tools.cancel.bound(run_with(tools, phase, &mut session, &task)).await;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(finished) if finished.step.progress == StepProgress::Left => {
                    results.violated.push(finished.step);
                }
                Ok(finished) => results.done.push(finished),
                Err(error) => {
                    session = None;
                    results.failures.push((task.step.table.clone(), error));
                    failed.push(task);
                }
            }
        }
    }
    if let Some(session) = session {
        Session::close(session).await;
    }
}

/// A step that cannot succeed where `earlier` has failed: its error would only hide the first one. A constraint that is
/// not there cannot be validated, nor a view be made of one that is not there.
fn needs(task: &Task, earlier: &Task) -> bool {
    if task.source != earlier.source {
        return false;
    }
    let (step, failed) = (&task.step, &earlier.step);
    let validates = is_validation(step) && step.table == failed.table && step.object == failed.object;
    let names = || step.sql.contains(&qualified(&task.owner.schema, &failed.object));
    validates || (is_view(step) && is_view(failed) && names())
}

async fn run_with(
    tools: &Tools,
    phase: Phase,
    session: &mut Option<Session>,
    task: &Task,
) -> Result<Finished> {
    let session = match session {
        Some(session) => session,
        None => session.insert(prepared_session(&tools.connector).await?),
    };
    if failpoint::pass(failpoint::BEFORE_STEP) == Action::Fail {
        return Err(Error::target_fault("stopped at a planted failure before a step"));
    }
    let started = Instant::now();
    let name = format!("{} {}", task.step.kind, task.step.object);
    let counters = Arc::new(TaskCounters::default());
    tools.events.tell(Event::TaskStarted { phase, name: name.clone(), rows: 0, bytes: 0, counters });
    let progress = run_step(session, task).await?;
    let seconds = started.elapsed().as_secs_f64();
    tools.events.clock().table(&task.step.table).step(&task.step.kind, started.elapsed());
    tools.events.tell(Event::TaskFinished { phase, name, rows: 0, seconds });
    let step = StepState { progress, ..task.step.clone() };
    Ok(Finished { source: task.source, step, seconds })
}

async fn prepared_session(connector: &Connector) -> Result<Session> {
    let session = connector.connect("finish").await?;
    let sql = format!(
        "SELECT set_config('maintenance_work_mem', '{INDEX_MEMORY}', false)
         WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('{INDEX_MEMORY}')"
    );
    step::execute(&session, &sql).await?;
    Ok(session)
}

async fn run_step(session: &Session, task: &Task) -> Result<StepProgress> {
    let (owner, step) = (&task.owner, &task.step);
    match step.kind.as_str() {
        SEQUENCE => sequence::set(session, owner, &task.plan, step).await.map(drop)?,
        VACUUM => step::vacuum(session, owner, step).await?,
        VALIDATE_CHECK => return validate_check(session, task).await,
        _ if is_view(step) => create_view(session, task).await?,
        _ => run_named(session, task).await?,
    }
    Ok(StepProgress::Done)
}

async fn run_named(session: &Session, task: &Task) -> Result<()> {
    step::run(session, &task.owner, &task.step).await.map_err(|error| error.at(words(&task.step)))
}

fn has_sqlstate(error: &Error, sqlstate: &str) -> bool {
    server_error(error).is_some_and(|server| server.sqlstate == sqlstate)
}

/// A CHECK that rows are against stays NOT VALID: the source has these rows, too (semantics.md §3.6).
async fn validate_check(session: &Session, task: &Task) -> Result<StepProgress> {
    match step::run(session, &task.owner, &task.step).await {
        Ok(()) => Ok(StepProgress::Done),
        Err(error) if has_sqlstate(&error, CHECK_VIOLATION) => {
            step::mark(session, &task.owner, &task.step, "left", Some("rows are against it")).await?;
            Ok(StepProgress::Left)
        }
        Err(error) => Err(error.at(words(&task.step))),
    }
}

/// A view that could not be made is made by hand under its name, and is then taken for done: the name was free when the
/// plan was made.
async fn create_view(session: &Session, task: &Task) -> Result<()> {
    let (owner, step) = (&task.owner, &task.step);
    if step::is_there(session, &owner.schema, &step.object).await? {
        return step::mark(session, owner, step, "done", Some(steps::MADE_BY_HAND)).await;
    }
    let way_out = "create it by hand under this name; the same command then goes on";
    step::run(session, owner, step).await.map_err(|error| error.at(words(step)).remedy(way_out))
}
