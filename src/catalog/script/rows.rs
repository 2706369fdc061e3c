//! INSERT, UPDATE and DELETE. What they would return goes nowhere in a script: RETURNING is not read.

use super::super::read::{expr, from, select, unquote};
use super::super::select::{SelectCore, Source};
use super::{Conflict, Insert, Rows, Statement, Update, name};
use sqlite3_parser::ast::{Expr as Parsed, InsertBody, ResolveType, Set, Stmt, Upsert, UpsertDo};

type Read<T> = Result<T, String>;

pub(super) fn insert(parsed: &Stmt<'_>) -> Read<Insert> {
    let Stmt::Insert { with, or_conflict, tbl_name, columns, body, .. } = parsed else {
        return Err("not an INSERT".to_owned());
    };
    let (rows, upsert) = match body {
        InsertBody::DefaultValues => (Rows::Defaults, None),
        InsertBody::Select(query, upsert) => (rows_of(select(query)?), *upsert),
    };
    let mut odd = [(with.is_some(), "WITH"), (tbl_name.alias.is_some(), "an alias of the table")]
        .into_iter()
        .find_map(|(is, words)| is.then_some(words));
    let conflict = match (or_conflict, upsert) {
        (None, None) => Conflict::Error,
        (Some(ResolveType::Ignore), None) => Conflict::Ignore,
        (Some(ResolveType::Replace), None) => Conflict::Replace,
        // Without other statements before it in the transaction, the three are one: the script ends.
        (Some(_), None) => Conflict::Error,
        (_, Some(upsert)) => of_upsert(upsert, &mut odd)?,
    };
    let columns = columns.as_ref().map(|names| names.iter().map(|name| unquote(name.0)).collect());
    Ok(Insert { table: name(tbl_name), columns, conflict, rows, odd })
}

fn rows_of(select: super::Select) -> Rows {
    let plain = select.with.is_empty()
        && select.compounds.is_empty()
        && select.order_by.is_empty()
        && select.limit.is_none();
    match select.first {
        SelectCore::Values(rows) if plain => Rows::Values(rows),
        first => Rows::Select(super::Select { first, ..select }),
    }
}

fn of_upsert(upsert: &Upsert<'_>, odd: &mut Option<&'static str>) -> Read<Conflict> {
    if upsert.next.is_some() {
        *odd = Some("more than one ON CONFLICT");
    }
    let (sets, filter) = match &upsert.do_clause {
        UpsertDo::Nothing => return Ok(Conflict::Ignore),
        UpsertDo::Set { sets, where_clause } => (sets, where_clause),
    };
    let target = upsert.index.as_ref();
    if filter.is_some() || target.is_some_and(|target| target.where_clause.is_some()) {
        *odd = Some("ON CONFLICT with WHERE");
    }
    let mut key = Vec::new();
    for column in target.map(|target| target.targets).unwrap_or_default() {
        match &column.expr {
            Parsed::Id(id) => key.push(unquote(id.0)),
            Parsed::Name(name) => key.push(unquote(name.0)),
            _ => *odd = Some("ON CONFLICT over an expression"),
        }
    }
    if key.is_empty() {
        *odd = Some("DO UPDATE without the columns of its key");
    }
    Ok(Conflict::Update { key, sets: self::sets(sets, odd)? })
}

fn sets(parsed: &[Set<'_>], odd: &mut Option<&'static str>) -> Read<Vec<(String, super::Expr)>> {
    let mut sets = Vec::new();
    for set in parsed {
        match set.col_names.as_slice() {
            [one] => sets.push((unquote(one.0), expr(&set.expr)?)),
            _ => *odd = Some("SET of several columns at once"),
        }
    }
    Ok(sets)
}

pub(super) fn update(parsed: &Stmt<'_>) -> Read<Update> {
    let Stmt::Update {
        with,
        or_conflict,
        tbl_name,
        sets: parsed,
        from: parsed_from,
        where_clause,
        order_by,
        limit,
        ..
    } = parsed
    else {
        return Err("not an UPDATE".to_owned());
    };
    let mut odd = [
        (with.is_some(), "WITH"),
        (order_by.is_some() || limit.is_some(), "LIMIT"),
        (matches!(or_conflict, Some(ResolveType::Ignore | ResolveType::Replace)), "UPDATE OR IGNORE/REPLACE"),
    ]
    .into_iter()
    .find_map(|(is, words)| is.then_some(words));
    let from = parsed_from.as_ref().map(from).transpose()?.flatten().map(|from| match from.first {
        Source::Table { name, alias } if from.joins.is_empty() => Some((name, alias)),
        _ => None,
    });
    if from == Some(None) {
        odd = odd.or(Some("UPDATE … FROM more than one table"));
    }
    Ok(Update {
        table: name(tbl_name),
        alias: tbl_name.alias.as_ref().map(|alias| unquote(alias.0)),
        from: from.flatten(),
        sets: sets(parsed, &mut odd)?,
        filter: where_clause.as_ref().map(expr).transpose()?,
        odd,
    })
}

pub(super) fn delete(parsed: &Stmt<'_>) -> Read<Statement> {
    let Stmt::Delete { with, tbl_name, where_clause, order_by, limit, .. } = parsed else {
        return Err("not a DELETE".to_owned());
    };
    let odd = [(with.is_some(), "WITH"), (order_by.is_some() || limit.is_some(), "LIMIT")]
        .into_iter()
        .find_map(|(is, words)| is.then_some(words));
    Ok(Statement::Delete {
        table: name(tbl_name),
        alias: tbl_name.alias.as_ref().map(|alias| unquote(alias.0)),
        filter: where_clause.as_ref().map(expr).transpose()?,
        odd,
    })
}
