//! The command line: what was typed, what it means, and how the process ends.

pub mod args;
pub mod env_file;
pub mod exit;
pub mod resolve;
pub mod shell;
