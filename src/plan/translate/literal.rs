//! Constants: how SQLite reads them, what an affinity makes of them, and PostgreSQL's literals for them.

use super::Reason;
use super::term::Binding;
use crate::catalog::affinity::Affinity;
use crate::ident;
use crate::plan::types::PgType;

/// A constant of SQLite.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    /// NULL
    Null,
    /// INTEGER
    Integer(i64),
    /// REAL
    Real(f64),
    /// TEXT
    Text(String),
    /// BLOB
    Blob(Vec<u8>),
}

/// The integers up to this one, and no others beyond, are all held by a double.
pub(super) const DOUBLE_INTEGER_MAX: i64 = 1 << 53;

/// A number as SQLite's grammar takes it: an integer beyond 64 bits is a REAL, hexadecimal digits are 64 bits.
///
/// # Errors
/// Hexadecimal digits of more than 64 bits, which SQLite refuses.
pub(super) fn number(written: &str) -> Result<Constant, Reason> {
    let digits = written.replace('_', "");
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let bits = u64::from_str_radix(hex, 16).map_err(|_| "a hexadecimal number beyond 64 bits")?;
        return Ok(Constant::Integer(bits.cast_signed()));
    }
    match (digits.parse::<i64>(), digits.parse::<f64>()) {
        (Ok(integer), _) => Ok(Constant::Integer(integer)),
        (_, Ok(real)) => Ok(Constant::Real(real)),
        _ => Err("a number that cannot be read".to_owned()),
    }
}

/// The type that PostgreSQL gives to an integer literal.
pub(super) fn integer_type(value: i64) -> PgType {
    if i32::try_from(value).is_ok() { PgType::Int4 } else { PgType::Int8 }
}

/// PostgreSQL's literal.
///
/// # Errors
/// A text with NUL, which PostgreSQL has not.
pub(super) fn sql(constant: &Constant) -> Result<(String, Binding), Reason> {
    Ok(match constant {
        Constant::Null => ("NULL".to_owned(), Binding::Atom),
        // Its digits alone are numeric before the sign is seen.
        Constant::Integer(i64::MIN) => ("(-9223372036854775808)::pg_catalog.int8".to_owned(), Binding::Atom),
        Constant::Integer(value) if *value < 0 => (value.to_string(), Binding::Operator),
        Constant::Integer(value) => (value.to_string(), Binding::Atom),
        Constant::Real(value) => (real(*value), Binding::Atom),
        Constant::Text(text) if text.contains('\0') => return Err("a text with a NUL".to_owned()),
        Constant::Text(text) => (ident::literal(text), Binding::Atom),
        Constant::Blob(bytes) => (blob(bytes), Binding::Atom),
    })
}

/// The order of two numbers, to the last digit; none where one of them is no number.
pub(super) fn order(one: &Constant, other: &Constant) -> Option<std::cmp::Ordering> {
    match (one, other) {
        (Constant::Integer(one), Constant::Integer(other)) => Some(one.cmp(other)),
        (Constant::Real(one), Constant::Real(other)) => one.partial_cmp(other),
        (Constant::Integer(one), Constant::Real(other)) => Some(integer_order(*one, *other)),
        (Constant::Real(one), Constant::Integer(other)) => Some(integer_order(*other, *one).reverse()),
        _ => None,
    }
}

fn integer_order(integer: i64, real: f64) -> std::cmp::Ordering {
    const BEYOND: f64 = 9.3e18;
    // Within these bounds a double's whole part is surely held.
    let whole = real.clamp(-BEYOND, BEYOND).trunc() as i128;
    let fraction = if real.fract() > 0.0 { 1 } else { -i32::from(real.fract() < 0.0) };
    i128::from(integer).cmp(&whole).then(0.cmp(&fraction))
}

/// A literal of `double precision`.
pub(super) fn real(value: f64) -> String {
    match value {
        _ if value.is_infinite() && value > 0.0 => "'Infinity'::pg_catalog.float8".to_owned(),
        _ if value.is_infinite() => "'-Infinity'::pg_catalog.float8".to_owned(),
        _ if value.is_sign_negative() => format!("'{value:?}'::pg_catalog.float8"),
        _ => format!("{value:?}::pg_catalog.float8"),
    }
}

/// The decimal of a finite REAL as `numeric`: what the codecs for numbers write. Where it is compared with integers, all
/// digits of what a double means.
pub(super) fn decimal(value: f64, exact: bool) -> String {
    const EXACT_MAX: f64 = 1e38;
    if exact && value.fract() == 0.0 && value.abs() < EXACT_MAX {
        return (value as i128).to_string();
    }
    format!("{value:?}")
}

/// A literal of `bytea`. Written with one backslash, which `standard_conforming_strings` keeps; every session of ours has it
/// on, and so has every server by default.
pub(super) fn blob(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{hex}'::pg_catalog.bytea")
}

/// What SQLite passes over around a number in a text (`sqlite3Isspace`).
fn is_blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

/// The number that a numeric affinity makes of a text; none where it stays a text: nothing may stand around the number but
/// blanks, and hexadecimal digits are no number (semantics.md §1.2).
pub(super) fn of_text(text: &str) -> Option<Constant> {
    let bare = text.trim_matches(is_blank);
    (number_length(bare) == bare.len() && !bare.is_empty()).then(|| prefix(bare))
}

/// The number that a text begins with, 0 where it begins with none: what a CAST and a condition make of it.
pub(super) fn prefix(text: &str) -> Constant {
    let bare = text.trim_start_matches(is_blank);
    let digits = &bare[..number_length(bare)];
    match (digits.parse::<i64>(), digits.parse::<f64>()) {
        (Ok(integer), _) => Constant::Integer(integer),
        (_, Ok(real)) => Constant::Real(real),
        _ => Constant::Integer(0),
    }
}

/// The integer that a text begins with, 0 where it begins with none, the last there is beyond 64 bits: what a CAST to INTEGER
/// makes of it, for which neither fraction nor exponent counts.
pub(super) fn integer_prefix(text: &str) -> i64 {
    let bare = text.trim_start_matches(is_blank);
    let sign = usize::from(bare.starts_with(['+', '-']));
    let digits = bare[sign..].bytes().take_while(u8::is_ascii_digit).count();
    match (digits, bare[..sign + digits].parse::<i64>()) {
        (0, _) => 0,
        (_, Ok(value)) => value,
        _ if bare.starts_with('-') => i64::MIN,
        _ => i64::MAX,
    }
}

/// How many bytes at the beginning of `text` are a decimal number.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits_from(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits_from(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(end + 1 + signed..).map_or(0, |_| digits_from(end + 1 + signed));
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    end
}

/// What SQLite would store for a constant in a column of that affinity.
///
/// # Errors
/// A REAL as a text: what its text is depends on SQLite's version.
pub(super) fn stored(constant: Constant, affinity: Affinity) -> Result<Constant, Reason> {
    Ok(match (affinity, constant) {
        (Affinity::Text, Constant::Integer(integer)) => Constant::Text(integer.to_string()),
        (Affinity::Text, Constant::Real(real)) => Constant::Text(real_text(real)?),
        (Affinity::Real, Constant::Integer(integer)) => Constant::Real(integer as f64),
        (affinity, Constant::Text(text)) if affinity.converts_numbers() => match of_text(&text) {
            Some(number) => return stored(number, affinity),
            None => Constant::Text(text),
        },
        (Affinity::Integer | Affinity::Numeric, Constant::Real(real)) => integral(real),
        (_, constant) => constant,
    })
}

/// A REAL that an INTEGER or NUMERIC column stores as an INTEGER, where it is one.
fn integral(real: f64) -> Constant {
    const STORED_AS_INTEGER_MAX: f64 = 9e18;
    if real.fract() == 0.0 && real.abs() < STORED_AS_INTEGER_MAX {
        Constant::Integer(real as i64)
    } else {
        Constant::Real(real)
    }
}

/// The text of a REAL, where every SQLite writes the same one: without an exponent, and with so few digits that neither the
/// 15 of older versions nor the 17 of newer ones, which drop what looks like an error from the 14th on, show another one.
///
/// # Errors
/// That versions differ.
pub(super) fn real_text(real: f64) -> Result<String, Reason> {
    const DIGITS_MAX: usize = 13;
    let scientific = format!("{real:e}");
    let mantissa = scientific.split('e').next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = (1e-4..1e15).contains(&real.abs()) && digits <= DIGITS_MAX;
    if real == 0.0 || is_plain {
        // SQLite writes no sign before a zero; the sum of −0 and 0 has none.
        return Ok(format!("{:?}", real + 0.0));
    }
    Err(REAL_AS_TEXT.to_owned())
}

/// Why a REAL is not written as a text.
pub(super) const REAL_AS_TEXT: &str = "the text of a REAL, which depends on SQLite's version";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_sqlite_reads_them() {
        let table = [
            ("1", Constant::Integer(1)),
            ("0x10", Constant::Integer(16)),
            ("0XFFFFFFFFFFFFFFFF", Constant::Integer(-1)),
            ("1_000", Constant::Integer(1000)),
            ("9223372036854775808", Constant::Real(9223372036854775808.0)),
            ("1.5e3", Constant::Real(1500.0)),
            (".5", Constant::Real(0.5)),
            ("5.", Constant::Real(5.0)),
            ("1e999", Constant::Real(f64::INFINITY)),
        ];
        for (written, expected) in table {
            assert_eq!(number(written), Ok(expected), "{written}");
        }
        assert!(number("0x1FFFFFFFFFFFFFFFF").is_err());
    }

    /// semantics.md §1.2: what looks like a number, and what does not.
    #[test]
    fn texts_that_look_like_numbers() {
        for text in [" 12 ", "+5", "5.", ".5", "1e5", "-1.5E-3", "\t7\n"] {
            assert!(of_text(text).is_some(), "{text}");
        }
        for text in ["", " ", "12abc", "0x10", "1_000", "NaN", "Infinity", "1e", "- 5", ".", "1 2", "\u{a0}5"]
        {
            assert_eq!(of_text(text), None, "{text}");
        }
        assert_eq!(prefix(" 12abc"), Constant::Integer(12));
        assert_eq!(prefix("1e"), Constant::Integer(1));
        assert_eq!(prefix("1.5x"), Constant::Real(1.5));
        assert_eq!(prefix("abc"), Constant::Integer(0));
        for (text, integer) in
            [("1e3", 1), (" -1.9", -1), ("9223372036854775808", i64::MAX), ("+", 0), ("é", 0)]
        {
            assert_eq!(integer_prefix(text), integer, "{text}");
        }
    }

    #[test]
    fn literals_mean_what_they_say() {
        assert_eq!(sql(&Constant::Integer(i64::MIN)).unwrap().0, "(-9223372036854775808)::pg_catalog.int8");
        assert_eq!(real(-0.5), "'-0.5'::pg_catalog.float8");
        assert_eq!(blob(&[0, 255]), "'\\x00ff'::pg_catalog.bytea");
        assert_eq!(decimal(9007199254740993.0, true), "9007199254740992");
        assert_eq!(decimal(9223372036854774784.0, true), "9223372036854774784");
        assert!(sql(&Constant::Text("a\0".to_owned())).is_err());
        let order = |integer, real| order(&Constant::Integer(integer), &Constant::Real(real)).unwrap();
        assert!(order(1, 1.5).is_lt() && order(-1, -1.5).is_gt() && order(2, 2.0).is_eq());
        assert!(
            order(i64::MAX, 9223372036854775808.0).is_lt()
                && order(9007199254740993, 9007199254740992.0).is_gt()
        );
        assert!(order(0, f64::INFINITY).is_lt() && order(0, f64::NEG_INFINITY).is_gt());
    }
}
