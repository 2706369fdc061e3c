//! A value of PostgreSQL and one of SQLite, compared in SQLite's domain (semantics.md §6.1).

use crate::levels::{Cell, decode};
use cutover::plan::types::{Codec, Domain, Mapping, PgType, Unit, UuidOrder};

/// A value as text that no setting of the session changes, in the form that `levels::decode` reads by `read_as`: what
/// became another type becomes SQLite's value again.
pub(super) fn rendered(sql: &str, mapping: &Mapping) -> String {
    let moment = |sql: &str| format!("rtrim(rtrim(to_char({sql}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')");
    let count = |per_second: u32| format!("((extract(epoch FROM {sql}) * {per_second})::bigint)::text");
    match (&mapping.codec, mapping.pg) {
        (Codec::Epoch(unit) | Codec::IntervalUnits(unit), _) => count(match unit {
            Unit::Seconds => 1,
            Unit::Millis => 1000,
            Unit::Micros => 1_000_000,
        }),
        (Codec::DayNumber, _) => format!("(to_char({sql}, 'YYYYMMDD')::bigint)::text"),
        (Codec::UuidStyle(_), _) => format!("upper({sql}::text)"),
        (Codec::UuidBlob(UuidOrder::Rfc4122), _) => format!("'\\x' || encode(uuid_send({sql}), 'hex')"),
        (Codec::UuidBlob(UuidOrder::Dotnet), _) => format!(
            "regexp_replace({sql}::text, '^(..)(..)(..)(..)-(..)(..)-(..)(..)-(....)-', '\\\\x\\4\\3\\2\\1\\6\\5\\8\\7\\9')"
        ),
        (_, PgType::Date) => format!("to_char({sql}, 'YYYY-MM-DD')"),
        (_, PgType::Timestamp(_)) => moment(sql),
        (_, PgType::Timestamptz(_)) => format!("{} || '+00'", moment(&format!("({sql} AT TIME ZONE 'UTC')"))),
        (_, PgType::Bytea) => format!("'\\x' || encode({sql}, 'hex')"),
        _ => format!("{sql}::text"),
    }
}

/// The mapping by which `rendered` text is read.
pub(super) fn read_as(mapping: &Mapping) -> Mapping {
    let codec = match &mapping.codec {
        Codec::Epoch(_) | Codec::IntervalUnits(_) | Codec::DayNumber => Codec::Int,
        Codec::UuidStyle(_) => Codec::Text,
        Codec::UuidBlob(_) => Codec::Blob,
        codec => codec.clone(),
    };
    Mapping { pg: mapping.pg, codec }
}

/// Columns that are compared by their meaning are proved by the digests; here nothing may be made of them.
pub(super) fn only_as_it_is(codec: &Codec) -> bool {
    let by_meaning =
        matches!(codec.domain(), Domain::Instant | Domain::Json | Domain::Interval | Domain::Network);
    by_meaning || matches!(codec, Codec::Tagged | Codec::UuidAny | Codec::BytesForm)
}

/// One quoted name, with a qualifier or without.
pub(super) fn is_column(sql: &str) -> bool {
    let bare = sql.rsplit_once("\".\"").map_or(sql, |(_, name)| name).trim_matches('"');
    !bare.contains('"') && sql.ends_with('"')
}

/// Whether PostgreSQL's text is SQLite's value in the mapping's domain. Minus zero is zero: every column with an affinity
/// makes it so, and both sides call the two equal.
pub(super) fn same(left: &Cell, found: Option<&str>, mapping: &Mapping) -> bool {
    let Some(found) = found else { return *left == Cell::Null };
    let real = |bits: u64| f64::from_bits(bits);
    match mapping.codec.domain() {
        Domain::Exact => match (left, decode(found, &serde_json::json!({ "mapping": mapping }))) {
            (Cell::Real(left), Some(Cell::Real(right))) => {
                left == &right || (real(*left) == 0.0 && real(right) == 0.0)
            }
            (left, right) => right.as_ref() == Some(left),
        },
        Domain::Number => match left {
            Cell::Integer(integer) => number(found) == Some(integer.to_string()),
            Cell::Real(bits) => found.parse() == Ok(real(*bits)),
            _ => false,
        },
        Domain::TextForm => text_form(left).as_deref() == Some(found.as_bytes()),
        Domain::BytesForm => text_form(left).is_some_and(|bytes| found == format!("\\x{}", hex(&bytes))),
        Domain::Uuid => *left == Cell::Text(found.as_bytes().to_vec()),
        Domain::Instant | Domain::Json | Domain::Interval | Domain::Network | Domain::Meaning => false,
    }
}

/// A whole number without the zeros of its fraction.
fn number(found: &str) -> Option<String> {
    let (whole, fraction) = found.split_once('.').unwrap_or((found, ""));
    if whole.contains('e') {
        let whole = |real: &f64| real.fract() == 0.0 && real.abs() < 1e19;
        return found.parse::<f64>().ok().filter(whole).map(|real| format!("{real:.0}"));
    }
    let whole = if whole == "-0" { "0" } else { whole };
    fraction.bytes().all(|digit| digit == b'0').then(|| whole.to_owned())
}

fn text_form(value: &Cell) -> Option<Vec<u8>> {
    Some(match value {
        Cell::Null => return None,
        Cell::Integer(integer) => integer.to_string().into_bytes(),
        Cell::Real(bits) => {
            let real = f64::from_bits(*bits);
            if real.is_infinite() {
                let sign = if real < 0.0 { "-" } else { "" };
                format!("{sign}Infinity").into_bytes()
            } else {
                format!("{real:?}").into_bytes()
            }
        }
        Cell::Text(bytes) | Cell::Blob(bytes) => bytes.clone(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn shown(value: &Cell) -> String {
    match value {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(integer) => format!("INTEGER {integer}"),
        Cell::Real(bits) => format!("REAL {:?}", f64::from_bits(*bits)),
        Cell::Text(bytes) => format!("TEXT {:?}", String::from_utf8_lossy(bytes)),
        Cell::Blob(bytes) => format!("BLOB {}", hex(bytes)),
    }
}
