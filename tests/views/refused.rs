//! Views that cannot mean the same: not carried, with the reason.

use super::moved;
use crate::support::flow::validate;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const TABLES: &str = "
    CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, v INTEGER, r REAL, mixed);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER, name TEXT);
    INSERT INTO a VALUES (1, 'x', 1, 1.5, 1), (2, 'X', 2, 2.5, 'one');
    INSERT INTO b VALUES (1, 1, 'p'), (2, 1, 'q');
    CREATE TABLE keyless (x INTEGER);
    CREATE VIRTUAL TABLE words USING fts5(t);
";

/// Name, what the view selects, and a part of the reason.
const VIEWS: [(&str, &str, &str); 27] = [
    ("bare_column", "SELECT name, max(v) FROM a", "SQLite takes its value from any row"),
    ("bare_in_group", "SELECT name, v, count(*) FROM b JOIN a USING (id) GROUP BY b.a_id", "ambiguous"),
    ("bare_in_group_2", "SELECT b.name, count(*) FROM b GROUP BY a_id", "that is not in GROUP BY"),
    ("bare_in_having", "SELECT a_id FROM b GROUP BY a_id HAVING name > 'a'", "that is not in GROUP BY"),
    ("bare_in_order", "SELECT a_id FROM b GROUP BY a_id ORDER BY name", "that is not in GROUP BY"),
    (
        "bare_in_subquery",
        "SELECT a_id, (SELECT v FROM a WHERE a.id = b.id) FROM b GROUP BY a_id",
        "not in GROUP BY",
    ),
    ("too_wide", "SELECT * FROM wide x, wide y", "1602 columns; PostgreSQL takes 1600"),
    ("first_row", "SELECT (SELECT name FROM b WHERE a_id = a.id) FROM a", "more than one row"),
    (
        "first_row_limit",
        "SELECT (SELECT name FROM b WHERE a_id = a.id ORDER BY a_id LIMIT 1) FROM a",
        "leaves open",
    ),
    ("limit", "SELECT name FROM b LIMIT 1", "leaves open"),
    ("limit_ties", "SELECT id, a_id FROM b ORDER BY a_id LIMIT 1", "leaves open"),
    ("limit_union", "SELECT id, a_id FROM b UNION SELECT 1, 2 ORDER BY 2 LIMIT 1", "leaves open"),
    ("concat_without_order", "SELECT group_concat(name) FROM b", "order that SQLite does not promise"),
    ("group_nocase", "SELECT name, count(*) FROM a GROUP BY name", "collation NOCASE"),
    ("distinct_nocase", "SELECT DISTINCT name FROM a", "collation NOCASE"),
    ("union_nocase", "SELECT name FROM a UNION SELECT name FROM b", "collation NOCASE"),
    ("max_nocase", "SELECT max(name) FROM a", "which of two equal ones is open"),
    ("group_mixed", "SELECT mixed, count(*) FROM a GROUP BY mixed", "GROUP BY:"),
    ("sum_mixed", "SELECT sum(mixed) FROM a", "sum() of values that became text"),
    ("sum_text", "SELECT sum(name) FROM b", "sum() of values that became text"),
    ("union_types", "SELECT v FROM a UNION SELECT name FROM b", "bigint in one part and text in another"),
    ("window", "SELECT id, row_number() OVER (ORDER BY id) FROM a", "window function"),
    (
        "recursive",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "names itself",
    ),
    ("rowid", "SELECT rowid, x FROM keyless", "rowid"),
    ("full_by_more", "SELECT a.id FROM a FULL JOIN b ON a.id < b.id", "FULL JOIN"),
    ("virtual_table", "SELECT t FROM words", "words"),
    ("json_table", "SELECT value FROM json_each('[1]')", "json_each() in place of a table"),
];

#[test]
fn what_cannot_mean_the_same_is_listed_with_its_reason() {
    let Some(server) = Server::available() else { return };
    let views = VIEWS.iter().map(|(name, select, _)| format!("CREATE VIEW \"{name}\" AS {select};\n"));
    let wide: Vec<String> = (0..801).map(|number| format!("c{number}")).collect();
    let tables = format!("{TABLES} CREATE TABLE wide ({});", wide.join(", "));
    let source = SqliteFile::from_sql(&(tables + &views.collect::<String>()));
    let moved = moved(server, source.path(), &[]);
    let mut wrong = Vec::new();
    for (name, _, part) in VIEWS {
        let why = moved.left.iter().find(|(left, _)| left == name).map_or("carried", |(_, why)| why);
        if !why.contains(part) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_view_lacks_is_named() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE gone (x);
         INSERT INTO t VALUES (1, 'a');
         CREATE VIEW of_t AS SELECT id FROM t;
         CREATE VIEW of_u AS SELECT id FROM u;
         CREATE VIEW of_gone AS SELECT x FROM gone;
         CREATE VIEW of_function AS SELECT secret(v) FROM t;
         CREATE VIEW taken AS SELECT id FROM u;
         DROP TABLE gone;",
    );
    let moved = moved(server, source.path(), &["--exclude", "t"]);
    assert_eq!(moved.why("of_t"), "the table t is not copied");
    assert!(moved.why("of_gone").contains("no such table"), "{}", moved.why("of_gone"));
    assert!(moved.why("of_function").contains("secret"), "{}", moved.why("of_function"));
    assert!(moved.made.iter().any(|(name, _)| name == "of_u"));

    let database = server.fresh_database();
    database.execute("CREATE TABLE u (id bigint PRIMARY KEY); CREATE SEQUENCE taken");
    let run = validate(source.path(), &database, &[]).ends_with(0);
    let listed = |name: &str| {
        let all = run.report["not_carried"].as_array().unwrap();
        let found = all.iter().find(|object| object["name"] == name);
        found.map(|object| object["why"].as_str().unwrap().to_owned())
    };
    assert!(listed("of_u").unwrap().contains("exists in the target already"));
    assert!(listed("taken").unwrap().contains("is called \"taken\" already"));
    assert_eq!(listed("of_t"), None);
}
