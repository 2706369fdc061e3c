//! Comparisons: SQLite's affinities, classes and collations (semantics.md §1.1, §3.4).

use super::Reason;
use super::held;
use super::literal::{self, Constant, DOUBLE_INTEGER_MAX};
pub(super) use super::op::{Op, Rests};
use super::term::{Binding, Collation, Kind, Looks, Made, Term};
use crate::catalog::affinity::Affinity;

/// How two values are compared in PostgreSQL.
#[derive(Debug)]
pub(super) enum Pair {
    /// by their own operators, in these words
    Same(String, String),
    /// their classes or constants decide
    Decided(std::cmp::Ordering),
    /// an integer with a double, to the last bit; the flag says that the double is on the left
    Mixed(String, String, bool),
    /// one of them is always NULL
    Null,
}

/// `left op right`.
pub(super) fn compare(op: Op, left: &Term, right: &Term) -> Made {
    let (pair, rests) = pair(op.is_order(), left, right)?;
    let made = rests.mark(render(op, &pair, left, right));
    let meets_double = |one: &Term, other: &Term| {
        one.by_double && other.constant.is_none() && matches!(other.kind, Kind::Real | Kind::Double)
    };
    let by_double = meets_double(left, right) || meets_double(right, left);
    Ok(if by_double { made.note(super::arithmetic::BY_DOUBLE) } else { made })
}

/// How `left` and `right` are compared, and what that rests on; `order` says whether more than equality is asked for.
pub(super) fn pair(order: bool, left: &Term, right: &Term) -> Result<(Pair, Rests), Reason> {
    if left.kind == Kind::Null || right.kind == Kind::Null {
        return Ok((Pair::Null, Rests::NOTHING));
    }
    let collation = collation(left, right);
    let (left, right) = with_affinity(left.clone(), right.clone())?;
    if let Some(pair) =
        native(order, &left, &right, &collation).or_else(|| native_swapped(order, &left, &right, &collation))
    {
        return Ok((pair, Rests::of(&left, &right)));
    }
    let (left, right) = (held::plain(left)?, held::plain(right)?);
    let mut rests = Rests::of(&left, &right);
    let pair = match (class(&left)?, class(&right)?) {
        (one, other) if one != other => Ok(Pair::Decided(one.cmp(&other))),
        (Class::Number, _) => numbers(&left, &right),
        (Class::Text, _) => {
            rests.encoded |= order && !is_ascii(&left, &right);
            texts(order, &left, &right, &collation)
        }
        (Class::Blob, _) => Ok(Pair::Same(left.at(Binding::Operator), right.at(Binding::Operator))),
    }?;
    Ok((pair, rests))
}

/// Texts of which every encoding keeps the order.
fn is_ascii(left: &Term, right: &Term) -> bool {
    let is_ascii = |term: &Term| term.text_constant().is_some_and(str::is_ascii);
    is_ascii(left) && is_ascii(right)
}

/// SQLite's order of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Number,
    Text,
    Blob,
}

fn class(term: &Term) -> Result<Class, Reason> {
    match &term.kind {
        Kind::Flag | Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number => Ok(Class::Number),
        Kind::Text => Ok(Class::Text),
        Kind::Blob => Ok(Class::Blob),
        other => Err(format!("a comparison with {}", other.word())),
    }
}

/// The collation of a comparison: what is said by COLLATE, on the left before the right, else the left column's, else the
/// right one's.
pub(super) fn collation(left: &Term, right: &Term) -> String {
    let explicit = |term: &Term| term.collation.clone().filter(|one| one.explicit);
    let found = explicit(left)
        .or_else(|| explicit(right))
        .or_else(|| left.collation.clone())
        .or_else(|| right.collation.clone());
    found
        .map(|Collation { name, .. }| name)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "BINARY".to_owned())
}

/// Both sides after SQLite has applied the affinity of the comparison.
fn with_affinity(left: Term, right: Term) -> Result<(Term, Term), Reason> {
    let is_number = |affinity: Affinity| affinity.converts_numbers();
    let numeric = match (left.affinity, right.affinity) {
        (Some(one), Some(other)) => is_number(one) || is_number(other),
        (Some(one), None) | (None, Some(one)) if one == Affinity::Text => return as_texts(left, right),
        (Some(one), None) | (None, Some(one)) => is_number(one),
        (None, None) => false,
    };
    if numeric { Ok((as_number(left)?, as_number(right)?)) } else { Ok((left, right)) }
}

/// TEXT affinity: numbers become texts where the other side is one.
fn as_texts(left: Term, right: Term) -> Result<(Term, Term), Reason> {
    let is_text = |term: &Term| match &term.kind {
        Kind::Text => true,
        Kind::Held(_) => held::plain(term.clone()).is_ok_and(|term| term.kind == Kind::Text),
        _ => false,
    };
    let is_number = |term: &Term| class(term) == Ok(Class::Number);
    match (is_text(&left), is_text(&right)) {
        (true, false) if is_number(&right) => Ok((left, right.as_text()?)),
        (false, true) if is_number(&left) => Ok((left.as_text()?, right)),
        _ => Ok((left, right)),
    }
}

/// NUMERIC affinity: a text that looks like a number becomes one.
fn as_number(term: Term) -> Made {
    if let Some(text) = term.text_constant() {
        return match literal::of_text(text) {
            Some(number) => Term::constant(number),
            None => Ok(term),
        };
    }
    let term = match &term.kind {
        Kind::Held(_) if term.looks == Looks::NoNumber => return Ok(term),
        Kind::Held(_) => {
            let plain = held::plain(term.clone())?;
            if plain.looks == Looks::NoNumber || plain.kind != Kind::Text {
                return Ok(term);
            }
            plain
        }
        _ => term,
    };
    match (&term.kind, &term.looks) {
        (Kind::Text, Looks::Integer(sql)) => {
            Ok(term.reworded(sql.clone(), Binding::Atom, Kind::Integer(crate::plan::types::PgType::Int8)))
        }
        (Kind::Text, Looks::Unknown) => {
            let column = if term.affinity.is_some() { format!("{}, ", term.sql) } else { String::new() };
            Err(format!("{column}a text that is compared with a number and that SQLite reads as one"))
        }
        _ => Ok(term),
    }
}

fn native_swapped(order: bool, left: &Term, right: &Term, collation: &str) -> Option<Pair> {
    match native(order, right, left, collation)? {
        Pair::Same(one, other) => Some(Pair::Same(other, one)),
        _ => None,
    }
}

/// A column that became another type, compared in that type: with a constant that is spelled as its values are, or with a
/// column of the same spelling.
fn native(order: bool, left: &Term, right: &Term, collation: &str) -> Option<Pair> {
    let Kind::Held(mapping) = &left.kind else { return None };
    if collation != "BINARY" || (order && !held::keeps_order(mapping)) {
        return None;
    }
    let words = |sql: String| Some(Pair::Same(left.at(Binding::Operator), sql));
    match (&right.kind, right.text_constant()) {
        (_, Some(text)) => words(held::text_literal(mapping, text)?),
        (Kind::Held(other), _)
            if other.codec == mapping.codec
                && std::mem::discriminant(&other.pg) == std::mem::discriminant(&mapping.pg)
                && is_comparable(mapping) =>
        {
            words(right.at(Binding::Operator))
        }
        _ => None,
    }
}

/// Whether the type has an equality at all, and one that is its values' spelling.
fn is_comparable(mapping: &crate::plan::types::Mapping) -> bool {
    use crate::plan::types::Codec;
    !matches!(mapping.codec, Codec::Json | Codec::Label(_))
}

/// Two numbers by their value.
fn numbers(left: &Term, right: &Term) -> Result<Pair, Reason> {
    if let (Some(one), Some(other)) = (&left.constant, &right.constant)
        && let Some(order) = literal::order(one, other)
    {
        return Ok(Pair::Decided(order));
    }
    let same = |left: String, right: String| Ok(Pair::Same(left, right));
    let (l, r) = (left.at(Binding::Operator), right.at(Binding::Operator));
    match (&left.kind, &right.kind) {
        (Kind::Flag, Kind::Flag) => same(l, r),
        (Kind::Flag, _) => match right.integer_constant() {
            Some(flag @ (0 | 1)) => same(l, (flag == 1).to_string()),
            _ => numbers(&flag_as_integer(left), right),
        },
        (_, Kind::Flag) => match left.integer_constant() {
            Some(flag @ (0 | 1)) => same((flag == 1).to_string(), r),
            _ => numbers(left, &flag_as_integer(right)),
        },
        (Kind::Integer(_) | Kind::Number, Kind::Integer(_) | Kind::Number) => same(l, r),
        (Kind::Real | Kind::Double, Kind::Real | Kind::Double) => same(l, r),
        (Kind::Integer(_) | Kind::Number, Kind::Real | Kind::Double) => with_double(left, right, false),
        (Kind::Real | Kind::Double, _) => with_double(right, left, true),
        _ => Err("a comparison of numbers of these kinds".to_owned()),
    }
}

/// An integer or `numeric` with a double.
fn with_double(whole: &Term, double: &Term, swapped: bool) -> Result<Pair, Reason> {
    let same = |whole: String, double: String| {
        Ok(if swapped { Pair::Same(double, whole) } else { Pair::Same(whole, double) })
    };
    let (w, d) = (whole.at(Binding::Operator), double.at(Binding::Operator));
    match (&whole.constant, &double.constant) {
        (_, Some(Constant::Real(real))) if real.is_infinite() => same(whole.cast("float8"), d),
        (_, Some(Constant::Real(real))) => {
            same(w, literal::decimal(*real, matches!(whole.kind, Kind::Integer(_))))
        }
        (Some(Constant::Integer(value)), _) if value.unsigned_abs() <= DOUBLE_INTEGER_MAX.unsigned_abs() => {
            same(w, d)
        }
        _ if matches!(whole.kind, Kind::Integer(_)) => Ok(Pair::Mixed(whole.atom(), double.atom(), swapped)),
        _ if whole.by_double => same(whole.cast("float8"), d),
        _ => Err("a comparison of a REAL with a column that holds integers and reals".to_owned()),
    }
}

/// 0 or 1 of a flag.
pub(super) fn flag_as_integer(term: &Term) -> Term {
    let kind = Kind::Integer(crate::plan::types::PgType::Int4);
    term.reworded(term.cast("int4"), Binding::Atom, kind)
}

/// Two texts by a collation.
fn texts(order: bool, left: &Term, right: &Term, collation: &str) -> Result<Pair, Reason> {
    if let (Some(one), Some(other), "BINARY") = (left.text_constant(), right.text_constant(), collation) {
        return Ok(Pair::Decided(one.as_bytes().cmp(other.as_bytes())));
    }
    let key = |term: &Term| text_key(term, collation);
    match collation {
        "BINARY" if !order => Ok(Pair::Same(left.at(Binding::Operator), right.at(Binding::Operator))),
        _ => Ok(Pair::Same(key(left)?, key(right)?)),
    }
}

/// What sorts and compares by PostgreSQL's own order as the text does by the collation.
///
/// # Errors
/// A collation of the application's own.
pub(super) fn text_key(term: &Term, collation: &str) -> Result<String, Reason> {
    let constant = term.text_constant();
    match (collation, constant) {
        ("BINARY", Some(_)) => Ok(term.atom()),
        ("BINARY", None) => Ok(format!("{} COLLATE \"C\"", term.at(Binding::Collate))),
        ("NOCASE", Some(text)) => Ok(crate::ident::literal(&text.to_ascii_lowercase())),
        ("NOCASE", None) => Ok(format!("pg_catalog.lower({} COLLATE \"C\")", term.at(Binding::Collate))),
        ("RTRIM", Some(text)) => Ok(crate::ident::literal(text.trim_end_matches(' '))),
        ("RTRIM", None) => Ok(format!("pg_catalog.rtrim({}) COLLATE \"C\"", term.sql)),
        (other, _) => Err(format!("the collation {other}, which is the application's own")),
    }
}

/// The comparison in PostgreSQL's words.
fn render(op: Op, pair: &Pair, left: &Term, right: &Term) -> Term {
    let parts = [left, right];
    let words = |sql: String| {
        let term = Term::of(&parts, sql, Binding::Compare, Kind::Flag);
        Term { nullable: term.nullable && !op.is_about_null(), ..term }
    };
    match pair {
        Pair::Same(l, r) if op.is_about_null() && !left.nullable && !right.nullable => {
            words(format!("{l} {} {r}", if op == Op::Is { "=" } else { "<>" }))
        }
        Pair::Same(l, r) => words(format!("{l} {} {r}", op.sql())),
        Pair::Mixed(whole, double, swapped) => words(mixed(op, whole, double, *swapped)),
        Pair::Null => words(of_null(op, left, right)),
        Pair::Decided(order) => decided(op, *order, &parts),
    }
}

/// A comparison with a NULL that is written as such.
fn of_null(op: Op, left: &Term, right: &Term) -> String {
    let other = if right.kind == Kind::Null { left } else { right };
    match op {
        Op::Is => format!("{} IS NULL", other.at(Binding::Operator)),
        Op::IsNot => format!("{} IS NOT NULL", other.at(Binding::Operator)),
        _ => "NULL::pg_catalog.bool".to_owned(),
    }
}

/// What is known without the values, unless one of them is NULL.
fn decided(op: Op, order: std::cmp::Ordering, parts: &[&Term; 2]) -> Term {
    let holds = op.holds(order);
    let nullable: Vec<&Term> = parts.iter().copied().filter(|part| part.nullable).collect();
    let (sql, binding) = match (op.is_about_null(), nullable.as_slice()) {
        (false, []) | (true, [] | [_]) => (holds.to_string(), Binding::Atom),
        (false, some) => {
            let present: Vec<String> = some.iter().filter_map(|part| part.presence()).collect();
            (format!("CASE WHEN {} THEN {holds} END", present.join(" AND ")), Binding::Operator)
        }
        (true, some) => {
            // Two NULLs are equal whatever their classes would have been.
            let absent: Vec<String> =
                some.iter().map(|part| format!("{} IS NULL", part.at(Binding::Operator))).collect();
            let both = absent.join(" AND ");
            match op {
                Op::Is => (both, Binding::And),
                _ => (format!("NOT ({both})"), Binding::Not),
            }
        }
    };
    let term = Term::of(parts, sql, binding, Kind::Flag);
    let nullable = term.nullable && !op.is_about_null();
    let constant =
        (!nullable && term.binding == Binding::Atom).then_some(Constant::Integer(i64::from(holds)));
    let precomputed = term.precomputed && constant.is_none();
    Term { nullable, constant, precomputed, ..term }
}

/// An integer with a double. Rounding keeps the order, so the integer's own double decides, unless it is the double itself
/// and so large that other integers have the same one; then all digits of the double do, of which half is surely a `bigint`.
fn mixed(op: Op, whole: &str, double: &str, swapped: bool) -> String {
    let (about, near) = (format!("{whole}::pg_catalog.float8"), format!("{whole}::pg_catalog.numeric"));
    // A constant is computed before the branch is chosen, so that no value may be one that has no `bigint`.
    let held = format!("LEAST(GREATEST({double}, -9.3e18), 9.3e18)");
    let digits = format!("({held} / 2)::pg_catalog.int8::pg_catalog.numeric * 2");
    let op = op.sql();
    let by = |whole: &str, double: &str| match swapped {
        true => format!("{double} {op} {whole}"),
        false => format!("{whole} {op} {double}"),
    };
    format!(
        "CASE WHEN pg_catalog.abs({double}) >= {DOUBLE_INTEGER_MAX} AND {about} = {double} THEN {} ELSE {} END",
        by(&near, &digits),
        by(&about, double)
    )
}
