//! Arithmetic: on integers of 64 bits and on doubles, as SQLite computes.

use super::compare::flag_as_integer;
use super::held;
use super::literal::{self, Constant};
use super::term::{Binding, Kind, Made, Term};
use super::{Room, made};
use crate::catalog::expr::{BinaryOp, Expr, UnaryOp};
use crate::plan::types::PgType;

/// What happens beyond 64 bits.
const OVERFLOW: &str = "a result beyond 64 bits is an error in PostgreSQL, where SQLite goes on with a REAL";

/// What happens beyond a double.
const FLOAT_RANGE: &str = "a result beyond the range of double precision is an error in PostgreSQL, where SQLite goes on with infinity or zero";

/// Where whole numbers stop being doubles.
pub(super) const BY_DOUBLE: &str = "numbers that are INTEGER in one row and REAL in another are taken as double precision: whole ones are exact up to 2^53";

/// An operand as a number: a flag is 0 or 1, a constant text what SQLite reads of it.
fn operand(room: &Room<'_>, expr: &Expr) -> Made {
    number(made(room, expr)?)
}

/// The term as a number.
///
/// # Errors
/// A text or a BLOB that is no constant.
pub(super) fn number(term: Term) -> Made {
    let term = held::plain(term)?;
    match (&term.kind, &term.constant) {
        (Kind::Flag, _) => Ok(Term { affinity: None, ..flag_as_integer(&term) }),
        (Kind::Text, Some(Constant::Text(text))) => Term::constant(literal::prefix(text)),
        (Kind::Text | Kind::Blob, _) => Err(format!("arithmetic with {}", term.kind.word())),
        _ => Ok(term),
    }
}

/// A sign or `~`.
pub(super) fn unary(room: &Room<'_>, op: UnaryOp, inner: &Expr) -> Made {
    if let (UnaryOp::Minus, Expr::Number(digits)) = (op, inner) {
        return negative(digits);
    }
    if op == UnaryOp::Plus {
        // No operation; but what was a column's affinity is gone.
        return Ok(Term { affinity: None, ..made(room, inner)? });
    }
    let term = operand(room, inner)?;
    match (op, &term.kind, &term.constant) {
        (_, Kind::Null, _) => Term::constant(Constant::Null),
        (UnaryOp::Minus, _, Some(constant)) if negated(constant).is_some() => {
            negated(constant).map_or(Err(OVERFLOW.to_owned()), Term::constant)
        }
        (UnaryOp::Minus, Kind::Integer(_), _) => {
            Ok(Term::of(&[&term], format!("- {}", wide(&term)), Binding::Operator, INTEGER).note(OVERFLOW))
        }
        // SQLite has no zero with a sign here.
        (UnaryOp::Minus, Kind::Real | Kind::Double, _) => {
            Ok(Term::of(&[&term], format!("0 - {}", term.atom()), Binding::Operator, term.kind.clone()))
        }
        (UnaryOp::Minus, Kind::Number, _) => {
            Ok(Term::of(&[&term], format!("- {}", term.atom()), Binding::Operator, Kind::Number))
        }
        (UnaryOp::BitNot, Kind::Integer(_), _) => {
            Ok(Term::of(&[&term], format!("~ {}", wide(&term)), Binding::Operator, INTEGER))
        }
        _ => Err(format!("an operator before {}", term.kind.word())),
    }
}

const INTEGER: Kind = Kind::Integer(PgType::Int8);

/// A number with a minus: the least integer has no positive one.
fn negative(digits: &str) -> Made {
    if digits.replace('_', "") == "9223372036854775808" {
        return Term::constant(Constant::Integer(i64::MIN));
    }
    match negated(&literal::number(digits)?) {
        Some(constant) => Term::constant(constant),
        None => Err(OVERFLOW.to_owned()),
    }
}

fn negated(constant: &Constant) -> Option<Constant> {
    match constant {
        Constant::Integer(value) => {
            Some(value.checked_neg().map_or(Constant::Real(-(*value as f64)), Constant::Integer))
        }
        Constant::Real(value) => Some(Constant::Real(-value)),
        _ => None,
    }
}

/// An integer as `bigint`, so that nothing narrower overflows.
pub(super) fn wide(term: &Term) -> String {
    match term.kind {
        Kind::Integer(PgType::Int8) => term.atom(),
        _ => term.cast("int8"),
    }
}

/// A number as `double precision`; none where SQLite's own double of it could be another one.
pub(super) fn double(term: &Term) -> Option<String> {
    match (&term.kind, &term.constant) {
        (Kind::Real | Kind::Double, _) => Some(term.atom()),
        (Kind::Integer(_), Some(Constant::Integer(value))) => Some(literal::real(*value as f64)),
        (Kind::Integer(_) | Kind::Number, _) => Some(term.cast("float8")),
        _ => None,
    }
}

/// An operator between two numbers.
pub(super) fn binary(room: &Room<'_>, op: BinaryOp, left: &Expr, right: &Expr) -> Made {
    let (left, right) = (operand(room, left)?, operand(room, right)?);
    if left.kind == Kind::Null || right.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    if let (Some(one), Some(other)) = (&left.constant, &right.constant)
        && let Some(value) = folded(op, one, other)
    {
        return Term::constant(value);
    }
    match (&left.kind, &right.kind) {
        (Kind::Integer(_), Kind::Integer(_)) => integers(op, &left, &right),
        (Kind::Real, Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number)
        | (Kind::Integer(_) | Kind::Double | Kind::Number, Kind::Real) => reals(op, &left, &right),
        (Kind::Integer(_) | Kind::Double | Kind::Number, Kind::Integer(_) | Kind::Double | Kind::Number)
            if left.by_double || right.by_double =>
        {
            either(op, &left, &right)
        }
        (Kind::Integer(_) | Kind::Double | Kind::Number, Kind::Integer(_) | Kind::Double | Kind::Number) => {
            // The sum of two INTEGERs is one of 64 bits, that of two REALs is none: only the row would say which.
            Err("arithmetic with a number that is INTEGER or REAL".to_owned())
        }
        (one, Kind::Integer(_) | Kind::Real) => Err(format!("arithmetic with {}", one.word())),
        (_, other) => Err(format!("arithmetic with {}", other.word())),
    }
}

/// Numbers that are INTEGER in one row and REAL in another, where doubles may stand for them. A sum, a difference and a
/// product have the same value either way; a quotient has not.
fn either(op: BinaryOp, left: &Term, right: &Term) -> Made {
    if !matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply) {
        return Err("a quotient of numbers that are INTEGER in one row and REAL in another".to_owned());
    }
    Ok(Term { kind: Kind::Double, ..reals(op, left, right)? }.note(BY_DOUBLE))
}

/// Two constants.
fn folded(op: BinaryOp, one: &Constant, other: &Constant) -> Option<Constant> {
    match (one, other) {
        (Constant::Integer(one), Constant::Integer(other)) => folded_integers(op, *one, *other)
            .map(Constant::Integer)
            .or_else(|| folded_reals(op, *one as f64, *other as f64)),
        (Constant::Integer(one), Constant::Real(other)) => folded_reals(op, *one as f64, *other),
        (Constant::Real(one), Constant::Integer(other)) => folded_reals(op, *one, *other as f64),
        (Constant::Real(one), Constant::Real(other)) => folded_reals(op, *one, *other),
        _ => None,
    }
}

/// Two integers; none where the result is none.
fn folded_integers(op: BinaryOp, one: i64, other: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => one.checked_add(other),
        BinaryOp::Subtract => one.checked_sub(other),
        BinaryOp::Multiply => one.checked_mul(other),
        BinaryOp::Divide => one.checked_div(other),
        BinaryOp::Modulo => Some(if other == -1 { 0 } else { one.checked_rem(other)? }),
        BinaryOp::BitAnd => Some(one & other),
        BinaryOp::BitOr => Some(one | other),
        BinaryOp::ShiftLeft => Some(shifted(one, other)),
        BinaryOp::ShiftRight => Some(shifted(one, other.saturating_neg())),
        _ => None,
    }
}

/// Two doubles, and what integers beyond 64 bits become; what is not a number, and what is divided by 0, is NULL.
fn folded_reals(op: BinaryOp, one: f64, other: f64) -> Option<Constant> {
    let result = match op {
        BinaryOp::Add => one + other,
        BinaryOp::Subtract => one - other,
        BinaryOp::Multiply => one * other,
        BinaryOp::Divide | BinaryOp::Modulo if other == 0.0 => return Some(Constant::Null),
        BinaryOp::Divide => one / other,
        _ => return None,
    };
    Some(if result.is_nan() { Constant::Null } else { Constant::Real(result) })
}

/// SQLite's `<<`: a negative count shifts to the right, and what is shifted out is gone.
fn shifted(value: i64, count: i64) -> i64 {
    match count {
        64.. => 0,
        0.. => value << count,
        -63.. => value >> -count,
        _ => value >> 63,
    }
}

fn integers(op: BinaryOp, left: &Term, right: &Term) -> Made {
    // Of two operands one is wide, and PostgreSQL computes as wide as that one.
    let (l, r) = match (&left.kind, &right.kind) {
        (_, Kind::Integer(PgType::Int8)) => (left.atom(), right.atom()),
        _ => (wide(left), right.atom()),
    };
    let made = |sql: String| Ok(Term::of(&[left, right], sql, Binding::Operator, INTEGER));
    match op {
        BinaryOp::Add => made(format!("{l} + {r}")).map(overflow),
        BinaryOp::Subtract => made(format!("{l} - {r}")).map(overflow),
        BinaryOp::Multiply => made(format!("{l} * {r}")).map(overflow),
        BinaryOp::Divide => divided("/", &l, left, right),
        BinaryOp::Modulo => divided("%", &l, left, right),
        BinaryOp::BitAnd => made(format!("{l} & {r}")),
        BinaryOp::BitOr => made(format!("{l} | {r}")),
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight => shift(op, left, right),
        _ => Err("an operator that is not translated".to_owned()),
    }
}

fn overflow(term: Term) -> Term {
    term.note(OVERFLOW)
}

/// `/` and `%`: by zero is NULL.
fn divided(op: &str, l: &str, left: &Term, right: &Term) -> Made {
    let divisor = right.integer_constant();
    if divisor == Some(0) {
        return Term::constant(Constant::Null);
    }
    let parts = [left, right];
    let sql = match divisor {
        Some(_) => format!("{l} {op} {}", right.atom()),
        None => format!("{l} {op} NULLIF({}, 0)", right.sql),
    };
    let term = Term::of(&parts, sql, Binding::Operator, INTEGER);
    let term = Term { nullable: term.nullable || divisor.is_none(), ..term };
    // Only the least integer by −1 overflows.
    let can_overflow = op == "/" && divisor.is_none_or(|divisor| divisor == -1);
    Ok(if can_overflow { overflow(term) } else { term })
}

/// Shifts by a constant.
fn shift(op: BinaryOp, left: &Term, right: &Term) -> Made {
    let count = right.integer_constant().ok_or("a shift by a count that is not a constant")?;
    let count = if op == BinaryOp::ShiftRight { count.saturating_neg() } else { count };
    let l = wide(left);
    let sql = match count {
        // Nothing is left of it but NULL.
        64.. => format!("{l} & 0"),
        0.. => format!("{l} << {count}"),
        _ => format!("{l} >> {}", count.unsigned_abs().min(63)),
    };
    Ok(Term::of(&[left, right], sql, Binding::Operator, INTEGER))
}

/// Doubles: an integer on the other side becomes one.
fn reals(op: BinaryOp, left: &Term, right: &Term) -> Made {
    let (Some(l), Some(r)) = (double(left), double(right)) else {
        return Err("arithmetic with numbers of these kinds".to_owned());
    };
    let parts = [left, right];
    let made = |sql: String| Term::of(&parts, sql, Binding::Operator, Kind::Real).note(FLOAT_RANGE);
    let finite = [left, right].iter().any(|term| is_finite(term, op));
    match op {
        BinaryOp::Add => Ok(number_or_null(made(format!("{l} + {r}")), finite)),
        BinaryOp::Subtract => Ok(number_or_null(made(format!("{l} - {r}")), finite)),
        BinaryOp::Multiply => Ok(number_or_null(made(format!("{l} * {r}")), finite)),
        BinaryOp::Divide => {
            let by_zero = !is_finite(right, BinaryOp::Multiply);
            let r = if by_zero { format!("NULLIF({r}, 0)") } else { r };
            let term = made(format!("{l} / {r}"));
            Ok(number_or_null(Term { nullable: term.nullable || by_zero, ..term }, finite))
        }
        _ => {
            Err("an operator on bits or a remainder with a REAL, of which SQLite takes the integer"
                .to_owned())
        }
    }
}

/// A constant that keeps a result from being undefined: finite, and for a product not 0.
fn is_finite(term: &Term, op: BinaryOp) -> bool {
    let value = match &term.constant {
        Some(Constant::Integer(value)) => *value as f64,
        Some(Constant::Real(value)) => *value,
        _ => return false,
    };
    value.is_finite() && (value != 0.0 || matches!(op, BinaryOp::Add | BinaryOp::Subtract))
}

/// What is not a number (infinity less infinity) is NULL in SQLite.
fn number_or_null(term: Term, finite: bool) -> Term {
    if finite {
        return term;
    }
    let sql = format!("NULLIF({}, 'NaN'::pg_catalog.float8)", term.sql);
    Term { nullable: true, ..Term::call(&[&term], sql, term.kind.clone()) }
}
