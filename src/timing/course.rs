//! What went on when. Told by every run, for a handful of stages and one look at the counters now and then: nothing here is
//! called per row or per frame.

use super::RunStage;
use super::pace::Pace;
use crate::event::TaskCounters;
use crate::limits::PHASE_SPANS_MAX;
use crate::outcome::{PhaseRate, PhaseSpan, RunReport, Span, TableSpans};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is done for one table that a picture tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableWork {
    /// its rows are copied
    Copy,
    /// it is read back and compared
    Verify,
    /// its keys, indexes and foreign keys are made
    Index,
}

/// The course of a run.
#[derive(Debug, Default)]
pub(super) struct Course(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    stages: Vec<Stretch>,
    tables: BTreeMap<String, [Option<(Instant, Instant)>; 3]>,
    paces: Vec<Pace>,
}

/// One stretch of a stage; it goes on while `open` is above 0.
#[derive(Debug)]
struct Stretch {
    stage: RunStage,
    started: Instant,
    ended: Instant,
    open: usize,
}

impl Course {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, stage: RunStage, now: Instant) {
        self.lock().begin(stage, now);
    }

    pub(super) fn end(&self, stage: RunStage, now: Instant) {
        self.lock().end(stage, now);
    }

    pub(super) fn worked(&self, table: &str, work: TableWork, started: Instant, ended: Instant) {
        let mut noted = self.lock();
        // No key is made for a table that has one.
        if !noted.tables.contains_key(table) {
            noted.tables.insert(table.to_owned(), [None; 3]);
        }
        let Some(spans) = noted.tables.get_mut(table) else { return };
        let (first, last) = spans[work as usize].unwrap_or((started, ended));
        spans[work as usize] = Some((first.min(started), last.max(ended)));
    }

    pub(super) fn watch(&self, stage: RunStage, counters: &Arc<TaskCounters>, now: Instant) {
        self.lock().pace(stage, now).watch(counters);
    }

    pub(super) fn sample(&self, now: Instant) {
        let mut noted = self.lock();
        let Noted { stages, paces, .. } = &mut *noted;
        let goes_on = |stage| stages.iter().any(|one| one.stage == stage && one.open > 0);
        paces.iter_mut().filter(|pace| goes_on(pace.stage())).for_each(|pace| pace.sample(now));
    }

    /// Writes all of it into the report of a run that began at `began` and is over now.
    pub(super) fn tell(&self, report: &mut RunReport, began: Instant, now: Instant) {
        let mut noted = self.lock();
        let since = |at: Instant| at.saturating_duration_since(began).as_secs_f64();
        report.run.phases = noted.stages.iter().map(|one| one.told(since, now)).collect();
        for table in &mut report.tables {
            let Some([copy, verify, index]) = noted.tables.get(&table.source) else { continue };
            let span = |ends: &Option<(Instant, Instant)>| {
                ends.map(|(first, last)| Span { started: since(first), ended: since(last) })
            };
            table.spans = TableSpans { copy: span(copy), verify: span(verify), index: span(index) };
        }
        noted.close(now);
        let rate =
            |pace: &Pace| PhaseRate { phase: pace.stage().name().to_owned(), samples: pace.told(since) };
        report.rate = noted.paces.iter().map(rate).collect();
    }
}

impl Noted {
    fn begin(&mut self, stage: RunStage, now: Instant) {
        // What goes on is one stretch; a stage that comes and goes is one, too, when there are too many of them.
        let full = self.stages.len() >= PHASE_SPANS_MAX;
        let last = self.stages.iter_mut().rev().find(|one| one.stage == stage);
        match last.filter(|one| one.open > 0 || full) {
            Some(one) => one.open += 1,
            None => self.stages.push(Stretch { stage, started: now, ended: now, open: 1 }),
        }
    }

    fn end(&mut self, stage: RunStage, now: Instant) {
        let Some(one) = self.stages.iter_mut().rev().find(|one| one.stage == stage && one.open > 0) else {
            return;
        };
        one.open -= 1;
        one.ended = one.ended.max(now);
        if let Some(pace) = self.paces.iter_mut().find(|pace| pace.stage() == stage) {
            pace.close(now);
        }
    }

    fn pace(&mut self, stage: RunStage, now: Instant) -> &mut Pace {
        let known = self.paces.iter().position(|pace| pace.stage() == stage);
        let index = known.unwrap_or_else(|| {
            self.paces.push(Pace::new(stage, now));
            self.paces.len() - 1
        });
        &mut self.paces[index]
    }

    /// What failed in the middle has not ended: its last look is now.
    fn close(&mut self, now: Instant) {
        let Noted { stages, paces, .. } = self;
        let goes_on = |stage| stages.iter().any(|one| one.stage == stage && one.open > 0);
        paces.iter_mut().filter(|pace| goes_on(pace.stage())).for_each(|pace| pace.close(now));
    }
}

impl Stretch {
    fn told(&self, since: impl Fn(Instant) -> f64, now: Instant) -> PhaseSpan {
        let ended = if self.open > 0 { now } else { self.ended };
        let seconds = ended.saturating_duration_since(self.started).as_secs_f64();
        PhaseSpan { name: self.stage.name().to_owned(), started: since(self.started), seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(t0: Instant, seconds: u64) -> Instant {
        t0 + Duration::from_secs(seconds)
    }

    #[test]
    fn phases_that_overlap_and_come_again_are_told_each() {
        let (course, t0) = (Course::default(), Instant::now());
        for (stage, begins, second) in [
            (RunStage::PageCheck, true, 1),
            (RunStage::Profile, true, 2),
            (RunStage::PageCheck, false, 4),
            (RunStage::Profile, true, 5),
            (RunStage::Profile, false, 6),
            (RunStage::Profile, false, 7),
            (RunStage::Copy, true, 8),
            (RunStage::Copy, false, 9),
            (RunStage::Copy, true, 11),
            (RunStage::Verify, false, 11),
        ] {
            match begins {
                true => course.begin(stage, at(t0, second)),
                false => course.end(stage, at(t0, second)),
            }
        }
        let mut report = crate::outcome::tests::empty();
        course.tell(&mut report, t0, at(t0, 15));
        let told: Vec<_> =
            report.run.phases.iter().map(|p| (p.name.as_str(), p.started, p.seconds)).collect();
        let expected =
            [("page check", 1.0, 3.0), ("profile", 2.0, 5.0), ("copy", 8.0, 1.0), ("copy", 11.0, 4.0)];
        assert_eq!(told, expected, "what never ended goes on until the end of the run");
    }

    #[test]
    fn a_stage_that_comes_and_goes_does_not_fill_the_report() {
        let (course, t0) = (Course::default(), Instant::now());
        for second in 0..1000 {
            course.begin(RunStage::Plan, at(t0, 2 * second));
            course.end(RunStage::Plan, at(t0, 2 * second + 1));
        }
        let mut report = crate::outcome::tests::empty();
        course.tell(&mut report, t0, at(t0, 5000));
        let phases = &report.run.phases;
        assert_eq!(phases.len(), PHASE_SPANS_MAX);
        let last = phases.last().unwrap();
        assert_eq!(last.started + last.seconds, 1999.0, "the last stretch reaches to the end");
    }

    #[test]
    fn a_table_is_at_work_from_its_first_piece_to_its_last() {
        let (course, t0) = (Course::default(), Instant::now());
        course.worked("t", TableWork::Copy, at(t0, 3), at(t0, 5));
        course.worked("t", TableWork::Copy, at(t0, 2), at(t0, 4));
        course.worked("t", TableWork::Index, at(t0, 6), at(t0, 7));
        course.worked("gone", TableWork::Copy, at(t0, 1), at(t0, 2));
        let mut report = crate::outcome::tests::empty();
        report.tables = ["t", "u"].map(|name| crate::outcome::TableReport::bare(name, 0)).to_vec();
        course.tell(&mut report, t0, at(t0, 9));
        let span = |started, ended| Some(Span { started, ended });
        let expected = TableSpans { copy: span(2.0, 5.0), verify: None, index: span(6.0, 7.0) };
        assert_eq!(report.tables[0].spans, expected);
        assert_eq!(report.tables[1].spans, TableSpans::default());
    }

    #[test]
    fn only_a_phase_that_goes_on_is_sampled_and_its_end_always_is() {
        let (course, t0) = (Course::default(), Instant::now());
        let counters = Arc::new(TaskCounters::default());
        course.begin(RunStage::Copy, at(t0, 1));
        course.watch(RunStage::Copy, &counters, at(t0, 1));
        counters.add(10, 100);
        course.sample(at(t0, 2));
        counters.add(5, 50);
        course.end(RunStage::Copy, at(t0, 3));
        counters.add(1, 1);
        course.sample(at(t0, 4));
        let mut report = crate::outcome::tests::empty();
        course.tell(&mut report, t0, at(t0, 5));
        let [rate] = &report.rate[..] else { panic!("{:?}", report.rate) };
        let told: Vec<_> = rate.samples.iter().map(|s| (s.seconds, s.rows, s.bytes)).collect();
        assert_eq!((rate.phase.as_str(), told), ("copy", vec![(1.0, 0, 0), (2.0, 10, 100), (3.0, 15, 150)]));
    }
}
