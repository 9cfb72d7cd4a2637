//! C-1: entries of every type, and entries that do not belong into a log.

use chat_e2ee::ed25519::Signature;
use chat_e2ee::encoding::{SUITE, Writer};
use chat_e2ee::ids::{InstanceId, RoomId};
use chat_e2ee::label::Label;
use chat_e2ee::log::{Add, Body, Create, Entry, EpochBody, Join, Kind, Policy, Reader, Reason, Role};
use serde_json::{Value, json};

use crate::bytes::{hex, seq};
use crate::identities::{Directories, directories};
use crate::sections::{Book, with};
use crate::world::{
    ALICE, BOB, CAROL, DAVE, ERIN, Person, T0, Talk, instance, lobby_policy, remove_body, role_body,
    signed_json,
};

/// The specification's room: made by Alice, joined by Bob, and two epochs.
pub(crate) fn lobby(directories: &Directories) -> Talk {
    let mut lobby = Talk::new(&directories.two.directory);
    lobby.at(T0 + 100).create(&ALICE, Kind::Group, lobby_policy());
    lobby.at(T0 + 200).join(&BOB);
    lobby.at(T0 + 201).epoch(&BOB, Reason::First);
    lobby.at(T0 + 400).epoch(&ALICE, Reason::Schedule);
    lobby
}

/// An invite room with somebody in every role, a former member, and somebody banned who was never in.
pub(crate) fn council(directories: &Directories) -> Talk {
    let mut council = Talk::new(&directories.early.directory);
    let policy = Policy {
        open: false,
        shared_history: false,
        name: "Rat ⚖".to_owned(),
        ..lobby_policy()
    };
    council.create(&ALICE, Kind::Group, policy);
    council.add(&ALICE, &BOB).role(&ALICE, &BOB, Role::Moderator);
    council.add(&BOB, &CAROL).epoch(&CAROL, Reason::First);
    council.add(&ALICE, &DAVE).say(&DAVE, Body::Leave);
    council.remove(&BOB, &ERIN, true).epoch(&BOB, Reason::Removal);
    council
}

/// A direct conversation.
pub(crate) fn pair(directories: &Directories) -> Talk {
    let mut pair = Talk::new(&directories.two.directory);
    pair.create(&ALICE, Kind::Direct, pair_policy());
    pair.add(&ALICE, &BOB).epoch(&ALICE, Reason::First);
    pair
}

fn pair_policy() -> Policy {
    Policy {
        open: false,
        name: String::new(),
        ..lobby_policy()
    }
}

/// A room after some time, and the directory with its newer keys.
pub(crate) fn aged(directories: &Directories) -> Talk {
    let mut aged = Talk::new(&directories.five.directory);
    aged.dir_seq = 4;
    aged.create(&ALICE, Kind::Group, lobby_policy());
    aged.join(&BOB)
        .join(&CAROL)
        .join(&DAVE)
        .epoch(&ALICE, Reason::First);
    aged
}

/// The lobby, Bob banned.
fn banned(directories: &Directories) -> Talk {
    let mut banned = lobby(directories);
    banned.remove(&ALICE, &BOB, true);
    banned
}

/// The aged room, Carol and Dave removed after their keys changed.
pub(crate) fn gone(directories: &Directories) -> Talk {
    let mut gone = aged(directories);
    gone.dir_seq = 7;
    gone.remove(&ALICE, &CAROL, false).remove(&ALICE, &DAVE, false);
    gone
}

pub(crate) fn write(book: &mut Book) {
    let directories = directories();
    for (name, talk) in [
        ("lobby", lobby(&directories)),
        ("council", council(&directories)),
        ("pair", pair(&directories)),
        ("aged", aged(&directories)),
        ("banned", banned(&directories)),
        ("gone", gone(&directories)),
    ] {
        book.fixtures.logs.insert(name.to_owned(), talk.to_json());
    }
    book.fixtures.logs.insert("empty".to_owned(), json!([]));
    published(book, &lobby(&directories));
    every_type(book, &directories);
    unreadable(book, &directories);
    out_of_place(book, &directories);
    forbidden(book, &directories);
}

fn given(directory: &str, log: &str) -> Value {
    json!({ "instance": hex(seq::<16>(0x10)), "room": 7, "directory": directory, "log": log })
}

/// The values of the specification.
fn published(book: &mut Book, lobby: &Talk) {
    let known = [
        (
            "create",
            "4f05bad07981c8b0cc29ea0931a8b0ed7d5e5e83a6d1f32eddd4cd120b9f124a",
            "75389e12df33eef8df21a3dd730b7024aa17e74104dc17ee2099bfd2fde7e686b04488cbec523ac40f5410df4125f6f40cde5fa2e2ff874c1acf\
             78521f3e6009",
        ),
        (
            "join",
            "d10840577e001242d4175c919edf36966814fba928c8c80a32dd22744c3b9160",
            "089eafab258b29020bd1ed5ad9a902eeed49cea59e284f4ce684941e517640f59984d2977f9c98f1eb3b10a89a1ba349f91687089c5fd3a7b0fa\
             30e63ca3f30a",
        ),
        (
            "epoch 1",
            "9a4f26170b833a36c03f4885187c73ef6cf3f4481f61afba7ab712b910ba62b8",
            "2ff45b2addbb7a9b1704bfeef028a7fb67973eea3736ceb62259d2099ec5d364b76dc4af8b68f5f35c3c3ca5330c9ad12f1d31e6b176a1870ec3\
             eec3aa1b510b",
        ),
    ];
    for ((name, hash, signature), (bytes, own)) in known.iter().zip(&lobby.entries) {
        assert_eq!(hex(own.0), *signature, "{name}");
        book.known(
            "C-1",
            &format!("read: {name}"),
            "entry_parse",
            json!({ "e": hex(bytes) }),
            &json!({ "hash": hash }),
        );
    }
    let epoch2 = lobby.log.head();
    assert_eq!(
        hex(epoch2),
        "5d451c48d6cbe6928c9d68fec90febc7c6c2b324fe18680c56f641e8948fe0fb"
    );
    book.case("C-1", "the lobby", "log_apply", given("two", "lobby"));
    book.case(
        "C-1",
        "an invite room with every role",
        "log_apply",
        given("early", "council"),
    );
    book.case("C-1", "a direct conversation", "log_apply", given("two", "pair"));
    book.case(
        "C-1",
        "a room in which keys changed",
        "log_apply",
        given("five", "aged"),
    );
    book.case(
        "C-1",
        "half of it",
        "log_apply",
        with(&given("two", "lobby"), json!({ "log_upto": 2 })),
    );
}

/// One more entry of each type that is taken, with its bytes read.
fn every_type(book: &mut Book, directories: &Directories) {
    let council = council(directories);
    let signed = |person: &Person, body: Body| {
        let generation = council.generation(person);
        council
            .draft(person, generation, body)
            .sign(&person.key(generation))
    };
    let lobby = lobby(directories);
    let policy = Policy {
        open: true,
        members_add: true,
        name: "Everybody".to_owned(),
        ..lobby_policy()
    };
    for (name, person, body) in [
        ("add", &BOB, council.add_body(&DAVE)),
        ("an add that lifts a ban", &BOB, council.add_body(&ERIN)),
        ("remove", &BOB, remove_body(&CAROL, false)),
        ("remove and ban", &ALICE, remove_body(&BOB, true)),
        ("a ban afterwards", &BOB, remove_body(&DAVE, true)),
        ("leave", &CAROL, Body::Leave),
        ("role", &ALICE, role_body(&CAROL, Role::Owner)),
        ("policy", &ALICE, Body::Policy(policy)),
        ("epoch", &CAROL, Body::Epoch(council.epoch_body(Reason::NoKey))),
        (
            "an epoch for fewer",
            &CAROL,
            Body::Epoch(EpochBody {
                readers: council
                    .readers()
                    .into_iter()
                    .filter(|it| it.user == CAROL.user())
                    .collect(),
                ..council.epoch_body(Reason::NoKey)
            }),
        ),
    ] {
        let (bytes, signature) = signed(person, body);
        book.case(
            "C-1",
            &format!("read: {name}"),
            "entry_parse",
            json!({ "e": hex(&bytes) }),
        );
        let given = with(
            &given("early", "council"),
            json!({ "then": signed_json(&bytes, &signature) }),
        );
        book.case("C-1", name, "log_apply", given);
    }
    let keeps = lobby.draft(&BOB, 1, Body::Leave).sign(&BOB.key(1));
    book.case(
        "C-1",
        "a member leaves an open room",
        "log_apply",
        with(
            &given("two", "lobby"),
            json!({ "then": signed_json(&keeps.0, &keeps.1) }),
        ),
    );
    let erased = aged(directories);
    let late = erased
        .draft(&ALICE, 1, remove_body(&DAVE, false))
        .sign(&ALICE.key(1));
    let with_erased = with(
        &given("erased", "aged"),
        json!({ "then": signed_json(&late.0, &late.1) }),
    );
    book.case(
        "C-1",
        "a log that names an erased account still verifies",
        "log_apply",
        with_erased,
    );
}

/// An entry with a body that no type has.
fn raw(talk: &Talk, number: u8, body: &[u8]) -> Vec<u8> {
    Writer::new(Label::RoomEntry)
        .u16(SUITE)
        .raw(instance().as_bytes())
        .u64(7)
        .u64(talk.log.len())
        .raw(&talk.log.head())
        .u64(ALICE.id)
        .u32(1)
        .u64(talk.dir_seq)
        .raw(talk.directory.head_at(talk.dir_seq).unwrap())
        .u64(talk.at)
        .u8(number)
        .prefixed(body)
        .finish()
}

fn unreadable(book: &mut Book, directories: &Directories) {
    let lobby = lobby(directories);
    let mut refuse = |name: &str, bytes: Vec<u8>, code: &str| {
        let signature = ALICE.key(1).sign(&bytes);
        let given = with(
            &given("two", "lobby"),
            json!({ "then": signed_json(&bytes, &signature) }),
        );
        book.refused("C-1", name, "log_apply", given, code);
    };
    let good = raw(&lobby, 5, &[]);
    let mut longer = good.clone();
    longer.push(0);
    refuse("a byte more", longer, "malformed");
    refuse("a byte less", good[..good.len() - 1].to_vec(), "malformed");
    let mut later = good.clone();
    later[27] = 2;
    assert_eq!(later[26..28], [0, 2]);
    refuse("another suite", later, "unsupported_suite");
    let mut other = good;
    other[20] ^= 1;
    refuse("another label", other, "malformed");

    let time = Entry {
        at: 1 << 53,
        ..lobby.draft(&ALICE, 1, Body::Leave)
    };
    refuse("a time that JavaScript cannot count", time.encode(), "malformed");
    let nobody = Entry {
        actor_generation: 0,
        ..lobby.draft(&ALICE, 1, Body::Leave)
    };
    refuse("generation 0", nobody.encode(), "malformed");
    for number in [0, 9, 10, 255] {
        refuse(&format!("type {number}"), raw(&lobby, number, &[]), "malformed");
    }
    refuse("a leave with a body", raw(&lobby, 5, &[0]), "malformed");
    refuse(
        "a body of 64 KiB and one byte",
        raw(&lobby, 5, &vec![0; 65_537]),
        "malformed",
    );

    let add = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = lobby.add_body(&CAROL).encode();
        change(&mut body);
        raw(&lobby, 2, &body)
    };
    refuse("an add with a role", add(&|it| it[44] = 1), "malformed");
    refuse("an add of generation 0", add(&|it| it[11] = 0), "malformed");
    let mut join = lobby.join_body(&CAROL).encode();
    *join.last_mut().unwrap() = 1;
    join.push(0);
    refuse("a join with a proof", raw(&lobby, 3, &join), "malformed");
    let role = |role: u8| [43_u64.to_be_bytes().as_slice(), &[role]].concat();
    refuse("role 3", raw(&lobby, 6, &role(3)), "malformed");
    let remove = |ban: u8, reason: &[u8]| Writer::inner().u64(43).u8(ban).prefixed(reason).finish();
    refuse("a ban of 2", raw(&lobby, 4, &remove(2, b"")), "malformed");
    refuse(
        "a reason of 201 bytes",
        raw(&lobby, 4, &remove(0, &[b'x'; 201])),
        "malformed",
    );
    refuse(
        "a reason with a line break",
        raw(&lobby, 4, &remove(0, b"a\nb")),
        "malformed",
    );
    refuse(
        "a reason that is not UTF-8",
        raw(&lobby, 4, &remove(0, &[0xff])),
        "malformed",
    );
    rules(&mut refuse, &lobby);
    epochs(&mut refuse, &lobby);
}

fn rules(refuse: &mut impl FnMut(&str, Vec<u8>, &str), lobby: &Talk) {
    let policy = |policy: Policy| raw(lobby, 7, &Body::Policy(policy).encode());
    for (name, it) in [
        (
            "99 messages an epoch",
            Policy {
                rot_msgs: 99,
                ..lobby_policy()
            },
        ),
        (
            "3,599 seconds an epoch",
            Policy {
                rot_secs: 3599,
                ..lobby_policy()
            },
        ),
        (
            "a name of 81 bytes",
            Policy {
                name: "x".repeat(81),
                ..lobby_policy()
            },
        ),
        (
            "a name with a control character",
            Policy {
                name: "a\u{85}".to_owned(),
                ..lobby_policy()
            },
        ),
        (
            "a name that turns the writing round",
            Policy {
                name: "a\u{202e}b".to_owned(),
                ..lobby_policy()
            },
        ),
        (
            "a name in two lines",
            Policy {
                name: "a\u{2028}b".to_owned(),
                ..lobby_policy()
            },
        ),
    ] {
        refuse(name, policy(it), "malformed");
    }
    let mut flags = Body::Policy(lobby_policy()).encode();
    flags[0] = 2;
    refuse("a flag of 2", raw(lobby, 7, &flags), "malformed");
    for (name, kind, it) in [
        (
            "a group without a name",
            Kind::Group,
            Policy {
                name: String::new(),
                ..lobby_policy()
            },
        ),
        (
            "a direct conversation that is open",
            Kind::Direct,
            Policy {
                open: true,
                ..pair_policy()
            },
        ),
        (
            "a direct conversation to which people are added",
            Kind::Direct,
            Policy {
                members_add: true,
                ..pair_policy()
            },
        ),
        (
            "a direct conversation with a name",
            Kind::Direct,
            Policy {
                name: "x".to_owned(),
                ..pair_policy()
            },
        ),
    ] {
        let create = Body::Create(Create {
            kind,
            policy: it,
            key: ALICE.public(1),
        });
        refuse(name, raw(lobby, 1, &create.encode()), "malformed");
    }
}

fn epochs(refuse: &mut impl FnMut(&str, Vec<u8>, &str), lobby: &Talk) {
    let body = lobby.epoch_body(Reason::Schedule);
    let mut epoch = |name: &str, change: &dyn Fn(&mut EpochBody)| {
        let mut body = body.clone();
        change(&mut body);
        refuse(name, raw(lobby, 8, &Body::Epoch(body).encode()), "malformed");
    };
    epoch("epoch 0", &|it| it.number = 0);
    epoch("a first epoch after another", &|it| it.number = 1);
    epoch("a later epoch after none", &|it| it.previous = [0; 32]);
    epoch("readers out of order", &|it| it.readers.reverse());
    epoch("a reader twice", &|it| it.readers[1] = it.readers[0]);
    epoch("a reader with encryption key 0", &|it| it.readers[0].kem = 0);
    let bytes = Body::Epoch(body).encode();
    let mut changed = |name: &str, at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        refuse(name, raw(lobby, 8, &bytes), "malformed");
    };
    changed("history 2", 68, 2);
    changed("reason 0", 69, 0);
    changed("reason 8", 69, 8);
    changed("more readers than are listed", 73, 3);
    changed("fewer readers than are listed", 73, 1);
    changed("2,001 readers", 72, 8);
}

fn out_of_place(book: &mut Book, directories: &Directories) {
    let lobby = lobby(directories);
    let mut refuse = |name: &str, entry: Entry, person: &Person, code: &str| {
        let (bytes, signature) = entry.sign(&person.key(entry.actor_generation.min(2)));
        let given = with(
            &given("two", "lobby"),
            json!({ "then": signed_json(&bytes, &signature) }),
        );
        book.refused("C-1", name, "log_apply", given, code);
    };
    let leave = || lobby.draft(&BOB, 1, Body::Leave);
    refuse(
        "of another room",
        Entry {
            room: RoomId::new(8).unwrap(),
            ..leave()
        },
        &BOB,
        "wrong_room",
    );
    refuse(
        "of another installation",
        Entry {
            instance: InstanceId([0; 16]),
            ..leave()
        },
        &BOB,
        "wrong_room",
    );
    refuse(
        "a place too early",
        Entry { seq: 3, ..leave() },
        &BOB,
        "log_conflict",
    );
    refuse(
        "a place too late",
        Entry { seq: 5, ..leave() },
        &BOB,
        "log_conflict",
    );
    refuse(
        "after another entry",
        Entry {
            previous: [3; 32],
            ..leave()
        },
        &BOB,
        "log_conflict",
    );
    refuse(
        "by a stranger",
        lobby.draft(&CAROL, 1, Body::Leave),
        &CAROL,
        "not_member",
    );
    refuse(
        "by another identity of a member",
        lobby.draft(&BOB, 2, Body::Leave),
        &BOB,
        "not_member",
    );
    refuse("signed by somebody else", leave(), &ALICE, "bad_signature");
    refuse(
        "a create in a room that is",
        lobby.draft(&ALICE, 1, create_body()),
        &ALICE,
        "forbidden",
    );
    refuse(
        "another head of the directory",
        Entry {
            dir_head: [4; 32],
            ..leave()
        },
        &BOB,
        "bad_directory",
    );
    refuse(
        "a place beyond the directory",
        Entry {
            dir_seq: 2,
            ..leave()
        },
        &BOB,
        "bad_directory",
    );
    let earlier = Entry {
        dir_seq: 0,
        dir_head: *lobby.directory.head_at(0).unwrap(),
        ..leave()
    };
    refuse(
        "an earlier place of the directory",
        earlier,
        &BOB,
        "bad_directory",
    );

    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    let mut not_canonical = [0xff; 32];
    not_canonical[0] = 0xee;
    for (name, key) in [
        ("the identity point", identity_point),
        ("a key that is not canonical", not_canonical),
    ] {
        let join = Body::Join(Join { generation: 1, key });
        refuse(
            &format!("a join with {name}"),
            lobby.draft(&CAROL, 1, join),
            &CAROL,
            "weak_key",
        );
        let add = Body::Add(Add {
            user: CAROL.user(),
            generation: 1,
            key,
        });
        refuse(
            &format!("an add with {name}"),
            lobby.draft(&ALICE, 1, add),
            &ALICE,
            "weak_key",
        );
    }

    let (bytes, mut signature) = leave().sign(&BOB.key(1));
    signature.0[7] ^= 1;
    let then = json!({ "then": signed_json(&bytes, &signature) });
    book.refused(
        "C-1",
        "a changed signature",
        "log_apply",
        with(&given("two", "lobby"), then),
        "bad_signature",
    );
    small_order_signature(book, &bytes);
    in_an_empty_log(book, directories);
}

fn create_body() -> Body {
    Body::Create(Create {
        kind: Kind::Group,
        policy: lobby_policy(),
        key: ALICE.public(1),
    })
}

fn small_order_signature(book: &mut Book, bytes: &[u8]) {
    let mut forged = [0; 64];
    forged[0] = 1;
    let then = json!({ "then": signed_json(bytes, &Signature(forged)) });
    let given = with(&given("two", "lobby"), then);
    book.refused(
        "C-1",
        "a signature of the identity point and zero",
        "log_apply",
        given,
        "bad_signature",
    );
}

fn in_an_empty_log(book: &mut Book, directories: &Directories) {
    let empty = Talk::new(&directories.two.directory);
    let five = Talk::new(&directories.five.directory);
    let create = |person: &Person, generation| {
        Body::Create(Create {
            kind: Kind::Group,
            policy: lobby_policy(),
            key: person.public(generation),
        })
    };
    let cases = [
        (
            "a join before there is a room",
            &empty,
            empty.draft(&BOB, 1, empty.join_body(&BOB)),
            &BOB,
            1,
            "forbidden",
        ),
        (
            "a leave before there is a room",
            &empty,
            empty.draft(&BOB, 1, Body::Leave),
            &BOB,
            1,
            "not_member",
        ),
        (
            "a create with somebody else's key",
            &empty,
            empty.draft(&BOB, 1, create(&ALICE, 1)),
            &ALICE,
            1,
            "forbidden",
        ),
        (
            "a create by a former identity",
            &five,
            five.draft(&CAROL, 1, create(&CAROL, 1)),
            &CAROL,
            1,
            "forbidden",
        ),
        (
            "a create of another generation",
            &five,
            five.draft(&CAROL, 3, create(&CAROL, 2)),
            &CAROL,
            2,
            "forbidden",
        ),
        (
            "a create by a closed account",
            &five,
            five.draft(&DAVE, 1, create(&DAVE, 1)),
            &DAVE,
            1,
            "forbidden",
        ),
        (
            "a create by somebody whom the directory has not",
            &empty,
            empty.draft(&ERIN, 1, create(&ERIN, 1)),
            &ERIN,
            1,
            "forbidden",
        ),
    ];
    for (name, talk, entry, person, generation, code) in cases {
        let (bytes, signature) = entry.sign(&person.key(generation));
        let directory = if std::ptr::eq(talk, &raw const five) {
            "five"
        } else {
            "two"
        };
        let given = with(
            &given(directory, "empty"),
            json!({ "then": signed_json(&bytes, &signature) }),
        );
        book.refused("C-1", name, "log_apply", given, code);
    }
}

fn forbidden(book: &mut Book, directories: &Directories) {
    let mut refuse =
        |name: &str, (directory, log): (&str, &str), talk: &Talk, person: &Person, body: Body| {
            let generation = talk.generation(person);
            let (bytes, signature) = talk.draft(person, generation, body).sign(&person.key(generation));
            let given = with(
                &given(directory, log),
                json!({ "then": signed_json(&bytes, &signature) }),
            );
            book.refused("C-1", name, "log_apply", given, "forbidden");
        };
    let council = council(directories);
    let early = ("early", "council");
    let renamed = Body::Policy(Policy {
        name: String::new(),
        ..lobby_policy()
    });
    for (name, person, body) in [
        ("a join where people are invited", &DAVE, council.join_body(&DAVE)),
        ("an add by a member", &CAROL, council.add_body(&DAVE)),
        ("an add of a member", &ALICE, council.add_body(&BOB)),
        (
            "an add of an unknown identity",
            &ALICE,
            Body::Add(Add {
                user: DAVE.user(),
                generation: 2,
                key: DAVE.public(2),
            }),
        ),
        (
            "an add with somebody else's key",
            &ALICE,
            Body::Add(Add {
                user: DAVE.user(),
                generation: 1,
                key: BOB.public(1),
            }),
        ),
        ("a removal by a member", &CAROL, remove_body(&BOB, false)),
        (
            "a removal of the owner by a moderator",
            &BOB,
            remove_body(&ALICE, false),
        ),
        ("a removal of oneself", &ALICE, remove_body(&ALICE, true)),
        ("a removal of a former member", &BOB, remove_body(&DAVE, false)),
        ("a second ban", &BOB, remove_body(&ERIN, true)),
        ("the last owner leaves", &ALICE, Body::Leave),
        (
            "the last owner is lowered",
            &ALICE,
            role_body(&ALICE, Role::Moderator),
        ),
        (
            "a role given by a moderator",
            &BOB,
            role_body(&CAROL, Role::Moderator),
        ),
        (
            "a role for a former member",
            &ALICE,
            role_body(&DAVE, Role::Member),
        ),
        ("rules set by a moderator", &BOB, Body::Policy(lobby_policy())),
        ("a group's name taken away", &ALICE, renamed),
    ] {
        refuse(name, early, &council, person, body);
    }

    let lobby = lobby(directories);
    refuse(
        "a join of a member",
        ("two", "lobby"),
        &lobby,
        &BOB,
        lobby.join_body(&BOB),
    );
    let two = Body::Join(Join {
        generation: 2,
        key: BOB.public(1),
    });
    refuse(
        "a join of another generation",
        ("two", "lobby"),
        &lobby,
        &BOB,
        two,
    );
    let banned = banned(directories);
    refuse(
        "a join of somebody banned",
        ("two", "banned"),
        &banned,
        &BOB,
        banned.join_body(&BOB),
    );
    refuse_epochs(&mut refuse, directories);

    let pair = pair(directories);
    for (name, person, body) in [
        (
            "somebody third in a direct conversation",
            &ALICE,
            pair.add_body(&CAROL),
        ),
        ("a direct conversation is left", &BOB, Body::Leave),
        (
            "a removal in a direct conversation",
            &ALICE,
            remove_body(&BOB, false),
        ),
        (
            "a role in a direct conversation",
            &ALICE,
            role_body(&BOB, Role::Owner),
        ),
        (
            "a direct conversation is opened",
            &ALICE,
            Body::Policy(Policy {
                open: true,
                ..pair_policy()
            }),
        ),
        (
            "a direct conversation is named",
            &ALICE,
            Body::Policy(Policy {
                name: "x".to_owned(),
                ..pair_policy()
            }),
        ),
        (
            "rules of a direct conversation by the other side",
            &BOB,
            Body::Policy(pair_policy()),
        ),
    ] {
        refuse(name, ("two", "pair"), &pair, person, body);
    }
    alone(book, directories);
}

/// A direct conversation before anybody was added.
fn alone(book: &mut Book, directories: &Directories) {
    let mut alone = Talk::new(&directories.two.directory);
    alone.create(&ALICE, Kind::Direct, pair_policy());
    for (name, body) in [
        (
            "an epoch before the other side is there",
            Body::Epoch(alone.epoch_body(Reason::First)),
        ),
        (
            "rules before the other side is there",
            Body::Policy(pair_policy()),
        ),
        ("a direct conversation with oneself", alone.add_body(&ALICE)),
    ] {
        let (bytes, signature) = alone.draft(&ALICE, 1, body).sign(&ALICE.key(1));
        let then = json!({ "log_upto": 1, "then": signed_json(&bytes, &signature) });
        book.refused(
            "C-1",
            name,
            "log_apply",
            with(&given("two", "pair"), then),
            "forbidden",
        );
    }
}

type Refuse<'a> = dyn FnMut(&str, (&str, &str), &Talk, &Person, Body) + 'a;

fn refuse_epochs(refuse: &mut Refuse<'_>, directories: &Directories) {
    let council = council(directories);
    let early = ("early", "council");
    let body = council.epoch_body(Reason::Schedule);
    let reader = |person: &Person, generation, kem| Reader {
        user: person.user(),
        generation,
        kem,
    };
    let mut epoch = |name: &str, change: &dyn Fn(&mut EpochBody)| {
        let mut body = body.clone();
        change(&mut body);
        refuse(name, early, &council, &CAROL, Body::Epoch(body));
    };
    epoch("an epoch's number skipped", &|it| it.number += 1);
    epoch("an epoch after another", &|it| it.previous = [5; 32]);
    epoch("an epoch of another history", &|it| it.shared_history = true);
    epoch("an epoch without its author", &|it| {
        it.readers.retain(|reader| reader.user != CAROL.user());
    });
    epoch("an epoch for a former member", &|it| {
        it.readers.push(reader(&DAVE, 1, 1));
    });
    epoch("an epoch for a stranger", &|it| {
        it.readers.push(reader(&ERIN, 1, 1));
    });
    epoch("an epoch for another identity", &|it| {
        it.readers[1].generation = 2;
    });
    epoch("an epoch with an encryption key that is not published", &|it| {
        it.readers[1].kem = 2;
    });

    // The directory has newer keys than the room's members came with.
    let mut aged = aged(directories);
    aged.dir_seq = 7;
    let five = ("five", "aged");
    let lists = |readers: &[Reader]| {
        let mut body = aged.epoch_body(Reason::KeyRotated);
        body.readers = readers.to_vec();
        Body::Epoch(body)
    };
    let alice = reader(&ALICE, 1, 1);
    refuse(
        "an epoch for an encryption key of before",
        five,
        &aged,
        &ALICE,
        lists(&[alice, reader(&BOB, 1, 1)]),
    );
    refuse(
        "an epoch for a reset identity under the old one",
        five,
        &aged,
        &ALICE,
        lists(&[alice, reader(&CAROL, 1, 2)]),
    );
    refuse(
        "an epoch for a reset identity that was not added",
        five,
        &aged,
        &ALICE,
        lists(&[alice, reader(&CAROL, 2, 2)]),
    );
    refuse(
        "an epoch for a closed account",
        five,
        &aged,
        &ALICE,
        lists(&[alice, reader(&DAVE, 1, 1)]),
    );
    let old = Add {
        user: CAROL.user(),
        generation: 1,
        key: CAROL.public(1),
    };
    let gone = gone(directories);
    refuse(
        "an add of a former identity",
        ("five", "gone"),
        &gone,
        &ALICE,
        Body::Add(old),
    );
    let closed = Add {
        user: DAVE.user(),
        generation: 1,
        key: DAVE.public(1),
    };
    refuse(
        "an add of a closed account",
        ("five", "gone"),
        &gone,
        &ALICE,
        Body::Add(closed),
    );
}
