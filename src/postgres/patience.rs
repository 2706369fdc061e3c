//! How long is waited: the constants of `limits`. A build for the fault tests takes shorter times from
//! `CUTOVER_PATIENCE="lease=2000,stall=1500"`, in milliseconds, so that no test waits for a minute.

use crate::limits;
use std::time::Duration;

/// How long an owner that is not heard from keeps its place.
pub(super) fn lease() -> Duration {
    patience("lease", limits::LEASE)
}

/// How often an owner shows that it is alive.
pub(super) fn beat() -> Duration {
    lease().min(limits::LEASE_BEAT * 3) / 3
}

/// How long work waits for a lease session that is being replaced.
pub(super) fn regain() -> Duration {
    patience("regain", limits::LEASE_REGAIN_WAIT)
}

/// How long a new run waits for an owner to go away.
pub(super) fn handover() -> Duration {
    patience("handover", limits::HANDOVER_WAIT)
}

/// How long a new run waits for the sessions of an owner that has fallen silent.
pub(super) fn orphan() -> Duration {
    patience("orphan", limits::ORPHAN_WAIT)
}

/// Silence after which a backend is looked at.
pub(super) fn look() -> Duration {
    patience("look", limits::LOOK_AFTER)
}

/// Silence after which an attempt that cannot go on is given up.
pub(super) fn stall() -> Duration {
    patience("stall", limits::STALL)
}

/// How often a backend at work is looked at again.
pub(super) fn look_again() -> Duration {
    patience("look_again", limits::LOOK_AGAIN)
}

/// After this, work that goes on is told of.
pub(super) fn long_work() -> Duration {
    patience("long_work", limits::LONG_WORK)
}

/// How long a look at a backend may take, connecting included.
pub(super) fn look_limit() -> Duration {
    patience("look_limit", limits::CONNECT_TIMEOUT)
}

/// How long a statement waits for a lock that another session holds.
pub(super) fn lock() -> Duration {
    patience("lock", limits::LOCK_TIMEOUT)
}

#[cfg(not(feature = "failpoints"))]
fn patience(_name: &str, usual: Duration) -> Duration {
    usual
}

#[cfg(feature = "failpoints")]
fn patience(name: &str, usual: Duration) -> Duration {
    use std::sync::OnceLock;
    static GIVEN: OnceLock<String> = OnceLock::new();
    let given = GIVEN.get_or_init(|| std::env::var("CUTOVER_PATIENCE").unwrap_or_default());
    let found = given.split(',').filter_map(|entry| entry.split_once('=')).find(|(key, _)| *key == name);
    found.and_then(|(_, millis)| millis.parse().ok()).map_or(usual, Duration::from_millis)
}
