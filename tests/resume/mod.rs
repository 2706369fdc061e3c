//! Runs that are killed, stopped, repeated, fenced: whatever happens to a run, the same command again ends in the state
//! of an undisturbed run (design.md §1, promises 1, 2 and 5).
//!
//! Nothing here waits for a time to pass: a run is held at a chosen place by a lock on the ledger's row that it needs
//! next (`hold`), or killed at a random moment of its whole length (`kill`).

// a source that changed, and --reverify, --restart
mod changed;
// planted failures, one event after the other
#[cfg(feature = "failpoints")]
mod failpoints;
// locks that hold a run where a test wants it
pub(crate) mod hold;
// SIGKILL at a random moment
mod kill;
// status and clean
mod manage;
// tables that we make in partitions
mod partitioned;
// a finished run again; a table that was emptied
mod repeat;
// a run under way: signals, waits with a limit
pub(crate) mod running;
// connections that the server ends
mod server;
// SIGINT and SIGTERM
mod signals;
// two runs at once, and a run that was fenced off
mod together;
// small tables that share a transaction
mod shared;
// whole tables in one transaction, and who may see their rows
mod whole;
// the source, the targets, and what a finished target looks like
pub(crate) mod world;
