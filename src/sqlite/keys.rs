//! Keys that would meet in the target: counted by SQLite's own sorter, which keeps to its memory and goes to disk. And how
//! far the rowids of a table span.

use super::filter::condition;
use super::scan::unreadable;
use crate::error::{Error, Result};
use crate::ident::quote;
use crate::limits::EXAMPLES_MAX;
use crate::value::Value;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

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

/// Rows of `table`, of those that meet `filter` where there is one.
///
/// # Errors
/// A source fault.
pub fn count_rows(connection: &Connection, table: &str, filter: Option<&str>) -> Result<u64> {
    // Without a condition an index will do; it is damaged indexes that NOT INDEXED is for, and none is trusted here.
    let filter = filter.map(|filter| format!(" WHERE {}", condition(filter))).unwrap_or_default();
    let sql = format!("SELECT count(*) FROM main.{} NOT INDEXED{filter}", quote(table));
    let count = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
    count.map(i64::cast_unsigned).map_err(|error| unreadable(table, error))
}

/// At most `count` rowids of `table`, in order, as evenly spread between the first and the last as the gaps allow: each is
/// a step down a b-tree.
///
/// # Errors
/// A source fault.
pub fn spread_rowids(connection: &Connection, table: &str, rowid: &str, count: u64) -> Result<Vec<i64>> {
    let Some((first, last)) = rowid_range(connection, table, rowid)? else { return Ok(Vec::new()) };
    let key = quote(rowid);
    let sql = format!(
        "SELECT {key} FROM main.{} NOT INDEXED WHERE {key} >= ?1 ORDER BY {key} LIMIT 1",
        quote(table)
    );
    let mut statement = connection.prepare(&sql).map_err(|error| unreadable(table, error))?;
    let span = i128::from(last) - i128::from(first);
    let steps = i128::from(count.max(2) - 1);
    let mut found: Vec<i64> = Vec::new();
    for step in 0..i128::from(count) {
        let wished = i64::try_from(i128::from(first) + span * step / steps).unwrap_or(last);
        // Where there is a gap, or fewer rows than are wished for, the next one has not been taken yet.
        let from = found.last().map_or(wished, |taken| wished.max(taken.saturating_add(1)));
        let next = statement.query_row([from], |row| row.get(0)).optional();
        match next.map_err(|error| unreadable(table, error))? {
            Some(key) if found.last() != Some(&key) => found.push(key),
            _ => break,
        }
    }
    Ok(found)
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

    #[test]
    fn rowids_of_a_sample_are_spread_and_never_twice() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE TABLE e(v); CREATE TABLE g(id INTEGER PRIMARY KEY);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO t SELECT i FROM n;
                 INSERT INTO g VALUES (-9223372036854775808), (1), (2), (9223372036854775807)",
            )
            .unwrap();
        let spread = |table, count| spread_rowids(&connection, table, "rowid", count).unwrap();
        assert_eq!(spread("t", 4), [1, 34, 67, 100]);
        assert_eq!(spread("t", 1), [1]);
        assert_eq!(spread("t", 1000).len(), 100);
        assert_eq!(spread("e", 5), [] as [i64; 0]);
        assert_eq!(spread("g", 2), [i64::MIN, i64::MAX]);
        assert_eq!(count_rows(&connection, "t", Some("id > 90")).unwrap(), 10);
        assert_eq!(count_rows(&connection, "t", None).unwrap(), 100);
    }
}
