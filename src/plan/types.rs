//! PostgreSQL types as a closed enum, and the mapping of one column: how its values travel and how they are compared.

use serde::{Deserialize, Serialize};

/// A column type of the target that we can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PgType {
    /// `boolean`
    Bool,
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `real`
    Float4,
    /// `double precision`
    Float8,
    /// `numeric`, with precision and scale where it has them (the scale may be negative)
    Numeric(Option<(u16, i16)>),
    /// `text`
    Text,
    /// `character varying`, with its length in characters where it has one
    Varchar(Option<u32>),
    /// `character(n)`
    Char(u32),
    /// `citext`
    Citext,
    /// `json`
    Json,
    /// `jsonb`
    Jsonb,
    /// `bytea`
    Bytea,
    /// `uuid`
    Uuid,
    /// `date`
    Date,
    /// `time without time zone`, with its fraction digits
    Time(u8),
    /// `timestamp without time zone`, with its fraction digits (6 where the column names none)
    Timestamp(u8),
    /// `timestamp with time zone`, with its fraction digits (6 where the column names none)
    Timestamptz(u8),
}

impl std::fmt::Display for PgType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PgType::Bool => f.write_str("boolean"),
            PgType::Int2 => f.write_str("smallint"),
            PgType::Int4 => f.write_str("integer"),
            PgType::Int8 => f.write_str("bigint"),
            PgType::Float4 => f.write_str("real"),
            PgType::Float8 => f.write_str("double precision"),
            PgType::Numeric(None) => f.write_str("numeric"),
            PgType::Numeric(Some((precision, scale))) => write!(f, "numeric({precision},{scale})"),
            PgType::Text => f.write_str("text"),
            PgType::Varchar(None) => f.write_str("character varying"),
            PgType::Varchar(Some(n)) => write!(f, "character varying({n})"),
            PgType::Char(n) => write!(f, "character({n})"),
            PgType::Citext => f.write_str("citext"),
            PgType::Json => f.write_str("json"),
            PgType::Jsonb => f.write_str("jsonb"),
            PgType::Bytea => f.write_str("bytea"),
            PgType::Uuid => f.write_str("uuid"),
            PgType::Date => f.write_str("date"),
            PgType::Time(6) => f.write_str("time"),
            PgType::Time(p) => write!(f, "time({p})"),
            PgType::Timestamp(6) => f.write_str("timestamp"),
            PgType::Timestamp(p) => write!(f, "timestamp({p})"),
            PgType::Timestamptz(6) => f.write_str("timestamp with time zone"),
            PgType::Timestamptz(p) => write!(f, "timestamp({p}) with time zone"),
        }
    }
}

/// How fractions of a second are spelled in a column (semantics.md §1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fraction {
    /// always exactly this many digits, 0 to 6; 0 means no point either
    Fixed(u8),
    /// trailing zeros removed, nothing at all where the fraction is 0; at most 6 digits
    Shortened,
    /// none where the fraction is 0, else exactly 6 digits (Python's `isoformat`)
    NoneOrSix,
}

/// How a zone is spelled in a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// no zone
    None,
    /// `Z`
    Z,
    /// one constant offset, with its own spelling (`+00:00`, ` +00:00`, `-05`, `+0530`) and its seconds east of UTC
    Offset {
        /// as spelled, with a leading space if there is one
        text: String,
        /// seconds east of UTC
        seconds: i32,
    },
}

/// The one spelling that every value of a date column has: what makes text → timestamp → text exact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Template {
    /// `' '` or `'T'` between date and time
    pub separator: char,
    /// false for `HH:MM` without seconds
    pub seconds: bool,
    /// the fraction
    pub fraction: Fraction,
    /// the zone
    pub zone: Zone,
}

/// How the values of one column are turned into the target's type. Each codec states what it accepts;
/// anything else is a misfit, never a conversion. The comments give `accepted class → field`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// INTEGER 0 or 1 → boolean
    Bool,
    /// INTEGER within range → smallint, integer, bigint
    Int,
    /// REAL → double precision by its bits; → real only if it is exactly a 4-byte float
    Float,
    /// REAL, and INTEGER that a double (or float4) holds exactly → double precision, real
    FloatNumber,
    /// INTEGER, and REAL as its shortest round-trip decimal → numeric (within precision and scale, where given; ±Infinity only without).
    /// Read back, an integral number within 64 bits is an INTEGER and any other a REAL: exact in a column of INTEGER or NUMERIC affinity
    Number,
    /// as `Number`, for columns where `1` and `1.0` both occur: compared by value, the storage class may merge
    NumberByValue,
    /// TEXT, valid UTF-8, no NUL → text, varchar(n) (n characters at most), char(n) (no trailing spaces), citext
    Text,
    /// TEXT as itself, INTEGER as its decimal, REAL as Rust's `{:?}` with `Infinity`/`-Infinity` → text, varchar, citext
    TextForm,
    /// BLOB → bytea
    Blob,
    /// BLOB and TEXT as their stored bytes, numbers as the bytes of their text form → bytea
    BytesForm,
    /// TEXT that is strict RFC 8259 JSON → json, byte for byte
    Json,
    /// TEXT that PostgreSQL's jsonb can hold → jsonb; compared by meaning
    Jsonb,
    /// TEXT of the form `^[0-9a-f]{8}-…{12}$` → uuid
    Uuid,
    /// TEXT: hyphenated, 32 hex digits, braces, any case; BLOB of 16 bytes (RFC 4122 order) → uuid; compared by meaning
    UuidAny,
    /// TEXT `YYYY-MM-DD`, a real date of the years 1 to 9999 → date; exact, `AnyDate` is the same thing
    Date,
    /// TEXT in exactly this one spelling → timestamp where the zone is `None`, else timestamptz; exact
    Stamp(Template),
    /// TEXT date or date and time without zone, any spelling of `Template`, at most 6 fraction digits (further digits only if 0,
    /// and no more digits than the column's own precision) → timestamp; a bare date is its midnight; compared as an instant
    AnyTimestamp,
    /// as `AnyTimestamp`, with or without zone; without zone it is UTC → timestamptz; compared as an instant
    AnyTimestamptz,
    /// TEXT `HH:MM[:SS[.f]]` before 24:00 → time; compared as microseconds since midnight
    AnyTime,
}

/// In which domain the two sides of a column are compared (semantics.md §6.1, §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// SQLite's own value: the target's field is decoded to the value it came from (tags 00–04)
    Exact,
    /// numbers by value (tag 10)
    Number,
    /// numbers by their text form, as TEXT (tag 03)
    TextForm,
    /// everything by its stored bytes or the bytes of its text form, as BLOB (tag 04)
    BytesForm,
    /// microseconds (tag 11)
    Instant,
    /// 16 bytes (tag 12)
    Uuid,
    /// canonical JSON (tag 13)
    Json,
}

impl Codec {
    /// The domain in which both sides of such a column are compared.
    pub fn domain(&self) -> Domain {
        match self {
            Codec::Bool | Codec::Int | Codec::Float | Codec::Number | Codec::Text => Domain::Exact,
            Codec::Blob | Codec::Json | Codec::Uuid | Codec::Date | Codec::Stamp(_) => Domain::Exact,
            Codec::FloatNumber | Codec::NumberByValue => Domain::Number,
            Codec::TextForm => Domain::TextForm,
            Codec::BytesForm => Domain::BytesForm,
            Codec::Jsonb => Domain::Json,
            Codec::UuidAny => Domain::Uuid,
            Codec::AnyTimestamp | Codec::AnyTimestamptz | Codec::AnyTime => Domain::Instant,
        }
    }
}

/// The mapping of one column: the target's type and how its values become it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mapping {
    /// the target column's type
    pub pg: PgType,
    /// how values become it
    pub codec: Codec,
}

/// What is kept of a value (semantics.md §0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// storage class and bytes
    E0,
    /// the number; INTEGER and REAL may merge
    E1,
    /// the meaning: instant, JSON value, UUID; the spelling is lost
    E2,
    /// every number and every byte; the storage class of some values not
    B,
}
