//! Somebody else changes rows of the target, and perhaps takes it back.

use super::rows::expression;
use super::watch::Watch;
use super::world::{Column, Key, Kind, Table, World};
use crate::support::dice::Dice;

/// What somebody else did.
#[derive(Debug, Clone)]
pub(super) struct Tamper {
    pub(super) table: usize,
    pub(super) what: String,
    /// takes it back
    back: String,
}

impl Tamper {
    /// Changes a table; none where there is nothing that can be changed without hurting a key of the target.
    pub(super) fn draw(world: &World, watch: &Watch, dice: &mut Dice) -> Option<Tamper> {
        let number = dice.below(world.tables.len() as u64) as usize;
        let table = &world.tables[number];
        let name = table.quoted();
        let count: u64 = watch.text(&format!("SELECT count(*) FROM {name}")).parse().ok()?;
        let nth = dice.below(count);
        let row = format!(
            "ctid = (SELECT ctid FROM {name} ORDER BY {} COLLATE \"C\" OFFSET {nth} LIMIT 1)",
            expression(table)
        );
        let (what, forth, back) = match dice.below(4) {
            0 | 1 => insertion(table),
            _ if count == 0 => return None,
            2 if !world.is_parent(number) => deletion(&name, &row, dice.below(4) == 0),
            _ => update(table, &row)?,
        };
        watch.try_rows(&forth).ok()?;
        Some(Tamper { table: number, what, back })
    }

    /// Puts everything back as it was; false where the target does not let it any more.
    pub(super) fn take_back(&self, watch: &Watch) -> bool {
        let done = watch.try_rows(&format!("BEGIN; {}; COMMIT", self.back)).is_ok();
        if !done {
            watch.rows("ROLLBACK");
        }
        done
    }
}

fn insertion(table: &Table) -> (String, String, String) {
    let name = table.quoted();
    let values: Vec<&str> = table.columns.iter().map(|column| far(table, column)).collect();
    let forth = format!("INSERT INTO {name} SELECT {} FROM generate_series(77, 77) n", values.join(", "));
    let row = format!("({}) = (SELECT {} FROM generate_series(77, 77) n)", expression(table), {
        let column = |column: &Column| match column.kind {
            Kind::Real => format!("encode(float8send(({})::float8), 'hex')", far(table, column)),
            _ => format!("coalesce(({})::text, '∅')", far(table, column)),
        };
        table.columns.iter().map(column).collect::<Vec<String>>().join(" || chr(31) || ")
    });
    (format!("a row into {}", table.name), forth, format!("DELETE FROM {name} WHERE {row}"))
}

/// A value that is near enough for any type that a column may have got.
fn far(table: &Table, column: &Column) -> &'static str {
    match (table.key, column.name.as_str()) {
        (_, "id" | "a") => "n + 1000000000",
        (_, "k" | "b") => "'other ' || n",
        _ if column.kind == Kind::Int => "NULL",
        _ => Table::far(column),
    }
}

fn deletion(name: &str, row: &str, all: bool) -> (String, String, String) {
    let condition = if all { "true" } else { row };
    let what = if all { "every row of" } else { "a row of" };
    let forth = format!(
        "CREATE SCHEMA IF NOT EXISTS aside; DROP TABLE IF EXISTS aside.rows;
         CREATE TABLE aside.rows AS SELECT * FROM {name} WHERE {condition};
         DELETE FROM {name} WHERE {condition}"
    );
    (format!("{what} {name} deleted"), forth, format!("INSERT INTO {name} SELECT * FROM aside.rows"))
}

fn update(table: &Table, row: &str) -> Option<(String, String, String)> {
    let is_free = |column: &&Column| {
        column.kind == Kind::Text
            && !matches!((table.key, column.name.as_str()), (Key::Text, "k") | (Key::Pair, "b"))
    };
    let column = table.columns.iter().find(is_free)?;
    let (name, column) = (table.quoted(), super::world::quoted(&column.name));
    let forth = format!(
        "CREATE SCHEMA IF NOT EXISTS aside; DROP TABLE IF EXISTS aside.rows;
         CREATE TABLE aside.rows AS SELECT {column} AS was FROM {name} WHERE {row};
         UPDATE {name} SET {column} = 'changed by somebody' WHERE {row}"
    );
    let back = format!(
        "UPDATE {name} SET {column} = (SELECT was FROM aside.rows) WHERE {column} = 'changed by somebody'"
    );
    Some((format!("a row of {name} changed"), forth, back))
}
