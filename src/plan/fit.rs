//! How values travel into a column that exists already: its type rules, we never change it (semantics.md §5.7).
//!
//! A codec is chosen by the column's type and the classes that the profile saw; whether each single value fits is
//! proved by encoding all of them before the first write.

use super::choose::{Choice, mixture};
use super::target::TargetColumn;
use super::types::{Codec, Level, Mapping, PgType, Reading, Unit};
use crate::catalog::Column;
use crate::catalog::affinity::Affinity;
use crate::catalog::profile::ColumnProfile;

/// The codec for `column`'s values into `partner`, an existing column whose type is, or whose domain is made of, `pg`.
pub fn fit(column: &Column, profile: &ColumnProfile, partner: &TargetColumn, pg: PgType) -> Choice {
    let (codec, level) = match pg {
        PgType::Enum => (Codec::Label(partner.labels.clone()), Level::E0),
        _ => codec(column, profile, pg),
    };
    let held = if profile.values() == 0 { "no values".to_owned() } else { mixture(profile) };
    Choice { mapping: Mapping { pg, codec }, level, why: format!("the existing column's type; {held}") }
}

/// The codec by which `column`'s values are compared with those of `partner`: in the meaning of its type, whatever class or
/// spelling the source's values have. Where one class alone occurs that the type has itself, exactly.
pub fn meaning(profile: &ColumnProfile, partner: &TargetColumn, pg: PgType) -> Choice {
    let only = |count: u64| count == profile.values();
    let in_meaning = |reading| (Codec::Meaning(reading), Level::E2);
    let (codec, level) = match pg {
        PgType::Bool if profile.only_flags() => (Codec::Bool, Level::E0),
        PgType::Int2 | PgType::Int4 | PgType::Int8 if only(profile.integers) => (Codec::Int, Level::E0),
        PgType::Float8 if only(profile.reals) => (Codec::Float, Level::E0),
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Char(_) if only(profile.texts) => {
            (Codec::Text, Level::E0)
        }
        PgType::Enum if only(profile.texts) => (Codec::Label(partner.labels.clone()), Level::E0),
        PgType::Bytea if only(profile.blobs) => (Codec::Blob, Level::E0),
        PgType::Text
        | PgType::Varchar(_)
        | PgType::Citext
        | PgType::Char(_)
        | PgType::Enum
        | PgType::Bytea => in_meaning(if profile.reals > 0 { Reading::Numbers } else { Reading::Plain }),
        PgType::Date | PgType::Timestamp(_) | PgType::Timestamptz(_) => in_meaning(counting(profile)),
        _ => in_meaning(Reading::Plain),
    };
    let held = if profile.values() == 0 { "no values".to_owned() } else { mixture(profile) };
    Choice { mapping: Mapping { pg, codec }, level, why: format!("compared in the target's type; {held}") }
}

/// Seconds have eleven digits until the year 5138, and milliseconds as many in 1973 only.
const SECONDS_MAX: u64 = 100_000_000_000;

/// Julian days have seven digits until the year 22666.
const JULIAN_MAX: f64 = 1e7;

/// What a column's numbers count, where instants are meant; by its largest ones.
fn counting(profile: &ColumnProfile) -> Reading {
    let largest = profile.integer_range.map_or(0, |(min, max)| min.unsigned_abs().max(max.unsigned_abs()));
    let unit = match largest {
        ..SECONDS_MAX => Unit::Seconds,
        largest if largest / 1000 < SECONDS_MAX => Unit::Millis,
        _ => Unit::Micros,
    };
    match profile.real_range {
        Some((min, max)) if min.abs().max(max.abs()) < JULIAN_MAX => Reading::Julian(unit),
        _ => Reading::Counted(unit),
    }
}

fn codec(column: &Column, profile: &ColumnProfile, pg: PgType) -> (Codec, Level) {
    let numbers = profile.integers + profile.reals;
    match pg {
        PgType::Bool => (Codec::Bool, Level::E0),
        PgType::Int2 | PgType::Int4 | PgType::Int8 => (Codec::Int, Level::E0),
        PgType::Float4 | PgType::Float8 if profile.integers > 0 => (Codec::FloatNumber, Level::E1),
        PgType::Float4 | PgType::Float8 => (Codec::Float, Level::E0),
        PgType::Numeric(_) if matches!(column.affinity, Affinity::Integer | Affinity::Numeric) => {
            (Codec::Number, Level::E0)
        }
        PgType::Numeric(_) => (Codec::NumberByValue, Level::E1),
        PgType::Text | PgType::Varchar(_) | PgType::Citext if numbers > 0 => (Codec::TextForm, Level::B),
        PgType::Text | PgType::Varchar(_) | PgType::Citext | PgType::Char(_) => (Codec::Text, Level::E0),
        PgType::Bytea if numbers + profile.texts > 0 => (Codec::BytesForm, Level::B),
        PgType::Bytea => (Codec::Blob, Level::E0),
        PgType::Json => (Codec::Json, Level::E0),
        PgType::Jsonb => (Codec::Jsonb, Level::E2),
        PgType::Uuid => (Codec::UuidAny, Level::E2),
        PgType::Date => (Codec::Date, Level::E0),
        PgType::Time(_) => (Codec::AnyTime, Level::E2),
        PgType::Timestamp(_) => (Codec::AnyTimestamp, Level::E2),
        PgType::Timestamptz(_) => (Codec::AnyTimestamptz, Level::E2),
        PgType::Interval(_) => (Codec::Interval, Level::E2),
        PgType::Inet | PgType::Cidr | PgType::Macaddr => (Codec::Network, Level::E2),
        PgType::Enum => (Codec::Label(Vec::new()), Level::E0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_existing_type_rules() {
        let column = |declared: &str| Column { affinity: Affinity::of(declared, false), ..Column::default() };
        let profile =
            |integers, reals, texts| ColumnProfile { integers, reals, texts, ..ColumnProfile::default() };
        let partner =
            TargetColumn { labels: vec!["new".to_owned(), "old".to_owned()], ..TargetColumn::default() };
        let table = [
            ("INTEGER", profile(3, 0, 0), PgType::Bool, Codec::Bool),
            ("REAL", profile(0, 3, 0), PgType::Numeric(Some((10, 2))), Codec::NumberByValue),
            ("NUMERIC", profile(1, 3, 0), PgType::Numeric(Some((10, 2))), Codec::Number),
            ("INTEGER", profile(3, 0, 0), PgType::Varchar(Some(10)), Codec::TextForm),
            ("NUMERIC", profile(3, 1, 0), PgType::Float8, Codec::FloatNumber),
            ("TEXT", profile(0, 0, 3), PgType::Jsonb, Codec::Jsonb),
            ("TEXT", profile(0, 0, 3), PgType::Interval(6), Codec::Interval),
            ("INTEGER", profile(3, 0, 0), PgType::Interval(6), Codec::Interval),
            ("TEXT", profile(0, 0, 3), PgType::Inet, Codec::Network),
            ("TEXT", profile(0, 0, 3), PgType::Enum, Codec::Label(partner.labels.clone())),
        ];
        for (declared, profile, pg, codec) in table {
            assert_eq!(
                fit(&column(declared), &profile, &partner, pg).mapping.codec,
                codec,
                "{declared} into {pg}"
            );
        }
    }
}
