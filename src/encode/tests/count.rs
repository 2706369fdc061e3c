//! Instants and dates as numbers.

use super::*;
use proptest::prelude::*;

const TZ: PgType = PgType::Timestamptz(6);

/// From 1970 to 2000.
const TO_2000: i64 = 946_684_800_000_000;

fn days(n: i32) -> Result<Vec<u8>, MisfitKind> {
    sized(&n.to_be_bytes())
}

#[test]
fn unix_time() {
    use Unit::{Micros, Millis, Seconds};
    let put = |unit, pg, v| field(&Codec::Epoch(unit), pg, Integer(v));
    assert_eq!(put(Seconds, TZ, 0), micros(-TO_2000));
    assert_eq!(put(Seconds, PgType::Timestamp(0), 946_684_800), micros(0));
    assert_eq!(put(Seconds, TZ, -1), micros(-TO_2000 - 1_000_000));
    // 2023-11-14 22:13:20
    assert_eq!(put(Seconds, TZ, 1_700_000_000), micros(753_315_200_000_000));
    assert_eq!(put(Millis, TZ, 1_700_000_000_123), micros(753_315_200_123_000));
    assert_eq!(put(Micros, TZ, 1_700_000_000_123_456), micros(753_315_200_123_456));
    assert_eq!(put(Micros, TZ, TO_2000 - 1), micros(-1));
    // 4714-11-24 BC 00:00, and what is before; the end of the year 294276, and what is after.
    assert_eq!(put(Seconds, TZ, -210_866_803_200), micros(-211_813_488_000_000_000));
    assert_eq!(put(Seconds, TZ, -210_866_803_201), Err(K::Instant));
    assert_eq!(put(Micros, TZ, -210_866_803_200_000_001), Err(K::Instant));
    assert_eq!(put(Seconds, TZ, 9_224_318_015_999), micros(9_223_371_331_199_000_000));
    assert_eq!(put(Seconds, TZ, 9_224_318_016_000), Err(K::Instant));
    for v in [i64::MIN, i64::MAX, i64::MIN + 1] {
        assert_eq!(put(Seconds, TZ, v), Err(K::Instant));
        assert_eq!(put(Millis, TZ, v), Err(K::Instant));
    }
    assert_eq!(put(Micros, TZ, i64::MAX), micros(i64::MAX - TO_2000));
    assert_eq!(put(Micros, TZ, i64::MIN), Err(K::Instant));
    assert_eq!(put(Millis, PgType::Timestamp(0), 1_700_000_000_000), micros(753_315_200_000_000));
    assert_eq!(put(Millis, PgType::Timestamp(0), 1_700_000_000_500), Err(K::Fraction(0)));
    assert_eq!(put(Millis, PgType::Timestamptz(2), 1_700_000_000_120), micros(753_315_200_120_000));
    assert_eq!(put(Millis, PgType::Timestamptz(2), -1), Err(K::Fraction(2)));
}

#[test]
fn unix_time_as_a_real() {
    let put = |pg, v| field(&Codec::EpochReal, pg, Real(v));
    assert_eq!(put(TZ, 0.0), micros(-TO_2000));
    assert_eq!(put(TZ, 1_700_000_000.0), micros(753_315_200_000_000));
    assert_eq!(put(TZ, 1_700_000_000.123), micros(753_315_200_123_000));
    assert_eq!(put(TZ, 1_700_000_000.123_456), micros(753_315_200_123_456));
    assert_eq!(put(TZ, -0.000_001), micros(-TO_2000 - 1));
    assert_eq!(put(TZ, -1.5), micros(-TO_2000 - 1_500_000));
    assert_eq!(put(PgType::Timestamp(3), 1_700_000_000.123), micros(753_315_200_123_000));
    assert_eq!(put(PgType::Timestamp(3), 1_700_000_000.123_4), Err(K::Fraction(3)));
    assert_eq!(put(PgType::Timestamp(0), 0.5), Err(K::Fraction(0)));
    // The doubles beside one that a count gives back, and others that no count does.
    for v in [1_700_000_000.123_456_f64.next_up(), 1_700_000_000.123_456_f64.next_down(), -0.0, 1e-7, 5e-324]
    {
        assert_eq!(put(TZ, v), Err(K::Uncountable), "{v:?}");
    }
    assert_eq!(put(TZ, 1.0_f64.next_down()), Err(K::Uncountable));
    assert_eq!(put(TZ, 1.0_f64.next_up()), Err(K::Uncountable));
    assert_eq!(put(TZ, 9_224_318_015_999.0), micros(9_223_371_331_199_000_000));
    assert_eq!(put(TZ, -210_866_803_200.0), micros(-211_813_488_000_000_000));
    // So far away a double's last place is two milliseconds; of the two that are as near, the upper one.
    assert_eq!(put(TZ, 9e12 + 0.0625), micros(9_000_000_000_000_063_000 - TO_2000));
    assert_eq!(put(PgType::Timestamptz(3), -2e11 - 0.000_03), Err(K::Fraction(3)));
    for v in [9_224_318_016_000.0, -210_866_803_200.5, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        assert_eq!(put(TZ, v), Err(K::Instant), "{v:?}");
    }
    assert_eq!(put(TZ, f64::NAN), Err(K::Nan));
}

#[test]
fn julian_days() {
    let put = |pg, v| field(&Codec::Julian, pg, Real(v));
    let plain = PgType::Timestamp(6);
    let noon_of_day_0 = -211_813_444_800_000_000;
    assert_eq!(put(plain, 0.0), micros(noon_of_day_0));
    assert_eq!(put(plain, -0.5), micros(noon_of_day_0 - 43_200_000_000));
    assert_eq!(put(plain, -0.500_000_1), Err(K::Instant));
    assert_eq!(put(plain, -0.0), Err(K::Uncountable));
    assert_eq!(put(TZ, 2_451_544.5), micros(0));
    assert_eq!(put(plain, 2_440_587.5), micros(-TO_2000));
    // SQLite: select julianday('2024-02-29 12:34:56.789')
    assert_eq!(put(plain, 2_460_370.024_268_391), micros(762_525_296_789_000));
    assert_eq!(put(PgType::Timestamp(3), 2_460_370.024_268_391), micros(762_525_296_789_000));
    assert_eq!(put(PgType::Timestamp(2), 2_460_370.024_268_391), Err(K::Fraction(2)));
    assert_eq!(put(PgType::Timestamp(0), 2_460_370.5), micros(762_566_400_000_000));
    assert_eq!(put(plain, 109_203_526.5), micros(9_223_371_331_200_000_000 - 86_400_000_000));
    // 1/2^26 of a day before the end, 1287.46 microseconds, is told by the millisecond beside it.
    assert_eq!(put(plain, 109_203_527.5_f64.next_down()), micros(9_223_371_331_200_000_000 - 1000));
    for v in [109_203_527.5, 109_203_528.5, 1.09e8 + 1e6, 1e9, f64::INFINITY, -1.0] {
        assert_eq!(put(plain, v), Err(K::Instant), "{v:?}");
    }
    for v in [1e-9, 5e-324, 1.0_f64.next_up(), 0.1_f64.next_up()] {
        assert_eq!(put(plain, v), Err(K::Uncountable), "{v:?}");
    }
    assert_eq!(put(plain, 1.0), micros(noon_of_day_0 + 86_400_000_000));
    // In our days the last place of a double is 40 microseconds.
    assert!(put(plain, 2_460_370.024_268_391_f64.next_up()).is_ok());
}

/// The double that SQLite keeps for whole milliseconds is told by them, not by the microsecond beside it.
#[test]
fn julian_days_of_whole_milliseconds() {
    for second in 0..20_000_i64 {
        let milliseconds = 210_866_760_000_000 + 1_700_000_000_000 + second * 7919;
        let v = milliseconds as f64 / 86_400_000.0;
        let expected = micros((milliseconds - 211_813_444_800_000) * 1000);
        for p in [3, 6] {
            assert_eq!(field(&Codec::Julian, PgType::Timestamp(p), Real(v)), expected, "{v:?}");
        }
    }
}

#[test]
fn day_numbers() {
    let put = |v| field(&Codec::DayNumber, PgType::Date, Integer(v));
    for (v, n) in [
        (20_000_101, 0),
        (19_991_231, -1),
        (20_000_229, 59),
        (20_240_229, 8825),
        (10_101, -730_119),
        (99_991_231, 2_921_939),
    ] {
        assert_eq!(put(v), days(n), "{v}");
    }
    for v in [
        0,
        -20_240_101,
        20_230_229,
        20_240_230,
        20_241_301,
        20_240_001,
        20_240_100,
        20_249_901,
        101,
        9_999,
        99_991_232,
        100_000_101,
        1_700_000_000,
        i64::MAX,
        i64::MIN,
        20_240_101 + (1 << 32),
    ] {
        assert_eq!(put(v), Err(K::DayNumber), "{v}");
    }
    // `yymmdd` is a date of the first century: nothing is guessed, so a configuration that says yyyymmdd is believed.
    assert_eq!(put(240_101), days(-721_719));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_julian_day_of_the_last_and_next_centuries_is_a_count(v in 2_300_000.0..2_600_000.0) {
        prop_assert!(field(&Codec::Julian, PgType::Timestamp(6), Real(v)).is_ok());
    }

    /// What IEEE division gives back, where it is known to be exact: dividend and divisor below 2^53.
    #[test]
    fn a_real_is_taken_where_division_gives_it_back(count in -(1_i64 << 52)..1 << 52, beside in -1_i8..=1) {
        let exact = count as f64 / 1e6;
        let v = match beside { -1 => exact.next_down(), 1 => exact.next_up(), _ => exact };
        let ours = field(&Codec::EpochReal, TZ, Real(v));
        let given_back = (count - 2..=count + 2).any(|count| (count as f64 / 1e6).to_bits() == v.to_bits());
        prop_assert_eq!(ours.is_ok(), given_back, "{:?}", v);
        if let Ok(sent) = ours {
            let sent = i64::from_be_bytes(sent[4..].try_into().unwrap()) + TO_2000;
            prop_assert_eq!((sent as f64 / 1e6).to_bits(), v.to_bits());
        }
    }
}
