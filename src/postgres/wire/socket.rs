//! One address, and the socket to it: what the driver would open, opened by us because it is ours to lend.

use super::super::conninfo::Keepalive;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// Where a socket leads.
#[derive(Debug, Clone)]
pub(in crate::postgres) enum Address {
    /// by TCP
    Tcp {
        at: SocketAddr,
        keepalive: Keepalive,
        /// how long sent bytes may stay unacknowledged; `None` leaves it to the kernel
        user_timeout: Option<Duration>,
    },
    /// the file of a Unix socket
    Unix(PathBuf),
}

impl Address {
    /// Connects; the caller bounds the time.
    pub(in crate::postgres) async fn open(&self) -> io::Result<Socket> {
        match self {
            Address::Unix(path) => UnixStream::connect(path).await.map(Socket::Unix),
            Address::Tcp { at, keepalive, user_timeout } => {
                let stream = TcpStream::connect(at).await?;
                stream.set_nodelay(true)?;
                watch(&SockRef::from(&stream), *keepalive, *user_timeout)?;
                Ok(Socket::Tcp(stream))
            }
        }
    }
}

/// Lets the kernel find out that the other side is gone.
fn watch(socket: &SockRef<'_>, keepalive: Keepalive, user_timeout: Option<Duration>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if user_timeout.is_some() {
        socket.set_tcp_user_timeout(user_timeout)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = user_timeout;
    if keepalive.on {
        let probes = TcpKeepalive::new()
            .with_time(keepalive.idle)
            .with_interval(keepalive.interval)
            .with_retries(keepalive.count);
        socket.set_tcp_keepalive(&probes)?;
    }
    Ok(())
}

/// A second handle of a socket, with which it can be shut down while somebody else waits for it.
#[derive(Debug)]
pub(super) struct Plug(socket2::Socket);

impl Plug {
    /// Whoever reads reads the end; whoever writes fails.
    pub(super) fn pull(&self) {
        // It may be closed already.
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

impl Socket {
    /// None where the process has no more room for files: then the kernel's own timeouts must do.
    pub(super) fn plug(&self) -> Option<Plug> {
        let socket = match self {
            Socket::Tcp(stream) => SockRef::from(stream).try_clone(),
            Socket::Unix(stream) => SockRef::from(stream).try_clone(),
        };
        socket.ok().map(Plug)
    }
}

/// A connected socket.
#[derive(Debug)]
pub(in crate::postgres) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Socket::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
