//! Dates, timestamps and times.

use super::*;

#[test]
fn dates() {
    let date = |text: &str| field(&Codec::Date, PgType::Date, Text(text.as_bytes()));
    let days = |n: i32| sized(&n.to_be_bytes());
    for (text, n) in [
        ("2000-01-01", 0),
        ("1999-12-31", -1),
        ("2000-02-29", 59),
        ("2000-03-01", 60),
        ("1970-01-01", -10_957),
        ("2024-02-29", 8825),
        ("1900-03-01", -36_465),
        ("0001-01-01", -730_119),
        ("9999-12-31", 2_921_939),
    ] {
        assert_eq!(date(text), days(n), "{text}");
    }
    for text in [
        "",
        "2024-02-30",
        "2023-02-29",
        "1900-02-29",
        "0000-00-00",
        "0000-01-01",
        "2024-00-01",
        "2024-13-01",
        "2024-04-31",
        "2024-01-00",
        "2024-1-1",
        "20240101",
        "01/02/2024",
        "2024/01/01",
        "2024-01-01 ",
        " 2024-01-01",
        "-024-01-01",
        "+024-01-01",
        "12024-01-01",
        "2024-01-01 00:00:00",
        "now",
        "infinity",
        "J2460000",
        "２024-01-1",
    ] {
        assert_eq!(date(text), Err(K::Date), "{text}");
    }
}

/// 2024-01-02 10:20:30 is 8767 days after 2000-01-01, and 37230 seconds.
const AT: i64 = (8767 * 86_400 + 37_230) * 1_000_000;

#[test]
fn stamps_keep_one_spelling() {
    use Fraction::{Fixed, NoneOrSix, Shortened};
    let plain = PgType::Timestamp(6);
    let put = |codec: &Codec, text: &str| field(codec, PgType::Timestamp(6), Text(text.as_bytes()));
    type Tails<'a> = (Fraction, &'a [(&'a str, i64)], &'a [&'a str]);
    let accept: [Tails<'_>; 4] = [
        (Fixed(0), &[("", 0)], &[".0", ".5", ".", ".000000"]),
        (Fixed(3), &[(".000", 0), (".120", 120_000)], &["", ".12", ".1200", ".", ".1a0"]),
        (Shortened, &[("", 0), (".5", 500_000), (".000001", 1)], &[".0", ".50", ".100000"]),
        (NoneOrSix, &[("", 0), (".500000", 500_000), (".000001", 1)], &[".000000", ".5", ".500"]),
    ];
    for (fraction, good, bad) in accept {
        let codec = template(' ', true, fraction, Zone::None);
        for (tail, more) in good {
            assert_eq!(
                put(&codec, &format!("2024-01-02 10:20:30{tail}")),
                micros(AT + more),
                "{fraction:?} {tail}"
            );
        }
        for tail in bad {
            let refused = put(&codec, &format!("2024-01-02 10:20:30{tail}"));
            assert!(matches!(refused, Err(K::Spelling | K::Timestamp)), "{fraction:?} {tail} {refused:?}");
        }
        assert_eq!(put(&codec, "2024-01-02 10:20:30.1234567"), Err(K::Fraction(6)));
    }
    let codec = template('T', false, Fixed(0), Zone::None);
    assert_eq!(put(&codec, "2024-01-02T10:20"), micros(AT - 30_000_000));
    for text in ["2024-01-02 10:20", "2024-01-02T10:20:00", "2024-01-02T10:20Z"] {
        assert_eq!(put(&codec, text), Err(K::Spelling), "{text}");
    }
    let codec = template(' ', true, Shortened, Zone::None);
    let milli = |text: &str| field(&codec, PgType::Timestamp(3), Text(text.as_bytes()));
    assert_eq!(milli("2024-01-02 10:20:30.125"), micros(AT + 125_000));
    assert_eq!(milli("2024-01-02 10:20:30.1255"), Err(K::Fraction(3)));
    assert_eq!(put(&codec, "9999-12-31 23:59:59.999999"), micros(252_455_615_999_999_999));
    assert_eq!(put(&codec, "0001-01-01 00:00:00"), micros(-63_082_281_600_000_000));
    for text in [
        "2024-01-02",
        "2024-01-02 24:00:00",
        "2024-01-02 23:59:60",
        "2024-01-02 23:60:00",
        "2024-02-30 00:00:00",
        "2024-01-02  10:20:30",
        "2024-01-02t10:20:30",
        "2024-01-02 1:20:30",
        "2024-01-02 10:20:30 ",
        "",
        "2024-01-02 10:20:3",
        "2024-01-02 10",
        "2024-01-02 10:20.5",
        "0000-01-01 00:00:00",
        "now",
        "epoch",
    ] {
        assert_eq!(field(&codec, plain, Text(text.as_bytes())), Err(K::Timestamp), "{text}");
    }
}

#[test]
fn stamps_with_a_zone() {
    let tz = PgType::Timestamptz(6);
    let put = |zone: Zone, text: &str| {
        field(&template(' ', true, Fraction::Fixed(0), zone), tz, Text(text.as_bytes()))
    };
    assert_eq!(put(Zone::Z, "2024-01-02 10:20:30Z"), micros(AT));
    assert_eq!(put(Zone::Z, "2024-01-02 10:20:30+00:00"), Err(K::Spelling));
    assert_eq!(put(Zone::Z, "2024-01-02 10:20:30"), Err(K::Spelling));
    for (text, seconds) in
        [(" +00:00", 0), ("+05:30", 19_800), ("-05", -18_000), ("+0530", 19_800), ("-00:30", -1800)]
    {
        let put = |tail: &str| put(offset(text, seconds), &format!("2024-01-02 10:20:30{tail}"));
        assert_eq!(put(text), micros(AT - i64::from(seconds) * 1_000_000), "{text}");
        assert_eq!(put("+01:00"), Err(K::Spelling));
        assert_eq!(put("Z"), Err(K::Spelling));
    }
    assert_eq!(
        put(offset("+01:00", 0), "2024-01-02 10:20:30+01:00"),
        Err(K::Spelling),
        "a plan that contradicts itself"
    );
    for tail in ["z", " Z", "+1", "+1:00", "+16:00", "+01:60", "+01:00:00", "+01:", " UTC", "UTC", "+010"] {
        assert_eq!(put(Zone::Z, &format!("2024-01-02 10:20:30{tail}")), Err(K::Timestamp), "{tail}");
    }
    let plain = PgType::Timestamp(6);
    let zoned = template(' ', true, Fraction::Fixed(0), Zone::Z);
    assert_eq!(field(&zoned, plain, Text(b"2024-01-02 10:20:30Z")), Err(K::Mapping(plain)));
    let naive = template(' ', true, Fraction::Fixed(0), Zone::None);
    assert_eq!(field(&naive, tz, Text(b"2024-01-02 10:20:30")), Err(K::Mapping(tz)));
}

#[test]
fn instants_of_any_spelling() {
    let plain = |p, text: &str| field(&Codec::AnyTimestamp, PgType::Timestamp(p), Text(text.as_bytes()));
    assert_eq!(plain(6, "2024-01-02"), micros(8767 * 86_400_000_000));
    assert_eq!(plain(0, "2024-01-02"), micros(8767 * 86_400_000_000));
    assert_eq!(plain(6, "2024-01-02T10:20:30.5"), micros(AT + 500_000));
    assert_eq!(plain(6, "2024-01-02 10:20:30.123456000"), micros(AT + 123_456));
    assert_eq!(plain(6, "2024-01-02 10:20:30.1234567"), Err(K::Fraction(6)));
    assert_eq!(plain(6, "2024-01-02 10:20:30.9999999"), Err(K::Fraction(6)));
    assert_eq!(plain(3, "2024-01-02 10:20:30.1230"), micros(AT + 123_000));
    assert_eq!(plain(3, "2024-01-02 10:20:30.0015"), Err(K::Fraction(3)));
    assert_eq!(plain(6, "2024-01-02 10:20:30Z"), Err(K::Zone));
    assert_eq!(plain(6, "2024-01-02 10:20:30+02"), Err(K::Zone));
    assert_eq!(plain(6, "2024-01-02Z"), Err(K::Timestamp));
    let tz = |p, text: &str| field(&Codec::AnyTimestamptz, PgType::Timestamptz(p), Text(text.as_bytes()));
    assert_eq!(tz(6, "2024-01-02 10:20:30"), micros(AT));
    assert_eq!(tz(6, "2024-01-02T12:20:30 +02:00"), micros(AT));
    assert_eq!(tz(0, "2024-01-02T10:20:30.000Z"), micros(AT));
    assert_eq!(tz(0, "2024-01-02T10:20:30.001Z"), Err(K::Fraction(0)));
    assert_eq!(tz(6, "2024-01-02"), micros(8767 * 86_400_000_000));
}

#[test]
fn times_of_day() {
    let time = |p, text: &str| field(&Codec::AnyTime, PgType::Time(p), Text(text.as_bytes()));
    assert_eq!(time(6, "00:00"), micros(0));
    assert_eq!(time(6, "23:59:59.999999"), micros(86_399_999_999));
    assert_eq!(time(0, "10:20:30.000"), micros(37_230_000_000));
    assert_eq!(time(3, "10:20:30.0001"), Err(K::Fraction(3)));
    for text in ["24:00:00", "23:59:60", "9:00", "10:20:30Z", "10:20:", "10:20:30.", "", "1020", "10:20 "] {
        assert_eq!(time(6, text), Err(K::Time), "{text}");
    }
}

#[test]
fn times_of_day_keep_one_spelling() {
    use Fraction::{Fixed, NoneOrSix, Shortened};
    /// 10:20:30
    const AT: i64 = 37_230_000_000;
    let put = |seconds, fraction, p, text: &str| {
        let codec = Codec::TimeOfDay(TimeTemplate { seconds, fraction });
        field(&codec, PgType::Time(p), Text(text.as_bytes()))
    };
    assert_eq!(put(false, Fixed(0), 6, "10:20"), micros(AT - 30_000_000));
    assert_eq!(put(false, Fixed(0), 6, "10:20:30"), Err(K::TimeSpelling));
    assert_eq!(put(true, Fixed(0), 6, "10:20"), Err(K::TimeSpelling));
    type Tails<'a> = (Fraction, &'a [(&'a str, i64)], &'a [&'a str]);
    let table: [Tails<'_>; 4] = [
        (Fixed(0), &[("", 0)], &[".0", ".5"]),
        (Fixed(3), &[(".000", 0), (".120", 120_000)], &["", ".12", ".1200"]),
        (Shortened, &[("", 0), (".5", 500_000), (".000001", 1)], &[".0", ".50"]),
        (NoneOrSix, &[("", 0), (".500000", 500_000)], &[".000000", ".5"]),
    ];
    for (fraction, good, bad) in table {
        for (tail, more) in good {
            assert_eq!(put(true, fraction, 6, &format!("10:20:30{tail}")), micros(AT + more), "{tail}");
        }
        for tail in bad {
            assert_eq!(put(true, fraction, 6, &format!("10:20:30{tail}")), Err(K::TimeSpelling), "{tail}");
        }
    }
    assert_eq!(put(true, Fixed(3), 3, "23:59:59.999"), micros(86_399_999_000));
    assert_eq!(put(true, Fixed(3), 2, "10:20:30.120"), micros(AT + 120_000));
    assert_eq!(put(true, Fixed(3), 2, "10:20:30.123"), Err(K::Fraction(2)));
    for text in ["24:00:00", "23:59:60", "1:02:03", "10:20:30Z", " 10:20:30", "", "noon"] {
        assert_eq!(put(true, Fixed(0), 6, text), Err(K::Time), "{text}");
    }
}
