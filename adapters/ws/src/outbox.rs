//! What waits to be sent to one connection.
//!
//! Everybody who has something for a connection calls [`Outbox::send`]. If nothing waits and the socket takes the
//! bytes, they are gone when it returns; otherwise they are queued, in order, up to a limit, and the
//! connection's own task sends them when the socket is ready again.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{net::TcpStream, sync::Notify};

use crate::{close::CloseCode, frame, meters};

/// Bytes that may wait for a connection. They are mostly shared with all others who wait for the same events.
const MOST_BYTES: usize = 512 * 1024;
/// Frames that are handed to the socket in one call.
const SLICES: usize = 64;

/// Where frames go: a socket that takes what it can without waiting.
pub(crate) trait FrameSink: Send + Sync + 'static {
    /// Writes as much as fits. `WouldBlock` if nothing does.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// Unsent bytes that the kernel holds for a connection before it says that it is full.
const KERNEL_BYTES: u32 = 64 * 1024;

/// Keeps what the kernel queues for a slow reader small: by itself it would let megabytes wait, which count as nobody's
/// memory, before the outbox had a say. What is on its way and not yet acknowledged is not limited by this, so a fast
/// reader far away is as fast as before.
pub(crate) fn limit_kernel_queue(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_tcp_notsent_lowat(KERNEL_BYTES) {
        tracing::debug!(%error, "the kernel's own queue could not be limited");
    }
}

impl FrameSink for TcpStream {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(slices)
    }
}

/// What waits to be sent to one connection.
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// Tells the connection's task that there is something to send or that the end has come.
    wake: Notify,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    /// Bytes of the first frame that are sent already.
    sent: usize,
    bytes: usize,
    ending: bool,
    slow: bool,
    broken: bool,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the frames, or queues what the socket does not take. A connection that lets too much wait is told
    /// so and ended: it costs the others nothing, and what it missed it reads again when it comes back.
    pub(crate) fn send(&self, sink: &dyn FrameSink, frames: &[Bytes]) {
        let mut queue = self.queue();
        if queue.ending || queue.broken {
            return;
        }
        let idle = queue.frames.is_empty();
        for frame in frames {
            queue.push(frame.clone());
        }
        if idle {
            queue.write(sink);
        }
        if queue.bytes > MOST_BYTES {
            queue.end(None, CloseCode::TooSlow);
        }
        if !queue.frames.is_empty() || queue.broken {
            self.wake.notify_one();
        }
    }

    /// Sends what waits, as far as the socket takes it. Returns whether something still waits.
    pub(crate) fn flush(&self, sink: &dyn FrameSink) -> bool {
        let mut queue = self.queue();
        queue.write(sink);
        !queue.frames.is_empty()
    }

    /// Whether something waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue().frames.is_empty()
    }

    /// Sends a frame that nobody misses, if nothing waits before it.
    pub(crate) fn whisper(&self, sink: &dyn FrameSink, frame: &Bytes) {
        if !self.is_waiting() {
            self.send(sink, std::slice::from_ref(frame));
        }
    }

    /// Queues the last frames: a word, if there is one, and the close. What waits before them is not sent any more,
    /// but for a frame that is half sent already.
    pub(crate) fn end(&self, last_word: Option<Bytes>, code: CloseCode) {
        self.queue().end(last_word, code);
        self.wake.notify_one();
    }

    /// Wakes the connection's task without sending anything.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Queues bytes that the protocol itself has to send (a pong, the answer to a close), after what waits.
    pub(crate) fn send_last(&self, sink: &dyn FrameSink, bytes: Bytes) {
        self.send(sink, &[bytes]);
        self.queue().ending = true;
    }

    /// Whether no further frame is taken.
    pub(crate) fn is_ending(&self) -> bool {
        let queue = self.queue();
        queue.ending || queue.broken
    }

    /// Whether it ends because too much waited.
    pub(crate) fn was_too_slow(&self) -> bool {
        self.queue().slow
    }

    /// Returns when there is something to send, or the end has come.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Queue {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    fn end(&mut self, last_word: Option<Bytes>, code: CloseCode) {
        if self.ending {
            return;
        }
        let half_sent = if self.sent > 0 {
            self.frames.pop_front()
        } else {
            None
        };
        self.frames.clear();
        self.bytes = 0;
        if let Some(frame) = half_sent {
            self.push(frame);
        }
        if let Some(word) = last_word {
            self.push(word);
        }
        self.push(frame::close(code));
        meters::closed(code);
        self.ending = true;
        self.slow = code == CloseCode::TooSlow;
    }

    fn write(&mut self, sink: &dyn FrameSink) {
        while !self.frames.is_empty() && !self.broken {
            match self.write_once(sink) {
                Ok(0) => self.broken = true,
                Ok(written) => self.drop_sent(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        if self.broken {
            self.frames.clear();
            self.bytes = 0;
        }
    }

    fn write_once(&self, sink: &dyn FrameSink) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut skip = self.sent;
        let mut used = 0;
        for (slice, frame) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame.get(skip..).unwrap_or_default());
            skip = 0;
            used += 1;
        }
        sink.try_write(slices.get(..used).unwrap_or_default())
    }

    fn drop_sent(&mut self, written: usize) {
        let mut left = self.sent + written;
        while let Some(first) = self.frames.front() {
            if left < first.len() {
                break;
            }
            left -= first.len();
            self.bytes -= first.len();
            self.frames.pop_front();
        }
        self.sent = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes only so many bytes, and then no more until it is given leave.
    #[derive(Default)]
    struct Narrow(Mutex<(Vec<u8>, usize)>);

    impl FrameSink for Narrow {
        fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            let mut state = self.0.lock().unwrap();
            if state.1 == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let all: Vec<u8> = slices.iter().flat_map(|s| s.to_vec()).collect();
            let taken = all.len().min(state.1);
            state.0.extend(&all[..taken]);
            state.1 -= taken;
            Ok(taken)
        }
    }

    impl Narrow {
        fn allow(&self, bytes: usize) {
            self.0.lock().unwrap().1 += bytes;
        }

        fn taken(&self) -> Vec<u8> {
            self.0.lock().unwrap().0.clone()
        }
    }

    #[test]
    fn every_byte_comes_once_and_in_order() {
        let (outbox, sink) = (Outbox::new(), Narrow::default());
        let mut expected = Vec::new();
        for i in 0..200u32 {
            let frame = Bytes::from(i.to_be_bytes().repeat(1 + i as usize % 7));
            expected.extend_from_slice(&frame);
            outbox.send(&sink, &[frame]);
            sink.allow(i as usize % 11);
            outbox.flush(&sink);
        }
        sink.allow(usize::MAX / 2);
        assert!(!outbox.flush(&sink));
        assert_eq!(sink.taken(), expected);
    }

    #[test]
    fn a_slow_reader_is_ended_after_the_frame_that_is_half_sent() {
        let (outbox, sink) = (Outbox::new(), Narrow::default());
        let first = Bytes::from(vec![1; 100]);
        sink.allow(10);
        outbox.send(&sink, &[first]);
        for _ in 0..=MOST_BYTES / 1024 {
            outbox.send(&sink, &[Bytes::from(vec![2; 1024])]);
        }
        assert!(outbox.is_ending());
        sink.allow(usize::MAX / 2);
        outbox.flush(&sink);
        let sent = sink.taken();
        assert_eq!(sent[..100], [1; 100]);
        assert_eq!(sent[100..], frame::close(CloseCode::TooSlow));
        outbox.send(&sink, &[Bytes::from_static(b"more")]);
        assert_eq!(sink.taken().len(), sent.len());
    }
}
