//! SQLite as the judge of what a statement, a type and a default mean.

use rusqlite::Connection;

/// A database in memory. One for each call: what a statement did must not be seen by the next.
pub fn database() -> Connection {
    Connection::open_in_memory().expect("SQLite opens a database in memory")
}

/// An identifier in SQLite's double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
