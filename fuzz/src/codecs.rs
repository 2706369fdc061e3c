//! Every type under every codec, with a value of any class: refused, or sent whole and proved.

use super::sides::{apart, column, sent};
use cutover::encode::{self, FrameBuilder, MisfitKind};
use cutover::limits::LARGE_VALUE_BYTES;
use cutover::plan::types::{
    Classes, Codec, Fraction, Mapping, PgType, Template, TimeTemplate, Unit, UuidOrder, UuidStyle, Zone,
};
use cutover::value::Value;
use std::convert::Infallible;

/// Type, codec, class, how often the bytes are repeated; then the bytes.
pub fn run(data: &[u8]) {
    let [pg, codec, class, times, rest @ ..] = data else { return };
    let (types, codecs) = (types(), codecs());
    let pg = types[usize::from(*pg) % types.len()];
    let mapping = column(pg, codecs[usize::from(*codec) % codecs.len()].clone());
    let (one, other) = rest.split_at(rest.len() / 2);
    let value = of_class(*class, rest);
    let field = sent(value, &mapping);
    apart(of_class(*class, one), of_class(*class, other), &mapping);
    apart(of_class(class.wrapping_add(1), rest), value, &mapping);
    if let Value::Text(text) = value {
        texts(text, &mapping, field.is_some());
    }
    // Seldom, for it is slow: a value that passes in slices is the same field.
    if *times == u8::MAX && !rest.is_empty() && rest.len() < 64 {
        large(*class, &rest.repeat(LARGE_VALUE_BYTES / rest.len() + 1), &mapping);
    }
}

fn of_class(class: u8, bytes: &[u8]) -> Value<'_> {
    let word = bytes.first_chunk::<8>().copied().unwrap_or_default();
    match class % 5 {
        0 => Value::Text(bytes),
        1 => Value::Blob(bytes),
        2 => Value::Integer(i64::from_be_bytes(word)),
        3 => Value::Real(f64::from_be_bytes(word)),
        _ => Value::Null,
    }
}

/// Which texts the types of text take is easily said.
fn texts(text: &[u8], mapping: &Mapping, is_sent: bool) {
    if !matches!(mapping.codec, Codec::Text) {
        return;
    }
    let is_text = !text.contains(&0) && std::str::from_utf8(text).is_ok();
    let characters = std::str::from_utf8(text).map_or(0, |text| text.chars().count());
    let fits = match mapping.pg {
        PgType::Text | PgType::Citext | PgType::Varchar(None) => true,
        PgType::Varchar(Some(most)) => characters <= most as usize,
        PgType::Char(most) => characters <= most as usize && !text.ends_with(b" "),
        _ => false,
    };
    assert_eq!(is_sent, is_text && fits, "{text:?} in {mapping:?}");
}

fn large(class: u8, bytes: &[u8], mapping: &Mapping) {
    let value = of_class(class, bytes);
    let whole = sent(value, mapping);
    let Ok(payload) = encode::large_payload(value, mapping) else {
        return assert_eq!(whole, None, "refused only in slices");
    };
    let Some(payload) = payload else { return };
    let mut frames = FrameBuilder::new();
    let mut stream = Vec::new();
    let handed: Result<(), Infallible> = frames.put_large(payload, |frame| {
        stream.extend_from_slice(&frame.bytes);
        Ok(())
    });
    handed.expect("nothing fails here");
    stream.extend_from_slice(&frames.finish().bytes);
    let mut expected = Vec::new();
    encode::value(value, mapping, &mut expected).expect("refused only whole");
    assert_eq!(stream.get(19..stream.len() - 2), Some(&expected[..]), "another field in slices");
    // Our own mistake in a plan is never a value sent.
    assert!(!matches!(
        encode::value(value, mapping, &mut Vec::new()).map_err(|misfit| misfit.kind),
        Err(MisfitKind::Mapping(_))
    ));
}

fn types() -> [PgType; 27] {
    [
        PgType::Bool,
        PgType::Int2,
        PgType::Int4,
        PgType::Int8,
        PgType::Float4,
        PgType::Float8,
        PgType::Numeric(None),
        PgType::Numeric(Some((9, 3))),
        PgType::Text,
        PgType::Varchar(None),
        PgType::Varchar(Some(4)),
        PgType::Char(4),
        PgType::Citext,
        PgType::Json,
        PgType::Jsonb,
        PgType::Bytea,
        PgType::Uuid,
        PgType::Date,
        PgType::Time(6),
        PgType::Timestamp(6),
        PgType::Timestamptz(6),
        PgType::Timestamptz(2),
        PgType::Interval(6),
        PgType::Inet,
        PgType::Cidr,
        PgType::Macaddr,
        PgType::Enum,
    ]
}

fn codecs() -> Vec<Codec> {
    let fraction = Fraction::Shortened;
    let numbers = Classes { integer: true, real: true, ..Classes::default() };
    let words = Classes { text: true, blob: true, ..Classes::default() };
    vec![
        Codec::Bool,
        Codec::Int,
        Codec::Float,
        Codec::FloatNumber,
        Codec::Number,
        Codec::NumberByValue,
        Codec::Text,
        Codec::TextForm,
        Codec::Blob,
        Codec::BytesForm,
        Codec::Json,
        Codec::Jsonb,
        Codec::Uuid,
        Codec::UuidAny,
        Codec::Date,
        Codec::Stamp(Template { separator: ' ', seconds: true, fraction, zone: Zone::None }),
        Codec::Stamp(Template { separator: 'T', seconds: true, fraction, zone: Zone::Z }),
        Codec::AnyTimestamp,
        Codec::AnyTimestamptz,
        Codec::AnyTime,
        Codec::TimeOfDay(TimeTemplate { seconds: true, fraction }),
        Codec::Epoch(Unit::Millis),
        Codec::EpochReal,
        Codec::Julian,
        Codec::DayNumber,
        Codec::LocalTime("America/New_York".to_owned()),
        Codec::Interval,
        Codec::IntervalUnits(Unit::Seconds),
        Codec::Network,
        Codec::FlagText { yes: "yes".to_owned(), no: "no".to_owned() },
        Codec::UuidStyle(UuidStyle { upper: true, hyphens: false, braces: true }),
        Codec::UuidBlob(UuidOrder::Dotnet),
        Codec::Label(vec!["a".to_owned(), "bc".to_owned()]),
        Codec::Tagged,
        Codec::Only(numbers, Box::new(Codec::Number)),
        Codec::Only(words, Box::new(Codec::Text)),
        Codec::Only(words, Box::new(Codec::Only(numbers, Box::new(Codec::Int)))),
    ]
}
