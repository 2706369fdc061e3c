//! Rows of the source, and what its application does to them between runs.

use super::rows::{Rows, of_source};
use super::world::{Column, Key, Kind, MARK, Table, World, quoted};
use crate::support::dice::Dice;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What an application did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Insert,
    Update,
    Delete,
    /// the file is written, and no row is
    Touch,
}

/// Values for the `n`th row that was ever made in the table; no two rows have the same key.
fn values(world: &World, table: &Table, n: u64, source: &Connection, dice: &mut Dice) -> Vec<Value> {
    let number = i64::try_from(n).expect("a small number");
    let of = |column: &Column, dice: &mut Dice| match (table.key, column.name.as_str()) {
        (Key::Id | Key::Auto, "id") => Value::Integer(number * 3 - 40),
        (Key::Text, "k") => Value::Text(format!("key {number} é")),
        (Key::Pair, "a") => Value::Integer(number % 7),
        (Key::Pair, "b") => Value::Text(format!("{number}")),
        (_, "parent_id") => parent(world, table, source, dice),
        _ => value(column, number, table.width, dice),
    };
    table.columns.iter().map(|column| of(column, dice)).collect()
}

/// The id of a row of the parent, if it has any.
fn parent(world: &World, table: &Table, source: &Connection, dice: &mut Dice) -> Value {
    let name = world.tables[table.parent.expect("a parent")].quoted();
    let count: i64 = source.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).unwrap();
    if count == 0 || dice.below(6) == 0 {
        return Value::Null;
    }
    let nth = dice.below(count.unsigned_abs());
    let sql = format!("SELECT id FROM {name} ORDER BY id LIMIT 1 OFFSET {nth}");
    Value::Integer(source.query_row(&sql, [], |row| row.get(0)).expect("a parent"))
}

fn value(column: &Column, number: i64, width: u64, dice: &mut Dice) -> Value {
    if column.is_unique {
        return if dice.below(5) == 0 { Value::Null } else { Value::Integer(number * 11) };
    }
    if dice.below(7) == 0 {
        return Value::Null;
    }
    match column.kind {
        Kind::Int => Value::Integer((dice.next() >> (24 + dice.below(36))).cast_signed() - 1000),
        Kind::Real => Value::Real((dice.next() >> 20) as f64 / 1024.0 - 100.0),
        Kind::Text => Value::Text(text(width, dice)),
        Kind::Blob => Value::Blob((0..dice.below(width)).map(|_| dice.below(256) as u8).collect()),
    }
}

fn text(width: u64, dice: &mut Dice) -> String {
    const LETTERS: [char; 14] = ['a', 'b', 'Z', ' ', '\n', '\t', '\\', '\'', '"', ',', 'é', '→', '𝄞', '.'];
    let begin = if dice.below(2) == 0 { MARK } else { "" };
    begin.chars().chain((0..dice.below(width)).map(|_| *dice.pick(&LETTERS))).collect()
}

/// Rows ever made, by table: a key is not used twice.
#[derive(Debug, Clone)]
pub(super) struct Made(Vec<u64>);

/// Makes all rows of the beginning.
pub(super) fn fill(world: &World, source: &mut Connection, dice: &mut Dice) -> Made {
    let transaction = source.transaction().expect("a transaction");
    for table in &world.tables {
        for n in 1..=table.rows {
            insert(world, table, n, &transaction, dice);
        }
    }
    transaction.commit().expect("a commit");
    Made(world.tables.iter().map(|table| table.rows).collect())
}

fn insert(world: &World, table: &Table, n: u64, source: &Connection, dice: &mut Dice) {
    let values = values(world, table, n, source, dice);
    put(table, values, source).expect("a row");
}

fn put(table: &Table, values: Vec<Value>, source: &Connection) -> rusqlite::Result<()> {
    let places = vec!["?"; values.len()].join(", ");
    let sql = format!("INSERT INTO {} VALUES ({places})", table.quoted());
    source.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values)).map(drop)
}

/// Writes rows, one after the other, until `is_over`; tells each state that the source was in, the first of them as it is
/// given. A writer that a reader keeps out tries again later.
pub(super) fn write_until(
    is_over: &AtomicBool,
    world: &World,
    path: &Path,
    made: &mut Made,
    mut dice: Dice,
) -> Vec<Rows> {
    let source = Connection::open(path).expect("the source");
    source.busy_timeout(Duration::ZERO).expect("a setting");
    let mut states = vec![of_source(world, path)];
    while !is_over.load(Ordering::SeqCst) && states.len() < STATES_MAX {
        std::thread::sleep(Duration::from_millis(dice.below(40)));
        let number = dice.below(world.tables.len() as u64) as usize;
        let table = &world.tables[number];
        made.0[number] += 1;
        let values = values(world, table, made.0[number], &source, &mut dice);
        if put(table, values, &source).is_ok() {
            states.push(of_source(world, path));
        }
    }
    states
}

/// As many states of the source in one run as can be told apart in little time.
const STATES_MAX: usize = 12;

/// Changes the source; tells what was done to which table.
pub(super) fn edit(world: &World, source: &Connection, made: &mut Made, dice: &mut Dice) -> String {
    let number = dice.below(world.tables.len() as u64) as usize;
    let table = &world.tables[number];
    let edits = [Edit::Insert, Edit::Insert, Edit::Update, Edit::Update, Edit::Delete, Edit::Touch];
    let count: i64 = source
        .query_row(&format!("SELECT count(*) FROM {}", table.quoted()), [], |row| row.get(0))
        .expect("a count");
    let edit = match *dice.pick(&edits) {
        // Nothing of the schedules is about rows whose parent is missing.
        Edit::Delete if world.is_parent(number) => Edit::Touch,
        Edit::Update | Edit::Delete if count == 0 => Edit::Insert,
        edit => edit,
    };
    let nth = dice.below(count.unsigned_abs());
    match edit {
        Edit::Insert => {
            made.0[number] += 1;
            insert(world, table, made.0[number], source, dice);
        }
        Edit::Touch => {
            let version = 1 + dice.below(1_000_000_000);
            source.execute_batch(&format!("PRAGMA user_version = {version}")).expect("a version");
        }
        Edit::Update => update(table, nth, source, dice),
        Edit::Delete => {
            source.execute_batch(&format!("DELETE FROM {}", one_row(table, nth))).expect("a DELETE");
        }
    }
    format!("{edit:?} in {}", table.name)
}

/// The table's name, and the condition that one of its rows meets.
fn one_row(table: &Table, nth: u64) -> String {
    let name = table.quoted();
    let key = match table.key {
        Key::Id | Key::Auto | Key::Bare => "rowid",
        Key::Text => "k",
        Key::Pair => "(a, b)",
    };
    let columns = key.trim_matches(['(', ')']);
    format!("{name} WHERE {key} = (SELECT {columns} FROM {name} ORDER BY {columns} LIMIT 1 OFFSET {nth})")
}

fn update(table: &Table, nth: u64, source: &Connection, dice: &mut Dice) {
    let is_free = |column: &&Column| {
        let is_key = matches!(column.name.as_str(), "id" | "k" | "a" | "b" | "parent_id");
        !is_key && !column.is_unique
    };
    let free: Vec<&Column> = table.columns.iter().filter(is_free).collect();
    let column = dice.pick(&free);
    let new = value(column, 0, table.width, dice);
    let row = one_row(table, nth);
    let (name, condition) = row.split_once(" WHERE ").expect("a condition");
    let sql = format!("UPDATE {name} SET {} = ? WHERE {condition}", quoted(&column.name));
    source.execute(&sql, [new]).expect("an UPDATE");
}
