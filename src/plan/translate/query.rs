//! Queries within expressions and aggregates: translated where queries are (`plan::query`), and taken as given here.

use super::term::{Binding, Kind, Made, Term};
use super::{Room, Translated};
use crate::catalog::expr::{Call, Expr};

/// A subquery or an aggregate with its translation.
#[derive(Debug, Clone)]
pub struct Given {
    /// what stands in the expression
    pub expr: Expr,
    /// what it is; its text needs no parentheses
    pub translated: Translated,
    /// it has its affinity as a column has one
    pub has_affinity: bool,
    /// it may be NULL
    pub nullable: bool,
}

/// A query within an expression.
pub(super) fn subquery(room: &Room<'_>, expr: &Expr) -> Made {
    given(room, expr).ok_or_else(|| {
        match expr {
            Expr::Exists(_) => "EXISTS with a query",
            Expr::InSelect { .. } => "IN with a query",
            _ => "a query within an expression",
        }
        .to_owned()
    })
}

/// Whether a call is one of an aggregate or a window function.
pub(super) fn is_aggregate(call: &Call) -> bool {
    let over_rows = match call.name.as_str() {
        "count" | "sum" | "total" | "avg" | "group_concat" | "string_agg" => true,
        "json_group_array" | "json_group_object" => true,
        "min" | "max" => call.arguments.len() == 1,
        _ => false,
    };
    over_rows || call.over || call.star || call.distinct || call.filter.is_some() || !call.order_by.is_empty()
}

/// An aggregate.
pub(super) fn aggregate(room: &Room<'_>, expr: &Expr, call: &Call) -> Made {
    given(room, expr).ok_or_else(|| format!("{}() over rows", call.name))
}

fn given(room: &Room<'_>, expr: &Expr) -> Option<Term> {
    let found = room.scope.given.iter().find(|given| given.expr == *expr)?;
    let Translated { sql, mapping, affinity, notes } = found.translated.clone();
    Some(Term {
        binding: Binding::Atom,
        affinity: found.has_affinity.then_some(affinity),
        nullable: found.nullable,
        immutable: false,
        by_double: room.scope.by_double,
        notes,
        ..Term::bare(sql, Kind::of_mapping(&mapping))
    })
}
