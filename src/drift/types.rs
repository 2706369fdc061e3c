//! What one type holds of another: whether what is written for the first may be refused or changed by the second.

use crate::plan::structure::Column;
use crate::plan::types::PgType;

/// What a type holds of the values of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// it is the same
    Same,
    /// every value
    All,
    /// every value, but some only rounded, cut or read otherwise
    Rounded,
    /// some values, others are refused
    Some,
    /// none, or those of another meaning
    None,
}

/// What `target` holds of `source`'s values.
pub(super) fn holds(source: &Column, target: &Column) -> Holds {
    if source.type_text == target.type_text {
        return Holds::Same;
    }
    match (source.pg, target.pg) {
        (Some(PgType::Enum), Some(PgType::Enum)) => {
            match source.labels.iter().all(|label| target.labels.contains(label)) {
                true => Holds::All,
                false => Holds::Some,
            }
        }
        (Some(one), Some(other)) => of_types(one, other),
        _ => Holds::None,
    }
}

fn of_types(source: PgType, target: PgType) -> Holds {
    use PgType::{
        Bool, Bytea, Citext, Enum, Float4, Float8, Int2, Int4, Int8, Json, Jsonb, Numeric, Text, Varchar,
    };
    match (source, target) {
        // A domain over the type itself, or the same type of another schema.
        (source, target) if source == target => Holds::All,
        (Bytea, _) | (_, Bytea) => Holds::None,
        (_, Text | Varchar(None)) => Holds::All,
        (
            Int2 | Int4 | Int8 | Float4 | Float8 | Numeric(_),
            Int2 | Int4 | Int8 | Float4 | Float8 | Numeric(_),
        ) => of_numbers(source, target),
        (Int2 | Int4 | Int8, Bool) | (Bool, Int2 | Int4 | Int8) => Holds::Some,
        (source, target) if is_text(source) => match (characters(source), target) {
            (_, Citext) => Holds::All,
            (Some(most), Varchar(Some(length)) | PgType::Char(length)) if most <= length => Holds::All,
            (_, Varchar(_) | PgType::Char(_)) => Holds::Some,
            (_, Bool | Int2 | Int4 | Int8 | Float4 | Float8 | Numeric(_)) => Holds::None,
            _ => Holds::Some,
        },
        (Json, Jsonb) => Holds::Rounded,
        (Jsonb, Json) => Holds::All,
        (Enum, Varchar(_) | PgType::Char(_) | Citext) => Holds::Some,
        (source, target) => of_times(source, target),
    }
}

fn is_text(pg: PgType) -> bool {
    matches!(pg, PgType::Text | PgType::Varchar(_) | PgType::Char(_) | PgType::Citext)
}

/// Most characters of a text type that has a bound.
fn characters(pg: PgType) -> Option<u32> {
    match pg {
        PgType::Varchar(length) => length,
        PgType::Char(length) => Some(length),
        _ => None,
    }
}

fn of_numbers(source: PgType, target: PgType) -> Holds {
    use PgType::{Float4, Float8, Numeric};
    let exact = |pg: PgType| integer_digits(pg).map(|digits| (digits, 0)).or_else(|| decimal(pg));
    match (source, target) {
        (Float4, Float8) | (_, Numeric(None)) => Holds::All,
        (Float4 | Float8, _) => Holds::Rounded,
        (_, Float4 | Float8) => {
            let kept = if target == Float4 { 6 } else { 15 };
            let is_kept = integer_digits(source).is_some_and(|digits| digits <= kept);
            if is_kept { Holds::All } else { Holds::Rounded }
        }
        _ => match (exact(source), exact(target)) {
            (Some((whole, scale)), Some((room, kept))) => match (whole <= room, scale <= kept) {
                (false, _) => Holds::Some,
                (true, false) => Holds::Rounded,
                (true, true) => Holds::All,
            },
            // `numeric` without bounds.
            (None, Some((_, _))) => Holds::Some,
            _ => Holds::All,
        },
    }
}

/// Digits of the largest value.
fn integer_digits(pg: PgType) -> Option<i32> {
    match pg {
        PgType::Int2 => Some(5),
        PgType::Int4 => Some(10),
        PgType::Int8 => Some(19),
        _ => None,
    }
}

/// Digits before and behind the point.
fn decimal(pg: PgType) -> Option<(i32, i32)> {
    match pg {
        PgType::Numeric(Some((precision, scale))) => {
            Some((i32::from(precision) - i32::from(scale), i32::from(scale)))
        }
        _ => None,
    }
}

fn of_times(source: PgType, target: PgType) -> Holds {
    use PgType::{Date, Interval, Time, Timestamp, Timestamptz};
    let by_digits = |from: u8, to: u8| if from <= to { Holds::All } else { Holds::Rounded };
    match (source, target) {
        (Timestamp(from), Timestamp(to)) | (Timestamptz(from), Timestamptz(to)) => by_digits(from, to),
        (Time(from), Time(to)) | (Interval(from), Interval(to)) => by_digits(from, to),
        (Date, Timestamp(_)) => Holds::All,
        (Timestamp(_) | Timestamptz(_) | Date, Timestamp(_) | Timestamptz(_) | Date) => Holds::Rounded,
        (PgType::Cidr, PgType::Inet) => Holds::All,
        (PgType::Inet, PgType::Cidr) => Holds::Some,
        _ => Holds::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PgType::*;

    #[test]
    fn pairs_of_types() {
        for (source, target, expected) in [
            (Int4, Int8, Holds::All),
            (Int8, Int4, Holds::Some),
            (Int8, Float8, Holds::Rounded),
            (Int4, Float8, Holds::All),
            (Int8, Numeric(Some((10, 2))), Holds::Some),
            (Int2, Numeric(Some((10, 2))), Holds::All),
            (Numeric(Some((10, 2))), Numeric(Some((12, 2))), Holds::All),
            (Numeric(Some((10, 2))), Numeric(Some((10, 1))), Holds::Rounded),
            (Numeric(Some((10, 2))), Numeric(Some((8, 2))), Holds::Some),
            (Numeric(None), Int8, Holds::Some),
            (Numeric(None), Numeric(Some((8, 2))), Holds::Some),
            (Numeric(Some((10, 2))), Float8, Holds::Rounded),
            (Float8, Float4, Holds::Rounded),
            (Float8, Numeric(None), Holds::All),
            (Text, Varchar(Some(3)), Holds::Some),
            (Varchar(Some(3)), Varchar(Some(5)), Holds::All),
            (Varchar(Some(5)), Varchar(Some(3)), Holds::Some),
            (Varchar(Some(5)), Text, Holds::All),
            (Text, Int4, Holds::None),
            (Text, Jsonb, Holds::Some),
            (Text, Bytea, Holds::None),
            (Json, Jsonb, Holds::Rounded),
            (Jsonb, Text, Holds::All),
            (Bool, Int4, Holds::Some),
            (Timestamp(6), Timestamp(0), Holds::Rounded),
            (Timestamp(6), Timestamptz(6), Holds::Rounded),
            (Date, Timestamp(6), Holds::All),
            (Date, Int4, Holds::None),
            (Uuid, Date, Holds::None),
        ] {
            assert_eq!(of_types(source, target), expected, "{source} into {target}");
        }
    }
}
