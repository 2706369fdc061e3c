//! Where a query has its parameters, and what it is: read by a scanner, since the text may be of either dialect.

use std::ops::Range;

/// Whose quotes are meant: SQLite has names in backticks and brackets, PostgreSQL texts between dollars and after an E.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Sqlite,
    Postgres,
}

/// What the scanner sees outside of quotes and comments.
#[derive(Debug, PartialEq, Eq)]
enum Seen<'a> {
    /// `?`, `?7`, `:name`, `@name`, `$name`
    Mark(&'a str),
    Word(&'a str),
    Open,
    Close,
    /// quoted, a comment, a blank, any other sign
    Other,
}

/// The parts of `sql` with their places.
fn scan(sql: &str, words: Words) -> Vec<(Seen<'_>, Range<usize>)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < sql.len() {
        let rest = &sql[at..];
        let (length, is_mark) = part(rest, words, sql[..at].ends_with(':'));
        let text = &rest[..length];
        let seen = match text {
            _ if is_mark => Seen::Mark(text),
            "(" => Seen::Open,
            ")" => Seen::Close,
            _ if text.starts_with(is_first) => Seen::Word(text),
            _ => Seen::Other,
        };
        found.push((seen, at..at + length));
        at += length;
    }
    found
}

/// The length of the first part of `rest`, and whether it is a parameter.
fn part(rest: &str, words: Words, behind_colon: bool) -> (usize, bool) {
    let end = |found: Option<usize>| found.unwrap_or(rest.len());
    let mut chars = rest.chars();
    let (first, second) = (chars.next().unwrap_or(' '), chars.next().unwrap_or(' '));
    let name = |sign: usize| sign + rest[sign..].find(|c| !is_word(c)).unwrap_or(rest.len() - sign);
    match first {
        '-' if second == '-' => (end(rest.find('\n')), false),
        '/' if second == '*' => (end(rest.find("*/").map(|at| at + 2)), false),
        '\'' | '"' => (quoted(rest, first, false), false),
        'e' | 'E' if second == '\'' && words == Words::Postgres => {
            (1 + quoted(&rest[1..], '\'', true), false)
        }
        '`' if words == Words::Sqlite => (quoted(rest, '`', false), false),
        '[' if words == Words::Sqlite => (end(rest.find(']').map(|at| at + 1)), false),
        '$' if words == Words::Postgres => (dollars(rest), false),
        '?' if words == Words::Sqlite => {
            (1 + rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1), true)
        }
        ':' if is_first(second) && !behind_colon => (name(1), true),
        '@' | '$' if words == Words::Sqlite && is_first(second) => (name(1), true),
        c if is_first(c) => (name(0), false),
        c if c.is_ascii_digit() => (end(rest.find(|c| !is_word(c) && c != '.')), false),
        c => (c.len_utf8(), false),
    }
}

fn is_first(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => drop(chars.next()),
            c if c == quote && chars.peek().is_some_and(|(_, next)| *next == quote) => drop(chars.next()),
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `$1`, or `$tag$ … $tag$`.
fn dollars(text: &str) -> usize {
    let tag = text[1..].find(|c| !is_word(c)).map_or(text.len(), |end| end + 1);
    if !text[tag..].starts_with('$') || text[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return tag.max(1);
    }
    let sign = &text[..=tag];
    text[sign.len()..].find(sign).map_or(text.len(), |end| end + 2 * sign.len())
}

/// Where a parameter stands, and its number from 1.
pub(super) type Mark = (Range<usize>, usize);

/// The parameters of SQLite's text, each with its number from 1 as SQLite counts them: its place, and the names by number.
pub(super) fn marks(sql: &str) -> (Vec<Mark>, Vec<Option<String>>) {
    let (mut found, mut names): (Vec<_>, Vec<Option<String>>) = (Vec::new(), Vec::new());
    for (seen, place) in scan(sql, Words::Sqlite) {
        let Seen::Mark(text) = seen else { continue };
        let number = match text.strip_prefix('?') {
            Some("") => names.len() + 1,
            Some(digits) => digits.parse().unwrap_or(0).clamp(1, NUMBER_MAX),
            None => {
                let known = names.iter().position(|name| name.as_deref() == Some(&text[1..]));
                known.map_or(names.len() + 1, |at| at + 1)
            }
        };
        names.resize(names.len().max(number), None);
        if !text.starts_with('?') {
            names[number - 1] = Some(text[1..].to_owned());
        }
        found.push((place, number));
    }
    (found, names)
}

/// The largest number of a parameter: PostgreSQL's own bound of what one statement takes.
const NUMBER_MAX: usize = 65_535;

/// SQLite's text with `$1` where it has a parameter.
pub(super) fn numbered(sql: &str) -> String {
    replaced(sql, marks(sql).0.into_iter().map(|(place, number)| (place, format!("${number}"))))
}

/// PostgreSQL's own text with `$1` where it has `:name`; a name that nobody knows is left.
pub(super) fn named(sql: &str, names: &[Option<String>]) -> String {
    let marks = scan(sql, Words::Postgres).into_iter().filter_map(|(seen, place)| {
        let Seen::Mark(text) = seen else { return None };
        let known = names.iter().position(|name| name.as_deref() == Some(&text[1..]))?;
        Some((place, format!("${}", known + 1)))
    });
    replaced(sql, marks)
}

fn replaced(sql: &str, marks: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let (mut text, mut at) = (String::with_capacity(sql.len()), 0);
    for (place, number) in marks {
        text.push_str(&sql[at..place.start]);
        text.push_str(&number);
        at = place.end;
    }
    text.push_str(&sql[at..]);
    text
}

/// Whether the rows of the whole query are ordered: ORDER BY in no parentheses.
pub(super) fn is_ordered(sql: &str) -> bool {
    let (mut depth, mut before) = (0, "");
    for (seen, _) in scan(sql, Words::Sqlite) {
        match seen {
            Seen::Open => depth += 1,
            Seen::Close => depth -= 1,
            Seen::Word(word) => {
                if depth == 0 && word.eq_ignore_ascii_case("by") && before.eq_ignore_ascii_case("order") {
                    return true;
                }
                before = word;
            }
            Seen::Mark(_) | Seen::Other => {}
        }
    }
    false
}

/// Whether the statement begins as a query does; what it writes all the same, the engines refuse.
pub(super) fn is_query(sql: &str, words: Words) -> bool {
    let first = scan(sql, words).into_iter().find_map(|(seen, _)| match seen {
        Seen::Word(word) => Some(word.to_ascii_uppercase()),
        _ => None,
    });
    first.is_some_and(|first| matches!(first.as_str(), "SELECT" | "WITH" | "VALUES"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_as_sqlite_numbers_them() {
        let sql = "SELECT '?', \"a?\", [b?], `c?` /* ? */ FROM t WHERE a = ? AND b = ?5 AND c = :n AND d = ? AND e = :n -- ?";
        let (marks, names) = marks(sql);
        let numbers: Vec<usize> = marks.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, [1, 5, 6, 7, 6]);
        assert_eq!(names[5].as_deref(), Some("n"));
        let text = numbered(sql);
        assert!(text.contains("a = $1 AND b = $5 AND c = $6 AND d = $7 AND e = $6 -- ?"), "{text}");
        assert!(text.starts_with("SELECT '?', \"a?\", [b?], `c?` /* ? */"), "{text}");
    }

    #[test]
    fn names_in_postgres_words_are_told_from_casts_and_quotes() {
        let names = [Some("n".to_owned()), Some("m".to_owned())];
        let sql = "SELECT a::n, $tag$ :n $tag$, E'it\\':n', j ? 'k', x[1:m] FROM t WHERE b = :n AND c = $2 AND d = :other";
        let text = named(sql, &names);
        assert_eq!(
            text,
            "SELECT a::n, $tag$ :n $tag$, E'it\\':n', j ? 'k', x[1$2] FROM t WHERE b = $1 AND c = $2 AND d = :other"
        );
    }

    #[test]
    fn only_the_order_of_the_whole_counts() {
        assert!(is_ordered("SELECT a FROM t ORDER BY 1"));
        assert!(is_ordered("SELECT a FROM t order\n by 1 LIMIT 3"));
        assert!(!is_ordered("SELECT row_number() OVER (ORDER BY a) FROM (SELECT a FROM t ORDER BY 1)"));
        assert!(!is_ordered("SELECT 'ORDER BY' FROM t -- ORDER BY 1"));
    }

    #[test]
    fn a_query_begins_as_one() {
        for sql in ["SELECT 1", "/* x */ with a AS (SELECT 1) SELECT * FROM a", "(SELECT 1)", "VALUES (1)"] {
            assert!(is_query(sql, Words::Sqlite), "{sql}");
        }
        for sql in ["DELETE FROM t", "COMMIT", "", "PRAGMA x", "EXPLAIN SELECT 1"] {
            assert!(!is_query(sql, Words::Postgres), "{sql}");
        }
    }
}
