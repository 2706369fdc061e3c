//! What SQLite's schema lists: tables with what they are, triggers, views.

use super::connect::planted;
use super::large::is_plain_error;
use crate::catalog::{View, ViewColumn, read, weight};
use crate::failpoint::SOURCE_SCHEMA;
use crate::finding::NotCarried;
use crate::limits::VIEW_TABLES_MAX;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// One row of `PRAGMA table_list` with its statement.
pub(super) struct Entry {
    pub(super) name: String,
    kind: String,
    pub(super) without_rowid: bool,
    pub(super) strict: bool,
    pub(super) sql: String,
    shadow_of: Option<String>,
}

impl Entry {
    pub(super) fn kind_text(&self) -> String {
        match self.kind.as_str() {
            "table" if self.shadow_of.is_some() => "shadow table".to_owned(),
            "table" => "internal table".to_owned(),
            kind => format!("{kind} table"),
        }
    }

    pub(super) fn reason_to_leave_out(&self) -> Option<String> {
        if self.name.to_ascii_lowercase().starts_with("sqlite_") {
            return Some("SQLite keeps it for itself".to_owned());
        }
        if let Some(owner) = &self.shadow_of {
            return Some(format!("storage of the virtual table \"{owner}\""));
        }
        match self.kind.as_str() {
            "virtual" => Some("a virtual table: a program's own index or view of other data".to_owned()),
            "shadow" => Some("storage of a virtual table".to_owned()),
            "view" => {
                Some("the schema calls it a table, and it is a view: somebody changed the schema".to_owned())
            }
            _ => None,
        }
    }
}

/// Suffixes of the tables in which full-text and R-Tree modules keep their data (semantics.md §3.8).
const SHADOW_SUFFIXES: [&str; 11] =
    ["data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "rowid", "parent"];

pub(super) fn list_tables(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection.prepare(
        "WITH l AS MATERIALIZED (SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main')
         SELECT s.name, CASE WHEN s.sql LIKE 'CREATE VIRTUAL%' THEN 'virtual' ELSE coalesce(l.type, 'table') END,
                coalesce(l.wr, 0), coalesce(l.strict, 0), coalesce(s.sql, '')
         FROM sqlite_schema s LEFT JOIN l ON l.name = s.name
         WHERE s.type = 'table' ORDER BY s.rowid",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Entry {
            name: row.get(0)?,
            kind: row.get(1)?,
            without_rowid: row.get(2)?,
            strict: row.get(3)?,
            sql: row.get(4)?,
            shadow_of: None,
        })
    })?;
    let mut entries = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut modules = connection.prepare("SELECT name FROM pragma_module_list")?;
    let modules = modules.query_map([], |row| row.get::<_, String>(0))?;
    mark_shadows(&mut entries, &modules.collect::<rusqlite::Result<Vec<_>>>()?);
    Ok(entries)
}

/// Where a module is missing, SQLite calls its storage ordinary tables; only their names tell. A module that is there
/// names its own, and then `x_data` beside an R-Tree `x` is a table like any other.
fn mark_shadows(entries: &mut [Entry], modules: &[String]) {
    let is_known =
        |sql: &str| module_of(sql).is_some_and(|used| modules.iter().any(|m| m.eq_ignore_ascii_case(&used)));
    let owners: Vec<String> = entries
        .iter()
        .filter(|entry| entry.kind == "virtual" && !is_known(&entry.sql))
        .map(|entry| entry.name.clone())
        .collect();
    let own_content: Vec<String> = entries
        .iter()
        .filter(|entry| entry.kind == "virtual" && names_its_content(&entry.sql))
        .map(|entry| format!("{}_content", entry.name).to_ascii_lowercase())
        .collect();
    for entry in entries.iter_mut().filter(|entry| entry.kind != "virtual") {
        if own_content.contains(&entry.name.to_ascii_lowercase()) {
            "table".clone_into(&mut entry.kind);
            continue;
        }
        entry.shadow_of = owners.iter().find(|owner| is_shadow_of(&entry.name, owner)).cloned();
    }
}

/// The module of a CREATE VIRTUAL TABLE, whose text SQLite keeps as it was typed: the word after USING. None where a
/// name has that word, too.
fn module_of(sql: &str) -> Option<String> {
    let upper = sql.to_ascii_uppercase();
    let parts: Vec<(usize, &str)> = upper.match_indices("USING").collect();
    let &[(at, word)] = parts.as_slice() else { return None };
    let rest = sql[at + word.len()..].trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// A full-text index with `content=` keeps no text of its own. SQLite goes by the name alone and calls a table
/// `x_content` beside it storage; it is the application's own.
fn names_its_content(sql: &str) -> bool {
    let lower = sql.to_ascii_lowercase();
    lower.match_indices("content").any(|(at, word)| {
        let before = lower[..at].trim_end();
        before.ends_with([',', '(']) && lower[at + word.len()..].trim_start().starts_with('=')
    })
}

fn is_shadow_of(name: &str, owner: &str) -> bool {
    let (name, owner) = (name.to_ascii_lowercase(), owner.to_ascii_lowercase());
    let suffix = name.strip_prefix(&owner).and_then(|rest| rest.strip_prefix('_'));
    suffix.is_some_and(|suffix| SHADOW_SUFFIXES.contains(&suffix))
}

pub(super) fn list_triggers(connection: &Connection) -> rusqlite::Result<Vec<NotCarried>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection.prepare(
        "SELECT name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid",
    )?;
    let why = "triggers are not translated: its language differs from PostgreSQL's";
    let rows = statement.query_map([], |row| {
        let (name, table) = (row.get(0)?, Some(row.get(1)?));
        Ok(NotCarried { kind: "trigger".to_owned(), name, table, why: why.to_owned(), sql: row.get(2)? })
    })?;
    rows.collect()
}

pub(super) fn list_views(connection: &Connection) -> rusqlite::Result<Vec<View>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection
        .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'view' ORDER BY rowid")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let views = rows.collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    let unasked = |(name, sql): (String, String)| {
        let columns = Err(format!("it stands for more than {VIEW_TABLES_MAX} tables"));
        View { columns, select: read::view(&sql), name, sql }
    };
    let mut views: Vec<View> = views.into_iter().map(unasked).collect();
    for (view, tables) in weight::weights(&views).into_iter().enumerate() {
        if tables <= VIEW_TABLES_MAX {
            views[view].columns = match view_columns(connection, &views[view].name) {
                Err(error) if !is_plain_error(&error) => return Err(error),
                columns => columns.map_err(|error| error.to_string()),
            };
        }
    }
    Ok(views)
}

/// SQLite knows a view's columns only while everything that it names is there (semantics.md §3.8).
fn view_columns(connection: &Connection, view: &str) -> rusqlite::Result<Vec<ViewColumn>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_xinfo(?1) ORDER BY cid")?;
    let rows =
        statement.query_map([view], |row| Ok(ViewColumn { name: row.get(0)?, declared: row.get(1)? }))?;
    rows.collect()
}

/// Reads with all views shut: SQLite's list of tables prepares a query of each view whose columns it does not know yet, with
/// all views within it, which takes minutes for fifteen that each name the one before twice.
pub(super) fn without_views<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let before = connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    let read = read(connection);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, before)?;
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_of_a_missing_module_goes_by_name() {
        let entry = |name: &str, kind: &str, sql: &str| Entry {
            name: name.to_owned(),
            kind: kind.to_owned(),
            without_rowid: false,
            strict: false,
            sql: sql.to_owned(),
            shadow_of: None,
        };
        let missing = "CREATE VIRTUAL TABLE \"a b\"\nusing  spellfix9(x)";
        let mut entries = [entry("a b", "virtual", missing), entry("a b_data", "table", "")];
        mark_shadows(&mut entries, &["fts5".to_owned()]);
        assert_eq!(entries[1].shadow_of.as_deref(), Some("a b"));
    }

    #[test]
    fn a_column_called_content_names_no_table() {
        assert!(!names_its_content("CREATE VIRTUAL TABLE content USING fts5(content, contentless_delete=1)"));
    }
}
