//! What a `-wal` file holds, read without SQLite: which pages beyond the main file are committed in it.
//!
//! Format and checksums: <https://sqlite.org/fileformat2.html> §4. Needed because in WAL mode the main file may be
//! rightly shorter than the database: pages, even whole tables, may stand in the log alone.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const BUFFER_BYTES: usize = 1024 * 1024;

/// The committed state of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    /// pages of the database after the last commit in the log
    pub(super) pages: u32,
    /// how many of the pages beyond the main file the log holds
    pub(super) pages_beyond_main: u32,
}

/// The last committed state in the log at `path`, or `None` when it has no valid commit.
///
/// `main_pages` is the number of whole pages in the main file. Errors of reading end the log, as for SQLite.
pub(super) fn committed(path: &Path, main_pages: u32) -> Option<Committed> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, File::open(path).ok()?);
    let mut log = Log::begin(&mut input)?;
    let (mut found, mut kept, mut pending) = (None, HashSet::new(), Vec::new());
    while let Some((page, pages_after_commit)) = log.next_frame(&mut input) {
        if page > main_pages {
            pending.push(page);
        }
        if pages_after_commit > 0 {
            kept.extend(pending.drain(..));
            found = Some(pages_after_commit);
        }
    }
    let pages = found?;
    let beyond = kept.iter().filter(|page| **page <= pages).count();
    Some(Committed { pages, pages_beyond_main: u32::try_from(beyond).unwrap_or(u32::MAX) })
}

/// The state of reading a log: its salts, and the running checksum.
struct Log {
    big_endian: bool,
    salts: [u8; 8],
    sum: (u32, u32),
    page: Vec<u8>,
}

impl Log {
    fn begin(input: &mut impl Read) -> Option<Log> {
        let mut header = [0; HEADER_BYTES];
        input.read_exact(&mut header).ok()?;
        let big_endian = match word(&header, 0) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page_bytes = word(&header, 8);
        if !page_bytes.is_power_of_two() || !(512..=65_536).contains(&page_bytes) {
            return None;
        }
        let sum = checksum((0, 0), header.get(..24)?, big_endian);
        if sum != (word(&header, 24), word(&header, 28)) {
            return None;
        }
        let salts = *header.get(16..24)?.first_chunk()?;
        Some(Log { big_endian, salts, sum, page: vec![0; page_bytes as usize] })
    }

    /// Page number and, for a commit, the pages of the database after it; `None` at the end of the valid log.
    fn next_frame(&mut self, input: &mut impl Read) -> Option<(u32, u32)> {
        let mut header = [0; FRAME_HEADER_BYTES];
        input.read_exact(&mut header).ok()?;
        input.read_exact(&mut self.page).ok()?;
        let sum = checksum(self.sum, header.get(..8)?, self.big_endian);
        self.sum = checksum(sum, &self.page, self.big_endian);
        let valid = header.get(8..16)? == self.salts && self.sum == (word(&header, 16), word(&header, 20));
        valid.then(|| (word(&header, 0), word(&header, 4)))
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn checksum((mut first, mut second): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let (pairs, _) = bytes.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in pairs {
        let (x, y) = if big_endian {
            (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
        } else {
            (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
        };
        first = first.wrapping_add(x).wrapping_add(second);
        second = second.wrapping_add(y).wrapping_add(first);
    }
    (first, second)
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::{Dir, leave_wal, page_count};

    #[test]
    fn commits_are_found_and_a_torn_end_is_not_one() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        leave_wal(&path, 2000);
        leave_wal(&path, 2000);
        let pages = page_count(&path);
        let wal = dir.path("x.db-wal");
        let whole = committed(&wal, 1).unwrap();
        assert_eq!(whole, Committed { pages, pages_beyond_main: pages - 1 });

        let mut bytes = std::fs::read(&wal).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&wal, &bytes).unwrap();
        let torn = committed(&wal, 1).unwrap();
        assert!(torn.pages < pages, "the last commit is not valid: {torn:?}");

        bytes[20] ^= 1;
        std::fs::write(&wal, &bytes).unwrap();
        assert_eq!(committed(&wal, 1), None, "the header's checksum is wrong");
        assert_eq!(committed(&dir.path("none"), 1), None);
    }
}
