//! The columns of a table that is compared alone: every pair is looked at, whatever its types are, and what has no partner
//! or cannot be looked at is told and left out.

use super::ColumnPlan;
use super::chosen;
use super::columns::{BY_TARGET, Policies, paired};
use super::draft::{Inputs, Partners, warning};
use super::fit::{fit, meaning};
use super::lossy::lossy_finding;
use super::target::{TargetCatalog, TargetColumn, TargetTable};
use super::types::PgType;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::{Column, Table};
use crate::config::{BadValuePolicy, ColumnChoice};
use crate::finding::{Finding, Severity};

/// The table that `table` is compared with.
pub(super) fn partner<'a>(
    partners: &Partners,
    table: &Table,
    target: &'a TargetCatalog,
) -> Option<&'a TargetTable> {
    let name = partners.tables.get(&table.name)?;
    target.tables.iter().find(|there| there.name == *name)
}

/// Plans the columns that both sides have.
pub(super) fn columns(
    inputs: &Inputs<'_>,
    (table, profile): (&Table, &TableProfile),
    target: &TargetTable,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    let Some(partners) = &inputs.rules.partners else { return Vec::new() };
    let mut plans = Vec::new();
    for (column, facts) in table.columns.iter().zip(&profile.columns) {
        let object = format!("{}.{}", table.name, column.name);
        let partner = partners.columns.get(&(table.name.clone(), column.name.clone()));
        let Some(partner) = partner.and_then(|name| target.columns.iter().find(|there| there.name == *name))
        else {
            findings.push(missing(&object, facts, target));
            continue;
        };
        let Some(pg) = partner.pg else {
            findings.push(not_comparable(&object, partner));
            continue;
        };
        let said = inputs.rules.settings.column(&table.name, &column.name);
        let loses = lossy_finding(&table.name, &column.name, &said.cleanse, facts).is_some();
        let policies = Policies { inputs, said: &said, loses, follows_values: false };
        let facts = &chosen::cleansed(facts, &said.cleanse);
        plans.push(policies.put(pair(&policies, (&object, column, facts), &said, (partner, pg), findings)));
    }
    note_extra(inputs, table, target, findings);
    plans
}

fn pair(
    policies: &Policies<'_>,
    (object, column, facts): (&str, &Column, &ColumnProfile),
    said: &ColumnChoice,
    (partner, pg): (&TargetColumn, PgType),
    findings: &mut Vec<Finding>,
) -> ColumnPlan {
    let as_said = chosen::existing(facts, said, policies.inputs.rules.naive_tz.as_deref(), pg);
    let as_said = as_said.unwrap_or_else(|why| {
        let message = format!("is not compared as the configuration says, but in the target's type: {why}");
        findings.push(Finding::new("W_CHOICE", Severity::Note, object, message));
        None
    });
    let is_sifted = policies.on_bad_value(BadValuePolicy::Refuse) == BadValuePolicy::Quarantine;
    // Which rows would have been set aside, only the way of the copy itself can tell.
    let choice = as_said.unwrap_or_else(|| {
        if is_sifted { fit(column, facts, partner, pg) } else { meaning(facts, partner, pg) }
    });
    let generated = partner.generated.then(|| BY_TARGET.to_owned());
    ColumnPlan { generated, ..paired((column, facts), partner, choice) }
}

fn missing(object: &str, facts: &ColumnProfile, target: &TargetTable) -> Finding {
    let held = match facts.values() {
        0 => "it holds nothing but NULL".to_owned(),
        1 => "1 value is lost".to_owned(),
        values => format!("{values} values are lost"),
    };
    let message = format!("has no partner in the table \"{}\" of the target: {held}", target.name);
    warning("E_COLUMN_MISSING", object, message).count(facts.values().max(1)).fix(
        "copy it; or say what it is called there (rename in cutover.toml), or leave it out (skip = true)",
    )
}

fn not_comparable(object: &str, partner: &TargetColumn) -> Finding {
    let message = format!(
        "cannot be compared: \"{}\" has the type {}, whose values have no meaning in SQLite that is known here",
        partner.name, partner.type_text
    );
    warning("E_NOT_COMPARABLE", object, message)
        .fix("compare it by hand, then leave it out (skip = true in cutover.toml)")
}

fn note_extra(inputs: &Inputs<'_>, table: &Table, target: &TargetTable, findings: &mut Vec<Finding>) {
    let Some(partners) = &inputs.rules.partners else { return };
    let is_paired = |there: &TargetColumn| {
        let names = table.columns.iter().map(|column| (table.name.clone(), column.name.clone()));
        names.into_iter().any(|key| partners.columns.get(&key) == Some(&there.name))
    };
    for extra in target.columns.iter().filter(|there| !is_paired(there)) {
        let object = format!("{}.{}", target.name, extra.name);
        let message = "is in the target only: it is not compared";
        findings.push(Finding::new("W_EXTRA", Severity::Note, object, message));
    }
}
