//! Which chunks are copied, in which order, and what the screen hears of it.

use super::account::Account;
use super::active::Active;
use super::copy::{self, Copied, CopySettings, CopyTask};
use super::resume;
use super::tools::Tools;
use crate::error::Error;
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::plan::{TableMode, TablePlan};
use crate::postgres::load::LoadTarget;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Copies every chunk that is left; heavy tables first, so that they do not come last and alone.
pub(super) async fn copy_chunks(
    tools: &Tools,
    actives: &mut [Active],
    account: &mut Account,
) -> Vec<(String, Error)> {
    let tasks = copy_tasks(tools, actives);
    if tasks.is_empty() {
        return Vec::new();
    }
    let started = Instant::now();
    let tables: BTreeSet<&str> = tasks.iter().map(|task| task.table.source.as_str()).collect();
    tools.events.tell(Event::PhaseStarted {
        phase: Phase::Copy,
        tasks: tables.len() as u64,
        rows: tasks.iter().map(|task| task.chunk.rows).sum(),
        bytes: tasks.iter().map(|task| task.chunk.bytes).sum(),
    });
    let times: Arc<Mutex<Vec<(String, f64)>>> = Arc::default();
    let left = LeftChunks::new(&tasks, tools.events.clone());
    let (settings, noted) =
        (CopySettings { jobs: tools.config.jobs, fail_fast: tools.config.fail_fast }, Arc::clone(&times));
    let failures = copy::run(&tools.connector, tasks, &settings, &tools.cancel, move |copied: Copied| {
        left.done(&copied);
        noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((copied.task.table.source.clone(), copied.seconds));
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

fn copy_tasks(tools: &Tools, actives: &[Active]) -> Vec<CopyTask> {
    let mut tasks = Vec::new();
    for active in actives {
        let mut counters: BTreeMap<&str, Arc<TaskCounters>> = BTreeMap::new();
        // One plan for all chunks of a table: there may be thousands.
        let mut plans: BTreeMap<&str, Arc<TablePlan>> = BTreeMap::new();
        let left = resume::left(&active.state, |table| active.is_wanted(table, &tools.config));
        for (name, chunk) in left {
            let Some(table) = active.plan.tables.iter().find(|table| table.source == name) else { continue };
            let chunks = resume::chunks_of(&active.state, name).count();
            tasks.push(CopyTask {
                job: Arc::clone(&active.job),
                table: Arc::clone(plans.entry(&table.source).or_insert_with(|| Arc::new(table.clone()))),
                chunk: chunk.clone(),
                target: LoadTarget {
                    source_id: active.state.source_id,
                    epoch: active.state.epoch,
                    source_table: name.to_owned(),
                    chunk: chunk.index,
                    schema: active.plan.schema.clone(),
                    table: table.target.clone(),
                    columns: sent_columns(table),
                    // A partitioned table takes no FREEZE: it has no rows itself.
                    freeze: chunks == 1
                        && table.mode == TableMode::Create
                        && table.partition.is_none()
                        && !active.is_indexed(name),
                },
                counters: Arc::clone(counters.entry(&table.source).or_default()),
            });
        }
    }
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.table.bytes), task.chunk.index));
    tasks
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
    fn new(tasks: &[CopyTask], events: Events) -> LeftChunks {
        let mut tables: BTreeMap<String, (usize, u64, Instant)> = BTreeMap::new();
        let mut weights: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for task in tasks {
            let name = task.table.source.as_str();
            let entry = tables.entry(name.to_owned()).or_insert((0, 0, Instant::now()));
            entry.0 += 1;
            entry.1 += task.chunk.rows;
            let weight = weights.entry(name).or_default();
            *weight = (weight.0 + task.chunk.rows, weight.1 + task.chunk.bytes);
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
