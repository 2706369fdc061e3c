//! Rows on their way into existing tables, tried by the server: what CHECKs, domains, partitions, unique indexes over
//! expressions and keys to other tables would refuse is known before anything is written.

use super::Assessed;
use super::aside::{Judge, row_id, sets_orphans_aside};
use super::filled;
use super::job::Job;
use super::key_length::{Verdict, verdict};
use super::numbers;
use super::pool::join;
use super::refused::{name_of, settle};
use crate::checkpoint::ScanRange;
use crate::config::{Config, ExistingPolicy};
use crate::encode;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::ident::qualified;
use crate::limits::{EXAMPLES_MAX, INDEX_KEY_BYTES_MAX, TRY_BYTES, TRY_KEYS_MAX, TRY_ROWS};
use crate::plan::types::PgType;
use crate::plan::{ColumnPlan, Plan, TableMode, TablePlan};
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
        let existing = plan.tables.iter().filter(|table| table.mode == TableMode::Existing);
        let tables: Vec<TablePlan> = existing.filter(|table| !is_refused(plan, table)).cloned().collect();
        let kept = if config.existing == ExistingPolicy::Append { &holding_rows[..] } else { &[] };
        let mut of_numbers = numbers::check(session, &plan.schema, &tables, kept).await?;
        let created = plan.tables.iter().filter(|table| table.mode == TableMode::Create);
        of_numbers.extend(created.filter(|table| !is_refused(plan, table)).flat_map(numbers::of_created));
        for table in tables.into_iter().filter(|table| table.rows > 0) {
            let is_held = kept.contains(&table.target);
            let tried = try_table(session, job, (&plan.schema, &table), (&targets, is_held)).await?;
            settle(plan, &table, tried, config);
        }
        plan.findings.extend(of_numbers);
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
pub(super) struct Tally {
    pub(super) bad: u64,
    pub(super) keys: Vec<String>,
    /// hashes of unique keys, with their rows
    pub(super) hashes: Vec<(i64, i64)>,
    /// why the server could not say
    pub(super) unknown: Option<String>,
    /// of some rows it is not known
    pub(super) is_unsure: bool,
}

impl Tally {
    /// Counts rows of `batch` that do not meet it; `numbers` are those of the first.
    fn add(&mut self, count: u64, numbers: Vec<u64>, batch: &Batch) {
        self.bad += count;
        let rows = numbers
            .into_iter()
            .filter_map(|number| batch.keys.get(usize::try_from(number).ok()?.checked_sub(1)?));
        let left = EXAMPLES_MAX.saturating_sub(self.keys.len());
        self.keys.extend(rows.take(left).map(i64::to_string));
    }
}

/// A table's tries with what became of them; a row that is too large to travel is left out.
pub(super) struct Tried {
    pub(super) tallies: Vec<(Try, Tally)>,
    /// what is not tried
    pub(super) untried: Vec<String>,
    /// what was found without the rows
    pub(super) findings: Vec<Finding>,
    pub(super) skipped: u64,
}

async fn try_table(
    session: &Session,
    job: &Arc<Job>,
    (schema, table): (&str, &TablePlan),
    (targets, is_held): (&[String], bool),
) -> Result<Tried> {
    let (all, columns) = tries::of_table(session, schema, &table.target).await?;
    let (tries, untried) = worth_trying(all, job, (schema, table), targets, is_held);
    let filled = filled::check(session, schema, table, &columns).await?;
    let untried = untried.into_iter().chain(filled.untried).collect();
    let tallies = tries.into_iter().map(|one| (one, Tally::default())).collect();
    let mut tried = Tried { tallies, untried, findings: filled.findings, skipped: 0 };
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

/// What is tried, and the names of what cannot be. Plain unique keys are tried in the source, as far as its bytes tell; a
/// parent that this run copies is not there yet.
fn worth_trying(
    all: Vec<Try>,
    job: &Job,
    (schema, table): (&str, &TablePlan),
    targets: &[String],
    is_held: bool,
) -> (Vec<Try>, Vec<String>) {
    let (mut tries, mut untried) = (Vec::new(), Vec::new());
    for one in all {
        let plain = table.unique_keys.iter().find(|(name, _)| *name == one.name && one.partition.is_none());
        match (one.kind, plain) {
            (TryKind::Items, _) if may_be_long(&one, job, table) => untried.push(name_of(&one)),
            (TryKind::Items, _) => {}
            (TryKind::Length, _) if !one.is("expression") && !may_be_long(&one, job, table) => {}
            (TryKind::Exclusion, _) => untried.push(name_of(&one)),
            (TryKind::Unique, Some((_, columns))) => {
                if is_held {
                    tries.push(taken(&one, (schema, table), columns));
                    untried.extend(one.is("collation").then(|| name_of(&one)));
                }
                match is_told_by_bytes(&one, table, columns) {
                    true => {}
                    false if table.rows > TRY_KEYS_MAX => untried.push(name_of(&one)),
                    false => tries.push(one),
                }
            }
            (TryKind::Unique, None) => {
                if is_held || table.rows > TRY_KEYS_MAX {
                    untried.push(name_of(&one));
                }
                if table.rows <= TRY_KEYS_MAX {
                    tries.push(one);
                }
            }
            (TryKind::Parent, _) if is_copied(&one, schema, targets) => {
                untried.extend(one.partition.as_ref().map(|_| name_of(&one)));
            }
            _ => tries.push(one),
        }
    }
    (tries, untried)
}

/// Whether the columns of the source that an index is over hold values that together may be too long for a key, however they
/// are spelled in the target. Columns that the target computes are as long as all others.
fn may_be_long(one: &Try, job: &Job, table: &TablePlan) -> bool {
    let facts = job.tables().zip(&job.profiles).find(|(found, _)| found.name == table.source);
    let Some((source, profile)) = facts else { return true };
    let longest = |column: &ColumnPlan| {
        let facts = source.column_index(&column.source).and_then(|i| profile.columns.get(i));
        2 * facts.map_or(0, |facts| facts.max_bytes) + KEY_PART_BYTES
    };
    let all = || table.columns.iter().map(longest).sum::<u64>();
    let names = one.columns.iter().flatten();
    let of_names = names.map(|name| match table.columns.iter().find(|column| column.target == *name) {
        Some(column) if column.generated.is_none() => longest(column),
        _ => all(),
    });
    of_names.sum::<u64>() > INDEX_KEY_BYTES_MAX
}

/// Bytes that a value of a key has at the most beside those of the source: numbers and dates, headers, alignment.
const KEY_PART_BYTES: u64 = 24;

fn taken(one: &Try, (schema, table): (&str, &TablePlan), columns: &[usize]) -> Try {
    let names = columns.iter().map(|&i| table.columns[i].target.clone()).collect();
    let expression = qualified(schema, &table.target);
    Try { kind: TryKind::Taken, expression, columns: Some(names), ..one.clone() }
}

/// Whether the rows of a plain unique key are equal where the bytes sent are, and only there.
fn is_told_by_bytes(one: &Try, table: &TablePlan, columns: &[usize]) -> bool {
    let mut columns = columns.iter().map(|&i| &table.columns[i]);
    let has_form = |pg: PgType| {
        matches!(
            pg,
            PgType::Numeric(_)
                | PgType::Float4
                | PgType::Float8
                | PgType::Char(_)
                | PgType::Citext
                | PgType::Jsonb
                | PgType::Interval(_)
        )
    };
    let may_be_null = |column: &ColumnPlan| one.nulls_equal && !column.not_null;
    !one.is("collation") && !columns.any(|column| may_be_null(column) || has_form(column.mapping.pg))
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
        live.into_iter().zip(answers).for_each(|(i, answer)| note(&mut tried.tallies[i], answer, batch));
        return Ok(());
    }
    // One of them is in the way of the others.
    for i in live {
        let answer = question.ask(session, &[&tried.tallies[i].0], batch).await?;
        match answer {
            Ok(answers) => answers.into_iter().for_each(|answer| note(&mut tried.tallies[i], answer, batch)),
            Err(state) => tried.tallies[i].1.unknown = Some(state),
        }
    }
    Ok(())
}

fn note((one, tally): &mut (Try, Tally), answer: Answer, batch: &Batch) {
    match answer {
        Answer::Bad(count, numbers) => tally.add(count, numbers, batch),
        Answer::Long(rows) => {
            let verdicts: Vec<Verdict> = rows.iter().map(|row| verdict(one, row)).collect();
            tally.is_unsure |= verdicts.contains(&Verdict::Unknown);
            let judged = rows.iter().zip(verdicts).filter(|(_, verdict)| *verdict == Verdict::TooLong);
            let numbers: Vec<u64> = judged.map(|(row, _)| row.number).collect();
            tally.add(numbers.len() as u64, numbers, batch);
        }
        Answer::Keys(hashes) => {
            let hashed = hashes.into_iter().zip(&batch.keys);
            tally.hashes.extend(hashed.filter_map(|(hash, row)| Some((hash?, *row))));
        }
    }
}
