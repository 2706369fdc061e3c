//! The source: one SQLite file, opened without changing it and read in one consistent state.
//!
//! Invariants:
//! * `rusqlite` is named only in this room, and the source is never written: every reader is read-only, query-only,
//!   and closes without a checkpoint. (SQLite itself may create `-shm` and an empty `-wal` beside a WAL database.)
//! * All readers of a [`Source`] see one state of the database until the `Source` is dropped (semantics.md §4.3).
//! * A raw descriptor of the main file lives as long as the connections: see `held_file`.
//!
//! Deliberately absent: anything about PostgreSQL, and any repair. A damaged or hot source is refused with the
//! way out; recovering it is the work of the application that owns it.

pub mod aside;
pub mod ask;
pub mod backup;
mod collation;
mod connect;
pub mod filter;
mod fingerprint;
mod foreign;
pub mod freeze;
pub mod health;
mod held_file;
mod holders;
mod introspect;
mod kept;
pub mod keys;
pub mod large;
mod length;
mod listing;
mod open;
mod preflight;
mod readers;
pub mod scan;
pub mod scratch;
mod snapshot;
pub mod violations;
mod wal;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod open_tests;

pub use open::{Encoding, Source, SourceFacts};
pub use readers::Reader;
pub use snapshot::WRITERS_WAIT;
