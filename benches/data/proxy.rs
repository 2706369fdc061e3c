//! A line that is slow to answer but not narrow: each chunk of bytes waits for a fixed time, in both directions.
//!
//! A reader notes when a chunk came, a writer sends it when it is old enough. So many chunks are under way at once that
//! throughput is not limited, and no more, so that a receiver who does not keep up still holds back the sender.

use super::Result;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are read at once, at most.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks under way in one direction, at most: 64 MiB, more than a second's throughput at 50 ms.
const CHUNKS: usize = 1024;

/// Listens until the process is ended; says on which port, which is one that is free where `port` is 0.
pub(crate) fn serve(port: u16, target: &str, delay: Duration) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("{}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        match TcpStream::connect(target) {
            Ok(server) => join(client, server, delay)?,
            Err(error) => eprintln!("{target}: {error}"),
        }
    }
    Ok(())
}

fn join(client: TcpStream, server: TcpStream, delay: Duration) -> Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    one_way(client.try_clone()?, server.try_clone()?, delay);
    one_way(server, client, delay);
    Ok(())
}

fn one_way(from: TcpStream, to: TcpStream, delay: Duration) {
    let (sender, receiver) = sync_channel(CHUNKS);
    thread::spawn(move || take(from, &sender));
    thread::spawn(move || give(to, &receiver, delay));
}

/// Ends with the stream, or when nobody takes the chunks any more.
fn take(mut from: TcpStream, chunks: &SyncSender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if chunks.send((Instant::now(), buffer[..count].to_vec())).is_err() {
            break;
        }
    }
}

fn give(mut to: TcpStream, chunks: &Receiver<(Instant, Vec<u8>)>, delay: Duration) {
    while let Ok((came, bytes)) = chunks.recv() {
        thread::sleep((came + delay).saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
