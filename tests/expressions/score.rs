//! What became of the generated expressions.

use super::Family;
use super::judge::{PANICKED, Verdict};
use crate::support::dice::setting;
use std::collections::BTreeMap;

/// What became of one family.
#[derive(Debug, Default)]
pub(super) struct Score {
    pub(super) expressions: u64,
    pub(super) refused: u64,
    pub(super) pairs: u64,
    /// SQLite itself gives an error
    none: u64,
    noted: u64,
    reasons: BTreeMap<String, u64>,
}

/// What became of all.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub(super) families: BTreeMap<Family, Score>,
    pub(super) problems: Vec<String>,
}

impl Scores {
    pub(super) fn of(&mut self, family: Family) -> &mut Score {
        self.families.entry(family).or_default()
    }

    pub(super) fn pairs(&self) -> u64 {
        self.families.values().map(|score| score.pairs).sum()
    }

    pub(super) fn refuse(&mut self, family: Family, reason: String) {
        if reason.starts_with(PANICKED) {
            self.problems.push(reason.clone());
        }
        let score = self.of(family);
        score.expressions += 1;
        score.refused += 1;
        *score.reasons.entry(reason).or_default() += 1;
    }

    pub(super) fn count(&mut self, family: Family, verdicts: &[Verdict]) {
        let score = self.of(family);
        score.expressions += 1;
        score.pairs += verdicts.len() as u64;
        score.none += verdicts.iter().filter(|verdict| **verdict == Verdict::None).count() as u64;
        score.noted += verdicts.iter().filter(|verdict| **verdict == Verdict::Noted).count() as u64;
    }
}

impl std::fmt::Display for Scores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (family, score) in &self.families {
            let Score { expressions, refused, pairs, none, noted, .. } = score;
            writeln!(
                f,
                "{family:?}: {expressions} expressions, {refused} refused, {pairs} pairs, {none} without a result in SQLite, {noted} overflows noted"
            )?;
            let mut reasons: Vec<_> = score.reasons.iter().collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (reason, count) in reasons.into_iter().take(setting("CUTOVER_EXPR_REASONS", 5) as usize) {
                writeln!(f, "    {count} × {reason}")?;
            }
        }
        Ok(())
    }
}
