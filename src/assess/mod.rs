//! What would happen: the plan of every source and everything that stands against it, found without writing anything.
//!
//! `copy --validate` ends here; `copy --migrate` goes on from here. Both therefore see the same plan and the same reasons.

pub mod aside;
mod chunks;
pub mod compared;
pub mod conditions;
mod facts;
mod filled;
#[cfg(test)]
mod fixture;
pub mod follow;
pub mod forecast;
pub mod host;
pub mod job;
mod key_length;
pub mod large;
mod naive;
mod numbers;
pub mod on_server;
pub mod paired;
mod parents;
mod pglz;
mod pieces;
pub mod pool;
pub mod profile;
mod refused;
pub mod sampled;
mod settings;
mod span;
mod trial;
mod violations;

use crate::catalog::profile::TableProfile;
use crate::catalog::{Catalog, Table};
use crate::config::{Config, ExistingPolicy, InvalidPolicy, NulPolicy};
use crate::counts::plural;
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::plan::build::build;
use crate::plan::draft::{Imposed, Inputs, Rules};
use crate::plan::partition::Spans;
use crate::plan::rename::table_name;
use crate::plan::select::{is_in_globs, is_selected};
use crate::plan::skip;
use crate::plan::target::TargetCatalog;
use crate::plan::{Plan, StepKind, TableMode};
use crate::postgres::inspect;
use crate::postgres::session::Session;
use crate::sqlite::filter;
use crate::sqlite::health::is_index_doubted;
use crate::timing::RunStage;
use job::{Job, check_globs};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A source with its plan.
#[derive(Debug)]
pub struct Assessed {
    /// the source
    pub job: Arc<Job>,
    /// its plan, refusals included
    pub plan: Plan,
    /// existing target tables of the plan that hold rows
    pub holding_rows: Vec<String>,
}

/// Opens every source of the configuration.
///
/// # Errors
/// The first source fault; a usage error where a glob matches nothing.
pub async fn open(config: &Config) -> Result<Vec<Job>> {
    let jobs = open_any(config).await?;
    check_globs(&jobs, config)?;
    settings::check(&jobs, config)?;
    Ok(jobs)
}

/// As [`open`]; globs and settings may speak of tables that only the other side has.
///
/// # Errors
/// The first source fault.
pub async fn open_any(config: &Config) -> Result<Vec<Job>> {
    let shared = config.clone();
    pool::blocking(1, config.sources.clone(), move |path| Job::open(path, &shared)).await
}

/// Profiles and plans `jobs` against the target as it is; adds what stands against the plans to their findings.
///
/// # Errors
/// A source or target fault. Reasons against a plan are findings, not errors.
pub async fn plan(
    session: &mut Session,
    jobs: Vec<Job>,
    config: &Config,
    events: &Events,
) -> Result<Vec<Assessed>> {
    let looking = events.clock().stage(RunStage::Plan);
    // Who may not look into the schema is told so, and cannot be told more.
    if !inspect::may_use(session, &config.schema).await? {
        let (schema, role) = (quote(&config.schema), quote(&session.server_info().user));
        let message = "this role may not use this schema";
        let reason = Finding::new("E_RIGHTS", Severity::Refusal, config.schema.clone(), message)
            .way(Way::Target(format!("GRANT USAGE ON SCHEMA {schema} TO {role}")));
        return Err(Error::refused("the target cannot be looked at", vec![reason]));
    }
    let target = inspect(session, config).await?;
    drop(looking);
    let mut assessed = plan_against(jobs, config, events, target).await?;
    let _looking = events.clock().stage(RunStage::Plan);
    for one in &mut assessed {
        one.holding_rows = holding_rows(session, &mut one.plan, config).await?;
    }
    Ok(assessed)
}

/// What only the rows tell of a plan.
async fn try_rows(job: &Arc<Job>, plan: &mut Plan, config: &Config, target: &TargetCatalog) -> Result<()> {
    let loose = target.tables.iter().flat_map(|table| &table.indexes).map(|index| index.name.clone());
    trial::run(job, plan, config, loose.collect()).await?;
    violations::run(job, plan, config.jobs).await
}

/// The target as it is.
///
/// # Errors
/// A target fault.
pub async fn inspect(session: &mut Session, config: &Config) -> Result<TargetCatalog> {
    inspect::inspect(session, &config.schema).await
}

/// As [`plan`], against a target that is known already, whose rows do not matter.
///
/// # Errors
/// A source fault.
pub async fn plan_against(
    jobs: Vec<Job>,
    config: &Config,
    events: &Events,
    mut target: TargetCatalog,
) -> Result<Vec<Assessed>> {
    let jobs = examine(jobs, config, events).await?;
    let _planning = events.clock().stage(RunStage::Plan);
    let mut assessed = Vec::new();
    let mut claimed: BTreeMap<String, String> = BTreeMap::new();
    for job in jobs {
        let job = Arc::new(job);
        let mut plan = plan_one(&job, &target, config, Imposed::new()).await?;
        claim_names(&job, &plan, config, &mut claimed, &mut target)
            .into_iter()
            .for_each(|finding| plan.findings.push(finding));
        plan.findings.extend(job.notes.iter().cloned());
        try_rows(&job, &mut plan, config, &target).await?;
        assessed.push(Assessed { job, plan, holding_rows: Vec::new() });
    }
    Ok(assessed)
}

/// The plan of a source that is profiled already, against another target.
///
/// # Errors
/// A source fault.
pub async fn plan_again(job: &Arc<Job>, target: &TargetCatalog, config: &Config) -> Result<Plan> {
    plan_one(job, target, config, Imposed::new()).await
}

/// Checks the pages and profiles the tables, both at once: each reads the whole file. What is wrong with the pages comes
/// first, since it explains what the profile may have stumbled over.
async fn examine(jobs: Vec<Job>, config: &Config, events: &Events) -> Result<Vec<Job>> {
    let jobs = Arc::new(jobs);
    let (shared, clock) = (Arc::clone(&jobs), events.clock().clone());
    let health = pool::blocking(1, (0..jobs.len()).collect(), move |&i: &usize| {
        let _checking = clock.stage(RunStage::PageCheck);
        shared[i].source.quick_check()
    });
    let (health, profiles) = tokio::join!(health, profile::profile_all(&jobs, config, events));
    let (health, profiles) = (health?, profiles?);
    let jobs = Arc::try_unwrap(jobs).map_err(|_| Error::internal("a thread outlived its phase"))?;
    let mut profiles = profiles.into_iter();
    let examined = jobs.into_iter().zip(health).map(|(mut job, notes)| {
        let is_doubted = is_index_doubted(&notes);
        job.catalog.tables.iter_mut().for_each(|table| table.indexes_doubted = is_doubted);
        job.notes.extend(notes);
        job.profiles = profiles.by_ref().take(job.selected.len()).collect();
        job
    });
    Ok(examined.collect())
}

/// What of the configuration bears on a plan.
pub fn rules(config: &Config, imposed: Imposed) -> Rules {
    Rules {
        schema: config.schema.clone(),
        create: config.create,
        names: config.names,
        infer: config.infer,
        generated: config.generated,
        triggers: config.triggers,
        comments: config.comments,
        mixed: config.mixed,
        settings: config.settings.clone(),
        on_bad_value: config.on_bad_value,
        naive_tz: config.naive_tz.clone(),
        imposed,
        partners: None,
        hash: text_hash,
    }
}

/// The plan of a source, over what its partition columns span.
async fn plan_one(job: &Arc<Job>, target: &TargetCatalog, config: &Config, imposed: Imposed) -> Result<Plan> {
    let ground = Ground::of(job, config, imposed)?;
    let mut plan = ground.plan(job, target, &Spans::new());
    let spans = span::measure(job, &plan, config.jobs).await?;
    if !spans.is_empty() {
        plan = ground.plan(job, target, &spans);
    }
    plan.findings.extend(settings_findings(job, config)?);
    Ok(plan)
}

/// What a plan is made from, besides the target and what partition columns span.
struct Ground {
    rules: Rules,
    catalog: Catalog,
    profiles: Vec<TableProfile>,
}

impl Ground {
    fn of(job: &Job, config: &Config, imposed: Imposed) -> Result<Ground> {
        let catalog = skip::reduce_catalog(&job.catalog, &job.selected, &config.settings);
        let profiles = job.tables().zip(&job.profiles);
        let profiles = profiles.map(|(table, profile)| chosen_facts(job, table, profile, config));
        Ok(Ground { rules: rules(config, imposed), catalog, profiles: profiles.collect::<Result<_>>()? })
    }

    fn plan(&self, job: &Job, target: &TargetCatalog, spans: &Spans) -> Plan {
        let Ground { rules, catalog, profiles } = self;
        let tables = job.selected.iter().map(|&i| &catalog.tables[i]).zip(profiles).collect();
        build(&Inputs { catalog, tables, target, rules, spans })
    }
}

/// The profile as the configuration leaves it: without skipped columns, and with NULL for empty texts where they become it.
fn chosen_facts(job: &Job, table: &Table, profile: &TableProfile, config: &Config) -> Result<TableProfile> {
    let mut facts = profile.clone();
    for (column, facts) in table.columns.iter().zip(&mut facts.columns) {
        let cleanse = config.settings.column(&table.name, &column.name).cleanse;
        if cleanse.empty_null {
            let filter = job.filter(&table.name);
            let reader = job.source.reader()?;
            let count = |stripped| {
                filter::count_empty(&reader, &table.name, &column.name, filter.as_deref(), stripped)
            };
            // The scan took them for NULL already, but not those that are empty once their NULs are left out.
            facts.texts_empty = count(false)?;
            let strips =
                cleanse.nul == Some(NulPolicy::Strip) && cleanse.invalid_utf8 != Some(InvalidPolicy::Bytea);
            let emptied = if strips { count(true)? - facts.texts_empty } else { 0 };
            facts.nulls += emptied;
            facts.texts = facts.texts.saturating_sub(emptied);
        }
    }
    Ok(skip::reduce_profile(table, &facts, &config.settings))
}

/// What the configuration leaves out, for the record.
fn settings_findings(job: &Job, config: &Config) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for table in &job.catalog.tables {
        if is_in_globs(&table.name, config) && !is_selected(&table.name, config) {
            let message = "is not copied: skipped by the configuration";
            findings.push(Finding::new("W_SKIPPED", Severity::Note, table.name.clone(), message));
        }
    }
    for table in job.tables() {
        let Some(filter) = job.filter(&table.name) else { continue };
        let (all, met) = filter::count(&*job.source.reader()?, &table.name, &filter)?;
        let message = format!(
            "the configured condition selects {met} of {}; the others are not copied",
            plural(all, "row")
        );
        findings
            .push(Finding::new("W_FILTERED", Severity::Note, table.name.clone(), message).count(all - met));
    }
    Ok(findings)
}

/// Two sources cannot fill one table; and what one plan makes, the next cannot call the same.
fn claim_names(
    job: &Job,
    plan: &Plan,
    config: &Config,
    claimed: &mut BTreeMap<String, String>,
    target: &mut TargetCatalog,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in &plan.tables {
        let wanted = table_name(&config.settings, config.names, &table.source).to_ascii_lowercase();
        // Two tables of one source are told apart by the plan, which numbers their names.
        let other = claimed.insert(wanted, job.path().to_owned()).filter(|other| other != job.path());
        if let Some(other) = other {
            let message = format!("comes from two sources: \"{other}\" and \"{}\"", job.path());
            findings.push(
                Finding::new("E_NAME_COLLISION", Severity::Refusal, table.source.clone(), message)
                    .way(Way::option("exclude", &table.source))
                    .or("copy the sources one by one, each into a schema of its own (--schema)"),
            );
        }
        let made = table.pre_data.iter().chain(&table.post_data).map(|step| step.object.clone());
        target.taken_names.extend(made);
        let numbers =
            table.sequences.iter().map(|numbers| format!("{}_{}_seq", table.target, numbers.column));
        target.taken_names.extend(numbers);
        let triggers = table.last.iter().filter(|step| step.kind == StepKind::Trigger);
        target.functions.extend(triggers.map(|step| step.object.clone()));
    }
    target.taken_names.extend(plan.views.iter().map(|view| view.object.clone()));
    findings
}

/// Tables that hold rows we did not put there are refused, unless `--existing` says otherwise.
async fn holding_rows(session: &mut Session, plan: &mut Plan, config: &Config) -> Result<Vec<String>> {
    // What is refused for what it is, cannot always be read either; its refusal says more than the server would.
    let unreadable = |name: &String| {
        plan.findings.iter().any(|finding| {
            finding.object == *name
                && ["E_NOT_A_TABLE", "E_NOT_OWNER", "E_ROW_SECURITY"].contains(&finding.code.as_str())
        })
    };
    let existing: Vec<String> = plan
        .tables
        .iter()
        .filter(|table| table.mode == TableMode::Existing && !unreadable(&table.target))
        .map(|table| table.target.clone())
        .collect();
    let names: Vec<&str> = existing.iter().map(String::as_str).collect();
    let held = inspect::tables_with_rows(session, &config.schema, &names).await?;
    let holding: Vec<String> =
        existing.iter().zip(held).filter(|(_, held)| *held).map(|(name, _)| name.clone()).collect();
    if config.existing == ExistingPolicy::Refuse {
        plan.findings.extend(holding.iter().map(|name| {
            let message = "holds rows that this tool did not put there";
            Finding::new("E_TARGET_ROWS", Severity::Refusal, name.clone(), message)
                .way(Way::option("existing", "truncate"))
                .way(Way::option("existing", "append"))
                .or("another --schema")
        }));
    }
    if config.existing == ExistingPolicy::Truncate {
        for name in &holding {
            plan.findings.extend(referenced_from_outside(session, plan, name, config).await?);
        }
    }
    Ok(holding)
}

/// Emptying a table that rows of another table refer to would leave those without a parent.
async fn referenced_from_outside(
    session: &mut Session,
    plan: &Plan,
    name: &str,
    config: &Config,
) -> Result<Option<Finding>> {
    let children = inspect::referencing_tables(session, &config.schema, name).await?;
    let outside = children.into_iter().filter(|child| {
        let ours =
            child.schema == config.schema && plan.tables.iter().any(|table| table.target == child.table);
        !ours && child.has_rows
    });
    let outside: Vec<inspect::ReferencingTable> = outside.collect();
    let list = |shown: fn(&inspect::ReferencingTable) -> String| {
        outside.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    Ok((!outside.is_empty()).then(|| {
        let names = list(|child| format!("{}.{}", child.schema, child.table));
        let quoted = list(|child| qualified(&child.schema, &child.table));
        let message = format!("cannot be emptied: rows of {names} refer to it");
        Finding::new("E_TRUNCATE_REFERENCED", Severity::Refusal, name.to_owned(), message)
            .way(Way::Target(format!("TRUNCATE {quoted}")))
            .way(Way::option("existing", "append"))
            .or("include these tables in the copy")
    }))
}

/// Whatever stands against the plans, and `others` beside them, all of it at once.
///
/// # Errors
/// A refusal with every reason.
pub fn refuse_if_needed(assessed: &[Assessed], others: Vec<Finding>) -> Result<()> {
    let of_plans = assessed.iter().flat_map(|one| one.plan.refusals());
    let reasons: Vec<Finding> = of_plans.chain(others).collect();
    match reasons.len() {
        0 => Ok(()),
        1 => Err(Error::refused("refused; nothing was copied", reasons)),
        count => Err(Error::refused(format!("refused for {count} reasons; nothing was copied"), reasons)),
    }
}
