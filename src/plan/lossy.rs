//! What a configuration's changes will do to a column: a warning wherever something is lost.

use super::draft::warning;
use crate::catalog::profile::ColumnProfile;
use crate::config::{Cleanse, InvalidPolicy, NulPolicy};
use crate::finding::Finding;

/// The warning for a column whose values will be changed, or none where nothing in it needs the change: only then is
/// its level [`super::types::Level::Loss`].
///
/// The count is that of changed values; a text that is both broken and has a NUL inside the profile counts as broken.
pub fn lossy_finding(table: &str, column: &str, cleanse: &Cleanse, facts: &ColumnProfile) -> Option<Finding> {
    let changes = changes(cleanse, facts);
    let count = changes.iter().map(|(count, _)| count).sum();
    if count == 0 {
        return None;
    }
    let told: Vec<String> = changes
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let message = format!("is changed, as the configuration asks: {}", told.join("; "));
    Some(
        warning("W_LOSSY", &format!("{table}.{column}"), message)
            .count(count)
            .examples(facts.odd_texts.clone())
            .fix("leave the change out of the configuration to keep these values as they are, or mend them in the source"),
    )
}

/// How many values each change concerns, and what it does.
fn changes(cleanse: &Cleanse, facts: &ColumnProfile) -> [(u64, &'static str); 3] {
    let keeps_bytes = cleanse.invalid_utf8 == Some(InvalidPolicy::Bytea);
    let nul = match cleanse.nul.filter(|_| !keeps_bytes) {
        Some(NulPolicy::Strip) => (facts.texts_nul, "with NULs, which are left out"),
        Some(NulPolicy::Replace) => (facts.texts_nul, "with NULs, for which U+FFFD stands"),
        Some(NulPolicy::Escape) => (facts.texts_nul, "with NULs, for which \\0 stands"),
        None => (0, ""),
    };
    let invalid = match cleanse.invalid_utf8 {
        Some(InvalidPolicy::Replace) => (facts.texts_invalid, "broken, with U+FFFD for what is broken"),
        Some(InvalidPolicy::Latin1) => (facts.texts_invalid, "broken, read as ISO 8859-1"),
        Some(InvalidPolicy::Bytea) | None => (0, ""),
    };
    let empty = if cleanse.empty_null { facts.texts_empty } else { 0 };
    [(empty, "empty, which become NULL"), nul, invalid]
}

/// Texts that become NULL, at most: the empty ones, and those with NULs, which may be empty without them. A column for
/// which this is not 0 cannot be NOT NULL.
pub fn nulls_made(cleanse: &Cleanse, facts: &ColumnProfile) -> u64 {
    let keeps_bytes = cleanse.invalid_utf8 == Some(InvalidPolicy::Bytea);
    let strips = cleanse.nul == Some(NulPolicy::Strip) && !keeps_bytes;
    match (cleanse.empty_null, strips) {
        (false, _) => 0,
        (true, false) => facts.texts_empty,
        (true, true) => facts.texts_empty + facts.texts_nul,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn facts() -> ColumnProfile {
        ColumnProfile {
            texts: 9,
            texts_empty: 2,
            texts_nul: 3,
            texts_invalid: 1,
            odd_texts: vec!["rowid 4".to_owned()],
            ..ColumnProfile::default()
        }
    }

    #[test]
    fn only_what_is_really_changed_is_a_loss() {
        let all = Cleanse {
            empty_null: true,
            nul: Some(NulPolicy::Strip),
            invalid_utf8: Some(InvalidPolicy::Latin1),
        };
        let finding = lossy_finding("t", "c", &all, &facts()).unwrap();
        assert_eq!(
            (finding.code.as_str(), finding.severity, finding.count),
            ("W_LOSSY", Severity::Warning, 6)
        );
        assert_eq!(
            (finding.object.as_str(), finding.examples.as_slice()),
            ("t.c", &["rowid 4".to_owned()][..])
        );
        assert_eq!(
            finding.message,
            "is changed, as the configuration asks: 2 empty, which become NULL; 3 with NULs, which are left out; \
             1 broken, read as ISO 8859-1"
        );
        assert_eq!(
            lossy_finding("t", "c", &all, &ColumnProfile { texts: 5, ..ColumnProfile::default() }),
            None
        );
        assert_eq!(lossy_finding("t", "c", &Cleanse::default(), &facts()), None);
        let bytes = Cleanse { empty_null: false, invalid_utf8: Some(InvalidPolicy::Bytea), ..all };
        assert_eq!(lossy_finding("t", "c", &bytes, &facts()), None, "bytea keeps the stored bytes");
    }

    #[test]
    fn texts_that_become_null_are_counted_with_those_that_may() {
        let empty = Cleanse { empty_null: true, ..Cleanse::default() };
        assert_eq!(nulls_made(&empty, &facts()), 2);
        assert_eq!(nulls_made(&Cleanse { nul: Some(NulPolicy::Strip), ..empty }, &facts()), 5);
        assert_eq!(nulls_made(&Cleanse { nul: Some(NulPolicy::Escape), ..empty }, &facts()), 2);
        assert_eq!(nulls_made(&Cleanse { nul: Some(NulPolicy::Strip), ..Cleanse::default() }, &facts()), 0);
    }
}
