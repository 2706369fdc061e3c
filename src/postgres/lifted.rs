//! Constraints that are taken off a table while rows of it are replaced, and are put back in the same transaction exactly as
//! they were found: with their definition, their comment, and each of their triggers as it was enabled or disabled.
//!
//! A foreign key whose triggers would not fire on what is done is left where it is. Making a trigger of the system other than
//! the server makes it takes a superuser; who may do all of it is asked before anything is written.

use super::session::Session;
use crate::error::Result;
use crate::finding::{Finding, Severity, Way};
use std::sync::LazyLock;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// Foreign keys that refer to the table $1, and constraints of its own that are NOT VALID and its new rows may be against.
/// tgtype: 4 is INSERT, 8 is DELETE. Before version 15 a partitioned table has no such triggers, its partitions have them.
const TAKEN: &str = "taken AS (
    SELECT c.* FROM pg_constraint c
     WHERE c.conparentid = 0
       AND ((c.contype = 'f' AND c.confrelid = to_regclass($1))
         OR (c.contype IN ('f', 'c') AND c.conrelid = to_regclass($1) AND NOT c.convalidated))
       AND (c.contype = 'c'
         OR EXISTS (SELECT FROM pg_class k WHERE k.oid IN (c.conrelid, c.confrelid) AND k.relkind = 'p')
         OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgrelid = to_regclass($1)
                       AND t.tgenabled IN ('O', 'A') AND t.tgtype & 12 <> 0))),
  tree (top, oid) AS (
    SELECT oid, oid FROM taken
     UNION ALL
    SELECT tree.top, c.oid FROM pg_constraint c JOIN tree ON c.conparentid = tree.oid)";

static STATEMENTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE {TAKEN}
         SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
                format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)),
                format('COMMENT ON CONSTRAINT %I ON %s IS %L', c.conname, c.conrelid::regclass, d.description)
           FROM taken c
           LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_constraint'::regclass AND d.description <> ''
          ORDER BY c.oid"
    )
});

/// Triggers that are not as the server makes them.
static CHANGED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE {TAKEN}
         SELECT c.conrelid, c.conname::text, t.tgrelid, t.tgfoid, t.tgenabled::text
           FROM tree JOIN taken c ON c.oid = tree.top JOIN pg_trigger t ON t.tgconstraint = tree.oid
          WHERE t.tgenabled <> 'O' ORDER BY t.oid"
    )
});

/// The trigger of the new constraint that stands for an old one: of the same relation, with the same function.
const MADE_AGAIN: &str = "WITH RECURSIVE tree (oid) AS (
      SELECT oid FROM pg_constraint WHERE conrelid = $1 AND conname = $2 AND contype = 'f'
       UNION ALL
      SELECT c.oid FROM pg_constraint c JOIN tree ON c.conparentid = tree.oid)
    SELECT format('ALTER TABLE ONLY %s %s TRIGGER %I', t.tgrelid::regclass, $5::text, t.tgname)
      FROM tree JOIN pg_trigger t ON t.tgconstraint = tree.oid WHERE t.tgrelid = $3 AND t.tgfoid = $4";

/// What was taken off.
#[derive(Debug, Default)]
pub struct Lifted {
    /// statements that put it back
    back: Vec<String>,
    triggers: Vec<TriggerState>,
}

/// How a trigger of a constraint was found.
#[derive(Debug)]
struct TriggerState {
    table: u32,
    constraint: String,
    relation: u32,
    function: u32,
    word: &'static str,
}

impl Lifted {
    /// Takes off what the replacing of rows of `table` must not set off or be held up by.
    ///
    /// # Errors
    /// A target fault.
    pub(super) async fn off(session: &Session, table: &str) -> Result<Lifted> {
        let params: Params<'_> = &[(&table, Type::TEXT)];
        let rows = query(session, &STATEMENTS, params, "looking for foreign keys").await?;
        let changed = query(session, &CHANGED, params, "looking for their triggers").await?;
        for row in &rows {
            execute(session, row.get(0), "taking a constraint off").await?;
        }
        let back = rows.iter().flat_map(|row| {
            let comment: String = row.get(2);
            let is_one = !comment.ends_with(" IS NULL");
            std::iter::once(row.get(1)).chain(is_one.then_some(comment))
        });
        Ok(Lifted { back: back.collect(), triggers: changed.iter().map(TriggerState::of).collect() })
    }

    /// Puts all of it back.
    ///
    /// # Errors
    /// A target fault, also where rows are against a constraint.
    pub(super) async fn back(&self, session: &Session) -> Result<()> {
        for sql in &self.back {
            execute(session, sql, "putting a constraint back").await?;
        }
        for trigger in &self.triggers {
            let params: Params<'_> = &[
                (&trigger.table, Type::OID),
                (&trigger.constraint, Type::TEXT),
                (&trigger.relation, Type::OID),
                (&trigger.function, Type::OID),
                (&trigger.word, Type::TEXT),
            ];
            for row in query(session, MADE_AGAIN, params, "looking for a trigger").await? {
                execute(session, row.get(0), "putting a trigger back as it was").await?;
            }
        }
        Ok(())
    }
}

impl TriggerState {
    fn of(row: &Row) -> TriggerState {
        let word = match row.get::<_, String>(4).as_str() {
            "D" => "DISABLE",
            "R" => "ENABLE REPLICA",
            _ => "ENABLE ALWAYS",
        };
        TriggerState {
            table: row.get(0),
            constraint: row.get(1),
            relation: row.get(2),
            function: row.get(3),
            word,
        }
    }
}

/// What of the constraints' tables this role may do.
static RIGHTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE {TAKEN}
         SELECT quote_ident(current_user), format('%I.%I', n.nspname, k.relname), quote_ident(c.conname),
                quote_ident(n.nspname), has_schema_privilege(n.oid, 'USAGE'),
                quote_ident(pg_get_userbyid(k.relowner)), pg_has_role(k.relowner, 'USAGE'),
                (SELECT format('%I.%I', m.nspname, p.relname)
                   FROM pg_class p JOIN pg_namespace m ON m.oid = p.relnamespace WHERE p.oid = c.confrelid),
                NOT EXISTS (SELECT FROM unnest(c.confkey) a WHERE NOT has_column_privilege(c.confrelid, a, 'REFERENCES')),
                EXISTS (SELECT FROM tree JOIN pg_trigger t ON t.tgconstraint = tree.oid
                         WHERE tree.top = c.oid AND t.tgenabled <> 'O')
                  AND current_setting('is_superuser') = 'off'
           FROM taken c JOIN pg_class k ON k.oid = c.conrelid JOIN pg_namespace n ON n.oid = k.relnamespace
          ORDER BY c.oid"
    )
});

/// What of the table itself it may not do.
const LACKING: &str =
    "SELECT quote_ident(current_user), string_agg(p, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'DELETE']) p
    WHERE NOT has_table_privilege(to_regclass($1), p) HAVING count(*) > 0";

/// Rights without which rows of `table` (quoted, with its schema) cannot be replaced, each with what gives it.
///
/// # Errors
/// A target fault.
pub async fn missing_rights(session: &Session, table: &str) -> Result<Vec<Finding>> {
    let params: Params<'_> = &[(&table, Type::TEXT)];
    let doing = "asking for this role's rights";
    let of_table = query(session, LACKING, params, doing).await?;
    let own = of_table.iter().map(|row| {
        let (role, rights): (String, String) = (row.get(0), row.get(1));
        let message = "this role may not replace rows of the table";
        refusal(table, message).way(Way::Target(format!("GRANT {rights} ON {table} TO {role}")))
    });
    let constraints = query(session, &RIGHTS, params, doing).await?;
    Ok(own.chain(constraints.iter().flat_map(of_constraint)).collect())
}

fn refusal(object: &str, message: impl Into<String>) -> Finding {
    Finding::new("E_RIGHTS", Severity::Refusal, object, message.into())
}

fn of_constraint(row: &Row) -> Vec<Finding> {
    let text = |i: usize| row.get::<_, String>(i);
    let (role, table, constraint, schema, owner) = (text(0), text(1), text(2), text(3), text(5));
    let is_allowed = |i: usize| row.get::<_, bool>(i);
    let why = format!("its constraint {constraint} is taken off while rows are replaced, and put back");
    let grant = |what: &str, grant: String| refusal(&table, format!("{why}: {what}")).way(Way::Target(grant));
    let mut missing = Vec::new();
    if !is_allowed(4) {
        let sql = format!("GRANT USAGE ON SCHEMA {schema} TO {role}");
        missing.push(grant("this role may not use its schema", sql));
    }
    if !is_allowed(6) {
        let what = format!("it belongs to the role {owner}");
        missing.push(grant(&what, format!("GRANT {owner} TO {role}")));
    }
    if let (Some(parent), false) = (row.get::<_, Option<String>>(7), is_allowed(8)) {
        let sql = format!("GRANT REFERENCES ON {parent} TO {role}");
        missing.push(grant("this role may not make a key to its parent", sql));
    }
    if is_allowed(9) {
        let what =
            format!("{why}: its triggers are disabled or changed, which only a superuser can bring back");
        let fix = format!(
            "repair as a superuser; or let one ALTER TABLE {table} ENABLE TRIGGER ALL, and disable them again afterwards"
        );
        missing.push(refusal(&table, what).fix(fix));
    }
    missing
}

type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

async fn query(session: &Session, sql: &str, params: Params<'_>, doing: &str) -> Result<Vec<Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, doing).await),
    }
}

async fn execute(session: &Session, sql: &str, doing: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, doing).await),
    }
}
