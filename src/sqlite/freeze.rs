//! The write lock of a source, held while it is copied, so that nothing slips in between the last read and success.
//!
//! `BEGIN IMMEDIATE` takes what a writer takes (the RESERVED lock of the file, in WAL mode the log's writer lock) and writes
//! nothing: readers come and go, and whoever wants to write gets SQLITE_BUSY. A rolled back one changes no byte, and in
//! rollback-journal mode no journal is made before the first write. The lock goes with the connection, and so with the
//! process, however that ends. Nothing may close another descriptor of the file meanwhile: see `held_file`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB};

use super::connect::{Access, Failure, classify, connect, explain};
use super::fingerprint;
use super::held_file::HeldFile;
use super::open::{created_note, side_files};
use super::preflight::preflight;
use super::snapshot::begin;
use crate::checkpoint::SourceFingerprint;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};

/// Device and inode of every file whose write lock this process holds: a snapshot needs no lock of its own then.
static FROZEN: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

fn frozen() -> MutexGuard<'static, Vec<(u64, u64)>> {
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process holds the write lock of the file.
pub(super) fn is_frozen(held: &HeldFile) -> bool {
    held.identity().is_ok_and(|identity| frozen().contains(&identity))
}

/// The write lock of one source, until it is dropped.
#[derive(Debug)]
pub struct Freeze {
    // Fields are dropped in this order: the connection must be closed before the raw descriptor.
    connection: Connection,
    held: HeldFile,
    identity: (u64, u64),
    before: SourceFingerprint,
    /// what is worth saying
    pub notes: Vec<Finding>,
}

impl Freeze {
    /// Tries to take the lock of the file at `path`, waiting at most `busy` for each lock of others; none where another
    /// process writes.
    ///
    /// # Errors
    /// A source fault where the file cannot be read; a refusal where this user may not write it.
    pub fn attempt(path: &Path, busy: Duration) -> Result<Option<Freeze>> {
        let (held, _) = preflight(path)?;
        let beside: Vec<PathBuf> = side_files(&held).into_iter().filter(|path| !path.exists()).collect();
        // A read-write connection would roll back the journal of a crashed writer; a read-only one refuses, and while it
        // reads, no journal becomes hot.
        let reader = connect(held.path(), Access::Read, busy)
            .and_then(|reader| begin(&reader).map(|()| reader))
            .map_or_else(|error| busy_or(error, |error| cannot(&held, error)), |reader| Ok(Some(reader)))?;
        let Some(reader) = reader else { return Ok(None) };
        let locked = lock(&held, busy);
        drop(reader);
        let connection = match locked {
            Ok(Some(connection)) => connection,
            Ok(None) => return Err(not_writable(&held)),
            Err(error) => return busy_or(error, |error| cannot(&held, error)),
        };
        let identity = held.identity().map_err(|error| explain_io(&held, error))?;
        let before = fingerprint::take(&held)?;
        frozen().push(identity);
        let notes = created_note(&held, &beside).into_iter().collect();
        Ok(Some(Freeze { connection, held, identity, before, notes }))
    }

    /// The file, by its canonical path.
    pub fn path(&self) -> &Path {
        self.held.path()
    }

    /// Whether the lock was held to this moment and the source is what it was. A checkpoint of the log by others is no
    /// change: it writes what was committed before.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] where it was not: by a program that does not keep SQLite's locks.
    pub fn check(&self) -> Result<()> {
        let now = fingerprint::take(&self.held)?;
        if self.connection.is_autocommit() || !same_content(&now, &self.before) {
            let path = self.held.path().display();
            return Err(Error::source_fault(format!(
                "{path} was written although its write lock was held (E_SOURCE_REPLACED)"
            ))
            .remedy("see to it that nobody copies over the file; then run again, with --restart"));
        }
        Ok(())
    }
}

impl Drop for Freeze {
    fn drop(&mut self) {
        frozen().retain(|identity| *identity != self.identity);
        // Closing the connection would do the same.
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}

/// Whether two states of a file whose writers are kept out have the same content.
pub(super) fn same_content(one: &SourceFingerprint, other: &SourceFingerprint) -> bool {
    let log =
        |state: &SourceFingerprint| (state.device, state.inode, state.wal_bytes, state.wal_header.clone());
    let logged = one.wal_bytes > 0 && other.wal_bytes > 0;
    if logged { log(one) == log(other) } else { one == other }
}

/// None where this user's connection can only read.
fn lock(held: &HeldFile, busy: Duration) -> rusqlite::Result<Option<Connection>> {
    let connection = connect(held.path(), Access::WriteLock, busy)?;
    // SQLite opens what it may not write for reading, and `BEGIN IMMEDIATE` then keeps nobody out.
    if connection.is_readonly(MAIN_DB)? {
        return Ok(None);
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(Some(connection))
}

fn busy_or<T>(error: rusqlite::Error, other: impl FnOnce(rusqlite::Error) -> Error) -> Result<Option<T>> {
    match classify(&error) {
        Failure::Locked => Ok(None),
        _ => Err(other(error)),
    }
}

fn cannot(held: &HeldFile, error: rusqlite::Error) -> Error {
    match classify(&error) {
        Failure::CannotOpen => not_writable(held).cause(error),
        _ => explain(held.path(), error),
    }
}

fn not_writable(held: &HeldFile) -> Error {
    let message = "its write lock cannot be taken, since this user may not write it or beside it";
    let reason =
        Finding::new("E_FREEZE", Severity::Refusal, held.path().display().to_string(), message).fix(
            "run as a user that may write the file and its directory; or leave --freeze away where nobody else can write it \
             either, as on a read-only disk",
        );
    Error::refused("--freeze is not possible; nothing was copied", vec![reason])
}

fn explain_io(held: &HeldFile, cause: std::io::Error) -> Error {
    Error::source_fault(format!("{} can no longer be read", held.path().display())).cause(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::sqlite::Source;
    use crate::sqlite::fixture::{Dir, leave_wal, table_of};

    const BUSY: Duration = Duration::from_millis(20);

    fn write(path: &Path) -> rusqlite::Result<()> {
        let db = Connection::open(path)?;
        db.busy_timeout(Duration::ZERO)?;
        db.execute_batch("INSERT INTO t (b) VALUES ('late')")
    }

    #[test]
    fn nobody_writes_until_it_is_dropped_and_no_byte_changes() {
        for wal in [false, true] {
            let dir = Dir::new();
            let path = dir.path("x.db");
            if wal {
                leave_wal(&path, 50)
            } else {
                table_of(&path, 50)
            };
            let before = std::fs::read(&path).unwrap();
            let freeze = Freeze::attempt(&path, BUSY).unwrap().unwrap();
            assert!(!dir.path("x.db-journal").exists());
            assert!(Freeze::attempt(&path, BUSY).unwrap().is_none(), "wal: {wal}: twice");
            assert!(write(&path).is_err(), "wal: {wal}");
            // Readers begin without a lock of their own, and close without taking this one away.
            let source = Source::open(&path, 3).unwrap();
            assert_eq!(source.readers(), 3, "wal: {wal}");
            assert!(source.facts().notes.iter().all(|note| note.code != "W_ONE_READER"));
            drop(source);
            assert!(write(&path).is_err(), "wal: {wal}: after the readers went");
            freeze.check().unwrap();
            drop(freeze);
            assert_eq!(std::fs::read(&path).unwrap(), before, "wal: {wal}");
            write(&path).unwrap();
        }
    }

    #[test]
    fn a_writer_under_way_is_waited_for_and_a_hot_journal_is_left_alone() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 5000);
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(Freeze::attempt(&path, BUSY).unwrap().is_none());
        writer.execute_batch("COMMIT").unwrap();
        assert!(Freeze::attempt(&path, BUSY).unwrap().is_some());
        // A cache of one page makes a transaction spill; copied in its middle, both files are what a crash leaves.
        writer.execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE t SET b = 'changed ' || b").unwrap();
        let crashed = Dir::new();
        for name in ["x.db", "x.db-journal"] {
            std::fs::copy(dir.path(name), crashed.path(name)).unwrap();
        }
        let before = crashed.contents();
        let error = Freeze::attempt(&crashed.path("x.db"), BUSY).unwrap_err();
        assert!(error.kind() == ErrorKind::Source && error.to_string().contains("E_HOT_JOURNAL"), "{error}");
        assert!(crashed.contents() == before);
    }
}
