//! `cutover verify --queries`: the application's own queries on both sides.

use crate::example::{call, files_of};
use crate::support::cli::Cli;
use crate::support::flow::{Run, migrate, shape, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::Path;

const SOURCE: &str = "
    CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, active BOOLEAN, at DATETIME, price REAL, body JSON, day DATE, raw BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO t SELECT i, CASE WHEN i % 2 THEN 'Name' ELSE 'name' END || i, i % 3 = 0,
        '2024-05-06 07:08:' || printf('%02d', i % 60), i / 10.0, '{\"a\": ' || i || '}', '2024-02-' || printf('%02d', i % 28 + 1), x'00ff' FROM n;
";

const TARGET: &str = "
    CREATE TABLE t (id bigint PRIMARY KEY, name text, active boolean, at timestamp, price numeric(10,2), body jsonb, day date, raw bytea)";

fn copied(server: &Server) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    database.execute(TARGET);
    migrate(source.path(), &database, &[]).ends_with(0);
    (source, database)
}

/// `verify --queries` over a file of that text.
fn ask(source: &Path, database: &Database, text: &str, more: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queries.sql");
    std::fs::write(&path, text).unwrap();
    let all: Vec<&str> =
        ["--queries", path.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    verify(source, database, &all)
}

/// Each query's verdict, and why.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let queries = run.report["queries"].as_array().unwrap_or_else(|| panic!("{}", run.said()));
    let word = |query: &serde_json::Value, field: &str| query[field].as_str().unwrap().to_owned();
    queries.iter().map(|query| (word(query, "verdict"), word(query, "why"))).collect()
}

#[test]
fn the_same_meaning_is_the_same() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let before = shape(&database);
    let text = "
        SELECT * FROM t ORDER BY id;
        -- params: [1]
        -- params: [0]
        SELECT count(*), sum(price), avg(id), min(at), max(day) FROM t WHERE active = ?;
        -- name: grouped
        SELECT active, count(*) AS n, sum(price) / 3 AS third FROM t GROUP BY active;
        -- postgres: SELECT to_char(at, 'YYYY-MM') AS month, array_length(ARRAY[1, 2], 1), :x::int FROM t LIMIT 1
        -- params: {\"x\": 7}
        SELECT strftime('%Y-%m', at) AS month, 2, :x FROM t LIMIT 1;
        -- params: [\"name2\", null, true, 1.5]
        SELECT id, ? IS NULL AS none FROM t WHERE name = ? OR active = ? AND price < ? ORDER BY 1;
        SELECT id FROM t WHERE id > 99;
        -- order: any
        SELECT name FROM t ORDER BY name;
        WITH late AS (SELECT id, body, raw FROM t WHERE id > 50) SELECT id, body, raw FROM late";
    // A parameter's type cannot be seen where it is only asked to be NULL.
    let text = text.replace(
        "? IS NULL AS none FROM t WHERE name = ?",
        "name AS called FROM t WHERE name = ? OR name = ?",
    );
    let run = ask(source.path(), &database, &text, &["--queries-rounds", "2"]).ends_with(0);
    assert!(
        verdicts(&run).iter().all(|(verdict, why)| verdict == "same" && why.is_empty()),
        "{:?}",
        verdicts(&run)
    );
    let queries = run.report["queries"].as_array().unwrap();
    assert_eq!(queries.len(), 8);
    assert_eq!((&queries[0]["source_rows"], &queries[0]["target_rows"]), (&60.into(), &60.into()));
    assert_eq!((&queries[1]["runs"], &queries[2]["name"]), (&2.into(), &"grouped".into()));
    assert!(queries.iter().all(|query| query["target_ms"]["p99"].as_f64().unwrap() > 0.0));
    assert!(run.done.stdout.contains("grouped") && run.done.stdout.contains("same"), "{}", run.done.stdout);
    assert_eq!(shape(&database), before);
}

#[test]
fn every_difference_is_named_without_values() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    database.execute("UPDATE t SET name = 'secret', price = price + 0.01 WHERE id = 30");
    for (sql, verdict, says) in [
        (
            "SELECT id, name FROM t ORDER BY id",
            "differs",
            "1 row only in the source, 1 only in the target; first in row 30: column \"name\"",
        ),
        ("SELECT sum(price) AS s FROM t", "differs", "1 row only in the source"),
        ("SELECT name FROM t WHERE id = 30", "differs", "1 row only in the source, 1 only in the target"),
        (
            "-- postgres: SELECT id FROM t ORDER BY -id\nSELECT id FROM t ORDER BY id",
            "differs",
            "another order",
        ),
        (
            "-- postgres: SELECT id FROM t WHERE id < 10\nSELECT id FROM t",
            "differs",
            "51 rows only in the source, 0 only in the target",
        ),
        ("-- postgres: SELECT 1, 2\nSELECT 1", "not_comparable", "1 column, the target 2"),
        ("-- postgres: SELECT ARRAY[1]\nSELECT '[1]'", "not_comparable", "cast it to text"),
        (
            "SELECT ifnull(name, '') FROM t",
            "refused",
            "PostgreSQL does not take it: function ifnull(text, unknown) does not exist",
        ),
        ("SELECT unheard FROM t", "refused", "SQLite does not take it: no such column: unheard"),
        ("-- postgres: SELECT 'secret'::int\nSELECT 1", "refused", "22P02"),
        ("-- postgres: SELECT name::int FROM t WHERE id = 30\nSELECT 1", "refused", "22P02"),
        (
            "-- postgres: WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone\nSELECT id FROM t",
            "refused",
            "25006",
        ),
        ("-- postgres: SELECT nextval('s')\nSELECT 1", "refused", "42P01"),
        (
            "-- postgres: SELECT 1 FROM t WHERE set_config('transaction_read_only', 'off', true) = ''\nSELECT 1",
            "refused",
            "25001",
        ),
        (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1100000) SELECT x, x FROM n",
            "not_comparable",
            "more than is held",
        ),
    ] {
        let run = ask(source.path(), &database, sql, &["--queries-rounds", "1"]).ends_with(4);
        let told = verdicts(&run);
        assert_eq!(told[0].0, verdict, "{sql}: {told:?}");
        assert!(told[0].1.contains(says), "{sql}: {told:?}");
        assert!(!run.said().contains("secret") || sql.contains("secret"), "{sql}: {}", run.said());
        assert!(run.done.stdout.contains("query query 1 (line"), "{}", run.done.stdout);
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "60");
}

#[test]
fn a_query_alone_can_differ_and_a_place_is_told() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let run = ask(source.path(), &database, "-- name: typo\nSELECT id FRM t;\nSELECT count(*) FROM t", &[])
        .ends_with(4);
    assert_eq!(run.report["outcome"], "differs");
    assert_eq!(run.table("t")["verify"], "match");
    assert!(run.done.stdout.contains("differs: 1 query without the same result"), "{}", run.done.stdout);
    assert_eq!(verdicts(&run)[1].0, "same");
    let run =
        ask(source.path(), &database, "-- postgres: SELECT id, unheard FROM t\nSELECT id, 1 FROM t", &[])
            .ends_with(4);
    assert!(verdicts(&run)[0].1.contains("at character 12"), "{:?}", verdicts(&run));
}

/// Times are told and decide nothing.
#[test]
fn a_slow_query_is_a_warning_with_its_plan() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let text = "-- name: sleepy\n-- params: [3]\n-- postgres: SELECT id FROM t WHERE id = $1 AND pg_sleep(0.1) IS NOT NULL\nSELECT id FROM t WHERE id = ?";
    let run = ask(source.path(), &database, text, &["--queries-rounds", "1"]).ends_with(0);
    let query = &run.report["queries"][0];
    assert_eq!((&query["verdict"], &query["slow"]), (&"same".into(), &true.into()), "{}", run.said());
    let plan = query["plan"].as_str().unwrap();
    assert!(plan.contains("actual time") && plan.contains("Buffers") && plan.contains("id = "), "{plan}");
    let found = run.findings("W_QUERY_SLOW");
    assert_eq!((&found[0]["object"], &found[0]["severity"]), (&"sleepy".into(), &"warning".into()));
    assert!(query["target_ms"]["p50"].as_f64().unwrap() >= 100.0);
}

#[test]
fn a_file_that_is_none_is_a_mistake_of_usage() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    for (text, says) in [
        ("", "there is no query"),
        ("SELECT 1;\nDELETE FROM t", "line 2: it is no query"),
        ("SELECT ?", "`params:` is not there"),
    ] {
        let run = ask(source.path(), &database, text, &[]);
        assert_eq!(run.done.code, 2, "{text}: {}", run.said());
        assert!(
            run.done.stderr.contains(says) && run.done.stderr.contains("queries.sql"),
            "{}",
            run.done.stderr
        );
    }
    assert_eq!(verify(source.path(), &database, &["--queries", "/nowhere.sql"]).done.code, 2);
}

const OWN: &str = include_str!("../schema/tac_webbuilder/postgres/schema.sql");

fn ask_the_example(dir: &tempfile::TempDir, database: &Database) -> Run {
    let cli = Cli::new().args(["verify", "--from"]).args([dir.path().join("database.db")]);
    let cli = cli.args(["--from"]).args([dir.path().join("workflow_history.db")]).args(["--to"]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/tac_webbuilder/queries.sql");
    Run::of(cli.args([database.url()]).args(["--queries", file, "--queries-rounds", "2"]))
}

/// The file that comes with the example application, into its own schema, and into one that a copy makes.
#[test]
fn the_examples_own_queries_give_the_same() {
    let Some(server) = Server::available() else { return };
    let (dir, own, made) = (files_of(150), server.fresh_database(), server.fresh_database());
    own.execute(OWN);
    for database in [&own, &made] {
        call(&dir, database, &[]).ends_with(0);
        let run = ask_the_example(&dir, database);
        for query in run.report["queries"].as_array().unwrap() {
            assert_eq!(query["verdict"], "same", "{query}");
            assert!(query["source_rows"].as_u64().unwrap() > 0, "it says nothing: {query}");
        }
        assert_eq!(run.ends_with(0).report["queries"].as_array().unwrap().len(), 19);
    }
    own.execute("UPDATE workflow_history SET actual_cost_total = actual_cost_total + 0.01 WHERE id = 17");
    let run = ask_the_example(&dir, &own).ends_with(4);
    let queries = run.report["queries"].as_array().unwrap().iter();
    let names =
        queries.filter(|query| query["verdict"] == "differs").map(|query| query["name"].as_str().unwrap());
    let names: Vec<&str> = names.collect();
    assert!(names.contains(&"costs by month") && names.contains(&"dashboard: one workflow"), "{names:?}");
}
