//! HPKE (RFC 9180) in base mode, one shot, one suite: DHKEM(X25519, HKDF-SHA-256), HKDF-SHA-256, AES-256-GCM. The
//! associated data is empty in every use; what a seal is bound to stands in `info`.

use std::convert::Infallible;

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::AesGcm256,
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
    rand_core::{TryCryptoRng, TryRng},
    single_shot_open, single_shot_seal_with_rng,
};

use crate::secret::{AgreementScalar, EphemeralSeed, Secret};
use crate::x25519::PublicKey;

/// Bytes of an encapsulated key.
pub const ENCAPSULATED: usize = 32;

/// Not sealed: the recipient's key is of small order; or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed key was made for somebody else, or was changed")]
pub struct HpkeError;

/// Seals to the public key: `enc || ct`.
///
/// # Errors
/// [`HpkeError`] for a key that agrees on zero; [`PublicKey`] has none such.
pub fn seal(
    to: &PublicKey,
    info: &[u8],
    plaintext: &[u8],
    seed: &EphemeralSeed,
) -> Result<Vec<u8>, HpkeError> {
    seal_with_aad(to, info, plaintext, &[], seed)
}

/// The same with associated data, which the protocol never has: for the RFC's own test vectors.
///
/// # Errors
/// As [`seal`].
pub fn seal_with_aad(
    to: &PublicKey,
    info: &[u8],
    plaintext: &[u8],
    aad: &[u8],
    seed: &EphemeralSeed,
) -> Result<Vec<u8>, HpkeError> {
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(to.as_bytes()).map_err(|_| HpkeError)?;
    let (encapsulated, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        info,
        plaintext,
        aad,
        &mut OneSeed(seed),
    )
    .map_err(|_| HpkeError)?;
    let mut sealed = encapsulated.to_bytes().to_vec();
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens `enc || ct`.
///
/// # Errors
/// [`HpkeError`].
pub fn open(private: &AgreementScalar, info: &[u8], sealed: &[u8]) -> Result<Vec<u8>, HpkeError> {
    open_with_aad(private, info, sealed, &[])
}

/// The same with associated data, for the RFC's own test vectors.
///
/// # Errors
/// As [`open`].
pub fn open_with_aad(
    private: &AgreementScalar,
    info: &[u8],
    sealed: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, HpkeError> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED).ok_or(HpkeError)?;
    let private =
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(private.expose()).map_err(|_| HpkeError)?;
    // The same rule for every public key, so that nothing is opened here that is refused elsewhere.
    let lawful = encapsulated
        .try_into()
        .is_ok_and(|bytes| PublicKey::from_bytes(bytes).is_ok());
    if !lawful {
        return Err(HpkeError);
    }
    let encapsulated =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| HpkeError)?;
    single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        info,
        ciphertext,
        aad,
    )
    .map_err(|_| HpkeError)
}

/// The ephemeral key pair that a seed gives (RFC 9180, 7.1.3, `DeriveKeyPair`): what [`seal`] uses.
#[must_use]
pub fn derive_key_pair(seed: &EphemeralSeed) -> (AgreementScalar, [u8; 32]) {
    let (private, public) = X25519HkdfSha256::derive_keypair(seed.expose());
    let bytes = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap_or_default();
    (
        AgreementScalar::from_bytes(bytes(&private.to_bytes())),
        bytes(&public.to_bytes()),
    )
}

/// Randomness is an argument here, but the library asks for a source of it: this one gives the seed, once.
struct OneSeed<'a>(&'a EphemeralSeed);

impl TryRng for OneSeed<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        // The library draws the ephemeral key's 32 bytes and nothing more; the vectors of the RFC hold it to that.
        for (place, byte) in bytes.iter_mut().zip(self.0.expose()) {
            *place = *byte;
        }
        Ok(())
    }
}

impl TryCryptoRng for OneSeed<'_> {}
