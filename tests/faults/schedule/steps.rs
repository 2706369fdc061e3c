//! One schedule: a world from a seed, a sequence of runs, disturbances and edits, and what must hold after each.

// what must hold after every step
mod check;
// either side or the ledger is edited
mod edits;
// two runs of one copy
mod rivals;
// a run of a command, disturbed or not
mod runs;

use super::fill::{Made, fill};
use super::oracle::Oracle;
use super::rows::of_source;
use super::tamper::Tamper;
use super::watch::Watch;
use super::world::{Ground, World};
use crate::support::cli::Done;
use crate::support::dice::Dice;
use crate::support::flow::constraints;
use crate::support::postgres::{Database, Server};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Plain,
    Restart,
    Reverify,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            How::Plain => "copy",
            How::Restart => "--restart",
            How::Reverify => "--reverify",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            How::Plain => &[],
            How::Restart => &["--restart"],
            How::Reverify => &["--reverify"],
        }
    }
}

/// Disturbances by what they were, and how many of each.
pub(super) type Played = BTreeMap<&'static str, u64>;

/// A schedule under way.
pub(super) struct Schedule {
    dice: Dice,
    world: World,
    dir: TempDir,
    /// keeps the log of a file in WAL mode from being taken in
    _keeper: Option<Connection>,
    made: Made,
    server: &'static Server,
    database: Database,
    watch: Watch,
    oracle: Oracle,
    tamper: Option<Tamper>,
    /// what was done, for whoever looks for a violation
    log: Log,
    /// disturbances so far
    rounds: u64,
    /// the same by what they were
    pub(super) played: Played,
}

/// Tells what was done when the test fails.
struct Log {
    seed: u64,
    lines: Vec<String>,
}

impl Drop for Log {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "\na violation; again with CUTOVER_SCHEDULE_SEED={}\n{}",
                self.seed,
                self.lines.join("\n")
            );
        }
    }
}

impl Schedule {
    pub(super) fn new(server: &'static Server, seed: u64) -> Schedule {
        let mut dice = Dice(seed);
        let world = World::draw(&mut dice);
        let dir = tempfile::tempdir().expect("a directory");
        let mut source = Connection::open(dir.path().join("source.db")).expect("a source");
        source.execute_batch(&world.sqlite()).unwrap_or_else(|error| panic!("{error}: {}", world.sqlite()));
        let made = fill(&world, &mut source, &mut dice);
        let keeper = (world.is_wal && dice.below(2) == 0).then_some(source);
        let database = server.fresh_database();
        database.execute(&world.postgres());
        let watch = Watch::of(&database);
        let now = of_source(&world, &dir.path().join("source.db"));
        let oracle = Oracle::new(&world, &watch, now);
        let tables: Vec<String> =
            world.tables.iter().map(|t| format!("{} {:?} {}", t.name, t.key, t.rows)).collect();
        let (ground, options) = (world.ground, world.options.join(" "));
        let first = format!("{ground:?}, wal: {}, {options}; {}", world.is_wal, tables.join(", "));
        let log = Log { seed, lines: vec![first] };
        let (tamper, rounds, played) = (None, 0, Played::new());
        let _keeper = keeper;
        Schedule {
            dice,
            world,
            dir,
            _keeper,
            made,
            server,
            database,
            watch,
            oracle,
            tamper,
            log,
            rounds,
            played,
        }
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("source.db")
    }

    fn say(&mut self, line: String) {
        self.log.lines.push(line);
    }

    /// Begins a disturbance.
    fn round(&mut self, what: &'static str) {
        self.rounds += 1;
        *self.played.entry(what).or_default() += 1;
    }

    /// Disturbs the copy so often, then finishes it.
    pub(super) fn play(&mut self, rounds: u64) {
        let mut steps = 0;
        while self.rounds < rounds && steps < 4 * rounds {
            steps += 1;
            self.step();
        }
        self.finish();
    }

    fn step(&mut self) {
        let chance = self.dice.below(100);
        if self.oracle.is_edited {
            return self.step_of_an_edited_source(chance);
        }
        if self.tamper.is_some() {
            return self.step_of_an_edited_target(chance);
        }
        if self.oracle.is_finished() {
            return match chance {
                0..5 => self.verify(chance.is_multiple_of(2)),
                5..10 => self.copy(How::Plain, true),
                10..20 => self.edit(),
                20..30 => self.tamper(),
                30..32 => self.status(),
                32..40 => self.ledger(),
                _ => self.copy(How::Restart, true),
            };
        }
        match chance {
            0..68 => self.copy(How::Plain, true),
            68..73 => self.two(),
            73..75 => self.fenced(),
            75..77 => self.taken_over(),
            77..79 => self.verify(chance.is_multiple_of(2)),
            79..81 => self.status(),
            81..83 => self.validate(),
            83..85 => self.copy(How::Restart, true),
            85..90 => self.edit(),
            90..94 => self.ledger(),
            _ => self.tamper(),
        }
    }

    fn step_of_an_edited_target(&mut self, chance: u64) {
        match (chance, self.oracle.must_be_found()) {
            (0..30, true) => self.copy(How::Plain, false),
            (30..60, true) => self.copy(How::Plain, true),
            (0..35, false) | (60..70, true) => self.verify(chance.is_multiple_of(2)),
            (35..70, false) | (70..85, true) => self.take_back(),
            _ => self.copy(How::Restart, true),
        }
    }

    fn step_of_an_edited_source(&mut self, chance: u64) {
        match chance {
            0..20 => self.copy(How::Plain, false),
            20..30 => self.copy(How::Plain, true),
            30..50 => self.copy(How::Reverify, false),
            50..65 => self.copy(How::Reverify, true),
            65..70 => self.verify(chance.is_multiple_of(2)),
            70..75 => self.edit(),
            _ => self.copy(How::Restart, true),
        }
    }

    /// Ends well: what was done to either side is mended as its owner would, then the copy is finished undisturbed, and
    /// equals one that nobody ever disturbed.
    fn finish(&mut self) {
        let (is_edited, is_append) = (self.oracle.is_edited, self.world.ground == Ground::Append);
        if self.tamper.is_some() && (is_append || self.dice.below(2) == 0) {
            self.take_back();
        }
        let is_bad = is_edited || self.tamper.is_some();
        if is_bad && is_append {
            return self.say("   there is no way on but by hand".to_owned());
        }
        self.copy(if is_bad { How::Restart } else { How::Plain }, false);
        assert!(self.oracle.is_finished() && self.oracle.is_equal(&self.world, &self.watch), "not a copy");
        self.verify(false);
        let fresh = self.server.fresh_database();
        fresh.execute(&self.world.postgres());
        let cli = self.cli(How::Plain, 2)(&fresh.url());
        assert_eq!(cli.run().code, 0, "an undisturbed copy");
        assert_eq!(constraints(&self.database), constraints(&fresh), "keys and indexes");
    }
}

fn pause(millis: u64) {
    std::thread::sleep(std::time::Duration::from_millis(millis));
}

fn last_line(done: &Done) -> String {
    let error = done.stderr.lines().find(|line| line.starts_with("error"));
    error.or_else(|| done.stderr.lines().last()).unwrap_or_default().to_owned()
}
