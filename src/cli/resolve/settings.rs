//! `--config`: which file, and what of it can be checked before the source is seen.

use crate::config::{self, DEFAULT_FILE, Setting, Settings};
use crate::error::{Error, Result};
use crate::plan::{type_text, zone};
use std::path::{Path, PathBuf};

/// The settings of `named`, else of `./cutover.toml` if it is there, else none.
///
/// # Errors
/// Usage: the file cannot be read, or something in it cannot be meant.
pub(super) fn read(named: Option<&Path>) -> Result<Settings> {
    let path = match named {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
        None => return Ok(Settings::default()),
    };
    let text = std::fs::read_to_string(path).map_err(|cause| {
        Error::usage("the file cannot be read")
            .at(format!("--config {}", path.display()))
            .cause(cause)
            .remedy("name a readable text file, or another directory to start in")
    })?;
    let settings = config::parse(&text, &path.display().to_string())?;
    check_values(&settings)?;
    Ok(settings)
}

/// Types and zones, whose words other rooms know.
fn check_values(settings: &Settings) -> Result<()> {
    let zone_of_options = settings.options.naive_tz.as_deref().and_then(|zone| zone::check(zone).err());
    let file = settings.file.as_deref().unwrap_or(DEFAULT_FILE);
    let mut mistakes: Vec<String> =
        zone_of_options.map(|why| format!("{file}: naive_tz: {why}")).into_iter().collect();
    for setting in settings.all() {
        let checked = match &setting.value {
            Setting::Type(text) => type_text::parse(text).map(|_| ()),
            Setting::TimeZone(text) => zone::check(text),
            _ => Ok(()),
        };
        mistakes.extend(checked.err().map(|why| format!("{}: {why}", settings.at(setting.place))));
    }
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(mistakes.join("\n")).remedy("docs/configuration.md lists the types")),
    }
}

/// `--naive-tz` as typed.
pub(super) fn check_zone(text: &str) -> Result<()> {
    zone::check(text).map_err(|why| Error::usage(format!("--naive-tz: {why}")))
}

/// A file that `option` may make.
pub(super) fn new_file(option: &str, path: &Path) -> Result<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let problem = match parent {
        _ if path.exists() => "exists already, and is not overwritten",
        Some(parent) if !parent.is_dir() => "is in a directory that does not exist",
        _ => return Ok(path.to_path_buf()),
    };
    Err(Error::usage(format!("{option} {} {problem}", path.display())).remedy("name a new file"))
}
