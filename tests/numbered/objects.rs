//! Cases 17 to 27 and 32: keys, sequences, foreign keys, indexes, CHECKs, generated columns, names, virtual tables.

use super::{Moved, constraints, moved};
use crate::support::flow::{migrate, verify};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

/// The id that the target gives next.
fn next_id(moved: &Moved) -> String {
    moved.database.query_one_text("INSERT INTO t DEFAULT VALUES RETURNING id")
}

impl Moved {
    /// The definitions of the indexes of `table`.
    fn indexes(&self, table: &str) -> String {
        let sql = "SELECT coalesce(string_agg(indexdef, '; ' ORDER BY indexname), '') FROM pg_indexes WHERE tablename = ";
        self.database.query_one_text(&format!("{sql}'{table}'"))
    }

    /// What is said to be left out: kind and name.
    fn not_carried(&self) -> Vec<String> {
        let all = self.run.report["not_carried"].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["name"].as_str().unwrap()))
            .collect()
    }

    /// The target refuses this statement for that constraint or rule.
    #[track_caller]
    fn target_refuses(&self, sql: &str, why: &str) {
        let error = self.database.try_execute(sql).expect_err(sql);
        assert!(error.contains(why), "{sql}: {error}");
    }
}

#[test]
fn case_17_a_sequence_behind_its_ids() {
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (1000);
        UPDATE sqlite_sequence SET seq = 5 WHERE name = 't'";
    let Some(moved) = moved(sql, &[]) else { return };
    assert_eq!(next_id(&moved.ends_with(0)), "1001");
}

#[test]
fn case_18_a_sequence_of_an_empty_table() {
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)";
    let Some(moved) = moved(sql, &[]) else { return };
    let rows = "SELECT count(*) FROM sqlite_sequence";
    assert_eq!(moved.file.connection().query_row(rows, [], |row| row.get::<_, i64>(0)), Ok(0));
    assert_eq!(next_id(&moved.ends_with(0)), "1");
}

const FOREIGN_KEYS: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE p(id INTEGER PRIMARY KEY, code TEXT); INSERT INTO p VALUES (1, 'a'), (2, 'a');
    CREATE TABLE whole(p INTEGER REFERENCES p); INSERT INTO whole VALUES (1), (NULL);
    CREATE TABLE missing(p INTEGER REFERENCES nowhere(id)); INSERT INTO missing VALUES (1);
    CREATE TABLE mismatch(p TEXT REFERENCES p(code)); INSERT INTO mismatch VALUES ('a');
    CREATE TABLE t(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id)); INSERT INTO t VALUES (1, 2), (2, 99)";

#[test]
fn case_21_foreign_keys_of_all_kinds() {
    let Some(moved) = moved(FOREIGN_KEYS, &[]) else { return };
    let moved = moved.ends_with(0);
    let keys = "SELECT string_agg(format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)), '; ' ORDER BY conrelid::regclass::text)
        FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace";
    assert_eq!(
        moved.database.query_one_text(keys),
        "t FOREIGN KEY (p) REFERENCES p(id) NOT VALID; whole FOREIGN KEY (p) REFERENCES p(id)"
    );
    let listed = moved.run.report["not_carried"].to_string();
    for words in ["the parent table does not exist", "the parent columns are not unique"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    moved.notes("W_FK_ORPHANS", &["t."]);
    moved.becomes("p", "bigint", "E0", "2 99");
}

#[test]
fn f35_case_21_an_existing_foreign_key_refuses_orphans() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (SqliteFile::from_sql(FOREIGN_KEYS), server.fresh_database());
    database.execute(
        "CREATE TABLE p(id bigint PRIMARY KEY, code text); CREATE TABLE t(id bigint PRIMARY KEY, p bigint REFERENCES p)",
    );
    let run = migrate(file.path(), &database, &["--table", "p", "--table", "t"]).ends_with(3);
    assert_eq!(run.findings("E_FK_ORPHANS").len(), 1, "{}", run.said());
    assert_eq!(database.query_one_text("SELECT count(*) FROM p"), "0");
}

#[test]
fn case_22_a_key_that_is_written_otherwise() {
    let sql = "CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
        CREATE TABLE t(a TEXT REFERENCES p); INSERT INTO t VALUES ('01')";
    let Some(moved) = moved(sql, &[]) else { return };
    // SQLite calls this row whole: the parent's affinity makes '01' the number 1.
    let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(moved.file.connection().query_row(orphans, [], |row| row.get::<_, i64>(0)), Ok(0));
    let moved = moved.ends_with(0);
    moved.becomes("a", "text", "E0", "01");
    assert_eq!(moved.not_carried(), ["foreign key \"a\""]);
    let keys =
        "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace";
    assert_eq!(moved.database.query_one_text(keys), "0");
}

#[test]
fn f35_case_23_nocase_folds_ascii_alone() {
    let sql = "CREATE TABLE t(c TEXT COLLATE NOCASE UNIQUE); INSERT INTO t VALUES ('É'), ('é'), ('A')";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("c", "text", "E0", "É é A");
    let index = moved.indexes("t");
    assert!(index.contains("UNIQUE INDEX") && index.contains("(lower((c COLLATE \"C\")))"), "{index}");
    moved.target_refuses("INSERT INTO t VALUES ('a')", "23505");
}

#[test]
fn case_24_a_partial_unique_index() {
    let sql =
        "CREATE TABLE t(name TEXT, deleted INTEGER); CREATE UNIQUE INDEX alive ON t(name) WHERE deleted=0;
        INSERT INTO t VALUES ('x', 0), ('x', 1), ('x', 1)";
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    let index = moved.indexes("t");
    assert!(index.contains("UNIQUE INDEX alive") && index.contains(" WHERE "), "{index}");
    assert_eq!(moved.not_carried(), [""; 0]);
    moved.database.execute("INSERT INTO t VALUES ('x', 1), ('x', NULL), ('y', 0)");
    moved.target_refuses("INSERT INTO t VALUES ('y', 0)", "23505");
}

#[test]
fn case_25_double_quotes_and_backslashes() {
    let sql = r#"CREATE TABLE t(s TEXT, l TEXT, CHECK (s IN ("a","b")), CONSTRAINT liked CHECK (l LIKE 'A\_%'));
        INSERT INTO t VALUES ('a', 'A\b'), ('b', 'a\'||'xyz'), (NULL, NULL)"#;
    let Some(moved) = moved(sql, &[]) else { return };
    let moved = moved.ends_with(0);
    assert_eq!(moved.not_carried(), [""; 0]);
    let checks = constraints(&moved);
    assert!(checks.contains("'a'") && checks.contains("'b'"), "{checks}");
    assert!(checks.contains("like_escape(") && checks.contains("''::text"), "{checks}");
    assert!(!checks.contains("NOT VALID"), "{checks}");
    // What SQLite takes and refuses: a backslash is a letter, `_` any letter, and case is nothing.
    let source = moved.file.connection();
    for (values, taken) in [
        (r"('a', 'A\Z')", true),
        (r"('b', 'a\')", false),
        (r"('a', 'A_b')", false),
        (r"('a', 'a\é')", true),
        ("('c', NULL)", false),
        ("('A', NULL)", false),
        ("(NULL, NULL)", true),
    ] {
        let insert = format!("INSERT INTO t VALUES {values}");
        assert_eq!(source.execute_batch(&insert).is_ok(), taken, "SQLite: {values}");
        let target = moved.database.try_execute(&insert);
        assert_eq!(target.is_ok(), taken, "PostgreSQL: {values}: {target:?}");
        assert!(taken || target.unwrap_err().starts_with("23514"), "{values}");
    }
}

const DIVIDES: &str =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, q INTEGER GENERATED ALWAYS AS (10/a) VIRTUAL);
    INSERT INTO t(id, a) VALUES (1, 0), (2, 3), (3, -3), (4, NULL)";

#[test]
fn case_26_a_generated_division_by_zero() {
    let Some(moved) = moved(DIVIDES, &[]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("q", "bigint", "E0", "∅ 3 -3 ∅");
    let generated = "SELECT attgenerated FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'q'";
    assert_eq!(moved.database.query_one_text(generated), "");
    assert_eq!(moved.not_carried(), ["generated column q"]);
}

#[test]
fn case_26_a_translated_division_by_zero() {
    let Some(moved) = moved(DIVIDES, &["--generated", "translate"]) else { return };
    let moved = moved.ends_with(0);
    moved.becomes("q", "bigint", "E0", "∅ 3 -3 ∅");
    let generated = "SELECT attgenerated::text || upper(pg_get_expr(adbin, adrelid)) FROM pg_attribute JOIN pg_attrdef ON adrelid = attrelid
        AND adnum = attnum WHERE attrelid = 't'::regclass AND attname = 'q'";
    let generated = moved.database.query_one_text(generated);
    assert!(generated.starts_with('s') && generated.contains("NULLIF"), "{generated}");
    assert_eq!(moved.not_carried(), [""; 0]);
    // Proved like data: what the target computes is what the source has.
    verify(moved.file.path(), &moved.database, &[]).ends_with(0);
    let made = "INSERT INTO t(id, a) VALUES (5, 0), (6, 4); SELECT string_agg(coalesce(q::text, '∅'), ' ' ORDER BY id) FROM t WHERE id > 4";
    assert_eq!(moved.database.query_one_text(made), "∅ 2");
}

#[test]
fn f37_case_27_names_that_are_shortened_or_changed() {
    let common = "t23456789_123456789_123456789_123456789_123456789_123456789_123";
    let sql = format!(
        "CREATE TABLE {common}a(x); CREATE TABLE {common}b(x); CREATE TABLE t(ctid INTEGER); CREATE TABLE \"\"(x);
         INSERT INTO {common}a VALUES (1); INSERT INTO {common}b VALUES (2); INSERT INTO t VALUES (3); INSERT INTO \"\" VALUES (4)"
    );
    let Some(moved) = moved(&sql, &[]) else { return };
    let moved = moved.ends_with(0);
    let target = |source: &str| moved.run.table(source)["target"].as_str().unwrap().to_owned();
    let (a, b) = (target(&format!("{common}a")), target(&format!("{common}b")));
    assert!(a != b && a.len() <= 63 && b.len() <= 63 && a.starts_with("t23456789_"), "{a} {b}");
    for (name, value) in [(a, "1"), (b, "2"), (target(""), "4")] {
        assert_eq!(moved.database.query_one_text(&format!("SELECT x FROM public.\"{name}\"")), value);
    }
    assert_eq!(target(""), "_empty");
    assert_eq!(moved.database.query_one_text("SELECT ctid_ FROM t"), "3");
    // The report says every new name.
    for (code, words) in
        [(format!("{common}a"), "_"), (format!("{common}b"), "_"), ("t.ctid".to_owned(), "ctid_")]
    {
        let found = moved.run.findings("W_RENAMED").into_iter().find(|found| found["object"] == *code);
        assert!(
            found.is_some_and(|found| found.to_string().contains(words)),
            "{code}: {}",
            moved.run.report["findings"]
        );
    }
}

const VIRTUAL: &str =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'some words');
    CREATE VIRTUAL TABLE words USING fts5(body, content = 't', content_rowid = 'id');
    CREATE VIRTUAL TABLE own USING fts5(title); INSERT INTO own VALUES ('kept by the module');
    CREATE VIRTUAL TABLE places USING rtree(id, x0, x1); INSERT INTO places VALUES (1, 0.0, 0.1);
    CREATE TABLE places_mine(a INTEGER); INSERT INTO places_mine VALUES (7)";

/// The target has the two ordinary tables, and each virtual table is listed.
fn without_storage(file: &SqliteFile) {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let run = migrate(file.path(), &database, &[]).ends_with(0);
    let tables = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    assert_eq!(database.query_one_text(tables), "places_mine t");
    let listed = run.report["not_carried"].as_array().unwrap();
    let storage = ["data", "idx", "docsize", "config"].map(|part| format!("words_{part}"));
    for name in ["words", "own", "places"].into_iter().map(str::to_owned).chain(storage) {
        let found = listed.iter().find(|one| one["name"] == name.as_str() || one["table"] == name.as_str());
        let kind = found.map(|one| one["kind"].to_string()).unwrap_or_default();
        assert!(
            kind.contains("virtual") || kind.contains("shadow"),
            "{name}: {kind} {}",
            run.report["not_carried"]
        );
    }
    verify(file.path(), &database, &[]).ends_with(0);
}

#[test]
fn f37_case_32_virtual_tables_whose_modules_are_there() {
    without_storage(&SqliteFile::from_sql(VIRTUAL));
}

#[test]
fn f37_case_32_virtual_tables_whose_modules_are_unknown() {
    let file = SqliteFile::from_sql(VIRTUAL);
    let forget = "PRAGMA writable_schema = ON; UPDATE sqlite_schema
        SET sql = replace(replace(sql, 'fts5(', 'no_such_text('), 'rtree(', 'no_such_tree(') WHERE sql LIKE 'CREATE VIRTUAL%'";
    file.connection().execute_batch(forget).unwrap();
    let read = file.connection().query_row("SELECT * FROM own", [], |_| Ok(()));
    assert!(read.unwrap_err().to_string().contains("no such module"));
    without_storage(&file);
}
