//! Generated columns that are generated in the target, too (semantics.md §3.6): only what is immutable there, made of
//! ordinary columns alone, since PostgreSQL lets none refer to another generated one.

use super::draft::Draft;
use super::translate::Scope;
use super::types::{Codec, Level};
use super::{ColumnPlan, overflow, scope, translate};
use crate::catalog::ddl::GeneratedText;
use crate::catalog::expr::Expr;
use crate::catalog::profile::TableProfile;
use crate::catalog::{Column, Generated, Table};

/// How often a chain of generated columns is followed; SQLite refuses circles.
const CHAIN_MAX: usize = 16;

/// Gives the table's generated columns their expression in the target, where it has one; the others keep their values, and
/// the reason is given by column.
pub(super) fn translate_all(
    table: &Table,
    profile: &TableProfile,
    draft: &mut Draft,
) -> Vec<(String, String)> {
    let mut reasons = Vec::new();
    let scope = scope::of_table(table, &draft.plan.columns);
    let expressions: Vec<(usize, Result<String, String>)> = table
        .ddl
        .generated
        .iter()
        .filter_map(|text| Some((table.column_index(&text.column)?, text)))
        .map(|(column, text)| {
            (column, expression((table, profile), &draft.plan.columns, column, text, &scope))
        })
        .collect();
    for (column, expression) in expressions {
        match expression {
            Ok(sql) => draft.plan.columns[column].generated = Some(sql),
            Err(why) => reasons.push((table.columns[column].name.clone(), why)),
        }
    }
    reasons
}

fn expression(
    (table, profile): (&Table, &TableProfile),
    columns: &[ColumnPlan],
    column: usize,
    text: &GeneratedText,
    scope: &Scope<'_>,
) -> Result<String, String> {
    let (of, plan) = (&table.columns[column], &columns[column]);
    if matches!(plan.mapping.codec, Codec::Only(..)) {
        return Err("it is split into several columns".to_owned());
    }
    if table.foreign_keys.iter().any(|key| key.columns.contains(&column)) {
        return Err("a foreign key is made of it".to_owned());
    }
    if plan.level == Level::Loss {
        return Err("its values are changed by the configuration".to_owned());
    }
    let inlined = inline(table, columns, scope, text.expr.clone(), CHAIN_MAX)?;
    for other in scope::mentioned(table, &inlined) {
        // What is computed from a value that lost its class or spelling may come out another one.
        if columns[other].level > Level::E1 {
            let name = &table.columns[other].name;
            return Err(format!(
                "values of column \"{name}\" are not kept exactly ({})",
                columns[other].level
            ));
        }
    }
    overflow::reason(table, profile, &inlined).map_or(Ok(()), Err)?;
    // An index takes immutable functions alone, and so does a generated column.
    translate::index_key(&inlined, scope)?;
    translate::stored(&inlined, scope, of.affinity, &plan.mapping).map(|found| found.sql)
}

/// The expression with the expressions of the generated columns that it mentions in their place.
fn inline(
    table: &Table,
    columns: &[ColumnPlan],
    scope: &Scope<'_>,
    expr: Expr,
    left: usize,
) -> Result<Expr, String> {
    let generated = |name: &str| {
        let column = table.column_index(name)?;
        let is_generated = table.columns[column].generated != Generated::No;
        is_generated
            .then(|| (column, table.ddl.generated.iter().find(|text| text.column.eq_ignore_ascii_case(name))))
    };
    let mut why = None;
    let inlined = expr.replace_names(&mut |name| {
        let (column, text) = generated(name)?;
        let made = text.ok_or_else(|| "a generated column that could not be read".to_owned());
        let made = made.and_then(|text| one(table, columns, scope, (column, text), left));
        made.map_err(|reason| why = Some(reason)).ok()
    });
    why.map_or(Ok(inlined), Err)
}

/// What stands for a generated column in another: its expression, as a value of its declared type. Only where storing it
/// in the column changes nothing, so that both are one value.
fn one(
    table: &Table,
    columns: &[ColumnPlan],
    scope: &Scope<'_>,
    (column, text): (usize, &GeneratedText),
    left: usize,
) -> Result<Expr, String> {
    let of: &Column = &table.columns[column];
    let left = left.checked_sub(1).ok_or("generated columns made of each other")?;
    let inner = inline(table, columns, scope, text.expr.clone(), left)?;
    let value = translate::value(&inner, scope)?;
    if value.mapping != columns[column].mapping || of.collation != "BINARY" {
        return Err(format!(
            "it is made of the generated column \"{}\", which stores another value than it computes",
            of.name
        ));
    }
    Ok(match of.declared.is_empty() {
        true => inner,
        false => Expr::Cast { operand: Box::new(inner), declared: of.declared.clone() },
    })
}
