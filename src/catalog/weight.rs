//! How many tables a view stands for, with all views within it. SQLite writes out each view where another names it: of
//! fifteen that each name the one before twice, the last is thirty thousand, which takes it minutes.

use super::View;
use super::expr::Expr;
use super::select::{From, Query, Select, SelectCore, Source};
use super::walk::walk;
use std::collections::BTreeMap;

/// The number of tables for each view, in the order of `views`; those that cannot be read count as one. A view that names
/// itself through others, which SQLite refuses, has no end: such a one counts to the largest number.
pub fn weights(views: &[View]) -> Vec<u64> {
    let named: BTreeMap<String, Vec<String>> = views
        .iter()
        .map(|view| {
            let mut names = Vec::new();
            if let Ok(select) = &view.select {
                tables(select, &mut |name| names.push(name.to_ascii_lowercase()));
            }
            (view.name.to_ascii_lowercase(), names)
        })
        .collect();
    let mut known = BTreeMap::new();
    // Once for each level that views can have: what is not known by then names itself.
    for _ in 0..=views.len() {
        let before = known.len();
        for (view, names) in &named {
            let mut parts =
                names.iter().map(|name| if named.contains_key(name) { known.get(name) } else { Some(&1) });
            let sum = parts.try_fold(1_u64, |sum, part| part.map(|part: &u64| sum.saturating_add(*part)));
            if let Some(sum) = sum.filter(|_| !known.contains_key(view)) {
                known.insert(view.clone(), sum);
            }
        }
        if known.len() == before {
            break;
        }
    }
    views.iter().map(|view| known.get(&view.name.to_ascii_lowercase()).copied().unwrap_or(u64::MAX)).collect()
}

/// Calls `each` with the name of every table and view in a query, as often as it stands there.
fn tables(select: &Select, each: &mut dyn FnMut(&str)) {
    select.with.iter().for_each(|table| tables(&table.select, each));
    for core in std::iter::once(&select.first).chain(select.compounds.iter().map(|(_, core)| core)) {
        match core {
            SelectCore::Query(query) => of_query(query, each),
            SelectCore::Values(rows) => rows.iter().flatten().for_each(|value| of_expr(value, each)),
        }
    }
    select.order_by.iter().for_each(|term| of_expr(&term.expr, each));
}

fn of_query(query: &Query, each: &mut dyn FnMut(&str)) {
    for column in &query.columns {
        if let super::select::ResultColumn::Expr(value, _) = column {
            of_expr(value, each);
        }
    }
    query.from.iter().for_each(|from| of_from(from, each));
    query.filter.iter().chain(&query.group_by).chain(&query.having).for_each(|value| of_expr(value, each));
}

fn of_from(from: &From, each: &mut dyn FnMut(&str)) {
    let joined = from.joins.iter().map(|join| &join.source);
    for source in std::iter::once(&from.first).chain(joined) {
        match source {
            Source::Table { name, .. } | Source::Call { name } => each(name),
            Source::Select { select, .. } => tables(select, each),
            Source::Group { from, .. } => of_from(from, each),
        }
    }
    from.joins.iter().filter_map(|join| join.on.as_ref()).for_each(|value| of_expr(value, each));
}

fn of_expr(value: &Expr, each: &mut dyn FnMut(&str)) {
    walk(value, &mut |part| match part {
        Expr::Exists(select) | Expr::Subquery(select) | Expr::InSelect { select, .. } => tables(select, each),
        _ => {}
    });
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn view(name: &str, sql: &str) -> View {
        let select = read::view(&format!("CREATE VIEW {name} AS {sql}"));
        View { name: name.to_owned(), sql: sql.to_owned(), columns: Ok(Vec::new()), select }
    }

    #[test]
    fn views_within_views_are_counted_wherever_they_stand() {
        let views = [
            view(
                "c",
                "SELECT * FROM B x, (SELECT 1 FROM b), (t) WHERE EXISTS (SELECT 1 FROM b) ORDER BY (SELECT 1 FROM b)",
            ),
            view(
                "b",
                "WITH w AS (SELECT * FROM a) SELECT (SELECT 1 FROM a) FROM t UNION SELECT 1 IN (SELECT 1 FROM a)",
            ),
            view("a", "VALUES (1)"),
            view("loop", "SELECT 1 FROM pool"),
            view("pool", "SELECT 1 FROM loop"),
            view("odd", "SELECT FROM"),
        ];
        assert_eq!(weights(&views), [22, 5, 1, u64::MAX, u64::MAX, 1]);
    }
}
