//! Columns that the configuration leaves out: the source as if it did not have them, and what goes with them, listed.

use super::foreign;
use crate::catalog::expr::Expr;
use crate::catalog::profile::TableProfile;
use crate::catalog::walk::mentions;
use crate::catalog::{Catalog, ForeignKey, Index, IndexKey, IndexOrigin, Table};
use crate::config::Settings;
use crate::finding::NotCarried;
use crate::ident::quote_list;

/// Why a column is in the list of what is not carried; a resumed run knows it by this.
pub const WHY_SKIPPED: &str = "skipped by the configuration";

/// Whether something is not carried because the configuration leaves a column out.
pub fn is_skipped(item: &NotCarried) -> bool {
    item.why.contains(WHY_SKIPPED)
}

/// The catalog without the columns that `settings` skips in the tables at `selected`; they and their keys and indexes
/// are added to what is left out.
pub fn reduce_catalog(catalog: &Catalog, selected: &[usize], settings: &Settings) -> Catalog {
    let mut reduced = catalog.clone();
    for &table in selected {
        let original = &catalog.tables[table];
        let kept = kept_columns(original, settings);
        let gone = |parent: &Table, column: usize| !kept_columns(parent, settings).contains(&column);
        let keys = &mut reduced.tables[table].foreign_keys;
        let (carried, lost) = std::mem::take(keys).into_iter().partition::<Vec<ForeignKey>, _>(|key| {
            !refers_to_skipped(catalog, selected, original, key, gone)
        });
        *keys = carried;
        let why = "a column of the key is skipped by the configuration";
        let lost = lost.iter().map(|key| foreign::left_out(catalog, &original.name, key, why.to_owned()));
        reduced.left_out.extend(lost);
        if kept.len() < original.columns.len() {
            reduce_table(&mut reduced.tables[table], original, &kept, &mut reduced.left_out);
        }
    }
    reduced
}

/// The profile of a table without the skipped columns.
pub fn reduce_profile(table: &Table, profile: &TableProfile, settings: &Settings) -> TableProfile {
    let kept = kept_columns(table, settings);
    let columns = kept.iter().filter_map(|&column| profile.columns.get(column).cloned());
    let indexes = table.indexes.iter().zip(&profile.max_key_bytes);
    let of_kept = indexes.filter(|(index, _)| reduced_index(table, index, &kept).is_some());
    let max_key_bytes = of_kept.map(|(_, bytes)| *bytes).collect();
    TableProfile { columns: columns.collect(), max_key_bytes, ..profile.clone() }
}

fn kept_columns(table: &Table, settings: &Settings) -> Vec<usize> {
    let is_kept = |&column: &usize| !settings.column(&table.name, &table.columns[column].name).skip;
    (0..table.columns.len()).filter(is_kept).collect()
}

/// One of the key's columns, at either end, is skipped.
fn refers_to_skipped(
    catalog: &Catalog,
    selected: &[usize],
    child: &Table,
    key: &ForeignKey,
    is_gone: impl Fn(&Table, usize) -> bool,
) -> bool {
    if key.columns.iter().any(|&column| is_gone(child, column)) {
        return true;
    }
    let parents = selected.iter().map(|&table| &catalog.tables[table]);
    let Some(parent) = parents.into_iter().find(|table| table.name.eq_ignore_ascii_case(&key.parent)) else {
        return false;
    };
    let columns = match key.parent_columns.as_slice() {
        [] => parent.primary_key.clone(),
        names => names.iter().filter_map(|name| parent.column_index(name)).collect(),
    };
    columns.into_iter().any(|column| is_gone(parent, column))
}

fn reduce_table(table: &mut Table, original: &Table, kept: &[usize], left_out: &mut Vec<NotCarried>) {
    let place = |column: usize| kept.iter().position(|&k| k == column);
    let places = |columns: &[usize]| columns.iter().map(|&column| place(column)).collect::<Option<Vec<_>>>();
    let mut list = |kind: &str, name: &str, why: &str, sql: String| {
        let table = Some(original.name.clone());
        left_out.push(NotCarried {
            kind: kind.to_owned(),
            name: name.to_owned(),
            table,
            why: why.to_owned(),
            sql,
        });
    };
    for (i, column) in original.columns.iter().enumerate() {
        if !kept.contains(&i) {
            list("column", &column.name, WHY_SKIPPED, column.declared.clone());
        }
    }
    let why = "a column of it is skipped by the configuration";
    // The rowid walks the table under the name that it had, whether that column travels or not.
    table.rowid_alias = original.rowid_name().map(str::to_owned);
    table.columns = kept.iter().map(|&column| original.columns[column].clone()).collect();
    table.rowid_column = original.rowid_column.and_then(place);
    table.primary_key = places(&original.primary_key).unwrap_or_else(|| {
        let columns = quote_list(original.column_names(&original.primary_key));
        list("primary key", &original.name, why, format!("PRIMARY KEY ({columns})"));
        Vec::new()
    });
    table.indexes = Vec::new();
    let is_gone = |expr: &Expr| mentions_gone(original, kept, expr);
    let (checks, lost) = std::mem::take(&mut table.ddl.checks).into_iter().partition(|c| !is_gone(&c.expr));
    table.ddl.checks = checks;
    for check in lost {
        let name = check.name.as_deref().unwrap_or("check");
        list("check", name, why, format!("CHECK ({})", check.sql));
    }
    for index in &original.indexes {
        match reduced_index(original, index, kept) {
            Some(index) => table.indexes.push(index),
            // Listed above, as the key that it serves.
            None if index.origin == IndexOrigin::PrimaryKey => {}
            None => {
                let columns: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
                let columns = quote_list(original.column_names(&columns));
                match index.origin {
                    IndexOrigin::Created => list("index", &index.name, why, index.sql.clone()),
                    _ => list("unique", &index.name, why, format!("UNIQUE ({columns})")),
                }
            }
        }
    }
    for key in &mut table.foreign_keys {
        key.columns = places(&key.columns).unwrap_or_default();
    }
    let is_kept = |column: &String| table.columns.iter().any(|kept| kept.name == *column);
    table.ddl.generated.retain(|generated| is_kept(&generated.column));
    for generated in table.ddl.generated.iter_mut().filter(|generated| is_gone(&generated.expr)) {
        generated.expr = Expr::Other("a column of it is skipped by the configuration");
    }
}

/// A name of a column that is gone may not be taken for a text.
fn mentions_gone(table: &Table, kept: &[usize], expr: &Expr) -> bool {
    let mut gone = (0..table.columns.len()).filter(|column| !kept.contains(column));
    gone.any(|column| mentions(expr, &table.columns[column].name))
}

/// The index with its columns where they are now; none where one of them is gone.
fn reduced_index(table: &Table, index: &Index, kept: &[usize]) -> Option<Index> {
    let place = |column: usize| kept.iter().position(|&k| k == column);
    let mut expressions = index.keys.iter().filter_map(|key| key.expr.as_ref()).chain(&index.filter);
    if expressions.any(|expr| mentions_gone(table, kept, expr)) {
        return None;
    }
    let key = |key: &IndexKey| match key.column {
        None => Some(key.clone()),
        Some(column) => Some(IndexKey { column: Some(place(column)?), ..key.clone() }),
    };
    Some(Index { keys: index.keys.iter().map(key).collect::<Option<Vec<_>>>()?, ..index.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Column;
    use crate::catalog::profile::ColumnProfile;
    use crate::config::parse;

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        Table { name: name.to_owned(), columns: columns.iter().map(column).collect(), ..Table::default() }
    }

    fn index(name: &str, columns: &[usize]) -> Index {
        let key = |&column: &usize| IndexKey { column: Some(column), ..IndexKey::default() };
        Index { name: name.to_owned(), keys: columns.iter().map(key).collect(), ..Index::default() }
    }

    #[test]
    fn keys_go_with_their_columns_and_the_others_follow_their_places() {
        let mut parent = table("p", &["a", "id", "b"]);
        (parent.primary_key, parent.rowid_column) = (vec![1], Some(1));
        parent.indexes = vec![index("by_b", &[2]), index("by_a_b", &[0, 2])];
        let mut child = table("c", &["x", "p", "q"]);
        let key = |column, parent: &[&str]| ForeignKey {
            parent: "P".to_owned(),
            columns: vec![column],
            parent_columns: parent.iter().map(|name| (*name).to_owned()).collect(),
            ..ForeignKey::default()
        };
        child.foreign_keys = vec![key(1, &[]), key(2, &["a"])];
        let catalog = Catalog { tables: vec![parent, child], ..Catalog::default() };
        let settings =
            parse("[tables.p.columns.a]\nskip = true\n[tables.c.columns.x]\nskip = true", "f").unwrap();
        let reduced = reduce_catalog(&catalog, &[0, 1], &settings);
        let (parent, child) = (&reduced.tables[0], &reduced.tables[1]);
        assert_eq!((parent.primary_key.as_slice(), parent.rowid_column), (&[0][..], Some(0)));
        assert_eq!(parent.indexes, [index("by_b", &[1])]);
        assert_eq!(child.foreign_keys.len(), 1, "the one to the skipped column has gone");
        assert_eq!(child.foreign_keys[0].columns, [0]);
        let listed: Vec<(&str, &str)> =
            reduced.left_out.iter().map(|item| (item.kind.as_str(), item.name.as_str())).collect();
        assert_eq!(listed, [("column", "a"), ("index", "by_a_b"), ("foreign key", "\"q\""), ("column", "x")]);
    }

    #[test]
    fn a_skipped_rowid_still_walks_the_table() {
        let mut one = table("t", &["id", "_rowid_", "v"]);
        (one.primary_key, one.rowid_column) = (vec![0], Some(0));
        let catalog = Catalog { tables: vec![one], ..Catalog::default() };
        let settings =
            parse("[tables.t.columns.'?d']\nskip = true\n[tables.t.columns._rowid_]\nskip = true", "f");
        let settings = settings.unwrap();
        let reduced = reduce_catalog(&catalog, &[0], &settings);
        assert_eq!(reduced.tables[0].rowid_name(), Some("id"), "_rowid_ is the name of a column");
        assert!(reduced.tables[0].primary_key.is_empty() && reduced.tables[0].rowid_column.is_none());
        let profile = TableProfile {
            columns: (1..4).map(|nulls| ColumnProfile { nulls, ..ColumnProfile::default() }).collect(),
            ..TableProfile::default()
        };
        let reduced = reduce_profile(&catalog.tables[0], &profile, &settings);
        assert_eq!(reduced.columns.iter().map(|facts| facts.nulls).collect::<Vec<_>>(), [3]);
    }
}
