//! Signals, terminals, limits of the process.
