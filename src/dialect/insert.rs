//! First rows, so that they may be added twice: by their key where that is given, else only where no such row is there.

use super::columns::advance_sequence;
use super::guard::Run;
use super::literal::{self, Literal};
use super::rows::{Ends, ends};
use super::{Reason, State, model};
use crate::catalog::Generated;
use crate::catalog::expr::Expr;
use crate::catalog::script::{Conflict, Insert, Rows};
use crate::catalog::select::{Compound, ResultColumn, Select, SelectCore};
use crate::ident::{qualified, quote, quote_list};
use crate::plan::types::PgType;

/// What an INSERT becomes.
///
/// # Errors
/// Why it is not translated.
pub(super) fn insert(insert: &Insert, state: &State) -> Result<Vec<Run>, Reason> {
    if let Some(odd) = insert.odd {
        return Err(format!("{odd} is not translated"));
    }
    let ends = ends(state, &insert.table)?;
    let names: Vec<String> = match &insert.columns {
        Some(names) => names.clone(),
        None => {
            let stored = ends.source.columns.iter().filter(|column| column.generated == Generated::No);
            stored.map(|column| column.name.clone()).collect()
        }
    };
    let rows = match &insert.rows {
        Rows::Defaults => vec![Vec::new()],
        Rows::Values(rows) => rows.clone(),
        Rows::Select(select) => constant_rows(select)?,
    };
    let rows = rows.iter().map(|row| Row::read(&ends, &names, row)).collect::<Result<Vec<Row>, Reason>>()?;
    let mut runs = Vec::new();
    for same in rows.chunk_by(|a, b| a.columns == b.columns) {
        runs.extend(statements(&ends, &insert.conflict, same)?);
    }
    Ok(runs)
}

/// Whether an INSERT gives numbers to the table's identity: the identity's column, in the target.
pub(super) fn given_identity(insert: &Insert, state: &State) -> Option<(String, String)> {
    let ends = ends(state, &insert.table).ok()?;
    let column = ends.model.columns.iter().find(|column| column.is_identity())?;
    let plan = ends.plan.columns.iter().find(|plan| plan.target == column.name)?;
    let is_named = |names: &Vec<String>| names.iter().any(|name| name.eq_ignore_ascii_case(&plan.source));
    let is_given = insert.columns.as_ref().is_none_or(is_named) && insert.rows != Rows::Defaults;
    is_given.then(|| (ends.plan.target.clone(), column.name.clone()))
}

/// The identity's next number is past those that were given.
pub(super) fn past_given(schema: &str, table: &str, column: &str) -> Run {
    Run::within(advance_sequence(schema, table, column))
}

/// The rows of a SELECT that reads no table.
fn constant_rows(select: &Select) -> Result<Vec<Vec<Expr>>, Reason> {
    let why = "INSERT … SELECT from tables is not translated";
    let is_plain = select.with.is_empty() && select.limit.is_none();
    let is_all = select.compounds.iter().all(|(kind, _)| *kind == Compound::UnionAll);
    if !is_plain || !is_all {
        return Err(why.to_owned());
    }
    let mut rows = Vec::new();
    for core in std::iter::once(&select.first).chain(select.compounds.iter().map(|(_, core)| core)) {
        match core {
            SelectCore::Values(values) => rows.extend(values.iter().cloned()),
            SelectCore::Query(query) if query.from.is_none() && query.filter.is_none() => {
                let value = |column: &ResultColumn| match column {
                    ResultColumn::Expr(expr, _) => Ok(expr.clone()),
                    _ => Err(why.to_owned()),
                };
                rows.push(query.columns.iter().map(value).collect::<Result<_, Reason>>()?);
            }
            SelectCore::Query(_) => return Err(why.to_owned()),
        }
    }
    Ok(rows)
}

/// One row of an INSERT in the target's words.
struct Row {
    columns: Vec<String>,
    types: Vec<PgType>,
    values: Vec<Literal>,
}

impl Row {
    fn read(ends: &Ends<'_>, names: &[String], values: &[Expr]) -> Result<Row, Reason> {
        let mut row = Row { columns: Vec::new(), types: Vec::new(), values: Vec::new() };
        for (name, expr) in names.iter().zip(values) {
            let Some((affinity, plan)) = ends.column(name)? else { continue };
            let is_identity = ends.model.column(&plan.target).is_some_and(model::Column::is_identity);
            let value = literal::of(expr, affinity, &plan.mapping)
                .map_err(|why| format!("{}: {why}", quote(name)))?;
            // For an identity, NULL means the next number.
            if !(is_identity && value.is_null) {
                row.columns.push(plan.target.clone());
                row.types.push(plan.mapping.pg);
                row.values.push(value);
            }
        }
        Ok(row)
    }

    fn list(&self) -> String {
        self.values.iter().map(|value| value.sql.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The key's columns are given, and none of them is NULL or the present moment.
    fn gives(&self, key: &[String]) -> bool {
        key.iter().all(|name| {
            let value = self.columns.iter().position(|column| column == name).map(|at| &self.values[at]);
            value.is_some_and(|value| value.is_constant && !value.is_null)
        })
    }
}

/// The statements for rows that give the same columns.
fn statements(ends: &Ends<'_>, conflict: &Conflict, rows: &[Row]) -> Result<Vec<Run>, Reason> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let key = ends.model.keys().map(|(_, key)| key).find(|key| rows.iter().all(|row| row.gives(key)));
    let clause = match (conflict, &key) {
        (Conflict::Ignore, _) => Some("DO NOTHING".to_owned()),
        (Conflict::Error, Some(key)) => {
            Some(format!("({}) DO NOTHING", quote_list(key.iter().map(String::as_str))))
        }
        (Conflict::Replace, Some(key)) => Some(replacing(ends, first, key)),
        (Conflict::Update { key, sets }, _) => Some(updating(ends, key, sets)?),
        (Conflict::Error | Conflict::Replace, None) => None,
    };
    let table = qualified(ends.schema, &ends.plan.target);
    let columns = quote_list(first.columns.iter().map(String::as_str));
    match clause {
        Some(clause) if !first.columns.is_empty() && has_key(ends, &key, conflict) => {
            let values: Vec<String> = rows.iter().map(|row| format!("\n  ({})", row.list())).collect();
            let values = values.join(",");
            Ok(vec![Run::always(format!(
                "INSERT INTO {table} ({columns}) VALUES{values}\nON CONFLICT {clause}"
            ))])
        }
        _ => Ok(rows.iter().map(|row| where_absent(&table, &columns, row)).collect()),
    }
}

/// Without a key, nothing conflicts, and each run would add the rows again.
fn has_key(ends: &Ends<'_>, given: &Option<Vec<String>>, conflict: &Conflict) -> bool {
    given.is_some() || matches!(conflict, Conflict::Update { .. }) || ends.model.has_unique_indexes()
}

/// `INSERT … SELECT … WHERE NOT EXISTS`: the row is added where none has the same constants.
fn where_absent(table: &str, columns: &str, row: &Row) -> Run {
    let mut same = Vec::new();
    for ((column, pg), value) in row.columns.iter().zip(&row.types).zip(&row.values) {
        if value.is_constant {
            // json has no equality; its text has.
            let text = if *pg == PgType::Json { "::pg_catalog.text" } else { "" };
            same.push(format!("{}{text} IS NOT DISTINCT FROM {}{text}", quote(column), value.sql));
        }
    }
    let filter = if same.is_empty() { String::new() } else { format!(" WHERE {}", same.join(" AND ")) };
    let absent = format!("NOT EXISTS (SELECT FROM {table}{filter})");
    match row.columns.is_empty() {
        true => Run::when(absent, vec![format!("INSERT INTO {table} DEFAULT VALUES")]),
        false => {
            Run::always(format!("INSERT INTO {table} ({columns})\nSELECT {}\nWHERE {absent}", row.list()))
        }
    }
}

/// REPLACE: the row that is there gets every value of the new one, its defaults included.
fn replacing(ends: &Ends<'_>, row: &Row, key: &[String]) -> String {
    let is_set = |column: &&model::Column| {
        let is_kept = column.generated.is_some() && !row.columns.contains(&column.name);
        !key.contains(&column.name) && !is_kept
    };
    let sets: Vec<String> = ends
        .model
        .columns
        .iter()
        .filter(is_set)
        .map(|column| format!("{name} = EXCLUDED.{name}", name = quote(&column.name)))
        .collect();
    let key = quote_list(key.iter().map(String::as_str));
    match sets.is_empty() {
        true => format!("({key}) DO NOTHING"),
        false => format!("({key}) DO UPDATE SET {}", sets.join(", ")),
    }
}

fn updating(ends: &Ends<'_>, key: &[String], sets: &[(String, Expr)]) -> Result<String, Reason> {
    let target = |name: &str| match ends.column(name)? {
        Some((_, plan)) => Ok(quote(&plan.target)),
        None => Err(format!("{} is skipped by the configuration", quote(name))),
    };
    let mut lines = Vec::new();
    for (name, expr) in sets {
        let value = match expr {
            Expr::Name { table: Some(table), name, .. } if table.eq_ignore_ascii_case("excluded") => {
                format!("EXCLUDED.{}", target(name)?)
            }
            other => match ends.column(name)? {
                Some((affinity, plan)) => literal::of(other, affinity, &plan.mapping)?.sql,
                None => continue,
            },
        };
        lines.push(format!("{} = {value}", target(name)?));
    }
    let key = key.iter().map(|name| target(name)).collect::<Result<Vec<_>, Reason>>()?;
    Ok(format!("({}) DO UPDATE SET {}", key.join(", "), lines.join(", ")))
}
