//! What the screen hears of work that comes in no fixed order: a phase begins with its first task and ends with its last.

use crate::event::{Event, Events, Phase, TaskCounters};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a phase will have to do.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Load {
    /// tables or objects
    pub(super) tasks: u64,
    /// rows, where they are known
    pub(super) rows: u64,
    /// bytes, where they are known
    pub(super) bytes: u64,
}

#[derive(Debug)]
struct Station {
    load: Load,
    left: u64,
    started: Option<Instant>,
}

/// The phases of a graph, each with what is left of it.
#[derive(Debug)]
pub(super) struct Stations {
    events: Events,
    phases: Mutex<BTreeMap<Phase, Station>>,
}

impl Stations {
    pub(super) fn new(events: Events, loads: BTreeMap<Phase, Load>) -> Stations {
        let station = |load: Load| Station { load, left: load.tasks, started: None };
        let phases = loads.into_iter().map(|(phase, load)| (phase, station(load))).collect();
        Stations { events, phases: Mutex::new(phases) }
    }

    fn phases(&self) -> MutexGuard<'_, BTreeMap<Phase, Station>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task begins, and its phase with it if it is the first.
    pub(super) fn begin(&self, phase: Phase, name: &str, rows: u64, bytes: u64, counters: Arc<TaskCounters>) {
        if let Some(station) = self.phases().get_mut(&phase)
            && station.started.is_none()
        {
            station.started = Some(Instant::now());
            let Load { tasks, rows, bytes } = station.load;
            self.events.tell(Event::PhaseStarted { phase, tasks, rows, bytes });
        }
        self.events.tell(Event::TaskStarted { phase, name: name.to_owned(), rows, bytes, counters });
    }

    /// A task is done.
    pub(super) fn done(&self, phase: Phase, name: &str, rows: u64, seconds: f64) {
        self.events.tell(Event::TaskFinished { phase, name: name.to_owned(), rows, seconds });
        self.over(phase);
    }

    /// A task will not be done, or has failed.
    pub(super) fn over(&self, phase: Phase) {
        let mut phases = self.phases();
        let Some(station) = phases.get_mut(&phase) else { return };
        station.left = station.left.saturating_sub(1);
        if station.left == 0 {
            finish(&self.events, phase, station);
        }
    }

    /// No more tasks will come, although some may be left.
    pub(super) fn close(&self) {
        self.phases().iter_mut().for_each(|(phase, station)| finish(&self.events, *phase, station));
    }
}

fn finish(events: &Events, phase: Phase, station: &mut Station) {
    if let Some(started) = station.started.take() {
        events.tell(Event::PhaseFinished { phase, seconds: started.elapsed().as_secs_f64() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Observer;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Observer for Heard {
        fn observe(&self, event: Event) {
            let text = match event {
                Event::PhaseStarted { phase, tasks, .. } => format!("{} of {tasks}", phase.name()),
                Event::PhaseFinished { phase, .. } => format!("{} over", phase.name()),
                Event::TaskStarted { name, .. } => format!("{name} begins"),
                Event::TaskFinished { name, .. } => format!("{name} done"),
                Event::Note { text } => text,
            };
            self.0.lock().unwrap().push(text);
        }
    }

    #[test]
    fn phases_that_overlap_begin_and_end_once_each() {
        let heard = Arc::new(Heard::default());
        let load = |tasks| Load { tasks, ..Load::default() };
        let loads =
            BTreeMap::from([(Phase::Verify, load(2)), (Phase::Index, load(1)), (Phase::Maintain, load(1))]);
        let stations = Stations::new(Events::new(heard.clone()), loads);
        let begin = |phase, name| stations.begin(phase, name, 0, 0, Arc::default());
        begin(Phase::Verify, "a");
        stations.done(Phase::Verify, "a", 0, 0.0);
        begin(Phase::Index, "i");
        begin(Phase::Verify, "b");
        stations.done(Phase::Verify, "b", 0, 0.0);
        stations.over(Phase::Index);
        stations.close();
        let expected = [
            "verify of 2",
            "a begins",
            "a done",
            "index of 1",
            "i begins",
            "b begins",
            "b done",
            "verify over",
            "index over",
        ];
        assert_eq!(*heard.0.lock().unwrap(), expected);
    }
}
