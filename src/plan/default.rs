//! Column defaults: constants, and SQLite's words for the present moment (semantics.md §3.6).
//!
//! A constant is read, put through the column's affinity and written as the target type's literal. Any other expression
//! is not carried and is listed; nothing is copied as text.

use super::translate::{self, Scope};
use super::types::{Codec, Mapping, PgType};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{self, Expr, Quote};
use crate::ident::literal;

/// A constant of SQLite.
#[derive(Debug, Clone, PartialEq)]
enum Constant {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(String),
}

/// What becomes of a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// there is nothing to write: the default is NULL
    None,
    /// the target's expression
    Expression(String),
    /// it cannot be carried, and why
    NotCarried(&'static str),
}

/// Storage class of a constant other than NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// INTEGER
    Integer,
    /// REAL
    Real,
    /// TEXT
    Text,
    /// BLOB
    Blob,
}

/// The class in which a column of that affinity would store the default `text`; none where it is NULL or no constant.
pub fn class(text: &str, affinity: Affinity) -> Option<Class> {
    match apply_affinity(read_constant(strip_parentheses(text.trim()))?, affinity)? {
        Constant::Null => None,
        Constant::Integer(_) => Some(Class::Integer),
        Constant::Real(_) => Some(Class::Real),
        Constant::Text(_) => Some(Class::Text),
        Constant::Blob(_) => Some(Class::Blob),
    }
}

/// Translates the default `text` of a column with that affinity into the target's type.
pub fn translate(text: &str, affinity: Affinity, pg: PgType, codec: &Codec) -> Default {
    let text = strip_parentheses(text.trim());
    if let Some(moment) = moment(text) {
        return of_moment(moment, pg);
    }
    let Some(constant) = read_constant(text) else {
        return Default::NotCarried("an expression that is not translated");
    };
    match apply_affinity(constant, affinity) {
        Some(stored) => of_constant(stored, pg, codec),
        None => Default::NotCarried("the column's type cannot hold this value"),
    }
}

/// What a column of that affinity and type gets from an expression that needs no row.
pub(super) fn of_expression(expr: &Expr, affinity: Affinity, mapping: &Mapping) -> Result<String, String> {
    if let Some(moment) = moment_of(expr)
        && let Default::Expression(sql) = of_moment(moment, mapping.pg)
    {
        return Ok(sql);
    }
    translate::stored(expr, &Scope::default(), affinity, mapping).map(|found| found.sql)
}

fn moment_of(expr: &Expr) -> Option<Moment> {
    match expr {
        Expr::Moment(expr::Moment::Stamp) => Some(Moment::Stamp),
        Expr::Moment(expr::Moment::Date) => Some(Moment::Date),
        Expr::Moment(expr::Moment::Time) => Some(Moment::Time),
        Expr::Call(call) => {
            let is_now = match call.arguments.as_slice() {
                [] => !call.star,
                [Expr::Text(now)] | [Expr::Name { table: None, name: now, quote: Quote::Double }] => {
                    now.eq_ignore_ascii_case("now")
                }
                _ => false,
            };
            match (call.name.as_str(), is_now) {
                ("datetime", true) => Some(Moment::Stamp),
                ("date", true) => Some(Moment::Date),
                ("time", true) => Some(Moment::Time),
                _ => None,
            }
        }
        _ => None,
    }
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

/// SQLite's present moment is UTC to the second; a literal `'now'` would be frozen by PostgreSQL at CREATE TABLE.
fn of_moment(moment: Moment, pg: PgType) -> Default {
    let utc = "pg_catalog.statement_timestamp() AT TIME ZONE 'UTC'";
    let expression = match (moment, pg) {
        (Moment::Stamp, PgType::Text | PgType::Varchar(None)) => {
            format!("pg_catalog.to_char({utc}, 'YYYY-MM-DD HH24:MI:SS')")
        }
        (Moment::Date, PgType::Text | PgType::Varchar(None)) => {
            format!("pg_catalog.to_char({utc}, 'YYYY-MM-DD')")
        }
        (Moment::Time, PgType::Text | PgType::Varchar(None)) => {
            format!("pg_catalog.to_char({utc}, 'HH24:MI:SS')")
        }
        (Moment::Stamp, PgType::Timestamp(_)) => format!("pg_catalog.date_trunc('second', {utc})"),
        (Moment::Stamp, PgType::Timestamptz(_)) => {
            "pg_catalog.date_trunc('second', pg_catalog.statement_timestamp())".to_owned()
        }
        (Moment::Date, PgType::Date) => format!("({utc})::pg_catalog.date"),
        (Moment::Time, PgType::Time(_)) => {
            format!("pg_catalog.date_trunc('second', {utc})::pg_catalog.time")
        }
        _ => return Default::NotCarried("the present moment in a column of another type"),
    };
    Default::Expression(expression)
}

fn read_constant(text: &str) -> Option<Constant> {
    if let Some(quoted) = unquoted(text) {
        return Some(Constant::Text(quoted));
    }
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "null" => return Some(Constant::Null),
        "true" => return Some(Constant::Integer(1)),
        "false" => return Some(Constant::Integer(0)),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("x'").and_then(|rest| rest.strip_suffix('\'')) {
        let valid = hex.len() % 2 == 0 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        return valid.then(|| Constant::Blob(hex.to_owned()));
    }
    read_number(&lower)
}

fn read_number(lower: &str) -> Option<Constant> {
    let (negative, digits) = match lower.strip_prefix('-') {
        Some(rest) => (true, rest.trim()),
        None => (false, lower.strip_prefix('+').unwrap_or(lower).trim()),
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        let value = u64::from_str_radix(hex, 16).ok()?.cast_signed();
        return Some(Constant::Integer(if negative { value.checked_neg()? } else { value }));
    }
    let starts_well = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts_well || !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-')) {
        return None;
    }
    let signed = if negative { format!("-{digits}") } else { digits.to_owned() };
    match signed.parse::<i64>() {
        Ok(integer) => Some(Constant::Integer(integer)),
        Err(_) => signed.parse::<f64>().ok().map(Constant::Real),
    }
}

/// A string constant in single quotes, or in the double quotes, backticks and brackets that SQLite takes for one
/// in a DEFAULT; a bare word, too.
fn unquoted(text: &str) -> Option<String> {
    let first = text.chars().next()?;
    if first == '[' {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        return (!inner.contains(']')).then(|| inner.to_owned());
    }
    if !matches!(first, '\'' | '"' | '`') {
        return None;
    }
    let inner = text.strip_prefix(first)?.strip_suffix(first)?;
    let doubled = format!("{first}{first}");
    let single = inner.replace(&doubled, "");
    (!single.contains(first)).then(|| inner.replace(&doubled, &first.to_string()))
}

/// What SQLite would store for the constant in a column of that affinity; none where only SQLite knows.
fn apply_affinity(constant: Constant, affinity: Affinity) -> Option<Constant> {
    Some(match (affinity, constant) {
        (Affinity::Text, Constant::Integer(integer)) => Constant::Text(integer.to_string()),
        (Affinity::Text, Constant::Real(real)) if is_written_alike(real) => {
            // SQLite writes no sign before a zero; the sum of −0 and 0 has none.
            Constant::Text(format!("{:?}", real + 0.0))
        }
        (Affinity::Text, Constant::Real(_)) => return None,
        (Affinity::Real, Constant::Integer(integer)) => Constant::Real(integer as f64),
        (affinity, Constant::Text(text)) if affinity.converts_numbers() => {
            let bare = text.trim_matches(is_sqlite_blank);
            match read_number(&bare.to_ascii_lowercase()) {
                Some(number) if is_plain_number(bare) => return apply_affinity(number, affinity),
                _ => Constant::Text(text),
            }
        }
        (Affinity::Integer | Affinity::Numeric, Constant::Real(real))
            if real.fract() == 0.0 && real.abs() < 9e18 =>
        {
            Constant::Integer(real as i64)
        }
        (_, constant) => constant,
    })
}

/// Whether every SQLite writes a real in a text column as we do: without an exponent, and with so few digits that neither
/// the 15 of older versions nor the 17 of newer ones, which drop what looks like an error from the 14th on, show another one.
fn is_written_alike(real: f64) -> bool {
    const DIGITS_MAX: usize = 13;
    let scientific = format!("{real:e}");
    let mantissa = scientific.split('e').next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    real == 0.0 || ((1e-4..1e15).contains(&real.abs()) && digits <= DIGITS_MAX)
}

/// What SQLite passes over around a number in a text (`sqlite3Isspace`).
fn is_sqlite_blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

/// Text that SQLite makes a number of: no hexadecimal, no blank within (semantics.md §1.2).
fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// JSON that a default can be without the server refusing the table: what this library and the server both take, and no
/// NUL, which `jsonb` has not.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok() && !text.contains("\\u")
}

fn of_constant(constant: Constant, pg: PgType, codec: &Codec) -> Default {
    let expression = match (pg, codec, constant) {
        (_, _, Constant::Null) => return Default::None,
        (PgType::Bool, Codec::Bool, Constant::Integer(flag @ (0 | 1))) => (flag == 1).to_string(),
        (PgType::Bool, Codec::FlagText { yes, no }, Constant::Text(text)) if text == *yes || text == *no => {
            (text == *yes).to_string()
        }
        (PgType::Int8, _, Constant::Integer(integer)) => integer.to_string(),
        (PgType::Int4, _, Constant::Integer(integer)) if i32::try_from(integer).is_ok() => {
            integer.to_string()
        }
        (PgType::Int2, _, Constant::Integer(integer)) if i16::try_from(integer).is_ok() => {
            integer.to_string()
        }
        (PgType::Numeric(Some((precision, scale))), _, Constant::Integer(integer))
            if fits_decimal(&integer.to_string(), precision, scale) =>
        {
            integer.to_string()
        }
        (PgType::Numeric(Some((precision, scale))), _, Constant::Real(real))
            if fits_decimal(&format!("{real:?}"), precision, scale) =>
        {
            format!("{real:?}")
        }
        (PgType::Varchar(length), Codec::TextForm, Constant::Integer(integer))
            if length.is_none_or(|length| integer.to_string().len() <= length as usize) =>
        {
            literal(&integer.to_string())
        }
        (PgType::Varchar(length), _, Constant::Text(text))
            if !text.contains('\0')
                && length.is_none_or(|length| text.chars().count() <= length as usize) =>
        {
            literal(&text)
        }
        (PgType::Numeric(None), _, Constant::Integer(integer)) => integer.to_string(),
        (PgType::Numeric(None) | PgType::Float8, _, Constant::Real(real)) if real.is_finite() => {
            format!("{real:?}")
        }
        (PgType::Text, Codec::TextForm, Constant::Integer(integer)) => literal(&integer.to_string()),
        (PgType::Json | PgType::Jsonb, _, Constant::Text(text)) if is_json(&text) => literal(&text),
        (PgType::Text, _, Constant::Text(text)) if !text.contains('\0') => literal(&text),
        (PgType::Bytea, Codec::Blob | Codec::BytesForm, Constant::Blob(hex)) => {
            format!("'\\x{hex}'::pg_catalog.bytea")
        }
        (pg, _, Constant::Text(_))
            if !matches!(pg, PgType::Text | PgType::Varchar(_) | PgType::Int8 | PgType::Numeric(_)) =>
        {
            return Default::NotCarried("a text constant for a column that became another type than text");
        }
        (PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Date | PgType::Interval(_), _, _) => {
            return Default::NotCarried("a number for a column whose numbers are read as times");
        }
        _ => return Default::NotCarried("the column's type cannot hold this value"),
    };
    Default::Expression(expression)
}

/// Whether `numeric(precision, scale)` takes a number without rounding it: not more digits behind the point, nor before it.
fn fits_decimal(number: &str, precision: u16, scale: i16) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_plain = [whole, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (whole, fraction) = (whole.len() as i64, fraction.len() as i64);
    is_plain && fraction <= i64::from(scale) && whole <= i64::from(precision) - i64::from(scale)
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
        let no = Default::NotCarried("the column's type cannot hold this value");
        let text = Default::NotCarried("a text constant for a column that became another type than text");
        let number = Default::NotCarried("a number for a column whose numbers are read as times");
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
            ("1e20", "TEXT", PgType::Text, Codec::Text, no.clone()),
            ("1e20", "TEXT", PgType::Float8, Codec::Float, no.clone()),
            (".22323703685477", "TEXT", PgType::Text, Codec::Text, no.clone()),
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
                Default::NotCarried("an expression that is not translated"),
            ),
            (
                "'a' || 'b'",
                "TEXT",
                PgType::Text,
                Codec::Text,
                Default::NotCarried("an expression that is not translated"),
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
