//! Where the run connects to: refused logins (F42), several addresses (F60).

use super::{Told, assert_tried_once, assert_went_on};
use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::resume::world::Target;
use crate::support::postgres::{Database, PASSWORD};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

/// A port of this machine where nobody listens.
fn dead_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port()
}

/// The database's address with other hosts and ports.
fn at(database: &Database, hosts: &str, ports: &str) -> String {
    let url = database.tcp_url();
    let words = url.split(' ').map(|word| match word.split_once('=') {
        Some(("host" | "hostaddr", _)) => format!("host={hosts}"),
        Some(("port", _)) => format!("port={ports}"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn f42_a_refused_login_is_tried_once() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let wrong = [
        (PASSWORD, "not-the-password", "28P01"),
        ("user=postgres", "user=nobody_here", "28P01"),
        (&database.name[..], "no_such_database", "3D000"),
    ];
    for (right, wrong, sqlstate) in wrong {
        let proxy = Proxy::before(&database, []);
        assert!(proxy.url().contains(right), "{right} is not in the address");
        let done = faults.copy_to(&proxy.url().replace(right, wrong)).run();
        assert_tried_once(&done, 3, sqlstate);
        assert_eq!(proxy.connections(), 1, "{sqlstate}: {done:?}");
        assert!(done.said().contains(sqlstate), "{done:?}");
        assert!(!done.said().contains("not-the-password") && !done.said().contains(PASSWORD), "{done:?}");
    }
}

/// A password that is changed while the run is at work: the connection that broke is not replaced, and not tried again.
#[test]
fn f42_a_login_that_is_refused_later_is_tried_once_by_each_connection() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    database.execute(&format!(
        "CREATE ROLE r_{0} LOGIN PASSWORD 'first-secret'; GRANT ALL ON DATABASE {0} TO r_{0}; GRANT ALL ON SCHEMA public TO r_{0}",
        database.name
    ));
    let url = database.url_of(&format!("r_{}", database.name), "first-secret");
    let run = Running::start(faults.copy_to(&url));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let change = format!("ALTER ROLE r_{} PASSWORD 'second-secret'", database.name);
    database.execute(&change);
    hold.watch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name LIKE 'cutover % copy %'",
    );
    hold.release();
    let done = run.end();
    assert_ne!(done.code, 0, "{done:?}");
    assert!(done.said().contains("28P01") && !done.said().contains("-secret"), "{done:?}");
    database.execute(&format!("DROP OWNED BY r_{0} CASCADE; DROP ROLE r_{0}", database.name));
}

#[test]
fn f60_the_first_of_several_hosts_is_dead() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let (proxy, dead) = (Proxy::before(&database, []), dead_port());
    let url = at(&database, "127.0.0.1,127.0.0.1", &format!("{dead},{}", proxy.port()));
    let done = faults.copy_to(&url).run();
    assert_tried_once(&done, 0, "a dead first host");
    assert!(proxy.connections() >= 3, "{done:?}");
    faults.assert_hold(&database, &done, "a dead first host");
}

/// All of them dead: told at once, each by its name.
#[test]
fn f60_no_host_answers() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let (first, second) = (dead_port(), dead_port());
    let done = faults.copy_to(&at(&database, "127.0.0.1,127.0.0.1", &format!("{first},{second}"))).run();
    assert_tried_once(&done, 6, "no host");
    for port in [first, second] {
        assert!(done.said().contains(&port.to_string()), "{done:?}");
    }
}

/// The host goes away while the run is at work, and the second one of the list leads to the same server.
#[test]
fn f60_the_run_goes_on_at_the_next_host() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let (first, second) = (Proxy::before(&database, []), Proxy::before(&database, []));
    let url = at(&database, "127.0.0.1,127.0.0.1", &format!("{},{}", first.port(), second.port()));
    let told = Told::new();
    let run = Running::start(told.of(faults.copy_to(&url)));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    assert_eq!(second.connections(), 0);
    first.end();
    hold.release();
    let done = run.end();
    assert_went_on(&done, "connection", "the next host");
    assert!(second.connections() >= 2 && told.retries() >= 1, "{done:?}");
    faults.assert_hold(&database, &done, "the next host");
}

/// A database that cannot be written to is refused before anything is done; one that can be is what
/// `target_session_attrs=read-write` asks for.
#[test]
fn f60_a_target_that_cannot_be_written_to_is_refused() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let (database, reads) = (faults.database(), faults.database());
    reads.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", reads.name));
    for more in ["", " target_session_attrs=read-write"] {
        let done = faults.copy_to(&format!("{}{more}", reads.tcp_url())).run();
        assert_tried_once(&done, 3, "read-only");
        assert!(done.said().contains("read-only"), "{done:?}");
    }
    let done = faults.copy_to(&format!("{} target_session_attrs=read-write", database.tcp_url())).run();
    assert_tried_once(&done, 0, "read-write");
    faults.assert_hold(&database, &done, "read-write");
}

/// By the Unix socket, whose name leads nowhere first.
#[test]
fn f60_by_unix_sockets() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let url = database.url();
    let socket = url.split(' ').find_map(|word| word.strip_prefix("host=")).expect("a socket's directory");
    let nowhere = tempfile::tempdir().expect("a directory");
    let both = url.replace(socket, &format!("{},{socket}", nowhere.path().display()));
    let done = faults.copy_to(&both).run();
    assert_tried_once(&done, 0, "sockets");
    faults.assert_hold(&database, &done, "sockets");
    let done = faults.copy_to(&url.replace(socket, &nowhere.path().display().to_string())).run();
    assert_tried_once(&done, 6, "no socket");
    assert!(done.said().contains("there is no such socket"), "{done:?}");
}

/// The very first connection breaks: a wrong address is likelier than a fault that passes.
#[test]
fn f60_the_first_connection_is_not_tried_again() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    // While it logs in, and while the session is set up.
    for byte in [30, 300] {
        let torn = Rule::new(Way::ToClient, At::Byte(byte), Fault::Reset).on("control");
        let proxy = Proxy::before(&database, [torn]);
        let done = faults.copy_to(proxy.url()).run();
        assert_tried_once(&done, 6, "first connection");
        assert_eq!((proxy.struck(), proxy.connections()), (1, 1), "{done:?}");
    }
}
