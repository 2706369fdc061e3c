//! Rows tried by the server before the copy, without a write: they travel as arrays of the bytes that COPY would send, and a
//! SELECT says which of them a CHECK, a partition, a unique index or a foreign key would refuse.

use super::session::Session;
use crate::error::Result;
use crate::ident::{qualified, quote};
use crate::plan::types::PgType;
use bytes::{BufMut, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type};

const TRIES: &str = include_str!("../../schema/inspect/tries.sql");
const COLUMNS: &str = include_str!("../../schema/inspect/try_columns.sql");

/// What a try is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryKind {
    /// a CHECK of the table
    Check,
    /// a CHECK of a column's domain
    Domain,
    /// a partition for the row
    Partition,
    /// a unique key among the rows sent
    Unique,
    /// a parent in a table that is there already
    Parent,
    /// a unique key against the rows that are there already
    Taken,
}

/// Something that rows must meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// what it is about
    pub kind: TryKind,
    /// the constraint, index or table
    pub name: String,
    /// what must hold; of a unique key, for which rows it is
    pub expression: String,
    /// target columns that it is over; none where that may be any
    pub columns: Option<Vec<String>>,
    /// expressions of a unique key, or columns of a parent
    pub keys: Vec<String>,
    /// the domain; partitioned tables without a default partition; a parent's schema and name; `constraint`
    pub others: Vec<String>,
}

/// A column of the existing table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryColumn {
    name: String,
    type_text: String,
    /// what its domain is made of
    made_of: Option<String>,
    filled_by: Option<String>,
    is_generated: bool,
}

/// What rows must meet to get into `schema.table`, and the table's columns.
///
/// # Errors
/// A target fault.
pub async fn of_table(session: &Session, schema: &str, table: &str) -> Result<(Vec<Try>, Vec<TryColumn>)> {
    let name = qualified(schema, table);
    let ask = async |sql: &str| match session.client().query_typed(sql, &[(&name, Type::TEXT)]).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, "reading what rows must meet").await),
    };
    let tries = ask(TRIES).await?.iter().map(one_try).collect();
    let columns = ask(COLUMNS).await?.iter().map(one_column).collect();
    Ok((tries, columns))
}

fn one_column(row: &Row) -> TryColumn {
    TryColumn {
        name: row.get(0),
        type_text: row.get(1),
        made_of: row.get(2),
        filled_by: row.get(3),
        is_generated: row.get(4),
    }
}

fn one_try(row: &Row) -> Try {
    let kind = match row.get::<_, &str>(0) {
        "check" => TryKind::Check,
        "domain" => TryKind::Domain,
        "partition" => TryKind::Partition,
        "parent" => TryKind::Parent,
        _ => TryKind::Unique,
    };
    let list = |i: usize| row.get::<_, Option<Vec<String>>>(i);
    Try {
        kind,
        name: row.get(1),
        expression: row.get(2),
        columns: list(3),
        keys: list(4).unwrap_or_default(),
        others: list(5).unwrap_or_default(),
    }
}

/// The question, made once for a table.
#[derive(Debug)]
pub struct Question {
    /// which columns are sent: target names
    pub sent: Vec<String>,
    types: Vec<(PgType, String)>,
    all: Vec<TryColumn>,
    /// the number of a row
    number: String,
}

/// A column that travels: its name in the target, and its type.
pub type Traveller<'a> = (&'a str, PgType);

impl Question {
    /// Sends only the columns that `tries` are over, where that is known.
    pub fn new(tries: &[Try], all: Vec<TryColumn>, travellers: &[Traveller<'_>]) -> Question {
        let travels = |name: &str| travellers.iter().any(|(traveller, _)| *traveller == name);
        let needed: Option<Vec<&str>> = tries
            .iter()
            .map(|one| one.columns.as_ref())
            .collect::<Option<Vec<_>>>()
            .map(|columns| columns.into_iter().flatten().map(String::as_str).collect());
        let needed = needed.filter(|needed| needed.iter().all(|name| travels(name)));
        let is_needed = |name: &str| needed.as_ref().is_none_or(|needed| needed.contains(&name));
        let sent: Vec<&Traveller<'_>> = travellers.iter().filter(|(name, _)| is_needed(name)).collect();
        let mut number = "#".to_owned();
        while all.iter().any(|column| column.name == number) {
            number.push('#');
        }
        let types = sent.iter().enumerate().map(|(i, (name, pg))| {
            let column = all.iter().find(|column| column.name == *name);
            (*pg, parameter(i + 1, *pg, column))
        });
        let types = types.collect();
        // Where only some columns travel, nothing is over the others.
        let all = if needed.is_some() { Vec::new() } else { all };
        Question { types, sent: sent.iter().map(|(name, _)| (*name).to_owned()).collect(), all, number }
    }

    /// Asks about a batch: for each of `tries` how many rows do not meet it and the numbers of the first, or the hashes of
    /// the keys; or the SQLSTATE where the server cannot say.
    ///
    /// # Errors
    /// A target fault.
    pub async fn ask(
        &self,
        session: &Session,
        tries: &[&Try],
        batch: &Batch,
    ) -> Result<std::result::Result<Vec<Answer>, String>> {
        let arrays: Vec<Array<'_>> = self
            .types
            .iter()
            .zip(&batch.columns)
            .map(|((pg, _), cells)| Array { element: wire_type(*pg).1, rows: batch.rows, cells })
            .collect();
        let params: Vec<(&(dyn ToSql + Sync), Type)> = arrays
            .iter()
            .zip(&self.types)
            .map(|(array, (pg, _))| (array as &(dyn ToSql + Sync), wire_type(*pg).2))
            .collect();
        // A function of theirs must not write; all three are sent before the first answer is read.
        let (client, sql) = (session.client(), self.sql(tries));
        let (begun, asked, ended) = futures::join!(
            client.batch_execute("BEGIN READ ONLY"),
            client.query_typed(&sql, &params),
            client.batch_execute("ROLLBACK"),
        );
        match begun.and(asked).and_then(|rows| ended.map(|()| rows)) {
            Ok(rows) => Ok(Ok(rows.first().map_or_else(Vec::new, |row| answers(row, tries)))),
            Err(error) => match error.code().filter(|_| !session.client().is_closed()) {
                Some(state) => Ok(Err(state.code().to_owned())),
                None => Err(session.explain(error, "trying rows").await),
            },
        }
    }

    fn sql(&self, tries: &[&Try]) -> String {
        let number = quote(&self.number);
        let outs: Vec<String> = tries.iter().map(|one| output(one, &number)).collect();
        let params: Vec<&str> = self.types.iter().map(|(_, parameter)| parameter.as_str()).collect();
        let names: Vec<String> = self.sent.iter().chain([&self.number]).map(|name| quote(name)).collect();
        let filled = self.fillers(false);
        let generated = self.fillers(true);
        format!(
            "SELECT {} FROM (SELECT t.*{generated} FROM (SELECT t.*{filled} FROM unnest({}) WITH ORDINALITY AS t({})) AS t) AS t",
            outs.join(", "),
            params.join(", "),
            names.join(", ")
        )
    }

    /// Columns that the target fills by itself.
    fn fillers(&self, generated: bool) -> String {
        let unsent = |column: &&TryColumn| !self.sent.contains(&column.name);
        let columns = self.all.iter().filter(unsent).filter(|column| column.is_generated == generated);
        let one = |column: &TryColumn| {
            let nothing = format!("NULL::{}", column.type_text);
            // A number that is drawn is gone, and which one it will be is not known.
            let filled_by = column.filled_by.as_ref().filter(|filled_by| !filled_by.contains("nextval("));
            format!(", ({}) AS {}", filled_by.unwrap_or(&nothing), quote(&column.name))
        };
        columns.map(one).collect()
    }
}

/// What is asked of one try.
fn output(one: &Try, number: &str) -> String {
    let bad = match one.kind {
        TryKind::Unique => {
            let keys = one.keys.join(", ");
            let is_set: Vec<String> = one.keys.iter().map(|key| format!("({key}) IS NOT NULL")).collect();
            return format!(
                "array_agg(CASE WHEN ({}) AND {} THEN hash_record_extended(ROW({keys}), 0) END ORDER BY t.{number})",
                one.expression,
                is_set.join(" AND ")
            );
        }
        TryKind::Check => format!("({}) IS FALSE", one.expression),
        TryKind::Domain => {
            let column = one.columns.iter().flatten().next().map(|name| quote(name)).unwrap_or_default();
            format!("(SELECT ({}) IS FALSE FROM (SELECT t.{column} AS value) AS v)", one.expression)
        }
        TryKind::Partition => format!("({}) IS NOT TRUE", one.expression),
        TryKind::Parent => {
            let columns: Vec<String> =
                one.columns.iter().flatten().map(|name| format!("t.{}", quote(name))).collect();
            let is_set: Vec<String> = columns.iter().map(|name| format!("{name} IS NOT NULL")).collect();
            let pairs = one.keys.iter().zip(&columns);
            let pairs: Vec<String> = pairs.map(|(key, own)| format!("p.{} = {own}", quote(key))).collect();
            format!(
                "{} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
                is_set.join(" AND "),
                one.expression,
                pairs.join(" AND ")
            )
        }
        TryKind::Taken => {
            let names = one.columns.iter().flatten().map(|name| quote(name));
            let pairs: Vec<String> = names.map(|name| format!("k.{name} = t.{name}")).collect();
            format!("EXISTS (SELECT 1 FROM {} AS k WHERE {})", one.expression, pairs.join(" AND "))
        }
    };
    format!(
        "count(*) FILTER (WHERE {bad}), (array_agg(t.{number} ORDER BY t.{number}) FILTER (WHERE {bad}))[1:5]"
    )
}

/// What the server says of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// rows that do not meet it, and the numbers of the first in the batch, from 1
    Bad(u64, Vec<u64>),
    /// a hash of each row's key; none where the row has none
    Keys(Vec<Option<i64>>),
}

fn answers(row: &Row, tries: &[&Try]) -> Vec<Answer> {
    let mut at = 0;
    let mut take = |one: &&Try| {
        if one.kind == TryKind::Unique {
            at += 1;
            return Answer::Keys(row.get::<_, Option<_>>(at - 1).unwrap_or_default());
        }
        at += 2;
        let numbers: Option<Vec<i64>> = row.get(at - 1);
        let numbers = numbers.unwrap_or_default().into_iter().map(i64::cast_unsigned).collect();
        Answer::Bad(row.get::<_, i64>(at - 2).cast_unsigned(), numbers)
    };
    tries.iter().map(&mut take).collect()
}

/// Rows, column by column, in the bytes of COPY: each value behind its length.
#[derive(Debug, Default)]
pub struct Batch {
    /// how many
    pub rows: usize,
    /// their cells, one column after the other
    pub columns: Vec<Vec<u8>>,
    /// what each row is called
    pub keys: Vec<i64>,
}

/// One column as an array parameter.
#[derive(Debug)]
struct Array<'a> {
    element: u32,
    rows: usize,
    cells: &'a [u8],
}

impl ToSql for Array<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_i32(1);
        out.put_i32(1);
        out.put_u32(self.element);
        out.put_i32(i32::try_from(self.rows)?);
        out.put_i32(1);
        out.put_slice(self.cells);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// `$1::int4[]`, as the column's own type where that is another one to a comparison.
fn parameter(number: usize, pg: PgType, column: Option<&TryColumn>) -> String {
    let (name, ..) = wire_type(pg);
    let own = column.map(|column| column.made_of.as_ref().unwrap_or(&column.type_text));
    match (own, pg) {
        (Some(own), PgType::Enum | PgType::Citext | PgType::Varchar(_) | PgType::Char(_)) => {
            format!("${number}::{name}[]::{own}[]")
        }
        _ => format!("${number}::{name}[]"),
    }
}

/// The type whose bytes are sent: its name, its number, and that of its arrays.
fn wire_type(pg: PgType) -> (&'static str, u32, Type) {
    match pg {
        PgType::Bool => ("bool", Type::BOOL.oid(), Type::BOOL_ARRAY),
        PgType::Int2 => ("int2", Type::INT2.oid(), Type::INT2_ARRAY),
        PgType::Int4 => ("int4", Type::INT4.oid(), Type::INT4_ARRAY),
        PgType::Int8 => ("int8", Type::INT8.oid(), Type::INT8_ARRAY),
        PgType::Float4 => ("float4", Type::FLOAT4.oid(), Type::FLOAT4_ARRAY),
        PgType::Float8 => ("float8", Type::FLOAT8.oid(), Type::FLOAT8_ARRAY),
        PgType::Numeric(_) => ("numeric", Type::NUMERIC.oid(), Type::NUMERIC_ARRAY),
        PgType::Text | PgType::Varchar(_) | PgType::Char(_) | PgType::Citext | PgType::Enum => {
            ("text", Type::TEXT.oid(), Type::TEXT_ARRAY)
        }
        PgType::Json => ("json", Type::JSON.oid(), Type::JSON_ARRAY),
        PgType::Jsonb => ("jsonb", Type::JSONB.oid(), Type::JSONB_ARRAY),
        PgType::Bytea => ("bytea", Type::BYTEA.oid(), Type::BYTEA_ARRAY),
        PgType::Uuid => ("uuid", Type::UUID.oid(), Type::UUID_ARRAY),
        PgType::Date => ("date", Type::DATE.oid(), Type::DATE_ARRAY),
        PgType::Time(_) => ("time", Type::TIME.oid(), Type::TIME_ARRAY),
        PgType::Timestamp(_) => ("timestamp", Type::TIMESTAMP.oid(), Type::TIMESTAMP_ARRAY),
        PgType::Timestamptz(_) => ("timestamptz", Type::TIMESTAMPTZ.oid(), Type::TIMESTAMPTZ_ARRAY),
        PgType::Interval(_) => ("interval", Type::INTERVAL.oid(), Type::INTERVAL_ARRAY),
        PgType::Inet => ("inet", Type::INET.oid(), Type::INET_ARRAY),
        PgType::Cidr => ("cidr", Type::CIDR.oid(), Type::CIDR_ARRAY),
        PgType::Macaddr => ("macaddr", Type::MACADDR.oid(), Type::MACADDR_ARRAY),
    }
}
