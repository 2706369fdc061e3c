//! GROUP BY. Where a query shows a column that its groups do not settle, SQLite takes the value of any row; PostgreSQL
//! refuses, and so do we.

use super::aggregate::is_aggregate;
use super::level::{Column, Level, bare};
use super::subquery::{Writer, names};
use super::{order, same};
use crate::catalog::expr::{Expr, Quote};
use crate::plan::translate::Reason;
use crate::plan::types::PgType;

/// The keys of the groups in PostgreSQL's words, with the columns that follow from them and are named in `outside`.
pub(super) fn keys(
    writer: &mut Writer<'_, '_, '_>,
    level: &mut Level<'_>,
    group_by: &[Expr],
    outside: &[&Expr],
) -> Result<Vec<String>, Reason> {
    let mut keys = Vec::new();
    for expr in group_by {
        let key = writer.value(level, expr, false)?;
        same::equality(&key.mapping, &level.collation(expr)).map_err(|why| format!("GROUP BY: {why}"))?;
        keys.push(order::no_position(expr, key.sql));
    }
    let settled = |expr: &Expr| is_aggregate(expr) || group_by.contains(expr);
    let mut found: Vec<Column> = Vec::new();
    for expr in outside {
        names(level, expr, &settled, &mut found);
    }
    found.sort();
    found.dedup();
    for (table, name) in found.into_iter().filter(|(table, _)| level.owns(table)).collect::<Vec<_>>() {
        let column = Expr::Name { table: Some(table.clone()), name: name.clone(), quote: Quote::None };
        let is_key = |key: &Expr| bare(key) == &column;
        if group_by.iter().any(is_key) {
            continue;
        }
        if !follows(level, group_by, &table) {
            let which = if group_by.is_empty() { "beside aggregates" } else { "that is not in GROUP BY" };
            return Err(format!("the column {name} {which}: SQLite takes its value from any row"));
        }
        // It is the same in all rows of a group, so that its equality does not matter.
        let key = writer.value(level, &column, false)?;
        if key.mapping.pg == PgType::Json {
            return Err(format!(
                "the column {name} that follows from GROUP BY, of the type json, which has no equality"
            ));
        }
        keys.push(key.sql);
    }
    Ok(keys)
}

/// Whether a key of the table is among the groups' keys, so that all of its row is.
fn follows(level: &Level<'_>, group_by: &[Expr], table: &str) -> bool {
    let Some(index) = level.scope.relations.iter().position(|relation| relation.name == table) else {
        return false;
    };
    let grouped = |field: &usize| level.field(index, *field).is_ok_and(|column| group_by.contains(&column));
    level.items[index].keys.iter().any(|key| key.iter().all(grouped))
}
