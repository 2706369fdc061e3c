//! Full-text indexes and R-Trees: not carried, with the SQL of what PostgreSQL has for them (semantics.md §3.8).

use super::TablePlan;
use crate::catalog::virtual_table::{self, VirtualTable};
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::{qualified, quote, quote_list};

/// What can stand in place of the virtual tables among `not_carried`, as notes; nothing of it is done.
pub(super) fn suggestions(schema: &str, tables: &[TablePlan], not_carried: &[NotCarried]) -> Vec<Finding> {
    let virtuals = not_carried.iter().filter(|item| item.kind == "virtual table");
    let suggested = virtuals.filter_map(|item| {
        let table = virtual_table::read(&item.sql).ok()?;
        let (what, sql) = match table.module.as_str() {
            "fts3" | "fts4" | "fts5" => (
                "a full-text index: PostgreSQL's is a column of lexemes with an index",
                full_text(schema, tables, &item.name, &table)?,
            ),
            "rtree" | "rtree_i32" => {
                ("an R-Tree: PostgreSQL's is an index on boxes", boxes(schema, &item.name, &table)?)
            }
            _ => return None,
        };
        Some(Finding::new("W_VIRTUAL_TABLE", Severity::Note, item.name.clone(), what).fix(sql))
    });
    suggested.collect()
}

/// A column of lexemes on the table that holds the text, or on a table in place of the virtual one.
fn full_text(schema: &str, tables: &[TablePlan], name: &str, table: &VirtualTable) -> Option<String> {
    let content = table.option("content").filter(|content| !content.is_empty());
    if table.columns.is_empty() || (content.is_none() && table.option("content").is_some()) {
        return None;
    }
    let plan =
        content.and_then(|content| tables.iter().find(|plan| plan.source.eq_ignore_ascii_case(content)));
    let target_of = |column: &String| {
        let planned =
            plan.and_then(|plan| plan.columns.iter().find(|c| c.source.eq_ignore_ascii_case(column)));
        planned.map_or_else(|| column.clone(), |planned| planned.target.clone())
    };
    let columns: Vec<String> = table.columns.iter().map(target_of).collect();
    let parts: Vec<String> =
        columns.iter().map(|column| format!("coalesce({}::text, '')", quote(column))).collect();
    let lexemes =
        format!("tsvector GENERATED ALWAYS AS (to_tsvector('simple', {})) STORED", parts.join(" || ' ' || "));
    let column = quote(&format!("{name}_lexemes"));
    Some(match plan {
        Some(plan) => {
            let target = qualified(schema, &plan.target);
            format!(
                "ALTER TABLE {target} ADD COLUMN {column} {lexemes}; CREATE INDEX ON {target} USING gin ({column})"
            )
        }
        None => {
            let target = qualified(schema, name);
            let texts: Vec<String> = columns.iter().map(|column| format!("{} text", quote(column))).collect();
            let selected = quote_list(table.columns.iter().map(String::as_str));
            format!(
                "CREATE TABLE {target} (rowid bigint PRIMARY KEY, {}, {column} {lexemes}); CREATE INDEX ON {target} USING gin ({column}); \
                 its rows in SQLite: SELECT rowid, {selected} FROM {}",
                texts.join(", "),
                quote(name)
            )
        }
    })
}

/// A table of its rows with an index on their boxes; of two dimensions, as PostgreSQL's boxes are.
fn boxes(schema: &str, name: &str, table: &VirtualTable) -> Option<String> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.trim_start_matches('+')).collect();
    let [id, x0, x1, y0, y1, more @ ..] = names.as_slice() else { return None };
    if more.iter().any(|_| table.columns.iter().filter(|column| !column.starts_with('+')).count() != 5) {
        return None;
    }
    let number = if table.module == "rtree" { "real" } else { "integer" };
    let corners = [x0, x1, y0, y1].map(|name| format!("{} {number} NOT NULL", quote(name)));
    let target = qualified(schema, name);
    let selected = quote_list(names.iter().copied());
    let (x0, x1, y0, y1) = (quote(x0), quote(x1), quote(y0), quote(y1));
    let others: Vec<String> = more.iter().map(|name| format!(", {} text", quote(name))).collect();
    Some(format!(
        "CREATE TABLE {target} ({} bigint PRIMARY KEY, {}{}); \
         CREATE INDEX ON {target} USING gist (box(point({x0}, {y0}), point({x1}, {y1}))); its rows in SQLite: SELECT {selected} FROM {}",
        quote(id),
        corners.join(", "),
        others.concat(),
        quote(name)
    ))
}
