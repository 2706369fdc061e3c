//! What surrounds a copy: `--backup`, `--freeze`, `--deadline`, and the hooks of the configuration with the texts of their
//! files.

use crate::cli::args_around::AroundArgs;
use crate::config::{Around, HookAction, HookPoint, Hooks, Settings};
use crate::error::{Error, Result};
use crate::limits::SCRIPT_BYTES_MAX;
use std::path::{Path, PathBuf};

/// Of one `copy --migrate`.
///
/// # Errors
/// Usage, where a directory or a file is not there, or the deadline is none.
pub(super) fn resolve(args: &AroundArgs, settings: &Settings) -> Result<Around> {
    let backup = args.backup.as_deref().map(directory).transpose()?;
    if args.deadline.is_some_and(|deadline| deadline.is_zero()) {
        return Err(Error::usage("--deadline 0 leaves no time").remedy("give a time such as 45m"));
    }
    let hooks = with_texts(&settings.hooks, settings.file.as_deref())?;
    Ok(Around { backup, is_rehearsed: false, freeze: args.freeze, deadline: args.deadline, hooks })
}

/// Of one rehearsal.
///
/// # Errors
/// Usage, where the directory is not there.
pub(super) fn rehearsed(args: &AroundArgs) -> Result<Around> {
    let backup = args.backup.as_deref().map(directory).transpose()?;
    Ok(Around { backup, is_rehearsed: true, ..Around::default() })
}

/// Hooks run programs: not those of a file that was only found where we are.
///
/// # Errors
/// Usage, which asks for the name.
pub(super) fn check_named(named: Option<&Path>, settings: &Settings) -> Result<()> {
    let has_hooks = HookPoint::ALL.iter().any(|point| !settings.hooks.at(*point).is_empty());
    match (&settings.file, named) {
        (Some(file), None) if has_hooks => {
            let message = format!("{file} has hooks, which run programs, and was not named");
            Err(Error::usage(message).remedy(format!("look at them, and say --config {file}")))
        }
        _ => Ok(()),
    }
}

fn directory(path: &Path) -> Result<PathBuf> {
    match path.is_dir() {
        true => Ok(path.to_path_buf()),
        false => {
            let message = format!("--backup {} is not a directory that exists", path.display());
            Err(Error::usage(message)
                .remedy("make it first; it is not made here, should its disk not be mounted"))
        }
    }
}

/// The hooks with the texts of their SQL files, whose names count from the configuration's directory. Read before anything
/// begins, so that no hook of the end finds its file gone.
///
/// # Errors
/// Usage, where a file cannot be read or is no text.
pub(super) fn with_texts(hooks: &Hooks, file: Option<&str>) -> Result<Hooks> {
    let base = file.and_then(|file| Path::new(file).parent()).unwrap_or_else(|| Path::new(""));
    let mut hooks = hooks.clone();
    for point in HookPoint::ALL {
        for hook in hooks.at_mut(point) {
            if let HookAction::SqlFile(name) = &hook.action {
                hook.action = HookAction::Sql(text(point, &base.join(name))?);
            }
        }
    }
    Ok(hooks)
}

fn text(point: HookPoint, path: &Path) -> Result<String> {
    let failed = |what: &str| {
        let message = format!("hook {}: the SQL file {} {what}", point.name(), path.display());
        Error::usage(message).remedy("its name counts from the directory of the configuration file")
    };
    let bytes = std::fs::metadata(path).map_err(|cause| failed("cannot be read").cause(cause))?.len();
    if bytes > SCRIPT_BYTES_MAX {
        return Err(failed("is too long"));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| failed("cannot be read").cause(cause))?;
    match text.trim().is_empty() || text.contains('\0') {
        true => Err(failed("is empty, or holds a NUL")),
        false => Ok(text),
    }
}
