//! The only place that knows both sides. [`copy()`] tells the story of a migration in one screen; [`verify_only()`] compares
//! a copy that is there; the assessment behind `copy --validate` is `assess`.
//!
//! Three sentences carry the design. A `Frame` is the only thing that crosses a thread. A checkpoint, that is the ledger's
//! chunk row, is the only thing that outlives the process. An `Event` is the only thing that reaches the screen.

mod account;
mod active;
mod again;
mod approved;
mod around;
mod backup;
mod begin;
mod budget;
mod build;
pub mod cancel;
mod compare;
mod control;
mod copy;
mod cpu;
mod damage;
pub mod deadline;
mod draw;
mod environment;
mod finish;
mod freeze;
mod graph;
pub mod hooks;
mod kept;
mod last;
mod locate;
mod losses;
mod objects;
mod prepare;
pub mod queries;
pub mod rehearse;
mod repair;
mod restore;
mod resume;
mod retry;
mod reverify;
mod run;
mod sampling;
mod schedule;
mod sequence;
mod set_aside;
mod stations;
pub mod status;
mod steps;
pub mod target;
mod together;
mod tools;
mod unsound;
mod verify;
mod verify_only;
pub mod watch;
mod wind_up;
mod workers;

pub use repair::repair;
pub use run::{Ended, copy, validate};
pub use tools::Tools;
pub use verify_only::verify_only;
