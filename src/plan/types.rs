//! PostgreSQL types as a closed enum, and the mapping of one column: how its values travel and how they are compared.

pub use crate::catalog::spelling::{Fraction, Template, TimeTemplate, UuidStyle, Zone};

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
    /// `interval` without restricted fields, with its fraction digits
    Interval(u8),
    /// `inet`
    Inet,
    /// `cidr`
    Cidr,
    /// `macaddr`
    Macaddr,
    /// an enumerated type; its labels are with the codec
    Enum,
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
            PgType::Interval(6) => f.write_str("interval"),
            PgType::Interval(p) => write!(f, "interval({p})"),
            PgType::Inet => f.write_str("inet"),
            PgType::Cidr => f.write_str("cidr"),
            PgType::Macaddr => f.write_str("macaddr"),
            PgType::Enum => f.write_str("enum"),
        }
    }
}

/// What one unit of a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// seconds
    Seconds,
    /// milliseconds
    Millis,
    /// microseconds
    Micros,
}

/// The order of the 16 bytes of a UUID in a BLOB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UuidOrder {
    /// as written (RFC 4122)
    Rfc4122,
    /// the first three fields little-endian (.NET `Guid.ToByteArray`)
    Dotnet,
}

/// A set of storage classes: what a part of a split column holds. NULL is in every part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Classes {
    /// INTEGER
    pub integer: bool,
    /// REAL
    pub real: bool,
    /// TEXT
    pub text: bool,
    /// BLOB
    pub blob: bool,
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
    /// TEXT in exactly this one spelling → time; exact
    TimeOfDay(TimeTemplate),
    /// INTEGER units since 1970-01-01 00:00 UTC, within PostgreSQL's range → timestamptz, timestamp (in UTC); exact
    Epoch(Unit),
    /// REAL seconds since 1970 that a count of microseconds gives back bit for bit → timestamptz, timestamp (in UTC); exact
    EpochReal,
    /// REAL Julian day that a count of microseconds gives back bit for bit → timestamp, timestamptz (in UTC); exact
    Julian,
    /// INTEGER `yyyymmdd`, a real date of the years 1 to 9999 → date; exact
    DayNumber,
    /// as `AnyTimestamptz`, but a text without zone is local time of this IANA zone or fixed offset; a local time that the
    /// zone does not have, or has twice, is a misfit → timestamptz; compared as an instant
    LocalTime(String),
    /// TEXT, one of PostgreSQL's own forms of an interval (`postgres`, `iso_8601`, `sql_standard`) → interval; compared by its
    /// months, days and microseconds
    Interval,
    /// TEXT date, or date and time without zone, as `AnyTimestamp` takes it → the interval between 1970-01-01 00:00 and it, in
    /// microseconds alone (SQLAlchemy's `Interval` in SQLite); compared as `Interval`
    IntervalSince1970,
    /// INTEGER units → interval; exact
    IntervalUnits(Unit),
    /// TEXT, an address as PostgreSQL writes it → inet, cidr, macaddr; compared by meaning
    Network,
    /// TEXT that is one of two spellings → boolean; exact
    FlagText {
        /// the spelling of true
        yes: String,
        /// the spelling of false
        no: String,
    },
    /// TEXT, a UUID in exactly this one style → uuid; exact
    UuidStyle(UuidStyle),
    /// BLOB of 16 bytes → uuid; exact
    UuidBlob(UuidOrder),
    /// TEXT that is one of these labels → an enumerated type; exact
    Label(Vec<String>),
    /// any value → bytea: one byte for the class (1 INTEGER, 2 REAL, 3 TEXT, 4 BLOB), then the integer or the bits of the
    /// REAL in 8 bytes, big-endian, or the stored bytes; exact
    Tagged,
    /// values of these classes as `1` says, all others as NULL: one part of a split column
    Only(Classes, Box<Codec>),
    /// any value, compared in the meaning of the column's type: for copies that another tool made. Nothing is sent by it
    Meaning(Reading),
}

/// How values are read that have more than one meaning in their column's type; a matter of the whole column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// no value has two
    Plain,
    /// text and bytes: numbers, and texts of numbers, go by value, for a REAL can be spelled in more than one way
    Numbers,
    /// instants: INTEGERs count these units since 1970, REALs seconds since then
    Counted(Unit),
    /// instants: as `Counted`, but REALs are Julian days, and both sides count to the millisecond, which is what those hold
    Julian(Unit),
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
    /// months, days, microseconds (tag 14)
    Interval,
    /// family, prefix length and bytes of an address (tag 15)
    Network,
    /// whichever of these the column's type means
    Meaning,
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
            Codec::AnyTimestamp | Codec::AnyTimestamptz | Codec::AnyTime | Codec::LocalTime(_) => {
                Domain::Instant
            }
            Codec::TimeOfDay(_) | Codec::Epoch(_) | Codec::EpochReal | Codec::Julian => Domain::Exact,
            Codec::DayNumber | Codec::IntervalUnits(_) | Codec::FlagText { .. } => Domain::Exact,
            Codec::UuidStyle(_) | Codec::UuidBlob(_) | Codec::Label(_) | Codec::Tagged => Domain::Exact,
            Codec::Interval | Codec::IntervalSince1970 => Domain::Interval,
            Codec::Network => Domain::Network,
            Codec::Only(_, inner) => inner.domain(),
            Codec::Meaning(_) => Domain::Meaning,
        }
    }

    /// Texts travel as their stored bytes: in a UTF-16 file, too, they are not decoded first, because two broken texts may be
    /// decoded alike.
    pub fn keeps_stored_bytes(&self) -> bool {
        match self {
            Codec::BytesForm | Codec::Tagged => true,
            Codec::Only(_, inner) => inner.keeps_stored_bytes(),
            _ => false,
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
    /// not everything: the configuration asked for a change by name
    #[serde(rename = "LOSS")]
    Loss,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Level::E0 => "E0",
            Level::E1 => "E1",
            Level::E2 => "E2",
            Level::B => "B",
            Level::Loss => "LOSS",
        })
    }
}
