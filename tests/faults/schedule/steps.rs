//! One schedule: a world from a seed, a sequence of runs, disturbances and edits, and what must hold after each.

use super::disturb::{self, Disturbance};
use super::fill::{Made, edit, fill, write_until};
use super::oracle::Oracle;
use super::rows::{Rows, of_source};
use super::tamper::Tamper;
use super::watch::Watch;
use super::world::{Ground, MARK, World};
use crate::faults::invariants::{assert_nothing_stays, assert_says_what_to_do};
use crate::resume::running::Running;
use crate::support::cli::{Cli, Done};
use crate::support::dice::Dice;
use crate::support::flow::constraints;
use crate::support::postgres::{Database, PASSWORD, Server};
use rusqlite::Connection;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Plain,
    Restart,
    Reverify,
}

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
    pub(super) rounds: u64,
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
        let (tamper, rounds) = (None, 0);
        let _keeper = keeper;
        Schedule { dice, world, dir, _keeper, made, server, database, watch, oracle, tamper, log, rounds }
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("source.db")
    }

    fn say(&mut self, line: String) {
        self.log.lines.push(line);
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
                32..40 => self.damage(),
                _ => self.copy(How::Restart, true),
            };
        }
        match chance {
            0..68 => self.copy(How::Plain, true),
            68..73 => self.two(),
            73..77 => self.fenced(),
            77..79 => self.verify(chance.is_multiple_of(2)),
            79..81 => self.status(),
            81..83 => self.validate(),
            83..85 => self.copy(How::Restart, true),
            85..90 => self.edit(),
            90..94 => self.damage(),
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

    fn report_path(&self, number: u32) -> PathBuf {
        self.dir.path().join(format!("report{number}.json"))
    }

    fn cli(&mut self, how: How, number: u32) -> impl FnOnce(&str) -> Cli + use<> {
        let (source, report) = (self.source(), self.report_path(number));
        let retry = *self.dice.pick(&["0s", "0s", "1s", "20s"]);
        self.say(format!("   --retry-for {retry}"));
        let _ = std::fs::remove_file(&report);
        let options = self.world.options.clone();
        move |url| {
            let more: &[&str] = match how {
                How::Plain => &[],
                How::Restart => &["--restart"],
                How::Reverify => &["--reverify"],
            };
            let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source]).args(["--to", url]);
            let cli = cli.args(options).args(more).args(["--retry-for", retry]);
            cli.args(["--progress", "lines", "--report"]).args([report])
        }
    }

    /// How a copy may end that nothing disturbs.
    fn codes(&self, how: How) -> Vec<i32> {
        let oracle = &self.oracle;
        if how == How::Restart {
            // Rows that were there before cannot be told from ours.
            let is_refused = self.world.ground == Ground::Append && oracle.ledger.is_some();
            return vec![if is_refused { 3 } else { 0 }];
        }
        if oracle.is_edited && (how == How::Plain || oracle.done_has_changed()) {
            return vec![3];
        }
        match (oracle.tampered().is_empty(), oracle.must_be_found()) {
            (true, _) => vec![0],
            (false, true) => vec![3, 4, 6],
            // What is proved is the application's from then on; only that it is empty is seen.
            (false, false) => vec![0, 4, 6],
        }
    }

    fn copy(&mut self, how: How, disturbed: bool) {
        let tables: Vec<String> = self.world.tables.iter().map(|table| table.quoted()).collect();
        let disturbance = disturbed.then(|| Disturbance::draw(&mut self.dice, &tables));
        self.rounds += u64::from(disturbed);
        let mut codes = self.codes(how);
        codes.extend(disturbance.iter().flat_map(Disturbance::codes).filter(|code| *code != 0));
        self.say(format!("{:2} copy {how:?}, {disturbance:?}: any of {codes:?}", self.rounds));
        let before = self.bytes();
        let cli = self.cli(how, 0);
        if disturbed && self.dice.below(8) == 0 {
            // It may be written before the run reads it, too.
            codes.push(3);
            return self.written_meanwhile(disturbance.as_ref(), cli, &codes);
        }
        let done = disturb::run(&self.database, &self.watch, disturbance.as_ref(), cli);
        self.say(format!("   ended with {}: {}", done.code, last_line(&done)));
        assert!(codes.contains(&done.code), "ended with {}: {}", done.code, done.said());
        self.check_copies(&[done], &before);
    }

    /// The source is written while the copy goes on (F22, F23).
    fn written_meanwhile(
        &mut self,
        disturbance: Option<&Disturbance>,
        cli: impl FnOnce(&str) -> Cli,
        codes: &[i32],
    ) {
        let (is_over, path, dice) = (AtomicBool::new(false), self.source(), Dice(self.dice.next()));
        let Schedule { world, made, database, watch, .. } = self;
        let (done, states) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| write_until(&is_over, world, &path, made, dice));
            let done = disturb::run(database, watch, disturbance, cli);
            is_over.store(true, Ordering::SeqCst);
            (done, writer.join().expect("the writer"))
        });
        // Whether the run has seen the last row or not: from here on the source is another one.
        let touch = Connection::open(&path).expect("the source");
        touch
            .execute_batch(&format!("PRAGMA user_version = {}", 1 + self.dice.below(1 << 30)))
            .expect("a version");
        drop(touch);
        self.say(format!(
            "   written to {} times, ended with {}: {}",
            states.len() - 1,
            done.code,
            last_line(&done)
        ));
        assert!(codes.contains(&done.code), "ended with {}: {}", done.code, done.said());
        self.check(&[done], &self.bytes(), &states);
    }

    /// Two runs at the same time; one of them may be killed.
    fn two(&mut self) {
        self.rounds += 1;
        let moment = self.dice.below(200);
        let kill = (self.dice.below(2) == 0).then(|| self.dice.below(200));
        self.say(format!(
            "{:2} two copies, the second after {moment} ms, the first killed after {kill:?}",
            self.rounds
        ));
        let before = self.bytes();
        let url = self.database.url();
        let mut first = Running::start(self.cli(How::Plain, 0)(&url));
        pause(moment);
        let second = Running::start(self.cli(How::Plain, 1)(&url));
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
    fn fenced(&mut self) {
        self.rounds += 1;
        let moment = self.dice.below(250);
        self.say(format!(
            "{:2} a copy is held after {moment} ms, another one ends it, it goes on",
            self.rounds
        ));
        let before = self.bytes();
        let url = self.database.url();
        let mut first = Running::start(self.cli(How::Plain, 0)(&url));
        pause(moment);
        if !first.has_ended() {
            first.signal("STOP");
            self.watch.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name LIKE 'cutover %'",
            );
            let second = Running::start(self.cli(How::Plain, 1)(&url)).end();
            self.say(format!("   the other ended with {}: {}", second.code, last_line(&second)));
            assert_eq!(second.code, 0, "{second:?}");
            first.signal("CONT");
        }
        let first = first.end();
        self.say(format!("   it ended with {}: {}", first.code, last_line(&first)));
        assert!([0, 6, 7].contains(&first.code), "{first:?}");
        self.check_copies(&[first], &before);
    }

    fn verify(&mut self, disturbed: bool) {
        let before = self.bytes();
        let disturbance = disturbed.then(|| Disturbance::draw(&mut self.dice, &["stranger".to_owned()]));
        self.rounds += u64::from(disturbed);
        let codes: Vec<i32> =
            disturbance.iter().flat_map(Disturbance::codes).filter(|code| *code != 0).collect();
        let source = self.source();
        let verify = ["verify", "--progress", "lines", "--from"];
        let cli = |url: &str| Cli::new().args(verify).args([source]).args(["--to", url, "--retry-for", "1s"]);
        let done = disturb::run(&self.database, &self.watch, disturbance.as_ref(), cli);
        let (is_equal, is_finished) =
            (self.oracle.is_equal(&self.world, &self.watch), self.oracle.is_finished());
        self.say(format!(
            "   verify, {disturbance:?}: {}, equal: {is_equal}, finished: {is_finished}",
            done.code
        ));
        match (is_equal, is_finished) {
            _ if codes.contains(&done.code) => {}
            (true, true) => assert_eq!(done.code, 0, "{}", done.said()),
            (false, _) => assert!([3, 4].contains(&done.code), "{}", done.said()),
            (true, false) => assert!([0, 3, 4].contains(&done.code), "{}", done.said()),
        }
        self.check(&[done], &before, &[]);
    }

    fn status(&mut self) {
        let before = self.bytes();
        let done = Cli::new().args(["status", "--json", "--to", &self.database.url()]).run();
        self.say(format!("   status: {}", done.code));
        assert_eq!(done.code, 0, "{}", done.said());
        let said: Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(said.as_array().map(Vec::len), Some(usize::from(self.oracle.ledger.is_some())), "{said}");
        self.check(&[done], &before, &[]);
    }

    fn validate(&mut self) {
        let before = self.bytes();
        let cli = Cli::new().args(["copy", "--validate", "--from"]).args([self.source()]);
        let done = cli.args(["--to", &self.database.url()]).args(&self.world.options).run();
        self.say(format!("   validate: {}", done.code));
        assert_eq!(done.code, 0, "{}", done.said());
        self.check(&[done], &before, &[]);
    }

    fn edit(&mut self) {
        let source = Connection::open(self.source()).expect("the source");
        let what = edit(&self.world, &source, &mut self.made, &mut self.dice);
        drop(source);
        self.say(format!("   source: {what}"));
        self.oracle.source_is(of_source(&self.world, &self.source()));
    }

    fn tamper(&mut self) {
        if self.oracle.ledger.is_none() {
            return;
        }
        let Some(tamper) = Tamper::draw(&self.world, &self.watch, &mut self.dice) else { return };
        self.say(format!("   target: {}", tamper.what));
        self.oracle.target_was_edited(&self.world, &self.watch, tamper.table);
        self.tamper = Some(tamper);
    }

    /// Somebody edits the ledger: the copy is not gone on with; it is mended by hand, or begun anew (F46).
    fn damage(&mut self) {
        const DAMAGES: [&str; 6] = [
            "UPDATE cutover.chunk SET rows = rows + 1 WHERE ctid = (SELECT max(ctid) FROM cutover.chunk)",
            "UPDATE cutover.chunk SET digest = NULL WHERE digest IS NOT NULL",
            "UPDATE cutover.chunk SET hi = hi - 1 WHERE hi IS NOT NULL",
            "DELETE FROM cutover.chunk WHERE ctid = (SELECT min(ctid) FROM cutover.chunk)",
            "UPDATE cutover.chunk SET verified_at = CASE WHEN verified_at IS NULL THEN now() END",
            "UPDATE cutover.chunk SET digest = digest || '\\x00' WHERE digest IS NOT NULL",
        ];
        let damage = *self.dice.pick(&DAMAGES);
        let has_seals = "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('cutover.chunk') AND attname = 'seal')";
        if !self.watch.is(has_seals) {
            return;
        }
        let save = "CREATE SCHEMA IF NOT EXISTS aside; DROP TABLE IF EXISTS aside.chunks;
                    CREATE TABLE aside.chunks AS SELECT * FROM cutover.chunk";
        self.watch.rows(save);
        if self.watch.rows(&format!("{damage} RETURNING 1")).is_empty() {
            return;
        }
        let before = self.bytes();
        let done = Running::start(self.cli(How::Plain, 0)(&self.database.url())).end();
        self.say(format!("   {damage}: ended with {}: {}", done.code, last_line(&done)));
        assert!(done.code == 3 && done.said().contains("damaged"), "{}", done.said());
        if self.world.ground != Ground::Append && self.dice.below(3) == 0 {
            return self.copy(How::Restart, false);
        }
        self.watch.rows("DELETE FROM cutover.chunk; INSERT INTO cutover.chunk SELECT * FROM aside.chunks");
        self.check_copies(&[done], &before);
    }

    fn take_back(&mut self) {
        let Some(tamper) = &self.tamper else { return };
        let done = tamper.take_back(&self.watch);
        self.oracle.target_was_edited(&self.world, &self.watch, tamper.table);
        if done && self.oracle.tampered().is_empty() {
            self.tamper = None;
        }
        self.say(format!("   target: taken back: {done}"));
    }

    /// What must hold after every step.
    fn check(&mut self, done: &[Done], before: &[Vec<u8>], seen: &[Rows]) {
        let case = self.log.lines.last().cloned().unwrap_or_default();
        for done in done {
            let said = done.said();
            assert!(!said.contains("panicked") && done.code != 1, "{said}");
            assert!(!said.contains(PASSWORD) && !said.contains(MARK), "a secret is told: {said}");
            assert_says_what_to_do(done, &case);
        }
        assert_nothing_stays(&self.database, &case);
        assert!(self.bytes() == before, "the source was written");
        self.oracle.look(&self.world, &self.watch, seen);
        if self.oracle.tampered().is_empty() {
            self.tamper = None;
        }
    }

    fn check_copies(&mut self, done: &[Done], before: &[Vec<u8>]) {
        self.check(done, before, &[]);
        for (number, done) in (0..).zip(done) {
            self.check_report(number, done);
        }
    }

    /// What a report says is so.
    fn check_report(&self, number: u32, done: &Done) {
        let Ok(text) = std::fs::read_to_string(self.report_path(number)) else { return };
        let Ok(report) = serde_json::from_str::<Value>(&text) else {
            assert!(done.code < 0, "half a report: {text}");
            return;
        };
        if done.code >= 0 {
            assert_eq!(report["exit_code"], done.code, "the report's word");
        }
        assert!(!text.contains(PASSWORD) && !text.contains(MARK), "a secret is written: {text}");
        if report["outcome"] == "done" {
            assert!(self.oracle.is_finished(), "done is said of what is not finished");
            if self.oracle.tampered().is_empty() {
                assert!(self.oracle.is_as_accepted(&self.world, &self.watch), "done is said of a difference");
            }
        }
    }

    /// The source's file and log.
    fn bytes(&self) -> Vec<Vec<u8>> {
        let path = self.source();
        let log = path.with_extension("db-wal");
        [path, log].iter().map(|path| std::fs::read(path).unwrap_or_default()).collect()
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
