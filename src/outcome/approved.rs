//! A plan that somebody has read and approved: what `--plan` takes from the report of a validation or a rehearsal.

use super::{Outcome, Prediction, REPORT_FORMAT};
use crate::error::{Error, Result};
use crate::limits::PLAN_OLD_AFTER;
use serde::Deserialize;

/// What of a report tells which plan was approved.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ApprovedPlan {
    format: u32,
    outcome: Outcome,
    run: ApprovedRun,
    /// the sources, in order
    pub source: Vec<ApprovedSource>,
    /// where it goes; a report without one never saw the target
    pub target: Option<ApprovedTarget>,
    /// hash of each source's decisions, in the same order
    pub plan_hash: Vec<String>,
    /// all tables of all sources
    pub tables: Vec<ApprovedTable>,
    /// what the target does not have
    pub not_carried: Vec<ApprovedLoss>,
    /// what a rehearsal expects of the run
    #[serde(default)]
    pub prediction: Option<Prediction>,
}

/// The run that wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ApprovedRun {
    started_unix: u64,
    command: String,
    #[serde(default)]
    options: String,
}

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApprovedSource {
    /// where it was
    pub path: String,
}

/// The target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApprovedTarget {
    /// its schema
    pub schema: String,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApprovedTable {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// hash of its decisions
    #[serde(default)]
    pub plan_hash: String,
    /// how it is partitioned
    pub partition: Option<ApprovedPartition>,
    /// its columns
    pub columns: Vec<ApprovedColumn>,
}

/// How a table is partitioned; its ranges follow the rows, and are not approved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApprovedPartition {
    /// the target column whose value decides
    pub column: String,
    /// what one partition holds
    pub every: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApprovedColumn {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// target type
    #[serde(rename = "type")]
    pub pg_type: String,
    /// what is kept of a value
    pub level: String,
}

/// An object that is not carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct ApprovedLoss {
    /// `trigger`, `view`, …
    pub kind: String,
    /// its name in the source
    pub name: String,
    /// the table it belongs to
    pub table: Option<String>,
}

impl ApprovedPlan {
    /// Reads the text of a report.
    ///
    /// # Errors
    /// Usage: it is no report, not one of a plan, or one of a run that did not succeed.
    pub fn parse(text: &str) -> Result<ApprovedPlan> {
        let plan: ApprovedPlan = serde_json::from_str(text).map_err(|cause| {
            Error::usage("it is not a JSON report of cutover").cause(cause).remedy(HOW_TO_WRITE)
        })?;
        let problem = match plan.outcome {
            _ if plan.format != REPORT_FORMAT => {
                format!("the report has format {}; this version knows {REPORT_FORMAT}", plan.format)
            }
            _ if plan.run.command == "verify" => {
                "it is the report of `cutover verify`, which plans no copy".to_owned()
            }
            Outcome::Refused => {
                "the plan of this report was refused: there is nothing that could be gone by".to_owned()
            }
            Outcome::Done | Outcome::SetAside if plan.plan_hash.is_empty() => {
                "the report has no plan".to_owned()
            }
            Outcome::Done | Outcome::SetAside if plan.plan_hash.len() != plan.source.len() => {
                "the report does not have a plan for each of its sources".to_owned()
            }
            Outcome::Done | Outcome::SetAside => return Ok(plan),
            Outcome::Differs | Outcome::Failed | Outcome::Interrupted => {
                "the run of this report did not come to its end".to_owned()
            }
        };
        Err(Error::usage(problem).remedy(HOW_TO_WRITE))
    }

    /// The options that bore on it, `name=value` one after the other; empty where the report does not tell them.
    pub fn options(&self) -> &str {
        &self.run.options
    }

    /// Its age in whole days at `now_unix`, where it is so old that what it speaks of may have changed.
    pub fn old_days(&self, now_unix: u64) -> Option<u64> {
        let age = now_unix.saturating_sub(self.run.started_unix);
        (age > PLAN_OLD_AFTER.as_secs()).then_some(age / 86_400)
    }
}

const HOW_TO_WRITE: &str = "name a file that `cutover copy --validate … --report FILE.json` has written";

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: &str, command: &str, hashes: &str) -> String {
        format!(
            "{{\"format\":1,\"outcome\":\"{outcome}\",\"run\":{{\"started_unix\":1000,\"command\":\"{command}\"}},\
             \"source\":[{{\"path\":\"a.db\"}}],\"target\":null,\"plan_hash\":{hashes},\"tables\":[],\"not_carried\":[]}}"
        )
    }

    #[test]
    fn only_a_plan_that_was_found_good_is_one() {
        assert!(ApprovedPlan::parse(&report("done", "validate", "[\"x\"]")).is_ok());
        assert!(ApprovedPlan::parse(&report("set_aside", "rehearse", "[\"x\"]")).is_ok());
        let bad = [
            ("refused", "validate", "[\"x\"]", "was refused"),
            ("failed", "validate", "[\"x\"]", "did not come to its end"),
            ("done", "verify", "[\"x\"]", "plans no copy"),
            ("done", "validate", "[]", "no plan"),
            ("done", "validate", "[\"x\",\"y\"]", "each of its sources"),
        ];
        for (outcome, command, hashes, word) in bad {
            let error = ApprovedPlan::parse(&report(outcome, command, hashes)).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
        let newer = report("done", "validate", "[\"x\"]").replace("\"format\":1", "\"format\":9");
        assert!(ApprovedPlan::parse(&newer).unwrap_err().to_string().contains("format 9"));
        assert!(ApprovedPlan::parse("{}").is_err() && ApprovedPlan::parse("no").is_err());
    }

    #[test]
    fn a_week_is_not_old_and_a_second_more_is() {
        let plan = ApprovedPlan::parse(&report("done", "validate", "[\"x\"]")).unwrap();
        let week = PLAN_OLD_AFTER.as_secs();
        assert_eq!(plan.old_days(1000 + week), None);
        assert_eq!(plan.old_days(1001 + week), Some(7));
        // a clock that went back makes nothing old
        assert_eq!(plan.old_days(0), None);
    }
}
