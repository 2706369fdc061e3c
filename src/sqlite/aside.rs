//! Which rows are set aside, and whose children they leave behind: kept in a private SQLite database in a temporary file,
//! so that memory stays bounded however many they are. The source is only read.
//!
//! A row is known by its rowid, or by its number in the order of the table's b-tree where it has none; a snapshot keeps both.
//! A key that has gone is kept as its parent's own stored values, under the number of the foreign key that refers to it.

use super::scan::unreadable;
use crate::error::{Error, Result};
use crate::ident::quote;
use crate::plan::OrphanProbe;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a parent's key belongs to a row that is set aside: `cutover_gone(number of the foreign key, key columns…)`.
const GONE_FUNCTION: &str = "cutover_gone";
/// Whether a row is set aside: `cutover_aside(number of the table, row)`.
const ASIDE_FUNCTION: &str = "cutover_aside";
/// The number of a row of a table without a rowid, as a column.
const ROW_NUMBER: &str = "cutover row number";
/// A row that is set aside for one of its own values, and not for a foreign key.
const FOR_A_VALUE: i64 = -1;

const TABLES: &str = "
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE aside (t INTEGER, row INTEGER, why INTEGER NOT NULL, PRIMARY KEY (t, row)) WITHOUT ROWID;
    CREATE TABLE gone (f INTEGER, key BLOB, PRIMARY KEY (f, key)) WITHOUT ROWID;
    BEGIN";

/// The rows of one source that are set aside.
#[derive(Debug)]
pub struct AsideRows {
    tables: Vec<String>,
    store: Arc<Mutex<Connection>>,
}

/// What to look for in one table.
#[derive(Debug)]
pub struct Search<'a> {
    /// the table's name
    pub table: &'a str,
    /// its rowid's name, where it has one
    pub rowid: Option<&'a str>,
    /// else the columns of its primary key, by which its rows are numbered; none where the table's own order is the rowids'
    pub order: &'a [String],
    /// a foreign key of it by number: rows whose parent is missing or set aside; none: rows that are set aside already
    pub orphans_of: Option<(usize, &'a OrphanProbe)>,
    /// conditions on its rows and on the parent's: other rows are as if they were not there
    pub filters: [Option<&'a str>; 2],
    /// its columns in which an empty text is NULL to the target
    pub empty_is_null: Vec<&'a str>,
    /// foreign keys by number that refer to it, with the columns that they refer to
    pub referring: Vec<(usize, &'a [String])>,
}

/// A row that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// its rowid, or its number
    pub row: i64,
    /// it has a parent in the source, which is set aside
    pub parent_aside: bool,
}

impl AsideRows {
    /// Nothing is set aside yet of `tables`.
    ///
    /// # Errors
    /// Where there is no room for a temporary file.
    pub fn new(tables: Vec<String>) -> Result<AsideRows> {
        let store = Connection::open("").map_err(no_room)?;
        store.execute_batch(TABLES).map_err(no_room)?;
        Ok(AsideRows { tables, store: Arc::new(Mutex::new(store)) })
    }

    fn number(&self, table: &str) -> Result<i64> {
        let found = self.tables.iter().position(|name| name == table);
        found.map(|index| index as i64).ok_or_else(|| Error::internal("a table that nobody named"))
    }

    /// Sets rows of `table` aside for a value of theirs.
    ///
    /// # Errors
    /// Where there is no room for the temporary file.
    pub fn add_for_values(&self, table: &str, rows: &[i64]) -> Result<()> {
        let table = self.number(table)?;
        let store = lock(&self.store);
        rows.iter().try_for_each(|row| add(&store, table, *row, FOR_A_VALUE).map(drop)).map_err(no_room)
    }

    /// Whether any row of `table` is set aside.
    ///
    /// # Errors
    /// Where the temporary file cannot be read.
    pub fn has_any(&self, table: &str) -> Result<bool> {
        let table = self.number(table)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM aside WHERE t = ?1)";
        lock(&self.store).query_row(sql, [table], |row| row.get(0)).map_err(no_room)
    }

    /// Rows of `table` from `from` on that are set aside for a foreign key, with its index in the table's plan: the first
    /// `max` of them in order.
    ///
    /// # Errors
    /// Where the temporary file cannot be read.
    pub fn orphans_from(&self, table: &str, from: i64, max: usize) -> Result<Vec<(i64, usize)>> {
        let table = self.number(table)?;
        let store = lock(&self.store);
        let sql = "SELECT row, why FROM aside WHERE t = ?1 AND row >= ?2 AND why >= 0 ORDER BY row LIMIT ?3";
        let mut statement = store.prepare_cached(sql).map_err(no_room)?;
        let rows = statement.query_map(params![table, from, max as i64], |row| {
            Ok((row.get(0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default()))
        });
        rows.and_then(Iterator::collect).map_err(no_room)
    }

    /// Looks for rows and hands each to `each`. SQLite makes an index for the query where the parent has none.
    ///
    /// # Errors
    /// A source fault.
    pub fn each(
        &self,
        source: &Connection,
        search: &Search<'_>,
        mut each: impl FnMut(Found) -> Result<()>,
    ) -> Result<()> {
        self.run(source, search, |found, _| each(found))
    }

    /// Sets aside what the search finds, for the table's `why`th foreign key, together with the keys that go with it. Rows
    /// that are set aside while it looks count at once as missing. Tells each row that was not set aside before.
    ///
    /// # Errors
    /// A source fault; no room for the temporary file.
    pub fn set_aside(
        &self,
        source: &Connection,
        search: &Search<'_>,
        why: usize,
        mut each: impl FnMut(i64),
    ) -> Result<()> {
        let table = self.number(search.table)?;
        self.run(source, search, |found, row| {
            let store = lock(&self.store);
            let is_new = match search.orphans_of {
                Some(_) => add(&store, table, found.row, why as i64).map_err(no_room)?,
                None => true,
            };
            if is_new {
                forget_keys(&store, search, row)?;
                each(found.row);
            }
            Ok(())
        })
    }

    fn run(
        &self,
        source: &Connection,
        search: &Search<'_>,
        mut each: impl FnMut(Found, &Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let unreadable = |error| unreadable(search.table, error);
        self.lend_functions(source).map_err(unreadable)?;
        let mut statement = source.prepare(&self.sql(search)?).map_err(unreadable)?;
        let mut rows = statement.query([]).map_err(unreadable)?;
        while let Some(row) = rows.next().map_err(unreadable)? {
            let found =
                Found { row: row.get(0).map_err(unreadable)?, parent_aside: row.get(1).map_err(unreadable)? };
            each(found, row)?;
        }
        Ok(())
    }

    fn sql(&self, search: &Search<'_>) -> Result<String> {
        let keys = search.referring.iter().flat_map(|(_, columns)| columns.iter());
        let keys: String = keys.map(|column| format!(", c.{}", quote(column))).collect();
        let (row, child) = rows_of(search);
        let Some((key, probe)) = search.orphans_of else {
            let number = self.number(search.table)?;
            return Ok(format!(
                "SELECT c.{row}, 0{keys} FROM {child} WHERE {ASIDE_FUNCTION}({number}, c.{row})"
            ));
        };
        let (ends, first) = join(probe);
        let parent_columns: String =
            probe.parent_columns.iter().map(|column| format!(", p.{}", quote(column))).collect();
        let present: Vec<String> =
            probe.columns.iter().map(|column| present(column, &search.empty_is_null)).collect();
        let still_there = match self.has_any(search.table)? {
            true => format!(" AND NOT {ASIDE_FUNCTION}({}, c.{row})", self.number(search.table)?),
            false => String::new(),
        };
        let gone = match self.may_have_gone(search, key)? {
            true => format!(" OR {GONE_FUNCTION}({key}{parent_columns})"),
            false => String::new(),
        };
        Ok(format!(
            "SELECT c.{row}, {first} IS NOT NULL{keys} FROM {child} LEFT JOIN {} AS p ON {ends}
             WHERE {} AND ({first} IS NULL{gone}){still_there}",
            parents_of(probe, search.filters[1]),
            present.join(" AND "),
        ))
    }

    /// A key of which no parent has gone, and can go while it is looked at, needs no second look at each parent.
    fn may_have_gone(&self, search: &Search<'_>, key: usize) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM gone WHERE f = ?1)";
        let has: bool = lock(&self.store).query_row(sql, [key as i64], |row| row.get(0)).map_err(no_room)?;
        Ok(has || search.referring.iter().any(|(referring, _)| *referring == key))
    }

    /// Makes the store known to SQL on a reader, which stays read-only.
    fn lend_functions(&self, source: &Connection) -> rusqlite::Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8;
        let store = Arc::clone(&self.store);
        source.create_scalar_function(GONE_FUNCTION, -1, flags, move |context| {
            let key: i64 = context.get(0)?;
            let mut form = Vec::new();
            (1..context.len()).for_each(|i| write_value(context.get_raw(i), &mut form));
            exists(&lock(&store), "SELECT 1 FROM gone WHERE f = ?1 AND key = ?2", params![key, form])
        })?;
        let store = Arc::clone(&self.store);
        source.create_scalar_function(ASIDE_FUNCTION, 2, flags, move |context| {
            let (table, row): (i64, i64) = (context.get(0)?, context.get(1)?);
            exists(&lock(&store), "SELECT 1 FROM aside WHERE t = ?1 AND row = ?2", params![table, row])
        })
    }
}

/// That a child's column is not NULL, in SQL: nor an empty text, where that becomes NULL. Its bytes tell, since a
/// collation may take spaces for nothing.
fn present(column: &str, empty_is_null: &[&str]) -> String {
    let name = format!("c.{}", quote(column));
    match empty_is_null.contains(&column) {
        true => {
            format!("{name} IS NOT NULL AND NOT (typeof({name}) = 'text' AND CAST({name} AS BLOB) = x'')")
        }
        false => format!("{name} IS NOT NULL"),
    }
}

/// What a row of the table is known by, and the rows.
fn rows_of(search: &Search<'_>) -> (String, String) {
    let table = quote(search.table);
    let (number, filter) = (quote(ROW_NUMBER), condition(search.filters[0]));
    match (search.rowid, search.filters[0]) {
        (Some(rowid), None) => (quote(rowid), format!("main.{table} AS c NOT INDEXED")),
        (rowid, _) => {
            let known =
                rowid.map_or_else(|| format!("row_number() OVER ({})", order_by(search.order)), quote);
            let rows = format!("(SELECT {known} AS {number}, * FROM main.{table} NOT INDEXED{filter}) AS c");
            (number, rows)
        }
    }
}

fn parents_of(probe: &OrphanProbe, filter: Option<&str>) -> String {
    let parent = quote(&probe.parent);
    match filter {
        None => format!("main.{parent}"),
        Some(_) => format!("(SELECT * FROM main.{parent}{})", condition(filter)),
    }
}

/// A condition on lines of its own, so that a comment in it ends with it.
fn condition(filter: Option<&str>) -> String {
    filter.map_or_else(String::new, |filter| format!(" WHERE (\n{filter}\n)"))
}

/// The order of the rows of a table without a rowid. Its primary key is unique under some collation and so under BINARY;
/// `NOT INDEXED` does not keep SQLite from a covering index of such a table.
pub(super) fn order_by(columns: &[String]) -> String {
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{} COLLATE BINARY", quote(column))).collect();
    if columns.is_empty() { String::new() } else { format!("ORDER BY {}", columns.join(", ")) }
}

/// The parent's side first: its affinity and collation decide what is equal, as in SQLite's own keys.
fn join(probe: &OrphanProbe) -> (String, String) {
    let pairs = probe.columns.iter().zip(&probe.parent_columns);
    let ends: Vec<String> =
        pairs.map(|(child, parent)| format!("p.{} = c.{}", quote(parent), quote(child))).collect();
    let first = probe.parent_columns.first().map(|column| format!("p.{}", quote(column)));
    (ends.join(" AND "), first.unwrap_or_default())
}

fn lock(store: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(store: &Connection, table: i64, row: i64, why: i64) -> rusqlite::Result<bool> {
    let mut statement = store.prepare_cached("INSERT OR IGNORE INTO aside VALUES (?1, ?2, ?3)")?;
    Ok(statement.execute(params![table, row, why])? > 0)
}

/// The keys by which others refer to a row: its third column of the result and those after it.
fn forget_keys(store: &Connection, search: &Search<'_>, row: &Row<'_>) -> Result<()> {
    let mut statement =
        store.prepare_cached("INSERT OR IGNORE INTO gone VALUES (?1, ?2)").map_err(no_room)?;
    let mut column = 2;
    for (key, columns) in &search.referring {
        let mut form = Vec::new();
        for _ in *columns {
            write_value(row.get_ref(column).map_err(|error| unreadable(search.table, error))?, &mut form);
            column += 1;
        }
        statement.execute(params![*key as i64, form]).map_err(no_room)?;
    }
    Ok(())
}

fn exists(store: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<bool> {
    let mut statement = store.prepare_cached(sql)?;
    Ok(statement.query_row(params, |_| Ok(())).optional()?.is_some())
}

/// A value so that no two have the same bytes, one after the other.
fn write_value(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.push(0),
        ValueRef::Integer(integer) => {
            out.push(1);
            out.extend_from_slice(&integer.to_be_bytes());
        }
        ValueRef::Real(real) => {
            out.push(2);
            out.extend_from_slice(&real.to_bits().to_be_bytes());
        }
        ValueRef::Text(bytes) => write_bytes(3, bytes, out),
        ValueRef::Blob(bytes) => write_bytes(4, bytes, out),
    }
}

fn write_bytes(class: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(class);
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn no_room(error: rusqlite::Error) -> Error {
    Error::source_fault("the rows that are set aside cannot be kept in a temporary file")
        .cause(error)
        .remedy("make room in the directory for temporary files, or name another in TMPDIR")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(column: &str, parent: &str, parent_column: &str) -> OrphanProbe {
        let one = |name: &str| vec![name.to_owned()];
        OrphanProbe { columns: one(column), parent: parent.to_owned(), parent_columns: one(parent_column) }
    }

    /// Sets aside what is an orphan of the only key of `t`, which refers to itself, until nothing changes.
    fn settle(connection: &Connection, rowid: Option<&str>, order: &[String]) -> Vec<i64> {
        let rows = AsideRows::new(vec!["t".to_owned()]).unwrap();
        let probe = probe("up", "t", "id");
        let search = Search {
            table: "t",
            rowid,
            order,
            orphans_of: Some((7, &probe)),
            filters: [None; 2],
            empty_is_null: vec![],
            referring: vec![(7, &probe.parent_columns)],
        };
        loop {
            let mut new = 0;
            rows.set_aside(connection, &search, 0, |_| new += 1).unwrap();
            if new == 0 {
                break;
            }
        }
        rows.orphans_from("t", i64::MIN, 100).unwrap().into_iter().map(|(row, _)| row).collect()
    }

    #[test]
    fn children_of_orphans_are_orphans_in_either_order_and_cycles_stay() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, up INTEGER);
                 INSERT INTO t VALUES (1, 2), (2, 3), (3, 99), (4, 3), (5, 4), (6, 7), (7, 6), (8, NULL), (9, 8), (10, 10);
                 PRAGMA query_only = ON",
            )
            .unwrap();
        assert_eq!(settle(&connection, Some("id"), &[]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn rows_without_a_rowid_are_known_by_their_number() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(up TEXT, id TEXT, PRIMARY KEY (id DESC)) WITHOUT ROWID; CREATE INDEX i ON t(up, id);
                 INSERT INTO t VALUES ('b', 'a'), ('z', 'b'), (NULL, 'c'), ('c', 'd'), ('a', 'e')",
            )
            .unwrap();
        assert_eq!(settle(&connection, None, &["id".to_owned()]), [1, 2, 5], "a, b, e");
    }

    #[test]
    fn keys_of_rows_with_bad_values_have_gone_too() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE p(id INTEGER PRIMARY KEY, k); CREATE TABLE c(pk);
                 INSERT INTO p VALUES (1, 'a'), (2, 1), (3, 1.5); INSERT INTO c VALUES ('a'), (1), (1.5), ('b'), (NULL)",
            )
            .unwrap();
        let rows = AsideRows::new(vec!["p".to_owned(), "c".to_owned()]).unwrap();
        rows.add_for_values("p", &[2, 3]).unwrap();
        let probe = probe("pk", "p", "k");
        let referring = vec![(0, &probe.parent_columns[..])];
        let parents = Search {
            table: "p",
            rowid: Some("id"),
            order: &[],
            orphans_of: None,
            filters: [None; 2],
            empty_is_null: vec![],
            referring,
        };
        let mut told = Vec::new();
        rows.set_aside(&connection, &parents, 0, |row| told.push(row)).unwrap();
        assert_eq!(told, [2, 3]);
        let children = Search {
            table: "c",
            rowid: Some("rowid"),
            order: &[],
            orphans_of: Some((0, &probe)),
            filters: [None; 2],
            empty_is_null: vec![],
            referring: vec![],
        };
        let mut found = Vec::new();
        rows.each(&connection, &children, |row| {
            found.push((row.row, row.parent_aside));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [(2, true), (3, true), (4, false)]);
        assert!(rows.has_any("p").unwrap() && !rows.has_any("c").unwrap());
    }

    #[test]
    fn rows_that_do_not_meet_their_condition_are_no_parents_and_no_children() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE p(id INTEGER PRIMARY KEY, live); INSERT INTO p VALUES (1, 1), (2, 0), (3, 1);
                 CREATE TABLE c(p, live); INSERT INTO c VALUES (1, 1), (2, 1), (2, 0), (9, 1);
                 CREATE TABLE w(k PRIMARY KEY, p, live) WITHOUT ROWID;
                 INSERT INTO w VALUES ('a', 9, 0), ('b', 1, 1), ('c', 2, 1), ('d', 9, 1)",
            )
            .unwrap();
        let rows = AsideRows::new(["p", "c", "w"].map(str::to_owned).to_vec()).unwrap();
        let (probe, order) = (probe("p", "p", "id"), ["k".to_owned()]);
        let found = |table, rowid, order| {
            let filters = [Some("live -- only those"), Some("live = 1")];
            let search = Search {
                table,
                rowid,
                order,
                orphans_of: Some((0, &probe)),
                filters,
                empty_is_null: vec![],
                referring: vec![],
            };
            let mut found = Vec::new();
            rows.set_aside(&connection, &search, 0, |row| found.push(row)).unwrap();
            found
        };
        assert_eq!(found("c", Some("rowid"), &[]), [2, 4]);
        assert_eq!(found("w", None, &order), [2, 3], "numbers among the rows that meet it");
    }
}
