//! A part of a terminal that is drawn again and again, below the lines that stay: one write for each drawing.
//!
//! Nothing about the terminal is switched over: no hidden cursor, no other screen, no mode. So a process that is
//! killed leaves nothing to be put right. A line is written over and its rest erased, never erased first, so that nothing
//! flickers.

use crate::report::cursor::Asker;
use crate::report::terminal::{Size, Terminal};
use crate::report::{cells, frame};
use std::io::Write;

/// Erases the rest of a line, and everything below.
const REST_OF_LINE: &str = "\x1b[K";
const BELOW: &str = "\x1b[J";

/// Lines that are remembered while some are out of reach; a terminal has hardly more rows.
const BEYOND_MAX: usize = 300;

/// A line that was written: a sentence, which stays, or one of a drawing, of which only its cells are known.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    cells: usize,
    sentence: Option<String>,
}

impl Written {
    fn drawn(line: &str) -> Written {
        Written { cells: frame::width(line), sentence: None }
    }

    fn said(sentence: &str) -> Written {
        Written { cells: cells::width(sentence), sentence: Some(sentence.to_owned()) }
    }
}

/// Draws on `out`. What cannot be written is lost: progress never stops a run.
pub(super) struct Canvas {
    out: Box<dyn Write + Send>,
    asks: Option<Asker>,
    reflows: bool,
    /// the lines that are on the screen, the cursor standing below the last one
    drawn: Vec<String>,
    size: Size,
    /// rows of the screen above the cursor, at most
    above: usize,
    /// Lines of earlier drawings that a change of the size has moved out of reach, and all that was said since. They come
    /// back when the terminal becomes higher, and are then put right. Empty as long as nothing is out of reach.
    beyond: Vec<Written>,
}

impl Canvas {
    /// A canvas on a terminal of that size. `asks`: the terminal may be asked where its cursor is.
    pub(super) fn new(out: Box<dyn Write + Send>, terminal: Terminal, size: Size, asks: bool) -> Canvas {
        let (asks, reflows) = (asks.then(Asker::default), terminal.reflows);
        Canvas { out, asks, reflows, drawn: Vec::new(), size, above: usize::MAX, beyond: Vec::new() }
    }

    /// What is drawn now.
    pub(super) fn lines(&self) -> &[String] {
        &self.drawn
    }

    /// Shows `lines` in place of what was drawn last, and above them, to stay, what was `said`.
    /// No line may be wider than `size` has cells.
    pub(super) fn show(&mut self, size: Size, said: &[String], lines: Vec<String>) {
        if said.is_empty() && lines == self.drawn && size == self.size {
            return;
        }
        let mut text = self.back_to_the_top(size, said);
        for line in &lines {
            text += &format!("{line}{REST_OF_LINE}\r\n");
        }
        text += BELOW;
        self.above = self.above.saturating_add(lines.len());
        (self.drawn, self.size) = (lines, size);
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Finds out how many rows above the cursor can be written to.
    fn look_up(&mut self, size: Size) {
        if size != self.size {
            let asker = self.asks.as_mut().filter(|_| self.reflows);
            let told = asker.and_then(|asker| asker.rows_above(&mut *self.out));
            self.above = told.unwrap_or(usize::MAX);
        }
        self.above = self.above.min(size.rows.saturating_sub(1));
    }

    /// Moves the cursor to the first line of ours that is in reach, wherever the terminal has moved it to, and writes the
    /// sentences that belong there: those that were there before, and `said`.
    fn back_to_the_top(&mut self, size: Size, said: &[String]) -> String {
        self.look_up(size);
        let above = self.above;
        let mut ours = std::mem::take(&mut self.beyond);
        ours.extend(self.drawn.iter().map(|line| Written::drawn(line)));
        let (mut up, mut reached) = (0, Vec::new());
        while let Some(line) = ours.last() {
            let rows = self.rows_of(line.cells, size);
            if up + rows > above {
                break;
            }
            up += rows;
            reached.extend(ours.pop());
        }
        let cut = self.cut_off(&mut ours, above - up, size);
        let up = if cut { above } else { up };
        let mut text = if up == 0 { "\r".to_owned() } else { format!("\r\x1b[{up}A") };
        if size != self.size {
            // A row that was the first part of a broken line is none any more: only this makes the terminal forget it.
            text += BELOW;
        }
        if cut {
            text += &format!("{REST_OF_LINE}\r\n");
        }
        let said: Vec<Written> = reached
            .into_iter()
            .rev()
            .filter(|line| line.sentence.is_some())
            .chain(said.iter().map(|line| Written::said(line)))
            .collect();
        self.above = above - up + usize::from(cut);
        for line in &said {
            text += &format!("{}{REST_OF_LINE}\r\n", line.sentence.as_deref().unwrap_or_default());
            self.above = self.above.saturating_add(self.rows_of(line.cells, size));
        }
        ours.extend(said);
        self.beyond = self.kept(ours);
        text
    }

    /// Of a drawn line that ends in the `rows` at the top of the screen and begins out of reach, what is in reach is erased.
    /// The first of these rows stays empty: the terminal takes it for a part of that line.
    fn cut_off(&self, ours: &mut [Written], rows: usize, size: Size) -> bool {
        let Some(line) = ours.last_mut().filter(|line| line.sentence.is_none() && rows > 0) else {
            return false;
        };
        let hidden = self.rows_of(line.cells, size).saturating_sub(rows);
        line.cells = hidden * size.columns + 1;
        true
    }

    /// What has to be remembered of lines that are out of reach.
    fn kept(&self, mut beyond: Vec<Written>) -> Vec<Written> {
        let first = beyond.iter().position(|line| line.sentence.is_none());
        let Some(first) = first.filter(|_| self.reflows && beyond.len() <= BEYOND_MAX) else {
            return Vec::new();
        };
        beyond.drain(..first);
        beyond
    }

    /// The rows that a line takes on a screen of that size, which may be narrower than the one it was drawn on.
    fn rows_of(&self, cells: usize, size: Size) -> usize {
        if self.reflows { cells.div_ceil(size.columns.max(1)).max(1) } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::lines::tests::Paper;

    const WIDE: Size = Size { columns: 80, rows: 24 };

    fn canvas(paper: &Paper, reflows: bool) -> Canvas {
        let terminal = Terminal { moves: true, colours: false, unicode: true, reflows };
        Canvas::new(Box::new(paper.clone()), terminal, WIDE, false)
    }

    fn lines(count: usize, width: usize) -> Vec<String> {
        vec!["x".repeat(width); count]
    }

    #[test]
    fn a_drawing_is_written_over_and_what_is_said_stays_above() {
        let paper = Paper::default();
        let mut canvas = canvas(&paper, true);
        canvas.show(WIDE, &[], vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(paper.text(), "\ra\x1b[K\r\nb\x1b[K\r\n\x1b[J");
        canvas.show(WIDE, &["note".to_owned()], vec!["a".to_owned()]);
        assert_eq!(paper.text(), "\r\x1b[2Anote\x1b[K\r\na\x1b[K\r\n\x1b[J");
        canvas.show(WIDE, &[], vec!["a".to_owned()]);
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
        paper.text();
        let small = Size { columns: 40, rows: 12 };
        // 26 rows, of which 11 are above the cursor's: seven lines and half of the eighth are out of reach.
        canvas.show(small, &[], lines(11, 39));
        let beyond = |canvas: &Canvas| canvas.beyond.iter().map(|line| line.cells).collect::<Vec<_>>();
        assert_eq!(beyond(&canvas), [79, 79, 79, 79, 79, 79, 79, 41]);
        assert!(
            paper.text().starts_with("\r\x1b[11A\x1b[J\x1b[K\r\nx"),
            "one row stays with the line that began above"
        );
        canvas.show(small, &["said".to_owned()], lines(11, 39));
        assert!(paper.text().starts_with("\r\x1b[11Asaid\x1b[K\r\nx"));
        canvas.show(Size { columns: 80, rows: 16 }, &[], lines(12, 79));
        assert!(
            paper.text().starts_with("\r\x1b[15A\x1b[Jsaid\x1b[K\r\nx"),
            "11 rows, what was said, and 3 lines above it"
        );
        assert_eq!(beyond(&canvas), [79, 79, 79, 79, 79, 4]);
        canvas.show(WIDE, &[], lines(13, 79));
        assert!(paper.text().starts_with("\r\x1b[18A\x1b[Jsaid\x1b[K\r\nx"), "all of it");
        assert!(canvas.beyond.is_empty());
    }
}
