//! `schema check` and `schema translate` over the example application's twenty migrations.

use crate::scripts::{read, scripts, translate};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use cutover::embedded::{Cluster, Programs};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/tac_webbuilder")
}

fn config() -> Vec<String> {
    vec!["--config".to_owned(), example().join("cutover.toml").display().to_string()]
}

fn is_postgres(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_postgres"))
}

/// The example's migrations in a directory that may be changed.
fn copied() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for script in scripts(&example().join("migrations")) {
        std::fs::copy(&script, dir.path().join(script.file_name().unwrap())).unwrap();
    }
    dir
}

/// What differs.
fn drifts(from: &Database, to: &Database) -> Vec<String> {
    let done = Cli::new().args(["schema", "diff", "--json", "--from", &from.url(), "--to", &to.url()]).run();
    let json: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.said()));
    let text = |drift: &Value, key: &str| drift[key].as_str().unwrap_or_default().to_owned();
    let drifts = json["drift"].as_array().unwrap().iter();
    drifts
        .map(|one| ["kind", "object", "message"].map(|key| text(one, key)))
        .map(|[kind, object, message]| format!("{kind} {object}: {message}"))
        .collect()
}

#[test]
fn translated_migrations_make_what_the_hand_written_ones_make() {
    let Some(server) = Server::available() else { return };
    let all = scripts(&example().join("migrations"));
    let (by_hand, sqlite): (Vec<PathBuf>, Vec<PathBuf>) = all.into_iter().partition(|path| is_postgres(path));
    assert_eq!((by_hand.len(), sqlite.len()), (20, 20));
    let out = tempfile::tempdir().unwrap();
    let done = translate(&sqlite, &config(), out.path());
    let made = scripts(out.path());
    let name = |path: &PathBuf| path.file_name().map(ToOwned::to_owned);
    let names: (Vec<_>, Vec<_>) = (made.iter().map(name).collect(), by_hand.iter().map(name).collect());
    assert_eq!(names.0, names.1);
    let (translated, written) = (server.fresh_database(), server.fresh_database());
    // Each twice, and then the whole history once more.
    for script in made.iter().flat_map(|script| [script, script]).chain(&made) {
        translated.execute(&read(script));
    }
    for script in &by_hand {
        written.execute(&read(script));
    }
    for (from, to) in [(&translated, &written), (&written, &translated)] {
        assert_eq!(drifts(from, to), Vec::<String>::new());
    }
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "nothing is left to do by hand");
}

/// A private local server of its own, stopped when the test ends.
struct Embedded {
    cluster: Cluster,
    _dir: TempDir,
}

impl Embedded {
    fn new() -> Option<Embedded> {
        let may_lack = std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1");
        if may_lack && Programs::find().is_err() {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("cutover-emb-").tempdir_in("/tmp").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        Some(Embedded { cluster: Cluster::at(&dir.path().join("e")).unwrap(), _dir: dir })
    }

    fn check(&self, dir: &Path, more: &[&str]) -> Done {
        let cli = Cli::new().env("CUTOVER_EMBEDDED_DIR", self.cluster.dir());
        cli.args(["schema", "check"]).args([dir]).args(config()).args(more).run()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
    }
}

#[test]
fn the_examples_migrations_are_pairs_and_what_is_missing_is_written() {
    let Some(embedded) = Embedded::new() else { return };
    missing_partners(&embedded);
    let dir = copied();
    let done = embedded.check(dir.path(), &["--run"]);
    assert_eq!(done.code, 0, "{}", done.said());
    assert!(done.stdout.contains("20 migrations, each with both sides"), "{}", done.stdout);
    // A side that lacks an index is found by what it makes, not by its name.
    let path = dir.path().join("017_roi_tracking_postgres.sql");
    std::fs::write(&path, read(&path).replace("CREATE INDEX", "-- CREATE INDEX")).unwrap();
    let done = embedded.check(dir.path(), &["--run", "--json"]);
    assert_eq!(done.code, 4, "{}", done.said());
    let json: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(json["faults"].as_array().unwrap().len(), 0);
    let drifts: Vec<&str> = json["diff"]["drift"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|drift| drift["object"].as_str())
        .collect();
    assert!(drifts.len() == 1 && drifts[0].contains("roi_tracking"), "{drifts:?}");
    // A script that cannot run is named with its line; nothing of it stays.
    std::fs::write(&path, "SELECT 1;\n\nSELECT nothing;").unwrap();
    let done = embedded.check(dir.path(), &["--run"]);
    assert_eq!(done.code, 6, "{}", done.said());
    assert!(
        done.stderr.contains("017_roi_tracking_postgres.sql") && done.stderr.contains("line 3"),
        "{}",
        done.stderr
    );
    let running = embedded.cluster.start().unwrap();
    let left = crate::support::postgres::query(
        &running.url().0,
        "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'cutover_check%'",
    );
    assert_eq!(left.unwrap()[0][0].as_deref(), Some("0"));
}

/// A missing partner is found and written.
fn missing_partners(embedded: &Embedded) {
    let dir = copied();
    let missing = dir.path().join("017_roi_tracking_postgres.sql");
    std::fs::remove_file(&missing).unwrap();
    let done = embedded.check(dir.path(), &[]);
    assert_eq!(done.code, 4, "{}", done.said());
    assert!(done.stdout.contains("missing postgres: 017_roi_tracking.sql"), "{}", done.stdout);
    let done = embedded.check(dir.path(), &["--write-missing", "--run"]);
    assert_eq!(done.code, 0, "{}", done.said());
    assert!(read(&missing).contains("CREATE TABLE IF NOT EXISTS \"public\".\"roi_tracking\""));
    // Nothing is written over, and what only PostgreSQL has cannot be written.
    std::fs::remove_file(dir.path().join("018_task_logs_sqlite.sql")).unwrap();
    let done = embedded.check(dir.path(), &["--write-missing"]);
    assert_eq!(done.code, 4, "{}", done.said());
    assert!(done.stdout.contains("missing sqlite: 018_task_logs_postgres.sql"), "{}", done.stdout);
    let done = Cli::new().args(["schema", "check", "/nowhere"]).run();
    assert_eq!(done.code, 2, "{}", done.said());
}

#[test]
fn a_hostile_script_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.db");
    let script = dir.path().join("1_bad.sql");
    for (sql, code, said) in [
        (format!("ATTACH '{}' AS o;", other.display()), 4, "1_bad.sql:3"),
        (format!("VACUUM INTO '{}';", other.display()), 4, "1_bad.sql:3"),
        (format!("CREATE TABLE t AS SELECT writefile('{}', 'x');", other.display()), 5, "1_bad.sql:3"),
        ("SELECT load_extension('x');".to_owned(), 4, "1_bad.sql:3"),
        ("CREATE TABLE t(a);\nCREATE TABLE t(b);".to_owned(), 5, "1_bad.sql:4"),
        ("CREATE TABLE t(a); INSERT INTO t(b) VALUES (1);".to_owned(), 5, "1_bad.sql:3"),
        (
            "CREATE TABLE t AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;"
                .to_owned(),
            5,
            "takes too long",
        ),
        ("CREATE TABLE \"a\nb\"(x); DROP TABLE \"a".to_owned(), 5, "1_bad.sql:4"),
    ] {
        std::fs::write(&script, format!("-- one\n\n{sql}")).unwrap();
        let done = Cli::new().in_dir(dir.path()).args(["schema", "translate"]).args([&script]).run();
        assert_eq!(done.code, code, "{sql}: {}", done.said());
        assert!(done.stderr.contains(said), "{sql}: {}", done.stderr);
        assert!(!other.exists(), "{sql}");
    }
    std::fs::write(&script, b"CREATE TABLE t(a);\0").unwrap();
    assert_eq!(Cli::new().args(["schema", "translate"]).args([&script]).run().code, 2);
}
