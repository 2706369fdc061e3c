//! A copy watched from outside (`status --watch`): a look at the ledger every second or so, until the run that is seen ends.
//!
//! Takes no part in the run: no lease, no lock, nothing written. A connection that breaks is made anew, as patiently as a
//! copy does it.

use super::cancel::Cancel;
use super::retry::Retry;
use crate::error::Result;
use crate::event::Events;
use crate::limits::WATCH_BEGIN_WAIT;
use crate::outcome::{WatchState, Watched};
use crate::postgres::connect::Connector;
use crate::postgres::session::Session;
use crate::postgres::{ledger, progress};
use std::time::{Duration, Instant};

/// What is watched, and how.
#[derive(Debug)]
pub struct Watch<'a> {
    /// the way to the target
    pub connector: &'a Connector,
    /// only copies into this schema
    pub schema: Option<&'a str>,
    /// time between two looks
    pub interval: Duration,
    /// how long a connection that broke is tried again
    pub retry_for: Duration,
    /// hears of that
    pub events: Events,
}

/// Looks until the copy is over, and hands every look to `show`, the last one with its end. Whether all is finished.
///
/// # Errors
/// A target fault that does not pass; the stop that was asked for.
pub async fn watch(watch: Watch<'_>, cancel: &Cancel, mut show: impl FnMut(&Watched)) -> Result<bool> {
    let Watch { connector, schema, interval, retry_for, events } = watch;
    let mut attempts = Retry::new(retry_for, events, cancel.clone()).attempts(None);
    let mut onlooker = Onlooker { connector, schema, session: None, has_ledger: false };
    let mut story = Story::new(Instant::now());
    loop {
        let begun = Instant::now();
        match onlooker.look().await {
            Ok(mut watched) => {
                attempts.succeeded();
                story.tell(&mut watched, Instant::now());
                show(&watched);
                match watched.state {
                    WatchState::Finished => return Ok(true),
                    WatchState::Ended => return Ok(false),
                    WatchState::Waiting | WatchState::Starting | WatchState::Running | WatchState::Silent => {
                    }
                }
            }
            Err(error) => {
                onlooker.session = None;
                attempts.after(error).await?;
                continue;
            }
        }
        tokio::time::sleep(interval.saturating_sub(begun.elapsed())).await;
    }
}

struct Onlooker<'a> {
    connector: &'a Connector,
    schema: Option<&'a str>,
    session: Option<Session>,
    has_ledger: bool,
}

impl Onlooker<'_> {
    async fn look(&mut self) -> Result<Watched> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.connector.connect("watch").await?,
        };
        if !self.has_ledger {
            self.has_ledger = ledger::exists(&session).await?;
        }
        let watched = progress::look(&session, self.schema, self.has_ledger).await?;
        self.session = Some(session);
        Ok(watched)
    }
}

/// What was seen so far.
#[derive(Debug)]
struct Story {
    begun: Instant,
    /// somebody worked here
    was_active: bool,
    /// the run that did
    run_id: Option<String>,
}

impl Story {
    fn new(begun: Instant) -> Story {
        Story { begun, was_active: false, run_id: None }
    }

    /// Says how the copy is doing, in view of what was seen before.
    fn tell(&mut self, watched: &mut Watched, now: Instant) {
        let owner = watched.owner.as_ref();
        if let Some(run_id) = owner.and_then(|owner| owner.run_id.clone()) {
            self.run_id = Some(run_id);
        }
        let is_overdue = owner.and_then(|owner| owner.overdue_seconds).is_some_and(|seconds| seconds > 0.0);
        let active = match owner {
            Some(owner) if !is_overdue => Some((WatchState::Running, owner.connected)),
            Some(owner) if owner.connected => Some((WatchState::Silent, true)),
            _ if watched.starting > 0 => Some((WatchState::Starting, true)),
            _ => None,
        };
        self.was_active |= active.is_some_and(|(_, is_seen)| is_seen);
        let waits = !self.was_active && now.saturating_duration_since(self.begun) < WATCH_BEGIN_WAIT;
        watched.state = match active {
            Some((state, _)) => state,
            None if self.is_finished(watched) => WatchState::Finished,
            None if waits => WatchState::Waiting,
            None => WatchState::Ended,
        };
    }

    /// All that the run had to do is done; where no run was seen, all that there is.
    fn is_finished(&self, watched: &Watched) -> bool {
        let is_meant = |run_id: &String| self.run_id.as_ref().is_none_or(|ours| ours == run_id);
        let mut meant = watched.sources.iter().filter(|source| is_meant(&source.run_id)).peekable();
        meant.peek().is_some() && meant.all(|source| source.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{WatchedOwner, WatchedSource};

    fn source(run_id: &str, finished: bool) -> WatchedSource {
        WatchedSource { run_id: run_id.to_owned(), finished, ..WatchedSource::default() }
    }

    fn owner(connected: bool, overdue: Option<f64>) -> Option<WatchedOwner> {
        let run_id = overdue.map(|_| "new".to_owned());
        Some(WatchedOwner { run_id, connected, overdue_seconds: overdue, ..WatchedOwner::default() })
    }

    fn told(
        story: &mut Story,
        owner: Option<WatchedOwner>,
        sources: &[WatchedSource],
        starting: u64,
    ) -> WatchState {
        let mut watched = Watched { owner, sources: sources.to_vec(), starting, ..Watched::default() };
        let now = story.begun + Duration::from_secs(1);
        story.tell(&mut watched, now);
        watched.state
    }

    #[test]
    fn a_run_is_seen_to_begin_to_work_and_to_end() {
        let mut story = Story::new(Instant::now());
        let old = [source("old", false)];
        assert_eq!(told(&mut story, None, &[], 0), WatchState::Waiting);
        assert_eq!(told(&mut story, None, &old, 1), WatchState::Starting);
        assert_eq!(told(&mut story, owner(true, None), &old, 3), WatchState::Running);
        assert_eq!(told(&mut story, owner(true, Some(-20.0)), &old, 3), WatchState::Running);
        assert_eq!(told(&mut story, owner(true, Some(2.0)), &old, 3), WatchState::Silent);
        assert_eq!(
            told(&mut story, None, &[source("old", false), source("new", true)], 0),
            WatchState::Finished
        );
        assert_eq!(
            told(&mut story, None, &[source("old", false), source("new", false)], 0),
            WatchState::Ended
        );
    }

    #[test]
    fn an_owner_that_is_gone_is_no_owner() {
        let mut story = Story::new(Instant::now());
        assert_eq!(
            told(&mut story, owner(false, Some(-5.0)), &[source("new", false)], 0),
            WatchState::Running
        );
        assert_eq!(
            told(&mut story, owner(false, Some(5.0)), &[source("new", false)], 0),
            WatchState::Waiting
        );
        story.was_active = true;
        assert_eq!(told(&mut story, owner(false, Some(5.0)), &[source("new", false)], 0), WatchState::Ended);
    }

    #[test]
    fn nobody_is_waited_for_where_all_is_finished_nor_for_ever() {
        let mut story = Story::new(Instant::now());
        assert_eq!(told(&mut story, None, &[source("old", true)], 0), WatchState::Finished);
        let mut watched = Watched::default();
        story.tell(&mut watched, story.begun + WATCH_BEGIN_WAIT);
        assert_eq!(watched.state, WatchState::Ended);
    }
}
