//! Which table, column and view of the one side is which of the other: by exact name, else by the only one of that name in
//! any case, else by the only one of the same letters and digits (`userId`, `user_id`).

use super::words::rewritten;
use super::{Drift, Mend, Rank};
use crate::plan::structure::{Check, Column, ForeignKey, Index, Structure, Table, View};
use std::collections::BTreeMap;

type Names = BTreeMap<String, String>;

/// Names of the source that the target spells otherwise.
#[derive(Debug, Default)]
pub(super) struct Renames {
    tables: Names,
    views: Names,
    /// by the source's table
    columns: BTreeMap<String, Names>,
}

impl Renames {
    /// Those of `from` in `to`, and what is to be said of them.
    pub(super) fn find(from: &Structure, to: &Structure) -> (Renames, Vec<Drift>) {
        let mut drifts = Vec::new();
        let tables = pairs(&names(&from.tables, |t| &t.name), &names(&to.tables, |t| &t.name));
        let views = pairs(&names(&from.views, |v| &v.name), &names(&to.views, |v| &v.name));
        let mut columns = BTreeMap::new();
        for (source, target) in &tables {
            let (Some(one), Some(other)) = (from.table(source), to.table(target)) else { continue };
            let pairs = pairs(&names(&one.columns, |c| &c.name), &names(&other.columns, |c| &c.name));
            let changed = changed(pairs);
            drifts.extend(
                changed.iter().map(|(column, new)| drift("column", column, new, format!("{target}.{new}"))),
            );
            columns.insert(source.clone(), changed);
        }
        let (tables, views) = (changed(tables), changed(views));
        drifts.extend(tables.iter().map(|(name, new)| drift("table", name, new, new.clone())));
        drifts.extend(views.iter().map(|(name, new)| drift("view", name, new, new.clone())));
        (Renames { tables, views, columns }, drifts)
    }

    fn table(&self, name: &str) -> String {
        self.tables.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn column(&self, table: &str, name: &str) -> String {
        let new = self.columns.get(table).and_then(|names| names.get(name));
        new.cloned().unwrap_or_else(|| name.to_owned())
    }

    /// A table and one of its columns in the target's names.
    pub(super) fn place(&self, (table, column): &(String, String)) -> (String, String) {
        (self.table(table), self.column(table, column))
    }

    /// The table in the target's names.
    pub(super) fn place_of_table(&self, table: &str) -> String {
        self.table(table)
    }

    /// `from` in the target's names.
    pub(super) fn apply(&self, from: &Structure) -> Structure {
        Structure {
            tables: from.tables.iter().map(|table| self.apply_to_table(table)).collect(),
            views: from.views.iter().map(|view| self.apply_to_view(view)).collect(),
            taken_names: Vec::new(),
        }
    }

    fn apply_to_table(&self, table: &Table) -> Table {
        let column = |name: &String| self.column(&table.name, name);
        let columns = |names: &[String]| -> Vec<String> { names.iter().map(column).collect() };
        let text = |sql: &str| {
            let own = self.columns.get(&table.name);
            rewritten(sql, |name| own.and_then(|names| names.get(name)).cloned())
        };
        Table {
            name: self.table(&table.name),
            partition_key: table.partition_key.as_deref().map(text),
            columns: table
                .columns
                .iter()
                .map(|old| Column {
                    name: column(&old.name),
                    generated: old.generated.as_deref().map(text),
                    ..old.clone()
                })
                .collect(),
            indexes: table
                .indexes
                .iter()
                .map(|old| Index {
                    definition: text(&old.definition),
                    columns: columns(&old.columns),
                    ..old.clone()
                })
                .collect(),
            checks: table
                .checks
                .iter()
                .map(|old| Check { definition: text(&old.definition), ..old.clone() })
                .collect(),
            foreign_keys: table
                .foreign_keys
                .iter()
                .map(|old| ForeignKey { columns: columns(&old.columns), ..self.apply_to_parent(old) })
                .collect(),
        }
    }

    /// A parent of another schema is none of the tables here.
    fn apply_to_parent(&self, key: &ForeignKey) -> ForeignKey {
        if key.parent_schema.is_some() {
            return key.clone();
        }
        let columns = key.parent_columns.iter().map(|name| self.column(&key.parent, name));
        ForeignKey { parent: self.table(&key.parent), parent_columns: columns.collect(), ..key.clone() }
    }

    fn apply_to_view(&self, view: &View) -> View {
        let in_tables = |name: &str| self.tables.get(name).or_else(|| self.views.get(name)).cloned();
        let in_columns = |name: &str| self.columns.values().find_map(|names| names.get(name)).cloned();
        View {
            name: self.views.get(&view.name).unwrap_or(&view.name).clone(),
            query: rewritten(&view.query, |name| in_tables(name).or_else(|| in_columns(name))),
            is_stored: view.is_stored,
        }
    }
}

fn names<T>(items: &[T], name: impl Fn(&T) -> &String) -> Vec<&str> {
    items.iter().map(|item| name(item).as_str()).collect()
}

/// Those that are called otherwise.
fn changed(pairs: Vec<(String, String)>) -> Names {
    pairs.into_iter().filter(|(one, other)| one != other).collect()
}

/// The pairs of names, each name once; the closest first: exactly, else in any case, else by letters and digits alone.
pub fn pairs(from: &[&str], to: &[&str]) -> Vec<(String, String)> {
    let forms: [fn(&str) -> String; 3] = [str::to_owned, |name| name.to_lowercase(), letters];
    let (mut from, mut to) = (from.to_vec(), to.to_vec());
    let mut pairs = Vec::new();
    for form in forms {
        let mut found = Vec::new();
        for one in &from {
            let alike = |names: &[&'_ str]| -> Vec<String> {
                names.iter().filter(|name| form(name) == form(one)).map(|name| (*name).to_owned()).collect()
            };
            // Where several could be meant, none is.
            if let ([_], [other]) = (alike(&from).as_slice(), alike(&to).as_slice()) {
                found.push(((*one).to_owned(), other.clone()));
            }
        }
        from.retain(|name| !found.iter().any(|(one, _)| one == name));
        to.retain(|name| !found.iter().any(|(_, other)| other == name));
        pairs.extend(found);
    }
    pairs
}

/// Letters and digits alone, in lower case; the name itself where it has none.
fn letters(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if letters.is_empty() { name.to_owned() } else { letters }
}

fn drift(what: &str, source: &str, target: &str, object: String) -> Drift {
    let by_case = source.to_lowercase() == target.to_lowercase();
    let (rank, why) = match (by_case, target == target.to_lowercase()) {
        (true, true) => (Rank::Differs, "SQL without quotes finds it, SQL with quotes does not"),
        (true, false) => (
            Rank::WouldFail,
            "SQL without quotes means the name in lower case, which the target does not have",
        ),
        (false, _) => (Rank::WouldFail, "SQL that names it as in the source does not find it"),
    };
    Drift {
        rank,
        kind: "name",
        object,
        message: format!("the {what} is called {source:?} in the source and {target:?} in the target: {why}"),
        mend: Mend::Nothing("a name is not added but changed: ALTER TABLE … RENAME".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paired_once_and_only_if_one_is_meant() {
        let pair = |from: &[&str], to: &[&str]| {
            let mut pairs: Vec<String> =
                pairs(from, to).into_iter().map(|(one, other)| format!("{one}={other}")).collect();
            pairs.sort();
            pairs.join(" ")
        };
        assert_eq!(
            pair(&["id", "Name", "userId"], &["ID", "user_id", "name"]),
            "Name=name id=ID userId=user_id"
        );
        assert_eq!(pair(&["a", "A"], &["A"]), "A=A");
        assert_eq!(pair(&["Id"], &["ID", "id"]), "", "two candidates are none");
        assert_eq!(pair(&["user id"], &["user_id", "userid"]), "");
        assert_eq!(pair(&["--"], &["__"]), "");
    }

    #[test]
    fn names_in_texts_follow() {
        let table = |name: &str, column: &str| Table {
            name: name.to_owned(),
            columns: vec![Column { name: column.to_owned(), ..Column::default() }],
            indexes: vec![Index { definition: format!("btree (\"{column}\")"), ..Index::default() }],
            ..Table::default()
        };
        let from = Structure { tables: vec![table("Users", "userId")], ..Structure::default() };
        let to = Structure { tables: vec![table("users", "user_id")], ..Structure::default() };
        let (renames, drifts) = Renames::find(&from, &to);
        assert_eq!(renames.apply(&from).tables, to.tables);
        let ranks: Vec<(Rank, &str)> = drifts.iter().map(|d| (d.rank, d.object.as_str())).collect();
        assert_eq!(ranks, [(Rank::WouldFail, "users.user_id"), (Rank::Differs, "users")]);
    }
}
