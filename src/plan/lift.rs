//! What existing tables have that stands aside during the load, and comes back after it (semantics.md §5.5).

use super::draft::{Draft, Inputs};
use super::partition_keys::NOT_VALID_SINCE;
use super::target::{Relation, TargetForeignKey, TargetTable};
use super::{ForeignKeyPlan, Lift, OrphanProbe, TableMode, TablePlan, ddl};
use crate::ident::{qualified, quote};
use crate::limits::INDEX_DROP_BYTES_MIN;

/// Foreign keys and large plain indexes of existing tables stand aside during the load.
pub(super) fn lift_existing(inputs: &Inputs<'_>, drafts: &mut [Draft]) {
    let sources: Vec<SourceNames> = drafts
        .iter()
        .map(|draft| {
            let columns = draft
                .plan
                .columns
                .iter()
                .map(|column| (column.target.clone(), column.source.clone()))
                .collect();
            (draft.plan.target.clone(), draft.plan.source.clone(), columns)
        })
        .collect();
    for draft in drafts.iter_mut().filter(|draft| draft.plan.mode == TableMode::Existing) {
        let Some(existing) = inputs.target.find_table(&draft.plan.target) else { continue };
        draft.plan.foreign_keys = existing
            .foreign_keys
            .iter()
            .map(|key| {
                let lifted = lift_foreign_key(&draft.schema, &draft.plan, key, &sources);
                if is_valid_at_once(inputs, existing, key) { at_once(lifted) } else { lifted }
            })
            .collect();
        if draft.plan.bytes >= INDEX_DROP_BYTES_MIN && existing.relation == Relation::Table {
            draft.plan.lifted_indexes = existing
                .indexes
                .iter()
                .filter(|index| !index.unique)
                .map(|index| Lift {
                    object: index.name.clone(),
                    drop: format!("DROP INDEX {}", qualified(&draft.schema, &index.name)),
                    restore: index.definition.clone(),
                })
                .collect();
        }
    }
}

/// A partitioned table at either end, before PostgreSQL 18, as for keys of ours (`partition_keys::foreign_keys`).
fn is_valid_at_once(inputs: &Inputs<'_>, child: &TargetTable, key: &TargetForeignKey) -> bool {
    let is_partitioned = |table: &TargetTable| table.relation == Relation::Partitioned;
    let is_here = key.parent.0 == inputs.rules.schema;
    let parent = inputs.target.tables.iter().find(|table| is_here && table.name == key.parent.1);
    inputs.target.server_version_num < NOT_VALID_SINCE
        && (is_partitioned(child) || parent.is_some_and(is_partitioned))
}

fn at_once(key: ForeignKeyPlan) -> ForeignKeyPlan {
    let add = key.add.trim_end_matches(ddl::NOT_VALID).to_owned();
    ForeignKeyPlan { add, validate: None, ..key }
}

/// A table's target and source name, and its columns' target and source names.
type SourceNames = (String, String, Vec<(String, String)>);

fn lift_foreign_key(
    schema: &str,
    plan: &TablePlan,
    key: &TargetForeignKey,
    sources: &[SourceNames],
) -> ForeignKeyPlan {
    let bare = key.definition.trim_end_matches(" NOT VALID");
    let name = quote(&key.name);
    ForeignKeyPlan {
        name: key.name.clone(),
        add: format!(
            "ALTER TABLE {} ADD CONSTRAINT {name} {bare} NOT VALID",
            qualified(schema, &plan.target)
        ),
        validate: key.validated.then(|| ddl::validate(schema, &plan.target, &key.name)),
        drop: Some(ddl::drop_constraint(schema, &plan.target, &key.name)),
        probe: probe(schema, plan, key, sources),
        orphans: 0,
        quarantine: false,
    }
}

/// An existing key in the source's names, where the source has both ends.
fn probe(
    schema: &str,
    plan: &TablePlan,
    key: &TargetForeignKey,
    sources: &[SourceNames],
) -> Option<OrphanProbe> {
    let child =
        sources.iter().find(|(target, source, _)| *target == plan.target && *source == plan.source)?;
    let parent = sources.iter().find(|(target, _, _)| key.parent.0 == schema && key.parent.1 == *target)?;
    let translate = |names: &[(String, String)], wanted: &[String]| -> Option<Vec<String>> {
        wanted
            .iter()
            .map(|name| names.iter().find(|(target, _)| target == name).map(|(_, s)| s.clone()))
            .collect()
    };
    Some(OrphanProbe {
        columns: translate(&child.2, &key.columns)?,
        parent: parent.1.clone(),
        parent_columns: translate(&parent.2, &key.parent_columns)?,
    })
}
