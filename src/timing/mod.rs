//! Where the time of a run goes: one clock for the run, one set of sums for each table, by stage.
//!
//! Without `--timing` a [`Clock`] is empty, and so is everything that it gives out: no clock is read then. With it, what
//! happens once per frame, slice, chunk or step is measured exactly, and the loops over rows by sample ([`Sampler`]).
//! This is the one place on the pure floors where a clock is read. Nothing that a run does depends on what it says.

mod run;
mod sampler;
mod stage;
mod tables;

pub use run::Span;
pub use sampler::Sampler;
pub use stage::{RunStage, Stage};
pub use tables::TableClock;

use crate::outcome::{CpuSeconds, RunReport, RunTiming};
use run::RunTimes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tables::StageTimes;

/// The clock of a run; an empty one measures nothing.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Times>>);

#[derive(Debug)]
struct Times {
    run: RunTimes,
    tables: Mutex<BTreeMap<String, Arc<StageTimes>>>,
    connections: usize,
}

impl Clock {
    /// A clock that measures a run with as many connections at once.
    pub fn started(connections: usize) -> Clock {
        Clock(Some(Arc::new(Times { run: RunTimes::default(), tables: Mutex::default(), connections })))
    }

    /// The clock of one table, by its name in the source; of what belongs to no table under the empty name.
    pub fn table(&self, name: &str) -> TableClock {
        TableClock::new(self.0.as_ref().map(|times| {
            let mut tables = times.tables.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tables.entry(name.to_owned()).or_default())
        }))
    }

    /// The run's stage begins; it goes on until [`Clock::end`] was called as often as this.
    pub fn begin(&self, stage: RunStage) {
        if let Some(times) = &self.0 {
            times.run.begin(stage);
        }
    }

    /// The run's stage is over.
    pub fn end(&self, stage: RunStage) {
        if let Some(times) = &self.0 {
            times.run.end(stage);
        }
    }

    /// The run's stage goes on until what this gives is dropped.
    pub fn stage(&self, stage: RunStage) -> Span {
        Span::begin(self.clone(), stage)
    }

    /// Writes what was measured into the report of a run that took `wall`, and the process's own time, which `cpu` asks the
    /// system for. Nothing, where nothing was measured.
    pub fn tell(&self, report: &mut RunReport, wall: Duration, cpu: impl FnOnce() -> Option<CpuSeconds>) {
        let Some(times) = &self.0 else { return };
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
        let Some(times) = &clock.0 else { panic!("it is not empty") };
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
