//! What no pragma tells of an index and only its CREATE INDEX text does: the WHERE, and keys that are expressions.

use super::expr::Expr;
use super::read;
use sqlite3_parser::ast::Stmt;

/// What the text of one index adds to the pragmas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IndexText {
    /// its keys in order, as written (a column's name is an expression, too)
    pub keys: Vec<Expr>,
    /// WHERE
    pub filter: Option<Expr>,
}

/// Reads a CREATE INDEX statement.
///
/// # Errors
/// The parser's own sentence.
pub fn read(sql: &str) -> Result<IndexText, String> {
    read::with_object(sql, |statement| match statement {
        Stmt::CreateIndex { columns, where_clause, .. } => Ok(IndexText {
            keys: columns.iter().map(|column| read::expr(&column.expr)).collect::<Result<_, _>>()?,
            filter: where_clause.as_ref().map(read::expr).transpose()?,
        }),
        _ => Err("not a CREATE INDEX statement".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::expr::Expr;
    use super::*;

    #[test]
    fn keys_and_condition_are_read() {
        let text = read("CREATE UNIQUE INDEX i ON t(lower(a), b COLLATE NOCASE DESC) WHERE c = 1").unwrap();
        assert_eq!(text.keys.len(), 2);
        assert!(matches!(&text.keys[1], Expr::Collate(_, name) if name == "NOCASE"));
        assert!(text.filter.is_some());
        assert!(read("CREATE TABLE t(a)").is_err());
    }
}
