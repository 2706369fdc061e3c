//! What is to be known about the server and the host before a copy, from the facts. Nothing here stands against a plan: what
//! does is found where the plan is made.

use crate::finding::{Finding, Severity, Way};
use crate::ident::{literal, quote};
use crate::limits::{CLOCKS_APART_MAX, SERVER_VERSIONS};
use crate::outcome::{Environment, LinkFacts, ServerFacts, SlotFact, SourceEnvironment, SpaceForecast};

/// A slot keeps everything that is written while nobody reads from it; from here on it is said even where it keeps little.
const MEGABYTE: u64 = 1_000_000;

/// Everything worth knowing of `environment`; `is_remote` where the server is reached over a network.
pub fn findings(environment: &Environment, jobs: usize, is_remote: bool) -> Vec<Finding> {
    let mut found: Vec<Finding> = environment.sources.iter().filter_map(holders).collect();
    let space = environment.space.clone().unwrap_or_default();
    if let Some(server) = &environment.server {
        found.extend(version(server));
        found.extend(connections(server, jobs));
        found.extend(server.slots.iter().filter(|slot| !slot.is_active).map(|slot| idle_slot(slot, &space)));
        found.extend(replicas(server, &space));
        found.extend(archive(server, &space));
        found.extend(publications(server));
        found.extend(server.event_triggers.iter().map(|name| event_trigger(name)));
        found.extend(autovacuum(server));
        found.extend(temp_files(server, &space));
        found.extend(durability(server));
        found.extend(room(server, &space));
    }
    if let Some(link) = &environment.link {
        found.extend(clocks(link));
        found.extend((is_remote && link.tls.is_none()).then(plain_text));
    }
    found
}

fn warning(code: &str, object: &str, message: String) -> Finding {
    Finding::new(code, Severity::Warning, object, message)
}

fn note(code: &str, object: &str, message: String) -> Finding {
    Finding::new(code, Severity::Note, object, message)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(MEGABYTE))
}

fn holders(source: &SourceEnvironment) -> Option<Finding> {
    let holders = source.holders.as_ref().filter(|holders| !holders.is_empty())?;
    let writers = holders.iter().filter(|holder| holder.writes).count();
    let named = holders.iter().map(|holder| format!("process {} ({})", holder.pid, holder.name));
    let message = match writers {
        0 => "other processes have the file open, to read it",
        _ => {
            "other processes have the file open and may write it: what they write during a copy is not in it"
        }
    };
    let finding = if writers > 0 { warning } else { note };
    Some(
        finding("W_SOURCE_HELD", &source.path, message.to_owned())
            .count(holders.len() as u64)
            .examples(named.take(crate::limits::EXAMPLES_MAX).collect())
            .fix("stop what writes it before the last copy"),
    )
}

fn version(server: &ServerFacts) -> Option<Finding> {
    let major = server.version_num / 10_000;
    let message = format!(
        "PostgreSQL {major} is outside of what this version of cutover is tested with ({} to {})",
        SERVER_VERSIONS.start(),
        SERVER_VERSIONS.end()
    );
    let words = "rehearse on such a server, and have the verification at its default";
    (!SERVER_VERSIONS.contains(&major))
        .then(|| warning("W_SERVER_VERSION", &server.version, message).fix(words))
}

/// Connections that are left beside the run's own.
fn connections(server: &ServerFacts, jobs: usize) -> Option<Finding> {
    let limit = server.connections.as_ref()?;
    let left = usize::try_from(limit.allowed - limit.used).unwrap_or(0);
    let message = format!(
        "{} allows {} and {} are in use: {left} are left, and {jobs} would work at once",
        limit.limit, limit.allowed, limit.used
    );
    (left < jobs).then(|| {
        note("W_CONNECTIONS", "connections", message)
            .way(Way::option("jobs", &left.max(1).to_string()))
            .or("end idle sessions, or raise the limit")
    })
}

fn idle_slot(slot: &SlotFact, space: &SpaceForecast) -> Finding {
    let message = format!(
        "nobody reads from this replication slot: the server keeps the log for it, {} now and about {} of this copy more",
        megabytes(slot.kept_bytes),
        megabytes(space.wal_bytes)
    );
    warning("W_SLOT_IDLE", &slot.name, message)
        .way(Way::Target(format!("SELECT pg_drop_replication_slot({})", literal(&slot.name))))
        .or("start its reader; max_slot_wal_keep_size bounds what it keeps")
}

fn replicas(server: &ServerFacts, space: &SpaceForecast) -> Option<Finding> {
    let all = server.replicas + server.slots.iter().filter(|slot| slot.is_active).count() as u64;
    let message = format!(
        "the server sends its log to others: about {} of this copy go to each of them",
        megabytes(space.wal_bytes)
    );
    (all > 0).then(|| {
        let finding = note("W_REPLICAS", "replication", message).count(server.replicas.max(1));
        finding.fix("watch how far they are behind during the copy, and wait for them before the switch")
    })
}

fn archive(server: &ServerFacts, space: &SpaceForecast) -> Option<Finding> {
    let is_on = server.setting("archive_mode").is_some_and(|mode| mode != "off");
    let message =
        format!("the server archives its log: about {} of this copy go there", megabytes(space.wal_bytes));
    is_on.then(|| note("W_ARCHIVED", "archive_mode", message).fix("see that the archive has that room"))
}

fn publications(server: &ServerFacts) -> Option<Finding> {
    let is_logical = server.setting("wal_level") == Some("logical");
    let names = server.publications.join(", ");
    let message =
        "publications have the tables of this copy: their subscribers would be sent all of its rows"
            .to_owned();
    (is_logical && !server.publications.is_empty()).then(|| {
        let finding = warning("W_PUBLISHED", &names, message).count(server.publications.len() as u64);
        finding.fix(
            "see that the subscribers have these tables, or take them out of the publications for the copy",
        )
    })
}

fn event_trigger(name: &str) -> Finding {
    let message = "this event trigger is enabled: it sees, and may refuse, the statements that make tables and keys; ENABLE it again after the copy";
    warning("W_EVENT_TRIGGER", name, message.to_owned())
        .way(Way::Target(format!("ALTER EVENT TRIGGER {} DISABLE", quote(name))))
}

fn autovacuum(server: &ServerFacts) -> Option<Finding> {
    let is_off = server.setting("autovacuum") == Some("off");
    let message = "autovacuum is off: the copy analyzes its tables once, and nobody will later";
    is_off.then(|| {
        warning("W_AUTOVACUUM_OFF", "autovacuum", message.to_owned())
            .way(Way::Target("ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()".to_owned()))
    })
}

/// Sorts of an index build that do not fit memory go to files, which this setting bounds.
fn temp_files(server: &ServerFacts, space: &SpaceForecast) -> Option<Finding> {
    let limit = server.setting("temp_file_limit").and_then(bytes_of)?;
    let message = format!(
        "sorts of one session may take {} of files, and the indexes of this copy have about {}",
        megabytes(limit),
        megabytes(space.index_bytes)
    );
    (limit < space.index_bytes).then(|| {
        let off = format!("ALTER ROLE {} SET temp_file_limit = -1", quote(&server.role));
        warning("W_TEMP_LIMIT", "temp_file_limit", message).way(Way::Target(off))
    })
}

fn durability(server: &ServerFacts) -> Option<Finding> {
    let is_off = server.setting("fsync") == Some("off");
    let message = "fsync is off: after a crash of the host, nothing of this server can be believed";
    is_off.then(|| {
        warning("W_FSYNC_OFF", "fsync", message.to_owned())
            .way(Way::Target("ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()".to_owned()))
    })
}

fn room(server: &ServerFacts, space: &SpaceForecast) -> Option<Finding> {
    let needed = megabytes(space.needed_bytes);
    let object = server.directory.as_deref().unwrap_or("the server's disk");
    match space.free_bytes {
        Some(free) if free < space.needed_bytes => {
            let message = format!("{} are free there, and the copy needs about {needed}", megabytes(free));
            Some(
                warning("W_SPACE", object, message).fix("make room, or give the database another tablespace"),
            )
        }
        Some(_) => None,
        None => {
            let message =
                format!("how much is free there is not known from here; the copy needs about {needed}");
            Some(note("W_SPACE_UNKNOWN", object, message).fix("compare it with what df says on the server"))
        }
    }
}

fn clocks(link: &LinkFacts) -> Option<Finding> {
    let apart = link.clock_ahead_seconds;
    let which = if apart > 0.0 { "ahead of" } else { "behind" };
    let message = format!("the server's clock is {:.0} s {which} this host's", apart.abs());
    (apart.abs() > CLOCKS_APART_MAX.as_secs_f64())
        .then(|| note("W_CLOCKS_APART", "clock", message).fix("have both follow one time server"))
}

fn plain_text() -> Finding {
    let message = "the connection is not encrypted: the data and, where the server asks for it in plain text, the password can be read on the way";
    warning("W_PLAIN_TEXT", "connection", message.to_owned())
        .fix("add sslmode=verify-full to the address (docs/security.md)")
}

/// `512MB`, `-1` (no limit) and the like, as `SHOW` writes memory.
pub fn bytes_of(shown: &str) -> Option<u64> {
    let end = shown.find(|c: char| !c.is_ascii_digit()).unwrap_or(shown.len());
    let (number, unit) = (shown.get(..end)?.parse::<u64>().ok()?, shown.get(end..)?);
    let factor: u64 = match unit {
        "B" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ConnectionsFact, Holder, ServerSetting};

    fn server(settings: &[(&str, &str)]) -> ServerFacts {
        let settings = settings.iter();
        let settings =
            settings.map(|(name, value)| ServerSetting { name: (*name).into(), value: (*value).into() });
        ServerFacts { version_num: 150_000, settings: settings.collect(), ..ServerFacts::default() }
    }

    fn codes(server: ServerFacts, space: SpaceForecast) -> Vec<String> {
        let environment = Environment { server: Some(server), space: Some(space), ..Environment::default() };
        findings(&environment, 4, false).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_plain_server_with_room_has_nothing_to_say() {
        let space = SpaceForecast { needed_bytes: 5, free_bytes: Some(5), ..SpaceForecast::default() };
        assert!(codes(server(&[("wal_level", "replica"), ("archive_mode", "off")]), space).is_empty());
    }

    #[test]
    fn each_condition_has_its_code() {
        let big = SpaceForecast {
            index_bytes: 1 << 31,
            needed_bytes: 10,
            free_bytes: Some(9),
            ..SpaceForecast::default()
        };
        let table: [(&str, ServerFacts); 9] = [
            ("W_ARCHIVED", server(&[("archive_mode", "on")])),
            ("W_AUTOVACUUM_OFF", server(&[("autovacuum", "off")])),
            ("W_FSYNC_OFF", server(&[("fsync", "off")])),
            ("W_TEMP_LIMIT", server(&[("temp_file_limit", "1GB")])),
            ("W_SERVER_VERSION", ServerFacts { version_num: 120_000, ..server(&[]) }),
            ("W_REPLICAS", ServerFacts { replicas: 1, ..server(&[]) }),
            (
                "W_PUBLISHED",
                ServerFacts { publications: vec!["all".into()], ..server(&[("wal_level", "logical")]) },
            ),
            (
                "W_SLOT_IDLE",
                ServerFacts {
                    slots: vec![SlotFact { name: "s".into(), ..SlotFact::default() }],
                    ..server(&[])
                },
            ),
            (
                "W_CONNECTIONS",
                ServerFacts {
                    connections: Some(ConnectionsFact { limit: "x".into(), allowed: 5, used: 3 }),
                    ..server(&[])
                },
            ),
        ];
        for (code, facts) in table {
            assert_eq!(codes(facts, big.clone()), [code, "W_SPACE"], "{code}");
        }
        assert_eq!(codes(server(&[]), SpaceForecast::default()), ["W_SPACE_UNKNOWN"]);
    }

    #[test]
    fn a_writer_is_a_warning_and_a_reader_a_note() {
        let held = |writes| SourceEnvironment {
            holders: Some(vec![Holder { pid: 7, name: "gunicorn".into(), writes }]),
            ..SourceEnvironment::default()
        };
        assert_eq!(holders(&held(true)).unwrap().severity, Severity::Warning);
        assert_eq!(holders(&held(false)).unwrap().severity, Severity::Note);
        assert!(holders(&SourceEnvironment::default()).is_none());
    }

    #[test]
    fn sizes_are_read_as_the_server_shows_them() {
        for (text, bytes) in
            [("1GB", Some(1 << 30)), ("64kB", Some(65_536)), ("-1", None), ("", None), ("0", None)]
        {
            assert_eq!(bytes_of(text), bytes, "{text}");
        }
    }
}
