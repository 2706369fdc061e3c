//! Views: what PostgreSQL can mean the same way is made after the data, the rest is listed (semantics.md §3.8).

use super::draft::{Draft, Inputs, Remarks};
use super::names::{self, Names};
use super::query::known::{Field, Known, Session, World};
use super::query::{self, Rendered};
use super::translate::ScopeColumn;
use super::types::Codec;
use super::{ColumnPlan, Step, StepKind, TableMode};
use crate::catalog::{Catalog, IndexOrigin, Table, View, ViewColumn};
use crate::counts::plural;
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::{qualified, quote_list};
use crate::limits::COLUMNS_MAX;

/// Plans the views of the source, those that others are made of first.
pub(super) fn plan(
    inputs: &Inputs<'_>,
    drafts: &[Draft],
    names: &mut Names,
    remarks: &mut Remarks,
) -> Vec<Step> {
    let catalog = inputs.catalog;
    let mut world = world(inputs, drafts);
    let mut open: Vec<&View> = catalog.views.iter().collect();
    let mut steps = Vec::new();
    let mut left_out = Vec::new();
    // A view may stand before those that it is made of; each round settles at least one.
    loop {
        let mut waiting = Vec::new();
        let before = open.len();
        for view in open {
            match attempt(inputs, view, &world) {
                Attempt::Waits => waiting.push(view),
                Attempt::Refused(why) => {
                    let name = &view.name;
                    world.missing.push((name.clone(), format!("the view {name} is not carried")));
                    left_out.push((view, why));
                }
                Attempt::Made(made) => {
                    steps.push(create(inputs, view, &made, names, (&mut world, &mut remarks.findings)));
                }
            }
            world
                .pending
                .retain(|pending| *pending != view.name || waiting.iter().any(|w| w.name == *pending));
        }
        if waiting.len() == before {
            left_out.extend(waiting.iter().map(|view| (*view, "it is made of itself".to_owned())));
            break;
        }
        open = waiting;
    }
    list(catalog, left_out, &mut remarks.not_carried);
    steps
}

/// In the order of the source.
fn list(catalog: &Catalog, left_out: Vec<(&View, String)>, not_carried: &mut Vec<NotCarried>) {
    for view in &catalog.views {
        let Some((_, why)) = left_out.iter().find(|(left, _)| left.name == view.name) else { continue };
        let (kind, name, why) = ("view".to_owned(), view.name.clone(), why.clone());
        not_carried.push(NotCarried { kind, name, table: None, why, sql: view.sql.clone() });
    }
}

enum Attempt {
    /// on a view that is not settled yet
    Waits,
    Refused(String),
    Made(Box<Made>),
}

/// A view as it will be.
struct Made {
    rendered: Rendered,
    columns: Vec<ViewColumn>,
    notes: Vec<String>,
}

fn attempt(inputs: &Inputs<'_>, view: &View, world: &World) -> Attempt {
    let columns = match &view.columns {
        Ok(columns) => columns,
        Err(why) => return Attempt::Refused(format!("SQLite itself cannot read it here: {why}")),
    };
    let wanted = names::plain(&names::spell(&view.name, inputs.rules.names), inputs.rules.hash);
    if inputs.target.taken_names.contains(&wanted) {
        return Attempt::Refused(format!("something in the target is called \"{wanted}\" already"));
    }
    if columns.len() > COLUMNS_MAX {
        let count = columns.len();
        return Attempt::Refused(format!("it has {count} columns; PostgreSQL takes {COLUMNS_MAX}"));
    }
    let select = match &view.select {
        Ok(select) => select,
        Err(why) => return Attempt::Refused(format!("its text could not be read: {why}")),
    };
    let mut session = Session::new(world);
    let rendered = query::view(&mut session, select);
    if session.waits {
        return Attempt::Waits;
    }
    match rendered {
        Err(why) => Attempt::Refused(why),
        Ok(rendered) if rendered.columns.len() != columns.len() => Attempt::Refused(format!(
            "it was read as {}, not {}",
            plural(rendered.columns.len() as u64, "column"),
            columns.len()
        )),
        Ok(rendered) => {
            let (columns, notes) = (columns.clone(), session.notes);
            Attempt::Made(Box::new(Made { rendered, columns, notes }))
        }
    }
}

fn create(
    inputs: &Inputs<'_>,
    view: &View,
    made: &Made,
    names: &mut Names,
    (world, findings): (&mut World, &mut Vec<Finding>),
) -> Step {
    let rules = inputs.rules;
    let target = names.take(&names::spell(&view.name, rules.names));
    let mut column_names = Names::new([], rules.hash);
    let mut fields = Vec::new();
    let mut targets = Vec::new();
    for (index, column) in made.columns.iter().enumerate() {
        let spelled = names::spell(&column.name, rules.names);
        let own = made.rendered.columns[index].source == column.name;
        let wanted = made.rendered.shown[index].as_ref().filter(|_| own).unwrap_or(&spelled);
        let target = names::take_column(&mut column_names, wanted);
        fields.push(made.rendered.field(index, &column.name, &target));
        if target != column.name {
            let message = format!("is called \"{target}\" in the target");
            let object = format!("{}.{}", view.name, column.name);
            findings.push(Finding::new("W_RENAMED", Severity::Note, object, message));
        }
        targets.push(target);
    }
    let sql = qualified(&rules.schema, &target);
    if target != view.name {
        let message = format!("is called \"{target}\" in the target");
        findings.push(Finding::new("W_RENAMED", Severity::Note, view.name.clone(), message));
    }
    if !made.notes.is_empty() {
        findings.push(Finding::new("W_VIEW", Severity::Note, view.name.clone(), made.notes.join("; ")));
    }
    let list = quote_list(targets.iter().map(String::as_str));
    let create = format!("CREATE VIEW {sql} ({list}) AS {}", made.rendered.sql);
    world.known.push(Known { name: view.name.clone(), sql, fields, ..Known::default() });
    Step { kind: StepKind::View, object: target, sql: create }
}

/// What views may name: the tables that are made in this run.
fn world(inputs: &Inputs<'_>, drafts: &[Draft]) -> World {
    let mut known = Vec::new();
    let mut missing = Vec::new();
    for table in &inputs.catalog.tables {
        let name = table.name.clone();
        let draft = drafts.iter().find(|draft| draft.plan.source == name);
        match draft {
            None => missing.push((name.clone(), format!("the table {name} is not copied"))),
            Some(draft) if draft.plan.mode == TableMode::Existing => {
                let why = format!("the table {name} exists in the target already, with types of its own");
                missing.push((name, why));
            }
            Some(draft) => known.push(of_table(inputs, table, draft)),
        }
    }
    let pending = inputs.catalog.views.iter().map(|view| view.name.clone()).collect();
    missing.extend(
        inputs.catalog.left_out.iter().map(|object| {
            (object.name.clone(), format!("the {} {} is not carried", object.kind, object.name))
        }),
    );
    World { known, missing, pending, hash: inputs.rules.hash, utf16: inputs.catalog.utf16 }
}

fn of_table(inputs: &Inputs<'_>, table: &Table, draft: &Draft) -> Known {
    let fields = table.columns.iter().enumerate().map(|(index, column)| {
        let found: Vec<&ColumnPlan> =
            draft.plan.columns.iter().filter(|plan| plan.source == column.name).collect();
        let split = |plan: &ColumnPlan| matches!(plan.mapping.codec, Codec::Only(..));
        let shown = match found.as_slice() {
            [] => Err(format!("the column {}.{} is not copied", table.name, column.name)),
            [plan] if !split(plan) => Ok(ScopeColumn {
                source: column.name.clone(),
                target: plan.target.clone(),
                mapping: plan.mapping.clone(),
                affinity: column.affinity,
                collation: if column.collation.is_empty() {
                    "BINARY".to_owned()
                } else {
                    column.collation.to_uppercase()
                },
                nullable: table.rowid_column != Some(index) && !plan.not_null,
            }),
            _ => Err(format!("the column {}.{} is split into several", table.name, column.name)),
        };
        let target = shown.as_ref().ok().map(|column| column.target.clone());
        Field { name: Some(column.name.clone()), column: shown, shown: target, computed: false }
    });
    let fields: Vec<Field> = fields.collect();
    let nullable =
        |key: &Vec<usize>| key.iter().any(|&i| fields[i].column.as_ref().is_ok_and(|column| column.nullable));
    let (nullable_keys, keys) = keys(table, &fields).into_iter().partition(nullable);
    Known {
        name: table.name.clone(),
        sql: qualified(&inputs.rules.schema, &draft.plan.target),
        keys,
        nullable_keys,
        single: false,
        rowid: (!table.without_rowid).then_some(table.rowid_column),
        fields,
    }
}

/// Sets of columns in which no two rows are equal, by BINARY.
fn keys(table: &Table, fields: &[Field]) -> Vec<Vec<usize>> {
    let usable = |key: &Vec<usize>| {
        !key.is_empty()
            && key
                .iter()
                .all(|&index| fields[index].column.as_ref().is_ok_and(|column| column.collation == "BINARY"))
    };
    let unique = table.indexes.iter().filter(|index| index.unique && !index.partial);
    let unique = unique.filter(|index| index.keys.iter().all(|key| key.collation == "BINARY"));
    let unique = unique.filter(|index| index.origin != IndexOrigin::PrimaryKey);
    let columns =
        unique.filter_map(|index| index.keys.iter().map(|key| key.column).collect::<Option<Vec<usize>>>());
    std::iter::once(table.primary_key.clone()).chain(columns).filter(usable).collect()
}
