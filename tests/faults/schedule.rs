//! Random schedules against a model: a copy is begun, killed, stopped, cut off, resumed, run twice, its source and target
//! are edited, and after every step the target holds what the ledger and an oracle in memory say.
//!
//! Everything that is chosen follows from one seed, which is told where a schedule fails, with its steps:
//! `CUTOVER_SCHEDULE_SEED` plays it again. A round is one disturbance; `CUTOVER_SCHEDULE_ROUNDS` says how many there are.

// what happens to a run
mod disturb;
// rows of the source, and edits of it
mod fill;
// what they have found
mod found;
// a COMMIT that is lost, or whose answer is
mod lost;
// what must be in the target
mod oracle;
// both sides read by the test itself
mod rows;
// one schedule
mod steps;
// edits of the target
mod tamper;
// a session that looks
mod watch;
// a source and its target from a seed
mod world;

use crate::support::dice::{Dice, setting};
use crate::support::postgres::Server;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use steps::{Played, Schedule};

/// Disturbances of a test run without `CUTOVER_SCHEDULE_ROUNDS`.
const ROUNDS: u64 = 150;

/// Disturbances of one schedule.
const ROUNDS_OF_ONE: u64 = 8;

/// Schedules at once: runs wait for the server as often as for a core.
const AT_ONCE: u64 = 3;

/// The first seed of the suite's own schedules, and of those that `make soak` draws.
const FIRST_SEED: u64 = 1;

/// Plays schedules of the seeds `first`, `first` + 1, … until `is_enough` says so of the rounds played, or one of them meets
/// a violation; gives rounds and seeds, and says what the rounds were.
fn play(first: u64, is_enough: impl Fn(u64) -> bool + Sync) -> (u64, u64) {
    let (server, all_played) = (Server::shared(), Mutex::new(Played::new()));
    let (rounds, seeds, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let play = || {
        while failed.load(Ordering::SeqCst) == 0 && !is_enough(rounds.load(Ordering::SeqCst)) {
            let seed = first + seeds.fetch_add(1, Ordering::SeqCst);
            let played = catch_unwind(|| {
                let mut schedule = Schedule::new(server, seed);
                schedule.play(ROUNDS_OF_ONE);
                std::mem::take(&mut schedule.played)
            });
            failed.fetch_add(u64::from(played.is_err()), Ordering::SeqCst);
            let played = played.unwrap_or_default();
            let all = rounds.fetch_add(played.values().sum(), Ordering::SeqCst);
            let mut all_played = all_played.lock().expect("what was played");
            played.into_iter().for_each(|(what, times)| *all_played.entry(what).or_default() += times);
            eprintln!("seed {seed}: {all} rounds before it");
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(play))));
    eprintln!("{:?}", all_played.into_inner().expect("what was played"));
    assert_eq!(failed.into_inner(), 0, "a schedule with a violation: its seed and steps are above");
    (rounds.into_inner(), seeds.into_inner())
}

/// F1, F4, F8, F25, F44, F45, F46, F47, F48, F62 in any order.
#[test]
fn f62_random_schedules_end_as_undisturbed_copies_do() {
    if Server::available().is_none() {
        return;
    }
    if let Ok(seed) = std::env::var("CUTOVER_SCHEDULE_SEED") {
        let mut schedule = Schedule::new(Server::shared(), seed.parse().expect("a number"));
        return schedule.play(ROUNDS_OF_ONE);
    }
    let wanted = setting("CUTOVER_SCHEDULE_ROUNDS", ROUNDS);
    let (rounds, seeds) = play(FIRST_SEED, |rounds| rounds >= wanted);
    eprintln!("{rounds} rounds of {seeds} seeds");
}

/// `make soak`: fresh seeds until the time is over.
#[test]
#[ignore = "it goes on for as long as it is told to"]
fn soak() {
    let started = Instant::now();
    let length = Duration::from_secs(60 * setting("CUTOVER_SOAK_MINUTES", 60));
    let first = setting("CUTOVER_SOAK_SEED", Dice(u64::from(std::process::id()) ^ now()).next() >> 20);
    let (rounds, seeds) = play(first, |_| started.elapsed() >= length);
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    eprintln!("soak: {rounds} rounds of {seeds} seeds from {first} on in {minutes:.1} minutes, no violation");
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    now.expect("a clock").as_millis() as u64
}
