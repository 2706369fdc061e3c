//! Steps as they are done: one in a transaction of its own with its ledger row, or several small ones together.

use super::sequence;
use super::steps::{self, SEQUENCE, VACUUM, VALIDATE_CHECK, is_view, words};
use crate::error::{Error, Result};
use crate::event::{Events, Phase};
use crate::failpoint;
use crate::plan::{Plan, StepKind};
use crate::postgres::fault::server_error;
use crate::postgres::ledger::{StepOwner, StepProgress, StepState};
use crate::postgres::session::Session;
use crate::postgres::step;
use crate::timing::TableWork;
use std::sync::Arc;
use std::time::Instant;

/// Memory for one index build, unless the server's own setting is larger: what a managed server of modest size can give
/// to each of a few connections.
const INDEX_MEMORY: &str = "256MB";

/// Memory for a build that has failed for want of it: less is no server's own setting, and more than one process takes as
/// much again.
const LITTLE_MEMORY: &str = "16MB";

/// SQLSTATE `out_of_memory`.
const OUT_OF_MEMORY: &str = "53200";

/// SQLSTATE `disk_full`.
const DISK_FULL: &str = "53100";

/// What the server's names of shared memory segments begin with: where they have no room, that is a full disk to it.
const SEGMENT: &str = "/PostgreSQL.";

/// SQLSTATE `check_violation`.
const CHECK_VIOLATION: &str = "23514";

/// Whose steps they are.
#[derive(Debug, Clone)]
pub(super) struct Whose {
    /// ledger row, epoch, schema
    pub(super) owner: StepOwner,
    /// the plan
    pub(super) plan: Arc<Plan>,
}

/// How steps can be done together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// statements in one transaction
    Plain,
    /// sequences read and set by a few statements
    Sequence,
    /// one VACUUM of several tables
    Vacuum,
    /// not at all
    Alone,
}

fn kind(step: &StepState) -> Kind {
    match step.kind.as_str() {
        SEQUENCE => Kind::Sequence,
        VACUUM => Kind::Vacuum,
        // A CHECK that rows are against is left NOT VALID, a view may be left to somebody's hand: each is looked at alone.
        VALIDATE_CHECK => Kind::Alone,
        _ if is_view(step) => Kind::Alone,
        _ => Kind::Plain,
    }
}

/// The phase that shows a step.
pub(super) fn phase_of(step: &StepState) -> Phase {
    let index =
        [StepKind::PrimaryKey, StepKind::Unique, StepKind::Index, StepKind::Check].map(StepKind::name);
    match step.kind.as_str() {
        VACUUM => Phase::Maintain,
        VALIDATE_CHECK => Phase::Index,
        kind if index.contains(&kind) => Phase::Index,
        _ => Phase::Constrain,
    }
}

/// Notes that a step of a table was done; VACUUM makes nothing.
pub(super) fn note_work(events: &Events, step: &StepState, started: Instant) {
    if step.kind != VACUUM {
        events.clock().worked(&step.table, TableWork::Index, started);
    }
}

/// Cuts steps into what can be done together, in their order.
pub(super) fn together(steps: Vec<StepState>) -> Vec<Vec<StepState>> {
    let mut parts: Vec<Vec<StepState>> = Vec::new();
    for step in steps {
        match parts.last_mut() {
            Some(part) if kind(&part[0]) == kind(&step) && kind(&step) != Kind::Alone => part.push(step),
            _ => parts.push(vec![step]),
        }
    }
    parts
}

/// More memory for index builds, for as long as the session lives.
pub(super) async fn give_memory(session: &Session) -> Result<()> {
    let sql = format!(
        "SELECT set_config('maintenance_work_mem', '{INDEX_MEMORY}', false)
         WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('{INDEX_MEMORY}')"
    );
    step::execute(session, &sql).await
}

/// The server had not the memory that we let it take, for a build or for the dead rows of a VACUUM by several processes.
fn wants_less_memory(error: &Error) -> bool {
    server_error(error).is_some_and(|server| match server.sqlstate.as_str() {
        OUT_OF_MEMORY => true,
        DISK_FULL => server.message.as_deref().is_some_and(|message| message.contains(SEGMENT)),
        _ => false,
    })
}

/// Little memory, and one process, until [`give_back_memory`].
async fn take_memory(session: &Session) -> Result<()> {
    let sql =
        format!("SET maintenance_work_mem = '{LITTLE_MEMORY}'; SET max_parallel_maintenance_workers = 0");
    step::execute(session, &sql).await
}

async fn give_back_memory(session: &Session) -> Result<()> {
    step::execute(session, "RESET maintenance_work_mem; RESET max_parallel_maintenance_workers").await?;
    give_memory(session).await
}

/// Does all of `steps`, a part of [`together`]. Where one of them fails none is done, except of sequences and VACUUM, which may
/// be done twice.
pub(super) async fn do_together(session: &Session, whose: &Whose, steps: &[StepState]) -> Result<()> {
    failpoint::target(failpoint::BEFORE_STEP)?;
    match steps.first().map_or(Kind::Alone, kind) {
        Kind::Plain => step::run_all(session, &whose.owner, steps).await,
        Kind::Sequence => sequence::set_all(session, &whose.owner, &whose.plan, steps).await,
        Kind::Vacuum => step::vacuum_all(session, &whose.owner, steps).await,
        Kind::Alone => Err(Error::internal("steps that stand alone were put together")),
    }?;
    failpoint::target(failpoint::AFTER_STEP)
}

/// Does one step; `serial` keeps an index build to one process of the server. Where the server has not the memory for it, it
/// is tried once more with little.
pub(super) async fn do_one(
    session: &Session,
    whose: &Whose,
    step: &StepState,
    serial: bool,
) -> Result<StepProgress> {
    let error = match try_one(session, whose, step, serial).await {
        Err(error) if wants_less_memory(&error) => error,
        other => return other,
    };
    if take_memory(session).await.is_err() {
        return Err(error);
    }
    let progress = try_one(session, whose, step, true).await?;
    give_back_memory(session).await?;
    Ok(progress)
}

async fn try_one(session: &Session, whose: &Whose, step: &StepState, serial: bool) -> Result<StepProgress> {
    failpoint::target(failpoint::BEFORE_STEP)?;
    let owner = &whose.owner;
    match step.kind.as_str() {
        SEQUENCE => {
            let set = sequence::set(session, owner, &whose.plan, step).await;
            set.map_err(|error| error.at(words(step)))?;
        }
        VACUUM => step::vacuum(session, owner, step).await?,
        VALIDATE_CHECK => return validate_check(session, owner, step).await,
        _ if is_view(step) => create_view(session, owner, step).await?,
        _ => step::run(session, owner, step, serial).await.map_err(|error| error.at(words(step)))?,
    }
    failpoint::target(failpoint::AFTER_STEP)?;
    Ok(StepProgress::Done)
}

fn has_sqlstate(error: &Error, sqlstate: &str) -> bool {
    server_error(error).is_some_and(|server| server.sqlstate == sqlstate)
}

/// A CHECK that rows are against stays NOT VALID: the source has these rows, too (semantics.md §3.6).
async fn validate_check(session: &Session, owner: &StepOwner, step: &StepState) -> Result<StepProgress> {
    match step::run(session, owner, step, false).await {
        Ok(()) => Ok(StepProgress::Done),
        Err(error) if has_sqlstate(&error, CHECK_VIOLATION) => {
            step::mark(session, owner, step, "left", Some("rows are against it")).await?;
            Ok(StepProgress::Left)
        }
        Err(error) => Err(error.at(words(step))),
    }
}

/// A view that could not be made is made by hand under its name, and is then taken for done: the name was free when the
/// plan was made.
async fn create_view(session: &Session, owner: &StepOwner, step: &StepState) -> Result<()> {
    if step::is_there(session, &owner.schema, &step.object).await? {
        return step::mark(session, owner, step, "done", Some(steps::MADE_BY_HAND)).await;
    }
    let way_out = "create it by hand under this name; the same command then goes on";
    step::run(session, owner, step, false).await.map_err(|error| error.at(words(step)).remedy(way_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::fault::ServerError;

    fn said(sqlstate: &str, message: &str) -> Error {
        let (sqlstate, message) = (sqlstate.to_owned(), Some(message.to_owned()));
        let server =
            ServerError { sqlstate, message, schema: None, table: None, column: None, constraint: None };
        Error::target_fault("making an index").cause(server)
    }

    #[test]
    fn memory_is_told_from_disk() {
        assert!(wants_less_memory(&said("53200", "out of memory")));
        let segment = "could not resize shared memory segment \"/PostgreSQL.2140480362\" to 134483968 bytes";
        assert!(wants_less_memory(&said("53100", segment)));
        assert!(!wants_less_memory(&said("53100", "could not extend file \"base/5/16384\"")));
        assert!(!wants_less_memory(&said("53400", "temporary file size exceeds temp_file_limit")));
        assert!(!wants_less_memory(&Error::target_fault("the connection broke")));
    }
}
