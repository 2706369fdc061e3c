//! From an address to a session: which place, with or without TLS, and when another one is tried.
//!
//! Invariants: a refused login is tried once (no storm that locks an account); every attempt ends within
//! `connect_timeout`; TLS is given up only where `sslmode` allows it. The order is libpq's (PostgreSQL manual,
//! "Specifying Multiple Hosts"): every address of every host, the next one only where nobody answered, the server
//! said "not now", or it cannot write and `target_session_attrs=read-write` asks for one that can.

use super::conninfo::{self, ChannelBinding, ConnInfo, Endpoint, SslMode};
use super::fault_passing::Each;
use super::identity::Home;
use super::session::{Canceller, Fresh, Session, Trace};
use super::watch::Watched;
use super::wire::socket::{Address, Socket};
use super::wire::turns::{TlsBelow, Wire};
use super::{fault, tls};
use crate::config::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_postgres::config::SslMode as DriverMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Makes sessions; built once for a run, cheap to clone.
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    info: ConnInfo,
    tls: MakeRustlsConnect,
    run_label: String,
    /// sessions that cannot write are good enough
    only_reads: bool,
    /// the cluster that all sessions must be of
    home: Home,
    watched: Watched,
    open: Open,
}

/// Sessions that were opened, also by those who only read.
type Open = Arc<Mutex<Vec<Trace>>>;

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connector({})", self.0.info.display())
    }
}

/// An attempt that failed, and whether the next address may still do.
struct Failed {
    error: Error,
    elsewhere: bool,
}

impl Connector {
    /// Reads the certificate files; errors of kind `Usage` where one of them cannot be used. `run_label` marks the
    /// sessions of this run in `pg_stat_activity`.
    pub fn new(info: ConnInfo, run_label: &str) -> Result<Connector> {
        let tls = tls::connector(&info)?;
        let inner = Inner {
            info,
            tls,
            run_label: run_label.to_string(),
            only_reads: false,
            home: Home::default(),
            watched: Watched::default(),
            open: Open::default(),
        };
        Ok(Connector(Arc::new(inner)))
    }

    /// The same for sessions that only look: a standby, or a role whose sessions are read-only, will do.
    pub fn for_reading(&self) -> Connector {
        self.altered(self.0.info.clone(), true)
    }

    /// The same with a password for every place that has none.
    pub fn with_password(&self, password: &Secret) -> Connector {
        self.altered(self.0.info.with_password(password), self.0.only_reads)
    }

    fn altered(&self, info: ConnInfo, only_reads: bool) -> Connector {
        let Inner { tls, run_label, home, watched, open, .. } = &*self.0;
        Connector(Arc::new(Inner {
            info,
            tls: tls.clone(),
            run_label: run_label.clone(),
            only_reads,
            home: home.clone(),
            watched: watched.clone(),
            open: Arc::clone(open),
        }))
    }

    /// Whether the server asks for a password that nobody has given. What else keeps from connecting is for
    /// [`Connector::connect`] to say.
    pub async fn lacks_password(&self) -> bool {
        if self.0.info.endpoints.iter().all(|endpoint| endpoint.password.is_some()) {
            return false;
        }
        match self.for_reading().connect("login").await {
            Ok(session) => {
                session.close().await;
                false
            }
            Err(error) => fault::is_password_missing(&error),
        }
    }

    /// Cancels what the server is still doing for sessions of this connector: nobody waits for it any more. Takes
    /// [`crate::limits::CANCEL_WAIT`] at most.
    pub async fn cancel_open(&self) {
        let busy: Vec<Trace> = self.open().iter().filter(|trace| trace.is_busy()).cloned().collect();
        futures::future::join_all(busy.iter().map(Trace::cancel)).await;
    }

    fn open(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a session, and forgets those that have come to rest and gone.
    fn remember(&self, session: &Session) {
        let mut open = self.open();
        open.retain(|trace| trace.is_busy() || !trace.is_gone());
        open.push(session.trace());
    }

    /// Where it connects to.
    pub fn info(&self) -> &ConnInfo {
        &self.0.info
    }

    /// What marks the sessions of this run, between `cutover ` and what each is for.
    pub fn run_label(&self) -> &str {
        &self.0.run_label
    }

    /// The sessions of this run that are open.
    pub(super) fn watched(&self) -> &Watched {
        &self.0.watched
    }

    /// A session that is set up and can write; `role` (`copy 2`, `ledger`) ends its `application_name`.
    /// Errors: `Target` where nobody answers, `Refused` where the server does and says no, or cannot be written to.
    pub async fn connect(&self, role: &str) -> Result<Session> {
        let mut failures: Vec<Error> = Vec::new();
        for endpoint in &self.0.info.endpoints {
            let addresses = match self.resolve(endpoint).await {
                Ok(addresses) => addresses,
                Err(error) => {
                    note(&mut failures, error);
                    continue;
                }
            };
            for address in addresses {
                match self.in_time(self.one(endpoint, address, role), endpoint).await {
                    Ok(session) => {
                        failpoint::target(failpoint::CONNECTED)?;
                        self.remember(&session);
                        return Ok(session);
                    }
                    Err(failed) if failed.elsewhere => note(&mut failures, failed.error),
                    Err(failed) => return Err(failed.error),
                }
            }
        }
        Err(summary(failures))
    }

    fn doing(&self, endpoint: &Endpoint) -> String {
        format!("connecting to {}/{} as \"{}\"", endpoint.display(), self.0.info.database, self.0.info.user)
    }

    async fn in_time(
        &self,
        attempt: impl Future<Output = std::result::Result<Session, Failed>>,
        endpoint: &Endpoint,
    ) -> std::result::Result<Session, Failed> {
        let limit = self.0.info.connect_timeout.unwrap_or(Duration::MAX);
        match tokio::time::timeout(limit, attempt).await {
            Ok(result) => result,
            Err(_) => Err(Failed { error: self.too_late(endpoint), elsewhere: true }),
        }
    }

    fn too_late(&self, endpoint: &Endpoint) -> Error {
        fault::from_io(&std::io::ErrorKind::TimedOut.into(), &self.doing(endpoint))
    }

    /// The addresses to try; `[None]` for a Unix socket.
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<Option<IpAddr>>> {
        let name = match &endpoint.host {
            conninfo::Host::Unix(_) => return Ok(vec![None]),
            conninfo::Host::Tcp { addr: Some(addr), .. } => return Ok(vec![Some(*addr)]),
            conninfo::Host::Tcp { name, .. } => name.as_str(),
        };
        let limit = self.0.info.connect_timeout.unwrap_or(Duration::MAX);
        let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((name, endpoint.port)));
        let found = lookup.await.map_err(|_| self.too_late(endpoint))?;
        let mut addresses: Vec<Option<IpAddr>> = Vec::new();
        for address in found.into_iter().flatten().map(|socket| Some(socket.ip())) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(Error::target_fault(self.doing(endpoint))
                .cause(fault::LinkFault::new("unknown host"))
                .remedy("check the host's name, and that this machine can resolve it"));
        }
        Ok(addresses)
    }

    /// One address, with the kinds of connection that `sslmode` allows, one after the other.
    async fn one(
        &self,
        endpoint: &Endpoint,
        address: Option<IpAddr>,
        role: &str,
    ) -> std::result::Result<Session, Failed> {
        let doing = self.doing(endpoint);
        let steps = steps(self.0.info.ssl_mode, address.is_some());
        let mut before: Option<Error> = None;
        for (i, mode) in steps.iter().enumerate() {
            let refused = match self.log_in(endpoint, address, (*mode, role)).await {
                Ok(fresh) => {
                    let read_write = self.0.info.read_write;
                    let session = Session::begin(fresh, self.0.only_reads, &doing)
                        .await
                        .map_err(|(error, read_only)| Failed { error, elsewhere: read_only && read_write })?;
                    let at_home = self.0.home.check(session.identity(), &doing);
                    at_home.map_err(|error| Failed { error, elsewhere: false })?;
                    self.0.watched.add(session.watched(), session.backend_pid(), role);
                    return Ok(session);
                }
                Err(refused) => refused,
            };
            let failed = refused.classify(&doing);
            if i + 1 < steps.len() && refused.is_about_tls(i == 0) {
                before = Some(failed);
                continue;
            }
            let error_of_both = match before {
                Some(first) => failed.at(format!("{first}; tried again {}", step_name(*mode))),
                None => failed,
            };
            return Err(Failed { error: error_of_both, elsewhere: refused.is_elsewhere() });
        }
        Err(Failed { error: Error::internal("no kind of connection to try"), elsewhere: false })
    }

    /// A connection of one kind: our socket, the driver's login on it.
    async fn log_in(
        &self,
        endpoint: &Endpoint,
        ip: Option<IpAddr>,
        (mode, role): (DriverMode, &str),
    ) -> std::result::Result<Fresh, Refused> {
        let config = self.driver_config(endpoint, (mode, role));
        let address = self.address(endpoint, ip)?;
        let host = match &endpoint.host {
            conninfo::Host::Unix(_) => String::new(),
            conninfo::Host::Tcp { name, .. } => name.clone(),
        };
        let asks_for_tls = mode != DriverMode::Disable && !self.0.info.direct_tls;
        failpoint::io(failpoint::CONNECT)?;
        let wire = Wire::new(address.open().await?, asks_for_tls);
        let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.0.tls.clone(), &host);
        let (client, connection) = config.connect_raw(wire.driver_end(), TlsBelow(tls)).await?;
        let canceller = Canceller { token: client.cancel_token(), address, host, tls: self.0.tls.clone() };
        Ok(Fresh { client, connection, wire, canceller })
    }

    fn address(&self, endpoint: &Endpoint, ip: Option<IpAddr>) -> std::io::Result<Address> {
        let ConnInfo { keepalive, tcp_user_timeout: user_timeout, .. } = self.0.info;
        match (&endpoint.host, ip) {
            (conninfo::Host::Unix(directory), _) => {
                Ok(Address::Unix(directory.join(format!(".s.PGSQL.{}", endpoint.port))))
            }
            (_, Some(ip)) => {
                Ok(Address::Tcp { at: SocketAddr::new(ip, endpoint.port), keepalive, user_timeout })
            }
            (_, None) => Err(std::io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    fn driver_config(&self, endpoint: &Endpoint, (mode, role): (DriverMode, &str)) -> tokio_postgres::Config {
        let info = &self.0.info;
        let mut config = tokio_postgres::Config::new();
        config.user(&info.user).dbname(&info.database).ssl_mode(mode);
        config.application_name(format!("cutover {} {role}", self.0.run_label));
        if let Some(password) = &endpoint.password {
            config.password(&password.0);
        }
        if let Some(options) = &info.options {
            config.options(options);
        }
        if info.direct_tls && mode == DriverMode::Require {
            config.ssl_negotiation(tokio_postgres::config::SslNegotiation::Direct);
        }
        config.channel_binding(driver_binding(info.channel_binding));
        config
    }
}

/// Why there is no connection of one kind.
enum Refused {
    Socket(std::io::Error),
    Driver(tokio_postgres::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Refused {
        Refused::Socket(error)
    }
}

impl From<tokio_postgres::Error> for Refused {
    fn from(error: tokio_postgres::Error) -> Refused {
        Refused::Driver(error)
    }
}

impl Refused {
    fn classify(&self, doing: &str) -> Error {
        match self {
            Refused::Socket(error) => fault::from_io(error, doing),
            Refused::Driver(error) => fault::classify(error, doing),
        }
    }

    /// Whether the other kind of connection may do.
    fn is_about_tls(&self, first: bool) -> bool {
        match self {
            Refused::Socket(_) => false,
            Refused::Driver(error) => fault::is_hba(error) || (fault::is_tls(error) && first),
        }
    }

    /// Whether another address may do.
    fn is_elsewhere(&self) -> bool {
        match self {
            Refused::Socket(_) => true,
            Refused::Driver(error) => fault::is_elsewhere(error),
        }
    }
}

fn driver_binding(binding: ChannelBinding) -> tokio_postgres::config::ChannelBinding {
    match binding {
        ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
        ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
        ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
    }
}

/// What to try; a Unix socket never uses TLS. The driver's `Prefer` goes on in plain text where the server has no TLS.
fn steps(mode: SslMode, tcp: bool) -> &'static [DriverMode] {
    match mode {
        _ if !tcp => &[DriverMode::Disable],
        SslMode::Disable => &[DriverMode::Disable],
        SslMode::Allow => &[DriverMode::Disable, DriverMode::Require],
        SslMode::Prefer => &[DriverMode::Prefer, DriverMode::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[DriverMode::Require],
    }
}

fn step_name(mode: DriverMode) -> &'static str {
    if mode == DriverMode::Disable { "without TLS" } else { "with TLS" }
}

/// Two addresses of one name usually fail for the same reason, which is said once.
fn note(failures: &mut Vec<Error>, error: Error) {
    if failures.iter().all(|known| known.to_string() != error.to_string()) {
        failures.push(error);
    }
}

fn summary(mut failures: Vec<Error>) -> Error {
    if failures.len() <= 1 {
        return failures.pop().unwrap_or_else(|| Error::internal("no address to connect to"));
    }
    let all_refused = failures.iter().all(|error| error.kind() == ErrorKind::Refused);
    let kind = if all_refused { ErrorKind::Refused } else { ErrorKind::Target };
    let remedy = failures.first().and_then(Error::remedy_text).unwrap_or_default().to_string();
    Error::new(kind, "none of the target's addresses can be used").cause(Each(failures)).remedy(remedy)
}
