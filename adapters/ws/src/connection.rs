//! One connection: its task reads what the client sends; everybody who has something for it sends through its
//! outbox.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat_domain::{RoomId, Seq, Timestamp};
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{
    close::CloseCode,
    outbox::{self, Outbox},
    protocol::{Protocol, Received},
};

/// What is read from a socket at once. The buffer is the thread's, not the connection's.
const READ: usize = 16 * 1024;
/// How long a connection that ends may take to receive what is still to be said, and to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// The same for who is cut off for being slow: such a client has to read what its kernel holds before it comes to the
/// close that tells it to come back.
const SLOW_GOODBYE: Duration = Duration::from_secs(30);
/// How long a connection that is being brought up to date may take nothing.
const STALLED: Duration = Duration::from_secs(20);

/// The part of a connection that everybody shares.
pub(crate) struct Connection {
    id: u64,
    stream: TcpStream,
    outbox: Outbox,
    heard_at: AtomicU64,
    /// Rooms that the user became a member of, and where, for the connection's task to enter.
    rooms_to_enter: Mutex<Vec<(RoomId, Seq)>>,
    cut: CancellationToken,
}

impl Connection {
    pub(crate) fn new(id: u64, stream: TcpStream, now: Timestamp) -> Self {
        outbox::limit_kernel_queue(&stream);
        Self {
            id,
            stream,
            outbox: Outbox::new(),
            heard_at: AtomicU64::new(now.millis()),
            rooms_to_enter: Mutex::default(),
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

    /// Sends a frame that nobody misses, if nothing waits before it.
    pub(crate) fn whisper(&self, frame: &Bytes) {
        self.outbox.whisper(&self.stream, frame);
    }

    pub(crate) fn end(&self, code: CloseCode) {
        self.outbox.end(None, code);
    }

    /// Says why before it ends.
    pub(crate) fn end_saying(&self, last_word: Bytes, code: CloseCode) {
        self.outbox.end(Some(last_word), code);
    }

    /// Has the connection's task enter a room that the user became a member of at this place.
    pub(crate) fn enter(&self, room: RoomId, joined: Seq) {
        self.rooms_to_enter().push((room, joined));
        self.outbox.wake();
    }

    fn rooms_to_enter(&self) -> MutexGuard<'_, Vec<(RoomId, Seq)>> {
        self.rooms_to_enter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it without a goodbye: nobody is there to hear one.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    #[cfg(test)]
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// When the client last sent anything.
    pub(crate) fn heard_at(&self) -> Timestamp {
        Timestamp::from_millis(self.heard_at.load(Ordering::Relaxed))
    }

    pub(crate) fn heard(&self, now: Timestamp) {
        self.heard_at.store(now.millis(), Ordering::Relaxed);
    }

    /// Asks for a sign of life, unless something waits to be sent: that asks as well.
    pub(crate) fn ask(&self, ping: &Bytes) {
        self.whisper(ping);
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

/// What a connection's task has to do.
pub(crate) enum Task {
    /// The client has sent this text.
    Read(String),
    /// The user became a member of this room at this place.
    Enter { room: RoomId, joined: Seq },
}

/// The receiving side of a connection; its task alone has it.
pub(crate) struct Inbound<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    protocol: Protocol,
    messages: VecDeque<String>,
    end: Option<End>,
    /// The answer to the client's close, for when everything that came before it is done.
    farewell: Bytes,
    stop: &'a CancellationToken,
    now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

impl<'a> Inbound<'a> {
    /// The receiving side of this connection, for messages of at most `most` bytes.
    pub(crate) fn new(
        connection: &'a Arc<Connection>,
        stop: &'a CancellationToken,
        now: &'a (dyn Fn() -> Timestamp + Send + Sync),
        most: usize,
    ) -> Self {
        Self {
            connection,
            protocol: Protocol::new(most),
            messages: VecDeque::new(),
            end: None,
            farewell: Bytes::new(),
            stop,
            now,
        }
    }

    /// What is to be done next. While nothing is, what is queued for the client is sent.
    pub(crate) async fn next(&mut self) -> Result<Task, End> {
        loop {
            // Who has been cut off is not listened to any more, also not to what they sent before.
            if self.connection.outbox.is_ending() {
                return Err(self.end.unwrap_or(End::Said));
            }
            if let Some((room, joined)) = self.connection.rooms_to_enter().pop() {
                return Ok(Task::Enter { room, joined });
            }
            if let Some(message) = self.messages.pop_front() {
                return Ok(Task::Read(message));
            }
            if let Some(end) = self.end {
                return Err(end);
            }
            self.turn().await?;
        }
    }

    /// Returns once nothing waits to be sent, so that the next page of what was missed has room.
    ///
    /// # Errors
    /// The end of a connection that takes nothing for [`STALLED`] is that it is too slow.
    pub(crate) async fn drain(&self) -> Result<(), End> {
        let connection = self.connection;
        let drained = async {
            while connection.outbox.flush(&connection.stream) {
                if connection.outbox.is_ending() {
                    return Err(End::Said);
                }
                tokio::select! {
                    ready = connection.stream.writable() => ready.map_err(|_| End::Gone)?,
                    () = connection.cut.cancelled() => return Err(End::Gone),
                    () = self.stop.cancelled() => return Err(End::Tell(CloseCode::GoingAway)),
                }
            }
            Ok(())
        };
        let in_time = tokio::time::timeout(STALLED, drained).await;
        in_time.unwrap_or(Err(End::Tell(CloseCode::TooSlow)))
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
            () = connection.outbox.woken() => return Ok(()),
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

    /// Takes bytes that the client has sent.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
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
                self.farewell = answer.into();
                self.end = Some(End::Said);
            }
            Some(code) => self.end = Some(End::Tell(code)),
            None if !answer.is_empty() => self.connection.send(&[answer.into()]),
            None => {}
        }
    }

    /// Says what is still to be said and that nothing more comes, waits for the client's own close, and hangs up first
    /// (RFC 6455, section 7.1.1); but it does not wait for long.
    pub(crate) async fn finish(&mut self, end: End) {
        let connection = self.connection;
        match end {
            End::Gone => return,
            End::Tell(code) => connection.end(code),
            End::Said => self.bid_farewell(),
        }
        let stop = self.stop;
        let goodbye = async {
            while connection.outbox.flush(&connection.stream) {
                connection.stream.writable().await?;
            }
            SockRef::from(&connection.stream).shutdown(Shutdown::Write)?;
            // Closing a socket with unread bytes in it would make the kernel take back what was just sent.
            while !self.has_said_goodbye()? {
                connection.stream.readable().await?;
            }
            io::Result::Ok(())
        };
        let slow = connection.outbox.was_too_slow();
        let patience = if slow { SLOW_GOODBYE } else { GOODBYE };
        let in_time = tokio::time::timeout(patience, goodbye);
        // Who does not hang up is hung up on; either way nothing more can be done.
        tokio::select! {
            _ = in_time => {}
            () = stop.cancelled(), if slow => {}
        }
    }

    /// Answers the client's close, if it has closed and was not cut off meanwhile.
    fn bid_farewell(&mut self) {
        let farewell = std::mem::take(&mut self.farewell);
        if !farewell.is_empty() {
            self.connection
                .outbox
                .send_last(&self.connection.stream, farewell);
        }
    }

    /// Whether the client has closed or hung up. Whatever else it says is not listened to any more.
    fn has_said_goodbye(&mut self) -> io::Result<bool> {
        if self.end == Some(End::Said) {
            return Ok(true);
        }
        let mut buffer = [0; READ];
        match self.connection.stream.try_read(&mut buffer) {
            Ok(0) => Ok(true),
            // After an offence nothing can be made out any more.
            Ok(_) if self.end.is_some() => Ok(false),
            Ok(length) => {
                let received = self.protocol.receive(buffer.get(..length).unwrap_or_default());
                Ok(received.end == Some(CloseCode::Normal))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}
