//! What the ledger knows (`cutover status --json`).

use serde::Serialize;

/// What the ledger knows of one source (`cutover status --json`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
    /// the run against what a rehearsal expected of it; only where it was given that report (`--plan`)
    pub expected: Option<ExpectedStatus>,
    /// each table
    pub tables: Vec<TableStatus>,
}

/// A copy against what was expected of it. It is of all sources of its run together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ExpectedStatus {
    /// it goes on now
    pub running: bool,
    /// `copy`, `finish` or `done`
    pub phase: String,
    /// seconds since the run began, or that it took; the time before its first transaction as it was expected
    pub elapsed_seconds: f64,
    /// seconds at which it was expected to be where it is now
    pub reached_seconds: f64,
    /// seconds that it was expected to take, in half of all cases
    pub p50_seconds: f64,
    /// and in nine of ten
    pub p90_seconds: f64,
    /// seconds that are left at the expected pace; absent where it does not run
    pub left_seconds: Option<f64>,
    /// when it will have ended at that pace, in seconds since 1970; absent where it does not run
    pub ends_unix: Option<u64>,
    /// seconds by which it is behind; below 0 where it is ahead
    pub behind_seconds: f64,
    /// `ahead`, `as expected` or `behind`
    pub pace: String,
    /// rows that are on their way and not committed
    pub rows_under_way: u64,
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
