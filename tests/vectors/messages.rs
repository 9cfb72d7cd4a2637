//! D-1 to D-4, E-1, F-1 and N-1 to N-12: messages, reports, files, what people compare, and what must be refused.

use chat_e2ee::encoding::{base64url, from_base64url};
use chat_e2ee::header::{Header, Kind};
use chat_e2ee::hpke::derive_key_pair;
use chat_e2ee::ids::{FileId, Mid, Sid};
use chat_e2ee::log::Body;
use chat_e2ee::message::message_key;
use chat_e2ee::secret::{EphemeralSeed, Secret};
use serde_json::{Value, json};

use crate::bytes::{b64u, hex, seq, unhex};
use crate::identities::directories;
use crate::logs::lobby;
use crate::sections::{Book, with};
use crate::world::{ALICE, BOB, CAROL, Person, T0, Talk, instance, room, secret};

const CONTENT: &str = r#"{"v":1,"t":"text","body":"Hello, world! ☃"}"#;

pub(crate) fn write(book: &mut Book) {
    let lobby = lobby(&directories());
    headers(book, &lobby);
    let envelope = full_message(book, &lobby);
    contents(book);
    padding(book);
    reports(book, &envelope);
    files(book);
    trust(book, &lobby);
    refusals(book, &lobby, &envelope);
}

/// The header of the specification's message.
fn header(lobby: &Talk) -> Header {
    let epoch = lobby.log.room().unwrap().epoch_number(1).unwrap().hash;
    Header {
        instance: instance(),
        room: room(),
        epoch: 1,
        epoch_hash: epoch,
        log_head: epoch,
        sender: ALICE.user(),
        generation: 1,
        mid: Mid(seq(0xe0)),
        sid: Sid(seq(0xf0)),
        n: 0,
        parent: [0; 32],
        kind: Kind::Message,
        target: Mid::NONE,
        ts: T0 + 300,
        files: Vec::new(),
    }
}

fn follow_up(lobby: &Talk, kind: Kind) -> Header {
    Header {
        kind,
        target: Mid(seq(0xe0)),
        mid: Mid([kind.number(); 16]),
        n: kind.number().into(),
        ..header(lobby)
    }
}

fn headers(book: &mut Book, lobby: &Talk) {
    let one = header(lobby);
    let with_files = |count: u8| Header {
        files: (1..=count).map(|i| FileId([i; 16])).collect(),
        ..one.clone()
    };
    let parse = |header: &Header| json!({ "h": hex(header.encode()) });
    book.known(
        "D-1",
        "without a file",
        "header_parse",
        parse(&one),
        &json!({ "length": 211, "kind": 1, "mid": hex(seq::<16>(0xe0)), "ts": T0 + 300 }),
    );
    for count in [1, 2, 20] {
        let name = format!("with {count} files");
        book.known(
            "D-1",
            &name,
            "header_parse",
            parse(&with_files(count)),
            &json!({ "length": 211 + 16 * usize::from(count) }),
        );
    }
    for (name, kind) in [
        ("an edit", Kind::Edit),
        ("a redaction", Kind::Redaction),
        ("a reaction", Kind::Reaction),
    ] {
        book.case("D-1", name, "header_parse", parse(&follow_up(lobby, kind)));
    }

    let twice = Header {
        files: vec![FileId([1; 16]), FileId([1; 16])],
        ..one.clone()
    };
    let bytes = one.encode();
    let change = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        hex(bytes)
    };
    // From the end: files 1, time 8, target 16, kind 1, parent 32, n 4, sid 8, mid 16, generation 4, sender 8.
    let end = bytes.len();
    for (name, h, code) in [
        ("21 files", hex(with_files(21).encode()), "malformed"),
        ("a file twice", hex(twice.encode()), "malformed"),
        ("more files than are listed", change(end - 1, 1), "malformed"),
        ("kind 0", change(end - 26, 0), "malformed"),
        ("kind 5", change(end - 26, 5), "malformed"),
        ("a message with a target", change(end - 25, 1), "malformed"),
        ("an edit without a target", change(end - 26, 2), "malformed"),
        ("generation 0", change(end - 87, 0), "malformed"),
        (
            "a sender that JavaScript cannot count",
            change(end - 98, 0x20),
            "malformed",
        ),
        (
            "a time that JavaScript cannot count",
            change(end - 9, 0x20),
            "malformed",
        ),
        ("a byte more", format!("{}00", hex(&bytes)), "malformed"),
        ("a byte less", hex(&bytes[..end - 1]), "malformed"),
        ("another label", change(18, b'h'), "malformed"),
        ("another suite", change(20, 2), "unsupported_suite"),
        ("nothing", String::new(), "malformed"),
    ] {
        book.refused("D-1", name, "header_parse", json!({ "h": h }), code);
    }
    let first_epoch = one.encode().windows(4).position(|it| it == [0, 0, 0, 1]).unwrap();
    book.refused(
        "D-1",
        "epoch 0",
        "header_parse",
        json!({ "h": change(first_epoch + 3, 0) }),
        "malformed",
    );
}

fn seal(header: &Header, person: &Person, content: &str) -> Value {
    json!({
        "ed_seed": hex(person.seed(1)), "es": hex(secret(header.epoch).expose()), "h": hex(header.encode()),
        "content": content, "fk": hex(seq::<32>(0x05)), "iv": hex(seq::<12>(0xb0)),
    })
}

fn receive(envelope: &Value) -> Value {
    json!({
        "instance": hex(seq::<16>(0x10)), "room": 7, "directory": "two", "log": "lobby", "seen": [],
        "secrets": { "1": hex(secret(1).expose()), "2": hex(secret(2).expose()) }, "envelope": envelope,
    })
}

fn full_message(book: &mut Book, lobby: &Talk) -> Value {
    let sealed = book.known(
        "D-2",
        "sealed",
        "message_seal",
        seal(&header(lobby), &ALICE, CONTENT),
        &json!({
            "commit": "78d001d5765eeaf4facacd89c054e22207b9131fc4a5167e62d1eeda38a25d43",
            "key": "74ab10db85201f1f15d5bfc288528fb6766526e1ab12fe2d09435bef0a893076",
            "ct_sha256": "b1cf3e2daf47341427e4a5fc8fb726efad4aaea4ba11e28b36fe58a51abbbc19",
            "ct_len": 272,
            "sig": "d3cd301df7a89b4fd71cfaabcedef144c6d69ec9370a2c555180cbfd6e13305e41af1606de897b20fcf0f171e26c21cf37f22ffe9298cdd3\
                82fe6567f0e7cc05",
            "msg_hash": "dbd87ab39aaf59b88c6c9d1d677dd508f197f9d85381735a4c6e19a74afde4ee",
        }),
    );
    let envelope = &sealed["envelope"];
    assert_eq!(envelope.as_str().unwrap().len(), 834);
    let received = json!({
        "sender": 42, "mid": hex(seq::<16>(0xe0)), "msg_hash": sealed["msg_hash"], "content": CONTENT,
    });
    // The second epoch is not yet there at the head that the message names.
    book.known("D-2", "received", "message_receive", receive(envelope), &received);
    let spaced = envelope.as_str().unwrap().replacen(',', " ,\n ", 2);
    book.known(
        "D-2",
        "received with white space in the JSON",
        "message_receive",
        receive(&spaced.into()),
        &received,
    );
    let known = with(&receive(envelope), json!({ "log_upto": 3 }));
    book.known(
        "D-2",
        "received by who has not seen the second epoch",
        "message_receive",
        known,
        &received,
    );

    let later = Header {
        epoch: 2,
        epoch_hash: lobby.log.head(),
        log_head: lobby.log.head(),
        sender: BOB.user(),
        parent: unhex(sealed["msg_hash"].as_str().unwrap()).try_into().unwrap(),
        mid: Mid([7; 16]),
        ..header(lobby)
    };
    for (name, header, person, content) in [
        (
            "an answer in the next epoch",
            later,
            &BOB,
            r#"{"v":1,"t":"text","body":"Hello","reply":"4OHi4-Tl5ufo6err7O3u7w"}"#.to_owned(),
        ),
        (
            "an edit",
            follow_up(lobby, Kind::Edit),
            &ALICE,
            r#"{"v":1,"t":"text","body":"Hello!"}"#.to_owned(),
        ),
        (
            "a redaction",
            follow_up(lobby, Kind::Redaction),
            &ALICE,
            r#"{"v":1,"t":"redaction"}"#.to_owned(),
        ),
        (
            "a reaction",
            follow_up(lobby, Kind::Reaction),
            &BOB,
            r#"{"v":1,"t":"reaction","e":"👍"}"#.to_owned(),
        ),
        (
            "a long text",
            Header {
                mid: Mid([8; 16]),
                ..header(lobby)
            },
            &ALICE,
            format!(r#"{{"v":1,"t":"text","body":"{}"}}"#, "x".repeat(16_384 - 29)),
        ),
    ] {
        let header = Header {
            sender: person.user(),
            ..header
        };
        let sealed = book.case(
            "D-2",
            &format!("sealed: {name}"),
            "message_seal",
            seal(&header, person, &content),
        );
        book.known(
            "D-2",
            &format!("received: {name}"),
            "message_receive",
            receive(&sealed["envelope"]),
            &json!({ "content": content, "sender": person.id }),
        );
    }
    envelope.clone()
}

fn manifest(id: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","k":"{key}","sz":43,"psz":4096,"c":262144,"root":"{root}","name":"fox.txt","mime":"text/plain"{more}}}"#,
        key = b64u(seq::<32>(0x99)),
        root = b64u([3; 32]),
    )
}

fn contents(book: &mut Book) {
    let [one, two] = [1, 2].map(|byte| hex([byte; 16]));
    let [one_wire, two_wire] = [1, 2].map(|byte| b64u([byte; 16]));
    let with_thumb = manifest(
        &one_wire,
        &format!(r#","w":640,"h":480,"thumb":{}"#, manifest(&two_wire, "")),
    );
    let case =
        |kind: u8, files: Value, content: String| json!({ "kind": kind, "files": files, "content": content });
    let text = |fields: &str| format!(r#"{{"v":1,"t":"text","body":"x"{fields}}}"#);
    for (name, given) in [
        ("content: a text", case(1, json!([]), CONTENT.to_owned())),
        ("content: an edited text", case(2, json!([]), CONTENT.to_owned())),
        (
            "content: an unknown field",
            case(1, json!([]), text(r#","new":[1.5e300,{"a":null}]"#)),
        ),
        (
            "content: an unknown type",
            case(1, json!([]), r#"{"v":1,"t":"poll","body":7}"#.to_owned()),
        ),
        (
            "content: mentions, an answer, a thread",
            case(
                1,
                json!([]),
                text(&format!(
                    r#","mentions":[42,43],"reply":"{one_wire}","thread":"{two_wire}""#
                )),
            ),
        ),
        (
            "content: a file",
            case(
                1,
                json!([one]),
                format!(r#"{{"v":1,"t":"file","files":[{}]}}"#, manifest(&one_wire, "")),
            ),
        ),
        (
            "content: a picture and its thumbnail",
            case(
                1,
                json!([one, two]),
                format!(r#"{{"v":1,"t":"file","files":[{with_thumb}]}}"#),
            ),
        ),
        (
            "content: a text with a file",
            case(
                1,
                json!([one]),
                text(&format!(r#","files":[{}]"#, manifest(&one_wire, ""))),
            ),
        ),
        (
            "content: a redaction",
            case(3, json!([]), r#"{"v":1,"t":"redaction"}"#.to_owned()),
        ),
        (
            "content: a reaction",
            case(4, json!([]), r#"{"v":1,"t":"reaction","e":"👍"}"#.to_owned()),
        ),
        (
            "content: escapes",
            case(
                1,
                json!([]),
                r#"{"v":1,"t":"text","body":"\u2603\ud83d\ude00\n\/"}"#.to_owned(),
            ),
        ),
    ] {
        book.case("D-2", name, "content_parse", given);
    }
    let f = || json!([]);
    let deep = |levels: usize| text(&format!(r#","d":{}{}"#, "[".repeat(levels), "]".repeat(levels)));
    book.case(
        "D-2",
        "content: sixteen levels",
        "content_parse",
        case(1, f(), deep(15)),
    );
    for (name, given) in [
        ("content: seventeen levels", case(1, f(), deep(16))),
        (
            "content: another version",
            case(1, f(), r#"{"v":2,"t":"text","body":"x"}"#.to_owned()),
        ),
        (
            "content: a version with a fraction",
            case(1, f(), r#"{"v":1.0,"t":"text","body":"x"}"#.to_owned()),
        ),
        (
            "content: a version with an exponent",
            case(1, f(), r#"{"v":1e0,"t":"text","body":"x"}"#.to_owned()),
        ),
        (
            "content: no version",
            case(1, f(), r#"{"t":"text","body":"x"}"#.to_owned()),
        ),
        (
            "content: no type",
            case(1, f(), r#"{"v":1,"body":"x"}"#.to_owned()),
        ),
        (
            "content: a type that is no text",
            case(1, f(), r#"{"v":1,"t":1}"#.to_owned()),
        ),
        (
            "content: a text without its text",
            case(1, f(), r#"{"v":1,"t":"text"}"#.to_owned()),
        ),
        (
            "content: a text that is none",
            case(1, f(), r#"{"v":1,"t":"text","body":7}"#.to_owned()),
        ),
        ("content: a field twice", case(1, f(), text(r#","body":"y""#))),
        (
            "content: a field twice, once escaped",
            case(1, f(), text(r#","bod\u0079":"y""#)),
        ),
        (
            "content: an unknown field twice, deep inside",
            case(1, f(), text(r#","new":[{"a":1,"a":2}]"#)),
        ),
        (
            "content: half a surrogate",
            case(1, f(), r#"{"v":1,"t":"text","body":"\ud83d"}"#.to_owned()),
        ),
        (
            "content: something after it",
            case(1, f(), format!("{CONTENT} 1")),
        ),
        (
            "content: a byte order mark",
            case(1, f(), format!("\u{feff}{CONTENT}")),
        ),
        ("content: a list", case(1, f(), "[]".to_owned())),
        ("content: nothing", case(1, f(), String::new())),
        ("content: a comment", case(1, f(), format!("{CONTENT}//x"))),
        (
            "content: a comma too many",
            case(1, f(), r#"{"v":1,"t":"text","body":"x",}"#.to_owned()),
        ),
        ("content: NaN", case(1, f(), text(r#","new":NaN"#))),
        (
            "content: a number with a zero before it",
            case(1, f(), text(r#","new":01"#)),
        ),
        (
            "content: a mention that is no id",
            case(1, f(), text(r#","mentions":["42"]"#)),
        ),
        (
            "content: a mention that JavaScript cannot count",
            case(1, f(), text(r#","mentions":[9007199254740992]"#)),
        ),
        (
            "content: a negative mention",
            case(1, f(), text(r#","mentions":[-1]"#)),
        ),
        (
            "content: an answer to no name",
            case(1, f(), text(r#","reply":"AQ""#)),
        ),
        (
            "content: an answer with padding",
            case(1, f(), text(r#","reply":"AQEBAQEBAQEBAQEBAQEBAQ==""#)),
        ),
        (
            "content: an answer to null",
            case(1, f(), text(r#","reply":null"#)),
        ),
        (
            "content: a redaction as a message",
            case(1, f(), r#"{"v":1,"t":"redaction"}"#.to_owned()),
        ),
        ("content: a text as a redaction", case(3, f(), CONTENT.to_owned())),
        (
            "content: a reaction as a message",
            case(1, f(), r#"{"v":1,"t":"reaction","e":"👍"}"#.to_owned()),
        ),
        (
            "content: a reaction without a sign",
            case(4, f(), r#"{"v":1,"t":"reaction","e":""}"#.to_owned()),
        ),
        (
            "content: a reaction of 65 bytes",
            case(
                4,
                f(),
                format!(r#"{{"v":1,"t":"reaction","e":"{}"}}"#, "x".repeat(65)),
            ),
        ),
        (
            "content: a file without files",
            case(1, f(), r#"{"v":1,"t":"file","files":[]}"#.to_owned()),
        ),
        (
            "content: a file that the header has not",
            case(
                1,
                f(),
                format!(r#"{{"v":1,"t":"file","files":[{}]}}"#, manifest(&one_wire, "")),
            ),
        ),
        (
            "content: a file of the header left out",
            case(1, json!([one]), CONTENT.to_owned()),
        ),
        (
            "content: files in another order",
            case(
                1,
                json!([two, one]),
                format!(r#"{{"v":1,"t":"file","files":[{with_thumb}]}}"#),
            ),
        ),
        (
            "content: a thumbnail of a thumbnail",
            case(
                1,
                json!([one, two, one]),
                format!(
                    r#"{{"v":1,"t":"file","files":[{}]}}"#,
                    manifest(
                        &one_wire,
                        &format!(
                            r#","thumb":{}"#,
                            manifest(&two_wire, &format!(r#","thumb":{}"#, manifest(&one_wire, "")))
                        )
                    )
                ),
            ),
        ),
        (
            "content: a file of another padding",
            case(
                1,
                json!([one]),
                format!(
                    r#"{{"v":1,"t":"file","files":[{}]}}"#,
                    manifest(&one_wire, "").replacen("4096", "4097", 1)
                ),
            ),
        ),
        (
            "content: a file of other chunks",
            case(
                1,
                json!([one]),
                format!(
                    r#"{{"v":1,"t":"file","files":[{}]}}"#,
                    manifest(&one_wire, "").replacen("262144", "65536", 1)
                ),
            ),
        ),
    ] {
        book.refused("D-2", name, "content_parse", given, "bad_content");
    }
}

fn padding(book: &mut Book) {
    for (len, padded) in [
        (0, 256),
        (37, 256),
        (256, 256),
        (257, 272),
        (300, 304),
        (511, 512),
        (513, 544),
        (1000, 1024),
        (4096, 4096),
        (5000, 5120),
        (16_421, 17_408),
    ] {
        book.known(
            "D-3",
            &format!("{len} bytes"),
            "pad",
            json!({ "len": len }),
            &json!({ "padded": padded }),
        );
    }
    let table = json!({ "sha256": "d6f32387dd57b961893697d93a6b83f01bd766361aeba04b435a51e4368ba4fd" });
    book.known(
        "D-3",
        "every length up to 20,000",
        "pad_table",
        json!({ "upto": 20_000 }),
        &table,
    );
}

fn reports(book: &mut Book, envelope: &Value) {
    let wire: Value = serde_json::from_str(envelope.as_str().unwrap()).unwrap();
    let ct = from_base64url(wire["ct"].as_str().unwrap()).unwrap();
    let env = json!({
        "h": wire["h"], "k": wire["k"], "iv": wire["iv"], "cth": b64u(chat_e2ee::hash::sha256(&ct)), "s": wire["s"],
    });
    let item = json!({ "env": env, "content": b64u(CONTENT), "fk": b64u(seq::<32>(0x05)) });
    let given = json!({
        "instance": hex(seq::<16>(0x10)), "room": 7, "ed_pub": hex(ALICE.public(1)), "item": item,
    });
    let msg_hash = "dbd87ab39aaf59b88c6c9d1d677dd508f197f9d85381735a4c6e19a74afde4ee";
    let authentic = json!({ "msg_hash": msg_hash, "content": CONTENT });
    book.known("D-4", "authentic", "report_verify", given.clone(), &authentic);
    let changed = |path: &[&str], value: Value| {
        let mut given = given.clone();
        let mut place = &mut given["item"];
        for name in path {
            place = &mut place[*name];
        }
        *place = value;
        given
    };
    let flip = |text: &Value| {
        let mut bytes = from_base64url(text.as_str().unwrap()).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        Value::from(base64url(&bytes))
    };
    for (name, given) in [
        (
            "another content",
            changed(&["content"], b64u(CONTENT.replacen("Hello", "Hallo", 1)).into()),
        ),
        ("another opening", changed(&["fk"], b64u(seq::<32>(0x06)).into())),
        ("another header", changed(&["env", "h"], flip(&env["h"]))),
        ("another commitment", changed(&["env", "k"], flip(&env["k"]))),
        ("another IV", changed(&["env", "iv"], flip(&env["iv"]))),
        ("another ciphertext", changed(&["env", "cth"], flip(&env["cth"]))),
        ("another signature", changed(&["env", "s"], flip(&env["s"]))),
        (
            "somebody else's key",
            with(&given, json!({ "ed_pub": hex(BOB.public(1)) })),
        ),
        ("another room", with(&given, json!({ "room": 8 }))),
        (
            "another installation",
            with(&given, json!({ "instance": hex([0; 16]) })),
        ),
        ("a member too many", changed(&["env", "ct"], wire["ct"].clone())),
        (
            "a weak key",
            with(&given, json!({ "ed_pub": format!("01{}", "00".repeat(31)) })),
        ),
    ] {
        book.refused("D-4", name, "report_verify", given, "not_authentic");
    }
    not_text(book, &given);
    deletions(book);
    targets(book);
    tombstones(book, &env, msg_hash);
    sealed_reports(book);
}

/// Signed by its author, but not what anybody can have seen.
fn not_text(book: &mut Book, given: &Value) {
    let header = header(&lobby(&directories()));
    let key = message_key(&secret(1), &header.epoch_hash, header.sender);
    let opening = chat_e2ee::secret::OpeningKey::from_bytes(seq(0x05));
    let sealed =
        chat_e2ee::message::seal(&header, &[0xff, 0xfe], &ALICE.key(1), &key, &opening, seq(0xb0)).unwrap();
    let proof = sealed.envelope.proof();
    let item = json!({
        "env": {
            "h": b64u(&proof.header), "k": b64u(proof.commit), "iv": b64u(proof.iv),
            "cth": b64u(chat_e2ee::hash::sha256(&sealed.envelope.ciphertext)), "s": b64u(proof.signature.0),
        },
        "content": b64u([0xff, 0xfe]), "fk": b64u(seq::<32>(0x05)),
    });
    book.refused(
        "D-4",
        "a content that is no text",
        "report_verify",
        with(given, json!({ "item": item })),
        "not_authentic",
    );
}

/// What may refer to what.
fn targets(book: &mut Book) {
    let lobby = lobby(&directories());
    let kinds = [Kind::Message, Kind::Edit, Kind::Redaction, Kind::Reaction];
    for of in kinds {
        let target = if of == Kind::Message {
            header(&lobby)
        } else {
            follow_up(&lobby, of)
        };
        for by in [&ALICE, &BOB] {
            for kind in [Kind::Edit, Kind::Redaction, Kind::Reaction] {
                let refers = Header {
                    sender: by.user(),
                    target: target.mid,
                    mid: Mid([77; 16]),
                    ..follow_up(&lobby, kind)
                };
                let given = json!({ "h": hex(refers.encode()), "target": hex(target.encode()) });
                let name = format!(
                    "kind {} of {} refers to kind {} of {}",
                    kind.number(),
                    by.usr,
                    of.number(),
                    ALICE.usr
                );
                let may = match kind {
                    Kind::Edit => of == Kind::Message && by.id == ALICE.id,
                    Kind::Redaction => of == Kind::Message || of == Kind::Reaction,
                    Kind::Reaction | Kind::Message => of == Kind::Message,
                };
                if may {
                    book.case("D-1", &name, "fits_target", given);
                } else {
                    book.refused("D-1", &name, "fits_target", given, "bad_content");
                }
            }
        }
    }
    let elsewhere = json!({ "h": hex(follow_up(&lobby, Kind::Reaction).encode()),
        "target": hex(Header { mid: Mid([9; 16]), ..header(&lobby) }.encode()) });
    book.refused(
        "D-1",
        "a reaction that names another message",
        "fits_target",
        elsewhere,
        "bad_content",
    );
}

/// Whose deletion it is shown as, by what the server says and what was signed.
fn deletions(book: &mut Book) {
    let lobby = lobby(&directories());
    let target = header(&lobby);
    let redaction = |person: &Person| Header {
        sender: person.user(),
        ..follow_up(&lobby, Kind::Redaction)
    };
    let said = |by: &str, redaction: Option<&Header>, role: u8| {
        json!({
            "by": by, "mid": redaction.map(|it| hex(it.mid.as_bytes())), "target": hex(target.encode()),
            "redaction": redaction.map(|it| hex(it.encode())), "role": role,
        })
    };
    let edit = Header {
        mid: Mid([2; 16]),
        ..follow_up(&lobby, Kind::Edit)
    };
    for (name, given, by) in [
        (
            "by the author, who signed it",
            said("author", Some(&redaction(&ALICE)), 0),
            "author",
        ),
        (
            "by the author, but a moderator signed it",
            said("author", Some(&redaction(&BOB)), 1),
            "server",
        ),
        (
            "by a moderator, who signed it",
            said("moderator", Some(&redaction(&BOB)), 1),
            "moderator",
        ),
        (
            "by a moderator, but a member signed it",
            said("moderator", Some(&redaction(&BOB)), 0),
            "server",
        ),
        (
            "by a moderator, who is the author",
            said("moderator", Some(&redaction(&ALICE)), 2),
            "moderator",
        ),
        (
            "by the server, though the author signed it",
            said("server", Some(&redaction(&ALICE)), 0),
            "server",
        ),
        (
            "by the author, and nobody signed it",
            said("author", None, 0),
            "server",
        ),
        (
            "by the author, but another redaction is named",
            with(
                &said("author", Some(&redaction(&ALICE)), 0),
                json!({ "mid": hex([9; 16]) }),
            ),
            "server",
        ),
        (
            "by the author, who signed another one's",
            with(
                &said("author", Some(&redaction(&ALICE)), 0),
                json!({ "target": hex(Header { mid: Mid([9; 16]), ..target.clone() }.encode()) }),
            ),
            "server",
        ),
        (
            "by the author, of an edit",
            with(
                &said(
                    "author",
                    Some(&Header {
                        target: edit.mid,
                        ..redaction(&ALICE)
                    }),
                    0,
                ),
                json!({ "target": hex(edit.encode()) }),
            ),
            "server",
        ),
        (
            "by the author, who signed an edit",
            said("author", Some(&follow_up(&lobby, Kind::Edit)), 0),
            "server",
        ),
    ] {
        book.known(
            "D-4",
            &format!("deleted {name}"),
            "deleted_by",
            given,
            &json!({ "by": by }),
        );
    }
}

fn tombstones(book: &mut Book, env: &Value, msg_hash: &str) {
    let text = |deleted: &str| {
        let part = |name: &str| env[name].as_str().unwrap().to_owned();
        json!(format!(
            r#"{{"v":1,"h":"{}","k":"{}","iv":"{}","cth":"{}","s":"{}","deleted":{deleted}}}"#,
            part("h"),
            part("k"),
            part("iv"),
            part("cth"),
            part("s"),
        ))
    };
    let by_author = format!(r#"{{"by":"author","mid":"{}"}}"#, b64u([3; 16]));
    for (name, deleted, by) in [
        ("a tombstone: by the author", by_author.as_str(), "author"),
        (
            "a tombstone: by a moderator",
            &by_author.replacen("author", "moderator", 1),
            "moderator",
        ),
        ("a tombstone: by the server", r#"{"by":"server"}"#, "server"),
    ] {
        let given = json!({ "envelope": text(deleted) });
        book.known(
            "D-4",
            name,
            "tombstone_parse",
            given,
            &json!({ "msg_hash": msg_hash, "by": by }),
        );
    }
    for (name, deleted) in [
        ("a tombstone: by nobody", "{}"),
        ("a tombstone: by somebody else", r#"{"by":"operator"}"#),
        (
            "a tombstone: with a member more",
            r#"{"by":"server","why":"spam"}"#,
        ),
        (
            "a tombstone: with a name that is none",
            r#"{"by":"author","mid":"AQ"}"#,
        ),
        ("a tombstone: of null", "null"),
    ] {
        book.refused(
            "D-4",
            name,
            "tombstone_parse",
            json!({ "envelope": text(deleted) }),
            "malformed",
        );
    }
}

fn sealed_reports(book: &mut Book) {
    let place = json!({
        "instance": hex(seq::<16>(0x10)), "room": 7, "report_id": hex(seq::<16>(0x66)), "recipient": 42, "kem": 1,
    });
    let seed = seq::<32>(0x12);
    let (ephemeral, _) = derive_key_pair(&EphemeralSeed::from_bytes(seed));
    let sealed = book.known(
        "D-4",
        "sealed for a moderator",
        "report_seal",
        with(
            &place,
            json!({
                "pk": hex(ALICE.agreement(1)), "rk": hex(seq::<32>(0x88)), "ikm": hex(seed),
                "eph_priv": hex(ephemeral.expose()), "iv": hex(seq::<12>(0x3c)), "body": r#"{"v":1}"#,
            }),
        ),
        &json!({ "box": "013c3d3e3f4041424344454647ba6c2a5415df501574a276468c89df20c1e979d4d82493" }),
    );
    let open = with(
        &place,
        json!({ "sk": hex(ALICE.scalar(1)), "box": sealed["box"], "wrap": sealed["wrap"] }),
    );
    let body = json!({ "body": r#"{"v":1}"# });
    book.known(
        "D-4",
        "opened by the moderator",
        "report_open",
        open.clone(),
        &body,
    );
    let specified = "89b0e983ccbf3804cdae3bab5409e49c72209b0f9c0e6ab24caca35c5d3a346c54f5a59b8b607f2d5960539069f185cee8142f55e99793e4bf8a9\
        fd7b0bfbab8e30f535545c466b7dbeb502037432139";
    book.known(
        "D-4",
        "the specification's wrap opened",
        "report_open",
        with(&open, json!({ "wrap": specified })),
        &body,
    );
    for (name, change, code) in [
        (
            "opened by somebody else",
            json!({ "sk": hex(BOB.scalar(1)) }),
            "bad_wrap",
        ),
        ("opened as somebody else", json!({ "recipient": 43 }), "bad_wrap"),
        ("opened in another room", json!({ "room": 8 }), "bad_wrap"),
        (
            "opened as another report",
            json!({ "report_id": hex(seq::<16>(0x67)) }),
            "bad_wrap",
        ),
        (
            "a changed body",
            json!({ "box": format!("{}00", sealed["box"].as_str().unwrap()) }),
            "bad_box",
        ),
    ] {
        book.refused("D-4", name, "report_open", with(&open, change), code);
    }
}

fn files(book: &mut Book) {
    let file = json!({ "instance": hex(seq::<16>(0x10)), "file_id": hex(seq::<16>(0x55)), "fk": hex(seq::<32>(0x99)) });
    let fox = with(
        &file,
        json!({ "data": hex("The quick brown fox jumps over the lazy dog"), "chunk": 16, "psz": 43 }),
    );
    let root = "edfc3a6013d1eb342f12d03ab1d1ad25b8980ad29a792d71b7e3f16ed2ad9949";
    let key = "28efa95223a341bacc4d050c833542a6af7531c4e1630104db15c80171af6888";
    book.known(
        "E-1",
        "the specification's, in chunks of 16",
        "file_seal",
        fox,
        &json!({ "key": key, "root": root, "count": 3 }),
    );
    let ct = "46ae0949fb3c71558499c3644f15caf35802f853dfbd5f7cf3eaff52828432f405e591a0e209ec865c7dadc02a5262016eab4c5864ad06de7a0b7eaefad1\
        f273a41809398bbec85021bc254a7b326148c67790544614c152b1b4a3";
    let open = with(
        &file,
        json!({ "sz": 43, "psz": 43, "chunk": 16, "root": root, "ct": ct }),
    );
    book.case("E-1", "the specification's, opened", "file_open", open.clone());
    let flipped = |at: usize| {
        let mut bytes = unhex(ct);
        bytes[at] ^= 1;
        hex(bytes)
    };
    for (name, change) in [
        ("a changed first chunk", json!({ "ct": flipped(0) })),
        ("a changed last tag", json!({ "ct": flipped(90) })),
        ("the last chunk left out", json!({ "ct": &ct[..128] })),
        (
            "the first chunk twice",
            json!({ "ct": format!("{}{}{}", &ct[..64], &ct[..64], &ct[128..]) }),
        ),
        (
            "two chunks exchanged",
            json!({ "ct": format!("{}{}{}", &ct[64..128], &ct[..64], &ct[128..]) }),
        ),
        ("bytes after it", json!({ "ct": format!("{ct}00") })),
        ("nothing", json!({ "ct": "" })),
        ("another root", json!({ "root": hex([1; 32]) })),
        ("another key", json!({ "fk": hex([1; 32]) })),
        ("another file's name", json!({ "file_id": hex([1; 16]) })),
        ("another installation", json!({ "instance": hex([1; 16]) })),
    ] {
        book.refused(
            "E-1",
            &format!("the specification's: {name}"),
            "file_open",
            with(&open, change),
            "bad_file",
        );
    }
    let chunk = 262_144;
    for (name, size) in [
        ("0 bytes", 0),
        ("1 byte", 1),
        ("a byte less than a chunk", chunk - 1),
        ("a chunk", chunk),
        ("a byte more than a chunk", chunk + 1),
        ("three chunks", 3 * chunk),
    ] {
        let pattern = with(&file, json!({ "pattern": size }));
        let sealed = book.case("E-1", name, "file_seal", pattern.clone());
        let open = with(
            &pattern,
            json!({ "sz": size, "psz": sealed["psz"], "root": sealed["root"], "damage": "none" }),
        );
        book.case("E-1", &format!("{name}, opened"), "file_open", open.clone());
        for damage in ["flip_first", "flip_last", "truncate_chunk", "append"] {
            let given = with(&open, json!({ "damage": damage }));
            book.refused(
                "E-1",
                &format!("{name}: {damage}"),
                "file_open",
                given,
                "bad_file",
            );
        }
        if size > chunk {
            for damage in ["swap_chunks", "drop_last"] {
                let given = with(&open, json!({ "damage": damage }));
                book.refused(
                    "E-1",
                    &format!("{name}: {damage}"),
                    "file_open",
                    given,
                    "bad_file",
                );
            }
        }
        let shorter = with(&open, json!({ "psz": 1 }));
        book.refused(
            "E-1",
            &format!("{name}: a padding that does not fit"),
            "file_open",
            shorter,
            "bad_file",
        );
    }
    let longer = with(
        &file,
        json!({ "pattern": 43, "sz": 40, "psz": 4096, "root": hex([0; 32]), "damage": "none" }),
    );
    book.refused(
        "E-1",
        "bytes where there should be padding",
        "file_open",
        longer,
        "bad_file",
    );
}

fn trust(book: &mut Book, lobby: &Talk) {
    let [a, b] = ["392845138135103787216110984847", "463628513177304322374781378994"];
    for (person, digits) in [(&ALICE, a), (&BOB, b)] {
        let given = json!({
            "instance": hex(seq::<16>(0x10)), "user_id": person.id, "usr": person.usr, "ed_pub": hex(person.public(1)),
        });
        book.known(
            "F-1",
            &format!("the fingerprint of {}", person.usr),
            "fingerprint",
            given,
            &json!({ "digits": digits }),
        );
    }
    let number = json!({ "number": format!("{a}{b}") });
    book.known(
        "F-1",
        "their safety number",
        "safety_number",
        json!({ "a": a, "b": b }),
        &number,
    );
    book.known(
        "F-1",
        "the same from the other side",
        "safety_number",
        json!({ "a": b, "b": a }),
        &number,
    );
    let head = hex(lobby.log.hash_at(2).unwrap());
    let room = json!({ "instance": hex(seq::<16>(0x10)), "room": 7, "log_head": head });
    book.known(
        "F-1",
        "the room's code",
        "room_code",
        room.clone(),
        &json!({ "code": "31372864894351515360" }),
    );
    let forked = book.case(
        "F-1",
        "the code of another log",
        "room_code",
        with(&room, json!({ "log_head": hex(lobby.log.head()) })),
    );
    assert_ne!(forked["code"], "31372864894351515360");
    book.known(
        "F-1",
        "an announcement",
        "broadcast",
        json!({
            "instance": hex(seq::<16>(0x10)), "actor": 42, "gen": 1, "nonce": hex(seq::<16>(0x01)), "ts": T0 + 500,
            "text": "Maintenance at 22:00", "ed_seed": hex(ALICE.seed(1)),
        }),
        &json!({
            "tbs_sha256": "7b706ecad861d85a1e1c962533d2429659c627369e6d7d309d388a0782b00b2a",
            "sig": "252926a12ee1e4a676a1ac40db39c70861c03c523c9ad5b11d29ce993166073f026edadf73fd9a26024f3688616bc68d3512767130d9c1b12c90\
                4b7610f55f01",
        }),
    );
}

/// What was meant for one place, tried in another: N-1 to N-12.
fn refusals(book: &mut Book, lobby: &Talk, envelope: &Value) {
    for field in ["h", "k", "iv", "ct", "s"] {
        let given = with(&receive(envelope), json!({ "field": field }));
        book.case("N-1", &format!("every byte of {field}"), "message_flips", given);
    }
    let wire: Value = serde_json::from_str(envelope.as_str().unwrap()).unwrap();
    let text = envelope.as_str().unwrap();
    let put = |name: &str, value: &str| json!(text.replacen(wire[name].as_str().unwrap(), value, 1));
    let ct = from_base64url(wire["ct"].as_str().unwrap()).unwrap();
    let mut refuse = |section: &str, name: &str, envelope: Value, code: &str| {
        book.refused(section, name, "message_receive", receive(&envelope), code);
    };
    refuse(
        "N-2",
        "the tag cut off by a byte",
        put("ct", &base64url(&ct[..271])),
        "malformed",
    );
    refuse(
        "N-2",
        "without a tag",
        put("ct", &base64url(&ct[..256])),
        "malformed",
    );
    refuse(
        "N-3",
        "another message's IV",
        put("iv", &b64u(seq::<12>(0xb1))),
        "bad_signature",
    );
    refuse(
        "N-3",
        "an IV of 11 bytes",
        put("iv", &b64u(seq::<11>(0xb0))),
        "malformed",
    );
    refuse("N-4", "no ciphertext", put("ct", ""), "malformed");
    refuse("N-4", "a tag alone", put("ct", &b64u([0; 16])), "malformed");
    for (name, member) in [
        ("version 2", r#""v":2"#),
        ("version 1.0", r#""v":1.0"#),
        ("no version", r#""w":1"#),
    ] {
        refuse(
            "N-11",
            name,
            json!(text.replacen(r#""v":1"#, member, 1)),
            "malformed",
        );
    }
    for (name, changed) in [
        ("a member more", text.replacen('{', r#"{"x":1,"#, 1)),
        ("a member twice", text.replacen('{', r#"{"v":1,"#, 1)),
        (
            "a member twice, once escaped",
            text.replacen('{', r#"{"\u0076":1,"#, 1),
        ),
        ("something after it", format!("{text}x")),
        (
            "a header with a byte more",
            text.replacen(
                wire["h"].as_str().unwrap(),
                &base64url(&[from_base64url(wire["h"].as_str().unwrap()).unwrap(), vec![0]].concat()),
                1,
            ),
        ),
        ("null", "null".to_owned()),
        ("no JSON", String::new()),
    ] {
        refuse("N-11", name, json!(changed), "malformed");
    }
    for name in ["h", "k", "iv", "ct", "s"] {
        let value = wire[name].as_str().unwrap();
        refuse(
            "N-10",
            &format!("padding after {name}"),
            put(name, &format!("{value}=")),
            "malformed",
        );
        refuse(
            "N-10",
            &format!("white space in {name}"),
            put(name, &format!(" {value}")),
            "malformed",
        );
    }
    let standard = wire["s"].as_str().unwrap().replace('-', "+").replace('_', "/");
    refuse("N-10", "the other alphabet", put("s", &standard), "malformed");
    sealed_wrongly(book, lobby);
    out_of_place(book, lobby, envelope);
}

/// Sealed by a member who has the keys, for a purpose of their own.
fn sealed_wrongly(book: &mut Book, lobby: &Talk) {
    let raw =
        |header: &Header, key_of: (u32, &Person), aad: Option<&[u8]>, plain: &[u8], commit: [u8; 32]| {
            let header_bytes = header.encode();
            let key = chat_e2ee::message::message_key(&secret(key_of.0), &header.epoch_hash, key_of.1.user());
            let bound = [aad.unwrap_or(&header_bytes), &commit].concat();
            let iv = seq(0xb0);
            let envelope = chat_e2ee::envelope::Envelope {
                ciphertext: crate::aes::seal(key.expose(), &iv, plain, &bound),
                header: header_bytes,
                commit,
                iv,
                signature: chat_e2ee::ed25519::Signature([0; 64]),
            };
            let signature = ALICE.key(1).sign(&envelope.proof().signed());
            json!(
                chat_e2ee::envelope::Envelope {
                    signature,
                    ..envelope
                }
                .to_json()
            )
        };
    let header = header(lobby);
    let opening = chat_e2ee::secret::OpeningKey::from_bytes(seq(0x05));
    let commit =
        |content: &str| chat_e2ee::message::commitment(&opening, &header.encode(), content.as_bytes());
    let plain = |version: u8, length: u32, content: &str, padded: usize| {
        let mut bytes = [
            &[version][..],
            &seq::<32>(0x05),
            &length.to_be_bytes(),
            content.as_bytes(),
        ]
        .concat();
        bytes.resize(padded, 0);
        bytes
    };
    let length = u32::try_from(CONTENT.len()).unwrap();
    let good = plain(1, length, CONTENT, 256);
    let whole = || (1, &ALICE);
    let mut refuse = |section: &str, name: &str, envelope: Value, code: &str| {
        book.refused(section, name, "message_receive", receive(&envelope), code);
    };
    refuse(
        "N-5",
        "bound to another header",
        raw(
            &header,
            whole(),
            Some(&follow_up(lobby, Kind::Edit).encode()),
            &good,
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-6",
        "sealed with somebody else's key",
        raw(&header, (1, &BOB), None, &good, commit(CONTENT)),
        "bad_ciphertext",
    );
    refuse(
        "N-7",
        "sealed with another epoch's key",
        raw(&header, (2, &ALICE), None, &good, commit(CONTENT)),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "a content of no length",
        raw(&header, whole(), None, &plain(1, 0, "", 256), commit("")),
        "bad_content",
    );
    refuse(
        "N-8",
        "a length that is not the content's",
        raw(
            &header,
            whole(),
            None,
            &plain(1, 0, CONTENT, 256),
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "a length beyond the plaintext",
        raw(
            &header,
            whole(),
            None,
            &plain(1, 300, CONTENT, 256),
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "a length of 4 GiB",
        raw(
            &header,
            whole(),
            None,
            &plain(1, u32::MAX, CONTENT, 256),
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "padding that is more than it has to be",
        raw(
            &header,
            whole(),
            None,
            &plain(1, length, CONTENT, 272),
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    let mut dirty = good.clone();
    dirty[255] = 1;
    refuse(
        "N-8",
        "padding that is not zeros",
        raw(&header, whole(), None, &dirty, commit(CONTENT)),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "another version inside",
        raw(
            &header,
            whole(),
            None,
            &plain(2, length, CONTENT, 256),
            commit(CONTENT),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-8",
        "a commitment to another content",
        raw(&header, whole(), None, &good, commit("{}")),
        "bad_commit",
    );
    refuse(
        "N-8",
        "a content that is no JSON",
        raw(&header, whole(), None, &plain(1, 1, "x", 256), commit("x")),
        "bad_content",
    );
    let long = "x".repeat(16_385);
    let padded = chat_e2ee::padding::pad(37 + long.len());
    refuse(
        "N-9",
        "a content of 16,385 bytes",
        raw(
            &header,
            whole(),
            None,
            &plain(1, 16_385, &long, padded),
            commit(&long),
        ),
        "bad_ciphertext",
    );
    refuse(
        "N-9",
        "a ciphertext longer than any",
        raw(&header, whole(), None, &vec![0; 18_432], commit("")),
        "malformed",
    );
    refuse(
        "N-9",
        "a length that no padding gives",
        raw(&header, whole(), None, &vec![0; 258], commit("")),
        "malformed",
    );
    let envelope = raw(&header, whole(), None, &good, commit(CONTENT));
    let blanks = format!("{}{}", envelope.as_str().unwrap(), " ".repeat(65_536));
    refuse(
        "N-9",
        "an envelope of more than 64 KiB",
        json!(blanks),
        "malformed",
    );
}

/// A good message in a place or at a time where it is none.
fn out_of_place(book: &mut Book, lobby: &Talk, envelope: &Value) {
    let given = receive(envelope);
    let msg_hash = "dbd87ab39aaf59b88c6c9d1d677dd508f197f9d85381735a4c6e19a74afde4ee";
    let seen = |sender: u64, hash: &str| json!({ "seen": [{ "sender": sender, "mid": hex(seq::<16>(0xe0)), "msg_hash": hash }] });
    for (section, name, change, code) in [
        ("N-12", "the same message again", seen(42, msg_hash), "duplicate"),
        (
            "N-12",
            "another message under its name",
            seen(42, &hex([1; 32])),
            "mid_conflict",
        ),
        (
            "N-12",
            "somebody else's message under its name",
            seen(43, msg_hash),
            "mid_conflict",
        ),
        (
            "N-7",
            "without the epoch's secret",
            json!({ "secrets": { "2": hex(secret(2).expose()) } }),
            "no_key",
        ),
        (
            "N-7",
            "with another epoch's secret",
            json!({ "secrets": { "1": hex(secret(2).expose()) } }),
            "bad_ciphertext",
        ),
        (
            "N-5",
            "in another room",
            json!({ "room": 8, "log": "empty" }),
            "malformed",
        ),
        (
            "N-5",
            "by who has not seen the epoch",
            json!({ "log_upto": 2 }),
            "unknown_epoch",
        ),
        (
            "N-5",
            "in a room without an entry",
            json!({ "log_upto": 0 }),
            "unknown_epoch",
        ),
    ] {
        book.refused(section, name, "message_receive", with(&given, change), code);
    }
    let base = header(lobby);
    let head = lobby.log.head();
    let first = base.epoch_hash;
    let created = *lobby.log.hash_at(0).unwrap();
    for (name, header, person, code) in [
        (
            "an epoch that is over at the head it names",
            Header {
                log_head: head,
                ..base.clone()
            },
            &ALICE,
            "unknown_epoch",
        ),
        (
            "an epoch that is not yet there at the head it names",
            Header {
                epoch: 2,
                epoch_hash: head,
                log_head: first,
                ..base.clone()
            },
            &ALICE,
            "unknown_epoch",
        ),
        (
            "a head from before there was an epoch",
            Header {
                log_head: created,
                ..base.clone()
            },
            &ALICE,
            "unknown_epoch",
        ),
        (
            "a head that nobody has",
            Header {
                log_head: [9; 32],
                ..base.clone()
            },
            &ALICE,
            "unknown_epoch",
        ),
        (
            "an epoch's number with another's hash",
            Header {
                epoch: 2,
                ..base.clone()
            },
            &ALICE,
            "unknown_epoch",
        ),
        (
            "by a stranger",
            Header {
                sender: CAROL.user(),
                ..base.clone()
            },
            &CAROL,
            "not_member",
        ),
        (
            "by another identity of a member",
            Header {
                generation: 2,
                ..base.clone()
            },
            &ALICE,
            "not_member",
        ),
        ("by one member in another's name", base, &BOB, "bad_signature"),
    ] {
        let sealed = book.case(
            "N-6",
            &format!("sealed: {name}"),
            "message_seal",
            seal(&header, person, CONTENT),
        );
        book.refused("N-6", name, "message_receive", receive(&sealed["envelope"]), code);
    }
    let mut left = lobby.clone();
    left.say(&BOB, Body::Leave);
    book.fixtures.logs.insert("left".to_owned(), left.to_json());
    let header = Header {
        sender: BOB.user(),
        log_head: left.log.head(),
        epoch: 2,
        epoch_hash: head,
        ..header(lobby)
    };
    let sealed = book.case(
        "N-6",
        "sealed: by who has left",
        "message_seal",
        seal(&header, &BOB, CONTENT),
    );
    let given = with(&receive(&sealed["envelope"]), json!({ "log": "left" }));
    book.refused("N-6", "by who has left", "message_receive", given, "not_member");
}
