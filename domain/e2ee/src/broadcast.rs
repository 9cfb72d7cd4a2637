//! Announcements that an administrator signs (specification, 4.10): everybody may read them, and sees whether they
//! are the administrator's or only the server's.

use crate::ed25519::{PrivateKey, PublicKey, Signature};
use crate::encoding::Writer;
use crate::ids::{InstanceId, UserId};
use crate::label::Label;

/// What is signed of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broadcast<'a> {
    /// The installation.
    pub instance: InstanceId,
    /// The administrator.
    pub actor: UserId,
    /// The generation of the administrator's identity.
    pub generation: u32,
    /// Sixteen random bytes: the same words twice are two announcements.
    pub nonce: [u8; 16],
    /// The administrator's clock, in milliseconds.
    pub ts: u64,
    /// The text, unchanged.
    pub text: &'a str,
}

impl Broadcast<'_> {
    /// `TBS`, what is signed.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        Writer::new(Label::Broadcast)
            .raw(self.instance.as_bytes())
            .u64(self.actor.get())
            .u32(self.generation)
            .raw(&self.nonce)
            .u64(self.ts)
            .prefixed(self.text.as_bytes())
            .finish()
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, key: &PrivateKey) -> Signature {
        key.sign(&self.signed())
    }

    /// Whether the signature is that administrator's, whose key the directory has.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, signature: &Signature) -> bool {
        key.verifies(&self.signed(), signature)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::hash::sha256;
    use crate::header::tests::seed as seed_header;
    use crate::message::tests::alice;

    fn broadcast() -> Broadcast<'static> {
        Broadcast {
            instance: seed_header().instance,
            actor: seed_header().sender,
            generation: 1,
            nonce: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
            ts: 1_767_225_600_500,
            text: "Maintenance at 22:00",
        }
    }

    #[test]
    fn f_1_broadcast() {
        assert_eq!(
            HEXLOWER.encode(&sha256(&broadcast().signed())),
            "7b706ecad861d85a1e1c962533d2429659c627369e6d7d309d388a0782b00b2a"
        );
        let signature = broadcast().sign(&alice());
        assert_eq!(
            HEXLOWER.encode(&signature.0),
            "252926a12ee1e4a676a1ac40db39c70861c03c523c9ad5b11d29ce993166073f\
             026edadf73fd9a26024f3688616bc68d3512767130d9c1b12c904b7610f55f01"
        );
        let key = alice().public().unwrap();
        assert!(broadcast().is_signed_by(&key, &signature));
        let others = [
            Broadcast {
                text: "Maintenance at 23:00",
                ..broadcast()
            },
            Broadcast { ts: 0, ..broadcast() },
            Broadcast {
                nonce: [0; 16],
                ..broadcast()
            },
            Broadcast {
                generation: 2,
                ..broadcast()
            },
            Broadcast {
                actor: UserId::new(43).unwrap(),
                ..broadcast()
            },
            Broadcast {
                instance: InstanceId([0; 16]),
                ..broadcast()
            },
        ];
        for other in others {
            assert!(!other.is_signed_by(&key, &signature), "{other:?}");
        }
    }
}
