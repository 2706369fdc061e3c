//! One column while it is scanned: counts, ranges, sizes and spellings, from the raw bytes (semantics.md §1.3).
//!
//! Every cell of the source comes by here, so nothing is allocated and nothing is asked that an earlier value has
//! answered: a spelling that is no longer possible is not looked for again.

use crate::catalog::profile::ColumnProfile;
use crate::catalog::spelling::Spelling;
use crate::encode::{TemplateVotes, is_json, is_jsonb, is_uuid};
use crate::limits::EXAMPLES_MAX;
use crate::plan::choose::Family;
use crate::plan::types::UuidStyle;
use crate::value::{Class, Value, is_plain_ascii};

/// Texts of a column that are looked at for a spelling which its type does not depend on: enough to propose an option,
/// few enough to cost nothing.
const PROPOSAL_TEXTS: u64 = 1_000;

/// The facts of one column so far.
#[derive(Debug)]
pub(super) struct ColumnFacts {
    profile: ColumnProfile,
    integers: (i64, i64),
    reals: (f64, f64),
    votes: Votes,
}

impl ColumnFacts {
    /// For a column of this declared type; `content` says that its content may decide its type.
    pub(super) fn new(declared: &str, content: bool) -> ColumnFacts {
        ColumnFacts {
            profile: ColumnProfile::default(),
            integers: (i64::MAX, i64::MIN),
            reals: (f64::INFINITY, f64::NEG_INFINITY),
            votes: Votes::new(Family::of(declared), content),
        }
    }

    /// Takes one more value; `key` names its row.
    #[inline]
    pub(super) fn observe(&mut self, value: Value<'_>, key: impl Fn() -> String) {
        match value {
            Value::Null => self.profile.nulls += 1,
            Value::Integer(integer) => self.integer(integer, key),
            Value::Real(real) => self.real(real, key),
            Value::Text(bytes) => self.text(bytes, key),
            Value::Blob(bytes) => self.blob(bytes, key),
        }
    }

    #[inline]
    fn integer(&mut self, integer: i64, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.integers == 0 {
            profile.first.push((Class::Integer, key()));
        }
        profile.integers += 1;
        profile.integers_zero += u64::from(integer == 0);
        profile.integers_one += u64::from(integer == 1);
        self.integers = (self.integers.0.min(integer), self.integers.1.max(integer));
    }

    #[inline]
    fn real(&mut self, real: f64, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.reals == 0 {
            profile.first.push((Class::Real, key()));
        }
        profile.reals += 1;
        profile.reals_infinite += u64::from(real.is_infinite());
        profile.reals_integral += u64::from(real.fract() == 0.0);
        profile.reals_negative_zero += u64::from(real == 0.0 && real.is_sign_negative());
        self.reals = (self.reals.0.min(real), self.reals.1.max(real));
    }

    fn blob(&mut self, bytes: &[u8], key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.blobs == 0 {
            profile.first.push((Class::Blob, key()));
        }
        profile.blobs += 1;
        profile.blobs_of_16 += u64::from(bytes.len() == 16);
        profile.blobs_text += u64::from(std::str::from_utf8(bytes).is_ok());
        profile.max_bytes = profile.max_bytes.max(bytes.len() as u64);
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.texts == 0 {
            profile.first.push((Class::Text, key()));
        }
        profile.texts += 1;
        profile.max_bytes = profile.max_bytes.max(bytes.len() as u64);
        if is_plain_ascii(bytes) {
            profile.max_characters = profile.max_characters.max(bytes.len() as u64);
        } else {
            unusual_text(profile, bytes, &key);
        }
        profile.texts_empty += u64::from(bytes.is_empty());
        profile.texts_trailing_space += u64::from(bytes.last() == Some(&b' '));
        profile.texts_numeric += u64::from(may_be_number(bytes));
        if self.votes.open && self.votes.observe(bytes, profile.texts) {
            profile.broke = Some(key());
        }
    }

    /// What came of it.
    pub(super) fn finish(self) -> ColumnProfile {
        let mut profile = self.profile;
        profile.integer_range = (profile.integers > 0).then_some(self.integers);
        profile.real_range = (profile.reals > 0).then_some(self.reals);
        profile.spelling = (profile.texts > 0).then(|| self.votes.spelling());
        profile
    }
}

/// Text beyond ASCII, not valid, or with a NUL inside.
fn unusual_text(profile: &mut ColumnProfile, bytes: &[u8], key: &impl Fn() -> String) {
    let invalid = std::str::from_utf8(bytes).is_err();
    let nul = !invalid && bytes.contains(&0);
    if !invalid {
        let characters = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        profile.max_characters = profile.max_characters.max(characters);
    }
    profile.texts_invalid += u64::from(invalid);
    profile.texts_nul += u64::from(nul);
    if (invalid || nul) && profile.odd_texts.len() < EXAMPLES_MAX {
        profile.odd_texts.push(key());
    }
}

/// Whether a text could be taken for the text form of a number: by its first character that is no space, generously.
#[inline]
fn may_be_number(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    first.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'I' | b'i'))
}

/// The spellings that are still possible.
#[derive(Debug)]
struct Votes {
    /// any of them is
    open: bool,
    family: Family,
    /// texts to look at
    texts_max: u64,
    stamps: TemplateVotes,
    json: bool,
    jsonb: bool,
    container: bool,
    uuid: bool,
}

impl Votes {
    fn new(family: Family, content: bool) -> Votes {
        let decides = content || matches!(family, Family::Date | Family::Stamp | Family::Json | Family::Uuid);
        Votes {
            open: true,
            family,
            texts_max: if decides { u64::MAX } else { PROPOSAL_TEXTS },
            stamps: TemplateVotes::default(),
            json: true,
            jsonb: true,
            container: true,
            uuid: true,
        }
    }

    /// Takes the `number`th text. Tells whether it ended the last spelling that the declared type hopes for.
    fn observe(&mut self, text: &[u8], number: u64) -> bool {
        let hoped = self.hopes();
        self.stamps.observe(text);
        if self.json {
            self.observe_json(text);
        }
        self.uuid = self.uuid && is_uuid(text);
        self.open = (self.stamps.is_open() || self.json || self.uuid) && number < self.texts_max;
        hoped && !self.hopes()
    }

    /// Most texts are no JSON at their first character; a column of words is not parsed to find that out. A declared
    /// JSON column may also hold bare strings and numbers.
    fn observe_json(&mut self, text: &[u8]) {
        let first = text.iter().find(|b| !b.is_ascii_whitespace());
        self.container = self.container && matches!(first, Some(b'{' | b'['));
        if !self.container && self.family != Family::Json {
            self.json = false;
            return;
        }
        self.jsonb = self.jsonb && is_jsonb(text);
        self.json = self.jsonb || is_json(text);
    }

    fn hopes(&self) -> bool {
        match self.family {
            Family::Date | Family::Stamp => self.stamps.is_open(),
            Family::Json => self.json,
            Family::Uuid => self.uuid,
            _ => false,
        }
    }

    fn spelling(self) -> Spelling {
        let uuid = UuidStyle { upper: false, hyphens: true, braces: false };
        Spelling {
            sampled: self.texts_max != u64::MAX,
            date: self.stamps.date(),
            stamp: self.stamps.stamp(),
            time: None,
            json: self.json,
            jsonb: self.json && self.jsonb,
            container: self.json && self.container,
            uuid: self.uuid.then_some(uuid),
            flag: None,
        }
    }
}
