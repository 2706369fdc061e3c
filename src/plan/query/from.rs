//! FROM: tables, views, subqueries and how they are joined.

use super::known::{Known, Session};
use super::level::{Item, Level};
use super::subquery::{Writer, names};
use super::walk::conjuncts;
use super::{Env, output, select};
use crate::catalog::expr::{BinaryOp, Expr};
use crate::catalog::select::{From, Join, JoinKind, Source};
use crate::ident::{quote, quote_list};
use crate::plan::translate::Reason;

/// A translated FROM: its text, and conditions of joins that stand in the WHERE.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub sql: String,
    pub conditions: Vec<String>,
    /// the conditions of inner joins and those of USING, bound
    pub inner: Vec<Expr>,
}

/// Translates a FROM and fills the level with its tables.
pub(super) fn translate(
    session: &mut Session<'_>,
    env: &Env<'_>,
    from: &From,
    level: &mut Level<'_>,
) -> Result<Joined, Reason> {
    let kinds: Vec<JoinKind> = from.joins.iter().map(|join| join.kind).collect();
    let outer = |kind: &JoinKind| matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full);
    let right = |kind: &JoinKind| matches!(kind, JoinKind::Right | JoinKind::Full);
    let named = |join: &Join| join.natural || !join.using.is_empty();
    if kinds.len() > 1 && kinds.iter().any(right) && from.joins.iter().any(named) {
        return Err("USING or NATURAL beside a RIGHT or FULL JOIN of more than two tables".to_owned());
    }
    let has_group = std::iter::once(&from.first)
        .chain(from.joins.iter().map(|join| &join.source))
        .any(|source| matches!(source, Source::Group { .. }));
    if has_group && from.joins.iter().any(named) {
        return Err("USING or NATURAL beside joins in parentheses".to_owned());
    }
    let mut builder =
        Builder { session, env, has_outer: kinds.iter().any(outer), later: Vec::new(), inner: Vec::new() };
    let mut sql = builder.source(&from.first, level)?;
    for join in &from.joins {
        let part = builder.join(join, level)?;
        sql.push_str(&part);
    }
    let conditions = builder.settle_later(level)?;
    Ok(Joined { sql, conditions, inner: builder.inner })
}

struct Builder<'s, 'w, 'e> {
    session: &'s mut Session<'w>,
    env: &'e Env<'e>,
    has_outer: bool,
    /// conditions that name tables further to the right
    later: Vec<Expr>,
    inner: Vec<Expr>,
}

impl Builder<'_, '_, '_> {
    fn source(&mut self, source: &Source, level: &mut Level<'_>) -> Result<String, Reason> {
        match source {
            Source::Table { name, alias } => self.table(name, alias.as_ref(), level),
            Source::Select { select: query, alias } => {
                // It sees the queries around, not its neighbours.
                let rendered = select(self.session, self.env, query)?;
                if !rendered.free.is_empty() {
                    level.around.extend(rendered.free.iter().cloned());
                }
                let (fields, names) = output::fields(&rendered, &[])?;
                let target = self.session.alias(alias.as_deref().unwrap_or("q"));
                let (name, single) = (alias.clone(), rendered.at_most_one);
                level.add(&target, Item { name, fields, single, ..Item::default() });
                let names = quote_list(names.iter().map(String::as_str));
                Ok(format!("({}) AS {} ({names})", rendered.sql, quote(&target)))
            }
            Source::Group { from, alias: None } => self.group(from, level),
            Source::Group { .. } => Err("joins in parentheses that have a name".to_owned()),
            Source::Call { name } => Err(format!("{name}() in place of a table")),
        }
    }

    fn table(&mut self, name: &str, alias: Option<&String>, level: &mut Level<'_>) -> Result<String, Reason> {
        let known: &Known = match self.env.table(name) {
            Some(known) if known.sql.is_empty() => {
                return Err(format!("{name} of the WITH names itself, or is named before it is there"));
            }
            Some(known) => known,
            None => self.session.find(name)?,
        };
        let called = alias.map_or(known.name.as_str(), String::as_str);
        let (sql, item) = (
            known.sql.clone(),
            Item {
                name: Some(called.to_owned()),
                fields: known.fields.clone(),
                keys: known.keys.clone(),
                nullable_keys: known.nullable_keys.clone(),
                single: known.single,
                rowid: known.rowid,
                ..Item::default()
            },
        );
        let target = self.session.alias(called);
        level.add(&target, item);
        Ok(format!("{sql} AS {}", quote(&target)))
    }

    fn group(&mut self, from: &From, level: &mut Level<'_>) -> Result<String, Reason> {
        if from.joins.iter().any(|join| join.natural || !join.using.is_empty()) {
            return Err("USING or NATURAL within joins in parentheses".to_owned());
        }
        let mut sql = self.source(&from.first, level)?;
        for join in &from.joins {
            sql.push_str(&self.join(join, level)?);
        }
        Ok(if from.joins.is_empty() { sql } else { format!("({sql})") })
    }

    fn join(&mut self, join: &Join, level: &mut Level<'_>) -> Result<String, Reason> {
        let start = level.items.len();
        let source = self.source(&join.source, level)?;
        let end = level.items.len();
        let mut conditions = using(join, level, start)?;
        if let Some(on) = &join.on {
            match level.bind(on) {
                Ok(bound) => conditions.push(bound),
                // Where all joins are inner ones, SQLite takes ON for a part of the WHERE.
                Err(_) if !self.has_outer => self.later.push(on.clone()),
                Err(why) => return Err(why),
            }
        }
        if join.kind == JoinKind::Full && !conditions.iter().flat_map(conjuncts).any(is_equality) {
            return Err(
                "a FULL JOIN by something else than equal columns, which PostgreSQL cannot do".to_owned()
            );
        }
        let sql = self.conditions(&conditions, level)?;
        match join.kind {
            JoinKind::Left => level.may_be_missing(start..end),
            JoinKind::Right => level.may_be_missing(0..start),
            JoinKind::Full => level.may_be_missing(0..end),
            _ => self.inner.extend(conditions),
        }
        Ok(match (join.kind, sql.as_str()) {
            (JoinKind::Left, "") => format!(" LEFT JOIN {source} ON true"),
            (JoinKind::Right, "") => format!(" RIGHT JOIN {source} ON true"),
            (JoinKind::Left, sql) => format!(" LEFT JOIN {source} ON {sql}"),
            (JoinKind::Right, sql) => format!(" RIGHT JOIN {source} ON {sql}"),
            (JoinKind::Full, sql) => format!(" FULL JOIN {source} ON {sql}"),
            // To PostgreSQL a comma binds less than JOIN; to SQLite it is one.
            (_, "") => format!(" CROSS JOIN {source}"),
            (_, sql) => format!(" JOIN {source} ON {sql}"),
        })
    }

    fn conditions(&mut self, conditions: &[Expr], level: &mut Level<'_>) -> Result<String, Reason> {
        let mut writer = Writer { session: self.session, env: self.env };
        let mut parts = Vec::new();
        for condition in conditions {
            parts.push(format!("({})", writer.condition(level, condition, false)?));
            let mut found = Vec::new();
            names(level, condition, &|_| false, &mut found);
            level.around.extend(found);
        }
        Ok(parts.join(" AND "))
    }

    fn settle_later(&mut self, level: &mut Level<'_>) -> Result<Vec<String>, Reason> {
        let later = std::mem::take(&mut self.later);
        let bound: Vec<Expr> = later.iter().map(|on| level.bind(on)).collect::<Result<_, Reason>>()?;
        let sql = self.conditions(&bound, level)?;
        self.inner.extend(bound);
        Ok(if sql.is_empty() { Vec::new() } else { vec![sql] })
    }
}

/// The columns that a USING or NATURAL names, as conditions; the item is told of them.
fn using(join: &Join, level: &mut Level<'_>, start: usize) -> Result<Vec<Expr>, Reason> {
    let left: Vec<usize> = (0..start).collect();
    let mut names = join.using.clone();
    if join.natural {
        for field in &level.items[start].fields {
            let Some(name) = &field.name else { continue };
            if level.items[..start].iter().any(|item| item.has(name)) {
                names.push(name.clone());
            }
        }
    }
    let mut conditions = Vec::new();
    for name in &names {
        let missing = || format!("USING names {name}, which is not a column of both");
        let left = level.column(&left, name)?.ok_or_else(missing)?;
        let right = level.column(&[start], name)?.ok_or_else(missing)?;
        conditions.push(Expr::Binary(BinaryOp::Eq, Box::new(left), Box::new(right)));
    }
    level.items[start].using = names;
    level.items[start].kind = Some(join.kind);
    Ok(conditions)
}

/// PostgreSQL can join in full only by what it can hash or sort.
fn is_equality(expr: &Expr) -> bool {
    let name = |one: &Expr| matches!(one, Expr::Name { table: Some(_), .. });
    matches!(expr, Expr::Binary(BinaryOp::Eq, left, right) if name(left) && name(right))
}
