//! The private local PostgreSQL behind `--to embedded` (design.md §3): one cluster in the user's data directory,
//! made with the server programs of this machine, reached by Unix socket or loopback with a random password.
//!
//! Invariants: two processes may ask for it at once (a lock file orders them); every wait has a limit; the password
//! stands in one file of mode 0600 and on no command line; as root nothing of PostgreSQL runs with root's rights.
//! Deliberately absent: a client (that is `postgres`), downloads of server programs, and settings for speed.

mod account;
mod cluster;
mod create;
mod process;
mod programs;
mod running;

pub use account::Account;
pub use cluster::Cluster;
pub use programs::Programs;
pub use running::Running;
