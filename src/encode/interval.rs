//! Intervals: PostgreSQL's own text forms, Python's `str(timedelta)`, and plain numbers of a unit (semantics.md §1.6).
//!
//! | form | example |
//! |---|---|
//! | `postgres` | `1 year 2 mons -3 days +04:05:06.789` |
//! | `sql_standard` | `1-2`, `3 4:05:06`, `+1-2 -3 +4:05:06` |
//! | `iso_8601` | `P1Y2M-3DT4H5M6.789S` |
//! | Python | `-1 day, 23:59:59.500000` |
//!
//! A minus before the first part, with no sign before the others, is read by PostgreSQL in two ways (`IntervalStyle`
//! decides), so it is refused. Python's form is known by its comma: there the minus belongs to the days alone.

use super::count::{step_micros, unit_micros, unrounded};
use super::misfit::MisfitKind;
use super::temporal::{Moment, two};
use super::{wire, wrong_pair};
use crate::plan::types::{PgType, Unit};

const SECOND_MICROS: i128 = 1_000_000;
const MINUTE_MICROS: i128 = 60 * SECOND_MICROS;
const HOUR_MICROS: i128 = 60 * MINUTE_MICROS;

/// Moments count from 2000-01-01.
const FROM_1970_TO_2000: i128 = 10_957 * 24 * HOUR_MICROS;

/// Digits of a number that 64 bits may hold.
const DIGITS_MAX: usize = 19;

type Parsed<T> = Result<T, MisfitKind>;

/// INTEGER units → interval of no months and no days.
pub(super) fn units(v: i64, unit: Unit, pg: PgType, out: &mut Vec<u8>) -> Parsed<()> {
    let micros = i128::from(v) * i128::from(unit_micros(unit));
    Span { micros, ..Span::default() }.put(pg, out)
}

/// TEXT in one of the forms above → interval.
pub(super) fn text(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Parsed<()> {
    let span = match text {
        b"0" => Span::default(),
        [b'P', rest @ ..] => iso_8601(rest)?,
        _ if text.iter().any(u8::is_ascii_alphabetic) => worded(text)?,
        _ => sql_standard(text)?,
    };
    span.put(pg, out)
}

/// TEXT date, or date and time without zone → the interval from 1970-01-01 00:00 to it.
pub(super) fn since_1970(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Parsed<()> {
    let PgType::Interval(precision) = pg else { return Err(wrong_pair(pg)) };
    let moment = Moment::parse_any(text).ok_or(MisfitKind::Timestamp)?;
    if !moment.zone.is_empty() {
        return Err(MisfitKind::Zone);
    }
    moment.clock.within(precision)?;
    Span { micros: i128::from(moment.micros()) + FROM_1970_TO_2000, ..Span::default() }.put(pg, out)
}

/// What an interval consists of. Sums of a few numbers of 64 bits, so none overflows.
#[derive(Default)]
struct Span {
    months: i128,
    days: i128,
    micros: i128,
}

impl Span {
    /// The field of `interval_recv`: microseconds, days, months.
    fn put(&self, pg: PgType, out: &mut Vec<u8>) -> Parsed<()> {
        let PgType::Interval(precision) = pg else { return Err(wrong_pair(pg)) };
        let out_of_range = |_| MisfitKind::IntervalRange;
        let micros = i64::try_from(self.micros).map_err(out_of_range)?;
        let days = i32::try_from(self.days).map_err(out_of_range)?;
        let months = i32::try_from(self.months).map_err(out_of_range)?;
        unrounded(micros, precision)?;
        if is_infinity(months, days, micros) || overflows_rounding(micros, precision) {
            return Err(MisfitKind::IntervalRange);
        }
        let mut field = [0; 16];
        field[..8].copy_from_slice(&micros.to_be_bytes());
        field[8..12].copy_from_slice(&days.to_be_bytes());
        field[12..].copy_from_slice(&months.to_be_bytes());
        wire::bytes(&field, out);
        Ok(())
    }
}

/// What PostgreSQL 17 and newer take for `infinity` and `-infinity`.
fn is_infinity(months: i32, days: i32, micros: i64) -> bool {
    let all = (months, days, micros);
    all == (i32::MAX, i32::MAX, i64::MAX) || all == (i32::MIN, i32::MIN, i64::MIN)
}

/// `interval(p)` adds half of its last place before it rounds, also where there is nothing to round; within that of
/// the end of 64 bits, PostgreSQL 15 wraps around there without a word (`AdjustIntervalForTypmod`).
fn overflows_rounding(micros: i64, precision: u8) -> bool {
    micros.checked_add(micros.signum() * (step_micros(precision) / 2)).is_none()
}

/// A number, where it may have a sign of its own.
struct Number<'a> {
    negative: bool,
    signed: bool,
    magnitude: i128,
    rest: &'a [u8],
}

impl<'a> Number<'a> {
    fn parse(text: &'a [u8]) -> Parsed<Number<'a>> {
        let (signed, negative, text) = match text {
            [b'-', rest @ ..] => (true, true, rest),
            [b'+', rest @ ..] => (true, false, rest),
            _ => (false, false, text),
        };
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = text.split_at(length);
        match length {
            0 => return Err(MisfitKind::Interval),
            1..=DIGITS_MAX => {}
            _ => return Err(MisfitKind::IntervalRange),
        }
        let magnitude = digits.iter().fold(0, |value, digit| value * 10 + i128::from(digit - b'0'));
        Ok(Number { negative, signed, magnitude, rest })
    }

    fn times(&self, one: i128) -> i128 {
        if self.negative { -self.magnitude * one } else { self.magnitude * one }
    }
}

/// The signs of the parts from left to right.
#[derive(Default)]
struct Signs {
    parts: usize,
    first_negative: bool,
    later_signed: bool,
    later_nonzero: bool,
}

impl Signs {
    fn see(&mut self, part: &Number<'_>, nonzero: bool) {
        if self.parts == 0 {
            self.first_negative = part.negative;
        } else {
            self.later_signed |= part.signed;
            self.later_nonzero |= nonzero;
        }
        self.parts += 1;
    }

    fn are_clear(&self) -> Parsed<()> {
        if self.first_negative && self.later_nonzero && !self.later_signed {
            Err(MisfitKind::IntervalSign)
        } else {
            Ok(())
        }
    }
}

/// Numbers with units between spaces, then perhaps a time.
fn worded(text: &[u8]) -> Parsed<Span> {
    let (mut span, mut signs) = (Span::default(), Signs::default());
    let mut words = text.split(|byte| *byte == b' ');
    let mut rank = 0;
    while let Some(word) = words.next() {
        if word.contains(&b':') {
            span.micros = clock(word, &mut signs)?;
            return if words.next().is_none() {
                signs.are_clear().map(|()| span)
            } else {
                Err(MisfitKind::Interval)
            };
        }
        let number = Number::parse(word)?;
        let unit = words.next().filter(|_| number.rest.is_empty()).ok_or(MisfitKind::Interval)?;
        if signs.parts == 0 && matches!(unit, b"day," | b"days,") {
            span.days = number.times(1);
            return python(span, words);
        }
        signs.see(&number, number.magnitude != 0);
        let place = match unit {
            b"year" | b"years" => 1,
            b"mon" | b"mons" => 2,
            b"day" | b"days" => 3,
            _ => return Err(MisfitKind::Interval),
        };
        match place {
            _ if place <= rank => return Err(MisfitKind::Interval),
            3 => span.days = number.times(1),
            2 => span.months += number.times(1),
            _ => span.months = number.times(12),
        }
        rank = place;
    }
    signs.are_clear().map(|()| span)
}

/// The time without a sign that follows `-1 day,`.
fn python<'a>(mut span: Span, mut words: impl Iterator<Item = &'a [u8]>) -> Parsed<Span> {
    match (words.next(), words.next()) {
        (Some(time @ [b'0'..=b'9', ..]), None) => span.micros = clock(time, &mut Signs::default())?,
        _ => return Err(MisfitKind::Interval),
    }
    Ok(span)
}

/// `Y-M`, `D H:MM:SS`, both, or the time alone.
fn sql_standard(text: &[u8]) -> Parsed<Span> {
    let (mut span, mut signs) = (Span::default(), Signs::default());
    let mut words = text.split(|byte| *byte == b' ').peekable();
    if let Some(word) = words.next_if(|word| word.iter().skip(1).any(|byte| *byte == b'-')) {
        span.months = years_and_months(word, &mut signs)?;
        if words.peek().is_none() {
            return Ok(span);
        }
    }
    let mut word = words.next().ok_or(MisfitKind::Interval)?;
    if let Some(time) = words.next() {
        let days = Number::parse(word)?;
        if !days.rest.is_empty() {
            return Err(MisfitKind::Interval);
        }
        signs.see(&days, days.magnitude != 0);
        span.days = days.times(1);
        word = time;
    } else if signs.parts > 0 {
        return Err(MisfitKind::Interval);
    }
    span.micros = clock(word, &mut signs)?;
    if words.next().is_some() {
        return Err(MisfitKind::Interval);
    }
    signs.are_clear().map(|()| span)
}

/// `Y-M`, one sign for both.
fn years_and_months(word: &[u8], signs: &mut Signs) -> Parsed<i128> {
    let years = Number::parse(word)?;
    let months = Number::parse(years.rest.strip_prefix(b"-").ok_or(MisfitKind::Interval)?)?;
    if months.signed || months.magnitude > 11 || !months.rest.is_empty() {
        return Err(MisfitKind::Interval);
    }
    signs.see(&years, true);
    Ok(years.times(12) + if years.negative { -months.magnitude } else { months.magnitude })
}

/// `H:MM:SS[.f]` with one sign for all of it, in microseconds. Without seconds it could be minutes and seconds.
fn clock(word: &[u8], signs: &mut Signs) -> Parsed<i128> {
    let hours = Number::parse(word)?;
    let (minutes, rest) = sixtieths(hours.rest)?;
    let (seconds, rest) = sixtieths(rest)?;
    let (fraction, rest) = fraction(rest)?;
    if !rest.is_empty() {
        return Err(MisfitKind::Interval);
    }
    let below = minutes * MINUTE_MICROS + seconds * SECOND_MICROS + fraction;
    signs.see(&hours, hours.magnitude != 0 || below != 0);
    Ok(hours.times(HOUR_MICROS) + if hours.negative { -below } else { below })
}

/// `:NN`
fn sixtieths(text: &[u8]) -> Parsed<(i128, &[u8])> {
    let number = text.strip_prefix(b":").and_then(|text| two(text, 59));
    number.map(|(number, rest)| (i128::from(number), rest)).ok_or(MisfitKind::Interval)
}

/// `.f` with one to six digits, in microseconds, or nothing.
fn fraction(text: &[u8]) -> Parsed<(i128, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Ok((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    match length {
        0 => Err(MisfitKind::Interval),
        1..=6 => {
            let value = digits.iter().fold(0, |value, digit| value * 10 + i128::from(digit - b'0'));
            Ok((value * 10_i128.pow(6 - length as u32), rest))
        }
        _ => Err(MisfitKind::Fraction(6)),
    }
}

/// What follows the `P`: every number with its own sign, the units in their order.
fn iso_8601(mut text: &[u8]) -> Parsed<Span> {
    let mut span = Span::default();
    let (mut rank, mut of_day) = (0, false);
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(b"T").filter(|_| !of_day) {
            (text, of_day) = (rest, true);
        }
        let number = Number::parse(text)?;
        let (fraction, rest) = fraction(number.rest)?;
        let Some((unit, rest)) = rest.split_first() else { return Err(MisfitKind::Interval) };
        let place = match (unit, of_day) {
            (b'Y', false) => 1,
            (b'M', false) => 2,
            (b'D', false) => 3,
            (b'H', true) => 4,
            (b'M', true) => 5,
            (b'S', true) => 6,
            _ => return Err(MisfitKind::Interval),
        };
        if place <= rank || number.rest.first() == Some(&b'.') && place != 6 {
            return Err(MisfitKind::Interval);
        }
        match place {
            1 => span.months += number.times(12),
            2 => span.months += number.times(1),
            3 => span.days += number.times(1),
            4 => span.micros += number.times(HOUR_MICROS),
            5 => span.micros += number.times(MINUTE_MICROS),
            _ => {
                span.micros +=
                    number.times(SECOND_MICROS) + if number.negative { -fraction } else { fraction }
            }
        }
        (text, rank) = (rest, place);
    }
    if rank == 0 || of_day && rank < 4 { Err(MisfitKind::Interval) } else { Ok(span) }
}
