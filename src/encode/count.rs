//! Instants and dates that SQLite holds as numbers: Unix time, Julian days, `yyyymmdd` (semantics.md §1.6).
//!
//! All arithmetic is in integers. A double is taken apart into mantissa and exponent, and whether a count of
//! microseconds gives it back is decided by the distance between the two: no rounding of ours is trusted.

use super::misfit::MisfitKind;
use super::temporal::{days_from_2000, month_days};
use super::{wire, wrong_pair};
use crate::plan::types::{PgType, Unit};
use std::ops::Range;

/// From 2000-01-01 in microseconds: 4714-11-24 BC 00:00 to before 294277-01-01 00:00
/// (PostgreSQL, `MIN_TIMESTAMP`, `END_TIMESTAMP`).
const INSTANTS: Range<i128> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

/// SQLite itself computes dates in milliseconds, so where they tell a REAL it is them that were meant.
const MILLISECOND_MICROS: i128 = 1000;

/// A double below this (10 ns as a Julian day) is nearer to 0 than to one microsecond, and not 0.
const REAL_MIN: f64 = 1.0 / (1_u64 << 43) as f64;

/// What 1.0 is, and where 0.0 lies.
struct Scale {
    /// microseconds of 1.0
    unit: i128,
    /// microseconds from 0.0 to 2000-01-01 00:00
    to_2000: i128,
    /// beyond every instant, and so far below 2^53 that all that remain have binary places
    beyond: f64,
}

const UNIX: Scale = Scale { unit: 1_000_000, to_2000: 946_684_800_000_000, beyond: 1e13 };

/// A Julian day begins at noon: 2000-01-01 00:00 is 2451544.5.
const JULIAN: Scale = Scale { unit: 86_400_000_000, to_2000: 211_813_444_800_000_000, beyond: 1.1e8 };

/// INTEGER units since 1970-01-01 00:00 UTC → timestamptz, timestamp.
pub(super) fn epoch(v: i64, unit: Unit, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let precision = precision(pg)?;
    let micros = in_range(i128::from(v) * i128::from(unit_micros(unit)) - UNIX.to_2000)?;
    unrounded(micros, precision)?;
    wire::eight(micros.to_be_bytes(), out);
    Ok(())
}

/// REAL seconds since 1970-01-01 00:00 UTC → timestamptz, timestamp.
pub(super) fn epoch_real(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    real(v, &UNIX, pg, out)
}

/// REAL Julian day → timestamp, timestamptz.
pub(super) fn julian(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    real(v, &JULIAN, pg, out)
}

/// INTEGER `yyyymmdd` → date.
pub(super) fn day_number(v: i64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Date {
        return Err(wrong_pair(pg));
    }
    let number = i32::try_from(v).ok().filter(|v| (10_101..=99_991_231).contains(v));
    let number = number.ok_or(MisfitKind::DayNumber)?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    if day == 0 || day > i32::from(month_days(year, month as u8)) {
        return Err(MisfitKind::DayNumber);
    }
    wire::four(days_from_2000(year, month, day).to_be_bytes(), out);
    Ok(())
}

/// Microseconds of one unit.
pub(super) fn unit_micros(unit: Unit) -> i64 {
    match unit {
        Unit::Seconds => 1_000_000,
        Unit::Millis => 1000,
        Unit::Micros => 1,
    }
}

/// Microseconds of the last of so many fraction digits, six at most.
pub(super) fn step_micros(precision: u8) -> i64 {
    10_i64.pow(u32::from(6_u8.saturating_sub(precision)))
}

/// Refuses what a column of this precision would round.
pub(super) fn unrounded(micros: i64, precision: u8) -> Result<(), MisfitKind> {
    if micros % step_micros(precision) == 0 { Ok(()) } else { Err(MisfitKind::Fraction(precision.min(6))) }
}

fn precision(pg: PgType) -> Result<u8, MisfitKind> {
    match pg {
        PgType::Timestamp(precision) | PgType::Timestamptz(precision) => Ok(precision),
        _ => Err(wrong_pair(pg)),
    }
}

fn in_range(micros: i128) -> Result<i64, MisfitKind> {
    let known = i64::try_from(micros).ok().filter(|_| INSTANTS.contains(&micros));
    known.ok_or(MisfitKind::Instant)
}

fn real(v: f64, scale: &Scale, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let precision = precision(pg)?;
    if v.abs() >= scale.beyond {
        return Err(MisfitKind::Instant);
    }
    let micros = in_range(count(v, scale.unit, precision)? - scale.to_2000)?;
    wire::eight(micros.to_be_bytes(), out);
    Ok(())
}

/// The microseconds from 0.0 that give `v` back: whole milliseconds (or what the column has, if that is coarser)
/// where they do, else of the column's own precision.
fn count(v: f64, unit: i128, precision: u8) -> Result<i128, MisfitKind> {
    let binary = Binary::of(v).ok_or(MisfitKind::Uncountable)?;
    let step = i128::from(step_micros(precision));
    let found = binary.count(unit, step.max(MILLISECOND_MICROS)).or_else(|| binary.count(unit, step));
    match found {
        Some(count) => Ok(count),
        None if binary.count(unit, 1).is_some() => Err(MisfitKind::Fraction(precision.min(6))),
        None => Err(MisfitKind::Uncountable),
    }
}

/// A double as `mantissa / 2^shift`: 0, or a mantissa of 53 bits and a shift of 0 to 95.
struct Binary {
    mantissa: i128,
    shift: u32,
}

const MANTISSA_MIN: i128 = 1 << 52;

impl Binary {
    /// `None` for −0.0, and for what is too near to 0 or too large to be a count.
    fn of(v: f64) -> Option<Binary> {
        if v.to_bits() == 0 {
            return Some(Binary { mantissa: 0, shift: 0 });
        }
        if v.abs() < REAL_MIN {
            return None;
        }
        let bits = v.to_bits();
        let mantissa = i128::from(bits & ((1 << 52) - 1)) | MANTISSA_MIN;
        // The exponent is stored with 1023 added, and the mantissa has 52 places behind its first bit.
        let shift = (1023_u64 + 52).checked_sub(bits >> 52 & 0x7ff)?;
        Some(Binary {
            mantissa: if v < 0.0 { -mantissa } else { mantissa },
            shift: u32::try_from(shift).ok()?,
        })
    }

    /// The multiple of `step` that is nearest to the number of microseconds (halves go up), if it gives the double back.
    /// No product here has more than 118 bits.
    fn count(&self, unit: i128, step: i128) -> Option<i128> {
        let exact = self.mantissa * unit;
        let step_there = step << self.shift;
        let count = (2 * exact + step_there).div_euclid(2 * step_there) * step;
        let distance = (count << self.shift) - exact;
        if self.is_nearest(distance, unit) { Some(count) } else { None }
    }

    /// Whether no other double is nearer to what lies `distance` beside this one, in units of 1/`unit` of its last place.
    /// Nothing lies halfway: a count has 13 binary places at most (6 as seconds) or no end, and a double here has room
    /// for 25 and more (9 as seconds).
    fn is_nearest(&self, distance: i128, unit: i128) -> bool {
        let nearer_to_zero = distance.signum() == -self.mantissa.signum();
        match self.mantissa.abs() {
            0 => distance == 0,
            // Below a power of two doubles lie twice as close.
            MANTISSA_MIN if nearer_to_zero => 4 * distance.abs() < unit,
            _ => 2 * distance.abs() < unit,
        }
    }
}
