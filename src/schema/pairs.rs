//! Migrations in pairs, by the names of their files: `NNN_name.sql` or `NNN_name_sqlite.sql` for SQLite, and
//! `NNN_name_postgres.sql`.

use crate::error::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// From here on a number is a date or a moment (`20240131`, `20240131123000`), which no other follows by one.
const DATE_MIN: u64 = 10_000_000;

/// The scripts of one number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migration {
    /// SQLite's sides: name and file
    pub sqlite: Vec<(String, PathBuf)>,
    /// PostgreSQL's sides
    pub postgres: Vec<(String, PathBuf)>,
}

/// What is wrong with a directory of migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// `missing postgres`, `missing sqlite`, `gap`, `double number`, `differing names`, `not translated`, `drift`
    pub kind: &'static str,
    /// the file, or the number, that it is about
    pub object: String,
    /// what is the matter
    pub message: String,
}

impl Fault {
    pub(super) fn new(kind: &'static str, object: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { kind, object: object.into(), message: message.into() }
    }
}

/// What the PostgreSQL side of a SQLite script is called.
pub fn partner_name(sqlite: &str) -> String {
    let stem = sqlite.strip_suffix(".sql").unwrap_or(sqlite);
    let (stem, end) = match stem.strip_suffix(".up") {
        Some(stem) => (stem, ".up.sql"),
        None => (stem, ".sql"),
    };
    let stem = stem.strip_suffix("_sqlite").unwrap_or(stem);
    format!("{stem}_postgres{end}")
}

/// The file takes back what another one does: `NAME.down.sql`.
pub fn is_down(path: &Path) -> bool {
    file_name(path).ends_with(".down.sql")
}

/// The migrations of a directory by their numbers.
///
/// # Errors
/// Usage, where it cannot be read or holds none.
pub fn migrations(dir: &Path) -> Result<BTreeMap<u64, Migration>> {
    let cannot = |cause| {
        Error::usage("the directory cannot be read")
            .at(dir.display())
            .cause(cause)
            .remedy("name the directory that holds the migrations")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        files.push(entry.map_err(cannot)?.path());
    }
    files.sort();
    let mut found: BTreeMap<u64, Migration> = BTreeMap::new();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some((number, name)) = parts(&name).filter(|_| file.is_file() && !is_down(&file)) else {
            continue;
        };
        let migration = found.entry(number).or_default();
        match name.strip_suffix("_postgres") {
            Some(name) => migration.postgres.push((name.to_owned(), file)),
            None => migration.sqlite.push((name.strip_suffix("_sqlite").unwrap_or(name).to_owned(), file)),
        }
    }
    match found.is_empty() {
        true => Err(Error::usage(format!("{} holds no migrations", dir.display()))
            .remedy("their names are NNN_name.sql or NNN_name_sqlite.sql, and NNN_name_postgres.sql")),
        false => Ok(found),
    }
}

/// Number and name of `NNN_name.sql` and `NNN_name.up.sql`.
fn parts(file: &str) -> Option<(u64, &str)> {
    let stem = file.strip_suffix(".sql")?;
    let stem = stem.strip_suffix(".up").unwrap_or(stem);
    let digits = stem.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    let name = stem[digits..].strip_prefix(['_', '-']).filter(|name| !name.is_empty())?;
    Some((stem[..digits].parse().ok()?, name))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the names alone tell.
pub fn faults(migrations: &BTreeMap<u64, Migration>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut last: Option<u64> = None;
    for (&number, migration) in migrations {
        if let Some(last) = last.filter(|last| last + 1 < number && number < DATE_MIN) {
            let missing = match number - last {
                2 => format!("number {} is missing", last + 1),
                _ => format!("the numbers {} to {} are missing", last + 1, number - 1),
            };
            faults.push(Fault::new("gap", (last + 1).to_string(), missing));
        }
        last = Some(number);
        faults.extend(of_number(number, migration));
    }
    faults
}

fn of_number(number: u64, migration: &Migration) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (side, files) in [("SQLite", &migration.sqlite), ("PostgreSQL", &migration.postgres)] {
        if let [_, _, ..] = files.as_slice() {
            let names: Vec<String> = files.iter().map(|(_, path)| file_name(path)).collect();
            let message = format!("{} scripts for {side}: {}", names.len(), names.join(", "));
            faults.push(Fault::new("double number", number.to_string(), message));
        }
    }
    if let ([(name, sqlite)], [(other, postgres)]) = (&*migration.sqlite, &*migration.postgres)
        && name != other
    {
        let message =
            format!("is called {name} for SQLite and {other} for PostgreSQL ({})", file_name(postgres));
        return vec![Fault::new("differing names", file_name(sqlite), message)];
    }
    for path in without_partner(&migration.sqlite, &migration.postgres) {
        let message = format!("has no {}", partner_name(&file_name(path)));
        faults.push(Fault::new("missing postgres", file_name(path), message));
    }
    for path in without_partner(&migration.postgres, &migration.sqlite) {
        let message = "has no script for SQLite, and none can be made of it: write it by hand";
        faults.push(Fault::new("missing sqlite", file_name(path), message));
    }
    faults
}

/// Files of one side whose name the other side does not have.
fn without_partner<'a>(
    side: &'a [(String, PathBuf)],
    other: &'a [(String, PathBuf)],
) -> impl Iterator<Item = &'a PathBuf> {
    let lacks = |(name, _): &&(String, PathBuf)| !other.iter().any(|(partner, _)| partner == name);
    side.iter().filter(lacks).map(|(_, path)| path)
}

/// SQLite scripts without a partner that could be written: where the number has one script only.
pub(super) fn writable(migrations: &BTreeMap<u64, Migration>) -> Vec<&PathBuf> {
    let lacks = |migration: &&Migration| migration.sqlite.len() == 1 && migration.postgres.is_empty();
    migrations.values().filter(lacks).map(|migration| &migration.sqlite[0].1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(files: &[&str]) -> Vec<(&'static str, String)> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let faults = faults(&migrations(dir.path()).unwrap());
        faults.into_iter().map(|fault| (fault.kind, fault.object)).collect()
    }

    #[test]
    fn pairs_are_found_in_either_spelling() {
        assert_eq!(faults_of(&["001_a.sql", "001_a_postgres.sql", "2_b_sqlite.sql", "2_b_postgres.sql"]), []);
        assert_eq!(faults_of(&["1_a.sql", "1_a_postgres.sql", "notes.txt", "readme.sql", "_x.sql"]), []);
    }

    #[test]
    fn dates_have_no_gaps_and_what_takes_back_is_no_migration() {
        let dates = [
            "20240101000000_a.sql",
            "20240101000000_a_postgres.sql",
            "20240203_b.sql",
            "20240203_b_postgres.sql",
        ];
        assert_eq!(faults_of(&dates), []);
        let both = ["1_a.up.sql", "1_a.down.sql", "1_a_postgres.up.sql", "1_a_postgres.down.sql"];
        assert_eq!(faults_of(&both), []);
        assert_eq!(faults_of(&both[..2]), [("missing postgres", "1_a.up.sql".to_owned())]);
        assert_eq!(partner_name("1_a.up.sql"), "1_a_postgres.up.sql");
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("001_folder.sql")).unwrap();
        assert!(migrations(dir.path()).is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |kind, object: &str| (kind, object.to_owned());
        assert_eq!(faults_of(&["001_a.sql"]), [one("missing postgres", "001_a.sql")]);
        assert_eq!(faults_of(&["001_a_postgres.sql"]), [one("missing sqlite", "001_a_postgres.sql")]);
        let pair = ["01_a.sql", "01_a_postgres.sql"];
        assert_eq!(faults_of(&[&pair[..], &["04_b.sql", "04_b_postgres.sql"]].concat()), [one("gap", "2")]);
        assert_eq!(
            faults_of(&["1_a_sqlite.sql", "1_b_postgres.sql"]),
            [one("differing names", "1_a_sqlite.sql")]
        );
        assert_eq!(faults_of(&[&pair[..], &["01_a_sqlite.sql"]].concat()), [one("double number", "1")]);
        assert_eq!(
            faults_of(&[&pair[..], &["001_b.sql"]].concat()),
            [one("double number", "1"), one("missing postgres", "001_b.sql")]
        );
    }
}
