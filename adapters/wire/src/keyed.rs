//! What is answered about keyed accounts: bytes as base64url without padding.

use chat_app::keyed::Unlocked;
use chat_domain::keyed::{Derivation, DirectoryRecord, SealedKey, SealedKeys, SealedState};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// Bytes on the wire.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// How a key is derived from a password.
#[derive(Debug, Serialize, ToSchema)]
pub struct KdfView {
    #[schema(value_type = schema::KdfName)]
    alg: &'static str,
    #[schema(value_type = schema::Iterations)]
    iterations: u32,
}

impl KdfView {
    /// With so many iterations.
    #[must_use]
    pub const fn of(iterations: u32) -> Self {
        Self {
            alg: "pbkdf2-sha256",
            iterations,
        }
    }
}

/// A derivation: the method and the salt.
#[derive(Debug, Serialize, ToSchema)]
pub struct DerivationView {
    kdf: KdfView,
    #[schema(value_type = schema::Bytes16)]
    salt: String,
}

impl From<&Derivation> for DerivationView {
    fn from(derivation: &Derivation) -> Self {
        Self {
            kdf: KdfView::of(derivation.iterations),
            salt: base64url(&derivation.salt),
        }
    }
}

/// A signing key in its box.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningBox {
    /// The generation.
    r#gen: u32,
    #[schema(value_type = schema::Bytes)]
    r#box: String,
}

/// An encryption key in its box.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementBox {
    /// The number.
    kem: u32,
    #[schema(value_type = schema::Bytes)]
    r#box: String,
}

/// Private keys in boxes that only their owner opens.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyringView {
    ed: Vec<SigningBox>,
    x: Vec<AgreementBox>,
}

impl From<&SealedKeys> for KeyringView {
    fn from(keys: &SealedKeys) -> Self {
        let signing = |key: &SealedKey| SigningBox {
            r#gen: key.number,
            r#box: base64url(&key.sealed),
        };
        let agreement = |key: &SealedKey| AgreementBox {
            kem: key.number,
            r#box: base64url(&key.sealed),
        };
        Self {
            ed: keys.signing.iter().map(signing).collect(),
            x: keys.agreement.iter().map(agreement).collect(),
        }
    }
}

/// An account's sealed state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateView {
    version: u64,
    #[schema(value_type = schema::Bytes)]
    blob: String,
}

impl From<&SealedState> for StateView {
    fn from(state: &SealedState) -> Self {
        Self {
            version: state.version,
            blob: base64url(&state.sealed),
        }
    }
}

/// What the owner of an account needs to open it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnlockedView {
    /// The master key in the box that the password opens; null: the account has no keys yet, the client makes them now.
    #[schema(value_type = Option<schema::Bytes>)]
    amk_pw: Option<String>,
    keyring: KeyringView,
    state: Option<StateView>,
}

impl From<&Unlocked> for UnlockedView {
    fn from(unlocked: &Unlocked) -> Self {
        Self {
            amk_pw: unlocked.master.as_deref().map(base64url),
            keyring: (&unlocked.keys).into(),
            state: unlocked.state.as_ref().map(Into::into),
        }
    }
}

/// A record of the directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// Its place, from 0.
    i: u64,
    /// Milliseconds since 1970, by the server's clock.
    ts: u64,
    /// The statement.
    #[schema(value_type = schema::Bytes)]
    t: String,
    /// Its signature.
    #[schema(value_type = schema::Bytes64)]
    s: String,
    /// That of the identity before, after a reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Bytes64>)]
    ps: Option<String>,
}

impl From<&DirectoryRecord> for RecordView {
    fn from(record: &DirectoryRecord) -> Self {
        Self {
            i: record.i,
            ts: record.at.millis(),
            t: base64url(&record.statement.bytes),
            s: base64url(&record.statement.signature),
            ps: record.statement.continuation.map(|it| base64url(&it)),
        }
    }
}

/// The directory's signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeadView {
    /// The place of the newest record.
    i: u64,
    #[schema(value_type = schema::Bytes32)]
    head: String,
    /// That record's time.
    ts: u64,
    #[schema(value_type = schema::Bytes64)]
    sig: String,
}

impl From<&DirectoryRecord> for HeadView {
    fn from(record: &DirectoryRecord) -> Self {
        Self {
            i: record.i,
            head: base64url(&record.head),
            ts: record.at.millis(),
            sig: base64url(&record.head_signature),
        }
    }
}
