//! Booleans, integers, floating-point numbers, text and bytes (semantics.md §2.1–2.3, §5.2).

use super::misfit::MisfitKind;
use super::short::Short;
use super::{wire, wrong_pair};
use crate::limits::FIELD_BYTES_MAX;
use crate::plan::types::PgType;

/// INTEGER 0 or 1 → boolean.
pub(super) fn boolean(v: i64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Bool {
        return Err(wrong_pair(pg));
    }
    match v {
        0 => out.extend_from_slice(&[0, 0, 0, 1, 0]),
        1 => out.extend_from_slice(&[0, 0, 0, 1, 1]),
        _ => return Err(MisfitKind::NotBool),
    }
    Ok(())
}

/// INTEGER → bigint, integer, smallint, within range.
#[inline]
pub(super) fn int(v: i64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    #[cfg(feature = "failpoints")]
    let v = broken(v);
    match pg {
        PgType::Int8 => wire::eight(v.to_be_bytes(), out),
        PgType::Int4 => wire::four(i32::try_from(v).map_err(|_| MisfitKind::Range(pg))?.to_be_bytes(), out),
        PgType::Int2 => wire::two(i16::try_from(v).map_err(|_| MisfitKind::Range(pg))?.to_be_bytes(), out),
        _ => return Err(wrong_pair(pg)),
    }
    Ok(())
}

/// A planted error: verification has to see it.
#[cfg(feature = "failpoints")]
fn broken(v: i64) -> i64 {
    use crate::failpoint::{Action, ENCODER_BROKEN, pass};
    if pass(ENCODER_BROKEN) == Action::On { v ^ 1 } else { v }
}

/// REAL → double precision by its bits; → real only where it is a 4-byte float already.
#[inline]
pub(super) fn float(v: f64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if v.is_nan() {
        return Err(MisfitKind::Nan);
    }
    match pg {
        PgType::Float8 => wire::eight(v.to_be_bytes(), out),
        PgType::Float4 => {
            let narrow = v as f32;
            if f64::from(narrow).to_bits() != v.to_bits() {
                return Err(MisfitKind::Inexact(pg));
            }
            wire::four(narrow.to_be_bytes(), out);
        }
        _ => return Err(wrong_pair(pg)),
    }
    Ok(())
}

/// INTEGER → double precision, real, where that type holds it exactly. The way back goes through 128 bits:
/// through 64 it would saturate, and 2^63 − 1 look exact.
pub(super) fn float_of_integer(v: i64, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    match pg {
        PgType::Float8 if (v as f64) as i128 == i128::from(v) => wire::eight((v as f64).to_be_bytes(), out),
        PgType::Float4 if (v as f32) as i128 == i128::from(v) => wire::four((v as f32).to_be_bytes(), out),
        PgType::Float8 | PgType::Float4 => return Err(MisfitKind::Inexact(pg)),
        _ => return Err(wrong_pair(pg)),
    }
    Ok(())
}

/// TEXT, checked for text, varchar, char and citext: UTF-8 without NUL, no longer than the column.
#[inline]
pub(super) fn text(bytes: &[u8], pg: PgType) -> Result<&[u8], MisfitKind> {
    clean(bytes)?;
    match pg {
        PgType::Text | PgType::Citext | PgType::Varchar(None) => {}
        PgType::Varchar(Some(max)) => characters(bytes, max)?,
        PgType::Char(max) => {
            characters(bytes, max)?;
            if bytes.last() == Some(&b' ') {
                return Err(MisfitKind::TrailingSpace);
            }
        }
        _ => return Err(wrong_pair(pg)),
    }
    Ok(bytes)
}

/// TEXT in a column of text forms.
pub(super) fn text_form_text(bytes: &[u8], pg: PgType) -> Result<&[u8], MisfitKind> {
    match pg {
        PgType::Text | PgType::Citext | PgType::Varchar(_) => text(bytes, pg),
        _ => Err(wrong_pair(pg)),
    }
}

/// A number in a column of text forms.
pub(super) fn text_form_number(form: Short, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    wire::bytes(text_form_text(form.as_bytes(), pg)?, out);
    Ok(())
}

/// A number in a column of the bytes of text forms.
pub(super) fn bytes_form_number(form: Short, pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    wire::bytes(bytea(form.as_bytes(), pg)?, out);
    Ok(())
}

/// Any bytes → bytea.
pub(super) fn bytea(bytes: &[u8], pg: PgType) -> Result<&[u8], MisfitKind> {
    if pg != PgType::Bytea {
        return Err(wrong_pair(pg));
    }
    field_size(bytes)?;
    Ok(bytes)
}

/// Refuses what does not fit in one field, without looking at it.
#[inline]
pub(super) fn field_size(bytes: &[u8]) -> Result<(), MisfitKind> {
    if bytes.len() > FIELD_BYTES_MAX { Err(MisfitKind::FieldSize) } else { Ok(()) }
}

/// Text as the server takes it: no more than a field, UTF-8, no NUL (which Rust's `str` allows).
#[inline]
pub(super) fn clean(bytes: &[u8]) -> Result<(), MisfitKind> {
    field_size(bytes)?;
    if ascii_without_nul(bytes) { Ok(()) } else { clean_slowly(bytes) }
}

/// One pass without branches, so that the compiler makes vectors of it: the top bit of `b − 1` is set for 0
/// (and for 0x81 and above), that of `b` for 0x80 and above.
#[inline]
fn ascii_without_nul(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |seen, b| seen | b.wrapping_sub(1) | b) < 0x80
}

/// Out of line, so that the reader of short ASCII texts stays small.
#[inline(never)]
fn clean_slowly(bytes: &[u8]) -> Result<(), MisfitKind> {
    if simdutf8::basic::from_utf8(bytes).is_err() {
        // The slower reader knows where.
        let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        return Err(MisfitKind::Utf8(offset(valid)));
    }
    match bytes.iter().position(|b| *b == 0) {
        Some(at) => Err(MisfitKind::Nul(offset(at))),
        None => Ok(()),
    }
}

/// An offset within a field: 31 bits hold it, as its length was checked.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Refuses UTF-8 of more than `max` characters (code points, as the server counts).
fn characters(bytes: &[u8], max: u32) -> Result<(), MisfitKind> {
    if bytes.len() <= max as usize {
        return Ok(());
    }
    let count = offset(bytes.iter().filter(|b| **b & 0xc0 != 0x80).count());
    if count > max { Err(MisfitKind::Length(count, max)) } else { Ok(()) }
}
