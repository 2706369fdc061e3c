//! Catalog, profile and existing target → plan. The story of planning, in one screen: [`build`].

use super::draft::{Draft, Inputs, Remarks, refusal};
use super::names::{self, Names};
use super::notes;
use super::target::TargetTable;
use super::{
    PLAN_FORMAT, Plan, ScanKey, SequencePlan, TableMode, TablePlan, checks, chosen, columns, comments,
    compared, existing, foreign, lift, order, partition, partition_keys, rename, render, triggers, views,
    virtuals,
};
use crate::catalog::profile::TableProfile;
use crate::catalog::{Catalog, Table};
use crate::config::toml_string;
use crate::config::{CommentPolicy, CreatePolicy, Infer};
use crate::finding::{Finding, Severity, Way};
use crate::limits::{HEAP_ROW_BYTES_MAX, ROW_BYTES_MAX};
use std::collections::BTreeMap;

/// Builds the plan. Whatever stands against it is among its findings, all at once.
pub fn build(inputs: &Inputs<'_>) -> Plan {
    let mut remarks =
        Remarks { findings: inputs.catalog.findings.clone(), not_carried: inputs.catalog.left_out.clone() };
    let mut names = Names::new(inputs.target.taken_names.iter().cloned(), inputs.rules.hash);
    rename::check_all(inputs, &mut remarks.findings);

    let mut drafts: Vec<Draft> = inputs
        .tables
        .iter()
        .map(|(table, profile)| draft(inputs, table, profile, &mut names, &mut remarks.findings))
        .collect();
    foreign::unify_types(inputs.catalog, &mut drafts);
    for ((table, profile), draft) in inputs.tables.iter().zip(&mut drafts) {
        check_sizes(table, profile, &mut remarks.findings);
        if draft.plan.mode == TableMode::Create {
            render::created(inputs, table, profile, draft, &mut names, &mut remarks);
        } else {
            partition::refuse_existing(inputs, &draft.plan, &mut remarks.findings);
        }
    }
    for child in 0..drafts.len() {
        if drafts[child].plan.mode == TableMode::Create {
            let keys = foreign::plan(inputs.catalog, &drafts, child, &mut names, &mut remarks.not_carried);
            drafts[child].plan.foreign_keys = partition_keys::foreign_keys(inputs, &drafts, child, keys);
            let (schema, of) = (&inputs.rules.schema, inputs.tables[child]);
            let checks =
                checks::plan(schema, (of.0, of.1), &drafts[child].plan, inputs.rules.hash, &mut remarks);
            drafts[child].plan.checks = checks;
        }
    }
    triggers::plan(inputs, &mut drafts, &mut names, &mut remarks);
    comment_created(inputs, &mut drafts);
    lift::lift_existing(inputs, &mut drafts);
    check_shared_targets(&drafts, &mut remarks.findings);
    let views = views::plan(inputs, &drafts, &mut names, &mut remarks);
    let tables = in_order(inputs.catalog, drafts, &mut remarks.findings);
    remarks.findings.extend(virtuals::suggestions(&inputs.rules.schema, &tables, &remarks.not_carried));
    Plan {
        format: PLAN_FORMAT,
        schema: inputs.rules.schema.clone(),
        create_schema: !inputs.target.schema_exists,
        tables,
        views,
        not_carried: remarks.not_carried,
        findings: remarks.findings,
    }
}

fn comment_created(inputs: &Inputs<'_>, drafts: &mut [Draft]) {
    if inputs.rules.comments == CommentPolicy::Off {
        return;
    }
    let created = drafts.iter_mut().zip(&inputs.tables);
    for (draft, (table, _)) in created.filter(|(draft, _)| draft.plan.mode == TableMode::Create) {
        let comments = comments::plan(&inputs.rules.schema, table, &draft.plan);
        draft.plan.last.extend(comments);
    }
}

fn draft(
    inputs: &Inputs<'_>,
    table: &Table,
    profile: &TableProfile,
    names: &mut Names,
    findings: &mut Vec<Finding>,
) -> Draft {
    let wish = rename::table(inputs.rules, table);
    let wanted = &wish.name;
    let find = |name: &str| inputs.target.find_table(name);
    // A name that is given is meant, and no other.
    let other = || find(&table.name).or_else(|| find(&names::plain(wanted, inputs.rules.hash)));
    let existing = match &inputs.rules.partners {
        Some(partners) => compared::partner(partners, table, inputs.target),
        None => find(wanted).or_else(|| if wish.given { None } else { other() }),
    };
    let (mode, target, columns) = match existing {
        Some(existing) if inputs.rules.partners.is_some() => {
            let columns = compared::columns(inputs, (table, profile), existing, findings);
            (TableMode::Existing, existing.name.clone(), columns)
        }
        Some(existing) => {
            existing::check((table, profile), existing, inputs, findings);
            (
                TableMode::Existing,
                existing.name.clone(),
                columns::existing(inputs, (table, profile), existing, findings),
            )
        }
        None => {
            let target = new_name(inputs, table, &wish, names, findings);
            (TableMode::Create, target, columns::created(inputs, table, profile, findings))
        }
    };
    let plan = TablePlan {
        source: table.name.clone(),
        target,
        mode,
        key: scan_key(table, &columns),
        filter: inputs.rules.settings.table(&table.name).filter,
        rows: profile.rows,
        bytes: profile.bytes,
        sequences: sequences(table, profile, &columns, existing),
        columns,
        partition: None,
        pre_data: Vec::new(),
        post_data: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        last: Vec::new(),
        lifted_indexes: Vec::new(),
        unique_keys: Vec::new(),
    };
    notes::of_sequences(table, &plan.sequences, findings);
    if mode == TableMode::Create && inputs.rules.infer == Infer::Declared {
        findings.extend(notes::of_content(table, profile, &plan.columns));
    }
    let plan = match existing {
        Some(existing) => TablePlan { unique_keys: unique_keys(&plan, existing), ..plan },
        None => plan,
    };
    let holds_only_integers = plan.columns.iter().map(|column| {
        let facts = table.column_index(&column.source).and_then(|index| profile.columns.get(index));
        facts.is_some_and(|facts| facts.values() == facts.integers)
    });
    let holds_only_integers = holds_only_integers.collect();
    let is_chosen = |column: &super::ColumnPlan| {
        chosen::is_chosen(&inputs.rules.settings.column(&table.name, &column.source))
            || inputs.rules.imposed.contains_key(&(table.name.clone(), column.source.clone()))
    };
    let is_chosen = plan.columns.iter().map(is_chosen).collect();
    let schema = inputs.rules.schema.clone();
    Draft { plan, schema, unique_keys: Vec::new(), holds_only_integers, is_chosen }
}

/// The name of a table that is not there yet, where it may be made.
fn new_name(
    inputs: &Inputs<'_>,
    table: &Table,
    wish: &rename::Wish,
    names: &mut Names,
    findings: &mut Vec<Finding>,
) -> String {
    if inputs.rules.create == CreatePolicy::Never {
        let message = "does not exist in the target, and --create never forbids to create it".to_owned();
        let way = Way::option("create", "auto");
        findings
            .push(refusal("E_TABLE_MISSING", &table.name, message).way(way).or("create it in the target"));
    }
    let target = names.take(&wish.name);
    rename::check((&table.name, None), wish, &target, findings);
    if target != table.name {
        let message = format!("is called \"{target}\" in the target");
        findings.push(Finding::new("W_RENAMED", Severity::Note, table.name.clone(), message));
    }
    target
}

fn scan_key(table: &Table, columns: &[super::ColumnPlan]) -> ScanKey {
    match table.rowid_name() {
        None => ScanKey::Whole,
        Some(alias) => {
            let column = table.rowid_column.and_then(|rowid| {
                columns.iter().position(|column| column.source == table.columns[rowid].name)
            });
            ScanKey::Rowid { alias: alias.to_owned(), column }
        }
    }
}

/// Identities that we create, and the sequences that existing columns take their numbers from.
fn sequences(
    table: &Table,
    profile: &TableProfile,
    columns: &[super::ColumnPlan],
    existing: Option<&TargetTable>,
) -> Vec<SequencePlan> {
    let has_sequence = |column: &super::ColumnPlan| match existing {
        None => {
            let is_rowid = table.rowid_column.is_some_and(|rowid| table.columns[rowid].name == column.source);
            is_rowid && columns::is_integer(column)
        }
        Some(existing) => existing.find_column(&column.target).is_some_and(|partner| partner.has_sequence),
    };
    let with_sequence = columns.iter().filter(|column| has_sequence(column));
    with_sequence
        .map(|column| {
            let index = table.column_index(&column.source);
            let facts = index.and_then(|index| profile.columns.get(index));
            let is_rowid = index.is_some() && index == table.rowid_column;
            SequencePlan {
                column: column.target.clone(),
                max: facts.and_then(|facts| facts.integer_range).map(|(_, max)| max),
                seq: if is_rowid { table.sequence } else { None },
            }
        })
        .collect()
}

/// Unique keys of the existing table whose columns all get values from us.
fn unique_keys(plan: &TablePlan, existing: &TargetTable) -> Vec<(String, Vec<usize>)> {
    let position = |name: &String| plan.columns.iter().position(|column| column.target == *name);
    let planned = existing.unique_keys.iter().filter_map(|(name, columns)| {
        Some((name.clone(), columns.iter().map(position).collect::<Option<Vec<usize>>>()?))
    });
    planned.collect()
}

/// Two tables of the source cannot fill one existing table, nor two columns one column: `a b` and `a_b` in snake case.
fn check_shared_targets(drafts: &[Draft], findings: &mut Vec<Finding>) {
    let mut tables: BTreeMap<&str, &str> = BTreeMap::new();
    for plan in drafts.iter().map(|draft| &draft.plan) {
        if let Some(other) = tables.insert(&plan.target, &plan.source) {
            let message =
                format!("goes into the table \"{}\", and so does the table \"{other}\"", plan.target);
            let other = toml_string(&format!("{}_2", plan.target));
            let way = Way::of_table(&plan.source, "rename", &other);
            findings.push(refusal("E_NAME_COLLISION", &plan.source, message).way(way));
        }
        let mut columns: BTreeMap<&str, &str> = BTreeMap::new();
        for column in &plan.columns {
            if let Some(other) = columns.insert(&column.target, &column.source) {
                let object = format!("{}.{}", plan.source, column.source);
                let message =
                    format!("goes into the column \"{}\", and so does the column \"{other}\"", column.target);
                let other = toml_string(&format!("{}_2", column.target));
                let way = Way::of_column(&plan.source, &column.source, "rename", &other);
                findings.push(refusal("E_NAME_COLLISION", &object, message).way(way));
            }
        }
    }
}

/// What no column can hold is refused before the first write (semantics.md §2.3).
fn check_sizes(table: &Table, profile: &TableProfile, findings: &mut Vec<Finding>) {
    if profile.max_row_bytes > ROW_BYTES_MAX {
        let message =
            format!("a row of {} bytes; PostgreSQL takes at most {ROW_BYTES_MAX}", profile.max_row_bytes);
        findings.push(refusal("E_ROW_1GB", &table.name, message).way(Way::option("exclude", &table.name)));
    }
    if profile.max_heap_bytes > HEAP_ROW_BYTES_MAX {
        let message = format!(
            "a row that takes {} bytes of a page even with its long values moved out; a page holds {HEAP_ROW_BYTES_MAX}",
            profile.max_heap_bytes
        );
        findings.push(
            refusal("E_ROW_8K", &table.name, message)
                .way(Way::option("exclude", &table.name))
                .or("split the table in the source"),
        );
    }
}

fn in_order(catalog: &Catalog, drafts: Vec<Draft>, findings: &mut Vec<Finding>) -> Vec<TablePlan> {
    let position = |name: &str| drafts.iter().position(|draft| draft.plan.source.eq_ignore_ascii_case(name));
    let mut edges = Vec::new();
    for (child, draft) in drafts.iter().enumerate() {
        let keys =
            catalog.table(&draft.plan.source).map(|table| table.foreign_keys.as_slice()).unwrap_or_default();
        edges.extend(keys.iter().filter_map(|key| Some((child, position(&key.parent)?))));
    }
    let (order, cycles) = order::dependency_order(drafts.len(), &edges);
    for cycle in cycles {
        let names: Vec<&str> = cycle.iter().map(|&i| drafts[i].plan.source.as_str()).collect();
        let message = "refer to each other in a cycle: their foreign keys are made after all data".to_owned();
        findings.push(Finding::new("W_FK_CYCLE", Severity::Note, names.join(", "), message));
    }
    let mut plans: Vec<Option<TablePlan>> = drafts.into_iter().map(|draft| Some(draft.plan)).collect();
    order.into_iter().filter_map(|i| plans[i].take()).collect()
}
