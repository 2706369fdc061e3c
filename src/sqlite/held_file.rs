//! The raw main file, held open as long as SQLite has it open.
//!
//! POSIX drops *all* locks that a process holds on a file as soon as it closes *any* descriptor of it
//! (<https://sqlite.org/howtocorrupt.html> §2.2). SQLite's snapshot in rollback-journal mode *is* such a lock. So
//! the main file is opened once per process, before SQLite opens it, and closed after SQLite closed it; two
//! [`HeldFile`]s of one file share a descriptor. Nothing else in this process may open the main file.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Device and inode of every held file of this process, so that none is opened twice.
static HELD: Mutex<Vec<(u64, u64, Weak<File>)>> = Mutex::new(Vec::new());

/// An open descriptor of the main file, with its canonical path.
#[derive(Debug)]
pub(super) struct HeldFile {
    path: PathBuf,
    file: Arc<File>,
}

impl HeldFile {
    /// Opens `path` for reading, or shares the descriptor that this process already has.
    pub(super) fn open(path: PathBuf) -> io::Result<HeldFile> {
        let metadata = std::fs::metadata(&path)?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, _, file)| file.strong_count() > 0);
        let known = held.iter().find(|(dev, ino, _)| (*dev, *ino) == (device, inode));
        if let Some(file) = known.and_then(|(_, _, file)| file.upgrade()) {
            return Ok(HeldFile { path, file });
        }
        let file = Arc::new(File::open(&path)?);
        held.push((device, inode, Arc::downgrade(&file)));
        Ok(HeldFile { path, file })
    }

    /// Device and inode of the held file.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let metadata = self.file.metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    }

    /// The canonical path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a side file: `-wal`, `-shm` or `-journal`.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    /// Bytes of the held file, also when another file has taken its path since.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Up to `count` first bytes; fewer when the file is shorter.
    pub(super) fn head(&self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while filled < count {
            let read = self.file.read_at(bytes.get_mut(filled..).unwrap_or_default(), filled as u64)?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// Bytes of a side file; 0 when there is none.
pub(super) fn side_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// The first `count` bytes of a side file; empty when there is none.
pub(super) fn side_head(path: &Path, count: u64) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(count).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_descriptor_per_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, b"hello").unwrap();
        let first = HeldFile::open(path.clone()).unwrap();
        let second = HeldFile::open(path.clone()).unwrap();
        assert!(Arc::ptr_eq(&first.file, &second.file));
        std::fs::write(dir.path().join("b"), b"other").unwrap();
        let other = HeldFile::open(dir.path().join("b")).unwrap();
        assert!(!Arc::ptr_eq(&first.file, &other.file));
        assert_eq!(first.head(100).unwrap(), b"hello");
        assert_eq!(first.head(2).unwrap(), b"he");
        assert_eq!(first.beside("-wal"), dir.path().join("a-wal"));
    }
}
