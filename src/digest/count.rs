//! Instants back to the numbers that SQLite held: Unix time and Julian days.
//!
//! A REAL is the double nearest to a fraction of integers, found by long division. Several counts of microseconds can
//! give one double, so the field has to be the one count that stands for it: any other is not what was sent.

use super::stamp::SECOND;
use crate::plan::types::Unit;

/// From 1970-01-01 to 2000-01-01 in days.
const DAYS_1970_TO_2000: i64 = 10_957;

/// PostgreSQL's `infinity` and `-infinity` are no instants.
fn is_finite(micros: i64) -> bool {
    micros != i64::MAX && micros != i64::MIN
}

/// Units since 1970-01-01 00:00 of microseconds since 2000-01-01 00:00, if they are whole. The last thirty years that
/// PostgreSQL has are more microseconds than 64 bits hold.
pub(super) fn units_since_1970(micros: i64, unit: Unit) -> Option<i64> {
    let micros = Some(micros).filter(|micros| is_finite(*micros))?;
    whole(i128::from(micros) + UNIX_SECONDS.zero_to_2000, unit)
}

/// A number of microseconds in units, if they are whole.
pub(super) fn whole(micros: i128, unit: Unit) -> Option<i64> {
    let one = i128::from(match unit {
        Unit::Seconds => SECOND,
        Unit::Millis => SECOND / 1000,
        Unit::Micros => 1,
    });
    if micros % one == 0 { (micros / one).try_into().ok() } else { None }
}

/// What a REAL counts from where.
pub(super) struct Count {
    /// microseconds of 1.0
    one: i64,
    /// microseconds from 0.0 to 2000-01-01 00:00
    zero_to_2000: i128,
}

pub(super) const UNIX_SECONDS: Count =
    Count { one: SECOND, zero_to_2000: DAYS_1970_TO_2000 as i128 * 86_400 * SECOND as i128 };

/// 2000-01-01 00:00 is the Julian day 2451544.5.
pub(super) const JULIAN_DAYS: Count =
    Count { one: 86_400 * SECOND, zero_to_2000: 4_903_089 * 43_200 * SECOND as i128 };

impl Count {
    /// The REAL of an instant in a column of this precision: `None` if another instant stands for that REAL.
    pub(super) fn real(&self, micros: i64, precision: u8) -> Option<f64> {
        let micros = Some(micros).filter(|micros| is_finite(*micros))?;
        let count = i128::from(micros) + self.zero_to_2000;
        let real = self.nearest(count);
        self.stands_for(count, real, precision).then_some(real)
    }

    /// The double nearest to `count` / `one`, of two the even one. As many binary places as there is room for, 89 at
    /// least, and a last one that tells of a remainder, leave one rounding: that of the conversion.
    fn nearest(&self, count: i128) -> f64 {
        let (negative, count) = (count < 0, count.unsigned_abs());
        if count == 0 {
            return 0.0;
        }
        let places = count.leading_zeros();
        let (dividend, divisor) = (count << places, u128::from(self.one.unsigned_abs()));
        let quotient = (dividend / divisor) | u128::from(dividend % divisor != 0);
        // At most 127 places, so the power of two and the product are exact.
        let magnitude = quotient as f64 / (1_u128 << places) as f64;
        if negative { -magnitude } else { magnitude }
    }

    /// Of the counts that give `real`, the one that was sent: the nearest whole millisecond (or place of a coarser
    /// column), where it gives `real` too; else the nearest place of the column.
    fn stands_for(&self, count: i128, real: f64, precision: u8) -> bool {
        let place = 10_i128.pow(6_u32.saturating_sub(u32::from(precision)));
        let coarse = place.max(1000);
        if count % coarse == 0 {
            return self.is_nearest(count, real, coarse);
        }
        let below = count - count.rem_euclid(coarse);
        let coarse_gives_it = [below, below + coarse].iter().any(|count| self.gives(*count, real));
        count % place == 0 && !coarse_gives_it && self.is_nearest(count, real, place)
    }

    fn gives(&self, count: i128, real: f64) -> bool {
        self.nearest(count).to_bits() == real.to_bits()
    }

    /// Whether no other multiple of `place` is nearer to `real`; halfway it is the upper one.
    fn is_nearest(&self, count: i128, real: f64, place: i128) -> bool {
        let Some((numerator, places)) = binary_fraction(real) else { return false };
        // In units of 2^-places microseconds.
        let beyond = 2 * ((count << places) - numerator * i128::from(self.one));
        let width = place << places;
        -width < beyond && beyond <= width
    }
}

/// A double as an integer divided by 2^places: at most 53 bits and 95 places, or none.
fn binary_fraction(real: f64) -> Option<(i128, u32)> {
    let mut places = 0;
    let mut scaled = real;
    while scaled.fract() != 0.0 {
        // Exact: a double with a fraction is far from the largest.
        scaled *= 2.0;
        places += 1;
        if places > 95 {
            return None;
        }
    }
    Some((scaled as i128, places))
}
