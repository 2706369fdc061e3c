//! `copy --validate` as an assessment: what it looks at, that it writes nothing, and that what it prints can be run.

mod around;
mod nothing;
mod rights;
mod taken;
mod tries;

use crate::support::flow::Run;
use serde_json::Value;

/// The ways out of one finding, in order.
fn ways(finding: &Value) -> Vec<&str> {
    finding["fix"].as_str().unwrap().lines().collect()
}

/// The SQL that the first finding of `code` has for the target.
#[track_caller]
fn sql_for_target(run: &Run, code: &str) -> String {
    let findings = run.findings(code);
    let finding = findings.first().unwrap_or_else(|| panic!("{code}: {}", run.said()));
    let sql = ways(finding).iter().find_map(|way| way.strip_prefix("in the target: ").map(str::to_owned));
    sql.unwrap_or_else(|| panic!("{finding}"))
}
