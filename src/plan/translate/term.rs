//! A part of an expression on its way: PostgreSQL's text, and what SQLite's value of it can be.

use super::literal::{self, Constant};
use super::{Reason, Translated};
use crate::catalog::affinity::Affinity;
use crate::plan::types::{Codec, Mapping, PgType};

/// A translated part.
pub(super) type Made = Result<Term, Reason>;

/// What SQLite's value of a term can be, NULL apart, and how PostgreSQL holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// nothing but NULL
    Null,
    /// INTEGER 0 or 1, as `boolean`
    Flag,
    /// INTEGER, as `smallint`, `integer` or `bigint`
    Integer(PgType),
    /// REAL, as `double precision`
    Real,
    /// INTEGER or REAL by its value alone, as `double precision`: every INTEGER of it is one that a double holds
    Double,
    /// INTEGER or REAL as `numeric`, a REAL by its shortest decimal
    Number,
    /// TEXT, as `text`
    Text,
    /// BLOB, as `bytea`
    Blob,
    /// one class that became another type without a loss (`held`): a date, a UUID, a count of seconds, …
    Held(Mapping),
    /// values of several classes, or a type that does not say how the value was spelled; only NULL can be told
    Mixed(Mapping),
}

/// How tight a text binds; what binds looser than its place asks for is put in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    /// OR
    Or,
    /// AND
    And,
    /// NOT
    Not,
    /// `=`, IS, IN, LIKE
    Compare,
    /// any other operator, a sign
    Operator,
    /// COLLATE
    Collate,
    /// a name, a literal, a call, a cast
    Atom,
}

/// A collation and whether it was said in the expression itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Collation {
    /// in upper case
    pub(super) name: String,
    /// by COLLATE, not by a column
    pub(super) explicit: bool,
}

/// What is known of a text where SQLite would make a number of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Looks {
    /// nothing
    Unknown,
    /// it never looks like a number
    NoNumber,
    /// it is always an integer: that integer, as `bigint`
    Integer(String),
}

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// PostgreSQL's text
    pub(super) sql: String,
    /// how tight it binds
    pub(super) binding: Binding,
    /// what it can be
    pub(super) kind: Kind,
    /// a column's or a CAST's affinity; none for any other expression
    pub(super) affinity: Option<Affinity>,
    /// what texts of it are compared by
    pub(super) collation: Option<Collation>,
    /// it can be NULL
    pub(super) nullable: bool,
    /// its value, where it is a literal
    pub(super) constant: Option<Constant>,
    /// it is made of functions that PostgreSQL calls immutable
    pub(super) immutable: bool,
    /// it needs a row, or is not known to be without one
    pub(super) of_row: bool,
    /// a part of it is a call with texts or bytes that needs no row: PostgreSQL computes it when a generated column is made,
    /// before it knows by which collation
    pub(super) precomputed: bool,
    /// it depends on the bytes of a text, which are others in a UTF-16 file
    pub(super) encoded: bool,
    /// INTEGER or REAL by its value alone, and a double may stand for either: whole numbers are exact up to 2^53
    pub(super) by_double: bool,
    /// as a text where a number is wanted
    pub(super) looks: Looks,
    /// the `timestamp` that a date or time was cut from, where it is SQLite's present moment
    pub(super) moment: Option<String>,
    /// what is to be said of it
    pub(super) notes: Vec<String>,
}

impl Term {
    /// A literal.
    ///
    /// # Errors
    /// A text with NUL, which PostgreSQL has not.
    pub(super) fn constant(constant: Constant) -> Made {
        let (sql, binding) = literal::sql(&constant)?;
        let kind = match &constant {
            Constant::Null => Kind::Null,
            Constant::Integer(value) => Kind::Integer(literal::integer_type(*value)),
            Constant::Real(_) => Kind::Real,
            Constant::Text(_) => Kind::Text,
            Constant::Blob(_) => Kind::Blob,
        };
        let nullable = kind == Kind::Null;
        Ok(Term { binding, nullable, constant: Some(constant), of_row: false, ..Term::bare(sql, kind) })
    }

    /// A constant that was computed of others: it depends on what they do, and has the COLLATE within.
    ///
    /// # Errors
    /// A text with NUL, which PostgreSQL has not.
    pub(super) fn computed(parts: &[&Term], constant: Constant) -> Made {
        let Term { sql, binding, kind, nullable, constant, .. } = Term::constant(constant)?;
        Ok(Term { nullable, constant, precomputed: false, ..Term::of(parts, sql, binding, kind) })
    }

    /// A text that depends on nothing.
    pub(super) fn bare(sql: String, kind: Kind) -> Term {
        Term {
            sql,
            binding: Binding::Atom,
            kind,
            affinity: None,
            collation: None,
            nullable: false,
            constant: None,
            immutable: true,
            of_row: true,
            precomputed: false,
            encoded: false,
            by_double: false,
            looks: Looks::Unknown,
            moment: None,
            notes: Vec::new(),
        }
    }

    /// What is made of other terms: NULL where one of them is, with their notes and the COLLATE within.
    pub(super) fn of(parts: &[&Term], sql: String, binding: Binding, kind: Kind) -> Term {
        let explicit = |term: &&&Term| term.collation.as_ref().is_some_and(|one| one.explicit);
        let mut notes: Vec<String> = Vec::new();
        for note in parts.iter().flat_map(|part| &part.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let of_row = parts.iter().any(|part| part.of_row);
        let is_collated =
            parts.iter().any(|part| matches!(part.kind, Kind::Text | Kind::Blob | Kind::Held(_)));
        Term {
            binding,
            of_row,
            precomputed: parts.iter().any(|part| part.precomputed) || (!of_row && is_collated),
            encoded: parts.iter().any(|part| part.encoded),
            by_double: parts.iter().any(|part| part.by_double),
            collation: parts.iter().find(explicit).and_then(|term| term.collation.clone()),
            nullable: parts.iter().any(|part| part.nullable),
            immutable: parts.iter().all(|part| part.immutable),
            notes,
            ..Term::bare(sql, kind)
        }
    }

    /// The same value of the same column or CAST in other words.
    pub(super) fn reworded(&self, sql: String, binding: Binding, kind: Kind) -> Term {
        let collation = self.collation.clone();
        Term { affinity: self.affinity, collation, ..Term::of(&[self], sql, binding, kind) }
    }

    /// The value as the result of a function of `parts`: of a column's affinity and collation nothing is left.
    pub(super) fn as_result(&self, parts: &[&Term]) -> Term {
        let made = Term::of(parts, self.sql.clone(), self.binding, self.kind.clone());
        Term {
            nullable: self.nullable,
            constant: self.constant.clone(),
            of_row: self.of_row,
            looks: self.looks.clone(),
            moment: self.moment.clone(),
            precomputed: parts.iter().any(|part| part.precomputed),
            ..made
        }
    }

    /// A call, a cast: what needs no parentheses.
    pub(super) fn call(parts: &[&Term], sql: String, kind: Kind) -> Term {
        Term::of(parts, sql, Binding::Atom, kind)
    }

    /// With one note more.
    pub(super) fn note(mut self, note: &str) -> Term {
        if !self.notes.iter().any(|other| other == note) {
            self.notes.push(note.to_owned());
        }
        self
    }

    /// Made of something that PostgreSQL calls stable, not immutable.
    pub(super) fn stable(mut self) -> Term {
        self.immutable = false;
        self
    }

    /// Dependent on the bytes of a text.
    pub(super) fn of_encoding(mut self) -> Term {
        self.encoded = true;
        self
    }

    /// Its text for a place where nothing looser than `binding` may stand.
    pub(super) fn at(&self, binding: Binding) -> String {
        if self.binding < binding { format!("({})", self.sql) } else { self.sql.clone() }
    }

    /// Its text as an operand of any operator.
    pub(super) fn atom(&self) -> String {
        self.at(Binding::Atom)
    }

    /// `::type` behind it.
    pub(super) fn cast(&self, pg: &str) -> String {
        format!("{}::pg_catalog.{pg}", self.atom())
    }

    /// The text constant that it is.
    pub(super) fn text_constant(&self) -> Option<&str> {
        match &self.constant {
            Some(Constant::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The integer constant that it is.
    pub(super) fn integer_constant(&self) -> Option<i64> {
        match &self.constant {
            Some(Constant::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// SQL for "it is not NULL", none where it never is.
    pub(super) fn presence(&self) -> Option<String> {
        self.nullable.then(|| format!("{} IS NOT NULL", self.at(Binding::Operator)))
    }

    /// What becomes of it outside of this room.
    pub(super) fn finish(self) -> Translated {
        Translated {
            mapping: self.kind.mapping(),
            sql: self.sql,
            affinity: self.affinity.unwrap_or_default(),
            notes: self.notes,
        }
    }
}

impl Kind {
    /// The kind of a column's values.
    pub(super) fn of_mapping(mapping: &Mapping) -> Kind {
        match (&mapping.codec, mapping.pg) {
            (Codec::Bool, _) => Kind::Flag,
            (Codec::Int, pg) => Kind::Integer(pg),
            (Codec::Float, _) => Kind::Real,
            (Codec::FloatNumber, _) => Kind::Double,
            (Codec::Number | Codec::NumberByValue, _) => Kind::Number,
            (Codec::Text, _) => Kind::Text,
            (Codec::Blob, _) => Kind::Blob,
            _ if super::held::is_held(mapping) => Kind::Held(mapping.clone()),
            _ => Kind::Mixed(mapping.clone()),
        }
    }

    /// The type, and how SQLite's value would become it.
    pub(super) fn mapping(&self) -> Mapping {
        let (pg, codec) = match self {
            Kind::Null | Kind::Text => (PgType::Text, Codec::Text),
            Kind::Flag => (PgType::Bool, Codec::Bool),
            Kind::Integer(pg) => (*pg, Codec::Int),
            Kind::Real => (PgType::Float8, Codec::Float),
            Kind::Double => (PgType::Float8, Codec::FloatNumber),
            Kind::Number => (PgType::Numeric(None), Codec::NumberByValue),
            Kind::Blob => (PgType::Bytea, Codec::Blob),
            Kind::Held(mapping) | Kind::Mixed(mapping) => return mapping.clone(),
        };
        Mapping { pg, codec }
    }

    /// What its values are called in a reason.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Kind::Null => "NULL",
            Kind::Flag | Kind::Integer(_) => "an INTEGER",
            Kind::Real => "a REAL",
            Kind::Double | Kind::Number => "a number that is INTEGER or REAL",
            Kind::Text => "a TEXT",
            Kind::Blob => "a BLOB",
            Kind::Held(_) => "a value that became another type",
            Kind::Mixed(_) => "a value of several classes or spellings",
        }
    }
}
