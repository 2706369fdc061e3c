//! Names in the target: those that the configuration gives, else the spelling that was asked for.

use super::draft::{Inputs, Rules, refusal};
use super::names::spell;
use crate::catalog::{Column, Table};
use crate::config::{NamePolicy, Settings, toml_string};
use crate::finding::{Finding, Way};

/// A name that is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub name: String,
    /// the configuration names it: it is that or nothing
    pub given: bool,
}

/// The name that a table is meant to have.
pub fn table_name(settings: &Settings, policy: NamePolicy, table: &str) -> String {
    settings.table(table).rename.unwrap_or_else(|| spell(table, policy))
}

pub(super) fn table(rules: &Rules, table: &Table) -> Wish {
    let given = rules.settings.table(&table.name).rename.is_some();
    Wish { name: table_name(&rules.settings, rules.names, &table.name), given }
}

pub(super) fn column(rules: &Rules, table: &Table, column: &Column) -> Wish {
    match rules.settings.column(&table.name, &column.name).rename {
        Some(name) => Wish { name, given: true },
        None => Wish { name: spell(&column.name, rules.names), given: false },
    }
}

/// A given name that something else is called by.
pub(super) fn check(object: Object<'_>, wish: &Wish, got: &str, findings: &mut Vec<Finding>) {
    if wish.given && wish.name != got {
        let message = format!("cannot be called \"{}\": that name is taken, or the server's own", wish.name);
        findings
            .push(refusal("E_NAME_COLLISION", &shown(object), message).way(other_name(object, &wish.name)));
    }
}

/// A table, or a column of it.
type Object<'a> = (&'a str, Option<&'a str>);

fn shown((table, column): Object<'_>) -> String {
    column.map_or_else(|| table.to_owned(), |column| format!("{table}.{column}"))
}

/// Another name for `table` or `table.column`.
fn other_name((table, column): Object<'_>, name: &str) -> Way {
    let other = toml_string(&format!("{name}_2"));
    match column {
        Some(column) => Way::of_column(table, column, "rename", &other),
        None => Way::of_table(table, "rename", &other),
    }
}

/// Given names that two tables, or two columns of one table, would have.
pub(super) fn check_all(inputs: &Inputs<'_>, findings: &mut Vec<Finding>) {
    let rules = inputs.rules;
    let tables: Vec<(Object<'_>, Wish)> =
        inputs.tables.iter().map(|(t, _)| ((t.name.as_str(), None), table(rules, t))).collect();
    check_wishes(&tables, findings);
    for (table, _) in &inputs.tables {
        let columns = table.columns.iter();
        let columns: Vec<(Object<'_>, Wish)> = columns
            .map(|c| ((table.name.as_str(), Some(c.name.as_str())), column(rules, table, c)))
            .collect();
        check_wishes(&columns, findings);
    }
}

fn check_wishes(wishes: &[(Object<'_>, Wish)], findings: &mut Vec<Finding>) {
    for (i, (object, wish)) in wishes.iter().enumerate().filter(|(_, (_, wish))| wish.given) {
        let same = |(j, (_, other)): &(usize, &(Object<'_>, Wish))| {
            // Of two given names, the later one is told.
            *j != i && other.name == wish.name && (!other.given || *j < i)
        };
        if let Some((_, (other, _))) = wishes.iter().enumerate().find(same) {
            let message = format!("is to be called \"{}\", and so is \"{}\"", wish.name, shown(*other));
            findings.push(
                refusal("E_NAME_COLLISION", &shown(*object), message).way(other_name(*object, &wish.name)),
            );
        }
    }
}
