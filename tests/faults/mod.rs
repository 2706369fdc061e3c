//! The catalogue of faults: each is brought about, and then must hold what holds after every fault (`invariants`). A test
//! is named by its number in docs/reliability.md, `f04_…`; those whose subject has a module of its own are there.

// the page that lists them all, and these tests
mod catalogue;
// files that were made to break who reads them
mod hostile;
// names and texts that would be statements if they were not quoted
mod injection;
// what holds after every fault
pub(crate) mod invariants;
// the ledger edited, steps that fail, proofs that are stopped
mod ledger;
// connections that break, slow down, or find no place
mod network;
// signals, terminals, limits of the process
mod ourselves;
// two runs, paused runs, runs whose host is gone
mod ownership;
// the nth event of each kind fails
mod points;
// random schedules against a model
mod schedule;
// no password and no cell's value in anything that is told
mod secrets;
// servers that stop, crash, fill up, fail over
mod server;
// the source written, replaced, damaged
mod source;
