//! `cutover verify` on copies that other tools made: pgloader and DuckDB on real files, beside an independent judge, and an
//! application's script with the mistakes that such scripts have.

mod duckdb;
mod judge;

use crate::support::flow::{four_at_once, lines, migrate, shape, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use judge::{has, url_of};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Small files, on which pgloader loses different things: rows, values, tables, NOT NULL, sequences, CHECKs, foreign keys,
/// views, triggers, what defaults say.
const LOADED: [&str; 10] = [
    "chinook",
    "django-blog",
    "grist-worldsql",
    "grist-typeenc",
    "pgl-type-mismatch",
    "pgl-bad-utf8",
    "pgl-collision",
    "ru-dezer",
    "strapi-repro",
    "macos-imessage",
];

/// On some files pgloader never ends.
const LOAD_WAIT: Duration = Duration::from_secs(60);

fn load(file: &Path, database: &Database) {
    let mut child = Command::new("pgloader")
        .args([format!("sqlite://{}", file.display()), url_of(database)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > LOAD_WAIT {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let busy =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'";
    while database.query_one_text(busy) != "0" && began.elapsed() < LOAD_WAIT * 2 {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_pgloader_loses_is_named_as_an_independent_judge_names_it() {
    let Some(judge) = judge::judge() else { return };
    if has("pgloader", &["--version"]) {
        judge::is_agreed_with(&judge, LOADED, load);
    }
}

/// Names in two spellings, dates and flags as text, an index, a default: what a small application has.
const APPLICATION: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, fullName TEXT NOT NULL, email TEXT UNIQUE, note TEXT, createdAt TEXT,
        balance REAL, active INTEGER, tags TEXT, token BLOB);
    CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, customerId INTEGER NOT NULL REFERENCES customers (id),
        total NUMERIC, placed TEXT, status TEXT DEFAULT 'new' CHECK (status IN ('new', 'paid')));
    CREATE INDEX orders_by_customer ON orders (customerId);
    CREATE TABLE log (at INTEGER, line TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    INSERT INTO customers SELECT i, CASE WHEN i % 50 = 0 THEN 'a name of some length ' || i ELSE 'name ' || i END,
        'mail' || i || '@example.org', CASE WHEN i % 10 = 0 THEN '' ELSE 'note' END, '2024-03-01T12:00:' || (10 + i % 50) || 'Z',
        CASE WHEN i % 4 = 0 THEN i / 3.0 ELSE i * 0.5 END, i % 2, '{\"b\": [' || i || '], \"a\": 1}', zeroblob(3) FROM n;
    UPDATE customers SET createdAt = '2024-03-01 12:00:00' WHERE id % 8 = 0;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO orders SELECT i, 1 + i % 200, i + 0.25, '2024-05-' || (10 + i % 20), CASE i % 2 WHEN 0 THEN 'new' ELSE 'paid' END FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
    INSERT INTO log SELECT i, 'line ' || i FROM n;";

fn script() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other_tools/script.py");
    has("python3", &["-c", "import psycopg"]).then_some(script)
}

/// The application's file, and a copy of it by its script.
fn scripted(server: &Server, script: &Path, mistake: &str) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(APPLICATION), server.fresh_database());
    let output = Command::new("python3")
        .arg(script)
        .arg(source.path())
        .args([&url_of(&database), mistake])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    (source, database)
}

/// A mistake, the table whose rows differ, the column, kind and number of those rows, and codes of what is lost beside them.
type Mistake =
    (&'static str, Option<(&'static str, &'static str, &'static str, u64)>, &'static [&'static str]);

const MISTAKES: [Mistake; 10] = [
    ("", None, &[]),
    ("lost rows", Some(("orders", "", "missing", 15)), &["E_SEQUENCE_BEHIND"]),
    ("floats", Some(("customers", "balance", "changed", 34)), &[]),
    ("zone", Some(("customers", "createdAt", "changed", 25)), &[]),
    ("empty is null", Some(("customers", "note", "changed", 20)), &[]),
    ("cut", Some(("customers", "fullName", "changed", 4)), &[]),
    ("twice", Some(("log", "", "multiplicity", 3)), &[]),
    ("no sequences", None, &["E_SEQUENCE_MISSING", "E_SEQUENCE_MISSING"]),
    ("sequences not set", None, &["E_SEQUENCE_BEHIND", "E_SEQUENCE_BEHIND"]),
    (
        "no objects",
        None,
        &[
            "E_CHECK_MISSING",
            "E_DEFAULT_MISSING",
            "E_FOREIGN_KEY_MISSING",
            "E_INDEX_MISSING",
            "E_NOT_NULL_MISSING",
            "E_NOT_NULL_MISSING",
            "E_PRIMARY_KEY_MISSING",
            "E_PRIMARY_KEY_MISSING",
            "E_SEQUENCE_MISSING",
            "E_SEQUENCE_MISSING",
            "E_UNIQUE_MISSING",
        ],
    ),
];

#[test]
fn the_mistakes_of_an_applications_script_are_named() {
    let Some(server) = Server::available() else { return };
    let Some(script) = script() else { return };
    four_at_once(MISTAKES.to_vec(), |(mistake, rows, codes)| {
        let (source, database) = scripted(server, &script, mistake);
        let before = shape(&database);
        let run = verify(source.path(), &database, &[]);
        assert_eq!(run.done.code, if mistake.is_empty() { 0 } else { 4 }, "{mistake}: {}", run.said());
        let mut found: Vec<&str> = run.report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["code"].as_str().unwrap())
            .filter(|code| code.starts_with("E_"))
            .collect();
        found.sort_unstable();
        assert_eq!(found, codes, "{mistake}: {}", run.done.stdout);
        let behind = codes.len() > 1 && codes.contains(&"E_SEQUENCE_BEHIND");
        for table in run.report["tables"].as_array().unwrap() {
            let wrong = rows.filter(|(name, ..)| table["source"] == *name);
            let is_equal = wrong.is_none() && !(behind && table["source"] != "log");
            assert_eq!(table["verify"] == "match", is_equal, "{mistake}: {table}");
            let Some((_, column, kind, count)) = wrong else { continue };
            assert_eq!(table["difference_counts"][kind], count, "{mistake}: {table}");
            let columns: BTreeSet<&str> = table["differences"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|row| row["columns"].as_array().unwrap())
                .map(|c| c["column"].as_str().unwrap())
                .collect();
            assert_eq!(
                columns,
                BTreeSet::from([column]).into_iter().filter(|c| !c.is_empty()).collect(),
                "{mistake}"
            );
        }
        assert_eq!(shape(&database), before, "{mistake}: verify writes nothing");
    });
}

#[test]
fn what_has_no_partner_is_told_and_the_others_are_compared() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, lost TEXT, spot TEXT, kept TEXT);
         INSERT INTO a VALUES (1, 'x', '(1,2)', 'k'), (2, NULL, '(3,4)', 'l');
         CREATE TABLE gone (x INTEGER); INSERT INTO gone VALUES (1), (2);
         CREATE TABLE seen (x INTEGER); CREATE TABLE userId (x INTEGER); INSERT INTO userId VALUES (7);
         CREATE TABLE b (x INTEGER, at TEXT); INSERT INTO b VALUES (1, 'soon')",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE a (id bigserial PRIMARY KEY, spot point, kept text, extra int);
         INSERT INTO a VALUES (1, '(1,2)', 'k', 1), (2, '(3,4)', 'l', 2); SELECT setval('a_id_seq', 2);
         CREATE VIEW seen AS SELECT 1 AS x; CREATE TABLE user_id (x int); INSERT INTO user_id VALUES (7);
         CREATE TABLE b (x int, at timestamp); INSERT INTO b VALUES (1, '2024-01-01'); CREATE TABLE more (x int)",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    let codes = |code: &str| -> Vec<&str> {
        run.findings(code).iter().map(|f| f["object"].as_str().unwrap()).collect()
    };
    assert_eq!(codes("E_COLUMN_MISSING"), ["a.lost"]);
    assert_eq!(codes("E_NOT_COMPARABLE"), ["a.spot"]);
    assert_eq!(codes("E_TABLE_MISSING"), ["gone"]);
    assert_eq!(codes("E_NOT_A_TABLE"), ["seen"]);
    assert_eq!(run.findings("W_EXTRA").len(), 2, "a column and a table: {}", run.done.stdout);
    let states =
        ["a", "gone", "seen", "userId", "b"].map(|table| run.table(table)["verify"].as_str().unwrap());
    assert_eq!(states, ["differs", "differs", "differs", "match", "differs"], "{}", run.said());
    assert_eq!(run.table("a")["rows"]["target"], 2);
    assert_eq!(
        run.table("b")["difference_counts"]["changed"],
        1,
        "a text that is no time is not equal to one"
    );
    let config = source.path().with_extension("toml");
    std::fs::write(&config, "[tables.a.columns.lost]\nskip = true\n").unwrap();
    let only = ["--table", "a", "--config", config.to_str().unwrap()];
    let run = verify(source.path(), &database, &only).ends_with(4);
    assert_eq!(run.table("a")["verify"], "not_comparable", "{}", run.said());
    assert!(
        run.done.stderr.contains("no row that was compared differs, but not comparable: a.spot"),
        "{}",
        run.said()
    );
    std::fs::write(&config, "[tables.a.columns.lost]\nskip = true\n[tables.a.columns.spot]\nskip = true\n")
        .unwrap();
    let run = verify(source.path(), &database, &only).ends_with(0);
    assert_eq!(run.table("a")["verify"], "match");
}

#[test]
fn a_key_whose_type_counts_nothing_takes_no_numbers() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, x TEXT);
         CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO b VALUES (7, 'x')",
    );
    let database = server.fresh_database();
    // Of an empty table nobody can see what it is meant to hold; a key that a default fills is the target's own affair.
    database.execute(
        "CREATE TABLE a (id varchar PRIMARY KEY, x text); CREATE TABLE b (id text PRIMARY KEY, x text);
         INSERT INTO b VALUES ('7', 'x'); CREATE TABLE c (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), x text)",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    let found = run.findings("E_SEQUENCE_MISSING");
    let objects: Vec<&str> = found.iter().map(|finding| finding["object"].as_str().unwrap()).collect();
    assert_eq!(objects, ["a.id", "b.id"], "{}", run.said());
    for finding in found {
        database.execute(finding["fix"].as_str().unwrap());
    }
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute("INSERT INTO b (x) VALUES ('y')");
    assert_eq!(database.query_one_text("SELECT max(id) FROM b"), "8");
}

/// Words in columns of text, as either side takes them.
const WORDS: &str = "
    CREATE TABLE numbers (id INTEGER PRIMARY KEY, d TEXT, r TEXT, n TEXT);
    INSERT INTO numbers VALUES (1, 'NaN', 'nan', ' NaN '), (2, 'Infinity', 'inf', '+Infinity'),
        (3, '-inf', '-Infinity', '-INF'), (4, '-nan', '+nan', '0'), (5, '1e-310', '0.1', '1e400');
    CREATE TABLE times (id INTEGER PRIMARY KEY, day TEXT, at TEXT, tz TEXT);
    INSERT INTO times VALUES (1, 'infinity', 'Infinity', ' infinity '), (2, '-infinity', '-INFINITY', '-infinity'),
        (3, '2024-03-01', '2024-03-01 12:00', '2024-03-01T12:00Z');";

/// The server's own reading of them.
const TYPED: &str = "
    SET timezone = 'UTC';
    ALTER TABLE numbers ALTER d TYPE double precision USING d::double precision,
        ALTER r TYPE real USING r::real, ALTER n TYPE numeric USING n::numeric;
    ALTER TABLE times ALTER day TYPE date USING day::date,
        ALTER at TYPE timestamp USING at::timestamp, ALTER tz TYPE timestamptz USING tz::timestamptz";

#[test]
fn words_for_nan_and_infinity_are_what_the_server_reads_in_them() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(WORDS), server.fresh_database());
    database.execute(WORDS);
    database.execute(TYPED);
    let rows_alone = ["--objects", "off"];
    verify(source.path(), &database, &rows_alone).ends_with(0);
    // What is beyond a double is no infinity to the server.
    let refused = database.try_execute("SELECT '1e400'::double precision").unwrap_err();
    assert!(refused.contains("out of range"), "{refused}");
    source.connection().execute("UPDATE numbers SET d = '1e400' WHERE id = 2", []).unwrap();
    database.execute(
        "UPDATE numbers SET d = '-Infinity' WHERE id = 1; UPDATE numbers SET r = 'Infinity' WHERE id = 4;
         UPDATE numbers SET n = 'Infinity' WHERE id IN (3, 5); UPDATE times SET day = '-infinity' WHERE id = 1;
         UPDATE times SET at = 'infinity' WHERE id = 2; UPDATE times SET tz = 'infinity' WHERE id = 3",
    );
    let run = verify(source.path(), &database, &rows_alone).ends_with(4);
    for (table, changed) in [("numbers", 5), ("times", 3)] {
        assert_eq!(run.table(table)["difference_counts"]["changed"], changed, "{}", run.said());
    }
}

#[test]
fn a_copy_of_ours_that_lost_something_since_is_compared_as_far_as_it_goes() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER NOT NULL DEFAULT 7, y REAL, z TEXT);
         INSERT INTO a VALUES (1, 2, 0.5, 'a'), (2, 3, 1.25, 'b');
         CREATE TABLE gone (x INTEGER); CREATE TABLE same (x INTEGER UNIQUE); INSERT INTO same VALUES (1)",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &[]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute(
        "ALTER TABLE a ALTER y TYPE text, ALTER x TYPE smallint, ALTER x DROP NOT NULL, ALTER x SET DEFAULT 8, DROP COLUMN z;
         DROP TABLE gone",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(run.table("a")["verify"], "differs");
    assert!(run.table("a")["difference_counts"].is_null(), "what is left is equal: {}", run.said());
    assert_eq!(run.table("gone")["verify"], "differs");
    assert_eq!(run.table("same")["verify"], "match");
    for (code, object) in [
        ("E_COLUMN_MISSING", "a.z"),
        ("E_TABLE_MISSING", "gone"),
        ("E_NOT_NULL_MISSING", "a.x"),
        ("E_DEFAULT_DIFFERS", "a.x"),
    ] {
        assert_eq!(run.findings(code).len(), 1, "{code}: {}", run.said());
        assert_eq!(run.findings(code)[0]["object"], object);
    }
    database.execute("ALTER TABLE same DROP CONSTRAINT same_x_key");
    let run = verify(source.path(), &database, &["--table", "same"]).ends_with(4);
    assert!(run.said().contains("same_x_key"), "{}", run.said());
    verify(source.path(), &database, &["--table", "same", "--objects", "off"]).ends_with(0);
}

#[test]
fn a_sample_looks_at_some_rows_and_says_so() {
    let Some(server) = Server::available() else { return };
    let Some(script) = script() else { return };
    let (source, database) = scripted(server, &script, "");
    let quick = ["--sample", "10"];
    let run = verify(source.path(), &database, &quick).ends_with(0);
    let states = ["customers", "orders"].map(|table| run.table(table)["verify"].as_str().unwrap());
    assert_eq!(states, ["sampled", "sampled"]);
    assert!(
        run.table("orders")["verify_note"].as_str().unwrap().contains("10 of 300 rows"),
        "{}",
        run.said()
    );
    assert!(run.done.stdout.contains("a sample of 3 tables"), "{}", run.done.stdout);
    let keyless = run.table("log");
    assert_eq!(keyless["verify"], "sampled");
    assert!(keyless["verify_note"].as_str().unwrap().contains("no row was compared"), "{keyless}");
    // What is in the sample is found, the first and the last row always are; what is not, shows in the counts at most.
    database
        .execute("UPDATE customers SET note = 'other' WHERE id IN (1, 200); DELETE FROM orders WHERE id = 2");
    let run = verify(source.path(), &database, &quick).ends_with(4);
    assert_eq!(run.table("customers")["difference_counts"]["changed"], 2);
    assert_eq!(
        (&run.table("orders")["verify"], &run.table("orders")["rows"]["target"]),
        (&"differs".into(), &299.into())
    );
    assert_eq!(lines(&database, "SELECT count(*)::text FROM log"), "20\n");
}

#[test]
fn a_sample_finds_rows_by_keys_of_text_too() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE w (k TEXT, n INTEGER, v TEXT, PRIMARY KEY (k, n)) WITHOUT ROWID;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO w SELECT 'k''' || i, i, 'v' || i FROM n;
         CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t SELECT k, v FROM w",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &[]).ends_with(0);
    let run = verify(source.path(), &database, &["--sample", "20"]).ends_with(0);
    for table in ["w", "t"] {
        assert_eq!(run.table(table)["verify"], "sampled");
        assert!(run.table(table)["verify_note"].as_str().unwrap().contains("20 of 100"), "{}", run.said());
    }
    database.execute("UPDATE w SET v = 'x'; UPDATE t SET v = 'x'");
    let run = verify(source.path(), &database, &["--sample", "20"]).ends_with(4);
    for table in ["w", "t"] {
        assert_eq!(run.table(table)["difference_counts"]["changed"], 20, "{}", run.said());
    }
}
