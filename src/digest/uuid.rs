//! UUIDs: from every spelling of the source, and from the 16 bytes of a field back to what they came from.

use super::part::Part;
use super::sink::{BLOB, Sink, TEXT};
use crate::plan::types::{Codec, PgType, UuidOrder, UuidStyle};
use crate::value::Value;

/// The spelling of [`Codec::Uuid`].
const PLAIN: UuidStyle = UuidStyle { upper: false, hyphens: true, braces: false };

/// The 16 bytes of a UUID: a BLOB of them, or hex digits in the grouping 8-4-4-4-12 or none, with or without braces.
pub(super) fn any(value: Value<'_>) -> Option<[u8; 16]> {
    match value {
        Value::Blob(bytes) => bytes.try_into().ok(),
        Value::Text(text) => spelled(text),
        _ => None,
    }
}

fn spelled(text: &[u8]) -> Option<[u8; 16]> {
    let bare = match text.strip_prefix(b"{") {
        Some(rest) => rest.strip_suffix(b"}")?,
        None => text,
    };
    let hyphens = match bare.len() {
        36 => [8, 13, 18, 23].iter().all(|place| bare.get(*place) == Some(&b'-')),
        32 => false,
        _ => return None,
    };
    let mut id = 0u128;
    let mut digits = 0;
    for (place, byte) in bare.iter().enumerate() {
        if hyphens && matches!(place, 8 | 13 | 18 | 23) {
            continue;
        }
        id = id << 4 | u128::from(char::from(*byte).to_digit(16)?);
        digits += 1;
    }
    (digits == 32).then(|| id.to_be_bytes())
}

/// A field of 16 bytes.
pub(super) fn bytes(field: &[u8], pg: PgType) -> Option<&[u8; 16]> {
    if pg == PgType::Uuid { field.try_into().ok() } else { None }
}

/// The TEXT or BLOB that the field came from.
pub(super) fn exact(sink: &mut Sink, text: &mut Vec<u8>, field: &[u8], part: Part<'_>) -> Option<()> {
    let id = bytes(field, part.pg)?;
    match part.codec {
        Codec::UuidBlob(UuidOrder::Rfc4122) => sink.bytes(BLOB, id),
        Codec::UuidBlob(UuidOrder::Dotnet) => sink.bytes(BLOB, &dotnet(id)),
        Codec::UuidStyle(style) => sink.bytes(TEXT, written(text, id, *style)),
        _ => sink.bytes(TEXT, written(text, id, PLAIN)),
    }
    Some(())
}

/// As `Guid.ToByteArray` gives them: the first three numbers little-endian.
fn dotnet(id: &[u8; 16]) -> [u8; 16] {
    let mut bytes = *id;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

fn written<'a>(text: &'a mut Vec<u8>, id: &[u8; 16], style: UuidStyle) -> &'a [u8] {
    text.clear();
    if style.braces {
        text.push(b'{');
    }
    let ten = if style.upper { b'A' } else { b'a' };
    for (place, byte) in id.iter().enumerate() {
        if style.hyphens && matches!(place, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        let digit = |half: u8| if half < 10 { b'0' + half } else { ten + half - 10 };
        text.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    if style.braces {
        text.push(b'}');
    }
    text
}
