//! The token between the two steps of a registration: it says which id was set aside for which name, and the server
//! knows it again by its MAC, so that nothing is stored for strangers.

use chat_domain::{Timestamp, UserId, Username};
use chat_e2ee::ids::UserId as ProtocolId;
use chat_e2ee::server_record::registration_message;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

/// A registration that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationToken {
    /// The id that was set aside.
    pub user: UserId,
    /// The name, as it was written.
    pub username: Username,
    /// When it is worth nothing any more.
    pub expires: Timestamp,
}

impl RegistrationToken {
    fn message(&self) -> Option<Vec<u8>> {
        let user = ProtocolId::new(self.user.number()).ok()?;
        Some(registration_message(
            user,
            self.username.as_str(),
            self.expires.millis(),
        ))
    }

    /// The text that the client gets.
    pub(super) fn reveal(&self, mac: impl FnOnce(&[u8]) -> [u8; 32]) -> Option<String> {
        let mac = BASE64URL_NOPAD.encode(&mac(&self.message()?));
        let (user, name, expires) = (self.user.number(), self.username.as_str(), self.expires.millis());
        Some(format!("{user}.{name}.{expires}.{mac}"))
    }

    /// Reads a text that [`RegistrationToken::reveal`] has made; nothing of any other.
    pub(super) fn read(text: &str, mac: impl FnOnce(&[u8]) -> [u8; 32]) -> Option<Self> {
        let mut parts = text.split('.');
        let token = Self {
            user: UserId::parse(parts.next()?.parse().ok()?).ok()?,
            username: Username::parse(parts.next()?).ok()?,
            expires: Timestamp::from_millis(parts.next()?.parse().ok()?),
        };
        let given = BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let right = mac(&token.message()?);
        let is_whole = parts.next().is_none();
        (is_whole && right.ct_eq(given.as_slice()).into()).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(message: &[u8]) -> [u8; 32] {
        let mut mac = [0; 32];
        for (i, byte) in message.iter().enumerate() {
            mac[i % 32] ^= byte.rotate_left(u32::try_from(i % 7).unwrap());
        }
        mac
    }

    #[test]
    fn it_is_known_again_and_not_a_character_of_it_may_change() {
        let token = RegistrationToken {
            user: UserId::parse(42).unwrap(),
            username: Username::parse("Ada_1").unwrap(),
            expires: Timestamp::from_millis(600_000),
        };
        let text = token.reveal(mac).unwrap();
        assert_eq!(RegistrationToken::read(&text, mac), Some(token));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_eq!(RegistrationToken::read(&changed, mac), None, "{changed}");
        }
        for wrong in ["", ".", "42.ada.1", &format!("{text}."), &format!("{text}.x")] {
            assert_eq!(RegistrationToken::read(wrong, mac), None, "{wrong}");
        }
    }
}
