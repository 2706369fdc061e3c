//! Constant defaults of columns whose texts became dates, times and identifiers: read as strictly as their values are, since
//! the server would take more, and round.

use super::types::{Codec, PgType, Unit};
use crate::ident::literal;

/// The target's literal for a text that such a column stores; none where it is no value of it.
pub(super) fn of_text(text: &str, pg: PgType, codec: &Codec) -> Option<String> {
    match pg {
        PgType::Date => day(text).filter(|rest| rest.is_empty()).map(|_| typed(text, pg)),
        PgType::Timestamp(digits) => {
            let rest = moment(text, digits)?;
            (rest.is_empty() && !matches!(codec, Codec::Epoch(_) | Codec::EpochReal)).then(|| typed(text, pg))
        }
        PgType::Timestamptz(digits) => {
            let rest = moment(text, digits)?;
            let is_utc = matches!(codec, Codec::AnyTimestamptz);
            match rest {
                "" if is_utc => Some(typed(&format!("{text}+00"), pg)),
                zone if !zone.is_empty() && is_zone(zone) => Some(typed(text, pg)),
                _ => None,
            }
        }
        PgType::Time(digits) => clock(text, digits).filter(|rest| rest.is_empty()).map(|_| typed(text, pg)),
        PgType::Uuid => is_uuid(text).then(|| typed(text, pg)),
        _ => None,
    }
}

/// The target's expression for a number that such a column stores, as seconds since 1970.
pub(super) fn of_seconds(number: i64, pg: PgType, codec: &Codec) -> Option<String> {
    // Beyond, a double does not hold every second's microseconds.
    const EXACT_MAX: u64 = 1 << 31;
    let is_exact = number.unsigned_abs() < EXACT_MAX;
    (is_exact && matches!(pg, PgType::Timestamptz(_)) && *codec == Codec::Epoch(Unit::Seconds))
        .then(|| format!("pg_catalog.to_timestamp({number})"))
}

fn typed(text: &str, pg: PgType) -> String {
    format!("{}::{pg}", literal(text))
}

/// Digits at the beginning, exactly so many, and what follows them.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    let all = head.bytes().all(|b| b.is_ascii_digit());
    Some((head.parse().ok().filter(|_| all)?, rest))
}

fn after<'a>(text: &'a str, any: &[char]) -> Option<&'a str> {
    text.strip_prefix(any)
}

/// What follows a real date of the years 1 to 9999.
fn day(text: &str) -> Option<&str> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(after(rest, &['-'])?, 2)?;
    let (day, rest) = digits(after(rest, &['-'])?, 2)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (year > 0 && (1..=days).contains(&day)).then_some(rest)
}

/// What follows a date, or a date and a time of day.
fn moment(text: &str, fraction_max: u8) -> Option<&str> {
    let rest = day(text)?;
    match after(rest, &[' ', 'T']) {
        Some(time) => clock(time, fraction_max),
        None => Some(rest),
    }
}

/// What follows a time of day before 24:00 with no more digits of a second than the column keeps.
fn clock(text: &str, fraction_max: u8) -> Option<&str> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, mut rest) = digits(after(rest, &[':'])?, 2)?;
    let mut second = 0;
    if let Some(seconds) = after(rest, &[':']) {
        (second, rest) = digits(seconds, 2)?;
        if let Some(fraction) = after(rest, &['.']) {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            rest = &fraction[end..];
            if end == 0 || end > usize::from(fraction_max) {
                return None;
            }
        }
    }
    (hour < 24 && minute < 60 && second < 60).then_some(rest)
}

fn is_zone(text: &str) -> bool {
    let offset = |rest: &str| {
        let Some((hours, rest)) = digits(rest, 2) else { return false };
        let minutes = rest.strip_prefix(':').unwrap_or(rest);
        hours < 15
            && (minutes.is_empty() || digits(minutes, 2).is_some_and(|(m, rest)| m < 60 && rest.is_empty()))
    };
    text == "Z" || text.strip_prefix(['+', '-']).is_some_and(offset)
}

fn is_uuid(text: &str) -> bool {
    let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let groups: Vec<&str> = bare.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let all = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    all && (lengths == [8, 4, 4, 4, 12] || lengths == [32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_columns_values_may_be_is_taken() {
        let none: Option<&str> = None;
        for (text, pg, codec, expected) in [
            ("2024-02-29", PgType::Date, Codec::Date, Some("'2024-02-29'::date")),
            ("2023-02-29", PgType::Date, Codec::Date, none),
            ("0000-00-00", PgType::Date, Codec::Date, none),
            ("2024-02-29 00:00", PgType::Date, Codec::Date, none),
            ("now", PgType::Timestamp(6), Codec::AnyTimestamp, none),
            (
                "2024-01-01T10:11:12.5",
                PgType::Timestamp(6),
                Codec::AnyTimestamp,
                Some("'2024-01-01T10:11:12.5'::timestamp"),
            ),
            ("2024-01-01 10:11:12.5", PgType::Timestamp(0), Codec::AnyTimestamp, none),
            ("2024-01-01 24:00", PgType::Timestamp(6), Codec::AnyTimestamp, none),
            ("2024-01-01", PgType::Timestamp(6), Codec::AnyTimestamp, Some("'2024-01-01'::timestamp")),
            (
                "2024-01-01 10:11",
                PgType::Timestamptz(6),
                Codec::AnyTimestamptz,
                Some("'2024-01-01 10:11+00'::timestamp with time zone"),
            ),
            (
                "2024-01-01 10:11Z",
                PgType::Timestamptz(6),
                Codec::AnyTimestamptz,
                Some("'2024-01-01 10:11Z'::timestamp with time zone"),
            ),
            ("2024-01-01 10:11", PgType::Timestamptz(6), Codec::LocalTime("Europe/Berlin".to_owned()), none),
            ("10:11", PgType::Time(6), Codec::AnyTime, Some("'10:11'::time")),
            ("10:61", PgType::Time(6), Codec::AnyTime, none),
            (
                "550e8400-e29b-41d4-a716-446655440000",
                PgType::Uuid,
                Codec::Uuid,
                Some("'550e8400-e29b-41d4-a716-446655440000'::uuid"),
            ),
            ("550e8400-e29b-41d4-a716-44665544000", PgType::Uuid, Codec::Uuid, none),
            ("é", PgType::Date, Codec::Date, none),
        ] {
            assert_eq!(of_text(text, pg, &codec).as_deref(), expected, "{text} as {pg}");
        }
        let seconds = |number| of_seconds(number, PgType::Timestamptz(6), &Codec::Epoch(Unit::Seconds));
        assert_eq!(seconds(0).as_deref(), Some("pg_catalog.to_timestamp(0)"));
        assert_eq!(seconds(i64::MAX), None);
    }
}
