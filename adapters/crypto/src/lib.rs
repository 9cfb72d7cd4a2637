//! Keyring, sealing at rest and password hashing.

mod argon2id;
mod at_rest;
mod encryption_key;
mod keyed;
pub mod keyring;
mod workers;

pub use argon2id::{Argon2idHasher, Cost, HashError, parse_hash};
pub use at_rest::AtRestSealer;
pub use encryption_key::{EncryptionKey, EncryptionKeyLength};
pub use keyed::{Accounts, BadCost, NoKey, stretch};
pub use keyring::{Keyring, KeyringError};
