//! A rehearsal in the embedded server needs no target.

use super::{CopyMode, Run, Surroundings, Variables, run, source, target};
use crate::cli::args::{CopyArgs, EndArgs, ToArgs};
use crate::cli::args_rehearse::RehearseWord;
use crate::config::Secret;
use crate::error::Result;
use crate::outcome::Method;

impl From<RehearseWord> for Method {
    fn from(word: RehearseWord) -> Method {
        match word {
            RehearseWord::Embedded => Method::Embedded,
            RehearseWord::Schema => Method::Schema,
            RehearseWord::Probe => Method::Probe,
        }
    }
}

/// The run of a rehearsal for which no target is named; none where another mistake was made.
pub(super) fn without_target(
    args: &CopyArgs,
    around: &Surroundings<'_>,
    mode: CopyMode,
) -> Option<Result<(CopyMode, Run)>> {
    let CopyMode::Rehearse { method: method @ Method::Embedded, .. } = mode else { return None };
    let ends = &args.ends;
    let variables = Variables::read(around, ends.to.env_file.as_deref()).ok()?;
    let is_typed = ends.target.is_some() || ends.to.to.is_some();
    if is_typed || target::resolve(None, None, &variables).is_ok() {
        return None;
    }
    source::resolve((ends.source.as_ref(), &ends.from), false, &variables).ok()?;
    let to = ToArgs { to: Some(Secret("embedded".to_owned())), env_file: ends.to.env_file.clone() };
    let ends = EndArgs { source: ends.source.clone(), target: None, from: ends.from.clone(), to };
    let run = run(&ends, &args.selection, &args.run, around);
    Some(run.map(|run| (CopyMode::Rehearse { method, is_target_named: false }, run)))
}
