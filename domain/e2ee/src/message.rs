//! Sealing a message (specification, 4.8.3) and receiving one (4.8.6): in the order prescribed, and no further than
//! the first failure. Nothing of a message that fails is ever shown.
//!
//! A server runs [`parse`] and [`verify`]; a reader's client [`decrypt`] after them, or [`receive`] for all three.

use zeroize::Zeroizing;

use crate::aead;
use crate::content::{BadContent, Content};
use crate::ed25519::{PrivateKey, PublicKey};
use crate::encoding::{Unreadable, Writer, base64url};
use crate::envelope::{BEFORE_CONTENT, Deleted, DeletedBy, Envelope, MAX_CONTENT, Proof, Tombstone, signed};
use crate::hash::{hkdf, hmac_sha256, sha256};
use crate::header::{Header, Kind};
use crate::ids::{InstanceId, Mid, RoomId, UserId};
use crate::label::Label;
use crate::padding::pad;
use crate::secret::{EpochSecret, MessageKey, OpeningKey, Secret, constant_time_eq};

/// The first byte of a plaintext.
const VERSION: u8 = 1;
/// The least role of those who may take other people's messages back.
const MODERATOR: u8 = 1;

/// What a reader has validated of the room's log.
pub trait ValidatedLog {
    /// The installation.
    fn instance(&self) -> InstanceId;
    /// The room.
    fn room(&self) -> RoomId;
    /// The place (`log_seq`) of the entry with that hash.
    fn place_of(&self, entry_hash: &[u8; 32]) -> Option<u64>;
    /// The hash of the entry of the epoch with that number.
    fn epoch_hash(&self, number: u32) -> Option<[u8; 32]>;
    /// The number of the epoch that was current in the state after the entry at that place.
    fn current_epoch_at(&self, place: u64) -> Option<u32>;
    /// Who that user was in the state after the entry at that place, if an active member.
    fn active_at(&self, user: UserId, place: u64) -> Option<ActiveMember>;
}

/// An active member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveMember {
    /// The generation of the identity with which the user was admitted.
    pub generation: u32,
    /// That identity's key.
    pub key: PublicKey,
    /// 0 member, 1 moderator, 2 owner.
    pub role: u8,
}

/// Why a message is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReceived {
    /// Not a message of this room in the form that the protocol prescribes.
    #[error("not a message of this room")]
    Malformed,
    /// Of a suite that this version does not know.
    #[error("of an unknown suite")]
    UnsupportedSuite,
    /// The epoch, or the log's head, is not in the log, or the epoch was not the current one there.
    #[error("the room's log does not have this epoch there")]
    UnknownEpoch,
    /// The sender was no member with that identity.
    #[error("the sender was not a member")]
    NotMember,
    /// The signature is not the sender's.
    #[error("the signature is not the sender's")]
    BadSignature,
    /// The same message again: to be dropped without a word.
    #[error("the message has been received before")]
    Duplicate,
    /// Another message of that name has been received before.
    #[error("another message has the same name")]
    MidConflict,
    /// The epoch's secret is not at hand: to be tried again when it is. The message is verified all the same, and its
    /// name taken.
    #[error("the key of the message is not at hand")]
    NoKey,
    /// Not sealed with the epoch's secret, or not filled up as prescribed.
    #[error("the message does not open")]
    BadCiphertext,
    /// The commitment is to another content: the message could not be reported.
    #[error("the message does not hold what its sender committed to")]
    BadCommit,
    /// The content is not in the form that the protocol prescribes.
    #[error("the content is not in the form that the protocol prescribes")]
    BadContent,
}

impl NotReceived {
    /// The code that every implementation has for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedSuite => "unsupported_suite",
            Self::UnknownEpoch => "unknown_epoch",
            Self::NotMember => "not_member",
            Self::BadSignature => "bad_signature",
            Self::Duplicate => "duplicate",
            Self::MidConflict => "mid_conflict",
            Self::NoKey => "no_key",
            Self::BadCiphertext => "bad_ciphertext",
            Self::BadCommit => "bad_commit",
            Self::BadContent => "bad_content",
        }
    }
}

impl From<Unreadable> for NotReceived {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Malformed => Self::Malformed,
            Unreadable::UnsupportedSuite => Self::UnsupportedSuite,
        }
    }
}

impl From<BadContent> for NotReceived {
    fn from(BadContent: BadContent) -> Self {
        Self::BadContent
    }
}

/// `K_msg`, the key of a sender's messages in an epoch (4.7.3).
#[must_use]
pub fn message_key(secret: &EpochSecret, epoch_hash: &[u8; 32], sender: UserId) -> MessageKey {
    let info = Writer::new(Label::MsgKey).u64(sender.get()).finish();
    hkdf(secret.expose(), epoch_hash, &info)
}

/// The commitment to a content: whoever has the opening key can show that it was this content and no other.
#[must_use]
pub fn commitment(opening: &OpeningKey, header: &[u8], content: &[u8]) -> [u8; 32] {
    let committed = Zeroizing::new(
        Writer::new(Label::MsgCommit)
            .prefixed(header)
            .prefixed(content)
            .finish(),
    );
    hmac_sha256(opening.expose(), &committed)
}

/// Not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// Every reader would refuse the header.
    #[error("the header is not one that may be sent")]
    Header,
    /// More than 16,384 bytes.
    #[error("the content is too long")]
    TooLong,
}

/// A sealed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What is sent.
    pub envelope: Envelope,
    /// The message's hash, by which the next one names it as its parent.
    pub msg_hash: [u8; 32],
}

/// Seals. Opening key and IV are drawn anew for every sealing. The content is not looked into.
///
/// # Errors
/// [`NotSealed`].
pub fn seal(
    header: &Header,
    content: &[u8],
    signer: &PrivateKey,
    key: &MessageKey,
    opening: &OpeningKey,
    iv: [u8; 12],
) -> Result<Sealed, NotSealed> {
    let header_bytes = header.encode();
    if Header::parse(&header_bytes).as_ref() != Ok(header) {
        return Err(NotSealed::Header);
    }
    let plaintext = plaintext(opening, content)?;
    let commit = commitment(opening, &header_bytes, content);
    let aad = [header_bytes.as_slice(), &commit].concat();
    let ciphertext = aead::seal(key.expose(), &iv, &plaintext, &aad);
    let tbs = signed(&header_bytes, &commit, &iv, &sha256(&ciphertext));
    let envelope = Envelope {
        header: header_bytes,
        commit,
        iv,
        ciphertext,
        signature: signer.sign(&tbs),
    };
    Ok(Sealed {
        envelope,
        msg_hash: sha256(&tbs),
    })
}

/// `u8(1) || fk || LP(content) || zeros`
fn plaintext(opening: &OpeningKey, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    if content.len() > MAX_CONTENT {
        return Err(NotSealed::TooLong);
    }
    let length = u32::try_from(content.len()).map_err(|_| NotSealed::TooLong)?;
    // Room for the whole at once: a vector that grows leaves copies behind.
    let padded = pad(BEFORE_CONTENT + content.len());
    let mut plain = Zeroizing::new(Vec::with_capacity(padded));
    plain.push(VERSION);
    plain.extend_from_slice(opening.expose());
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(content);
    plain.resize(padded, 0);
    Ok(plain)
}

/// What the server says of a message beside the envelope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outer<'a> {
    /// `room_id`
    pub room: Option<u64>,
    /// `user_id`
    pub sender: Option<u64>,
    /// `client_id`, which is the message's name in base64url.
    pub client_id: Option<&'a str>,
}

impl Outer<'_> {
    /// What is said must be what the header says (errata, C4).
    ///
    /// # Errors
    /// [`NotReceived::Malformed`].
    pub fn agrees_with(self, header: &Header) -> Result<(), NotReceived> {
        let name = base64url(header.mid.as_bytes());
        let agrees = self.room.is_none_or(|room| room == header.room.get())
            && self.sender.is_none_or(|sender| sender == header.sender.get())
            && self.client_id.is_none_or(|client_id| client_id == name);
        if agrees {
            Ok(())
        } else {
            Err(NotReceived::Malformed)
        }
    }
}

/// A message, or what is left of one, with its header read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// The header.
    pub header: Header,
    /// What was signed.
    pub proof: Proof,
    /// The envelope or the tombstone.
    pub rest: T,
}

impl<T> Parsed<T> {
    fn new(proof: Proof, rest: T, log: &impl ValidatedLog) -> Result<Self, NotReceived> {
        let header = proof.parse_header()?;
        if header.instance != log.instance() || header.room != log.room() {
            return Err(NotReceived::Malformed);
        }
        Ok(Self { header, proof, rest })
    }
}

/// Step 1: reads a message's JSON text. What the server says beside it is for [`Outer::agrees_with`].
///
/// # Errors
/// [`NotReceived::Malformed`], [`NotReceived::UnsupportedSuite`].
pub fn parse(text: &str, log: &impl ValidatedLog) -> Result<Parsed<Envelope>, NotReceived> {
    let envelope = Envelope::parse(text)?;
    Parsed::new(envelope.proof(), envelope, log)
}

/// Step 1 for what is left of a deleted message.
///
/// # Errors
/// As [`parse`].
pub fn parse_tombstone(text: &str, log: &impl ValidatedLog) -> Result<Parsed<Tombstone>, NotReceived> {
    let tombstone = Tombstone::parse(text)?;
    Parsed::new(tombstone.proof.clone(), tombstone, log)
}

/// What is known of a message whose signature was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The message's hash.
    pub msg_hash: [u8; 32],
    /// The sender at the log's head that the message names.
    pub sender: ActiveMember,
}

/// Steps 2 to 5: the epoch, the sender, the signature, and whether the name is taken. `seen` is the first message of
/// that name that got as far: its sender and its hash. A caller keeps both of this one, also when it does not open.
///
/// # Errors
/// [`NotReceived`], from [`NotReceived::UnknownEpoch`] to [`NotReceived::MidConflict`].
pub fn verify<T>(
    message: &Parsed<T>,
    log: &impl ValidatedLog,
    seen: Option<(UserId, [u8; 32])>,
) -> Result<Verified, NotReceived> {
    let place = place(&message.header, log)?;
    let sender = log
        .active_at(message.header.sender, place)
        .filter(|member| member.generation == message.header.generation)
        .ok_or(NotReceived::NotMember)?;
    if !sender
        .key
        .verifies(&message.proof.signed(), &message.proof.signature)
    {
        return Err(NotReceived::BadSignature);
    }
    let msg_hash = message.proof.msg_hash();
    match seen {
        Some(first) if first == (message.header.sender, msg_hash) => Err(NotReceived::Duplicate),
        Some(_) => Err(NotReceived::MidConflict),
        None => Ok(Verified { msg_hash, sender }),
    }
}

/// The place of the log's head that the header names, where its epoch must be the current one.
fn place(header: &Header, log: &impl ValidatedLog) -> Result<u64, NotReceived> {
    if log.epoch_hash(header.epoch) != Some(header.epoch_hash) {
        return Err(NotReceived::UnknownEpoch);
    }
    log.place_of(&header.log_head)
        .filter(|place| log.current_epoch_at(*place) == Some(header.epoch))
        .ok_or(NotReceived::UnknownEpoch)
}

/// Whether a message of an unknown epoch, after the log was fetched once more, is cause for alarm: its signature is
/// by the key that this reader holds for the sender, and it names an entry that the log does not have. Either the
/// server shows two logs, or the sender made it up (errata, S4 and I21).
#[must_use]
pub fn names_another_log<T>(message: &Parsed<T>, log: &impl ValidatedLog, held: &PublicKey) -> bool {
    let unknown = |hash| log.place_of(hash).is_none();
    (unknown(&message.header.epoch_hash) || unknown(&message.header.log_head))
        && held.verifies(&message.proof.signed(), &message.proof.signature)
}

/// A message's content, and what proves it to a moderator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub content: Content,
    /// The content's bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What opens the commitment.
    pub opening: OpeningKey,
}

/// Steps 6 to 9: opens a message that was verified. `secret` is that of the message's epoch.
///
/// # Errors
/// [`NotReceived`], from [`NotReceived::NoKey`] to [`NotReceived::BadContent`].
pub fn decrypt(message: &Parsed<Envelope>, secret: Option<&EpochSecret>) -> Result<Opened, NotReceived> {
    let header = &message.header;
    let secret = secret.ok_or(NotReceived::NoKey)?;
    let key = message_key(secret, &header.epoch_hash, header.sender);
    let (opening, bytes) = unseal(&message.rest, &key).ok_or(NotReceived::BadCiphertext)?;
    let commit = commitment(&opening, &message.rest.header, &bytes);
    if !constant_time_eq(&commit, &message.rest.commit) {
        return Err(NotReceived::BadCommit);
    }
    let content = Content::parse(header.kind, &header.files, &bytes)?;
    Ok(Opened {
        content,
        bytes,
        opening,
    })
}

/// Opens the ciphertext: the opening key and the content.
fn unseal(envelope: &Envelope, key: &MessageKey) -> Option<(OpeningKey, Zeroizing<Vec<u8>>)> {
    let aad = [envelope.header.as_slice(), &envelope.commit].concat();
    let plain = aead::open(key.expose(), &envelope.iv, &envelope.ciphertext, &aad)
        .map(Zeroizing::new)
        .ok()?;
    let (&[version], rest) = plain.split_first_chunk()?;
    let (opening, rest) = rest.split_first_chunk::<32>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (content, zeros) = rest.split_at_checked(length)?;
    let lawful = version == VERSION
        && length <= MAX_CONTENT
        && plain.len() == pad(BEFORE_CONTENT + length)
        && zeros.iter().all(|byte| *byte == 0);
    lawful.then(|| (OpeningKey::from_bytes(*opening), Zeroizing::new(content.to_vec())))
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The header.
    pub header: Header,
    /// The hash, and who the sender was.
    pub verified: Verified,
    /// The content.
    pub opened: Opened,
}

/// All nine steps. `seen` looks up the first message of that name, `secret` the secret of that epoch.
///
/// # Errors
/// The first failure.
pub fn receive(
    text: &str,
    log: &impl ValidatedLog,
    seen: impl FnOnce(Mid) -> Option<(UserId, [u8; 32])>,
    secret: impl FnOnce(u32) -> Option<EpochSecret>,
) -> Result<Received, NotReceived> {
    let message = parse(text, log)?;
    let verified = verify(&message, log, seen(message.header.mid))?;
    let opened = decrypt(&message, secret(message.header.epoch).as_ref())?;
    Ok(Received {
        header: message.header,
        verified,
        opened,
    })
}

/// Whether an edit, a redaction or a reaction may have that target (errata, S6): a message, for an edit one of the same
/// sender; a redaction may also take a reaction back. A message of its own has no target, and fits none.
///
/// # Errors
/// [`BadContent`].
pub fn fits_target(header: &Header, target: &Header) -> Result<(), BadContent> {
    let is_message = target.kind == Kind::Message;
    let fits = match header.kind {
        Kind::Message => false,
        Kind::Edit => is_message && header.sender == target.sender,
        Kind::Redaction => is_message || target.kind == Kind::Reaction,
        Kind::Reaction => is_message,
    };
    if fits && header.target == target.mid {
        Ok(())
    } else {
        Err(BadContent)
    }
}

/// Whether somebody with that role, at the log's head that the redaction names, may take the target back (4.8.8).
#[must_use]
pub fn may_redact(sender: UserId, role: u8, target: &Header) -> bool {
    sender == target.sender || role >= MODERATOR
}

/// Who is shown to have deleted a message (errata, I13). That the author did, or a moderator, is believed only with
/// a verified redaction of theirs; whatever else is said, it was the server.
#[must_use]
pub fn deleted_by(deleted: Deleted, target: &Header, redaction: Option<(&Header, &Verified)>) -> DeletedBy {
    let Some((header, verified)) = redaction else {
        return DeletedBy::Server;
    };
    let proved = deleted.mid == Some(header.mid)
        && header.kind == Kind::Redaction
        && fits_target(header, target).is_ok();
    let by_whom = match deleted.by {
        DeletedBy::Author => header.sender == target.sender,
        DeletedBy::Moderator => verified.sender.role >= MODERATOR,
        DeletedBy::Server => false,
    };
    if proved && by_whom {
        deleted.by
    } else {
        DeletedBy::Server
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;
    use crate::header::tests::seed as seed_header;
    use crate::secret::SigningSeed;

    pub(crate) const CONTENT: &str = "{\"v\":1,\"t\":\"text\",\"body\":\"Hello, world! ☃\"}";
    const ALICE: u64 = 42;
    const BOB: u64 = 43;

    fn seq<const N: usize>(first: u8) -> [u8; N] {
        std::array::from_fn(|at| first.wrapping_add(u8::try_from(at).unwrap()))
    }

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    pub(crate) fn signer(first: u8) -> PrivateKey {
        PrivateKey::from_seed(&SigningSeed::from_bytes(seq(first)))
    }

    /// The signing key of the first user of Appendix A.
    pub(crate) fn alice() -> PrivateKey {
        signer(0x01)
    }

    fn bob() -> PrivateKey {
        signer(0x81)
    }

    fn epoch_secret() -> EpochSecret {
        EpochSecret::from_bytes(seq(0x33))
    }

    pub(crate) fn opening() -> OpeningKey {
        OpeningKey::from_bytes(seq(0x05))
    }

    /// The log of Appendix A: create, join, epoch 1, epoch 2; here a hash is its place, but for the first epoch's.
    pub(crate) struct Log;

    const EPOCH_2: [u8; 32] = [3; 32];

    impl ValidatedLog for Log {
        fn instance(&self) -> InstanceId {
            seed_header().instance
        }

        fn room(&self) -> RoomId {
            RoomId::new(7).unwrap()
        }

        fn place_of(&self, entry_hash: &[u8; 32]) -> Option<u64> {
            [[0; 32], [1; 32], seed_header().epoch_hash, EPOCH_2]
                .iter()
                .position(|hash| hash == entry_hash)
                .and_then(|place| u64::try_from(place).ok())
        }

        fn epoch_hash(&self, number: u32) -> Option<[u8; 32]> {
            match number {
                1 => Some(seed_header().epoch_hash),
                2 => Some(EPOCH_2),
                _ => None,
            }
        }

        fn current_epoch_at(&self, place: u64) -> Option<u32> {
            match place {
                2 => Some(1),
                3 => Some(2),
                _ => None,
            }
        }

        fn active_at(&self, user: UserId, place: u64) -> Option<ActiveMember> {
            let (key, role, since) = match user.get() {
                ALICE => (alice(), 2, 0),
                BOB => (bob(), 0, 1),
                _ => return None,
            };
            let key = key.public().unwrap();
            (place >= since).then_some(ActiveMember {
                generation: 1,
                key,
                role,
            })
        }
    }

    pub(crate) fn sealed(header: &Header, content: &[u8], signer: &PrivateKey) -> Sealed {
        let key = message_key(&epoch_secret(), &header.epoch_hash, header.sender);
        seal(header, content, signer, &key, &opening(), seq(0xb0)).unwrap()
    }

    fn seed() -> Sealed {
        sealed(&seed_header(), CONTENT.as_bytes(), &alice())
    }

    fn received(text: &str) -> Result<Received, NotReceived> {
        receive(text, &Log, |_| None, |_| Some(epoch_secret()))
    }

    fn received_envelope(envelope: &Envelope) -> Result<Received, NotReceived> {
        received(&envelope.to_json())
    }

    #[test]
    fn d_2_full_message() {
        let key = message_key(&epoch_secret(), &seed_header().epoch_hash, user(ALICE));
        assert_eq!(
            HEXLOWER.encode(key.expose()),
            "74ab10db85201f1f15d5bfc288528fb6766526e1ab12fe2d09435bef0a893076"
        );
        let Sealed { envelope, msg_hash } = seed();
        assert_eq!(
            HEXLOWER.encode(&envelope.commit),
            "78d001d5765eeaf4facacd89c054e22207b9131fc4a5167e62d1eeda38a25d43"
        );
        assert_eq!(envelope.ciphertext.len(), 272);
        assert_eq!(
            HEXLOWER.encode(&sha256(&envelope.ciphertext)),
            "b1cf3e2daf47341427e4a5fc8fb726efad4aaea4ba11e28b36fe58a51abbbc19"
        );
        assert_eq!(
            HEXLOWER.encode(&envelope.signature.0),
            "d3cd301df7a89b4fd71cfaabcedef144c6d69ec9370a2c555180cbfd6e13305e\
             41af1606de897b20fcf0f171e26c21cf37f22ffe9298cdd382fe6567f0e7cc05"
        );
        assert_eq!(
            HEXLOWER.encode(&msg_hash),
            "dbd87ab39aaf59b88c6c9d1d677dd508f197f9d85381735a4c6e19a74afde4ee"
        );
        assert_eq!(envelope.to_json().len(), 834);
        let received = received_envelope(&envelope).unwrap();
        assert_eq!(received.verified.msg_hash, msg_hash);
        assert_eq!(received.opened.bytes.as_slice(), CONTENT.as_bytes());
        assert_eq!(received.opened.content, Content::text("Hello, world! ☃"));
        assert_eq!(received.opened.opening, opening());
    }

    #[test]
    fn n_every_byte_of_the_wire() {
        let whole = seed().envelope;
        let flip = |bytes: &mut [u8]| -> Vec<Vec<u8>> {
            let each = (0..bytes.len()).flat_map(|place| [(place, 0x01), (place, 0x80)]);
            each.map(|(place, bit)| {
                let mut changed = bytes.to_vec();
                changed[place] ^= bit;
                changed
            })
            .collect()
        };
        let mut refused = 0;
        let mut refuse = |envelope: Envelope| {
            assert!(received_envelope(&envelope).is_err(), "{envelope:?}");
            refused += 1;
        };
        for header in flip(&mut whole.header.clone()) {
            refuse(Envelope {
                header,
                ..whole.clone()
            });
        }
        for commit in flip(&mut whole.commit.clone()) {
            refuse(Envelope {
                commit: commit.try_into().unwrap(),
                ..whole.clone()
            });
        }
        for iv in flip(&mut whole.iv.clone()) {
            refuse(Envelope {
                iv: iv.try_into().unwrap(),
                ..whole.clone()
            });
        }
        for ciphertext in flip(&mut whole.ciphertext.clone()) {
            refuse(Envelope {
                ciphertext,
                ..whole.clone()
            });
        }
        for signature in flip(&mut whole.signature.0.clone()) {
            let signature = crate::ed25519::Signature(signature.try_into().unwrap());
            refuse(Envelope {
                signature,
                ..whole.clone()
            });
        }
        assert_eq!(refused, 2 * (211 + 32 + 12 + 272 + 64));
    }

    #[test]
    fn n_wrong_room_epoch_and_sender() {
        let base = seed_header();
        let cases = [
            (
                Header {
                    instance: InstanceId([0; 16]),
                    ..base.clone()
                },
                NotReceived::Malformed,
            ),
            (
                Header {
                    room: RoomId::new(8).unwrap(),
                    ..base.clone()
                },
                NotReceived::Malformed,
            ),
            (
                Header {
                    epoch: 2,
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            (
                Header {
                    epoch: 3,
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            (
                Header {
                    epoch_hash: [9; 32],
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            (
                Header {
                    log_head: [9; 32],
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            // Before the epoch, and after the next one.
            (
                Header {
                    log_head: [1; 32],
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            (
                Header {
                    log_head: EPOCH_2,
                    ..base.clone()
                },
                NotReceived::UnknownEpoch,
            ),
            (
                Header {
                    sender: user(44),
                    ..base.clone()
                },
                NotReceived::NotMember,
            ),
            (
                Header {
                    generation: 2,
                    ..base.clone()
                },
                NotReceived::NotMember,
            ),
            // Signed by somebody else who knows the key of the sender's messages.
            (
                Header {
                    sender: user(BOB),
                    ..base
                },
                NotReceived::BadSignature,
            ),
        ];
        for (header, error) in cases {
            let message = sealed(&header, CONTENT.as_bytes(), &alice());
            assert_eq!(received_envelope(&message.envelope), Err(error), "{header:?}");
        }
        let mut unknown_suite = seed().envelope;
        unknown_suite.header[20] = 2;
        unknown_suite.header.truncate(30);
        assert_eq!(
            received_envelope(&unknown_suite),
            Err(NotReceived::UnsupportedSuite)
        );
    }

    /// A message whose plaintext is not what [`plaintext`] makes, signed and sealed as it should be.
    fn sealed_raw(plain: &[u8], commit: [u8; 32]) -> Envelope {
        let header = seed_header().encode();
        let key = message_key(&epoch_secret(), &seed_header().epoch_hash, user(ALICE));
        let iv = seq(0xb0);
        let aad = [header.as_slice(), &commit].concat();
        let ciphertext = aead::seal(key.expose(), &iv, plain, &aad);
        let signature = alice().sign(&signed(&header, &commit, &iv, &sha256(&ciphertext)));
        Envelope {
            header,
            commit,
            iv,
            ciphertext,
            signature,
        }
    }

    #[test]
    fn n_what_a_member_can_seal_wrongly() {
        let header = seed_header().encode();
        let good = plaintext(&opening(), CONTENT.as_bytes()).unwrap();
        let commit = commitment(&opening(), &header, CONTENT.as_bytes());
        assert!(received_envelope(&sealed_raw(&good, commit)).is_ok());
        assert_eq!(
            received_envelope(&sealed_raw(&good, [0; 32])),
            Err(NotReceived::BadCommit)
        );
        let changed = |place: usize, byte| {
            let mut plain = good.to_vec();
            plain[place] = byte;
            plain
        };
        let mut longer = good.to_vec();
        longer.resize(272, 0);
        for plain in [
            changed(0, 2),
            changed(255, 1),
            changed(33, 1),
            changed(35, 1),
            longer,
        ] {
            assert_eq!(
                received_envelope(&sealed_raw(&plain, commit)),
                Err(NotReceived::BadCiphertext)
            );
        }
        // One byte more of the zeros is in range, and another content.
        let one_more = changed(36, good[36] + 1);
        assert_eq!(
            received_envelope(&sealed_raw(&one_more, commit)),
            Err(NotReceived::BadCommit)
        );
        let empty = sealed(&seed_header(), b"", &alice()).envelope;
        assert_eq!(received_envelope(&empty), Err(NotReceived::BadContent));
        let key = message_key(&epoch_secret(), &[0; 32], user(ALICE));
        let oversize = seal(
            &seed_header(),
            &vec![b' '; MAX_CONTENT + 1],
            &alice(),
            &key,
            &opening(),
            [0; 12],
        );
        assert_eq!(oversize, Err(NotSealed::TooLong));
        let no_header = Header {
            generation: 0,
            ..seed_header()
        };
        let refused = seal(&no_header, b"", &alice(), &key, &opening(), [0; 12]);
        assert_eq!(refused, Err(NotSealed::Header));
    }

    #[test]
    fn n_duplicate_mid_and_missing_key() {
        let Sealed { envelope, msg_hash } = seed();
        let text = envelope.to_json();
        let with = |seen| receive(&text, &Log, |_| seen, |_| None).unwrap_err();
        assert_eq!(with(Some((user(ALICE), msg_hash))), NotReceived::Duplicate);
        assert_eq!(with(Some((user(ALICE), [0; 32]))), NotReceived::MidConflict);
        assert_eq!(with(Some((user(BOB), msg_hash))), NotReceived::MidConflict);
        assert_eq!(with(None), NotReceived::NoKey);
        let other = EpochSecret::from_bytes([0; 32]);
        let opened = receive(&text, &Log, |_| None, |_| Some(other));
        assert_eq!(opened.unwrap_err(), NotReceived::BadCiphertext);
    }

    #[test]
    fn the_alarm_is_for_what_the_log_does_not_have() {
        let alarm = |header: &Header, key: PrivateKey| {
            let message = parse(&sealed(header, b"", &alice()).envelope.to_json(), &Log).unwrap();
            names_another_log(&message, &Log, &key.public().unwrap())
        };
        let unknown = Header {
            log_head: [9; 32],
            ..seed_header()
        };
        assert!(alarm(&unknown, alice()));
        assert!(!alarm(&unknown, bob()));
        assert!(!alarm(
            &Header {
                log_head: EPOCH_2,
                ..seed_header()
            },
            alice()
        ));
    }

    #[test]
    fn outer_fields_agree_with_the_header() {
        let header = seed_header();
        let right = Outer {
            room: Some(7),
            sender: Some(ALICE),
            client_id: Some("4OHi4-Tl5ufo6err7O3u7w"),
        };
        assert_eq!(right.agrees_with(&header), Ok(()));
        assert_eq!(Outer::default().agrees_with(&header), Ok(()));
        let wrong = [
            Outer {
                room: Some(8),
                ..right
            },
            Outer {
                sender: Some(BOB),
                ..right
            },
            Outer {
                client_id: Some("4OHi4-Tl5ufo6err7O3u7x"),
                ..right
            },
        ];
        for outer in wrong {
            assert_eq!(outer.agrees_with(&header), Err(NotReceived::Malformed));
        }
    }

    fn follow_up(kind: Kind, sender: u64, mid: u8) -> Header {
        let target = seed_header().mid;
        Header {
            kind,
            target,
            sender: user(sender),
            mid: Mid([mid; 16]),
            ..seed_header()
        }
    }

    #[test]
    fn targets() {
        let target = seed_header();
        for kind in [Kind::Edit, Kind::Redaction, Kind::Reaction] {
            let of = |sender| follow_up(kind, sender, 1);
            assert_eq!(fits_target(&of(ALICE), &target), Ok(()));
            assert_eq!(fits_target(&of(BOB), &target).is_ok(), kind != Kind::Edit);
            // Never an edit or anything else that is about a message, and never another message.
            let edit = Header {
                mid: target.mid,
                ..follow_up(Kind::Edit, ALICE, 2)
            };
            assert_eq!(fits_target(&of(ALICE), &edit), Err(BadContent));
            let other = Header {
                mid: Mid([9; 16]),
                ..target.clone()
            };
            assert_eq!(fits_target(&of(ALICE), &other), Err(BadContent));
        }
        assert_eq!(fits_target(&target, &target), Err(BadContent));
        assert!(may_redact(user(ALICE), 0, &target));
        assert!(may_redact(user(BOB), 1, &target));
        assert!(!may_redact(user(BOB), 0, &target));
    }

    #[test]
    fn who_deleted_is_believed_with_proof_alone() {
        let member = |key: PrivateKey, role| Verified {
            msg_hash: [0; 32],
            sender: ActiveMember {
                generation: 1,
                key: key.public().unwrap(),
                role,
            },
        };
        let target = seed_header();
        let by = |by, mid: u8| Deleted {
            by,
            mid: Some(Mid([mid; 16])),
        };
        let (author, moderator) = (DeletedBy::Author, DeletedBy::Moderator);
        let own = (follow_up(Kind::Redaction, ALICE, 1), member(alice(), 0));
        let others = (follow_up(Kind::Redaction, BOB, 1), member(bob(), 1));
        let forged = (follow_up(Kind::Redaction, BOB, 1), member(bob(), 0));
        let reaction = (follow_up(Kind::Reaction, ALICE, 1), member(alice(), 2));
        let judge = |deleted, (header, verified): &(Header, Verified)| {
            deleted_by(deleted, &target, Some((header, verified)))
        };
        assert_eq!(judge(by(author, 1), &own), author);
        assert_eq!(judge(by(moderator, 1), &others), moderator);
        let doubtful = [
            judge(by(author, 2), &own),
            judge(by(moderator, 1), &own),
            judge(by(author, 1), &others),
            judge(by(moderator, 1), &forged),
            judge(by(author, 1), &reaction),
            judge(by(DeletedBy::Server, 1), &own),
            judge(
                Deleted {
                    by: author,
                    mid: None,
                },
                &own,
            ),
            deleted_by(by(author, 1), &target, None),
        ];
        assert_eq!(doubtful, [DeletedBy::Server; 8]);
    }

    #[test]
    fn a_tombstone_is_verified_like_its_message() {
        let Sealed { envelope, msg_hash } = seed();
        let deleted = Deleted {
            by: DeletedBy::Server,
            mid: None,
        };
        let tombstone = Tombstone {
            proof: envelope.proof(),
            deleted,
        };
        let parsed = parse_tombstone(&tombstone.to_json(), &Log).unwrap();
        assert_eq!(verify(&parsed, &Log, None).map(|it| it.msg_hash), Ok(msg_hash));
        let seen = Some((user(ALICE), msg_hash));
        assert_eq!(verify(&parsed, &Log, seen), Err(NotReceived::Duplicate));
        let mut forged = tombstone;
        forged.proof.ct_hash[0] ^= 1;
        let parsed = parse_tombstone(&forged.to_json(), &Log).unwrap();
        assert_eq!(verify(&parsed, &Log, None), Err(NotReceived::BadSignature));
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_received(
            text in "[ -~\n☃]{0,3000}", n in any::<u32>(), parent in any::<[u8; 32]>(), by_bob in any::<bool>(),
        ) {
            let (sender, signer) = if by_bob { (BOB, bob()) } else { (ALICE, alice()) };
            let header = Header { n, parent, sender: user(sender), ..seed_header() };
            let content = Content::text(&text);
            let sealed = sealed(&header, &content.encode(), &signer);
            let received = received_envelope(&sealed.envelope).unwrap();
            prop_assert_eq!(received.header, header);
            prop_assert_eq!(received.opened.content, content);
            prop_assert_eq!(received.verified.msg_hash, sealed.msg_hash);
        }

        #[test]
        fn a_changed_text_says_the_same_or_nothing(place in 0_usize..834, byte in 0_u8..128) {
            let whole = seed().envelope;
            let mut text = whole.to_json().into_bytes();
            text[place] = byte;
            let text = String::from_utf8(text).unwrap();
            if received(&text).is_ok() {
                prop_assert_eq!(Envelope::parse(&text), Ok(whole));
            }
        }
    }
}
