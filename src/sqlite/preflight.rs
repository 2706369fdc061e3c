//! The raw file, examined before SQLite touches it (semantics.md §4.1, reliability.md F31).
//!
//! Offsets are those of the database header, <https://sqlite.org/fileformat2.html> §1.3. Whether the file is as
//! long as it says is asked later, under the snapshot's lock ([`super::length`]); whether a journal is hot is
//! SQLite's own decision ([`super::connect`]), since only locks tell a crashed writer from a living one.

use std::io::ErrorKind as IoKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::foreign;
use super::held_file::{HeldFile, side_bytes};
use crate::error::{Error, Result};

/// Bytes of the database header.
pub(super) const HEADER_BYTES: usize = 100;

/// Bytes read to recognise what is not SQLite.
const HEAD_BYTES: usize = 4096;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// What the database header says that matters before opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// bytes of a page
    pub(super) page_size: u32,
    /// whether readers must use a write-ahead log
    pub(super) wal: bool,
    /// bytes that an extension reserves at the end of each page
    pub(super) reserved_bytes: u8,
    /// pages of the file, if the header is sure of it (offset 24 equals offset 92)
    pub(super) pages: Option<u32>,
}

/// Opens the raw file and reads its header, or says what the file is instead.
pub(super) fn preflight(path: &Path) -> Result<(HeldFile, Header)> {
    let held = open_raw(path)?;
    let head = held.head(HEAD_BYTES).map_err(|cause| unreadable(path, cause))?;
    if head.is_empty() {
        return Err(empty(&held));
    }
    let header = parse(&head).map_err(|error| error.at(path.display()))?;
    Ok((held, header))
}

fn open_raw(path: &Path) -> Result<HeldFile> {
    let metadata = std::fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => None,
        () if kind.is_dir() => Some("a directory"),
        () if kind.is_fifo() => Some("a pipe (FIFO)"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    };
    if let Some(what) = what {
        return Err(Error::source_fault(format!("{} is {what}, not a SQLite database", path.display()))
            .remedy("give the path of the database file"));
    }
    let canonical = path.canonicalize().map_err(|cause| unreadable(path, cause))?;
    HeldFile::open(canonical).map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let place = path.display();
    let (message, remedy) = match cause.kind() {
        IoKind::NotFound => {
            let looked_for = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let remedy =
                format!("name the file that is meant; what was looked for is {}", looked_for.display());
            return Error::source_fault(format!("{place} does not exist")).remedy(remedy).cause(cause);
        }
        IoKind::PermissionDenied => (
            format!("{place} may not be read by this user"),
            "run as its owner, or copy it together with its -wal",
        ),
        _ => (format!("{place} cannot be read"), "check the file system it is on"),
    };
    Error::source_fault(message).remedy(remedy).cause(cause)
}

fn empty(held: &HeldFile) -> Error {
    let wal_bytes = side_bytes(&held.beside("-wal"));
    let hint = if wal_bytes > 0 { "; its -wal is not empty, so the file itself was lost" } else { "" };
    Error::source_fault(format!(
        "{} has 0 bytes, so it holds no database{hint} (E_EMPTY_FILE)",
        held.path().display()
    ))
    .remedy("check the path: opening a misspelt name with SQLite's defaults creates an empty file")
}

/// Reads the header out of the first bytes of a file.
pub(super) fn parse(head: &[u8]) -> Result<Header> {
    if !head.starts_with(MAGIC) {
        return Err(not_sqlite(head));
    }
    let Some(header) = head.first_chunk::<HEADER_BYTES>() else {
        return Err(Error::source_fault(format!(
            "the file ends after {} of the {HEADER_BYTES} header bytes (E_TRUNCATED)",
            head.len()
        ))
        .remedy("copy it again from the original, or restore a backup"));
    };
    refuse_odd_header(header)?;
    let change_counter = be32(header, 24);
    Ok(Header {
        page_size: page_size(header),
        wal: header[19] == 2,
        reserved_bytes: header[20],
        pages: (change_counter == be32(header, 92)).then_some(be32(header, 28)).filter(|pages| *pages > 0),
    })
}

fn not_sqlite(head: &[u8]) -> Error {
    match foreign::recognise(head) {
        Some(found) => Error::source_fault(format!("is {}", found.what)).remedy(found.remedy),
        None => encrypted("not a SQLite database, or encrypted (SQLCipher/SEE)"),
    }
}

fn encrypted(message: &str) -> Error {
    Error::source_fault(message)
        .remedy("if it is encrypted, decrypt it first with the application that made it")
}

fn refuse_odd_header(header: &[u8; HEADER_BYTES]) -> Result<()> {
    let (write_version, read_version) = (header[18], header[19]);
    if write_version > 2 || read_version > 2 {
        return Err(Error::source_fault(format!(
            "its file format (write version {write_version}, read version {read_version}) is newer than SQLite {} knows",
            rusqlite::version()
        ))
        .remedy("copy it with the SQLite that wrote it: .dump, or VACUUM INTO"));
    }
    let size = page_size(header);
    if !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        return Err(encrypted(&format!(
            "its header says a page has {size} bytes, which cannot be: damaged, or encrypted (SQLCipher/SEE)"
        )));
    }
    // The payload fractions are constants of the format; an encryption that leaves the magic readable changes them.
    if header[21..24] != [64, 32, 32] {
        return Err(encrypted(
            "its header has impossible payload fractions: damaged, or encrypted (SQLCipher/SEE)",
        ));
    }
    Ok(())
}

/// Bytes of a page; 1 stands for 65536.
fn page_size(header: &[u8; HEADER_BYTES]) -> u32 {
    match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u32::from(size),
    }
}

fn be32(header: &[u8; HEADER_BYTES], at: usize) -> u32 {
    header.get(at..at + 4).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::sqlite::fixture::{Dir, table_of};

    fn refusal(path: &Path) -> String {
        let error = preflight(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Source);
        assert!(error.remedy_text().is_some(), "{error}");
        error.to_string()
    }

    #[test]
    fn what_is_not_a_file() {
        let dir = Dir::new();
        assert!(refusal(&dir.path("missing.db")).contains("does not exist"));
        assert!(refusal(dir.root()).contains("is a directory"));
        assert!(refusal(Path::new("/dev/null")).contains("is a device"));
        let socket = dir.path("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(refusal(&socket).contains("is a socket"));
        let fifo = dir.path("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(refusal(&fifo).contains("pipe"));
    }

    #[test]
    fn empty_short_and_foreign_files() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        let cases: [(&[u8], &str); 5] = [
            (b"", "E_EMPTY_FILE"),
            (b"SQLite format 3\0\x10\0", "E_TRUNCATED"),
            (b"-- dump\nCREATE TABLE t(a);", "SQL text"),
            (b"PGDMP\x01", "PostgreSQL dump"),
            (&[0x5a; 4096], "not a SQLite database, or encrypted (SQLCipher/SEE)"),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            assert!(refusal(&path).contains(expected), "{}", refusal(&path));
        }
    }

    #[test]
    fn a_header_that_cannot_be() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 10);
        let good = std::fs::read(&path).unwrap();
        let cases: [(usize, &[u8], &str); 6] = [
            (18, &[3, 1], "newer"),
            (18, &[1, 3], "newer"),
            (16, &[0, 3], "3 bytes"),
            (16, &[0x0c, 0x00], "3072 bytes"),
            (16, &[1, 0], "256 bytes"),
            (21, &[64, 32, 31], "fractions"),
        ];
        for (at, patch, expected) in cases {
            let mut bytes = good.clone();
            bytes[at..at + patch.len()].copy_from_slice(patch);
            std::fs::write(&path, &bytes).unwrap();
            assert!(refusal(&path).contains(expected), "{}", refusal(&path));
        }
    }

    #[test]
    fn the_header_of_a_good_file() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 10);
        let (held, header) = preflight(&path).unwrap();
        assert_eq!(header, Header { page_size: 4096, wal: false, reserved_bytes: 0, pages: Some(2) });
        assert_eq!(held.len().unwrap(), 8192);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[16..18].copy_from_slice(&[0, 1]);
        assert_eq!(parse(&bytes).unwrap().page_size, 65_536);
        bytes[95] = bytes[95].wrapping_add(1);
        assert_eq!(parse(&bytes).unwrap().pages, None);
    }

    #[test]
    fn a_file_that_may_not_be_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 1);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::File::open(&path).is_ok() {
            eprintln!("skipped: this user may read everything");
            return;
        }
        assert!(refusal(&path).contains("may not be read"));
    }
}
