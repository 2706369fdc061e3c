//! SQLite files from SQL text, in a directory of their own that goes with them.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A SQLite file for one test.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    _dir: TempDir,
    path: PathBuf,
}

impl SqliteFile {
    /// A file `source.db` made by `sql`.
    pub(crate) fn from_sql(sql: &str) -> SqliteFile {
        SqliteFile::named("source.db", sql)
    }

    /// A file of that name made by `sql`.
    pub(crate) fn named(name: &str, sql: &str) -> SqliteFile {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join(name);
        let file = SqliteFile { _dir: dir, path };
        file.connection().execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        file
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A writing connection, to change the file as its application would.
    pub(crate) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).expect("a SQLite file")
    }
}
