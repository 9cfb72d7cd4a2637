//! Secrets: wiped when they are dropped, never printed, compared in constant time.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Thirty-two secret bytes of one kind. Kinds are types, so that no key is taken for another.
pub trait Secret: Sized {
    /// Takes the bytes.
    fn from_bytes(bytes: [u8; 32]) -> Self;
    /// Lends the bytes to a cipher, a derivation, or the wire.
    fn expose(&self) -> &[u8; 32];
}

/// Declares kinds of secret.
macro_rules! secrets {
    ($($(#[$meta:meta])* $name:ident,)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl Secret for $name {
            fn from_bytes(bytes: [u8; 32]) -> Self { Self(bytes) }
            fn expose(&self) -> &[u8; 32] { &self.0 }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { self.0.ct_eq(&other.0).into() }
        }

        impl Eq for $name {}
    )* };
}

secrets! {
    /// What PBKDF2 makes of a password (`MK`).
    PasswordKey,
    /// What is sent to the server at sign-in (`AuthKey`).
    AuthKey,
    /// The key of the box around the account's master key (`WrapKey`); never leaves the client.
    WrapKey,
    /// The account's master key (`AMK`): random, and what password and recovery code each open.
    MasterKey,
    /// The key of the boxes around the identity's private keys (`KEK`).
    KeyEncryptionKey,
    /// The key of the account's state and drafts (`K_state`).
    StateKey,
    /// The key of what a browser keeps for itself (`K_local`).
    LocalKey,
    /// What is sent to the server at recovery (`RecAuth`).
    RecoveryAuth,
    /// The key of the box around the master key at recovery (`RecWrap`).
    RecoveryWrap,
    /// The second half of Argon2id's output, the key of the outer lock.
    OuterKey,
    /// The secret of an epoch (`ES`).
    EpochSecret,
    /// The key of a sender's messages in an epoch (`K_msg`).
    MessageKey,
    /// The key of the link to the epoch before (`K_back`).
    BacklinkKey,
    /// What opens the commitment to a message (`fk`): inside the ciphertext, and in a report.
    OpeningKey,
    /// A file's key, as it stands in the message (`FK`).
    FileKey,
    /// The key of a file's chunks (`KF`).
    ChunkKey,
    /// The key of a report (`RK`).
    ReportKey,
    /// An Ed25519 seed (RFC 8032, 5.1.5).
    SigningSeed,
    /// An X25519 scalar, before clamping (RFC 7748, 5).
    AgreementScalar,
    /// Randomness from which one ephemeral HPKE key pair is derived (RFC 9180, 7.1.3); drawn anew for every seal.
    EphemeralSeed,
}

/// Whether two values are alike, in a time that does not tell where they differ.
#[must_use]
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", EpochSecret::from_bytes([7; 32]));
        assert_eq!(printed, "EpochSecret([redacted])");
    }
}
