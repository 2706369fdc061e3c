//! The example application's schema: what its README counts, and that both sides name the same things.

use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use std::collections::BTreeSet;

const DATABASE: &str = include_str!("../schema/tac_webbuilder/sqlite/schema_database.sql");
const HISTORY: &str = include_str!("../schema/tac_webbuilder/sqlite/schema_workflow_history.sql");
const POSTGRES: &str = include_str!("../schema/tac_webbuilder/postgres/schema.sql");

/// `table.column` of every column, and the names of the indexes, in the SQLite files.
fn sqlite_names() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut columns, mut indexes) = (BTreeSet::new(), BTreeSet::new());
    for sql in [DATABASE, HISTORY] {
        let file = SqliteFile::from_sql(sql);
        let connection = file.connection();
        let names = |query: &str| -> Vec<String> {
            let mut statement = connection.prepare(query).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        columns.extend(names(
            "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        ));
        indexes.extend(names("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"));
    }
    (columns, indexes)
}

#[test]
fn both_sides_have_26_tables_and_41_indexes() {
    for (sql, tables, indexes) in [(DATABASE, 15, 8), (HISTORY, 11, 33), (POSTGRES, 26, 41)] {
        let count = |start: &str| sql.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("CREATE TABLE "), count("CREATE INDEX ")), (tables, indexes));
    }
    for (sql, triggers, views) in [(DATABASE, 1, 0), (HISTORY, 0, 1), (POSTGRES, 1, 1)] {
        let count = |start: &str| sql.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("CREATE TRIGGER "), count("CREATE VIEW ")), (triggers, views));
    }
}

#[test]
fn both_sides_have_the_same_names() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    database.execute(POSTGRES);
    let first = |sql: &str| -> BTreeSet<String> {
        database.rows(sql).into_iter().map(|mut row| row.remove(0).unwrap()).collect()
    };
    let (columns, indexes) = sqlite_names();
    assert_eq!(
        first(
            "SELECT table_name || '.' || column_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ),
        columns
    );
    let ours =
        first("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'idx\\_%'");
    assert_eq!(ours, indexes);
    assert_eq!(
        (indexes.len(), columns.iter().filter(|name| name.starts_with("workflow_history.")).count()),
        (41, 57)
    );
}
