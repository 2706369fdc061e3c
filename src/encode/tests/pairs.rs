//! Which classes and types a codec refuses.

use super::*;
use crate::plan::types::{UuidOrder, UuidStyle};

const PLAIN: UuidStyle = UuidStyle { upper: false, hyphens: true, braces: false };

fn flag() -> Codec {
    Codec::FlagText { yes: "t".to_owned(), no: "f".to_owned() }
}

const H0: Codec = Codec::TimeOfDay(TimeTemplate { seconds: false, fraction: Fraction::Fixed(0) });

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
        (Codec::UuidStyle(PLAIN), PgType::Uuid, "IRB"),
        (Codec::UuidBlob(UuidOrder::Dotnet), PgType::Uuid, "IRT"),
        (flag(), PgType::Bool, "IRB"),
        (Codec::Label(vec!["1".to_owned()]), PgType::Enum, "IRB"),
        (Codec::Network, PgType::Inet, "IRB"),
        (Codec::Date, PgType::Date, "IRB"),
        (template(' ', true, Fraction::Fixed(0), Zone::None), PgType::Timestamp(6), "IRB"),
        (Codec::AnyTimestamp, PgType::Timestamp(6), "IRB"),
        (Codec::AnyTimestamptz, PgType::Timestamptz(6), "IRB"),
        (Codec::AnyTime, PgType::Time(6), "IRB"),
        (H0, PgType::Time(6), "IRB"),
        (Codec::Epoch(Unit::Seconds), PgType::Timestamptz(6), "RTB"),
        (Codec::EpochReal, PgType::Timestamptz(6), "ITB"),
        (Codec::Julian, PgType::Timestamp(6), "ITB"),
        (Codec::DayNumber, PgType::Date, "RTB"),
        (Codec::LocalTime("UTC".to_owned()), PgType::Timestamptz(6), "IRB"),
        (Codec::Interval, PgType::Interval(6), "IRB"),
        (Codec::IntervalSince1970, PgType::Interval(6), "IRB"),
        (Codec::IntervalUnits(Unit::Seconds), PgType::Interval(6), "RTB"),
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
        (Codec::UuidStyle(PLAIN), Text(b"550e8400-e29b-41d4-a716-446655440000")),
        (flag(), Text(b"t")),
        (Codec::Label(vec!["1".to_owned()]), Text(b"1")),
        (Codec::Network, Text(b"::1")),
        (Codec::Tagged, Integer(1)),
        (Codec::Tagged, Text(b"1")),
        (Codec::Date, Text(b"2024-01-01")),
        (template(' ', false, Fraction::Fixed(0), Zone::None), Text(b"2024-01-01 00:00")),
        (Codec::AnyTimestamp, Text(b"2024-01-01")),
        (Codec::AnyTimestamptz, Text(b"2024-01-01")),
        (Codec::AnyTime, Text(b"10:00")),
        (H0, Text(b"10:00")),
        (Codec::Epoch(Unit::Seconds), Integer(1)),
        (Codec::EpochReal, Real(1.5)),
        (Codec::Julian, Real(1.5)),
        (Codec::DayNumber, Integer(20_240_101)),
        (Codec::LocalTime("UTC".to_owned()), Text(b"2024-01-01")),
        (Codec::Interval, Text(b"0")),
        (Codec::IntervalSince1970, Text(b"1970-01-02 00:00:00")),
        (Codec::IntervalUnits(Unit::Seconds), Integer(1)),
    ];
    for (codec, v) in all {
        let of_time = matches!(codec, Codec::AnyTime | Codec::TimeOfDay(_));
        let pg = if of_time { PgType::Date } else { PgType::Time(6) };
        assert_eq!(field(&codec, pg, v), Err(K::Mapping(pg)), "{codec:?}");
    }
}
