//! `schema` and what is below it: from what was typed to settings.

use super::{Surroundings, Variables, selected, settings, source, target};
use crate::cli::args_schema::{SectionWord, ShowArgs};
use crate::config::{Config, TargetAddress};
use crate::error::Result;
use crate::limits;
use crate::plan::script::Section;
use std::path::PathBuf;

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

/// What the file says of a copy, as far as it bears on the plan.
fn as_copied(config: Config, around: &Surroundings<'_>) -> Config {
    let file = &config.settings.options;
    let jobs = file.jobs.unwrap_or_else(|| around.cores.clamp(1, limits::JOBS_DEFAULT_MAX));
    let (create, orphans) = (file.create.unwrap_or(config.create), file.orphans.unwrap_or(config.orphans));
    Config { jobs, create, orphans, ..config }
}
