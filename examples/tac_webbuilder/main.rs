//! Writes the example application's two SQLite files, filled with invented rows (`schema/tac_webbuilder/README.md`).
//!
//! `cargo run --release --example tac_webbuilder -- --out DIR [--rows N] [--seed S]`
//! The same rows for the same seed; `--rows` is the size of `workflow_history` (10000: about 50 MB).

mod database;
mod history;
mod random;
mod table;

use random::Random;
use std::path::{Path, PathBuf};

/// What can go wrong here is told to the one who called, and nobody else.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: tac_webbuilder --out DIR [--rows N] [--seed S]";

struct Arguments {
    out: PathBuf,
    rows: u64,
    seed: u64,
}

fn main() -> Result<()> {
    let arguments = parse(std::env::args().skip(1))?;
    std::fs::create_dir_all(&arguments.out)?;
    let mut random = Random::new(arguments.seed);

    let path = arguments.out.join("database.db");
    let connection = create(&path, include_str!("../../schema/tac_webbuilder/sqlite/schema_database.sql"))?;
    database::fill(&connection, &mut random)?;
    finish(&path, connection)?;

    let path = arguments.out.join("workflow_history.db");
    let schema = include_str!("../../schema/tac_webbuilder/sqlite/schema_workflow_history.sql");
    let connection = create(&path, schema)?;
    history::fill(&connection, &mut random, arguments.rows)?;
    finish(&path, connection)
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments> {
    let (mut out, mut rows, mut seed) = (None, 10_000, 1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(USAGE);
        match word.as_str() {
            "--out" => out = Some(PathBuf::from(value()?)),
            "--rows" => rows = value()?.parse()?,
            "--seed" => seed = value()?.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    Ok(Arguments { out: out.ok_or(USAGE)?, rows, seed })
}

/// A new file with the schema, in one transaction until `finish`. An older file of that name is replaced.
fn create(path: &Path, schema: &str) -> Result<rusqlite::Connection> {
    for tail in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(tail);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; BEGIN")?;
    connection.execute_batch(schema)?;
    Ok(connection)
}

fn finish(path: &Path, connection: rusqlite::Connection) -> Result<()> {
    connection.execute_batch("COMMIT")?;
    let orphans: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if orphans > 0 {
        return Err(format!("{orphans} rows without a parent: the generator is wrong").into());
    }
    let tables = table::names(&connection)?;
    let rows = tables.iter().map(|name| table::count(&connection, name)).sum::<Result<u64>>()?;
    drop(connection);
    let bytes = std::fs::metadata(path)?.len();
    println!("{}: {} tables, {rows} rows, {bytes} bytes", path.display(), tables.len());
    Ok(())
}
