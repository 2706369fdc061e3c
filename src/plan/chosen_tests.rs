//! Every type with every encoding, against what columns hold.

use super::*;
use crate::catalog::spelling::{Fraction, Template};
use crate::config::NulPolicy;

/// Type, encoding, zone, what the column holds; type and codec, level.
type Row = (&'static str, &'static str, &'static str, [u64; 4], &'static str, Level);

const I: [u64; 4] = [5, 0, 0, 0];
const R: [u64; 4] = [0, 5, 0, 0];
const T: [u64; 4] = [0, 0, 5, 0];
const B: [u64; 4] = [0, 0, 0, 5];

fn profile([integers, reals, texts, blobs]: [u64; 4]) -> ColumnProfile {
    ColumnProfile { integers, reals, texts, blobs, ..ColumnProfile::default() }
}

fn choice(pg_type: &str, encoding: &str, zone: &str) -> ColumnChoice {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ColumnChoice {
        pg_type: some(pg_type),
        encoding: some(encoding),
        time_zone: some(zone),
        ..ColumnChoice::default()
    }
}

fn decide(
    pg_type: &str,
    encoding: &str,
    zone: &str,
    facts: &ColumnProfile,
) -> Result<(String, Level), String> {
    let column = Column { affinity: Affinity::Numeric, ..Column::default() };
    let made = created(&column, facts, Circumstances::default(), &choice(pg_type, encoding, zone), None)?;
    Ok((format!("{} {:?}", made.mapping.pg, made.mapping.codec), made.level))
}

#[test]
fn types_and_encodings_give_their_codec() {
    let table: &[Row] = &[
        ("timestamptz", "epoch_s", "", I, "timestamp with time zone Epoch(Seconds)", Level::E0),
        ("timestamp", "epoch_ms", "", I, "timestamp Epoch(Millis)", Level::E0),
        ("", "epoch_us", "", I, "timestamp with time zone Epoch(Micros)", Level::E0),
        ("timestamptz(3)", "epoch_ms", "", I, "timestamp(3) with time zone Epoch(Millis)", Level::E0),
        ("", "epoch_s_real", "", R, "timestamp with time zone EpochReal", Level::E0),
        ("", "julian", "", R, "timestamp Julian", Level::E0),
        ("", "", "Europe/Berlin", T, "timestamp with time zone LocalTime(\"Europe/Berlin\")", Level::E2),
        ("timestamptz", "local", "UTC", T, "timestamp with time zone LocalTime(\"UTC\")", Level::E2),
        ("timestamp", "", "", T, "timestamp AnyTimestamp", Level::E2),
        ("timestamptz", "", "", T, "timestamp with time zone AnyTimestamptz", Level::E2),
        ("date", "", "", T, "date Date", Level::E0),
        ("", "yyyymmdd", "", I, "date DayNumber", Level::E0),
        ("time", "", "", T, "time AnyTime", Level::E2),
        ("boolean", "", "", I, "boolean Bool", Level::E0),
        ("", "yes/no", "", T, "boolean FlagText { yes: \"yes\", no: \"no\" }", Level::E0),
        ("uuid", "", "", T, "uuid UuidAny", Level::E2),
        ("uuid", "", "", B, "uuid UuidAny", Level::E2),
        ("", "dotnet", "", B, "uuid UuidBlob(Dotnet)", Level::E0),
        ("uuid", "rfc4122", "", B, "uuid UuidBlob(Rfc4122)", Level::E0),
        ("json", "", "", T, "json Json", Level::E0),
        ("jsonb", "", "", T, "jsonb Jsonb", Level::E2),
        ("", "since_1970", "", T, "interval IntervalSince1970", Level::E2),
        ("", "microseconds", "", I, "interval IntervalUnits(Micros)", Level::E0),
        ("interval", "seconds", "", I, "interval IntervalUnits(Seconds)", Level::E0),
        ("interval", "text", "", T, "interval Interval", Level::E2),
        ("interval", "", "", T, "interval Interval", Level::E2),
        ("inet", "", "", T, "inet Network", Level::E2),
        ("numeric(10,2)", "", "", R, "numeric(10,2) Number", Level::E0),
        ("varchar(20)", "", "", T, "character varying(20) Text", Level::E0),
        ("varchar(20)", "", "", I, "character varying(20) TextForm", Level::E0),
        ("text", "", "", I, "text TextForm", Level::E0),
        ("integer", "", "", I, "integer Int", Level::E0),
        ("smallint", "", "", I, "smallint Int", Level::E0),
        ("real", "", "", R, "real Float", Level::E0),
        ("float8", "", "", I, "double precision FloatNumber", Level::E1),
        ("bytea", "", "", B, "bytea Blob", Level::E0),
        ("bytea", "", "", T, "bytea BytesForm", Level::B),
        ("tagged", "", "", [1, 1, 1, 1], "bytea Tagged", Level::E0),
        ("timestamptz", "epoch_s", "", [0; 4], "timestamp with time zone Epoch(Seconds)", Level::E0),
    ];
    for (pg_type, encoding, zone, held, expected, level) in table {
        let found = decide(pg_type, encoding, zone, &profile(*held));
        assert_eq!(found, Ok(((*expected).to_owned(), *level)), "{pg_type:?} {encoding:?} {zone:?}");
    }
}

#[test]
fn what_cannot_go_together_says_so() {
    let table: &[(&str, &str, &str, [u64; 4], &str)] = &[
        (
            "timestamptz",
            "epoch_s",
            "",
            T,
            "INTEGER becomes timestamp with time zone, and the column holds 5 TEXT",
        ),
        ("date", "epoch_s", "", I, "epoch_s is for timestamptz and timestamp, not for date"),
        ("timestamp", "julian", "", I, "REAL becomes timestamp, and the column holds 5 INTEGER"),
        ("timestamp", "local", "UTC", T, "local is for timestamptz, not for timestamp"),
        ("timestamptz", "local", "", T, "needs time_zone"),
        ("boolean", "dotnet", "", B, "dotnet is for uuid, not for boolean"),
        ("bigint", "yes/no", "", T, "yes/no is for boolean, not for bigint"),
        ("boolean", "", "", T, "INTEGER becomes boolean, and the column holds 5 TEXT"),
        ("integer", "", "", [0, 3, 2, 0], "the column holds 3 REAL, 2 TEXT"),
        ("text", "", "", B, "the column holds 5 BLOB"),
        ("", "text", "", T, "the encoding text needs a type"),
        ("tagged", "epoch_s", "", I, "has no place"),
        ("char(3)", "", "", T, "pads with blanks"),
        ("citext", "", "", T, "of an extension"),
        ("bigint", "", "Europe/Berlin", I, "has no meaning"),
        ("timstamp", "", "", T, "did you mean `timestamp`?"),
    ];
    for (pg_type, encoding, zone, held, expected) in table {
        let found = decide(pg_type, encoding, zone, &profile(*held)).unwrap_err();
        assert!(found.contains(expected), "{pg_type:?} {encoding:?}: {found}");
    }
    let in_key = Circumstances { in_key: true, ..Circumstances::default() };
    let json = created(&Column::default(), &profile(T), in_key, &choice("json", "", ""), None);
    assert!(json.unwrap_err().contains("no equality"));
}

fn stamps(zone: Zone) -> ColumnProfile {
    let stamp = Template { separator: ' ', seconds: true, fraction: Fraction::Fixed(0), zone };
    let spelling = Spelling { stamp: Some(stamp), ..Spelling::default() };
    ColumnProfile { spelling: Some(spelling), ..profile(T) }
}

#[test]
fn a_proved_template_is_exact_and_a_zone_is_never_guessed() {
    let (naive, zoned) = (stamps(Zone::None), stamps(Zone::Z));
    assert_eq!(decide("timestamp", "", "", &naive).map(|(_, level)| level), Ok(Level::E0));
    assert_eq!(decide("timestamptz", "", "", &zoned).map(|(_, level)| level), Ok(Level::E0));
    assert!(decide("timestamptz", "", "", &naive).unwrap_err().contains("name no zone"));
    assert!(decide("timestamp", "", "", &zoned).unwrap_err().contains("timestamp would drop"));
    let berlin = decide("timestamptz", "", "Europe/Berlin", &naive).unwrap();
    assert!(berlin.0.contains("LocalTime") && berlin.1 == Level::E2);
    let column = Column::default();
    let by_option =
        created(&column, &naive, Circumstances::default(), &choice("timestamptz", "", ""), Some("UTC"));
    assert_eq!(by_option.unwrap().mapping.codec, Codec::LocalTime("UTC".to_owned()));
}

#[test]
fn existing_columns_keep_their_type() {
    let tz = PgType::Timestamptz(6);
    let by = |choice: &ColumnChoice, naive_tz, pg, held| existing(&profile(held), choice, naive_tz, pg);
    let codec = |made: Result<Option<Choice>, String>| made.map(|made| made.map(|made| made.mapping.codec));
    assert_eq!(codec(by(&choice("", "", ""), None, tz, T)), Ok(None), "nothing is said");
    let berlin = Some(Codec::LocalTime("Europe/Berlin".to_owned()));
    assert_eq!(codec(by(&choice("", "", ""), Some("Europe/Berlin"), tz, T)), Ok(berlin.clone()));
    assert_eq!(codec(by(&choice("", "", "Europe/Berlin"), Some("UTC"), tz, T)), Ok(berlin));
    assert_eq!(codec(by(&choice("", "", ""), Some("UTC"), PgType::Text, T)), Ok(None));
    assert_eq!(
        codec(by(&choice("timestamptz", "epoch_s", ""), None, tz, I)),
        Ok(Some(Codec::Epoch(Unit::Seconds)))
    );
    let interval = by(&choice("", "microseconds", ""), None, PgType::Interval(6), I);
    assert_eq!(codec(interval), Ok(Some(Codec::IntervalUnits(Unit::Micros))));
    let other = by(&choice("bigint", "", ""), None, tz, I).unwrap_err();
    assert!(other.contains("says bigint, and the existing column is timestamp with time zone"), "{other}");
    assert!(by(&choice("", "", "UTC"), None, PgType::Text, T).is_err());
    assert_eq!(codec(by(&choice("tagged", "", ""), None, PgType::Bytea, T)), Ok(Some(Codec::Tagged)));
}

#[test]
fn changes_that_are_asked_for_change_the_facts() {
    let odd =
        ColumnProfile { texts_nul: 2, texts_invalid: 1, odd_texts: vec!["rowid 1".to_owned()], ..profile(T) };
    let nul = Cleanse { nul: Some(NulPolicy::Strip), ..Cleanse::default() };
    let bytea = Cleanse { invalid_utf8: Some(InvalidPolicy::Bytea), ..nul };
    let latin1 = Cleanse { invalid_utf8: Some(InvalidPolicy::Latin1), ..nul };
    assert_eq!(cleansed(&odd, &nul).texts_unfit(), 1);
    assert_eq!(cleansed(&odd, &bytea).texts_unfit(), 3, "it becomes bytea, NULs and all");
    assert_eq!(cleansed(&odd, &latin1).texts_unfit(), 0);
    assert!(cleansed(&odd, &latin1).odd_texts.is_empty());
}
