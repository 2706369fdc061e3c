//! A condition that a configuration puts on a table's rows: an expression of SQLite, tried before it is used.

use crate::error::{Error, Result};
use crate::ident::quote;
use rusqlite::Connection;

/// Words that give another answer each time: what is copied, proved and resumed must be the same rows.
const FICKLE: [&str; 8] = [
    "random",
    "randomblob",
    "current_date",
    "current_time",
    "current_timestamp",
    "last_insert_rowid",
    "changes",
    "total_changes",
];

/// Functions that mean the present moment where they have no argument.
const OF_NOW: [&str; 6] = ["date", "time", "datetime", "julianday", "unixepoch", "strftime"];

/// The condition as it stands in a statement: on lines of its own, so that a comment in it ends with it.
pub fn condition(expression: &str) -> String {
    format!("(\n{expression}\n)")
}

/// Whether `expression` is one expression over the columns of `table` that reads and does nothing else.
///
/// # Errors
/// What is wrong with it: SQLite's own words, or ours.
pub fn check(connection: &Connection, table: &str, expression: &str) -> std::result::Result<(), String> {
    // Bare, it cannot close a parenthesis that it did not open; in parentheses, it cannot go on behind the expression.
    for text in [format!("\n{expression}\n"), condition(expression)] {
        let sql = format!("SELECT 1 FROM main.{} NOT INDEXED WHERE {text}", quote(table));
        let statement = connection.prepare(&sql).map_err(|cause| reason(&cause))?;
        if statement.parameter_count() > 0 {
            return Err("it has a parameter (?), and there is nothing to put there".to_owned());
        }
        if !statement.readonly() {
            return Err("it does more than read".to_owned());
        }
    }
    match fickle(expression) {
        Some(word) => Err(format!(
            "`{word}` gives another answer each time, and what is copied is read more than once: write the value itself"
        )),
        None => Ok(()),
    }
}

fn reason(cause: &rusqlite::Error) -> String {
    match cause {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::MultipleStatement => "it is more than one expression".to_owned(),
        other => other.to_string(),
    }
}

/// The first word that does not mean the same each time.
fn fickle(expression: &str) -> Option<String> {
    let lower = expression.to_ascii_lowercase();
    if lower.contains("'now'") || lower.contains("\"now\"") {
        return Some("now".to_owned());
    }
    let mut rest = lower.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '\'' || c == '"') {
        rest = &rest[start..];
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            // What stands in quotes is a text or a name; a doubled quote begins the next one.
            rest = rest[1..].split_once(quote).map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let mut following = after.chars().filter(|c| !c.is_whitespace());
        let is_empty_call = following.next() == Some('(') && following.next() == Some(')');
        if FICKLE.contains(&word) || (OF_NOW.contains(&word) && is_empty_call) {
            return Some(word.to_owned());
        }
        rest = after;
    }
    None
}

/// Rows of `table`, and those of them that meet `expression`.
///
/// # Errors
/// A source fault.
pub fn count(connection: &Connection, table: &str, expression: &str) -> Result<(u64, u64)> {
    let sql = format!(
        "SELECT count(*), count(CASE WHEN {} THEN 1 END) FROM main.{} NOT INDEXED",
        condition(expression),
        quote(table)
    );
    ask(connection, table, &sql, |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))
}

/// Empty texts in a column, of the rows that meet `expression`; with `stripped`, also those of NULs alone.
///
/// # Errors
/// A source fault.
pub fn count_empty(
    connection: &Connection,
    table: &str,
    column: &str,
    expression: Option<&str>,
    stripped: bool,
) -> Result<u64> {
    let name = quote(column);
    // A UTF-16 file stores two bytes for a NUL, so the bytes are looked at for anything that is no zero.
    let empty = match stripped {
        true => format!("trim(hex(CAST({name} AS BLOB)), '0') = ''"),
        false => format!("length(CAST({name} AS BLOB)) = 0"),
    };
    let filter = expression.map(|expression| format!(" AND {}", condition(expression))).unwrap_or_default();
    let sql = format!(
        "SELECT count(*) FROM main.{} NOT INDEXED WHERE typeof({name}) = 'text' AND {empty}{filter}",
        quote(table)
    );
    ask(connection, table, &sql, |row| row.get(0).map(unsigned))
}

/// A count is never below zero.
fn unsigned(count: i64) -> u64 {
    count.cast_unsigned()
}

fn ask<T>(
    connection: &Connection,
    table: &str,
    sql: &str,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<T> {
    connection.query_row(sql, [], read).map_err(|cause| {
        Error::source_fault("its rows cannot be counted").at(format!("table \"{table}\"")).cause(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, a, \"date\" TEXT); CREATE TABLE u(x);
                 INSERT INTO t(a, \"date\") VALUES (1, ''), (2, NULL), (NULL, 'x'), (3, CAST(x'0000' AS TEXT))",
            )
            .unwrap();
        connection
    }

    #[test]
    fn expressions_over_the_table_are_taken() {
        for good in [
            "a > 1",
            "a = 1 -- the first",
            "a IN (SELECT x FROM u) OR t.id = 2",
            "\"date\" >= date('2024-01-01', '-1 day')",
            "a = ';' OR a = 'random()'",
            "a = 'it''s'",
            "date IS NULL",
        ] {
            assert_eq!(check(&connection(), "t", good), Ok(()), "{good}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for (bad, why) in [
            ("b > 1", "no such column: b"),
            ("a >", "incomplete input"),
            ("", "incomplete input"),
            ("1) OR (1", "near \")\""),
            ("1; DROP TABLE t", "more than one expression"),
            ("1 ORDER BY a", "near \"ORDER\""),
            ("1 UNION SELECT 2", "near \"UNION\""),
            ("a = ?1", "parameter"),
            ("a > random()", "`random`"),
            ("a < date('now')", "`now`"),
            ("a < datetime( )", "`datetime`"),
            ("a < Current_Timestamp", "`current_timestamp`"),
        ] {
            let found = check(&connection(), "t", bad).expect_err(bad);
            assert!(found.contains(why), "{bad}: {found}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(&connection(), "t", "a > 1 -- NULL is not true").unwrap(), (4, 2));
        assert_eq!(count_empty(&connection(), "t", "date", None, false).unwrap(), 1);
        assert_eq!(count_empty(&connection(), "t", "date", None, true).unwrap(), 2);
        assert_eq!(count_empty(&connection(), "t", "date", Some("a = 2"), true).unwrap(), 0);
    }
}
