//! What stands against a plan, looked up in the source before anything is written: values that an existing column
//! or one that the configuration has given a type cannot hold, and rows whose parent is missing.

use super::job::{Job, key_text};
use super::{naive, pool};
use crate::checkpoint::ScanRange;
use crate::cleanse;
use crate::config::{Cleanse, Config, OrphanPolicy};
use crate::encode::{self, Misfit};
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::ident::quote;
use crate::limits::EXAMPLES_MAX;
use crate::plan::types::{Mapping, PgType};
use crate::plan::{ColumnPlan, ForeignKeyPlan, OrphanProbe, Plan, ScanKey, TableMode, TablePlan};
use crate::sqlite::filter::condition;
use crate::sqlite::keys::{count_repeated, each_rowid};
use crate::sqlite::scan::scan;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tries every value of every table that exists already or that the configuration speaks of, and counts orphans; adds what
/// it finds to the plan.
///
/// # Errors
/// A source fault.
pub async fn run(job: &Arc<Job>, plan: &mut Plan, config: &Config) -> Result<()> {
    let tasks: Vec<TablePlan> = plan.tables.clone();
    let around = Around {
        job: Arc::clone(job),
        orphans: config.orphans,
        filters: plan
            .tables
            .iter()
            .filter_map(|table| Some((table.source.clone(), table.filter.clone()?)))
            .collect(),
    };
    let results = pool::blocking(config.jobs, tasks, move |table| try_table(&around, table)).await?;
    for (table, tried) in plan.tables.iter_mut().zip(results) {
        for (object, keys) in tried.nulls {
            let mut named = plan.findings.iter_mut();
            if let Some(finding) = named.find(|f| f.code == "E_NOTNULL" && f.object == object) {
                finding.examples = keys;
            }
        }
        plan.findings.extend(tried.findings);
        for (key, orphans) in table.foreign_keys.iter_mut().zip(tried.orphans) {
            key.orphans = orphans;
        }
    }
    Ok(())
}

/// What the trial of one table needs to know beside its plan.
struct Around {
    job: Arc<Job>,
    orphans: OrphanPolicy,
    /// conditions on the rows of tables, by source name
    filters: BTreeMap<String, String>,
}

#[derive(Default)]
struct Tried {
    findings: Vec<Finding>,
    /// `table.column` of a NOT NULL column, and keys of the first rows that hold NULL there
    nulls: BTreeMap<String, Vec<String>>,
    orphans: Vec<u64>,
}

fn try_table(around: &Around, table: &TablePlan) -> Result<Tried> {
    let job = &*around.job;
    let is_spoken_of = |column: &ColumnPlan| {
        let said = job.settings().column(&table.source, &column.source);
        said.pg_type.is_some()
            || said.encoding.is_some()
            || said.time_zone.is_some()
            || !said.cleanse.is_none()
    };
    let is_tried = table.mode == TableMode::Existing || table.columns.iter().any(is_spoken_of);
    let mut tried = if is_tried { misfits(job, table)? } else { Tried::default() };
    for (name, columns) in &table.unique_keys {
        tried.findings.extend(repeated_keys(job, table, name, columns)?);
    }
    for key in &table.foreign_keys {
        let (count, keys) = match &key.probe {
            Some(probe) => find_orphans(around, table, probe)?,
            None => (0, Vec::new()),
        };
        if count > 0 {
            tried.findings.push(orphan_finding(table, key, count, around.orphans).examples(keys));
        }
        tried.orphans.push(count);
    }
    Ok(tried)
}

/// Encodes every value as the copy would, and counts what does not fit, per column and reason.
fn misfits(job: &Job, table: &TablePlan) -> Result<Tried> {
    let mut nulls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut found: BTreeMap<(usize, &'static str), (Misfit, u64, Vec<String>)> = BTreeMap::new();
    let mut scratch = Vec::new();
    let mut number = 0;
    let mut zones = naive::Zones::of(table);
    let reader = job.source.reader()?;
    scan(&reader, &job.scan_of_plan(table), &ScanRange::WHOLE, |row| {
        number += 1;
        for (i, column) in table.columns.iter().enumerate() {
            let value = row.value(i)?;
            if column.not_null && value == Value::Null {
                let keys = nulls.entry(format!("{}.{}", table.source, column.source)).or_default();
                if keys.len() < EXAMPLES_MAX {
                    keys.push(key_text(row.key(), number));
                }
            }
            scratch.clear();
            let tried = match encode::large_payload(value, &column.mapping) {
                Ok(None) => encode::value(value, &column.mapping, &mut scratch),
                Ok(Some(_)) => Ok(()),
                Err(misfit) => Err(misfit),
            };
            if let Err(misfit) = tried {
                let entry = found.entry((i, misfit.code())).or_insert((misfit, 0, Vec::new()));
                entry.1 += 1;
                if entry.2.len() < EXAMPLES_MAX {
                    entry.2.push(key_text(row.key(), number));
                }
            } else {
                zones.see(i, value, || key_text(row.key(), number));
            }
        }
        Ok(())
    })?;
    let misfits = found
        .into_iter()
        .map(|((i, _), (misfit, count, keys))| misfit_finding(table, i, misfit, count, keys));
    Ok(Tried { findings: misfits.chain(zones.findings(table)).collect(), nulls, orphans: Vec::new() })
}

fn misfit_finding(
    table: &TablePlan,
    column: usize,
    misfit: Misfit,
    count: u64,
    keys: Vec<String>,
) -> Finding {
    let column = &table.columns[column];
    let object = format!("{}.{}", table.source, column.source);
    let which = match table.mode {
        TableMode::Existing => "existing column of",
        TableMode::Create => "configured",
    };
    let message =
        format!("the {which} type {} cannot hold {count} of its values: {misfit}", column.mapping.pg);
    Finding::new(misfit.code(), Severity::Refusal, object, message)
        .count(count)
        .examples(keys)
        .fix(misfit.fix())
}

/// Keys that are apart in the source and meet in a unique key of the existing table, in the form in which they are sent.
fn repeated_keys(job: &Job, table: &TablePlan, name: &str, columns: &[usize]) -> Result<Option<Finding>> {
    if is_rowid(table, columns) {
        return Ok(None);
    }
    let names: Vec<&str> = columns.iter().map(|&column| table.columns[column].source.as_str()).collect();
    let keyed: Vec<(Mapping, Cleanse)> = columns
        .iter()
        .map(|&column| (table.columns[column].mapping.clone(), table.columns[column].changes()))
        .collect();
    let rowid = match &table.key {
        ScanKey::Rowid { alias, .. } => Some(alias.as_str()),
        ScanKey::Whole => None,
    };
    let reader = job.source.reader()?;
    let repeated =
        count_repeated(&reader, &table.source, &names, (rowid, table.filter.as_deref()), move |values| {
            key_form(values, &keyed)
        })?;
    Ok((repeated.keys > 0).then(|| {
        let object = format!("{}.{name}", table.target);
        let message = format!("{} of the source would meet in this unique key", key_words(repeated.keys));
        Finding::new("E_UNIQUE_MERGE", Severity::Refusal, object, message)
            .count(repeated.keys)
            .examples(repeated.rowids.iter().map(|&rowid| key_text(Some(rowid), 0)).collect())
            .fix(match table.mode {
                TableMode::Existing => "mend these rows in the source, or drop the key in the target",
                TableMode::Create => "mend these rows in the source, or configure another type",
            })
    }))
}

fn key_words(keys: u64) -> String {
    if keys == 1 {
        "1 key that occurs more than once".to_owned()
    } else {
        format!("{keys} keys that occur more than once")
    }
}

/// The rowid cannot repeat.
fn is_rowid(table: &TablePlan, columns: &[usize]) -> bool {
    matches!(&table.key, ScanKey::Rowid { column: Some(rowid), .. } if columns == [*rowid])
}

/// A key as it is sent; `citext` compares without case. None where a value becomes NULL, which meets nothing, or does not
/// fit, which is told elsewhere.
fn key_form(values: &[Value<'_>], keyed: &[(Mapping, Cleanse)]) -> Option<Vec<u8>> {
    let (mut form, mut scratch) = (Vec::new(), Vec::new());
    for (value, (mapping, changes)) in values.iter().zip(keyed) {
        let value = cleanse::apply(*value, changes, &mut scratch);
        if value == Value::Null {
            return None;
        }
        match (value, mapping.pg) {
            (Value::Text(text), PgType::Citext) => {
                let folded = std::str::from_utf8(text).ok()?.to_lowercase();
                encode::value(Value::Text(folded.as_bytes()), mapping, &mut form).ok()?;
            }
            _ => encode::value(value, mapping, &mut form).ok()?,
        }
    }
    Some(form)
}

/// Rows of the child whose key is not NULL and has no parent: how many, and the keys of some. The parent's own index
/// serves where there is one; SQLite makes one for the query where there is none.
fn find_orphans(around: &Around, table: &TablePlan, probe: &OrphanProbe) -> Result<(u64, Vec<String>)> {
    let job = &*around.job;
    let pairs = probe.columns.iter().zip(&probe.parent_columns);
    let join: Vec<String> =
        pairs.map(|(child, parent)| format!("p.{} = c.{}", quote(parent), quote(child))).collect();
    let present: Vec<String> = probe.columns.iter().map(|child| present(table, child)).collect();
    let first_parent = probe.parent_columns.first().map(|column| quote(column)).unwrap_or_default();
    let (children, key) = match (&table.key, &table.filter) {
        (ScanKey::Whole, _) => (filtered(&table.source, &probe.columns, None, table.filter.as_ref()), None),
        (ScanKey::Rowid { alias, .. }, None) => {
            (filtered(&table.source, &[], None, None), Some(quote(alias)))
        }
        (ScanKey::Rowid { alias, .. }, filter) => {
            let rows = filtered(&table.source, &probe.columns, Some(alias), filter.as_ref());
            (rows, Some(ROW_KEY.to_owned()))
        }
    };
    let key = key.map_or_else(|| "NULL".to_owned(), |key| format!("c.{key}"));
    let parents = filtered(&probe.parent, &probe.parent_columns, None, around.filters.get(&probe.parent));
    let sql = format!(
        "SELECT {key} FROM {children} c LEFT JOIN {parents} p ON {} WHERE {} AND p.{first_parent} IS NULL",
        join.join(" AND "),
        present.join(" AND "),
    );
    let mut found = (0, Vec::new());
    let rowids = |rowid: Option<i64>| {
        found.0 += 1;
        if found.1.len() < EXAMPLES_MAX {
            found.1.extend(rowid.map(|rowid| key_text(Some(rowid), 0)));
        }
    };
    each_rowid(&*job.source.reader()?, &table.source, &sql, rowids)?;
    Ok(found)
}

/// The name of the rowid in a condition's rows: a subquery does not hand on the one that it has in its table.
const ROW_KEY: &str = "cutover_key";

/// A table, or of one that has a condition, these columns of the rows that meet it, and the rowid as [`ROW_KEY`].
fn filtered(table: &str, columns: &[String], rowid: Option<&String>, filter: Option<&String>) -> String {
    let name = quote(table);
    let Some(filter) = filter else { return format!("main.{name}") };
    let mut read: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    read.extend(rowid.map(|rowid| format!("{} AS {ROW_KEY}", quote(rowid))));
    format!("(SELECT {} FROM main.{name} WHERE {})", read.join(", "), condition(filter))
}

/// That a child's column is not NULL, in SQL: nor an empty text, where that becomes NULL. Its bytes tell, since a
/// collation may take spaces for nothing.
fn present(table: &TablePlan, child: &str) -> String {
    let name = format!("c.{}", quote(child));
    let planned = table.columns.iter().find(|column| column.source == child);
    if planned.is_some_and(|column| column.cleanse.empty_null) {
        format!("{name} IS NOT NULL AND NOT (typeof({name}) = 'text' AND CAST({name} AS BLOB) = x'')")
    } else {
        format!("{name} IS NOT NULL")
    }
}

fn orphan_finding(table: &TablePlan, key: &ForeignKeyPlan, count: u64, policy: OrphanPolicy) -> Finding {
    let existed = key.drop.is_some();
    let refuses = match policy {
        OrphanPolicy::Auto => existed && key.validate.is_some(),
        OrphanPolicy::Refuse => true,
        OrphanPolicy::NotValid | OrphanPolicy::Quarantine => false,
    };
    let object = format!("{}.{}", table.source, key.name);
    if refuses {
        let message = format!("{} no parent, and the foreign key could not be valid", rows_have(count));
        return Finding::new("E_FK_ORPHANS", Severity::Refusal, object, message)
            .count(count)
            .fix("mend the rows in the source, or use --orphans not-valid");
    }
    let message = format!(
        "{} no parent, as in the source: the foreign key is made and left NOT VALID",
        rows_have(count)
    );
    Finding::new("W_FK_ORPHANS", Severity::Warning, object, message)
        .count(count)
        .fix("delete or mend the rows, then ALTER TABLE … VALIDATE CONSTRAINT")
}

fn rows_have(count: u64) -> String {
    if count == 1 { "1 row has".to_owned() } else { format!("{count} rows have") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NulPolicy;
    use crate::plan::types::Codec;

    #[test]
    fn keys_meet_as_they_are_changed() {
        let mapping = || Mapping { pg: PgType::Text, codec: Codec::Text };
        let asked = Cleanse { empty_null: true, nul: Some(NulPolicy::Strip), invalid_utf8: None };
        let form = |text: &str, other: &str, changes| {
            let keyed = [(mapping(), changes), (mapping(), Cleanse::default())];
            key_form(&[Value::Text(text.as_bytes()), Value::Text(other.as_bytes())], &keyed)
        };
        let key = b"\0\0\0\x01a\0\0\0\x01b".to_vec();
        assert_eq!(form("a", "b", asked), Some(key.clone()));
        assert_eq!(form("a\0", "b", asked), Some(key), "the same key without its NUL");
        assert_eq!(form("a\0", "b", Cleanse::default()), None, "it does not fit");
        assert_eq!(form("", "b", asked), None, "NULL meets nothing");
        assert_eq!(form("\0", "b", asked), None);
        assert!(form("", "b", Cleanse::default()).is_some());
        assert!(form("b", "", asked).is_some(), "the other column is not changed");
    }
}
