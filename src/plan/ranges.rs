//! The ranges of partitions: what of a column's values goes into which (pure arithmetic; bounds as PostgreSQL reads them).

use super::calendar;
use super::types::PgType;
use crate::config::{Every, Period};
use crate::limits::PARTITIONS_MAX;
use serde::{Deserialize, Serialize};

const DAY_MICROS: i64 = 86_400_000_000;

/// Days from 2000-01-01 that a `date` or a timestamp can begin with: 4714-11-24 BC (PostgreSQL, `DATETIME_MIN_JULIAN`).
const FIRST_DAY: i64 = -2_451_545;

/// The first day that no timestamp has: 294277-01-01 (`END_TIMESTAMP`). It bounds dates, too: what cutover reads as a date
/// is of the years 1 to 9999.
const END_DAY: i64 = 106_751_983;

/// Smallest and largest value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// the smallest
    pub min: i64,
    /// the largest
    pub max: i64,
}

impl Span {
    /// This span and one value more.
    pub fn with(span: Option<Span>, value: i64) -> Span {
        span.map_or(Span { min: value, max: value }, |span| Span {
            min: span.min.min(value),
            max: span.max.max(value),
        })
    }
}

/// One partition, from a bound on and below another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// the partition's name; before it has one, what comes behind the table's
    pub name: String,
    /// lower bound in SQL, which is in it
    pub from: String,
    /// upper bound in SQL, which is not
    pub to: String,
}

/// How many partitions the values of `span` need.
pub(super) fn count(pg: PgType, every: Every, span: Span) -> u128 {
    let (first, last) = (index(pg, every, span.min), index(pg, every, span.max));
    (last - first + 1).unsigned_abs()
}

/// The partitions that the values of `span` need, without gaps; the caller has looked at their [`count`].
pub(super) fn ranges(pg: PgType, every: Every, span: Span) -> Vec<Range> {
    let (first, last) = (index(pg, every, span.min), index(pg, every, span.max));
    (first..=last)
        .map(|i| Range {
            name: label(every, i),
            from: bound(pg, every, i).unwrap_or_else(|| "MINVALUE".to_owned()),
            to: bound(pg, every, i + 1).unwrap_or_else(|| "MAXVALUE".to_owned()),
        })
        .collect()
}

/// The smallest larger step with which there are not too many partitions; for numbers a power of ten.
pub(super) fn largest_fit(pg: PgType, every: Every, span: Span) -> Option<Every> {
    let fits = |every: &Every| count(pg, *every, span) <= PARTITIONS_MAX as u128;
    match every {
        Every::Period(_) => {
            let larger = [Period::Week, Period::Month, Period::Quarter, Period::Year];
            larger.into_iter().map(Every::Period).find(fits)
        }
        Every::Step(_) => (0..19).map(|power| Every::Step(10_i64.pow(power))).find(fits),
    }
}

/// The number of the partition that a value is in.
fn index(pg: PgType, every: Every, value: i64) -> i128 {
    match every {
        Every::Step(step) => i128::from(value).div_euclid(i128::from(step)),
        Every::Period(period) => {
            let day = if pg == PgType::Date { value } else { value.div_euclid(DAY_MICROS) };
            calendar::index(period, day).into()
        }
    }
}

/// Where a partition begins, in SQL; none beyond what the type can hold.
fn bound(pg: PgType, every: Every, index: i128) -> Option<String> {
    match every {
        Every::Step(step) => {
            let number = index * i128::from(step);
            let held = match pg {
                PgType::Int2 => i16::try_from(number).is_ok(),
                PgType::Int4 => i32::try_from(number).is_ok(),
                _ => i64::try_from(number).is_ok(),
            };
            held.then(|| number.to_string())
        }
        Every::Period(period) => {
            let day = calendar::start(period, i64::try_from(index).ok()?);
            (FIRST_DAY..END_DAY).contains(&day).then(|| day_text(pg, day))
        }
    }
}

/// The beginning of a day, whatever the session's zone is.
fn day_text(pg: PgType, day: i64) -> String {
    let (date, era) = calendar::text(day);
    let time = match pg {
        PgType::Date => "",
        PgType::Timestamptz(_) => " 00:00:00+00",
        _ => " 00:00:00",
    };
    format!("'{date}{time}{era}'")
}

/// What a partition is called behind its table's name; `m` stands before numbers below 0.
fn label(every: Every, index: i128) -> String {
    match every {
        Every::Period(period) => calendar::label(period, i64::try_from(index).unwrap_or_default()),
        Every::Step(step) => {
            let number = index * i128::from(step);
            let sign = if number < 0 { "m" } else { "" };
            format!("{sign}{}", number.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: Every = Every::Period(Period::Month);

    fn texts(pg: PgType, every: Every, min: i64, max: i64) -> Vec<String> {
        let span = Span { min, max };
        let made = ranges(pg, every, span);
        assert_eq!(made.len() as u128, count(pg, every, span));
        assert!(made.windows(2).all(|pair| pair[0].to == pair[1].from), "without gaps");
        made.into_iter().map(|range| format!("{} {} {}", range.name, range.from, range.to)).collect()
    }

    /// Days from 2000-01-01 of 2024-01-01.
    const Y2024: i64 = 8766;

    #[test]
    fn months_end_where_the_next_begins() {
        let february = Y2024 + 31;
        assert_eq!(
            texts(PgType::Date, MONTH, february, february + 28),
            ["2024_02 '2024-02-01' '2024-03-01'"]
        );
        assert_eq!(
            texts(PgType::Date, MONTH, february + 28, february + 29),
            ["2024_02 '2024-02-01' '2024-03-01'", "2024_03 '2024-03-01' '2024-04-01'"]
        );
        let last = (february + 29) * DAY_MICROS - 1;
        assert_eq!(
            texts(PgType::Timestamp(6), MONTH, last, last),
            ["2024_02 '2024-02-01 00:00:00' '2024-03-01 00:00:00'"]
        );
        assert_eq!(
            texts(PgType::Timestamptz(6), MONTH, last + 1, last + 1),
            ["2024_03 '2024-03-01 00:00:00+00' '2024-04-01 00:00:00+00'"]
        );
        let before_2000 = texts(PgType::Timestamp(6), Every::Period(Period::Day), -1, 0);
        assert_eq!(before_2000[0], "1999_12_31 '1999-12-31 00:00:00' '2000-01-01 00:00:00'");
        assert_eq!(before_2000.len(), 2);
    }

    #[test]
    fn other_periods() {
        let one = |period, day| texts(PgType::Date, Every::Period(period), day, day).remove(0);
        assert_eq!(one(Period::Day, Y2024 + 59), "2024_02_29 '2024-02-29' '2024-03-01'");
        assert_eq!(one(Period::Week, Y2024), "2024_w01 '2024-01-01' '2024-01-08'");
        assert_eq!(one(Period::Quarter, Y2024 + 90), "2024_q1 '2024-01-01' '2024-04-01'");
        assert_eq!(one(Period::Year, Y2024 + 365), "2024 '2024-01-01' '2025-01-01'");
    }

    #[test]
    fn the_borders_of_the_calendar() {
        // Days from 2000-01-01 of 0001-01-01 and 9999-12-31.
        let (first, last) = (-730_119, 2_921_939);
        assert_eq!(texts(PgType::Date, MONTH, first, first), ["0001_01 '0001-01-01' '0001-02-01'"]);
        assert_eq!(texts(PgType::Date, MONTH, last, last), ["9999_12 '9999-12-01' '10000-01-01'"]);
        assert_eq!(
            texts(PgType::Timestamptz(6), MONTH, first * DAY_MICROS - 1, first * DAY_MICROS - 1),
            ["0001bc_12 '0001-12-01 00:00:00+00 BC' '0001-01-01 00:00:00+00'"]
        );
        // The first and the last instant of PostgreSQL: 4714-11-24 BC and before 294277-01-01.
        let (first, last) = (-211_813_488_000_000_000, 9_223_371_331_199_999_999);
        assert_eq!(
            texts(PgType::Timestamp(6), MONTH, first, first),
            ["4714bc_11 MINVALUE '4714-12-01 00:00:00 BC'"]
        );
        assert_eq!(
            texts(PgType::Timestamp(6), MONTH, last, last),
            ["294276_12 '294276-12-01 00:00:00' MAXVALUE"]
        );
    }

    #[test]
    fn numbers_below_zero_and_at_the_ends_of_their_type() {
        let step = Every::Step(1000);
        assert_eq!(texts(PgType::Int8, step, -1, 0), ["m1000 -1000 0", "0 0 1000"]);
        assert_eq!(texts(PgType::Int8, step, -1000, -1000), ["m1000 -1000 0"]);
        assert_eq!(texts(PgType::Int8, step, -1001, -1001), ["m2000 -2000 -1000"]);
        assert_eq!(texts(PgType::Int8, step, 999, 1000), ["0 0 1000", "1000 1000 2000"]);
        assert_eq!(texts(PgType::Int2, step, -32_768, -32_768), ["m33000 MINVALUE -32000"]);
        assert_eq!(texts(PgType::Int2, step, 32_767, 32_767), ["32000 32000 MAXVALUE"]);
        assert_eq!(
            texts(PgType::Int4, step, 2_147_483_647, 2_147_483_647),
            ["2147483000 2147483000 MAXVALUE"]
        );
        let whole = texts(PgType::Int8, Every::Step(i64::MAX), i64::MIN, i64::MAX);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[0], "m18446744073709551614 MINVALUE -9223372036854775807");
        assert_eq!(whole[3], "9223372036854775807 9223372036854775807 MAXVALUE");
        assert_eq!(count(PgType::Int8, Every::Step(1), Span { min: i64::MIN, max: i64::MAX }), 1 << 64);
    }

    #[test]
    fn a_larger_step_is_proposed() {
        let fit = |every, min, max| largest_fit(PgType::Int8, every, Span { min, max });
        assert_eq!(fit(Every::Step(1), 1, 1_000_000), Some(Every::Step(10_000)));
        assert_eq!(fit(Every::Step(1), i64::MIN, i64::MAX), Some(Every::Step(10_i64.pow(17))));
        let period = |min, max| largest_fit(PgType::Date, Every::Period(Period::Day), Span { min, max });
        assert_eq!(period(0, 700), Some(Every::Period(Period::Week)));
        assert_eq!(period(0, 36_525), Some(Every::Period(Period::Quarter)));
        assert_eq!(period(0, 400 * 365), Some(Every::Period(Period::Year)));
        assert_eq!(period(-730_119, 2_921_939), None, "9999 years");
    }
}
