//! TLS, logins and session settings against a throwaway server with a throwaway authority.

// A helper outside of a test function may fail the test too.
#![allow(clippy::unwrap_used, clippy::panic)]

use cutover::error::{Error, ErrorKind, Result};
use cutover::postgres::connect::Connector;
use cutover::postgres::conninfo::ConnInfo;
use cutover::postgres::fault::server_error;
use cutover::postgres::session::Session;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "geh eim'\\/@:%20ü";

/// A cluster in a directory of its own; stopped at once when dropped.
pub(crate) struct Server {
    dir: tempfile::TempDir,
    port: u16,
    owner: Option<(u32, u32)>,
}

/// PostgreSQL refuses to run as root, so root lends its programs the account `postgres`.
fn owner() -> Option<(u32, u32)> {
    let id = |flag: &str, user: &str| {
        let out = Command::new("id").args([flag, user]).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().parse::<u32>().ok()
    };
    let me = Command::new("id").arg("-u").output().unwrap();
    (me.stdout == b"0\n").then(|| (id("-u", "postgres").unwrap(), id("-g", "postgres").unwrap()))
}

fn bin(program: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|dirs| dirs.flatten().map(|dir| dir.path().join("bin").join(program)).collect())
        .unwrap_or_default();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(program))
}

impl Server {
    /// One that speaks TLS, and the address of its superuser.
    pub(crate) fn with_tls() -> (Server, String) {
        let (server, ours) = (Server::start(), authority("ours"));
        std::fs::write(server.path("data/client_ca.crt"), ours.pem()).unwrap();
        server.give(&server.path("data/client_ca.crt"));
        server.use_tls(Some(&issue(&ours, &["localhost"], |_| {})));
        let password = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
        let address =
            format!("host=127.0.0.1 port={} user=boss dbname=postgres password='{password}'", server.port);
        (server, address)
    }

    fn start() -> Server {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server { dir, port, owner: owner() };
        server.give(server.dir.path());
        std::fs::write(server.path("pw"), PASSWORD).unwrap();
        server.give(&server.path("pw"));
        let pwfile = format!("--pwfile={}", server.path("pw").display());
        server.run(
            "initdb",
            &["-D", "data", "-U", "boss", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "-N", &pwfile],
        );
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nfsync = off\n",
            server.dir.path().display()
        );
        let path = server.path("data/postgresql.auto.conf");
        std::fs::write(&path, settings).unwrap();
        server.run("pg_ctl", &["-D", "data", "-w", "-l", "log", "start"]);
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }

    fn run(&self, program: &str, args: &[&str]) {
        let mut command = Command::new(bin(program));
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        // A daemon that inherits our stderr would keep a piped test run waiting.
        command.stderr(std::fs::File::create(self.path("stderr")).unwrap());
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
        let status = command.status().unwrap();
        assert!(status.success(), "{program}: {:?}", std::fs::read_to_string(self.path("stderr")));
    }

    /// Puts certificate and key in place and switches TLS on or off.
    fn use_tls(&self, pair: Option<&Pair>) {
        let (conf, mut lines) = (self.path("data/postgresql.auto.conf"), String::new());
        for line in std::fs::read_to_string(&conf).unwrap().lines().filter(|line| !line.starts_with("ssl")) {
            lines.push_str(line);
            lines.push('\n');
        }
        if let Some(pair) = pair {
            for (name, text) in [("server.crt", &pair.cert), ("server.key", &pair.key)] {
                let path = self.path("data").join(name);
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
                self.give(&path);
            }
            lines.push_str("ssl = on\nssl_ca_file = 'client_ca.crt'\n");
        }
        std::fs::write(conf, lines).unwrap();
        self.restart();
    }

    fn restart(&self) {
        self.run("pg_ctl", &["-D", "data", "-w", "-m", "fast", "-l", "log", "restart"]);
    }

    fn hba(&self, lines: &str) {
        std::fs::write(self.path("data/pg_hba.conf"), lines).unwrap();
        self.run("pg_ctl", &["-D", "data", "reload"]);
        std::thread::sleep(Duration::from_millis(300));
    }

    fn log_count(&self, text: &str) -> usize {
        std::fs::read_to_string(self.path("log")).unwrap().matches(text).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", "data", "-w", "-m", "immediate", "stop"]);
    }
}

struct Pair {
    cert: String,
    key: String,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(authority: &Authority, names: &[&str], change: impl Fn(&mut CertificateParams)) -> Pair {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    let cert = params.signed_by(&key, authority).unwrap();
    Pair { cert: cert.pem(), key: key.serialize_pem() }
}

/// No variables but what the test gives.
fn info(text: &str, vars: &[(&str, &str)]) -> ConnInfo {
    let env =
        |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_string());
    ConnInfo::parse(text, &env).unwrap()
}

async fn connect(text: &str) -> Result<Session> {
    let vars = [("PGUSER", "boss"), ("PGDATABASE", "postgres"), ("PGPASSWORD", PASSWORD)];
    Connector::new(info(text, &vars), "t1")?.connect("test").await
}

async fn ask(session: &Session, sql: &str) -> String {
    session.client().query_one(sql, &[]).await.unwrap().get::<_, String>(0)
}

fn text(error: &Error) -> String {
    let all = format!("{error} {error:?} {}", error.remedy_text().unwrap_or_default());
    assert!(!all.contains("geh eim"), "{all}");
    all
}

/// Whether TLS is in use, or the error.
async fn outcome(text_: &str) -> std::result::Result<bool, String> {
    match connect(text_).await {
        Ok(session) => {
            let sql = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            Ok(ask(&session, sql).await == "true")
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Refused, "{}", text(&error));
            assert!(error.remedy_text().is_some_and(|remedy| !remedy.is_empty()), "{}", text(&error));
            Err(text(&error))
        }
    }
}

/// mode → expected: `tls`, `plain`, or a part of the error
async fn check(server: &Server, what: &str, roots: &Path, expected: &[(&str, &str)]) {
    for (mode, wanted) in expected {
        let root = if mode.starts_with("verify") {
            format!("sslrootcert={}", roots.display())
        } else {
            String::new()
        };
        let address = format!("host=localhost port={} sslmode={mode} {root}", server.port);
        match outcome(&address).await {
            Ok(tls) => assert_eq!(if tls { "tls" } else { "plain" }, *wanted, "{what} {mode}"),
            Err(error) => assert!(error.contains(wanted), "{what} {mode}: {error}"),
        }
    }
}

/// One server for all, since making one costs seconds: the table of modes and certificates.
#[tokio::test]
async fn f43_modes_and_certificates() {
    let server = Server::start();
    let (ours, other) = (authority("ours"), authority("other"));
    let root = server.path("root.crt");
    std::fs::write(&root, ours.pem()).unwrap();
    std::fs::write(server.path("data/client_ca.crt"), ours.pem()).unwrap();
    server.give(&server.path("data/client_ca.crt"));

    check(
        &server,
        "no TLS",
        &root,
        &[
            ("disable", "plain"),
            ("allow", "plain"),
            ("prefer", "plain"),
            ("require", "does not offer TLS"),
            ("verify-ca", "does not offer TLS"),
            ("verify-full", "does not offer TLS"),
        ],
    )
    .await;

    let weak = [("disable", "plain"), ("allow", "plain"), ("prefer", "tls"), ("require", "tls")];
    let good = issue(&ours, &["localhost"], |_| {});
    server.use_tls(Some(&good));
    check(&server, "good", &root, &weak).await;
    check(&server, "good", &root, &[("verify-ca", "tls"), ("verify-full", "tls")]).await;
    require_with_a_root(&server, &root).await;
    copies_above_tls(&server).await;
    socket_and_client_certificate(&server, &ours).await;
    refused_without_tls(&server).await;

    server.use_tls(Some(&issue(&ours, &["db.elsewhere"], |_| {})));
    check(&server, "name", &root, &weak).await;
    let name = "for \"db.elsewhere\", not for \"localhost\"";
    check(&server, "name", &root, &[("verify-ca", "tls"), ("verify-full", name)]).await;

    server.use_tls(Some(&issue(&other, &["localhost"], |_| {})));
    check(&server, "authority", &root, &weak).await;
    check(&server, "authority", &root, &[("verify-ca", "unknown CA"), ("verify-full", "unknown CA")]).await;

    let expired = issue(&ours, &["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    server.use_tls(Some(&expired));
    check(&server, "expired", &root, &weak).await;
    check(&server, "expired", &root, &[("verify-ca", "expired"), ("verify-full", "expired")]).await;

    self_signed_and_common_name(&server, &ours, &root).await;
}

/// libpq: `require` with a root certificate is `verify-ca`.
async fn require_with_a_root(server: &Server, root: &Path) {
    let address = |root: &Path| {
        format!("host=localhost port={} sslmode=require sslrootcert={}", server.port, root.display())
    };
    assert_eq!(outcome(&address(root)).await, Ok(true));
    let stranger = server.path("stranger.crt");
    std::fs::write(&stranger, authority("stranger").pem()).unwrap();
    assert!(outcome(&address(&stranger)).await.unwrap_err().contains("unknown CA"));
    let binding = format!("host=localhost port={} sslmode=require channel_binding=require", server.port);
    assert_eq!(outcome(&binding).await, Ok(true));
    let plain = format!("host=localhost port={} sslmode=disable channel_binding=require", server.port);
    assert!(outcome(&plain).await.unwrap_err().contains("channel binding"));
    // libpq would try `prefer` a second time without TLS; two wrong passwords per run can lock an account.
    let wrong = format!("host=localhost port={} sslmode=prefer password=wrong", server.port);
    assert!(outcome(&wrong).await.unwrap_err().contains("28P01"));
    assert_eq!(server.log_count("password authentication failed"), 1, "one attempt");
}

/// COPYs take turns with the driver above TLS, too: frames of many records, an error in their middle, an end from outside.
async fn copies_above_tls(server: &Server) {
    let session = connect(&format!("host=localhost port={} sslmode=require", server.port)).await.unwrap();
    session.client().batch_execute("CREATE TABLE public.copied (line text)").await.unwrap();
    let line = bytes::Bytes::from([&[b'x'; 99][..], b"\n"].concat().repeat(7000));
    let mut exchange = session.exchange().await.unwrap();
    exchange.statement("COPY public.copied FROM STDIN").unwrap();
    for _ in 0..20 {
        exchange.data(line.clone()).await.unwrap();
        exchange.data(line.slice(..100)).await.unwrap();
    }
    exchange.done().unwrap();
    assert_eq!(exchange.answers().await.unwrap(), [140_020]);
    assert_eq!(ask(&session, "SELECT count(*)::text FROM public.copied").await, "140020");

    let (mut back, mut exchange) = (Vec::new(), session.exchange().await.unwrap());
    exchange.statement("COPY public.copied TO STDOUT").unwrap();
    exchange.flush().await.unwrap();
    while exchange.read(|part| back.extend_from_slice(part)).await.unwrap() {}
    assert!(back.chunks(100).all(|found| found == &line[..100]) && back.len() == 14_002_000);

    let mut exchange = session.exchange().await.unwrap();
    exchange.statement("COPY public.copied FROM STDIN").unwrap();
    exchange.data(bytes::Bytes::from_static(b"two\tcolumns\n")).await.unwrap();
    let fault = loop {
        if let Err(fault) = exchange.data(line.clone()).await {
            break fault;
        }
    };
    let error = session.explain_wire(fault, "sending rows").await;
    assert_eq!(server_error(&error).unwrap().sqlstate, "22P04");
    assert_eq!(ask(&session, "SELECT count(*)::text FROM public.copied").await, "140020");

    let killer = connect(&format!("host=localhost port={} sslmode=require", server.port)).await.unwrap();
    let mut exchange = session.exchange().await.unwrap();
    exchange.statement("COPY public.copied FROM STDIN").unwrap();
    exchange.data(line.clone()).await.unwrap();
    let sql = format!("SELECT pg_terminate_backend({})", session.backend_pid());
    killer.client().batch_execute(&sql).await.unwrap();
    let fault = loop {
        if let Err(fault) = exchange.data(line.clone()).await {
            break fault;
        }
    };
    let error = session.explain_wire(fault, "sending rows").await;
    assert_eq!(server_error(&error).unwrap().sqlstate, "57P01");
    // On a connection of its own, which speaks TLS, too.
    let sleep = killer.client().batch_execute("SELECT pg_sleep(600)");
    let asks = async {
        let asleep = "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let other = connect(&format!("host=localhost port={} sslmode=require", server.port)).await.unwrap();
        while ask(&other, asleep).await == "0" {}
        killer.canceller().cancel().await.unwrap();
    };
    let (slept, ()) = futures::join!(sleep, asks);
    let error = killer.explain(slept.unwrap_err(), "sleeping").await;
    assert_eq!(server_error(&error).unwrap().sqlstate, "57014");
}

async fn socket_and_client_certificate(server: &Server, ours: &Authority) {
    let socket = format!(
        "host={} port={} sslmode=verify-full sslrootcert=/no/such",
        server.dir.path().display(),
        server.port
    );
    assert_eq!(outcome(&socket).await, Ok(false));

    let client = issue(ours, &[], |params| {
        params.distinguished_name.push(DnType::CommonName, "boss");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let (cert, key) = (server.path("client.crt"), server.path("client.key"));
    std::fs::write(&cert, client.cert).unwrap();
    std::fs::write(&key, client.key).unwrap();
    server.hba("local all all scram-sha-256\nhostssl all all all cert\n");
    let address = format!(
        "host=localhost port={} sslmode=require sslcert={} sslkey={}",
        server.port,
        cert.display(),
        key.display()
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(connect(&address).await.err().map(|error| error.kind()), Some(ErrorKind::Usage));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(outcome(&address).await, Ok(true));
    let without = format!("host=localhost port={} sslmode=require", server.port);
    assert!(outcome(&without).await.unwrap_err().contains("28000"));
}

/// pg_hba.conf may insist on either kind; `allow` and `prefer` then use the other one.
async fn refused_without_tls(server: &Server) {
    server.hba("hostssl all all all scram-sha-256\n");
    let address = |mode: &str| format!("host=localhost port={} sslmode={mode}", server.port);
    assert_eq!(outcome(&address("allow")).await, Ok(true));
    assert!(outcome(&address("disable")).await.unwrap_err().contains("pg_hba.conf"));
    server.hba("hostnossl all all all scram-sha-256\n");
    assert_eq!(outcome(&address("prefer")).await, Ok(false));
    assert!(outcome(&address("require")).await.unwrap_err().contains("pg_hba.conf"));
    server.hba("local all all scram-sha-256\nhost all all all scram-sha-256\n");
}

/// The two certificates that PostgreSQL's manual shows how to make.
async fn self_signed_and_common_name(server: &Server, ours: &Authority, root: &Path) {
    let common = |params: &mut CertificateParams| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "localhost");
    };
    server.use_tls(Some(&issue(ours, &[], common)));
    check(server, "common name", root, &[("verify-ca", "tls"), ("verify-full", "tls")]).await;
    // An alternative name silences the common name.
    server.use_tls(Some(&issue(ours, &["db.elsewhere"], common)));
    check(server, "common name", root, &[("verify-ca", "tls"), ("verify-full", "not for")]).await;

    let words = |wanted| [("verify-ca", wanted), ("verify-full", wanted)];
    for (until, wanted) in [(2020, "expired"), (2090, "tls")] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        common(&mut params);
        let own = Pair { cert: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() };
        let own_root = server.path("own.crt");
        std::fs::write(&own_root, &own.cert).unwrap();
        server.use_tls(Some(&own));
        check(server, "self-signed", &own_root, &words(wanted)).await;
    }
}

/// Everything that needs no TLS, on one server too.
#[tokio::test]
async fn f42_logins_settings_and_endings() {
    let server = Server::start();
    let base = format!("host=127.0.0.1 port={}", server.port);
    wrong_logins(&server, &base).await;
    passwords_from_everywhere(&server).await;
    settings(&base, &server).await;
    read_only_and_encoding(&base).await;
    endings(&base).await;
    nobody_there(&base).await;
    rights_and_values(&base).await;
}

async fn wrong_logins(server: &Server, base: &str) {
    let error = connect(&format!("{base} password=wrong-zq")).await.unwrap_err();
    assert_eq!(
        (error.kind(), server_error(&error).unwrap().sqlstate.as_str()),
        (ErrorKind::Refused, "28P01")
    );
    assert!(!text(&error).contains("zq"));
    assert_eq!(server.log_count("password authentication failed"), 1, "one attempt");
    let error =
        Connector::new(info(&format!("{base} user=boss"), &[]), "t").unwrap().connect("x").await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Refused && error.remedy_text().unwrap().contains(".pgpass"),
        "{error}"
    );
    let error = connect(&format!("{base} dbname=missing")).await.unwrap_err();
    assert_eq!(
        (error.kind(), server_error(&error).unwrap().sqlstate.as_str()),
        (ErrorKind::Refused, "3D000")
    );
    let error = connect(&format!("{base} host=127.0.0.1,127.0.0.1 password=wrong")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        server.log_count("password authentication failed"),
        2,
        "a refused login is not tried elsewhere"
    );
}

async fn passwords_from_everywhere(server: &Server) {
    let encoded: String = PASSWORD.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let uri = format!("postgres://boss:{encoded}@127.0.0.1:{}/postgres", server.port);
    let file = server.path("passfile");
    let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    std::fs::write(&file, format!("127.0.0.1:{}:postgres:boss:{escaped}\n", server.port)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let by_file =
        format!("host=127.0.0.1 port={} user=boss dbname=postgres passfile={}", server.port, file.display());
    for address in [uri, by_file] {
        Connector::new(info(&address, &[]), "t").unwrap().connect("x").await.unwrap().close().await;
    }
}

async fn settings(base: &str, server: &Server) {
    let vars = [
        ("PGUSER", "boss"),
        ("PGDATABASE", "postgres"),
        ("PGPASSWORD", PASSWORD),
        ("PGOPTIONS", "-c work_mem=77MB -c statement_timeout=5 -c DateStyle=German"),
    ];
    let connector = Connector::new(info(base, &vars), "r42").unwrap();
    let session = connector.connect("copy 1").await.unwrap();
    let expected = [
        ("work_mem", "77MB"),
        ("statement_timeout", "0"),
        ("client_encoding", "UTF8"),
        ("search_path", "pg_catalog"),
        ("TimeZone", "UTC"),
        ("row_security", "off"),
        ("lock_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        ("synchronous_commit", "off"),
        ("client_connection_check_interval", "5s"),
        ("tcp_keepalives_idle", "15"),
        ("tcp_user_timeout", "60000"),
        ("application_name", "cutover r42 copy 1"),
    ];
    for (name, value) in expected {
        assert_eq!(ask(&session, &format!("SELECT current_setting('{name}')")).await, value, "{name}");
    }
    assert!(ask(&session, "SELECT current_setting('DateStyle')").await.starts_with("ISO"));
    let told = session.server_info();
    assert_eq!(
        (told.database.as_str(), told.user.as_str(), told.encoding.as_str()),
        ("postgres", "boss", "UTF8")
    );
    assert!(told.is_superuser && told.version_num >= 130_000 && !told.version.is_empty());
    let pid = ask(&session, "SELECT pg_backend_pid()::text").await;
    assert_eq!(pid, session.backend_pid().to_string());
    assert_eq!(format!("{connector:?}"), format!("Connector(127.0.0.1:{}/postgres)", server.port));
}

async fn read_only_and_encoding(base: &str) {
    let error = connect(&format!("{base} options='-c default_transaction_read_only=on'")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && text(&error).contains("read-only"));
    let session = connect(base).await.unwrap();
    let sql = "CREATE DATABASE old ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    session.client().batch_execute(sql).await.unwrap();
    let error = connect(&format!("{base} dbname=old")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && text(&error).contains("encoding LATIN1"));
}

async fn endings(base: &str) {
    let (killer, victim) = (connect(base).await.unwrap(), connect(base).await.unwrap());
    let sql = format!("SELECT pg_terminate_backend({})", victim.backend_pid());
    killer.client().batch_execute(&sql).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = victim.client().batch_execute("SELECT 1").await.unwrap_err();
    assert!(error.is_closed(), "the driver alone does not say why: {error:?}");
    let error = victim.explain(error, "copying").await;
    assert_eq!((error.kind(), server_error(&error).unwrap().sqlstate.as_str()), (ErrorKind::Target, "57P01"));

    let canceller = killer.canceller();
    let sleep = killer.client().batch_execute("SELECT pg_sleep(30)");
    let (slept, ()) = futures::join!(sleep, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        canceller.cancel().await.unwrap();
    });
    let error = killer.explain(slept.unwrap_err(), "sleeping").await;
    assert_eq!(server_error(&error).unwrap().sqlstate, "57014");
}

/// Nobody listens at a port that was free a moment ago, unless a neighbour has taken it meanwhile.
async fn refused() {
    let mut told = Vec::new();
    for _ in 0..10 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = connect(&format!("host=localhost port={port} connect_timeout=2")).await.unwrap_err();
        if error.kind() == ErrorKind::Target && text(&error).contains("connection refused") {
            return;
        }
        told.push(text(&error));
    }
    panic!("{told:?}");
}

async fn nobody_there(base: &str) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = free.local_addr().unwrap().port();
    let start = Instant::now();
    let error = connect(&format!("host=localhost port={silent} connect_timeout=2 sslmode=require"))
        .await
        .unwrap_err();
    assert!(
        error.kind() == ErrorKind::Target && text(&error).contains("no answer in time"),
        "{}",
        text(&error)
    );
    drop(free);
    refused().await;
    let error = connect("host=/nonexistent").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Target && text(&error).contains("no such socket"), "{}", text(&error));
    let error = connect("host=does-not-exist.invalid").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Target && text(&error).contains("unknown host"), "{}", text(&error));
    assert!(start.elapsed() < Duration::from_secs(20));
    let port = base.rsplit('=').next().unwrap();
    let second = connect(&format!("host=localhost,127.0.0.1 port={silent},{port}")).await.unwrap();
    second.close().await;
}

/// A classified error names right and constraint, never a value.
async fn rights_and_values(base: &str) {
    let session = connect(base).await.unwrap();
    let sql = "CREATE TABLE public.t (a int CONSTRAINT positive CHECK (a > 0), b text UNIQUE); \
               INSERT INTO public.t VALUES (1, 'zqvalue'); CREATE ROLE poor";
    session.client().batch_execute(sql).await.unwrap();
    let cases = [
        ("INSERT INTO public.t VALUES (2, 'zqvalue')", ErrorKind::Target, "unique_violation"),
        ("INSERT INTO public.t VALUES (-77123, 'x')", ErrorKind::Target, "positive"),
        ("SELECT 'zqvalue'::int", ErrorKind::Target, "invalid_text_representation"),
        ("DO $$ BEGIN RAISE EXCEPTION 'zqvalue'; END $$", ErrorKind::Target, "raise_exception"),
        ("SET ROLE poor; SELECT * FROM public.t", ErrorKind::Refused, "permission denied for table t"),
        ("RESET ROLE; SET default_transaction_read_only = on; SELECT 1", ErrorKind::Internal, ""),
        ("CREATE TABLE public.u ()", ErrorKind::Refused, "read_only_sql_transaction"),
    ];
    for (sql, kind, part) in cases {
        let Err(error) = session.client().batch_execute(sql).await else {
            assert_eq!(kind, ErrorKind::Internal, "{sql} was taken");
            continue;
        };
        let error = session.explain(error, "copying table \"t\"").await;
        assert_eq!(error.kind(), kind, "{sql}");
        let shown = text(&error);
        assert!(
            shown.contains(part) && !shown.contains("zqvalue") && !shown.contains("77123"),
            "{sql}: {shown}"
        );
    }
}
