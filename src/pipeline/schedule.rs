//! Which chunks are copied, in which order, and what the screen hears of it.

use super::account::Account;
use super::active::Active;
use super::copy::{Copied, CopyTask};
use super::resume;
use super::together::batches;
use super::tools::Tools;
use super::workers;
use crate::checkpoint::ChunkSpec;
use crate::config::{CommitUnit, Config};
use crate::error::Error;
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::limits::{SMALL_TABLE_BYTES_MAX, WHOLE_TABLE_BYTES_MAX};
use crate::plan::{TableMode, TablePlan};
use crate::postgres::ledger::StepProgress;
use crate::postgres::load::{Fill, LoadTarget};
use crate::timing::TableClock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Copies every chunk that is left; heavy tables first, so that they do not come last and alone.
pub(super) async fn copy_chunks(
    tools: &Tools,
    actives: &mut [Active],
    account: &mut Account,
) -> Vec<(String, Error)> {
    let batches = copy_batches(tools, actives);
    if batches.is_empty() {
        return Vec::new();
    }
    let tasks: Vec<&CopyTask> = batches.iter().flatten().collect();
    let started = Instant::now();
    let tables: BTreeSet<&str> = tasks.iter().map(|task| task.table.source.as_str()).collect();
    tools.events.tell(Event::PhaseStarted {
        phase: Phase::Copy,
        tasks: tables.len() as u64,
        rows: tasks.iter().map(|task| task.rows()).sum(),
        bytes: tasks.iter().map(|task| task.bytes()).sum(),
    });
    let times: Arc<Mutex<Vec<(String, f64)>>> = Arc::default();
    let left = LeftChunks::new(&tasks, tools.events.clone());
    let noted = Arc::clone(&times);
    let failures = workers::run(tools, batches, move |copied: Copied| {
        left.done(&copied);
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push((copied.task.table.source.clone(), copied.seconds));
    })
    .await;
    for (table, seconds) in times.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        account.copied(&table, seconds);
    }
    for (table, _) in &failures {
        for active in actives.iter_mut() {
            active.failed.insert(table.clone());
        }
    }
    tools.events.tell(Event::PhaseFinished { phase: Phase::Copy, seconds: started.elapsed().as_secs_f64() });
    failures
}

/// A table that is not all there yet.
struct Left<'a> {
    active: &'a Active,
    table: Arc<TablePlan>,
    chunks: Vec<ChunkSpec>,
    /// it is ours, no chunk of it is done, and nothing refers to it yet
    is_fresh: bool,
    clock: TableClock,
}

impl Left<'_> {
    fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.bytes).sum()
    }

    /// Chunks that commit together; `fill` says what is in the table before them.
    fn task(&self, chunks: Vec<ChunkSpec>, fill: Fill, counters: &Arc<TaskCounters>) -> CopyTask {
        CopyTask {
            job: Arc::clone(&self.active.job),
            table: Arc::clone(&self.table),
            target: LoadTarget {
                source_id: self.active.state.source_id,
                epoch: self.active.state.epoch,
                source_table: self.table.source.clone(),
                chunks: chunks.iter().map(|chunk| chunk.index).collect(),
                schema: self.active.plan.schema.clone(),
                table: self.table.target.clone(),
                columns: sent_columns(&self.table),
                fill,
            },
            chunks,
            counters: Arc::clone(counters),
            clock: self.clock.clone(),
        }
    }
}

/// What is copied, in order: heavy tables first, so that they do not come last and alone. Tasks of one batch share a
/// transaction.
fn copy_batches(tools: &Tools, actives: &[Active]) -> Vec<Vec<CopyTask>> {
    let left: Vec<Vec<Left<'_>>> = actives.iter().map(|active| left_tables(tools, active)).collect();
    let bytes = left.iter().flatten().map(Left::bytes).sum();
    let mut alone = Vec::new();
    let mut small = Vec::new();
    for of_source in &left {
        let mut shared = Vec::new();
        for left in of_source {
            let tasks = tasks_of(&tools.config, left, bytes);
            let is_small = tools.config.commit == CommitUnit::Table
                && tasks.iter().all(|task| task.target.fill == Fill::Empty);
            if is_small { shared.extend(tasks) } else { alone.extend(tasks) }
        }
        small.extend(batches(shared, tools.config.jobs));
    }
    alone.sort_by_key(|task| (std::cmp::Reverse(task.table.bytes), task.target.chunks.first().copied()));
    let mut all: Vec<Vec<CopyTask>> = alone.into_iter().map(|task| vec![task]).collect();
    all.extend(small);
    all
}

fn left_tables<'a>(tools: &Tools, active: &'a Active) -> Vec<Left<'a>> {
    let plans: BTreeMap<&str, &TablePlan> =
        active.plan.tables.iter().map(|table| (table.source.as_str(), table)).collect();
    // Steps of the table were done before: it is being filled a second time, and others may refer to it by now.
    let indexed = active.state.steps.iter().filter(|step| step.progress == StepProgress::Done);
    let indexed: BTreeSet<&str> = indexed.map(|step| step.table.as_str()).collect();
    let done = active.state.chunks.iter().filter(|chunk| chunk.digest.is_some());
    let begun: BTreeSet<&str> = done.map(|chunk| chunk.table.as_str()).collect();
    let mut chunks: BTreeMap<&str, Vec<ChunkSpec>> = BTreeMap::new();
    for (name, chunk) in resume::left(&active.state, |table| active.is_wanted(table, &tools.config)) {
        chunks.entry(name).or_default().push(chunk.clone());
    }
    let left = chunks.into_iter().filter_map(|(name, chunks)| {
        let table = *plans.get(name)?;
        // A partitioned table takes no FREEZE: it has no rows itself.
        let is_ours = table.mode == TableMode::Create && table.partition.is_none();
        let is_fresh = is_ours && !indexed.contains(name) && !begun.contains(name);
        let clock = tools.events.clock().table(name);
        Some(Left { active, table: Arc::new(table.clone()), chunks, is_fresh, clock })
    });
    left.collect()
}

/// The tasks of one table, of all that is left together `bytes`.
fn tasks_of(config: &Config, left: &Left<'_>, bytes: u64) -> Vec<CopyTask> {
    let counters = Arc::default();
    if left.is_fresh && (left.chunks.len() == 1 || goes_whole(config, left.bytes(), bytes)) {
        let fill = if left.bytes() <= SMALL_TABLE_BYTES_MAX { Fill::Empty } else { Fill::Frozen };
        return vec![left.task(left.chunks.clone(), fill, &counters)];
    }
    let chunks = left.chunks.iter();
    chunks.map(|chunk| left.task(vec![chunk.clone()], Fill::Beside, &counters)).collect()
}

/// Whether a table of several chunks is loaded by one connection in one transaction: unless others would wait for it.
pub(super) fn goes_whole(config: &Config, table_bytes: u64, all_bytes: u64) -> bool {
    let shares = config.jobs as u64;
    config.commit == CommitUnit::Table
        && table_bytes <= WHOLE_TABLE_BYTES_MAX
        && (shares <= 2 || table_bytes <= all_bytes / shares)
}

/// Columns of the stream: not those that the target computes.
fn sent_columns(table: &TablePlan) -> Vec<String> {
    let sent = table.columns.iter().filter(|column| column.generated.is_none());
    sent.map(|column| column.target.clone()).collect()
}

/// Tells the screen when the first chunk of a table begins and the last one ends.
struct LeftChunks {
    events: Events,
    tables: Mutex<BTreeMap<String, (usize, u64, Instant)>>,
}

impl LeftChunks {
    fn new(tasks: &[&CopyTask], events: Events) -> LeftChunks {
        let mut tables: BTreeMap<String, (usize, u64, Instant)> = BTreeMap::new();
        let mut weights: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for task in tasks {
            let name = task.table.source.as_str();
            let entry = tables.entry(name.to_owned()).or_insert((0, 0, Instant::now()));
            entry.0 += 1;
            entry.1 += task.rows();
            let weight = weights.entry(name).or_default();
            *weight = (weight.0 + task.rows(), weight.1 + task.bytes());
        }
        let mut told = BTreeSet::new();
        for task in tasks.iter().filter(|task| told.insert(task.table.source.clone())) {
            let (rows, bytes) = weights.get(task.table.source.as_str()).copied().unwrap_or_default();
            let (name, counters) = (task.table.source.clone(), Arc::clone(&task.counters));
            events.tell(Event::TaskStarted { phase: Phase::Copy, name, rows, bytes, counters });
        }
        LeftChunks { events, tables: Mutex::new(tables) }
    }

    fn done(&self, copied: &Copied) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = tables.get_mut(&copied.task.table.source) else { return };
        entry.0 = entry.0.saturating_sub(1);
        if entry.0 == 0 {
            let name = copied.task.table.source.clone();
            let seconds = entry.2.elapsed().as_secs_f64();
            self.events.tell(Event::TaskFinished { phase: Phase::Copy, name, rows: entry.1, seconds });
        }
    }
}
