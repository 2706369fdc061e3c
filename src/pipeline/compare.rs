//! Which tables are compared, and by how many connections at once.

use super::account::Account;
use super::active::Active;
use super::locate::Asked;
use super::resume;
use super::tools::Tools;
use super::verify::{Expected, Verdict, verify_table};
use crate::assess::pool::{Queue, join};
use crate::config::VerifyLevel;
use crate::digest::MultisetDigest;
use crate::error::{Error, Result};
use crate::event::{Event, Phase, TaskCounters};
use crate::outcome::Verify;
use crate::plan::TablePlan;
use crate::postgres::ledger;
use crate::postgres::session::Session;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Reads back and compares every copied table that is not proved yet.
pub(super) async fn verify_tables(
    tools: &Tools,
    control: &Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<Vec<(String, Error)>> {
    let mut tasks = Vec::new();
    for (i, active) in actives.iter().enumerate() {
        for table in &active.plan.tables {
            let name = table.source.as_str();
            let due =
                active.is_wanted(name, &tools.config) && active.is_copied(name) && !active.is_verified(name);
            if due && tools.config.verify != VerifyLevel::Off {
                tasks.push((i, expected(active, name, Arc::new(table.clone()))));
            }
        }
    }
    let verdicts = compare(tools, tasks).await;
    let is_proof = |verify: Verify| verify == Verify::Match && tools.config.verify == VerifyLevel::Checksum;
    for (i, active) in actives.iter().enumerate() {
        for equal in [true, false] {
            let compared = verdicts.iter().filter(|(source, _, _)| *source == i);
            let marked = compared.filter_map(|(_, table, result)| {
                let verdict = result.as_ref().ok()?;
                (is_proof(verdict.verify) == equal).then_some(table.as_str())
            });
            ledger::mark_verified(control, &active.owner(), &marked.collect::<Vec<_>>(), equal).await?;
        }
    }
    let mut failures = Vec::new();
    for (_, table, result) in verdicts {
        match result {
            Ok(verdict) => account.verdict(&table, &verdict),
            Err(error) => failures.push((table, error)),
        }
    }
    Ok(failures)
}

fn expected(active: &Active, name: &str, plan: Arc<TablePlan>) -> Expected {
    let before = active.state.before.iter().find(|(table, _)| table == name);
    let chunks = resume::chunks_of(&active.state, name);
    Expected {
        plan,
        chunks: chunks
            .filter_map(|chunk| {
                Some((chunk.spec.clone(), MultisetDigest::from_bytes(chunk.digest.as_ref()?)?))
            })
            .collect(),
        before: before.and_then(|(_, digest)| MultisetDigest::from_bytes(digest)),
        job: Arc::clone(&active.job),
        recorded: Vec::new(),
    }
}

pub(super) type Compared = (usize, String, Result<Verdict>);

/// Compares tables, as many at once as there are jobs, heaviest first.
pub(super) async fn compare(tools: &Tools, mut tasks: Vec<(usize, Expected)>) -> Vec<Compared> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let started = Instant::now();
    tasks.sort_by_key(|(_, expected)| std::cmp::Reverse(expected.plan.bytes));
    let rows = tasks.iter().map(|(_, expected)| expected.plan.rows).sum();
    let bytes = tasks.iter().map(|(_, expected)| expected.plan.bytes).sum();
    tools.events.tell(Event::PhaseStarted { phase: Phase::Verify, tasks: tasks.len() as u64, rows, bytes });
    let workers = tools.config.jobs.min(tasks.len());
    let asked = Asked::new(tools.config.show_values, tools.events.clone());
    let (queue, results) = (Arc::new(Queue::new(tasks)), Arc::new(Mutex::new(Vec::<Compared>::new())));
    let handles: Vec<_> = (0..workers)
        .map(|number| {
            let (tools, queue, results) = (tools.clone(), Arc::clone(&queue), Arc::clone(&results));
            let asked = asked.clone();
            tokio::spawn(async move { compare_worker(&tools, number, &asked, &queue, &results).await })
        })
        .collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            results.lock().unwrap_or_else(PoisonError::into_inner).push((0, String::new(), Err(error)));
        }
    }
    tools
        .events
        .tell(Event::PhaseFinished { phase: Phase::Verify, seconds: started.elapsed().as_secs_f64() });
    std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn compare_worker(
    tools: &Tools,
    number: usize,
    asked: &Asked,
    queue: &Queue<(usize, Expected)>,
    results: &Mutex<Vec<Compared>>,
) {
    let mut session: Option<Session> = None;
    while let Some((i, expected)) = queue.take() {
        if tools.cancel.is_asked() {
            return;
        }
        let result = tools.cancel.at_once(compare_one(tools, number, asked, &mut session, &expected)).await;
        if result.is_err() {
            session = None;
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).push((
            i,
            expected.plan.source.clone(),
            result,
        ));
    }
    if let Some(session) = session {
        session.close().await;
    }
}

async fn compare_one(
    tools: &Tools,
    number: usize,
    asked: &Asked,
    session: &mut Option<Session>,
    expected: &Expected,
) -> Result<Verdict> {
    let session = match session {
        Some(session) => session,
        None => session.insert(tools.connector.connect(&format!("verify {number}")).await?),
    };
    let (name, counters) = (expected.plan.source.clone(), Arc::new(TaskCounters::default()));
    let (rows, bytes) = (expected.plan.rows, expected.plan.bytes);
    let phase = Phase::Verify;
    tools.events.tell(Event::TaskStarted {
        phase,
        name: name.clone(),
        rows,
        bytes,
        counters: Arc::clone(&counters),
    });
    let verdict =
        verify_table(session, &tools.config.schema, expected, tools.config.verify, asked, &counters).await?;
    tools.events.tell(Event::TaskFinished { phase, name, rows, seconds: verdict.seconds });
    Ok(verdict)
}
