//! Is the file whole inside? SQLite's `quick_check`, with its messages sorted (semantics.md §4.2).
//!
//! There are no page checksums in SQLite: a flipped byte inside a value passes. CHECK constraints are not examined:
//! SQLite does not load them for a read-only file, which also means that an unknown function in one stops nothing.

use rusqlite::Connection;

use super::connect::{Failure, classify, explain};
use super::open::Source;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::ident::quote;
use crate::limits::EXAMPLES_MAX;

/// Messages asked for; where there are as many, there may be others.
const QUICK_CHECK_MESSAGES_MAX: usize = 100;

/// Whether an index may disagree with its table, by what [`Source::quick_check`] found: then UNIQUE is not proved by it.
pub fn is_index_doubted(findings: &[Finding]) -> bool {
    let warns = |finding: &Finding| finding.code == "W_QUICK_CHECK" && finding.severity == Severity::Warning;
    findings.iter().any(warns) || findings.len() >= QUICK_CHECK_MESSAGES_MAX
}

/// What one message of `quick_check` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// a value breaks a rule of its own table: it is copied as it is
    Data,
    /// an index disagrees with its table: the table is what is read (semantics.md §4.2)
    Index,
    /// pages are damaged
    Structure,
}

/// By the texts of SQLite's `pragma.c`.
fn meaning(message: &str) -> Meaning {
    let data = ["NULL value in ", "TEXT value in ", "NUMERIC value in ", "CHECK constraint failed in "];
    let non_class = message.starts_with("non-") && message.contains(" value in ");
    if non_class || data.iter().any(|start| message.starts_with(start)) {
        return Meaning::Data;
    }
    let index_row = message.starts_with("row ") && message.contains(" missing from index ");
    let index_value =
        message.starts_with("index ") && message.contains(" stores an imprecise floating-point value");
    let index_end = message.starts_with("rowid not at end-of-record for row ");
    let starts = ["wrong # of entries in index ", "non-unique entry in index "];
    if index_row || index_value || index_end || starts.iter().any(|start| message.starts_with(start)) {
        Meaning::Index
    } else {
        Meaning::Structure
    }
}

impl Source {
    /// Runs `PRAGMA quick_check` on one reader; reads the whole file once.
    ///
    /// Returns notes about values and indexes that break their own rules.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] when pages are damaged; the first messages are in it.
    pub fn quick_check(&self) -> Result<Vec<Finding>> {
        let reader = self.reader()?;
        let describe = |error| explain(&self.facts().path, error);
        let (messages, mut findings) =
            match messages(&reader, "quick_check", &QUICK_CHECK_MESSAGES_MAX.to_string()) {
                Ok(messages) => (messages, Vec::new()),
                // A virtual table whose module or tokenizer only the application has stops the whole check.
                Err(error) if classify(&error) == Failure::Other => {
                    (one_by_one(&reader).map_err(describe)?, vec![self.incomplete(&error)])
                }
                Err(error) => return Err(describe(error)),
            };
        self.refuse_damage(&messages)?;
        findings.extend(messages.into_iter().filter_map(|message| self.finding(message)));
        Ok(findings)
    }

    /// What SQLite says of `table` where its keys may repeat: an index among `indexes` disagrees with the rows, and has never
    /// compared those that it does not know; or the table's own pages are not in the order of their keys. None where all
    /// agree, or where a collation of the application decides that.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Source`] where the table cannot be read.
    pub fn index_damage(&self, table: &str, indexes: &[&str]) -> Result<Option<String>> {
        if !self.stand_in_collations().is_empty() {
            return Ok(None);
        }
        let reader = self.reader()?;
        let said = messages(&reader, "integrity_check", &quote(table));
        let said = said.map_err(|error| explain(&self.facts().path, error))?;
        let is_of = |message: &String, index: &&str| message.ends_with(&format!(" index {index}"));
        let damage = |message: &String| match meaning(message) {
            Meaning::Structure => true,
            Meaning::Index => indexes.iter().any(|index| is_of(message, index)),
            Meaning::Data => false,
        };
        Ok(said.into_iter().find(damage))
    }

    fn refuse_damage(&self, messages: &[String]) -> Result<()> {
        let mut damage = messages
            .iter()
            .filter(|message| meaning(message) == Meaning::Structure && !self.is_order(message));
        let first: Vec<&str> = damage.by_ref().take(EXAMPLES_MAX).map(|message| message.trim()).collect();
        if first.is_empty() {
            return Ok(());
        }
        let more = damage.count();
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let text = first.join("; ").replace('\n', " ");
        Err(Error::source_fault(format!("{} is damaged: {text}{rest}", self.facts().path.display())).remedy(
            "restore a backup, or rescue what is left with: sqlite3 damaged.db .recover | sqlite3 rescued.db",
        ))
    }

    /// A key whose collation has a stand-in looks out of order, and is not.
    fn is_order(&self, message: &str) -> bool {
        message.contains("not in PRIMARY KEY order") && !self.stand_in_collations().is_empty()
    }

    fn finding(&self, message: String) -> Option<Finding> {
        let path = self.facts().path.display().to_string();
        match meaning(&message) {
            Meaning::Data => {
                Some(Finding::new("W_QUICK_CHECK", Severity::Note, path, message).fix(
                    "the value is copied as it is stored; correct it in the source if it should not be so",
                ))
            }
            Meaning::Index => Some(
                Finding::new("W_QUICK_CHECK", Severity::Warning, path, message)
                    .fix("rows are read from the table, not the index; in the source, REINDEX repairs it"),
            ),
            Meaning::Structure => None,
        }
    }

    fn incomplete(&self, why: &rusqlite::Error) -> Finding {
        Finding::new(
            "W_QUICK_CHECK",
            Severity::Note,
            self.facts().path.display().to_string(),
            format!("quick_check could not run in full, so tables were checked one by one: {why}"),
        )
        .fix("the schema needs something that only the application has; run quick_check there for the rest")
    }
}

/// The messages of `PRAGMA check(argument)`: a number of messages, or a quoted table.
pub(super) fn messages(reader: &Connection, check: &str, argument: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = reader.prepare(&format!("PRAGMA {check}({argument})"))?;
    let mut found = Vec::new();
    for message in statement.query_map([], |row| row.get::<_, String>(0))? {
        match message {
            Ok(message) if message == "ok" => {}
            Ok(message) => found.push(message),
            // The check may stumble over damage that it has already described: its words say more.
            Err(error) if classify(&error) == Failure::Damaged && !found.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The messages of every ordinary table; the list of free pages is left out.
fn one_by_one(reader: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        reader.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    let tables = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let mut all = Vec::new();
    for table in tables {
        // Quoted, so that a table named 7 is not taken for a number of messages.
        all.extend(messages(reader, "quick_check", &quote(&table))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::*;
    use crate::error::ErrorKind;
    use crate::sqlite::fixture::{Dir, table_of};

    #[test]
    fn messages_and_their_meaning() {
        let cases = [
            ("NULL value in t.c", Meaning::Data),
            ("TEXT value in t.c", Meaning::Data),
            ("NUMERIC value in t.c", Meaning::Data),
            ("non-INT value in t.c", Meaning::Data),
            ("CHECK constraint failed in t", Meaning::Data),
            ("wrong # of entries in index i", Meaning::Index),
            ("row 7 missing from index i", Meaning::Index),
            ("Tree 2 page 3: btreeInitPage() returns error code 11", Meaning::Structure),
            ("*** in database main ***\nPage 9: never used", Meaning::Structure),
            ("row not in PRIMARY KEY order for t", Meaning::Structure),
            ("something new", Meaning::Structure),
        ];
        for (message, expected) in cases {
            assert_eq!(meaning(message), expected, "{message}");
        }
    }

    fn made(path: &Path, sql: &str) -> Source {
        let db = Connection::open(path).unwrap();
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        Source::open(path, 1).unwrap()
    }

    #[test]
    fn values_that_break_a_rule_are_notes() {
        let dir = Dir::new();
        let source = made(
            &dir.path("x.db"),
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c TEXT); INSERT INTO t VALUES (1, NULL, '7');
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL, c INTEGER)'",
        );
        let findings = source.quick_check().unwrap();
        let texts: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(texts, ["NULL value in t.b", "TEXT value in t.c"]);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Note));
    }

    /// semantics.md §7, case 34: the table is right, so it is read; the index is only warned of.
    #[test]
    fn a_stale_index_is_a_warning() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        let source = made(
            &path,
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(b);
             INSERT INTO t(b) VALUES (1), (2), (3); PRAGMA writable_schema = ON;
             CREATE TABLE hidden(type, name, tbl_name, rootpage, sql);
             INSERT INTO hidden SELECT * FROM sqlite_schema WHERE name = 'i';
             DELETE FROM sqlite_schema WHERE name = 'i'",
        );
        drop(source);
        let source = made(
            &path,
            "DELETE FROM t WHERE a = 1; PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema SELECT * FROM hidden",
        );
        let findings = source.quick_check().unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "wrong # of entries in index i");
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn what_only_the_application_has_is_a_note_and_tables_are_still_checked() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        let source = made(
            &path,
            "CREATE TABLE t(a CHECK (a)); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE f USING fts4(x);
             CREATE TABLE \"7\"(a TEXT); INSERT INTO \"7\" VALUES (NULL); PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a CHECK (app_ok(a)))' WHERE name = 't';
             UPDATE sqlite_schema SET sql = 'CREATE TABLE \"7\"(a TEXT NOT NULL)' WHERE name = '7';
             UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE f USING fts4(x, tokenize=app_words)' WHERE name = 'f'",
        );
        let findings = source.quick_check().unwrap();
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].message.contains("one by one"), "{findings:?}");
        assert_eq!(findings[1].message, "NULL value in 7.a");
    }

    #[test]
    fn damaged_pages_are_refused() {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 5000);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3 * 4096..3 * 4096 + 200].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let error = Source::open(&path, 1).unwrap().quick_check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Source);
        assert!(error.to_string().contains("page 4"), "{error}");
        assert!(error.remedy_text().is_some());
    }
}
