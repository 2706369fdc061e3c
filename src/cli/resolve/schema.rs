//! `schema` and what is below it: from what was typed to settings.

use super::{Surroundings, Variables, selected, settings, source, target};
use crate::cli::args::SelectionArgs;
use crate::cli::args_schema::{DialectArgs, SectionWord, ShowArgs, TranslateArgs};
use crate::config::{Config, TargetAddress};
use crate::error::{Error, Result};
use crate::limits;
use crate::plan::script::Section;
use crate::schema::{Written, partner_name};
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

/// What the file says of a copy, as far as it bears on the plan.
fn as_copied(config: Config, around: &Surroundings<'_>) -> Config {
    let file = &config.settings.options;
    let jobs = file.jobs.unwrap_or_else(|| around.cores.clamp(1, limits::JOBS_DEFAULT_MAX));
    let (create, orphans) = (file.create.unwrap_or(config.create), file.orphans.unwrap_or(config.orphans));
    Config { jobs, create, orphans, ..config }
}

/// A run of `schema translate`.
#[derive(Debug)]
pub struct Translate {
    /// what bears on the plans
    pub config: Config,
    /// the scripts, in their order
    pub scripts: Vec<Written>,
    /// where each goes; none: stdout
    pub out: Option<Vec<PathBuf>>,
}

/// `schema translate`.
///
/// # Errors
/// Usage: a file that cannot be read, or a place where the scripts cannot go.
pub fn translate(args: &TranslateArgs) -> Result<Translate> {
    let config = dialect(&args.target)?;
    let scripts: Vec<Written> = args.files.iter().map(|path| script(path)).collect::<Result<_>>()?;
    let out = args.out.as_deref().map(|out| places(out, &args.files)).transpose()?;
    Ok(Translate { config, scripts, out })
}

/// The settings of what makes PostgreSQL's scripts.
pub(super) fn dialect(args: &DialectArgs) -> Result<Config> {
    let settings = settings::read(args.config.as_deref())?;
    let selection = SelectionArgs {
        config: args.config.clone(),
        schema: args.schema.clone(),
        names: args.names,
        ..SelectionArgs::default()
    };
    selected(&selection, settings, Vec::new(), TargetAddress::Nowhere)
}

/// A script as it is written.
///
/// # Errors
/// Usage: it cannot be read, is too large, or is no text.
pub(super) fn script(path: &Path) -> Result<Written> {
    let at = |error: Error| error.at(path.display()).remedy("name a readable SQL script in UTF-8");
    let known = std::fs::metadata(path);
    let known = known.map_err(|cause| at(Error::usage("the script cannot be read").cause(cause)))?;
    if known.len() > limits::SCRIPT_BYTES_MAX {
        let message = format!("the script has more than {} bytes", limits::SCRIPT_BYTES_MAX);
        return Err(Error::usage(message).at(path.display()).remedy("rows in bulk are the matter of `cutover copy`"));
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|cause| at(Error::usage("the script cannot be read").cause(cause)))?;
    if text.contains('\0') {
        return Err(at(Error::usage("the script has a NUL in it")));
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Written { name, text })
}

/// The files that translations of `sources` are written to.
fn places(out: &Path, sources: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if !out.is_dir() {
        return match sources {
            [_] => Ok(vec![settings::new_file("--out", out)?]),
            _ => Err(Error::usage(format!("--out {} is no directory", out.display()))
                .remedy("several scripts need a directory that is there")),
        };
    }
    let mut places: Vec<PathBuf> = Vec::new();
    for source in sources {
        let name = source.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let place = settings::new_file("--out", &out.join(partner_name(&name)))?;
        if places.contains(&place) {
            let message = format!("--out: two scripts would both be {}", place.display());
            return Err(Error::usage(message).remedy("translate them one by one, each into a file of its own"));
        }
        places.push(place);
    }
    Ok(places)
}
