//! The example application's two files, moved into one database: into tables that we create, and into its own schema.

use crate::support::cli::Cli;
use crate::support::flow::{Run, constraints, lines, verify};
use crate::support::postgres::{Database, Server};
use std::path::PathBuf;
use std::process::Command;

const POSTGRES: &str = include_str!("../schema/tac_webbuilder/postgres/schema.sql");

/// The generator: cargo builds examples for `cargo test`, into `examples` beside the program.
fn generator() -> Command {
    let built =
        PathBuf::from(env!("CARGO_BIN_EXE_cutover")).with_file_name("examples").join("tac_webbuilder");
    if built.is_file() {
        return Command::new(built);
    }
    // `cargo test --test tests` builds no examples.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "run",
        "--quiet",
        "--example",
        "tac_webbuilder",
        "--",
    ]);
    cargo
}

/// The two files with a small history.
fn files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let output = generator().arg("--out").arg(dir.path()).args(["--rows", "120"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    dir
}

fn call(dir: &tempfile::TempDir, database: &Database, more: &[&str]) -> Run {
    let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([dir.path().join("database.db")]);
    let cli = cli.args(["--from"]).args([dir.path().join("workflow_history.db")]);
    Run::of(cli.args(["--to"]).args([database.url()]).args(more))
}

#[test]
fn into_tables_that_we_create() {
    let Some(server) = Server::available() else { return };
    moved(&server.fresh_database());
}

#[test]
fn into_the_applications_own_schema() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    database.execute(POSTGRES);
    let before = constraints(&database);
    let count = "SELECT count(*)::text FROM pg_indexes WHERE indexname LIKE 'idx\\_%'";
    assert_eq!(database.query_one_text(count), "41");
    moved(&database);
    assert_eq!(constraints(&database), before, "what existed is as it was");
}

/// `table.column type` of every column that is a date, a flag or JSON, sorted.
fn meanings(database: &Database) -> String {
    lines(
        database,
        "SELECT format('%s.%s %s', table_name, column_name, data_type) FROM information_schema.columns
         WHERE table_schema = 'public' AND (data_type IN ('boolean', 'date', 'json', 'jsonb') OR data_type ~ '^time') ORDER BY 1",
    )
}

#[test]
fn content_gives_the_applications_own_types() {
    let Some(server) = Server::available() else { return };
    let (own, made) = (server.fresh_database(), server.fresh_database());
    own.execute(POSTGRES);
    let dir = files();
    all_matches(&call(&dir, &made, &["--infer", "content"]).ends_with(0));
    let expected = meanings(&own);
    assert!(expected.lines().count() > 70, "{expected}");
    assert_eq!(meanings(&made), expected);
    // Declared types alone would not do.
    let declared = server.fresh_database();
    call(&dir, &declared, &[]).ends_with(0);
    assert_ne!(meanings(&declared), expected);
}

/// `table.column type not null …` of every column of every table.
fn types(database: &Database) -> String {
    lines(
        database,
        "SELECT format('%s.%s %s not null %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1",
    )
}

#[test]
fn configured_every_column_has_the_applications_own_type() {
    let Some(server) = Server::available() else { return };
    let (own, made) = (server.fresh_database(), server.fresh_database());
    own.execute(POSTGRES);
    let dir = files();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/tac_webbuilder/cutover.toml");
    let cli = Cli::new().args(["copy", "--validate", "--config", config]);
    let cli = cli.args(["--from"]).args([dir.path().join("database.db")]);
    let cli = cli.args(["--from"]).args([dir.path().join("workflow_history.db")]);
    let run = Run::of(cli.args(["--to"]).args([made.url()])).ends_with(0);
    assert!(run.findings("W_CONTENT").is_empty(), "nothing is left to guess: {}", run.said());
    all_matches(&call(&dir, &made, &["--config", config]).ends_with(0));
    assert_eq!(types(&made), types(&own));
}

/// Moves both files, looks at everything, moves them again, empties a table and moves that.
fn moved(database: &Database) {
    let dir = files();
    let run = call(&dir, database, &[]).ends_with(0);
    all_matches(&run);
    let listed = run.report["not_carried"].as_array().unwrap().iter();
    let listed = listed.filter(|object| object["kind"] == "index").count();
    complete(database, listed);
    let (looks, rows) = (constraints(database), row_counts(database));

    let again = call(&dir, database, &[]).ends_with(0);
    assert!(again.said().contains("nothing was changed"), "{}", again.said());
    assert_eq!((constraints(database), row_counts(database)), (looks.clone(), rows.clone()));

    // As rows vanish: without a word to the keys that point at them.
    database.execute("SET session_replication_role = replica; DELETE FROM workflow_history");
    let run = call(&dir, database, &[]).ends_with(4);
    assert!(run.said().contains("--table"), "{}", run.said());
    let run = call(&dir, database, &["--table", "workflow_history"]).ends_with(0);
    let touched: Vec<_> =
        run.report["tables"].as_array().unwrap().iter().map(|table| &table["source"]).collect();
    assert_eq!(touched, ["workflow_history"]);
    assert_eq!((constraints(database), row_counts(database)), (looks, rows));
    complete(database, listed);
    for file in ["database.db", "workflow_history.db"] {
        all_matches(&verify(&dir.path().join(file), database, &[]).ends_with(0));
    }
}

#[track_caller]
fn all_matches(run: &Run) {
    let tables = run.report["tables"].as_array().unwrap();
    assert!(!tables.is_empty());
    for table in tables {
        assert_eq!(table["verify"], "match", "{table}");
    }
}

/// 26 tables, 41 indexes less those that the report lists as not carried, every foreign key valid, every sequence past its largest key.
fn complete(database: &Database, listed: usize) {
    let count = |sql: &str| database.query_one_text(sql);
    assert_eq!(count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "26");
    let indexes = count("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'idx\\_%'");
    assert_eq!(indexes.parse::<usize>().unwrap() + listed, 41);
    assert_eq!(count("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    assert_ne!(count("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "0");
    assert_eq!(count("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "0");
    let owned = database.rows(
        "SELECT format('%I.%I', n.nspname, t.relname), quote_ident(a.attname), d.objid::regclass::text
         FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
         WHERE d.deptype IN ('a', 'i') AND n.nspname = 'public'",
    );
    assert!(owned.len() > 10, "{} sequences", owned.len());
    for sequence in owned {
        let [table, column, name] = [0, 1, 2].map(|i: usize| sequence[i].clone().unwrap());
        let past = format!(
            "SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END
                 > coalesce((SELECT max({column}) FROM {table}), 0) FROM {name}"
        );
        assert_eq!(count(&past), "t", "{name}");
    }
}

fn row_counts(database: &Database) -> String {
    let tables = lines(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    tables
        .lines()
        .map(|table| database.query_one_text(&format!("SELECT '{table} ' || count(*) FROM {table}")) + "\n")
        .collect()
}
