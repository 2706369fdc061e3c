//! What another terminal sees of a copy at one moment (`cutover status --watch`).

use serde::{Deserialize, Serialize};

/// One look at the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// how the copy is doing
    #[serde(default)]
    pub state: WatchState,
    /// the server's time, UTC
    pub at: String,
    /// who works here
    pub owner: Option<WatchedOwner>,
    /// sessions of a copy that has no hold on the target yet
    pub starting: u64,
    /// every source of the ledger that goes into the schema that was asked for
    pub sources: Vec<WatchedSource>,
    /// tables into which rows are going at this moment, where the server tells (PostgreSQL 14 and newer)
    #[serde(default)]
    pub loading: Vec<WatchedLoad>,
}

/// How a copy is doing, as far as the target knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchState {
    /// nobody works here
    #[default]
    Waiting,
    /// a copy has connected and not begun to write
    Starting,
    /// its owner is alive
    Running,
    /// its owner holds the target and is not heard from
    Silent,
    /// over: everything is finished
    Finished,
    /// over: not everything is finished
    Ended,
}

/// The run that holds the target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchedOwner {
    /// its run, once the ledger has it
    pub run_id: Option<String>,
    /// its host and process, once the ledger has them
    pub host: Option<String>,
    /// process number on that host
    pub process_id: Option<i64>,
    /// its session is there
    pub connected: bool,
    /// seconds since its lease ran out; negative while it holds
    pub overdue_seconds: Option<f64>,
}

/// One source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchedSource {
    /// canonical path
    pub path: String,
    /// target schema
    pub schema: String,
    /// the run that worked on it last
    pub run_id: String,
    /// everything is done
    pub finished: bool,
    /// the error of the last run that failed
    pub last_error: Option<String>,
    /// tables planned
    pub tables: u64,
    /// tables of which every chunk is committed
    pub tables_done: u64,
    /// tables of which every chunk is verified
    pub tables_verified: u64,
    /// rows planned
    pub rows: u64,
    /// rows of committed chunks
    pub rows_done: u64,
    /// rows of verified chunks
    pub rows_verified: u64,
    /// bytes planned
    pub bytes: u64,
    /// bytes of committed chunks
    pub bytes_done: u64,
    /// bytes of verified chunks
    pub bytes_verified: u64,
    /// steps after the data, by kind
    pub steps: Vec<WatchedSteps>,
    /// tables of which a part is committed
    pub at_work: Vec<WatchedTable>,
}

/// Steps of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedSteps {
    /// such as `index`
    pub kind: String,
    /// how many there are
    pub all: u64,
    /// those that need nothing more
    pub done: u64,
}

/// A table of which a part is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedTable {
    /// name in the source
    pub table: String,
    /// rows planned
    pub rows: u64,
    /// rows of committed chunks
    pub rows_done: u64,
}

/// Rows on their way into a table, not committed yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedLoad {
    /// target schema
    pub schema: String,
    /// name in the target
    pub table: String,
    /// rows so far
    pub rows: u64,
}
