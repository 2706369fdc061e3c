//! Whether bytes move on a connection on which somebody waits: bumped by both who use it, seen by a watcher that uses
//! neither.

use super::turns::State;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The pulse of one connection.
#[derive(Debug, Default)]
pub(in crate::postgres) struct Pulse {
    /// reads and writes that moved something
    moves: AtomicU64,
    /// an exchange waits for the server
    waits: AtomicBool,
    found: Mutex<Found>,
}

/// What a watcher found out.
#[derive(Debug, Default)]
struct Found {
    /// why the connection was given up
    verdict: Option<String>,
    /// who holds the lock that is waited for, and when that was seen
    blocker: Option<(String, Instant)>,
}

impl Pulse {
    /// Something was read or written.
    pub(super) fn has_moved(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    /// An exchange begins or ends to wait for the server.
    pub(super) fn waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Why the connection was given up, if it was.
    pub(in crate::postgres) fn verdict(&self) -> Option<String> {
        self.found().verdict.clone()
    }

    /// Who held the lock that was waited for, if that was seen not longer ago than `age`.
    pub(in crate::postgres) fn blocker(&self, age: Duration) -> Option<String> {
        self.found().blocker.as_ref().filter(|(_, seen)| seen.elapsed() <= age).map(|(who, _)| who.clone())
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection as a watcher sees it.
#[derive(Clone)]
pub(in crate::postgres) struct WatchedWire {
    pub(super) state: Weak<Mutex<State>>,
    pub(super) pulse: Arc<Pulse>,
}

impl WatchedWire {
    /// The connection is still there.
    pub(in crate::postgres) fn is_open(&self) -> bool {
        self.with(|state| !state.is_closed()).unwrap_or(false)
    }

    /// How often something has moved, while somebody waits for the server; `None` while nobody does.
    pub(in crate::postgres) fn waiting(&self) -> Option<u64> {
        let moves = self.pulse.moves.load(Ordering::Relaxed);
        let waits = self.pulse.waits.load(Ordering::Relaxed) || self.with(State::driver_waits)?;
        waits.then_some(moves)
    }

    /// Notes who holds the lock that is waited for.
    pub(in crate::postgres) fn set_blocker(&self, who: String) {
        self.pulse.found().blocker = Some((who, Instant::now()));
    }

    /// Ends the connection under whoever waits, who will say `why`.
    pub(in crate::postgres) fn give_up(&self, why: String) {
        self.pulse.found().verdict = Some(why);
        self.with(State::pull_plug);
    }

    fn with<T>(&self, look: impl FnOnce(&State) -> T) -> Option<T> {
        let state = self.state.upgrade()?;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        Some(look(&state))
    }
}
