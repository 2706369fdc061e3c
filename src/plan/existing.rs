//! What a table that exists may be, before its columns are looked at: what it is, whose it is, and what would happen to
//! rows on their way in (semantics.md §5.2, §5.7).

use super::draft::{Inputs, refusal};
use super::target::{Relation, TargetTable};
use crate::catalog::Table;
use crate::catalog::profile::TableProfile;
use crate::config::toml_string;
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};

/// Whatever stands against filling `existing` with the rows of `table`, and what is worth knowing about it.
pub(super) fn check(
    (table, profile): (&Table, &TableProfile),
    existing: &TargetTable,
    inputs: &Inputs<'_>,
    findings: &mut Vec<Finding>,
) {
    let name = qualified(&inputs.rules.schema, &existing.name);
    let refusals = [
        relation(table, existing),
        owner(existing, &inputs.target.role),
        security(existing, &name),
        triggers(existing, &name),
    ];
    findings.extend(refusals.into_iter().flatten());
    findings.extend(rights(existing, &name, &inputs.target.role));
    findings.extend(unlogged(existing, &name));
    let mut note = |code: &str, object: &str, message: String| {
        findings.push(Finding::new(code, Severity::Note, object, message));
    };
    if !existing.rules.is_empty() {
        let rules = existing.rules.join(", ");
        let message = format!("has rules on INSERT ({rules}), which PostgreSQL does not apply to COPY");
        note("W_RULE", &existing.name, message);
    }
    if !existing.checks.is_empty() && profile.rows > 0 {
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

/// Rows that are proved to be there, and are gone after a crash (PostgreSQL manual, CREATE TABLE, UNLOGGED). `name` is
/// qualified and quoted.
pub(crate) fn unlogged(existing: &TargetTable, name: &str) -> Option<Finding> {
    let message = "is UNLOGGED: a crash of the server empties it, and no replica or archive has its rows";
    let finding = || Finding::new("W_UNLOGGED", Severity::Warning, existing.name.clone(), message);
    let logged = || Way::Target(format!("ALTER TABLE {name} SET LOGGED"));
    existing.unlogged.then(|| match existing.relation {
        Relation::Partitioned => finding().fix("ALTER TABLE … SET LOGGED, for each of its partitions"),
        _ => finding().way(logged()),
    })
}

fn relation(table: &Table, existing: &TargetTable) -> Option<Finding> {
    let what = match existing.relation {
        Relation::Table | Relation::Partitioned => return None,
        Relation::Partition => "exists in the target as a partition of another table",
        Relation::Other => "exists in the target, but is no table",
    };
    let other = format!("{}_table", existing.name);
    let finding = refusal("E_NOT_A_TABLE", &existing.name, what.to_owned());
    Some(finding.way(Way::of_table(&table.name, "rename", &toml_string(&other))).or("another --schema"))
}

fn owner(existing: &TargetTable, role: &str) -> Option<Finding> {
    let message =
        format!("belongs to the role {}; its keys and sequences cannot be managed", quote(&existing.owner));
    let grant = format!("GRANT {} TO {}", quote(&existing.owner), quote(role));
    let finding = || refusal("E_NOT_OWNER", &existing.name, message).way(Way::Target(grant));
    (!existing.owned).then(|| finding().or("connect as its owner"))
}

/// Rights that the owner of a table has, unless they were taken away, and those on the parents of its keys.
fn rights<'a>(existing: &'a TargetTable, name: &str, role: &str) -> impl Iterator<Item = Finding> + 'a {
    let missing = |object: &str, message: &str, right: &str, on: &str| {
        let grant = format!("GRANT {right} ON {on} TO {}", quote(role));
        refusal("E_RIGHTS", object, message.to_owned()).way(Way::Target(grant))
    };
    let own = existing.owned && !existing.lacking.is_empty();
    let message = "this role may not read or fill the table, although it owns it";
    let own = own.then(|| missing(&existing.name, message, &existing.lacking.join(", "), name));
    let keys = existing.foreign_keys.iter().filter(|key| existing.owned && !key.may_refer);
    let of_parents: Vec<Finding> = keys
        .map(|key| {
            let object = format!("{}.{}", existing.name, key.name);
            let message = "this role may not make a key to its parent again, which is lifted for the copy";
            missing(&object, message, "REFERENCES", &qualified(&key.parent.0, &key.parent.1))
        })
        .collect();
    own.into_iter().chain(of_parents)
}

fn security(existing: &TargetTable, name: &str) -> Option<Finding> {
    let message = "row security applies to this role: rows could be hidden from the proof; FORCE it again after the copy";
    let off = format!("ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY");
    let finding = || refusal("E_ROW_SECURITY", &existing.name, message.to_owned()).way(Way::Target(off));
    existing.row_security.then(finding)
}

fn triggers(existing: &TargetTable, name: &str) -> Option<Finding> {
    let names = existing.triggers.join(", ");
    let message = format!(
        "has triggers that fire on INSERT ({names}): they could change what arrives; ENABLE them again after the copy"
    );
    let of_partitions = existing.trigger_partitions.iter().map(String::as_str);
    let tables = std::iter::once(name).chain(of_partitions);
    let off: Vec<String> = tables.map(|table| format!("ALTER TABLE {table} DISABLE TRIGGER USER")).collect();
    let finding = || refusal("E_TRIGGER", &existing.name, message).way(Way::Target(off.join("; ")));
    (!existing.triggers.is_empty()).then(finding)
}
