//! What became of an application's own queries (`verify --queries`).

use serde::Serialize;

/// How the results of one query compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryVerdict {
    /// both sides gave the same
    Same,
    /// they did not
    Differs,
    /// one side does not take it
    Refused,
    /// what it gives cannot be compared: too much, or of a type that is not read
    NotComparable,
}

/// One query.
#[derive(Debug, Clone, Serialize)]
pub struct QueryReport {
    /// its name in the file, or its number
    pub name: String,
    /// the line where it begins
    pub line: u64,
    /// the source that it was run on; empty where none takes it
    pub source: String,
    /// how its results compare, over all rows of parameters
    pub verdict: QueryVerdict,
    /// why they are not the same; empty where they are
    pub why: String,
    /// the order of its rows was compared, too
    pub ordered: bool,
    /// rows of parameters with which it was run
    pub runs: u64,
    /// rows that the source gave, over all of them
    pub source_rows: u64,
    /// rows that the target gave
    pub target_rows: u64,
    /// how long the source took; none where it was not timed
    pub source_ms: Option<Percentiles>,
    /// how long the target took
    pub target_ms: Option<Percentiles>,
    /// the target is so much slower that somebody may notice
    pub slow: bool,
    /// how the target goes about a slow one: EXPLAIN (ANALYZE, BUFFERS), cut where it is long
    pub plan: Option<String>,
}

/// Times of one query on one side, in milliseconds, over all rounds and rows of parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// half took no longer
    pub p50: f64,
    /// 95 of 100 took no longer
    pub p95: f64,
    /// 99 of 100 took no longer
    pub p99: f64,
}

impl Percentiles {
    /// Of these times, by nearest rank; none of none.
    pub fn of(mut times_ms: Vec<f64>) -> Option<Percentiles> {
        times_ms.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (times_ms.len() * percent).div_ceil(100);
            times_ms.get(rank.max(1) - 1).copied()
        };
        Some(Percentiles { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(Percentiles::of(times), Some(Percentiles { p50: 100.0, p95: 190.0, p99: 198.0 }));
        assert_eq!(Percentiles::of(vec![7.0]), Some(Percentiles { p50: 7.0, p95: 7.0, p99: 7.0 }));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
