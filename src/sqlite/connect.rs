//! One connection to the source: how it is opened, what it is forbidden, and what its failures mean.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::ffi::{SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_INTERRUPT, SQLITE_LOCKED};
use rusqlite::ffi::{SQLITE_IOERR_READ, SQLITE_NOTADB, SQLITE_READONLY, SQLITE_READONLY_ROLLBACK};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::collation;
use super::held_file::side_bytes;
use crate::error::{Error, ErrorKind};
use crate::failpoint::{self, Action};
use crate::limits;

/// KiB of page cache per reader: a scan needs little, the upper levels of a b-tree stay in it.
const CACHE_KIB: u32 = 8 * 1024;

/// Bytes that may stand unescaped in the path of a `file:` URI; `?`, `#` and `%` are what must not.
const PATH_SET: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How a connection may touch the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// reads, with locks
    Read,
    /// reads without locks and without a log: right only if nobody writes
    Immutable,
    /// takes the write lock, and writes nothing
    WriteLock,
}

/// The `file:` URI of an absolute path: <https://sqlite.org/uri.html>.
fn uri(path: &Path, access: Access) -> String {
    let path = percent_encode(path.as_os_str().as_bytes(), PATH_SET);
    let query = match access {
        Access::Read => "mode=ro",
        Access::Immutable => "mode=ro&immutable=1",
        Access::WriteLock => "mode=rw",
    };
    format!("file:{path}?{query}")
}

/// Opens one connection, never creating anything but what SQLite itself puts beside a WAL database.
pub(super) fn connect(path: &Path, access: Access, busy: Duration) -> rusqlite::Result<Connection> {
    planted(failpoint::SOURCE_OPEN)?;
    let mode = match access {
        Access::Read | Access::Immutable => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::WriteLock => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, access), flags)?;
    connection.busy_timeout(busy)?;
    // Closing the last connection would otherwise write the log into the main file, and delete it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    bound(&connection, value_bytes_max(path))?;
    collation::supply_when_needed(&connection)?;
    if access != Access::WriteLock {
        // A mapped file that another process cuts short is a bus error, not an error code: no mmap.
        connection.execute_batch(&format!(
            "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -{CACHE_KIB}; PRAGMA cell_size_check = ON"
        ))?;
    }
    Ok(connection)
}

/// Passes a point at which SQLite may fail as it does where a disk cannot be read.
#[inline(always)]
pub(super) fn planted(point: &str) -> rusqlite::Result<()> {
    if failpoint::pass(point) == Action::Fail {
        return Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(SQLITE_IOERR_READ), None));
    }
    Ok(())
}

/// The limits of a connection, whose schema is not ours and may have been made to take all memory, or all time.
fn bound(connection: &Connection, value_bytes: i32) -> rusqlite::Result<()> {
    let limits = [
        (Limit::SQLITE_LIMIT_LENGTH, value_bytes),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, limits::SOURCE_SQL_BYTES_MAX),
        (Limit::SQLITE_LIMIT_COLUMN, limits::SOURCE_COLUMNS_MAX),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, limits::SOURCE_EXPR_DEPTH_MAX),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, limits::SOURCE_COMPOUND_MAX),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, limits::SOURCE_ARGUMENTS_MAX),
        (Limit::SQLITE_LIMIT_VDBE_OP, limits::SOURCE_INSTRUCTIONS_MAX),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, limits::SOURCE_PATTERN_BYTES_MAX),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, limits::SOURCE_PARAMETERS_MAX),
        // A source is one file; nothing is written, so that no trigger fires; no thread but ours works on it.
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ];
    limits.into_iter().try_for_each(|(limit, value)| connection.set_limit(limit, value).map(drop))
}

/// The longest value that the file at `path` can hold, with its log; UTF-16 grows by half as it becomes UTF-8. SQLite
/// lowers it to the maximum that it was compiled with.
fn value_bytes_max(path: &Path) -> i32 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let stored = side_bytes(path).saturating_add(side_bytes(Path::new(&log)));
    i32::try_from(stored.saturating_mul(2).max(limits::SOURCE_VALUE_BYTES_FLOOR)).unwrap_or(i32::MAX)
}

/// What a failure of SQLite means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// another process holds a lock
    Locked,
    /// a journal of a crashed writer must be rolled back first
    HotJournal,
    /// SQLite could not open the file or what belongs beside it
    CannotOpen,
    /// the file is damaged or not a database
    Damaged,
    /// we were interrupted
    Interrupted,
    /// anything else
    Other,
}

/// The failure behind an error, by its code and never by its text.
pub(super) fn classify(error: &rusqlite::Error) -> Failure {
    let code = error.sqlite_extended_error_code().unwrap_or_default();
    if code == SQLITE_READONLY_ROLLBACK {
        return Failure::HotJournal;
    }
    match code & 0xff {
        SQLITE_BUSY | SQLITE_LOCKED => Failure::Locked,
        SQLITE_CANTOPEN | SQLITE_READONLY => Failure::CannotOpen,
        SQLITE_CORRUPT | SQLITE_NOTADB => Failure::Damaged,
        SQLITE_INTERRUPT => Failure::Interrupted,
        _ => Failure::Other,
    }
}

/// The error for a person, with the way out.
pub(super) fn explain(path: &Path, cause: rusqlite::Error) -> Error {
    let place = path.display();
    let (message, remedy) = match classify(&cause) {
        Failure::Locked => (
            format!("{place} is locked by another process"),
            "stop the program that writes it (fuser or lsof shows which), or make a copy with VACUUM INTO",
        ),
        Failure::HotJournal => (
            format!(
                "{place} has a hot journal: a writer died in the middle of a transaction (E_HOT_JOURNAL)"
            ),
            "let SQLite recover it: open the file once with its application or with sqlite3; or copy the file and its \
             -journal to another place, and open the copy once with sqlite3",
        ),
        Failure::CannotOpen => (
            format!("{place} cannot be opened by SQLite"),
            "in WAL mode SQLite must write beside the file it reads: run as its owner, or copy the database and its \
             -wal to a writable place and give the copy",
        ),
        Failure::Damaged => (
            format!("{place} is damaged, or encrypted after its header"),
            "restore a backup, or rescue what is left with: sqlite3 damaged.db .recover | sqlite3 rescued.db",
        ),
        Failure::Interrupted => {
            return Error::new(ErrorKind::Interrupted, format!("reading {place} was interrupted"))
                .cause(cause);
        }
        Failure::Other => (format!("{place} cannot be read"), "see the message of SQLite"),
    };
    Error::source_fault(message).remedy(remedy).cause(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::{Dir, table_of};

    #[test]
    fn a_uri_escapes_what_would_end_the_path() {
        assert_eq!(uri(Path::new("/a b/c?d#e%f.db"), Access::Read), "file:/a%20b/c%3Fd%23e%25f.db?mode=ro");
        assert_eq!(uri(Path::new("/é&=.db"), Access::Immutable), "file:/%C3%A9%26%3D.db?mode=ro&immutable=1");
        assert_eq!(uri(Path::new("/x_y-z~.db"), Access::WriteLock), "file:/x_y-z~.db?mode=rw");
    }

    #[test]
    fn a_reader_cannot_write() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 1);
        let reader = connect(&path, Access::Read, Duration::ZERO).unwrap();
        assert!(reader.execute_batch("DELETE FROM t").is_err());
        assert!(
            reader.execute_batch("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ''").is_err()
        );
        assert!(connect(&dir.path("none.db"), Access::WriteLock, Duration::ZERO).is_err());
        assert!(!dir.path("none.db").exists());
    }
}
