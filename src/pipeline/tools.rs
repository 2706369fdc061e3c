//! What every part of a run works with.

use super::cancel::Cancel;
use super::retry::Retry;
use crate::config::Config;
use crate::error::Result;
use crate::event::Events;
use crate::postgres::connect::Connector;
use crate::postgres::lease::{self, Lease};

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
}

impl Tools {
    /// What a run by `config` works with.
    pub fn new(config: Config, connector: Connector, events: Events, cancel: Cancel) -> Tools {
        let retry = Retry::new(config.retry_for, events.clone(), cancel.clone());
        Tools { config, connector, events, cancel, retry, lease: None }
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
