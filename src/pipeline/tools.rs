//! What every part of a run works with.

use super::cancel::Cancel;
use crate::config::Config;
use crate::error::Result;
use crate::event::Events;
use crate::limits::RECORD_WAIT;
use crate::postgres::connect::Connector;

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
}

impl Tools {
    /// Runs the whole of a run. After a stop was asked for, it ends within the grace and the time to record it, wherever it
    /// is; and what its backends are still doing then is cancelled, since nobody waits for it any more.
    pub(super) async fn until_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
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
