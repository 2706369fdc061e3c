//! What schemas are, apart from rows: the DDL of a copy as a script, and how two schemas differ.
//!
//! Above `assess` and `pipeline`, of which it uses what it needs. It writes nothing anywhere: the command line has the
//! texts to print.

mod check;
mod diff;
mod pairs;
mod show;
mod translate;

pub use check::{Checked, Missing, WantedCheck, check, missing, script};
pub use diff::{Diff, End, WantedDiff, diff};
pub use pairs::{Fault, is_down, partner_name};
pub use show::{Wanted, show};
pub use translate::{Written, translate};
