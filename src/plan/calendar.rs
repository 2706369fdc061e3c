//! Days as periods of the proleptic Gregorian calendar: which period a day is in, where it begins, what it is called.
//!
//! Days are counted from 2000-01-01, as PostgreSQL does. Nothing here can overflow for days of 32 bits.

use crate::config::Period;

/// The first Monday of 2000.
const MONDAY: i64 = 2;

/// 2000-01-01, counted from 0000-03-01.
const EPOCH: i64 = 730_425;

/// Days of 400 years, after which the calendar repeats.
const CYCLE_DAYS: i64 = 146_097;

/// The number of the period that `day` is in: consecutive, in order.
pub(super) fn index(period: Period, day: i64) -> i64 {
    let (year, month, _) = civil(day);
    match period {
        Period::Day => day,
        Period::Week => (day - MONDAY).div_euclid(7),
        Period::Month => year * 12 + month - 1,
        Period::Quarter => year * 4 + (month - 1) / 3,
        Period::Year => year,
    }
}

/// The first day of a period.
pub(super) fn start(period: Period, index: i64) -> i64 {
    match period {
        Period::Day => index,
        Period::Week => index * 7 + MONDAY,
        Period::Month => day(index.div_euclid(12), index.rem_euclid(12) + 1, 1),
        Period::Quarter => day(index.div_euclid(4), index.rem_euclid(4) * 3 + 1, 1),
        Period::Year => day(index, 1, 1),
    }
}

/// What a period is called within names: `2025_01_31`, `2025_w05` (ISO 8601), `2025_01`, `2025_q1`, `2025`.
pub(super) fn label(period: Period, index: i64) -> String {
    let (year, month, day_of_month) = civil(start(period, index));
    let year_text = year_label(year);
    match period {
        Period::Day => format!("{year_text}_{month:02}_{day_of_month:02}"),
        Period::Week => {
            // A week belongs to the year that its Thursday is in.
            let thursday = start(period, index) + 3;
            let (year, _, _) = civil(thursday);
            format!("{}_w{:02}", year_label(year), (thursday - day(year, 1, 1)) / 7 + 1)
        }
        Period::Month => format!("{year_text}_{month:02}"),
        Period::Quarter => format!("{year_text}_q{}", (month - 1) / 3 + 1),
        Period::Year => year_text,
    }
}

fn year_label(year: i64) -> String {
    if year > 0 { format!("{year:04}") } else { format!("{:04}bc", 1 - year) }
}

/// `YYYY-MM-DD` and, behind it, `" BC"` or nothing: the time of day stands between them in PostgreSQL's texts.
pub(super) fn text(day: i64) -> (String, &'static str) {
    let (year, month, day) = civil(day);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// Year (0 is 1 BC), month and day of month. The year is counted from March, so that the leap day is its last.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + EPOCH;
    let (cycle, day) = (day.div_euclid(CYCLE_DAYS), day.rem_euclid(CYCLE_DAYS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (cycle * 400 + year, month, day_of_month)
}

fn day(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        let mut expected = (1, 1, 1);
        let first = day(1, 1, 1);
        for number in first..=day(9999, 12, 31) {
            assert_eq!(civil(number), expected, "day {number}");
            assert_eq!(day(expected.0, expected.1, expected.2), number);
            let (year, month, of_month) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            expected = match (of_month == last, month) {
                (false, _) => (year, month, of_month + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
        assert_eq!(civil(first - 1), (0, 12, 31));
        assert_eq!(civil(0), (2000, 1, 1));
        assert_eq!(day(1970, 1, 1), -10_957, "what PostgreSQL's epoch is from Unix's");
        assert_eq!(civil(-2_451_545), (-4713, 11, 24), "Julian day 0, PostgreSQL's first");
    }

    #[test]
    fn a_day_is_in_its_period_and_the_next_begins_where_it_ends() {
        let days = [(2024, 2, 28), (2024, 2, 29), (2024, 3, 1), (2023, 2, 28), (1900, 2, 28), (2000, 2, 29)];
        let borders = [(1, 1, 1), (9999, 12, 31), (0, 12, 31), (2020, 12, 31), (2021, 1, 1), (2024, 12, 30)];
        for (y, m, d) in days.into_iter().chain(borders) {
            let number = day(y, m, d);
            for period in [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year] {
                let i = index(period, number);
                let (from, to) = (start(period, i), start(period, i + 1));
                assert!(from <= number && number < to, "{y}-{m}-{d} {period:?}: {from} {to}");
                assert_eq!((index(period, from), index(period, to)), (i, i + 1));
                let length = to - from;
                let expected = match period {
                    Period::Day => 1..=1,
                    Period::Week => 7..=7,
                    Period::Month => 28..=31,
                    Period::Quarter => 90..=92,
                    Period::Year => 365..=366,
                };
                assert!(expected.contains(&length), "{period:?} of {length} days");
            }
        }
        let month = |y, m| start(Period::Month, index(Period::Month, day(y, m, 1)) + 1) - day(y, m, 1);
        assert_eq!(
            [month(2024, 2), month(2023, 2), month(1900, 2), month(2000, 2), month(2024, 12)],
            [29, 28, 28, 29, 31]
        );
    }

    #[test]
    fn periods_have_names() {
        let called = |period, y, m, d| label(period, index(period, day(y, m, d)));
        assert_eq!(called(Period::Day, 2024, 2, 29), "2024_02_29");
        assert_eq!(called(Period::Month, 2025, 1, 31), "2025_01");
        assert_eq!(called(Period::Quarter, 2025, 12, 31), "2025_q4");
        assert_eq!(called(Period::Year, 999, 5, 5), "0999");
        assert_eq!(called(Period::Month, 10_000, 1, 1), "10000_01");
        assert_eq!(called(Period::Month, 0, 12, 31), "0001bc_12");
        // ISO 8601: 2020 has 53 weeks, and the last days of 2024 are in the first week of 2025.
        let weeks = [
            (2020, 12, 31, "2020_w53"),
            (2021, 1, 3, "2020_w53"),
            (2021, 1, 4, "2021_w01"),
            (2024, 12, 30, "2025_w01"),
        ];
        for (y, m, d, expected) in weeks {
            assert_eq!(called(Period::Week, y, m, d), expected);
        }
    }

    #[test]
    fn dates_are_written_as_postgresql_reads_them() {
        assert_eq!(text(day(2025, 1, 31)), ("2025-01-31".to_owned(), ""));
        assert_eq!(text(day(1, 1, 1)), ("0001-01-01".to_owned(), ""));
        assert_eq!(text(day(0, 12, 31)), ("0001-12-31".to_owned(), " BC"));
        assert_eq!(text(day(10_000, 1, 1)), ("10000-01-01".to_owned(), ""));
    }
}
