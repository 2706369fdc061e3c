//! Runs of the commands, disturbed or not, and how each may end.

use super::super::disturb::{self, Disturbance};
use super::super::fill::write_until;
use super::super::world::Ground;
use super::{How, Schedule, last_line};
use crate::support::cli::Cli;
use crate::support::dice::Dice;
use rusqlite::Connection;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

impl Schedule {
    pub(super) fn cli(&mut self, how: How, number: u32) -> impl FnOnce(&str) -> Cli + use<> {
        let (source, report) = (self.source(), self.report_path(number));
        let retry = *self.dice.pick(&["0s", "0s", "1s", "20s"]);
        self.say(format!("   --retry-for {retry}"));
        let _ = std::fs::remove_file(&report);
        let options = self.world.options.clone();
        move |url| {
            let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source]).args(["--to", url]);
            let cli = cli.args(options).args(how.options()).args(["--retry-for", retry]);
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

    pub(super) fn copy(&mut self, how: How, disturbed: bool) {
        let tables: Vec<String> = self.world.tables.iter().map(|table| table.quoted()).collect();
        let disturbance = disturbed.then(|| Disturbance::draw(&mut self.dice, &tables));
        if disturbed {
            self.round(how.name());
        }
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

    pub(super) fn verify(&mut self, disturbed: bool) {
        let before = self.bytes();
        let disturbance = disturbed.then(|| Disturbance::draw(&mut self.dice, &["stranger".to_owned()]));
        if disturbed {
            self.round("verify");
        }
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

    pub(super) fn status(&mut self) {
        let before = self.bytes();
        let done = Cli::new().args(["status", "--json", "--to", &self.database.url()]).run();
        self.say(format!("   status: {}", done.code));
        assert_eq!(done.code, 0, "{}", done.said());
        let said: Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(said.as_array().map(Vec::len), Some(usize::from(self.oracle.ledger.is_some())), "{said}");
        self.check(&[done], &before, &[]);
    }

    pub(super) fn validate(&mut self) {
        let before = self.bytes();
        let cli = Cli::new().args(["copy", "--validate", "--from"]).args([self.source()]);
        let done = cli.args(["--to", &self.database.url()]).args(&self.world.options).run();
        self.say(format!("   validate: {}", done.code));
        assert_eq!(done.code, 0, "{}", done.said());
        self.check(&[done], &before, &[]);
    }

    pub(super) fn report_path(&self, number: u32) -> PathBuf {
        self.dir.path().join(format!("report{number}.json"))
    }
}
