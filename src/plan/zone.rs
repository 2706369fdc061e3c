//! Names of time zones: whether one exists, before anything is looked at.

use crate::config::nearest::suggestion;
use jiff::tz::TimeZoneDatabase;

/// An IANA name (`Europe/Berlin`, `UTC`), or an offset (`+02:00`, `-0330`, `+01`). The names are those of the database
/// that is compiled in, so that the machine's own makes no difference.
///
/// # Errors
/// What is wrong with it, and which name may be meant.
pub fn check(name: &str) -> Result<(), String> {
    if name.starts_with(['+', '-']) {
        return match is_offset(&name[1..]) {
            true => Ok(()),
            false => Err(format!("`{name}` is no offset from UTC: write +02:00")),
        };
    }
    let known = TimeZoneDatabase::bundled();
    if known.get(name).is_ok() {
        return Ok(());
    }
    let names: Vec<String> = known.available().map(|zone| zone.to_string()).collect();
    let cities = names.iter().map(String::as_str);
    // `Berlin` is further from `Europe/Berlin` than any mistake of typing.
    let by_city = names.iter().find(|zone| {
        zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&name.replace(' ', "_")))
    });
    let hint = match by_city {
        Some(zone) => format!("; did you mean `{zone}`?"),
        None => suggestion(name, cities),
    };
    Err(format!("`{name}` is no time zone{hint}"))
}

/// The text without its sign: `HH`, `HHMM` or `HH:MM`, less than a day.
fn is_offset(text: &str) -> bool {
    let digits: String = match text.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => format!("{hours}{minutes}"),
        Some(_) => return false,
        None => text.to_owned(),
    };
    let in_range = |part: Option<&str>, below: u32| {
        part.is_none_or(|part| part.parse::<u32>().is_ok_and(|number| number < below))
    };
    matches!(digits.len(), 2 | 4)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && in_range(digits.get(..2), 24)
        && in_range(digits.get(2..4), 60)
}

/// UTC by one of its names: what `AnyTimestamptz` takes a text without zone for, too.
pub fn is_utc(name: &str) -> bool {
    matches!(name.to_ascii_uppercase().as_str(), "UTC" | "ETC/UTC" | "Z" | "+00:00" | "+00" | "+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_exist_or_are_suggested() {
        for good in ["UTC", "Europe/Berlin", "America/New_York", "+02:00", "-0330", "+01"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, hint) in [
            ("Europe/Berln", "did you mean `Europe/Berlin`?"),
            ("Berlin", "did you mean `Europe/Berlin`?"),
            ("new york", "did you mean `America/New_York`?"),
            ("+25:00", "write +02:00"),
            ("+2:00", "write +02:00"),
            ("", "is no time zone"),
        ] {
            assert!(check(bad).unwrap_err().contains(hint), "{bad}: {:?}", check(bad));
        }
    }
}
