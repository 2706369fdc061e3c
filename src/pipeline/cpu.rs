//! The time that this process has spent on processors, where the system tells it without a call that is not safe.

use crate::outcome::CpuSeconds;

/// Ticks in a second of `/proc/self/stat`: the same on every architecture that we are built for, whatever the kernel's
/// own ticks are (proc_pid_stat(5), USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of all threads so far; none where there is no `/proc`.
pub(super) fn seconds() -> Option<CpuSeconds> {
    read(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 14 and 15. The second field is the program's name in parentheses, which may hold anything, parentheses too.
pub(super) fn read(stat: &str) -> Option<CpuSeconds> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<u64>().ok()? as f64 / TICKS_PER_SECOND);
    Some(CpuSeconds { user: seconds()?, system: seconds()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "4242 (a) b (c)) R 1 4242 1 0 -1 4194304 100 0 0 0 1234 56 7 8 20 0 1 0 100 1 1";
        assert_eq!(read(stat), Some(CpuSeconds { user: 12.34, system: 0.56 }));
        assert_eq!(read("4242 (a) R 1"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_some() {
        assert!(seconds().is_some());
    }
}
