//! A plan taken apart into what can be compared, added and dropped by itself.

use super::tokens::{find_word, leading_name, parentheses, split_list, statements};
use crate::ident::{qualified, quote};
use crate::plan::{Plan, Step, StepKind, TablePlan};

/// The target of one plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// its schema
    pub(super) schema: String,
    /// the schema has to be made
    pub(super) create_schema: bool,
    /// its tables, parents before children where that is possible
    pub(super) tables: Vec<Table>,
    /// its views, those that others are made of first
    pub(super) views: Vec<Step>,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// name in SQLite
    pub source: String,
    pub name: String,
    pub columns: Vec<Column>,
    /// what stands behind the columns: how it is partitioned
    pub tail: String,
    /// keys, CHECKs, foreign keys and indexes
    pub parts: Vec<Part>,
    /// triggers and comments
    pub last: Vec<Step>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub pg: String,
    pub not_null: bool,
    /// the expression behind DEFAULT
    pub default: Option<String>,
    /// from GENERATED on: an identity, or an expression
    pub generated: Option<String>,
}

/// Something that belongs to a table and has a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub name: String,
    /// it is an index of its own, not a constraint
    pub is_index: bool,
    /// of a constraint what stands behind its name; of an index the whole statement
    pub definition: String,
}

impl Model {
    /// The model of a plan against an empty target.
    pub fn of(plan: &Plan) -> Model {
        Model {
            schema: plan.schema.clone(),
            create_schema: plan.create_schema,
            tables: plan.tables.iter().map(|table| Table::of(&plan.schema, table)).collect(),
            views: plan.views.clone(),
        }
    }

    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The table that is called so in SQLite.
    pub(super) fn of_source(&self, source: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.source.eq_ignore_ascii_case(source))
    }
}

impl Table {
    fn of(schema: &str, plan: &TablePlan) -> Table {
        let created = plan.pre_data.first().map(|step| step.sql.as_str()).unwrap_or_default();
        let (_, within, tail) = parentheses(created).unwrap_or_default();
        let mut table = Table {
            source: plan.source.clone(),
            name: plan.target.clone(),
            columns: split_list(within).into_iter().filter_map(Column::of).collect(),
            tail: tail.to_owned(),
            parts: Vec::new(),
            last: plan.pre_data.iter().skip(1).chain(&plan.last).flat_map(single).collect(),
        };
        let steps = plan.post_data.iter().map(|step| (&step.object, &step.sql));
        let checks = plan.checks.iter().map(|check| (&check.name, &check.add));
        let keys = plan.foreign_keys.iter().map(|key| (&key.name, &key.add));
        for (name, sql) in steps.chain(checks).chain(keys) {
            table.parts.push(Part::of(schema, &plan.target, name, sql));
        }
        table
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// Its primary key and its unique constraints over plain columns, the primary key first.
    pub(super) fn keys(&self) -> impl Iterator<Item = (bool, Vec<String>)> {
        let of = |words: &'static str| {
            let parts =
                self.parts.iter().filter(move |part| !part.is_index && part.definition.starts_with(words));
            parts.filter_map(move |part| {
                let (_, within, _) = parentheses(&part.definition)?;
                let names = split_list(within).into_iter().filter_map(leading_name);
                Some((words == "PRIMARY KEY", names.map(|(name, _)| name).collect()))
            })
        };
        of("PRIMARY KEY").chain(of("UNIQUE"))
    }

    /// Unique indexes that are no constraints: over expressions, or with a WHERE.
    pub(super) fn has_unique_indexes(&self) -> bool {
        self.parts.iter().any(|part| part.is_index && part.definition.starts_with("CREATE UNIQUE"))
    }
}

impl Column {
    fn of(text: &str) -> Option<Column> {
        let (name, rest) = leading_name(text)?;
        let rest = rest.trim();
        let end = find_word(rest, &["NOT", "DEFAULT", "GENERATED"]).unwrap_or(rest.len());
        let (pg, clauses) = rest.split_at(end);
        let generated = find_word(clauses, &["GENERATED"]);
        let (before, generated) = clauses.split_at(generated.unwrap_or(clauses.len()));
        // NOT NULL stands before DEFAULT or behind it, never within.
        let default =
            find_word(before, &["DEFAULT"]).map(|at| before[at + "DEFAULT".len()..].trim().to_owned());
        Some(Column {
            name,
            pg: pg.trim().to_owned(),
            not_null: before.trim_start().starts_with("NOT NULL"),
            default,
            generated: Some(generated.trim().to_owned()).filter(|text| !text.is_empty()),
        })
    }

    pub(super) fn is_identity(&self) -> bool {
        self.generated.as_deref().is_some_and(|text| text.contains("AS IDENTITY"))
    }

    /// As CREATE TABLE and ADD COLUMN have it.
    pub(super) fn line(&self, with_not_null: bool) -> String {
        let mut line = format!("{} {}", quote(&self.name), self.pg);
        if self.not_null && with_not_null {
            line += " NOT NULL";
        }
        if let Some(default) = &self.default {
            line += &format!(" DEFAULT {default}");
        }
        if let Some(generated) = &self.generated {
            line += &format!(" {generated}");
        }
        line
    }
}

impl Part {
    fn of(schema: &str, table: &str, name: &str, sql: &str) -> Part {
        let before = format!("ALTER TABLE {} ADD CONSTRAINT {} ", qualified(schema, table), quote(name));
        let constraint = sql.strip_prefix(&before);
        Part {
            name: name.to_owned(),
            is_index: constraint.is_none(),
            // Rows that are there are looked at when the constraint is added: a script has no better time for it.
            definition: constraint.unwrap_or(sql).trim_end_matches(" NOT VALID").to_owned(),
        }
    }

    /// The definition as it would be under another name.
    pub(super) fn under(&self, name: &str) -> String {
        match self.is_index {
            false => self.definition.clone(),
            true => self.definition.replacen(&quote(&self.name), &quote(name), 1),
        }
    }

    pub(super) fn is_foreign_key(&self) -> bool {
        !self.is_index && self.definition.starts_with("FOREIGN KEY")
    }

    /// CONSTRAINT as CREATE TABLE has it.
    pub(super) fn line(&self) -> String {
        format!("CONSTRAINT {} {}", quote(&self.name), self.definition)
    }
}

/// A step of several comments as one step for each.
fn single(step: &Step) -> Vec<Step> {
    match step.kind {
        StepKind::Comment => {
            let one = |sql: &str| Step { sql: sql.to_owned(), ..step.clone() };
            statements(&step.sql).into_iter().map(one).collect()
        }
        _ => vec![step.clone()],
    }
}

/// Whether two steps that come last are the same but for what they are.
pub(super) fn same_step(a: &Step, b: &Step) -> bool {
    (a.kind, &a.object, &a.sql) == (b.kind, &b.object, &b.sql)
}

/// The kind is one that is dropped by its name.
pub(super) fn is_trigger(step: &Step) -> bool {
    step.kind == StepKind::Trigger
}
