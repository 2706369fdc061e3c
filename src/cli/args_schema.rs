//! `schema` and what is below it, as typed; as in [`super::args`], nothing is resolved here.

use super::args::{NameWord, SelectionArgs, secret};
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
    Show(Box<ShowArgs>),
    /// Translate SQLite DDL and migration scripts into PostgreSQL scripts that may run twice
    ///
    /// The files are one history in this order, and begin with an empty database: each gives one script. What cannot be
    /// translated stays in it as a comment with the reason, and the exit code is 4.
    Translate(TranslateArgs),
}

/// `schema translate`
#[derive(Debug, Args)]
pub struct TranslateArgs {
    /// SQL scripts as SQLite runs them, in their order
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where the scripts go: a directory, which gets NAME_postgres.sql for NAME.sql and NAME_sqlite.sql, or for one script
    /// a file; no file may exist [default: stdout]
    #[arg(long, value_name = "DIR|FILE")]
    pub out: Option<PathBuf>,
    /// what bears on the result
    #[command(flatten)]
    pub target: DialectArgs,
}

/// What bears on the PostgreSQL side of a script.
#[derive(Debug, Args)]
pub struct DialectArgs {
    /// Settings for this project, for single tables and for columns [default: ./cutover.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Schema in the target [default: public]
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// Spelling of names in the target: as they are, in lower case, or as snake_case [default: keep]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "keep|lower|snake")]
    pub names: Option<NameWord>,
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
