//! Where the time of a run goes: one clock for the run, one set of sums for each table, by stage.
//!
//! When each stage and each table was at work is noted in every run, and how far the rows had come: that is a few notes for
//! each chunk and step. Where the time went is measured only with `--timing`; without it, what a [`Clock`] gives out is empty
//! and reads no clock. With it, what happens once per frame, slice, chunk or step is measured exactly, and the loops over
//! rows by sample ([`Sampler`]). This is the one place on the pure floors where a clock is read. Nothing that a run does depends on what it says.

mod course;
mod pace;
mod run;
mod sampler;
mod stage;
mod tables;

pub use course::TableWork;
pub use run::Span;
pub use sampler::Sampler;
pub use stage::{RunStage, Stage};
pub use tables::TableClock;

use crate::event::TaskCounters;
use crate::outcome::{CpuSeconds, RunReport, RunTiming};
use course::Course;
use run::RunTimes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tables::StageTimes;

/// The clock of a run. All clones are one clock.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    course: Arc<Course>,
    /// only where it is measured where the time goes
    times: Option<Arc<Times>>,
}

#[derive(Debug)]
struct Times {
    run: RunTimes,
    tables: Mutex<BTreeMap<String, Arc<StageTimes>>>,
    connections: usize,
}

impl Clock {
    /// A clock that also measures where the time of a run goes, with as many connections at once.
    pub fn started(connections: usize) -> Clock {
        let times = Times { run: RunTimes::default(), tables: Mutex::default(), connections };
        Clock { course: Arc::default(), times: Some(Arc::new(times)) }
    }

    /// The clock of one table, by its name in the source; of what belongs to no table under the empty name.
    pub fn table(&self, name: &str) -> TableClock {
        TableClock::new(self.times.as_ref().map(|times| {
            let mut tables = times.tables.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tables.entry(name.to_owned()).or_default())
        }))
    }

    /// The run's stage begins; it goes on until [`Clock::end`] was called as often as this.
    pub fn begin(&self, stage: RunStage) {
        self.course.begin(stage, Instant::now());
        if let Some(times) = &self.times {
            times.run.begin(stage);
        }
    }

    /// The run's stage is over.
    pub fn end(&self, stage: RunStage) {
        self.course.end(stage, Instant::now());
        if let Some(times) = &self.times {
            times.run.end(stage);
        }
    }

    /// The run's stage goes on until what this gives is dropped.
    pub fn stage(&self, stage: RunStage) -> Span {
        Span::begin(self.clone(), stage)
    }

    /// A piece of work for a table, by its name in the source, was done: from `started` to now.
    pub fn worked(&self, table: &str, work: TableWork, started: Instant) {
        self.course.worked(table, work, started, Instant::now());
    }

    /// What `counters` count belongs to the stage.
    pub fn watch(&self, stage: RunStage, counters: &Arc<TaskCounters>) {
        self.course.watch(stage, counters, Instant::now());
    }

    /// Looks at all counters: how far the rows have come.
    pub fn sample(&self) {
        self.course.sample(Instant::now());
    }

    /// Writes into the report of a run that began at `began` what went on when; and where it was measured where the time went,
    /// that, with the process's own time, which `cpu` asks the system for.
    pub fn tell(&self, report: &mut RunReport, began: Instant, cpu: impl FnOnce() -> Option<CpuSeconds>) {
        let now = Instant::now();
        self.course.tell(report, began, now);
        let wall = now.saturating_duration_since(began);
        report.run.seconds = wall.as_secs_f64();
        let Some(times) = &self.times else { return };
        let mut left = times.tables.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let total = tables::told(left.values());
        for table in &mut report.tables {
            table.timing = Some(tables::told(left.remove(&table.source).iter()));
        }
        let elsewhere = tables::told(left.values());
        let (stages, unaccounted) = times.run.told(wall);
        report.timing = Some(RunTiming {
            wall_seconds: wall.as_secs_f64(),
            connections: times.connections as u64,
            cpu: cpu(),
            stages,
            unaccounted_seconds: unaccounted.as_secs_f64(),
            elsewhere,
            total,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_clock_gives_out_nothing() {
        let clock = Clock::default();
        clock.begin(RunStage::Copy);
        assert!(format!("{:?}", clock.table("t")).contains("None"));
        assert_eq!(clock.table("t").of(Stage::Send, || 7), 7);
        assert!(!clock.table("t").sampler(Stage::Read, Stage::Wait).row());
    }

    #[test]
    fn one_table_has_one_sum() {
        let clock = Clock::started(2);
        clock.table("t").of(Stage::Send, || ());
        clock.table("t").step("index", 2.0);
        clock.table("t").step("index", 1.0);
        clock.table("").step("view", 4.0);
        let Some(times) = &clock.times else { panic!("it is not empty") };
        let tables = times.tables.lock().unwrap();
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["", "t"]);
        let told = tables::told(tables.values());
        let steps: Vec<_> =
            told.steps.iter().map(|step| (step.kind.as_str(), step.count, step.seconds)).collect();
        assert_eq!(steps, [("index", 2, 3.0), ("view", 1, 4.0)]);
        let parts: f64 = told.stages.iter().map(|stage| stage.seconds).sum::<f64>() + 7.0;
        assert!((told.seconds - parts).abs() < 1e-6, "{told:?}");
    }
}
