//! Where queries within expressions and aggregates are to be translated.

use super::Room;
use super::term::Made;
use crate::catalog::expr::{Call, Expr};

/// A query within an expression.
pub(super) fn subquery(_room: &Room<'_>, expr: &Expr) -> Made {
    Err(match expr {
        Expr::Exists(_) => "EXISTS with a query",
        Expr::InSelect { .. } => "IN with a query",
        _ => "a query within an expression",
    }
    .to_owned())
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
pub(super) fn aggregate(_room: &Room<'_>, call: &Call) -> Made {
    Err(format!("{}() over rows", call.name))
}
