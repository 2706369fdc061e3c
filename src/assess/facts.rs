//! One column while it is scanned: counts, ranges, sizes and spellings, from the raw bytes (semantics.md §1.3).
//!
//! Every cell of the source comes by here, so nothing is allocated and nothing is asked that an earlier value has
//! answered: a spelling that is no longer possible is not looked for again.

use crate::catalog::profile::ColumnProfile;
use crate::catalog::spelling::Spelling;
use crate::encode::{FlagVotes, TemplateVotes, UuidVotes, is_json, is_jsonb};
use crate::limits::EXAMPLES_MAX;
use crate::plan::choose::Family;
use crate::value::{Class, Value};

/// Texts of a column that are looked at for a spelling which its type does not depend on: enough to propose an option,
/// few enough to cost nothing.
const PROPOSAL_TEXTS: u64 = 1_000;

/// The REALs that have an INTEGER beside them, from −2^63 on and below 2^63.
const INTEGERS: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

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
            Value::Blob(bytes) => {
                self.observe_blob(bytes.len() as u64, simdutf8::basic::from_utf8(bytes).is_ok(), key);
            }
        }
    }

    #[inline]
    fn integer(&mut self, integer: i64, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.integers == 0 {
            profile.first.push((Class::Integer, key()));
        }
        profile.integers += 1;
        match integer {
            0 => profile.integers_zero += 1,
            1 => profile.integers_one += 1,
            _ => {}
        }
        self.integers = (self.integers.0.min(integer), self.integers.1.max(integer));
    }

    #[inline]
    fn real(&mut self, real: f64, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.reals == 0 {
            profile.first.push((Class::Real, key()));
        }
        profile.reals += 1;
        if !real.is_finite() {
            profile.reals_infinite += 1;
        }
        profile.reals_integral += u64::from(INTEGERS.contains(&real) && (real as i64) as f64 == real);
        profile.reals_negative_zero += u64::from(real.to_bits() == (-0.0_f64).to_bits());
        self.reals = (self.reals.0.min(real), self.reals.1.max(real));
    }

    /// Takes a BLOB of so many bytes; `is_text` says that they are UTF-8.
    pub(super) fn observe_blob(&mut self, bytes: u64, is_text: bool, key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.blobs == 0 {
            profile.first.push((Class::Blob, key()));
        }
        profile.blobs += 1;
        profile.blobs_of_16 += u64::from(bytes == 16);
        profile.blobs_text += u64::from(is_text);
        profile.max_bytes = profile.max_bytes.max(bytes);
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], key: impl Fn() -> String) {
        let profile = &mut self.profile;
        if profile.texts == 0 {
            profile.first.push((Class::Text, key()));
        }
        profile.texts += 1;
        profile.max_bytes = profile.max_bytes.max(bytes.len() as u64);
        let (all, least) =
            bytes.iter().fold((0, u8::MAX), |(all, least), byte| (all | byte, least.min(*byte)));
        if all >= 0x80 || least == 0 {
            unusual_text(profile, bytes, least == 0, &key);
        } else {
            profile.max_characters = profile.max_characters.max(bytes.len() as u64);
        }
        match bytes.last() {
            None => profile.texts_empty += 1,
            Some(b' ') => profile.texts_trailing_space += 1,
            _ => {}
        }
        profile.texts_numeric += u64::from(is_number(bytes));
        if self.votes.open && self.votes.observe(bytes, profile.texts) {
            profile.broke = Some(key());
        }
    }

    /// Texts so far.
    pub(super) fn texts(&self) -> u64 {
        self.profile.texts
    }

    /// Adds the facts of the rows that follow. False where what their texts say of the spelling could not be added, because
    /// it depends on the texts before them: then they are to be shown to [`Self::look_again`], in order.
    pub(super) fn append(&mut self, later: ColumnFacts) -> bool {
        let (before, after) = (self.profile.texts, later.profile.texts);
        let is_known = match (self.votes.open, before, after) {
            (false, ..) | (true, _, 0) => true,
            (true, 0, _) => {
                self.votes = later.votes;
                self.profile.broke = later.profile.broke.clone();
                true
            }
            (true, ..) => self.votes.append(&later.votes, before + after),
        };
        self.integers = (self.integers.0.min(later.integers.0), self.integers.1.max(later.integers.1));
        self.reals = (self.reals.0.min(later.reals.0), self.reals.1.max(later.reals.1));
        append_counts(&mut self.profile, later.profile);
        is_known
    }

    /// Takes the spelling of the `number`th text, whose other facts are known already.
    pub(super) fn look_again(&mut self, bytes: &[u8], number: u64, key: impl Fn() -> String) {
        if self.votes.open && self.votes.observe(bytes, number) {
            self.profile.broke = Some(key());
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

/// Sums, extremes and first examples of rows and of those that follow them. A new field does not compile until it is
/// written here; what only [`ColumnFacts::finish`] knows stays empty.
fn append_counts(profile: &mut ColumnProfile, later: ColumnProfile) {
    let before = std::mem::take(profile);
    *profile = ColumnProfile {
        nulls: before.nulls + later.nulls,
        integers: before.integers + later.integers,
        reals: before.reals + later.reals,
        texts: before.texts + later.texts,
        blobs: before.blobs + later.blobs,
        integer_range: None,
        integers_zero: before.integers_zero + later.integers_zero,
        integers_one: before.integers_one + later.integers_one,
        real_range: None,
        reals_integral: before.reals_integral + later.reals_integral,
        reals_infinite: before.reals_infinite + later.reals_infinite,
        reals_negative_zero: before.reals_negative_zero + later.reals_negative_zero,
        texts_invalid: before.texts_invalid + later.texts_invalid,
        texts_nul: before.texts_nul + later.texts_nul,
        texts_numeric: before.texts_numeric + later.texts_numeric,
        texts_empty: before.texts_empty + later.texts_empty,
        texts_trailing_space: before.texts_trailing_space + later.texts_trailing_space,
        max_characters: before.max_characters.max(later.max_characters),
        blobs_of_16: before.blobs_of_16 + later.blobs_of_16,
        blobs_text: before.blobs_text + later.blobs_text,
        max_bytes: before.max_bytes.max(later.max_bytes),
        odd_texts: before.odd_texts.into_iter().chain(later.odd_texts).take(EXAMPLES_MAX).collect(),
        first: before.first,
        broke: before.broke,
        spelling: None,
    };
    for (class, key) in later.first {
        if profile.first.iter().all(|(known, _)| *known != class) {
            profile.first.push((class, key));
        }
    }
}

/// Text beyond ASCII, not valid, or with a NUL inside. Characters are counted only where there may be more than ever
/// before: there are never more of them than bytes.
fn unusual_text(profile: &mut ColumnProfile, bytes: &[u8], has_nul: bool, key: &impl Fn() -> String) {
    let invalid = simdutf8::basic::from_utf8(bytes).is_err();
    let nul = has_nul && !invalid;
    if !invalid && bytes.len() as u64 > profile.max_characters {
        let characters = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        profile.max_characters = profile.max_characters.max(characters);
    }
    profile.texts_invalid += u64::from(invalid);
    profile.texts_nul += u64::from(nul);
    if (invalid || nul) && profile.odd_texts.len() < EXAMPLES_MAX {
        profile.odd_texts.push(key());
    }
}

/// Whether a text is also the text form of a number: what SQLite would make a number of (SQLite manual, "Datatypes in
/// SQLite", §3.2), and our own spelling of the infinities.
#[inline]
fn is_number(bytes: &[u8]) -> bool {
    let first = bytes.first();
    first.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'I' | b' ' | b'\t'..=b'\r'))
        && spells_number(bytes)
}

fn spells_number(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if text == b"Infinity" {
        return true;
    }
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(text);
    let rest = &text[whole..];
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => (digits(rest), &rest[digits(rest)..]),
        None => (0, rest),
    };
    let exponent = match rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        Some(rest) => rest.strip_prefix(b"-").or_else(|| rest.strip_prefix(b"+")).unwrap_or(rest),
        None => return whole + fraction > 0 && rest.is_empty(),
    };
    whole + fraction > 0 && !exponent.is_empty() && digits(exponent) == exponent.len()
}

/// The spellings that are still possible.
#[derive(Debug, Clone)]
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
    uuids: UuidVotes,
    flags: FlagVotes,
}

impl Votes {
    fn new(family: Family, content: bool) -> Votes {
        let decides = content
            || matches!(family, Family::Date | Family::Stamp | Family::Time | Family::Json | Family::Uuid);
        Votes {
            open: true,
            family,
            texts_max: if decides { u64::MAX } else { PROPOSAL_TEXTS },
            stamps: TemplateVotes::default(),
            json: true,
            jsonb: true,
            container: true,
            uuids: UuidVotes::default(),
            flags: FlagVotes::default(),
        }
    }

    /// Takes the `number`th text. Tells whether it ended the last spelling that the declared type hopes for.
    fn observe(&mut self, text: &[u8], number: u64) -> bool {
        let hoped = self.hopes();
        self.stamps.observe(text);
        if self.json {
            self.observe_json(text);
        }
        self.uuids.observe(text);
        self.flags.observe(text);
        self.open = self.is_possible() && number < self.texts_max;
        hoped && !self.hopes()
    }

    /// Adds what was observed of the texts that follow, which makes `texts` of them. False, and nothing added, where those
    /// before them decide at which text the hope ended, or how many of them are looked at.
    fn append(&mut self, later: &Votes, texts: u64) -> bool {
        if self.texts_max != u64::MAX && texts > self.texts_max {
            return false;
        }
        let mut both = self.clone();
        both.stamps.merge(&later.stamps);
        both.json &= later.json;
        both.jsonb &= later.jsonb;
        both.container &= later.container;
        both.uuids.merge(&later.uuids);
        both.flags.merge(&later.flags);
        both.open = both.is_possible() && texts < both.texts_max;
        let is_known = both.hopes() || !self.hopes();
        if is_known {
            *self = both;
        }
        is_known
    }

    fn is_possible(&self) -> bool {
        self.stamps.is_open() || self.json || self.uuids.is_open() || self.flags.is_open()
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
            Family::Date | Family::Stamp => self.stamps.may_be_date(),
            Family::Time => self.stamps.may_be_time(),
            Family::Json => self.json,
            Family::Uuid => self.uuids.is_open(),
            _ => false,
        }
    }

    fn spelling(self) -> Spelling {
        Spelling {
            sampled: self.texts_max != u64::MAX,
            date: self.stamps.date(),
            stamp: self.stamps.stamp(),
            time: self.stamps.time(),
            json: self.json,
            jsonb: self.json && self.jsonb,
            container: self.json && self.container,
            uuid: self.uuids.style(),
            flag: self.flags.pair().map(|(yes, no)| (yes.to_owned(), no.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_sqlite_takes_for_numbers_are_counted() {
        let table = [
            ("1", true),
            ("-1.5", true),
            ("+5", true),
            ("5.", true),
            (".5", true),
            ("1e5", true),
            ("1E-5", true),
            (" 12 ", true),
            ("\t7", true),
            ("Infinity", true),
            ("-Infinity", true),
            ("1e400", true),
            ("", false),
            ("12abc", false),
            ("0x10", false),
            ("1_000", false),
            ("NaN", false),
            (".", false),
            ("-", false),
            ("1e", false),
            ("1e+", false),
            ("e5", false),
            ("inf", false),
            ("1 2", false),
            ("--1", false),
        ];
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite.execute_batch("CREATE TABLE t(a NUMERIC)").unwrap();
        for (text, expected) in table {
            assert_eq!(is_number(text.as_bytes()), expected, "{text:?}");
            if !text.contains('I') {
                sqlite.execute("DELETE FROM t", []).unwrap();
                sqlite.execute("INSERT INTO t VALUES (?1)", [text]).unwrap();
                let class: String =
                    sqlite.query_row("SELECT typeof(a) FROM t", [], |row| row.get(0)).unwrap();
                assert_eq!(class != "text", expected, "{text:?} is {class} to SQLite");
            }
        }
    }

    #[test]
    fn the_facts_of_a_column() {
        let mut facts = ColumnFacts::new("", false);
        let values = [
            Value::Integer(0),
            Value::Integer(1),
            Value::Integer(-7),
            Value::Real(-0.0),
            Value::Real(f64::INFINITY),
            Value::Text(b"na\xc3\xafve "),
            Value::Text(b""),
            Value::Text(b"a\0b"),
            Value::Text(b"\xff"),
            Value::Blob(&[7; 16]),
            Value::Blob(b"\xff\xfe"),
            Value::Null,
        ];
        for (number, value) in values.iter().enumerate() {
            facts.observe(*value, || format!("row {number}"));
        }
        let facts = facts.finish();
        assert_eq!((facts.integers, facts.reals, facts.texts, facts.blobs, facts.nulls), (3, 2, 4, 2, 1));
        assert_eq!((facts.integer_range, facts.integers_zero, facts.integers_one), (Some((-7, 1)), 1, 1));
        assert_eq!((facts.reals_negative_zero, facts.reals_infinite, facts.reals_integral), (1, 1, 1));
        assert_eq!((facts.texts_invalid, facts.texts_nul, facts.texts_empty), (1, 1, 1));
        assert_eq!((facts.texts_trailing_space, facts.max_characters, facts.max_bytes), (1, 6, 16));
        assert_eq!((facts.blobs_of_16, facts.blobs_text), (1, 1));
        assert_eq!(facts.odd_texts, ["row 7", "row 8"]);
        assert_eq!(facts.first.len(), 4);
    }

    #[test]
    fn the_row_that_broke_a_declared_spelling_is_known() {
        let mut facts = ColumnFacts::new("DATE", false);
        for (number, text) in ["2024-02-29", "2024-02-30", "2024-03-01"].iter().enumerate() {
            facts.observe(Value::Text(text.as_bytes()), || format!("row {number}"));
        }
        let facts = facts.finish();
        assert_eq!(facts.broke.as_deref(), Some("row 1"));
        assert_eq!(facts.spelling.map(|spelling| spelling.date), Some(false));
    }
}
