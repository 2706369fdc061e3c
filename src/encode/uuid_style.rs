//! UUIDs in exactly one spelling, and in the bytes of a BLOB: what comes back is what was there (semantics.md §1.8).

use super::misfit::MisfitKind;
use super::uuid::{digits, hyphenated, put};
use crate::plan::types::{PgType, UuidOrder, UuidStyle};
use crate::value::Class;

/// TEXT in exactly this style. The case matters only where there are letters.
pub(super) fn styled(text: &[u8], style: UuidStyle, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let found = Found::of(text).ok_or(MisfitKind::UuidStyle)?;
    let other_case = if style.upper { found.lower } else { found.upper };
    if other_case || found.hyphens != style.hyphens || found.braces != style.braces {
        return Err(MisfitKind::UuidStyle);
    }
    put(found.id, pg, out)
}

/// A BLOB of 16 bytes in the given order.
pub(super) fn ordered(
    bytes: &[u8],
    order: UuidOrder,
    pg: PgType,
    out: &mut Vec<u8>,
) -> Result<(), MisfitKind> {
    if pg != PgType::Uuid {
        return Err(MisfitKind::Class(Class::Blob, pg));
    }
    let id: [u8; 16] = bytes.try_into().map_err(|_| MisfitKind::UuidBlob)?;
    put(as_written(id, order), pg, out)
}

fn as_written(id: [u8; 16], order: UuidOrder) -> [u8; 16] {
    match order {
        UuidOrder::Rfc4122 => id,
        // .NET's Guid: a 4-byte and two 2-byte numbers, little-endian, then 8 bytes as they are
        UuidOrder::Dotnet => {
            let [a, b, c, d, e, f, g, h, rest @ ..] = id;
            let mut written = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
            written[8..].copy_from_slice(&rest);
            written
        }
    }
}

/// A UUID and how it is spelled.
#[derive(Debug, Clone, Copy)]
struct Found {
    id: [u8; 16],
    /// letters in upper case
    upper: bool,
    /// letters in lower case
    lower: bool,
    hyphens: bool,
    braces: bool,
}

impl Found {
    fn of(text: &[u8]) -> Option<Found> {
        let inner = text.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        let bare = inner.unwrap_or(text);
        let hyphens = bare.len() == 36;
        let id = if hyphens { hyphenated(bare)? } else { digits(bare.iter().copied())? };
        Some(Found {
            id,
            upper: bare.iter().any(u8::is_ascii_uppercase),
            lower: bare.iter().any(u8::is_ascii_lowercase),
            hyphens,
            braces: inner.is_some(),
        })
    }
}

/// Accumulates the texts of one column, to tell the single style that all of them keep. Once there is none,
/// observing costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidVotes {
    impossible: bool,
    upper: bool,
    lower: bool,
    /// hyphens and braces
    shape: Option<(bool, bool)>,
}

impl UuidVotes {
    /// Takes one more text of the column.
    #[inline]
    pub fn observe(&mut self, text: &[u8]) {
        if !self.impossible {
            match Found::of(text) {
                Some(found) => self.agree(found.upper, found.lower, (found.hyphens, found.braces)),
                None => self.impossible = true,
            }
        }
    }

    /// Whether a style is still possible.
    pub fn is_open(&self) -> bool {
        !self.impossible
    }

    /// Adds what another reader of the same column observed.
    pub fn merge(&mut self, other: &UuidVotes) {
        self.impossible |= other.impossible;
        if let Some(shape) = other.shape {
            self.agree(other.upper, other.lower, shape);
        }
    }

    /// The style that every observed text keeps, if there was a text and such a style; without a single letter it
    /// is lower case.
    pub fn style(&self) -> Option<UuidStyle> {
        let (hyphens, braces) = self.shape.filter(|_| !self.impossible)?;
        Some(UuidStyle { upper: self.upper, hyphens, braces })
    }

    fn agree(&mut self, upper: bool, lower: bool, shape: (bool, bool)) {
        self.upper |= upper;
        self.lower |= lower;
        let same = self.shape.is_none_or(|mine| mine == shape);
        self.impossible |= !same || (self.upper && self.lower);
        self.shape = Some(shape);
    }
}
