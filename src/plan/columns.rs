//! The columns of one table: of a table that we create, and of one that exists.

use super::choose::{Choice, Circumstances, choose, mixture};
use super::content;
use super::default::{self, Default};
use super::draft::{Inputs, refusal, warning};
use super::evidence::evidence;
use super::fit::fit;
use super::mixed::{Settled, settle};
use super::names::{self, Names, spell, take_column};
use super::notes;
use super::target::{TargetColumn, TargetTable};
use super::types::Classes;
use super::{ColumnPlan, ddl};
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::config::{BadValuePolicy, Cleanse, Infer};
use crate::finding::{Finding, NotCarried, Severity};
use crate::limits::COLUMNS_MAX;

/// First version of PostgreSQL whose `numeric` knows infinity (semantics.md §5.6).
const NUMERIC_INFINITY_SINCE: u32 = 140_000;

/// Plans the columns of a table that we create.
pub(super) fn created(
    inputs: &Inputs<'_>,
    table: &Table,
    profile: &TableProfile,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    if table.columns.len() > COLUMNS_MAX {
        let message =
            format!("{} columns; a PostgreSQL table has at most {COLUMNS_MAX}", table.columns.len());
        findings
            .push(refusal("E_COLUMNS_1600", &table.name, message).fix("leave the table out with --exclude"));
    }
    let mut names = Names::new([], inputs.rules.hash);
    let keyed = keyed_columns(table);
    let joined = joined_columns(inputs.catalog, table);
    let mut plans = Vec::new();
    let mut parts = Vec::new();
    for (i, (column, facts)) in table.columns.iter().zip(&profile.columns).enumerate() {
        let around = Circumstances {
            in_key: keyed.contains(&i),
            numeric_infinity: inputs.target.server_version_num >= NUMERIC_INFINITY_SINCE,
            content: inputs.rules.infer == Infer::Content,
            checked_flag: content::is_checked_flag(&column.name, &table.ddl.checks),
            mixed: inputs.rules.mixed,
            joined: joined.contains(&i),
        };
        let target = take_column(&mut names, &spell(&column.name, inputs.rules.names));
        note_rename(table, column, &target, findings);
        let object = format!("{}.{}", table.name, column.name);
        match settle(&object, column, facts, choose(column, facts, around), around) {
            Settled::One(choice, on_bad_value) => {
                let plan = column_plan(table, i, facts, target, choice, findings);
                plans.push(ColumnPlan { on_bad_value, ..plan });
            }
            Settled::Refused(choice, finding) => {
                plans.push(column_plan(table, i, facts, target, choice, findings));
                findings.push(finding);
            }
            Settled::Parts(split) => {
                let split = split_plans(table, i, facts, (&target, split), &mut names, findings);
                let mut split = split.into_iter();
                plans.extend(split.next());
                parts.extend(split);
            }
        }
    }
    // The parts come last, so that the others stand where they stand in the source.
    plans.extend(parts);
    plans
}

/// One plan for each part of a split column; the first keeps the name.
fn split_plans(
    table: &Table,
    index: usize,
    facts: &ColumnProfile,
    (target, parts): (&str, Vec<(&'static str, Choice, Classes)>),
    names: &mut Names,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    let mut plans: Vec<ColumnPlan> = Vec::new();
    for (name, choice, _) in parts {
        let target = match plans.is_empty() {
            true => target.to_owned(),
            false => take_column(names, &format!("{target}_{name}")),
        };
        let plan = column_plan(table, index, facts, target, choice, findings);
        plans.push(ColumnPlan { not_null: false, ..plan });
    }
    let object = format!("{}.{}", table.name, table.columns[index].name);
    let columns: Vec<String> =
        plans.iter().map(|plan| format!("\"{}\" ({})", plan.target, plan.mapping.pg)).collect();
    let message = format!("is split into {}: it holds {}", columns.join(", "), mixture(facts));
    findings.push(Finding::new("W_SPLIT", Severity::Note, object, message).count(facts.values()));
    plans
}

/// Columns that are an end of a foreign key, here or in a table that refers to this one.
fn joined_columns(catalog: &Catalog, table: &Table) -> Vec<usize> {
    let own = table.foreign_keys.iter().flat_map(|key| key.columns.iter().copied());
    let of_others = catalog
        .tables
        .iter()
        .flat_map(|other| &other.foreign_keys)
        .filter(|key| key.parent.eq_ignore_ascii_case(&table.name));
    let named = of_others.flat_map(|key| match key.parent_columns.as_slice() {
        [] => table.primary_key.clone(),
        names => names.iter().filter_map(|name| table.column_index(name)).collect(),
    });
    own.chain(named).collect()
}

/// Columns of any key, index or foreign key of the table.
fn keyed_columns(table: &Table) -> Vec<usize> {
    let indexed = table.indexes.iter().flat_map(|index| index.keys.iter().filter_map(|key| key.column));
    let foreign = table.foreign_keys.iter().flat_map(|key| key.columns.iter().copied());
    table.primary_key.iter().copied().chain(indexed).chain(foreign).collect()
}

fn note_rename(table: &Table, column: &Column, target: &str, findings: &mut Vec<Finding>) {
    if column.name != target {
        let message = format!("is called \"{target}\" in the target");
        let object = format!("{}.{}", table.name, column.name);
        findings.push(Finding::new("W_RENAMED", Severity::Note, object, message));
    }
}

fn column_plan(
    table: &Table,
    index: usize,
    facts: &ColumnProfile,
    target: String,
    choice: Choice,
    findings: &mut Vec<Finding>,
) -> ColumnPlan {
    let column = &table.columns[index];
    notes::of_column(table, column, facts, &choice, findings);
    let in_key = table.primary_key.contains(&index);
    if column.not_null && facts.nulls > 0 {
        let object = format!("{}.{}", table.name, column.name);
        let message = format!("is declared NOT NULL and holds {} NULL; NOT NULL is left out", facts.nulls);
        findings.push(warning("E_NOTNULL", &object, message).count(facts.nulls));
    }
    ColumnPlan {
        source: column.name.clone(),
        target,
        declared: column.declared.clone(),
        stored_bytes: choice.mapping.codec == super::types::Codec::BytesForm,
        mapping: choice.mapping.clone(),
        level: choice.level,
        evidence: evidence(column, facts, &choice),
        why: choice.why,
        not_null: (column.not_null || in_key) && facts.nulls == 0,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
    }
}

/// Plans the columns of a table that exists: each source column finds its partner by the name that it would be given, else
/// by its own.
pub(super) fn existing(
    inputs: &Inputs<'_>,
    (table, profile): (&Table, &TableProfile),
    target: &TargetTable,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    let mut plans = Vec::new();
    let mut partners = Vec::new();
    for (column, facts) in table.columns.iter().zip(&profile.columns) {
        let object = format!("{}.{}", table.name, column.name);
        let spelled = spell(&column.name, inputs.rules.names);
        let plain = || target.find_column(&names::plain_column(&spelled, inputs.rules.hash));
        let partner =
            target.find_column(&spelled).or_else(|| target.find_column(&column.name)).or_else(plain);
        let Some(partner) = partner else {
            note_missing_partner(table, column, target, findings);
            continue;
        };
        partners.push(partner.name.as_str());
        if partner.generated {
            let message = "is generated in the target: its values are computed there";
            findings.push(Finding::new("W_GENERATED_TARGET", Severity::Note, object, message));
            continue;
        }
        note_other_spelling(&object, column, partner, findings);
        plans.extend(existing_column(&object, column, facts, partner, findings));
    }
    check_unfilled(table, target, &partners, findings);
    plans
}

fn note_missing_partner(table: &Table, column: &Column, target: &TargetTable, findings: &mut Vec<Finding>) {
    let object = format!("{}.{}", table.name, column.name);
    if column.generated == Generated::Virtual {
        let message =
            "is a virtual generated column without a partner in the target: its values are not copied";
        findings.push(warning("W_GENERATED_SOURCE", &object, message.to_owned()));
        return;
    }
    let message = format!("has no partner in the existing table \"{}\"", target.name);
    findings.push(refusal("E_COLUMN_MISSING", &object, message).fix(format!(
        "add it to the target (ALTER TABLE {} ADD COLUMN …), or rename one of the two",
        crate::ident::quote(&target.name)
    )));
}

fn note_other_spelling(object: &str, column: &Column, partner: &TargetColumn, findings: &mut Vec<Finding>) {
    if column.name != partner.name {
        let message = format!("goes into the column \"{}\", which is spelled differently", partner.name);
        findings.push(Finding::new("W_NAME_CASE", Severity::Note, object, message));
    }
}

fn existing_column(
    object: &str,
    column: &Column,
    facts: &ColumnProfile,
    partner: &TargetColumn,
    findings: &mut Vec<Finding>,
) -> Option<ColumnPlan> {
    let Some(pg) = partner.pg else {
        let message =
            format!("the existing column has the type {}, which cannot be filled yet", partner.type_text);
        findings.push(
            refusal("E_TYPE", object, message)
                .fix("change the column's type, or leave the table out with --exclude"),
        );
        return None;
    };
    if partner.not_null && facts.nulls > 0 {
        let message = format!("holds {} NULL, and the existing column is NOT NULL", facts.nulls);
        let fix = "give these rows a value in the source, or drop NOT NULL in the target";
        findings.push(refusal("E_NOTNULL", object, message).count(facts.nulls).fix(fix));
    }
    let choice = fit(column, facts, pg);
    Some(ColumnPlan {
        source: column.name.clone(),
        target: partner.name.clone(),
        declared: column.declared.clone(),
        stored_bytes: choice.mapping.codec == super::types::Codec::BytesForm,
        mapping: choice.mapping.clone(),
        level: choice.level,
        evidence: evidence(column, facts, &choice),
        why: choice.why,
        not_null: partner.not_null,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
    })
}

/// Columns of the existing table that get nothing from us must be able to do without.
fn check_unfilled(table: &Table, target: &TargetTable, partners: &[&str], findings: &mut Vec<Finding>) {
    let unfilled = target.columns.iter().filter(|column| !partners.contains(&column.name.as_str()));
    for column in unfilled.filter(|column| !column.generated) {
        let object = format!("{}.{}", target.name, column.name);
        if column.not_null && !column.has_default {
            let message = format!(
                "is NOT NULL without a default, and the source table \"{}\" has no such column",
                table.name
            );
            findings.push(
                refusal("E_COLUMN_UNFILLED", &object, message).fix("give it a default, or drop NOT NULL"),
            );
        } else {
            let message = "has no partner in the source: it gets its default, or NULL";
            findings.push(Finding::new("W_COLUMN_UNFILLED", Severity::Note, object, message));
        }
    }
}

/// CREATE TABLE for planned columns, with the defaults that can be carried; the others are listed. `sequence` is the
/// identity's, quoted, where it needs a name of its own.
pub(super) fn create_statement(
    (schema, target): (&str, &str),
    table: &Table,
    columns: &[ColumnPlan],
    sequence: Option<&str>,
    not_carried: &mut Vec<NotCarried>,
) -> String {
    let defaults: Vec<Option<String>> = table
        .columns
        .iter()
        .zip(columns)
        .map(|(column, plan)| default_of(table, column, plan, not_carried))
        .collect();
    let lines: Vec<ddl::ColumnDdl<'_>> = columns
        .iter()
        .enumerate()
        .map(|(i, plan)| ddl::ColumnDdl {
            name: &plan.target,
            pg: plan.mapping.pg,
            not_null: plan.not_null,
            identity: (table.rowid_column == Some(i)).then_some(ddl::Identity { sequence }),
            default: defaults.get(i).and_then(Option::as_deref),
        })
        .collect();
    ddl::create_table(schema, target, &lines)
}

fn default_of(
    table: &Table,
    column: &Column,
    plan: &ColumnPlan,
    not_carried: &mut Vec<NotCarried>,
) -> Option<String> {
    let text = column.default.as_deref()?;
    let mut list = |kind: &str, why: &str| {
        not_carried.push(NotCarried {
            kind: kind.to_owned(),
            name: column.name.clone(),
            table: Some(table.name.clone()),
            why: why.to_owned(),
            sql: format!("DEFAULT {text}"),
        });
    };
    if table.rowid_column.is_some_and(|rowid| table.columns[rowid].name == column.name) {
        list("default", "the column is an identity in the target");
        return None;
    }
    match default::translate(text, column.affinity, plan.mapping.pg, &plan.mapping.codec) {
        Default::None => None,
        Default::Expression(sql) => Some(sql),
        Default::NotCarried(why) => {
            list("default", why);
            None
        }
    }
}
