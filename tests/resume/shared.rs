//! Small tables that share a transaction: together they are done or none is, and what one of them has, it has alone.

use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// Tables `t0` to `t29`; with two connections, fifteen go together.
const TABLES: usize = 30;
const ROWS: usize = 40;

struct Many {
    server: &'static Server,
    source: SqliteFile,
}

impl Many {
    fn new() -> Option<Many> {
        let table = |i: usize| {
            format!(
                "CREATE TABLE t{i} (id INTEGER PRIMARY KEY, n INTEGER, s TEXT);
                 WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS})
                 INSERT INTO t{i} SELECT n, n * {i}, 'row ' || n FROM c;"
            )
        };
        let sql: String = (0..TABLES).map(table).collect();
        Some(Many { server: Server::available()?, source: SqliteFile::from_sql(&sql) })
    }

    fn copy(&self, database: &Database) -> Cli {
        self.copy_with(database, "2")
    }

    fn copy_with(&self, database: &Database, jobs: &str) -> Cli {
        Cli::new().args(["copy", "--migrate", "--from"]).args([self.source.path()]).args([
            "--to",
            &database.url(),
            "--jobs",
            jobs,
        ])
    }
}

/// The transaction that wrote each table, the tables without rows left out.
fn writers(database: &Database) -> Vec<(String, String)> {
    let of = |i| format!("SELECT 't{i}', min(xmin::text) FROM t{i} HAVING count(*) = {ROWS}");
    let sql = (0..TABLES).map(of).collect::<Vec<_>>().join(" UNION ALL ");
    let text = |cell: &Option<String>| cell.clone().expect("a value");
    database.rows(&sql).iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn transactions(writers: &[(String, String)]) -> usize {
    let mut all: Vec<&str> = writers.iter().map(|(_, transaction)| transaction.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Tables whose chunk the ledger has as done.
fn recorded(database: &Database) -> String {
    database.query_one_text("SELECT count(digest) FROM cutover.chunk")
}

fn assert_whole(database: &Database, done: &Done) {
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(writers(database).len(), TABLES);
    let verified = "SELECT count(*) FROM cutover.chunk WHERE verified_at IS NOT NULL AND rows = 40";
    assert_eq!(database.query_one_text(verified), TABLES.to_string());
}

#[test]
fn small_tables_share_a_transaction() {
    let Some(many) = Many::new() else { return };
    let database = many.server.fresh_database();
    assert_whole(&database, &many.copy(&database).run());
    assert_eq!(transactions(&writers(&database)), 2);
    let database = many.server.fresh_database();
    assert_whole(&database, &many.copy(&database).args(["--chunk-rows", "4000000"]).run());
    assert_eq!(transactions(&writers(&database)), TABLES, "a chunk is the unit where its size was asked for");
}

/// Whatever the server has against one of them, it says of this one, and the others are there.
#[test]
fn a_table_that_fails_in_a_batch_fails_alone() {
    let Some(many) = Many::new() else { return };
    let database = many.server.fresh_database();
    database.execute(
        "CREATE FUNCTION public.spoil() RETURNS event_trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF to_regclass('public.t7') IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'spoiled') THEN
             ALTER TABLE public.t7 ADD CONSTRAINT spoiled CHECK (n <> 70);
           END IF;
         END $$;
         CREATE EVENT TRIGGER spoil ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.spoil();",
    );
    let done = many.copy(&database).run();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("table \"t7\", chunk 0") && done.said().contains("spoiled"), "{done:?}");
    let there = writers(&database);
    assert_eq!((there.len(), recorded(&database)), (TABLES - 1, (TABLES - 1).to_string()));
    assert!(there.iter().all(|(table, _)| table != "t7"));
    assert_eq!(database.query_one_text("SELECT count(*) FROM t7"), "0");
    database.execute("DROP EVENT TRIGGER spoil; ALTER TABLE t7 DROP CONSTRAINT spoiled");
    assert_whole(&database, &many.copy(&database).run());
}

#[test]
fn rows_are_set_aside_outside_of_a_batch() {
    let Some(many) = Many::new() else { return };
    let sql = "ALTER TABLE t3 RENAME TO old; CREATE TABLE t3 (id INTEGER PRIMARY KEY, n INTEGER, s TEXT);
               INSERT INTO t3 SELECT id, iif(id = 5, 'bad', n), s FROM old; DROP TABLE old;";
    many.source.connection().execute_batch(sql).unwrap();
    let database = many.server.fresh_database();
    let done = many.copy(&database).args(["--on-bad-value", "quarantine", "--mixed", "quarantine"]).run();
    assert_eq!(done.code, 8, "{done:?}");
    assert_eq!(
        database.query_one_text("SELECT count(*) || ' ' || min(key) FROM cutover.set_aside"),
        "1 rowid 5"
    );
    let there = writers(&database);
    assert_eq!((there.len(), transactions(&there)), (TABLES - 1, 2));
    assert_eq!(recorded(&database), TABLES.to_string());
}

#[cfg(feature = "failpoints")]
#[test]
fn killed_in_a_batch() {
    let Some(many) = Many::new() else { return };
    let database = many.server.fresh_database();
    let killed = many.copy(&database).env("CUTOVER_FAILPOINTS", "before_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    assert_eq!((writers(&database).len(), recorded(&database)), (0, "0".to_owned()));
    assert_whole(&database, &many.copy(&database).run());
}

#[cfg(feature = "failpoints")]
#[test]
fn killed_after_a_batch() {
    let Some(many) = Many::new() else { return };
    let database = many.server.fresh_database();
    let killed = many.copy_with(&database, "1").env("CUTOVER_FAILPOINTS", "after_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    let first = writers(&database);
    assert_eq!(recorded(&database), first.len().to_string());
    assert_eq!(transactions(&first), 1);
    assert_whole(&database, &many.copy(&database).run());
    let now = writers(&database);
    assert!(first.iter().all(|writer| now.contains(writer)), "what was committed is not copied again");
}

/// A batch that fails leaves nothing behind but the work of copying each of its tables alone.
#[cfg(feature = "failpoints")]
#[test]
fn a_batch_that_fails_is_copied_table_by_table() {
    let Some(many) = Many::new() else { return };
    let database = many.server.fresh_database();
    let done = many.copy(&database).env("CUTOVER_FAILPOINTS", "before_commit=error:1").run();
    assert_whole(&database, &done);
    assert_eq!(transactions(&writers(&database)), TABLES / 2 + 1);
}
