//! What both sides of the digest use while they form a value.

use super::json::JsonScratch;

/// Buffers that outlive a value, so that hashing one allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) text: Vec<u8>,
    pub(super) json: JsonScratch,
}

/// PostgreSQL pads `character(n)` with spaces, which mean nothing (manual, "Character Types").
pub(super) fn trim_padding(mut text: &[u8]) -> &[u8] {
    while let Some(shorter) = text.strip_suffix(b" ") {
        text = shorter;
    }
    text
}
