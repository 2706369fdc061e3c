//! The stages that are told apart, and their words.

/// What one thread or connection does for one table. Stages of several of them go on at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// the source's thread: SQLite steps to the next row, and rows are judged that may be set aside
    Read,
    /// the source's thread: values become bytes of the stream
    Encode,
    /// the source's thread: the digest of the source
    Hash,
    /// the source's thread has a frame and the queue is full: the server is the slower side
    Wait,
    /// the connection begins a transaction and starts COPY
    Begin,
    /// the connection has nothing to send: the source is the slower side
    Idle,
    /// the connection hands bytes to the server, which takes them when it can
    Send,
    /// the connection ends COPY, writes the ledger's row and commits
    Commit,
    /// the connection waits for the rows that the server sends back
    ReadBack,
    /// rows are found in the stream that comes back
    Decode,
    /// the digest of the target
    HashBack,
    /// differing rows are looked for
    Locate,
}

impl Stage {
    /// All of them, in the order of the work.
    pub const ALL: [Stage; 12] = [
        Stage::Read,
        Stage::Encode,
        Stage::Hash,
        Stage::Wait,
        Stage::Begin,
        Stage::Idle,
        Stage::Send,
        Stage::Commit,
        Stage::ReadBack,
        Stage::Decode,
        Stage::HashBack,
        Stage::Locate,
    ];

    /// The stage in one word or two, as the report has it.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Encode => "encode",
            Stage::Hash => "hash",
            Stage::Wait => "wait",
            Stage::Begin => "begin",
            Stage::Idle => "idle",
            Stage::Send => "send",
            Stage::Commit => "commit",
            Stage::ReadBack => "read back",
            Stage::Decode => "decode",
            Stage::HashBack => "hash back",
            Stage::Locate => "locate",
        }
    }
}

/// What the run as a whole is at. Several may go on at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunStage {
    /// the sources are opened and their schemas read, the target is connected to
    Open,
    /// hooks of the configuration run
    Hook,
    /// the sources are backed up, and the backups read back and compared
    Backup,
    /// `PRAGMA quick_check`
    PageCheck,
    /// every value is read once
    Profile,
    /// the target is looked at, types and steps are chosen, values are tried against existing columns
    Plan,
    /// tables and ledger are made
    Prepare,
    /// rows are copied
    Copy,
    /// finished parts of the source are read again, by `verify` and `--reverify`
    Reread,
    /// the target is read back and compared
    Verify,
    /// keys, indexes and CHECKs
    Index,
    /// foreign keys, views, sequences, triggers, comments
    Constrain,
    /// VACUUM ANALYZE
    Maintain,
    /// the ledger's last word, and what the report takes from it
    Record,
}

impl RunStage {
    /// All of them, in the order of the work.
    pub const ALL: [RunStage; 14] = [
        RunStage::Open,
        RunStage::Hook,
        RunStage::Backup,
        RunStage::PageCheck,
        RunStage::Profile,
        RunStage::Plan,
        RunStage::Prepare,
        RunStage::Copy,
        RunStage::Reread,
        RunStage::Verify,
        RunStage::Index,
        RunStage::Constrain,
        RunStage::Maintain,
        RunStage::Record,
    ];

    /// The stage in one word or two, as the report has it; where a phase is behind it, the phase's.
    pub fn name(self) -> &'static str {
        match self {
            RunStage::Open => "open",
            RunStage::Hook => "hook",
            RunStage::Backup => "backup",
            RunStage::PageCheck => "page check",
            RunStage::Profile => "profile",
            RunStage::Plan => "plan",
            RunStage::Prepare => "prepare",
            RunStage::Copy => "copy",
            RunStage::Reread => "reread",
            RunStage::Verify => "verify",
            RunStage::Index => "index",
            RunStage::Constrain => "constrain",
            RunStage::Maintain => "maintain",
            RunStage::Record => "record",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_stage_has_its_place_and_its_own_word() {
        for (i, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, i);
        }
        for (i, stage) in RunStage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, i);
        }
        assert_eq!(Stage::ALL.map(Stage::name).into_iter().collect::<BTreeSet<_>>().len(), Stage::ALL.len());
        let words: BTreeSet<&str> = RunStage::ALL.map(RunStage::name).into_iter().collect();
        assert_eq!(words.len(), RunStage::ALL.len());
    }
}
