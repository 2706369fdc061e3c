//! One query: which source takes it, what both sides give, and how long they take.

use super::rows::{Rows, difference};
use super::{Side, meaning};
use crate::assess::pool::join;
use crate::catalog::queries::Query;
use crate::digest::Meaning;
use crate::error::Result;
use crate::limits::{PLAN_BYTES_MAX, QUERY_CELLS_MAX, QUERY_WAIT, SLOW_MORE_MS, SLOW_TIMES};
use crate::outcome::{Percentiles, QueryReport, QueryVerdict};
use crate::pipeline::tools::Tools;
use crate::plan::Plan;
use crate::postgres::ask::{self as target, Asked, Unanswered};
use crate::postgres::session::Session;
use crate::sqlite::ask::{self as source, AskedColumn};
use crate::value::Param;
use std::sync::Arc;
use std::time::Instant;

/// Why there is no comparison: how the report calls it, and why.
type Against = (QueryVerdict, String);

/// What is asked of both sides.
struct Pair<'a> {
    tools: &'a Tools,
    session: &'a Session,
    side: &'a Side,
    query: &'a Query,
}

/// Runs one query.
///
/// # Errors
/// A source or target fault; not what is wrong with the query.
pub(super) async fn ask(
    tools: &Tools,
    session: &Session,
    sides: &[Side],
    query: &Query,
    rounds: u32,
) -> Result<QueryReport> {
    let mut told = QueryReport {
        name: query.name.clone(),
        line: query.line as u64,
        source: String::new(),
        verdict: QueryVerdict::Same,
        why: String::new(),
        ordered: query.ordered,
        runs: query.params.len() as u64,
        source_rows: 0,
        target_rows: 0,
        source_ms: None,
        target_ms: None,
        slow: false,
        plan: None,
    };
    let (side, columns) = match taken(sides, query).await? {
        Ok(taken) => taken,
        Err(why) => {
            (told.verdict, told.why) = (QueryVerdict::Refused, format!("SQLite does not take it: {why}"));
            return Ok(told);
        }
    };
    told.source.clone_from(&side.path);
    let pair = Pair { tools, session, side, query };
    target::begin(session, &tools.config.schema).await?;
    let result = pair.both(&columns, rounds, &mut told).await;
    // What a link that broke says comes first.
    let ended = target::end(session).await;
    if let Some((verdict, why)) = result? {
        (told.verdict, told.why) = (verdict, why);
    }
    ended?;
    Ok(told)
}

/// The first source that takes the query, and its columns there; else what the first one says.
async fn taken<'a>(
    sides: &'a [Side],
    query: &Query,
) -> Result<std::result::Result<(&'a Side, Vec<AskedColumn>), String>> {
    let mut first = None;
    for side in sides {
        let (opened, sql) = (Arc::clone(&side.source), query.sqlite.clone());
        let looking = tokio::task::spawn_blocking(move || Ok(source::columns(&opened.reader()?, &sql)));
        match join(looking.await)? {
            Ok(columns) => return Ok(Ok((side, columns))),
            Err(said) => first = first.or(Some(said)),
        }
    }
    Ok(Err(first.unwrap_or_default()))
}

impl Pair<'_> {
    /// Compares with each row of parameters, then measures.
    async fn both(
        &self,
        columns: &[AskedColumn],
        rounds: u32,
        told: &mut QueryReport,
    ) -> Result<Option<Against>> {
        let asked = match self.answered(target::prepare(self.session, &self.query.postgres).await)? {
            Ok(asked) => asked,
            Err(against) => return Ok(Some(against)),
        };
        let meanings = match meaning::of(columns, &asked.columns, self.plan()) {
            Ok(meanings) => meanings,
            Err(why) => return Ok(Some((QueryVerdict::NotComparable, why))),
        };
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        for (i, params) in self.query.params.iter().enumerate() {
            let against = match self.results(&asked, params, &meanings).await? {
                Ok((ours, theirs)) => {
                    told.source_rows += ours.count;
                    told.target_rows += theirs.count;
                    against(&ours, &theirs, self.query.ordered, &names)
                }
                Err(against) => Some(against),
            };
            if let Some((verdict, why)) = against {
                let run =
                    if self.query.params.len() > 1 { format!("run {}: ", i + 1) } else { String::new() };
                return Ok(Some((verdict, run + &why)));
            }
        }
        self.measure(&asked, rounds, told).await
    }

    fn plan(&self) -> Option<&Plan> {
        self.side.plan.as_ref()
    }

    /// What the server does not take is a word on the query; all else is a fault.
    fn answered<T>(
        &self,
        result: std::result::Result<T, Unanswered>,
    ) -> Result<std::result::Result<T, Against>> {
        match result {
            Ok(done) => Ok(Ok(done)),
            Err(Unanswered::Failed(error)) => Err(error),
            Err(Unanswered::Refused(said, place)) => {
                let at = place.map_or_else(String::new, |place| format!(", at character {place}"));
                Ok(Err((QueryVerdict::Refused, format!("PostgreSQL does not take it: {said}{at}"))))
            }
        }
    }

    async fn results(
        &self,
        asked: &Asked,
        params: &[Param],
        meanings: &[Meaning],
    ) -> Result<std::result::Result<(Rows, Rows), Against>> {
        let mut theirs = Rows::new(meanings);
        let ran = target::run(self.session, asked, params, |fields| theirs.target(fields)).await;
        if let Err(against) = self.answered(ran)? {
            return Ok(Err(against));
        }
        match self.source_rows(params, Rows::new(meanings)).await? {
            Ok(ours) => Ok(Ok((ours, theirs))),
            Err(said) => Ok(Err((QueryVerdict::Refused, format!("SQLite does not take it: {said}")))),
        }
    }

    async fn source_rows(&self, params: &[Param], rows: Rows) -> Result<std::result::Result<Rows, String>> {
        let (opened, sql, params) =
            (Arc::clone(&self.side.source), self.query.sqlite.clone(), params.to_vec());
        let (go_on, mut rows) = (self.go_on(), rows);
        let reading = tokio::task::spawn_blocking(move || {
            let mut reader = opened.reader()?;
            let ran = source::run(&mut reader, &sql, &params, go_on, |values| rows.source(values))?;
            Ok(ran.map(|()| rows))
        });
        join(reading.await)
    }

    /// Until a stop is asked for, or the time is over.
    fn go_on(&self) -> impl Fn() -> bool + Send + 'static + use<> {
        let (cancel, began) = (self.tools.cancel.clone(), Instant::now());
        move || !cancel.is_asked() && began.elapsed() < QUERY_WAIT
    }

    /// Times both sides in turns, so that what disturbs one round disturbs both.
    async fn measure(&self, asked: &Asked, rounds: u32, told: &mut QueryReport) -> Result<Option<Against>> {
        let (mut ours, mut theirs, mut slowest) = (Vec::new(), Vec::new(), (0.0, 0));
        for _ in 0..rounds {
            for (i, params) in self.query.params.iter().enumerate() {
                ours.push(self.time_source(params).await?);
                let began = Instant::now();
                let ran = target::run(self.session, asked, params, |_| true).await;
                if let Err(against) = self.answered(ran)? {
                    return Ok(Some(against));
                }
                let took = milliseconds(began);
                theirs.push(took);
                slowest = if took > slowest.0 { (took, i) } else { slowest };
            }
        }
        (told.source_ms, told.target_ms) = (Percentiles::of(ours), Percentiles::of(theirs));
        told.slow = told.source_ms.zip(told.target_ms).is_some_and(|(ours, theirs)| is_slow(ours, theirs));
        if told.slow {
            let params = &self.query.params[slowest.1];
            let plan = target::explain(self.session, &self.query.postgres, params).await;
            told.plan = self.answered(plan)?.ok().map(cut);
        }
        Ok(None)
    }

    async fn time_source(&self, params: &[Param]) -> Result<f64> {
        let (opened, sql, params) =
            (Arc::clone(&self.side.source), self.query.sqlite.clone(), params.to_vec());
        let (go_on, name) = (self.go_on(), self.query.name.clone());
        let timing = tokio::task::spawn_blocking(move || {
            let mut reader = opened.reader()?;
            let began = Instant::now();
            match source::run(&mut reader, &sql, &params, go_on, |_| true)? {
                Ok(()) => Ok(milliseconds(began)),
                Err(said) => source::lost(&name, &said),
            }
        });
        join(timing.await)
    }
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

fn is_slow(source: Percentiles, target: Percentiles) -> bool {
    target.p95 > source.p95 * SLOW_TIMES && target.p95 > source.p95 + SLOW_MORE_MS
}

fn against(ours: &Rows, theirs: &Rows, ordered: bool, names: &[String]) -> Option<Against> {
    if ours.is_cut || theirs.is_cut {
        let why = format!(
            "it gives more than is held to be compared ({QUERY_CELLS_MAX} values): count, sum up, or limit its rows"
        );
        return Some((QueryVerdict::NotComparable, why));
    }
    difference(ours, theirs, ordered, names).map(|why| (QueryVerdict::Differs, why))
}

fn cut(mut plan: String) -> String {
    let end = (0..=PLAN_BYTES_MAX.min(plan.len())).rev().find(|at| plan.is_char_boundary(*at));
    plan.truncate(end.unwrap_or(0));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_many_times_as_long_and_long() {
        let of = |p95| Percentiles { p50: 0.0, p95, p99: p95 };
        assert!(!is_slow(of(0.1), of(19.0)), "nobody notices");
        assert!(!is_slow(of(100.0), of(200.0)), "it is slow on both sides");
        assert!(is_slow(of(1.0), of(30.0)));
    }

    #[test]
    fn a_long_plan_is_cut_between_characters() {
        let long = "é".repeat(PLAN_BYTES_MAX);
        assert_eq!(cut(long).len(), PLAN_BYTES_MAX);
        assert_eq!(cut("short".to_owned()), "short");
    }
}
