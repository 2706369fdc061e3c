//! A copy of a source's snapshot in a file of its own: pages by SQLite's online backup, then read back and compared.
//!
//! The pages come through a reader of the snapshot, whose transaction is open: what others write meanwhile neither gets into
//! the copy nor makes the backup begin again, and in WAL mode they may write. The log's content is in the copy's pages.
//! The copy differs from the file in its counters only (file change counter, schema cookie).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Statement};

use super::connect::{Access, Failure, classify, connect, explain};
use super::health::messages;
use super::open::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::ident::quote;
use crate::limits::{BACKUP_BUSY_ROUNDS_MAX, BACKUP_PAGES_AT_ONCE};

/// Whether the work shall stop; asked now and then.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// Rows between two looks whether to stop.
const ROWS_AT_ONCE: u64 = 1024;

/// Operations of SQLite's machine between two of those looks.
const OPERATIONS_AT_ONCE: i32 = 100_000;

/// How long a page waits that another connection has locked for a moment.
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// Names of a table's rowid; a column may have any of them.
const ROWID_NAMES: [&str; 3] = ["rowid", "_rowid_", "oid"];

impl Source {
    /// Bytes of the snapshot as one file.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] where the file cannot be read.
    pub fn snapshot_bytes(&self) -> Result<u64> {
        let reader = self.reader()?;
        let count =
            |pragma: &str| reader.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u32>(0));
        let pages = count("page_count").map_err(|error| explain(&self.facts().path, error))?;
        Ok(u64::from(pages) * u64::from(self.facts().page_size))
    }

    /// Copies every page of the snapshot into the empty file at `path`. Nothing is synced.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] where a page cannot be read; [`ErrorKind::Refused`] where one cannot be written;
    /// [`ErrorKind::Interrupted`] where `stop` says so.
    pub fn back_up(&self, path: &Path, stop: &Stop) -> Result<()> {
        let reader = self.reader()?;
        let mut copy = written(path).map_err(|error| unwritable(path, error))?;
        let backup = Backup::new(&reader, &mut copy).map_err(|error| unwritable(path, error))?;
        let mut busy = 0;
        loop {
            if stop() {
                return Err(stopped());
            }
            match backup.step(BACKUP_PAGES_AT_ONCE) {
                Ok(StepResult::Done) => return Ok(()),
                Ok(StepResult::Busy | StepResult::Locked) if busy < BACKUP_BUSY_ROUNDS_MAX => {
                    busy += 1;
                    std::thread::sleep(BUSY_WAIT);
                }
                Ok(StepResult::More) => busy = 0,
                Ok(_) => return Err(Error::source_fault("its pages stay locked by another program")),
                // The step fails by its code alone: damage is of what is read, all else of what is written.
                Err(error) if classify(&error) == Failure::Damaged => {
                    return Err(explain(&self.facts().path, error));
                }
                Err(error) => return Err(unwritable(path, error)),
            }
        }
    }

    /// Reads the copy at `path` and compares it with the snapshot: `quick_check`, the schema, and every stored value of every
    /// table in the order of its rows. None where it is the same, else what is not.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] where the snapshot cannot be read; [`ErrorKind::Interrupted`] where `stop` says so.
    pub fn differs_from_backup(&self, path: &Path, stop: &Stop) -> Result<Option<String>> {
        let reader = self.reader()?;
        let judged = open_copy(path, stop).and_then(|copy| {
            if let Some(said) = damage(&reader, &copy) {
                return Ok(Some(said));
            }
            first_difference(&reader, &copy, stop)
        });
        if stop() {
            return Err(stopped());
        }
        match judged {
            Ok(difference) => Ok(difference),
            // What cannot be read on either side was damaged before.
            Err(error) if classify(&error) == Failure::Damaged && is_damaged(&reader) => {
                Err(explain(&self.facts().path, error))
            }
            Err(error) => Ok(Some(format!("it cannot be read back: {error}"))),
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted, "the backup was stopped")
}

fn unwritable(path: &Path, error: rusqlite::Error) -> Error {
    Error::refused(format!("the backup {} cannot be written", path.display()), Vec::new())
        .cause(error)
        .remedy("see to room and rights in the directory of --backup")
}

/// The copy while it is filled: a file that is thrown away where this fails needs no journal of its own.
fn written(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(path, flags)?;
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA mmap_size = 0")?;
    Ok(copy)
}

/// The finished copy: without locks, so that nothing is made beside it, although its header may say WAL.
fn open_copy(path: &Path, stop: &Stop) -> rusqlite::Result<Connection> {
    let mut copy = connect(path, Access::Immutable, Duration::ZERO)?;
    let asked = Arc::clone(stop);
    copy.progress_handler(OPERATIONS_AT_ONCE, Some(move || asked()))?;
    Ok(copy)
}

fn is_damaged(source: &Connection) -> bool {
    messages(source, "quick_check", "1").map_or(true, |said| !said.is_empty())
}

/// What `quick_check` says of the copy, unless it says the same of the source.
fn damage(source: &Connection, copy: &Connection) -> Option<String> {
    let said = |of: &Connection| match messages(of, "quick_check", "100") {
        Ok(said) => said.join("; "),
        Err(error) => error.to_string(),
    };
    let of_copy = said(copy);
    (!of_copy.is_empty() && of_copy != said(source)).then(|| format!("quick_check: {of_copy}"))
}

/// The first place where both are not the same.
fn first_difference(source: &Connection, copy: &Connection, stop: &Stop) -> rusqlite::Result<Option<String>> {
    let mut tables = vec!["sqlite_schema".to_owned()];
    let mut named = source
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY rowid")?;
    for name in named.query_map([], |row| row.get(0))? {
        tables.push(name?);
    }
    for table in tables {
        let columns = stored_columns(source, &table)?;
        let mut one = all_of(source, &table, &columns)?;
        let mut other = all_of(copy, &table, &columns)?;
        if let Some(row) = differing_row(&mut one, &mut other, stop)? {
            return Ok(Some(format!("table \"{table}\" differs from its row {row} on")));
        }
    }
    Ok(None)
}

/// Columns with values of their own; hidden and generated ones have none.
fn stored_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Every row in the order in which it is stored, with its rowid where there is one that can be named.
fn all_of<'c>(
    connection: &'c Connection,
    table: &str,
    columns: &[String],
) -> rusqlite::Result<Statement<'c>> {
    let table = quote(table);
    let cells = columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
    let is_free = |name: &&&str| !columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let rowid = ROWID_NAMES.iter().find(is_free);
    let with_rowid = rowid.map(|name| format!("SELECT {table}.{name}, {cells} FROM {table} NOT INDEXED"));
    // A table WITHOUT ROWID has no such column.
    match with_rowid.map(|sql| connection.prepare(&sql)) {
        Some(Ok(statement)) => Ok(statement),
        _ => connection.prepare(&format!("SELECT {cells} FROM {table} NOT INDEXED")),
    }
}

/// The number of the first row, from 1, that is not the same on both sides.
fn differing_row(
    one: &mut Statement<'_>,
    other: &mut Statement<'_>,
    stop: &Stop,
) -> rusqlite::Result<Option<u64>> {
    let width = one.column_count();
    let is_same_width = other.column_count() == width;
    let (mut one, mut other) = (one.query([])?, other.query([])?);
    for number in 1.. {
        if number % ROWS_AT_ONCE == 0 && stop() {
            return Ok(None);
        }
        match (one.next()?, other.next()?) {
            (None, None) => return Ok(None),
            (Some(one), Some(other)) if is_same_width => {
                for column in 0..width {
                    if one.get_ref(column)? != other.get_ref(column)? {
                        return Ok(Some(number));
                    }
                }
            }
            _ => return Ok(Some(number)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::{Dir, leave_wal, table_of};

    fn never() -> Stop {
        Arc::new(|| false)
    }

    fn backed_up(dir: &Dir, source: &Source) -> std::path::PathBuf {
        let copy = dir.path("copy.db");
        std::fs::write(&copy, b"").unwrap();
        source.back_up(&copy, &never()).unwrap();
        copy
    }

    const ODD: &str = "CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', x'00'), ('b', NULL);
        CREATE TABLE r (rowid TEXT, _rowid_ REAL, oid BLOB); INSERT INTO r VALUES ('x', 1.5, x'01');
        CREATE TABLE g (a INTEGER, b AS (a + 1), c TEXT DEFAULT 'c'); INSERT INTO g (a) VALUES (1), (2);
        CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('some words');";

    #[test]
    fn the_copy_is_the_snapshot_with_its_log_and_what_came_later_is_not_in_it() {
        for wal in [false, true] {
            let dir = Dir::new();
            let path = dir.path("x.db");
            if wal {
                leave_wal(&path, 3000)
            } else {
                table_of(&path, 3000)
            };
            Connection::open(&path).unwrap().execute_batch(ODD).unwrap();
            let source = Source::open(&path, 1).unwrap();
            if wal {
                let writer = Connection::open(&path).unwrap();
                writer.execute_batch("INSERT INTO t (b) VALUES ('late'); DELETE FROM g").unwrap();
            }
            let copy = backed_up(&dir, &source);
            assert_eq!(std::fs::metadata(&copy).unwrap().len(), source.snapshot_bytes().unwrap());
            assert_eq!(source.differs_from_backup(&copy, &never()).unwrap(), None);
            for suffix in ["-wal", "-shm", "-journal"] {
                assert!(!dir.path(&format!("copy.db{suffix}")).exists(), "{suffix}");
            }
        }
    }

    #[test]
    fn every_change_of_the_copy_is_found() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 3000);
        Connection::open(&path).unwrap().execute_batch(ODD).unwrap();
        let source = Source::open(&path, 1).unwrap();
        let good = std::fs::read(backed_up(&dir, &source)).unwrap();
        for (change, expected) in [
            ("UPDATE t SET b = b || '' WHERE a = 7", None),
            ("UPDATE t SET b = 'x' WHERE a = 2999", Some("\"t\" differs from its row 2999")),
            ("UPDATE t SET a = 4000 WHERE a = 3000", Some("row 3000")),
            ("DELETE FROM t WHERE a = 3000", Some("row 3000")),
            ("INSERT INTO t (b) VALUES ('more')", Some("row 3001")),
            ("UPDATE w SET v = '' WHERE k = 'b'", Some("\"w\"")),
            ("UPDATE r SET oid = '1'", Some("\"r\"")),
            ("UPDATE g SET a = 3 WHERE a = 2", Some("\"g\"")),
            ("DELETE FROM f", Some("\"f_")),
            ("CREATE VIEW v AS SELECT 1", Some("\"sqlite_schema\"")),
        ] {
            let copy = dir.path("changed.db");
            std::fs::write(&copy, &good).unwrap();
            Connection::open(&copy).unwrap().execute_batch(change).unwrap();
            let found = source.differs_from_backup(&copy, &never()).unwrap();
            match expected {
                None => assert_eq!(found, None, "{change}"),
                Some(part) => {
                    assert!(found.as_ref().is_some_and(|f| f.contains(part)), "{change}: {found:?}")
                }
            }
        }
        let copy = dir.path("damaged.db");
        let mut bytes = good;
        bytes[4096..8192].fill(0);
        std::fs::write(&copy, &bytes).unwrap();
        assert!(source.differs_from_backup(&copy, &never()).unwrap().is_some());
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 2000);
        let source = Source::open(&path, 1).unwrap();
        let copy = dir.path("copy.db");
        std::fs::write(&copy, b"").unwrap();
        let always: Stop = Arc::new(|| true);
        assert_eq!(source.back_up(&copy, &always).unwrap_err().kind(), ErrorKind::Interrupted);
        let whole = backed_up(&dir, &source);
        let error = source.differs_from_backup(&whole, &always).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    }
}
