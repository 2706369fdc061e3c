//! How far the rows have come is looked at now and then: by a task of its own, so that no row pays for it.

use crate::event::Events;
use crate::limits::RATE_SAMPLE_EVERY;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Looks until it is dropped.
#[derive(Debug)]
pub(super) struct Sampling(JoinHandle<()>);

impl Sampling {
    /// Begins to look at the counters that `events` is told of.
    pub(super) fn start(events: &Events) -> Sampling {
        let clock = events.clock().clone();
        Sampling(tokio::spawn(async move {
            loop {
                sleep(RATE_SAMPLE_EVERY).await;
                clock.sample();
            }
        }))
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.0.abort();
    }
}
