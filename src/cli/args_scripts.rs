//! `schema translate` and `schema check`, as typed.

use super::args::NameWord;
use clap::Args;
use std::path::PathBuf;

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

/// `schema check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Directory of migrations: NNN_name.sql or NNN_name_sqlite.sql, and NNN_name_postgres.sql
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Run both sides, in a new SQLite file and in a new database of the private local server, and compare what they made
    #[arg(long)]
    pub run: bool,
    /// Write the PostgreSQL scripts that are missing, translated from the SQLite side
    #[arg(long)]
    pub write_missing: bool,
    /// JSON instead of a text
    #[arg(long)]
    pub json: bool,
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
