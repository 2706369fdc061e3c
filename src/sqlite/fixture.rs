//! Real files for the tests of this room.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// A directory that cleans up after itself.
pub(super) struct Dir(tempfile::TempDir);

impl Dir {
    pub(super) fn new() -> Dir {
        Dir(tempfile::tempdir().unwrap())
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Names and contents of all files but `-shm`, sorted.
    pub(super) fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }
}

/// A database in rollback-journal mode with a table `t(a INTEGER PRIMARY KEY, b)` of `rows` rows.
pub(super) fn table_of(path: &Path, rows: u32) {
    fill(&Connection::open(path).unwrap(), rows);
}

/// The same in WAL mode, with everything since the first page left in the log.
pub(super) fn leave_wal(path: &Path, rows: u32) {
    let db = Connection::open(path).unwrap();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    fill(&db, rows);
}

/// Pages of the database, as SQLite counts them, leaving its log alone.
pub(super) fn page_count(path: &Path) -> u32 {
    let db = Connection::open(path).unwrap();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap()
}

fn fill(db: &Connection, rows: u32) {
    db.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO t(b) SELECT 'row ' || i FROM n"
    ))
    .unwrap();
}

/// Takes `bytes` from the end of a file.
pub(super) fn cut(path: &Path, bytes: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
}
