//! Comments that keep what a type of PostgreSQL does not say: the declared type, a collation, a name that was changed.

use super::{ColumnPlan, Step, StepKind, TablePlan};
use crate::catalog::affinity::type_name;
use crate::catalog::{Column, Table};
use crate::ident::{literal, qualified, quote};

/// The comments of a table that we create, in one step; none where there is nothing to say.
pub(super) fn plan(schema: &str, table: &Table, plan: &TablePlan) -> Option<Step> {
    let target = qualified(schema, &plan.target);
    let renamed = (plan.target != plan.source).then(|| {
        format!(
            "COMMENT ON TABLE {target} IS {}",
            literal(&format!("named {} in SQLite", quote(&plan.source)))
        )
    });
    let columns = plan.columns.iter().filter_map(|column| {
        let of = table.columns.iter().find(|of| of.name == column.source)?;
        let said = words(of, column)?;
        Some(format!("COMMENT ON COLUMN {target}.{} IS {}", quote(&column.target), literal(&said)))
    });
    let statements: Vec<String> = renamed.into_iter().chain(columns).collect();
    (!statements.is_empty()).then(|| Step {
        kind: StepKind::Comment,
        object: plan.target.clone(),
        sql: statements.join(";\n"),
    })
}

/// `named "Total", declared VARCHAR(20) COLLATE NOCASE`: as much of it as the target's column does not say itself.
fn words(column: &Column, plan: &ColumnPlan) -> Option<String> {
    let collation = match column.collation.as_str() {
        "BINARY" | "" => String::new(),
        other => format!(" COLLATE {other}"),
    };
    let is_told = !collation.is_empty() || !is_same_type(&column.declared, &plan.mapping.pg.to_string());
    let declared = is_told.then(|| match column.declared.is_empty() {
        true => format!("declared without a type{collation}"),
        false => format!("declared {}{collation}", column.declared),
    });
    let named = (plan.source != plan.target).then(|| format!("named {} in SQLite", quote(&plan.source)));
    let parts: Vec<String> = named.into_iter().chain(declared).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Whether the target's type is what everybody would write for the declared one.
fn is_same_type(declared: &str, pg: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let usual = match type_name(declared).as_str() {
        "INTEGER" | "INT" | "BIGINT" => "bigint",
        "REAL" | "DOUBLE" | "DOUBLE PRECISION" | "FLOAT" => "double precision",
        "TEXT" | "CLOB" => "text",
        "BLOB" | "" => "bytea",
        "BOOL" | "BOOLEAN" => "boolean",
        "DATETIME" | "TIMESTAMP" => "timestamp",
        "DECIMAL" | "NUMERIC" => "numeric",
        _ => "",
    };
    plain(declared) == plain(pg) || (usual == pg && !declared.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_type_says_is_not_said_again() {
        for (declared, pg, same) in [
            ("INTEGER", "bigint", true),
            ("integer", "bigint", true),
            ("VARCHAR(20)", "text", false),
            ("Numeric( 10, 2 )", "numeric(10,2)", true),
            ("NUMERIC(10,2)", "numeric", false),
            ("INTEGER", "text", false),
            ("", "text", false),
            ("TEXT", "text", true),
            ("DATE", "date", true),
            ("DATETIME", "text", false),
        ] {
            assert_eq!(is_same_type(declared, pg), same, "{declared} as {pg}");
        }
    }
}
