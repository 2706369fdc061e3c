//! Truth, and what is made of it: AND, OR, NOT, IS, IN, BETWEEN.

use super::compare::{self, Op, Pair, Rests};
use super::held;
use super::literal::{self, Constant};
use super::term::{Binding, Kind, Made, Term};
use super::{Room, made};
use crate::catalog::expr::{BinaryOp, Expr, Quote};

/// SQLite's truth of a value as `boolean`: a number is true unless it is 0.
///
/// # Errors
/// A text or a BLOB that is no constant: SQLite reads a number from its beginning.
pub(super) fn truth(term: Term) -> Made {
    let term = held::plain(term)?;
    let flag = |sql: &str| Ok(Term::call(&[&term], sql.to_owned(), Kind::Flag));
    match (&term.kind, &term.constant) {
        (Kind::Flag, _) => Ok(term),
        (Kind::Null, _) => flag("NULL::pg_catalog.bool"),
        // What number its bytes are depends on the file's encoding.
        (_, Some(Constant::Blob(_))) => Err("a BLOB as a condition".to_owned()),
        (_, Some(constant)) => flag(if is_true(constant) { "true" } else { "false" }),
        (Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number, _) => {
            let sql = format!("{} <> 0", term.at(Binding::Operator));
            Ok(Term::of(&[&term], sql, Binding::Compare, Kind::Flag))
        }
        (kind, _) => Err(format!("{} as a condition, of which SQLite reads a number", kind.word())),
    }
}

/// The truth of an expression.
pub(super) fn condition(room: &Room<'_>, expr: &Expr) -> Made {
    truth(made(room, expr)?).map(|term| Term { affinity: None, ..term })
}

fn is_true(constant: &Constant) -> bool {
    match constant {
        Constant::Null | Constant::Blob(_) => false,
        Constant::Integer(value) => *value != 0,
        Constant::Real(value) => *value != 0.0,
        Constant::Text(text) => is_true(&literal::prefix(text)),
    }
}

/// AND, OR.
pub(super) fn junction(room: &Room<'_>, op: BinaryOp, left: &Expr, right: &Expr) -> Made {
    let (left, right) = (condition(room, left)?, condition(room, right)?);
    let (word, binding) = match op {
        BinaryOp::Or => ("OR", Binding::Or),
        _ => ("AND", Binding::And),
    };
    // OR within OR needs no parentheses, AND within OR gets them for the reader.
    let side = |term: &Term| if term.binding == binding { term.sql.clone() } else { term.at(Binding::Not) };
    Ok(Term::of(&[&left, &right], format!("{} {word} {}", side(&left), side(&right)), binding, Kind::Flag))
}

/// NOT.
pub(super) fn not(room: &Room<'_>, operand: &Expr) -> Made {
    Ok(negated(condition(room, operand)?))
}

/// NOT before a condition.
pub(super) fn negated(term: Term) -> Term {
    let sql = format!("NOT {}", term.at(Binding::Atom));
    Term::of(&[&term], sql, Binding::Not, Kind::Flag)
}

/// `=` and its relatives.
pub(super) fn comparison(room: &Room<'_>, op: Op, left: &Expr, right: &Expr) -> Made {
    if let (Op::Is | Op::IsNot, Some(truth)) = (op, truth_word(room, right)) {
        return is_truth(room, op, left, truth);
    }
    compare::compare(op, &made(room, left)?, &made(room, right)?)
}

/// `true` or `false`, where they are no column's name.
fn truth_word(room: &Room<'_>, expr: &Expr) -> Option<bool> {
    let Expr::Name { table: None, name, quote: Quote::None } = expr else { return None };
    let word = match name.to_ascii_lowercase().as_str() {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    matches!(super::names::find(room.scope, None, name), Ok(None)).then_some(word)
}

/// `a IS TRUE`: a question about truth, not about a value.
fn is_truth(room: &Room<'_>, op: Op, left: &Expr, truth: bool) -> Made {
    let left = condition(room, left)?;
    let not = if op == Op::IsNot { "NOT " } else { "" };
    let sql = format!("{} IS {not}{}", left.at(Binding::Operator), if truth { "TRUE" } else { "FALSE" });
    Ok(Term { nullable: false, ..Term::of(&[&left], sql, Binding::Compare, Kind::Flag) })
}

/// ISNULL, NOTNULL.
pub(super) fn is_null(room: &Room<'_>, operand: &Expr, not: bool) -> Made {
    let op = if not { Op::IsNot } else { Op::Is };
    compare::compare(op, &made(room, operand)?, &Term::constant(Constant::Null)?)
}

/// `a BETWEEN low AND high`.
pub(super) fn between(room: &Room<'_>, operand: &Expr, not: bool, low: &Expr, high: &Expr) -> Made {
    let operand = made(room, operand)?;
    let low = compare::compare(Op::Ge, &operand, &made(room, low)?)?;
    let high = compare::compare(Op::Le, &operand, &made(room, high)?)?;
    let sql = format!("{} AND {}", low.at(Binding::Not), high.at(Binding::Not));
    let both = Term::of(&[&low, &high], sql, Binding::And, Kind::Flag);
    Ok(if not { negated(both) } else { both })
}

/// `a IN (…)`: `a = b OR a = c`, where what stands in the list has neither affinity nor collation.
pub(super) fn within(room: &Room<'_>, operand: &Expr, not: bool, list: &[Expr]) -> Made {
    let operand = made(room, operand)?;
    let mut items = Vec::new();
    for item in list {
        let item = made(room, item)?;
        if item.collation.as_ref().is_some_and(|collation| collation.explicit) {
            return Err("COLLATE within the list of an IN".to_owned());
        }
        items.push(Term { affinity: None, collation: None, ..item });
    }
    let found = if items.is_empty() {
        // Nothing is in an empty list, not even NULL.
        Term { of_row: false, ..Term::bare("false".to_owned(), Kind::Flag) }
    } else {
        any_equal(&operand, &items)?
    };
    Ok(if not { negated(found) } else { found })
}

/// Whether one of the items equals the operand.
fn any_equal(operand: &Term, items: &[Term]) -> Made {
    let mut all_rest: Option<Rests> = None;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    // What can never be equal adds nothing but the NULL that the rest gives, too.
    let mut others: Vec<Term> = Vec::new();
    let mut never: Vec<Term> = Vec::new();
    for item in items {
        let (pair, rests) = compare::pair(false, operand, item)?;
        all_rest = Some(all_rest.map_or(rests, |all| all.and(rests)));
        match pair {
            Pair::Same(left, right) => match groups.iter_mut().find(|(key, _)| *key == left) {
                Some((_, members)) => members.push(right),
                None => groups.push((left, vec![right])),
            },
            Pair::Decided(order) if order.is_ne() && !item.nullable => {
                never.push(compare::compare(Op::Eq, operand, item)?);
            }
            _ => others.push(compare::compare(Op::Eq, operand, item)?),
        }
    }
    if groups.is_empty() {
        others.extend(never.into_iter().take(1));
    }
    let mut terms: Vec<Term> =
        groups.iter().map(|(key, members)| membership(operand, key, members)).collect();
    terms.extend(others);
    let sql: Vec<String> = terms.iter().map(|term| term.at(Binding::Not)).collect();
    let binding = if terms.len() == 1 { terms[0].binding } else { Binding::Or };
    let all: Vec<&Term> = std::iter::once(operand).chain(items).collect();
    let term = Term::of(&all, sql.join(" OR "), binding, Kind::Flag);
    Ok(all_rest.map_or(term.clone(), |all| all.mark(term)))
}

fn membership(operand: &Term, key: &str, members: &[String]) -> Term {
    let sql = match members {
        [one] => format!("{key} = {one}"),
        many => format!("{key} IN ({})", many.join(", ")),
    };
    Term::of(&[operand], sql, Binding::Compare, Kind::Flag)
}
