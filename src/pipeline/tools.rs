//! What every part of a run works with.

use super::cancel::Cancel;
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
}
