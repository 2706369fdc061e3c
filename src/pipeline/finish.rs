//! After the data: keys and indexes (tables beside each other), foreign keys (one after the other, since they lock two
//! tables), sequences, VACUUM ANALYZE. Every step is in the ledger, so that a crash here resumes here.

use super::cancel::Cancel;
use super::sequence;
use super::steps::{SEQUENCE, VACUUM};
use crate::assess::pool::{Queue, join};
use crate::error::{Error, Result};
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::failpoint::{self, Action};
use crate::plan::{Plan, StepKind};
use crate::postgres::connect::Connector;
use crate::postgres::ledger::StepOwner;
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;
use std::collections::BTreeMap;
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

/// What the finish came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// steps done
    pub done: Vec<Finished>,
    /// steps that failed, each with its table
    pub failures: Vec<(String, Error)>,
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
    let index_kinds = [StepKind::PrimaryKey.name(), StepKind::Unique.name(), StepKind::Index.name()];
    phase(tools, Phase::Index, by_table(sources, &index_kinds), tools.jobs, &mut outcome).await;
    let key_kinds = [StepKind::ForeignKey.name(), StepKind::Validate.name(), SEQUENCE];
    phase(tools, Phase::Constrain, in_a_row(sources, &key_kinds), 1, &mut outcome).await;
    phase(tools, Phase::Maintain, by_table(sources, &[VACUUM]), tools.jobs, &mut outcome).await;
    outcome
}

/// Steps that go one after the other on one connection.
type Lane = Vec<Task>;

#[derive(Debug, Clone)]
struct Task {
    source: usize,
    owner: StepOwner,
    plan: Arc<Plan>,
    step: StepState,
}

fn tasks<'a>(sources: &'a [Finishing], kinds: &'a [&str]) -> impl Iterator<Item = Task> + 'a {
    sources.iter().enumerate().flat_map(move |(source, finishing)| {
        let steps = finishing.steps.iter().filter(|step| kinds.contains(&step.kind.as_str()));
        steps.map(move |step| Task {
            source,
            owner: finishing.owner.clone(),
            plan: Arc::clone(&finishing.plan),
            step: step.clone(),
        })
    })
}

/// One lane for each table, heaviest first.
fn by_table(sources: &[Finishing], kinds: &[&str]) -> Vec<Lane> {
    let mut lanes: BTreeMap<(usize, String), Lane> = BTreeMap::new();
    for task in tasks(sources, kinds) {
        lanes.entry((task.source, task.step.table.clone())).or_default().push(task);
    }
    let bytes = |lane: &Lane| {
        let first = lane.first()?;
        first.plan.tables.iter().find(|table| table.source == first.step.table).map(|table| table.bytes)
    };
    let mut lanes: Vec<Lane> = lanes.into_values().collect();
    lanes.sort_by_key(|lane| std::cmp::Reverse(bytes(lane).unwrap_or(0)));
    lanes
}

fn in_a_row(sources: &[Finishing], kinds: &[&str]) -> Vec<Lane> {
    let lane: Lane = tasks(sources, kinds).collect();
    if lane.is_empty() { Vec::new() } else { vec![lane] }
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
    tools.events.tell(Event::PhaseFinished { phase, seconds: started.elapsed().as_secs_f64() });
}

async fn work(tools: &Tools, phase: Phase, queue: &Queue<Lane>, results: &Mutex<Outcome>) {
    let mut session = None;
    while let Some(lane) = queue.take() {
        for task in lane {
            if tools.cancel.is_asked() {
                return;
            }
            let done = tools.cancel.bound(run_with(tools, phase, &mut session, &task)).await;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(finished) => results.done.push(finished),
                Err(error) => {
                    session = None;
                    results.failures.push((task.step.table.clone(), error));
                }
            }
        }
    }
    if let Some(session) = session {
        Session::close(session).await;
    }
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
    run_step(session, task).await?;
    let seconds = started.elapsed().as_secs_f64();
    tools.events.tell(Event::TaskFinished { phase, name, rows: 0, seconds });
    let step = StepState { progress: StepProgress::Done, ..task.step.clone() };
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

async fn run_step(session: &Session, task: &Task) -> Result<()> {
    match task.step.kind.as_str() {
        SEQUENCE => sequence::set(session, &task.owner, &task.plan, &task.step).await.map(drop),
        VACUUM => step::vacuum(session, &task.owner, &task.step).await,
        _ => step::run(session, &task.owner, &task.step).await,
    }
}
