//! Scripts in SQLite's words: `scripts/NAME/*.sql` in their order, with `args` and `cutover.toml` where they are there.
//! `expected.txt` holds what `schema translate` makes of them, what is said, what is in the target when each script has run
//! twice, and what `schema diff` finds between it and a SQLite file made by the originals.
//!
//! `UPDATE_EXPECT=1` writes the expected files anew: read every line of the difference.

use crate::support::cli::{Cli, Done};
use crate::support::flow::lines;
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;
use std::path::{Path, PathBuf};

pub(crate) fn scripts(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "sql")).collect();
    files.sort();
    files
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Every row of every table, as text.
fn rows(database: &Database) -> String {
    let tables = lines(
        database,
        "SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema)' ORDER BY 1",
    );
    let of = |table: &str| {
        let sql = format!("SELECT '  ' || r::text FROM {table} r ORDER BY r::text COLLATE \"C\"");
        let rows: String = lines(database, &sql).lines().map(|row| without_now(row) + "\n").collect();
        format!("{table}\n{rows}")
    };
    tables.lines().map(of).collect()
}

/// The present moment differs from run to run; the cases' own dates are of earlier years.
fn without_now(line: &str) -> String {
    let Some(at) = line.find("\"202").filter(|at| &line[at + 4..at + 5] >= "5") else {
        return line.to_owned();
    };
    let end = line[at + 1..].find('"').map_or(line.len(), |end| at + end + 2);
    format!("{}NOW{}", &line[..at], &line[end..])
}

/// The last line names both ends, which are others in each run.
fn without_ends(said: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((verdict, _)) if verdict == "equal" || verdict.starts_with("drift from") => {
            format!("{verdict}\n")
        }
        _ => format!("{line}\n"),
    };
    said.lines().map(line).collect()
}

/// Each script twice, then the next.
fn twice(database: &Database, scripts: &[PathBuf]) {
    for script in scripts {
        for time in ["first", "second"] {
            let text = read(script);
            psql(database, &text)
                .unwrap_or_else(|error| panic!("{}, the {time} time: {error}\n{text}", script.display()));
        }
    }
}

fn words(dir: &Path) -> Vec<String> {
    let mut words: Vec<String> = read(dir.join("args")).split_whitespace().map(str::to_owned).collect();
    let config = dir.join("cutover.toml");
    if config.exists() {
        words.extend(["--config".to_owned(), config.to_str().unwrap().to_owned()]);
    }
    words
}

pub(crate) fn translate(files: &[PathBuf], words: &[String], out: &Path) -> Done {
    Cli::new().args(["schema", "translate", "--out"]).args([out]).args(words).args(files).run()
}

fn original(files: &[PathBuf]) -> SqliteFile {
    let file = SqliteFile::from_sql("");
    for script in files {
        let sql: String =
            read(script).lines().filter(|line| !is_elsewhere(line)).map(|line| format!("{line}\n")).collect();
        file.connection().execute_batch(&sql).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    }
    file
}

/// Lines of the hostile case that no test runs for real.
fn is_elsewhere(line: &str) -> bool {
    ["ATTACH", "VACUUM", "SELECT load_extension", "SAVEPOINT"].iter().any(|word| line.starts_with(word))
}

fn check(server: &Server, dir: &Path) -> Result<(), String> {
    let (files, words) = (scripts(dir), words(dir));
    let out = tempfile::tempdir().unwrap();
    let done = translate(&files, &words, out.path());
    let mut text = format!("exit {}\n{}", done.code, done.stderr);
    let made = scripts(out.path());
    for script in &made {
        let name = script.file_name().unwrap().to_string_lossy();
        text += &format!("\n=== {name}\n{}", read(script));
    }
    if done.code == 0 || done.code == 4 {
        let database = server.fresh_database();
        twice(&database, &made);
        text += &format!("\n=== rows after the second time\n{}", rows(&database));
        let source = original(&files);
        let diff = Cli::new()
            .args(["schema", "diff", "--to", &database.url(), "--from"])
            .args([source.path()])
            .args(&words)
            .run();
        text += &format!("\n=== schema diff: exit {}\n{}", diff.code, without_ends(&diff.stdout));
    }
    let expected = dir.join("expected.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&expected, &text).unwrap();
        return Ok(());
    }
    if read(&expected) == text { Ok(()) } else { Err(format!("{}:\n{text}", dir.display())) }
}

#[test]
fn scripts_become_what_is_expected_and_run_twice() {
    let Some(server) = Server::available() else { return };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    let problems: Vec<String> = dirs.iter().filter_map(|dir| check(server, dir).err()).collect();
    assert!(dirs.len() >= 9 && problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn what_takes_back_is_not_translated() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = [
        file("1_a.sql", "-- +goose Up\nCREATE TABLE a (x);\n-- +goose Down\nDROP TABLE a;\n"),
        file(
            "2_b.sql",
            "-- migrate:up\nALTER TABLE a ADD COLUMN y;\n\n-- migrate:down\nALTER TABLE a DROP COLUMN y;\n",
        ),
        file("3_c.down.sql", "DROP TABLE c;\n"),
        file("3_c.up.sql", "CREATE TABLE c (x);\n"),
    ];
    let out = tempfile::tempdir().unwrap();
    let done = translate(&files, &[], out.path());
    assert_eq!(done.code, 0, "{}", done.said());
    let told: Vec<&str> = done.stderr.lines().collect();
    assert!(told[0].ends_with("3_c.down.sql: left out: it takes back what another one does"), "{told:?}");
    assert_eq!(told[1..], ["1_a.sql:3: left out: the Down part", "2_b.sql:4: left out: the Down part"]);
    let names: Vec<String> = scripts(out.path())
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["1_a_postgres.sql", "2_b_postgres.sql", "3_c_postgres.up.sql"]);
    for name in names {
        let text = read(out.path().join(name));
        assert!(!text.contains("DROP"), "{text}");
    }
}
