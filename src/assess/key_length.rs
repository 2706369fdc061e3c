//! Whether a key fits a page of a btree, as the server's own index rows are formed: values above half a kilobyte are
//! compressed, short ones lose three bytes of their header, all are aligned.

use super::pglz::compressed_bytes;
use crate::limits::INDEX_KEY_BYTES_MAX;
use crate::postgres::tries::{KeyPart, KeyRow, Try};

/// What became of one row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fits,
    TooLong,
    /// it depends on a compression that is not known here
    Unknown,
}

/// Values of an index row above this are compressed.
const COMPRESSED_ABOVE: usize = 510;

/// The header of a compressed value; the bytes of a value with a short header.
const HEADER_COMPRESSED: usize = 8;
const SHORT_MAX: usize = 127;

/// What the catalog says of one column of an index.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// bytes of every value; none where they differ
    fixed: Option<usize>,
    align: usize,
    is_plain: bool,
    is_compressed: bool,
    is_pglz: bool,
}

impl Form {
    /// `length align storage compression`, as the catalog writes them.
    fn of(text: &str) -> Option<Form> {
        let mut words = text.split(' ');
        let fixed = words.next()?.parse::<i32>().ok()?;
        let align = match words.next()? {
            "c" => 1,
            "s" => 2,
            "i" => 4,
            _ => 8,
        };
        let storage = words.next()?;
        Some(Form {
            fixed: usize::try_from(fixed).ok(),
            align,
            is_plain: storage == "p",
            is_compressed: matches!(storage, "x" | "m"),
            is_pglz: words.next()? == "p",
        })
    }

    /// The least and the most bytes that a row has, once this value is behind `before` of them.
    fn behind(self, before: (usize, usize), part: &KeyPart) -> (usize, usize) {
        let Some(full) = part.size else { return before };
        let at = |bytes: usize| bytes.next_multiple_of(self.align);
        if let Some(bytes) = self.fixed {
            return (at(before.0) + bytes, at(before.1) + bytes);
        }
        // The server tells the bytes of a value in a row of its own: short ones have lost their header already.
        if !self.is_plain && full <= SHORT_MAX {
            return (before.0 + full, before.1 + full);
        }
        let (least, most) = self.stored(full, part);
        (at(before.0) + least, at(before.1) + most)
    }

    fn stored(self, full: usize, part: &KeyPart) -> (usize, usize) {
        if !self.is_compressed || full <= COMPRESSED_ABOVE {
            return (full, full);
        }
        let Some(bytes) = part.bytes.as_ref().filter(|_| self.is_pglz) else {
            return (HEADER_COMPRESSED, full);
        };
        let compressed = compressed_bytes(bytes).map(|bytes| bytes + HEADER_COMPRESSED);
        let stored = compressed.filter(|bytes| bytes + 2 < full).unwrap_or(full);
        (stored, stored)
    }
}

/// Whether the key of `row` fits the index of `one`.
pub(super) fn verdict(one: &Try, row: &KeyRow) -> Verdict {
    let has_null = row.parts.iter().any(|part| part.size.is_none());
    let header = if has_null { 16 } else { 8 };
    let forms = one.others.iter().map(|text| Form::of(text));
    let mut bytes = (header, header);
    for (form, part) in forms.zip(&row.parts) {
        match form {
            Some(form) => bytes = form.behind(bytes, part),
            None => return Verdict::Unknown,
        }
    }
    let fits = |bytes: usize| bytes.next_multiple_of(8) as u64 <= INDEX_KEY_BYTES_MAX;
    match (fits(bytes.0), fits(bytes.1)) {
        (_, true) => Verdict::Fits,
        (false, _) => Verdict::TooLong,
        _ => Verdict::Unknown,
    }
}
