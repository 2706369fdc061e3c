//! One state of the database for several read connections (semantics.md §4.3).
//!
//! * Rollback-journal mode: a read transaction's lock keeps every writer from committing, so readers that begin
//!   while the first holds its lock see what it sees.
//! * WAL mode: a read transaction stops nobody, so the readers begin behind a barrier: a connection that holds the
//!   write lock, writes nothing, and lets go when all have begun. Without the lock there is one reader only.
//!
//! `BEGIN` alone takes no snapshot: each transaction reads at once. `BEGIN IMMEDIATE` on a read-only connection would
//! silently stop nobody, hence the read-write one.

use std::time::Duration;

use rusqlite::ffi::SQLITE_READONLY;
use rusqlite::{Connection, MAIN_DB};

use super::connect::{Access, Failure, classify, connect, planted};
use super::fingerprint;
use super::freeze;
use super::held_file::HeldFile;
use crate::checkpoint::SourceFingerprint;
use crate::failpoint::SOURCE_BEGIN;
use crate::finding::{Finding, Severity};

/// Connections that all see one state, and the fingerprint of that state.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) connections: Vec<Connection>,
    pub(super) fingerprint: SourceFingerprint,
    pub(super) notes: Vec<Finding>,
}

/// Begins a read transaction and takes its snapshot by reading.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    planted(SOURCE_BEGIN)?;
    connection.execute_batch("BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(())
}

/// What a snapshot is taken of, and how patiently.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taking<'a> {
    pub(super) held: &'a HeldFile,
    pub(super) access: Access,
    pub(super) readers: usize,
    pub(super) busy: Duration,
}

/// The errors are SQLite's, to be explained by the caller, or ours.
pub(super) enum TakeError {
    Sqlite(rusqlite::Error),
    Ours(crate::error::Error),
}

impl From<rusqlite::Error> for TakeError {
    fn from(error: rusqlite::Error) -> TakeError {
        TakeError::Sqlite(error)
    }
}

impl From<crate::error::Error> for TakeError {
    fn from(error: crate::error::Error) -> TakeError {
        TakeError::Ours(error)
    }
}

impl Taking<'_> {
    /// The snapshot of a WAL database, behind the barrier when there shall be several readers.
    pub(super) fn in_wal_mode(self) -> std::result::Result<Snapshot, TakeError> {
        if self.readers <= 1 {
            return self.single(Vec::new());
        }
        if freeze::is_frozen(self.held) {
            // This process keeps every writer out already.
            let fingerprint = fingerprint::take(self.held)?;
            return Ok(Snapshot { connections: self.begin_all()?, fingerprint, notes: Vec::new() });
        }
        match self.barrier() {
            Ok(barrier) => {
                let connections = self.begin_all()?;
                let fingerprint = fingerprint::take(self.held)?;
                barrier.execute_batch("ROLLBACK")?;
                Ok(Snapshot { connections, fingerprint, notes: Vec::new() })
            }
            Err(error) => self.single(vec![self.one_reader_note(&error)]),
        }
    }

    /// The snapshot of a database that no writer can change while the first reader reads.
    pub(super) fn under_read_lock(self) -> std::result::Result<Snapshot, TakeError> {
        let mut connections = vec![self.begin_one()?];
        let fingerprint = fingerprint::take(self.held)?;
        let mut notes = Vec::new();
        while connections.len() < self.readers {
            match self.begin_one() {
                Ok(connection) => connections.push(connection),
                // A writer that waits to commit keeps new readers out; those that have begun go on.
                Err(error) if classify(&error) == Failure::Locked => {
                    notes.push(self.fewer_readers_note(connections.len(), &error));
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Snapshot { connections, fingerprint, notes })
    }

    /// One reader. The fingerprint is taken first: a write in between makes it too old, never too new.
    fn single(self, notes: Vec<Finding>) -> std::result::Result<Snapshot, TakeError> {
        let fingerprint = fingerprint::take(self.held)?;
        Ok(Snapshot { connections: vec![self.begin_one()?], fingerprint, notes })
    }

    fn begin_one(self) -> rusqlite::Result<Connection> {
        let connection = connect(self.held.path(), self.access, self.busy)?;
        begin(&connection)?;
        Ok(connection)
    }

    fn begin_all(self) -> rusqlite::Result<Vec<Connection>> {
        (0..self.readers).map(|_| self.begin_one()).collect()
    }

    /// A connection that holds the write lock.
    fn barrier(self) -> rusqlite::Result<Connection> {
        let connection = connect(self.held.path(), Access::WriteLock, self.busy)?;
        // SQLite opens what it may not write for reading, and `BEGIN IMMEDIATE` then stops nobody.
        if connection.is_readonly(MAIN_DB)? {
            return Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(SQLITE_READONLY), None));
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    }

    fn one_reader_note(self, why: &rusqlite::Error) -> Finding {
        Finding::new(
            "W_ONE_READER",
            Severity::Note,
            self.held.path().display().to_string(),
            format!(
                "read by one connection: several see one state only if the write lock can be had ({why})"
            ),
        )
        .fix("to read faster, let this user write the file and its directory while no long transaction runs")
    }

    fn fewer_readers_note(self, begun: usize, why: &rusqlite::Error) -> Finding {
        Finding::new(
            "W_ONE_READER",
            Severity::Note,
            self.held.path().display().to_string(),
            format!("read by {begun} of {} connections: a writer is waiting ({why})", self.readers),
        )
        .fix("to read faster, run while nobody writes the file")
    }
}

/// The code of the note that writers have to wait for us.
pub const WRITERS_WAIT: &str = "W_WRITERS_WAIT";

/// That writers have to wait for us, in rollback-journal mode.
pub(super) fn writers_wait_note(held: &HeldFile) -> Finding {
    Finding::new(
        WRITERS_WAIT,
        Severity::Note,
        held.path().display().to_string(),
        "its journal mode lets nobody write while it is read: other programs wait, or get \"database is locked\"",
    )
    .fix("run while nobody writes, or copy it first with VACUUM INTO and use the copy")
}
