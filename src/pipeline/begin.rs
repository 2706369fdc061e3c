//! How a run begins: what an earlier run left is taken over, what is new is planned and prepared.

use super::account::Account;
use super::active::{Active, reread};
use super::approved::Guard;
use super::damage;
use super::prepare::{self, Holdings};
use super::restore;
use super::resume::{self, Resume};
use super::reverify;
use super::tools::Tools;
use super::verify::digest_target;
use crate::assess::job::{self, Job};
use crate::assess::{self, Assessed, on_server};
use crate::config::{Config, CreatePolicy, ExistingPolicy};
use crate::counts::plural;
use crate::digest::MultisetDigest;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Phase, TaskCounters};
use crate::failpoint;
use crate::finding::{Finding, Severity, Way};
use crate::limits::EXAMPLES_MAX;
use crate::plan::TableMode;
use crate::plan::select::is_selected;
use crate::postgres::ledger::{self, SourceState};
use crate::postgres::pace;
use crate::postgres::prepare::Preparation;
use crate::postgres::session::Session;
use crate::postgres::{self, fault, inspect, pooler, readback};
use crate::timing::{RunStage, TableClock};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

pub(super) async fn connect(tools: &Tools, account: &mut Account) -> Result<Session> {
    for note in tools.connector.info().notes() {
        tools.events.note(note.clone());
    }
    let _open = tools.events.clock().stage(RunStage::Open);
    let mut attempts = tools.retry.attempts(None);
    // A mistake in an address or a password is to be told at once, and is not tried twice; a server that says that it is
    // starting is the right one.
    let session = loop {
        match tools.cancel.at_once(tools.connector.connect("control")).await {
            Err(error) if fault::is_starting(&error) => attempts.after(error).await?,
            connected => break connected?,
        }
    };
    attempts.succeeded();
    tools.cancel.at_once(pooler::check(&tools.connector, &session)).await?;
    account.target(&session, &tools.connector, &tools.config);
    Ok(session)
}

pub(super) async fn known_sources(session: &Session, tools: &Tools) -> Result<BTreeMap<String, SourceState>> {
    if !ledger::exists(session).await? {
        return Ok(BTreeMap::new());
    }
    let states = ledger::read(session, Some(&tools.config.schema), None).await?;
    Ok(states.into_iter().map(|state| (state.path.clone(), state)).collect())
}

/// Takes over what an earlier run began, and plans and prepares what is new.
pub(super) async fn begin(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<Vec<Active>> {
    let guard = Guard::of(&tools.config, &jobs);
    guard.begin(account)?;
    let has_ledger = ledger::exists(control).await?;
    let mut known = known_sources(control, tools).await?;
    let undone = tools.config.restart && undo(control, &jobs, &mut known).await?;
    let (old, new): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| known.contains_key(job.path()));
    // Before any of them is taken over: a plan that was not approved is refused with nothing written.
    old.iter().filter_map(|job| known.get(job.path())).try_for_each(|state| guard.check(state))?;
    let mut actives = Vec::new();
    for job in old {
        let Some(state) = known.remove(job.path()) else { continue };
        actives.push(take_over(tools, control, job, state, account).await?);
    }
    if !new.is_empty() {
        actives.extend(
            begin_new(tools, control, new, (Ledger { exists: has_ledger, undone }, &guard), account).await?,
        );
    }
    Ok(actives)
}

/// How the ledger stands before new sources are written into it.
#[derive(Debug, Clone, Copy)]
struct Ledger {
    exists: bool,
    /// earlier copies are undone in a transaction that is still open
    undone: bool,
}

/// Undoes what is known of `jobs`, in a transaction that stays open. Tells whether there was anything.
async fn undo(control: &Session, jobs: &[Job], known: &mut BTreeMap<String, SourceState>) -> Result<bool> {
    let mut statements = Vec::new();
    for state in jobs.iter().filter_map(|job| known.remove(job.path())) {
        statements.extend(prepare::undo(&state, &damage::plan_to_restart(&state)?)?);
    }
    if !statements.is_empty() {
        postgres::prepare::undo(control, &statements).await.map_err(say_depended_on)?;
    }
    Ok(!statements.is_empty())
}

/// SQLSTATE `dependent_objects_still_exist`.
const DEPENDED_ON: &str = "2BP01";

/// Views of others that are made of our tables are not ours to drop.
fn say_depended_on(error: Error) -> Error {
    match fault::server_error(&error) {
        Some(server) if server.sqlstate == DEPENDED_ON => {
            Error::refused("something that this tool did not make depends on a table that it made", Vec::new())
                .cause(error)
                .remedy("drop it first, a view as a rule (\\d+ in psql shows what a view is made of), and make it again afterwards")
        }
        _ => error,
    }
}

async fn take_over(
    tools: &Tools,
    control: &Session,
    job: Job,
    state: SourceState,
    account: &mut Account,
) -> Result<Active> {
    damage::refuse(&state)?;
    let mut plan = resume::stored_plan(&state)?;
    resume::check_selected(&state, &plan, &job)?;
    let job = Arc::new(job);
    let how = resume::check(&state, &tools.config, job.fingerprint())?;
    if how == Resume::Reverify {
        let _reread = tools.events.clock().stage(RunStage::Reread);
        tools.events.note("the source has changed: reading every finished chunk again");
        plan = tools
            .cancel
            .at_once(reverify::run(&job, &plan, &state, tools.config.jobs, tools.events.clock()))
            .await?;
        let plan_json = prepare::plan_json(&plan)?;
        ledger::set_fingerprint(control, state.source_id, job.fingerprint(), &plan_json).await?;
    }
    let done = state.chunks.iter().filter(|chunk| chunk.digest.is_some()).count() as u64;
    let run = &mut account.report.run;
    run.resumed_from = Some(run.resumed_from.unwrap_or(0) + done);
    let config = &tools.config;
    // The run that planned may have been one without --freeze.
    let told = |finding: &&Finding| job::is_of_use(finding, config);
    let warnings: Vec<Finding> = plan.findings.iter().filter(told).cloned().collect();
    account.plan(job.path(), &plan, &warnings);
    account.keep_tables(|table| is_selected(table, config));
    let epoch = if state.finished {
        state.epoch
    } else {
        let epoch = ledger::take_over(control, state.source_id, &account.run_id()).await?;
        if let Some(expected) = prepare::prediction_json(config)? {
            pace::set_prediction(control, state.source_id, &expected).await?;
        }
        epoch
    };
    let state = SourceState { epoch, ..state };
    let aside = restore::lay_aside_again(control, &state, epoch, &plan, config).await?;
    let mut active = Active { job, plan: Arc::new(plan), state, failed: BTreeSet::new() };
    if aside {
        active.state = reread(control, &active).await?;
    }
    Ok(active)
}

async fn begin_new(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    (ledger_now, guard): (Ledger, &Guard<'_>),
    account: &mut Account,
) -> Result<Vec<Active>> {
    let config = &tools.config;
    let mut assessed = tools.cancel.at_once(assess::plan(control, jobs, config, &tools.events)).await?;
    tools.cancel.at_once(on_server::run(control, &mut assessed, config)).await?;
    guard.compare(&mut assessed);
    account.plans(&assessed);
    assess::refuse_if_needed(&assessed, missing_rights(control, &assessed, tools).await?)?;
    let started = Instant::now();
    tools.events.tell(Event::PhaseStarted { phase: Phase::Prepare, tasks: 0, rows: 0, bytes: 0 });
    let mut sources = Vec::new();
    for one in &assessed {
        let before = tools.cancel.at_once(digest_before(control, one, config)).await?;
        let holdings = Holdings { before, emptied: emptied(control, one, config).await? };
        sources.push(prepare::new_source(one, holdings, config, &account.run_id())?);
    }
    let create_schema = assessed.iter().any(|one| one.plan.create_schema).then(|| config.schema.clone());
    let preparation = Preparation {
        create_ledger: !ledger_now.exists,
        create_schema,
        sources,
        after_undo: ledger_now.undone,
    };
    failpoint::target(failpoint::BEFORE_PREPARE)?;
    postgres::prepare::run(control, &preparation, tools.connector.run_label()).await?;
    failpoint::target(failpoint::AFTER_PREPARE)?;
    tools
        .events
        .tell(Event::PhaseFinished { phase: Phase::Prepare, seconds: started.elapsed().as_secs_f64() });
    let mut actives = Vec::new();
    for one in assessed {
        let state = ledger::read_own(control, &config.schema, one.job.path()).await?;
        actives.push(Active { job: one.job, plan: Arc::new(one.plan), state, failed: BTreeSet::new() });
    }
    Ok(actives)
}

/// Rights that preparing needs and the role does not have, asked for before anything is written.
pub(super) async fn missing_rights(
    session: &mut Session,
    assessed: &[Assessed],
    tools: &Tools,
) -> Result<Vec<Finding>> {
    let creates =
        assessed.iter().flat_map(|one| &one.plan.tables).any(|table| table.mode == TableMode::Create);
    let needs_schema =
        assessed.iter().any(|one| one.plan.create_schema) && tools.config.create == CreatePolicy::Auto;
    inspect::missing_rights(session, &tools.config.schema, creates, needs_schema).await
}

/// What existing tables hold that keep their rows: subtracted from what is read back later.
async fn digest_before(
    session: &Session,
    one: &Assessed,
    config: &Config,
) -> Result<Vec<(String, [u8; 40])>> {
    let mut before = Vec::new();
    if config.existing == ExistingPolicy::Append {
        for table in one.plan.tables.iter().filter(|table| one.holding_rows.contains(&table.target)) {
            readback::begin_snapshot(session).await?;
            let (counters, clock) = (TaskCounters::default(), TableClock::default());
            let found = digest_target(session, &config.schema, table, &[], &counters, &clock).await?;
            readback::end_snapshot(session).await?;
            before.push((table.source.clone(), found.chunks[0].to_bytes()));
        }
    }
    Ok(before)
}

/// Tables to be emptied first; by DELETE where an empty table of others refers to them, since TRUNCATE refuses that.
async fn emptied(session: &mut Session, one: &Assessed, config: &Config) -> Result<Vec<(String, bool)>> {
    let mut emptied = Vec::new();
    if config.existing == ExistingPolicy::Truncate {
        for name in &one.holding_rows {
            let children = inspect::referencing_tables(session, &config.schema, name).await?;
            let ours = |child: &inspect::ReferencingTable| {
                child.schema == config.schema
                    && one.plan.tables.iter().any(|table| table.target == child.table)
            };
            emptied.push((name.clone(), !children.iter().all(ours)));
        }
    }
    Ok(emptied)
}

/// A table that was copied and is empty now was emptied by somebody: it is copied again where it is asked for by name.
/// One that is asked for by name and holds another number of rows than were copied is not touched, and that is said.
pub(super) async fn reopen_emptied(
    tools: &Tools,
    control: &mut Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<()> {
    let by_name = !tools.config.tables.is_empty();
    for active in actives.iter_mut() {
        let emptied = emptied_since(tools, control, active).await?;
        if by_name {
            check_counts(tools, control, active, &emptied, account).await?;
        }
        if emptied.is_empty() {
            continue;
        }
        if !by_name {
            emptied.iter().for_each(|table| account.lost_rows(table, 0));
            let message = format!("copied earlier, and empty now: {}", emptied.join(", "));
            let error = Error::new(ErrorKind::Differs, message);
            return Err(error.remedy("copy them again by name: --table NAME"));
        }
        for table in &emptied {
            tools
                .events
                .note(format!("table \"{table}\" was copied earlier and is empty now: it is copied again"));
            ledger::reopen_table(control, active.state.source_id, table).await?;
        }
        let epoch = ledger::take_over(control, active.state.source_id, &account.run_id()).await?;
        active.state = reread(control, active).await?;
        active.state.epoch = epoch;
    }
    Ok(())
}

/// Selected tables, all of whose chunks are committed with at least one row among them: source and target name, and rows.
fn filled_tables(tools: &Tools, active: &Active) -> Vec<(String, String, u64)> {
    let copied = active
        .plan
        .tables
        .iter()
        .filter(|table| is_selected(&table.source, &tools.config) && active.is_copied(&table.source));
    let with_rows = copied.map(|table| {
        let digests =
            resume::chunks_of(&active.state, &table.source).filter_map(|chunk| chunk.digest.as_deref());
        let rows = digests.filter_map(MultisetDigest::from_bytes).map(|digest| digest.rows()).sum();
        (table.source.clone(), table.target.clone(), rows)
    });
    with_rows.filter(|(_, _, rows)| *rows > 0).collect()
}

async fn emptied_since(tools: &Tools, control: &mut Session, active: &Active) -> Result<Vec<String>> {
    let filled = filled_tables(tools, active);
    let names: Vec<&str> = filled.iter().map(|(_, target, _)| target.as_str()).collect();
    let held = inspect::tables_with_rows(control, &active.plan.schema, &names).await.map_err(say_dropped)?;
    let emptied = filled.iter().zip(held).filter(|(_, held)| !held);
    Ok(emptied.map(|((source, _, _), _)| source.clone()).collect())
}

/// Whether what was copied is still there, of a run that only looks; `copy --migrate` ends for the same reasons.
pub(super) async fn still_there(tools: &Tools, session: &mut Session, active: &Active) -> Result<()> {
    let emptied = emptied_since(tools, session, active).await?;
    if emptied.is_empty() || !tools.config.tables.is_empty() {
        return Ok(());
    }
    let message = format!("copied earlier, and empty now: {}", emptied.join(", "));
    let named = |finding: Finding, table: &String| finding.way(Way::option("table", table));
    let reason = Finding::new(GONE, Severity::Refusal, emptied.join(", "), &message);
    let reason = emptied.iter().take(EXAMPLES_MAX).fold(reason, named);
    Err(Error::refused(message, vec![reason]).remedy("copy them again by name: --table NAME"))
}

/// The code for what was copied and is there no more.
const GONE: &str = "E_COPY_GONE";

/// SQLSTATE `undefined_table`.
const UNDEFINED_TABLE: &str = "42P01";

/// A table that was copied and is not there any more cannot be resumed into.
fn say_dropped(error: Error) -> Error {
    match fault::server_error(&error) {
        Some(server) if server.sqlstate == UNDEFINED_TABLE => {
            let what = "a table that was copied earlier is not in the target any more";
            let reason = Finding::new(GONE, Severity::Refusal, "target", what);
            Error::refused(what, vec![reason.way(Way::Option("--restart".to_owned()))])
                .cause(error)
                .remedy("copy anew with --restart")
        }
        _ => error,
    }
}

/// Counts the tables that were asked for by name, but not those that are empty.
async fn check_counts(
    tools: &Tools,
    control: &Session,
    active: &Active,
    emptied: &[String],
    account: &mut Account,
) -> Result<()> {
    for (source, target, copied) in filled_tables(tools, active) {
        let before = active.state.before.iter().find(|(table, _)| *table == source);
        let before = before
            .and_then(|(_, digest)| MultisetDigest::from_bytes(digest))
            .map_or(0, |digest| digest.rows());
        if emptied.contains(&source) {
            continue;
        }
        let held = readback::count(control, &active.plan.schema, &target).await?;
        if held != copied + before {
            account.lost_rows(&source, held.saturating_sub(before));
            let message = format!(
                "table \"{source}\" was copied earlier with {} and holds {held} now",
                plural(copied, "row")
            );
            return Err(Error::new(ErrorKind::Differs, message)
                .remedy("`cutover verify` names the difference; empty the table to copy it again by name"));
        }
    }
    Ok(())
}
