//! Text measured in the cells of a terminal: how wide it is, shortened, and broken into lines.
//!
//! Pure. Widths are added up character by character, which never says less than a terminal takes: one that joins
//! characters to one picture shows them narrower, and nothing wraps.

use unicode_width::UnicodeWidthChar;

/// What stands where something was left out.
const CUT: &str = "…";

/// Cells that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(of_char).sum()
}

fn of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The beginning of `text` that takes at most `cells`, and what is left of it.
fn split(text: &str, cells: usize) -> (&str, &str) {
    let mut used = 0;
    for (index, c) in text.char_indices() {
        used += of_char(c);
        if used > cells {
            return text.split_at(index);
        }
    }
    (text, "")
}

/// The end of `text` that takes at most `cells`.
fn end(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (index, c) in text.char_indices().rev() {
        used += of_char(c);
        if used > cells {
            return &text[index + c.len_utf8()..];
        }
    }
    text
}

/// `text` in at most `cells`, its end cut where it is longer.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    match cells {
        _ if width(text) <= cells => text.to_owned(),
        0 => String::new(),
        _ => format!("{}{CUT}", split(text, cells - 1).0),
    }
}

/// `text` in at most `cells`, shortened in its middle: names differ at their ends.
pub(crate) fn middle(text: &str, cells: usize) -> String {
    match cells {
        _ if width(text) <= cells => text.to_owned(),
        0 => String::new(),
        _ => {
            let back = (cells - 1) / 2;
            format!("{}{CUT}{}", split(text, cells - 1 - back).0, end(text, back))
        }
    }
}

/// `text` in lines of at most `cells`, broken between words; its own line breaks stay. Each further line begins with the
/// blanks that the line began with and `indent` more, where there is room for that. A word that is wider than a line is broken, and
/// so is nothing else.
pub(crate) fn wrapped(text: &str, cells: usize, indent: usize) -> Vec<String> {
    let cells = cells.max(1);
    text.split('\n').flat_map(|line| wrapped_line(line, cells, indent)).collect()
}

fn wrapped_line(line: &str, cells: usize, indent: usize) -> Vec<String> {
    if width(line) <= cells {
        return vec![line.to_owned()];
    }
    let begins = line.len() - line.trim_start_matches(' ').len();
    let (first, hanging) = match begins + indent {
        hanging if hanging * 2 <= cells && hanging + 2 <= cells => (" ".repeat(begins), " ".repeat(hanging)),
        _ => (String::new(), String::new()),
    };
    let (mut lines, mut current, mut is_empty) = (Vec::new(), first, true);
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        if !is_empty && width(&current) + 1 + width(word) > cells {
            lines.push(std::mem::replace(&mut current, hanging.clone()));
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        is_empty = false;
        let mut rest = word;
        while width(&current) + width(rest) > cells {
            let room = cells.saturating_sub(width(&current));
            let (head, tail) = split(rest, room);
            // One character that is wider than a line stands there all the same.
            let (head, tail) = if head.is_empty() && width(&current) <= width(&hanging) {
                rest.split_at(rest.chars().next().map_or(0, char::len_utf8))
            } else {
                (head, tail)
            };
            current.push_str(head);
            rest = tail;
            if rest.is_empty() {
                break;
            }
            lines.push(std::mem::replace(&mut current, hanging.clone()));
        }
        current.push_str(rest);
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widths_are_those_of_a_terminal() {
        for (text, expected) in [("", 0), ("abc", 3), ("表", 2), ("e\u{301}", 1), ("👩‍👧", 4), ("…", 1)]
        {
            assert_eq!(width(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_shortened_in_the_middle_and_texts_at_the_end() {
        for (cells, expected) in
            [(20, "customer_2024_orders"), (11, "custo…rders"), (4, "cu…s"), (2, "c…"), (1, "…"), (0, "")]
        {
            assert_eq!(middle("customer_2024_orders", cells), expected);
        }
        assert_eq!([cut("abcdef", 4), cut("abc", 3), cut("表表", 3)], ["abc…", "abc", "表…"]);
        assert_eq!(middle("表表表表表", 6), "表…表");
    }

    #[test]
    fn lines_break_between_words_and_hang() {
        let text = "warning W_X: a sentence of several words\n    fix: do it now and here";
        let expected = [
            "warning W_X: a",
            "  sentence of",
            "  several words",
            "    fix: do it",
            "      now and",
            "      here",
        ];
        assert_eq!(wrapped(text, 16, 2), expected);
        assert_eq!(wrapped("abcdefgh ij", 4, 2), ["abcd", "  ef", "  gh", "  ij"]);
        assert_eq!(wrapped("short", 16, 2), ["short"]);
        assert_eq!(wrapped("表", 1, 0), ["表"]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in "[a-z表 \u{301}\n]{0,60}", cells in 2_usize..40, indent in 0_usize..6) {
            prop_assert!(width(&cut(&text, cells)) <= cells);
            prop_assert!(width(&middle(&text, cells)) <= cells);
            let lines = wrapped(&text, cells, indent);
            prop_assert!(lines.iter().all(|line| width(line) <= cells), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
