//! The frame of binary COPY: header, trailer, field count, field lengths (PostgreSQL manual, COPY, "Binary Format").

/// Signature, flags 0, header extension of length 0.
pub(super) const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// A field count of −1 ends the stream.
pub(super) const TRAILER: [u8; 2] = [0xff, 0xff];

/// Begins a row of `columns` fields (1600 at most); exactly so many fields must follow.
#[inline]
pub fn begin_row(columns: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&columns.to_be_bytes());
}

/// A NULL: length −1 and no bytes.
#[inline]
pub(super) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xff; 4]);
}

/// A field of a checked length ([`crate::limits::FIELD_BYTES_MAX`] at most, so that 31 bits hold it).
#[inline]
pub(super) fn bytes(payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&length(payload.len()));
    out.extend_from_slice(payload);
}

/// A length as it precedes a field.
#[inline]
pub(super) fn length(bytes: usize) -> [u8; 4] {
    debug_assert!(
        bytes <= crate::limits::FIELD_BYTES_MAX,
        "a field's length is checked before it is written"
    );
    (bytes as u32).to_be_bytes()
}

/// A field of two bytes.
#[inline]
pub(super) fn two(field: [u8; 2], out: &mut Vec<u8>) {
    let [a, b] = field;
    out.extend_from_slice(&[0, 0, 0, 2, a, b]);
}

/// A field of four bytes.
#[inline]
pub(super) fn four(field: [u8; 4], out: &mut Vec<u8>) {
    let [a, b, c, d] = field;
    out.extend_from_slice(&[0, 0, 0, 4, a, b, c, d]);
}

/// A field of eight bytes, with its length in one write.
#[inline]
pub(super) fn eight(field: [u8; 8], out: &mut Vec<u8>) {
    let [a, b, c, d, e, f, g, h] = field;
    out.extend_from_slice(&[0, 0, 0, 8, a, b, c, d, e, f, g, h]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_begins_with_its_field_count() {
        let mut out = Vec::new();
        begin_row(1600, &mut out);
        assert_eq!(out, [0x06, 0x40]);
    }

    #[test]
    fn fields_carry_their_length() {
        let mut out = Vec::new();
        null(&mut out);
        bytes(b"", &mut out);
        bytes(b"abc", &mut out);
        two([1, 2], &mut out);
        assert_eq!(out, b"\xff\xff\xff\xff\0\0\0\0\0\0\0\x03abc\0\0\0\x02\x01\x02");
    }
}
