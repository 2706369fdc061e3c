//! Text of others inside Markdown, as GitHub and CommonMark read it: it can neither become markup, nor HTML, nor leave its
//! cell, nor call somebody.

/// Text in a sentence: every character that can mean something is escaped; a line break is a space.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let follows = letters.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '\n' | '\r' | '\t' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // Neither escaping nor an entity keeps GitHub from making a mention or a reference of them; what is not seen and
            // stands behind them does.
            '@' | '#' if follows => escaped.extend([c, '\u{2060}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Text as code, in a sentence.
pub(super) fn code(text: &str) -> String {
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    if one_line.trim().is_empty() {
        return format!("“{one_line}”");
    }
    let fence = "`".repeat(longest_run(&one_line) + 1);
    // A blank at both ends is taken away again by whoever reads it.
    let pad = if fence.len() > 1 || one_line.starts_with(' ') { " " } else { "" };
    format!("{fence}{pad}{one_line}{pad}{fence}")
}

/// Text as code, in a cell of a table, where `|` ends the cell even in code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Several lines as code, between fences that nothing in it closes.
pub(super) fn block(text: &str, language: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(plain("a*b_c`d`|e\\"), "a\\*b\\_c\\`d\\`\\|e\\\\");
        assert_eq!(plain("<script>&\nx"), "&lt;script&gt;&amp; x");
        assert_eq!(plain("@here [a](b) ![c](d)"), "@\u{2060}here \\[a\\](b) !\\[c\\](d)");
        assert_eq!(plain("see #12, 100 # of @"), "see #\u{2060}12, 100 # of @");
    }

    #[test]
    fn code_stays_code_whatever_is_in_it() {
        assert_eq!(code("orders"), "`orders`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code("<b>\n@me"), "`<b> @me`");
        assert_eq!(code(" "), "“ ”");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(block("x\n```\ny", "sql"), "````sql\nx\n```\ny\n````\n");
    }
}
