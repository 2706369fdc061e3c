//! Rows that are against a CHECK by SQLite's own judgement: there may be some, where checks were off or came later
//! (semantics.md §3.6).

use super::filter::condition;
use crate::ident::quote;
use crate::limits::EXAMPLES_MAX;
use rusqlite::{Connection, ErrorCode};

/// Why rows could not be judged.
#[derive(Debug)]
pub enum Unjudged {
    /// SQLite cannot evaluate the expression; its own words
    Expression(String),
    /// the file cannot be read; SQLite's own words
    File(String),
}

impl Unjudged {
    fn of(error: &rusqlite::Error) -> Unjudged {
        match error {
            rusqlite::Error::SqlInputError { msg, .. } => Unjudged::Expression(msg.clone()),
            rusqlite::Error::SqliteFailure(code, words) if code.code == ErrorCode::Unknown => {
                Unjudged::Expression(words.clone().unwrap_or_else(|| code.to_string()))
            }
            other => Unjudged::File(other.to_string()),
        }
    }
}

/// A table, whose rows are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// its name
    pub table: &'a str,
    /// the rowid's name, where it has one
    pub rowid: Option<&'a str>,
    /// the condition that its rows must meet, where there is one
    pub filter: Option<&'a str>,
}

impl Rows<'_> {
    fn from(&self) -> String {
        format!("FROM main.{} NOT INDEXED", quote(self.table))
    }
}

/// How many rows are against each of `checks`, in one pass.
///
/// # Errors
/// SQLite cannot evaluate one of them, or cannot read the file.
pub fn count(connection: &Connection, rows: Rows<'_>, checks: &[&str]) -> Result<Vec<u64>, Unjudged> {
    let against = checks.iter().map(|check| format!("count(CASE WHEN NOT {} THEN 1 END)", condition(check)));
    let filter = rows.filter.map(|filter| format!(" WHERE {}", condition(filter))).unwrap_or_default();
    let sql = format!("SELECT {} {}{filter}", against.collect::<Vec<_>>().join(", "), rows.from());
    let counts = connection.query_row(&sql, [], |row| {
        (0..checks.len()).map(|i| row.get::<_, i64>(i).map(i64::cast_unsigned)).collect()
    });
    counts.map_err(|error| Unjudged::of(&error))
}

/// Rowids of the first rows that are against `check`; none of a table without rowids.
///
/// # Errors
/// As [`count`].
pub fn first(connection: &Connection, rows: Rows<'_>, check: &str) -> Result<Vec<i64>, Unjudged> {
    let Some(rowid) = rows.rowid else { return Ok(Vec::new()) };
    let filter = rows.filter.map(|filter| format!(" AND {}", condition(filter))).unwrap_or_default();
    let (from, condition) = (rows.from(), condition(check));
    let sql = format!("SELECT {} {from} WHERE NOT {condition}{filter} LIMIT {EXAMPLES_MAX}", quote(rowid));
    let read = || -> rusqlite::Result<Vec<i64>> {
        connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
    };
    read().map_err(|error| Unjudged::of(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_false_is_against_it_and_null_is_not() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (NULL, 'y'), (-1, 'z'), (-2, 'x')",
            )
            .unwrap();
        let rows = Rows { table: "t", rowid: Some("rowid"), filter: None };
        let checks = ["a > 0 -- positive", "b IN (\"x\", 'y')", "a"];
        assert_eq!(count(&connection, rows, &checks).unwrap(), [2, 1, 0]);
        assert_eq!(first(&connection, rows, checks[0]).unwrap(), [3, 4]);
        let some = Rows { filter: Some("b = 'x'"), ..rows };
        assert_eq!(count(&connection, some, &checks).unwrap(), [1, 0, 0]);
        assert_eq!(first(&connection, some, checks[0]).unwrap(), [4]);
        assert!(count(&connection, rows, &["nonsense(a)"]).is_err());
    }
}
