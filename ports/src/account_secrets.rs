//! What the server does with the keys of its keyring for keyed accounts.

use std::future::Future;

use chat_domain::keyed::{Derivation, ShownKey, Stretched, Stretching};
use chat_domain::{Password, UserId};

use crate::HasherError;

/// Stretches what clients show, signs, and answers for those who are not there.
pub trait AccountSecrets: Send + Sync + 'static {
    /// Stretches a shown key for a new record: under a fresh salt, the present pepper and the present cost.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait already.
    fn stretch_anew(
        &self,
        shown: ShownKey,
        user: UserId,
    ) -> impl Future<Output = Result<(Stretching, Stretched), HasherError>> + Send;

    /// Stretches a shown key as a record says. With no record (no such account) it works as long as with one and gives
    /// nothing, so that the time tells nobody which names exist.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait already; it fails if the pepper is not in the keyring any more.
    fn stretch(
        &self,
        shown: ShownKey,
        known: Option<(UserId, Stretching)>,
    ) -> impl Future<Output = Result<Option<Stretched>, HasherError>> + Send;

    /// What a client shows for this password of this name: derived here only for passwords that the server has made or was
    /// given, to be changed into keys at the first sign-in. `usr` is the name in lower case.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait already; it fails for what the protocol does not derive from.
    fn derive(
        &self,
        password: Password,
        instance: [u8; 16],
        usr: String,
        derivation: Derivation,
    ) -> impl Future<Output = Result<ShownKey, HasherError>> + Send;

    /// HMAC-SHA-256 under a key that only the server has: what it gives out and knows again, without keeping it.
    fn mac(&self, message: &[u8]) -> [u8; 32];

    /// The installation's signature (Ed25519): heads of the directory and of the audit log, nothing else.
    fn sign(&self, message: &[u8]) -> [u8; 64];

    /// The key under which these signatures verify.
    fn instance_key(&self) -> [u8; 32];
}
