//! Epochs (specification, 4.7): the secret under which a room talks for a time, its commitment in the log, the wraps
//! by which members get it, and the links that lead from one back to the one before.

use crate::aead;
use crate::encoding::Writer;
use crate::hash::{hkdf, hmac_sha256};
use crate::hpke::{self, HpkeError};
use crate::ids::{InstanceId, RoomId, UserId};
use crate::label::Label;
use crate::secret::{AgreementScalar, BacklinkKey, EphemeralSeed, EpochSecret, Secret, constant_time_eq};
use crate::x25519::PublicKey;

/// Bytes of a wrap: the encapsulated key, the secret, the tag.
pub const WRAP: usize = 80;
/// Bytes of a backlink: the IV, the secret, the tag.
pub const BACKLINK: usize = 60;

/// The room in which an epoch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The installation.
    pub instance: InstanceId,
    /// The room.
    pub room: RoomId,
}

/// What names an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochId {
    /// Its number.
    pub number: u32,
    /// Hash of the entry that began it.
    pub hash: [u8; 32],
}

/// Not the secret that the log is committed to: made for somebody else, changed, or another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wrapped secret does not open, or is not the one that the room's log names")]
pub struct BadWrap;

/// The way back to the epoch before does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link to the epoch before does not open, or is not allowed")]
pub struct BadBacklink;

/// `es_commit`: binds the log to the secret, so that nobody can give different members different ones.
#[must_use]
pub fn commitment(secret: &EpochSecret, place: Place, number: u32) -> [u8; 32] {
    let message = Writer::new(Label::EsCommit)
        .raw(place.instance.as_bytes())
        .u64(place.room.get())
        .u32(number)
        .finish();
    hmac_sha256(secret.expose(), &message)
}

/// What a wrap is bound to.
#[must_use]
pub fn wrap_info(place: Place, epoch: &EpochId, recipient: UserId, kem: u32) -> Vec<u8> {
    Writer::new(Label::EpochWrap)
        .raw(place.instance.as_bytes())
        .u64(place.room.get())
        .u32(epoch.number)
        .raw(&epoch.hash)
        .u64(recipient.get())
        .u32(kem)
        .finish()
}

/// Whose wrap it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// With which encryption key.
    pub kem: u32,
}

/// Wraps an epoch's secret for a member.
///
/// # Errors
/// [`HpkeError`]: the recipient is then left out of the epoch, it does not fail it.
pub fn wrap(
    secret: &EpochSecret,
    place: Place,
    epoch: &EpochId,
    to: Recipient,
    key: &PublicKey,
    seed: &EphemeralSeed,
) -> Result<Vec<u8>, HpkeError> {
    let info = wrap_info(place, epoch, to.user, to.kem);
    hpke::seal(key, &info, secret.expose(), seed)
}

/// Opens a wrap and holds it to the log's commitment. Wraps are not signed: the commitment is, so it does not matter
/// who brought them.
///
/// # Errors
/// [`BadWrap`]: the wrap is to be given up and asked for again.
pub fn unwrap(
    wrap: &[u8],
    place: Place,
    epoch: &EpochId,
    to: Recipient,
    key: &AgreementScalar,
    committed: &[u8; 32],
) -> Result<EpochSecret, BadWrap> {
    if wrap.len() != WRAP {
        return Err(BadWrap);
    }
    let info = wrap_info(place, epoch, to.user, to.kem);
    let opened = hpke::open(key, &info, wrap).map_err(|_| BadWrap)?;
    fitting(&opened, place, epoch.number, committed).ok_or(BadWrap)
}

/// The secret, if it is the one that was committed to.
fn fitting(opened: &[u8], place: Place, number: u32, committed: &[u8; 32]) -> Option<EpochSecret> {
    let secret = EpochSecret::from_bytes(opened.try_into().ok()?);
    constant_time_eq(&commitment(&secret, place, number), committed).then_some(secret)
}

impl EpochSecret {
    /// The key of the link to the epoch before (`K_back`).
    #[must_use]
    pub fn backlink_key(&self, epoch_hash: &[u8; 32]) -> BacklinkKey {
        hkdf(self.expose(), epoch_hash, &Label::Backlink.encode())
    }
}

/// Two epochs, one after the other, that a link may join: both share their history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    place: Place,
    newer: EpochId,
    older: EpochId,
}

impl Link {
    /// From an epoch to the one before.
    ///
    /// # Errors
    /// [`BadBacklink`] unless the two follow each other and both entries say that history is shared: a server cannot
    /// open afterwards what was closed when it was said.
    pub fn new(
        place: Place,
        newer: EpochId,
        newer_shared: bool,
        older: EpochId,
        older_shared: bool,
    ) -> Result<Self, BadBacklink> {
        if older.number.checked_add(1) != Some(newer.number) || !newer_shared || !older_shared {
            return Err(BadBacklink);
        }
        Ok(Self { place, newer, older })
    }

    fn aad(&self) -> Vec<u8> {
        Writer::new(Label::BacklinkAad)
            .raw(self.place.instance.as_bytes())
            .u64(self.place.room.get())
            .u32(self.newer.number)
            .raw(&self.newer.hash)
            .u32(self.older.number)
            .raw(&self.older.hash)
            .finish()
    }

    /// Seals the older secret under the newer one: `iv || ct`.
    #[must_use]
    pub fn seal(&self, newer: &EpochSecret, older: &EpochSecret, iv: &[u8; 12]) -> Vec<u8> {
        let key = newer.backlink_key(&self.newer.hash);
        let sealed = aead::seal(key.expose(), iv, older.expose(), &self.aad());
        [iv.as_slice(), &sealed].concat()
    }

    /// Opens it, and holds the older secret to the log's commitment.
    ///
    /// # Errors
    /// [`BadBacklink`]
    pub fn open(
        &self,
        newer: &EpochSecret,
        sealed: &[u8],
        older_committed: &[u8; 32],
    ) -> Result<EpochSecret, BadBacklink> {
        let (iv, ciphertext) = sealed.split_first_chunk().ok_or(BadBacklink)?;
        let key = newer.backlink_key(&self.newer.hash);
        let opened = aead::open(key.expose(), iv, ciphertext, &self.aad()).map_err(|_| BadBacklink)?;
        fitting(&opened, self.place, self.older.number, older_committed).ok_or(BadBacklink)
    }
}
