//! From a sample to the whole. Pure arithmetic; its rules and their limits stand in docs/rehearsal.md.
//!
//! Seconds grow with the rows, those of indexes with rows × log(rows), those of ANALYZE as well, until its own sample is full. What
//! one connection took is then divided among the connections of a run, but never below what the processors of the machine
//! can do, nor below the longest table.

use crate::limits::{ANALYZE_ROWS, PROBE_SCATTER, PROBE_STRAIN};
use crate::outcome::{DiskNeed, TablePrediction};
use crate::plan::TablePlan;

/// What a sample cost.
#[derive(Debug, Default)]
pub(super) struct Costs {
    pub(super) tables: Vec<TableCost>,
    /// seconds on processors, of this process and of the server where it is on this machine
    pub(super) copy_processors: Option<f64>,
    pub(super) finish_processors: Option<f64>,
    pub(super) wal_bytes: Option<u64>,
    pub(super) round_trip_ms: f64,
    pub(super) commit_ms: Option<f64>,
}

/// What the sample of one table cost, in seconds of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct TableCost {
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sample_rows: u64,
    pub(super) prepare: f64,
    pub(super) copy: f64,
    pub(super) verify: f64,
    pub(super) index: f64,
    pub(super) checks: f64,
    pub(super) scan: f64,
    pub(super) analyze: f64,
    /// foreign keys
    pub(super) keys: u64,
    /// of the sample
    pub(super) disk: DiskNeed,
}

/// A foreign key is validated by a join with its parent: about three times as long as one look at every row.
const SCANS_OF_KEY: f64 = 3.0;

impl TableCost {
    pub(super) fn new(plan: &TablePlan) -> TableCost {
        TableCost { name: plan.source.clone(), rows: plan.rows, bytes: plan.bytes, ..TableCost::default() }
    }

    /// How many times the sample the table is.
    fn times(&self) -> f64 {
        if self.sample_rows == 0 { 1.0 } else { self.rows as f64 / self.sample_rows as f64 }
    }

    fn sampled_bytes(&self) -> f64 {
        self.bytes as f64 / self.times()
    }

    /// Seconds of one connection for the whole table: its copy, and everything after it.
    fn whole(&self) -> (f64, f64) {
        let times = self.times();
        let sorting = sorted(self.rows) / sorted(self.sample_rows);
        // ANALYZE sorts what it looks at, each column by itself.
        let [looked_at, sampled] = [self.rows, self.sample_rows].map(|rows| rows.min(ANALYZE_ROWS));
        let analyzing = sorted(looked_at) / sorted(sampled);
        let keys = self.keys as f64 * SCANS_OF_KEY * self.scan;
        let finish = (self.verify + self.checks + keys) * times
            + self.index * sorting
            + self.analyze * analyzing.max(1.0);
        (self.copy * times, finish)
    }

    fn measured_finish(&self) -> f64 {
        self.verify + self.index + self.checks + self.scan + self.analyze
    }
}

/// What sorting so many rows costs, in a unit of its own.
fn sorted(rows: u64) -> f64 {
    let rows = rows.max(2) as f64;
    rows * rows.ln()
}

/// What the whole takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Whole {
    pub(super) prepare: f64,
    pub(super) copy: f64,
    pub(super) finish: f64,
    pub(super) sample_rows: u64,
    pub(super) sample_bytes: u64,
    pub(super) disk: DiskNeed,
    pub(super) wal_bytes: Option<u64>,
    pub(super) tables: Vec<TablePrediction>,
    pub(super) scatter: f64,
}

/// What tables with so many bytes and so many of them take in all, with `jobs` connections on `cores`.
pub(super) fn whole(
    costs: &Costs,
    (tables, rows, bytes): (u64, u64, u64),
    jobs: usize,
    cores: usize,
) -> Whole {
    let seen: f64 = costs.tables.iter().map(|table| table.bytes as f64).sum();
    // Tables that were not sampled are taken to be like those that were.
    let beyond = if seen > 0.0 { (bytes as f64 / seen).max(1.0) } else { 1.0 };
    let lanes = jobs.min(usize::try_from(tables).unwrap_or(usize::MAX)).max(1) as f64;
    let sum = |of: &dyn Fn(&TableCost) -> f64| costs.tables.iter().map(of).sum::<f64>();
    let (copy, finish) = (sum(&|table| table.whole().0) * beyond, sum(&|table| table.whole().1) * beyond);
    let longest = |of: &dyn Fn(&TableCost) -> f64| costs.tables.iter().map(of).fold(0.0, f64::max);
    let divided = |total: f64, longest: f64, sampled: f64, processors: Option<f64>| {
        let least = match processors.filter(|_| sampled > 0.0) {
            Some(spent) => total * (spent / sampled) / cores.max(1) as f64,
            None => 0.0,
        };
        (total / lanes).max(longest).max(least)
    };
    let copy_seconds =
        divided(copy, longest(&|table| table.whole().0), sum(&|table| table.copy), costs.copy_processors);
    // Indexes of one table are made beside each other, so that no table is the longest way.
    let finish_seconds = divided(finish, 0.0, sum(&TableCost::measured_finish), costs.finish_processors);
    let of_sample = sum(&TableCost::sampled_bytes);
    let scale = if of_sample > 0.0 { bytes as f64 / of_sample } else { 1.0 };
    let grown =
        |of: &dyn Fn(&TableCost) -> u64| (sum(&|table| of(table) as f64 * table.times()) * beyond) as u64;
    let prepare = sum(&|table| table.prepare) / costs.tables.len().max(1) as f64 * tables as f64;
    let commits = costs.commit_ms.unwrap_or(costs.round_trip_ms) / 1000.0;
    Whole {
        prepare: prepare + commits,
        copy: copy_seconds * PROBE_STRAIN,
        finish: finish_seconds * PROBE_STRAIN + commits,
        sample_rows: costs.tables.iter().map(|table| table.sample_rows).sum::<u64>().min(rows),
        sample_bytes: (of_sample as u64).min(bytes),
        disk: DiskNeed {
            heap_bytes: grown(&|table| table.disk.heap_bytes),
            index_bytes: grown(&|table| table.disk.index_bytes),
        },
        wal_bytes: costs.wal_bytes.map(|wal| (wal as f64 * scale) as u64),
        tables: costs.tables.iter().map(predicted).collect(),
        scatter: PROBE_SCATTER,
    }
}

fn predicted(cost: &TableCost) -> TablePrediction {
    let (copy, finish) = cost.whole();
    let grown = |bytes: u64| (bytes as f64 * cost.times()) as u64;
    TablePrediction {
        table: cost.name.clone(),
        rows: cost.rows,
        bytes: cost.bytes,
        disk: DiskNeed { heap_bytes: grown(cost.disk.heap_bytes), index_bytes: grown(cost.disk.index_bytes) },
        seconds: copy + finish,
        share: 0.0,
    }
}
