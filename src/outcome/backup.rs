//! What was done around the copy: backups, the lock, hooks, the deadline.

use serde::Serialize;

/// The backup of one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackupReport {
    /// the source, by its canonical path
    pub source: String,
    /// the backup
    pub path: String,
    /// its bytes
    pub bytes: u64,
    /// its BLAKE3, in hex; also in the file beside it
    pub blake3: String,
    /// an earlier backup of the same content that was found, read and compared
    pub reused: bool,
    /// how long it took to make, or to look at again, and to compare
    pub seconds: f64,
}

/// The write lock of one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FreezeReport {
    /// the source, by its canonical path
    pub source: String,
    /// seconds for which writers in the middle of something were waited for
    pub waited: f64,
    /// seconds for which it was held
    pub seconds: f64,
}

/// One hook that ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HookReport {
    /// `before`, `after_data`, `after_verify` or `on_failure`
    pub hook: String,
    /// its number among those, from 1
    pub number: u64,
    /// `command`, `shell` or `sql`
    pub kind: String,
    /// it ended well
    pub succeeded: bool,
    /// how it ended, in words
    pub ended: String,
    /// how long it took
    pub seconds: f64,
}

/// What became of `--deadline`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadlineReport {
    /// the time that was given
    pub seconds: f64,
    /// whether the copy is there and proved
    pub go: bool,
    /// the whole in one sentence, which begins with GO or NO-GO
    pub verdict: String,
}
