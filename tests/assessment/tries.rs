//! What existing tables would refuse is known before the copy, by row, with the statement that ends it; then it succeeds.

use super::ways;
use crate::support::flow::{lines, migrate, validate, verify};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const ROWS: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER);
    INSERT INTO t VALUES (1, 'a', 1), (2, 'bc', 2), (3, 'Bc', 3), (4, 'longer', NULL);";

/// Target, code, rows, the first of them.
const REFUSING: [(&str, &str, u64, &str); 12] = [
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text CONSTRAINT short CHECK (length(a) < 3), n int)", "E_CHECK", 1, "rowid 4"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int CHECK (n < 2))", "E_CHECK", 2, "rowid 2"),
    // Of generated columns and defaults, too.
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int, g int GENERATED ALWAYS AS (n * n) STORED CHECK (g < 9))", "E_CHECK", 1, "rowid 3"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int, d int DEFAULT 5, s serial, CHECK (id + d < 9))", "E_CHECK", 1, "rowid 4"),
    // What cannot be evaluated would end the copy as well.
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int CHECK (10 / (n - 2) < 100))", "E_CHECK", 1, ""),
    ("CREATE DOMAIN code AS text CONSTRAINT shape CHECK (VALUE ~ '^[a-z]+$'); CREATE TABLE t (id bigint PRIMARY KEY, a code, n int)", "E_CHECK", 1, "rowid 3"),
    ("CREATE DOMAIN inner_code AS varchar(9) CHECK (VALUE <> 'bc'); CREATE DOMAIN code AS inner_code CHECK (VALUE <> 'a');
      CREATE TABLE t (id bigint PRIMARY KEY, a code, n int)", "E_CHECK", 1, "rowid 1"),
    ("CREATE TYPE kind AS ENUM ('a', 'bc', 'Bc', 'longer'); CREATE TABLE t (id bigint PRIMARY KEY, a kind CHECK (a <> 'bc'), n numeric(4,1))", "E_CHECK", 1, "rowid 2"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int); CREATE UNIQUE INDEX folded ON t (lower(a))", "E_UNIQUE_MERGE", 1, "rowid 2"),
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text, n int); CREATE UNIQUE INDEX one_above ON t ((true)) WHERE id > 2", "E_UNIQUE_MERGE", 1, "rowid 3"),
    ("CREATE TABLE t (id bigint, a text, n int) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (3)", "E_NO_PARTITION", 2, "rowid 3"),
    ("CREATE TABLE known (n int PRIMARY KEY); INSERT INTO known VALUES (1), (3);
      CREATE TABLE t (id bigint PRIMARY KEY, a text, n int REFERENCES known)", "E_FK_ORPHANS", 1, "rowid 2"),
];

#[test]
fn rows_that_the_target_would_refuse_are_known_and_after_the_printed_statement_the_copy_succeeds() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(ROWS);
    for (target, code, rows, first) in REFUSING {
        let database = server.fresh_database();
        database.execute(target);
        let mut options: Vec<String> = Vec::new();
        for round in 0.. {
            let more: Vec<&str> = options.iter().map(String::as_str).collect();
            let run = validate(source.path(), &database, &more);
            let expected = migrate_would(&run.report);
            assert_eq!(run.done.code, if expected { 0 } else { 3 }, "{target}: {}", run.said());
            if expected {
                assert!(round > 0 && run.findings("W_CHECK_UNTRIED").is_empty(), "{target}: {}", run.said());
                break;
            }
            assert!(round < 3, "{target}: {}", run.said());
            let finding =
                run.findings(code).first().copied().unwrap_or_else(|| panic!("{target}: {}", run.said()));
            if round == 0 {
                assert_eq!(finding["count"], rows, "{target}: {finding}");
                assert_eq!(finding["examples"][0].as_str().unwrap_or_default(), first, "{target}: {finding}");
                migrate(source.path(), &database, &more).ends_with(3);
            }
            let way = ways(finding)[0];
            match way.strip_prefix("in the target: ") {
                Some(sql) => database.execute(sql),
                None => options.extend(way.strip_prefix("option: ").unwrap().split(' ').map(str::to_owned)),
            }
        }
        let more: Vec<&str> = options.iter().map(String::as_str).collect();
        migrate(source.path(), &database, &more).ends_with(0);
        assert_eq!(lines(&database, "SELECT count(*)::text FROM t"), "4\n", "{target}");
        verify(source.path(), &database, &[]).ends_with(0);
    }
}

fn migrate_would(report: &serde_json::Value) -> bool {
    report["assessment"]["would_work"] == true
}

/// Rows that the target keeps beside ours must not have our keys.
#[test]
fn keys_that_are_taken_are_known_before() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ROWS), server.fresh_database());
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text, n int); INSERT INTO t VALUES (3, 'mine', 1), (9, 'mine', 1)",
    );
    let append = ["--existing", "append"];
    let run = validate(source.path(), &database, &append).ends_with(3);
    let finding = run.findings("E_UNIQUE_TAKEN")[0];
    assert_eq!((finding["count"].as_u64(), finding["examples"][0].as_str()), (Some(1), Some("rowid 3")));
    migrate(source.path(), &database, &append).ends_with(3);
    assert_eq!(lines(&database, "SELECT count(*)::text FROM t"), "2\n");
    database.execute("DELETE FROM t WHERE id = 3");
    validate(source.path(), &database, &append).ends_with(0);
    migrate(source.path(), &database, &append).ends_with(0);
}

/// Many batches, and rows without a rowid.
#[test]
fn every_batch_is_tried_and_rows_are_called_by_their_place() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
         WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 25000)
         INSERT INTO t SELECT printf('%08d', n), n FROM i",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (k text PRIMARY KEY, n int CHECK (n % 12000 <> 0)); CREATE UNIQUE INDEX halves ON t ((n / 2)) WHERE n > 24997");
    let run = validate(source.path(), &database, &[]).ends_with(3);
    let finding = run.findings("E_CHECK")[0];
    assert_eq!(finding["count"], 2);
    assert_eq!(finding["examples"][1], "row 24000 in the table's order");
    assert_eq!(run.findings("E_UNIQUE_MERGE")[0]["count"], 1);
}
