//! Identity statements (specification, 4.5.1): who signs and decrypts for an account, signed by that identity, each
//! naming the one before it.

use crate::curve::WeakKey;
use crate::ed25519::{PrivateKey, PublicKey, Signature};
use crate::encoding::{Reader, SUITE, Unreadable, Writer, in_range};
use crate::hash::sha256;
use crate::ids::{InstanceId, UserId, Usr};
use crate::label::Label;
use crate::x25519;

/// The longest username in bytes.
const MAX_USR: usize = 50;
/// Bit 0 of the flags.
const CLOSED: u8 = 1;

/// What a statement says. Read, but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The installation it is for.
    pub instance: InstanceId,
    /// The account.
    pub user: UserId,
    /// Its name.
    pub usr: Usr,
    /// Counts the account's signing keys from 1.
    pub generation: u32,
    /// Counts its encryption keys from 1, never reset.
    pub kem: u32,
    /// The signing key's bytes.
    pub signing: [u8; 32],
    /// The encryption key's bytes.
    pub agreement: [u8; 32],
    /// Hash of the account's statement before, or zeros.
    pub previous: [u8; 32],
    /// Whether the account is closed.
    pub closed: bool,
    /// Milliseconds since 1970, by the author's clock.
    pub at: u64,
}

impl Statement {
    /// The bytes that are signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::new(Label::Identity)
            .u16(SUITE)
            .raw(self.instance.as_bytes())
            .u64(self.user.get())
            .prefixed(self.usr.as_bytes())
            .u32(self.generation)
            .u32(self.kem)
            .raw(&self.signing)
            .raw(&self.agreement)
            .raw(&self.previous)
            .u8(if self.closed { CLOSED } else { 0 })
            .u64(self.at)
            .finish()
    }

    /// Reads the bytes that were signed; [`Statement::encode`] gives the same ones back.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::labelled(bytes, Label::Identity)?;
        let statement = Self {
            instance: InstanceId(reader.array()?),
            user: UserId::new(reader.u64()?)?,
            usr: Usr::parse(reader.prefixed(MAX_USR)?)?,
            generation: reader.counter()?,
            kem: reader.counter()?,
            signing: reader.array()?,
            agreement: reader.array()?,
            previous: reader.array()?,
            closed: in_range(reader.u8()?, 0, CLOSED)? == CLOSED,
            at: reader.u64()?,
        };
        reader.end()?;
        Ok(statement)
    }

    /// Signs the statement, and, after a reset, with the former generation's key as well.
    #[must_use]
    pub fn sign(&self, key: &PrivateKey, former: Option<&PrivateKey>) -> Signed {
        let bytes = self.encode();
        Signed {
            signature: key.sign(&bytes),
            continuation: former.map(|key| key.sign(&continuation(&sha256(&bytes)))),
            bytes,
        }
    }
}

/// A statement with its signatures, as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `t`
    pub bytes: Vec<u8>,
    /// `s`, under the statement's own key.
    pub signature: Signature,
    /// `ps`, under the former generation's key: only after a reset, and only if that key was at hand.
    pub continuation: Option<Signature>,
}

fn continuation(hash: &[u8; 32]) -> Vec<u8> {
    Writer::new(Label::IdentityCont).raw(hash).finish()
}

/// Why a statement is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIdentity {
    /// Not readable, or for another installation.
    #[error("the statement is not in the form that the protocol prescribes")]
    Malformed,
    /// Of a later version.
    #[error("the statement is of an unknown suite")]
    UnsupportedSuite,
    /// A key with which nothing can be kept secret or proved.
    #[error("the statement names a weak key")]
    WeakKey,
    /// Not the first statement of its account, nor a lawful successor of the last one.
    #[error("the statement does not follow from the account's last one")]
    Conflict,
    /// A signature does not fit.
    #[error("the statement's signature does not fit")]
    BadSignature,
}

impl NotAnIdentity {
    /// The code on the wire and in the vectors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedSuite => "unsupported_suite",
            Self::WeakKey => "weak_key",
            Self::Conflict => "identity_conflict",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl From<Unreadable> for NotAnIdentity {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed => Self::Malformed,
            Unreadable::UnsupportedSuite => Self::UnsupportedSuite,
        }
    }
}

impl From<WeakKey> for NotAnIdentity {
    fn from(WeakKey: WeakKey) -> Self {
        Self::WeakKey
    }
}

/// A statement that was checked: its keys are good, its signature is its own, and it follows from the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    statement: Statement,
    hash: [u8; 32],
    signing: PublicKey,
    agreement: x25519::PublicKey,
}

impl Identity {
    /// Checks a statement against the account's last one (`check_statement`).
    ///
    /// # Errors
    /// [`NotAnIdentity`], the first in the order of its variants.
    pub fn check(signed: &Signed, instance: InstanceId, last: Option<&Self>) -> Result<Self, NotAnIdentity> {
        let identity = Self::accepted_before(&signed.bytes, instance)?;
        if !identity.follows(last) {
            return Err(NotAnIdentity::Conflict);
        }
        if !identity.signing.verifies(&signed.bytes, &signed.signature) || !identity.continues(signed, last) {
            return Err(NotAnIdentity::BadSignature);
        }
        Ok(identity)
    }

    /// An identity that was checked when it was accepted, read from where it has been kept since: neither its
    /// signature nor what it follows is looked at again.
    ///
    /// # Errors
    /// [`NotAnIdentity::Malformed`], [`NotAnIdentity::UnsupportedSuite`], [`NotAnIdentity::WeakKey`].
    pub fn accepted_before(bytes: &[u8], instance: InstanceId) -> Result<Self, NotAnIdentity> {
        let statement = Statement::parse(bytes)?;
        if statement.instance != instance {
            return Err(NotAnIdentity::Malformed);
        }
        Ok(Self {
            hash: sha256(bytes),
            signing: PublicKey::from_bytes(statement.signing)?,
            agreement: x25519::PublicKey::from_bytes(statement.agreement)?,
            statement,
        })
    }

    fn follows(&self, last: Option<&Self>) -> bool {
        let new = &self.statement;
        let Some(last) = last else {
            return new.generation == 1 && new.kem == 1 && new.previous == [0; 32] && !new.closed;
        };
        let old = &last.statement;
        let same_account =
            new.user == old.user && new.usr == old.usr && new.previous == last.hash && !old.closed;
        let next_generation = Some(new.generation) == old.generation.checked_add(1);
        let next_kem = Some(new.kem) == old.kem.checked_add(1) && new.agreement != old.agreement;
        let same_generation = new.generation == old.generation && new.signing == old.signing;
        let same_kem = new.kem == old.kem && new.agreement == old.agreement;

        let rotation = same_generation && next_kem && !new.closed;
        let reset = next_generation && new.signing != old.signing && next_kem && !new.closed;
        let closing = same_generation && same_kem && new.closed;
        same_account && (rotation || reset || closing)
    }

    /// Whether the former generation's signature, if there is one, is where it may be and fits.
    fn continues(&self, signed: &Signed, last: Option<&Self>) -> bool {
        let Some(signature) = &signed.continuation else {
            return true;
        };
        last.is_some_and(|last| {
            last.statement.generation < self.statement.generation
                && last.signing.verifies(&continuation(&self.hash), signature)
        })
    }

    /// What it says.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// `stmt_hash`
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The signing key.
    #[must_use]
    pub const fn signing(&self) -> &PublicKey {
        &self.signing
    }

    /// The encryption key.
    #[must_use]
    pub const fn agreement(&self) -> &x25519::PublicKey {
        &self.agreement
    }
}

/// A signature that a client makes for itself after every unlock, to see that the published key is its own (4.3).
#[must_use]
pub fn self_check(key: &PrivateKey, challenge: &[u8; 32]) -> Signature {
    key.sign(&Writer::new(Label::SelfCheck).raw(challenge).finish())
}

/// Whether the published key fits a signature made by [`self_check`].
#[must_use]
pub fn passes_self_check(published: &PublicKey, challenge: &[u8; 32], signature: &Signature) -> bool {
    published.verifies(&Writer::new(Label::SelfCheck).raw(challenge).finish(), signature)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn some_statement()(
            instance: [u8; 16], user in 0_u64..1 << 53, usr in "[a-z0-9_]{3,50}", generation in 1_u32.., kem in 1_u32..,
            signing: [u8; 32], agreement: [u8; 32], previous: [u8; 32], closed: bool, at in 0_u64..1 << 53,
        ) -> Statement {
            Statement {
                instance: InstanceId(instance), user: UserId::new(user).unwrap(), usr: Usr::parse(usr.as_bytes()).unwrap(),
                generation, kem, signing, agreement, previous, closed, at,
            }
        }
    }

    proptest! {
        #[test]
        fn roundtrip_of_statements(statement in some_statement()) {
            let bytes = statement.encode();
            prop_assert_eq!(Statement::parse(&bytes), Ok(statement));
        }

        #[test]
        fn parse_statement(
            mut bytes in some_statement().prop_map(|statement| statement.encode()), at: prop::sample::Index, value: u8,
            cut: bool,
        ) {
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = value;
            }
            if let Ok(statement) = Statement::parse(&bytes) {
                prop_assert_eq!(statement.encode(), bytes);
            }
        }

        #[test]
        fn what_was_kept_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Identity::accepted_before(&bytes, InstanceId([0; 16])).is_err());
        }
    }
}
