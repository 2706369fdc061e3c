//! A TCP proxy before the test server, in the test's process: it breaks a connection at an exact byte or message.
//!
//! It reads the protocol's frames as they pass (PostgreSQL manual, "Message Flow"), so that a rule may say "the third
//! message of the server" or "after the message that says COMMIT", on the connection of one role. Where TLS begins, frames
//! are no longer seen and only bytes count.

mod frames;

use super::postgres::Database;
use frames::{Frames, Piece};
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often a thread that waits for bytes looks whether its connection is to end.
const LOOK: Duration = Duration::from_millis(5);

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// When a rule strikes, counted on one connection and from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// before this byte is passed on
    Byte(u64),
    /// before this message is passed on; the startup message is the first
    Message(u64),
    /// before the nth message that has these bytes in it (of its first 64 KiB)
    Saying(&'static str, u64),
    /// as soon as that message was passed on
    After(&'static str, u64),
}

impl At {
    fn text(self) -> Option<&'static str> {
        match self {
            At::Saying(text, _) | At::After(text, _) => Some(text),
            At::Byte(_) | At::Message(_) => None,
        }
    }
}

/// What happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the whole vocabulary stands here")]
pub(crate) enum Fault {
    /// both connections are closed in order (FIN)
    Cut,
    /// both connections are torn (RST)
    Reset,
    /// nothing is read or passed on any more, either way, until [`Proxy::release`]
    Stall,
    /// everything is taken and nothing is passed on, either way, for ever
    BlackHole,
    /// the same for the way of the rule only
    Deaf,
    /// from here on so many bytes at a time, with a pause after each
    Slow(usize, Duration),
}

/// A fault at a place.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    way: Way,
    at: At,
    fault: Fault,
    /// end of the connection's `application_name`, such as `copy 0`; empty: any
    role: &'static str,
    /// strikes so often, then never again
    times: u64,
}

impl Rule {
    /// Strikes once, on whichever connection comes there first.
    pub(crate) fn new(way: Way, at: At, fault: Fault) -> Rule {
        Rule { way, at, fault, role: "", times: 1 }
    }

    /// Only on connections whose `application_name` has this word in it.
    pub(crate) fn on(self, role: &'static str) -> Rule {
        Rule { role, ..self }
    }

    /// Strikes so often.
    pub(crate) fn times(self, times: u64) -> Rule {
        Rule { times, ..self }
    }
}

/// What all threads of one proxy share.
#[derive(Debug, Default)]
struct Shared {
    /// port that new connections are passed on to
    target: AtomicU16,
    rules: Mutex<Vec<Rule>>,
    struck: AtomicU64,
    connections: AtomicU64,
    bytes: [AtomicU64; 2],
    messages: [AtomicU64; 2],
    is_stalled: AtomicBool,
    refuses: AtomicBool,
    is_over: AtomicBool,
}

/// The proxy; its connections end with it.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    url: String,
    shared: Arc<Shared>,
}

#[allow(dead_code, reason = "the whole vocabulary stands here")]
impl Proxy {
    /// Before the server of `database`, whose connections then go by TCP.
    pub(crate) fn before(database: &Database, rules: impl IntoIterator<Item = Rule>) -> Proxy {
        let url = database.tcp_url();
        let port = |word: &str| word.strip_prefix("port=").and_then(|port| port.parse::<u16>().ok());
        let target = url.split(' ').find_map(port).expect("a port in the address");
        let mut proxy = Proxy::to(target, rules);
        proxy.url = url.replace(&format!("port={target}"), &format!("port={}", proxy.port));
        proxy
    }

    /// Before a port of this machine; without an address of a database.
    pub(crate) fn to(target: u16, rules: impl IntoIterator<Item = Rule>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let shared = Arc::new(Shared::default());
        shared.target.store(target, Ordering::SeqCst);
        shared.rules.lock().unwrap().extend(rules);
        let serving = Arc::clone(&shared);
        thread::spawn(move || serve(&listener, &serving));
        Proxy { port, url: String::new(), shared }
    }

    /// The database's `key=value` address, through the proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Another rule, for connections that are open, too.
    pub(crate) fn add(&self, rule: Rule) {
        self.shared.rules.lock().unwrap().push(rule);
    }

    /// New connections go to another port.
    pub(crate) fn aim(&self, target: u16) {
        self.shared.target.store(target, Ordering::SeqCst);
    }

    /// New connections are closed at once, or no longer.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Ends a stall: what waited is passed on.
    pub(crate) fn release(&self) {
        self.shared.is_stalled.store(false, Ordering::SeqCst);
    }

    /// How often rules have struck.
    pub(crate) fn struck(&self) -> u64 {
        self.shared.struck.load(Ordering::SeqCst)
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Messages that were passed on, of all connections.
    pub(crate) fn messages(&self, way: Way) -> u64 {
        self.shared.messages[way as usize].load(Ordering::SeqCst)
    }

    /// Bytes that were passed on, of all connections.
    pub(crate) fn bytes(&self, way: Way) -> u64 {
        self.shared.bytes[way as usize].load(Ordering::SeqCst)
    }
}

impl Proxy {
    /// Ends all connections; new ones find nobody.
    pub(crate) fn end(&self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        if shared.refuses.load(Ordering::SeqCst) {
            continue;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", shared.target.load(Ordering::SeqCst))) else {
            continue;
        };
        let pair = Arc::new(Pair::new(client, server));
        for way in [Way::ToServer, Way::ToClient] {
            let (pair, shared) = (Arc::clone(&pair), Arc::clone(shared));
            thread::spawn(move || Line::new(way, &pair, &shared).run());
        }
    }
}

/// One client and its server. The sockets close when both threads have let go.
#[derive(Debug)]
struct Pair {
    client: TcpStream,
    server: TcpStream,
    /// as the startup message has it
    name: Mutex<String>,
    is_over: AtomicBool,
    /// swallowed: by direction
    is_deaf: [AtomicBool; 2],
    /// from here on no message can be told from another
    is_raw: AtomicBool,
}

impl Pair {
    fn new(client: TcpStream, server: TcpStream) -> Pair {
        for end in [&client, &server] {
            let _ = end.set_nodelay(true);
            let _ = end.set_read_timeout(Some(LOOK));
        }
        let flag = AtomicBool::default;
        let (name, is_deaf) = (Mutex::default(), [flag(), flag()]);
        Pair { client, server, name, is_over: flag(), is_deaf, is_raw: flag() }
    }

    fn tear(&self) {
        for end in [&self.client, &self.server] {
            let _ = socket2::SockRef::from(end).set_linger(Some(Duration::ZERO));
        }
        self.is_over.store(true, Ordering::SeqCst);
    }

    fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        for end in [&self.client, &self.server] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// One direction of one connection.
struct Line<'a> {
    way: Way,
    pair: &'a Pair,
    shared: &'a Shared,
    slow: Option<(usize, Duration)>,
    /// how often the texts of rules were said
    said: HashMap<&'static str, u64>,
}

impl<'a> Line<'a> {
    fn new(way: Way, pair: &'a Pair, shared: &'a Shared) -> Line<'a> {
        Line { way, pair, shared, slow: None, said: HashMap::new() }
    }

    fn run(mut self) {
        let mut frames = Frames::new(self.way);
        let mut buffer = vec![0; 64 * 1024];
        while let Some(count @ 1..) = self.read(&mut buffer) {
            frames.take(&buffer[..count]);
            while let Some(piece) = frames.next(self.pair.is_raw.load(Ordering::SeqCst)) {
                if !self.pass(&piece) {
                    return;
                }
            }
        }
        // An end of the stream is passed on as one, unless the line is deaf.
        if !self.is_deaf() {
            let _ = self.to().shutdown(Shutdown::Write);
        }
    }

    fn from(&self) -> &TcpStream {
        if self.way == Way::ToServer { &self.pair.client } else { &self.pair.server }
    }

    fn to(&self) -> &TcpStream {
        if self.way == Way::ToServer { &self.pair.server } else { &self.pair.client }
    }

    fn is_deaf(&self) -> bool {
        self.pair.is_deaf[self.way as usize].load(Ordering::SeqCst)
    }

    fn is_over(&self) -> bool {
        self.pair.is_over.load(Ordering::SeqCst) || self.shared.is_over.load(Ordering::SeqCst)
    }

    fn read(&self, buffer: &mut [u8]) -> Option<usize> {
        while !self.is_over() {
            match self.from().read(buffer) {
                Ok(count) => return Some(count),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// Passes a piece on, or what comes before a fault in it. False where the connection has ended.
    fn pass(&mut self, piece: &Piece) -> bool {
        if self.way == Way::ToServer {
            self.note_startup(piece);
        } else if piece.begins_tls {
            self.pair.is_raw.store(true, Ordering::SeqCst);
        }
        self.count(piece);
        let mut done = 0;
        while let Some((offset, fault)) = self.due(piece, done) {
            if !self.write(&piece.bytes[done..offset]) || !self.strike(fault) {
                return false;
            }
            done = offset;
        }
        let passed = self.write(&piece.bytes[done..]);
        if piece.ends_message {
            self.shared.messages[self.way as usize].fetch_add(1, Ordering::SeqCst);
        }
        passed
    }

    fn note_startup(&self, piece: &Piece) {
        let key = b"application_name\0";
        let Some(at) = piece.bytes.windows(key.len()).position(|window| window == key) else { return };
        let mut name = self.pair.name.lock().unwrap();
        if name.is_empty() {
            let value = piece.bytes[at + key.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
            *name = String::from_utf8_lossy(value).into_owned();
        }
    }

    fn count(&mut self, piece: &Piece) {
        let rules = self.shared.rules.lock().unwrap();
        let mut texts: Vec<&'static str> = rules.iter().filter_map(|rule| rule.at.text()).collect();
        texts.sort_unstable();
        texts.dedup();
        for text in texts.into_iter().filter(|text| piece.says(text)) {
            *self.said.entry(text).or_default() += 1;
        }
    }

    /// The first rule that strikes in this piece at or after `from`, and where; it is used up.
    fn due(&self, piece: &Piece, from: usize) -> Option<(usize, Fault)> {
        let name = self.pair.name.lock().unwrap().clone();
        let said = |text: &str| self.said.get(text).copied().unwrap_or(0);
        let mut rules = self.shared.rules.lock().unwrap();
        let rules = rules.iter_mut().filter(|rule| {
            rule.times > 0 && rule.way == self.way && (rule.role.is_empty() || name.contains(rule.role))
        });
        let due = rules.filter_map(|rule| Some((piece.offset_of(rule.at, said)?, rule)));
        let (offset, rule) = due.filter(|(offset, _)| *offset >= from).min_by_key(|(offset, _)| *offset)?;
        rule.times -= 1;
        self.shared.struck.fetch_add(1, Ordering::SeqCst);
        Some((offset, rule.fault))
    }

    /// False where the connection has ended by it.
    fn strike(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::Cut => self.pair.close(),
            Fault::Reset => self.pair.tear(),
            Fault::Stall => self.shared.is_stalled.store(true, Ordering::SeqCst),
            Fault::BlackHole => self.pair.is_deaf.iter().for_each(|deaf| deaf.store(true, Ordering::SeqCst)),
            Fault::Deaf => self.pair.is_deaf[self.way as usize].store(true, Ordering::SeqCst),
            Fault::Slow(bytes, pause) => self.slow = Some((bytes.max(1), pause)),
        }
        !matches!(fault, Fault::Cut | Fault::Reset)
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        while self.shared.is_stalled.load(Ordering::SeqCst) && !self.is_over() {
            thread::sleep(LOOK);
        }
        if self.is_over() {
            return false;
        }
        if self.is_deaf() || bytes.is_empty() {
            return true;
        }
        self.shared.bytes[self.way as usize].fetch_add(bytes.len() as u64, Ordering::SeqCst);
        let Some((slice, pause)) = self.slow else { return self.to().write_all(bytes).is_ok() };
        bytes.chunks(slice).all(|part| {
            thread::sleep(pause);
            self.to().write_all(part).is_ok()
        })
    }
}
