//! What identifies the state of the source file (semantics.md §4.4).
//!
//! The change counter alone is useless in WAL mode, so size, times and the log's salts count too. An empty `-wal`
//! is the same as none: SQLite leaves one behind when it only reads a WAL database.

use std::os::unix::fs::MetadataExt;

use super::held_file::{HeldFile, side_bytes, side_head};
use super::preflight::HEADER_BYTES;
use crate::checkpoint::SourceFingerprint;
use crate::error::{Error, Result};
use crate::failpoint::{self, SOURCE_FINGERPRINT};

const WAL_HEADER_BYTES: u64 = 32;

/// The fingerprint of the file now at the held path; equal ones mean that nobody wrote in between.
pub(super) fn take(held: &HeldFile) -> Result<SourceFingerprint> {
    let gone = |cause: std::io::Error| {
        Error::source_fault(format!("{} can no longer be read", held.path().display()))
            .remedy("it was moved, deleted or unmounted; put it back and run again")
            .cause(cause)
    };
    failpoint::io(SOURCE_FINGERPRINT).map_err(gone)?;
    let metadata = std::fs::metadata(held.path()).map_err(gone)?;
    let head = held.head(HEADER_BYTES).map_err(gone)?;
    let wal = held.beside("-wal");
    let wal_bytes = side_bytes(&wal);
    let wal_header = if wal_bytes > 0 { side_head(&wal, WAL_HEADER_BYTES) } else { Vec::new() };
    Ok(SourceFingerprint {
        device: metadata.dev(),
        inode: metadata.ino(),
        size_bytes: metadata.len(),
        modified_ns: i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
        header: hex(head.get(24..).unwrap_or_default()),
        wal_bytes,
        wal_header: hex(&wal_header),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::{Dir, leave_wal, table_of};

    #[test]
    fn it_changes_with_every_way_of_writing() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 10);
        let held = HeldFile::open(path.clone()).unwrap();
        let first = take(&held).unwrap();
        assert_eq!(take(&held).unwrap(), first);
        assert_eq!(first.header.len(), 2 * 76);
        assert_eq!((first.wal_bytes, first.wal_header.as_str()), (0, ""));

        std::fs::write(dir.path("x.db-wal"), b"").unwrap();
        assert_eq!(take(&held).unwrap(), first, "an empty log is none");
        std::fs::remove_file(dir.path("x.db-wal")).unwrap();

        rusqlite::Connection::open(&path).unwrap().execute_batch("UPDATE t SET b = 'x' WHERE a = 1").unwrap();
        let written = take(&held).unwrap();
        assert_ne!(written.header, first.header);

        std::fs::copy(&path, dir.path("copy.db")).unwrap();
        std::fs::rename(dir.path("copy.db"), &path).unwrap();
        assert_ne!(take(&held).unwrap().inode, written.inode, "another file took its place");
        std::fs::remove_file(&path).unwrap();
        assert!(take(&held).unwrap_err().to_string().contains("can no longer be read"));
    }

    #[test]
    fn a_log_counts_with_its_header() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        leave_wal(&path, 10);
        let held = HeldFile::open(path.clone()).unwrap();
        let first = take(&held).unwrap();
        assert!(first.wal_bytes > 0);
        assert_eq!(first.wal_header.len(), 64);
        assert!(first.wal_header.starts_with("377f068"));
        leave_wal(&path, 1);
        assert_ne!(take(&held).unwrap().wal_bytes, first.wal_bytes);
    }
}
