//! Local times of a zone. Only the offset comes from `jiff`, from its own copy of the IANA database.

use super::stamp::{self, SECOND};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::cell::RefCell;

const DAY: i64 = 86_400 * SECOND;

/// A zone that a configuration may name.
enum Place {
    /// microseconds east of UTC
    Offset(i64),
    Zone(TimeZone),
    Unknown,
}

thread_local! {
    /// The zones that this thread has met, by name: a plan names one or two, and no thread waits for another.
    static PLACES: RefCell<Vec<(String, Place)>> = const { RefCell::new(Vec::new()) };
}

/// Date, or date and time, as microseconds since 2000-01-01 00:00 UTC; without a zone of its own it is local time of
/// `zone`, where the zone must have that time exactly once.
pub(super) fn parse_instant(text: &[u8], zone: &str) -> Option<i64> {
    let (local, own) = stamp::parse_local(text)?;
    let east = match own {
        Some(east) => east,
        None => east_of(zone, local)?,
    };
    Some(local - east)
}

fn east_of(name: &str, local: i64) -> Option<i64> {
    PLACES.with_borrow_mut(|places| {
        let at = match places.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                places.push((name.to_owned(), Place::find(name)));
                places.len() - 1
            }
        };
        places.get(at)?.1.east(local)
    })
}

impl Place {
    fn find(name: &str) -> Place {
        if let Some(east) = stamp::parse_offset(name.as_bytes()) {
            return Place::Offset(east);
        }
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if !zone.is_unknown() => Place::Zone(zone),
            _ => Place::Unknown,
        }
    }

    fn east(&self, local: i64) -> Option<i64> {
        match self {
            Place::Offset(east) => Some(*east),
            Place::Zone(zone) => match zone.to_ambiguous_timestamp(civil(local)?).offset() {
                AmbiguousOffset::Unambiguous { offset } => Some(i64::from(offset.seconds()) * SECOND),
                _ => None,
            },
            Place::Unknown => None,
        }
    }
}

/// The local time as jiff spells it.
fn civil(local: i64) -> Option<DateTime> {
    let (year, month, day) = stamp::calendar(local.div_euclid(DAY))?;
    let time = local.rem_euclid(DAY);
    let [hour, minute, second] = [time / (3600 * SECOND), time / (60 * SECOND) % 60, time / SECOND % 60];
    let nanosecond = time % SECOND * 1000;
    DateTime::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        nanosecond.try_into().ok()?,
    )
    .ok()
}
