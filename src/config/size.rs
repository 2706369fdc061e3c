//! Sizes as people write them.

/// `1048576`, `64MiB`; `1.5GiB` is not: whole numbers only, and only units that mean one thing.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: Option<u64> = match unit.trim_start() {
        "" | "B" => Some(1),
        "kB" | "KB" => Some(1_000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let factor = factor.ok_or("the unit must be B, KiB, MiB, GiB, kB, MB or GB")?;
    let number: u64 = number.parse().map_err(|_| "it must be a whole number, with or without a unit")?;
    let size = number.checked_mul(factor).filter(|size| *size > 0);
    size.ok_or_else(|| "it must be at least 1 and less than 16 EiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let good = [
            ("1", 1),
            ("1048576", 1_048_576),
            ("64MiB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("2kB", 2_000),
            ("3GB", 3_000_000_000),
            ("7B", 7),
        ];
        for (text, expected) in good {
            assert_eq!(size(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0MiB", "64M", "1.5GiB", "-1", "MiB", "99999999999GiB", "18446744073709551616"]
        {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
