//! `schema` and what is below it, as typed; as in [`super::args`], nothing is resolved here.

use super::args::{SelectionArgs, secret};
use super::args_scripts::{CheckArgs, TranslateArgs};
use super::examples;
use crate::config::Secret;
use clap::{ArgAction, Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What to do with schemas.
#[derive(Debug, Subcommand)]
pub enum SchemaAction {
    /// Print the DDL that `copy --migrate` would run, as a script for psql
    ///
    /// The very same statements, in the same order: schema and tables, then keys, indexes, constraints and views. What
    /// is not carried stands in it as comments, with the reason. Nothing is written, and without --to no server is asked.
    #[command(after_long_help = examples::SHOW)]
    Show(Box<ShowArgs>),
    /// Compare two schemas: SQLite files or PostgreSQL, on either side; exit code 0: equal, 4: drift
    ///
    /// What --to lacks of --from, and has beside it, ranked by what it means for the application: statements would fail,
    /// values or guarantees would be lost, queries would slow, or it merely differs. Nothing is written.
    #[command(after_long_help = examples::DIFF)]
    Diff(Box<DiffArgs>),
    /// Translate SQLite DDL and migration scripts into PostgreSQL scripts that may run twice
    ///
    /// The files are one history in this order, and begin with an empty database: each gives one script. What cannot be
    /// translated stays in it as a comment with the reason, and the exit code is 4.
    #[command(after_long_help = examples::TRANSLATE)]
    Translate(TranslateArgs),
    /// Check that every migration has a script for SQLite and one for PostgreSQL; exit code 0: all right, 4: not so
    ///
    /// Missing partners, gaps and double numbers, names that differ; with --run also whether both sides make the same schema.
    #[command(after_long_help = examples::CHECK)]
    Check(CheckArgs),
}

/// `schema diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What the application worked with: a SQLite file, or a PostgreSQL database as a URL or key=value string; repeat it for
    /// several files that go into one target. Else CUTOVER_FROM, else SQLITE_DB_PATH
    #[arg(long, value_name = "FILE|URL", value_parser = secret, action = ArgAction::Append)]
    pub from: Vec<Secret>,
    /// What it is to work with: the same. Else the variables that name the target of a copy
    #[arg(long, value_name = "URL|FILE", value_parser = secret)]
    pub to: Option<Secret>,
    /// File of KEY=value lines, used for variables that the environment does not have
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Schema of --from, where that is PostgreSQL [default: that of --schema]
    #[arg(long, value_name = "NAME")]
    pub from_schema: Option<String>,
    /// Print DDL that mends --to by adding what is missing, never dropping anything; the rest stands in it as comments
    #[arg(long, conflicts_with = "json")]
    pub fix: bool,
    /// JSON instead of a text
    #[arg(long)]
    pub json: bool,
    /// which tables
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// `schema show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// SQLite file, as --from
    #[arg(value_name = "FILE")]
    pub source: Option<PathBuf>,
    /// SQLite file; repeat it to bring several into one target. Else CUTOVER_FROM, else SQLITE_DB_PATH
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub from: Vec<PathBuf>,
    /// PostgreSQL database that the plan is made against, as with copy [default: an empty one, and no server]
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub to: Option<Secret>,
    /// File of KEY=value lines, used for variables that the environment does not have
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// One part only: what comes before the rows, or what comes after them
    #[arg(long, value_enum, hide_possible_values = true, value_name = "pre-data|post-data")]
    pub section: Option<SectionWord>,
    /// Write the script to this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// which tables
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// The words of `--section`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SectionWord {
    PreData,
    PostData,
}
