//! The story of a run: open, plan or resume, prepare, copy, verify, finish.

use super::account::Account;
use super::cancel::Cancel;
use super::copy::{self, Copied, CopySettings, CopyTask};
use super::finish::{self, Finishing};
use super::job::Job;
use super::pool::Queue;
use super::prepare::{self, Fresh, plan_hash};
use super::resume::{self, Resume};
use super::reverify;
use super::verify::{Expected, Verdict, digest_target, verify_table};
use crate::assess::{self, Assessed};
use crate::config::{Config, CreatePolicy, ExistingPolicy, VerifyLevel};
use crate::digest::MultisetDigest;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Events, Phase, TaskCounters};
use crate::finding::{Finding, Severity};
use crate::limits::GOODBYE_WAIT;
use crate::outcome::{RunReport, Verify};
use crate::plan::select::is_selected;
use crate::plan::{Plan, StepKind, TableMode};
use crate::postgres::connect::Connector;
use crate::postgres::ledger::{self, SourceState, StepProgress, StepState};
use crate::postgres::load::LoadTarget;
use crate::postgres::session::Session;
use crate::postgres::step::{self, StepOwner};
use crate::postgres::{inspect, readback};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What a run works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// the settings
    pub config: Config,
    /// the way to the target
    pub connector: Connector,
    /// the screen
    pub events: Events,
    /// the stop button
    pub cancel: Cancel,
}

/// How a run ended: the report, whose outcome and exit code the caller fills in, and the error if there was one.
#[derive(Debug)]
pub struct Ended {
    /// the report
    pub report: RunReport,
    /// what ended the run
    pub error: Option<Error>,
}

fn end(account: Account, result: Result<()>) -> Ended {
    let error = result.err();
    Ended { report: account.close(error.as_ref()), error }
}

/// Plans and checks everything, and writes nothing anywhere.
pub async fn validate(tools: &Tools) -> Ended {
    let mut account = Account::new("validate");
    let result = try_validate(tools, &mut account).await;
    end(account, result)
}

async fn try_validate(tools: &Tools, account: &mut Account) -> Result<()> {
    let jobs = open(tools, account).await?;
    let mut session = connect(tools, account).await?;
    let known = known_sources(&session, tools).await?;
    for job in &jobs {
        if let Some(state) = known.get(job.path()) {
            account.finding(known_finding(state));
        }
    }
    let fresh = jobs.into_iter().filter(|job| !known.contains_key(job.path())).collect();
    let assessed =
        tools.cancel.bound(assess::plan(&mut session, fresh, &tools.config, &tools.events)).await?;
    check_creation(&mut session, &assessed, tools, account).await?;
    note_plans(&assessed, account);
    refuse_if_needed(&assessed)
}

fn known_finding(state: &SourceState) -> Finding {
    let done = state.chunks.iter().filter(|chunk| chunk.digest.is_some()).count();
    let message = if state.finished {
        "is copied already: copy --migrate would change nothing".to_owned()
    } else {
        format!("is copied in part ({done} of {} chunks): copy --migrate would resume", state.chunks.len())
    };
    Finding::new("W_KNOWN_SOURCE", Severity::Note, state.path.clone(), message)
}

/// Copies, verifies and finishes; run again, it resumes.
pub async fn copy(tools: &Tools) -> Ended {
    let mut account = Account::new("copy");
    let result = try_copy(tools, &mut account).await;
    end(account, result)
}

async fn try_copy(tools: &Tools, account: &mut Account) -> Result<()> {
    let jobs = open(tools, account).await?;
    let mut control = connect(tools, account).await?;
    ledger::take_lock(&control).await?;
    let mut actives = begin(tools, &mut control, jobs, account).await?;
    reopen_emptied(tools, &mut control, &mut actives).await?;
    if actives.iter().all(|active| active.is_complete(&tools.config)) {
        return already_done(tools, &actives, account);
    }
    let result = carry_out(tools, &control, &mut actives, account).await;
    record_end(tools, &control, &actives, result.as_ref().err()).await?;
    result
}

/// Everything after the preparation: what is left of copying, verifying and finishing.
async fn carry_out(
    tools: &Tools,
    control: &Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<()> {
    let mut failures = copy_chunks(tools, actives, account).await;
    tools.cancel.check()?;
    if let Some(fenced) = failures.iter().position(|(_, error)| error.kind() == ErrorKind::Busy) {
        return Err(failures.swap_remove(fenced).1);
    }
    refresh(control, actives).await?;
    failures.extend(verify_tables(tools, control, actives, account).await?);
    tools.cancel.check()?;
    failures.extend(finish_tables(tools, control, actives, account).await?);
    tools.cancel.check()?;
    refresh(control, actives).await?;
    for active in actives.iter() {
        account.ledger_of(active);
    }
    summarise(failures, account)
}

/// One error for all that failed; a difference weighs most, because it must never be followed by success.
fn summarise(failures: Vec<(String, Error)>, account: &Account) -> Result<()> {
    if account.differs() {
        let tables = account.report.tables.iter().filter(|table| table.verify == Verify::Differs);
        let names: Vec<&str> = tables.map(|table| table.source.as_str()).collect();
        let message = format!("the target differs from the source in: {}", names.join(", "));
        return Err(Error::new(ErrorKind::Differs, message).remedy(
            "the report names the chunks; copy again with --restart, or compare again with `cutover verify`",
        ));
    }
    let count = failures.len();
    let mut failures = failures.into_iter();
    let Some((_, first)) = failures.next() else { return Ok(()) };
    if count == 1 {
        return Err(first);
    }
    let others: Vec<String> = failures.map(|(_, error)| error.to_string()).collect();
    let mut error = Error::new(
        first.kind(),
        format!("{count} problems; first: {first}; then: {}", others.join("; then: ")),
    );
    if let Some(remedy) = first.remedy_text() {
        error = error.remedy(remedy);
    }
    Err(error)
}

/// A source under way: its file, its plan, and what the ledger knows.
#[derive(Debug)]
struct Active {
    job: Arc<Job>,
    plan: Arc<Plan>,
    state: SourceState,
    failed: BTreeSet<String>,
    /// the profile's counts still describe the source
    counts_hold: bool,
}

impl Active {
    fn is_wanted(&self, table: &str, config: &Config) -> bool {
        is_selected(table, config)
    }

    fn is_copied(&self, table: &str) -> bool {
        !self.failed.contains(table)
            && resume::chunks_of(&self.state, table).all(|chunk| chunk.digest.is_some())
    }

    fn is_verified(&self, table: &str) -> bool {
        resume::chunks_of(&self.state, table).all(|chunk| chunk.verified)
    }

    /// Nothing is left to do of what is selected.
    fn is_complete(&self, config: &Config) -> bool {
        let wanted = |table: &str| self.is_wanted(table, config);
        let copied = self
            .state
            .chunks
            .iter()
            .filter(|chunk| wanted(&chunk.table))
            .all(|chunk| chunk.digest.is_some() && (chunk.verified || config.verify == VerifyLevel::Off));
        let stepped = self.state.steps.iter().filter(|step| wanted(&step.table));
        copied && stepped.clone().all(|step| step.progress != StepProgress::Pending)
    }

    fn owner(&self) -> StepOwner {
        StepOwner {
            source_id: self.state.source_id,
            epoch: self.state.epoch,
            schema: self.plan.schema.clone(),
        }
    }
}

impl Account {
    fn ledger_of(&mut self, active: &Active) {
        self.ledger(&active.state);
        for table in self.report.tables.iter_mut().filter(|table| table.verify == Verify::Match) {
            let counted = table.rows.target.is_some_and(|target| target == table.rows.copied);
            let read = !active.counts_hold || table.rows.source == table.rows.copied;
            if !counted || !read {
                table.verify = Verify::Differs;
                table.verify_note = format!(
                    "counts differ: {} rows in the source, {} copied, {:?} in the target",
                    table.rows.source, table.rows.copied, table.rows.target
                );
            }
        }
    }
}

async fn open(tools: &Tools, account: &mut Account) -> Result<Vec<Job>> {
    let jobs = tools.cancel.bound(assess::open(&tools.config)).await?;
    account.report.source = jobs.iter().map(Job::info).collect();
    Ok(jobs)
}

async fn connect(tools: &Tools, account: &mut Account) -> Result<Session> {
    for note in tools.connector.info().notes() {
        tools.events.note(note.clone());
    }
    let session = tools.cancel.bound(tools.connector.connect("control")).await?;
    account.target(&session, &tools.connector, &tools.config);
    Ok(session)
}

async fn known_sources(session: &Session, tools: &Tools) -> Result<BTreeMap<String, SourceState>> {
    if !ledger::exists(session).await? {
        return Ok(BTreeMap::new());
    }
    let states = ledger::read(session, Some(&tools.config.schema), None).await?;
    Ok(states.into_iter().map(|state| (state.path.clone(), state)).collect())
}

/// Takes over what an earlier run began, and plans and prepares what is new.
async fn begin(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<Vec<Active>> {
    let has_ledger = ledger::exists(control).await?;
    let mut known = known_sources(control, tools).await?;
    if tools.config.restart {
        for job in &jobs {
            if let Some(state) = known.remove(job.path()) {
                prepare::restart(control, &state, &resume::stored_plan(&state)?).await?;
            }
        }
    }
    let (old, new): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| known.contains_key(job.path()));
    let mut actives = Vec::new();
    for job in old {
        let Some(state) = known.remove(job.path()) else { continue };
        actives.push(take_over(tools, control, job, state, account).await?);
    }
    if !new.is_empty() {
        actives.extend(begin_new(tools, control, new, has_ledger, account).await?);
    }
    Ok(actives)
}

async fn take_over(
    tools: &Tools,
    control: &Session,
    job: Job,
    state: SourceState,
    account: &mut Account,
) -> Result<Active> {
    let mut plan = resume::stored_plan(&state)?;
    let missing = job.tables().find(|table| !plan.tables.iter().any(|planned| planned.source == table.name));
    if let Some(table) = missing {
        let message = format!(
            "table \"{}\" was not selected when the copy of \"{}\" was begun",
            table.name, state.path
        );
        return Err(Error::refused(message, Vec::new())
            .remedy("finish that copy with the same --table and --exclude, or begin anew with --restart"));
    }
    let job = Arc::new(job);
    let how = resume::check(&state, &tools.config, &job.fingerprint())?;
    if how == Resume::Reverify {
        tools.events.note("the source has changed: reading every finished chunk again");
        plan = reverify::run(&job, &plan, &state, tools.config.jobs).await?;
        let plan_json = serde_json::to_string(&plan).unwrap_or_default();
        ledger::set_fingerprint(control, state.source_id, &job.fingerprint(), &plan_json).await?;
    }
    let done = state.chunks.iter().filter(|chunk| chunk.digest.is_some()).count() as u64;
    let run = &mut account.report.run;
    run.resumed_from = Some(run.resumed_from.unwrap_or(0) + done);
    let config = &tools.config;
    let warnings: Vec<Finding> = plan.findings.clone();
    account.plan(&plan, state.plan_hash.clone(), &warnings);
    account.keep_tables(|table| is_selected(table, config));
    let epoch = if state.finished {
        state.epoch
    } else {
        ledger::take_over(control, state.source_id, &account.run_id()).await?
    };
    let state = SourceState { epoch, ..state };
    Ok(Active { job, plan: Arc::new(plan), state, failed: BTreeSet::new(), counts_hold: true })
}

async fn begin_new(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    has_ledger: bool,
    account: &mut Account,
) -> Result<Vec<Active>> {
    let config = &tools.config;
    let assessed = tools.cancel.bound(assess::plan(control, jobs, config, &tools.events)).await?;
    check_creation(control, &assessed, tools, account).await?;
    note_plans(&assessed, account);
    refuse_if_needed(&assessed)?;
    let started = Instant::now();
    let tables = assessed.iter().map(|one| one.plan.tables.len() as u64).sum();
    tools.events.tell(Event::PhaseStarted { phase: Phase::Prepare, tasks: tables, rows: 0, bytes: 0 });
    let mut fresh = Vec::new();
    for one in &assessed {
        fresh.push(Fresh {
            job: &one.job,
            plan: &one.plan,
            before: digest_before(control, one, config).await?,
            emptied: emptied(control, one, config).await?,
        });
    }
    prepare::run(control, &fresh, config, &account.run_id(), has_ledger).await?;
    tools
        .events
        .tell(Event::PhaseFinished { phase: Phase::Prepare, seconds: started.elapsed().as_secs_f64() });
    drop(fresh);
    let mut actives = Vec::new();
    for one in assessed {
        let mut states = ledger::read(control, Some(&config.schema), Some(one.job.path())).await?;
        let state = states.pop().ok_or_else(|| Error::internal("the ledger's source row has gone"))?;
        actives.push(Active {
            job: one.job,
            plan: Arc::new(one.plan),
            state,
            failed: BTreeSet::new(),
            counts_hold: true,
        });
    }
    Ok(actives)
}

/// Rights that preparing needs, asked for before anything is written.
async fn check_creation(
    session: &mut Session,
    assessed: &[Assessed],
    tools: &Tools,
    account: &mut Account,
) -> Result<()> {
    let creates =
        assessed.iter().flat_map(|one| &one.plan.tables).any(|table| table.mode == TableMode::Create);
    let needs_schema =
        assessed.iter().any(|one| one.plan.create_schema) && tools.config.create == CreatePolicy::Auto;
    let missing = inspect::missing_rights(session, &tools.config.schema, creates, needs_schema).await?;
    if missing.is_empty() {
        return Ok(());
    }
    note_plans(assessed, account);
    let mut reasons: Vec<Finding> = assessed.iter().flat_map(|one| one.plan.refusals()).collect();
    reasons.extend(missing);
    Err(Error::refused("the role of this connection lacks rights", reasons))
}

fn note_plans(assessed: &[Assessed], account: &mut Account) {
    for one in assessed {
        account.plan(&one.plan, plan_hash(&one.plan), &one.plan.findings);
    }
}

fn refuse_if_needed(assessed: &[Assessed]) -> Result<()> {
    let reasons: Vec<Finding> = assessed.iter().flat_map(|one| one.plan.refusals()).collect();
    match reasons.len() {
        0 => Ok(()),
        1 => Err(Error::refused("refused; nothing was written", reasons)),
        count => Err(Error::refused(format!("refused for {count} reasons; nothing was written"), reasons)),
    }
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
            let found = digest_target(session, &config.schema, table, &[], &TaskCounters::default()).await?;
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
async fn reopen_emptied(tools: &Tools, control: &mut Session, actives: &mut [Active]) -> Result<()> {
    let config = &tools.config;
    for active in actives.iter_mut() {
        let copied: Vec<(String, String)> = active
            .plan
            .tables
            .iter()
            .filter(|table| is_selected(&table.source, config) && active.is_copied(&table.source))
            .filter(|table| resume::chunks_of(&active.state, &table.source).any(|chunk| chunk.spec.rows > 0))
            .map(|table| (table.source.clone(), table.target.clone()))
            .collect();
        let names: Vec<&str> = copied.iter().map(|(_, target)| target.as_str()).collect();
        let held = inspect::tables_with_rows(control, &active.plan.schema, &names).await?;
        let emptied: Vec<&str> = copied
            .iter()
            .zip(held)
            .filter(|(_, held)| !held)
            .map(|((source, _), _)| source.as_str())
            .collect();
        if emptied.is_empty() {
            continue;
        }
        if config.tables.is_empty() {
            let message = format!("copied earlier, and empty now: {}", emptied.join(", "));
            return Err(
                Error::new(ErrorKind::Differs, message).remedy("copy them again by name: --table NAME")
            );
        }
        for table in &emptied {
            tools
                .events
                .note(format!("table \"{table}\" was copied earlier and is empty now: it is copied again"));
            ledger::reopen_table(control, active.state.source_id, table).await?;
        }
        let epoch = ledger::take_over(control, active.state.source_id, "").await?;
        active.state = reread(control, active).await?;
        active.state.epoch = epoch;
    }
    Ok(())
}

fn already_done(tools: &Tools, actives: &[Active], account: &mut Account) -> Result<()> {
    for active in actives {
        account.ledger_of(active);
        account.steps(&active.plan, &wanted_steps(active, &tools.config), &[]);
        if let Some(at) = &active.state.finished_at {
            tools
                .events
                .note(format!("{}: finished already, at {at} UTC; nothing was changed", active.state.path));
        }
    }
    summarise(Vec::new(), account)
}

fn wanted_steps(active: &Active, config: &Config) -> Vec<StepState> {
    active.state.steps.iter().filter(|step| active.is_wanted(&step.table, config)).cloned().collect()
}

async fn reread(control: &Session, active: &Active) -> Result<SourceState> {
    let mut states = ledger::read(control, Some(&active.plan.schema), Some(&active.state.path)).await?;
    states.pop().ok_or_else(|| Error::internal("the ledger's source row has gone"))
}

async fn refresh(control: &Session, actives: &mut [Active]) -> Result<()> {
    for active in actives.iter_mut() {
        let epoch = active.state.epoch;
        active.state = reread(control, active).await?;
        active.state.epoch = epoch;
    }
    Ok(())
}

/// Copies every chunk that is left; heavy tables first, so that they do not come last and alone.
async fn copy_chunks(tools: &Tools, actives: &mut [Active], account: &mut Account) -> Vec<(String, Error)> {
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
        let left = resume::left(&active.state, |table| active.is_wanted(table, &tools.config));
        for (name, chunk) in left {
            let Some(table) = active.plan.tables.iter().find(|table| table.source == name) else { continue };
            let chunks = resume::chunks_of(&active.state, name).count();
            tasks.push(CopyTask {
                job: Arc::clone(&active.job),
                table: Arc::new(table.clone()),
                chunk: chunk.clone(),
                target: LoadTarget {
                    source_id: active.state.source_id,
                    epoch: active.state.epoch,
                    source_table: name.to_owned(),
                    chunk: chunk.index,
                    schema: active.plan.schema.clone(),
                    table: table.target.clone(),
                    columns: table.columns.iter().map(|column| column.target.clone()).collect(),
                    freeze: chunks == 1 && table.mode == TableMode::Create && !active.is_indexed(name),
                },
                counters: Arc::clone(counters.entry(&table.source).or_default()),
            });
        }
    }
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.table.bytes), task.chunk.index));
    tasks
}

impl Active {
    /// Steps of the table were done before: it is being filled a second time, and others may refer to it by now.
    fn is_indexed(&self, table: &str) -> bool {
        self.state.steps.iter().any(|step| step.table == table && step.progress == StepProgress::Done)
    }
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

/// Reads back and compares every copied table that is not proved yet.
async fn verify_tables(
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
    let mut failures = Vec::new();
    for (i, table, result) in verdicts {
        match result {
            Ok(verdict) => {
                let active = &mut actives[i];
                let proved = verdict.verify == Verify::Match && tools.config.verify == VerifyLevel::Checksum;
                ledger::mark_verified(control, &active.owner(), &table, proved).await?;
                account.verdict(&table, &verdict);
            }
            Err(error) => failures.push((table, error)),
        }
    }
    Ok(failures)
}

fn expected(active: &Active, name: &str, plan: Arc<crate::plan::TablePlan>) -> Expected {
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
    }
}

type Compared = (usize, String, Result<Verdict>);

/// Compares tables, as many at once as there are jobs, heaviest first.
async fn compare(tools: &Tools, mut tasks: Vec<(usize, Expected)>) -> Vec<Compared> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let started = Instant::now();
    tasks.sort_by_key(|(_, expected)| std::cmp::Reverse(expected.plan.bytes));
    let rows = tasks.iter().map(|(_, expected)| expected.plan.rows).sum();
    let bytes = tasks.iter().map(|(_, expected)| expected.plan.bytes).sum();
    tools.events.tell(Event::PhaseStarted { phase: Phase::Verify, tasks: tasks.len() as u64, rows, bytes });
    let workers = tools.config.jobs.min(tasks.len());
    let (queue, results) = (Arc::new(Queue::new(tasks)), Arc::new(Mutex::new(Vec::<Compared>::new())));
    let handles: Vec<_> = (0..workers)
        .map(|number| {
            let (tools, queue, results) = (tools.clone(), Arc::clone(&queue), Arc::clone(&results));
            tokio::spawn(async move { compare_worker(&tools, number, &queue, &results).await })
        })
        .collect();
    for handle in handles {
        if let Err(error) = super::pool::join(handle.await.map(Ok)) {
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
    queue: &Queue<(usize, Expected)>,
    results: &Mutex<Vec<Compared>>,
) {
    let mut session: Option<Session> = None;
    while let Some((i, expected)) = queue.take() {
        if tools.cancel.is_asked() {
            return;
        }
        let result = tools.cancel.bound(compare_one(tools, number, &mut session, &expected)).await;
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
        verify_table(session, &tools.config.schema, expected, tools.config.verify, &counters).await?;
    tools.events.tell(Event::TaskFinished { phase, name, rows, seconds: verdict.seconds });
    Ok(verdict)
}

/// Runs every step that is left, of tables whose rows are all there.
async fn finish_tables(
    tools: &Tools,
    control: &Session,
    actives: &mut [Active],
    account: &mut Account,
) -> Result<Vec<(String, Error)>> {
    let sources: Vec<Finishing> = actives
        .iter()
        .map(|active| Finishing {
            owner: active.owner(),
            plan: Arc::clone(&active.plan),
            steps: wanted_steps(active, &tools.config)
                .into_iter()
                .filter(|step| is_due(active, step))
                .collect(),
        })
        .collect();
    let finish_tools = finish::Tools {
        connector: tools.connector.clone(),
        jobs: tools.config.jobs,
        events: tools.events.clone(),
        cancel: tools.cancel.clone(),
    };
    let outcome = finish::run(&finish_tools, &sources).await;
    refresh(control, actives).await?;
    for (i, active) in actives.iter().enumerate() {
        let done: Vec<_> = outcome.done.iter().filter(|finished| finished.source == i).cloned().collect();
        account.steps(&active.plan, &wanted_steps(active, &tools.config), &done);
    }
    Ok(outcome.failures)
}

/// Whether a step can be done: its table's rows are there, and for a foreign key its parent's too.
fn is_due(active: &Active, step: &StepState) -> bool {
    if step.progress != StepProgress::Pending || !active.is_copied(&step.table) {
        return false;
    }
    let is_key = step.kind == StepKind::ForeignKey.name() || step.kind == StepKind::Validate.name();
    let parent = active
        .plan
        .tables
        .iter()
        .filter(|table| table.source == step.table)
        .flat_map(|table| &table.foreign_keys);
    let parent = parent
        .filter(|key| key.name == step.object)
        .find_map(|key| Some(key.probe.as_ref()?.parent.as_str()));
    !is_key || parent.is_none_or(|parent| active.is_copied(parent))
}

/// The ledger's last word on this run. A run that was fenced off has none.
async fn record_end(
    tools: &Tools,
    control: &Session,
    actives: &[Active],
    error: Option<&Error>,
) -> Result<()> {
    if error.is_some_and(|error| error.kind() == ErrorKind::Busy) {
        return Ok(());
    }
    for active in actives {
        let text = match error {
            Some(error) => Some(error.to_string()),
            None if !active.is_complete(&Config {
                tables: Vec::new(),
                exclude: Vec::new(),
                ..tools.config.clone()
            }) =>
            {
                Some("only a part of the tables was asked for".to_owned())
            }
            None => None,
        };
        // Where the target itself has failed, the first error says more than that its ledger cannot be reached.
        let recorded = ledger::finish(control, active.state.source_id, active.state.epoch, text.as_deref());
        if tools.cancel.is_asked() && error.is_some() {
            // A backend that we left may still hold the row: a stop does not wait for the wording of its record.
            let _ = tokio::time::timeout(GOODBYE_WAIT, recorded).await;
            continue;
        }
        let recorded = recorded.await;
        if error.is_none() {
            recorded?;
        }
    }
    Ok(())
}

/// Compares sources with what is in the target, whoever copied it. Writes nothing.
pub async fn verify_only(tools: &Tools) -> Ended {
    let mut account = Account::new("verify");
    let result = try_verify(tools, &mut account).await;
    end(account, result)
}

async fn try_verify(tools: &Tools, account: &mut Account) -> Result<()> {
    let jobs = open(tools, account).await?;
    let mut session = connect(tools, account).await?;
    let known = known_sources(&session, tools).await?;
    let (ours, others): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| known.contains_key(job.path()));
    let mut pairs: Vec<(Arc<Job>, Plan, Option<SourceState>)> = Vec::new();
    for job in ours {
        let Some(state) = known.get(job.path()) else { continue };
        pairs.push((Arc::new(job), resume::stored_plan(state)?, Some(state.clone())));
    }
    let config =
        Config { create: CreatePolicy::Never, existing: ExistingPolicy::Append, ..tools.config.clone() };
    if !others.is_empty() {
        let assessed = tools.cancel.bound(assess::plan(&mut session, others, &config, &tools.events)).await?;
        refuse_if_needed(&assessed)?;
        pairs.extend(assessed.into_iter().map(|one| (one.job, one.plan, None)));
    }
    let mut tasks = Vec::new();
    for (i, (job, plan, state)) in pairs.iter().enumerate() {
        account.plan(plan, plan_hash(plan), &[]);
        account.keep_tables(|table| is_selected(table, &tools.config));
        for table in plan.tables.iter().filter(|table| is_selected(&table.source, &tools.config)) {
            tasks.push((i, source_side(job, table, state.as_ref(), tools).await?));
        }
    }
    let expected_rows: BTreeMap<String, u64> =
        tasks.iter().map(|(_, e)| (e.plan.source.clone(), rows_of(e))).collect();
    let mut failures = Vec::new();
    for (_, table, result) in compare(tools, tasks).await {
        match result {
            Ok(verdict) => account.verdict(&table, &verdict),
            Err(error) => failures.push((table, error)),
        }
    }
    for table in &mut account.report.tables {
        table.rows.source = expected_rows.get(&table.source).copied().unwrap_or(0);
        table.rows.copied = table.rows.source;
    }
    check_sequences(tools, &session, &pairs, account).await?;
    summarise(failures, account)
}

fn rows_of(expected: &Expected) -> u64 {
    expected.chunks.iter().map(|(_, digest)| digest.rows()).sum()
}

/// Digests the source again, in the ledger's chunks where there are any.
async fn source_side(
    job: &Arc<Job>,
    table: &crate::plan::TablePlan,
    state: Option<&SourceState>,
    tools: &Tools,
) -> Result<Expected> {
    let specs: Vec<crate::checkpoint::ChunkSpec> = match state {
        Some(state) => resume::chunks_of(state, &table.source).map(|chunk| chunk.spec.clone()).collect(),
        None => job
            .tables()
            .zip(&job.profiles)
            .find(|(t, _)| t.name == table.source)
            .map_or_else(Vec::new, |(_, p)| p.chunks.clone()),
    };
    let (shared, plan) = (Arc::clone(job), Arc::new(table.clone()));
    let scanned = Arc::clone(&plan);
    let digests = super::pool::blocking(tools.config.jobs, specs.clone(), move |spec| {
        reverify::digest_range(&shared, &scanned, &spec.range)
    });
    let digests = tools.cancel.bound(digests).await?;
    let before = state.and_then(|state| state.before.iter().find(|(name, _)| *name == table.source));
    Ok(Expected {
        plan,
        chunks: specs.into_iter().zip(digests).collect(),
        before: before.and_then(|(_, digest)| MultisetDigest::from_bytes(digest)),
    })
}

/// A sequence that is behind would hand out a key that exists: a difference, too.
async fn check_sequences(
    tools: &Tools,
    session: &Session,
    pairs: &[(Arc<Job>, Plan, Option<SourceState>)],
    account: &mut Account,
) -> Result<()> {
    for table in pairs
        .iter()
        .flat_map(|(_, plan, _)| &plan.tables)
        .filter(|table| is_selected(&table.source, &tools.config))
    {
        for sequence in &table.sequences {
            let state =
                step::read_sequence(session, &tools.config.schema, &table.target, &sequence.column).await?;
            if let (Some(next), Some(largest)) = (state.next, state.largest)
                && next <= largest
            {
                let object = format!("{}.{}", table.target, sequence.column);
                let message = format!("its sequence gives {next} next, and {largest} exists already");
                let fix = format!("SELECT setval(pg_get_serial_sequence(…), {largest}, true)");
                account
                    .finding(Finding::new("E_SEQUENCE_BEHIND", Severity::Warning, object, message).fix(fix));
                if let Some(report) =
                    account.report.tables.iter_mut().find(|report| report.source == table.source)
                {
                    report.verify = Verify::Differs;
                    report.verify_note = format!("the sequence of \"{}\" is behind", sequence.column);
                }
            }
        }
    }
    Ok(())
}
