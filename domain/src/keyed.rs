//! Keyed accounts: what the server keeps of somebody whose password it never sees. All of it is sealed by the client or
//! made from what the client shows; nothing here opens a message.

use crate::{Secret, Timestamp, UserId};

/// What a client shows at sign-in (`AuthKey`): derived from the password, and worth nothing for reading.
pub type ShownKey = Secret<[u8; 32]>;
/// What the server makes of it: the first half proves the sign-in, the second half opens the outer lock.
pub type Stretched = Secret<[u8; 64]>;

/// How a shown key was stretched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretching {
    /// Argon2id's salt.
    pub salt: [u8; 16],
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// The keyring's number of the pepper.
    pub pepper: u32,
}

/// How a client derives what it shows from the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// Iterations of PBKDF2.
    pub iterations: u32,
    /// Its salt.
    pub salt: [u8; 16],
}

/// What is kept of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// The client's part.
    pub derivation: Derivation,
    /// The server's part.
    pub stretching: Stretching,
    /// What a sign-in is compared with.
    pub verifier: [u8; 32],
    /// The account's master key in the client's box, behind the outer lock; `None`: the account has no keys yet, its first
    /// sign-in in a client that can make them does.
    pub locked: Option<Vec<u8>>,
}

/// What is kept of a recovery code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRecord {
    /// The account's master key in the box that the code opens.
    pub sealed: Vec<u8>,
    /// What a recovery is compared with.
    pub verifier: [u8; 32],
}

/// A private key in its box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The generation of a signing key, the number of an encryption key.
    pub number: u32,
    /// The box.
    pub sealed: Vec<u8>,
}

/// All private keys of an account, in their boxes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedKeys {
    /// Signing keys, by generation.
    pub signing: Vec<SealedKey>,
    /// Encryption keys, by number.
    pub agreement: Vec<SealedKey>,
}

/// An identity statement as it was signed; what it says is the protocol's to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement {
    /// The bytes that were signed.
    pub bytes: Vec<u8>,
    /// The signature of the identity itself.
    pub signature: [u8; 64],
    /// That of the one before, after a reset.
    pub continuation: Option<[u8; 64]>,
}

/// A record of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRecord {
    /// Its place, from 0.
    pub i: u64,
    /// Whose statement it is.
    pub user: UserId,
    /// When it was appended.
    pub at: Timestamp,
    /// The statement.
    pub statement: SignedStatement,
    /// The directory's head after it.
    pub head: [u8; 32],
    /// The server's signature of that head.
    pub head_signature: [u8; 64],
}

/// An account's state, sealed by its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedState {
    /// Counts from 1; the client binds the box to it.
    pub version: u64,
    /// The box.
    pub sealed: Vec<u8>,
}
