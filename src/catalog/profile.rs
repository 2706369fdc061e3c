//! What a table's columns really hold, counted in one full scan (semantics.md §1.3).

use super::spelling::Spelling;
use crate::checkpoint::ChunkSpec;
use crate::value::Class;

/// The facts of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableProfile {
    /// rows
    pub rows: u64,
    /// bytes as chunks are measured
    pub bytes: u64,
    /// weight of the heaviest row
    pub max_row_bytes: u64,
    /// PostgreSQL's heap size of the largest row, estimated only where many columns make it a question
    pub max_heap_bytes: u64,
    /// per index of the table, the bytes of its longest key; known only where a row is long enough to matter, else 0
    pub max_key_bytes: Vec<u64>,
    /// ranges of about equal weight, in key order; never empty
    pub chunks: Vec<ChunkSpec>,
    /// the columns that travel, in the table's order
    pub columns: Vec<ColumnProfile>,
}

/// The facts of one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnProfile {
    /// values per storage class
    pub nulls: u64,
    /// INTEGER
    pub integers: u64,
    /// REAL
    pub reals: u64,
    /// TEXT
    pub texts: u64,
    /// BLOB
    pub blobs: u64,
    /// smallest and largest INTEGER
    pub integer_range: Option<(i64, i64)>,
    /// INTEGER values that are 0, and those that are 1
    pub integers_zero: u64,
    /// see `integers_zero`
    pub integers_one: u64,
    /// smallest and largest REAL
    pub real_range: Option<(f64, f64)>,
    /// REAL values without a fraction and within 64 bits: what an INTEGER could be too
    pub reals_integral: u64,
    /// ±Infinity
    pub reals_infinite: u64,
    /// −0.0
    pub reals_negative_zero: u64,
    /// TEXT that is not valid in the file's encoding
    pub texts_invalid: u64,
    /// TEXT with a NUL inside
    pub texts_nul: u64,
    /// TEXT that might be read as a number
    pub texts_numeric: u64,
    /// TEXT of no bytes
    pub texts_empty: u64,
    /// TEXT that ends in a space
    pub texts_trailing_space: u64,
    /// code points of the longest valid TEXT
    pub max_characters: u64,
    /// BLOB of 16 bytes
    pub blobs_of_16: u64,
    /// BLOB that is valid UTF-8
    pub blobs_text: u64,
    /// longest TEXT or BLOB
    pub max_bytes: u64,
    /// keys of the first values that are invalid or have a NUL
    pub odd_texts: Vec<String>,
    /// keys of the first value of each class
    pub first: Vec<(Class, String)>,
    /// key of the first text after which no spelling of the declared kind was possible
    pub broke: Option<String>,
    /// spellings, where asked for
    pub spelling: Option<Spelling>,
}

impl ColumnProfile {
    /// Values that are not NULL.
    pub fn values(&self) -> u64 {
        self.integers + self.reals + self.texts + self.blobs
    }

    /// Every INTEGER is 0 or 1, and there is nothing else but NULL.
    pub fn only_flags(&self) -> bool {
        let flags = self.integers_zero + self.integers_one;
        flags > 0 && flags == self.values()
    }

    /// TEXT that PostgreSQL's `text` cannot hold.
    pub fn texts_unfit(&self) -> u64 {
        self.texts_invalid + self.texts_nul
    }
}
