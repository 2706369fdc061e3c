//! Frames: rows as they are handed from a reader to its connection, cut by size and not by row.
//!
//! A frame may end anywhere, also inside a field: the server sees one stream. Memory is bounded by the frame,
//! not by the value: a large payload passes in slices.

use bytes::Bytes;

use super::wire;
use crate::limits::{FRAME_BYTES, LARGE_VALUE_BYTES};

/// A frame is full at [`FRAME_BYTES`]; what was begun before that still fits without a second allocation
/// (any one field that is not large, and its row's header).
const CAPACITY_BYTES: usize = FRAME_BYTES + LARGE_VALUE_BYTES + 4096;

/// A piece of the COPY stream: the only thing that crosses a thread.
#[derive(Debug, Clone)]
pub struct Frame {
    /// what to send
    pub bytes: Bytes,
    /// rows that end in this frame
    pub rows: u32,
}

/// What a field consists of that is too large to be copied whole: the value's own bytes, and a class byte before them
/// where the column is tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargePayload<'a> {
    pub(super) class: Option<u8>,
    pub(super) bytes: &'a [u8],
}

impl<'a> LargePayload<'a> {
    /// The bytes alone.
    pub fn plain(bytes: &'a [u8]) -> LargePayload<'a> {
        LargePayload { class: None, bytes }
    }

    fn head(&self) -> LargeHead {
        LargeHead { class: self.class, bytes: self.bytes.len() }
    }
}

/// What precedes the bytes of a field that come in slices: their number, checked to be no more than a field may have, and
/// a class byte where the column is tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeHead {
    pub(super) class: Option<u8>,
    pub(super) bytes: usize,
}

/// Builds the stream of one COPY: header, rows, trailer.
#[derive(Debug)]
pub struct FrameBuilder {
    buffer: Vec<u8>,
    rows: u32,
}

impl Default for FrameBuilder {
    fn default() -> FrameBuilder {
        FrameBuilder::new()
    }
}

impl FrameBuilder {
    /// Begins a stream with its header.
    pub fn new() -> FrameBuilder {
        let mut buffer = Vec::with_capacity(CAPACITY_BYTES);
        buffer.extend_from_slice(&wire::HEADER);
        FrameBuilder { buffer, rows: 0 }
    }

    /// Where [`super::begin_row`] and [`super::value`] write. Before a row, its length may be noted, and the
    /// row be taken back by truncating to it, as long as no frame was taken in between.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Counts a row, after its last field.
    #[inline]
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    /// The frame so far, if it holds [`FRAME_BYTES`] or more. Allowed after any field, not only after a row:
    /// a row of many wide fields need not be held whole.
    #[inline]
    pub fn take_if_full(&mut self) -> Option<Frame> {
        if self.buffer.len() < FRAME_BYTES { None } else { Some(self.take()) }
    }

    /// Sends a field whose payload is `payload` ([`super::large_payload`]), its length first, in frames of
    /// [`FRAME_BYTES`]; each full one goes to `hand_over`, the last one stays open.
    ///
    /// # Errors
    /// What `hand_over` returns. The stream is cut inside a field then, and its COPY must be failed.
    pub fn put_large<E>(
        &mut self,
        payload: LargePayload<'_>,
        hand_over: impl FnMut(Frame) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin_large(Some(payload.head()));
        self.put_slice(payload.bytes, hand_over)
    }

    /// Begins a field whose bytes follow in slices ([`super::large_blob`]), or writes the NULL that it is.
    pub fn begin_large(&mut self, head: Option<LargeHead>) {
        match head {
            None => wire::null(&mut self.buffer),
            Some(head) => {
                let bytes = head.bytes + usize::from(head.class.is_some());
                self.buffer.extend_from_slice(&wire::length(bytes));
                self.buffer.extend(head.class);
            }
        }
    }

    /// Goes on with such a field, in frames of [`FRAME_BYTES`]; each full one goes to `hand_over`, the last one stays open.
    ///
    /// # Errors
    /// As [`FrameBuilder::put_large`].
    pub fn put_slice<E>(
        &mut self,
        mut rest: &[u8],
        mut hand_over: impl FnMut(Frame) -> Result<(), E>,
    ) -> Result<(), E> {
        while !rest.is_empty() {
            let room = FRAME_BYTES.saturating_sub(self.buffer.len());
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.buffer.extend_from_slice(now);
            rest = later;
            if let Some(frame) = self.take_if_full() {
                hand_over(frame)?;
            }
        }
        Ok(())
    }

    /// Ends the stream: the last frame, with the trailer. A stream without rows has a header and a trailer, too:
    /// PostgreSQL takes an empty COPY, but not one without a header.
    pub fn finish(mut self) -> Frame {
        self.buffer.extend_from_slice(&wire::TRAILER);
        Frame { bytes: Bytes::from(self.buffer), rows: self.rows }
    }

    fn take(&mut self) -> Frame {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CAPACITY_BYTES));
        Frame { bytes: Bytes::from(full), rows: std::mem::take(&mut self.rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_small_stream_is_one_frame() {
        let mut frames = FrameBuilder::new();
        super::super::begin_row(1, frames.buffer());
        frames.buffer().extend_from_slice(&[0, 0, 0, 1, 7]);
        frames.end_row();
        assert!(frames.take_if_full().is_none());
        let frame = frames.finish();
        assert_eq!(frame.rows, 1);
        assert_eq!(&frame.bytes[..], b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\x07\xff\xff");
    }

    #[test]
    fn an_empty_stream_has_header_and_trailer() {
        assert_eq!(&FrameBuilder::new().finish().bytes[..], b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff");
    }

    #[test]
    fn the_trailer_also_follows_frames_that_were_taken() {
        let mut frames = FrameBuilder::new();
        frames.buffer().resize(FRAME_BYTES, 0);
        frames.end_row();
        assert_eq!(frames.take_if_full().unwrap().rows, 1);
        let last = frames.finish();
        assert_eq!((&last.bytes[..], last.rows), (&b"\xff\xff"[..], 0));
    }

    #[test]
    fn a_buffer_is_allocated_once() {
        let mut frames = FrameBuilder::new();
        let before = frames.buffer().as_ptr();
        while frames.buffer().len() < FRAME_BYTES {
            frames.buffer().extend_from_slice(&[0; 1000]);
        }
        frames.buffer().extend_from_slice(&vec![0; LARGE_VALUE_BYTES + 4]);
        assert_eq!(frames.buffer().as_ptr(), before);
        assert_eq!(frames.take_if_full().unwrap().bytes.as_ptr(), before, "handed over without a copy");
    }

    #[test]
    fn a_large_payload_goes_in_slices() {
        let payload: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut frames = FrameBuilder::new();
        frames.buffer().extend_from_slice(&vec![9; FRAME_BYTES]);
        let (mut sent, mut longest, mut count) = (Vec::with_capacity(20_000_000), 0, 0);
        let done: Result<(), Infallible> = frames.put_large(LargePayload::plain(&payload), |frame| {
            longest = longest.max(frame.bytes.len());
            count += 1;
            sent.extend_from_slice(&frame.bytes);
            Ok(())
        });
        assert!(done.is_ok());
        frames.end_row();
        let last = frames.finish();
        assert_eq!(last.rows, 1);
        sent.extend_from_slice(&last.bytes);
        let head = 19 + FRAME_BYTES;
        assert_eq!(&sent[head..head + 4], &[0x01, 0x31, 0x2d, 0x00]);
        assert!(sent[head + 4..] == [&payload[..], b"\xff\xff"].concat());
        assert!(longest <= head + 4, "{longest}");
        assert_eq!(count, 39);
    }

    #[test]
    fn a_closed_queue_stops_the_payload() {
        let mut frames = FrameBuilder::new();
        let payload = vec![0; 3 * FRAME_BYTES];
        assert_eq!(frames.put_large(LargePayload::plain(&payload), |_| Err("closed")), Err("closed"));
    }
}
