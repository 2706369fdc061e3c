//! The side room: what people and programs are told about a run. Progress goes to stderr, the summary to stdout.
//!
//! Sees only floor 0. The data plane never waits for it: events are put into a bounded inbox, counters are sampled, and
//! one thread of this room draws. A blocked or closed stderr therefore stops the drawing and nothing else.
//! Deliberately absent: any decision. Nothing here changes what a run does or how it ends.

mod bars;
mod board;
mod canvas;
pub(crate) mod cells;
mod cursor;
pub mod environment;
pub mod file;
mod frame;
pub mod human;
mod json;
mod layout;
mod lines;
mod markdown;
mod page;
pub mod plan;
pub mod prediction;
mod screen;
pub mod summary;
pub(crate) mod terminal;
pub mod timing;
mod view;
mod watch;

pub use screen::Screen;
pub use summary::error_text;
pub use watch::WatchScreen;

use std::io::Write;
use std::sync::Arc;
use terminal::Terminal;

/// How progress is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressStyle {
    /// bars on a terminal, lines elsewhere
    Auto,
    /// bars; lines where stderr is no terminal that could move its cursor
    Bars,
    /// one line per phase and table, or one per phase every five seconds
    Lines,
    /// one JSON object per line
    Json,
    /// nothing
    Off,
}

/// What a style comes to on a given terminal.
fn settle(style: ProgressStyle, terminal: Terminal) -> ProgressStyle {
    match style {
        ProgressStyle::Auto | ProgressStyle::Bars if terminal.moves => ProgressStyle::Bars,
        ProgressStyle::Auto | ProgressStyle::Bars => ProgressStyle::Lines,
        ProgressStyle::Lines | ProgressStyle::Json | ProgressStyle::Off => style,
    }
}

/// The observer that shows progress on stderr. Hand it to [`crate::event::Events::new`], and call
/// [`Screen::finish`] when the run is over, before the summary is printed; dropping it does the same.
pub fn observer(style: ProgressStyle) -> Arc<Screen> {
    let terminal = Terminal::of(&std::io::stderr());
    let stderr = || -> Box<dyn Write + Send> { Box::new(std::io::stderr()) };
    Arc::new(match settle(style, terminal) {
        ProgressStyle::Bars => Screen::start(Box::new(bars::Bars::on_stderr(terminal))),
        ProgressStyle::Json => Screen::start(Box::new(json::Json::new(stderr()))),
        ProgressStyle::Auto | ProgressStyle::Lines => Screen::start(Box::new(lines::Lines::new(stderr()))),
        ProgressStyle::Off => Screen::off(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_need_a_cursor() {
        use ProgressStyle::{Auto, Bars, Json, Lines, Off};
        let terminal = Terminal { moves: true, colours: true, unicode: true, reflows: true };
        let pipe = Terminal { moves: false, ..terminal };
        for (style, on_terminal, on_pipe) in [
            (Auto, Bars, Lines),
            (Bars, Bars, Lines),
            (Lines, Lines, Lines),
            (Json, Json, Json),
            (Off, Off, Off),
        ] {
            assert_eq!((settle(style, terminal), settle(style, pipe)), (on_terminal, on_pipe), "{style:?}");
        }
    }

    #[test]
    fn off_is_silent_and_finishes() {
        let screen = observer(ProgressStyle::Off);
        crate::event::Events::new(screen.clone()).note("nobody hears this");
        screen.finish();
    }
}
