//! Rows with BLOBs that are not held in memory: what is asked of every value is asked of these in slices.

use crate::digest::RowHasher;
use crate::error::Result;
use crate::plan::types::Mapping;
use crate::sqlite::large::LargeBlob;
use crate::sqlite::scan::RowView;

/// Hashes all values of a row.
///
/// # Errors
/// A source fault.
#[inline]
pub fn digest_row(row: &RowView<'_>, mappings: &[Mapping], hasher: &mut RowHasher) -> Result<()> {
    if row.has_large() {
        return mappings.iter().enumerate().try_for_each(|(i, mapping)| digest_cell(row, i, mapping, hasher));
    }
    for (i, mapping) in mappings.iter().enumerate() {
        hasher.source_value(row.value(i)?, mapping);
    }
    Ok(())
}

/// Hashes one value of a row.
///
/// # Errors
/// A source fault.
pub fn digest_cell(row: &RowView<'_>, i: usize, mapping: &Mapping, hasher: &mut RowHasher) -> Result<()> {
    match row.large(i) {
        Some(blob) => digest_blob(&blob, mapping, hasher),
        None => {
            hasher.source_value(row.value(i)?, mapping);
            Ok(())
        }
    }
}

/// Hashes a BLOB as it is read.
///
/// # Errors
/// A source fault.
pub fn digest_blob(blob: &LargeBlob<'_>, mapping: &Mapping, hasher: &mut RowHasher) -> Result<()> {
    if hasher.begin_source_blob(blob.bytes(), mapping) {
        let mut slices = blob.slices()?;
        while let Some(slice) = slices.next_slice()? {
            hasher.source_slice(slice);
        }
    }
    Ok(())
}

/// Whether the bytes are UTF-8; most BLOBs are none in their first slice, and no more of them is read.
///
/// # Errors
/// A source fault.
pub(super) fn is_text(blob: &LargeBlob<'_>) -> Result<bool> {
    let (mut slices, mut text) = (blob.slices()?, Utf8::default());
    while let Some(slice) = slices.next_slice()? {
        if !text.goes_on_with(slice) {
            return Ok(false);
        }
    }
    Ok(text.is_whole())
}

/// Bytes of the longest character.
const CHARACTER_BYTES_MAX: usize = 4;

/// UTF-8 that comes in slices, cut anywhere.
#[derive(Debug, Default)]
struct Utf8 {
    /// the character that the last slice cut
    cut: Vec<u8>,
}

impl Utf8 {
    fn goes_on_with(&mut self, mut slice: &[u8]) -> bool {
        while !self.cut.is_empty() && !slice.is_empty() {
            let (byte, rest) = slice.split_at(1);
            self.cut.extend_from_slice(byte);
            slice = rest;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        let Err(error) = simdutf8::compat::from_utf8(slice) else { return true };
        let rest = slice.get(error.valid_up_to()..).unwrap_or_default();
        self.cut.extend_from_slice(rest);
        error.error_len().is_none() && rest.len() < CHARACTER_BYTES_MAX
    }

    fn is_whole(&self) -> bool {
        self.cut.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_slices_is_text_wherever_it_is_cut() {
        let texts: [&[u8]; 7] = [
            "naïve 日本 😀".as_bytes(),
            b"plain",
            b"",
            b"\xff",
            b"a\xed\xa0\x80b",
            b"cut \xf0\x9f\x98",
            b"\xe6\x97x",
        ];
        for text in texts {
            for slices in 1..=text.len().max(1) {
                let mut check = Utf8::default();
                let is_text = text.chunks(slices).all(|slice| check.goes_on_with(slice)) && check.is_whole();
                assert_eq!(is_text, std::str::from_utf8(text).is_ok(), "{text:?} by {slices}");
            }
        }
    }
}
