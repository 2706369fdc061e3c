//! A copied table, and how its rows are known on both sides whatever is done to their values.

use crate::support::flow::Run;
use crate::support::postgres::Database;
use std::path::Path;

/// The column that numbers the target's rows in the source's order. It has no partner in the source, so that
/// verification does not look at it.
pub(super) const NUMBER: &str = "\"row number of the harness\"";

/// Keys would not let a row be doubled, nor NOT NULL a value be taken away.
pub(super) const LIFT_CONSTRAINTS: &str = "DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT conrelid::regclass t, conname n FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        AND contype <> 'n' ORDER BY contype <> 'f' LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.t, r.n); END LOOP;
    FOR r IN SELECT indexrelid::regclass n FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace LOOP
      EXECUTE format('DROP INDEX %s', r.n); END LOOP;
    FOR r IN SELECT attrelid::regclass t, attname n FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull AND attidentity = '' LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', r.t, r.n); END LOOP;
  END $$";

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) source: String,
    /// quoted
    pub(super) target: String,
    pub(super) pg_type: String,
    /// a part of the key by which rows are known
    pub(super) is_key: bool,
}

impl Column {
    /// Two cells are equal if they are equal in this form: numbers and `jsonb` by PostgreSQL's equality, all else by text.
    pub(super) fn form(&self, alias: &str) -> String {
        let cell = format!("{alias}.{}", self.target);
        match self.pg_type.as_str() {
            kind if kind.starts_with("numeric") || kind == "jsonb" => cell,
            _ => format!("{cell}::text"),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) source: String,
    /// quoted
    pub(super) target: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: u64,
    /// the source's rowids in order; empty where it has none
    pub(super) rowids: Vec<i64>,
    /// the key is the rowid itself
    pub(super) has_integer_key: bool,
}

impl Table {
    /// How the report calls the row of that number.
    pub(super) fn key(&self, number: u64) -> String {
        match self.rowids.get(number as usize - 1) {
            Some(rowid) => format!("rowid {rowid}"),
            None => format!("row {number} in the table's order"),
        }
    }

    /// The columns in the form in which they are compared.
    pub(super) fn forms(&self, alias: &str) -> String {
        self.columns.iter().map(|column| column.form(alias)).collect::<Vec<_>>().join(", ")
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables that have rows, and names that are no patterns.
pub(super) fn all(run: &Run, copy: &Path, database: &Database) -> Vec<Table> {
    let source = rusqlite::Connection::open(copy).unwrap();
    let tables = run.report["tables"].as_array().unwrap().iter().filter_map(|told| {
        let (name, rows) = (told["source"].as_str()?, told["rows"]["source"].as_u64()?);
        let is_plain = !name.contains(['*', '?', '[']);
        (rows > 0 && rows < 50_000 && is_plain).then(|| one(&source, database, name, rows, told))
    });
    let (good, odd): (Vec<Table>, Vec<Table>) =
        tables.partition(|table| is_in_order(&source, database, table));
    odd.iter().for_each(|table| println!("left out, its rows lie in another order: {}", table.source));
    good
}

/// The server may put a short row on an earlier page: then the row numbers are not the source's.
fn is_in_order(source: &rusqlite::Connection, database: &Database, table: &Table) -> bool {
    let plain =
        |column: &&Column| matches!(column.pg_type.as_str(), "text" | "bigint" | "smallint" | "integer");
    let columns: Vec<&Column> = table.columns.iter().filter(plain).collect();
    let list = |of: fn(&Column) -> String, null: &str| {
        let all: Vec<String> =
            columns.iter().map(|column| format!("coalesce(CAST({} AS text), {null})", of(column))).collect();
        if all.is_empty() { "''".to_owned() } else { all.join(" || '|' || ") }
    };
    let order = if table.rowids.is_empty() { "" } else { " ORDER BY rowid" };
    let sql = format!(
        "SELECT {} FROM {} NOT INDEXED{order}",
        list(|c| quote(&c.source), "'∅'"),
        quote(&table.source)
    );
    let Ok(mut statement) = source.prepare(&sql) else { return false };
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let here: Vec<String> = rows.map(Result::unwrap_or_default).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {NUMBER}", list(|c| c.target.clone(), "'∅'"), table.target);
    let there: Vec<String> = database.rows(&sql).into_iter().map(|row| row[0].clone().unwrap()).collect();
    here == there
}

fn one(
    source: &rusqlite::Connection,
    database: &Database,
    name: &str,
    rows: u64,
    told: &serde_json::Value,
) -> Table {
    let target = quote(told["target"].as_str().unwrap());
    let keys = key_columns(source, name);
    let columns = told["columns"].as_array().unwrap().iter().map(|column| {
        let text = |field: &str| column[field].as_str().unwrap().to_owned();
        Column {
            is_key: keys.contains(&text("source")),
            source: text("source"),
            target: quote(&text("target")),
            pg_type: text("type"),
        }
    });
    let columns: Vec<Column> = columns.collect();
    let rowid_column = integer_primary_key(source, name);
    let has_integer_key =
        columns.iter().any(|c| Some(&c.source) == rowid_column.as_ref() && c.pg_type == "bigint");
    let key = columns.iter().find(|column| has_integer_key && Some(&column.source) == rowid_column.as_ref());
    let order = key.map_or("ctid", |column| column.target.as_str());
    database.execute(&format!(
        "ALTER TABLE {target} ADD COLUMN {NUMBER} bigint;
         UPDATE {target} t SET {NUMBER} = x.number FROM
           (SELECT ctid AS place, row_number() OVER (ORDER BY {order}) AS number FROM {target}) x WHERE t.ctid = x.place"
    ));
    Table { source: name.to_owned(), target, columns, rows, rowids: rowids(source, name), has_integer_key }
}

fn strings(source: &rusqlite::Connection, sql: &str, name: &str) -> Vec<String> {
    let mut statement = source.prepare(sql).unwrap();
    let rows = statement.query_map([name], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The primary key; without one, every column of any unique index may be of the key.
fn key_columns(source: &rusqlite::Connection, name: &str) -> Vec<String> {
    let keys = strings(source, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0", name);
    if !keys.is_empty() {
        return keys;
    }
    let unique = "SELECT i.name FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i
        WHERE l.\"unique\" AND i.name IS NOT NULL";
    strings(source, unique, name)
}

fn rowids(source: &rusqlite::Connection, name: &str) -> Vec<i64> {
    let columns = strings(source, "SELECT lower(name) FROM pragma_table_xinfo(?1)", name);
    let alias = ["_rowid_", "oid", "rowid"].into_iter().find(|alias| !columns.contains(&(*alias).to_owned()));
    let sql = format!("SELECT {} FROM {} NOT INDEXED ORDER BY 1", alias.unwrap_or("rowid"), quote(name));
    let Ok(mut statement) = source.prepare(&sql) else { return Vec::new() };
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The column that is the rowid: the only one of the key, declared INTEGER, and SQLite made no index for it.
fn integer_primary_key(source: &rusqlite::Connection, name: &str) -> Option<String> {
    let keys = strings(source, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0", name);
    let declared = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 AND upper(type) = 'INTEGER'";
    let made = strings(source, "SELECT name FROM pragma_index_list(?1) WHERE origin = 'pk'", name);
    match (keys.len(), strings(source, declared, name).pop()) {
        (1, Some(column)) if made.is_empty() => Some(column),
        _ => None,
    }
}
