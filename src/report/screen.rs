//! The thread that draws: an inbox of events, a tick for sampling, and an end that does not wait for a stuck terminal.

use crate::event::{Event, Observer};
use crate::failpoint;
use crate::limits::SCREEN_EVENTS_MAX;
use crate::panicked;
use crate::report::board::Board;
use crate::report::human;
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

#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    /// signalled when an event comes, at the end, and when everything is drawn
    changed: Condvar,
}

/// What waits for the painter. Events of single tables and objects are left out where nobody reads ([`SCREEN_EVENTS_MAX`]);
/// phases and notes never are, of which there are few.
#[derive(Default)]
struct Inbox {
    events: VecDeque<Told>,
    ending: bool,
    drawn: bool,
}

/// What the painter is told.
enum Told {
    Event(Instant, Event),
    /// so many are missing here
    LeftOut(u64),
}

impl Inbox {
    fn put(&mut self, event: Event) {
        let is_of_task = matches!(event, Event::TaskStarted { .. } | Event::TaskFinished { .. });
        if !is_of_task || self.events.len() < SCREEN_EVENTS_MAX {
            self.events.push_back(Told::Event(Instant::now(), event));
        } else if let Some(Told::LeftOut(count)) = self.events.back_mut() {
            *count += 1;
        } else {
            self.events.push_back(Told::LeftOut(1));
        }
    }
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
                inbox.put(event);
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
            panicked::does_not_matter_here();
            let _over = Over(Arc::clone(&theirs));
            theirs.draw(painter);
        };
        let thread = std::thread::Builder::new().name("screen".to_owned()).spawn(draw);
        Screen(thread.is_ok().then_some(shared))
    }

    /// Shows what is still in the inbox and takes the bars away. Waits two seconds at most; later events are ignored.
    pub fn finish(&self) {
        let Some(shared) = &self.0 else { return };
        let mut inbox = shared.lock();
        if std::mem::replace(&mut inbox.ending, true) {
            return;
        }
        shared.changed.notify_all();
        let drawn = shared.changed.wait_timeout_while(inbox, FINISH_WAIT, |inbox| !inbox.drawn);
        drop(drawn);
    }
}

/// Tells whoever waits in [`Screen::finish`] that the thread is over, also when a painter panicked.
struct Over(Arc<Shared>);

impl Drop for Over {
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
            for told in events {
                failpoint::pass(failpoint::DRAW);
                show(told, &mut board, &mut *painter);
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
    fn take(&self, until: Instant) -> (VecDeque<Told>, bool) {
        let wait = until.saturating_duration_since(Instant::now());
        let idle = |inbox: &mut Inbox| inbox.events.is_empty() && !inbox.ending;
        let waited = self.changed.wait_timeout_while(self.lock(), wait, idle);
        let (mut inbox, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut inbox.events), inbox.ending)
    }
}

fn show(told: Told, board: &mut Board, painter: &mut dyn Painter) {
    let (when, event) = match told {
        Told::Event(when, event) => (when, event),
        Told::LeftOut(count) => {
            board.lose_count();
            let what = human::plural(count, "event");
            let text = format!("progress was not read for a while: {what} of tables and objects left out");
            (Instant::now(), Event::Note { text })
        }
    };
    board.apply(&event, when);
    painter.event(board, &event, when);
    if let Event::PhaseFinished { phase, .. } = event {
        board.close(phase);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Phase;
    use crate::report::lines::conclusion;
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

    /// A painter that is held at its first note until the test lets go.
    struct Held {
        said: mpsc::Sender<String>,
        go: mpsc::Receiver<()>,
        is_held: bool,
    }

    impl Painter for Held {
        fn period(&self) -> Duration {
            Duration::from_secs(3600)
        }
        fn event(&mut self, board: &Board, event: &Event, _: Instant) {
            let said = match event {
                Event::Note { text } => text.clone(),
                Event::PhaseFinished { phase, seconds } => conclusion(board.phase(*phase), *seconds),
                _ => "other".to_owned(),
            };
            self.said.send(said).unwrap();
            if std::mem::take(&mut self.is_held) {
                self.go.recv().unwrap();
            }
        }
        fn tick(&mut self, _: &Board, _: Instant) {}
        fn close(&mut self) {}
    }

    #[test]
    fn what_nobody_reads_is_bounded_and_notes_and_phases_are_never_lost() {
        let ((said, heard), (go, held)) = (mpsc::channel(), mpsc::channel());
        let screen = Screen::start(Box::new(Held { said, go: held, is_held: true }));
        note(&screen, "first");
        assert_eq!(heard.recv().unwrap(), "first");
        let phase = Phase::Copy;
        screen.observe(Event::PhaseStarted { phase, tasks: 9, rows: 9, bytes: 0 });
        for _ in 0..2 * SCREEN_EVENTS_MAX {
            screen.observe(Event::TaskFinished { phase, name: "t".to_owned(), rows: 1, seconds: 1.0 });
        }
        (0..100).for_each(|n| note(&screen, &n.to_string()));
        screen.observe(Event::PhaseFinished { phase, seconds: 2.0 });
        let waiting = screen.0.as_ref().unwrap().lock().events.len();
        assert_eq!(waiting, SCREEN_EVENTS_MAX + 1 + 100 + 1);
        go.send(()).unwrap();
        drop(screen);
        let said: Vec<String> = heard.try_iter().filter(|said| said != "other").collect();
        assert!(said[0].contains("10,001 events"), "{}", said[0]);
        let notes: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(said[1..101], notes);
        assert_eq!(said[101..], ["finished in 2.0 s".to_owned()]);
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
