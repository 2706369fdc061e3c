//! Where two sides differ: chunks, rows and cells, without their values.

use serde::Serialize;

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
    /// rows with other values that are taken for one row although their key differs; for a person's eyes that is a help, and
    /// nothing may be deleted for it
    #[serde(skip)]
    pub guessed: u64,
}
