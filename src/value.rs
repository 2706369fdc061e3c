//! One cell of a SQLite table, borrowed from the row that SQLite stands on.

/// A cell in one of SQLite's five storage classes (SQLite manual, "Datatypes in SQLite", §2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// `NULL`
    Null,
    /// `INTEGER`, always 64 bits wide here
    Integer(i64),
    /// `REAL`; never NaN, which SQLite stores as NULL
    Real(f64),
    /// `TEXT`: the bytes as stored, **not** yet known to be UTF-8 and possibly with NUL inside.
    /// A UTF-16 file's text arrives here as UTF-8, unless the plan asked for the stored bytes.
    Text(&'a [u8]),
    /// `BLOB`
    Blob(&'a [u8]),
}

impl Value<'_> {
    /// The storage class.
    pub fn class(&self) -> Class {
        match self {
            Value::Null => Class::Null,
            Value::Integer(_) => Class::Integer,
            Value::Real(_) => Class::Real,
            Value::Text(_) => Class::Text,
            Value::Blob(_) => Class::Blob,
        }
    }

    /// Bytes this cell takes, roughly, in a COPY stream: what chunks are measured by.
    pub fn weight_bytes(&self) -> usize {
        match self {
            Value::Null => 4,
            Value::Integer(_) | Value::Real(_) => 12,
            Value::Text(bytes) | Value::Blob(bytes) => 4 + bytes.len(),
        }
    }
}

/// A value that is bound to a parameter of a query, on either side.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `NULL`
    Null,
    /// a truth value: 1 or 0 to SQLite
    Flag(bool),
    /// a whole number of 64 bits
    Integer(i64),
    /// any other number
    Real(f64),
    /// a text, or JSON as a text
    Text(String),
}

/// SQLite's storage classes, spelled as `typeof()` spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `null`
    Null,
    /// `integer`
    Integer,
    /// `real`
    Real,
    /// `text`
    Text,
    /// `blob`
    Blob,
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Class::Null => "NULL",
            Class::Integer => "INTEGER",
            Class::Real => "REAL",
            Class::Text => "TEXT",
            Class::Blob => "BLOB",
        })
    }
}
