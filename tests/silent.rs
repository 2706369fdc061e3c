//! Whatever PostgreSQL would change, cut, pad, round, fill in or convert without a word (semantics.md §5.7) is refused
//! before the first write: every offender counted, keys named, the target untouched.

use crate::refusals::{ONE_TABLE, Role, refused, refused_by_both};
use crate::support::cli::Cli;
use crate::support::flow::{Run, lines, migrate, shape, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// A table of one column on both sides: rows 1 and 4 fit, 2 and 3 do not.
struct Column {
    /// declared in the source
    declared: &'static str,
    /// of the target
    existing: &'static str,
    /// more DDL of the target, before the table
    before: &'static str,
    /// of rows 1 and 4, then of 2 and 3, as SQLite literals
    good: [&'static str; 2],
    bad: [&'static str; 2],
    /// what both refused rows are called
    code: &'static str,
}

const PLAIN: Column =
    Column { declared: "", existing: "", before: "", good: ["NULL"; 2], bad: ["NULL"; 2], code: "" };

impl Column {
    /// The rows that do not fit are refused; without them the rest goes in and is proved.
    fn check(&self) {
        let Some(server) = Server::available() else { return };
        let insert = |id: u8, value: &str| format!("INSERT INTO Things VALUES ({id}, {value});");
        let table = format!("CREATE TABLE Things (id INTEGER PRIMARY KEY, val {});", self.declared);
        let good = insert(1, self.good[0]) + &insert(4, self.good[1]);
        let bad = insert(2, self.bad[0]) + &insert(3, self.bad[1]);
        let source = SqliteFile::from_sql(&format!("{table}{good}{bad}"));
        let database = server.fresh_database();
        database.execute(&format!(
            "{};CREATE TABLE things (id bigint PRIMARY KEY, val {})",
            self.before, self.existing
        ));
        let run = refused_by_both(source.path(), &database, &[], &["Things.val", self.code]);
        let all = run.report["findings"].as_array().unwrap().iter();
        let refusals: Vec<_> = all.filter(|finding| finding["severity"] == "refusal").collect();
        let count: u64 = refusals.iter().map(|finding| finding["count"].as_u64().unwrap()).sum();
        let mut keys: Vec<&str> = refusals
            .iter()
            .flat_map(|finding| finding["examples"].as_array().unwrap())
            .map(|key| key.as_str().unwrap())
            .collect();
        keys.sort_unstable();
        assert_eq!(count, 2, "{refusals:?}");
        assert!(keys.len() == 2 && keys[0].ends_with('2') && keys[1].ends_with('3'), "{keys:?}");
        assert!(refusals.iter().all(|finding| finding["code"] == self.code), "{refusals:?}");
        let source = SqliteFile::from_sql(&format!("{table}{good}"));
        migrate(source.path(), &database, &[]).ends_with(0);
        assert_eq!(lines(&database, "SELECT id::text FROM things ORDER BY id"), "1\n4\n");
        verify(source.path(), &database, &[]).ends_with(0);
    }
}

#[test]
fn case_03_the_scale_of_numeric_rounds() {
    let column = Column { declared: "DECIMAL(10,2)", existing: "numeric(10,2)", code: "E_RANGE", ..PLAIN };
    Column { good: ["1.23", "99999999.99"], bad: ["1.239", "0.005"], ..column }.check();
}

#[test]
fn f33_the_precision_of_numeric_overflows() {
    let column = Column { declared: "DECIMAL(4,2)", existing: "numeric(4,2)", code: "E_RANGE", ..PLAIN };
    Column { good: ["99.99", "-99.99"], bad: ["100", "9e999"], ..column }.check();
}

#[test]
fn varchar_cuts_trailing_spaces() {
    let column = Column { declared: "TEXT", existing: "varchar(3)", code: "E_LENGTH", ..PLAIN };
    Column { good: ["'ab '", "'äöü'"], bad: ["'ab  '", "'abc '"], ..column }.check();
}

#[test]
fn char_pads_and_drops_spaces() {
    let column = Column { declared: "TEXT", existing: "char(3)", code: "E_LENGTH", ..PLAIN };
    Column { good: ["'abc'", "''"], bad: ["'ab '", "'abcd'"], ..column }.check();
}

#[test]
fn timestamps_of_fewer_digits_round() {
    let column = Column { declared: "DATETIME", existing: "timestamp(3)", code: "E_DATE", ..PLAIN };
    let good = ["'2024-01-01 10:00:00.123'", "'2024-01-01 10:00:00.123000'"];
    let bad = ["'2024-01-01 10:00:00.1235'", "'2024-12-31 23:59:59.999999'"];
    Column { good, bad, ..column }.check();
    let bad = ["'2024-01-01 10:00:00.1Z'", "'2024-01-01 10:00:00.000001+02:00'"];
    let good = ["'2024-01-01 10:00:00Z'", "'2024-01-01 12:00:00+02:00'"];
    Column { existing: "timestamptz(0)", good, bad, ..column }.check();
}

#[test]
fn times_of_fewer_digits_round() {
    let column = Column { declared: "TIME", existing: "time(0)", code: "E_DATE", ..PLAIN };
    Column { good: ["'10:00:00'", "'10:00'"], bad: ["'10:00:00.5'", "'23:59:59.999999'"], ..column }.check();
}

#[test]
fn a_seventh_digit_rounds() {
    let column = Column { declared: "DATETIME", existing: "timestamp", code: "E_DATE", ..PLAIN };
    let good = ["'2024-01-01 10:00:00.123456'", "'2024-01-01 10:00:00.1234560'"];
    let bad = ["'2024-01-01 10:00:00.1234567'", "'2024-12-31 23:59:59.9999999'"];
    Column { good, bad, ..column }.check();
}

#[test]
fn real_has_fewer_bits_than_double() {
    let column = Column { declared: "REAL", existing: "real", code: "E_RANGE", ..PLAIN };
    Column { good: ["0.5", "16777216.0"], bad: ["0.1", "16777217.0"], ..column }.check();
}

#[test]
fn double_does_not_hold_every_integer() {
    let column = Column { declared: "INTEGER", existing: "double precision", code: "E_RANGE", ..PLAIN };
    let bad = ["9007199254740993", "9223372036854775807"];
    Column { good: ["9007199254740992", "-1"], bad, ..column }.check();
}

#[test]
fn numeric_has_no_minus_zero() {
    // only a column without affinity keeps −0.0
    let column = Column { declared: "", existing: "numeric", code: "E_RANGE", ..PLAIN };
    Column { good: ["0.0", "-1.5"], bad: ["-0.0", "-0.0"], ..column }.check();
}

#[test]
fn a_boolean_is_zero_or_one() {
    let column = Column { declared: "BOOLEAN", existing: "boolean", code: "E_RANGE", ..PLAIN };
    Column { good: ["0", "1"], bad: ["2", "-1"], ..column }.check();
}

#[test]
fn f33_narrower_integers() {
    let column = Column { declared: "INTEGER", code: "E_RANGE", ..PLAIN };
    Column { existing: "smallint", good: ["32767", "-32768"], bad: ["32768", "-32769"], ..column }.check();
    let good = ["2147483647", "-2147483648"];
    Column { existing: "integer", good, bad: ["2147483648", "-2147483649"], ..column }.check();
}

#[test]
fn f32_case_09_text_that_no_text_column_holds() {
    let column = Column { declared: "TEXT", existing: "text", ..PLAIN };
    let text = |hex: &'static str| -> &'static str { hex };
    let nul = [text("CAST(x'610062' AS TEXT)"), text("CAST(x'00' AS TEXT)")];
    Column { good: ["'ä'", "''"], bad: nul, code: "E_TEXT_NUL", ..column }.check();
    let broken = [text("CAST(x'636166e9' AS TEXT)"), text("CAST(x'eda080' AS TEXT)")];
    Column { good: ["'ä'", "''"], bad: broken, code: "E_TEXT_UTF8", ..column }.check();
}

#[test]
fn a_zone_is_dropped_by_timestamp() {
    let column = Column { declared: "DATETIME", existing: "timestamp", code: "E_DATE", ..PLAIN };
    let good = ["'2024-01-01 10:00:00'", "'2024-01-01T10:00:00.5'"];
    Column { good, bad: ["'2024-01-01 10:00:00+02:00'", "'2024-01-01 10:00:00Z'"], ..column }.check();
}

#[test]
fn the_type_of_a_domain_rules_and_its_modifier() {
    let before =
        "CREATE DOMAIN price AS numeric(6,2) CHECK (VALUE >= 0); CREATE DOMAIN dear AS price NOT NULL";
    let column = Column { declared: "DECIMAL", existing: "price", before, code: "E_RANGE", ..PLAIN };
    Column { good: ["1.25", "NULL"], bad: ["1.255", "12345.5"], ..column }.check();
    let column = Column { existing: "dear", ..column };
    Column { good: ["1.25", "0"], bad: ["NULL", "NULL"], code: "E_NOTNULL", ..column }.check();
}

#[test]
fn labels_of_an_enumerated_type() {
    let before = "CREATE TYPE mood AS ENUM ('ok', 'Grüße'); CREATE DOMAIN feeling AS mood";
    let column = Column { declared: "TEXT", before, code: "E_WORD", ..PLAIN };
    for existing in ["mood", "feeling"] {
        Column { existing, good: ["'ok'", "'Grüße'"], bad: ["'OK'", "'ok '"], ..column }.check();
    }
    let column = Column { existing: "mood", code: "E_MIXED", declared: "", ..column };
    Column { good: ["'ok'", "NULL"], bad: ["1", "0"], ..column }.check();
}

#[test]
fn numbers_are_no_interval_until_somebody_says_what_they_count() {
    let column = Column { declared: "BIGINT", existing: "interval", code: "E_MIXED", ..PLAIN };
    Column { good: ["NULL", "'1 day'"], bad: ["1", "86400000000"], ..column }.check();
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT); INSERT INTO t VALUES (1, 5)",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a interval)");
    refused_by_both(source.path(), &database, &[], &["E_MIXED", "t.a", "encoding = \"microseconds\""]);
}

#[test]
fn intervals_of_fewer_digits_round() {
    let column = Column { declared: "TEXT", existing: "interval(2)", code: "E_DATE", ..PLAIN };
    let bad = ["'00:00:00.125'", "'1 day 00:00:59.999999'"];
    Column { good: ["'1 mon 00:00:00.12'", "'PT1.50S'"], bad, ..column }.check();
    let column = Column { existing: "interval", ..column };
    Column { good: ["'1 day'", "'-1 days +02:03:00'"], bad: ["'soon'", "'00:00:00.1234567'"], ..column }
        .check();
}

#[test]
fn addresses() {
    let column = Column { declared: "TEXT", code: "E_NETWORK", ..PLAIN };
    let good = ["'192.0.2.7'", "'2001:db8::1/64'"];
    Column { existing: "inet", good, bad: ["'192.0.2'", "'localhost'"], ..column }.check();
    let good = ["'10.0.0.0/8'", "'192.0.2.7/32'"];
    Column { existing: "cidr", good, bad: ["'10.0.0.1/8'", "'10/8'"], ..column }.check();
    let good = ["'08:00:2b:01:02:03'", "'08:00:2B:01:02:03'"];
    Column { existing: "macaddr", good, bad: ["'08:00:2b:01:02'", "'none'"], ..column }.check();
}

/// Triggers of every kind that could change, multiply, drop or answer what is sent.
const TRIGGERS: [(&str, &str); 6] = [
    ("CREATE TRIGGER doubler BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "doubler"),
    ("CREATE TRIGGER watcher AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()", "watcher"),
    ("CREATE TRIGGER teller AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f()", "teller"),
    ("CREATE TRIGGER first BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f()", "first"),
    (
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()",
        "later",
    ),
    (
        "CREATE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER always",
        "always",
    ),
];

const FUNCTION: &str =
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := NEW.id * 2; RETURN NEW; END'";

#[test]
fn f39_case_41_triggers_of_every_kind() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute(&format!("CREATE TABLE t (id bigint PRIMARY KEY, a text); {FUNCTION}"));
    for (sql, name) in TRIGGERS {
        database.execute(sql);
        refused_by_both(source.path(), &database, &[], &["E_TRIGGER", name, "DISABLE TRIGGER USER"]);
        database.execute(&format!("DROP TRIGGER {name} ON t"));
    }
    // what does not fire on INSERT is left alone, and so is a trigger that is switched off
    database.execute(
        "CREATE TRIGGER on_update BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
         CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE t DISABLE TRIGGER off",
    );
    migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(lines(&database, "SELECT t::text FROM t"), "(1,x)\n");
}

#[test]
fn f39_case_41_triggers_of_partitions() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute(&format!(
        "CREATE TABLE t (id bigint, a text) PARTITION BY RANGE (id);
         CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); {FUNCTION};
         CREATE TRIGGER below BEFORE INSERT ON low FOR EACH ROW EXECUTE FUNCTION f()"
    ));
    refused_by_both(source.path(), &database, &[], &["E_TRIGGER", "below on", "low"]);
    database.execute("ALTER TABLE low DISABLE TRIGGER USER");
    migrate(source.path(), &database, &[]).ends_with(0);
}

#[test]
fn f39_a_rule_is_named_because_copy_does_not_apply_it() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); CREATE TABLE log (id bigint);
         CREATE RULE logged AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (NEW.id)",
    );
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    assert!(run.findings("W_RULE")[0]["message"].as_str().unwrap().contains("logged"), "{}", run.said());
    assert_eq!(lines(&database, "SELECT count(*)::text FROM log"), "0\n");
}

#[test]
fn f39_what_is_no_table_that_we_may_fill() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(ONE_TABLE);
    let targets: [(&str, &[&str]); 6] = [
        ("CREATE VIEW t AS SELECT 1 AS id, 'x'::text AS a", &["E_NOT_A_TABLE"]),
        ("CREATE MATERIALIZED VIEW t AS SELECT 1 AS id, 'x'::text AS a", &["E_NOT_A_TABLE"]),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE t (id bigint, a text) SERVER s",
            &["E_NOT_A_TABLE"],
        ),
        (
            "CREATE TABLE whole (id bigint, a text) PARTITION BY RANGE (id);
             CREATE TABLE t PARTITION OF whole FOR VALUES FROM (0) TO (10)",
            &["E_NOT_A_TABLE", "partition"],
        ),
        ("CREATE TABLE t (id bigint, a xml)", &["E_TYPE", "t.a", "xml", "TYPE text"]),
        ("CREATE TABLE t (id bigint, a int4range)", &["E_TYPE", "t.a", "int4range", "TYPE text"]),
    ];
    for (target, words) in targets {
        let database = server.fresh_database();
        database.execute(target);
        refused_by_both(source.path(), &database, &[], words);
    }
}

#[test]
fn types_that_are_never_filled() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(ONE_TABLE);
    let before = "CREATE TYPE pair AS (x int, y int); CREATE DOMAIN list AS int[]";
    for kind in ["text[]", "money", "bit(3)", "timetz", "tsvector", "pair", "list", "point", "interval day"] {
        let database = server.fresh_database();
        database.execute(&format!("{before}; CREATE TABLE t (id bigint, a {kind})"));
        refused_by_both(source.path(), &database, &[], &["E_TYPE", "t.a", "TYPE text"]);
    }
}

#[test]
fn f39_row_security_that_applies_is_refused_and_that_which_does_not_is_no_matter() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    let role = Role::new(&database);
    database.execute(&format!(
        "GRANT CREATE ON DATABASE {} TO {r}; CREATE TABLE t (id bigint PRIMARY KEY, a text); ALTER TABLE t OWNER TO {r};
         ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY",
        database.name,
        r = role.1
    ));
    let copy = |mode: &str| {
        Run::of(Cli::new().args(["copy", mode]).args([source.path()]).args(["--to", &role.url()]))
    };
    let before = shape(&database);
    for mode in ["--validate", "--migrate"] {
        refused(&copy(mode), 3, &["E_ROW_SECURITY", "NO FORCE ROW LEVEL SECURITY"]);
        assert_eq!(shape(&database), before);
    }
    database.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY");
    copy("--migrate").ends_with(0);
    assert_eq!(lines(&database, "SELECT t::text FROM t"), "(1,x)\n");
}

#[test]
fn f39_columns_that_we_do_not_send_are_named() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute(
        "CREATE DOMAIN made AS text NOT NULL DEFAULT 'by a domain';
         CREATE TABLE t (id bigint PRIMARY KEY, a text, b text DEFAULT 'by us', c made, d int)",
    );
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    let named: Vec<_> = run.findings("W_COLUMN_UNFILLED").iter().map(|f| f["object"].to_string()).collect();
    assert_eq!(named, ["\"t.b\"", "\"t.c\"", "\"t.d\""]);
    assert_eq!(lines(&database, "SELECT t::text FROM t"), "(1,x,\"by us\",\"by a domain\",)\n");
    let strict = server.fresh_database();
    strict.execute(
        "CREATE DOMAIN sure AS text NOT NULL; CREATE TABLE t (id bigint PRIMARY KEY, a text, e sure)",
    );
    refused_by_both(source.path(), &strict, &[], &["E_COLUMN_UNFILLED", "t.e"]);
}

#[test]
fn case_42_settings_of_the_role_and_the_database_do_not_matter() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, at DATETIME);
         INSERT INTO t VALUES (1, 'é中\\''', '2024-02-03 04:05:06');",
    );
    for existing in ["", "CREATE TABLE public.t (id bigint PRIMARY KEY, a varchar(4), at timestamptz)"] {
        let database = server.fresh_database();
        let role = Role::new(&database);
        database.execute(existing);
        database.execute(&format!(
            "GRANT CREATE ON DATABASE {db} TO {r}; GRANT ALL ON SCHEMA public TO {r};
             DO $$BEGIN IF to_regclass('public.t') IS NOT NULL THEN ALTER TABLE public.t OWNER TO {r}; END IF; END$$;
             ALTER ROLE {r} SET client_encoding = LATIN1; ALTER ROLE {r} SET DateStyle = 'German, DMY';
             ALTER ROLE {r} SET standard_conforming_strings = off; ALTER ROLE {r} SET TimeZone = 'Asia/Tokyo';
             ALTER DATABASE {db} SET search_path = 'nowhere'; ALTER DATABASE {db} SET IntervalStyle = 'iso_8601';
             ALTER DATABASE {db} SET bytea_output = 'escape'; ALTER DATABASE {db} SET extra_float_digits = 0",
            db = database.name,
            r = role.1
        ));
        let run =
            Run::of(Cli::new().args(["copy", "--migrate"]).args([source.path()]).args(["--to", &role.url()]));
        let run = run.ends_with(0);
        assert_eq!(run.table("t")["verify"], "match");
        let hex = "SELECT encode(convert_to(a, 'UTF8'), 'hex') || ' ' || extract(epoch FROM at)::bigint FROM public.t";
        assert_eq!(lines(&database, hex), "c3a9e4b8ad5c27 1706933106\n");
        Run::of(Cli::new().args(["verify", "--from"]).args([source.path()]).args(["--to", &role.url()]))
            .ends_with(0);
    }
}

/// A database of its own encoding, dropped with its handle.
struct Encoded<'a>(&'a Database, String);

impl Drop for Encoded<'_> {
    fn drop(&mut self) {
        let _ = self.0.try_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.1));
    }
}

#[test]
fn f40_case_42_a_database_of_another_encoding_is_refused() {
    let Some(server) = Server::available() else { return };
    let (source, admin) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let other = Encoded(&admin, format!("{}_{}", admin.name, encoding.to_lowercase()));
        admin.execute(&format!(
            "CREATE DATABASE {} ENCODING {encoding} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
            other.1
        ));
        let url = admin.url().replace(&admin.name, &other.1);
        for mode in ["--validate", "--migrate"] {
            let run = Run::of(Cli::new().args(["copy", mode]).args([source.path()]).args(["--to", &url]));
            refused(&run, 3, &["E_ENCODING", encoding, "ENCODING 'UTF8'"]);
        }
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover' OR to_regclass('public.t') IS NOT NULL";
        let found = crate::support::postgres::query(&url, schemas).unwrap();
        assert_eq!(found[0][0].as_deref(), Some("0"));
    }
}

#[test]
fn naive_times_into_a_timestamptz_are_read_as_utc_and_said_so() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, plain TEXT, some TEXT, zoned TEXT, none TEXT);
         INSERT INTO t VALUES (1, '2024-01-01 10:00:00.123456', '2024-01-01 10:00:00', '2024-01-01T10:00:00Z', NULL),
                              (2, '2024-07-01', '2024-01-01 10:00:00+02:00', '2024-01-01 10:00:00-05:00', NULL)",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id bigint, plain timestamptz, \"some\" timestamptz, zoned timestamptz, none timestamptz)");
    let tried = validate(source.path(), &database, &[]).ends_with(0);
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    for run in [&tried, &run] {
        let found = run.findings("W_NAIVE_UTC");
        let told: Vec<_> =
            found.iter().map(|f| (f["object"].as_str(), f["severity"].as_str(), &f["count"])).collect();
        let (two, one) = (2.into(), 1.into());
        assert_eq!(told, [(Some("t.plain"), Some("note"), &two), (Some("t.some"), Some("warning"), &one)]);
        assert!(found[1]["examples"][0].as_str().unwrap().ends_with('1'), "{found:?}");
    }
    let rows = "SET TimeZone = 'UTC'; SELECT concat_ws(' | ', plain, \"some\", zoned) FROM t ORDER BY id";
    assert_eq!(
        lines(&database, rows),
        "2024-01-01 10:00:00.123456+00 | 2024-01-01 10:00:00+00 | 2024-01-01 10:00:00+00\n\
         2024-07-01 00:00:00+00 | 2024-01-01 08:00:00+00 | 2024-01-01 15:00:00+00\n"
    );
}

/// A CHECK whose function draws a number: it writes, so that it cannot be tried before the copy.
const DRAWS: &str = "CREATE SEQUENCE drawn;
    CREATE FUNCTION is_short(v text) RETURNS boolean LANGUAGE plpgsql AS
      'BEGIN PERFORM nextval(''public.drawn''); RETURN length(v) < 3; END';
    CREATE TABLE t (id bigint PRIMARY KEY, a text CONSTRAINT short CHECK (is_short(a)))";

#[test]
fn what_only_the_server_can_tell_ends_the_copy_with_nothing_half_there_and_it_can_be_resumed() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
         INSERT INTO t VALUES (1, 'a'), (2, 'bc'), (3, 'Bc'), (4, 'longer');",
    );
    let database = server.fresh_database();
    database.execute(DRAWS);
    let run = migrate(source.path(), &database, &[]);
    refused(&run, 6, &["23514", "short", "table \"t\"", "resume"]);
    assert_eq!(lines(&database, "SELECT count(*)::text FROM t"), "0\n");
    database.execute("ALTER TABLE t DROP CONSTRAINT short");
    migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(lines(&database, "SELECT count(*)::text FROM t"), "4\n");
    verify(source.path(), &database, &[]).ends_with(0);
}

#[test]
fn checks_that_cannot_be_tried_are_named_before() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(ONE_TABLE);
    let noted = |target: &str| {
        let database = server.fresh_database();
        database.execute(target);
        let run = validate(source.path(), &database, &[]).ends_with(0);
        run.findings("W_CHECK_UNTRIED").first().map(|finding| finding["message"].as_str().unwrap().to_owned())
    };
    assert!(noted(DRAWS).is_some_and(|told| told.contains("short")));
    assert_eq!(noted("CREATE TABLE t (id bigint CHECK (id > 0), a text)"), None, "it was tried");
}

#[test]
fn a_sequence_that_no_column_owns_is_set_past_the_data() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (
        SqliteFile::from_sql(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (41, 'x')",
        ),
        server.fresh_database(),
    );
    database.execute("CREATE SEQUENCE \"My seq\"; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('\"My seq\"'), a text)");
    migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(database.query_one_text("INSERT INTO t (a) VALUES ('next') RETURNING id"), "42");
}
