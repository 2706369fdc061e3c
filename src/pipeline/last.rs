//! What must not be left undone where the process ends from within, without running a destructor: the second Ctrl-C, and the
//! end of a stop that something holds.

use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One of them.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// a file that is not whole is removed
    Remove(PathBuf),
    /// a group of processes of ours is killed
    Kill(Pid),
}

impl Deed {
    pub(super) fn carry_out(&self) {
        match self {
            Deed::Remove(path) => drop(std::fs::remove_file(path)),
            Deed::Kill(group) => drop(kill_process_group(*group, Signal::KILL)),
        }
    }
}

/// All that is open, by the order of its entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Deeds(Arc<Mutex<BTreeMap<u64, Deed>>>);

impl Deeds {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Deed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a deed, until what is given is dropped.
    pub(super) fn enter(&self, deed: Deed) -> Undone {
        let mut open = self.open();
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, deed);
        Undone { deeds: self.clone(), number }
    }

    /// Carries out all that is open.
    pub(super) fn all(&self) {
        self.open().values().for_each(Deed::carry_out);
    }
}

/// A deed that is not needed any more when this is dropped.
#[derive(Debug)]
pub(super) struct Undone {
    deeds: Deeds,
    number: u64,
}

impl Drop for Undone {
    fn drop(&mut self) {
        self.deeds.open().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_done_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        ["a", "b", "c"].iter().for_each(|name| std::fs::write(path(name), b"").unwrap());
        let deeds = Deeds::default();
        let a = deeds.enter(Deed::Remove(path("a")));
        let _b = deeds.enter(Deed::Remove(path("b")));
        drop(a);
        let _c = deeds.enter(Deed::Remove(path("c")));
        deeds.all();
        assert_eq!((path("a").exists(), path("b").exists(), path("c").exists()), (true, false, false));
    }
}
