//! One pass over a range of one table, in key order, straight from the table's own b-tree.
//!
//! A covering index is never read instead (`NOT INDEXED`, semantics.md §4.2): where index and table disagree, the table is right.
//! Rows are lent, not owned: a [`RowView`] lives as long as SQLite stands on its row.
//!
//! A row with a BLOB above [`crate::limits::LARGE_BLOB_BYTES_MIN`] is read in another way (`large.rs`): SQLite itself finds it, for
//! it may hold no longer value while it scans, so that other rows pay nothing for the question.
//!
//! The changes that a configuration asks for are made here, so that whoever reads a planned column sees the same values:
//! the copy, the trial before it, and every digest after it.

use super::aside::order_by;
use super::connect::planted;
use super::filter::condition;
use super::large::{self, LargeBlob, LengthLimit};
use crate::checkpoint::ScanRange;
use crate::cleanse::{self, Change};
use crate::config::Cleanse;
use crate::error::{Error, Result};
use crate::failpoint::{SOURCE_PREPARE, SOURCE_STEP};
use crate::ident::quote;
use crate::value::Value;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};
use std::cell::OnceCell;

/// What to read of a table.
#[derive(Debug, Clone)]
pub struct ScanSpec {
    pub(super) table: String,
    pub(super) key: Option<String>,
    filter: Option<String>,
    order: Vec<String>,
    pub(super) columns: Vec<ScanColumn>,
    utf16: Option<Endian>,
    /// cells are decoded or changed as the row is reached; false for most tables, and then `RowView::value` only borrows
    prepares: bool,
    /// some column's `large_bytes` is set
    has_large: bool,
    /// large BLOBs are read whole: of a table with generated columns SQLite opens none by itself
    whole: bool,
    /// the column that is the key itself, so that it need not be read twice
    key_column: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct ScanColumn {
    pub(super) name: String,
    stored_bytes: bool,
    cleanse: Cleanse,
    /// length of the BLOB that is left out of the statement, in the one row that it is for
    pub(super) large_bytes: Option<u64>,
}

/// Byte order of a UTF-16 file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// UTF-16le
    Little,
    /// UTF-16be
    Big,
}

/// Columns of which one integer says whether they are texts: a result of its own for each would be more results than a
/// statement may have, where a table has a thousand columns.
const TEXT_BITS: usize = 32;

/// Which of the columns are texts, a bit for each from the lowest on.
fn text_bits(columns: &[ScanColumn]) -> String {
    let bit = |(i, column): (usize, &ScanColumn)| match column.large_bytes {
        None => format!("((typeof({}) = 'text') << {i})", quote(&column.name)),
        Some(_) => "0".to_owned(),
    };
    columns.iter().enumerate().map(bit).collect::<Vec<_>>().join(" + ")
}

impl ScanSpec {
    /// All rows of `table`, by the rowid under the name `key` where the table has one.
    pub fn new(table: &str, key: Option<&str>, utf16: Option<Endian>) -> ScanSpec {
        let prepares = utf16.is_some();
        let key = key.map(str::to_owned);
        let order = Vec::new();
        let (table, columns) = (table.to_owned(), Vec::new());
        let (filter, key_column, has_large, whole) = (None, None, false, false);
        ScanSpec { table, key, filter, order, columns, utf16, prepares, has_large, whole, key_column }
    }

    /// Reads every value whole where the table `has_generated` columns.
    pub fn whole_where(mut self, has_generated: bool) -> ScanSpec {
        self.whole = has_generated;
        self
    }

    /// The same without the BLOBs of these lengths, one per column.
    pub(super) fn without(&self, large_bytes: &[Option<u64>]) -> ScanSpec {
        let mut spec = self.clone();
        for (column, bytes) in spec.columns.iter_mut().zip(large_bytes) {
            column.large_bytes = *bytes;
        }
        spec.has_large = large_bytes.iter().any(Option::is_some);
        spec.prepares |= spec.has_large;
        spec
    }

    /// Only rows that meet the expression, which `sqlite::filter` has checked.
    pub fn filter(mut self, expression: Option<&str>) -> ScanSpec {
        self.filter = expression.map(str::to_owned);
        self
    }

    /// The rows of a table without a rowid in the order of its primary key's `columns`, so that their numbers are the same
    /// in every scan.
    pub fn numbered_by(&mut self, columns: &[String]) {
        self.order = columns.to_vec();
    }

    /// Adds a column; `stored_bytes` leaves a UTF-16 text as it is stored.
    pub fn column(&mut self, name: &str, stored_bytes: bool) {
        self.changed_column(name, stored_bytes, Cleanse::default());
    }

    /// Adds a column whose values are changed first.
    pub fn changed_column(&mut self, name: &str, stored_bytes: bool, cleanse: Cleanse) {
        self.prepares |= !cleanse.is_none();
        if self.utf16.is_none() && self.key.as_ref().is_some_and(|key| key.eq_ignore_ascii_case(name)) {
            self.key_column = Some(self.columns.len());
        }
        self.columns.push(ScanColumn { name: name.to_owned(), stored_bytes, cleanse, large_bytes: None });
    }

    /// Where the first column asked for is in the statement's result: behind the key, unless one of them is the key.
    fn first(&self) -> usize {
        usize::from(self.key_column.is_none())
    }

    /// The statement: the key first, unless a column is the key, then each column; in a UTF-16 file each column as bytes, and
    /// behind them which of them are texts, because the UTF-8 accessor would repair broken text silently (semantics.md §2.2).
    fn sql(&self, range: &ScanRange) -> String {
        let mut results: Vec<String> =
            self.key_column.is_none().then(|| self.key_name()).into_iter().collect();
        results.extend(self.columns.iter().map(|column| {
            let name = quote(&column.name);
            match (self.utf16, column.large_bytes) {
                (None, None) => name,
                (Some(_), None) => {
                    format!("CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END")
                }
                (_, Some(_)) => "NULL".to_owned(),
            }
        }));
        if self.utf16.is_some() {
            results.extend(self.columns.chunks(TEXT_BITS).map(text_bits));
        }
        self.select(&results, range)
    }

    /// The rowid under its name, or NULL.
    pub(super) fn key_name(&self) -> String {
        self.key.as_deref().map_or_else(|| "NULL".to_owned(), quote)
    }

    /// A statement for the rows of `range` in their order; its parameters are [`ScanSpec::bounds`].
    pub(super) fn select(&self, results: &[String], range: &ScanRange) -> String {
        let key = self.key_name();
        let mut sql = format!("SELECT {}", results.join(", "));
        sql.push_str(&format!(" FROM main.{} NOT INDEXED", quote(&self.table)));
        let mut conditions: Vec<String> = self.filter.as_deref().map(condition).into_iter().collect();
        if self.key.is_some() {
            let bounds =
                [(range.lo, ">="), (range.hi, "<=")].into_iter().filter(|(bound, _)| bound.is_some());
            let numbered = bounds.enumerate();
            conditions.extend(numbered.map(|(i, (_, operator))| format!("{key} {operator} ?{}", i + 1)));
        }
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        if self.key.is_some() {
            sql.push_str(&format!(" ORDER BY {key}"));
        } else if !self.order.is_empty() {
            sql.push_str(&format!(" {}", order_by(&self.order)));
        }
        sql
    }

    /// What stands for the parameters of a statement.
    pub(super) fn bounds(&self, range: &ScanRange) -> impl Iterator<Item = i64> {
        let has_key = self.key.is_some();
        [range.lo, range.hi].into_iter().flatten().filter(move |_| has_key)
    }
}

/// The row that SQLite stands on.
#[derive(Debug)]
pub struct RowView<'a> {
    connection: &'a Connection,
    row: &'a Row<'a>,
    spec: &'a ScanSpec,
    first: usize,
    cells: &'a [Cell],
}

/// What was made of a cell as the row was reached. The buffer outlives the row.
#[derive(Debug, Default)]
struct Cell {
    bytes: Vec<u8>,
    now: Now,
    /// a large BLOB, once somebody asked for it as a value
    whole: OnceCell<Vec<u8>>,
}

/// Where a cell's value is.
#[derive(Debug, Default, Clone, Copy)]
enum Now {
    /// with SQLite, as it is stored
    #[default]
    Stored,
    /// a text in the cell's buffer
    Text,
    /// nowhere: it became NULL
    Null,
    /// with SQLite, and not in the row
    Large,
}

impl RowView<'_> {
    /// The rowid; none where the scan has no key.
    pub fn key(&self) -> Option<i64> {
        match self.row.get_ref(self.spec.key_column.unwrap_or(0)) {
            Ok(ValueRef::Integer(key)) => Some(key),
            _ => None,
        }
    }

    /// The cell of the `i`th column asked for.
    #[inline]
    pub fn value(&self, i: usize) -> Result<Value<'_>> {
        if self.spec.prepares {
            return self.prepared_value(i);
        }
        self.row.get_ref(i + self.first).map(borrow).map_err(|error| unreadable(&self.spec.table, error))
    }

    /// Whether [`RowView::large`] has anything to give in this row.
    #[inline]
    pub fn has_large(&self) -> bool {
        self.spec.has_large
    }

    /// The cell as a BLOB that is read in slices, where it is above [`crate::limits::LARGE_BLOB_BYTES_MIN`]. [`RowView::value`] gives it
    /// too, but holds it whole.
    #[inline]
    pub fn large(&self, i: usize) -> Option<LargeBlob<'_>> {
        if !self.spec.has_large {
            return None;
        }
        let bytes = self.spec.columns.get(i)?.large_bytes?;
        Some(LargeBlob::new(self.connection, self.spec, i, self.key()?, bytes))
    }

    /// The same cell as it is stored: unchanged, and the bytes of a text in the file's own encoding.
    pub fn stored_value(&self, i: usize) -> Result<Value<'_>> {
        if self.spec.has_large && self.spec.columns[i].large_bytes.is_some() {
            return self.prepared_value(i);
        }
        stored_value(self.row, self.spec, i).map_err(|error| unreadable(&self.spec.table, error))
    }

    fn prepared_value(&self, i: usize) -> Result<Value<'_>> {
        let Cell { bytes, now, whole } = &self.cells[i];
        match now {
            Now::Stored => self.stored_value(i),
            Now::Text => Ok(Value::Text(bytes)),
            Now::Null => Ok(Value::Null),
            Now::Large => self.whole(i, whole),
        }
    }

    #[cold]
    fn whole<'a>(&'a self, i: usize, whole: &'a OnceCell<Vec<u8>>) -> Result<Value<'a>> {
        if let Some(bytes) = whole.get() {
            return Ok(Value::Blob(bytes));
        }
        let blob = self.large(i).ok_or_else(|| Error::internal("a BLOB was left out of its row"))?;
        let bytes = blob.whole()?;
        Ok(Value::Blob(whole.get_or_init(|| bytes)))
    }
}

fn stored_value<'a>(row: &'a Row<'_>, spec: &ScanSpec, i: usize) -> rusqlite::Result<Value<'a>> {
    if spec.utf16.is_none() {
        return row.get_ref(i + spec.first()).map(borrow);
    }
    let value = borrow(row.get_ref(1 + i)?);
    let bits = 1 + spec.columns.len() + i / TEXT_BITS;
    let is_text = |bits| matches!(bits, ValueRef::Integer(bits) if bits >> (i % TEXT_BITS) & 1 == 1);
    Ok(match value {
        Value::Blob(bytes) if is_text(row.get_ref(bits)?) => Value::Text(bytes),
        other => other,
    })
}

#[inline]
fn borrow(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(bytes) => Value::Text(bytes),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

/// Lends each row of `range` to `each`, until it fails or the rows end.
///
/// # Errors
/// A source fault where SQLite cannot read on; whatever `each` returns.
pub fn scan(
    connection: &Connection,
    spec: &ScanSpec,
    range: &ScanRange,
    mut each: impl FnMut(&RowView<'_>) -> Result<()>,
) -> Result<()> {
    // A filter may look at long values of other tables, too: under the limit each row of this one would stop there.
    if spec.key.is_none() || spec.filter.is_some() || spec.whole {
        return rows(connection, spec, range, &mut each).map(drop);
    }
    let mut left = *range;
    loop {
        let limit = LengthLimit::lower(connection).map_err(|error| unreadable(&spec.table, error))?;
        let Stopped::AtLarge(passed) = rows(connection, spec, &left, &mut each)? else { return Ok(()) };
        drop(limit);
        let Some((key, large)) = large::next(connection, spec, &left, passed)? else { return Ok(()) };
        rows(connection, &spec.without(&large), &ScanRange { lo: Some(key), hi: Some(key) }, &mut each)?;
        let Some(next) = key.checked_add(1) else { return Ok(()) };
        left.lo = Some(next);
    }
}

/// Where a pass over rows stopped.
enum Stopped {
    AtEnd,
    /// after so many rows, at one with a longer value than the connection may hold now
    AtLarge(u64),
}

fn rows(
    connection: &Connection,
    spec: &ScanSpec,
    range: &ScanRange,
    each: &mut impl FnMut(&RowView<'_>) -> Result<()>,
) -> Result<Stopped> {
    let unreadable = |error| unreadable(&spec.table, error);
    planted(SOURCE_PREPARE).map_err(unreadable)?;
    let mut statement = connection.prepare(&spec.sql(range)).map_err(unreadable)?;
    let mut rows = statement.query(params_from_iter(spec.bounds(range))).map_err(unreadable)?;
    let mut cells = Vec::new();
    cells.resize_with(if spec.prepares { spec.columns.len() } else { 0 }, Cell::default);
    let (mut spare, first, mut passed) = (Vec::new(), spec.first(), 0);
    loop {
        let row = match planted(SOURCE_STEP).and_then(|()| rows.next()) {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Stopped::AtEnd),
            Err(error) if large::is_too_big(&error) && LengthLimit::is_low(connection) => {
                return Ok(Stopped::AtLarge(passed));
            }
            Err(error) => return Err(unreadable(error)),
        };
        if spec.prepares {
            prepare_row(row, spec, &mut cells, &mut spare).map_err(unreadable)?;
        }
        each(&RowView { connection, row, spec, first, cells: &cells })?;
        passed += 1;
    }
}

/// Decodes the texts of a UTF-16 file, and makes the changes that the configuration asked for.
fn prepare_row(
    row: &Row<'_>,
    spec: &ScanSpec,
    cells: &mut [Cell],
    spare: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    for (i, (column, cell)) in spec.columns.iter().zip(cells).enumerate() {
        if column.large_bytes.is_some() {
            cell.now = Now::Large;
            continue;
        }
        cell.now = Now::Stored;
        let mut value = stored_value(row, spec, i)?;
        if let (Value::Text(bytes), Some(endian), false) = (value, spec.utf16, column.stored_bytes) {
            decode_utf16(bytes, endian, &mut cell.bytes);
            cell.now = Now::Text;
            value = Value::Text(&cell.bytes);
        }
        if column.cleanse.is_none() {
            continue;
        }
        match cleanse::change(value, &column.cleanse, spare) {
            Change::Kept => {}
            Change::Null => cell.now = Now::Null,
            Change::Text => {
                std::mem::swap(&mut cell.bytes, spare);
                cell.now = Now::Text;
            }
        }
    }
    Ok(())
}

/// UTF-16 to UTF-8. What is broken stays broken: an unpaired surrogate becomes its three bytes, which no strict
/// UTF-8 reader takes, and an odd last byte becomes FF; so the profile and the encoder see that the text is not valid.
fn decode_utf16(bytes: &[u8], endian: Endian, out: &mut Vec<u8>) {
    out.clear();
    let unit = |pair: &[u8]| match endian {
        Endian::Little => u16::from_le_bytes([pair[0], pair[1]]),
        Endian::Big => u16::from_be_bytes([pair[0], pair[1]]),
    };
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    for decoded in char::decode_utf16(pairs.map(unit)) {
        match decoded {
            Ok(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                out.extend([
                    0xe0 | (unit >> 12) as u8,
                    0x80 | (unit >> 6 & 0x3f) as u8,
                    0x80 | (unit & 0x3f) as u8,
                ]);
            }
        }
    }
    if odd {
        out.push(0xff);
    }
}

pub(super) fn unreadable(table: &str, error: rusqlite::Error) -> Error {
    if let Some(rusqlite::ErrorCode::OperationInterrupted) = error.sqlite_error_code() {
        return Error::new(crate::error::ErrorKind::Interrupted, "stopped while reading")
            .at(format!("table \"{table}\""));
    }
    Error::source_fault("the rows cannot be read to their end")
        .at(format!("table \"{table}\""))
        .cause(error)
        .remedy("run `sqlite3 FILE 'PRAGMA integrity_check'`; restore the file from a backup or recover it with `.recover`")
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
