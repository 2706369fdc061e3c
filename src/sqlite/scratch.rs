//! A database to try scripts in: SQLite itself says what a script means. The scripts are other people's, and so the
//! engine is kept in: no second file, no extension, a bounded size and a bounded time for each statement.

use super::collation;
use super::introspect::introspect;
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::limits::{SCRATCH_OPERATIONS_MAX, SCRATCH_PAGES_MAX, SCRATCH_VALUE_BYTES_MAX};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Operations of SQLite's machine between two looks at their number.
const OPERATIONS_AT_ONCE: u32 = 1000;

/// The pragmas that may be given a value: those that read the schema, which ALTER TABLE needs itself, and those that
/// decide what a script's own statements do. All others have no effect.
const PRAGMAS: [&str; 14] = [
    "table_list",
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "quick_check",
    "integrity_check",
    "foreign_keys",
    "defer_foreign_keys",
    "legacy_alter_table",
    "user_version",
];

/// A database that only holds what scripts make.
#[derive(Debug)]
pub struct Scratch {
    connection: Connection,
    operations: Arc<AtomicU64>,
}

impl Scratch {
    /// A new one in memory.
    ///
    /// # Errors
    /// Our own mistake: SQLite needs nothing for it.
    pub fn in_memory() -> Result<Scratch> {
        let made = Connection::open_in_memory().and_then(Scratch::keep_in);
        made.map_err(|error| Error::internal("SQLite cannot make a database in memory").cause(error))
    }

    /// A new one in the file at `path`, which must not be there.
    ///
    /// # Errors
    /// A source fault where the file cannot be made.
    pub fn in_file(path: &Path) -> Result<Scratch> {
        let made = Connection::open(path).and_then(Scratch::keep_in);
        made.map_err(|error| Error::source_fault(format!("{} cannot be made", path.display())).cause(error))
    }

    fn keep_in(mut connection: Connection) -> rusqlite::Result<Scratch> {
        connection.execute_batch(&format!(
            "PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {SCRATCH_PAGES_MAX}; PRAGMA mmap_size = 0"
        ))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, SCRATCH_VALUE_BYTES_MAX)?;
        collation::supply_when_needed(&connection)?;
        connection.authorizer(Some(permit))?;
        let operations = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&operations);
        let at_once = u64::from(OPERATIONS_AT_ONCE);
        let is_enough = move || counted.fetch_add(at_once, Ordering::Relaxed) > SCRATCH_OPERATIONS_MAX;
        connection.progress_handler(OPERATIONS_AT_ONCE.cast_signed(), Some(is_enough))?;
        Ok(Scratch { connection, operations })
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// SQLite's own sentence.
    pub fn run(&self, sql: &str) -> std::result::Result<(), String> {
        self.operations.store(0, Ordering::Relaxed);
        let run = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        };
        run().map_err(|error: rusqlite::Error| said(&error))
    }

    /// Has SQLite look at one statement, without running it.
    ///
    /// # Errors
    /// SQLite's own sentence.
    pub fn look_at(&self, sql: &str) -> std::result::Result<(), String> {
        self.connection.prepare(sql).map(drop).map_err(|error| said(&error))
    }

    /// What the database holds now.
    ///
    /// # Errors
    /// As `introspect`.
    pub fn catalog(&self) -> Result<Catalog> {
        self.operations.store(0, Ordering::Relaxed);
        introspect(&self.connection)
    }
}

fn permit(asked: AuthContext<'_>) -> Authorization {
    match asked.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Authorization::Deny,
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        AuthAction::Pragma { pragma_name, pragma_value: Some(_) }
            if !PRAGMAS.iter().any(|known| known.eq_ignore_ascii_case(pragma_name)) =>
        {
            Authorization::Ignore
        }
        _ => Authorization::Allow,
    }
}

fn said(error: &rusqlite::Error) -> String {
    match error {
        // The statement is the script's own, and its place is told beside it.
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::OperationInterrupted => {
            "it takes too long".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::fixture::Dir;

    #[test]
    fn nothing_leaves_it() {
        let dir = Dir::new();
        let other = dir.path("other.db");
        let scratch = Scratch::in_memory().unwrap();
        scratch.run("CREATE TABLE t(a)").unwrap();
        for sql in [
            format!("ATTACH '{}' AS o", other.display()),
            format!("VACUUM INTO '{}'", other.display()),
            "SELECT load_extension('x')".to_owned(),
            "CREATE VIEW v AS SELECT readfile('/etc/passwd')".to_owned(),
        ] {
            let view = sql.starts_with("CREATE VIEW");
            assert_eq!(scratch.run(&sql).is_err(), !view, "{sql}");
        }
        assert!(scratch.run("CREATE TABLE r AS SELECT * FROM v").is_err());
        assert!(!other.exists());
        scratch.run("PRAGMA writable_schema = ON").unwrap();
        assert!(scratch.run("UPDATE sqlite_schema SET sql = ''").is_err());
        scratch.run("PRAGMA legacy_alter_table = ON").unwrap();
        scratch.run("ALTER TABLE t ADD COLUMN b TEXT NOT NULL CHECK (b <> '')").unwrap();
        assert_eq!(scratch.catalog().unwrap().tables[0].columns.len(), 2);
    }

    #[test]
    fn a_statement_without_end_is_stopped() {
        let scratch = Scratch::in_memory().unwrap();
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
        assert_eq!(scratch.run(endless), Err("it takes too long".to_owned()));
        assert!(scratch.run(&format!("CREATE TABLE t AS {endless}")).is_err());
        let large = "CREATE TABLE t AS SELECT zeroblob(2000000000) AS a";
        assert!(scratch.run(large).is_err());
        assert!(scratch.catalog().unwrap().tables.is_empty());
    }
}
