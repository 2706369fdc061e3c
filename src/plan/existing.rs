//! What a table that exists may be, before its columns are looked at: what it is, whose it is, and what would happen to
//! rows on their way in (semantics.md §5.2, §5.7).

use super::draft::refusal;
use super::target::{Relation, TargetTable};
use crate::catalog::Table;
use crate::catalog::profile::TableProfile;
use crate::finding::{Finding, Severity};

/// Whatever stands against filling `existing` with the rows of `table`, and what is worth knowing about it.
pub(super) fn check(
    table: &Table,
    profile: &TableProfile,
    existing: &TargetTable,
    findings: &mut Vec<Finding>,
) {
    let refusals = [relation(existing), owner(existing), security(existing), triggers(existing)];
    let refusals = refusals.into_iter().flatten();
    findings.extend(refusals.map(|(code, message, fix)| refusal(code, &existing.name, message).fix(fix)));
    let mut note = |code: &str, object: &str, message: String| {
        findings.push(Finding::new(code, Severity::Note, object, message));
    };
    if !existing.rules.is_empty() {
        let rules = existing.rules.join(", ");
        let message = format!("has rules on INSERT ({rules}), which PostgreSQL does not apply to COPY");
        note("W_RULE", &existing.name, message);
    }
    if !existing.checks.is_empty() {
        let message = format!(
            "its rows are not tried against its CHECK constraints ({}) before the copy; one that violates them ends it",
            existing.checks.join(", ")
        );
        note("W_CHECK_UNTRIED", &existing.name, message);
    }
    if existing.may_lack_partition && profile.rows > 0 {
        let message = "is partitioned without a default partition, and it is not tried before the copy whether each row \
             has a partition; one that has none ends it";
        note("W_PARTITION_UNTRIED", &existing.name, message.to_owned());
    }
    if existing.name != table.name {
        note("W_NAME_CASE", &table.name, format!("goes into the existing table \"{}\"", existing.name));
    }
}

/// Code, message, way out.
type Refusal = Option<(&'static str, String, &'static str)>;

fn relation(existing: &TargetTable) -> Refusal {
    let what = match existing.relation {
        Relation::Table | Relation::Partitioned => return None,
        Relation::Partition => "exists in the target as a partition of another table",
        Relation::Other => "exists in the target, but is no table",
    };
    Some(("E_NOT_A_TABLE", what.to_owned(), "rename it, or use another --schema"))
}

fn owner(existing: &TargetTable) -> Refusal {
    let message = "belongs to another role; its keys and sequences cannot be managed";
    let fix = "run as its owner, or: GRANT the owner's role to this one";
    (!existing.owned).then(|| ("E_NOT_OWNER", message.to_owned(), fix))
}

fn security(existing: &TargetTable) -> Refusal {
    let message = "row security applies to this role: rows could be hidden from the proof";
    let fix = "ALTER TABLE … NO FORCE ROW LEVEL SECURITY for the time of the copy";
    existing.row_security.then(|| ("E_ROW_SECURITY", message.to_owned(), fix))
}

fn triggers(existing: &TargetTable) -> Refusal {
    let names = existing.triggers.join(", ");
    let message = format!("has triggers that fire on INSERT ({names}): they could change what arrives");
    let fix = "ALTER TABLE … DISABLE TRIGGER USER for the time of the copy, on its partitions, too";
    (!existing.triggers.is_empty()).then_some(("E_TRIGGER", message, fix))
}
