//! One table of a run.

use super::{
    ChunkDifference, DifferenceCounts, RowDifference, SetAsideCount, TableSpans, TableTiming, Verify,
};
use serde::Serialize;

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
    /// hash of the decisions for this table
    pub plan_hash: String,
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
    /// when it was worked on
    pub spans: TableSpans,
    /// where they went; only with `--timing`
    pub timing: Option<TableTiming>,
    /// columns
    pub columns: Vec<ColumnReport>,
}

impl TableReport {
    /// A table of which no more is known than its name and its rows; the target has none of that name.
    pub fn bare(source: &str, rows: u64) -> TableReport {
        TableReport {
            source: source.to_owned(),
            target: source.to_owned(),
            rows: RowCounts { source: rows, ..RowCounts::default() },
            bytes: 0,
            plan_hash: String::new(),
            partition: None,
            chunks: 0,
            digest: Digests::default(),
            verify: Verify::NotRun,
            verify_note: String::new(),
            differing_chunks: Vec::new(),
            difference_counts: None,
            differences: Vec::new(),
            set_aside: Vec::new(),
            retries: 0,
            seconds: TableSeconds::default(),
            spans: TableSpans::default(),
            timing: None,
            columns: Vec::new(),
        }
    }
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
