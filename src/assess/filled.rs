//! Columns of an existing table that the target fills by itself, row by row: defaults that fail or are NULL where that may
//! not be, and sequences that have not enough numbers left.

use super::numbers;
use super::refused::is_of_data;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::ident::quote;
use crate::plan::TablePlan;
use crate::plan::ways::alter_column;
use crate::postgres::session::Session;
use crate::postgres::tries::{self, TryColumn};

/// What was found, and the columns whose default cannot be tried.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) findings: Vec<Finding>,
    pub(super) untried: Vec<String>,
}

/// Classes of errors that a default would have in the copy, too: it is computed from nothing that the rows bring. A function
/// that is gone or has lost its table, a right that is lacking, a feature that is not there, an error in a function.
const OF_EXPRESSION: [&str; 4] = ["42", "0A", "2F", "38"];

/// Looks at the columns of `table` that are not sent.
///
/// # Errors
/// A target fault.
pub(super) async fn check(
    session: &Session,
    schema: &str,
    table: &TablePlan,
    columns: &[TryColumn],
) -> Result<Filled> {
    let mut filled = Filled::default();
    let is_sent = |name: &str| table.columns.iter().any(|column| column.target == name);
    for column in columns.iter().filter(|column| !is_sent(&column.name) && !column.is_generated) {
        if column.is_numbered {
            filled.findings.extend(numbers::drawn(session, schema, table, &column.name).await?);
        } else if column.filled_by.is_some() {
            match tries::default_value(session, column).await? {
                Ok(true) if column.not_null => filled.findings.push(null(schema, table, column)),
                Ok(_) => {}
                Err(state) if is_of_data(&state) || OF_EXPRESSION.iter().any(|of| state.starts_with(of)) => {
                    filled.findings.push(failing(schema, table, column, &state));
                }
                Err(_) => filled.untried.push(format!("the default of {}", column.name)),
            }
        }
    }
    Ok(filled)
}

fn failing(schema: &str, table: &TablePlan, column: &TryColumn, state: &str) -> Finding {
    let message =
        format!("its default cannot be computed, and no row brings a value: it ends with the error {state}");
    let no_null = match column.not_null && !column.stays_not_null {
        true => format!(", ALTER COLUMN {} DROP NOT NULL", quote(&column.name)),
        false => String::new(),
    };
    let object = format!("{}.{}", table.target, column.name);
    Finding::new("E_EXPRESSION", Severity::Refusal, object, message)
        .count(table.rows)
        .way(alter_column(schema, &table.target, &column.name, &format!("SET DEFAULT NULL{no_null}")))
        .or("give it another default")
}

fn null(schema: &str, table: &TablePlan, column: &TryColumn) -> Finding {
    let object = format!("{}.{}", table.target, column.name);
    let message = "its default is NULL, the column is NOT NULL, and no row brings a value";
    let way = || alter_column(schema, &table.target, &column.name, "DROP NOT NULL");
    Finding::new("E_NOTNULL", Severity::Refusal, object, message)
        .count(table.rows)
        .or_way((!column.stays_not_null).then(way))
        .or("give it another default")
}
