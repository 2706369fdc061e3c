//! Opening a source: examine, snapshot, and say what was found (semantics.md §4.1–4.3, reliability.md F28–F30).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::collation;
use super::connect::{Access, Failure, classify, connect, explain};
use super::fingerprint;
use super::held_file::{HeldFile, side_bytes};
use super::introspect::introspect;
use super::kept::Kept;
use super::length::check_length;
use super::preflight::{Header, preflight};
use super::readers::{Reader, Readers};
use super::snapshot::{Snapshot, TakeError, Taking, begin, writers_wait_note};
use crate::catalog::Catalog;
use crate::checkpoint::SourceFingerprint;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::limits;

/// How texts are stored in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8: the text accessor gives the stored bytes
    Utf8,
    /// UTF-16, low byte first: texts must be read as blobs (semantics.md §2.2)
    Utf16le,
    /// UTF-16, high byte first: texts must be read as blobs (semantics.md §2.2)
    Utf16be,
}

/// What opening found out about the file.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// canonical path
    pub path: PathBuf,
    /// bytes of the main file
    pub bytes: u64,
    /// bytes of a page
    pub page_size: u32,
    /// how texts are stored
    pub encoding: Encoding,
    /// `wal`, `delete`, …
    pub journal_mode: String,
    /// bytes of the `-wal` file, 0 without one
    pub wal_bytes: u64,
    /// `PRAGMA application_id`
    pub application_id: i64,
    /// `PRAGMA user_version`
    pub user_version: i64,
    /// version of our SQLite
    pub sqlite_version: String,
    /// everything worth saying
    pub notes: Vec<Finding>,
}

/// An open source: one snapshot for all its readers, until it is dropped.
///
/// No other code of this process may open the main file while a `Source` lives; closing such a descriptor would drop
/// SQLite's locks. Two `Source`s of one file may live side by side.
#[derive(Debug)]
pub struct Source {
    // Fields are dropped in this order: the connections must be closed before the raw descriptor.
    readers: Readers,
    facts: SourceFacts,
    fingerprint: SourceFingerprint,
    stand_ins: Vec<String>,
    kept: Kept,
    held: HeldFile,
}

impl Source {
    /// Opens the file at `path` for reading with `readers` connections, or fewer where one snapshot cannot be had
    /// for so many (then a note says why).
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] for every file that cannot be read whole and consistently: what it is, and what to do.
    pub fn open(path: &Path, readers: usize) -> Result<Source> {
        open_with(path, readers, limits::SOURCE_BUSY_TIMEOUT)
    }

    /// What opening found out.
    pub fn facts(&self) -> &SourceFacts {
        &self.facts
    }

    /// The fingerprint of the snapshot.
    pub fn fingerprint(&self) -> &SourceFingerprint {
        &self.fingerprint
    }

    /// The fingerprint of the file as it is now; another one than [`Self::fingerprint`] if it was written or
    /// replaced meanwhile.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn fingerprint_now(&self) -> Result<SourceFingerprint> {
        fingerprint::take(&self.held)
    }

    /// Whether the file is still what this `Source` reads. To be asked after reading and before what was read is trusted.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] when it was replaced, removed or cut, or written past SQLite's locks.
    pub fn check_kept(&self) -> Result<()> {
        self.kept.check(&self.held, &self.fingerprint)
    }

    /// Borrows a read connection; waits until one is free. A thread that has one must not ask for another.
    ///
    /// # Errors
    /// When the connection lost its snapshot, after an I/O error or without memory.
    pub fn reader(&self) -> Result<Reader<'_>> {
        self.readers.lend()
    }

    /// What its schema says.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] where SQLite cannot read the schema, or not within
    /// [`limits::SCHEMA_OPERATIONS_MAX`].
    pub fn catalog(&self) -> Result<Catalog> {
        self.reader()?.within(limits::SCHEMA_OPERATIONS_MAX, introspect)
    }

    /// How many connections read the snapshot.
    pub fn readers(&self) -> usize {
        self.readers.count()
    }

    /// Collations that only the application knows, sorted: they are replaced by a comparison of bytes, so nothing
    /// may rely on their order or equality.
    pub fn stand_in_collations(&self) -> Vec<String> {
        self.stand_ins.clone()
    }

    /// Stops what the readers are doing, from any thread; they fail with an interrupt.
    pub fn interrupt(&self) {
        self.readers.interrupt();
    }
}

/// [`Source::open`], waiting at most `busy` for each lock.
pub(super) fn open_with(path: &Path, readers: usize, busy: Duration) -> Result<Source> {
    let (held, header) = preflight(path)?;
    let beside: Vec<PathBuf> = side_files(&held).into_iter().filter(|path| !path.exists()).collect();
    let mut notes: Vec<Finding> = header_note(&held, header).into_iter().collect();
    let found = find_access(&held, header, busy)?;
    let taking = Taking { held: &held, access: found.access, readers: readers.max(1), busy };
    let taken = if found.access == Access::Read && found.journal_mode == "wal" {
        taking.in_wal_mode()
    } else {
        taking.under_read_lock()
    };
    let snapshot = taken.map_err(|error| match error {
        TakeError::Sqlite(error) => failed(&held, error),
        TakeError::Ours(error) => error,
    })?;
    check_length(&held)?;
    notes.extend(access_note(&held, &found));
    notes.extend(created_note(&held, &beside));
    finish(held, &found, snapshot, notes)
}

/// How the file can be read, found by trying.
struct Found {
    access: Access,
    journal_mode: String,
}

fn find_access(held: &HeldFile, header: Header, busy: Duration) -> Result<Found> {
    match journal_mode(held, busy) {
        Ok(journal_mode) => Ok(Found { access: Access::Read, journal_mode }),
        Err(error) if header.wal && classify(&error) == Failure::CannotOpen => {
            // Without locks SQLite reads neither file: it would see an older or a half-written state.
            if ["-wal", "-journal"].iter().any(|suffix| side_bytes(&held.beside(suffix)) > 0) {
                return Err(explain(held.path(), error));
            }
            Ok(Found { access: Access::Immutable, journal_mode: "wal".to_owned() })
        }
        Err(error) => Err(failed(held, error)),
    }
}

fn journal_mode(held: &HeldFile, busy: Duration) -> rusqlite::Result<String> {
    let connection = connect(held.path(), Access::Read, busy)?;
    begin(&connection)?;
    connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))
}

/// A cut file shows itself to SQLite as a damaged one, if at all: the better reason goes first.
fn failed(held: &HeldFile, error: rusqlite::Error) -> Error {
    if classify(&error) == Failure::Damaged
        && let Err(cut) = check_length(held)
    {
        return cut.cause(error);
    }
    explain(held.path(), error)
}

fn finish(held: HeldFile, found: &Found, snapshot: Snapshot, mut notes: Vec<Finding>) -> Result<Source> {
    notes.extend(snapshot.notes);
    let describe = |error| explain(held.path(), error);
    let mut stand_ins = Vec::new();
    for connection in &snapshot.connections {
        stand_ins = collation::supply_named(connection).map_err(describe)?;
    }
    notes.extend(stand_ins.iter().map(|name| stand_in_note(name)));
    let Some(first) = snapshot.connections.first() else {
        return Err(Error::internal("the source has no read connection"));
    };
    let facts = SourceFacts {
        path: held.path().to_owned(),
        bytes: snapshot.fingerprint.size_bytes,
        page_size: first.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(describe)?,
        encoding: encoding(first).map_err(describe)?,
        journal_mode: found.journal_mode.clone(),
        wal_bytes: snapshot.fingerprint.wal_bytes,
        application_id: first.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(describe)?,
        user_version: first.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(describe)?,
        sqlite_version: rusqlite::version().to_owned(),
        notes,
    };
    let pages: u32 = first.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(describe)?;
    let kept = Kept {
        is_locked: found.journal_mode != "wal" || found.access == Access::Immutable,
        bytes_min: facts.bytes.min(u64::from(pages) * u64::from(facts.page_size)),
    };
    let readers = Readers::new(snapshot.connections);
    Ok(Source { readers, facts, fingerprint: snapshot.fingerprint, stand_ins, kept, held })
}

fn encoding(connection: &Connection) -> rusqlite::Result<Encoding> {
    let name: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    Ok(match name.as_str() {
        "UTF-16le" => Encoding::Utf16le,
        "UTF-16be" => Encoding::Utf16be,
        _ => Encoding::Utf8,
    })
}

fn side_files(held: &HeldFile) -> [PathBuf; 2] {
    [held.beside("-wal"), held.beside("-shm")]
}

fn note(code: &str, held: &HeldFile, message: String) -> Finding {
    Finding::new(code, Severity::Note, held.path().display().to_string(), message)
}

fn header_note(held: &HeldFile, header: Header) -> Option<Finding> {
    (header.reserved_bytes > 0).then(|| {
        let reserved = header.reserved_bytes;
        note("W_RESERVED_BYTES", held, format!("{reserved} bytes of each page are reserved for an extension"))
            .fix("nothing to do if the tables read well; an encryption extension may have written it")
    })
}

fn access_note(held: &HeldFile, found: &Found) -> Option<Finding> {
    if found.access == Access::Immutable {
        let message =
            "read without locks, since nothing can be written beside it: nobody may write it meanwhile";
        Some(
            note("W_IMMUTABLE", held, message.to_owned())
                .fix("let this user write its directory, or use a copy, if another program may write it"),
        )
    } else {
        (found.journal_mode != "wal").then(|| writers_wait_note(held))
    }
}

fn created_note(held: &HeldFile, missing_before: &[PathBuf]) -> Option<Finding> {
    let created: Vec<String> =
        missing_before.iter().filter(|path| path.exists()).map(|path| path.display().to_string()).collect();
    (!created.is_empty()).then(|| {
        note(
            "W_FILES_CREATED",
            held,
            format!("SQLite created {} to read a WAL database", created.join(" and ")),
        )
        .count(created.len() as u64)
        .fix("leave them to the application, or delete them when no program has the database open")
    })
}

fn stand_in_note(name: &str) -> Finding {
    let message = "only the application knows this collation: its order and equality cannot be carried";
    Finding::new("W_COLLATION", Severity::Note, name, message)
}
