//! A strict RFC 8259 validator, and what `jsonb` refuses besides (semantics.md §1.7).
//!
//! `json` keeps its text byte for byte, so nothing is parsed into anything. The walk keeps its own stack of one bit
//! per level: no input can overflow ours.
//!
//! Deliberately absent: the limits of `jsonb` on whole containers (256 MB, tens of millions of elements); the server
//! says so itself.

use super::misfit::MisfitKind;
use super::scalar::{clean, field_size, offset};
use super::{wire, wrong_pair};
use crate::plan::types::PgType;

/// PostgreSQL's parser recurses: with its default `max_stack_depth` it holds 6000 levels (seen with 15, `json` and
/// `jsonb`), and 20000 no longer (semantics.md §1.7).
const DEPTH_MAX: usize = 6000;

/// Bytes of one string in `jsonb` (`JENTRY_OFFLENMASK`).
const JSONB_STRING_BYTES_MAX: usize = 268_435_455;

/// Digits of `numeric` before and after the point (PostgreSQL manual, table "Numeric Types").
const NUMERIC_DIGITS_BEFORE_MAX: i64 = 131_072;
const NUMERIC_DIGITS_AFTER_MAX: i64 = 16_383;

/// The server reads exponents only below half of `INT_MAX`, even where the number is 0.
const EXPONENT_MAX: i64 = i32::MAX as i64 / 2 - 1;

/// True if `text` can be a value of a `json` column.
pub fn is_json(text: &[u8]) -> bool {
    field_size(text).is_ok() && walk(text, false).is_ok() && clean(text).is_ok()
}

/// True if `text` can be a value of a `jsonb` column.
pub fn is_jsonb(text: &[u8]) -> bool {
    field_size(text).is_ok() && walk(text, true).is_ok() && clean(text).is_ok()
}

/// TEXT, checked for `json`.
pub(super) fn json(text: &[u8], pg: PgType) -> Result<&[u8], MisfitKind> {
    if pg != PgType::Json {
        return Err(wrong_pair(pg));
    }
    clean(text)?;
    walk(text, false)?;
    Ok(text)
}

/// TEXT → `jsonb`: version 1, then the text.
pub(super) fn jsonb(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    if pg != PgType::Jsonb {
        return Err(wrong_pair(pg));
    }
    clean(text)?;
    if text.len() == crate::limits::FIELD_BYTES_MAX {
        return Err(MisfitKind::FieldSize);
    }
    walk(text, true)?;
    out.extend_from_slice(&wire::length(text.len() + 1));
    out.push(1);
    out.extend_from_slice(text);
    Ok(())
}

/// What may come next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    Key,
    /// `,` or the end of the container, or of the text
    After,
}

fn walk(text: &[u8], jsonb: bool) -> Result<(), MisfitKind> {
    let mut walk = Walk { text, at: 0, depth: 0, objects: [0; DEPTH_MAX.div_ceil(64)], jsonb };
    let mut next = Next::Value;
    loop {
        walk.space();
        next = match next {
            Next::Value => walk.value()?,
            Next::Key => walk.key()?,
            Next::After if walk.depth > 0 => walk.after()?,
            Next::After if walk.at == text.len() => return Ok(()),
            Next::After => return Err(walk.fault()),
        };
    }
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// one bit per open container: set for an object
    objects: [u64; DEPTH_MAX.div_ceil(64)],
    jsonb: bool,
}

impl<'a> Walk<'a> {
    fn fault(&self) -> MisfitKind {
        MisfitKind::Json(offset(self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Next, MisfitKind> {
        match self.peek() {
            Some(b'{') => return self.open(true),
            Some(b'[') => return self.open(false),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            _ => return Err(self.fault()),
        }
        Ok(Next::After)
    }

    fn open(&mut self, object: bool) -> Result<Next, MisfitKind> {
        self.at += 1;
        let (word, bit) = (self.depth / 64, self.depth % 64);
        let Some(bits) = self.objects.get_mut(word).filter(|_| self.depth < DEPTH_MAX) else {
            return Err(MisfitKind::JsonDepth);
        };
        *bits = *bits & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
        self.space();
        if self.take(if object { b'}' } else { b']' }) {
            self.depth -= 1;
            return Ok(Next::After);
        }
        Ok(if object { Next::Key } else { Next::Value })
    }

    fn in_object(&self) -> bool {
        let level = self.depth.saturating_sub(1);
        self.objects.get(level / 64).is_some_and(|bits| bits >> (level % 64) & 1 == 1)
    }

    fn key(&mut self) -> Result<Next, MisfitKind> {
        self.string()?;
        self.space();
        if self.take(b':') { Ok(Next::Value) } else { Err(self.fault()) }
    }

    fn after(&mut self) -> Result<Next, MisfitKind> {
        let object = self.in_object();
        if self.take(b',') {
            return Ok(if object { Next::Key } else { Next::Value });
        }
        if self.take(if object { b'}' } else { b']' }) {
            self.depth -= 1;
            return Ok(Next::After);
        }
        Err(self.fault())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), MisfitKind> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.fault());
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<(), MisfitKind> {
        let start = self.at;
        if !self.take(b'"') {
            return Err(self.fault());
        }
        let mut bytes = 0;
        loop {
            bytes += self.plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => bytes += self.escape()?,
                _ => return Err(self.fault()),
            }
        }
        self.at += 1;
        if self.jsonb && bytes > JSONB_STRING_BYTES_MAX {
            return Err(MisfitKind::JsonbString(offset(start)));
        }
        Ok(())
    }

    /// Passes over bytes that stand for themselves, and counts them.
    fn plain(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
        let count = rest.iter().position(special).unwrap_or(rest.len());
        self.at += count;
        count
    }

    /// Passes over one escape, or a surrogate pair, and gives the bytes of UTF-8 that it stands for.
    fn escape(&mut self) -> Result<usize, MisfitKind> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(1)
            }
            Some(b'u') => {
                self.at += 1;
                let unit = self.unit()?;
                if self.jsonb { self.character(unit, start) } else { Ok(1) }
            }
            _ => Err(self.fault()),
        }
    }

    fn unit(&mut self) -> Result<u16, MisfitKind> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit =
                self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(|| self.fault())?;
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }

    /// The character that `unit` begins, which `jsonb` must be able to hold.
    fn character(&mut self, unit: u16, start: usize) -> Result<usize, MisfitKind> {
        let refused = MisfitKind::JsonbEscape(offset(start));
        match unit {
            0 | 0xdc00..=0xdfff => Err(refused),
            0xd800..=0xdbff => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return Err(refused);
                }
                let low = self.unit()?;
                if (0xdc00..=0xdfff).contains(&low) { Ok(4) } else { Err(refused) }
            }
            _ => Ok(char::from_u32(unit.into()).map_or(3, char::len_utf8)),
        }
    }

    fn number(&mut self) -> Result<(), MisfitKind> {
        let start = self.at;
        self.take(b'-');
        let whole: &[u8] = if self.take(b'0') { b"0" } else { self.digits()? };
        let fraction = if self.take(b'.') { self.digits()? } else { b"" };
        let exponent = if self.take(b'e') || self.take(b'E') { self.exponent()? } else { 0 };
        if self.jsonb && !numeric_holds(whole, fraction, exponent) {
            return Err(MisfitKind::JsonbNumber(offset(start)));
        }
        Ok(())
    }

    /// An exponent with its sign; beyond what the server reads, only that it is too large.
    fn exponent(&mut self) -> Result<i64, MisfitKind> {
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let append = |sum: i64, byte: &u8| (sum * 10 + i64::from(byte - b'0')).min(EXPONENT_MAX + 1);
        let size = self.digits()?.iter().fold(0, append);
        Ok(if negative { -size } else { size })
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<&'a [u8], MisfitKind> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.fault());
        }
        self.at += count;
        Ok(rest.get(..count).unwrap_or_default())
    }
}

/// Whether `whole.fraction × 10^exponent` is within `numeric`. Zeros at the end of the fraction count, as they
/// become part of the display scale; zeros at the front do not.
fn numeric_holds(whole: &[u8], fraction: &[u8], exponent: i64) -> bool {
    if exponent.abs() > EXPONENT_MAX || fraction.len() as i64 - exponent > NUMERIC_DIGITS_AFTER_MAX {
        return false;
    }
    let mut digits = whole.iter().chain(fraction);
    match digits.position(|byte| *byte != b'0') {
        None => true,
        Some(zeros) => whole.len() as i64 - zeros as i64 + exponent <= NUMERIC_DIGITS_BEFORE_MAX,
    }
}
