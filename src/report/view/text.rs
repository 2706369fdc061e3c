//! Text of others, made fit to be shown: no character that is not seen or that moves others about, and no end to be missed.
//! Escaping for a form (HTML, Markdown) comes after this.

use crate::report::human;

/// A name on one line, at most `max` characters of it.
pub(in crate::report) fn name(text: &str, max: usize) -> String {
    cut(&seen(&human::name(text)), max)
}

/// A sentence, whose line breaks stay.
pub(in crate::report) fn sentence(text: &str, max: usize) -> String {
    cut(&seen(&human::text(text)), max)
}

/// A statement, whose line breaks and tabs stay.
pub(in crate::report) fn sql(text: &str, max: usize) -> String {
    let untabbed = text.replace('\t', "    ").replace("\r\n", "\n");
    cut(&seen(&human::text(untabbed.trim_end())), max)
}

/// Characters that turn the direction of what follows, or are not seen at all, are spelled out: what is read is what is there.
fn seen(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' => {
                plain.extend(c.escape_unicode());
            }
            // Among the others are the joiners U+200C and U+200D: scripts and emoji need them.
            _ => plain.push(c),
        }
    }
    plain
}

/// The first `max` characters, and that it was cut.
fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

/// A word of a shell's command line, in quotes where it needs them.
pub(in crate::report) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Seconds since 1970 as `2026-11-22 00:18:32 UTC`.
pub(in crate::report) fn utc(unix: u64) -> String {
    let (days, second) = (unix / 86_400, unix % 86_400);
    // Howard Hinnant's civil_from_days, for days after 1970: years that begin in March have their leap day last.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second % 3600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_spelled_out() {
        assert_eq!(name("a\u{202e}b\u{200b}\nc\0", 99), r"a\u{202e}b\u{200b}\nc\u{0}");
        assert_eq!(sentence("a\nb\u{2066}", 99), "a\nb\\u{2066}");
        assert_eq!(sql("a\r\n\tb\n", 99), "a\n    b");
        assert_eq!(name("שלום 日本 👩\u{fe0f}", 99), "שלום 日本 👩\u{fe0f}", "letters of any script stay");
    }

    #[test]
    fn what_is_cut_shows_it() {
        assert_eq!((name("abcd", 4).as_str(), name("äbcde", 4).as_str()), ("abcd", "äbcd…"));
        assert_eq!(sentence("abc def", 4), "abc…");
    }

    #[test]
    fn a_shell_reads_the_word_that_was_meant() {
        assert_eq!(shell_word("app.db"), "app.db");
        assert_eq!(shell_word("postgres://u@h:5432/d"), "postgres://u@h:5432/d");
        assert_eq!(shell_word("it's $HOME;"), r"'it'\''s $HOME;'");
        assert_eq!((shell_word(""), shell_word("ü")), ("''".to_owned(), "'ü'".to_owned()));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (unix, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (1_795_306_712, "2026-11-22 00:18:32 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(unix), text);
        }
    }
}
