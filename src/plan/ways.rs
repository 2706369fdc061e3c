//! Ways out of what stands against filling a column that exists, as statements that can be run.

use super::choose::{Circumstances, choose};
use super::draft::refusal;
use super::target::{TargetColumn, TargetTable};
use crate::catalog::profile::ColumnProfile;
use crate::catalog::{Column, Table};
use crate::finding::{Finding, Way};
use crate::ident::{qualified, quote};

/// `ALTER TABLE s.t ALTER COLUMN c …`.
pub fn alter_column(schema: &str, table: &str, column: &str, action: &str) -> Way {
    Way::Target(format!("ALTER TABLE {} ALTER COLUMN {} {action}", qualified(schema, table), quote(column)))
}

/// A source column that the existing table does not have.
pub(super) fn missing_column(
    schema: &str,
    (table, column, facts): (&Table, &Column, &ColumnProfile),
    target: &TargetTable,
) -> Finding {
    let object = format!("{}.{}", table.name, column.name);
    let message = format!("has no partner in the existing table \"{}\"", target.name);
    let pg = choose(column, facts, Circumstances::default()).mapping.pg;
    let place = qualified(schema, &target.name);
    let add = format!("ALTER TABLE {place} ADD COLUMN {} {pg}", quote(&column.name));
    refusal("E_COLUMN_MISSING", &object, message).way(Way::Target(add)).way(Way::of_column(
        &table.name,
        &column.name,
        "skip",
        "true",
    ))
}

/// NULL on its way into a column that refuses it.
pub(super) fn refuses_null(
    (schema, table): (&str, &TargetTable),
    (object, source, column): (&str, &Table, &Column),
    partner: &TargetColumn,
    nulls: u64,
) -> Finding {
    let message = format!("holds {nulls} NULL, and the existing column is NOT NULL");
    let mut finding = refusal("E_NOTNULL", object, message).count(nulls);
    if let Some(way) = drop_not_null(schema, &table.name, partner) {
        finding = finding.way(way);
    }
    let (table, column) = (quote(&source.name), quote(&column.name));
    finding
        .way(Way::option("on-bad-value", "quarantine"))
        .way(Way::Source(format!("DELETE FROM {table} WHERE {column} IS NULL")))
}

/// None where the column must stay NOT NULL for what it is.
fn drop_not_null(schema: &str, table: &str, column: &TargetColumn) -> Option<Way> {
    match column.domain_not_null.as_deref() {
        _ if column.stays_not_null => None,
        Some(domain) => Some(Way::Target(format!("ALTER DOMAIN {domain} DROP NOT NULL"))),
        None => Some(alter_column(schema, table, &column.name, "DROP NOT NULL")),
    }
}

/// A type that no value of SQLite is sent into: its text form is the server's own matter, and the way is over `text`.
pub(super) fn unfilled_type(
    (schema, table): (&str, &TargetTable),
    (object, source, column): (&str, &Table, &Column),
    partner: &TargetColumn,
) -> Finding {
    let (name, of) = (quote(&partner.name), &partner.type_text);
    let message = format!(
        "the existing column has the type {of}, which is not filled; made text for the copy, it can be made {of} again after \
         it (ALTER COLUMN {name} TYPE {of} USING {name}::{of}), which has the server read every text"
    );
    refusal("E_TYPE", object, message)
        .way(alter_column(schema, &table.name, &partner.name, "TYPE text"))
        .way(Way::of_column(&source.name, &column.name, "skip", "true"))
}

/// A target column that gets nothing and cannot do without.
pub(super) fn unfilled(
    (schema, table): (&str, &TargetTable),
    source: &Table,
    column: &TargetColumn,
) -> Finding {
    let object = format!("{}.{}", table.name, column.name);
    let message =
        format!("is NOT NULL without a default, and the source table \"{}\" has no such column", source.name);
    let finding = refusal("E_COLUMN_UNFILLED", &object, message);
    match drop_not_null(schema, &table.name, column) {
        Some(way) => finding.way(way).or("give it a default"),
        None => finding.or("give it a default"),
    }
}
