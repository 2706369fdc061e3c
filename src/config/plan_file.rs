//! What `--plan FILE` says: an earlier report of `copy --validate` or `copy --rehearse`.

use crate::outcome::Prediction;
use std::path::PathBuf;

/// The parts of an earlier report that a migration is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFile {
    /// the report, as it was named
    pub path: PathBuf,
    /// the hashes of its plans, one per source in order
    pub hashes: Vec<String>,
    /// what it expects of the run, if it was a rehearsal
    pub prediction: Option<Prediction>,
    /// when its run began, in seconds since 1970
    pub started_unix: u64,
}
