//! Changes of rows, and what statements for rows need to know of their table.

use super::guard::Run;
use super::joined;
use super::literal::{self, is_constant};
use super::model::Table;
use super::{Reason, State};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::Expr;
use crate::catalog::script::Update;
use crate::catalog::walk::walk;
use crate::ident::{qualified, quote};
use crate::plan::translate::{self, Relation, Scope, ScopeColumn};
use crate::plan::types::Mapping;
use crate::plan::{ColumnPlan, TablePlan};

/// A table in SQLite and in the target.
pub(super) struct Ends<'a> {
    pub schema: &'a str,
    pub source: &'a crate::catalog::Table,
    pub plan: &'a TablePlan,
    pub model: &'a Table,
}

pub(super) fn ends<'a>(state: &'a State, table: &str) -> Result<Ends<'a>, Reason> {
    let found = || {
        let source = state.catalog.table(table)?;
        let plan = state.plan.tables.iter().find(|plan| plan.source == source.name)?;
        Some(Ends { schema: &state.model.schema, source, plan, model: state.model.table(&plan.target)? })
    };
    found().ok_or_else(|| format!("the table {} is not carried", quote(table)))
}

impl Ends<'_> {
    /// What becomes of the column of that name; none where the configuration skips it.
    pub(super) fn column(&self, name: &str) -> Result<Option<(Affinity, &ColumnPlan)>, Reason> {
        let index = self.source.column_index(name);
        let index = index.ok_or_else(|| format!("{} names the row's own number", quote(name)))?;
        let column = &self.source.columns[index];
        let mut plans = self.plan.columns.iter().filter(|plan| plan.source == column.name);
        let plan = plans.next();
        if plans.next().is_some() {
            return Err(format!("{} is split into several columns", quote(name)));
        }
        Ok(plan.map(|plan| (column.affinity, plan)))
    }
}

/// The table as expressions see it, under another name where it has one.
pub(super) fn relation(state: &State, table: &str, alias: Option<&str>) -> Option<Relation> {
    let ends = ends(state, table).ok()?;
    let columns = ends.plan.columns.iter().filter_map(|plan| {
        let column = &ends.source.columns[ends.source.column_index(&plan.source)?];
        Some(ScopeColumn {
            source: plan.source.clone(),
            target: plan.target.clone(),
            mapping: plan.mapping.clone(),
            affinity: column.affinity,
            collation: column.collation.clone(),
            nullable: !plan.not_null,
        })
    });
    Some(Relation {
        name: alias.unwrap_or(&ends.source.name).to_owned(),
        qualifier: Some(quote(&ends.plan.target)),
        columns: columns.collect(),
    })
}

/// The value that is assigned to a column of that affinity and mapping.
pub(super) fn assigned(
    expr: &Expr,
    scope: &Scope<'_>,
    affinity: Affinity,
    mapping: &Mapping,
) -> Result<String, Reason> {
    match is_constant(expr) {
        true => literal::of(expr, affinity, mapping).map(|literal| literal.sql),
        // A column of the very same kind holds what this one can.
        false if let Some(same) = joined::same_column(expr, scope, affinity, mapping) => Ok(same),
        false => translate::stored(expr, scope, affinity, mapping).map(|translated| translated.sql),
    }
}

/// What an UPDATE becomes.
///
/// # Errors
/// Why it is not translated.
pub(super) fn update(update: &Update, state: &State) -> Result<Run, Reason> {
    if let Some(odd) = update.odd {
        return Err(format!("{odd} is not translated"));
    }
    let ends = ends(state, &update.table)?;
    let own = relation(state, &update.table, update.alias.as_deref()).unwrap_or_default();
    let other = joined::other(update, state)?;
    let name_of_other = other.as_ref().map(|other| other.name.clone());
    let scope = Scope { relations: std::iter::once(own).chain(other).collect(), ..Scope::default() };
    let assigns = |table: Option<&str>, name: &str| {
        let is_other = table.is_some_and(|table| {
            name_of_other.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(table))
        });
        !is_other && update.sets.iter().any(|(column, _)| column.eq_ignore_ascii_case(name))
    };
    let mut sets = Vec::new();
    for (column, expr) in &update.sets {
        if names_any(expr, &assigns) && !is_repeatable(expr, column) {
            let why = "its new value is computed from the old one, and would be again the second time";
            return Err(format!("{}: {why}", quote(column)));
        }
        let Some((affinity, plan)) = ends.column(column)? else { continue };
        let value = assigned(expr, &scope, affinity, &plan.mapping)
            .map_err(|why| format!("{}: {why}", quote(column)))?;
        sets.push(format!("{} = {value}", quote(&plan.target)));
    }
    let table = qualified(ends.schema, &ends.plan.target);
    Ok(Run::always(format!(
        "UPDATE {table} SET {}{}{}",
        sets.join(", "),
        joined::from(update, state),
        filter(update.filter.as_ref(), &scope)?
    )))
}

/// What a DELETE becomes.
///
/// # Errors
/// Why it is not translated.
pub(super) fn delete(
    (table, alias, condition): (&str, Option<&str>, Option<&Expr>),
    state: &State,
) -> Result<Run, Reason> {
    let ends = ends(state, table)?;
    let relation = relation(state, table, alias).unwrap_or_default();
    let scope = Scope { relations: vec![relation], ..Scope::default() };
    let table = qualified(ends.schema, &ends.plan.target);
    Ok(Run::always(format!("DELETE FROM {table}{}", filter(condition, &scope)?)))
}

fn filter(condition: Option<&Expr>, scope: &Scope<'_>) -> Result<String, Reason> {
    let Some(condition) = condition else { return Ok(String::new()) };
    let condition = translate::condition(condition, scope).map_err(|why| format!("WHERE: {why}"))?;
    Ok(format!(" WHERE {}", condition.sql))
}

/// The expression gives the same when it is applied to its own result: `lower(a)`, `coalesce(a, 0)`, `a` itself.
pub(super) fn is_repeatable(expr: &Expr, column: &str) -> bool {
    const REPEATABLE: [&str; 7] = ["lower", "upper", "trim", "ltrim", "rtrim", "coalesce", "ifnull"];
    let is_own = |expr: &Expr| matches!(expr, Expr::Name { name, .. } if name.eq_ignore_ascii_case(column));
    match expr {
        Expr::Call(call) if REPEATABLE.contains(&call.name.as_str()) => {
            let rest = call.arguments.iter().skip(1);
            call.arguments.first().is_some_and(is_own) && rest.into_iter().all(is_constant)
        }
        other => is_own(other) || is_constant(other),
    }
}

/// A name for which `is` holds stands somewhere in the expression; what a query within it names is its own.
fn names_any(expr: &Expr, is: &impl Fn(Option<&str>, &str) -> bool) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= matches!(part, Expr::Name { table, name, .. } if is(table.as_deref(), name))
    });
    found
}
