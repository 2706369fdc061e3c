//! Stand-ins for collations that only the application knows (semantics.md §3.4).
//!
//! Without one, a statement that touches such a column's index or order fails with "no such collation sequence".
//! A stand-in compares bytes, so it *reads* everything but *orders* unlike the application: a b-tree in the order
//! of such a collation may be scanned, never searched.

use rusqlite::Connection;

/// Collations that SQLite itself has.
const BUILT_IN: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

/// Registers a stand-in whenever a statement asks for an unknown collation.
pub(super) fn supply_when_needed(connection: &Connection) -> rusqlite::Result<()> {
    connection.collation_needed(stand_in)
}

/// Registers stand-ins for every collation that the loaded schema names, and returns their names, sorted.
///
/// In a UTF-16 database the callback above is asked in an encoding that it does not serve, hence this too.
pub(super) fn supply_named(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_collation_list ORDER BY name")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let unknown: Vec<String> = names.into_iter().filter(|name| !BUILT_IN.contains(&name.as_str())).collect();
    drop(statement);
    for name in &unknown {
        stand_in(connection, name)?;
    }
    Ok(unknown)
}

fn stand_in(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.create_collation(name, |left: &str, right: &str| left.as_bytes().cmp(right.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::Dir;

    #[test]
    fn unknown_collations_are_named_and_can_be_read_in_both_encodings() {
        for encoding in ["UTF-8", "UTF-16le"] {
            let dir = Dir::new();
            let path = dir.path("x.db");
            let maker = Connection::open(&path).unwrap();
            maker.create_collation("german", |a: &str, b: &str| b.cmp(a)).unwrap();
            maker
                .execute_batch(&format!(
                    "PRAGMA encoding = '{encoding}';
                     CREATE TABLE t(a TEXT COLLATE german, b TEXT COLLATE nocase);
                     CREATE INDEX i ON t(a); INSERT INTO t VALUES ('x', 'y'), ('y', 'z')"
                ))
                .unwrap();
            drop(maker);
            let reader = Connection::open(&path).unwrap();
            supply_when_needed(&reader).unwrap();
            reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").unwrap();
            assert_eq!(supply_named(&reader).unwrap(), ["german"], "{encoding}");
            let first: String =
                reader.query_row("SELECT a FROM t NOT INDEXED ORDER BY a", [], |row| row.get(0)).unwrap();
            assert_eq!(first, "x");
        }
    }
}
