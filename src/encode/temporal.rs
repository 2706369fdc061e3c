//! Dates and times: strict parsers of our own for the spellings of semantics.md §1.6, and PostgreSQL's binary forms
//! (days and microseconds from 2000-01-01).
//!
//! Only real calendar dates of the years 1 to 9999 and clock times below 24:00:00 exist here: no `24:00`, no leap
//! second, no `now`, no month without its zero. The session's time zone never matters.

use super::misfit::MisfitKind;
use super::{wire, wrong_pair};
use crate::plan::types::{Fraction, PgType, Template, TimeTemplate, Zone};

const SECOND_MICROS: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;

/// The largest offset that PostgreSQL reads: 15:59.
const OFFSET_HOURS_MAX: u8 = 15;

/// TEXT `YYYY-MM-DD` → date.
pub(super) fn date(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Date {
        return Err(wrong_pair(pg));
    }
    wire::four(parse_date(text).ok_or(MisfitKind::Date)?.to_be_bytes(), out);
    Ok(())
}

/// TEXT in exactly the spelling of `template` → timestamp, or timestamptz if the template has a zone.
pub(super) fn stamp(
    text: &[u8],
    template: &Template,
    pg: PgType,
    out: &mut Vec<u8>,
) -> Result<(), MisfitKind> {
    let precision = match (pg, &template.zone) {
        (PgType::Timestamp(p), Zone::None) => p,
        (PgType::Timestamptz(p), Zone::Z | Zone::Offset { .. }) => p,
        _ => return Err(wrong_pair(pg)),
    };
    let moment = Moment::parse(text).ok_or(MisfitKind::Timestamp)?;
    moment.clock.within(precision)?;
    if !moment.is_spelled(template) {
        return Err(MisfitKind::Spelling);
    }
    wire::eight(moment.micros().to_be_bytes(), out);
    Ok(())
}

/// TEXT date, or date and time without zone → timestamp.
pub(super) fn any_timestamp(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let PgType::Timestamp(precision) = pg else { return Err(wrong_pair(pg)) };
    let moment = Moment::parse_any(text).ok_or(MisfitKind::Timestamp)?;
    if !moment.zone.is_empty() {
        return Err(MisfitKind::Zone);
    }
    moment.clock.within(precision)?;
    wire::eight(moment.micros().to_be_bytes(), out);
    Ok(())
}

/// TEXT date, or date and time, UTC where it names no zone → timestamptz.
pub(super) fn any_timestamptz(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let PgType::Timestamptz(precision) = pg else { return Err(wrong_pair(pg)) };
    let moment = Moment::parse_any(text).ok_or(MisfitKind::Timestamp)?;
    moment.clock.within(precision)?;
    wire::eight(moment.micros().to_be_bytes(), out);
    Ok(())
}

/// TEXT `HH:MM[:SS[.f]]` → time.
pub(super) fn any_time(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let PgType::Time(precision) = pg else { return Err(wrong_pair(pg)) };
    let clock = Clock::alone(text).ok_or(MisfitKind::Time)?;
    clock.within(precision)?;
    wire::eight(clock.micros.to_be_bytes(), out);
    Ok(())
}

/// TEXT in exactly the spelling of `template` → time.
pub(super) fn time_of_day(
    text: &[u8],
    template: TimeTemplate,
    pg: PgType,
    out: &mut Vec<u8>,
) -> Result<(), MisfitKind> {
    let PgType::Time(precision) = pg else { return Err(wrong_pair(pg)) };
    let clock = Clock::alone(text).ok_or(MisfitKind::Time)?;
    clock.within(precision)?;
    if clock.seconds != template.seconds || !clock.may_be(template.fraction) {
        return Err(MisfitKind::TimeSpelling);
    }
    wire::eight(clock.micros.to_be_bytes(), out);
    Ok(())
}

/// A date and time as spelled.
pub(super) struct Moment<'a> {
    /// from 2000-01-01
    days: i32,
    /// `b' '` or `b'T'`
    pub(super) separator: u8,
    pub(super) clock: Clock,
    /// the zone's own spelling, empty if there is none
    pub(super) zone: &'a [u8],
    /// seconds east of UTC
    pub(super) offset: i32,
}

impl<'a> Moment<'a> {
    /// Date, separator, time and perhaps a zone.
    pub(super) fn parse(text: &'a [u8]) -> Option<Moment<'a>> {
        let (date, rest) = text.split_at_checked(10)?;
        let (separator, rest) = rest.split_first()?;
        if !matches!(separator, b' ' | b'T') {
            return None;
        }
        let days = parse_date(date)?;
        let (clock, zone) = Clock::parse(rest)?;
        Some(Moment { days, separator: *separator, clock, zone, offset: parse_zone(zone)? })
    }

    /// As `parse`, or a bare date, which is its midnight.
    pub(super) fn parse_any(text: &'a [u8]) -> Option<Moment<'a>> {
        match parse_date(text) {
            Some(days) => {
                Some(Moment { days, separator: b' ', clock: Clock::default(), zone: b"", offset: 0 })
            }
            None => Moment::parse(text),
        }
    }

    /// From 2000-01-01 00:00:00 UTC. At most 5·10^17 away from it, so it cannot overflow.
    pub(super) fn micros(&self) -> i64 {
        (i64::from(self.days) * DAY_SECONDS - i64::from(self.offset)) * SECOND_MICROS + self.clock.micros
    }

    fn is_spelled(&self, template: &Template) -> bool {
        let zone = match &template.zone {
            Zone::None => self.zone.is_empty(),
            Zone::Z => self.zone == b"Z",
            Zone::Offset { text, seconds } => self.zone == text.as_bytes() && self.offset == *seconds,
        };
        zone && char::from(self.separator) == template.separator
            && self.clock.seconds == template.seconds
            && self.clock.may_be(template.fraction)
    }
}

/// A time of day as spelled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    /// since midnight; of the fraction only six digits
    micros: i64,
    /// whether seconds are spelled
    pub(super) seconds: bool,
    /// digits after the point
    digits: usize,
    /// the same without zeros at the end
    significant: usize,
}

impl Clock {
    fn parse(text: &[u8]) -> Option<(Clock, &[u8])> {
        let (hour, text) = two(text, 23)?;
        let (minute, mut text) = two(text.strip_prefix(b":")?, 59)?;
        let mut clock = Clock::default();
        let mut second = 0;
        if let Some(rest) = text.strip_prefix(b":") {
            (second, text) = two(rest, 59)?;
            clock.seconds = true;
            if let Some(rest) = text.strip_prefix(b".") {
                text = clock.fraction(rest)?;
            }
        }
        let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        clock.micros += seconds * SECOND_MICROS;
        Some((clock, text))
    }

    /// A time of day and nothing after it.
    pub(super) fn alone(text: &[u8]) -> Option<Clock> {
        let (clock, rest) = Clock::parse(text)?;
        if rest.is_empty() { Some(clock) } else { None }
    }

    /// Takes one fraction digit or more.
    fn fraction<'t>(&mut self, text: &'t [u8]) -> Option<&'t [u8]> {
        self.digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = text.split_at(self.digits);
        self.significant = fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
        let mut weight = 100_000;
        for byte in fraction.iter().take(6) {
            self.micros += i64::from(byte - b'0') * weight;
            weight /= 10;
        }
        if self.digits == 0 { None } else { Some(rest) }
    }

    /// Refuses what a column of this precision (six digits at most) would round.
    pub(super) fn within(&self, precision: u8) -> Result<(), MisfitKind> {
        let max = precision.min(6);
        if self.significant > usize::from(max) { Err(MisfitKind::Fraction(max)) } else { Ok(()) }
    }

    /// Whether the fraction is spelled so.
    pub(super) fn may_be(&self, fraction: Fraction) -> bool {
        match fraction {
            Fraction::Fixed(n) => self.digits == usize::from(n) && self.digits <= 6,
            Fraction::Shortened => self.digits == self.significant && self.digits <= 6,
            Fraction::NoneOrSix => self.digits == 0 || self.digits == 6 && self.significant > 0,
        }
    }
}

/// Exactly `YYYY-MM-DD`, as days from 2000-01-01.
pub(super) fn parse_date(text: &[u8]) -> Option<i32> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let year = i32::from(pair(y0, y1)?) * 100 + i32::from(pair(y2, y3)?);
    let (month, day) = (pair(m0, m1)?, pair(d0, d1)?);
    if year == 0 || day == 0 || day > month_days(year, month) {
        return None;
    }
    Some(days_from_2000(year, month.into(), day.into()))
}

/// Days of a month, 0 for a month that does not exist.
pub(super) fn month_days(year: i32, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        _ => 0,
    }
}

/// In the proleptic Gregorian calendar; the year is counted from March, so that the leap day is its last.
pub(super) fn days_from_2000(year: i32, month: i32, day: i32) -> i32 {
    /// 2000-01-01, counted from 0000-03-01
    const EPOCH: i32 = 730_425;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - EPOCH
}

/// Nothing, `Z`, or `±HH`, `±HHMM`, `±HH:MM` with or without a space before it; in seconds east of UTC.
pub(super) fn parse_zone(text: &[u8]) -> Option<i32> {
    if matches!(text, b"" | b"Z") {
        return Some(0);
    }
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, rest) = text.split_first()?;
    let (hours, rest) = two(rest, OFFSET_HOURS_MAX)?;
    let (minutes, rest) = match rest {
        b"" => (0, rest),
        _ => two(rest.strip_prefix(b":").unwrap_or(rest), 59)?,
    };
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    match sign {
        _ if !rest.is_empty() => None,
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Two digits, `max` at most, and what follows them.
pub(super) fn two(text: &[u8], max: u8) -> Option<(u8, &[u8])> {
    let (&[tens, ones], rest) = text.split_first_chunk()?;
    let number = pair(tens, ones)?;
    if number <= max { Some((number, rest)) } else { None }
}

fn pair(tens: u8, ones: u8) -> Option<u8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Some((tens - b'0') * 10 + (ones - b'0'))
    } else {
        None
    }
}
