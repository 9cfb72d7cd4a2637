//! The headers of a client's frames (RFC 6455, section 5.2), checked as soon as they are there.
//!
//! tungstenite looks at most of a header only when the whole frame has arrived, and lets two things pass: a length
//! that takes more bytes than it needs, and one whose first bit is set. Here an offence ends the connection at once,
//! and nothing is kept for a frame that will be refused.

use crate::close::CloseCode;

/// A header has so many bytes at most: two, eight of length, four of the mask.
const LONGEST: usize = 14;
/// Frames that a message may come in. The smallest of them costs a client six bytes and the server more than that.
const FRAGMENTS: u32 = 16_384;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const LONGEST_CONTROL: u8 = 125;

/// Follows a client's frames from header to header.
#[derive(Debug)]
pub(crate) struct Headers {
    /// Bytes that a message may have.
    most: u64,
    header: [u8; LONGEST],
    /// Bytes of it that are there.
    seen: usize,
    /// Bytes of the payload that are still to come; the header is read then.
    left: u64,
    is_closing: bool,
    is_closed: bool,
    message: Option<Message>,
}

/// A message that has begun and is not over.
#[derive(Debug, Clone, Copy, Default)]
struct Message {
    bytes: u64,
    frames: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    PingOrPong,
}

impl Kind {
    const fn of(opcode: u8) -> Option<Self> {
        match opcode {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 | 0xa => Some(Self::PingOrPong),
            _ => None,
        }
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::PingOrPong)
    }
}

impl Headers {
    /// For messages of at most so many bytes.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            most: most as u64,
            header: [0; LONGEST],
            seen: 0,
            left: 0,
            is_closing: false,
            is_closed: false,
            message: None,
        }
    }

    /// How many of these bytes belong to frames that are in order, and what is wrong with the one behind them. After a
    /// close nothing is looked at any more.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> (usize, Option<CloseCode>) {
        let mut passed = 0;
        // What of a header has passed already when it turns out to be wrong does no harm: no frame comes of it.
        while let Some(rest) = bytes
            .get(passed..)
            .filter(|rest| !rest.is_empty() && !self.is_closed)
        {
            if self.left > 0 {
                let here = self.left.min(rest.len() as u64);
                self.left -= here;
                passed += usize::try_from(here).unwrap_or(rest.len());
            } else if let (Some(free), Some(byte)) = (self.header.get_mut(self.seen), rest.first()) {
                *free = *byte;
                self.seen += 1;
                match self.look() {
                    Ok(true) => self.seen = 0,
                    Ok(false) => {}
                    Err(code) => return (passed, Some(code)),
                }
                passed += 1;
            }
            self.is_closed = self.is_closing && self.seen == 0 && self.left == 0;
        }
        (passed, None)
    }

    /// Looks at what is there of a header; returns whether that is all of it.
    fn look(&mut self) -> Result<bool, CloseCode> {
        let [first, second, length @ ..] = self.header;
        let kind = Kind::of(first & 0x0f).filter(|_| first & RESERVED == 0);
        let kind = kind.ok_or(CloseCode::Protocol)?;
        let is_final = first & FINAL != 0;
        let is_lawful = match (kind, self.message) {
            (Kind::Close | Kind::PingOrPong, _) => is_final,
            (Kind::Continuation, message) => message.is_some(),
            (Kind::Text | Kind::Binary, message) => message.is_none(),
        };
        if !is_lawful {
            return Err(CloseCode::Protocol);
        }
        if self.seen < 2 {
            return Ok(false);
        }
        let short = second & !MASKED;
        if second & MASKED == 0 || (kind.is_control() && short > LONGEST_CONTROL) {
            return Err(CloseCode::Protocol);
        }
        if kind == Kind::Binary {
            return Err(CloseCode::Unsupported);
        }
        let more = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.seen < 2 + more {
            return Ok(false);
        }
        let long = length
            .iter()
            .take(more)
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let length = match short {
            126 if long < 126 => return Err(CloseCode::Protocol),
            127 if long <= 0xffff || long >> 63 == 1 => return Err(CloseCode::Protocol),
            126 | 127 => long,
            _ => u64::from(short),
        };
        if !kind.is_control() {
            self.grow(length)?;
        }
        if self.seen < 2 + more + 4 {
            return Ok(false);
        }
        self.begin(kind, is_final, length);
        Ok(true)
    }

    /// Refuses a message that becomes too large with so many bytes more.
    fn grow(&self, length: u64) -> Result<(), CloseCode> {
        let Message { bytes, frames } = self.message.unwrap_or_default();
        if bytes.saturating_add(length) > self.most || frames >= FRAGMENTS {
            return Err(CloseCode::TooBig);
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, is_final: bool, length: u64) {
        self.left = length;
        self.is_closing |= kind == Kind::Close;
        if !kind.is_control() {
            let message = self.message.unwrap_or_default();
            self.message = (!is_final).then_some(Message {
                bytes: message.bytes + length,
                frames: message.frames + 1,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of these bytes, in pieces of this size.
    fn arrive(bytes: &[u8], piece: usize) -> (usize, Option<CloseCode>) {
        let mut headers = Headers::new(128 * 1024);
        let mut all = 0;
        for piece in bytes.chunks(piece) {
            let (passed, offence) = headers.pass(piece);
            all += passed;
            if offence.is_some() || passed < piece.len() {
                return (all, offence);
            }
        }
        (all, None)
    }

    #[test]
    fn an_offence_is_known_by_the_byte_that_makes_it_one() {
        let text = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
        for (bad, code) in [
            (&[0xc1][..], CloseCode::Protocol),
            (&[0xa1], CloseCode::Protocol),
            (&[0x91], CloseCode::Protocol),
            (&[0x83], CloseCode::Protocol),
            (&[0x8b], CloseCode::Protocol),
            (&[0x80], CloseCode::Protocol),
            (&[0x09], CloseCode::Protocol),
            (&[0x81, 0x02], CloseCode::Protocol),
            (&[0x89, 0xfe], CloseCode::Protocol),
            (&[0x82, 0x80], CloseCode::Unsupported),
            (&[0x81, 0xfe, 0, 125], CloseCode::Protocol),
            (&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], CloseCode::Protocol),
            (&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], CloseCode::Protocol),
            (&[0x81, 0xff, 0, 0, 0, 0, 0, 2, 0, 1], CloseCode::TooBig),
        ] {
            let bytes = [&text, bad].concat();
            for piece in [1, 2, 5, bytes.len()] {
                let last = bytes.len() - 1;
                assert_eq!(
                    arrive(&bytes, piece),
                    (last, Some(code)),
                    "{bad:x?} in pieces of {piece}"
                );
            }
            assert_eq!(
                arrive(&bytes[..bytes.len() - 1], 1).1,
                None,
                "{bad:x?} before its last byte"
            );
        }
    }

    #[test]
    fn after_a_close_nothing_counts() {
        for close in [&[0x88, 0x80, 0, 0, 0, 0][..], &[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]] {
            let bytes = [close, &[0xff; 20]].concat();
            for piece in [1, 3, bytes.len()] {
                assert_eq!(arrive(&bytes, piece), (close.len(), None));
            }
        }
    }

    #[test]
    fn a_message_has_so_many_bytes_and_frames_however_it_comes() {
        let begin = [0x01, 0x80, 0, 0, 0, 0];
        let more = [0x00, 0x80, 0, 0, 0, 0];
        let most = usize::try_from(FRAGMENTS).unwrap();
        let bytes = [&begin[..], &more.repeat(most - 1)].concat();
        assert_eq!(arrive(&bytes, 1_000), (bytes.len(), None));
        let bytes = [&bytes[..], &more].concat();
        assert_eq!(arrive(&bytes, 1_000).1, Some(CloseCode::TooBig));

        let half = [
            &[0x01, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
            &vec![0; 0x1_0000],
        ]
        .concat();
        let rest = [
            &[0x80, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
            &vec![0; 0x1_0000],
        ]
        .concat();
        let whole = [half.clone(), rest].concat();
        assert_eq!(
            arrive(&[&whole[..], &whole].concat(), 999),
            (2 * whole.len(), None)
        );
        let beyond = [&half[..], &[0x80, 0xff, 0, 0, 0, 0, 0, 1, 0, 1]].concat();
        assert_eq!(arrive(&beyond, 999).1, Some(CloseCode::TooBig));
    }
}
