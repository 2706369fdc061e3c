//! UNION, UNION ALL, EXCEPT, INTERSECT. SQLite compares their rows without any conversion, and keeps each value's own
//! class; so a column must become one type from all parts without a loss.

use super::known::Session;
use super::{Env, Rendered, order, same, simple};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{Expr, Quote};
use crate::catalog::select::{Compound, Ordering, Query};
use crate::ident::{quote, quote_list};
use crate::plan::translate::{Reason, ScopeColumn};
use crate::plan::types::{Codec, Mapping, PgType};

/// Translates queries and what joins them.
pub(super) fn select(
    session: &mut Session<'_>,
    env: &Env<'_>,
    parts: &[(Option<Compound>, Query)],
    order_by: &[Ordering],
    limit: &Option<(Expr, Option<Expr>)>,
) -> Result<Rendered, Reason> {
    let mut rendered = Vec::new();
    for (_, query) in parts {
        rendered.push(simple::select(session, env, query, &[], &None)?);
    }
    let count = rendered[0].columns.len();
    if rendered.iter().any(|part| part.columns.len() != count) {
        return Err("queries of different numbers of columns joined by UNION".to_owned());
    }
    let mappings: Vec<Mapping> =
        (0..count).map(|index| mapping(&rendered, index)).collect::<Result<_, Reason>>()?;
    let columns: Vec<ScopeColumn> =
        (0..count).map(|index| column(&rendered, index, &mappings[index])).collect();
    if parts.iter().any(|(compound, _)| compound.is_some_and(|compound| compound != Compound::UnionAll)) {
        for column in &columns {
            same::equality(&column.mapping, &column.collation).map_err(|why| format!("UNION: {why}"))?;
        }
    }
    let texts: Vec<String> = rendered.iter().map(|part| converted(session, part, &mappings)).collect();
    let sql = join(parts, &texts);
    let sql = ordered(session, sql, (&rendered, &columns), order_by, limit)?;
    Ok(Rendered {
        sql,
        computed: (0..count).map(|index| rendered.iter().all(|part| part.computed[index])).collect(),
        null: vec![false; count],
        shown: vec![None; count],
        columns,
        free: rendered.into_iter().flat_map(|part| part.free).collect(),
        at_most_one: false,
    })
}

/// What a column of all parts becomes.
fn mapping(parts: &[Rendered], index: usize) -> Result<Mapping, Reason> {
    let mut mapping: Option<Mapping> = None;
    for part in parts.iter().filter(|part| !part.null[index]) {
        let next = part.columns[index].mapping.clone();
        mapping = Some(match mapping {
            None => next,
            Some(before) => unite(before, next).map_err(|(left, right)| {
                let name = &parts[0].columns[index].source;
                format!("the column {name} of a UNION is {left} in one part and {right} in another")
            })?,
        });
    }
    Ok(mapping.unwrap_or(Mapping { pg: PgType::Text, codec: Codec::Text }))
}

fn unite(left: Mapping, right: Mapping) -> Result<Mapping, (PgType, PgType)> {
    use Codec::{Bool, Float, FloatNumber, Int, Number, NumberByValue, Text};
    if left == right {
        return Ok(left);
    }
    let small = |mapping: &Mapping| matches!(mapping.pg, PgType::Int2 | PgType::Int4 | PgType::Bool);
    let (pg, codec) = match (&left.codec, &right.codec) {
        (Bool | Int, Bool | Int) => {
            (if small(&left) && small(&right) { PgType::Int4 } else { PgType::Int8 }, Int)
        }
        (Text, Text) if is_text(left.pg) && is_text(right.pg) => (PgType::Text, Text),
        (Bool | Int | Number | NumberByValue, Bool | Int | Number | NumberByValue) => {
            (PgType::Numeric(None), NumberByValue)
        }
        (Float | FloatNumber, Float | FloatNumber) => (PgType::Float8, FloatNumber),
        (Float | FloatNumber, Bool | Int) if small(&right) => (PgType::Float8, FloatNumber),
        (Bool | Int, Float | FloatNumber) if small(&left) => (PgType::Float8, FloatNumber),
        _ => return Err((left.pg, right.pg)),
    };
    Ok(Mapping { pg, codec })
}

fn is_text(pg: PgType) -> bool {
    matches!(pg, PgType::Text | PgType::Varchar(_))
}

/// One column of the whole (`sqlite3SubqueryColumnTypes`).
fn column(parts: &[Rendered], index: usize, mapping: &Mapping) -> ScopeColumn {
    let first = &parts[0].columns[index];
    let affinity = parts.iter().filter(|part| !part.computed[index]).map(|part| part.columns[index].affinity);
    let collation = parts.iter().map(|part| &part.columns[index].collation).find(|name| *name != "BINARY");
    ScopeColumn {
        mapping: mapping.clone(),
        affinity: affinity.into_iter().next().unwrap_or(Affinity::Blob),
        collation: collation.unwrap_or(&first.collation).clone(),
        nullable: parts.iter().any(|part| part.columns[index].nullable || part.null[index]),
        ..first.clone()
    }
}

/// A part with the columns that need it converted.
fn converted(session: &mut Session<'_>, part: &Rendered, mappings: &[Mapping]) -> String {
    let conversion = |(index, mapping): (usize, &Mapping)| {
        let name = format!("\"c{}\"", index + 1);
        let own = &part.columns[index].mapping;
        match (&own.codec, part.null[index]) {
            (_, true) => (format!("{name}::{}", mapping.pg), true),
            (Codec::Bool, _) if mapping.codec != Codec::Bool => {
                (format!("{name}::integer::{}", mapping.pg), true)
            }
            _ if own.pg != mapping.pg => (format!("{name}::{}", mapping.pg), true),
            _ => (name, false),
        }
    };
    let columns: Vec<(String, bool)> = mappings.iter().enumerate().map(conversion).collect();
    if !columns.iter().any(|(_, changed)| *changed) {
        return part.sql.clone();
    }
    let list: Vec<&str> = columns.iter().map(|(sql, _)| sql.as_str()).collect();
    let names: Vec<String> = (1..=columns.len()).map(|number| format!("c{number}")).collect();
    let names = quote_list(names.iter().map(String::as_str));
    format!("SELECT {} FROM ({}) AS {} ({names})", list.join(", "), part.sql, quote(&session.alias("q")))
}

/// To SQLite all operators bind alike, from left to right.
fn join(parts: &[(Option<Compound>, Query)], texts: &[String]) -> String {
    let mut sql = texts[0].clone();
    for ((compound, _), text) in parts.iter().zip(texts).skip(1) {
        let (word, tighter) = match compound {
            Some(Compound::UnionAll) | None => ("UNION ALL", false),
            Some(Compound::Union) => ("UNION", false),
            Some(Compound::Except) => ("EXCEPT", false),
            Some(Compound::Intersect) => ("INTERSECT", true),
        };
        sql = if tighter { format!("({sql}) {word} {text}") } else { format!("{sql} {word} {text}") };
    }
    sql
}

fn ordered(
    session: &mut Session<'_>,
    sql: String,
    (parts, columns): (&[Rendered], &[ScopeColumn]),
    order_by: &[Ordering],
    limit: &Option<(Expr, Option<Expr>)>,
) -> Result<String, Reason> {
    let limit = order::limit(limit)?;
    let mut terms = Vec::new();
    let mut settled = vec![false; columns.len()];
    let alias = quote(&session.alias("q"));
    for term in order_by {
        let (index, collation) = ordered_column(parts, &term.expr)?;
        let collation = collation.unwrap_or(&columns[index].collation);
        let name = format!("{alias}.\"c{}\"", index + 1);
        let key = same::order_key(session.world.utf16, &name, &columns[index].mapping, collation)?;
        terms.push(format!("{key} {}", order::direction(term)));
        settled[index] |= collation == "BINARY";
    }
    if !limit.is_empty() && !settled.iter().all(|settled| *settled) {
        return Err("a LIMIT over rows whose order leaves open which of them come first".to_owned());
    }
    if terms.is_empty() {
        return Ok(sql);
    }
    // PostgreSQL orders a UNION by its columns alone, without a collation; around it, both are free.
    let names: Vec<String> = (1..=columns.len()).map(|number| format!("c{number}")).collect();
    let names = quote_list(names.iter().map(String::as_str));
    Ok(format!("SELECT * FROM ({sql}) AS {alias} ({names}) ORDER BY {}{limit}", terms.join(", ")))
}

/// Which column a term of the ORDER BY means, and its own collation.
fn ordered_column<'e>(parts: &[Rendered], expr: &'e Expr) -> Result<(usize, Option<&'e str>), Reason> {
    if let Expr::Collate(inner, collation) = expr {
        return Ok((ordered_column(parts, inner)?.0, Some(collation)));
    }
    let count = parts[0].columns.len();
    let by_number = order::integer(expr).and_then(|number| usize::try_from(number).ok());
    if let Some(index) = by_number.and_then(|number| number.checked_sub(1)).filter(|index| *index < count) {
        return Ok((index, None));
    }
    let Expr::Name { table: None, name, quote } = expr else {
        return Err("a UNION ordered by an expression".to_owned());
    };
    let called =
        |part: &Rendered| part.columns.iter().position(|column| column.source.eq_ignore_ascii_case(name));
    let found = parts.iter().find_map(called).map(|index| (index, None));
    let text = if *quote == Quote::Double { "the text" } else { "the name" };
    found.ok_or_else(|| format!("a UNION ordered by {text} {name}, which is none of its columns"))
}
