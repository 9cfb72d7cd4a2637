//! The protocol's binary form: big-endian integers, arrays of a fixed size written raw, everything else with its
//! length before it. What is read must be read to its last byte.

use crate::label::{Label, length_prefixed};

/// The greatest integer that the protocol carries: JavaScript's numbers are exact up to it.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// The one suite of this version: X25519, HKDF-SHA-256 and AES-256-GCM for HPKE; Ed25519; SHA-256.
pub const SUITE: u16 = 1;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Too short, too long, or a value out of its range.
    #[error("not in the form that the protocol prescribes")]
    Malformed,
    /// Of a suite that this version does not know; what follows was not looked at.
    #[error("of an unknown suite")]
    UnsupportedSuite,
}

/// Writes what is hashed, signed or sent.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Begins with the label.
    #[must_use]
    pub fn new(label: Label) -> Self {
        Self(label.encode())
    }

    /// Begins with nothing: for what stands inside something labelled.
    #[must_use]
    pub const fn inner() -> Self {
        Self(Vec::new())
    }

    /// One byte.
    #[must_use]
    pub fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// Two bytes, big-endian.
    #[must_use]
    pub fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Four bytes, big-endian.
    #[must_use]
    pub fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    #[must_use]
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// The bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The bytes, their length before them.
    #[must_use]
    pub fn prefixed(mut self, bytes: &[u8]) -> Self {
        length_prefixed(&mut self.0, bytes);
        self
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what [`Writer`] writes.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads what has no label of its own.
    #[must_use]
    pub const fn inner(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads the label and the suite.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn labelled(bytes: &'a [u8], label: Label) -> Result<Self, Unreadable> {
        let rest = bytes
            .strip_prefix(label.encode().as_slice())
            .ok_or(Unreadable::Malformed)?;
        let mut reader = Self(rest);
        if reader.u16()? != SUITE {
            return Err(Unreadable::UnsupportedSuite);
        }
        Ok(reader)
    }

    /// An array of a fixed size.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`], here and below, if there are not as many bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Unreadable::Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    /// One byte.
    ///
    /// # Errors
    /// As [`Reader::array`].
    pub fn u8(&mut self) -> Result<u8, Unreadable> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// One byte that is at most `max`.
    ///
    /// # Errors
    /// As [`Reader::array`], and if it is more.
    pub fn u8_up_to(&mut self, max: u8) -> Result<u8, Unreadable> {
        self.u8().and_then(|value| in_range(value, 0, max))
    }

    /// One byte that is 0 or 1.
    ///
    /// # Errors
    /// As [`Reader::array`], and if it is anything else.
    pub fn flag(&mut self) -> Result<bool, Unreadable> {
        Ok(self.u8_up_to(1)? == 1)
    }

    /// Two bytes.
    ///
    /// # Errors
    /// As [`Reader::array`].
    pub fn u16(&mut self) -> Result<u16, Unreadable> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes.
    ///
    /// # Errors
    /// As [`Reader::array`].
    pub fn u32(&mut self) -> Result<u32, Unreadable> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A counter that begins with 1, of four bytes.
    ///
    /// # Errors
    /// As [`Reader::array`], and if it is 0.
    pub fn counter(&mut self) -> Result<u32, Unreadable> {
        self.u32().and_then(|value| in_range(value, 1, u32::MAX))
    }

    /// Eight bytes, at most [`MAX_INTEGER`].
    ///
    /// # Errors
    /// As [`Reader::array`], and if it is more.
    pub fn u64(&mut self) -> Result<u64, Unreadable> {
        in_range(u64::from_be_bytes(self.array()?), 0, MAX_INTEGER)
    }

    /// Bytes with their length before them.
    ///
    /// # Errors
    /// As [`Reader::array`], and if there are more than `max`.
    pub fn prefixed(&mut self, max: usize) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(self.u32()?).map_err(|_| Unreadable::Malformed)?;
        in_range(length, 0, max)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Everything that is left must be nothing.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`].
    pub const fn end(self) -> Result<(), Unreadable> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Unreadable::Malformed)
        }
    }
}

/// The value, if it lies between the two.
///
/// # Errors
/// [`Unreadable::Malformed`].
pub fn in_range<T: PartialOrd + Copy>(value: T, min: T, max: T) -> Result<T, Unreadable> {
    if value < min || value > max {
        return Err(Unreadable::Malformed);
    }
    Ok(value)
}

/// Bytes as base64url without padding (RFC 4648, 5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}

/// Reads base64url: padding, white space, foreign characters and set trailing bits are refused, so that one value
/// has one spelling.
///
/// # Errors
/// [`Unreadable::Malformed`].
pub fn from_base64url(text: &str) -> Result<Vec<u8>, Unreadable> {
    data_encoding::BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| Unreadable::Malformed)
}

/// Reads base64url of exactly `N` bytes.
///
/// # Errors
/// [`Unreadable::Malformed`].
pub fn array_from_base64url<const N: usize>(text: &str) -> Result<[u8; N], Unreadable> {
    from_base64url(text)?
        .try_into()
        .map_err(|_| Unreadable::Malformed)
}

/// Text that people read in a list or a title: UTF-8 without control characters, line and paragraph separators and
/// the marks that turn the direction of writing.
///
/// # Errors
/// [`Unreadable::Malformed`].
pub fn display_text(bytes: &[u8]) -> Result<&str, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Malformed)?;
    let unseen = |c: char| {
        matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(unseen) {
        return Err(Unreadable::Malformed);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(from_base64url("AQI"), Ok(vec![1, 2]));
        for wrong in ["AQI=", "AQJ", "A QI", "AQI\n", "A", "A+8", "A/8"] {
            assert_eq!(from_base64url(wrong), Err(Unreadable::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_beyond_what_javascript_counts() {
        assert_eq!(Reader::inner(&MAX_INTEGER.to_be_bytes()).u64(), Ok(MAX_INTEGER));
        assert!(Reader::inner(&(MAX_INTEGER + 1).to_be_bytes()).u64().is_err());
    }

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        assert_eq!(display_text("Kaffeeküche ☕".as_bytes()), Ok("Kaffeeküche ☕"));
        for wrong in ["a\nb", "a\u{202e}b", "\u{7f}", "\u{2066}", "\u{2029}", "\0"] {
            assert!(display_text(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(display_text(&[0xff]).is_err());
    }
}
