//! The statements of a table that we create: the table, its keys and indexes, and the list of what they leave out.

use super::draft::{Draft, Inputs, Remarks};
use super::names::Names;
use super::types::Level;
use super::{Step, StepKind, columns, ddl, generated, keys, partition};
use crate::catalog::profile::TableProfile;
use crate::catalog::{Index, IndexOrigin, Table};
use crate::config::GeneratedPolicy;
use crate::finding::NotCarried;
use crate::ident::qualified;

/// Fills in the statements of one draft, and what may be said of its keys.
pub(super) fn created(
    inputs: &Inputs<'_>,
    table: &Table,
    profile: &TableProfile,
    draft: &mut Draft,
    names: &mut Names,
    remarks: &mut Remarks,
) {
    let Remarks { findings, not_carried } = remarks;
    let schema = &inputs.rules.schema;
    let kept_values = match inputs.rules.generated {
        GeneratedPolicy::Values => Vec::new(),
        GeneratedPolicy::Translate => generated::translate_all(table, profile, draft),
    };
    let partition = partition::plan(inputs, (table, profile), &draft.plan, names, findings);
    let sequence = identity_sequence(table, draft, names);
    let qualified = sequence.as_ref().map(|(name, _)| qualified(schema, name));
    let numbers = match (&sequence, &qualified) {
        (Some((name, _)), Some(qualified)) if partition::needs_sequence(inputs, partition.as_ref()) => {
            ddl::Numbers::Sequence { name, qualified }
        }
        (Some((_, false)), Some(name)) => ddl::Numbers::Identity(ddl::Identity { sequence: Some(name) }),
        _ => ddl::Numbers::Identity(ddl::Identity { sequence: None }),
    };
    let sql = columns::create_statement(
        (schema, &draft.plan.target),
        table,
        &draft.plan.columns,
        numbers,
        not_carried,
    );
    draft.plan.pre_data = match &partition {
        Some(partition) => partition::statements(schema, table, &draft.plan, partition, (&sql, numbers)),
        None => vec![Step { kind: StepKind::Table, object: draft.plan.target.clone(), sql }],
    };
    let before = not_carried.len();
    let may_meet: Vec<bool> = (0..draft.plan.columns.len()).map(|column| may_meet(draft, column)).collect();
    let mut hashed = Vec::new();
    let planner = keys::Keys {
        schema,
        policy: inputs.rules.names,
        table,
        profile,
        target: &draft.plan.target,
        columns: &draft.plan.columns,
        partition: partition.as_ref().map(|partition| partition.column),
        may_meet: &may_meet,
        findings,
        not_carried,
        hashed: &mut hashed,
    };
    draft.plan.post_data = planner.plan(names);
    draft.unique_keys = kept_unique_keys(table, &not_carried[before..]);
    draft.unique_keys.extend(hashed.iter().filter(|key| *key == "primary key").cloned());
    draft.plan.unique_keys = keys_that_may_meet(table, draft);
    draft.unique_keys.retain(|key| !hashed.contains(key));
    if let Some(partition) = partition {
        partition::put(draft, partition);
    }
    list_text_only(table, &draft.plan.columns, &kept_values, not_carried);
}

/// The name of the identity's sequence, and whether it is the one that PostgreSQL would give it:
/// `TABLE_COLUMN_seq` is taken here either way, so that nothing that is made later is called the same.
fn identity_sequence(table: &Table, draft: &Draft, names: &mut Names) -> Option<(String, bool)> {
    let column = &draft.plan.columns[table.rowid_column?].target;
    let usual = format!("{}_{column}_seq", draft.plan.target);
    let name = names.take(&usual);
    let is_usual = name == usual;
    Some((name, is_usual))
}

fn kept_unique_keys(table: &Table, left_out: &[NotCarried]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    if !table.primary_key.is_empty() && !left_out.iter().any(|item| item.kind == "primary key") {
        kept.push("primary key".to_owned());
    }
    // The primary key's own index is left out together with it, under the key's name alone.
    let is_plain = |index: &Index| !index.partial && index.keys.iter().all(|key| key.column.is_some());
    let counts = |index: &&Index| index.unique && is_plain(index) && index.origin != IndexOrigin::PrimaryKey;
    let indexes = table.indexes.iter().filter(counts);
    kept.extend(
        indexes
            .map(|index| index.name.clone())
            .filter(|name| !left_out.iter().any(|item| &item.name == name)),
    );
    kept
}

/// Unique keys that are tried before the copy: those with a column whose configured type or change may make one value of
/// two, and all where SQLite's own indexes may have let a key in twice.
fn keys_that_may_meet(table: &Table, draft: &Draft) -> Vec<(String, Vec<usize>)> {
    let of_index = |name: &String| {
        let index = table.indexes.iter().find(|index| index.name == *name);
        index.map(|index| index.keys.iter().filter_map(|key| key.column).collect::<Vec<usize>>())
    };
    let columns = |name: &String| match name.as_str() {
        "primary key" => Some(table.primary_key.clone()),
        _ => of_index(name),
    };
    let keys = draft.unique_keys.iter().filter_map(|name| Some((name.clone(), columns(name)?)));
    let is_tried =
        |columns: &[usize]| table.indexes_doubted || columns.iter().any(|&column| may_meet(draft, column));
    keys.filter(|(_, columns)| is_tried(columns)).collect()
}

/// Whether the column's configured type or change may make one value of two.
fn may_meet(draft: &Draft, column: usize) -> bool {
    match draft.plan.columns[column].level {
        Level::E0 => false,
        Level::Loss => true,
        _ => draft.is_chosen[column],
    }
}

/// Generated expressions and ON CONFLICT clauses: read, not carried, listed.
fn list_text_only(
    table: &Table,
    columns: &[super::ColumnPlan],
    kept_values: &[(String, String)],
    not_carried: &mut Vec<NotCarried>,
) {
    let mut list = |kind: &str, name: String, why: &str, sql: String| {
        let table = Some(table.name.clone());
        not_carried.push(NotCarried { kind: kind.to_owned(), name, table, why: why.to_owned(), sql });
    };
    let is_made =
        |name: &str| columns.iter().any(|column| column.source == name && column.generated.is_some());
    for generated in table.ddl.generated.iter().filter(|generated| !is_made(&generated.column)) {
        let reason = kept_values.iter().find(|(column, _)| *column == generated.column);
        let reason = reason.map(|(_, why)| format!(": {why}")).unwrap_or_default();
        let why = format!("the values are copied into an ordinary column{reason}");
        let sql = format!("GENERATED ALWAYS AS ({})", generated.sql);
        list("generated column", generated.column.clone(), &why, sql);
    }
    for (place, clause) in &table.ddl.on_conflict {
        let why = "PostgreSQL has no such clause in a constraint";
        list("conflict clause", place.clone(), why, clause.clone());
    }
}
