//! Rows tried by the server before the copy, without a write: they travel as arrays of the bytes that COPY would send, and a
//! SELECT says which of them a CHECK, a partition, a unique index or a foreign key would refuse.

mod output;
mod wire;

use super::session::Session;
use crate::error::Result;
use crate::ident::{qualified, quote};
use crate::plan::types::PgType;
use output::output;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
pub use wire::Batch;
use wire::{Array, parameter, wire_type};

const TRIES: &str = include_str!("../../schema/inspect/tries.sql");
const COLUMNS: &str = include_str!("../../schema/inspect/try_columns.sql");

const STATISTICS: &str = include_str!("../../schema/inspect/try_statistics.sql");

/// The server that has statistics over expressions.
const STATISTICS_SINCE: u32 = 140_000;

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
    /// NOT NULL of one partition, or of a column that the target computes
    NotNull,
    /// a column that the target computes: there is a value
    Generated,
    /// an index that is not unique: its expressions and its condition have values
    Index,
    /// keys that may be too long for a btree
    Length,
    /// values that may be too large for an index that is no btree, which only the index itself can tell
    Items,
    /// statistics of theirs, whose expressions ANALYZE computes
    Statistics,
    /// an exclusion constraint, which no query over the rows sent can try
    Exclusion,
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
    /// the domain; partitioned tables without a default partition; a parent's schema and name; the primary key that a NOT NULL
    /// column is in; a computed column's type, and what is to be said of it; traits of an index
    pub others: Vec<String>,
    /// schema and name of the partition that has it for itself
    pub partition: Option<(String, String)>,
    /// which rows get into that partition
    pub rows: Option<String>,
    /// NULL is equal to NULL in this key
    pub nulls_equal: bool,
}

impl Try {
    /// Whether `others` has the word.
    pub fn is(&self, word: &str) -> bool {
        self.others.iter().any(|other| other == word)
    }
}

/// A column of the existing table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryColumn {
    /// its name
    pub name: String,
    /// its type, as SQL spells it
    pub type_text: String,
    /// what its domain is made of
    made_of: Option<String>,
    /// the expression that fills or computes it
    pub filled_by: Option<String>,
    /// it is computed
    pub is_generated: bool,
    /// it takes its numbers from a sequence
    pub is_numbered: bool,
    /// NOT NULL
    pub not_null: bool,
    /// NOT NULL cannot be dropped
    pub stays_not_null: bool,
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
    let mut tries: Vec<Try> = ask(TRIES).await?.iter().map(one_try).collect();
    if session.server_info().version_num >= STATISTICS_SINCE {
        tries.extend(ask(STATISTICS).await?.iter().map(one_try));
    }
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
        is_numbered: row.get(5),
        not_null: row.get(6),
        stays_not_null: row.get(7),
    }
}

fn one_try(row: &Row) -> Try {
    let kind = match row.get::<_, &str>(0) {
        "check" => TryKind::Check,
        "domain" => TryKind::Domain,
        "partition" => TryKind::Partition,
        "parent" => TryKind::Parent,
        "not_null" => TryKind::NotNull,
        "generated" => TryKind::Generated,
        "index" => TryKind::Index,
        "statistics" => TryKind::Statistics,
        "length" => TryKind::Length,
        "items" => TryKind::Items,
        "exclusion" => TryKind::Exclusion,
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
        partition: list(6)
            .and_then(|names| <[String; 2]>::try_from(names).ok())
            .map(<(String, String)>::from),
        rows: row.get(7),
        nulls_equal: row.get(8),
    }
}

/// Computes the default of a column that is not sent: whether it is NULL, or the SQLSTATE of the error.
///
/// # Errors
/// A target fault.
pub async fn default_value(
    session: &Session,
    column: &TryColumn,
) -> Result<std::result::Result<bool, String>> {
    let value = column.filled_by.as_deref().unwrap_or("NULL");
    let sql = format!("SELECT num_nulls(({value})::{}) > 0", column.type_text);
    let found = read_only(session, &sql, &[]).await?;
    Ok(found.map(|row| row.is_some_and(|row| row.get(0))))
}

/// The first row of the answer, or the SQLSTATE where there is none. A function of theirs must not write; all three statements are
/// sent before the first answer is read.
async fn read_only(
    session: &Session,
    sql: &str,
    params: &[(&(dyn ToSql + Sync), Type)],
) -> Result<std::result::Result<Option<Row>, String>> {
    let client = session.client();
    let (begun, asked, ended) = futures::join!(
        client.batch_execute("BEGIN READ ONLY"),
        client.query_typed(sql, params),
        client.batch_execute("ROLLBACK"),
    );
    match begun.and(asked).and_then(|rows| ended.map(|()| rows)) {
        Ok(rows) => Ok(Ok(rows.into_iter().next())),
        Err(error) => match error.code().filter(|_| !session.client().is_closed()) {
            Some(state) => Ok(Err(state.code().to_owned())),
            None => Err(session.explain(error, "trying rows").await),
        },
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
            .map(|one| one.columns.as_ref().filter(|_| one.rows.is_none()))
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
        let found = read_only(session, &self.sql(tries), &params).await?;
        Ok(found.map(|row| row.map_or_else(Vec::new, |row| answers(&row, tries))))
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
            let nothing = "NULL".to_owned();
            // A number that is drawn is gone, and which one it will be is not known.
            let filled_by = column.filled_by.as_ref().filter(|filled_by| !filled_by.contains("nextval("));
            let value = filled_by.unwrap_or(&nothing);
            format!(", ({value})::{} AS {}", column.type_text, quote(&column.name))
        };
        columns.map(one).collect()
    }
}

/// What the server says of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// rows that do not meet it, and the numbers of the first in the batch, from 1
    Bad(u64, Vec<u64>),
    /// a hash of each row's key; none where the row has none
    Keys(Vec<Option<i64>>),
    /// rows whose keys are long
    Long(Vec<KeyRow>),
}

/// A row with a long key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// its number in the batch, from 1
    pub number: u64,
    /// what its key is made of
    pub parts: Vec<KeyPart>,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPart {
    /// its bytes as they are stored, where they are known
    pub bytes: Option<Vec<u8>>,
    /// how many there are, with a header of 4 where it has one; none of NULL
    pub size: Option<usize>,
}

fn numbers(row: &Row, at: usize) -> impl Iterator<Item = u64> + use<> {
    row.get::<_, Option<Vec<i64>>>(at).unwrap_or_default().into_iter().map(i64::cast_unsigned)
}

/// Numbers of rows, then for each part of the key their bytes and their sizes.
fn long_keys(row: &Row, from: usize, parts: usize) -> Vec<KeyRow> {
    let mut rows: Vec<KeyRow> =
        numbers(row, from).map(|number| KeyRow { number, parts: Vec::with_capacity(parts) }).collect();
    for part in 0..parts {
        let at = from + 1 + 2 * part;
        let bytes: Vec<Option<Vec<u8>>> = row.get::<_, Option<_>>(at).unwrap_or_default();
        let sizes: Vec<Option<i32>> = row.get::<_, Option<_>>(at + 1).unwrap_or_default();
        for (row, (bytes, size)) in rows.iter_mut().zip(bytes.into_iter().zip(sizes)) {
            row.parts.push(KeyPart { bytes, size: size.and_then(|size| usize::try_from(size).ok()) });
        }
    }
    rows
}

fn answers(row: &Row, tries: &[&Try]) -> Vec<Answer> {
    let mut at = 0;
    let mut take = |one: &&Try| {
        if one.kind == TryKind::Unique {
            at += 1;
            return Answer::Keys(row.get::<_, Option<_>>(at - 1).unwrap_or_default());
        }
        if one.kind == TryKind::Length {
            let from = at;
            at += 1 + 2 * one.keys.len();
            return Answer::Long(long_keys(row, from, one.keys.len()));
        }
        at += 2;
        let numbers = numbers(row, at - 1).collect();
        Answer::Bad(row.get::<_, i64>(at - 2).cast_unsigned(), numbers)
    };
    tries.iter().map(&mut take).collect()
}
