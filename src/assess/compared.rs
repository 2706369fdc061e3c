//! Plans for a comparison of schemas: what a source would become if the tables that exist were not there, in their types.
//!
//! A column of a table that exists may have another type than the one that cutover would give it, and hold every value all
//! the same. Such a difference is none; and what is said of the column (defaults, CHECKs, indexes) is comparable only
//! over the same type. So a source is planned three times: against the target as it is, which tells the types that do
//! not hold its values; against an empty target; and against that once more, with the types that do.

use super::job::Job;
use super::{Ground, claim_names, examine, plan_one, try_rows};
use crate::config::Config;
use crate::error::Result;
use crate::event::Events;
use crate::finding::{Finding, Severity};
use crate::plan::draft::Imposed;
use crate::plan::partition::Spans;
use crate::plan::target::TargetCatalog;
use crate::plan::types::PgType;
use crate::plan::{Plan, TableMode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A source, planned for a comparison.
#[derive(Debug)]
pub struct Compared {
    /// the source
    pub job: Arc<Job>,
    /// what it would become in an empty schema
    pub plan: Plan,
    /// why columns of tables that exist do not hold its values, by source table and column
    pub misfits: BTreeMap<(String, String), Finding>,
    /// columns that the target has in another type than planned, and that hold all values
    pub fitting: Vec<(String, String)>,
}

/// Codes of findings that are about something else than a column's type.
const NOT_OF_TYPES: [&str; 5] =
    ["E_COLUMN_MISSING", "E_NOTNULL", "E_NAME_COLLISION", "E_COLUMN_UNFILLED", "E_FK_ORPHANS"];

/// Plans `jobs` as they would be made in `schema`, a schema that is not there, in the types of `target` where they fit.
///
/// # Errors
/// A source fault.
pub async fn with_target(
    jobs: Vec<Job>,
    config: &Config,
    events: &Events,
    target: &TargetCatalog,
    schema: &str,
) -> Result<Vec<Compared>> {
    let jobs = examine(jobs, config, events).await?;
    let elsewhere = Config { schema: schema.to_owned(), ..config.clone() };
    let empty = TargetCatalog { server_version_num: target.server_version_num, ..TargetCatalog::default() };
    let mut made = empty.clone();
    let (mut claimed, mut compared) = (BTreeMap::new(), Vec::new());
    for job in jobs.into_iter().map(Arc::new) {
        let mut existing = plan_one(&job, target, config, Imposed::new()).await?;
        try_rows(&job, &mut existing, config, target).await?;
        let planned = plan_one(&job, &empty, &elsewhere, Imposed::new()).await?;
        let misfits = misfits(&existing);
        let mut imposed = fitting(&job, &existing, &planned, &misfits, target);
        let fitting = imposed.keys().cloned().collect();
        // An enumerated type, and one of an extension, are not known by their bare names everywhere.
        imposed.retain(|_, partner| !matches!(partner.pg, Some(PgType::Enum | PgType::Citext)));
        let mut plan = plan_one(&job, &made, &elsewhere, imposed).await?;
        let clashes = claim_names(&job, &plan, config, &mut claimed, &mut made);
        plan.findings.extend(clashes);
        try_rows(&job, &mut plan, config, &made).await?;
        compared.push(Compared { job, plan, misfits, fitting });
    }
    Ok(compared)
}

/// Plans `jobs` as if their tables were empty: what their declarations mean, whatever the rows are.
///
/// # Errors
/// A source fault.
pub fn as_declared(mut jobs: Vec<Job>, config: &Config, target: &TargetCatalog) -> Result<Vec<Plan>> {
    let mut made = target.clone();
    let (mut claimed, mut plans) = (BTreeMap::new(), Vec::new());
    for job in &mut jobs {
        job.profiles = job.tables().map(super::profile::empty).collect();
        let mut plan = Ground::of(job, config, Imposed::new())?.plan(job, &made, &Spans::new());
        plan.findings.extend(claim_names(job, &plan, config, &mut claimed, &mut made));
        plans.push(plan);
    }
    Ok(plans)
}

/// The first refusal of each column that is about its type.
fn misfits(existing: &Plan) -> BTreeMap<(String, String), Finding> {
    let mut found = BTreeMap::new();
    let refusals = existing.findings.iter().filter(|finding| finding.severity == Severity::Refusal);
    for finding in refusals.filter(|finding| !NOT_OF_TYPES.contains(&finding.code.as_str())) {
        for table in existing.tables.iter().filter(|table| table.mode == TableMode::Existing) {
            let column = finding.object.strip_prefix(&table.source).and_then(|rest| rest.strip_prefix('.'));
            if let Some(column) = column {
                found.entry((table.source.clone(), column.to_owned())).or_insert_with(|| finding.clone());
            }
        }
    }
    found
}

/// Types of the target that differ from the planned ones and hold every value. A column without a value, whose type would
/// hold anything then, keeps the planned one: whether the two go together is for the comparison to say.
fn fitting(
    job: &Job,
    existing: &Plan,
    planned: &Plan,
    misfits: &BTreeMap<(String, String), Finding>,
    target: &TargetCatalog,
) -> Imposed {
    let mut fitting = Imposed::new();
    for table in existing.tables.iter().filter(|table| table.mode == TableMode::Existing) {
        let Some(there) = target.tables.iter().find(|there| there.name == table.target) else { continue };
        let Some(made) = planned.tables.iter().find(|made| made.source == table.source) else { continue };
        for column in &table.columns {
            let key = (table.source.clone(), column.source.clone());
            let Some(partner) = there.columns.iter().find(|partner| partner.name == column.target) else {
                continue;
            };
            let is_same = made
                .columns
                .iter()
                .any(|made| made.source == column.source && made.mapping.pg == column.mapping.pg);
            let is_named_type = !partner.labels.is_empty() || partner.is_domain;
            if (is_same && !is_named_type) || misfits.contains_key(&key) || !holds_values(job, &key) {
                continue;
            }
            fitting.insert(key, partner.clone());
        }
    }
    fitting
}

fn holds_values(job: &Job, (table, column): &(String, String)) -> bool {
    let facts = job.tables().zip(&job.profiles).find(|(found, _)| found.name == *table);
    let facts = facts.and_then(|(found, facts)| facts.columns.get(found.column_index(column)?));
    facts.is_some_and(|facts| facts.values() > 0)
}
