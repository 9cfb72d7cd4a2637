//! Session tokens and the CSRF tokens that follow from them.

use chat_domain::{Secret, TokenHash};
use chat_e2ee::hash;
use chat_ports::Entropy;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

/// What a client shows to be recognised: 256 random bits, in base64url. Never printed; the store keeps only its
/// SHA-256, which is enough for a random value of this length.
#[derive(Debug, Clone)]
pub struct SessionToken(Secret<[u8; 32]>);

impl SessionToken {
    /// What the CSRF token is derived for; the words keep it apart from every other use of the token.
    const CSRF: &'static [u8] = b"secure-chat csrf 1";

    /// What tokens that were made for programs begin with, so that people, and those who look through files for secrets
    /// that were left there, know what they see.
    const FOR_PROGRAMS: &'static str = "sct_";

    /// Draws a new token.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy.draw()))
    }

    /// Reads a token; `None` if it is not 32 bytes in base64url, with or without what a program's token begins with.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(Self::FOR_PROGRAMS).unwrap_or(text);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(|bytes| Self(Secret::new(bytes)))
    }

    /// As the client keeps it.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.expose())
    }

    /// As a program keeps it.
    #[must_use]
    pub fn reveal_for_program(&self) -> String {
        format!("{}{}", Self::FOR_PROGRAMS, self.reveal())
    }

    /// As the store keeps it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::from_bytes(hash::sha256(self.0.expose()))
    }

    /// The CSRF token of this session: a page of another origin can make the browser send the cookie, but it
    /// can neither read the cookie nor compute this from anything it sees. Nothing is stored for it.
    #[must_use]
    pub fn csrf(&self) -> String {
        BASE64URL_NOPAD.encode(&hash::hmac_sha256(self.0.expose(), Self::CSRF))
    }

    /// Whether this is the CSRF token of this session; compared in constant time.
    #[must_use]
    pub fn is_csrf(&self, given: &str) -> bool {
        self.csrf().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use chat_memory::SeededEntropy;

    use super::*;

    #[test]
    fn it_is_its_own_inverse() {
        let token = SessionToken::draw(&SeededEntropy::new(1));
        let read = SessionToken::parse(&token.reveal()).unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_eq!(token.reveal().len(), 43);
        let read = SessionToken::parse(&token.reveal_for_program()).unwrap();
        assert_eq!(read.hash(), token.hash());
    }

    #[test]
    fn nothing_else_is_a_token() {
        for bad in [
            "",
            "sct_",
            "sct_sct_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "x",
            "1-",
            &"A".repeat(42),
            &"A".repeat(44),
            &format!("{}=", "A".repeat(43)),
            &"é".repeat(43),
        ] {
            assert!(SessionToken::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn the_csrf_token_is_the_sessions_own() {
        let entropy = SeededEntropy::new(1);
        let (mine, other) = (SessionToken::draw(&entropy), SessionToken::draw(&entropy));
        assert!(mine.is_csrf(&mine.csrf()));
        for bad in ["", "x", &other.csrf(), &mine.reveal()] {
            assert!(!mine.is_csrf(bad), "{bad:?}");
        }
    }

    #[test]
    fn it_is_never_printed() {
        let token = SessionToken::draw(&SeededEntropy::new(1));
        assert_eq!(format!("{token:?}"), "SessionToken([redacted])");
    }
}
