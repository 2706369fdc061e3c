//! Changes of the schema's texts and rows, made through SQLite's own door for that.

use crate::support::dice::Dice;
use rusqlite::Connection;
use std::path::Path;

/// What is put into a statement.
const WORDS: [&str; 30] = [
    "\"",
    "'",
    "`",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    "--",
    "/*",
    "\0",
    "é",
    " CHECK (",
    " GENERATED ALWAYS AS (",
    " DEFAULT ",
    " STRICT",
    " WITHOUT ROWID",
    " COLLATE nothing",
    " REFERENCES wide",
    " PRIMARY KEY",
    " AS SELECT 1",
    " load_extension('x')",
    " randomblob(900000000)",
    " hex(zeroblob(400000000))",
    " VIRTUAL",
    " UNIQUE",
    " NOT NULL",
    " (((((((((((((((((1",
    " x'0'",
];

/// Changes one row or text of the schema; what SQLite refuses is left as it was.
pub(super) fn change(path: &Path, dice: &mut Dice) {
    let connection = Connection::open(path).expect("a SQLite file");
    connection.execute_batch("PRAGMA writable_schema = ON").expect("a pragma");
    let mut statement = connection.prepare("SELECT rowid, coalesce(sql, '') FROM sqlite_schema").unwrap();
    let rows: Vec<(i64, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    drop(statement);
    if rows.is_empty() {
        return;
    }
    let (rowid, sql) = dice.pick(&rows).clone();
    let (other, _) = dice.pick(&rows).clone();
    let changed = match dice.below(8) {
        0 => connection.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE rowid = ?2) WHERE rowid = ?1",
            [rowid, other],
        ),
        1 => connection.execute("UPDATE sqlite_schema SET rootpage = ?2 WHERE rowid = ?1", [rowid, dice.below(70) as i64]),
        2 => connection.execute(
            "UPDATE sqlite_schema SET type = (SELECT type FROM sqlite_schema WHERE rowid = ?2) WHERE rowid = ?1",
            [rowid, other],
        ),
        3 => connection.execute("DELETE FROM sqlite_schema WHERE rowid = ?1", [rowid]),
        _ => connection
            .execute("UPDATE sqlite_schema SET sql = ?2 WHERE rowid = ?1", (rowid, text(&sql, dice))),
    };
    let _ = changed;
    // In WAL mode the change must reach the file itself.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// The statement with a word more, a piece less, a piece twice, or a piece many times.
fn text(sql: &str, dice: &mut Dice) -> String {
    let letters: Vec<char> = sql.chars().collect();
    let at = dice.below(letters.len() as u64 + 1) as usize;
    let end = (at + dice.below(12) as usize).min(letters.len());
    let piece: String = letters[at..end].iter().collect();
    let middle = match dice.below(5) {
        0 => String::new(),
        1 => format!("{piece}{piece}"),
        2 => piece.repeat(1 + dice.below(300) as usize),
        _ => format!("{}{piece}", dice.pick(&WORDS)),
    };
    format!("{}{middle}{}", String::from_iter(&letters[..at]), String::from_iter(&letters[end..]))
}
