//! `copy --rehearse`: the embedded server is started where it is needed, and stopped again where nobody else needs it.

use super::resolve::Variables;
use super::run::connector;
use crate::config::TargetAddress;
use crate::embedded::Cluster;
use crate::error::Result;
use crate::outcome::Method;
use crate::pipeline::rehearse::{Place, is_unused, rehearse};
use crate::pipeline::target::Connector;
use crate::pipeline::{Ended, Tools};
use tokio::runtime::Runtime;

/// How a rehearsal was asked for.
#[derive(Debug)]
pub(super) struct Rehearsal {
    pub(super) method: Method,
    pub(super) is_target_named: bool,
    pub(super) cores: usize,
}

/// The server of ours, where the rehearsal takes place in it.
#[derive(Debug)]
pub(super) struct Local {
    cluster: Cluster,
    connector: Connector,
    /// it did not run before, and is no target
    is_for_this: bool,
}

impl Local {
    /// Starts it; none where the rehearsal takes place in the target.
    ///
    /// # Errors
    /// Where server programs are missing, or it does not start.
    pub(super) fn start(
        asked: &Rehearsal,
        target: &TargetAddress,
        variables: &Variables<'_>,
    ) -> Result<Option<Local>> {
        if asked.method != Method::Embedded {
            return Ok(None);
        }
        let cluster = Cluster::open_default()?;
        let was_running = cluster.status()?.is_some();
        let is_target = asked.is_target_named && *target == TargetAddress::Embedded;
        let connector = connector(&TargetAddress::Embedded, variables)?;
        Ok(Some(Local { cluster, connector, is_for_this: !was_running && !is_target }))
    }

    /// Stops it, where it was started for this and nobody else has come meanwhile.
    ///
    /// # Errors
    /// Where it does not stop.
    pub(super) fn leave(self, runtime: &Runtime) -> Result<()> {
        if self.is_for_this && runtime.block_on(is_unused(&self.connector)).unwrap_or(false) {
            self.cluster.stop()?;
        }
        Ok(())
    }
}

/// Rehearses.
pub(super) async fn run(tools: &Tools, asked: &Rehearsal, local: Option<&Local>) -> Ended {
    let place = match local {
        Some(local) => {
            Place::Embedded { server: local.connector.clone(), is_target_named: asked.is_target_named }
        }
        None if asked.method == Method::Probe => Place::Probe,
        None => Place::Schema,
    };
    rehearse(tools, &place, asked.cores).await
}
