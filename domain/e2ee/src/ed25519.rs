//! Ed25519 (RFC 8032) with one acceptance rule for every implementation: libraries and browsers differ on encodings
//! that are not canonical and on points of small order, and a room's log must not be valid here and invalid there.
//! A small-order key would also let anybody "sign" for it.

use ed25519_dalek::{Signature as DalekSignature, Signer, SigningKey, VerifyingKey};

use crate::curve::{WeakKey, is_canonical, without_top_bit};
use crate::secret::{Secret, SigningSeed};

/// The canonical y of the points whose order divides 8, the top bit cleared.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether the bytes may stand for a point: canonical and not of small order. That they are on the curve at all is
/// seen when a signature is verified.
fn acceptable(bytes: &[u8; 32]) -> bool {
    is_canonical(bytes) && !SMALL_ORDER.contains(&without_top_bit(*bytes))
}

/// A public key that fulfils the byte rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the bytes.
    ///
    /// # Errors
    /// [`WeakKey`] if they are not canonical or of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, WeakKey> {
        if acceptable(&bytes) {
            Ok(Self(bytes))
        } else {
            Err(WeakKey)
        }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the signature is this key's over the message (RFC 8032, 5.1.7, without cofactor).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let (r, _) = signature.0.split_first_chunk().unwrap_or((&[0; 32], &[]));
        acceptable(r)
            && VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
                key.verify_strict(message, &DalekSignature::from_bytes(&signature.0))
                    .is_ok()
            })
    }
}

/// A signature, as it stands: what it is worth says [`PublicKey::verifies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// The private half.
#[derive(Debug)]
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// From the seed.
    #[must_use]
    pub fn from_seed(seed: &SigningSeed) -> Self {
        Self(SigningKey::from_bytes(seed.expose()))
    }

    /// The public half.
    ///
    /// # Errors
    /// [`WeakKey`], which no seed that anybody has found gives.
    pub fn public(&self) -> Result<PublicKey, WeakKey> {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs (RFC 8032, 5.1.6).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}
