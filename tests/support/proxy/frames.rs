//! The protocol's frames as they pass: cut out of a stream of bytes, whole where they are small.

use super::{At, Way};

/// Messages up to this size are passed on in one piece; larger ones as their bytes come.
const WHOLE_BYTES_MAX: usize = 64 * 1024;

/// Bytes that are passed on together, of one message at the most.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// of the stream, before this piece
    start: u64,
    /// number of the message that begins here, from 1
    begins: Option<u64>,
    pub(super) ends_message: bool,
    /// the server's one byte that takes TLS on
    pub(super) begins_tls: bool,
}

impl Piece {
    /// Whether a message begins here that has `text` in it.
    pub(super) fn says(&self, text: &str) -> bool {
        self.begins.is_some() && self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Where in this piece that place is. `said` tells how often a text was said, this piece included.
    pub(super) fn offset_of(&self, at: At, said: impl Fn(&str) -> u64) -> Option<usize> {
        match at {
            At::Byte(byte) => {
                let offset = usize::try_from(byte.checked_sub(1)?.checked_sub(self.start)?).ok()?;
                (offset < self.bytes.len()).then_some(offset)
            }
            At::Message(number) => (self.begins == Some(number)).then_some(0),
            At::Saying(text, nth) => (self.says(text) && said(text) == nth).then_some(0),
            At::After(text, nth) => (self.says(text) && said(text) == nth).then_some(self.bytes.len()),
        }
    }
}

/// The frames of one direction.
#[derive(Debug)]
pub(super) struct Frames {
    way: Way,
    waiting: Vec<u8>,
    /// bytes given out
    given: u64,
    /// messages begun
    begun: u64,
    /// bytes of the message under way that are still to come
    left: usize,
}

impl Frames {
    pub(super) fn new(way: Way) -> Frames {
        Frames { way, waiting: Vec::new(), given: 0, begun: 0, left: 0 }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next piece; none where more bytes are needed.
    pub(super) fn next(&mut self, is_raw: bool) -> Option<Piece> {
        if self.waiting.is_empty() {
            return None;
        }
        if is_raw {
            return Some(self.give(self.waiting.len(), None, false));
        }
        if self.left > 0 {
            let count = self.left.min(self.waiting.len());
            self.left -= count;
            return Some(self.give(count, None, self.left == 0));
        }
        let length = self.length()?;
        if length > self.waiting.len() && length <= WHOLE_BYTES_MAX {
            return None;
        }
        self.begun += 1;
        let count = length.min(self.waiting.len());
        self.left = length - count;
        Some(self.give(count, Some(self.begun), self.left == 0))
    }

    /// Of the message that begins in `waiting`: a startup message, and an answer to a request for TLS, have no type.
    fn length(&self) -> Option<usize> {
        let answers_tls =
            self.way == Way::ToClient && self.begun == 0 && matches!(self.waiting[0], b'S' | b'N');
        if answers_tls {
            return Some(1);
        }
        let untyped = self.way == Way::ToServer && self.waiting[0] == 0;
        let at = usize::from(!untyped);
        let length: [u8; 4] = self.waiting.get(at..at + 4)?.try_into().ok()?;
        Some(at + u32::from_be_bytes(length) as usize)
    }

    fn give(&mut self, count: usize, begins: Option<u64>, ends_message: bool) -> Piece {
        let bytes: Vec<u8> = self.waiting.drain(..count).collect();
        let begins_tls = self.way == Way::ToClient && begins == Some(1) && bytes == b"S";
        let piece = Piece { start: self.given, begins, ends_message, begins_tls, bytes };
        self.given += count as u64;
        piece
    }
}
