//! Rows that a policy kept out.

use serde::Serialize;

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
