//! The operations on messages, files, reports and what people compare.

use chat_e2ee::broadcast::Broadcast;
use chat_e2ee::content::Content;
use chat_e2ee::ed25519::PublicKey;
use chat_e2ee::encoding::{SUITE, Unreadable, base64url, from_base64url};
use chat_e2ee::envelope::{Deleted, DeletedBy, Tombstone};
use chat_e2ee::file::{self, Claim, Opener, Sealer, Shape};
use chat_e2ee::hash::sha256;
use chat_e2ee::header::{Header, Kind};
use chat_e2ee::ids::{FileId, InstanceId, Mid, ReportId, RoomId, UserId, Usr};
use chat_e2ee::log::{LogError, RoomLog};
use chat_e2ee::message::{self, ActiveMember, NotReceived, Received, Verified, message_key};
use chat_e2ee::padding::pad;
use chat_e2ee::report::{self, Item, Recipient};
use chat_e2ee::secret::{
    AgreementScalar, EphemeralSeed, EpochSecret, FileKey, OpeningKey, ReportKey, Secret,
};
use chat_e2ee::trust::{Fingerprint, Identity, room_code, safety_number};
use chat_e2ee::{hpke, x25519};
use serde_json::{Value, json};

use crate::bytes::{In, hex};
use crate::fixtures::Fixtures;
use crate::perform::{Outcome, signing_key};

pub(crate) fn perform(op: &str, given: In<'_>, fixtures: &Fixtures) -> Option<Outcome> {
    messages(op, given, fixtures)
        .or_else(|| reports(op, given))
        .or_else(|| files(op, given))
        .or_else(|| trust(op, given))
}

fn unreadable(error: Unreadable) -> &'static str {
    LogError::from(error).code()
}

fn messages(op: &str, given: In<'_>, fixtures: &Fixtures) -> Option<Outcome> {
    Some(match op {
        "header_parse" => {
            let bytes = given.bytes("h");
            Header::parse(&bytes)
                .map(|header| header_json(&header, bytes.len()))
                .map_err(unreadable)
        }
        "message_seal" => Ok(message_seal(given)),
        "message_receive" => {
            let log = log(given, fixtures);
            receive(given.text("envelope"), given, &log)
                .map(|received| {
                    json!({
                        "sender": received.header.sender.get(),
                        "mid": hex(received.header.mid.as_bytes()),
                        "msg_hash": hex(received.verified.msg_hash),
                        "content": String::from_utf8(received.opened.bytes.to_vec()).unwrap(),
                    })
                })
                .map_err(NotReceived::code)
        }
        "message_flips" => Ok(json!({ "count": flips(given, &log(given, fixtures)) })),
        "tombstone_parse" => Tombstone::parse(given.text("envelope"))
            .map(|tombstone| {
                json!({
                    "msg_hash": hex(tombstone.proof.msg_hash()),
                    "by": by_name(tombstone.deleted.by),
                    "mid": tombstone.deleted.mid.map(|mid| hex(mid.as_bytes())),
                })
            })
            .map_err(unreadable),
        "fits_target" => {
            let [header, target] = ["h", "target"].map(|name| Header::parse(&given.bytes(name)).unwrap());
            message::fits_target(&header, &target)
                .map(|()| json!({}))
                .map_err(|_| "bad_content")
        }
        "deleted_by" => Ok(json!({ "by": deleted_by(given) })),
        "content_parse" => content_parse(given),
        "pad" => Ok(json!({ "padded": pad(given.int("len").try_into().unwrap()) })),
        "pad_table" => {
            let upto: usize = given.int("upto").try_into().unwrap();
            let table: Vec<u8> = (0..=upto)
                .flat_map(|x| u32::try_from(pad(x)).unwrap().to_be_bytes())
                .collect();
            Ok(json!({ "sha256": hex(sha256(&table)) }))
        }
        _ => return None,
    })
}

fn log(given: In<'_>, fixtures: &Fixtures) -> RoomLog {
    let directory = fixtures.directory(given).unwrap();
    fixtures.log(given, &directory)
}

fn header_json(header: &Header, length: usize) -> Value {
    let files: Vec<_> = header.files.iter().map(|id| hex(id.as_bytes())).collect();
    json!({
        "suite": SUITE,
        "instance": hex(header.instance.as_bytes()),
        "room": header.room.get(),
        "epoch": header.epoch,
        "epoch_hash": hex(header.epoch_hash),
        "log_head": hex(header.log_head),
        "sender": header.sender.get(),
        "gen": header.generation,
        "mid": hex(header.mid.as_bytes()),
        "sid": hex(header.sid.as_bytes()),
        "n": header.n,
        "parent": hex(header.parent),
        "kind": header.kind.number(),
        "target": hex(header.target.as_bytes()),
        "ts": header.ts,
        "files": files,
        "length": length,
    })
}

fn message_seal(given: In<'_>) -> Value {
    let header = Header::parse(&given.bytes("h")).unwrap();
    let secret = EpochSecret::from_bytes(given.array("es"));
    let key = message_key(&secret, &header.epoch_hash, header.sender);
    let sealed = message::seal(
        &header,
        given.text("content").as_bytes(),
        &signing_key(given, "ed_seed"),
        &key,
        &OpeningKey::from_bytes(given.array("fk")),
        given.array("iv"),
    )
    .unwrap();
    json!({
        "commit": hex(sealed.envelope.commit),
        "key": hex(key.expose()),
        "ct_sha256": hex(sha256(&sealed.envelope.ciphertext)),
        "ct_len": sealed.envelope.ciphertext.len(),
        "sig": hex(sealed.envelope.signature.0),
        "msg_hash": hex(sealed.msg_hash),
        "envelope": sealed.envelope.to_json(),
    })
}

fn receive(text: &str, given: In<'_>, log: &RoomLog) -> Result<Received, NotReceived> {
    let seen = |mid: Mid| {
        given.list("seen").iter().find_map(|seen| {
            let seen = In(seen.as_object().unwrap());
            let same = seen.array("mid") == *mid.as_bytes();
            same.then(|| (UserId::new(seen.int("sender")).unwrap(), seen.array("msg_hash")))
        })
    };
    let secret = |number: u32| {
        let secrets = given.object("secrets");
        secrets
            .get(&number.to_string())
            .map(|_| EpochSecret::from_bytes(secrets.array(&number.to_string())))
    };
    message::receive(text, log, seen, secret)
}

/// Every byte of a field changed in two ways, none of which may be taken.
fn flips(given: In<'_>, log: &RoomLog) -> usize {
    let envelope: Value = serde_json::from_str(given.text("envelope")).unwrap();
    let field = given.text("field");
    let bytes = from_base64url(envelope[field].as_str().unwrap()).unwrap();
    assert!(receive(given.text("envelope"), given, log).is_ok());
    let mut count = 0;
    for mask in [0x01, 0x80] {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            let text =
                given
                    .text("envelope")
                    .replacen(envelope[field].as_str().unwrap(), &base64url(&changed), 1);
            assert!(receive(&text, given, log).is_err(), "{field} byte {at} ^ {mask}");
            count += 1;
        }
    }
    count
}

const fn by_name(by: DeletedBy) -> &'static str {
    match by {
        DeletedBy::Author => "author",
        DeletedBy::Moderator => "moderator",
        DeletedBy::Server => "server",
    }
}

fn deleted_by(given: In<'_>) -> &'static str {
    let parsed = |name: &str| {
        given
            .get(name)
            .map(|_| Header::parse(&given.bytes(name)).unwrap())
    };
    let said = Deleted {
        by: [DeletedBy::Author, DeletedBy::Moderator, DeletedBy::Server]
            .into_iter()
            .find(|by| by_name(*by) == given.text("by"))
            .unwrap(),
        mid: given.get("mid").map(|_| Mid(given.array("mid"))),
    };
    let redaction = parsed("redaction");
    let verified = Verified {
        msg_hash: [0; 32],
        sender: ActiveMember {
            generation: 1,
            key: crate::world::ALICE.key(1).public().unwrap(),
            role: given.int("role").try_into().unwrap(),
        },
    };
    let redaction = redaction.as_ref().map(|header| (header, &verified));
    by_name(message::deleted_by(said, &parsed("target").unwrap(), redaction))
}

fn content_parse(given: In<'_>) -> Outcome {
    let kind = Kind::from_number(given.int("kind").try_into().unwrap()).unwrap();
    let files: Vec<_> = given
        .list("files")
        .iter()
        .map(|id| FileId(crate::bytes::unhex(id.as_str().unwrap()).try_into().unwrap()))
        .collect();
    Content::parse(kind, &files, given.text("content").as_bytes())
        .map(|content| {
            json!({
                "t": content.body.name(),
                "body": content.body.text(),
                "files": content.files.len(),
            })
        })
        .map_err(|_| "bad_content")
}

fn item(given: In<'_>) -> Result<Item, &'static str> {
    Item::parse(&Value::Object(given.object("item").0.clone()).to_string()).map_err(|_| "not_authentic")
}

fn report_place(given: In<'_>) -> (InstanceId, RoomId, ReportId) {
    (
        InstanceId(given.array("instance")),
        RoomId::new(given.int("room")).unwrap(),
        ReportId(given.array("report_id")),
    )
}

fn recipient(given: In<'_>) -> Recipient {
    let (instance, room, report) = report_place(given);
    Recipient {
        instance,
        room,
        report,
        user: UserId::new(given.int("recipient")).unwrap(),
        kem: given.int32("kem"),
    }
}

fn reports(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "report_verify" => item(given).and_then(|item| {
            let key = PublicKey::from_bytes(given.array("ed_pub")).map_err(|_| "not_authentic")?;
            let room = RoomId::new(given.int("room")).unwrap();
            let authentic = report::verify(&item, InstanceId(given.array("instance")), room, &key)
                .map_err(|_| "not_authentic")?;
            let content = String::from_utf8(item.content).unwrap();
            Ok(json!({ "msg_hash": hex(authentic.msg_hash), "content": content }))
        }),
        "report_seal" => {
            let seed = EphemeralSeed::from_bytes(given.array("ikm"));
            let (ephemeral, _) = hpke::derive_key_pair(&seed);
            assert_eq!(hex(ephemeral.expose()), given.text("eph_priv"));
            let key = ReportKey::from_bytes(given.array("rk"));
            let sealed = report::seal_body(
                &key,
                report_place(given),
                &given.array("iv"),
                given.text("body").as_bytes(),
            );
            let to = x25519::PublicKey::from_bytes(given.array("pk")).unwrap();
            let wrap = recipient(given).wrap(&key, &to, &seed).unwrap();
            Ok(json!({ "box": hex(sealed), "wrap": hex(wrap) }))
        }
        "report_open" => recipient(given)
            .unwrap(
                &AgreementScalar::from_bytes(given.array("sk")),
                &given.bytes("wrap"),
            )
            .map_err(|_| "bad_wrap")
            .and_then(|key| {
                report::open_body(&key, report_place(given), &given.bytes("box")).map_err(|_| "bad_box")
            })
            .map(|body| json!({ "body": String::from_utf8(body.to_vec()).unwrap() })),
        _ => return None,
    })
}

fn data(given: In<'_>) -> Vec<u8> {
    match given.get("pattern").and_then(Value::as_u64) {
        Some(length) => (0..length)
            .map(|k| u8::try_from((k * 31 + (k >> 8)) & 255).unwrap())
            .collect(),
        None => given.bytes("data"),
    }
}

fn shape(given: In<'_>, size: u64) -> Option<Shape> {
    given
        .get("chunk")
        .map(|_| Shape::new(size, given.int("psz"), given.int32("chunk")).unwrap())
}

fn sealed(given: In<'_>) -> file::SealedFile {
    let (instance, id, key) = file_of(given);
    let data = data(given);
    let size = data.len().try_into().unwrap();
    let sealer = match shape(given, size) {
        Some(shape) => Sealer::with_shape(instance, id, &key, shape),
        None => Sealer::new(instance, id, &key, size).unwrap(),
    };
    file::seal_whole(sealer, &data).unwrap()
}

fn file_of(given: In<'_>) -> (InstanceId, FileId, FileKey) {
    (
        InstanceId(given.array("instance")),
        FileId(given.array("file_id")),
        FileKey::from_bytes(given.array("fk")),
    )
}

fn files(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "file_seal" => {
            let (_, id, key) = file_of(given);
            let sealed = sealed(given);
            Ok(json!({
                "key": hex(file::chunk_key(&key, id).expose()),
                "psz": sealed.claim.padded,
                "count": sealed.count,
                "ct_len": sealed.ciphertext.len(),
                "ct_sha256": hex(sha256(&sealed.ciphertext)),
                "root": hex(sealed.claim.root),
            }))
        }
        "file_open" => file_open(given),
        _ => return None,
    })
}

fn file_open(given: In<'_>) -> Outcome {
    let (instance, id, key) = file_of(given);
    let ciphertext = match given.get("ct") {
        Some(_) => given.bytes("ct"),
        None => damaged(given),
    };
    let claim = Claim {
        size: given.int("sz"),
        padded: given.int("psz"),
        root: given.array("root"),
    };
    let opened = match shape(given, claim.size) {
        Some(shape) => file::open_whole(
            Opener::with_shape(instance, id, &key, shape, claim.root),
            &ciphertext,
        ),
        None => file::open(instance, id, &key, claim, &ciphertext),
    };
    opened
        .map(|data| json!({ "data_sha256": hex(sha256(&data)) }))
        .map_err(|_| "bad_file")
}

fn damaged(given: In<'_>) -> Vec<u8> {
    let mut ct = sealed(given).ciphertext;
    let size = usize::try_from(given.get("chunk").and_then(Value::as_u64).unwrap_or(262_144)).unwrap() + 16;
    let last = ct.len() - 1;
    match given.text("damage") {
        "none" => {}
        "flip_first" => ct[0] ^= 1,
        "flip_last" => ct[last] ^= 1,
        "truncate_chunk" => ct.truncate(ct.len() - 16),
        "swap_chunks" => {
            let second = ct.len().min(2 * size);
            ct[..second].rotate_left(size);
        }
        "drop_last" => ct.truncate((ct.len().div_ceil(size) - 1) * size),
        "append" => ct.extend([0; 16]),
        other => panic!("no damage {other:?}"),
    }
    ct
}

fn trust(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "fingerprint" => {
            let identity = Identity {
                user: UserId::new(given.int("user_id")).unwrap(),
                key: PublicKey::from_bytes(given.array("ed_pub")).unwrap(),
            };
            let usr = Usr::parse(given.text("usr").as_bytes()).unwrap();
            let fingerprint = Fingerprint::derive(InstanceId(given.array("instance")), identity, &usr);
            Ok(json!({ "digits": fingerprint.digits() }))
        }
        "safety_number" => {
            let [a, b] = ["a", "b"].map(|name| Fingerprint::from_digits(given.text(name)).unwrap());
            Ok(json!({ "number": safety_number(&a, &b) }))
        }
        "room_code" => {
            let room = RoomId::new(given.int("room")).unwrap();
            let code = room_code(
                InstanceId(given.array("instance")),
                room,
                &given.array("log_head"),
            );
            Ok(json!({ "code": code }))
        }
        "broadcast" => {
            let broadcast = Broadcast {
                instance: InstanceId(given.array("instance")),
                actor: UserId::new(given.int("actor")).unwrap(),
                generation: given.int32("gen"),
                nonce: given.array("nonce"),
                ts: given.int("ts"),
                text: given.text("text"),
            };
            let signature = broadcast.sign(&signing_key(given, "ed_seed"));
            Ok(json!({ "tbs_sha256": hex(sha256(&broadcast.signed())), "sig": hex(signature.0) }))
        }
        _ => return None,
    })
}
