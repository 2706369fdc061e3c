//! The file of queries, read before anything is connected to.

use crate::cli::args::VerifyArgs;
use crate::error::{Error, Result};
use crate::limits::{QUERY_ROUNDS, SCRIPT_BYTES_MAX};
use crate::pipeline::queries::Questions;
use std::path::Path;

/// What `--queries` names.
///
/// # Errors
/// Usage, where the file cannot be read, or is none of queries.
pub fn questions(args: &VerifyArgs) -> Result<Option<Questions>> {
    let Some(path) = &args.queries else { return Ok(None) };
    let text = read(path)?;
    let rounds = args.queries_rounds.unwrap_or(QUERY_ROUNDS);
    let questions = Questions::read(&text, rounds);
    questions.map(Some).map_err(|error| error.at(format!("--queries {}", path.display())))
}

fn read(path: &Path) -> Result<String> {
    let place = || format!("--queries {}", path.display());
    let bytes = std::fs::metadata(path).map(|metadata| metadata.len());
    if bytes.as_ref().is_ok_and(|bytes| *bytes > SCRIPT_BYTES_MAX) {
        return Err(Error::usage("the file is longer than any file of queries").at(place()));
    }
    let text = bytes.and_then(|_| std::fs::read_to_string(path));
    text.map_err(|cause| {
        Error::usage("the file cannot be read").at(place()).cause(cause).remedy("name a text file in UTF-8")
    })
}
