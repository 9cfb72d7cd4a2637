//! One connection: its task reads what the client sends; everybody who has something for it sends through its
//! outbox.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chat_domain::Timestamp;
use tokio::{io::Interest, net::TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{
    close::CloseCode,
    outbox::Outbox,
    protocol::{Protocol, Received},
};

/// What is read from a socket at once. The buffer is the thread's, not the connection's.
const READ: usize = 16 * 1024;
/// How long a connection that ends may take to receive what is still to be said, and to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// The part of a connection that everybody shares.
pub(crate) struct Connection {
    id: u64,
    stream: TcpStream,
    outbox: Outbox,
    heard_at: AtomicU64,
    cut: CancellationToken,
}

impl Connection {
    pub(crate) fn new(id: u64, stream: TcpStream, now: Timestamp) -> Self {
        Self {
            id,
            stream,
            outbox: Outbox::new(),
            heard_at: AtomicU64::new(now.millis()),
            cut: CancellationToken::new(),
        }
    }

    /// A number of its own while the server runs.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn send(&self, frames: &[Bytes]) {
        self.outbox.send(&self.stream, frames);
    }

    pub(crate) fn end(&self, code: CloseCode) {
        self.outbox.end(code);
    }

    /// Ends it without a goodbye: nobody is there to hear one.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// When the client last sent anything.
    pub(crate) fn heard_at(&self) -> Timestamp {
        Timestamp::from_millis(self.heard_at.load(Ordering::Relaxed))
    }

    fn heard(&self, now: Timestamp) {
        self.heard_at.store(now.millis(), Ordering::Relaxed);
    }

    /// Asks for a sign of life, unless something waits to be sent: that asks as well.
    pub(crate) fn ask(&self, ping: &Bytes) {
        if !self.outbox.is_waiting() {
            self.send(std::slice::from_ref(ping));
        }
    }
}

/// Why a connection's task stops reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client is to be told this.
    Tell(CloseCode),
    /// Everything has been said already: by the close that is queued, or by the protocol's own answer.
    Said,
    /// Nobody is there.
    Gone,
}

/// The receiving side of a connection; its task alone has it.
pub(crate) struct Inbound<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    protocol: Protocol,
    messages: VecDeque<String>,
    end: Option<End>,
    stop: &'a CancellationToken,
    now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

impl<'a> Inbound<'a> {
    /// Starts with what the client sent together with its handshake.
    pub(crate) fn new(
        connection: &'a Arc<Connection>,
        early: &[u8],
        stop: &'a CancellationToken,
        now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    ) -> Self {
        let mut inbound = Self {
            connection,
            protocol: Protocol::new(),
            messages: VecDeque::new(),
            end: None,
            stop,
            now,
        };
        inbound.take(early);
        inbound
    }

    /// The client's next text message. While it waits, what is queued for the client is sent.
    pub(crate) async fn next(&mut self) -> Result<String, End> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Ok(message);
            }
            if let Some(end) = self.end {
                return Err(end);
            }
            self.turn().await?;
        }
    }

    async fn turn(&mut self) -> Result<(), End> {
        let connection = self.connection;
        let interest = if connection.outbox.is_waiting() {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        let ready = tokio::select! {
            ready = connection.stream.ready(interest) => ready.map_err(|_| End::Gone)?,
            () = connection.outbox.woken() => {
                return if connection.outbox.is_ending() { Err(End::Said) } else { Ok(()) };
            }
            () = connection.cut.cancelled() => return Err(End::Gone),
            () = self.stop.cancelled() => return Err(End::Tell(CloseCode::GoingAway)),
        };
        if ready.is_writable() {
            connection.outbox.flush(&connection.stream);
        }
        if ready.is_readable() {
            self.read()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), End> {
        let mut buffer = [0; READ];
        match self.connection.stream.try_read(&mut buffer) {
            Ok(0) => Err(End::Gone),
            Ok(length) => {
                self.take(buffer.get(..length).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(End::Gone),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.connection.heard((self.now)());
        let Received {
            messages,
            answer,
            end,
        } = self.protocol.receive(bytes);
        self.messages.extend(messages);
        match end {
            Some(CloseCode::Normal) => {
                self.connection
                    .outbox
                    .send_last(&self.connection.stream, answer.into());
                self.end = Some(End::Said);
            }
            Some(code) => self.end = Some(End::Tell(code)),
            None if !answer.is_empty() => self.connection.send(&[answer.into()]),
            None => {}
        }
    }

    /// Says what is still to be said and waits for the client to hang up, but not for long.
    pub(crate) async fn finish(self, end: End) {
        let connection = self.connection;
        match end {
            End::Gone => return,
            End::Tell(code) => connection.end(code),
            End::Said => {}
        }
        let goodbye = async {
            while connection.outbox.flush(&connection.stream) {
                connection.stream.writable().await?;
            }
            // Closing a socket with unread bytes in it would make the kernel take back what was just sent.
            let mut ignored = [0; 1_024];
            loop {
                connection.stream.readable().await?;
                match connection.stream.try_read(&mut ignored) {
                    Ok(0) => return Ok(()),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        };
        // Who does not hang up is hung up on; either way nothing more can be done.
        let _ = tokio::time::timeout(GOODBYE, Box::pin(goodbye)).await;
    }
}
