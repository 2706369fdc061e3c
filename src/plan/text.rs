//! The plan's canonical text: what the ledger's plan hash is taken over and what `copy --validate` is drawn from.
//!
//! It holds every decision and no count: the same decisions over a grown source give the same text.

use super::{ColumnPlan, Plan, TableMode, TablePlan};
use crate::config::BadValuePolicy;
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
    for step in table.pre_data.iter().chain(&table.post_data) {
        let _ = writeln!(text, "  {} {:?}: {}", step.kind.name(), step.object, step.sql);
    }
    for check in &table.checks {
        let _ = writeln!(text, "  check {:?}: {}", check.name, check.add);
    }
    for key in &table.foreign_keys {
        let quarantine = if key.quarantine { " quarantine" } else { "" };
        let _ = writeln!(text, "  foreign key {:?}: {}{quarantine}", key.name, key.add);
    }
    for lift in &table.lifted_indexes {
        let _ = writeln!(text, "  lift {:?}: {}", lift.object, lift.restore);
    }
    for step in &table.last {
        let _ = writeln!(text, "  {} {:?}: {}", step.kind.name(), step.object, step.sql);
    }
    for sequence in &table.sequences {
        let _ = writeln!(text, "  sequence of {:?}", sequence.column);
    }
}
