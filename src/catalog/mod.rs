//! What the source is: tables, columns, keys and indexes as SQLite means them, and what each column really holds.
//!
//! Pure: filled by `sqlite::introspect` and the profile; no word of PostgreSQL in it.

pub mod affinity;
pub mod ddl;
pub mod expr;
pub mod index_text;
pub mod profile;
pub mod queries;
pub mod read;
pub mod script;
pub mod select;
pub mod spelling;
pub mod trigger;
pub mod virtual_table;
pub mod walk;
pub mod weight;

use crate::finding::{Finding, NotCarried};
use affinity::Affinity;
use expr::Expr;
use select::Select;

/// Everything in one SQLite file that is ours to look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// ordinary tables in the order of the schema
    pub tables: Vec<Table>,
    /// views in the order of the schema
    pub views: Vec<View>,
    /// triggers, virtual and shadow tables: what is neither a table to copy nor a view
    pub left_out: Vec<NotCarried>,
    /// what introspection has to say
    pub findings: Vec<Finding>,
    /// the file's texts are UTF-16, and so are its tables'
    pub utf16: bool,
}

/// One view.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// its name
    pub name: String,
    /// its CREATE statement as SQLite keeps it
    pub sql: String,
    /// its columns with their declared types as SQLite derives them; an error's sentence where SQLite cannot, because a
    /// table or a function of it is missing
    pub columns: Result<Vec<ViewColumn>, String>,
    /// what it selects; the parser's sentence where it could not be read
    pub select: Result<Select, String>,
}

/// One column of a view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViewColumn {
    /// its name
    pub name: String,
    /// declared type of the column that it shows, empty for an expression
    pub declared: String,
}

/// One ordinary table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// its name
    pub name: String,
    /// its CREATE statement as SQLite keeps it
    pub sql: String,
    /// WITHOUT ROWID
    pub without_rowid: bool,
    /// its texts are UTF-16, and ordered by those bytes
    pub utf16: bool,
    /// an index of the file disagrees with its table, so that UNIQUE is not proved by one
    pub indexes_doubted: bool,
    /// STRICT
    pub strict: bool,
    /// AUTOINCREMENT
    pub autoincrement: bool,
    /// `sqlite_sequence.seq`, the largest where the table is listed more than once
    pub sequence: Option<i64>,
    /// columns, generated ones included, hidden ones of virtual tables never
    pub columns: Vec<Column>,
    /// indexes into `columns`, in key order; empty without a declared key
    pub primary_key: Vec<usize>,
    /// the column that is another name for the rowid (SQLite manual, "ROWIDs and the INTEGER PRIMARY KEY")
    pub rowid_column: Option<usize>,
    /// the name of the rowid, where it was settled before columns were left out
    pub rowid_alias: Option<String>,
    /// indexes, those of UNIQUE and PRIMARY KEY included
    pub indexes: Vec<Index>,
    /// foreign keys in the order of their declaration
    pub foreign_keys: Vec<ForeignKey>,
    /// what only the text of the statement tells
    pub ddl: ddl::TableText,
}

/// How a column gets its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Generated {
    /// it is stored as inserted
    #[default]
    No,
    /// GENERATED … VIRTUAL
    Virtual,
    /// GENERATED … STORED
    Stored,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// its name
    pub name: String,
    /// declared type as spelled, empty without one
    pub declared: String,
    /// what the declared type means for storage
    pub affinity: Affinity,
    /// NOT NULL
    pub not_null: bool,
    /// text of the DEFAULT, without the outer parentheses
    pub default: Option<String>,
    /// collation of comparisons
    pub collation: String,
    /// generated or not
    pub generated: Generated,
}

/// Where an index comes from (`PRAGMA index_list`, origin).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IndexOrigin {
    /// CREATE INDEX
    #[default]
    Created,
    /// a UNIQUE constraint
    Unique,
    /// the PRIMARY KEY
    PrimaryKey,
}

/// One index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    /// its name
    pub name: String,
    /// where it comes from
    pub origin: IndexOrigin,
    /// keys may not repeat
    pub unique: bool,
    /// it has a WHERE
    pub partial: bool,
    /// the WHERE, where it could be read
    pub filter: Option<Expr>,
    /// its key, in order
    pub keys: Vec<IndexKey>,
    /// its CREATE statement, empty where a constraint made it
    pub sql: String,
}

/// One part of an index key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IndexKey {
    /// index into the table's columns; none for an expression
    pub column: Option<usize>,
    /// the expression, where it is one and could be read
    pub expr: Option<Expr>,
    /// DESC
    pub descending: bool,
    /// collation
    pub collation: String,
}

/// One foreign key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForeignKey {
    /// name of the constraint, where it has one
    pub name: Option<String>,
    /// parent table as spelled
    pub parent: String,
    /// indexes into the child's columns
    pub columns: Vec<usize>,
    /// parent columns as spelled; empty means the parent's primary key
    pub parent_columns: Vec<String>,
    /// ON UPDATE
    pub on_update: String,
    /// ON DELETE
    pub on_delete: String,
    /// DEFERRABLE and its initial mode
    pub deferrable: ddl::Deferrable,
}

impl Catalog {
    /// The table of that name, as SQLite compares names (ASCII letters without case).
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

impl Table {
    /// Index of the column of that name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Names of the columns at `indexes`.
    pub fn column_names<'a>(&'a self, indexes: &'a [usize]) -> impl Iterator<Item = &'a str> + 'a {
        indexes.iter().map(|&i| self.columns[i].name.as_str())
    }

    /// The first of SQLite's three names for the rowid that no column hides, or the column that is the rowid.
    /// None where the table has no rowid or all names are taken (semantics.md §4.5).
    pub fn rowid_name(&self) -> Option<&str> {
        if self.without_rowid {
            return None;
        }
        if let Some(alias) = &self.rowid_alias {
            return Some(alias);
        }
        if let Some(column) = self.rowid_column {
            return Some(&self.columns[column].name);
        }
        ["_rowid_", "oid", "rowid"].into_iter().find(|name| self.column_index(name).is_none())
    }
}
