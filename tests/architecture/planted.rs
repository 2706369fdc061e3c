//! The bugs of `tests/planted` are to be planted: a patch that no longer applies proves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why it does not apply, in git's words; nothing where it does. Whatever repository is around this tree is not looked at.
fn refused(root: &Path, patch: &Path) -> Option<String> {
    let around = root.parent().unwrap_or(root);
    let output = Command::new("git")
        .args(["apply", "--check"])
        .arg(patch)
        .current_dir(root)
        .env("GIT_CEILING_DIRECTORIES", around)
        .output()
        .unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn is_git_there() -> bool {
    let is_there = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: no git: whether the planted bugs apply is not looked at");
    }
    is_there
}

#[test]
fn every_planted_bug_applies_to_this_tree() {
    if !is_git_there() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root.join("tests/planted")).unwrap();
    let patches: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(patches.len() >= 27, "{patches:?}");
    let stale: Vec<String> = patches.iter().filter_map(|patch| refused(root, patch)).collect();
    assert_eq!(stale, Vec::<String>::new());
}

/// The check itself, beside a repository and inside of one.
#[test]
fn a_patch_that_does_not_apply_is_seen() {
    if !is_git_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (root, patch) = (dir.path().join("tree"), dir.path().join("a.patch"));
    std::fs::create_dir_all(root.join("src")).unwrap();
    std::fs::write(&patch, "# bug: b\n--- a/src/a\n+++ b/src/a\n@@ -1 +1 @@\n-one\n+two\n").unwrap();
    for around in [false, true] {
        if around {
            assert!(
                Command::new("git").args(["init", "--quiet"]).arg(dir.path()).status().unwrap().success()
            );
        }
        for (text, applies) in [("one\n", true), ("other\n", false)] {
            std::fs::write(root.join("src/a"), text).unwrap();
            assert_eq!(refused(&root, &patch).is_none(), applies, "{text} {around}");
        }
    }
}
