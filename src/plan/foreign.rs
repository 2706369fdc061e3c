//! Foreign keys: both ends mapped together, and everything that cannot be one listed with its reason (semantics.md §3.5).

use super::draft::Draft;
use super::names::Names;
use super::types::{Codec, Level, Mapping, PgType};
use super::{ColumnPlan, ForeignKeyPlan, OrphanProbe, TableMode, ddl, partition_keys};
use crate::catalog::affinity::Affinity;
use crate::catalog::{Catalog, ForeignKey, Table};
use crate::finding::NotCarried;

/// A foreign key whose two ends are known: drafts, and columns as indexes into their plans.
struct Ends {
    child: usize,
    columns: Vec<usize>,
    parent: usize,
    parent_columns: Vec<usize>,
}

/// Brings both ends of every key between created tables to types that PostgreSQL can compare. Widening one key may
/// unsettle another, so it is repeated until nothing changes; each round widens at least one column, so it ends.
pub(super) fn unify_types(catalog: &Catalog, drafts: &mut [Draft]) {
    let mut changed = true;
    while changed {
        changed = false;
        for child in 0..drafts.len() {
            for key in foreign_keys(catalog, drafts, child) {
                let Ok(ends) = ends(catalog, drafts, child, &key) else { continue };
                changed |= unify_key(drafts, &ends);
            }
        }
    }
}

fn foreign_keys(catalog: &Catalog, drafts: &[Draft], child: usize) -> Vec<ForeignKey> {
    catalog.table(&drafts[child].plan.source).map(|table| table.foreign_keys.clone()).unwrap_or_default()
}

fn unify_key(drafts: &mut [Draft], ends: &Ends) -> bool {
    if [ends.child, ends.parent].iter().any(|&i| drafts[i].plan.mode == TableMode::Existing) {
        return false;
    }
    let mut changed = false;
    for (&column, &parent_column) in ends.columns.iter().zip(&ends.parent_columns) {
        let child = drafts[ends.child].plan.columns[column].mapping.clone();
        let parent = drafts[ends.parent].plan.columns[parent_column].mapping.clone();
        if is_comparable(&child, &parent) {
            continue;
        }
        if drafts[ends.child].is_chosen[column] || drafts[ends.parent].is_chosen[parent_column] {
            continue; // what the configuration says is not changed; the key is listed instead
        }
        let common = match drafts[ends.parent].is_identity(parent_column) {
            // An identity stays an integer: the child follows it where it holds nothing else.
            true => drafts[ends.child].holds_only_integers[column].then(|| parent.clone()),
            false => common(&child, &parent),
        };
        if let Some(common) = common {
            changed |= drafts[ends.child].retype(column, &common);
            changed |= drafts[ends.parent].retype(parent_column, &common);
        }
    }
    changed
}

/// PostgreSQL has an equality operator of the parent's index for this pair (semantics.md §3.5, last table).
fn is_comparable(child: &Mapping, parent: &Mapping) -> bool {
    use PgType::{
        Bool, Bytea, Citext, Date, Float8, Int2, Int4, Int8, Json, Numeric, Text, Timestamp, Timestamptz,
        Uuid, Varchar,
    };
    match (parent.pg, child.pg) {
        (Json, _) | (_, Json) => false,
        (Int2 | Int4 | Int8, Int2 | Int4 | Int8) => true,
        (Numeric(_), Int2 | Int4 | Int8 | Numeric(_)) => true,
        (Float8, Int2 | Int4 | Int8 | Numeric(_) | Float8) => true,
        (Text | Varchar(_), Text | Varchar(_) | Citext) => true,
        (Timestamp(_) | Timestamptz(_) | Date, Timestamp(_) | Timestamptz(_) | Date) => true,
        (Citext, Citext) | (Uuid, Uuid) | (Bytea, Bytea) | (Bool, Bool) => true,
        (parent, child) => parent == child,
    }
}

/// The mapping that both ends can take without losing anything.
fn common(child: &Mapping, parent: &Mapping) -> Option<Mapping> {
    let text_only = |mapping: &Mapping| {
        matches!(mapping.codec, Codec::Text | Codec::Date | Codec::Stamp(_) | Codec::Json | Codec::Uuid)
    };
    let integer_only = |mapping: &Mapping| matches!(mapping.codec, Codec::Bool | Codec::Int);
    let number = |mapping: &Mapping| {
        integer_only(mapping) || matches!(mapping.codec, Codec::Number | Codec::NumberByValue)
    };
    if text_only(child) && text_only(parent) {
        Some(Mapping { pg: PgType::Text, codec: Codec::Text })
    } else if integer_only(child) && integer_only(parent) {
        Some(Mapping { pg: PgType::Int8, codec: Codec::Int })
    } else if number(child) && number(parent) {
        let by_value = [child, parent].iter().any(|mapping| mapping.codec == Codec::NumberByValue);
        let codec = if by_value { Codec::NumberByValue } else { Codec::Number };
        Some(Mapping { pg: PgType::Numeric(None), codec })
    } else {
        None
    }
}

impl Draft {
    /// The column takes its numbers from a sequence that we make.
    fn is_identity(&self, column: usize) -> bool {
        let name = &self.plan.columns[column].target;
        self.plan.sequences.iter().any(|sequence| sequence.column == *name)
    }

    /// Gives a column another mapping; tells whether that changed anything.
    fn retype(&mut self, column: usize, mapping: &Mapping) -> bool {
        let plan = &mut self.plan.columns[column];
        if plan.mapping == *mapping {
            return false;
        }
        if mapping.codec == Codec::NumberByValue {
            plan.level = Level::E1;
        }
        plan.mapping = mapping.clone();
        plan.why = format!("{}; the same type at both ends of a foreign key", plan.why);
        true
    }
}

/// Plans the foreign keys of draft `child`; what cannot be carried is listed.
pub(super) fn plan(
    catalog: &Catalog,
    drafts: &[Draft],
    child: usize,
    names: &mut Names,
    not_carried: &mut Vec<NotCarried>,
) -> Vec<ForeignKeyPlan> {
    let mut plans = Vec::new();
    for key in foreign_keys(catalog, drafts, child) {
        match ends(catalog, drafts, child, &key).and_then(|ends| check(catalog, drafts, &ends).map(|()| ends))
        {
            Ok(ends) => plans.push(render(drafts, &ends, &key, names)),
            Err(why) => not_carried.push(left_out(catalog, &drafts[child].plan.source, &key, why)),
        }
    }
    plans
}

pub(super) fn left_out(catalog: &Catalog, child: &str, key: &ForeignKey, why: String) -> NotCarried {
    let columns =
        catalog.table(child).map(|table| crate::ident::quote_list(table.column_names(&key.columns)));
    let columns = columns.unwrap_or_default();
    let parent_columns = crate::ident::quote_list(key.parent_columns.iter().map(String::as_str));
    NotCarried {
        kind: "foreign key".to_owned(),
        name: key.name.clone().unwrap_or_else(|| columns.clone()),
        table: Some(child.to_owned()),
        why,
        sql: format!(
            "FOREIGN KEY ({columns}) REFERENCES {} ({parent_columns})",
            crate::ident::quote(&key.parent)
        ),
    }
}

fn ends(catalog: &Catalog, drafts: &[Draft], child: usize, key: &ForeignKey) -> Result<Ends, String> {
    let parent_table = catalog.table(&key.parent).ok_or("the parent table does not exist in the source")?;
    let parent = drafts
        .iter()
        .position(|draft| draft.plan.source == parent_table.name)
        .ok_or("the parent table is not selected")?;
    let parent_columns = parent_columns(parent_table, key)?;
    if parent_columns.len() != key.columns.len() {
        return Err("child and parent have a different number of columns".to_owned());
    }
    let child_table =
        catalog.table(&drafts[child].plan.source).ok_or("the child table does not exist in the source")?;
    let columns = planned(&drafts[child], child_table, &key.columns)?;
    Ok(Ends {
        child,
        columns,
        parent,
        parent_columns: planned(&drafts[parent], parent_table, &parent_columns)?,
    })
}

/// Where these columns of the table are in its plan. An existing target table may take fewer columns than the source has.
fn planned(draft: &Draft, table: &Table, columns: &[usize]) -> Result<Vec<usize>, String> {
    let position =
        |column: usize| draft.plan.columns.iter().position(|plan| plan.source == table.columns[column].name);
    let found = columns.iter().map(|&column| position(column));
    found.collect::<Option<Vec<usize>>>().ok_or_else(|| "a column of the key does not travel".to_owned())
}

/// The parent's columns; none named means its primary key.
fn parent_columns(parent: &Table, key: &ForeignKey) -> Result<Vec<usize>, String> {
    if key.parent_columns.is_empty() {
        return if parent.primary_key.is_empty() {
            Err("the parent table has no primary key to refer to".to_owned())
        } else {
            Ok(parent.primary_key.clone())
        };
    }
    let found = key.parent_columns.iter().map(|name| parent.column_index(name));
    found.collect::<Option<Vec<usize>>>().ok_or_else(|| "the parent column does not exist".to_owned())
}

fn check(catalog: &Catalog, drafts: &[Draft], ends: &Ends) -> Result<(), String> {
    let (child, parent) = (&drafts[ends.child].plan, &drafts[ends.parent].plan);
    if parent.mode == TableMode::Existing {
        return Err("the parent table exists already and its keys are its own".to_owned());
    }
    for (&column, &parent_column) in ends.columns.iter().zip(&ends.parent_columns) {
        let (column, parent_column) = (&child.columns[column], &parent.columns[parent_column]);
        if !is_comparable(&column.mapping, &parent_column.mapping) {
            return Err(format!(
                "column \"{}\" is {} and its parent \"{}\" is {}: PostgreSQL cannot compare them",
                column.target, column.mapping.pg, parent_column.target, parent_column.mapping.pg
            ));
        }
    }
    let parent_table =
        catalog.table(&parent.source).ok_or("the parent table does not exist in the source")?;
    let child_table = catalog.table(&child.source).ok_or("the child table does not exist in the source")?;
    for (&column, &parent_column) in ends.columns.iter().zip(&ends.parent_columns) {
        let child_end = (child_table, &child.columns[column]);
        keeps_equality(child_end, (parent_table, &parent.columns[parent_column]))?;
    }
    let collation = |&column: &usize| {
        let column = parent_table.column_index(&parent.columns[column].source)?;
        Some(parent_table.columns[column].collation.as_str())
    };
    if ends.parent_columns.iter().any(|column| collation(column) != Some("BINARY")) {
        return Err(
            "the parent column is compared by a collation that PostgreSQL's keys do not have".to_owned()
        );
    }
    if let Some(why) = partition_keys::why_no_parent(parent, &ends.parent_columns) {
        return Err(why);
    }
    if is_unique(parent_table, &drafts[ends.parent], &ends.parent_columns) {
        Ok(())
    } else {
        Err("the parent columns are not unique in the target".to_owned())
    }
}

/// Why a child that has its parent in the source could be without one in the target: forms that show a value's class or
/// spelling keep apart what SQLite's comparison, under the parent's affinity, calls equal; and a change that concerns
/// the parent alone leaves its children behind.
fn keeps_equality(
    (child_table, child): (&Table, &ColumnPlan),
    (parent_table, parent): (&Table, &ColumnPlan),
) -> Result<(), String> {
    if parent.level == Level::Loss && parent.cleanse != child.cleanse {
        return Err(format!(
            "values of the parent column \"{}\" are changed by the configuration, and those of \"{}\" are not, or in another way",
            parent.target, child.target
        ));
    }
    let forms =
        |plan: &ColumnPlan| matches!(plan.mapping.codec, Codec::TextForm | Codec::BytesForm | Codec::Tagged);
    let affinity = |table: &Table, plan: &ColumnPlan| {
        table.column_index(&plan.source).map(|column| table.columns[column].affinity).unwrap_or_default()
    };
    let (of_child, of_parent) = (affinity(child_table, child), affinity(parent_table, parent));
    if !(forms(child) || forms(parent)) || is_one_form(of_child, of_parent) {
        return Ok(());
    }
    let (c, p) = (&child.evidence, &parent.evidence);
    let numbers_meet = (c.integers > 0 && p.reals > 0) || (c.reals > 0 && p.integers > 0);
    let text_meets = match of_parent {
        Affinity::Integer | Affinity::Numeric | Affinity::Real => c.texts > 0 && p.integers + p.reals > 0,
        Affinity::Text => c.integers + c.reals > 0 && p.texts > 0,
        Affinity::Blob => false,
    };
    if numbers_meet || text_meets {
        return Err(format!(
            "values of \"{}\" and its parent \"{}\" that are equal in SQLite may differ as {}",
            child.target, parent.target, parent.mapping.pg
        ));
    }
    Ok(())
}

/// Columns of these affinities store equal numbers in one class and spelling.
fn is_one_form(child: Affinity, parent: Affinity) -> bool {
    let exact = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    (exact(child) && exact(parent)) || (child == parent && child != Affinity::Blob)
}

/// Whether the target will have a plain unique key over exactly these columns.
fn is_unique(table: &Table, draft: &Draft, columns: &[usize]) -> bool {
    let mut wanted: Vec<&str> =
        columns.iter().map(|&column| draft.plan.columns[column].source.as_str()).collect();
    wanted.sort_unstable();
    let same = |key: Vec<usize>| {
        let mut names: Vec<&str> = table.column_names(&key).collect();
        names.sort_unstable();
        names == wanted
    };
    let carried = |name: &str| draft.unique_keys.iter().any(|kept| kept == name);
    if carried("primary key") && same(table.primary_key.clone()) {
        return true;
    }
    table.indexes.iter().any(|index| {
        index.unique
            && !index.partial
            && index.keys.iter().all(|key| key.column.is_some() && key.collation == "BINARY")
            && carried(&index.name)
            && same(index.keys.iter().filter_map(|key| key.column).collect())
    })
}

fn render(drafts: &[Draft], ends: &Ends, key: &ForeignKey, names: &mut Names) -> ForeignKeyPlan {
    let (child, parent) = (&drafts[ends.child].plan, &drafts[ends.parent].plan);
    let targets = |plan: &super::TablePlan, columns: &[usize]| -> Vec<String> {
        columns.iter().map(|&column| plan.columns[column].target.clone()).collect()
    };
    let sources = |plan: &super::TablePlan, columns: &[usize]| -> Vec<String> {
        columns.iter().map(|&column| plan.columns[column].source.clone()).collect()
    };
    let (columns, parent_columns) = (targets(child, &ends.columns), targets(parent, &ends.parent_columns));
    let wanted = key.name.clone().unwrap_or_else(|| format!("{}_{}_fkey", child.target, columns.join("_")));
    let name = names.take(&wanted);
    let text = ddl::ForeignKeyDdl {
        name: &name,
        child: (&child.target, columns.iter().map(String::as_str).collect()),
        parent: (&parent.target, parent_columns.iter().map(String::as_str).collect()),
        on_update: &key.on_update,
        on_delete: &key.on_delete,
        deferrable: key.deferrable,
    };
    let schema = &drafts[ends.child].schema;
    ForeignKeyPlan {
        add: ddl::add_foreign_key(schema, &text),
        validate: Some(ddl::validate(schema, &child.target, &name)),
        drop: None,
        probe: Some(OrphanProbe {
            columns: sources(child, &ends.columns),
            parent: parent.source.clone(),
            parent_columns: sources(parent, &ends.parent_columns),
        }),
        orphans: 0,
        quarantine: false,
        name,
    }
}
