//! The target schema as it is: tables, columns, foreign keys, indexes, names (read from `pg_catalog`).

use super::session::Session;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::ident::{qualified, quote};
use crate::plan::target::{
    Relation, TargetCatalog, TargetColumn, TargetForeignKey, TargetIndex, TargetTable,
};
use crate::plan::types::PgType;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

const TABLES: &str = include_str!("../../schema/inspect/tables.sql");
const COLUMNS: &str = include_str!("../../schema/inspect/columns.sql");
const FOREIGN_KEYS: &str = include_str!("../../schema/inspect/foreign_keys.sql");
const INDEXES: &str = include_str!("../../schema/inspect/indexes.sql");
const UNIQUE_KEYS: &str = include_str!("../../schema/inspect/unique_keys.sql");
const CHECKS: &str = include_str!("../../schema/inspect/checks.sql");
const MISSING: &str = include_str!("../../schema/inspect/missing.sql");
const NAMES: &str = include_str!("../../schema/inspect/names.sql");
const FUNCTIONS: &str = "SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = $1 AND p.pronargs = 0";

/// Reads what `schema` holds.
///
/// # Errors
/// A target fault where the catalog cannot be read.
pub async fn inspect(session: &mut Session, schema: &str) -> Result<TargetCatalog> {
    match read(session, schema).await {
        Ok(catalog) => Ok(catalog),
        Err(error) => Err(session.explain(error, "reading the target's catalog").await),
    }
}

async fn read(session: &Session, schema: &str) -> std::result::Result<TargetCatalog, tokio_postgres::Error> {
    let client = session.client();
    let rows = async |sql: &str| {
        let schema: &(dyn ToSql + Sync) = &schema;
        client.query_typed(sql, &[(schema, Type::TEXT)]).await
    };
    let exists = !rows("SELECT 1 FROM pg_namespace WHERE nspname = $1").await?.is_empty();
    let mut tables: BTreeMap<u32, TargetTable> = BTreeMap::new();
    for row in rows(TABLES).await? {
        tables.insert(row.get(0), table(&row));
    }
    for row in rows(COLUMNS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.columns.push(column(&row));
        }
    }
    for row in rows(FOREIGN_KEYS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.foreign_keys.push(foreign_key(&row));
        }
    }
    for row in rows(INDEXES).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.indexes.push(TargetIndex { name: row.get(1), definition: row.get(2), unique: row.get(3) });
        }
    }
    for row in rows(UNIQUE_KEYS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.unique_keys.push((row.get(1), row.get(2)));
        }
    }
    for row in rows(CHECKS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.checks.push(row.get(1));
        }
    }
    let taken_names = rows(NAMES).await?.iter().map(|row| row.get(0)).collect();
    let functions = rows(FUNCTIONS).await?.iter().map(|row| row.get(0)).collect();
    Ok(TargetCatalog {
        server_version_num: session.server_info().version_num,
        role: session.server_info().user.clone(),
        schema_exists: exists,
        tables: tables.into_values().collect(),
        taken_names,
        functions,
    })
}

fn table(row: &Row) -> TargetTable {
    let relation = match row.get::<_, &str>(2) {
        "r" | "p" if row.get(7) => Relation::Partition,
        "r" => Relation::Table,
        "p" => Relation::Partitioned,
        _ => Relation::Other,
    };
    TargetTable {
        name: row.get(1),
        relation,
        owned: row.get(3),
        owner: row.get(9),
        trigger_partitions: row.get(10),
        lacking: row.get(11),
        row_security: row.get(4),
        triggers: row.get(5),
        rules: row.get(6),
        may_lack_partition: row.get(8),
        unlogged: row.get(12),
        ..TargetTable::default()
    }
}

fn column(row: &Row) -> TargetColumn {
    let pg = match row.get(8) {
        "plain" => pg_type(row.get(3), row.get(4)),
        "enum" => Some(PgType::Enum),
        _ => None,
    };
    TargetColumn {
        name: row.get(1),
        type_text: row.get(2),
        pg,
        not_null: row.get(5),
        has_default: row.get(6),
        generated: row.get(7),
        has_sequence: row.get(9),
        labels: row.get::<_, Option<Vec<String>>>(10).unwrap_or_default(),
        is_domain: row.get(11),
        domain_not_null: row.get(12),
        stays_not_null: row.get(13),
    }
}

fn foreign_key(row: &Row) -> TargetForeignKey {
    TargetForeignKey {
        name: row.get(1),
        definition: row.get(2),
        validated: row.get(3),
        columns: row.get(4),
        parent: (row.get(5), row.get(6)),
        parent_columns: row.get(7),
        may_refer: row.get(8),
    }
}

/// A type that we fill, from its name and modifier. The modifier's encodings are PostgreSQL's own: length + 4 for
/// characters, `(precision << 16 | scale & 2047) + 4` for numeric (the scale in 11 bits with sign), digits for times,
/// `fields << 16 | digits` for intervals.
fn pg_type(name: &str, modifier: i32) -> Option<PgType> {
    let length = || u32::try_from(modifier - 4).ok();
    let digits = || if modifier < 0 { Some(6) } else { u8::try_from(modifier).ok() };
    Some(match name {
        "bool" => PgType::Bool,
        "int2" => PgType::Int2,
        "int4" => PgType::Int4,
        "int8" => PgType::Int8,
        "float4" => PgType::Float4,
        "float8" => PgType::Float8,
        "numeric" if modifier < 0 => PgType::Numeric(None),
        "numeric" => PgType::Numeric(Some(numeric_modifier(modifier))),
        "text" => PgType::Text,
        "varchar" => PgType::Varchar(length()),
        "bpchar" => PgType::Char(length()?),
        "citext" => PgType::Citext,
        "json" => PgType::Json,
        "jsonb" => PgType::Jsonb,
        "bytea" => PgType::Bytea,
        "uuid" => PgType::Uuid,
        "date" => PgType::Date,
        "time" => PgType::Time(digits()?),
        "timestamp" => PgType::Timestamp(digits()?),
        "timestamptz" => PgType::Timestamptz(digits()?),
        "interval" => PgType::Interval(interval_digits(modifier)?),
        "inet" => PgType::Inet,
        "cidr" => PgType::Cidr,
        "macaddr" => PgType::Macaddr,
        _ => return None,
    })
}

fn numeric_modifier(modifier: i32) -> (u16, i16) {
    let packed = modifier - 4;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    (((packed >> 16) & 0xffff) as u16, scale as i16)
}

/// The fraction digits of an interval whose fields are not restricted (`interval day to hour` is: it would cut).
fn interval_digits(modifier: i32) -> Option<u8> {
    const ALL_FIELDS: i32 = 0x7fff;
    const FULL_PRECISION: i32 = 0xffff;
    match (modifier, modifier >> 16, modifier & 0xffff) {
        (..0, ..) | (_, ALL_FIELDS, FULL_PRECISION) => Some(6),
        (_, ALL_FIELDS, digits) => u8::try_from(digits).ok(),
        _ => None,
    }
}

/// Which of `tables` hold at least one row.
///
/// # Errors
/// A target fault or a refusal where a table cannot be read.
pub async fn tables_with_rows(session: &mut Session, schema: &str, tables: &[&str]) -> Result<Vec<bool>> {
    let mut held = Vec::with_capacity(tables.len());
    for table in tables {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", qualified(schema, table));
        match session.client().query_typed(&sql, &[]).await {
            Ok(rows) => held.push(rows.first().is_some_and(|row| row.get(0))),
            Err(error) => {
                return Err(session
                    .explain(error, "looking for rows")
                    .await
                    .at(format!("table \"{table}\"")));
            }
        }
    }
    Ok(held)
}

/// Whether this role may look into the schema; one that is not there is in nobody's way.
///
/// # Errors
/// A target fault.
pub async fn may_use(session: &Session, schema: &str) -> Result<bool> {
    let sql = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1";
    match session.client().query_typed(sql, &[(&schema, Type::TEXT)]).await {
        Ok(rows) => Ok(rows.first().is_none_or(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "asking for this role's rights").await),
    }
}

/// Which of `names` the schema has neither as a relation nor as a constraint.
///
/// # Errors
/// A target fault.
pub async fn missing_objects(session: &Session, schema: &str, names: &[&str]) -> Result<Vec<String>> {
    let params: &[(&(dyn ToSql + Sync), Type)] = &[(&schema, Type::TEXT), (&names, Type::TEXT_ARRAY)];
    match session.client().query_typed(MISSING, params).await {
        Ok(rows) => Ok(rows.iter().map(|row| row.get(0)).collect()),
        Err(error) => Err(session.explain(error, "looking for keys and indexes").await),
    }
}

/// Rights that the run needs and its role does not have, each with the statement that gives it.
///
/// # Errors
/// A target fault.
pub async fn missing_rights(
    session: &Session,
    schema: &str,
    creates: bool,
    needs_schema: bool,
) -> Result<Vec<Finding>> {
    let sql = "SELECT quote_ident(current_user), quote_ident(current_database()),
                      has_database_privilege(current_database(), 'CREATE'),
                      (SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
                         FROM pg_namespace WHERE nspname = $1),
                      (SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
                         FROM pg_namespace WHERE nspname = 'cutover'),
                      (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1)";
    let rows = match session.client().query_typed(sql, &[(&schema, Type::TEXT)]).await {
        Ok(rows) => rows,
        Err(error) => return Err(session.explain(error, "asking for this role's rights").await),
    };
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    let (role, database): (String, String) = (row.get(0), row.get(1));
    let (in_database, may_use): (bool, Option<bool>) = (row.get(2), row.get(5));
    let (in_schema, in_ledger): (Option<bool>, Option<bool>) = (row.get(3), row.get(4));
    let refuse = |object: &str, message: &str, grant: String| {
        Finding::new("E_RIGHTS", Severity::Refusal, object, message.to_owned()).way(Way::Target(grant))
    };
    let mut missing = Vec::new();
    if !in_database && (in_ledger.is_none() || needs_schema) {
        let message = "this role may not create schemas, and the ledger needs the schema \"cutover\"";
        let grant = format!("GRANT CREATE ON DATABASE {database} TO {role}");
        let finding = refuse(&database, message, grant);
        missing.push(match needs_schema {
            true => finding,
            false => finding.way(Way::Target(format!("CREATE SCHEMA cutover AUTHORIZATION {role}"))),
        });
    }
    if in_ledger == Some(false) {
        let fix = format!("GRANT USAGE, CREATE ON SCHEMA cutover TO {role}");
        missing.push(refuse("cutover", "this role may not write the ledger", fix));
    }
    if creates && in_schema == Some(false) {
        let grant = format!("GRANT USAGE, CREATE ON SCHEMA {} TO {role}", quote(schema));
        missing.push(refuse(schema, "this role may not create tables here", grant));
    } else if may_use == Some(false) {
        let grant = format!("GRANT USAGE ON SCHEMA {} TO {role}", quote(schema));
        missing.push(refuse(schema, "this role may not use this schema", grant));
    }
    Ok(missing)
}

/// Rights without which nothing can be looked at: the schema itself, and the ledger's tables.
///
/// # Errors
/// A refusal with the statements that give them; a target fault.
pub async fn may_look(session: &Session, schema: &str) -> Result<()> {
    let sql =
        "SELECT quote_ident(current_user), coalesce(has_schema_privilege(oid, 'USAGE'), true), nspname::text,
                      (SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c
                        WHERE c.relnamespace = n.oid AND n.nspname = 'cutover' AND c.relkind = 'r'
                          AND NOT has_table_privilege(c.oid, 'UPDATE') LIMIT 1)
                 FROM pg_namespace n WHERE nspname IN ($1, 'cutover')";
    let rows = match session.client().query_typed(sql, &[(&schema, Type::TEXT)]).await {
        Ok(rows) => rows,
        Err(error) => return Err(session.explain(error, "asking for this role's rights").await),
    };
    let mut missing = Vec::new();
    for row in &rows {
        let (role, may_use, name): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
        let refuse = |message: &str, grant: String| {
            Finding::new("E_RIGHTS", Severity::Refusal, &name, message).way(Way::Target(grant))
        };
        if !may_use {
            let all = if name == "cutover" { "USAGE, CREATE" } else { "USAGE" };
            let grant = format!("GRANT {all} ON SCHEMA {} TO {role}", quote(&name));
            missing.push(refuse("this role may not use this schema", grant));
        }
        if let Some(owner) = row.get::<_, Option<String>>(3) {
            let message = "the ledger belongs to another role, and this one may not write it";
            missing.push(refuse(message, format!("GRANT {owner} TO {role}")));
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Error::refused("the role of this connection lacks rights", missing)),
    }
}

/// A table whose foreign key refers to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencingTable {
    /// its schema
    pub schema: String,
    /// its name
    pub table: String,
    /// it holds at least one row
    pub has_rows: bool,
}

/// Tables with a foreign key to `schema.table`, itself left out.
///
/// # Errors
/// A target fault.
pub async fn referencing_tables(
    session: &mut Session,
    schema: &str,
    table: &str,
) -> Result<Vec<ReferencingTable>> {
    let sql = "SELECT DISTINCT n.nspname::text, c.relname::text FROM pg_constraint k
               JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND k.confrelid = to_regclass($1)";
    let name = qualified(schema, table);
    let rows = match session.client().query_typed(sql, &[(&name, Type::TEXT)]).await {
        Ok(rows) => rows,
        Err(error) => {
            return Err(session
                .explain(error, "looking for foreign keys")
                .await
                .at(format!("table \"{table}\"")));
        }
    };
    let mut found = Vec::new();
    for row in rows {
        let (schema, table): (String, String) = (row.get(0), row.get(1));
        let has_rows = tables_with_rows(session, &schema, &[&table]).await?.first() == Some(&true);
        found.push(ReferencingTable { schema, table, has_rows });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_unpacked() {
        assert_eq!(pg_type("numeric", ((10 << 16) | 2) + 4), Some(PgType::Numeric(Some((10, 2)))));
        assert_eq!(pg_type("varchar", 255 + 4), Some(PgType::Varchar(Some(255))), "longer than a byte tells");
        assert_eq!(pg_type("numeric", ((3 << 16) | (-2 & 0x7ff)) + 4), Some(PgType::Numeric(Some((3, -2)))));
        assert_eq!(pg_type("varchar", 259), Some(PgType::Varchar(Some(255))));
        assert_eq!(pg_type("varchar", -1), Some(PgType::Varchar(None)));
        assert_eq!(pg_type("timestamp", 3), Some(PgType::Timestamp(3)));
        assert_eq!(pg_type("timestamptz", -1), Some(PgType::Timestamptz(6)));
        assert_eq!(pg_type("interval", -1), Some(PgType::Interval(6)));
        assert_eq!(pg_type("interval", (0x7fff << 16) | 3), Some(PgType::Interval(3)));
        assert_eq!(pg_type("interval", (0x0008 << 16) | 0xffff), None, "interval day");
        assert_eq!(pg_type("money", -1), None);
    }
}
