//! UUIDs: TEXT and 16-byte BLOBs → 16 bytes (semantics.md §1.8).

use super::misfit::MisfitKind;
use super::{wire, wrong_pair};
use crate::plan::types::PgType;
use crate::value::Class;

/// Where the hyphens stand in the 36 characters.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// True for the one spelling that a `uuid` column gives back: 36 characters, lower case, hyphenated.
pub fn is_uuid(text: &[u8]) -> bool {
    hyphenated(text).is_some() && !text.iter().any(u8::is_ascii_uppercase)
}

/// TEXT in exactly the spelling of [`is_uuid`].
pub(super) fn strict(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if !is_uuid(text) {
        return Err(MisfitKind::Uuid);
    }
    any(text, pg, out)
}

/// TEXT hyphenated or of 32 digits, with or without braces, in any case.
pub(super) fn any(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let inner = text.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(text);
    let id = hyphenated(inner).or_else(|| digits(inner.iter().copied())).ok_or(MisfitKind::UuidAny)?;
    put(id, pg, out)
}

/// A BLOB of 16 bytes in the order of RFC 4122.
pub(super) fn blob(bytes: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Uuid {
        return Err(MisfitKind::Class(Class::Blob, pg));
    }
    put(bytes.try_into().map_err(|_| MisfitKind::UuidBlob)?, pg, out)
}

pub(super) fn put(id: [u8; 16], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Uuid {
        return Err(wrong_pair(pg));
    }
    wire::bytes(&id, out);
    Ok(())
}

pub(super) fn hyphenated(text: &[u8]) -> Option<[u8; 16]> {
    let hyphens = HYPHENS.iter().all(|at| text.get(*at) == Some(&b'-'));
    let others = text.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at)).map(|(_, byte)| *byte);
    if text.len() == 36 && hyphens { digits(others) } else { None }
}

/// Exactly 32 hexadecimal digits.
pub(super) fn digits(mut text: impl Iterator<Item = u8>) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    for byte in &mut id {
        *byte = digit(text.next()?)? << 4 | digit(text.next()?)?;
    }
    if text.next().is_none() { Some(id) } else { None }
}

/// The value of a hexadecimal digit in either case.
pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: &[u8] = b"\0\0\0\x10\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00";

    #[test]
    fn strict_takes_one_spelling() {
        let mut out = Vec::new();
        strict(b"550e8400-e29b-41d4-a716-446655440000", PgType::Uuid, &mut out).unwrap();
        assert_eq!(out, FIELD);
        for other in [
            &b"550E8400-e29b-41d4-a716-446655440000"[..],
            b"550e8400e29b41d4a716446655440000",
            b"{550e8400-e29b-41d4-a716-446655440000}",
            b"550e8400-e29b-41d4-a716-44665544000",
            b"550e8400-e29b-41d4-a716-4466554400000",
            b"550e840-0e29b-41d4-a716-446655440000",
            b"550e8400-e29b-41d4-a716-44665544000g",
            b"550e8400-e29b-41d4-a716--46655440000",
            b" 550e8400-e29b-41d4-a716-44665544000",
            b"",
        ] {
            assert!(!is_uuid(other));
            assert_eq!(strict(other, PgType::Uuid, &mut out), Err(MisfitKind::Uuid));
        }
        assert_eq!(out.len(), 20);
    }

    #[test]
    fn any_takes_the_usual_spellings() {
        for text in [
            "550e8400-e29b-41d4-a716-446655440000",
            "550E8400-E29B-41D4-A716-446655440000",
            "550e8400e29b41d4a716446655440000",
            "{550E8400-e29b-41d4-a716-446655440000}",
            "{550e8400e29b41d4a716446655440000}",
        ] {
            let mut out = Vec::new();
            any(text.as_bytes(), PgType::Uuid, &mut out).unwrap();
            assert_eq!(out, FIELD, "{text}");
        }
        for text in ["", "{}", "{550e8400e29b41d4a716446655440000", "550e8400-e29b41d4a716446655440000", "x"]
        {
            let mut out = Vec::new();
            assert_eq!(any(text.as_bytes(), PgType::Uuid, &mut out), Err(MisfitKind::UuidAny), "{text}");
            assert_eq!(out, b"");
        }
    }

    #[test]
    fn a_blob_has_sixteen_bytes() {
        let mut out = Vec::new();
        blob(&FIELD[4..], PgType::Uuid, &mut out).unwrap();
        assert_eq!(out, FIELD);
        assert_eq!(blob(&FIELD[5..], PgType::Uuid, &mut out), Err(MisfitKind::UuidBlob));
    }
}
