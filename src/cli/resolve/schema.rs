//! `schema` and what is below it: from what was typed to settings.

use super::{Surroundings, Variables, check_schema, selected, settings, source, target};
use crate::cli::args_schema::{DiffArgs, SectionWord, ShowArgs};
use crate::config::{Config, TargetAddress};
use crate::error::{Error, Result};
use crate::limits;
use crate::plan::script::Section;
use std::path::{Path, PathBuf};

/// A run of `schema show`.
#[derive(Debug)]
pub struct Show {
    /// the settings; its target is [`TargetAddress::Nowhere`] where none was named
    pub config: Config,
    /// the parts, in order
    pub sections: Vec<Section>,
    /// where the script goes; none: stdout
    pub out: Option<PathBuf>,
}

/// `schema show`. Only `--to` names a target here: variables that do are meant for copies.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn show(args: &ShowArgs, around: &Surroundings<'_>) -> Result<Show> {
    let variables = Variables::read(around, args.env_file.as_deref())?;
    let sources = source::resolve((args.source.as_ref(), &args.from), false, &variables)?;
    let target = match &args.to {
        Some(to) => target::resolve(None, Some(to), &variables)?,
        None => TargetAddress::Nowhere,
    };
    let settings = settings::read(args.selection.config.as_deref())?;
    let config = as_copied(selected(&args.selection, settings, sources, target)?, around);
    let sections = match args.section {
        None => vec![Section::PreData, Section::PostData],
        Some(SectionWord::PreData) => vec![Section::PreData],
        Some(SectionWord::PostData) => vec![Section::PostData],
    };
    let out = args.out.as_deref().map(|path| settings::new_file("--out", path)).transpose()?;
    Ok(Show { config, sections, out })
}

/// One side of a comparison, by name.
#[derive(Debug)]
pub enum Place {
    /// SQLite files
    Files(Vec<PathBuf>),
    /// a server, and a schema there
    Server(TargetAddress, String),
}

/// A run of `schema diff`.
#[derive(Debug)]
pub struct Diff {
    /// the settings
    pub config: Config,
    /// what the application worked with
    pub from: Place,
    /// what it is to work with
    pub to: Place,
}

/// `schema diff`.
///
/// # Errors
/// Usage, for everything that cannot be meant.
pub fn diff(args: &DiffArgs, around: &Surroundings<'_>) -> Result<Diff> {
    let variables = Variables::read(around, args.env_file.as_deref())?;
    let settings = settings::read(args.selection.config.as_deref())?;
    let config = as_copied(selected(&args.selection, settings, Vec::new(), TargetAddress::Nowhere)?, around);
    args.from_schema.as_deref().map_or(Ok(()), check_schema)?;
    let from_schema = args.from_schema.as_ref().unwrap_or(&config.schema).clone();
    let from = match args.from.as_slice() {
        [one] if is_server(&one.0) => {
            Place::Server(target::resolve(None, Some(one), &variables)?, from_schema)
        }
        several if several.iter().any(|one| is_server(&one.0)) => {
            return Err(Error::usage("--from names a server and something else")
                .remedy("compare one server, or files that go into one target"));
        }
        files => {
            let files: Vec<PathBuf> = files.iter().map(|file| PathBuf::from(&file.0)).collect();
            Place::Files(source::resolve((None, &files), false, &variables)?)
        }
    };
    let to = match &args.to {
        Some(to) if !is_server(&to.0) => Place::Files(vec![PathBuf::from(&to.0)]),
        to => Place::Server(target::resolve(None, to.as_ref(), &variables)?, config.schema.clone()),
    };
    if args.fix && matches!(to, Place::Files(_)) {
        return Err(Error::usage("--fix writes DDL for PostgreSQL, and --to is a SQLite file")
            .remedy("name a PostgreSQL database with --to, or leave --fix away"));
    }
    Ok(Diff { config, from, to })
}

/// Whether a server is meant rather than a file: a URL, `embedded`, or `key=value` where no such file is there.
fn is_server(text: &str) -> bool {
    let is_file = Path::new(text).exists();
    text.contains("://") || (!is_file && (text == "embedded" || text.contains('=')))
}

/// What the file says of a copy, as far as it bears on the plan.
fn as_copied(config: Config, around: &Surroundings<'_>) -> Config {
    let file = &config.settings.options;
    let jobs = file.jobs.unwrap_or_else(|| around.cores.clamp(1, limits::JOBS_DEFAULT_MAX));
    let (create, orphans) = (file.create.unwrap_or(config.create), file.orphans.unwrap_or(config.orphans));
    Config { jobs, create, orphans, ..config }
}
