//! The columns of one table: of a table that we create, and of one that exists.

use super::choose::{Choice, Circumstances, choose};
use super::default::{self, Default};
use super::draft::{Inputs, refusal, warning};
use super::fit::fit;
use super::names::{self, Names, spell, take_column};
use super::target::{TargetColumn, TargetTable};
use super::types::{Codec, Level};
use super::{ColumnPlan, Evidence, ddl};
use crate::catalog::affinity::type_name;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::{Column, Generated, Table};
use crate::config::{BadValuePolicy, Cleanse};
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
    let facts = table.columns.iter().zip(&profile.columns).enumerate();
    facts
        .map(|(i, (column, facts))| {
            let around = Circumstances {
                in_key: keyed.contains(&i),
                numeric_infinity: inputs.target.server_version_num >= NUMERIC_INFINITY_SINCE,
            };
            let target = take_column(&mut names, &spell(&column.name, inputs.rules.names));
            note_rename(table, column, &target, findings);
            column_plan(table, i, facts, target, choose(column, facts, around), findings)
        })
        .collect()
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
    note_level(table, column, facts, &choice, findings);
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
        mapping: choice.mapping,
        level: choice.level,
        why: choice.why,
        not_null: (column.not_null || in_key) && facts.nulls == 0,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
        evidence: evidence(facts),
    }
}

fn evidence(facts: &ColumnProfile) -> Evidence {
    Evidence {
        nulls: facts.nulls,
        integers: facts.integers,
        reals: facts.reals,
        texts: facts.texts,
        blobs: facts.blobs,
        against: Vec::new(),
        change: String::new(),
    }
}

fn note_level(
    table: &Table,
    column: &Column,
    facts: &ColumnProfile,
    choice: &Choice,
    findings: &mut Vec<Finding>,
) {
    note_damage(table, column, facts, findings);
    let (code, severity, count) = match choice.level {
        Level::B => ("W_WIDENED", Severity::Warning, facts.values()),
        // every value can be told apart again, but the type is not the declared one (semantics.md §7, case 4)
        Level::E0 if choice.mapping.codec == Codec::TextForm => ("W_WIDENED", Severity::Note, facts.values()),
        Level::E1 => ("W_CLASS_MERGED", Severity::Warning, facts.reals_integral),
        Level::E0 | Level::E2 | Level::Loss => return,
    };
    let object = format!("{}.{}", table.name, column.name);
    let message = format!("becomes {}, because it holds {}", choice.mapping.pg, choice.why);
    let examples = if facts.odd_texts.is_empty() {
        facts.first.iter().map(|(_, key)| key.clone()).collect()
    } else {
        facts.odd_texts.clone()
    };
    findings.push(Finding::new(code, severity, object, message).count(count).examples(examples));
}

/// Numbers under a name of identifiers or strings: SQLite has rewritten text that looked like a number when it was
/// inserted, and the original is gone (semantics.md §1.1). Told, never repaired.
fn note_damage(table: &Table, column: &Column, facts: &ColumnProfile, findings: &mut Vec<Finding>) {
    let is_identifier = matches!(type_name(&column.declared).as_str(), "UUID" | "GUID" | "UNIQUEIDENTIFIER");
    let numbers = facts.integers + facts.reals;
    if numbers == 0 || !(is_identifier || type_name(&column.declared) == "STRING") {
        return;
    }
    let message = format!(
        "declared {} and holds {numbers} numbers: SQLite makes one of text that looks like it, and the original spelling is gone",
        column.declared
    );
    let object = format!("{}.{}", table.name, column.name);
    let fix = "compare these rows with where they came from; they are copied as they are stored";
    findings.push(warning("W_AFFINITY_DAMAGE", &object, message).count(numbers).fix(fix));
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
        let fix = "give these rows a value in the source, drop NOT NULL in the target, or use --on-bad-value quarantine";
        findings.push(refusal("E_NOTNULL", object, message).count(facts.nulls).fix(fix));
    }
    let choice = fit(column, facts, pg);
    Some(ColumnPlan {
        source: column.name.clone(),
        target: partner.name.clone(),
        declared: column.declared.clone(),
        stored_bytes: choice.mapping.codec == super::types::Codec::BytesForm,
        mapping: choice.mapping,
        level: choice.level,
        why: choice.why,
        not_null: partner.not_null,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
        evidence: evidence(facts),
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
            default: defaults[i].as_deref(),
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
