//! Tables that are created in partitions: which ones, with which bounds, and what that does to keys, foreign keys and
//! numbers (docs/configuration.md, "Partitions").
//!
//! What PostgreSQL demands is not worked around: a unique key contains the partition column, and what cannot be kept
//! because of that is said before the copy.

use super::columns::is_integer;
use super::draft::{Draft, Inputs, refusal};
use super::names::Names;
use super::ranges::{Range, Span, count, largest_fit, ranges};
use super::types::PgType;
use super::{ColumnPlan, Step, StepKind, TablePlan, ddl};
use crate::catalog::Table;
use crate::catalog::profile::TableProfile;
use crate::config::{Every, PartitionChoice, toml_string};
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::limits::PARTITIONS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First version in which partitions take identities over from their parent; before it, a row that is written into a
/// partition itself would get no number.
const IDENTITY_SINCE: u32 = 170_000;

/// What the values of partition columns span, by source table: of dates in days, of date-times in microseconds, both from
/// 2000-01-01, of integers themselves. A table whose column has no value has no entry, nor one by a `bigint`: the profile
/// knows what those span.
pub type Spans = BTreeMap<String, Span>;

/// How one table is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionPlan {
    /// index in the table's `columns` of the column whose value decides
    pub column: usize,
    /// what one partition holds
    pub every: Every,
    /// the partitions that the data needs, in order; without gaps
    pub ranges: Vec<Range>,
    /// the partition for NULL and everything outside the ranges
    pub default: String,
}

/// The partitions of a table that we create, where the configuration wants them; what stands against it is refused.
pub(super) fn plan(
    inputs: &Inputs<'_>,
    (table, profile): (&Table, &TableProfile),
    plan: &TablePlan,
    names: &mut Names,
    findings: &mut Vec<Finding>,
) -> Option<PartitionPlan> {
    let choice = inputs.rules.settings.table(&table.name).partition?;
    let column = column(plan, &choice, findings)?;
    let pg = plan.columns[column].mapping.pg;
    let span = match pg {
        PgType::Int8 => {
            let facts = table.column_index(&plan.columns[column].source).and_then(|i| profile.columns.get(i));
            facts.and_then(|facts| facts.integer_range).map(|(min, max)| Span { min, max })
        }
        _ => inputs.spans.get(&table.name).copied(),
    };
    let needed = span.map_or(0, |span| count(pg, choice.every, span));
    if needed > PARTITIONS_MAX as u128 {
        findings.push(too_many(plan, column, (choice.every, needed), span));
        return None;
    }
    let named = |mut range: Range| {
        range.name = names.take(&format!("{}_{}", plan.target, range.name));
        range
    };
    let ranges: Vec<Range> =
        span.map_or_else(Vec::new, |span| ranges(pg, choice.every, span)).into_iter().map(named).collect();
    let default = names.take(&format!("{}_default", plan.target));
    let partition = PartitionPlan { column, every: choice.every, ranges, default };
    findings.push(note(plan, &partition));
    Some(partition)
}

/// The column that the table is to be cut by, as planned; what stands against it is refused.
fn column(plan: &TablePlan, choice: &PartitionChoice, findings: &mut Vec<Finding>) -> Option<usize> {
    let named = |(_, column): &(usize, &ColumnPlan)| column.source.eq_ignore_ascii_case(&choice.by);
    let found: Vec<usize> = plan.columns.iter().enumerate().filter(named).map(|(i, _)| i).collect();
    let object = format!("{}.{}", plan.source, choice.by);
    let [column] = found[..] else {
        let message = match found.len() {
            0 => "is not among the columns that travel, and the table is to be partitioned by it",
            _ => "is split into several columns, and the table is to be partitioned by it",
        };
        let finding = refusal("E_PARTITION_TYPE", &object, message.to_owned());
        let other = "partition by another column, or change what becomes of this one";
        findings.push(finding.way(not_partitioned(plan)).or(other));
        return None;
    };
    let planned = &plan.columns[column];
    let wanted = match planned.mapping.pg {
        PgType::Date | PgType::Timestamp(_) | PgType::Timestamptz(_) => {
            (!matches!(choice.every, Every::Period(_)))
                .then_some(("\"month\"", "\"day\", \"week\", \"quarter\" or \"year\""))
        }
        PgType::Int2 | PgType::Int4 | PgType::Int8 => (!matches!(choice.every, Every::Step(_)))
            .then_some(("1_000_000", "another count of numbers that one partition holds")),
        _ => {
            findings.push(wrong_type(plan, planned, &object));
            return None;
        }
    };
    let Some((example, others)) = wanted else { return Some(column) };
    let (pg, every) = (planned.mapping.pg, shown(choice.every));
    let message = format!("is {pg}, and cannot be cut into partitions by every = {every}");
    let finding = refusal("E_PARTITION_STEP", &object, message);
    findings.push(finding.way(cut_by(plan, &choice.by, example)).or(format!("every = {others}")));
    None
}

fn wrong_type(plan: &TablePlan, column: &ColumnPlan, object: &str) -> Finding {
    let message = format!(
        "becomes {} ({}), and the table is to be partitioned by it: ranges are made of dates, date-times and integers",
        column.mapping.pg, column.why
    );
    let typed = |pg| Way::of_column(&plan.source, &column.source, "type", pg);
    refusal("E_PARTITION_TYPE", object, message)
        .way(not_partitioned(plan))
        .way(typed("\"timestamp\""))
        .way(typed("\"date\""))
        .or("partition by another column")
}

fn too_many(plan: &TablePlan, column: usize, (every, needed): (Every, u128), span: Option<Span>) -> Finding {
    let planned = &plan.columns[column];
    let object = format!("{}.{}", plan.source, planned.source);
    let message = format!(
        "would need {needed} partitions with every = {}; more than {PARTITIONS_MAX} are not made",
        shown(every)
    );
    let larger = span.and_then(|span| largest_fit(planned.mapping.pg, every, span));
    let finding = refusal("E_PARTITION_COUNT", &object, message);
    match larger {
        Some(every) => finding.way(cut_by(plan, &planned.source, &shown(every))),
        None => finding
            .way(not_partitioned(plan))
            .or("look for values far from the others in the source, or partition by another column"),
    }
}

/// The same partitions of another size.
fn cut_by(plan: &TablePlan, by: &str, every: &str) -> Way {
    Way::of_table(&plan.source, "partition", &format!("{{ by = {}, every = {every} }}", toml_string(by)))
}

fn not_partitioned(plan: &TablePlan) -> Way {
    Way::of_table(&plan.source, "partition", "false")
}

/// As in the configuration.
fn shown(every: Every) -> String {
    match every {
        Every::Period(_) => format!("\"{every}\""),
        Every::Step(_) => every.to_string(),
    }
}

fn note(plan: &TablePlan, partition: &PartitionPlan) -> Finding {
    let column = &plan.columns[partition.column];
    let zone = if matches!(column.mapping.pg, PgType::Timestamptz(_)) { " in UTC" } else { "" };
    let what = match partition.every {
        Every::Period(_) => format!("one for each {} of \"{}\"{zone}", partition.every, column.source),
        Every::Step(_) => format!("one for each {} numbers of \"{}\"", partition.every, column.source),
    };
    let made = match &partition.ranges[..] {
        [] => "no value to make partitions of".to_owned(),
        [one] => format!("1 partition (\"{}\")", one.name),
        [first, .., last] => {
            format!("{} partitions (\"{}\" to \"{}\")", partition.ranges.len(), first.name, last.name)
        }
    };
    let message = format!(
        "is made in partitions, {what}: {made}, and \"{}\" by default for NULL and values outside, which would be refused without it",
        partition.default
    );
    let fix = "make the partition of a new range before its first row arrives (docs/operations.md)";
    Finding::new("W_PARTITIONED", Severity::Note, plan.source.clone(), message).fix(fix)
}

/// A table that exists is filled as it is.
pub(super) fn refuse_existing(inputs: &Inputs<'_>, plan: &TablePlan, findings: &mut Vec<Finding>) {
    if inputs.rules.settings.table(&plan.source).partition.is_none() {
        return;
    }
    let message = format!(
        "goes into the table \"{}\", which exists already: it is not made anew, and the configured partitions cannot be made",
        plan.target
    );
    let finding = refusal("E_PARTITION_EXISTS", &plan.source, message);
    findings.push(finding.way(not_partitioned(plan)).or("drop or rename the table in the target"));
}

/// Whether the numbers of a partitioned table come from a sequence of our own instead of an identity.
pub(super) fn needs_sequence(inputs: &Inputs<'_>, partition: Option<&PartitionPlan>) -> bool {
    partition.is_some() && inputs.target.server_version_num < IDENTITY_SINCE
}

/// The statements that make the table with its partitions; `create` makes it whole. A sequence of our own comes before it,
/// and belongs to its column in the end, so that it goes when the table goes.
pub(super) fn statements(
    schema: &str,
    table: &Table,
    plan: &TablePlan,
    partition: &PartitionPlan,
    (create, numbers): (&str, ddl::Numbers<'_>),
) -> Vec<Step> {
    let step = |kind, object: &str, sql| Step { kind, object: object.to_owned(), sql };
    let column = quote(&plan.columns[partition.column].target);
    let mut steps =
        vec![step(StepKind::Table, &plan.target, format!("{create}\nPARTITION BY RANGE ({column})"))];
    for range in &partition.ranges {
        let sql = ddl::create_partition(schema, &plan.target, &range.name, Some((&range.from, &range.to)));
        steps.push(step(StepKind::Table, &range.name, sql));
    }
    let sql = ddl::create_partition(schema, &plan.target, &partition.default, None);
    steps.push(step(StepKind::Table, &partition.default, sql));
    let rowid =
        table.rowid_column.and_then(|rowid| plan.columns.get(rowid)).filter(|rowid| is_integer(rowid));
    if let (ddl::Numbers::Sequence { name, qualified: sequence }, Some(rowid)) = (numbers, rowid) {
        let owner = format!("{}.{}", qualified(schema, &plan.target), quote(&rowid.target));
        let create = format!("CREATE SEQUENCE {sequence} AS {}", rowid.mapping.pg);
        steps.insert(0, step(StepKind::Sequence, name, create));
        steps.push(step(StepKind::Sequence, name, format!("ALTER SEQUENCE {sequence} OWNED BY {owner}")));
    }
    steps
}

/// Gives a table its partitions, once its keys are planned: a PRIMARY KEY makes the column NOT NULL, and keys that are tried
/// are tried as they become.
pub(super) fn put(draft: &mut Draft, partition: PartitionPlan) {
    let column = partition.column;
    if draft.plan.post_data.iter().any(|step| step.kind == StepKind::PrimaryKey) {
        draft.plan.columns[column].not_null = true;
    }
    for (_, key) in &mut draft.plan.unique_keys {
        if !key.contains(&column) {
            key.push(column);
        }
    }
    draft.plan.partition = Some(partition);
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
