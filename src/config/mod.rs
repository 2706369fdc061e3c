//! Resolved settings: what the command line and the environment came to. No defaults are hidden elsewhere.

mod around;
mod duration;
pub mod glob;
pub mod nearest;
mod parse;
mod settings;
#[cfg(test)]
mod settings_tests;
mod size;
mod values;
mod words;

pub use around::{Around, HANDED_OVER, Hook, HookAction, HookPoint, Hooks};
pub use duration::{duration, duration_text, duration_word};
pub use parse::{flag_spellings, parse};
pub use settings::{Options, Place, Placed, Setting, Settings, toml_string};
pub use size::size;
pub use values::{
    BadValuePolicy, Cleanse, ColumnChoice, CommentPolicy, Every, GeneratedPolicy, Infer, InvalidPolicy,
    MixedPolicy, NulPolicy, PartitionChoice, Period, TableChoice, TriggerPolicy,
};
pub use words::Word;

use crate::outcome::ApprovedPlan;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The file that is used where none is named and it is there.
pub const DEFAULT_FILE: &str = "cutover.toml";

/// Which target this run writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetAddress {
    /// a libpq URI or `key=value` string, already merged with `PG*` variables; secret
    Server(Secret),
    /// the private local server
    Embedded,
    /// no server: plans are made against an empty target
    Nowhere,
}

/// A text that must not be shown: its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<secret>")
    }
}

/// What may be created in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatePolicy {
    /// create what is missing
    Auto,
    /// only fill what exists
    Never,
}

/// What to do with rows in the target that we did not put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingPolicy {
    /// refuse the run
    Refuse,
    /// keep them and add ours
    Append,
    /// remove them first
    Truncate,
}

/// What to do with rows whose parent is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrphanPolicy {
    /// copy everything and leave a key that we create NOT VALID; refuse where the key existed
    Auto,
    /// refuse the run
    Refuse,
    /// copy everything and leave the key NOT VALID, also where it existed
    NotValid,
    /// set the rows aside
    Quarantine,
}

/// How much is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyLevel {
    /// counts and digests
    Checksum,
    /// counts only
    Count,
    /// nothing
    Off,
}

/// How names are spelled in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamePolicy {
    /// exactly as in the source
    Keep,
    /// in lower case (ASCII)
    Lower,
    /// words joined by underscores, in lower case
    Snake,
}

/// What commits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitUnit {
    /// a chunk: its size was asked for
    Chunk,
    /// a whole table that is ours, up to a bound, and several small ones; else a chunk
    Table,
}

/// Everything a copy, a validation or a verification needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// the SQLite files
    pub sources: Vec<PathBuf>,
    /// the target
    pub target: TargetAddress,
    /// target schema
    pub schema: String,
    /// globs of the tables to take; empty means all
    pub tables: Vec<String>,
    /// globs of the tables to leave
    pub exclude: Vec<String>,
    /// see [`CreatePolicy`]
    pub create: CreatePolicy,
    /// see [`ExistingPolicy`]
    pub existing: ExistingPolicy,
    /// see [`OrphanPolicy`]
    pub orphans: OrphanPolicy,
    /// see [`NamePolicy`]
    pub names: NamePolicy,
    /// see [`Infer`]
    pub infer: Infer,
    /// see [`MixedPolicy`]
    pub mixed: MixedPolicy,
    /// see [`BadValuePolicy`]
    pub on_bad_value: BadValuePolicy,
    /// see [`GeneratedPolicy`]
    pub generated: GeneratedPolicy,
    /// see [`TriggerPolicy`]
    pub triggers: TriggerPolicy,
    /// see [`CommentPolicy`]
    pub comments: CommentPolicy,
    /// the zone of date-times that name none: an IANA name or an offset
    pub naive_tz: Option<String>,
    /// what `cutover.toml` says of tables and columns
    pub settings: Settings,
    /// see [`VerifyLevel`]
    pub verify: VerifyLevel,
    /// `verify` looks for keys, indexes and the like, too
    pub objects: bool,
    /// `verify` looks at so many rows of each table, spread over its keys, and not at all of them
    pub sample: Option<u64>,
    /// values of cells that differ may be told
    pub show_values: bool,
    /// connections that load at once
    pub jobs: usize,
    /// how long causes that can pass are tried again, since the last progress; nothing is where it is 0
    pub retry_for: Duration,
    /// stop at the first table that fails
    pub fail_fast: bool,
    /// forget the ledger of these sources and begin again
    pub restart: bool,
    /// end the sessions of an owner that is not heard from any more
    pub take_over: bool,
    /// accept a changed source whose finished chunks are still the same
    pub reverify: bool,
    /// the plan that was approved: another one is refused
    pub approved: Option<Arc<ApprovedPlan>>,
    /// bytes of one chunk
    pub chunk_bytes: u64,
    /// rows of one chunk
    pub chunk_rows: u64,
    /// see [`CommitUnit`]
    pub commit: CommitUnit,
    /// see [`Around`]
    pub around: Around,
}
