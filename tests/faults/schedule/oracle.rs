//! What must be in the target, by what the source held and what the ledger says is committed; kept in memory, from step to
//! step.

use super::rows::{Rows, of_target, without};
use super::watch::Watch;
use super::world::{Ground, Table, World};
use std::collections::BTreeMap;

/// Texts of a row, sorted, by table.
type Contents = BTreeMap<String, Vec<String>>;

/// A chunk as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) table: String,
    lo: Option<i64>,
    hi: Option<i64>,
    pub(super) is_done: bool,
    pub(super) is_verified: bool,
}

impl Chunk {
    fn holds(&self, rowid: Option<i64>) -> bool {
        rowid.is_none_or(|rowid| self.lo.is_none_or(|lo| lo <= rowid) && self.hi.is_none_or(|hi| rowid <= hi))
    }
}

/// The ledger's word on the only source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ledger {
    source_id: String,
    fingerprint: String,
    epoch: i64,
    pub(super) is_finished: bool,
    pub(super) pending: u64,
    pub(super) chunks: Vec<Chunk>,
}

impl Ledger {
    pub(super) fn read(watch: &Watch) -> Option<Ledger> {
        if !watch.is("to_regclass('cutover.source') IS NOT NULL") {
            return None;
        }
        let sources = watch.rows(
            "SELECT source_id, fingerprint, epoch, finished_at IS NOT NULL,
                    (SELECT count(*) FROM cutover.step WHERE state = 'pending') FROM cutover.source",
        );
        assert!(sources.len() < 2, "the ledger has {} sources", sources.len());
        let source = sources.into_iter().next()?;
        let text = |i: usize| source[i].clone().expect("a value");
        let chunks = watch.rows(
            "SELECT table_name, lo, hi, digest IS NOT NULL, verified_at IS NOT NULL FROM cutover.chunk
             ORDER BY table_name, chunk",
        );
        Some(Ledger {
            source_id: text(0),
            fingerprint: text(1),
            epoch: text(2).parse().expect("an epoch"),
            is_finished: text(3) == "t",
            pending: text(4).parse().expect("a count"),
            chunks: chunks.iter().map(|row| chunk(row)).collect(),
        })
    }

    fn of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Chunk> {
        self.chunks.iter().filter(move |chunk| chunk.table == table)
    }
}

fn chunk(row: &[Option<String>]) -> Chunk {
    let number = |i: usize| row[i].as_deref().map(|text| text.parse().expect("a bound"));
    let is = |i: usize| row[i].as_deref() == Some("t");
    let table = row[0].clone().expect("a table");
    Chunk { table, lo: number(1), hi: number(2), is_done: is(3), is_verified: is(4) }
}

/// The model.
#[derive(Clone)]
pub(super) struct Oracle {
    /// what the source holds
    pub(super) now: Rows,
    /// the source was written since the ledger took its fingerprint
    pub(super) is_edited: bool,
    pub(super) ledger: Option<Ledger>,
    /// what the source held as the ledger's chunks were made, or were found to be still the same
    accepted: Rows,
    /// what the target held before, and keeps
    before: Contents,
    /// what somebody else has put into the target since
    added: Contents,
    /// and taken away
    removed: Contents,
}

impl Oracle {
    /// Of a target that no run has seen.
    pub(super) fn new(world: &World, watch: &Watch, now: Rows) -> Oracle {
        let tables = world.tables.iter();
        let before =
            tables.map(|table| (table.name.clone(), of_target(watch, table).unwrap_or_default())).collect();
        let (added, removed) = (Contents::new(), Contents::new());
        let (ledger, accepted) = (None, now.clone());
        Oracle { now, is_edited: false, ledger, accepted, before, added, removed }
    }

    /// The source was written.
    pub(super) fn source_is(&mut self, now: Rows) {
        self.now = now;
        self.is_edited = self.ledger.is_some();
    }

    /// Takes over what the ledger says now, and compares the target with it. While the source was written it may have been
    /// read in any of the states `seen`, of which the last is how it is now.
    pub(super) fn look(&mut self, world: &World, watch: &Watch, seen: &[Rows]) {
        let ledger = Ledger::read(watch);
        let mut why = String::new();
        let Some(now) = seen.last() else {
            self.take(world, ledger);
            return self.check(world, watch).unwrap_or_else(|why| panic!("{why}"));
        };
        for rows in seen {
            let mut oracle = Oracle { now: rows.clone(), ..self.clone() };
            oracle.take(world, ledger.clone());
            match oracle.check(world, watch) {
                Ok(()) => {
                    let is_edited = ledger.is_some();
                    *self = Oracle { now: now.clone(), is_edited, ..oracle };
                    return;
                }
                Err(one) => why = one,
            }
        }
        panic!("the source was in {} states, and the target is of none: {why}", seen.len());
    }

    fn take(&mut self, world: &World, ledger: Option<Ledger>) {
        match (&self.ledger, &ledger) {
            (None, None) => {}
            (Some(_), None) => panic!("the ledger has gone"),
            (Some(old), Some(new)) if old.source_id == new.source_id => {
                assert!(new.epoch >= old.epoch, "the epoch went from {} to {}", old.epoch, new.epoch);
                if old.fingerprint != new.fingerprint {
                    (self.accepted, self.is_edited) = (self.now.clone(), false);
                }
            }
            // A copy has begun, for the first time or anew.
            (_, Some(_)) => {
                (self.accepted, self.is_edited) = (self.now.clone(), false);
                (self.added, self.removed) = (Contents::new(), Contents::new());
                if world.ground != Ground::Append {
                    self.before = Contents::new();
                }
            }
        }
        self.ledger = ledger;
    }

    /// Rows of the source at that time that are in committed chunks, and what else is known to be there.
    fn expected(&self, table: &str) -> Vec<String> {
        let done: Vec<&Chunk> = self.ledger.iter().flat_map(|l| l.of(table)).filter(|c| c.is_done).collect();
        let rows = self.accepted[table].iter().filter(|(id, _)| done.iter().any(|chunk| chunk.holds(*id)));
        let mut all: Vec<String> = rows.map(|(_, row)| row.clone()).collect();
        all.extend(self.before.get(table).into_iter().flatten().cloned());
        all.sort_unstable();
        all = without(&all, self.removed.get(table).map_or(&[], Vec::as_slice));
        all.extend(self.added.get(table).into_iter().flatten().cloned());
        all.sort_unstable();
        all
    }

    /// Invariant A, and that a finished copy is one.
    fn check(&self, world: &World, watch: &Watch) -> Result<(), String> {
        for table in &world.tables {
            let held = of_target(watch, table);
            let is_made = world.ground != Ground::Empty || self.ledger.is_some();
            assert_eq!(held.is_some(), is_made, "whether table {} is there", table.name);
            let (held, expected) = (held.unwrap_or_default(), self.expected(&table.name));
            let (more, less) = (without(&held, &expected), without(&expected, &held));
            if !(more.is_empty() && less.is_empty()) {
                return Err(format!(
                    "table {} holds {} rows; {} too many, such as {:?}; {} too few, such as {:?}",
                    table.name,
                    held.len(),
                    more.len(),
                    more.first(),
                    less.len(),
                    less.first()
                ));
            }
        }
        self.check_end(world, watch);
        Ok(())
    }

    /// What is finished is all there, and what is not ours is as it was.
    fn check_end(&self, world: &World, watch: &Watch) {
        if let Some(ledger) = self.ledger.as_ref().filter(|ledger| ledger.is_finished) {
            let is_whole = ledger.chunks.iter().all(|chunk| chunk.is_done && chunk.is_verified);
            assert!(is_whole && ledger.pending == 0, "finished is said of {ledger:?}");
            if self.tampered().is_empty() {
                world.tables.iter().for_each(|table| check_sequence(watch, table));
            }
        }
        let theirs = "count(*) = 50 AND bool_and(what = 'theirs ' || id) FROM stranger";
        assert!(watch.is(theirs), "somebody else's table was changed");
    }

    /// Somebody else has changed the table in the target.
    pub(super) fn target_was_edited(&mut self, world: &World, watch: &Watch, table: usize) {
        let table = &world.tables[table];
        let held = of_target(watch, table).unwrap_or_default();
        self.added.remove(&table.name);
        self.removed.remove(&table.name);
        let expected = self.expected(&table.name);
        let (added, removed) = (without(&held, &expected), without(&expected, &held));
        if !(added.is_empty() && removed.is_empty()) {
            self.added.insert(table.name.clone(), added);
            self.removed.insert(table.name.clone(), removed);
        }
    }

    /// Tables that somebody else has changed.
    pub(super) fn tampered(&self) -> Vec<&str> {
        self.added.keys().map(String::as_str).collect()
    }

    /// Somebody else has changed a table that was not proved yet: a copy must find it.
    pub(super) fn must_be_found(&self) -> bool {
        let is_proved = |table: &str| {
            self.ledger.as_ref().is_some_and(|ledger| ledger.of(table).all(|chunk| chunk.is_verified))
        };
        self.tampered().iter().any(|table| !is_proved(table))
    }

    /// A chunk that is done is not in the source any more as it was copied.
    pub(super) fn done_has_changed(&self) -> bool {
        let Some(ledger) = &self.ledger else { return false };
        ledger.chunks.iter().filter(|chunk| chunk.is_done).any(|chunk| {
            let of = |rows: &Rows| {
                let rows = rows[&chunk.table].iter().filter(|(id, _)| chunk.holds(*id));
                let mut texts: Vec<String> = rows.map(|(_, row)| row.clone()).collect();
                texts.sort_unstable();
                texts
            };
            of(&self.accepted) != of(&self.now)
        })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| ledger.is_finished)
    }

    /// Whether the target holds exactly what the source does, and what was there before: looked at now.
    pub(super) fn is_equal(&self, world: &World, watch: &Watch) -> bool {
        self.is_like(&self.now, world, watch)
    }

    /// The same for the state in which the source was copied.
    pub(super) fn is_as_accepted(&self, world: &World, watch: &Watch) -> bool {
        self.is_like(&self.accepted, world, watch)
    }

    fn is_like(&self, rows: &Rows, world: &World, watch: &Watch) -> bool {
        world.tables.iter().all(|table| {
            let mut source: Vec<String> = rows[&table.name].iter().map(|(_, row)| row.clone()).collect();
            source.extend(self.before.get(&table.name).into_iter().flatten().cloned());
            source.sort_unstable();
            of_target(watch, table) == Some(source)
        })
    }
}

/// The next id of a table that has a sequence is one that no row has.
fn check_sequence(watch: &Watch, table: &Table) {
    let name = table.quoted();
    if !table.key.has_id() {
        return;
    }
    let sequence = watch.text(&format!("SELECT pg_get_serial_sequence('{name}', 'id')"));
    if !sequence.is_empty() {
        let next = format!(
            "(SELECT last_value + is_called::int FROM {sequence}) > coalesce((SELECT max(id) FROM {name}), 0)"
        );
        assert!(watch.is(&next), "the sequence of {name} is behind");
    }
}
