//! A schema as the server writes it, and a schema that is made for a moment only, to have expressions written alike.

use super::inspect;
use super::session::Session;
use crate::error::{Error, Result};
use crate::ident::quote;
use crate::plan::structure::{Check, Column, ForeignKey, Index, Purpose, Structure, Table, View};
use crate::plan::target::TargetCatalog;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

const TABLES: &str = include_str!("../../schema/structure/tables.sql");
const COLUMNS: &str = include_str!("../../schema/structure/columns.sql");
const INDEXES: &str = include_str!("../../schema/structure/indexes.sql");
const CHECKS: &str = include_str!("../../schema/structure/checks.sql");
const FOREIGN_KEYS: &str = include_str!("../../schema/structure/foreign_keys.sql");
const VIEWS: &str = include_str!("../../schema/structure/views.sql");
const TRIGGERS: &str = include_str!("../../schema/structure/triggers.sql");
const NAMES: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
    UNION SELECT k.conname::text FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = $1";

/// SQLSTATE `insufficient_privilege`.
const NO_PRIVILEGE: &str = "42501";
/// SQLSTATE `read_only_sql_transaction`.
const READ_ONLY: &str = "25006";

type Outcome<T> = std::result::Result<T, tokio_postgres::Error>;

/// Reads `schema` in one snapshot. Names of its own objects stand without it in expressions, so that two schemas compare.
///
/// # Errors
/// A target fault.
pub async fn read(session: &mut Session, schema: &str) -> Result<Structure> {
    run(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let structure = read_within(session, schema).await?;
    run(session, "ROLLBACK").await?;
    Ok(structure)
}

/// A trigger or rule of somebody's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// its table
    pub table: String,
    /// its name
    pub name: String,
    /// it is a rule
    pub is_rule: bool,
}

/// The triggers of a schema's tables that no constraint made, and their rules.
///
/// # Errors
/// A target fault.
pub async fn triggers(session: &Session, schema: &str) -> Result<Vec<Trigger>> {
    match session.client().query_typed(TRIGGERS, &[(&schema, Type::TEXT)]).await {
        Ok(rows) => Ok(rows.iter().map(trigger).collect()),
        Err(error) => Err(session.explain(error, "reading the schema").await),
    }
}

fn trigger(row: &Row) -> Trigger {
    Trigger { table: row.get(0), name: row.get(1), is_rule: row.get(2) }
}

/// What became of a schema that was made for a moment.
#[derive(Debug)]
pub enum Scratch {
    /// what it was, and the statements that failed with what the server said
    Made(Structure, Vec<(String, String)>),
    /// it could not be made, and why
    NotAllowed(String),
}

/// Makes `schema` by `statements` in a transaction, reads it, and rolls everything back.
///
/// # Errors
/// A target fault.
pub async fn scratch(session: &mut Session, schema: &str, statements: &[String]) -> Result<Scratch> {
    run(session, "BEGIN").await?;
    if let Err(error) = session.client().batch_execute(&format!("CREATE SCHEMA {}", quote(schema))).await {
        let may_not = error.code().is_some_and(|code| [NO_PRIVILEGE, READ_ONLY].contains(&code.code()));
        let told = error.as_db_error().map(|told| told.message().to_owned()).unwrap_or_default();
        let _ = session.client().batch_execute("ROLLBACK").await;
        return match may_not {
            true => Ok(Scratch::NotAllowed(told)),
            false => Err(session.explain(error, "making a schema for a moment").await),
        };
    }
    let made = make(session, schema, statements).await;
    let rolled_back = run(session, "ROLLBACK").await;
    let made = made?;
    rolled_back?;
    Ok(made)
}

async fn make(session: &mut Session, schema: &str, statements: &[String]) -> Result<Scratch> {
    let mut failed = Vec::new();
    for statement in statements {
        let client = session.client();
        client.batch_execute("SAVEPOINT one").await.map_err(internal)?;
        match client.batch_execute(statement).await {
            Ok(()) => client.batch_execute("RELEASE one").await.map_err(internal)?,
            Err(error) => match error.as_db_error() {
                Some(told) => {
                    failed.push((statement.clone(), told.message().to_owned()));
                    client.batch_execute("ROLLBACK TO one").await.map_err(internal)?;
                }
                None => return Err(session.explain(error, "making a schema for a moment").await),
            },
        }
    }
    Ok(Scratch::Made(read_within(session, schema).await?, failed))
}

fn internal(cause: tokio_postgres::Error) -> Error {
    Error::target_fault("making a schema for a moment").cause(cause)
}

async fn run(session: &Session, sql: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "reading the schema").await),
    }
}

/// Within a transaction, at whose end the search_path is what it was.
async fn read_within(session: &mut Session, schema: &str) -> Result<Structure> {
    // Types of columns are told apart as for a copy.
    let catalog = inspect::inspect(session, schema).await?;
    match read_all(session, schema, &catalog).await {
        Ok(structure) => Ok(structure),
        Err(error) => Err(session.explain(error, "reading the schema").await),
    }
}

async fn read_all(session: &Session, schema: &str, catalog: &TargetCatalog) -> Outcome<Structure> {
    let client = session.client();
    client.batch_execute(&format!("SET LOCAL search_path = {}", quote(schema))).await?;
    let rows = async |sql: &str| {
        let schema: &(dyn ToSql + Sync) = &schema;
        client.query_typed(sql, &[(schema, Type::TEXT)]).await
    };
    let mut tables: BTreeMap<u32, Table> = BTreeMap::new();
    for row in rows(TABLES).await? {
        tables.insert(row.get(0), Table { name: row.get(1), partition_key: row.get(2), ..Table::default() });
    }
    for row in rows(COLUMNS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            let column = column(&row, &table.name, catalog);
            table.columns.push(column);
        }
    }
    for row in rows(INDEXES).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.indexes.push(index(&row));
        }
    }
    for row in rows(CHECKS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.checks.push(check(&row));
        }
    }
    for row in rows(FOREIGN_KEYS).await? {
        if let Some(table) = tables.get_mut(&row.get(0)) {
            table.foreign_keys.push(foreign_key(&row));
        }
    }
    let views = rows(VIEWS).await?;
    let views = views.iter().map(|row| View {
        name: row.get(0),
        query: row.get::<_, &str>(1).trim_end_matches(';').to_owned(),
        is_stored: row.get(2),
    });
    let views = views.collect();
    let taken_names = rows(NAMES).await?.iter().map(|row| row.get(0)).collect();
    client.batch_execute("SET LOCAL search_path = pg_catalog").await?;
    let mut tables: Vec<Table> = tables.into_values().collect();
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Structure { tables, views, taken_names })
}

fn column(row: &Row, table: &str, catalog: &TargetCatalog) -> Column {
    let (name, generated, takes_numbers): (String, bool, bool) = (row.get(1), row.get(5), row.get(6));
    let known = catalog.tables.iter().find(|known| known.name == table);
    let known = known.and_then(|known| known.columns.iter().find(|column| column.name == name));
    let expression: Option<String> = row.get(4);
    let (generated, default) = match generated {
        true => (expression, None),
        false => (None, expression.filter(|_| !takes_numbers)),
    };
    Column {
        name,
        type_text: row.get(2),
        pg: known.and_then(|known| known.pg),
        labels: known.map(|known| known.labels.clone()).unwrap_or_default(),
        collation: row.get(7),
        not_null: row.get(3),
        default,
        takes_numbers,
        generated,
    }
}

fn index(row: &Row) -> Index {
    let purpose = match row.get::<_, Option<&str>>(3) {
        Some("p") => Purpose::PrimaryKey,
        Some("u") => Purpose::Unique,
        Some("x") => Purpose::Exclusion,
        _ => Purpose::Index,
    };
    // Where the server writes what comes before otherwise than expected, the whole text is compared by its end.
    let is_read: bool = row.get(5);
    let definition: String = row.get(4);
    Index {
        name: row.get(1),
        unique: row.get(2),
        purpose,
        definition: if is_read { definition } else { format!("not understood: {definition}") },
        columns: row.get::<_, Option<Vec<String>>>(6).unwrap_or_default(),
        deferrable: row.get(7),
    }
}

fn check(row: &Row) -> Check {
    let definition: &str = row.get(2);
    Check {
        name: row.get(1),
        definition: definition.trim_end_matches(" NOT VALID").to_owned(),
        validated: row.get(3),
    }
}

fn foreign_key(row: &Row) -> ForeignKey {
    ForeignKey {
        name: row.get(1),
        validated: row.get(2),
        columns: row.get(3),
        parent: row.get(4),
        parent_columns: row.get(5),
        rules: row.get(6),
        parent_schema: row.get(7),
        switched_off: row.get(8),
    }
}
