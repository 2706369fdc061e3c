//! Files that were made to break who reads them: small ones with everything that SQLite has, changed by a seed in their
//! header, schema and pages, each copied by the built program. It never crashes, hangs or takes more than its memory, and
//! where it says that all is done, everything that SQLite itself can read is there.
//!
//! `CUTOVER_HOSTILE_FILES` says how many, `CUTOVER_HOSTILE_SEED` from which seed on, and `CUTOVER_HOSTILE_KEEP` names a
//! directory for the files that something was found with.

mod judge;
mod mutate;
mod schema;
mod seeds;
mod watched;

use crate::support::dice::{Dice, setting};
use crate::support::flow::four_at_once;
use crate::support::postgres::{Database, Server};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use watched::{Ended, watched};

/// Bytes of memory that a copy of such a file may take.
const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Files in the suite.
const FILES: u64 = 40;

/// One changed file, copied: how it ended, or what is wrong.
fn one(seed: u64, bases: &[seeds::Base], database: &Database) -> Result<Ended, String> {
    let mut dice = Dice(seed);
    let base = dice.pick(bases);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("hostile.db");
    let changes = mutate::write(&path, &base.bytes, &mut dice);
    let found = outcome(&path, database);
    found.map_err(|why| {
        keep(&path, seed);
        format!("seed {seed}, {} changed by {changes:?}: {why}", base.name)
    })
}

fn outcome(path: &Path, database: &Database) -> Result<Ended, String> {
    database.execute(
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS cutover, public CASCADE; CREATE SCHEMA public",
    );
    let before = std::fs::read(path).expect("the file");
    let (ended, report) = watched(path, database);
    if std::fs::read(path).expect("the file") != before {
        return Err("the source was written".to_owned());
    }
    acceptable(&ended)?;
    if ended.done.code == 0 {
        judge::assert_whole(path, database, &report)?;
    }
    Ok(ended)
}

/// What a copy of such a file may end with: done, a source that cannot be read, or reasons against it.
fn acceptable(ended: &Ended) -> Result<(), String> {
    let Ended { done, peak_bytes, is_late, took: _ } = ended;
    if *is_late {
        return Err(format!("no end after {:?}", watched::TIME_MAX));
    }
    if *peak_bytes > MEMORY_BYTES_MAX {
        return Err(format!("{peak_bytes} bytes of memory"));
    }
    if !matches!(done.code, 0 | 3 | 5) || done.said().contains("panicked") {
        return Err(format!("exit {}: {}", done.code, done.said()));
    }
    Ok(())
}

/// The file for whoever looks into it, where a place is named.
fn keep(path: &Path, seed: u64) {
    if let Some(dir) = std::env::var_os("CUTOVER_HOSTILE_KEEP") {
        std::fs::copy(path, Path::new(&dir).join(format!("{seed}.db"))).expect("a copy of the file");
    }
}

/// Four databases, lent in turn.
struct Pool(Mutex<Vec<Database>>);

impl Pool {
    fn lend<T>(&self, with: impl FnOnce(&Database) -> T) -> T {
        let database = self.0.lock().unwrap().pop().expect("as many databases as threads");
        let result = with(&database);
        self.0.lock().unwrap().push(database);
        result
    }
}

#[test]
fn f26_changed_files_are_read_whole_or_refused() {
    let Some(server) = Server::available() else { return };
    let pool = Pool(Mutex::new((0..4).map(|_| server.fresh_database()).collect()));
    let (first, count) = (setting("CUTOVER_HOSTILE_SEED", 1), setting("CUTOVER_HOSTILE_FILES", FILES));
    let bases = seeds::all();
    let results = four_at_once((first..first + count).collect(), |seed| {
        pool.lend(|database| one(seed, &bases, database))
    });
    let mut exits: BTreeMap<i32, u64> = BTreeMap::new();
    let (mut longest, mut peak_bytes, mut problems) = (Duration::ZERO, 0, Vec::new());
    for result in results {
        match result {
            Ok(ended) => {
                *exits.entry(ended.done.code).or_default() += 1;
                (longest, peak_bytes) = (longest.max(ended.took), peak_bytes.max(ended.peak_bytes));
            }
            Err(why) => problems.push(why),
        }
    }
    eprintln!(
        "{count} files: exits {exits:?}, {} problems, the longest {longest:?}, at most {peak_bytes} bytes of memory",
        problems.len()
    );
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n\n"));
}

/// The harness itself: each file as it was is copied whole, and a row that is missing in the target is found.
#[test]
fn unchanged_files_arrive_whole_and_the_judge_sees_a_lost_row() {
    let Some(server) = Server::available() else { return };
    for base in seeds::built() {
        let database = server.fresh_database();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("base.db");
        std::fs::write(&path, &base.bytes).unwrap();
        assert_eq!(outcome(&path, &database).map(|ended| ended.done.code), Ok(0), "{}", base.name);
        let (_, report) = watched(&path, &database);
        assert_eq!(judge::assert_whole(&path, &database, &report), Ok(()), "{}", base.name);
        database.execute("DELETE FROM wide WHERE id = (SELECT min(id) FROM wide)");
        assert!(judge::assert_whole(&path, &database, &report).is_err(), "{}", base.name);
    }
}
