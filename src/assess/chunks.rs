//! Where a table is cut: key ranges of about equal weight.

use crate::checkpoint::{ChunkSpec, ScanRange};

/// Cuts a walk in key order into ranges of about equal weight. The first range is open below and the last above.
#[derive(Debug)]
pub(super) struct ChunkCutter {
    bytes_max: u64,
    rows_max: u64,
    chunks: Vec<ChunkSpec>,
    lo: Option<i64>,
    rows: u64,
    bytes: u64,
    full: bool,
    last: Option<i64>,
}

impl ChunkCutter {
    /// Ranges of at most so many bytes and rows.
    pub(super) fn new(bytes_max: u64, rows_max: u64) -> ChunkCutter {
        ChunkCutter {
            bytes_max,
            rows_max,
            chunks: Vec::new(),
            lo: None,
            rows: 0,
            bytes: 0,
            full: false,
            last: None,
        }
    }

    /// Takes the next row of the walk; one without a key cannot be the end of a range.
    #[inline]
    pub(super) fn row(&mut self, key: Option<i64>, weight: u64) {
        if self.full {
            // Only now is it known that another row follows, so that no empty chunk comes last.
            self.close(self.last);
            self.lo = self.last.and_then(|last| last.checked_add(1));
        }
        self.rows += 1;
        self.bytes += weight;
        self.full = key.is_some() && (self.bytes >= self.bytes_max || self.rows >= self.rows_max);
        self.last = key;
    }

    fn close(&mut self, hi: Option<i64>) {
        let index = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let range = ScanRange { lo: self.lo, hi };
        self.chunks.push(ChunkSpec { index, range, rows: self.rows, bytes: self.bytes });
        (self.rows, self.bytes, self.full) = (0, 0, false);
    }

    /// The ranges, never none.
    pub(super) fn finish(mut self) -> Vec<ChunkSpec> {
        self.close(None);
        self.chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_once() {
        let mut cutter = ChunkCutter::new(u64::MAX, 2);
        for key in [-9, -3, 0, 7, i64::MAX] {
            cutter.row(Some(key), 10);
        }
        let ranges: Vec<_> =
            cutter.finish().iter().map(|chunk| (chunk.range.lo, chunk.range.hi, chunk.rows)).collect();
        assert_eq!(ranges, [(None, Some(-3), 2), (Some(-2), Some(7), 2), (Some(8), None, 1)]);
    }

    #[test]
    fn a_full_last_chunk_is_not_followed_by_an_empty_one() {
        let mut cutter = ChunkCutter::new(20, 100);
        cutter.row(Some(1), 10);
        cutter.row(Some(2), 10);
        assert_eq!(cutter.finish().len(), 1);
        assert_eq!(ChunkCutter::new(1, 1).finish().len(), 1, "an empty table has one empty chunk");
    }

    #[test]
    fn tables_without_a_key_are_one_chunk() {
        let mut cutter = ChunkCutter::new(1, 1);
        (0..5).for_each(|_| cutter.row(None, 10));
        let chunks = cutter.finish();
        assert_eq!((chunks.len(), chunks[0].rows), (1, 5));
    }
}
