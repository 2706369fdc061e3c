//! How two schemas differ, what each difference means for the application, and what mends it without taking anything away.
//!
//! Pure: two [`Structure`]s and what is known of the types that fit give a list of [`Drift`]s.
//! Deliberately absent: any statement that drops or changes what is there.

mod casts;
mod columns;
mod compare;
mod constraints;
mod default;
mod fix;
mod indexes;
mod key;
mod pair;
mod planned;
mod text;
mod types;
mod words;

pub use compare::compare;
pub use fix::{fix_script, in_order, numbers, statements};
pub use pair::pairs;
pub use planned::structure_of;
pub use text::text;
pub use words::constant;

use crate::finding::{Finding, NotCarried};
use crate::plan::structure::{Check, Column, ForeignKey, Index, Structure, Table, View};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a difference means for an application that worked with the source; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Rank {
    /// statements are refused
    #[serde(rename = "would fail")]
    WouldFail,
    /// values change, or what was kept out gets in
    #[serde(rename = "would lose")]
    WouldLose,
    /// queries take longer
    #[serde(rename = "would slow")]
    WouldSlow,
    /// none of these, but it is not the same
    #[serde(rename = "differs")]
    Differs,
}

impl Rank {
    /// All of them, the worst first.
    pub const ALL: [Rank; 4] = [Rank::WouldFail, Rank::WouldLose, Rank::WouldSlow, Rank::Differs];

    /// The rank in words.
    pub fn name(self) -> &'static str {
        match self {
            Rank::WouldFail => "would fail",
            Rank::WouldLose => "would lose",
            Rank::WouldSlow => "would slow",
            Rank::Differs => "differs",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// what it means
    pub rank: Rank,
    /// `table`, `column`, `type`, `not null`, `default`, `primary key`, `unique`, `index`, `check`, `foreign key`, `view`, `name`
    pub kind: &'static str,
    /// `table`, `table.column`, or `table: name`
    pub object: String,
    /// what differs, as a sentence
    pub message: String,
    /// what mends it
    pub mend: Mend,
}

impl Drift {
    /// The target lacks something that the source has.
    pub fn is_loss(&self) -> bool {
        let adds = !matches!(self.mend, Mend::Nothing(_) | Mend::Default(..));
        let lacks = [compare::MISSING, "has no default in the target", "is a unique index only"];
        adds || lacks.iter().any(|words| self.message.starts_with(words))
    }

    /// What is lost are the numbers that a column takes by itself.
    pub fn takes_numbers(&self) -> bool {
        matches!(self.mend, Mend::Numbers(..))
    }

    /// It is there, but nothing sees to it that rows keep to it.
    pub fn is_switched_off(&self) -> bool {
        matches!(self.mend, Mend::SwitchOn(_))
    }

    /// It is there, but not every row is known to keep to it.
    pub fn is_not_valid(&self) -> bool {
        matches!(self.mend, Mend::Validate(..))
    }
}

/// What mends a difference without dropping anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Mend {
    /// the table with all that belongs to it
    Table(Table),
    /// a column of a table
    Column(String, Column),
    /// a default of a table's column
    Default(String, Column),
    /// an identity of a table's column
    Numbers(String, Column),
    /// NOT NULL of a table's column
    NotNull(String, String),
    /// an index or key of a table
    Index(String, Index),
    /// a CHECK of a table
    Check(String, Check),
    /// a foreign key of a table
    ForeignKey(String, ForeignKey),
    /// a constraint of a table that is there, but not valid
    Validate(String, String),
    /// triggers of a foreign key that are there, but switched off: the statements that switch them on
    SwitchOn(Vec<String>),
    /// a view
    View(View),
    /// nothing that only adds, and why
    Nothing(String),
}

/// Which kind of database a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// its types are what PostgreSQL's would be
    Sqlite,
    /// as it says itself
    Postgres,
}

/// Two schemas, and what is known of them.
#[derive(Debug)]
pub struct Sides<'a> {
    /// what the application worked with
    pub from: &'a Structure,
    /// what it is to work with
    pub to: &'a Structure,
    /// what they are
    pub dialects: (Dialect, Dialect),
    /// table and column, in the names of the SQLite side: another type, which holds every value
    pub fitting: BTreeSet<(String, String)>,
    /// the same: why the other side's type does not hold its values
    pub misfits: BTreeMap<(String, String), Finding>,
    /// what the SQLite side has and PostgreSQL cannot mean exactly; tables in the names of that side's plan
    pub not_carried: Vec<NotCarried>,
    /// expressions are of different writers, and are compared by their words
    pub loosely: bool,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// differences, the worst first
    pub drifts: Vec<Drift>,
    /// what was not compared, and why
    pub remarks: Vec<String>,
}
