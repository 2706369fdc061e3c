//! The only place that knows both sides. [`copy`] tells the story of a migration in one screen; [`verify_only`] compares
//! a copy that is there; the assessment behind `copy --validate` is `assess`.
//!
//! Three sentences carry the design. A `Frame` is the only thing that crosses a thread. A checkpoint, that is the ledger's
//! chunk row, is the only thing that outlives the process. An `Event` is the only thing that reaches the screen.

pub mod account;
pub mod cancel;
pub mod copy;
pub mod finish;
pub mod job;
pub mod pool;
pub mod prepare;
pub mod profile;
pub mod resume;
pub mod reverify;
mod run;
mod sequence;
pub mod status;
pub mod steps;
pub mod trial;
pub mod verify;

pub use run::{Ended, Tools, copy, validate, verify_only};
