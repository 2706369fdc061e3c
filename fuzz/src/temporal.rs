//! Dates and times: what votes for a template is spelled in it, and what is sent comes back.

use super::sides::{apart, column, field, sent};
use cutover::encode::TemplateVotes;
use cutover::plan::types::{Codec, Fraction, PgType, Template, TimeTemplate, Unit, Zone};
use cutover::value::Value;

/// The texts of one column, one on each line.
pub fn run(data: &[u8]) {
    let texts: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(8).collect();
    votes(&texts);
    for text in &texts {
        spellings(text);
    }
    for pair in texts.windows(2) {
        for (pg, codec) in exact_texts() {
            apart(Value::Text(pair[0]), Value::Text(pair[1]), &column(pg, codec));
        }
    }
    numbers(data);
}

/// A template that wins holds every text, whoever counted them.
fn votes(texts: &[&[u8]]) {
    let mut all = TemplateVotes::default();
    texts.iter().for_each(|text| all.observe(text));
    let (mut first, mut second) = (TemplateVotes::default(), TemplateVotes::default());
    for (place, text) in texts.iter().enumerate() {
        if place % 2 == 0 { first.observe(text) } else { second.observe(text) }
    }
    first.merge(&second);
    assert_eq!((first.date(), first.stamp()), (all.date(), all.stamp()), "votes depend on who counted them");
    for text in texts {
        if all.date() {
            assert!(field(Value::Text(text), &column(PgType::Date, Codec::Date)).is_some());
        }
        if let Some(template) = all.stamp() {
            let pg = if template.zone == Zone::None { PgType::Timestamp(6) } else { PgType::Timestamptz(6) };
            let accepted = field(Value::Text(text), &column(pg, Codec::Stamp(template.clone())));
            assert!(accepted.is_some(), "{text:?} voted for {template:?}");
        }
    }
}

/// One text under every codec of texts. A text that keeps a template is also an instant, and the same one.
fn spellings(text: &[u8]) {
    let value = Value::Text(text);
    for (pg, codec) in exact_texts().into_iter().chain(any_texts()) {
        sent(value, &column(pg, codec));
    }
    let mut votes = TemplateVotes::default();
    votes.observe(text);
    let Some(template) = votes.stamp() else { return };
    let (exact, any) = match template.zone {
        Zone::None => (PgType::Timestamp(6), Codec::AnyTimestamp),
        _ => (PgType::Timestamptz(6), Codec::AnyTimestamptz),
    };
    let stamp = field(value, &column(exact, Codec::Stamp(template)));
    assert_eq!(stamp, field(value, &column(exact, any)), "{text:?}");
}

fn exact_texts() -> Vec<(PgType, Codec)> {
    let mut columns = vec![(PgType::Date, Codec::Date)];
    for fraction in [Fraction::Fixed(0), Fraction::Fixed(3), Fraction::Shortened, Fraction::NoneOrSix] {
        for seconds in [true, false] {
            let stamp = |zone| Codec::Stamp(Template { separator: 'T', seconds, fraction, zone });
            let offset = Zone::Offset { text: "+02:00".to_owned(), seconds: 7200 };
            columns.push((PgType::Timestamp(6), stamp(Zone::None)));
            columns.push((PgType::Timestamptz(3), stamp(Zone::Z)));
            columns.push((PgType::Timestamptz(6), stamp(offset)));
            columns.push((PgType::Time(6), Codec::TimeOfDay(TimeTemplate { seconds, fraction })));
        }
    }
    columns
}

fn any_texts() -> Vec<(PgType, Codec)> {
    vec![
        (PgType::Timestamp(6), Codec::AnyTimestamp),
        (PgType::Timestamp(0), Codec::AnyTimestamp),
        (PgType::Timestamptz(6), Codec::AnyTimestamptz),
        (PgType::Timestamptz(3), Codec::AnyTimestamptz),
        (PgType::Timestamptz(6), Codec::LocalTime("Europe/Berlin".to_owned())),
        (PgType::Timestamptz(6), Codec::LocalTime("-03:30".to_owned())),
        (PgType::Time(6), Codec::AnyTime),
        (PgType::Time(0), Codec::AnyTime),
        (PgType::Interval(6), Codec::Interval),
    ]
}

/// The first 16 bytes as two numbers that mean moments, days or spans.
fn numbers(data: &[u8]) {
    let Some((first, rest)) = data.split_first_chunk::<8>() else { return };
    let Some((second, _)) = rest.split_first_chunk::<8>() else { return };
    let (a, b) = (i64::from_be_bytes(*first), i64::from_be_bytes(*second));
    for unit in [Unit::Seconds, Unit::Millis, Unit::Micros] {
        for pg in [PgType::Timestamp(6), PgType::Timestamptz(6), PgType::Timestamptz(0)] {
            apart(Value::Integer(a), Value::Integer(b), &column(pg, Codec::Epoch(unit)));
        }
        let span = column(PgType::Interval(6), Codec::IntervalUnits(unit));
        apart(Value::Integer(a), Value::Integer(b), &span);
    }
    apart(Value::Integer(a), Value::Integer(b), &column(PgType::Date, Codec::DayNumber));
    // Bits of any double, and doubles of the size of moments and of Julian days.
    for scale in [1e-3, 1e-9, 1e-12] {
        for codec in [Codec::EpochReal, Codec::Julian] {
            let moments = column(PgType::Timestamp(6), codec);
            apart(Value::Real(a as f64 * scale), Value::Real(b as f64 * scale), &moments);
            apart(Value::Real(not_nan(a)), Value::Real(not_nan(b)), &moments);
        }
    }
}

fn not_nan(bits: i64) -> f64 {
    let real = f64::from_bits(bits.cast_unsigned());
    if real.is_nan() { 0.0 } else { real }
}
