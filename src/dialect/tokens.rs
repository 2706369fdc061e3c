//! Statements of our own making, cut into parts: every name is quoted, every text is a literal, so that a few signs are
//! enough to see where something ends.

/// What stands at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `"name"`
    Name,
    /// `'text'`, `E'text'`
    Text,
    Open,
    Close,
    Comma,
    /// letters and digits
    Word,
    Other,
}

/// The tokens of `text` with their beginnings and ends.
fn tokens(text: &str) -> Vec<(Token, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match first {
            '"' => (Token::Name, quoted(rest, '"', false)),
            '\'' => (Token::Text, quoted(rest, '\'', false)),
            'E' if rest[1..].starts_with('\'') => (Token::Text, 1 + quoted(&rest[1..], '\'', true)),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            c if is_word(c) => (Token::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => (Token::Other, c.len_utf8()),
        };
        found.push((token, at, at + length));
        at += length;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => {
                chars.next();
            }
            c if c == quote => match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + quote.len_utf8(),
            },
            _ => {}
        }
    }
    text.len()
}

/// The parts of `text` between the commas that stand in no parentheses.
pub(super) fn split_list(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (token, from, to) in tokens(text) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Comma if depth == 0 => {
                parts.push(text[begin..from].trim());
                begin = to;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    parts
}

/// The statements of `text`, without their semicolons.
pub(super) fn statements(text: &str) -> Vec<&str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    for (token, from, to) in tokens(text) {
        if token == Token::Other && &text[from..to] == ";" {
            parts.push(text[begin..from].trim());
            begin = to;
        }
    }
    parts.push(text[begin..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// What stands in the first parentheses of `text`, what stands before, and what stands behind them.
pub(super) fn parentheses(text: &str) -> Option<(&str, &str, &str)> {
    let (mut depth, mut begin) = (0, None);
    for (token, from, to) in tokens(text) {
        match token {
            Token::Open => {
                depth += 1;
                begin = begin.or(Some((from, to)));
            }
            Token::Close if depth == 1 => {
                let (before, within) = begin?;
                return Some((&text[..before], &text[within..from], &text[to..]));
            }
            Token::Close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The quoted name that `text` begins with, without its quotes, and the rest.
pub(super) fn leading_name(text: &str) -> Option<(String, &str)> {
    let end = text.starts_with('"').then(|| quoted(text, '"', false))?;
    Some((text[1..end - 1].replace("\"\"", "\""), &text[end..]))
}

/// Where one of `words` begins, in no parentheses.
pub(super) fn find_word(text: &str, words: &[&str]) -> Option<usize> {
    let mut depth = 0;
    for (token, from, to) in tokens(text) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Word if depth == 0 && words.contains(&&text[from..to]) => return Some(from),
            _ => {}
        }
    }
    None
}

/// `text` with other names where `other` has one for a name that stands alone, not beside a point.
pub(super) fn rename(text: &str, other: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for (token, from, to) in tokens(text) {
        let part = &text[from..to];
        let is_qualified = text[..from].ends_with('.') || text[to..].starts_with('.');
        let name =
            (token == Token::Name && !is_qualified).then(|| part[1..part.len() - 1].replace("\"\"", "\""));
        match name.and_then(|name| other(&name)) {
            Some(name) => out += &crate::ident::quote(&name),
            None => out += part,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_beside_quotes_and_parentheses() {
        assert_eq!(
            split_list("\"a,\" text, \"b\" numeric(1,2) DEFAULT ',', E'\\',', \"c\""),
            ["\"a,\" text", "\"b\" numeric(1,2) DEFAULT ','", "E'\\','", "\"c\""]
        );
        assert_eq!(parentheses("x \"(\" (a, (b) ')') tail"), Some(("x \"(\" ", "a, (b) ')'", " tail")));
        assert_eq!(leading_name("\"a\"\"b\" text"), Some(("a\"b".to_owned(), " text")));
        assert_eq!(find_word("text DEFAULT 'NOT' (NOT) NOT NULL", &["NOT"]), Some(25));
        let other = |name: &str| (name == "a").then(|| "z".to_owned());
        assert_eq!(
            rename("INDEX \"i\" ON \"s\".\"a\" (\"a\", 'x \"a\"')", other),
            "INDEX \"i\" ON \"s\".\"a\" (\"z\", 'x \"a\"')"
        );
    }
}
