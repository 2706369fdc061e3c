//! What a schema consists of, as far as two of them are compared: plain data, whichever side it was read from.
//!
//! Expressions are texts of one writer: the server's own, or the plan's.

use super::types::PgType;

/// One schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structure {
    /// its tables
    pub tables: Vec<Table>,
    /// its views
    pub views: Vec<View>,
    /// names that a new relation or constraint cannot have
    pub taken_names: Vec<String>,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// its name
    pub name: String,
    /// how its rows are told apart, where it is partitioned: `RANGE (created_at)`
    pub partition_key: Option<String>,
    /// its columns, in order
    pub columns: Vec<Column>,
    /// its indexes, those of keys included
    pub indexes: Vec<Index>,
    /// its CHECK and EXCLUDE constraints
    pub checks: Vec<Check>,
    /// its foreign keys
    pub foreign_keys: Vec<ForeignKey>,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// its name
    pub name: String,
    /// its type as the server spells it
    pub type_text: String,
    /// its type, where it is one that we know; of a domain the type that it is made of
    pub pg: Option<PgType>,
    /// labels of an enumerated type
    pub labels: Vec<String>,
    /// its collation, where it is not its type's own
    pub collation: Option<String>,
    /// NOT NULL
    pub not_null: bool,
    /// the default's expression; none of a generated column and of one that takes numbers
    pub default: Option<String>,
    /// it is an identity, or its default asks a sequence
    pub takes_numbers: bool,
    /// the expression of GENERATED ALWAYS AS (…) STORED
    pub generated: Option<String>,
}

/// What an index was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// CREATE INDEX
    #[default]
    Index,
    /// PRIMARY KEY
    PrimaryKey,
    /// UNIQUE
    Unique,
    /// EXCLUDE; the constraint itself is among the checks
    Exclusion,
}

/// One index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    /// its name, which is its constraint's, too
    pub name: String,
    /// no two rows may be equal in it
    pub unique: bool,
    /// what it was made for
    pub purpose: Purpose,
    /// method, key, and what follows them: `btree (a, b DESC) WHERE (c > 0)`
    pub definition: String,
    /// its key, where that is columns alone
    pub columns: Vec<String>,
    /// its constraint may be deferred
    pub deferrable: bool,
}

/// One CHECK or EXCLUDE.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Check {
    /// its name
    pub name: String,
    /// `CHECK (…)`
    pub definition: String,
    /// every row has been checked
    pub validated: bool,
}

/// One foreign key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForeignKey {
    /// its name
    pub name: String,
    /// its columns
    pub columns: Vec<String>,
    /// the parent's schema, where that is another one
    pub parent_schema: Option<String>,
    /// the parent table
    pub parent: String,
    /// the parent's columns
    pub parent_columns: Vec<String>,
    /// `ON DELETE CASCADE DEFERRABLE`, in the order of PostgreSQL's grammar; empty without any
    pub rules: String,
    /// every row has been checked
    pub validated: bool,
    /// nothing is checked any more: the statements that switch its triggers on, which are off
    pub switched_off: Vec<String>,
}

/// One view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// its name
    pub name: String,
    /// its query
    pub query: String,
    /// MATERIALIZED
    pub is_stored: bool,
}

impl Structure {
    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
