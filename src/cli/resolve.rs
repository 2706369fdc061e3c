//! From what was typed and what the environment has to settings: every default, every validation, every remedy.
//!
//! The environment and the number of cores are passed in; the only I/O is reading `--env-file` and looking at paths.
//! Precedence: what was typed, then the environment, then `--env-file`. An empty variable counts as unset.
//! No message repeats a target, which may hold a password.

mod source;
mod target;

use crate::cli::args::{
    BadValueWord, CleanArgs, CopyArgs, CreateWord, EndArgs, ExistingWord, NameWord, OrphanWord, ProgressWord,
    RunArgs, SelectionArgs, StatusArgs, ToArgs, VerifyArgs, VerifyWord,
};
use crate::cli::env_file;
use crate::config::{
    BadValuePolicy, Config, CreatePolicy, ExistingPolicy, Infer, MixedPolicy, NamePolicy, OrphanPolicy,
    TargetAddress, VerifyLevel,
};
use crate::error::{Error, Result};
use crate::limits;
use crate::report::{ProgressStyle, file};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

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
}

/// `copy`.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn copy(args: &CopyArgs, around: &Surroundings<'_>) -> Result<(CopyMode, Run)> {
    let mode = copy_mode(args)?;
    let mut run = run(&args.ends, &args.selection, &args.run, around)?;
    let config = &mut run.config;
    config.create = match args.create {
        CreateWord::Auto => CreatePolicy::Auto,
        CreateWord::Never => CreatePolicy::Never,
    };
    config.existing = match args.existing {
        ExistingWord::Refuse => ExistingPolicy::Refuse,
        ExistingWord::Append => ExistingPolicy::Append,
        ExistingWord::Truncate => ExistingPolicy::Truncate,
    };
    config.orphans = match args.orphans {
        OrphanWord::Auto => OrphanPolicy::Auto,
        OrphanWord::Refuse => OrphanPolicy::Refuse,
        OrphanWord::NotValid => OrphanPolicy::NotValid,
        OrphanWord::Quarantine => OrphanPolicy::Quarantine,
    };
    config.on_bad_value = match args.on_bad_value {
        BadValueWord::Refuse => BadValuePolicy::Refuse,
        BadValueWord::Quarantine => BadValuePolicy::Quarantine,
    };
    config.verify = match args.verify {
        VerifyWord::Checksum => VerifyLevel::Checksum,
        VerifyWord::Count => VerifyLevel::Count,
        VerifyWord::Off => VerifyLevel::Off,
    };
    (config.fail_fast, config.restart, config.reverify) = (args.fail_fast, args.restart, args.reverify);
    config.chunk_bytes = args.chunk_bytes.unwrap_or(limits::CHUNK_BYTES);
    config.chunk_rows = args.chunk_rows.map_or(limits::CHUNK_ROWS, NonZeroU64::get);
    Ok((mode, run))
}

fn copy_mode(args: &CopyArgs) -> Result<CopyMode> {
    match (args.migrate, args.validate) {
        (true, false) => Ok(CopyMode::Migrate),
        (false, true) => Ok(CopyMode::Validate),
        _ => Err(Error::usage("copy needs exactly one of --migrate and --validate").remedy(
            "cutover copy --validate … tells whether it would work and writes nothing; \
             cutover copy --migrate … copies",
        )),
    }
}

/// `verify`.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn verify(args: &VerifyArgs, around: &Surroundings<'_>) -> Result<Run> {
    run(&args.ends, &args.selection, &args.run, around)
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
    let sources = source::resolve(ends, &variables)?;
    let target = target::resolve(ends.target.as_ref(), ends.to.to.as_ref(), &variables)?;
    check_schema(&selection.schema)?;
    check_globs("--table", &selection.table)?;
    check_globs("--exclude", &selection.exclude)?;
    check_reports(&run.report, &sources)?;
    let config = Config {
        sources,
        target,
        schema: selection.schema.clone(),
        tables: selection.table.clone(),
        exclude: selection.exclude.clone(),
        create: CreatePolicy::Auto,
        existing: ExistingPolicy::Refuse,
        orphans: OrphanPolicy::Auto,
        names: names(selection.names),
        infer: Infer::Declared,
        mixed: MixedPolicy::Widen,
        on_bad_value: BadValuePolicy::Refuse,
        verify: VerifyLevel::Checksum,
        jobs: run.jobs.unwrap_or_else(|| around.cores.clamp(1, limits::JOBS_DEFAULT_MAX)),
        fail_fast: false,
        restart: false,
        reverify: false,
        chunk_bytes: limits::CHUNK_BYTES,
        chunk_rows: limits::CHUNK_ROWS,
    };
    Ok(Run { config, reports: run.report.clone(), progress: progress(run.progress) })
}

fn names(word: NameWord) -> NamePolicy {
    match word {
        NameWord::Keep => NamePolicy::Keep,
        NameWord::Lower => NamePolicy::Lower,
        NameWord::Snake => NamePolicy::Snake,
    }
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
