//! Numbers as text, on the stack: the text form of semantics.md §0.2, and the digits that `numeric` is made of.

use std::fmt::{self, Write};

/// A text of at most 32 bytes: −2^63 takes 20, the longest double 24 (`-2.2250738585072014e-308`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Short {
    bytes: [u8; 32],
    len: usize,
}

impl Short {
    fn of(arguments: fmt::Arguments<'_>) -> Short {
        let mut short = Short { bytes: [0; 32], len: 0 };
        let written = short.write_fmt(arguments);
        debug_assert!(written.is_ok(), "a number's text fits in 32 bytes");
        short
    }

    /// The text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// An INTEGER's decimal.
pub(super) fn integer(v: i64) -> Short {
    Short::of(format_args!("{v}"))
}

/// A REAL's text form: the shortest decimal that reads back as the same double, as Rust's `{:?}` spells it,
/// and `Infinity`, `-Infinity`.
pub(super) fn real(v: f64) -> Short {
    if v == f64::INFINITY {
        Short::of(format_args!("Infinity"))
    } else if v == f64::NEG_INFINITY {
        Short::of(format_args!("-Infinity"))
    } else {
        Short::of(format_args!("{v:?}"))
    }
}

/// A finite REAL as `[-]d[.ddd]e[-]x`, again the shortest digits.
pub(super) fn scientific(v: f64) -> Short {
    Short::of(format_args!("{v:e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_documented() {
        assert_eq!(integer(i64::MIN).as_bytes(), b"-9223372036854775808");
        let table: [(f64, &str); 10] = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e16"),
            (1e-5, "1e-5"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (v, expected) in table {
            assert_eq!(real(v).as_bytes(), expected.as_bytes());
        }
        assert_eq!(scientific(1500.0).as_bytes(), b"1.5e3");
    }
}
