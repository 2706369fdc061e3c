//! SQL texts as words: compared without regard to blanks, and with names replaced.

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// as it stands there
    pub raw: &'a str,
    /// blanks before it
    before: &'a str,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// a name or keyword: what it means, and whether it is in quotes
    Name(String, bool),
    /// a string constant
    Text,
    /// anything else
    Sign,
}

/// The words of a text, in order.
pub(super) fn words(sql: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut rest = sql;
    loop {
        let trimmed = rest.trim_start();
        let before = &rest[..rest.len() - trimmed.len()];
        let Some(first) = trimmed.chars().next() else { return words };
        let escapes = before.is_empty()
            && words.last().is_some_and(|word| matches!(&word.kind, Kind::Name(name, false) if name == "e"));
        let length = match first {
            '"' => quoted(trimmed, '"', false),
            '\'' => quoted(trimmed, '\'', escapes),
            c if is_name(c) && !c.is_ascii_digit() => trimmed.find(|c| !is_name(c)).unwrap_or(trimmed.len()),
            c if c.is_ascii_digit() => {
                trimmed.find(|c: char| !(is_name(c) || c == '.')).unwrap_or(trimmed.len())
            }
            ':' if trimmed.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let (raw, after) = trimmed.split_at(length);
        let kind = match first {
            '"' => {
                let inner = raw.strip_prefix('"').unwrap_or(raw);
                Kind::Name(inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\""), true)
            }
            '\'' => Kind::Text,
            c if is_name(c) && !c.is_ascii_digit() => Kind::Name(raw.to_lowercase(), false),
            _ => Kind::Sign,
        };
        words.push(Word { raw, before, kind });
        rest = after;
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

/// Bytes of a quoted text, quotes included; to the end where it is not closed.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            chars.next();
        } else if c == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + c.len_utf8(),
            }
        }
    }
    text.len()
}

/// `sql` with the names replaced for which `new_name` has another one. Functions and types keep theirs.
pub(super) fn rewritten(sql: &str, new_name: impl Fn(&str) -> Option<String>) -> String {
    let words = words(sql);
    let mut text = String::with_capacity(sql.len());
    for (i, word) in words.iter().enumerate() {
        text.push_str(word.before);
        let is_called = words.get(i + 1).is_some_and(|next| next.raw == "(");
        let is_type = i > 0 && words[i - 1].raw == "::";
        match &word.kind {
            Kind::Name(name, in_quotes) if !is_type && (*in_quotes || !is_called) => match new_name(name) {
                Some(new) => text.push_str(&crate::ident::quote(&new)),
                None => text.push_str(word.raw),
            },
            _ => text.push_str(word.raw),
        }
    }
    text
}

/// The words of a text, names without their quotes: equal for texts that differ in blanks and needless quotes alone.
pub(super) fn exact(sql: &str) -> Vec<String> {
    words(sql).iter().map(meaning).collect()
}

/// The words of a condition with flags as conditions of their own: `a = false` as `not a`, `a = true` as `a`.
pub(super) fn with_flags(words: Vec<String>) -> Vec<String> {
    let mut plain: Vec<String> = Vec::new();
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let is_name =
            word.chars().all(is_name) && words.get(i.wrapping_sub(1)).is_none_or(|before| before != ".");
        let flag = match (words.get(i + 1).map(String::as_str), words.get(i + 2).map(String::as_str)) {
            (Some("="), Some("false")) if is_name => Some("not"),
            (Some("="), Some("true")) if is_name => Some(""),
            _ => None,
        };
        plain.extend(flag.filter(|not| !not.is_empty()).map(str::to_owned));
        plain.push(word.clone());
        i += if flag.is_some() { 3 } else { 1 };
    }
    plain
}

/// The words of a query without aliases that are the very names of their tables: `FROM t AS t` as `FROM t`.
pub(super) fn without_own_names(words: Vec<String>) -> Vec<String> {
    const BEFORE: [&str; 5] = ["from", "join", ",", "(", "."];
    let mut plain: Vec<String> = Vec::new();
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        let is_table =
            word.chars().all(is_name) && plain.last().is_some_and(|w| BEFORE.contains(&w.as_str()));
        let name = is_table.then(|| word.clone());
        plain.push(word);
        let Some(name) = name else { continue };
        if rest.next_if_eq(&name).is_none() && rest.peek().is_some_and(|word| word == "as") {
            plain.extend(rest.next());
            if rest.next_if_eq(&name).is_some() {
                plain.pop();
            }
        }
    }
    plain
}

fn meaning(word: &Word<'_>) -> String {
    match &word.kind {
        Kind::Name(name, _) => name.clone(),
        Kind::Text | Kind::Sign => word.raw.to_owned(),
    }
}

/// The words of a text without casts, parentheses and the schema `pg_catalog`, and with `= ANY (ARRAY[…])` as `IN (…)`:
/// for texts of different writers.
pub(super) fn loose(sql: &str) -> Vec<String> {
    let all = words(sql);
    let mut plain: Vec<String> = Vec::new();
    let mut i = 0;
    while let Some(word) = all.get(i) {
        i += 1;
        match word.raw {
            "::" => i += type_words(&all[i..]),
            "(" | ")" => {}
            "pg_catalog" if all.get(i).is_some_and(|next| next.raw == ".") => i += 1,
            _ => plain.push(meaning(word)),
        }
    }
    // Where nothing but the access method is named, it is the usual one.
    let method = usize::from(plain.first().is_some_and(|first| first == "btree"));
    without_arrays(&plain[method..])
}

/// Words of a type that follows `::`.
fn type_words(after: &[Word<'_>]) -> usize {
    const SECOND: [&str; 9] =
        ["varying", "precision", "without", "with", "time", "zone", "character", "bit", "."];
    let mut count = 1;
    while let Some(word) = after.get(count) {
        let follows_dot = after[count - 1].raw == ".";
        let is_length = word.raw == "(" && after.get(count + 1).is_some_and(|word| is_number(word.raw));
        if is_length {
            count += after[count..].iter().position(|word| word.raw == ")").map_or(1, |close| close + 1);
        } else if follows_dot || word.raw == "[" || word.raw == "]" || SECOND.contains(&word.raw) {
            count += 1;
        } else {
            break;
        }
    }
    count.min(after.len())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn without_arrays(words: &[String]) -> Vec<String> {
    let mut plain = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let ahead = |n: usize| words.get(i + n).map(String::as_str);
        match (ahead(0), ahead(1), ahead(2), ahead(3), ahead(4)) {
            (Some("="), Some("any"), Some("array"), Some("["), _) => {
                plain.push("in".to_owned());
                i += 4;
            }
            (Some("<"), Some(">"), Some("all"), Some("array"), Some("[")) => {
                plain.extend(["not".to_owned(), "in".to_owned()]);
                i += 5;
            }
            (Some("]"), ..) => i += 1,
            (Some(word), ..) => {
                plain.push(word.to_owned());
                i += 1;
            }
            (None, ..) => break,
        }
    }
    plain
}

/// The text of a constant without its cast and parentheses: `'a''b'::text` is `a'b`, `(-1)` is `-1`. None for anything else.
pub fn constant(sql: &str) -> Option<String> {
    let words = words(sql);
    let mut value: Option<String> = None;
    let (mut i, mut negative) = (0, false);
    while let Some(word) = words.get(i) {
        i += 1;
        match (&word.kind, word.raw) {
            (_, "(" | ")") => {}
            (_, "::") if value.is_some() => i += type_words(&words[i..]),
            (_, "-") if value.is_none() => negative = !negative,
            (Kind::Name(name, false), _)
                if name == "e" && words.get(i).is_some_and(|next| next.kind == Kind::Text) => {}
            (Kind::Name(name, false), _)
                if value.is_none() && matches!(name.as_str(), "true" | "false" | "null") =>
            {
                value = Some(name.clone());
            }
            (Kind::Text, raw) if value.is_none() => {
                value = Some(unquoted(raw, i >= 2 && is_e(&words[i - 2])))
            }
            (Kind::Sign, raw)
                if value.is_none() && raw.starts_with(|c: char| c.is_ascii_digit() || c == '.') =>
            {
                value = Some(raw.to_owned());
            }
            _ => return None,
        }
    }
    value.map(|value| if negative { format!("-{value}") } else { value })
}

fn is_e(word: &Word<'_>) -> bool {
    matches!(&word.kind, Kind::Name(name, false) if name == "e")
}

fn unquoted(raw: &str, escapes: bool) -> String {
    let inner = raw.strip_prefix('\'').unwrap_or(raw);
    let inner = inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'");
    if escapes { inner.replace("\\\\", "\\") } else { inner }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_called_by_its_own_name_is_the_table() {
        let same = |one: &str, other: &str| {
            assert_eq!(without_own_names(exact(one)), without_own_names(exact(other)), "{one}");
        };
        same("SELECT t.a FROM t t WHERE t.a", "SELECT t.a FROM t WHERE t.a");
        same("SELECT 1 FROM (s.t AS \"t\" JOIN u u ON t.a = u.a)", "SELECT 1 FROM (s.t JOIN u ON t.a = u.a)");
        let other = |one: &str, other: &str| {
            assert_ne!(without_own_names(exact(one)), without_own_names(exact(other)), "{one}");
        };
        other("SELECT t.a FROM t u", "SELECT t.a FROM t");
        other("SELECT t.a FROM t AS u", "SELECT t.a FROM t");
        other("SELECT 1 WHERE a = a", "SELECT 1 WHERE a");
    }

    #[test]
    fn a_flag_is_a_condition() {
        let plain = |sql: &str| with_flags(exact(sql));
        assert_eq!(plain("(done = false)"), plain("(NOT done)"));
        assert_eq!(plain("a = true AND b"), plain("a AND b"));
        assert_ne!(plain("(a = 'false')"), plain("(NOT a)"));
        assert_ne!(plain("(done = true)"), plain("(NOT done)"));
    }

    #[test]
    fn names_are_replaced_where_they_are_names() {
        let new = |name: &str| match name {
            "userId" => Some("user_id".to_owned()),
            "lower" => Some("LOWER".to_owned()),
            _ => None,
        };
        assert_eq!(
            rewritten("CHECK ((\"userId\" > 0) AND lower('userId') = lower  -- x", new),
            "CHECK ((\"user_id\" > 0) AND lower('userId') = \"LOWER\"  -- x"
        );
        assert_eq!(rewritten("x::\"userId\" E'a\\'userId'", new), "x::\"userId\" E'a\\'userId'");
    }

    #[test]
    fn texts_of_two_writers() {
        assert_eq!(exact("CHECK  (\"a\"  > 1)"), exact("check (A>1)"));
        assert_ne!(exact("CHECK (a > 'X')"), exact("CHECK (a > 'x')"));
        for (one, other) in [
            (
                "(status IN ('a', 'b'))",
                "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::text])::text[]))",
            ),
            ("btree (a, b DESC)", "(\"a\", \"b\" DESC)"),
            ("(x NOT IN (1,2))", "(x <> ALL (ARRAY[(1)::numeric(10,2), 2]))"),
            ("pg_catalog.lower(a)", "lower((a)::text)"),
        ] {
            assert_eq!(loose(one), loose(other));
        }
        assert_ne!(loose("a > 1"), loose("a > 2"));
    }

    #[test]
    fn constants() {
        for (sql, value) in [
            ("'a''b'::text", Some("a'b")),
            ("('-1')::integer", Some("-1")),
            ("(-1)", Some("-1")),
            ("0.50", Some("0.50")),
            ("true", Some("true")),
            ("NULL::character varying", Some("null")),
            ("E'a\\\\b'", Some("a\\b")),
            ("'x'::timestamp(3) without time zone", Some("x")),
            ("now()", None),
            ("1 + 1", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(constant(sql).as_deref(), value, "{sql}");
        }
    }

    #[test]
    fn whatever_comes_it_ends() {
        for sql in ["'", "\"", "E'\\", "::", "a::", "x::numeric(", "é\"é", "1.2.3", "$", "\u{85}"] {
            let _ = (exact(sql), loose(sql), constant(sql), rewritten(sql, |_| None));
        }
    }
}
