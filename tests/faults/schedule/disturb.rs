//! What happens to a run: to its process, its server, its connections.

use super::watch::Watch;
use crate::resume::running::Running;
use crate::support::cli::{Cli, Done};
use crate::support::dice::Dice;
use crate::support::postgres::Database;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use std::time::{Duration, Instant};

/// When it happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// that long after the start
    Millis(u64),
    /// as soon as the ledger has so many more marks
    Marks(u64),
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum Disturbance {
    /// a failpoint, as `CUTOVER_FAILPOINTS` has it
    Planted(String),
    Kill(When),
    Signal(&'static str, When),
    /// `terminate` or `cancel`, of backends with that in their name, all of them or one
    Backends {
        how: &'static str,
        role: &'static str,
        all: bool,
        when: When,
    },
    /// somebody holds a lock for so many milliseconds
    Lock {
        sql: String,
        millis: u64,
        when: When,
    },
    /// somewhere on the way to the server
    Link {
        way: Way,
        at: At,
        fault: Fault,
    },
    /// the process stands still for so many milliseconds
    Pause {
        millis: u64,
        when: When,
    },
    /// two of them
    Both(Box<Disturbance>, Box<Disturbance>),
}

/// Points that a run passes, and how often at most that is of interest.
const POINTS: [(&str, u64); 3] = [("before_commit", 12), ("after_commit", 12), ("before_step", 30)];

/// Parts of the names of our sessions.
const ROLES: [&str; 4] = ["%", "control", "copy%", "finish%"];

impl When {
    fn draw(dice: &mut Dice) -> When {
        if dice.below(5) < 2 { When::Millis(dice.below(200)) } else { When::Marks(small(dice, 5)) }
    }

    /// Waits; false where the run has ended before.
    fn wait(self, run: &mut Running, watch: &Watch) -> bool {
        let (started, mut last, mut gained) = (Instant::now(), watch.progress(), 0);
        let mut is_now = || match self {
            When::Millis(millis) => started.elapsed() >= Duration::from_millis(millis),
            When::Marks(marks) => {
                // A copy that is begun anew takes all marks away first.
                let now = watch.progress();
                gained += now.saturating_sub(last);
                last = now;
                gained >= marks
            }
        };
        // Whoever was seen to have ended has no process any more that could be sent a signal.
        while !run.has_ended() {
            if is_now() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }
}

impl Disturbance {
    pub(super) fn draw(dice: &mut Dice, tables: &[String]) -> Disturbance {
        if dice.below(7) == 0 {
            let one = || Box::new(Disturbance::Pause { millis: 0, when: When::Millis(0) });
            let (mut first, mut second) = (one(), one());
            *first = Disturbance::draw_one(dice, tables);
            *second = Disturbance::draw_one(dice, tables);
            return Disturbance::Both(first, second);
        }
        Disturbance::draw_one(dice, tables)
    }

    fn draw_one(dice: &mut Dice, tables: &[String]) -> Disturbance {
        match dice.below(16) {
            0..=3 => {
                let (point, most) = *dice.pick(&POINTS);
                let action = *dice.pick(&["kill", "kill", "error"]);
                Disturbance::Planted(format!("{point}={action}:{}", 1 + dice.below(most)))
            }
            4..=6 => Disturbance::Kill(When::draw(dice)),
            7 | 8 => Disturbance::Signal(word(dice, &["INT", "TERM", "HUP"]), When::draw(dice)),
            9..=11 => Disturbance::Backends {
                how: word(dice, &["terminate", "terminate", "cancel"]),
                role: word(dice, &ROLES),
                all: dice.below(2) == 0,
                when: When::draw(dice),
            },
            12 => Disturbance::lock(dice, tables),
            13 | 14 => Disturbance::link(dice),
            _ => Disturbance::Pause { millis: dice.below(150), when: When::draw(dice) },
        }
    }

    fn lock(dice: &mut Dice, tables: &[String]) -> Disturbance {
        let table = dice.pick(tables);
        let sql = match dice.below(4) {
            0 => "SELECT 1 FROM cutover.source FOR UPDATE".to_owned(),
            1 => "SELECT 1 FROM cutover.chunk FOR UPDATE".to_owned(),
            2 => format!("LOCK TABLE {table} IN SHARE MODE"),
            _ => format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
        };
        Disturbance::Lock { sql, millis: dice.below(250), when: When::draw(dice) }
    }

    fn link(dice: &mut Dice) -> Disturbance {
        let way = *dice.pick(&[Way::ToServer, Way::ToClient]);
        let at = match dice.below(4) {
            0 => At::Byte(1 + small(dice, 17)),
            1 => At::Message(1 + small(dice, 8)),
            2 if way == Way::ToServer => At::Saying("COMMIT", 1 + dice.below(8)),
            2 => At::Saying("COMMIT\0", 1 + dice.below(8)),
            _ if way == Way::ToServer => At::After("COMMIT", 1 + dice.below(8)),
            _ => At::After("COMMIT\0", 1 + dice.below(8)),
        };
        Disturbance::Link { way, at, fault: *dice.pick(&[Fault::Cut, Fault::Reset]) }
    }

    /// How a run may end to which nothing but this happens: done, or as this makes it end.
    pub(super) fn codes(&self) -> Vec<i32> {
        match self {
            Disturbance::Planted(text) if text.contains("kill") => vec![0, -6],
            Disturbance::Planted(_) | Disturbance::Backends { .. } | Disturbance::Link { .. } => vec![0, 6],
            Disturbance::Kill(_) => vec![0, -9],
            Disturbance::Signal("INT", _) => vec![0, 130],
            Disturbance::Signal(..) => vec![0, 143],
            Disturbance::Lock { .. } | Disturbance::Pause { .. } => vec![0],
            Disturbance::Both(first, second) => [first.codes(), second.codes()].concat(),
        }
    }

    /// What is set before the run begins.
    fn planted(&self) -> Vec<String> {
        match self {
            Disturbance::Planted(text) => vec![text.clone()],
            Disturbance::Both(first, second) => [first.planted(), second.planted()].concat(),
            _ => Vec::new(),
        }
    }

    fn rules(&self) -> Vec<Rule> {
        match self {
            Disturbance::Link { way, at, fault } => vec![Rule::new(*way, *at, *fault)],
            Disturbance::Both(first, second) => [first.rules(), second.rules()].concat(),
            _ => Vec::new(),
        }
    }

    /// Does what is done while the run goes on.
    fn happen(&self, run: &mut Running, watch: &Watch) {
        match self {
            Disturbance::Planted(_) | Disturbance::Link { .. } => {}
            Disturbance::Kill(when) => {
                if when.wait(run, watch) {
                    run.signal("KILL");
                }
            }
            Disturbance::Signal(name, when) => {
                // A process that does not listen yet would end by the signal itself.
                if when.wait(run, watch) && watch.is(BEGUN) {
                    run.signal(name);
                }
            }
            Disturbance::Backends { how, role, all, when } => {
                if when.wait(run, watch) {
                    let limit = if *all { "" } else { "LIMIT 1" };
                    watch.rows(&format!(
                        "SELECT pg_{how}_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                         AND application_name LIKE 'cutover % {role}' ORDER BY pid {limit}"
                    ));
                }
            }
            Disturbance::Lock { sql, millis, when } => {
                if when.wait(run, watch) {
                    hold(watch, sql, Duration::from_millis(*millis));
                }
            }
            Disturbance::Pause { millis, when } => {
                if when.wait(run, watch) {
                    run.signal("STOP");
                    std::thread::sleep(Duration::from_millis(*millis));
                    run.signal("CONT");
                }
            }
            Disturbance::Both(first, second) => {
                first.happen(run, watch);
                second.happen(run, watch);
            }
        }
    }
}

fn word(dice: &mut Dice, words: &[&'static str]) -> &'static str {
    words[dice.below(words.len() as u64) as usize]
}

/// Below 2^`bits`, and as often below any lesser power of 2.
fn small(dice: &mut Dice, bits: u64) -> u64 {
    let bits = dice.below(bits + 1);
    dice.below(1 << bits)
}

/// A session of ours is there: its process has set up its signals long before.
const BEGUN: &str = "EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                             AND application_name LIKE 'cutover %')";

/// Holds a lock, unless there is nothing to lock or somebody has it for too long.
fn hold(watch: &Watch, sql: &str, length: Duration) {
    if watch.try_rows(&format!("SET lock_timeout = '50ms'; BEGIN; {sql}")).is_ok() {
        std::thread::sleep(length);
    }
    watch.rows("ROLLBACK; RESET lock_timeout");
}

/// Runs what `cli` makes of an address, disturbed.
pub(super) fn run(
    database: &Database,
    watch: &Watch,
    disturbance: Option<&Disturbance>,
    cli: impl FnOnce(&str) -> Cli,
) -> Done {
    let Some(disturbance) = disturbance else { return Running::start(cli(&database.url())).end() };
    let rules = disturbance.rules();
    let proxy = (!rules.is_empty()).then(|| Proxy::before(database, rules));
    let url = proxy.as_ref().map_or_else(|| database.url(), |proxy| proxy.url().to_owned());
    let planted = disturbance.planted().join(",");
    let mut run = Running::start(cli(&url).env("CUTOVER_FAILPOINTS", planted));
    disturbance.happen(&mut run, watch);
    run.end()
}
