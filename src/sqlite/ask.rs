//! An application's own queries, run inside the snapshot: only what SQLite itself calls a statement that writes nothing, and
//! not for longer than it is wanted.

use super::readers::Reader;
use crate::error::{Error, Result};
use crate::value::{Param, Value};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedColumn {
    /// what the query calls it
    pub name: String,
    /// table and column that it is taken from as it is; none where it is computed
    pub origin: Option<(String, String)>,
}

/// The columns of a query.
///
/// # Errors
/// SQLite's own sentence, or ours, where it is none, or writes.
pub fn columns(reader: &Reader<'_>, sql: &str) -> std::result::Result<Vec<AskedColumn>, String> {
    let statement = prepare(reader, sql)?;
    let columns = statement.columns_with_metadata();
    Ok(columns
        .map(|column| {
            let origin = column.table_name().zip(column.origin_name());
            AskedColumn {
                name: column.name().to_owned(),
                origin: origin.map(|(table, column)| (table.to_owned(), column.to_owned())),
            }
        })
        .collect())
}

fn prepare<'a>(connection: &'a Connection, sql: &str) -> std::result::Result<Statement<'a>, String> {
    let statement = connection.prepare(sql).map_err(|error| said(&error))?;
    match () {
        () if !statement.readonly() => Err("it writes".to_owned()),
        () if statement.column_count() == 0 => Err("it gives no rows".to_owned()),
        () => Ok(statement),
    }
}

/// Runs a query for as long as `go_on` says so; `row` takes each row, and says whether there are to be more. The inner
/// error is SQLite's own sentence on the query.
///
/// # Errors
/// Those of `row`; our own mistakes.
pub fn run(
    reader: &mut Reader<'_>,
    sql: &str,
    params: &[Param],
    go_on: impl Fn() -> bool + Send + 'static,
    mut row: impl FnMut(&[Value<'_>]) -> bool,
) -> Result<std::result::Result<(), String>> {
    reader.while_wanted(go_on, |connection| {
        let mut statement = match prepare(connection, sql) {
            Ok(statement) => statement,
            Err(said) => return Ok(Err(said)),
        };
        Ok(rows(&mut statement, params, &mut row).map_err(|error| said(&error)))
    })
}

fn rows(
    statement: &mut Statement<'_>,
    params: &[Param],
    row: &mut impl FnMut(&[Value<'_>]) -> bool,
) -> rusqlite::Result<()> {
    let width = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params.iter().map(Bound)))?;
    while let Some(found) = rows.next()? {
        let values: Vec<Value<'_>> =
            (0..width).map(|i| found.get_ref(i).map(value)).collect::<rusqlite::Result<_>>()?;
        if !row(&values) {
            return Ok(());
        }
    }
    Ok(())
}

fn value(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(text),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

struct Bound<'a>(&'a Param);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Param::Null => ToSqlOutput::Owned(Owned::Null),
            Param::Flag(flag) => ToSqlOutput::Owned(Owned::Integer(i64::from(*flag))),
            Param::Integer(integer) => ToSqlOutput::Owned(Owned::Integer(*integer)),
            Param::Real(real) => ToSqlOutput::Owned(Owned::Real(*real)),
            Param::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// What SQLite says of a query. Messages of its functions may quote what they were given: those are left out.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::OperationInterrupted => {
            "it takes too long".to_owned()
        }
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        rusqlite::Error::MultipleStatement => "it is more than one statement".to_owned(),
        _ => "its parameters are not those that it has".to_owned(),
    }
}

/// The error where a query that could be run cannot be any more.
///
/// # Errors
/// Always.
pub fn lost<T>(name: &str, said: &str) -> Result<T> {
    Err(Error::source_fault(format!("query \"{name}\" cannot be run any more: {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::Source;
    use crate::sqlite::fixture::Dir;

    #[test]
    fn a_query_is_run_and_nothing_else() {
        let dir = Dir::new();
        let path = dir.path("a.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL)")
            .unwrap();
        let source = Source::open(&path, 1).unwrap();
        let mut reader = source.reader().unwrap();
        let seen = columns(&reader, "SELECT a, a + 1 AS c FROM t").unwrap();
        assert_eq!(seen[0].origin, Some(("t".to_owned(), "a".to_owned())));
        assert_eq!((seen[1].name.as_str(), &seen[1].origin), ("c", &None));
        for sql in [
            "DELETE FROM t",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 2",
            "COMMIT",
            "SELECT nothing FROM t",
            "SELECT 1; SELECT 2",
        ] {
            assert!(columns(&reader, sql).is_err(), "{sql}");
        }
        let mut found = Vec::new();
        let params = [Param::Integer(0), Param::Text("x".to_owned())];
        let ran = run(
            &mut reader,
            "SELECT a FROM t WHERE a > ? AND b IS ?",
            &params,
            || true,
            |row| {
                found.push(format!("{row:?}"));
                true
            },
        );
        assert_eq!((ran.unwrap(), found.as_slice()), (Ok(()), ["[Integer(1)]".to_owned()].as_slice()));
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n";
        assert_eq!(
            run(&mut reader, endless, &[], || false, |_| true).unwrap(),
            Err("it takes too long".to_owned())
        );
        assert_eq!(run(&mut reader, "SELECT a FROM t", &[], || true, |_| false).unwrap(), Ok(()));
    }
}
