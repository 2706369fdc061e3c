//! Where a table is cut: key ranges of about equal weight.

use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::limits::{BLOCK_BYTES, BLOCK_ROWS};

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
    /// key of the row that filled the range
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

    /// Takes the next row of the walk; one without a key cannot be the end of a range. Its key is asked for only where a
    /// range may end with it.
    #[inline]
    pub(super) fn row(&mut self, key: impl FnOnce() -> Option<i64>, weight: u64) {
        if self.full {
            self.begin_next();
        }
        self.rows += 1;
        self.bytes += weight;
        if self.bytes >= self.bytes_max || self.rows >= self.rows_max {
            self.last = key();
            self.full = self.last.is_some();
        }
    }

    /// Takes a block of rows at once, unless a range may end inside it: then its rows are to be taken one by one.
    pub(super) fn block(&mut self, block: &Block) -> bool {
        let (rows, bytes) = if self.full { (0, 0) } else { (self.rows, self.bytes) };
        if bytes + block.bytes >= self.bytes_max || rows + block.rows >= self.rows_max {
            return false;
        }
        if self.full {
            self.begin_next();
        }
        self.rows += block.rows;
        self.bytes += block.bytes;
        true
    }

    /// Only where another row follows is the range closed, so that no empty chunk comes last.
    fn begin_next(&mut self) {
        self.close(self.last);
        self.lo = self.last.and_then(|last| last.checked_add(1));
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

/// Rows that follow each other, weighed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// key of the last row; none for the rows up to the end of the part
    pub(super) last: Option<i64>,
}

/// Weighs a part of a walk in blocks, for a [`ChunkCutter`] that does not know yet where the part begins.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    done: Vec<Block>,
    rows: u64,
    bytes: u64,
}

impl Blocks {
    /// Takes the next row of the part.
    #[inline]
    pub(super) fn row(&mut self, key: impl FnOnce() -> Option<i64>, weight: u64) {
        self.rows += 1;
        self.bytes += weight;
        if self.rows >= BLOCK_ROWS || self.bytes >= BLOCK_BYTES {
            self.close(key());
        }
    }

    fn close(&mut self, last: Option<i64>) {
        self.done.push(Block { rows: self.rows, bytes: self.bytes, last });
        (self.rows, self.bytes) = (0, 0);
    }

    /// The blocks, in key order; none of no rows.
    pub(super) fn finish(mut self) -> Vec<Block> {
        if self.rows > 0 {
            self.close(None);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_once() {
        let mut cutter = ChunkCutter::new(u64::MAX, 2);
        for key in [-9, -3, 0, 7, i64::MAX] {
            cutter.row(|| Some(key), 10);
        }
        let ranges: Vec<_> =
            cutter.finish().iter().map(|chunk| (chunk.range.lo, chunk.range.hi, chunk.rows)).collect();
        assert_eq!(ranges, [(None, Some(-3), 2), (Some(-2), Some(7), 2), (Some(8), None, 1)]);
    }

    #[test]
    fn a_full_last_chunk_is_not_followed_by_an_empty_one() {
        let mut cutter = ChunkCutter::new(20, 100);
        cutter.row(|| Some(1), 10);
        cutter.row(|| Some(2), 10);
        assert_eq!(cutter.finish().len(), 1);
        assert_eq!(ChunkCutter::new(1, 1).finish().len(), 1, "an empty table has one empty chunk");
    }

    #[test]
    fn tables_without_a_key_are_one_chunk() {
        let mut cutter = ChunkCutter::new(1, 1);
        (0..5).for_each(|_| cutter.row(|| None, 10));
        let chunks = cutter.finish();
        assert_eq!((chunks.len(), chunks[0].rows), (1, 5));
    }

    /// Weights that make ranges end at the edge of a block, inside one, and in one row.
    #[test]
    fn blocks_are_cut_where_their_rows_are() {
        let weights: Vec<u64> =
            (0..40_000_u64).map(|i| 1 + i * 7919 % 613 * u64::from(i % 97 != 0)).collect();
        for (bytes_max, rows_max) in [(1_000_000, u64::MAX), (1, 10), (u64::MAX, BLOCK_ROWS), (700_000, 5000)]
        {
            let (mut whole, mut parts) =
                (ChunkCutter::new(bytes_max, rows_max), ChunkCutter::new(bytes_max, rows_max));
            let (mut taken, mut at) = (0, 0);
            for part in weights.chunks(13_000) {
                let mut blocks = Blocks::default();
                for weight in part {
                    whole.row(|| Some(at as i64), *weight);
                    blocks.row(|| Some(at as i64), *weight);
                    at += 1;
                }
                for block in blocks.finish() {
                    let end = block.last.map_or(at, |last| last as usize + 1);
                    if !parts.block(&block) {
                        (taken..end).for_each(|key| parts.row(|| Some(key as i64), weights[key]));
                    }
                    taken = end;
                }
            }
            assert_eq!(parts.finish(), whole.finish(), "{bytes_max} {rows_max}");
        }
    }
}
