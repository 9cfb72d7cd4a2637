//! Keyring, sealing at rest and password hashing.

mod argon2id;
mod at_rest;
pub mod keyring;

pub use argon2id::{Argon2idHasher, Cost};
pub use at_rest::AtRestSealer;
pub use keyring::{Keyring, KeyringError};
