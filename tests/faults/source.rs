//! The source written, replaced, damaged.
