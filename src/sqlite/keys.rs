//! Keys that would meet in the target: counted by SQLite's own sorter, which keeps to its memory and goes to disk. And how
//! far the rowids of a table span.

use super::filter::condition;
use super::scan::unreadable;
use crate::error::{Error, Result};
use crate::ident::quote;
use crate::limits::EXAMPLES_MAX;
use crate::value::Value;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// The function under which the key's form is known to SQLite while the query runs.
const KEY_FUNCTION: &str = "cutover_key";

/// Keys that occur more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeated {
    /// how many different keys
    pub keys: u64,
    /// rowids of the first row of some of them
    pub rowids: Vec<i64>,
}

/// Counts the keys over `columns` of `table` that are equal in the form that `form` gives them; a key without a form
/// (NULL in it, or a value that does not fit) meets no other. `rowid` is the rowid's name, where the table has one;
/// `filter` is the condition that its rows must meet, where there is one.
///
/// # Errors
/// A source fault.
pub fn count_repeated(
    connection: &Connection,
    table: &str,
    columns: &[&str],
    (rowid, filter): (Option<&str>, Option<&str>),
    form: impl Fn(&[Value<'_>]) -> Option<Vec<u8>> + Send + 'static,
) -> Result<Repeated> {
    let unreadable = |error: rusqlite::Error| {
        Error::source_fault("its keys cannot be compared")
            .at(format!("table \"{table}\""))
            .cause(error.to_string())
    };
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let arguments = i32::try_from(columns.len()).unwrap_or(-1);
    connection
        .create_scalar_function(KEY_FUNCTION, arguments, flags, move |row| Ok(form_of(row, &form)))
        .map_err(unreadable)?;
    let key = format!(
        "{KEY_FUNCTION}({})",
        columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
    );
    let first = rowid.map_or_else(|| "NULL".to_owned(), |rowid| format!("min({})", quote(rowid)));
    let filter = filter.map(|filter| format!(" AND {}", condition(filter))).unwrap_or_default();
    let sql = format!(
        "SELECT {first} FROM main.{} NOT INDEXED WHERE {key} IS NOT NULL{filter} GROUP BY {key} HAVING count(*) > 1",
        quote(table)
    );
    let mut statement = connection.prepare(&sql).map_err(unreadable)?;
    let mut rows = statement.query([]).map_err(unreadable)?;
    let mut repeated = Repeated::default();
    while let Some(row) = rows.next().map_err(unreadable)? {
        repeated.keys += 1;
        if let (Ok(Some(rowid)), true) = (row.get(0), repeated.rowids.len() < EXAMPLES_MAX) {
            repeated.rowids.push(rowid);
        }
    }
    Ok(repeated)
}

/// The smallest and the largest rowid of `table`, where it has a row; `rowid` is the rowid's name. Two steps down a b-tree.
///
/// # Errors
/// A source fault.
pub fn rowid_range(connection: &Connection, table: &str, rowid: &str) -> Result<Option<(i64, i64)>> {
    let (key, from) = (quote(rowid), format!("FROM main.{} NOT INDEXED", quote(table)));
    let sql = format!("SELECT (SELECT min({key}) {from}), (SELECT max({key}) {from})");
    let ends = connection
        .query_row(&sql, [], |row| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?)));
    ends.map_err(|error| unreadable(table, error))
}

fn form_of(row: &Context<'_>, form: &impl Fn(&[Value<'_>]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let values: Vec<Value<'_>> = (0..row.len())
        .map(|i| match row.get_raw(i) {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => Value::Integer(integer),
            ValueRef::Real(real) => Value::Real(real),
            ValueRef::Text(bytes) => Value::Text(bytes),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
        })
        .collect();
    if values.contains(&Value::Null) { None } else { form(&values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_meet_in_their_form_and_null_meets_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(v); INSERT INTO t VALUES ('A'), ('a'), ('b'), (NULL), (NULL), ('B'), ('c')",
            )
            .unwrap();
        let lower = |values: &[Value<'_>]| match values {
            [Value::Text(text)] => Some(text.to_ascii_lowercase()),
            _ => None,
        };
        let repeated = count_repeated(&connection, "t", &["v"], (Some("rowid"), None), lower).unwrap();
        assert_eq!((repeated.keys, repeated.rowids), (2, vec![1, 3]));
        let fewer =
            count_repeated(&connection, "t", &["v"], (Some("rowid"), Some("v <> 'b'")), lower).unwrap();
        assert_eq!((fewer.keys, fewer.rowids), (1, vec![1]));
    }

    #[test]
    fn the_rowids_of_a_table_span_from_its_first_row_to_its_last() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t(rowid TEXT, v); CREATE TABLE e(v); INSERT INTO t(oid, v) VALUES (7, 1), (-3, 2)")
            .unwrap();
        assert_eq!(rowid_range(&connection, "t", "oid").unwrap(), Some((-3, 7)));
        assert_eq!(rowid_range(&connection, "e", "rowid").unwrap(), None);
    }
}
