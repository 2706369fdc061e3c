//! The only things that outlive the process: chunk bounds with their digests, and the source's fingerprint.

use serde::{Deserialize, Serialize};

/// A range of rowids, both ends included. `None` on a side means open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScanRange {
    /// first rowid
    pub lo: Option<i64>,
    /// last rowid
    pub hi: Option<i64>,
}

impl ScanRange {
    /// The whole table.
    pub const WHOLE: ScanRange = ScanRange { lo: None, hi: None };
}

/// One planned chunk of one table. Bounds are persisted once and never computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSpec {
    /// index within the table, from 0
    pub index: u32,
    /// its rowids
    pub range: ScanRange,
    /// rows that the profile counted in it
    pub rows: u64,
    /// bytes that the profile weighed in it
    pub bytes: u64,
}

/// What identifies the state of a source file (semantics.md §4.4). Equal fingerprints: the file was not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFingerprint {
    /// device number
    pub device: u64,
    /// inode number
    pub inode: u64,
    /// bytes of the main file
    pub size_bytes: u64,
    /// modification time of the main file, nanoseconds since 1970
    pub modified_ns: i128,
    /// header bytes 24 to 99, in hex: change counter, page count, schema cookie, …
    pub header: String,
    /// bytes of the `-wal` file, 0 without one
    pub wal_bytes: u64,
    /// header of the `-wal` file (salts and checkpoint sequence), in hex; empty without one
    pub wal_header: String,
}
