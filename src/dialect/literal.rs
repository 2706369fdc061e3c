//! Constants of a script as a column of the target stores them.

use super::Reason;
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{Expr, Quote, UnaryOp};
use crate::encode;
use crate::ident::literal;
use crate::plan::default::{self, Default};
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
    let text = spelled(&expr);
    let is_constant = text.is_some();
    if let Some(sql) = of_spelling(&expr, affinity, mapping)? {
        return Ok(Literal { sql, is_null: false, is_constant });
    }
    if let Some(text) = text.or_else(|| moment(&expr))
        && let Default::Expression(sql) = default::translate(&text, affinity, mapping.pg, &mapping.codec)
    {
        return Ok(Literal { sql, is_null: false, is_constant });
    }
    let translated = translate::stored(&expr, &Scope::default(), affinity, mapping)?;
    Ok(Literal { sql: translated.sql, is_null: translated_null(&expr), is_constant })
}

fn translated_null(expr: &Expr) -> bool {
    *expr == Expr::Null
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
    let is_read_alike = match &mapping.codec {
        Codec::AnyTimestamp | Codec::AnyTimestamptz | Codec::AnyTime | Codec::Date => true,
        Codec::UuidAny | Codec::Json | Codec::Jsonb | Codec::Network => true,
        _ => false,
    };
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

/// A constant as SQLite's grammar has it.
fn spelled(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Number(text) => Some(text.replace('_', "")),
        Expr::Text(text) => Some(format!("'{}'", text.replace('\'', "''"))),
        Expr::Blob(bytes) => {
            Some(format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        }
        Expr::Unary(UnaryOp::Minus, inner) => match inner.as_ref() {
            Expr::Number(text) => Some(format!("-{}", text.replace('_', ""))),
            _ => None,
        },
        Expr::Unary(UnaryOp::Plus, inner) => spelled(inner),
        _ => None,
    }
}

/// The present moment.
fn moment(expr: &Expr) -> Option<String> {
    use crate::catalog::expr::Moment;
    match expr {
        Expr::Moment(Moment::Stamp) => Some("CURRENT_TIMESTAMP".to_owned()),
        Expr::Moment(Moment::Date) => Some("CURRENT_DATE".to_owned()),
        Expr::Moment(Moment::Time) => Some("CURRENT_TIME".to_owned()),
        Expr::Call(call) if call.arguments == [Expr::Text("now".to_owned())] => {
            Some(format!("{}('now')", call.name))
        }
        _ => None,
    }
}
