//! Numbers by value: decimal digits and a power of ten, whatever they are spelled or stored as.
//!
//! Form: a sign (00 zero, 01 positive, 02 negative, 03 +Infinity, 04 −Infinity, 05 NaN), and for the finite ones but zero the
//! exponent (i32, big-endian), the count of digits (u32, big-endian) and the digits, one a byte, without zeros at
//! either end. The value is digits × 10^exponent. `1.50`, `1.5` and `15e-1` are one form, and so are `0` and `-0.0`.

const ZERO: u8 = 0;
const POSITIVE: u8 = 1;
const NEGATIVE: u8 = 2;
const POSITIVE_INFINITY: u8 = 3;
const NEGATIVE_INFINITY: u8 = 4;
const NOT_A_NUMBER: u8 = 5;

/// Bytes before the digits: sign, exponent, count.
const HEAD_BYTES: usize = 9;

/// Larger exponents than this are out of the form's range whatever the digits are.
const EXPONENT_BOUND: i64 = 1 << 40;

/// Writes the digits of one number, most significant first.
struct Digits<'a> {
    out: &'a mut Vec<u8>,
    head: usize,
}

impl<'a> Digits<'a> {
    fn begin(out: &'a mut Vec<u8>) -> Digits<'a> {
        let head = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        Digits { out, head }
    }

    /// The next digit, 0 to 9; leading zeros are dropped here.
    fn push(&mut self, digit: u8) {
        if digit != 0 || self.out.len() > self.head + HEAD_BYTES {
            self.out.push(digit);
        }
    }

    /// Ends the number; the last digit pushed stood for a multiple of 10^`exponent`.
    fn finish(self, negative: bool, exponent: i64) -> Option<()> {
        let first = self.head + HEAD_BYTES;
        let kept = self.out.iter().skip(first).rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
        if kept == 0 {
            self.out.truncate(self.head);
            self.out.push(ZERO);
            return Some(());
        }
        let dropped = i64::try_from(self.out.len() - first - kept).ok()?;
        self.out.truncate(first + kept);
        let exponent = i32::try_from(exponent + dropped).ok()?;
        let count = u32::try_from(kept).ok()?;
        let head = self.out.get_mut(self.head..first)?;
        head[0] = if negative { NEGATIVE } else { POSITIVE };
        head[1..5].copy_from_slice(&exponent.to_be_bytes());
        head[5..9].copy_from_slice(&count.to_be_bytes());
        Some(())
    }
}

fn infinity(out: &mut Vec<u8>, negative: bool) {
    out.push(if negative { NEGATIVE_INFINITY } else { POSITIVE_INFINITY });
}

/// NaN, which the source can only have as a word.
pub(super) fn not_a_number(out: &mut Vec<u8>) {
    out.push(NOT_A_NUMBER);
}

/// Whether a field of `numeric` is NaN.
pub(super) fn is_nan_field(field: &[u8]) -> bool {
    matches!(field, [0, 0, _, _, 0xc0, 0, _, _])
}

/// An integer.
pub(super) fn integer(out: &mut Vec<u8>, value: i64) -> Option<()> {
    let mut reversed = [0u8; 20];
    let mut left = value.unsigned_abs();
    for digit in &mut reversed {
        *digit = (left % 10) as u8;
        left /= 10;
    }
    let mut digits = Digits::begin(out);
    reversed.iter().rev().for_each(|digit| digits.push(*digit));
    digits.finish(value < 0, 0)
}

/// A double by the shortest decimal that reads back as it: what it is in a column of `numeric`.
pub(super) fn real_shortest(out: &mut Vec<u8>, value: f64) -> Option<()> {
    if value.is_infinite() {
        infinity(out, value < 0.0);
        return Some(());
    }
    if value.is_nan() {
        return None;
    }
    decimal_text(out, Short::of(format_args!("{value:e}"))?.as_bytes())
}

/// A double among integers: by all its digits where it is an integer of 64 bits, for the shortest decimal of 2^60 is
/// that of another integer; else by the shortest decimal, which then no integer has.
pub(super) fn real_exact(out: &mut Vec<u8>, value: f64) -> Option<()> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.trunc() == value && (-TWO_TO_63..TWO_TO_63).contains(&value) {
        return integer(out, value as i64);
    }
    real_shortest(out, value)
}

/// A decimal of the form `-?digits(.digits)?([eE][+-]?digits)?`.
pub(super) fn decimal_text(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(unsigned.len());
    let (mantissa, power) = unsigned.split_at_checked(end)?;
    let mut digits = Digits::begin(out);
    let mut places: Option<i64> = None;
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'.' if places.is_none() => {
                places = Some(0);
                continue;
            }
            _ => return None,
        }
        places = places.map(|count| count + 1);
    }
    let power = match power {
        [] => 0,
        [_, digits @ ..] => exponent(digits)?,
    };
    digits.finish(negative, power - places.unwrap_or(0))
}

/// An exponent, capped far out of range instead of overflowing.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut value = 0i64;
    for byte in digits {
        let digit = i64::from(char::from(*byte).to_digit(10)?);
        value = (value * 10 + digit).min(EXPONENT_BOUND);
    }
    Some(if negative { -value } else { value })
}

/// A short text on the stack: a number is formatted without allocating.
pub(super) struct Short {
    bytes: [u8; 32],
    length: usize,
}

impl Short {
    /// `None` if the text is longer than any 64-bit number is.
    pub(super) fn of(text: std::fmt::Arguments<'_>) -> Option<Short> {
        let mut short = Short { bytes: [0; 32], length: 0 };
        std::fmt::write(&mut short, text).ok()?;
        Some(short)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// A `numeric` as `numeric_send` writes it: ndigits, weight, sign, dscale in 16 bits each, then groups of four decimal
/// digits; group i stands for a multiple of 10000^(weight − i). The display scale says nothing about the value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Finite { negative: bool, weight: i64, groups: &'a [u8] },
    Infinity { negative: bool },
}

impl<'a> Wire<'a> {
    /// `None` for NaN, which SQLite cannot have sent, and for what is no `numeric`.
    pub(super) fn parse(field: &'a [u8]) -> Option<Wire<'a>> {
        let (head, groups) = field.split_first_chunk::<8>()?;
        let count = usize::from(u16::from_be_bytes([head[0], head[1]]));
        let weight = i64::from(i16::from_be_bytes([head[2], head[3]]));
        let sign = u16::from_be_bytes([head[4], head[5]]);
        if groups.len() != count * 2 || values(groups).any(|group| group > 9999) {
            return None;
        }
        match sign {
            0x0000 | 0x4000 => Some(Wire::Finite { negative: sign != 0, weight, groups }),
            // Infinity comes with whatever display scale the server likes: the sign word alone counts.
            0xd000 | 0xf000 if count == 0 => Some(Wire::Infinity { negative: sign == 0xf000 }),
            _ => None,
        }
    }

    /// The number, if it is an integer of 64 bits.
    pub(super) fn integer(&self) -> Option<i64> {
        let Wire::Finite { negative, weight, groups } = *self else { return None };
        let mut total = 0i128;
        let mut place = weight;
        for group in values(groups) {
            if place >= 0 {
                total = total.checked_mul(10_000)?.checked_add(i128::from(group))?;
            } else if group != 0 {
                return None;
            }
            place -= 1;
        }
        // The server leaves out groups of zeros at the end.
        while place >= 0 && total != 0 {
            total = total.checked_mul(10_000)?;
            place -= 1;
        }
        i64::try_from(if negative { -total } else { total }).ok()
    }

    /// The nearest double, through decimal text in `text`; `None` where a double has no such magnitude, for neither
    /// zero nor Infinity is what the number was.
    pub(super) fn real(&self, text: &mut Vec<u8>) -> Option<f64> {
        let (negative, weight, groups) = match *self {
            Wire::Infinity { negative } => {
                return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
            }
            Wire::Finite { negative, weight, groups } => (negative, weight, groups),
        };
        text.clear();
        text.extend_from_slice(if negative { b"-0" } else { b"0" });
        values(groups).for_each(|group| text.extend(decimal_digits(group).map(|digit| b'0' + digit)));
        let power = last_exponent(weight, groups);
        text.extend_from_slice(Short::of(format_args!("e{power}"))?.as_bytes());
        let real: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        (real.is_finite() && real != 0.0).then_some(real)
    }

    /// The number by value.
    pub(super) fn canonical(&self, out: &mut Vec<u8>) -> Option<()> {
        match *self {
            Wire::Infinity { negative } => {
                infinity(out, negative);
                Some(())
            }
            Wire::Finite { negative, weight, groups } => {
                let mut digits = Digits::begin(out);
                values(groups).for_each(|group| {
                    decimal_digits(group).into_iter().for_each(|digit| digits.push(digit));
                });
                digits.finish(negative, last_exponent(weight, groups))
            }
        }
    }
}

fn values(groups: &[u8]) -> impl Iterator<Item = u16> {
    groups.chunks_exact(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]))
}

fn decimal_digits(group: u16) -> [u8; 4] {
    [group / 1000, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| digit as u8)
}

/// The power of ten of the last digit of the last group.
fn last_exponent(weight: i64, groups: &[u8]) -> i64 {
    (weight + 1 - (groups.len() / 2) as i64) * 4
}

#[cfg(test)]
mod tests;
