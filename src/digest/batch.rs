//! Rows that wait until there are enough of one size to be hashed at once.

use super::lanes::{self, BLOCK_BYTES, BLOCKS_MAX, KeyWords, LANES};
use super::multiset::MultisetDigest;

/// Short rows of one table, by their number of blocks. At most 15 of each number wait: 139 KB where all numbers occur,
/// which are 16 rows of each of 1 to 16 blocks of 64 bytes. Room is taken when a number first occurs, never for a row.
#[derive(Debug)]
pub(super) struct Batch {
    key: KeyWords,
    groups: [Group; BLOCKS_MAX],
}

/// Rows of the same number of blocks.
#[derive(Debug, Default)]
struct Group {
    /// room for [`LANES`] rows, or none
    rows: Vec<u8>,
    /// the chunk of each
    chunks: [usize; LANES],
    filled: usize,
}

impl Batch {
    pub(super) fn new(key: &[u8; 32]) -> Batch {
        Batch { key: KeyWords::new(key), groups: std::array::from_fn(|_| Group::default()) }
    }

    /// Takes a padded row of `chunk`, of 1 to [`BLOCKS_MAX`] blocks; adds the hashes of those that are enough now.
    #[inline]
    pub(super) fn push(&mut self, row: &[[u8; BLOCK_BYTES]], chunk: usize, digests: &mut [MultisetDigest]) {
        let Some(group) = self.groups.get_mut(row.len().wrapping_sub(1)) else { return };
        group.put(row, chunk);
        if group.filled == LANES {
            group.add_to(&self.key, row.len(), digests);
        }
    }

    /// Adds the hashes of all that still wait.
    pub(super) fn flush(&mut self, digests: &mut [MultisetDigest]) {
        for (group, blocks) in self.groups.iter_mut().zip(1..) {
            group.add_to(&self.key, blocks, digests);
        }
    }
}

impl Group {
    #[inline]
    fn put(&mut self, row: &[[u8; BLOCK_BYTES]], chunk: usize) {
        if self.rows.is_empty() {
            self.rows = vec![0; LANES * row.len() * BLOCK_BYTES];
        }
        let places = self.rows.as_chunks_mut::<BLOCK_BYTES>().0;
        // Block by block, so that no copy has a length that is known only now.
        for (place, block) in places.iter_mut().skip(self.filled * row.len()).zip(row) {
            *place = *block;
        }
        self.chunks[self.filled] = chunk;
        self.filled += 1;
    }

    fn add_to(&mut self, key: &KeyWords, blocks: usize, digests: &mut [MultisetDigest]) {
        let rows = self.rows.get(..self.filled * blocks * BLOCK_BYTES).unwrap_or_default();
        for (hash, chunk) in lanes::hash_padded(key, blocks, rows).iter().zip(self.chunks) {
            digests[chunk].add(&hash);
        }
        self.filled = 0;
    }
}
