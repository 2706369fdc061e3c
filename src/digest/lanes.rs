//! Short rows, many at once: one BLAKE3 hash of a row leaves most of a processor's vectors idle, sixteen rows fill them.
//!
//! A row of at most [`SHORT_ROW_BYTES_MAX`] is padded to whole blocks, so it is one BLAKE3 chunk, and what the crate does
//! for the chunks of one large input can be done for the rows of a table: each is the first chunk, the last one and the
//! root. The result is `blake3::keyed_hash` of the padded row, bit for bit; tests hold that for every number of blocks, every
//! number of rows and every kind of processor that they run on.
//!
//! `blake3::platform` is no documented part of that crate, hence its version is pinned in Cargo.toml. All of it that is
//! used is used here: a version without it needs [`hash_padded`] to be a loop over `keyed_hash`, and nothing else.

use blake3::IncrementCounter;
use blake3::platform::Platform;

use super::hash::RowHash;
use crate::limits::ROWS_HASHED_AT_ONCE;

/// Bytes of one BLAKE3 block.
pub(super) const BLOCK_BYTES: usize = 64;
/// Blocks of one BLAKE3 chunk.
pub(super) const BLOCKS_MAX: usize = 16;
/// A row above this is more than one BLAKE3 chunk, and has vectors enough to itself.
pub(super) const SHORT_ROW_BYTES_MAX: usize = BLOCK_BYTES * BLOCKS_MAX;
/// Rows that are hashed at once; narrower vectors take them in turns.
pub(super) const LANES: usize = ROWS_HASHED_AT_ONCE;

/// Fills up a short row. No value begins with this byte, so what follows the last value of a row cannot be one more
/// (`sink.rs`).
pub(super) const PADDING: u8 = 0xfe;

// The flags of the BLAKE3 specification, section 2.1, table 3.
const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// A key as the words that BLAKE3 computes with.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyWords([u32; 8]);

impl KeyWords {
    pub(super) fn new(key: &[u8; 32]) -> KeyWords {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(key.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        KeyWords(words)
    }
}

/// Up to [`LANES`] hashes.
pub(super) struct Hashes {
    bytes: [u8; 32 * LANES],
    count: usize,
}

impl Hashes {
    pub(super) fn iter(&self) -> impl Iterator<Item = RowHash> + '_ {
        self.bytes.as_chunks::<32>().0.iter().take(self.count).map(|hash| RowHash::from_bytes(*hash))
    }
}

/// The hashes of up to [`LANES`] rows of the same number of `blocks`, 1 to [`BLOCKS_MAX`], that lie one behind the other.
pub(super) fn hash_padded(key: &KeyWords, blocks: usize, rows: &[u8]) -> Hashes {
    hash_on(Platform::detect(), key, blocks, rows)
}

fn hash_on(platform: Platform, key: &KeyWords, blocks: usize, rows: &[u8]) -> Hashes {
    let mut hashes = Hashes { bytes: [0; 32 * LANES], count: 0 };
    if let Some(hash) = blocks.checked_sub(1).and_then(|at| BY_BLOCKS.get(at)) {
        hash(platform, key, rows, &mut hashes);
    }
    hashes
}

type HashRows = fn(Platform, &KeyWords, &[u8], &mut Hashes);

/// The length of a row is a constant of the function that hashes it.
const BY_BLOCKS: [HashRows; BLOCKS_MAX] = [
    hash_rows::<64>,
    hash_rows::<128>,
    hash_rows::<192>,
    hash_rows::<256>,
    hash_rows::<320>,
    hash_rows::<384>,
    hash_rows::<448>,
    hash_rows::<512>,
    hash_rows::<576>,
    hash_rows::<640>,
    hash_rows::<704>,
    hash_rows::<768>,
    hash_rows::<832>,
    hash_rows::<896>,
    hash_rows::<960>,
    hash_rows::<1024>,
];

fn hash_rows<const BYTES: usize>(platform: Platform, key: &KeyWords, rows: &[u8], hashes: &mut Hashes) {
    let mut inputs = [&[0; BYTES]; LANES];
    for (input, row) in inputs.iter_mut().zip(rows.as_chunks::<BYTES>().0) {
        *input = row;
        hashes.count += 1;
    }
    platform.hash_many(
        inputs.get(..hashes.count).unwrap_or_default(),
        &key.0,
        0,
        IncrementCounter::No,
        KEYED_HASH,
        CHUNK_START,
        CHUNK_END | ROOT,
        &mut hashes.bytes,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms() -> Vec<Platform> {
        let mut all = vec![Platform::detect(), Platform::portable()];
        #[cfg(target_arch = "x86_64")]
        all.extend([Platform::sse2(), Platform::sse41(), Platform::avx2()].into_iter().flatten());
        all
    }

    #[test]
    fn rows_at_once_have_the_hashes_of_rows_alone() {
        let key: [u8; 32] = std::array::from_fn(|i| (i * 7 + 200) as u8);
        let bytes: Vec<u8> =
            (0..SHORT_ROW_BYTES_MAX * LANES + BLOCKS_MAX).map(|i| (i * i % 251) as u8).collect();
        for platform in platforms() {
            for blocks in 1..=BLOCKS_MAX {
                for count in 0..=LANES {
                    let rows = &bytes[blocks..][..count * blocks * BLOCK_BYTES];
                    let hashes = hash_on(platform, &KeyWords::new(&key), blocks, rows);
                    let alone = rows.chunks(blocks * BLOCK_BYTES).map(|row| blake3::keyed_hash(&key, row));
                    let alone: Vec<RowHash> =
                        alone.map(|hash| RowHash::from_bytes(*hash.as_bytes())).collect();
                    let what = format!("{platform:?}, {count} rows of {blocks} blocks");
                    assert_eq!(hashes.iter().collect::<Vec<_>>(), alone, "{what}");
                }
            }
        }
    }
}
