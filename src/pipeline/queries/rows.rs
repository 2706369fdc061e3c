//! Results as they are held and compared: cells, up to a bound.

use crate::counts::plural;
use crate::digest::{Cell, CellReader, Meaning};
use crate::limits::QUERY_CELLS_MAX;
use crate::value::Value;
use std::cmp::Ordering;

/// The rows of one result.
#[derive(Debug)]
pub(super) struct Rows {
    meanings: Vec<Meaning>,
    reader: CellReader,
    cells: Vec<Cell>,
    /// rows that were seen
    pub(super) count: u64,
    /// there are more than are held
    pub(super) is_cut: bool,
}

impl Rows {
    /// None yet, of columns with these meanings.
    pub(super) fn new(meanings: &[Meaning]) -> Rows {
        let meanings = meanings.to_vec();
        Rows { meanings, reader: CellReader::default(), cells: Vec::new(), count: 0, is_cut: false }
    }

    /// A row of the source; whether there may be more.
    pub(super) fn source(&mut self, values: &[Value<'_>]) -> bool {
        let Rows { meanings, reader, cells, .. } = self;
        cells.extend(values.iter().zip(meanings).map(|(value, meaning)| reader.source(*value, meaning)));
        self.next()
    }

    /// A row of the target; whether there may be more.
    pub(super) fn target(&mut self, fields: &[Option<&[u8]>]) -> bool {
        let Rows { meanings, reader, cells, .. } = self;
        cells.extend(fields.iter().zip(meanings).map(|(field, meaning)| reader.target(*field, meaning)));
        self.next()
    }

    fn next(&mut self) -> bool {
        self.count += 1;
        self.is_cut = self.cells.len() >= QUERY_CELLS_MAX;
        !self.is_cut
    }

    fn rows(&self) -> Vec<&[Cell]> {
        self.cells.chunks(self.meanings.len().max(1)).collect()
    }
}

fn is_same(one: &[Cell], two: &[Cell]) -> bool {
    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.is_same(*two))
}

fn order(one: &[Cell], two: &[Cell]) -> Ordering {
    let cells = one.iter().zip(two).map(|(one, two)| one.order(*two));
    cells.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// In what two results differ, in words without values; none where they are the same.
pub(super) fn difference(source: &Rows, target: &Rows, ordered: bool, columns: &[String]) -> Option<String> {
    let (one, two) = (source.rows(), target.rows());
    if ordered && one.len() == two.len() && one.iter().zip(&two).all(|(one, two)| is_same(one, two)) {
        return None;
    }
    let (mut ours, mut theirs) = (one.clone(), two.clone());
    ours.sort_by(|a, b| order(a, b));
    theirs.sort_by(|a, b| order(a, b));
    let (missing, extra) = apart(&ours, &theirs);
    match (missing, extra) {
        (0, 0) if !ordered => None,
        (0, 0) => Some(
            "the same rows in another order: rows with equal sort keys, or texts sorted by another collation \
             (`-- order: any` compares without it)"
                .to_owned(),
        ),
        (missing, extra) => {
            let counts = format!("{} only in the source, {extra} only in the target", plural(missing as u64, "row"));
            let first = if ordered { first(&one, &two, columns) } else { None };
            Some(first.map_or(counts.clone(), |first| format!("{counts}; {first}")))
        }
    }
}

/// Rows of sorted results that only the one or the other has.
fn apart(ours: &[&[Cell]], theirs: &[&[Cell]]) -> (usize, usize) {
    let (mut i, mut j, mut missing, mut extra) = (0, 0, 0, 0);
    while let (Some(one), Some(two)) = (ours.get(i), theirs.get(j)) {
        match order(one, two) {
            Ordering::Equal => (i, j) = (i + 1, j + 1),
            Ordering::Less => (i, missing) = (i + 1, missing + 1),
            Ordering::Greater => (j, extra) = (j + 1, extra + 1),
        }
    }
    (missing + ours.len() - i, extra + theirs.len() - j)
}

/// The first row that differs, and the columns in which it does.
fn first(one: &[&[Cell]], two: &[&[Cell]], columns: &[String]) -> Option<String> {
    let pairs = one.iter().zip(two).enumerate();
    let (at, (one, two)) = pairs.into_iter().find(|(_, (one, two))| !is_same(one, two))?;
    let cells = one.iter().zip(*two).zip(columns);
    let names: Vec<String> =
        cells.filter(|((one, two), _)| !one.is_same(**two)).map(|(_, name)| format!("\"{name}\"")).collect();
    Some(format!("first in row {}: column {}", at + 1, names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::types::{Codec, Mapping, PgType};

    fn rows(of: &[(i64, f64)]) -> Rows {
        let number = |pg| Meaning { mapping: Mapping { pg, codec: Codec::NumberByValue }, approximate: true };
        let mut rows = Rows::new(&[number(PgType::Int8), number(PgType::Float8)]);
        for (a, b) in of {
            assert!(rows.source(&[Value::Integer(*a), Value::Real(*b)]));
        }
        rows
    }

    fn told(one: &[(i64, f64)], two: &[(i64, f64)], ordered: bool) -> Option<String> {
        difference(&rows(one), &rows(two), ordered, &["a".to_owned(), "b".to_owned()])
    }

    #[test]
    fn what_differs_is_counted_and_named() {
        let one = [(1, 0.5), (2, 0.25), (2, 0.25)];
        assert_eq!(told(&one, &one, true), None);
        assert_eq!(told(&one, &[(2, 0.25), (1, 0.5 + 1e-15), (2, 0.25)], false), None);
        let turned = told(&one, &[(2, 0.25), (1, 0.5), (2, 0.25)], true).unwrap();
        assert!(turned.contains("another order"), "{turned}");
        let fewer = told(&one, &[(1, 0.5), (2, 0.25)], false).unwrap();
        assert_eq!(fewer, "1 row only in the source, 0 only in the target");
        let changed = told(&one, &[(1, 0.5), (2, 0.26), (2, 0.25)], true).unwrap();
        assert!(changed.ends_with("first in row 2: column \"b\""), "{changed}");
        assert!(told(&[], &[(1, 1.0)], true).unwrap().starts_with("0 rows only in the source, 1"));
    }
}
