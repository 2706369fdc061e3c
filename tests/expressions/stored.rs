//! Generated columns: what the translation gives is what was copied of the column, and PostgreSQL takes it for one.

use super::compare::rendered;
use super::generate::Generator;
use super::judge::{OVERFLOW, SESSION, cells};
use super::table::{Column, Table};
use super::{FAMILIES, Family, Scores, generated};
use crate::support::dice::Dice;
use crate::support::postgres::{Database, query};
use cutover::catalog::affinity::Affinity;
use cutover::catalog::read::expression;
use cutover::plan::TablePlan;
use cutover::plan::translate::{self, Scope, Translated};
use cutover::plan::types::{Mapping, PgType};
use std::fmt::Write as _;

/// A generated column.
#[derive(Debug)]
pub(super) struct Made {
    name: String,
    declared: &'static str,
    sql: String,
}

/// Makes the table `g`: the rows of `t`, and generated columns that SQLite takes and can compute.
pub(super) fn add(table: &Table, sqlite: &rusqlite::Connection, dice: &mut Dice) -> Vec<Made> {
    let count = FAMILIES.iter().find(|counted| counted.0 == Family::Stored).unwrap().1;
    let columns: Vec<Column> = table.columns.clone();
    let mut generator = Generator { columns: &columns, dice, alias: None };
    let mut all: Vec<Made> = Vec::new();
    while all.len() < count {
        let node = generated(Family::Stored, &mut generator);
        let declared =
            *generator.dice.pick(&["INTEGER", "TEXT", "REAL", "NUMERIC", "", "BLOB", "BOOLEAN", "DATE"]);
        let made = Made { name: format!("made {}", all.len()), declared, sql: node.sql() };
        if create(sqlite, "temp.g", table, &[&made]).is_ok() {
            all.push(made);
        }
        sqlite.execute_batch("DROP TABLE IF EXISTS temp.g").unwrap();
    }
    create(sqlite, "main.g", table, &all.iter().collect::<Vec<_>>()).unwrap();
    all
}

/// Creates it, fills it, and reads it.
fn create(sqlite: &rusqlite::Connection, name: &str, table: &Table, made: &[&Made]) -> Result<(), String> {
    let mut sql = format!("CREATE TABLE {name} ({}", table.declarations());
    for Made { name, declared, sql: expression } in made {
        let _ = write!(sql, ", \"{name}\" {declared} AS ({expression})");
    }
    let columns: Vec<String> = table.columns.iter().map(Column::quoted).collect();
    let columns = format!("id, {}", columns.join(", "));
    sql += &format!("); INSERT INTO {name} ({columns}) SELECT {columns} FROM main.t");
    sqlite.execute_batch(&sql).map_err(|error| error.to_string())?;
    cells(sqlite, &format!("SELECT * FROM {name}")).map(|_| ())
}

/// Compares each translation with the values that were copied.
pub(super) fn judge(
    made: &[Made],
    planned: &TablePlan,
    scope: &Scope<'_>,
    database: &Database,
    scores: &mut Scores,
) {
    for made in made {
        let column = planned.columns.iter().find(|column| column.source == made.name).unwrap();
        let affinity = Affinity::of(made.declared, false);
        let read = expression(&made.sql).map_err(|error| format!("not read: {error}"));
        match read.and_then(|expr| translate::stored(&expr, scope, affinity, &column.mapping)) {
            Err(reason) => scores.refuse(Family::Stored, reason),
            Ok(translated) => one(made, (&column.target, &column.mapping), &translated, database, scores),
        }
    }
}

fn one(
    made: &Made,
    (target, mapping): (&str, &Mapping),
    translated: &Translated,
    database: &Database,
    scores: &mut Scores,
) {
    let (pg, sql) = (mapping.pg, &translated.sql);
    // A number is one with and without zeros behind it.
    let plain = |sql: &str| match pg {
        PgType::Numeric(_) => format!("trim_scale({sql})::text"),
        _ => rendered(sql, mapping),
    };
    let (copied, again) = (plain(&format!("\"{target}\"")), plain(&format!("(({sql})::{pg})")));
    let asked = format!("{SESSION}SELECT id, {copied}, {again} FROM g ORDER BY g.id");
    let rows = query(&database.url(), &asked);
    let generated = format!(
        "{SESSION}ALTER TABLE g ADD COLUMN once {pg} GENERATED ALWAYS AS ({sql}) STORED; ALTER TABLE g DROP COLUMN once"
    );
    let told = match rows {
        // A number that is too large for the target's type, which a note said beforehand.
        Err(error) if error.starts_with(OVERFLOW) && !translated.notes.is_empty() => {
            scores.refuse(Family::Stored, "a number beyond the target's type, noted".to_owned());
            return;
        }
        Err(error) => error,
        Ok(rows) => {
            let score = scores.of(Family::Stored);
            score.expressions += 1;
            score.pairs += rows.len() as u64;
            match (rows.iter().find(|row| row[1] != row[2]), database.try_execute(&generated)) {
                (Some(row), _) => format!("row {:?}: copied {:?}, computed {:?}", row[0], row[1], row[2]),
                (None, Err(error)) => error,
                (None, Ok(())) => return,
            }
        }
    };
    scores.problems.push(format!(
        "generated {} {}\n    is {sql}\n    as {pg} {:?}\n    {told}",
        made.declared, made.sql, mapping.codec
    ));
}
