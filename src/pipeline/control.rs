//! The run's own session between two uses: where it broke, another one is opened, and sees that the sources are
//! still this run's. The workers' sessions are not its business: they ask the ledger by themselves.

use super::active::{self, Active};
use super::tools::Tools;
use crate::error::Result;
use crate::postgres::fault::{Passing, passing};
use crate::postgres::ledger;
use crate::postgres::load;
use crate::postgres::session::Session;
use crate::postgres::step;

/// Sources that a run holds: their ledger rows, and its epoch of each.
pub(super) type Held = Vec<(i64, i64)>;

/// What `actives` are held by.
pub(super) fn held(actives: &[Active]) -> Held {
    actives.iter().map(|active| (active.state.source_id, active.state.epoch)).collect()
}

/// Does `work` with the run's session; where that fails for a cause that can pass, again, in a new session if need be. The
/// work must be such that it may be done twice. A run may hold nothing yet.
///
/// # Errors
/// Those of `work`; [`crate::error::ErrorKind::Busy`] where another run took over meanwhile.
pub(super) async fn with<T>(
    tools: &Tools,
    control: &mut Session,
    held: &Held,
    mut work: impl AsyncFnMut(&Session) -> Result<T>,
) -> Result<T> {
    let mut attempts = tools.retry.attempts(None);
    let mut is_broken = false;
    loop {
        let reopened = match is_broken {
            true => reopen(tools, control, held).await,
            false => Ok(()),
        };
        let result = match reopened {
            Ok(()) => work(control).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(done) => {
                attempts.succeeded();
                return Ok(done);
            }
            Err(error) => {
                is_broken = passing(&error) == Some(Passing::Link);
                attempts.after(error).await?;
            }
        }
    }
}

async fn reopen(tools: &Tools, control: &mut Session, held: &Held) -> Result<()> {
    let opening = async {
        tools.ready().await?;
        let session = tools.connector.connect("control").await?;
        if !held.is_empty() {
            // The server may not have noticed yet that the old one is dead, and would keep its locks for it.
            ledger::end_session(&session, control).await?;
        }
        for (source_id, epoch) in held {
            load::check_epoch(&session, *source_id, *epoch).await?;
        }
        Ok(session)
    };
    *control = tools.cancel.at_once(opening).await?;
    Ok(())
}

/// Sees that the session is alive.
pub(super) async fn ensure(tools: &Tools, control: &mut Session, held: &Held) -> Result<()> {
    with(tools, control, held, async |session| step::execute(session, "SELECT 1").await).await
}

/// Reads again what the ledger knows, once that is durable: chunks and steps commit without waiting for the disk, and a run
/// that outlives a crash of the server must see what was lost by it.
pub(super) async fn refresh(tools: &Tools, control: &mut Session, actives: &mut [Active]) -> Result<()> {
    let held = held(actives);
    let work = async |session: &Session| {
        if let Some((source_id, epoch)) = held.first() {
            ledger::make_durable(session, *source_id, *epoch).await?;
        }
        active::refresh(session, actives).await
    };
    with(tools, control, &held, work).await
}

/// The last look at the ledger, see [`active::check`].
pub(super) async fn check(tools: &Tools, control: &mut Session, actives: &mut [Active]) -> Result<()> {
    let held = held(actives);
    let work = async |session: &Session| active::check(session, actives).await;
    with(tools, control, &held, work).await
}
