//! A changed source: finished chunks may stay only if, read again, they give the ledger's digests (semantics.md §4.4).

use crate::assess::aside::Judge;
use crate::assess::job::Job;
use crate::assess::{follow, large, pool};
use crate::catalog::Generated;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::digest::{ChunkDigests, MultisetDigest, table_key};
use crate::error::{Error, Result};
use crate::finding::NotCarried;
use crate::plan::skip::WHY_SKIPPED;
use crate::plan::types::Mapping;
use crate::plan::{Plan, TablePlan};
use crate::postgres::ledger::SourceState;
use crate::sqlite::scan::scan;
use crate::timing::{Clock, Stage, TableClock};
use std::sync::Arc;

/// A finished chunk's digests: of the rows that were sent, and of those that were set aside.
type Done = (Vec<u8>, Option<Vec<u8>>);

/// Reads the source again: every finished chunk must be what it was, and what is left is counted. Gives the plan with
/// the counts of now.
///
/// # Errors
/// A refusal that names what is no longer the same: columns, or tables with finished chunks; a source fault.
pub async fn run(
    job: &Arc<Job>,
    plan: &Plan,
    state: &SourceState,
    jobs: usize,
    clock: &Clock,
) -> Result<Plan> {
    check_columns(job, plan)?;
    let mut tasks: Vec<(TablePlan, ChunkSpec, Option<Done>)> = Vec::new();
    for chunk in &state.chunks {
        let table = plan.tables.iter().find(|table| table.source == chunk.table);
        if let Some(table) = table {
            let done = chunk.digest.clone().map(|digest| (digest, chunk.set_aside_digest.clone()));
            tasks.push((table.clone(), chunk.spec.clone(), done));
        }
    }
    follow::prepare(job, plan, jobs).await?;
    let (shared, clock) = (Arc::clone(job), clock.clone());
    let read = pool::blocking(jobs, tasks, move |(table, spec, done)| {
        let (now, set_aside) = digest_range(&shared, table, &spec.range, &clock.table(&table.source))?;
        let now_done = (now.to_bytes().to_vec(), kept(&set_aside));
        let same = done.as_ref().is_none_or(|done| now_done == *done);
        Ok((table.source.clone(), now.rows() + set_aside.rows(), same))
    })
    .await?;
    let mut names: Vec<&str> =
        read.iter().filter(|(_, _, same)| !same).map(|(name, _, _)| name.as_str()).collect();
    names.dedup();
    if !names.is_empty() {
        let message =
            format!("rows that were copied already have changed in the source, in: {}", names.join(", "));
        return Err(Error::refused(message, Vec::new()).remedy("use --restart to begin anew"));
    }
    let mut plan = plan.clone();
    for table in &mut plan.tables {
        table.rows = read.iter().filter(|(name, _, _)| *name == table.source).map(|(_, rows, _)| rows).sum();
    }
    Ok(plan)
}

/// The plan has no place for a column that came later: its values would be lost without a word.
fn check_columns(job: &Job, plan: &Plan) -> Result<()> {
    for table in job.tables() {
        let Some(planned) = plan.tables.iter().find(|planned| planned.source == table.name) else { continue };
        let is_skipped = |name: &str| {
            let of_table = |item: &&NotCarried| item.table.as_deref() == Some(table.name.as_str());
            let skipped = plan.not_carried.iter().filter(of_table).filter(|item| item.why == WHY_SKIPPED);
            skipped.into_iter().any(|item| item.name == name)
        };
        let is_computed = |name: &str| {
            let object = format!("{}.{name}", table.name);
            plan.findings.iter().any(|found| found.code == "W_GENERATED_TARGET" && found.object == object)
        };
        let mut travels = table.columns.iter().filter(|column| {
            column.generated != Generated::Virtual && !is_skipped(&column.name) && !is_computed(&column.name)
        });
        let new = travels.find(|column| planned.columns.iter().all(|old| old.source != column.name));
        if let Some(column) = new {
            let message = format!(
                "column \"{}\" of table \"{}\" is not in the plan that the copy was begun with",
                column.name, table.name
            );
            return Err(Error::refused(message, Vec::new()).remedy("use --restart to begin anew"));
        }
    }
    Ok(())
}

/// A digest of rows set aside as the ledger keeps it.
fn kept(set_aside: &MultisetDigest) -> Option<Vec<u8>> {
    (set_aside.rows() > 0).then(|| set_aside.to_bytes().to_vec())
}

/// The digest of one range of the source, by the same canonical form as the copy's, and that of its rows that are set
/// aside and not in it.
///
/// # Errors
/// A source fault.
pub fn digest_range(
    job: &Job,
    table: &TablePlan,
    range: &ScanRange,
    clock: &TableClock,
) -> Result<(MultisetDigest, MultisetDigest)> {
    let mappings: Vec<Mapping> = table.columns.iter().map(|column| column.mapping.clone()).collect();
    let mut digests = ChunkDigests::new(table_key(&table.source, mappings.len()), 1);
    let mut judge = Judge::new(job, table)?;
    let mut number = 0;
    let sampler = clock.sampler(Stage::Read, Stage::Wait);
    let reader = job.source.reader()?;
    scan(&reader, &job.scan_of_plan(table), range, |row| {
        number += 1;
        if judge.as_mut().map_or(Ok(None), |judge| judge.leaves_out(row, number))?.is_some() {
            return Ok(());
        }
        sampler.row();
        large::digest_row(row, &mappings, digests.row())?;
        digests.end_row(0);
        sampler.lap(Stage::Hash);
        Ok(())
    })?;
    Ok((digests.finish_as_one(), judge.map_or(MultisetDigest::default(), |judge| judge.left_out())))
}
