//! What is around the data, looked at by `copy --validate`: host, files, server, link and room; and what the copy would do.

use super::account::Account;
use super::schedule::goes_whole;
use super::tools::Tools;
use crate::assess::job::Job;
use crate::assess::{Assessed, conditions, forecast, host};
use crate::config::{CommitUnit, Config};
use crate::error::Result;
use crate::finding::Severity;
use crate::limits::SMALL_TABLE_BYTES_MAX;
use crate::outcome::{
    Assessment, Environment, Reservation, RunReport, ServerFacts, SourceEnvironment, SpaceForecast,
    TableOutline,
};
use crate::plan::types::Level;
use crate::plan::{ColumnPlan, Plan, TableMode, TablePlan};
use crate::postgres::session::Session;
use crate::postgres::{conditions as server, link};
use std::path::Path;

/// Notes host, files and link: what is known before there is a plan.
///
/// # Errors
/// A target fault.
pub(super) async fn look(
    tools: &Tools,
    session: &Session,
    jobs: &[Job],
    account: &mut Account,
) -> Result<()> {
    let sqlite = jobs.first().map_or("", |job| job.source.facts().sqlite_version.as_str());
    let environment = Environment {
        host: host::facts(sqlite),
        sources: jobs.iter().map(source).collect(),
        link: Some(tools.cancel.at_once(link::measure(session)).await?),
        ..Environment::default()
    };
    account.report.environment = Some(environment);
    Ok(())
}

fn source(job: &Job) -> SourceEnvironment {
    let facts = job.source.facts();
    SourceEnvironment {
        path: job.path().to_owned(),
        bytes: facts.bytes,
        page_bytes: facts.page_size,
        journal_mode: facts.journal_mode.clone(),
        wal_bytes: facts.wal_bytes,
        encoding: job.encoding().to_owned(),
        application_id: facts.application_id,
        user_version: facts.user_version,
        quick_check: "not run".to_owned(),
        orphaned_keys: 0,
        holders: job.source.holders(),
    }
}

/// Notes the server and the room that the plans need, and what is to be known about all of it.
///
/// # Errors
/// A target fault.
pub(super) async fn look_again(
    tools: &Tools,
    session: &Session,
    assessed: &[Assessed],
    account: &mut Account,
) -> Result<()> {
    let config = &tools.config;
    let plans = || assessed.iter().map(|one| &one.plan);
    let tables: Vec<&str> =
        plans().flat_map(|plan| &plan.tables).map(|table| table.target.as_str()).collect();
    let asking = server::facts(session, &config.schema, &tables);
    let mut facts = tools.cancel.at_once(asking).await?;
    facts.is_local = host::is_backend(session.backend_pid(), &session.server_info().database);
    let space = space(plans(), &facts);
    let Some(environment) = account.report.environment.as_mut() else { return Ok(()) };
    for one in assessed {
        let path = one.job.path();
        if let Some(source) = environment.sources.iter_mut().find(|source| source.path == path) {
            note_health(source, &one.plan);
        }
    }
    (environment.server, environment.space) = (Some(facts), Some(space));
    let is_remote = tools.connector.info().is_remote();
    let found = conditions::findings(environment, config.jobs, is_remote);
    found.into_iter().for_each(|finding| account.finding(finding));
    account.report.assessment = Some(outline(assessed, config));
    for table in &mut account.report.tables {
        let outlines = account.report.assessment.iter().flat_map(|assessment| &assessment.tables);
        let outline = outlines.into_iter().find(|outline| outline.source == table.source);
        table.chunks = outline.map_or(0, |outline| outline.chunks);
    }
    Ok(())
}

fn note_health(source: &mut SourceEnvironment, plan: &Plan) {
    let is_noted = plan.findings.iter().any(|finding| finding.code == "W_QUICK_CHECK");
    source.quick_check = if is_noted { "noted" } else { "ok" }.to_owned();
    let keys = plan.tables.iter().flat_map(|table| &table.foreign_keys);
    source.orphaned_keys = keys.filter(|key| key.orphans > 0).count() as u64;
}

/// What is needed, and what is free where the server is on this host.
fn space<'a>(plans: impl Iterator<Item = &'a Plan>, server: &ServerFacts) -> SpaceForecast {
    let is_kept = server.slots.iter().any(|slot| !slot.is_active);
    let kept = server.setting("max_wal_size").and_then(conditions::bytes_of).filter(|_| !is_kept);
    let directory = server.directory.as_deref().filter(|_| server.is_local);
    let free_bytes = directory.and_then(|directory| host::free_bytes(Path::new(directory)));
    SpaceForecast { free_bytes, ..forecast::space(plans, kept) }
}

/// What the copy would do: tables in the order of their rows, as `schedule` has it.
fn outline(assessed: &[Assessed], config: &Config) -> Assessment {
    let all_bytes: u64 = assessed.iter().flat_map(|one| &one.plan.tables).map(|table| table.bytes).sum();
    let of_source = |one: &Assessed| {
        let chunks = |table: &TablePlan| {
            let profiled = one.job.tables().zip(&one.job.profiles);
            let profile = profiled.into_iter().find(|(known, _)| known.name == table.source);
            profile.map_or(1, |(_, profile)| profile.chunks.len() as u64)
        };
        one.plan
            .tables
            .iter()
            .map(|table| of_table(table, chunks(table), all_bytes, config))
            .collect::<Vec<_>>()
    };
    let mut tables: Vec<TableOutline> = assessed.iter().flat_map(of_source).collect();
    tables.sort_by_key(|table| (table.shares_transaction, std::cmp::Reverse(table.bytes)));
    Assessment { tables, ..Assessment::default() }
}

fn of_table(table: &TablePlan, chunks: u64, all_bytes: u64, config: &Config) -> TableOutline {
    let is_created = table.mode == TableMode::Create;
    let is_whole = is_created
        && table.partition.is_none()
        && (chunks == 1 || goes_whole(config, table.bytes, all_bytes));
    let is_small = table.bytes <= SMALL_TABLE_BYTES_MAX;
    TableOutline {
        source: table.source.clone(),
        target: table.target.clone(),
        is_created,
        bytes: table.bytes,
        chunks,
        transactions: if is_whole { 1 } else { chunks },
        shares_transaction: is_whole && is_small && config.commit == CommitUnit::Table,
        is_frozen: is_whole && !is_small,
        reservations: table.columns.iter().filter_map(reservation).collect(),
    }
}

fn reservation(column: &ColumnPlan) -> Option<Reservation> {
    let why = match column.level {
        Level::E0 => return None,
        Level::E1 => "the number is kept and proved; whether it was INTEGER or REAL is not",
        Level::E2 => "the meaning is kept and proved; the spelling is not",
        Level::B => "every number and byte is kept and proved; the storage class of some values is not",
        Level::Loss => "what the configuration changes is not in the target; what it becomes is proved",
    };
    Some(Reservation { column: column.source.clone(), level: column.level.to_string(), why: why.to_owned() })
}

/// Counts everything once more, when all of it is known: would it work?
pub(super) fn judge(report: &mut RunReport, is_refused: bool) {
    let count =
        |severity| report.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    let assessment = Assessment {
        would_work: !is_refused,
        refusals: count(Severity::Refusal),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        not_carried: report.not_carried.len() as u64,
        tables: report.assessment.take().map_or_else(Vec::new, |assessment| assessment.tables),
    };
    report.assessment = Some(assessment);
}
