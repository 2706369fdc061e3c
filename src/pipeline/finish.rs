//! After the rows: tables are read back and compared, keys, indexes and CHECKs built, foreign keys, views, sequences,
//! triggers and comments made, VACUUM ANALYZE run; in the order of `draw`, by as many connections as there are jobs.
//! Every step is in the ledger, so that a crash here resumes here.

use super::build::{self, Whose, phase_of};
use super::compare::compare_one;
use super::draw::{Source, Work, draw};
use super::graph::{Drawing, Graph};
use super::locate::Asked;
use super::stations::{Load, Stations};
use super::steps::{is_validation, is_view};
use super::tools::Tools;
use super::verify::{Expected, Verdict};
use crate::assess::pool::join;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Phase;
use crate::ident::qualified;
use crate::postgres::lease::Lease;
use crate::postgres::ledger::{StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;
use crate::timing::Span;
use std::collections::BTreeMap;
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

/// Compares and finishes all sources. Who holds the `lease` says in the ledger what was proved.
pub(super) async fn run(tools: &Tools, mut sources: Vec<Source>, lease: Option<&Lease>) -> Outcome {
    let drawing = draw(&mut sources, tools.config.jobs);
    let workers = tools.config.jobs.min(drawing.len());
    let crew = Arc::new(Crew::new(tools, sources, drawing, lease));
    let handles: Vec<_> =
        (0..workers).map(|number| tokio::spawn(Worker::new(Arc::clone(&crew), number).run())).collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            crew.outcome().failures.push((String::new(), error));
        }
    }
    crew.stations.close();
    std::mem::take(&mut *crew.outcome())
}

/// What all workers share.
struct Crew {
    tools: Tools,
    graph: Arc<Graph<Work>>,
    stations: Stations,
    sources: Vec<Whose>,
    asked: Asked,
    lease: Option<Lease>,
    outcome: Mutex<Outcome>,
}

impl Crew {
    fn new(tools: &Tools, sources: Vec<Source>, drawing: Drawing<Work>, lease: Option<&Lease>) -> Crew {
        let sources = sources.into_iter().map(|source| Whose { owner: source.owner, plan: source.plan });
        Crew {
            tools: tools.clone(),
            stations: Stations::new(tools.events.clone(), loads(&drawing)),
            graph: Arc::new(Graph::new(drawing)),
            sources: sources.collect(),
            asked: Asked::new(tools.config.show_values, tools.events.clone()),
            lease: lease.cloned(),
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
        while let Some((_taken, work)) = crew.graph.take().await {
            match work {
                Work::Compare(source, tables) => self.compare(source, tables).await,
                Work::Steps(source, steps) => self.steps(source, steps).await,
            }
            if crew.tools.cancel.is_asked() {
                crew.graph.close();
            }
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    async fn session(&mut self) -> Result<&Session> {
        if let Some(lease) = &self.crew.lease {
            lease.ready().await?;
        }
        if self.session.is_none() {
            let role = format!("finish {}", self.number);
            self.session = Some(self.crew.tools.connector.connect(&role).await?);
            self.has_memory = false;
        }
        self.session.as_ref().ok_or_else(|| Error::internal("a session that was opened is not there"))
    }

    async fn compare(&mut self, source: usize, tables: Vec<Expected>) {
        for expected in tables {
            if self.crew.tools.cancel.is_asked() {
                return;
            }
            let crew = Arc::clone(&self.crew);
            let compared = async {
                let session = self.session().await?;
                let owner = crew.lease.as_ref().map(|_| &crew.sources[source].owner);
                compare_one(&crew.tools, &crew.stations, &crew.asked, session, owner, &expected).await
            };
            let result = crew.tools.cancel.at_once(compared).await;
            if result.is_err() {
                self.session = None;
                crew.stations.over(Phase::Verify);
            }
            crew.outcome().compared.push((source, expected.plan.source.clone(), result));
        }
    }

    async fn steps(&mut self, source: usize, steps: Vec<StepState>) {
        let (barred, steps): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| self.crew.is_barred(source, step));
        barred.iter().for_each(|step| self.crew.stations.over(phase_of(step)));
        for part in build::together(steps) {
            if self.crew.tools.cancel.is_asked() {
                return;
            }
            for step in self.together(source, part).await {
                self.one(source, step).await;
            }
        }
    }

    /// Does several steps together, and gives back what is to be done one by one: all of them where that fails, so that the
    /// one that cannot be done is named and the others are made; but not what was committed although nobody heard of it.
    async fn together(&mut self, source: usize, steps: Vec<StepState>) -> Vec<StepState> {
        if steps.len() < 2 {
            return steps;
        }
        let (crew, started) = (Arc::clone(&self.crew), Instant::now());
        let (whose, clock) = (&crew.sources[source], crew.tools.events.clock());
        let _going: Vec<Span> = steps.iter().map(|step| clock.stage(phase_of(step).stage())).collect();
        let work = async { build::do_together(self.ready().await?, whose, &steps).await };
        let result = crew.tools.cancel.bound(work).await;
        let Err(error) = result else {
            let seconds = started.elapsed().as_secs_f64() / steps.len() as f64;
            steps.into_iter().for_each(|step| crew.is_done(source, step, seconds));
            return Vec::new();
        };
        self.session = None;
        if error.kind() == ErrorKind::Busy {
            crew.outcome().failures.push((steps[0].table.clone(), error));
            crew.graph.close();
            return Vec::new();
        }
        let asked = async { step::pending(self.session().await?, &whose.owner, &steps).await };
        let Ok(pending) = crew.tools.cancel.bound(asked).await else { return steps };
        let (left, done): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| pending.contains(&step.step));
        done.into_iter().for_each(|step| crew.is_done(source, step, 0.0));
        left
    }

    async fn one(&mut self, source: usize, step: StepState) {
        let crew = Arc::clone(&self.crew);
        if crew.tools.cancel.is_asked() || crew.is_barred(source, &step) {
            return crew.stations.over(phase_of(&step));
        }
        let (phase, name, started) = (phase_of(&step), name(&step), Instant::now());
        crew.stations.begin(phase, &name, 0, 0, Arc::default());
        let serial = crew.is_crowded();
        let work = async { build::do_one(self.ready().await?, &crew.sources[source], &step, serial).await };
        let result = crew.tools.cancel.bound(work).await;
        let seconds = started.elapsed().as_secs_f64();
        crew.tools.events.clock().table(&step.table).step(&step.kind, seconds);
        match result {
            Ok(progress) => {
                crew.stations.done(phase, &name, 0, seconds);
                let step = StepState { progress, ..step };
                match progress {
                    StepProgress::Left => crew.outcome().violated.push(step),
                    _ => crew.outcome().done.push(Finished { source, step, seconds }),
                }
            }
            Err(error) => {
                self.session = None;
                crew.stations.over(phase);
                let mut outcome = crew.outcome();
                outcome.failures.push((step.table.clone(), error));
                outcome.failed.push((source, step));
            }
        }
    }

    /// A session that may build indexes.
    async fn ready(&mut self) -> Result<&Session> {
        if !(self.has_memory && self.session.is_some()) {
            build::give_memory(self.session().await?).await?;
            self.has_memory = true;
        }
        self.session().await
    }
}

fn name(step: &StepState) -> String {
    format!("{} {}", step.kind, step.object)
}
