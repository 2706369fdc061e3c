//! Real databases of other people, moved whole. They are not part of the project: `CUTOVER_SHARED`, or `shared` beside
//! the project, holds them in `corpus/`; without it these tests say so and skip.

use crate::levels;
use crate::support::flow::{Run, four_at_once, migrate, not_said_before, validate};
use crate::support::postgres::{Database, Server};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file that is broken, and must be refused as a source.
pub(crate) const BROKEN: &str = "mbtiles-corrupt.sqlite";

pub(crate) fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let dir = std::env::var_os("CUTOVER_SHARED").map_or(beside, PathBuf::from);
    if dir.join("corpus").is_dir() {
        return Some(dir);
    }
    eprintln!("skipped: no corpus in {} (CUTOVER_SHARED names another place)", dir.display());
    None
}

/// Every readable file of the corpus, the largest first.
pub(crate) fn readable(shared: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(shared.join("corpus")).unwrap().map(|entry| entry.unwrap().path());
    let is_readable = |path: &PathBuf| {
        path.extension().is_some_and(|ext| ext == "sqlite")
            && path.file_name().is_some_and(|name| name != BROKEN)
    };
    let mut files: Vec<PathBuf> = files.filter(is_readable).collect();
    files.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
    files
}

fn wal_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

/// The bytes of a file and of its `-wal`; a `-wal` that is not there and an empty one are the same.
fn bytes_of(path: &Path) -> (Vec<u8>, Vec<u8>) {
    (std::fs::read(path).unwrap(), std::fs::read(wal_of(path)).unwrap_or_default())
}

/// A copy of the file and of its `-wal` that may be opened.
pub(crate) fn copy_of(file: &Path) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let name = file.file_name().unwrap();
    let copy = dir.path().join(name);
    std::fs::write(&copy, std::fs::read(file).unwrap()).unwrap();
    if let Ok(wal) = std::fs::read(wal_of(file)) {
        std::fs::write(wal_of(&copy), wal).unwrap();
    }
    (dir, copy)
}

/// What went wrong with one file; nothing is the good case.
fn move_one(server: &Server, judge: Option<&Path>, file: &Path) -> Result<(), String> {
    let (name, database) =
        (file.file_name().unwrap().to_string_lossy().into_owned(), server.fresh_database());
    let (_dir, copy) = copy_of(file);
    let before = bytes_of(&copy);
    let validated = validate(&copy, &database, &[]);
    let run = migrate(&copy, &database, &[]);
    let new = not_said_before(&validated, &run);
    if !new.is_empty() {
        return Err(format!("{name}: --validate had not said: {}", new.join("; ")));
    }
    same_verdict(&validated, &run).map_err(|why| format!("{name}: {why}"))?;
    if bytes_of(&copy) != before {
        return Err(format!("{name}: the source was changed"));
    }
    if name == BROKEN {
        return if run.done.code == 5 { Ok(()) } else { Err(format!("{name}: exit {}", run.done.code)) };
    }
    check_run(&name, &run)?;
    let exact = levels::honest(&copy, &database).map_err(|error| format!("{name}: {error}"))?;
    if exact == 0 {
        return Err(format!("{name}: not one exact column"));
    }
    // It compares by value; which name became which it is told.
    let names = copy.with_extension("json");
    std::fs::write(&names, run.report.to_string()).unwrap();
    judge.map_or(Ok(()), |judge| judged(judge, &copy, &database, &names))
}

/// `--validate` is right about what `--migrate` does, and about what is not carried.
pub(crate) fn same_verdict(validated: &Run, migrated: &Run) -> Result<(), String> {
    let works = |run: &Run| matches!(run.done.code, 0 | 8);
    if works(validated) != works(migrated) {
        let codes = (validated.done.code, migrated.done.code);
        return Err(format!(
            "--validate and --migrate exit {codes:?}: {}\n{}",
            validated.said(),
            migrated.said()
        ));
    }
    let left = |run: &Run| {
        let items = run.report["not_carried"].as_array().cloned().unwrap_or_default();
        items.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<String>>()
    };
    match left(validated) == left(migrated) {
        true => Ok(()),
        false => Err(format!("not carried: {:?}\n{:?}", left(validated), left(migrated))),
    }
}

fn check_run(name: &str, run: &Run) -> Result<(), String> {
    if run.done.code != 0 {
        return Err(format!("{name}: exit {}: {}", run.done.code, run.said()));
    }
    let tables = run.report["tables"].as_array().ok_or("no tables")?;
    match tables.iter().find(|table| table["verify"] != "match") {
        _ if tables.is_empty() => Err(format!("{name}: no table at all")),
        Some(table) => Err(format!("{name}: {table}")),
        None => Ok(()),
    }
}

/// The independent judge reads both databases itself.
fn judged(judge: &Path, copy: &Path, database: &Database, names: &Path) -> Result<(), String> {
    let output = Command::new("python3")
        .arg(judge)
        .arg(copy)
        .arg(database.url())
        .arg("--names")
        .arg(names)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{}: the judge says: {said}", copy.display()))
}

fn judge(shared: &Path) -> Option<PathBuf> {
    let judge = shared.join("tools/check.py");
    let has_driver = Command::new("python3").args(["-c", "import psycopg"]).output();
    if judge.is_file() && has_driver.is_ok_and(|output| output.status.success()) {
        return Some(judge);
    }
    eprintln!("without the independent judge: it needs tools/check.py and python3 with psycopg");
    None
}

#[test]
fn every_real_database_arrives_whole() {
    let (Some(server), Some(shared)) = (Server::available(), shared()) else { return };
    let judge = judge(&shared);
    let files = std::fs::read_dir(shared.join("corpus")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ext| ext == "sqlite")).collect();
    assert!(files.len() >= 40, "the corpus has {} files", files.len());
    // The largest first: the others fit in beside it.
    files.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
    let results = four_at_once(files, |file| move_one(server, judge.as_deref(), &file));
    let problems: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} files:\n{}", problems.len(), problems.join("\n\n"));
}
