//! Whose turn it is on a connection: the driver's task, or an exchange of ours.
//!
//! The driver holds a [`DriverEnd`] in the place of the stream. While a [`Turn`] is out, it reads nothing and its
//! writes wait; both ends count messages, so that a turn begins only where nothing is cut and nothing is outstanding.

use super::WireFault;
use super::cursor::{Cursor, Piece};
use super::pulse::{Pulse, WatchedWire};
use super::socket::{Plug, Socket};
use super::stream::Stream;
use crate::failpoint;
use crate::limits::{READ_BYTES, TURN_WAIT};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// BackendKeyData: four bytes of process number, then the key.
const BACKEND_KEY: u8 = b'K';
const KEY_PROCESS_BYTES: usize = 4;

/// A connection that two may use, one after the other.
#[derive(Clone)]
pub(in crate::postgres) struct Wire(Arc<Mutex<State>>, pub(super) Arc<Pulse>);

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

pub(super) struct State {
    place: Place,
    /// the socket once more, to be shut down by whoever gives the connection up
    plug: Option<Plug>,
    traffic: Traffic,
    /// the driver's task, where it waits to read or to write
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// whoever waits for a turn
    next: Option<Waker>,
    /// the driver's task is over
    driver_gone: bool,
    /// a turn was dropped before its end: the server may still be busy with it
    cut: bool,
}

/// Where the stream is.
enum Place {
    Here(Line),
    /// with a [`Turn`]
    Out,
    /// closed, for good
    Closed,
}

/// A stream and the buffer that is read into while an exchange has it; of no bytes before that.
pub(super) struct Line {
    pub(super) stream: Stream,
    pub(super) buffer: Vec<u8>,
}

/// What the driver has read and written, by messages.
#[derive(Default)]
struct Traffic {
    /// bytes before the first message: the server's answer on TLS
    prelude_bytes: usize,
    read: Cursor,
    written: Cursor,
    /// the login is over: what is written are messages with a tag
    logged_in: bool,
    /// statements whose ReadyForQuery has not been read
    outstanding: usize,
    /// something was no message
    lost: bool,
    /// the first bytes of the server's key for cancelling: the number of its process
    key: Vec<u8>,
}

impl Traffic {
    fn is_idle(&self) -> bool {
        let between = self.read.is_between() && self.written.is_between();
        self.logged_in && between && self.outstanding == 0 && !self.lost
    }

    /// An error where a failure is planted.
    fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let prelude = self.prelude_bytes.min(bytes.len());
        self.prelude_bytes -= prelude;
        bytes = bytes.get(prelude..).unwrap_or_default();
        let Traffic { read, lost, key, logged_in, outstanding, .. } = self;
        let mut look = |piece: &Piece<'_>| {
            if piece.tag == BACKEND_KEY {
                let missing = KEY_PROCESS_BYTES.saturating_sub(key.len());
                key.extend(piece.bytes.iter().take(missing));
            }
        };
        while let Some(tag) = ended(read, &mut bytes, lost, &mut look) {
            if tag == b'Z' && *logged_in {
                *outstanding = outstanding.saturating_sub(1);
            }
            failpoint::io(failpoint::MESSAGE_IN)?;
        }
        Ok(())
    }

    /// An error where a failure is planted.
    fn written(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        commit_sent(bytes)?;
        while self.logged_in
            && let Some(tag) = ended(&mut self.written, &mut bytes, &mut self.lost, &mut |_| ())
        {
            // Query, Sync, FunctionCall.
            if matches!(tag, b'Q' | b'S' | b'F') {
                self.outstanding += 1;
            }
            failpoint::io(failpoint::MESSAGE_OUT)?;
        }
        Ok(())
    }
}

/// A COMMIT is the last of what the driver writes at once, or in the middle of it: it is found by its text.
#[cfg(feature = "failpoints")]
fn commit_sent(bytes: &[u8]) -> io::Result<()> {
    const COMMIT: &[u8] = b"COMMIT\0";
    let is_there = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
    if is_there { failpoint::io(failpoint::COMMIT_SENT) } else { Ok(()) }
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
fn commit_sent(_bytes: &[u8]) -> io::Result<()> {
    Ok(())
}

/// The tag of the next message that ends in `bytes`; `look` sees every piece on the way.
fn ended(
    cursor: &mut Cursor,
    bytes: &mut &[u8],
    lost: &mut bool,
    look: &mut impl FnMut(&Piece<'_>),
) -> Option<u8> {
    loop {
        match cursor.next(bytes) {
            Ok(Some(piece)) => {
                look(&piece);
                if piece.ends {
                    return Some(piece.tag);
                }
            }
            Ok(None) => return None,
            Err(_) => {
                *lost = true;
                return None;
            }
        }
    }
}

impl State {
    /// The driver's task has asked the server something, and waits.
    pub(super) fn driver_waits(&self) -> bool {
        let Traffic { outstanding, written, logged_in, .. } = &self.traffic;
        matches!(self.place, Place::Here(_)) && *logged_in && (*outstanding > 0 || !written.is_between())
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.place, Place::Closed)
    }

    /// Ends the connection under whoever uses it.
    pub(super) fn pull_plug(&self) {
        if let Some(plug) = &self.plug {
            plug.pull();
        }
    }
}

impl Wire {
    /// Over `socket`; `asks_for_tls` where the driver will ask and the server answer with one byte.
    pub(in crate::postgres) fn new(socket: Socket, asks_for_tls: bool) -> Wire {
        let plug = socket.plug();
        let line = Line { stream: Stream::Plain(socket), buffer: Vec::new() };
        let state = Arc::new(Mutex::new(State {
            place: Place::Here(line),
            plug,
            traffic: Traffic { prelude_bytes: usize::from(asks_for_tls), ..Traffic::default() },
            reader: None,
            writer: None,
            next: None,
            driver_gone: false,
            cut: false,
        }));
        Wire(state, Arc::default())
    }

    /// What a watcher sees of this connection; gone with it.
    pub(in crate::postgres) fn watched(&self) -> WatchedWire {
        WatchedWire { state: Arc::downgrade(&self.0), pulse: Arc::clone(&self.1) }
    }

    /// What a watcher has found out about this connection.
    pub(in crate::postgres) fn pulse(&self) -> &Pulse {
        &self.1
    }

    /// What the driver holds; there is only one.
    pub(in crate::postgres) fn driver_end(&self) -> DriverEnd {
        DriverEnd(self.clone())
    }

    /// The process that the server's key for cancelling names; none where there was no key.
    pub(in crate::postgres) fn key_process(&self) -> Option<i32> {
        let state = self.lock();
        <[u8; KEY_PROCESS_BYTES]>::try_from(state.traffic.key.as_slice()).ok().map(i32::from_be_bytes)
    }

    /// The driver has logged in, and its task has not begun.
    pub(in crate::postgres) fn logged_in(&self) {
        self.lock().traffic.logged_in = true;
    }

    /// Every statement has been answered, so that the server does nothing more for us.
    pub(in crate::postgres) fn is_at_rest(&self) -> bool {
        let state = self.lock();
        !state.cut && !matches!(state.place, Place::Out) && state.traffic.is_idle()
    }

    /// There is no connection any more.
    pub(in crate::postgres) fn is_closed(&self) -> bool {
        matches!(self.lock().place, Place::Closed)
    }

    /// Takes the stream, as soon as every answer to the driver has been read. Errors: [`WireFault::Ended`] where the
    /// connection is closed; an internal one where an answer stays out or another exchange has the stream.
    pub(super) async fn turn(&self) -> Result<Turn, WireFault> {
        self.turn_within(TURN_WAIT).await
    }

    async fn turn_within(&self, limit: Duration) -> Result<Turn, WireFault> {
        let taken = tokio::time::timeout(limit, poll_fn(|cx| self.poll_turn(cx))).await;
        taken.unwrap_or(Err(WireFault::Protocol("an answer of the server is still outstanding")))
    }

    fn poll_turn(&self, cx: &mut Context<'_>) -> Poll<Result<Turn, WireFault>> {
        let mut state = self.lock();
        match state.place {
            Place::Here(_) if !state.traffic.is_idle() => {
                state.next = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Place::Here(_) => {}
            Place::Out => {
                return Poll::Ready(Err(WireFault::Protocol("two exchanges at once on one connection")));
            }
            Place::Closed => return Poll::Ready(Err(WireFault::Ended)),
        }
        match std::mem::replace(&mut state.place, Place::Out) {
            Place::Here(mut line) => {
                line.buffer.resize(READ_BYTES, 0);
                Poll::Ready(Ok(Turn { wire: self.clone(), line: Some(line) }))
            }
            Place::Out | Place::Closed => Poll::Ready(Err(WireFault::Ended)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the stream where the driver finds it, or closes it, and lets the driver's task look.
    fn put(&self, place: Place) {
        let mut state = self.lock();
        state.place = if state.driver_gone { Place::Closed } else { place };
        if matches!(state.place, Place::Closed) {
            // Else the server would not hear that the connection is closed.
            state.plug = None;
        }
        for waker in [state.reader.take(), state.writer.take(), state.next.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    /// The socket below, for TLS to be put on it.
    fn take_socket(&self) -> io::Result<Socket> {
        match std::mem::replace(&mut self.lock().place, Place::Out) {
            Place::Here(Line { stream: Stream::Plain(socket), .. }) => Ok(socket),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn put_tls(&self, stream: Stream) {
        self.lock().traffic = Traffic::default();
        self.put(Place::Here(Line { stream, buffer: Vec::new() }));
    }
}

/// A turn of ours. Dropped instead of [`Turn::end`]ed, it closes the connection: nobody could tell what comes next.
pub(super) struct Turn {
    wire: Wire,
    line: Option<Line>,
}

impl Turn {
    /// Stream and buffer.
    pub(super) fn line(&mut self) -> Result<&mut Line, WireFault> {
        self.line.as_mut().ok_or(WireFault::Ended)
    }

    /// Gives the stream back to the driver, between two messages and with every answer read.
    pub(super) fn end(mut self) {
        if let Some(line) = self.line.take() {
            self.wire.put(Place::Here(line));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.line.take().is_some() {
            self.wire.lock().cut = true;
            self.wire.put(Place::Closed);
        }
    }
}

/// The stream as the driver sees it.
pub(in crate::postgres) struct DriverEnd(Wire);

impl Drop for DriverEnd {
    /// The driver's task is over.
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.driver_gone = true;
        // A turn that is out closes the stream at its end.
        if !matches!(state.place, Place::Out) {
            drop(state);
            self.0.put(Place::Closed);
        }
    }
}

impl AsyncRead for DriverEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let line = match &mut state.place {
            Place::Here(line) => line,
            Place::Closed => return Poll::Ready(Ok(())),
            Place::Out => {
                state.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
        };
        let before = buffer.filled().len();
        ready!(line.stream.poll_read(cx, buffer))?;
        self.0.1.has_moved();
        state.traffic.read(buffer.filled().get(before..).unwrap_or_default())?;
        if let Some(next) = state.next.take() {
            next.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for DriverEnd {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let line = match &mut state.place {
            Place::Here(line) => line,
            Place::Closed => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Place::Out => {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
        };
        let written = ready!(line.stream.poll_write(cx, bytes))?;
        self.0.1.has_moved();
        state.traffic.written(bytes.get(..written).unwrap_or_default())?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0.lock().place {
            Place::Here(line) => line.stream.poll_flush(cx),
            // Whatever the driver has written has been answered, or the turn would not have begun.
            Place::Out | Place::Closed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        match &mut state.place {
            Place::Here(line) => line.stream.poll_shutdown(cx),
            Place::Closed => Poll::Ready(Ok(())),
            Place::Out => {
                state.writer = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl TlsStream for DriverEnd {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.0.lock().place {
            Place::Here(line) => line.stream.channel_binding(),
            Place::Out | Place::Closed => ChannelBinding::none(),
        }
    }
}

/// Puts TLS below the driver's end instead of above it, so that an exchange speaks above TLS, too.
pub(in crate::postgres) struct TlsBelow<C>(pub(in crate::postgres) C);

impl<C> TlsConnect<DriverEnd> for TlsBelow<C>
where
    C: TlsConnect<Socket, Stream = super::stream::TlsStream, Error = io::Error> + Send + 'static,
    C::Future: Send,
{
    type Stream = DriverEnd;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<DriverEnd>> + Send>>;

    fn connect(self, end: DriverEnd) -> Self::Future {
        Box::pin(async move {
            let stream = self.0.connect(end.0.take_socket()?).await?;
            end.0.put_tls(Stream::Tls(Box::new(stream)));
            Ok(end)
        })
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
