//! Turns over a pair of sockets: one end is the driver's and ours, at the other the test plays the server.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const READY: &[u8] = b"Z\0\0\0\x05I";
const QUERY: &[u8] = b"Q\0\0\0\x06x\0";

fn wire(asks_for_tls: bool) -> (Wire, DriverEnd, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let wire = Wire::new(Socket::Unix(ours), asks_for_tls);
    let end = wire.driver_end();
    (wire, end, theirs)
}

async fn now(wire: &Wire) -> Result<Turn, WireFault> {
    wire.turn_within(Duration::ZERO).await
}

fn is_outstanding(turn: Result<Turn, WireFault>) -> bool {
    matches!(turn, Err(WireFault::Protocol(what)) if what.contains("outstanding"))
}

#[tokio::test]
async fn there_is_no_turn_before_the_login_nor_while_an_answer_is_out_or_cut() {
    let (wire, mut end, mut server) = wire(false);
    assert!(is_outstanding(now(&wire).await));
    wire.logged_in();
    now(&wire).await.unwrap().end();
    end.write_all(QUERY).await.unwrap();
    assert!(is_outstanding(now(&wire).await));
    let mut byte = [0; 1];
    for (i, part) in READY.iter().enumerate() {
        assert!(is_outstanding(now(&wire).await), "after {i} bytes");
        server.write_all(&[*part]).await.unwrap();
        end.read_exact(&mut byte).await.unwrap();
    }
    now(&wire).await.unwrap().end();
    // A notice that is cut: its rest is the driver's.
    server.write_all(b"N\0\0\0\x06a").await.unwrap();
    end.read_exact(&mut [0; 6]).await.unwrap();
    assert!(is_outstanding(now(&wire).await));
}

#[tokio::test]
async fn a_message_that_the_driver_has_written_in_part_is_waited_for() {
    let (wire, mut end, _server) = wire(false);
    wire.logged_in();
    end.write_all(&QUERY[..3]).await.unwrap();
    assert!(is_outstanding(now(&wire).await));
}

#[tokio::test]
async fn what_is_no_message_gives_no_turn() {
    let (wire, mut end, mut server) = wire(false);
    wire.logged_in();
    server.write_all(b"x\0\0\0\0").await.unwrap();
    end.read_exact(&mut [0; 5]).await.unwrap();
    assert!(is_outstanding(now(&wire).await));
}

#[tokio::test]
async fn the_answer_on_tls_is_no_message() {
    let (wire, mut end, mut server) = wire(true);
    server.write_all(b"N").await.unwrap();
    end.read_exact(&mut [0; 1]).await.unwrap();
    server.write_all(READY).await.unwrap();
    end.read_exact(&mut [0; 6]).await.unwrap();
    wire.logged_in();
    now(&wire).await.unwrap().end();
}

#[tokio::test]
async fn the_driver_waits_while_a_turn_is_out_and_goes_on_after_it() {
    let (wire, mut end, mut server) = wire(false);
    wire.logged_in();
    let mut turn = now(&wire).await.unwrap();
    assert!(matches!(now(&wire).await, Err(WireFault::Protocol(what)) if what.contains("two exchanges")));
    server.write_all(READY).await.unwrap();
    let mut driver = tokio::spawn(async move {
        let mut bytes = [0; 1];
        end.write_all(b"w").await.unwrap();
        end.read_exact(&mut bytes).await.unwrap();
        bytes
    });
    tokio::task::yield_now().await;
    assert!(futures::poll!(&mut driver).is_pending());
    // Ours meanwhile: the driver has taken none of it.
    let line = turn.line().unwrap();
    let mut buffer = ReadBuf::new(&mut line.buffer);
    poll_fn(|cx| line.stream.poll_read(cx, &mut buffer)).await.unwrap();
    assert_eq!(buffer.filled(), READY);
    turn.end();
    let mut written = [0; 1];
    server.read_exact(&mut written).await.unwrap();
    server.write_all(b"r").await.unwrap();
    assert_eq!((written, driver.await.unwrap()), (*b"w", *b"r"));
}

#[tokio::test]
async fn a_turn_that_is_dropped_closes_the_connection() {
    let (wire, mut end, mut server) = wire(false);
    wire.logged_in();
    drop(now(&wire).await.unwrap());
    assert_eq!(end.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(end.write(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(matches!(now(&wire).await, Err(WireFault::Ended)));
}

#[tokio::test]
async fn a_driver_that_is_gone_gives_no_turn() {
    let (wire, end, _server) = wire(false);
    wire.logged_in();
    let turn = now(&wire).await.unwrap();
    drop(end);
    turn.end();
    assert!(matches!(now(&wire).await, Err(WireFault::Ended)));
}
