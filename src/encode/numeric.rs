//! INTEGER and REAL as `numeric`: base-10000 digits with an exact display scale (semantics.md §1.5, §2.1, §5.2).
//!
//! A REAL travels as its shortest round-trip decimal, never as the server's `float8::numeric`, which keeps 15 digits.
//! The server cuts digits beyond the display scale silently, so it is computed from the digits themselves.

use super::misfit::MisfitKind;
use super::{short, wire, wrong_pair};
use crate::plan::types::PgType;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const PLUS_INFINITY: u16 = 0xd000;
const MINUS_INFINITY: u16 = 0xf000;

/// INTEGER → numeric.
pub(super) fn integer(v: i64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    put(&Decimal::of_integer(v), pg, out)
}

/// REAL → numeric in a column where the storage class must be told from the number: an integral number within
/// 64 bits would come back as an INTEGER.
pub(super) fn real_of_class(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if is_negative_zero(v) {
        return Err(MisfitKind::NegativeZero);
    }
    if v.trunc() == v && (-TWO_63..TWO_63).contains(&v) {
        return Err(MisfitKind::IntegralReal);
    }
    real(v, pg, out)
}

/// REAL → numeric.
pub(super) fn real(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if is_negative_zero(v) {
        return Err(MisfitKind::NegativeZero);
    }
    if v.is_finite() { put(&Decimal::of_real(v), pg, out) } else { infinity(v, pg, out) }
}

fn is_negative_zero(v: f64) -> bool {
    v == 0.0 && v.is_sign_negative()
}

fn infinity(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let sign = if v > 0.0 { PLUS_INFINITY } else { MINUS_INFINITY };
    match pg {
        PgType::Numeric(None) => header(0, 0, sign, 0, out),
        PgType::Numeric(Some(_)) => return Err(MisfitKind::Infinite),
        _ => return Err(wrong_pair(pg)),
    }
    Ok(())
}

/// `0.d₁d₂…dₙ × 10^point`, where neither d₁ nor dₙ is 0; no digits at all for zero.
struct Decimal {
    negative: bool,
    digits: [u8; 20],
    len: usize,
    point: i32,
}

impl Decimal {
    fn of_integer(v: i64) -> Decimal {
        let text = short::integer(v);
        let mut decimal = Decimal { negative: v < 0, digits: [0; 20], len: 0, point: 0 };
        for byte in text.as_bytes() {
            decimal.push(*byte);
        }
        decimal.point = decimal.len as i32;
        decimal.trim();
        decimal
    }

    fn of_real(v: f64) -> Decimal {
        let text = short::scientific(v);
        let mut decimal = Decimal { negative: v < 0.0, digits: [0; 20], len: 0, point: 0 };
        let mut parts = text.as_bytes().split(|byte| *byte == b'e');
        for byte in parts.next().unwrap_or_default() {
            decimal.push(*byte);
        }
        decimal.point = 1 + exponent(parts.next().unwrap_or_default());
        decimal.trim();
        decimal
    }

    /// Takes digits, and passes over sign and point.
    fn push(&mut self, byte: u8) {
        if byte.is_ascii_digit()
            && let Some(place) = self.digits.get_mut(self.len)
        {
            *place = byte - b'0';
            self.len += 1;
        }
    }

    fn trim(&mut self) {
        while self.len > 0 && self.digits.get(self.len - 1) == Some(&0) {
            self.len -= 1;
        }
        if self.len == 0 {
            self.point = 0;
        }
    }

    fn fraction_digits(&self) -> i32 {
        self.len as i32 - self.point
    }

    /// The display scale in a column of this type, if the value fits without rounding.
    fn dscale(&self, pg: PgType) -> Result<u16, MisfitKind> {
        match pg {
            PgType::Numeric(None) => Ok(self.fraction_digits().max(0) as u16),
            PgType::Numeric(Some((p, s))) if self.len > 0 && self.fraction_digits() > i32::from(s) => {
                Err(MisfitKind::Scale(p, s))
            }
            PgType::Numeric(Some((p, s))) if self.len > 0 && self.point > i32::from(p) - i32::from(s) => {
                Err(MisfitKind::Precision(p, s))
            }
            PgType::Numeric(Some((_, s))) => Ok(s.max(0) as u16),
            _ => Err(wrong_pair(pg)),
        }
    }

    /// The groups of four digits, the power of 10000 of the first, and how many there are.
    fn groups(&self) -> ([u16; 6], i16, usize) {
        let mut groups = [0; 6];
        if self.len == 0 {
            return (groups, 0, 0);
        }
        let weight = (self.point - 1).div_euclid(4);
        let pad = (4 * (weight + 1) - self.point) as usize;
        for (at, digit) in self.digits.iter().take(self.len).enumerate() {
            let place = pad + at;
            if let Some(group) = groups.get_mut(place / 4) {
                *group += u16::from(*digit) * [1000, 100, 10, 1][place % 4];
            }
        }
        (groups, weight as i16, (pad + self.len).div_ceil(4))
    }
}

/// The exponent that std wrote: at most three digits and a sign.
fn exponent(text: &[u8]) -> i32 {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let size = digits.iter().fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0'));
    if digits.len() < text.len() { -size } else { size }
}

fn put(decimal: &Decimal, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let dscale = decimal.dscale(pg)?;
    let (groups, weight, count) = decimal.groups();
    header(count, weight, if decimal.negative { NEGATIVE } else { POSITIVE }, dscale, out);
    for group in groups.iter().take(count) {
        out.extend_from_slice(&group.to_be_bytes());
    }
    Ok(())
}

fn header(groups: usize, weight: i16, sign: u16, dscale: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&wire::length(8 + 2 * groups));
    out.extend_from_slice(&(groups as u16).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&dscale.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// groups, weight, sign, dscale → the field
    fn field(groups: &[u16], weight: i16, sign: u16, dscale: u16) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 8 + 2 * groups.len() as u8, 0, groups.len() as u8];
        for word in [weight as u16, sign, dscale].iter().chain(groups) {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    type Encoded = Result<Vec<u8>, MisfitKind>;

    fn typed(
        typmod: Option<(u16, i16)>,
        run: impl Fn(PgType, &mut Vec<u8>) -> Result<(), MisfitKind>,
    ) -> Result<Vec<u8>, MisfitKind> {
        let mut out = Vec::new();
        let done = run(PgType::Numeric(typmod), &mut out);
        assert!(done.is_ok() || out.is_empty());
        done.map(|()| out)
    }

    #[test]
    fn integers() {
        let table: [(i64, Vec<u8>); 13] = [
            (0, field(&[], 0, 0, 0)),
            (1, field(&[1], 0, 0, 0)),
            (-1, field(&[1], 0, 0x4000, 0)),
            (9999, field(&[9999], 0, 0, 0)),
            (10_000, field(&[1], 1, 0, 0)),
            (10_001, field(&[1, 1], 1, 0, 0)),
            (-99_999_999, field(&[9999, 9999], 1, 0x4000, 0)),
            (100_000_000, field(&[1], 2, 0, 0)),
            (1_000_000_000_000, field(&[1], 3, 0, 0)),
            (10_000_000_000_000_000, field(&[1], 4, 0, 0)),
            (120_000, field(&[12], 1, 0, 0)),
            (i64::MAX, field(&[922, 3372, 368, 5477, 5807], 4, 0, 0)),
            (i64::MIN, field(&[922, 3372, 368, 5477, 5808], 4, 0x4000, 0)),
        ];
        for (v, expected) in table {
            assert_eq!(typed(None, |pg, out| integer(v, pg, out)), Ok(expected), "{v}");
        }
    }

    #[test]
    fn reals() {
        let table: [(f64, Vec<u8>); 17] = [
            (0.0, field(&[], 0, 0, 0)),
            (1.0, field(&[1], 0, 0, 0)),
            (0.1, field(&[1000], -1, 0, 1)),
            (-1.5, field(&[1, 5000], 0, 0x4000, 1)),
            (1.239, field(&[1, 2390], 0, 0, 3)),
            (0.1 + 0.2, field(&[3000, 0, 0, 0, 4000], -1, 0, 17)),
            (0.0001, field(&[1], -1, 0, 4)),
            (0.00001, field(&[1000], -2, 0, 5)),
            (9999.0001, field(&[9999, 1], 0, 0, 4)),
            (10_000.5, field(&[1, 0, 5000], 1, 0, 1)),
            (1e17, field(&[10], 4, 0, 0)),
            (1e16, field(&[1], 4, 0, 0)),
            (1e-8, field(&[1], -2, 0, 8)),
            // 10^300 = 10000^75; 324 = 4·81, so 5e-324 is the last digit of group −81
            (1e300, field(&[1], 75, 0, 0)),
            (5e-324, field(&[5], -81, 0, 324)),
            // 308 = 4·77: 1 | 7976 | 9313 | 4862 | 3157
            (f64::MAX, field(&[1, 7976, 9313, 4862, 3157], 77, 0, 0)),
            // 2.2250738585072014e-308: the 2 is digit 308 after the point, the last of group −77
            (f64::MIN_POSITIVE, field(&[2, 2250, 7385, 8507, 2014], -77, 0, 324)),
        ];
        for (v, expected) in table {
            assert_eq!(typed(None, |pg, out| real(v, pg, out)), Ok(expected), "{v}");
        }
        assert_eq!(typed(None, |pg, out| real(f64::INFINITY, pg, out)), Ok(field(&[], 0, 0xd000, 0)));
        assert_eq!(typed(None, |pg, out| real(f64::NEG_INFINITY, pg, out)), Ok(field(&[], 0, 0xf000, 0)));
        assert_eq!(typed(None, |pg, out| real(-0.0, pg, out)), Err(MisfitKind::NegativeZero));
        let typmod = Some((10, 2));
        assert_eq!(typed(typmod, |pg, out| real(f64::INFINITY, pg, out)), Err(MisfitKind::Infinite));
    }

    #[test]
    fn precision_and_scale_never_round() {
        let scale = |p, s| Err(MisfitKind::Scale(p, s));
        let large = |p, s| Err(MisfitKind::Precision(p, s));
        let table: [(f64, (u16, i16), Encoded); 14] = [
            (0.0, (10, 2), Ok(field(&[], 0, 0, 2))),
            (1.5, (10, 2), Ok(field(&[1, 5000], 0, 0, 2))),
            (1.23, (10, 2), Ok(field(&[1, 2300], 0, 0, 2))),
            (1.239, (10, 2), scale(10, 2)),
            (99_999_999.99, (10, 2), Ok(field(&[9999, 9999, 9900], 1, 0, 2))),
            (100_000_000.0, (10, 2), large(10, 2)),
            (1.5, (5, 0), scale(5, 0)),
            (99_999.0, (5, 0), Ok(field(&[9, 9999], 1, 0, 0))),
            (1200.0, (2, -2), Ok(field(&[1200], 0, 0, 0))),
            (1250.0, (2, -2), scale(2, -2)),
            (10_000.0, (2, -2), large(2, -2)),
            (0.00012, (2, 5), Ok(field(&[1, 2000], -1, 0, 5))),
            (0.001, (2, 5), large(2, 5)),
            (5e-324, (1000, 1000), Ok(field(&[5], -81, 0, 1000))),
        ];
        for (v, typmod, expected) in table {
            assert_eq!(typed(Some(typmod), |pg, out| real(v, pg, out)), expected, "{v} {typmod:?}");
        }
        assert_eq!(typed(Some((3, 0)), |pg, out| integer(1000, pg, out)), large(3, 0));
        assert_eq!(typed(Some((3, 1)), |pg, out| integer(-99, pg, out)), Ok(field(&[99], 0, 0x4000, 1)));
        assert_eq!(typed(Some((3, -1)), |pg, out| integer(15, pg, out)), scale(3, -1));
    }

    #[test]
    fn a_real_that_reads_back_as_an_integer_is_refused() {
        for v in [1.0, -3.0, 0.0, 1e17, 9_223_372_036_854_774_784.0, -9_223_372_036_854_775_808.0] {
            assert_eq!(
                typed(None, |pg, out| real_of_class(v, pg, out)),
                Err(MisfitKind::IntegralReal),
                "{v}"
            );
        }
        for v in [1.5, 9_223_372_036_854_775_808.0, -9_223_372_036_854_777_856.0, 1e300, f64::INFINITY] {
            assert!(typed(None, |pg, out| real_of_class(v, pg, out)).is_ok(), "{v}");
        }
        assert_eq!(typed(None, |pg, out| real_of_class(-0.0, pg, out)), Err(MisfitKind::NegativeZero));
    }
}
