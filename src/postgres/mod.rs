//! The edge to PostgreSQL: addresses, TLS, sessions, and what the server's errors mean.
//!
//! Invariants: every session is set up alike (UTF8, UTC, no timeouts but a lock timeout) and read back before use;
//! an error that leaves this room carries neither a secret nor a cell's value.
//! Deliberately absent: retries (the pipeline owns the budget) and any decision about what to write.

pub mod ask;
pub mod conditions;
pub mod connect;
pub mod conninfo;
mod conninfo_places;
mod conninfo_text;
pub mod damage;
pub mod fault;
mod fault_meaning;
mod fault_names;
mod fault_passing;
mod heels;
mod identity;
pub mod inspect;
pub mod lease;
pub mod ledger;
pub mod lifted;
pub mod link;
pub mod load;
pub mod measure;
mod owner;
pub mod pace;
mod passfile;
mod patience;
pub mod pooler;
pub mod prepare;
pub mod probe;
pub mod progress;
pub mod readback;
pub mod replace;
pub mod room;
pub mod scratch;
pub mod seal;
pub mod sequence;
pub mod session;
pub mod set_aside;
pub mod step;
pub mod structure;
pub mod throwaway;
pub mod tls;
mod tls_verify;
pub mod tries;
pub mod watch;
pub mod wire;
