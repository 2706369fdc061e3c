//! The hash of one row, value by value, from either side.

use super::hash::RowHash;
use super::scratch::Scratch;
use super::sink::Sink;
use super::{canonical, field};
use crate::plan::types::Mapping;
use crate::value::Value;

/// Hashes one row after the other: its values in column order, then [`RowHasher::finish`].
///
/// One hasher serves one table; values of the source and fields of the target are not mixed within a row.
#[derive(Debug)]
pub struct RowHasher {
    sink: Sink,
    scratch: Scratch,
}

impl RowHasher {
    /// A hasher for the table whose key is [`super::table_key`].
    pub fn new(key: [u8; 32]) -> RowHasher {
        RowHasher { sink: Sink::new(key), scratch: Scratch::default() }
    }

    /// The next value of the source's row.
    pub fn source_value(&mut self, value: Value<'_>, mapping: &Mapping) {
        canonical::source_value(&mut self.sink, &mut self.scratch, value, mapping);
        self.sink.end_value();
    }

    /// The next value of the source's row where it is a BLOB of `bytes` that comes in slices: exactly so many bytes must follow by
    /// [`RowHasher::source_slice`]. False where the value is NULL, because it belongs to another part of a split column: then none may.
    /// Only for BLOBs above [`crate::limits::LARGE_BLOB_BYTES_MIN`]: a small one could be a UUID.
    pub fn begin_source_blob(&mut self, bytes: u64, mapping: &Mapping) -> bool {
        canonical::begin_blob(&mut self.sink, bytes, mapping)
    }

    /// The next bytes of the BLOB that was begun.
    pub fn source_slice(&mut self, bytes: &[u8]) {
        self.sink.slice(bytes);
    }

    /// The next field of the target's row as binary COPY sends it, `None` for NULL. Texts are expected in UTF-8, so
    /// the session that reads them has `client_encoding = UTF8`.
    pub fn target_field(&mut self, field: Option<&[u8]>, mapping: &Mapping) {
        field::target_field(&mut self.sink, &mut self.scratch, field, mapping);
        self.sink.end_value();
    }

    /// The hash of the row; the next value begins a new one.
    pub fn finish(&mut self) -> RowHash {
        self.sink.finish()
    }
}
