//! Frames of the server, as bytes on the wire: unmasked and whole (RFC 6455, section 5).

use bytes::{BufMut, Bytes, BytesMut};

use crate::close::CloseCode;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// A text message.
pub(crate) fn text(json: &str) -> Bytes {
    encode(TEXT, json.as_bytes())
}

/// A ping without a payload; every peer may be sent the same bytes.
pub(crate) const fn ping() -> Bytes {
    Bytes::from_static(&[FINAL | PING, 0])
}

/// A close with its code and reason.
pub(crate) fn close(code: CloseCode) -> Bytes {
    let mut payload = BytesMut::with_capacity(2 + code.reason().len());
    payload.put_u16(code.number());
    payload.put_slice(code.reason().as_bytes());
    encode(CLOSE, &payload)
}

fn encode(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + payload.len());
    frame.put_u8(FINAL | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.put_u8(length),
        (_, Ok(length)) => {
            frame.put_u8(126);
            frame.put_u16(length);
        }
        (_, Err(_)) => {
            frame.put_u8(127);
            frame.put_u64(payload.len() as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use tungstenite::{Message, protocol::Role};

    use super::*;

    /// What a client makes of these bytes.
    fn read(bytes: &[u8]) -> Message {
        let stream = std::io::Cursor::new(bytes.to_vec());
        tungstenite::WebSocket::from_raw_socket(stream, Role::Client, None)
            .read()
            .unwrap()
    }

    #[test]
    fn clients_read_what_is_encoded() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let said = "x".repeat(length);
            assert_eq!(read(&text(&said)), Message::text(said));
        }
        assert_eq!(read(&ping()), Message::Ping(Bytes::new()));
        let Message::Close(Some(closed)) = read(&close(CloseCode::TooSlow)) else {
            panic!("no close")
        };
        assert_eq!(
            (u16::from(closed.code), closed.reason.as_str()),
            (4009, "too slow: come back")
        );
    }
}
