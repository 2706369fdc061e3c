//! `--plan FILE`: reads the report of an earlier `copy --validate` or `copy --rehearse`.

use crate::config::PlanFile;
use crate::error::{Error, Result};
use crate::limits::PLAN_FILE_BYTES_MAX;
use crate::outcome::{Prediction, REPORT_FORMAT};
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;

const REMEDY: &str = "name the file that `cutover copy --validate --report FILE.json` or `cutover copy --rehearse --report FILE.json` has written";

/// The parts of a report that matter here; reports of later versions may have more.
#[derive(Deserialize)]
struct Report {
    format: u32,
    outcome: String,
    run: Run,
    plan_hash: Vec<String>,
    #[serde(default)]
    prediction: Option<Prediction>,
}

#[derive(Deserialize)]
struct Run {
    started_unix: u64,
    command: String,
}

/// Reads the file.
///
/// # Errors
/// Usage, where it cannot be read, is no report of such a run, or of one that said that it would not work.
pub(super) fn read(path: &Path) -> Result<PlanFile> {
    let place = format!("--plan {}", path.display());
    let text = text(path)
        .map_err(|cause| Error::usage("the file cannot be read").at(&place).cause(cause).remedy(REMEDY))?;
    let report: Report = serde_json::from_str(&text).map_err(|cause| {
        Error::usage("the file is no report of cutover").at(&place).cause(cause).remedy(REMEDY)
    })?;
    if let Some(problem) = problem(&report) {
        return Err(Error::usage(problem).at(&place).remedy(REMEDY));
    }
    Ok(PlanFile {
        path: path.to_owned(),
        hashes: report.plan_hash,
        prediction: report.prediction,
        started_unix: report.run.started_unix,
    })
}

/// No more than a report can be.
fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(PLAN_FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn problem(report: &Report) -> Option<String> {
    if report.format != REPORT_FORMAT {
        return Some(format!("the report has format {}; this version knows {REPORT_FORMAT}", report.format));
    }
    if !["validate", "rehearse"].contains(&report.run.command.as_str()) {
        return Some("the report is of another command than a validation or a rehearsal".to_owned());
    }
    let went_well = ["done", "set_aside"].contains(&report.outcome.as_str());
    (!went_well).then(|| "the report says that the migration would not work".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> std::result::Result<PlanFile, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plan.json");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_report_of_a_validation_is_read() {
        let text = r#"{"format": 1, "outcome": "done", "run": {"started_unix": 7, "command": "validate"},
                       "plan_hash": ["aa", "bb"], "more": []}"#;
        let plan = told(text).unwrap();
        assert_eq!(
            (plan.hashes, plan.prediction, plan.started_unix),
            (vec!["aa".into(), "bb".into()], None, 7)
        );
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let report = |format: u32, outcome: &str, command: &str| {
            format!(
                r#"{{"format": {format}, "outcome": "{outcome}", "plan_hash": [],
                     "run": {{"started_unix": 7, "command": "{command}"}}}}"#
            )
        };
        for (text, expected) in [
            ("[]".to_owned(), "no report"),
            ("{".to_owned(), "no report"),
            (report(2, "done", "validate"), "format 2"),
            (report(1, "done", "copy"), "another command"),
            (report(1, "refused", "validate"), "would not work"),
        ] {
            let said = told(&text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
        assert!(read(Path::new("/nowhere/plan.json")).is_err());
    }
}
