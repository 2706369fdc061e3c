//! DEFAULT: a translated one gives the value that SQLite stores.

use super::oracle;
use cutover::catalog::affinity::Affinity;
use cutover::plan::default::{Default, translate};
use cutover::plan::types::{Codec, PgType};
use rusqlite::types::Value;

const DECLARED: [&str; 6] = ["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", ""];

/// The text of a default.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for declared in DECLARED {
        let affinity = Affinity::of(declared, false);
        let translated: Vec<Default> =
            columns().iter().map(|(pg, codec)| translate(text, affinity, *pg, codec)).collect();
        let Some(text) = as_sqlite_keeps_it(declared, text) else { continue };
        let again = columns().map(|(pg, codec)| (pg, translate(&text, affinity, pg, &codec)));
        // Evaluated only where there is something to compare: a function may take for ever.
        if again.iter().all(|(_, default)| matches!(default, Default::NotCarried(_))) {
            continue;
        }
        let Some(stored) = stored(declared, &text) else { continue };
        for (pg, default) in again {
            compare(pg, &default, &stored, &text);
        }
        drop(translated);
    }
}

fn columns() -> [(PgType, Codec); 11] {
    [
        (PgType::Bool, Codec::Bool),
        (PgType::Int8, Codec::Int),
        (PgType::Numeric(None), Codec::Number),
        (PgType::Numeric(None), Codec::NumberByValue),
        (PgType::Float8, Codec::Float),
        (PgType::Text, Codec::Text),
        (PgType::Text, Codec::TextForm),
        (PgType::Bytea, Codec::Blob),
        (PgType::Bytea, Codec::BytesForm),
        (PgType::Timestamp(6), Codec::AnyTimestamp),
        (PgType::Date, Codec::Date),
    ]
}

/// The default as SQLite's own catalog gives it, if it takes the text for one.
fn as_sqlite_keeps_it(declared: &str, text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    let database = oracle::database();
    database.execute(&format!("CREATE TABLE t(a {declared} DEFAULT {text})"), []).ok()?;
    let sql = "SELECT dflt_value FROM pragma_table_xinfo('t') WHERE cid = 0 AND name = 'a' AND type = ?1";
    database.query_row(sql, [declared], |row| row.get::<_, Option<String>>(0)).ok()?
}

fn stored(declared: &str, text: &str) -> Option<Value> {
    let database = oracle::database();
    database
        .execute(&format!("CREATE TABLE t(a {declared} DEFAULT ({text}))"), [])
        .ok()
        .or_else(|| database.execute(&format!("CREATE TABLE t(a {declared} DEFAULT {text})"), []).ok())?;
    database.execute("INSERT INTO t DEFAULT VALUES", []).ok()?;
    database.query_row("SELECT a FROM t", [], |row| row.get(0)).ok()
}

fn compare(pg: PgType, default: &Default, stored: &Value, text: &str) {
    let sql = match default {
        Default::NotCarried(_) => return,
        Default::None => return assert_eq!(*stored, Value::Null, "{text}"),
        Default::Expression(sql) => sql.as_str(),
    };
    if sql.contains("pg_catalog.statement_timestamp()") {
        let lower = text.to_ascii_lowercase();
        return assert!(["current", "date", "time"].iter().any(|word| lower.contains(word)), "{text}: {sql}");
    }
    let is_same = match (pg, stored) {
        (PgType::Bool, Value::Integer(flag)) => sql == if *flag == 1 { "true" } else { "false" },
        (PgType::Int8 | PgType::Numeric(_), Value::Integer(integer)) => sql.parse() == Ok(*integer),
        (PgType::Float8 | PgType::Numeric(_), Value::Real(real)) => sql.parse() == Ok(*real),
        (PgType::Text, Value::Text(text)) => literal(sql).as_ref() == Some(text),
        (PgType::Text, Value::Integer(integer)) => literal(sql) == Some(integer.to_string()),
        (PgType::Bytea, Value::Blob(bytes)) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            sql == format!("'\\x{hex}'::pg_catalog.bytea")
        }
        _ => false,
    };
    assert!(is_same, "DEFAULT {text}: SQLite stores {stored:?}, PostgreSQL {sql}");
}

/// What PostgreSQL reads from a literal, with `standard_conforming_strings` on.
fn literal(sql: &str) -> Option<String> {
    let (body, is_escape) = match sql.strip_prefix(" E'").or_else(|| sql.strip_prefix("E'")) {
        Some(body) => (body, true),
        None => (sql.strip_prefix('\'')?, false),
    };
    let body = body.strip_suffix('\'')?;
    assert!(!body.replace("''", "").contains('\''), "a literal that ends early: {sql}");
    let text = body.replace("''", "'");
    Some(if is_escape { text.replace("\\\\", "\\") } else { text })
}
