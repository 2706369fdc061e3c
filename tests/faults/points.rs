//! The nth event of each kind fails, for n = 1, 2, 3, … until a run has no nth event; after each of them must hold what
//! holds after every fault.
//!
//! The loops take every so manieth n, so that they stay short; `CUTOVER_NTH_STRIDE=1` takes all.

// connections that break at each message and inside of one, in either direction
mod broken;
// a run and its nth event
#[cfg(feature = "failpoints")]
mod events;
// each point, failing
#[cfg(feature = "failpoints")]
mod failing;
// each point, where the process dies
#[cfg(feature = "failpoints")]
mod killed;
// tasks that panic
#[cfg(feature = "failpoints")]
mod panicking;
// every point is passed
#[cfg(feature = "failpoints")]
mod passed;
// reports that cannot be written
mod reports;
// sources of a few hundred rows
mod small;

/// Every so manieth event, unless all are asked for.
fn stride(usual: u64) -> usize {
    let asked = std::env::var("CUTOVER_NTH_STRIDE").ok().and_then(|stride| stride.parse().ok());
    usize::try_from(asked.unwrap_or(usual).max(1)).expect("a small number")
}
