//! A changed source: finished chunks may stay only if, read again, they give the ledger's digests (semantics.md §4.4).

use crate::assess::job::Job;
use crate::assess::pool;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::digest::{MultisetDigest, RowHasher, table_key};
use crate::error::{Error, Result};
use crate::plan::types::Mapping;
use crate::plan::{Plan, TablePlan};
use crate::postgres::ledger::SourceState;
use crate::sqlite::scan::scan;
use std::sync::Arc;

/// Reads every finished chunk again.
///
/// # Errors
/// A refusal that names the tables whose finished chunks are no longer the same; a source fault.
pub async fn run(job: &Arc<Job>, plan: &Plan, state: &SourceState, jobs: usize) -> Result<()> {
    let mut tasks: Vec<(TablePlan, ChunkSpec, Vec<u8>)> = Vec::new();
    for chunk in &state.chunks {
        let table = plan.tables.iter().find(|table| table.source == chunk.table);
        if let (Some(table), Some(digest)) = (table, &chunk.digest) {
            tasks.push((table.clone(), chunk.spec.clone(), digest.clone()));
        }
    }
    let shared = Arc::clone(job);
    let differing = pool::blocking(jobs, tasks, move |(table, spec, digest)| {
        let now = digest_range(&shared, table, &spec.range)?;
        Ok((now.to_bytes() != digest[..]).then(|| table.source.clone()))
    })
    .await?;
    let mut names: Vec<String> = differing.into_iter().flatten().collect();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let message =
        format!("rows that were copied already have changed in the source, in: {}", names.join(", "));
    Err(Error::refused(message, Vec::new()).remedy("use --restart to begin anew"))
}

/// The digest of one range of the source, by the same canonical form as the copy's.
///
/// # Errors
/// A source fault.
pub fn digest_range(job: &Job, table: &TablePlan, range: &ScanRange) -> Result<MultisetDigest> {
    let mappings: Vec<Mapping> = table.columns.iter().map(|column| column.mapping.clone()).collect();
    let mut hasher = RowHasher::new(table_key(&table.source, mappings.len()));
    let mut digest = MultisetDigest::default();
    let reader = job.source.reader()?;
    scan(&reader, &job.scan_of_plan(table), range, |row| {
        for (i, mapping) in mappings.iter().enumerate() {
            hasher.source_value(row.value(i)?, mapping);
        }
        digest.add(&hasher.finish());
        Ok(())
    })?;
    Ok(digest)
}
