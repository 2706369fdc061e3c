//! What an index is over, read from its definition: enough to tell another index from the same one in other words.

use super::words::{Kind, Word, words};

/// The key of an index by its definition: the column of each part, none of an expression; and whether it is over some rows only.
pub(super) fn of(definition: &str) -> (Vec<Option<String>>, bool) {
    let words = words(definition);
    let (mut depth, mut parts) = (0, Vec::new());
    let mut part: Vec<&Word<'_>> = Vec::new();
    for (i, word) in words.iter().enumerate() {
        match (word.raw, depth) {
            ("(", 0) => depth = 1,
            (")", 1) => {
                parts.push(column(&part));
                let after = words[i + 1..].iter();
                return (
                    parts,
                    outside(after).any(|word| word.kind == Kind::Name("where".to_owned(), false)),
                );
            }
            (",", 1) => parts.push(column(&std::mem::take(&mut part))),
            (_, 0) => {}
            (raw, _) => {
                depth += i32::from(raw == "(") - i32::from(raw == ")");
                part.push(word);
            }
        }
    }
    (parts, false)
}

/// Words outside of any parentheses.
fn outside<'a>(words: impl Iterator<Item = &'a Word<'a>>) -> impl Iterator<Item = &'a Word<'a>> {
    let mut depth = 0;
    words.filter(move |word| {
        depth += i32::from(word.raw == "(") - i32::from(word.raw == ")");
        depth == 0
    })
}

/// The column that a part of a key begins with, where it is no call and no expression.
fn column(part: &[&Word<'_>]) -> Option<String> {
    let calls = part.get(1).is_some_and(|next| ["(", ".", "::"].contains(&next.raw));
    match &part.first()?.kind {
        Kind::Name(name, _) if !calls => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    fn columns(names: &[Option<&str>]) -> Vec<Option<String>> {
        names.iter().map(|name| name.map(str::to_owned)).collect()
    }

    #[test]
    fn a_key_is_its_columns_whatever_their_order_and_classes() {
        let plain = columns(&[Some("a"), Some("b c")]);
        assert_eq!(of("(\"a\", \"b c\")"), (plain.clone(), false));
        assert_eq!(
            of("btree (a DESC NULLS LAST, \"b c\" text_pattern_ops) INCLUDE (\"where\")"),
            (plain.clone(), false)
        );
        assert_eq!(of("btree (a COLLATE \"C\", \"b c\") WHERE (a > 0)"), (plain, true));
        assert_eq!(of("gist (a gist_trgm_ops (siglen='32'), b)"), (columns(&[Some("a"), Some("b")]), false));
    }

    #[test]
    fn an_expression_is_no_column() {
        assert_eq!(of("btree (lower(a), b)"), (columns(&[None, Some("b")]), false));
        assert_eq!(
            of("btree (((a ->> 'x, y)')), (a || b)) WHERE f((SELECT 1))"),
            (columns(&[None, None]), true)
        );
    }
}
