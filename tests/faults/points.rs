//! The nth event of each kind fails.
