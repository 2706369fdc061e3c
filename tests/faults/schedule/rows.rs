//! Both sides read by the test itself, each value as a text of its own kind: none of it is the tool's code.

use super::watch::Watch;
use super::world::{Kind, Table, World, quoted};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::collections::BTreeMap;
use std::path::Path;

/// A row: its rowid where the table has one, and its values.
pub(super) type Row = (Option<i64>, String);

/// All rows of the source, by table.
pub(super) type Rows = BTreeMap<String, Vec<Row>>;

/// Stands between two values of a row.
const BETWEEN: &str = "\u{1f}";

/// What stands for NULL.
const NULL: &str = "∅";

/// Everything in the source, in the order of its keys.
pub(super) fn of_source(world: &World, path: &Path) -> Rows {
    let source = Connection::open(path).expect("the source");
    world.tables.iter().map(|table| (table.name.clone(), of_table(&source, table))).collect()
}

fn of_table(source: &Connection, table: &Table) -> Vec<Row> {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let rowid = table.rowid().unwrap_or("NULL");
    let sql = format!("SELECT {rowid}, {} FROM {} ORDER BY 1", columns.join(", "), table.quoted());
    let mut statement = source.prepare(&sql).expect("a statement");
    let rows = statement.query_map([], |row| {
        let values = (1..=columns.len()).map(|i| row.get_ref(i).map(value));
        Ok((row.get(0)?, values.collect::<Result<Vec<String>, _>>()?.join(BETWEEN)))
    });
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

fn value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => NULL.to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{:016x}", number.to_bits()),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).expect("UTF-8"),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The expression that makes the same text of a row of the target.
pub(super) fn expression(table: &Table) -> String {
    let values = table.columns.iter().map(|column| {
        let name = quoted(&column.name);
        let text = match column.kind {
            Kind::Int => format!("{name}::bigint::text"),
            Kind::Real => format!("encode(float8send({name}::float8), 'hex')"),
            Kind::Text => format!("{name}::text"),
            Kind::Blob => format!("encode({name}, 'hex')"),
        };
        format!("coalesce({text}, '{NULL}')")
    });
    values.collect::<Vec<String>>().join(" || chr(31) || ")
}

/// The rows of a table of the target, sorted; none where there is no such table.
pub(super) fn of_target(watch: &Watch, table: &Table) -> Option<Vec<String>> {
    let regclass = table.quoted().replace('\'', "''");
    if !watch.is(&format!("to_regclass('{regclass}') IS NOT NULL")) {
        return None;
    }
    let rows = watch.rows(&format!("SELECT {} FROM {}", expression(table), table.quoted()));
    let mut rows: Vec<String> = rows.into_iter().map(|mut row| row.remove(0).expect("a text")).collect();
    rows.sort_unstable();
    Some(rows)
}

/// `these` without `those`, each as often as it is there; both sorted.
pub(super) fn without(these: &[String], those: &[String]) -> Vec<String> {
    let mut left = Vec::new();
    let mut those = those.iter().peekable();
    for this in these {
        while those.next_if(|that| *that < this).is_some() {}
        if those.next_if(|that| *that == this).is_none() {
            left.push(this.clone());
        }
    }
    left
}
