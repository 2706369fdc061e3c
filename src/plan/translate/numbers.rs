//! Functions of numbers.

use super::arithmetic::{double, number, wide};
use super::case::{first_collation, unified};
use super::compare;
use super::functions::wrong_arguments;
use super::literal::Constant;
use super::term::{Binding, Kind, Made, Term};
use crate::plan::types::PgType;

const INTEGER: Kind = Kind::Integer(PgType::Int8);

/// A function of numbers; none where the name is not one of them.
pub(super) fn call(name: &str, arguments: &[Term]) -> Option<Made> {
    Some(match (name, arguments) {
        ("abs", [x]) => abs(x),
        ("sign", [x]) => sign(x),
        ("round", [x]) => round(x, None),
        ("round", [x, digits]) => round(x, Some(digits)),
        ("ceil" | "ceiling", [x]) => whole("ceil", x),
        ("floor" | "trunc", [x]) => whole(name, x),
        ("min", [_, _, ..]) => extreme("LEAST", arguments),
        ("max", [_, _, ..]) => extreme("GREATEST", arguments),
        ("abs" | "sign" | "round" | "ceil" | "ceiling" | "floor" | "trunc", _) => Err(wrong_arguments(name)),
        _ => return None,
    })
}

/// abs(): of the least integer it is an error on both sides.
fn abs(x: &Term) -> Made {
    let x = number(x.clone())?;
    let (argument, kind) = match &x.kind {
        Kind::Null => return Term::constant(Constant::Null),
        Kind::Integer(_) => (wide(&x), INTEGER),
        kind => (x.sql.clone(), kind.clone()),
    };
    Ok(Term::call(&[&x], format!("pg_catalog.abs({argument})"), kind))
}

/// sign(): −1, 0 or 1, as an INTEGER.
fn sign(x: &Term) -> Made {
    if matches!(x.kind, Kind::Text) {
        return Err("sign() of a TEXT".to_owned());
    }
    let x = number(x.clone())?;
    if x.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    let argument = if matches!(x.kind, Kind::Integer(_)) { x.cast("numeric") } else { x.sql.clone() };
    let sql = format!("pg_catalog.sign({argument})::pg_catalog.int4");
    Ok(Term::call(&[&x], sql, Kind::Integer(PgType::Int4)))
}

/// ceil(), floor(), trunc(): an INTEGER stays one.
fn whole(function: &str, x: &Term) -> Made {
    let x = number(x.clone())?;
    match &x.kind {
        Kind::Null => Term::constant(Constant::Null),
        Kind::Integer(_) => Ok(x),
        // A zero with a sign is one without.
        Kind::Real => Ok(Term::of(
            &[&x],
            format!("pg_catalog.{function}({}) + 0", x.sql),
            Binding::Operator,
            Kind::Real,
        )),
        kind => Err(format!("{function}() of {}", kind.word())),
    }
}

/// round(): half away from zero, as SQLite computes it: the double and a half, cut. Beyond 2^52 nothing is left to round.
fn round(x: &Term, digits: Option<&Term>) -> Made {
    let x = number(x.clone())?;
    let digits = match digits.map(|digits| (digits.integer_constant(), &digits.kind)) {
        None => 0,
        Some((_, Kind::Null)) => return Term::constant(Constant::Null),
        Some((Some(digits), _)) => digits.max(0),
        Some(_) => return Err("round() to a number of digits that is not a constant".to_owned()),
    };
    let is_whole = matches!(x.kind, Kind::Integer(_));
    match (&x.kind, double(&x)) {
        (Kind::Null, _) => Term::constant(Constant::Null),
        (_, Some(value)) if is_whole => Ok(Term::call(&[&x], value, Kind::Real)),
        (_, Some(value)) if digits == 0 => {
            let half = format!("CASE WHEN {value} < 0 THEN -0.5 ELSE 0.5 END");
            let sql = format!(
                "CASE WHEN pg_catalog.abs({value}) > 4503599627370496 THEN {value} \
                 ELSE pg_catalog.trunc({value} + {half}) + 0 END"
            );
            Ok(Term::of(&[&x], sql, Binding::Operator, Kind::Real))
        }
        (_, Some(_)) => Err("round() to digits, whose ties depend on SQLite's version".to_owned()),
        _ => Err(format!("round() of {}", x.kind.word())),
    }
}

/// min() and max() of several arguments: NULL where one of them is, by the first collation that an argument has.
fn extreme(function: &str, arguments: &[Term]) -> Made {
    if arguments.iter().any(|term| term.kind == Kind::Null) {
        return Term::constant(Constant::Null);
    }
    let collation = first_collation(&arguments.iter().collect::<Vec<_>>());
    let (kind, values) = unified(arguments.to_vec())?;
    let name = collation.map_or("BINARY".to_owned(), |collation| collation.name);
    let keys: Vec<String> = match &kind {
        Kind::Text if name.is_empty() || name == "BINARY" => {
            values.iter().map(|value| compare::text_key(value, "BINARY")).collect::<Result<_, _>>()?
        }
        Kind::Text => return Err(format!("min() or max() by the collation {name}")),
        Kind::Held(mapping) if !super::held::keeps_order(mapping) => {
            return Err(format!("min() or max() of {}", kind.word()));
        }
        Kind::Mixed(_) => {
            return Err(format!("min() or max() of {}", kind.word()));
        }
        _ => values.iter().map(|value| value.sql.clone()).collect(),
    };
    let sql = format!("{function}({})", keys.join(", "));
    let parts: Vec<&Term> = values.iter().collect();
    let present: Vec<String> = values.iter().filter_map(Term::presence).collect();
    if present.is_empty() {
        return Ok(Term::call(&parts, sql, kind));
    }
    let sql = format!("CASE WHEN {} THEN {sql} END", present.join(" AND "));
    Ok(Term::of(&parts, sql, Binding::Operator, kind))
}
