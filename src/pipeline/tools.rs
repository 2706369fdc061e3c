//! What every part of a run works with.

use super::cancel::Cancel;
use super::retry::Retry;
use crate::config::Config;
use crate::event::Events;
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
    /// how long what can pass is tried again
    pub(super) retry: Retry,
}

impl Tools {
    /// What a run by `config` works with.
    pub fn new(config: Config, connector: Connector, events: Events, cancel: Cancel) -> Tools {
        let retry = Retry::new(config.retry_for, events.clone(), cancel.clone());
        Tools { config, connector, events, cancel, retry }
    }
}
