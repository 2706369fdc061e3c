//! Marks that are planted where secrets are, and looked for in everything that is told or left behind.

use super::cli::Done;
use super::postgres::Database;
use std::fs;
use std::path::Path;

/// A text that occurs nowhere else, for a password or a cell.
pub(crate) fn mark(what: &str) -> String {
    format!("{what}{}", uuid::Uuid::new_v4().simple())
}

/// The forms in which a text may be told: as it is, in hex, as bytes of a debug form, turned into capitals.
fn forms(mark: &str) -> [String; 4] {
    let hex = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
    let bytes: Vec<String> = mark.bytes().map(|byte| byte.to_string()).collect();
    [mark.to_owned(), hex, bytes.join(", "), mark.to_uppercase()]
}

/// Fails where one of `marks` is in one of `texts`, which are named.
#[track_caller]
pub(crate) fn assert_not_told(marks: &[&str], texts: &[(&str, &str)]) {
    for mark in marks {
        for form in forms(mark) {
            let telling = texts.iter().find(|(_, text)| text.contains(&form));
            assert!(telling.is_none(), "{mark} is told by {telling:?}");
        }
    }
}

/// Both streams of a run, named.
pub(crate) fn streams(done: &Done) -> [(&'static str, &str); 2] {
    [("stdout", &done.stdout), ("stderr", &done.stderr)]
}

/// The whole ledger as text; of rows that were set aside everything but the rows, which are there to be kept.
pub(crate) fn ledger_text(database: &Database) -> String {
    let tables = database.rows(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE nspname = 'cutover' AND relkind IN ('r', 'p', 'v')",
    );
    let dump = |table: String| {
        let kept = if table.starts_with("set_aside") { " - 'stored' - 'number'" } else { "" };
        let rows = database.rows(&format!("SELECT (to_jsonb(t){kept})::text FROM cutover.\"{table}\" t"));
        format!("{table}: {rows:?}\n")
    };
    tables.into_iter().filter_map(|mut row| row.remove(0)).map(dump).collect()
}

/// Every file below a directory as text, with its name.
pub(crate) fn files_text(dir: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        text.push_str(&format!("{}\n", path.display()));
        match path.is_dir() {
            true => text.push_str(&files_text(&path)),
            false => text.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap_or_default())),
        }
    }
    text
}

#[test]
fn a_mark_that_is_told_is_found_in_every_form() {
    let one = mark("cell");
    assert_not_told(&[&one], &[("nothing", ""), ("another", &mark("cell"))]);
    for told in forms(&one) {
        let caught =
            std::panic::catch_unwind(|| assert_not_told(&[&one], &[("a log", &format!("<{told}>"))]));
        assert!(caught.is_err(), "{told}");
    }
}
