//! The hashes of rows, value by value, from either side: of one row, or of all rows of a table into the digests of its
//! chunks. Both give a row the same hash.

use super::batch::Batch;
use super::hash::RowHash;
use super::multiset::MultisetDigest;
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
    #[inline]
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
    #[inline]
    pub fn target_field(&mut self, field: Option<&[u8]>, mapping: &Mapping) {
        field::target_field(&mut self.sink, &mut self.scratch, field, mapping);
        self.sink.end_value();
    }

    /// The hash of the row; the next value begins a new one.
    pub fn finish(&mut self) -> RowHash {
        self.sink.finish()
    }
}

/// Digests all rows of a table, chunk by chunk: the values of a row in column order, then [`ChunkDigests::end_row`].
///
/// Many times faster than a [`RowHasher`], because short rows are hashed sixteen at once. So the digests lack some rows
/// until [`ChunkDigests::finish`]. Memory: two rows, and 139 KB for those that wait.
#[derive(Debug)]
pub struct ChunkDigests {
    row: RowHasher,
    batch: Batch,
    /// at least one
    digests: Vec<MultisetDigest>,
}

impl ChunkDigests {
    /// For the table whose key is [`super::table_key`], with so many chunks; at least one there is.
    pub fn new(key: [u8; 32], chunks: usize) -> ChunkDigests {
        let digests = vec![MultisetDigest::default(); chunks.max(1)];
        ChunkDigests { row: RowHasher::new(key), batch: Batch::new(&key), digests }
    }

    /// Takes the values of the row; [`ChunkDigests::end_row`] ends it, never [`RowHasher::finish`].
    #[inline]
    pub fn row(&mut self) -> &mut RowHasher {
        &mut self.row
    }

    /// Adds the row to its chunk; one beyond the last chunk goes to the last. The next value begins a new row.
    #[inline]
    pub fn end_row(&mut self, chunk: usize) {
        let chunk = chunk.min(self.digests.len() - 1);
        match self.row.sink.short_row() {
            Some(row) => {
                self.batch.push(row, chunk, &mut self.digests);
                self.row.sink.clear();
            }
            None => self.digests[chunk].add(&self.row.finish()),
        }
    }

    /// The digests of all chunks.
    pub fn finish(mut self) -> Vec<MultisetDigest> {
        self.batch.flush(&mut self.digests);
        self.digests
    }

    /// The digest of all rows, whatever chunk they are of.
    pub fn finish_as_one(self) -> MultisetDigest {
        let mut total = MultisetDigest::default();
        self.finish().iter().for_each(|digest| total.merge(digest));
        total
    }
}
