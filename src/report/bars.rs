//! Progress as bars on a terminal: the layout of the moment, with indicatif's bars, brought to the canvas ten times a
//! second at most; whatever is over becomes one line above.

use crate::event::{Event, Phase};
use crate::report::board::Board;
use crate::report::canvas::Canvas;
use crate::report::frame::Frame;
use crate::report::layout::{self, Line};
use crate::report::screen::Painter;
use crate::report::terminal::{Size, Terminal};
use crate::report::{cells, human, lines, terminal};
use std::io::Write;
use std::time::{Duration, Instant};

/// Drawings are so far apart at least.
const PERIOD: Duration = Duration::from_millis(100);

/// A further line of a note begins with so many blanks.
const NOTE_INDENT: usize = 2;

/// Draws on a canvas.
pub(super) struct Bars {
    canvas: Canvas,
    frame: Frame,
    size: Box<dyn Fn() -> Size + Send>,
    /// sentences that wait for the next drawing
    said: Vec<String>,
}

impl Bars {
    /// Bars on stderr.
    pub(super) fn on_stderr(terminal: Terminal) -> Bars {
        let size = || terminal::size(&std::io::stderr());
        Bars::new(Box::new(std::io::stderr()), terminal, Box::new(size), true)
    }

    fn new(
        out: Box<dyn Write + Send>,
        terminal: Terminal,
        size: Box<dyn Fn() -> Size + Send>,
        asks: bool,
    ) -> Bars {
        let canvas = Canvas::new(out, terminal, size(), asks);
        Bars { canvas, frame: Frame::new(terminal), size, said: Vec::new() }
    }

    fn say(&mut self, sentence: String) {
        self.said.push(sentence);
    }

    fn phase_finished(&mut self, board: &Board, phase: Phase, seconds: f64) {
        let conclusion = lines::conclusion(board.phase(phase), seconds);
        self.say(format!("{:9} {conclusion}", phase.name()));
    }

    fn draw(&mut self, drawing: impl FnOnce(Size) -> Vec<Line>) {
        let size = (self.size)();
        let said = std::mem::take(&mut self.said);
        let said: Vec<String> =
            said.iter().flat_map(|line| cells::wrapped(line, size.cells(), NOTE_INDENT)).collect();
        self.canvas.show(size, &said, self.frame.drawn(size, &drawing(size)));
    }
}

impl Painter for Bars {
    fn period(&self) -> Duration {
        PERIOD
    }

    fn event(&mut self, board: &Board, event: &Event, _: Instant) {
        match event {
            Event::PhaseFinished { phase, seconds } => self.phase_finished(board, *phase, *seconds),
            Event::Note { text } => self.say(format!("note: {}", human::text(text))),
            Event::PhaseStarted { .. } | Event::TaskStarted { .. } | Event::TaskFinished { .. } => {}
        }
    }

    fn tick(&mut self, board: &Board, now: Instant) {
        self.draw(|size| layout::lines(board.phases(), now, size));
    }

    fn close(&mut self) {
        self.draw(|_| Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TaskCounters;
    use crate::report::lines::tests::Paper;
    use std::sync::Arc;

    #[test]
    fn what_is_over_becomes_a_line_and_the_end_leaves_nothing_else() {
        let (paper, t0, mut board) = (Paper::default(), Instant::now(), Board::default());
        let terminal = Terminal { moves: true, colours: false, unicode: true, reflows: true };
        let size = || Size { columns: 30, rows: 24 };
        let mut bars = Bars::new(Box::new(paper.clone()), terminal, Box::new(size), false);
        let (phase, counters) = (Phase::Copy, Arc::new(TaskCounters::default()));
        for event in [
            Event::PhaseStarted { phase, tasks: 1, rows: 100, bytes: 0 },
            Event::TaskStarted { phase, name: "t".to_owned(), rows: 100, bytes: 0, counters },
            Event::Note { text: "one sentence, which is \u{1b}[2J long".to_owned() },
        ] {
            board.apply(&event, t0);
            bars.event(&board, &event, t0);
        }
        assert_eq!(paper.text(), "", "drawings have their rate");
        bars.tick(&board, t0 + Duration::from_secs(1));
        let first = "\rnote: one sentence, which is\x1b[K\r\n  \\u{1b}[2J long\x1b[K\r\n";
        let shown = paper.text();
        assert!(shown.starts_with(first), "{shown:?}");
        let end = Event::PhaseFinished { phase, seconds: 2.0 };
        bars.event(&board, &end, t0);
        board.close(phase);
        bars.close();
        let up = shown.matches("\r\n").count() - 2;
        assert_eq!(paper.text(), format!("\r\x1b[{up}Acopy 0 of 1 table in 2.0 s\x1b[K\r\n\x1b[J"));
    }
}
