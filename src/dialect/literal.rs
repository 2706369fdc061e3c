//! Constants of a script as a column of the target stores them.

use super::Reason;
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{Expr, Quote};
use crate::encode;
use crate::ident::literal;
use crate::plan::translate::{self, Scope};
use crate::plan::types::{Codec, Mapping, PgType};
use crate::value::Value;

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Literal {
    /// PostgreSQL's text
    pub sql: String,
    /// it is NULL
    pub is_null: bool,
    /// it is the same whenever the statement runs
    pub is_constant: bool,
}

/// The value that a column with this affinity and mapping gets.
///
/// # Errors
/// Why it is not translated.
pub(super) fn of(expr: &Expr, affinity: Affinity, mapping: &Mapping) -> Result<Literal, Reason> {
    let expr = plain(expr);
    if expr == Expr::Null {
        return Ok(Literal { sql: "NULL".to_owned(), is_null: true, is_constant: true });
    }
    let mapping = &lenient(mapping);
    let is_constant = is_constant(&expr);
    if let Some(sql) = of_spelling(&expr, affinity, mapping)? {
        return Ok(Literal { sql, is_null: false, is_constant });
    }
    let translated = translate::stored(&expr, &Scope::default(), affinity, mapping)?;
    Ok(Literal { sql: translated.sql, is_null: false, is_constant })
}

/// What a name means where nothing can be called so: a text, a truth value.
fn plain(expr: &Expr) -> Expr {
    match expr {
        Expr::Name { table: None, name, quote: Quote::Double } => Expr::Text(name.clone()),
        Expr::Name { table: None, name, quote: Quote::None } if name.eq_ignore_ascii_case("true") => {
            Expr::Number("1".to_owned())
        }
        Expr::Name { table: None, name, quote: Quote::None } if name.eq_ignore_ascii_case("false") => {
            Expr::Number("0".to_owned())
        }
        other => other.clone(),
    }
}

/// A codec that takes every spelling of the type: a script's rows are few, and each is looked at.
fn lenient(mapping: &Mapping) -> Mapping {
    let codec = match (&mapping.codec, mapping.pg) {
        (Codec::Stamp(_) | Codec::AnyTimestamp, PgType::Timestamp(_)) => Codec::AnyTimestamp,
        (Codec::Stamp(_) | Codec::AnyTimestamptz, PgType::Timestamptz(_)) => Codec::AnyTimestamptz,
        (Codec::TimeOfDay(_), _) => Codec::AnyTime,
        (Codec::Uuid | Codec::UuidStyle(_), _) => Codec::UuidAny,
        (codec, _) => codec.clone(),
    };
    Mapping { pg: mapping.pg, codec }
}

/// The literal of a text whose type reads it the way the column's codec does, which looks at it first.
fn of_spelling(expr: &Expr, affinity: Affinity, mapping: &Mapping) -> Result<Option<String>, Reason> {
    let Expr::Text(text) = expr else { return Ok(None) };
    let is_read_alike = matches!(
        &mapping.codec,
        Codec::AnyTimestamp
            | Codec::AnyTimestamptz
            | Codec::AnyTime
            | Codec::Date
            | Codec::UuidAny
            | Codec::Json
            | Codec::Jsonb
            | Codec::Network
    );
    if !is_read_alike {
        return Ok(None);
    }
    let is_number = text.trim().parse::<f64>().is_ok();
    let fits = encode::value(Value::Text(text.as_bytes()), mapping, &mut Vec::new()).is_ok();
    if !fits || (is_number && affinity.converts_numbers()) {
        return Err(format!("a text that is no {}", mapping.pg));
    }
    Ok(Some(format!("{}::{}", literal(text), mapping.pg)))
}

/// The expression is a constant: it gives the same whenever the statement runs.
pub(super) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Null | Expr::Number(_) | Expr::Text(_) | Expr::Blob(_) => true,
        Expr::Unary(_, inner) => is_constant(inner),
        _ => false,
    }
}
