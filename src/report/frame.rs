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
        self.sheet.lock().size = size;
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
        if lines.is_empty() { Vec::new() } else { self.sheet.lock().rows() }
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

/// The terminal that indicatif sees: as large as the real one. It moves its cursor only to begin a drawing, so each
/// drawing is what was written since the one before; a line ends where its rest was filled with blanks.
#[derive(Debug, Clone, Default)]
struct Sheet(Arc<Mutex<Written>>);

#[derive(Debug, Default)]
struct Written {
    size: Size,
    /// piece by piece, the drawing that is being made and the latest that is complete
    coming: Vec<String>,
    drawing: Vec<String>,
}

impl Written {
    fn columns(&self) -> u16 {
        u16::try_from(self.size.columns).unwrap_or(u16::MAX)
    }

    /// The lines of the drawing.
    fn rows(&self) -> Vec<String> {
        let (mut rows, mut line) = (Vec::new(), String::new());
        for piece in &self.drawing {
            line += piece;
            if width(&line) >= self.columns().into() {
                rows.push(std::mem::take(&mut line).trim_end().to_owned());
            }
        }
        rows
    }
}

impl Sheet {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for Sheet {
    fn width(&self) -> u16 {
        self.lock().columns()
    }

    fn height(&self) -> u16 {
        u16::try_from(self.lock().size.rows).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, _: usize) -> Result<()> {
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

    fn clear_line(&self) -> Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> Result<()> {
        let rest = usize::from(self.width()).saturating_sub(width(text));
        self.write_str(&format!("{text}{}", " ".repeat(rest)))
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.lock().coming.push(text.to_owned());
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        let mut written = self.lock();
        written.drawing = std::mem::take(&mut written.coming);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const TERMINAL: Terminal =
        Terminal { moves: true, colours: false, unicode: true, reflows: true };
    const SIZE: Size = Size { columns: 40, rows: 24 };

    fn bar(share: f64, text: &str) -> Line {
        Line { name: "copy", cells: 4, share, text: text.to_owned() }
    }

    fn one(terminal: Terminal, share: f64) -> String {
        Frame::new(terminal).drawn(SIZE, &[bar(share, "|")]).concat()
    }

    #[test]
    fn bars_are_full_at_the_end_and_of_ascii_where_nothing_else_is_shown() {
        for (share, letters, ascii) in [
            (0.0, "    ", "    "),
            (0.1, "    ", "    "),
            (0.4, "━╸  ", "=-  "),
            (0.5, "━━  ", "==  "),
            (0.99, "━━━╸", "===-"),
            (1.0, "━━━━", "===="),
            (7.0, "━━━━", "===="),
            (f64::NAN, "    ", "    "),
        ] {
            assert_eq!(one(TERMINAL, share), format!("copy      {letters} |"), "{share}");
            let plain = Terminal { unicode: false, ..TERMINAL };
            assert_eq!(one(plain, share), format!("copy      {ascii} |"), "{share}");
        }
    }

    #[test]
    fn colour_is_where_it_is_welcome_and_takes_no_cells() {
        let coloured = one(Terminal { colours: true, ..TERMINAL }, 0.5);
        assert_eq!(coloured, "copy      \x1b[36m━━  \x1b[0m |");
        assert_eq!((width(&coloured), width(&one(TERMINAL, 0.5))), (16, 16));
    }

    #[test]
    fn each_drawing_is_its_lines_and_nothing_of_the_one_before() {
        let mut frame = Frame::new(TERMINAL);
        let wide = "表".repeat(19);
        let drawings = [
            vec![bar(0.5, "{msg} {bar}"), Line::plain(wide.clone())],
            vec![Line::plain("x".repeat(39))],
            vec![],
            vec![Line::plain("a".to_owned()), bar(1.0, ""), bar(0.0, "b")],
        ];
        let expected = [
            vec!["copy      ━━   {msg} {bar}", &wide],
            vec!["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
            vec![],
            vec!["a", "copy      ━━━━", "copy           b"],
        ];
        for (lines, expected) in drawings.iter().zip(expected) {
            assert_eq!(frame.drawn(SIZE, lines), expected);
        }
    }

    #[test]
    fn any_size_will_do() {
        let mut frame = Frame::new(TERMINAL);
        for (columns, rows) in [(1, 1), (2, 3), (200, 50), (100_000, 100_000), (1, 2)] {
            let lines = vec![Line::plain("x".to_owned()); rows.min(20)];
            assert_eq!(frame.drawn(Size { columns, rows }, &lines), vec!["x"; rows.min(20)]);
        }
    }
}
