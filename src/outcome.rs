//! The result of a run as plain data: the master of the JSON report and of the summary on the screen.
//! Its shape is a contract: `schema/report/v1.schema.json`.

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

/// Row counts of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// rows read from the source
    pub source: u64,
    /// rows that the server acknowledged, this run and earlier ones
    pub copied: u64,
    /// rows counted in the target; absent where nobody counted
    pub target: Option<u64>,
    /// rows set aside by a policy
    pub set_aside: u64,
}

/// Hex digests of both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// of the source
    pub source: Option<String>,
    /// of the target
    pub target: Option<String>,
}

/// Seconds spent on one table, summed over connections.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TableSeconds {
    /// copying
    pub copy: f64,
    /// reading back
    pub verify: f64,
    /// keys, indexes and foreign keys
    pub index: f64,
}

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

/// One chunk whose two sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChunkDifference {
    /// index within the table
    pub chunk: u32,
    /// its keys, for a person
    pub range: String,
    /// rows in the source
    pub source_rows: u64,
    /// rows in the target
    pub target_rows: u64,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// it is on both sides, with other values
    Changed,
    /// the target does not have it
    Missing,
    /// the source does not have it
    Extra,
    /// it is on both sides, but not equally often
    Multiplicity,
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// how
    pub kind: DifferenceKind,
    /// its key, for a person: `rowid 17`, or its number in the table's order; with `--show-values` also its other key
    pub key: String,
    /// where it is in the target, as `ctid` says it
    pub target_row: Option<String>,
    /// how often the source has it
    pub source_times: u64,
    /// how often the target has it
    pub target_times: u64,
    /// the columns that differ, of a changed row
    pub columns: Vec<ColumnDifference>,
}

/// One cell that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDifference {
    /// name in the source
    pub column: String,
    /// name in the target
    pub target_column: String,
    /// the source's cell
    pub source: CellFacts,
    /// the target's cell
    pub target: CellFacts,
}

/// What may be said of a cell without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellFacts {
    /// SQLite's storage class, or PostgreSQL's type; `NULL` on both sides
    pub class: String,
    /// bytes of the value, or of the field as the server sends it
    pub bytes: u64,
    /// 16 hex digits of a hash of its canonical form, under a random key of this run: comparable within one report only
    pub hash: String,
    /// the value itself, cut where it is long; only with `--show-values`
    pub value: Option<String>,
}

/// How many rows differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DifferenceCounts {
    /// rows with other values
    pub changed: u64,
    /// rows that only the source has
    pub missing: u64,
    /// rows that only the target has
    pub extra: u64,
    /// different rows that are on both sides, but not equally often
    pub multiplicity: u64,
    /// false where there are more than could be told apart, and these are the least
    pub exact: bool,
}

/// Rows of one table that were set aside for one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SetAsideCount {
    /// the rule's code, such as `E_RANGE` or `E_FK_ORPHANS`
    pub rule: String,
    /// the column, or the columns of the foreign key
    pub column: String,
    /// how many rows
    pub rows: u64,
}

/// One row that was set aside, without its values (`cutover status --set-aside --json`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SetAsideRow {
    /// canonical path of the source
    pub source: String,
    /// name of the table in the source
    pub table: String,
    /// the row's key for a person
    pub key: String,
    /// the column, or the columns of the foreign key
    pub column: String,
    /// the storage class of its value, of the first where they are several
    pub class: String,
    /// the rule's code
    pub rule: String,
    /// the rule as a sentence
    pub reason: String,
    /// how long the value is
    pub bytes: u64,
}

/// The rows that were set aside, the first of them listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SetAsideList {
    /// how many there are
    pub count: u64,
    /// the first
    pub rows: Vec<SetAsideRow>,
    /// a statement that gives all of them
    pub sql: String,
}

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct TableReport {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// rows
    pub rows: RowCounts,
    /// bytes weighed in the source
    pub bytes: u64,
    /// how it is partitioned, where we make it so
    pub partition: Option<PartitionReport>,
    /// chunks it was cut into
    pub chunks: u64,
    /// digests
    pub digest: Digests,
    /// how they compare
    pub verify: Verify,
    /// why they could not be compared, or in what they differ
    pub verify_note: String,
    /// chunks that differ, the first of them
    pub differing_chunks: Vec<ChunkDifference>,
    /// how many rows differ; absent where nobody looked for them
    pub difference_counts: Option<DifferenceCounts>,
    /// rows that differ, the first of them
    pub differences: Vec<RowDifference>,
    /// rows that a policy kept out, by rule and column, as far as they are still in the ledger
    pub set_aside: Vec<SetAsideCount>,
    /// how often its rows or steps were tried again after a failure that can pass
    pub retries: u64,
    /// times
    pub seconds: TableSeconds,
    /// where they went; only with `--timing`
    pub timing: Option<TableTiming>,
    /// columns
    pub columns: Vec<ColumnReport>,
}

/// The partitions of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionReport {
    /// the target column whose value decides
    pub column: String,
    /// what one partition holds: `month`, `1000000`
    pub every: String,
    /// the partitions of the data's range, in order
    pub ranges: Vec<String>,
    /// the partition for everything else
    pub default: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// declared type
    pub declared: String,
    /// target type
    #[serde(rename = "type")]
    pub pg_type: String,
    /// `E0`, `E1`, `E2`, `B` or `LOSS`
    pub level: String,
    /// why
    pub why: String,
    /// what the decision rests on
    pub evidence: EvidenceReport,
}

/// Counts of a column's values by storage class, and what speaks for and against its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceReport {
    /// NULLs
    pub nulls: u64,
    /// INTEGER
    pub integers: u64,
    /// REAL
    pub reals: u64,
    /// TEXT
    pub texts: u64,
    /// BLOB
    pub blobs: u64,
    /// keys of the first values that stood in the way of a narrower type
    pub against: Vec<String>,
    /// what would change the decision; empty where there is nothing to choose
    pub change: String,
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

/// What the ledger knows of one source (`cutover status --json`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// canonical path
    pub path: String,
    /// target schema
    pub schema: String,
    /// `finished`, or that it is not and what to do
    pub state: String,
    /// when it was finished, UTC
    pub finished_at: Option<String>,
    /// the error of the last run that failed
    pub last_error: Option<String>,
    /// chunks planned
    pub chunks: u64,
    /// chunks committed
    pub chunks_done: u64,
    /// rows planned
    pub rows: u64,
    /// rows of committed chunks
    pub rows_done: u64,
    /// steps after the data
    pub steps: u64,
    /// those that need nothing more
    pub steps_done: u64,
    /// those that do, in words
    pub steps_left: Vec<String>,
    /// rows of the ledger that are not as they were written, in words
    pub damage: Vec<String>,
    /// each table
    pub tables: Vec<TableStatus>,
}

/// What the ledger knows of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// name in the source
    pub table: String,
    /// chunks planned
    pub chunks: u64,
    /// chunks committed
    pub chunks_done: u64,
    /// rows planned
    pub rows: u64,
    /// rows of committed chunks
    pub rows_done: u64,
}
