//! A pooler of a few lines: it makes up keys for cancelling, and shares one server connection among all clients, by the
//! transaction, or gives each its own.

use crate::support::postgres::Database;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Asks for TLS (PostgreSQL manual, "SSL Session Encryption").
const TLS_REQUEST: i32 = 80_877_103;

/// The pooler; it listens as long as the test process lives, and what it lends ends with its handle.
pub(super) struct FakePooler {
    port: u16,
    shared: Arc<Mutex<Option<Lent>>>,
}

/// A server connection that has logged in, and what it said then.
struct Lent {
    server: TcpStream,
    greeting: Vec<u8>,
}

impl FakePooler {
    pub(super) fn by_transaction(database: &Database) -> FakePooler {
        FakePooler::start(database, true)
    }

    pub(super) fn by_session(database: &Database) -> FakePooler {
        FakePooler::start(database, false)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn start(database: &Database, lends: bool) -> FakePooler {
        let url = database.tcp_url();
        let target = url.split("port=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
        let target: u16 = target.parse().expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let shared: Arc<Mutex<Option<Lent>>> = Arc::default();
        let all = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&all);
                // A connection that breaks is the client's to tell.
                thread::spawn(
                    move || if lends { lend(client, target, &shared) } else { give(client, target) },
                );
            }
        });
        FakePooler { port, shared }
    }
}

impl Drop for FakePooler {
    fn drop(&mut self) {
        drop(self.shared.lock().unwrap().take());
    }
}

/// One server connection for each client.
fn give(mut client: TcpStream, target: u16) -> Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let startup = startup(&mut client)?;
    log_in(&mut client, &mut server, &startup)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Write)
}

/// One server connection for all clients.
fn lend(mut client: TcpStream, target: u16, shared: &Mutex<Option<Lent>>) -> Result<()> {
    client.set_nodelay(true)?;
    let startup = startup(&mut client)?;
    let mut lent = shared.lock().unwrap();
    match &*lent {
        Some(lent) => client.write_all(&lent.greeting)?,
        None => {
            let mut server = TcpStream::connect(("127.0.0.1", target))?;
            server.set_nodelay(true)?;
            let greeting = log_in(&mut client, &mut server, &startup)?;
            *lent = Some(Lent { server, greeting });
        }
    }
    drop(lent);
    loop {
        let first = message(&mut client)?;
        if first[0] == b'X' {
            return Ok(());
        }
        let mut lent = shared.lock().unwrap();
        let Some(lent) = lent.as_mut() else { return Ok(()) };
        transaction(&mut client, &mut lent.server, first)?;
    }
}

/// Passes on what belongs to one transaction.
fn transaction(client: &mut TcpStream, server: &mut TcpStream, mut asked: Vec<u8>) -> Result<()> {
    loop {
        server.write_all(&asked)?;
        if matches!(asked[0], b'Q' | b'S') && answer(client, server)? == b'I' {
            return Ok(());
        }
        asked = message(client)?;
    }
}

/// Passes on all answers up to ReadyForQuery; the state of the transaction then.
fn answer(client: &mut TcpStream, server: &mut TcpStream) -> Result<u8> {
    loop {
        let answer = message(server)?;
        client.write_all(&answer)?;
        if answer[0] == b'Z' {
            return Ok(answer[5]);
        }
    }
}

fn startup(client: &mut TcpStream) -> Result<Vec<u8>> {
    loop {
        let body = body(client)?;
        let code = i32::from_be_bytes([body[0], body[1], body[2], body[3]]);
        if code != TLS_REQUEST {
            let length = (body.len() + 4) as i32;
            return Ok([&length.to_be_bytes()[..], &body].concat());
        }
        client.write_all(b"N")?;
    }
}

/// Passes the login on, with a key of the pooler's own; what the server said after "it is you".
fn log_in(client: &mut TcpStream, server: &mut TcpStream, startup: &[u8]) -> Result<Vec<u8>> {
    server.write_all(startup)?;
    let mut greeting = Vec::new();
    loop {
        let mut said = message(server)?;
        let asks = said[0] == b'R' && matches!(said[8], 3 | 5 | 10 | 11);
        let is_ok = said[0] == b'R' && said[8] == 0;
        if said[0] == b'K' {
            said[5..9].copy_from_slice(&7_i32.to_be_bytes());
        }
        if is_ok || said[0] != b'R' {
            greeting.extend(&said);
        }
        client.write_all(&said)?;
        match said[0] {
            b'Z' => return Ok(greeting),
            _ if asks => server.write_all(&message(client)?)?,
            _ => {}
        }
    }
}

/// A message with its tag.
fn message(from: &mut TcpStream) -> Result<Vec<u8>> {
    let mut tag = [0];
    from.read_exact(&mut tag)?;
    let body = body(from)?;
    let length = (body.len() + 4) as i32;
    Ok([&tag[..], &length.to_be_bytes(), &body].concat())
}

fn body(from: &mut TcpStream) -> Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut body = vec![0; i32::from_be_bytes(length) as usize - 4];
    from.read_exact(&mut body)?;
    Ok(body)
}
