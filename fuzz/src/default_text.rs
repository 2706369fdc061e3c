//! DEFAULT: a translated one gives the value that SQLite stores.

use super::oracle;
use cutover::catalog::affinity::Affinity;
use cutover::plan::default::{Default, translate};
use cutover::plan::types::{Codec, PgType};
use rusqlite::Connection;
use rusqlite::types::Value;

const DECLARED: [&str; 6] = ["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", ""];

/// The text of a default.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for declared in DECLARED {
        translated(declared, text);
        if !text.contains('\0') {
            oracle::tried(|database| judged(database, declared, text));
        }
    }
}

/// The default of a column of that type, for every column of the target.
fn translated(declared: &str, text: &str) -> [(PgType, Default); 11] {
    let affinity = Affinity::of(declared, false);
    columns().map(|(pg, codec)| (pg, translate(text, affinity, pg, &codec)))
}

/// Compares with what SQLite stores, if it takes the text for a default at all.
fn judged(database: &Connection, declared: &str, text: &str) -> Option<()> {
    database.execute(&format!("CREATE TABLE t(a {declared} DEFAULT {text})"), []).ok()?;
    let sql = "SELECT dflt_value FROM pragma_table_xinfo('t') WHERE cid = 0 AND name = 'a' AND type = ?1";
    let kept: String = database.query_row(sql, [declared], |row| row.get::<_, Option<String>>(0)).ok()??;
    let all = translated(declared, &kept);
    // Evaluated only where there is something to compare: a function may take for ever.
    if all.iter().all(|(_, default)| matches!(default, Default::NotCarried(_))) {
        return None;
    }
    database.execute("INSERT INTO t DEFAULT VALUES", []).ok()?;
    let stored: Value = database.query_row("SELECT a FROM t", [], |row| row.get(0)).ok()?;
    all.iter().for_each(|(pg, default)| compare(*pg, default, &stored, &kept));
    Some(())
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

fn compare(pg: PgType, default: &Default, stored: &Value, text: &str) {
    let sql = match default {
        Default::NotCarried(_) => return,
        Default::None => return assert_eq!(*stored, Value::Null, "{text}"),
        Default::Expression(sql) => sql.as_str(),
    };
    if sql.contains("pg_catalog.statement_timestamp()") {
        let lower = text.to_ascii_lowercase();
        let words = ["current", "date", "time", "epoch", "julian"];
        return assert!(words.iter().any(|word| lower.contains(word)), "{text}: {sql}");
    }
    // What the server computes is compared where there is a server.
    if !is_literal(sql) {
        return;
    }
    let is_same = match (pg, stored) {
        (PgType::Bool, Value::Integer(flag)) => sql == if *flag == 1 { "true" } else { "false" },
        (PgType::Int8 | PgType::Numeric(_), Value::Integer(integer)) => number(sql).parse() == Ok(*integer),
        (PgType::Float8 | PgType::Numeric(_), Value::Real(real)) => number(sql).parse() == Ok(*real),
        (PgType::Date, Value::Text(text)) => sql == format!("'{text}'::pg_catalog.date"),
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

/// A text, a number, `true` or `false`, in the forms that literals of a type have.
fn is_literal(sql: &str) -> bool {
    let is_quoted = sql.starts_with(['\'', 'E']) && !sql.contains(" || ");
    is_quoted || matches!(sql, "true" | "false") || number(sql).parse::<f64>().is_ok()
}

/// The digits of a number that is written with its type.
fn number(sql: &str) -> &str {
    let digits = sql
        .strip_suffix("::pg_catalog.float8")
        .or_else(|| sql.strip_suffix("::pg_catalog.int8"))
        .unwrap_or(sql);
    digits.trim_matches(['(', ')', '\''])
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
