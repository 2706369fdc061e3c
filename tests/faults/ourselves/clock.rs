//! Clocks that jump (fault catalogue F54). A jump cannot be made here without privileges or a library before ours; so the
//! source is read: what decides something uses the clock that only goes forward, or the server's.

use std::fs;
use std::path::{Path, PathBuf};

/// Uses of the wall clock, all of them for people: the time at which a run began, how long ago that was, and how far the clocks of
/// both hosts are apart.
const ALLOWED: [&str; 3] = ["pipeline/account.rs", "pipeline/status/expected.rs", "postgres/link.rs"];

/// Ways to ask what time it is.
const WALL_CLOCKS: [&str; 8] = [
    "SystemTime::now",
    "UNIX_EPOCH",
    "Zoned::now",
    "Timestamp::now",
    "Local::now",
    "Utc::now",
    "OffsetDateTime::now",
    "clock_gettime",
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, into),
            false => into.push(path),
        }
    }
}

/// The wall clocks that a text asks.
fn asked(text: &str) -> Vec<&'static str> {
    WALL_CLOCKS.into_iter().filter(|clock| text.contains(clock)).collect()
}

#[test]
fn f54_no_decision_reads_the_wall_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 200, "only {} files", files.len());
    let mut asking = Vec::new();
    for path in files {
        let found = asked(&fs::read_to_string(&path).unwrap());
        if !found.is_empty() {
            asking.push(path.strip_prefix(&root).unwrap().display().to_string());
        }
    }
    asking.sort();
    assert_eq!(asking, ALLOWED, "the wall clock may jump: Instant, or the server's clock");
    assert!(!asked("let now = std::time::SystemTime::now();").is_empty(), "a use is found");
}
