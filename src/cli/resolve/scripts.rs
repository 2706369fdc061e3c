//! `schema translate` and `schema check`: from what was typed to settings.

use super::{selected, settings};
use crate::cli::args::SelectionArgs;
use crate::cli::args_scripts::{DialectArgs, TranslateArgs};
use crate::config::{CommentPolicy, Config, TargetAddress, TriggerPolicy};
use crate::error::{Error, Result};
use crate::schema::{self, Written, partner_name};
use std::path::{Path, PathBuf};

/// A run of `schema translate`.
#[derive(Debug)]
pub struct Translate {
    /// what bears on the plans
    pub config: Config,
    /// the scripts, in their order
    pub scripts: Vec<Written>,
    /// where each goes; none: stdout
    pub out: Option<Vec<PathBuf>>,
    /// files that take back what others do, and are not read
    pub left_out: Vec<PathBuf>,
}

/// `schema translate`.
///
/// # Errors
/// Usage: a file that cannot be read, or a place where the scripts cannot go.
pub fn translate(args: &TranslateArgs) -> Result<Translate> {
    let config = dialect(&args.target)?;
    let (left_out, files): (Vec<PathBuf>, Vec<PathBuf>) =
        args.files.iter().cloned().partition(|path| schema::is_down(path));
    if files.is_empty() {
        return Err(Error::usage("all of these scripts take back what others do")
            .remedy("name the scripts that lead up: NAME.up.sql"));
    }
    let scripts: Vec<Written> = files.iter().map(|path| schema::script(path)).collect::<Result<_>>()?;
    let out = args.out.as_deref().map(|out| places(out, &files)).transpose()?;
    Ok(Translate { config, scripts, out, left_out })
}

/// The settings of what makes PostgreSQL's scripts.
///
/// # Errors
/// Usage.
pub fn dialect(args: &DialectArgs) -> Result<Config> {
    let settings = settings::read(args.config.as_deref())?;
    let selection = SelectionArgs {
        config: args.config.clone(),
        schema: args.schema.clone(),
        names: args.names,
        ..SelectionArgs::default()
    };
    let said = (settings.options.triggers, settings.options.comments);
    let config = selected(&selection, settings, Vec::new(), TargetAddress::Nowhere)?;
    // A script is its own record of what was declared, and a trigger that can be made is a part of what it makes.
    let (triggers, comments) =
        (said.0.unwrap_or(TriggerPolicy::Timestamps), said.1.unwrap_or(CommentPolicy::Off));
    Ok(Config { triggers, comments, ..config })
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
            return Err(
                Error::usage(message).remedy("translate them one by one, each into a file of its own")
            );
        }
        places.push(place);
    }
    Ok(places)
}
