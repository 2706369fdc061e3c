//! Aggregates: count, sum, total, avg, min, max, group_concat (SQLite manual, "Built-in Aggregate Functions").

use super::level::{Level, has_collate};
use super::same;
use super::walk::any;
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{Call, Expr};
use crate::ident::literal;
use crate::plan::translate::{Reason, Translated, condition, value};
use crate::plan::types::{Codec, Mapping, PgType};

/// What is said of sums over numbers that are no integers.
const NOTE: &str =
    "sums and averages of REALs depend on the order of the rows on both sides: the last digits may differ";

/// Whether a function sums rows up. `min` and `max` do so with one argument alone.
pub(super) fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    match call.name.as_str() {
        "count" | "sum" | "total" | "avg" | "group_concat" | "string_agg" | "median" => true,
        "min" | "max" => call.arguments.len() == 1,
        name => {
            name.starts_with("json_group_")
                || name.starts_with("jsonb_group_")
                || name.starts_with("percentile")
        }
    }
}

/// Whether an aggregate stands anywhere in the expression.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    any(expr, &is_aggregate)
}

/// The class of the numbers that are summed up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Integer,
    Real,
    /// INTEGER and REAL
    Either,
}

/// The value of an aggregate whose arguments are bound, and hold no subquery that is not translated.
pub(super) fn translate(call: &Call, level: &Level<'_>) -> Result<Translated, Reason> {
    belongs_here(call, level)?;
    let filter = match &call.filter {
        None => String::new(),
        Some(filter) => format!(" FILTER (WHERE {})", condition(filter, &level.scope)?.sql),
    };
    let aggregate = Aggregate { call, level, filter };
    let name = call.name.as_str();
    match (name, call.arguments.as_slice()) {
        ("count", []) => Ok(integer(format!("count(*){}", aggregate.filter))),
        ("count", [one]) => aggregate.count(one),
        ("sum" | "total" | "avg", [one]) => aggregate.sum(one),
        ("min" | "max", [one]) => aggregate.extreme(one),
        ("group_concat" | "string_agg", [one]) => aggregate.concat(one, ","),
        ("group_concat" | "string_agg", [one, Expr::Text(separator)]) => aggregate.concat(one, separator),
        _ => Err(format!("{name}() has no counterpart that is the same in every case")),
    }
}

/// An aggregate over nothing but columns of the query around belongs to that one.
fn belongs_here(call: &Call, level: &Level<'_>) -> Result<(), Reason> {
    let expr = Expr::Call(Box::new(call.clone()));
    let is_name = |one: &Expr| matches!(one, Expr::Name { table: Some(_), .. });
    let own = |one: &Expr| matches!(one, Expr::Name { table: Some(table), .. } if level.owns(table));
    if any(&expr, &is_name) && !any(&expr, &own) {
        return Err(format!("{}() sums up rows of the query around its own", call.name));
    }
    Ok(())
}

fn integer(sql: String) -> Translated {
    of(sql, PgType::Int8, Codec::Int)
}

fn of(sql: String, pg: PgType, codec: Codec) -> Translated {
    Translated { sql, mapping: Mapping { pg, codec }, affinity: Affinity::Blob, notes: Vec::new() }
}

struct Aggregate<'a> {
    call: &'a Call,
    level: &'a Level<'a>,
    filter: String,
}

impl Aggregate<'_> {
    fn distinct(&self) -> &'static str {
        if self.call.distinct { "DISTINCT " } else { "" }
    }

    fn count(&self, one: &Expr) -> Result<Translated, Reason> {
        let counted = value(one, &self.level.scope)?;
        let sql = if self.call.distinct { self.distinct_key(one, &counted)? } else { counted.sql };
        let sql = format!("count({}{sql}){}", self.distinct(), self.filter);
        Ok(Translated { notes: counted.notes, ..integer(sql) })
    }

    /// What is to be distinct so that it is so to SQLite.
    fn distinct_key(&self, one: &Expr, counted: &Translated) -> Result<String, Reason> {
        let collation = self.level.collation(one);
        if matches!(counted.mapping.codec, Codec::Text) {
            return same::sort_key(&enclosed(&counted.sql), &counted.mapping, &collation);
        }
        same::equality(&counted.mapping, &collation).map(|()| counted.sql.clone())
    }

    fn sum(&self, one: &Expr) -> Result<Translated, Reason> {
        let summed = value(one, &self.level.scope)?;
        let (sql, class) = self.number(&summed)?;
        let (distinct, filter) = (self.distinct(), &self.filter);
        let sum = |sql: &str| format!("sum({distinct}{sql}){filter}");
        let double = format!("{sql}::double precision");
        let integers = class == Class::Integer;
        let result = match self.call.name.as_str() {
            // numeric on its way; beyond 64 bits both sides fail
            "sum" if integers => integer(format!("({})::bigint", sum(&sql))),
            "sum" if class == Class::Real => of(sum(&double), PgType::Float8, Codec::Float),
            "sum" => of(sum(&double), PgType::Float8, Codec::FloatNumber),
            "total" => {
                let sum = if integers { format!("({})::double precision", sum(&sql)) } else { sum(&double) };
                of(format!("coalesce({sum}, 0::double precision)"), PgType::Float8, Codec::Float)
            }
            _ if integers => {
                let count = format!("nullif(count({distinct}{sql}){filter}, 0)");
                let sum = format!("({})::double precision", sum(&sql));
                of(format!("({sum} / {count})"), PgType::Float8, Codec::Float)
            }
            _ => of(format!("avg({distinct}{double}){filter}"), PgType::Float8, Codec::Float),
        };
        let notes = if integers { summed.notes } else { [summed.notes, vec![NOTE.to_owned()]].concat() };
        Ok(Translated { notes, ..result })
    }

    fn number(&self, summed: &Translated) -> Result<(String, Class), Reason> {
        let sql = enclosed(&summed.sql);
        match (&summed.mapping.codec, summed.mapping.pg) {
            (Codec::Bool, _) => Ok((format!("{sql}::integer"), Class::Integer)),
            (Codec::Int, PgType::Int2 | PgType::Int4 | PgType::Int8) => Ok((sql, Class::Integer)),
            (Codec::Float, _) => Ok((sql, Class::Real)),
            (Codec::FloatNumber | Codec::Number | Codec::NumberByValue, _) => Ok((sql, Class::Either)),
            _ => Err(format!("{}() of values that became {}", self.call.name, summed.mapping.pg)),
        }
    }

    /// `min(a)` and `max(a)`.
    fn extreme(&self, one: &Expr) -> Result<Translated, Reason> {
        let operand = value(one, &self.level.scope)?;
        let (name, filter, collation) = (&self.call.name, &self.filter, self.level.collation(one));
        let key =
            same::order_key(self.level.scope.utf16, &enclosed(&operand.sql), &operand.mapping, &collation)?;
        let sql = match (&operand.mapping.codec, operand.mapping.pg) {
            (_, PgType::Bytea | PgType::Uuid) => {
                return Err(format!("PostgreSQL has no {name}() of {}", operand.mapping.pg));
            }
            (Codec::Bool, _) => {
                format!("{}({key}){filter}", if name == "min" { "bool_and" } else { "bool_or" })
            }
            (Codec::Text, _) if collation != "BINARY" => {
                return Err(format!(
                    "{name}() of texts of the collation {collation}: which of two equal ones is open"
                ));
            }
            // What is compared with it has the collation of the database.
            (Codec::Text, _) => format!("({name}({key}){filter} COLLATE \"default\")"),
            _ => format!("{name}({key}){filter}"),
        };
        Ok(Translated { sql, affinity: Affinity::Blob, ..operand })
    }

    fn concat(&self, one: &Expr, separator: &str) -> Result<Translated, Reason> {
        let name = &self.call.name;
        if has_collate(one) || !self.call.order_by.iter().any(|term| term.expr == *one) {
            return Err(format!(
                "{name}() joins rows in an order that SQLite does not promise; an ORDER BY within it by what it joins would settle it"
            ));
        }
        let operand = value(one, &self.level.scope)?;
        let sql = enclosed(&operand.sql);
        let (joined, separator) = match (&operand.mapping.codec, operand.mapping.pg) {
            (Codec::Text, PgType::Text | PgType::Varchar(_)) => (sql, literal(separator)),
            (Codec::Int, PgType::Int2 | PgType::Int4 | PgType::Int8) => {
                (format!("{sql}::text"), literal(separator))
            }
            _ => return Err(format!("{name}() of values that became {}", operand.mapping.pg)),
        };
        if self.call.distinct {
            return Err(format!("{name}(DISTINCT …) joins rows in an order that SQLite does not promise"));
        }
        let order = super::order::terms(&self.call.order_by, self.level)?;
        let sql = format!("string_agg({joined}, {separator} ORDER BY {order}){}", self.filter);
        Ok(Translated { notes: operand.notes, ..of(sql, PgType::Text, Codec::Text) })
    }
}

/// In parentheses, unless it is a column or a call.
pub(super) fn enclosed(sql: &str) -> String {
    let bare = sql.chars().all(|c| c.is_alphanumeric() || matches!(c, '"' | '.' | '_' | ' '));
    if bare && sql.starts_with('"') { sql.to_owned() } else { format!("({sql})") }
}
