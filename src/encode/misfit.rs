//! Why a value cannot travel in its column. A misfit names the problem and the way out, never the value.

use crate::plan::types::PgType;
use crate::value::Class;

/// A value that its column cannot take. Small enough to be returned from the hot path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit {
    /// What is the matter.
    pub kind: MisfitKind,
}

/// What is the matter with a value. Offsets count bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitKind {
    /// A storage class that the column's codec does not accept.
    Class(Class, PgType),
    /// An INTEGER other than 0 and 1.
    NotBool,
    /// An INTEGER outside the range of this type.
    Range(PgType),
    /// A number that this floating-point type does not hold exactly.
    Inexact(PgType),
    /// NaN, which SQLite cannot store.
    Nan,
    /// −0.0, which `numeric` does not have.
    NegativeZero,
    /// ±Infinity, which `numeric` with a precision does not have.
    Infinite,
    /// A REAL that would be read back as an INTEGER.
    IntegralReal,
    /// Digits that `numeric(p,s)` would round away.
    Scale(u16, i16),
    /// More digits before the point than `numeric(p,s)` has.
    Precision(u16, i16),
    /// Not UTF-8, from this byte.
    Utf8(u32),
    /// A NUL, at this byte.
    Nul(u32),
    /// This many characters, and how many the type holds.
    Length(u32, u32),
    /// A trailing space, which `character(n)` drops.
    TrailingSpace,
    /// More bytes than a field holds.
    FieldSize,
    /// Not JSON (RFC 8259), from this byte.
    Json(u32),
    /// JSON nested deeper than the server's stack allows.
    JsonDepth,
    /// `\u0000` or half a surrogate pair, at this byte.
    JsonbEscape(u32),
    /// A number outside the range of `numeric`, at this byte.
    JsonbNumber(u32),
    /// A string longer than `jsonb` holds, at this byte.
    JsonbString(u32),
    /// Not a UUID in lower case with hyphens.
    Uuid,
    /// Not a UUID in any usual spelling.
    UuidAny,
    /// Not 16 bytes.
    UuidBlob,
    /// Not a UUID in the one spelling of its column.
    UuidStyle,
    /// Neither of the two spellings of its column.
    Flag,
    /// Not a label of the enumerated type.
    Label,
    /// Not an IPv4 or IPv6 address.
    Address,
    /// The address of a network with bits beyond its prefix.
    HostBits,
    /// Not a MAC address.
    Macaddr,
    /// Not a date.
    Date,
    /// Not a date and time.
    Timestamp,
    /// A date and time, but not in the spelling of its column.
    Spelling,
    /// A zone where the column has none.
    Zone,
    /// Not a time of day.
    Time,
    /// A time of day, but not in the spelling of its column.
    TimeSpelling,
    /// More fraction digits (other than zeros at the end) than this.
    Fraction(u8),
    /// An instant before 4714-11-24 BC or after the year 294276.
    Instant,
    /// A REAL that no count of microseconds gives back.
    Uncountable,
    /// An INTEGER that is no date of the form `yyyymmdd`.
    DayNumber,
    /// A local time that its zone leaves out.
    LocalGap,
    /// A local time that its zone has twice.
    LocalTwice,
    /// A time zone that does not exist: the configuration is wrong, not the value.
    ZoneName,
    /// Not an interval in a form of PostgreSQL's own.
    Interval,
    /// An interval whose first sign may or may not be meant for all its parts.
    IntervalSign,
    /// An interval of more months, days or microseconds than there is room for.
    IntervalRange,
    /// A pair of codec and type that does not exist: the plan is wrong, not the value.
    Mapping(PgType),
}

impl From<MisfitKind> for Misfit {
    #[inline]
    fn from(kind: MisfitKind) -> Misfit {
        Misfit { kind }
    }
}

impl Misfit {
    /// The stable code (semantics.md §0.2).
    pub fn code(&self) -> &'static str {
        use MisfitKind::*;
        match self.kind {
            Class(crate::value::Class::Blob, _) => "E_MIXED_BLOB",
            Class(..) | IntegralReal => "E_MIXED",
            NotBool | Range(_) | Inexact(_) | Nan | NegativeZero | Infinite | Scale(..) | Precision(..) => {
                "E_RANGE"
            }
            Utf8(_) => "E_TEXT_UTF8",
            Nul(_) => "E_TEXT_NUL",
            Length(..) | TrailingSpace => "E_LENGTH",
            FieldSize => "E_FIELD_1GB",
            Json(_) | JsonDepth | JsonbEscape(_) | JsonbNumber(_) | JsonbString(_) => "E_JSON",
            Uuid | UuidAny | UuidBlob | UuidStyle => "E_UUID",
            Flag | Label => "E_WORD",
            Address | HostBits | Macaddr => "E_NETWORK",
            Date | Timestamp | Spelling | Zone | Time | TimeSpelling | Fraction(_) => "E_DATE",
            Instant | Uncountable | DayNumber | LocalGap | LocalTwice | ZoneName => "E_DATE",
            Interval | IntervalSign | IntervalRange => "E_DATE",
            Mapping(_) => "E_MAPPING",
        }
    }

    /// A type that holds such values, for a column whose type `pg` does not; none where no other type alone would do.
    pub fn holding_type(&self, pg: PgType) -> Option<&'static str> {
        use MisfitKind::*;
        Some(match self.kind {
            Class(crate::value::Class::Integer, PgType::Interval(_))
            | Instant
            | Uncountable
            | DayNumber
            | ZoneName => return None,
            FieldSize | Mapping(_) => return None,
            Class(crate::value::Class::Blob, _) | Utf8(_) | Nul(_) | UuidBlob => "bytea",
            NotBool | Range(_) => "bigint",
            Inexact(PgType::Float4) | NegativeZero | Infinite => "double precision",
            Inexact(_) | Scale(..) | Precision(..) => "numeric",
            JsonbEscape(_) | JsonbNumber(_) | JsonbString(_) => "json",
            HostBits => "inet",
            Fraction(_) => match pg {
                PgType::Time(..6) => "time",
                PgType::Timestamp(..6) => "timestamp",
                PgType::Timestamptz(..6) => "timestamptz",
                _ => "text",
            },
            _ => "text",
        })
    }

    /// What the user can do about it.
    pub fn fix(&self) -> &'static str {
        use MisfitKind::*;
        match self.kind {
            Class(crate::value::Class::Integer, PgType::Interval(_)) => {
                "say what the numbers count, in the configuration: encoding = \"microseconds\" or \"seconds\""
            }
            Class(..) | IntegralReal => {
                "give the column a type that holds every class in it (text, bytea), or mend these rows in the source"
            }
            NotBool | Range(_) => "give the column a wider integer type, or mend these rows in the source",
            Inexact(_) | Nan => {
                "give the column the type double precision or numeric, or mend these rows in the source"
            }
            NegativeZero => {
                "give the column the type double precision or text, or mend these rows in the source"
            }
            Infinite => "give the column the type double precision, or numeric without a precision",
            Scale(..) | Precision(..) => {
                "give the column the type numeric without a precision, or mend these rows in the source"
            }
            Utf8(_) | Nul(_) => {
                "give the column the type bytea, which keeps the stored bytes, or mend these rows in the source"
            }
            Length(..) | TrailingSpace => "give the column the type text, or mend these rows in the source",
            FieldSize => {
                "no PostgreSQL column holds more than 1 GB in one field: mend the row in the source, or leave the table out (--exclude)"
            }
            Json(_) | JsonDepth => "give the column the type text, or mend these rows in the source",
            JsonbEscape(_) | JsonbNumber(_) | JsonbString(_) => {
                "give the column the type json or text, or mend these rows in the source"
            }
            Uuid | UuidAny | UuidBlob | UuidStyle => {
                "give the column the type text (or bytea, for BLOBs), or mend these rows in the source"
            }
            Flag | Address | Macaddr => "give the column the type text, or mend these rows in the source",
            Label => {
                "add the missing labels to the type (ALTER TYPE … ADD VALUE), give the column the type text, or mend these rows in the source"
            }
            HostBits => "give the column the type inet or text, or mend these rows in the source",
            Interval => {
                "give the column the type text, say encoding = \"since_1970\" in the configuration where these are SQLAlchemy's date-times, or mend these rows in the source"
            }
            Date | Timestamp | Spelling | Zone | Time | TimeSpelling | IntervalRange => {
                "give the column the type text, or mend these rows in the source"
            }
            Instant | Uncountable | DayNumber => {
                "check the encoding that the configuration names for the column, or give the column the type of its numbers (bigint, double precision)"
            }
            LocalGap | LocalTwice => {
                "write the offset from UTC into these values in the source, or give the column the type text"
            }
            ZoneName => "name a zone of the IANA database (Europe/Berlin) or an offset (+02:00) as time_zone",
            IntervalSign => {
                "write a sign before every part of these values in the source, or give the column the type text"
            }
            Fraction(_) => {
                "give the column more fraction digits (six at most) or the type text, or mend these rows in the source"
            }
            Mapping(_) => "report this as a bug, with the plan",
        }
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use MisfitKind::*;
        match self.kind {
            Class(class, pg) => write!(f, "{class} in {} {pg} column", article(pg)),
            Range(pg) => write!(f, "an INTEGER outside the range of {pg}"),
            Inexact(pg) => write!(f, "a number that {pg} does not hold exactly"),
            Scale(p, s) => write!(f, "digits that numeric({p},{s}) would round away"),
            Precision(p, s) => write!(f, "more digits before the point than numeric({p},{s}) holds"),
            Utf8(at) => write!(f, "invalid UTF-8 at byte {at}"),
            Nul(at) => write!(f, "NUL at byte {at}"),
            Length(is, max) => write!(f, "{is} characters, at most {max}"),
            Json(at) => write!(f, "not JSON from byte {at} on"),
            JsonbEscape(at) => {
                write!(f, "\\u0000 or half a surrogate pair at byte {at}, which jsonb refuses")
            }
            JsonbNumber(at) => {
                write!(f, "a number outside the range of numeric at byte {at}, which jsonb refuses")
            }
            JsonbString(at) => write!(f, "a string longer than jsonb holds at byte {at}"),
            Fraction(max) => write!(f, "more than {max} fraction digits"),
            Mapping(pg) => write!(f, "a plan that has no encoding for the type {pg}"),
            _ => f.write_str(self.plainly()),
        }
    }
}

impl Misfit {
    /// The kinds that carry nothing.
    fn plainly(&self) -> &'static str {
        use MisfitKind::*;
        match self.kind {
            NotBool => "an INTEGER other than 0 and 1 in a boolean column",
            Nan => "NaN, which SQLite does not store",
            NegativeZero => "minus zero, which numeric does not have",
            Infinite => "an infinity, which numeric with a precision does not hold",
            IntegralReal => "a REAL with an integral value, which would read back as an INTEGER",
            TrailingSpace => "a trailing space, which character(n) does not keep",
            FieldSize => "more bytes than one field holds (1 GB)",
            JsonDepth => "JSON nested more than 6000 deep",
            Uuid => "not a UUID in lower case with hyphens",
            UuidAny => "not a UUID",
            UuidBlob => "a BLOB that is not 16 bytes long, in a uuid column",
            UuidStyle => "a UUID, or another text, that is not spelled like the others of its column",
            Flag => "a text that is neither of the two spellings of its boolean column",
            Label => "a text that is not a label of the enumerated type",
            Address => "not an IPv4 or IPv6 address, with or without a prefix length",
            HostBits => "a network's address with bits beyond its prefix, which cidr refuses",
            Macaddr => "not a MAC address of the form aa:bb:cc:dd:ee:ff",
            Date => "not a date of the form YYYY-MM-DD",
            Timestamp => "not a date and time of the form YYYY-MM-DD HH:MM:SS",
            Spelling => "a date and time that is not spelled like the others of its column",
            Zone => "a time zone, in a column of timestamps without one",
            Time => "not a time of the form HH:MM:SS",
            TimeSpelling => "a time that is not spelled like the others of its column",
            Instant => "an instant outside of PostgreSQL's range (4714-11-24 BC to 294276)",
            Uncountable => "a REAL that no count of microseconds gives back bit for bit",
            DayNumber => "an INTEGER that is no date of the form yyyymmdd",
            LocalGap => "a local time that the clocks of its zone skip",
            LocalTwice => "a local time that the clocks of its zone show twice",
            ZoneName => "a time zone that does not exist",
            Interval => "not an interval as PostgreSQL writes one",
            IntervalSign => "an interval whose first minus may be meant for all its parts",
            IntervalRange => {
                "an interval with more months, days or microseconds than PostgreSQL has room for"
            }
            _ => "a value that its column cannot take",
        }
    }
}

impl std::error::Error for Misfit {}

fn article(pg: PgType) -> &'static str {
    if pg == PgType::Int4 { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misfit_is_small() {
        assert!(size_of::<Misfit>() <= 16);
        assert!(size_of::<Result<(), Misfit>>() <= 16);
    }

    #[test]
    fn a_misfit_says_what_is_wrong() {
        let table = [
            (MisfitKind::Class(Class::Text, PgType::Int4), "E_MIXED", "TEXT in an integer column"),
            (MisfitKind::Class(Class::Blob, PgType::Text), "E_MIXED_BLOB", "BLOB in a text column"),
            (MisfitKind::Range(PgType::Int2), "E_RANGE", "an INTEGER outside the range of smallint"),
            (MisfitKind::Scale(10, 2), "E_RANGE", "digits that numeric(10,2) would round away"),
            (MisfitKind::Utf8(5), "E_TEXT_UTF8", "invalid UTF-8 at byte 5"),
            (MisfitKind::Nul(1), "E_TEXT_NUL", "NUL at byte 1"),
            (MisfitKind::Length(12, 10), "E_LENGTH", "12 characters, at most 10"),
            (MisfitKind::FieldSize, "E_FIELD_1GB", "more bytes than one field holds (1 GB)"),
            (MisfitKind::Date, "E_DATE", "not a date of the form YYYY-MM-DD"),
            (MisfitKind::Fraction(6), "E_DATE", "more than 6 fraction digits"),
            (MisfitKind::TimeSpelling, "E_DATE", "a time that is not spelled like the others of its column"),
            (
                MisfitKind::Instant,
                "E_DATE",
                "an instant outside of PostgreSQL's range (4714-11-24 BC to 294276)",
            ),
            (
                MisfitKind::Uncountable,
                "E_DATE",
                "a REAL that no count of microseconds gives back bit for bit",
            ),
            (MisfitKind::DayNumber, "E_DATE", "an INTEGER that is no date of the form yyyymmdd"),
            (MisfitKind::LocalGap, "E_DATE", "a local time that the clocks of its zone skip"),
            (MisfitKind::LocalTwice, "E_DATE", "a local time that the clocks of its zone show twice"),
            (MisfitKind::ZoneName, "E_DATE", "a time zone that does not exist"),
            (MisfitKind::Interval, "E_DATE", "not an interval as PostgreSQL writes one"),
            (
                MisfitKind::IntervalSign,
                "E_DATE",
                "an interval whose first minus may be meant for all its parts",
            ),
            (
                MisfitKind::IntervalRange,
                "E_DATE",
                "an interval with more months, days or microseconds than PostgreSQL has room for",
            ),
            (MisfitKind::Uuid, "E_UUID", "not a UUID in lower case with hyphens"),
            (
                MisfitKind::UuidStyle,
                "E_UUID",
                "a UUID, or another text, that is not spelled like the others of its column",
            ),
            (MisfitKind::Flag, "E_WORD", "a text that is neither of the two spellings of its boolean column"),
            (MisfitKind::Label, "E_WORD", "a text that is not a label of the enumerated type"),
            (
                MisfitKind::Address,
                "E_NETWORK",
                "not an IPv4 or IPv6 address, with or without a prefix length",
            ),
            (
                MisfitKind::HostBits,
                "E_NETWORK",
                "a network's address with bits beyond its prefix, which cidr refuses",
            ),
            (MisfitKind::Macaddr, "E_NETWORK", "not a MAC address of the form aa:bb:cc:dd:ee:ff"),
            (MisfitKind::Json(3), "E_JSON", "not JSON from byte 3 on"),
        ];
        for (kind, code, text) in table {
            let misfit = Misfit::from(kind);
            assert_eq!((misfit.code(), misfit.to_string().as_str()), (code, text));
            assert!(!misfit.fix().is_empty());
        }
    }
}
