//! Sequences of existing tables that could not be set past the numbers that the source has given: seen before the rows are
//! there, since sequences are set after them.

use crate::error::Result;
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::plan::TablePlan;
use crate::plan::types::PgType;
use crate::postgres::sequence::{self, Place, SequenceRange};
use crate::postgres::session::Session;

/// What stands against setting the sequences of existing `tables` of `schema`; rows of those in `kept` stay.
///
/// # Errors
/// A target fault.
pub(super) async fn check(
    session: &Session,
    schema: &str,
    tables: &[TablePlan],
    kept: &[String],
) -> Result<Vec<Finding>> {
    let (mut found, role) = (Vec::new(), session.server_info().user.clone());
    for table in tables {
        let places: Vec<Place> = places(table).collect();
        if places.is_empty() {
            continue;
        }
        let ranges = sequence::ranges(session, schema, &places).await?;
        let is_kept = kept.contains(&table.target);
        let all = places.iter().zip(ranges);
        found.extend(all.filter_map(|(place, range)| against(schema, place, (&range, &role), is_kept)));
    }
    Ok(found)
}

/// A column that the configuration has made small, and a sequence that has given more than it holds.
pub(super) fn of_created(table: &TablePlan) -> impl Iterator<Item = Finding> + '_ {
    table.sequences.iter().filter_map(|sequence| {
        let column = table.columns.iter().find(|column| column.target == sequence.column)?;
        let end = match column.mapping.pg {
            PgType::Int2 => SMALLINT_MAX,
            PgType::Int4 => INTEGER_MAX,
            _ => return None,
        };
        let number = sequence.floor().filter(|number| *number > end)?;
        let object = format!("{}.{}", table.source, column.source);
        let message = format!("its numbers would end at {end}, and numbers up to {number} are given");
        Some(Finding::new("E_SEQUENCE_RANGE", Severity::Refusal, object, message).way(Way::of_column(
            &table.source,
            &column.source,
            "type",
            "\"bigint\"",
        )))
    })
}

/// A sequence that has fewer numbers left than `table` has rows, each of which draws one for `column`.
///
/// # Errors
/// A target fault.
pub(super) async fn drawn(
    session: &Session,
    schema: &str,
    table: &TablePlan,
    column: &str,
) -> Result<Option<Finding>> {
    let place = Place { table: table.target.clone(), column: column.to_owned(), floor: None };
    let range = sequence::ranges(session, schema, std::slice::from_ref(&place)).await?.pop();
    let Some(range) = range.filter(|range| range.step > 0 && !range.cycles) else { return Ok(None) };
    let Some(state) = range.state else { return Ok(None) };
    let numbers = |next: i64| (i128::from(range.max) - i128::from(next)) / i128::from(range.step) + 1;
    let left = state.next.map_or(0, numbers);
    let last = i128::from(state.next.unwrap_or(range.max)) + i128::from(table.rows) * i128::from(range.step);
    Ok((i128::from(table.rows) > left).then(|| {
        let object = format!("{}.{column}", table.target);
        let message = format!(
            "its sequence {} ends at {} and has {left} numbers left, and each of {} rows draws one",
            range.name, range.max, table.rows
        );
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        Finding::new("E_SEQUENCE_RANGE", Severity::Refusal, object, message)
            .way(Way::Target(widen(schema, &place, &range, last)))
    }))
}

fn places(table: &TablePlan) -> impl Iterator<Item = Place> + '_ {
    table.sequences.iter().map(|sequence| Place {
        table: table.target.clone(),
        column: sequence.column.clone(),
        floor: sequence.floor(),
    })
}

fn against(
    schema: &str,
    place: &Place,
    (range, role): (&SequenceRange, &str),
    is_kept: bool,
) -> Option<Finding> {
    let object = format!("{}.{}", place.table, place.column);
    if !range.lacking.is_empty() {
        let message = format!("this role may not set the sequence {} past the rows", range.name);
        let rights = range.lacking.join(", ");
        let grant = format!("GRANT {rights} ON SEQUENCE {} TO {}", range.name, quote(role));
        return Some(Finding::new("E_RIGHTS", Severity::Refusal, object, message).way(Way::Target(grant)));
    }
    let mut state = range.state?;
    if !is_kept {
        state.largest = None;
    }
    let number = state.behind(place.floor)?;
    let message = match range.step < 0 {
        true => format!("its sequence {} counts down, and could not get past {number}", range.name),
        false if number > range.max => {
            format!("its sequence {} ends at {}, and numbers up to {number} are given", range.name, range.max)
        }
        false => return None,
    };
    Some(
        Finding::new("E_SEQUENCE_RANGE", Severity::Refusal, object, message)
            .way(Way::Target(widen(schema, place, range, number))),
    )
}

/// A number that the column cannot hold helps nobody: then the column becomes larger, too.
fn widen(schema: &str, place: &Place, range: &SequenceRange, number: i64) -> String {
    let (table, column) = (qualified(schema, &place.table), quote(&place.column));
    let (column, of_type) = match (range.column_type.as_str(), number) {
        ("smallint", ..=SMALLINT_MAX) => (String::new(), "smallint"),
        ("integer", ..=INTEGER_MAX) => (String::new(), "integer"),
        ("smallint" | "integer", _) => {
            (format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint; "), "bigint")
        }
        _ => (String::new(), "bigint"),
    };
    let up = if range.step < 0 { " INCREMENT BY 1" } else { "" };
    format!("{column}ALTER SEQUENCE {} AS {of_type}{up} NO MAXVALUE", range.name)
}

const SMALLINT_MAX: i64 = i16::MAX as i64;
const INTEGER_MAX: i64 = i32::MAX as i64;
