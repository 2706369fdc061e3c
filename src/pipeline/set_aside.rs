//! Rows that are set aside, on their way: COPY cannot go into two tables at once, so the reader holds them, a few in memory
//! and more in a temporary file, until the COPY of their chunks has ended; then they follow in the same transaction.
//!
//! The form of a row is that of `cutover.set_aside` (schema/ledger): a value travels from SQLite's own buffer, so that a
//! large one is not held twice.

use crate::assess::aside::{Judge, Why, row_id};
use crate::assess::job::key_text;
use crate::digest::MultisetDigest;
use crate::encode::Frame;
use crate::error::{Error, Result};
use crate::limits::{FRAME_BYTES, SET_ASIDE_MEMORY_BYTES};
use crate::plan::TablePlan;
use crate::postgres::load::LoadTarget;
use crate::sqlite::large::LargeBlob;
use crate::sqlite::scan::RowView;
use crate::value::Value;
use bytes::Bytes;
use std::io::{Read, Seek, Write};
use tempfile::SpooledTempFile;

/// Signature, flags and header extension of a binary COPY, and what ends it (PostgreSQL manual, COPY, "Binary Format").
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = b"\xff\xff";

/// Fields of a row, in the order of `postgres::load`.
const FIELDS: u16 = 14;

/// Types of array elements (pg_type.dat).
const TEXT_OID: u32 = 25;
const BYTEA_OID: u32 = 17;

/// Rows of one chunk that are set aside.
pub(super) struct Aside<'a> {
    judge: Judge<'a>,
    table: &'a TablePlan,
    target: &'a LoadTarget,
    chunk: u32,
    encoding: &'static str,
    columns: Vec<usize>,
    held: Held,
}

/// The rows of all chunks of one transaction, as a binary COPY without its trailer.
pub(super) struct Held {
    spool: SpooledTempFile,
    /// how many
    pub(super) rows: u64,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({} rows)", self.rows)
    }
}

impl<'a> Aside<'a> {
    /// None of this chunk yet, behind those of earlier chunks; `encoding` is that of the file's texts.
    pub(super) fn new(
        judge: Judge<'a>,
        (table, target, chunk): (&'a TablePlan, &'a LoadTarget, u32),
        encoding: &'static str,
        held: Held,
    ) -> Aside<'a> {
        Aside { judge, table, target, chunk, encoding, columns: source_columns(table), held }
    }

    /// Takes the row, where it is to be set aside; `number` is its place in the scan, from 1.
    pub(super) fn takes(&mut self, row: &RowView<'_>, number: u64) -> Result<bool> {
        let Some(why) = self.judge.leaves_out(row, number)? else { return Ok(false) };
        if self.held.rows == 0 {
            self.held.spool.write_all(HEADER).map_err(no_room)?;
        }
        self.held.rows += 1;
        self.write_row(row, why, number)?;
        Ok(true)
    }

    /// The rows of all chunks so far; count and digest of those of this one.
    pub(super) fn into_held(self) -> (Held, MultisetDigest) {
        (self.held, self.judge.left_out())
    }

    fn write_row(&mut self, row: &RowView<'_>, why: Why, number: u64) -> Result<()> {
        let columns = why.columns(self.table);
        let names: Vec<&str> = columns.iter().map(|&i| self.table.columns[i].source.as_str()).collect();
        let concerned = columns.first().map_or(Ok(Stored::Value(Value::Null)), |&i| Stored::of(row, i))?;
        let mut head = FIELDS.to_be_bytes().to_vec();
        put(&mut head, &self.target.source_id.to_be_bytes());
        put(&mut head, self.table.source.as_bytes());
        put(&mut head, &self.chunk.to_be_bytes());
        put(&mut head, &row_id(row, number).to_be_bytes());
        put(&mut head, key_text(row.key(), number).as_bytes());
        put(&mut head, names.join(", ").as_bytes());
        put(&mut head, concerned.class().as_bytes());
        put(&mut head, &(concerned.bytes() as u64).to_be_bytes());
        put(&mut head, why.code().as_bytes());
        put(&mut head, why.sentence(self.table).as_bytes());
        put(&mut head, self.encoding.as_bytes());
        self.write_arrays(row, head)
    }

    /// Names, classes and values, element by element.
    fn write_arrays(&mut self, row: &RowView<'_>, mut head: Vec<u8>) -> Result<()> {
        let count = self.columns.len();
        let names = self.columns.iter().map(|&i| self.table.columns[i].source.as_str());
        put_texts(&mut head, &names.collect::<Vec<_>>());
        let values: Vec<Stored<'_>> =
            self.columns.iter().map(|&i| Stored::of(row, i)).collect::<Result<_>>()?;
        put_texts(&mut head, &values.iter().map(Stored::class).collect::<Vec<_>>());
        let bytes: usize = values.iter().map(|value| 4 + value.bytes()).sum();
        let length = u32::try_from(array_head(BYTEA_OID, count, true).len() + bytes);
        let length = length.map_err(|_| Error::internal("a row of more than 4 GB"))?;
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(&array_head(BYTEA_OID, count, true));
        let spool = &mut self.held.spool;
        spool.write_all(&head).map_err(no_room)?;
        values.iter().try_for_each(|value| match value {
            Stored::Value(value) => write_value(spool, value).map_err(no_room),
            Stored::Large(blob) => write_blob(spool, blob),
        })
    }
}

/// A cell as it is stored: a value, or a BLOB that is not held.
#[derive(Debug)]
enum Stored<'a> {
    Value(Value<'a>),
    Large(LargeBlob<'a>),
}

impl<'a> Stored<'a> {
    fn of(row: &'a RowView<'_>, i: usize) -> Result<Stored<'a>> {
        match row.large(i) {
            Some(blob) => Ok(Stored::Large(blob)),
            None => row.stored_value(i).map(Stored::Value),
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Stored::Value(value) => class(value),
            Stored::Large(_) => class(&Value::Blob(&[])),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Stored::Value(value) => stored_bytes(value),
            Stored::Large(blob) => usize::try_from(blob.bytes()).unwrap_or(usize::MAX),
        }
    }
}

/// The columns of the source, each once: a column that is split has several in the plan.
fn source_columns(table: &TablePlan) -> Vec<usize> {
    let columns = &table.columns;
    let is_first = |i: &usize| columns[..*i].iter().all(|column| column.source != columns[*i].source);
    (0..columns.len()).filter(is_first).collect()
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&(field.len() as u32).to_be_bytes());
    out.extend_from_slice(field);
}

/// An array of texts, none of them NULL.
fn put_texts(out: &mut Vec<u8>, texts: &[&str]) {
    let mut array = array_head(TEXT_OID, texts.len(), false);
    texts.iter().for_each(|text| put(&mut array, text.as_bytes()));
    put(out, &array);
}

/// What precedes the elements: dimensions, whether any is NULL, their type, how many, and the first one's index.
fn array_head(element: u32, count: usize, nulls: bool) -> Vec<u8> {
    let words = [1, u32::from(nulls), element, count as u32, 1];
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// As SQLite's `typeof()` spells it.
fn class(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Integer(_) => "integer",
        Value::Real(_) => "real",
        Value::Text(_) => "text",
        Value::Blob(_) => "blob",
    }
}

fn stored_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::Null => 0,
        Value::Integer(integer) => integer.to_string().len(),
        Value::Real(real) => real_text(*real).len(),
        Value::Text(bytes) | Value::Blob(bytes) => bytes.len(),
    }
}

/// The shortest text that reads back as the same bits, as PostgreSQL's `float8` reads it too.
fn real_text(real: f64) -> String {
    match real {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => format!("{real:e}"),
    }
}

fn write_value(spool: &mut SpooledTempFile, value: &Value<'_>) -> std::io::Result<()> {
    let element = |spool: &mut SpooledTempFile, bytes: &[u8]| {
        spool.write_all(&(bytes.len() as u32).to_be_bytes())?;
        spool.write_all(bytes)
    };
    match value {
        Value::Null => spool.write_all(&(-1i32).to_be_bytes()),
        Value::Integer(integer) => element(spool, integer.to_string().as_bytes()),
        Value::Real(real) => element(spool, real_text(*real).as_bytes()),
        Value::Text(bytes) | Value::Blob(bytes) => element(spool, bytes),
    }
}

fn write_blob(spool: &mut SpooledTempFile, blob: &LargeBlob<'_>) -> Result<()> {
    spool.write_all(&(blob.bytes() as u32).to_be_bytes()).map_err(no_room)?;
    let mut slices = blob.slices()?;
    while let Some(slice) = slices.next_slice()? {
        spool.write_all(slice).map_err(no_room)?;
    }
    Ok(())
}

impl Held {
    /// No rows.
    pub(super) fn none() -> Held {
        Held { spool: SpooledTempFile::new(SET_ASIDE_MEMORY_BYTES), rows: 0 }
    }

    /// Hands the whole stream over, frame by frame; rows are not counted in the frames.
    pub(super) fn hand_over(mut self, hand_over: impl Fn(Frame) -> Result<()>) -> Result<()> {
        self.spool.write_all(TRAILER).and_then(|()| self.spool.rewind()).map_err(no_room)?;
        loop {
            let mut piece = Vec::with_capacity(FRAME_BYTES);
            (&mut self.spool).take(FRAME_BYTES as u64).read_to_end(&mut piece).map_err(no_room)?;
            if piece.is_empty() {
                return Ok(());
            }
            hand_over(Frame { bytes: Bytes::from(piece), rows: 0 })?;
        }
    }
}

fn no_room(error: std::io::Error) -> Error {
    Error::source_fault("the rows that are set aside cannot be kept in a temporary file")
        .cause(error)
        .remedy("make room in the directory for temporary files, or name another in TMPDIR, and run the same command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_real_gives_its_bits_back() {
        for real in [0.1 + 0.2, -0.0, 5e-324, f64::MAX, f64::MIN_POSITIVE, 1e22, 9_007_199_254_740_993.0] {
            assert_eq!(real_text(real).parse::<f64>().unwrap().to_bits(), real.to_bits(), "{real:e}");
        }
        assert_eq!(real_text(f64::NEG_INFINITY), "-Infinity");
    }

    #[test]
    fn lengths_are_those_that_are_written() {
        let values =
            [Value::Null, Value::Integer(i64::MIN), Value::Real(1.5), Value::Text(b"a\0"), Value::Blob(b"")];
        for value in values {
            let mut spool = SpooledTempFile::new(1000);
            write_value(&mut spool, &value).unwrap();
            spool.rewind().unwrap();
            let mut written = Vec::new();
            spool.read_to_end(&mut written).unwrap();
            assert_eq!(written.len(), 4 + stored_bytes(&value), "{value:?}");
        }
    }

    #[test]
    fn many_rows_go_into_a_file_and_come_back_in_frames() {
        let mut held = Held::none();
        let bytes = vec![7; SET_ASIDE_MEMORY_BYTES + 5];
        held.spool.write_all(&bytes).unwrap();
        assert!(held.spool.is_rolled());
        let got = std::cell::RefCell::new(Vec::new());
        held.hand_over(|frame| {
            assert!(frame.bytes.len() <= FRAME_BYTES);
            got.borrow_mut().extend_from_slice(&frame.bytes);
            Ok(())
        })
        .unwrap();
        let got = got.into_inner();
        assert!(got.ends_with(TRAILER) && got[..bytes.len()] == bytes[..] && got.len() == bytes.len() + 2);
    }
}
