//! What is copied again, and what is not touched: decided before anything is written, all reasons at once.

use super::Told;
use super::owned::Owned;
use crate::assess::job::Job;
use crate::checkpoint::{ChunkSpec, ScanRange};
use crate::digest::MultisetDigest;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::ident::qualified;
use crate::limits::EXAMPLES_MAX;
use crate::outcome::{DifferenceKind, Verify};
use crate::pipeline::schedule::sent_columns;
use crate::pipeline::tools::Tools;
use crate::pipeline::verify::{Expected, Verdict, integer_key};
use crate::plan::TablePlan;
use crate::postgres::lifted::missing_rights;
use crate::postgres::replace::{other_columns, reactions};
use crate::postgres::session::Session;
use std::sync::Arc;

/// One table of which rows are copied again.
pub(super) struct Work {
    /// index of its source
    pub(super) source: usize,
    pub(super) job: Arc<Job>,
    pub(super) table: Arc<TablePlan>,
    pub(super) schema: String,
    pub(super) pieces: Vec<Piece>,
    /// chunks of the table in all
    pub(super) chunks_of: usize,
}

/// What commits together: one chunk, or a whole table whose chunks cannot be told apart in the target.
pub(super) struct Piece {
    /// with what each is to come to
    pub(super) chunks: Vec<(ChunkSpec, MultisetDigest)>,
    /// the column of the target by which its rows are told
    pub(super) key: Option<String>,
    pub(super) range: ScanRange,
    /// rows that the target has of it
    pub(super) rows: u64,
}

/// Everything that differs.
///
/// # Errors
/// A refusal with everything that stands against it; a target fault.
pub(super) async fn all(
    tools: &Tools,
    control: &Session,
    owned: &Owned,
    found: &[Told],
) -> Result<Vec<Work>> {
    let (mut works, mut against) = (Vec::new(), Vec::new());
    for (source, name, verdict) in found.iter().filter(|(_, _, verdict)| verdict.verify == Verify::Differs) {
        let task = owned.tasks.iter().find(|(i, expected)| i == source && expected.plan.source == *name);
        let Some((_, expected)) = task else { continue };
        against.extend(of_others(expected, verdict));
        let pieces = pieces(expected, verdict);
        works.push(Work {
            source: *source,
            job: Arc::clone(&expected.job),
            table: Arc::clone(&expected.plan),
            schema: tools.config.schema.clone(),
            pieces,
            chunks_of: expected.chunks.len(),
        });
    }
    against.extend(reacting(tools, control, &works).await?);
    against.extend(unsent(tools, control, &works).await?);
    against.extend(forbidden(tools, control, &works).await?);
    match against.is_empty() {
        true => Ok(works),
        false => {
            Err(Error::refused("what differs cannot be repaired without harm; nothing was written", against))
        }
    }
}

fn pieces(expected: &Expected, verdict: &Verdict) -> Vec<Piece> {
    let key = integer_key(&expected.plan).and_then(|column| expected.plan.columns.get(column));
    let Some(key) = key.filter(|_| !verdict.unequal.is_empty()) else {
        let rows = verdict.target_rows.unwrap_or(0);
        return vec![Piece { chunks: expected.chunks.clone(), key: None, range: ScanRange::WHOLE, rows }];
    };
    let of_index = |index: u32| expected.chunks.iter().find(|(chunk, _)| chunk.index == index);
    let unequal = verdict.unequal.iter().filter_map(|(index, rows)| Some((of_index(*index)?, *rows)));
    let piece = |(chunk, rows): (&(ChunkSpec, MultisetDigest), u64)| Piece {
        range: chunk.0.range,
        chunks: vec![chunk.clone()],
        key: Some(key.target.clone()),
        rows,
    };
    unequal.map(piece).collect()
}

/// Rows of somebody else, or that may be.
fn of_others(expected: &Expected, verdict: &Verdict) -> Option<Finding> {
    let table = &expected.plan.source;
    let refusal = |code: &str, message: &str| Finding::new(code, Severity::Refusal, table.clone(), message);
    if let Some(before) = expected.before.filter(|before| before.rows() > 0) {
        let message =
            "held rows before the copy (--existing append): those of the copy cannot be told from them";
        let fix = "mend the rows that are named by hand; or copy with --restart into a table of its own";
        return Some(refusal("E_REPAIR_BEFORE", message).count(before.rows()).fix(fix));
    }
    let counts = verdict.counts.clone().unwrap_or_default();
    if counts.extra > 0 {
        let extra = verdict.rows.iter().filter(|row| row.kind == DifferenceKind::Extra);
        let key = |row: &crate::outcome::RowDifference| match &row.target_row {
            Some(ctid) => format!("{} at ctid {ctid}", row.key),
            None => row.key.clone(),
        };
        let message = "holds rows that the source does not have: a repair would delete them";
        let fix = "look at them (`cutover verify` names them); keep them elsewhere or delete them, and run the same command again";
        let finding = refusal("E_REPAIR_EXTRA", message).count(counts.extra).fix(fix);
        return Some(finding.examples(extra.take(EXAMPLES_MAX).map(key).collect()));
    }
    if counts.guessed > 0 {
        let message = "holds rows whose key the source does not have, each much like one that is missing: a repair would delete them";
        let fix = "look at them (`cutover verify` names them); give them their key back or delete them, and run the same command again";
        return Some(refusal("E_REPAIR_EXTRA", message).count(counts.guessed).fix(fix));
    }
    (!counts.exact && verdict.target_rows.unwrap_or(0) > 0).then(|| {
        let message =
            "so many rows differ that it cannot be told whether rows of somebody else are among them";
        let fix = "empty the table if all of it is the copy's, and run the same command again";
        refusal("E_REPAIR_EXTRA", message).fix(fix)
    })
}

/// Columns of the target that the copy does not fill would begin anew in rows that are deleted and inserted again.
async fn unsent(tools: &Tools, control: &Session, works: &[Work]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for work in works.iter().filter(|work| !work.pieces.is_empty()) {
        let sent = sent_columns(&work.table);
        let others = other_columns(control, &tools.config.schema, &work.table.target, &sent).await?;
        if others.is_empty() {
            continue;
        }
        let message = format!(
            "has columns that the copy did not fill, and a repair would empty them: {}",
            others.join(", ")
        );
        let fix = "mend the rows that are named by hand (`cutover verify` names them)";
        let table = work.table.source.clone();
        findings.push(Finding::new("E_REPAIR_COLUMNS", Severity::Refusal, table, message).fix(fix));
    }
    Ok(findings)
}

/// What this role may not do of it: rows, and the keys of others that are taken off meanwhile.
async fn forbidden(tools: &Tools, control: &Session, works: &[Work]) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    for work in works.iter().filter(|work| !work.pieces.is_empty()) {
        let table = qualified(&tools.config.schema, &work.table.target);
        let missing = missing_rights(control, &table).await?;
        // A key between two of these tables stands in both.
        findings
            .extend(missing.into_iter().filter(|finding| !findings.contains(finding)).collect::<Vec<_>>());
    }
    Ok(findings)
}

/// Triggers and rules that would act on rows that are deleted and inserted again.
async fn reacting(tools: &Tools, control: &Session, works: &[Work]) -> Result<Vec<Finding>> {
    let tables: Vec<&str> = works.iter().map(|work| work.table.target.as_str()).collect();
    let reactions = reactions(control, &tools.config.schema, &tables).await?;
    let finding = |(table, what): (String, String)| {
        let message = format!("{what} of the target would act on rows that are deleted and inserted again");
        let fix = "disable it (ALTER TABLE … DISABLE TRIGGER, or DISABLE RULE), run the same command again, and enable it";
        Finding::new("E_REPAIR_TRIGGER", Severity::Refusal, table, message).fix(fix)
    };
    Ok(reactions.into_iter().map(finding).collect())
}
