//! How a table is proved: the canonical form of values on both sides, and the multiset digest over rows.
//!
//! One row becomes one [`RowHash`]: the canonical bytes of its values in column order (semantics.md §6.2), padded to whole
//! blocks where they are few, hashed by BLAKE3 under the key of its table. A table, or a chunk of it, becomes one [`MultisetDigest`]: how many rows there are
//! and the sum of their hashes mod 2^256 (§6.3), so the order in which the two sides are read does not matter.
//!
//! Source values and target fields are brought to the *source's* value model where the column's codec is exact, and to
//! the domain of the codec where it is not ([`crate::plan::types::Domain`]). The layout of the canonical bytes is in
//! `sink.rs`; every form is self-delimiting, so two different rows never have the same bytes, padded or not.
//!
//! A [`RowHasher`] gives the hash of a row, [`ChunkDigests`] those of a whole table in sums: it hashes short rows many at
//! once (`lanes.rs`), to the same hashes.
//!
//! Invariants:
//! - Nothing here fails and nothing panics on any input: what cannot be decoded gets a form that says from which side
//!   it came, so it can never equal anything of the other side.
//! - Both sides of one table are hashed under [`table_key`] of the same name and the same number of columns.
//!
//! Deliberately absent: any code shared with the encoders. A mistake in how a value is parsed or written must show as a
//! difference, which it cannot if both sides make it with the same lines.

mod batch;
mod canonical;
mod cell;
mod count;
mod endless;
mod field;
mod hash;
mod interval;
mod json;
mod lanes;
mod local;
mod meaning;
mod moment;
mod multiset;
mod network;
mod number;
mod part;
mod row;
mod scratch;
mod sink;
mod stamp;
mod tuple;
mod uuid;

#[cfg(test)]
mod tests;

pub use cell::{Cell, CellReader, Meaning};
pub use hash::{FileHasher, RowHash, table_key, text_hash};
pub use multiset::MultisetDigest;
pub use row::{ChunkDigests, RowHasher};
pub use tuple::{Fields, TupleError, TupleReader};
