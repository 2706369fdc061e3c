//! What every part of a run works with.

use super::cancel::Cancel;
use super::retry::Retry;
use super::sampling::Sampling;
use crate::config::Config;
use crate::error::Result;
use crate::event::Events;
use crate::limits::RECORD_WAIT;
use crate::postgres::connect::Connector;
use crate::postgres::lease::{self, Lease};
use std::sync::Arc;

/// What a run works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// the settings
    pub config: Config,
    /// the way to the target
    pub connector: Connector,
    /// the screen
    pub events: Events,
    /// the stop button
    pub cancel: Cancel,
    /// how long what can pass is tried again
    pub(super) retry: Retry,
    /// the target is this run's; of a run that only looks there is none
    pub(super) lease: Option<Lease>,
    /// the name of a snapshot of the target that the run's own session keeps
    pub(super) snapshot: Option<Arc<str>>,
}

impl Tools {
    /// What a run by `config` works with.
    pub fn new(config: Config, connector: Connector, events: Events, cancel: Cancel) -> Tools {
        let retry = Retry::new(config.retry_for, events.clone(), cancel.clone());
        Tools { config, connector, events, cancel, retry, lease: None, snapshot: None }
    }

    /// Takes the target for run `run_id`.
    ///
    /// # Errors
    /// Busy where another run keeps it; a target fault.
    pub(super) async fn hold(&self, run_id: &str) -> Result<Tools> {
        let taking = lease::take(&self.connector, run_id, self.config.take_over, &self.events);
        Ok(Tools { lease: Some(self.cancel.at_once(taking).await?), ..self.clone() })
    }

    /// Waits until a transaction may begin: at once, unless the lease of the run is about to end.
    ///
    /// # Errors
    /// Busy where another run has it; a target fault where it cannot be renewed.
    pub(super) async fn ready(&self) -> Result<()> {
        match &self.lease {
            Some(lease) => lease.ready().await,
            None => Ok(()),
        }
    }

    /// What ended a run may be only what came of a lease that it lost.
    pub(super) async fn judge<T>(&self, result: Result<T>) -> Result<T> {
        match (result, &self.lease) {
            (Err(error), Some(lease)) => Err(lease.judge(error).await),
            (result, _) => result,
        }
    }

    /// Gives the target back.
    pub(super) async fn let_go(&self) {
        if let Some(lease) = &self.lease {
            lease.release().await;
        }
    }
}

impl Tools {
    /// Runs the whole of a run. After a stop was asked for, it ends within the grace and the time to record it, wherever it
    /// is; and what its backends are still doing then is cancelled, since nobody waits for it any more.
    pub(super) async fn until_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let _sampling = Sampling::start(&self.events);
        let result = tokio::select! {
            result = work => result,
            () = self.too_late() => self.cancel.at_once(std::future::pending()).await,
        };
        if self.cancel.is_asked() {
            self.connector.cancel_open().await;
        }
        result.map_err(|error| self.cancel.or_stopped(error))
    }

    /// Cancels what has not ended when the grace is over, so that the ledger's rows are free, and gives the record its time.
    async fn too_late(&self) {
        self.cancel.grace_over().await;
        self.connector.cancel_open().await;
        tokio::time::sleep(RECORD_WAIT).await;
    }
}
