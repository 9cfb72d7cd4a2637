//! Every operation of the vectors, done by the Rust implementation.

use std::collections::BTreeSet;

use chat_e2ee::account::{Iterations, KdfRefused, Password, pbkdf2_salt};
use chat_e2ee::directory::SignedHead;
use chat_e2ee::ed25519::{self, PrivateKey, Signature};
use chat_e2ee::epoch::{self, EpochId, Link, Place, Recipient};
use chat_e2ee::identity::{Identity, NotAnIdentity, Signed, Statement, self_check};
use chat_e2ee::ids::{InstanceId, ReportId, RoomId, UserId, Usr};
use chat_e2ee::log::{Entry, LogError};
use chat_e2ee::recovery::{self, RecoveryCode};
use chat_e2ee::rotation::{Circumstances, needs_rotation};
use chat_e2ee::sealed_box::{self, Binding, Purpose};
use chat_e2ee::secret::{
    AgreementScalar, AuthKey, BacklinkKey, EphemeralSeed, EpochSecret, MasterKey, OuterKey, PasswordKey,
    Secret, SigningSeed, WrapKey,
};
use chat_e2ee::{at_rest, encoding, hpke, pkcs8, server_record, x25519};
use serde_json::{Value, json};

use crate::bytes::{In, hex};
use crate::fixtures::{Fixtures, apply, reader_json, summary};

/// What comes out, or the code of the refusal.
pub(crate) type Outcome = Result<Value, &'static str>;

/// A code for every error, whatever its kind.
fn refused<E>(code: &'static str) -> impl FnOnce(E) -> &'static str {
    move |_| code
}

fn unreadable(error: encoding::Unreadable) -> &'static str {
    LogError::from(error).code()
}

/// Performs an operation.
pub(crate) fn perform(op: &str, given: In<'_>, fixtures: &Fixtures) -> Outcome {
    account(op, given)
        .or_else(|| server(op, given))
        .or_else(|| directory(op, given, fixtures))
        .or_else(|| room(op, given, fixtures))
        .or_else(|| crate::perform_messages::perform(op, given, fixtures))
        .or_else(|| curves(op, given))
        .unwrap_or_else(|| panic!("no operation {op:?}"))
}

fn instance(given: In<'_>) -> InstanceId {
    InstanceId(given.array("instance"))
}

fn room_id(given: In<'_>) -> RoomId {
    RoomId::new(given.int("room")).unwrap()
}

fn usr(given: In<'_>) -> Usr {
    Usr::parse(given.text("usr").as_bytes()).unwrap()
}

fn account(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "account_keys" => account_keys(given).map_err(refused("kdf_refused")),
        "box_context" => Ok(box_context(given)),
        "box_seal" => Ok(json!({ "box": hex(sealed_box::seal(
            &WrapKey::from_bytes(given.array("key")),
            &binding(given),
            &given.array("iv"),
            &given.bytes("pt"),
        )) })),
        "box_open" => sealed_box::open(
            &WrapKey::from_bytes(given.array("key")),
            &binding(given),
            &given.bytes("box"),
        )
        .map(|opened| json!({ "pt": hex(&*opened) }))
        .map_err(refused("bad_box")),
        "account_subkeys" => {
            let master = MasterKey::from_bytes(given.array("amk"));
            Ok(json!({
                "kek_identity": hex(master.key_encryption_key().expose()),
                "k_state": hex(master.state_key().expose()),
                "k_local": hex(master.local_key().expose()),
            }))
        }
        "pkcs8" => Ok(private_key(given)),
        "pkcs8_parse" => pkcs8::parse::<SigningSeed>(kind(given), &given.bytes("pkcs8"))
            .map(|secret| json!({ "secret": hex(secret.expose()) }))
            .map_err(refused("bad_key")),
        "recovery_code" => {
            let code = RecoveryCode::from_entropy(given.array("entropy"));
            Ok(json!({ "code": code.to_text() }))
        }
        "recovery_parse" => RecoveryCode::parse(given.text("code"))
            .map(|code| json!({ "entropy": hex(code.entropy()) }))
            .map_err(refused("bad_recovery_code")),
        "recovery_keys" => {
            let code = RecoveryCode::from_entropy(given.array("entropy"));
            let auth = code.auth(instance(given), &usr(given));
            Ok(json!({
                "rec_auth": hex(auth.expose()),
                "rec_wrap": hex(code.wrap_key(instance(given), &usr(given)).expose()),
                "rec_verifier": hex(recovery::verifier(&auth)),
            }))
        }
        "self_check_sign" => {
            let signature = self_check(&signing_key(given, "ed_seed"), &given.array("challenge"));
            Ok(json!({ "sig": hex(signature.0) }))
        }
        _ => return None,
    })
}

fn account_keys(given: In<'_>) -> Result<Value, KdfRefused> {
    let iterations = Iterations::new(given.int32("iterations"))?;
    let Ok(salt) = given.bytes("salt").try_into() else {
        // The type of the salt is its length: there is nothing to refuse any more.
        return Err(KdfRefused::Iterations);
    };
    let password = Password::new(given.text("password"))?;
    let key = PasswordKey::derive(&password, instance(given), &usr(given), &salt, iterations);
    Ok(json!({
        "pbkdf2_salt": hex(pbkdf2_salt(instance(given), &usr(given), &salt)),
        "mk": hex(key.expose()),
        "auth_key": hex(key.auth_key().expose()),
        "wrap_key": hex(key.wrap_key().expose()),
    }))
}

fn box_context(given: In<'_>) -> Value {
    let salt = given.get("salt").map(|_| given.array("salt"));
    let purpose = match given.text("blob") {
        "amk_pw" => Purpose::MasterByPassword(
            salt.as_ref().unwrap(),
            Iterations::new(given.int32("iterations")).unwrap(),
        ),
        "amk_rec" => Purpose::MasterByRecovery,
        "drafts" => Purpose::Drafts,
        "ed_box" => Purpose::Ed25519(given.int32("gen")),
        "x_box" => Purpose::X25519(given.int32("kem")),
        "state" => Purpose::State(given.int("version")),
        "report" => {
            let binding = Binding::report(
                instance(given),
                room_id(given),
                ReportId(given.array("report_id")),
            );
            return json!({ "purpose": binding.purpose, "ctx": hex(binding.context) });
        }
        other => panic!("no blob {other:?}"),
    };
    let binding = Binding::account(purpose, instance(given), &usr(given));
    json!({ "purpose": binding.purpose, "ctx": hex(binding.context) })
}

fn binding(given: In<'_>) -> Binding {
    let purposes = [
        "amk-pw", "amk-rec", "ed25519", "x25519", "state", "drafts", "report",
    ];
    Binding {
        purpose: purposes
            .into_iter()
            .find(|it| *it == given.text("purpose"))
            .unwrap(),
        context: given.bytes("ctx"),
    }
}

fn kind(given: In<'_>) -> pkcs8::Kind {
    match given.text("kind") {
        "ed25519" => pkcs8::Kind::Ed25519,
        "x25519" => pkcs8::Kind::X25519,
        other => panic!("no kind {other:?}"),
    }
}

fn private_key(given: In<'_>) -> Value {
    let secret = given.array("secret");
    let public = match kind(given) {
        pkcs8::Kind::Ed25519 => *signing_key(given, "secret").public().unwrap().as_bytes(),
        pkcs8::Kind::X25519 => *x25519::PublicKey::of(&AgreementScalar::from_bytes(secret))
            .unwrap()
            .as_bytes(),
    };
    let encoded = pkcs8::encode(kind(given), &SigningSeed::from_bytes(secret));
    json!({ "pkcs8": hex(encoded), "public": hex(public) })
}

pub(crate) fn signing_key(given: In<'_>, name: &str) -> PrivateKey {
    PrivateKey::from_seed(&SigningSeed::from_bytes(given.array(name)))
}

fn server(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "server_argon2id" => Ok(json!({ "argon_out": hex(argon2id(given)) })),
        "server_verifier" => {
            let (verifier, key) = server_record::split(&given.array("argon_out"));
            Ok(json!({ "verifier": hex(verifier), "outer_key": hex(key.expose()) }))
        }
        "outer_seal" => server_record::lock(
            &OuterKey::from_bytes(given.array("outer_key")),
            UserId::new(given.int("user_id")).unwrap(),
            &given.array("nonce"),
            &given.bytes("amk_pw"),
        )
        .map(|outer| json!({ "outer": hex(outer) }))
        .map_err(refused("bad_box")),
        "outer_open" => server_record::unlock(
            &OuterKey::from_bytes(given.array("outer_key")),
            UserId::new(given.int("user_id")).unwrap(),
            &given.bytes("outer"),
        )
        .map(|opened| json!({ "amk_pw": hex(opened) }))
        .map_err(refused("bad_box")),
        "fake_salt" => {
            let salt = server_record::fake_salt(&given.array("prelogin_key"), &usr(given));
            Ok(json!({ "salt": hex(salt) }))
        }
        "at_rest_seal" => {
            let subkey = at_rest::SubKey::derive(&given.array("key"), given.text("column"));
            at_rest::seal(
                cipher(given),
                given.int32("kid"),
                &subkey,
                row(given),
                &given.bytes("nonce"),
                &given.bytes("pt"),
            )
            .map(|record| json!({ "record": hex(record) }))
            .map_err(refused("bad_record"))
        }
        "at_rest_open" => {
            let subkey = at_rest::SubKey::derive(&given.array("key"), given.text("column"));
            at_rest::Record::parse(&given.bytes("record"))
                .and_then(|record| record.open(&subkey, row(given)))
                .map(|opened| json!({ "pt": hex(opened) }))
                .map_err(refused("bad_record"))
        }
        _ => return None,
    })
}

/// As the server does it.
fn argon2id(given: In<'_>) -> [u8; server_record::ARGON_OUT] {
    let cost = chat_crypto::Cost {
        memory_kib: given.int32("m_kib"),
        passes: given.int32("t"),
        lanes: given.int32("p"),
    };
    let output = chat_crypto::stretch(
        &AuthKey::from_bytes(given.array("auth_key")),
        &given.array("argon_salt"),
        &given.array("pepper"),
        UserId::new(given.int("user_id")).unwrap(),
        cost,
    );
    *output.unwrap()
}

fn cipher(given: In<'_>) -> at_rest::Algorithm {
    match given.int("alg") {
        1 => at_rest::Algorithm::XChaCha20Poly1305,
        2 => at_rest::Algorithm::Aes256Gcm,
        other => panic!("no algorithm {other}"),
    }
}

fn row(given: In<'_>) -> at_rest::Place<'_> {
    at_rest::Place {
        column: given.text("column"),
        row: given.int("row"),
    }
}

fn directory(op: &str, given: In<'_>, fixtures: &Fixtures) -> Option<Outcome> {
    Some(match op {
        "statement_parse" => Statement::parse(&given.bytes("t"))
            .map(|statement| statement_json(&statement))
            .map_err(unreadable),
        "statement_check" => statement_check(given)
            .map(|identity| json!({ "hash": hex(identity.hash()) }))
            .map_err(NotAnIdentity::code),
        "statement_sign" => {
            let statement = Statement::parse(&given.bytes("t")).unwrap();
            let former = given
                .get("previous_ed_seed")
                .map(|_| signing_key(given, "previous_ed_seed"));
            let signed = statement.sign(&signing_key(given, "ed_seed"), former.as_ref());
            Ok(json!({ "s": hex(signed.signature.0), "ps": signed.continuation.map(|ps| hex(ps.0)) }))
        }
        "directory_replay" => fixtures
            .directory(given)
            .map_err(chat_e2ee::directory::DirectoryError::code)
            .map(|directory| {
                let heads: Vec<_> = (0..directory.len())
                    .map(|i| hex(directory.head_at(i).unwrap()))
                    .collect();
                json!({ "heads": heads })
            }),
        "directory_pin" => fixtures
            .directory(given)
            .and_then(|directory| directory.continues(given.int("i"), &given.array("head")))
            .map(|()| json!({}))
            .map_err(chat_e2ee::directory::DirectoryError::code),
        "directory_head" => {
            let head = SignedHead {
                i: given.int("i"),
                head: given.array("head"),
                at: given.int("ts"),
                signature: Signature(given.array("sig")),
            };
            let key = ed25519::PublicKey::from_bytes(given.array("instance_key")).unwrap();
            fixtures
                .directory(given)
                .and_then(|directory| directory.agrees(&head, &key))
                .map(|()| json!({}))
                .map_err(chat_e2ee::directory::DirectoryError::code)
        }
        "directory_head_sign" => {
            let head = SignedHead::sign(
                &signing_key(given, "instance_seed"),
                instance(given),
                given.int("i"),
                given.array("head"),
                given.int("ts"),
            );
            Ok(json!({ "tbs": hex(head.encode(instance(given))), "sig": hex(head.signature.0) }))
        }
        _ => return None,
    })
}

fn statement_json(statement: &Statement) -> Value {
    let bytes = statement.encode();
    json!({
        "suite": encoding::SUITE,
        "instance": hex(statement.instance.as_bytes()),
        "user_id": statement.user.get(),
        "usr": statement.usr.as_str(),
        "gen": statement.generation,
        "kem": statement.kem,
        "ed_pub": hex(statement.signing),
        "x_pub": hex(statement.agreement),
        "prev": hex(statement.previous),
        "flags": u8::from(statement.closed),
        "ts": statement.at,
        "hash": hex(chat_e2ee::hash::sha256(&bytes)),
    })
}

/// The previous statement of a case was accepted once: it is taken over with the identities before it.
fn statement_check(given: In<'_>) -> Result<Identity, NotAnIdentity> {
    let signed = Signed {
        bytes: given.bytes("t"),
        signature: Signature(given.array("s")),
        continuation: given.get("ps").map(|_| Signature(given.array("ps"))),
    };
    let previous = given
        .get("previous")
        .map(|_| Identity::accepted_before(&given.bytes("previous"), instance(given)))
        .transpose()?;
    Identity::check(&signed, instance(given), previous.as_ref())
}

fn room(op: &str, given: In<'_>, fixtures: &Fixtures) -> Option<Outcome> {
    Some(match op {
        "entry_parse" => {
            let bytes = given.bytes("e");
            Entry::parse(&bytes)
                .map(|entry| entry_json(&entry, &bytes))
                .map_err(unreadable)
        }
        "log_apply" => log_apply(given, fixtures),
        "es_commit" => {
            let es = EpochSecret::from_bytes(given.array("es"));
            Ok(json!({ "es_commit": hex(epoch::commitment(&es, place(given), given.int32("epoch"))) }))
        }
        "epoch_wrap_info" => {
            let to = recipient(given);
            Ok(json!({ "info": hex(epoch::wrap_info(place(given), &epoch_id(given), to.user, to.kem)) }))
        }
        "wrap_open" => epoch::unwrap(
            &given.bytes("wrap"),
            place(given),
            &epoch_id(given),
            recipient(given),
            &AgreementScalar::from_bytes(given.array("sk")),
            &given.array("es_commit"),
        )
        .map(|es| json!({ "es": hex(es.expose()) }))
        .map_err(refused("bad_wrap")),
        "backlink_key" => {
            let es = EpochSecret::from_bytes(given.array("es"));
            let key: BacklinkKey = es.backlink_key(&given.array("epoch_hash"));
            Ok(json!({ "key": hex(key.expose()) }))
        }
        "backlink_seal" => link(given, true, true)
            .map(|link| {
                let [es, older] = ["es", "es_older"].map(|name| EpochSecret::from_bytes(given.array(name)));
                json!({ "blob": hex(link.seal(&es, &older, &given.array("iv"))) })
            })
            .map_err(refused("bad_backlink")),
        "backlink_open" => link(given, given.flag("history"), given.flag("older_history"))
            .and_then(|link| {
                let es = EpochSecret::from_bytes(given.array("es"));
                link.open(&es, &given.bytes("blob"), &given.array("older_commit"))
            })
            .map(|es| json!({ "es": hex(es.expose()) }))
            .map_err(refused("bad_backlink")),
        "needs_rotation" => Ok(rotation(given, fixtures)),
        _ => return None,
    })
}

fn place(given: In<'_>) -> Place {
    Place {
        instance: instance(given),
        room: room_id(given),
    }
}

fn epoch_id(given: In<'_>) -> EpochId {
    EpochId {
        number: given.int32("epoch"),
        hash: given.array("epoch_hash"),
    }
}

fn recipient(given: In<'_>) -> Recipient {
    Recipient {
        user: UserId::new(given.int("recipient")).unwrap(),
        kem: given.int32("kem"),
    }
}

fn link(given: In<'_>, shared: bool, older_shared: bool) -> Result<Link, epoch::BadBacklink> {
    let older = EpochId {
        number: given.int32("epoch") - 1,
        hash: given.array("older_hash"),
    };
    Link::new(place(given), epoch_id(given), shared, older, older_shared)
}

fn entry_json(entry: &Entry, bytes: &[u8]) -> Value {
    json!({
        "instance": hex(entry.instance.as_bytes()),
        "room": entry.room.get(),
        "seq": entry.seq,
        "prev": hex(entry.previous),
        "actor": entry.actor.get(),
        "actor_gen": entry.actor_generation,
        "dir_seq": entry.dir_seq,
        "dir_head": hex(entry.dir_head),
        "ts": entry.at,
        "type": entry.body.number(),
        "body": hex(entry.body.encode()),
        "hash": hex(Entry::hash(bytes)),
    })
}

fn log_apply(given: In<'_>, fixtures: &Fixtures) -> Outcome {
    let directory = fixtures
        .directory(given)
        .map_err(chat_e2ee::directory::DirectoryError::code)?;
    let mut log = fixtures.log(given, &directory);
    if let Some(then) = given.get("then") {
        apply(&mut log, then, &directory).map_err(LogError::code)?;
    }
    Ok(json!({ "state": summary(&log) }))
}

fn rotation(given: In<'_>, fixtures: &Fixtures) -> Value {
    let directory = fixtures.directory(given).unwrap();
    let log = fixtures.log(given, &directory);
    let excluded: BTreeSet<_> = given
        .list("banned")
        .iter()
        .map(|id| UserId::new(id.as_u64().unwrap()).unwrap())
        .collect();
    let needed = needs_rotation(
        log.room().unwrap(),
        &directory,
        &Circumstances {
            obtainable: given.flag("obtainable"),
            excluded: &excluded,
            messages_seen: given.int32("messages_seen"),
            now: given.int("now"),
            first_seen: given.int("first_seen"),
        },
    );
    let rules: Vec<_> = needed.rules.iter().map(|rule| rule.name()).collect();
    let readers: Vec<_> = needed.readers.iter().map(reader_json).collect();
    json!({
        "rules": rules,
        "reason": needed.reason.map(chat_e2ee::log::Reason::number),
        "readers": readers,
    })
}

fn curves(op: &str, given: In<'_>) -> Option<Outcome> {
    Some(match op {
        "ed25519_verify" => {
            let valid = <[u8; 64]>::try_from(given.bytes("sig")).is_ok_and(|signature| {
                let key = <[u8; 32]>::try_from(given.bytes("pub"))
                    .ok()
                    .and_then(|bytes| ed25519::PublicKey::from_bytes(bytes).ok());
                key.is_some_and(|key| key.verifies(&given.bytes("msg"), &Signature(signature)))
            });
            Ok(json!({ "valid": valid }))
        }
        "x25519" => x25519::PublicKey::from_bytes(given.array("pk"))
            .and_then(|public| x25519::agree(&AgreementScalar::from_bytes(given.array("sk")), &public))
            .map(|shared| json!({ "shared": hex(shared) }))
            .map_err(refused("weak_key")),
        "hpke_derive" => {
            // The library gives the private half clamped, the RFC as it was derived: both are the same key.
            let (_, public) = hpke::derive_key_pair(&EphemeralSeed::from_bytes(given.array("ikm")));
            Ok(json!({ "pk": hex(public) }))
        }
        "hpke_seal" => hpke_seal(given),
        "hpke_open" => {
            let sealed = [given.bytes("enc"), given.bytes("ct")].concat();
            hpke::open_with_aad(
                &AgreementScalar::from_bytes(given.array("sk")),
                &given.bytes("info"),
                &sealed,
                &given.bytes("aad"),
            )
            .map(|opened| json!({ "pt": hex(opened) }))
            .map_err(refused("bad_wrap"))
        }
        _ => return None,
    })
}

/// The library takes the ephemeral key pair's seed, not the pair: `eph_priv` is what comes of `ikm`.
fn hpke_seal(given: In<'_>) -> Outcome {
    let seed = EphemeralSeed::from_bytes(given.array("ikm"));
    let (ephemeral, _) = hpke::derive_key_pair(&seed);
    assert_eq!(hex(ephemeral.expose()), given.text("eph_priv"));
    let key = x25519::PublicKey::from_bytes(given.array("pk")).map_err(refused("weak_key"))?;
    let sealed = hpke::seal_with_aad(
        &key,
        &given.bytes("info"),
        &given.bytes("pt"),
        &given.bytes("aad"),
        &seed,
    )
    .map_err(refused("weak_key"))?;
    let (enc, ct) = sealed.split_at(hpke::ENCAPSULATED);
    Ok(json!({ "enc": hex(enc), "ct": hex(ct) }))
}
