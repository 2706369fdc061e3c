//! CHECKs that rows of the source are against: known before anything is written, and left NOT VALID.

use super::job::{Job, key_text};
use super::pool;
use crate::error::{Error, Result};
use crate::finding::{Finding, NotCarried, Severity};
use crate::plan::{CheckPlan, Plan, TablePlan};
use crate::sqlite::violations::{self, Rows, Unjudged};
use std::sync::Arc;

/// Counts, of every CHECK that is carried, the rows that are against it: one pass over each table that has any. Rows that
/// will be set aside count as well, so that no CHECK is validated that might fail.
///
/// # Errors
/// A source fault.
pub async fn run(job: &Arc<Job>, plan: &mut Plan, jobs: usize) -> Result<()> {
    let checked = |table: &&mut TablePlan| !table.checks.is_empty();
    let tables: Vec<TablePlan> = plan.tables.iter_mut().filter(checked).map(|table| table.clone()).collect();
    let shared = Arc::clone(job);
    let judged = pool::blocking(jobs, tables, move |table| judge(&shared, table)).await?;
    for (table, judged) in plan.tables.iter_mut().filter(checked).zip(judged) {
        for (check, judgement) in std::mem::take(&mut table.checks).into_iter().zip(judged) {
            match judgement {
                Judgement::Unknown(why) => plan.not_carried.push(unknown(table, &check, &why)),
                Judgement::Counted(0, _) => table.checks.push(check),
                Judgement::Counted(violations, keys) => {
                    plan.findings.push(violated(table, &check, violations).examples(keys));
                    table.checks.push(CheckPlan { violations, ..check });
                }
            }
        }
    }
    Ok(())
}

/// What SQLite says of one CHECK.
enum Judgement {
    /// rows against it, keys of the first
    Counted(u64, Vec<String>),
    /// SQLite itself cannot evaluate it
    Unknown(String),
}

fn judge(job: &Job, table: &TablePlan) -> Result<Vec<Judgement>> {
    let reader = job.source.reader()?;
    let rows = Rows { table: &table.source, rowid: table.rowid_name(), filter: table.filter.as_deref() };
    let probes: Vec<&str> = table.checks.iter().map(|check| check.probe.as_str()).collect();
    let counts = match violations::count(&reader, rows, &probes) {
        Ok(counts) => counts.into_iter().map(Ok).collect(),
        // One of them stands in the way of the others: each for itself.
        Err(_) => {
            let alone = |probe: &&str| violations::count(&reader, rows, &[*probe]);
            let first = |counts: Vec<u64>| counts.first().copied().unwrap_or_default();
            probes.iter().map(|probe| alone(probe).map(first)).collect::<Vec<_>>()
        }
    };
    let judged = probes.iter().zip(counts).map(|(probe, count)| match count {
        Err(Unjudged::File(why)) => Err(unreadable(table, why)),
        Err(Unjudged::Expression(why)) => Ok(Judgement::Unknown(why)),
        Ok(0) => Ok(Judgement::Counted(0, Vec::new())),
        Ok(count) => {
            let keys = violations::first(&reader, rows, probe).map_err(|why| match why {
                Unjudged::File(why) | Unjudged::Expression(why) => unreadable(table, why),
            })?;
            Ok(Judgement::Counted(count, keys.into_iter().map(|key| key_text(Some(key), 0)).collect()))
        }
    });
    judged.collect()
}

fn unreadable(table: &TablePlan, why: String) -> Error {
    Error::source_fault("its CHECKs cannot be tried").at(format!("table \"{}\"", table.source)).cause(why)
}

fn violated(table: &TablePlan, check: &CheckPlan, violations: u64) -> Finding {
    let message = "rows of the source are against it: it is made and left NOT VALID";
    let object = format!("{}.{}", table.source, check.name);
    Finding::new("W_CHECK_VIOLATED", Severity::Warning, object, message).count(violations).or(format!(
        "mend these rows in the source; or after the copy in the target, and then {}",
        check.validate.trim_end_matches(';')
    ))
}

fn unknown(table: &TablePlan, check: &CheckPlan, why: &str) -> NotCarried {
    NotCarried {
        kind: "check".to_owned(),
        name: check.name.clone(),
        table: Some(table.source.clone()),
        why: format!("SQLite itself cannot evaluate it ({why})"),
        sql: format!("CHECK ({})", check.probe),
    }
}
