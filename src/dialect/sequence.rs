//! `sqlite_sequence`: the numbers that AUTOINCREMENT has given, as SQLite's shell writes them out (`.dump`).

use super::guard::Run;
use super::model::Column;
use super::rows::ends;
use super::turn::Action;
use super::{Reason, State};
use crate::catalog::expr::Expr;
use crate::catalog::script::{Insert, Rows};
use crate::ident::{literal, qualified};

/// The table of that name is SQLite's record of the numbers it has given.
pub(super) fn is_table(name: &str) -> bool {
    name.eq_ignore_ascii_case("sqlite_sequence")
}

/// `INSERT INTO sqlite_sequence VALUES ('t', 7)`: the identity of `t` goes on past 7. A table without identity has none
/// to go on.
///
/// # Errors
/// It is written otherwise than by the shell, or the table is not carried.
pub(super) fn advance(insert: &Insert, state: &State) -> Result<Vec<Action>, Reason> {
    let why = || "sqlite_sequence is understood as VALUES (table, number) only".to_owned();
    let is_plain = insert.odd.is_none()
        && insert.columns.as_ref().is_none_or(|names| {
            names.iter().map(|name| name.to_ascii_lowercase()).eq(["name", "seq"].map(str::to_owned))
        });
    let Rows::Values(rows) = &insert.rows else { return Err(why()) };
    let mut actions = Vec::new();
    for row in rows.iter().filter(|_| is_plain) {
        let [Expr::Text(table), Expr::Number(number)] = row.as_slice() else { return Err(why()) };
        let number: i64 = number.parse().map_err(|_| why())?;
        let ends = ends(state, table)?;
        if let Some(column) = ends.model.columns.iter().find(|column| column.is_identity())
            && number > 0
        {
            let run = Run::within(past(ends.schema, &ends.plan.target, column, number));
            actions.push(Action::on(&ends.plan.target, run));
        }
    }
    if is_plain { Ok(actions) } else { Err(why()) }
}

/// The next number is past `number`, and past all that were given.
fn past(schema: &str, table: &str, column: &Column, number: i64) -> String {
    let table = literal(&qualified(schema, table));
    let sequence = format!("pg_catalog.pg_get_serial_sequence({table}, {})", literal(&column.name));
    let last = format!("pg_catalog.pg_sequence_last_value({sequence}::pg_catalog.regclass)");
    format!("PERFORM pg_catalog.setval({sequence}, greatest({number}, {last}))")
}
