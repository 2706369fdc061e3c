//! Every codec of cutover: what the encoder accepts, the digest decodes to the value it came from. The two share no code,
//! so here a mistake of one of them shows without a server.

use cutover::digest::{RowHash, RowHasher, table_key};
use cutover::encode::value;
use cutover::plan::types::{
    Classes, Codec, Domain, Fraction, Mapping, PgType, Template, UuidOrder, UuidStyle, Zone,
};
use cutover::value::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::HashMap;

/// Random values for each codec.
const CASES: usize = 1500;

#[derive(Debug, Clone, PartialEq)]
enum Owned {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Owned {
    fn borrow(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Integer(v) => Value::Integer(*v),
            Owned::Real(v) => Value::Real(*v),
            Owned::Text(v) => Value::Text(v),
            Owned::Blob(v) => Value::Blob(v),
        }
    }

    /// Equal as SQLite's values are: class and bits.
    fn is(&self, other: &Owned) -> bool {
        match (self, other) {
            (Owned::Real(one), Owned::Real(two)) => one.to_bits() == two.to_bits(),
            _ => self == other,
        }
    }
}

/// Values of every class, and texts that match `texts` as often as not.
fn values(texts: &'static str) -> BoxedStrategy<Owned> {
    let integer = prop_oneof![
        (any::<i64>(), 0_u32..64).prop_map(|(v, shift)| v >> shift),
        Just(0_i64),
        Just(1),
        Just(i64::MIN),
        Just(i64::MAX),
    ];
    let real = prop_oneof![
        any::<f64>(),
        any::<f32>().prop_map(f64::from),
        (-100_000_i64..100_000, 0_i32..8).prop_map(|(v, e)| v as f64 / 10_f64.powi(e)),
        any::<i64>().prop_map(|v| v as f64),
        Just(-0.0),
        Just(5e-324),
        Just(f64::MAX),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ];
    let bytes = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        1 => Just(Owned::Null),
        6 => integer.prop_map(Owned::Integer),
        6 => real.prop_filter("SQLite has no NaN", |v| !v.is_nan()).prop_map(Owned::Real),
        3 => any::<String>().prop_map(|text| Owned::Text(text.into_bytes())),
        12 => texts.prop_map(|text| Owned::Text(text.into_bytes())),
        1 => bytes.clone().prop_map(Owned::Text),
        3 => bytes.prop_map(Owned::Blob),
        3 => any::<[u8; 16]>().prop_map(|id| Owned::Blob(id.to_vec())),
    ]
    .boxed()
}

fn source_hash(v: &Owned, mapping: &Mapping) -> RowHash {
    let mut hasher = RowHasher::new(table_key("t", 1));
    hasher.source_value(v.borrow(), mapping);
    hasher.finish()
}

fn target_hash(field: Option<&[u8]>, mapping: &Mapping) -> RowHash {
    let mut hasher = RowHasher::new(table_key("t", 1));
    hasher.target_field(field, mapping);
    hasher.finish()
}

/// The payload of an encoded field; none for NULL.
fn payload(encoded: &[u8]) -> Option<&[u8]> {
    let (length, payload) = encoded.split_at(4);
    let length = i32::from_be_bytes(length.try_into().unwrap());
    assert!(length == -1 && payload.is_empty() || usize::try_from(length) == Ok(payload.len()));
    (length >= 0).then_some(payload)
}

/// Encodes many values and decodes what became of them. Where the codec is exact, two values never share a field.
fn check(pg: PgType, codec: Codec, texts: &'static str) {
    let mapping = Mapping { pg, codec };
    let is_part = matches!(mapping.codec, Codec::Only(..));
    let is_exact = mapping.codec.domain() == Domain::Exact && !is_part && !matches!(pg, PgType::Char(_));
    let mut runner = TestRunner::deterministic();
    let strategy = values(texts);
    let (mut accepted, mut seen) = (0, HashMap::new());
    for _ in 0..CASES {
        let v = strategy.new_tree(&mut runner).unwrap().current();
        let mut encoded = Vec::new();
        if value(v.borrow(), &mapping, &mut encoded).is_err() {
            assert!(encoded.is_empty(), "a misfit appends nothing");
            continue;
        }
        accepted += u32::from(v != Owned::Null);
        let ours = source_hash(&v, &mapping);
        assert_eq!(target_hash(payload(&encoded), &mapping), ours, "{v:?} as {mapping:?}");
        assert_eq!(payload(&encoded).is_none() && !is_part, v == Owned::Null && !is_part, "{v:?}");
        if is_exact {
            let first = seen.entry(encoded).or_insert_with(|| v.clone());
            assert!(first.is(&v), "{first:?} and {v:?} have one field as {mapping:?}");
        }
    }
    assert!(accepted >= 100, "{mapping:?}: only {accepted} values are accepted");
}

const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";

#[test]
fn numbers() {
    for pg in [PgType::Int2, PgType::Int4, PgType::Int8] {
        check(pg, Codec::Int, "[0-9]{1,3}");
    }
    check(PgType::Bool, Codec::Bool, "[01]");
    for pg in [PgType::Float8, PgType::Float4] {
        check(pg, Codec::Float, "[0-9]");
        check(pg, Codec::FloatNumber, "[0-9]");
    }
    for pg in [PgType::Numeric(None), PgType::Numeric(Some((30, 10))), PgType::Numeric(Some((10, 2)))] {
        check(pg, Codec::Number, "[0-9]");
        check(pg, Codec::NumberByValue, "[0-9]");
    }
}

#[test]
fn texts_and_bytes() {
    for pg in
        [PgType::Text, PgType::Varchar(None), PgType::Varchar(Some(12)), PgType::Char(12), PgType::Citext]
    {
        check(pg, Codec::Text, "[a-z ]{0,12}");
    }
    for pg in [PgType::Text, PgType::Varchar(Some(30)), PgType::Citext] {
        check(pg, Codec::TextForm, "[0-9.e]{0,12}");
    }
    check(PgType::Bytea, Codec::Blob, "[a-z]{16}");
    check(PgType::Bytea, Codec::BytesForm, "[0-9]{1,4}");
    check(PgType::Bytea, Codec::Tagged, "[\\x00-\\x05]{0,9}");
    let json = "\\{\"[a-c]\": ?-?[1-9][0-9]{0,2}(\\.[0-9]{1,3})?(e[0-9]{1,2})?, ?\"[a-c]\":(true|null|\"[a-zé]{0,3}\")\\}";
    check(PgType::Json, Codec::Json, json);
    check(PgType::Jsonb, Codec::Jsonb, json);
}

#[test]
fn words() {
    let flag = |yes: &str, no: &str| Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() };
    check(PgType::Bool, flag("t", "f"), "[tfTF]");
    check(PgType::Bool, flag("YES", "NO"), "YES|NO|Yes|no");
    check(PgType::Bool, flag("", "é"), "|é|e");
    let labels = ["small", "Small", "größer", ""].map(str::to_owned);
    check(PgType::Enum, Codec::Label(labels.to_vec()), "small|Small|größer||smal");
}

#[test]
fn uuids() {
    const PLAIN: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    const STYLED: [&str; 8] = [
        "[0-9a-f]{32}",
        "[0-9A-F]{32}",
        PLAIN,
        "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}",
        "\\{[0-9a-f]{32}\\}",
        "\\{[0-9A-F]{32}\\}",
        "\\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\}",
        "\\{[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\\}",
    ];
    check(PgType::Uuid, Codec::Uuid, PLAIN);
    for (bits, texts) in STYLED.into_iter().enumerate() {
        let style = UuidStyle { upper: bits & 1 > 0, hyphens: bits & 2 > 0, braces: bits & 4 > 0 };
        check(PgType::Uuid, Codec::UuidStyle(style), texts);
        check(PgType::Uuid, Codec::UuidAny, texts);
    }
    check(PgType::Uuid, Codec::UuidBlob(UuidOrder::Rfc4122), PLAIN);
    check(PgType::Uuid, Codec::UuidBlob(UuidOrder::Dotnet), PLAIN);
}

#[test]
fn addresses() {
    const V4: &str = "([0-9]{1,2}|1[0-9]{2}|25[0-6])(\\.(0|[1-9][0-9]|2[0-5]{2})){3}(/[0-9]{1,2})?";
    const V6: &str = "([0-9a-f]{1,4}:){7}[0-9a-fA-F]{1,4}(/[0-9]{1,3})?";
    const SHORT: &str = "([0-9a-f]{1,4}:){0,4}:([0-9a-f]{1,4}:){0,3}([0-9A-F]{1,4}|([1-9]{1,2}\\.){3}[0-9]{1,2})?(/[0-9]{1,3})?";
    for texts in [V4, V6, SHORT] {
        check(PgType::Inet, Codec::Network, texts);
    }
    check(PgType::Cidr, Codec::Network, "[1-9]{2}\\.0\\.0\\.0/([89]|[12][0-9])|[0-9a-f]{1,4}::(/128)?");
    check(PgType::Macaddr, Codec::Network, "[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
}

#[test]
fn parts_of_a_split_column() {
    let only = |integer, real, text, blob, codec| {
        Codec::Only(Classes { integer, real, text, blob }, Box::new(codec))
    };
    check(PgType::Numeric(None), only(true, true, false, false, Codec::NumberByValue), "[a-z]{0,5}");
    check(PgType::Int8, only(true, false, false, false, Codec::Int), "[a-z]{0,5}");
    check(PgType::Text, only(false, false, true, false, Codec::Text), "[a-z]{0,5}");
    check(PgType::Bytea, only(false, false, false, true, Codec::Blob), "[a-z]{0,5}");
    check(PgType::Bytea, only(false, false, true, true, Codec::BytesForm), "[a-z]{0,5}");
    check(PgType::Inet, only(false, false, true, false, Codec::Network), "::[1-9]{1,4}");
    check(PgType::Jsonb, only(false, false, true, false, Codec::Jsonb), "\\[[1-9]{1,4}\\]");
    check(PgType::Bytea, only(true, true, true, true, Codec::Tagged), "[a-z]{0,5}");
}

#[test]
fn times() {
    let date = "[12][0-9]{3}-(0[1-9]|1[012])-([012][0-9]|3[01])";
    check(PgType::Date, Codec::Date, date);
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let zones = [
        (Zone::None, ""),
        (Zone::Z, "Z"),
        (Zone::Offset { text: "-05:30".to_owned(), seconds: -19_800 }, "-05:30"),
    ];
    let fractions = [
        (Fraction::Fixed(0), ""),
        (Fraction::Fixed(3), "\\.[0-9]{3}"),
        (Fraction::Shortened, "(\\.[0-9]{0,5}[1-9])?"),
        (Fraction::NoneOrSix, "(\\.[0-9]{6})?"),
    ];
    for (zone, spelled) in zones {
        let pg = if zone == Zone::None { PgType::Timestamp(6) } else { PgType::Timestamptz(6) };
        for (fraction, digits) in fractions {
            let texts = leak(format!("{date}T{TIME}{digits}{spelled}"));
            let template = Template { separator: 'T', seconds: true, fraction, zone: zone.clone() };
            check(pg, Codec::Stamp(template), texts);
        }
    }
    let moments = leak(format!("{date}( |T){TIME}(\\.[0-9]{{1,6}})?"));
    check(PgType::Timestamp(6), Codec::AnyTimestamp, moments);
    check(PgType::Timestamptz(6), Codec::AnyTimestamptz, leak(format!("{moments}(Z|\\+02:00|-0330)?")));
    check(PgType::Time(6), Codec::AnyTime, leak(format!("{TIME}(\\.[0-9]{{1,6}})?")));
}
