//! What `CUTOVER_FAILPOINTS` says, and how often each point was passed.

use super::{ALL, Action};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// One entry of the script.
#[derive(Debug)]
struct Entry {
    point: &'static str,
    what: What,
    /// the first passage that triggers, and whether every later one does, too
    from: u64,
    onward: bool,
    passed: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Kill,
    Panic,
    Fail,
    On,
    Pause,
    Delay(Duration),
}

/// Between two looks whether a thread that pauses may go on.
const LOOK_EVERY: Duration = Duration::from_millis(2);

static COUNTS: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

pub(super) fn pass(name: &str) -> Action {
    if counts_file().is_some()
        && let Some(i) = ALL.iter().position(|point| *point == name)
    {
        COUNTS[i].fetch_add(1, Ordering::Relaxed);
    }
    let of_this = script().iter().filter(|entry| entry.point == name);
    of_this.fold(Action::Pass, |before, entry| match entry.pass() {
        Action::Pass => before,
        now => now,
    })
}

impl Entry {
    fn pass(&self) -> Action {
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if number < self.from || (number > self.from && !self.onward) {
            return Action::Pass;
        }
        match self.what {
            What::Kill => std::process::abort(),
            What::Panic => panicked(self.point),
            What::Fail => Action::Fail,
            What::On => Action::On,
            What::Pause => pause(self.point),
            What::Delay(time) => {
                std::thread::sleep(time);
                Action::Pass
            }
        }
    }
}

/// Its message is as those of the standard library are that quote what they stumble over: it must not be shown.
#[expect(clippy::panic, reason = "it is what was asked for")]
fn panicked(point: &str) -> Action {
    panic!("planted at {point}: secret-of-a-cell");
}

fn pause(point: &str) -> Action {
    let Some(file) = std::env::var_os("CUTOVER_FAILPOINT_PAUSED") else { return Action::Pass };
    if std::fs::write(&file, point).is_ok() {
        while std::fs::exists(&file).unwrap_or(false) {
            std::thread::sleep(LOOK_EVERY);
        }
    }
    Action::Pass
}

fn script() -> &'static [Entry] {
    static SCRIPT: OnceLock<Vec<Entry>> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let text = std::env::var("CUTOVER_FAILPOINTS").unwrap_or_default();
        let entries = text.split(',').filter(|entry| !entry.is_empty());
        entries.map(|entry| parse(entry).unwrap_or_else(|| unknown(entry))).collect()
    })
}

/// A script that means nothing would plant nothing, and the test that wrote it would show nothing.
#[expect(clippy::panic, reason = "a mistake of a test")]
fn unknown(entry: &str) -> Entry {
    panic!("CUTOVER_FAILPOINTS: no such point or action: {entry}");
}

fn parse(entry: &str) -> Option<Entry> {
    let (name, rest) = entry.split_once('=')?;
    let mut words = rest.split(':');
    let what = match words.next()? {
        "kill" => What::Kill,
        "panic" => What::Panic,
        "fail" | "error" => What::Fail,
        "on" => What::On,
        "pause" => What::Pause,
        "delay" => What::Delay(Duration::from_millis(words.next()?.parse().ok()?)),
        _ => return None,
    };
    let (from, onward) = match words.next() {
        None => (1, true),
        Some(which) => match which.strip_suffix('+') {
            Some(from) => (from.parse().ok()?, true),
            None => (which.parse().ok()?, false),
        },
    };
    let point = ALL.iter().find(|point| **point == name)?;
    words.next().is_none().then(|| Entry { point, what, from, onward, passed: AtomicU64::new(0) })
}

fn counts_file() -> Option<&'static std::path::Path> {
    static FILE: OnceLock<Option<std::path::PathBuf>> = OnceLock::new();
    FILE.get_or_init(|| std::env::var_os("CUTOVER_FAILPOINT_COUNTS").map(Into::into)).as_deref()
}

pub(super) fn write_counts() {
    let Some(file) = counts_file() else { return };
    let line = |(point, count): (&&str, &AtomicU64)| format!("{point} {}\n", count.load(Ordering::SeqCst));
    // Whoever asked for it reads it, and sees what is missing.
    let _ = std::fs::write(file, ALL.iter().zip(&COUNTS).map(line).collect::<String>());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(entry: &str) -> Option<(What, u64, bool)> {
        parse(entry).map(|entry| (entry.what, entry.from, entry.onward))
    }

    #[test]
    fn an_entry_is_a_point_an_action_and_which_passage() {
        assert_eq!(parsed("before_commit=kill"), Some((What::Kill, 1, true)));
        assert_eq!(parsed("before_commit=error:3"), Some((What::Fail, 3, false)));
        assert_eq!(parsed("frame_in=panic:2+"), Some((What::Panic, 2, true)));
        let delay = What::Delay(Duration::from_millis(20));
        assert_eq!(parsed("frame_in=delay:20"), Some((delay, 1, true)));
        assert_eq!(parsed("frame_in=delay:20:4"), Some((delay, 4, false)));
    }

    #[test]
    fn what_is_none_is_told() {
        for entry in ["", "kill", "nowhere=kill", "frame_in=burn", "frame_in=kill:x", "frame_in=kill:1:2"] {
            assert_eq!(parsed(entry), None, "{entry}");
        }
        assert_eq!(parsed("frame_in=delay"), None);
    }

    #[test]
    fn no_two_points_have_one_name() {
        let names: std::collections::BTreeSet<&str> = ALL.into_iter().collect();
        assert_eq!(names.len(), ALL.len());
    }
}
