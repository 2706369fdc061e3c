//! Hand-written expected fields of every type, and every misfit, through the room's own door.

use super::*;
use crate::limits::{FIELD_BYTES_MAX, LARGE_VALUE_BYTES};
use crate::plan::types::{Fraction, Template, Zone};
use MisfitKind as K;
use Value::{Blob, Integer, Null, Real, Text};

fn field(codec: &Codec, pg: PgType, v: Value<'_>) -> Result<Vec<u8>, MisfitKind> {
    let mut out = b"before".to_vec();
    let done = value(v, &Mapping { pg, codec: codec.clone() }, &mut out);
    assert!(out.starts_with(b"before"));
    assert!(done.is_ok() || out.len() == 6, "a misfit appends nothing");
    done.map(|()| out.split_off(6)).map_err(|misfit| misfit.kind)
}

/// A payload with its length in front.
fn sized(payload: &[u8]) -> Result<Vec<u8>, MisfitKind> {
    Ok([&(payload.len() as i32).to_be_bytes(), payload].concat())
}

fn micros(v: i64) -> Result<Vec<u8>, MisfitKind> {
    sized(&v.to_be_bytes())
}

fn template(separator: char, seconds: bool, fraction: Fraction, zone: Zone) -> Codec {
    Codec::Stamp(Template { separator, seconds, fraction, zone })
}

fn offset(text: &str, seconds: i32) -> Zone {
    Zone::Offset { text: text.to_owned(), seconds }
}

#[test]
fn null_is_null_everywhere() {
    for (codec, pg) in
        [(Codec::Int, PgType::Int8), (Codec::Jsonb, PgType::Jsonb), (Codec::Bool, PgType::Bool)]
    {
        assert_eq!(field(&codec, pg, Null), Ok(vec![0xff; 4]));
    }
}

#[test]
fn integers_and_booleans() {
    use PgType::{Bool, Int2, Int4, Int8};
    let int = Codec::Int;
    assert_eq!(field(&int, Int8, Integer(i64::MAX)), sized(b"\x7f\xff\xff\xff\xff\xff\xff\xff"));
    assert_eq!(field(&int, Int8, Integer(i64::MIN)), sized(b"\x80\0\0\0\0\0\0\0"));
    assert_eq!(field(&int, Int8, Integer(-2)), sized(b"\xff\xff\xff\xff\xff\xff\xff\xfe"));
    assert_eq!(field(&int, Int4, Integer(2_147_483_647)), sized(b"\x7f\xff\xff\xff"));
    assert_eq!(field(&int, Int4, Integer(-2_147_483_648)), sized(b"\x80\0\0\0"));
    assert_eq!(field(&int, Int4, Integer(2_147_483_648)), Err(K::Range(Int4)));
    assert_eq!(field(&int, Int4, Integer(-2_147_483_649)), Err(K::Range(Int4)));
    assert_eq!(field(&int, Int2, Integer(-32_768)), sized(b"\x80\0"));
    assert_eq!(field(&int, Int2, Integer(32_768)), Err(K::Range(Int2)));
    assert_eq!(field(&Codec::Bool, Bool, Integer(0)), sized(b"\0"));
    assert_eq!(field(&Codec::Bool, Bool, Integer(1)), sized(b"\x01"));
    assert_eq!(field(&Codec::Bool, Bool, Integer(2)), Err(K::NotBool));
    assert_eq!(field(&Codec::Bool, Bool, Integer(-1)), Err(K::NotBool));
}

#[test]
fn floating_point() {
    use PgType::{Float4, Float8};
    let (float, number) = (Codec::Float, Codec::FloatNumber);
    assert_eq!(field(&float, Float8, Real(1.0)), sized(b"\x3f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(-0.0)), sized(b"\x80\0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(5e-324)), sized(b"\0\0\0\0\0\0\0\x01"));
    assert_eq!(field(&float, Float8, Real(f64::MAX)), sized(b"\x7f\xef\xff\xff\xff\xff\xff\xff"));
    assert_eq!(field(&float, Float8, Real(f64::INFINITY)), sized(b"\x7f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(f64::NAN)), Err(K::Nan));
    assert_eq!(field(&float, Float4, Real(1.5)), sized(b"\x3f\xc0\0\0"));
    assert_eq!(field(&float, Float4, Real(-0.0)), sized(b"\x80\0\0\0"));
    assert_eq!(field(&float, Float4, Real(f64::NEG_INFINITY)), sized(b"\xff\x80\0\0"));
    for v in [0.1, 1e300, 5e-324, 16_777_217.0] {
        assert_eq!(field(&float, Float4, Real(v)), Err(K::Inexact(Float4)), "{v}");
    }
    assert_eq!(field(&float, Float8, Integer(1)), Err(K::Class(crate::value::Class::Integer, Float8)));
    assert_eq!(field(&number, Float8, Real(1.0)), sized(b"\x3f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(9_007_199_254_740_992)), sized(b"\x43\x40\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(i64::MIN)), sized(b"\xc3\xe0\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(9_007_199_254_740_993)), Err(K::Inexact(Float8)));
    assert_eq!(field(&number, Float8, Integer(i64::MAX)), Err(K::Inexact(Float8)));
    assert_eq!(field(&number, Float4, Integer(16_777_216)), sized(b"\x4b\x80\0\0"));
    assert_eq!(field(&number, Float4, Integer(16_777_217)), Err(K::Inexact(Float4)));
    assert_eq!(field(&number, Float4, Integer(i64::MAX)), Err(K::Inexact(Float4)));
}

#[test]
fn numeric_through_the_door() {
    let pg = PgType::Numeric(None);
    assert_eq!(field(&Codec::Number, pg, Integer(-12)), sized(b"\0\x01\0\0\x40\0\0\0\0\x0c"));
    assert_eq!(field(&Codec::Number, pg, Real(0.5)), sized(b"\0\x01\xff\xff\0\0\0\x01\x13\x88"));
    assert_eq!(field(&Codec::Number, pg, Real(2.0)), Err(K::IntegralReal));
    assert_eq!(field(&Codec::NumberByValue, pg, Real(2.0)), sized(b"\0\x01\0\0\0\0\0\0\0\x02"));
    assert_eq!(field(&Codec::NumberByValue, pg, Real(-0.0)), Err(K::NegativeZero));
    assert_eq!(field(&Codec::Number, pg, Real(f64::NAN)), Err(K::Nan));
    let narrow = PgType::Numeric(Some((10, 2)));
    assert_eq!(field(&Codec::Number, narrow, Real(1.239)), Err(K::Scale(10, 2)));
    assert_eq!(field(&Codec::Number, narrow, Integer(12)), sized(b"\0\x01\0\0\0\0\0\x02\0\x0c"));
}

#[test]
fn text_is_utf8_without_nul() {
    let good = ["", "abc", "é", "😀 and \u{ffff}", "\u{feff}bom", "e\u{301}", "\u{80}", "\x01\x7f"];
    for text in good {
        assert_eq!(field(&Codec::Text, PgType::Text, Text(text.as_bytes())), sized(text.as_bytes()));
        assert_eq!(field(&Codec::Text, PgType::Citext, Text(text.as_bytes())), sized(text.as_bytes()));
    }
    let bad: [(&[u8], MisfitKind); 12] = [
        (b"caf\xe9", K::Utf8(3)),
        (b"\xff\xfe", K::Utf8(0)),
        (b"abc\xe2\x82", K::Utf8(3)),
        (b"\xc0\x80", K::Utf8(0)),
        (b"\xed\xa0\x80", K::Utf8(0)),
        (b"\xed\xa0\xbd\xed\xb8\x80", K::Utf8(0)),
        (b"\xf4\x90\x80\x80", K::Utf8(0)),
        (b"a\0b", K::Nul(1)),
        (b"\0", K::Nul(0)),
        (b"\x80", K::Utf8(0)),
        (b"\x81", K::Utf8(0)),
        ("é\0".as_bytes(), K::Nul(2)),
    ];
    for (bytes, kind) in bad {
        assert_eq!(field(&Codec::Text, PgType::Text, Text(bytes)), Err(kind));
        assert_eq!(field(&Codec::TextForm, PgType::Text, Text(bytes)), Err(kind));
    }
}

#[test]
fn text_is_no_longer_than_its_column() {
    let text = |pg, v: &str| field(&Codec::Text, pg, Text(v.as_bytes()));
    let (varchar, char) = (PgType::Varchar(Some(3)), PgType::Char(3));
    assert_eq!(text(varchar, "äöü"), sized("äöü".as_bytes()));
    assert_eq!(text(varchar, "äöü "), Err(K::Length(4, 3)));
    assert_eq!(text(varchar, "ab "), sized(b"ab "));
    assert_eq!(text(varchar, "twelve chars"), Err(K::Length(12, 3)));
    assert_eq!(text(PgType::Varchar(None), "twelve chars"), sized(b"twelve chars"));
    assert_eq!(text(char, "ab"), sized(b"ab"));
    assert_eq!(text(char, ""), sized(b""));
    assert_eq!(text(char, "ab "), Err(K::TrailingSpace));
    assert_eq!(text(char, "abcd"), Err(K::Length(4, 3)));
    let form = |pg, v| field(&Codec::TextForm, pg, v);
    assert_eq!(form(varchar, Integer(-12)), sized(b"-12"));
    assert_eq!(form(varchar, Integer(1234)), Err(K::Length(4, 3)));
    assert_eq!(form(char, Integer(1)), Err(K::Mapping(char)));
}

#[test]
fn forms_of_numbers() {
    let form = |v| field(&Codec::TextForm, PgType::Text, v);
    assert_eq!(form(Integer(i64::MIN)), sized(b"-9223372036854775808"));
    assert_eq!(form(Real(1.0)), sized(b"1.0"));
    assert_eq!(form(Real(-0.0)), sized(b"-0.0"));
    assert_eq!(form(Real(1e300)), sized(b"1e300"));
    assert_eq!(form(Real(f64::NEG_INFINITY)), sized(b"-Infinity"));
    assert_eq!(form(Text(b"1.0")), sized(b"1.0"));
    assert_eq!(form(Blob(b"1")), Err(K::Class(crate::value::Class::Blob, PgType::Text)));
    let bytes = |v| field(&Codec::BytesForm, PgType::Bytea, v);
    assert_eq!(bytes(Blob(b"\0\xff")), sized(b"\0\xff"));
    assert_eq!(bytes(Text(b"a\0\xff")), sized(b"a\0\xff"));
    assert_eq!(bytes(Integer(7)), sized(b"7"));
    assert_eq!(bytes(Real(0.1 + 0.2)), sized(b"0.30000000000000004"));
    assert_eq!(bytes(Real(f64::INFINITY)), sized(b"Infinity"));
    assert_eq!(field(&Codec::Blob, PgType::Bytea, Blob(b"")), sized(b""));
}

#[test]
fn every_codec_refuses_the_other_classes() {
    let wrong = [
        (Codec::Bool, PgType::Bool, "RTB"),
        (Codec::Int, PgType::Int8, "RTB"),
        (Codec::Float, PgType::Float8, "ITB"),
        (Codec::FloatNumber, PgType::Float8, "TB"),
        (Codec::Number, PgType::Numeric(None), "TB"),
        (Codec::NumberByValue, PgType::Numeric(None), "TB"),
        (Codec::Text, PgType::Text, "IRB"),
        (Codec::TextForm, PgType::Text, "B"),
        (Codec::Blob, PgType::Bytea, "IRT"),
        (Codec::Json, PgType::Json, "IRB"),
        (Codec::Jsonb, PgType::Jsonb, "IRB"),
        (Codec::Uuid, PgType::Uuid, "IRB"),
        (Codec::UuidAny, PgType::Uuid, "IR"),
        (Codec::Date, PgType::Date, "IRB"),
        (template(' ', true, Fraction::Fixed(0), Zone::None), PgType::Timestamp(6), "IRB"),
        (Codec::AnyTimestamp, PgType::Timestamp(6), "IRB"),
        (Codec::AnyTimestamptz, PgType::Timestamptz(6), "IRB"),
        (Codec::AnyTime, PgType::Time(6), "IRB"),
    ];
    for (codec, pg, classes) in wrong {
        for v in [Integer(1), Real(1.5), Text(b"1"), Blob(b"1")] {
            if classes.contains(&v.class().to_string()[..1]) {
                assert_eq!(field(&codec, pg, v), Err(K::Class(v.class(), pg)), "{codec:?}");
            }
        }
    }
}

#[test]
fn a_codec_fills_only_its_own_types() {
    let all = [
        (Codec::Bool, Integer(1)),
        (Codec::Int, Integer(1)),
        (Codec::Float, Real(1.5)),
        (Codec::FloatNumber, Integer(1)),
        (Codec::Number, Real(1.5)),
        (Codec::NumberByValue, Real(f64::INFINITY)),
        (Codec::Text, Text(b"1")),
        (Codec::TextForm, Real(1.5)),
        (Codec::Blob, Blob(b"1")),
        (Codec::BytesForm, Integer(1)),
        (Codec::Json, Text(b"1")),
        (Codec::Jsonb, Text(b"1")),
        (Codec::Uuid, Text(b"550e8400-e29b-41d4-a716-446655440000")),
        (Codec::Date, Text(b"2024-01-01")),
        (template(' ', false, Fraction::Fixed(0), Zone::None), Text(b"2024-01-01 00:00")),
        (Codec::AnyTimestamp, Text(b"2024-01-01")),
        (Codec::AnyTimestamptz, Text(b"2024-01-01")),
        (Codec::AnyTime, Text(b"10:00")),
    ];
    for (codec, v) in all {
        let pg = if codec == Codec::AnyTime { PgType::Date } else { PgType::Time(6) };
        assert_eq!(field(&codec, pg, v), Err(K::Mapping(pg)), "{codec:?}");
    }
}

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
    let accept: [(Fraction, &[(&str, i64)], &[&str]); 4] = [
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
fn json_is_strict() {
    let good = [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "\"\"",
        " [1 ,\t2\r\n] ",
        "{\"b\":1,\"a\":1.0,\"b\":2}",
        "[-0.0]",
        "[1E2]",
        "[1e999]",
        "[1e200000]",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\/\"",
        "\"\\u00e9\"",
        "\"\u{7f}é😀\"",
        "1e+5",
        "{\"\":[{}]}",
        "[[],{}]",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\"",
        "123456789012345678901234567890",
    ];
    for text in good {
        assert_eq!(
            field(&Codec::Json, PgType::Json, Text(text.as_bytes())),
            sized(text.as_bytes()),
            "{text}"
        );
        assert!(is_json(text.as_bytes()));
    }
    let bad = [
        ("", 0),
        (" ", 1),
        ("\u{feff}{}", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("01", 1),
        ("-01", 2),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("'a'", 0),
        ("[1] x", 4),
        ("\u{b}1", 0),
        ("\u{c}1", 0),
        ("\u{a0}1", 0),
        ("\"a\nb\"", 2),
        ("\"\t\"", 1),
        ("+1", 0),
        (".5", 0),
        ("5.", 2),
        ("1e", 2),
        ("1e+", 3),
        ("0x1", 1),
        ("--1", 1),
        ("-", 1),
        ("tru", 0),
        ("True", 0),
        ("nullx", 4),
        ("[1 2]", 3),
        ("[", 1),
        ("{", 1),
        ("{\"a\"}", 4),
        ("{\"a\":}", 5),
        ("{1:2}", 1),
        ("[}", 1),
        ("{]", 1),
        ("[1}", 2),
        ("]", 0),
        ("[,1]", 1),
        ("\"a", 2),
        ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\\u123", 6),
        ("\"\\", 2),
        ("// c\n1", 0),
        ("[1]]", 3),
        ("{\"a\":1 \"b\":2}", 7),
    ];
    for (text, at) in bad {
        assert_eq!(field(&Codec::Json, PgType::Json, Text(text.as_bytes())), Err(K::Json(at)), "{text:?}");
        assert_eq!(field(&Codec::Jsonb, PgType::Jsonb, Text(text.as_bytes())), Err(K::Json(at)), "{text:?}");
        assert!(!is_json(text.as_bytes()));
    }
    assert_eq!(field(&Codec::Json, PgType::Json, Text(b"\"\xff\"")), Err(K::Utf8(1)));
    assert_eq!(field(&Codec::Json, PgType::Json, Text(b"1\0")), Err(K::Nul(1)));
    assert!(!is_json(b"\"\xff\"") && !is_json(b"1\0"));
}

#[test]
fn json_has_a_depth() {
    let nested =
        |open: &str, close: &str, depth| [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
    let put = |text: String| field(&Codec::Json, PgType::Json, Text(text.as_bytes())).map(|_| ());
    assert_eq!(put(nested("[", "]", 6000)), Ok(()));
    assert_eq!(put(nested("[", "]", 6001)), Err(K::JsonDepth));
    assert_eq!(put(nested("{\"a\":", "}", 6000)), Ok(()));
    assert_eq!(put("[{\"\":".repeat(3001)), Err(K::JsonDepth));
    assert_eq!(put("[".repeat(10_000_000)), Err(K::JsonDepth));
    assert_eq!(put(nested("[{\"a\":", "}]", 40)), Ok(()));
    assert_eq!(put(nested("[{\"a\":", "]}", 40)), Err(K::Json(241)));
}

#[test]
fn jsonb_refuses_what_it_cannot_hold() {
    let put = |text: &str| field(&Codec::Jsonb, PgType::Jsonb, Text(text.as_bytes()));
    for text in [
        "{\"a\": 1}",
        "\"\\ud83d\\ude00\"",
        "\"\\uD83D\\uDE00\"",
        "1e131071",
        "0e200000",
        "0.0001e131075",
        "1e-16383",
        "\"\\u0001\"",
    ] {
        assert_eq!(put(text), sized(format!("\u{1}{text}").as_bytes()), "{text}");
    }
    for (text, at) in [
        ("\"\\u0000\"", 1),
        ("\"a\\ud800\"", 2),
        ("\"\\ud800x\"", 1),
        ("\"\\ud800\\n\"", 1),
        ("\"\\ud800\\ud800\"", 1),
        ("{\"\\udc00\":1}", 2),
    ] {
        assert_eq!(put(text), Err(K::JsonbEscape(at)), "{text}");
    }
    for text in [
        "1e131072",
        "1e200000",
        "-10e131071",
        "0.001e131075",
        "1e-16384",
        "1.0e-16383",
        "0e-16384",
        "1e99999999999999999999",
        "0e1073741824",
    ] {
        assert_eq!(put(&format!("[{text}]")), Err(K::JsonbNumber(1)), "{text}");
    }
    assert_eq!(put(&format!("1{}", "0".repeat(131_072))), Err(K::JsonbNumber(0)));
    assert_eq!(put(&format!("0.{}", "0".repeat(16_384))), Err(K::JsonbNumber(0)));
    let long = format!("\"{}\"", "x".repeat(268_435_456));
    assert_eq!(put(&long).map(|_| ()), Err(K::JsonbString(0)));
    assert_eq!(put(&long[1..]).map(|_| ()), Err(K::Json(0)));
    assert!(is_json(long.as_bytes()));
}

#[test]
fn large_payloads_are_the_values_own_bytes() {
    let text = vec![b'x'; LARGE_VALUE_BYTES + 1];
    let json = [b"\"", &text[..], b"\""].concat();
    let large = |codec: Codec, pg, v| {
        large_payload(v, &Mapping { pg, codec })
            .map_err(|misfit| misfit.kind)
            .map(|own| own.map(<[u8]>::as_ptr))
    };
    let own = |bytes: &Vec<u8>| Ok(Some(bytes.as_ptr()));
    assert_eq!(large(Codec::Text, PgType::Text, Text(&text)), own(&text));
    assert_eq!(large(Codec::TextForm, PgType::Text, Text(&text)), own(&text));
    assert_eq!(large(Codec::Blob, PgType::Bytea, Blob(&text)), own(&text));
    assert_eq!(large(Codec::BytesForm, PgType::Bytea, Blob(&text)), own(&text));
    assert_eq!(large(Codec::BytesForm, PgType::Bytea, Text(&text)), own(&text));
    assert_eq!(large(Codec::Json, PgType::Json, Text(&json)), own(&json));
    assert_eq!(large(Codec::Jsonb, PgType::Jsonb, Text(&json)), Ok(None));
    assert_eq!(large(Codec::Text, PgType::Text, Text(&text[1..])), Ok(None), "not above the limit");
    assert_eq!(large(Codec::Int, PgType::Int8, Integer(1)), Ok(None));
    assert_eq!(large(Codec::Json, PgType::Json, Text(&text)), Err(K::Json(0)));
    assert_eq!(large(Codec::Text, PgType::Varchar(Some(9)), Text(&text)), Err(K::Length(262_145, 9)));
    let mut bad = text.clone();
    bad[200_000] = 0;
    assert_eq!(large(Codec::Text, PgType::Text, Text(&bad)), Err(K::Nul(200_000)));
}

#[test]
fn no_field_is_longer_than_the_server_takes() {
    let zeros = vec![0; FIELD_BYTES_MAX + 1];
    let too_much = |codec: Codec, pg, v| {
        assert_eq!(large_payload(v, &Mapping { pg, codec }).map_err(|m| m.kind), Err(K::FieldSize));
    };
    too_much(Codec::Blob, PgType::Bytea, Blob(&zeros));
    too_much(Codec::BytesForm, PgType::Bytea, Text(&zeros));
    too_much(Codec::Text, PgType::Text, Text(&zeros));
    too_much(Codec::Json, PgType::Json, Text(&zeros));
    assert_eq!(field(&Codec::Jsonb, PgType::Jsonb, Text(&zeros)), Err(K::FieldSize));
    let most = Mapping { pg: PgType::Bytea, codec: Codec::Blob };
    assert!(large_payload(Blob(&zeros[1..]), &most).unwrap().is_some());
}

fn votes(texts: &[&str]) -> TemplateVotes {
    let mut votes = TemplateVotes::default();
    texts.iter().for_each(|text| votes.observe(text.as_bytes()));
    votes
}

#[test]
fn votes_for_dates() {
    assert!(votes(&["2024-01-01", "2023-02-28"]).date());
    assert!(!votes(&["2024-01-01", "2023-02-29"]).date());
    assert!(!votes(&[]).date());
    assert_eq!(votes(&["2024-01-01"]).stamp(), None);
}

#[test]
fn votes_for_templates() {
    use Fraction::{Fixed, NoneOrSix, Shortened};
    let same: [(&[&str], Option<Fraction>); 12] = [
        (&[""], Some(Fixed(0))),
        (&["", ".5"], Some(Shortened)),
        (&["", ".500000"], Some(NoneOrSix)),
        (&["", ".500001"], Some(NoneOrSix)),
        (&["", ".500001", ".5"], Some(Shortened)),
        (&[".500000", ".000000"], Some(Fixed(6))),
        (&[".120", ".121"], Some(Fixed(3))),
        (&[".12", ".121"], Some(Shortened)),
        (&[".12", ".120"], None),
        (&["", ".120"], None),
        (&["", ".000000"], None),
        (&[".1234567"], None),
    ];
    for (tails, fraction) in same {
        let texts: Vec<String> = tails.iter().map(|tail| format!("2024-01-02T10:20:30{tail}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected =
            fraction.map(|fraction| Template { separator: 'T', seconds: true, fraction, zone: Zone::None });
        assert_eq!(votes(&texts).stamp(), expected, "{texts:?}");
        let mut merged = votes(&texts[..1]);
        merged.merge(&votes(&texts[1..]));
        assert_eq!(merged.stamp(), expected, "merged {texts:?}");
    }
    let zone = |zones: [&str; 2]| {
        votes(&zones.map(|zone| format!("2024-01-02 10:20{zone}")).each_ref().map(String::as_str))
            .stamp()
            .map(|t| (t.zone, t.seconds))
    };
    assert_eq!(zone(["Z", "Z"]), Some((Zone::Z, false)));
    assert_eq!(zone([" +05:30", " +05:30"]), Some((offset(" +05:30", 19_800), false)));
    assert_eq!(zone(["-05", "-05"]), Some((offset("-05", -18_000), false)));
    assert_eq!(zone(["+01:00", "+02:00"]), None);
    assert_eq!(zone(["", "Z"]), None);
    assert_eq!(zone(["", ":00"]), None);
    assert_eq!(votes(&["2024-01-02 10:20", "2024-01-02T10:20"]).stamp(), None);
    assert_eq!(votes(&["2024-01-02 10:20", "x", "2024-01-02 10:20"]).stamp(), None);
    assert_eq!(votes(&["x"]).stamp(), None);
    let mut dead = votes(&["2024-01-02 10:20", "x"]);
    dead.merge(&votes(&["2024-01-02 10:20"]));
    assert_eq!(dead.stamp(), None);
}
