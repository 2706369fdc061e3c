//! Two runs of one copy: at the same time, or one in the place of the other.

use super::{How, Schedule, last_line, pause};
use crate::resume::running::{Running, wait_for};
use crate::support::cli::Cli;

/// A lease of a second and a half, so that nobody waits for half a minute until it is over.
const SHORT_LEASE: &str = "lease=1500,handover=300";

fn short(cli: Cli) -> Cli {
    cli.env("CUTOVER_PATIENCE", SHORT_LEASE)
}

/// The sessions of all runs.
const SESSIONS: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'cutover %'";

impl Schedule {
    /// Two runs at the same time; one of them may be killed. The second may be told to take over, which it does only from
    /// an owner that is silent.
    pub(super) fn two(&mut self) {
        self.round("two at once");
        let moment = self.dice.below(200);
        let kill = (self.dice.below(2) == 0).then(|| self.dice.below(200));
        let more: &[&str] = if self.dice.below(3) == 0 { &["--take-over"] } else { &[] };
        self.say(format!(
            "{:2} two copies, the second {more:?} after {moment} ms, the first killed after {kill:?}",
            self.rounds
        ));
        let before = self.bytes();
        let url = self.database.url();
        let mut first = Running::start(self.cli(How::Plain, 0)(&url));
        pause(moment);
        let second = Running::start(self.cli(How::Plain, 1)(&url).args(more));
        if let Some(moment) = kill {
            pause(moment);
            if !first.has_ended() {
                first.signal("KILL");
            }
        }
        let done = [first.end(), second.end()];
        let codes = [done[0].code, done[1].code];
        self.say(format!("   ended with {codes:?}"));
        assert!(codes.contains(&0) || codes == [-9, 7], "{done:?}");
        assert!(codes.iter().all(|code| [0, 7, -9].contains(code)), "{done:?}");
        self.check_copies(&done, &before);
    }

    /// A run is held, loses its sessions and its place to another one, and goes on.
    pub(super) fn fenced(&mut self) {
        self.round("sessions ended, then taken over");
        let end = format!("SELECT pg_terminate_backend(pid) {SESSIONS}");
        self.replaced(&|cli| cli, &[], |schedule| drop(schedule.watch.rows(&end)));
    }

    /// A run is held until its lease is over, another one is told to take its place, and it goes on (F45).
    pub(super) fn taken_over(&mut self) {
        self.round("silent, then taken over");
        // Where it was held before it had asked for the lock, there is nothing that could fall silent.
        let lease = format!("{SESSIONS} AND application_name LIKE '% lease'");
        let is_silent = format!(
            "NOT EXISTS (SELECT 1 {lease} AND NOT state_change < clock_timestamp() - interval '1600 ms')"
        );
        self.replaced(&short, &["--take-over"], |schedule| {
            wait_for("the owner to fall silent", || schedule.watch.is(&is_silent).then_some(()));
        });
    }

    /// Holds a run, does `between`, has another with `more` options do the work, and lets the first go on.
    fn replaced(
        &mut self,
        patience: &dyn Fn(Cli) -> Cli,
        more: &[&str],
        between: impl FnOnce(&mut Schedule),
    ) {
        let moment = self.dice.below(250);
        self.say(format!(
            "{:2} a copy is held after {moment} ms, another one {more:?} takes its place, it goes on",
            self.rounds
        ));
        let before = self.bytes();
        let url = self.database.url();
        let mut first = Running::start(patience(self.cli(How::Plain, 0)(&url)));
        pause(moment);
        if !first.has_ended() {
            first.signal("STOP");
            between(self);
            let second = Running::start(patience(self.cli(How::Plain, 1)(&url)).args(more)).end();
            self.say(format!("   the other ended with {}: {}", second.code, last_line(&second)));
            assert_eq!(second.code, 0, "{second:?}");
            first.signal("CONT");
        }
        let first = first.end();
        self.say(format!("   it ended with {}: {}", first.code, last_line(&first)));
        assert!([0, 6, 7].contains(&first.code), "{first:?}");
        self.check_copies(&[first], &before);
    }
}
