//! Any value → bytea with its storage class in front, so that every class comes back exactly (semantics.md §1.5).

use super::misfit::MisfitKind;
use super::{LargePayload, wire, wrong_pair};
use crate::limits::FIELD_BYTES_MAX;
use crate::plan::types::PgType;
use crate::value::Value;

const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
pub(super) const BLOB: u8 = 4;

/// The class byte, then 8 bytes of a number, or the stored bytes. `value` is not NULL.
pub(super) fn any(value: Value<'_>, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Bytea {
        return Err(wrong_pair(pg));
    }
    match value {
        Value::Null => wire::null(out),
        Value::Integer(v) => number(INTEGER, v.to_be_bytes(), out),
        Value::Real(v) => number(REAL, v.to_bits().to_be_bytes(), out),
        Value::Text(bytes) => stored(TEXT, bytes, out)?,
        Value::Blob(bytes) => stored(BLOB, bytes, out)?,
    }
    Ok(())
}

/// TEXT or BLOB as a payload that is not copied; none for a number.
pub(super) fn large(value: Value<'_>, pg: PgType) -> Result<Option<LargePayload<'_>>, MisfitKind> {
    if pg != PgType::Bytea {
        return Err(wrong_pair(pg));
    }
    let (class, bytes) = match value {
        Value::Text(bytes) => (TEXT, bytes),
        Value::Blob(bytes) => (BLOB, bytes),
        _ => return Ok(None),
    };
    size(bytes)?;
    Ok(Some(LargePayload { class: Some(class), bytes }))
}

fn number(class: u8, bits: [u8; 8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 9, class]);
    out.extend_from_slice(&bits);
}

fn stored(class: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    size(bytes)?;
    out.extend_from_slice(&wire::length(bytes.len() + 1));
    out.push(class);
    out.extend_from_slice(bytes);
    Ok(())
}

/// The class byte counts, too.
fn size(bytes: &[u8]) -> Result<(), MisfitKind> {
    if bytes.len() < FIELD_BYTES_MAX { Ok(()) } else { Err(MisfitKind::FieldSize) }
}
