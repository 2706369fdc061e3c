//! Single cells of a query's result, from either side, in a form that can be held and compared: what is computed in floating
//! point is no longer equal to the last bit, so that a digest over rows would not do.

use super::hash::table_key;
use super::number::Wire;
use super::row::RowHasher;
use crate::limits::{NUMBERS_APART, NUMBERS_APART_ABSOLUTE};
use crate::plan::types::{Mapping, PgType};
use crate::value::Value;
use std::cmp::Ordering;

/// How the cells of one column are to be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// the target's type, and in which form the source holds such values
    pub mapping: Mapping,
    /// numbers are computed, and may differ by rounding
    pub approximate: bool,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// `NULL`
    Null,
    /// 64 bits of a hash over its canonical form
    Exact(u64),
    /// a whole number of an approximate column
    Whole(i64),
    /// any other number of such a column
    Real(f64),
}

impl Cell {
    /// Whether both mean the same.
    pub fn is_same(self, other: Cell) -> bool {
        match (self.number(), other.number()) {
            // Whole numbers are counted, not rounded.
            _ if matches!((self, other), (Cell::Whole(_), Cell::Whole(_))) => self == other,
            (Some(one), Some(two)) => is_near(one, two),
            _ => self == other,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Cell::Whole(whole) => Some(whole as f64),
            Cell::Real(real) => Some(real),
            Cell::Null | Cell::Exact(_) => None,
        }
    }

    fn rank(self) -> (u8, u64) {
        match self {
            Cell::Null => (0, 0),
            Cell::Exact(hash) => (1, hash),
            Cell::Whole(_) | Cell::Real(_) => (2, 0),
        }
    }

    /// An order in which cells that mean the same are equal.
    pub fn order(self, other: Cell) -> Ordering {
        if self.is_same(other) {
            return Ordering::Equal;
        }
        let numbers = || Some(self.number()?.total_cmp(&other.number()?));
        self.rank().cmp(&other.rank()).then_with(|| numbers().unwrap_or(Ordering::Equal))
    }
}

fn is_near(one: f64, two: f64) -> bool {
    let apart = (one - two).abs();
    one == two || apart <= NUMBERS_APART_ABSOLUTE || apart <= NUMBERS_APART * one.abs().max(two.abs())
}

/// Makes cells.
#[derive(Debug)]
pub struct CellReader {
    hasher: RowHasher,
    text: Vec<u8>,
}

impl Default for CellReader {
    fn default() -> CellReader {
        CellReader { hasher: RowHasher::new(table_key("a query's cell", 1)), text: Vec::new() }
    }
}

impl CellReader {
    /// A cell of the source.
    pub fn source(&mut self, value: Value<'_>, meaning: &Meaning) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Integer(integer) if meaning.approximate => Cell::Whole(integer),
            Value::Real(real) if meaning.approximate => Cell::Real(real),
            value => {
                self.hasher.source_value(value, &meaning.mapping);
                self.hash()
            }
        }
    }

    /// A cell of the target: a field in binary, `None` for NULL.
    pub fn target(&mut self, field: Option<&[u8]>, meaning: &Meaning) -> Cell {
        let Some(bytes) = field else { return Cell::Null };
        let number = if meaning.approximate { self.number(bytes, meaning.mapping.pg) } else { None };
        number.unwrap_or_else(|| {
            self.hasher.target_field(field, &meaning.mapping);
            self.hash()
        })
    }

    fn hash(&mut self) -> Cell {
        let hash = self.hasher.finish();
        Cell::Exact(hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }

    fn number(&mut self, field: &[u8], pg: PgType) -> Option<Cell> {
        Some(match pg {
            PgType::Int2 => Cell::Whole(i16::from_be_bytes(field.try_into().ok()?).into()),
            PgType::Int4 => Cell::Whole(i32::from_be_bytes(field.try_into().ok()?).into()),
            PgType::Int8 => Cell::Whole(i64::from_be_bytes(field.try_into().ok()?)),
            PgType::Float4 => Cell::Real(f32::from_be_bytes(field.try_into().ok()?).into()),
            PgType::Float8 => Cell::Real(f64::from_be_bytes(field.try_into().ok()?)),
            PgType::Numeric(_) => {
                let wire = Wire::parse(field)?;
                match wire.integer() {
                    Some(integer) => Cell::Whole(integer),
                    None => Cell::Real(wire.real(&mut self.text)?),
                }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::types::Codec;

    #[test]
    fn numbers_that_were_computed_may_differ_by_rounding_only() {
        let sum = 0.1 + 0.2;
        assert!(Cell::Real(sum).is_same(Cell::Real(0.3)));
        assert!(Cell::Real(5.0).is_same(Cell::Whole(5)));
        assert!(Cell::Real(1e-17).is_same(Cell::Whole(0)));
        assert!(!Cell::Real(0.3).is_same(Cell::Real(0.300_001)));
        assert!(!Cell::Whole(10_000_000_001).is_same(Cell::Whole(10_000_000_002)));
        assert!(!Cell::Null.is_same(Cell::Whole(0)) && Cell::Null.is_same(Cell::Null));
        assert_eq!(Cell::Real(sum).order(Cell::Real(0.3)), Ordering::Equal);
        assert_eq!(Cell::Whole(2).order(Cell::Real(2.5)), Ordering::Less);
    }

    #[test]
    fn both_sides_of_a_value_are_one_cell() {
        let meaning = |pg, codec, approximate| Meaning { mapping: Mapping { pg, codec }, approximate };
        let mut reader = CellReader::default();
        let flag = meaning(PgType::Bool, Codec::Bool, false);
        assert_eq!(reader.source(Value::Integer(1), &flag), reader.target(Some(&[1]), &flag));
        assert_ne!(reader.source(Value::Integer(0), &flag), reader.target(Some(&[1]), &flag));
        let json = meaning(PgType::Jsonb, Codec::Jsonb, false);
        let spelled = reader.source(Value::Text(b"{\"b\": 1.0, \"a\": [ ]}"), &json);
        assert_eq!(spelled, reader.target(Some(b"\x01{\"a\": [], \"b\": 1}"), &json));
        let count = meaning(PgType::Int8, Codec::NumberByValue, true);
        assert_eq!(
            reader.source(Value::Integer(7), &count),
            reader.target(Some(&7i64.to_be_bytes()), &count)
        );
        assert_eq!(reader.target(None, &count), Cell::Null);
    }
}
