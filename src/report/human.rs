//! Numbers, sizes, durations and names as a person reads them.
//!
//! Sizes are decimal (1 MB = 1,000,000 bytes), as disks and network rates are. Every rounding is half up, so the same
//! number looks the same in every place.

pub use crate::counts::{count, plural};

/// A size: `0 B`, `999 B`, `52.1 MB`, `610 MB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = n as f64;
    let mut unit = 0;
    // 999.5 is where one decimal less would already read "1000".
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 99.95);
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// A rate in rows per second, with three significant digits at most: `409,871` is shown as `410,000`.
pub fn rows_per_second(rate: f64) -> String {
    let mut step = 1.0;
    while rate / step >= 1000.0 {
        step *= 10.0;
    }
    format!("{} rows/s", count(((rate / step).round() * step) as u64))
}

/// A rate in bytes per second: `61.0 MB/s`.
pub fn bytes_per_second(rate: f64) -> String {
    format!("{}/s", bytes(rate.round() as u64))
}

/// A duration: `0.03 s`, `3.4 s`, `42 s`, `2 min 05 s`, `1 h 02 min`.
pub fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 0.095 => format!("{seconds:.2} s"),
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..=59 => format!("{whole} s"),
        60..=3599 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// An estimate of time left, rounded up to what an estimate can know: `5 s`, `2 min 05 s`, `14 min`, `1 h 02 min`.
pub fn time_left(left: f64) -> String {
    let left = left.max(0.0);
    let step = match left {
        ..=60.0 => 1.0,
        ..=600.0 => 5.0,
        _ => 60.0,
    };
    let whole = (left / step).ceil() * step;
    match whole {
        ..10.0 => format!("{whole} s"),
        600.0..3600.0 => format!("{} min", whole / 60.0),
        _ => seconds(whole),
    }
}

/// How much of `total` is done, in whole per cent, rounded down: 100 only when nothing is left.
/// `None` where the total is unknown.
pub fn percent(done: u64, total: u64) -> Option<u64> {
    let hundredths = u128::from(done.min(total)) * 100;
    hundredths.checked_div(u128::from(total)).map(|percent| percent as u64)
}

/// A name on one line: control characters, which could move a terminal's cursor or forge a line, are spelled out, and so are
/// characters that turn the order of others round or break a line.
pub fn name(text: &str) -> String {
    escape(text, misleads)
}

/// A sentence: as [`name`], but its own line breaks stay.
pub fn text(text: &str) -> String {
    escape(text, |c| misleads(c) && c != '\n')
}

/// A terminal obeys it, or shows the characters around it in another order than they have, or not at all.
fn misleads(c: char) -> bool {
    const MARKS: [std::ops::RangeInclusive<char>; 8] = [
        '\u{61c}'..='\u{61c}',     // Arabic letter mark
        '\u{180e}'..='\u{180e}',   // Mongolian vowel separator
        '\u{200b}'..='\u{200b}',   // zero width space
        '\u{200e}'..='\u{200f}',   // marks of direction
        '\u{2028}'..='\u{202e}',   // separators of lines, embeddings and overrides of direction
        '\u{2066}'..='\u{2069}',   // isolates of direction
        '\u{feff}'..='\u{feff}',   // byte order mark
        '\u{e0000}'..='\u{e007f}', // tags
    ];
    c.is_control() || MARKS.iter().any(|marks| marks.contains(&c))
}

fn escape(text: &str, hidden: impl Fn(char) -> bool) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_marks() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), expected);
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(plural(1, "table"), "1 table");
        assert_eq!(plural(0, "table"), "0 tables");
        assert_eq!(plural(1200, "index"), "1,200 indexes");
        assert_eq!((plural(1, "query"), plural(8, "query")), ("1 query".into(), "8 queries".into()));
        assert_eq!(plural(2, "foreign key"), "2 foreign keys");
    }

    #[test]
    fn sizes_have_three_digits_or_so() {
        let examples = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (52_149_000, "52.1 MB"),
            (99_940_000, "99.9 MB"),
            (99_960_000, "100 MB"),
            (999_400_000, "999 MB"),
            (999_600_000, "1.0 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (n, expected) in examples {
            assert_eq!(bytes(n), expected, "{n}");
        }
    }

    #[test]
    fn durations_change_unit_without_a_gap() {
        let examples = [
            (-1.0, "0.00 s"),
            (0.034, "0.03 s"),
            (0.094, "0.09 s"),
            (0.096, "0.1 s"),
            (3.44, "3.4 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min 00 s"),
            (125.0, "2 min 05 s"),
            (3599.6, "1 h 00 min"),
            (3_750.0, "1 h 02 min"),
        ];
        for (n, expected) in examples {
            assert_eq!(seconds(n), expected, "{n}");
        }
    }

    #[test]
    fn rates_keep_three_digits() {
        assert_eq!(rows_per_second(409_871.0), "410,000 rows/s");
        assert_eq!(rows_per_second(999.6), "1,000 rows/s");
        assert_eq!(rows_per_second(0.0), "0 rows/s");
        let left = [4.2, 12.0, 59.1, 121.0, 598.0, 601.0, 3_601.0].map(time_left);
        assert_eq!(left, ["5 s", "12 s", "1 min 00 s", "2 min 05 s", "10 min", "11 min", "1 h 01 min"]);
        assert_eq!(bytes_per_second(61_200_000.0), "61.2 MB/s");
    }

    #[test]
    fn a_hundred_per_cent_means_all() {
        assert_eq!(percent(999, 1000), Some(99));
        assert_eq!(percent(1000, 1000), Some(100));
        assert_eq!(percent(1200, 1000), Some(100));
        assert_eq!(percent(5, 0), None);
        assert_eq!(percent(u64::MAX - 1, u64::MAX), Some(99));
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(name("a\u{1b}[31m\nb\tc"), "a\\u{1b}[31m\\nb\\tc");
        assert_eq!(text("a\nb\rc"), "a\nb\\rc");
        assert_eq!(name("Straße"), "Straße");
        assert_eq!(name("\u{9b}2J\u{202e}gpj.\u{2028}"), "\\u{9b}2J\\u{202e}gpj.\\u{2028}");
        assert_eq!(name("👩\u{200d}👧 می\u{200c}خواهم"), "👩\u{200d}👧 می\u{200c}خواهم");
    }
}
