//! The thread that draws: an inbox of events, a tick for sampling, and an end that does not wait for a stuck terminal.

use crate::event::{Event, Observer};
use crate::report::board::Board;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the end of a run waits for the last lines to be written: a reader of stderr that has stopped reading
/// must not keep the run from ending.
const FINISH_WAIT: Duration = Duration::from_secs(2);

/// One way of drawing. Called by the screen's own thread only, so it may block.
pub(super) trait Painter: Send {
    /// How often the counters are worth sampling.
    fn period(&self) -> Duration;
    /// One event that `board` has taken in already.
    fn event(&mut self, board: &Board, event: &Event, now: Instant);
    /// The time has come to show how far things are.
    fn tick(&mut self, board: &Board, now: Instant);
    /// Nothing more will come.
    fn close(&mut self);
}

/// Shows the progress of a run, in its own thread.
pub struct Screen(Option<Arc<Shared>>);

/// Bounded by the plan: a run tells two events per table or object and phase, and nothing per row.
#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    /// signalled when an event comes, at the end, and when everything is drawn
    changed: Condvar,
}

#[derive(Default)]
struct Inbox {
    events: VecDeque<(Instant, Event)>,
    ending: bool,
    drawn: bool,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen")
    }
}

impl Observer for Screen {
    fn observe(&self, event: Event) {
        if let Some(shared) = &self.0 {
            let mut inbox = shared.lock();
            if !inbox.ending {
                inbox.events.push_back((Instant::now(), event));
                shared.changed.notify_all();
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Screen {
    /// A screen that shows nothing.
    pub(super) fn off() -> Screen {
        Screen(None)
    }

    /// Starts the thread that draws with `painter`; a system that has no thread to give shows nothing.
    pub(super) fn start(painter: Box<dyn Painter>) -> Screen {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let draw = move || {
            let _told = Told(Arc::clone(&theirs));
            theirs.draw(painter);
        };
        let thread = std::thread::Builder::new().name("screen".to_owned()).spawn(draw);
        Screen(thread.is_ok().then_some(shared))
    }

    /// Shows what is still in the inbox and takes the bars away. Waits two seconds at most; later events are ignored.
    pub fn finish(&self) {
        let Some(shared) = &self.0 else { return };
        let mut inbox = shared.lock();
        inbox.ending = true;
        shared.changed.notify_all();
        let drawn = shared.changed.wait_timeout_while(inbox, FINISH_WAIT, |inbox| !inbox.drawn);
        drop(drawn);
    }
}

/// Tells whoever waits in [`Screen::finish`] that the thread is over, also when a painter panicked.
struct Told(Arc<Shared>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.lock().drawn = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// A poisoned inbox is still a list of events: nothing in it can be half done.
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, mut painter: Box<dyn Painter>) {
        let mut board = Board::default();
        let mut next_tick = Instant::now() + painter.period();
        loop {
            let (events, ending) = self.take(next_tick);
            for (when, event) in events {
                board.apply(&event, when);
                painter.event(&board, &event, when);
                if let Event::PhaseFinished { phase, .. } = event {
                    board.close(phase);
                }
            }
            if ending {
                return painter.close();
            }
            let now = Instant::now();
            if now >= next_tick {
                board.sample(now);
                painter.tick(&board, now);
                next_tick = now + painter.period();
            }
        }
    }

    /// Waits for an event, the end, or `until`; takes everything that is there, and whether it was the last.
    fn take(&self, until: Instant) -> (VecDeque<(Instant, Event)>, bool) {
        let wait = until.saturating_duration_since(Instant::now());
        let idle = |inbox: &mut Inbox| inbox.events.is_empty() && !inbox.ending;
        let waited = self.changed.wait_timeout_while(self.lock(), wait, idle);
        let (mut inbox, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut inbox.events), inbox.ending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Reports what it is asked to do; may be made to block or to panic.
    struct Spy {
        said: mpsc::Sender<String>,
        act: fn(&Event),
    }

    impl Painter for Spy {
        fn period(&self) -> Duration {
            Duration::from_millis(10)
        }
        fn event(&mut self, _: &Board, event: &Event, _: Instant) {
            (self.act)(event);
            if let Event::Note { text } = event {
                self.said.send(text.clone()).unwrap();
            }
        }
        fn tick(&mut self, _: &Board, _: Instant) {
            self.said.send("tick".to_owned()).unwrap();
        }
        fn close(&mut self) {
            self.said.send("close".to_owned()).unwrap();
        }
    }

    fn spied(act: fn(&Event)) -> (Screen, mpsc::Receiver<String>) {
        let (said, heard) = mpsc::channel();
        (Screen::start(Box::new(Spy { said, act })), heard)
    }

    fn note(screen: &Screen, text: &str) {
        screen.observe(Event::Note { text: text.to_owned() });
    }

    #[test]
    fn everything_told_is_shown_before_the_end_and_nothing_after_it() {
        let (screen, heard) = spied(|_| {});
        for n in 0..100 {
            note(&screen, &n.to_string());
        }
        screen.finish();
        note(&screen, "too late");
        screen.finish();
        let said: Vec<String> = heard.try_iter().filter(|said| said != "tick").collect();
        let expected: Vec<String> = (0..100).map(|n| n.to_string()).chain(["close".to_owned()]).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn it_ticks_while_nothing_happens() {
        let (screen, heard) = spied(|_| {});
        let patience = Duration::from_secs(10);
        assert_eq!(heard.recv_timeout(patience).unwrap(), "tick");
        assert_eq!(heard.recv_timeout(patience).unwrap(), "tick");
        drop(screen);
        assert!(heard.try_iter().any(|said| said == "close"));
    }

    #[test]
    fn a_stuck_terminal_holds_up_neither_the_run_nor_its_end() {
        let (screen, _heard) = spied(|_| std::thread::sleep(Duration::from_secs(60)));
        let begun = Instant::now();
        for _ in 0..1000 {
            note(&screen, "x");
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "telling took {:?}", begun.elapsed());
        screen.finish();
        assert!(begun.elapsed() < FINISH_WAIT + Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_painter_that_panics_does_not_take_the_run_with_it() {
        let (screen, _heard) = spied(|_| panic!("planted"));
        note(&screen, "x");
        let begun = Instant::now();
        screen.finish();
        assert!(begun.elapsed() < FINISH_WAIT, "{:?}", begun.elapsed());
    }
}
