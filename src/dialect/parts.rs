//! What renamed tables and columns are called in the definitions of keys and indexes.

use super::model::{Model, Part};
use super::tokens::{parentheses, rename};
use crate::ident::qualified;

const REFERENCES: &str = " REFERENCES ";

/// The table is called `to` wherever the model speaks of it.
pub(super) fn rename_table(model: &mut Model, from: &str, to: &str) {
    let (old, new) = (qualified(&model.schema, from), qualified(&model.schema, to));
    for table in &mut model.tables {
        if table.name == from {
            to.clone_into(&mut table.name);
        }
        for part in &mut table.parts {
            part.definition = part.definition.replace(&old, &new);
        }
    }
}

/// The column is called `to` wherever the model speaks of it.
pub(super) fn rename_column(model: &mut Model, table: &str, from: &str, to: &str) {
    let parent = format!("{REFERENCES}{} (", qualified(&model.schema, table));
    let other = |name: &str| (name == from).then(|| to.to_owned());
    for owner in &mut model.tables {
        let is_own = owner.name == table;
        if is_own {
            owner.columns.iter_mut().filter(|column| column.name == from).for_each(|column| {
                to.clone_into(&mut column.name);
            });
        }
        for part in &mut owner.parts {
            renamed(part, is_own, &parent, other);
        }
    }
}

fn renamed(part: &mut Part, is_own: bool, parent: &str, other: impl Fn(&str) -> Option<String> + Copy) {
    if part.is_foreign_key() {
        let at = part.definition.find(REFERENCES).unwrap_or(part.definition.len());
        let (own, of_parent) = part.definition.split_at(at);
        let own = if is_own { rename(own, other) } else { own.to_owned() };
        let is_parent = of_parent.starts_with(parent);
        let of_parent = if is_parent { rename(of_parent, other) } else { of_parent.to_owned() };
        part.definition = own + &of_parent;
    } else if is_own && part.is_index {
        // What stands before the parentheses is the index and its table.
        if let Some((before, _, _)) = parentheses(&part.definition) {
            let at = before.len();
            part.definition = format!("{before}{}", rename(&part.definition[at..], other));
        }
    } else if is_own {
        part.definition = rename(&part.definition, other);
    }
}
