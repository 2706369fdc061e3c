//! Which tables take part: `--table` and `--exclude` globs, and `skip` of `cutover.toml`.

use crate::config::Config;
use crate::config::glob::matches;

/// Whether `name` is selected: it matches one of `tables` (or there are none) and none of `exclude`, and is not skipped.
pub fn is_selected(name: &str, config: &Config) -> bool {
    is_in_globs(name, config) && !config.settings.table(name).skip
}

/// Whether the globs alone select `name`.
pub fn is_in_globs(name: &str, config: &Config) -> bool {
    let wanted = config.tables.is_empty() || config.tables.iter().any(|glob| matches(glob, name));
    wanted && !config.exclude.iter().any(|glob| matches(glob, name))
}

/// Globs of `--table` and `--exclude` that match none of `names`: a typing mistake, most likely.
pub fn idle_globs<'a>(config: &'a Config, names: &[&str]) -> Vec<&'a str> {
    let globs = config.tables.iter().chain(&config.exclude);
    globs.filter(|glob| !names.iter().any(|name| matches(glob, name))).map(String::as_str).collect()
}
