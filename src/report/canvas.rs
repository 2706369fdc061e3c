//! A part of a terminal that is drawn again and again, below the lines that stay: one write for each drawing.
//!
//! Nothing about the terminal is switched over: no hidden cursor, no other screen, no mode. So a process that is
//! killed leaves nothing to be put right. A line is written over and its rest erased, never erased first, so that nothing
//! flickers. Deliberately absent: any question to the terminal, whose answer would come as if somebody had typed it.

use crate::report::cells;
use crate::report::terminal::Size;
use std::io::Write;

/// Erases the rest of a line, and everything below.
const REST_OF_LINE: &str = "\x1b[K";
const BELOW: &str = "\x1b[J";

/// Lines out of reach that are remembered; a terminal has hardly more rows.
const GONE_MAX: usize = 200;

/// One line of a drawing: what stands before a coloured part, that part, and what stands after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) before: String,
    pub(super) coloured: String,
    pub(super) after: String,
}

impl Line {
    /// A line without colour.
    pub(super) fn plain(text: impl Into<String>) -> Line {
        Line { before: text.into(), ..Line::default() }
    }

    /// All of it, without colour.
    pub(super) fn text(&self) -> String {
        format!("{}{}{}", self.before, self.coloured, self.after)
    }

    fn drawn(&self, colours: bool) -> String {
        match colours && !self.coloured.is_empty() {
            true => format!("{}\x1b[36m{}\x1b[0m{}", self.before, self.coloured, self.after),
            false => self.text(),
        }
    }
}

/// Draws on `out`. What cannot be written is lost: progress never stops a run.
pub(super) struct Canvas {
    out: Box<dyn Write + Send>,
    colours: bool,
    reflows: bool,
    /// the lines that are on the screen, the cursor standing below the last one
    drawn: Vec<Line>,
    size: Size,
    /// cells of our lines that left the screen above when it became shorter, and come back when it becomes higher
    gone: Vec<usize>,
}

impl Canvas {
    pub(super) fn new(out: Box<dyn Write + Send>, colours: bool, reflows: bool, size: Size) -> Canvas {
        Canvas { out, colours, reflows, drawn: Vec::new(), size, gone: Vec::new() }
    }

    /// Shows `lines` in place of what was drawn last, and above them, to stay, what was `said`.
    /// No line may be wider than `size` has cells.
    pub(super) fn show(&mut self, size: Size, said: &[String], lines: Vec<Line>) {
        if said.is_empty() && lines == self.drawn && size == self.size {
            return;
        }
        let mut text = self.back_to_the_top(size);
        for line in said {
            text += &format!("{line}{REST_OF_LINE}\r\n");
        }
        for line in &lines {
            text += &format!("{}{REST_OF_LINE}\r\n", line.drawn(self.colours));
        }
        text += BELOW;
        if !said.is_empty() {
            self.gone.clear();
        }
        (self.drawn, self.size) = (lines, size);
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Moves the cursor to where the last drawing begins, wherever the terminal has moved that to.
    fn back_to_the_top(&mut self, size: Size) -> String {
        let mut ours: Vec<usize> = self.drawn.iter().map(|line| cells::width(&line.text())).collect();
        if self.reflows {
            ours.splice(0..0, self.gone.drain(..));
        }
        let (room, mut up) = (size.rows.saturating_sub(1), 0);
        while let Some(width) = ours.pop() {
            up += self.rows_of(width, size);
            if up > room {
                // Of this line, a part is out of reach; when it comes back, it is one line with what is drawn below it.
                break;
            }
        }
        ours.drain(..ours.len().saturating_sub(GONE_MAX));
        self.gone = ours;
        match up.min(room) {
            0 => "\r".to_owned(),
            up => format!("\r\x1b[{up}A"),
        }
    }

    /// The rows that a line takes on a screen of that size, which may be narrower than the one it was drawn on.
    fn rows_of(&self, width: usize, size: Size) -> usize {
        if self.reflows { width.div_ceil(size.columns.max(1)).max(1) } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::lines::tests::Paper;

    const WIDE: Size = Size { columns: 80, rows: 24 };

    fn canvas(paper: &Paper, reflows: bool) -> Canvas {
        Canvas::new(Box::new(paper.clone()), false, reflows, WIDE)
    }

    fn lines(count: usize, width: usize) -> Vec<Line> {
        vec![Line::plain("x".repeat(width)); count]
    }

    #[test]
    fn a_drawing_is_written_over_and_what_is_said_stays_above() {
        let paper = Paper::default();
        let mut canvas = canvas(&paper, true);
        canvas.show(WIDE, &[], vec![Line::plain("a"), Line::plain("b")]);
        assert_eq!(paper.text(), "\ra\x1b[K\r\nb\x1b[K\r\n\x1b[J");
        canvas.show(WIDE, &["note".to_owned()], vec![Line::plain("a")]);
        assert_eq!(paper.text(), "\r\x1b[2Anote\x1b[K\r\na\x1b[K\r\n\x1b[J");
        canvas.show(WIDE, &[], vec![Line::plain("a")]);
        assert_eq!(paper.text(), "", "nothing has changed, nothing is written");
        canvas.show(WIDE, &[], Vec::new());
        assert_eq!(paper.text(), "\r\x1b[1A\x1b[J");
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_counted_as_it_does() {
        let narrow = Size { columns: 40, rows: 24 };
        for (reflows, up) in [(true, "\r\x1b[6A"), (false, "\r\x1b[3A")] {
            let paper = Paper::default();
            let mut canvas = canvas(&paper, reflows);
            canvas.show(WIDE, &[], lines(3, 79));
            paper.text();
            canvas.show(narrow, &[], lines(3, 39));
            assert!(paper.text().starts_with(up));
        }
    }

    #[test]
    fn what_left_the_screen_is_erased_when_it_comes_back() {
        let paper = Paper::default();
        let mut canvas = canvas(&paper, true);
        canvas.show(WIDE, &[], lines(13, 79));
        let small = Size { columns: 40, rows: 12 };
        // 26 rows, of which 11 are above the cursor's: seven lines and half of the eighth are out of reach.
        canvas.show(small, &[], lines(11, 39));
        assert_eq!(canvas.gone, [79; 7]);
        paper.text();
        canvas.show(Size { columns: 80, rows: 16 }, &[], lines(13, 79));
        assert!(paper.text().starts_with("\r\x1b[15A"), "11 rows and 4 above them, as far as there is room");
        assert_eq!(canvas.gone, [79; 2]);
        canvas.show(WIDE, &[], lines(13, 79));
        assert!(paper.text().starts_with("\r\x1b[15A") && canvas.gone.is_empty());
        canvas.show(small, &[], lines(1, 39));
        canvas.show(WIDE, &["said".to_owned()], lines(13, 79));
        assert!(canvas.gone.is_empty(), "what is said stands between");
    }

    #[test]
    fn colour_is_where_it_is_welcome() {
        let line = Line { before: "a ".into(), coloured: "━━".into(), after: " b".into() };
        assert_eq!(line.drawn(false), "a ━━ b");
        assert_eq!(line.drawn(true), "a \x1b[36m━━\x1b[0m b");
        assert_eq!(Line::plain("x").drawn(true), "x");
    }
}
