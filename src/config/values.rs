//! What the user decides about single tables, columns and values: policies, and what `cutover.toml` says.

use super::words::Word;
use serde::{Deserialize, Serialize};

/// What a column's type may be taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Infer {
    /// the declared type, where every value proves it
    #[default]
    Declared,
    /// also the content of TEXT and INTEGER columns, where every value proves it
    Content,
}

/// What becomes of a column that no type of PostgreSQL holds with every storage class kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MixedPolicy {
    /// the narrowest type that keeps every number and every byte
    #[default]
    Widen,
    /// the run is refused
    Refuse,
    /// `bytea` of a class byte and the payload
    Tagged,
    /// one column for each family of classes
    Split,
    /// the type that most values have; rows with others are set aside
    Quarantine,
}

/// What becomes of a generated column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GeneratedPolicy {
    /// its values, in an ordinary column
    #[default]
    Values,
    /// it is generated in the target, where that means the same
    Translate,
}

/// What becomes of triggers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TriggerPolicy {
    /// they are listed
    #[default]
    List,
    /// those that only set the time of a change are made in the target
    Timestamps,
}

/// Whether columns get a comment with their declared type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommentPolicy {
    /// where it says more than the target's type does
    #[default]
    On,
    /// never
    Off,
}

/// What becomes of a row that holds a value its column cannot take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadValuePolicy {
    /// the run is refused before anything is written
    #[default]
    Refuse,
    /// the whole row is set aside
    Quarantine,
}

/// What becomes of a NUL inside a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NulPolicy {
    /// it is left out
    Strip,
    /// U+FFFD stands in its place
    Replace,
    /// the two characters `\0` stand in its place
    Escape,
}

/// What becomes of a text that is not valid in its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvalidPolicy {
    /// U+FFFD stands for what is broken
    Replace,
    /// every byte is a character of ISO 8859-1
    Latin1,
    /// the column becomes `bytea` and holds the stored bytes
    Bytea,
}

/// Changes that a configuration asks for by name: the only ones that lose something. They are made before a value is
/// encoded and before it is digested, and each is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cleanse {
    /// an empty text becomes NULL
    pub empty_null: bool,
    /// see [`NulPolicy`]
    pub nul: Option<NulPolicy>,
    /// see [`InvalidPolicy`]
    pub invalid_utf8: Option<InvalidPolicy>,
}

impl Cleanse {
    /// Nothing is changed.
    pub fn is_none(&self) -> bool {
        *self == Cleanse::default()
    }
}

/// A stretch of time that one partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// a day
    Day,
    /// a week from Monday on (ISO 8601)
    Week,
    /// a month
    Month,
    /// three months
    Quarter,
    /// a year
    Year,
}

/// What one partition holds: a period of a date column, or so many numbers of an integer column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// a period
    Period(Period),
    /// so many numbers, 1 or more
    Step(i64),
}

/// How a table that is created is cut into partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionChoice {
    /// the source column whose value decides
    pub by: String,
    /// what one partition holds
    pub every: Every,
}

impl std::fmt::Display for Every {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Every::Period(period) => f.write_str(period.word()),
            Every::Step(step) => write!(f, "{step}"),
        }
    }
}

/// What the configuration says of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableChoice {
    /// its name in the target
    pub rename: Option<String>,
    /// it is not copied
    pub skip: bool,
    /// only rows for which this SQL expression of SQLite is true
    pub filter: Option<String>,
    /// it is made in partitions
    pub partition: Option<PartitionChoice>,
}

/// What the configuration says of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnChoice {
    /// its name in the target
    pub rename: Option<String>,
    /// it is not copied
    pub skip: bool,
    /// its type in the target, as spelled
    pub pg_type: Option<String>,
    /// how its values are to be read, such as `epoch_ms` or `julian`
    pub encoding: Option<String>,
    /// the zone of date-times that name none
    pub time_zone: Option<String>,
    /// what becomes of rows whose value does not fit
    pub on_bad_value: Option<BadValuePolicy>,
    /// changes that lose something
    pub cleanse: Cleanse,
}
