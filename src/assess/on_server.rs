//! Rows on their way into existing tables, tried by the server: what CHECKs, domains, partitions, unique indexes over
//! expressions and keys to other tables would refuse is known before anything is written.

use super::Assessed;
use super::aside::{Judge, row_id, sets_orphans_aside};
use super::job::{Job, key_text};
use super::pool::join;
use crate::checkpoint::ScanRange;
use crate::config::{Config, ExistingPolicy, OrphanPolicy};
use crate::counts::plural;
use crate::encode;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::limits::{EXAMPLES_MAX, TRY_BYTES, TRY_KEYS_MAX, TRY_ROWS};
use crate::plan::{Plan, ScanKey, TableMode, TablePlan};
use crate::postgres::session::Session;
use crate::postgres::tries::{self, Answer, Batch, Question, Try, TryKind};
use crate::sqlite::scan::{RowView, scan};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that wait for the server: one is read while another is tried.
const BATCHES_WAITING: usize = 1;

/// Tries every row of every existing table, where there is anything to try; adds what is found to the plans. Not where an
/// earlier copy is to be undone first: its tables are still there, or locked.
///
/// # Errors
/// A source or target fault.
pub async fn run(session: &Session, assessed: &mut [Assessed], config: &Config) -> Result<()> {
    if config.restart {
        return Ok(());
    }
    let targets: Vec<String> =
        assessed.iter().flat_map(|one| &one.plan.tables).map(|table| table.target.clone()).collect();
    for one in assessed {
        let Assessed { job, plan, holding_rows } = one;
        let existing = plan.tables.iter().filter(|table| table.mode == TableMode::Existing && table.rows > 0);
        let tables: Vec<TablePlan> = existing.filter(|table| !is_refused(plan, table)).cloned().collect();
        for table in tables {
            let is_held = config.existing == ExistingPolicy::Append && holding_rows.contains(&table.target);
            let tried = try_table(session, job, (&plan.schema, &table), (&targets, is_held)).await?;
            settle(plan, &table, tried, config);
        }
    }
    Ok(())
}

/// What stands against the table itself comes first.
fn is_refused(plan: &Plan, table: &TablePlan) -> bool {
    let objects = [format!("{}.", table.source), format!("{}.", table.target)];
    let is_about = |object: &str| {
        object == table.source
            || object == table.target
            || objects.iter().any(|start| object.starts_with(start))
    };
    plan.findings.iter().any(|finding| {
        finding.severity == Severity::Refusal && finding.code != "E_TARGET_ROWS" && is_about(&finding.object)
    })
}

/// What became of one try.
#[derive(Debug, Default)]
struct Tally {
    bad: u64,
    keys: Vec<String>,
    /// hashes of unique keys, with their rows
    hashes: Vec<(i64, i64)>,
    /// why the server could not say
    unknown: Option<String>,
}

/// A table's tries with what became of them; a row that is too large to travel is left out.
struct Tried {
    tallies: Vec<(Try, Tally)>,
    /// unique indexes of more keys than are held
    too_many: Vec<String>,
    skipped: u64,
}

async fn try_table(
    session: &Session,
    job: &Arc<Job>,
    (schema, table): (&str, &TablePlan),
    (targets, is_held): (&[String], bool),
) -> Result<Tried> {
    let (all, columns) = tries::of_table(session, schema, &table.target).await?;
    let (tries, too_many) = worth_trying(all, (schema, table), targets, is_held);
    let tallies = tries.into_iter().map(|one| (one, Tally::default())).collect();
    let mut tried = Tried { tallies, too_many, skipped: 0 };
    if tried.tallies.is_empty() {
        return Ok(tried);
    }
    let travellers: Vec<tries::Traveller<'_>> = table
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| (column.target.as_str(), column.mapping.pg))
        .collect();
    let all: Vec<Try> = tried.tallies.iter().map(|(one, _)| one.clone()).collect();
    let question = Question::new(&all, columns, &travellers);
    let sent = question.sent.iter();
    let sent: Vec<usize> =
        sent.filter_map(|name| table.columns.iter().position(|column| column.target == *name)).collect();
    let (sender, mut batches) = mpsc::channel(BATCHES_WAITING);
    let (shared, of_table) = (Arc::clone(job), table.clone());
    let reader = tokio::task::spawn_blocking(move || read(&shared, &of_table, &sent, &sender));
    let asked = async {
        while let Some(batch) = batches.recv().await {
            ask(session, &question, &batch, &mut tried).await?;
        }
        Ok::<(), Error>(())
    };
    let asked = asked.await;
    drop(batches);
    let read = join(reader.await);
    asked?;
    tried.skipped = read?;
    Ok(tried)
}

/// Plain unique keys are tried in the source; a parent that this run copies is not there yet. The names of indexes that have too
/// many keys, beside.
fn worth_trying(
    all: Vec<Try>,
    (schema, table): (&str, &TablePlan),
    targets: &[String],
    is_held: bool,
) -> (Vec<Try>, Vec<String>) {
    let (mut tries, mut too_many) = (Vec::new(), Vec::new());
    for one in all {
        let plain = table.unique_keys.iter().find(|(name, _)| *name == one.name);
        match (one.kind, plain) {
            (TryKind::Unique, Some((_, columns))) if is_held => {
                let names = columns.iter().map(|&i| table.columns[i].target.clone()).collect();
                let expression = qualified(schema, &table.target);
                tries.push(Try { kind: TryKind::Taken, expression, columns: Some(names), ..one });
            }
            (TryKind::Unique, Some(_)) => {}
            (TryKind::Unique, None) if table.rows > TRY_KEYS_MAX => too_many.push(one.name),
            (TryKind::Parent, _) if is_copied(&one, schema, targets) => {}
            _ => tries.push(one),
        }
    }
    (tries, too_many)
}

fn is_copied(parent: &Try, schema: &str, targets: &[String]) -> bool {
    matches!(&parent.others[..], [of, name] if of == schema && targets.contains(name))
}

/// Reads the rows that will be sent, column by column; gives how many could not travel.
fn read(job: &Job, table: &TablePlan, sent: &[usize], sender: &mpsc::Sender<Batch>) -> Result<u64> {
    let reader = job.source.reader()?;
    let is_known = !sets_orphans_aside(table) || job.aside.get().is_some();
    let mut judge = if is_known { Judge::new(job, table)? } else { Judge::of_values(table) };
    let mut batch = empty(sent.len());
    let (mut number, mut skipped) = (0, 0);
    scan(&reader, &job.scan_of_plan(table), &ScanRange::WHOLE, |row| {
        number += 1;
        if judge.as_mut().map_or(Ok(None), |judge| judge.verdict(row, number))?.is_some() {
            return Ok(());
        }
        if !put(row, table, sent, &mut batch)? {
            skipped += 1;
            return Ok(());
        }
        batch.rows += 1;
        batch.keys.push(row_id(row, number));
        let bytes: usize = batch.columns.iter().map(Vec::len).sum();
        if batch.rows >= TRY_ROWS || bytes >= TRY_BYTES {
            hand_over(sender, std::mem::replace(&mut batch, empty(sent.len())))?;
        }
        Ok(())
    })?;
    if batch.rows > 0 {
        hand_over(sender, batch)?;
    }
    Ok(skipped)
}

fn empty(columns: usize) -> Batch {
    Batch { columns: vec![Vec::new(); columns], ..Batch::default() }
}

fn hand_over(sender: &mpsc::Sender<Batch>, batch: Batch) -> Result<()> {
    sender.blocking_send(batch).map_err(|_| Error::internal("nobody tries the rows that are read"))
}

/// Adds a row's cells; false where one of them is too large, or does not fit, which is told elsewhere.
fn put(row: &RowView<'_>, table: &TablePlan, sent: &[usize], batch: &mut Batch) -> Result<bool> {
    let before: Vec<usize> = batch.columns.iter().map(Vec::len).collect();
    for (&i, cells) in sent.iter().zip(&mut batch.columns) {
        let fits = match row.large(i) {
            Some(_) => false,
            None => encode::value(row.value(i)?, &table.columns[i].mapping, cells).is_ok(),
        };
        if !fits {
            batch.columns.iter_mut().zip(before).for_each(|(cells, bytes)| cells.truncate(bytes));
            return Ok(false);
        }
    }
    Ok(true)
}

async fn ask(session: &Session, question: &Question, batch: &Batch, tried: &mut Tried) -> Result<()> {
    let live: Vec<usize> =
        (0..tried.tallies.len()).filter(|&i| tried.tallies[i].1.unknown.is_none()).collect();
    if live.is_empty() {
        return Ok(());
    }
    let tries: Vec<&Try> = live.iter().map(|&i| &tried.tallies[i].0).collect();
    if let Ok(answers) = question.ask(session, &tries, batch).await? {
        live.into_iter().zip(answers).for_each(|(i, answer)| note(&mut tried.tallies[i].1, answer, batch));
        return Ok(());
    }
    // One of them is in the way of the others.
    for i in live {
        let (one, tally) = &mut tried.tallies[i];
        match question.ask(session, &[one], batch).await? {
            Ok(answers) => answers.into_iter().for_each(|answer| note(tally, answer, batch)),
            Err(state) => tally.unknown = Some(state),
        }
    }
    Ok(())
}

fn note(tally: &mut Tally, answer: Answer, batch: &Batch) {
    match answer {
        Answer::Bad(count, numbers) => {
            tally.bad += count;
            let rows = numbers
                .iter()
                .filter_map(|number| batch.keys.get(usize::try_from(*number).ok()?.checked_sub(1)?).copied());
            let left = EXAMPLES_MAX.saturating_sub(tally.keys.len());
            tally.keys.extend(rows.take(left).map(|row| row.to_string()));
        }
        Answer::Keys(hashes) => {
            let hashed = hashes.into_iter().zip(&batch.keys);
            tally.hashes.extend(hashed.filter_map(|(hash, row)| Some((hash?, *row))));
        }
    }
}

/// Counts keys that more than one row has; the first rows of each are examples.
fn count_repeated(tally: &mut Tally) {
    tally.hashes.sort_unstable();
    for equal in tally.hashes.chunk_by(|a, b| a.0 == b.0).filter(|equal| equal.len() > 1) {
        tally.bad += 1;
        let left = EXAMPLES_MAX.saturating_sub(tally.keys.len());
        tally.keys.extend(equal.iter().take(left).map(|(_, row)| row.to_string()));
    }
    tally.hashes = Vec::new();
}

/// SQLSTATE classes of errors that are the data's, or a function's own about it: the same row would end the copy.
const OF_DATA: [&str; 3] = ["22", "23", "P0"];

/// Puts what was found into the plan, and takes back what was said before it was tried.
fn settle(plan: &mut Plan, table: &TablePlan, tried: Tried, config: &Config) {
    let mut untried: Vec<String> = tried.too_many;
    for (one, mut tally) in tried.tallies {
        count_repeated(&mut tally);
        let of_data = |state: &&str| OF_DATA.iter().any(|class| state.starts_with(class));
        let is_of_data = tally.unknown.as_deref().filter(of_data).is_some();
        if is_of_data {
            tally.bad = tally.bad.max(1);
        } else if tally.unknown.is_some() || (tried.skipped > 0 && tally.bad == 0) {
            untried.push(one.name.clone());
        }
        if tally.bad == 0 {
            continue;
        }
        if one.kind == TryKind::Parent && config.orphans == OrphanPolicy::NotValid {
            let key = plan.tables.iter_mut().find(|planned| planned.source == table.source);
            let keys = key.into_iter().flat_map(|planned| &mut planned.foreign_keys);
            keys.filter(|key| key.name == one.name).for_each(|key| key.orphans = tally.bad);
        }
        plan.findings.push(refusal(&plan.schema, table, &one, tally, config));
    }
    let is_of_table = |finding: &Finding| {
        finding.object == table.target && ["W_CHECK_UNTRIED", "W_PARTITION_UNTRIED"].contains(&&*finding.code)
    };
    plan.findings.retain(|finding| !is_of_table(finding));
    if !untried.is_empty() {
        let message = format!(
            "it could not be tried whether all rows meet {}; one that does not ends the copy",
            untried.join(", ")
        );
        plan.findings.push(
            Finding::new("W_CHECK_UNTRIED", Severity::Note, table.target.clone(), message)
                .count(untried.len() as u64),
        );
    }
}

fn refusal(schema: &str, table: &TablePlan, one: &Try, tally: Tally, config: &Config) -> Finding {
    let has_rowid = matches!(table.key, ScanKey::Rowid { .. });
    let key = |row: &String| match row.parse::<i64>() {
        Ok(row) if has_rowid => key_text(Some(row), 0),
        Ok(row) => key_text(None, row.cast_unsigned()),
        Err(_) => row.clone(),
    };
    let rows = plural(tally.bad, "row");
    let place = qualified(schema, &table.target);
    let (code, message) = match one.kind {
        TryKind::Check | TryKind::Domain => {
            ("E_CHECK", format!("{rows} of the source would be refused by this CHECK of the target"))
        }
        TryKind::Partition => ("E_NO_PARTITION", format!("{rows} of the source would find no partition")),
        TryKind::Unique => {
            let keys = plural(tally.bad, "key");
            ("E_UNIQUE_MERGE", format!("{keys} of the source would meet in this unique index"))
        }
        TryKind::Taken => (
            "E_UNIQUE_TAKEN",
            format!("{rows} of the source have a key that a row of the target has already"),
        ),
        TryKind::Parent => {
            ("E_FK_ORPHANS", format!("{rows} of the source would have no parent in {}", one.expression))
        }
    };
    let message = match &tally.unknown {
        Some(state) => format!("{message}: it ends with the error {state}"),
        None => message,
    };
    let is_left = one.kind == TryKind::Parent && config.orphans == OrphanPolicy::NotValid;
    let (code, severity) =
        if is_left { ("W_FK_ORPHANS", Severity::Warning) } else { (code, Severity::Refusal) };
    let object = match one.kind {
        TryKind::Partition => table.target.clone(),
        _ => format!("{}.{}", table.target, one.name),
    };
    let drop = format!("ALTER TABLE {place} DROP CONSTRAINT {}", quote(&one.name));
    let finding = Finding::new(code, severity, object, message)
        .count(tally.bad)
        .examples(tally.keys.iter().map(key).collect());
    let finding = match one.kind {
        TryKind::Check => finding.way(Way::Target(drop)),
        TryKind::Domain => finding.way(Way::Target(format!(
            "ALTER DOMAIN {} DROP CONSTRAINT {}",
            one.others.first().map_or("", String::as_str),
            quote(&one.name)
        ))),
        TryKind::Partition => match one.others.first() {
            Some(lacking) => finding.way(Way::Target(format!(
                "CREATE TABLE {} PARTITION OF {lacking} DEFAULT",
                qualified(schema, &format!("{}_default", table.target))
            ))),
            None => finding,
        },
        TryKind::Unique if one.others.is_empty() => {
            finding.way(Way::Target(format!("DROP INDEX {}", qualified(schema, &one.name))))
        }
        TryKind::Unique => finding.way(Way::Target(drop)),
        TryKind::Taken => finding.way(Way::option("existing", "truncate")),
        TryKind::Parent if is_left => finding,
        TryKind::Parent => finding.way(Way::option("orphans", "not-valid")),
    };
    finding.or("mend these rows in the source")
}
