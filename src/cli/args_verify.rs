//! How closely `verify` looks.

use clap::{Args, ValueEnum};
use std::num::NonZeroU64;

/// The words of `--objects`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectWord {
    On,
    Off,
}

/// What of a copy is looked at.
#[derive(Debug, Default, Args)]
pub struct LookArgs {
    /// A quick look: counts of all tables, and this many rows of each, spread over its keys, compared in full
    #[arg(long, value_name = "N")]
    pub sample: Option<NonZeroU64>,
    /// Look for keys, NOT NULL, CHECKs, foreign keys, indexes, defaults, sequences, views and triggers, too, or for rows alone
    /// [default: on]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "on|off")]
    pub objects: Option<ObjectWord>,
}
