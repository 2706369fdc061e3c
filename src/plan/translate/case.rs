//! CASE, COALESCE and their relatives: several values of which one is given, which must all be of one kind.

use super::compare::{self, Op, Pair, flag_as_integer};
use super::held;
use super::literal::{self, Constant, DOUBLE_INTEGER_MAX};
use super::term::{Binding, Collation, Kind, Made, Term};
use super::{Reason, Room, logic, made};
use crate::catalog::expr::Expr;
use crate::plan::types::PgType;

/// CASE.
pub(super) fn case(
    room: &Room<'_>,
    operand: Option<&Expr>,
    arms: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
) -> Made {
    let operand = operand.map(|operand| made(room, operand)).transpose()?;
    let mut whens = Vec::new();
    let mut values = Vec::new();
    for (when, then) in arms {
        whens.push(match &operand {
            Some(operand) => compare::compare(Op::Eq, operand, &made(room, when)?)?,
            None => logic::condition(room, when)?,
        });
        values.push(made(room, then)?);
    }
    values.extend(otherwise.map(|otherwise| made(room, otherwise)).transpose()?);
    chosen(&whens, values)
}

/// iif().
pub(super) fn iif(arguments: Vec<Term>) -> Made {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next()) {
        (Some(when), Some(then)) => {
            chosen(&[logic::truth(when)?], std::iter::once(then).chain(arguments).collect())
        }
        _ => Err("iif() with these arguments".to_owned()),
    }
}

/// `CASE WHEN … THEN … ELSE … END`; one value more than conditions is the ELSE.
pub(super) fn chosen(whens: &[Term], values: Vec<Term>) -> Made {
    let (kind, values) = unified(values)?;
    let mut sql = String::from("CASE");
    for (when, then) in whens.iter().zip(&values) {
        sql.push_str(&format!(" WHEN {} THEN {}", when.sql, then.sql));
    }
    if let Some(otherwise) = values.get(whens.len()) {
        sql.push_str(&format!(" ELSE {}", otherwise.sql));
    }
    sql.push_str(" END");
    let parts: Vec<&Term> = whens.iter().zip(&values).flat_map(|(when, then)| [when, then]).collect();
    let parts: Vec<&Term> = parts.into_iter().chain(values.get(whens.len())).collect();
    let nullable = values.len() == whens.len() || values.iter().any(|value| value.nullable);
    let term = Term::of(&parts, sql, Binding::Operator, kind);
    // Of a condition that needs no row PostgreSQL keeps one value, which may be a constant.
    let precomputed = term.precomputed || whens.iter().any(|when| !when.of_row);
    Ok(Term { nullable, precomputed, ..term })
}

/// coalesce(), ifnull().
pub(super) fn coalesce(arguments: Vec<Term>) -> Made {
    if arguments.len() < 2 {
        return Err("coalesce() of one argument".to_owned());
    }
    // PostgreSQL leaves out what is never reached, too, and so sees that what is left is a constant.
    let reached = arguments.iter().position(|term| !term.nullable).map_or(arguments.len(), |at| at + 1);
    if let (1, [first, ..]) = (reached, arguments.as_slice()) {
        return Ok(first.as_result(&arguments.iter().collect::<Vec<_>>()));
    }
    let (kind, values) = unified(arguments)?;
    let sql: Vec<&str> = values.iter().map(|value| value.sql.as_str()).collect();
    let parts: Vec<&Term> = values.iter().collect();
    let nullable = values.iter().all(|value| value.nullable);
    Ok(Term { nullable, ..Term::call(&parts, format!("COALESCE({})", sql.join(", ")), kind) })
}

/// nullif(): by the first collation that an argument has, and without any affinity.
pub(super) fn nullif(arguments: Vec<Term>) -> Made {
    let [left, right] = <[Term; 2]>::try_from(arguments).map_err(|_| "nullif() with these arguments")?;
    let collation = first_collation(&[&left, &right]);
    let bare = |term: &Term| Term { affinity: None, collation: collation.clone(), ..term.clone() };
    let (pair, rests) = compare::pair(false, &bare(&left), &bare(&right))?;
    let sql = match &pair {
        // Of two types NULLIF gives the wider one.
        Pair::Same(l, r) if *l == left.at(Binding::Operator) && left.kind == right.kind => {
            format!("NULLIF({l}, {r})")
        }
        Pair::Same(l, r) => format!("CASE WHEN {l} = {r} THEN NULL ELSE {} END", left.sql),
        Pair::Decided(order) if order.is_eq() => "NULL".to_owned(),
        Pair::Decided(_) | Pair::Null => return Ok(left.as_result(&[&left, &right])),
        Pair::Mixed(..) => return Err("nullif() of an INTEGER and a REAL".to_owned()),
    };
    let term = Term::of(&[&left, &right], sql, Binding::Operator, left.kind.clone());
    Ok(Term { nullable: true, ..rests.mark(term) })
}

/// The collation of a function that compares: the first that an argument has.
pub(super) fn first_collation(arguments: &[&Term]) -> Option<Collation> {
    let found = arguments.iter().find_map(|term| term.collation.clone());
    found.map(|collation| Collation { explicit: true, ..collation })
}

/// The terms as one kind, in which SQLite's value of each is still to be told.
///
/// # Errors
/// Values of more than one class.
pub(super) fn unified(terms: Vec<Term>) -> Result<(Kind, Vec<Term>), Reason> {
    let first = terms.iter().map(|term| &term.kind).find(|kind| **kind != Kind::Null).cloned();
    let Some(first) = first else { return Ok((Kind::Null, terms)) };
    if terms.iter().all(|term| term.kind == first || term.kind == Kind::Null) {
        return Ok((first, terms));
    }
    let terms: Vec<Term> = terms.into_iter().map(held::plain).collect::<Result<_, _>>()?;
    let all = |test: &dyn Fn(&Term) -> bool| terms.iter().all(|term| term.kind == Kind::Null || test(term));
    if all(&|term| term.kind == Kind::Flag || matches!(term.integer_constant(), Some(0 | 1))) {
        return Ok((Kind::Flag, terms.into_iter().map(as_flag).collect()));
    }
    if all(&|term| matches!(term.kind, Kind::Flag | Kind::Integer(_))) {
        return Ok(integers(terms));
    }
    for kind in [Kind::Text, Kind::Blob] {
        if all(&|term| term.kind == kind) {
            return Ok((kind, terms));
        }
    }
    if all(&|term| as_double(term).is_some()) {
        let kind = if all(&|term| term.kind == Kind::Real) { Kind::Real } else { Kind::Double };
        return Ok((kind, converted(terms, as_double)));
    }
    if all(&|term| as_numeric(term).is_some()) {
        return Ok((Kind::Number, converted(terms, as_numeric)));
    }
    let mut words: Vec<&str> = terms.iter().map(|term| term.kind.word()).collect();
    words.sort_unstable();
    words.dedup();
    Err(format!("a value that is {}", words.join(" or ")))
}

fn as_flag(term: Term) -> Term {
    match term.integer_constant() {
        Some(value) if term.kind != Kind::Flag => Term::bare((value == 1).to_string(), Kind::Flag),
        _ => term,
    }
}

fn integers(terms: Vec<Term>) -> (Kind, Vec<Term>) {
    let terms: Vec<Term> = terms
        .into_iter()
        .map(|term| if term.kind == Kind::Flag { flag_as_integer(&term) } else { term })
        .collect();
    let is = |pg: PgType| terms.iter().any(|term| term.kind == Kind::Integer(pg));
    let widest = [PgType::Int8, PgType::Int4].into_iter().find(|pg| is(*pg)).unwrap_or(PgType::Int2);
    (Kind::Integer(widest), terms)
}

fn converted(terms: Vec<Term>, convert: fn(&Term) -> Option<String>) -> Vec<Term> {
    terms
        .into_iter()
        .map(|term| match convert(&term) {
            Some(sql) if term.kind != Kind::Null => {
                let kind = term.kind.clone();
                term.reworded(sql, Binding::Atom, kind)
            }
            _ => term,
        })
        .collect()
}

/// The number as a double that holds it exactly.
fn as_double(term: &Term) -> Option<String> {
    match (&term.kind, term.integer_constant()) {
        (Kind::Real | Kind::Double, _) => Some(term.sql.clone()),
        (Kind::Integer(_), Some(value)) if value.unsigned_abs() <= DOUBLE_INTEGER_MAX.unsigned_abs() => {
            Some(literal::real(value as f64))
        }
        (Kind::Integer(PgType::Int4 | PgType::Int2), None) => Some(term.cast("float8")),
        (Kind::Flag, _) => Some(format!("{}::pg_catalog.float8", term.cast("int4"))),
        _ => None,
    }
}

/// The number as `numeric`, a REAL by its shortest decimal.
fn as_numeric(term: &Term) -> Option<String> {
    match (&term.kind, &term.constant) {
        (Kind::Number, _) => Some(term.sql.clone()),
        (Kind::Integer(_), _) => Some(term.cast("numeric")),
        (Kind::Flag, _) => Some(format!("{}::pg_catalog.numeric", term.cast("int4"))),
        (Kind::Real, Some(Constant::Real(real))) if real.is_finite() => {
            Some(format!("'{}'::pg_catalog.numeric", literal::decimal(*real, false)))
        }
        _ => None,
    }
}
