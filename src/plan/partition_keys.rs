//! Keys and foreign keys of tables that are made in partitions: what PostgreSQL demands of them, and what is lost by it.

use super::draft::{Draft, Inputs, warning};
use super::{ForeignKeyPlan, TablePlan, ddl};
use crate::catalog::Table;
use crate::finding::{Finding, NotCarried};
use crate::ident::{quote, quote_list};

/// First version in which a partitioned table can have a foreign key that is not valid (semantics.md §5.6).
pub(super) const NOT_VALID_SINCE: u32 = 180_000;

/// What a unique key of a partitioned table loses, where the partition column had to be added to it.
pub(super) fn adapted_key(
    table: &Table,
    kind: &str,
    (key, column): (&[usize], usize),
    nulls: u64,
) -> Finding {
    let name = |column: usize| table.columns[column].name.as_str();
    let (own, added) = (quote_list(table.column_names(key)), quote(name(column)));
    let consequence = match (kind, nulls) {
        ("PRIMARY KEY", _) if !table.columns[column].not_null => format!("; {added} becomes NOT NULL"),
        (_, 0) => String::new(),
        (_, nulls) => format!("; rows with NULL in {added} ({nulls}) are not kept apart at all"),
    };
    let message = format!(
        "({own}) becomes {kind} ({own}, {added}), since a key of a partitioned table has the partition column in it: \
         the target keeps ({own}) unique for each {added} alone, no longer in the whole table{consequence}"
    );
    let fix = "see to it in the application, or partition by a column of the key";
    warning("W_PARTITION_KEY", &table.name, message).fix(fix)
}

/// Why a partitioned parent cannot be referred to by these of its columns.
pub(super) fn why_no_parent(parent: &TablePlan, columns: &[usize]) -> Option<String> {
    let partition = parent.partition.as_ref().filter(|partition| !columns.contains(&partition.column))?;
    let name = |column: usize| parent.columns[column].target.as_str();
    Some(format!(
        "the parent table is partitioned by {}, so its keys contain that column, and there is no key of ({}) alone to refer to",
        quote(name(partition.column)),
        quote_list(columns.iter().map(|&column| name(column)))
    ))
}

/// The foreign keys of a table with a partitioned table at either end, before PostgreSQL 18: valid at once. A partitioned
/// child takes no other; and of a partitioned parent, VALIDATE would pass over what belongs to its partitions.
pub(super) fn foreign_keys(
    inputs: &Inputs<'_>,
    drafts: &[Draft],
    child: usize,
    keys: Vec<ForeignKeyPlan>,
) -> Vec<ForeignKeyPlan> {
    let is_partitioned = |source: &str| {
        drafts.iter().any(|draft| draft.plan.source == source && draft.plan.partition.is_some())
    };
    let at_once = |key: &ForeignKeyPlan| {
        let parent = key.probe.as_ref().is_some_and(|probe| is_partitioned(&probe.parent));
        inputs.target.server_version_num < NOT_VALID_SINCE
            && (parent || is_partitioned(&drafts[child].plan.source))
    };
    let made = |key: ForeignKeyPlan| match at_once(&key) {
        true => {
            let add = key.add.trim_end_matches(ddl::NOT_VALID).to_owned();
            ForeignKeyPlan { add, validate: None, ..key }
        }
        false => key,
    };
    keys.into_iter().map(made).collect()
}

/// Takes the foreign keys with orphans away that the server would only take if they were valid; and leaves those NOT VALID
/// that it takes so.
pub fn settle_orphans(schema: &str, table: &mut TablePlan) -> Vec<NotCarried> {
    let is_wrong = |key: &ForeignKeyPlan| key.is_valid_at_once() && key.orphans > 0;
    if table.partition.is_none() {
        for key in table.foreign_keys.iter_mut().filter(|key| is_wrong(key)) {
            key.add.push_str(ddl::NOT_VALID);
            key.validate = Some(ddl::validate(schema, &table.target, &key.name));
        }
        return Vec::new();
    }
    let (lost, kept) = std::mem::take(&mut table.foreign_keys).into_iter().partition(is_wrong);
    table.foreign_keys = kept;
    let lost: Vec<ForeignKeyPlan> = lost;
    let listed = lost.into_iter().map(|key| NotCarried {
        kind: "foreign key".to_owned(),
        name: key.name,
        table: Some(table.source.clone()),
        why: format!("rows of the source have no parent, and {ONLY_VALID}"),
        sql: key.add,
    });
    listed.collect()
}

/// Why such a key is not made.
pub const ONLY_VALID: &str =
    "before PostgreSQL 18, a partitioned table takes no foreign key that is not valid";
