//! What became of the tries of one table, as findings with their ways out.

use super::job::key_text;
use super::on_server::{Tally, Tried};
use crate::config::{Config, OrphanPolicy};
use crate::counts::plural;
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::limits::{EXAMPLES_MAX, INDEX_KEY_BYTES_MAX};
use crate::plan::{Plan, ScanKey, TablePlan};
use crate::postgres::tries::{Try, TryKind};

/// Counts keys that more than one row has; the first rows of each are examples.
fn count_repeated(tally: &mut Tally) {
    tally.hashes.sort_unstable();
    for equal in tally.hashes.chunk_by(|a, b| a.0 == b.0).filter(|equal| equal.len() > 1) {
        tally.bad += 1;
        let left = EXAMPLES_MAX.saturating_sub(tally.keys.len());
        tally.keys.extend(equal.iter().take(left).map(|(_, row)| row.to_string()));
    }
    tally.hashes = Vec::new();
}

/// SQLSTATE classes of errors that are the data's (54: it is too large for something), or a function's own about it: the same
/// row would end the copy.
const OF_DATA: [&str; 4] = ["22", "23", "54", "P0"];

/// Whether an error of that SQLSTATE is the data's.
pub(super) fn is_of_data(state: &str) -> bool {
    OF_DATA.iter().any(|class| state.starts_with(class))
}

/// Puts what was found into the plan, and takes back what was said before it was tried.
pub(super) fn settle(plan: &mut Plan, table: &TablePlan, tried: Tried, config: &Config) {
    let mut untried: Vec<String> = tried.untried;
    plan.findings.extend(tried.findings);
    for (one, mut tally) in tried.tallies {
        count_repeated(&mut tally);
        if tally.unknown.as_deref().is_some_and(is_of_data) {
            tally.bad = tally.bad.max(1);
        } else if tally.unknown.is_some() || tally.is_unsure || (tried.skipped > 0 && tally.bad == 0) {
            untried.push(name_of(&one));
        }
        if tally.bad == 0 {
            continue;
        }
        if is_lifted(&one) && config.orphans == OrphanPolicy::NotValid {
            let key = plan.tables.iter_mut().find(|planned| planned.source == table.source);
            let keys = key.into_iter().flat_map(|planned| &mut planned.foreign_keys);
            keys.filter(|key| key.name == one.name).for_each(|key| key.orphans = tally.bad);
        }
        plan.findings.push(refusal(&plan.schema, table, &one, tally, config));
    }
    let is_of_table = |finding: &Finding| {
        finding.object == table.target && ["W_CHECK_UNTRIED", "W_PARTITION_UNTRIED"].contains(&&*finding.code)
    };
    plan.findings.retain(|finding| !is_of_table(finding));
    untried.sort_unstable();
    untried.dedup();
    if !untried.is_empty() {
        let message = format!(
            "it could not be tried whether all rows meet {}; one that does not ends the copy",
            untried.join(", ")
        );
        plan.findings.push(
            Finding::new("W_CHECK_UNTRIED", Severity::Note, table.target.clone(), message)
                .count(untried.len() as u64),
        );
    }
}

/// A foreign key that stands aside for the copy; that of one partition does not.
fn is_lifted(one: &Try) -> bool {
    one.kind == TryKind::Parent && one.partition.is_none()
}

/// A try in words: what one partition has for itself is called after it.
pub(super) fn name_of(one: &Try) -> String {
    match &one.partition {
        Some((_, partition)) => format!("{partition}.{}", one.name),
        None => one.name.clone(),
    }
}

fn refusal(schema: &str, table: &TablePlan, one: &Try, tally: Tally, config: &Config) -> Finding {
    let (code, message) = words(one, &tally);
    let message = match &tally.unknown {
        Some(state) => format!("{message}: it ends with the error {state}"),
        None => message,
    };
    let is_left = is_lifted(one) && config.orphans == OrphanPolicy::NotValid;
    let (code, severity) =
        if is_left { ("W_FK_ORPHANS", Severity::Warning) } else { (code, Severity::Refusal) };
    let object = match (one.kind, &one.partition) {
        (TryKind::Partition, _) => table.target.clone(),
        (_, None) => format!("{}.{}", table.target, one.name),
        (_, Some(_)) => name_of(one),
    };
    let keys = tally.keys.iter().map(|row| key_in_words(table, row)).collect();
    let finding = Finding::new(code, severity, object, message).count(tally.bad).examples(keys);
    let finding = if is_left { finding } else { finding.or_way(way(schema, table, one)) };
    finding.or("mend these rows in the source")
}

fn key_in_words(table: &TablePlan, row: &str) -> String {
    match row.parse::<i64>() {
        Ok(row) if matches!(table.key, ScanKey::Rowid { .. }) => key_text(Some(row), 0),
        Ok(row) => key_text(None, row.cast_unsigned()),
        Err(_) => row.to_owned(),
    }
}

/// The code, and what is the matter.
fn words(one: &Try, tally: &Tally) -> (&'static str, String) {
    let rows = plural(tally.bad, "row");
    let expression = |what: &str| {
        let message = format!("{rows} of the source would be refused, for which {what} cannot be computed");
        ("E_EXPRESSION", message)
    };
    match one.kind {
        TryKind::Check | TryKind::Domain => {
            ("E_CHECK", format!("{rows} of the source would be refused by this CHECK of the target"))
        }
        TryKind::Partition => ("E_NO_PARTITION", format!("{rows} of the source would find no partition")),
        TryKind::Unique if tally.unknown.is_some() => expression("the key of this index"),
        TryKind::Unique => {
            let keys = plural(tally.bad, "key");
            ("E_UNIQUE_MERGE", format!("{keys} of the source would meet in this unique index"))
        }
        TryKind::Taken => (
            "E_UNIQUE_TAKEN",
            format!("{rows} of the source have a key that a row of the target has already"),
        ),
        TryKind::Parent => {
            ("E_FK_ORPHANS", format!("{rows} of the source would have no parent in {}", one.expression))
        }
        TryKind::NotNull => {
            ("E_NOTNULL", format!("{rows} of the source would have NULL in this column, which is NOT NULL"))
        }
        TryKind::Generated => expression("this column"),
        TryKind::Statistics => (
            "E_EXPRESSION",
            format!(
                "ANALYZE would fail on {rows} of the source, for which these statistics cannot be computed"
            ),
        ),
        TryKind::Length if tally.unknown.is_none() => (
            "E_KEY_TOO_LONG",
            format!(
                "{rows} of the source have a key above {INDEX_KEY_BYTES_MAX} bytes, which this index does not take"
            ),
        ),
        TryKind::Index | TryKind::Length | TryKind::Items | TryKind::Exclusion => {
            expression("the key or the condition of this index")
        }
    }
}

/// The statement or option that ends it.
fn way(schema: &str, table: &TablePlan, one: &Try) -> Option<Way> {
    let (schema, target) = match &one.partition {
        Some((schema, partition)) => (schema.as_str(), partition.as_str()),
        None => (schema, table.target.as_str()),
    };
    let (place, name) = (qualified(schema, target), quote(&one.name));
    let drop = || format!("ALTER TABLE {place} DROP CONSTRAINT {name}");
    let sql = match one.kind {
        TryKind::Unique | TryKind::Index | TryKind::Length if !one.is("constraint") => {
            format!("DROP INDEX {}", qualified(schema, &one.name))
        }
        TryKind::Parent if is_lifted(one) => return Some(Way::option("orphans", "not-valid")),
        TryKind::Check
        | TryKind::Unique
        | TryKind::Index
        | TryKind::Length
        | TryKind::Items
        | TryKind::Exclusion
        | TryKind::Parent => drop(),
        TryKind::Domain => {
            format!("ALTER DOMAIN {} DROP CONSTRAINT {name}", one.others.first().map_or("", String::as_str))
        }
        TryKind::Partition => format!(
            "CREATE TABLE {} PARTITION OF {} DEFAULT",
            qualified(schema, &format!("{}_default", table.target)),
            one.others.first()?
        ),
        TryKind::Taken => return Some(Way::option("existing", "truncate")),
        TryKind::NotNull => {
            let key = one.others.iter().map(|key| format!("DROP CONSTRAINT {}, ", quote(key)));
            format!("ALTER TABLE {place} {}ALTER COLUMN {name} DROP NOT NULL", key.collect::<String>())
        }
        TryKind::Statistics => {
            let of_schema = one.others.first().map_or(schema, String::as_str);
            format!("DROP STATISTICS {}", qualified(of_schema, &one.name))
        }
        TryKind::Generated => {
            let null = if one.is("not null") {
                format!(", ALTER COLUMN {name} DROP NOT NULL")
            } else {
                String::new()
            };
            format!("ALTER TABLE {place} ALTER COLUMN {name} DROP EXPRESSION{null}")
        }
    };
    Some(Way::Target(sql))
}
