//! The ledger edited, what was laid aside brought back, steps that fail, proofs that are stopped (F2, F25, F46, F47, F56 to
//! F59).

// rows of the ledger edited, deleted, doubled, moved
#[cfg(feature = "failpoints")]
mod edited;
// rows of the target or of the source that are not what they were when they were recorded; proofs that are stopped
#[cfg(feature = "failpoints")]
mod proof;
// what an earlier run had laid aside
#[cfg(feature = "failpoints")]
mod restore;
// steps after the data that fail
#[cfg(feature = "failpoints")]
mod steps;
// a small source and its targets
#[cfg(feature = "failpoints")]
mod pair;
// a COMMIT whose answer never came, and a run that is killed then
mod unanswered;
