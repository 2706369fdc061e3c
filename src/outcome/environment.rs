//! Where a run would take place: this host, the files, the server and the way to it (`copy --validate`).

use serde::Serialize;

/// Everything that was looked at around the data; a part is absent where it was not reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Environment {
    /// where this program runs
    pub host: HostFacts,
    /// the files, in order
    pub sources: Vec<SourceEnvironment>,
    /// the server
    pub server: Option<ServerFacts>,
    /// the way to it
    pub link: Option<LinkFacts>,
    /// room that the copy needs
    pub space: Option<SpaceForecast>,
}

/// Where this program runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostFacts {
    /// version of this program
    pub cutover: String,
    /// version of its SQLite
    pub sqlite: String,
    /// threads that run at once
    pub cores: u64,
    /// bytes of memory; absent where the system does not tell
    pub memory_bytes: Option<u64>,
    /// bytes of it that are free for programs
    pub memory_free_bytes: Option<u64>,
}

/// One source file, beyond what a report says of it anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceEnvironment {
    /// canonical path
    pub path: String,
    /// bytes of the main file
    pub bytes: u64,
    /// bytes of a page
    pub page_bytes: u32,
    /// `wal`, `delete`, …
    pub journal_mode: String,
    /// bytes of its write-ahead log, 0 without one
    pub wal_bytes: u64,
    /// `UTF-8`, `UTF-16le` or `UTF-16be`
    pub encoding: String,
    /// `PRAGMA application_id`, 0 where the application sets none
    pub application_id: i64,
    /// `PRAGMA user_version`, as a rule the application's schema version
    pub user_version: i64,
    /// what `quick_check` said: `ok`, `noted` (see the findings) or `not run`
    pub quick_check: String,
    /// foreign keys with rows without a parent
    pub orphaned_keys: u64,
    /// other processes that have it open; absent where the system does not tell
    pub holders: Option<Vec<Holder>>,
}

/// A process that has a source file open.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holder {
    /// its number
    pub pid: u32,
    /// its name
    pub name: String,
    /// it has the file open for writing
    pub writes: bool,
}

/// The server, as far as this role may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServerFacts {
    /// `server_version`
    pub version: String,
    /// `server_version_num`
    pub version_num: u32,
    /// the role of this run
    pub role: String,
    /// it is a superuser
    pub is_superuser: bool,
    /// encoding of the database
    pub encoding: String,
    /// collation of the database, with its provider: `C.UTF-8 (libc)`
    pub collation: String,
    /// bytes that the database takes now; absent where the role may not ask
    pub database_bytes: Option<u64>,
    /// connections that the tightest limit allows, and how many of them are in use, ours among them
    pub connections: Option<ConnectionsFact>,
    /// settings that bear on a copy, by name; those that the role may not see are left out
    pub settings: Vec<ServerSetting>,
    /// receivers of the write-ahead log: physical and logical standbys, `pg_receivewal`
    pub replicas: u64,
    /// replication slots
    pub slots: Vec<SlotFact>,
    /// publications that new or existing tables of the schema are in
    pub publications: Vec<String>,
    /// event triggers that are enabled
    pub event_triggers: Vec<String>,
    /// installed extensions, with their versions
    pub extensions: Vec<String>,
    /// the server runs on this host
    pub is_local: bool,
    /// a pooler stands between
    pub is_pooled: bool,
    /// directory of the database's tables, where the role may see it
    pub directory: Option<String>,
}

/// A limit of connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionsFact {
    /// where the limit stands
    pub limit: String,
    /// connections that it allows
    pub allowed: i64,
    /// connections that there are
    pub used: i64,
}

/// One setting of the server, with its unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServerSetting {
    /// its name
    pub name: String,
    /// its value as `SHOW` says it
    pub value: String,
}

/// A replication slot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SlotFact {
    /// its name
    pub name: String,
    /// somebody reads from it
    pub is_active: bool,
    /// bytes of write-ahead log that are kept for it
    pub kept_bytes: u64,
}

/// The way to the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LinkFacts {
    /// protocol version of TLS; absent without TLS
    pub tls: Option<String>,
    /// median round trip of an empty statement, milliseconds
    pub round_trip_ms: f64,
    /// bytes a second from the server to here
    pub bytes_per_second: f64,
    /// the server's clock less this host's, seconds
    pub clock_ahead_seconds: f64,
}

/// Room that the copy needs in the target, estimated from what the data weighs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SpaceForecast {
    /// bytes of table pages
    pub heap_bytes: u64,
    /// bytes of long values beside them
    pub toast_bytes: u64,
    /// bytes of keys and indexes
    pub index_bytes: u64,
    /// bytes of write-ahead log that are written, all in all
    pub wal_bytes: u64,
    /// bytes to have free: tables, indexes, the log between two checkpoints, and the largest sort
    pub needed_bytes: u64,
    /// bytes free where the tables will be; absent where that cannot be known from here
    pub free_bytes: Option<u64>,
}

impl ServerFacts {
    /// The value of a setting, where the role may see it.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|setting| setting.name == name).map(|setting| setting.value.as_str())
    }
}
