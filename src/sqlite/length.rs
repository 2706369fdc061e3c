//! Whether the file is as long as its header says. SQLite does not notice a cut file: reads and both integrity
//! checks passed on one (semantics.md §4.2), so this is ours to find.

use super::held_file::HeldFile;
use super::preflight::{HEADER_BYTES, parse};
use super::wal;
use crate::error::{Error, Result};

/// Refuses a file that was cut. To be called while a reader holds its snapshot: a commit under way, which writes
/// the header before the last pages, would look like a cut.
pub(super) fn check_length(held: &HeldFile) -> Result<()> {
    let unreadable =
        |cause| Error::source_fault(format!("{}: cannot be read", held.path().display())).cause(cause);
    let header = parse(&held.head(HEADER_BYTES).map_err(unreadable)?)?;
    let bytes = held.len().map_err(unreadable)?;
    let page_bytes = u64::from(header.page_size);
    let whole_pages = u32::try_from(bytes / page_bytes).unwrap_or(u32::MAX);
    let log = if header.wal { wal::committed(&held.beside("-wal"), whole_pages) } else { None };
    if let Some(log) = log {
        // A checkpoint that was interrupted may leave half a page; the log still has it.
        let wanted = log.pages.saturating_sub(whole_pages);
        return if log.pages_beyond_main < wanted {
            Err(truncated(held, bytes, u64::from(log.pages - log.pages_beyond_main) * page_bytes))
        } else {
            Ok(())
        };
    }
    match header.pages.map(|pages| u64::from(pages) * page_bytes) {
        Some(wanted) if bytes < wanted => Err(truncated(held, bytes, wanted)),
        _ if bytes % page_bytes != 0 => Err(truncated(held, bytes, (bytes / page_bytes + 1) * page_bytes)),
        _ => Ok(()),
    }
}

fn truncated(held: &HeldFile, bytes: u64, wanted: u64) -> Error {
    Error::source_fault(format!(
        "{} was cut: it has {bytes} bytes, and should have at least {wanted} (E_TRUNCATED)",
        held.path().display()
    ))
    .remedy("copy it again from the original, together with its -wal, or restore a backup")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::{Dir, cut, leave_wal, table_of};

    fn check(path: &std::path::Path) -> std::result::Result<(), String> {
        check_length(&HeldFile::open(path.to_owned()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_cut_file_is_found() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 2000);
        assert_eq!(check(&path), Ok(()));
        cut(&path, 1000);
        assert!(check(&path).unwrap_err().contains("E_TRUNCATED"));
        cut(&path, 4096 - 1000);
        assert!(check(&path).unwrap_err().contains("E_TRUNCATED"), "whole pages, one too few");
    }

    #[test]
    fn a_log_may_hold_what_the_main_file_lacks_and_only_that() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        leave_wal(&path, 2000);
        assert_eq!(check(&path), Ok(()));
        // One more page was in the main file when this log began: without it, the log alone is not enough.
        leave_wal_over(&path);
        assert_eq!(check(&path), Ok(()));
        cut(&path, 8192);
        assert!(check(&path).unwrap_err().contains("E_TRUNCATED"));
    }

    /// Rows in the main file, then one commit that only touches the first page of the table.
    fn leave_wal_over(path: &std::path::Path) {
        rusqlite::Connection::open(path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let db = rusqlite::Connection::open(path).unwrap();
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        db.execute_batch("UPDATE t SET b = 'changed' WHERE a = 1").unwrap();
    }
}
