//! Arithmetic that goes beyond 64 bits, or beyond a double, for rows that are there: SQLite goes on with a REAL, PostgreSQL
//! refuses the row. Such a CHECK, index or generated column would only fail once all rows are there, so it is not made.
//!
//! Bounds are those of the columns' values, carried through the expression. How near to 0 a REAL comes is not measured: a
//! quotient by one may be anything, and products too small for a double are not foreseen.

use crate::catalog::Table;
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{BinaryOp, Call, Expr, UnaryOp};
use crate::catalog::profile::TableProfile;

/// What the numbers of an expression lie within.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bounds {
    /// of its INTEGERs; none where it has none
    integer: Option<(i128, i128)>,
    /// of its REALs, without their sign
    real: Option<f64>,
}

/// A result that some row may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beyond;

type Found = Result<Bounds, Beyond>;

const SMALLEST: i128 = i64::MIN as i128;
const LARGEST: i128 = i64::MAX as i128;
/// Longer than any text, later than any date of SQLite (year 9999, in seconds).
const COUNT_MAX: i128 = 1 << 40;
/// Later than any date of SQLite, in days of the Julian calendar.
const JULIAN_MAX: f64 = 1e7;

/// Why an expression with arithmetic might not be computed in the target for every row that is there.
pub(super) fn reason(table: &Table, profile: &TableProfile, expr: &Expr) -> Option<String> {
    let known = Known { table, profile };
    known.bounds(expr).err().map(|Beyond| {
        "with the values that are there, its arithmetic may go beyond 64 bits or a double, where SQLite goes on with a REAL and PostgreSQL refuses the row"
            .to_owned()
    })
}

struct Known<'a> {
    table: &'a Table,
    profile: &'a TableProfile,
}

impl Known<'_> {
    fn bounds(&self, expr: &Expr) -> Found {
        match expr {
            Expr::Null | Expr::Blob(_) | Expr::Moment(_) => Ok(Bounds::default()),
            Expr::Number(digits) => Ok(number(digits)),
            Expr::Name { name, .. } => Ok(self.column(name)),
            Expr::Unary(UnaryOp::Minus, inner) if is_least(inner) => Ok(Bounds::integers(SMALLEST, SMALLEST)),
            Expr::Unary(UnaryOp::Minus, inner) => Bounds::integers(0, 0).plus(self.bounds(inner)?.negated()),
            Expr::Unary(UnaryOp::Plus, inner) | Expr::Collate(inner, _) => self.bounds(inner),
            Expr::Unary(UnaryOp::BitNot, inner) => self.each(&[inner], Bounds::integers(SMALLEST, LARGEST)),
            Expr::Binary(BinaryOp::Divide, left, right) => {
                quotient(self.bounds(left)?, self.bounds(right)?, right)
            }
            Expr::Binary(op, left, right) => computed(*op, self.bounds(left)?, self.bounds(right)?),
            Expr::Unary(UnaryOp::Not, inner) | Expr::IsNull { operand: inner, .. } => {
                self.each(&[inner], Bounds::TRUTH)
            }
            Expr::Between { operand, low, high, .. } => self.each(&[operand, low, high], Bounds::TRUTH),
            Expr::Like { operand, pattern, .. } => self.each(&[operand, pattern], Bounds::TRUTH),
            Expr::In { operand, list, .. } => {
                let parts: Vec<&Expr> = std::iter::once(&**operand).chain(list).collect();
                self.each(&parts, Bounds::TRUTH)
            }
            Expr::Case { operand, arms, otherwise } => {
                let tests: Vec<&Expr> =
                    operand.iter().map(|of| &**of).chain(arms.iter().map(|(when, _)| when)).collect();
                let results = arms.iter().map(|(_, then)| then).chain(otherwise.iter().map(|of| &**of));
                self.each(&tests, Bounds::default())?;
                self.any(results)
            }
            Expr::Cast { operand, declared } => Ok(self.bounds(operand)?.cast(declared)),
            Expr::Call(call) => self.call(call),
            Expr::Text(_)
            | Expr::Exists(_)
            | Expr::Subquery(_)
            | Expr::InSelect { .. }
            | Expr::Row(_)
            | Expr::Other(_) => Ok(Bounds::ALL),
        }
    }

    fn column(&self, name: &str) -> Bounds {
        match self.table.column_index(name) {
            Some(column) => {
                let of = &self.profile.columns[column];
                let real = of.real_range.map(|(low, high)| low.abs().max(high.abs()));
                let real = if of.reals_infinite > 0 { Some(f64::INFINITY) } else { real };
                Bounds { integer: of.integer_range.map(|(low, high)| (low.into(), high.into())), real }
            }
            None => Bounds::TRUTH,
        }
    }

    /// `result`, if each of the parts can be computed.
    fn each(&self, parts: &[&Expr], result: Bounds) -> Found {
        parts.iter().try_for_each(|part| self.bounds(part).map(drop))?;
        Ok(result)
    }

    /// One of them.
    fn any<'e>(&self, mut parts: impl Iterator<Item = &'e Expr>) -> Found {
        parts.try_fold(Bounds::default(), |all, part| Ok(all.or(self.bounds(part)?)))
    }

    fn call(&self, call: &Call) -> Found {
        let one = self.any(call.arguments.iter())?;
        Ok(match call.name.as_str() {
            "length" | "octet_length" | "instr" | "unicode" | "unixepoch" => {
                Bounds::integers(-COUNT_MAX, COUNT_MAX)
            }
            "julianday" => Bounds { integer: None, real: Some(JULIAN_MAX) },
            "sign" => Bounds::integers(-1, 1),
            "abs" => one.or(one.negated()),
            "round" | "ceil" | "ceiling" | "floor" | "trunc" | "min" | "max" | "coalesce" | "ifnull"
            | "nullif" | "iif" | "likely" | "unlikely" => one,
            _ => Bounds::ALL,
        })
    }
}

impl Bounds {
    const TRUTH: Self = Self::integers(0, 1);
    const ALL: Self = Self { integer: Some((SMALLEST, LARGEST)), real: Some(f64::INFINITY) };

    const fn integers(low: i128, high: i128) -> Self {
        Self { integer: Some((low, high)), real: None }
    }

    fn or(self, other: Self) -> Self {
        let integer = match (self.integer, other.integer) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        let real = match (self.real, other.real) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        Self { integer, real }
    }

    fn negated(self) -> Self {
        Self { integer: self.integer.map(|(low, high)| (-high, -low)), ..self }
    }

    /// The largest as a double, without its sign.
    fn magnitude(self) -> f64 {
        let integer =
            self.integer.map_or(0.0, |(low, high)| low.unsigned_abs().max(high.unsigned_abs()) as f64);
        self.real.map_or(integer, |real| real.max(integer))
    }

    /// The corners of what two ranges of integers make, and what two doubles make where either is one.
    fn combined(
        self,
        other: Self,
        integers: impl Fn(i128, i128) -> i128,
        reals: impl Fn(f64, f64) -> f64,
    ) -> Found {
        let integer = match (self.integer, other.integer) {
            (Some((a, b)), Some((c, d))) => {
                let corners = [integers(a, c), integers(a, d), integers(b, c), integers(b, d)];
                let (low, high) = corners
                    .iter()
                    .fold((i128::MAX, i128::MIN), |(low, high), &corner| (low.min(corner), high.max(corner)));
                if low < SMALLEST || high > LARGEST {
                    return Err(Beyond);
                }
                Some((low, high))
            }
            _ => None,
        };
        if self.real.is_none() && other.real.is_none() {
            return Ok(Self { integer, real: None });
        }
        let real = reals(self.magnitude(), other.magnitude());
        if real.is_finite() { Ok(Self { integer, real: Some(real) }) } else { Err(Beyond) }
    }

    fn plus(self, other: Self) -> Found {
        self.combined(other, |a, b| a + b, |a, b| a + b)
    }

    fn cast(self, declared: &str) -> Self {
        /// 2^63
        const END: f64 = 9_223_372_036_854_775_808.0;
        match Affinity::of(declared, false) {
            Affinity::Integer if self.magnitude() < END && self != Self::default() => {
                let cut = self.real.map_or(0, |real| real as i128);
                Self::integers(-cut, cut).or(Self { real: None, ..self })
            }
            Affinity::Integer => Self::integers(SMALLEST, LARGEST),
            Affinity::Real if self != Self::default() => Self { integer: None, real: Some(self.magnitude()) },
            Affinity::Numeric if self != Self::default() => self,
            Affinity::Real | Affinity::Numeric => Self::ALL,
            _ => Self::default(),
        }
    }
}

fn number(digits: &str) -> Bounds {
    let plain = digits.replace('_', "");
    match (plain.parse::<i64>(), plain.parse::<f64>()) {
        (Ok(value), _) => Bounds::integers(value.into(), value.into()),
        (_, Ok(value)) => Bounds { integer: None, real: Some(value.abs()) },
        _ => Bounds::integers(SMALLEST, LARGEST),
    }
}

/// The least integer is written as a number beyond the largest one, behind a minus.
fn is_least(inner: &Expr) -> bool {
    matches!(inner, Expr::Number(digits) if digits.replace('_', "") == "9223372036854775808")
}

fn computed(op: BinaryOp, left: Bounds, right: Bounds) -> Found {
    match op {
        BinaryOp::Add => left.plus(right),
        BinaryOp::Subtract => left.plus(right.negated()),
        BinaryOp::Multiply => left.combined(right, |a, b| a * b, |a, b| a * b),
        BinaryOp::Modulo => Ok(left.or(left.negated()).or(Bounds::integers(0, 0))),
        BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::ShiftLeft | BinaryOp::ShiftRight => {
            Ok(Bounds::integers(SMALLEST, LARGEST))
        }
        BinaryOp::Concat => Ok(Bounds::default()),
        BinaryOp::Arrow | BinaryOp::DoubleArrow => Ok(Bounds::ALL),
        _ => Ok(Bounds::TRUTH),
    }
}

/// Of integers, only the least one by −1 is beyond. By a REAL that is no constant it may be anything: how near to 0 the
/// column's values come is not known.
fn quotient(left: Bounds, right: Bounds, divisor: &Expr) -> Found {
    let least = left.integer.is_some_and(|(low, _)| low == SMALLEST);
    let by_minus_one = right.integer.is_some_and(|(low, high)| low <= -1 && high >= -1);
    let by = match (right.real, divisor) {
        (None, _) => 1.0,
        (Some(real), Expr::Number(_)) if real > 0.0 => real,
        _ => return Err(Beyond),
    };
    let real = (left.real.is_some() || right.real.is_some()).then(|| left.magnitude() / by);
    if (least && by_minus_one) || real.is_some_and(|real| !real.is_finite()) {
        return Err(Beyond);
    }
    Ok(Bounds { integer: left.integer, real }.or(left.negated()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Column;
    use crate::catalog::profile::ColumnProfile;
    use crate::catalog::read;

    #[test]
    fn arithmetic_beyond_the_values_that_are_there() {
        let table = Table {
            columns: ["small", "large", "r", "least"]
                .map(|name| Column { name: name.to_owned(), ..Column::default() })
                .to_vec(),
            ..Table::default()
        };
        let integers =
            |low, high| ColumnProfile { integer_range: Some((low, high)), ..ColumnProfile::default() };
        let real = ColumnProfile { real_range: Some((-1e200, 3.0)), ..ColumnProfile::default() };
        let columns =
            vec![integers(-5, 1_000_000), integers(0, i64::MAX), real, integers(i64::MIN, i64::MIN)];
        let profile = TableProfile { columns, ..TableProfile::default() };
        for (text, is_beyond) in [
            ("small + 1 > 0", false),
            ("small * small * small", false),
            ("small * small * small * small", true),
            ("large + 1", true),
            ("large - 1", false),
            ("-large", false),
            ("large - small", true),
            ("-least", true),
            ("small + -9223372036854775808", true),
            ("least / -1", true),
            ("least / small", true),
            ("least / 2", false),
            ("large * 1.5", false),
            ("r * 2", false),
            ("r * r > 5", true),
            ("small / r", true),
            ("r / 2.5", false),
            ("r / 1e-200", true),
            ("1.5 / small", false),
            ("1 IN (2, large * 2)", true),
            ("CASE WHEN large > 5 THEN small ELSE 1 END + 1", false),
            ("CASE WHEN large * 2 > 5 THEN 1 END", true),
            ("length(small) + 1", false),
            ("abs(least) + 1", true),
            ("CAST(r AS INTEGER) + 1", true),
            ("CAST(small AS INTEGER) + 1", false),
            ("nobody_knows(small) + 1", true),
            ("large > 5 AND (small = 1) + 1", false),
        ] {
            let expr = read::expression(text).unwrap();
            assert_eq!(reason(&table, &profile, &expr).is_some(), is_beyond, "{text}");
        }
    }
}
