//! A PostgreSQL type as people spell it → [`PgType`] (PostgreSQL manual, table 8.1 with its aliases).

use super::types::PgType;
use crate::config::nearest::suggestion;

/// What a configuration may ask for as a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// a type of PostgreSQL
    Pg(PgType),
    /// `bytea` of a class byte and the payload
    Tagged,
}

/// How many numbers stand in parentheses behind a type's name, and what it becomes with them.
enum Shape {
    Plain(PgType),
    Length(fn(Option<u32>) -> PgType),
    Decimal,
    /// fraction digits
    Precision(fn(u8) -> PgType),
    Tagged,
}

/// Fraction digits of a time type that names none.
const PRECISION_DEFAULT: u8 = 6;

/// Most characters of `varchar(n)` and `char(n)` (PostgreSQL manual, 8.3).
const LENGTH_MAX: u32 = 10_485_760;

const fn varchar(length: Option<u32>) -> PgType {
    PgType::Varchar(length)
}

const fn character(length: Option<u32>) -> PgType {
    match length {
        Some(n) => PgType::Char(n),
        None => PgType::Char(1),
    }
}

/// Every spelling, in lower case and with single blanks, without what stands in parentheses.
const SPELLINGS: &[(&str, Shape)] = &[
    ("boolean", Shape::Plain(PgType::Bool)),
    ("bool", Shape::Plain(PgType::Bool)),
    ("smallint", Shape::Plain(PgType::Int2)),
    ("int2", Shape::Plain(PgType::Int2)),
    ("integer", Shape::Plain(PgType::Int4)),
    ("int", Shape::Plain(PgType::Int4)),
    ("int4", Shape::Plain(PgType::Int4)),
    ("bigint", Shape::Plain(PgType::Int8)),
    ("int8", Shape::Plain(PgType::Int8)),
    ("real", Shape::Plain(PgType::Float4)),
    ("float4", Shape::Plain(PgType::Float4)),
    ("double precision", Shape::Plain(PgType::Float8)),
    ("float8", Shape::Plain(PgType::Float8)),
    ("float", Shape::Plain(PgType::Float8)),
    ("numeric", Shape::Decimal),
    ("decimal", Shape::Decimal),
    ("text", Shape::Plain(PgType::Text)),
    ("character varying", Shape::Length(varchar)),
    ("varchar", Shape::Length(varchar)),
    ("character", Shape::Length(character)),
    ("char", Shape::Length(character)),
    ("citext", Shape::Plain(PgType::Citext)),
    ("json", Shape::Plain(PgType::Json)),
    ("jsonb", Shape::Plain(PgType::Jsonb)),
    ("bytea", Shape::Plain(PgType::Bytea)),
    ("uuid", Shape::Plain(PgType::Uuid)),
    ("date", Shape::Plain(PgType::Date)),
    ("time", Shape::Precision(PgType::Time)),
    ("time without time zone", Shape::Precision(PgType::Time)),
    ("timestamp", Shape::Precision(PgType::Timestamp)),
    ("timestamp without time zone", Shape::Precision(PgType::Timestamp)),
    ("timestamptz", Shape::Precision(PgType::Timestamptz)),
    ("timestamp with time zone", Shape::Precision(PgType::Timestamptz)),
    ("interval", Shape::Precision(PgType::Interval)),
    ("inet", Shape::Plain(PgType::Inet)),
    ("cidr", Shape::Plain(PgType::Cidr)),
    ("macaddr", Shape::Plain(PgType::Macaddr)),
    ("tagged", Shape::Tagged),
];

/// Types that are not meant, and what is.
const INSTEAD: &[(&str, &str)] = &[
    ("datetime", "timestamp"),
    ("string", "text"),
    ("blob", "bytea"),
    ("binary", "bytea"),
    ("double", "double precision"),
    ("number", "numeric"),
    ("money", "numeric"),
    ("serial", "integer"),
    ("bigserial", "bigint"),
    ("timetz", "time"),
    ("tinyint", "smallint"),
    ("guid", "uuid"),
];

/// The type that `text` spells.
///
/// # Errors
/// What is wrong with it, and what may be meant.
pub fn parse(text: &str) -> Result<Wanted, String> {
    let (name, numbers) = split(text).ok_or_else(|| format!("`{text}` is no type: write numeric(10,2)"))?;
    let Some((_, shape)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == name) else {
        let known = SPELLINGS.iter().map(|(spelling, _)| *spelling);
        let hint = match INSTEAD.iter().find(|(wrong, _)| *wrong == name) {
            Some((_, right)) => format!("; did you mean `{right}`?"),
            None => suggestion(&name, known),
        };
        return Err(format!("unknown type `{text}`{hint}"));
    };
    let wrong = || format!("`{text}` does not fit the type {name}");
    let pg = match (shape, numbers.as_slice()) {
        (Shape::Tagged, []) => return Ok(Wanted::Tagged),
        (Shape::Plain(pg), []) => *pg,
        (Shape::Length(make), []) => make(None),
        (Shape::Length(make), [n]) => {
            let length = u32::try_from(*n).ok().filter(|n| (1..=LENGTH_MAX).contains(n)).ok_or_else(wrong)?;
            make(Some(length))
        }
        (Shape::Precision(make), []) => make(PRECISION_DEFAULT),
        (Shape::Precision(make), [n]) => {
            make(u8::try_from(*n).ok().filter(|n| *n <= PRECISION_DEFAULT).ok_or_else(wrong)?)
        }
        (Shape::Decimal, []) => PgType::Numeric(None),
        (Shape::Decimal, [precision]) => decimal(*precision, 0).ok_or_else(wrong)?,
        (Shape::Decimal, [precision, scale]) => decimal(*precision, *scale).ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    Ok(Wanted::Pg(pg))
}

/// `numeric(p,s)`: at most 1000 digits; scales beyond the precision, and below 0, came with PostgreSQL 15 and are left to it.
fn decimal(precision: i64, scale: i64) -> Option<PgType> {
    let precision = u16::try_from(precision).ok().filter(|precision| (1..=1000).contains(precision))?;
    let scale = i16::try_from(scale).ok().filter(|scale| (0..=1000).contains(scale))?;
    (i64::from(scale) <= i64::from(precision)).then_some(PgType::Numeric(Some((precision, scale))))
}

/// Name and numbers: `timestamp(3) with time zone` is `timestamp with time zone` and 3.
fn split(text: &str) -> Option<(String, Vec<i64>)> {
    let lower = text.trim().to_ascii_lowercase();
    let lower = lower.strip_prefix("pg_catalog.").unwrap_or(&lower);
    let (before, inside, after) = match lower.split_once('(') {
        None => (lower, None, ""),
        Some((before, rest)) => {
            let (inside, after) = rest.split_once(')')?;
            (before, Some(inside), after)
        }
    };
    let name: Vec<&str> = before.split_whitespace().chain(after.split_whitespace()).collect();
    let numbers = inside.map_or(Some(Vec::new()), |inside| {
        inside.split(',').map(|number| number.trim().parse().ok()).collect()
    })?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '"' | '.');
    let name = name.join(" ");
    (!name.is_empty() && name.chars().all(is_word)).then_some((name, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_types() {
        for (text, pg) in [
            ("int", PgType::Int4),
            ("INT4", PgType::Int4),
            (" bigint ", PgType::Int8),
            ("bool", PgType::Bool),
            ("float8", PgType::Float8),
            ("Double  Precision", PgType::Float8),
            ("varchar(10)", PgType::Varchar(Some(10))),
            ("character varying ( 10 )", PgType::Varchar(Some(10))),
            ("varchar", PgType::Varchar(None)),
            ("char", PgType::Char(1)),
            ("numeric", PgType::Numeric(None)),
            ("decimal(10)", PgType::Numeric(Some((10, 0)))),
            ("numeric(10, 2)", PgType::Numeric(Some((10, 2)))),
            ("timestamp(3)", PgType::Timestamp(3)),
            ("timestamptz", PgType::Timestamptz(6)),
            ("timestamp(0) with time zone", PgType::Timestamptz(0)),
            ("timestamp without time zone", PgType::Timestamp(6)),
            ("pg_catalog.int8", PgType::Int8),
            ("time(2)", PgType::Time(2)),
        ] {
            assert_eq!(parse(text), Ok(Wanted::Pg(pg)), "{text}");
        }
        assert_eq!(parse("tagged"), Ok(Wanted::Tagged));
    }

    /// What the plan writes into a statement reads as the same type.
    #[test]
    fn written_types_read_the_same() {
        let types = SPELLINGS.iter().filter_map(|(spelling, _)| match parse(spelling) {
            Ok(Wanted::Pg(pg)) => Some(pg),
            _ => None,
        });
        let more = [PgType::Numeric(Some((10, 2))), PgType::Varchar(Some(7)), PgType::Timestamptz(3)];
        let mut seen = 0;
        for pg in types.chain(more) {
            assert_eq!(parse(&pg.to_string()), Ok(Wanted::Pg(pg)), "{pg}");
            seen += 1;
        }
        assert!(seen > 30);
    }

    #[test]
    fn mistakes_are_suggested_or_refused() {
        for (text, hint) in [
            ("timestmptz", "did you mean `timestamptz`?"),
            ("datetime", "did you mean `timestamp`?"),
            ("blob", "did you mean `bytea`?"),
            ("hstore", "unknown type `hstore`"),
            ("varchar(0)", "does not fit"),
            ("varchar(99999999)", "does not fit"),
            ("numeric(2,3)", "does not fit"),
            ("numeric(1001)", "does not fit"),
            ("timestamp(7)", "does not fit"),
            ("bigint(20)", "does not fit"),
            ("numeric(a,b)", "is no type"),
            ("numeric(10", "is no type"),
            ("", "is no type"),
            ("text; drop table t", "is no type"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(hint), "{text}: {why}");
        }
    }
}
