//! ORDER BY, LIMIT, and whether an order leaves anything open.

use super::aggregate::{enclosed, has_aggregate};
use super::level::Level;
use super::same;
use super::walk::any;
use crate::catalog::expr::{Expr, UnaryOp};
use crate::catalog::select::Ordering;
use crate::plan::translate::{Reason, value};

/// The terms of an ORDER BY, whose expressions are bound.
pub(super) fn terms(order_by: &[Ordering], level: &Level<'_>) -> Result<String, Reason> {
    let term = |term: &Ordering| {
        let translated = value(&term.expr, &level.scope)?;
        let sql = no_position(&term.expr, enclosed(&translated.sql));
        let key =
            same::order_key(level.scope.utf16, &sql, &translated.mapping, &level.collation(&term.expr))?;
        Ok(format!("{key} {}", direction(term)))
    };
    let terms: Vec<String> = order_by.iter().map(term).collect::<Result<_, Reason>>()?;
    Ok(terms.join(", "))
}

/// A key of ORDER BY or GROUP BY that PostgreSQL does not take for a column's position, or refuse, because it is a constant.
pub(super) fn no_position(expr: &Expr, sql: String) -> String {
    let named = |one: &Expr| matches!(one, Expr::Name { table: Some(_), .. });
    // What is translated may be a constant where the expression is none; columns are always in quotes.
    let is_constant = !any(expr, &named) || !sql.contains('"');
    if is_constant && !has_aggregate(expr) { format!("(SELECT {sql})") } else { sql }
}

/// To SQLite NULL is less than everything, to PostgreSQL it is more.
pub(super) fn direction(term: &Ordering) -> String {
    let nulls = if term.nulls_first.unwrap_or(!term.descending) { "FIRST" } else { "LAST" };
    format!("{} NULLS {nulls}", if term.descending { "DESC" } else { "ASC" })
}

/// LIMIT and OFFSET with a space before them; a negative limit is none, a negative offset 0.
pub(super) fn limit(limit: &Option<(Expr, Option<Expr>)>) -> Result<String, Reason> {
    let Some((limit, offset)) = limit else { return Ok(String::new()) };
    let whole = |expr: &Expr| integer(expr).ok_or("a LIMIT that is no whole number".to_owned());
    let (limit, offset) = (whole(limit)?, offset.as_ref().map(whole).transpose()?.unwrap_or(0));
    let mut sql = if limit < 0 { String::new() } else { format!(" LIMIT {limit}") };
    if offset > 0 {
        sql.push_str(&format!(" OFFSET {offset}"));
    }
    Ok(sql)
}

/// A whole number written as such.
pub(super) fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Number(text) => text.parse().ok(),
        Expr::Unary(UnaryOp::Minus, one) => integer(one).and_then(i64::checked_neg),
        Expr::Unary(UnaryOp::Plus, one) => integer(one),
        _ => None,
    }
}
