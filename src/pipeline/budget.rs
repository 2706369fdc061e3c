//! The connections that a run may have: what the server leaves is looked up at its beginning, and fewer work where there are
//! fewer. A failure for want of a connection later is in `workers` and `finish`: a worker without one leaves.

use super::tools::Tools;
use crate::config::Config;
use crate::counts::plural;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::postgres::fault::LinkFault;
use crate::postgres::room;
use crate::postgres::session::Session;

/// The same tools with no more jobs than the server leaves connections.
///
/// # Errors
/// A target fault that can pass, where not even one connection is left beside `control`.
pub(super) async fn within(tools: &Tools, control: &Session) -> Result<Tools> {
    let jobs = tools.config.jobs;
    let Some(limit) = room::tightest(control).await? else { return Ok(tools.clone()) };
    let left = limit.left();
    if left == 0 {
        let room = format!("{limit}, ours among them");
        return Err(Error::target_fault(
            "a run needs one more connection than it has, and the server leaves none",
        )
        .cause(LinkFault::new(room))
        .remedy("end idle sessions, or raise the limit that is named; then run the same command again"));
    }
    if left < jobs {
        let connections = plural(left as u64, "connection");
        tools.events.note(format!(
            "{limit}: the server leaves {connections} for the work, so {left} of {jobs} jobs are used"
        ));
    }
    Ok(Tools { config: Config { jobs: jobs.min(left), ..tools.config.clone() }, ..tools.clone() })
}

/// Connections that a run needs beside the first: one that holds the target, and one that works.
const LEAST: usize = 2;

/// Refuses a run for which there is no room: `copy --migrate` would wait for it in vain. Of a run that begins only limits
/// are told that leave no room whoever else is connected; the others can pass.
///
/// # Errors
/// A refusal; a target fault.
pub(super) async fn enough(tools: &Tools, session: &Session, is_dry: bool) -> Result<()> {
    let Some(limit) = room::tightest(session).await? else { return Ok(()) };
    let never = limit.allowed <= LEAST as i64;
    if limit.left() >= LEAST || !(never || is_dry) {
        return Ok(());
    }
    let wanted = limit.used + (LEAST + tools.config.jobs) as i64;
    let message = format!("{limit}, ours among them, and a run needs {LEAST} more");
    let finding = Finding::new("E_CONNECTIONS", Severity::Refusal, "connections", message);
    let finding = match &limit.raise {
        Some(raise) => finding.way(Way::Target(format!("{raise}{wanted}"))).or("or end idle sessions"),
        None => finding.fix("end idle sessions, or raise max_connections"),
    };
    Err(Error::refused("the server leaves too few connections", vec![finding])
        .remedy("end idle sessions, or raise the limit that is named"))
}

/// A worker left for want of a connection.
pub(super) fn shrunk(what: &str, working: usize) -> String {
    let jobs = plural(working as u64, "job");
    format!("the server has no further connection for us [53300]: {what} goes on with {jobs}")
}
