//! An application's own queries, run in a transaction that is READ ONLY, bounded in time, and rolled back.

use super::fault::{passing, server_error};
use super::session::Session;
use crate::error::{Error, Result};
use crate::ident::quote;
use crate::limits::QUERY_WAIT;
use crate::plan::types::PgType;
use crate::value::Param;
use futures::StreamExt;
use std::pin::pin;
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Row, Statement};

type Cause = Box<dyn std::error::Error + Sync + Send>;

/// Why a query gave no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// the server does not take it: its words, where they quote no data, and the place in the text, in characters from 1
    Refused(String, Option<u32>),
    /// something else
    Failed(Error),
}

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredColumn {
    /// what the query calls it
    pub name: String,
    /// its type; none where we cannot read it
    pub pg: Option<PgType>,
    /// the type's name
    pub type_name: String,
    /// it is taken from a table as it is
    pub plain: bool,
}

/// A query that the server has read.
#[derive(Debug)]
pub struct Asked {
    statement: Statement,
    /// its columns
    pub columns: Vec<AnsweredColumn>,
}

/// Begins the transaction in which a query is run, with names looked up in `schema` first.
///
/// # Errors
/// A target fault.
pub async fn begin(session: &Session, schema: &str) -> Result<()> {
    let sql = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; \
         SET LOCAL search_path = {}, public; SET LOCAL jit = DEFAULT; SET LOCAL statement_timeout = {}",
        quote(schema),
        QUERY_WAIT.as_millis()
    );
    execute(session, &sql).await
}

/// Ends it; nothing of it stays.
///
/// # Errors
/// A target fault.
pub async fn end(session: &Session) -> Result<()> {
    execute(session, "ROLLBACK").await
}

async fn execute(session: &Session, sql: &str) -> Result<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "preparing a query").await),
    }
}

/// Has the server read a query.
///
/// # Errors
/// See [`Unanswered`].
pub async fn prepare(session: &Session, sql: &str) -> std::result::Result<Asked, Unanswered> {
    let statement = match session.client().prepare(sql).await {
        Ok(statement) => statement,
        Err(error) => return Err(unanswered(session, error).await),
    };
    let columns = statement.columns().iter().map(|column| AnsweredColumn {
        name: column.name().to_owned(),
        pg: pg_type(column.type_()),
        type_name: column.type_().name().to_owned(),
        plain: column.table_oid().is_some_and(|oid| oid != 0),
    });
    let columns = columns.collect();
    Ok(Asked { statement, columns })
}

/// Runs it; `row` takes the fields of each row, and says whether there are to be more.
///
/// # Errors
/// See [`Unanswered`].
pub async fn run(
    session: &Session,
    asked: &Asked,
    params: &[Param],
    mut row: impl FnMut(&[Option<&[u8]>]) -> bool,
) -> std::result::Result<(), Unanswered> {
    let bound: Vec<Bound> = params.iter().map(Bound::of).collect();
    let rows = session.client().query_raw(&asked.statement, &bound).await;
    let mut rows = match rows {
        Ok(rows) => pin!(rows),
        Err(error) => return Err(unanswered(session, error).await),
    };
    while let Some(found) = rows.next().await {
        match found.and_then(|found| take(&found, &mut row)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(unanswered(session, error).await),
        }
    }
    Ok(())
}

fn take(
    found: &Row,
    row: &mut impl FnMut(&[Option<&[u8]>]) -> bool,
) -> std::result::Result<bool, tokio_postgres::Error> {
    let fields = (0..found.len()).map(|i| found.try_get::<_, Field<'_>>(i).map(|field| field.0));
    Ok(row(&fields.collect::<std::result::Result<Vec<_>, _>>()?))
}

/// How the server goes about it, measured: `EXPLAIN (ANALYZE, BUFFERS)`.
///
/// # Errors
/// See [`Unanswered`].
pub async fn explain(
    session: &Session,
    sql: &str,
    params: &[Param],
) -> std::result::Result<String, Unanswered> {
    let asked = prepare(session, &format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) {sql}")).await?;
    let mut text = String::new();
    let lines = run(session, &asked, params, |fields| {
        if let Some(Some(line)) = fields.first() {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        true
    });
    lines.await?;
    Ok(text)
}

/// The server's word on the query, or a fault of the way to it.
async fn unanswered(session: &Session, error: tokio_postgres::Error) -> Unanswered {
    let position = match error.as_db_error().and_then(|db| db.position()) {
        Some(ErrorPosition::Original(at)) => Some(*at),
        _ => None,
    };
    let is_of_server = error.as_db_error().is_some();
    let explained = session.explain(error, "running a query").await;
    match server_error(&explained) {
        Some(server) if is_of_server && passing(&explained).is_none() => {
            Unanswered::Refused(server.to_string(), position)
        }
        _ => Unanswered::Failed(explained),
    }
}

/// The type of a result's column, as far as we read it; that of a domain is the one that it is made of.
fn pg_type(found: &Type) -> Option<PgType> {
    let known = [
        (Type::BOOL, PgType::Bool),
        (Type::INT2, PgType::Int2),
        (Type::INT4, PgType::Int4),
        (Type::INT8, PgType::Int8),
        (Type::FLOAT4, PgType::Float4),
        (Type::FLOAT8, PgType::Float8),
        (Type::NUMERIC, PgType::Numeric(None)),
        (Type::TEXT, PgType::Text),
        (Type::VARCHAR, PgType::Varchar(None)),
        (Type::BPCHAR, PgType::Char(0)),
        (Type::NAME, PgType::Text),
        (Type::UNKNOWN, PgType::Text),
        (Type::JSON, PgType::Json),
        (Type::JSONB, PgType::Jsonb),
        (Type::BYTEA, PgType::Bytea),
        (Type::UUID, PgType::Uuid),
        (Type::DATE, PgType::Date),
        (Type::TIME, PgType::Time(6)),
        (Type::TIMESTAMP, PgType::Timestamp(6)),
        (Type::TIMESTAMPTZ, PgType::Timestamptz(6)),
        (Type::INTERVAL, PgType::Interval(6)),
        (Type::INET, PgType::Inet),
        (Type::CIDR, PgType::Cidr),
        (Type::MACADDR, PgType::Macaddr),
    ];
    let known = known.into_iter().find(|(name, _)| name == found).map(|(_, pg)| pg);
    match found.kind() {
        _ if known.is_some() => known,
        Kind::Domain(inner) => pg_type(inner),
        Kind::Enum(_) => Some(PgType::Enum),
        _ if found.name() == "citext" => Some(PgType::Citext),
        _ => None,
    }
}

/// The bytes of a field as the server sends it.
struct Field<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Field<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Field<'a>, Cause> {
        Ok(Field(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Field<'a>, Cause> {
        Ok(Field(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A parameter as a text: the server reads it by the type that it has found for it.
#[derive(Debug)]
struct Bound(Option<String>);

impl Bound {
    fn of(param: &Param) -> Bound {
        Bound(match param {
            Param::Null => None,
            Param::Flag(flag) => Some(u8::from(*flag).to_string()),
            Param::Integer(integer) => Some(integer.to_string()),
            Param::Real(real) => Some(format!("{real:?}")),
            Param::Text(text) => Some(text.clone()),
        })
    }
}

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Cause> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
