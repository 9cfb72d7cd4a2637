//! What clients send, parsed and checked by tungstenite's state machine, without a socket: bytes in, messages
//! and answers out. What tungstenite leaves open is added: it sends no close frame on an error of the peer, and is
//! not strict about headers.

use std::io::{self, Read, Write};

use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use crate::{close::CloseCode, headers::Headers};

/// tungstenite's own buffer per connection; larger messages grow it while they arrive.
const READ_BUFFER: usize = 256;

/// The receiving side of one connection.
pub(crate) struct Protocol {
    headers: Headers,
    frames: WebSocketContext,
}

/// What became of some bytes.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Text messages, in order.
    pub(crate) messages: Vec<String>,
    /// Bytes to send back: pongs, and the answer to a close.
    pub(crate) answer: Vec<u8>,
    /// The connection ends; with `Normal` the answer is all that is still to be sent.
    pub(crate) end: Option<CloseCode>,
}

impl Protocol {
    /// For messages of at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        Self {
            headers: Headers::new(most),
            frames: WebSocketContext::new(Role::Server, Some(config)),
        }
    }

    /// Takes bytes from the socket.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Received {
        let mut received = Received::default();
        let (sound, offence) = self.headers.pass(bytes);
        let mut stream = Bytestream {
            input: bytes.get(..sound).unwrap_or_default(),
            output: &mut received.answer,
        };
        let end = loop {
            match self.frames.read(&mut stream) {
                Ok(Message::Text(text)) => received.messages.push(text.as_str().to_owned()),
                Ok(Message::Binary(_)) => break Some(CloseCode::Unsupported),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break None,
                Err(error) => break Some(code_of(&error)),
            }
        };
        // What comes first counts.
        received.end = end.or(offence);
        received
    }
}

fn code_of(error: &Error) -> CloseCode {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => CloseCode::Normal,
        Error::Capacity(_) => CloseCode::TooBig,
        Error::Utf8(_) => CloseCode::NotUtf8,
        Error::Protocol(_)
        | Error::AttackAttempt
        | Error::Io(_)
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => CloseCode::Protocol,
    }
}

/// A stream of what has arrived so far. At its end more may come: that is `WouldBlock`, not the end.
struct Bytestream<'a> {
    input: &'a [u8],
    output: &'a mut Vec<u8>,
}

impl Read for Bytestream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Bytestream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 128 * 1024;

    /// A client's frame, masked with zeros, which leave the payload as it is.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            length @ 0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
            length @ 126..=65_535 => {
                bytes.push(0x80 | 0x7e);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                bytes.push(0x80 | 0x7f);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn text_in_pieces_and_in_fragments() {
        let mut protocol = Protocol::new(MOST);
        let mut bytes = frame(0x81, b"one");
        bytes.extend(frame(0x01, "zwei: gr\u{fc}".as_bytes()));
        bytes.extend(frame(0x89, b"are you there"));
        bytes.extend(frame(0x80, "\u{df}".as_bytes()));
        let mut messages = Vec::new();
        let mut answer = Vec::new();
        for byte in bytes {
            let received = protocol.receive(&[byte]);
            assert_eq!(received.end, None);
            messages.extend(received.messages);
            answer.extend(received.answer);
        }
        assert_eq!(messages, ["one", "zwei: gr\u{fc}\u{df}"]);
        assert_eq!(answer, [&[0x8a, 13][..], b"are you there"].concat());
    }

    #[test]
    fn offences_and_their_codes() {
        let big = vec![b'x'; MOST + 1];
        let largest = vec![b'x'; MOST];
        let mut lying = vec![0x81, 0x80 | 0x7f];
        lying.extend((1u64 << 62).to_be_bytes());
        lying.extend([0; 4]);
        for (bytes, code) in [
            (frame(0x81, &largest), None),
            (frame(0x81, &big), Some(CloseCode::TooBig)),
            (lying, Some(CloseCode::TooBig)),
            (frame(0x81, b"\xff\xfe"), Some(CloseCode::NotUtf8)),
            (frame(0x82, b"bytes"), Some(CloseCode::Unsupported)),
            (vec![0x81, 0x01, b'x'], Some(CloseCode::Protocol)),
            (frame(0xc1, b"reserved bit"), Some(CloseCode::Protocol)),
            (frame(0x83, b"reserved opcode"), Some(CloseCode::Protocol)),
            (frame(0x80, b"continues nothing"), Some(CloseCode::Protocol)),
            (frame(0x89, &[b'x'; 126]), Some(CloseCode::Protocol)),
            (frame(0x09, b"fragmented ping"), Some(CloseCode::Protocol)),
        ] {
            assert_eq!(
                Protocol::new(MOST).receive(&bytes).end,
                code,
                "{:?}…",
                &bytes[..8.min(bytes.len())]
            );
        }
    }

    #[test]
    fn a_close_is_answered() {
        let received = Protocol::new(MOST).receive(&frame(0x88, &1000u16.to_be_bytes()));
        assert_eq!(received.end, Some(CloseCode::Normal));
        assert_eq!(received.answer, [0x88, 2, 0x03, 0xe8]);
    }
}
