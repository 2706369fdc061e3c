//! The word that was meant: for mistakes of typing in names and keys.

/// Of `words`, the one that `typed` most likely stands for; none where all are too different.
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().collect();
    let close = |word: &&str| {
        let distance = edits(&typed, &word.to_lowercase().chars().collect::<Vec<_>>());
        // A third of the letters may be wrong: `creatd_at` is `created_at`, but `id` is not `at`.
        let allowed = (typed.len().max(word.chars().count()) / 3).max(1);
        (distance <= allowed && distance < typed.len()).then_some(distance)
    };
    let found = words.into_iter().filter_map(|word| Some((close(&word)?, word)));
    found.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// ` (did you mean …?)`, or nothing.
pub fn suggestion<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, words).map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

/// Letters to put in, leave out, replace or swap with their neighbour to make one word of the other
/// (optimal string alignment distance).
fn edits(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b;
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_typing_find_their_word() {
        let columns = ["id", "created_at", "updated_at", "name", "Größe"];
        for (typed, meant) in [
            ("creatd_at", Some("created_at")),
            ("cretaed_at", Some("created_at")),
            ("CREATED_AT", Some("created_at")),
            ("update_at", Some("updated_at")),
            ("nmae", Some("name")),
            ("grösse", Some("Größe")),
            ("price", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, columns), meant, "{typed}");
        }
        assert_eq!(suggestion("nmae", columns), "; did you mean `name`?");
        assert_eq!(suggestion("zzz", columns), "");
    }
}
