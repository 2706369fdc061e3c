//! What this host is, and what room it has.

use crate::outcome::HostFacts;
use std::path::Path;

/// Cores, memory, versions.
pub fn facts(sqlite_version: &str) -> HostFacts {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    HostFacts {
        cutover: env!("CARGO_PKG_VERSION").to_owned(),
        sqlite: sqlite_version.to_owned(),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
        memory_bytes: kilobytes(&memory, "MemTotal:"),
        memory_free_bytes: kilobytes(&memory, "MemAvailable:"),
    }
}

/// A line of `/proc/meminfo`: `MemTotal:  8047724 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Bytes that are free for users in the file system of `directory`.
pub fn free_bytes(directory: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(directory).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Whether the process of that number is a backend of PostgreSQL that serves `database`: then the server is on this host, and
/// its directories are what they are called here.
pub fn is_backend(pid: i32, database: &str) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command);
    command.starts_with("postgres: ") && command.contains(database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_writes_it() {
        let text = "MemTotal:        8047724 kB\nMemFree:          120000 kB\nMemAvailable:    4023862 kB\n";
        assert_eq!(kilobytes(text, "MemTotal:"), Some(8_240_869_376));
        assert_eq!(kilobytes(text, "MemAvailable:"), Some(4_120_434_688));
        assert_eq!(kilobytes("", "MemTotal:"), None);
        assert!(!is_backend(i32::try_from(std::process::id()).unwrap(), "postgres"));
    }

    #[test]
    fn a_directory_has_room_or_is_not_known() {
        let home = tempfile::tempdir().unwrap();
        assert!(free_bytes(home.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free_bytes(&home.path().join("missing")), None);
    }
}
