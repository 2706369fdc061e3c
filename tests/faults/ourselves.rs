//! Signals, terminals, clocks, and limits of the process.

// no decision reads the wall clock
mod clock;
// signals and pipes that end, or do not end, a run
mod ending;
// files, threads, memory, disks that are short
mod limits;
// the embedded server listens to nobody else
mod local_server;
// SIGINT at every moment
mod stop;
// terminals of every kind, and none
mod terminal;
