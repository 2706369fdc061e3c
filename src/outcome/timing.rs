//! Where the time of a run went.

use serde::Serialize;

/// Where the time of a run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunTiming {
    /// from the beginning of the run to its end
    pub wall_seconds: f64,
    /// connections that could work at once
    pub connections: u64,
    /// the process's own time on processors; absent where the system does not tell it
    pub cpu: Option<CpuSeconds>,
    /// the stages of the run as a whole; some of them go on at the same time
    pub stages: Vec<StageSeconds>,
    /// in which none of them went on
    pub unaccounted_seconds: f64,
    /// what belongs to no table of the report: views
    pub elsewhere: TableTiming,
    /// all tables, and what belongs to none
    pub total: TableTiming,
}

/// Time of the process on processors, of all its threads.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CpuSeconds {
    /// in its own code
    pub user: f64,
    /// in the kernel
    pub system: f64,
}

/// Where the time of one table went: seconds of every thread and connection that worked for it, which work at the same
/// time, so that they sum to more than the clock shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TableTiming {
    /// the stages of copying and of reading back, all of them
    pub stages: Vec<StageSeconds>,
    /// the steps after the data, by kind
    pub steps: Vec<StepSeconds>,
    /// the sum of both
    pub seconds: f64,
}

/// Time spent in one stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageSeconds {
    /// its name
    pub stage: String,
    /// how long
    pub seconds: f64,
}

/// Time spent on steps of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepSeconds {
    /// `index`, `primary key`, `vacuum` and so on
    pub kind: String,
    /// how many
    pub count: u64,
    /// how long
    pub seconds: f64,
}
