//! The target side: a field of binary COPY to its canonical bytes.
//!
//! The layouts are those of PostgreSQL's send functions: `boolsend`, `int8send`, `float8send`, `numeric_send`,
//! `textsend`, `enum_send`, `jsonb_send`, `byteasend`, `uuid_send`, `network_send`, `macaddr_send`, `date_send`, `time_send`,
//! `timestamp_send`, `interval_send`.

use super::number::{self, Wire};
use super::part::Part;
use super::scratch::Scratch;
use super::scratch::trim_padding;
use super::sink::{BLOB, INSTANT, INTEGER, JSON, NETWORK, NUMBER, REAL, Side, Sink, TEXT, UUID};
use super::{interval, json, meaning, moment, network, uuid};
use crate::plan::types::{Codec, Domain, Mapping, PgType};

/// Writes one field in the domain of its column; `None` is NULL.
#[inline]
pub(super) fn target_field(sink: &mut Sink, scratch: &mut Scratch, field: Option<&[u8]>, mapping: &Mapping) {
    match (field, mapping.pg, &mapping.codec) {
        (None, _, _) => sink.null(),
        // The columns of most tables, without a call.
        (Some(field), PgType::Text, Codec::Text) => sink.bytes(TEXT, field),
        (Some(field), PgType::Bytea, Codec::Blob) => sink.bytes(BLOB, field),
        (Some(&[a, b, c, d, e, f, g, h]), PgType::Int8, Codec::Int) => {
            sink.word(INTEGER, u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        }
        (Some(field), PgType::Float8, Codec::Float) => real(sink, field),
        (Some(field), _, _) => in_domain(sink, scratch, field, mapping),
    }
}

fn in_domain(sink: &mut Sink, scratch: &mut Scratch, field: &[u8], mapping: &Mapping) {
    let mapping = Part::of_field(mapping);
    let written = match mapping.codec.domain() {
        Domain::Exact => exact(sink, &mut scratch.text, field, mapping),
        Domain::Number => sink.form(NUMBER, |out| by_value(out, field, mapping.pg)),
        Domain::TextForm => text_form(sink, field, mapping.pg),
        Domain::BytesForm => bytes_form(sink, field, mapping.pg),
        Domain::Instant => instant(sink, field, mapping.pg),
        Domain::Uuid => {
            sink.form(UUID, |out| uuid::bytes(field, mapping.pg).map(|id| out.extend_from_slice(id)))
        }
        Domain::Json => sink.form(JSON, |out| match (mapping.pg, field) {
            (PgType::Jsonb, [1, text @ ..]) => json::canonical(out, text, &mut scratch.json),
            (PgType::Json, text) => json::canonical(out, text, &mut scratch.json),
            _ => None,
        }),
        Domain::Network => sink.form(NETWORK, |out| network::of_field(out, field, mapping.pg)),
        Domain::Interval => interval::target(sink, field, mapping.pg),
        Domain::Meaning => meaning::target(sink, scratch, field, mapping),
    };
    if written.is_none() {
        sink.undecodable(Side::Target, 0, field);
    }
}

#[inline]
fn real(sink: &mut Sink, field: &[u8]) {
    match float(field, PgType::Float8) {
        Some(real) => sink.word(REAL, real.to_bits()),
        None => sink.undecodable(Side::Target, 0, field),
    }
}

/// The SQLite value that the field came from.
fn exact(sink: &mut Sink, text: &mut Vec<u8>, field: &[u8], mapping: Part<'_>) -> Option<()> {
    match mapping.pg {
        PgType::Bool => flag(sink, field, mapping.codec)?,
        PgType::Int2 | PgType::Int4 | PgType::Int8 => {
            sink.word(INTEGER, whole(field, mapping.pg)? as u64);
        }
        PgType::Float4 | PgType::Float8 => sink.word(REAL, float(field, mapping.pg)?.to_bits()),
        PgType::Numeric(_) => numeric(sink, text, field)?,
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Json => sink.bytes(TEXT, field),
        PgType::Char(_) => sink.bytes(TEXT, trim_padding(field)),
        PgType::Enum => sink.bytes(TEXT, field),
        PgType::Bytea if matches!(mapping.codec, Codec::Tagged) => tagged(sink, field)?,
        PgType::Bytea => sink.bytes(BLOB, field),
        PgType::Uuid => uuid::exact(sink, text, field, mapping)?,
        PgType::Date | PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Time(_) => {
            moment::exact(sink, text, field, mapping)?;
        }
        PgType::Interval(_) => moment::exact(sink, text, field, mapping)?,
        PgType::Jsonb | PgType::Inet | PgType::Cidr | PgType::Macaddr => return None,
    }
    Some(())
}

/// A boolean: the INTEGER, or the spelling of its column.
fn flag(sink: &mut Sink, field: &[u8], codec: &Codec) -> Option<()> {
    match (whole(field, PgType::Bool)?, codec) {
        (1, Codec::FlagText { yes, .. }) => sink.bytes(TEXT, yes.as_bytes()),
        (_, Codec::FlagText { no, .. }) => sink.bytes(TEXT, no.as_bytes()),
        (flag, _) => sink.word(INTEGER, flag as u64),
    }
    Some(())
}

/// The value behind its class byte.
fn tagged(sink: &mut Sink, field: &[u8]) -> Option<()> {
    let (class, payload) = field.split_first()?;
    match class {
        1 => sink.word(INTEGER, u64::from_be_bytes(payload.try_into().ok()?)),
        2 => sink.word(REAL, float(payload, PgType::Float8)?.to_bits()),
        3 => sink.bytes(TEXT, payload),
        4 => sink.bytes(BLOB, payload),
        _ => return None,
    }
    Some(())
}

fn whole(field: &[u8], pg: PgType) -> Option<i64> {
    match (pg, field) {
        (PgType::Bool, [flag @ (0 | 1)]) => Some(i64::from(*flag)),
        (PgType::Int2, _) => Some(i64::from(i16::from_be_bytes(field.try_into().ok()?))),
        (PgType::Int4, _) => Some(i64::from(i32::from_be_bytes(field.try_into().ok()?))),
        (PgType::Int8, _) => Some(i64::from_be_bytes(field.try_into().ok()?)),
        _ => None,
    }
}

/// A float, `real` widened; SQLite has no NaN, so a NaN is nothing that we sent.
fn float(field: &[u8], pg: PgType) -> Option<f64> {
    let value = match pg {
        PgType::Float4 => f64::from(f32::from_be_bytes(field.try_into().ok()?)),
        PgType::Float8 => f64::from_be_bytes(field.try_into().ok()?),
        _ => return None,
    };
    (!value.is_nan()).then_some(value)
}

/// `numeric`: an INTEGER where it is one of 64 bits, else the REAL whose shortest decimal, or whole number, it is
/// (semantics.md §1.5). A number with other digits did not come from a REAL, however near one it is.
fn numeric(sink: &mut Sink, text: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    let wire = Wire::parse(field)?;
    if let Some(integer) = wire.integer() {
        sink.word(INTEGER, integer as u64);
        return Some(());
    }
    let real = wire.real(text)?;
    text.clear();
    wire.canonical(text)?;
    let split = text.len();
    number::real_shortest(text, real)?;
    let came_from_it = text[..split] == text[split..] || is_whole_digits(text, split, real);
    came_from_it.then(|| sink.word(REAL, real.to_bits()))
}

/// The digits of a whole number beyond 64 bits, as another tool may have written them; seldom, so it may allocate.
#[cold]
fn is_whole_digits(text: &mut Vec<u8>, split: usize, real: f64) -> bool {
    text.truncate(split);
    let digits = format!("{real:.0}");
    real.fract() == 0.0
        && number::decimal_text(text, digits.as_bytes()).is_some()
        && text[..split] == text[split..]
}

fn by_value(out: &mut Vec<u8>, field: &[u8], pg: PgType) -> Option<()> {
    match pg {
        PgType::Int2 | PgType::Int4 | PgType::Int8 => number::integer(out, whole(field, pg)?),
        PgType::Float4 | PgType::Float8 => number::real_exact(out, float(field, pg)?),
        PgType::Numeric(_) => Wire::parse(field)?.canonical(out),
        _ => None,
    }
}

fn text_form(sink: &mut Sink, field: &[u8], pg: PgType) -> Option<()> {
    match pg {
        PgType::Text | PgType::Varchar(_) | PgType::Citext => sink.bytes(TEXT, field),
        _ => return None,
    }
    Some(())
}

fn bytes_form(sink: &mut Sink, field: &[u8], pg: PgType) -> Option<()> {
    if pg != PgType::Bytea {
        return None;
    }
    sink.bytes(BLOB, field);
    Some(())
}

/// Microseconds; PostgreSQL's own `infinity` is nothing that we sent.
fn instant(sink: &mut Sink, field: &[u8], pg: PgType) -> Option<()> {
    let microseconds = match pg {
        PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Time(_) => {
            i64::from_be_bytes(field.try_into().ok()?)
        }
        _ => return None,
    };
    if microseconds == i64::MIN || microseconds == i64::MAX {
        return None;
    }
    sink.word(INSTANT, microseconds as u64);
    Some(())
}
