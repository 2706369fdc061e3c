//! SQLite's queries in PostgreSQL's words (semantics.md §3.8). What does not mean the same is refused with its reason;
//! single expressions are the business of [`super::translate`].
//!
//! A query is bound first: every name in it becomes one of a relation whose name nothing else of the view has, so that both
//! sides look names up alike. Then what it is made of is translated, from the inside out.

mod aggregate;
mod from;
mod group;
pub(super) mod known;
mod level;
mod order;
mod output;
mod same;
mod simple;
mod subquery;
mod unite;
mod walk;

use super::translate::{Reason, ScopeColumn};
use crate::catalog::expr::Expr;
use crate::catalog::select::{CommonTable, Query, ResultColumn, Select, SelectCore};
use crate::ident::{quote, quote_list};
use known::{Field, Known, Session};
use level::{Column, Level};

/// What a query stands in.
#[derive(Debug, Default)]
pub(super) struct Env<'e> {
    /// what its WITH names
    tables: Vec<Known>,
    /// what that stands in
    above: Option<&'e Env<'e>>,
    /// the query around it, where its expressions may name columns of that
    level: Option<&'e Level<'e>>,
}

/// A translated query.
#[derive(Debug)]
pub(super) struct Rendered {
    /// PostgreSQL's text
    pub sql: String,
    /// its columns; `source` is the name to SQLite, empty where that is the text of the expression
    pub columns: Vec<ScopeColumn>,
    /// for each column: it has no affinity
    computed: Vec<bool>,
    /// for each column: it is nothing but NULL
    null: Vec<bool>,
    /// for each column: it shows a column of the source under its own name, and that one's name in the target
    pub shown: Vec<Option<String>>,
    /// columns of queries around it that it names
    free: Vec<Column>,
    /// it gives one row or none
    at_most_one: bool,
}

impl Rendered {
    /// One column as other views see it.
    pub(super) fn field(&self, index: usize, source: &str, target: &str) -> Field {
        let (source, shown) = (source.to_owned(), Some(target.to_owned()));
        let target = target.to_owned();
        let column = ScopeColumn { source: source.clone(), target, ..self.columns[index].clone() };
        Field { name: Some(source), column: Ok(column), shown, computed: self.computed[index] }
    }
}

impl Env<'_> {
    /// What a WITH around calls so.
    fn table(&self, name: &str) -> Option<&Known> {
        let here = self.tables.iter().find(|known| known.name.eq_ignore_ascii_case(name));
        here.or_else(|| self.above?.table(name))
    }
}

/// A whole view.
///
/// # Errors
/// The reason why it is not carried.
pub(super) fn view(session: &mut Session<'_>, query: &Select) -> Result<Rendered, Reason> {
    select(session, &Env::default(), query)
}

/// A query with everything around it.
fn select(session: &mut Session<'_>, env: &Env<'_>, query: &Select) -> Result<Rendered, Reason> {
    if query.with.is_empty() {
        return body(session, env, query);
    }
    let mut inner = Env { tables: Vec::new(), above: Some(env), level: env.level };
    let mut parts = Vec::new();
    for (number, table) in query.with.iter().enumerate() {
        let (known, part) = common_table(session, &inner, table, &query.with[number..])?;
        inner.tables.push(known);
        parts.push(part);
    }
    let rendered = body(session, &inner, query)?;
    Ok(Rendered { sql: format!("WITH {} {}", parts.join(", "), rendered.sql), ..rendered })
}

/// One part of a WITH. To SQLite it may name itself and those after it; that is not carried.
fn common_table(
    session: &mut Session<'_>,
    env: &Env<'_>,
    table: &CommonTable,
    unsettled: &[CommonTable],
) -> Result<(Known, String), Reason> {
    let unsettled = unsettled.iter().map(|table| Known { name: table.name.clone(), ..Known::default() });
    let env = Env { tables: unsettled.collect(), above: Some(env), level: env.level };
    let rendered = select(session, &env, &table.select)?;
    if !rendered.free.is_empty() {
        return Err(format!("the part {} of the WITH names columns of the query around it", table.name));
    }
    let (fields, names) = output::fields(&rendered, &table.columns)?;
    let alias = quote(&session.alias(&table.name));
    let part = format!("{alias} ({}) AS ({})", quote_list(names.iter().map(String::as_str)), rendered.sql);
    let (name, single) = (table.name.clone(), rendered.at_most_one);
    Ok((Known { name, sql: alias, fields, single, ..Known::default() }, part))
}

fn body(session: &mut Session<'_>, env: &Env<'_>, query: &Select) -> Result<Rendered, Reason> {
    let mut parts = parts(&query.first, None);
    for (compound, core) in &query.compounds {
        parts.extend(self::parts(core, Some(*compound)));
    }
    match parts.as_slice() {
        [(_, one)] => simple::select(session, env, one, &query.order_by, &query.limit),
        _ => unite::select(session, env, &parts, &query.order_by, &query.limit),
    }
}

/// The queries that a core is; the rows of VALUES are queries that UNION ALL joins.
fn parts(
    core: &SelectCore,
    compound: Option<crate::catalog::select::Compound>,
) -> Vec<(Option<crate::catalog::select::Compound>, Query)> {
    let all = Some(crate::catalog::select::Compound::UnionAll);
    match core {
        SelectCore::Query(query) => vec![(compound, (**query).clone())],
        SelectCore::Values(rows) => rows
            .iter()
            .enumerate()
            .map(|(number, row)| (if number == 0 { compound } else { all }, row_query(row)))
            .collect(),
    }
}

/// One row of VALUES, whose columns SQLite calls `column1` and so on.
fn row_query(row: &[Expr]) -> Query {
    let named =
        |(number, expr): (usize, &Expr)| ResultColumn::Expr(expr.clone(), Some(format!("column{number}")));
    Query {
        distinct: false,
        columns: (1..).zip(row).map(named).collect(),
        from: None,
        filter: None,
        group_by: Vec::new(),
        having: None,
        windows: false,
    }
}
