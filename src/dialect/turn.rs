//! From one model to another: the statements that turn a database of the first into one of the second, and that may run
//! twice.

use super::Reason;
use super::fill::Fill;
use super::guard::{
    Run, has_column, has_constraint, has_relation, lacks_column, lacks_constraint, lacks_relation,
};
use super::model::{Column, Model, Part, Table, is_trigger, same_step};
use super::parts;
use crate::ident::{qualified, quote};
use crate::plan::Step;
use std::collections::BTreeSet;

/// What is called otherwise, in the target's names.
#[derive(Debug, Clone, Default)]
pub(super) struct Renames {
    /// from, to
    pub tables: Vec<(String, String)>,
    /// table (as it is called afterwards), from, to
    pub columns: Vec<(String, String, String)>,
}

/// Statements, and what they are about.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub run: Run,
    /// the table that has to be there under this name, with the columns that it has then
    pub table: Option<String>,
    /// another table that has to be there, too
    pub reads: Option<String>,
    /// it makes the table, or this column of it
    pub makes: Option<Made>,
}

/// What an action makes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Made {
    Table,
    Column(String),
}

impl Action {
    /// It needs nothing that could be gone.
    pub(super) fn free(run: Run) -> Action {
        Action { run, table: None, reads: None, makes: None }
    }

    /// It needs the table as it is then.
    pub(super) fn on(table: &str, run: Run) -> Action {
        Action { run, table: Some(table.to_owned()), reads: None, makes: None }
    }
}

/// A change, while its statements are collected.
pub(super) struct Turn<'a> {
    pub schema: &'a str,
    /// what is there, under the names that it has afterwards
    old: Model,
    new: &'a Model,
    pub fills: &'a [Fill],
    pub actions: Vec<Action>,
    pub reasons: Vec<Reason>,
    /// parts that are there already under their new name, by table
    kept: BTreeSet<(String, String)>,
}

/// The statements that make `new` of `old`, and why something of it is not made.
pub(super) fn turn(
    old: &Model,
    new: &Model,
    renames: &Renames,
    fills: &[Fill],
) -> (Vec<Action>, Vec<Reason>) {
    let mut turn = Turn {
        schema: &new.schema,
        old: old.clone(),
        new,
        fills,
        actions: Vec::new(),
        reasons: Vec::new(),
        kept: BTreeSet::new(),
    };
    turn.rename(renames);
    let affected = turn.affected_views();
    turn.drop_views(&affected);
    turn.drop_triggers();
    turn.rename_parts();
    turn.drop_parts();
    turn.drop_tables();
    turn.create_tables();
    turn.change_columns();
    turn.add_parts();
    turn.finish(&affected);
    (turn.actions, turn.reasons)
}

impl Turn<'_> {
    pub(super) fn free(&mut self, sql: String) {
        self.actions.push(Action::free(Run::always(sql)));
    }

    pub(super) fn qualified(&self, name: &str) -> String {
        qualified(self.schema, name)
    }

    fn rename(&mut self, renames: &Renames) {
        for (from, to) in &renames.tables {
            let conditions = [has_relation(self.schema, from), lacks_relation(self.schema, to)];
            let sql = format!("ALTER TABLE {} RENAME TO {}", self.qualified(from), quote(to));
            self.actions.push(Action::free(Run::under_all(conditions.to_vec(), vec![sql])));
            let columns = self.old.table(from).map(|table| table.columns.clone()).unwrap_or_default();
            for column in columns.iter().filter(|column| column.is_identity()) {
                self.rename_sequence((from, &column.name), (to, &column.name));
            }
            parts::rename_table(&mut self.old, from, to);
        }
        for (table, from, to) in &renames.columns {
            let conditions = [has_column(self.schema, table, from), lacks_column(self.schema, table, to)];
            let sql = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                self.qualified(table),
                quote(from),
                quote(to)
            );
            self.actions.push(Action::free(Run::under_all(conditions.to_vec(), vec![sql])));
            let old = self.old.table(table).and_then(|table| table.column(from));
            if old.is_some_and(Column::is_identity) {
                self.rename_sequence((table, from), (table, to));
            }
            parts::rename_column(&mut self.old, table, from, to);
        }
    }

    /// A sequence of an identity has the name that PostgreSQL would give it now.
    fn rename_sequence(&mut self, from: (&str, &str), to: (&str, &str)) {
        let name = |(table, column): (&str, &str)| format!("{table}_{column}_seq");
        let (from, to) = (name(from), name(to));
        let conditions = [has_relation(self.schema, &from), lacks_relation(self.schema, &to)];
        let sql = format!("ALTER SEQUENCE {} RENAME TO {}", self.qualified(&from), quote(&to));
        self.actions.push(Action::free(Run::under_all(conditions.to_vec(), vec![sql])));
    }

    /// Tables that are there before and after.
    pub(super) fn pairs(&self) -> Vec<(Table, Table)> {
        let pair = |new: &Table| Some((self.old.table(&new.name)?.clone(), new.clone()));
        self.new.tables.iter().filter_map(pair).collect()
    }

    /// Views that are made anew: they have changed, or they stand in the way of a change of a table.
    fn affected_views(&self) -> BTreeSet<String> {
        let is_moved = |(old, new): &(Table, Table)| {
            old.columns.iter().any(|column| new.column(&column.name).is_none_or(|now| now.pg != column.pg))
        };
        let mut moved: Vec<String> = self
            .pairs()
            .iter()
            .filter(|pair| is_moved(pair))
            .map(|(_, new)| self.qualified(&new.name))
            .collect();
        let mut affected = BTreeSet::new();
        for view in &self.old.views {
            let same = self.new.views.iter().any(|now| same_step(now, view));
            if !same || moved.iter().any(|name| view.sql.contains(name)) {
                moved.push(self.qualified(&view.object));
                affected.insert(view.object.clone());
            }
        }
        affected
    }

    fn drop_views(&mut self, affected: &BTreeSet<String>) {
        let views: Vec<String> = self.old.views.iter().rev().map(|view| view.object.clone()).collect();
        for view in views.into_iter().filter(|view| affected.contains(view)) {
            self.free(format!("DROP VIEW IF EXISTS {}", self.qualified(&view)));
        }
    }

    fn drop_triggers(&mut self) {
        for (old, new) in self.pairs() {
            for step in old.last.iter().filter(|step| is_trigger(step)) {
                if !new.last.iter().any(|now| same_step(now, step)) {
                    let (name, table) = (quote(&step.object), self.qualified(&new.name));
                    let function = self.qualified(&step.object);
                    self.free(format!("DROP TRIGGER IF EXISTS {name} ON {table}"));
                    self.free(format!("DROP FUNCTION IF EXISTS {function}()"));
                }
            }
        }
    }

    /// What is the same but for its name is renamed.
    fn rename_parts(&mut self) {
        for (old, new) in self.pairs() {
            let gone = old.parts.iter().filter(|part| new.part(&part.name).is_none());
            let mut gone: Vec<&Part> = gone.collect();
            for part in new.parts.iter().filter(|part| old.part(&part.name).is_none()) {
                let is_same =
                    |was: &&Part| was.is_index == part.is_index && was.under(&part.name) == part.definition;
                let Some(place) = gone.iter().position(is_same) else { continue };
                let was = gone.remove(place);
                self.actions.push(Action::free(self.rename_part(&new.name, was, &part.name)));
                self.kept.insert((new.name.clone(), was.name.clone()));
                self.kept.insert((new.name.clone(), part.name.clone()));
            }
        }
    }

    fn rename_part(&self, table: &str, was: &Part, name: &str) -> Run {
        let (conditions, sql) = match was.is_index {
            true => (
                [has_relation(self.schema, &was.name), lacks_relation(self.schema, name)],
                format!("ALTER INDEX {} RENAME TO {}", self.qualified(&was.name), quote(name)),
            ),
            false => (
                [has_constraint(self.schema, table, &was.name), lacks_constraint(self.schema, table, name)],
                format!(
                    "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                    self.qualified(table),
                    quote(&was.name),
                    quote(name)
                ),
            ),
        };
        Run::under_all(conditions.to_vec(), vec![sql])
    }

    /// Foreign keys first: what they refer to may go with the rest.
    fn drop_parts(&mut self) {
        let mut gone: Vec<(String, Part)> = Vec::new();
        for old in &self.old.tables {
            let now = self.new.table(&old.name);
            let is_gone = |part: &&Part| {
                let same = now.and_then(|now| now.part(&part.name)).is_some_and(|now| *now == **part);
                // What belongs to a table that goes, goes with it; but a foreign key may keep another table from going.
                let goes_with_table = now.is_none() && !part.is_foreign_key();
                !same && !goes_with_table && !self.kept.contains(&(old.name.clone(), part.name.clone()))
            };
            gone.extend(old.parts.iter().filter(is_gone).map(|part| (old.name.clone(), part.clone())));
        }
        gone.sort_by_key(|(_, part)| !part.is_foreign_key());
        for (table, part) in gone {
            let sql = match part.is_index {
                true => format!("DROP INDEX IF EXISTS {}", self.qualified(&part.name)),
                false => format!(
                    "ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}",
                    self.qualified(&table),
                    quote(&part.name)
                ),
            };
            self.free(sql);
        }
    }

    /// Children before parents; the functions of their triggers stay behind and go by themselves.
    fn drop_tables(&mut self) {
        let gone = self.old.tables.iter().rev().filter(|table| self.new.table(&table.name).is_none());
        let mut drops = Vec::new();
        for table in gone {
            drops.push(format!("DROP TABLE IF EXISTS {}", self.qualified(&table.name)));
            let triggers = table.last.iter().filter(|step| is_trigger(step));
            drops.extend(
                triggers.map(|step| format!("DROP FUNCTION IF EXISTS {}()", self.qualified(&step.object))),
            );
        }
        drops.into_iter().for_each(|sql| self.free(sql));
    }

    fn create_tables(&mut self) {
        let mut known: Vec<String> =
            self.old.tables.iter().map(|table| self.qualified(&table.name)).collect();
        let created: Vec<Table> =
            self.new.tables.iter().filter(|table| self.old.table(&table.name).is_none()).cloned().collect();
        for table in created {
            known.push(self.qualified(&table.name));
            let is_known = |part: &&Part| {
                !part.is_foreign_key()
                    || known.iter().any(|name| part.definition.contains(&format!("REFERENCES {name} (")))
            };
            let within: Vec<&Part> =
                table.parts.iter().filter(|part| !part.is_index).filter(is_known).collect();
            let columns = table.columns.iter().map(|column| column.line(true));
            let lines: Vec<String> = columns.chain(within.iter().map(|part| part.line())).collect();
            self.kept.extend(within.iter().map(|part| (table.name.clone(), part.name.clone())));
            let name = self.qualified(&table.name);
            let sql =
                format!("CREATE TABLE IF NOT EXISTS {name} (\n  {}\n){}", lines.join(",\n  "), table.tail);
            let (run, makes) = (Run::always(sql), Some(Made::Table));
            self.actions.push(Action { run, table: Some(table.name.clone()), reads: None, makes });
        }
    }

    /// Keys, then indexes, then foreign keys.
    fn add_parts(&mut self) {
        let mut added: Vec<(String, Part)> = Vec::new();
        for table in &self.new.tables {
            let was = self.old.table(&table.name);
            let is_added = |part: &&Part| {
                let same = was.and_then(|was| was.part(&part.name)).is_some_and(|was| *was == **part);
                !same && !self.kept.contains(&(table.name.clone(), part.name.clone()))
            };
            added.extend(table.parts.iter().filter(is_added).map(|part| (table.name.clone(), part.clone())));
        }
        added.sort_by_key(|(_, part)| (part.is_foreign_key(), part.is_index));
        for (table, part) in added {
            let run = match part.is_index {
                true => Run::always(if_not_exists(&part.definition)),
                false => Run::when(
                    lacks_constraint(self.schema, &table, &part.name),
                    vec![format!("ALTER TABLE {} ADD {}", self.qualified(&table), part.line())],
                ),
            };
            self.actions.push(Action::on(&table, run));
        }
    }

    /// Views, triggers and comments.
    fn finish(&mut self, affected: &BTreeSet<String>) {
        for view in &self.new.views {
            let is_there = self.old.views.iter().any(|was| was.object == view.object);
            if !is_there || affected.contains(&view.object) {
                let sql = view.sql.replacen("CREATE VIEW ", "CREATE OR REPLACE VIEW ", 1);
                let named = |table: &&Table| view.sql.contains(&self.qualified(&table.name));
                let table = self.new.tables.iter().find(named).map(|table| table.name.clone());
                self.actions.push(Action { run: Run::always(sql), table, reads: None, makes: None });
            }
        }
        for table in &self.new.tables {
            let was = self.old.table(&table.name);
            let is_new =
                |step: &&Step| was.is_none_or(|was| !was.last.iter().any(|old| same_step(old, step)));
            for step in table.last.iter().filter(is_new) {
                let mut sql = step.sql.clone();
                if is_trigger(step) {
                    let drop = format!(
                        "DROP TRIGGER IF EXISTS {} ON {}",
                        quote(&step.object),
                        self.qualified(&table.name)
                    );
                    sql = sql.replacen("CREATE FUNCTION ", "CREATE OR REPLACE FUNCTION ", 1);
                    self.actions.push(Action::on(&table.name, Run::always(drop)));
                }
                self.actions.push(Action::on(&table.name, Run::always(sql)));
            }
        }
    }
}

/// CREATE INDEX as it may run twice.
fn if_not_exists(definition: &str) -> String {
    let unique = definition.starts_with("CREATE UNIQUE INDEX ");
    let words = if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " };
    definition.replacen(words, &format!("{words}IF NOT EXISTS "), 1)
}
