//! The rows of one view on both sides, compared as multisets in SQLite's own values.

use crate::support::postgres::Database;
use rusqlite::Connection;
use rusqlite::types::Value;

/// How far two REALs may be apart, as a part of the larger: sums over many rows depend on their order.
const REAL_TOLERANCE: f64 = 1e-11;

/// One value as both sides can be brought to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(f64),
    /// INTEGER, exactly
    Integer(i64),
    Text(String),
}

/// Compares; the number of rows, or what differs first.
pub(super) fn same_rows(
    source: &Connection,
    view: &str,
    database: &Database,
    target: &str,
) -> Result<usize, String> {
    let types = types(database, target);
    let mut expected = source_rows(source, view, &types)?;
    let mut found = target_rows(database, target, &types)?;
    expected.sort_by_cached_key(|row| sort_key(row));
    found.sort_by_cached_key(|row| sort_key(row));
    if expected.len() != found.len() {
        return Err(format!("{view}: {} rows in SQLite, {} in PostgreSQL", expected.len(), found.len()));
    }
    match expected.iter().zip(&found).find(|(one, other)| !alike(one, other)) {
        Some((one, other)) => Err(format!("{view}:\n  {one:?}\n  {other:?}\n  {types:?}")),
        None => Ok(expected.len()),
    }
}

/// Whether the rows come in the same order, too.
pub(super) fn same_order(
    source: &Connection,
    view: &str,
    database: &Database,
    target: &str,
) -> Result<(), String> {
    let types = types(database, target);
    let (expected, found) = (source_rows(source, view, &types)?, target_rows(database, target, &types)?);
    let alike =
        expected.len() == found.len() && expected.iter().zip(&found).all(|(one, other)| alike(one, other));
    if alike { Ok(()) } else { Err(format!("{view}:\n  {expected:?}\n  {found:?}")) }
}

/// A view's columns in both sides' order: name and type.
pub(super) fn types(database: &Database, target: &str) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
         WHERE attrelid = '\"{}\"'::regclass AND attnum > 0 ORDER BY attnum",
        target.replace('"', "\"\"").replace('\'', "''")
    );
    let text = |value: &Option<String>| value.clone().unwrap();
    database.rows(&sql).iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn alike(one: &[Cell], other: &[Cell]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is(other))
}

impl Cell {
    fn is(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Number(one), Cell::Number(other)) => {
                one == other || (one - other).abs() <= REAL_TOLERANCE * one.abs().max(other.abs())
            }
            (one, other) => one == other,
        }
    }
}

/// Numbers come last and rounded, so that rows that differ in last digits stand in the same place.
fn sort_key(row: &[Cell]) -> (Vec<String>, Vec<String>) {
    let exact = row.iter().filter(|cell| !matches!(cell, Cell::Number(_)));
    let numbers = row.iter().filter_map(|cell| match cell {
        Cell::Number(number) => Some(format!("{number:.5e}")),
        _ => None,
    });
    (exact.map(|cell| format!("{cell:?}")).collect(), numbers.collect())
}

fn source_rows(
    source: &Connection,
    view: &str,
    types: &[(String, String)],
) -> Result<Vec<Vec<Cell>>, String> {
    let sql = format!("SELECT * FROM \"{}\"", view.replace('"', "\"\""));
    let mut statement = source.prepare(&sql).map_err(|error| error.to_string())?;
    assert_eq!(statement.column_count(), types.len(), "{view}");
    let rows = statement
        .query_map([], |row| {
            (0..types.len())
                .map(|index| row.get::<_, Value>(index).map(|value| of_sqlite(&value, &types[index].1)))
                .collect()
        })
        .map_err(|error| error.to_string())?;
    rows.collect::<rusqlite::Result<_>>().map_err(|error| error.to_string())
}

fn target_rows(
    database: &Database,
    target: &str,
    types: &[(String, String)],
) -> Result<Vec<Vec<Cell>>, String> {
    let column = |(name, pg): &(String, String)| {
        let name = format!("\"{}\"", name.replace('"', "\"\""));
        match pg.as_str() {
            "timestamp without time zone" => format!("to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US')"),
            "timestamp with time zone" => {
                format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
            }
            _ => name,
        }
    };
    let list: Vec<String> = types.iter().map(column).collect();
    let sql = format!("SELECT {} FROM \"{}\"", list.join(", "), target.replace('"', "\"\""));
    let rows = crate::support::postgres::query(&database.url(), &sql)?;
    let cells = |row: Vec<Option<String>>| {
        row.into_iter()
            .zip(types)
            .map(|(value, (_, pg))| value.map_or(Cell::Null, |text| of_postgres(&text, pg)))
            .collect()
    };
    Ok(rows.into_iter().map(cells).collect())
}

fn of_postgres(text: &str, pg: &str) -> Cell {
    match pg {
        "smallint" | "integer" | "bigint" => Cell::Integer(text.parse().unwrap()),
        "numeric" | "double precision" | "real" => Cell::Number(text.parse().unwrap()),
        "boolean" => Cell::Integer(i64::from(text == "t")),
        _ => Cell::Text(text.to_owned()),
    }
}

fn of_sqlite(value: &Value, pg: &str) -> Cell {
    match (value, pg) {
        (Value::Null, _) => Cell::Null,
        (Value::Integer(number), "numeric" | "double precision" | "real") => Cell::Number(*number as f64),
        (Value::Integer(seconds), pg) if pg.starts_with("timestamp") => Cell::Text(moment(*seconds)),
        (Value::Integer(number), _) => Cell::Integer(*number),
        (Value::Real(number), _) => Cell::Number(*number),
        (Value::Text(text), "uuid") => Cell::Text(text.trim_matches(['{', '}']).to_lowercase()),
        (Value::Text(text), pg) if pg.starts_with("timestamp") => Cell::Text(stamp(text)),
        (Value::Text(text), _) => Cell::Text(text.clone()),
        (Value::Blob(bytes), "uuid") => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex[range].to_owned());
            Cell::Text(parts.join("-"))
        }
        (Value::Blob(bytes), _) => {
            Cell::Text(format!("\\x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS.ffffff` of a date-time in UTC or without a zone.
fn stamp(text: &str) -> String {
    let bare = text.replace('T', " ");
    let bare = bare.trim_end_matches('Z').trim_end_matches("+00:00");
    let (clock, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let clock = if clock.len() == 10 { format!("{clock} 00:00:00") } else { clock.to_owned() };
    format!("{clock}.{fraction:0<6}")
}

/// The same of a count of seconds, milliseconds or microseconds, by its size.
fn moment(count: i64) -> String {
    let micros = match count.abs() {
        0..100_000_000_000 => count * 1_000_000,
        100_000_000_000..100_000_000_000_000 => count * 1000,
        _ => count,
    };
    let stamp = jiff::Timestamp::from_microsecond(micros).unwrap();
    stamp.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}
