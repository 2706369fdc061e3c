//! The canonical bytes of one row, on their way into its hash.
//!
//! | tag | form | payload |
//! |---|---|---|
//! | 00 | NULL | none |
//! | 01 | INTEGER | 8 bytes, big-endian two's complement |
//! | 02 | REAL | 8 bytes, the bits big-endian |
//! | 03, 04 | TEXT, BLOB | length in 8 bytes, the bytes |
//! | 10 | a number by value | see `number` |
//! | 11 | an instant or a time | microseconds in 8 bytes |
//! | 12 | UUID | 16 bytes |
//! | 13 | JSON | see `json` |
//! | 14 | an interval | months in 4 bytes, days in 4, microseconds in 8 |
//! | 15 | a network address | family (4, 6, or 48 for a MAC address), prefix length, 4, 16 or 6 bytes |
//! | FF | undecodable | side (01 source, 02 target), class or 00, length in 8 bytes, the bytes |
//!
//! What is hashed of a row is its *message*: the canonical bytes, and where they are no more than 1024, as many bytes FE
//! after them as make them whole blocks of 64 bytes, at least one. So short rows of about the same length can be hashed
//! many at once (`lanes.rs`). Two different rows never have the same message:
//! - Every value begins with a tag and is self-delimiting, and FE is no tag. Read from its first byte, a message gives one
//!   value after the other until it ends or a value would begin with FE, and so gives its row back, even the number of
//!   its columns.
//! - That holds across both kinds: a message of at most 1024 bytes is padded and a longer one is not, so its length says
//!   of which kind it is.
//!
//! Small payloads are gathered in one buffer that the row is hashed from at once; large ones go into an incremental hasher
//! without being copied. Both give the same hash.

use super::hash::RowHash;
use super::lanes::{BLOCK_BYTES, PADDING, SHORT_ROW_BYTES_MAX};

pub(super) const NULL: u8 = 0x00;
pub(super) const INTEGER: u8 = 0x01;
pub(super) const REAL: u8 = 0x02;
pub(super) const TEXT: u8 = 0x03;
pub(super) const BLOB: u8 = 0x04;
pub(super) const NUMBER: u8 = 0x10;
pub(super) const INSTANT: u8 = 0x11;
pub(super) const UUID: u8 = 0x12;
pub(super) const JSON: u8 = 0x13;
pub(super) const INTERVAL: u8 = 0x14;
pub(super) const NETWORK: u8 = 0x15;
pub(super) const UNDECODABLE: u8 = 0xff;

/// From which side an undecodable value came: it must not equal anything of the other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Source = 1,
    Target = 2,
}

/// A payload above this is not copied into the buffer, and a buffer above this is given to the incremental hasher.
const BUFFERED_BYTES_MAX: usize = 64 * 1024;

/// Takes the canonical bytes of one row after the other.
#[derive(Debug)]
pub(super) struct Sink {
    key: [u8; 32],
    buffer: Vec<u8>,
    hasher: blake3::Hasher,
    /// true once something of this row went into `hasher`
    streaming: bool,
}

impl Sink {
    pub(super) fn new(key: [u8; 32]) -> Sink {
        Sink { key, buffer: Vec::new(), hasher: blake3::Hasher::new_keyed(&key), streaming: false }
    }

    #[inline]
    pub(super) fn null(&mut self) {
        self.buffer.push(NULL);
    }

    /// A tag and eight bytes: INTEGER, REAL by its bits, INSTANT.
    #[inline]
    pub(super) fn word(&mut self, tag: u8, word: u64) {
        let mut bytes = [tag; 9];
        bytes[1..].copy_from_slice(&word.to_be_bytes());
        self.buffer.extend_from_slice(&bytes);
    }

    /// A tag, the length and the bytes: TEXT and BLOB.
    #[inline]
    pub(super) fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.word(tag, bytes.len() as u64);
        self.payload(bytes);
    }

    /// Tag and length of bytes that follow in slices ([`Sink::slice`]).
    pub(super) fn begin_bytes(&mut self, tag: u8, bytes: u64) {
        self.word(tag, bytes);
        self.flush();
    }

    /// The next of the bytes that were begun.
    pub(super) fn slice(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// Tag and length of such bytes that are no value of their column.
    pub(super) fn begin_undecodable(&mut self, side: Side, class: u8, bytes: u64) {
        self.buffer.extend_from_slice(&[UNDECODABLE, side as u8]);
        self.begin_bytes(class, bytes);
    }

    /// What `write` makes after the tag, or nothing at all where it finds that the value is not of this form.
    pub(super) fn form(&mut self, tag: u8, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        let mark = self.buffer.len();
        self.buffer.push(tag);
        let written = write(&mut self.buffer);
        if written.is_none() {
            self.buffer.truncate(mark);
        }
        written
    }

    /// Bytes that are no value of their column; `class` is the tag of their storage class, or 0 for a field.
    pub(super) fn undecodable(&mut self, side: Side, class: u8, bytes: &[u8]) {
        self.buffer.extend_from_slice(&[UNDECODABLE, side as u8]);
        self.bytes(class, bytes);
    }

    /// Ends one value: keeps the buffer from growing with the number of columns.
    #[inline]
    pub(super) fn end_value(&mut self) {
        if self.buffer.len() > BUFFERED_BYTES_MAX {
            self.flush();
        }
    }

    /// The hash of the row, after which the next one begins.
    pub(super) fn finish(&mut self) -> RowHash {
        let hash = if self.streaming {
            self.flush();
            let hash = self.hasher.finalize();
            self.hasher.reset();
            self.streaming = false;
            hash
        } else {
            self.pad();
            blake3::keyed_hash(&self.key, &self.buffer)
        };
        self.clear();
        RowHash::from_bytes(*hash.as_bytes())
    }

    /// The message of a short row in blocks, 1 to 16 of them; `clear` begins the next row. `None` for a longer row, which
    /// `finish` ends.
    #[inline]
    pub(super) fn short_row(&mut self) -> Option<&[[u8; BLOCK_BYTES]]> {
        if self.streaming || self.buffer.len() > SHORT_ROW_BYTES_MAX {
            return None;
        }
        self.pad();
        Some(self.buffer.as_chunks().0)
    }

    /// Forgets what the buffer has of a row.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Makes whole blocks of a short row, at least one.
    #[inline]
    fn pad(&mut self) {
        if self.buffer.len() <= SHORT_ROW_BYTES_MAX {
            let whole = self.buffer.len().next_multiple_of(BLOCK_BYTES).max(BLOCK_BYTES);
            // One store of a known length, of which the rest is dropped again.
            self.buffer.extend_from_slice(&[PADDING; BLOCK_BYTES]);
            self.buffer.truncate(whole);
        }
    }

    #[inline]
    fn payload(&mut self, bytes: &[u8]) {
        if bytes.len() <= BUFFERED_BYTES_MAX {
            self.buffer.extend_from_slice(bytes);
        } else {
            self.stream(bytes);
        }
    }

    #[cold]
    fn stream(&mut self, bytes: &[u8]) {
        self.flush();
        self.hasher.update(bytes);
    }

    #[cold]
    fn flush(&mut self) {
        self.streaming = true;
        self.hasher.update(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(BUFFERED_BYTES_MAX * 4);
    }

    #[cfg(test)]
    pub(super) fn buffered(&self) -> &[u8] {
        &self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn large_and_small_payloads_hash_alike() {
        for length in
            [0, 1, 1023, BUFFERED_BYTES_MAX - 1, BUFFERED_BYTES_MAX, BUFFERED_BYTES_MAX + 1, 300_000]
        {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 31 % 251) as u8).collect();
            let mut sink = Sink::new(KEY);
            for round in 0..2 {
                sink.word(INTEGER, 5);
                sink.bytes(BLOB, &bytes);
                sink.end_value();
                sink.null();
                let mut plain = vec![1, 0, 0, 0, 0, 0, 0, 0, 5, 4];
                plain.extend_from_slice(&(length as u64).to_be_bytes());
                plain.extend_from_slice(&bytes);
                plain.push(0);
                if plain.len() <= SHORT_ROW_BYTES_MAX {
                    plain.resize(plain.len().div_ceil(64) * 64, PADDING);
                }
                let expected = RowHash::from_bytes(*blake3::keyed_hash(&KEY, &plain).as_bytes());
                assert_eq!(sink.finish(), expected, "{length} bytes, round {round}");
            }
        }
    }

    #[test]
    fn a_row_of_many_values_stays_small_in_memory() {
        let mut sink = Sink::new(KEY);
        let mut plain = Vec::new();
        for _ in 0..200 {
            sink.bytes(TEXT, &[b'x'; 60_000]);
            sink.end_value();
            plain.push(TEXT);
            plain.extend_from_slice(&60_000u64.to_be_bytes());
            plain.extend_from_slice(&[b'x'; 60_000]);
        }
        assert!(sink.buffer.capacity() < 1 << 20);
        assert_eq!(sink.finish().as_bytes(), blake3::keyed_hash(&KEY, &plain).as_bytes());
    }

    #[test]
    fn a_form_that_fails_leaves_nothing() {
        let mut sink = Sink::new(KEY);
        sink.null();
        let write = |out: &mut Vec<u8>| {
            out.push(1);
            Some(())
        };
        assert_eq!(sink.form(JSON, write), Some(()));
        assert_eq!(sink.form(NUMBER, |out| write(out).and(None)), None);
        assert_eq!(sink.buffered(), [0, 0x13, 1]);
    }
}
