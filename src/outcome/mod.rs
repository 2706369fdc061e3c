//! The result of a run as plain data: the master of the JSON report and of the summary on the screen.
//! Its shape is a contract: `schema/report/v1.schema.json`.

mod approved;
mod assessment;
mod backup;
mod course;
mod difference;
mod environment;
mod prediction;
mod queries;
mod repair;
mod set_aside;
mod status;
mod table;
mod timing;
mod watched;

pub use approved::{
    ApprovedColumn, ApprovedLoss, ApprovedPartition, ApprovedPlan, ApprovedSource, ApprovedTable,
    ApprovedTarget,
};
pub use assessment::{Assessment, Reservation, TableOutline};
pub use backup::{BackupReport, DeadlineReport, FreezeReport, HookReport};
pub use course::{PhaseRate, PhaseSpan, RateSample, Span, TableSpans};
pub use difference::{
    CellFacts, ChunkDifference, ColumnDifference, DifferenceCounts, DifferenceKind, RowDifference,
};
pub use environment::{
    ConnectionsFact, Environment, Holder, HostFacts, LinkFacts, ServerFacts, ServerSetting, SlotFact,
    SourceEnvironment, SpaceForecast,
};
pub use prediction::{DiskNeed, MeasuredOn, Method, PhaseSeconds, Prediction, TablePrediction, Window};
pub use queries::{Percentiles, QueryReport, QueryVerdict};
pub use repair::{RepairReport, TableRepair};
pub use set_aside::{SetAsideCount, SetAsideList, SetAsideRow};
pub use status::{ExpectedStatus, SourceStatus, TableStatus};
pub use table::{
    ColumnReport, Digests, EvidenceReport, PartitionReport, RowCounts, TableReport, TableSeconds,
};
pub use timing::{CpuSeconds, RunTiming, StageSeconds, StepSeconds, TableTiming};
pub use watched::{
    WatchState, Watched, WatchedLoad, WatchedOwner, WatchedSource, WatchedSteps, WatchedTable,
};

use crate::finding::{Finding, NotCarried};
use serde::{Deserialize, Serialize};

/// The version of the report's form.
pub const REPORT_FORMAT: u32 = 1;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// everything arrived and was proved
    Done,
    /// everything arrived and was proved but for the rows that a policy set aside
    SetAside,
    /// nothing was copied, for the findings of severity `refusal`
    Refused,
    /// verification found a difference
    Differs,
    /// stopped by an error
    Failed,
    /// stopped by the user
    Interrupted,
}

/// How the two sides of one table compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// counts and digests are equal
    Match,
    /// they are not
    Differs,
    /// the counts are equal, and so are the rows that were looked at: some of them (`verify --sample`)
    Sampled,
    /// they could not be compared
    NotComparable,
    /// nobody looked (yet, or `--verify off`)
    NotRun,
}

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// [`REPORT_FORMAT`]
    pub format: u32,
    /// `cutover x.y.z`
    pub tool: String,
    /// how it ended
    pub outcome: Outcome,
    /// the process's exit code
    pub exit_code: u8,
    /// this run
    pub run: RunInfo,
    /// the files
    pub source: Vec<SourceInfo>,
    /// the server; absent where it was never reached
    pub target: Option<TargetInfo>,
    /// what was looked at around the data; only of a validation
    pub environment: Option<Environment>,
    /// what the copy would do, and whether it would work; only of a validation
    pub assessment: Option<Assessment>,
    /// hash of the plan's decisions, one per source in order; rows do not bear on it unless they change a decision
    pub plan_hash: Vec<String>,
    /// the tables
    pub tables: Vec<TableReport>,
    /// what was made after the data
    pub objects: Objects,
    /// what the target does not have
    pub not_carried: Vec<NotCarried>,
    /// notes, warnings, refusals
    pub findings: Vec<Finding>,
    /// the error that ended the run, with its causes
    pub error: Option<String>,
    /// where the time went; only with `--timing`
    pub timing: Option<RunTiming>,
    /// what the migration is expected to take; only of a rehearsal
    pub prediction: Option<Prediction>,
    /// what was put right; only of `verify --repair`
    pub repaired: Option<RepairReport>,
    /// the application's own queries; only of `verify --queries`
    pub queries: Option<Vec<QueryReport>>,
    /// how far the rows had come over time, for each phase that reads or writes them
    pub rate: Vec<PhaseRate>,
    /// what surrounded the copy
    #[serde(flatten)]
    pub around: AroundReport,
}

/// What surrounded a copy: fields of the report itself.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AroundReport {
    /// backups of the sources; only with `--backup`
    pub backup: Vec<BackupReport>,
    /// write locks of the sources; only with `--freeze`
    pub freeze: Vec<FreezeReport>,
    /// hooks that ran, in order
    pub hooks: Vec<HookReport>,
    /// what became of `--deadline`
    pub deadline: Option<DeadlineReport>,
}

/// One run of the tool.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RunInfo {
    /// a random UUID
    pub id: String,
    /// seconds since 1970
    pub started_unix: u64,
    /// wall time
    pub seconds: f64,
    /// number of chunks that an earlier run had already committed; none on a first run
    pub resumed_from: Option<u64>,
    /// `copy`, `validate`, `rehearse` or `verify`
    pub command: String,
    /// the configuration file that was used, as named; none without one
    pub config: Option<String>,
    /// the options that bear on the plan, `name=value` one after the other
    pub options: String,
    /// how often something was tried again after a failure that can pass
    pub retries: u64,
    /// when each phase went on, in the order in which they began
    pub phases: Vec<PhaseSpan>,
    /// the words of the command that compares both sides again, without a secret; none where nothing was to be copied
    pub verify_again: Vec<String>,
}

/// One source file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceInfo {
    /// as the user named it
    pub path: String,
    /// bytes of the main file
    pub bytes: u64,
    /// BLAKE3 over the fingerprint
    pub fingerprint: String,
    /// version of the SQLite library that read it
    pub sqlite_version: String,
    /// `UTF-8`, `UTF-16le` or `UTF-16be`
    pub encoding: String,
    /// `wal`, `delete`, …
    pub journal_mode: String,
}

/// The target server.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TargetInfo {
    /// `SHOW server_version`
    pub server_version: String,
    /// host or socket, never with a password
    pub host: String,
    /// database
    pub database: String,
    /// schema
    pub schema: String,
}

/// What was made after the data.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Objects {
    /// indexes
    pub indexes: Vec<ObjectReport>,
    /// keys and constraints
    pub constraints: Vec<ObjectReport>,
    /// sequences
    pub sequences: Vec<ObjectReport>,
    /// views
    pub views: Vec<ObjectReport>,
    /// triggers
    pub triggers: Vec<ObjectReport>,
}

/// One object in the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectReport {
    /// its name
    pub name: String,
    /// its table in the target; empty for a view
    pub table: String,
    /// `index`, `primary key`, `unique`, `check`, `foreign key`, `sequence`, `view`, `trigger`
    pub kind: String,
    /// `done`, `restored`, `not valid`, `kept`, or for a sequence `next value n`
    pub state: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A report of nothing.
    pub(crate) fn empty() -> RunReport {
        RunReport {
            format: REPORT_FORMAT,
            tool: String::new(),
            outcome: Outcome::Done,
            exit_code: 0,
            run: RunInfo::default(),
            source: Vec::new(),
            target: None,
            environment: None,
            assessment: None,
            plan_hash: Vec::new(),
            tables: Vec::new(),
            objects: Objects::default(),
            not_carried: Vec::new(),
            findings: Vec::new(),
            error: None,
            timing: None,
            prediction: None,
            repaired: None,
            queries: None,
            rate: Vec::new(),
            around: AroundReport::default(),
        }
    }
}
