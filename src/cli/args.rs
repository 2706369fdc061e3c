//! What the user typed, and nothing more: no defaults from the environment, no validation across options
//! (`resolve` has those). Every option here has an effect; what is not built yet is not listed.

use super::args_around::AroundArgs;
use super::args_rehearse::{self, RehearseArgs};
use super::args_schema::SchemaAction;
use super::args_verify::LookArgs;
pub use super::args_words::{
    BadValueWord, CommentWord, CreateWord, ExistingWord, GeneratedWord, InferWord, MixedWord, NameWord,
    OrphanWord, ProgressWord, TriggerWord, VerifyWord,
};
use super::examples;
use crate::config::{Secret, duration, size};
use crate::limits::{JOBS_MAX, QUERY_ROUNDS_MAX};
use clap::{ArgAction, Args, Parser, Subcommand};
use std::convert::Infallible;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// Moves SQLite databases into PostgreSQL in bulk, and proves that everything arrived.
#[derive(Debug, Parser)]
#[command(name = "cutover", version, max_term_width = 100, after_help = EXIT_CODES, after_long_help = with_exit_codes())]
pub struct Cli {
    /// what to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes:
    0  done
    1  a bug in cutover
    2  usage or configuration
    3  refused before anything was written
    4  verification found a difference, or schema diff found drift
    5  the source cannot be read or trusted
    6  the server failed, or the deadline passed; run the same command again to resume
    7  another run holds this target
    8  done, but rows were set aside by a policy that was asked for
  130  interrupted (143: terminated); run the same command again to resume";

fn with_exit_codes() -> String {
    format!("{}{EXIT_CODES}", examples::PROGRAM)
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy SQLite databases into PostgreSQL and verify them, or tell whether that would work
    ///
    /// With --migrate: copies, verifies and finishes; after an interruption, the same command resumes.
    /// With --validate: makes the same plan and the same checks and writes nothing; exit code 0 means it would work.
    /// With --rehearse: does it all where it harms nobody, and tells how long it will take.
    #[command(after_long_help = examples::COPY)]
    Copy(Box<CopyArgs>),
    /// Compare a copy with its source, also one that another tool made
    #[command(after_long_help = examples::VERIFY)]
    Verify(Box<VerifyArgs>),
    /// Show what the target knows about its copies: finished, running, left
    #[command(after_long_help = examples::STATUS)]
    Status(StatusArgs),
    /// Remove cutover's own records from the target; tables and rows stay
    #[command(after_long_help = examples::CLEAN)]
    Clean(CleanArgs),
    /// Schemas without their rows: what a copy would make
    #[command(after_long_help = examples::SCHEMA)]
    Schema {
        /// what to do with them
        #[command(subcommand)]
        action: SchemaAction,
    },
    /// The private local PostgreSQL server that `--to embedded` uses
    #[command(after_long_help = examples::EMBEDDED)]
    Embedded {
        /// what to do with it
        #[command(subcommand)]
        action: EmbeddedAction,
    },
    /// Print a completion script for a shell
    #[command(after_long_help = examples::COMPLETIONS)]
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff), of the whole program or of one command
    #[command(after_long_help = examples::MAN)]
    Man {
        /// The command whose page is wanted
        command: Option<String>,
    },
}

/// What to do with the local server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum EmbeddedAction {
    /// Start it, and create it before the first time; prints how to connect
    #[command(after_long_help = examples::START)]
    Start,
    /// Stop it
    #[command(after_long_help = examples::STOP)]
    Stop,
    /// Say whether it runs, and where its data is
    #[command(after_long_help = examples::RUNNING)]
    Status,
}

/// `copy`
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// Copy, verify and finish; run again to resume
    #[arg(long, conflicts_with = "validate")]
    pub migrate: bool,
    /// Plan and check only; nothing is written
    #[arg(long)]
    pub validate: bool,
    /// how long it will take
    #[command(flatten)]
    pub rehearse: RehearseArgs,
    /// where from and where to
    #[command(flatten)]
    pub ends: EndArgs,
    /// which tables
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// With --validate: write every decision as a commented cutover.toml, to be edited; the file must not exist
    #[arg(long, value_name = "FILE")]
    pub write_config: Option<PathBuf>,
    /// Create what is missing, or only fill tables that exist [default: auto]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "auto|never")]
    pub create: Option<CreateWord>,
    /// Tables holding rows that cutover did not put there: refuse the run, append to them, or empty them first
    /// [default: refuse]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "refuse|append|truncate")]
    pub existing: Option<ExistingWord>,
    /// Rows whose parent is missing: copy them and leave the foreign key NOT VALID (not-valid), refuse the run (refuse),
    /// set them aside, and their own children with them (quarantine), or the first for keys that cutover creates and the
    /// second for keys that exist (auto) [default: auto]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "auto|refuse|not-valid|quarantine")]
    pub orphans: Option<OrphanWord>,
    /// How much is proved: counts and checksums, counts only, nothing [default: checksum]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "checksum|count|off")]
    pub verify: Option<VerifyWord>,
    /// Stop at the first table that fails, instead of finishing the others first
    #[arg(long)]
    pub fail_fast: bool,
    /// Forget earlier runs of these sources and begin again; drops only what cutover created
    #[arg(long, conflicts_with = "reverify")]
    pub restart: bool,
    /// Where an earlier run holds the target and is not heard from any more, its host having vanished or its process hanging:
    /// end its sessions and resume. A run that is alive is never ended
    #[arg(long, conflicts_with = "validate")]
    pub take_over: bool,
    /// Resume although the source was written to, if every finished chunk still has its recorded digest
    #[arg(long)]
    pub reverify: bool,
    /// Go by the plan of this report, which `copy --validate --report FILE.json` or `--rehearse` wrote: refuse where the plan
    /// made now is another one. With that of a rehearsal, `cutover status` compares this run with what was expected
    #[arg(long, value_name = "FILE.json")]
    pub plan: Option<PathBuf>,
    /// how to go about it
    #[command(flatten)]
    pub run: RunArgs,
    /// what surrounds the copy
    #[command(flatten)]
    pub around: AroundArgs,
    /// Bytes of rows in one chunk, such as 64MiB or 1048576 [default: 64MiB]; where it is given, each chunk commits by itself,
    /// and not a new table of up to 1 GiB as a whole
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    pub chunk_bytes: Option<u64>,
    /// Rows in one chunk, at most [default: 4000000]; where it is given, each chunk commits by itself
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub chunk_rows: Option<NonZeroU64>,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Copy again the chunks that differ, of a copy that cutover made: rows in place of rows, then what is built on them
    #[arg(long)]
    pub repair: bool,
    /// Also run the application's own queries of this file on both sides, compare their results and tell their times
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
    /// How often each of them is timed on each side, 1 to 1000 [default: 5]
    #[arg(long, value_name = "N", requires = "queries", value_parser = rounds, hide_short_help = true)]
    pub queries_rounds: Option<u32>,
    /// where from and where to
    #[command(flatten)]
    pub ends: EndArgs,
    /// which tables
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// how closely
    #[command(flatten)]
    pub look: LookArgs,
    /// how to go about it
    #[command(flatten)]
    pub run: RunArgs,
}

/// Where rows come from and where they go.
#[derive(Debug, Args)]
pub struct EndArgs {
    /// SQLite file, as --from
    #[arg(value_name = "SOURCE")]
    pub source: Option<PathBuf>,
    /// PostgreSQL database, as --to
    #[arg(value_name = "TARGET", value_parser = secret)]
    pub target: Option<Secret>,
    /// SQLite file; repeat it to bring several into one target. Else CUTOVER_FROM, else SQLITE_DB_PATH
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub from: Vec<PathBuf>,
    /// the target
    #[command(flatten)]
    pub to: ToArgs,
}

/// The target by name.
#[derive(Debug, Args)]
pub struct ToArgs {
    /// PostgreSQL database: a URL (postgres://…), a key=value string, or `embedded` for a private local server.
    /// Else CUTOVER_TO, DATABASE_URL, POSTGRES_HOST/PORT/DB/USER/PASSWORD, or PGHOST and the like
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub to: Option<Secret>,
    /// File of KEY=value lines, used for variables that the environment does not have
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

impl ToArgs {
    /// The address, where one was typed.
    pub fn typed(&self) -> Option<&str> {
        self.to.as_ref().map(|address| address.0.as_str())
    }
}

impl EndArgs {
    /// The target's address, where one was typed, in either place.
    pub fn typed(&self) -> Option<&str> {
        self.to.typed().or(self.target.as_ref().map(|address| address.0.as_str()))
    }
}

/// Which tables, and what they are called over there.
#[derive(Debug, Default, Args)]
pub struct SelectionArgs {
    /// Settings for this project, for single tables and for columns [default: ./cutover.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Schema in the target [default: public]
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// Only tables whose name matches; may be repeated
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub table: Vec<String>,
    /// No tables whose name matches; may be repeated
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub exclude: Vec<String>,
    /// Spelling of names in the target: as they are, in lower case, or as snake_case [default: keep]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "keep|lower|snake")]
    pub names: Option<NameWord>,
    /// Types of the columns that cutover creates: from declared types, where every value proves them, or also from the
    /// content of TEXT and INTEGER columns [default: declared]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "declared|content")]
    pub infer: Option<InferWord>,
    /// Columns whose values no one type holds with every storage class kept: the narrowest type that keeps every number and
    /// byte (widen), refuse the run, class and value as bytea (tagged), a column for each class (split), or set the rows of
    /// the rarer class aside (quarantine) [default: widen]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "widen|refuse|tagged|split|quarantine"
    )]
    pub mixed: Option<MixedWord>,
    /// Rows with a value that its column cannot take: refuse the run, or set them aside [default: refuse]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "refuse|quarantine")]
    pub on_bad_value: Option<BadValueWord>,
    /// Generated columns of tables that cutover creates: their values in an ordinary column (values), or generated in the
    /// target too, where the expression means the same there (translate) [default: values]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "values|translate")]
    pub generated: Option<GeneratedWord>,
    /// Triggers: list them, or make those that only set the time of a change (timestamps) [default: list]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "list|timestamps")]
    pub triggers: Option<TriggerWord>,
    /// Comments on columns that cutover creates, with their declared type where the target's says less [default: on]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "on|off")]
    pub comments: Option<CommentWord>,
    /// Zone of date-times that name none, on their way into a timestamptz: an IANA name such as Europe/Berlin, or an offset
    /// such as +02:00
    #[arg(long, value_name = "ZONE")]
    pub naive_tz: Option<String>,
}

/// How a run goes about it and what it tells.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Show the values of cells that differ, in the summary and in the reports: without it, only their kind and length
    #[arg(long)]
    pub show_values: bool,
    /// Connections that work at once, 1 to 64 [default: the number of cores, at most 4]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<usize>,
    /// Causes that can pass (a connection that broke, a server that restarts, a deadlock) are tried again on a new connection
    /// for this long after the last progress, such as 30s, 5m or 1h; 0 is never [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub retry_for: Option<Duration>,
    /// Write a report to this file: .json for programs, .html for people (one page that stands for itself), .md for a pull
    /// request; may be repeated
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub report: Vec<PathBuf>,
    /// Say where the time went, after the summary and in the report: seconds per table and stage
    #[arg(long)]
    pub timing: bool,
    /// Progress on stderr: bars on a terminal and lines elsewhere (auto), or as named
    #[arg(long, value_enum, default_value_t = ProgressWord::Auto, hide_possible_values = true,
          value_name = "auto|bars|lines|json|off")]
    pub progress: ProgressWord,
}

/// `status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// the target
    #[command(flatten)]
    pub to: ToArgs,
    /// Only copies into this schema of the target
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// List the rows that were set aside, without their values
    #[arg(long)]
    pub set_aside: bool,
    /// JSON instead of a text: an array with one object for each source, one object with the rows set aside, or with --watch
    /// one object per line
    #[arg(long)]
    pub json: bool,
    /// Look again and again, until the run that is at work ends; exit code 0 where it has finished
    #[arg(long, conflicts_with = "set_aside")]
    pub watch: bool,
    /// With --watch: the time between two looks, at least 200ms [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "watch")]
    pub interval: Option<Duration>,
    /// With --watch: how long a connection that broke is tried again; 0 is never [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "watch")]
    pub retry_for: Option<Duration>,
}

/// `clean`
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// the target
    #[command(flatten)]
    pub to: ToArgs,
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// clap's own, which also stands for `--help` and `--version`. Show it with [`usage_text`] only: clap's own text
/// repeats what was typed, and that may hold a password.
pub fn parse(line: &[OsString]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(args_rehearse::joined(line))
}

/// clap's text for `error`, without whatever in `line` may hold a password.
pub fn usage_text(error: &clap::Error, line: &[OsString]) -> String {
    let mut text = error.render().to_string();
    for argument in line.iter().map(|argument| argument.to_string_lossy()) {
        let value = argument.split_once('=').filter(|_| argument.starts_with('-')).map(|(_, value)| value);
        for part in [value, Some(&argument)].into_iter().flatten().filter(|part| may_be_secret(part)) {
            text = text.replace(part, "<hidden>");
        }
    }
    text
}

/// A URL, or a `key=value` string with a password in it.
fn may_be_secret(argument: &str) -> bool {
    argument.contains("://") || argument.to_ascii_lowercase().contains("password")
}

pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret(text.to_owned()))
}

fn rounds(text: &str) -> Result<u32, String> {
    let rounds = text.parse().ok().filter(|rounds| (1..=QUERY_ROUNDS_MAX).contains(rounds));
    rounds.ok_or_else(|| format!("it must be a number from 1 to {QUERY_ROUNDS_MAX}"))
}

fn jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| (1..=JOBS_MAX).contains(jobs));
    jobs.ok_or_else(|| format!("it must be a number from 1 to {JOBS_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn line(words: &[&str]) -> Vec<OsString> {
        std::iter::once("cutover").chain(words.iter().copied()).map(OsString::from).collect()
    }

    #[test]
    fn clap_finds_no_mistake_in_the_definitions() {
        Cli::command().debug_assert();
    }

    fn commands(command: &clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands().flat_map(commands);
        std::iter::once(command.clone()).chain(below).collect()
    }

    #[test]
    fn everything_has_a_help_text() {
        let mut seen = 0;
        for command in commands(&Cli::command()) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.trim().is_empty(), "{} of {}", argument.get_id(), command.get_name());
                seen += 1;
            }
        }
        assert!(seen > 30, "only {seen} arguments");
    }

    #[test]
    fn mistakes_of_the_command_line_are_usage_errors() {
        let lines: &[&[&str]] = &[
            &[],
            &["copi"],
            &["copy", "--migrate", "--validate"],
            &["copy", "--migrate", "--jobs", "0"],
            &["copy", "--migrate", "--jobs", "65"],
            &["copy", "--migrate", "--chunk-bytes", "0"],
            &["copy", "--migrate", "--chunk-rows", "0"],
            &["copy", "--migrate", "--restart", "--reverify"],
            &["copy", "--migrate", "--names", "upper"],
            &["copy", "--migrate", "--existing", "maybe"],
            &["copy", "--migrate", "a.db", "postgres://h/d", "third"],
            &["verify", "--restart"],
            &["verify", "--queries-rounds", "3"],
            &["verify", "--queries", "q.sql", "--queries-rounds", "0"],
            &["status", "--report", "a.json"],
            &["clean", "--schema", "x"],
            &["embedded"],
            &["embedded", "restart"],
            &["completions"],
            &["completions", "csh"],
        ];
        for words in lines {
            let error = parse(&line(words)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
        for words in [["--help"], ["--version"]] {
            assert_eq!(parse(&line(&words)).unwrap_err().exit_code(), 0);
        }
    }

    #[test]
    fn a_password_is_never_repeated() {
        let url = "postgres://u:hunter2@h/d";
        let with_equals = format!("--names={url}");
        let unknown = format!("--too={url}");
        let lines: &[&[&str]] = &[
            &["status", url],
            &["copy", "--migrate", "a.db", url, url],
            &["copy", "--migrate", "--names", url],
            &["copy", "--migrate", &with_equals],
            &["copy", "--migrate", &unknown],
            &["copy", "--migrate", "--jobs", "host=h password=hunter2"],
            &["host=h PASSWORD=hunter2"],
        ];
        for words in lines {
            let typed = line(words);
            let text = usage_text(&parse(&typed).unwrap_err(), &typed);
            assert!(!text.contains("hunter2") && text.contains("error: "), "{words:?}: {text}");
        }
        let parsed = parse(&line(&["copy", "--migrate", "a.db", url, "--to", url])).unwrap();
        assert!(!format!("{parsed:?}").contains("hunter2"));
    }

    #[test]
    fn rare_options_are_in_the_long_help_only() {
        let help = |flag| parse(&line(&["copy", flag])).unwrap_err().to_string();
        assert!(!help("-h").contains("--chunk-bytes") && help("--help").contains("--chunk-bytes"));
        assert!(help("-h").contains("--migrate"));
    }
}
