//! What an expression of a table may name: its columns, in the source's names and the target's.

use super::ColumnPlan;
use super::translate::{Relation, Scope, ScopeColumn};
use crate::catalog::Table;
use crate::catalog::expr::Expr;
use crate::catalog::walk::names;

/// The columns of one table, in its own CHECKs, indexes and generated columns. The first `table.columns.len()` plans are
/// those of its columns, in their order.
pub(super) fn of_table(table: &Table, columns: &[ColumnPlan]) -> Scope<'static> {
    let relations = vec![relation(table, columns, &table.name, None)];
    Scope { relations, utf16: table.utf16, ..Scope::default() }
}

/// The table under a name, its columns behind `qualifier`.
pub(super) fn relation(
    table: &Table,
    columns: &[ColumnPlan],
    name: &str,
    qualifier: Option<&str>,
) -> Relation {
    let column = |(column, plan): (&crate::catalog::Column, &ColumnPlan)| ScopeColumn {
        source: column.name.clone(),
        target: plan.target.clone(),
        mapping: plan.mapping.clone(),
        affinity: column.affinity,
        collation: column.collation.clone(),
        nullable: !plan.not_null,
    };
    Relation {
        name: name.to_owned(),
        qualifier: qualifier.map(str::to_owned),
        columns: table.columns.iter().zip(columns).map(column).collect(),
    }
}

/// The table's columns that the expression mentions, each once, in the table's order.
pub(super) fn mentioned(table: &Table, expr: &Expr) -> Vec<usize> {
    let mut found: Vec<usize> = names(expr).iter().filter_map(|(name, _)| table.column_index(name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
