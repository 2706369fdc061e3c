//! Names and texts that would be statements if they were not quoted; statements that would end whoever reads them.

use crate::support::cli::Cli;
use crate::support::flow::{migrate, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::Path;
use std::time::{Duration, Instant};

/// What would end a quoted name or text and go on with a statement of its own.
const ATTACKS: [&str; 6] = [
    "x\"; DROP TABLE victim; --",
    "'); DROP TABLE victim; --",
    "$$; DROP TABLE victim; --",
    "\\'; DROP TABLE victim; --",
    "x\n; DROP TABLE victim; --\n",
    "*/ DROP TABLE victim; /*",
];

/// A target with something to lose, outside and inside of the schema that is written.
fn with_victim(server: &Server) -> Database {
    let database = server.fresh_database();
    database.execute("CREATE TABLE victim (a int); INSERT INTO victim VALUES (1); CREATE SCHEMA far; CREATE TABLE far.victim (a int)");
    database
}

fn assert_unharmed(database: &Database, case: &str) {
    let sql = "SELECT (SELECT count(*) FROM victim) || ' ' || (SELECT count(*) FROM far.victim)";
    assert_eq!(database.query_one_text(sql), "1 0", "{case}");
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Every kind of name and every kind of text in one schema.
fn schema_of(attack: &str) -> String {
    let name = |kind: &str| quoted(&format!("{kind}{attack}"));
    let (table, child, column, view) = (name("t"), name("c"), name("k"), name("v"));
    let (index, unique, check, key, trigger) = (name("i"), name("u"), name("ck"), name("fk"), name("tr"));
    let value = text(attack);
    format!(
        "CREATE TABLE {table} (id INTEGER PRIMARY KEY, {column} TEXT DEFAULT {value} CONSTRAINT {check} CHECK ({column} <> {value}),
                               g TEXT AS ({column} || {value}) STORED, CONSTRAINT {unique} UNIQUE ({column}));
         CREATE INDEX {index} ON {table} ({column}) WHERE {column} > {value};
         CREATE TABLE {child} (id INTEGER PRIMARY KEY AUTOINCREMENT, p INTEGER CONSTRAINT {key} REFERENCES {table} (id));
         CREATE VIEW {view} AS SELECT {column} AS {column}, {value} AS w FROM {table} WHERE {column} <> {value};
         CREATE TRIGGER {trigger} AFTER UPDATE ON {table} BEGIN UPDATE {table} SET {column} = {value} WHERE id = new.id; END;
         INSERT INTO {table} (id, {column}) VALUES (1, 'one'), (2, {other}); INSERT INTO {child} (p) VALUES (1), (2);",
        other = text(&format!("{attack} ")),
    )
}

/// A copy, its check, its DDL as a script that is then run, and a second schema by that script: the victims live.
#[test]
fn f37_names_and_texts_that_are_statements_stay_names_and_texts() {
    let Some(server) = Server::available() else { return };
    for attack in ATTACKS {
        let (file, database) = (SqliteFile::from_sql(&schema_of(attack)), with_victim(server));
        validate(file.path(), &database, &[]).ends_with(0);
        let run = migrate(file.path(), &database, &[]).ends_with(0);
        assert_unharmed(&database, attack);
        assert_eq!(run.report["tables"].as_array().unwrap().len(), 2);
        verify(file.path(), &database, &[]).ends_with(0);
        let table = run.table(&format!("t{attack}"))["target"].as_str().unwrap().to_owned();
        let rows = format!("SELECT count(*) FROM public.{}", quoted(&table));
        assert_eq!(database.query_one_text(&rows), "2", "{attack}");
        migrate(file.path(), &database, &["--restart"]).ends_with(0);
        assert_unharmed(&database, attack);
        scripts(server, file.path(), attack);
    }
}

/// What `schema show` and `schema translate` print is run as it is.
fn scripts(server: &Server, file: &Path, attack: &str) {
    let shown = Cli::new().args(["schema", "show", "--from"]).args([file]).run();
    assert_eq!(shown.code, 0, "{shown:?}");
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("attack.sql");
    std::fs::write(&script, schema_of(attack)).unwrap();
    let translated = Cli::new().args(["schema", "translate"]).args([script]).run();
    for sql in [shown.stdout, translated.stdout] {
        let database = with_victim(server);
        // A script may not run whole, where a part is left to a person; it must harm nothing.
        let _ = database.try_execute(&sql);
        assert_unharmed(&database, &sql);
    }
}

/// A file whose schema was written by hand, past what SQLite lets a statement say.
fn forged(sql: &str, object: &str, text: &str) -> SqliteFile {
    let file = SqliteFile::from_sql(sql);
    let db = file.connection();
    db.execute_batch("PRAGMA writable_schema = ON").unwrap();
    db.execute("UPDATE sqlite_schema SET sql = ?1 WHERE name = ?2", [text, object]).unwrap();
    drop(db);
    file
}

const ONE: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x'); CREATE VIEW v AS SELECT 1";

/// Ends within its time, as a success or a refusal, and never as a crash.
fn ends(file: &SqliteFile, database: &Database, case: &str) -> i32 {
    let started = Instant::now();
    let run = migrate(file.path(), database, &[]);
    assert!(started.elapsed() < Duration::from_secs(30), "{case}");
    let done = run.done;
    assert!(matches!(done.code, 0 | 3 | 5) && !done.said().contains("panicked"), "{case}: {done:?}");
    done.code
}

/// Deep and long expressions and queries: listed where SQLite can read them, refused where it cannot.
#[test]
fn f37_expressions_of_any_depth_and_length_end_nothing() {
    let Some(server) = Server::available() else { return };
    let deep = |before: &str, after: &str, levels: usize| {
        format!("{}b{}", before.repeat(levels), after.repeat(levels))
    };
    let mut cases = Vec::new();
    for levels in [240, 10_000] {
        for (before, after) in [
            ("(", ")"),
            ("coalesce(b, ", ")"),
            ("CASE WHEN ", " THEN 1 END"),
            ("NOT ", ""),
            ("b IN (", ")"),
            ("b = 1 OR ", ""),
        ] {
            let expr = deep(before, after, levels);
            cases.push(("t", format!("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT CHECK ({expr}))")));
        }
        let joins = format!("{}t{}", "(".repeat(levels), ")".repeat(levels));
        cases.push(("v", format!("CREATE VIEW v AS SELECT b FROM {joins}")));
    }
    cases.push(("v", format!("CREATE VIEW v AS SELECT b FROM {}t{}", "(".repeat(1000), ")".repeat(1000))));
    let list = "1,".repeat(300_000);
    cases.push(("t", format!("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT CHECK (b IN ({list}1)))")));
    cases.push(("t", format!("CREATE TABLE t (a INTEGER PRIMARY KEY, b {})", "x".repeat(900_000))));
    cases.push(("t", format!("CREATE TABLE t (a INTEGER PRIMARY KEY, b {})", "x".repeat(3_000_000))));
    for (object, sql) in cases {
        let database = server.fresh_database();
        let code = ends(&forged(ONE, object, &sql), &database, &sql[..80]);
        assert!(code != 0 || database.query_one_text("SELECT b FROM t") == "x");
    }
}

/// Functions in a schema that nobody asked for: with effects, unknown, or made to take all memory and time.
#[test]
fn f37_functions_that_a_schema_calls_do_nothing() {
    let Some(server) = Server::available() else { return };
    let generated =
        |expr: &str| format!("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT AS ({expr}) VIRTUAL)");
    let one = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT AS (1) VIRTUAL); INSERT INTO t VALUES (1)";
    for expr in [
        "load_extension('/tmp/x')",
        "writefile('/tmp/cutover-was-here', 'x')",
        "no_such_function(a)",
        "hex(zeroblob(400000000))",
        "zeroblob(1000000000)",
        "hex(zeroblob(20000)) LIKE replace(hex(zeroblob(6000)), '0', '%0') || 'x'",
    ] {
        let code = ends(&forged(one, "t", &generated(expr)), &server.fresh_database(), expr);
        assert_eq!(code, 5, "{expr}");
    }
    assert!(!Path::new("/tmp/cutover-was-here").exists());
    let indexed = format!("{ONE}; CREATE INDEX i ON t (b)");
    let index =
        forged(&indexed, "i", "CREATE INDEX i ON t (no_such(b)) WHERE writefile('/tmp/cutover-was-here', b)");
    assert_eq!(ends(&index, &server.fresh_database(), "an index"), 0);
    let view = forged(ONE, "v", "CREATE VIEW v AS SELECT load_extension('/tmp/x'), no_such(b) FROM t");
    assert_eq!(ends(&view, &server.fresh_database(), "a view"), 0);
}

/// Views that each name the one before twice: SQLite would write out millions of tables.
#[test]
fn f37_views_that_double_are_listed_at_once() {
    let Some(server) = Server::available() else { return };
    let mut sql = ONE.replace("CREATE VIEW v AS SELECT 1", "CREATE VIEW v0 AS SELECT b FROM t");
    for i in 1..30 {
        sql += &format!("; CREATE VIEW v{i} AS SELECT x.b FROM v{} x, v{} y", i - 1, i - 1);
    }
    let (file, database) = (SqliteFile::from_sql(&sql), server.fresh_database());
    assert_eq!(ends(&file, &database, "views"), 0);
    // The last of them are not made, and said not to be.
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_views WHERE viewname = 'v29'"), "0");
    let run = validate(file.path(), &server.fresh_database(), &[]).ends_with(0);
    assert!(run.report["not_carried"].as_array().unwrap().iter().any(|item| item["name"] == "v29"));
}

/// A table that is a view without end, and a sequence that is one.
#[test]
fn f37_queries_without_end_are_not_begun() {
    let Some(server) = Server::available() else { return };
    let endless = "AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'a', x FROM n";
    let sql = format!("{ONE}; CREATE TABLE u (a INTEGER PRIMARY KEY AUTOINCREMENT)");
    for object in ["u", "sqlite_sequence", "t"] {
        let forged = forged(&sql, object, &format!("CREATE VIEW {object}(name, seq) {endless}"));
        ends(&forged, &server.fresh_database(), object);
    }
    let view = forged(ONE, "v", &format!("CREATE VIEW v(name, seq) {endless}"));
    assert_eq!(ends(&view, &server.fresh_database(), "a view"), 0);
}
