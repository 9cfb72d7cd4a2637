//! The encryption protocol's rules: sans-I/O, with randomness as an argument, and the time too.
//!
//! The protocol is described in `docs/protocol-encryption.md`, where it can be implemented from; the browser has an
//! implementation of its own (`assets/js/e2ee`), and both are held to the same vectors
//! (`tests/vectors/e2ee-v1.json`). Section numbers in this crate's comments are that document's.

pub mod account;
mod aead;
pub mod at_rest;
pub mod broadcast;
pub mod content;
pub mod curve;
pub mod directory;
pub mod ed25519;
pub mod encoding;
pub mod envelope;
pub mod epoch;
pub mod file;
pub mod hash;
pub mod header;
pub mod hpke;
pub mod identity;
pub mod ids;
pub mod json;
pub mod label;
pub mod log;
pub mod message;
pub mod padding;
pub mod pkcs8;
pub mod recovery;
pub mod report;
pub mod rotation;
pub mod sealed_box;
pub mod secret;
pub mod server_record;
pub mod state;
pub mod trust;
pub mod x25519;
