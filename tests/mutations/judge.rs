//! What must be told of a change, found out by PostgreSQL, and whether it was.

use super::mutate::{Change, KEPT};
use super::table::{NUMBER, Table};
use crate::support::flow::{Run, lines};
use crate::support::postgres::Database;
use serde_json::Value;
use std::collections::BTreeSet;

/// One row that the change concerns.
#[derive(Debug)]
pub(super) struct Row {
    /// what the report may call it: itself, or a row that was equal to it in every column
    keys: BTreeSet<String>,
    /// columns with another value than before; all of them for a row that is gone
    columns: BTreeSet<String>,
    gone: bool,
    doubled: bool,
    /// a part of its key changed, so that nothing tells the old row and the new one are the same
    key_changed: bool,
    /// the key has NULL in it, before or now: as above
    key_is_null: bool,
}

/// How a change was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// it is none, and was told as none
    None,
    /// by key and columns
    Named,
    /// as one row that is gone and another that is new
    Apart,
}

/// The rows that differ now; none where the change is none.
pub(super) fn expected(database: &Database, table: &Table, change: &Change) -> Vec<Row> {
    let (name, numbers) = (&table.target, change.list());
    let (kept, now) = (table.forms("k"), table.forms("t"));
    let (kept, now) = (
        format!("SELECT {kept} FROM {KEPT} k"),
        format!("SELECT {now} FROM {name} t WHERE {NUMBER} IN ({numbers}) OR {NUMBER} < 0"),
    );
    let uneven = format!(
        "SELECT count(*) FROM ((({kept}) EXCEPT ALL ({now})) UNION ALL (({now}) EXCEPT ALL ({kept}))) x"
    );
    if database.query_one_text(&uneven) == "0" {
        return Vec::new();
    }
    let rows = change.numbers.iter().map(|number| row(database, table, *number));
    rows.filter(|row| row.gone || row.doubled || !row.columns.is_empty()).collect()
}

fn row(database: &Database, table: &Table, number: u64) -> Row {
    let name = &table.target;
    let is_there = |number: i64| {
        database.query_one_text(&format!("SELECT count(*) FROM {name} WHERE {NUMBER} = {number}")) != "0"
    };
    let differs = table.columns.iter().enumerate().map(|(i, column)| {
        let (now, kept) = (column.form("t"), column.form("k"));
        let null = format!("t.{c} IS NULL OR k.{c} IS NULL", c = column.target);
        format!("SELECT {i} AS i, {now} IS DISTINCT FROM {kept} AS d, {null} AS n FROM {name} t, {KEPT} k WHERE t.{NUMBER} = {number} AND k.{NUMBER} = {number}")
    });
    let facts = differs.collect::<Vec<_>>().join(" UNION ALL ");
    let facts = database.rows(&facts);
    let facts = facts.iter().map(|fact| {
        let column = &table.columns[fact[0].as_ref().unwrap().parse::<usize>().unwrap()];
        (column, fact[1].as_deref() == Some("t"), fact[2].as_deref() == Some("t"))
    });
    let facts: Vec<_> = facts.collect();
    Row {
        keys: equal_rows(database, table, number),
        columns: facts
            .iter()
            .filter(|(_, differs, _)| *differs)
            .map(|(column, ..)| column.source.clone())
            .collect(),
        gone: !is_there(number as i64),
        doubled: is_there(-(number as i64)),
        key_changed: facts.iter().any(|(column, differs, _)| column.is_key && *differs),
        key_is_null: facts.iter().any(|(column, _, null)| column.is_key && *null),
    }
}

/// Keys of the rows that are what the row was before.
fn equal_rows(database: &Database, table: &Table, number: u64) -> BTreeSet<String> {
    let equal: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("{} IS NOT DISTINCT FROM {}", column.form("t"), column.form("k")))
        .collect();
    let sql = format!(
        "SELECT t.{NUMBER} FROM {} t, {KEPT} k WHERE k.{NUMBER} = {number} AND t.{NUMBER} > 0 AND {}",
        table.target,
        equal.join(" AND ")
    );
    let others = lines(database, &sql);
    let numbers = others.lines().map(|line| line.parse::<u64>().unwrap()).chain([number]);
    numbers.map(|number| table.key(number)).collect()
}

/// Whether the report tells exactly what is expected.
pub(super) fn judge(run: &Run, table: &Table, expected: &[Row]) -> Result<Verdict, String> {
    let told = run.table(&table.source);
    if expected.is_empty() {
        let fine = run.done.code == 0 && told["verify"] == "match";
        return if fine { Ok(Verdict::None) } else { Err("what is no change was told as one".to_owned()) };
    }
    if run.done.code != 4 || told["verify"] != "differs" {
        return Err(format!("not found: exit {}", run.done.code));
    }
    let rows = told["differences"].as_array().unwrap();
    let names_all = expected.iter().all(|row| rows.iter().any(|told| is_named(row, told)));
    if names_all && rows.len() == expected.len() {
        return Ok(Verdict::Named);
    }
    let has_key = table.has_integer_key || table.columns.iter().any(|column| column.is_key);
    let beyond_doubt = |row: &Row| has_key && !row.key_changed && (table.has_integer_key || !row.key_is_null);
    if expected.iter().all(beyond_doubt) {
        return Err(format!("told otherwise than expected: {expected:?}"));
    }
    // Without a key that stayed, it is enough that every old row is told of, by itself or by an equal one.
    let is_told = |row: &Row| {
        let source_rows = rows.iter().filter(|told| told["kind"] != "extra");
        row.doubled || source_rows.filter_map(|told| told["key"].as_str()).any(|key| row.keys.contains(key))
    };
    let told = expected.iter().all(is_told);
    if told { Ok(Verdict::Apart) } else { Err(format!("a row is not told of: {expected:?}")) }
}

fn is_named(row: &Row, told: &Value) -> bool {
    let columns = told["columns"].as_array().unwrap().iter();
    let columns: BTreeSet<String> = columns.map(|c| c["column"].as_str().unwrap().to_owned()).collect();
    let kind = told["kind"].as_str().unwrap();
    let kind_fits = match (row.gone, row.doubled) {
        (true, _) if row.keys.len() == 1 => kind == "missing",
        (true, _) | (_, true) => kind == "multiplicity",
        _ => kind == "changed" && columns == row.columns,
    };
    kind_fits && row.keys.contains(told["key"].as_str().unwrap())
}

/// What the report says of the table.
pub(super) fn excerpt(run: &Run, table: &Table) -> String {
    let told = run.report["tables"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|told| told["source"] == table.source.as_str());
    match told {
        Some(told) => format!("{} {} {}", told["verify"], told["verify_note"], told["differences"]),
        None => run.said(),
    }
}
