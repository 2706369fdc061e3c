//! What guards and speeds the rows, on both sides: keys, NOT NULL, CHECKs, foreign keys, indexes, defaults, sequences, views
//! and triggers of the source are looked for in the target.
//!
//! The source's side is what a plan makes of it: the plan that the ledger keeps, or of a copy that another tool made, the
//! plan for an empty schema in the target's types. The target's is read in one snapshot. Expressions are of two writers
//! and compared by their words; one that is only written otherwise is a note, what is not there is a loss.

use super::control;
use super::tools::Tools;
use crate::digest::text_hash;
use crate::drift::{self, Dialect, Drift, Mend, Sides};
use crate::error::Result;
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::{qualified, quote};
use crate::plan::skip::is_skipped;
use crate::plan::structure::{Purpose, Structure, Table};
use crate::plan::types::PgType;
use crate::plan::{Plan, ScanKey, StepKind, TablePlan};
use crate::postgres::session::Session;
use crate::postgres::structure::{self, Trigger};
use std::collections::{BTreeMap, BTreeSet};

/// What the target should have of one source.
#[derive(Debug)]
pub(super) struct Wanted {
    /// as it would be made, or was
    pub(super) plan: Plan,
    /// what it does not carry counts, too: nobody else has said that it is not there
    pub(super) by_others: bool,
    /// columns that are missing or of a type of their own: told already
    pub(super) told: BTreeSet<String>,
}

/// Looks for the objects of all sources; differences are warnings, and what is only otherwise is a note.
///
/// # Errors
/// A target fault.
pub(super) async fn compare(tools: &Tools, session: &mut Session, wanted: &[Wanted]) -> Result<Vec<Finding>> {
    let schema = &tools.config.schema;
    let (there, triggers) = read(tools, session).await?;
    let mut findings = Vec::new();
    for one in wanted {
        let from = drift::structure_of(std::slice::from_ref(&one.plan));
        let partners = partners(&one.plan, &there);
        let to = only(&partners, &there);
        let every = from
            .tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (table.name.clone(), column.name.clone())));
        let found = drift::compare(&Sides {
            from: &from,
            to: &to,
            dialects: (Dialect::Sqlite, Dialect::Postgres),
            fitting: every.collect(),
            misfits: BTreeMap::new(),
            not_carried: one.plan.not_carried.clone(),
            loosely: true,
        });
        // Whoever runs the fixes from the first to the last finds what each of them needs.
        let drifts = drift::in_order(found.drifts);
        let statements = drift::statements(&drifts, schema, &to, text_hash);
        let keyless = keyless_columns(&from, &to, &partners);
        let told = drifts.iter().zip(statements).filter(|(drift, _)| !is_told(drift, &keyless));
        findings.extend(told.filter_map(|(drift, statements)| finding(drift, &to, &statements)));
        if one.by_others {
            findings.extend(numberless(&one.plan, &to, &partners, schema));
            let lost = one
                .plan
                .not_carried
                .iter()
                .filter(|item| !is_there(item, &one.plan, (&from, &to, &partners), &triggers));
            findings.extend(lost.filter_map(left_behind));
        }
        findings.extend(triggers.iter().filter_map(|trigger| of_target(trigger, &one.plan, &partners)));
        findings.retain(|finding| !one.told.contains(&finding.object));
    }
    Ok(findings)
}

/// The target's schema in one snapshot; again after a failure that can pass.
async fn read(tools: &Tools, session: &mut Session) -> Result<(Structure, Vec<Trigger>)> {
    let mut attempts = tools.retry.attempts(None);
    loop {
        let reading = async {
            control::ensure(tools, session, &Vec::new()).await?;
            let there = structure::read(session, &tools.config.schema).await?;
            Ok((there, structure::triggers(session, &tools.config.schema).await?))
        };
        match tools.cancel.at_once(reading).await {
            Ok(read) => return Ok(read),
            Err(error) => attempts.after(error).await?,
        }
    }
}

/// Which table of the target each planned one is: its name there is the plan's, or the one that it was paired with.
fn partners(plan: &Plan, there: &Structure) -> BTreeMap<String, String> {
    let made: Vec<&str> = plan.tables.iter().map(|table| table.target.as_str()).collect();
    let names: Vec<&str> = there.tables.iter().map(|table| table.name.as_str()).collect();
    drift::pairs(&made, &names).into_iter().collect()
}

/// The target without the tables of others.
fn only(partners: &BTreeMap<String, String>, there: &Structure) -> Structure {
    let mut there = there.clone();
    there.tables.retain(|table| partners.values().any(|name| *name == table.name));
    there
}

/// Columns of primary keys that the target does not have: that they may be NULL there, follows.
fn keyless_columns(
    from: &Structure,
    to: &Structure,
    partners: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let has_key = |table: &Table| table.indexes.iter().any(|index| index.purpose == Purpose::PrimaryKey);
    let mut columns = BTreeSet::new();
    for table in &from.tables {
        let Some(there) = partners.get(&table.name).and_then(|name| to.table(name)) else { continue };
        let keys = table.indexes.iter().filter(|index| index.purpose == Purpose::PrimaryKey);
        let names = keys.flat_map(|key| &key.columns).map(|column| alike(&there.name, column));
        columns.extend(names.filter(|_| !has_key(there)));
    }
    columns
}

/// A table's column in one spelling.
fn alike(table: &str, column: &str) -> String {
    let letters: String = column.chars().filter(|c| c.is_alphanumeric()).collect();
    format!("{table}.{}", letters.to_lowercase())
}

/// What is said elsewhere: tables and columns by their pairs, types by the rows.
fn is_told(drift: &Drift, keyless: &BTreeSet<String>) -> bool {
    let column = || drift.object.rsplit_once('.').map(|(table, column)| alike(table, column));
    match drift.kind {
        "table" | "column" | "type" | "name" | "statement" | "collation" => true,
        "not null" => drift.is_loss() && column().is_some_and(|column| keyless.contains(&column)),
        _ => false,
    }
}

/// A constant that is not the source's default, whatever that is. Of two expressions nobody says so easily.
fn gives_another_value(drift: &Drift, to: &Structure) -> bool {
    let named = to.tables.iter().flat_map(|table| {
        let of_this = move |name: &str| format!("{}.{name}", table.name) == drift.object;
        table.columns.iter().filter(move |column| of_this(&column.name))
    });
    let mut defaults = named.filter_map(|column| column.default.as_deref());
    drift.message.starts_with("has the default") && defaults.any(|text| drift::constant(text).is_some())
}

fn finding(drift: &Drift, to: &Structure, statements: &[String]) -> Option<Finding> {
    let (code, severity) = match (drift.kind, drift.is_loss()) {
        ("not null", true) => ("E_NOT_NULL_MISSING", Severity::Warning),
        ("default", true) if drift.takes_numbers() => ("E_SEQUENCE_MISSING", Severity::Warning),
        ("default", false) if gives_another_value(drift, to) => ("E_DEFAULT_DIFFERS", Severity::Warning),
        ("default", true) => ("E_DEFAULT_MISSING", Severity::Warning),
        ("primary key", true) => ("E_PRIMARY_KEY_MISSING", Severity::Warning),
        ("unique", true) => ("E_UNIQUE_MISSING", Severity::Warning),
        ("index", true) => ("E_INDEX_MISSING", Severity::Warning),
        ("foreign key", true) if drift.is_switched_off() => ("E_SWITCHED_OFF", Severity::Warning),
        ("check" | "foreign key", true) if drift.is_not_valid() => ("E_NOT_VALID", Severity::Warning),
        ("check", true) => ("E_CHECK_MISSING", Severity::Warning),
        ("foreign key", true) => ("E_FOREIGN_KEY_MISSING", Severity::Warning),
        ("view", true) => ("E_VIEW_MISSING", Severity::Warning),
        // An index of another name is the same to a query.
        ("index", false) if drift.message.starts_with("is called") => return None,
        ("foreign key", false) if drift.message.starts_with("has ") => {
            ("E_FOREIGN_KEY_DIFFERS", Severity::Warning)
        }
        _ => ("W_OBJECT_DIFFERS", Severity::Note),
    };
    // Of a column it is clear what it is that is missing.
    let of_column = ["not null", "default", "generated column"].contains(&drift.kind);
    let message = if of_column { drift.message.clone() } else { format!("{} {}", drift.kind, drift.message) };
    let fix = match &drift.mend {
        Mend::Nothing(why) => why.clone(),
        _ => statements.iter().map(|sql| sql.trim_end_matches(';')).collect::<Vec<_>>().join("; "),
    };
    Some(Finding::new(code, severity, drift.object.clone(), message).fix(fix))
}

/// Keys that SQLite numbers, of a type in the target that counts nothing: no plan in that type has numbers to miss.
fn numberless(
    plan: &Plan,
    to: &Structure,
    partners: &BTreeMap<String, String>,
    schema: &str,
) -> Vec<Finding> {
    let of_table = |table: &TablePlan| {
        let ScanKey::Rowid { column: Some(key), .. } = table.key else { return None };
        let key = table.columns.get(key).filter(|key| !is_integer(key.mapping.pg))?;
        let there = to.table(partners.get(&table.target)?)?;
        let like = |name: &str| alike("", name) == alike("", &key.target);
        let column = there.columns.iter().find(|column| like(&column.name))?;
        let fills_itself = column.takes_numbers || column.default.is_some() || column.generated.is_some();
        (!fills_itself).then(|| without_numbers(schema, &there.name, &column.name, &column.type_text))
    };
    plan.tables.iter().filter_map(of_table).collect()
}

fn is_integer(pg: PgType) -> bool {
    matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8)
}

fn without_numbers(schema: &str, table: &str, column: &str, type_text: &str) -> Finding {
    let (object, name) = (format!("{table}.{column}"), quote(column));
    let message = format!(
        "takes numbers by itself in the source, and is {type_text} in the target, which takes none: rows that leave it out get no key"
    );
    let typed = format!(
        "ALTER TABLE {} ALTER COLUMN {name} TYPE bigint USING {name}::text::bigint",
        qualified(schema, table)
    );
    let numbers = drift::numbers(schema, table, column).join("; ");
    Finding::new("E_SEQUENCE_MISSING", Severity::Warning, object, message).fix(format!("{typed}; {numbers}"))
}

/// A trigger or rule of a table whose rows are compared, and which no trigger of the source can stand for.
fn of_target(trigger: &Trigger, plan: &Plan, partners: &BTreeMap<String, String>) -> Option<Finding> {
    let (made, _) = partners.iter().find(|(_, there)| **there == trigger.table)?;
    let table = plan.tables.iter().find(|table| table.target == *made)?;
    let is_made = table.last.iter().any(|step| step.kind == StepKind::Trigger && step.object == trigger.name);
    let may_stand = |item: &NotCarried| item.kind == "trigger" && item.table.as_ref() == Some(&table.source);
    if is_made || !trigger.is_rule && plan.not_carried.iter().any(may_stand) {
        return None;
    }
    let kind = if trigger.is_rule { "rule" } else { "trigger" };
    let message = format!("{kind} is in the target only: it changes what writing the table does");
    let object = format!("{}: {}", trigger.table, trigger.name);
    Some(Finding::new("W_OBJECT_DIFFERS", Severity::Note, object, message))
}

/// Something that no plan carries over, and that is not in the target either.
fn left_behind(item: &NotCarried) -> Option<Finding> {
    let code = match item.kind.as_str() {
        "view" => "E_VIEW_MISSING",
        "trigger" => "E_TRIGGER_MISSING",
        "check" => "E_CHECK_MISSING",
        "index" => "E_INDEX_MISSING",
        "unique" => "E_UNIQUE_MISSING",
        "primary key" => "E_PRIMARY_KEY_MISSING",
        "foreign key" => "E_FOREIGN_KEY_MISSING",
        "default" => "E_DEFAULT_MISSING",
        _ => return None,
    };
    let object = match (&item.table, item.kind.as_str()) {
        (Some(table), "default") => format!("{table}.{}", item.name),
        (Some(table), _) => format!("{table}: {}", item.name),
        (None, _) => item.name.clone(),
    };
    let message = format!(
        "{} is missing in the target; cutover would not have made it either: {}",
        item.kind, item.why
    );
    Some(
        Finding::new(code, Severity::Warning, object, message).fix("make it by hand, or see to it elsewhere"),
    )
}

/// Whether the target has something that may be what the plan does not carry: made by hand, it is written by another hand.
fn is_there(
    item: &NotCarried,
    plan: &Plan,
    (from, to, partners): (&Structure, &Structure, &BTreeMap<String, String>),
    triggers: &[Trigger],
) -> bool {
    if is_skipped(item) || item.why.contains("identity in the target") {
        return true;
    }
    let is_named = |name: &str| !drift::pairs(&[&item.name], &[name]).is_empty();
    let planned = item.table.as_ref().and_then(|of| plan.tables.iter().find(|table| table.source == *of));
    let planned = planned.map(|table| table.target.as_str());
    let made = planned.and_then(|name| from.table(name));
    let there = planned.and_then(|name| to.table(partners.get(name)?));
    if item.kind == "view" {
        return to.views.iter().any(|view| is_named(&view.name));
    }
    let (Some(made), Some(there)) = (made, there) else { return false };
    match item.kind.as_str() {
        "trigger" => triggers
            .iter()
            .any(|trigger| !trigger.is_rule && (trigger.table == there.name || is_named(&trigger.name))),
        "check" => there.checks.len() > made.checks.len(),
        "index" | "unique" => {
            there.indexes.iter().any(|index| is_named(&index.name))
                || there.indexes.len() > made.indexes.len()
        }
        "primary key" => there.indexes.iter().any(|index| index.purpose == Purpose::PrimaryKey),
        "foreign key" => there.foreign_keys.len() > made.foreign_keys.len(),
        "default" => there
            .columns
            .iter()
            .any(|column| is_named(&column.name) && (column.default.is_some() || column.takes_numbers)),
        _ => true,
    }
}
