//! Casts between text types that change nothing: PostgreSQL writes `a IN ('x', 'y')` over a `character varying` in one way
//! when it is made, and in another when it is made from what was written first.

/// The words of a condition without casts of string constants to `text` and `character varying`, and of arrays of them.
pub(super) fn without_text_casts(mut words: Vec<String>) -> Vec<String> {
    loop {
        let shorter = without_one(&words);
        match shorter {
            Some(shorter) => words = shorter,
            None => return words,
        }
    }
}

/// Without the first of them.
fn without_one(words: &[String]) -> Option<Vec<String>> {
    (0..words.len()).find_map(|at| {
        let (rest, kept) = match words[at].as_str() {
            text if text.starts_with('\'') => (cast(&words[at + 1..], false)?, at + 1),
            "(" if is_one_text(&words[at + 1..]) => {
                return Some(joined(&words[..at], &words[at + 1..=at + 1], &words[at + 3..]));
            }
            "(" => {
                let inner = array(&words[at + 1..])?;
                let after = at + 1 + inner;
                let rest = cast(words.get(after + 1..)?, true)
                    .filter(|_| words.get(after).is_some_and(|w| w == ")"))?;
                return Some(joined(&words[..at], &words[at + 1..after], rest));
            }
            _ => return None,
        };
        Some(joined(&words[..kept], &[], rest))
    })
}

/// What follows `:: text` or `:: character varying`, for arrays with `[ ]` behind it.
fn cast(words: &[String], of_array: bool) -> Option<&[String]> {
    const TYPES: [&[&str]; 2] = [&["::", "text"], &["::", "character", "varying"]];
    let begins = |with: &[&str], words: &[String]| {
        words.len() >= with.len() && words.iter().zip(with).all(|(a, b)| a == b)
    };
    let found = TYPES.iter().find(|words_of_type| begins(words_of_type, words))?;
    let rest = &words[found.len()..];
    match (of_array, begins(&["[", "]"], rest)) {
        (true, true) => Some(&rest[2..]),
        (false, false) => Some(rest),
        _ => None,
    }
}

fn is_one_text(words: &[String]) -> bool {
    matches!(words, [text, close, ..] if text.starts_with('\'') && close == ")")
}

/// How many words an array of string constants is long, at the beginning of `words`.
fn array(words: &[String]) -> Option<usize> {
    let [word, open, rest @ ..] = words else { return None };
    if word != "array" || open != "[" {
        return None;
    }
    let end = rest.iter().position(|word| word == "]")?;
    let is_plain = rest[..end].iter().all(|word| word.starts_with('\'') || word == ",");
    is_plain.then_some(end + 3)
}

fn joined(parts: &[String], more: &[String], rest: &[String]) -> Vec<String> {
    [parts, more, rest].concat()
}

#[cfg(test)]
mod tests {
    use super::super::words::exact;
    use super::*;

    #[test]
    fn what_postgresql_writes_at_first_and_later_is_one() {
        let first =
            exact("((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))");
        let later = exact(
            "((a)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text]))",
        );
        let plain = exact("((a)::text = ANY (ARRAY['x', 'y']))");
        let other = exact("((a)::text = ANY (ARRAY['x'::text, 'z'::text]))");
        let [first, later, plain, other] = [first, later, plain, other].map(without_text_casts);
        assert_eq!(later, plain);
        assert_eq!(first, plain);
        assert_ne!(other, plain);
        // Other casts stay, and so do those of anything but constants.
        let date = exact("(d = '2024-01-01'::date) AND ((a)::text = 'x'::bpchar)");
        assert_eq!(without_text_casts(date.clone()), date);
    }
}
