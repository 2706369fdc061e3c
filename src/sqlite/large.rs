//! BLOBs above [`LARGE_BLOB_BYTES_MIN`], read in slices through SQLite's incremental I/O, so that memory does not grow with them.
//!
//! A scan does not ask each cell for its length. The connection's own limit for values is lowered while it runs: SQLite stops
//! at the first longer value, before it takes memory for it, and that one row is then read without its large BLOBs. A table without
//! a rowid is read as ever, for incremental I/O needs one; and so is a TEXT, which must be looked at whole to be understood.

use super::connect::planted;
use super::scan::{ScanSpec, unreadable};
use crate::checkpoint::ScanRange;
use crate::error::{Error, Result};
use crate::failpoint::SOURCE_SLICE;
use crate::ident::quote;
use crate::limits::{FRAME_BYTES, LARGE_BLOB_BYTES_MIN};
use rusqlite::blob::Blob;
use rusqlite::ffi::{SQLITE_ABORT, SQLITE_ERROR};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};

/// A connection that holds no value above [`LARGE_BLOB_BYTES_MIN`], until this is dropped.
pub(super) struct LengthLimit<'a> {
    connection: &'a Connection,
    before: i32,
}

impl<'a> LengthLimit<'a> {
    pub(super) fn lower(connection: &'a Connection) -> rusqlite::Result<LengthLimit<'a>> {
        let before = connection.limit(Limit::SQLITE_LIMIT_LENGTH)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGE_BLOB_BYTES_MIN)?;
        Ok(LengthLimit { connection, before })
    }

    pub(super) fn is_low(connection: &Connection) -> bool {
        connection.limit(Limit::SQLITE_LIMIT_LENGTH).is_ok_and(|bytes| bytes <= LARGE_BLOB_BYTES_MIN)
    }
}

impl Drop for LengthLimit<'_> {
    fn drop(&mut self) {
        // It can only fail for a limit that there is not.
        let _ = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, self.before);
    }
}

pub(super) fn is_too_big(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::TooBig)
}

/// The key of the row behind the first `passed` ones of `range`, and per column the length of its BLOB where that is large.
pub(super) fn next(
    connection: &Connection,
    spec: &ScanSpec,
    range: &ScanRange,
    passed: u64,
) -> Result<Option<(i64, Vec<Option<u64>>)>> {
    let mut range = *range;
    if let Some(before) = passed.checked_sub(1) {
        let last =
            key_at(connection, spec, &range, before).map_err(|error| unreadable(&spec.table, error))?;
        let Some(next) = last.and_then(|key| key.checked_add(1)) else { return Ok(None) };
        range.lo = Some(next);
    }
    lengths(connection, spec, &range).map_err(|error| unreadable(&spec.table, error))
}

/// The key of the row behind `passed` others.
fn key_at(
    connection: &Connection,
    spec: &ScanSpec,
    range: &ScanRange,
    passed: u64,
) -> rusqlite::Result<Option<i64>> {
    let keys = spec.select(&[format!("{} AS k", spec.key_name())], range);
    let sql = format!("SELECT max(k) FROM ({keys} LIMIT {})", passed.saturating_add(1));
    connection.query_row(&sql, params_from_iter(spec.bounds(range)), |row| row.get(0))
}

/// Key and lengths of the first row of `range`; neither `typeof` nor `octet_length` reads the value.
fn lengths(
    connection: &Connection,
    spec: &ScanSpec,
    range: &ScanRange,
) -> rusqlite::Result<Option<(i64, Vec<Option<u64>>)>> {
    let lengths = spec.columns.iter().map(|column| {
        let name = quote(&column.name);
        format!(
            "CASE WHEN typeof({name}) = 'blob' AND octet_length({name}) > {LARGE_BLOB_BYTES_MIN} THEN octet_length({name}) END"
        )
    });
    let results: Vec<String> = std::iter::once(spec.key_name()).chain(lengths).collect();
    let sql = format!("{} LIMIT 1", spec.select(&results, range));
    let mut statement = connection.prepare(&sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        let length = |i| Ok(row.get::<_, Option<i64>>(i + 1)?.map(i64::cast_unsigned));
        let lengths = (0..spec.columns.len()).map(length).collect::<rusqlite::Result<_>>()?;
        Ok((row.get(0)?, lengths))
    };
    statement.query_row(params_from_iter(spec.bounds(range)), read).optional()
}

/// A BLOB of the row that a scan stands on, which is not in memory.
#[derive(Debug, Clone, Copy)]
pub struct LargeBlob<'a> {
    connection: &'a Connection,
    spec: &'a ScanSpec,
    column: usize,
    key: i64,
    bytes: u64,
}

impl<'a> LargeBlob<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        spec: &'a ScanSpec,
        column: usize,
        key: i64,
        bytes: u64,
    ) -> LargeBlob<'a> {
        LargeBlob { connection, spec, column, key, bytes }
    }

    /// Its length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its bytes in slices, from the first.
    ///
    /// # Errors
    /// A source fault where it cannot be read, or is not what the scan found.
    pub fn slices(&self) -> Result<Slices<'a>> {
        let table = self.spec.table.as_str();
        let from = match self.connection.blob_open(c"main", table, self.name(), self.key, true) {
            Ok(handle) if handle.len() as u64 == self.bytes => From::Handle(handle),
            Ok(_) => return Err(self.changed(None)),
            // Incremental I/O is not for every table: one with generated columns is read through the column.
            Err(error) if is_plain_error(&error) => From::Column(self.through_column()?),
            Err(error) => return Err(self.unreadable(error)),
        };
        Ok(Slices { blob: *self, from, at: 0, buffer: Vec::new() })
    }

    /// All of it, in memory.
    pub(super) fn whole(&self) -> Result<Vec<u8>> {
        let mut whole = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default());
        let mut slices = self.slices()?;
        while let Some(slice) = slices.next_slice()? {
            whole.extend_from_slice(slice);
        }
        Ok(whole)
    }

    fn name(&self) -> &'a str {
        self.spec.columns.get(self.column).map_or("", |column| column.name.as_str())
    }

    fn through_column(&self) -> Result<Vec<u8>> {
        let (name, table, key) = (quote(self.name()), quote(&self.spec.table), self.spec.key_name());
        let sql = format!("SELECT {name} FROM main.{table} NOT INDEXED WHERE {key} = ?1");
        let read = |row: &rusqlite::Row<'_>| match row.get_ref(0)? {
            ValueRef::Blob(bytes) if bytes.len() as u64 == self.bytes => Ok(Some(bytes.to_vec())),
            _ => Ok(None),
        };
        let found = self.connection.query_row(&sql, [self.key], read).optional();
        found.map_err(|error| self.unreadable(error))?.flatten().ok_or_else(|| self.changed(None))
    }

    fn place(&self) -> String {
        format!("table \"{}\", column \"{}\", rowid {}", self.spec.table, self.name(), self.key)
    }

    #[cold]
    fn unreadable(&self, error: rusqlite::Error) -> Error {
        if error.sqlite_extended_error_code().is_some_and(|code| code & 0xff == SQLITE_ABORT) {
            return self.changed(Some(error));
        }
        unreadable(&self.spec.table, error).at(self.place())
    }

    #[cold]
    fn changed(&self, cause: Option<rusqlite::Error>) -> Error {
        let error = Error::source_fault("the value was changed while it was read")
            .at(self.place())
            .remedy("stop the program that writes the file, then run the same command again");
        match cause {
            Some(cause) => error.cause(cause),
            None => error,
        }
    }
}

/// The code that tells of no fault of the file: that SQLite does not open such a value, or that a view names what is not there.
pub(super) fn is_plain_error(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code() == Some(SQLITE_ERROR)
}

/// A large BLOB on its way, [`FRAME_BYTES`] at a time.
pub struct Slices<'a> {
    blob: LargeBlob<'a>,
    from: From<'a>,
    at: usize,
    buffer: Vec<u8>,
}

enum From<'a> {
    Handle(Blob<'a>),
    /// the value, held whole
    Column(Vec<u8>),
}

impl Slices<'_> {
    /// The next slice; none at the end, when as many bytes have come as [`LargeBlob::bytes`] said.
    ///
    /// # Errors
    /// A source fault that names the row.
    pub fn next_slice(&mut self) -> Result<Option<&[u8]>> {
        let left = usize::try_from(self.blob.bytes).unwrap_or(usize::MAX).saturating_sub(self.at);
        let now = left.min(FRAME_BYTES);
        if now == 0 {
            return Ok(None);
        }
        planted(SOURCE_SLICE).map_err(|error| self.blob.unreadable(error))?;
        let at = self.at;
        self.at += now;
        match &self.from {
            From::Column(bytes) => Ok(bytes.get(at..at + now)),
            From::Handle(handle) => {
                self.buffer.resize(now, 0);
                let read = handle.read_at_exact(&mut self.buffer, at);
                read.map_err(|error| self.blob.unreadable(error))?;
                Ok(Some(&self.buffer))
            }
        }
    }
}

impl std::fmt::Debug for Slices<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slices({}, at {} of {} bytes)", self.blob.place(), self.at, self.blob.bytes)
    }
}

#[cfg(test)]
#[path = "large_tests.rs"]
mod tests;
