//! One SELECT without UNION: FROM, WHERE, GROUP BY, HAVING, DISTINCT, ORDER BY, LIMIT.

use super::aggregate::has_aggregate;
use super::from::{self, Joined};
use super::known::{Field, Session};
use super::level::{Column, Level, bare};
use super::subquery::{Writer, names};
use super::walk::{any, conjuncts};
use super::{Env, Rendered, group, order, same};
use crate::catalog::expr::{BinaryOp, Expr};
use crate::catalog::select::{Ordering, Query, ResultColumn};
use crate::ident::quote_list;
use crate::plan::translate::{Reason, ScopeColumn, Translated};
use crate::plan::types::Codec;

/// A result column: its expression in bound form, and its name to SQLite where it is not the text of the expression.
struct Shown {
    expr: Expr,
    name: Option<String>,
}

/// Everything of a SELECT in bound form.
struct Bound {
    columns: Vec<Shown>,
    filter: Option<Expr>,
    group_by: Vec<Expr>,
    having: Option<Expr>,
    order_by: Vec<Ordering>,
}

/// Translates one SELECT.
pub(super) fn select(
    session: &mut Session<'_>,
    env: &Env<'_>,
    query: &Query,
    order_by: &[Ordering],
    limit: &Option<(Expr, Option<Expr>)>,
) -> Result<Rendered, Reason> {
    if query.windows {
        return Err("a WINDOW clause".to_owned());
    }
    let mut level = Level::within(env.level);
    level.scope.utf16 = session.world.utf16;
    let joined = match &query.from {
        None => Joined::default(),
        Some(from) => from::translate(session, env, from, &mut level)?,
    };
    let bound = bind(&mut level, query, order_by)?;
    let mut writer = Writer { session, env };
    write(&mut writer, &mut level, query, (joined, bound), limit)
}

fn bind(level: &mut Level<'_>, query: &Query, order_by: &[Ordering]) -> Result<Bound, Reason> {
    let columns = expand(level, &query.columns)?;
    let named = query.columns.iter().filter_map(|column| match column {
        ResultColumn::Expr(expr, Some(name)) => Some((name, expr)),
        _ => None,
    });
    let named: Vec<(String, Expr)> =
        named.map(|(name, expr)| Ok((name.clone(), level.bind(expr)?))).collect::<Result<_, Reason>>()?;
    level.aliases = named;
    let optional = |expr: &Option<Expr>| expr.as_ref().map(|expr| level.bind(expr)).transpose();
    let group_by = query.group_by.iter().map(|expr| match position(expr, &columns)? {
        Some(column) => Ok(column),
        None => level.bind(expr),
    });
    let terms = order_by.iter().map(|term| {
        let expr = match (position(&term.expr, &columns)?, alias(level, &term.expr)) {
            (Some(column), _) | (None, Some(column)) => column,
            (None, None) => level.bind(&term.expr)?,
        };
        Ok(Ordering { expr, ..term.clone() })
    });
    Ok(Bound {
        filter: optional(&query.filter)?,
        group_by: group_by.collect::<Result<_, Reason>>()?,
        having: optional(&query.having)?,
        order_by: terms.collect::<Result<_, Reason>>()?,
        columns,
    })
}

/// A whole number in GROUP BY and ORDER BY is a result column's.
fn position(expr: &Expr, columns: &[Shown]) -> Result<Option<Expr>, Reason> {
    let Some(number) = order::integer(expr) else { return Ok(None) };
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let column = index.and_then(|index| columns.get(index));
    column.map(|column| Some(column.expr.clone())).ok_or(format!("there is no result column {number}"))
}

/// In ORDER BY the name of a result comes before a column's.
fn alias(level: &Level<'_>, expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Name { table: None, name, .. } => {
            let found = level.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
            found.map(|(_, expr)| expr.clone())
        }
        Expr::Collate(inner, collation) => {
            alias(level, inner).map(|inner| Expr::Collate(Box::new(inner), collation.clone()))
        }
        _ => None,
    }
}

/// The result columns, with `*` written out in SQLite's order.
fn expand(level: &Level<'_>, columns: &[ResultColumn]) -> Result<Vec<Shown>, Reason> {
    let mut expanded = Vec::new();
    for column in columns {
        match column {
            ResultColumn::Expr(expr, name) => {
                let bound = level.bind(expr)?;
                let name = name.clone().or_else(|| own_name(level, expr, &bound));
                expanded.push(Shown { expr: bound, name });
            }
            ResultColumn::Star => {
                for item in 0..level.items.len() {
                    star(level, item, true, &mut expanded)?;
                }
            }
            ResultColumn::TableStar(table) => {
                let called = |name: &String| name.eq_ignore_ascii_case(table);
                let items: Vec<usize> = (0..level.items.len())
                    .filter(|&item| level.items[item].name.as_ref().is_some_and(called))
                    .collect();
                if items.is_empty() {
                    return Err(format!("there is no table {table} for its star"));
                }
                for item in items {
                    star(level, item, false, &mut expanded)?;
                }
            }
        }
    }
    Ok(expanded)
}

/// One table's columns. Of those that USING joins, a star over all tables has one.
fn star(level: &Level<'_>, index: usize, all: bool, expanded: &mut Vec<Shown>) -> Result<(), Reason> {
    let item = &level.items[index];
    let every: Vec<usize> = (0..level.items.len()).collect();
    for (number, field) in item.fields.iter().enumerate() {
        let is = |using: &String| field.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(using));
        if all && item.using.iter().any(is) {
            continue;
        }
        let joined_later = all && level.items[index + 1..].iter().any(|later| later.using.iter().any(is));
        let merged = match &field.name {
            Some(name) if joined_later => level.column(&every, name)?,
            _ => None,
        };
        let expr = merged.map_or_else(|| level.field(index, number), Ok)?;
        expanded.push(Shown { expr, name: field.name.clone() });
    }
    Ok(())
}

/// The name that SQLite gives to a column without one.
fn own_name(level: &Level<'_>, written: &Expr, bound: &Expr) -> Option<String> {
    match (written, bare(bound)) {
        (Expr::Name { .. }, Expr::Name { table: Some(table), name, .. }) => {
            // The column's own spelling, not that of the query.
            Some(level.known((table, name)).map_or(name, |column| &column.source).clone())
        }
        (Expr::Name { table: None, name, .. }, _) => Some(name.clone()),
        _ => None,
    }
}

fn write(
    writer: &mut Writer<'_, '_, '_>,
    level: &mut Level<'_>,
    query: &Query,
    (joined, bound): (Joined, Bound),
    limit: &Option<(Expr, Option<Expr>)>,
) -> Result<Rendered, Reason> {
    let result = bound.columns.iter().map(|column| &column.expr);
    let ordered = bound.order_by.iter().map(|term| &term.expr);
    let sums = result.clone().chain(&bound.having).chain(ordered.clone()).any(has_aggregate);
    let grouped = sums || !bound.group_by.is_empty();
    let mut filters = joined.conditions.clone();
    if let Some(filter) = &bound.filter {
        filters.push(writer.condition(level, filter, false)?);
    }
    let mut values = Vec::new();
    for expr in result.clone() {
        values.push(writer.value(level, expr, true)?);
    }
    let having = bound.having.as_ref().map(|having| writer.condition(level, having, true)).transpose()?;
    for expr in ordered.clone() {
        writer.prepare(level, expr, true)?;
    }
    let outside: Vec<&Expr> = result.chain(&bound.having).chain(ordered).collect();
    let groups = if grouped { group::keys(writer, level, &bound.group_by, &outside)? } else { Vec::new() };
    let at_most_one = at_most_one(level, &joined, &bound, grouped);
    let made = Made { values, filters, groups, having, at_most_one };
    assemble(writer, level, query, (&joined, &bound, &made), limit)
}

/// The translated parts of a SELECT.
struct Made {
    values: Vec<Translated>,
    filters: Vec<String>,
    groups: Vec<String>,
    having: Option<String>,
    at_most_one: bool,
}

fn assemble(
    writer: &mut Writer<'_, '_, '_>,
    level: &Level<'_>,
    query: &Query,
    (joined, bound, made): (&Joined, &Bound, &Made),
    limit: &Option<(Expr, Option<Expr>)>,
) -> Result<Rendered, Reason> {
    let columns = columns(level, bound, made);
    if query.distinct {
        for column in &columns {
            same::equality(&column.mapping, &column.collation).map_err(|why| format!("DISTINCT: {why}"))?;
        }
    }
    let list: Vec<&str> = made.values.iter().map(|value| value.sql.as_str()).collect();
    let mut sql = format!("SELECT {}{}", if query.distinct { "DISTINCT " } else { "" }, list.join(", "));
    for (word, parts, between) in [
        (" FROM ", std::slice::from_ref(&joined.sql), ""),
        (" WHERE ", made.filters.as_slice(), " AND "),
        (" GROUP BY ", made.groups.as_slice(), ", "),
        (" HAVING ", made.having.as_slice(), ""),
    ] {
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => {}
            [one] => sql.push_str(&format!("{word}{one}")),
            several if between == " AND " => sql.push_str(&format!("{word}({})", several.join(") AND ("))),
            several => sql.push_str(&format!("{word}{}", several.join(between))),
        }
    }
    let limit_sql = order::limit(limit)?;
    if !limit_sql.is_empty() && !made.at_most_one && !is_settled(level, bound) {
        return Err("a LIMIT over rows whose order leaves open which of them come first".to_owned());
    }
    if !bound.order_by.is_empty() {
        sql = if query.distinct {
            ordered_apart(writer, &sql, bound, &columns)?
        } else {
            format!("{sql} ORDER BY {}", order::terms(&bound.order_by, level)?)
        };
    }
    let only_one = limit_sql == " LIMIT 1" || limit_sql.starts_with(" LIMIT 1 ");
    Ok(Rendered {
        sql: sql + &limit_sql,
        computed: bound.columns.iter().map(|column| !has_affinity(&column.expr)).collect(),
        null: bound.columns.iter().map(|column| column.expr == Expr::Null).collect(),
        shown: bound.columns.iter().map(|column| shown(level, column)).collect(),
        columns,
        free: free(level, bound),
        at_most_one: made.at_most_one || only_one,
    })
}

/// PostgreSQL orders what is DISTINCT by its columns alone, without a collation; around it, both are free.
fn ordered_apart(
    writer: &mut Writer<'_, '_, '_>,
    sql: &str,
    bound: &Bound,
    columns: &[ScopeColumn],
) -> Result<String, Reason> {
    let alias = crate::ident::quote(&writer.session.alias("q"));
    let names: Vec<String> = (1..=columns.len()).map(|number| format!("c{number}")).collect();
    let mut terms = Vec::new();
    for term in &bound.order_by {
        let index = bound.columns.iter().position(|column| column.expr == term.expr);
        let index = index.ok_or("DISTINCT ordered by something else than its columns")?;
        let name = format!("{alias}.\"{}\"", names[index]);
        let key = same::order_key(
            writer.session.world.utf16,
            &name,
            &columns[index].mapping,
            &columns[index].collation,
        )?;
        terms.push(format!("{key} {}", order::direction(term)));
    }
    let names = quote_list(names.iter().map(String::as_str));
    Ok(format!("SELECT * FROM ({sql}) AS {alias} ({names}) ORDER BY {}", terms.join(", ")))
}

fn columns(level: &Level<'_>, bound: &Bound, made: &Made) -> Vec<ScopeColumn> {
    let column = |(column, value): (&Shown, &Translated)| {
        let known = match bare(&column.expr) {
            Expr::Name { table: Some(table), name, .. } => level.known((table, name)),
            _ => None,
        };
        ScopeColumn {
            source: column.name.clone().unwrap_or_default(),
            target: String::new(),
            // A column that is shown stays what it is, whatever an expression would make of it.
            mapping: known.map_or_else(|| value.mapping.clone(), |known| known.mapping.clone()),
            affinity: value.affinity,
            collation: level.collation(&column.expr),
            nullable: known.is_none_or(|known| known.nullable),
        }
    };
    bound.columns.iter().zip(&made.values).map(column).collect()
}

fn has_affinity(expr: &Expr) -> bool {
    match expr {
        Expr::Name { .. } | Expr::Cast { .. } => true,
        Expr::Collate(inner, _) => has_affinity(inner),
        _ => false,
    }
}

/// The target's name of a column that is shown under the name that it has in the source.
fn shown(level: &Level<'_>, column: &Shown) -> Option<String> {
    let Expr::Name { table: Some(table), name, .. } = bare(&column.expr) else { return None };
    let item = level.scope.relations.iter().position(|relation| relation.name == *table)?;
    let is = |field: &&Field| field.column.as_ref().is_ok_and(|known| known.source == *name);
    let field = level.items[item].fields.iter().find(is)?;
    field.shown.clone().filter(|_| column.name == field.name)
}

/// Columns of the queries around it.
fn free(level: &Level<'_>, bound: &Bound) -> Vec<Column> {
    let mut found = level.around.clone();
    let all = bound.columns.iter().map(|column| &column.expr).chain(&bound.filter).chain(&bound.group_by);
    for expr in all.chain(&bound.having).chain(bound.order_by.iter().map(|term| &term.expr)) {
        names(level, expr, &|_| false, &mut found);
    }
    found.retain(|(table, _)| !level.owns(table));
    found
}

/// Whether there is one row or none.
fn at_most_one(level: &Level<'_>, joined: &Joined, bound: &Bound, grouped: bool) -> bool {
    if grouped && bound.group_by.is_empty() {
        return true;
    }
    let [item] = level.items.as_slice() else { return level.items.iter().all(|item| item.single) };
    if item.single {
        return true;
    }
    let conditions: Vec<&Expr> = joined.inner.iter().chain(&bound.filter).flat_map(conjuncts).collect();
    let fixed = |field: &usize| conditions.iter().any(|condition| fixes(level, condition, *field));
    // NULL is equal to nothing.
    item.keys.iter().chain(&item.nullable_keys).any(|key| key.iter().all(fixed))
}

/// `column = something of another query`, where no two values of the column are equal to the same.
fn fixes(level: &Level<'_>, condition: &Expr, field: usize) -> bool {
    let Ok(column) = level.field(0, field) else { return false };
    let Expr::Binary(BinaryOp::Eq, left, right) = condition else { return false };
    let other = match (**left == column, **right == column) {
        (true, false) => right,
        (false, true) => left,
        _ => return false,
    };
    let mut found = Vec::new();
    names(level, other, &|_| false, &mut found);
    let exact = level.items[0].fields[field].column.as_ref().is_ok_and(|column| {
        same::equality(&column.mapping, &column.collation).is_ok()
            && !matches!(column.mapping.codec, Codec::Number | Codec::NumberByValue)
    });
    exact
        && !collates(other)
        && level.collation(other) == "BINARY"
        && !found.iter().any(|(table, _)| level.owns(table))
}

/// Whether a comparison with it may call different texts equal.
fn collates(expr: &Expr) -> bool {
    any(expr, &|one| matches!(one, Expr::Collate(_, name) if name != "BINARY"))
}

/// Whether an order puts no two different rows in the same place.
fn is_settled(level: &Level<'_>, bound: &Bound) -> bool {
    let by = |expr: &Expr| {
        bound.order_by.iter().any(|term| term.expr == *expr && level.collation(expr) == "BINARY")
    };
    if bound.columns.iter().all(|column| by(&column.expr)) {
        return true;
    }
    if !bound.group_by.is_empty() {
        return bound.group_by.iter().all(by);
    }
    let keyed = |(index, item): (usize, &super::level::Item)| {
        let ordered = |field: &usize| level.field(index, *field).is_ok_and(|column| by(&column));
        item.keys.iter().any(|key| key.iter().all(ordered))
    };
    level.items.iter().enumerate().all(keyed)
}
