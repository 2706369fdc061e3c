//! After the rows: tables are read back and compared, keys, indexes and CHECKs built, foreign keys, views, sequences,
//! triggers and comments made, VACUUM ANALYZE run; in the order of `draw`, by as many connections as there are jobs.
//! Every step is in the ledger, so that a crash here resumes here.

use super::budget;
use super::build::{self, Whose, note_work, phase_of};
use super::compare::compare_one;
use super::draw::{Source, Work, draw};
use super::graph::{Drawing, Graph};
use super::locate::Asked;
use super::run::caught;
use super::stations::{Load, Stations};
use super::steps::{VALIDATE_CHECK, is_validation, is_view};
use super::tools::Tools;
use super::verify::{Expected, Verdict};
use crate::assess::pool::join;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Phase, TaskCounters};
use crate::failpoint;
use crate::ident::qualified;
use crate::postgres::fault::{Passing, is_cancelled, is_without_place, passing};
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;
use crate::timing::Span;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

/// A step that is done.
#[derive(Debug, Clone)]
pub struct Finished {
    /// index of its source
    pub source: usize,
    /// the step
    pub step: StepState,
    /// how long it took; of steps done together, the time of all divided by their number
    pub seconds: f64,
}

/// A table that was compared: index of its source, its name, what came of it.
pub(super) type Compared = (usize, String, Result<Verdict>);

/// What the finish came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// tables compared
    pub(super) compared: Vec<Compared>,
    /// steps done
    pub(super) done: Vec<Finished>,
    /// steps that failed, each with its table
    pub(super) failures: Vec<(String, Error)>,
    /// CHECKs that the target's rows are against, although nothing in the source had said so
    pub(super) violated: Vec<StepState>,
    /// steps that failed, as later ones ask
    failed: Vec<(usize, StepState)>,
}

/// Compares and finishes all sources. `marks` says in the ledger what was proved.
pub(super) async fn run(tools: &Tools, mut sources: Vec<Source>, marks: bool) -> Outcome {
    let drawing = draw(&mut sources, tools.config.jobs);
    let workers = tools.config.jobs.min(drawing.len());
    let crew = Arc::new(Crew::new(tools, sources, drawing, marks));
    let handles: Vec<_> =
        (0..workers).map(|number| tokio::spawn(watched(Arc::clone(&crew), number))).collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            crew.outcome().failures.push((String::new(), error));
        }
    }
    crew.stations.close();
    std::mem::take(&mut *crew.outcome())
}

/// Works; where it panics, the others stop as soon as they can.
async fn watched(crew: Arc<Crew>, number: usize) {
    let worker = Worker::new(Arc::clone(&crew), number);
    let work = async {
        worker.run().await;
        Ok(())
    };
    if let Err(error) = caught(work).await {
        crew.outcome().failures.push((String::new(), error));
        crew.graph.close();
    }
}

/// What all workers share.
struct Crew {
    tools: Tools,
    graph: Arc<Graph<Work>>,
    stations: Stations,
    sources: Vec<Whose>,
    asked: Asked,
    marks: bool,
    outcome: Mutex<Outcome>,
    /// workers that have not left for want of a connection
    working: Mutex<usize>,
}

impl Crew {
    fn new(tools: &Tools, sources: Vec<Source>, drawing: Drawing<Work>, marks: bool) -> Crew {
        let sources = sources.into_iter().map(|source| Whose { owner: source.owner, plan: source.plan });
        Crew {
            tools: tools.clone(),
            stations: Stations::new(tools.events.clone(), loads(&drawing)),
            working: Mutex::new(tools.config.jobs.min(drawing.len())),
            graph: Arc::new(Graph::new(drawing)),
            sources: sources.collect(),
            asked: Asked::new(tools.config.show_values, tools.events.clone()).within(tools.snapshot.clone()),
            marks,
            outcome: Mutex::default(),
        }
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step that cannot succeed where an earlier one has failed: its error would only hide the first one. A constraint
    /// that is not there cannot be validated, nor a view be made of one that is not there.
    fn is_barred(&self, source: usize, step: &StepState) -> bool {
        let schema = &self.sources[source].owner.schema;
        let bars = |failed: &StepState| {
            let validates = is_validation(step) && step.table == failed.table && step.object == failed.object;
            let names = || step.sql.contains(&qualified(schema, &failed.object));
            validates || (is_view(step) && is_view(failed) && names())
        };
        self.outcome().failed.iter().any(|(other, failed)| *other == source && bars(failed))
    }

    /// Takes note of a step that was done together with others.
    fn is_done(&self, source: usize, step: StepState, seconds: f64) {
        let (phase, name) = (phase_of(&step), name(&step));
        self.stations.begin(phase, &name, 0, 0, Arc::default());
        self.stations.done(phase, &name, 0, seconds);
        self.tools.events.clock().table(&step.table).step(&step.kind, seconds);
        let step = StepState { progress: StepProgress::Done, ..step };
        self.outcome().done.push(Finished { source, step, seconds });
    }

    /// Takes note of steps that failed for one cause.
    fn fail_all(&self, source: usize, steps: Vec<StepState>, error: Error) {
        let is_over = error.kind() == ErrorKind::Busy;
        steps.iter().for_each(|step| self.stations.over(phase_of(step)));
        let mut outcome = self.outcome();
        outcome.failures.push((steps.first().map_or_else(String::new, |step| step.table.clone()), error));
        outcome.failed.extend(steps.into_iter().map(|step| (source, step)));
        drop(outcome);
        if is_over {
            self.graph.close();
        }
    }

    fn working(&self) -> MutexGuard<'_, usize> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server has no connection left, and other workers have one.
    fn has_others_for(&self, error: &Error) -> bool {
        is_without_place(error) && *self.working() > 1
    }

    /// A worker leaves, unless it is the last.
    fn give_up_place(&self) -> bool {
        let mut working = self.working();
        if *working < 2 {
            return false;
        }
        *working -= 1;
        self.tools.events.note(budget::shrunk("finishing", *working));
        true
    }

    /// Every core of the machine that the server shares with us has work: another process for one index would only take
    /// a core from the next one, and write to disk what one process sorts in memory.
    fn is_crowded(&self) -> bool {
        let cores = available_parallelism().map_or(1, usize::from);
        self.tools.connector.info().is_local() && self.graph.busy().min(self.tools.config.jobs) >= cores
    }
}

/// What each phase will have to do.
fn loads(drawing: &Drawing<Work>) -> BTreeMap<Phase, Load> {
    let mut loads: BTreeMap<Phase, Load> = BTreeMap::new();
    for work in drawing.work() {
        match work {
            Work::Compare(_, tables) => tables.iter().for_each(|expected| {
                let load = loads.entry(Phase::Verify).or_default();
                load.tasks += 1;
                load.rows += expected.plan.rows;
                load.bytes += expected.plan.bytes;
            }),
            Work::Steps(_, steps) => {
                steps.iter().for_each(|step| loads.entry(phase_of(step)).or_default().tasks += 1);
            }
        }
    }
    loads
}

/// How a piece of work ended.
enum Ended<T> {
    /// it was done
    Well(T),
    /// it failed
    Badly(Error),
    /// this worker has no connection, and there are others to do it
    NoPlace,
}

/// One connection that takes work from the graph.
struct Worker {
    crew: Arc<Crew>,
    number: usize,
    session: Option<Session>,
    has_memory: bool,
}

impl Worker {
    fn new(crew: Arc<Crew>, number: usize) -> Worker {
        Worker { crew, number, session: None, has_memory: false }
    }

    async fn run(mut self) {
        let crew = Arc::clone(&self.crew);
        while let Some((taken, work)) = crew.graph.take().await {
            failpoint::pass(failpoint::FINISH);
            let mut left = Some(work);
            while let Some(work) = left.take() {
                left = match work {
                    Work::Compare(source, tables) => self.compare(source, tables).await,
                    Work::Steps(source, steps) => self.steps(source, steps).await,
                };
                if let Some(work) = left.take_if(|_| crew.give_up_place()) {
                    return taken.give_back(work);
                }
            }
            if crew.tools.cancel.is_asked() || crew.tools.retry.is_spent() {
                crew.graph.close();
            }
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    async fn session(&mut self) -> Result<&Session> {
        self.crew.tools.ready().await?;
        // After a COMMIT whose answer was lost the ledger may say that all is well: then only the session has gone.
        if self.session.as_ref().is_none_or(|session| session.client().is_closed()) {
            let role = format!("finish {}", self.number);
            self.session = Some(self.crew.tools.connector.connect(&role).await?);
            self.has_memory = false;
        }
        self.session.as_ref().ok_or_else(|| Error::internal("a session that was opened is not there"))
    }

    /// Compares tables; gives back those that are left where there is no connection for this worker.
    async fn compare(&mut self, source: usize, tables: Vec<Expected>) -> Option<Work> {
        let (crew, mut tables) = (Arc::clone(&self.crew), VecDeque::from(tables));
        while let Some(expected) = tables.pop_front() {
            if crew.tools.cancel.is_asked() {
                return None;
            }
            let result = match self.compare_table(source, &expected).await {
                Ended::Well(verdict) => Ok(verdict),
                Ended::Badly(error) => {
                    crew.stations.over(Phase::Verify);
                    Err(error)
                }
                Ended::NoPlace => {
                    tables.push_front(expected);
                    return Some(Work::Compare(source, tables.into()));
                }
            };
            crew.outcome().compared.push((source, expected.plan.source.clone(), result));
        }
        None
    }

    async fn compare_table(&mut self, source: usize, expected: &Expected) -> Ended<Verdict> {
        let (crew, counters) = (Arc::clone(&self.crew), Arc::new(TaskCounters::default()));
        let (plan, owner) = (&expected.plan, crew.marks.then(|| &crew.sources[source].owner));
        crew.stations.begin(Phase::Verify, &plan.source, plan.rows, plan.bytes, Arc::clone(&counters));
        let mut attempts = crew.tools.retry.attempts(Some(&plan.source));
        loop {
            let compared = async {
                let session = self.session().await?;
                let asked = &crew.asked;
                compare_one(&crew.tools, &crew.stations, asked, session, owner, (expected, &counters)).await
            };
            let error = match crew.tools.cancel.at_once(compared).await {
                Ok(verdict) => {
                    attempts.succeeded();
                    return Ended::Well(verdict);
                }
                Err(error) => error,
            };
            self.session = None;
            let (rows, bytes) = counters.sample();
            counters.take_back(rows, bytes);
            if attempts.may_leave() && crew.has_others_for(&error) {
                return Ended::NoPlace;
            }
            if let Err(error) = attempts.after(error).await {
                return Ended::Badly(error);
            }
        }
    }

    /// Does steps; gives back those that are left where there is no connection for this worker.
    async fn steps(&mut self, source: usize, steps: Vec<StepState>) -> Option<Work> {
        let (barred, steps): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| self.crew.is_barred(source, step));
        barred.iter().for_each(|step| self.crew.stations.over(phase_of(step)));
        let mut parts = VecDeque::from(build::together(steps));
        while let Some(part) = parts.pop_front() {
            if self.crew.tools.cancel.is_asked() {
                return None;
            }
            let mut left = VecDeque::from(self.together(source, part).await);
            while let Some(step) = left.pop_front() {
                if let Ended::NoPlace = self.one(source, &step).await {
                    left.push_front(step);
                    return Some(Work::Steps(
                        source,
                        left.into_iter().chain(parts.into_iter().flatten()).collect(),
                    ));
                }
            }
        }
        None
    }

    /// Does several steps together, and gives back what is to be done one by one: all of them where one of them fails, so
    /// that the one that cannot be done is named and the others are made; but not what was committed although nobody heard
    /// of it. A broken link is none of theirs: they are tried together again.
    async fn together(&mut self, source: usize, mut steps: Vec<StepState>) -> Vec<StepState> {
        let crew = Arc::clone(&self.crew);
        let mut attempts = crew.tools.retry.attempts(steps.first().map(|step| step.table.as_str()));
        let mut is_known = true;
        while steps.len() > 1 {
            let started = Instant::now();
            let result = self.try_together(source, &mut steps, is_known).await;
            let Err(error) = result else {
                attempts.succeeded();
                steps.iter().for_each(|step| note_work(&crew.tools.events, step, started));
                let seconds = started.elapsed().as_secs_f64() / steps.len() as f64;
                steps.into_iter().for_each(|step| crew.is_done(source, step, seconds));
                return Vec::new();
            };
            is_known = false;
            if crew.tools.cancel.is_asked() {
                return steps;
            }
            // One by one they would only be sent after what an operator has cancelled, or a run that has taken over.
            let of_all = error.kind() == ErrorKind::Busy || is_cancelled(&error);
            if !of_all
                && (passing(&error) != Some(Passing::Link)
                    || (attempts.may_leave() && crew.has_others_for(&error)))
            {
                break;
            }
            if let Err(error) = attempts.after(error).await {
                crew.fail_all(source, steps, error);
                return Vec::new();
            }
        }
        match is_known {
            true => steps,
            false => self.left_of(source, steps).await,
        }
    }

    /// Those of `steps` that the ledger has as pending; all of them where it cannot be asked.
    async fn left_of(&mut self, source: usize, mut steps: Vec<StepState>) -> Vec<StepState> {
        let crew = Arc::clone(&self.crew);
        // Whoever cannot ask asks again before each step.
        let _ = crew.tools.cancel.bound(self.leave_out_done(source, &mut steps)).await;
        steps
    }

    async fn try_together(
        &mut self,
        source: usize,
        steps: &mut Vec<StepState>,
        is_known: bool,
    ) -> Result<()> {
        let crew = Arc::clone(&self.crew);
        let (whose, clock) = (&crew.sources[source], crew.tools.events.clock());
        let _going: Vec<Span> = steps.iter().map(|step| clock.stage(phase_of(step).stage())).collect();
        let work = async {
            if !is_known {
                self.leave_out_done(source, steps).await?;
            }
            match steps.is_empty() {
                true => Ok(()),
                false => build::do_together(self.ready().await?, whose, steps).await,
            }
        };
        let result = crew.tools.cancel.bound(work).await;
        if result.is_err() {
            self.session = None;
        }
        result
    }

    /// A COMMIT whose answer was lost may have done some of `steps`: they are told as done and taken out.
    async fn leave_out_done(&mut self, source: usize, steps: &mut Vec<StepState>) -> Result<()> {
        let crew = Arc::clone(&self.crew);
        let pending = step::pending(self.session().await?, &crew.sources[source].owner, steps).await?;
        let (left, done): (Vec<_>, Vec<_>) =
            std::mem::take(steps).into_iter().partition(|step| pending.contains(&step.step));
        done.into_iter().for_each(|step| crew.is_done(source, step, 0.0));
        *steps = left;
        Ok(())
    }

    /// Does one step, again where it failed for a cause that can pass, unless the ledger has it as done by then.
    async fn one(&mut self, source: usize, step: &StepState) -> Ended<()> {
        let crew = Arc::clone(&self.crew);
        if crew.tools.cancel.is_asked() || crew.is_barred(source, step) {
            crew.stations.over(phase_of(step));
            return Ended::Well(());
        }
        let (phase, name, started) = (phase_of(step), name(step), Instant::now());
        crew.stations.begin(phase, &name, 0, 0, Arc::default());
        let mut attempts = crew.tools.retry.attempts(Some(&step.table));
        let mut is_known = true;
        let result = loop {
            let error = match self.try_one(source, step, is_known).await {
                Ok(progress) => break Ok(progress),
                Err(error) => error,
            };
            is_known = false;
            if attempts.may_leave() && crew.has_others_for(&error) {
                return Ended::NoPlace;
            }
            if let Err(error) = attempts.after(error).await {
                break Err(error);
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        crew.tools.events.clock().table(&step.table).step(&step.kind, seconds);
        match result {
            Ok(progress) => {
                attempts.succeeded();
                note_work(&crew.tools.events, step, started);
                crew.stations.done(phase, &name, 0, seconds);
                let step = StepState { progress, ..step.clone() };
                match progress {
                    StepProgress::Left => crew.outcome().violated.push(step),
                    _ => crew.outcome().done.push(Finished { source, step, seconds }),
                }
            }
            Err(error) => crew.fail_all(source, vec![step.clone()], error),
        }
        Ended::Well(())
    }

    async fn try_one(&mut self, source: usize, step: &StepState, is_known: bool) -> Result<StepProgress> {
        let crew = Arc::clone(&self.crew);
        let (whose, serial) = (&crew.sources[source], crew.is_crowded());
        let work = async {
            // A CHECK that was left NOT VALID is not pending either: it is looked at again, which does no harm.
            if !is_known && step.kind != VALIDATE_CHECK {
                let only = std::slice::from_ref(step);
                if step::pending(self.session().await?, &whose.owner, only).await?.is_empty() {
                    return Ok(StepProgress::Done);
                }
            }
            build::do_one(self.ready().await?, whose, step, serial).await
        };
        let result = crew.tools.cancel.bound(work).await;
        if result.is_err() {
            self.session = None;
        }
        result
    }

    /// A session that may build indexes.
    async fn ready(&mut self) -> Result<&Session> {
        self.session().await?;
        if !self.has_memory {
            build::give_memory(self.session().await?).await?;
            self.has_memory = true;
        }
        self.session().await
    }
}

fn name(step: &StepState) -> String {
    format!("{} {}", step.kind, step.object)
}
