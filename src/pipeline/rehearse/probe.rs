//! `--rehearse probe`: everything that is only read is done in full; of what is written, a sample in one transaction that is
//! rolled back. What the whole takes is then calculated ([`super::extrapolate`]).

use super::extrapolate::{Costs, TableCost};
use super::sample::{Sampled, choose};
use crate::assess::{self, Assessed};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::TaskCounters;
use crate::ident::qualified;
use crate::limits::FRAME_QUEUE_DEPTH;
use crate::pipeline::copy::{CopyTask, read_task};
use crate::pipeline::cpu;
use crate::pipeline::tools::Tools;
use crate::pipeline::verify::digest_target;
use crate::plan::TablePlan;
use crate::plan::target::TargetCatalog;
use crate::postgres::load::{Fill, LoadTarget};
use crate::postgres::measure;
use crate::postgres::probe::Probe;
use crate::postgres::scratch;
use crate::timing::TableClock;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Measures what the tables of `assessed` cost in the target.
///
/// # Errors
/// A source or target fault, or the stop.
pub(super) async fn measure(tools: &Tools, assessed: &[Assessed]) -> Result<Costs> {
    let config = Config { schema: scratch::new_name(), ..tools.config.clone() };
    let session = tools.connector.connect("rehearsal").await?;
    let (round_trip_ms, commit_ms) =
        (measure::round_trip_ms(&session).await?, measure::commit_ms(&session).await);
    let empty = TargetCatalog {
        server_version_num: session.server_info().version_num,
        role: session.server_info().user.clone(),
        ..TargetCatalog::default()
    };
    session.close().await;
    let mut plans = Vec::new();
    for one in assessed {
        plans.push(assess::plan_again(&one.job, &empty, &config).await?);
    }
    let chosen = choose(assessed, &plans)?;
    let probe = Probe::begin(&tools.connector, &config.schema).await?;
    let mut costs = sample(tools, &probe, &chosen).await?;
    probe.leave().await?;
    (costs.round_trip_ms, costs.commit_ms) = (round_trip_ms, commit_ms);
    Ok(costs)
}

/// Copies and finishes the sample, as a run would: first all rows, then everything else.
async fn sample(tools: &Tools, probe: &Probe, chosen: &[Sampled]) -> Result<Costs> {
    let mut costs = Costs::default();
    let wal = measure::wal_bytes(probe.session()).await;
    let before = work(probe);
    for one in chosen {
        tools.cancel.check()?;
        let mut cost = TableCost::new(&one.plan);
        make(probe, &one.plan, &mut cost).await?;
        let began = Instant::now();
        cost.sample_rows = fill(probe, one).await?;
        cost.copy = began.elapsed().as_secs_f64();
        costs.tables.push(cost);
    }
    let between = work(probe);
    for (one, cost) in chosen.iter().zip(&mut costs.tables) {
        tools.cancel.check()?;
        finish(probe, &one.plan, cost).await?;
    }
    costs.copy_processors = before.zip(between).map(|(before, after)| after - before);
    costs.finish_processors = between.zip(work(probe)).map(|(before, after)| after - before);
    let after = measure::wal_bytes(probe.session()).await;
    costs.wal_bytes = wal.zip(after).map(|(before, after)| after.saturating_sub(before));
    let sizes = measure::sizes(probe.session(), probe.schema()).await?;
    for (one, cost) in chosen.iter().zip(&mut costs.tables) {
        cost.disk = sizes.get(&one.plan.target).copied().unwrap_or_default();
    }
    Ok(costs)
}

/// Seconds on processors of this process, and of the backend where it is on this machine.
fn work(probe: &Probe) -> Option<f64> {
    let own = cpu::seconds()?;
    let backend = probe.backend_stat().and_then(|stat| cpu::read(&stat));
    Some(own.user + own.system + backend.map_or(0.0, |spent| spent.user + spent.system))
}

async fn make(probe: &Probe, table: &TablePlan, cost: &mut TableCost) -> Result<()> {
    let began = Instant::now();
    for step in &table.pre_data {
        probe.run(&step.sql).await?;
    }
    cost.prepare = began.elapsed().as_secs_f64();
    Ok(())
}

/// Reads the strips and sends them, as a copy does: a thread that reads, and a connection.
async fn fill(probe: &Probe, sampled: &Sampled) -> Result<u64> {
    let task = task(probe, sampled);
    let columns = task.target.columns.clone();
    let (frames, mut received) = mpsc::channel(FRAME_QUEUE_DEPTH);
    let reader = tokio::task::spawn_blocking(move || {
        read_task(&task, &|frame| frames.blocking_send(frame.bytes).map_err(|_| gone()))
    });
    let sent = probe.fill(&sampled.plan.target, &columns, async || received.recv().await).await;
    drop(received);
    let read = reader.await.map_err(|_| crate::panicked::error())?;
    // The sink's error comes first: the reader's is then only that nobody listened any more.
    let rows = sent?;
    read?;
    Ok(rows)
}

fn gone() -> Error {
    Error::internal("the probe stopped taking rows")
}

fn task(probe: &Probe, sampled: &Sampled) -> CopyTask {
    let table = &sampled.plan;
    let sent = table.columns.iter().filter(|column| column.generated.is_none());
    CopyTask {
        job: Arc::clone(&sampled.job),
        table: Arc::clone(table),
        chunks: sampled.strips.clone(),
        target: LoadTarget {
            source_id: 0,
            epoch: 0,
            source_table: table.source.clone(),
            chunks: sampled.strips.iter().map(|strip| strip.index).collect(),
            schema: probe.schema().to_owned(),
            table: table.target.clone(),
            columns: sent.map(|column| column.target.clone()).collect(),
            fill: Fill::Frozen,
        },
        counters: Arc::default(),
        clock: TableClock::default(),
    }
}

/// Reads back, and makes keys, indexes and CHECKs; what a sample cannot be held to, a foreign key, is only weighed.
async fn finish(probe: &Probe, table: &TablePlan, cost: &mut TableCost) -> Result<()> {
    let name = qualified(probe.schema(), &table.target);
    let (counters, clock) = (TaskCounters::default(), TableClock::default());
    let began = Instant::now();
    digest_target(probe.session(), probe.schema(), table, &[], &counters, &clock).await?;
    cost.verify = began.elapsed().as_secs_f64();
    let indexes = Instant::now();
    for step in &table.post_data {
        probe.run(&step.sql).await?;
    }
    cost.index = indexes.elapsed().as_secs_f64();
    cost.keys = table.foreign_keys.len() as u64;
    let scans = Instant::now();
    probe.run(&format!("SELECT count(*) FROM {name}")).await?;
    cost.scan = scans.elapsed().as_secs_f64();
    for check in table.checks.iter().filter(|check| check.violations == 0) {
        probe.run(&check.add).await?;
        probe.run(&check.validate).await?;
    }
    cost.checks = (scans.elapsed().as_secs_f64() - cost.scan).max(0.0);
    let analyzed = Instant::now();
    probe.run(&format!("ANALYZE {name}")).await?;
    cost.analyze = analyzed.elapsed().as_secs_f64();
    Ok(())
}
