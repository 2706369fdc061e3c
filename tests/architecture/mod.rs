//! The walls between the rooms of `src/` (`ARCHITECTURE.md`), each with its reason. The check is a function over
//! paths and texts, so that every rule is proved below by a planted fault: a wall that cannot fail is no wall.

mod planted;
mod rules;
mod source;

use rules::{BANS, Ban, CRATES, FLOOR_0, PURE, ROOMS, Room};
use source::{Path, Source};

/// Fewer files than this, and the check looked at the wrong place. To be raised as the tree grows.
const FILES_MIN: usize = 100;

/// The room of a file under `src/`: its directory, its own name for a file of the ground, `main` or `lib`.
fn room_of(file: &str) -> &str {
    match file.split_once('/') {
        Some((directory, _)) => directory,
        None => file.trim_end_matches(".rs"),
    }
}

/// Everything that is wrong in these files: paths relative to `src/`, and their texts.
fn violations(files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    if files.len() < FILES_MIN {
        found.push(format!("only {} files seen: this check looked at the wrong place", files.len()));
    }
    for (file, text) in files.iter().filter(|(file, _)| !is_test(file)) {
        found.extend(violations_of(file, text).into_iter().map(|what| format!("src/{file}{what}")));
    }
    found
}

/// Files that hold nothing but tests stand outside the walls, as `#[cfg(test)]` modules do.
fn is_test(file: &str) -> bool {
    file.ends_with("tests.rs") || file.ends_with("/fixture.rs") || file.contains("/tests/")
}

fn violations_of(file: &str, text: &str) -> Vec<String> {
    let mut found = leftovers(text);
    let source = Source::read(text);
    let name = room_of(file);
    let Some(room) = room(name) else {
        found.push(format!(": `{name}` is no room: give it a floor in tests/architecture/rules.rs"));
        return found;
    };
    for path in &source.paths {
        found.extend(wrong_room(file, room, path));
        found.extend(wrong_crate(name, path));
        found.extend(BANS.iter().filter(|ban| applies(ban, file, name)).filter_map(|ban| banned(ban, path)));
    }
    found.extend(source.macros.iter().filter_map(|(line, name_)| wrong_macro(name, *line, name_)));
    found
}

fn room(name: &str) -> Option<&'static Room> {
    let wanted = if FLOOR_0.contains(&name) { "floor 0" } else { name };
    ROOMS.iter().find(|room| room.name == wanted)
}

/// The room of the crate that a path leads into, if it leads into one.
fn target<'a>(file: &str, room: &Room, path: &'a Path) -> Option<&'a str> {
    let words: Vec<&str> = path.words.iter().map(String::as_str).collect();
    let climbs = words.iter().take_while(|word| **word == "super").count();
    let at_root = climbs > 0 && climbs > file.matches('/').count();
    match words.as_slice() {
        ["crate", next, ..] => Some(next),
        ["cutover", next, ..] if room.name == "main" => Some(next),
        // `super` from a file of the root, `super::super` from a room: only names of rooms count, since a test
        // or an inner module climbs too.
        _ if at_root => words.get(climbs).copied().filter(|next| self::room(next).is_some()),
        _ => None,
    }
}

fn wrong_room(file: &str, from: &Room, path: &Path) -> Option<String> {
    let target = target(file, from, path)?;
    let into = room(target).map_or(target, |room| room.name);
    if into == from.name || from.may.contains(&into) || from.may.contains(&"*") {
        return None;
    }
    Some(format!(":{}: {} may not import `{}`: {}", path.line, from.name, path.words.join("::"), from.why))
}

fn wrong_crate(room: &str, path: &Path) -> Option<String> {
    let first = path.words.first()?;
    let (name, rooms, why) = CRATES.iter().find(|(name, ..)| name == first)?;
    let is_path = path.words.len() > 1 || path.after_use;
    if !is_path || rooms.contains(&room) {
        return None;
    }
    Some(format!(":{}: the crate `{name}` belongs to {} alone: {why}", path.line, rooms.join(", ")))
}

fn applies(ban: &Ban, file: &str, room: &str) -> bool {
    let inside = !ban.pure_only || PURE.contains(&room) || FLOOR_0.contains(&room);
    inside && !ban.except.contains(&room) && !ban.except.contains(&file)
}

fn banned(ban: &Ban, path: &Path) -> Option<String> {
    let hit = path.words.windows(ban.words.len()).any(|window| window == ban.words);
    let hit = hit && (!ban.call_without_arguments || path.empty_call);
    hit.then(|| format!(":{}: `{}`: {}", path.line, ban.words.join("::"), ban.why))
}

fn wrong_macro(room: &str, line: usize, name: &str) -> Option<String> {
    match name {
        "println" | "eprintln" | "print" | "eprint" if !["report", "cli"].contains(&room) => Some(format!(
            ":{line}: `{name}!`: what reaches the screen is an event; only report and cli print"
        )),
        "todo" | "unimplemented" | "dbg" => Some(format!(":{line}: `{name}!` is unfinished work")),
        _ => None,
    }
}

/// Marks of unfinished work, in comments too.
fn leftovers(text: &str) -> Vec<String> {
    let words =
        |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "FIXME" || word == "XXX");
    let lines = text.lines().enumerate().filter(|(_, line)| words(line));
    lines.map(|(index, _)| format!(":{}: a mark of unfinished work", index + 1)).collect()
}

/// All Rust files under `src/`, relative to it.
fn tree() -> Vec<(String, String)> {
    fn walk(dir: &std::path::Path, root: &std::path::Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                into.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    files
}

#[test]
fn the_walls_stand() {
    let found = violations(&tree());
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_check_sees_the_imports() {
    let paths = tree().iter().flat_map(|(_, text)| Source::read(text).paths).collect::<Vec<_>>();
    let inward = paths.iter().filter(|path| path.words[0] == "crate").count();
    assert!(inward >= 15, "only {inward} paths into the crate seen: the reader is blind");
}

#[test]
fn too_few_files_are_a_failure() {
    let few = vec![("error.rs".to_owned(), String::new())];
    assert!(violations(&few)[0].contains("wrong place"));
}

#[test]
fn each_rule_can_fail() {
    for (file, text, expected) in [
        ("error.rs", "use crate::catalog::Table;", "floor 0 may not import"),
        ("error.rs", "use super::catalog::Table;", "floor 0 may not import"),
        ("catalog/table.rs", "use crate::plan::Plan;", "catalog may not import"),
        ("catalog/table.rs", "use super::super::plan::Plan;", "catalog may not import"),
        ("plan/mod.rs", "fn f() { crate::encode::go() }", "plan may not import"),
        (
            "encode/mod.rs",
            "use crate::{value::Value, digest::RowHash};",
            "encode may not import `crate::digest::RowHash`",
        ),
        ("digest/mod.rs", "use crate::encode::wire;", "digest may not import"),
        ("sqlite/scan.rs", "use crate::encode::Row;", "sqlite may not import"),
        ("sqlite/scan.rs", "use crate::postgres::Sink;", "sqlite may not import"),
        ("postgres/copy_in.rs", "use crate::sqlite::Scan;", "postgres may not import"),
        ("embedded/cluster.rs", "use crate::postgres::connect;", "embedded may not import"),
        ("pipeline/copy.rs", "use crate::cli::args;", "pipeline may not import"),
        ("assess/mod.rs", "use crate::pipeline::read;", "assess may not import"),
        ("pipeline/copy.rs", "use crate::report::bars;", "pipeline may not import"),
        ("report/bars.rs", "use crate::plan::Plan;", "report may not import"),
        ("cli/mod.rs", "use crate::sqlite::open;", "cli may not import"),
        ("main.rs", "fn main() { cutover::pipeline::copy() }", "main may not import"),
        ("attic/mod.rs", "", "`attic` is no room"),
        ("stray.rs", "", "`stray` is no room"),
        ("plan/mod.rs", "fn f(c: &rusqlite::Connection) {}", "`rusqlite` belongs to sqlite"),
        ("pipeline/mod.rs", "use tokio_postgres as pg;", "`tokio_postgres` belongs to postgres"),
        ("pipeline/mod.rs", "use ::rustls::Config;", "`rustls` belongs to postgres"),
        ("cli/mod.rs", "use unicode_width::UnicodeWidthStr;", "`unicode_width` belongs to report"),
        ("cli/mod.rs", "use indicatif::ProgressBar;", "`indicatif` belongs to report"),
        ("config.rs", "#[derive(clap::Parser)] struct A;", "`clap` belongs to cli"),
        ("encode/mod.rs", "use blake3::Hasher;", "`blake3` belongs to digest"),
        ("sqlite/open.rs", "use sqlite3_parser::ast;", "`sqlite3_parser` belongs to catalog"),
        ("pipeline/mod.rs", "use petgraph::Graph;", "`petgraph` belongs to catalog, plan"),
        ("pipeline/mod.rs", "use comfy_table::Table;", "`comfy_table` belongs to report, cli, assess"),
        ("sqlite/scan.rs", "use tokio::sync::mpsc;", "`tokio` belongs to"),
        ("value.rs", "use std::fs::File;", "`std::fs`"),
        ("catalog/mod.rs", "use std::{fmt, fs};", "`std::fs`"),
        ("plan/mod.rs", "fn f() { std::net::lookup() }", "`std::net`"),
        ("config.rs", "fn f() { std::env::var(\"HOME\"); }", "`std::env`"),
        ("digest/mod.rs", "use std::time::{Duration, Instant};", "`time::Instant`"),
        ("encode/mod.rs", "use std::time; fn f() { time::SystemTime::now(); }", "`time::SystemTime`"),
        ("sqlite/scan.rs", "fn f() { println!(\"{}\", 1); }", "`println!`"),
        ("pipeline/mod.rs", "fn f() { eprint!(\"x\"); }", "`eprint!`"),
        ("pipeline/copy.rs", "use std::process; fn f() { process::exit(1) }", "`process::exit`"),
        ("main.rs", "fn main() { std::process::exit(1) }", "`process::exit`"),
        (
            "pipeline/copy.rs",
            "fn f() { tokio::sync::mpsc::unbounded_channel::<u8>(); }",
            "`unbounded_channel`",
        ),
        ("pipeline/copy.rs", "fn f() { futures::channel::mpsc::unbounded(); }", "`unbounded`"),
        ("pipeline/copy.rs", "fn f() { std::sync::mpsc::channel::<Vec<u8>>(); }", "`channel`"),
        ("pipeline/copy.rs", "fn f() { mpsc::channel(); }", "`channel`"),
        ("cli/mod.rs", "fn f() { todo!() }", "`todo!`"),
        ("cli/mod.rs", "// FIXME: later", "unfinished"),
        ("cli/mod.rs", "/* XXX */", "unfinished"),
    ] {
        let found = violations_of(file, text);
        assert!(
            found.iter().any(|what| what.contains(expected)),
            "{file}: {text}\nexpected: {expected}\nfound: {found:?}"
        );
    }
}

#[test]
fn what_is_allowed_passes() {
    for (file, text) in [
        (
            "error.rs",
            "use crate::finding::Finding; #[cfg(test)] mod tests { use super::*; use crate::cli::x; }",
        ),
        ("failpoint.rs", "fn f() { std::env::var(\"X\"); std::process::abort() }"),
        (
            "limits.rs",
            "use std::time::Duration; /// `std::fs`\nconst A: &str = \"crate::cli::x std::fs println!()\";",
        ),
        ("plan/mod.rs", "use crate::catalog::Table; use super::types; mod a { use super::super::types; }"),
        ("plan/mod.rs", "// rusqlite::Connection is elsewhere\nfn f<'a>(x: &'a str) -> char { '\"' }"),
        ("plan/mod.rs", "struct S { tokio: u8 } fn f(s: S) { s.tokio; let clap = 1; }"),
        ("sqlite/scan.rs", "use crate::catalog::Table; use rusqlite::Row; use std::fs::File;"),
        ("pipeline/copy.rs", "fn f() { mpsc::channel(4); mpsc::channel::<u8>(4); }"),
        ("pipeline/cancel.rs", "fn f() { std::process::exit(130) }"),
        ("pipeline/mod.rs", "use crate::assess::plan;"),
        ("report/lines.rs", "fn f() { println!(\"x\"); }"),
        ("cli/mod.rs", "use crate::pipeline; fn f() { std::process::exit(2) }"),
        ("main.rs", "fn main() -> std::process::ExitCode { cutover::cli::run() }"),
        ("lib.rs", "pub mod cli; pub use crate::error::Error;"),
        ("sqlite/tests.rs", "fn f() { println!(); }"),
    ] {
        let files: Vec<_> = (0..FILES_MIN).map(|_| (file.to_owned(), text.to_owned())).collect();
        assert_eq!(violations(&files), Vec::<String>::new(), "{file}: {text}");
    }
}
