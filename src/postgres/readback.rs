//! Reads a table back as a binary COPY stream, in one snapshot, for verification (semantics.md §6.1).

use super::session::Session;
use super::wire::{Exchange, WireFault};
use crate::error::Result;
use crate::ident::{literal, qualified, quote, quote_list};

/// A table's rows on their way back.
pub struct ReadBack<'a> {
    session: &'a Session,
    exchange: Exchange,
    table: String,
}

impl std::fmt::Debug for ReadBack<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadBack({})", self.table)
    }
}

/// Opens a read-only snapshot on this session; ends with [`end_snapshot`].
///
/// # Errors
/// A target fault.
pub async fn begin_snapshot(session: &Session) -> Result<()> {
    match session.client().batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "beginning a snapshot").await),
    }
}

/// Opens a snapshot that other sessions can look through as long as this one keeps it: its name, none where the server gives
/// none. Ends with [`end_snapshot`] either way.
///
/// # Errors
/// A target fault.
pub async fn export_snapshot(session: &Session) -> Result<Option<String>> {
    begin_snapshot(session).await?;
    let exported = session.client().query_typed("SELECT pg_export_snapshot()", &[]).await;
    Ok(exported.ok().and_then(|rows| rows.first().map(|row| row.get(0))))
}

/// As [`begin_snapshot`], looking through the snapshot of that name; through one of its own where that is gone.
///
/// # Errors
/// A target fault.
pub async fn begin_in(session: &Session, snapshot: &str) -> Result<()> {
    begin_snapshot(session).await?;
    let sql = format!("SET TRANSACTION SNAPSHOT {}", literal(snapshot));
    match session.client().batch_execute(&sql).await {
        Ok(()) => Ok(()),
        // Whoever kept it has lost its connection: what is seen then is a later state, in which a copy is the same.
        Err(error) if error.as_db_error().is_some() => {
            end_snapshot(session).await?;
            begin_snapshot(session).await
        }
        Err(error) => Err(session.explain(error, "beginning a snapshot").await),
    }
}

/// Ends the snapshot.
///
/// # Errors
/// A target fault.
pub async fn end_snapshot(session: &Session) -> Result<()> {
    match session.client().batch_execute("COMMIT").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "ending a snapshot").await),
    }
}

/// `count(*)` of a table.
///
/// # Errors
/// A target fault.
pub async fn count(session: &Session, schema: &str, table: &str) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {}", qualified(schema, table));
    match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned())),
        Err(error) => Err(session.explain(error, "counting rows").await.at(format!("table \"{table}\""))),
    }
}

/// Starts the stream of `columns` of all rows of a table; of the parent and not its children, except where it is partitioned.
///
/// # Errors
/// A target fault.
pub async fn open<'a>(
    session: &'a Session,
    schema: &str,
    table: &str,
    columns: &[&str],
) -> Result<ReadBack<'a>> {
    let columns = quote_list(columns.iter().copied());
    stream(session, table, &format!("SELECT {columns} FROM {}", qualified(schema, table))).await
}

/// Starts the stream of `rows` of a table; before `columns` stand the two that [`Place::read`] takes.
///
/// # Errors
/// A target fault.
pub async fn open_placed<'a>(
    session: &'a Session,
    schema: &str,
    table: &str,
    columns: &[&str],
    rows: &Rows<'_>,
) -> Result<ReadBack<'a>> {
    let (columns, table_name) = (quote_list(columns.iter().copied()), qualified(schema, table));
    let which = rows.sql();
    stream(session, table, &format!("SELECT tableoid, ctid, {columns} FROM {table_name}{which}")).await
}

async fn stream<'a>(session: &'a Session, table: &str, query: &str) -> Result<ReadBack<'a>> {
    match begin(session, query).await {
        Ok(exchange) => Ok(ReadBack { session, exchange, table: table.to_owned() }),
        Err(fault) => Err(session.explain_wire(fault, "reading back").await.at(format!("table \"{table}\""))),
    }
}

async fn begin(session: &Session, query: &str) -> std::result::Result<Exchange, WireFault> {
    let mut exchange = session.exchange().await?;
    exchange.statement(&format!("COPY ({query}) TO STDOUT (FORMAT binary)"))?;
    exchange.flush().await?;
    Ok(exchange)
}

/// Where a row is, within one snapshot: table (a partition, perhaps), block, item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    table: u32,
    block: u32,
    item: u16,
}

impl Place {
    /// From the fields of `tableoid` and `ctid`.
    pub fn read(table: Option<&[u8]>, ctid: Option<&[u8]>) -> Option<Place> {
        let (block, item) = ctid?.split_first_chunk::<4>()?;
        Some(Place {
            table: u32::from_be_bytes(table?.try_into().ok()?),
            block: u32::from_be_bytes(*block),
            item: u16::from_be_bytes(item.try_into().ok()?),
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({},{})", self.block, self.item)
    }
}

/// Which rows of a table, and in which order.
#[derive(Debug)]
pub enum Rows<'a> {
    /// all, in no order
    All,
    /// those whose integer key is above `after` and not above `upto`, in its order; rows without a key come first,
    /// where `after` is open
    Keys {
        /// the key's column
        column: &'a str,
        /// the last key before them
        after: Option<i64>,
        /// their last key
        upto: Option<i64>,
    },
    /// those at these places
    At(&'a [Place]),
    /// those whose integer key is one of `keys`, in its order
    Among {
        /// the key's column
        column: &'a str,
        /// the keys
        keys: &'a [i64],
    },
    /// those that a condition lets through: ` WHERE …`
    Where(&'a str),
}

impl Rows<'_> {
    fn sql(&self) -> String {
        match self {
            Rows::All => String::new(),
            Rows::Keys { column, after, upto } => {
                let key = quote(column);
                let which = match (after, upto) {
                    (None, None) => String::new(),
                    (None, Some(upto)) => format!(" WHERE {key} <= {upto} OR {key} IS NULL"),
                    (Some(after), None) => format!(" WHERE {key} > {after}"),
                    (Some(after), Some(upto)) => format!(" WHERE {key} > {after} AND {key} <= {upto}"),
                };
                format!("{which} ORDER BY {key} NULLS FIRST")
            }
            // Partitions may each have a row at one place: whoever asked takes those of the right table.
            Rows::At(places) => {
                let ctids: Vec<String> = places.iter().map(|place| format!("\"{place}\"")).collect();
                format!(" WHERE ctid = ANY ('{{{}}}'::tid[])", ctids.join(","))
            }
            Rows::Among { column, keys } => {
                let (key, keys) = (quote(column), keys.iter().map(i64::to_string).collect::<Vec<_>>());
                format!(" WHERE {key} = ANY ('{{{}}}'::bigint[]) ORDER BY {key} NULLS FIRST", keys.join(","))
            }
            Rows::Where(condition) => (*condition).to_owned(),
        }
    }
}

/// The texts of `columns` of the row at `place`, as PostgreSQL writes them, cut after `chars_max` characters.
///
/// # Errors
/// A target fault.
pub async fn texts(
    session: &Session,
    schema: &str,
    table: &str,
    columns: &[&str],
    place: Place,
    chars_max: usize,
) -> Result<Vec<Option<String>>> {
    let texts: Vec<String> =
        columns.iter().map(|column| format!("left({}::text, {chars_max})", quote(column))).collect();
    let (texts, name) = (texts.join(", "), qualified(schema, table));
    let sql = format!("SELECT {texts} FROM {name} WHERE ctid = '{place}' AND tableoid = {}", place.table);
    match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => Ok(rows
            .first()
            .map_or_else(Vec::new, |row| (0..row.len()).map(|i| row.try_get(i).ok().flatten()).collect())),
        Err(error) => Err(session.explain(error, "reading values").await.at(format!("table \"{table}\""))),
    }
}

impl ReadBack<'_> {
    /// Waits for the next bytes of the stream, many rows where rows are small, and hands them to `take` where they lie:
    /// in parts that may end anywhere, but are usually a row each. False at the end. A stream that is dropped before,
    /// after an error of `take` too, closes the session's connection.
    ///
    /// # Errors
    /// A target fault, or the first error of `take`.
    pub async fn read(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let mut taken = Ok(());
        let read = self
            .exchange
            .read(|bytes| {
                if taken.is_ok() {
                    taken = take(bytes);
                }
            })
            .await;
        taken?;
        match read {
            Ok(goes_on) => Ok(goes_on),
            Err(fault) => Err(self
                .session
                .explain_wire(fault, "reading back")
                .await
                .at(format!("table \"{}\"", self.table))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_from_its_fields_and_written_as_a_ctid() {
        let place = Place::read(Some(&[0, 0, 64, 1]), Some(&[0, 0, 0, 7, 0, 3])).unwrap();
        assert_eq!((place.table, place.to_string()), (16385, "(7,3)".to_owned()));
        assert_eq!(Place::read(Some(&[0]), Some(&[0, 0, 0, 7, 0, 3])), None);
        assert_eq!(Place::read(Some(&[0, 0, 64, 1]), None), None);
        assert_eq!(Rows::At(&[place, place]).sql(), " WHERE ctid = ANY ('{\"(7,3)\",\"(7,3)\"}'::tid[])");
    }

    #[test]
    fn ranges_of_keys_meet_without_a_gap() {
        let sql = |after, upto| Rows::Keys { column: "id", after, upto }.sql();
        assert_eq!(sql(None, Some(9)), " WHERE \"id\" <= 9 OR \"id\" IS NULL ORDER BY \"id\" NULLS FIRST");
        assert_eq!(sql(Some(9), None), " WHERE \"id\" > 9 ORDER BY \"id\" NULLS FIRST");
    }
}
