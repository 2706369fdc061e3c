//! Dates, times, instants and intervals: the field that PostgreSQL sends for each, and near misses.

use super::*;
use crate::plan::types::{TimeTemplate, Unit};

/// `interval_send`, by hand.
fn interval(months: i32, days: i32, micros: i64) -> Vec<u8> {
    [&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat()
}

fn clock(seconds: bool, fraction: Fraction) -> Codec {
    Codec::TimeOfDay(TimeTemplate { seconds, fraction })
}

/// From 1970 to 2000, from the noon of Julian day 0 to 2000, and 4:05:06.789.
const UNIX: i64 = 946_684_800_000_000;
const JULIAN: i64 = 211_813_444_800_000_000;
const CLOCK: i64 = 14_706_789_000;

/// Times for which both sides are equal.
pub(super) fn pairs() -> Vec<Pair<'static>> {
    use Codec::{DayNumber, Epoch, EpochReal, IntervalUnits, Julian};
    use PgType::{Date, Interval, Time, Timestamp, Timestamptz};
    let berlin = || Codec::LocalTime("Europe/Berlin".to_owned());
    let fixed = || Codec::LocalTime("-03:30".to_owned());
    let span = |text: &'static str, months, days, micros| {
        (Interval(6), Codec::Interval, Text(text.as_bytes()), interval(months, days, micros))
    };
    vec![
        (Time(6), clock(false, Fraction::Fixed(0)), Text(b"23:59"), micros(86_340_000_000)),
        (Time(0), clock(true, Fraction::Fixed(0)), Text(b"00:00:00"), micros(0)),
        (Time(3), clock(true, Fraction::Fixed(3)), Text(b"04:05:06.789"), micros(CLOCK)),
        (Time(6), clock(true, Fraction::Shortened), Text(b"04:05:06.79"), micros(CLOCK + 1000)),
        (Time(6), clock(true, Fraction::NoneOrSix), Text(b"04:05:06.789000"), micros(CLOCK)),
        (Timestamptz(6), Epoch(Unit::Seconds), Integer(0), micros(-UNIX)),
        (Timestamp(0), Epoch(Unit::Seconds), Integer(-210_866_803_200), micros(-211_813_488_000_000_000)),
        // later than 64 bits of microseconds since 1970
        (Timestamp(0), Epoch(Unit::Seconds), Integer(9_224_318_015_999), micros(9_223_371_331_199_000_000)),
        (Timestamptz(3), Epoch(Unit::Millis), Integer(-1), micros(-UNIX - 1000)),
        (Timestamptz(6), Epoch(Unit::Micros), Integer(i64::MAX), micros(i64::MAX - UNIX)),
        (Timestamptz(6), EpochReal, Real(0.0), micros(-UNIX)),
        (Timestamptz(6), EpochReal, Real(-0.5), micros(-UNIX - 500_000)),
        (Timestamp(6), EpochReal, Real(1_700_000_000.123_456), micros(753_315_200_123_456)),
        (Timestamp(6), EpochReal, Real(9e12 + 0.0625), micros(9_000_000_000_000_063_000 - UNIX)),
        (Timestamp(2), EpochReal, Real(1_700_000_000.25), micros(753_315_200_250_000)),
        (Timestamp(6), Julian, Real(0.0), micros(-JULIAN)),
        (Timestamp(6), Julian, Real(-0.5), micros(-JULIAN - 43_200_000_000)),
        (Timestamptz(6), Julian, Real(2_451_544.5), micros(0)),
        (Timestamp(3), Julian, Real(2_460_370.024_268_391), micros(762_525_296_789_000)),
        (Date, DayNumber, Integer(20_000_229), vec![0, 0, 0, 59]),
        (Date, DayNumber, Integer(10_101), (-730_119i32).to_be_bytes().to_vec()),
        (Timestamptz(6), berlin(), Text(b"2000-01-01 01:00"), micros(0)),
        (Timestamptz(6), berlin(), Text(b"2000-07-01"), micros((182 * 24 - 2) * 3_600_000_000)),
        (Timestamptz(6), berlin(), Text(b"2000-01-01 00:00:00.5Z"), micros(500_000)),
        (Timestamptz(6), fixed(), Text(b"2000-01-01T00:00:00"), micros(12_600_000_000)),
        span("1 year 2 mons -3 days +04:05:06.789", 14, -3, CLOCK),
        span("-2562047788:00:54.775808", 0, 0, i64::MIN),
        span("-178956970 years -8 mons", i32::MIN, 0, 0),
        span("0", 0, 0, 0),
        span("-1-2 +3 -4:05:06.789", -14, 3, -CLOCK),
        span("1-2 3 4:05:06.789", 14, 3, CLOCK),
        span("-1-2", -14, 0, 0),
        span("-4:05:06.789", 0, 0, -CLOCK),
        span("P-1Y-2M3DT-4H-5M-6.789S", -14, 3, -CLOCK),
        span("PT-0.5S", 0, 0, -500_000),
        span("-1 day, 23:59:59.500000", 0, -1, 86_399_500_000),
        (Interval(0), IntervalUnits(Unit::Seconds), Integer(-1), interval(0, 0, -1_000_000)),
        (Interval(3), IntervalUnits(Unit::Millis), Integer(86_400_000), interval(0, 0, 86_400_000_000)),
        (Interval(6), IntervalUnits(Unit::Micros), Integer(i64::MIN), interval(0, 0, i64::MIN)),
    ]
}

/// Times and fields that are not equal, if only nearly.
pub(super) fn misses() -> Vec<Pair<'static>> {
    vec![
        (PgType::Time(6), clock(true, Fraction::Fixed(0)), Text(b"24:00:00"), micros(86_400_000_000)),
        (PgType::Time(6), clock(true, Fraction::Fixed(0)), Text(b"00:00"), micros(0)),
        (PgType::Time(6), clock(true, Fraction::Fixed(0)), Text(b"00:00:00"), micros(1)),
        (PgType::Time(6), clock(true, Fraction::Fixed(0)), Integer(0), micros(0)),
        (PgType::Timestamptz(6), Codec::Epoch(Unit::Seconds), Real(0.0), micros(-UNIX)),
        (PgType::Timestamptz(6), Codec::Epoch(Unit::Seconds), Integer(0), micros(-UNIX + 1)),
        (PgType::Timestamptz(6), Codec::Epoch(Unit::Micros), Integer(i64::MIN + UNIX), micros(i64::MIN)),
        (PgType::Timestamptz(6), Codec::EpochReal, Integer(0), micros(-UNIX)),
        (PgType::Timestamptz(6), Codec::EpochReal, Real(-0.0), micros(-UNIX)),
        // a microsecond, and a millisecond, beside the one that stands for the REAL
        (PgType::Timestamp(6), Codec::Julian, Real(2_460_370.024_268_391), micros(762_525_296_789_001)),
        (PgType::Timestamp(6), Codec::Julian, Real(2_460_370.024_268_391), micros(762_525_296_790_000)),
        (PgType::Timestamp(6), Codec::Julian, Text(b"2451544.5"), micros(0)),
        (PgType::Date, Codec::DayNumber, Text(b"20000101"), vec![0; 4]),
        (PgType::Date, Codec::DayNumber, Integer(20_000_101), vec![0xff; 4]),
        (
            PgType::Timestamptz(6),
            Codec::LocalTime("Europe/Berlin".to_owned()),
            Text(b"2024-03-31 02:30"),
            micros(765_163_800_000_000),
        ),
        (PgType::Timestamptz(6), Codec::LocalTime("Mars/Olympus".to_owned()), Text(b"2000-01-01"), micros(0)),
        (PgType::Interval(6), Codec::Interval, Text(b"-1 days 02:00:00"), interval(0, -1, 7_200_000_000)),
        (PgType::Interval(6), Codec::Interval, Text(b"1 day"), interval(0, 0, 86_400_000_000)),
        (PgType::Interval(6), Codec::Interval, Text(b"1 mon"), interval(0, 30, 0)),
        (PgType::Interval(6), Codec::Interval, Integer(0), interval(0, 0, 0)),
        (PgType::Interval(6), Codec::IntervalUnits(Unit::Micros), Integer(1), interval(0, 1, 1)),
        (PgType::Interval(6), Codec::IntervalUnits(Unit::Micros), Integer(1), interval(1, 0, 1)),
        (PgType::Interval(6), Codec::IntervalUnits(Unit::Millis), Integer(1), interval(0, 0, 1001)),
    ]
}

#[test]
fn an_interval_as_written_by_hand() {
    let mapping = mapping(PgType::Interval(6), Codec::Interval);
    assert_eq!(
        source_bytes(Text(b"-1 mons +2 days +00:00:00.000003"), &mapping),
        b"\x14\xff\xff\xff\xff\0\0\0\x02\0\0\0\0\0\0\0\x03"
    );
    assert_eq!(source_bytes(Text(b"1 hour"), &mapping), b"\xff\x01\x03\0\0\0\0\0\0\0\x061 hour");
    // What PostgreSQL 17 sends for infinity.
    let infinity = interval(i32::MAX, i32::MAX, i64::MAX);
    assert_eq!(target_bytes(Some(&infinity), &mapping)[..3], [0xff, 2, 0]);
    assert_eq!(target_bytes(Some(&infinity[..15]), &mapping)[..3], [0xff, 2, 0]);
}

const NO_INTERVALS: [&str; 74] = [
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
    "1-2-3",
    "2 hours",
    "1 month",
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
    "PT1H1H",
    "P1.5D",
    "PT1.5H",
    "PT1.S",
    "PT.5S",
    "P1W",
    "-P1D",
    "p1d",
    "P0001-02-03T04:05:06",
    "infinity",
    "4:05:06.1234567",
    "PT1.1234560S",
    "1 day, 0:00:00.0000000",
    "-1 days 02:00:00",
    "-3 4:05:06",
    "-1-2 3 4:05:06",
    "-1 years 2 mons",
    "-0 22:00:00",
    "2147483648 days",
    "178956970 years 8 mons",
    "2562047788:00:54.775808",
    "9999999999999999999:00:00",
    "é-1",
];

#[test]
fn what_is_no_interval() {
    let mapping = mapping(PgType::Interval(6), Codec::Interval);
    for text in NO_INTERVALS {
        let canonical = source_bytes(Text(text.as_bytes()), &mapping);
        assert_eq!(canonical[..3], [0xff, 1, 3], "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_field_panics(text in "[-+PTYMDHS0-9:. ]{0,24}", word in "(-?[0-9]{1,20} (days?,?|mons|years) ?){0,3}") {
        for zone in ["Europe/Berlin", "+02:00", "-", "x"] {
            let local = mapping(PgType::Timestamptz(6), Codec::LocalTime(zone.to_owned()));
            source_bytes(Text(text.as_bytes()), &local);
        }
        for text in [text, word] {
            source_bytes(Text(text.as_bytes()), &mapping(PgType::Interval(6), Codec::Interval));
        }
    }

    /// Division where it is known to be exact: dividend and divisor below 2^53.
    #[test]
    fn seconds_are_divided(count in -(1_i64 << 52)..1 << 52) {
        let mapping = mapping(PgType::Timestamp(6), Codec::EpochReal);
        let seconds = count as f64 / 1e6;
        prop_assert_eq!(target_bytes(Some(&micros(count - UNIX)), &mapping), source_bytes(Real(seconds), &mapping));
    }

    /// A decimal read by the standard library, for counts far beyond 2^53: the double is the same, whether or not this
    /// count is the one that stands for it.
    #[test]
    fn seconds_of_every_size_are_divided(micros in -211_813_488_000_000_000_i64..9_223_371_331_200_000_000) {
        let count = i128::from(micros) + i128::from(UNIX);
        let sign = if count < 0 { "-" } else { "" };
        let decimal = format!("{sign}{}.{:06}", count.unsigned_abs() / 1_000_000, count.unsigned_abs() % 1_000_000);
        if let Some(real) = crate::digest::count::UNIX_SECONDS.real(micros, 6) {
            prop_assert_eq!(real.to_bits(), decimal.parse::<f64>().unwrap().to_bits());
        } else {
            prop_assert!(count.unsigned_abs() > 1 << 52);
        }
    }
}
