//! The steps after the data, as the ledger keeps them: built once from the plan, before the first row.

use crate::config::{Config, OrphanPolicy};
use crate::counts::plural;
use crate::ident::qualified;
use crate::plan::{CheckPlan, ForeignKeyPlan, Plan, Step, StepKind, TablePlan};
use crate::postgres::ledger::StepState;
use crate::postgres::prepare::NewStep;

/// The kind of a sequence step.
pub const SEQUENCE: &str = "sequence";
/// The kind of a vacuum step.
pub const VACUUM: &str = "vacuum";

/// What the ledger says of a view that somebody else has made, after it could not be.
pub const MADE_BY_HAND: &str = "made by hand";
/// The kind of the validation of a CHECK; that of a foreign key is [`StepKind::Validate`], which waits for another table.
pub const VALIDATE_CHECK: &str = "validate check";

/// All steps of a plan in the order of work: keys, indexes and CHECKs of every table, then foreign keys, then their
/// validation, then views, then sequences, then what comes last, then VACUUM ANALYZE.
pub fn of_plan(plan: &Plan, config: &Config) -> Vec<NewStep> {
    let tables = || plan.tables.iter();
    let mut steps: Vec<NewStep> = Vec::new();
    steps.extend(tables().flat_map(keys_and_indexes));
    steps.extend(tables().flat_map(|table| table.checks.iter().flat_map(|check| add_check(table, check))));
    steps.extend(tables().flat_map(|table| table.foreign_keys.iter().map(|key| add_key(table, key))));
    steps.extend(
        tables()
            .flat_map(|table| table.foreign_keys.iter().filter_map(|key| validate_key(table, key, config))),
    );
    steps.extend(plan.views.iter().map(|view| of_step("", view)));
    steps.extend(tables().flat_map(sequences));
    steps.extend(tables().flat_map(|table| table.last.iter().map(|made| of_step(&table.source, made))));
    steps.extend(tables().map(|table| vacuum(plan, table)));
    steps
}

/// A view is of no one table: it waits for all of them.
pub fn is_view(step: &StepState) -> bool {
    step.kind == StepKind::View.name()
}

/// Whether the step looks at rows that are there, for a constraint that an earlier step has added.
pub fn is_validation(step: &StepState) -> bool {
    step.kind == StepKind::Validate.name() || step.kind == VALIDATE_CHECK
}

/// The step in words: `index "i" of table "t"`, `view "v"`.
pub fn words(step: &StepState) -> String {
    let of = if is_view(step) { String::new() } else { format!(" of table \"{}\"", step.table) };
    format!("{} \"{}\"{of}", step.kind, step.object)
}

fn step(table: &TablePlan, kind: &str, object: &str, sql: &str) -> NewStep {
    new_step(&table.source, kind, object, sql)
}

fn of_step(table: &str, made: &Step) -> NewStep {
    new_step(table, made.kind.name(), &made.object, &made.sql)
}

fn new_step(table: &str, kind: &str, object: &str, sql: &str) -> NewStep {
    NewStep {
        table: table.to_owned(),
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

/// Added NOT VALID, then validated; known violations leave it as it is (semantics.md §3.6).
fn add_check(table: &TablePlan, check: &CheckPlan) -> [NewStep; 2] {
    let left = (check.violations > 0).then(|| format!("{} against it", plural(check.violations, "row")));
    let validate = NewStep { left, ..step(table, VALIDATE_CHECK, &check.name, &check.validate) };
    [step(table, StepKind::Check.name(), &check.name, &check.add), validate]
}

fn add_key(table: &TablePlan, key: &ForeignKeyPlan) -> NewStep {
    NewStep { restores: key.drop.is_some(), ..step(table, StepKind::ForeignKey.name(), &key.name, &key.add) }
}

fn validate_key(table: &TablePlan, key: &ForeignKeyPlan, config: &Config) -> Option<NewStep> {
    let sql = key.validate.as_ref()?;
    let allowed = config.orphans != OrphanPolicy::Refuse && key.orphans > 0;
    let left = allowed.then(|| format!("{} without a parent", plural(key.orphans, "row")));
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
