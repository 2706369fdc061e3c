//! Columns of copies that another tool made: both sides in the meaning of the target's type, whatever class or spelling the
//! source's value has ([`Codec::Meaning`]).
//!
//! `'t'`, `1` and `1.0` are one boolean, `'12'` and `12` one integer, an instant is one in every spelling. A value that has
//! no such meaning gets the form of what cannot be decoded, so that it is never equal to anything.

use super::endless::{self, EARLIEST, LATEST};
use super::number::{self, Short, Wire};
use super::part::Part;
use super::scratch::{Scratch, trim_padding};
use super::sink::{BLOB, INSTANT, INTEGER, JSON, NETWORK, NUMBER, Sink, TEXT, UUID};
use super::stamp::{self, DAY, SECOND};
use super::{interval, json, network, uuid};
use crate::plan::types::{Codec, PgType, Reading, Unit};
use crate::value::Value;

/// From 1970-01-01 to 2000-01-01, from which instants count, in microseconds.
const MICROS_1970_TO_2000: i128 = 10_957 * DAY as i128;

/// 2000-01-01 00:00 as a Julian day.
const JULIAN_2000: f64 = 2_451_544.5;

/// Writes a value of the source.
pub(super) fn source(sink: &mut Sink, scratch: &mut Scratch, value: Value<'_>, part: Part<'_>) -> Option<()> {
    // Bytes that are text mean that text, but where bytes are meant.
    let value = match value {
        Value::Blob(bytes) if !matches!(part.pg, PgType::Bytea | PgType::Uuid) => {
            Value::Text(std::str::from_utf8(bytes).ok()?.as_bytes())
        }
        value => value,
    };
    match part.pg {
        PgType::Bool => sink.word(INTEGER, u64::from(truth(value)?)),
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Float8 => {
            sink.form(NUMBER, |out| exact_number(out, value, part.pg))?;
        }
        PgType::Float4 | PgType::Numeric(_) => sink.form(NUMBER, |out| decimal(out, value, part.pg))?,
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Enum => words(sink, TEXT, value, part)?,
        PgType::Char(_) => match value {
            Value::Text(text) => words(sink, TEXT, Value::Text(trim_padding(text)), part)?,
            value => words(sink, TEXT, value, part)?,
        },
        PgType::Bytea => words(sink, BLOB, value, part)?,
        PgType::Json | PgType::Jsonb => sink.form(JSON, |out| {
            let short = number_text(value);
            let text = match (value, &short) {
                (Value::Text(text), _) => text,
                (_, Some(short)) => short.as_bytes(),
                _ => return None,
            };
            json::canonical(out, text, &mut scratch.json)
        })?,
        PgType::Uuid => sink.form(UUID, |out| uuid::any(value).map(|id| out.extend_from_slice(&id)))?,
        PgType::Date | PgType::Timestamp(_) | PgType::Timestamptz(_) => {
            sink.word(INSTANT, instant(value, reading(part.codec))?.cast_unsigned());
        }
        PgType::Time(_) => sink.word(INSTANT, stamp::parse_time(text_of(value)?)?.cast_unsigned()),
        PgType::Interval(_) => interval::source(sink, value, part.codec)?,
        PgType::Inet | PgType::Cidr | PgType::Macaddr => {
            sink.form(NETWORK, |out| network::of_text(out, text_of(value)?, part.pg))?;
        }
    }
    Some(())
}

/// Writes a field of the target.
pub(super) fn target(sink: &mut Sink, scratch: &mut Scratch, field: &[u8], part: Part<'_>) -> Option<()> {
    match part.pg {
        PgType::Bool => sink.word(INTEGER, u64::from(*field.first()?)),
        PgType::Int2 | PgType::Int4 | PgType::Int8 => {
            sink.form(NUMBER, |out| number::integer(out, whole(field)?))?;
        }
        PgType::Float8 => sink.form(NUMBER, |out| double(out, f64::from_be_bytes(field.try_into().ok()?)))?,
        PgType::Float4 => {
            sink.form(NUMBER, |out| shortest(out, f32::from_be_bytes(field.try_into().ok()?)))?
        }
        PgType::Numeric(_) if number::is_nan_field(field) => {
            sink.form(NUMBER, |out| double(out, f64::NAN))?
        }
        PgType::Numeric(_) => sink.form(NUMBER, |out| Wire::parse(field)?.canonical(out))?,
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Enum => {
            words(sink, TEXT, Value::Text(field), part)?;
        }
        PgType::Char(_) => words(sink, TEXT, Value::Text(trim_padding(field)), part)?,
        PgType::Bytea => words(sink, BLOB, Value::Blob(field), part)?,
        PgType::Json => sink.form(JSON, |out| json::canonical(out, field, &mut scratch.json))?,
        PgType::Jsonb => sink.form(JSON, |out| match field {
            [1, text @ ..] => json::canonical(out, text, &mut scratch.json),
            _ => None,
        })?,
        PgType::Uuid => {
            sink.form(UUID, |out| uuid::bytes(field, part.pg).map(|id| out.extend_from_slice(id)))?;
        }
        PgType::Date => {
            let instant = match i32::from_be_bytes(field.try_into().ok()?) {
                i32::MAX => LATEST,
                i32::MIN => EARLIEST,
                days => i64::from(days) * DAY,
            };
            sink.word(INSTANT, instant.cast_unsigned());
        }
        PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Time(_) => {
            let micros = i64::from_be_bytes(field.try_into().ok()?);
            sink.word(INSTANT, counted(micros, reading(part.codec)).cast_unsigned());
        }
        PgType::Interval(_) => interval::target(sink, field, part.pg)?,
        PgType::Inet | PgType::Cidr | PgType::Macaddr => {
            sink.form(NETWORK, |out| network::of_field(out, field, part.pg))?;
        }
    }
    Some(())
}

fn reading(codec: &Codec) -> Reading {
    match codec {
        Codec::Meaning(reading) => *reading,
        _ => Reading::Plain,
    }
}

fn text_of(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The words that PostgreSQL and applications have for a boolean, and the numbers 0 and 1.
fn truth(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Integer(flag @ (0 | 1)) => Some(flag == 1),
        Value::Real(1.0) => Some(true),
        Value::Real(0.0) => Some(false),
        Value::Text(text) => match text.trim_ascii().to_ascii_lowercase().as_slice() {
            b"t" | b"true" | b"y" | b"yes" | b"on" | b"1" => Some(true),
            b"f" | b"false" | b"n" | b"no" | b"off" | b"0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A number among integers and doubles.
fn exact_number(out: &mut Vec<u8>, value: Value<'_>, pg: PgType) -> Option<()> {
    match (value, pg) {
        (Value::Integer(integer), _) => number::integer(out, integer),
        (Value::Real(real), _) => number::real_exact(out, real),
        (Value::Text(text), PgType::Float8) => {
            // An integer that no double holds is not the double beside it.
            let is_whole = text.trim_ascii().iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
            if is_whole { decimal_of_text(out, text) } else { double_of_text(out, text) }
        }
        (Value::Text(text), _) => decimal_of_text(out, text),
        _ => None,
    }
}

/// What PostgreSQL reads: digits beyond the range of a double are neither infinity nor zero to it, but an error.
fn double_of_text(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let Some(real) = float_of_text(text).filter(|real| real.is_finite()) else {
        return endless::number_of_word(out, text, PgType::Float8);
    };
    let mantissa = text.split(|byte| matches!(byte, b'e' | b'E')).next()?;
    let is_lost = real == 0.0 && mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_lost { None } else { number::real_exact(out, real) }
}

/// A double of the target; NaN is equal to NaN.
fn double(out: &mut Vec<u8>, real: f64) -> Option<()> {
    if real.is_nan() {
        number::not_a_number(out);
        return Some(());
    }
    number::real_exact(out, real)
}

/// A number by its decimal; a REAL by the shortest that reads back as it.
fn decimal(out: &mut Vec<u8>, value: Value<'_>, pg: PgType) -> Option<()> {
    match value {
        Value::Integer(integer) => number::integer(out, integer),
        Value::Real(real) => number::real_shortest(out, real),
        Value::Text(text) => decimal_of_text(out, text).or_else(|| endless::number_of_word(out, text, pg)),
        _ => None,
    }
}

/// A `real` by the decimal that the server shows of it.
fn shortest(out: &mut Vec<u8>, value: f32) -> Option<()> {
    if !value.is_finite() {
        return double(out, f64::from(value));
    }
    number::decimal_text(out, Short::of(format_args!("{value:e}"))?.as_bytes())
}

fn decimal_of_text(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let text = text.trim_ascii();
    let bare = text.strip_prefix(b"+").unwrap_or(text);
    let mantissa = bare.split(|byte| matches!(byte, b'e' | b'E')).next()?;
    let has_digit = mantissa.iter().any(u8::is_ascii_digit);
    let mark = out.len();
    let written = if has_digit { number::decimal_text(out, bare) } else { None };
    if written.is_none() {
        out.truncate(mark);
    }
    written
}

fn float_of_text(text: &[u8]) -> Option<f64> {
    let real: f64 = std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()?;
    (!real.is_nan()).then_some(real)
}

fn whole(field: &[u8]) -> Option<i64> {
    match field.len() {
        2 => Some(i64::from(i16::from_be_bytes(field.try_into().ok()?))),
        4 => Some(i64::from(i32::from_be_bytes(field.try_into().ok()?))),
        8 => Some(i64::from_be_bytes(field.try_into().ok()?)),
        _ => None,
    }
}

/// Text or bytes; where the column may hold spelled REALs, what reads as a number is one.
fn words(sink: &mut Sink, tag: u8, value: Value<'_>, part: Part<'_>) -> Option<()> {
    let by_value = reading(part.codec) == Reading::Numbers;
    match value {
        Value::Text(bytes) | Value::Blob(bytes) => {
            let mut number = || sink.form(NUMBER, |out| spelled_number(out, bytes));
            if !by_value || !may_be_number(bytes) || number().is_none() {
                sink.bytes(tag, bytes);
            }
        }
        Value::Real(real) if by_value => sink.form(NUMBER, |out| number::real_exact(out, real))?,
        Value::Integer(integer) if by_value => sink.form(NUMBER, |out| number::integer(out, integer))?,
        value => sink.bytes(tag, number_text(value)?.as_bytes()),
    }
    Some(())
}

/// Longer texts than any number of 64 bits is spelled by are texts.
const SPELLED_BYTES_MAX: usize = 400;

fn may_be_number(bytes: &[u8]) -> bool {
    let first = |byte: &u8| byte.is_ascii_digit() || b"+-. iI".contains(byte);
    bytes.len() <= SPELLED_BYTES_MAX && bytes.first().is_some_and(first)
}

fn spelled_number(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let text = bytes.trim_ascii();
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return decimal_of_text(out, text);
    }
    number::real_exact(out, float_of_text(text)?)
}

/// INTEGER in decimal, REAL as it reads back.
fn number_text(value: Value<'_>) -> Option<Short> {
    match value {
        Value::Integer(integer) => Short::of(format_args!("{integer}")),
        Value::Real(real) if real.is_finite() => Short::of(format_args!("{real:?}")),
        _ => None,
    }
}

/// Microseconds since 2000-01-01 00:00 UTC.
fn instant(value: Value<'_>, reading: Reading) -> Option<i64> {
    let unit = match reading {
        Reading::Counted(unit) | Reading::Julian(unit) => unit,
        Reading::Plain | Reading::Numbers => Unit::Seconds,
    };
    let micros = match value {
        Value::Text(text) => match stamp::parse_instant(text.trim_ascii(), true) {
            Some(micros) => i128::from(micros),
            None => return endless::instant_of_word(text),
        },
        Value::Integer(count) => i128::from(count) * of_unit(unit) - MICROS_1970_TO_2000,
        Value::Real(days) if matches!(reading, Reading::Julian(_)) => {
            rounded((days - JULIAN_2000) * DAY as f64)?
        }
        Value::Real(seconds) => rounded(seconds * SECOND as f64)? - MICROS_1970_TO_2000,
        _ => return None,
    };
    // Nothing that counts reaches the words' own places.
    let micros = i64::try_from(micros).ok().filter(|micros| !matches!(*micros, EARLIEST | LATEST))?;
    Some(counted(micros, reading))
}

fn of_unit(unit: Unit) -> i128 {
    match unit {
        Unit::Seconds => i128::from(SECOND),
        Unit::Millis => 1000,
        Unit::Micros => 1,
    }
}

/// The nearest whole number, of those that an instant can be.
fn rounded(micros: f64) -> Option<i128> {
    (micros.abs() < 1e18).then(|| micros.round() as i128)
}

/// As fine as the column counts: a Julian day in 64 bits holds no more than about 40 microseconds.
fn counted(micros: i64, reading: Reading) -> i64 {
    match reading {
        _ if matches!(micros, EARLIEST | LATEST) => micros,
        Reading::Julian(_) => micros.saturating_add(500).div_euclid(1000),
        _ => micros,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::RowHasher;
    use crate::plan::types::Mapping;
    use PgType::{Bool, Bytea, Char, Date, Float4, Float8, Int4, Json, Jsonb, Numeric, Text};
    use PgType::{Timestamp, Timestamptz};
    use Value::{Blob, Integer, Real};

    fn is_equal(value: Value<'_>, pg: PgType, reading: Reading, field: &[u8]) -> bool {
        let mapping = Mapping { pg, codec: Codec::Meaning(reading) };
        let mut hasher = RowHasher::new([1; 32]);
        hasher.source_value(value, &mapping);
        let source = hasher.finish();
        hasher.target_field(Some(field), &mapping);
        source == hasher.finish()
    }

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.as_bytes())
    }

    #[test]
    fn values_are_equal_in_the_meaning_of_the_type() {
        let plain =
            |value, pg, field: &[u8]| assert!(is_equal(value, pg, Reading::Plain, field), "{value:?} {pg}");
        let not =
            |value, pg, field: &[u8]| assert!(!is_equal(value, pg, Reading::Plain, field), "{value:?} {pg}");
        plain(text(" Yes"), Bool, &[1]);
        plain(Real(0.0), Bool, &[0]);
        not(text("2"), Bool, &[1]);
        not(Integer(1), Bool, &[0]);
        plain(text("+12 "), Int4, &12i32.to_be_bytes());
        plain(Real(12.0), Int4, &12i32.to_be_bytes());
        not(text(""), Int4, &0i32.to_be_bytes());
        not(text("1x"), Int4, &1i32.to_be_bytes());
        not(Integer(9_007_199_254_740_993), Float8, &9_007_199_254_740_992f64.to_be_bytes());
        not(text("9007199254740993"), Float8, &9_007_199_254_740_992f64.to_be_bytes());
        plain(text("0.1"), Float8, &0.1f64.to_be_bytes());
        plain(Real(0.1), Float4, &0.1f32.to_be_bytes());
        not(Real(1.234_567_89), Float4, &1.234_567_9f32.to_be_bytes());
        // 1.5 as numeric_send writes it: two groups from the ones on.
        plain(Real(1.5), Numeric(None), &[0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0x13, 0x88]);
        not(Real(1.51), Numeric(Some((9, 1))), &[0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0x13, 0x88]);
        plain(Integer(7), Text, b"7");
        not(text("7.0"), Text, b"7");
        plain(text("a "), Char(3), b"a  ");
        plain(Blob(b"a"), Text, b"a");
        not(Blob(b"\xff"), Text, b"\xff");
        plain(Blob(b"\xff"), Bytea, b"\xff");
        plain(text("{\"a\": 1, \"b\": [1.0]}"), Jsonb, b"\x01{\"b\": [1], \"a\": 1}");
        not(text("{\"a\": 1}"), Json, b"\"{\\\"a\\\": 1}\"");
    }

    #[test]
    fn words_for_nan_and_the_infinities_are_what_the_server_reads_in_them() {
        // As numeric_send writes NaN and the infinities.
        let numeric = |sign: u8| [0, 0, 0, 0, sign, 0, 0, 0];
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for (word, real, sign, of_numeric) in [
            ("NaN", nan, 0xc0, true),
            (" nan ", nan, 0xc0, true),
            ("-nan", nan, 0xc0, false),
            ("Infinity", inf, 0xd0, true),
            ("+inf", inf, 0xd0, true),
            ("-INFINITY", -inf, 0xf0, true),
        ] {
            assert!(is_equal(text(word), Float8, Reading::Plain, &real.to_be_bytes()), "{word}");
            assert!(is_equal(text(word), Float4, Reading::Plain, &(real as f32).to_be_bytes()), "{word}");
            let is_same = is_equal(text(word), Numeric(None), Reading::Plain, &numeric(sign));
            assert_eq!(is_same, of_numeric, "{word}");
            for other in [0.0, 1.5, -real, if real.is_nan() { inf } else { nan }] {
                let is_same = is_equal(text(word), Float8, Reading::Plain, &other.to_be_bytes());
                assert_eq!(is_same, real.is_nan() && other.is_nan(), "{word} {other}");
            }
        }
        for word in ["", "na", "nanny", "infinit", "1e400", "1e-400", "-1e400"] {
            for real in [nan, inf, -inf, 0.0] {
                assert!(!is_equal(text(word), Float8, Reading::Plain, &real.to_be_bytes()), "{word} {real}");
            }
        }
        assert!(is_equal(text("0.0e-400"), Float8, Reading::Plain, &0f64.to_be_bytes()));
        assert!(is_equal(text("1e-310"), Float8, Reading::Plain, &1e-310f64.to_be_bytes()));
        assert!(!is_equal(text("NaN"), Int4, Reading::Plain, &0i32.to_be_bytes()));
    }

    #[test]
    fn endless_times_are_told_by_their_words_alone() {
        for (word, micros, days) in [
            ("infinity", i64::MAX, i32::MAX),
            (" -Infinity", i64::MIN, i32::MIN),
            ("+infinity", i64::MAX, i32::MAX),
        ] {
            for reading in [Reading::Plain, Reading::Counted(Unit::Seconds), Reading::Julian(Unit::Seconds)] {
                for pg in [Timestamp(6), Timestamptz(6)] {
                    assert!(is_equal(text(word), pg, reading, &micros.to_be_bytes()), "{word} {pg}");
                    assert!(!is_equal(text(word), pg, reading, &(!micros).to_be_bytes()), "{word} {pg}");
                    assert!(!is_equal(text(word), pg, reading, &0i64.to_be_bytes()), "{word} {pg}");
                }
                assert!(is_equal(text(word), Date, reading, &days.to_be_bytes()), "{word}");
            }
        }
        // A count that comes out at the very place of -infinity, and what is only like the word.
        let count = i64::MIN + 946_684_800_000_000;
        for value in [Integer(count), text("inf"), text("NaN"), Real(f64::NEG_INFINITY)] {
            let reading = Reading::Counted(Unit::Micros);
            assert!(!is_equal(value, Timestamp(6), reading, &i64::MIN.to_be_bytes()), "{value:?}");
        }
    }

    #[test]
    fn numbers_go_by_value_among_spelled_reals_alone() {
        for (value, field, by_value) in [
            (Real(1.0), b"1".as_slice(), true),
            (Real(0.1), b"0.10", true),
            (text("007"), b"7", true),
            (text("seven"), b"seven", true),
            (text("i"), b"i", true),
            (Real(0.1), b"0.100000", true),
            (Real(1.0 / 3.0), b"0.333333", false),
        ] {
            assert_eq!(is_equal(value, Text, Reading::Numbers, field), by_value, "{value:?}");
        }
    }

    #[test]
    fn instants_are_counted_in_the_columns_own_way() {
        // 2024-03-01 12:00 UTC.
        let micros = 762_609_600_000_000i64.to_be_bytes();
        let days = 8826i32.to_be_bytes();
        let stamp = Timestamp(6);
        for (value, reading) in [
            (text("2024-03-01T14:00:00+02:00"), Reading::Plain),
            (Integer(1_709_294_400), Reading::Counted(Unit::Seconds)),
            (Integer(1_709_294_400_000), Reading::Counted(Unit::Millis)),
            (Real(1_709_294_400.0), Reading::Counted(Unit::Seconds)),
            (Real(2_460_371.0), Reading::Julian(Unit::Seconds)),
        ] {
            assert!(is_equal(value, stamp, reading, &micros), "{value:?}");
        }
        assert!(!is_equal(text("2024-03-01 12:00:00.000001"), stamp, Reading::Plain, &micros));
        assert!(!is_equal(text("soon"), stamp, Reading::Plain, &micros));
        assert!(is_equal(text("2024-03-01"), Date, Reading::Plain, &days));
        assert!(!is_equal(text("2024-03-01 12:00"), Date, Reading::Plain, &days));
        assert!(!is_equal(text("9999-12-31"), Date, Reading::Plain, &i32::MAX.to_be_bytes()));
    }
}
