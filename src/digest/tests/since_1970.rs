//! Date-times that stand for the interval since 1970.

use super::*;

fn interval(micros: i64) -> Vec<u8> {
    [&micros.to_be_bytes()[..], &[0; 8]].concat()
}

pub(super) fn pairs() -> Vec<Pair<'static>> {
    let pair = |text: &'static [u8], micros| {
        (PgType::Interval(6), Codec::IntervalSince1970, Text(text), interval(micros))
    };
    vec![
        pair(b"1970-01-01 00:00:00.000000", 0),
        pair(b"1969-12-31 23:59:59.999999", -1),
        pair(b"1970-01-15", 1_209_600_000_000),
        pair(b"2000-03-01T00:00:00.5", 951_868_800_500_000),
    ]
}
