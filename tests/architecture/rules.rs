//! The rules as data: rooms and what they may import, crates and their rooms, paths that are forbidden.

/// The files of the ground.
pub(super) const FLOOR_0: [&str; 14] = [
    "cleanse",
    "error",
    "ident",
    "value",
    "config",
    "counts",
    "limits",
    "event",
    "checkpoint",
    "failpoint",
    "finding",
    "outcome",
    "panicked",
    "timing",
];

/// The rooms between ground and edges that do no I/O, beside the ground itself.
pub(super) const PURE: [&str; 6] = ["catalog", "plan", "drift", "encode", "digest", "dialect"];

/// One room, the rooms it may import (`*`: all), and why no others.
pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) may: &'static [&'static str],
    pub(super) why: &'static str,
}

const fn room(name: &'static str, may: &'static [&'static str], why: &'static str) -> Room {
    Room { name, may, why }
}

/// All rooms from the ground up.
pub(super) const ROOMS: [Room; 17] = [
    room("floor 0", &[], "everything stands on the ground, so it stands on nothing"),
    room("catalog", &["floor 0"], "what the source is does not depend on what becomes of it"),
    room(
        "plan",
        &["floor 0", "catalog"],
        "the decision is made before any value is encoded or any server asked",
    ),
    room(
        "drift",
        &["floor 0", "catalog", "plan"],
        "two schemas are compared as data, wherever they were read",
    ),
    room("encode", &["floor 0", "plan"], "verification is proof only while encoder and digest share no code"),
    room("digest", &["floor 0", "plan"], "verification is proof only while encoder and digest share no code"),
    room(
        "dialect",
        &["floor 0", "catalog", "plan", "encode"],
        "a script is translated from what SQLite made of it, whoever had it run",
    ),
    room(
        "sqlite",
        &["floor 0", "catalog", "plan"],
        "the edges know neither each other nor the codecs: they meet in pipeline",
    ),
    room(
        "postgres",
        &["floor 0", "plan"],
        "the edges know neither each other nor the codecs: they meet in pipeline",
    ),
    room(
        "embedded",
        &["floor 0"],
        "the local server is programs and files; connecting to it is the business of postgres",
    ),
    room(
        "assess",
        &BELOW_ASSESS,
        "looking does not write: a plan and its reasons are found before anything is done",
    ),
    room("pipeline", &BELOW_PIPELINE, "the work does not know who started it or who draws it"),
    room(
        "schema",
        &BELOW_SCHEMA,
        "schemas are shown and compared with what copies use; no copy depends on that",
    ),
    room(
        "report",
        &["floor 0"],
        "a report is drawn from events and outcomes alone, so that it can be drawn anywhere",
    ),
    room(
        "cli",
        &["floor 0", "plan", "drift", "dialect", "embedded", "pipeline", "schema", "report"],
        "the command line parses and prints; whoever needs a file or a server goes through pipeline",
    ),
    room("main", &["cli"], "the program is the library's command line and nothing else"),
    room("lib", &["*"], "it names the rooms"),
];

const BELOW_ASSESS: [&str; 8] =
    ["floor 0", "catalog", "plan", "drift", "encode", "digest", "sqlite", "postgres"];
const BELOW_PIPELINE: [&str; 9] =
    ["floor 0", "catalog", "plan", "drift", "encode", "digest", "sqlite", "postgres", "assess"];

const BELOW_SCHEMA: [&str; 11] = [
    "floor 0", "catalog", "plan", "drift", "dialect", "encode", "digest", "sqlite", "postgres", "assess",
    "pipeline",
];

const ONE_DRIVER: &str =
    "a driver's types outside its room make it impossible to replace, and its errors to classify";
const ONE_SCREEN: &str = "drawing in one place, work in another";
const ASYNC: &str =
    "readers and pure rooms are plain threads and functions; only the wire and what drives it is async";

/// Crates, the only rooms that may name them, and why.
pub(super) const CRATES: [(&str, &[&str], &str); 19] = [
    ("rusqlite", &["sqlite"], ONE_DRIVER),
    ("tokio_postgres", &["postgres"], ONE_DRIVER),
    ("tokio_postgres_rustls", &["postgres"], ONE_DRIVER),
    ("rustls", &["postgres"], ONE_DRIVER),
    ("socket2", &["postgres"], ONE_DRIVER),
    ("rustls_native_certs", &["postgres"], ONE_DRIVER),
    ("rustls_pki_types", &["postgres"], ONE_DRIVER),
    ("unicode_width", &["report"], ONE_SCREEN),
    ("indicatif", &["report"], ONE_SCREEN),
    ("askama", &["report"], ONE_SCREEN),
    ("comfy_table", &["report", "cli", "assess"], ONE_SCREEN),
    ("clap", &["cli"], "what the user typed is not configuration: it is resolved once, in cli"),
    (
        "rustix",
        &["cli", "assess", "pipeline", "report"],
        "terminal, limits and descriptors of the process are the command line's; the size of a terminal is the screen's; room \
         on a disk and groups of processes are asked for by what is looked at before a copy and what surrounds it",
    ),
    ("blake3", &["digest"], "one room decides what a digest is"),
    ("sqlite3_parser", &["catalog"], "the grammar's tree ends in catalog; above it there are our own types"),
    (
        "jiff",
        &["plan", "encode", "digest"],
        "time zones are asked for where values are read, and where a configuration names one",
    ),
    ("petgraph", &["catalog", "plan"], "orders and cycles are decided in the plan"),
    ("tokio", &["postgres", "pipeline", "assess", "schema", "cli", "main"], ASYNC),
    ("futures", &["postgres", "pipeline", "assess", "cli"], ASYNC),
];

/// A path that must not be named.
pub(super) struct Ban {
    pub(super) words: &'static [&'static str],
    /// only in the pure floors
    pub(super) pure_only: bool,
    /// only where it is called without arguments
    pub(super) call_without_arguments: bool,
    /// rooms and files where it may stand
    pub(super) except: &'static [&'static str],
    pub(super) why: &'static str,
}

const fn pure(words: &'static [&'static str], except: &'static [&'static str]) -> Ban {
    let why = "the pure floors do no I/O and read no clock and no environment: the same input, the same plan";
    Ban { words, pure_only: true, call_without_arguments: false, except, why }
}

const fn unbounded(words: &'static [&'static str], call_without_arguments: bool) -> Ban {
    let why = "a queue without a bound is memory without a bound";
    Ban { words, pure_only: false, call_without_arguments, except: &[], why }
}

/// Everything that is forbidden by its path.
pub(super) const BANS: [Ban; 9] = [
    // How often a point was passed, and a pause that a test ends: never in a release build.
    pure(&["std", "fs"], &["failpoint"]),
    pure(&["std", "net"], &[]),
    pure(&["std", "env"], &["failpoint"]),
    pure(&["time", "SystemTime"], &[]),
    // What is measured decides nothing.
    pure(&["time", "Instant"], &["timing"]),
    unbounded(&["unbounded_channel"], false),
    unbounded(&["unbounded"], false),
    unbounded(&["channel"], true),
    Ban {
        words: &["process", "exit"],
        pure_only: false,
        call_without_arguments: false,
        except: &["cli", "pipeline/cancel.rs"],
        why: "it skips every destructor: only the command line ends the program, and the second Ctrl-C",
    },
];
