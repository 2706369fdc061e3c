use super::*;
use proptest::prelude::*;

fn stamp(microseconds: i64, template: &Template) -> Option<String> {
    let mut out = Vec::new();
    format_stamp(&mut out, microseconds, template).map(|()| String::from_utf8(out).unwrap())
}

fn date(day_number: i64) -> Option<String> {
    let mut out = Vec::new();
    format_date(&mut out, day_number).map(|()| String::from_utf8(out).unwrap())
}

fn template(separator: char, seconds: bool, fraction: Fraction, zone: Zone) -> Template {
    Template { separator, seconds, fraction, zone }
}

#[test]
fn dates_both_ways() {
    // PostgreSQL: select date '…' - date '2000-01-01'
    let known = [
        ("0001-01-01", -730_119),
        ("1600-02-29", -146_038),
        ("1899-12-31", -36_525),
        ("1900-03-01", -36_465),
        ("1970-01-01", -10_957),
        ("1999-12-31", -1),
        ("2000-01-01", 0),
        ("2000-02-29", 59),
        ("2000-12-31", 365),
        ("2001-01-01", 366),
        ("2024-02-29", 8825),
        ("2024-12-31", 9131),
        ("9999-12-31", 2_921_939),
    ];
    for (text, days) in known {
        assert_eq!(parse_instant(text.as_bytes(), false), Some(days * 86_400_000_000), "{text}");
        assert_eq!(date(days).as_deref(), Some(text));
    }
    for days in [-730_120, 2_921_940, i64::from(i32::MAX), i64::from(i32::MIN)] {
        assert_eq!(date(days), None, "{days}");
    }
}

#[test]
fn every_day_comes_back() {
    for days in -730_119..=2_921_939 {
        let (year, month, day) = calendar(days).unwrap();
        assert_eq!(day_number(year, month, day), Some(days));
    }
}

#[test]
fn instants_in_any_spelling() {
    let naive = [
        ("2000-01-01", 0),
        ("2000-01-01 00:01", 60_000_000),
        ("2000-01-01T00:01", 60_000_000),
        ("2000-01-01 23:59:59", 86_399_000_000),
        ("2000-01-01 00:00:00.5", 500_000),
        ("2000-01-01 00:00:00.000001", 1),
        ("2000-01-01 00:00:00.123456000", 123_456),
        ("1999-12-31 23:59:59.999999", -1),
    ];
    for (text, expected) in naive {
        assert_eq!(parse_instant(text.as_bytes(), false), Some(expected), "{text}");
        assert_eq!(parse_instant(text.as_bytes(), true), Some(expected), "{text}");
    }
    let zoned = [
        ("2000-01-01 00:00:00Z", 0),
        ("2000-01-01 00:00Z", 0),
        ("2000-01-01T02:00:00+02:00", 0),
        ("2000-01-01 02:00:00 +02:00", 0),
        ("2000-01-01 00:00:00.25-05", 18_000_250_000),
        ("2000-01-01 05:30:00+0530", 0),
        ("2000-01-01 00:00:00-0030", 1_800_000_000),
    ];
    for (text, expected) in zoned {
        assert_eq!(parse_instant(text.as_bytes(), true), Some(expected), "{text}");
        assert_eq!(parse_instant(text.as_bytes(), false), None, "{text}");
    }
}

#[test]
fn what_is_no_instant() {
    let wrong = [
        "",
        "2000",
        "2000-1-1",
        "20000101",
        "0000-01-01",
        "2023-02-29",
        "1900-02-29",
        "2024-02-30",
        "2024-04-31",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-01-01 ",
        "2024-01-01t00:00",
        "2024-01-01Z",
        "2024-01-01 24:00:00",
        "2024-01-01 23:60",
        "2024-01-01 23:59:60",
        "2024-01-01 00:00:00.",
        "2024-01-01 00:00.5",
        "2024-01-01 00:00:00.1234567",
        "2024-01-01 00:00:00 Z",
        "2024-01-01 00:00:00z",
        "2024-01-01 00:00:00+",
        "2024-01-01 00:00:00+1",
        "2024-01-01 00:00:00+01:0",
        "2024-01-01 00:00:00+01:00 ",
        "2024-01-01 00:00:00  +01:00",
        "2024-01-01 00:00:00+24:00",
        "2024-01-01 00:00:00+01:60",
        " 2024-01-01",
        "2024-01-01 00:00:00+01:",
        "+024-01-01",
        "2024-01-01 +1:00",
        "now",
        "infinity",
    ];
    for text in wrong {
        assert_eq!(parse_instant(text.as_bytes(), true), None, "{text:?}");
    }
    for text in
        ["", "1:00", "24:00", "00:00:00.", "00:00Z", "12:30:00.0000001", "12:60", "12:00:60", "12:00 "]
    {
        assert_eq!(parse_time(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(parse_time(b"23:59:59.999999"), Some(86_399_999_999));
    assert_eq!(parse_time(b"12:30"), Some(45_000_000_000));
}

#[test]
fn stamps_in_the_spelling_of_their_column() {
    let offset = Zone::Offset { text: " +05:30".to_owned(), seconds: 19_800 };
    let west = Zone::Offset { text: "-05".to_owned(), seconds: -18_000 };
    let cases = [
        (0, template(' ', true, Fraction::Fixed(0), Zone::None), Some("2000-01-01 00:00:00")),
        (1, template(' ', true, Fraction::Fixed(0), Zone::None), None),
        (120_000, template('T', true, Fraction::Fixed(3), Zone::Z), Some("2000-01-01T00:00:00.120Z")),
        (120_001, template('T', true, Fraction::Fixed(3), Zone::Z), None),
        (-1, template('T', true, Fraction::Fixed(6), Zone::Z), Some("1999-12-31T23:59:59.999999Z")),
        (0, template('T', true, Fraction::Fixed(7), Zone::Z), None),
        (120_000, template(' ', true, Fraction::Shortened, Zone::None), Some("2000-01-01 00:00:00.12")),
        (0, template(' ', true, Fraction::Shortened, Zone::None), Some("2000-01-01 00:00:00")),
        (5, template(' ', true, Fraction::Shortened, Zone::None), Some("2000-01-01 00:00:00.000005")),
        (120_000, template(' ', true, Fraction::NoneOrSix, Zone::None), Some("2000-01-01 00:00:00.120000")),
        (0, template(' ', true, Fraction::NoneOrSix, Zone::None), Some("2000-01-01 00:00:00")),
        (0, template(' ', false, Fraction::Fixed(0), offset.clone()), Some("2000-01-01 05:30 +05:30")),
        (1_000_000, template(' ', false, Fraction::Fixed(0), offset), None),
        (0, template(' ', true, Fraction::Fixed(0), west), Some("1999-12-31 19:00:00-05")),
        (i64::MAX, template(' ', true, Fraction::Fixed(6), Zone::None), None),
        (i64::MIN, template(' ', true, Fraction::Fixed(6), Zone::None), None),
    ];
    for (microseconds, template, expected) in cases {
        assert_eq!(stamp(microseconds, &template).as_deref(), expected, "{microseconds} {template:?}");
    }
}

proptest! {
    #[test]
    fn a_stamp_reads_back(microseconds in -63_000_000_000_000_000i64..252_000_000_000_000_000) {
        let zone = Zone::Offset { text: "-03:30".to_owned(), seconds: -12_600 };
        for fraction in [Fraction::Fixed(6), Fraction::Shortened, Fraction::NoneOrSix] {
            let text = stamp(microseconds, &template('T', true, fraction, zone.clone())).unwrap();
            prop_assert_eq!(parse_instant(text.as_bytes(), true), Some(microseconds));
        }
    }

    #[test]
    fn no_text_panics(text in prop::collection::vec(any::<u8>(), 0..40), chars in "[0-9:TZ+. -]{0,36}") {
        for text in [text.as_slice(), chars.as_bytes()] {
            let _ = (parse_instant(text, true), parse_time(text));
        }
    }
}
