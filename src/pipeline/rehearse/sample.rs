//! Which rows a probe takes: strips of the largest tables, and some small tables whole.

use crate::assess::Assessed;
use crate::assess::job::Job;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::error::Result;
use crate::limits::{
    PROBE_BYTES_MAX, PROBE_BYTES_MIN, PROBE_PART, PROBE_STRIPS, PROBE_TABLES_MAX, PROBE_WHOLE_BYTES_MAX,
};
use crate::plan::TablePlan;
use crate::sqlite::keys::rowid_range;
use std::sync::Arc;

/// A table, and what of it is measured.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) job: Arc<Job>,
    /// its plan for the schema of the probe
    pub(super) plan: Arc<TablePlan>,
    pub(super) strips: Vec<ChunkSpec>,
}

/// What part of the largest tables is measured: enough bytes to be measured at all, and no more than bounded.
pub(super) fn part(bytes: u64) -> f64 {
    let all = (bytes as f64).max(1.0);
    let least = PROBE_BYTES_MIN as f64 / all;
    let most = PROBE_BYTES_MAX as f64 / all;
    PROBE_PART.max(least).min(most).min(1.0)
}

/// The sample: the largest tables, as many as may be, and of `plans` those made for the probe, one for each of `assessed`.
///
/// # Errors
/// A source fault.
pub(super) fn choose(assessed: &[Assessed], plans: &[crate::plan::Plan]) -> Result<Vec<Sampled>> {
    let pairs = assessed.iter().zip(plans);
    let mut tables: Vec<(&Arc<Job>, &TablePlan)> =
        pairs.flat_map(|(one, plan)| plan.tables.iter().map(move |table| (&one.job, table))).collect();
    tables.sort_by_key(|(_, table)| std::cmp::Reverse(table.bytes));
    let part = part(tables.iter().map(|(_, table)| table.bytes).sum());
    let mut chosen = Vec::new();
    for (job, table) in
        tables.into_iter().filter(|(_, table)| table.partition.is_none()).take(PROBE_TABLES_MAX)
    {
        let Some(strips) = strips(job, table, part)? else { continue };
        chosen.push(Sampled { job: Arc::clone(job), plan: Arc::new(table.clone()), strips });
    }
    Ok(chosen)
}

/// Strips of a table; none where it can neither be cut nor taken whole.
fn strips(job: &Job, table: &TablePlan, part: f64) -> Result<Option<Vec<ChunkSpec>>> {
    let whole = || vec![spec(0, ScanRange::WHOLE)];
    if table.bytes <= PROBE_WHOLE_BYTES_MAX || part >= 1.0 {
        return Ok(Some(whole()));
    }
    let Some(rowid) = table.rowid_name() else { return Ok(None) };
    let span = rowid_range(&*job.source.reader()?, &table.source, rowid)?;
    Ok(span.map(|span| cut(span, part)))
}

/// Strips of equal length at equal distances, the first at the beginning and the last at the end.
fn cut((first, last): (i64, i64), part: f64) -> Vec<ChunkSpec> {
    let span = last.abs_diff(first) as f64;
    let length = (span * part / f64::from(PROBE_STRIPS)).max(1.0);
    let distance = (span - length) / f64::from(PROBE_STRIPS - 1);
    let strip = |i: u32| {
        let lo = first.saturating_add_unsigned((distance * f64::from(i)) as u64);
        spec(i, ScanRange { lo: Some(lo), hi: Some(lo.saturating_add_unsigned(length as u64)) })
    };
    (0..PROBE_STRIPS).map(strip).collect()
}

fn spec(index: u32, range: ScanRange) -> ChunkSpec {
    ChunkSpec { index, range, rows: 0, bytes: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_bounded_on_both_sides() {
        const MIB: u64 = 1024 * 1024;
        assert_eq!(part(1), 1.0);
        assert_eq!(part(100 * PROBE_BYTES_MIN), PROBE_PART);
        assert!((part(2 * PROBE_BYTES_MIN) - 0.5).abs() < 1e-9, "a small file is measured more");
        assert!(part(1_000_000 * MIB) * (1_000_000 * MIB) as f64 <= PROBE_BYTES_MAX as f64 + 1.0);
    }

    #[test]
    fn strips_lie_within_the_table_and_do_not_meet() {
        let strips = cut((-100, 999_900), 0.02);
        assert_eq!(strips.len() as u32, PROBE_STRIPS);
        assert_eq!(strips[0].range.lo, Some(-100));
        let ends: Vec<(i64, i64)> = strips.iter().filter_map(|s| s.range.lo.zip(s.range.hi)).collect();
        assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ends:?}");
        let taken: i64 = ends.iter().map(|(lo, hi)| hi - lo + 1).sum();
        assert!((19_000..=21_000).contains(&taken), "{taken}");
        assert!(ends.last().unwrap().1 <= 999_901);
        cut((i64::MIN, i64::MAX), 0.02);
    }
}
