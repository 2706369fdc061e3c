//! JSON: what another reader takes for it is taken, and the digest knows a value in every spelling.

use super::sides::{column, field, of_field, of_source};
use cutover::digest::RowHash;
use cutover::encode::{self, MisfitKind, is_json};
use cutover::plan::types::{Codec, PgType};
use cutover::value::Value as Cell;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::fmt::Write;

/// Levels that the encoder takes, as PostgreSQL's stack does (semantics.md §1.7).
const DEPTH_MAX: usize = 6000;
/// Levels that the other reader makes a value of.
const OTHER_DEPTH_MAX: usize = 120;

/// Two texts with a record separator between, which is in no JSON.
pub fn run(data: &[u8]) {
    let mut texts = data.splitn(2, |byte| *byte == 0x1e);
    let (one, other) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    let values = (read(one), read(other));
    if let (Some(a), Some(b)) = values {
        assert_eq!(a == b, meaning(one) == meaning(other), "{a} and {b}");
    }
}

/// Checks one text; gives its value where both readers hold it without a loss.
fn read(text: &[u8]) -> Option<Value> {
    let is_text = std::str::from_utf8(text).is_ok();
    let is_other = is_text && serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let is_deep = depth(text) > DEPTH_MAX;
    assert_eq!(is_json(text), is_other && !is_deep, "JSON to one reader only");
    let exact = field(Cell::Text(text), &column(PgType::Json, Codec::Json));
    assert_eq!(exact.as_deref(), is_json(text).then_some(text), "json is not its own text");
    assert_ne!(meaning(text), of_source(Cell::Null, &jsonb()));
    number(text);
    let value = serde_json::from_slice::<Value>(text);
    let held = field(Cell::Text(text), &jsonb());
    match (&held, &value) {
        (Some(held), _) => assert_eq!(held.split_first(), Some((&1, text))),
        (None, Ok(value)) if is_json(text) => refused(text, value),
        _ => {}
    }
    let value = value.ok().filter(|value| held.is_some() && is_exact(value))?;
    spellings(text, &value);
    Some(value)
}

/// What is JSON and not jsonb has a reason that can be seen in it.
fn refused(text: &[u8], value: &Value) {
    let kind = encode::value(Cell::Text(text), &jsonb(), &mut Vec::new()).map_err(|misfit| misfit.kind);
    match kind {
        Err(MisfitKind::JsonbEscape(_)) => assert!(has_nul(value), "refused an escape that is a character"),
        Err(MisfitKind::JsonbNumber(_)) => {
            assert!(text.iter().any(|byte| matches!(byte, b'e' | b'E')) || text.len() > 16_383);
        }
        other => panic!("refused for {other:?}"),
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        // Of members with the same name only the last is seen here, so a NUL may be in one that is gone.
        Value::Object(_) => true,
        _ => false,
    }
}

/// The other reader keeps whole numbers of 64 bits only.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// The same value with other blanks, escapes, orders and repetitions.
fn spellings(text: &[u8], value: &Value) {
    if depth(text) > OTHER_DEPTH_MAX {
        return;
    }
    let hash = meaning(text);
    let mut escaped = String::new();
    spell(&mut escaped, value);
    for same in [value.to_string(), format!(" {value:#}\r\n\t"), escaped] {
        assert_eq!(meaning(same.as_bytes()), hash, "{same}");
        let held = field(Cell::Text(same.as_bytes()), &jsonb());
        assert_eq!(of_field(held.as_deref(), &jsonb()), hash, "{same}");
    }
}

/// Every character as an escape, every member backwards and once more with another value before.
fn spell(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { " , " } else { "" });
                spell(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (place, (name, value)) in members.iter().rev().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                string(out, name);
                out.push_str(":[{\"\":null}],");
                string(out, name);
                out.push(':');
                spell(out, value);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for unit in text.encode_utf16() {
        write!(out, "\\u{unit:04X}").expect("a String takes everything");
    }
    out.push('"');
}

/// A number is the same with zeros behind its fraction and with an exponent of 0.
fn number(text: &[u8]) {
    let is_plain = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    if !is_plain || !is_json(text) {
        return;
    }
    assert_eq!(meaning(&[text, b"e0"].concat()), meaning(text));
    if text.contains(&b'.') {
        assert_eq!(meaning(&[text, b"000"].concat()), meaning(text));
    } else if !matches!(text, b"0" | b"-0") {
        assert_eq!(meaning(&[text, b"00E-2"].concat()), meaning(text));
    }
}

fn jsonb() -> cutover::plan::types::Mapping {
    column(PgType::Jsonb, Codec::Jsonb)
}

fn meaning(text: &[u8]) -> RowHash {
    of_source(Cell::Text(text), &jsonb())
}

/// Brackets open at once, of those that are not in strings.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut most, mut is_string, mut is_escape) = (0usize, 0, false, false);
    for byte in text {
        match byte {
            _ if is_escape => is_escape = false,
            b'\\' if is_string => is_escape = true,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => now += 1,
            b']' | b'}' if !is_string => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}
