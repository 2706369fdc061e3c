//! The plan as text, in two forms that hashes are taken over: the canonical text, which the ledger holds its stored plan
//! against, and the decisions, which `--plan` holds the day's plan against.
//!
//! The canonical text holds every statement and no count. The decisions leave out what follows from the number and the
//! range of the rows alone (partitions, indexes that stand aside, reasons that name sizes) and have the options with them:
//! the same decisions over a grown source give the same text.

use super::{ColumnPlan, Plan, Step, TableMode, TablePlan};
use crate::config::BadValuePolicy;
use crate::finding::NotCarried;
use std::fmt::Write;

/// The canonical text, one decision a line, in the plan's own order.
pub fn canonical(plan: &Plan) -> String {
    let mut text = format!("plan format {}\nschema {}\n", plan.format, plan.schema);
    for table in &plan.tables {
        write_table(&mut text, table);
    }
    for view in &plan.views {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "view {:?}: {}", view.object, view.sql);
    }
    for item in &plan.not_carried {
        let table = item.table.as_deref().unwrap_or("-");
        let _ = writeln!(text, "not carried {} {} of {table}: {}", item.kind, item.name, item.why);
    }
    text
}

/// What was decided, without what follows from the number of rows. `options` are those that bear on the plan.
pub fn decisions(plan: &Plan, options: &str) -> String {
    let mut text = format!("plan format {}\noptions {options}\nschema {}\n", plan.format, plan.schema);
    for table in &plan.tables {
        text += &decisions_of_table(table);
    }
    for view in &plan.views {
        let _ = writeln!(text, "view {:?}: {}", view.object, view.sql);
    }
    for item in plan.not_carried.iter().filter(|item| is_the_applications(item)) {
        let table = item.table.as_deref().unwrap_or("-");
        let _ = writeln!(text, "not carried {} {} of {table}", item.kind, item.name);
    }
    text
}

/// ANALYZE and full-text indexes make tables of their own, which come and go with no decision of anybody.
pub fn is_the_applications(item: &NotCarried) -> bool {
    item.kind != "internal table" && item.kind != "shadow table"
}

/// What was decided for one table, without what follows from the number of its rows.
pub fn decisions_of_table(table: &TablePlan) -> String {
    let ranges = table.partition.iter().flat_map(|partition| &partition.ranges);
    let ranges: Vec<&str> = ranges.map(|range| range.name.as_str()).collect();
    let mut text = String::new();
    write_columns(&mut text, table);
    let made = table.pre_data.iter().filter(|step| !ranges.contains(&step.object.as_str()));
    made.chain(&table.post_data).for_each(|step| write_step(&mut text, step));
    write_constraints(&mut text, table);
    write_last(&mut text, table);
    text
}

/// What is done to values that do not fit, and to those that would; nothing by default.
fn changes(column: &ColumnPlan) -> String {
    let mut text = String::new();
    if !column.cleanse.is_none() {
        let _ = write!(text, " {:?}", column.cleanse);
    }
    if column.on_bad_value != BadValuePolicy::Refuse {
        let _ = write!(text, " on bad value {:?}", column.on_bad_value);
    }
    text
}

fn write_table(text: &mut String, table: &TablePlan) {
    write_columns(text, table);
    table.pre_data.iter().chain(&table.post_data).for_each(|step| write_step(text, step));
    write_constraints(text, table);
    for lift in &table.lifted_indexes {
        let _ = writeln!(text, "  lift {:?}: {}", lift.object, lift.restore);
    }
    write_last(text, table);
}

fn write_step(text: &mut String, step: &Step) {
    let _ = writeln!(text, "  {} {:?}: {}", step.kind.name(), step.object, step.sql);
}

fn write_columns(text: &mut String, table: &TablePlan) {
    let mode = match table.mode {
        TableMode::Create => "create",
        TableMode::Existing => "fill",
    };
    let _ = writeln!(text, "table {:?} -> {:?} {mode} by {:?}", table.source, table.target, table.key);
    if let Some(filter) = &table.filter {
        let _ = writeln!(text, "  where {filter:?}");
    }
    if let Some(partition) = &table.partition {
        let column = &table.columns[partition.column].target;
        let _ = writeln!(text, "  partition by {column:?} every {}", partition.every);
    }
    for column in &table.columns {
        let _ = writeln!(
            text,
            "  column {:?} -> {:?} {} {:?} {}{}{}{}",
            column.source,
            column.target,
            column.mapping.pg,
            column.mapping.codec,
            column.level,
            if column.not_null { " not null" } else { "" },
            column.generated.as_ref().map(|sql| format!(" generated {sql}")).unwrap_or_default(),
            changes(column)
        );
        if !column.changes().is_none() {
            let _ = writeln!(text, "    {:?}", column.changes());
        }
    }
}

fn write_constraints(text: &mut String, table: &TablePlan) {
    for check in &table.checks {
        let _ = writeln!(text, "  check {:?}: {}", check.name, check.add);
    }
    for key in &table.foreign_keys {
        let quarantine = if key.quarantine { " quarantine" } else { "" };
        let _ = writeln!(text, "  foreign key {:?}: {}{quarantine}", key.name, key.add);
    }
}

fn write_last(text: &mut String, table: &TablePlan) {
    table.last.iter().for_each(|step| write_step(text, step));
    for sequence in &table.sequences {
        let _ = writeln!(text, "  sequence of {:?}", sequence.column);
    }
}
