//! `cutover verify --repair`: what differs in a copy that the ledger knows is copied again, chunk by chunk, and proved again.
//!
//! Nothing is written before everything has been compared and every reason against it looked for. Each chunk is one
//! transaction that the epoch fences, and leaves the ledger saying what it said: killed at any point, the same command finds
//! what is left by comparing anew. Deliberately absent: any repair of a source that was written since, and of rows that
//! nobody knows how to tell from somebody else's.

mod choose;
mod objects;
mod owned;
mod put;

use super::account::Account;
use super::begin::connect;
use super::budget;
use super::compare;
use super::control;
use super::finish;
use super::run::{Ended, caught, end, open};
use super::sequence;
use super::tools::Tools;
use super::verify::{Expected, Verdict};
use super::verify_only::{self, Pair};
use super::wind_up::{say_gone, summarise};
use crate::assess::job::Job;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::outcome::{RepairReport, Verify};
use crate::postgres::ledger::{self, StepOwner, StepProgress};
use crate::postgres::session::Session;
use crate::postgres::watch;
use crate::timing::RunStage;
use choose::Work;
use owned::Owned;
use std::collections::BTreeMap;

/// A table that was compared: index of its source, its name, what came of it.
type Told = (usize, String, Verdict);

/// Compares a copy of ours with its source, and copies again what differs.
pub async fn repair(tools: &Tools) -> Ended {
    let mut account = Account::new("verify");
    account.report.repaired = Some(RepairReport::default());
    let result = tools.until_stopped(caught(try_repair(tools, &mut account))).await;
    end(tools, account, result)
}

async fn try_repair(tools: &Tools, account: &mut Account) -> Result<()> {
    let _watch = watch::start(&tools.connector, &tools.events);
    let jobs = open(tools, account).await?;
    let mut control = connect(tools, account).await?;
    let tools = tools.hold(&account.run_id()).await?;
    let result = under_lease(&tools, &mut control, jobs, account).await;
    let result = tools.judge(result).await;
    tools.let_go().await;
    result
}

async fn under_lease(
    tools: &Tools,
    control: &mut Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<()> {
    let owned = owned::all(tools, control, jobs, account).await?;
    let found = compare(tools, control, &owned.pairs, &owned.tasks, account).await?;
    let works = choose::all(tools, control, &owned, &found).await?;
    // Who was here before cannot write any more. From here on something may be written.
    let owners = take_over(tools, control, &owned.pairs, account).await?;
    put_right(tools, control, &owned, &owners, &works, account).await?;
    let again: Vec<(usize, Expected)> = differing(&owned.tasks, &found);
    let held: control::Held = owners.iter().map(|owner| (owner.source_id, owner.epoch)).collect();
    control::ensure(tools, control, &held).await?;
    compare(tools, control, &owned.pairs, &again, account).await?;
    conclude(tools, control, &held, &owned, &owners, account).await
}

/// Compares tables with what the target holds now, and tells the account. Nothing is marked in the ledger.
async fn compare(
    tools: &Tools,
    control: &Session,
    pairs: &[Pair],
    tasks: &[(usize, Expected)],
    account: &mut Account,
) -> Result<Vec<Told>> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let within = budget::within(tools, control).await?;
    let outcome = finish::run(&within, verify_only::sources_of(pairs, tasks.to_vec()), false).await;
    let told = outcome.compared.iter().filter_map(|(source, table, result)| {
        let verdict = result.as_ref().ok()?;
        Some((*source, table.clone(), verdict.clone()))
    });
    let told = told.collect();
    let failures = compare::account_for(outcome.compared, account);
    tools.cancel.check()?;
    verify_only::check_kept(pairs)?;
    match failures.into_iter().chain(outcome.failures).next() {
        Some((_, error)) => Err(error),
        None => Ok(told),
    }
}

fn differing(tasks: &[(usize, Expected)], found: &[Told]) -> Vec<(usize, Expected)> {
    let differs = |source: usize, name: &str| {
        found
            .iter()
            .any(|(i, table, verdict)| *i == source && table == name && verdict.verify == Verify::Differs)
    };
    let tasks = tasks.iter().filter(|(source, expected)| differs(*source, &expected.plan.source));
    tasks.cloned().collect()
}

/// Raises the epoch of every source.
async fn take_over(
    tools: &Tools,
    control: &mut Session,
    pairs: &[Pair],
    account: &Account,
) -> Result<Vec<StepOwner>> {
    let mut owners = Vec::new();
    for Pair { plan, state, .. } in pairs {
        let Some(state) = state else { continue };
        let run_id = account.run_id();
        let raised = async |session: &Session| ledger::take_over(session, state.source_id, &run_id).await;
        let epoch = control::with(tools, control, &Vec::new(), raised).await?;
        owners.push(StepOwner { source_id: state.source_id, epoch, schema: plan.schema.clone() });
    }
    Ok(owners)
}

/// Rows first, then what is built on them, then sequences.
async fn put_right(
    tools: &Tools,
    control: &mut Session,
    owned: &Owned,
    owners: &[StepOwner],
    works: &[Work],
    account: &mut Account,
) -> Result<()> {
    let repaired = put::all(tools, owners, works, account).await?;
    let mut report = RepairReport { tables: repaired, ..RepairReport::default() };
    account.report.repaired = Some(report.clone());
    for (Pair { plan, state, .. }, owner) in owned.pairs.iter().zip(owners) {
        let Some(state) = state else { continue };
        let steps = owned::steps(tools, plan, state);
        let held = vec![(owner.source_id, owner.epoch)];
        control::ensure(tools, control, &held).await?;
        report.objects.extend(objects::all(tools, control, (owner, plan), &steps, account).await?);
        report.sequences.extend(sequence::mend(control, owner, plan, &steps, &tools.events).await?);
        account.report.repaired = Some(report.clone());
    }
    Ok(())
}

/// What is equal is marked so; what still differs, or is gone, ends the run with its own code.
async fn conclude(
    tools: &Tools,
    control: &mut Session,
    held: &control::Held,
    owned: &Owned,
    owners: &[StepOwner],
    account: &mut Account,
) -> Result<()> {
    let _record = tools.events.clock().stage(RunStage::Record);
    let rows: BTreeMap<String, u64> = owned
        .tasks
        .iter()
        .map(|(_, expected)| (expected.plan.source.clone(), verify_only::rows_of(expected)))
        .collect();
    verify_only::tell_rows(account, &rows, &owned.left_out);
    control::ensure(tools, control, held).await?;
    mark(control, owned, owners, account).await?;
    for owner in owners {
        account.set_aside(control, owner.source_id).await?;
        ledger::make_durable(control, owner.source_id, owner.epoch).await?;
    }
    verify_only::check_sequences(tools, control, &owned.pairs, account).await?;
    let gone = verify_only::gone_objects(tools, control, &owned.pairs).await?;
    owned.pairs.iter().for_each(|pair| say_unfinished(pair, account));
    summarise(Vec::new(), account)?;
    say_gone(gone, account)
}

/// Says in the ledger which tables were proved.
async fn mark(control: &Session, owned: &Owned, owners: &[StepOwner], account: &Account) -> Result<()> {
    for (source, owner) in owners.iter().enumerate() {
        let of_source = owned.tasks.iter().filter(|(i, _)| *i == source);
        let (equal, different): (Vec<&str>, Vec<&str>) =
            of_source.map(|(_, expected)| expected.plan.source.as_str()).partition(|name| {
                let told = account.report.tables.iter().find(|table| table.source == *name);
                told.is_some_and(|table| table.verify == Verify::Match)
            });
        ledger::mark_verified(control, owner, &equal, true).await?;
        ledger::mark_verified(control, owner, &different, false).await?;
    }
    Ok(())
}

/// A run that was cut short after its rows has more to do than a repair does.
fn say_unfinished(Pair { state, .. }: &Pair, account: &mut Account) {
    let Some(state) = state else { return };
    let pending = state.steps.iter().filter(|step| step.progress == StepProgress::Pending).count() as u64;
    if pending > 0 || !state.finished {
        let message = "the copy itself is not finished: keys, indexes or the like are still to be made";
        let finding = Finding::new("W_NOT_FINISHED", Severity::Warning, state.path.clone(), message);
        account.finding(finding.count(pending.max(1)).fix("cutover copy --migrate goes on with it"));
    }
}
