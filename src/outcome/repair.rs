//! What `verify --repair` has put right.

use serde::Serialize;

/// What was put right, of all tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RepairReport {
    /// tables of which rows were copied again
    pub tables: Vec<TableRepair>,
    /// keys, indexes and the like that were made again, each as `index "i" of table "t"`
    pub objects: Vec<String>,
    /// sequences that were behind and are past the data again, each as `table.column`
    pub sequences: Vec<String>,
}

impl RepairReport {
    /// Nothing was put right.
    pub fn is_nothing(&self) -> bool {
        self.tables.is_empty() && self.objects.is_empty() && self.sequences.is_empty()
    }
}

/// What was put right of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableRepair {
    /// name in the source
    pub table: String,
    /// chunks that were copied again
    pub chunks: u64,
    /// chunks of it in all
    pub chunks_of: u64,
    /// rows of the target that gave way to them
    pub rows_removed: u64,
    /// rows of the source that were copied
    pub rows_copied: u64,
}
