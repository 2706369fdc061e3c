//! Intervals: months, days and microseconds, from text on the source's side and from `interval_send` on the target's.
//!
//! The text is read in two steps: what kind of thing each number counts, then one sum. A minus that PostgreSQL would
//! give to one part or to all, as `IntervalStyle` says, has no meaning here.

use super::count;
use super::sink::{INTERVAL, Sink};
use super::stamp::{SECOND, parse_instant};
use crate::plan::types::{Codec, PgType, Unit};
use crate::value::Value;

/// Parts of an interval from the largest: years, months, days, hours, minutes, seconds, and millionths.
const PARTS: usize = 7;

/// Each part with its sign; `None` where it is not there.
type Parts = [Option<i64>; PARTS];

const YEAR: usize = 0;
const MONTH: usize = 1;
const DAY: usize = 2;
const HOUR: usize = 3;
const MINUTE: usize = 4;
const SECONDS: usize = 5;
const MILLIONTH: usize = 6;

/// Writes the interval that a TEXT says.
pub(super) fn source(sink: &mut Sink, value: Value<'_>, codec: &Codec) -> Option<()> {
    let Value::Text(text) = value else { return None };
    if *codec == Codec::IntervalSince1970 {
        // Instants count from 2000-01-01, 30 years and 7 leap days later.
        const TO_2000: i64 = (30 * 365 + 7) * 86_400 * SECOND;
        return write(sink, 0, 0, parse_instant(text, false)?.checked_add(TO_2000)?);
    }
    let (months, days, micros) = sum(&parse(std::str::from_utf8(text).ok()?)?)?;
    write(sink, months, days, micros)
}

/// Writes the interval of a field.
pub(super) fn target(sink: &mut Sink, field: &[u8], pg: PgType) -> Option<()> {
    if !matches!(pg, PgType::Interval(_)) {
        return None;
    }
    let (months, days, micros) = unpack(field)?;
    write(sink, months, days, micros)
}

/// Units of an interval that is nothing but whole units.
pub(super) fn whole_units(field: &[u8], unit: Unit) -> Option<i64> {
    match unpack(field)? {
        (0, 0, micros) => count::whole(i128::from(micros), unit),
        _ => None,
    }
}

/// Months, days and microseconds of a field.
fn unpack(field: &[u8]) -> Option<(i32, i32, i64)> {
    let (micros, rest) = field.split_first_chunk()?;
    let (days, rest) = rest.split_first_chunk()?;
    let months = i32::from_be_bytes(rest.try_into().ok()?);
    Some((months, i32::from_be_bytes(*days), i64::from_be_bytes(*micros)))
}

/// `infinity` and `-infinity` (PostgreSQL 17) are nothing that we sent.
fn write(sink: &mut Sink, months: i32, days: i32, micros: i64) -> Option<()> {
    if [(i32::MAX, i32::MAX, i64::MAX), (i32::MIN, i32::MIN, i64::MIN)].contains(&(months, days, micros)) {
        return None;
    }
    sink.form(INTERVAL, |out| {
        out.extend_from_slice(&months.to_be_bytes());
        out.extend_from_slice(&days.to_be_bytes());
        out.extend_from_slice(&micros.to_be_bytes());
        Some(())
    })
}

fn sum(parts: &Parts) -> Option<(i32, i32, i64)> {
    let [years, months, days, time @ ..] = parts.map(|part| i128::from(part.unwrap_or(0)));
    let [hours, minutes, seconds, millionths] = time;
    let seconds = (hours * 60 + minutes) * 60 + seconds;
    let micros = seconds * i128::from(SECOND) + millionths;
    Some(((years * 12 + months).try_into().ok()?, days.try_into().ok()?, micros.try_into().ok()?))
}

/// Any of the four forms.
fn parse(text: &str) -> Option<Parts> {
    let mut parts = [None; PARTS];
    if text == "0" {
        return Some(parts);
    }
    if let Some(designated) = text.strip_prefix('P') {
        designators(designated, &mut parts)?;
    } else if let Some((days, time)) = text.split_once(" days, ").or_else(|| text.split_once(" day, ")) {
        parts[DAY] = Some(days.parse().ok()?);
        time.starts_with(|first: char| first.is_ascii_digit()).then(|| clock(time, &mut parts))??;
    } else {
        let named = text.contains(|c: char| c.is_ascii_alphabetic());
        if named {
            words(text, &mut parts)?
        } else {
            columns(text, &mut parts)?
        }
        if is_two_minded(text, &parts) {
            return None;
        }
    }
    Some(parts)
}

/// True if only the first of several words has a sign, a minus, and something but zero comes after it.
fn is_two_minded(text: &str, parts: &Parts) -> bool {
    let (first, others) = text.split_once(' ').unwrap_or((text, ""));
    let signs = others.split(' ').any(|word| word.starts_with(['+', '-']));
    let of_first = match parts.iter().position(Option::is_some) {
        Some(YEAR) if first.get(1..).is_some_and(|rest| rest.contains('-')) => MONTH,
        Some(at) if !first.contains(':') => at,
        _ => return false,
    };
    let after = parts.iter().skip(of_first + 1).flatten().any(|part| *part != 0);
    first.starts_with('-') && !signs && after
}

/// `1 year 2 mons -3 days +04:05:06.789`
fn words(text: &str, parts: &mut Parts) -> Option<()> {
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            clock(word, parts)?;
            return words.next().is_none().then_some(());
        }
        let at = match words.next()? {
            "year" | "years" => YEAR,
            "mon" | "mons" => MONTH,
            "day" | "days" => DAY,
            _ => return None,
        };
        if parts.get(at..)?.iter().any(Option::is_some) {
            return None;
        }
        *parts.get_mut(at)? = Some(word.parse().ok()?);
    }
    Some(())
}

/// `1-2`, `3 4:05:06`, `+1-2 -3 +4:05:06`, `4:05:06`
fn columns(text: &str, parts: &mut Parts) -> Option<()> {
    let mut words = text.split(' ');
    let (month, day, time) = match [words.next(), words.next(), words.next(), words.next()] {
        [Some(word), None, ..] if word.contains(':') => (None, None, Some(word)),
        [Some(word), None, ..] => (Some(word), None, None),
        [Some(day), Some(time), None, _] => (None, Some(day), Some(time)),
        [Some(month), Some(day), Some(time), None] => (Some(month), Some(day), Some(time)),
        _ => return None,
    };
    if let Some(word) = month {
        let (sign, word) = sign(word);
        let (years, months) = word.split_once('-')?;
        parts[YEAR] = Some(sign * natural(years)?);
        parts[MONTH] = Some(sign * natural(months).filter(|months| *months < 12)?);
    }
    if let Some(word) = day {
        parts[DAY] = Some(word.parse().ok()?);
    }
    time.map_or(Some(()), |word| clock(word, parts))
}

/// What follows the `P`: numbers before letters, those of the day after a `T`.
fn designators(text: &str, parts: &mut Parts) -> Option<()> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    if time == Some("") || text.is_empty() {
        return None;
    }
    let mut of_date = date;
    for (letter, at) in [('Y', YEAR), ('M', MONTH), ('D', DAY)] {
        let Some((number, rest)) = of_date.split_once(letter) else { continue };
        (parts[at], of_date) = (Some(number.parse().ok()?), rest);
    }
    let mut of_time = time.unwrap_or_default();
    for (letter, at) in [('H', HOUR), ('M', MINUTE)] {
        let Some((number, rest)) = of_time.split_once(letter) else { continue };
        (parts[at], of_time) = (Some(number.parse().ok()?), rest);
    }
    if let Some(number) = of_time.strip_suffix('S') {
        let (sign, number) = sign(number);
        seconds(sign, number, parts)?;
        of_time = "";
    }
    (of_date.is_empty() && of_time.is_empty()).then_some(())
}

/// `H:MM:SS[.f]`, one sign for all of it.
fn clock(word: &str, parts: &mut Parts) -> Option<()> {
    let (sign, word) = sign(word);
    let (hours, rest) = word.split_once(':')?;
    let (minutes, rest) = rest.split_once(':')?;
    let whole = rest.split('.').next()?;
    if minutes.len() != 2 || whole.len() != 2 || minutes > "59" || whole > "59" {
        return None;
    }
    parts[HOUR] = Some(sign * natural(hours)?);
    parts[MINUTE] = Some(sign * natural(minutes)?);
    seconds(sign, rest, parts)
}

/// `S[.f]` without its sign; the fraction has six digits at most.
fn seconds(sign: i64, text: &str, parts: &mut Parts) -> Option<()> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let missing = 6_usize.checked_sub(fraction.len())?;
    parts[SECONDS] = Some(sign * natural(whole)?);
    parts[MILLIONTH] = Some(sign * natural(fraction)? * 10_i64.pow(missing as u32));
    Some(())
}

/// −1 or 1, and what follows the sign.
fn sign(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Digits and nothing else.
fn natural(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
