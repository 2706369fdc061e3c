//! What stands within an expression and is more than one: subqueries and aggregates. They are translated first, and the
//! expression around them takes them as given.

use super::known::Session;
use super::level::{Column, Level};
use super::walk::children;
use super::{Env, Rendered, select};
use super::{aggregate, same};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{BinaryOp, Expr, Quote};
use crate::catalog::select::Select;
use crate::ident::quote;
use crate::plan::translate::{Given, Reason, Relation, Scope, ScopeColumn, Translated, condition, value};
use crate::plan::types::{Codec, Mapping, PgType};

/// A query's expressions, one after the other.
pub(super) struct Writer<'s, 'w, 'e> {
    pub session: &'s mut Session<'w>,
    pub env: &'e Env<'e>,
}

impl Writer<'_, '_, '_> {
    /// The value of a bound expression.
    pub(super) fn value(
        &mut self,
        level: &mut Level<'_>,
        expr: &Expr,
        aggregates: bool,
    ) -> Result<Translated, Reason> {
        self.prepare(level, expr, aggregates)?;
        let translated = value(expr, &level.scope)?;
        self.session.note(translated.notes.iter().cloned());
        Ok(translated)
    }

    /// A bound condition as SQL.
    pub(super) fn condition(
        &mut self,
        level: &mut Level<'_>,
        expr: &Expr,
        aggregates: bool,
    ) -> Result<String, Reason> {
        self.prepare(level, expr, aggregates)?;
        let translated = condition(expr, &level.scope)?;
        self.session.note(translated.notes);
        Ok(translated.sql)
    }

    /// Translates what the expression is to take as given.
    pub(super) fn prepare(
        &mut self,
        level: &mut Level<'_>,
        expr: &Expr,
        aggregates: bool,
    ) -> Result<(), Reason> {
        if level.scope.given.iter().any(|given| given.expr == *expr) {
            return Ok(());
        }
        let mut has_affinity = false;
        let translated = match expr {
            Expr::Subquery(select) => {
                let (translated, computed) = self.scalar(level, expr, select)?;
                has_affinity = !computed;
                translated
            }
            Expr::Exists(select) => {
                let sql = format!("EXISTS ({})", self.inner(level, expr, select)?.sql);
                truth(sql)
            }
            Expr::InSelect { operand, not, select } => {
                self.prepare(level, operand, aggregates)?;
                self.is_in(level, expr, (operand, *not), select)?
            }
            Expr::Call(call) if call.over => return Err(format!("{}() OVER: a window function", call.name)),
            Expr::Call(call) if aggregate::is_aggregate(expr) => {
                if !aggregates {
                    return Err(format!("{}() where no aggregate can stand", call.name));
                }
                for child in children(expr) {
                    self.prepare(level, child, false)?;
                }
                aggregate::translate(call, level)?
            }
            _ => {
                for child in children(expr) {
                    self.prepare(level, child, aggregates)?;
                }
                return Ok(());
            }
        };
        let nullable = !matches!(expr, Expr::Exists(_));
        let expr = expr.clone();
        level.scope.given.push(Given { expr, translated, has_affinity, nullable });
        Ok(())
    }

    /// A subquery, with `level` around it.
    fn inner(&mut self, level: &mut Level<'_>, expr: &Expr, query: &Select) -> Result<Rendered, Reason> {
        let env = Env { tables: Vec::new(), above: Some(self.env), level: Some(level) };
        let rendered = select(self.session, &env, query)?;
        level.free.push((expr.clone(), rendered.free.clone()));
        Ok(rendered)
    }

    fn scalar(
        &mut self,
        level: &mut Level<'_>,
        expr: &Expr,
        select: &Select,
    ) -> Result<(Translated, bool), Reason> {
        let rendered = self.inner(level, expr, select)?;
        if !rendered.at_most_one {
            return Err(
                "a subquery in place of a value may give more than one row, and SQLite takes whichever \
                        comes first"
                    .to_owned(),
            );
        }
        let column = one_column(rendered.columns)?;
        let sql = format!("({})", rendered.sql);
        let translated =
            Translated { sql, mapping: column.mapping, affinity: column.affinity, notes: Vec::new() };
        Ok((translated, rendered.computed[0]))
    }

    /// `operand IN (SELECT …)`, compared as `operand = column` (SQLite manual, "Datatypes in SQLite", §4.2).
    fn is_in(
        &mut self,
        level: &mut Level<'_>,
        expr: &Expr,
        (operand, not): (&Expr, bool),
        select: &Select,
    ) -> Result<Translated, Reason> {
        let rendered = self.inner(level, expr, select)?;
        let column = one_column(rendered.columns)?;
        let left = value(operand, &level.scope)?;
        let (binary, not_word) =
            (level.collation(operand) == "BINARY" && column.collation == "BINARY", word(not));
        if binary && alike(&left.mapping, &column.mapping) && same::equality(&left.mapping, "BINARY").is_ok()
        {
            let sql = format!("({} {not_word}IN ({}))", aggregate::enclosed(&left.sql), rendered.sql);
            return Ok(Translated { notes: left.notes, ..truth(sql) });
        }
        let alias = self.session.alias("found");
        let equal = equal(level, operand, &alias, column)?;
        let met = quote(&self.session.alias("met"));
        // NULL where nothing is equal but something might be. Compared in a query of its own: an aggregate over nothing but
        // columns of the query around would belong to that one.
        let sql = format!(
            "(SELECT {not_word}CASE WHEN bool_or({met}.\"is\") THEN true WHEN bool_or({met}.\"is\" IS NULL) THEN NULL ELSE false END \
             FROM (SELECT ({0})::pg_catalog.bool FROM ({1}) AS {2} (\"value\")) AS {met} (\"is\"))",
            equal.sql,
            rendered.sql,
            quote(&alias)
        );
        Ok(Translated { notes: equal.notes, ..truth(sql) })
    }
}

fn word(not: bool) -> &'static str {
    if not { "NOT " } else { "" }
}

fn truth(sql: String) -> Translated {
    let mapping = Mapping { pg: PgType::Bool, codec: Codec::Bool };
    Translated { sql, mapping, affinity: Affinity::Blob, notes: Vec::new() }
}

fn one_column(columns: Vec<ScopeColumn>) -> Result<ScopeColumn, Reason> {
    let mut columns = columns.into_iter();
    match (columns.next(), columns.next()) {
        (Some(column), None) => Ok(column),
        _ => Err("a subquery of several columns in place of a value".to_owned()),
    }
}

/// Whether PostgreSQL compares the two as they are.
fn alike(left: &Mapping, right: &Mapping) -> bool {
    let integer = |pg: PgType| matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8);
    let text = |pg: PgType| matches!(pg, PgType::Text | PgType::Varchar(_));
    let types =
        left.pg == right.pg || (integer(left.pg) && integer(right.pg)) || (text(left.pg) && text(right.pg));
    types && left.codec == right.codec
}

/// `operand = alias.value` by the rules of comparisons.
fn equal(level: &Level<'_>, operand: &Expr, alias: &str, column: ScopeColumn) -> Result<Translated, Reason> {
    let name = || "value".to_owned();
    let column = ScopeColumn { source: name(), target: name(), ..column };
    let mut scope: Scope<'_> = level.scope.clone();
    scope.relations.push(Relation {
        name: alias.to_owned(),
        qualifier: Some(quote(alias)),
        columns: vec![column],
    });
    let right = Expr::Name { table: Some(alias.to_owned()), name: name(), quote: Quote::None };
    value(&Expr::Binary(BinaryOp::Eq, Box::new(operand.clone()), Box::new(right)), &scope)
}

/// The columns that a bound expression names, those of its subqueries included, except below what `settled` says.
pub(super) fn names(
    level: &Level<'_>,
    expr: &Expr,
    settled: &dyn Fn(&Expr) -> bool,
    found: &mut Vec<Column>,
) {
    if settled(expr) {
        return;
    }
    if let Expr::Name { table: Some(table), name, .. } = expr {
        found.push((table.clone(), name.clone()));
    }
    if let Some((_, free)) = level.free.iter().find(|(subquery, _)| subquery == expr) {
        found.extend(free.iter().cloned());
    }
    for child in children(expr) {
        names(level, child, settled, found);
    }
}
