//! Columns of a table that is there: added, changed, dropped.

use super::fill::Fill;
use super::guard::{Run, column_is, is_no_identity, lacks_column};
use super::model::{Column, Table};
use super::turn::{Action, Made, Turn};
use crate::ident::{literal, qualified, quote};

impl Turn<'_> {
    pub(super) fn change_columns(&mut self) {
        for (old, new) in self.pairs() {
            let fill = self.fills.iter().find(|fill| fill.table == new.name).cloned().unwrap_or_default();
            self.add_columns(&old, &new, &fill);
            let changed = new.columns.iter().filter_map(|now| Some((old.column(&now.name)?, now)));
            for (was, now) in changed {
                self.change_column(&new.name, was, now);
            }
            for column in old.columns.iter().filter(|column| new.column(&column.name).is_none()) {
                let table = self.qualified(&new.name);
                self.free(format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {}", quote(&column.name)));
            }
            if old.tail != new.tail {
                self.reasons
                    .push(format!("how the table {} is partitioned cannot be changed", quote(&new.name)));
            }
        }
    }

    /// A table that was built anew may have given values to its new columns; these belong to the moment at which the
    /// columns are made, and to no later one.
    fn add_columns(&mut self, old: &Table, new: &Table, fill: &Fill) {
        let table = self.qualified(&new.name);
        let added: Vec<&Column> =
            new.columns.iter().filter(|column| old.column(&column.name).is_none()).collect();
        let update = (!fill.sets.is_empty()).then(|| {
            let sets = fill.sets.iter().map(|(column, sql)| format!("{} = {sql}", quote(column)));
            format!("UPDATE {table} SET {}", sets.collect::<Vec<_>>().join(", "))
        });
        let Some(first) = added.first() else {
            // Only what gives the same the second time comes here.
            self.actions.extend(update.map(|sql| Action::on(&new.name, Run::always(sql))));
            return;
        };
        let is_late =
            |column: &Column| column.not_null && column.default.is_none() && column.generated.is_none();
        let add = |column: &Column| {
            format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {}", column.line(!is_late(column)))
        };
        let makes = |column: &Column| Some(Made::Column(column.name.clone()));
        match update {
            Some(update) => {
                let mut body: Vec<String> = added.iter().map(|column| add(column)).collect();
                body.push(update);
                let run = Run::when(lacks_column(self.schema, &new.name, &first.name), body);
                self.actions.push(Action {
                    run,
                    table: Some(new.name.clone()),
                    reads: None,
                    makes: makes(first),
                });
            }
            None => self.actions.extend(added.iter().map(|column| Action {
                run: Run::always(add(column)),
                table: Some(new.name.clone()),
                reads: None,
                makes: makes(column),
            })),
        }
        for column in added.into_iter().filter(|column| is_late(column)) {
            let sql = format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", quote(&column.name));
            self.actions.push(Action::on(&new.name, Run::always(sql)));
        }
    }

    fn change_column(&mut self, table: &str, was: &Column, now: &Column) {
        let alter = format!("ALTER TABLE {} ALTER COLUMN {}", self.qualified(table), quote(&now.name));
        let mut run = |run: Run| self.actions.push(Action::on(table, run));
        let is_new_default = was.default != now.default || was.pg != now.pg;
        if was.default.is_some() && is_new_default {
            run(Run::always(format!("{alter} DROP DEFAULT")));
        }
        if was.is_identity() && !now.is_identity() {
            run(Run::always(format!("{alter} DROP IDENTITY IF EXISTS")));
        }
        if was.pg != now.pg {
            match converted(&quote(&now.name), &was.pg, &now.pg) {
                Some(using) => run(Run::when(
                    column_is(self.schema, table, &now.name, &was.pg),
                    vec![format!("{alter} TYPE {} USING {using}", now.pg)],
                )),
                None => {
                    let message =
                        format!("{}: {} does not become {} by itself", quote(&now.name), was.pg, now.pg);
                    self.reasons.push(message);
                    return;
                }
            }
        }
        let mut run = |run: Run| self.actions.push(Action::on(table, run));
        if let Some(default) = now.default.as_ref().filter(|_| is_new_default) {
            run(Run::always(format!("{alter} SET DEFAULT {default}")));
        }
        match (was.not_null, now.not_null) {
            (false, true) => run(Run::always(format!("{alter} SET NOT NULL"))),
            (true, false) => run(Run::always(format!("{alter} DROP NOT NULL"))),
            _ => {}
        }
        if now.is_identity() && !was.is_identity() {
            let generated = now.generated.as_deref().unwrap_or_default();
            let mut body = vec![format!("{alter} ADD {generated}")];
            body.push(advance_sequence(self.schema, table, &now.name));
            run(Run::when(is_no_identity(self.schema, table, &now.name), body));
        } else if was.generated != now.generated && !now.is_identity() && !was.is_identity() {
            let message = format!("{}: how a column is generated cannot be changed", quote(&now.name));
            self.reasons.push(message);
        }
    }
}

/// The next number of an identity is past all numbers that are there, and past all that were given.
pub(super) fn advance_sequence(schema: &str, table: &str, column: &str) -> String {
    let name = literal(&qualified(schema, table));
    let sequence = format!("pg_catalog.pg_get_serial_sequence({name}, {})", literal(column));
    format!(
        "PERFORM pg_catalog.setval({sequence}, greatest(max({column}), pg_catalog.pg_sequence_last_value({sequence}::pg_catalog.regclass), 1)) FROM {} HAVING max({column}) IS NOT NULL",
        qualified(schema, table),
        column = quote(column),
    )
}

/// The column's values as another type, where a cast keeps what they mean; a value for which it cannot ends the script.
fn converted(column: &str, from: &str, to: &str) -> Option<String> {
    let is = |pg: &str, words: &[&str]| words.iter().any(|word| pg.starts_with(word));
    let integer = |pg: &str| is(pg, &["bigint", "integer", "smallint"]);
    let number = |pg: &str| integer(pg) || is(pg, &["numeric", "double", "real"]);
    let text = |pg: &str| is(pg, &["text", "character varying"]);
    let moment = |pg: &str| is(pg, &["timestamp", "date"]);
    let json = |pg: &str| is(pg, &["json"]);
    match () {
        () if to == "boolean" && number(from) => Some(format!("{column} <> 0")),
        () if from == "boolean" && integer(to) => Some(format!("{column}::pg_catalog.int4::{to}")),
        // The server's own way from a double to numeric keeps 15 digits.
        () if is(from, &["double", "real"]) && is(to, &["numeric"]) => {
            Some(format!("{column}::pg_catalog.text::{to}"))
        }
        () if from == "text" && to == "bytea" => Some(format!("pg_catalog.convert_to({column}, 'UTF8')")),
        () if from == "bytea" && text(to) => Some(format!("pg_catalog.convert_from({column}, 'UTF8')::{to}")),
        () if to == "bytea" || from == "bytea" => None,
        () if text(from) || text(to) => Some(format!("{column}::{to}")),
        () if number(from) && number(to) => Some(format!("{column}::{to}")),
        () if moment(from) && moment(to) => Some(format!("{column}::{to}")),
        () if json(from) && json(to) => Some(format!("{column}::{to}")),
        () => None,
    }
}
