//! What a column stores of a value: its affinity is applied, then it travels as the column's values did (semantics.md §3.6,
//! the table of DEFAULTs).

use super::Reason;
use super::held;
use super::literal::{self, Constant};
use super::term::{Binding, Kind, Looks, Made, Term};
use crate::catalog::affinity::Affinity;
use crate::ident;
use crate::plan::types::{Codec, Mapping, PgType, Unit, UuidOrder, Zone};

const CANNOT_HOLD: &str = "the column's type cannot hold this value";
const NUMBER_AS_TIME: &str = "a number for a column whose numbers are read as times";
const OTHER_SPELLING: &str = "a text that is not spelled as the column's values are";

/// `term` as a column of that affinity and mapping stores it. `default` says that the value is for rows to come, whose text
/// has no other spelling to keep than its type's.
pub(super) fn stored(term: Term, affinity: Affinity, mapping: &Mapping, default: bool) -> Made {
    if matches!(mapping.codec, Codec::Only(..)) {
        return Err("the column is split into several".to_owned());
    }
    if let Some(constant) = &term.constant {
        let sql = match literal::stored(constant.clone(), affinity)? {
            Constant::Null => "NULL".to_owned(),
            constant => constant_sql(&constant, mapping)?,
        };
        return Ok(term.reworded(sql, Binding::Operator, of(mapping)));
    }
    if term.kind == Kind::Null {
        return Ok(Term { kind: of(mapping), ..term });
    }
    let term = with_affinity(term, affinity)?;
    let term = converted(&term, mapping, default)?;
    Ok(Term { kind: of(mapping), ..term })
}

fn of(mapping: &Mapping) -> Kind {
    Kind::of_mapping(mapping)
}

/// The affinity that a value meets on its way into a column.
fn with_affinity(term: Term, affinity: Affinity) -> Made {
    match (affinity, &term.kind, &term.looks) {
        (Affinity::Text, Kind::Flag | Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number, _) => {
            term.as_text()
        }
        (Affinity::Real, Kind::Flag | Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number, _) => {
            let value = super::arithmetic::number(term)?;
            let sql = super::arithmetic::double(&value).ok_or("a number that is no REAL")?;
            // A REAL column stores a zero as the integer, which has no sign.
            let has_sign =
                matches!(value.kind, Kind::Real | Kind::Double) && value.affinity != Some(Affinity::Real);
            if !has_sign {
                return Ok(value.reworded(sql, Binding::Atom, Kind::Real));
            }
            Ok(value.reworded(format!("{sql} + 0"), Binding::Operator, Kind::Real))
        }
        (Affinity::Integer | Affinity::Numeric, Kind::Real | Kind::Double, _) => {
            Err("a REAL, which the column stores as an INTEGER where it is one".to_owned())
        }
        (affinity, Kind::Text, Looks::Integer(sql)) if affinity.converts_numbers() => {
            let integer = term.reworded(sql.clone(), Binding::Atom, Kind::Integer(PgType::Int8));
            with_affinity(integer, affinity)
        }
        (affinity, Kind::Text, Looks::Unknown) if affinity.converts_numbers() => {
            Err("a text, which the column stores as a number where it looks like one".to_owned())
        }
        (affinity, Kind::Held(_), Looks::Unknown) if affinity.converts_numbers() => {
            match held::plain(term.clone())? {
                plain if plain.kind == Kind::Text && plain.looks == Looks::Unknown => {
                    Err("a text, which the column stores as a number where it looks like one".to_owned())
                }
                _ => Ok(term),
            }
        }
        (_, Kind::Mixed(_), _) if term.affinity != Some(affinity) => {
            Err("values of several classes or spellings, to which the column gives others".to_owned())
        }
        _ => Ok(term),
    }
}

/// A value that is no constant in the column's type.
fn converted(term: &Term, mapping: &Mapping, default: bool) -> Made {
    let (pg, codec) = (mapping.pg, &mapping.codec);
    if term.kind == of(mapping)
        && !matches!(pg, PgType::Varchar(Some(_)) | PgType::Numeric(Some(_)) | PgType::Float4)
    {
        return Ok(term.clone());
    }
    let made = |from: &Term, sql: String| Ok(from.reworded(sql, Binding::Operator, of(mapping)));
    if let Kind::Held(source) = &term.kind
        && let Some(sql) = instant(term, source, mapping, default)
    {
        return made(term, sql);
    }
    // What a text is made by may be no immutable function: the plain term says so.
    let plain = held::plain(term.clone())?;
    match (&plain.kind, pg, codec) {
        (Kind::Integer(from), PgType::Int8 | PgType::Int4 | PgType::Int2, Codec::Int)
            if width(*from) <= width(pg) =>
        {
            Ok(plain)
        }
        (Kind::Flag, PgType::Int8 | PgType::Int4, Codec::Int) => made(&plain, plain.cast("int4")),
        (Kind::Flag | Kind::Integer(_), PgType::Numeric(None), Codec::Number | Codec::NumberByValue) => {
            let number = super::arithmetic::number(plain)?;
            made(&number, super::arithmetic::wide(&number))
        }
        (Kind::Real, PgType::Float8, Codec::FloatNumber) => Ok(plain),
        (Kind::Flag | Kind::Integer(_), PgType::Text | PgType::Varchar(None), Codec::TextForm) => {
            plain.as_text()
        }
        (Kind::Text, PgType::Text | PgType::Varchar(None), Codec::Text | Codec::TextForm) => Ok(plain),
        (Kind::Integer(_), _, Codec::Epoch(Unit::Seconds)) if default => made(&plain, epoch(&plain, pg)?),
        (kind, ..) => Err(format!("{} in a column of {pg}", kind.word())),
    }
}

fn width(pg: PgType) -> u8 {
    match pg {
        PgType::Int2 => 2,
        PgType::Int4 => 4,
        _ => 8,
    }
}

/// Seconds since 1970 in a column of instants.
fn epoch(term: &Term, pg: PgType) -> Result<String, Reason> {
    let instant = format!("pg_catalog.to_timestamp({})", term.sql);
    match pg {
        PgType::Timestamptz(_) => Ok(instant),
        PgType::Timestamp(_) => Ok(format!("({instant} AT TIME ZONE 'UTC')")),
        _ => Err(CANNOT_HOLD.to_owned()),
    }
}

/// A date or time in a column of dates or times that spells it in another way: for rows to come the instant is all.
fn instant(term: &Term, source: &Mapping, mapping: &Mapping, default: bool) -> Option<String> {
    let is_naive = |template: &crate::plan::types::Template| template.zone == Zone::None;
    match (&source.codec, &mapping.codec, mapping.pg) {
        (Codec::Stamp(from), Codec::AnyTimestamp, PgType::Timestamp(_)) if is_naive(from) => {
            Some(term.sql.clone())
        }
        (Codec::Stamp(from), Codec::Stamp(to), PgType::Timestamp(_))
            if default && is_naive(from) && is_naive(to) =>
        {
            Some(term.sql.clone())
        }
        (Codec::Stamp(from), Codec::Stamp(_) | Codec::AnyTimestamptz, PgType::Timestamptz(_)) if default => {
            Some(if is_naive(from) { zoned(term) } else { term.sql.clone() })
        }
        (Codec::Date, Codec::AnyTimestamp, PgType::Timestamp(_)) => {
            Some(format!("{}::pg_catalog.timestamp", term.atom()))
        }
        (Codec::TimeOfDay(_), Codec::AnyTime, PgType::Time(_)) => Some(term.sql.clone()),
        (Codec::TimeOfDay(_), Codec::TimeOfDay(_), PgType::Time(_)) if default => Some(term.sql.clone()),
        _ => None,
    }
}

/// The instant of a time in UTC.
fn zoned(term: &Term) -> String {
    format!("({} AT TIME ZONE 'UTC')", term.atom())
}

/// The target type's literal of a constant that the column stores.
fn constant_sql(constant: &Constant, mapping: &Mapping) -> Result<String, Reason> {
    match constant {
        Constant::Null => Ok("NULL".to_owned()),
        Constant::Integer(value) => integer_sql(*value, mapping),
        Constant::Real(value) => real_sql(*value, mapping),
        Constant::Text(text) => text_sql(text, mapping),
        Constant::Blob(bytes) => blob_sql(bytes, mapping),
    }
}

fn integer_sql(value: i64, mapping: &Mapping) -> Result<String, Reason> {
    let text = value.to_string();
    match (mapping.pg, &mapping.codec) {
        (PgType::Bool, Codec::Bool) if value == 0 || value == 1 => Ok((value == 1).to_string()),
        (PgType::Int8, Codec::Int) => Ok(literal::sql(&Constant::Integer(value))?.0),
        (PgType::Int4, Codec::Int) if i32::try_from(value).is_ok() => Ok(text),
        (PgType::Int2, Codec::Int) if i16::try_from(value).is_ok() => Ok(text),
        (PgType::Numeric(None), _) => Ok(text),
        (PgType::Numeric(Some((precision, scale))), _) if fits_decimal(&text, precision, scale) => Ok(text),
        (PgType::Float8, Codec::FloatNumber)
            if value.unsigned_abs() <= literal::DOUBLE_INTEGER_MAX.unsigned_abs() =>
        {
            Ok(text)
        }
        (PgType::Varchar(length), Codec::TextForm) if fits(&text, length) => Ok(ident::literal(&text)),
        (PgType::Text, Codec::TextForm) => Ok(ident::literal(&text)),
        (PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Date | PgType::Interval(_), _) => {
            Err(NUMBER_AS_TIME.to_owned())
        }
        _ => Err(CANNOT_HOLD.to_owned()),
    }
}

fn real_sql(value: f64, mapping: &Mapping) -> Result<String, Reason> {
    let text = format!("{value:?}");
    match (mapping.pg, &mapping.codec) {
        // A zero keeps its sign in the type's own literal alone.
        (PgType::Float8, Codec::Float | Codec::FloatNumber) if value.is_finite() && text != "-0.0" => {
            Ok(text)
        }
        (PgType::Float8, Codec::Float | Codec::FloatNumber) => Ok(literal::real(value)),
        (PgType::Numeric(None), Codec::Number | Codec::NumberByValue) if value.is_finite() => Ok(text),
        (PgType::Numeric(Some((precision, scale))), _) if fits_decimal(&text, precision, scale) => Ok(text),
        (PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Date | PgType::Interval(_), _) => {
            Err(NUMBER_AS_TIME.to_owned())
        }
        _ => Err(CANNOT_HOLD.to_owned()),
    }
}

fn text_sql(text: &str, mapping: &Mapping) -> Result<String, Reason> {
    if text.contains('\0') {
        return Err(CANNOT_HOLD.to_owned());
    }
    match (mapping.pg, &mapping.codec) {
        (PgType::Text, Codec::Text | Codec::TextForm) => Ok(ident::literal(text)),
        (PgType::Varchar(length), _) if fits(text, length) => Ok(ident::literal(text)),
        (PgType::Json | PgType::Jsonb, _) if is_json(text) => Ok(ident::literal(text)),
        (PgType::Varchar(_) | PgType::Int8 | PgType::Numeric(_), _) => Err(CANNOT_HOLD.to_owned()),
        _ => held::text_literal(mapping, text).ok_or_else(|| OTHER_SPELLING.to_owned()),
    }
}

fn blob_sql(bytes: &[u8], mapping: &Mapping) -> Result<String, Reason> {
    match (mapping.pg, &mapping.codec) {
        (PgType::Bytea, Codec::Blob | Codec::BytesForm) => Ok(literal::blob(bytes)),
        (PgType::Uuid, Codec::UuidBlob(UuidOrder::Rfc4122)) if bytes.len() == 16 => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(format!("'{hex}'::pg_catalog.uuid"))
        }
        _ => Err(CANNOT_HOLD.to_owned()),
    }
}

fn fits(text: &str, length: Option<u32>) -> bool {
    length.is_none_or(|length| text.chars().count() <= length as usize)
}

/// JSON that a default can be without the server refusing the table: what this library and the server both take, and no
/// NUL, which `jsonb` has not.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok() && !text.contains("\\u")
}

/// Whether `numeric(precision, scale)` takes a number without rounding it: not more digits behind the point, nor before it.
fn fits_decimal(number: &str, precision: u16, scale: i16) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_plain = [whole, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (whole, fraction) = (whole.len() as i64, fraction.len() as i64);
    is_plain && fraction <= i64::from(scale) && whole <= i64::from(precision) - i64::from(scale)
}
