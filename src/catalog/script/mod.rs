//! SQL scripts: where their statements begin and end, and what each of them is.
//!
//! A script is cut the way SQLite's own shell does it ([`split`]), and each statement is read with its grammar ([`read`]).
//! What a statement means for the schema is not read here: the engine runs it, and the catalog shows what it did.

mod down;
mod pieces;
mod rows;

pub use down::up_part;
pub use pieces::{Piece, split};

use super::read::{unquote, with_statement};
use super::{expr::Expr, select::Select};
use sqlite3_parser::ast::{AlterTableBody, CreateTableBody, QualifiedName, Stmt};

/// One statement, as far as its translation depends on what was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// CREATE TABLE
    CreateTable {
        /// its name
        name: String,
        /// AS SELECT
        from_select: bool,
    },
    /// CREATE INDEX
    CreateIndex {
        /// its table
        table: String,
    },
    /// CREATE VIEW, DROP VIEW, DROP INDEX, DROP TRIGGER, CREATE TRIGGER, CREATE VIRTUAL TABLE, ANALYZE-free DDL
    OtherDdl,
    /// CREATE TEMPORARY …
    Temporary,
    /// ALTER TABLE … RENAME TO
    RenameTable {
        /// its name
        table: String,
        /// its name afterwards
        to: String,
    },
    /// ALTER TABLE … RENAME COLUMN
    RenameColumn {
        /// the table
        table: String,
        /// the column
        from: String,
        /// its name afterwards
        to: String,
    },
    /// every other ALTER TABLE
    AlterTable {
        /// the table
        table: String,
    },
    /// DROP TABLE
    DropTable {
        /// its name
        table: String,
    },
    /// INSERT, REPLACE
    Insert(Box<Insert>),
    /// UPDATE
    Update(Box<Update>),
    /// DELETE
    Delete {
        /// the table
        table: String,
        /// its alias
        alias: Option<String>,
        /// WHERE
        filter: Option<Expr>,
        /// a clause that is not translated
        odd: Option<&'static str>,
    },
    /// PRAGMA, with its name in lower case
    Pragma(String),
    /// BEGIN, COMMIT
    Transaction,
    /// what a schema's script has no use for, or no right to; its words
    Other(&'static str),
}

impl Statement {
    /// It makes or changes one of SQLite's own tables, as scripts do that a shell has written (`.dump`, `.schema`).
    pub fn is_internal(&self) -> bool {
        let table = match self {
            Statement::CreateTable { name, .. } => name,
            Statement::Insert(insert) => &insert.table,
            Statement::Update(update) => &update.table,
            Statement::Delete { table, .. } => table,
            _ => return false,
        };
        table.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
    }
}

/// INSERT.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// the table
    pub table: String,
    /// its columns; none where they are not named
    pub columns: Option<Vec<String>>,
    /// what becomes of a row whose key is there
    pub conflict: Conflict,
    /// where the rows come from
    pub rows: Rows,
    /// a clause that is not translated
    pub odd: Option<&'static str>,
}

/// What becomes of a row whose key is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Conflict {
    /// an error
    Error,
    /// OR IGNORE, ON CONFLICT DO NOTHING
    Ignore,
    /// OR REPLACE, REPLACE
    Replace,
    /// ON CONFLICT (columns) DO UPDATE SET …
    Update {
        /// the key
        key: Vec<String>,
        /// what is set
        sets: Vec<(String, Expr)>,
    },
}

/// Rows of an INSERT.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// VALUES
    Values(Vec<Vec<Expr>>),
    /// SELECT
    Select(Select),
    /// DEFAULT VALUES
    Defaults,
}

/// UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// the table
    pub table: String,
    /// its alias
    pub alias: Option<String>,
    /// columns and their values
    pub sets: Vec<(String, Expr)>,
    /// FROM: another table, and its alias
    pub from: Option<(String, Option<String>)>,
    /// WHERE
    pub filter: Option<Expr>,
    /// a clause that is not translated
    pub odd: Option<&'static str>,
}

/// Reads one statement.
///
/// # Errors
/// The parser's own sentence.
pub fn read(sql: &str) -> Result<Statement, String> {
    with_statement(sql, statement)
}

fn statement(parsed: &Stmt<'_>) -> Result<Statement, String> {
    Ok(match parsed {
        Stmt::CreateTable { temporary: true, .. }
        | Stmt::CreateView { temporary: true, .. }
        | Stmt::CreateTrigger { temporary: true, .. } => Statement::Temporary,
        Stmt::CreateTable { tbl_name, body, .. } => Statement::CreateTable {
            name: name(tbl_name),
            from_select: matches!(body, CreateTableBody::AsSelect(_)),
        },
        Stmt::CreateIndex { tbl_name, .. } => Statement::CreateIndex { table: unquote(tbl_name.0) },
        Stmt::CreateView { .. } | Stmt::CreateTrigger { .. } | Stmt::CreateVirtualTable { .. } => {
            Statement::OtherDdl
        }
        Stmt::DropIndex { .. } | Stmt::DropView { .. } | Stmt::DropTrigger { .. } => Statement::OtherDdl,
        Stmt::DropTable { tbl_name, .. } => Statement::DropTable { table: name(tbl_name) },
        Stmt::AlterTable(table, body) => alter(name(table), body),
        Stmt::Insert { .. } => Statement::Insert(Box::new(rows::insert(parsed)?)),
        Stmt::Update { .. } => Statement::Update(Box::new(rows::update(parsed)?)),
        Stmt::Delete { .. } => rows::delete(parsed)?,
        Stmt::Pragma(name, _) => Statement::Pragma(unquote(name.name.0).to_ascii_lowercase()),
        Stmt::Begin(..) | Stmt::Commit(_) => Statement::Transaction,
        other => Statement::Other(words(other)),
    })
}

fn alter(table: String, body: &AlterTableBody<'_>) -> Statement {
    match body {
        AlterTableBody::RenameTo(to) => Statement::RenameTable { table, to: unquote(to.0) },
        AlterTableBody::RenameColumn { old, new } => {
            Statement::RenameColumn { table, from: unquote(old.0), to: unquote(new.0) }
        }
        _ => Statement::AlterTable { table },
    }
}

fn name(parsed: &QualifiedName<'_>) -> String {
    unquote(parsed.name.0)
}

fn words(parsed: &Stmt<'_>) -> &'static str {
    match parsed {
        Stmt::Analyze(_) => "ANALYZE",
        Stmt::Attach { .. } => "ATTACH",
        Stmt::Detach(_) => "DETACH",
        Stmt::Reindex { .. } => "REINDEX",
        Stmt::Vacuum(_, None) => "VACUUM",
        Stmt::Vacuum(_, Some(_)) => "VACUUM INTO",
        Stmt::Rollback { .. } => "ROLLBACK",
        Stmt::Savepoint(_) | Stmt::Release(_) => "a savepoint",
        Stmt::Select(_) => "a SELECT",
        _ => "a statement of this kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        let table = |name: &str| name.to_owned();
        assert_eq!(
            read("CREATE TABLE main.[a b] AS SELECT 1"),
            Ok(Statement::CreateTable { name: table("a b"), from_select: true })
        );
        assert_eq!(
            read("ALTER TABLE \"t\" RENAME a TO `b`"),
            Ok(Statement::RenameColumn { table: table("t"), from: table("a"), to: table("b") })
        );
        assert_eq!(read("alter table t add column x int"), Ok(Statement::AlterTable { table: table("t") }));
        assert_eq!(read("CREATE TEMP TABLE t(a)"), Ok(Statement::Temporary));
        assert_eq!(read("PRAGMA Foreign_Keys = off"), Ok(Statement::Pragma("foreign_keys".to_owned())));
        assert_eq!(read("ATTACH 'x' AS y"), Ok(Statement::Other("ATTACH")));
        assert_eq!(read("VACUUM INTO 'x'"), Ok(Statement::Other("VACUUM INTO")));
        assert!(read("nonsense").is_err());
    }

    #[test]
    fn rows_are_read() {
        let Ok(Statement::Insert(insert)) = read("INSERT OR IGNORE INTO t (a, b) VALUES (1, 'x'), (2, NULL)")
        else {
            panic!()
        };
        assert_eq!((&insert.conflict, insert.odd), (&Conflict::Ignore, None));
        assert!(matches!(insert.rows, Rows::Values(rows) if rows.len() == 2));
        let Ok(Statement::Insert(insert)) =
            read("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b")
        else {
            panic!()
        };
        assert!(matches!(insert.conflict, Conflict::Update { key, sets } if key == ["a"] && sets.len() == 1));
        let Ok(Statement::Update(update)) = read("UPDATE t AS u SET a = 1, b = u.a WHERE a IS NULL") else {
            panic!()
        };
        assert_eq!((update.alias.as_deref(), update.sets.len()), (Some("u"), 2));
        let Ok(Statement::Update(update)) = read("UPDATE t SET a = 1 FROM u AS v WHERE v.x = t.x") else {
            panic!()
        };
        assert_eq!((update.from, update.odd), (Some(("u".to_owned(), Some("v".to_owned()))), None));
        for from in ["u JOIN v USING (x)", "(SELECT 1 AS x) AS u", "u, v"] {
            let Ok(Statement::Update(update)) = read(&format!("UPDATE t SET a = 1 FROM {from}")) else {
                panic!()
            };
            assert_eq!((update.from, update.odd), (None, Some("UPDATE … FROM more than one table")));
        }
    }
}
