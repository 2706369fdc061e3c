//! Reads a Rust file just far enough: which paths and macros its code names, outside comments, literals and tests.

/// A path such as `crate::plan::Plan`; each leaf of a `use` tree is one.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) line: usize,
    pub(super) words: Vec<String>,
    /// directly after `use`
    pub(super) after_use: bool,
    /// called with `()`
    pub(super) empty_call: bool,
}

/// What a file names.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) paths: Vec<Path>,
    pub(super) macros: Vec<(usize, String)>,
}

type Token = (usize, String);

/// Words that a path with a leading `::` may follow; they are not its first word.
const KEYWORDS: [&str; 14] = [
    "use", "as", "in", "mut", "dyn", "impl", "for", "return", "if", "match", "else", "move", "const", "where",
];

impl Source {
    pub(super) fn read(text: &str) -> Source {
        let tokens = without_tests(tokens(&blanked(text)));
        let mut source = Source::default();
        let mut at = 0;
        while at < tokens.len() {
            if !is_word(&tokens, at) || KEYWORDS.contains(&tokens[at].1.as_str()) {
                at += 1;
                continue;
            }
            if is(&tokens, at + 1, "!") && !is(&tokens, at + 2, "=") {
                source.macros.push(tokens[at].clone());
            }
            let after_use = at > 0 && (is(&tokens, at - 1, "use") || (at > 1 && is(&tokens, at - 2, "use")));
            at = path(&tokens, at, &[], after_use, &mut source.paths);
        }
        source
    }
}

/// Reads the path, or the tree of paths, that begins at `at`; returns where it ends.
fn path(tokens: &[Token], mut at: usize, before: &[String], after_use: bool, into: &mut Vec<Path>) -> usize {
    let line = tokens[at].0;
    let mut words = before.to_vec();
    loop {
        words.push(tokens[at].1.clone());
        at += 1;
        if !is(tokens, at, "::") {
            break;
        }
        if is(tokens, at + 1, "{") {
            return tree(tokens, at + 2, &words, after_use, into);
        }
        if !is_word(tokens, at + 1) {
            break;
        }
        at += 1;
    }
    let after = after_generics(tokens, at);
    let empty_call = is(tokens, after, "(") && is(tokens, after + 1, ")");
    into.push(Path { line, words, after_use, empty_call });
    at
}

/// The inside of `{…}` in a `use` tree.
fn tree(tokens: &[Token], mut at: usize, before: &[String], after_use: bool, into: &mut Vec<Path>) -> usize {
    while at < tokens.len() && !is(tokens, at, "}") {
        at = if is_word(tokens, at) && !is(tokens, at, "as") {
            path(tokens, at, before, after_use, into)
        } else {
            at + 1
        };
    }
    at + 1
}

/// Past a `::<…>`, if one stands here.
fn after_generics(tokens: &[Token], at: usize) -> usize {
    if !(is(tokens, at, "::") && is(tokens, at + 1, "<")) {
        return at;
    }
    let mut depth = 0;
    for (index, (_, token)) in tokens.iter().enumerate().skip(at + 1) {
        match token.as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    at
}

fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|(_, token)| token == text)
}

fn is_word(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_some_and(|(_, token)| token.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Drops every `#[cfg(test)]` item that has a body, and the attribute before a `mod name;`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if MARK.iter().enumerate().all(|(offset, text)| is(&tokens, at + offset, text)) {
            at = after_item(&tokens, at + MARK.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Past the next `;`, or past the next `{…}`.
fn after_item(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (index, (_, token)) in tokens.iter().enumerate().skip(from) {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return index + 1,
            _ => continue,
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// Words, `::`, and single signs.
fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word: usize =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            tokens.push((index + 1, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The text with comments and the insides of literals blanked out; lines stay where they are.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let skip = comment(rest).or_else(|| literal(rest, after_word)).unwrap_or(0);
        let length = if skip > 0 { skip } else { first.len_utf8() };
        let (piece, tail) = rest.split_at(length);
        if skip > 0 {
            out.push(' ');
            out.extend(piece.chars().filter(|c| *c == '\n'));
        } else {
            out.push_str(piece);
        }
        after_word = skip == 0 && (first.is_alphanumeric() || first == '_');
        rest = tail;
    }
    out
}

/// Bytes of the comment that begins here; block comments nest.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let bytes = &rest.as_bytes()[at..];
        match () {
            () if bytes.starts_with(b"/*") => (depth, at) = (depth + 1, at + 2),
            () if bytes.starts_with(b"*/") => (depth, at) = (depth - 1, at + 2),
            () => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(rest.len())
}

/// Bytes of the string or character literal that begins here. A lifetime is none.
fn literal(rest: &str, after_word: bool) -> Option<usize> {
    if rest.starts_with('\'') {
        return character(rest);
    }
    if rest.starts_with('"') {
        return Some(escaped(rest, 1, b'"'));
    }
    if after_word {
        return None;
    }
    let prefix = rest.find(|c: char| !"bcr".contains(c)).filter(|length| (1..=2).contains(length))?;
    let marks = rest[prefix..].bytes().take_while(|byte| *byte == b'#').count();
    let raw = rest[..prefix].contains('r');
    if !rest[prefix + marks..].starts_with('"') || (marks > 0 && !raw) {
        return None;
    }
    let start = prefix + marks + 1;
    if !raw {
        return Some(escaped(rest, start, b'"'));
    }
    let end = format!("\"{}", "#".repeat(marks));
    Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

fn character(rest: &str) -> Option<usize> {
    let mut inside = rest.chars().skip(1);
    match (inside.next()?, inside.next()?) {
        ('\\', _) => Some(escaped(rest, 1, b'\'')),
        (one, '\'') => Some(1 + one.len_utf8() + 1),
        _ => None,
    }
}

/// The end of a literal with escapes whose inside begins at `at`.
fn escaped(rest: &str, mut at: usize, end: u8) -> usize {
    let bytes = rest.as_bytes();
    while at < bytes.len() && bytes[at] != end {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_where_code_is_and_nowhere_else() {
        let text = r####"
            use a::{b, c::{d, e as f}}; // use x::y
            /* use x::z; /* nested */ use x::w; */
            const S: &str = "x::s \" x::t"; const R: &str = r##"x::r "# x::q"##;
            fn f<'a>(c: char) { 'q: loop { g::<h::I>("{"); c == '\'' || c == '"'; k::l(); } }
            #[cfg(test)] mod tests { fn t() { x::u("}"); if true { x::v() } } }
            fn last() { m::n!() }
        "####;
        let source = Source::read(text);
        let paths: Vec<String> = source.paths.iter().map(|path| path.words.join("::")).collect();
        for expected in ["a::b", "a::c::d", "a::c::e", "h::I", "k::l", "m::n"] {
            assert!(paths.iter().any(|path| path == expected), "{expected} in {paths:?}");
        }
        assert!(!paths.iter().any(|path| path.starts_with("x::")), "{paths:?}");
        assert!(
            source.paths.iter().any(|path| path.words == ["k", "l"] && path.empty_call && path.line == 5)
        );
    }
}
