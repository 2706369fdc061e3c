//! Who else has the source open, where the system tells: on Linux, by the descriptors of every process in `/proc`.
//!
//! Processes of other users hide theirs; what is told is then less than there may be.

use super::open::Source;
use crate::outcome::Holder;
use std::fs::{self, DirEntry};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where Linux lists its processes.
const PROCESSES: &str = "/proc";

/// Bits of `flags` in `fdinfo` that say how a descriptor was opened; 0 is for reading.
const ACCESS_MODE: u32 = 0o3;

impl Source {
    /// Other processes that have the main file open, by number; none where the system does not tell.
    pub fn holders(&self) -> Option<Vec<Holder>> {
        let file = self.fingerprint();
        let processes = fs::read_dir(PROCESSES).ok()?.filter_map(Result::ok);
        let own = std::process::id();
        let mut holders: Vec<Holder> = processes
            .filter_map(|process| {
                let pid = process.file_name().to_str()?.parse().ok().filter(|pid| *pid != own)?;
                holder(&process.path(), pid, (file.device, file.inode))
            })
            .collect();
        // A system without that list has no process in it, not even this one.
        fs::metadata(format!("{PROCESSES}/self/fd")).ok()?;
        holders.sort();
        Some(holders)
    }
}

fn holder(process: &Path, pid: u32, file: (u64, u64)) -> Option<Holder> {
    let descriptors = fs::read_dir(process.join("fd")).ok()?.filter_map(Result::ok);
    let of_file: Vec<DirEntry> = descriptors.filter(|descriptor| is_of(descriptor, file)).collect();
    if of_file.is_empty() {
        return None;
    }
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    let writes = of_file.iter().any(|descriptor| is_for_writing(process, descriptor));
    Some(Holder { pid, name: name.trim().to_owned(), writes })
}

fn is_of(descriptor: &DirEntry, file: (u64, u64)) -> bool {
    fs::metadata(descriptor.path()).is_ok_and(|found| (found.dev(), found.ino()) == file)
}

/// Opened for writing; what cannot be known counts as that.
fn is_for_writing(process: &Path, descriptor: &DirEntry) -> bool {
    let info = fs::read_to_string(process.join("fdinfo").join(descriptor.file_name())).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
    flags.is_none_or(|flags| flags & ACCESS_MODE != 0)
}
