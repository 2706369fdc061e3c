//! What the ledger knows (`cutover status --json`).

use serde::Serialize;

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
