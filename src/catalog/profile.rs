//! What a table's columns really hold, counted in one full scan (semantics.md §1.3).

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
    /// ranges of about equal weight, in key order; never empty
    pub chunks: Vec<ChunkSpec>,
    /// the columns that travel, in the table's order
    pub columns: Vec<ColumnProfile>,
}

/// Spelling facts about the texts of a column, gathered where its declared type makes them matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spelling {
    /// every text is `YYYY-MM-DD` and a real date
    pub date: bool,
    /// the single date-time spelling that all texts share, as the plan's template in its own debug-free form
    pub stamp: Option<StampSpelling>,
    /// every text is JSON that PostgreSQL takes
    pub json: bool,
    /// every text is a lower-case hyphenated UUID
    pub uuid: bool,
}

/// A date-time spelling; mirrors the template of the plan, which is built from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampSpelling {
    /// between date and time
    pub separator: char,
    /// with seconds
    pub seconds: bool,
    /// fraction digits, or how they vary
    pub fraction: FractionSpelling,
    /// zone text and seconds east of UTC; none without a zone; `Z` is a text too
    pub zone: Option<(String, i32)>,
}

/// How the fraction of a second is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FractionSpelling {
    /// always this many digits
    Fixed(u8),
    /// without trailing zeros
    Shortened,
    /// none or six
    NoneOrSix,
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
    /// REAL values without a fraction
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
    /// longest TEXT or BLOB
    pub max_bytes: u64,
    /// keys of the first values that are invalid or have a NUL
    pub odd_texts: Vec<String>,
    /// keys of the first value of each class
    pub first: Vec<(Class, String)>,
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
        self.values() == self.integers && self.integer_range.is_some_and(|(min, max)| min >= 0 && max <= 1)
    }

    /// TEXT that PostgreSQL's `text` cannot hold.
    pub fn texts_unfit(&self) -> u64 {
        self.texts_invalid + self.texts_nul
    }
}
