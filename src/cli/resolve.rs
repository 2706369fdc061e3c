//! From what was typed and what the environment has to settings: every default, every validation, every remedy.
//!
//! The environment and the number of cores are passed in; the only I/O is reading `--env-file` and `cutover.toml` and
//! looking at paths. Precedence: what was typed, then the environment, then `--env-file`, and for what the environment
//! does not know, `cutover.toml`. An empty variable counts as unset.
//! No message repeats a target, which may hold a password.

mod around;
mod plan_file;
mod questions;
mod rehearsal;
pub mod schema;
pub mod scripts;
mod settings;
mod source;
mod target;
mod words;

pub use questions::questions;

use crate::cli::args::{
    CleanArgs, CopyArgs, EndArgs, ProgressWord, RunArgs, SelectionArgs, StatusArgs, ToArgs, VerifyArgs,
};
use crate::cli::args_around::AroundArgs;
use crate::cli::args_verify::ObjectWord;
use crate::cli::env_file;
use crate::config::{
    Around, BadValuePolicy, CommentPolicy, CommitUnit, Config, CreatePolicy, ExistingPolicy, GeneratedPolicy,
    Infer, MixedPolicy, NamePolicy, OrphanPolicy, Settings, TargetAddress, TriggerPolicy, VerifyLevel,
};
use crate::error::{Error, Result};
use crate::limits;
use crate::outcome::Method;
use crate::report::{ProgressStyle, file};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What surrounds the process; the tests have their own.
pub struct Surroundings<'a> {
    /// one variable of the environment
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// cores that the process may use
    pub cores: usize,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("cores", &self.cores).finish_non_exhaustive()
    }
}

impl Surroundings<'_> {
    /// Those of this process.
    pub fn of_process() -> Surroundings<'static> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Surroundings { variable: &|name| std::env::var_os(name), cores }
    }
}

/// The environment with `--env-file` below it. Needed after resolution too: the connection reads `PG*` from it.
pub struct Variables<'a> {
    real: &'a dyn Fn(&str) -> Option<OsString>,
    file: BTreeMap<String, String>,
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Variables")
    }
}

impl<'a> Variables<'a> {
    /// The surroundings' variables, and below them those of `env_file`, where one was named.
    ///
    /// # Errors
    /// Usage, where the file cannot be read or understood.
    pub fn read(around: &Surroundings<'a>, env_file: Option<&Path>) -> Result<Variables<'a>> {
        let file = env_file.map_or_else(|| Ok(BTreeMap::new()), read_env_file)?;
        Ok(Variables { real: around.variable, file })
    }

    /// The variable, unless it is unset or empty.
    pub fn os(&self, name: &str) -> Option<OsString> {
        let filled = |value: &OsString| !value.is_empty();
        let real = (self.real)(name);
        // A variable that is set to nothing hides the file's: the environment wins even then.
        let value = if real.is_some() { real } else { self.file.get(name).map(OsString::from) };
        value.filter(filled)
    }

    /// The variable as text.
    ///
    /// # Errors
    /// Usage, where it is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let not_text = |_| Error::usage(format!("the variable {name} is not UTF-8")).remedy("set it anew");
        self.os(name).map(|value| value.into_string().map_err(not_text)).transpose()
    }
}

fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let place = format!("--env-file {}", path.display());
    let text = std::fs::read_to_string(path).map_err(|cause| {
        Error::usage("the file cannot be read").at(&place).cause(cause).remedy("name a readable text file")
    })?;
    env_file::parse(&text).map_err(|error| error.at(&place))
}

/// What `copy` shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// copy, verify, finish
    Migrate,
    /// plan and check, write nothing
    Validate,
    /// do it where it harms nobody
    Rehearse {
        /// where, and how much of it
        method: Method,
        /// a target is named; else there is only the embedded server
        is_target_named: bool,
    },
}

/// A run of `copy` or `verify`.
#[derive(Debug)]
pub struct Run {
    /// the settings
    pub config: Config,
    /// report files to be written
    pub reports: Vec<PathBuf>,
    /// how progress is shown
    pub progress: ProgressStyle,
    /// where the time goes is measured and told
    pub timing: bool,
    /// where the decisions are to be written as a `cutover.toml`
    pub write_config: Option<PathBuf>,
}

/// `copy`.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn copy(args: &CopyArgs, around: &Surroundings<'_>) -> Result<(CopyMode, Run)> {
    let mode = copy_mode(args)?;
    let (mode, mut run) = match run(&args.ends, &args.selection, &args.run, around) {
        Ok(run) => (mode, run),
        Err(error) => rehearsal::without_target(args, around, mode).unwrap_or(Err(error))?,
    };
    let config = &mut run.config;
    let file = config.settings.options.clone();
    config.create = typed(args.create, file.create, CreatePolicy::Auto);
    config.existing = typed(args.existing, file.existing, ExistingPolicy::Refuse);
    config.orphans = typed(args.orphans, file.orphans, OrphanPolicy::Auto);
    config.verify = typed(args.verify, file.verify, VerifyLevel::Checksum);
    config.fail_fast = args.fail_fast || file.fail_fast.unwrap_or(false);
    (config.restart, config.reverify) = (args.restart, args.reverify);
    config.take_over = args.take_over;
    config.approved = args.plan.as_deref().map(plan_file::read).transpose()?.map(Arc::new);
    config.chunk_bytes = args.chunk_bytes.or(file.chunk_bytes).unwrap_or(limits::CHUNK_BYTES);
    config.chunk_rows =
        args.chunk_rows.map(NonZeroU64::get).or(file.chunk_rows).unwrap_or(limits::CHUNK_ROWS);
    let sized = args.chunk_bytes.or(file.chunk_bytes).is_some()
        || args.chunk_rows.is_some()
        || file.chunk_rows.is_some();
    config.commit = if sized { CommitUnit::Chunk } else { CommitUnit::Table };
    config.around = match mode {
        CopyMode::Migrate => {
            around::check_named(args.selection.config.as_deref(), &config.settings)?;
            around::resolve(&args.around, &config.settings)?
        }
        // They are listed, and their files are there.
        CopyMode::Validate => around::resolve(&AroundArgs::default(), &config.settings)?,
        // Of what surrounds a run, the backup takes time.
        CopyMode::Rehearse { .. } => around::rehearsed(&args.around)?,
    };
    if args.write_config.is_some() && mode != CopyMode::Validate {
        let remedy = "write the decisions first, edit them, and copy with --config FILE";
        return Err(Error::usage("--write-config goes with --validate only").remedy(remedy));
    }
    let new_file = |path| settings::new_file("--write-config", path);
    run.write_config = args.write_config.as_deref().map(new_file).transpose()?;
    Ok((mode, run))
}

/// What was typed, else what the file says, else the default.
fn typed<W: Into<P>, P>(word: Option<W>, file: Option<P>, default: P) -> P {
    word.map(Into::into).or(file).unwrap_or(default)
}

fn copy_mode(args: &CopyArgs) -> Result<CopyMode> {
    match (args.migrate, args.validate, args.rehearse.rehearse) {
        (true, false, None) => Ok(CopyMode::Migrate),
        (false, true, None) => Ok(CopyMode::Validate),
        (false, false, Some(word)) => Ok(CopyMode::Rehearse { method: word.into(), is_target_named: true }),
        _ => Err(Error::usage("copy needs exactly one of --migrate, --validate and --rehearse").remedy(
            "cutover copy --validate … tells whether it would work and writes nothing; \
             cutover copy --rehearse … how long it takes; cutover copy --migrate … copies",
        )),
    }
}

/// `verify`.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn verify(args: &VerifyArgs, around: &Surroundings<'_>) -> Result<Run> {
    let mut run = run(&args.ends, &args.selection, &args.run, around)?;
    run.config.objects = args.look.objects != Some(ObjectWord::Off);
    run.config.sample = args.look.sample.map(NonZeroU64::get);
    Ok(run)
}

/// The target of `status`.
///
/// # Errors
/// Usage, where there is no target, or none that can be meant.
pub fn status(args: &StatusArgs, around: &Surroundings<'_>) -> Result<TargetAddress> {
    args.schema.as_deref().map_or(Ok(()), check_schema)?;
    target_alone(&args.to, around)
}

/// The target of `clean`.
///
/// # Errors
/// As [`status`].
pub fn clean(args: &CleanArgs, around: &Surroundings<'_>) -> Result<TargetAddress> {
    target_alone(&args.to, around)
}

fn target_alone(to: &ToArgs, around: &Surroundings<'_>) -> Result<TargetAddress> {
    let variables = Variables::read(around, to.env_file.as_deref())?;
    target::resolve(None, to.to.as_ref(), &variables)
}

/// What `copy` and `verify` have in common; the rest of the settings at their defaults.
fn run(ends: &EndArgs, selection: &SelectionArgs, run: &RunArgs, around: &Surroundings<'_>) -> Result<Run> {
    let variables = Variables::read(around, ends.to.env_file.as_deref())?;
    let sources = source::resolve((ends.source.as_ref(), &ends.from), ends.target.is_some(), &variables)?;
    let target = target::resolve(ends.target.as_ref(), ends.to.to.as_ref(), &variables)?;
    let settings = settings::read(selection.config.as_deref())?;
    let config = selected(selection, settings, sources, target)?;
    check_reports(&run.report, &config.sources)?;
    let cores = around.cores.clamp(1, limits::JOBS_DEFAULT_MAX);
    let jobs = run.jobs.or(config.settings.options.jobs).unwrap_or(cores);
    let retry_for = run.retry_for.or(config.settings.options.retry_for).unwrap_or(limits::RETRY_FOR);
    let config = Config { jobs, retry_for, show_values: run.show_values, ..config };
    let progress = progress(run.progress);
    Ok(Run { config, reports: run.report.clone(), progress, timing: run.timing, write_config: None })
}

/// What the selection says, typed or in the file; the rest at its defaults.
fn selected(
    typed_args: &SelectionArgs,
    settings: Settings,
    sources: Vec<PathBuf>,
    target: TargetAddress,
) -> Result<Config> {
    let args = typed_args;
    let file = &settings.options;
    let globs = |typed: &[String], file: &Option<Vec<String>>| match typed {
        [] => file.clone().unwrap_or_default(),
        typed => typed.to_vec(),
    };
    let schema = args.schema.clone().or_else(|| file.schema.clone()).unwrap_or_else(|| "public".to_owned());
    let naive_tz = args.naive_tz.clone().or_else(|| file.naive_tz.clone());
    let (tables, exclude) = (globs(&args.table, &file.tables), globs(&args.exclude, &file.exclude));
    check_schema(&schema)?;
    check_globs("--table", &tables)?;
    check_globs("--exclude", &exclude)?;
    naive_tz.as_deref().map_or(Ok(()), settings::check_zone)?;
    Ok(Config {
        sources,
        target,
        schema,
        tables,
        exclude,
        create: CreatePolicy::Auto,
        existing: ExistingPolicy::Refuse,
        orphans: OrphanPolicy::Auto,
        names: typed(args.names, file.names, NamePolicy::Keep),
        infer: typed(args.infer, file.infer, Infer::Declared),
        mixed: typed(args.mixed, file.mixed, MixedPolicy::Widen),
        on_bad_value: typed(args.on_bad_value, file.on_bad_value, BadValuePolicy::Refuse),
        generated: typed(args.generated, file.generated, GeneratedPolicy::Values),
        triggers: typed(args.triggers, file.triggers, TriggerPolicy::List),
        comments: typed(args.comments, file.comments, CommentPolicy::On),
        naive_tz,
        settings,
        verify: VerifyLevel::Checksum,
        objects: true,
        sample: None,
        show_values: false,
        jobs: 1,
        retry_for: limits::RETRY_FOR,
        fail_fast: false,
        restart: false,
        take_over: false,
        reverify: false,
        approved: None,
        chunk_bytes: limits::CHUNK_BYTES,
        chunk_rows: limits::CHUNK_ROWS,
        commit: CommitUnit::Table,
        around: Around::default(),
    })
}

fn progress(word: ProgressWord) -> ProgressStyle {
    match word {
        ProgressWord::Auto => ProgressStyle::Auto,
        ProgressWord::Bars => ProgressStyle::Bars,
        ProgressWord::Lines => ProgressStyle::Lines,
        ProgressWord::Json => ProgressStyle::Json,
        ProgressWord::Off => ProgressStyle::Off,
    }
}

/// A schema that PostgreSQL can have and that is not the server's or the ledger's own (PostgreSQL manual, 5.10.5:
/// names beginning with `pg_` are reserved).
fn check_schema(schema: &str) -> Result<()> {
    let remedy = "name the schema that the application uses, or leave --schema away for public";
    let problem = match schema {
        "" => "is empty",
        _ if schema.contains('\0') => "contains a NUL",
        _ if schema.len() > limits::NAME_BYTES_MAX => "is longer than 63 bytes, which PostgreSQL would cut",
        "information_schema" => "belongs to the server",
        "cutover" => "is where cutover keeps its own records",
        _ if schema.starts_with("pg_") => "belongs to the server",
        _ => return Ok(()),
    };
    Err(Error::usage(format!("--schema {schema:?} {problem}")).remedy(remedy))
}

fn check_globs(option: &str, globs: &[String]) -> Result<()> {
    match globs.iter().any(String::is_empty) {
        true => Err(Error::usage(format!("{option} has an empty pattern"))
            .remedy("name a table, or part of it with *")),
        false => Ok(()),
    }
}

/// Found out before hours of copying rather than after them.
fn check_reports(reports: &[PathBuf], sources: &[PathBuf]) -> Result<()> {
    for (index, path) in reports.iter().enumerate() {
        file::supported(path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let problem = match parent {
            _ if reports[..index].contains(path) => "is named twice",
            _ if sources.iter().any(|source| source::same_file(source, path)) => "is the source itself",
            _ if path.is_dir() => "is a directory",
            Some(parent) if !parent.is_dir() => "is in a directory that does not exist",
            _ => continue,
        };
        let message = format!("--report {} {problem}", path.display());
        return Err(Error::usage(message).remedy("name a new file in a directory that exists"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
