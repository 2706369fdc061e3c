//! Walking through expressions. Subqueries are leaves: their names are looked up in a scope of their own.

use crate::catalog::expr::{Call, Expr};
use crate::catalog::select::Ordering;
use crate::plan::translate::Reason;

/// The same expression with each of those directly below it replaced.
///
/// # Errors
/// The first reason that `change` gives.
pub(super) fn map_children(
    expr: &Expr,
    change: &mut dyn FnMut(&Expr) -> Result<Expr, Reason>,
) -> Result<Expr, Reason> {
    let mut boxed = |one: &Expr| change(one).map(Box::new);
    Ok(match expr {
        Expr::Unary(op, one) => Expr::Unary(*op, boxed(one)?),
        Expr::Binary(op, left, right) => Expr::Binary(*op, boxed(left)?, boxed(right)?),
        Expr::Between { operand, not, low, high } => {
            Expr::Between { operand: boxed(operand)?, not: *not, low: boxed(low)?, high: boxed(high)? }
        }
        Expr::In { operand, not, list } => {
            Expr::In { operand: boxed(operand)?, not: *not, list: all(list, change)? }
        }
        Expr::InSelect { operand, not, select } => {
            Expr::InSelect { operand: boxed(operand)?, not: *not, select: select.clone() }
        }
        Expr::IsNull { operand, not } => Expr::IsNull { operand: boxed(operand)?, not: *not },
        Expr::Like { operand, not, op, pattern, escape } => Expr::Like {
            operand: boxed(operand)?,
            not: *not,
            op: *op,
            pattern: boxed(pattern)?,
            escape: escape.as_deref().map(boxed).transpose()?,
        },
        Expr::Case { operand, arms, otherwise } => Expr::Case {
            operand: operand.as_deref().map(&mut boxed).transpose()?,
            otherwise: otherwise.as_deref().map(&mut boxed).transpose()?,
            arms: arms
                .iter()
                .map(|(when, then)| Ok((change(when)?, change(then)?)))
                .collect::<Result<_, Reason>>()?,
        },
        Expr::Cast { operand, declared } => {
            Expr::Cast { operand: boxed(operand)?, declared: declared.clone() }
        }
        Expr::Collate(one, name) => Expr::Collate(boxed(one)?, name.clone()),
        Expr::Call(call) => Expr::Call(Box::new(map_call(call, change)?)),
        Expr::Row(list) => Expr::Row(all(list, change)?),
        leaf => leaf.clone(),
    })
}

fn all(list: &[Expr], change: &mut dyn FnMut(&Expr) -> Result<Expr, Reason>) -> Result<Vec<Expr>, Reason> {
    list.iter().map(change).collect()
}

fn map_call(call: &Call, change: &mut dyn FnMut(&Expr) -> Result<Expr, Reason>) -> Result<Call, Reason> {
    Ok(Call {
        name: call.name.clone(),
        arguments: all(&call.arguments, change)?,
        order_by: call
            .order_by
            .iter()
            .map(|term| Ok(Ordering { expr: change(&term.expr)?, ..term.clone() }))
            .collect::<Result<_, Reason>>()?,
        filter: call.filter.as_ref().map(change).transpose()?,
        ..*call
    })
}

/// The expressions directly below one.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Unary(_, one) | Expr::Collate(one, _) => vec![one],
        Expr::Binary(_, left, right) => vec![left, right],
        Expr::Between { operand, low, high, .. } => vec![operand, low, high],
        Expr::In { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
        Expr::InSelect { operand, .. } | Expr::IsNull { operand, .. } | Expr::Cast { operand, .. } => {
            vec![operand]
        }
        Expr::Like { operand, pattern, escape, .. } => {
            [&**operand, &**pattern].into_iter().chain(escape.as_deref()).collect()
        }
        Expr::Case { operand, arms, otherwise } => {
            let pairs = arms.iter().flat_map(|(when, then)| [when, then]);
            operand.as_deref().into_iter().chain(pairs).chain(otherwise.as_deref()).collect()
        }
        Expr::Call(call) => {
            let terms = call.order_by.iter().map(|term| &term.expr);
            call.arguments.iter().chain(terms).chain(&call.filter).collect()
        }
        Expr::Row(list) => list.iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether `wanted` holds for the expression or for one below it.
pub(super) fn any(expr: &Expr, wanted: &dyn Fn(&Expr) -> bool) -> bool {
    wanted(expr) || children(expr).into_iter().any(|child| any(child, wanted))
}

/// What AND joins together.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary(crate::catalog::expr::BinaryOp::And, left, right) => {
            conjuncts(left).into_iter().chain(conjuncts(right)).collect()
        }
        one => vec![one],
    }
}
