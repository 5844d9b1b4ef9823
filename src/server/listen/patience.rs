//! A stream that gives up on a peer who connects and then says next to nothing.
//!
//! hyper's own time limit begins when it knows which HTTP version is spoken, which takes up to 24 bytes. A peer that
//! sends fewer would otherwise hold its connection for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The length of HTTP/2's preface: after so many bytes hyper has decided.
const DECIDED_AFTER_BYTES: usize = 24;

/// Fails reads when the first bytes take longer than the time given; afterwards it is transparent.
pub(super) struct Patience<S> {
    stream: S,
    read_bytes: usize,
    /// Gone once the peer has said enough.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Patience<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Patience<S> {
        Patience { stream, read_bytes: 0, deadline: Some(Box::pin(tokio::time::sleep(patience))) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled_before = buffer.filled().len();
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the peer does not say what it wants",
            )));
        }
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.read_bytes = self.read_bytes.saturating_add(buffer.filled().len() - filled_before);
        if self.read_bytes >= DECIDED_AFTER_BYTES {
            self.deadline = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::Patience;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const PATIENCE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_peer_that_says_too_little_is_given_up() {
        let (mut peer, stream) = tokio::io::duplex(64);
        let mut stream = Patience::new(stream, PATIENCE);
        peer.write_all(b"P").await.expect("written");
        let mut buffer = [0; 64];
        assert_eq!(stream.read(&mut buffer).await.expect("one byte"), 1);
        let error = stream.read(&mut buffer).await.expect_err("too slow");
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_has_spoken_may_be_silent() {
        let (mut peer, stream) = tokio::io::duplex(64);
        let mut stream = Patience::new(stream, PATIENCE);
        peer.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n").await.expect("written");
        let mut buffer = [0; 64];
        assert!(stream.read(&mut buffer).await.expect("the request line") > 24);
        tokio::time::sleep(PATIENCE * 3).await;
        peer.write_all(b"\r\n").await.expect("written");
        assert_eq!(stream.read(&mut buffer).await.expect("the rest"), 2);
    }
}
