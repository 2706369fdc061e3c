//! Functions of numbers.

use super::arithmetic::{double, number, wide};
use super::case::{first_collation, unified};
use super::compare;
use super::functions::wrong_arguments;
use super::literal::{self, Constant};
use super::term::{Binding, Collation, Kind, Made, Term};
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

/// What abs() is of one number.
const LEAST: &str = "abs() of the least integer of 64 bits is an error in PostgreSQL, as it is in SQLite";

/// abs(): of the least integer it is an error on both sides.
fn abs(x: &Term) -> Made {
    // Of a TEXT it is a REAL, whatever number the text begins with.
    let is_text = x.text_constant().is_some();
    let x = number(x.clone())?;
    match x.constant {
        Some(Constant::Integer(value)) if is_text => {
            return Term::computed(&[&x], Constant::Real((value as f64).abs()));
        }
        Some(Constant::Integer(value)) if value != i64::MIN => {
            return Term::computed(&[&x], Constant::Integer(value.abs()));
        }
        Some(Constant::Real(value)) => return Term::computed(&[&x], Constant::Real(value.abs())),
        _ => {}
    }
    let (argument, kind) = match &x.kind {
        Kind::Null => return Term::constant(Constant::Null),
        Kind::Integer(_) => (wide(&x), INTEGER),
        kind => (x.sql.clone(), kind.clone()),
    };
    let made = Term::call(&[&x], format!("pg_catalog.abs({argument})"), kind);
    Ok(if matches!(x.kind, Kind::Integer(_)) { made.note(LEAST) } else { made })
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
    if x.kind == Kind::Text {
        return Err(format!("{function}() of a TEXT"));
    }
    let x = number(x.clone())?;
    if let Some(Constant::Real(value)) = x.constant {
        let whole = match function {
            "ceil" => value.ceil(),
            "floor" => value.floor(),
            _ => value.trunc(),
        };
        return Term::computed(&[&x], Constant::Real(whole + 0.0));
    }
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
        (_, Some(_)) if digits == 0 && constant_round(&x).is_some() => {
            Term::computed(&[&x], constant_round(&x).unwrap_or(Constant::Null))
        }
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

/// round() of a constant.
fn constant_round(x: &Term) -> Option<Constant> {
    const NOTHING_TO_ROUND: f64 = 4_503_599_627_370_496.0;
    match x.constant {
        Some(Constant::Integer(value)) => Some(Constant::Real(value as f64)),
        Some(Constant::Real(value)) if value.abs() > NOTHING_TO_ROUND => Some(Constant::Real(value)),
        Some(Constant::Real(value)) => {
            let half = if value < 0.0 { -0.5 } else { 0.5 };
            Some(Constant::Real((value + half).trunc() + 0.0))
        }
        _ => None,
    }
}

/// min() and max() of several arguments: NULL where one of them is, by the first collation that an argument has.
fn extreme(function: &str, arguments: &[Term]) -> Made {
    if arguments.iter().any(|term| term.kind == Kind::Null) {
        return Term::constant(Constant::Null);
    }
    let collation = first_collation(&arguments.iter().collect::<Vec<_>>());
    if let Some(term) = constant_extreme(function, arguments, collation.as_ref()) {
        return term;
    }
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
    let by_bytes = |term: Term| if kind == Kind::Text { term.of_encoding() } else { term };
    let present: Vec<String> = values.iter().filter_map(Term::presence).collect();
    if present.is_empty() {
        return Ok(by_bytes(Term::call(&parts, sql, kind.clone())));
    }
    let sql = format!("CASE WHEN {} THEN {sql} END", present.join(" AND "));
    Ok(by_bytes(Term::of(&parts, sql, Binding::Operator, kind.clone())))
}

/// Of constants of one class the one that SQLite takes: of equal ones the first for max(), the last for min().
fn constant_extreme(function: &str, arguments: &[Term], collation: Option<&Collation>) -> Option<Made> {
    let is_binary = collation.is_none_or(|collation| matches!(collation.name.as_str(), "" | "BINARY"));
    let constants: Vec<&Constant> = arguments.iter().filter_map(|term| term.constant.as_ref()).collect();
    if !is_binary || constants.len() < arguments.len() {
        return None;
    }
    let (first, rest) = constants.split_first()?;
    let mut best = *first;
    for one in rest {
        let order = match (best, *one) {
            (Constant::Text(best), Constant::Text(one)) => best.as_bytes().cmp(one.as_bytes()),
            (Constant::Blob(best), Constant::Blob(one)) => best.cmp(one),
            (best, one) => literal::order(best, one)?,
        };
        let is_taken = if function == "LEAST" { order.is_ge() } else { order.is_lt() };
        best = if is_taken { one } else { best };
    }
    let is_plain = constants.iter().all(|one| !matches!(one, Constant::Text(text) if !text.is_ascii()));
    let parts: Vec<&Term> = arguments.iter().collect();
    let made = Term::computed(&parts, best.clone());
    Some(made.map(|term| if is_plain { term } else { term.of_encoding() }))
}
