//! A level is a promise: where a column says E0, the target's value, decoded by rules of this file alone, is the source's
//! value again, bit by bit and in its own storage class (semantics.md §0.1, §1.5, §1.6).

use crate::support::flow::migrate;
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use rusqlite::types::ValueRef;
use serde_json::Value;
use std::path::Path;

/// How the server shall print values.
const SETTINGS: &str = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; ";

/// A value of SQLite, comparable by class and bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// Checks every E0 column of what `cutover copy` put into `database` from `file`. Returns how many there were.
pub(crate) fn honest(file: &Path, database: &Database) -> Result<usize, String> {
    let plans = database.rows("SELECT plan::text FROM cutover.source");
    let source = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| error.to_string())?;
    // A table whose key has its application's own collation cannot be read without one.
    source.create_collation("unicase", |a, b| a.to_lowercase().cmp(&b.to_lowercase())).unwrap();
    let mut checked = 0;
    for plan in plans {
        let plan: Value = serde_json::from_str(plan[0].as_deref().unwrap()).unwrap();
        for table in plan["tables"].as_array().unwrap() {
            for column in table["columns"].as_array().unwrap() {
                if column["level"] == "E0" {
                    check(&source, database, (text(&plan["schema"]), table), column)?;
                    checked += 1;
                }
            }
        }
    }
    Ok(checked)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Compares the two sides of a column as multisets; which row a value is in is the business of the digests.
fn check(
    source: &rusqlite::Connection,
    database: &Database,
    (schema, table): (&str, &Value),
    column: &Value,
) -> Result<(), String> {
    let place = format!("{}.{}", text(&table["source"]), text(&column["source"]));
    let mut left = source_cells(source, table, column);
    let sql = format!(
        "{SETTINGS}SELECT {}::text FROM {}.{}",
        quoted(text(&column["target"])),
        quoted(schema),
        quoted(text(&table["target"]))
    );
    let mut right = Vec::new();
    for row in database.rows(&sql) {
        right.push(match &row[0] {
            None => Cell::Null,
            Some(printed) => decode(printed, column)
                .ok_or_else(|| format!("{place}: {} cannot be decoded", column["mapping"]))?,
        });
    }
    left.sort();
    right.sort();
    let differing = left.iter().zip(&right).find(|(left, right)| left != right);
    match differing {
        _ if left.len() != right.len() => Err(format!("{place}: {} and {} values", left.len(), right.len())),
        Some((left, right)) => Err(format!("{place} is E0, and {left:?} came back as {right:?}")),
        None => Ok(()),
    }
}

fn source_cells(source: &rusqlite::Connection, table: &Value, column: &Value) -> Vec<Cell> {
    let only = column.pointer("/mapping/codec/only/0");
    let keeps = |class: &str| only.is_none_or(|classes| classes[class] == true);
    let (column, table) = (quoted(text(&column["source"])), quoted(text(&table["source"])));
    // Every column of the row, so that no covering index is read instead of the table.
    let sql = format!("SELECT {column}, * FROM main.{table}");
    let mut statement = source.prepare(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = statement.query([]).unwrap();
    let mut cells = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        cells.push(match row.get_ref(0).unwrap() {
            ValueRef::Integer(integer) if keeps("integer") => Cell::Integer(integer),
            ValueRef::Real(real) if keeps("real") => Cell::Real(real.to_bits()),
            ValueRef::Text(bytes) if keeps("text") => Cell::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) if keeps("blob") => Cell::Blob(bytes.to_vec()),
            _ => Cell::Null,
        });
    }
    cells
}

/// The SQLite value that PostgreSQL prints so, by the column's type and codec.
pub(crate) fn decode(printed: &str, column: &Value) -> Option<Cell> {
    let codec = column.pointer("/mapping/codec/only/1").unwrap_or(&column["mapping"]["codec"]);
    let real = |text: &str| text.parse::<f64>().ok().map(|real| Cell::Real(real.to_bits()));
    match codec {
        Value::String(name) => match name.as_str() {
            "bool" => Some(Cell::Integer(i64::from(printed == "t" || printed == "true"))),
            "int" => printed.parse().ok().map(Cell::Integer),
            "float" => real(printed),
            "number" => whole(printed).map(Cell::Integer).or_else(|| real(printed)),
            "text" | "json" | "uuid" | "date" => Some(Cell::Text(printed.as_bytes().to_vec())),
            "text_form" => Some(by_affinity(printed)),
            "blob" => hex(printed.strip_prefix("\\x")?).map(Cell::Blob),
            "tagged" => untag(&hex(printed.strip_prefix("\\x")?)?),
            _ => None,
        },
        Value::Object(object) => {
            let time = object.get("time_of_day").map(|template| (template, clock(printed, template)));
            let stamp = object.get("stamp").map(|template| (template, stamp(printed, template)));
            if let Some(unit) = object.get("epoch") {
                return epoch(printed, text(unit)).map(Cell::Integer);
            }
            if let Some(words) = object.get("flag_text") {
                let word = if printed == "true" { &words["yes"] } else { &words["no"] };
                return Some(Cell::Text(text(word).as_bytes().to_vec()));
            }
            time.or(stamp)?.1.map(|text| Cell::Text(text.into_bytes()))
        }
        _ => None,
    }
}

/// A number without a fraction within 64 bits; the lowest of them is no integer that a REAL could not be, but it is one.
fn whole(printed: &str) -> Option<i64> {
    let (number, fraction) = printed.split_once('.').unwrap_or((printed, ""));
    fraction.bytes().all(|digit| digit == b'0').then(|| number.parse().ok())?
}

/// What SQLite makes of a text in a column that turns numbers' texts into numbers.
fn by_affinity(printed: &str) -> Cell {
    if let Ok(integer) = printed.parse::<i64>() {
        return Cell::Integer(integer);
    }
    let numeric = printed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e'))
        || matches!(printed, "Infinity" | "-Infinity");
    match printed.parse::<f64>() {
        Ok(real) if numeric => Cell::Real(real.to_bits()),
        _ => Cell::Text(printed.as_bytes().to_vec()),
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

fn untag(bytes: &[u8]) -> Option<Cell> {
    let (class, payload) = bytes.split_first()?;
    Some(match class {
        1 => Cell::Integer(i64::from_be_bytes(payload.try_into().ok()?)),
        2 => Cell::Real(u64::from_be_bytes(payload.try_into().ok()?)),
        3 => Cell::Text(payload.to_vec()),
        4 => Cell::Blob(payload.to_vec()),
        _ => return None,
    })
}

/// `HH:MM:SS[.ffffff]` in the column's own spelling.
fn clock(printed: &str, template: &Value) -> Option<String> {
    let (time, fraction) = printed.split_once('.').unwrap_or((printed, ""));
    if template["seconds"] == false {
        return time.strip_suffix(":00").map(str::to_owned);
    }
    let six = format!("{fraction:0<6}");
    let digits = match &template["fraction"] {
        Value::Object(fixed) => six[..fixed["fixed"].as_u64()? as usize].to_owned(),
        Value::String(name) if name == "none_or_six" && fraction.is_empty() => String::new(),
        Value::String(name) if name == "none_or_six" => six,
        _ => fraction.to_owned(),
    };
    Some(if digits.is_empty() { time.to_owned() } else { format!("{time}.{digits}") })
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff][+00]` in the column's own spelling and zone.
fn stamp(printed: &str, template: &Value) -> Option<String> {
    let utc = printed.strip_suffix("+00").unwrap_or(printed);
    let (zone, seconds) = match &template["zone"] {
        Value::String(name) if name == "none" => ("", 0),
        Value::String(_) => ("Z", 0),
        offset => (text(&offset["offset"]["text"]), offset["offset"]["seconds"].as_i64()?),
    };
    let local = shifted(utc, seconds)?;
    let (date, time) = local.split_once(' ')?;
    Some(format!("{date}{}{}{zone}", text(&template["separator"]), clock(time, template)?))
}

/// Units since 1970, by the calendar of SQLite.
fn epoch(printed: &str, unit: &str) -> Option<i64> {
    let (moment, fraction) = printed.split_once('.').unwrap_or((printed, ""));
    let sqlite = rusqlite::Connection::open_in_memory().ok()?;
    let seconds: i64 = sqlite.query_row("SELECT unixepoch(?1)", [moment], |row| row.get(0)).ok()?;
    let micros = seconds * 1_000_000 + format!("{fraction:0<6}").parse::<i64>().ok()?;
    let per_unit = match unit {
        "seconds" => 1_000_000,
        "millis" => 1_000,
        _ => 1,
    };
    (micros % per_unit == 0).then_some(micros / per_unit)
}

/// `seconds` later, by the calendar of SQLite.
fn shifted(utc: &str, seconds: i64) -> Option<String> {
    if seconds == 0 {
        return Some(utc.to_owned());
    }
    let (moment, fraction) = utc.split_once('.').unwrap_or((utc, ""));
    let sqlite = rusqlite::Connection::open_in_memory().ok()?;
    let sql = "SELECT datetime(?1, ?2 || ' seconds')";
    let moved: String = sqlite.query_row(sql, (moment, seconds), |row| row.get(0)).ok()?;
    Some(if fraction.is_empty() { moved } else { format!("{moved}.{fraction}") })
}

/// Every codec that is exact, and a column whose values would tell if the level lied.
const EXACT: &str = "
    CREATE TABLE exact (id INTEGER PRIMARY KEY, flag BOOLEAN, n NUMERIC, r REAL, any_case, day DATE, t TIME,
        s0 DATETIME, sv DATETIME, z TIMESTAMP, o TIMESTAMP, j JSON, u UUID, b BLOB, w INTEGER, free);
    INSERT INTO exact VALUES
      (1, 1, 9223372036854775807, 0.1, 'A', '0001-01-01', '23:59', '9999-12-31 23:59:59', '2024-01-01 10:00:00.5',
       '2024-02-29T10:00:00Z', '2024-01-01 00:30:00.123+02:00', '{\"a\": 1.0}', '550e8400-e29b-41d4-a716-446655440000',
       x'00ff', 'N/A', -0.0),
      (-9223372036854775808, 0, 1e300, 5e-324, '1', '9999-12-31', '00:00', '0001-01-01 00:00:00', '2024-01-01 10:00:00',
       '0001-01-01T00:00:00Z', '9999-12-31 23:59:59.999+02:00', 'null', '00000000-0000-0000-0000-000000000000',
       x'', 2.5, 9e999),
      (2, NULL, -1.5, -9e999, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, -3, NULL)";

#[test]
fn every_exact_codec_gives_its_values_back() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(EXACT), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(honest(source.path(), &database), Ok(16));
    // The check can fail: one value of each column, changed behind its back.
    for change in [
        "r = 0.25 WHERE id = 1",
        "n = 1.5 WHERE id = 1",
        "day = '2024-01-01' WHERE id = 1",
        "w = '2.75' WHERE w = '2.5'",
    ] {
        database.execute(&format!("CREATE TABLE kept AS TABLE exact; UPDATE exact SET {change}"));
        assert!(honest(source.path(), &database).is_err(), "{change}");
        database.execute("TRUNCATE exact; INSERT INTO exact SELECT * FROM kept; DROP TABLE kept");
    }
    assert_eq!(honest(source.path(), &database), Ok(16));
}
