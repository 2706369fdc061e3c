//! The target side of the exact codecs of time: a field of a date, time, timestamp or interval to the SQLite value that
//! it came from.

use super::part::Part;
use super::sink::{INTEGER, REAL, Sink, TEXT};
use super::{count, interval, stamp};
use crate::plan::types::{Codec, PgType};

/// Writes the value that the field came from; `text` is a buffer.
pub(super) fn exact(sink: &mut Sink, text: &mut Vec<u8>, field: &[u8], mapping: Part<'_>) -> Option<()> {
    text.clear();
    match (mapping.pg, mapping.codec) {
        (PgType::Date, Codec::DayNumber) => sink.word(INTEGER, day_number(days(field)?)? as u64),
        (PgType::Timestamp(_) | PgType::Timestamptz(_), Codec::Epoch(unit)) => {
            sink.word(INTEGER, count::units_since_1970(micros(field)?, *unit)? as u64);
        }
        (PgType::Timestamp(p) | PgType::Timestamptz(p), Codec::EpochReal) => {
            sink.word(REAL, count::UNIX_SECONDS.real(micros(field)?, p)?.to_bits());
        }
        (PgType::Timestamp(p) | PgType::Timestamptz(p), Codec::Julian) => {
            sink.word(REAL, count::JULIAN_DAYS.real(micros(field)?, p)?.to_bits());
        }
        (PgType::Interval(_), Codec::IntervalUnits(unit)) => {
            sink.word(INTEGER, interval::whole_units(field, *unit)? as u64);
        }
        _ => {
            spelled(text, field, mapping)?;
            sink.bytes(TEXT, text);
        }
    }
    Some(())
}

/// The codecs that take TEXT in one spelling.
fn spelled(text: &mut Vec<u8>, field: &[u8], mapping: Part<'_>) -> Option<()> {
    match (mapping.pg, mapping.codec) {
        (PgType::Date, Codec::Date) => stamp::format_date(text, i64::from(days(field)?)),
        (PgType::Timestamp(_) | PgType::Timestamptz(_), Codec::Stamp(template)) => {
            stamp::format_stamp(text, micros(field)?, template)
        }
        (PgType::Time(_), Codec::TimeOfDay(template)) => stamp::format_time(text, micros(field)?, *template),
        _ => None,
    }
}

fn days(field: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(field.try_into().ok()?))
}

fn micros(field: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(field.try_into().ok()?))
}

/// `yyyymmdd`; the years are 1 to 9999.
fn day_number(days: i32) -> Option<i64> {
    let (year, month, day) = stamp::calendar(i64::from(days))?;
    Some((year * 100 + month) * 100 + day)
}
