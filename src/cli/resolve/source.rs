//! Which SQLite files: SOURCE or `--from`, else `CUTOVER_FROM`, else `SQLITE_DB_PATH`.

use super::Variables;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The variables that may name a source, in order.
const VARIABLES: [&str; 2] = ["CUTOVER_FROM", "SQLITE_DB_PATH"];

const WAYS: &str = "name the SQLite file as SOURCE or with --from FILE, or in CUTOVER_FROM or SQLITE_DB_PATH";

/// The source files, `typed` as SOURCE or `from` with `--from`: at least one, none twice. `has_target`: TARGET is typed, too.
pub(super) fn resolve(
    (typed, from): (Option<&PathBuf>, &[PathBuf]),
    has_target: bool,
    variables: &Variables<'_>,
) -> Result<Vec<PathBuf>> {
    let sources = match (typed, from.is_empty()) {
        (Some(_), false) => return Err(given_twice(has_target)),
        (Some(source), true) => vec![source.clone()],
        (None, false) => from.to_vec(),
        (None, true) => vec![from_environment(variables)?],
    };
    sources.iter().try_for_each(|source| check(source))?;
    for (index, source) in sources.iter().enumerate() {
        if sources[..index].iter().any(|other| same_file(other, source)) {
            let message = format!("the source {} is named twice", source.display());
            return Err(Error::usage(message).remedy("name each file once"));
        }
    }
    Ok(sources)
}

fn from_environment(variables: &Variables<'_>) -> Result<PathBuf> {
    let found = VARIABLES.iter().find_map(|name| variables.os(name));
    found.map(PathBuf::from).ok_or_else(|| Error::usage("no source is named").remedy(WAYS))
}

/// With `--from`, the first positional argument is still SOURCE; it is often meant to be the target.
fn given_twice(has_target: bool) -> Error {
    let error = Error::usage("the source is given twice, as SOURCE and with --from");
    match has_target {
        false => error.remedy("leave one of them away; with --from, the target is named with --to"),
        true => error.remedy("leave one of them away"),
    }
}

/// A source is a file; a URL in its place is a target in the wrong place, or something that is not supported.
fn check(source: &Path) -> Result<()> {
    let text = source.to_string_lossy();
    match text.split_once("://") {
        Some(("postgres" | "postgresql", _)) => Err(Error::usage("the source is a PostgreSQL URL").remedy(
            "the SQLite file comes first, then the target: cutover copy --migrate app.db postgres://…",
        )),
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') => {
            let message = format!("the source is a {scheme}: URL, not a file");
            Err(Error::usage(message).remedy("name the SQLite file by its path"))
        }
        _ => Ok(()),
    }
}

/// Whether both paths lead to the same file, as far as they exist.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    one == other || real(one) == real(other)
}
