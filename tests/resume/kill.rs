//! SIGKILL at a random moment of the whole run, then the same command again (fault catalogue F1).

use super::hold::Hold;
use super::running::{Running, wait_for};
use super::world::{Target, World, assert_rows_are_the_ledgers};
use std::time::{Duration, SystemTime};

/// Rounds without `CUTOVER_KILL_ROUNDS`.
const ROUNDS: u64 = 8;

/// Numbers from a seed (splitmix64), so that a failed round can be drawn again with `CUTOVER_KILL_SEED`.
struct Random(u64);

impl Random {
    fn seeded(target: Target) -> Random {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
        let given = std::env::var("CUTOVER_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()));
        eprintln!("{target:?}: CUTOVER_KILL_SEED={seed}");
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A moment before `end`.
    fn moment(&mut self, end: Duration) -> Duration {
        end.mul_f64((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }
}

fn rounds() -> u64 {
    std::env::var("CUTOVER_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// Half of the rounds go into one kind of target. In every third one, the second run is killed too.
fn kill_and_resume(target: Target) {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(target);
    let mut random = Random::seeded(target);
    for round in 0..rounds().div_ceil(2) {
        let database = world.database(target);
        let kills = if round % 3 == 2 { 2 } else { 1 };
        let mut case = format!("{target:?}, round {round}, killed after");
        for _ in 0..kills {
            let run = Running::start(world.copy(&database));
            let moment = random.moment(undisturbed.length);
            std::thread::sleep(moment);
            let done = run.kill();
            assert!([-9, 0].contains(&done.code), "{case} {moment:?}: {done:?}");
            let last = done.stderr.lines().last().unwrap_or("nothing").to_owned();
            case.push_str(&format!(" {moment:?} ({last})"));
            assert_rows_are_the_ledgers(&database, &case);
        }
        eprintln!("{case}");
        undisturbed.assert_resumes(&world, &database, &case);
    }
}

#[test]
fn f01_a_killed_run_resumes_into_tables_that_we_create() {
    kill_and_resume(Target::Empty);
}

#[test]
fn f01_a_killed_run_resumes_into_a_schema_that_exists() {
    kill_and_resume(Target::Existing);
}

/// One connection is held in the middle of a chunk while the other does all the rest: a kill takes that chunk, and nothing
/// that was committed before.
#[test]
fn f01_a_kill_takes_at_most_what_commits_together_on_each_connection() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    wait_for("all other chunks", || {
        (hold.watch("SELECT 1 FROM cutover.chunk WHERE digest IS NULL") == 1).then_some(())
    });
    let done = run.kill();
    assert_eq!(done.code, -9, "{done:?}");
    hold.release();
    assert_rows_are_the_ledgers(&database, "held and killed");
    let chunks: u64 = database.query_one_text("SELECT count(*) FROM cutover.chunk").parse().unwrap();
    let (_, report) = world.finish(&database);
    assert_eq!(report["run"]["resumed_from"], chunks - 1, "{report}");
    undisturbed.assert_resumes(&world, &database, "held and killed");
}
