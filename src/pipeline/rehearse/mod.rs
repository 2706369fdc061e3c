//! `copy --rehearse`: what the migration takes, found by doing it where it harms nobody.
//!
//! The whole of it goes into a scratch database of the embedded server or into a scratch schema of the target and is dropped
//! afterwards, however it ends; a probe copies a sample in transactions that are rolled back. What a real run would refuse
//! is refused first, by the same assessment.

mod extrapolate;
mod forecast;
mod gauge;
mod probe;
mod sample;

use super::account::Account;
use super::around::Around;
use super::begin::{connect, known_sources, missing_rights};
use super::cpu;
use super::run::{self, Ended, caught, copy, end, validate};
use super::tools::Tools;
use crate::assess::{self, Assessed, on_server};
use crate::config::{Config, CreatePolicy};
use crate::error::{Error, ErrorKind, Result};
use crate::finding::Finding;
use crate::ident::qualified;
use crate::outcome::{MeasuredOn, Method, Prediction, RunInfo, RunReport, TableReport};
use crate::plan::{Plan, TableMode};
use crate::postgres::connect::Connector;
use crate::postgres::ledger;
use crate::postgres::measure;
use crate::postgres::scratch::{self, ScratchDatabase, ScratchSchema};
use crate::postgres::watch;
use forecast::Measured;
use gauge::Gauge;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Where a rehearsal takes place.
#[derive(Debug)]
pub enum Place {
    /// in a database of its own on this server
    Embedded {
        /// the server of ours
        server: Connector,
        /// another target is named: it is looked at, and nothing is written there
        is_target_named: bool,
    },
    /// in a schema of its own in the target
    Schema,
    /// a sample of it, in the target
    Probe,
}

/// Rehearses the migration; the report has what it is expected to take.
pub async fn rehearse(tools: &Tools, place: &Place, cores: usize) -> Ended {
    let began = Instant::now();
    let mut ended = match place {
        Place::Embedded { server, is_target_named: true } => match assessed(tools).await {
            Ok(checked) => merge(checked, in_database(tools, server, true, cores).await),
            Err(refused) => *refused,
        },
        Place::Embedded { server, is_target_named: false } => in_database(tools, server, false, cores).await,
        Place::Probe => in_part(tools, cores).await,
        Place::Schema => match assessed(tools).await {
            Ok(checked) => {
                let done = in_schema(tools, &checked.plans, cores).await;
                merge(checked, done)
            }
            Err(refused) => *refused,
        },
    };
    "rehearse".clone_into(&mut ended.report.run.command);
    // An assessment and a run went on, by one clock: told anew, all of it counts from the beginning of the rehearsal.
    tools.events.clock().tell(&mut ended.report, began, cpu::seconds);
    ended.error = ended.error.map(|error| of_rehearsal(tools, error));
    ended.report.error = ended.error.as_ref().map(ToString::to_string);
    ended
}

/// Whether nobody but this process is connected to the server of ours.
///
/// # Errors
/// A target fault.
pub async fn is_unused(server: &Connector) -> Result<bool> {
    let session = server.connect("rehearsal").await?;
    let others = measure::other_sessions(&session).await;
    session.close().await;
    Ok(others? == 0)
}

/// What stands against the migration is found before anything is made. An error has its whole report.
async fn assessed(tools: &Tools) -> std::result::Result<Ended, Box<Ended>> {
    let checked = validate(tools).await;
    if checked.error.is_some() { Err(Box::new(checked)) } else { Ok(checked) }
}

/// Nothing of a rehearsal stays, whatever the error of a run says of going on.
fn of_rehearsal(tools: &Tools, error: Error) -> Error {
    const ANEW: &str = "run the same command again: a rehearsal begins anew";
    match error.kind() {
        kind if tools.cancel.is_asked() => {
            Error::new(kind, "stopped; what was rehearsed is dropped").remedy(ANEW)
        }
        ErrorKind::Target | ErrorKind::Interrupted | ErrorKind::Terminated => error.remedy(ANEW),
        _ => error,
    }
}

async fn in_database(tools: &Tools, server: &Connector, is_target_named: bool, cores: usize) -> Ended {
    let scratch = match ScratchDatabase::make(server, &tools.events).await {
        Ok(scratch) => scratch,
        Err(error) => return failed(error),
    };
    let mut config = fresh(&tools.config);
    if is_target_named {
        // Its tables are not here.
        config.create = CreatePolicy::Auto;
    } else {
        // Nobody has held the plan against it yet.
        config.approved.clone_from(&tools.config.approved);
    }
    let mut ended = whole(tools, scratch.connector(), config, Method::Embedded, cores).await;
    if is_target_named {
        let notes = differing_settings(tools, scratch.connector()).await;
        note(&mut ended, notes);
    }
    dropped(ended, scratch.remove().await, "the next rehearsal drops what this one has left")
}

async fn in_schema(tools: &Tools, plans: &[Plan], cores: usize) -> Ended {
    let scratch = match ScratchSchema::make(&tools.connector, &tools.events).await {
        Ok(scratch) => scratch,
        Err(error) => return failed(error),
    };
    let existing: Vec<&str> = plans
        .iter()
        .flat_map(|plan| &plan.tables)
        .filter(|table| table.mode == TableMode::Existing)
        .map(|table| table.target.as_str())
        .collect();
    let ended = match scratch.make_tables(&tools.config.schema, &existing).await {
        Ok(outside) => {
            let config = Config { schema: scratch.name().to_owned(), ..fresh(&tools.config) };
            let mut ended = whole(tools, &tools.connector, config, Method::Schema, cores).await;
            note(&mut ended, outside_notes(&tools.config.schema, &outside));
            ended
        }
        Err(error) => failed(error),
    };
    let remedy = "the next rehearsal in the target drops what this one has left, and so does `cutover clean`";
    dropped(ended, scratch.remove(&tools.events).await, remedy)
}

/// What is only read, in full; the rest by a sample.
async fn in_part(tools: &Tools, cores: usize) -> Ended {
    let began = Instant::now();
    let mut account = Account::new("rehearse");
    let mut prediction = None;
    let probing = async {
        prediction = Some(try_probe(tools, &mut account, began, cores).await?);
        Ok(())
    };
    let result = tools.until_stopped(caught(probing)).await;
    let mut ended = end(tools, account, result);
    ended.report.prediction = prediction.filter(|_| ended.error.is_none());
    ended
}

async fn try_probe(tools: &Tools, account: &mut Account, began: Instant, cores: usize) -> Result<Prediction> {
    let _watch = watch::start(&tools.connector, &tools.events);
    let around = Around::default();
    let assessed = assess_all(tools, account, &around).await?;
    let backup = forecast::backup_seconds(&account.report);
    account.report.around.backup.clear();
    let plan = (began.elapsed().as_secs_f64() - backup, backup);
    scratch::tidy(&tools.connector, &tools.events).await?;
    let costs = probe::measure(tools, &assessed).await?;
    let report = &account.report;
    let of = |of: fn(&TableReport) -> u64| report.tables.iter().map(of).sum::<u64>();
    let (rows, bytes) = (of(|table| table.rows.source), of(|table| table.bytes));
    let sum = (report.tables.len() as u64, rows, bytes);
    let whole = extrapolate::whole(&costs, sum, tools.config.jobs, cores);
    let target = report.target.clone().unwrap_or_default();
    let on = MeasuredOn {
        host: target.host,
        server_version: target.server_version,
        connections: 1,
        cores: cores as u64,
        seconds: began.elapsed().as_secs_f64(),
        rows: whole.sample_rows,
        bytes: whole.sample_bytes,
        round_trip_ms: costs.round_trip_ms,
        commit_ms: costs.commit_ms,
    };
    Ok(forecast::of_part(whole, on, plan, (rows, bytes)))
}

/// The assessment of a validation, with what a probe needs of it.
async fn assess_all(tools: &Tools, account: &mut Account, around: &Around) -> Result<Vec<Assessed>> {
    let jobs = run::open(tools, account).await?;
    let mut session = connect(tools, account).await?;
    let known = known_sources(&session, tools).await?;
    if jobs.iter().any(|job| known.contains_key(job.path())) {
        // What is laid aside stands against a scratch schema.
        let anew = match ledger::owes(&session).await? {
            true => "--rehearse=embedded rehearses it anew",
            false => "--rehearse=embedded or --rehearse=schema rehearses it anew",
        };
        return Err(Error::refused("the source is copied already, or in part", Vec::new())
            .remedy(format!("`cutover status` tells how far it is; {anew}")));
    }
    around.back_up(tools, &jobs, account).await?;
    let mut assessed =
        tools.cancel.at_once(assess::plan(&mut session, jobs, &tools.config, &tools.events)).await?;
    tools.cancel.at_once(on_server::run(&session, &mut assessed, &tools.config)).await?;
    account.plans(&assessed);
    let missing = missing_rights(&mut session, &assessed, tools).await?;
    assess::refuse_if_needed(&assessed, missing)?;
    session.close().await;
    Ok(assessed)
}

/// The settings of the rehearsal: its plan is held against an approved one where the real target is looked at.
fn fresh(config: &Config) -> Config {
    Config { approved: None, ..config.clone() }
}

/// The whole migration, measured.
async fn whole(tools: &Tools, connector: &Connector, config: Config, method: Method, cores: usize) -> Ended {
    let gauge = Arc::new(Gauge::new());
    let events = tools.events.beside(Arc::<Gauge>::clone(&gauge));
    let schema = config.schema.clone();
    let inner = Tools::new(config, connector.clone(), events, tools.cancel.clone());
    let before = written(connector).await;
    let ticking = gauge::tick(&gauge);
    let mut ended = copy(&inner).await;
    ticking.abort();
    if ended.error.is_none() {
        match measured(&inner, &ended.report, (method, cores), &gauge, &schema, before).await {
            Ok(prediction) => ended.report.prediction = Some(prediction),
            Err(error) => ended.error = Some(error),
        }
    }
    // It is in the window, and nowhere else any more.
    ended.report.around.backup.clear();
    ended
}

/// Bytes of write-ahead log so far; none where nobody tells.
async fn written(connector: &Connector) -> Option<u64> {
    let session = connector.connect("rehearsal").await.ok()?;
    let bytes = measure::wal_bytes(&session).await;
    session.close().await;
    bytes
}

async fn measured(
    tools: &Tools,
    report: &RunReport,
    (method, cores): (Method, usize),
    gauge: &Gauge,
    schema: &str,
    wal_before: Option<u64>,
) -> Result<Prediction> {
    let session = tools.connector.connect("rehearsal").await?;
    let wal_after = measure::wal_bytes(&session).await;
    let wal_bytes = wal_before.zip(wal_after).map(|(before, after)| after.saturating_sub(before));
    let sizes = measure::sizes(&session, schema).await?;
    let round_trip_ms = measure::round_trip_ms(&session).await?;
    let commit_ms = measure::commit_ms(&session).await;
    session.close().await;
    let jobs = tools.config.jobs;
    Ok(forecast::of_whole(
        report,
        gauge,
        &Measured { method, cores, jobs, wal_bytes, sizes, round_trip_ms, commit_ms },
    ))
}

fn failed(error: Error) -> Ended {
    let account = Account::new("rehearse");
    Ended {
        report: account.close(Some(&error), &crate::timing::Clock::default()),
        error: Some(error),
        plans: Vec::new(),
    }
}

/// What could not be dropped is to be known, but weighs less than why the rehearsal ended.
fn dropped(mut ended: Ended, removed: Result<()>, remedy: &str) -> Ended {
    let Err(error) = removed else { return ended };
    let error = error.remedy(remedy);
    ended.error = Some(match ended.error {
        Some(first) => first.and(error.to_string()),
        None => error,
    });
    ended
}

/// The report of the rehearsal, with what was found of the real target.
fn merge(checked: Ended, done: Ended) -> Ended {
    let known: Vec<Finding> = checked.report.findings.clone();
    let new = done.report.findings.iter().filter(|finding| !known.contains(finding)).cloned();
    let mut tables = done.report.tables;
    for table in &mut tables {
        let real = checked.report.tables.iter().find(|real| real.source == table.source);
        if let Some(real) = real {
            table.plan_hash.clone_from(&real.plan_hash);
        }
    }
    let retries = checked.report.run.retries + done.report.run.retries;
    let report = RunReport {
        tables,
        run: RunInfo { retries, ..checked.report.run },
        source: checked.report.source,
        target: checked.report.target,
        plan_hash: checked.report.plan_hash,
        not_carried: checked.report.not_carried,
        findings: known.iter().cloned().chain(new).collect(),
        ..done.report
    };
    Ended { report, error: done.error, plans: checked.plans }
}

fn note(ended: &mut Ended, notes: Vec<String>) {
    if let Some(prediction) = &mut ended.report.prediction {
        prediction.notes.extend(notes);
    }
}

fn outside_notes(schema: &str, keys: &[String]) -> Vec<String> {
    let note = |key: &String| {
        format!("the foreign key {key} leads to a table that is not copied: it was not rehearsed")
    };
    keys.iter().map(|key| note(&qualified(schema, key))).collect()
}

/// In what the target's settings differ from those under which it was measured. A target that does not tell says nothing.
async fn differing_settings(tools: &Tools, measured: &Connector) -> Vec<String> {
    let (Ok(here), Ok(there)) = (settings(measured).await, settings(&tools.connector).await) else {
        return Vec::new();
    };
    let differing = there.iter().filter_map(|(name, there)| {
        let here = here.get(name).filter(|here| *here != there)?;
        Some(format!("{name} is {here} in the embedded server and {there} in the target"))
    });
    differing.collect()
}

async fn settings(connector: &Connector) -> Result<BTreeMap<String, String>> {
    let session = connector.connect("rehearsal").await?;
    let settings = measure::settings(&session).await;
    session.close().await;
    settings
}
