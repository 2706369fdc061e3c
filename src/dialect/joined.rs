//! UPDATE … FROM: another table beside the one that is changed.

use super::rows::{Ends, ends, relation};
use super::{Reason, State};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{BinaryOp, Expr};
use crate::catalog::script::Update;
use crate::ident::{qualified, quote};
use crate::plan::translate::{Relation, Scope, ScopeColumn};
use crate::plan::types::Mapping;

/// The other table as expressions see it; none where the UPDATE has no FROM.
///
/// # Errors
/// It is not carried, or might have several rows for one of the table: SQLite and PostgreSQL both take any of them.
pub(super) fn other(update: &Update, state: &State) -> Result<Option<Relation>, Reason> {
    let Some((name, alias)) = &update.from else { return Ok(None) };
    let of_other = ends(state, name)?;
    if name.eq_ignore_ascii_case(&update.table) {
        return Err(
            "UPDATE … FROM the table itself, whose rows would have changed the second time".to_owned()
        );
    }
    let own = relation(state, &update.table, update.alias.as_deref()).unwrap_or_default();
    let other = relation(state, name, alias.as_deref()).unwrap_or_default();
    if !has_one_row(update.filter.as_ref(), (&own, &other), &of_other) {
        let why =
            "WHERE does not say that it has one row at most for each row that is changed, by a key of it";
        return Err(format!("UPDATE … FROM {name}: {why}"));
    }
    Ok(Some(other))
}

/// ` FROM table`, or nothing.
pub(super) fn from(update: &Update, state: &State) -> String {
    let other = update.from.as_ref().and_then(|(name, _)| ends(state, name).ok());
    other.map_or_else(String::new, |other| format!(" FROM {}", qualified(other.schema, &other.plan.target)))
}

/// Every column of one of the other table's keys equals a column of the table.
fn has_one_row(filter: Option<&Expr>, sides: (&Relation, &Relation), other: &Ends<'_>) -> bool {
    let mut equal = Vec::new();
    if let Some(filter) = filter {
        equated(filter, sides, &mut equal);
    }
    other.model.keys().any(|(_, key)| key.iter().all(|column| equal.contains(column)))
}

/// The other table's columns, in the target's names, that a condition sets equal to columns of the table, compared as the
/// key itself compares them.
fn equated(expr: &Expr, (own, other): (&Relation, &Relation), found: &mut Vec<String>) {
    match expr {
        Expr::Binary(BinaryOp::And, left, right) => {
            equated(left, (own, other), found);
            equated(right, (own, other), found);
        }
        Expr::Binary(BinaryOp::Eq, left, right) => {
            let pairs = [(left, right), (right, left)];
            let pairs = pairs.map(|(one, two)| (column(one, other, own), column(two, own, other)));
            for (of_other, of_own) in pairs {
                if let (Some(of_other), Some(of_own)) = (of_other, of_own)
                    && of_other.affinity == of_own.affinity
                    && of_other.collation == of_own.collation
                {
                    found.push(of_other.target.clone());
                }
            }
        }
        _ => {}
    }
}

/// The column that an expression is, where it has this affinity and this type.
pub(super) fn same_column(
    expr: &Expr,
    scope: &Scope<'_>,
    affinity: Affinity,
    mapping: &Mapping,
) -> Option<String> {
    let [one, other] = scope.relations.as_slice() else { return None };
    let found = column(expr, one, other).map(|found| (one, found));
    let (relation, found) = found.or_else(|| column(expr, other, one).map(|found| (other, found)))?;
    let is_same = found.affinity == affinity && found.mapping == *mapping;
    let name = quote(&found.target);
    is_same.then(|| relation.qualifier.as_ref().map_or(name.clone(), |table| format!("{table}.{name}")))
}

/// The column of `relation` that an expression is; a bare name must not be the other's, too.
fn column<'a>(expr: &Expr, relation: &'a Relation, beside: &Relation) -> Option<&'a ScopeColumn> {
    let Expr::Name { table, name, .. } = expr else { return None };
    let of = |relation: &'a Relation| {
        relation.columns.iter().find(|column| column.source.eq_ignore_ascii_case(name))
    };
    let is_beside = || beside.columns.iter().any(|column| column.source.eq_ignore_ascii_case(name));
    match table {
        Some(table) if table.eq_ignore_ascii_case(&relation.name) => of(relation),
        Some(_) => None,
        None if is_beside() => None,
        None => of(relation),
    }
}
