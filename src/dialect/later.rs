//! What later statements of a script take away. The second time it runs, an earlier statement must not look for a column
//! that a later one has renamed or dropped, nor make again what a later one has renamed.

use super::guard::{has_column, has_relation, lacks_column, lacks_relation};
use super::model::Model;
use super::turn::{Action, Made, Renames};
use crate::ident::quote;

/// Something that is gone from one statement on, in the target's names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    TableRenamed { from: String, to: String },
    TableDropped { table: String },
    ColumnRenamed { table: String, from: String, to: String },
    ColumnDropped { table: String, column: String },
}

/// What goes between two models.
pub(super) fn events(old: &Model, new: &Model, renames: &Renames) -> Vec<Event> {
    let mut events = Vec::new();
    for (from, to) in &renames.tables {
        events.push(Event::TableRenamed { from: from.clone(), to: to.clone() });
    }
    for (table, from, to) in &renames.columns {
        events.push(Event::ColumnRenamed { table: table.clone(), from: from.clone(), to: to.clone() });
    }
    for table in &old.tables {
        let renamed = renames.tables.iter().find(|(from, _)| *from == table.name).map(|(_, to)| to);
        let name = renamed.unwrap_or(&table.name);
        let Some(now) = new.table(name) else {
            events.push(Event::TableDropped { table: table.name.clone() });
            continue;
        };
        for column in &table.columns {
            let is_renamed =
                renames.columns.iter().any(|(owner, from, _)| owner == name && *from == column.name);
            if now.column(&column.name).is_none() && !is_renamed {
                events.push(Event::ColumnDropped { table: name.clone(), column: column.name.clone() });
            }
        }
    }
    events
}

/// What must hold for an action to run, given the schema right after it in the first run, and what goes later.
pub(super) fn conditions(action: &Action, then: &Model, later: &[Event]) -> Vec<String> {
    let mut conditions = Vec::new();
    for table in action.table.iter().chain(&action.reads) {
        conditions.extend(on_table(action, table, then, later));
    }
    conditions
}

fn on_table(action: &Action, table: &String, then: &Model, later: &[Event]) -> Vec<String> {
    let schema = &then.schema;
    let had = |column: &str| {
        let is_named = action.run.body.iter().any(|sql| sql.contains(&quote(column)));
        is_named && then.table(table).is_some_and(|table| table.column(column).is_some())
    };
    let mut conditions = Vec::new();
    for event in later {
        match (event, &action.makes) {
            (Event::TableRenamed { from, to }, makes) if from == table => {
                conditions.push(match makes {
                    Some(Made::Table) => lacks_relation(schema, to),
                    _ => has_relation(schema, table),
                });
                break;
            }
            (Event::TableDropped { table: dropped }, makes) if dropped == table => {
                if *makes != Some(Made::Table) {
                    conditions.push(has_relation(schema, table));
                    // Another one may be made under its name.
                    let columns = then.table(table).map(|table| table.columns.as_slice()).unwrap_or_default();
                    let named = columns.iter().filter(|column| makes.is_none() && had(&column.name));
                    conditions.extend(named.map(|column| has_column(schema, table, &column.name)));
                }
                break;
            }
            (_, Some(Made::Table)) => {}
            (Event::ColumnRenamed { table: owner, from, to }, Some(Made::Column(made)))
                if owner == table && made == from =>
            {
                conditions.push(lacks_column(schema, table, to));
            }
            (Event::ColumnRenamed { table: owner, from, .. }, None) if owner == table && had(from) => {
                conditions.push(has_column(schema, table, from));
            }
            (Event::ColumnDropped { table: owner, column }, None) if owner == table && had(column) => {
                conditions.push(has_column(schema, table, column));
            }
            _ => {}
        }
    }
    conditions.dedup();
    conditions
}
