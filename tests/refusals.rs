//! What is refused: the documented exit code, one clear message with the way out, nothing written, no secret shown.

use crate::support::cli::Cli;
use crate::support::flow::{Run, four_at_once, migrate, shape, validate};
use crate::support::postgres::{Database, PASSWORD, Server};
use crate::support::sqlite::SqliteFile;
use std::path::{Path, PathBuf};

pub(crate) const ONE_TABLE: &str =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x')";

fn call(mode: &str, source: &Path, url: &str, more: &[&str]) -> Run {
    Run::of(Cli::new().args(["copy", mode, "--from"]).args([source]).args(["--to", url]).args(more))
}

/// Ends with `code`, names every one of `words`, shows no secret, and was not called done.
#[track_caller]
pub(crate) fn refused(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.done.code, code, "{}", run.said());
    let said = run.said();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert!(!said.contains(PASSWORD) && !said.contains("other-secret"), "a secret in: {said}");
    assert!(!run.done.stdout.contains("done:") && !said.contains("panicked"), "{said}");
    let told = format!("{}{}", run.done.stdout, run.done.stderr);
    assert!(
        ["help: ", "fix: ", "Usage:", "For more information, try"].iter().any(|word| told.contains(word)),
        "no way out in: {told}"
    );
}

/// The findings that refuse, as they are.
fn refusals(run: &Run) -> Vec<&serde_json::Value> {
    let all = run.report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|finding| finding["severity"] == "refusal").collect()
}

/// Both modes refuse for the same reasons and leave the target as it was.
#[track_caller]
pub(crate) fn refused_by_both(source: &Path, database: &Database, more: &[&str], words: &[&str]) -> Run {
    let before = shape(database);
    let tried = validate(source, database, more);
    refused(&tried, 3, words);
    assert_eq!(shape(database), before, "validate writes nothing");
    let run = migrate(source, database, more);
    refused(&run, 3, words);
    assert_eq!(shape(database), before, "a refused copy writes nothing");
    // What is around the data is looked at by a validation alone; it never refuses.
    assert_eq!(refusals(&tried), refusals(&run));
    run
}

#[test]
fn f42_a_wrong_password_an_unknown_database_and_no_server() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let before = shape(&database);
    let right = database.url();
    let wrong = database.url_of("postgres", "other-secret");
    let unknown = right.replace(&database.name, "no_such_database");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{closed}/x");
    let unknown_host = format!("postgres://postgres:{PASSWORD}@no-such-host.invalid/x");
    let role = database.url_of("nobody_of_that_name", "other-secret");
    for mode in ["--migrate", "--validate"] {
        refused(&call(mode, source.path(), &wrong, &[]), 3, &["password", "postgres"]);
        refused(&call(mode, source.path(), &role, &[]), 3, &["nobody_of_that_name"]);
        refused(&call(mode, source.path(), &unknown, &[]), 3, &["no_such_database"]);
        refused(&call(mode, source.path(), &nowhere, &[]), 6, &[&closed.to_string()]);
        refused(&call(mode, source.path(), &unknown_host, &[]), 6, &["no-such-host.invalid"]);
    }
    assert_eq!(shape(&database), before);
}

#[test]
fn f38_rows_of_others_are_not_touched() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (9, 'mine')");
    let run = refused_by_both(source.path(), &database, &[], &["E_TARGET_ROWS", "--existing"]);
    assert_eq!(run.findings("E_TARGET_ROWS").len(), 1);
    assert_eq!(database.query_one_text("SELECT string_agg(id || a, ',') FROM t"), "9mine");
}

/// Target column, source values (row 1 is good, rows 2 and 3 are not), code of the finding.
const MISFITS: [(&str, &str, &str); 18] = [
    ("int4", "(1, 5), (2, 2147483648), (3, -2147483649)", "E_RANGE"),
    ("int2", "(1, 5), (2, 32768), (3, -32769)", "E_RANGE"),
    ("bigint", "(1, 5), (2, 1.5), (3, 9223372036854775808)", "E_MIXED"),
    ("varchar(3)", "(1, 'abc'), (2, 'abcd'), (3, 'ab  ')", "E_LENGTH"),
    ("date", "(1, '2024-02-29'), (2, '2023-02-29'), (3, '2024-1-1')", "E_DATE"),
    ("timestamp", "(1, '2024-02-29 10:00:00'), (2, 'soon'), (3, '2024-02-29 25:00:00')", "E_DATE"),
    ("timestamp(3)", "(1, '2024-02-29 10:00:00.123'), (2, '2024-02-29 10:00:00.1234'), (3, 'now')", "E_DATE"),
    ("timestamp", "(1, '2024-02-29 10:00:00'), (2, '2024-02-29 10:00:00+02:00'), (3, 'now')", "E_DATE"),
    ("jsonb", "(1, '{}'), (2, '{'), (3, 'NaN')", "E_JSON"),
    ("jsonb", "(1, '{}'), (2, '\"\\u0000\"'), (3, '[1e200000]')", "E_JSON"),
    ("json", "(1, '{}'), (2, '[1,]'), (3, '')", "E_JSON"),
    ("numeric(10,2)", "(1, 1.23), (2, 1.239), (3, 0.001)", "E_RANGE"),
    ("text NOT NULL", "(1, 'x'), (2, NULL), (3, NULL)", "E_NOTNULL"),
    ("text", "(1, 'x'), (2, CAST(x'610062' AS TEXT)), (3, CAST(x'00' AS TEXT))", "E_TEXT_NUL"),
    ("text", "(1, 'x'), (2, CAST(x'636166e9' AS TEXT)), (3, CAST(x'ff' AS TEXT))", "E_TEXT_UTF8"),
    ("boolean", "(1, 1), (2, 2), (3, -1)", "E_RANGE"),
    ("uuid", "(1, '550e8400-e29b-41d4-a716-446655440000'), (2, 'no'), (3, x'00ff')", "E_UUID"),
    ("real", "(1, 0.5), (2, 0.1), (3, 1e300)", "E_RANGE"),
];

#[test]
fn f34_a_value_that_its_existing_column_cannot_hold() {
    let Some(server) = Server::available() else { return };
    four_at_once(MISFITS.to_vec(), |(column, values, code)| misfit(server, column, values, code));
}

fn misfit(server: &Server, column: &str, values: &str, code: &str) {
    let source = SqliteFile::from_sql(&format!(
        "CREATE TABLE Things (id INTEGER PRIMARY KEY, val); INSERT INTO Things VALUES {values};"
    ));
    let database = server.fresh_database();
    database.execute(&format!("CREATE TABLE things (id bigint PRIMARY KEY, val {column})"));
    let run = refused_by_both(source.path(), &database, &[], &["Things.val"]);
    let all: Vec<_> = run.report["findings"].as_array().unwrap().iter().collect();
    let refusals: Vec<_> = all.iter().filter(|finding| finding["severity"] == "refusal").collect();
    let count: u64 = refusals.iter().map(|finding| finding["count"].as_u64().unwrap()).sum();
    let keys: Vec<&str> = refusals
        .iter()
        .flat_map(|finding| finding["examples"].as_array().unwrap())
        .map(|key| key.as_str().unwrap())
        .collect();
    assert_eq!(count, 2, "{column}: {refusals:?}");
    assert_eq!(keys.len(), 2, "{column}: {refusals:?}");
    for (key, row) in keys.iter().zip(["2", "3"]) {
        assert!(key.contains(row), "{column}: {keys:?}");
    }
    assert!(refusals.iter().any(|finding| finding["code"] == code), "{column}: {refusals:?}");
}

#[test]
fn f35_orphans_against_a_key_that_exists() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p); INSERT INTO c VALUES (1, 1), (2, 7), (3, NULL);",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p)",
    );
    let run = refused_by_both(source.path(), &database, &[], &["E_FK_ORPHANS", "--orphans"]);
    let finding = run.findings("E_FK_ORPHANS")[0];
    assert_eq!(finding["count"], 1);
    assert!(finding["object"].as_str().unwrap().contains('c'), "{finding}");
}

/// Target DDL, source DDL, words of the refusal.
const OBJECTS: [(&str, &str, &[&str]); 5] = [
    ("CREATE TABLE t (id bigint PRIMARY KEY)", ONE_TABLE, &["E_COLUMN_MISSING", "t.a"]),
    (
        "CREATE TABLE t (id bigint PRIMARY KEY, a text, extra text NOT NULL)",
        ONE_TABLE,
        &["E_COLUMN_UNFILLED", "t.extra"],
    ),
    (
        "CREATE TABLE t (id bigint PRIMARY KEY, a text);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER watcher BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ONE_TABLE,
        &["E_TRIGGER", "watcher", "DISABLE TRIGGER"],
    ),
    ("CREATE TABLE t (id bigint PRIMARY KEY, a text[])", ONE_TABLE, &["E_TYPE", "t.a"]),
    ("CREATE VIEW t AS SELECT 1 AS id, 'x' AS a", ONE_TABLE, &["E_NOT_A_TABLE"]),
];

#[test]
fn f39_target_objects_that_do_not_suit() {
    let Some(server) = Server::available() else { return };
    for (target, sql, words) in OBJECTS {
        let (source, database) = (SqliteFile::from_sql(sql), server.fresh_database());
        database.execute(target);
        refused_by_both(source.path(), &database, &[], words);
    }
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    refused_by_both(source.path(), &database, &["--create", "never"], &["E_TABLE_MISSING"]);
}

#[test]
fn all_reasons_at_once() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (70000);
         CREATE TABLE b (x TEXT, y TEXT); INSERT INTO b VALUES ('long', 'x');
         CREATE TABLE c (x TEXT);",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE a (x int2); CREATE TABLE b (x varchar(2)); CREATE TABLE c (x text); INSERT INTO c VALUES ('mine')",
    );
    let words = ["E_RANGE", "E_LENGTH", "E_COLUMN_MISSING", "E_TARGET_ROWS"];
    refused_by_both(source.path(), &database, &[], &words);
}

/// A login role of one test, dropped with it.
pub(crate) struct Role<'a>(&'a Database, pub(crate) String);

impl<'a> Role<'a> {
    pub(crate) fn new(database: &'a Database) -> Role<'a> {
        let name = format!("r_{}", uuid::Uuid::new_v4().simple());
        database.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'other-secret'"));
        Role(database, name)
    }

    pub(crate) fn url(&self) -> String {
        self.0.url_of(&self.1, "other-secret")
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let _ = self.0.try_execute(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.1));
    }
}

#[test]
fn f41_roles_without_the_rights() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let role = Role::new(&database);
    for mode in ["--validate", "--migrate"] {
        let before = shape(&database);
        refused(&call(mode, source.path(), &role.url(), &[]), 3, &["E_RIGHTS", "GRANT CREATE"]);
        let more = ["--schema", "other"];
        refused(&call(mode, source.path(), &role.url(), &more), 3, &["E_RIGHTS", "GRANT CREATE ON DATABASE"]);
        assert_eq!(shape(&database), before);
    }
    database.execute(&format!(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); GRANT SELECT ON t TO {0};
         GRANT CREATE ON SCHEMA public TO {0}; GRANT CREATE ON DATABASE {1} TO {0}",
        role.1, database.name
    ));
    for mode in ["--validate", "--migrate"] {
        let before = shape(&database);
        refused(&call(mode, source.path(), &role.url(), &[]), 3, &["E_NOT_OWNER", "GRANT"]);
        assert_eq!(shape(&database), before);
    }
}

#[test]
fn f40_a_read_only_session_is_refused() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let role = Role::new(&database);
    database.execute(&format!(
        "GRANT CREATE ON SCHEMA public TO {0}; GRANT CREATE ON DATABASE {1} TO {0};
         ALTER ROLE {0} SET default_transaction_read_only = on",
        role.1, database.name
    ));
    let before = shape(&database);
    let run = call("--migrate", source.path(), &role.url(), &[]);
    refused(&run, 3, &["read-only"]);
    assert_eq!(shape(&database), before);
}

#[test]
fn f31_files_that_are_no_good_source() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| -> PathBuf {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        dir.path().join(name)
    };
    let good = SqliteFile::from_sql(
        "CREATE TABLE t (a TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO t SELECT 'a value of some length ' || i FROM n",
    );
    let whole = std::fs::read(good.path()).unwrap();
    // Bytes without any order, as an encrypted file's.
    let noise: Vec<u8> = (0..8192u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases: [(PathBuf, &[&str]); 6] = [
        (path("text.db", b"id,name\n1,one\n"), &["text.db", "not"]),
        (path("empty.db", b""), &["empty.db", "empty"]),
        (path("cut.db", &whole[..whole.len() - 1000]), &["cut.db", "E_TRUNCATED"]),
        (path("noise.db", &noise), &["noise.db", "encrypted"]),
        (dir.path().join("missing.db"), &["missing.db", "name the file that is meant"]),
        (dir.path().to_path_buf(), &["directory"]),
    ];
    let before = shape(&database);
    for (file, words) in &cases {
        for mode in ["--validate", "--migrate"] {
            let run = call(mode, file, &database.url(), &[]);
            refused(&run, 5, words);
        }
    }
    assert_eq!(shape(&database), before);
    assert!(!dir.path().join("missing.db").exists(), "a missing file stays missing");
    // To say the same again helps nobody: the path is told as it was looked for.
    for mode in
        [&["copy", "--validate"][..], &["copy", "--migrate"], &["copy", "--rehearse", "schema"], &["verify"]]
    {
        let cli =
            Cli::new().args(mode).args(["--from", "missing.db", "--to", &database.url()]).in_dir(dir.path());
        let done = cli.run();
        let looked_for = dir.path().canonicalize().unwrap().join("missing.db").display().to_string();
        assert!(done.code == 5 && done.said().contains(&looked_for), "{}", done.said());
        assert!(!done.said().contains("same command"), "{}", done.said());
    }
}

#[test]
fn command_lines_that_cannot_be_meant() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let (file, url) = (source.path().to_str().unwrap(), database.url());
    let lines: [(&[&str], &[&str]); 8] = [
        (&["copy", "--migrate", file], &["--to", "DATABASE_URL", "embedded"]),
        (&["copy", "--migrate"], &["--from"]),
        (&["copy", file, &url], &["--migrate", "--validate"]),
        (&["copy", "--migrate", "--validate", file, &url], &["--validate"]),
        (&["copy", "--migrate", "--no-such-option", file, &url], &["--no-such-option"]),
        (&["copy", "--migrate", "--jobs", "0", file, &url], &["--jobs"]),
        (&["copy", "--migrate", "--table", "nothing*", file, &url], &["nothing*"]),
        (&["copy", "--migrate", file, "host='unclosed"], &["quote"]),
    ];
    let before = shape(&database);
    for (line, words) in lines {
        let run = Run { done: Cli::new().args(line).run(), report: serde_json::Value::Null };
        refused(&run, 2, words);
    }
    assert_eq!(shape(&database), before);
}

#[test]
fn two_sources_with_one_table_name() {
    let Some(server) = Server::available() else { return };
    let (one, two) = (SqliteFile::named("one.db", ONE_TABLE), SqliteFile::named("two.db", ONE_TABLE));
    let database = server.fresh_database();
    let before = shape(&database);
    for mode in ["--validate", "--migrate"] {
        let second = two.path().to_str().unwrap();
        let run = call(mode, one.path(), &database.url(), &["--from", second]);
        refused(&run, 3, &["E_NAME_COLLISION", "one.db", "two.db", "--schema"]);
        assert_eq!(shape(&database), before);
    }
}

#[test]
fn validate_passes_a_good_file_and_writes_nothing() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let (before, bytes) = (shape(&database), std::fs::read(source.path()).unwrap());
    for _ in 0..2 {
        let run = validate(source.path(), &database, &[]).ends_with(0);
        assert!(run.done.stdout.contains("would be copied; nothing was written"), "{}", run.done.stdout);
        assert_eq!(shape(&database), before);
    }
    assert!(!before.contains("cutover"));
    assert_eq!(std::fs::read(source.path()).unwrap(), bytes);
    migrate(source.path(), &database, &[]).ends_with(0);
    validate(source.path(), &database, &[]).ends_with(0);
}
