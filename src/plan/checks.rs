//! CHECKs of a table that we create (semantics.md §3.6): added NOT VALID after the data, validated where no row of the source
//! is against them.

use super::draft::Remarks;
use super::names::{NameHash, Names};
use super::types::Level;
use super::{CheckPlan, StepKind, TablePlan, ddl, overflow, scope, translate};
use crate::catalog::Table;
use crate::catalog::ddl::Check;
use crate::catalog::profile::TableProfile;
use crate::finding::{Finding, NotCarried, Severity};

/// Plans the CHECKs of a table whose keys and foreign keys are planned; what cannot be one is listed.
pub(super) fn plan(
    schema: &str,
    (table, profile): (&Table, &TableProfile),
    plan: &TablePlan,
    hash: NameHash,
    remarks: &mut Remarks,
) -> Vec<CheckPlan> {
    let mut names = Names::new(constraint_names(plan), hash);
    let mut plans = Vec::new();
    for (number, check) in (1..).zip(&table.ddl.checks) {
        match translated((table, profile), plan, check) {
            Ok(found) => {
                let name = names.take(&wanted_name(table, plan, check));
                let object = format!("{}.{name}", table.name);
                let note = |text| Finding::new("W_TRANSLATED", Severity::Note, object.clone(), text);
                remarks.findings.extend(found.notes.into_iter().map(note));
                plans.push(CheckPlan {
                    add: ddl::add_check(schema, &plan.target, &name, &found.sql),
                    validate: ddl::validate(schema, &plan.target, &name),
                    probe: check.sql.clone(),
                    violations: 0,
                    name,
                });
            }
            Err(why) => remarks.not_carried.push(NotCarried {
                kind: "check".to_owned(),
                name: check.name.clone().unwrap_or_else(|| format!("check {number}")),
                table: Some(table.name.clone()),
                why,
                sql: format!("CHECK ({})", check.sql),
            }),
        }
    }
    plans
}

fn translated(
    (table, profile): (&Table, &TableProfile),
    plan: &TablePlan,
    check: &Check,
) -> Result<translate::Translated, String> {
    if let Some(column) = changed(table, plan, check) {
        return Err(format!("values of column \"{column}\" are changed by the configuration"));
    }
    let found = translate::check(&check.expr, &scope::of_table(table, &plan.columns))?;
    overflow::reason(table, profile, &check.expr).map_or(Ok(found), Err)
}

/// A column of the CHECK whose values are not those that SQLite has checked.
fn changed<'a>(table: &'a Table, plan: &TablePlan, check: &Check) -> Option<&'a str> {
    let mut columns = scope::mentioned(table, &check.expr).into_iter();
    let column = columns.find(|&column| plan.columns[column].level == Level::Loss)?;
    Some(&table.columns[column].name)
}

/// Names that constraints of the table have already, those included that PostgreSQL 18 gives to NOT NULL.
fn constraint_names(plan: &TablePlan) -> Vec<String> {
    let keys = plan.post_data.iter().filter(|step| step.kind != StepKind::Index);
    let keys = keys.map(|step| step.object.clone());
    let foreign = plan.foreign_keys.iter().map(|key| key.name.clone());
    let not_null = plan.columns.iter().filter(|column| column.not_null);
    keys.chain(foreign)
        .chain(not_null.map(|column| format!("{}_{}_not_null", plan.target, column.target)))
        .collect()
}

/// The name that it has, else the one that PostgreSQL would give it: with the column's name where it is about one alone.
fn wanted_name(table: &Table, plan: &TablePlan, check: &Check) -> String {
    match (&check.name, scope::mentioned(table, &check.expr).as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [column]) => format!("{}_{}_check", plan.target, plan.columns[*column].target),
        (None, _) => format!("{}_check", plan.target),
    }
}
