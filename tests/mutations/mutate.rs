//! Which change is made, and how it is taken back.

use super::Dice;
use super::table::{Column, NUMBER, Table};
use crate::support::postgres::Database;

/// Where the changed rows are kept until the change is taken back.
pub(super) const KEPT: &str = "public.\"kept by the harness\"";

/// One change.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) sql: String,
    /// quoted name of the table
    table: String,
    /// numbers of the rows that it touches
    pub(super) numbers: Vec<u64>,
}

impl Change {
    pub(super) fn keep_rows(&self, database: &Database) {
        let (table, numbers) = (&self.table, self.list());
        database.execute(&format!(
            "DROP TABLE IF EXISTS {KEPT}; CREATE TABLE {KEPT} AS SELECT * FROM {table} WHERE {NUMBER} IN ({numbers})"
        ));
    }

    pub(super) fn undo(&self, database: &Database) {
        let (table, numbers) = (&self.table, self.list());
        database.execute(&format!(
            "DELETE FROM {table} WHERE {NUMBER} IN ({numbers}) OR {NUMBER} < 0; INSERT INTO {table} SELECT * FROM {KEPT}"
        ));
    }

    pub(super) fn list(&self) -> String {
        self.numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// A change of one cell, of two, or of a row; none where the cell has none of this kind.
pub(super) fn choose(table: &Table, database: &Database, dice: &mut Dice) -> Option<Change> {
    let (name, number) = (&table.target, dice.below(table.rows) + 1);
    let column = dice.pick(&table.columns);
    let change = |what: &str, sql: String, numbers: Vec<u64>| {
        let what = format!("{name}.{} {what} of row {numbers:?}", column.target);
        Some(Change { what, sql, table: name.clone(), numbers })
    };
    match dice.below(12) {
        0 => change("row deleted", format!("DELETE FROM {name} WHERE {NUMBER} = {number}"), vec![number]),
        1 => {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.target.as_str()).collect();
            let columns = columns.join(", ");
            let sql = format!(
                "INSERT INTO {name} ({columns}, {NUMBER}) SELECT {columns}, -{number} FROM {name} WHERE {NUMBER} = {number}"
            );
            change("row doubled", sql, vec![number])
        }
        2 | 3 => {
            let other = dice.below(table.rows) + 1;
            let sql = format!(
                "UPDATE {name} t SET {c} = o.{c} FROM {name} o WHERE (t.{NUMBER}, o.{NUMBER}) IN (({number}, {other}), ({other}, {number}))",
                c = column.target
            );
            (other != number).then(|| change("swapped between rows", sql, vec![number, other])).flatten()
        }
        4 => {
            let same = |other: &&Column| other.pg_type == column.pg_type && other.target != column.target;
            let others: Vec<&Column> = table.columns.iter().filter(same).collect();
            let other = others.get(dice.below(others.len() as u64) as usize)?;
            let (a, b) = (&column.target, &other.target);
            let sql = format!("UPDATE {name} SET {a} = {b}, {b} = {a} WHERE {NUMBER} = {number}");
            change("swapped within the row", sql, vec![number])
        }
        _ => {
            let cell = format!("SELECT {}::text FROM {name} WHERE {NUMBER} = {number}", column.target);
            let value = database.rows(&cell).pop()?.pop()?;
            let (what, expression) = of_cell(column, value.as_deref(), dice)?;
            let sql = format!("UPDATE {name} SET {} = {expression} WHERE {NUMBER} = {number}", column.target);
            change(&what, sql, vec![number])
        }
    }
}

/// A new value of a cell, as an expression of SQL.
fn of_cell(column: &Column, value: Option<&str>, dice: &mut Dice) -> Option<(String, String)> {
    let (cell, kind) = (column.target.as_str(), column.pg_type.as_str());
    let Some(value) = value else {
        let filling = match kind {
            "text" | "bytea" | "citext" => "''",
            "boolean" => "false",
            "jsonb" | "json" => "'null'",
            "date" => "'2000-01-01'",
            kind if kind.starts_with("character") => "''",
            kind if kind.starts_with("timestamp") => "'2000-01-01'",
            "uuid" => "'00000000-0000-0000-0000-000000000000'",
            _ => "0",
        };
        return Some(("NULL filled".to_owned(), filling.to_owned()));
    };
    let (what, expression) = match kind {
        "smallint" | "integer" | "bigint" => of_integer(cell, dice),
        "double precision" => of_float(cell, value, dice)?,
        "boolean" => ("flag turned", format!("NOT {cell}")),
        "bytea" => of_bytes(cell, value, dice),
        "date" => ("next day", format!("{cell} + 1")),
        "uuid" => (
            "digit changed",
            format!("translate({cell}::text, '0123456789abcdef', '0123456789abcdfe')::uuid"),
        ),
        "json" => ("space", format!("({cell}::text || ' ')::json")),
        "jsonb" => ("wrapped", format!("jsonb_build_array({cell})")),
        kind if kind.starts_with("numeric") => of_numeric(cell, dice),
        kind if kind.starts_with("timestamp") => {
            ("a microsecond", format!("{cell} + interval '1 microsecond'"))
        }
        kind if kind == "text" || kind == "citext" || kind.starts_with("character") => {
            of_text(cell, value, dice)
        }
        _ => return None,
    };
    // Every fifth is taken away whole.
    if dice.below(5) == 0 {
        return Some(("made NULL".to_owned(), "NULL".to_owned()));
    }
    Some((what.to_owned(), expression))
}

fn of_integer(cell: &str, dice: &mut Dice) -> (&'static str, String) {
    match dice.below(3) {
        0 => ("plus one", format!("{cell} + 1")),
        1 => ("negated", format!("-{cell}")),
        _ => ("bit flipped", format!("{cell} # {}", 1u64 << dice.below(31))),
    }
}

fn of_float(cell: &str, value: &str, dice: &mut Dice) -> Option<(&'static str, String)> {
    let real: f64 = value.parse().ok()?;
    match dice.below(4) {
        0 => Some(("plus one", format!("{cell} + 1"))),
        // −0 is 0 for one domain and not for the other: nobody but the plan could say.
        1 if real != 0.0 => Some(("negated", format!("-{cell}"))),
        _ => {
            let flipped = f64::from_bits(real.to_bits() ^ 1 << dice.below(52));
            (flipped.is_finite() && flipped != 0.0)
                .then(|| ("bit flipped", format!("'{flipped:e}'::double precision")))
        }
    }
}

fn of_numeric(cell: &str, dice: &mut Dice) -> (&'static str, String) {
    match dice.below(5) {
        0 => ("plus one", format!("{cell} + 1")),
        1 => ("negated", format!("-{cell}")),
        2 => ("one more zero", format!("{cell} * 1.0")),
        3 => ("a little more", format!("{cell} + 0.0000000001")),
        _ => ("times ten", format!("{cell} * 10")),
    }
}

fn of_bytes(cell: &str, value: &str, dice: &mut Dice) -> (&'static str, String) {
    // `\x` and two digits each.
    let bytes = (value.len() as u64 - 2) / 2;
    match dice.below(4) {
        0 => ("a zero byte appended", format!("{cell} || '\\x00'::bytea")),
        1 if bytes > 0 => ("truncated", format!("substr({cell}, 1, {})", dice.below(bytes))),
        _ if bytes > 0 => {
            ("bit flipped", format!("set_bit({cell}, {}, 1 - get_bit({cell}, {}))", bytes - 1, bytes - 1))
        }
        _ => ("a byte appended", format!("{cell} || '\\x01'::bytea")),
    }
}

fn of_text(cell: &str, value: &str, dice: &mut Dice) -> (&'static str, String) {
    let characters = value.chars().count() as u64;
    let at = dice.below(characters) + 1;
    match dice.below(9) {
        0 => ("space appended", format!("{cell} || ' '")),
        1 => ("space before", format!("' ' || {cell}")),
        2 => ("line break appended", format!("{cell} || E'\\n'")),
        3 => ("as a number with a fraction", format!("{cell} || '.0'")),
        4 if characters > 0 => ("truncated", format!("left({cell}, {})", at - 1)),
        5 => ("upper case", format!("upper({cell})")),
        6 => ("emptied", "''".to_owned()),
        7 => ("combining mark appended", format!("{cell} || U&'\\0301'")),
        _ if characters > 0 => (
            "bit flipped",
            format!("overlay({cell} placing chr(ascii(substr({cell}, {at}, 1)) # 1) from {at} for 1)"),
        ),
        _ => ("a letter appended", format!("{cell} || 'a'")),
    }
}
