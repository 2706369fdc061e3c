//! Statements by the simple protocol, and the streams of their COPYs, one after the other.

use super::super::fault::ServerError;
use super::answers::{Answer, Answers, Told};
use super::pulse::Pulse;
use super::stream::Stream;
use super::turns::{Line, Turn, Wire};
use super::{WireFault, frontend};
use crate::failpoint;
use crate::limits::{GATHERED_BYTES_MAX, GOODBYE_WAIT, SMALL_DATA_BYTES_MAX};
use bytes::Bytes;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// Our turn on a session's connection: statements are sent without waiting, and what the server says is heard while
/// they are. An exchange that is dropped before its end closes the connection, and the server rolls back.
pub struct Exchange {
    /// none once the exchange has ended, well or badly
    turn: Option<Turn>,
    /// for whoever watches the connection
    pulse: Arc<Pulse>,
    answers: Answers,
    heard: Heard,
    /// messages that wait to be written together
    out: Vec<u8>,
    /// a COPY's stream is open: neither done nor refused
    is_copying: bool,
    /// rows are sent, so that none are awaited
    sends: bool,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exchange({} statements unanswered)", self.heard.unanswered)
    }
}

/// What the server has said.
#[derive(Default)]
struct Heard {
    /// statements that it is not through with
    unanswered: usize,
    /// a COPY began
    began: bool,
    /// rows of each statement that is done
    rows: Vec<u64>,
    /// the first statement that failed: its number, and why
    refused: Option<(usize, Box<ServerError>)>,
}

impl Heard {
    fn note(&mut self, answer: Answer) -> Result<(), WireFault> {
        match answer {
            Answer::Begins => self.began = true,
            Answer::Complete(rows) => self.rows.push(rows),
            Answer::Error(error) => {
                self.refused.get_or_insert((self.rows.len(), error));
            }
            Answer::Ready => {
                let left = self.unanswered.checked_sub(1);
                self.unanswered = left.ok_or(WireFault::Protocol("an answer that nobody asked for"))?;
            }
        }
        Ok(())
    }

    /// The refusal, where there is one: it says more than what came of it.
    fn fault_or(&mut self, fault: WireFault) -> WireFault {
        match self.refused.take() {
            Some((statement, error)) => WireFault::Refused { statement, error },
            None => fault,
        }
    }
}

impl Exchange {
    /// Takes the turn on `wire`.
    pub(in crate::postgres) async fn begin(wire: &Wire) -> Result<Exchange, WireFault> {
        let (turn, pulse) = (Some(wire.turn().await?), Arc::clone(&wire.1));
        let (answers, heard) = (Answers::default(), Heard::default());
        Ok(Exchange { turn, pulse, answers, heard, out: Vec::new(), is_copying: false, sends: false })
    }

    /// Queues one statement (one alone, so that its number is that of its answer). After `COPY … FROM STDIN` follow
    /// [`Exchange::data`] and [`Exchange::done`].
    ///
    /// # Errors
    /// One that is ours, where the statement has a NUL in it.
    pub fn statement(&mut self, sql: &str) -> Result<(), WireFault> {
        failpoint::io(failpoint::MESSAGE_OUT)?;
        frontend::query(sql, &mut self.out)?;
        self.heard.unanswered += 1;
        self.heard.began = false;
        Ok(())
    }

    /// Sends bytes of the stream of the COPY that was queued last. Waits while the server is busy: this is the only
    /// backpressure. Small pieces wait for others.
    ///
    /// # Errors
    /// [`WireFault::Refused`] as soon as the server has said so: then no more is sent, and the connection is the
    /// driver's again.
    pub async fn data(&mut self, bytes: Bytes) -> Result<(), WireFault> {
        (self.is_copying, self.sends) = (true, true);
        self.heed().await?;
        self.checked(failpoint::io(failpoint::MESSAGE_OUT).map_err(WireFault::from)).await?;
        frontend::copy_data(bytes.len(), &mut self.out)?;
        let line = self.turn.as_mut().ok_or(WireFault::Ended)?.line()?;
        let small = bytes.len() <= SMALL_DATA_BYTES_MAX;
        let joined = if small { bytes.len() } else { line.stream.joined_bytes(self.out.len(), bytes.len()) };
        let (before, after) = bytes.split_at(joined);
        self.out.extend_from_slice(before);
        if small && self.out.len() < GATHERED_BYTES_MAX {
            return Ok(());
        }
        let sent = self.send(after).await;
        self.checked(sent).await
    }

    /// Ends the stream of the COPY that was queued last.
    ///
    /// # Errors
    /// None that the server gives.
    pub fn done(&mut self) -> Result<(), WireFault> {
        self.is_copying = false;
        failpoint::io(failpoint::MESSAGE_OUT)?;
        frontend::copy_done(&mut self.out)
    }

    /// Sends what is queued, without waiting for an answer.
    ///
    /// # Errors
    /// As [`Exchange::data`].
    pub async fn flush(&mut self) -> Result<(), WireFault> {
        let sent = self.send_all().await;
        self.checked(sent).await
    }

    /// The server has begun the COPY that was queued last, and is not through with it.
    pub fn has_begun(&self) -> bool {
        self.heard.began
    }

    /// Sends what is queued and waits until every statement is answered: the rows of each, 0 where it has none.
    ///
    /// # Errors
    /// [`WireFault::Refused`] for the first that failed; the connection is the driver's again.
    pub async fn answers(mut self) -> Result<Vec<u64>, WireFault> {
        self.flush().await?;
        let answered = self.until_answered().await;
        self.checked(answered).await?;
        self.end();
        Ok(std::mem::take(&mut self.heard.rows))
    }

    /// Waits for the next bytes of a `COPY … TO STDOUT`, and hands over all that came, each time a part that may be
    /// cut anywhere. False at the end, when every statement is answered.
    ///
    /// # Errors
    /// [`WireFault::Refused`] where the server gave up in the middle.
    pub async fn read(&mut self, mut take: impl FnMut(&[u8])) -> Result<bool, WireFault> {
        if self.turn.is_none() {
            return Ok(false);
        }
        let listened = self.listen(&mut take).await;
        self.checked(listened).await?;
        if self.is_answered() {
            self.end();
        }
        Ok(self.turn.is_some())
    }

    fn is_answered(&self) -> bool {
        self.heard.unanswered == 0 && self.answers.is_between()
    }

    /// The connection goes back to the driver.
    fn end(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.end();
        }
    }

    /// Hears what the server has said by now; an error where it has refused.
    async fn heed(&mut self) -> Result<(), WireFault> {
        let heard = poll_fn(|cx| Poll::Ready(self.poll_heard(cx))).await;
        self.checked(heard).await
    }

    /// Makes of a refusal, or a connection that broke, the error of this exchange, which then is at its end.
    async fn checked(&mut self, result: Result<(), WireFault>) -> Result<(), WireFault> {
        match result {
            Ok(()) if self.heard.refused.is_none() => Ok(()),
            Ok(()) => Err(self.settle().await),
            Err(fault) => Err(self.broken(fault).await),
        }
    }

    /// After a refusal: reads until the server is through with all that was sent, so that the driver can go on.
    async fn settle(&mut self) -> WireFault {
        match self.until_settled().await {
            Ok(()) => self.end(),
            // The session has ended, as some refusals say.
            Err(_) => self.turn = None,
        }
        self.heard.fault_or(WireFault::Ended)
    }

    async fn until_settled(&mut self) -> Result<(), WireFault> {
        if std::mem::take(&mut self.is_copying) {
            frontend::copy_fail(&mut self.out)?;
        }
        self.send_all().await?;
        self.until_answered().await
    }

    /// The connection is of no more use; the server may have said why before it closed its end.
    async fn broken(&mut self, fault: WireFault) -> WireFault {
        let hear_out =
            async { while self.heard.refused.is_none() && self.listen(&mut |_| ()).await.is_ok() {} };
        let _ = tokio::time::timeout(GOODBYE_WAIT, hear_out).await;
        self.turn = None;
        self.heard.fault_or(fault)
    }

    async fn until_answered(&mut self) -> Result<(), WireFault> {
        while !self.is_answered() {
            self.listen(&mut |_| ()).await?;
        }
        Ok(())
    }

    async fn send_all(&mut self) -> Result<(), WireFault> {
        self.send(&[]).await?;
        poll_fn(|cx| self.poll_flushed(cx)).await
    }

    /// Writes what is queued and `payload` after it, whole even where the server refuses meanwhile: a message that is
    /// cut would swallow the next one.
    async fn send(&mut self, payload: &[u8]) -> Result<(), WireFault> {
        let mut out = std::mem::take(&mut self.out);
        let (mut first, mut second) = (&out[..], payload);
        self.pulse.waits(true);
        let sent = poll_fn(|cx| self.poll_send(cx, &mut first, &mut second)).await;
        self.pulse.waits(false);
        out.clear();
        self.out = out;
        sent
    }

    /// While rows are sent, the server is heard also here: TLS may hold bytes that it does not take before it has been.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WireFault>> {
        if self.sends {
            self.poll_heard(cx)?;
        }
        let line = self.turn.as_mut().ok_or(WireFault::Ended)?.line()?;
        line.stream.poll_flush(cx).map_err(WireFault::from)
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        first: &mut &[u8],
        second: &mut &[u8],
    ) -> Poll<Result<(), WireFault>> {
        self.poll_heard(cx)?;
        let Line { stream, .. } = self.turn.as_mut().ok_or(WireFault::Ended)?.line()?;
        while !(first.is_empty() && second.is_empty()) {
            let written = ready!(write_both(stream, cx, first, second))?;
            self.pulse.has_moved();
            let of_first = written.min(first.len());
            *first = first.get(of_first..).unwrap_or_default();
            *second = second.get(written - of_first..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }

    /// Hears all that there is; whoever waits is woken when there is more.
    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Result<(), WireFault> {
        while let Poll::Ready(heard) = self.poll_listen(cx, &mut |_| ()) {
            heard?;
        }
        Ok(())
    }

    async fn listen(&mut self, take: &mut impl FnMut(&[u8])) -> Result<(), WireFault> {
        self.pulse.waits(true);
        let heard = poll_fn(|cx| self.poll_listen(cx, take)).await;
        self.pulse.waits(false);
        heard
    }

    /// Reads once, and takes note of all that came.
    fn poll_listen(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(&[u8]),
    ) -> Poll<Result<(), WireFault>> {
        let Line { stream, buffer } = self.turn.as_mut().ok_or(WireFault::Ended)?.line()?;
        let mut read = ReadBuf::new(buffer);
        ready!(stream.poll_read(cx, &mut read))?;
        self.pulse.has_moved();
        let mut input = read.filled();
        if input.is_empty() {
            return Poll::Ready(Err(WireFault::Ended));
        }
        while let Some(told) = self.answers.next(&mut input)? {
            match told {
                Told::Data(bytes) => take(bytes),
                Told::Answer(answer) => {
                    failpoint::io(failpoint::MESSAGE_IN)?;
                    self.heard.note(answer)?;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn write_both(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    first: &[u8],
    second: &[u8],
) -> Poll<io::Result<usize>> {
    match ready!(stream.poll_write_both(cx, first, second)) {
        Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        written => Poll::Ready(written),
    }
}
