//! Where in a stream of messages we are: one byte of tag, four of length, the body (PostgreSQL manual, "Message Formats").

/// Bytes of tag and length.
const HEAD_BYTES: usize = 5;
/// The length counts itself.
const LENGTH_BYTES: usize = 4;

/// A message that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Follows a stream that is cut anywhere, and holds nothing of it but a head.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    head: [u8; HEAD_BYTES],
    /// bytes of the head that are there
    held: usize,
    tag: u8,
    /// bytes of the body that are still to come
    left: usize,
}

/// A part of one message's body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'i> {
    pub(super) tag: u8,
    pub(super) bytes: &'i [u8],
    /// the message ends with it
    pub(super) ends: bool,
}

impl Cursor {
    /// Between two messages.
    pub(super) fn is_between(&self) -> bool {
        self.held == 0 && self.left == 0
    }

    /// The next part, taken off the front of `input`; none where more input is needed.
    #[inline]
    pub(super) fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Piece<'i>>, Malformed> {
        if self.left == 0 {
            if !self.head(input)? {
                return Ok(None);
            }
        } else if input.is_empty() {
            return Ok(None);
        }
        let (bytes, rest) = input.split_at(self.left.min(input.len()));
        *input = rest;
        self.left -= bytes.len();
        Ok(Some(Piece { tag: self.tag, bytes, ends: self.left == 0 }))
    }

    /// Takes a head, if it is there as a whole.
    #[inline]
    fn head(&mut self, input: &mut &[u8]) -> Result<bool, Malformed> {
        let taken = (HEAD_BYTES - self.held).min(input.len());
        let (bytes, rest) = input.split_at(taken);
        self.head[self.held..self.held + taken].copy_from_slice(bytes);
        self.held += taken;
        *input = rest;
        if self.held < HEAD_BYTES {
            return Ok(false);
        }
        let [tag, length @ ..] = self.head;
        let length = usize::try_from(i32::from_be_bytes(length)).map_err(|_| Malformed)?;
        self.left = length.checked_sub(LENGTH_BYTES).ok_or(Malformed)?;
        self.tag = tag;
        self.held = 0;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_is_cut_is_gathered_and_an_empty_body_is_a_piece() {
        let mut cursor = Cursor::default();
        let mut input: &[u8] = b"Z\0\0";
        assert_eq!(cursor.next(&mut input), Ok(None));
        assert!(!cursor.is_between());
        let mut input: &[u8] = b"\0\x05Ic\0\0\0\x04";
        assert_eq!(cursor.next(&mut input), Ok(Some(Piece { tag: b'Z', bytes: b"I", ends: true })));
        assert!(cursor.is_between());
        assert_eq!(cursor.next(&mut input), Ok(Some(Piece { tag: b'c', bytes: b"", ends: true })));
        assert!(cursor.is_between() && input.is_empty());
    }

    #[test]
    fn a_length_below_its_own_is_refused() {
        for length in [[0, 0, 0, 3], [0xff, 0xff, 0xff, 0xff]] {
            let mut input: &[u8] = &[&b"d"[..], &length].concat();
            assert_eq!(Cursor::default().next(&mut input), Err(Malformed));
        }
    }
}
