//! Where the target is and how to get in: a connection string, the `PG*` variables, the password file, libpq's
//! defaults, in this order (PostgreSQL manual, "Database Connection Control Functions" and "Environment Variables").
//!
//! Invariant: the password is in `Secret`s only; no message, note or `Debug` form shows it.
//! Deliberately absent: connection service files, GSSAPI, and every session kind that cannot write.

use super::conninfo_places::{endpoints, give_passwords};
use super::conninfo_text::Params;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::limits;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much TLS is asked for (PostgreSQL manual, "SSL Mode Descriptions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// never
    Disable,
    /// only where the server insists
    Allow,
    /// where the server can
    Prefer,
    /// always; the certificate is looked at only where a root certificate is given
    Require,
    /// always; the chain must lead to a trusted root
    VerifyCa,
    /// always; the chain, and the name too
    VerifyFull,
}

/// Whether SCRAM must be bound to the TLS channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// do not
    Disable,
    /// where possible
    Prefer,
    /// or fail
    Require,
}

/// Which trusted roots to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// `~/.postgresql/root.crt` where it exists, else the system's
    Default(Option<PathBuf>),
    /// `sslrootcert=system`
    System,
    /// this file
    File(PathBuf),
}

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// where
    pub host: Host,
    /// TCP port, or the number in the socket's name
    pub port: u16,
    /// the password for this place
    pub password: Option<Secret>,
}

/// The host of an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A host name or address; `addr` (`hostaddr`) saves the lookup.
    Tcp {
        /// the name, also the one the certificate must carry
        name: String,
        /// where to connect without a lookup
        addr: Option<IpAddr>,
    },
    /// The directory of a Unix socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// `host:port`, `[v6]:port` or the socket's path.
    pub fn display(&self) -> String {
        match &self.host {
            Host::Tcp { name, .. } if name.contains(':') => format!("[{name}]:{}", self.port),
            Host::Tcp { name, .. } => format!("{name}:{}", self.port),
            Host::Unix(directory) => format!("{}/.s.PGSQL.{}", directory.display(), self.port),
        }
    }
}

/// Keepalive probes of our side of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// whether to send any
    pub on: bool,
    /// silence before the first
    pub idle: Duration,
    /// time between them
    pub interval: Duration,
    /// how many without an answer are the end
    pub count: u32,
}

/// Everything needed to connect. `Debug` hides the password.
#[derive(Debug, Clone)]
pub struct ConnInfo {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) ssl_mode: SslMode,
    pub(super) roots: Roots,
    pub(super) client_cert: Option<(PathBuf, PathBuf)>,
    pub(super) direct_tls: bool,
    pub(super) channel_binding: ChannelBinding,
    pub(super) options: Option<String>,
    /// `None` waits for ever (`connect_timeout=0`).
    pub(super) connect_timeout: Option<Duration>,
    pub(super) read_write: bool,
    pub(super) keepalive: Keepalive,
    /// `None` leaves it to the kernel.
    pub(super) tcp_user_timeout: Option<Duration>,
    notes: Vec<String>,
}

impl ConnInfo {
    /// Reads a URI or `key=value` string; `env` gives the environment's variables (`PG*`, `USER`, `LOGNAME`, `HOME`).
    /// Errors are of kind `Usage` and never repeat a password.
    pub fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<ConnInfo> {
        let mut params = Params::parse(text)?;
        params.fill_from(env);
        let mut notes = Vec::new();
        refuse_what_we_cannot(&params)?;
        if params.get("application_name").is_some() {
            notes.push("application_name is ignored: ours marks the sessions of a run".to_string());
        }
        if env("PGSERVICE").is_some() {
            notes.push("PGSERVICE is ignored: connection service files are not supported".to_string());
        }
        let user = user(&params, env)?;
        let database = params.get("dbname").unwrap_or(&user).to_string();
        let home = env("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let mut endpoints = endpoints(&params)?;
        let passfile = params.get("passfile").map(PathBuf::from).or(home.as_ref().map(|h| h.join(".pgpass")));
        notes.extend(give_passwords(&mut endpoints, &params, passfile.as_deref(), (&user, &database)));
        let (ssl_mode, roots) = trust(&params, home.as_deref())?;
        let direct_tls = choice(&params, "sslnegotiation", &[("postgres", false), ("direct", true)], false)?;
        if direct_tls && ssl_mode < SslMode::Require {
            return Err(Error::usage("sslnegotiation=direct needs sslmode=require or a stronger one"));
        }
        Ok(ConnInfo {
            endpoints,
            user,
            database,
            ssl_mode,
            roots,
            client_cert: client_cert(&params, home.as_deref()),
            direct_tls,
            channel_binding: choice(&params, "channel_binding", BINDINGS, ChannelBinding::Prefer)?,
            options: params.get("options").map(str::to_string),
            connect_timeout: connect_timeout(&params)?,
            read_write: choice(&params, "target_session_attrs", SESSIONS, false)?,
            keepalive: keepalive(&params)?,
            tcp_user_timeout: Some(millis(&params, "tcp_user_timeout", limits::TCP_USER_TIMEOUT)?)
                .filter(|timeout| !timeout.is_zero()),
            notes,
        })
    }

    /// `host:port/database`, or the socket's path and the database; never the password.
    pub fn display(&self) -> String {
        let places: Vec<String> = self.endpoints.iter().map(Endpoint::display).collect();
        format!("{}/{}", places.join(","), self.database)
    }

    /// It is reached over a network: not every place is a Unix socket or this host itself.
    pub fn is_remote(&self) -> bool {
        let is_remote = |endpoint: &Endpoint| match &endpoint.host {
            Host::Unix(_) => false,
            Host::Tcp { addr: Some(addr), .. } => !addr.is_loopback(),
            Host::Tcp { name, .. } => {
                name != "localhost" && !name.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback())
            }
        };
        self.endpoints.iter().any(is_remote)
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The same with a password for every place that has none.
    pub(super) fn with_password(&self, password: &Secret) -> ConnInfo {
        let mut info = self.clone();
        let without = info.endpoints.iter_mut().filter(|endpoint| endpoint.password.is_none());
        without.for_each(|endpoint| endpoint.password = Some(password.clone()));
        info
    }

    /// Whether the server is on this machine, as far as its address tells: a Unix socket or a loopback address.
    pub fn is_local(&self) -> bool {
        self.endpoints.iter().all(|endpoint| match &endpoint.host {
            Host::Unix(_) => true,
            Host::Tcp { addr: Some(addr), .. } => addr.is_loopback(),
            Host::Tcp { name, addr: None } => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback())
            }
        })
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the user should know: an ignored password file, an ignored setting.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl PartialOrd for SslMode {
    fn partial_cmp(&self, other: &SslMode) -> Option<std::cmp::Ordering> {
        (*self as u8).partial_cmp(&(*other as u8))
    }
}

const MODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

const BINDINGS: &[(&str, ChannelBinding)] = &[
    ("disable", ChannelBinding::Disable),
    ("prefer", ChannelBinding::Prefer),
    ("require", ChannelBinding::Require),
];

/// Session kinds that can write; `primary` is close enough to `read-write`, since a copy needs to write.
const SESSIONS: &[(&str, bool)] = &[("any", false), ("read-write", true), ("primary", true)];

fn choice<T: Copy>(params: &Params, name: &str, choices: &[(&str, T)], default: T) -> Result<T> {
    let Some(value) = params.get(name) else { return Ok(default) };
    let found = choices.iter().find(|(word, _)| *word == value);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        Error::usage(format!("connection parameter {name} has a value that is not possible here"))
            .remedy(format!("possible are {}", words.join(", ")))
    })
}

fn refuse_what_we_cannot(params: &Params) -> Result<()> {
    choice(params, "gssencmode", &[("disable", ()), ("prefer", ())], ())?;
    let encodings = [("UTF8", ()), ("utf8", ()), ("UTF-8", ()), ("utf-8", ()), ("auto", ())];
    choice(params, "client_encoding", &encodings, ())
}

fn user(params: &Params, env: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let system =
        || ["USER", "LOGNAME"].into_iter().find_map(|name| env(name).filter(|user| !user.is_empty()));
    params.get("user").map(str::to_string).or_else(system).ok_or_else(|| {
        Error::usage("no user name for the target")
            .remedy("give user= in the connection string, or set PGUSER")
    })
}

/// A number of `unit`s; zero and below mean "the system's default" in libpq, here zero.
fn number(params: &Params, name: &str) -> Result<Option<u64>> {
    let Some(value) = params.get(name) else { return Ok(None) };
    let parsed: std::result::Result<i32, _> = value.trim().parse();
    let number = parsed.map_err(|_| Error::usage(format!("connection parameter {name} is not a number")))?;
    Ok(Some(u64::try_from(number).unwrap_or(0)))
}

fn seconds(params: &Params, name: &str, default: Duration) -> Result<Duration> {
    Ok(number(params, name)?.filter(|n| *n > 0).map_or(default, Duration::from_secs))
}

fn millis(params: &Params, name: &str, default: Duration) -> Result<Duration> {
    Ok(number(params, name)?.map_or(default, Duration::from_millis))
}

/// libpq: zero or less waits for ever, and one second is too short to be meant.
fn connect_timeout(params: &Params) -> Result<Option<Duration>> {
    Ok(match number(params, "connect_timeout")? {
        None => Some(limits::CONNECT_TIMEOUT),
        Some(0) => None,
        Some(seconds) => Some(Duration::from_secs(seconds.max(2))),
    })
}

fn keepalive(params: &Params) -> Result<Keepalive> {
    let count = number(params, "keepalives_count")?.filter(|count| *count > 0);
    Ok(Keepalive {
        on: number(params, "keepalives")? != Some(0),
        idle: seconds(params, "keepalives_idle", limits::KEEPALIVE_IDLE)?,
        interval: seconds(params, "keepalives_interval", limits::KEEPALIVE_INTERVAL)?,
        count: count.and_then(|count| u32::try_from(count).ok()).unwrap_or(limits::KEEPALIVE_COUNT),
    })
}

fn client_cert(params: &Params, home: Option<&Path>) -> Option<(PathBuf, PathBuf)> {
    let own = |name: &str| home.map(|home| home.join(".postgresql").join(name));
    let cert = match params.get("sslcert") {
        Some(path) => PathBuf::from(path),
        None => own("postgresql.crt").filter(|path| path.exists())?,
    };
    let key = params.get("sslkey").map(PathBuf::from).or_else(|| own("postgresql.key"))?;
    Some((cert, key))
}

/// The mode and the roots, with libpq's two cross rules: `sslrootcert=system` means verify-full, and `require` with
/// a root certificate means verify-ca.
fn trust(params: &Params, home: Option<&Path>) -> Result<(SslMode, Roots)> {
    let mode = choice(params, "sslmode", MODES, SslMode::Prefer)?;
    match params.get("sslrootcert") {
        Some("system") if params.get("sslmode").is_some() && mode != SslMode::VerifyFull => {
            Err(Error::usage("sslrootcert=system needs sslmode=verify-full")
                .remedy("any certificate holder of the world would pass a weaker check"))
        }
        Some("system") => Ok((SslMode::VerifyFull, Roots::System)),
        Some(path) => Ok((with_roots(mode), Roots::File(PathBuf::from(path)))),
        None => {
            let own = home.map(|home| home.join(".postgresql/root.crt")).filter(|path| path.exists());
            let mode = if own.is_some() { with_roots(mode) } else { mode };
            Ok((mode, Roots::Default(own)))
        }
    }
}

fn with_roots(mode: SslMode) -> SslMode {
    if mode == SslMode::Require { SslMode::VerifyCa } else { mode }
}

#[cfg(test)]
#[path = "conninfo_tests.rs"]
mod tests;
