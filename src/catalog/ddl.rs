//! What no pragma tells and only the CREATE TABLE text does: CHECKs, DEFERRABLE, constraint names.
//!
//! The text is read with SQLite's own grammar (crate `sqlite3-parser`). A text that it cannot read is not guessed at:
//! the caller says so and goes on with what the pragmas tell.

use super::expr::Expr;
use super::read::{self, unquote};
use sqlite3_parser::ast::{
    ColumnConstraint, CreateTableBody, DeferSubclause, ForeignKeyClause, InitDeferredPred, ResolveType, Stmt,
    TableConstraint,
};

/// When a foreign key is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deferrable {
    /// at once
    #[default]
    No,
    /// at once unless asked otherwise: DEFERRABLE INITIALLY IMMEDIATE
    Immediate,
    /// at commit: DEFERRABLE INITIALLY DEFERRED
    Deferred,
}

/// What the text of one table adds to the pragmas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableText {
    /// names of its columns, in order
    pub columns: Vec<String>,
    /// CHECK constraints: name, column (none for the table's own) and text
    pub checks: Vec<Check>,
    /// foreign keys in order: name, child columns, parent, when checked
    pub foreign_keys: Vec<ForeignKeyText>,
    /// generated columns
    pub generated: Vec<GeneratedText>,
    /// constraints with an ON CONFLICT clause: column or name of the constraint, and the clause
    pub on_conflict: Vec<(String, String)>,
}

/// One CHECK.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// its name
    pub name: Option<String>,
    /// its expression
    pub sql: String,
    /// its expression as a tree
    pub expr: Expr,
    /// the column that it stands with; none for one of the table's own
    pub column: Option<String>,
}

/// One generated column.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratedText {
    /// the column's name
    pub column: String,
    /// its expression
    pub sql: String,
    /// its expression as a tree
    pub expr: Expr,
}

/// One foreign key as spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKeyText {
    /// constraint name
    pub name: Option<String>,
    /// child columns
    pub columns: Vec<String>,
    /// parent table
    pub parent: String,
    /// when it is checked
    pub deferrable: Deferrable,
}

/// Reads a CREATE TABLE statement. The error is the parser's own sentence.
pub fn read(sql: &str) -> Result<TableText, String> {
    read::with_object(sql, |statement| match statement {
        Stmt::CreateTable { body, .. } => read_body(body),
        _ => Err("not a CREATE TABLE statement".to_owned()),
    })
}

fn read_body(body: &CreateTableBody<'_>) -> Result<TableText, String> {
    let mut text = TableText::default();
    let CreateTableBody::ColumnsAndConstraints { columns, constraints, .. } = body else { return Ok(text) };
    for column in columns {
        text.columns.push(unquote(column.col_name.0));
        let mut last_foreign_key = None;
        for named in column.constraints {
            let name = named.name.as_ref().map(|name| unquote(name.0));
            let column_name = unquote(column.col_name.0);
            read_column_constraint(&mut text, &named.constraint, name, column_name, &mut last_foreign_key)?;
        }
    }
    for named in constraints.iter().copied().flatten() {
        read_table_constraint(&mut text, &named.constraint, named.name.as_ref().map(|name| unquote(name.0)))?;
    }
    Ok(text)
}

fn read_column_constraint(
    text: &mut TableText,
    constraint: &ColumnConstraint<'_>,
    name: Option<String>,
    column: String,
    last_foreign_key: &mut Option<usize>,
) -> Result<(), String> {
    match constraint {
        ColumnConstraint::Check(expr) => {
            let sql = expr.to_string().trim().to_owned();
            text.checks.push(Check { name, sql, expr: read::expr(expr)?, column: Some(column) });
        }
        ColumnConstraint::ForeignKey { clause, defer_clause } => {
            *last_foreign_key = Some(text.foreign_keys.len());
            text.foreign_keys.push(foreign_key(name, vec![column], clause, defer_clause.as_ref()));
        }
        // SQLite's grammar also takes DEFERRABLE as a constraint of its own, after REFERENCES.
        ColumnConstraint::Defer(clause) => {
            if let Some(key) = *last_foreign_key {
                text.foreign_keys[key].deferrable = deferrable(Some(clause));
            }
        }
        ColumnConstraint::Generated { expr, .. } => {
            let sql = expr.to_string().trim().to_owned();
            text.generated.push(GeneratedText { column, sql, expr: read::expr(expr)? });
        }
        ColumnConstraint::PrimaryKey { conflict_clause: Some(clause), .. }
        | ColumnConstraint::NotNull { conflict_clause: Some(clause), .. }
        | ColumnConstraint::Unique(Some(clause)) => text.on_conflict.push((column, conflict_words(clause))),
        _ => {}
    }
    Ok(())
}

fn read_table_constraint(
    text: &mut TableText,
    constraint: &TableConstraint<'_>,
    name: Option<String>,
) -> Result<(), String> {
    match constraint {
        TableConstraint::Check(expr, _) => {
            let sql = expr.to_string().trim().to_owned();
            text.checks.push(Check { name, sql, expr: read::expr(expr)?, column: None });
        }
        TableConstraint::ForeignKey { columns, clause, defer_clause } => {
            let columns = columns.iter().map(|column| unquote(column.col_name.0)).collect();
            text.foreign_keys.push(foreign_key(name, columns, clause, defer_clause.as_ref()));
        }
        TableConstraint::PrimaryKey { conflict_clause: Some(clause), .. }
        | TableConstraint::Unique { conflict_clause: Some(clause), .. } => {
            text.on_conflict
                .push((name.unwrap_or_else(|| "table constraint".to_owned()), conflict_words(clause)));
        }
        _ => {}
    }
    Ok(())
}

fn conflict_words(clause: &ResolveType) -> String {
    format!("ON CONFLICT {}", format!("{clause:?}").to_uppercase())
}

fn foreign_key(
    name: Option<String>,
    columns: Vec<String>,
    clause: &ForeignKeyClause<'_>,
    defer: Option<&DeferSubclause>,
) -> ForeignKeyText {
    ForeignKeyText { name, columns, parent: unquote(clause.tbl_name.0), deferrable: deferrable(defer) }
}

fn deferrable(clause: Option<&DeferSubclause>) -> Deferrable {
    match clause {
        Some(DeferSubclause {
            deferrable: true,
            init_deferred: Some(InitDeferredPred::InitiallyDeferred),
        }) => Deferrable::Deferred,
        Some(DeferSubclause { deferrable: true, .. }) => Deferrable::Immediate,
        _ => Deferrable::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_pragmas_hide() {
        let text = read(
            "CREATE TABLE `t`(a INTEGER PRIMARY KEY, -- a comment, with (parens)
               b TEXT CHECK(b IN (\"x\",'y')) UNIQUE ON CONFLICT REPLACE,
               c REFERENCES p DEFERRABLE INITIALLY DEFERRED,
               d INT CONSTRAINT fk_d REFERENCES [q q](id) NOT DEFERRABLE,
               g AS (a + 1) STORED,
               CONSTRAINT pos CHECK (a > 0),
               FOREIGN KEY(a, b) REFERENCES \"r\"(x, y) DEFERRABLE)",
        )
        .unwrap();
        assert_eq!(text.checks.len(), 2);
        assert_eq!(text.checks[1].name.as_deref(), Some("pos"));
        let keys: Vec<_> =
            text.foreign_keys.iter().map(|key| (key.parent.as_str(), key.deferrable)).collect();
        assert_eq!(
            keys,
            [("p", Deferrable::Deferred), ("q q", Deferrable::No), ("r", Deferrable::Immediate)]
        );
        assert_eq!(text.foreign_keys[1].name.as_deref(), Some("fk_d"));
        assert_eq!(text.foreign_keys[2].columns, ["a", "b"]);
        assert_eq!(text.generated[0].column, "g");
        assert_eq!(text.on_conflict, [("b".to_owned(), "ON CONFLICT REPLACE".to_owned())]);
    }

    /// A bracket that opens may be a part of a name in brackets; only the outer ones are quotes.
    #[test]
    fn a_name_in_brackets_loses_one_pair() {
        let text = read("CREATE TABLE t(a REFERENCES [[p], b REFERENCES [q\"\"])").unwrap();
        let parents: Vec<&str> = text.foreign_keys.iter().map(|key| key.parent.as_str()).collect();
        assert_eq!(parents, ["[p", "q\"\""]);
    }

    #[test]
    fn what_is_not_a_table_is_an_error() {
        assert!(read("CREATE VIRTUAL TABLE t USING fts5(a)").is_err());
        assert!(read("nonsense").is_err());
        assert!(read("").is_err());
        assert!(read("CREATE TABLE t([a\0b])").is_err());
    }
}
