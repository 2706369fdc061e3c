//! Every file of the shared corpus opens, except the one that is there because it is damaged.

use std::path::{Path, PathBuf};

use super::fixture::Dir;
use super::open::Source;
use crate::error::{ErrorKind, Result};
use crate::finding::Finding;

/// The corpus beside the project, or below the directory that `CUTOVER_SHARED` names.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("CUTOVER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(shared.join("corpus")).filter(|dir| dir.is_dir())
}

/// Copies a file, with its log, to a writable place.
fn copy_into(dir: &Dir, path: &Path) -> PathBuf {
    for suffix in ["", "-wal", "-journal"] {
        let from = PathBuf::from(format!("{}{suffix}", path.display()));
        if from.exists() {
            let to = dir.path(&format!("x.db{suffix}"));
            std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
        }
    }
    dir.path("x.db")
}

fn examine(path: &Path) -> Result<(Source, Vec<Finding>)> {
    let source = Source::open(path, 2)?;
    let findings = source.quick_check()?;
    Ok((source, findings))
}

#[test]
fn the_corpus_opens() {
    let Some(corpus) = corpus() else {
        eprintln!("skipped: no corpus (CUTOVER_SHARED)");
        return;
    };
    let mut opened = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sqlite") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let dir = Dir::new();
        let copy = copy_into(&dir, &path);
        let before = dir.contents();
        match examine(&copy) {
            Ok((source, findings)) => {
                assert_ne!(name, "mbtiles-corrupt");
                assert_eq!(source.readers(), 2, "{name}");
                for note in source.facts().notes.iter().chain(&findings) {
                    println!("{name}: {} {}: {}", note.code, note.object, note.message);
                }
                check_log(&name, &source);
                opened += 1;
            }
            Err(error) => {
                println!("{name}: {error}");
                assert_eq!((name.as_str(), error.kind()), ("mbtiles-corrupt", ErrorKind::Source), "{error}");
            }
        }
        let after = dir.contents();
        assert!(before.iter().all(|file| after.contains(file)), "{name} was changed");
    }
    assert!(opened >= 39, "{opened} opened");
}

/// Tables that stand only in the log are seen (the counts are the corpus's own).
fn check_log(name: &str, source: &Source) {
    let tables: i64 = source
        .reader()
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))
        .unwrap();
    match name {
        "plaso-wal" => assert_eq!((tables, source.facts().wal_bytes), (2, 9464)),
        "ios-addressbook" => assert!(tables >= 23 && source.facts().wal_bytes == 2_463_792),
        _ => {}
    }
}
