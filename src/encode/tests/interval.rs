//! Intervals from text and from numbers.

use super::*;

fn interval(months: i32, days: i32, micros: i64) -> Result<Vec<u8>, MisfitKind> {
    sized(&[&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat())
}

fn put(text: &str) -> Result<Vec<u8>, MisfitKind> {
    field(&Codec::Interval, PgType::Interval(6), Text(text.as_bytes()))
}

/// 4:05:06.789
const CLOCK: i64 = 14_706_789_000;

#[test]
fn the_forms_of_intervals() {
    for (text, months, days, micros) in [
        // postgres
        ("1 year 2 mons -3 days +04:05:06.789", 14, -3, CLOCK),
        ("-1 years -2 mons +3 days -04:05:06.789", -14, 3, -CLOCK),
        ("00:00:00", 0, 0, 0),
        ("1 mon", 1, 0, 0),
        ("-1 days", 0, -1, 0),
        ("-1 days +02:00:00", 0, -1, 7_200_000_000),
        ("3 days -00:00:00.000001", 0, 3, -1),
        ("100:00:00", 0, 0, 360_000_000_000),
        ("-2562047788:00:54.775808", 0, 0, i64::MIN),
        ("178956970 years 7 mons", i32::MAX, 0, 0),
        ("-178956970 years -8 mons", i32::MIN, 0, 0),
        ("-2147483648 days", 0, i32::MIN, 0),
        ("1 year -2 mons", 10, 0, 0),
        // sql_standard
        ("0", 0, 0, 0),
        ("1-2", 14, 0, 0),
        ("-1-2", -14, 0, 0),
        ("-0-2", -2, 0, 0),
        ("1-2 3 4:05:06", 14, 3, 14_706_000_000),
        ("+1-2 -3 +4:05:06.789", 14, -3, CLOCK),
        ("-1-2 +3 -4:05:06.789", -14, 3, -CLOCK),
        ("3 4:05:06.789", 0, 3, CLOCK),
        ("4:05:06.789", 0, 0, CLOCK),
        ("-4:05:06.789", 0, 0, -CLOCK),
        ("-1 0:00:00", 0, -1, 0),
        // iso_8601
        ("P1Y2M-3DT4H5M6.789S", 14, -3, CLOCK),
        ("P-1Y-2M3DT-4H-5M-6.789S", -14, 3, -CLOCK),
        ("PT0S", 0, 0, 0),
        ("PT-0.5S", 0, 0, -500_000),
        ("P3DT04H05M06.789000S", 0, 3, CLOCK),
        ("PT90M", 0, 0, 5_400_000_000),
        ("P1M", 1, 0, 0),
        ("PT1M", 0, 0, 60_000_000),
        ("PT-2562047788H-54.775808S", 0, 0, i64::MIN),
        // Python
        ("3 days, 4:05:06.789000", 0, 3, CLOCK),
        ("1 day, 0:00:00", 0, 1, 0),
        ("-1 day, 23:59:59.500000", 0, -1, 86_399_500_000),
    ] {
        assert_eq!(put(text), interval(months, days, micros), "{text}");
    }
}

const NO_INTERVALS: [&str; 67] = [
    "",
    " ",
    "1",
    "00",
    "-0",
    "5 6",
    "1 day ",
    " 1 day",
    "1  day",
    "1 day 2",
    "1 day 1 day",
    "1 day 2 mons",
    "1 day 1-2",
    "1-2 3 days",
    "1-2 3",
    "1-2 4:05:06",
    "1-2 3 4:05:06 5",
    "1-12",
    "1-",
    "1-+2",
    "1--2",
    "-1--2",
    "1-2-3",
    "2 hours",
    "1 month",
    "1 week",
    "1 day 04:05",
    "04:05",
    "4:5:06",
    "4:05:6",
    "4:60:00",
    "4:00:60",
    "4:05:06.",
    ":05:06",
    "4:05:06 ago",
    "@ 1 day",
    "1.5 days",
    "1 day, ",
    "1 day,",
    "1 day, -4:05:06",
    "1 day, 4:05:06 5",
    "1 year, 4:05:06",
    "1 mon 2 days, 4:05:06",
    "+ 1 day",
    "--1 day",
    "P",
    "PT",
    "P1YT",
    "P1",
    "P1D2M",
    "P1DT1D",
    "P1H",
    "PT1Y",
    "P1YT1H1H",
    "P1.5D",
    "PT1.5H",
    "PT1.S",
    "PT.5S",
    "P1W",
    "-P1D",
    "p1d",
    "P1DT1HT1M",
    "P0001-02-03T04:05:06",
    "infinity",
    "-infinity",
    "now",
    "１ day",
];

#[test]
fn what_is_no_interval() {
    for text in NO_INTERVALS {
        assert_eq!(put(text), Err(K::Interval), "{text}");
    }
    for text in ["4:05:06.1234567", "PT1.1234560S", "1 day, 0:00:00.0000000"] {
        assert_eq!(put(text), Err(K::Fraction(6)), "{text}");
    }
    // `IntervalStyle` decides what PostgreSQL makes of these.
    for text in ["-1 days 02:00:00", "-3 4:05:06", "-1-2 3 4:05:06", "-1 years 2 mons", "-0 22:00:00"] {
        assert_eq!(put(text), Err(K::IntervalSign), "{text}");
    }
    for text in [
        "2147483648 days",
        "178956970 years 8 mons",
        "2562047788:00:54.775808",
        "99999999999999999999 days",
        "9999999999999999999:00:00",
        "PT9223372036854775807H",
        "P2147483648D",
        "178956970 years 7 mons 2147483647 days 2562047788:00:54.775807",
    ] {
        assert_eq!(put(text), Err(K::IntervalRange), "{text}");
    }
}

#[test]
fn intervals_of_a_precision() {
    let put = |p, text: &str| field(&Codec::Interval, PgType::Interval(p), Text(text.as_bytes()));
    assert_eq!(put(3, "4:05:06.789"), interval(0, 0, CLOCK));
    assert_eq!(put(2, "4:05:06.789"), Err(K::Fraction(2)));
    assert_eq!(put(0, "4:05:06.000000"), interval(0, 0, 14_706_000_000));
    // PostgreSQL 15 rounds what needs no rounding to −2562047788:00:54.7757 there.
    assert_eq!(put(4, "2562047788:00:54.7758"), Err(K::IntervalRange));
    assert_eq!(put(4, "-2562047788:00:54.7758"), Err(K::IntervalRange));
    assert_eq!(put(5, "2562047788:00:54.7758"), interval(0, 0, 9_223_372_036_854_775_800));
}

#[test]
fn intervals_of_units() {
    let put = |unit, p, v| field(&Codec::IntervalUnits(unit), PgType::Interval(p), Integer(v));
    assert_eq!(put(Unit::Micros, 6, CLOCK), interval(0, 0, CLOCK));
    assert_eq!(put(Unit::Micros, 6, i64::MIN), interval(0, 0, i64::MIN));
    assert_eq!(put(Unit::Millis, 6, -1), interval(0, 0, -1000));
    assert_eq!(put(Unit::Seconds, 0, 86_400), interval(0, 0, 86_400_000_000));
    assert_eq!(put(Unit::Millis, 2, 120), interval(0, 0, 120_000));
    assert_eq!(put(Unit::Millis, 2, 123), Err(K::Fraction(2)));
    assert_eq!(put(Unit::Seconds, 6, 9_223_372_036_855), Err(K::IntervalRange));
    assert_eq!(put(Unit::Seconds, 6, i64::MIN), Err(K::IntervalRange));
}

#[test]
fn intervals_since_1970() {
    let put = |p, text: &str| field(&Codec::IntervalSince1970, PgType::Interval(p), Text(text.as_bytes()));
    assert_eq!(put(6, "1970-01-01 00:00:00.000000"), interval(0, 0, 0));
    assert_eq!(put(6, "1970-01-15"), interval(0, 0, 1_209_600_000_000));
    assert_eq!(put(6, "1969-12-31 23:59:59.999999"), interval(0, 0, -1));
    assert_eq!(put(0, "2000-01-01T00:00:00"), interval(0, 0, 946_684_800_000_000));
    assert_eq!(put(2, "1970-01-01 00:00:00.125"), Err(K::Fraction(2)));
    assert_eq!(put(6, "1970-01-01 00:00:00Z"), Err(K::Zone));
    assert_eq!(put(6, "14 days"), Err(K::Timestamp));
}
