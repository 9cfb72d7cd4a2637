//! A hasher that does not hash.

use chat_domain::keyed::{Derivation, ShownKey, Stretched, Stretching};
use chat_domain::{Password, PasswordHash, UserId};
use chat_ports::{AccountSecrets, HasherError, PasswordHasher};

/// Keeps the password as it is: for tests of everything but hashing.
#[derive(Debug, Clone, Copy)]
pub struct PlainHasher;

impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        Ok(PasswordHash::from_phc(format!("$plain${}", password.expose())))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, HasherError> {
        Ok(hash.is_some_and(|hash| hash.expose() == format!("$plain${}", password.expose())))
    }
}

/// The user's number in every fourth byte, so that nobody's is another's.
fn stretched(shown: &ShownKey, user: UserId) -> Stretched {
    let mut bytes = [0; 64];
    for (i, place) in bytes.iter_mut().enumerate() {
        let shown = shown.expose().get(i % 32).copied().unwrap_or_default();
        *place = shown
            ^ user
                .number()
                .to_le_bytes()
                .get(i % 4)
                .copied()
                .unwrap_or_default();
    }
    Stretched::new(bytes)
}

impl AccountSecrets for PlainHasher {
    async fn stretch_anew(
        &self,
        shown: ShownKey,
        user: UserId,
    ) -> Result<(Stretching, Stretched), HasherError> {
        let with = Stretching {
            salt: [0; 16],
            memory_kib: 0,
            passes: 0,
            lanes: 0,
            pepper: 0,
        };
        Ok((with, stretched(&shown, user)))
    }

    async fn stretch(
        &self,
        shown: ShownKey,
        known: Option<(UserId, Stretching)>,
    ) -> Result<Option<Stretched>, HasherError> {
        Ok(known.map(|(user, _)| stretched(&shown, user)))
    }

    async fn derive(
        &self,
        password: Password,
        _: [u8; 16],
        usr: String,
        _: Derivation,
    ) -> Result<ShownKey, HasherError> {
        let mut shown = [0; 32];
        let bytes = password.expose().bytes().chain(usr.bytes());
        for (i, byte) in bytes.enumerate() {
            if let Some(place) = shown.get_mut(i % 32) {
                *place ^= byte;
            }
        }
        Ok(ShownKey::new(shown))
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = [0_u8; 32];
        for (i, byte) in message.iter().enumerate() {
            if let Some(place) = mac.get_mut(i % 32) {
                *place = place.rotate_left(3) ^ byte;
            }
        }
        mac
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        for (place, byte) in signature.iter_mut().zip(self.mac(message).iter().cycle()) {
            *place = *byte;
        }
        signature
    }

    fn instance_key(&self) -> [u8; 32] {
        [0; 32]
    }
}
