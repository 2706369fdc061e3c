//! The values that a table gets which is built anew: which of its columns are the old ones, perhaps under another name, and
//! what the others get.

use super::rebuild::Rebuild;
use super::rows::{assigned, is_repeatable, relation};
use super::turn::Renames;
use super::{Reason, State};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::Expr;
use crate::catalog::script::{Insert, Rows};
use crate::catalog::select::{Query, ResultColumn, Select, SelectCore, Source};
use crate::ident::quote;
use crate::plan::translate::Scope;

/// Columns of a table and what they are set to, in the target's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fill {
    pub table: String,
    pub sets: Vec<(String, String)>,
}

/// What the INSERT of a table that is built anew means for the table that is there: renamed columns are added to `renames`.
pub(super) fn fill(
    rebuild: &Rebuild,
    insert: &Insert,
    (before, after): (&State, &State),
    renames: &mut Renames,
) -> (Fill, Vec<Reason>) {
    let (Some(old), Some(new)) =
        (before.model.of_source(&rebuild.table), after.model.of_source(&rebuild.table))
    else {
        return (Fill::default(), Vec::new());
    };
    let mut fill = Fill { table: new.name.clone(), sets: Vec::new() };
    let moves = match moves(rebuild, insert, (before, after)) {
        Ok(moves) => moves,
        Err(reason) => return (fill, vec![reason]),
    };
    let target = |state: &State, source: &str| {
        let table =
            state.plan.tables.iter().find(|table| table.source.eq_ignore_ascii_case(&rebuild.table))?;
        let column = table.columns.iter().find(|column| column.source.eq_ignore_ascii_case(source))?;
        Some(column.target.clone())
    };
    let own = |to: &str, expr: &Expr| {
        let table = after.catalog.table(&rebuild.table)?;
        let wanted = table.column_index(to).map(|index| table.columns[index].affinity);
        source_column((expr, wanted), rebuild, insert, before)
    };
    // Columns that are the old ones under another name come first: the others may be made of them.
    for (to, expr) in &moves {
        let from = own(to, expr).and_then(|name| target(before, &name));
        let (Some(from), Some(to)) = (from, target(after, to)) else { continue };
        let is_free = new.column(&from).is_none() && old.column(&to).is_none();
        let is_first = !renames.columns.iter().any(|(table, name, _)| *table == new.name && *name == from);
        if is_free && is_first {
            renames.columns.push((new.name.clone(), from, to));
        }
    }
    let now = |name: &str| {
        let renamed = renames.columns.iter().find(|(table, from, _)| *table == new.name && from == name);
        renamed.map_or_else(|| name.to_owned(), |(_, _, to)| to.clone())
    };
    let adds = new.columns.iter().any(|column| {
        old.column(&column.name).is_none() && !renames.columns.iter().any(|(_, _, to)| *to == column.name)
    });
    let mut reasons = Vec::new();
    for (source, expr) in &moves {
        let Some(to) = target(after, source) else { continue };
        let plain = own(source, expr).and_then(|name| target(before, &name));
        if plain.as_deref().is_some_and(|from| now(from) == to) {
            continue;
        }
        let is_new = old.column(&to).is_none();
        if !is_new && !adds && !is_repeatable(expr, source) {
            let why = "its new value is computed from the rows, and would be again the second time";
            reasons.push(format!("{}: {why}", quote(&to)));
            continue;
        }
        let changes_type =
            old.column(&to).is_some_and(|was| new.column(&to).is_some_and(|now| now.pg != was.pg));
        if changes_type {
            reasons.push(format!("{}: its type and its values change at once", quote(&to)));
            continue;
        }
        match value((source, expr), rebuild, insert, (before, after), now) {
            // The column has it already, as its default.
            Ok(sql)
                if is_new && new.column(&to).is_some_and(|column| column.default.as_ref() == Some(&sql)) => {}
            Ok(sql) => fill.sets.push((to, sql)),
            Err(reason) => reasons.push(format!("{}: {reason}", quote(&to))),
        }
    }
    (fill, reasons)
}

/// Columns of the new table, and what they get.
fn moves(
    rebuild: &Rebuild,
    insert: &Insert,
    (before, after): (&State, &State),
) -> Result<Vec<(String, Expr)>, Reason> {
    if let Some(odd) = insert.odd {
        return Err(format!("the rows come by {odd}"));
    }
    let query = query(insert)?;
    let (Some(old), Some(new)) = (before.catalog.table(&rebuild.table), after.catalog.table(&rebuild.table))
    else {
        return Err("the table is not there".to_owned());
    };
    let mut values = Vec::new();
    for column in &query.columns {
        match column {
            ResultColumn::Expr(expr, _) => values.push(expr.clone()),
            ResultColumn::Star | ResultColumn::TableStar(_) => {
                values.extend(old.columns.iter().map(|column| Expr::name(&column.name)));
            }
        }
    }
    let stored = |column: &&crate::catalog::Column| column.generated == crate::catalog::Generated::No;
    let names = match &insert.columns {
        Some(names) => names.clone(),
        None => new.columns.iter().filter(stored).map(|column| column.name.clone()).collect(),
    };
    Ok(names.into_iter().zip(values).collect())
}

/// The SELECT, where it gives one row for each row of the old table.
fn query(insert: &Insert) -> Result<&Query, Reason> {
    let Rows::Select(select) = &insert.rows else { return Err("the rows come by VALUES".to_owned()) };
    let Select { with, first, compounds, limit, .. } = select;
    let SelectCore::Query(query) = first else { return Err("the rows come by VALUES".to_owned()) };
    let whole = with.is_empty() && compounds.is_empty() && limit.is_none();
    let joined = query.from.as_ref().is_some_and(|from| !from.joins.is_empty());
    if !whole || joined || query.distinct || !query.group_by.is_empty() {
        return Err("the SELECT gives other rows than those of the table".to_owned());
    }
    match query.filter {
        Some(_) => Err("the SELECT leaves out rows".to_owned()),
        None => Ok(query),
    }
}

/// The column of the old table that an expression is, as it is or as the type that the new column has anyway (`wanted`).
fn source_column(
    (expr, wanted): (&Expr, Option<Affinity>),
    rebuild: &Rebuild,
    insert: &Insert,
    before: &State,
) -> Option<String> {
    let (inner, declared) = match expr {
        Expr::Cast { operand, declared } => (operand.as_ref(), Some(declared)),
        other => (other, None),
    };
    let Expr::Name { table, name, .. } = inner else { return None };
    let alias = alias(insert);
    let is_own = |table: &String| {
        let names = [Some(&rebuild.table), Some(&rebuild.beside), alias.as_ref()];
        names.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(table))
    };
    let old = before.catalog.table(&rebuild.table)?;
    let column = &old.columns[old.column_index(name)?];
    let same_class = declared.is_none_or(|declared| Some(Affinity::of(declared, false)) == wanted);
    (table.as_ref().is_none_or(is_own) && same_class).then(|| column.name.clone())
}

fn alias(insert: &Insert) -> Option<String> {
    let Rows::Select(Select { first: SelectCore::Query(query), .. }) = &insert.rows else { return None };
    match &query.from.as_ref()?.first {
        Source::Table { alias, .. } => alias.clone(),
        _ => None,
    }
}

/// What a column of the new table gets, over the columns that are there.
fn value(
    (column, expr): (&str, &Expr),
    rebuild: &Rebuild,
    insert: &Insert,
    (before, after): (&State, &State),
    now: impl Fn(&str) -> String,
) -> Result<String, Reason> {
    let name = alias(insert).unwrap_or_else(|| match &insert.table {
        table if table.eq_ignore_ascii_case(&rebuild.table) => rebuild.beside.clone(),
        _ => rebuild.table.clone(),
    });
    let mut relation = relation(before, &rebuild.table, Some(&name)).ok_or("the table is not carried")?;
    for column in &mut relation.columns {
        column.target = now(&column.target);
    }
    let scope = Scope { relations: vec![relation], ..Scope::default() };
    let table = after.catalog.table(&rebuild.table).ok_or("the table is not carried")?;
    let affinity = table.column_index(column).map(|index| table.columns[index].affinity).unwrap_or_default();
    let plan = after.plan.tables.iter().find(|plan| plan.source == table.name);
    let plan =
        plan.and_then(|plan| plan.columns.iter().find(|plan| plan.source.eq_ignore_ascii_case(column)));
    let mapping = &plan.ok_or("the column is not carried")?.mapping;
    assigned(expr, &scope, affinity, mapping)
}
