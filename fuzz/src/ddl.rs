//! CREATE TABLE: whatever is read of it is what SQLite made of it.

use super::oracle;
use cutover::catalog::ddl::{self, TableText};
use rusqlite::Connection;

/// A statement.
pub fn run(data: &[u8]) {
    let Ok(sql) = std::str::from_utf8(data) else { return };
    let _ = ddl::read(sql);
    let lower = sql.to_ascii_lowercase();
    // Other statements may open files, and a SELECT may take for ever.
    let is_plain = lower.starts_with("create table") && !lower.contains('\0');
    if !is_plain || ["select", "with", "values"].iter().any(|word| lower.contains(word)) {
        return;
    }
    oracle::tried(|database| {
        if database.execute(sql, []).is_ok() {
            compare(database);
        }
    });
}

/// What cannot be read is said to be so; what is read must be right.
fn compare(database: &Connection) {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let created = database.query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let Ok((table, stored)) = created else { return };
    if let Ok(text) = ddl::read(&stored) {
        foreign_keys(database, &table, &text);
        generated(database, &table, &text);
    }
}

/// Child columns and parent of each foreign key, in the order of the text.
fn foreign_keys(database: &Connection, table: &str, text: &TableText) {
    let sql = "SELECT id, \"table\", \"from\" FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq";
    let mut statement = database.prepare(sql).expect("a pragma is a table");
    let rows = statement.query_map([table], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    });
    let mut keys: Vec<(i64, String, Vec<String>)> = Vec::new();
    for row in rows.expect("the list is read") {
        let (id, parent, from) = row.expect("the list has names");
        match keys.last_mut() {
            Some(last) if last.0 == id => last.2.push(from.to_ascii_lowercase()),
            _ => keys.push((id, parent, vec![from.to_ascii_lowercase()])),
        }
    }
    let sqlites: Vec<(String, Vec<String>)> =
        keys.into_iter().map(|(_, parent, from)| (parent, from)).collect();
    let ours: Vec<(String, Vec<String>)> = text
        .foreign_keys
        .iter()
        .map(|key| (key.parent.clone(), key.columns.iter().map(|name| name.to_ascii_lowercase()).collect()))
        .collect();
    assert_eq!(ours, sqlites, "foreign keys");
}

fn generated(database: &Connection, table: &str, text: &TableText) {
    let sql = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden IN (2, 3) ORDER BY cid";
    let mut statement = database.prepare(sql).expect("a pragma is a table");
    let names = statement.query_map([table], |row| row.get::<_, String>(0)).expect("the list is read");
    let sqlites: Vec<String> = names.map(|name| name.expect("a name")).collect();
    let ours: Vec<String> = text.generated.iter().map(|generated| generated.column.clone()).collect();
    assert_eq!(ours, sqlites, "generated columns");
}
