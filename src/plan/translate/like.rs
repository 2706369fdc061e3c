//! LIKE and GLOB: their patterns are read here and written anew, so that no character of them means something else.

use super::term::{Binding, Kind, Made, Term};
use super::{Room, made};
use crate::catalog::expr::{Expr, LikeOp};
use crate::ident;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// any characters
    Any,
    /// one character
    One,
    /// this character
    Char(char),
    /// one of these, or none of them
    Set { not: bool, ranges: Vec<(char, char)> },
}

/// `a LIKE b`, `a GLOB b`.
pub(super) fn like(
    room: &Room<'_>,
    op: LikeOp,
    not: bool,
    (operand, pattern): (&Expr, &Expr),
    escape: Option<&Expr>,
) -> Made {
    let (operand, pattern) = (made(room, operand)?.as_text()?, made(room, pattern)?.as_text()?);
    let escape = escape.map(|escape| made(room, escape)).transpose()?;
    let matched = match op {
        LikeOp::Like => of_like(&operand, &pattern, escape.as_ref())?,
        LikeOp::Glob => of_glob(&operand, &pattern)?,
        LikeOp::Regexp => return Err("REGEXP, which is a function of the application".to_owned()),
        LikeOp::Match => return Err("MATCH, which is a virtual table's own".to_owned()),
    };
    Ok(if not { super::logic::negated(matched) } else { matched })
}

/// SQLite's LIKE folds the letters of ASCII and no others, and has no escape character of its own (semantics.md §3.6).
pub(super) fn of_like(operand: &Term, pattern: &Term, escape: Option<&Term>) -> Made {
    // As SQLite's function has them: like(pattern, text).
    let parts = [pattern, operand];
    let (Some(text), true) =
        (pattern.text_constant(), escape.is_none_or(|escape| escape.text_constant().is_some()))
    else {
        return any_like(operand, pattern, escape);
    };
    let escape = match escape.and_then(Term::text_constant).map(|escape| escape.chars().collect::<Vec<_>>()) {
        None => None,
        Some(one) if one.len() == 1 => one.first().copied(),
        Some(_) => return Err("an ESCAPE of more than one character".to_owned()),
    };
    let Some(read) = read_like(text, escape) else { return Ok(never(&parts)) };
    let folds = read.iter().any(|part| matches!(part, Part::Char(c) if c.is_ascii_alphabetic()));
    let read: Vec<Part> = read.into_iter().map(folded).collect();
    let operand_sql = if folds {
        format!("pg_catalog.lower({} COLLATE \"C\")", operand.at(Binding::Collate))
    } else {
        operand.at(Binding::Operator)
    };
    Ok(matches(&parts, &operand_sql, &read))
}

/// A pattern that is known only with the row.
fn any_like(operand: &Term, pattern: &Term, escape: Option<&Term>) -> Made {
    if escape.is_some() {
        return Err("LIKE with ESCAPE and a pattern that is not a constant".to_owned());
    }
    if operand.kind == Kind::Null || pattern.kind == Kind::Null {
        return Ok(Term::call(&[operand, pattern], "NULL::pg_catalog.bool".to_owned(), Kind::Flag));
    }
    let lower = |term: &Term| match term.text_constant() {
        Some(text) => ident::literal(&text.to_ascii_lowercase()),
        None => format!("pg_catalog.lower({} COLLATE \"C\")", term.at(Binding::Collate)),
    };
    let sql = format!("{} LIKE {} ESCAPE ''", lower(operand), lower(pattern));
    Ok(Term::of(&[pattern, operand], sql, Binding::Compare, Kind::Flag))
}

fn folded(part: Part) -> Part {
    match part {
        Part::Char(c) => Part::Char(c.to_ascii_lowercase()),
        other => other,
    }
}

/// The parts of a LIKE pattern; none where it matches nothing: it ends with its escape character.
fn read_like(text: &str, escape: Option<char>) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            _ if Some(c) == escape => Part::Char(chars.next()?),
            '%' => Part::Any,
            '_' => Part::One,
            _ => Part::Char(c),
        });
    }
    Some(parts)
}

/// What matches nothing, unless one of them is NULL.
fn never(parts: &[&Term]) -> Term {
    let present: Vec<String> = parts.iter().filter_map(|part| part.presence()).collect();
    match present.is_empty() {
        true => Term::call(parts, "false".to_owned(), Kind::Flag),
        false => {
            let sql = format!("CASE WHEN {} THEN false END", present.join(" AND "));
            Term::of(parts, sql, Binding::Operator, Kind::Flag)
        }
    }
}

/// PostgreSQL's LIKE with a pattern of ours; sets need a regular expression.
fn matches(parts: &[&Term], operand: &str, read: &[Part]) -> Term {
    let sql = if read.iter().any(|part| matches!(part, Part::Set { .. })) {
        format!("{operand} COLLATE \"C\" ~ {}", ident::literal(&regular_expression(read)))
    } else {
        let (pattern, escape) = like_pattern(read);
        format!("{operand} LIKE {} ESCAPE '{escape}'", ident::literal(&pattern))
    };
    Term::of(parts, sql, Binding::Compare, Kind::Flag)
}

/// A LIKE pattern, and its escape character, which is none where nothing needs one.
fn like_pattern(read: &[Part]) -> (String, &'static str) {
    let needs = read.iter().any(|part| matches!(part, Part::Char('%' | '_')));
    let mut pattern = String::new();
    for part in read {
        match part {
            Part::Any => pattern.push('%'),
            Part::One => pattern.push('_'),
            Part::Char(c) => {
                if needs && matches!(c, '%' | '_' | '!') {
                    pattern.push('!');
                }
                pattern.push(*c);
            }
            Part::Set { .. } => {}
        }
    }
    (pattern, if needs { "!" } else { "" })
}

/// GLOB: `*`, `?` and sets; it tells upper from lower case.
pub(super) fn of_glob(operand: &Term, pattern: &Term) -> Made {
    let parts = [pattern, operand];
    if pattern.kind == Kind::Null {
        return Ok(Term::call(&parts, "NULL::pg_catalog.bool".to_owned(), Kind::Flag));
    }
    let text = pattern.text_constant().ok_or("GLOB with a pattern that is not a constant")?;
    Ok(match read_glob(text) {
        Some(read) => matches(&parts, &operand.at(Binding::Collate), &read),
        None => never(&parts),
    })
}

/// The parts of a GLOB pattern; none where it matches nothing: a set without end, or one of no character.
fn read_glob(text: &str) -> Option<Vec<Part>> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '[' => {
                let (set, end) = read_set(&chars, at)?;
                at = end;
                set
            }
            c => Part::Char(*c),
        });
    }
    Some(parts)
}

/// A set from behind its `[`, and where it ends: as SQLite's `patternCompare` walks through it.
fn read_set(chars: &[char], mut at: usize) -> Option<(Part, usize)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let not = chars.get(at) == Some(&'^');
    at += usize::from(not);
    if chars.get(at) == Some(&']') {
        ranges.push((']', ']'));
        at += 1;
    }
    let mut prior = None;
    loop {
        let c = *chars.get(at)?;
        at += 1;
        let next = chars.get(at).copied();
        match (c, prior, next) {
            (']', _, _) => break,
            ('-', Some(low), Some(high)) if high != ']' => {
                at += 1;
                // A range from high to low has no member; its first character was one before the range was seen.
                if low <= high {
                    ranges.pop();
                    ranges.push((low, high));
                }
                prior = None;
            }
            _ => {
                ranges.push((c, c));
                prior = Some(c);
            }
        }
    }
    match (not, ranges.is_empty()) {
        (false, true) => None,
        (true, true) => Some((Part::One, at)),
        _ => Some((Part::Set { not, ranges }, at)),
    }
}

/// The same as a regular expression: a newline is a character like any other, and the ends are those of the text.
fn regular_expression(read: &[Part]) -> String {
    let mut pattern = String::from("^");
    for part in read {
        match part {
            Part::Any => pattern.push_str(".*"),
            Part::One => pattern.push('.'),
            Part::Char(c) => pattern.push_str(&regex_char(*c)),
            Part::Set { not, ranges } => {
                pattern.push_str(if *not { "[^" } else { "[" });
                for (low, high) in ranges {
                    pattern.push_str(&regex_char(*low));
                    if low != high {
                        pattern.push('-');
                        pattern.push_str(&regex_char(*high));
                    }
                }
                pattern.push(']');
            }
        }
    }
    pattern.push('$');
    pattern
}

/// A character that means itself, within brackets or without.
fn regex_char(c: char) -> String {
    if c.is_ascii_alphanumeric() || !c.is_ascii() || c == ' ' {
        c.to_string()
    } else {
        format!("\\u{:04x}", u32::from(c))
    }
}
