//! What a terminal is, as far as drawing needs to know: its size, its colours, its letters, what it does when it is resized.

use std::io::IsTerminal;
use std::os::fd::AsFd;

/// The size where nobody knows it.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Size {
    /// Cells of one line. The last column stays empty: a terminal that has written there is between two lines.
    pub(crate) fn cells(self) -> usize {
        self.columns.saturating_sub(1).max(1)
    }
}

/// What was found out about one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// a terminal whose cursor can be moved: not `TERM=dumb`
    pub(crate) moves: bool,
    /// colours are welcome: neither `NO_COLOR` (<https://no-color.org>) nor `CLICOLOR=0` (<https://bixense.com/clicolors/>)
    pub(crate) colours: bool,
    /// letters beyond ASCII can be shown
    pub(crate) unicode: bool,
    /// when it becomes narrower, lines that are too long are broken, and brought together again when it becomes wider;
    /// when it becomes shorter and higher again, lines come back from above
    pub(crate) reflows: bool,
}

impl Terminal {
    /// What `stream` is.
    pub(crate) fn of(stream: &impl IsTerminal) -> Terminal {
        Terminal::from(stream.is_terminal(), |name| std::env::var(name).ok())
    }

    /// The same from the environment's variables.
    fn from(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Terminal {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let language = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let is_utf8 = |language: String| language.to_ascii_lowercase().replace('-', "").contains("utf8");
        let in_tmux = set("TMUX").is_some();
        let keeps_lines = set("XTERM_VERSION").is_some() || term == "linux" || term.starts_with("screen");
        Terminal {
            moves: is_terminal && term != "dumb",
            colours: set("NO_COLOR").is_none() && set("CLICOLOR").is_none_or(|value| value != "0"),
            unicode: language.is_none_or(is_utf8),
            reflows: in_tmux || !keeps_lines,
        }
    }
}

/// The size of the terminal behind `stream`; where it does not tell, `COLUMNS` and `LINES` do.
pub(crate) fn size(stream: &impl AsFd) -> Size {
    let told = rustix::termios::tcgetwinsize(stream).ok();
    let told = told.map(|told| [usize::from(told.ws_col), usize::from(told.ws_row)]).unwrap_or_default();
    let variable = |name| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(0);
    known(told, || [variable("COLUMNS"), variable("LINES")])
}

/// The first of `told`, `named` and the usual that is not 0.
fn known(told: [usize; 2], named: impl FnOnce() -> [usize; 2]) -> Size {
    let named = if told.contains(&0) { named() } else { told };
    let pick = |index: usize, usual| [told[index], named[index], usual].into_iter().find(|n| *n > 0);
    Size {
        columns: pick(0, USUAL.columns).unwrap_or(USUAL.columns),
        rows: pick(1, USUAL.rows).unwrap_or(USUAL.rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Terminal {
        Terminal::from(true, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_what_is_welcome() {
        assert!(with(&[]).colours && with(&[]).moves && with(&[]).unicode && with(&[]).reflows);
        for (name, value, colours) in [
            ("NO_COLOR", "1", false),
            ("NO_COLOR", "", true),
            ("CLICOLOR", "0", false),
            ("CLICOLOR", "1", true),
        ] {
            assert_eq!(with(&[(name, value)]).colours, colours, "{name}={value}");
        }
        assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]).colours);
        assert!(!with(&[("TERM", "dumb")]).moves && !Terminal::from(false, |_| None).moves);
    }

    #[test]
    fn letters_follow_the_language_and_lines_the_terminal() {
        assert!(!with(&[("LANG", "C")]).unicode && with(&[("LANG", "C.UTF-8")]).unicode);
        assert!(!with(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.utf8")]).unicode);
        assert!(!with(&[("TERM", "linux")]).reflows && !with(&[("XTERM_VERSION", "XTerm(379)")]).reflows);
        assert!(with(&[("TERM", "screen-256color"), ("TMUX", "/tmp/x")]).reflows);
    }

    #[test]
    fn a_size_that_is_not_told_is_looked_for() {
        assert_eq!(known([40, 12], || [1, 1]), Size { columns: 40, rows: 12 });
        assert_eq!(known([0, 0], || [100, 0]), Size { columns: 100, rows: 24 });
        assert_eq!(Size { columns: 1, rows: 1 }.cells(), 1);
    }
}
