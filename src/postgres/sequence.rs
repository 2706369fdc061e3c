//! Sequences of the target: read, set past the data, and read back; one by one, or many by a few statements.

use super::session::Session;
use super::step::execute;
use crate::error::{Error, Result};
use crate::ident::{literal, qualified, quote};
use crate::limits::SEQUENCES_AT_ONCE;
use futures::future::try_join_all;
use tokio_postgres::Row;

/// The statement that sets the sequence of `place`, in `schema`, past `largest`; and what comes first where it ends at `last`
/// already.
pub fn catch_up(schema: &str, place: &Place, largest: i64, last: Option<i64>) -> String {
    let (table, column) = (literal(&qualified(schema, &place.table)), literal(&place.column));
    let set = format!("SELECT setval(pg_get_serial_sequence({table}, {column}), {largest}, true)");
    match last {
        Some(last) if last <= largest => {
            format!("it cannot give more than {last}: ALTER SEQUENCE … AS bigint NO MAXVALUE, then {set}")
        }
        _ => set,
    }
}

/// A column whose sequence is meant, and where it has to get to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// the table
    pub table: String,
    /// the column
    pub column: String,
    /// the sequence goes past this at least
    pub floor: Option<i64>,
}

/// How far a sequence may be set, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceRange {
    /// the sequence, qualified and quoted
    pub name: String,
    /// the largest value that it takes
    pub max: i64,
    /// what lies between one value and the next; negative where it counts down
    pub step: i64,
    /// it begins again after its last value
    pub cycles: bool,
    /// the type of its column
    pub column_type: String,
    /// rights on it that this role would need
    pub lacking: Vec<String>,
    /// where it is; none where this role may not read that
    pub state: Option<SequenceState>,
}

/// What became of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceState {
    /// the next value it will give, as read back; none where it has none left
    pub next: Option<i64>,
    /// it was behind and has been moved
    pub moved: bool,
    /// largest value in the column
    pub largest: Option<i64>,
    /// largest value that it can give
    pub last: Option<i64>,
}

impl SequenceState {
    /// `n = max(seq, max(id))`, past which the sequence belongs (semantics.md §3.2); none where it may stay where it begins.
    fn wanted(&self, floor: Option<i64>) -> Option<i64> {
        [self.largest, floor].into_iter().flatten().max().filter(|n| *n >= 1)
    }

    /// The value that it is to be set to, where it is behind.
    pub fn behind(&self, floor: Option<i64>) -> Option<i64> {
        self.wanted(floor).filter(|n| self.next.is_some_and(|next| next <= *n))
    }
}

/// Sets each sequence past the largest value in its column, past its floor, and never back; reads it back. `setval(n, true)`;
/// one that gives its first value next is left where `n < 1` (semantics.md §3.2).
///
/// # Errors
/// A target fault; an internal error where a sequence, read back, would still collide.
pub async fn set(session: &Session, schema: &str, places: &[Place]) -> Result<Vec<SequenceState>> {
    let names = names(session, schema, places).await?;
    let before = states(session, schema, places, &names).await?;
    let moves: Vec<String> = before
        .iter()
        .zip(places)
        .zip(&names)
        .filter_map(|((state, place), name)| Some((state.behind(place.floor)?, name)))
        .map(|(n, name)| format!("setval({}, {n}, true)", literal(name)))
        .collect();
    if moves.is_empty() {
        return Ok(before);
    }
    execute(session, &format!("SELECT {}", moves.join(", "))).await?;
    let after = states(session, schema, places, &names).await?;
    for (place, state) in places.iter().zip(&after) {
        if state.behind(place.floor).is_some() {
            return Err(Error::internal("its next value, read back, is still not past the largest one")
                .at(place_text(place)));
        }
    }
    let moved = |(before, after): (&SequenceState, SequenceState)| SequenceState {
        moved: before.next != after.next,
        ..after
    };
    Ok(before.iter().zip(after).map(moved).collect())
}

/// Where each sequence is, without changing anything; none where the column has no sequence.
///
/// # Errors
/// A target fault that names the sequence.
pub async fn read(session: &Session, schema: &str, places: &[Place]) -> Result<Vec<Option<SequenceState>>> {
    if let Ok(states) = read_together(session, schema, places).await {
        return Ok(states);
    }
    let mut states = Vec::with_capacity(places.len());
    for place in places {
        states.extend(read_together(session, schema, std::slice::from_ref(place)).await?);
    }
    Ok(states)
}

/// How far the sequence of each place may be set, without changing anything.
///
/// # Errors
/// A target fault.
pub async fn ranges(session: &Session, schema: &str, places: &[Place]) -> Result<Vec<SequenceRange>> {
    let names = names(session, schema, places).await?;
    let part = |(i, (place, name)): (usize, (&Place, &String))| {
        format!(
            "SELECT {i} AS i, n.nspname::text AS of, c.relname::text AS name, s.seqmax::text, s.seqincrement::text, s.seqcycle,
                    ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'UPDATE']) p WHERE NOT has_sequence_privilege(c.oid, p)) AS lacking,
                    (SELECT format_type(a.atttypid, NULL) FROM pg_attribute a
                     WHERE a.attrelid = {}::regclass AND a.attname = {}) AS type
             FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE s.seqrelid = {}::regclass",
            literal(&qualified(schema, &place.table)),
            literal(&place.column),
            literal(name)
        )
    };
    let parts: Vec<String> = places.iter().zip(&names).enumerate().map(part).collect();
    let found =
        rows(session, places, &parts, "of, name, seqmax, seqincrement, lacking, type, seqcycle").await?;
    let mut ranges: Vec<SequenceRange> = found.iter().map(range).collect();
    for ((range, place), name) in ranges.iter_mut().zip(places).zip(names) {
        if !range.lacking.iter().any(|right| right == "SELECT") {
            range.state = states(session, schema, std::slice::from_ref(place), &[name]).await?.pop();
        }
    }
    Ok(ranges)
}

fn range(row: &Row) -> SequenceRange {
    let number = |i: usize| row.get::<_, String>(i).parse().unwrap_or(0);
    SequenceRange {
        name: qualified(row.get(0), row.get(1)),
        max: number(2),
        step: number(3),
        lacking: row.get(4),
        column_type: row.get(5),
        cycles: row.get(6),
        state: None,
    }
}

async fn read_together(
    session: &Session,
    schema: &str,
    places: &[Place],
) -> Result<Vec<Option<SequenceState>>> {
    let found = find(session, schema, places).await?;
    let there = places.iter().cloned().zip(found.iter().cloned());
    let (places, names): (Vec<Place>, Vec<String>) =
        there.filter_map(|(place, name)| Some((place, name?))).unzip();
    let mut states = states(session, schema, &places, &names).await?.into_iter();
    Ok(found.iter().map(|name| name.as_ref().and_then(|_| states.next())).collect())
}

fn place_text(place: &Place) -> String {
    format!("sequence of \"{}\".\"{}\"", place.table, place.column)
}

/// Gives one row for each place, in their order, of `parts`, each a query of its own for one of them. They are asked for by
/// some at once, since the server's planner takes time with the square of their number, and all before the first answer.
async fn rows(session: &Session, places: &[Place], parts: &[String], columns: &str) -> Result<Vec<Row>> {
    let some = parts.chunks(SEQUENCES_AT_ONCE).map(|parts| async move {
        let sql = format!("SELECT {columns} FROM ({}) AS p ORDER BY i", parts.join(" UNION ALL "));
        session.client().query_typed(&sql, &[]).await
    });
    match try_join_all(some).await.map(|rows| rows.into_iter().flatten().collect::<Vec<Row>>()) {
        Ok(rows) if rows.len() == places.len() => Ok(rows),
        Ok(_) => Err(Error::internal("a sequence that was read is not in the answer")),
        Err(error) => {
            let error = session.explain(error, "reading the sequence").await;
            Err(if let [place] = places { error.at(place_text(place)) } else { error })
        }
    }
}

/// The name of each place's sequence, which must be there.
async fn names(session: &Session, schema: &str, places: &[Place]) -> Result<Vec<String>> {
    let found = find(session, schema, places).await?.into_iter().zip(places);
    found.map(|(name, place)| name.ok_or_else(|| no_sequence(place))).collect()
}

/// A column that gave numbers when the plan was made, and gives none now.
pub fn no_sequence(place: &Place) -> Error {
    let remedy = format!(
        "bring it back: ALTER TABLE … ALTER COLUMN {} ADD GENERATED BY DEFAULT AS IDENTITY; then run the same command again",
        quote(&place.column)
    );
    Error::target_fault("the column has no sequence of its own").at(place_text(place)).remedy(remedy)
}

/// The name of each place's sequence as SQL spells it.
async fn find(session: &Session, schema: &str, places: &[Place]) -> Result<Vec<Option<String>>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(i, place): (usize, &Place)| {
        format!("SELECT {i} AS i, ({})::text AS q", sequence_name(schema, &place.table, &place.column))
    };
    let parts: Vec<String> = places.iter().enumerate().map(part).collect();
    let found = rows(session, places, &parts, "q").await?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}

async fn states(
    session: &Session,
    schema: &str,
    places: &[Place],
    names: &[String],
) -> Result<Vec<SequenceState>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(i, (place, name)): (usize, (&Place, &String))| {
        format!(
            "SELECT {i} AS i,
                    CASE WHEN q.is_called THEN q.last_value::numeric + s.seqincrement ELSE q.last_value END::text AS next,
                    (SELECT max({})::text FROM {}) AS largest, s.seqmax::text AS seqmax
             FROM {name} q, pg_sequence s WHERE s.seqrelid = {}::regclass",
            quote(&place.column),
            qualified(schema, &place.table),
            literal(name)
        )
    };
    let parts: Vec<String> = places.iter().zip(names).enumerate().map(part).collect();
    let found = rows(session, places, &parts, "next, largest, seqmax").await?;
    Ok(found.iter().map(state).collect())
}

fn state(row: &Row) -> SequenceState {
    let number = |i: usize| -> Option<i64> { row.get::<_, Option<String>>(i)?.parse().ok() };
    let last = number(2);
    let next = number(0).filter(|next| last.is_some_and(|last| *next <= last));
    SequenceState { next, moved: false, largest: number(1), last }
}

/// The sequence that the column owns, else the one that its default takes numbers from. The first argument of
/// `pg_get_serial_sequence` is quoted SQL, the second a bare name (semantics.md §3.2).
fn sequence_name(schema: &str, table: &str, column: &str) -> String {
    let (table, column) = (literal(&qualified(schema, table)), literal(column));
    format!(
        "coalesce(pg_get_serial_sequence({table}, {column}),
                  (SELECT min(q.oid::regclass::text) FROM pg_attrdef f
                     JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
                     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                     JOIN pg_class q ON d.refclassid = 'pg_class'::regclass AND q.oid = d.refobjid AND q.relkind = 'S'
                   WHERE f.adrelid = {table}::regclass AND a.attname = {column}))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_behind_until_it_gives_a_value_past_the_largest() {
        let at = |next, largest| SequenceState { next, moved: false, largest, last: Some(i64::MAX) };
        assert_eq!(at(Some(1), Some(7)).behind(None), Some(7));
        assert_eq!(at(Some(8), Some(7)).behind(None), None);
        assert_eq!(at(Some(8), Some(7)).behind(Some(9)), Some(9));
        assert_eq!(at(Some(1), Some(-3)).behind(None), None);
        assert_eq!(at(Some(1), None).behind(None), None);
        assert_eq!(at(None, Some(7)).behind(None), None);
    }
}
