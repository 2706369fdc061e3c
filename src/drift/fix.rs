//! DDL that mends what can be mended by adding: in an order in which each statement finds what it needs.

use super::{Drift, Found, Mend};
use crate::ident::{qualified, quote, quote_list};
use crate::plan::names::{NameHash, Names};
use crate::plan::script::{SETTINGS, comment};
use crate::plan::structure::{Check, Column, ForeignKey, Index, Purpose, Structure, Table};

/// When a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Table,
    Column,
    Index,
    Check,
    ForeignKey,
    Validate,
    View,
}

type Statements = Vec<(Stage, String)>;

/// Writes statements into one schema.
struct Writer<'a> {
    schema: &'a str,
    names: Names,
}

/// The drifts in the order in which what mends them can run; such as nothing mends come last.
pub fn in_order(mut drifts: Vec<Drift>) -> Vec<Drift> {
    drifts.sort_by_key(|drift| stage(&drift.mend));
    drifts
}

/// When a mend begins.
fn stage(mend: &Mend) -> Stage {
    match mend {
        Mend::Table(_) => Stage::Table,
        Mend::Column(..) | Mend::Default(..) | Mend::Numbers(..) => Stage::Column,
        Mend::Index(..) => Stage::Index,
        Mend::NotNull(..) | Mend::Check(..) => Stage::Check,
        Mend::ForeignKey(..) => Stage::ForeignKey,
        Mend::Validate(..) | Mend::SwitchOn(_) => Stage::Validate,
        Mend::View(_) | Mend::Nothing(_) => Stage::View,
    }
}

/// The statements that mend each of the drifts, in its order; none where nothing that only adds does. New objects get
/// names that `to` has not taken.
pub fn statements(drifts: &[Drift], schema: &str, to: &Structure, hash: NameHash) -> Vec<Vec<String>> {
    let written = written(drifts, schema, to, hash);
    written.into_iter().map(|all| all.into_iter().map(|(_, sql)| sql).collect()).collect()
}

fn written(drifts: &[Drift], schema: &str, to: &Structure, hash: NameHash) -> Vec<Statements> {
    let mut writer = Writer { schema, names: Names::new(to.taken_names.iter().cloned(), hash) };
    drifts.iter().map(|drift| writer.mend(&drift.mend)).collect()
}

/// A script for psql that mends what can be mended; the rest stands in comments, with the reason.
pub fn fix_script(found: &Found, heading: &str, schema: &str, to: &Structure, hash: NameHash) -> String {
    let mut text = comment(heading);
    text.push('\n');
    // Types and functions of the application's own are found by their bare names, as they were read.
    let settings = SETTINGS.iter().filter(|setting| !setting.contains("search_path"));
    settings.for_each(|setting| text += &format!("{setting};\n"));
    text += &format!("SET search_path = {};\n", quote(schema));
    let written = written(&found.drifts, schema, to, hash);
    let mut all: Vec<&(Stage, String)> = written.iter().flatten().collect();
    all.sort_by_key(|(stage, _)| *stage);
    for (_, sql) in all {
        text += &format!("\n{sql};\n");
    }
    for drift in &found.drifts {
        if let Mend::Nothing(why) = &drift.mend {
            let what = format!(
                "not mended ({}): {} {}: {}",
                drift.rank.name(),
                drift.kind,
                drift.object,
                drift.message
            );
            text += &format!("\n{}", comment(&format!("{what}\n{why}")));
        }
    }
    text
}

impl Writer<'_> {
    fn mend(&mut self, mend: &Mend) -> Statements {
        match mend {
            Mend::Nothing(_) => Vec::new(),
            Mend::Table(table) => self.table(table),
            Mend::Column(table, column) => self.column(table, column),
            Mend::Default(table, column) => {
                let default = column.default.as_deref().unwrap_or("NULL");
                vec![(
                    Stage::Column,
                    self.alter_column(table, &column.name, &format!("SET DEFAULT {default}")),
                )]
            }
            Mend::Numbers(table, column) => self.numbers(table, column),
            Mend::NotNull(table, column) => {
                vec![(Stage::Check, self.alter_column(table, column, "SET NOT NULL"))]
            }
            Mend::Index(table, index) => vec![(Stage::Index, self.index(table, index))],
            Mend::Check(table, check) => self.check(table, check),
            Mend::ForeignKey(table, key) => self.foreign_key(table, key),
            Mend::SwitchOn(statements) => {
                statements.iter().map(|sql| (Stage::Validate, sql.clone())).collect()
            }
            Mend::Validate(table, name) => vec![(Stage::Validate, self.validate(table, name))],
            Mend::View(view) => {
                let stored = if view.is_stored { "MATERIALIZED " } else { "" };
                let name = qualified(self.schema, &view.name);
                vec![(Stage::View, format!("CREATE {stored}VIEW {name} AS {}", view.query.trim()))]
            }
        }
    }

    fn table(&mut self, table: &Table) -> Statements {
        let lines: Vec<String> = table.columns.iter().map(|column| format!("  {}", line(column))).collect();
        let name = self.names.take(&table.name);
        let mut all = vec![(
            Stage::Table,
            format!("CREATE TABLE {} (\n{}\n)", qualified(self.schema, &name), lines.join(",\n")),
        )];
        let indexes = table.indexes.iter().filter(|index| index.purpose != Purpose::Exclusion);
        all.extend(indexes.map(|index| (Stage::Index, self.index(&name, index))));
        for check in &table.checks {
            all.extend(self.check(&name, check));
        }
        for key in &table.foreign_keys {
            all.extend(self.foreign_key(&name, key));
        }
        all
    }

    /// NOT NULL comes as a statement of its own, which fails where rows are there and nothing fills the column: the column
    /// stays then.
    fn column(&self, table: &str, column: &Column) -> Statements {
        let fills_itself = column.default.is_some() || column.takes_numbers || column.generated.is_some();
        let nullable = Column { not_null: column.not_null && fills_itself, ..column.clone() };
        let add = format!("ALTER TABLE {} ADD COLUMN {}", qualified(self.schema, table), line(&nullable));
        let mut all = vec![(Stage::Column, add)];
        if column.not_null && !fills_itself {
            all.push((Stage::Check, self.alter_column(table, &column.name, "SET NOT NULL")));
        }
        all
    }

    /// The identity's numbers begin behind those that are there.
    fn numbers(&self, table: &str, column: &Column) -> Statements {
        let name = qualified(self.schema, table);
        let text = crate::ident::literal;
        let past = format!(
            "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {}), max({})) FROM {name} HAVING max({}) > 0",
            text(&name),
            text(&column.name),
            quote(&column.name),
            quote(&column.name)
        );
        vec![
            (Stage::Column, self.alter_column(table, &column.name, "SET NOT NULL")),
            (Stage::Column, self.alter_column(table, &column.name, "ADD GENERATED BY DEFAULT AS IDENTITY")),
            (Stage::Column, past),
        ]
    }

    fn alter_column(&self, table: &str, column: &str, what: &str) -> String {
        format!("ALTER TABLE {} ALTER COLUMN {} {what}", qualified(self.schema, table), quote(column))
    }

    fn index(&mut self, table: &str, index: &Index) -> String {
        let (on, name) = (qualified(self.schema, table), quote(&self.names.take(&index.name)));
        let words = match index.purpose {
            Purpose::PrimaryKey => "PRIMARY KEY",
            Purpose::Unique => "UNIQUE",
            Purpose::Index | Purpose::Exclusion => {
                let unique = if index.unique { "UNIQUE " } else { "" };
                // A plan's text has no method before its key, the server's has.
                let using = if index.definition.starts_with('(') { "" } else { "USING " };
                return format!("CREATE {unique}INDEX {name} ON {on} {using}{}", index.definition);
            }
        };
        if ["INCLUDE", "NULLS NOT DISTINCT"].iter().any(|more| index.definition.contains(more)) {
            return format!(
                "CREATE UNIQUE INDEX {name} ON {on} USING {};\nALTER TABLE {on} ADD CONSTRAINT {name} {words} USING INDEX {name}",
                index.definition
            );
        }
        let deferrable = if index.deferrable { " DEFERRABLE" } else { "" };
        let columns = quote_list(index.columns.iter().map(String::as_str));
        format!("ALTER TABLE {on} ADD CONSTRAINT {name} {words} ({columns}){deferrable}")
    }

    /// Added NOT VALID, the table is locked for a moment only; its rows are checked after that.
    fn check(&mut self, table: &str, check: &Check) -> Statements {
        let name = self.names.take(&check.name);
        let add = format!(
            "ALTER TABLE {} ADD CONSTRAINT {} {}",
            qualified(self.schema, table),
            quote(&name),
            check.definition
        );
        if !check.definition.starts_with("CHECK") {
            return vec![(Stage::Check, add)];
        }
        let mut all = vec![(Stage::Check, format!("{add} NOT VALID"))];
        if check.validated {
            all.push((Stage::Validate, self.validate(table, &name)));
        }
        all
    }

    fn foreign_key(&mut self, table: &str, key: &ForeignKey) -> Statements {
        let name = self.names.take(&key.name);
        let list = |names: &[String]| quote_list(names.iter().map(String::as_str));
        let rules = if key.rules.is_empty() { String::new() } else { format!(" {}", key.rules) };
        let add = format!(
            "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){rules} NOT VALID",
            qualified(self.schema, table),
            quote(&name),
            list(&key.columns),
            qualified(key.parent_schema.as_deref().unwrap_or(self.schema), &key.parent),
            list(&key.parent_columns)
        );
        let mut all = vec![(Stage::ForeignKey, add)];
        if key.validated {
            all.push((Stage::Validate, self.validate(table, &name)));
        }
        all
    }

    fn validate(&self, table: &str, name: &str) -> String {
        crate::plan::ddl::validate(self.schema, table, name)
    }
}

/// A column as CREATE TABLE and ADD COLUMN take it.
fn line(column: &Column) -> String {
    let mut line = format!("{} {}", quote(&column.name), column.type_text);
    if let Some(collation) = &column.collation {
        line += &format!(" COLLATE {collation}");
    }
    if column.not_null {
        line += " NOT NULL";
    }
    if let Some(default) = &column.default {
        line += &format!(" DEFAULT {default}");
    }
    if column.takes_numbers {
        line += " GENERATED BY DEFAULT AS IDENTITY";
    }
    if let Some(expression) = &column.generated {
        line += &format!(" GENERATED ALWAYS AS ({expression}) STORED");
    }
    line
}
