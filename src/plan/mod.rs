//! What the target shall be: the whole decision before any write, as plain data.
//!
//! Pure: a plan is built from the catalog, the profile and (where tables exist already) the target's own columns.
//! Its canonical text is what `copy --validate` prints and what the ledger's plan hash is taken over.

pub mod build;
mod calendar;
mod checks;
pub mod choose;
mod chosen;
mod columns;
mod comments;
mod compared;
pub mod configured;
mod content;
pub mod ddl;
pub mod default;
pub mod draft;
mod evidence;
pub(crate) mod existing;
pub mod fit;
mod foreign;
mod generated;
mod index_parts;
mod keys;
mod lift;
pub mod lossy;
mod mixed;
pub mod names;
mod notes;
pub mod order;
mod overflow;
pub mod partition;
pub mod partition_keys;
mod query;
mod ranges;
pub mod rename;
mod render;
mod scope;
pub mod script;
pub mod select;
pub mod skip;
pub mod structure;
pub mod target;
pub mod text;
pub mod translate;
mod triggers;
pub mod type_text;
pub mod types;
mod views;
mod virtuals;
pub mod ways;
pub mod zone;

use crate::config::{BadValuePolicy, Cleanse};
use crate::finding::{Finding, NotCarried};
use partition::PartitionPlan;
pub use ranges::{Range, Span};
use serde::{Deserialize, Serialize};
use types::{Level, Mapping};

/// The version of what the ledger keeps for a source: the stored form of its plan, and how rows are digested. Another one is
/// refused. 4: rows are padded before they are hashed.
pub const PLAN_FORMAT: u32 = 4;

/// The decision for one source file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// version of this structure
    pub format: u32,
    /// target schema
    pub schema: String,
    /// the schema does not exist yet
    pub create_schema: bool,
    /// the tables, in dependency order: parents before children where that is possible
    pub tables: Vec<TablePlan>,
    /// views, those that others are made of first
    pub views: Vec<Step>,
    /// what the target will not have
    pub not_carried: Vec<NotCarried>,
    /// notes, warnings and refusals of planning
    pub findings: Vec<Finding>,
}

/// Whether a table is ours to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableMode {
    /// we create it
    Create,
    /// it exists: its column types rule
    Existing,
}

/// How the rows of a table are walked in chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKey {
    /// by rowid, under the first alias that no column hides
    Rowid {
        /// `rowid`, `_rowid_`, `oid` or the INTEGER PRIMARY KEY column
        alias: String,
        /// index in `columns` of the column that holds the rowid, if one does
        column: Option<usize>,
    },
    /// the table is one chunk (WITHOUT ROWID, or all three names hidden)
    Whole,
}

/// One table: where its rows come from, where they go, and everything that is done to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TablePlan {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// ours to create or not
    pub mode: TableMode,
    /// how it is walked
    pub key: ScanKey,
    /// only rows for which this SQL expression of SQLite is true
    pub filter: Option<String>,
    /// rows that the profile counted
    pub rows: u64,
    /// bytes that the profile weighed
    pub bytes: u64,
    /// the columns that travel, in order
    pub columns: Vec<ColumnPlan>,
    /// how it is cut, where it is made in partitions
    #[serde(default)]
    pub partition: Option<PartitionPlan>,
    /// statements before the data, empty for an existing table
    pub pre_data: Vec<Step>,
    /// keys and indexes that we make after the data
    pub post_data: Vec<Step>,
    /// CHECKs that we make after the data
    pub checks: Vec<CheckPlan>,
    /// foreign keys that we make, or that existed and are lifted for the load
    pub foreign_keys: Vec<ForeignKeyPlan>,
    /// what is made last: triggers, and comments with the declared types
    pub last: Vec<Step>,
    /// indexes that existed and are dropped for the load
    pub lifted_indexes: Vec<Lift>,
    /// unique keys of an existing table, and those of a created one in which values may meet that the source keeps apart:
    /// name, and the columns as indexes into `columns`
    pub unique_keys: Vec<(String, Vec<usize>)>,
    /// sequences to be set past the data
    pub sequences: Vec<SequencePlan>,
}

/// One column that travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnPlan {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// declared type in the source, as spelled
    pub declared: String,
    /// type and codec
    pub mapping: Mapping,
    /// what is kept
    pub level: Level,
    /// why this type
    pub why: String,
    /// the target column refuses NULL
    pub not_null: bool,
    /// take a UTF-16 file's stored bytes instead of decoding them
    pub stored_bytes: bool,
    /// changes that the configuration asked for
    pub cleanse: Cleanse,
    /// what becomes of a row whose value does not fit
    pub on_bad_value: BadValuePolicy,
    /// what the decision rests on
    pub evidence: Evidence,
    /// its values are computed in the target, by this expression: they are not sent, and compared like all others
    #[serde(default)]
    pub generated: Option<String>,
}

impl ColumnPlan {
    /// The changes that are made to its values. Stored bytes are kept as they are, with their NULs and broken parts.
    pub fn changes(&self) -> Cleanse {
        if self.stored_bytes {
            Cleanse { nul: None, invalid_utf8: None, ..self.cleanse }
        } else {
            self.cleanse
        }
    }
}

/// What the decision for a column rests on. Keys, never values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
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
    /// what would change the decision, as a sentence; empty where there is nothing to choose
    pub change: String,
}

/// What a statement makes; also its order after the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// a sequence that is no identity's
    Sequence,
    /// CREATE TABLE
    Table,
    /// PRIMARY KEY
    PrimaryKey,
    /// UNIQUE
    Unique,
    /// CREATE INDEX
    Index,
    /// CHECK, added NOT VALID
    Check,
    /// foreign key, added NOT VALID
    ForeignKey,
    /// VALIDATE CONSTRAINT
    Validate,
    /// CREATE VIEW
    View,
    /// CREATE TRIGGER with its function
    Trigger,
    /// COMMENT ON
    Comment,
}

impl StepKind {
    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            StepKind::Sequence => "sequence",
            StepKind::Table => "table",
            StepKind::PrimaryKey => "primary key",
            StepKind::Unique => "unique",
            StepKind::Index => "index",
            StepKind::Check => "check",
            StepKind::ForeignKey => "foreign key",
            StepKind::Validate => "validate",
            StepKind::View => "view",
            StepKind::Trigger => "trigger",
            StepKind::Comment => "comment",
        }
    }
}

/// One statement of ours, recorded in the ledger when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// what it makes
    pub kind: StepKind,
    /// the object's name in the target
    pub object: String,
    /// the statement
    pub sql: String,
}

/// A CHECK after the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPlan {
    /// constraint name
    pub name: String,
    /// adds it NOT VALID
    pub add: String,
    /// validates it
    pub validate: String,
    /// its expression in SQLite's words, to look for rows that are against it
    pub probe: String,
    /// rows of the source that are against it; such a CHECK is left NOT VALID (semantics.md §3.6)
    pub violations: u64,
}

/// A foreign key after the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKeyPlan {
    /// constraint name
    pub name: String,
    /// adds it, NOT VALID unless the server takes only valid ones there
    pub add: String,
    /// validates it; none where it was not valid before the run either, and where it is valid at once
    pub validate: Option<String>,
    /// it existed: drops it for the load
    pub drop: Option<String>,
    /// how to look for orphans in the source, where both ends are known there
    pub probe: Option<OrphanProbe>,
    /// rows of the source without a parent; such a key is left NOT VALID
    pub orphans: u64,
    /// rows without a parent are set aside instead
    pub quarantine: bool,
}

/// The two ends of a foreign key in the source's own names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrphanProbe {
    /// child columns
    pub columns: Vec<String>,
    /// parent table
    pub parent: String,
    /// parent columns
    pub parent_columns: Vec<String>,
}

/// An existing object that is dropped before the data and restored after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// the object's name
    pub object: String,
    /// drops it
    pub drop: String,
    /// makes it again
    pub restore: String,
}

/// A sequence that must end up past the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequencePlan {
    /// target column that owns it
    pub column: String,
    /// source column whose largest value counts, and the largest value seen by the profile
    pub max: Option<i64>,
    /// `sqlite_sequence.seq`, where the table has one
    pub seq: Option<i64>,
}

impl SequencePlan {
    /// The largest number that the source has given: the sequence goes on past it.
    pub fn floor(&self) -> Option<i64> {
        self.max.max(self.seq)
    }
}

impl ForeignKeyPlan {
    /// The server takes it only if no row is without a parent (a partitioned table before PostgreSQL 18).
    pub fn is_valid_at_once(&self) -> bool {
        !self.add.ends_with(ddl::NOT_VALID)
    }
}

impl TablePlan {
    /// The name of the rowid, where the table is walked by it.
    pub fn rowid_name(&self) -> Option<&str> {
        match &self.key {
            ScanKey::Rowid { alias, .. } => Some(alias),
            ScanKey::Whole => None,
        }
    }
}

impl Plan {
    /// The findings that refuse the run.
    pub fn refusals(&self) -> Vec<Finding> {
        let refuses = |finding: &&Finding| finding.severity == crate::finding::Severity::Refusal;
        self.findings.iter().filter(refuses).cloned().collect()
    }
}
