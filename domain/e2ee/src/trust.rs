//! What people compare, and what an invite link carries, so that nobody has to take the server's word for a key
//! (specification, 4.11).

use sha2::Sha512;

use crate::ed25519::PublicKey;
use crate::encoding::{Unreadable, Writer, array_from_base64url, base64url};
use crate::hash::sha256;
use crate::ids::{InstanceId, RoomId, UserId, Usr};
use crate::json::integer;
use crate::label::Label;

/// Iterations for one person's half of a safety number.
const ITERATIONS: u32 = 100_000;
/// Bytes that five digits are made of.
const GROUP: usize = 5;
/// Digits of a fingerprint.
const DIGITS: usize = 30;

/// A person's half of a safety number: 30 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// PBKDF2-HMAC-SHA-512 over an identity. Takes tens of milliseconds: not for a thread that answers others.
    #[must_use]
    pub fn derive(instance: InstanceId, identity: Identity, usr: &Usr) -> Self {
        let salt = Writer::new(Label::Safety)
            .raw(instance.as_bytes())
            .u64(identity.user.get())
            .prefixed(usr.as_bytes())
            .finish();
        let mut bytes = [0; DIGITS];
        pbkdf2::pbkdf2_hmac::<Sha512>(identity.key.as_bytes(), &salt, ITERATIONS, &mut bytes);
        Self(digits(&bytes))
    }

    /// Takes the digits.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`] unless there are 30.
    pub fn from_digits(digits: &str) -> Result<Self, Unreadable> {
        if digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(Unreadable::Malformed)
        }
    }

    /// The digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// Five digits of every five bytes.
fn digits(bytes: &[u8]) -> String {
    bytes
        .chunks(GROUP)
        .map(|group| {
            group
                .iter()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        })
        .map(|number| format!("{:05}", number % 100_000))
        .collect::<Vec<_>>()
        .concat()
}

/// The safety number of two people, alike for both of them: 60 digits.
#[must_use]
pub fn safety_number(one: &Fingerprint, other: &Fingerprint) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    format!("{}{}", first.0, second.0)
}

/// The code by which a room's members rule out that they are shown different logs: 20 digits.
#[must_use]
pub fn room_code(instance: InstanceId, room: RoomId, log_head: &[u8; 32]) -> String {
    let hash = sha256(
        &Writer::new(Label::RoomCode)
            .raw(instance.as_bytes())
            .u64(room.get())
            .raw(log_head)
            .finish(),
    );
    let (compared, _) = hash.split_first_chunk::<20>().unwrap_or((&[0; 20], &[]));
    digits(compared)
}

/// A user and the key of that user's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// The key.
    pub key: PublicKey,
}

/// `id.key`, as QR codes and invite links have it.
fn numbered(id: u64, bytes: &[u8; 32]) -> String {
    format!("{id}.{}", base64url(bytes))
}

fn read_numbered(text: &str) -> Result<(u64, [u8; 32]), Unreadable> {
    let (id, bytes) = text.split_once('.').ok_or(Unreadable::Malformed)?;
    Ok((integer(id)?, array_from_base64url(bytes)?))
}

impl Identity {
    fn write(self) -> String {
        numbered(self.user.get(), self.key.as_bytes())
    }

    fn read(text: &str) -> Result<Self, Unreadable> {
        let (user, key) = read_numbered(text)?;
        Ok(Self {
            user: UserId::new(user)?,
            key: read_key(key)?,
        })
    }
}

fn read_key(bytes: [u8; 32]) -> Result<PublicKey, Unreadable> {
    PublicKey::from_bytes(bytes).map_err(|_| Unreadable::Malformed)
}

/// What a QR code says: the identity of the one who shows it, and the identity that they hold for the one who reads
/// it (errata, G13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QrCode {
    /// First.
    pub first: Identity,
    /// Second.
    pub second: Identity,
}

impl QrCode {
    /// `v1.id.key.id.key`
    #[must_use]
    pub fn to_text(self) -> String {
        format!("v1.{}.{}", self.first.write(), self.second.write())
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let rest = text.strip_prefix("v1.").ok_or(Unreadable::Malformed)?;
        let (middle, _) = rest.match_indices('.').nth(1).ok_or(Unreadable::Malformed)?;
        let (first, second) = rest.split_at_checked(middle).ok_or(Unreadable::Malformed)?;
        Ok(Self {
            first: Identity::read(first)?,
            second: Identity::read(second.strip_prefix('.').ok_or(Unreadable::Malformed)?)?,
        })
    }
}

/// What an invite link carries behind `#`, which no browser sends to a server: a newcomer has nothing left to take
/// on trust for that room and whoever invited (errata, G13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InviteAnchor {
    /// The installation.
    pub instance: InstanceId,
    /// The installation's key.
    pub instance_key: PublicKey,
    /// Who invites.
    pub inviter: Identity,
    /// The room.
    pub room: RoomId,
    /// The hash of the first entry of the room's log.
    pub genesis: [u8; 32],
}

impl InviteAnchor {
    /// `#i=…&k=…&a=…&r=…`
    #[must_use]
    pub fn to_fragment(self) -> String {
        format!(
            "#i={}&k={}&a={}&r={}",
            base64url(self.instance.as_bytes()),
            base64url(self.instance_key.as_bytes()),
            self.inviter.write(),
            numbered(self.room.get(), &self.genesis),
        )
    }

    /// Reads the fragment: `#` before it, the fields in their order.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`].
    pub fn parse(fragment: &str) -> Result<Self, Unreadable> {
        let mut fields = fragment
            .strip_prefix('#')
            .ok_or(Unreadable::Malformed)?
            .split('&');
        let mut field = |name: &str| {
            fields
                .next()
                .and_then(|field| field.strip_prefix(name))
                .ok_or(Unreadable::Malformed)
        };
        let instance = InstanceId(array_from_base64url(field("i=")?)?);
        let instance_key = read_key(array_from_base64url(field("k=")?)?)?;
        let inviter = Identity::read(field("a=")?)?;
        let (room, genesis) = read_numbered(field("r=")?)?;
        if fields.next().is_some() {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            instance,
            instance_key,
            inviter,
            room: RoomId::new(room)?,
            genesis,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::tests::seed as seed_header;
    use crate::message::tests::signer;

    fn identity(id: u64, first: u8) -> Identity {
        Identity {
            user: UserId::new(id).unwrap(),
            key: signer(first).public().unwrap(),
        }
    }

    fn alice() -> Identity {
        identity(42, 0x01)
    }

    fn bob() -> Identity {
        identity(43, 0x81)
    }

    fn invite() -> InviteAnchor {
        InviteAnchor {
            instance: seed_header().instance,
            instance_key: signer(0xd1).public().unwrap(),
            inviter: alice(),
            room: seed_header().room,
            genesis: [5; 32],
        }
    }

    #[test]
    fn f_1_safety_number() {
        let fingerprint = |who: Identity, usr: &[u8]| {
            let usr = Usr::parse(usr).unwrap();
            Fingerprint::derive(seed_header().instance, who, &usr)
        };
        let a = fingerprint(alice(), b"alice_1");
        let b = fingerprint(bob(), b"bob");
        assert_eq!(a.digits(), "392845138135103787216110984847");
        assert_eq!(b.digits(), "463628513177304322374781378994");
        let number = "392845138135103787216110984847463628513177304322374781378994";
        assert_eq!(safety_number(&a, &b), number);
        assert_eq!(safety_number(&b, &a), number);
        assert_eq!(Fingerprint::from_digits(a.digits()), Ok(a));
        for wrong in [
            "",
            "39284513813510378721611098484",
            "39284513813510378721611098484x",
        ] {
            assert!(Fingerprint::from_digits(wrong).is_err());
        }
    }

    #[test]
    fn f_1_room_code() {
        let header = seed_header();
        let code = room_code(header.instance, header.room, &header.epoch_hash);
        assert_eq!(code, "31372864894351515360");
    }

    #[test]
    fn qr_codes() {
        let code = QrCode {
            first: alice(),
            second: bob(),
        };
        let text = code.to_text();
        assert!(
            text.starts_with("v1.42.ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ.43.AgvUJ0Rrcj"),
            "{text}"
        );
        assert_eq!(text.len(), 3 + 3 + 43 + 1 + 3 + 43);
        assert_eq!(QrCode::parse(&text), Ok(code));
        let wrong = [
            text.replace("v1", "v2"),
            text.replace("v1.42.", "v1.042."),
            text.replace("v1.42.", "v1.9007199254740992."),
            text.replace(".43.", "."),
            format!("{text}."),
            format!("{text}="),
        ];
        for wrong in wrong {
            assert_ne!(wrong, text);
            assert_eq!(QrCode::parse(&wrong), Err(Unreadable::Malformed), "{wrong}");
        }
    }

    #[test]
    fn invites() {
        let text = invite().to_fragment();
        assert!(text.starts_with("#i=EBESExQVFhcYGRobHB0eHw&k="), "{text}");
        assert!(
            text.contains("&a=42.ebVW") && text.contains("&r=7.BQUF"),
            "{text}"
        );
        assert_eq!(InviteAnchor::parse(&text), Ok(invite()));
        let weak = "A".repeat(43);
        let wrong = [
            text.replace('#', ""),
            text.replace("&k=", "&x="),
            text.replace("&r=7.", "&r=07."),
            text.replace("&r=7.", "&r=7"),
            format!("{text}&x=1"),
            format!("{text}&"),
            text.replace(
                "&a=42.ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ",
                &format!("&a=42.{weak}"),
            ),
        ];
        for wrong in wrong {
            assert_ne!(wrong, text);
            assert_eq!(InviteAnchor::parse(&wrong), Err(Unreadable::Malformed), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parse_anchors_never_panics(random in any::<String>(), place in 0_usize..96, byte in 0_u8..128) {
            let _ = (QrCode::parse(&random), InviteAnchor::parse(&random));
            for text in [QrCode { first: alice(), second: bob() }.to_text(), invite().to_fragment()] {
                let mut bytes = text.into_bytes();
                bytes[place] = byte;
                let text = String::from_utf8(bytes).unwrap();
                if let Ok(code) = QrCode::parse(&text) {
                    prop_assert_eq!(code.to_text(), text.clone());
                }
                if let Ok(invite) = InviteAnchor::parse(&text) {
                    prop_assert_eq!(invite.to_fragment(), text);
                }
            }
        }
    }
}
