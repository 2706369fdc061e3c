//! `cutover.toml`: every mistake has a place, a target is never shown, and what was read says what it means.

use cutover::config::parse;
use cutover::plan::{type_text, zone};

const SECRET: &str = "hunter2";

/// A file.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    words(text);
    whole(text);
    if !text.contains(SECRET) {
        let target = format!("[options]\nto = \"postgres://u:{SECRET}@h/d\"\n{text}");
        let error = parse(&target, "c.toml").expect_err("a target is not allowed here");
        let shown = format!("{error} {error:?} {:?}", error.remedy_text());
        assert!(!shown.contains(SECRET), "the target is shown: {shown}");
    }
}

fn whole(text: &str) {
    let settings = match parse(text, "c.toml") {
        Ok(settings) => settings,
        Err(error) => {
            // A line of its own for each; a word of the file may have line ends of its own.
            let first = error.message().lines().next().unwrap_or_default();
            let mut place = first.strip_prefix("c.toml:").expect("a mistake without a place").splitn(3, ':');
            let line: usize = place.next().and_then(|line| line.parse().ok()).expect("no line");
            let column: usize = place.next().and_then(|column| column.parse().ok()).expect("no column");
            assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{first}");
            assert!(column >= 1, "{first}");
            return;
        }
    };
    assert_eq!(settings.file.as_deref(), Some("c.toml"));
    // Comments and another name of the file change nothing of what is said.
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let again = parse(&format!("# a comment\n{bare}"), "other.toml").expect("a comment is no mistake");
    assert_eq!(again.canonical(), settings.canonical());
    assert_eq!(again.options, settings.options);
    for setting in settings.all() {
        assert!(setting.place.line >= 1 && setting.place.column >= 1);
        // What a setting says of itself is TOML that reads as the same setting.
        let key = setting.value.key();
        let place = if key == "where" { "[tables.t]" } else { "[tables.t.columns.c]" };
        let alone = format!("{place}\n{key} = {}", setting.value.toml());
        let read = parse(&alone, "c.toml").expect("a setting that was read");
        assert_eq!(read.all().next().map(|read| &read.value), Some(&setting.value), "{alone}");
    }
    for (table, column) in [("t", "c"), ("orders", "id"), ("", ""), ("a*", "*")] {
        settings.table(table);
        settings.column(table, column);
        assert!(settings.conflict(table, Some(column)).is_none_or(|(one, other)| one.value != other.value));
    }
}

/// The first line as a type and as a time zone.
fn words(text: &str) {
    let line = text.lines().next().unwrap_or_default();
    if let Ok(type_text::Wanted::Pg(pg)) = type_text::parse(line) {
        let written = pg.to_string();
        assert_eq!(type_text::parse(&written), Ok(type_text::Wanted::Pg(pg)), "{line} is written {written}");
    }
    // Looking for what was meant goes over every name of the database, which is slow.
    if line.len() < 24 && (line.contains('/') || line.starts_with(['+', '-'])) {
        let _ = zone::check(line);
    }
}
