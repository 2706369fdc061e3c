//! The target's rows, read again within the snapshot of the comparison.

use super::forms::{Cell, Forms, Row};
use super::{Look, Side};
use crate::digest::{Fields, RowHasher, TupleReader};
use crate::error::{Error, Result};
use crate::plan::TablePlan;
use crate::plan::types::Mapping;
use crate::postgres::readback::{self, Place, ReadBack, Rows};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// `tableoid` and `ctid` come before the columns.
const PLACE_COLUMNS: usize = 2;

/// A stream of rows as hashes with their places. Memory: the rows of one read, and one row.
pub(super) struct TargetRows<'a> {
    stream: ReadBack<'a>,
    reader: TupleReader,
    forms: Forms,
    /// the column that holds the integer key
    key: Option<usize>,
    batch: VecDeque<Row<Place>>,
    /// the stream has ended, and must not be asked again
    ended: bool,
    table: String,
}

impl<'a> TargetRows<'a> {
    pub(super) async fn open(
        look: &Look<'a>,
        side: &Side,
        key: Option<usize>,
        rows: &Rows<'_>,
    ) -> Result<TargetRows<'a>> {
        let plan = &side.plan;
        Ok(TargetRows {
            stream: placed(look, plan, rows).await?,
            reader: TupleReader::new(plan.columns.len() + PLACE_COLUMNS),
            forms: Forms::new(plan, &side.key),
            key,
            batch: VecDeque::new(),
            ended: false,
            table: plan.target.clone(),
        })
    }

    /// The next row, which stays.
    ///
    /// # Errors
    /// A target fault.
    pub(super) async fn peek(&mut self) -> Result<Option<Row<Place>>> {
        while self.batch.is_empty() && !self.ended {
            let TargetRows { stream, reader, forms, key, batch, table, .. } = self;
            let mut lost = false;
            let mut take = |part: &[u8]| {
                let fed = reader.feed(part, |fields| match row(forms, *key, fields) {
                    Some(row) => batch.push_back(row),
                    None => lost = true,
                });
                fed.map_err(|error| unreadable(table, error))
            };
            let goes_on = stream.read(&mut take).await?;
            if lost {
                return Err(unreadable(&self.table, "a row has no place"));
            }
            if !goes_on {
                self.ended = true;
                self.reader.finish().map_err(|error| unreadable(&self.table, error))?;
            }
        }
        Ok(self.batch.front().copied())
    }

    pub(super) fn pass(&mut self) {
        self.batch.pop_front();
    }
}

async fn placed<'a>(look: &Look<'a>, plan: &TablePlan, rows: &Rows<'_>) -> Result<ReadBack<'a>> {
    let columns: Vec<&str> = plan.columns.iter().map(|column| column.target.as_str()).collect();
    readback::open_placed(look.session, look.schema, &plan.target, &columns, rows).await
}

fn unreadable(table: &str, error: impl std::fmt::Display) -> Error {
    Error::target_fault(format!("the rows read back are not a COPY stream: {error}"))
        .at(format!("table \"{table}\""))
}

fn row(forms: &mut Forms, key: Option<usize>, fields: &Fields<'_>) -> Option<Row<Place>> {
    let place = Place::read(fields.get(0), fields.get(1))?;
    for (i, mapping) in forms.mappings.iter().enumerate() {
        forms.row.target_field(fields.get(i + PLACE_COLUMNS), mapping);
    }
    let hash = forms.row.finish();
    let mut has_null = false;
    for &i in &forms.key {
        let field = fields.get(i + PLACE_COLUMNS);
        has_null |= field.is_none();
        forms.of_key.target_field(field, &forms.mappings[i]);
    }
    let group = forms.group(&hash, has_null);
    let key = key.and_then(|i| super::super::verify::integer(fields.get(i + PLACE_COLUMNS)?));
    Some(Row { key, group, hash, place })
}

/// The cells of the rows at `places`.
///
/// # Errors
/// A target fault.
pub(super) async fn cells(
    look: &Look<'_>,
    side: &Side,
    places: &BTreeSet<Place>,
) -> Result<HashMap<Place, Vec<Cell>>> {
    let (plan, mut found) = (&side.plan, HashMap::new());
    if places.is_empty() {
        return Ok(found);
    }
    let mappings: Vec<Mapping> = plan.columns.iter().map(|column| column.mapping.clone()).collect();
    let list: Vec<Place> = places.iter().copied().collect();
    let mut hasher = RowHasher::new(side.secret);
    let mut reader = TupleReader::new(plan.columns.len() + PLACE_COLUMNS);
    let mut stream = placed(look, plan, &Rows::At(&list)).await?;
    let mut take = |part: &[u8]| {
        let fed = reader.feed(part, |fields| {
            let place = Place::read(fields.get(0), fields.get(1));
            if let Some(place) = place.filter(|place| places.contains(place)) {
                found.insert(place, row_cells(&mut hasher, fields, &mappings));
            }
        });
        fed.map_err(|error| unreadable(&plan.target, error))
    };
    while stream.read(&mut take).await? {}
    reader.finish().map_err(|error| unreadable(&plan.target, error))?;
    Ok(found)
}

fn row_cells(hasher: &mut RowHasher, fields: &Fields<'_>, mappings: &[Mapping]) -> Vec<Cell> {
    let cell = |(i, mapping): (usize, &Mapping)| {
        let field = fields.get(i + PLACE_COLUMNS);
        hasher.target_field(field, mapping);
        let class = if field.is_none() { Some(crate::value::Class::Null) } else { None };
        let bytes = field.map_or(0, |field| field.len() as u64);
        Cell { class, bytes, hash: hasher.finish(), value: None }
    };
    mappings.iter().enumerate().map(cell).collect()
}
