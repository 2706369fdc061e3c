//! What the encoder sends is, to the digest, the value that it had: for every codec of dates, times and intervals, of any
//! number and any text. Encoder and digest share no code, so each is the other's check.

use cutover::digest::{RowHasher, table_key};
use cutover::encode::value;
use cutover::plan::types::{Codec, Fraction, Mapping, PgType, TimeTemplate, Unit};
use cutover::value::Value;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// Sends the value; both sides of it have one hash, and no neighbour of its field has. False if it is refused.
fn comes_back(sent: Value<'_>, pg: PgType, codec: &Codec) -> Result<bool, TestCaseError> {
    let mapping = Mapping { pg, codec: codec.clone() };
    let mut field = Vec::new();
    if let Err(misfit) = value(sent, &mapping, &mut field) {
        prop_assert_ne!(misfit.code(), "E_MAPPING");
        return Ok(false);
    }
    let mut hasher = RowHasher::new(table_key("t", 1));
    hasher.source_value(sent, &mapping);
    let source = hasher.finish();
    hasher.target_field(Some(&field[4..]), &mapping);
    prop_assert_eq!(source, hasher.finish(), "{:?} as {:?}", sent, mapping);
    for changed in [0, 4, 7, field.len() - 5] {
        let mut other = field[4..].to_vec();
        if let Some(byte) = other.get_mut(changed) {
            *byte ^= 1;
            hasher.target_field(Some(&other), &mapping);
            prop_assert_ne!(source, hasher.finish(), "byte {} of {:?} as {:?}", changed, sent, mapping);
        }
    }
    Ok(true)
}

fn unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![Unit::Seconds, Unit::Millis, Unit::Micros])
}

/// `timestamp` or `timestamptz` of any precision.
fn instant() -> impl Strategy<Value = PgType> {
    (0..=6_u8, any::<bool>())
        .prop_map(|(p, zone)| if zone { PgType::Timestamptz(p) } else { PgType::Timestamp(p) })
}

fn fraction() -> impl Strategy<Value = Fraction> {
    prop_oneof![(0..=6_u8).prop_map(Fraction::Fixed), Just(Fraction::Shortened), Just(Fraction::NoneOrSix)]
}

/// Integers of every size.
fn integer() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64_u32).prop_map(|(v, shift)| v >> shift)
}

/// Intervals, and what is nearly one.
fn interval() -> impl Strategy<Value = String> {
    prop_oneof![
        "([-+]?[0-9]{1,3} years? )?([-+]?[0-9]{1,2} mons? )?([-+]?[0-9]{1,3} days? )?[-+]?[0-9]{1,4}:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?",
        "[-+]?[0-9]{1,2}-[0-9]{1,2}( [-+]?[0-9]{1,2} [-+]?[0-9]{1,2}:[0-5][0-9]:[0-5][0-9])?",
        "-?[0-9]{1,3} days?, [0-9]{1,2}:[0-5][0-9]:[0-5][0-9](\\.[0-9]{6})?",
        "P(-?[0-9]{1,3}Y)?(-?[0-9]{1,3}M)?(-?[0-9]{1,3}D)?T(-?[0-9]{1,3}H)?(-?[0-9]{1,3}M)?(-?[0-9]{1,3}(\\.[0-9]{1,7})?S)?",
        "[-+PTYMDHS0-9:. ]{0,16}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn numbers_of_time_come_back(v in integer(), unit in unit(), pg in instant(), p in 0..=6_u8) {
        comes_back(Value::Integer(v), pg, &Codec::Epoch(unit))?;
        comes_back(Value::Integer(v), PgType::Interval(p), &Codec::IntervalUnits(unit))?;
        comes_back(Value::Integer(v), PgType::Date, &Codec::DayNumber)?;
    }

    #[test]
    fn day_numbers_come_back(y in 0..10_001_i64, m in 0..14_i64, d in 0..33_i64) {
        let real = comes_back(Value::Integer(y * 10_000 + m * 100 + d), PgType::Date, &Codec::DayNumber)?;
        prop_assert!(real || y == 0 || y > 9999 || m == 0 || m > 12 || d == 0 || d > 28);
    }

    /// Doubles of every bit pattern are taken or refused; the same ones come back.
    #[test]
    fn any_double_comes_back(bits: u64, pg in instant()) {
        let v = f64::from_bits(bits);
        comes_back(Value::Real(v), pg, &Codec::Julian)?;
        comes_back(Value::Real(v), pg, &Codec::EpochReal)?;
    }

    #[test]
    fn julian_days_come_back(v in -1.0..110_000_000.0_f64, near in 2_300_000.0..2_600_000.0_f64, pg in instant()) {
        comes_back(Value::Real(v), pg, &Codec::Julian)?;
        for v in [near, near.trunc(), near.trunc() + 0.5, (near * 86_400.0).trunc() / 86_400.0, near / 100_000.0] {
            let taken = comes_back(Value::Real(v), pg, &Codec::Julian)?;
            let six = matches!(pg, PgType::Timestamp(6) | PgType::Timestamptz(6));
            prop_assert!(taken || !six || v < 1000.0, "{:?}", v);
        }
    }

    #[test]
    fn seconds_come_back(v in -3e11..1e13_f64, near in -1e10..1e10_f64, pg in instant()) {
        comes_back(Value::Real(v), pg, &Codec::EpochReal)?;
        for v in [near, near.trunc(), (near * 1e3).trunc() / 1e3, (near * 1e6).trunc() / 1e6, near / 1e9] {
            comes_back(Value::Real(v), pg, &Codec::EpochReal)?;
        }
        prop_assert!(comes_back(Value::Real(near.trunc() + 0.0), pg, &Codec::EpochReal)?);
    }

    #[test]
    fn times_of_day_come_back(
        text in "[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,7})?)?",
        fraction in fraction(), seconds: bool, p in 0..=6_u8,
    ) {
        let codec = Codec::TimeOfDay(TimeTemplate { seconds, fraction });
        comes_back(Value::Text(text.as_bytes()), PgType::Time(p), &codec)?;
    }

    #[test]
    fn intervals_come_back(text in interval(), p in 0..=6_u8) {
        comes_back(Value::Text(text.as_bytes()), PgType::Interval(p), &Codec::Interval)?;
    }

    #[test]
    fn local_times_come_back(
        text in "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-([0-2][1-9]|30)([ T][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?(Z|\\+01:00)?)?",
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "+05:30", "x"]),
    ) {
        let codec = Codec::LocalTime(zone.to_owned());
        comes_back(Value::Text(text.as_bytes()), PgType::Timestamptz(6), &codec)?;
    }
}

/// As many as the specification asks for, of the days in which data was made: not one is refused.
#[test]
fn twenty_thousand_julian_days_come_back() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        // xorshift64: any spread of the bits will do
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let v = 2_400_000.0 + (state >> 11) as f64 / (1_u64 << 53) as f64 * 100_000.0;
        assert!(comes_back(Value::Real(v), PgType::Timestamp(6), &Codec::Julian).unwrap(), "{v:?}");
    }
}
