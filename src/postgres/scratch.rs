//! Places for a rehearsal: a database of its own on a server of ours, or a schema of its own in the target.
//!
//! Each has a lock as long as it is used, by a session that does nothing else. What is there without its lock was left by a
//! process that was killed, and is removed by whoever comes next: a rehearsal of its kind, and a schema by `--rehearse probe`
//! and `cutover clean`, too.

use super::connect::Connector;
use super::conninfo::ConnInfo;
use super::lease;
use super::ledger::{Presence, presence};
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::ident::quote;
use crate::limits::SCRATCH_DROP_TABLES;
use tokio_postgres::types::{ToSql, Type};

/// What the names begin with.
pub const PREFIX: &str = "cutover_rehearsal_";

/// First key of the locks: `reh` and a number; the second is made from the name.
const LOCK_KEY: i32 = 0x7265_6801;

/// The comment of a schema whose rehearsal has made the ledger, too.
const WITH_LEDGER: &str = "of cutover copy --rehearse; the ledger in schema cutover was made by it";
/// The comment of one that found a ledger.
const BESIDE_LEDGER: &str = "of cutover copy --rehearse";

/// A name that no other rehearsal has.
pub fn new_name() -> String {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    format!("{PREFIX}{}", unique.get(..16).unwrap_or(&unique))
}

async fn execute(session: &Session, sql: &str, doing: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, doing).await),
    }
}

async fn names(session: &Session, sql: &str, params: &[(&(dyn ToSql + Sync), Type)]) -> Result<Vec<String>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows.iter().map(|row| row.get(0)).collect()),
        Err(error) => Err(session.explain(error, "looking for what a rehearsal has left").await),
    }
}

/// Takes the lock of a name if nobody has it.
async fn try_lock(session: &Session, name: &str) -> Result<bool> {
    let sql = format!("SELECT pg_try_advisory_lock({LOCK_KEY}, hashtext($1))");
    match session.client().query_typed(&sql, &[(&name, Type::TEXT)]).await {
        Ok(rows) => Ok(rows.first().is_some_and(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "locking the place of a rehearsal").await),
    }
}

async fn unlock(session: &Session, name: &str) {
    let sql = format!("SELECT pg_advisory_unlock({LOCK_KEY}, hashtext($1))");
    let _ = session.client().query_typed(&sql, &[(&name, Type::TEXT)]).await;
}

/// A database for one rehearsal.
#[derive(Debug)]
pub struct ScratchDatabase {
    /// holds the lock
    admin: Session,
    server: Connector,
    connector: Connector,
    name: String,
}

impl ScratchDatabase {
    /// Makes one on the server of `server`, after removing what others have left there.
    ///
    /// # Errors
    /// A target fault.
    pub async fn make(server: &Connector, events: &Events) -> Result<ScratchDatabase> {
        let admin = server.connect("rehearsal").await?;
        remove_left_databases(&admin, events).await?;
        let name = new_name();
        try_lock(&admin, &name).await?;
        let sql = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quote(&name));
        execute(&admin, &sql, "making the database of the rehearsal").await?;
        let mut info: ConnInfo = server.info().clone();
        info.database.clone_from(&name);
        let connector = Connector::new(info, server.run_label())?;
        Ok(ScratchDatabase { admin, server: server.clone(), connector, name })
    }

    /// The way into it.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Drops it, whoever is still connected to it.
    ///
    /// # Errors
    /// A target fault; the next rehearsal removes it then.
    pub async fn remove(self) -> Result<()> {
        let sql = drop_database(&self.name);
        let doing = "dropping the database of the rehearsal";
        if execute(&self.admin, &sql, doing).await.is_err() {
            // The session may have been lost on the way.
            let other = self.server.connect("rehearsal").await?;
            execute(&other, &sql, doing).await?;
            other.close().await;
        }
        self.admin.close().await;
        Ok(())
    }
}

fn drop_database(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote(name))
}

async fn remove_left_databases(admin: &Session, events: &Events) -> Result<()> {
    let sql = format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{}%'", pattern());
    for name in names(admin, &sql, &[]).await? {
        if try_lock(admin, &name).await? {
            execute(admin, &drop_database(&name), "dropping what a rehearsal has left").await?;
            unlock(admin, &name).await;
            events.note(format!("dropped database {name}: a rehearsal that was killed has left it"));
        }
    }
    Ok(())
}

/// The prefix for LIKE, in which `_` stands for anything.
fn pattern() -> String {
    PREFIX.replace('_', "\\_")
}

/// A schema for one rehearsal.
#[derive(Debug)]
pub struct ScratchSchema {
    /// holds the lock
    keeper: Session,
    connector: Connector,
    name: String,
}

impl ScratchSchema {
    /// Makes one in the target, after removing what others have left there.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Busy`] where a run holds the target; a refusal where an interrupted copy has laid something
    /// aside, which a run would bring back; a target fault.
    pub async fn make(connector: &Connector, events: &Events) -> Result<ScratchSchema> {
        let keeper = connector.connect("rehearsal").await?;
        let lease = lease::take(connector, connector.run_label(), false, events).await?;
        let made = make_schema(&keeper, events).await;
        lease.release().await;
        Ok(ScratchSchema { name: made?, keeper, connector: connector.clone() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the tables `tables` of schema `of` again in it, empty, with everything but their triggers; foreign keys among
    /// them, too. Gives the foreign keys that lead to other tables, which are not made.
    ///
    /// # Errors
    /// A target fault.
    pub async fn make_tables(&self, of: &str, tables: &[&str]) -> Result<Vec<String>> {
        for table in tables {
            let (from, to) = (quoted(of, table), quoted(&self.name, table));
            let sql = format!("CREATE TABLE {to} (LIKE {from} INCLUDING ALL)");
            execute(&self.keeper, &sql, "making a table of the rehearsal").await?;
        }
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&of, Type::TEXT), (&tables, Type::TEXT_ARRAY), (&self.name, Type::TEXT)];
        for statement in names(&self.keeper, SEQUENCES, &params).await? {
            execute(&self.keeper, &statement, "making a sequence of the rehearsal").await?;
        }
        for statement in names(&self.keeper, FOREIGN_KEYS, &params).await? {
            execute(&self.keeper, &statement, "making a foreign key of the rehearsal").await?;
        }
        names(&self.keeper, KEYS_OUTSIDE, &params[..2]).await
    }

    /// Drops it and what the ledger has of it; the ledger itself, too, where the rehearsal has made it.
    ///
    /// # Errors
    /// A target fault; the next rehearsal in the target removes it then, or `cutover clean`.
    pub async fn remove(self, events: &Events) -> Result<()> {
        let session = match self.keeper.client().is_closed() {
            true => self.connector.connect("rehearsal").await?,
            false => self.keeper,
        };
        // A run that came meanwhile has the ledger now, and keeps it.
        let lease = lease::take(&self.connector, self.connector.run_label(), false, events).await.ok();
        let removed = remove_schema(&session, &self.name, lease.is_some()).await;
        if let Some(lease) = lease {
            lease.release().await;
        }
        session.close().await;
        removed
    }
}

fn quoted(schema: &str, table: &str) -> String {
    format!("{}.{}", quote(schema), quote(table))
}

/// Schemas of rehearsals, in use or left, that this role may drop: what belongs to others is theirs to remove.
async fn schemas(session: &Session) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '{}%' AND pg_has_role(nspowner, 'USAGE') ORDER BY 1",
        pattern()
    );
    names(session, &sql, &[]).await
}

/// Drops the schemas that killed rehearsals have left, with what the ledger has of them, and tells each that is gone. The
/// caller holds the target. What has its lock is in use, and stays.
///
/// # Errors
/// A target fault.
pub async fn remove_left_schemas(session: &Session, mut tell: impl FnMut(String)) -> Result<()> {
    for name in schemas(session).await? {
        if try_lock(session, &name).await? {
            let removed = remove_schema(session, &name, true).await;
            unlock(session, &name).await;
            removed?;
            tell(format!("dropped schema {name}: a rehearsal that was killed has left it"));
        }
    }
    Ok(())
}

/// The same for one who does not hold the target. While a run does, everything stays: the next one removes it.
///
/// # Errors
/// A target fault.
pub async fn tidy(connector: &Connector, events: &Events) -> Result<()> {
    let session = connector.connect("rehearsal").await?;
    if !schemas(&session).await?.is_empty() {
        let held = match lease::take(connector, connector.run_label(), false, events).await {
            Err(error) if error.kind() == ErrorKind::Busy => None,
            held => Some(held?),
        };
        if let Some(lease) = held {
            let removed = remove_left_schemas(&session, |text| events.note(text)).await;
            lease.release().await;
            removed?;
        }
    }
    session.close().await;
    Ok(())
}

/// While the target is held.
async fn make_schema(session: &Session, events: &Events) -> Result<String> {
    remove_left_schemas(session, |text| events.note(text)).await?;
    let found = presence(session).await?;
    if found == Presence::Whole && super::ledger::owes(session).await? {
        return Err(Error::refused(
            "an interrupted copy has laid foreign keys or indexes of this target aside, which a run would bring back",
            Vec::new(),
        )
        .remedy("finish that copy first, or rehearse with --rehearse=embedded"));
    }
    let name = new_name();
    try_lock(session, &name).await?;
    let comment = if found == Presence::Absent { WITH_LEDGER } else { BESIDE_LEDGER };
    let sql = format!("CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS '{comment}'", quote(&name));
    execute(session, &sql, "making the schema of the rehearsal").await?;
    Ok(name)
}

async fn remove_schema(session: &Session, name: &str, holds_target: bool) -> Result<()> {
    let doing = "dropping the schema of the rehearsal";
    let sql = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";
    let comments = match session.client().query_typed(sql, &[(&name, Type::TEXT)]).await {
        Ok(rows) => rows.iter().filter_map(|row| row.get::<_, Option<String>>(0)).collect::<Vec<_>>(),
        Err(error) => return Err(session.explain(error, doing).await),
    };
    if presence(session).await? == Presence::Whole {
        let sql = format!("DELETE FROM cutover.source WHERE target_schema = '{name}'");
        execute(session, &sql, doing).await?;
        let is_ours = comments.iter().any(|comment| comment == WITH_LEDGER);
        if is_ours && holds_target {
            drop_empty_ledger(session).await?;
        }
    }
    // Some at a time: each table takes a lock, of which the server has a limited number.
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition LIMIT {SCRATCH_DROP_TABLES}"
    );
    loop {
        let tables = names(session, &sql, &[(&name, Type::TEXT)]).await?;
        if tables.is_empty() {
            break;
        }
        execute(session, &format!("DROP TABLE {} CASCADE", tables.join(", ")), doing).await?;
    }
    execute(session, &format!("DROP SCHEMA IF EXISTS {} CASCADE", quote(name)), doing).await
}

/// A ledger that the rehearsal has made goes with it, unless another copy is in it by now.
async fn drop_empty_ledger(session: &Session) -> Result<()> {
    let others = names(session, "SELECT path FROM cutover.source LIMIT 1", &[]).await?;
    match others.is_empty() {
        true => execute(session, "DROP SCHEMA cutover CASCADE", "dropping the ledger of the rehearsal").await,
        false => Ok(()),
    }
}

/// A default that takes numbers from a sequence takes them from one of the rehearsal's: the original's must not move.
/// $1: schema, $2: its tables, $3: the rehearsal's schema.
const SEQUENCES: &str = "
    SELECT format('CREATE SEQUENCE %3$I.%4$I; ALTER TABLE %3$I.%1$I ALTER COLUMN %2$I SET DEFAULT nextval(%5$L::regclass);
                   ALTER SEQUENCE %3$I.%4$I OWNED BY %3$I.%1$I.%2$I',
                  c.relname, a.attname, $3, x.name, format('%I.%I', $3, x.name))
    FROM pg_attrdef d
      JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum
      CROSS JOIN LATERAL (SELECT left(c.relname, 24) || '_' || a.attnum || '_seq' AS name) x
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND a.attgenerated = ''
      AND EXISTS (SELECT FROM pg_depend p JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
                  WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass)
    ORDER BY c.relname, a.attnum";

/// Foreign keys among the tables. The definition names the parent with its schema wherever that is not on the search path,
/// and so it is put together here.
const FOREIGN_KEYS: &str = "
    SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%s) REFERENCES %I.%I (%s) MATCH %s ON UPDATE %s ON DELETE %s%s%s',
                  $3, c.relname, k.conname,
                  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.i) FROM unnest(k.conkey) WITH ORDINALITY u (n, i)
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n),
                  $3, p.relname,
                  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.i) FROM unnest(k.confkey) WITH ORDINALITY u (n, i)
                     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n),
                  CASE k.confmatchtype WHEN 'f' THEN 'FULL' ELSE 'SIMPLE' END, x.words[strpos('arcnd', k.confupdtype)],
                  x.words[strpos('arcnd', k.confdeltype)],
                  CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END,
                  CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END)
    FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace m ON m.oid = p.relnamespace
      CROSS JOIN (SELECT ARRAY['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT'] AS words) x
    WHERE k.contype = 'f' AND n.nspname = $1 AND m.nspname = $1 AND c.relname = ANY ($2) AND p.relname = ANY ($2)
      AND k.conparentid = 0
    ORDER BY c.relname, k.conname";

/// Foreign keys that lead out of them.
const KEYS_OUTSIDE: &str = "
    SELECT format('%s.%s', c.relname, k.conname)
    FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace m ON m.oid = p.relnamespace
    WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname = ANY ($2)
      AND NOT (m.nspname = $1 AND p.relname = ANY ($2))
    ORDER BY c.relname, k.conname";
