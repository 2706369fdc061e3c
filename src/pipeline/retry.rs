//! Patience: what can pass is tried again on a new connection, with growing waits, until the budget is used up.
//!
//! The budget counts from the first failure without progress. A piece of work has a clock of its own, so that one table
//! that another session locks for hours ends; and failures of the link share one, so that a server that is gone is not
//! waited for again by each table. A success of the work ends the first, any success the second.

use super::cancel::Cancel;
use crate::config::duration_text;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::limits::{RETRY_WAIT_MAX, RETRY_WAIT_MIN};
use crate::postgres::fault::{Passing, passing};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The patience of one run; cheap to clone.
#[derive(Debug, Clone)]
pub struct Retry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    budget: Duration,
    events: Events,
    cancel: Cancel,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// the first failure of the link since anything succeeded
    link_fails_since: Option<Instant>,
    /// the server was given up since then
    is_spent: bool,
    retries: u64,
    of_tables: BTreeMap<String, u64>,
}

/// One piece of work: how long it has been failing.
#[derive(Debug)]
pub(super) struct Attempts {
    retry: Retry,
    table: Option<String>,
    fails_since: Option<Instant>,
    made: u32,
}

impl Retry {
    /// Patience for `budget`; with none of it, nothing is tried again.
    pub fn new(budget: Duration, events: Events, cancel: Cancel) -> Retry {
        Retry(Arc::new(Inner { budget, events, cancel, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was done: the server is there.
    pub(super) fn progress(&self) {
        let mut state = self.state();
        (state.link_fails_since, state.is_spent) = (None, false);
    }

    /// A piece of work of `table`, or of the run as a whole.
    pub(super) fn attempts(&self, table: Option<&str>) -> Attempts {
        let table = table.filter(|table| !table.is_empty()).map(str::to_owned);
        Attempts { retry: self.clone(), table, fails_since: None, made: 0 }
    }

    /// The server was waited for as long as was asked, in vain: whatever is left would fail alike.
    pub(super) fn is_spent(&self) -> bool {
        self.state().is_spent
    }

    /// How often something was tried again, and for which tables how often.
    pub(super) fn counts(&self) -> (u64, BTreeMap<String, u64>) {
        let state = self.state();
        (state.retries, state.of_tables.clone())
    }

    /// Since when the work has been failing, by the clock that says the longest.
    fn failing_since(&self, kind: Passing, own: Instant) -> Instant {
        match kind {
            Passing::Conflict => own,
            Passing::Link => *self.state().link_fails_since.get_or_insert(own),
        }
    }

    fn count(&self, table: Option<&str>) {
        let mut state = self.state();
        state.retries += 1;
        if let Some(table) = table {
            *state.of_tables.entry(table.to_owned()).or_default() += 1;
        }
    }
}

impl Attempts {
    /// After a failure: waits, and returns when the work is to be tried again, on a new connection.
    ///
    /// # Errors
    /// `error` itself where it cannot pass, or not within the budget, which is then said; the stop that was asked for.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        let Inner { budget, events, cancel, .. } = &*self.retry.0;
        let Some(kind) = passing(&error).filter(|_| !budget.is_zero()) else { return Err(error) };
        cancel.check()?;
        let own = *self.fails_since.get_or_insert_with(Instant::now);
        let tried = self.retry.failing_since(kind, own).elapsed().max(own.elapsed());
        let left = budget.saturating_sub(tried);
        if left.is_zero() {
            self.retry.state().is_spent |= kind == Passing::Link;
            return Err(self.given_up(error, tried));
        }
        // The last attempt is made when the budget ends, not before it.
        let wait = wait(self.made, RandomState::new().hash_one(own)).min(left);
        events.note(format!(
            "{error}; trying again in {}, for up to {} more",
            duration_text(wait),
            duration_text(left)
        ));
        let waiting = async {
            tokio::time::sleep(wait).await;
            Ok(())
        };
        cancel.at_once(waiting).await?;
        self.made = self.made.saturating_add(1);
        self.retry.count(self.table.as_deref());
        Ok(())
    }

    /// A worker without a connection may leave: a session that has just ended keeps its place for a moment longer, so only
    /// after it has tried again, if it may.
    pub(super) fn may_leave(&self) -> bool {
        self.made > 0 || self.retry.0.budget.is_zero()
    }

    /// It went well; what fails next begins anew.
    pub(super) fn succeeded(&mut self) {
        self.retry.progress();
        (self.fails_since, self.made) = (None, 0);
    }

    fn given_up(&self, error: Error, tried: Duration) -> Error {
        let remedy = error.remedy_text().unwrap_or_default();
        let next = match remedy.contains("same command") {
            true => format!("{remedy} (--retry-for gives it longer by itself)"),
            false => format!(
                "{remedy}; then run the same command again to resume (--retry-for gives it longer by itself)"
            ),
        };
        error.at(format!("given up after trying again for {}", duration_text(tried))).remedy(next)
    }
}

/// The wait before attempt `made` + 2: doubled each time, and between half of it and all of it by `chance`, so that
/// connections that broke together do not come back together.
fn wait(made: u32, chance: u64) -> Duration {
    let doubled = RETRY_WAIT_MIN.saturating_mul(1_u32.checked_shl(made).unwrap_or(u32::MAX));
    let half = doubled.min(RETRY_WAIT_MAX) / 2;
    half + half.mul_f64((chance % 1024) as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::postgres::fault::LinkFault;

    fn patience(budget: Duration) -> Retry {
        Retry::new(budget, Events::silent(), Cancel::new())
    }

    fn broken() -> Error {
        Error::target_fault("sending rows").cause(LinkFault::new("connection refused")).remedy("look there")
    }

    #[test]
    fn waits_grow_up_to_their_bound_and_differ() {
        for (made, most) in
            [(0, 250), (1, 500), (2, 1000), (6, 16_000), (7, 30_000), (31, 30_000), (40, 30_000)]
        {
            let most = Duration::from_millis(most);
            assert_eq!(wait(made, 0), most / 2, "{made}");
            assert!(wait(made, 1023) > most.mul_f64(0.99) && wait(made, 1023) < most, "{made}");
        }
    }

    #[tokio::test]
    async fn what_cannot_pass_is_not_tried_again_and_nothing_is_without_a_budget() {
        let full = || Error::target_fault("copying");
        assert!(patience(Duration::from_secs(60)).attempts(None).after(full()).await.is_err());
        let off = patience(Duration::ZERO);
        assert_eq!(off.attempts(None).after(broken()).await.unwrap_err().to_string(), broken().to_string());
        assert_eq!(off.counts().0, 0);
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let cancel = Cancel::new();
        let retry = Retry::new(Duration::from_secs(3600), Events::silent(), cancel.clone());
        let mut attempts = retry.attempts(None);
        // The next wait is 15 seconds or more.
        attempts.made = 7;
        let stop = async { cancel.ask(130) };
        let waiting = tokio::time::timeout(Duration::from_secs(10), attempts.after(broken()));
        let (waited, ()) = tokio::join!(waiting, stop);
        assert_eq!(waited.expect("it waits on").unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(retry.counts().0, 0);
    }

    #[tokio::test]
    async fn the_budget_ends_and_is_shared_by_failures_of_the_link() {
        let retry = patience(Duration::from_millis(300));
        let mut first = retry.attempts(Some("t"));
        let error = loop {
            if let Err(error) = first.after(broken()).await {
                break error;
            }
        };
        let text = error.to_string();
        assert!(text.starts_with("given up after trying again for 0.") && text.contains("refused"), "{text}");
        let remedy = error.remedy_text().unwrap();
        assert!(remedy.contains("look there; then run the same command again"), "{remedy}");
        let (all, of_tables) = retry.counts();
        assert!(all >= 1 && of_tables["t"] == all && retry.is_spent(), "{all}");
        assert!(retry.attempts(None).after(broken()).await.is_err(), "another piece of work");
        assert_eq!(retry.counts().0, all);
        retry.progress();
        assert!(!retry.is_spent());
        assert!(retry.attempts(None).after(broken()).await.is_ok());
    }
}
