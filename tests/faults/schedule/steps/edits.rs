//! Edits by hand: of the source, of the target, and of the ledger.

use super::super::fill::edit;
use super::super::rows::of_source;
use super::super::tamper::Tamper;
use super::super::world::Ground;
use super::{How, Schedule, last_line};
use crate::resume::running::Running;
use crate::support::seals::edit_unseen;
use rusqlite::Connection;

/// Edits of rows of the ledger, each with its table. Where one finds no row to change, nothing is edited.
const EDITS: [(&str, &str); 12] = [
    ("chunk", "UPDATE cutover.chunk SET rows = rows + 1 WHERE ctid = (SELECT max(ctid) FROM cutover.chunk)"),
    ("chunk", "UPDATE cutover.chunk SET digest = NULL WHERE digest IS NOT NULL"),
    ("chunk", "UPDATE cutover.chunk SET hi = hi - 1 WHERE hi IS NOT NULL"),
    ("chunk", "DELETE FROM cutover.chunk WHERE ctid = (SELECT min(ctid) FROM cutover.chunk)"),
    ("chunk", "UPDATE cutover.chunk SET verified_at = CASE WHEN verified_at IS NULL THEN now() END"),
    ("chunk", "UPDATE cutover.chunk SET digest = digest || '\\x00' WHERE digest IS NOT NULL"),
    ("step", "UPDATE cutover.step SET state = 'done' WHERE state = 'pending'"),
    (
        "step",
        "UPDATE cutover.step SET sql = 'DROP TABLE stranger' WHERE ctid = (SELECT max(ctid) FROM cutover.step)",
    ),
    ("step", "DELETE FROM cutover.step WHERE ctid = (SELECT min(ctid) FROM cutover.step)"),
    ("source", "UPDATE cutover.source SET fingerprint = fingerprint || ' '"),
    ("source", "UPDATE cutover.source SET finished_at = CASE WHEN finished_at IS NULL THEN now() END"),
    ("source", "UPDATE cutover.source SET chunk_rows = chunk_rows + 1"),
];

/// Puts the rows of a table of the ledger back as they were; of its source only what is edited here, since others refer to
/// it, and its epoch must not fall.
fn back(table: &str) -> String {
    match table {
        "source" => "UPDATE cutover.source s SET fingerprint = a.fingerprint, finished_at = a.finished_at,
                            chunk_rows = a.chunk_rows
                     FROM aside.ledger a WHERE a.source_id = s.source_id"
            .to_owned(),
        _ => format!("DELETE FROM cutover.{table}; INSERT INTO cutover.{table} SELECT * FROM aside.ledger"),
    }
}

impl Schedule {
    pub(super) fn edit(&mut self) {
        let source = Connection::open(self.source()).expect("the source");
        let what = edit(&self.world, &source, &mut self.made, &mut self.dice);
        drop(source);
        self.say(format!("   source: {what}"));
        self.oracle.source_is(of_source(&self.world, &self.source()));
    }

    pub(super) fn tamper(&mut self) {
        if self.oracle.ledger.is_none() {
            return;
        }
        let Some(tamper) = Tamper::draw(&self.world, &self.watch, &mut self.dice) else { return };
        self.say(format!("   target: {}", tamper.what));
        self.oracle.target_was_edited(&self.world, &self.watch, tamper.table);
        self.tamper = Some(tamper);
    }

    /// Somebody edits the ledger: the copy is not gone on with; it is mended by hand, or begun anew (F46).
    pub(super) fn ledger(&mut self) {
        if self.oracle.ledger.is_none() {
            return;
        }
        if self.dice.below(6) == 0 {
            return self.ledger_unseen();
        }
        let (table, edit) = *self.dice.pick(&EDITS);
        self.watch.rows(&format!(
            "CREATE SCHEMA IF NOT EXISTS aside; DROP TABLE IF EXISTS aside.ledger;
             CREATE TABLE aside.ledger AS SELECT * FROM cutover.{table}"
        ));
        if self.watch.rows(&format!("{edit} RETURNING 1")).is_empty() {
            return;
        }
        self.round("ledger edited");
        let before = self.bytes();
        let done = Running::start(self.cli(How::Plain, 0)(&self.database.url())).end();
        self.say(format!("{:2} {edit}: ended with {}: {}", self.rounds, done.code, last_line(&done)));
        assert!(done.code == 3 && done.said().contains("damaged"), "{}", done.said());
        if self.world.ground != Ground::Append && self.dice.below(3) == 0 {
            return self.copy(How::Restart, false);
        }
        self.watch.rows(&back(table));
        self.check_copies(&[done], &before);
    }

    /// Whoever seals what he edits is believed: of what says nothing of rows, nothing comes.
    fn ledger_unseen(&mut self) {
        self.round("ledger edited and sealed");
        self.say(format!("{:2} the ledger's rows are edited and sealed anew", self.rounds));
        edit_unseen(&self.database, "UPDATE cutover.chunk SET bytes = bytes + 1");
        self.copy(How::Plain, false);
    }

    pub(super) fn take_back(&mut self) {
        let Some(tamper) = &self.tamper else { return };
        let done = tamper.take_back(&self.watch);
        self.oracle.target_was_edited(&self.world, &self.watch, tamper.table);
        if done && self.oracle.tampered().is_empty() {
            self.tamper = None;
        }
        self.say(format!("   target: taken back: {done}"));
    }
}
