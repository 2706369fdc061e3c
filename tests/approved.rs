//! `--plan`: what was validated is what is migrated, or nothing is.

use crate::support::cli::Cli;
#[cfg(feature = "failpoints")]
use crate::support::flow::migrate;
use crate::support::flow::{Run, shape, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, since DATETIME, score INTEGER CHECK (score >= 0));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, total NUMERIC, placed DATETIME);
    CREATE INDEX orders_customer ON orders (customer);
    CREATE TRIGGER seen AFTER INSERT ON orders BEGIN SELECT 1; END;
    CREATE VIEW spent AS SELECT customer, count(*) AS n FROM orders GROUP BY customer;
    INSERT INTO customers VALUES (1, 'Ann', '2024-01-01 00:00:00', 5), (2, 'Bob', '2024-01-02 00:00:00', 0);
    INSERT INTO orders VALUES (1, 1, 3, '2024-03-01 10:00:00'), (2, 2, 4, '2024-04-01 10:00:00');";

/// Orders by the month of their date.
const PARTITIONED: &str =
    "[tables.orders]\npartition = { by = \"placed\", every = \"month\" }\n[tables.orders.columns.id]\n";

/// A directory with the report of a validation in it.
struct Approved {
    dir: tempfile::TempDir,
    report: Value,
}

impl Approved {
    fn of(run: &Run) -> Approved {
        let approved = Approved { dir: tempfile::tempdir().unwrap(), report: run.report.clone() };
        std::fs::write(approved.path(), run.report.to_string()).unwrap();
        approved
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("validated.json")
    }

    fn edited(mut self, edit: impl Fn(&mut Value)) -> Approved {
        edit(&mut self.report);
        std::fs::write(self.path(), self.report.to_string()).unwrap();
        self
    }
}

fn by_plan(mode: &str, source: &Path, database: &Database, approved: &Approved, more: &[&str]) -> Run {
    let cli = Cli::new().args(["copy", mode]).args([source]).args([database.url()]).args(["--plan"]);
    Run::of(cli.args([approved.path()]).args(more))
}

/// Both modes refuse, and name all of `words`; nothing is written.
#[track_caller]
fn refused(source: &Path, database: &Database, approved: &Approved, more: &[&str], words: &[&str]) {
    let before = shape(database);
    for mode in ["--validate", "--migrate"] {
        let run = by_plan(mode, source, database, approved, more).ends_with(3);
        let found: Vec<String> = run
            .findings("E_PLAN_CHANGED")
            .iter()
            .map(|f| format!("{} {}", f["object"], f["message"]))
            .collect();
        for word in words {
            assert!(found.iter().any(|line| line.contains(word)), "{word}: {found:#?}");
        }
        assert!(run.findings("E_PLAN_CHANGED").iter().all(|f| f["fix"].as_str().unwrap().contains("--plan")));
        assert_eq!(shape(database), before, "nothing is written");
    }
}

#[test]
fn rows_that_came_since_do_not_matter() {
    let Some(server) = Server::available() else { return };
    let (source, database, dir) =
        (SqliteFile::from_sql(SHOP), server.fresh_database(), tempfile::tempdir().unwrap());
    let config = dir.path().join("c.toml");
    std::fs::write(&config, PARTITIONED).unwrap();
    let config = ["--config", config.to_str().unwrap()];
    let approved = Approved::of(&validate(source.path(), &database, &config).ends_with(0));
    source
        .connection()
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO orders SELECT i, 1, i, datetime('2024-05-01', (i % 300) || ' days') FROM n;
             INSERT INTO customers VALUES (9, 'Cleo', NULL, NULL)",
        )
        .unwrap();
    by_plan("--validate", source.path(), &database, &approved, &config).ends_with(0);
    let run = by_plan("--migrate", source.path(), &database, &approved, &config).ends_with(0);
    assert_eq!(run.report["plan_hash"], approved.report["plan_hash"]);
    assert!(run.findings("W_PLAN_OLD").is_empty());
    assert_ne!(
        run.table("orders")["partition"]["ranges"],
        approved.report["tables"][1]["partition"]["ranges"]
    );
    // over what is done already, too
    by_plan("--migrate", source.path(), &database, &approved, &config).ends_with(0);
    let again = by_plan("--validate", source.path(), &database, &approved, &config).ends_with(0);
    assert_eq!(again.report["plan_hash"], approved.report["plan_hash"]);
}

/// A change of the source or of the command line, and what is said of it.
const CHANGES: [(&str, &[&str], &[&str]); 10] = [
    ("ALTER TABLE orders ADD COLUMN note TEXT", &[], &["\"orders.note\"", "travels, and was not"]),
    ("ALTER TABLE customers DROP COLUMN since", &[], &["\"customers.since\"", "does not travel"]),
    ("CREATE TABLE extra (x)", &[], &["\"extra\"", "is copied, and was not"]),
    (
        "UPDATE orders SET placed = 'soon' WHERE id = 1",
        &[],
        &["\"orders.placed\"", "its type was timestamp", "and is text"],
    ),
    ("DROP INDEX orders_customer", &[], &["\"orders\"", "keys, indexes"]),
    (
        "UPDATE customers SET name = CAST(x'00' AS TEXT) WHERE id = 1",
        &[],
        &["\"customers.name\"", "and is bytea"],
    ),
    ("DROP VIEW spent", &[], &["views"]),
    (
        "CREATE TRIGGER more AFTER DELETE ON orders BEGIN SELECT 1; END",
        &[],
        &["trigger", "\"more\"", "was to be"],
    ),
    ("SELECT 1", &["--exclude", "orders"], &["\"orders\"", "is not copied"]),
    (
        "SELECT 1",
        &["--orphans", "not-valid", "--schema", "other"],
        &["orphans=Auto", "orphans=NotValid", "was \\\"public\\\""],
    ),
];

#[test]
fn every_change_of_what_is_decided_is_refused_and_named() {
    let Some(server) = Server::available() else { return };
    for (change, more, words) in CHANGES {
        let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
        let approved = Approved::of(&validate(source.path(), &database, &[]).ends_with(0));
        source.connection().execute_batch(change).unwrap();
        refused(source.path(), &database, &approved, more, words);
        // The same without the plan is no matter.
        validate(source.path(), &database, more).ends_with(0);
    }
}

#[test]
fn a_change_of_the_target_is_one_too() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let approved = Approved::of(&validate(source.path(), &database, &[]).ends_with(0));
    database.execute(
        "CREATE TABLE customers (id bigint PRIMARY KEY, name varchar(50), since timestamp, score int)",
    );
    refused(
        source.path(),
        &database,
        &approved,
        &[],
        &["\"customers.name\" \"its type was text, and is character varying(50)\""],
    );
}

#[test]
fn a_file_that_is_no_plan_is_a_usage_error() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let good = validate(source.path(), &database, &[]).ends_with(0);
    let usage = |approved: &Approved, word: &str| {
        let run = by_plan("--migrate", source.path(), &database, approved, &[]).ends_with(2);
        assert!(
            run.done.stderr.contains(word) && run.done.stderr.contains("help: "),
            "{word}: {}",
            run.said()
        );
    };
    usage(&Approved::of(&good).edited(|report| *report = json!({"tables": []})), "not a JSON report");
    usage(
        &Approved::of(&good).edited(|report| report["outcome"] = "failed".into()),
        "did not come to its end",
    );
    usage(&Approved::of(&good).edited(|report| report["format"] = 7.into()), "format 7");
    let gone = Approved::of(&good);
    std::fs::remove_file(gone.path()).unwrap();
    usage(&gone, "cannot be read");
    database.execute("CREATE TABLE orders (id bigint PRIMARY KEY)");
    let refusal = validate(source.path(), &database, &[]).ends_with(3);
    usage(&Approved::of(&refusal), "was refused");
}

#[test]
fn an_old_plan_is_warned_of() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let approved = Approved::of(&validate(source.path(), &database, &[]).ends_with(0));
    let approved = approved.edited(|report| {
        let begun = report["run"]["started_unix"].as_u64().unwrap();
        report["run"]["started_unix"] = (begun - 9 * 86_400).into();
    });
    let run = by_plan("--migrate", source.path(), &database, &approved, &[]).ends_with(0);
    let told = run.findings("W_PLAN_OLD");
    assert!(told.len() == 1 && told[0]["message"].as_str().unwrap().contains("9 days"), "{told:?}");
}

#[test]
fn several_sources_keep_their_order() {
    let Some(server) = Server::available() else { return };
    let (one, database) = (SqliteFile::named("one.db", SHOP), server.fresh_database());
    let two = SqliteFile::named(
        "two.db",
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, line TEXT); INSERT INTO logs VALUES (1, 'x')",
    );
    let call = |mode: &str, files: &[&SqliteFile], plan: Option<&Approved>| {
        let mut cli = Cli::new().args(["copy", mode, "--to"]).args([database.url()]);
        for file in files {
            cli = cli.args(["--from"]).args([file.path()]);
        }
        if let Some(plan) = plan {
            cli = cli.args(["--plan"]).args([plan.path()]);
        }
        Run::of(cli)
    };
    let approved = Approved::of(&call("--validate", &[&one, &two], None).ends_with(0));
    let fewer = call("--migrate", &[&one], Some(&approved)).ends_with(3);
    assert!(fewer.said().contains("is of 2 source files, and this run has 1"), "{}", fewer.said());
    call("--migrate", &[&two, &one], Some(&approved)).ends_with(3);
    // One of the two is there already, and comes first in the ledger: the hashes keep the order of the sources.
    call("--migrate", &[&two], None).ends_with(0);
    for mode in ["--validate", "--migrate"] {
        let run = call(mode, &[&one, &two], Some(&approved)).ends_with(0);
        assert_eq!(run.report["plan_hash"], approved.report["plan_hash"], "{mode}");
    }
}

#[test]
#[cfg(feature = "failpoints")]
fn a_run_that_resumes_goes_by_the_plan_that_it_began_with() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let approved = Approved::of(&validate(source.path(), &database, &[]).ends_with(0));
    let cli = Cli::new().args(["copy", "--migrate", "--chunk-rows", "1"]).args([source.path()]);
    let cli = cli.args([database.url()]).args(["--plan"]).args([approved.path()]);
    assert_eq!(cli.env("CUTOVER_FAILPOINTS", "before_step=kill:1").run().code, -6);
    let other = SqliteFile::from_sql("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    let elsewhere = server.fresh_database();
    let another = Approved::of(&validate(other.path(), &elsewhere, &[]).ends_with(0));
    refused(source.path(), &database, &another, &[], &["\"orders\" \"is copied, and was not"]);
    let run = by_plan("--migrate", source.path(), &database, &approved, &["--chunk-rows", "1"]).ends_with(0);
    assert!(run.report["run"]["resumed_from"].as_u64().is_some());
    assert_eq!(run.report["plan_hash"], approved.report["plan_hash"]);
    migrate(source.path(), &database, &[]).ends_with(0);
}
