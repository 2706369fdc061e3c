//! Tables that are made in partitions: what is refused, what PostgreSQL does with them afterwards, differences in them, and
//! the example application's history by month.

use crate::example::{call, files_of};
use crate::support::flow::{Run, lines, migrate, shape, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::Path;

type Command = fn(&Path, &Database, &[&str]) -> Run;

/// One run with that configuration.
fn with(command: Command, source: &SqliteFile, database: &Database, text: &str, more: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    std::fs::write(&path, text).unwrap();
    let words: Vec<&str> = ["--config", path.to_str().unwrap()].iter().chain(more).copied().collect();
    command(source.path(), database, &words)
}

const LOG: &str = "
    CREATE TABLE log (id INTEGER PRIMARY KEY, at DATE NOT NULL, what TEXT, n INTEGER, v REAL);
    INSERT INTO log VALUES (1, '2024-01-31', 'a', 1, 0.5), (2, '2024-02-01', 'b', 2, 1.5), (3, '2025-12-31', 'c', 3, 2);
    CREATE TABLE mixed (id INTEGER PRIMARY KEY, k);
    INSERT INTO mixed VALUES (1, 1), (2, 'x');";

#[test]
fn what_cannot_be_partitioned_is_refused_with_the_way_out() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(LOG);
    let database = server.fresh_database();
    database.execute("CREATE TABLE mixed (id bigint, k text)");
    let before = shape(&database);
    let of = |by: &str, every: &str| format!("[tables.log]\npartition = {{by = '{by}', every = {every}}}\n");
    let text = "[tables.log.columns.at]\ntype = 'text'\n";
    for (config, code, said) in [
        (
            of("what", "'month'"),
            "E_PARTITION_TYPE",
            vec!["log.what", "becomes text", "ranges are made of dates"],
        ),
        (of("v", "10"), "E_PARTITION_TYPE", vec!["becomes double precision"]),
        (of("at", "'month'") + text, "E_PARTITION_TYPE", vec!["as configured", "type = \"timestamp\""]),
        (of("at", "5"), "E_PARTITION_STEP", vec!["is date", "every = 5", "\"month\""]),
        (of("n", "'day'"), "E_PARTITION_STEP", vec!["is bigint", "every = \"day\"", "every = 1_000_000"]),
        (of("at", "'day'"), "E_PARTITION_COUNT", vec!["701 partitions", "every = \"week\""]),
        (
            "[tables.mixed]\npartition = {by = 'id', every = 10}\n".to_owned(),
            "E_PARTITION_EXISTS",
            vec!["goes into the table \"mixed\"", "drop or rename"],
        ),
    ] {
        for command in [validate as Command, migrate] {
            let run = with(command, &source, &database, &config, &[]).ends_with(3);
            assert_eq!(run.findings(code).len(), 1, "{config}\n{}", run.said());
            let found = run.findings(code)[0].to_string().replace("\\\"", "\"");
            said.iter().for_each(|said| assert!(found.contains(said), "{said} is not in {found}"));
        }
    }
    for (config, said) in [
        (
            of("att", "'month'"),
            "settings.toml:2:1: `partition` of log: there is no column `att`; did you mean `at`?",
        ),
        (
            of("at", "'month'") + "[tables.log.columns.at]\nskip = true",
            "settings.toml:2:1: `partition` of log: the column `at` is skipped",
        ),
        (of("at", "'moth'"), "settings.toml:2:33: `every` cannot be `moth`; did you mean `month`?"),
    ] {
        let run = with(migrate, &source, &database, &config, &[]).ends_with(2);
        assert!(run.said().contains(said), "{said} is not in {}", run.said());
    }
    assert_eq!(shape(&database), before, "nothing was written");
}

#[test]
fn a_split_column_cannot_be_the_partitions() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(LOG), server.fresh_database());
    let config = "[tables.mixed]\npartition = {by = 'k', every = 10}\n";
    let run = with(validate, &source, &database, config, &["--mixed", "split"]).ends_with(3);
    assert!(run.findings("E_PARTITION_TYPE")[0].to_string().contains("is split"), "{}", run.said());
    // With the odd row set aside it is an integer, and only what arrives makes partitions.
    let run = with(migrate, &source, &database, config, &["--mixed", "quarantine"]).ends_with(8);
    assert_eq!(run.table("mixed")["partition"]["ranges"], serde_json::json!(["mixed_0"]));
    assert_eq!(database.query_one_text("SELECT count(*) FROM mixed_0"), "1");
}

/// A number that its column cannot hold is set aside, and makes no partitions.
#[test]
fn only_numbers_that_fit_make_partitions() {
    let Some(server) = Server::available() else { return };
    let source =
        SqliteFile::from_sql("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (-5), (32767), (1000000000)");
    let database = server.fresh_database();
    let config =
        "[tables.t]\npartition = {by = 'n', every = 10000}\n[tables.t.columns.n]\ntype = 'smallint'\n";
    let run = with(migrate, &source, &database, config, &["--on-bad-value", "quarantine"]).ends_with(8);
    let ranges = &run.table("t")["partition"]["ranges"];
    assert_eq!(*ranges, serde_json::json!(["t_m10000", "t_0", "t_10000", "t_20000", "t_30000"]));
    let last = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 't_30000'";
    assert_eq!(database.query_one_text(last), "FOR VALUES FROM ('30000') TO (MAXVALUE)");
}

/// The default partition takes what comes later; numbers go on, also for rows that go into a partition itself; what the
/// source called unique is so within one value of the partition column.
#[test]
fn what_the_application_finds() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(LOG), server.fresh_database());
    let config = "[tables.log]\npartition = {by = 'AT', every = 'year'}\n";
    let run = with(migrate, &source, &database, config, &[]).ends_with(0);
    let expected = serde_json::json!(
        {"column": "at", "every": "year", "ranges": ["log_2024", "log_2025"], "default": "log_default"});
    assert_eq!(run.table("log")["partition"], expected);
    assert_eq!(run.table("mixed")["partition"], serde_json::Value::Null);
    assert_eq!(run.findings("W_PARTITIONED").len(), 1);
    assert_eq!(run.findings("W_PARTITION_KEY").len(), 1);
    let listed = "SELECT format('%s %s', tableoid::regclass, id) FROM log ORDER BY id";
    assert_eq!(lines(&database, listed), "log_2024 1\nlog_2024 2\nlog_2025 3\n");
    database.execute(
        "INSERT INTO log (at) VALUES ('2031-05-05'), ('2024-12-31');
         INSERT INTO log_2025 (at) VALUES ('2025-01-01');
         INSERT INTO log (id, at) VALUES (1, '2024-02-01');",
    );
    assert_eq!(
        lines(&database, listed),
        "log_2024 1\nlog_2024 1\nlog_2024 2\nlog_2025 3\nlog_default 4\nlog_2024 5\nlog_2025 6\n"
    );
    let repeated = "DO $$ BEGIN INSERT INTO log (id, at) VALUES (1, '2024-01-31');
        RAISE EXCEPTION 'taken'; EXCEPTION WHEN unique_violation THEN NULL; END $$";
    database.execute(repeated);
    // docs/operations.md: a range that the default partition has rows of, and how it gets a partition of its own.
    let late = "CREATE TABLE log_2031 PARTITION OF log FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')";
    database.execute(&format!(
        "DO $$ BEGIN {late}; RAISE EXCEPTION 'made'; EXCEPTION WHEN check_violation THEN NULL; END $$"
    ));
    database.execute(&format!(
        "BEGIN; ALTER TABLE log DETACH PARTITION log_default; {late};
         INSERT INTO log SELECT * FROM log_default WHERE at >= '2031-01-01' AND at < '2032-01-01';
         DELETE FROM log_default WHERE at >= '2031-01-01' AND at < '2032-01-01';
         ALTER TABLE log ATTACH PARTITION log_default DEFAULT; COMMIT"
    ));
    assert_eq!(database.query_one_text("SELECT string_agg(id::text, ' ') FROM log_2031"), "4");
    let seen = "SELECT count(*) FROM pg_stats WHERE tablename = 'log' AND inherited";
    assert_eq!(database.query_one_text(seen), "5", "ANALYZE has seen the whole table");
}

/// The same place in two partitions: a difference is named by its own row, and rows that moved are none.
#[test]
fn a_difference_in_a_partition_is_named_by_its_row() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE keyed (name TEXT PRIMARY KEY, at DATE, v INTEGER) WITHOUT ROWID;
         INSERT INTO keyed VALUES ('a', '2023-01-01', 1), ('b', '2024-01-01', 2), ('c', '2025-01-01', 3);
         CREATE TABLE numbered (id INTEGER PRIMARY KEY, v TEXT);
         INSERT INTO numbered VALUES (1, 'a'), (11, 'b'), (21, 'c');",
    );
    let database = server.fresh_database();
    let config = "[tables.keyed]\npartition = {by = 'at', every = 'year'}\n\
                  [tables.numbered]\npartition = {by = 'id', every = 10}\n";
    with(migrate, &source, &database, config, &[]).ends_with(0);
    let places = "SELECT count(*) FROM keyed WHERE ctid = '(0,1)'";
    assert_eq!(database.query_one_text(places), "3", "one place in each of three partitions");
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute("UPDATE keyed SET v = 9 WHERE name = 'b'; UPDATE numbered SET v = 'x' WHERE id = 11");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    for (table, column) in [("keyed", "v"), ("numbered", "v")] {
        let found = run.table(table)["differences"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().contains(&format!("\"{column}\"")), "{found:?}");
    }
    assert!(run.table("numbered")["differences"][0].to_string().contains("11"), "{}", run.said());
    database.execute("UPDATE keyed SET v = 2 WHERE name = 'b'; UPDATE numbered SET v = 'b' WHERE id = 11");
    verify(source.path(), &database, &[]).ends_with(0);
}

/// Rows that come into partitions in any order and class: of epochs and of zones, measured as they arrive.
#[test]
fn ranges_are_measured_as_the_values_arrive() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE e (at INTEGER, z TEXT);
         INSERT INTO e VALUES (1704067199999, '2024-01-01T00:30:00+01:00'), (1704067200000, '2024-01-31T23:30:00-01:00'),
                              (NULL, NULL), (-1, '2023-12-31T23:30:00+00:00');
         CREATE TABLE f AS SELECT * FROM e;",
    );
    let database = server.fresh_database();
    let config = "[tables.e]\npartition = {by = 'at', every = 'year'}\nwhere = 'at > 0 OR at IS NULL'\n\
                  [tables.e.columns.at]\nencoding = 'epoch_ms'\n\
                  [tables.f]\npartition = {by = 'z', every = 'month'}\n\
                  [tables.f.columns.z]\ntype = 'timestamptz'\n";
    with(migrate, &source, &database, config, &[]).ends_with(0);
    let made = "SELECT format('%s %s %s', c.oid::regclass, pg_get_expr(relpartbound, c.oid),
                   (xpath('//c/text()', query_to_xml('SELECT count(*) c FROM ' || c.oid::regclass, true, false, '')))[1])
                FROM pg_class c WHERE relispartition AND relkind = 'r' ORDER BY 1";
    database.execute(&format!("ALTER DATABASE {} SET timezone = 'UTC'", database.name));
    assert_eq!(
        lines(&database, made),
        "e_2023 FOR VALUES FROM ('2023-01-01 00:00:00+00') TO ('2024-01-01 00:00:00+00') 1\n\
         e_2024 FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00') 1\n\
         e_default DEFAULT 1\n\
         f_2023_12 FOR VALUES FROM ('2023-12-01 00:00:00+00') TO ('2024-01-01 00:00:00+00') 2\n\
         f_2024_01 FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-02-01 00:00:00+00') 0\n\
         f_2024_02 FOR VALUES FROM ('2024-02-01 00:00:00+00') TO ('2024-03-01 00:00:00+00') 1\n\
         f_default DEFAULT 1\n"
    );
}

/// A child without its parent: set aside, and the foreign key of the partitioned table is made; a partitioned parent may
/// have children without one.
#[test]
fn orphans_of_partitioned_tables() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE p (id INTEGER PRIMARY KEY);
         INSERT INTO p VALUES (1), (2);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id));
         INSERT INTO c VALUES (1, 1), (2, 7);",
    );
    let child = "[tables.c]\npartition = {by = 'id', every = 10}\n";
    let parent = "[tables.p]\npartition = {by = 'id', every = 10}\n";
    let version = server.fresh_database().query_one_text("SHOW server_version_num");
    // A partitioned table takes keys that are not valid since PostgreSQL 18.
    let left = if version.parse::<u32>().unwrap() >= 180_000 { "c f\n" } else { "" };
    let keys = "SELECT format('%s %s', conrelid::regclass, convalidated) FROM pg_constraint
                WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace";
    for (config, more, code, expected) in [
        (child, &["--orphans", "quarantine"][..], 8, "c t\n"),
        (child, &[], 0, left),
        (child, &["--orphans", "not-valid"], 0, left),
        (parent, &[], 0, "c f\n"),
        (parent, &["--orphans", "quarantine"], 8, "c t\n"),
    ] {
        let database = server.fresh_database();
        let planned = with(validate, &source, &database, config, more);
        let run = with(migrate, &source, &database, config, more).ends_with(code);
        assert_eq!(lines(&database, keys), expected, "{config} {more:?}");
        assert_eq!(planned.report["not_carried"], run.report["not_carried"]);
        let listed = run.report["not_carried"].as_array().unwrap().len();
        assert_eq!(listed, usize::from(expected.is_empty()), "{config} {more:?}");
        let made = run.report["objects"]["constraints"].as_array().unwrap().iter();
        let states: Vec<&str> = made
            .filter(|made| made["kind"] == "foreign key")
            .map(|made| made["state"].as_str().unwrap())
            .collect();
        assert_eq!(
            states,
            match expected {
                "" => vec![],
                "c t\n" => vec!["done"],
                _ => vec!["not valid"],
            }
        );
    }
    let database = server.fresh_database();
    let run = with(migrate, &source, &database, child, &["--orphans", "refuse"]).ends_with(3);
    assert_eq!(run.findings("E_FK_ORPHANS").len(), 1);
}

#[test]
fn a_written_configuration_makes_the_same_partitions() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(LOG), server.fresh_database());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("written.toml");
    let config = "[tables.'lo?']\npartition = {by = 'at', every = 'quarter'}\n";
    let first =
        with(validate, &source, &database, config, &["--write-config", path.to_str().unwrap()]).ends_with(0);
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("\npartition = {by = \"at\", every = \"quarter\"}\n"), "{written}");
    let again = with(validate, &source, &database, &written, &[]).ends_with(0);
    let tables = |run: &Run| {
        run.report["tables"]
            .as_array()
            .unwrap()
            .iter()
            .map(|table| table["plan_hash"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(tables(&first), tables(&again));
    assert_eq!(again.table("log")["partition"]["ranges"].as_array().unwrap().len(), 8);
}

/// As many partitions as there may be, with keys and indexes, on a server as it comes: all in one transaction, and gone in
/// one.
#[test]
fn as_many_partitions_as_there_may_be() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE m (id INTEGER PRIMARY KEY, t TEXT UNIQUE);
         CREATE INDEX m_t ON m (t, id);
         WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 4999) INSERT INTO m SELECT n, 't' || n FROM c;",
    );
    let database = server.fresh_database();
    let most = "[tables.m]\npartition = {by = 'id', every = 10}\n";
    let run = with(migrate, &source, &database, most, &[]).ends_with(0);
    assert_eq!(run.table("m")["partition"]["ranges"].as_array().unwrap().len(), 500);
    with(migrate, &source, &database, most, &["--restart"]).ends_with(0);
    let more = with(validate, &source, &server.fresh_database(), &most.replace("10", "9"), &[]).ends_with(3);
    assert!(more.said().contains("every = 10"), "{}", more.said());
}

const HISTORY: &str = "
    [tables.workflow_history]
    partition = {by = 'created_at', every = 'month'}
    [tables.workflow_history.columns.created_at]
    type = 'timestamp'
";

/// The example application's history by month: its own order of growing for years.
#[test]
fn the_example_applications_history_by_month() {
    let Some(server) = Server::available() else { return };
    let (dir, database) = (files_of(3000), server.fresh_database());
    let path = dir.path().join("settings.toml");
    std::fs::write(&path, HISTORY).unwrap();
    let config = ["--config", path.to_str().unwrap()];
    let run = call(&dir, &database, &config).ends_with(0);
    let tables = run.report["tables"].as_array().unwrap();
    assert!(tables.iter().all(|table| table["verify"] == "match"), "{}", run.said());
    let history = rusqlite::Connection::open(dir.path().join("workflow_history.db")).unwrap();
    let mut months = history
        .prepare(
            "SELECT strftime('%Y_%m', created_at) m, count(*) FROM workflow_history GROUP BY m ORDER BY m",
        )
        .unwrap();
    let months: Vec<(String, i64)> =
        months.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert!(months.len() > 2, "{months:?}");
    for (month, rows) in &months {
        let counted = format!("SELECT count(*) FROM workflow_history_{month}");
        assert_eq!(database.query_one_text(&counted), rows.to_string(), "{month}");
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM workflow_history_default"), "0");
    let named = run.table("workflow_history")["partition"]["ranges"].as_array().unwrap();
    assert_eq!(named[0], format!("workflow_history_{}", months[0].0));
    assert_eq!(*named.last().unwrap(), format!("workflow_history_{}", months[months.len() - 1].0));
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "0");
    let again = call(&dir, &database, &config).ends_with(0);
    assert!(again.said().contains("nothing was changed"), "{}", again.said());
    verify(&dir.path().join("workflow_history.db"), &database, &[]).ends_with(0);
}

/// Before PostgreSQL 18 such a key comes back valid at once or not at all.
#[test]
fn a_key_of_an_existing_partitioned_table_comes_back() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE par (id INTEGER PRIMARY KEY);
         CREATE TABLE ch (id INTEGER NOT NULL, pid INTEGER NOT NULL REFERENCES par, PRIMARY KEY (id, pid));
         CREATE TABLE other (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES ch (id, pid));
         INSERT INTO par VALUES (1), (2); INSERT INTO ch VALUES (1, 1), (2, 2); INSERT INTO other VALUES (1, 2, 2)",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE par (id bigint PRIMARY KEY);
         CREATE TABLE ch (id bigint, pid bigint REFERENCES par, PRIMARY KEY (id, pid)) PARTITION BY LIST (pid);
         CREATE TABLE ch1 PARTITION OF ch FOR VALUES IN (1); CREATE TABLE ch2 PARTITION OF ch FOR VALUES IN (2);
         CREATE TABLE other (id bigint PRIMARY KEY, a bigint, b bigint, FOREIGN KEY (a, b) REFERENCES ch)",
    );
    validate(source.path(), &database, &[]).ends_with(0);
    migrate(source.path(), &database, &[]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
    let valid = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND convalidated
        AND connamespace = 'public'::regnamespace";
    assert_eq!(database.query_one_text(valid), "2");
}
