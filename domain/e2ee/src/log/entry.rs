//! An entry of a room's log, as it is signed.

use crate::ed25519::{PrivateKey, Signature};
use crate::encoding::{Reader, SUITE, Unreadable, Writer};
use crate::hash::sha256;
use crate::ids::{InstanceId, RoomId, UserId};
use crate::label::Label;

use super::Body;

/// Bytes of the largest body.
const MAX_BODY: usize = 65_536;

/// An entry. Read, but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The installation.
    pub instance: InstanceId,
    /// The room.
    pub room: RoomId,
    /// Its place in the log, from 0 (`log_seq` in JSON).
    pub seq: u64,
    /// Hash of the entry before, or zeros.
    pub previous: [u8; 32],
    /// Who says it.
    pub actor: UserId,
    /// Of which identity.
    pub actor_generation: u32,
    /// A place in the directory that the author has seen.
    pub dir_seq: u64,
    /// The directory's head there.
    pub dir_head: [u8; 32],
    /// Milliseconds since 1970, by the author's clock.
    pub at: u64,
    /// What it says.
    pub body: Body,
}

impl Entry {
    /// The bytes that are signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::new(Label::RoomEntry)
            .u16(SUITE)
            .raw(self.instance.as_bytes())
            .u64(self.room.get())
            .u64(self.seq)
            .raw(&self.previous)
            .u64(self.actor.get())
            .u32(self.actor_generation)
            .u64(self.dir_seq)
            .raw(&self.dir_head)
            .u64(self.at)
            .u8(self.body.number())
            .prefixed(&self.body.encode())
            .finish()
    }

    /// Reads the bytes that were signed; [`Entry::encode`] gives the same ones back.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::labelled(bytes, Label::RoomEntry)?;
        let entry = Self {
            instance: InstanceId(reader.array()?),
            room: RoomId::new(reader.u64()?)?,
            seq: reader.u64()?,
            previous: reader.array()?,
            actor: UserId::new(reader.u64()?)?,
            actor_generation: reader.counter()?,
            dir_seq: reader.u64()?,
            dir_head: reader.array()?,
            at: reader.u64()?,
            body: {
                let number = reader.u8()?;
                Body::parse(number, reader.prefixed(MAX_BODY)?)?
            },
        };
        reader.end()?;
        Ok(entry)
    }

    /// The bytes and their signature.
    #[must_use]
    pub fn sign(&self, key: &PrivateKey) -> (Vec<u8>, Signature) {
        let bytes = self.encode();
        let signature = key.sign(&bytes);
        (bytes, signature)
    }

    /// `entry_hash`
    #[must_use]
    pub fn hash(bytes: &[u8]) -> [u8; 32] {
        sha256(bytes)
    }
}
