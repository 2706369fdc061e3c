//! The way to the server, measured without writing: round trips, what comes through, and how far the clocks are apart.

use super::session::Session;
use crate::error::Result;
use crate::limits::{LINK_PROBE_BYTES, LINK_PROBE_MIN, LINK_ROUNDS};
use crate::outcome::LinkFacts;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUND: &str = "SELECT extract(epoch FROM clock_timestamp())::float8";
const TLS: &str = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";

/// Bytes of one row of the probe.
const ROW_BYTES: usize = 64 * 1024;

/// Measures it; takes a few round trips, and as long as the probe's bytes need.
///
/// # Errors
/// A target fault.
pub async fn measure(session: &Session) -> Result<LinkFacts> {
    let mut rounds = Vec::with_capacity(LINK_ROUNDS);
    for _ in 0..LINK_ROUNDS {
        rounds.push(round(session).await?);
    }
    rounds.sort_by_key(|(took, _)| *took);
    let (median, _) = rounds.get(LINK_ROUNDS / 2).copied().unwrap_or_default();
    // The quickest answer says most exactly when it was given.
    let (_, clock_ahead_seconds) = rounds.first().copied().unwrap_or_default();
    Ok(LinkFacts {
        tls: tls(session).await?,
        round_trip_ms: median.as_secs_f64() * 1e3,
        bytes_per_second: bandwidth(session).await?,
        clock_ahead_seconds,
    })
}

/// How long an answer took, and how far the server's clock is ahead of the middle of that time.
async fn round(session: &Session) -> Result<(Duration, f64)> {
    let (began, clock) = (Instant::now(), SystemTime::now());
    let rows = match session.client().query_typed(ROUND, &[]).await {
        Ok(rows) => rows,
        Err(error) => return Err(session.explain(error, "measuring the round trip").await),
    };
    let took = began.elapsed();
    let here = clock.duration_since(UNIX_EPOCH).unwrap_or_default() + took / 2;
    let there: f64 = rows.first().map_or(0.0, |row| row.get(0));
    Ok((took, there - here.as_secs_f64()))
}

async fn tls(session: &Session) -> Result<Option<String>> {
    match session.client().query_typed(TLS, &[]).await {
        Ok(rows) => Ok(rows.first().and_then(|row| row.get(0))),
        // Where the view is taken away, it is not known.
        Err(error) if error.as_db_error().is_some() => Ok(None),
        Err(error) => Err(session.explain(error, "asking for TLS").await),
    }
}

/// Bytes a second from there to here: ever more of them, until they take long enough to be measured.
async fn bandwidth(session: &Session) -> Result<f64> {
    let mut rate = 0.0;
    for bytes in LINK_PROBE_BYTES {
        let sql = format!("SELECT repeat('x', {ROW_BYTES}) FROM generate_series(1, {})", bytes / ROW_BYTES);
        let began = Instant::now();
        if let Err(error) = session.client().query_typed(&sql, &[]).await {
            return Err(session.explain(error, "measuring what comes through").await);
        }
        let took = began.elapsed();
        rate = bytes as f64 / took.as_secs_f64().max(1e-6);
        if took >= LINK_PROBE_MIN {
            break;
        }
    }
    Ok(rate)
}
