//! Which of the rows that are gone became which of the rows that are new, where no key tells: the closest ones, and only
//! where there is no doubt.

use crate::digest::RowHash;

/// Pairs of indexes into `gone` and `new`: rows that differ in at most `differing_max` columns, each the only closest
/// one of the other. Rows without cells (they could not be read again) have no partner.
pub(super) fn closest(
    gone: &[Option<Vec<RowHash>>],
    new: &[Option<Vec<RowHash>>],
    differing_max: usize,
) -> Vec<(usize, usize)> {
    let distance = |a: &Option<Vec<RowHash>>, b: &Option<Vec<RowHash>>| match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).filter(|(a, b)| a != b).count(),
        _ => usize::MAX,
    };
    let table: Vec<Vec<usize>> = gone.iter().map(|a| new.iter().map(|b| distance(a, b)).collect()).collect();
    let (mut rows, mut columns): (Vec<usize>, Vec<usize>) =
        ((0..gone.len()).collect(), (0..new.len()).collect());
    let mut pairs = Vec::new();
    loop {
        let row_best = |&column: &usize| only_least(rows.iter().map(|&row| (row, table[row][column])));
        let found: Vec<(usize, usize)> = rows
            .iter()
            .filter_map(|&row| {
                let (column, least) = only_least(columns.iter().map(|&column| (column, table[row][column])))?;
                let mutual = least <= differing_max && row_best(&column)?.0 == row;
                mutual.then_some((row, column))
            })
            .collect();
        if found.is_empty() {
            return pairs;
        }
        rows.retain(|row| !found.iter().any(|(taken, _)| taken == row));
        columns.retain(|column| !found.iter().any(|(_, taken)| taken == column));
        pairs.extend(found);
    }
}

/// The least of the distances, unless two have it.
fn only_least(distances: impl Iterator<Item = (usize, usize)>) -> Option<(usize, usize)> {
    let mut least: Option<(usize, usize)> = None;
    let mut alone = false;
    for (index, distance) in distances {
        match least {
            Some((_, known)) if distance > known => {}
            Some((_, known)) if distance == known => alone = false,
            _ => (least, alone) = (Some((index, distance)), true),
        }
    }
    least.filter(|_| alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(all: &[&str]) -> Vec<Option<Vec<RowHash>>> {
        let cells = |row: &&str| row.bytes().map(|byte| RowHash::from_bytes([byte; 32])).collect();
        all.iter().map(|row| Some(cells(row))).collect()
    }

    #[test]
    fn only_what_is_beyond_doubt_is_paired() {
        for (gone, new, differing_max, expected) in [
            (vec!["abc"], vec!["abd"], 1, vec![(0, 0)]),
            (vec!["abc"], vec!["axd"], 1, vec![]),
            (vec!["abc", "uvw"], vec!["uvx", "abx"], 1, vec![(0, 1), (1, 0)]),
            (vec!["ab"], vec!["ax", "ay"], 1, vec![]),
            (vec!["a"], vec!["b"], 1, vec![(0, 0)]),
            (vec!["a", "b"], vec!["c", "d"], 1, vec![]),
            // Taken in the first round, a partner is no rival in the second.
            (vec!["abcd", "axyd"], vec!["abcz", "axcz"], 2, vec![(0, 0), (1, 1)]),
            (vec![], vec!["a"], 1, vec![]),
        ] {
            assert_eq!(closest(&rows(&gone), &rows(&new), differing_max), expected, "{gone:?} {new:?}");
        }
        assert_eq!(closest(&[None], &rows(&["a"]), 9), []);
    }
}
