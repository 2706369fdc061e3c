//! Options of `copy --migrate` for what surrounds a copy.

use crate::config::duration;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What surrounds a copy.
#[derive(Debug, Default, Args)]
pub struct AroundArgs {
    /// With --migrate: before anything is written, a consistent copy of each source file into this directory, with its BLAKE3
    /// beside it; it is read back and compared. Files there are never overwritten, and never removed. With --rehearse: the
    /// same for its time, and nothing of it stays
    #[arg(long, value_name = "DIR", conflicts_with = "validate")]
    pub backup: Option<PathBuf>,
    /// With --migrate: hold the write lock of each source until the run has ended, so that nothing is written after the last
    /// read; other programs get "database is locked"
    #[arg(long, conflicts_with_all = ["validate", "rehearse"])]
    pub freeze: bool,
    /// With --migrate: stop as Ctrl-C would when so much time has passed, such as 45m, with a line that says GO or NO-GO; run
    /// the same command again to resume
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with_all = ["validate", "rehearse"])]
    pub deadline: Option<Duration>,
}
