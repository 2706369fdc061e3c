//! The source side: a SQLite value to its canonical bytes.

use super::number::{self, Short};
use super::part::Part;
use super::scratch::{Scratch, trim_padding};
use super::sink::{BLOB, INSTANT, INTEGER, JSON, NETWORK, NULL, NUMBER, REAL, Side, Sink, TEXT, UUID};
use super::{interval, json, local, meaning, network, stamp, uuid};
use crate::plan::types::{Codec, Domain, Mapping, PgType};
use crate::value::Value;

/// Writes one value in the domain of its column.
#[inline]
pub(super) fn source_value(sink: &mut Sink, scratch: &mut Scratch, value: Value<'_>, mapping: &Mapping) {
    // Most columns: nothing to call, and nothing to ask of the codec but whether it is one of these.
    match mapping.codec {
        Codec::Bool | Codec::Int | Codec::Float | Codec::Number | Codec::Text | Codec::Blob | Codec::Json => {
            exact(sink, value, mapping.pg)
        }
        Codec::Uuid | Codec::Date | Codec::Stamp(_) => exact(sink, value, mapping.pg),
        _ => in_domain(sink, scratch, value, mapping),
    }
}

fn in_domain(sink: &mut Sink, scratch: &mut Scratch, value: Value<'_>, mapping: &Mapping) {
    let (mapping, value) = Part::of_value(mapping, value);
    if value == Value::Null {
        return sink.null();
    }
    let written = match mapping.codec.domain() {
        Domain::Exact => return exact(sink, value, mapping.pg),
        Domain::Number => sink.form(NUMBER, |out| by_value(out, value, mapping.pg)),
        Domain::TextForm => text_form(sink, value),
        Domain::BytesForm => bytes_form(sink, value),
        Domain::Instant => instant(sink, value, mapping.codec),
        Domain::Uuid => sink.form(UUID, |out| uuid::any(value).map(|id| out.extend_from_slice(&id))),
        Domain::Json => sink.form(JSON, |out| match value {
            Value::Text(text) => json::canonical(out, text, &mut scratch.json),
            _ => None,
        }),
        Domain::Network => sink.form(NETWORK, |out| match value {
            Value::Text(text) => network::of_text(out, text, mapping.pg),
            _ => None,
        }),
        Domain::Interval => interval::source(sink, value, mapping.codec),
        Domain::Meaning => meaning::source(sink, scratch, value, mapping),
    };
    if written.is_none() {
        undecodable(sink, value);
    }
}

/// Begins a large BLOB in the domain of its column: its own bytes, or bytes that are no value of it. False for NULL.
pub(super) fn begin_blob(sink: &mut Sink, bytes: u64, mapping: &Mapping) -> bool {
    let (mapping, value) = Part::of_value(mapping, Value::Blob(&[]));
    if value == Value::Null {
        sink.null();
        return false;
    }
    match mapping.codec.domain() {
        Domain::Meaning if mapping.pg == PgType::Bytea => sink.begin_bytes(BLOB, bytes),
        Domain::Exact | Domain::BytesForm => sink.begin_bytes(BLOB, bytes),
        _ => sink.begin_undecodable(Side::Source, BLOB, bytes),
    }
    true
}

/// The value as it is, of whatever class: a class that the codec does not take meets no equal on the other side,
/// because no field of that type decodes to it.
#[inline]
fn exact(sink: &mut Sink, value: Value<'_>, pg: PgType) {
    match value {
        Value::Null => sink.null(),
        Value::Integer(integer) => sink.word(INTEGER, integer as u64),
        Value::Real(real) => sink.word(REAL, real.to_bits()),
        Value::Text(text) if matches!(pg, PgType::Char(_)) => sink.bytes(TEXT, trim_padding(text)),
        Value::Text(text) => sink.bytes(TEXT, text),
        Value::Blob(bytes) => sink.bytes(BLOB, bytes),
    }
}

/// A number by value. In `numeric` a REAL is its shortest decimal; in the binary types it is exactly itself.
fn by_value(out: &mut Vec<u8>, value: Value<'_>, pg: PgType) -> Option<()> {
    match (value, pg) {
        (Value::Integer(integer), _) => number::integer(out, integer),
        (Value::Real(real), PgType::Numeric(_)) => number::real_shortest(out, real),
        (Value::Real(real), _) => number::real_exact(out, real),
        _ => None,
    }
}

fn text_form(sink: &mut Sink, value: Value<'_>) -> Option<()> {
    match value {
        Value::Text(text) => sink.bytes(TEXT, text),
        _ => sink.bytes(TEXT, number_text(value)?.as_bytes()),
    }
    Some(())
}

fn bytes_form(sink: &mut Sink, value: Value<'_>) -> Option<()> {
    match value {
        Value::Text(bytes) | Value::Blob(bytes) => sink.bytes(BLOB, bytes),
        _ => sink.bytes(BLOB, number_text(value)?.as_bytes()),
    }
    Some(())
}

/// The text form of a number: INTEGER in decimal, REAL so that its class and every bit can be told again.
fn number_text(value: Value<'_>) -> Option<Short> {
    match value {
        Value::Integer(integer) => Short::of(format_args!("{integer}")),
        Value::Real(f64::INFINITY) => Short::of(format_args!("Infinity")),
        Value::Real(f64::NEG_INFINITY) => Short::of(format_args!("-Infinity")),
        Value::Real(real) => Short::of(format_args!("{real:?}")),
        _ => None,
    }
}

fn instant(sink: &mut Sink, value: Value<'_>, codec: &Codec) -> Option<()> {
    let Value::Text(text) = value else { return None };
    let microseconds = match codec {
        Codec::AnyTimestamp => stamp::parse_instant(text, false)?,
        Codec::AnyTimestamptz => stamp::parse_instant(text, true)?,
        Codec::AnyTime => stamp::parse_time(text)?,
        Codec::LocalTime(zone) => local::parse_instant(text, zone)?,
        _ => return None,
    };
    sink.word(INSTANT, microseconds as u64);
    Some(())
}

fn undecodable(sink: &mut Sink, value: Value<'_>) {
    match value {
        Value::Null => sink.undecodable(Side::Source, NULL, &[]),
        Value::Integer(integer) => sink.undecodable(Side::Source, INTEGER, &integer.to_be_bytes()),
        Value::Real(real) => sink.undecodable(Side::Source, REAL, &real.to_bits().to_be_bytes()),
        Value::Text(text) => sink.undecodable(Side::Source, TEXT, text),
        Value::Blob(bytes) => sink.undecodable(Side::Source, BLOB, bytes),
    }
}
