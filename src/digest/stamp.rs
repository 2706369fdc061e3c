//! Dates and times both ways, as microseconds since 2000-01-01 00:00 (PostgreSQL's own epoch) or since midnight.
//!
//! Days are counted by whole years and a table of the days before each month.

use crate::plan::types::{Fraction, Template, TimeTemplate, Zone};

/// Days before each month of a common year and of a leap year, and their length.
const DAYS_BEFORE: [[i64; 13]; 2] = [
    [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365],
    [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366],
];

/// Days from 0001-01-01 to 2000-01-01.
const DAYS_TO_2000: i64 = 730_119;
const DAYS_OF_400_YEARS: i64 = 146_097;
const DAYS_OF_100_YEARS: i64 = 36_524;
const DAYS_OF_4_YEARS: i64 = 1_461;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

fn days_before_month(year: i64) -> &'static [i64; 13] {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    &DAYS_BEFORE[usize::from(leap)]
}

/// Days from 0001-01-01 to the first day of a year, which is at least 1.
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// Days since 2000-01-01 of a real date of the years 1 to 9999.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let before = days_before_month(year);
    let index = usize::try_from(month).ok()?;
    let (start, end) = (*before.get(index - 1)?, *before.get(index)?);
    (start + day <= end).then(|| days_before_year(year) + start + day - 1 - DAYS_TO_2000)
}

/// Year, month and day of a day number, if its year is 1 to 9999.
pub(super) fn calendar(day_number: i64) -> Option<(i64, i64, i64)> {
    let days = day_number + DAYS_TO_2000;
    if days < 0 || days >= days_before_year(10_000) {
        return None;
    }
    let (cycles, rest) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    // The last day of a leap year at the end of a cycle would otherwise begin one more.
    let centuries = (rest / DAYS_OF_100_YEARS).min(3);
    let rest = rest - centuries * DAYS_OF_100_YEARS;
    let (fours, rest) = (rest / DAYS_OF_4_YEARS, rest % DAYS_OF_4_YEARS);
    let years = (rest / 365).min(3);
    let year = cycles * 400 + centuries * 100 + fours * 4 + years + 1;
    let of_year = rest - years * 365;
    let before = days_before_month(year);
    let month = before.iter().rposition(|start| *start <= of_year)?;
    Some((year, month as i64 + 1, of_year - before.get(month)? + 1))
}

/// Text that is read from its front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Exactly `count` decimal digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        head.iter().try_fold(0, |value, byte| match byte {
            b'0'..=b'9' => Some(value * 10 + i64::from(byte - b'0')),
            _ => None,
        })
    }

    /// Takes `byte` if it is the next.
    fn eat(&mut self, byte: u8) -> bool {
        match self.0.strip_prefix(&[byte]) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// `YYYY-MM-DD` as a day number.
    fn date(&mut self) -> Option<i64> {
        let year = self.digits(4)?;
        self.expect(b'-')?;
        let month = self.digits(2)?;
        self.expect(b'-')?;
        day_number(year, month, self.digits(2)?)
    }

    /// `HH:MM[:SS[.f]]` before 24:00 as microseconds since midnight.
    fn time(&mut self) -> Option<i64> {
        let hours = self.digits(2)?;
        self.expect(b':')?;
        let minutes = self.digits(2)?;
        let seconds = if self.eat(b':') { Some(self.digits(2)?) } else { None };
        let fraction = if seconds.is_some() && self.eat(b'.') { self.fraction()? } else { 0 };
        let seconds = seconds.unwrap_or(0);
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        Some((hours * 3600 + minutes * 60 + seconds) * SECOND + fraction)
    }

    /// One digit or more as microseconds; from the seventh on only zeros.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let beyond = digits.get(6..).unwrap_or_default();
        if count == 0 || beyond.iter().any(|byte| *byte != b'0') {
            return None;
        }
        let mut value = 0;
        for place in 0..6 {
            value = value * 10 + digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        }
        Some(value)
    }

    /// `Z`, `±HH`, `±HHMM`, `±HH:MM`, an offset perhaps after a space: microseconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.eat(b'Z') {
            return Some(0);
        }
        self.eat(b' ');
        let west = self.eat(b'-');
        if !west {
            self.expect(b'+')?;
        }
        let hours = self.digits(2)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.eat(b':');
            self.digits(2)?
        };
        if hours > 23 || minutes > 59 {
            return None;
        }
        let east = (hours * 60 + minutes) * 60 * SECOND;
        Some(if west { -east } else { east })
    }
}

/// Date, or date and time, in any spelling of the templates: microseconds since 2000-01-01 00:00. Without a zone, or
/// where `zoned` allows none, it is taken as it stands, which is UTC for `timestamp with time zone`.
pub(super) fn parse_instant(text: &[u8], zoned: bool) -> Option<i64> {
    match parse_local(text)? {
        (local, None) => Some(local),
        (local, Some(east)) => zoned.then_some(local - east),
    }
}

/// Date, or date and time, as it stands, and the microseconds east of UTC that it names.
pub(super) fn parse_local(text: &[u8]) -> Option<(i64, Option<i64>)> {
    let mut reader = Reader(text);
    let midnight = reader.date()? * DAY;
    if reader.0.is_empty() {
        return Some((midnight, None));
    }
    if !reader.eat(b' ') {
        reader.expect(b'T')?;
    }
    let local = midnight + reader.time()?;
    if reader.0.is_empty() {
        return Some((local, None));
    }
    let east = reader.zone()?;
    reader.0.is_empty().then_some((local, Some(east)))
}

/// `±HH`, `±HHMM` or `±HH:MM` as microseconds east of UTC.
pub(super) fn parse_offset(text: &[u8]) -> Option<i64> {
    let mut reader = Reader(text);
    let east = if matches!(text, [b'+' | b'-', ..]) { reader.zone()? } else { return None };
    reader.0.is_empty().then_some(east)
}

/// `HH:MM[:SS[.f]]` before 24:00 as microseconds since midnight.
pub(super) fn parse_time(text: &[u8]) -> Option<i64> {
    let mut reader = Reader(text);
    let time = reader.time()?;
    reader.0.is_empty().then_some(time)
}

/// Appends a number below 10^`width` with leading zeros.
fn padded(out: &mut Vec<u8>, value: i64, width: u32) {
    let mut digits = [b'0'; 6];
    let first = digits.len().saturating_sub(width as usize);
    let mut left = value;
    for digit in digits.iter_mut().skip(first).rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// Appends `YYYY-MM-DD` of a day number; `None` outside of the years 1 to 9999.
pub(super) fn format_date(out: &mut Vec<u8>, day_number: i64) -> Option<()> {
    let (year, month, day) = calendar(day_number)?;
    padded(out, year, 4);
    out.push(b'-');
    padded(out, month, 2);
    out.push(b'-');
    padded(out, day, 2);
    Some(())
}

/// Appends the instant in the one spelling of its column; `None` where that spelling cannot say it: seconds or
/// fraction digits that the template does not have, or a year out of 1 to 9999.
pub(super) fn format_stamp(out: &mut Vec<u8>, microseconds: i64, template: &Template) -> Option<()> {
    let (zone, east) = match &template.zone {
        Zone::None => ("", 0),
        Zone::Z => ("Z", 0),
        Zone::Offset { text, seconds } => (text.as_str(), i64::from(*seconds) * SECOND),
    };
    let local = microseconds.checked_add(east)?;
    format_date(out, local.div_euclid(DAY))?;
    out.push(u8::try_from(template.separator).ok()?);
    let clock = TimeTemplate { seconds: template.seconds, fraction: template.fraction };
    format_time(out, local.rem_euclid(DAY), clock)?;
    out.extend_from_slice(zone.as_bytes());
    Some(())
}

/// Appends the time of day in the one spelling of its column; `None` where that spelling cannot say it, and from
/// PostgreSQL's own 24:00 on.
pub(super) fn format_time(out: &mut Vec<u8>, time: i64, template: TimeTemplate) -> Option<()> {
    if !(0..DAY).contains(&time) {
        return None;
    }
    padded(out, time / (3600 * SECOND), 2);
    out.push(b':');
    padded(out, time / (60 * SECOND) % 60, 2);
    let of_minute = time % (60 * SECOND);
    if template.seconds {
        out.push(b':');
        padded(out, of_minute / SECOND, 2);
        format_fraction(out, of_minute % SECOND, template.fraction)?;
    } else if of_minute != 0 {
        return None;
    }
    Some(())
}

fn format_fraction(out: &mut Vec<u8>, microseconds: i64, fraction: Fraction) -> Option<()> {
    let mut width = 6;
    let mut value = microseconds;
    match fraction {
        Fraction::Fixed(digits) => {
            width = u32::from(digits);
            let unit = 10i64.pow(6u32.checked_sub(width)?);
            if value % unit != 0 {
                return None;
            }
            value /= unit;
        }
        Fraction::Shortened => {
            while width > 0 && value % 10 == 0 {
                value /= 10;
                width -= 1;
            }
        }
        Fraction::NoneOrSix if value == 0 => width = 0,
        Fraction::NoneOrSix => {}
    }
    if width > 0 {
        out.push(b'.');
        padded(out, value, width);
    }
    Some(())
}

#[cfg(test)]
mod tests;
