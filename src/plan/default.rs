//! Column defaults: read, put through the column's affinity and written as the target type's (semantics.md §3.6).
//!
//! What the translator cannot mean exactly is not carried and is listed; nothing is copied as text.

pub use super::translate::Class;

use super::translate::{self, Scope};
use super::types::{Codec, Mapping, PgType};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::Expr;
use crate::catalog::read;

/// What becomes of a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// there is nothing to write: the default is NULL
    None,
    /// the target's expression
    Expression(String),
    /// it cannot be carried, and why
    NotCarried(String),
}

/// The class in which a column of that affinity would store the default `text`; none where it is NULL or no constant.
pub fn class(text: &str, affinity: Affinity) -> Option<Class> {
    translate::constant_class(&read::expression(text).ok()?, affinity)
}

/// Translates the default `text` of a column with that affinity into the target's type.
pub fn translate(text: &str, affinity: Affinity, pg: PgType, codec: &Codec) -> Default {
    let mapping = Mapping { pg, codec: codec.clone() };
    match read::expression(text).and_then(|expr| of_expression(&expr, affinity, &mapping)) {
        Ok(sql) if sql == "NULL" => Default::None,
        Ok(sql) => Default::Expression(sql),
        Err(why) => Default::NotCarried(why),
    }
}

/// What a column of that affinity and type gets from an expression that needs no row.
///
/// # Errors
/// The reason why it is not translated.
pub(super) fn of_expression(expr: &Expr, affinity: Affinity, mapping: &Mapping) -> Result<String, String> {
    translate::stored(expr, &Scope::default(), affinity, mapping).map(|made| made.sql)
}

fn strip_parentheses(mut text: &str) -> &str {
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        if !is_balanced(inner) {
            break;
        }
        text = inner.trim();
    }
    text
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0i32;
    text.bytes().all(|b| {
        depth += i32::from(b == b'(') - i32::from(b == b')');
        depth >= 0
    }) && depth == 0
}

/// SQLite's words for the present moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// date and time
    Stamp,
    /// date
    Date,
    /// time of day
    Time,
}

/// `CURRENT_TIMESTAMP`, `datetime('now')` and their relatives, however spelled.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = strip_parentheses(text.trim());
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    match bare.as_str() {
        "current_timestamp"
        | "datetime('now')"
        | "datetime(\"now\")"
        | "datetime()"
        | "datetime(current_timestamp)" => Some(Moment::Stamp),
        "current_date" | "date('now')" | "date(\"now\")" | "date()" => Some(Moment::Date),
        "current_time" | "time('now')" | "time(\"now\")" | "time()" => Some(Moment::Time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::types::Unit;

    fn translated(text: &str, declared: &str, pg: PgType, codec: Codec) -> Default {
        translate(text, Affinity::of(declared, false), pg, &codec)
    }

    /// The DEFAULT table of semantics.md §3.6.
    #[test]
    fn defaults_by_the_table() {
        let yes = |text: &str| Default::Expression(text.to_owned());
        let not = |why: &str| Default::NotCarried(why.to_owned());
        let no = not("the column's type cannot hold this value");
        let text = not("a text that is not spelled as the column's values are");
        let number = not("a number for a column whose numbers are read as times");
        let version = not("the text of a REAL, which depends on SQLite's version");
        let flag = || Codec::FlagText { yes: "t".to_owned(), no: "f".to_owned() };
        let table = [
            ("'abc'", "TEXT", PgType::Text, Codec::Text, yes("'abc'")),
            ("\"abc\"", "TEXT", PgType::Text, Codec::Text, yes("'abc'")),
            ("''", "INTEGER", PgType::Int8, Codec::Int, no.clone()),
            ("'7'", "INTEGER", PgType::Int8, Codec::Int, yes("7")),
            ("0", "BOOLEAN", PgType::Bool, Codec::Bool, yes("false")),
            ("true", "BOOLEAN", PgType::Bool, Codec::Bool, yes("true")),
            ("1.5", "INTEGER", PgType::Int8, Codec::Int, no.clone()),
            ("9223372036854775808", "INTEGER", PgType::Int8, Codec::Int, no.clone()),
            ("-1", "INTEGER", PgType::Int8, Codec::Int, yes("-1")),
            ("0x10", "INTEGER", PgType::Int8, Codec::Int, yes("16")),
            ("'0x10'", "INTEGER", PgType::Int8, Codec::Int, no.clone()),
            ("'- 5'", "INTEGER", PgType::Int8, Codec::Int, no.clone()),
            ("1.5", "TEXT", PgType::Text, Codec::Text, yes("'1.5'")),
            ("1e20", "TEXT", PgType::Text, Codec::Text, version.clone()),
            ("1e20", "TEXT", PgType::Float8, Codec::Float, version.clone()),
            (".22323703685477", "TEXT", PgType::Text, Codec::Text, version),
            (".2232370368547", "TEXT", PgType::Text, Codec::Text, yes("'0.2232370368547'")),
            ("-0.0", "TEXT", PgType::Text, Codec::Text, yes("'0.0'")),
            ("' 5\n'", "INTEGER", PgType::Int8, Codec::Int, yes("5")),
            ("' 5 '", "INTEGER", PgType::Text, Codec::Text, no.clone()),
            ("1", "REAL", PgType::Float8, Codec::Float, yes("1.0")),
            ("5", "TEXT", PgType::Text, Codec::Text, yes("'5'")),
            ("x'00ff'", "BLOB", PgType::Bytea, Codec::Blob, yes("'\\x00ff'::pg_catalog.bytea")),
            ("NULL", "TEXT", PgType::Text, Codec::Text, Default::None),
            ("'it''s'", "TEXT", PgType::Text, Codec::Text, yes("'it''s'")),
            ("7", "INTEGER", PgType::Int2, Codec::Int, yes("7")),
            ("40000", "INTEGER", PgType::Int2, Codec::Int, no.clone()),
            ("40000", "INTEGER", PgType::Int4, Codec::Int, yes("40000")),
            ("1.25", "DECIMAL", PgType::Numeric(Some((4, 2))), Codec::Number, yes("1.25")),
            ("1.255", "DECIMAL", PgType::Numeric(Some((4, 2))), Codec::Number, no.clone()),
            ("100", "DECIMAL", PgType::Numeric(Some((4, 2))), Codec::Number, no.clone()),
            ("'abc'", "TEXT", PgType::Varchar(Some(3)), Codec::Text, yes("'abc'")),
            ("'abcd'", "TEXT", PgType::Varchar(Some(3)), Codec::Text, no.clone()),
            ("7", "INTEGER", PgType::Varchar(Some(3)), Codec::TextForm, yes("'7'")),
            ("'t'", "TEXT", PgType::Bool, flag(), yes("true")),
            ("'f'", "TEXT", PgType::Bool, flag(), yes("false")),
            ("'maybe'", "TEXT", PgType::Bool, flag(), text.clone()),
            ("0", "INTEGER", PgType::Timestamptz(6), Codec::Epoch(Unit::Seconds), number),
            (
                "(strftime('%s','now'))",
                "INTEGER",
                PgType::Int8,
                Codec::Int,
                yes(
                    "pg_catalog.floor(extract(epoch FROM pg_catalog.statement_timestamp()))::pg_catalog.int8",
                ),
            ),
            ("'a' || 'b'", "TEXT", PgType::Text, Codec::Text, yes("'ab'")),
            (
                "lower(hex(randomblob(16)))",
                "TEXT",
                PgType::Text,
                Codec::Text,
                not("randomblob(), which gives another value each time"),
            ),
        ];
        for (text, declared, pg, codec, expected) in table {
            assert_eq!(translated(text, declared, pg, codec), expected, "{text} on {declared}");
        }
    }

    #[test]
    fn the_present_moment() {
        for text in ["CURRENT_TIMESTAMP", "datetime('now')", "(datetime( 'now' ))"] {
            let Default::Expression(sql) = translated(text, "TEXT", PgType::Text, Codec::Text) else {
                panic!("{text}")
            };
            assert!(sql.contains("to_char") && sql.contains("UTC"), "{sql}");
        }
        let Default::Expression(sql) =
            translated("CURRENT_TIMESTAMP", "DATETIME", PgType::Timestamp(6), Codec::AnyTimestamp)
        else {
            panic!()
        };
        assert!(sql.starts_with("pg_catalog.date_trunc"));
        assert!(matches!(
            translated("CURRENT_TIMESTAMP", "INT", PgType::Int8, Codec::Int),
            Default::NotCarried(_)
        ));
    }
}
