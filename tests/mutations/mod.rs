//! Random changes of single cells and rows in finished copies of real databases: each must be found by `cutover verify`
//! and named by table, key and column; what is no change in the source's domain must not.
//!
//! What is a change, PostgreSQL decides: by its own equality of numbers and of `jsonb`, and by the text form of everything
//! else. `CUTOVER_MUTATIONS` and `CUTOVER_MUTATION_FILES` say how many (40 in 5 files of the corpus and one of our own);
//! `CUTOVER_MUTATION_SEED` says which, and is printed.

mod judge;
mod mutate;
mod table;

use crate::corpus::{BROKEN, copy_of, shared};
use crate::support::dice::{Dice, setting};
use crate::support::flow::{four_at_once, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::{Path, PathBuf};
use table::Table;

/// Files above this take long to read again for every change, and show nothing that smaller ones do not.
const FILE_BYTES_MAX: u64 = 3_000_000;

/// All types that a copy makes by itself, with a key and without.
const OURS: &str = "
    CREATE TABLE keyed (id INTEGER PRIMARY KEY, flag BOOLEAN, day DATE, at DATETIME, total REAL, price DECIMAL(10,2), mixed,
        doc JSON, uid UUID, note VARCHAR(40), data BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO keyed SELECT i * 3, i % 2, date('2024-01-01', i || ' days'), datetime('2024-01-01', i || ' minutes'),
        i / 7.0, round(i / 4.0, 2), CASE i % 3 WHEN 0 THEN i WHEN 1 THEN i * 1.5 END, '{\"a\": ' || i || '}',
        printf('6f9619ff-8b86-4011-b42d-%012x', i), CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN NULL ELSE 'note ' || i END,
        zeroblob(i % 9) FROM n;
    CREATE TABLE worded (code TEXT PRIMARY KEY, v TEXT, w INTEGER, x REAL) WITHOUT ROWID;
    INSERT INTO worded SELECT 'c' || id, note, id, total FROM keyed;
    CREATE TABLE loose AS SELECT id % 10 AS a, note, flag, id / 30 AS b, total FROM keyed;
    INSERT INTO loose SELECT * FROM loose WHERE a = 3;
";

/// What became of the changes of one file.
#[derive(Debug, Default)]
struct Score {
    changes: u64,
    /// no change in the source's domain, and not told as one
    none: u64,
    /// told by key and columns
    named: u64,
    /// told as a row that is gone and a row that is new, where no key tells that they are one
    apart: u64,
    problems: Vec<String>,
}

#[test]
fn every_change_is_found_and_named() {
    let Some(server) = Server::available() else { return };
    let (changes, count) = (setting("CUTOVER_MUTATIONS", 40), setting("CUTOVER_MUTATION_FILES", 5));
    let seed = setting("CUTOVER_MUTATION_SEED", 20_260_301);
    let ours = SqliteFile::from_sql(OURS);
    let files = files(ours.path(), count, &mut Dice(seed));
    let share = changes.div_ceil(files.len() as u64);
    println!("mutations: seed {seed}, {share} in each of {} files", files.len());
    let numbered: Vec<(u64, PathBuf)> = (0..).zip(files).collect();
    let scores = four_at_once(numbered, |(number, file)| {
        let score = one_file(server, &file, share, Dice(seed ^ (number + 1) << 32));
        println!(
            "{}: {} changes, {} none, {} named, {} apart",
            file.display(),
            score.changes,
            score.none,
            score.named,
            score.apart
        );
        score
    });
    let sum = |of: fn(&Score) -> u64| scores.iter().map(of).sum::<u64>();
    let all = sum(|score| score.changes);
    println!(
        "mutations: {all} changes, {} none, {} named, {} apart",
        sum(|s| s.none),
        sum(|s| s.named),
        sum(|s| s.apart)
    );
    let problems: Vec<&str> = scores.iter().flat_map(|score| &score.problems).map(String::as_str).collect();
    assert!(problems.is_empty(), "seed {seed}, {} problems:\n{}", problems.len(), problems.join("\n\n"));
    assert!(all >= changes, "only {all} changes were made");
    assert!(sum(|s| s.named) * 10 > all * 6, "most changes must be named");
}

/// Our own file, and `count` of the corpus.
fn files(ours: &Path, count: u64, dice: &mut Dice) -> Vec<PathBuf> {
    let mut files = vec![ours.to_owned()];
    let Some(shared) = shared() else { return files };
    let entries = std::fs::read_dir(shared.join("corpus")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|ext| ext == "sqlite") && !path.ends_with(BROKEN))
        .filter(|path| std::fs::metadata(path).unwrap().len() <= FILE_BYTES_MAX)
        .collect();
    found.sort();
    while !found.is_empty() && files.len() as u64 <= count {
        files.push(found.swap_remove(dice.below(found.len() as u64) as usize));
    }
    files
}

fn one_file(server: &Server, file: &Path, changes: u64, mut dice: Dice) -> Score {
    let (_dir, copy) = copy_of(file);
    let (database, mut score) = (server.fresh_database(), Score::default());
    // One connection, so that rows lie in the target in the order of the source; several chunks.
    let run = migrate(&copy, &database, &["--jobs", "1", "--chunk-rows", "200"]).ends_with(0);
    database.execute(table::LIFT_CONSTRAINTS);
    let mut tables = table::all(&run, &copy, &database);
    let mut tries = 0;
    while score.changes < changes && !tables.is_empty() && tries < changes * 20 {
        tries += 1;
        let which = dice.below(tables.len() as u64) as usize;
        match one_change(&database, &copy, &tables[which], &mut dice, &mut score) {
            Ok(()) => {}
            Err(problem) => {
                score.problems.push(format!("{}: {problem}", file.display()));
                if score.problems.len() > 5 {
                    return score;
                }
            }
        }
        tables.retain(|table| !table.columns.is_empty());
    }
    // Its keys were lifted and are missed; its rows are what they were.
    let run = verify(&copy, &database, &[]);
    let tables = run.report["tables"].as_array().unwrap();
    assert!(!tables.is_empty() && tables.iter().all(|table| table["verify"] == "match"), "{}", run.report);
    score
}

/// Makes one change, compares, and takes the change back.
fn one_change(
    database: &Database,
    copy: &Path,
    table: &Table,
    dice: &mut Dice,
    score: &mut Score,
) -> Result<(), String> {
    let Some(change) = mutate::choose(table, database, dice) else { return Ok(()) };
    change.keep_rows(database);
    if let Err(why) = database.try_execute(&change.sql) {
        // Not every text is a value of every type.
        change.undo(database);
        let expected = ["22", "23", "42883", "54000"].iter().any(|class| why.starts_with(class));
        return if expected { Ok(()) } else { Err(format!("{}: {why}", change.sql)) };
    }
    score.changes += 1;
    let expected = judge::expected(database, table, &change);
    let run = verify(copy, database, &["--table", &table.source]);
    let verdict = judge::judge(&run, table, &expected);
    change.undo(database);
    match verdict {
        Ok(judge::Verdict::None) => score.none += 1,
        Ok(judge::Verdict::Named) => score.named += 1,
        Ok(judge::Verdict::Apart) => {
            println!("apart: {}: {} ({})", table.source, change.what, judge::excerpt(&run, table));
            score.apart += 1;
        }
        Err(why) => {
            return Err(format!("{}\n{}\n{why}\n{}", change.what, change.sql, judge::excerpt(&run, table)));
        }
    }
    Ok(())
}
