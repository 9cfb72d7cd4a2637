//! A sealed message as it travels (specification, 4.8.3), and what is left of it when it was deleted (4.8.8).

use serde::Serialize;

use crate::ed25519::Signature;
use crate::encoding::{Unreadable, Writer, base64url};
use crate::hash::sha256;
use crate::header::Header;
use crate::ids::Mid;
use crate::json::{Json, Members, NotJson, write};
use crate::label::Label;
use crate::padding::pad;

/// The longest text of an envelope or a tombstone.
pub const MAX_TEXT: usize = 65_536;
/// Bytes of a message's content.
pub const MAX_CONTENT: usize = 16_384;
/// What stands before the content in the plaintext: a version, the opening key, the length.
pub(crate) const BEFORE_CONTENT: usize = 1 + 32 + 4;
/// The tag of AES-GCM.
const TAG: usize = 16;

/// What a signature covers: it stays when the ciphertext is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The header's bytes (`h`).
    pub header: Vec<u8>,
    /// The commitment to the content (`k`).
    pub commit: [u8; 32],
    /// The IV (`iv`).
    pub iv: [u8; 12],
    /// The hash of the ciphertext (`cth`).
    pub ct_hash: [u8; 32],
    /// The author's signature (`s`).
    pub signature: Signature,
}

impl Proof {
    /// `TBS`, what is signed.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        signed(&self.header, &self.commit, &self.iv, &self.ct_hash)
    }

    /// `msg_hash`, the hash of what is signed.
    #[must_use]
    pub fn msg_hash(&self) -> [u8; 32] {
        sha256(&self.signed())
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse_header(&self) -> Result<Header, Unreadable> {
        Header::parse(&self.header)
    }

    /// Reads the members that an envelope without its ciphertext has.
    pub(crate) fn take(members: &mut Members) -> Result<Self, NotJson> {
        Ok(Self {
            header: members.take("h")?.bytes()?,
            commit: members.take("k")?.fixed()?,
            iv: members.take("iv")?.fixed()?,
            ct_hash: members.take("cth")?.fixed()?,
            signature: Signature(members.take("s")?.fixed()?),
        })
    }
}

/// `TBS = L("msg-sig") || LP(HDR) || commit || iv || H(ct)`
pub(crate) fn signed(header: &[u8], commit: &[u8; 32], iv: &[u8; 12], ct_hash: &[u8; 32]) -> Vec<u8> {
    Writer::new(Label::MsgSig)
        .prefixed(header)
        .raw(commit)
        .raw(iv)
        .raw(ct_hash)
        .finish()
}

/// A sealed message. The header's bytes are kept as they are: they are what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The header's bytes (`h`).
    pub header: Vec<u8>,
    /// The commitment to the content (`k`).
    pub commit: [u8; 32],
    /// The IV (`iv`).
    pub iv: [u8; 12],
    /// The ciphertext (`ct`).
    pub ciphertext: Vec<u8>,
    /// The author's signature (`s`).
    pub signature: Signature,
}

#[derive(Serialize)]
struct EnvelopeWire {
    v: u8,
    h: String,
    k: String,
    iv: String,
    ct: String,
    s: String,
}

impl Envelope {
    /// Reads the JSON text: exactly the members named. The header is not looked into.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut members = members(text)?;
        let envelope = Self {
            header: members.take("h")?.bytes()?,
            commit: members.take("k")?.fixed()?,
            iv: members.take("iv")?.fixed()?,
            ciphertext: members.take("ct")?.bytes()?,
            signature: Signature(members.take("s")?.fixed()?),
        };
        members.end()?;
        if is_padded(envelope.ciphertext.len()) {
            Ok(envelope)
        } else {
            Err(Unreadable::Malformed)
        }
    }

    /// Writes compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        write(&EnvelopeWire {
            v: 1,
            h: base64url(&self.header),
            k: base64url(&self.commit),
            iv: base64url(&self.iv),
            ct: base64url(&self.ciphertext),
            s: base64url(&self.signature.0),
        })
    }

    /// What is left of it without the ciphertext.
    #[must_use]
    pub fn proof(&self) -> Proof {
        Proof {
            header: self.header.clone(),
            commit: self.commit,
            iv: self.iv,
            ct_hash: sha256(&self.ciphertext),
            signature: self.signature,
        }
    }
}

/// Whether a ciphertext has one of the lengths that sealing makes.
fn is_padded(length: usize) -> bool {
    length
        .checked_sub(TAG)
        .is_some_and(|padded| pad(padded) == padded && padded <= pad(BEFORE_CONTENT + MAX_CONTENT))
}

/// Who is said to have deleted a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedBy {
    /// Its author.
    Author,
    /// A moderator of the room.
    Moderator,
    /// The server; this needs no proof.
    Server,
}

impl DeletedBy {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Server => "server",
        }
    }

    fn from_word(word: &str) -> Result<Self, NotJson> {
        [Self::Author, Self::Moderator, Self::Server]
            .into_iter()
            .find(|by| by.word() == word)
            .ok_or(NotJson)
    }
}

/// What the server says of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// By whom.
    pub by: DeletedBy,
    /// The redaction, which can be verified.
    pub mid: Option<Mid>,
}

/// What is left of a deleted message: chains and reports stay verifiable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// What the author signed.
    pub proof: Proof,
    /// What the server adds.
    pub deleted: Deleted,
}

/// The members of a proof, in the order in which they are written.
#[derive(Serialize)]
pub(crate) struct ProofWire {
    h: String,
    k: String,
    iv: String,
    cth: String,
    s: String,
}

impl From<&Proof> for ProofWire {
    fn from(proof: &Proof) -> Self {
        Self {
            h: base64url(&proof.header),
            k: base64url(&proof.commit),
            iv: base64url(&proof.iv),
            cth: base64url(&proof.ct_hash),
            s: base64url(&proof.signature.0),
        }
    }
}

#[derive(Serialize)]
struct TombstoneWire {
    v: u8,
    #[serde(flatten)]
    proof: ProofWire,
    deleted: DeletedWire,
}

#[derive(Serialize)]
struct DeletedWire {
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mid: Option<String>,
}

impl Tombstone {
    /// Reads the JSON text: exactly the members named. The header is not looked into.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut members = members(text)?;
        let proof = Proof::take(&mut members)?;
        let mut deleted = members.take("deleted")?.object()?;
        members.end()?;
        let by = DeletedBy::from_word(&deleted.take("by")?.text()?)?;
        let mid = deleted.optional("mid", Json::fixed)?.map(Mid);
        deleted.end()?;
        Ok(Self {
            proof,
            deleted: Deleted { by, mid },
        })
    }

    /// Writes compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        write(&TombstoneWire {
            v: 1,
            proof: ProofWire::from(&self.proof),
            deleted: DeletedWire {
                by: self.deleted.by.word(),
                mid: self.deleted.mid.map(|mid| base64url(mid.as_bytes())),
            },
        })
    }
}

/// The members of an object of version 1 whose text is not too long.
fn members(text: &str) -> Result<Members, Unreadable> {
    if text.len() > MAX_TEXT {
        return Err(Unreadable::Malformed);
    }
    let mut members = Json::parse(text)?.object()?;
    members.version_1()?;
    Ok(members)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope(length: usize) -> Envelope {
        Envelope {
            header: crate::header::tests::seed().encode(),
            commit: [1; 32],
            iv: [2; 12],
            ciphertext: vec![3; length],
            signature: Signature([4; 64]),
        }
    }

    fn tombstone(by: DeletedBy, mid: Option<Mid>) -> Tombstone {
        Tombstone {
            proof: envelope(272).proof(),
            deleted: Deleted { by, mid },
        }
    }

    #[test]
    fn n_lengths_of_ciphertext() {
        for lawful in [272, 288, 16 + 17_408] {
            assert_eq!(Envelope::parse(&envelope(lawful).to_json()), Ok(envelope(lawful)));
        }
        for wrong in [0, 15, 16, 256, 271, 273, 287, 16 + 17_407, 16 + 18_432] {
            assert!(Envelope::parse(&envelope(wrong).to_json()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn n_exactly_the_members_named() {
        let text = envelope(272).to_json();
        assert!(text.starts_with("{\"v\":1,\"h\":\"AAAAD2"));
        let wrong = [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"v\":1", "\"v\":1.0"),
            text.replace("\"v\":1", "\"v\":\"1\""),
            text.replace("\"v\":1,", ""),
            text.replace("\"v\":1", "\"v\":1,\"v\":1"),
            text.replace("\"v\":1", "\"v\":1,\"x\":0"),
            text.replace("\"iv\":\"", "\"iv\":\"="),
            text.replace("\"s\":\"BAQ", "\"s\":\"BA"),
            text.replace("\"k\":", "\"K\":"),
            format!("[{text}]"),
            format!("{text}{}", " ".repeat(MAX_TEXT)),
        ];
        for wrong in wrong {
            assert_eq!(Envelope::parse(&wrong), Err(Unreadable::Malformed), "{wrong}");
        }
        let spaces = " ".repeat(MAX_TEXT - text.len());
        assert!(Envelope::parse(&format!("{text}{spaces}")).is_ok());
    }

    #[test]
    fn tombstones() {
        for by in [DeletedBy::Author, DeletedBy::Moderator, DeletedBy::Server] {
            for mid in [None, Some(Mid([7; 16]))] {
                let tombstone = tombstone(by, mid);
                assert_eq!(Tombstone::parse(&tombstone.to_json()), Ok(tombstone));
            }
        }
        let text = tombstone(DeletedBy::Server, Some(Mid([7; 16]))).to_json();
        assert!(text.ends_with("\"deleted\":{\"by\":\"server\",\"mid\":\"BwcHBwcHBwcHBwcHBwcHBw\"}}"));
        let wrong = [
            text.replace("server", "nobody"),
            text.replace("\"BwcHBwcHBwcHBwcHBwcHBw\"", "null"),
            text.replace("\"by\":", "\"x\":1,\"by\":"),
            text.replace("\"cth\":", "\"ct\":"),
            text.replace("\"v\":1", "\"v\":1,\"ct\":\"\""),
        ];
        for wrong in wrong {
            assert_eq!(Tombstone::parse(&wrong), Err(Unreadable::Malformed), "{wrong}");
        }
        assert_eq!(
            envelope(272).proof().msg_hash(),
            tombstone(DeletedBy::Server, None).proof.msg_hash()
        );
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back(
            header in prop::collection::vec(any::<u8>(), 0..600), commit in any::<[u8; 32]>(),
            iv in any::<[u8; 12]>(), content in 0_usize..=MAX_CONTENT, half in any::<[u8; 32]>(),
        ) {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&half);
            let envelope = Envelope {
                header, commit, iv,
                ciphertext: vec![half[0]; TAG + pad(BEFORE_CONTENT + content)],
                signature: Signature(signature),
            };
            let text = envelope.to_json();
            prop_assert_eq!(Envelope::parse(&text).map(|it| it.to_json()), Ok(text));
        }

        #[test]
        fn a_tombstone_comes_back(
            header in prop::collection::vec(any::<u8>(), 0..600), hashes in any::<[[u8; 32]; 2]>(),
            by in 0_usize..3, mid in any::<Option<[u8; 16]>>(),
        ) {
            let by = [DeletedBy::Author, DeletedBy::Moderator, DeletedBy::Server][by];
            let proof = Proof { header, commit: hashes[0], ct_hash: hashes[1], ..envelope(272).proof() };
            let tombstone = Tombstone { proof, deleted: Deleted { by, mid: mid.map(Mid) } };
            let text = tombstone.to_json();
            prop_assert_eq!(Tombstone::parse(&text), Ok(tombstone));
            prop_assert_eq!(Tombstone::parse(&text).map(|it| it.to_json()), Ok(text));
        }

        #[test]
        fn parse_envelope_never_panics(place in 0_usize..500, byte in 0_u8..128, random in any::<String>()) {
            for text in [envelope(272).to_json(), tombstone(DeletedBy::Author, None).to_json()] {
                let mut bytes = text.into_bytes();
                if let Some(target) = bytes.get_mut(place) {
                    *target = byte;
                }
                let text = String::from_utf8(bytes).unwrap();
                let _ = (Envelope::parse(&text), Tombstone::parse(&text));
            }
            let _ = (Envelope::parse(&random), Tombstone::parse(&random));
        }
    }
}
