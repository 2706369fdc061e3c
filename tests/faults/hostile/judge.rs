//! What SQLite itself can read of a file, against what arrived.

use crate::levels;
use crate::support::postgres::Database;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::path::Path;

/// Fails where a table that SQLite can read to its end has not arrived with all its rows and their contents, or where one
/// that it cannot read is said to have arrived.
pub(super) fn assert_whole(path: &Path, database: &Database, report: &Value) -> Result<(), String> {
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(said)?;
    // An application's own, which one file of the corpus has in a key: SQLite needs one to read it at all.
    source.create_collation("unicase", |a, b| a.to_lowercase().cmp(&b.to_lowercase())).map_err(said)?;
    for name in tables(&source).map_err(said)? {
        let rows = count(&source, &name);
        let copied =
            report["tables"].as_array().into_iter().flatten().find(|table| table["source"] == name.as_str());
        match (rows, copied) {
            (Ok(rows), Some(table)) => {
                let arrived = arrived(database, table);
                if arrived != rows {
                    return Err(format!("{name}: SQLite reads {rows} rows, and {arrived} arrived"));
                }
            }
            (Err(why), Some(_)) => {
                return Err(format!("{name} is said to be copied, and SQLite reads: {why}"));
            }
            (Ok(0), None) | (Err(_), None) => {}
            (Ok(_), None) if is_listed(report, &name) => {}
            (Ok(rows), None) => return Err(format!("{name} has {rows} rows and is not mentioned")),
        }
    }
    drop(source);
    levels::honest(path, database).map(drop)
}

fn said(error: rusqlite::Error) -> String {
    format!("done, and SQLite says: {error}")
}

/// Ordinary tables with a b-tree of their own; storage of virtual tables is not one.
fn tables(source: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = source.prepare(
        "SELECT s.name FROM sqlite_schema s JOIN pragma_table_list l ON l.name = s.name AND l.schema = 'main'
         WHERE s.type = 'table' AND l.type = 'table' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.rootpage > 0",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Rows of a table, each of whose stored values was read.
fn count(source: &Connection, table: &str) -> rusqlite::Result<u64> {
    let mut statement = source.prepare(&format!("SELECT * FROM main.{} NOT INDEXED", quoted(table)))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        (0..columns).try_for_each(|column| row.get_ref(column).map(drop))?;
        count += 1;
    }
    Ok(count)
}

fn arrived(database: &Database, table: &Value) -> u64 {
    let target = quoted(table["target"].as_str().expect("a target"));
    database.query_one_text(&format!("SELECT count(*) FROM public.{target}")).parse().expect("a count")
}

fn is_listed(report: &Value, table: &str) -> bool {
    report["not_carried"].as_array().into_iter().flatten().any(|item| item["name"] == table)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
