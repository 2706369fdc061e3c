//! The changes that a configuration asks for by name, made to one value of the source before it is encoded and before it
//! is digested: both sides of a comparison see the same changed value.

use crate::config::{Cleanse, InvalidPolicy, NulPolicy};
use crate::value::Value;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// nothing
    Kept,
    /// another text, which was written
    Text,
    /// NULL
    Null,
}

/// The value as the configuration wants it: itself, borrowed, where nothing changes; else a text in `scratch`, or NULL.
///
/// A text that is changed is held twice, as SQLite's and in `scratch`, where every broken byte may take three.
pub fn apply<'a>(value: Value<'a>, cleanse: &Cleanse, scratch: &'a mut Vec<u8>) -> Value<'a> {
    match change(value, cleanse, scratch) {
        Change::Kept => value,
        Change::Text => Value::Text(scratch),
        Change::Null => Value::Null,
    }
}

/// What becomes of the value; `out` holds the text where it is another one, and anything else where it is not.
///
/// Encoding comes first, then NULs, then emptiness: a text of nothing but NULs that are left out is empty.
/// With [`InvalidPolicy::Bytea`] the column holds the stored bytes, so NULs and broken parts are kept with them.
pub fn change(value: Value<'_>, cleanse: &Cleanse, out: &mut Vec<u8>) -> Change {
    let Value::Text(text) = value else { return Change::Kept };
    let rewritten = match cleanse.invalid_utf8 {
        Some(InvalidPolicy::Bytea) => false,
        invalid => rewrite(text, invalid, cleanse.nul, out),
    };
    let is_empty = if rewritten { out.is_empty() } else { text.is_empty() };
    match (is_empty && cleanse.empty_null, rewritten) {
        (true, _) => Change::Null,
        (false, true) => Change::Text,
        (false, false) => Change::Kept,
    }
}

/// Writes the mended text, if it has anything to mend.
fn rewrite(text: &[u8], invalid: Option<InvalidPolicy>, nul: Option<NulPolicy>, out: &mut Vec<u8>) -> bool {
    let nul = nul.filter(|_| text.contains(&0));
    let invalid = invalid.filter(|_| std::str::from_utf8(text).is_err());
    if nul.is_none() && invalid.is_none() {
        return false;
    }
    out.clear();
    match invalid {
        Some(InvalidPolicy::Replace) => replace_broken(text, nul, out),
        Some(InvalidPolicy::Latin1) => latin1(text, nul, out),
        Some(InvalidPolicy::Bytea) | None => put(text, nul, out),
    }
    true
}

/// U+FFFD for each broken part, as `String::from_utf8_lossy` cuts them.
fn replace_broken(text: &[u8], nul: Option<NulPolicy>, out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        put(chunk.valid().as_bytes(), nul, out);
        if !chunk.invalid().is_empty() {
            put_char(char::REPLACEMENT_CHARACTER, out);
        }
    }
}

/// Every byte is the character of its own number.
fn latin1(text: &[u8], nul: Option<NulPolicy>, out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            0 => put(&[0], nul, out),
            byte => put_char(char::from(*byte), out),
        }
    }
}

fn put_char(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Bytes in which nothing but NULs may have to be changed.
fn put(bytes: &[u8], nul: Option<NulPolicy>, out: &mut Vec<u8>) {
    let instead: &[u8] = match nul {
        None => return out.extend_from_slice(bytes),
        Some(NulPolicy::Strip) => b"",
        Some(NulPolicy::Replace) => "\u{fffd}".as_bytes(),
        Some(NulPolicy::Escape) => b"\\0",
    };
    for (place, part) in bytes.split(|byte| *byte == 0).enumerate() {
        if place > 0 {
            out.extend_from_slice(instead);
        }
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleanse(empty_null: bool, nul: Option<NulPolicy>, invalid_utf8: Option<InvalidPolicy>) -> Cleanse {
        Cleanse { empty_null, nul, invalid_utf8 }
    }

    fn changed(text: &[u8], cleanse: &Cleanse) -> Option<Vec<u8>> {
        match apply(Value::Text(text), cleanse, &mut b"what was there before".to_vec()) {
            Value::Text(text) => Some(text.to_vec()),
            Value::Null => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_change_as_written_by_hand() {
        use InvalidPolicy::{Bytea, Latin1, Replace};
        use NulPolicy::{Escape, Replace as Mark, Strip};
        let cases: [(&[u8], Cleanse, Option<&str>); 22] = [
            (b"", cleanse(true, None, None), None),
            (b" ", cleanse(true, None, None), Some(" ")),
            (b"", cleanse(false, Some(Strip), Some(Replace)), Some("")),
            (b"a\0b\0", cleanse(false, Some(Strip), None), Some("ab")),
            (b"\0\0", cleanse(false, Some(Strip), None), Some("")),
            (b"\0\0", cleanse(true, Some(Strip), None), None),
            (b"\0", cleanse(true, Some(Mark), None), Some("\u{fffd}")),
            (b"a\0\0b", cleanse(false, Some(Mark), None), Some("a\u{fffd}\u{fffd}b")),
            (b"\0a\0", cleanse(false, Some(Escape), None), Some("\\0a\\0")),
            (b"\\0", cleanse(false, Some(Escape), None), Some("\\0")),
            (b"caf\xe9", cleanse(false, None, Some(Replace)), Some("caf\u{fffd}")),
            (b"\xe2\x82x\xff", cleanse(false, None, Some(Replace)), Some("\u{fffd}x\u{fffd}")),
            (b"\xed\xa0\x80x", cleanse(false, None, Some(Replace)), Some("\u{fffd}\u{fffd}\u{fffd}x")),
            (b"caf\xe9", cleanse(false, None, Some(Latin1)), Some("café")),
            (b"\xc3\xa9 \xe9", cleanse(false, None, Some(Latin1)), Some("Ã© é")),
            (b"\x80\x9f\xff", cleanse(false, None, Some(Latin1)), Some("\u{80}\u{9f}ÿ")),
            ("é".as_bytes(), cleanse(false, None, Some(Latin1)), Some("é")),
            (b"\xff\0", cleanse(false, Some(Strip), Some(Replace)), Some("\u{fffd}")),
            (b"\xe9\0", cleanse(false, Some(Escape), Some(Latin1)), Some("é\\0")),
            (b"\xe9\0", cleanse(false, None, Some(Latin1)), Some("é\0")),
            (b"a\0", cleanse(true, Some(Strip), Some(Bytea)), Some("a\0")),
            (b"", cleanse(true, Some(Strip), Some(Bytea)), None),
        ];
        for (text, cleanse, expected) in cases {
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(changed(text, &cleanse), expected, "{text:?} {cleanse:?}");
        }
        assert_eq!(changed(b"\xff\0", &cleanse(false, Some(Strip), None)), Some(b"\xff".to_vec()));
    }

    #[test]
    fn what_needs_no_change_is_borrowed() {
        let all = cleanse(true, Some(NulPolicy::Strip), Some(InvalidPolicy::Replace));
        let text = "größer".as_bytes();
        let mut scratch = Vec::new();
        assert_eq!(change(Value::Text(text), &all, &mut scratch), Change::Kept);
        let Value::Text(same) = apply(Value::Text(text), &all, &mut scratch) else { panic!("a text") };
        assert_eq!(same.as_ptr(), text.as_ptr());
        for value in
            [Value::Null, Value::Integer(0), Value::Real(0.0), Value::Blob(b""), Value::Blob(b"\0\xff")]
        {
            assert_eq!(apply(value, &all, &mut scratch), value);
        }
        assert_eq!(scratch.capacity(), 0, "nothing was written");
    }

    #[test]
    fn a_changed_text_needs_no_change() {
        use proptest::prelude::*;
        let pieces = prop_oneof![Just(0u8), Just(b'a'), any::<u8>()];
        proptest!(|(text in prop::collection::vec(pieces, 0..12), policy in 0..3usize, latin: bool)| {
            let nul = [NulPolicy::Strip, NulPolicy::Replace, NulPolicy::Escape][policy];
            let invalid = if latin { InvalidPolicy::Latin1 } else { InvalidPolicy::Replace };
            let cleanse = cleanse(false, Some(nul), Some(invalid));
            let once = changed(&text, &cleanse).unwrap();
            prop_assert!(std::str::from_utf8(&once).is_ok() && !once.contains(&0));
            prop_assert_eq!(changed(&once, &cleanse), Some(once));
            if !latin && !text.contains(&0) {
                prop_assert_eq!(changed(&text, &cleanse), Some(String::from_utf8_lossy(&text).into_owned().into_bytes()));
            }
        });
    }
}
