//! Triggers that only set columns of the row that was updated, to the present moment as a rule (`--triggers timestamps`):
//! in PostgreSQL, a trigger before the update that sets them in the new row.
//!
//! SQLite's form updates the row a second time, and does not fire itself for that unless the application asks it to
//! (`recursive_triggers`, off by default). So one statement has the same effect here, where it is the table's only one.

use super::draft::{Draft, Inputs, Remarks};
use super::names::{Names, spell};
use super::translate::{self, Scope};
use super::{Step, StepKind, TableMode, TablePlan, default, scope};
use crate::catalog::Table;
use crate::catalog::expr::{BinaryOp, Expr, Quote};
use crate::catalog::trigger::{self, Trigger, UpdateTrigger};
use crate::catalog::walk::names;
use crate::config::TriggerPolicy;
use crate::ident::{qualified, quote};

/// SQLite's names for the rowid.
const ROWID: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// Moves the triggers that can be made from what is not carried to the steps of their tables; says of the others why not.
pub(super) fn plan(inputs: &Inputs<'_>, drafts: &mut [Draft], taken: &mut Names, remarks: &mut Remarks) {
    if inputs.rules.triggers == TriggerPolicy::List {
        return;
    }
    let read: Vec<Trigger> = remarks
        .not_carried
        .iter()
        .filter(|item| item.kind == "trigger")
        .map(|item| trigger::read(&item.sql).unwrap_or(Trigger::Other))
        .collect();
    let on_update = |table: &str| read.iter().filter(|trigger| watches(trigger, table)).count();
    let mut triggers = read.iter();
    remarks.not_carried.retain_mut(|item| {
        let Some(Trigger::Update(found)) = (item.kind == "trigger").then(|| triggers.next()).flatten() else {
            return true;
        };
        let place = drafts.iter().position(|draft| draft.plan.source.eq_ignore_ascii_case(&found.table));
        let Some(place) = place.filter(|&place| drafts[place].plan.mode == TableMode::Create) else {
            return true;
        };
        if on_update(&found.table) > 1 {
            "other triggers of its table fire on what it does".clone_into(&mut item.why);
            return true;
        }
        match made(inputs.tables[place].0, &drafts[place].plan, found) {
            Ok(made) => {
                let name = taken.take(&spell(&item.name, inputs.rules.names));
                let sql = made.sql(&inputs.rules.schema, &drafts[place].plan.target, &name);
                drafts[place].plan.last.push(Step { kind: StepKind::Trigger, object: name, sql });
                false
            }
            Err(why) => {
                item.why = why;
                true
            }
        }
    });
}

fn watches(trigger: &Trigger, table: &str) -> bool {
    match trigger {
        Trigger::Update(UpdateTrigger { table: watched, .. }) | Trigger::OnUpdate(watched) => {
            watched.eq_ignore_ascii_case(table)
        }
        Trigger::Other => false,
    }
}

/// A trigger in PostgreSQL's words.
struct Made {
    /// `OF` and its columns, quoted
    of: String,
    /// conditions of its WHEN
    when: Vec<String>,
    /// assignments to the new row
    sets: Vec<String>,
}

impl Made {
    fn sql(&self, schema: &str, table: &str, name: &str) -> String {
        let (function, table, name) = (qualified(schema, name), qualified(schema, table), quote(name));
        let (of, sets) = (&self.of, self.sets.join(" "));
        let when = match self.when.as_slice() {
            [] => String::new(),
            conditions => format!(" WHEN ({})", conditions.join(" AND ")),
        };
        format!(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog \
             AS $made$ BEGIN {sets} RETURN NEW; END $made$;\n\
             CREATE TRIGGER {name} BEFORE UPDATE{of} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {function}()"
        )
    }
}

fn made(table: &Table, plan: &TablePlan, trigger: &UpdateTrigger) -> Result<Made, String> {
    let column = |name: &String| {
        let column =
            table.column_index(name).ok_or_else(|| format!("its column \"{name}\" does not travel"))?;
        Ok::<usize, String>(column)
    };
    let of = trigger.of.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let of: Vec<String> = of.into_iter().map(|column| quote(&plan.columns[column].target)).collect();
    let mut when: Vec<String> = same_row(table, plan, &trigger.filter)?.into_iter().collect();
    if let Some(condition) = &trigger.when {
        when.push(format!("({})", translate::condition(condition, &rows(table, plan))?.sql));
    }
    let sets = trigger.sets.iter().map(|(name, value)| {
        let column = column(name)?;
        let sql = value_of(table, plan, column, value)?;
        Ok(format!("NEW.{} := {sql};", quote(&plan.columns[column].target)))
    });
    let sets = sets.collect::<Result<Vec<_>, String>>()?;
    let of = if of.is_empty() { String::new() } else { format!(" OF {}", of.join(", ")) };
    Ok(Made { of, when, sets })
}

fn rows(table: &Table, plan: &TablePlan) -> Scope<'static> {
    let row = |name: &str, qualifier| scope::relation(table, &plan.columns, name, Some(qualifier));
    let relations = vec![row("new", "NEW"), row("old", "OLD")];
    Scope { relations, utf16: table.utf16, ..Scope::default() }
}

/// Whether the WHERE means the row that was updated and no other: its key is the new row's. Where it is the old row's, the
/// key must not have changed, which is a condition of the trigger.
fn same_row(table: &Table, plan: &TablePlan, filter: &Expr) -> Result<Option<String>, String> {
    let other = || "its WHERE is not the updated row's own key".to_owned();
    let Expr::Binary(BinaryOp::Eq | BinaryOp::Is, left, right) = filter else { return Err(other()) };
    let (of_table, of_row) = [(left, right), (right, left)]
        .into_iter()
        .find_map(|(one, two)| Some((own(table, one)?, of_a_row(two)?)))
        .ok_or_else(other)?;
    let (is_new, name) = of_row;
    let (own, named) = (key_column(table, plan, of_table), key_column(table, plan, name));
    match (own, named) {
        (Some(own), Some(named)) if own == named => {
            let Key::Column(column) = own else { return Ok(None) };
            let key = quote(&plan.columns[column].target);
            Ok((!is_new).then(|| format!("NEW.{key} = OLD.{key}")))
        }
        _ => Err(other()),
    }
}

/// What tells one row.
#[derive(PartialEq, Eq)]
enum Key {
    /// the one column of the primary key
    Column(usize),
    /// a rowid that no column shows: it is never another one
    Rowid,
}

fn key_column(table: &Table, plan: &TablePlan, name: &str) -> Option<Key> {
    match table.column_index(name) {
        Some(column) => {
            let is_key = table.primary_key == [column] && plan.columns[column].not_null;
            (is_key && table.columns[column].collation == "BINARY").then_some(Key::Column(column))
        }
        None if table.without_rowid || !ROWID.iter().any(|rowid| rowid.eq_ignore_ascii_case(name)) => None,
        None => Some(table.rowid_column.map_or(Key::Rowid, Key::Column)),
    }
}

/// The name of a column of the table itself.
fn own<'a>(table: &Table, expr: &'a Expr) -> Option<&'a str> {
    match expr {
        Expr::Name { table: None, name, .. } => Some(name),
        Expr::Name { table: Some(of), name, .. } if of.eq_ignore_ascii_case(&table.name) => Some(name),
        _ => None,
    }
}

/// The name of a column of the new or old row, and whether it is the new one.
fn of_a_row(expr: &Expr) -> Option<(bool, &str)> {
    match expr {
        Expr::Name { table: Some(of), name, .. } if of.eq_ignore_ascii_case("new") => Some((true, name)),
        Expr::Name { table: Some(of), name, .. } if of.eq_ignore_ascii_case("old") => Some((false, name)),
        _ => None,
    }
}

/// What a column is set to: the present moment, or what else needs no row.
fn value_of(table: &Table, plan: &TablePlan, column: usize, value: &Expr) -> Result<String, String> {
    let (of, target) = (&table.columns[column], &plan.columns[column]);
    let is_text =
        |(name, quote): &(&str, Quote)| *quote == Quote::Double && table.column_index(name).is_none();
    if !names(value).iter().all(is_text) {
        return Err(format!("it sets \"{}\" to what other columns hold", of.name));
    }
    if table.primary_key.contains(&column) || target.generated.is_some() {
        return Err(format!("it sets \"{}\", which is a key or generated", of.name));
    }
    default::of_expression(value, of.affinity, &target.mapping)
}
