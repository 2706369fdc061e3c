//! `status --watch`.

use super::args::StatusArgs;
use super::{ask, exit, until_stopped};
use crate::error::Result;
use crate::event::Events;
use crate::limits;
use crate::pipeline::target::Connector;
use crate::pipeline::watch::{Watch, watch};
use crate::report::WatchScreen;
use std::sync::Arc;

/// Shows a copy until its run ends: 0 where it has finished, else the code of a fault that the same copy resumes after.
///
/// # Errors
/// A target fault that does not pass; the stop that was asked for.
pub(super) fn run(args: &StatusArgs, connector: Connector) -> Result<u8> {
    let screen = WatchScreen::on_stdout(args.json);
    let interval = args.interval.unwrap_or(limits::WATCH_INTERVAL).max(limits::WATCH_INTERVAL_MIN);
    let finished = until_stopped(async |cancel| {
        let connector = ask::complete(connector, cancel).await?;
        let watched = Watch {
            connector: &connector,
            schema: args.schema.as_deref(),
            interval,
            retry_for: args.retry_for.unwrap_or(limits::RETRY_FOR),
            events: Events::new(Arc::new(screen.clone())),
        };
        watch(watched, cancel, |watched| screen.show(watched)).await
    })?;
    Ok(if finished { exit::DONE } else { exit::TARGET })
}
