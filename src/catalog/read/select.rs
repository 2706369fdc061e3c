//! SELECTs.

use super::super::select::{
    CommonTable, Compound, From, Join, JoinKind, Ordering, Query, ResultColumn, Select, SelectCore, Source,
};
use super::DEPTH_MAX;
use super::expr::{at_depth, unquote};
use sqlite3_parser::ast::{
    As, CompoundOperator, Distinctness, FromClause, JoinConstraint, JoinOperator, JoinType,
    JoinedSelectTable, NullsOrder, OneSelect, ResultColumn as ParsedColumn, Select as Parsed, SelectTable,
    SortOrder, SortedColumn,
};

type Read<T> = Result<T, String>;

/// Our tree of the parser's.
pub(in crate::catalog) fn select(parsed: &Parsed<'_>) -> Read<Select> {
    select_at(parsed, DEPTH_MAX)
}

/// One level less for what is within.
fn within(depth: usize) -> Read<usize> {
    depth.checked_sub(1).ok_or_else(|| "a query nested too deep".to_owned())
}

/// The same within something: queries, joins in parentheses and expressions share one depth.
pub(super) fn select_at(parsed: &Parsed<'_>, depth: usize) -> Read<Select> {
    let depth = within(depth)?;
    let expr = |parsed| at_depth(parsed, depth);
    let compounds = parsed.body.compounds.iter().flatten();
    let tables = parsed.with.as_ref().map(|with| with.ctes).unwrap_or_default();
    Ok(Select {
        with: tables
            .iter()
            .map(|table| {
                Ok(CommonTable {
                    name: unquote(table.tbl_name.0),
                    columns: table
                        .columns
                        .unwrap_or_default()
                        .iter()
                        .map(|column| unquote(column.col_name.0))
                        .collect(),
                    select: select_at(table.select, depth)?,
                })
            })
            .collect::<Read<_>>()?,
        recursive: parsed.with.as_ref().is_some_and(|with| with.recursive),
        first: core(&parsed.body.select, depth)?,
        compounds: compounds
            .map(|part| Ok((compound(part.operator), core(&part.select, depth)?)))
            .collect::<Read<_>>()?,
        order_by: orderings(parsed.order_by.unwrap_or_default(), depth)?,
        limit: match parsed.limit {
            None => None,
            Some(limit) => Some((expr(&limit.expr)?, limit.offset.as_ref().map(&expr).transpose()?)),
        },
    })
}

fn compound(operator: CompoundOperator) -> Compound {
    match operator {
        CompoundOperator::Union => Compound::Union,
        CompoundOperator::UnionAll => Compound::UnionAll,
        CompoundOperator::Except => Compound::Except,
        CompoundOperator::Intersect => Compound::Intersect,
    }
}

fn core(parsed: &OneSelect<'_>, depth: usize) -> Read<SelectCore> {
    let expr = |parsed| at_depth(parsed, depth);
    let (distinctness, columns, source, filter, group, having_clause, windows) = match parsed {
        OneSelect::Values(rows) => {
            let rows = rows.iter().map(|row| row.iter().map(&expr).collect()).collect::<Read<_>>()?;
            return Ok(SelectCore::Values(rows));
        }
        OneSelect::Select { distinctness, columns, from, where_clause, group_by, having, window_clause } => {
            (distinctness, columns, from, where_clause, group_by, having, window_clause)
        }
    };
    Ok(SelectCore::Query(Box::new(Query {
        distinct: matches!(distinctness, Some(Distinctness::Distinct)),
        columns: columns.iter().map(|column| result_column(column, depth)).collect::<Read<_>>()?,
        from: source.as_ref().map(|source| from_at(source, depth)).transpose()?.flatten(),
        filter: filter.map(&expr).transpose()?,
        group_by: group.unwrap_or_default().iter().map(&expr).collect::<Read<_>>()?,
        having: having_clause.map(&expr).transpose()?,
        windows: windows.is_some(),
    })))
}

fn alias(parsed: &Option<As<'_>>) -> Option<String> {
    parsed.as_ref().map(|parsed| match parsed {
        As::As(name) | As::Elided(name) => unquote(name.0),
    })
}

fn result_column(parsed: &ParsedColumn<'_>, depth: usize) -> Read<ResultColumn> {
    Ok(match parsed {
        ParsedColumn::Expr(one, name) => ResultColumn::Expr(at_depth(one, depth)?, alias(name)),
        ParsedColumn::Star => ResultColumn::Star,
        ParsedColumn::TableStar(name) => ResultColumn::TableStar(unquote(name.0)),
    })
}

pub(in crate::catalog) fn from(parsed: &FromClause<'_>) -> Read<Option<From>> {
    from_at(parsed, DEPTH_MAX)
}

fn from_at(parsed: &FromClause<'_>, depth: usize) -> Read<Option<From>> {
    let depth = within(depth)?;
    let Some(first) = parsed.select else { return Ok(None) };
    let joins = parsed.joins.iter().flatten().map(|one| join(one, depth)).collect::<Read<_>>()?;
    Ok(Some(From { first: source(first, depth)?, joins }))
}

fn source(parsed: &SelectTable<'_>, depth: usize) -> Read<Source> {
    Ok(match parsed {
        SelectTable::Table(name, alias_of, _) => {
            Source::Table { name: unquote(name.name.0), alias: alias(alias_of) }
        }
        SelectTable::TableCall(name, ..) => Source::Call { name: unquote(name.name.0) },
        SelectTable::Select(query, alias_of) => {
            Source::Select { select: Box::new(select_at(query, depth)?), alias: alias(alias_of) }
        }
        SelectTable::Sub(inner, alias_of) => {
            let inner = from_at(inner, depth)?.ok_or("a FROM without a table")?;
            Source::Group { from: Box::new(inner), alias: alias(alias_of) }
        }
    })
}

fn join(parsed: &JoinedSelectTable<'_>, depth: usize) -> Read<Join> {
    let (on, using) = match &parsed.constraint {
        None => (None, Vec::new()),
        Some(JoinConstraint::On(condition)) => (Some(at_depth(condition, depth)?), Vec::new()),
        Some(JoinConstraint::Using(names)) => (None, names.iter().map(|name| unquote(name.0)).collect()),
    };
    let (kind, natural) = match &parsed.operator {
        JoinOperator::Comma => (JoinKind::Comma, false),
        JoinOperator::TypedJoin(None) => (JoinKind::Inner, false),
        JoinOperator::TypedJoin(Some(words)) => (join_kind(*words), words.contains(JoinType::NATURAL)),
    };
    Ok(Join { kind, natural, source: source(&parsed.table, depth)?, on, using })
}

fn join_kind(words: JoinType) -> JoinKind {
    match (words.contains(JoinType::LEFT), words.contains(JoinType::RIGHT)) {
        (true, true) => JoinKind::Full,
        (true, false) => JoinKind::Left,
        (false, true) => JoinKind::Right,
        _ if words.contains(JoinType::CROSS) => JoinKind::Cross,
        _ => JoinKind::Inner,
    }
}

/// The terms of an ORDER BY.
pub(super) fn orderings(parsed: &[SortedColumn<'_>], depth: usize) -> Read<Vec<Ordering>> {
    parsed.iter().map(|one| ordering(one, depth)).collect()
}

fn ordering(parsed: &SortedColumn<'_>, depth: usize) -> Read<Ordering> {
    Ok(Ordering {
        expr: at_depth(&parsed.expr, depth)?,
        descending: matches!(parsed.order, Some(SortOrder::Desc)),
        nulls_first: parsed.nulls.as_ref().map(|nulls| matches!(nulls, NullsOrder::First)),
    })
}
