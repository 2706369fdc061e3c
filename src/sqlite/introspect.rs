//! SQLite's catalog, read by pragmas and cross-checked with the text of each statement (semantics.md §3.1).

use super::connect::planted;
use super::listing::{Entry, list_tables, list_triggers, list_views, without_views};
use crate::catalog::affinity::Affinity;
use crate::catalog::{
    Catalog, Column, ForeignKey, Generated, Index, IndexKey, IndexOrigin, Table, ddl, index_text,
};
use crate::error::{Error, Result};
use crate::failpoint::SOURCE_SCHEMA;
use crate::finding::{Finding, NotCarried, Severity};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// Reads the whole catalog through one connection.
///
/// # Errors
/// A source fault if SQLite cannot read its own schema.
pub fn introspect(connection: &Connection) -> Result<Catalog> {
    read_catalog(connection).map_err(|error| {
        Error::source_fault("the schema of the source cannot be read")
            .cause(error)
            .remedy("run `sqlite3 FILE 'PRAGMA integrity_check'`; restore the file from a backup or recover it with `.recover`")
    })
}

fn read_catalog(connection: &Connection) -> rusqlite::Result<Catalog> {
    planted(SOURCE_SCHEMA)?;
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    let views = list_views(connection)?;
    let mut catalog = Catalog { utf16: encoding != "UTF-8", views, ..Catalog::default() };
    let around =
        Around { sequences: read_sequences(connection)?, index_texts: read_index_texts(connection)? };
    // `sqlite_sequence` is no loss: what it holds goes into the target's sequences.
    for entry in
        without_views(connection, list_tables)?.into_iter().filter(|entry| entry.name != "sqlite_sequence")
    {
        match entry.reason_to_leave_out() {
            Some(why) => catalog.left_out.push(NotCarried {
                kind: entry.kind_text(),
                name: entry.name,
                table: None,
                why,
                sql: entry.sql,
            }),
            None => {
                let table = read_table(connection, &entry, &around, &mut catalog.findings)?;
                catalog.tables.push(Table { utf16: catalog.utf16, ..table });
            }
        }
    }
    catalog.left_out.extend(list_triggers(connection)?);
    Ok(catalog)
}

/// What is read once for all tables: a query for each of a thousand would look through the schema of all each time.
struct Around {
    /// the largest key that was ever given, by table in lower case
    sequences: BTreeMap<String, i64>,
    /// the statement of each index that has one
    index_texts: BTreeMap<String, String>,
}

/// `sqlite_sequence` can be missing, hold a table twice, or not hold a number (semantics.md §3.2).
fn read_sequences(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    planted(SOURCE_SCHEMA)?;
    let exists = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", [], |_| Ok(()))
        .optional()?;
    let mut sequences = BTreeMap::new();
    if exists.is_none() {
        return Ok(sequences);
    }
    let mut statement =
        connection.prepare("SELECT CAST(name AS TEXT), max(seq) FROM sqlite_sequence WHERE typeof(seq) = 'integer' GROUP BY name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        sequences.insert(row.get::<_, String>(0)?.to_ascii_lowercase(), row.get(1)?);
    }
    Ok(sequences)
}

fn read_table(
    connection: &Connection,
    entry: &Entry,
    around: &Around,
    findings: &mut Vec<Finding>,
) -> rusqlite::Result<Table> {
    let mut table = Table {
        name: entry.name.clone(),
        sql: entry.sql.clone(),
        without_rowid: entry.without_rowid,
        strict: entry.strict,
        sequence: around.sequences.get(&entry.name.to_ascii_lowercase()).copied(),
        ..Table::default()
    };
    read_columns(connection, &mut table)?;
    read_indexes(connection, &mut table, &around.index_texts)?;
    read_foreign_keys(connection, &mut table)?;
    match ddl::read(&entry.sql) {
        Ok(text) => {
            findings.extend(disagreement(&table, &text));
            table.ddl = text;
        }
        Err(why) => findings.push(unread_statement(&entry.name, &why)),
    }
    join_foreign_key_text(&mut table);
    Ok(table)
}

/// Where text and pragmas do not say the same, one of them was not understood: the table is named (semantics.md §3.1).
fn disagreement(table: &Table, text: &ddl::TableText) -> Option<Finding> {
    if text.columns.is_empty() {
        return None; // CREATE TABLE … AS has none in its text
    }
    let names = table.columns.iter().map(|column| column.name.as_str());
    let generated = table.columns.iter().filter(|column| column.generated != Generated::No).count();
    let differs = [
        ("columns", !names.eq(text.columns.iter().map(String::as_str))),
        ("foreign keys", table.foreign_keys.len() != text.foreign_keys.len()),
        ("generated columns", generated != text.generated.len()),
    ];
    let differing: Vec<&str> =
        differs.iter().filter(|(_, differs)| *differs).map(|(what, _)| *what).collect();
    (!differing.is_empty()).then(|| {
        let message = format!(
            "its CREATE TABLE text and SQLite's own account of it differ in: {}; the latter is what is copied",
            differing.join(", ")
        );
        Finding::new("W_DDL_UNREAD", Severity::Warning, table.name.clone(), message)
            .fix("compare the table's constraints by hand after the copy")
    })
}

fn unread_statement(table: &str, why: &str) -> Finding {
    let message = format!(
        "its CREATE TABLE text could not be read ({why}): CHECKs and names of constraints are unknown"
    );
    Finding::new("W_DDL_UNREAD", Severity::Warning, table, message)
        .fix("compare the table's constraints by hand after the copy")
}

fn read_columns(connection: &Connection, table: &mut Table) -> rusqlite::Result<()> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
    )?;
    let mut rows = statement.query([&table.name])?;
    let mut keyed: Vec<(i64, usize)> = Vec::new();
    while let Some(row) = rows.next()? {
        let generated = match row.get::<_, i64>(5)? {
            0 => Generated::No,
            2 => Generated::Virtual,
            3 => Generated::Stored,
            _ => continue,
        };
        let declared: String = row.get::<_, Option<String>>(1)?.unwrap_or_default();
        let key: i64 = row.get(4)?;
        if key > 0 {
            keyed.push((key, table.columns.len()));
        }
        table.columns.push(Column {
            name: row.get(0)?,
            affinity: Affinity::of(&strip_generated(&declared), table.strict),
            declared: strip_generated(&declared),
            not_null: row.get(2)?,
            default: row.get(3)?,
            collation: "BINARY".to_owned(),
            generated,
        });
    }
    keyed.sort_unstable();
    table.primary_key = keyed.into_iter().map(|(_, column)| column).collect();
    read_column_metadata(connection, table);
    Ok(())
}

/// SQLite reports a generated column's type with the words `GENERATED ALWAYS` behind it.
fn strip_generated(declared: &str) -> String {
    let upper = declared.to_ascii_uppercase();
    let end = upper.find("GENERATED ALWAYS").unwrap_or(declared.len());
    declared[..end].trim().to_owned()
}

/// Collation and AUTOINCREMENT, which no pragma tells; and from the latter's precondition, the rowid's column.
fn read_column_metadata(connection: &Connection, table: &mut Table) {
    for i in 0..table.columns.len() {
        let name = table.columns[i].name.clone();
        let metadata = connection.column_metadata(Some("main"), table.name.as_str(), name.as_str());
        if let Ok((_, collation, _, _, autoincrement)) = metadata {
            if let Some(collation) = collation {
                table.columns[i].collation = collation.to_string_lossy().to_uppercase();
            }
            table.autoincrement |= autoincrement;
        }
    }
}

fn read_index_texts(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn read_indexes(
    connection: &Connection,
    table: &mut Table,
    texts: &BTreeMap<String, String>,
) -> rusqlite::Result<()> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection
        .prepare("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1) ORDER BY seq DESC")?;
    let mut rows = statement.query([&table.name])?;
    let mut has_key_index = false;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let origin = match row.get::<_, String>(2)?.as_str() {
            "u" => IndexOrigin::Unique,
            "pk" => IndexOrigin::PrimaryKey,
            _ => IndexOrigin::Created,
        };
        has_key_index |= origin == IndexOrigin::PrimaryKey;
        let keys = read_index_keys(connection, &name)?;
        let sql = texts.get(&name).cloned().unwrap_or_default();
        let mut index =
            Index { name, origin, unique: row.get(1)?, partial: row.get(3)?, filter: None, keys, sql };
        join_index_text(&mut index);
        table.indexes.push(index);
    }
    table.rowid_column = rowid_column(table, has_key_index);
    Ok(())
}

/// The key column is the rowid exactly where a single key column declared INTEGER got no index of its own.
fn rowid_column(table: &Table, has_key_index: bool) -> Option<usize> {
    match table.primary_key.as_slice() {
        [column] if !has_key_index && !table.without_rowid => {
            table.columns[*column].declared.eq_ignore_ascii_case("INTEGER").then_some(*column)
        }
        _ => None,
    }
}

fn read_index_keys(connection: &Connection, index: &str) -> rusqlite::Result<Vec<IndexKey>> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection
        .prepare("SELECT cid, \"desc\", coll FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno")?;
    let rows = statement.query_map([index], |row| {
        Ok(IndexKey {
            column: usize::try_from(row.get::<_, i64>(0)?).ok(),
            expr: None,
            descending: row.get(1)?,
            collation: row.get::<_, Option<String>>(2)?.unwrap_or_default().to_uppercase(),
        })
    })?;
    rows.collect()
}

/// Gives the index its WHERE and its expressions, where text and pragma agree on the number of keys.
fn join_index_text(index: &mut Index) {
    let Ok(text) = index_text::read(&index.sql) else { return };
    if text.keys.len() != index.keys.len() {
        return;
    }
    index.filter = text.filter;
    for (key, expr) in index.keys.iter_mut().zip(text.keys).filter(|(key, _)| key.column.is_none()) {
        key.expr = Some(expr);
    }
}

fn read_foreign_keys(connection: &Connection, table: &mut Table) -> rusqlite::Result<()> {
    planted(SOURCE_SCHEMA)?;
    let mut statement = connection.prepare(
        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq",
    )?;
    let mut rows = statement.query(params![table.name])?;
    let mut last_id = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if last_id != Some(id) {
            last_id = Some(id);
            let (parent, on_update, on_delete) = (row.get(1)?, row.get(4)?, row.get(5)?);
            table.foreign_keys.push(ForeignKey { parent, on_update, on_delete, ..ForeignKey::default() });
        }
        let (column, to): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let column = table.column_index(&column);
        if let (Some(key), Some(column)) = (table.foreign_keys.last_mut(), column) {
            key.columns.push(column);
            key.parent_columns.extend(to);
        }
    }
    Ok(())
}

/// Gives each foreign key its name and deferral, where text and pragma agree on columns and parent.
fn join_foreign_key_text(table: &mut Table) {
    let mut texts = table.ddl.foreign_keys.clone();
    for i in 0..table.foreign_keys.len() {
        let key = &table.foreign_keys[i];
        let names: Vec<&str> = table.column_names(&key.columns).collect();
        let found = texts.iter().position(|text| {
            text.parent.eq_ignore_ascii_case(&key.parent)
                && text.columns.len() == names.len()
                && text.columns.iter().zip(&names).all(|(a, b)| a.eq_ignore_ascii_case(b))
        });
        if let Some(found) = found {
            let text = texts.remove(found);
            table.foreign_keys[i].name = text.name;
            table.foreign_keys[i].deferrable = text.deferrable;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ddl::Deferrable;

    fn catalog(sql: &str) -> Catalog {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        introspect(&connection).unwrap()
    }

    #[test]
    fn keys_and_rowid_columns() {
        let catalog = catalog(
            "CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, v);
             CREATE TABLE b(id INTEGER PRIMARY KEY DESC);
             CREATE TABLE c(id INT PRIMARY KEY);
             CREATE TABLE d(x, y, PRIMARY KEY(y, x)) WITHOUT ROWID;
             CREATE TABLE e(id \"INTEGER\", PRIMARY KEY(id DESC));
             CREATE TABLE f(rowid TEXT, _rowid_ TEXT);
             INSERT INTO a VALUES (7, 1);",
        );
        let rowid: Vec<_> = catalog.tables.iter().map(|table| table.rowid_column).collect();
        assert_eq!(rowid, [Some(0), None, None, None, Some(0), None]);
        assert!(catalog.tables[0].autoincrement);
        assert_eq!(catalog.tables[0].sequence, Some(7));
        assert_eq!(catalog.tables[3].primary_key, [1, 0]);
        assert_eq!(catalog.tables[5].rowid_name(), Some("oid"));
        assert_eq!(catalog.tables[3].rowid_name(), None);
    }

    #[test]
    fn a_utf16_file_is_known_as_one() {
        for (encoding, utf16) in [("UTF-8", false), ("UTF-16le", true), ("UTF-16be", true)] {
            let sql = format!("PRAGMA encoding = '{encoding}'; CREATE TABLE a(x)");
            assert_eq!(catalog(&sql).utf16, utf16, "{encoding}");
        }
    }

    #[test]
    fn foreign_keys_get_text_and_pragma() {
        let catalog = catalog(
            "CREATE TABLE p(id INTEGER PRIMARY KEY);
             CREATE TABLE c(a REFERENCES p, b INT CONSTRAINT named REFERENCES p(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);",
        );
        let keys = &catalog.tables[1].foreign_keys;
        assert_eq!(keys.len(), 2);
        assert!(keys[0].parent_columns.is_empty());
        assert_eq!(keys[1].on_delete, "CASCADE");
        assert_eq!(keys[1].deferrable, Deferrable::Deferred);
        assert_eq!(keys[1].name.as_deref(), Some("named"));
    }

    #[test]
    fn shadow_tables_are_left_out_and_ordinary_ones_kept() {
        let catalog = catalog(
            "CREATE VIRTUAL TABLE notes USING fts5(body); CREATE TABLE notes_mine(a); CREATE VIEW v AS SELECT 1;
             CREATE TABLE t(a, b AS (a + 1)); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;",
        );
        let names: Vec<_> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["notes_mine", "t"]);
        assert!(catalog.left_out.iter().any(|left| left.name == "notes_content"));
        assert!(catalog.left_out.iter().any(|left| left.kind == "trigger"));
        assert_eq!(catalog.tables[1].columns[1].generated, Generated::Virtual);
    }

    #[test]
    fn the_applications_own_tables_are_no_storage() {
        let catalog = catalog(
            "CREATE VIRTUAL TABLE geo USING rtree(id, x0, x1); CREATE TABLE geo_data(a);
             CREATE TABLE posts_content(id INTEGER PRIMARY KEY, title);
             CREATE VIRTUAL TABLE posts USING fts5(title, content = 'posts_content', content_rowid = 'id');
             CREATE VIRTUAL TABLE bare USING fts5(title, content='');",
        );
        let names: Vec<_> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["geo_data", "posts_content"]);
        assert!(catalog.left_out.iter().any(|left| left.name == "geo_node"));
    }

    #[test]
    fn collations_and_index_forms() {
        let catalog = catalog(
            "CREATE TABLE t(a TEXT COLLATE NOCASE UNIQUE, b); CREATE INDEX i ON t(b DESC, a); CREATE INDEX e ON t(lower(a)) WHERE b > 1;",
        );
        let table = &catalog.tables[0];
        assert_eq!(table.columns[0].collation, "NOCASE");
        assert_eq!(table.indexes.len(), 3);
        let index = table.indexes.iter().find(|index| index.name == "i").unwrap();
        assert!(index.keys[0].descending && !index.keys[1].descending);
        let expression = table.indexes.iter().find(|index| index.name == "e").unwrap();
        assert!(expression.partial && expression.keys[0].column.is_none());
    }
}
