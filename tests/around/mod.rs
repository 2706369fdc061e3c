//! What surrounds a copy: the backup before it, the source's write lock over it, hooks, and its deadline.

mod backup;
mod deadline;
mod freeze;
mod hooks;

use crate::support::sqlite::SqliteFile;
use std::path::Path;
use std::process::{Command, Stdio};

/// A source of a few tables, in rollback-journal mode or with everything in its log.
fn source(wal: bool) -> SqliteFile {
    let mode = if wal { "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;" } else { "" };
    SqliteFile::named(
        "app.db",
        &format!(
            "{mode}
             CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE note (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES user (id), body TEXT, at TEXT);
             CREATE INDEX note_user ON note (user_id);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO user SELECT i, 'user ' || i FROM n;
             INSERT INTO note SELECT id, id, 'note ' || id, '2024-01-01' FROM user"
        ),
    )
}

/// Writes as another process does, without waiting: what SQLite says against it, empty where it is written. None where there
/// is no Python to do it.
fn write_elsewhere(path: &Path) -> Option<String> {
    const WRITE: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    db.execute(\"INSERT INTO user (name) VALUES ('late')\")
except sqlite3.OperationalError as error:
    print(error)
";
    let mut python = Command::new("python3");
    let output = python.args(["-c", WRITE]).arg(path).stdin(Stdio::null()).output().ok()?;
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Names in a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
