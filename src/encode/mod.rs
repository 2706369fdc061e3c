//! SQLite values as fields of PostgreSQL's binary COPY (semantics.md §1.4–1.8, §2, §5.2, §5.7).
//!
//! Invariants:
//! - The server is never asked to convert, round, cut or pad: what a column cannot hold exactly is a [`Misfit`].
//! - A misfit appends nothing: after an error the buffer is as it was before the call.
//! - No value is copied anywhere but into the buffer, and nothing is allocated per value.
//!
//! Deliberately absent: reading anything back (that is the room `digest`, which shares no code with this one),
//! deciding a mapping (the plan does), and SQL.

mod count;
mod flag_votes;
mod frame;
mod interval;
mod json;
mod local;
mod misfit;
mod network;
mod numeric;
mod scalar;
mod short;
mod tagged;
mod temporal;
mod uuid;
mod uuid_style;
mod votes;
mod wire;
mod words;

#[cfg(test)]
mod tests;

pub use flag_votes::FlagVotes;
pub use frame::{Frame, FrameBuilder, LargeHead, LargePayload};
pub use json::{is_json, is_jsonb};
pub use local::is_time_zone;
pub use misfit::{Misfit, MisfitKind};
pub use uuid::is_uuid;
pub use uuid_style::UuidVotes;
pub use votes::TemplateVotes;
pub use wire::begin_row;

use crate::limits;
use crate::plan::types::{Classes, Codec, Mapping, PgType};
use crate::value::{Class, Value};

/// A target type and a codec: a [`Mapping`] from which every [`Codec::Only`] is taken off.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    pg: PgType,
    codec: &'a Codec,
}

/// Appends one field: its length as a 4-byte integer (−1 for NULL), then its bytes.
///
/// # Errors
/// The value is none that `mapping.codec` accepts, or the column's type cannot hold it exactly.
/// `out` is unchanged then.
#[inline]
pub fn value(value: Value<'_>, mapping: &Mapping, out: &mut Vec<u8>) -> Result<(), Misfit> {
    match (value, &mapping.codec) {
        (Value::Null, _) => wire::null(out),
        (Value::Integer(v), Codec::Int) => scalar::int(v, mapping.pg, out)?,
        (Value::Text(bytes), Codec::Text) => wire::bytes(scalar::text(bytes, mapping.pg)?, out),
        (Value::Real(v), Codec::Float | Codec::FloatNumber) => scalar::float(v, mapping.pg, out)?,
        _ => {
            let (value, pair) = part(value, mapping);
            uncommon(value, pair, out)?;
        }
    }
    Ok(())
}

/// The payload of a field where it is the value's own bytes (behind a class byte, if tagged) and these are longer than
/// [`limits::LARGE_VALUE_BYTES`], after every check that [`value`] makes: to be sent by [`FrameBuilder::put_large`] instead of being copied whole.
/// `None` for every other value, which goes through [`value`].
///
/// # Errors
/// As [`value`].
#[inline]
pub fn large_payload<'a>(value: Value<'a>, mapping: &Mapping) -> Result<Option<LargePayload<'a>>, Misfit> {
    match value {
        Value::Text(bytes) | Value::Blob(bytes) if bytes.len() > limits::LARGE_VALUE_BYTES => {
            let (value, pair) = part(value, mapping);
            Ok(match pair.codec {
                Codec::Tagged => tagged::large(value, pair.pg)?,
                _ => own_bytes(value, pair)?.map(LargePayload::plain),
            })
        }
        _ => Ok(None),
    }
}

/// The head of a field that a BLOB of `bytes` becomes, far more than any codec but those of bytes takes, to be sent in
/// slices ([`FrameBuilder::begin_large`]); none where it is NULL, because the BLOB belongs to another part of a split column.
///
/// # Errors
/// As [`value`].
pub fn large_blob(bytes: u64, mapping: &Mapping) -> Result<Option<LargeHead>, Misfit> {
    let (Value::Blob(_), Pair { pg, codec }) = part(Value::Blob(&[]), mapping) else { return Ok(None) };
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let (class, all_bytes) = match codec {
        Codec::Blob | Codec::BytesForm => (None, bytes),
        Codec::Tagged => (Some(tagged::BLOB), bytes.saturating_add(1)),
        Codec::UuidAny | Codec::UuidBlob(_) if pg == PgType::Uuid => return Err(MisfitKind::UuidBlob.into()),
        _ => return Err(MisfitKind::Class(Class::Blob, pg).into()),
    };
    if pg != PgType::Bytea {
        return Err(wrong_pair(pg).into());
    }
    if all_bytes > limits::FIELD_BYTES_MAX {
        return Err(MisfitKind::FieldSize.into());
    }
    Ok(Some(LargeHead { class, bytes }))
}

/// What is encoded of the value, and how: one part of a split column has NULL for the classes of the other parts.
fn part<'v, 'm>(mut value: Value<'v>, mapping: &'m Mapping) -> (Value<'v>, Pair<'m>) {
    let mut codec = &mapping.codec;
    while let Codec::Only(classes, inner) = codec {
        if !is_of(value.class(), *classes) {
            value = Value::Null;
        }
        codec = inner;
    }
    (value, Pair { pg: mapping.pg, codec })
}

fn is_of(class: Class, classes: Classes) -> bool {
    match class {
        Class::Null => true,
        Class::Integer => classes.integer,
        Class::Real => classes.real,
        Class::Text => classes.text,
        Class::Blob => classes.blob,
    }
}

/// The value's own bytes, checked, where the field consists of nothing else.
fn own_bytes<'a>(value: Value<'a>, mapping: Pair<'_>) -> Result<Option<&'a [u8]>, Misfit> {
    Ok(match (value, mapping.codec) {
        (Value::Text(bytes), Codec::Text) => Some(scalar::text(bytes, mapping.pg)?),
        (Value::Text(bytes), Codec::TextForm) => Some(scalar::text_form_text(bytes, mapping.pg)?),
        (Value::Blob(bytes), Codec::Blob) => Some(scalar::bytea(bytes, mapping.pg)?),
        (Value::Text(bytes) | Value::Blob(bytes), Codec::BytesForm) => {
            Some(scalar::bytea(bytes, mapping.pg)?)
        }
        (Value::Text(bytes), Codec::Json) => Some(json::json(bytes, mapping.pg)?),
        (Value::Text(bytes), Codec::Label(labels)) => Some(words::label(bytes, labels, mapping.pg)?),
        _ => None,
    })
}

fn uncommon(value: Value<'_>, mapping: Pair<'_>, out: &mut Vec<u8>) -> Result<(), Misfit> {
    match value {
        Value::Null => wire::null(out),
        Value::Integer(v) => integer(v, mapping, out)?,
        Value::Real(v) => real(v, mapping, out)?,
        Value::Text(_) | Value::Blob(_) => {
            if let Some(bytes) = own_bytes(value, mapping)? {
                wire::bytes(bytes, out);
            } else {
                converted(value, mapping, out)?;
            }
        }
    }
    Ok(())
}

fn integer(v: i64, mapping: Pair<'_>, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let pg = mapping.pg;
    match mapping.codec {
        Codec::Int => scalar::int(v, pg, out),
        Codec::Bool => scalar::boolean(v, pg, out),
        Codec::Number | Codec::NumberByValue => numeric::integer(v, pg, out),
        Codec::FloatNumber => scalar::float_of_integer(v, pg, out),
        Codec::TextForm => scalar::text_form_number(short::integer(v), pg, out),
        Codec::BytesForm => scalar::bytes_form_number(short::integer(v), pg, out),
        Codec::Tagged => tagged::any(Value::Integer(v), pg, out),
        Codec::Epoch(unit) => count::epoch(v, *unit, pg, out),
        Codec::DayNumber => count::day_number(v, pg, out),
        Codec::IntervalUnits(unit) => interval::units(v, *unit, pg, out),
        _ => Err(MisfitKind::Class(Value::Integer(v).class(), pg)),
    }
}

fn real(v: f64, mapping: Pair<'_>, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let pg = mapping.pg;
    if v.is_nan() {
        return Err(MisfitKind::Nan);
    }
    match mapping.codec {
        Codec::Float | Codec::FloatNumber => scalar::float(v, pg, out),
        Codec::Number => numeric::real_of_class(v, pg, out),
        Codec::NumberByValue => numeric::real(v, pg, out),
        Codec::TextForm => scalar::text_form_number(short::real(v), pg, out),
        Codec::BytesForm => scalar::bytes_form_number(short::real(v), pg, out),
        Codec::Tagged => tagged::any(Value::Real(v), pg, out),
        Codec::EpochReal => count::epoch_real(v, pg, out),
        Codec::Julian => count::julian(v, pg, out),
        _ => Err(MisfitKind::Class(Value::Real(v).class(), pg)),
    }
}

/// TEXT and BLOB that become something else than their own bytes.
fn converted(value: Value<'_>, mapping: Pair<'_>, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let pg = mapping.pg;
    match (value, mapping.codec) {
        (Value::Text(text), Codec::Jsonb) => json::jsonb(text, pg, out),
        (Value::Text(text), Codec::Uuid) => uuid::strict(text, pg, out),
        (Value::Text(text), Codec::UuidAny) => uuid::any(text, pg, out),
        (Value::Blob(bytes), Codec::UuidAny) => uuid::blob(bytes, pg, out),
        (Value::Text(text), Codec::UuidStyle(style)) => uuid_style::styled(text, *style, pg, out),
        (Value::Blob(bytes), Codec::UuidBlob(order)) => uuid_style::ordered(bytes, *order, pg, out),
        (Value::Text(text), Codec::FlagText { yes, no }) => words::flag(text, yes, no, pg, out),
        (Value::Text(text), Codec::Network) => network::address(text, pg, out),
        (_, Codec::Tagged) => tagged::any(value, pg, out),
        (Value::Text(text), Codec::Date) => temporal::date(text, pg, out),
        (Value::Text(text), Codec::Stamp(template)) => temporal::stamp(text, template, pg, out),
        (Value::Text(text), Codec::AnyTimestamp) => temporal::any_timestamp(text, pg, out),
        (Value::Text(text), Codec::AnyTimestamptz) => temporal::any_timestamptz(text, pg, out),
        (Value::Text(text), Codec::AnyTime) => temporal::any_time(text, pg, out),
        (Value::Text(text), Codec::TimeOfDay(template)) => temporal::time_of_day(text, *template, pg, out),
        (Value::Text(text), Codec::LocalTime(zone)) => local::timestamptz(text, zone, pg, out),
        (Value::Text(text), Codec::Interval) => interval::text(text, pg, out),
        (Value::Text(text), Codec::IntervalSince1970) => interval::since_1970(text, pg, out),
        _ => Err(MisfitKind::Class(value.class(), pg)),
    }
}

/// The plan paired a codec with a type that it cannot fill: our own mistake, and never a value sent.
fn wrong_pair(pg: PgType) -> MisfitKind {
    MisfitKind::Mapping(pg)
}
