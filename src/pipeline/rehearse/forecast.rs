//! From what was measured to what is expected. Pure arithmetic.

use super::extrapolate::Whole;
use super::gauge::Gauge;
use crate::event::Phase;
use crate::limits::{PREDICTED_TABLES_MAX, SCATTER_BLOCKS_MAX, SCATTER_MIN};
use crate::outcome::{
    DiskNeed, MeasuredOn, Method, PhaseSeconds, Prediction, RunReport, TablePrediction, TableReport, Window,
};
use std::collections::BTreeMap;

/// Nine of ten values of a normal distribution are below its mean and so many standard deviations.
const Z90: f64 = 1.2816;

/// What was measured beside the run itself.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) method: Method,
    pub(super) cores: usize,
    pub(super) jobs: usize,
    pub(super) wal_bytes: Option<u64>,
    /// by target table
    pub(super) sizes: BTreeMap<String, DiskNeed>,
    pub(super) round_trip_ms: f64,
    pub(super) commit_ms: Option<f64>,
}

/// The prediction from a rehearsal of the whole migration: the next run takes what this one took.
pub(super) fn of_whole(report: &RunReport, gauge: &Gauge, measured: &Measured) -> Prediction {
    let seconds = report.run.seconds;
    let scatter = scatter(gauge.scatter());
    let target = report.target.clone().unwrap_or_default();
    let (rows, bytes) = (total(report, |table| table.rows.source), total(report, |table| table.bytes));
    Prediction {
        method: measured.method,
        measured_on: MeasuredOn {
            host: target.host,
            server_version: target.server_version,
            connections: measured.jobs as u64,
            cores: measured.cores as u64,
            seconds,
            rows,
            bytes,
            round_trip_ms: measured.round_trip_ms,
            commit_ms: measured.commit_ms,
        },
        seconds: window(seconds, scatter),
        scatter,
        phases: phases(gauge, seconds, backup_seconds(report)),
        rows,
        bytes,
        disk: disk(measured.sizes.values()),
        wal_bytes: measured.wal_bytes,
        tables: tables(report, &measured.sizes),
        notes: Vec::new(),
    }
}

/// The prediction from a sample.
pub(super) fn of_part(
    whole: Whole,
    on: MeasuredOn,
    (plan, backup): (f64, f64),
    (rows, bytes): (u64, u64),
) -> Prediction {
    let phases = named((plan, backup), whole.prepare, whole.copy, whole.finish);
    let seconds = phases.iter().map(|phase| phase.seconds).sum();
    Prediction {
        method: Method::Probe,
        measured_on: on,
        seconds: window(seconds, whole.scatter),
        scatter: whole.scatter,
        phases,
        rows,
        bytes,
        disk: whole.disk,
        wal_bytes: whole.wal_bytes,
        tables: largest(whole.tables),
        notes: vec![
            "calculated from a sample: full buffers, checkpoints and foreign keys are estimated".to_owned(),
        ],
    }
}

/// Half of the runs take no longer than what was measured; one of ten takes longer than that by its scatter.
pub(super) fn window(seconds: f64, scatter: f64) -> Window {
    Window { p50: seconds, p90: seconds * (1.0 + Z90 * scatter) }
}

/// Scatter of a whole run against another whole run, from that of its ticks: the mean of `n` has it by the root of `n`
/// less, and both runs have it. What disturbs a machine lasts longer than a tick, so that not all of them are independent.
fn scatter((of_tick, ticks): (f64, usize)) -> f64 {
    let independent = ticks.min(SCATTER_BLOCKS_MAX) as f64;
    let of_run = if ticks == 0 { 0.0 } else { of_tick * (2.0 / independent).sqrt() };
    of_run.max(SCATTER_MIN)
}

pub(super) fn disk<'a>(all: impl Iterator<Item = &'a DiskNeed>) -> DiskNeed {
    all.fold(DiskNeed::default(), |sum, one| DiskNeed {
        heap_bytes: sum.heap_bytes + one.heap_bytes,
        index_bytes: sum.index_bytes + one.index_bytes,
    })
}

fn total(report: &RunReport, of: impl Fn(&TableReport) -> u64) -> u64 {
    report.tables.iter().map(of).sum()
}

/// What the backups of the sources took.
pub(super) fn backup_seconds(report: &RunReport) -> f64 {
    report.around.backup.iter().map(|backup| backup.seconds).sum()
}

/// Everything else before the preparation is the plan, everything after the copy the finish.
fn phases(gauge: &Gauge, seconds: f64, backup: f64) -> Vec<PhaseSeconds> {
    let (begin, prepare) = gauge.phase(Phase::Prepare).unwrap_or_default();
    let copy = gauge.phase(Phase::Copy).map_or(0.0, |(_, length)| length);
    named(((begin - backup).max(0.0), backup), prepare, copy, (seconds - begin - prepare - copy).max(0.0))
}

/// The phases of a run in their order; of the backup only where one is made.
pub(super) fn named((plan, backup): (f64, f64), prepare: f64, copy: f64, finish: f64) -> Vec<PhaseSeconds> {
    let all = [("plan", plan), ("backup", backup), ("prepare", prepare), ("copy", copy), ("finish", finish)];
    let made = all.into_iter().filter(|(phase, seconds)| *phase != "backup" || *seconds > 0.0);
    made.map(|(phase, seconds)| PhaseSeconds { phase: phase.to_owned(), seconds }).collect()
}

fn tables(report: &RunReport, sizes: &BTreeMap<String, DiskNeed>) -> Vec<TablePrediction> {
    let one = |table: &TableReport| TablePrediction {
        table: table.source.clone(),
        rows: table.rows.source,
        bytes: table.bytes,
        disk: sizes.get(&table.target).copied().unwrap_or_default(),
        seconds: table.seconds.copy + table.seconds.verify + table.seconds.index,
        share: 0.0,
    };
    largest(report.tables.iter().map(one).collect())
}

/// The largest of all tables, with their share in the work for all.
pub(super) fn largest(mut all: Vec<TablePrediction>) -> Vec<TablePrediction> {
    let work: f64 = all.iter().map(|table| table.seconds).sum();
    for table in &mut all {
        table.share = if work > 0.0 { (table.seconds / work).clamp(0.0, 1.0) } else { 0.0 };
    }
    all.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.table.cmp(&b.table)));
    all.truncate(PREDICTED_TABLES_MAX);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_with_the_scatter() {
        assert_eq!(scatter((0.0, 0)), SCATTER_MIN);
        assert!((scatter((0.2, 2)) - 0.2).abs() < 1e-9);
        assert_eq!(scatter((0.4, 1_000_000)), scatter((0.4, SCATTER_BLOCKS_MAX)), "a long run is not exact");
        let Window { p50, p90 } = window(100.0, 0.1);
        assert_eq!(p50, 100.0);
        assert!((p90 - 112.816).abs() < 1e-9, "{p90}");
    }

    #[test]
    fn shares_are_of_the_work_for_all_tables() {
        let table = |name: &str, bytes, seconds| TablePrediction {
            table: name.to_owned(),
            rows: 1,
            bytes,
            disk: DiskNeed::default(),
            seconds,
            share: 0.0,
        };
        let many = (0..20_u32).map(|i| table(&format!("t{i}"), u64::from(i), 1.0)).collect();
        let listed = largest(many);
        assert_eq!(listed.len(), PREDICTED_TABLES_MAX);
        assert_eq!((listed[0].table.as_str(), listed[0].share), ("t19", 0.05));
        assert_eq!(largest(vec![table("t", 0, 0.0)])[0].share, 0.0);
    }
}
