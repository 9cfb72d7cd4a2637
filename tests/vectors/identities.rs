//! B-2, B-3: identity statements and the directory.

use chat_e2ee::hash::sha256;
use chat_e2ee::identity::Statement;
use chat_e2ee::ids::{InstanceId, Usr};
use serde_json::{Value, json};

use crate::bytes::{hex, seq, unhex};
use crate::sections::{Book, with};
use crate::world::{ALICE, BOB, CAROL, DAVE, Person, Statements, T0};

/// The directories of the fixtures.
pub(crate) struct Directories {
    /// Alice and Bob: the specification's.
    pub(crate) two: Statements,
    /// Five people; Bob with a newer encryption key, Carol with a new identity, Dave gone.
    pub(crate) five: Statements,
    /// Five people with their first keys.
    pub(crate) early: Statements,
}

pub(crate) fn directories() -> Directories {
    let mut two = Statements::new();
    two.join(&ALICE).join(&BOB);
    let mut early = two.clone();
    early.join(&CAROL).join(&DAVE).join(&crate::world::ERIN);
    let mut five = early.clone();
    let rotated = five.rotation(&BOB);
    five.append(&BOB, rotated, false);
    let reset = five.reset(&CAROL);
    five.append(&CAROL, reset, true);
    let closed = five.closing(&DAVE);
    five.append(&DAVE, closed, false);
    Directories { two, five, early }
}

pub(crate) fn write(book: &mut Book) {
    statements(book);
    chain(book);
}

fn instance() -> String {
    hex(seq::<16>(0x10))
}

fn signed(person: &Person, statement: &Statement, previous: Option<&Statement>, continued: bool) -> Value {
    let former = (continued && statement.generation > 1).then(|| person.key(statement.generation - 1));
    let signed = statement.sign(&person.key(statement.generation), former.as_ref());
    json!({
        "instance": instance(),
        "previous": previous.map(|it| hex(it.encode())),
        "t": hex(&signed.bytes),
        "s": hex(signed.signature.0),
        "ps": signed.continuation.map(|ps| hex(ps.0)),
    })
}

fn statements(book: &mut Book) {
    let mut grown = Statements::new();
    let first = grown.first(&ALICE);
    let check = signed(&ALICE, &first, None, false);
    let tbs = "00000014653265652d636861742f31206964656e746974790001101112131415161718191a1b1c1d1e1f000000000000002a00000007616c\
        6963655f31000000010000000179b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad0496645869aff450549732cbaaed5e5d\
        f9b30a6da31cb0e5742bad5ad4a1a768f1a67b0000000000000000000000000000000000000000000000000000000000000000000000019b76da\
        a800";
    assert_eq!(check["t"], tbs);
    let hash = "319a9348f33794be062a1116cff16090cf1fbf8df156c2c2fec9c71fd6bf3b1e";
    book.known(
        "B-2",
        "read",
        "statement_parse",
        json!({ "t": tbs }),
        &json!({ "hash": hash, "usr": "alice_1" }),
    );
    let sig = "94af42b62232a95758d62733e5afc9ffc7f8081f00c071d4c5f94e5a1e707e620dbf3493d3691e99edc9c02df51e46dad7ff6db7413a6b2a\
        2efe5539f0163d08";
    book.known(
        "B-2",
        "signed",
        "statement_sign",
        json!({ "ed_seed": hex(ALICE.seed(1)), "previous_ed_seed": null, "t": tbs }),
        &json!({ "s": sig, "ps": null }),
    );
    book.known(
        "B-2",
        "the first statement",
        "statement_check",
        check.clone(),
        &json!({ "hash": hash }),
    );

    grown.join(&ALICE);
    let rotation = grown.rotation(&ALICE);
    book.case(
        "B-2",
        "a new encryption key",
        "statement_check",
        signed(&ALICE, &rotation, Some(&first), false),
    );
    let reset = grown.reset(&ALICE);
    let continued = signed(&ALICE, &reset, Some(&first), true);
    book.case(
        "B-2",
        "signed by the former key as well",
        "statement_sign",
        json!({ "ed_seed": hex(ALICE.seed(2)), "previous_ed_seed": hex(ALICE.seed(1)), "t": continued["t"] }),
    );
    book.case(
        "B-2",
        "a new identity, confirmed by the old key",
        "statement_check",
        continued.clone(),
    );
    book.case(
        "B-2",
        "a new identity, not confirmed",
        "statement_check",
        signed(&ALICE, &reset, Some(&first), false),
    );
    let closing = grown.closing(&ALICE);
    book.case(
        "B-2",
        "a closed account",
        "statement_check",
        signed(&ALICE, &closing, Some(&first), false),
    );

    let after_closing = Statement {
        previous: sha256(&closing.encode()),
        closed: false,
        kem: 2,
        agreement: ALICE.agreement(2),
        ..closing.clone()
    };
    let conflicts: [(&str, Statement, Option<&Statement>); 18] = [
        (
            "a first statement of generation 2",
            Statement {
                generation: 2,
                signing: ALICE.public(2),
                ..first.clone()
            },
            None,
        ),
        (
            "a first statement of encryption key 2",
            Statement {
                kem: 2,
                ..first.clone()
            },
            None,
        ),
        (
            "a first statement that names one before",
            Statement {
                previous: [7; 32],
                ..first.clone()
            },
            None,
        ),
        (
            "a first statement of a closed account",
            Statement {
                closed: true,
                ..first.clone()
            },
            None,
        ),
        ("the same again", first.clone(), Some(&first)),
        (
            "another statement before",
            Statement {
                previous: [7; 32],
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "another user",
            Statement {
                user: BOB.user(),
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "another name",
            Statement {
                usr: usr("alice_2"),
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "an encryption key skipped",
            Statement {
                kem: 3,
                agreement: ALICE.agreement(3),
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "a new number for the old encryption key",
            Statement {
                agreement: first.agreement,
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "a new encryption key under the old number",
            Statement {
                kem: 1,
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "a rotation that closes",
            Statement {
                closed: true,
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "a new identity with the old signing key",
            Statement {
                signing: first.signing,
                ..reset.clone()
            },
            Some(&first),
        ),
        (
            "a new identity with the old encryption key",
            Statement {
                kem: 1,
                agreement: first.agreement,
                ..reset.clone()
            },
            Some(&first),
        ),
        (
            "a generation skipped",
            Statement {
                generation: 3,
                signing: ALICE.public(3),
                ..reset.clone()
            },
            Some(&first),
        ),
        (
            "another signing key in the same generation",
            Statement {
                signing: ALICE.public(2),
                generation: 1,
                ..rotation.clone()
            },
            Some(&first),
        ),
        (
            "a closing with other keys",
            Statement {
                kem: 2,
                agreement: ALICE.agreement(2),
                ..closing.clone()
            },
            Some(&first),
        ),
        ("anything after closing", after_closing, Some(&closing)),
    ];
    for (name, statement, previous) in conflicts {
        let person = if name == "a new identity with the old signing key" {
            1
        } else {
            statement.generation
        };
        let key = if name == "another signing key in the same generation" {
            2
        } else {
            person
        };
        let bytes = statement.encode();
        let given = json!({
            "instance": instance(), "previous": previous.map(|it| hex(it.encode())), "t": hex(&bytes),
            "s": hex(ALICE.key(key).sign(&bytes).0), "ps": null,
        });
        book.refused("B-2", name, "statement_check", given, "identity_conflict");
    }

    for (name, change, code) in [
        (
            "a changed signature",
            json!({ "s": flip(&check["s"], 40) }),
            "bad_signature",
        ),
        (
            "a changed time",
            json!({ "t": flip(&check["t"], tbs.len() / 2 - 1) }),
            "bad_signature",
        ),
        (
            "a former signature where there is no former",
            json!({ "ps": check["s"] }),
            "bad_signature",
        ),
        ("another label", json!({ "t": flip(&check["t"], 5) }), "malformed"),
        (
            "another suite",
            json!({ "t": tbs.replacen("740001", "740002", 1).replacen("790001", "790002", 1) }),
            "unsupported_suite",
        ),
        ("a byte more", json!({ "t": format!("{tbs}00") }), "malformed"),
        ("a byte less", json!({ "t": &tbs[..tbs.len() - 2] }), "malformed"),
        (
            "of another installation",
            json!({ "instance": hex(seq::<16>(0x11)) }),
            "malformed",
        ),
    ] {
        book.refused("B-2", name, "statement_check", with(&check, change), code);
    }
    let unsigned_reset = with(&continued, json!({ "ps": flip(&continued["ps"], 3) }));
    book.refused(
        "B-2",
        "a former signature that does not fit",
        "statement_check",
        unsigned_reset,
        "bad_signature",
    );
    let with_rotation = with(
        &signed(&ALICE, &rotation, Some(&first), false),
        json!({ "ps": check["s"] }),
    );
    book.refused(
        "B-2",
        "a former signature with a rotation",
        "statement_check",
        with_rotation,
        "bad_signature",
    );
    weak(book, &first);
    unreadable(book, &first);
}

fn usr(text: &str) -> Usr {
    Usr::parse(text.as_bytes()).unwrap()
}

fn flip(value: &Value, at: usize) -> String {
    let mut bytes = unhex(value.as_str().unwrap());
    bytes[at] ^= 1;
    hex(bytes)
}

fn weak(book: &mut Book, first: &Statement) {
    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    for (name, statement) in [
        (
            "the identity point signs for everybody",
            Statement {
                signing: identity_point,
                ..first.clone()
            },
        ),
        (
            "an encryption key of order 1",
            Statement {
                agreement: identity_point,
                ..first.clone()
            },
        ),
        (
            "an encryption key of zeros",
            Statement {
                agreement: [0; 32],
                ..first.clone()
            },
        ),
        (
            "an encryption key that is not canonical",
            Statement {
                agreement: [0xff; 32],
                ..first.clone()
            },
        ),
    ] {
        let given = signed(&ALICE, &statement, None, false);
        book.refused("B-2", name, "statement_check", given, "weak_key");
    }
}

fn unreadable(book: &mut Book, first: &Statement) {
    let bytes = first.encode();
    let at_usr = bytes.windows(7).position(|it| it == b"alice_1").unwrap();
    let flags = bytes.len() - 9;
    let change = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        hex(bytes)
    };
    for (name, t) in [
        ("a capital in the name", change(at_usr, b'A')),
        ("a name that is longer than the rest", change(at_usr - 4, 0xff)),
        ("generation 0", change(at_usr + 10, 0)),
        ("encryption key 0", change(at_usr + 14, 0)),
        ("an unknown flag", change(flags, 2)),
        ("a time that JavaScript cannot count", change(flags + 1, 0xff)),
        ("a user that JavaScript cannot count", change(at_usr - 12, 0x20)),
        ("nothing", String::new()),
    ] {
        book.refused(
            "B-2",
            &format!("read: {name}"),
            "statement_parse",
            json!({ "t": t }),
            "malformed",
        );
    }
}

fn chain(book: &mut Book) {
    let Directories { two, five, early } = directories();
    let erased = five.erased(&[DAVE.id]);
    let b = Statement::parse(&signed_bytes(&two, 1)).unwrap();
    assert_eq!(
        hex(sha256(&b.encode())),
        "f4e9e5cf7bc37206cfe2ddde8db79fe31879e6fda4c50be5dc7473490da5a7d3"
    );
    for (name, statements) in [
        ("two", &two),
        ("early", &early),
        ("five", &five),
        ("erased", &erased),
    ] {
        book.fixtures
            .directories
            .insert(name.to_owned(), statements.to_json());
    }
    let given = |directory: &str| json!({ "instance": instance(), "directory": directory });
    let [first, second] = [
        "c65b8d562e2b8c127d253709b728af81f6bffb4e4c06b77376049eca362e6223",
        "d6c7e1b2aed00e102dda06ccd0518387d7d3782f9aad78f86bf448fd9c9e827b",
    ];
    let heads = json!({ "heads": [first, second] });
    book.known("B-3", "two records", "directory_replay", given("two"), &heads);
    let whole = book.case(
        "B-3",
        "with a rotation, a reset and a closing",
        "directory_replay",
        given("five"),
    );
    book.known(
        "B-3",
        "with an erased account: the same heads",
        "directory_replay",
        given("erased"),
        &whole,
    );
    broken(book, &five);

    for (name, i, head, code) in [
        ("a pinned head that it continues", 0, first, ""),
        (
            "a pinned head that it does not continue",
            0,
            second,
            "directory_fork",
        ),
        (
            "a pinned head that it has not come to",
            2,
            second,
            "bad_directory",
        ),
    ] {
        let given = with(&given("two"), json!({ "i": i, "head": head }));
        if code.is_empty() {
            book.case("B-3", name, "directory_pin", given);
        } else {
            book.refused("B-3", name, "directory_pin", given, code);
        }
    }
    signed_heads(book, &given("two"), first, second);
}

fn signed_bytes(statements: &Statements, i: usize) -> Vec<u8> {
    match &statements.records[i].body {
        chat_e2ee::directory::RecordBody::Statement(signed) => signed.bytes.clone(),
        chat_e2ee::directory::RecordBody::Erased { .. } => panic!("erased"),
    }
}

fn signed_heads(book: &mut Book, given: &Value, first: &str, second: &str) {
    let seed = json!({ "instance": instance(), "instance_seed": hex(seq::<32>(0xd1)), "i": 1, "head": second, "ts": T0 + 30 });
    let signed = book.known(
        "B-3",
        "a head signed",
        "directory_head_sign",
        seed,
        &json!({
            "tbs": "00000014653265652d636861742f31206469722d68656164101112131415161718191a1b1c1d1e1f0000000000000001d6c7e1b2aed0\
                0e102dda06ccd0518387d7d3782f9aad78f86bf448fd9c9e827b0000019b76daa81e",
            "sig": "5a670115f8ec4171bc938ee1a16c98bec05065818a908803e984065fa24cd09a4564517b21b5047933e0b66e40e878c84739060502a2\
                d7a3ab3d30139f05630f",
        }),
    );
    let other = book.case(
        "B-3",
        "another head signed",
        "directory_head_sign",
        json!({ "instance": instance(), "instance_seed": hex(seq::<32>(0xd1)), "i": 1, "head": first, "ts": T0 + 30 }),
    );
    let head = with(
        given,
        json!({
            "instance_key": "b79a5770956e8d5e416f49b671092d075615b1ac6ed0a0507b0c9fb2defb008b",
            "i": 1, "head": second, "ts": T0 + 30, "sig": signed["sig"],
        }),
    );
    book.case("B-3", "a signed head", "directory_head", head.clone());
    for (name, change, code) in [
        (
            "a head whose signature does not fit",
            json!({ "sig": flip(&signed["sig"], 1) }),
            "bad_signature",
        ),
        (
            "a head at another time",
            json!({ "ts": T0 + 31 }),
            "bad_signature",
        ),
        (
            "a fork: another head signed for the same place",
            json!({ "head": first, "sig": other["sig"] }),
            "directory_fork",
        ),
    ] {
        book.refused("B-3", name, "directory_head", with(&head, change), code);
    }
}

/// Directories that must not be accepted.
fn broken(book: &mut Book, five: &Statements) {
    let records = five.to_json();
    let records = records.as_array().unwrap();
    let mut edits: Vec<(&str, Vec<Value>, &str)> = Vec::new();
    let mut edit = |name, code, change: &dyn Fn(&mut Vec<Value>)| {
        let mut records = records.clone();
        change(&mut records);
        edits.push((name, records, code));
    };
    edit("a record left out", "bad_directory", &|it| drop(it.remove(1)));
    edit("two records exchanged", "bad_directory", &|it| it.swap(0, 1));
    edit("a number that is not its place", "bad_directory", &|it| {
        it[0]["i"] = 1.into();
    });
    edit("a signature of another statement", "bad_signature", &|it| {
        it[1]["s"] = it[0]["s"].clone();
    });
    edit("a statement twice", "identity_conflict", &|it| {
        let mut again = it[0].clone();
        again["i"] = it.len().into();
        it.push(again);
    });
    edit("a statement of an erased account", "identity_conflict", &|it| {
        let erased = json!({ "i": 3, "ts": it[3]["ts"], "h": crate::bytes::b64u([9; 32]), "user_id": 45 });
        it[3] = erased;
    });
    let mut two = Statements::new();
    two.join(&ALICE);
    let thief = Statement {
        usr: usr("alice_1"),
        ..two.first(&BOB)
    };
    let signed = Statements::sign(&BOB, &thief, false);
    let theft = chat_e2ee::directory::Record {
        i: 1,
        at: T0,
        body: chat_e2ee::directory::RecordBody::Statement(signed),
    };
    edit("one name under two users", "identity_conflict", &|it| {
        it.truncate(1);
        it.push(crate::world::record_json(&theft));
    });
    let foreign = Statement {
        instance: InstanceId([1; 16]),
        ..two.first(&BOB)
    };
    let signed = Statements::sign(&BOB, &foreign, false);
    let foreign = chat_e2ee::directory::Record {
        i: 1,
        at: T0,
        body: chat_e2ee::directory::RecordBody::Statement(signed),
    };
    edit("a statement of another installation", "malformed", &|it| {
        it.truncate(1);
        it.push(crate::world::record_json(&foreign));
    });
    for (name, records, code) in edits {
        let fixture = format!("broken: {name}");
        book.fixtures.directories.insert(fixture.clone(), records.into());
        let given = json!({ "instance": instance(), "directory": fixture });
        book.refused("B-3", name, "directory_replay", given, code);
    }
}
