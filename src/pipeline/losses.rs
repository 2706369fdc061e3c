//! What a comparison comes to: one error for everything that the target lacks, and the words for tables whose rows could
//! not be compared as a whole.

use super::account::Account;
use super::wind_up::summarise;
use crate::assess::paired::Alone;
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::outcome::{TableReport, Verify};

/// Findings of a comparison that leave something unproved, but are no difference that was seen.
const UNPROVED: [&str; 2] = ["E_NOT_COMPARABLE", "E_ROW_SECURITY"];

/// Names in a message, at most; the findings have all.
const NAMED_MAX: usize = 8;

/// What a comparison found to be otherwise, besides rows.
fn is_loss(finding: &Finding) -> bool {
    // A ledger that is not as it was written says nothing of the copy, which is compared without it.
    let is_of_copy = finding.code.starts_with("E_") && finding.code != "E_LEDGER_DAMAGED";
    finding.severity == Severity::Warning && is_of_copy
}

/// One error for all that differs; what could not be compared is none the less no success.
///
/// # Errors
/// [`ErrorKind::Differs`] where anything differs, is lost or could not be compared; else the first failure.
pub(super) fn conclude(failures: Vec<(String, Error)>, gone: Vec<String>, account: &Account) -> Result<()> {
    let found = account.report.findings.iter().filter(|finding| is_loss(finding));
    let (unproved, lost): (Vec<&Finding>, Vec<&Finding>) =
        found.partition(|finding| UNPROVED.contains(&finding.code.as_str()));
    let mut said = Vec::new();
    if !lost.is_empty() {
        said.push(format!("the target lacks, or has otherwise, {}", named(&lost)));
    }
    if !gone.is_empty() {
        said.push(format!("made by an earlier run, and gone from the target: {}", gone.join(", ")));
    }
    if !unproved.is_empty() {
        said.push(format!("not comparable: {}", named(&unproved)));
    }
    if said.is_empty() || account.differs() {
        return match summarise(failures, account) {
            Err(error) if error.kind() == ErrorKind::Differs && !said.is_empty() => {
                Err(Error::new(ErrorKind::Differs, format!("{error}; {}", said.join("; ")))
                    .remedy(SEE_FINDINGS))
            }
            result => result,
        };
    }
    let rows = if unproved.is_empty() {
        "the rows that were compared are equal"
    } else {
        "no row that was compared differs"
    };
    let mut message = format!("{rows}, but {}", said.join("; "));
    failures.iter().for_each(|(_, error)| message.push_str(&format!("; and not compared: {error}")));
    Err(Error::new(ErrorKind::Differs, message).remedy(SEE_FINDINGS))
}

const SEE_FINDINGS: &str = "the findings name each, with what mends it; what need not be in the target can be left out \
     with --exclude, with skip = true in cutover.toml, or with --objects off";

fn named(findings: &[&Finding]) -> String {
    let mut names: Vec<String> = findings
        .iter()
        .take(NAMED_MAX)
        .map(|finding| format!("{} ({})", finding.object, finding.code))
        .collect();
    let more = findings.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

impl Account {
    /// Notes tables whose rows are not compared.
    pub(super) fn alone(&mut self, tables: &[Alone]) {
        for alone in tables {
            let mut report = TableReport::bare(&alone.source, alone.rows);
            report.verify = if alone.is_there { Verify::NotComparable } else { Verify::Differs };
            report.verify_note.clone_from(&alone.why);
            self.report.tables.push(report);
        }
    }

    /// Notes of every table the columns that are not compared.
    pub(super) fn columns_alone<'a>(&mut self, findings: impl Iterator<Item = &'a Finding>) {
        for finding in findings.filter(|finding| is_loss(finding)) {
            let of_table = |table: &&mut crate::outcome::TableReport| {
                finding.object.strip_prefix(&table.source).is_some_and(|rest| rest.starts_with('.'))
            };
            let longest =
                self.report.tables.iter_mut().filter(of_table).max_by_key(|table| table.source.len());
            let Some(report) = longest else { continue };
            let is_unproved = UNPROVED.contains(&finding.code.as_str());
            report.verify = match report.verify {
                Verify::Match | Verify::NotComparable if is_unproved => Verify::NotComparable,
                Verify::NotRun if is_unproved => Verify::NotRun,
                _ => Verify::Differs,
            };
            let column = &finding.object[report.source.len() + 1..];
            let between = if report.verify_note.is_empty() { "" } else { "; " };
            report.verify_note.push_str(&format!("{between}column \"{column}\" {}", finding.message));
        }
    }
}
