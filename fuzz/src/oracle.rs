//! SQLite as the judge of what a statement, a type and a default mean.

use rusqlite::Connection;

thread_local! {
    static DATABASE: Connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
}

/// Runs this in a transaction of a database in memory that is rolled back: what a statement did is not seen by the next.
pub fn tried<T>(run: impl FnOnce(&Connection) -> T) -> T {
    DATABASE.with(|database| {
        database.execute_batch("BEGIN").expect("a transaction begins");
        let result = run(database);
        // A statement may have ended it already, by ON CONFLICT ROLLBACK.
        if !database.is_autocommit() {
            database.execute_batch("ROLLBACK").expect("a transaction ends");
        }
        result
    })
}

/// An identifier in SQLite's double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
