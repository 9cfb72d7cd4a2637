//! A client's connection as hyper gets to see it: nothing but sound requests, and none that take for ever.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use chat_wire::Problem;
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::io::poll_read_buf;

use crate::{
    boundaries::Boundaries,
    deadline::{Deadline, Timeouts},
};

/// What is read from a connection at once.
const READ: usize = 8 * 1024;
/// What is still read, and thrown away, of a client that sends on after its last answer.
const GOODBYE_BYTES: usize = 256 * 1024;
/// What hyper reads in the place of a request that is refused. It is answered by [`Refusal`], in its turn.
const INSTEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// What the client is to be told of a request that hyper does not see.
#[derive(Clone, Default)]
pub(crate) struct Refusal(Arc<Mutex<Option<Problem>>>);

impl Refusal {
    pub(crate) fn take(&self) -> Option<Problem> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn give(&self, problem: Problem) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }
}

/// What the client is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Head,
    NextRequest,
    Body,
}

/// A client's connection.
pub(crate) struct Line {
    stream: TcpStream,
    refusal: Refusal,
    timeouts: Timeouts,
    boundaries: Boundaries,
    /// What has come and is not with hyper yet. Its first bytes, so many, are sound.
    held: BytesMut,
    sound: usize,
    is_first: bool,
    /// Nothing that comes now is listened to.
    is_over: bool,
    is_late: bool,
    waits_for: Wait,
    request_deadline: Deadline,
    answer_deadline: Deadline,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, timeouts: Timeouts, refusal: Refusal) -> Self {
        Self {
            stream,
            refusal,
            timeouts,
            boundaries: Boundaries::default(),
            held: BytesMut::new(),
            sound: 0,
            is_first: true,
            is_over: false,
            is_late: false,
            waits_for: Wait::Head,
            request_deadline: Deadline::default(),
            answer_deadline: Deadline::default(),
        }
    }

    /// The connection, and what has come and is no HTTP.
    pub(crate) fn into_parts(self) -> (TcpStream, Bytes) {
        (self.stream, self.held.freeze())
    }

    /// Ends the connection. A client that is still sending gets a moment to read what it was answered: closing a
    /// connection with unread bytes in it would take that back.
    pub(crate) async fn end(mut self) {
        let is_sending = self.is_over || self.boundaries.is_in_body() || !self.held.is_empty();
        if self.is_late || !is_sending || self.stream.shutdown().await.is_err() {
            return;
        }
        let heard_out = async {
            let mut left = GOODBYE_BYTES;
            let mut ignored = [0; 2 * 1024];
            while let Ok(read @ 1..) = self.stream.read(&mut ignored).await {
                left = left.saturating_sub(read);
                if left == 0 {
                    return;
                }
            }
        };
        // Who does not hang up is hung up on.
        let _ = tokio::time::timeout(self.timeouts.goodbye, heard_out).await;
    }

    /// Finds out how much of what is held is sound.
    fn look(&mut self) -> io::Result<()> {
        let in_body = self.boundaries.is_in_body();
        match self.boundaries.pass(&self.held) {
            Ok(sound) => self.sound = sound,
            Err(problem) if in_body => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem.detail.clone()));
            }
            Err(problem) => {
                self.refusal.give(problem);
                self.is_over = true;
                self.held = BytesMut::from(INSTEAD);
                self.sound = INSTEAD.len();
            }
        }
        if self.sound > 0 {
            self.is_first = false;
            if !in_body {
                self.request_deadline.lift();
            }
        }
        Ok(())
    }

    /// Waits for the client. Who is late with a body is an error to who reads it; who is late with a request is taken
    /// to have none.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (waits_for, within) = if self.boundaries.is_in_body() {
            (Wait::Body, self.timeouts.stall)
        } else if self.is_first || !self.held.is_empty() {
            (Wait::Head, self.timeouts.head)
        } else {
            (Wait::NextRequest, self.timeouts.idle)
        };
        if self.waits_for != waits_for {
            self.waits_for = waits_for;
            self.request_deadline.lift();
        }
        self.request_deadline.set(within);
        if !self.request_deadline.is_over(context) {
            return Poll::Pending;
        }
        if waits_for == Wait::Body {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        (self.is_over, self.is_late) = (true, true);
        Poll::Ready(Ok(()))
    }

    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => self.answer_deadline.earn(bytes, self.timeouts.stall),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.answer_deadline.set(self.timeouts.stall);
                if self.answer_deadline.is_over(context) {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        written
    }
}

impl Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.sound == 0 && !this.is_over && !this.held.is_empty() {
                this.look()?;
            }
            if this.sound > 0 {
                let passed = this.sound.min(buffer.remaining());
                buffer.put_slice(this.held.get(..passed).unwrap_or_default());
                this.held.advance(passed);
                this.sound -= passed;
                return Poll::Ready(Ok(()));
            }
            if this.is_over {
                return Poll::Ready(Ok(()));
            }
            this.held.reserve(READ);
            match poll_read_buf(Pin::new(&mut this.stream), context, &mut this.held) {
                // What is held is no request any more.
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(read)) => {
                    if this.boundaries.is_in_body() {
                        this.request_deadline.earn(read, this.timeouts.stall);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return this.wait(context),
            }
        }
    }
}

impl Write for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Everything is with the kernel.
        self.answer_deadline.lift();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
