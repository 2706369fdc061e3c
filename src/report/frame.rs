//! The lines of a drawing as they are written: indicatif draws a bar into each of them.
//!
//! What indicatif takes for its terminal is a sheet that nobody sees: it knows nothing of lines that a terminal has
//! broken because it became narrower, so only the canvas writes to the real one.

use crate::report::cells;
use crate::report::layout::{Line, PHASE_CELLS};
use crate::report::terminal::{Size, Terminal};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The colour of bars, and its end. Not as a colour in the template: whether it is welcome would be asked of stdout there.
const COLOURS: [&str; 2] = ["\x1b[36m", "\x1b[0m"];

/// The cells of a bar: full, a half at the tip (the third is a tip of less than that), and empty.
const LETTERS: &str = "━╸  ";
const ASCII: &str = "=-  ";

/// Cells of a line as it was drawn: without its colour.
pub(super) fn width(line: &str) -> usize {
    cells::width(&COLOURS.iter().fold(line.to_owned(), |line, colour| line.replace(colour, "")))
}

/// Draws lines, one below the other; a bar of indicatif for each.
#[derive(Debug)]
pub(super) struct Frame {
    sheet: Sheet,
    all: MultiProgress,
    bars: Vec<ProgressBar>,
    colours: bool,
    unicode: bool,
}

impl Frame {
    /// Lines as that terminal can show them.
    pub(super) fn new(terminal: Terminal) -> Frame {
        let Terminal { colours, unicode, .. } = terminal;
        let sheet = Sheet::default();
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(sheet.clone())));
        Frame { sheet, all, bars: Vec::new(), colours, unicode }
    }

    /// `lines` as they are written, on a terminal of that size. None may be empty or wider than it, nor may they be more
    /// than it has rows.
    pub(super) fn drawn(&mut self, size: Size, lines: &[Line]) -> Vec<String> {
        self.sheet.lock().0 = size;
        while self.bars.len() < lines.len() {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
            self.bars.push(self.all.add(bar));
        }
        for bar in self.bars.drain(lines.len()..) {
            self.all.remove(&bar);
        }
        for (bar, line) in self.bars.iter().zip(lines) {
            self.draw(bar, line);
        }
        // Each of these has drawn all of them: only the last time, all were as they are to be.
        if lines.is_empty() { Vec::new() } else { self.sheet.lines() }
    }

    fn draw(&self, bar: &ProgressBar, line: &Line) {
        let (style, text) = (self.style(line.cells), line.text.clone());
        let bar = bar.clone().with_style(style).with_prefix(line.name).with_message(text);
        // In half cells, which are all that can be seen.
        let halves = line.cells as u64 * 2;
        bar.update(|state| {
            state.set_len(halves);
            state.set_pos((line.share.clamp(0.0, 1.0) * halves as f64) as u64);
        });
    }

    /// The style of a line with a bar of so many cells.
    fn style(&self, cells: usize) -> ProgressStyle {
        let [colour, plain] = if self.colours { COLOURS } else { [""; 2] };
        let template = match cells {
            0 => "{msg}".to_owned(),
            _ => format!("{{prefix:{PHASE_CELLS}}} {colour}{{bar:{cells}}}{plain} {{msg}}"),
        };
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        style.progress_chars(if self.unicode { LETTERS } else { ASCII })
    }
}

/// The terminal that indicatif sees, as large as the real one, and in pieces what it wrote. It moves the cursor up only
/// to begin a drawing, and ends a line by filling its rest with blanks.
#[derive(Debug, Clone, Default)]
struct Sheet(Arc<Mutex<(Size, Vec<String>)>>);

impl Sheet {
    fn lock(&self) -> MutexGuard<'_, (Size, Vec<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of the latest drawing.
    fn lines(&self) -> Vec<String> {
        let (columns, mut lines, mut line) = (self.width().into(), Vec::new(), String::new());
        for piece in &self.lock().1 {
            line += piece;
            if width(&line) >= columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
        }
        lines
    }
}

impl TermLike for Sheet {
    fn width(&self) -> u16 {
        u16::try_from(self.lock().0.columns).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.lock().0.rows).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, _: usize) -> Result<()> {
        self.lock().1.clear();
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> Result<()> {
        let rest = usize::from(self.width()).saturating_sub(width(text));
        self.write_str(&format!("{text}{}", " ".repeat(rest)))
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.lock().1.push(text.to_owned());
        Ok(())
    }

    fn clear_line(&self) -> Result<()> {
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const TERMINAL: Terminal =
        Terminal { moves: true, colours: false, unicode: true, reflows: true };
    const SIZE: Size = Size { columns: 40, rows: 24 };

    fn bar(share: f64, text: &str) -> Line {
        Line { name: "copy", cells: 4, share, text: text.to_owned() }
    }

    fn drawn(terminal: Terminal, share: f64) -> String {
        Frame::new(terminal).drawn(SIZE, &[bar(share, "|")]).concat()
    }

    #[test]
    fn bars_are_full_at_the_end_and_of_ascii_where_nothing_else_is_shown() {
        let shares = [0.0, 0.1, 0.4, 0.5, 0.99, 1.0, 7.0, f64::NAN];
        let letters = ["    ", "    ", "━╸  ", "━━  ", "━━━╸", "━━━━", "━━━━", "    "];
        for (share, letters) in shares.into_iter().zip(letters) {
            assert_eq!(drawn(TERMINAL, share), format!("copy      {letters} |"), "{share}");
            let ascii = letters.replace('━', "=").replace('╸', "-");
            let terminal = Terminal { unicode: false, ..TERMINAL };
            assert_eq!(drawn(terminal, share), format!("copy      {ascii} |"), "{share}");
        }
    }

    #[test]
    fn colour_is_where_it_is_welcome_and_takes_no_cells() {
        let coloured = drawn(Terminal { colours: true, ..TERMINAL }, 0.5);
        assert_eq!(coloured, "copy      \x1b[36m━━  \x1b[0m |");
        assert_eq!(width(&coloured), 16);
    }

    #[test]
    fn each_drawing_is_its_lines_and_nothing_of_the_one_before() {
        let (mut frame, wide) = (Frame::new(TERMINAL), "表".repeat(19));
        let plain = |text: &str| Line::plain(text.to_owned());
        for (size, lines, expected) in [
            (SIZE, vec![bar(0.5, "{msg}"), plain(&wide)], vec!["copy      ━━   {msg}", &wide]),
            (Size { columns: 1, rows: 1 }, vec![plain("x")], vec!["x"]),
            (SIZE, vec![], vec![]),
            (
                Size { columns: 100_000, rows: 100_000 },
                vec![plain("x"), bar(1.0, "")],
                vec!["x", "copy      ━━━━"],
            ),
        ] {
            assert_eq!(frame.drawn(size, &lines), expected);
        }
    }
}
