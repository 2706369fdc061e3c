//! The only place that knows both sides. [`copy()`] tells the story of a migration in one screen; [`verify_only()`] compares
//! a copy that is there; the assessment behind `copy --validate` is `assess`.
//!
//! Three sentences carry the design. A `Frame` is the only thing that crosses a thread. A checkpoint, that is the ledger's
//! chunk row, is the only thing that outlives the process. An `Event` is the only thing that reaches the screen.

mod account;
mod active;
mod begin;
mod budget;
mod build;
pub mod cancel;
mod compare;
mod control;
mod copy;
mod cpu;
mod damage;
mod draw;
mod finish;
mod graph;
mod kept;
mod locate;
mod losses;
mod objects;
mod prepare;
mod restore;
mod resume;
mod retry;
mod reverify;
mod run;
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
mod wind_up;
mod workers;

pub use run::{Ended, copy, validate};
pub use tools::Tools;
pub use verify_only::verify_only;
