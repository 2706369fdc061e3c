//! The columns of one table: of a table that we create, and of one that exists.

use super::choose::{Choice, Circumstances, choose, mixture};
use super::content;
use super::default::{self, Default};
use super::draft::{Inputs, refusal, warning};
use super::evidence::evidence;
use super::fit::fit;
use super::lossy::lossy_finding;
use super::mixed::{Settled, settle};
use super::names::{self, Names, take_column};
use super::notes;
use super::target::{TargetColumn, TargetTable};
use super::types::{Classes, Level, PgType};
use super::{ColumnPlan, Evidence, chosen, ddl, rename, ways};
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::config::{BadValuePolicy, Cleanse, ColumnChoice, Infer};
use crate::finding::{Finding, NotCarried, Severity, Way};
use crate::ident::literal;
use crate::limits::COLUMNS_MAX;

/// First version of PostgreSQL whose `numeric` knows infinity (semantics.md §5.6).
const NUMERIC_INFINITY_SINCE: u32 = 140_000;

/// Plans the columns of a table that we create.
pub(super) fn created(
    inputs: &Inputs<'_>,
    table: &Table,
    profile: &TableProfile,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    if table.columns.len() > COLUMNS_MAX {
        let message =
            format!("{} columns; a PostgreSQL table has at most {COLUMNS_MAX}", table.columns.len());
        findings
            .push(refusal("E_COLUMNS_1600", &table.name, message).way(Way::option("exclude", &table.name)));
    }
    let mut names = Names::new([], inputs.rules.hash);
    let keyed = keyed_columns(table);
    let joined = joined_columns(inputs.catalog, table);
    // All columns have their names before a part of a split one takes a name beside them.
    let named: Vec<(rename::Wish, String)> = table
        .columns
        .iter()
        .map(|column| {
            let wish = rename::column(inputs.rules, table, column);
            let target = take_column(&mut names, &wish.name);
            (wish, target)
        })
        .collect();
    let mut plans = Vec::new();
    let mut parts = Vec::new();
    for (i, ((column, facts), (wish, target))) in
        table.columns.iter().zip(&profile.columns).zip(named).enumerate()
    {
        let around = Circumstances {
            in_key: keyed.contains(&i),
            numeric_infinity: inputs.target.server_version_num >= NUMERIC_INFINITY_SINCE,
            content: inputs.rules.infer == Infer::Content,
            checked_flag: content::is_checked_flag(&column.name, &table.ddl.checks),
            mixed: inputs.rules.mixed,
            joined: joined.contains(&i) || table.rowid_column == Some(i),
        };
        let object = format!("{}.{}", table.name, column.name);
        rename::check((&table.name, Some(&column.name)), &wish, &target, findings);
        note_rename(table, column, &target, findings);
        let said = inputs.rules.settings.column(&table.name, &column.name);
        let lossy = lossy_finding(&table.name, &column.name, &said.cleanse, facts);
        let follows_values = said.pg_type.is_none() && said.encoding.is_none();
        let policies = Policies { inputs, said: &said, loses: lossy.is_some(), follows_values };
        findings.extend(lossy);
        let facts = &chosen::cleansed(facts, &said.cleanse);
        let chosen = || chosen_type(inputs, (table, i), facts, around, &said, findings);
        let settled = match imposed_type(inputs, table, column, facts).or_else(chosen) {
            Some(choice) => Settled::One(choice, BadValuePolicy::Refuse),
            None => settle(&object, column, facts, choose(column, facts, around), around),
        };
        match settled {
            Settled::One(choice, on_bad_value) => {
                let plan = column_plan(table, i, facts, target, choice, findings);
                plans.push(policies.put(ColumnPlan { on_bad_value, ..plan }));
            }
            Settled::Refused(choice, finding) => {
                plans.push(column_plan(table, i, facts, target, choice, findings));
                findings.push(finding);
            }
            Settled::Parts(split) => {
                let split = split_plans(table, i, facts, (&target, split), &mut names, findings);
                let mut split = split.into_iter().map(|plan| policies.put(plan));
                plans.extend(split.next());
                parts.extend(split);
            }
        }
    }
    // The parts come last, so that the others stand where they stand in the source.
    plans.extend(parts);
    plans
}

/// One plan for each part of a split column; the first keeps the name.
fn split_plans(
    table: &Table,
    index: usize,
    facts: &ColumnProfile,
    (target, parts): (&str, Vec<(&'static str, Choice, Classes)>),
    names: &mut Names,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    let mut plans: Vec<ColumnPlan> = Vec::new();
    for (name, choice, _) in parts {
        let target = match plans.is_empty() {
            true => target.to_owned(),
            false => take_column(names, &format!("{target}_{name}")),
        };
        let plan = column_plan(table, index, facts, target, choice, findings);
        plans.push(ColumnPlan { not_null: false, ..plan });
    }
    let object = format!("{}.{}", table.name, table.columns[index].name);
    let columns: Vec<String> =
        plans.iter().map(|plan| format!("\"{}\" ({})", plan.target, plan.mapping.pg)).collect();
    let message = format!("is split into {}: it holds {}", columns.join(", "), mixture(facts));
    findings.push(Finding::new("W_SPLIT", Severity::Note, object, message).count(facts.values()));
    plans
}

/// Columns that are an end of a foreign key, here or in a table that refers to this one.
fn joined_columns(catalog: &Catalog, table: &Table) -> Vec<usize> {
    let own = table.foreign_keys.iter().flat_map(|key| key.columns.iter().copied());
    let of_others = catalog
        .tables
        .iter()
        .flat_map(|other| &other.foreign_keys)
        .filter(|key| key.parent.eq_ignore_ascii_case(&table.name));
    let named = of_others.flat_map(|key| match key.parent_columns.as_slice() {
        [] => table.primary_key.clone(),
        names => names.iter().filter_map(|name| table.column_index(name)).collect(),
    });
    own.chain(named).collect()
}

/// The type that the column has elsewhere, where it is to have the same one.
fn imposed_type(
    inputs: &Inputs<'_>,
    table: &Table,
    column: &Column,
    facts: &ColumnProfile,
) -> Option<Choice> {
    let partner = inputs.rules.imposed.get(&(table.name.clone(), column.name.clone()))?;
    Some(fit(column, facts, partner, partner.pg?))
}

/// What the configuration says that a column becomes which we create; none where it says nothing that can be done.
fn chosen_type(
    inputs: &Inputs<'_>,
    (table, index): (&Table, usize),
    facts: &ColumnProfile,
    around: Circumstances,
    said: &ColumnChoice,
    findings: &mut Vec<Finding>,
) -> Option<Choice> {
    if !chosen::is_chosen(said) {
        return None;
    }
    let column = &table.columns[index];
    let made = chosen::created(column, facts, around, said, inputs.rules.naive_tz.as_deref());
    let is_identity = table.rowid_column == Some(index);
    let made = made.and_then(|choice| match choice.mapping.pg {
        pg if is_identity && !matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8) => {
            Err(format!("it is the table's rowid and becomes an identity, which cannot be {pg}"))
        }
        _ => Ok(choice),
    });
    made.map_err(|why| findings.push(refused_choice(table, column, why))).ok()
}

/// What is said of a column cannot be done; where nothing is, there is always a way.
fn refused_choice(table: &Table, column: &Column, why: String) -> Finding {
    let nothing = Way::nothing_of_column(&table.name, &column.name);
    let words = "change its type, encoding or time_zone (docs/configuration.md)";
    refusal("E_CHOICE", &format!("{}.{}", table.name, column.name), why).way(nothing).or(words)
}

/// What is done to values, and to rows with values that do not fit.
pub(super) struct Policies<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) said: &'a ColumnChoice,
    /// a change that is asked for concerns values of the column
    pub(super) loses: bool,
    /// its type was chosen for what it holds
    pub(super) follows_values: bool,
}

impl Policies<'_> {
    /// As the column says, else as it is for all columns that may have bad values: not those whose type follows from
    /// what they hold.
    pub(super) fn put(&self, plan: ColumnPlan) -> ColumnPlan {
        let on_bad_value = self.on_bad_value(plan.on_bad_value);
        let level = if self.loses { Level::Loss } else { plan.level };
        ColumnPlan { cleanse: self.said.cleanse, on_bad_value, level, ..plan }
    }
}

impl Policies<'_> {
    pub(super) fn on_bad_value(&self, planned: BadValuePolicy) -> BadValuePolicy {
        let by_default = match planned {
            BadValuePolicy::Refuse if !self.follows_values => self.inputs.rules.on_bad_value,
            as_planned => as_planned,
        };
        self.said.on_bad_value.unwrap_or(by_default)
    }
}

/// Columns of any key, index or foreign key of the table.
fn keyed_columns(table: &Table) -> Vec<usize> {
    let indexed = table.indexes.iter().flat_map(|index| index.keys.iter().filter_map(|key| key.column));
    let foreign = table.foreign_keys.iter().flat_map(|key| key.columns.iter().copied());
    table.primary_key.iter().copied().chain(indexed).chain(foreign).collect()
}

fn note_rename(table: &Table, column: &Column, target: &str, findings: &mut Vec<Finding>) {
    if column.name != target {
        let message = format!("is called \"{target}\" in the target");
        let object = format!("{}.{}", table.name, column.name);
        findings.push(Finding::new("W_RENAMED", Severity::Note, object, message));
    }
}

fn column_plan(
    table: &Table,
    index: usize,
    facts: &ColumnProfile,
    target: String,
    choice: Choice,
    findings: &mut Vec<Finding>,
) -> ColumnPlan {
    let column = &table.columns[index];
    notes::of_column(table, column, facts, &choice, findings);
    let in_key = table.primary_key.contains(&index);
    if column.not_null && facts.nulls > 0 {
        let object = format!("{}.{}", table.name, column.name);
        let message = format!("is declared NOT NULL and holds {} NULL; NOT NULL is left out", facts.nulls);
        findings.push(warning("E_NOTNULL", &object, message).count(facts.nulls));
    }
    ColumnPlan {
        source: column.name.clone(),
        target,
        declared: column.declared.clone(),
        stored_bytes: choice.mapping.codec.keeps_stored_bytes(),
        mapping: choice.mapping.clone(),
        level: choice.level,
        evidence: evidence(column, facts, &choice),
        why: choice.why,
        not_null: (column.not_null || in_key) && facts.nulls == 0,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
        generated: None,
    }
}

/// Plans the columns of a table that exists: each source column finds its partner by the name that it would be given, else
/// by its own.
pub(super) fn existing(
    inputs: &Inputs<'_>,
    (table, profile): (&Table, &TableProfile),
    target: &TargetTable,
    findings: &mut Vec<Finding>,
) -> Vec<ColumnPlan> {
    let mut plans = Vec::new();
    let mut partners = Vec::new();
    for (column, facts) in table.columns.iter().zip(&profile.columns) {
        let object = format!("{}.{}", table.name, column.name);
        let wish = rename::column(inputs.rules, table, column);
        let plain = || target.find_column(&names::plain_column(&wish.name, inputs.rules.hash));
        let other = || target.find_column(&column.name).or_else(plain);
        let partner = target.find_column(&wish.name).or_else(|| if wish.given { None } else { other() });
        let Some(partner) = partner else {
            findings.push(missing_partner(inputs, (table, column, facts), target));
            continue;
        };
        partners.push(partner.name.as_str());
        let is_computed = partner.generated;
        if is_computed && (column.generated != Generated::No || partner.pg.is_none()) {
            findings.push(computed(&object, column));
            continue;
        }
        if is_computed {
            let message =
                "is generated in the target: its values are computed there, and compared with the source's";
            findings.push(Finding::new("W_GENERATED_TARGET", Severity::Note, object.clone(), message));
        }
        note_other_spelling(&object, column, partner, findings);
        let said = inputs.rules.settings.column(&table.name, &column.name);
        let lossy = lossy_finding(&table.name, &column.name, &said.cleanse, facts);
        let policies = Policies { inputs, said: &said, loses: lossy.is_some(), follows_values: false };
        findings.extend(lossy);
        let facts = &chosen::cleansed(facts, &said.cleanse);
        let plan = existing_column(inputs, (table, column, facts), &said, (target, partner), findings);
        let plan = plan.map(|plan| policies.put(plan));
        plans.extend(
            plan.map(|plan| ColumnPlan { generated: is_computed.then(|| BY_TARGET.to_owned()), ..plan }),
        );
    }
    check_unfilled(inputs, table, target, &partners, findings);
    plans
}

/// The expression of a column that an existing table computes: it is not ours to know.
pub(super) const BY_TARGET: &str = "by the target";

/// A column that the target computes and nobody compares: a loss where the source keeps values of its own in it.
fn computed(object: &str, column: &Column) -> Finding {
    if column.generated != Generated::No {
        let message = "is generated in the target: its values are computed there";
        return Finding::new("W_GENERATED_TARGET", Severity::Note, object, message);
    }
    let message = "is generated in the target with a type that is not compared: what the source holds in it is not copied";
    warning("W_GENERATED_TARGET", object, message.to_owned()).fix("compare it by hand, or skip the column")
}

fn missing_partner(
    inputs: &Inputs<'_>,
    (table, column, facts): (&Table, &Column, &ColumnProfile),
    target: &TargetTable,
) -> Finding {
    if column.generated == Generated::Virtual {
        let message =
            "is a virtual generated column without a partner in the target: its values are not copied";
        return warning("W_GENERATED_SOURCE", &format!("{}.{}", table.name, column.name), message.to_owned());
    }
    ways::missing_column(&inputs.rules.schema, (table, column, facts), target)
}

fn note_other_spelling(object: &str, column: &Column, partner: &TargetColumn, findings: &mut Vec<Finding>) {
    if column.name != partner.name {
        let message = format!("goes into the column \"{}\", which is spelled differently", partner.name);
        findings.push(Finding::new("W_NAME_CASE", Severity::Note, object, message));
    }
}

fn existing_column(
    inputs: &Inputs<'_>,
    (table, column, facts): (&Table, &Column, &ColumnProfile),
    said: &ColumnChoice,
    (target, partner): (&TargetTable, &TargetColumn),
    findings: &mut Vec<Finding>,
) -> Option<ColumnPlan> {
    let object = &*format!("{}.{}", table.name, column.name);
    let place = (inputs.rules.schema.as_str(), target);
    let Some(pg) = partner.pg else {
        findings.push(ways::unfilled_type(place, (object, table, column), partner));
        return None;
    };
    if partner.not_null && facts.nulls > 0 {
        findings.push(ways::refuses_null(place, (object, table, column), partner, facts.nulls));
    }
    let made = chosen::existing(facts, said, inputs.rules.naive_tz.as_deref(), pg);
    let choice = match made {
        Ok(Some(choice)) => choice,
        Ok(None) => fit(column, facts, partner, pg),
        Err(why) => {
            findings.push(refused_choice(table, column, why));
            return None;
        }
    };
    Some(ColumnPlan { not_null: partner.not_null, ..paired((column, facts), partner, choice) })
}

/// A column that goes into one which is there, or is compared with it; that this one may refuse NULL is not in it.
pub(super) fn paired(
    (column, facts): (&Column, &ColumnProfile),
    partner: &TargetColumn,
    choice: Choice,
) -> ColumnPlan {
    ColumnPlan {
        source: column.name.clone(),
        target: partner.name.clone(),
        declared: column.declared.clone(),
        stored_bytes: choice.mapping.codec.keeps_stored_bytes(),
        mapping: choice.mapping.clone(),
        level: choice.level,
        // The target's own type is nobody's choice here.
        evidence: Evidence { change: String::new(), ..evidence(column, facts, &choice) },
        why: choice.why,
        not_null: false,
        cleanse: Cleanse::default(),
        on_bad_value: BadValuePolicy::Refuse,
        generated: None,
    }
}

/// Columns of the existing table that get nothing from us must be able to do without.
fn check_unfilled(
    inputs: &Inputs<'_>,
    table: &Table,
    target: &TargetTable,
    partners: &[&str],
    findings: &mut Vec<Finding>,
) {
    let unfilled = target.columns.iter().filter(|column| !partners.contains(&column.name.as_str()));
    for column in unfilled.filter(|column| !column.generated) {
        if column.not_null && !column.has_default {
            findings.push(ways::unfilled((&inputs.rules.schema, target), table, column));
        } else {
            let object = format!("{}.{}", target.name, column.name);
            let message = "has no partner in the source: it gets its default, or NULL";
            findings.push(Finding::new("W_COLUMN_UNFILLED", Severity::Note, object, message));
        }
    }
}

/// CREATE TABLE for planned columns, with the defaults that can be carried; the others are listed. `numbers` are those of the
/// rowid's column.
pub(super) fn create_statement(
    (schema, target): (&str, &str),
    table: &Table,
    columns: &[ColumnPlan],
    numbers: ddl::Numbers<'_>,
    not_carried: &mut Vec<NotCarried>,
) -> String {
    let mut defaults: Vec<Option<String>> = table
        .columns
        .iter()
        .zip(columns)
        .map(|(column, plan)| default_of(table, column, plan, not_carried))
        .collect();
    let rowid = table.rowid_column.filter(|&rowid| columns.get(rowid).is_some_and(is_integer));
    let identity = match numbers {
        ddl::Numbers::Identity(identity) => Some(identity),
        ddl::Numbers::Sequence { qualified, .. } => {
            let rowid = rowid.and_then(|rowid| defaults.get_mut(rowid));
            rowid.into_iter().for_each(|default| {
                *default = Some(format!("nextval({}::regclass)", literal(qualified)));
            });
            None
        }
    };
    let lines: Vec<ddl::ColumnDdl<'_>> = columns
        .iter()
        .enumerate()
        .map(|(i, plan)| ddl::ColumnDdl {
            name: &plan.target,
            pg: plan.mapping.pg,
            not_null: plan.not_null,
            identity: identity.filter(|_| rowid == Some(i)),
            default: defaults.get(i).and_then(Option::as_deref),
            generated: plan.generated.as_deref(),
        })
        .collect();
    ddl::create_table(schema, target, &lines)
}

/// Only such a column can be an identity; the configuration may have given the key another type.
pub(super) fn is_integer(plan: &ColumnPlan) -> bool {
    matches!(plan.mapping.pg, PgType::Int2 | PgType::Int4 | PgType::Int8)
}

fn default_of(
    table: &Table,
    column: &Column,
    plan: &ColumnPlan,
    not_carried: &mut Vec<NotCarried>,
) -> Option<String> {
    let text = column.default.as_deref()?;
    let mut list = |kind: &str, why: &str| {
        not_carried.push(NotCarried {
            kind: kind.to_owned(),
            name: column.name.clone(),
            table: Some(table.name.clone()),
            why: why.to_owned(),
            sql: format!("DEFAULT {text}"),
        });
    };
    if table.rowid_column.is_some_and(|rowid| table.columns[rowid].name == column.name) {
        list("default", "the column is an identity in the target");
        return None;
    }
    match default::translate(text, column.affinity, plan.mapping.pg, &plan.mapping.codec) {
        Default::None => None,
        Default::Expression(sql) => Some(sql),
        Default::NotCarried(why) => {
            list("default", &why);
            None
        }
    }
}
