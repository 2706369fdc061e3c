//! Whether the file that is being read is still what the run began with. SQLite does not look: pages behind the end of a file
//! that was cut are zeros to it, which are valid as the end of a long value; and a program that knows no locks (`cp` over a
//! file in use) changes pages under a reader.

use super::fingerprint;
use super::held_file::HeldFile;
use crate::checkpoint::SourceFingerprint;
use crate::error::{Error, Result};

/// What may not change while a snapshot is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// no writer that keeps to SQLite's locks can change the main file meanwhile
    pub(super) is_locked: bool,
    /// bytes of the main file that the snapshot needs: a checkpoint of others may shorten a WAL database to these
    pub(super) bytes_min: u64,
}

impl Kept {
    /// Compares the file with what it was as the snapshot was taken.
    pub(super) fn check(self, held: &HeldFile, before: &SourceFingerprint) -> Result<()> {
        let now = fingerprint::take(held)?;
        if (now.device, now.inode) != (before.device, before.inode) {
            return Err(fault(held, "was replaced by another file while it was read"));
        }
        if now.size_bytes < self.bytes_min {
            return Err(fault(held, "was cut while it was read"));
        }
        let file = |state: &SourceFingerprint| (state.size_bytes, state.modified_ns, state.header.clone());
        if self.is_locked && file(&now) != file(before) {
            return Err(fault(
                held,
                "was written while it was read, by a program that does not keep SQLite's locks",
            ));
        }
        Ok(())
    }
}

fn fault(held: &HeldFile, what: &str) -> Error {
    Error::source_fault(format!("{} {what} (E_SOURCE_REPLACED)", held.path().display()))
        .remedy("see to it that nobody copies, cuts or replaces the file; then run again, with --restart if it is another now")
}

#[cfg(test)]
mod tests {
    use super::super::open::Source;
    use crate::sqlite::fixture::{Dir, cut, leave_wal, table_of};
    use std::path::Path;

    /// What is said after `change` happened to a file under a snapshot.
    fn after(make: impl Fn(&Path), change: impl Fn(&Path)) -> Option<String> {
        let dir = Dir::new();
        let path = dir.path("x.db");
        make(&path);
        let source = Source::open(&path, 1).unwrap();
        source.check_kept().unwrap();
        change(&path);
        source.check_kept().err().map(|error| error.to_string())
    }

    #[test]
    fn what_happens_to_a_file_that_is_read_is_seen() {
        let touch = |path: &Path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        let replace = |path: &Path| {
            std::fs::copy(path, path.with_extension("new")).unwrap();
            std::fs::rename(path.with_extension("new"), path).unwrap();
        };
        let remove = |path: &Path| std::fs::remove_file(path).unwrap();
        for wal in [false, true] {
            let make = |path: &Path| if wal { leave_wal(path, 900) } else { table_of(path, 900) };
            assert!(after(make, replace).unwrap().contains("replaced by another file"));
            assert!(after(make, remove).unwrap().contains("can no longer be read"));
            let overwritten = after(make, touch);
            // A checkpoint writes the main file of a WAL database, too.
            assert_eq!(overwritten.is_some(), !wal, "{overwritten:?}");
        }
        let cut = after(|path| table_of(path, 900), |path| cut(path, 4096));
        assert!(cut.unwrap().contains("was cut"));
    }

    #[test]
    fn a_writer_and_a_checkpoint_of_others_are_no_harm() {
        let write = |path: &Path| {
            let db = rusqlite::Connection::open(path).unwrap();
            db.execute_batch("DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE); VACUUM").unwrap();
        };
        assert_eq!(after(|path| leave_wal(path, 900), write), None);
    }
}
