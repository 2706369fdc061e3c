//! Some rows of each table, for a quick look: which they are, and what a plan can know from them alone.

use super::job::Job;
use super::pool;
use super::profile::{profile_of_ranges, profile_table};
use crate::catalog::Table;
use crate::checkpoint::ScanRange;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::TaskCounters;
use crate::sqlite::keys::{count_rows, spread_rowids};
use std::sync::Arc;

/// The rows of one table that are looked at.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// one rowid each; all rows of a table without one
    pub ranges: Vec<ScanRange>,
    /// of the rows in the ranges, every one whose number this divides
    pub stride: u64,
    /// rows of the table
    pub rows: u64,
}

/// Chooses about `rows_max` rows, spread evenly over the table's keys; the same of the same table.
///
/// # Errors
/// A source fault.
pub fn choose(job: &Job, table: &Table, rows_max: u64) -> Result<Chosen> {
    let reader = job.source.reader()?;
    let rows = count_rows(&reader, &table.name, job.filter(&table.name).as_deref())?;
    let Some(rowid) = table.rowid_name() else {
        let stride = rows.div_ceil(rows_max).max(1);
        return Ok(Chosen { ranges: vec![ScanRange::WHOLE], stride, rows });
    };
    let keys = spread_rowids(&reader, &table.name, rowid, rows_max)?;
    let ranges = keys.into_iter().map(|key| ScanRange { lo: Some(key), hi: Some(key) }).collect();
    Ok(Chosen { ranges, stride: 1, rows })
}

/// Profiles every table from its chosen rows; its counts are those of the whole.
pub(super) async fn examine(jobs: Vec<Job>, config: &Config, rows_max: u64) -> Result<Vec<Job>> {
    let shared = Arc::new(jobs);
    let tables: Vec<(usize, usize)> =
        shared.iter().enumerate().flat_map(|(j, job)| job.selected.iter().map(move |&t| (j, t))).collect();
    let (reading, settings) = (Arc::clone(&shared), config.clone());
    let profiles = pool::blocking(config.jobs, tables, move |&(j, t)| {
        let (job, table) = (&reading[j], &reading[j].catalog.tables[t]);
        let chosen = choose(job, table, rows_max)?;
        let by_rowid = table.rowid_name().is_some();
        let mut profile = match by_rowid {
            true => profile_of_ranges(job, table, &settings, &chosen.ranges)?,
            false => profile_table(job, table, &settings, &TaskCounters::default())?,
        };
        profile.rows = chosen.rows;
        Ok(profile)
    });
    let mut profiles = profiles.await?.into_iter();
    let mut jobs = Arc::try_unwrap(shared).map_err(|_| Error::internal("a thread outlived its phase"))?;
    jobs.iter_mut().for_each(|job| job.profiles = profiles.by_ref().take(job.selected.len()).collect());
    Ok(jobs)
}
