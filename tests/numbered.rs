//! The cases of the specification's table, by their numbers (semantics.md §7): those that speak of values, and in `objects`
//! the others. More of each is in `cases/`; 3, 9, 41 and 42 into existing tables in `silent`; 39 and 40 in `differences`.

mod objects;

use crate::levels::honest;
use crate::support::flow::{Run, migrate, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// A file, moved into a database of its own.
struct Moved {
    file: SqliteFile,
    database: Database,
    run: Run,
}

/// Moves what `sql` makes; none where there is no server.
fn moved(sql: &str, more: &[&str]) -> Option<Moved> {
    let database = Server::available()?.fresh_database();
    let file = SqliteFile::from_sql(sql);
    let run = migrate(file.path(), &database, more);
    Some(Moved { file, database, run })
}

impl Moved {
    #[track_caller]
    fn ends_with(self, code: i32) -> Moved {
        Moved { run: self.run.ends_with(code), ..self }
    }

    /// Type, level and contents of `t.column`, which must be proved and as exact as it says.
    #[track_caller]
    fn becomes(&self, column: &str, pg: &str, level: &str, values: &str) {
        let table = self.run.table("t");
        assert_eq!(table["verify"], "match");
        let columns = table["columns"].as_array().unwrap();
        let found = columns.iter().find(|found| found["source"] == column).unwrap();
        assert_eq!((&found["type"], &found["level"]), (&pg.into(), &level.into()), "{column}: {found}");
        let sql = format!(
            "SELECT coalesce(string_agg(coalesce({column}::text, '∅'), ' ' ORDER BY ord), '') FROM (SELECT *, row_number() OVER () ord FROM t) x"
        );
        assert_eq!(self.database.query_one_text(&sql), values, "{column}");
        honest(self.file.path(), &self.database).unwrap();
    }

    #[track_caller]
    fn notes(&self, code: &str, words: &[&str]) {
        let found = self.run.findings(code);
        assert!(!found.is_empty(), "{code}: {}", self.run.report["findings"]);
        let text = format!("{found:?}");
        assert!(words.iter().all(|word| text.contains(word)), "{code} {words:?}: {text}");
    }

    /// Refused before anything was written, for this reason.
    #[track_caller]
    fn refused_for(self, code: &str, words: &[&str]) {
        let moved = self.ends_with(3);
        moved.notes(code, words);
        let made = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                    WHERE nspname IN ('public', 'cutover')";
        assert_eq!(moved.database.query_one_text(made), "0", "something was written");
    }
}

fn column_type(moved: &Moved) -> String {
    moved.run.table("t")["columns"][0]["type"].as_str().unwrap().to_owned()
}

/// Moves with this `cutover.toml`.
fn configured(sql: &str, toml: &str) -> Option<Moved> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.toml");
    std::fs::write(&path, toml).unwrap();
    moved(sql, &["--config", path.to_str().unwrap()])
}

#[test]
fn f33_case_01_reals_keep_their_bits() {
    let sql = "CREATE TABLE t(a REAL); INSERT INTO t VALUES (0.1 + 0.2), (5e-324), (1.7976931348623157e308), (9e999), (-9e999)";
    let Some(moved) = moved(sql, &[]) else { return };
    let values = "0.30000000000000004 5e-324 1.7976931348623157e+308 Infinity -Infinity";
    moved.ends_with(0).becomes("a", "double precision", "E0", values);
}

#[test]
fn f34_case_02_numbers_of_both_classes() {
    let sql = "CREATE TABLE t(a NUMERIC); INSERT INTO t VALUES (1), (1.5), (9223372036854775807), (1e300)";
    let Some(moved) = moved(sql, &[]) else { return };
    let values = format!("1 1.5 9223372036854775807 1{}", "0".repeat(300));
    moved.ends_with(0).becomes("a", "numeric", "E0", &values);
}

#[test]
fn f33_case_03_decimals_are_not_rounded() {
    let sql = "CREATE TABLE t(a DECIMAL(10,2)); INSERT INTO t VALUES (1.239)";
    let Some(moved) = moved(sql, &[]) else { return };
    moved.ends_with(0).becomes("a", "numeric", "E0", "1.239");
}

#[test]
fn f34_case_04_a_word_among_integers() {
    let sql = "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1), ('N/A'), (2.5)";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("a", "text", "E0", "1 N/A 2.5");
    moved.notes("W_WIDENED", &["rowid"]);
}

const ONE_AND_ONE: &str = "CREATE TABLE t(a); INSERT INTO t VALUES (1), ('1')";

#[test]
fn case_05_a_number_and_its_text() {
    let Some(widened) = moved(ONE_AND_ONE, &[]) else { return };
    let widened = widened.ends_with(0);
    widened.becomes("a", "text", "B", "1 1");
    widened.notes("W_WIDENED", &["t.a"]);
    moved(ONE_AND_ONE, &["--mixed", "refuse"])
        .unwrap()
        .refused_for("E_MIXED", &["t.a", "rowid 1", "rowid 2"]);
    let tagged = moved(ONE_AND_ONE, &["--mixed", "tagged"]).unwrap().ends_with(0);
    tagged.becomes("a", "bytea", "E0", "\\x010000000000000001 \\x0331");
    let split = moved(ONE_AND_ONE, &["--mixed", "split"]).unwrap().ends_with(0);
    split.becomes("a", "bigint", "E0", "1 ∅");
    assert_eq!(split.database.query_one_text("SELECT string_agg(a_text, ',') FROM t"), "1");
    let aside = moved(ONE_AND_ONE, &["--mixed", "quarantine"]).unwrap().ends_with(8);
    assert_eq!(aside.database.query_one_text("SELECT string_agg(a::text, ',') FROM t"), "1");
    assert_eq!(aside.run.table("t")["rows"]["set_aside"], 1);
}

#[test]
fn case_06_one_number_of_both_classes() {
    let Some(moved) = moved("CREATE TABLE t(a); INSERT INTO t VALUES (1), (1.0)", &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("a", "numeric", "E1", "1 1");
    moved.notes("W_CLASS_MERGED", &["\"count\": Number(1)"]);
}

#[test]
fn f33_case_07_minus_zero() {
    let Some(alone) = moved("CREATE TABLE t(a); INSERT INTO t VALUES (-0.0)", &[]) else { return };
    alone.ends_with(0).becomes("a", "double precision", "E0", "-0");
    let beside = "CREATE TABLE t(a); INSERT INTO t VALUES (-0.0), (1)";
    moved(beside, &[]).unwrap().ends_with(0).becomes("a", "text", "B", "-0.0 1");
    moved(beside, &["--mixed", "refuse"]).unwrap().refused_for("E_MIXED", &["t.a"]);
}

#[test]
fn f34_case_08_text_and_blob() {
    let sql = "CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('x'), (x'00ff')";
    let Some(widened) = moved(sql, &[]) else { return };
    widened.ends_with(0).becomes("a", "bytea", "B", "\\x78 \\x00ff");
    moved(sql, &["--mixed", "refuse"]).unwrap().refused_for("E_MIXED_BLOB", &["t.a"]);
    moved(sql, &["--mixed", "tagged"]).unwrap().ends_with(0).becomes("a", "bytea", "E0", "\\x0378 \\x0400ff");
}

#[test]
fn f32_case_09_text_that_is_none() {
    let nul = "CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('x'), (CAST(x'610062' AS TEXT))";
    let Some(moved_nul) = moved(nul, &[]) else { return };
    let moved_nul = moved_nul.ends_with(0);
    moved_nul.becomes("a", "bytea", "B", "\\x78 \\x610062");
    moved_nul.notes("W_WIDENED", &["rowid 2"]);
    let bad = "CREATE TABLE t(a TEXT); INSERT INTO t VALUES (CAST(x'636166e9' AS TEXT))";
    moved(bad, &[]).unwrap().ends_with(0).becomes("a", "bytea", "B", "\\x636166e9");
    let lone = "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(a TEXT); INSERT INTO t VALUES (CAST(x'00d87800' AS TEXT))";
    moved(lone, &[]).unwrap().ends_with(0).becomes("a", "bytea", "B", "\\x00d87800");
}

#[test]
fn case_10_flags() {
    let sql = "CREATE TABLE t(a BOOLEAN, b BOOLEAN, c BOOLEAN);
        INSERT INTO t VALUES (0, 0, 't'), (1, 1, 'f'), (NULL, 2, 't')";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("a", "boolean", "E0", "false true ∅");
    moved.becomes("b", "bigint", "E0", "0 1 2");
    moved.becomes("c", "text", "E0", "t f t");
    let words = configured(sql, "[tables.t.columns.c]\ntype = \"boolean\"\nencoding = \"t/f\"\n").unwrap();
    words.ends_with(0).becomes("c", "boolean", "E0", "true false true");
}

#[test]
fn case_11_date_times() {
    let sql = "CREATE TABLE t(a DATETIME, b DATETIME, c DATETIME, d DATETIME); INSERT INTO t VALUES
        ('2024-01-01 10:00:00', '2024-01-01 10:00:00', '2024-01-01 10:00:00.1234567', 1704103200000),
        ('2024-01-02 10:00:00', '2024-01-01T10:00:00Z', '2024-01-01 10:00:00.9999999', 1704103200001)";
    let Some(plain) = moved(sql, &[]) else { return };
    let plain = plain.ends_with(0);
    plain.becomes("a", "timestamp", "E0", "2024-01-01 10:00:00 2024-01-02 10:00:00");
    plain.becomes("b", "text", "E0", "2024-01-01 10:00:00 2024-01-01T10:00:00Z");
    plain.becomes("c", "text", "E0", "2024-01-01 10:00:00.1234567 2024-01-01 10:00:00.9999999");
    plain.becomes("d", "bigint", "E0", "1704103200000 1704103200001");
    plain.notes("W_UNPROVED", &["epoch_ms"]);
    let said = "[tables.t.columns.d]\ntype = \"timestamp\"\nencoding = \"epoch_ms\"\n";
    let said = configured(sql, said).unwrap().ends_with(0);
    said.becomes("d", "timestamp", "E0", "2024-01-01 10:00:00 2024-01-01 10:00:00.001");
}

#[test]
fn f33_case_12_a_day_that_does_not_exist() {
    let sql = "CREATE TABLE t(a DATE); INSERT INTO t VALUES ('2024-02-28'), ('2024-02-30'), ('2024-03-01')";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("a", "text", "E0", "2024-02-28 2024-02-30 2024-03-01");
    moved.notes("W_UNPROVED", &["t.a", "rowid 2"]);
}

#[test]
fn case_13_json_that_jsonb_cannot_hold() {
    let sql = "CREATE TABLE t(a JSON); INSERT INTO t VALUES ('{}'), ('{\"a\":\"\\u0000\"}')";
    let Some(kept) = moved(sql, &[]) else { return };
    kept.ends_with(0).becomes("a", "json", "E0", "{} {\"a\":\"\\u0000\"}");
    let binary = configured(sql, "[tables.t.columns.a]\ntype = \"jsonb\"\n").unwrap();
    binary.refused_for("E_JSON", &["t.a", "rowid 2"]);
}

#[test]
fn case_14_two_spellings_of_one_uuid() {
    let sql = "CREATE TABLE t(a UUID UNIQUE); INSERT INTO t VALUES
        ('550e8400-e29b-41d4-a716-446655440000'), ('550E8400-E29B-41D4-A716-446655440000')";
    let Some(kept) = moved(sql, &[]) else { return };
    let both = "550e8400-e29b-41d4-a716-446655440000 550E8400-E29B-41D4-A716-446655440000";
    kept.ends_with(0).becomes("a", "text", "E0", both);
    let merged = configured(sql, "[tables.t.columns.a]\ntype = \"uuid\"\n").unwrap();
    merged.refused_for("E_UNIQUE_MERGE", &["rowid"]);
}

#[test]
fn case_15_an_identifier_that_sqlite_made_a_number() {
    let sql = "CREATE TABLE t(a UUID); INSERT INTO t VALUES
        ('550e8400-e29b-41d4-a716-446655440000'), ('00000000000000000000000000000123')";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("a", "text", "E0", "550e8400-e29b-41d4-a716-446655440000 123");
    moved.notes("W_AFFINITY_DAMAGE", &["t.a"]);
}

fn constraints(moved: &Moved) -> String {
    let sql = "SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY 1) FROM pg_constraint
               WHERE conrelid = 't'::regclass AND contype <> 'n'";
    moved.database.query_one_text(sql)
}

#[test]
fn f35_case_16_a_primary_key_that_holds_null() {
    let Some(moved) =
        moved("CREATE TABLE t(a TEXT PRIMARY KEY); INSERT INTO t VALUES (NULL), (NULL), ('x')", &[])
    else {
        return;
    };
    let moved = moved.ends_with(0);
    moved.becomes("a", "text", "E0", "∅ ∅ x");
    moved.notes("W_PK_NULL", &["\"t\""]);
    assert_eq!(constraints(&moved), "UNIQUE (a)");
}

#[test]
fn case_19_negative_keys() {
    let Some(moved) =
        moved("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (-5), (-4)", &[])
    else {
        return;
    };
    let moved = moved.ends_with(0);
    moved.notes("W_SEQ_NEGATIVE", &["t.id"]);
    assert_eq!(moved.database.query_one_text("INSERT INTO t DEFAULT VALUES RETURNING id"), "1");
}

#[test]
fn case_20_an_int_primary_key_is_no_rowid() {
    let Some(moved) = moved("CREATE TABLE t(a INT PRIMARY KEY); INSERT INTO t VALUES (NULL), (NULL)", &[])
    else {
        return;
    };
    let moved = moved.ends_with(0);
    moved.becomes("a", "bigint", "E0", "∅ ∅");
    assert_eq!(constraints(&moved), "UNIQUE (a)");
    assert_eq!(
        moved.database.query_one_text("SELECT count(*) FROM pg_sequences WHERE schemaname = 'public'"),
        "0"
    );
}

#[test]
fn case_28_a_column_called_rowid() {
    let sql = "CREATE TABLE t(rowid TEXT, b); INSERT INTO t VALUES ('z', 1), ('z', 2), ('a', 3), (NULL, 4), ('m', 5)";
    let Some(moved) = moved(sql, &["--chunk-rows", "2", "--jobs", "1"]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("rowid", "text", "E0", "z z a ∅ m");
    assert_eq!(moved.run.table("t")["chunks"], 3);
    let key = moved
        .database
        .query_one_text("SELECT (plan::json #> '{tables,0,key,rowid,alias}')::text FROM cutover.source");
    assert_eq!(key, "\"_rowid_\"");
}

fn columns(count: usize, declared: &str) -> String {
    (0..count).map(|i| format!("c{i} {declared}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn f36_case_29_rows_and_tables_that_are_too_wide() {
    let Some(server) = Server::available() else { return };
    let table = |count: usize, value: &str| {
        let values = vec![value; count].join(", ");
        format!("CREATE TABLE t({}); INSERT INTO t VALUES ({values})", columns(count, ""))
    };
    let text = format!("'{}'", "x".repeat(100));
    for (sql, code) in [
        (table(1601, "NULL"), "E_COLUMNS_1600"),
        (table(1018, "1"), "E_ROW_8K"),
        (table(460, &text), "E_ROW_8K"),
    ] {
        moved(&sql, &[]).unwrap().refused_for(code, &["\"t\""]);
    }
    for sql in [table(1600, "NULL"), table(1010, "1"), table(450, &text)] {
        let file = SqliteFile::from_sql(&sql);
        migrate(file.path(), &server.fresh_database(), &[]).ends_with(0);
    }
}

/// Reading such a row takes its size in memory and on disk.
#[test]
fn f36_case_30_a_row_of_more_than_a_gigabyte() {
    let Some(server) = Server::available() else { return };
    let file = SqliteFile::from_sql("CREATE TABLE t(a BLOB, b BLOB)");
    let insert = "INSERT INTO t VALUES (zeroblob(600000000), zeroblob(600000000))";
    if let Err(error) = file.connection().execute_batch(insert) {
        eprintln!("skipped: this SQLite, or this disk, holds no such row: {error}");
        return;
    }
    let database = server.fresh_database();
    let run = validate(file.path(), &database, &[]).ends_with(3);
    let found = run.findings("E_ROW_1GB");
    assert!(found.len() == 1 && found[0]["object"] == "t", "{}", run.said());
}

#[test]
fn case_31_a_key_that_no_btree_holds() {
    let sql = "CREATE TABLE t(a TEXT UNIQUE); INSERT INTO t VALUES (hex(randomblob(1500))), ('short')";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    assert_eq!(column_type(&moved), "text");
    let said = moved.run.report["findings"].to_string();
    assert!(
        said.contains("W_KEY_HASHED") && said.contains("E_INDEX_2704") && said.contains("3016"),
        "{said}"
    );
    let index = "SELECT indexdef FROM pg_indexes WHERE tablename = 't'";
    let index = moved.database.query_one_text(index);
    assert!(index.starts_with("CREATE UNIQUE INDEX") && index.ends_with("(md5(a))"), "{index}");
    // Many columns are as long together, but no key is.
    let sql = "CREATE TABLE t(a TEXT, b TEXT, UNIQUE (a, b));
        INSERT INTO t VALUES (hex(randomblob(1000)), 'b'), ('a', hex(randomblob(1000)))";
    let moved = self::moved(sql, &[]).unwrap().ends_with(0);
    assert_eq!(constraints(&moved), "UNIQUE (a, b)");
}

/// A file whose index has rows that the table no longer has; SQLite's own quick check sees nothing. The index is hidden
/// from the schema while rows are deleted, each time on a connection that reads the schema as it then is.
fn stale_index() -> SqliteFile {
    let file = SqliteFile::from_sql(
        "CREATE TABLE t(a INTEGER, b TEXT); CREATE INDEX i ON t(a);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, 'x' FROM n",
    );
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'i'";
    let root: i64 = file.connection().query_row(root, [], |row| row.get(0)).unwrap();
    file.connection()
        .execute_batch("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'i'")
        .unwrap();
    file.connection().execute_batch("DELETE FROM t WHERE a <= 9").unwrap();
    file.connection()
        .execute_batch(&format!(
            "PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema VALUES ('index', 'i', 't', {root}, 'CREATE INDEX i ON t(a)')"
        ))
        .unwrap();
    file
}

#[test]
fn f27_case_34_a_stale_index() {
    let Some(server) = Server::available() else { return };
    let file = stale_index();
    let count = |sql: &str| -> i64 { file.connection().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM t INDEXED BY i WHERE a > -1"), 1000, "the index is not stale");
    assert_eq!(count("SELECT count(*) FROM t NOT INDEXED"), 991);
    let database = server.fresh_database();
    let run = migrate(file.path(), &database, &["--table", "t"]).ends_with(0);
    assert_eq!(
        (&run.table("t")["rows"]["copied"], &run.table("t")["verify"]),
        (&991.into(), &"match".into())
    );
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "991");
}
