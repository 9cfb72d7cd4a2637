//! C-2 to C-5: commitments, wraps, backlinks, and when an epoch has to change.

use chat_e2ee::epoch::{EpochId, Link, commitment};
use chat_e2ee::hpke::derive_key_pair;
use chat_e2ee::log::{Body, Policy, Reason};
use chat_e2ee::secret::{EphemeralSeed, Secret};
use serde_json::{Value, json};

use crate::bytes::{hex, seq};
use crate::identities::{Directories, directories};
use crate::logs::{aged, council, gone, lobby};
use crate::sections::{Book, with};
use crate::world::{ALICE, BOB, CAROL, DAVE, ERIN, T0, Talk, lobby_policy, place, secret};

pub(crate) fn write(book: &mut Book) {
    let directories = directories();
    let lobby = lobby(&directories);
    commitments(book, &lobby);
    wraps(book, &lobby);
    published_hpke(book);
    backlinks(book, &lobby);
    rotations(book, &directories);
}

fn room() -> Value {
    json!({ "instance": hex(seq::<16>(0x10)), "room": 7 })
}

fn epoch_hash(talk: &Talk, number: u32) -> String {
    hex(talk.log.room().unwrap().epoch_number(number).unwrap().hash)
}

fn commitments(book: &mut Book, lobby: &Talk) {
    let given = with(&room(), json!({ "es": hex(secret(1).expose()), "epoch": 1 }));
    let commit = json!({ "es_commit": "c2f8a32fbc38b7804922beddf696147a0470fab7954a1f65dcc5c9ae9400a02f" });
    book.known(
        "C-2",
        "the commitment to a secret",
        "es_commit",
        given.clone(),
        &commit,
    );
    for (name, change) in [
        ("in another room", json!({ "room": 8 })),
        ("in another installation", json!({ "instance": hex([0; 16]) })),
        ("of another epoch", json!({ "epoch": 2 })),
        ("to another secret", json!({ "es": hex(secret(2).expose()) })),
    ] {
        let other = book.case(
            "C-2",
            &format!("the commitment {name}"),
            "es_commit",
            with(&given, change),
        );
        assert_ne!(other, commit);
    }
    for (number, hash) in [
        (
            2,
            "9a4f26170b833a36c03f4885187c73ef6cf3f4481f61afba7ab712b910ba62b8",
        ),
        (
            3,
            "5d451c48d6cbe6928c9d68fec90febc7c6c2b324fe18680c56f641e8948fe0fb",
        ),
    ] {
        let (bytes, _) = &lobby.entries[number];
        let name = format!("the entry of epoch {}", number - 1);
        book.known(
            "C-2",
            &name,
            "entry_parse",
            json!({ "e": hex(bytes) }),
            &json!({ "hash": hash }),
        );
    }
}

fn wraps(book: &mut Book, lobby: &Talk) {
    let epoch = json!({ "epoch": 1, "epoch_hash": epoch_hash(lobby, 1), "recipient": 42, "kem": 1 });
    let bound = with(&room(), epoch);
    let info = book.known(
        "C-3",
        "what a wrap is bound to",
        "epoch_wrap_info",
        bound.clone(),
        &json!({ "info": "00000016653265652d636861742f312065706f63682d77726170101112131415161718191a1b1c1d1e1f0000000000000007000\
            000019a4f26170b833a36c03f4885187c73ef6cf3f4481f61afba7ab712b910ba62b8000000000000002a00000001" }),
    );
    let seed = seq::<32>(0x51);
    book.case(
        "C-3",
        "an ephemeral key pair from its seed",
        "hpke_derive",
        json!({ "ikm": hex(seed) }),
    );
    let (ephemeral, _) = derive_key_pair(&EphemeralSeed::from_bytes(seed));
    let seal = json!({
        "pk": hex(ALICE.agreement(1)), "info": info["info"], "aad": "", "pt": hex(secret(1).expose()),
        "ikm": hex(seed), "eph_priv": hex(ephemeral.expose()),
    });
    let sealed = book.case("C-3", "a wrap sealed", "hpke_seal", seal.clone());
    let wrap = format!(
        "{}{}",
        sealed["enc"].as_str().unwrap(),
        sealed["ct"].as_str().unwrap()
    );
    let open = with(
        &bound,
        json!({ "sk": hex(ALICE.scalar(1)), "wrap": wrap, "es_commit": hex(commitment(&secret(1), place(), 1)) }),
    );
    let es = json!({ "es": hex(secret(1).expose()) });
    book.known("C-3", "a wrap opened", "wrap_open", open.clone(), &es);
    let specified = "0233f006ef4bed144ea0a5bb46c7067c7c2acec5f8cc811f3df59fdcd5ac761402be43e0c9cf0387f826180d6ece2bbb3d6b25a20982\
        57809d227b8104f09a7d5fed09cdf0373b7be95cc1090c95a011";
    book.known(
        "C-3",
        "the specification's wrap opened",
        "wrap_open",
        with(&open, json!({ "wrap": specified })),
        &es,
    );
    let flipped = |at: usize| {
        let mut bytes = crate::bytes::unhex(&wrap);
        bytes[at] ^= 1;
        hex(bytes)
    };
    for (name, change) in [
        ("of another recipient", json!({ "recipient": 43 })),
        ("for another encryption key", json!({ "kem": 2 })),
        ("of another epoch", json!({ "epoch": 2 })),
        (
            "of another epoch's entry",
            json!({ "epoch_hash": epoch_hash(lobby, 2) }),
        ),
        ("of another room", json!({ "room": 8 })),
        ("of another installation", json!({ "instance": hex([0; 16]) })),
        ("opened with another key", json!({ "sk": hex(BOB.scalar(1)) })),
        (
            "with another secret than the log's",
            json!({ "es_commit": hex(commitment(&secret(2), place(), 1)) }),
        ),
        ("with a changed encapsulated key", json!({ "wrap": flipped(3) })),
        ("with a changed ciphertext", json!({ "wrap": flipped(40) })),
        ("with a changed tag", json!({ "wrap": flipped(79) })),
        (
            "with an encapsulated key of zeros",
            json!({ "wrap": format!("{}{}", "00".repeat(32), &wrap[64..]) }),
        ),
        ("cut off", json!({ "wrap": &wrap[..158] })),
        ("with a byte more", json!({ "wrap": format!("{wrap}00") })),
        ("of nothing", json!({ "wrap": "" })),
    ] {
        book.refused(
            "C-3",
            &format!("a wrap {name}"),
            "wrap_open",
            with(&open, change),
            "bad_wrap",
        );
    }
    let mut order_8 = [0; 32];
    order_8[0] = 1;
    book.refused(
        "C-3",
        "a wrap for a weak key",
        "hpke_seal",
        with(&seal, json!({ "pk": hex(order_8) })),
        "weak_key",
    );
}

/// The test vector of the RFC's authors for this suite: base mode, its first encryption.
fn published_hpke(book: &mut Book) {
    book.known(
        "C-3",
        "CFRG: the recipient's key pair",
        "hpke_derive",
        json!({ "ikm": "dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee" }),
        &json!({
            "pk": "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
        }),
    );
    let open = json!({
        "sk": "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
        "enc": "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
        "ct": "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
        "info": "4f6465206f6e2061204772656369616e2055726e",
        "aad": "436f756e742d30",
    });
    let text = json!({ "pt": "4265617574792069732074727574682c20747275746820626561757479" });
    book.known("C-3", "CFRG: opened", "hpke_open", open.clone(), &text);
    for (name, change) in [
        (
            "another info",
            json!({ "info": "4f6465206f6e2061204772656369616e2055726f" }),
        ),
        ("another aad", json!({ "aad": "436f756e742d31" })),
        ("no aad", json!({ "aad": "" })),
    ] {
        book.refused(
            "C-3",
            &format!("CFRG: {name}"),
            "hpke_open",
            with(&open, change),
            "bad_wrap",
        );
    }
}

fn backlinks(book: &mut Book, lobby: &Talk) {
    let bound = with(
        &room(),
        json!({ "epoch": 2, "epoch_hash": epoch_hash(lobby, 2), "older_hash": epoch_hash(lobby, 1) }),
    );
    book.known(
        "C-4",
        "its key",
        "backlink_key",
        json!({ "es": hex(secret(2).expose()), "epoch_hash": epoch_hash(lobby, 2) }),
        &json!({ "key": "b047d1a018661220ca2e7fa3d1e891f426cf94dd87657194b0941b605741b034" }),
    );
    let seal = json!({ "es": hex(secret(2).expose()), "es_older": hex(secret(1).expose()), "iv": hex(seq::<12>(0xc8)) });
    let blob = "c8c9cacbcccdcecfd0d1d2d31760f208c9b909d4f9d2f24996b392c030e6aaa212456987d77dd49a4e887573cd2d32d35f076ab60d313ac1\
        e9a91677";
    book.known(
        "C-4",
        "sealed",
        "backlink_seal",
        with(&bound, seal),
        &json!({ "blob": blob }),
    );
    let open = with(
        &bound,
        json!({
            "es": hex(secret(2).expose()), "blob": blob, "history": 1, "older_history": 1,
            "older_commit": hex(commitment(&secret(1), place(), 1)),
        }),
    );
    book.known(
        "C-4",
        "opened",
        "backlink_open",
        open.clone(),
        &json!({ "es": hex(secret(1).expose()) }),
    );
    let mut flipped = crate::bytes::unhex(blob);
    flipped[20] ^= 1;
    let wrong_way = {
        let of = |number| EpochId {
            number,
            hash: lobby.log.room().unwrap().epoch_number(number).unwrap().hash,
        };
        let link = Link::new(place(), of(2), true, of(1), true).unwrap();
        hex(link.seal(&secret(1), &secret(2), &seq(0xc8)))
    };
    for (name, change) in [
        ("in the other direction", json!({ "blob": wrong_way })),
        ("of another epoch", json!({ "epoch": 3 })),
        (
            "from another entry",
            json!({ "epoch_hash": epoch_hash(lobby, 1) }),
        ),
        ("to another entry", json!({ "older_hash": epoch_hash(lobby, 2) })),
        ("in another room", json!({ "room": 8 })),
        ("from an epoch that does not share", json!({ "history": 0 })),
        ("to an epoch that does not share", json!({ "older_history": 0 })),
        (
            "to another secret than the log's",
            json!({ "older_commit": hex(commitment(&secret(2), place(), 1)) }),
        ),
        ("under another secret", json!({ "es": hex(secret(1).expose()) })),
        ("changed", json!({ "blob": hex(flipped) })),
        ("cut off", json!({ "blob": &blob[..118] })),
        ("of nothing", json!({ "blob": "" })),
    ] {
        book.refused("C-4", name, "backlink_open", with(&open, change), "bad_backlink");
    }
}

/// A state for the table of C-5.
struct State<'a> {
    name: &'a str,
    directory: &'a str,
    talk: Talk,
    change: Value,
    rules: &'a [&'a str],
    reason: Option<u8>,
}

fn rotations(book: &mut Book, directories: &Directories) {
    let mut states = quiet(directories);
    states.extend(after_entries(directories));
    let aged = aged(directories);
    let mut came_later = Talk::new(&directories.five.directory);
    came_later.dir_seq = 4;
    came_later
        .create(&ALICE, chat_e2ee::log::Kind::Group, lobby_policy())
        .epoch(&ALICE, Reason::First)
        .join(&BOB);
    states.extend([
        State {
            name: "newer keys, a new identity, a closed account",
            directory: "five",
            talk: aged.clone(),
            change: json!({}),
            rules: &["R2", "R4"],
            reason: Some(2),
        },
        State {
            name: "a reader who came since has a newer key",
            directory: "five",
            talk: came_later,
            change: json!({}),
            rules: &["R4"],
            reason: Some(6),
        },
        State {
            name: "an erased reader",
            directory: "erased",
            talk: aged.clone(),
            change: json!({}),
            rules: &["R2", "R4"],
            reason: Some(2),
        },
        State {
            name: "after those were removed",
            directory: "five",
            talk: gone(directories),
            change: json!({}),
            rules: &["R2", "R4"],
            reason: Some(2),
        },
    ]);
    assert!(states.len() >= 20, "{}", states.len());
    for State {
        name,
        directory,
        talk,
        change,
        rules,
        reason,
    } in states
    {
        let fixture = format!("rotation: {name}");
        book.fixtures.logs.insert(fixture.clone(), talk.to_json());
        let given = with(
            &with(
                &room(),
                json!({
                    "directory": directory, "log": fixture, "obtainable": true, "banned": [], "messages_seen": 0,
                    "now": T0 + 10_000, "first_seen": T0 + 1_000,
                }),
            ),
            change,
        );
        book.known(
            "C-5",
            name,
            "needs_rotation",
            given,
            &json!({ "rules": rules, "reason": reason }),
        );
    }
}

fn quiet(directories: &Directories) -> Vec<State<'static>> {
    let lobby = lobby(directories);
    let mut none = Talk::new(&directories.two.directory);
    none.create(&ALICE, chat_e2ee::log::Kind::Group, lobby_policy());
    let week = 604_800_000;
    let state = |name, change, rules, reason| State {
        name,
        directory: "two",
        talk: lobby.clone(),
        change,
        rules,
        reason,
    };
    vec![
        State {
            name: "no epoch yet",
            directory: "two",
            talk: none,
            change: json!({ "obtainable": false }),
            rules: &["R1"],
            reason: Some(1),
        },
        state("nothing happened", json!({}), &[], None),
        state(
            "no key to be had",
            json!({ "obtainable": false }),
            &["R1"],
            Some(4),
        ),
        state("a reader is banned", json!({ "banned": [42] }), &["R3"], Some(2)),
        state("somebody else is banned", json!({ "banned": [99] }), &[], None),
        state(
            "a week is over",
            json!({ "now": T0 + 1_000 + week }),
            &["R6"],
            Some(3),
        ),
        state(
            "a week is not quite over",
            json!({ "now": T0 + 399 + week, "first_seen": T0 + 1_000 }),
            &[],
            None,
        ),
        state(
            "a week since it was first seen, by an author whose clock is fast",
            json!({ "now": T0 + 100 + week, "first_seen": T0 + 100 }),
            &["R6"],
            Some(3),
        ),
        state(
            "a clock that is behind",
            json!({ "now": T0, "first_seen": T0 }),
            &[],
            None,
        ),
        state("4,999 messages", json!({ "messages_seen": 4_999 }), &[], None),
        state(
            "5,000 messages",
            json!({ "messages_seen": 5_000 }),
            &["R6"],
            Some(3),
        ),
        state(
            "everything at once",
            json!({ "obtainable": false, "banned": [43], "messages_seen": 9_999 }),
            &["R1", "R3", "R6"],
            Some(2),
        ),
    ]
}

fn after_entries(directories: &Directories) -> Vec<State<'static>> {
    let state = |name, directory, talk, rules, reason| State {
        name,
        directory,
        talk,
        change: json!({}),
        rules,
        reason: Some(reason),
    };
    let lobby = || lobby(directories);
    let mut left = lobby();
    left.say(&BOB, Body::Leave);
    let mut removed = lobby();
    removed.remove(&ALICE, &BOB, true);
    let mut renamed = lobby();
    renamed.say(
        &ALICE,
        Body::Policy(Policy {
            name: "foyer".to_owned(),
            ..lobby_policy()
        }),
    );
    let mut both = renamed.clone();
    both.say(&BOB, Body::Leave);
    let mut stranger_banned = Talk::new(&directories.early.directory);
    stranger_banned
        .create(&ALICE, chat_e2ee::log::Kind::Group, lobby_policy())
        .epoch(&ALICE, Reason::First)
        .remove(&ALICE, &ERIN, true);
    let mut joined = Talk::new(&directories.early.directory);
    joined
        .create(&ALICE, chat_e2ee::log::Kind::Group, lobby_policy())
        .epoch(&ALICE, Reason::First)
        .join(&CAROL);
    let mut banned_newcomer = state(
        "a reader who came since is banned",
        "early",
        joined.clone(),
        &["R3"],
        2,
    );
    banned_newcomer.change = json!({ "banned": [44] });
    let mut council_grew = council(directories);
    council_grew.add(&BOB, &DAVE);
    let mut unlimited = Talk::new(&directories.two.directory);
    let policy = Policy {
        rot_msgs: u32::MAX,
        rot_secs: u32::MAX,
        ..lobby_policy()
    };
    unlimited
        .create(&ALICE, chat_e2ee::log::Kind::Group, policy)
        .epoch(&ALICE, Reason::First);
    let mut hard_stop = state(
        "2^20 messages, whatever the rules say",
        "two",
        unlimited,
        &["R6"],
        3,
    );
    hard_stop.change = json!({ "messages_seen": 1_048_576 });
    let mut changed = gone(directories);
    changed.epoch(&ALICE, Reason::Removal);
    changed.add(&ALICE, &CAROL);
    vec![
        state("somebody left", "two", left, &["R2"], 2),
        state("somebody was removed", "two", removed, &["R2"], 2),
        state("the rules were changed", "two", renamed, &["R2"], 7),
        state(
            "the rules were changed and somebody left",
            "two",
            both,
            &["R2"],
            2,
        ),
        state("a stranger was banned", "early", stranger_banned, &["R2"], 2),
        State {
            reason: None,
            ..state("somebody joined, and history is shared", "early", joined, &[], 0)
        },
        banned_newcomer,
        state(
            "somebody was added who is not to read what was before",
            "early",
            council_grew,
            &["R5"],
            5,
        ),
        state(
            "somebody came back with another identity",
            "five",
            changed,
            &["R2"],
            2,
        ),
        hard_stop,
    ]
}
