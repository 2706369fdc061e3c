//! COPYs on a connection that the driver lends: what is sent arrives, what the server says is heard, and whatever goes
//! wrong leaves either a session that can be used or one that is closed.

use crate::support::postgres::{Database, Server};
use bytes::Bytes;
use cutover::error::{Error, ErrorKind};
use cutover::postgres::connect::Connector;
use cutover::postgres::conninfo::ConnInfo;
use cutover::postgres::fault::server_error;
use cutover::postgres::session::Session;
use cutover::postgres::wire::{Exchange, WireFault};
use std::time::{Duration, Instant};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = b"\xff\xff";
const INTO_T: &str = "COPY public.t (id, text) FROM STDIN (FORMAT binary)";
const FRAME_BYTES: usize = 512 * 1024;

fn session_of(url: &str) -> impl Future<Output = Session> {
    let connector = Connector::new(ConnInfo::parse(url, &|_| None).unwrap(), "t1").unwrap();
    async move { connector.connect("wire").await.unwrap() }
}

fn row(id: i32, text: &[u8]) -> Vec<u8> {
    let length = i32::try_from(text.len()).unwrap().to_be_bytes();
    [&[0, 2, 0, 0, 0, 4][..], &id.to_be_bytes(), &length, text].concat()
}

fn rows(ids: std::ops::Range<i32>, text: &[u8]) -> Vec<u8> {
    let rows: Vec<u8> = ids.flat_map(|id| row(id, text)).collect();
    [HEADER, &rows, TRAILER].concat()
}

/// The stream in frames, cut anywhere.
fn frames(stream: Vec<u8>) -> impl Iterator<Item = Bytes> {
    let mut rest = Bytes::from(stream);
    std::iter::from_fn(move || (!rest.is_empty()).then(|| rest.split_to(FRAME_BYTES.min(rest.len()))))
}

async fn copy_in(session: &Session, copy: &str, stream: Vec<u8>) -> Result<u64, WireFault> {
    let mut exchange = session.exchange().await?;
    exchange.statement(copy)?;
    for frame in frames(stream) {
        exchange.data(frame).await?;
    }
    exchange.done()?;
    Ok(exchange.answers().await?[0])
}

async fn copy_out(session: &Session, copy: &str) -> Result<Vec<u8>, WireFault> {
    let (mut exchange, mut bytes) = (session.exchange().await?, Vec::new());
    exchange.statement(copy)?;
    exchange.flush().await?;
    while exchange.read(|part| bytes.extend_from_slice(part)).await? {}
    assert!(!exchange.read(|_| panic!("bytes after the end")).await?);
    Ok(bytes)
}

async fn run(session: &Session, sql: &str) {
    session.client().batch_execute(sql).await.unwrap();
}

async fn count(session: &Session) -> i64 {
    session.client().query_typed("SELECT count(*) FROM public.t", &[]).await.unwrap()[0].get(0)
}

fn database(server: &Server) -> Database {
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id int, text text)");
    database
}

fn sqlstate(fault: WireFault) -> String {
    match fault {
        WireFault::Refused { error, .. } => error.sqlstate,
        other => panic!("{other:?}"),
    }
}

/// Ends the session's backend, and waits until it is gone.
fn terminate(database: &Database, session: &Session) {
    let pid = session.backend_pid();
    database.execute(&format!("SELECT pg_terminate_backend({pid})"));
    wait_until_gone(database, pid);
}

fn wait_until_gone(database: &Database, pid: i32) {
    let (sql, started) = (format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"), Instant::now());
    while database.query_one_text(&sql) != "0" {
        assert!(started.elapsed() < Duration::from_secs(60), "the backend stays");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn assert_terminated(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Target);
    assert_eq!(server_error(error).map(|told| told.sqlstate.as_str()), Some("57P01"), "{error}");
}

#[tokio::test]
async fn copies_go_both_ways_in_the_drivers_transaction() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for url in [database.url(), database.tcp_url()] {
        let session = session_of(&url).await;
        let stream = rows(0..20_000, &[b'x'; 150]);
        run(&session, "BEGIN").await;
        assert_eq!(copy_in(&session, INTO_T, stream.clone()).await.unwrap(), 20_000);
        assert_eq!(count(&session).await, 20_000);
        let back =
            copy_out(&session, "COPY (SELECT id, text FROM public.t ORDER BY id) TO STDOUT (FORMAT binary)");
        assert!(back.await.unwrap() == stream, "{url}");
        assert_eq!(count(&session).await, 20_000);
        run(&session, "ROLLBACK").await;
        assert_eq!(count(&session).await, 0);
        session.close().await;
    }
}

#[tokio::test]
async fn values_larger_than_every_buffer_go_both_ways() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    let stream = rows(0..3, &vec![b'y'; 5_000_000]);
    assert_eq!(copy_in(&session, INTO_T, stream.clone()).await.unwrap(), 3);
    let back = copy_out(&session, "COPY public.t TO STDOUT (FORMAT binary)").await.unwrap();
    assert!(back == stream);
}

#[tokio::test]
async fn a_copy_of_nothing_goes_both_ways() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    assert_eq!(copy_in(&session, INTO_T, rows(0..0, b"")).await.unwrap(), 0);
    let back = copy_out(&session, "COPY public.t TO STDOUT (FORMAT binary)").await.unwrap();
    assert_eq!(back, rows(0..0, b""));
}

/// A value that is no UTF-8 in the third of many frames.
#[tokio::test]
async fn a_value_that_is_refused_ends_the_copy_at_once_and_the_session_goes_on() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for url in [database.url(), database.tcp_url()] {
        let session = session_of(&url).await;
        run(&session, "BEGIN").await;
        let mut exchange = session.exchange().await.unwrap();
        exchange.statement(INTO_T).unwrap();
        exchange.data(Bytes::from_static(HEADER)).await.unwrap();
        let (good, bad) = (row(1, &[b'x'; FRAME_BYTES]), row(2, b"\xff\xfesecret"));
        let (mut sent, frames_max) = (0, 2000);
        let fault = loop {
            assert!(sent < frames_max, "{url}: nobody heard the server");
            let frame = if sent == 3 { bad.clone() } else { good.clone() };
            sent += 1;
            if let Err(fault) = exchange.data(frame.into()).await {
                break fault;
            }
        };
        assert!(exchange.has_begun());
        drop(exchange);
        let error = session.explain_wire(fault, "sending rows").await;
        assert_eq!(server_error(&error).unwrap().sqlstate, "22021");
        assert!(
            error.kind() == ErrorKind::Target && !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
        assert!(error.to_string().contains("the server refuses a value"), "{error}");
        run(&session, "ROLLBACK").await;
        assert_eq!(count(&session).await, 0);
        assert_eq!(copy_in(&session, INTO_T, rows(0..5, b"z")).await.unwrap(), 5);
        run(&session, "TRUNCATE public.t").await;
    }
}

#[tokio::test]
async fn a_copy_that_does_not_begin_says_so_and_the_session_goes_on() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    let copy = "COPY public.nothing FROM STDIN (FORMAT binary)";
    let fault = copy_in(&session, copy, rows(0..200_000, &[b'x'; 100])).await.unwrap_err();
    assert_eq!(sqlstate(fault), "42P01");
    let fault = copy_out(&session, "COPY public.nothing TO STDOUT (FORMAT binary)").await.unwrap_err();
    assert_eq!(sqlstate(fault), "42P01");
    let fault = copy_out(&session, "COPY (SELECT 1 / (3 - i) FROM generate_series(1, 9) i) TO STDOUT");
    assert_eq!(sqlstate(fault.await.unwrap_err()), "22012");
    assert!(matches!(copy_out(&session, "SELECT '\0'").await, Err(WireFault::Protocol(_))));
}

#[tokio::test]
async fn a_session_that_is_ended_while_rows_are_sent_says_why() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for url in [database.url(), database.tcp_url()] {
        let session = session_of(&url).await;
        let mut exchange = session.exchange().await.unwrap();
        exchange.statement(INTO_T).unwrap();
        exchange.data(Bytes::from_static(HEADER)).await.unwrap();
        let frame = Bytes::from(row(1, &[b'x'; FRAME_BYTES]));
        exchange.data(frame.clone()).await.unwrap();
        terminate(&database, &session);
        let fault = loop {
            if let Err(fault) = exchange.data(frame.clone()).await {
                break fault;
            }
        };
        assert_terminated(&session.explain_wire(fault, "sending rows").await);
        let error = session.client().batch_execute("SELECT 1").await.unwrap_err();
        assert_eq!(session.explain(error, "going on").await.kind(), ErrorKind::Target);
    }
}

#[tokio::test]
async fn a_session_that_is_ended_while_rows_are_read_says_why() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for url in [database.url(), database.tcp_url()] {
        let session = session_of(&url).await;
        let mut exchange = session.exchange().await.unwrap();
        exchange.statement("COPY (SELECT 1 UNION ALL SELECT length(pg_sleep(600)::text)) TO STDOUT").unwrap();
        exchange.flush().await.unwrap();
        terminate(&database, &session);
        let fault = loop {
            match exchange.read(|_| ()).await {
                Ok(goes_on) => assert!(goes_on),
                Err(fault) => break fault,
            }
        };
        assert_terminated(&session.explain_wire(fault, "reading back").await);
    }
}

#[tokio::test]
async fn a_session_that_was_ended_before_says_why() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    terminate(&database, &session);
    let fault = copy_in(&session, INTO_T, rows(0..9, b"x")).await.unwrap_err();
    assert_terminated(&session.explain_wire(fault, "starting COPY").await);
    // Also where the driver's task was the one to hear it.
    let fault = copy_in(&session, INTO_T, rows(0..9, b"x")).await.unwrap_err();
    assert_eq!(session.explain_wire(fault, "starting COPY").await.kind(), ErrorKind::Target);
}

/// More of them than any socket holds: a client that only writes would wait for ever, as would the server.
#[tokio::test]
async fn notices_are_taken_while_rows_are_sent() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    database.execute(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           RAISE NOTICE '% %', NEW.id, repeat('n', 500); RETURN NEW; END $$;
         CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tell()",
    );
    for (i, level) in ["debug1", "debug5", "notice"].into_iter().enumerate() {
        let url = if i == 0 { database.tcp_url() } else { database.url() };
        let session = session_of(&url).await;
        run(&session, &format!("SET client_min_messages = {level}")).await;
        let stream = rows(0..30_000, &[b'x'; 60]);
        assert_eq!(copy_in(&session, INTO_T, stream.clone()).await.unwrap(), 30_000);
        let back =
            copy_out(&session, "COPY (SELECT id, text FROM public.t ORDER BY id) TO STDOUT (FORMAT binary)");
        assert!(back.await.unwrap() == stream);
        run(&session, "TRUNCATE public.t").await;
    }
}

#[tokio::test]
async fn a_setting_that_changes_meanwhile_is_passed_over() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    let copy = "COPY (SELECT set_config('IntervalStyle', CASE i % 2 WHEN 0 THEN 'iso_8601' ELSE 'postgres' END, false)
                FROM generate_series(1, 1000) i) TO STDOUT";
    let back = copy_out(&session, copy).await.unwrap();
    assert_eq!(back.iter().filter(|byte| **byte == b'\n').count(), 1000);
    assert_eq!(copy_out(&session, "COPY (SELECT 7) TO STDOUT").await.unwrap(), b"7\n");
    assert_eq!(count(&session).await, 0);
}

#[tokio::test]
async fn an_exchange_that_is_dropped_ends_the_session_and_the_server_rolls_back() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for copy in [INTO_T, "COPY (SELECT i FROM generate_series(1, 50000000) i) TO STDOUT"] {
        let session = session_of(&database.url()).await;
        run(&session, "BEGIN; INSERT INTO public.t VALUES (1, 'one')").await;
        let mut exchange = session.exchange().await.unwrap();
        exchange.statement(copy).unwrap();
        if copy == INTO_T {
            exchange.data(rows(0..9000, &[b'x'; 100]).into()).await.unwrap();
        } else {
            exchange.flush().await.unwrap();
            assert!(exchange.read(|_| ()).await.unwrap());
        }
        drop(exchange);
        let error = session.client().batch_execute("COMMIT").await.unwrap_err();
        let error = session.explain(error, "going on").await;
        assert!(error.kind() == ErrorKind::Target && error.to_string().contains("closed"), "{error}");
        assert!(matches!(session.exchange().await, Err(WireFault::Ended)));
        wait_until_gone(&database, session.backend_pid());
        session.close().await;
        assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "0");
    }
}

/// The driver's statement that nobody waits for is answered first: no byte of it is taken for the COPY's.
#[tokio::test]
async fn a_statement_that_was_left_alone_is_waited_for() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    for _ in 0..20 {
        let mut left = Box::pin(session.client().batch_execute("SELECT pg_sleep(0.01), repeat('x', 100000)"));
        assert!(futures::poll!(&mut left).is_pending());
        tokio::task::yield_now().await;
        drop(left);
        assert_eq!(copy_out(&session, "COPY (SELECT 7) TO STDOUT").await.unwrap(), b"7\n");
        assert_eq!(count(&session).await, 0);
    }
}

#[tokio::test]
async fn there_is_one_exchange_at_a_time() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    let first = session.exchange().await.unwrap();
    let fault = session.exchange().await.unwrap_err();
    assert_eq!(session.explain_wire(fault, "copying").await.kind(), ErrorKind::Internal);
    assert_eq!(first.answers().await.unwrap(), Vec::<u64>::new());
    assert_eq!(count(&session).await, 0);
}

async fn many(session: &Session, bad: Option<usize>) -> Result<Vec<u64>, WireFault> {
    let mut exchange: Exchange = session.exchange().await?;
    for i in 0..300 {
        let copy = if Some(i) == bad { "COPY public.nothing FROM STDIN (FORMAT binary)" } else { INTO_T };
        exchange.statement(copy)?;
        let id = i32::try_from(i).unwrap();
        exchange.data(rows(id..id + 1 + id % 3, &vec![b'x'; i * 100]).into()).await?;
        exchange.done()?;
        exchange.statement("UPDATE public.t SET text = text WHERE id = -1")?;
    }
    exchange.answers().await
}

#[tokio::test]
async fn many_copies_and_statements_go_back_to_back() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    for url in [database.url(), database.tcp_url()] {
        let session = session_of(&url).await;
        run(&session, "BEGIN").await;
        let counts = many(&session, None).await.unwrap();
        let expected: Vec<u64> = (0..300).flat_map(|i| [1 + i % 3, 0]).collect();
        assert_eq!(counts, expected);
        assert_eq!(count(&session).await, 600);
        run(&session, "ROLLBACK").await;
    }
}

/// In a transaction, where the rest fails with it, and without, where the rest is done.
#[tokio::test]
async fn one_of_many_that_fails_is_named_and_the_session_goes_on() {
    let Some(server) = Server::available() else { return };
    let database = database(server);
    let session = session_of(&database.url()).await;
    for (begin, bad) in [("BEGIN", 7), ("BEGIN", 299), ("SELECT 1", 7), ("SELECT 1", 150)] {
        run(&session, begin).await;
        match many(&session, Some(bad)).await.unwrap_err() {
            WireFault::Refused { statement, error } => {
                assert_eq!((statement, error.sqlstate.as_str()), (2 * bad, "42P01"), "{begin}");
            }
            other => panic!("{other:?}"),
        }
        run(&session, "ROLLBACK").await;
        let left = count(&session).await;
        assert!(if begin == "BEGIN" { left == 0 } else { left >= 2 * bad as i64 - 2 }, "{left}");
        run(&session, "TRUNCATE public.t").await;
    }
}
