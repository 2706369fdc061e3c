//! The steps after the data, as the ledger keeps them: built once from the plan, before the first row.

use crate::config::{Config, OrphanPolicy};
use crate::ident::qualified;
use crate::plan::{ForeignKeyPlan, Plan, StepKind, TablePlan};
use crate::postgres::prepare::NewStep;

/// The kind of a sequence step.
pub const SEQUENCE: &str = "sequence";
/// The kind of a vacuum step.
pub const VACUUM: &str = "vacuum";

/// All steps of a plan in the order of work: keys and indexes of every table, then foreign keys, then their validation,
/// then sequences, then VACUUM ANALYZE.
pub fn of_plan(plan: &Plan, config: &Config) -> Vec<NewStep> {
    let tables = || plan.tables.iter();
    let mut steps: Vec<NewStep> = Vec::new();
    steps.extend(tables().flat_map(keys_and_indexes));
    steps.extend(tables().flat_map(|table| table.foreign_keys.iter().map(|key| add_key(table, key))));
    steps.extend(
        tables()
            .flat_map(|table| table.foreign_keys.iter().filter_map(|key| validate_key(table, key, config))),
    );
    steps.extend(tables().flat_map(sequences));
    steps.extend(tables().map(|table| vacuum(plan, table)));
    steps
}

fn step(table: &TablePlan, kind: &str, object: &str, sql: &str) -> NewStep {
    NewStep {
        table: table.source.clone(),
        kind: kind.to_owned(),
        object: object.to_owned(),
        sql: sql.to_owned(),
        restores: false,
        left: None,
    }
}

fn keys_and_indexes(table: &TablePlan) -> Vec<NewStep> {
    let made = table.post_data.iter().map(|made| step(table, made.kind.name(), &made.object, &made.sql));
    let restored = table.lifted_indexes.iter().map(|lift| NewStep {
        restores: true,
        ..step(table, StepKind::Index.name(), &lift.object, &lift.restore)
    });
    made.chain(restored).collect()
}

fn add_key(table: &TablePlan, key: &ForeignKeyPlan) -> NewStep {
    NewStep { restores: key.drop.is_some(), ..step(table, StepKind::ForeignKey.name(), &key.name, &key.add) }
}

fn validate_key(table: &TablePlan, key: &ForeignKeyPlan, config: &Config) -> Option<NewStep> {
    let sql = key.validate.as_ref()?;
    let allowed = config.orphans != OrphanPolicy::Refuse && key.orphans > 0;
    let left = allowed.then(|| format!("{} rows have no parent", key.orphans));
    Some(NewStep {
        restores: key.drop.is_some(),
        left,
        ..step(table, StepKind::Validate.name(), &key.name, sql)
    })
}

fn sequences(table: &TablePlan) -> impl Iterator<Item = NewStep> + '_ {
    table.sequences.iter().map(|sequence| step(table, SEQUENCE, &sequence.column, ""))
}

fn vacuum(plan: &Plan, table: &TablePlan) -> NewStep {
    let sql = format!("VACUUM (ANALYZE) {}", qualified(&plan.schema, &table.target));
    step(table, VACUUM, &table.target, &sql)
}
