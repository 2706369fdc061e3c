//! Which cluster answers: every session of a run must be one of the same, also after a failover.
//!
//! A standby that is promoted keeps the system identifier, and its timeline rises; another cluster behind the same address
//! has another identifier, and the old primary that comes back has an older timeline. Where a server does not tell (a
//! right that was taken away, a service that has no such functions), the ledger's epoch is what fences: it begins at a
//! number that no other ledger has ([`super::prepare`]).

use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

/// Asked beside the settings of each session; it may fail. On a standby the timeline is not asked for.
pub(super) const IDENTITY: &str = "SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()), \
     (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()), \
     CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN \
       pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END";

/// What a server told of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// `system_identifier`, made by initdb
    system: String,
    /// object id of the database: another one may have taken its name
    database: String,
    /// how often the cluster was promoted; none on a standby
    timeline: Option<u32>,
}

impl Identity {
    /// From the answer to [`IDENTITY`]; none where the server did not tell.
    pub(super) fn read(messages: &[SimpleQueryMessage]) -> Option<Identity> {
        messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Identity::of(row),
            _ => None,
        })
    }

    fn of(row: &SimpleQueryRow) -> Option<Identity> {
        let text = |i: usize| row.try_get(i).ok().flatten();
        let timeline = text(2).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        Some(Identity { system: text(0)?.to_owned(), database: text(1)?.to_owned(), timeline })
    }
}

/// The cluster of a run: the first that answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Home(Arc<Mutex<Option<Identity>>>);

impl Home {
    /// Takes the first identity for the run's, and compares all others with it.
    ///
    /// # Errors
    /// A target fault where another cluster or database answers, or the same one as it was before a failover.
    pub(super) fn check(&self, found: Option<&Identity>, doing: &str) -> Result<()> {
        let Some(found) = found else { return Ok(()) };
        let mut home = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = home.as_mut() else {
            *home = Some(found.clone());
            return Ok(());
        };
        if known.system != found.system {
            return Err(another(doing, "another cluster answers than at the start of this run"));
        }
        if known.database != found.database {
            return Err(another(
                doing,
                "the database is not the one of the start of this run: it was made anew",
            ));
        }
        if found.timeline.is_some() && found.timeline < known.timeline {
            return Err(another(
                doing,
                "a server answers that is behind the failover that this run has seen",
            ));
        }
        known.timeline = known.timeline.max(found.timeline);
        Ok(())
    }
}

fn another(doing: &str, what: &str) -> Error {
    Error::target_fault(format!("{doing}: {what}; nothing was written to it")).remedy(
        "see that the address leads to the primary that holds this copy's ledger (schema cutover), then run the same \
         command again to resume",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(system: &str, database: &str, timeline: Option<u32>) -> Identity {
        Identity { system: system.to_owned(), database: database.to_owned(), timeline }
    }

    #[test]
    fn one_cluster_and_never_back_in_time() {
        let home = Home::default();
        let told = |found: Option<Identity>| {
            home.check(found.as_ref(), "connecting").map_err(|error| error.to_string())
        };
        assert_eq!(told(None), Ok(()), "nothing is told, nothing is kept");
        assert_eq!(told(Some(identity("7", "16384", Some(1)))), Ok(()));
        assert_eq!(told(Some(identity("7", "16384", Some(1)))), Ok(()));
        assert!(told(Some(identity("8", "16384", Some(1)))).unwrap_err().contains("another cluster"));
        assert!(told(Some(identity("7", "16385", Some(1)))).unwrap_err().contains("made anew"));
        assert_eq!(told(Some(identity("7", "16384", Some(2)))), Ok(()), "promoted");
        assert_eq!(told(Some(identity("7", "16384", None))), Ok(()), "a standby may be read");
        assert!(told(Some(identity("7", "16384", Some(1)))).unwrap_err().contains("behind the failover"));
        assert_eq!(told(None), Ok(()));
    }
}
