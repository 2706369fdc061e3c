//! Local times of a zone (semantics.md §1.6, naive text into `timestamptz`).
//!
//! The only thing asked of `jiff` is the offset of a zone at a local time. Its database is the one compiled in: what a
//! run does must not depend on the machine's own.

use super::misfit::MisfitKind;
use super::temporal::{Moment, parse_zone};
use super::{wire, wrong_pair};
use crate::plan::types::PgType;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::cell::RefCell;

const SECOND_MICROS: i64 = 1_000_000;

/// A zone that a configuration may name.
#[derive(Clone)]
enum LocalZone {
    /// seconds east of UTC
    Fixed(i32),
    Named(TimeZone),
}

thread_local! {
    /// The zones that this thread has met. A plan names one or two, so looking through a list is the cheapest, and a
    /// list of each reader's own needs no lock.
    static ZONES: RefCell<Vec<(String, Option<LocalZone>)>> = const { RefCell::new(Vec::new()) };
}

/// Whether `name` is a zone of the IANA database (`Europe/Berlin`) or an offset from UTC (`+02:00`).
pub fn is_time_zone(name: &str) -> bool {
    with_zone(name, |_| Ok(())).is_ok()
}

/// TEXT date, or date and time, local time of `zone` where it names none → timestamptz.
pub(super) fn timestamptz(text: &[u8], zone: &str, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let PgType::Timestamptz(precision) = pg else { return Err(wrong_pair(pg)) };
    let moment = Moment::parse_any(text).ok_or(MisfitKind::Timestamp)?;
    moment.clock.within(precision)?;
    let mut micros = moment.micros();
    if moment.zone.is_empty() {
        micros -= i64::from(with_zone(zone, |zone| zone.offset(micros))?) * SECOND_MICROS;
    }
    wire::eight(micros.to_be_bytes(), out);
    Ok(())
}

fn with_zone<T>(name: &str, ask: impl FnOnce(&LocalZone) -> Result<T, MisfitKind>) -> Result<T, MisfitKind> {
    ZONES.with_borrow_mut(|zones| {
        if let Some((_, zone)) = zones.iter().find(|(known, _)| known == name) {
            return ask(zone.as_ref().ok_or(MisfitKind::ZoneName)?);
        }
        let zone = LocalZone::of(name);
        zones.push((name.to_owned(), zone.clone()));
        ask(&zone.ok_or(MisfitKind::ZoneName)?)
    })
}

impl LocalZone {
    fn of(name: &str) -> Option<LocalZone> {
        if name.starts_with(['+', '-']) {
            return parse_zone(name.as_bytes()).map(LocalZone::Fixed);
        }
        // jiff's own stand-in for a zone that is not known behaves like UTC.
        let zone = TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown())?;
        Some(LocalZone::Named(zone))
    }

    /// Seconds east of UTC at a local time, which is in microseconds from 2000-01-01 00:00.
    fn offset(&self, local: i64) -> Result<i32, MisfitKind> {
        const EPOCH: DateTime = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
        let zone = match self {
            LocalZone::Fixed(seconds) => return Ok(*seconds),
            LocalZone::Named(zone) => zone,
        };
        let at = EPOCH.checked_add(SignedDuration::from_micros(local)).map_err(|_| MisfitKind::Timestamp)?;
        match zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => Ok(offset.seconds()),
            AmbiguousOffset::Gap { .. } => Err(MisfitKind::LocalGap),
            AmbiguousOffset::Fold { .. } => Err(MisfitKind::LocalTwice),
        }
    }
}
