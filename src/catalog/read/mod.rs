//! From the grammar's tree (crate `sqlite3-parser`) to our own.

mod expr;
mod select;

pub(super) use expr::{expr, unquote};
pub(super) use select::{from, select};

use super::expr::Expr;
use super::select::{ResultColumn, Select, SelectCore};
use crate::limits::OBJECT_BYTES_MAX;
use bumpalo::Bump;
use fallible_iterator::FallibleIterator;
use sqlite3_parser::ast::{Cmd, Stmt};
use sqlite3_parser::lexer::sql::Parser;

/// How deep a statement may be nested, expressions and queries in one another counted together: a quarter of SQLite's own
/// limit of expressions (`SQLITE_MAX_EXPR_DEPTH`), since trees are walked by recursion on threads with 2 MiB of stack. What
/// lies deeper is not carried.
const DEPTH_MAX: usize = 250;

/// Reads one expression, as `PRAGMA table_xinfo` gives a default.
///
/// # Errors
/// The parser's own sentence, or that the text is no expression.
pub fn expression(sql: &str) -> Result<Expr, String> {
    let select = query(&format!("SELECT {sql}"))?;
    match select.first {
        SelectCore::Query(mut query) if query.columns.len() == 1 && query.from.is_none() => {
            match query.columns.pop() {
                Some(ResultColumn::Expr(expr, None)) => Ok(expr),
                _ => Err("not one expression".to_owned()),
            }
        }
        _ => Err("not one expression".to_owned()),
    }
}

/// Reads one SELECT.
///
/// # Errors
/// The parser's own sentence, or that the text is no SELECT.
pub fn query(sql: &str) -> Result<Select, String> {
    with_statement(sql, |statement| match statement {
        Stmt::Select(body) => select(body),
        _ => Err("not a SELECT".to_owned()),
    })
}

/// Reads what a CREATE VIEW selects.
///
/// # Errors
/// The parser's own sentence.
pub fn view(sql: &str) -> Result<Select, String> {
    with_object(sql, |statement| match statement {
        Stmt::CreateView { select: body, .. } => select(body),
        _ => Err("not a CREATE VIEW statement".to_owned()),
    })
}

/// The same for what made an object of a source's schema, which may have been made to take all memory.
pub(super) fn with_object<T>(
    sql: &str,
    read: impl FnOnce(&Stmt<'_>) -> Result<T, String>,
) -> Result<T, String> {
    if sql.len() > OBJECT_BYTES_MAX {
        return Err(format!("the statement has more than {OBJECT_BYTES_MAX} bytes"));
    }
    with_statement(sql, read)
}

/// Has `read` look at the one statement of `sql`.
pub(super) fn with_statement<T>(
    sql: &str,
    read: impl FnOnce(&Stmt<'_>) -> Result<T, String>,
) -> Result<T, String> {
    // Only a file that was tampered with has one, and the parser panics on it where it stands in a name.
    if sql.contains('\0') {
        return Err("the statement contains a NUL".to_owned());
    }
    let arena = Bump::new();
    let mut parser = Parser::new(&arena, sql.as_bytes());
    let Some(Cmd::Stmt(statement)) = parser.next().map_err(|error| error.to_string())? else {
        return Err("not a statement".to_owned());
    };
    let read = read(&statement)?;
    match parser.next() {
        Ok(None) => Ok(read),
        _ => Err("more than one statement".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::{BinaryOp, LikeOp, Quote};
    use super::*;

    #[test]
    fn expressions_are_read_as_written() {
        let name = |name: &str, quote| Expr::Name { table: None, name: name.to_owned(), quote };
        let number = |text: &str| Expr::Number(text.to_owned());
        assert_eq!(expression("((0x10))"), Ok(number("0x10")));
        assert_eq!(expression("'it''s'"), Ok(Expr::Text("it's".to_owned())));
        assert_eq!(expression("x'00Ff'"), Ok(Expr::Blob(vec![0, 255])));
        assert_eq!(expression("\"a\"\"b\""), Ok(name("a\"b", Quote::Double)));
        assert_eq!(expression("[a b]"), Ok(name("a b", Quote::Bracket)));
        assert_eq!(
            expression("a == `b`"),
            Ok(Expr::Binary(
                BinaryOp::Eq,
                Box::new(name("a", Quote::None)),
                Box::new(name("b", Quote::Backtick))
            ))
        );
        assert_eq!(
            expression("a IN ()"),
            Ok(Expr::In { operand: Box::new(Expr::name("a")), not: false, list: Vec::new() })
        );
        let like = expression("t.a NOT LIKE 'x\\_%' ESCAPE '\\'").unwrap();
        assert!(matches!(like, Expr::Like { not: true, op: LikeOp::Like, escape: Some(_), .. }));
        let call = expression("strftime('%s', 'now')").unwrap();
        assert!(matches!(call, Expr::Call(call) if call.name == "strftime" && call.arguments.len() == 2));
        let cast = expression("CAST(a AS DECIMAL(10, 2))").unwrap();
        assert!(matches!(cast, Expr::Cast { declared, .. } if declared == "DECIMAL(10,2)"));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in ["", "a b", "a, b", "1 FROM t", "*", "a\0", "SELECT 1", "1; SELECT 2"] {
            assert!(expression(text).is_err(), "{text}");
        }
    }

    /// On a stack as the runtime's threads have it.
    fn with_stack(work: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(crate::limits::THREAD_STACK_BYTES);
        thread.spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn what_is_nested_too_deep_is_said_to_be() {
        with_stack(|| {
            for (levels, too_deep) in [(50, false), (900, true)] {
                let nested = format!("{}1{}", "(1+".repeat(levels), ")".repeat(levels));
                let tree = format!("{:?}", expression(&nested).unwrap());
                assert_eq!(tree.contains("nested too deep"), too_deep);
            }
            let table = format!("CREATE TABLE t(a CHECK ({}1{}))", "(1+".repeat(900), ")".repeat(900));
            assert_eq!(super::super::ddl::read(&table).unwrap().checks.len(), 1);
        });
    }

    /// Queries, expressions and joins in parentheses within one another: walked by recursion, they would end the stack.
    #[test]
    fn a_query_that_is_nested_too_deep_is_an_error() {
        with_stack(|| {
            let nested = |before: &str, core: &str, after: &str, levels: usize| {
                query(&format!("SELECT {}{core}{}", before.repeat(levels), after.repeat(levels)))
            };
            for levels in [30, 400, 5000] {
                for (before, core, after) in [
                    ("* FROM (SELECT ", "1", ")"),
                    ("(SELECT ", "1", ")"),
                    ("EXISTS (SELECT 1 + ", "1", ")"),
                    ("a IN (SELECT NOT NOT NOT ", "1", ")"),
                ] {
                    let read = nested(before, core, after, levels);
                    let is_cut = read.is_err() || format!("{read:?}").contains("nested too deep");
                    assert_eq!(is_cut, levels != 30, "{before} {levels}");
                }
                let joins = query(&format!("SELECT 1 FROM {}t{}", "(".repeat(levels), ")".repeat(levels)));
                assert_eq!(joins.is_ok(), levels == 30, "{levels}");
                let with = format!("{}SELECT 1{}", "WITH a AS (".repeat(levels), ") SELECT 1".repeat(levels));
                assert_eq!(query(&with).is_ok(), levels == 30, "{levels}");
            }
        });
    }

    #[test]
    fn queries_are_read_whole() {
        let select = query(
            "WITH w(x) AS (SELECT 1) SELECT DISTINCT a.*, count(*) AS n FROM t AS a LEFT JOIN (SELECT 2 AS y) b USING (id), c \
             WHERE a.x = 1 GROUP BY 1 HAVING n > 1 UNION ALL SELECT 1, 2 ORDER BY 1 DESC NULLS LAST LIMIT 3 OFFSET 1",
        )
        .unwrap();
        assert_eq!((select.with.len(), select.compounds.len()), (1, 1));
        assert_eq!(select.order_by[0].nulls_first, Some(false));
        let SelectCore::Query(query) = &select.first else { panic!() };
        let from = query.from.as_ref().unwrap();
        assert_eq!(from.joins.len(), 2);
        assert_eq!(from.joins[0].using, ["id"]);
    }
}
