//! What stands against a plan, looked up in the source before anything is written: values that an existing column
//! or one that the configuration has given a type cannot hold, and rows whose parent is missing.

use super::aside::{Judge, Why, is_null, row_id, try_cell};
use super::follow::{self, BadRows, OrphansFound};
use super::job::{Job, key_text};
use super::{naive, pool};
use crate::checkpoint::ScanRange;
use crate::cleanse;
use crate::config::{BadValuePolicy, Cleanse, Config, OrphanPolicy};
use crate::encode::{self, Misfit, MisfitKind};
use crate::error::Result;
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote, quote_list};
use crate::limits::EXAMPLES_MAX;
use crate::plan::partition_keys::{ONLY_VALID, settle_orphans};
use crate::plan::types::{Mapping, PgType};
use crate::plan::ways::alter_column;
use crate::plan::{ColumnPlan, ForeignKeyPlan, Plan, ScanKey, TableMode, TablePlan};
use crate::sqlite::aside::AsideRows;
use crate::sqlite::keys::count_repeated;
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
    set_policies(plan, config);
    let tasks: Vec<TablePlan> = plan.tables.clone();
    let rows = Arc::new(follow::new_rows(plan)?);
    let (shared, kept, schema) = (Arc::clone(job), Arc::clone(&rows), plan.schema.clone());
    let try_one = move |table: &TablePlan| try_table(&shared, &schema, table, &kept);
    let results = pool::blocking(config.jobs, tasks, try_one).await?;
    let orphans = follow::settle(job, plan, rows, config.jobs).await?;
    for ((table, tried), orphans) in plan.tables.iter_mut().zip(results).zip(orphans) {
        for (object, keys) in tried.nulls {
            let mut named = plan.findings.iter_mut();
            if let Some(finding) = named.find(|f| f.code == "E_NOTNULL" && f.object == object) {
                finding.examples = keys;
            }
        }
        plan.findings.extend(tried.findings);
        let names = Names { schema: &plan.schema, source: &table.source, target: &table.target };
        let is_partitioned = table.partition.is_some();
        for (key, found) in table.foreign_keys.iter_mut().zip(orphans).filter(|(_, found)| found.count > 0) {
            plan.findings.push(
                orphan_finding(names, is_partitioned, key, (&found, config.orphans)).examples(found.keys),
            );
            key.orphans = if key.quarantine { 0 } else { found.count };
        }
        plan.not_carried.extend(settle_orphans(&plan.schema, table));
    }
    Ok(())
}

/// Orphans are set aside of every key whose two ends the source has; NULL in a column that refuses it is a bad value.
fn set_policies(plan: &mut Plan, config: &Config) {
    for table in &mut plan.tables {
        for key in &mut table.foreign_keys {
            key.quarantine = config.orphans == OrphanPolicy::Quarantine && key.probe.is_some();
        }
        for column in table.columns.iter().filter(|c| c.on_bad_value == BadValuePolicy::Quarantine) {
            let object = format!("{}.{}", table.source, column.source);
            let refuses_null = |f: &Finding| f.code == "E_NOTNULL" && f.severity == Severity::Refusal;
            plan.findings.retain(|finding| !(refuses_null(finding) && finding.object == object));
        }
    }
}

#[derive(Default)]
struct Tried {
    findings: Vec<Finding>,
    /// `table.column` of a NOT NULL column, and keys of the first rows that hold NULL there
    nulls: BTreeMap<String, Vec<String>>,
}

/// Existing tables, columns that the configuration speaks of, and those whose bad values are set aside are tried.
fn try_table(job: &Job, schema: &str, table: &TablePlan, rows: &AsideRows) -> Result<Tried> {
    let is_spoken_of = |column: &ColumnPlan| {
        let said = job.settings().column(&table.source, &column.source);
        said.pg_type.is_some()
            || said.encoding.is_some()
            || said.time_zone.is_some()
            || !said.cleanse.is_none()
    };
    let judge = Judge::of_values(table);
    let tries =
        table.mode == TableMode::Existing || judge.is_some() || table.columns.iter().any(is_spoken_of);
    let mut tried = if tries { misfits(job, (schema, table), judge, rows)? } else { Tried::default() };
    for (name, columns) in &table.unique_keys {
        tried.findings.extend(repeated_keys(job, (schema, table), name, columns)?);
    }
    Ok(tried)
}

/// Encodes every value as the copy would, and counts what does not fit, per column and reason. Rows that are set aside
/// are counted for the reason that sets them aside, and for no other.
fn misfits(
    job: &Job,
    (schema, table): (&str, &TablePlan),
    mut judge: Option<Judge<'_>>,
    rows: &AsideRows,
) -> Result<Tried> {
    let mut nulls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut found: BTreeMap<(usize, &'static str), (Misfit, u64, Vec<String>)> = BTreeMap::new();
    let mut scratch = Vec::new();
    let mut number = 0;
    let mut zones = naive::Zones::of(table);
    let (mut bad, mut told) = (BadRows::new(rows, table), SetAside::default());
    let reader = job.source.reader()?;
    scan(&reader, &job.scan_of_plan(table), &ScanRange::WHOLE, |row| {
        number += 1;
        if let Some(why) = judge.as_mut().map_or(Ok(None), |judge| judge.verdict(row, number))? {
            told.note(why, table, key_text(row.key(), number));
            return bad.add(row_id(row, number));
        }
        for (i, column) in table.columns.iter().enumerate() {
            if column.not_null && is_null(row, i)? {
                let keys = nulls.entry(format!("{}.{}", table.source, column.source)).or_default();
                if keys.len() < EXAMPLES_MAX {
                    keys.push(key_text(row.key(), number));
                }
            }
            if let Err(misfit) = try_cell(row, i, &column.mapping, &mut scratch)? {
                let entry = found.entry((i, misfit.code())).or_insert((misfit, 0, Vec::new()));
                entry.1 += 1;
                if entry.2.len() < EXAMPLES_MAX {
                    entry.2.push(key_text(row.key(), number));
                }
            } else if row.large(i).is_none() {
                zones.see(i, row.value(i)?, || key_text(row.key(), number));
            }
        }
        Ok(())
    })?;
    bad.finish()?;
    let misfits = found
        .into_iter()
        .map(|((i, _), (misfit, count, keys))| misfit_finding(schema, table, i, misfit, count, keys));
    let findings = misfits.chain(zones.findings(table)).chain(told.findings(table)).collect();
    Ok(Tried { findings, nulls })
}

/// Rows of one table that will be set aside, by columns and code.
#[derive(Default)]
struct SetAside(BTreeMap<(Vec<usize>, &'static str), Counted>);

/// The first reason, how many rows, keys of the first.
type Counted = (String, u64, Vec<String>);

impl SetAside {
    fn note(&mut self, why: Why, table: &TablePlan, key: String) {
        let sentence = || (why.sentence(table), 0, Vec::new());
        let entry = self.0.entry((why.columns(table), why.code())).or_insert_with(sentence);
        entry.1 += 1;
        if entry.2.len() < EXAMPLES_MAX {
            entry.2.push(key);
        }
    }

    fn findings(self, table: &TablePlan) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(move |((columns, code), (sentence, count, keys))| {
            let names: Vec<&str> = columns.iter().map(|&i| table.columns[i].source.as_str()).collect();
            let object = format!("{}.{}", table.source, names.join(", "));
            let message = format!("{} set aside, not copied: {sentence} ({code})", rows_are(count));
            Finding::new("W_SET_ASIDE", Severity::Warning, object, message)
                .count(count)
                .examples(keys)
                .fix(SEE_SET_ASIDE)
        })
    }
}

/// Where the rows are.
const SEE_SET_ASIDE: &str =
    "the rows go whole into cutover.set_aside; `cutover status --set-aside` lists them (docs/set-aside.md)";

fn misfit_finding(
    schema: &str,
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
    let finding = Finding::new(misfit.code(), Severity::Refusal, object, message).count(count).examples(keys);
    let finding = misfit_ways(finding, schema, table, column, misfit);
    finding.way(Way::option("on-bad-value", "quarantine")).or(misfit.fix())
}

/// Another type, a reading or a change that holds such values.
fn misfit_ways(
    finding: Finding,
    schema: &str,
    table: &TablePlan,
    column: &ColumnPlan,
    misfit: Misfit,
) -> Finding {
    let said = |key, value| Way::of_column(&table.source, &column.source, key, value);
    let finding = match misfit.kind {
        MisfitKind::Utf8(_) if table.mode == TableMode::Existing => {
            finding.way(said("invalid_utf8", "\"replace\""))
        }
        MisfitKind::Nul(_) if table.mode == TableMode::Existing => finding.way(said("nul", "\"escape\"")),
        MisfitKind::Class(_, PgType::Interval(_)) => finding.way(said("encoding", "\"seconds\"")),
        MisfitKind::ZoneName => finding.way(said("time_zone", "\"UTC\"")),
        MisfitKind::FieldSize => return finding.way(Way::option("exclude", &table.source)),
        _ => finding,
    };
    match (misfit.holding_type(column.mapping.pg), table.mode) {
        (Some(pg), TableMode::Existing) => match retype(schema, table, column, pg) {
            Some(way) => finding.way(way),
            None => finding,
        },
        (Some(pg), TableMode::Create) => finding.way(said("type", &format!("\"{pg}\""))),
        (None, TableMode::Create) => finding.way(Way::nothing_of_column(&table.source, &column.source)),
        (None, TableMode::Existing) => finding,
    }
}

/// Gives an existing column another type, where the server can make its values so.
fn retype(schema: &str, table: &TablePlan, column: &ColumnPlan, pg: &str) -> Option<Way> {
    let name = quote(&column.target);
    let using = match (column.mapping.pg, pg) {
        (PgType::Bool, "bigint") => format!(" USING {name}::integer"),
        (PgType::Uuid, "bytea") => format!(" USING uuid_send({name})"),
        (PgType::Text | PgType::Varchar(_) | PgType::Char(_) | PgType::Citext, "bytea") => {
            format!(" USING convert_to({name}::text, 'UTF8')")
        }
        (_, "bytea") => return None,
        _ => String::new(),
    };
    Some(alter_column(schema, &table.target, &column.target, &format!("TYPE {pg}{using}")))
}

/// Keys that are apart in the source and meet in a unique key of the existing table, in the form in which they are sent.
fn repeated_keys(
    job: &Job,
    (schema, table): (&str, &TablePlan),
    name: &str,
    columns: &[usize],
) -> Result<Option<Finding>> {
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
            .way(match table.mode {
                TableMode::Existing => Way::Target(drop_key(schema, table, name)),
                TableMode::Create => keep_first(table, &names),
            })
            .or(match table.mode {
                TableMode::Existing => "mend these rows in the source",
                TableMode::Create => {
                    "mend these rows in the source, or configure another type; where none is configured, an index of the \
                     source is damaged (W_QUICK_CHECK) and has let them in"
                }
            })
    }))
}

/// Drops a unique key: of a constraint, or an index alone.
fn drop_key(schema: &str, table: &TablePlan, name: &str) -> String {
    match table.lifted_indexes.iter().any(|lift| lift.object == name) {
        true => format!("DROP INDEX {}", qualified(schema, name)),
        false => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", qualified(schema, &table.target), quote(name))
        }
    }
}

/// Of rows with equal keys, leaves the first in the source.
fn keep_first(table: &TablePlan, names: &[&str]) -> Way {
    let (of, key) = (quote(&table.source), quote_list(names.iter().copied()));
    let rowid = table.rowid_name().unwrap_or("rowid");
    Way::Source(format!(
        "DELETE FROM {of} WHERE {rowid} NOT IN (SELECT min({rowid}) FROM {of} GROUP BY {key})"
    ))
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

/// What a table is called.
#[derive(Clone, Copy)]
struct Names<'a> {
    schema: &'a str,
    source: &'a str,
    target: &'a str,
}

fn orphan_finding(
    Names { schema, source, target }: Names<'_>,
    is_partitioned: bool,
    key: &ForeignKeyPlan,
    (found, policy): (&OrphansFound, OrphanPolicy),
) -> Finding {
    let (count, existed) = (found.count, key.drop.is_some());
    let refuses = match policy {
        OrphanPolicy::Auto => existed && key.validate.is_some(),
        OrphanPolicy::Refuse => true,
        OrphanPolicy::NotValid | OrphanPolicy::Quarantine => false,
    };
    let object = format!("{source}.{}", key.name);
    if key.quarantine {
        let message = format!(
            "{} set aside, not copied: no parent, or one that is set aside itself (E_FK_ORPHANS)",
            rows_are(count)
        );
        return Finding::new("W_SET_ASIDE", Severity::Warning, object, message)
            .count(count)
            .fix(SEE_SET_ASIDE);
    }
    let whose = match found.parents_aside {
        0 => String::new(),
        some => format!(" ({some} of them because the parent is set aside)"),
    };
    if refuses {
        let message =
            format!("{} no parent{whose}, and the foreign key could not be valid", rows_have(count));
        return Finding::new("E_FK_ORPHANS", Severity::Refusal, object, message)
            .count(count)
            .way(Way::option("orphans", "not-valid"))
            .way(Way::option("orphans", "quarantine"))
            .or_way(delete_orphans(source, key));
    }
    let whose = if whose.is_empty() { ", as in the source".to_owned() } else { whose };
    if is_partitioned && key.is_valid_at_once() {
        let message =
            format!("{} no parent{whose}: the foreign key is not made; {ONLY_VALID}", rows_have(count));
        let fix =
            "set such rows aside with --orphans quarantine; or mend them, then add the foreign key by hand";
        return Finding::new("W_FK_ORPHANS", Severity::Warning, object, message).count(count).fix(fix);
    }
    let message =
        format!("{} no parent{whose}: the foreign key is made and left NOT VALID", rows_have(count));
    Finding::new("W_FK_ORPHANS", Severity::Warning, object, message)
        .count(count)
        .or_way(delete_orphans(source, key))
        .or(format!(
            "after the copy, mend the rows in the target, then ALTER TABLE {} VALIDATE CONSTRAINT {}",
            qualified(schema, target),
            quote(&key.name)
        ))
}

/// Deletes rows without a parent from the source.
fn delete_orphans(source: &str, key: &ForeignKeyPlan) -> Option<Way> {
    let probe = key.probe.as_ref()?;
    let (child, parent) = (quote(source), quote(&probe.parent));
    let is_set: Vec<String> =
        probe.columns.iter().map(|column| format!("{child}.{} IS NOT NULL", quote(column))).collect();
    let pairs = probe.columns.iter().zip(&probe.parent_columns);
    let meets: Vec<String> =
        pairs.map(|(own, theirs)| format!("p.{} = {child}.{}", quote(theirs), quote(own))).collect();
    Some(Way::Source(format!(
        "DELETE FROM {child} WHERE {} AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {})",
        is_set.join(" AND "),
        meets.join(" AND ")
    )))
}

fn rows_are(count: u64) -> String {
    if count == 1 { "1 row is".to_owned() } else { format!("{count} rows are") }
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
