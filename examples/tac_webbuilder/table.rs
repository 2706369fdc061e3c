//! Rows into tables: a row is a list of named cells, and a gap is left at the end of every id.

use super::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// One row: the columns that it names, with their cells.
pub(crate) type Row = Vec<(&'static str, Value)>;

/// Rows that each table loses at its end again, so that AUTOINCREMENT remembers more than the table shows.
const GAP: u64 = 3;

/// A cell of text.
pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// `value`, or NULL in so many of a hundred rows where `lacks` came out true.
pub(crate) fn unless(lacks: bool, value: impl Into<Value>) -> Value {
    if lacks { Value::Null } else { value.into() }
}

/// Inserts `count` rows.
pub(crate) fn fill(db: &Connection, table: &str, count: u64, mut row: impl FnMut(u64) -> Row) -> Result<()> {
    for number in 1..=count {
        let (names, cells): (Vec<&str>, Vec<Value>) = row(number).into_iter().unzip();
        let names: Vec<String> =
            names.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        let places = vec!["?"; cells.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", names.join(", "));
        db.prepare_cached(&sql)?
            .execute(params_from_iter(cells))
            .map_err(|error| format!("{table}: {error}"))?;
    }
    Ok(())
}

/// Inserts `count` rows and a few more with AUTOINCREMENT ids, and deletes those few again.
pub(crate) fn fill_with_gap(
    db: &Connection,
    table: &str,
    count: u64,
    row: impl FnMut(u64) -> Row,
) -> Result<()> {
    fill(db, table, count + GAP, row)?;
    db.execute(&format!("DELETE FROM {table} WHERE id > ?"), [i64::try_from(count)?])?;
    Ok(())
}

/// The user's tables.
pub(crate) fn names(db: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
    let mut statement = db.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<std::result::Result<_, _>>()?;
    Ok(names)
}

/// Rows of one table.
pub(crate) fn count(db: &Connection, table: &str) -> Result<u64> {
    let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(u64::try_from(rows)?)
}
