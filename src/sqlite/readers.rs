//! The read connections of one snapshot, lent one at a time.

use std::ops::Deref;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use crate::error::{Error, Result};

/// All read connections; each is used by one thread at a time.
pub(super) struct Readers {
    slots: Vec<Mutex<Connection>>,
    interrupts: Vec<InterruptHandle>,
    free: Mutex<Vec<usize>>,
    returned: Condvar,
}

impl Readers {
    /// Takes over connections whose transactions are open.
    pub(super) fn new(connections: Vec<Connection>) -> Readers {
        let interrupts = connections.iter().map(Connection::get_interrupt_handle).collect();
        let free = (0..connections.len()).rev().collect();
        let slots = connections.into_iter().map(Mutex::new).collect();
        Readers { slots, interrupts, free: Mutex::new(free), returned: Condvar::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn interrupt(&self) {
        for handle in &self.interrupts {
            handle.interrupt();
        }
    }

    /// Lends a connection, waiting until one is free.
    pub(super) fn lend(&self) -> Result<Reader<'_>> {
        let index = self.wait_for_free();
        let Some(slot) = self.slots.get(index) else {
            return Err(Error::internal("the source has no read connection"));
        };
        let connection = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = Reader { connection, readers: self, index };
        // SQLite ends a transaction by itself after an I/O error or without memory: its next read would see
        // a newer state, silently.
        if reader.is_autocommit() {
            return Err(Error::source_fault("a read connection lost its snapshot after an earlier error")
                .remedy("run the same command again; it resumes"));
        }
        Ok(reader)
    }

    fn wait_for_free(&self) -> usize {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(index) = free.pop() {
                return index;
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("count", &self.count()).finish_non_exhaustive()
    }
}

/// One borrowed read connection, inside the snapshot. It stays on the thread that took it, and is returned on drop.
///
/// Whoever has it must not end its transaction.
#[derive(Debug)]
pub struct Reader<'a> {
    connection: MutexGuard<'a, Connection>,
    readers: &'a Readers,
    index: usize,
}

/// Operations of SQLite's machine between two looks at their number.
const OPERATIONS_AT_ONCE: u16 = 10_000;

impl Reader<'_> {
    /// Has SQLite stop what `look` does after so many operations of its machine: names that we read from may have been
    /// given to a query without end.
    pub(super) fn within<T>(
        &mut self,
        operations_max: u64,
        look: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let mut operations = 0;
        let is_enough = move || {
            operations += u64::from(OPERATIONS_AT_ONCE);
            operations > operations_max
        };
        let failed = |error| Error::internal("SQLite's progress cannot be watched").cause(error);
        self.connection.progress_handler(OPERATIONS_AT_ONCE.into(), Some(is_enough)).map_err(failed)?;
        let found = look(&self.connection);
        self.connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
        found
    }

    /// Does `look` for as long as `go_on` says so, which is asked every few thousand operations of SQLite's machine.
    pub(super) fn while_wanted<T>(
        &mut self,
        go_on: impl Fn() -> bool + Send + 'static,
        look: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let failed = |error| Error::internal("SQLite's progress cannot be watched").cause(error);
        self.connection
            .progress_handler(OPERATIONS_AT_ONCE.into(), Some(move || !go_on()))
            .map_err(failed)?;
        let found = look(&self.connection);
        self.connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
        found
    }
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
        self.readers.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn memory() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("BEGIN").unwrap();
        connection
    }

    #[test]
    fn never_more_readers_than_connections() {
        let readers = Readers::new(vec![memory(), memory()]);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let reader = readers.lend().unwrap();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let one: i64 = reader.query_row("SELECT 1", [], |row| row.get(0)).unwrap();
                        assert_eq!(one, 1);
                        std::thread::sleep(std::time::Duration::from_millis(1));
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_does_not_end_is_stopped_and_the_bound_goes_with_it() {
        let readers = Readers::new(vec![memory()]);
        let up_to = |n: &str| {
            format!(
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n {n}) SELECT max(x) FROM n"
            )
        };
        let ask = |connection: &Connection, sql: &str| -> Result<i64> {
            connection.query_row(sql, [], |row| row.get(0)).map_err(|e| Error::source_fault("it").cause(e))
        };
        let mut reader = readers.lend().unwrap();
        assert!(reader.within(1_000_000, |connection| ask(connection, &up_to(""))).is_err());
        assert_eq!(reader.within(1_000_000, |connection| ask(connection, "SELECT 7")).unwrap(), 7);
        assert_eq!(ask(&reader, &up_to("WHERE x < 300000")).unwrap(), 300_000);
    }

    #[test]
    fn a_lost_snapshot_is_an_error_and_the_connection_goes_back() {
        let readers = Readers::new(vec![memory()]);
        readers.lend().unwrap().execute_batch("COMMIT").unwrap();
        for _ in 0..2 {
            assert!(readers.lend().unwrap_err().to_string().contains("lost its snapshot"));
        }
    }
}
