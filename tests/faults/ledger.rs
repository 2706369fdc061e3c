//! The ledger edited, steps that fail, proofs that are stopped.
