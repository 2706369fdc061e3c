//! Times as people write them, and as they are told.

use std::time::Duration;

/// `0`, `90s`, `5m`, `2h`, `250ms`, `7d`: whole numbers with a unit; only 0 needs none.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "it must be a whole number with a unit, such as 5m")?;
    let milliseconds: Option<u64> = match unit.trim_start() {
        "" if number == 0 => Some(0),
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let factor = milliseconds.ok_or("the unit must be ms, s, m, h or d")?;
    let milliseconds = number.checked_mul(factor);
    milliseconds.map(Duration::from_millis).ok_or_else(|| "it is too long".to_owned())
}

/// A time as [`duration`] reads it: `5m`, `90s`, `0`.
pub fn duration_word(time: Duration) -> String {
    let milliseconds = time.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    match units.into_iter().find(|(factor, _)| milliseconds > 0 && milliseconds.is_multiple_of(*factor)) {
        Some((factor, unit)) => format!("{}{unit}", milliseconds / factor),
        None => "0".to_owned(),
    }
}

/// A time for a sentence: `4 min 51 s`, `3 s`, `0.3 s`.
pub fn duration_text(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if time < Duration::from_secs(1) && !time.is_zero() => {
            format!("{:.1} s", time.as_secs_f64().max(0.1))
        }
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let good =
            [("0", 0), ("0s", 0), ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("5 min", 300_000)];
        for (text, expected) in good.into_iter().chain([("2h", 7_200_000), ("1d", 86_400_000)]) {
            let time = Duration::from_millis(expected);
            assert_eq!(duration(text), Ok(time), "{text}");
            assert_eq!(duration(&duration_word(time)), Ok(time), "{text}");
        }
        for text in
            ["", "5", "m", "-1s", "1.5h", "5 minutes", "18446744073709551615d", "18446744073709551616s"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_told() {
        let told = [
            (0, "0 s"),
            (40, "0.1 s"),
            (260, "0.3 s"),
            (1_900, "1 s"),
            (60_000, "1 min"),
            (291_000, "4 min 51 s"),
            (3_600_000, "1 h"),
            (5_430_000, "1 h 30 min"),
        ];
        for (milliseconds, text) in told {
            assert_eq!(duration_text(Duration::from_millis(milliseconds)), text);
        }
    }
}
