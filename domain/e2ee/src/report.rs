//! Reports: a moderator sees what was written, and that its author wrote it, though the server cannot read the room
//! (specification, 4.10). Nobody can report what was not written, nor write what cannot be reported.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::ed25519::PublicKey;
use crate::encoding::{Writer, base64url};
use crate::envelope::{Proof, ProofWire};
use crate::header::Header;
use crate::hpke::{self, HpkeError};
use crate::ids::{InstanceId, ReportId, RoomId, UserId};
use crate::json::{Json, Members, NotJson, write};
use crate::label::Label;
use crate::message::{ValidatedLog, commitment};
use crate::sealed_box::{self, BadBox, Binding};
use crate::secret::{AgreementScalar, EphemeralSeed, OpeningKey, ReportKey, Secret, constant_time_eq};
use crate::x25519;

/// The most messages of a report.
pub const MAX_ITEMS: usize = 10;
/// The longest body.
pub const MAX_BODY: usize = 262_144;

/// Not proved: a report that cannot be read, or an item that its supposed author did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the report does not prove what it says")]
pub struct NotAuthentic;

impl From<NotJson> for NotAuthentic {
    fn from(NotJson: NotJson) -> Self {
        Self
    }
}

/// No report: it has no messages, or too many, or is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a report has 1 to {MAX_ITEMS} messages and at most {MAX_BODY} bytes")]
pub struct NoReport;

/// A reported message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What its author signed.
    pub proof: Proof,
    /// Its content.
    pub content: Vec<u8>,
    /// What opens the commitment to the content.
    pub opening: OpeningKey,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The room.
    pub room: RoomId,
    /// The messages.
    pub items: Vec<Item>,
    /// What the reporter says of them.
    pub note: Option<String>,
}

#[derive(Serialize)]
struct ReportWire<'a> {
    v: u8,
    room: u64,
    items: Vec<ItemWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct ItemWire {
    env: ProofWire,
    content: String,
    fk: String,
}

impl Report {
    /// Writes the body as compact JSON.
    ///
    /// # Errors
    /// [`NoReport`].
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, NoReport> {
        let wire = ReportWire {
            v: 1,
            room: self.room.get(),
            items: self.items.iter().map(Item::wire).collect(),
            note: self.note.as_deref(),
        };
        let body = Zeroizing::new(write(&wire).into_bytes());
        if (1..=MAX_ITEMS).contains(&self.items.len()) && body.len() <= MAX_BODY {
            Ok(body)
        } else {
            Err(NoReport)
        }
    }

    /// Reads the body: exactly the members named.
    ///
    /// # Errors
    /// [`NotAuthentic`].
    pub fn parse(body: &[u8]) -> Result<Self, NotAuthentic> {
        if body.len() > MAX_BODY {
            return Err(NotAuthentic);
        }
        let mut members = Json::parse_bytes(body)?.object()?;
        members.version_1()?;
        let room = RoomId::new(members.take("room")?.integer()?).map_err(NotJson::from)?;
        let items = members.take("items")?.array()?;
        let note = members.optional("note", Json::text)?;
        members.end()?;
        if !(1..=MAX_ITEMS).contains(&items.len()) {
            return Err(NotAuthentic);
        }
        let items = items.into_iter().map(Item::read).collect::<Result<_, _>>()?;
        Ok(Self { room, items, note })
    }
}

impl Item {
    /// Reads an item's JSON text.
    ///
    /// # Errors
    /// [`NotAuthentic`].
    pub fn parse(text: &str) -> Result<Self, NotAuthentic> {
        Ok(Self::read(Json::parse(text)?)?)
    }

    fn read(value: Json) -> Result<Self, NotJson> {
        let mut members = value.object()?;
        let mut signed: Members = members.take("env")?.object()?;
        let item = Self {
            proof: Proof::take(&mut signed)?,
            content: members.take("content")?.bytes()?,
            opening: OpeningKey::from_bytes(members.take("fk")?.fixed()?),
        };
        signed.end()?;
        members.end()?;
        Ok(item)
    }

    fn wire(&self) -> ItemWire {
        ItemWire {
            env: ProofWire::from(&self.proof),
            content: base64url(&self.content),
            fk: base64url(self.opening.expose()),
        }
    }
}

/// A report's item that its author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentic {
    /// The header.
    pub header: Header,
    /// The message's hash, by which the server is asked whether it has it too.
    pub msg_hash: [u8; 32],
    /// What its author committed to; whether it is a content that a client would have shown, was not looked at.
    pub content: Vec<u8>,
}

/// Verifies an item under the key of its sender's generation, which the room's log has.
///
/// # Errors
/// [`NotAuthentic`].
pub fn verify(
    item: &Item,
    instance: InstanceId,
    room: RoomId,
    key: &PublicKey,
) -> Result<Authentic, NotAuthentic> {
    let header = item.proof.parse_header().map_err(|_| NotAuthentic)?;
    let commit = commitment(&item.opening, &item.proof.header, &item.content);
    let authentic = header.instance == instance
        && header.room == room
        && key.verifies(&item.proof.signed(), &item.proof.signature)
        && constant_time_eq(&commit, &item.proof.commit)
        // What is not text was never shown, and is not to be.
        && std::str::from_utf8(&item.content).is_ok();
    if authentic {
        Ok(Authentic {
            header,
            msg_hash: item.proof.msg_hash(),
            content: item.content.clone(),
        })
    } else {
        Err(NotAuthentic)
    }
}

/// Verifies an item with the room's log: the key is that of the member who the sender was at the log's head that the
/// header names.
///
/// # Errors
/// [`NotAuthentic`].
pub fn verify_in(item: &Item, log: &impl ValidatedLog) -> Result<Authentic, NotAuthentic> {
    let header = item.proof.parse_header().map_err(|_| NotAuthentic)?;
    let member = log
        .place_of(&header.log_head)
        .and_then(|place| log.active_at(header.sender, place))
        .filter(|member| member.generation == header.generation)
        .ok_or(NotAuthentic)?;
    verify(item, log.instance(), log.room(), &member.key)
}

/// Seals a report's body. Key and IV are drawn anew for every report.
#[must_use]
pub fn seal_body(
    key: &ReportKey,
    (instance, room, report): (InstanceId, RoomId, ReportId),
    iv: &[u8; 12],
    body: &[u8],
) -> Vec<u8> {
    sealed_box::seal(key, &Binding::report(instance, room, report), iv, body)
}

/// Opens a report's body.
///
/// # Errors
/// [`BadBox`].
pub fn open_body(
    key: &ReportKey,
    (instance, room, report): (InstanceId, RoomId, ReportId),
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadBox> {
    sealed_box::open(key, &Binding::report(instance, room, report), sealed)
}

/// A moderator for whom a report's key is wrapped, and the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The installation.
    pub instance: InstanceId,
    /// The room.
    pub room: RoomId,
    /// The report.
    pub report: ReportId,
    /// The moderator.
    pub user: UserId,
    /// The number of the moderator's key.
    pub kem: u32,
}

impl Recipient {
    /// What the wrap is bound to.
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        Writer::new(Label::ReportKey)
            .raw(self.instance.as_bytes())
            .u64(self.room.get())
            .raw(self.report.as_bytes())
            .u64(self.user.get())
            .u32(self.kem)
            .finish()
    }

    /// Wraps a report's key: 80 bytes.
    ///
    /// # Errors
    /// [`HpkeError`], which no key that is an [`x25519::PublicKey`] gives.
    pub fn wrap(
        &self,
        key: &ReportKey,
        to: &x25519::PublicKey,
        seed: &EphemeralSeed,
    ) -> Result<Vec<u8>, HpkeError> {
        hpke::seal(to, &self.info(), key.expose(), seed)
    }

    /// Opens a wrap.
    ///
    /// # Errors
    /// [`HpkeError`], also if what is in it is no key.
    pub fn unwrap(&self, private: &AgreementScalar, wrap: &[u8]) -> Result<ReportKey, HpkeError> {
        let key = Zeroizing::new(hpke::open(private, &self.info(), wrap)?);
        let bytes = key.as_slice().try_into().map_err(|_| HpkeError)?;
        Ok(ReportKey::from_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;
    use crate::ed25519::Signature;
    use crate::header::tests::seed as seed_header;
    use crate::ids::Mid;
    use crate::message::tests::{CONTENT, Log, alice, opening, sealed, signer};

    fn seq<const N: usize>(first: u8) -> [u8; N] {
        std::array::from_fn(|at| first.wrapping_add(u8::try_from(at).unwrap()))
    }

    fn item() -> Item {
        Item {
            proof: sealed(&seed_header(), CONTENT.as_bytes(), &alice())
                .envelope
                .proof(),
            content: CONTENT.as_bytes().to_vec(),
            opening: opening(),
        }
    }

    fn report() -> Report {
        Report {
            room: seed_header().room,
            items: vec![item(), item()],
            note: Some("siehe \"oben\"".into()),
        }
    }

    fn recipient() -> Recipient {
        Recipient {
            instance: seed_header().instance,
            room: seed_header().room,
            report: ReportId(seq(0x66)),
            user: seed_header().sender,
            kem: 1,
        }
    }

    fn key() -> ReportKey {
        ReportKey::from_bytes(seq(0x88))
    }

    #[test]
    fn d_4_report_of_the_seed() {
        let private = AgreementScalar::from_bytes(seq(0x21));
        let wrap = "89b0e983ccbf3804cdae3bab5409e49c72209b0f9c0e6ab24caca35c5d3a346c54f5a59b8b607f2d5960539069f185ce\
            e8142f55e99793e4bf8a9fd7b0bfbab8e30f535545c466b7dbeb502037432139";
        let wrap = HEXLOWER.decode(wrap.as_bytes()).unwrap();
        assert_eq!(recipient().unwrap(&private, &wrap), Ok(key()));
        let place = (recipient().instance, recipient().room, recipient().report);
        let sealed = seal_body(&key(), place, &seq(0x3c), b"{\"v\":1}");
        assert_eq!(
            HEXLOWER.encode(&sealed),
            "013c3d3e3f4041424344454647ba6c2a5415df501574a276468c89df20c1e979d4d82493"
        );
        assert_eq!(
            open_body(&key(), place, &sealed).unwrap().as_slice(),
            b"{\"v\":1}"
        );
        let other = (recipient().instance, recipient().room, ReportId([0; 16]));
        assert_eq!(open_body(&key(), other, &sealed), Err(BadBox));
    }

    #[test]
    fn d_4_a_wrap_is_for_one_moderator() {
        let private = AgreementScalar::from_bytes(seq(0xa1));
        let public = x25519::PublicKey::of(&private).unwrap();
        let seed = EphemeralSeed::from_bytes([7; 32]);
        let wrap = recipient().wrap(&key(), &public, &seed).unwrap();
        assert_eq!(wrap.len(), 80);
        assert_eq!(recipient().unwrap(&private, &wrap), Ok(key()));
        let others = [
            Recipient {
                kem: 2,
                ..recipient()
            },
            Recipient {
                user: UserId::new(43).unwrap(),
                ..recipient()
            },
            Recipient {
                report: ReportId([0; 16]),
                ..recipient()
            },
            Recipient {
                room: RoomId::new(8).unwrap(),
                ..recipient()
            },
            Recipient {
                instance: InstanceId([0; 16]),
                ..recipient()
            },
        ];
        for other in others {
            assert_eq!(other.unwrap(&private, &wrap), Err(HpkeError));
        }
        let short = hpke::seal(&public, &recipient().info(), &[1; 31], &seed).unwrap();
        assert_eq!(recipient().unwrap(&private, &short), Err(HpkeError));
    }

    #[test]
    fn report_forgery_matrix() {
        let key = alice().public().unwrap();
        let place = (seed_header().instance, seed_header().room);
        let judge = |item: &Item| verify(item, place.0, place.1, &key).map(|it| it.msg_hash);
        let good = item();
        assert_eq!(judge(&good), Ok(good.proof.msg_hash()));
        assert_eq!(
            verify_in(&good, &Log).map(|it| it.msg_hash),
            Ok(good.proof.msg_hash())
        );

        let content = CONTENT.replace("Hello", "Jello").into_bytes();
        let with = |proof| Item { proof, ..item() };
        let frame = |header: &Header, by: &crate::ed25519::PrivateKey| {
            with(sealed(header, CONTENT.as_bytes(), by).envelope.proof())
        };
        let mut commit = good.proof.clone();
        commit.commit = commitment(&opening(), &commit.header, &content);
        let mut header = good.proof.clone();
        header.header = Header {
            mid: Mid([9; 16]),
            ..seed_header()
        }
        .encode();
        let forged = [
            // Another content; with a commitment to it; another opening; another header.
            Item {
                content: content.clone(),
                ..item()
            },
            Item {
                content: content.clone(),
                ..with(commit)
            },
            Item {
                opening: OpeningKey::from_bytes([0; 32]),
                ..item()
            },
            with(header),
            with(Proof {
                iv: [0; 12],
                ..item().proof
            }),
            with(Proof {
                ct_hash: [0; 32],
                ..item().proof
            }),
            with(Proof {
                signature: Signature([0; 64]),
                ..item().proof
            }),
            // Signed by the reporter.
            frame(&seed_header(), &signer(0x81)),
            // Written by the author, in another room and on another installation.
            frame(
                &Header {
                    room: RoomId::new(8).unwrap(),
                    ..seed_header()
                },
                &alice(),
            ),
            frame(
                &Header {
                    instance: InstanceId([0; 16]),
                    ..seed_header()
                },
                &alice(),
            ),
        ];
        for forged in forged {
            assert_eq!(judge(&forged), Err(NotAuthentic), "{forged:?}");
            assert_eq!(verify_in(&forged, &Log), Err(NotAuthentic), "{forged:?}");
        }
        for no_member in [
            Header {
                generation: 2,
                ..seed_header()
            },
            Header {
                sender: UserId::new(44).unwrap(),
                ..seed_header()
            },
            Header {
                log_head: [9; 32],
                ..seed_header()
            },
        ] {
            assert_eq!(verify_in(&frame(&no_member, &alice()), &Log), Err(NotAuthentic));
        }
    }

    #[test]
    fn a_body_comes_back() {
        for note in [None, report().note] {
            let report = Report { note, ..report() };
            assert_eq!(Report::parse(&report.encode().unwrap()), Ok(report));
        }
        let of = |count| {
            Report {
                items: vec![item(); count],
                ..report()
            }
            .encode()
        };
        assert!(of(10).is_ok());
        assert_eq!(of(0), Err(NoReport));
        assert_eq!(of(11), Err(NoReport));
        let long = Report {
            note: Some("x".repeat(MAX_BODY)),
            ..report()
        };
        assert_eq!(long.encode(), Err(NoReport));

        let text = String::from_utf8(report().encode().unwrap().to_vec()).unwrap();
        let wrong = [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"room\":7", "\"room\":\"7\""),
            text.replace("\"note\":", "\"notes\":"),
            text.replacen("\"cth\":", "\"x\":1,\"cth\":", 1),
            text.replacen("\"fk\":", "\"x\":1,\"fk\":", 1),
            text.replacen("\"fk\":\"", "\"fk\":\"A", 1),
            "{\"v\":1,\"room\":7,\"items\":[]}".into(),
        ];
        for wrong in wrong {
            assert_eq!(Report::parse(wrong.as_bytes()), Err(NotAuthentic), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parse_report_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..100), place in 0_usize..1000, byte in any::<u8>(),
        ) {
            let _ = Report::parse(&bytes);
            let mut mutated = report().encode().unwrap();
            mutated[place] = byte;
            let _ = Report::parse(&mutated);
        }
    }
}
