//! `--plan`: the report whose plan is gone by.

use crate::error::{Error, Result};
use crate::limits::PLAN_FILE_BYTES_MAX;
use crate::outcome::ApprovedPlan;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The plan of the report in `path`.
///
/// # Errors
/// Usage: the file cannot be read, is no report, or one of a plan that was refused.
pub(super) fn read(path: &Path) -> Result<ApprovedPlan> {
    let place = || format!("--plan {}", path.display());
    let unread = |cause| {
        Error::usage("the file cannot be read")
            .at(place())
            .cause(cause)
            .remedy("name a file that `cutover copy --validate … --report FILE.json` has written")
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unread)?;
    file.take(PLAN_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    if text.len() as u64 > PLAN_FILE_BYTES_MAX {
        let message = format!("the file has more than {PLAN_FILE_BYTES_MAX} bytes");
        return Err(Error::usage(message).at(place()).remedy("name the JSON report of a validation"));
    }
    ApprovedPlan::parse(&text).map_err(|error| error.at(place()))
}
