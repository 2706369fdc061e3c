//! The tables and views that a query may name.

use crate::plan::names::{self, NameHash};
use crate::plan::translate::{Reason, ScopeColumn};
use std::collections::BTreeSet;

/// One table or view of the source that the target will have.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Known {
    /// name in the source
    pub name: String,
    /// what stands in a FROM
    pub sql: String,
    /// its columns in SQLite's order
    pub fields: Vec<Field>,
    /// sets of columns in which no two rows are equal and none is NULL
    pub keys: Vec<Vec<usize>>,
    /// sets of columns in which no two rows are equal, but one may be NULL
    pub nullable_keys: Vec<Vec<usize>>,
    /// it has one row or none
    pub single: bool,
    /// it has a rowid, and this column is another name for it
    pub rowid: Option<Option<usize>>,
}

/// One column as a query sees it.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Field {
    /// its name; none where SQLite calls it by the text of its expression
    pub name: Option<String>,
    /// what it is in the target, or why it is not there
    pub column: Result<ScopeColumn, Reason>,
    /// its name in the target, where it shows a table's column by that one's own name
    pub shown: Option<String>,
    /// it has no affinity at all, which a column of BLOB affinity has: it is an expression of a subquery or a view
    pub computed: bool,
}

/// Everything that views may name.
#[derive(Debug)]
pub(in crate::plan) struct World {
    /// what the target will have
    pub known: Vec<Known>,
    /// what it will not have, with the reason
    pub missing: Vec<(String, Reason)>,
    /// views that are not settled yet
    pub pending: Vec<String>,
    /// for shortened names
    pub hash: NameHash,
    /// the source is a UTF-16 file
    pub utf16: bool,
}

/// What the translation of one view carries along.
#[derive(Debug)]
pub(in crate::plan) struct Session<'w> {
    pub world: &'w World,
    /// names given to tables, in lower case: no two of one view are alike, so that none hides another
    aliases: BTreeSet<String>,
    /// what is to be said of the view although it is carried
    pub notes: Vec<String>,
    /// it needs a view that is not settled yet
    pub waits: bool,
}

impl<'w> Session<'w> {
    pub(in crate::plan) fn new(world: &'w World) -> Session<'w> {
        Session { world, aliases: BTreeSet::new(), notes: Vec::new(), waits: false }
    }

    /// A name for a table, a subquery or a part of a WITH that nothing else of the view has.
    pub(super) fn alias(&mut self, wanted: &str) -> String {
        let base = names::plain(wanted, self.world.hash);
        let (mut alias, mut number) = (base.clone(), 2);
        while !self.aliases.insert(alias.to_ascii_lowercase()) {
            alias = names::plain(&format!("{base}_{number}"), self.world.hash);
            number += 1;
        }
        alias
    }

    /// What is to be said; each sentence once.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// The table or view of that name.
    pub(super) fn find(&mut self, name: &str) -> Result<&'w Known, Reason> {
        if let Some(known) = self.world.known.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            return Ok(known);
        }
        if self.world.pending.iter().any(|pending| pending.eq_ignore_ascii_case(name)) {
            self.waits = true;
        }
        let missing = self.world.missing.iter().find(|(missing, _)| missing.eq_ignore_ascii_case(name));
        Err(match missing {
            Some((_, why)) => why.clone(),
            None => format!("{name} is no table of the source that is copied"),
        })
    }
}
