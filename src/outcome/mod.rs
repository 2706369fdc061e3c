//! The result of a run as plain data: the master of the JSON report and of the summary on the screen.
//! Its shape is a contract: `schema/report/v1.schema.json`.

mod difference;
mod set_aside;
mod status;
mod table;
mod timing;

pub use difference::{
    CellFacts, ChunkDifference, ColumnDifference, DifferenceCounts, DifferenceKind, RowDifference,
};
pub use set_aside::{SetAsideCount, SetAsideList, SetAsideRow};
pub use status::{SourceStatus, TableStatus};
pub use table::{
    ColumnReport, Digests, EvidenceReport, PartitionReport, RowCounts, TableReport, TableSeconds,
};
pub use timing::{CpuSeconds, RunTiming, StageSeconds, StepSeconds, TableTiming};

use crate::finding::{Finding, NotCarried};
use serde::Serialize;

/// The version of the report's form.
pub const REPORT_FORMAT: u32 = 1;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// hash of the plan's canonical text, one per source in order
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
    /// `copy`, `validate` or `verify`
    pub command: String,
    /// the configuration file that was used, as named; none without one
    pub config: Option<String>,
    /// how often something was tried again after a failure that can pass
    pub retries: u64,
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
