//! Which type a column that we create gets: declared family and full profile together (semantics.md §1.4, §1.5),
//! widened by the ladder of §0.2 until every value fits: the family's type → numeric → text → bytea.

use super::content;
use super::default::{self, Class};
use super::types::{Codec, Level, Mapping, PgType, Template, UuidStyle, Zone};
use crate::catalog::Column;
use crate::catalog::affinity::{Affinity, type_name};
use crate::catalog::profile::ColumnProfile;
use crate::catalog::spelling::Spelling;
use crate::config::MixedPolicy;
use crate::counts::plural;

/// What a declared type is meant for, where its name says more than its affinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// BOOL, BOOLEAN, BIT
    Flag,
    /// DATE
    Date,
    /// DATETIME, TIMESTAMP…
    Stamp,
    /// TIME
    Time,
    /// JSON, JSONB
    Json,
    /// UUID, GUID, UNIQUEIDENTIFIER
    Uuid,
    /// NUMERIC, DECIMAL, MONEY…
    Decimal,
    /// BYTEA, BINARY, IMAGE, and everything of BLOB affinity that has a type
    Bytes,
    /// anything else: the affinity alone speaks
    Plain,
}

impl Family {
    /// The family of a declared type.
    pub fn of(declared: &str) -> Family {
        match type_name(declared).as_str() {
            "BOOL" | "BOOLEAN" | "BIT" => Family::Flag,
            "DATE" => Family::Date,
            "TIME" => Family::Time,
            "JSON" | "JSONB" => Family::Json,
            "UUID" | "GUID" | "UNIQUEIDENTIFIER" => Family::Uuid,
            "NUMERIC" | "NUMBER" | "NUM" | "DECIMAL" | "DEC" | "MONEY" | "CURRENCY" => Family::Decimal,
            "BLOB" | "LONGBLOB" | "BYTEA" | "BINARY" | "VARBINARY" | "IMAGE" => Family::Bytes,
            name if name.starts_with("TIMESTAMP") || name.starts_with("DATETIME") => Family::Stamp,
            _ => Family::Plain,
        }
    }
}

/// A chosen type with what it keeps and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// type and codec
    pub mapping: Mapping,
    /// what is kept
    pub level: Level,
    /// why, as a fragment
    pub why: String,
}

impl Choice {
    /// A choice of these parts.
    pub fn new(pg: PgType, codec: Codec, level: Level, why: impl Into<String>) -> Choice {
        Choice { mapping: Mapping { pg, codec }, level, why: why.into() }
    }

    fn text(why: impl Into<String>) -> Choice {
        Choice::new(PgType::Text, Codec::Text, Level::E0, why)
    }
}

/// What besides the column's own facts bears on its type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// the column is in a key, a unique constraint or an index: `json` cannot be, it has no equality
    pub in_key: bool,
    /// the server's `numeric` knows ±Infinity (PostgreSQL 14)
    pub numeric_infinity: bool,
    /// the content may decide, not only the declared type (`--infer content`)
    pub content: bool,
    /// a CHECK of the source keeps everything but 0 and 1 out
    pub checked_flag: bool,
    /// what becomes of a column that no type holds with every class kept
    pub mixed: MixedPolicy,
    /// the column is an end of a foreign key, whose ends need one type, of which only one may prove another; or the rowid,
    /// which is an identity
    pub joined: bool,
}

/// The narrowest type that keeps every value of the column.
pub fn choose(column: &Column, profile: &ColumnProfile, circumstances: Circumstances) -> Choice {
    if circumstances.content
        && let Some(choice) = content::choose(column, profile, circumstances)
    {
        return choice;
    }
    let family = Family::of(&column.declared);
    let numbers = profile.integers + profile.reals;
    match (numbers > 0, profile.texts > 0, profile.blobs > 0) {
        (false, false, false) => of_nothing(column, family),
        (true, false, false) => of_numbers(profile, family, circumstances),
        (false, true, false) => of_texts(profile, family, circumstances),
        (false, false, true) => Choice::new(PgType::Bytea, Codec::Blob, Level::E0, all("BLOB", profile)),
        (true, true, false) if profile.texts_unfit() == 0 => text_form(profile, ""),
        _ => bytes(profile),
    }
}

fn all(class: &str, profile: &ColumnProfile) -> String {
    match profile.values() {
        1 => format!("its only value is {class}"),
        values => format!("all {values} values are {class}"),
    }
}

/// How many values of each class there are, for people.
pub fn mixture(profile: &ColumnProfile) -> String {
    let counts = [
        (profile.integers, "INTEGER"),
        (profile.reals, "REAL"),
        (profile.texts, "TEXT"),
        (profile.blobs, "BLOB"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, class)| format!("{n} {class}")).collect();
    parts.join(", ")
}

/// An empty column: the declared family alone decides, except where only values could prove it (§1.4, last paragraph).
fn of_nothing(column: &Column, family: Family) -> Choice {
    if let Some(choice) = of_default(column, family) {
        return choice;
    }
    let why = "no values; by the declared type";
    match (family, column.affinity) {
        (Family::Flag, _) => Choice::new(PgType::Int8, Codec::Int, Level::E0, "no values that prove a flag"),
        (Family::Date | Family::Stamp | Family::Time | Family::Json | Family::Uuid, _) => {
            Choice::text("no values that prove the declared type")
        }
        (Family::Decimal, _) => Choice::new(PgType::Numeric(None), Codec::Number, Level::E0, why),
        (Family::Bytes, _) => Choice::new(PgType::Bytea, Codec::Blob, Level::E0, why),
        (Family::Plain, Affinity::Integer) => Choice::new(PgType::Int8, Codec::Int, Level::E0, why),
        (Family::Plain, Affinity::Real) => Choice::new(PgType::Float8, Codec::Float, Level::E0, why),
        (Family::Plain, _) => Choice::text(why),
    }
}

/// Where the declared type lets every class in, a constant default is the best witness of what the column is meant for: the
/// first row that relies on it would hold it.
fn of_default(column: &Column, family: Family) -> Option<Choice> {
    let says_nothing = match column.affinity {
        Affinity::Blob => true,
        Affinity::Numeric => family == Family::Plain,
        _ => false,
    };
    let class = default::class(column.default.as_deref()?, column.affinity).filter(|_| says_nothing)?;
    let why = "no values; by the class of its default";
    Some(match class {
        Class::Integer => Choice::new(PgType::Int8, Codec::Int, Level::E0, why),
        Class::Real => Choice::new(PgType::Float8, Codec::Float, Level::E0, why),
        Class::Text => Choice::text(why),
        Class::Blob => Choice::new(PgType::Bytea, Codec::Blob, Level::E0, why),
    })
}

fn of_numbers(profile: &ColumnProfile, family: Family, around: Circumstances) -> Choice {
    let infinite = profile.reals_infinite > 0 && !around.numeric_infinity;
    if family == Family::Flag && profile.only_flags() {
        return Choice::new(PgType::Bool, Codec::Bool, Level::E0, "declared a flag, every value 0 or 1");
    }
    if profile.reals == 0 && family != Family::Decimal {
        return Choice::new(PgType::Int8, Codec::Int, Level::E0, all("INTEGER", profile));
    }
    if profile.integers == 0 && (family != Family::Decimal || infinite || profile.reals_negative_zero > 0) {
        return Choice::new(PgType::Float8, Codec::Float, Level::E0, all("REAL", profile));
    }
    if profile.reals_negative_zero > 0 {
        let text = text_form(profile, "numeric cannot hold −0");
        return Choice { level: Level::B, ..text };
    }
    if infinite {
        return text_form(profile, "this server's numeric cannot hold infinity");
    }
    let exact = profile.reals_integral == 0;
    let (codec, level) = if exact { (Codec::Number, Level::E0) } else { (Codec::NumberByValue, Level::E1) };
    Choice::new(PgType::Numeric(None), codec, level, mixture(profile))
}

fn of_texts(profile: &ColumnProfile, family: Family, around: Circumstances) -> Choice {
    if profile.texts_unfit() > 0 {
        return bytes(profile);
    }
    let proved = profile.spelling.as_ref().filter(|spelling| !spelling.sampled);
    proved
        .and_then(|spelling| of_spelling(spelling, family, around))
        .unwrap_or_else(|| Choice::text(why_text(profile, family)))
}

/// The type that the declared family hopes for, where every text has its one spelling.
fn of_spelling(spelling: &Spelling, family: Family, around: Circumstances) -> Option<Choice> {
    match family {
        Family::Date | Family::Stamp if spelling.date => {
            Some(Choice::new(PgType::Date, Codec::Date, Level::E0, "every value is a date YYYY-MM-DD"))
        }
        Family::Date | Family::Stamp => spelling.stamp.as_ref().map(of_stamp),
        Family::Time => {
            let why = "every value has one and the same time spelling";
            let choice = |time| Choice::new(PgType::Time(6), Codec::TimeOfDay(time), Level::E0, why);
            spelling.time.map(choice)
        }
        Family::Json if spelling.json && around.in_key => {
            Some(Choice::text("JSON in a key or an index, where json has no equality"))
        }
        Family::Json if spelling.json => {
            Some(Choice::new(PgType::Json, Codec::Json, Level::E0, "every value is valid JSON"))
        }
        Family::Uuid => spelling
            .uuid
            .filter(|style| *style == PLAIN_UUID)
            .map(|_| Choice::new(PgType::Uuid, Codec::Uuid, Level::E0, "every value is a lower-case UUID")),
        _ => None,
    }
}

/// How PostgreSQL writes a UUID.
pub(super) const PLAIN_UUID: UuidStyle = UuidStyle { upper: false, hyphens: true, braces: false };

fn why_text(profile: &ColumnProfile, family: Family) -> String {
    match family {
        Family::Date | Family::Stamp => "not every value has one and the same date spelling".to_owned(),
        Family::Time => "not every value has one and the same time spelling".to_owned(),
        Family::Json => "not every value is valid JSON".to_owned(),
        Family::Uuid => "not every value is a lower-case UUID with hyphens".to_owned(),
        _ => all("TEXT", profile),
    }
}

/// A type of date and time for texts that all keep this template.
pub(super) fn of_stamp(template: &Template) -> Choice {
    let why = "every value has one and the same date-time spelling";
    let pg = if template.zone == Zone::None { PgType::Timestamp(6) } else { PgType::Timestamptz(6) };
    Choice::new(pg, Codec::Stamp(template.clone()), Level::E0, why)
}

/// Numbers as text: exact where no text beside them looks like one, which most affinities see to (§1.2).
fn text_form(profile: &ColumnProfile, reason: &str) -> Choice {
    let exact = profile.texts_numeric == 0;
    let level = if exact { Level::E0 } else { Level::B };
    let why = if reason.is_empty() { mixture(profile) } else { format!("{}; {reason}", mixture(profile)) };
    Choice::new(PgType::Text, Codec::TextForm, level, why)
}

fn bytes(profile: &ColumnProfile) -> Choice {
    let why = match (profile.texts_invalid, profile.texts_nul) {
        (0, 0) => mixture(profile),
        (invalid, 0) => {
            format!("{}; {} not valid in its encoding", mixture(profile), plural(invalid, "text"))
        }
        (0, nul) => format!("{}; {} with a NUL inside", mixture(profile), plural(nul, "text")),
        (invalid, nul) => {
            format!("{}; {} not valid, {nul} with a NUL inside", mixture(profile), plural(invalid, "text"))
        }
    };
    Choice::new(PgType::Bytea, Codec::BytesForm, Level::B, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::spelling::Fraction;

    fn column(declared: &str) -> Column {
        Column { declared: declared.to_owned(), affinity: Affinity::of(declared, false), ..Column::default() }
    }

    fn chosen(declared: &str, profile: ColumnProfile) -> (String, Level) {
        let around = Circumstances { numeric_infinity: true, ..Circumstances::default() };
        let choice = choose(&column(declared), &profile, around);
        (choice.mapping.pg.to_string(), choice.level)
    }

    fn profile(integers: u64, reals: u64, texts: u64, blobs: u64) -> ColumnProfile {
        ColumnProfile { integers, reals, texts, blobs, ..ColumnProfile::default() }
    }

    /// The histogram table of semantics.md §1.5 and the cases of §7 that speak of types.
    #[test]
    fn histogram_decides() {
        let table: &[(&str, [u64; 4], &str, Level)] = &[
            ("INTEGER", [3, 0, 0, 0], "bigint", Level::E0),
            ("REAL", [0, 2, 0, 0], "double precision", Level::E0),
            ("NUMERIC", [1, 1, 0, 0], "numeric", Level::E0),
            ("DECIMAL(10,2)", [0, 1, 0, 0], "numeric", Level::E0),
            ("DECIMAL(10,2)", [4, 0, 0, 0], "numeric", Level::E0),
            ("INTEGER", [1, 1, 1, 0], "text", Level::E0),
            ("TEXT", [0, 0, 5, 0], "text", Level::E0),
            ("TEXT", [0, 0, 1, 1], "bytea", Level::B),
            ("BLOB", [0, 0, 0, 9], "bytea", Level::E0),
            ("BLOB", [0, 0, 9, 0], "text", Level::E0),
            ("", [1, 0, 0, 1], "bytea", Level::B),
            ("DATETIME", [1, 0, 0, 0], "bigint", Level::E0),
            ("", [0, 0, 0, 0], "text", Level::E0),
            ("BOOLEAN", [0, 0, 0, 0], "bigint", Level::E0),
            ("UUID", [1, 0, 1, 0], "text", Level::E0),
        ];
        for (declared, [i, r, t, b], pg, level) in table {
            assert_eq!(chosen(declared, profile(*i, *r, *t, *b)), ((*pg).to_owned(), *level), "{declared}");
        }
    }

    #[test]
    fn without_values_a_default_is_a_witness() {
        let table = [
            ("", "0", "bigint"),
            ("", "(-1.5)", "double precision"),
            ("", "''", "text"),
            ("", "x'00'", "bytea"),
            ("", "NULL", "text"),
            ("", "random()", "text"),
            ("BLOB", "0", "bigint"),
            ("BLOB", "''", "text"),
            ("LONG", "0", "bigint"),
            ("LONG", "'7'", "bigint"),
            // A declared type that says something is not overruled.
            ("INTEGER", "''", "bigint"),
            ("TEXT", "0", "text"),
            ("DATETIME", "0", "text"),
            ("BOOLEAN", "0", "bigint"),
        ];
        for (declared, default, pg) in table {
            let column = Column { default: Some(default.to_owned()), ..column(declared) };
            let choice = choose(&column, &ColumnProfile::default(), Circumstances::default());
            assert_eq!(choice.mapping.pg.to_string(), pg, "{declared} DEFAULT {default}");
        }
    }

    #[test]
    fn flags_need_only_zero_and_one() {
        let flags = ColumnProfile { integers_zero: 3, integers_one: 1, ..profile(4, 0, 0, 0) };
        assert_eq!(chosen("BOOLEAN", flags.clone()).0, "boolean");
        assert_eq!(chosen("INTEGER", flags).0, "bigint");
        let more = ColumnProfile { integers_zero: 3, ..profile(4, 0, 0, 0) };
        assert_eq!(chosen("BOOLEAN", more).0, "bigint");
    }

    #[test]
    fn untyped_columns_merge_only_what_they_must() {
        let both = ColumnProfile { reals_integral: 1, ..profile(1, 1, 0, 0) };
        assert_eq!(chosen("", both), ("numeric".to_owned(), Level::E1));
        let confusable = ColumnProfile { texts_numeric: 1, ..profile(1, 0, 1, 0) };
        assert_eq!(chosen("", confusable), ("text".to_owned(), Level::B));
        let zero = ColumnProfile { reals_negative_zero: 1, ..profile(0, 1, 0, 0) };
        assert_eq!(chosen("", zero), ("double precision".to_owned(), Level::E0));
        let zero_and_one = ColumnProfile { reals_negative_zero: 1, ..profile(1, 1, 0, 0) };
        assert_eq!(chosen("", zero_and_one), ("text".to_owned(), Level::B));
    }

    #[test]
    fn declared_spellings_are_proved_by_every_value() {
        let with = |spelling| ColumnProfile { spelling: Some(spelling), ..profile(0, 0, 3, 0) };
        let date = Spelling { date: true, ..Spelling::default() };
        assert_eq!(chosen("DATE", with(date.clone())).0, "date");
        assert_eq!(chosen("TEXT", with(date)).0, "text");
        let json = Spelling { json: true, ..Spelling::default() };
        assert_eq!(chosen("JSON", with(json.clone())).0, "json");
        let keyed =
            choose(&column("JSON"), &with(json), Circumstances { in_key: true, ..Circumstances::default() });
        assert_eq!(keyed.mapping.pg, PgType::Text);
        let stamp = Template { separator: 'T', seconds: true, fraction: Fraction::Fixed(3), zone: Zone::Z };
        let stamp = Spelling { stamp: Some(stamp), ..Spelling::default() };
        assert_eq!(chosen("DATETIME", with(stamp)).0, "timestamp with time zone");
    }

    #[test]
    fn unfit_text_becomes_bytes() {
        let nul = ColumnProfile { texts_nul: 1, ..profile(0, 0, 3, 0) };
        assert_eq!(chosen("TEXT", nul), ("bytea".to_owned(), Level::B));
    }
}
