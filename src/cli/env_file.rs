//! `--env-file`: `KEY=value` lines as docker and most frameworks read them.
//!
//! Accepted: `export`, blank lines, `#` comments (after a value only behind a space), `'single'` quotes (verbatim),
//! `"double"` quotes with `\n`, `\r`, `\t`, `\\`, `\"`, `\$`. Deliberately absent: `$VARIABLE` expansion, which would be
//! guessing, and values over several lines; both are refused by line number. A value is never shown.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The variables of a file; the last line of a name counts.
///
/// # Errors
/// Usage, with the number of the first line that is not understood.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = assignment(line).map_err(|what| {
            Error::usage(format!("line {}: {what}", index + 1))
                .remedy("write KEY=value; put the value in single quotes to have it taken as it is")
        })?;
        variables.insert(key.to_owned(), value);
    }
    Ok(variables)
}

fn assignment(line: &str) -> std::result::Result<(&str, String), &'static str> {
    let rest = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let (key, value) = rest.unwrap_or(line).split_once('=').ok_or("it has no =")?;
    let key = key.trim();
    let first = key.chars().next().ok_or("it has no name before the =")?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if first.is_ascii_digit() || !key.chars().all(word) {
        return Err("the name before the = has other characters than letters, digits and _");
    }
    Ok((key, value_of(value.trim())?))
}

fn value_of(text: &str) -> std::result::Result<String, &'static str> {
    if let Some(rest) = text.strip_prefix('\'') {
        let (value, after) = rest.split_once('\'').ok_or("a single quote is not closed")?;
        return only_comment(after).map(|()| value.to_owned());
    }
    if let Some(rest) = text.strip_prefix('"') {
        return double_quoted(rest);
    }
    let comment = text.char_indices().find(|(at, c)| *c == '#' && text[..*at].ends_with([' ', '\t']));
    let value = match comment {
        Some((at, _)) => text[..at].trim_end(),
        None if text.starts_with('#') => "",
        None => text,
    };
    no_expansion(value)?;
    Ok(value.to_owned())
}

/// A `$` before a name or a brace would be expanded by a shell; a single `$` stands for itself.
fn no_expansion(value: &str) -> std::result::Result<(), &'static str> {
    let expands = |next: char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '(');
    match value.split('$').skip(1).any(|after| after.starts_with(expands)) {
        true => Err("$ before a name is not expanded here"),
        false => Ok(()),
    }
}

fn double_quoted(text: &str) -> std::result::Result<String, &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return only_comment(&text[at + 1..]).map(|()| value),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c @ ('\\' | '"' | '$'))) => value.push(c),
                _ => return Err("a backslash in double quotes stands before an unknown character"),
            },
            '$' => {
                no_expansion(&text[at..])?;
                value.push('$');
            }
            c => value.push(c),
        }
    }
    Err("a double quote is not closed")
}

fn only_comment(after: &str) -> std::result::Result<(), &'static str> {
    let after = after.trim_start();
    if after.is_empty() || after.starts_with('#') {
        Ok(())
    } else {
        Err("something follows the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_read() {
        let examples = [
            ("A=b", "b"),
            ("A=", ""),
            ("  export A = b  ", "b"),
            ("export\tA=b", "b"),
            ("A=b # comment", "b"),
            ("A=b#c", "b#c"),
            ("A=# comment", ""),
            ("A=b c", "b c"),
            ("A='b # \"c\\n$D'", "b # \"c\\n$D"),
            ("A=\"b # 'c'\" # d", "b # 'c'"),
            ("A=\"b\\n\\t\\\\\\\"\\$D\"", "b\n\t\\\"$D"),
            ("A=pa$$1$", "pa$$1$"),
            ("A=\"5$\"", "5$"),
            ("A=x=y", "x=y"),
            ("A=1\r\nA=2\r\n", "2"),
            ("\u{feff}A=b", "b"),
            ("# c\n\n   # d\nA=ä", "ä"),
        ];
        for (text, expected) in examples {
            assert_eq!(parse(text).unwrap().get("A").map(String::as_str), Some(expected), "{text:?}");
        }
        assert_eq!(parse("exported=1").unwrap()["exported"], "1");
    }

    #[test]
    fn what_is_not_understood_is_refused_by_line_and_without_its_value() {
        let examples = [
            ("OK=1\nhunter2", "line 2: it has no ="),
            ("=hunter2", "line 1: it has no name"),
            ("A-B=hunter2", "line 1: the name"),
            ("1A=hunter2", "line 1: the name"),
            ("A='hunter2", "line 1: a single quote"),
            ("A=\"hunter2", "line 1: a double quote"),
            ("A=\"hunter2\\", "line 1: a backslash"),
            ("A=\"hunter2\\q\"", "line 1: a backslash"),
            ("A='hunter2'x", "line 1: something follows"),
            ("A=$hunter2", "line 1: $ before a name"),
            ("A=${hunter2}", "line 1: $ before a name"),
            ("A=\"a ${hunter2}\"", "line 1: $ before a name"),
        ];
        for (text, expected) in examples {
            let error = parse(text).unwrap_err();
            assert!(error.message().starts_with(expected), "{text:?}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
