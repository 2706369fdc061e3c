//! How the columns of a result are compared: by the copy's own mapping where a column came through as it is, else by the
//! target's type.

use crate::counts::plural;
use crate::digest::Meaning;
use crate::plan::Plan;
use crate::plan::types::{Codec, Mapping, PgType};
use crate::postgres::ask::AnsweredColumn;
use crate::sqlite::ask::AskedColumn;
use std::mem::discriminant;

/// The meaning of every column.
///
/// # Errors
/// Why the results cannot be compared, in words.
pub(super) fn of(
    source: &[AskedColumn],
    target: &[AnsweredColumn],
    plan: Option<&Plan>,
) -> Result<Vec<Meaning>, String> {
    if source.len() != target.len() {
        return Err(format!(
            "the source gives {}, the target {}",
            plural(source.len() as u64, "column"),
            target.len()
        ));
    }
    source.iter().zip(target).map(|(source, target)| of_column(source, target, plan)).collect()
}

fn of_column(source: &AskedColumn, target: &AnsweredColumn, plan: Option<&Plan>) -> Result<Meaning, String> {
    let Some(pg) = target.pg else {
        return Err(format!(
            "column \"{}\" is of type {}, which is not compared: cast it to text on both sides",
            target.name, target.type_name
        ));
    };
    let is_plain = target.plain && source.origin.is_some();
    let copied = plan.filter(|_| is_plain).and_then(|plan| copied(source, plan));
    if let Some(mapping) = copied.filter(|mapping| discriminant(&mapping.pg) == discriminant(&pg)) {
        return Ok(Meaning { mapping: mapping.clone(), approximate: false });
    }
    let is_number = matches!(
        pg,
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Float4 | PgType::Float8 | PgType::Numeric(_)
    );
    Ok(Meaning {
        mapping: Mapping { codec: codec(pg), pg: read_as(pg) },
        approximate: is_number && !is_plain,
    })
}

/// The mapping by which the column was copied.
fn copied<'a>(source: &AskedColumn, plan: &'a Plan) -> Option<&'a Mapping> {
    let (table, column) = source.origin.as_ref()?;
    let table = plan.tables.iter().find(|planned| planned.source == *table)?;
    let mut columns = table.columns.iter().filter(|planned| planned.source == *column);
    // Of a split column no part is what the source's query gives.
    columns.next().filter(|_| columns.next().is_none()).map(|planned| &planned.mapping)
}

/// Labels of an enumerated type travel as texts.
fn read_as(pg: PgType) -> PgType {
    if pg == PgType::Enum { PgType::Text } else { pg }
}

/// In which form the source is expected to hold such values.
fn codec(pg: PgType) -> Codec {
    match pg {
        PgType::Bool => Codec::Bool,
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Float4 | PgType::Float8 | PgType::Numeric(_) => {
            Codec::NumberByValue
        }
        PgType::Char(_) => Codec::Text,
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Enum => Codec::TextForm,
        PgType::Json | PgType::Jsonb => Codec::Jsonb,
        PgType::Bytea => Codec::BytesForm,
        PgType::Uuid => Codec::UuidAny,
        PgType::Date => Codec::Date,
        PgType::Time(_) => Codec::AnyTime,
        PgType::Timestamp(_) => Codec::AnyTimestamp,
        PgType::Timestamptz(_) => Codec::AnyTimestamptz,
        PgType::Interval(_) => Codec::Interval,
        PgType::Inet | PgType::Cidr | PgType::Macaddr => Codec::Network,
    }
}
